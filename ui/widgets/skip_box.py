"""Skipping a patient: a reason, and the word that it costs nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.queue import SkipReason
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme

__all__ = ["SkipBox"]


class SkipBox(QFrame):
    """Hidden until it is asked for; Escape puts it away.

    Signals:
        skipped: the SkipReason.
    """

    skipped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make a hidden box."""
        super().__init__(parent)
        self.setProperty("inset", "true")
        self.setAccessibleName(self.tr("Skip this patient"))
        self.words = label(
            self.tr("Skipping costs nothing: no attempt is counted. Why not you, now?"), "small"
        )
        self.words.setWordWrap(True)
        self.reason = ElideCombo(self.tr("Reason for skipping"), self.tr("Reasons"))
        self.reason.setPlaceholderText(self.tr("Choose a reason…"))
        texts = {
            SkipReason.KNOWN_PERSONALLY: self.tr("I know this person"),
            SkipReason.LANGUAGE: self.tr("Needs another language"),
            SkipReason.NEEDS_CLINICIAN: self.tr("Needs a clinician"),
            SkipReason.BAD_TIME: self.tr("Bad time for the patient"),
            SkipReason.DATA_PROBLEM: self.tr("Something in the data is wrong"),
            SkipReason.OTHER: self.tr("Another reason"),
        }
        for reason, text in texts.items():
            self.reason.addItem(text, reason)
        self.reason.setCurrentIndex(-1)
        self.confirm = Button(self.tr("Skip patient"), size="small")
        self.cancel = Button(self.tr("Keep"), "ghost", size="small")
        self.confirm.setEnabled(False)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.confirm)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.words)
        self._column.addWidget(self.reason)
        self._column.addLayout(buttons)
        self.reason.currentIndexChanged.connect(lambda n: self.confirm.setEnabled(n >= 0))
        self.confirm.clicked.connect(self._confirm)
        self.cancel.clicked.connect(self.hide)
        self.hide()
        follow_theme(self._rescale)

    def open(self) -> None:
        """Ask for the reason."""
        self.reason.setCurrentIndex(-1)
        self.show()
        self.reason.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape keeps the patient; Enter skips once a reason is chosen."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.confirm.isEnabled():
            self._confirm()
        else:
            super().keyPressEvent(event)

    def _confirm(self) -> None:
        reason = self.reason.currentData()
        self.hide()
        self.skipped.emit(SkipReason(reason))

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(10), px(8), px(10), px(8))
        self._column.setSpacing(px(6))
