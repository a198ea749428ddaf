"""The grid of openings: a table with day heads, hours at the side and a line for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ui.models.openings_delegate import OpeningsDelegate
from ui.models.openings_model import CELL, COLUMN, Cell, CellKind, Column, OpeningsModel
from ui.theme import active
from ui.widgets.painting import fitted, follow_theme, rounded, text_width

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["OpeningsGrid"]

_CENTER = int(Qt.AlignmentFlag.AlignCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class _DayHeader(QHeaderView):
    """Weekday, day of the month (today on a badge), number of openings."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(40)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), active().px(36))

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        column = self.model().headerData(logical, Qt.Orientation.Horizontal, COLUMN)
        if not isinstance(column, Column):
            return
        theme = active()
        px = theme.px
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(rect, theme.color("surface"))
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = QRectF(rect).adjusted(px(7), 0, -px(7), 0)
        left = inner.left()
        title_font = theme.font("caption", "semibold")
        painter.setFont(title_font)
        painter.setPen(theme.color("primary_text" if column.today else "text2"))
        title = self._title(column, title_font, inner.width())
        painter.drawText(inner, _LEFT, title)
        left += text_width(title, title_font) + px(7)
        left = self._paint_number(painter, rect, column, left)
        count = self.tr("%1 open").replace("%1", str(column.openings)) if column.openings else "—"
        font = theme.font("caption")
        if inner.right() - left < text_width(count, font):
            count = str(column.openings or "—")
        if inner.right() - left < text_width(count, font):
            count = ""  # the spoken head still says it
        painter.setFont(font)
        painter.setPen(theme.color("text2"))
        painter.drawText(inner, _RIGHT, count)
        painter.restore()

    @staticmethod
    def _title(column: Column, font: QFont, room: float) -> str:
        """A weekday gives up letters, and stays readable beside its number: "Mo 24"."""
        if not column.number:
            return fitted(column.title, font, room)
        fits = [n for n in (3, 2) if text_width(column.title[:n], font) <= room / 2]
        return column.title[: fits[0] if fits else 1]

    @staticmethod
    def _paint_number(painter: QPainter, rect: QRect, column: Column, left: float) -> float:
        if not column.number:
            return left
        theme = active()
        font = theme.font("body", "bold")
        width = text_width(column.number, font)
        badge = QRectF(left, rect.center().y() - theme.px(10), width + theme.px(8), theme.px(21))
        if column.today:
            rounded(painter, badge, theme.px(6), theme.color("primary"))
        painter.setFont(font)
        painter.setPen(theme.color("on_primary" if column.today else "text"))
        painter.drawText(badge, _CENTER, column.number)
        return badge.right() + theme.px(4)


class _HourHeader(QHeaderView):
    """The hours, each beside the line where it begins.

    A row is lower than its text, so the texts are painted after all rows, not row by row.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(3)

    def sizeHint(self) -> QSize:
        theme = active()
        width = text_width("12 PM", theme.font("caption", "medium")) + theme.px(16)
        return QSize(width, super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, _logical: int) -> None:
        painter.fillRect(rect, active().color("surface"))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = active()
        font = theme.font("caption", "medium")
        height = QFontMetrics(font).height()
        width = self.viewport().width() - theme.px(8)
        painter = QPainter(self.viewport())
        painter.setFont(font)
        painter.setPen(theme.color("text2"))
        for logical in range(self.count()):
            text = self.model().headerData(logical, Qt.Orientation.Vertical)
            top = self.sectionViewportPosition(logical) + theme.px(3)
            if text and -height < top < self.viewport().height():
                painter.drawText(QRect(0, top, width, height), _RIGHT, text)
        painter.end()


class OpeningsGrid(QTableView):
    """Arrow keys go from opening to opening; Enter, Space or a click chooses one.

    Signals:
        chosen: the Cell that was chosen.
    """

    chosen = Signal(object)

    def __init__(
        self, model: OpeningsModel, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        """Make the grid.

        Args:
            model: what is shown.
            now: the practice's clock, for the line.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setObjectName("openings_grid")
        self.setAccessibleName(self.tr("Openings"))
        self._openings = model
        self._now = now
        self.setModel(model)
        self.setItemDelegate(OpeningsDelegate(self))
        self.setHorizontalHeader(_DayHeader(self))
        self.setVerticalHeader(_HourHeader(self))
        self.setCornerButtonEnabled(False)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        model.modelReset.connect(self._lay_out)
        self.clicked.connect(self._choose)
        follow_theme(self._lay_out)

    # -- size ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Give the rows their height, so that the shortest opening is still readable."""
        theme = active()
        model = self._openings
        steps = [cell.span for _, cell in model.choices()]
        shortest = min(steps, default=max(1, 30 // model.step))
        per_row = max(4, theme.px(27) // shortest)
        half_hour = max(1, 30 // model.step)
        per_row = min(per_row, max(4, theme.px(54) // half_hour))
        self.verticalHeader().setDefaultSectionSize(max(per_row, theme.px(25) // half_hour))
        self.clearSpans()
        for column, cell in model.cells():
            if cell.span > 1:
                self.setSpan(cell.row, column, cell.span, 1)
        self.viewport().update()

    def show_hour(self, now: datetime) -> None:
        """Scroll so that the present hour, or the first opening, is in view."""
        place = self._openings.now_row(now)
        first = next((cell.row for _, cell in self._openings.choices()), 0)
        row = int(place[1]) if place is not None else first
        per_hour = max(1, 60 // self._openings.step)
        height = self.verticalHeader().defaultSectionSize()
        self.verticalScrollBar().setValue(max(0, row - 2 * per_hour) * height)

    # -- keys ---------------------------------------------------------------------------------

    def moveCursor(
        self,
        action: QAbstractItemView.CursorAction,
        _modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Move from opening to opening; cells in between cannot be chosen."""
        choices = self._openings.choices()
        if not choices:
            return QModelIndex()
        here = self.currentIndex()
        cell = here.data(CELL)
        if not here.isValid() or not isinstance(cell, Cell):
            return self._index(choices[0])
        moves = QAbstractItemView.CursorAction
        column = here.column()
        same = [pair for pair in choices if pair[0] == column]
        number = next((n for n, (_, other) in enumerate(same) if other.row == cell.row), 0)
        targets = {
            moves.MoveUp: same[max(0, number - 1)] if same else choices[0],
            moves.MoveDown: same[min(len(same) - 1, number + 1)] if same else choices[0],
            moves.MoveHome: choices[0],
            moves.MoveEnd: choices[-1],
        }
        if action in targets:
            return self._index(targets[action])
        if action in {moves.MoveLeft, moves.MoveRight, moves.MoveNext, moves.MovePrevious}:
            step = 1 if action in {moves.MoveRight, moves.MoveNext} else -1
            return self._sideways(choices, column, cell.row, step) or here
        return here

    def _sideways(
        self, choices: list[tuple[int, Cell]], column: int, row: int, step: int
    ) -> QModelIndex | None:
        columns = sorted({c for c, _ in choices if (c - column) * step > 0}, reverse=step < 0)
        if not columns:
            return None
        near = [pair for pair in choices if pair[0] == columns[0]]
        return self._index(min(near, key=lambda pair: abs(pair[1].row - row)))

    def _index(self, pair: tuple[int, Cell]) -> QModelIndex:
        return self._openings.index(pair[1].row, pair[0])

    def go(self, step: int) -> Cell | None:
        """Move to the next (1) or previous (-1) opening in time; None when there is none."""
        choices = self._openings.choices()
        if not choices:
            return None
        cell = self.currentIndex().data(CELL)
        if isinstance(cell, Cell):
            column = self.currentIndex().column()
            key = (cell.start, column)
            places = [(other.start, c) for c, other in choices]
            number = places.index(key) + step if key in places else 0
        else:
            number = 0 if step > 0 else len(choices) - 1
        if not 0 <= number < len(choices):
            return None
        index = self._index(choices[number])
        self.setCurrentIndex(index)
        self.scrollTo(index)
        return choices[number][1]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and not (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        cell = index.data(CELL)
        if isinstance(cell, Cell) and cell.kind in {CellKind.FREE, CellKind.HELD}:
            self.chosen.emit(cell)

    # -- paint --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint hour lines below the cells and the line of now above them."""
        theme = active()
        model = self._openings
        height = self.verticalHeader().defaultSectionSize()
        top = -self.verticalScrollBar().value()
        painter = QPainter(self.viewport())
        painter.setPen(QPen(theme.color("border"), 1))
        half_hour = max(1, 30 // model.step)
        for row in range(0, model.rowCount() + 1, half_hour):
            y = top + row * height
            painter.drawLine(0, y, self.viewport().width(), y)
        painter.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border"), 1))
        for column in range(model.columnCount()):
            x = self.columnViewportPosition(column)
            painter.drawLine(x, 0, x, self.viewport().height())
        place = model.now_row(self._now())
        if place is not None:
            columns, rows = place
            y = top + round(rows * height)
            x = self.columnViewportPosition(columns[0])
            end = self.columnViewportPosition(columns[-1]) + self.columnWidth(columns[-1])
            painter.setPen(QPen(theme.color("danger"), 2))
            painter.drawLine(x, y, end, y)
            painter.setBrush(theme.color("danger"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QRectF(x - 4, y - 4, 8, 8))
        painter.end()
