"""The call bar's part about recording: a state in words beside its dot, and a pause at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from coordinator_app.domain.recording import RecordingCommand
from ui.messages import announce
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.recording_box import RecordingBox

if TYPE_CHECKING:
    from coordinator_app.domain.recording import CallRecording
    from ui.shortcuts import Keymap

__all__ = ["RecordingControl"]

_RUNS: Final = {"recording", "pausing"}  # until the line has confirmed the pause, it records


class RecordingControl(QWidget):
    """Hidden unless the practice records and a call is there to be recorded.

    Signals:
        answered: (Consent) what the patient said to the notice.
        wanted: (RecordingCommand) what to do with the recording.
    """

    answered = Signal(object)
    wanted = Signal(object)

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        """Make a hidden control."""
        super().__init__(parent)
        self.setObjectName("recording")
        self.setProperty("transparent", "true")
        self.setAccessibleName(self.tr("Recording of the call"))
        self._keymap = keymap
        self._shown: CallRecording | None = None
        self.open = named(Button("", icon="record", icon_color="text2"), "recording_open")
        # In words: beside it stands the telephone's hold, whose sign is the same.
        self.pause = named(Button(self.tr("Pause")), "recording_pause_now")
        self.box = RecordingBox(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.open)
        self._row.addWidget(self.pause)
        self.open.clicked.connect(lambda: self.box.open_below(self.open))
        self.pause.clicked.connect(self.toggle)
        self.box.answered.connect(self.answered)
        self.box.wanted.connect(self.wanted)
        self.hide()
        follow_theme(self._rescale)

    def show_notice(self, words: str) -> None:
        """Show what has to be said first, in the patient's language."""
        self.box.show_notice(words)

    def show_recording(self, recording: CallRecording | None) -> None:
        """Show how recording stands in the call; None hides it."""
        before, self._shown = self._shown, recording
        visible = recording is not None and (recording.offered or recording.state != "off")
        self.setVisible(visible)
        if recording is None or not visible:
            self.box.hide()
            return
        words = self._state_words(recording)
        runs = recording.state in _RUNS
        self.open.set_label(words)
        self.open.set_icon(*self._look(recording))
        self.open.setAccessibleName(words)
        self.open.setToolTip(self._keymap.tooltip("call.recording", words))
        self.pause.setVisible(recording.runs)
        paused = recording.state in {"paused", "resuming"}
        spoken = self.tr("Go on recording") if paused else self.tr("Pause the recording")
        self.pause.set_label(self.tr("Go on") if paused else self.tr("Pause"))
        self.pause.setAccessibleName(spoken)
        self.pause.setToolTip(self._keymap.tooltip("call.recording", spoken))
        self.pause.setEnabled(recording.state in {"recording", "paused"})
        self.box.show_recording(recording)
        if before is None or before.state != recording.state:
            announce(self, words, urgent=runs)

    def toggle(self) -> None:
        """Pause, or go on."""
        paused = self._shown is not None and self._shown.state == "paused"
        self.wanted.emit(RecordingCommand.RESUME if paused else RecordingCommand.PAUSE)

    def press(self) -> None:
        """The key: pauses and resumes at once; before that it asks whether to record."""
        if not self.isVisible():
            return
        if self.pause.isVisible() and self.pause.isEnabled():
            self.pause.click()
        elif not self.pause.isVisible():
            self.open.click()

    def _look(self, recording: CallRecording) -> tuple[str, str]:
        if recording.state in _RUNS:
            return "record", "danger"
        if recording.state in {"paused", "resuming"}:
            return "pause", "warning"
        return "record", "text2"

    def _state_words(self, recording: CallRecording) -> str:
        return {
            "off": self.tr("Record…"),
            "starting": self.tr("Starting…"),
            "recording": self.tr("Recording"),
            "pausing": self.tr("Pausing…"),
            "paused": self.tr("Paused"),
            "resuming": self.tr("Resuming…"),
            "stopping": self.tr("Stopping…"),
            "stopped": self.tr("Recorded"),
            "discarding": self.tr("Deleting…"),
            "discarded": self.tr("Deleted"),
            "failed": self.tr("Not recorded"),
        }[recording.state]

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(4))
