"""What custom-painted widgets share: a painter, the focus ring, rounded shapes, fitted text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from ui.theme import active

__all__ = [
    "fitted",
    "focus_ring",
    "follow_theme",
    "painting",
    "restyle",
    "rounded",
    "set_kind",
    "text_width",
    "top_rounded",
]


@contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """Open a smooth painter on a widget and end it even when painting fails."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    try:
        yield painter
    finally:
        painter.end()


def follow_theme(update: Callable[[], object]) -> None:
    """Call a widget's own method now and after each change of theme or text scale.

    Args:
        update: a bound method of a QObject, so that Qt forgets it together with the object.
    """
    active().changed.connect(update)
    update()


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a property that its selectors read has changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def set_kind(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, and restyle when it is another one."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        restyle(widget)


def focus_ring(painter: QPainter, rect: QRect, radius: float, color: str = "focus") -> None:
    """Draw the 2 px focus ring just inside ``rect``."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(active().color(color), 2))
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), radius, radius)


def rounded(
    painter: QPainter, rect: QRectF, radius: float, fill: QColor, edge: QColor | None = None
) -> None:
    """Fill a rounded rectangle, with a 1 px edge when one is given."""
    painter.setBrush(fill)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
    else:
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


def top_rounded(rect: QRectF, radius: float) -> QPainterPath:
    """Return a rectangle of which only the two upper corners are round."""
    radius = min(radius, rect.width() / 2, rect.height())
    path = QPainterPath()
    path.moveTo(rect.bottomLeft())
    path.lineTo(rect.left(), rect.top() + radius)
    path.quadTo(rect.left(), rect.top(), rect.left() + radius, rect.top())
    path.lineTo(rect.right() - radius, rect.top())
    path.quadTo(rect.right(), rect.top(), rect.right(), rect.top() + radius)
    path.lineTo(rect.bottomRight())
    path.closeSubpath()
    return path


def fitted(text: str, font: QFont, width: float) -> str:
    """Return the text shortened with an ellipsis to ``width`` pixels."""
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(width))


def text_width(text: str, font: QFont) -> int:
    """Return the width of one line in pixels."""
    return QFontMetrics(font).horizontalAdvance(text)
