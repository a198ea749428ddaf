"""An outcome tile that the line's own result points at, without choosing it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent, QPen

from ui.theme import active
from ui.widgets.outcome_tile import OutcomeTile
from ui.widgets.painting import focus_ring, painting, rounded

__all__ = ["SuggestedTile"]

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class SuggestedTile(OutcomeTile):
    """Draws a dashed edge while suggested; a person still has to choose it."""

    suggested = False
    low = False  # one line high: words and key, no icon

    def set_suggested(self, suggested: bool) -> None:
        """Point at this tile, or stop."""
        self.suggested = suggested
        words = self.tr("The line suggests this") if suggested else ""
        self.setAccessibleDescription(words or self.toolTip())
        self.update()

    def set_low(self, low: bool) -> None:
        """Make the tile one line high, or two again."""
        if low != self.low:
            self.low = low
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """One or two lines."""
        hint = super().sizeHint()
        return QSize(hint.width(), active().px(36)) if self.low else hint

    def minimumSizeHint(self) -> QSize:
        """One or two lines."""
        hint = super().minimumSizeHint()
        return QSize(hint.width(), active().px(36)) if self.low else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tile, then the dashes."""
        if self.low:
            self._paint_line()
        else:
            super().paintEvent(event)
        if self.suggested and not self.isChecked():
            theme = active()
            pen = QPen(theme.color("primary"), 2, Qt.PenStyle.DashLine)
            with painting(self) as painter:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(pen)
                rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
                painter.drawRoundedRect(rect, theme.px(8), theme.px(8))

    def _paint_line(self) -> None:
        theme = active()
        px = theme.px
        on, enabled = self.isChecked(), self.isEnabled()
        rect = QRectF(self.rect())
        edge = px(16)
        with painting(self) as painter:
            hover = self.underMouse() and enabled
            fill = f"{self._kind}_soft" if on else "hover" if hover else "surface"
            border = theme.color(self._kind if on else "border")
            rounded(painter, rect, px(8), theme.color(fill), border)
            if on:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.color(self._kind), 2))
                painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), px(8) - 1, px(8) - 1)
            cap = QRectF(rect.right() - edge - px(5), rect.center().y() - edge / 2, edge, edge)
            rounded(painter, cap, px(4), theme.color("surface"), theme.color("border2"))
            painter.setFont(theme.font("caption", "semibold"))
            painter.setPen(theme.color("text2"))
            painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), self._key)
            font = theme.font("caption", "semibold" if on else "medium")
            painter.setFont(font)
            ink = f"{self._kind}_text" if on else "text" if enabled else "text3"
            painter.setPen(theme.color(ink))
            line = rect.adjusted(px(7), 0, -(edge + px(6)), 0)
            painter.drawText(line, _LEFT | int(Qt.TextFlag.TextWordWrap), self.text())
            if self.hasFocus():
                focus_ring(painter, self.rect(), px(8))
