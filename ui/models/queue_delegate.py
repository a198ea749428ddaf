"""Paints one row of the queue: score ring, name, the patient's clock, reason, chips, attempts."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from coordinator_app.domain.queue import Chip, QueueRow
from ui.models.queue_model import CHIPS, LOCAL_TIME, ROW
from ui.models.words import NO_NAME, NO_NAME_SHORT
from ui.theme import Theme, active
from ui.widgets.painting import fitted, focus_ring, rounded, text_width
from ui.widgets.score_ring import paint_score_ring

__all__ = ["QueueDelegate"]

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class QueueDelegate(QStyledItemDelegate):
    """One painting delegate instead of eight columns (ui.md section 2)."""

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Three lines and air."""
        theme = active()
        lines = sum(
            QFontMetrics(theme.font(size)).height() for size in ("body", "small", "caption")
        )
        return QSize(theme.px(200), lines + theme.px(28))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row with the theme's present colours."""
        row = index.data(ROW)
        if not isinstance(row, QueueRow):
            return
        theme = active()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        rect = rect.adjusted(theme.px(6), 1, -theme.px(6), -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            rounded(painter, QRectF(rect), theme.px(8), theme.color("selected"))
            bar = QRectF(rect.left(), rect.top() + 5, 3, rect.height() - 10)
            rounded(painter, bar, 1.5, theme.color("primary"))
        elif state & QStyle.StateFlag.State_MouseOver:
            rounded(painter, QRectF(rect), theme.px(8), theme.color("hover"))
        taken = row.held_by is not None and not row.mine
        ring = QRectF(
            rect.left() + theme.px(11), rect.top() + theme.px(9), theme.px(34), theme.px(34)
        )
        painter.setOpacity(0.45 if taken else 1.0)
        paint_score_ring(painter, ring, row.score)
        painter.setOpacity(1.0)
        text = rect.adjusted(theme.px(55), theme.px(7), -theme.px(10), -theme.px(7))
        _paint_words(painter, text, index, theme)
        focused = state & QStyle.StateFlag.State_HasFocus
        if focused and state & QStyle.StateFlag.State_Selected:
            focus_ring(painter, rect, theme.px(8))
        painter.restore()


def _paint_words(
    painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, theme: Theme
) -> None:
    row: QueueRow = index.data(ROW)
    clock = str(index.data(LOCAL_TIME))
    taken = row.held_by is not None and not row.mine
    small = theme.font("small")
    named = bool(row.name)
    name_font = theme.font("body", "semibold" if named else "regular")
    name_height = QFontMetrics(name_font).height()
    small_height = QFontMetrics(small).height()
    clock_width = text_width(clock, small)
    painter.setFont(small)
    painter.setPen(theme.color("text2"))
    first = QRect(rect.left(), rect.top(), rect.width(), name_height)
    painter.drawText(first, _RIGHT, clock)
    painter.setFont(name_font)
    painter.setPen(theme.color("text" if named and not taken else "text2"))
    width = rect.width() - clock_width - theme.px(8)
    nobody = NO_NAME if text_width(NO_NAME, name_font) <= width else NO_NAME_SHORT
    painter.drawText(first, _LEFT, fitted(row.name or nobody, name_font, width))
    second = QRect(rect.left(), first.bottom() + theme.px(2), rect.width(), small_height)
    painter.setFont(small)
    painter.setPen(theme.color("text2"))
    painter.drawText(second, _LEFT, fitted(row.reason, small, rect.width()))
    attempts = f"{row.attempts} / {row.max_attempts}"
    attempts_width = text_width(attempts, small)
    third = QRect(
        rect.left(),
        second.bottom() + theme.px(3),
        rect.width(),
        QFontMetrics(theme.font("caption")).height() + theme.px(5),
    )
    painter.drawText(third, _RIGHT, attempts)
    icon = theme.pixmap("phone", "text3", 12, painter.device().devicePixelRatioF())
    left = third.right() - attempts_width - theme.px(17)
    painter.drawPixmap(QPointF(left, third.center().y() - theme.px(6) + 0.5), icon)
    room = QRect(third.left(), third.top(), left - third.left() - theme.px(6), third.height())
    _paint_chips(painter, room, index.data(CHIPS), theme)


def _paint_chips(painter: QPainter, room: QRect, chips: Iterable[Chip], theme: Theme) -> None:
    font = theme.font("caption", "semibold")
    left = room.left()
    pad = theme.px(7)
    for chip in chips:
        space = room.right() - left
        width = min(text_width(chip.text, font) + 2 * pad, space)
        if width < theme.px(34):
            return  # no room for a readable chip; the row's spoken text has it
        shape = QRectF(left, room.top(), width, room.height())
        rounded(painter, shape, room.height() / 2, _color(theme, chip.kind, "soft"))
        painter.setFont(font)
        painter.setPen(_color(theme, chip.kind, "text"))
        inside = shape.adjusted(pad, 0, -pad, 0)
        text = fitted(chip.text, font, inside.width() + 1)
        painter.drawText(inside.adjusted(0, 0, 2, 0), _LEFT, text)
        left += int(width) + theme.px(5)


def _color(theme: Theme, kind: str, part: str) -> QColor:
    return theme.color(f"{kind}_{part}")
