"""Paints a cell of the openings: free ones like buttons, taken ones flat, closed ones hatched."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.models.openings_model import CELL, Cell, CellKind
from ui.theme import Theme, active
from ui.widgets.painting import fitted, focus_ring, rounded, text_width

__all__ = ["OpeningsDelegate", "hatch"]

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def hatch(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    """Fill with thin diagonal lines: nobody works here."""
    painter.save()
    painter.setClipRect(rect)
    painter.fillRect(rect, theme.color("surface2"))
    painter.setPen(QPen(theme.color("border"), 1))
    gap = theme.px(7)
    height = int(rect.height())
    offset = int(rect.top()) % gap
    left = int(rect.left()) - height - offset
    for x in range(left - left % gap, int(rect.right()) + gap, gap):
        painter.drawLine(x + offset, int(rect.bottom()), x + offset + height, int(rect.top()))
    painter.restore()


class OpeningsDelegate(QStyledItemDelegate):
    """Free and held cells look and act like buttons; a taken cell says only its kind."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one cell with the theme's present colours."""
        cell = index.data(CELL)
        if not isinstance(cell, Cell):
            return
        theme = active()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(area).adjusted(3, 1.5, -3, -1.5)
        if cell.kind is CellKind.CLOSED:
            hatch(painter, QRectF(area), theme)
            self._centred(painter, area, cell.text, theme)
        elif cell.kind is CellKind.BUSY:
            self._busy(painter, rect, cell.text, theme)
        else:
            hover = bool(state & QStyle.StateFlag.State_MouseOver)
            self._choice(painter, rect, cell, theme, hover=hover)
            if state & QStyle.StateFlag.State_HasFocus:
                focus_ring(painter, rect.toAlignedRect().adjusted(-1, -1, 1, 1), theme.px(6))
        painter.restore()

    @staticmethod
    def _centred(painter: QPainter, area: QRect, text: str, theme: Theme) -> None:
        if not text:
            return
        font = theme.font("caption", "medium")
        painter.setFont(font)
        painter.setPen(theme.color("text2"))
        shown = fitted(text, font, area.width() - theme.px(6))
        # A whole closed day says so near its top, where it is read.
        room = QRectF(area)
        if room.height() > theme.px(160):
            room.setHeight(theme.px(96))
        painter.setBrush(theme.color("surface2"))
        box = painter.boundingRect(room, int(Qt.AlignmentFlag.AlignCenter), shown)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRect(box.adjusted(-4, 0, 4, 0))
        painter.setPen(theme.color("text2"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), shown)

    @staticmethod
    def _busy(painter: QPainter, rect: QRectF, text: str, theme: Theme) -> None:
        path = QPainterPath()
        path.addRoundedRect(rect, theme.px(5), theme.px(5))
        painter.fillPath(path, theme.color("neutral_soft"))
        painter.setClipPath(path)
        edge = QRectF(rect.left(), rect.top(), 3, rect.height())
        painter.fillRect(edge, QBrush(theme.color("border2")))
        painter.setClipping(False)
        font = theme.font("caption", "medium")
        painter.setFont(font)
        painter.setPen(theme.color("text2"))
        line = QRectF(rect)
        line.setHeight(min(rect.height(), theme.px(24)))
        line.adjust(theme.px(9), 0, -4, 0)
        painter.drawText(line, int(_LEFT), fitted(text, font, line.width()))

    @staticmethod
    def _choice(painter: QPainter, rect: QRectF, cell: Cell, theme: Theme, *, hover: bool) -> None:
        held = cell.kind is CellKind.HELD
        fill = "primary" if held else "primary_soft" if hover else "surface"
        rounded(painter, rect, theme.px(5), theme.color(fill), theme.color("primary"))
        font = theme.font("caption", "semibold")
        painter.setFont(font)
        painter.setPen(theme.color("on_primary" if held else "primary_text"))
        line = rect.adjusted(theme.px(8), 0, -theme.px(4), 0)
        line.setHeight(min(rect.height(), theme.px(26)))
        text = cell.text
        if text_width(text, font) > line.width():
            text = text.split(" ")[0]  # the row says morning or afternoon
        painter.drawText(line, int(_LEFT), fitted(text, font, line.width()))
        if held and text_width(text, font) + theme.px(18) < line.width():
            edge = theme.px(13)
            pixmap = theme.pixmap("check", "on_primary", 13, painter.device().devicePixelRatioF())
            y = int(line.center().y() - edge / 2)
            painter.drawPixmap(int(rect.right()) - edge - theme.px(6), y, pixmap)
