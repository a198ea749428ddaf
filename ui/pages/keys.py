"""The Help page: the list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.pages.page import Page
from ui.views.keys import KeysView

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.shortcuts import Keymap

__all__ = ["KeysPage"]


class KeysPage(Page):
    """All keys by group, with a search."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        """List the keymap."""
        super().__init__(self.tr("Keys"), parent)
        self.view = KeysView(keymap)
        self.bar.addStretch(1)
        self.bar.addWidget(self.view.search)
        self.column.addWidget(self.view, 1)
