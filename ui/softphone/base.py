"""What the window knows of a softphone: orders, and what it tells."""

from __future__ import annotations

import enum
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from coordinator_app.domain.ear import SoftphoneToken

__all__ = ["Devices", "Phase", "Quality", "Softphone", "Trouble"]


class Phase(enum.Enum):
    """How the softphone stands with the carrier."""

    OFF = "off"
    LOADING = "loading"
    SIGNING_IN = "signing_in"
    READY = "ready"  # can be called
    RINGING = "ringing"  # its call is being taken
    ON_CALL = "on_call"
    LOST = "lost"  # the line is gone; it is trying again
    FAILED = "failed"  # it cannot go on by itself


@dataclass(frozen=True, slots=True)
class Devices:
    """What can be heard with and spoken into: the system's own names."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    input_there: bool = True  # the chosen one, or any when none is chosen
    output_there: bool = True


@dataclass(frozen=True, slots=True)
class Quality:
    """How the audio of the call was in the last seconds."""

    mos: float  # 1 (bad) to 5; 0: not known yet
    rtt_ms: float
    jitter_ms: float
    loss: float  # per cent


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of the carrier's library: its number, and what was being done."""

    code: int
    where: str
    name: str = ""


class Softphone(QObject):
    """One softphone. Every order returns at once; what comes of it is told by a signal.

    Signals:
        phase_changed: a Phase.
        devices_changed: Devices.
        level: (microphone, speaker), each 0 to 1.
        audio: sound arrives (True), or has stopped arriving (False), in a call.
        quality: a Quality, every few seconds of a call.
        warned: (the library's name of a warning, whether it is on).
        troubled: a Trouble.
        token_wanted: the token runs out soon, or did.
        tone_ended: the test tone was played.
        turned_away: a call came that nobody expected, and was refused.
    """

    phase_changed = Signal(object)
    devices_changed = Signal(object)
    level = Signal(float, float)
    audio = Signal(bool)
    quality = Signal(object)
    warned = Signal(str, bool)
    troubled = Signal(object)
    token_wanted = Signal()
    tone_ended = Signal()
    turned_away = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Start switched off."""
        super().__init__(parent)
        self._phase = Phase.OFF
        self.edge = ""  # where the carrier takes us in

    @property
    def phase(self) -> Phase:
        """How it stands."""
        return self._phase

    def _set_phase(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self.phase_changed.emit(phase)

    @abstractmethod
    def open(self) -> None:
        """Load without signing in: devices, level and tone can be used."""

    @abstractmethod
    def sign_in(self, token: SoftphoneToken) -> None:
        """Become callable."""

    @abstractmethod
    def update_token(self, token: SoftphoneToken) -> None:
        """Go on with a newer token; a call is not touched."""

    @abstractmethod
    def expect(self, from_number: str, seconds: float) -> None:
        """Take a call from this number for so long; 0: take none. Others are turned away."""

    @abstractmethod
    def mute(self, on: bool) -> None:
        """Send silence, or what is said."""

    @abstractmethod
    def choose(self, microphone: str, speaker: str) -> None:
        """Use these devices, by the system's names; "" for the system's own choice."""

    @abstractmethod
    def listen(self, on: bool) -> None:
        """Show the level of the microphone outside a call."""

    @abstractmethod
    def play_tone(self) -> None:
        """Play a short tone on the chosen speaker."""

    @abstractmethod
    def close(self) -> None:
        """Sign out and take everything out of memory."""
