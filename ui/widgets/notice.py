"""A sentence that must not be overlooked, inside a page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from ui.messages import Level, announce
from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme, restyle, set_kind
from ui.widgets.surfaces import IconTile

__all__ = ["Notice"]

_KIND = {
    Level.INFO: "info",
    Level.SUCCESS: "success",
    Level.WARNING: "warning",
    Level.ERROR: "danger",
}


class Notice(QFrame):
    """Looks like a banner and stays where it belongs; an empty one takes no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty, hidden notice."""
        super().__init__(parent)
        self.setProperty("banner", Level.INFO.value)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._icon = IconTile("info", "info", self, tile=0, size=18)
        self.words = label("", parent=self)
        self.words.setWordWrap(True)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self.words, 1)
        self.hide()
        follow_theme(self._rescale)

    def say(self, text: str, level: Level = Level.ERROR, icon: str = "circle-alert") -> None:
        """Show a sentence and have it spoken; "" hides the notice."""
        self.words.setText(text)
        self.setAccessibleName(text)
        self._icon.set(icon, _KIND[level])
        if self.property("banner") != level.value:
            set_kind(self, "banner", level.value)
            restyle(self.words)  # its colour comes from the frame's rule
        self.setVisible(bool(text))
        announce(self, text, urgent=level in {Level.WARNING, Level.ERROR})

    @property
    def text(self) -> str:
        """What it says."""
        return self.words.text()

    def _rescale(self) -> None:
        px = active().px
        self._row.setContentsMargins(px(12), px(8), px(12), px(8))
        self._row.setSpacing(px(10))
