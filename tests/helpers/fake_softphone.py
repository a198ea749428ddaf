"""A softphone without a web engine: it does as the test says, and remembers what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ui.softphone.base import Phase, Softphone
from ui.softphone.kit import SoftphoneKit
from ui.softphone.sdk import Missing

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from coordinator_app.domain.ear import SoftphoneToken


NOTHING = Missing()


class FakeSoftphone(Softphone):
    """``told``: every order, in order. ``be`` puts it into a phase."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start switched off."""
        super().__init__(parent)
        self.told: list[tuple[object, ...]] = []

    def be(self, phase: Phase) -> None:
        """Let it come to this phase."""
        self._set_phase(phase)

    def open(self) -> None:
        """See the base."""
        self.told.append(("open",))

    def sign_in(self, token: SoftphoneToken) -> None:
        """See the base."""
        self.told.append(("sign_in", token.token))
        self._set_phase(Phase.SIGNING_IN)

    def update_token(self, token: SoftphoneToken) -> None:
        """See the base."""
        self.told.append(("token", token.token))

    def expect(self, from_number: str, seconds: float) -> None:
        """See the base."""
        self.told.append(("expect", from_number, seconds))

    def mute(self, on: bool) -> None:
        """See the base."""
        self.told.append(("mute", on))

    def choose(self, microphone: str, speaker: str) -> None:
        """See the base."""
        self.told.append(("choose", microphone, speaker))

    def listen(self, on: bool) -> None:
        """See the base."""
        self.told.append(("listen", on))

    def play_tone(self) -> None:
        """See the base."""
        self.told.append(("tone",))

    def close(self) -> None:
        """See the base."""
        self.told.append(("close",))
        self._set_phase(Phase.OFF)


@dataclass(frozen=True, slots=True)
class FakeKit(SoftphoneKit):
    """Makes fakes. ``made``: all of them; ``lacks``: what this computer has not."""

    made: list[FakeSoftphone] = field(default_factory=list)
    lacks: Missing = NOTHING

    def missing(self) -> Missing:
        """See the base."""
        return self.lacks

    def make(self, parent: QObject) -> Softphone:
        """See the base."""
        self.made.append(FakeSoftphone(parent))
        return self.made[-1]
