"""A column of cards that scrolls and stays narrow enough to be read, however wide the window."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.named import named
from ui.widgets.painting import follow_theme

__all__ = ["NarrowScroll"]

_WIDTH: Final = 680


class NarrowScroll(QScrollArea):
    """Cards are added to ``box``."""

    def __init__(self, spoken: str, parent: QWidget | None = None) -> None:
        """Make an empty column; ``spoken`` is for screen readers."""
        super().__init__(parent)
        named(self, "", spoken)
        self._column = QWidget()
        self._column.setProperty("transparent", "true")
        self.box = QVBoxLayout(self._column)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(10)
        centre = QWidget()
        centre.setProperty("transparent", "true")
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._column, 3)
        row.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(centre)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._column.setMaximumWidth(active().px(_WIDTH))
