"""A coordinator's call for help, as a supervisor answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.models.live_words import help_kind, help_words, reason_words
from ui.widgets.buttons import Button
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import set_kind

if TYPE_CHECKING:
    from datetime import datetime

    from coordinator_app.domain.call import HelpAsked

__all__ = ["HelpAnswer"]

_LONGEST: Final = 80  # as the database has it


class HelpAnswer(QFrame):
    """Hidden while nobody asks.

    Signals:
        answered: the text that the coordinator should read.
        settled: no more help is needed.
    """

    answered = Signal(str)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty, hidden box."""
        super().__init__(parent)
        self.setProperty("banner", "warning")
        self._busy = False
        self._asked: HelpAsked | None = None
        self.wanted = label("", "strong")
        self.wanted.setWordWrap(True)
        self.answer = named(QLineEdit(), "live_answer", self.tr("Answer to the coordinator"))
        self.answer.setPlaceholderText(self.tr("A short answer, no patient data"))
        self.answer.setMaxLength(_LONGEST)
        self.send = named(Button(self.tr("Send"), size="small"), "live_send")
        self.coming = named(Button(self.tr("Coming"), icon="check", size="small"), "live_coming")
        self.settle = named(Button(self.tr("Settled"), icon="x", size="small"), "live_settle")
        typed, quick = QHBoxLayout(), QHBoxLayout()
        typed.addWidget(self.answer, 1)
        typed.addWidget(self.send)
        quick.addWidget(self.coming)
        quick.addWidget(self.settle)
        quick.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.wanted)
        column.addLayout(typed)
        column.addLayout(quick)
        self.settle.clicked.connect(self.settled)
        self.coming.clicked.connect(lambda: self._send(self.tr("Coming")))
        self.send.clicked.connect(lambda: self._send(self.answer.text()))
        self.answer.returnPressed.connect(lambda: self._send(self.answer.text()))
        self.answer.textChanged.connect(lambda _: self._enable())
        self.hide()

    def show_help(self, asked: HelpAsked | None, now: datetime) -> None:
        """Show a call for help as it stands; None: there is none."""
        self._asked = asked
        self.setVisible(asked is not None)
        if asked is None:
            self.wanted.setText("")
            return
        reason = reason_words(asked.reason)
        words = help_words(asked, now)
        words = f"{words}: {reason}" if reason else words
        self.wanted.setText(f"{words}\n“{asked.answer}”" if asked.answer else words)
        kind = help_kind(asked, 0, now)
        set_kind(self, "banner", {"danger": "warning"}.get(kind, kind))
        self._enable()

    def set_busy(self, *, busy: bool) -> None:
        """Something was asked for and is not answered yet."""
        self._busy = busy
        self._enable()

    def _enable(self) -> None:
        for button in (self.coming, self.settle):
            button.setEnabled(not self._busy)
        self.send.setEnabled(not self._busy and bool(self.answer.text().strip()))

    def _send(self, text: str) -> None:
        if self._asked is not None and not self._busy and text.strip():
            self.answered.emit(text.strip())
            self.answer.clear()
