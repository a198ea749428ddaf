"""The Help page: the list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from ui.pages.page import Page
from ui.views.keys import KeysView
from ui.widgets.buttons import Button

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.shortcuts import Keymap

__all__ = ["KeysPage"]


class KeysPage(Page):
    """All keys by group, with a search; and the way to the line test.

    Signals:
        line_test_wanted: open the line test.
    """

    line_test_wanted = Signal()

    def __init__(
        self, keymap: Keymap, parent: QWidget | None = None, *, calls: bool = False
    ) -> None:
        """List the keymap; ``calls``: this person has a line to test."""
        super().__init__(self.tr("Keys"), parent)
        self.view = KeysView(keymap)
        self.bar.addStretch(1)
        self.line_test = Button(self.tr("Test my line…"), "", "activity")
        self.line_test.setObjectName("help_line_test")
        self.line_test.setVisible(calls)
        self.line_test.clicked.connect(self.line_test_wanted)
        self.bar.addWidget(self.line_test)
        self.bar.addWidget(self.view.search)
        self.column.addWidget(self.view, 1)
