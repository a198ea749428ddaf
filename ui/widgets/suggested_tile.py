"""An outcome tile that the line's own result points at, without choosing it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPaintEvent, QPen

from ui.theme import active
from ui.widgets.outcome_tile import OutcomeTile
from ui.widgets.painting import painting

__all__ = ["SuggestedTile"]


class SuggestedTile(OutcomeTile):
    """Draws a dashed edge while suggested; a person still has to choose it."""

    suggested = False

    def set_suggested(self, suggested: bool) -> None:
        """Point at this tile, or stop."""
        self.suggested = suggested
        words = self.tr("The line suggests this") if suggested else ""
        self.setAccessibleDescription(words or self.toolTip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tile, then the dashes."""
        super().paintEvent(event)
        if self.suggested and not self.isChecked():
            theme = active()
            pen = QPen(theme.color("primary"), 2, Qt.PenStyle.DashLine)
            with painting(self) as painter:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(pen)
                rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
                painter.drawRoundedRect(rect, theme.px(8), theme.px(8))
