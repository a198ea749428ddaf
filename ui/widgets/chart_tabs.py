"""The parts of a chart on tabs: why and recent contact, timeline, appointments, barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ui.models.clock_text import when
from ui.theme import active
from ui.widgets.fact_list import FactList
from ui.widgets.labels import Elide, label
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile, Inset, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.domain.patient import Chart, TimelineItem

__all__ = ["ChartTabs"]


def _scrolled(content: QWidget, name: str) -> QScrollArea:
    area = QScrollArea()
    area.setAccessibleName(name)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    content.setProperty("transparent", "true")
    area.setWidget(content)
    return area


class ChartTabs(QTabWidget):
    """With a locked chart no widget in here holds any text of it (compliance.md T19)."""

    def __init__(self, zone: str, parent: QWidget | None = None, *, heading: str = "") -> None:
        """Make empty tabs.

        Args:
            zone: the practice's IANA zone.
            parent: Qt parent.
            heading: of the first facts; "why we are calling" when empty.
        """
        super().__init__(parent)
        self._zone = zone
        self.why = FactList(heading or self.tr("Why we are calling"))
        self.recent = FactList(self.tr("Recent contact"))
        self.barrier = Inset()
        self.barrier_words = Elide("")
        self.timeline = FactList()
        self.appointments = FactList()
        self.barriers = FactList()
        self.locked = QWidget()
        self.locked_title = label("", "strong")
        self.locked_why = label("", "small")
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Chart"))
        self.addTab(self._overview(), self.tr("Overview"))
        for page, title in (
            (self.timeline, self.tr("Timeline")),
            (self.appointments, self.tr("Appointments")),
            (self.barriers, self.tr("Barriers")),
        ):
            self.addTab(_scrolled(page, title), title)
        self.tabBar().setAccessibleName(self.tr("Parts of the chart"))
        self.clear_chart()
        follow_theme(self._rescale)

    def _overview(self) -> QWidget:
        page = QWidget()
        self._reasons = QStackedWidget()
        self._reasons.addWidget(self.why)
        self._reasons.addWidget(self.locked)
        for words in (self.locked_title, self.locked_why):
            words.setWordWrap(True)
        said = QVBoxLayout()
        said.addWidget(self.locked_title)
        said.addWidget(self.locked_why)
        said.addStretch(1)
        lock_row = QHBoxLayout(self.locked)
        lock_row.setContentsMargins(0, 0, 0, 0)
        lock_row.addWidget(IconTile("lock", "primary"), 0, Qt.AlignmentFlag.AlignTop)
        lock_row.addLayout(said, 1)
        self._divider = rule("v")
        columns = QHBoxLayout()
        columns.addWidget(self._reasons, 1)
        columns.addWidget(self._divider)
        columns.addWidget(self.recent, 1)
        self._columns = columns
        self.barrier.row.addWidget(IconTile("car", "info", tile=0))
        self.barrier.row.addWidget(label(self.tr("Barrier:"), "strong"))
        self.barrier.row.addWidget(self.barrier_words, 1)
        column = QVBoxLayout(page)
        column.addLayout(columns, 1)
        column.addWidget(self.barrier)
        self._overview_column = column
        return _scrolled(page, self.tr("Overview"))

    def _rescale(self) -> None:
        px = active().px
        self._columns.setSpacing(px(14))
        self._overview_column.setContentsMargins(0, px(10), px(2), px(4))
        self._overview_column.setSpacing(px(8))
        for part in (self.timeline, self.appointments, self.barriers):
            part.setContentsMargins(0, px(10), 0, 0)

    def show_recent_beside(self, beside: bool) -> None:
        """Whether there is room, or reason, for the recent contact beside the overview."""
        self.recent.setVisible(beside)
        self._divider.setVisible(beside)

    # -- what is shown ------------------------------------------------------------------------

    def set_recent(self, items: Sequence[TimelineItem]) -> None:
        """Show the last contacts; they are no part of the chart."""
        self.recent.set_items(self._rows(items), self.tr("Not contacted before."))

    def clear_chart(self) -> None:
        """No chart widget keeps any text."""
        for part in (self.why, self.timeline, self.appointments, self.barriers):
            part.clear()
        self.barrier_words.setText("")
        self.barrier.hide()
        for number in range(1, self.count()):
            self.setTabEnabled(number, False)
        self._count_tabs(None)

    def lock_chart(self, title: str, why: str) -> None:
        """Show nothing but why the chart is closed."""
        self.clear_chart()
        self.setCurrentIndex(0)
        self.locked_title.setText(title)
        self.locked_why.setText(why)
        self.locked.setAccessibleName(f"{title}. {why}")
        self._reasons.setCurrentWidget(self.locked)

    def show_chart(self, chart: Chart) -> None:
        """Show an open chart."""
        facts = (*chart.why, *chart.coverage)
        self.why.set_items(
            [(fact.icon, fact.kind, fact.title, fact.detail) for fact in facts],
            self.tr("No reason is recorded."),
        )
        self._reasons.setCurrentWidget(self.why)
        nothing = self.tr("Nothing is recorded.")
        self.timeline.set_items(self._rows(chart.timeline), nothing)
        self.appointments.set_items(self._rows(chart.appointments), nothing)
        self.barriers.set_items(
            [
                ("car", "info", one.words, f"{one.since:%b} {one.since.day}, {one.since.year}")
                for one in chart.barriers
            ],
            self.tr("No obstacle is known."),
        )
        self.barrier_words.setText(chart.barriers[0].words if chart.barriers else "")
        self.barrier.setVisible(bool(chart.barriers))
        for number in range(1, self.count()):
            self.setTabEnabled(number, True)
        self._count_tabs(chart)

    def _count_tabs(self, chart: Chart | None) -> None:
        titles = (self.tr("Timeline"), self.tr("Appointments"), self.tr("Barriers"))
        counts = (
            (len(chart.timeline), len(chart.appointments), len(chart.barriers))
            if chart is not None
            else (0, 0, 0)
        )
        for number, (title, count) in enumerate(zip(titles, counts, strict=True), start=1):
            self.setTabText(number, f"{title}  {count}" if count else title)

    def _rows(self, items: Sequence[TimelineItem]) -> list[tuple[str, str, str, str]]:
        return [
            (item.icon, item.kind, item.title, f"{when(item.at, self._zone)} · {item.detail}")
            if item.detail
            else (item.icon, item.kind, item.title, when(item.at, self._zone))
            for item in items
        ]
