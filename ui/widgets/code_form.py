"""Asking for the six digits of an authenticator app."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from ui.messages import announce
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme

__all__ = ["CodeForm", "CodeWords"]

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class CodeWords:
    """What the form says where it stands.

    ``verb`` and ``icon`` of the button, ``working`` while the code is on its way, and whether
    that can be cancelled.
    """

    verb: str
    icon: str
    working: str
    cancels: bool = False


class CodeForm(QWidget):
    """One field; Enter goes on, Escape goes back.

    Signals:
        submitted: the digits.
        left: back to what came before, or stop what is going on where it can be cancelled.
    """

    submitted = Signal(str)
    left = Signal()

    def __init__(self, words: CodeWords, parent: QWidget | None = None) -> None:
        """Make an empty form."""
        super().__init__(parent)
        self._busy = False
        self._words = words
        self._who = label("", "small")
        self._who.setWordWrap(True)
        self._lead = label("", "")
        self._lead.setWordWrap(True)
        self.code = named(
            QLineEdit(), "second_factor_code", self.tr("Code of your authenticator app")
        )
        self.code.setPlaceholderText(self.tr("Six digits"))
        self.code.setInputMethodHints(
            Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhNoPredictiveText
        )
        # As the apps show it: three and three.
        pattern = QRegularExpression(r"[0-9]{0,3} ?[0-9]{0,3}")
        self.code.setValidator(QRegularExpressionValidator(pattern, self.code))
        self.code.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.code.returnPressed.connect(self.submit)
        self._build_error()
        self.enter = Button(words.verb, "primary", words.icon, size="large")
        self.enter.setObjectName("second_factor_button")
        self.enter.clicked.connect(self.submit)
        self.back = Button(self.tr("Back"), size="large")
        self.back.setObjectName("second_factor_back")
        self.back.clicked.connect(self.left)
        self._help = label(self.tr("No app, or a new phone? Ask your administrator."), "caption")
        self._help.setWordWrap(True)
        self._lay_out()
        self.show_problem("")
        follow_theme(self._rescale)

    def _build_error(self) -> None:
        self.error = named(QLabel(wordWrap=True), "second_factor_error")
        self.error.setTextFormat(Qt.TextFormat.PlainText)
        self._error_frame = QFrame()
        self._error_frame.setProperty("banner", "error")
        box = QHBoxLayout(self._error_frame)
        box.setContentsMargins(12, 8, 12, 8)
        box.addWidget(self.error)
        self._progress = named(
            QProgressBar(minimum=0, maximum=0, textVisible=False), "", self.tr("Connecting")
        )
        self._progress.setFixedHeight(3)
        self._progress.hide()

    def _lay_out(self) -> None:
        field = label(self.tr("Code of your authenticator app"), "small")
        field.setBuddy(self.code)
        buttons = QHBoxLayout()
        buttons.addWidget(self.enter, 1)
        buttons.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(self.tr("Your code"), "h2"))
        column.addWidget(self._who)
        column.addSpacing(6)
        column.addWidget(self._error_frame)
        column.addWidget(self._lead)
        column.addSpacing(6)
        column.addWidget(field)
        column.addWidget(self.code)
        column.addSpacing(8)
        column.addWidget(self._progress)
        column.addLayout(buttons)
        column.addSpacing(4)
        column.addWidget(self._help)
        column.addStretch(1)

    def ask(self, lead: str, who: str = "") -> None:
        """Ask for the code; ``lead`` says why, ``who`` of whom where that could be in doubt."""
        self._who.setText(who)
        self._who.setVisible(bool(who))
        self._lead.setText(lead)
        self.set_busy(False)
        self.code.clear()
        self.show_problem("")
        self.code.setFocus()
        announce(self, self._lead.text())

    def show_problem(self, sentence: str) -> None:
        """Say why the code did not do; "" takes it away."""
        self.error.setText(sentence)
        self._error_frame.setVisible(bool(sentence))
        set_invalid(self.code, sentence)
        if sentence:
            self.code.selectAll()
            self.code.setFocus()
            announce(self, sentence, urgent=True)

    def set_busy(self, busy: bool) -> None:
        """Show that the code is being checked; only Cancel works, where there is one."""
        self._busy = busy
        cancels = self._words.cancels
        self.code.setEnabled(not busy)
        self.enter.set_busy(self._words.working if busy else "")
        self.back.set_label(self.tr("Cancel") if busy and cancels else self.tr("Back"))
        self.back.setEnabled(cancels or not busy)
        self._progress.setVisible(busy)
        if busy:
            self.show_problem("")
            if cancels:
                self.back.setFocus()

    def forget(self) -> None:
        """Keep nothing that was typed."""
        self.set_busy(False)
        self.code.clear()
        self.show_problem("")

    def submit(self) -> None:
        """Go on with what is typed, or say what is missing."""
        digits = self.code.text().replace(" ", "")
        if self._busy:
            return
        if len(digits) != _DIGITS:
            self.show_problem(self.tr("A code has six digits. Type all of them."))
        else:
            self.submitted.emit(digits)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back."""
        if event.key() == Qt.Key.Key_Escape:
            if self.back.isEnabled():
                self.left.emit()
        else:
            super().keyPressEvent(event)

    def _rescale(self) -> None:
        font = active().font("h2", "semibold")
        self.code.setFont(font)
