"""The call bar: whom we call, how the line stands, and the buttons of a telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.call import CallEnd, CallState, CallView, PhoneState
from ui.messages import announce
from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.buttons import Button, IconButton
from ui.widgets.call_company import CallCompany, HelpButton
from ui.widgets.clocks import CallTimer
from ui.widgets.keypad import Keypad
from ui.widgets.labels import Chip, Elide
from ui.widgets.own_phone import OwnPhoneButtons, phone_words
from ui.widgets.painting import follow_theme, set_kind
from ui.widgets.recording_control import RecordingControl

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.call import OwnPhone
    from coordinator_app.domain.patient import Phone
    from coordinator_app.domain.practice import LineHealth
    from ui.shortcuts import Keymap

__all__ = ["CallBar"]

_ROOM: Final = 900  # of a bar with both captions and a call for help, at scale 1.0
_WAITING: Final = {CallState.REQUESTED, CallState.PLACING, CallState.UNKNOWN, CallState.QUEUED}


class CallBar(QFrame):
    """Shows one call; its owner is told what was pressed and says what became of it.

    It also owns the keys of the telephone (``call.*``), because it is on the screen on every
    page.

    Signals:
        dial_requested: ring the chosen number.
        hang_up_requested: end the call, whatever it does now.
        mute_requested: True mutes, False unmutes.
        hold_requested: True holds, False resumes.
        digits_requested: one key of the keypad.
        voicemail_requested: show the voicemail script, or go back from it.
        help_requested: a HelpReason: a supervisor should come.
        help_withdrawn: no supervisor is needed any more.
    """

    dial_requested = Signal()
    hang_up_requested = Signal()
    mute_requested = Signal(bool)
    hold_requested = Signal(bool)
    digits_requested = Signal(str)
    voicemail_requested = Signal()
    help_requested = Signal(object)
    help_withdrawn = Signal()

    def __init__(
        self, now: Callable[[], datetime], keymap: Keymap, parent: QWidget | None = None
    ) -> None:
        """Make an idle bar.

        Args:
            now: the practice's clock.
            keymap: for keys and tooltips.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setObjectName("call_bar")
        self.setProperty("live", "idle")
        self.setAccessibleName(self.tr("Call"))
        self._call: CallView | None = None
        self._name = ""
        self._phone: Phone | None = None
        self._line: LineHealth | None = None
        self._refusal = ""
        self._asking = False
        self._spoken = ""
        self.avatar = Avatar("", 34)
        self.title = Elide("", "strong")
        self.status = Elide("", "small")
        self.caption = Elide("", "small")
        self.practice_line = Chip("", "warning")
        self.ear = Chip("", "danger")
        self.timer = CallTimer(now)
        self.mute = IconButton("mic", self.tr("Mute"), framed=True)
        self.hold = IconButton("pause", self.tr("Hold"), framed=True)
        self.keypad_button = IconButton(
            "grid-3x3", self.tr("Keypad"), framed=True, tooltip=keymap.tooltip("call.keypad")
        )
        for toggle in (self.mute, self.hold):
            toggle.setCheckable(True)
        self.company = CallCompany(self)
        self.help = HelpButton(keymap)
        self.voicemail = Button(
            self.tr("Voicemail"), "", "voicemail", size="large", icon_color="violet_text"
        )
        self.voicemail.setToolTip(keymap.tooltip("call.voicemail"))
        self.dial = Button(self.tr("Dial"), "primary", "phone", size="large")
        self.dial.setToolTip(keymap.tooltip("call.dial"))
        self.hang_up = Button(self.tr("Hang up"), "danger", "phone-off", size="large")
        self.hang_up.setToolTip(keymap.tooltip("call.hang_up"))
        self.phone = OwnPhoneButtons(keymap, self)
        self._own: OwnPhone | None = None
        self.keypad = Keypad(self)
        self.recording = RecordingControl(keymap)
        self._keymap = keymap
        self._build()
        self._connect()
        follow_theme(self._rescale)
        self._refresh()

    def _build(self) -> None:
        second = QHBoxLayout()
        second.setSpacing(10)
        second.addWidget(self.status)
        second.addWidget(self.company.help)
        second.addWidget(self.caption, 1)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addStretch(1)
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(self.title)
        first.addWidget(self.company.who)
        first.addWidget(self.practice_line)
        first.addWidget(self.ear)
        first.addStretch(1)
        words.addLayout(first)
        words.addLayout(second)
        words.addStretch(1)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.avatar)
        self._row.addLayout(words, 1)
        for widget in (
            self.timer,
            self.recording,
            self.mute,
            self.hold,
            self.keypad_button,
            self.help,
            self.voicemail,
            *self.phone.widgets,
            self.dial,
            self.hang_up,
        ):
            self._row.addWidget(widget)

    def _connect(self) -> None:
        self.dial.clicked.connect(self._dial)
        self.hang_up.clicked.connect(self.hang_up_requested)
        self.mute.clicked.connect(self.mute_requested)
        self.hold.clicked.connect(self.hold_requested)
        self.keypad_button.clicked.connect(lambda: self.keypad.open_below(self.keypad_button))
        self.keypad.pressed.connect(self.digits_requested)
        self.voicemail.clicked.connect(self.voicemail_requested)
        self.help.asked.connect(self.help_requested)
        self.help.withdrawn.connect(self.help_withdrawn)
        keys = {
            "call.dial": self.dial,
            "call.heard": self.phone.hear,
            "call.hang_up": self.hang_up,
            "call.mute": self.mute,
            "call.hold": self.hold,
            "call.keypad": self.keypad_button,
            "call.voicemail": self.voicemail,
            "call.help": self.help,
        }
        # click() does nothing on a disabled button: a key can do no more than the mouse.
        for name, button in keys.items():
            self._keymap.action(name, self, button.click)
        self._keymap.action("call.recording", self, self.recording.press)

    def _rescale(self) -> None:
        px = active().px
        self._row.setContentsMargins(px(10), px(6), px(10), px(6))
        self._row.setSpacing(px(8))
        self.setMinimumHeight(px(52))

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(active().px(900), active().px(54))

    # -- what is shown ------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether a call is going on (asked for, ringing or connected)."""
        return self._asking or (self._call is not None and self._call.state is not CallState.ENDED)

    def show_patient(self, short_name: str, phone: Phone | None, refusal: str = "") -> None:
        """Show whom Dial would ring.

        Args:
            short_name: first name and last initial; "" when no patient is open.
            phone: the chosen number; None when no number can be dialled.
            refusal: why Dial is not possible now, "" when it is.
        """
        self._name, self._phone, self._refusal = short_name, phone, refusal
        self._refresh()

    def show_call(self, call: CallView | None) -> None:
        """Show a call as the server has it; None when there is none (any more)."""
        self._asking = False
        self._call = call
        if call is None:
            self.timer.reset()
        elif call.answered_at is not None and call.state is not CallState.ENDED:
            if not self.timer.running:
                self.timer.start(call.answered_at)
        elif call.state is CallState.ENDED:
            self.timer.stop()
            self.keypad.close()
        self._refresh()

    def set_asking(self, *, asking: bool) -> None:
        """A call was asked for and the answer is not here yet."""
        self._asking = asking
        self._refresh()

    def show_line(self, line: LineHealth) -> None:
        """Show how the phone line is."""
        self._line = line
        self._refresh()

    def show_phone(self, phone: OwnPhone | None) -> None:
        """Show how one's own phone stands; None while it is not known."""
        self._own = phone
        self._refresh()

    def show_ear(self, words: str, about: str) -> None:
        """Say that one cannot hear calls now, and why; "" when one can."""
        self.ear.set(words)
        self.ear.setToolTip(about)
        self.ear.setAccessibleName(about)

    def _dial(self) -> None:
        # Disabled at once, before anybody hears of it: two presses are never two calls.
        self._asking = True
        self._refresh()
        self.dial_requested.emit()

    def _refresh(self) -> None:
        call = self._call
        state = call.state if call is not None else None
        connected = state is CallState.LIVE
        going = self.live
        self.avatar.set_name(self._name)
        self.avatar.setVisible(bool(self._name))
        self.title.setText(self._title())
        status = self._status()
        self.status.setText(status)
        said = call.captions[-1] if call is not None and call.captions else None
        words = "" if said is None else self._caption(said.speaker, said.text)
        self.caption.setText(words)
        # Three letters of it say nothing where a supervisor's answer needs the room.
        crowded = call is not None and call.help is not None and self.width() < active().px(_ROOM)
        self.caption.setVisible(bool(words) and not crowded)
        self._show_practice_line()
        self.company.show_call(call)
        if self.company.who.text():  # what is said below in full gives way
            self.practice_line.hide()
        # That one is connected is seen; how the call for help stands is not.
        self.status.setHidden(connected and bool(self.company.help.text()))
        set_kind(self, "live", self._look())
        self.timer.setVisible(call is not None and call.answered_at is not None)
        self._show_buttons(connected=connected, going=going)
        spoken = f"{status} {words}".strip()
        speaks = call is not None or self._asking or self.phone.asks
        if spoken != self._spoken and speaks:
            announce(self, spoken, urgent=connected)
        self._spoken = spoken

    def _show_buttons(self, *, connected: bool, going: bool) -> None:
        call = self._call
        ended = call is not None and call.state is CallState.ENDED
        self.hang_up.setVisible(going)
        # Between pressing Dial and the server's answer there is nothing to hang up yet.
        self.hang_up.setEnabled(call is not None and going)
        self.phone.show(self._own, idle=not going and not ended)
        self.dial.setVisible(not going and not ended and not self.phone.asks)
        self.dial.setEnabled(self._can_dial and not going and not ended)
        for button in (self.mute, self.hold, self.keypad_button):
            button.setVisible(connected)
        # Who said yes to a recording is no machine: its button gives its place.
        recording = None if call is None else call.recording
        to_machine = call is not None and not call.incoming
        recorded = recording is not None and recording.runs
        self.voicemail.setVisible(going and to_machine and not recorded)
        self.help.setVisible(call is not None and going)
        self.help.show_help(call.help if call is not None else None)
        held, muted = (call.held, call.muted) if call is not None else (False, False)
        self.mute.setChecked(muted)
        self.mute.set_look("mic-off" if muted else "mic")
        unmute = self.tr("Unmute") if muted else self.tr("Mute")
        self.mute.set_name(unmute, self._keymap.tooltip("call.mute", unmute))
        self.hold.setChecked(held)
        self.hold.set_look("play" if held else "pause")
        resume = self.tr("Resume") if held else self.tr("Hold")
        self.hold.set_name(resume, self._keymap.tooltip("call.hold", resume))

    def _show_practice_line(self) -> None:
        call = self._call
        practice = (
            call.is_practice_line
            if call is not None
            else self._line is not None and self._line.is_practice_line
        )
        # The banner below says it in full.
        words = self.tr("Practice line: no real call is made")
        self.practice_line.set(self.tr("Practice line"))
        self.practice_line.setVisible(practice)
        self.practice_line.setAccessibleName(words)
        self.practice_line.setToolTip(words)

    def _title(self) -> str:
        call = self._call
        if not self._name:
            return self.tr("No patient open")
        if call is not None:
            use, ending = call.number_use, call.number_ending
        elif self._phone is not None:
            use, ending = self._phone.use, self._phone.e164[-4:]
        else:
            return self._name
        words = self.tr("%1 · %2 ending %3").replace("%2", use or self.tr("number"))
        words = words.replace("%3", ending)
        return words.replace("%1", self._name)

    def _look(self) -> str:
        call = self._call
        if call is not None and call.state is CallState.ENDED:
            return "wrapup"
        if call is not None and call.state is CallState.LIVE:
            return "wrapup" if call.held else "true"
        return "ringing" if self.live else "idle"

    def _caption(self, speaker: str, text: str) -> str:
        who = {
            "patient": self.tr("Patient"),
            "machine": self.tr("Machine"),
            "line": self.tr("Line"),
        }.get(speaker, speaker)
        return f"{who}: “{text}”"

    def _status(self) -> str:  # noqa: PLR0911  (one sentence for each state)
        call = self._call
        if self._asking:
            return self.tr("Asking for the call…")
        if call is None:
            return self._idle_status()
        if call.state is CallState.ENDED:
            return call.sentence or self._end_words(call.end)
        own = self._own
        if call.state is CallState.LIVE and own is not None and not own.ready:
            return self._away_words(own)
        if call.state is CallState.LIVE:
            if call.held:
                return self.tr("On hold")
            return self.tr("Connected, you are muted") if call.muted else self.tr("Connected")
        if call.state is CallState.UNKNOWN:
            return self.tr(
                "The line's answer was lost. It is being looked up; it will not dial twice."
            )
        if call.state is CallState.REQUESTED and own is not None and not own.ready:
            return phone_words(own, waiting=True)
        if call.state in _WAITING:
            begun = self.tr("Taking the call…") if call.incoming else self.tr("Dialing…")
            return call.sentence or begun
        return self.tr("Ringing…")

    def _idle_status(self) -> str:
        own = self._own
        coming = own is not None and own.state is not PhoneState.GONE and not own.ready
        if self._line is not None and self._line.state == "down":
            return self._line.sentence
        if own is not None and (coming or (self._can_dial and not own.ready)):
            return phone_words(own, waiting=False)
        if not self._name:
            return self.tr("Open a patient from the queue to call.")
        if self._phone is None and not self._refusal:
            return self.tr("No number of this patient can be called.")
        return self._refusal or self.tr("Ready to dial")

    @property
    def _can_dial(self) -> bool:
        return bool(self._name) and self._phone is not None and not self._refusal

    def _away_words(self, own: OwnPhone) -> str:
        if own.state is PhoneState.UP:
            return self.tr("The patient is on hold. Are you back? Press “I hear you”.")
        return self.tr("Your phone left the call. The patient is on hold; pick up when it rings.")

    def _end_words(self, end: CallEnd | None) -> str:
        words = {
            CallEnd.COMPLETED_BY_PATIENT: self.tr("The other side hung up. Choose an outcome."),
            CallEnd.COMPLETED_BY_US: self.tr("Call ended. Choose an outcome."),
            CallEnd.NO_ANSWER: self.tr("Nobody answered. Choose an outcome."),
            CallEnd.BUSY: self.tr("The line is busy. Choose an outcome."),
            CallEnd.CANCELED: self.tr("Hung up before an answer. Choose an outcome."),
            CallEnd.BAD_NUMBER: self.tr("The number is not in service. Choose an outcome."),
            CallEnd.BLOCKED: self.tr("The call was blocked. Choose an outcome."),
            CallEnd.AGENT_LEG_LOST: self.tr("Your own audio was lost. Choose an outcome."),
            CallEnd.LINE_ERROR: self.tr("The line failed. Choose an outcome."),
            CallEnd.TIME_LIMIT: self.tr("The call reached its time limit. Choose an outcome."),
            CallEnd.NEVER_PLACED: self.tr("The call was never placed. Choose an outcome."),
            CallEnd.UNRESOLVED: self.tr("The line cannot say what became of this call."),
        }
        return words[end] if end is not None else self.tr("Call ended. Choose an outcome.")
