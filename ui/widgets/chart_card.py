"""A chart in a card with its numbers as a table on request."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from ui.widgets.buttons import IconButton
from ui.widgets.charts import Chart
from ui.widgets.surfaces import Card

__all__ = ["ChartCard"]


class ChartCard(Card):
    """Shows a chart; the switch beside the title shows the same numbers as a table."""

    def __init__(self, title: str, chart: Chart, parent: QWidget | None = None) -> None:
        """Wrap a chart."""
        super().__init__(title, parent)
        self.chart = chart
        self.switch = IconButton(
            "table", self.tr("Show %1 as a table").replace("%1", title), size=15
        )
        self.switch.setCheckable(True)
        self.switch.toggled.connect(self._flip)
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName(self.tr("%1, as a table").replace("%1", title))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._stack = QStackedWidget()
        self._stack.addWidget(chart)
        self._stack.addWidget(self.table)
        self.header.addStretch(1)
        self.header.addWidget(self.switch)
        self.body.addWidget(self._stack, 1)

    def refresh(self) -> None:
        """Bring the table up to date when it is on the screen; call after the chart changed."""
        if self.switch.isChecked():
            self._fill()

    def _flip(self, on: bool) -> None:
        if on:
            self._fill()
        self._stack.setCurrentIndex(1 if on else 0)

    def _fill(self) -> None:
        numbers = self.chart.as_table()
        self.table.setColumnCount(len(numbers.headers))
        self.table.setHorizontalHeaderLabels(list(numbers.headers))
        self.table.setRowCount(len(numbers.rows))
        for row, cells in enumerate(numbers.rows):
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
