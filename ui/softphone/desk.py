"""Guides the softphone of a session: when it is loaded and signed in, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coordinator_app.domain.call import PhoneState
from coordinator_app.domain.ear import EarKind, MyEar
from coordinator_app.domain.ids import uuid7
from coordinator_app.errors import NotConnectedError
from ui.messages import Level
from ui.softphone.base import Devices, Phase, Quality, Softphone, Trouble
from ui.softphone.sdk import Missing
from ui.softphone.words import EarState, state_of, trouble_words

if TYPE_CHECKING:
    from coordinator_app.domain.call import OwnPhone
    from coordinator_app.domain.ear import SoftphoneToken
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.preferences import Preferences
    from ui.softphone.kit import SoftphoneKit
    from ui.tasks import Tasks

__all__ = ["EarDesk"]

RETRY_MS: Final = 10_000  # to mint a token that could not be minted
RENEW_MS: Final = 20_000  # how often a running call is said to be expected
EXPECT_S: Final = 60.0  # how long one's own leg may take: the carrier's ring and a slow answer
PATIENCE_MS: Final = 4_000  # a line that is away for less is not worth a banner
_BANNER: Final = "ear"
_DEVICE: Final = "ear_device"
_SILENT_MICROPHONE: Final = "constant-audio-input-level"


class EarDesk(QObject):
    """One for a session. It owns the softphone, if there is one.

    Signals:
        changed: an EarState, for the strip and the call bar.
        on_line: the softphone is on its call and sound arrives (nobody has to press "I hear
            you"), or is not any more.
        ear_changed: the MyEar that is in force.
        refused: a UserFacingError of :meth:`keep`.
        devices_changed: Devices.
        level: (microphone, speaker), each 0 to 1.
        quality: a Quality, during a call.
        tone_ended: the test tone was played.
    """

    changed = Signal(object)
    on_line = Signal(bool)
    ear_changed = Signal(object)
    refused = Signal(object)
    devices_changed = Signal(object)
    level = Signal(float, float)
    quality = Signal(object)
    tone_ended = Signal()

    def __init__(  # noqa: PLR0917  (what a session lends to each of its parts)
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        preferences: Preferences,
        kit: SoftphoneKit,
        parent: QObject | None = None,
    ) -> None:
        """Make a desk that knows nothing yet; :meth:`load` asks."""
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._preferences = preferences
        self._kit = kit
        self.ear: MyEar | None = None
        self.phone: Softphone | None = None
        self.devices = Devices()
        self._broken = Missing()
        self._muted = False
        self._silent = False
        self.live = False  # a call of a patient is going on
        self._minting = False
        self._token_good = False
        self._retry = self._timer(RETRY_MS, self._mint, single=True)
        self._renew = self._timer(RENEW_MS, self._expect)
        self._late = self._timer(PATIENCE_MS, self._tell_lost, single=True)

    def _timer(self, interval: int, run: object, *, single: bool = False) -> QTimer:
        timer = QTimer(self, interval=interval, singleShot=single)
        timer.timeout.connect(run)
        return timer

    # -- where one hears ----------------------------------------------------------------------

    def load(self) -> None:
        """Ask the database where this person hears the calls."""
        practice = self._session.practice

        def failed(error: UserFacingError) -> None:
            if not isinstance(error, NotConnectedError):  # that one is said by the link
                self._messages.warning(error.sentence, key=_BANNER)

        self._tasks.run(self, practice.my_ear, done=self.set_ear, failed=failed)

    def set_ear(self, ear: MyEar) -> None:
        """It is this one from now on: sign the softphone in, or take it out of memory."""
        self.ear = ear
        self.ear_changed.emit(ear)
        if self._wanted(ear):
            if not self._token_good:
                self._mint()
        else:
            self._sign_off()
        self._show()

    def keep(self, endpoint: str) -> None:
        """Choose another ear ("client", "+1…", "sip:…"); what comes of it is told."""
        practice, op_id = self._session.practice, uuid7()
        self._tasks.run(
            self,
            lambda: practice.choose_ear(endpoint, op_id),
            done=self.set_ear,
            failed=self.refused.emit,
        )

    def _wanted(self, ear: MyEar) -> bool:
        softphone = ear.kind is EarKind.SOFTPHONE and not ear.is_practice_line
        return softphone and ear.softphone_ready and not self.missing

    def close(self) -> None:
        """The session is over."""
        self.ear = None
        self._sign_off()

    def _sign_off(self) -> None:
        self._token_good = False
        for timer in (self._retry, self._renew, self._late):
            timer.stop()
        self._messages.clear(_BANNER)
        self._messages.clear(_DEVICE)
        if self.phone is not None:
            phone, self.phone = self.phone, None
            phone.close()
            phone.deleteLater()

    # -- the softphone ------------------------------------------------------------------------

    @property
    def missing(self) -> Missing:
        """What a softphone lacks on this computer."""
        return self._broken or self._kit.missing()

    def _softphone(self) -> Softphone | None:
        if self.phone is None:
            try:
                phone = self._kit.make(self)
            except ImportError:  # installed, and a library of the system is not there
                self._broken = Missing(system=True)
                self._show()
                return None
            phone.phase_changed.connect(self._on_phase)
            phone.devices_changed.connect(self._on_devices)
            phone.level.connect(self.level)
            phone.audio.connect(self._on_audio)
            phone.quality.connect(self._on_quality)
            phone.warned.connect(self._on_warned)
            phone.troubled.connect(self._on_trouble)
            phone.token_wanted.connect(self._mint)
            phone.tone_ended.connect(self.tone_ended)
            phone.turned_away.connect(self._on_turned_away)
            self.phone = phone
            phone.choose(self._preferences.microphone, self._preferences.speaker)
            phone.mute(self._muted)
        return self.phone

    @property
    def usable(self) -> bool:
        """Whether microphone and speaker can be tried here, with or without a line."""
        softphone = self.ear is not None and self.ear.kind is EarKind.SOFTPHONE
        return softphone and not self.missing

    @property
    def lacks(self) -> str:
        """What a softphone lacks on this computer, as a sentence; "" for nothing."""
        return self.missing.sentence

    def _mint(self) -> None:
        """Get a token: to sign in, or to go on with."""
        if self._minting or self.ear is None or not self._wanted(self.ear):
            return
        self._minting = True
        practice = self._session.practice

        def done(token: SoftphoneToken) -> None:
            self._minting = False
            if self.ear is None or not self._wanted(self.ear) or token.is_practice_line:
                return
            phone = self._softphone()
            if phone is None:
                return
            renewed = self._token_good
            self._token_good = True
            if renewed and phone.phase not in {Phase.OFF, Phase.FAILED}:
                phone.update_token(token)
            else:
                phone.sign_in(token)

        def failed(error: UserFacingError) -> None:
            self._minting = False
            # A call that is up goes on without; there are no new ones until there is a token.
            if isinstance(error, NotConnectedError):
                self._retry.start()
            else:
                self._messages.warning(error.sentence, key=_BANNER)

        self._tasks.run(self, practice.softphone_token, done=done, failed=failed)

    # -- the call that is ours ----------------------------------------------------------------

    def expect(self) -> None:
        """One's own leg is on its way: it may be taken in the next minute."""
        self._expect()

    def follow(self, live: bool) -> None:
        """A call is going on (the leg may be lost and come back), or has ended."""
        self.live = live
        if live:
            self._expect()
            self._renew.start()
        else:
            self._renew.stop()

    def mute(self, on: bool) -> None:
        """As the call is muted in the room, so is the microphone: nothing leaves the computer."""
        if on != self._muted:
            self._muted = on
            if self.phone is not None:
                self.phone.mute(on)

    def follow_phone(self, phone: OwnPhone) -> None:
        """One's leg as the database has it: while it is brought up, its call is ours."""
        if phone.state is PhoneState.CONNECTING:
            self._expect()

    def _expect(self) -> None:
        if self.phone is not None and self.ear is not None:
            self.phone.expect(self.ear.office_number, EXPECT_S)

    # -- devices ------------------------------------------------------------------------------

    def choose(self, microphone: str, speaker: str) -> None:
        """Use these devices from now on."""
        self._preferences.microphone = microphone
        self._preferences.speaker = speaker
        if self.phone is not None:
            self.phone.choose(microphone, speaker)

    def listen(self, on: bool) -> None:
        """Show the level of the microphone; loads the softphone's page when it is not there."""
        phone = self._softphone() if on and self.usable else None
        if phone is not None:
            phone.open()
            phone.listen(True)
        elif self.phone is not None:
            self.phone.listen(False)

    def play_tone(self) -> None:
        """Play a short tone on the chosen speaker."""
        phone = self._softphone() if self.usable else None
        if phone is not None:
            phone.open()
            phone.play_tone()

    # -- what it tells ------------------------------------------------------------------------

    def _on_phase(self, phase: Phase) -> None:
        self._silent = False
        if phase is not Phase.ON_CALL:
            self.on_line.emit(False)
        if phase is Phase.LOST:
            if not self._late.isActive():
                self._late.start()
        else:
            self._late.stop()
            if phase in {Phase.READY, Phase.ON_CALL}:
                self._messages.clear(_BANNER)
        self._show()

    def _tell_lost(self) -> None:
        words = self.tr(
            "The softphone has lost the phone line. It is trying again; check the internet "
            "connection."
        )
        if self.live:
            words = self.tr(
                "The softphone has lost the phone line. The patient is not hung up on: stay here, "
                "it is trying again."
            )
        self._messages.show(Level.ERROR, words, key=_BANNER, closable=False)

    def _on_audio(self, flows: bool) -> None:
        self._silent = not flows
        if flows:
            self._messages.clear(_BANNER)
            self.on_line.emit(True)
        self._show()
        if not flows and self.ear is not None:
            about = state_of(self.ear, Phase.ON_CALL, self.missing, silent=True).about
            self._messages.show(Level.ERROR, about, key=_BANNER)

    def _on_devices(self, devices: Devices) -> None:
        self.devices = devices
        self.devices_changed.emit(devices)
        if devices.input_there and devices.output_there:
            self._messages.clear(_DEVICE)
            return
        gone = self._preferences.speaker if devices.input_there else self._preferences.microphone
        if not devices.input_there:
            words = self.tr("Your microphone is gone")
        else:
            words = self.tr("Your speaker is gone")
        named = f"{words} ({gone})" if gone else words
        self._messages.show(
            Level.ERROR,
            self.tr(
                "%1. Plug it in again, or choose another under Settings. The call goes on."
            ).replace("%1", named),
            key=_DEVICE,
        )

    def _on_quality(self, quality: Quality) -> None:
        self.quality.emit(quality)

    def _on_warned(self, name: str, on: bool) -> None:
        if name == _SILENT_MICROPHONE:
            if on:
                words = self.tr("Your microphone sends no sound. Is it muted on the headset?")
                self._messages.warning(words, key=_DEVICE)
            else:
                self._messages.clear(_DEVICE)

    def _on_trouble(self, trouble: Trouble) -> None:
        words = trouble_words(trouble)
        if words:
            self._messages.warning(words, key=_BANNER)
        if trouble.where == "process":
            self._token_good = False
            self._retry.start()
        self._show()

    def _on_turned_away(self) -> None:
        words = self.tr("A call to your softphone that nobody expected was refused.")
        self._messages.show(Level.INFO, words, key="ear_refused")

    @property
    def state(self) -> EarState:
        """How the ear is now."""
        if self.ear is None:
            return EarState("", "neutral", "")
        phase = self.phone.phase if self.phone is not None else Phase.OFF
        return state_of(self.ear, phase, self.missing, silent=self._silent)

    def _show(self) -> None:
        if self.ear is not None:
            self.changed.emit(self.state)
