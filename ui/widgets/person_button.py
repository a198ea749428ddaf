"""A large button that stands for a person: avatar, name and role."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.labels import Elide, label
from ui.widgets.painting import follow_theme

__all__ = ["PersonButton"]


class PersonButton(QPushButton):
    """Comes in as this person."""

    def __init__(self, name: str, role: str, parent: QWidget | None = None) -> None:
        """Make a button that says who."""
        super().__init__(parent)
        self.setAccessibleName(self.tr("Sign in as %1, %2").replace("%1", name).replace("%2", role))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(True)  # Enter presses it, not only Space
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Elide(name, "strong", self))
        words.addWidget(label(role, "small", self))
        self._row.addWidget(Avatar(name, 34, self))
        self._row.addLayout(words, 1)
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        px = active().px
        self._row.setContentsMargins(px(12), px(6), px(12), px(6))
        self._row.setSpacing(px(12))
        # The application's sheet gives every button one height; this one holds two lines.
        tall, focused = px(50), px(48)
        self.setStyleSheet(
            f"QPushButton {{ min-height: {tall}px; }}"
            f" QPushButton:focus {{ min-height: {focused}px; }}"
        )
