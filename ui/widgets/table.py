"""Tables as every list page shows them: one look, one delegate, rows as tall as the text scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.models.rows_model import CellRole, RowsModel
from ui.theme import active
from ui.widgets.avatar import avatar_token, initials
from ui.widgets.painting import follow_theme, rounded

if TYPE_CHECKING:
    from PySide6.QtCore import QItemSelection

__all__ = ["CellDelegate", "RowTable"]

ROW_HEIGHT = 38
_PAD = 10
_LEAST = 132  # of a column that shares what is left


class CellDelegate(QStyledItemDelegate):
    """Paints text, chips and small avatars with the theme of this moment."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one cell."""
        theme = active()
        rect = QRect(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selected"))
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        pad = theme.px(_PAD)
        inner = rect.adjusted(pad, 0, -pad, 0)
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        avatar = index.data(CellRole.AVATAR)
        if isinstance(avatar, str):
            inner = self._avatar(painter, inner, avatar)
        chip = index.data(CellRole.CHIP)
        if isinstance(chip, str) and chip and text:
            self._chip(painter, inner, text, chip)
        else:
            self._text(painter, inner, text, index)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("focus"), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 5, 5)
        painter.restore()

    def _avatar(self, painter: QPainter, rect: QRect, name: str) -> QRect:
        theme = active()
        edge = theme.px(24)
        circle = QRectF(rect.left(), rect.center().y() - edge / 2 + 1, edge, edge)
        rounded(painter, circle, edge / 2, theme.color(avatar_token(name) if name else "track"))
        font = theme.font("caption", "semibold")
        font.setPixelSize(theme.px(9.5))
        painter.setFont(font)
        painter.setPen(theme.color("on_avatar"))
        if name:
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, initials(name))
        return rect.adjusted(edge + theme.px(9), 0, 0, 0)

    def _chip(self, painter: QPainter, rect: QRect, text: str, kind: str) -> None:
        theme = active()
        font = theme.font("caption", "semibold")
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(
            text, Qt.TextElideMode.ElideRight, max(0, rect.width() - theme.px(16))
        )
        height = metrics.height() + theme.px(4)
        width = metrics.horizontalAdvance(shown) + theme.px(16)
        box = QRectF(rect.left(), rect.center().y() - height / 2 + 1, width, height)
        rounded(painter, box, height / 2, theme.color(f"{kind}_soft"))
        painter.setFont(font)
        painter.setPen(theme.color(f"{kind}_text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)

    def _text(
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        theme = active()
        strong = bool(index.data(CellRole.STRONG))
        font: QFont = theme.font("body", "semibold" if strong else "regular")
        tone = index.data(CellRole.TONE)
        painter.setFont(font)
        painter.setPen(theme.color(tone if isinstance(tone, str) and tone else "text"))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        flags = index.data(Qt.ItemDataRole.TextAlignmentRole) or Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect, int(flags) | int(Qt.TextFlag.TextSingleLine), shown)

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As wide as the text asks for, as tall as every row."""
        theme = active()
        font = theme.font("body", "semibold" if index.data(CellRole.STRONG) else "regular")
        width = QFontMetrics(font).horizontalAdvance(str(index.data() or ""))
        extra = theme.px(33) if index.data(CellRole.AVATAR) is not None else theme.px(16)
        return QSize(width + extra + 2 * theme.px(_PAD), theme.px(ROW_HEIGHT))


class RowTable(QTableView):
    """A read-only table of whole rows over a :class:`RowsModel`.

    Signals:
        row_chosen: another row (its object, or None) is current.
        row_opened: Enter or a double click on a row.
    """

    row_chosen = Signal(object)
    row_opened = Signal(object)

    def __init__(self, model: RowsModel[Any], name: str, parent: QWidget | None = None) -> None:
        """Show a model; ``name`` is for screen readers."""
        super().__init__(parent)
        self._rows = model
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsMovable(False)
        head.setMinimumSectionSize(24)
        head.setAccessibleName(name)
        for number, column in enumerate(model.columns):
            mode = QHeaderView.ResizeMode.Fixed if column.width else QHeaderView.ResizeMode.Stretch
            head.setSectionResizeMode(number, mode)
        self.doubleClicked.connect(self._open)
        follow_theme(self._rescale)

    def current_row(self) -> Any:  # noqa: ANN401  (a row of the model's own type)
        """The object of the current row, or None."""
        index = self.currentIndex()
        return self._rows.row(index.row()) if index.isValid() else None

    def select_row(self, number: int) -> None:
        """Make a row current; out of range does nothing."""
        if 0 <= number < self._rows.rowCount():
            self.setCurrentIndex(self._rows.index(number, 0))

    def _rescale(self) -> None:
        px = active().px
        self.verticalHeader().setDefaultSectionSize(px(ROW_HEIGHT))
        for number, column in enumerate(self._rows.columns):
            if column.width:
                self.setColumnWidth(number, px(column.width))
        self._fit()
        self.viewport().update()

    def _fit(self) -> None:
        """Hide what matters least until the columns that share the rest can be read."""
        px = active().px
        shown = set(range(len(self._rows.columns)))
        order = sorted(shown, key=lambda n: -self._rows.columns[n].drop)

        def needed() -> int:
            return sum(px(self._rows.columns[n].width or _LEAST) for n in shown)

        for number in order:
            if self._rows.columns[number].drop == 0 or needed() <= self.viewport().width():
                break
            shown.discard(number)
        for number in range(len(self._rows.columns)):
            self.setColumnHidden(number, number not in shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width."""
        super().resizeEvent(event)
        self._fit()

    def _open(self) -> None:
        row = self.current_row()
        if row is not None:
            self.row_opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; everything else is the table's own."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open()
        else:
            super().keyPressEvent(event)

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Tell which row is current."""
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.row_chosen.emit(self._rows.row(current.row()))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell when nothing is chosen any more."""
        super().selectionChanged(selected, deselected)
        if not self.selectionModel().hasSelection():
            self.row_chosen.emit(None)
