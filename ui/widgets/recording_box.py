"""Asking before a call is recorded, and steering the recording that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.recording import Consent, RecordingCommand
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.spoken_text import SpokenText

if TYPE_CHECKING:
    from coordinator_app.domain.recording import CallRecording

__all__ = ["RecordingBox"]

_WIDTH = 356


class RecordingBox(QFrame):
    """Opens under the call bar's button, over what is below; Escape puts it away.

    Part of the window and no popup of its own: it leaves with everything else when the window
    locks, and keys of the window go on working.

    Signals:
        answered: (Consent) what the patient said to the notice.
        wanted: (RecordingCommand) what was pressed while it records.
    """

    answered = Signal(object)
    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make a hidden box."""
        super().__init__(parent)
        self.setObjectName("recording_box")
        self.setProperty("card", "true")
        self.setAccessibleName(self.tr("Recording"))
        self.heading = label("", "h3")
        self.say_first = label(self.tr("Say this first"), "caption")
        self.notice = SpokenText(self.tr("Words before a recording"))
        self.said = named(QCheckBox(self.tr("I have said it")), "recording_said")
        self.asked = label(self.tr("What did the patient answer?"), "caption")
        self.yes = named(Button(self.tr("Yes: record"), "primary"), "recording_yes")
        self.no = named(Button(self.tr("No")), "recording_no")
        self.unclear = named(Button(self.tr("Not clear")), "recording_unclear")
        self.pause = named(Button(self.tr("Pause"), icon="pause"), "recording_pause")
        self.stop = named(Button(self.tr("Stop recording")), "recording_stop")
        self.withdraw = named(Button(self.tr("Patient wants it stopped")), "recording_withdraw")
        self.delete = named(
            Button(self.tr("Patient wants it deleted"), "danger"), "recording_withdraw_delete"
        )
        self.law = label("", "small")
        self.state = label("", "small")
        for words in (self.law, self.state):
            words.setWordWrap(True)
        self._asking: tuple[QWidget, ...] = (
            self.say_first,
            self.notice,
            self.said,
            self.asked,
        )
        self._answers = (self.yes, self.no, self.unclear)
        self._steering = (self.pause, self.stop)
        self._ending = (self.withdraw, self.delete)
        self._column = QVBoxLayout(self)
        self.close_box = IconButton("x", self.tr("Close"), small=True)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.close_box)
        self._column.addLayout(top)
        self._column.addWidget(self.state)
        for widget in self._asking:
            self._column.addWidget(widget)
        self._rows = [self._line(*group) for group in (self._answers, self._steering)]
        for button in self._ending:
            self._column.addWidget(button)
        self._column.addWidget(self.law)
        self._paused = False
        self._anchor: QWidget | None = None
        self._connect()
        self.hide()
        follow_theme(self._rescale)

    def _line(self, *buttons: Button) -> QHBoxLayout:
        row = QHBoxLayout()
        for button in buttons:
            row.addWidget(button, 1)
        self._column.addLayout(row)
        return row

    def _connect(self) -> None:
        self.close_box.clicked.connect(self.hide)
        self.said.toggled.connect(self.yes.setEnabled)
        for button, answer in (
            (self.yes, Consent.YES),
            (self.no, Consent.NO),
            (self.unclear, Consent.UNCLEAR),
        ):
            button.clicked.connect(lambda _=False, answer=answer: self._answer(answer))
        self.pause.clicked.connect(
            lambda: self._want(RecordingCommand.RESUME if self._paused else RecordingCommand.PAUSE)
        )
        for button, command in (
            (self.stop, RecordingCommand.STOP),
            (self.withdraw, RecordingCommand.WITHDRAW),
            (self.delete, RecordingCommand.WITHDRAW_DELETE),
        ):
            button.clicked.connect(lambda _=False, command=command: self._want(command))

    # -- what is shown ------------------------------------------------------------------------

    def show_notice(self, words: str) -> None:
        """Show what is to be said, in the patient's language."""
        self.notice.set_text(words)

    def show_recording(self, recording: CallRecording) -> None:
        """Show how it stands; a tick stays while the question is the same."""
        goes_on = recording.runs
        asking = recording.offered and not goes_on
        self._paused = recording.state in {"paused", "pausing"}
        self.heading.setText(self._heading(recording, asking=asking))
        self.state.setText(self._words(recording))
        self.state.setVisible(bool(self.state.text()))
        self.law.setText(recording.law)
        self.law.setVisible(asking)
        for widget in (*self._asking, *self._answers):
            widget.setVisible(asking)
        for button in self._steering:
            button.setVisible(goes_on)
        self.stop.setVisible(goes_on or recording.state == "starting")
        for button in self._ending:
            button.setVisible(
                (bool(recording.consent) and not asking) or recording.state == "stopped"
            )
        gone = recording.consent == "WITHDRAWN"
        self.withdraw.setVisible(goes_on and not gone)
        self.delete.setVisible(recording.state not in {"off", "discarding", "discarded", "failed"})
        self.pause.set_label(self.tr("Go on recording") if self._paused else self.tr("Pause"))
        self.pause.set_icon("play" if self._paused else "pause")
        self.yes.setEnabled(self.said.isChecked())

    def open_below(self, anchor: QWidget) -> None:
        """Open under the button, with nothing ticked; open already, close."""
        if self.isVisible():
            self.hide()
            return
        self.said.setChecked(False)
        self._anchor = anchor
        self.setParent(_place_of(anchor))
        self._fit()
        self.show()
        self.raise_()
        first = self.said if self.said.isVisible() else self.pause
        (first if first.isVisible() else self.close_box).setFocus()

    def event(self, event: QEvent) -> bool:
        """Stay as tall as what is in it."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fit()
        return done

    def _fit(self) -> None:
        anchor, place = self._anchor, self.parentWidget()
        if anchor is None or place is None:
            return
        self._column.activate()
        tall = self._column.totalSizeHint().height()
        if self._column.hasHeightForWidth():
            tall = self._column.totalHeightForWidth(self.width())
        self.resize(self.width(), tall)
        corner = anchor.mapTo(place, QPoint(anchor.width() - self.width(), anchor.height() + 4))
        self.move(max(4, min(corner.x(), place.width() - self.width() - 4)), corner.y())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _heading(self, recording: CallRecording, *, asking: bool) -> str:
        if asking:
            return self.tr("Record this call?")
        return {
            "starting": self.tr("Recording starts…"),
            "recording": self.tr("This call is recorded"),
            "pausing": self.tr("Pausing…"),
            "paused": self.tr("Recording is paused"),
            "resuming": self.tr("Going on…"),
            "stopping": self.tr("Recording stops…"),
            "discarding": self.tr("Deleting the recording…"),
            "discarded": self.tr("The recording is deleted"),
            "failed": self.tr("Nothing was recorded"),
        }.get(recording.state, self.tr("The recording has ended"))

    def _words(self, recording: CallRecording) -> str:
        if recording.sentence:
            return recording.sentence
        if recording.state == "recording" and recording.notice_again:
            return self.tr(
                "Say once more that the call is recorded: one of the states wants to hear the "
                "notice on the recording itself."
            )
        if recording.state in {"pausing", "resuming"}:
            return self.tr("Wait until the line has confirmed it.")
        if recording.state == "paused":
            return self.tr("What is said now is not recorded; the pause stays silent.")
        return ""

    def _answer(self, answer: Consent) -> None:
        self.hide()
        self.answered.emit(answer)

    def _want(self, command: RecordingCommand) -> None:
        self.hide()
        self.wanted.emit(command)

    def _rescale(self) -> None:
        self.hide()  # a box of another size would stand in the wrong place
        px = active().px
        self._column.setContentsMargins(px(14), px(12), px(14), px(12))
        self._column.setSpacing(px(7))
        self.setFixedWidth(px(_WIDTH))


def _place_of(anchor: QWidget) -> QWidget:
    """What the box lies over: the signed-in part of the window."""
    place = anchor
    while (above := place.parentWidget()) is not None and place.objectName() != "workspace":
        place = above
    return place
