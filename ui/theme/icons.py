"""Line icons (Lucide, ISC), tinted with a theme colour and rendered for every screen density."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources

__all__ = ["DENSITIES", "svg", "tinted"]

DENSITIES = (1.0, 2.0, 3.0)


@lru_cache(maxsize=256)
def svg(name: str) -> str:
    """Return the SVG source of a bundled icon.

    Raises:
        FileNotFoundError: no such icon is bundled.
    """
    return resources.text(f"icons/{name}.svg")


@lru_cache(maxsize=512)
def tinted(name: str, color: str, size: int, density: float, stroke: float = 2.0) -> QPixmap:
    """Render an icon.

    Args:
        name: file name without ``.svg``.
        color: ``#RRGGBB`` for the strokes.
        size: edge in device-independent pixels.
        density: device pixel ratio of the result.
        stroke: line width in the icon's 24-unit box.
    """
    source = svg(name).replace("currentColor", color)
    source = source.replace('stroke-width="2"', f'stroke-width="{stroke}"')
    return render(source, size, size, density)


def render(source: str, width: int, height: int, density: float) -> QPixmap:
    """Render SVG text to a transparent pixmap of the given device-independent size."""
    pixmap = QPixmap(round(width * density), round(height * density))
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(source.encode()))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap
