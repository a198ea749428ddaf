"""The ring around a priority: how much, and in words why that much is a lot."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme, painting

__all__ = ["ScoreRing", "paint_score_ring", "score_token"]

_HIGH, _MIDDLE = 90, 75


def score_token(score: int) -> str:
    """Return the colour token of a priority from 0 to 100."""
    return "danger" if score >= _HIGH else "warning" if score >= _MIDDLE else "info"


def paint_score_ring(painter: QPainter, rect: QRectF, score: int) -> None:
    """Draw a ring; shared with list delegates, which have no widget."""
    theme = active()
    score = min(100, max(0, score))
    width = max(2.0, rect.width() * 0.085)
    inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("track"), width))
    painter.drawEllipse(inner)
    pen = QPen(QColor(theme.color(score_token(score))), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawArc(inner, 90 * 16, -round(score * 3.6 * 16))
    font = theme.font("small", "bold")
    font.setPixelSize(max(8, round(rect.width() * 0.36)))
    painter.setFont(font)
    painter.setPen(theme.color("text"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(score))


class ScoreRing(QLabel):
    """A priority from 0 to 100."""

    def __init__(self, score: int = 0, size: int = 36, parent: QWidget | None = None) -> None:
        """Make a ring of ``size`` pixels (at text scale 1.0)."""
        super().__init__(parent)
        self._size = size
        self._score = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_score(score)
        follow_theme(self._rescale)

    def set_score(self, score: int) -> None:
        """Show another priority; clamped to 0–100."""
        self._score = min(100, max(0, score))
        self.setText(str(self._score))
        self.setAccessibleName(self.tr("Priority %1 of 100").replace("%1", str(self._score)))
        self.update()

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        edge = active().px(self._size)
        return QSize(edge, edge)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with painting(self) as painter:
            paint_score_ring(painter, QRectF(self.rect()), self._score)
