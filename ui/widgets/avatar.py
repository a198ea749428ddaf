"""A round badge with a person's initials."""

from __future__ import annotations

import zlib

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme, painting, rounded

__all__ = ["AVATAR_COLORS", "Avatar", "avatar_token", "initials"]

AVATAR_COLORS = 8


def initials(name: str) -> str:
    """Return one or two capitals for a name: first and last word; "?" for an empty name."""
    words = [word for word in name.replace(".", " ").split() if word[0].isalnum()]
    picked = words[:1] + words[1:][-1:]
    return "".join(word[0].upper() for word in picked) or "?"


def avatar_token(name: str) -> str:
    """Return the colour token of a name, the same on every computer and every day."""
    return f"avatar_{zlib.crc32(name.casefold().encode()) % AVATAR_COLORS + 1}"


class Avatar(QLabel):
    """Initials on a colour that belongs to the name; the whole name is its accessible name."""

    def __init__(self, name: str = "", size: int = 36, parent: QWidget | None = None) -> None:
        """Make a badge of ``size`` pixels (at text scale 1.0)."""
        super().__init__(parent)
        self._size = size
        self._name = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_name(name)
        follow_theme(self._rescale)

    def set_name(self, name: str) -> None:
        """Show another person."""
        self._name = name
        self.setText(initials(name))
        self.setAccessibleName(name)
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
        theme = active()
        edge = min(self.width(), self.height())
        rect = QRectF((self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge)
        font = theme.font("body", "semibold")
        font.setPixelSize(max(8, round(edge * 0.38)))
        with painting(self) as painter:
            rounded(painter, rect, edge / 2, theme.color(avatar_token(self._name)))
            painter.setFont(font)
            painter.setPen(theme.color("on_avatar"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.text())
