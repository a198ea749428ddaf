"""What the main window asks of every page."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme

__all__ = ["Page"]


class Page(QWidget):
    """A page of the window, with its title and a place for controls beside it.

    The window calls ``conceal`` before it locks and ``restore`` after; a concealed page keeps no
    patient's data in any widget or model.

    Signals:
        changed: what a write of this page changed ("callbacks", "queue", …), for other pages.
    """

    changed = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        """Make an empty page."""
        super().__init__(parent)
        self.setProperty("page", "true")
        self.setAccessibleName(title)
        self.title: QLabel = label(title, "h1", self)
        self.bar = QHBoxLayout()
        self.bar.addWidget(self.title)
        self.column = QVBoxLayout(self)
        self.column.addLayout(self.bar)
        self._concealed = False
        self._stale = True
        follow_theme(self._page_rescale)

    def _page_rescale(self) -> None:
        px = active().px
        self.column.setContentsMargins(6, px(10), 6, px(12))
        self.column.setSpacing(px(10))
        self.bar.setSpacing(px(8))

    @property
    def concealed(self) -> bool:
        """Whether the page shows nothing because the window is locked."""
        return self._concealed

    def refresh(self) -> None:
        """Load what the page shows; called when it is opened, on hints and after changes."""

    def forget(self) -> None:
        """Drop every patient's data from widgets and models, and answers on their way."""

    def conceal(self) -> None:
        """The window locks."""
        self._concealed = True
        self.forget()

    def restore(self) -> None:
        """The window is unlocked; a page on the screen loads again."""
        self._concealed = False
        self._stale = True
        if self.isVisible():
            self.load()

    def load(self) -> None:
        """Refresh now, or when the page is next shown."""
        if self._concealed or not self.isVisible():
            self._stale = True
            return
        self._stale = False
        self.refresh()

    def on_changed(self, what: frozenset[str]) -> None:
        """Something was written elsewhere in the window."""
        if what & self.shows():
            self.load()

    def shows(self) -> frozenset[str]:
        """The kinds of things whose change makes this page load again."""
        return frozenset()

    def showEvent(self, event: QShowEvent) -> None:
        """Load what became stale while the page was away."""
        super().showEvent(event)
        if self._stale:
            self.load()
