"""What the set-up of a line needs of a phone carrier.

Blocking, with deadlines of its own, as ``backend.VoipBackend``. Two of the questions make real
phones ring: they are sent once, and an answer that was lost is ``Unknown``, to be looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coordinator_app.calls.backend import (
    Absent,
    CannotTell,
    CommandAnswer,
    Found,
    PlaceAnswer,
    Refused,
    Unknown,
    Unreachable,
)
from coordinator_app.domain.line_setup import ShownNumber


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account as far as the key may see it.

    ``usable``: calls can be made with the key. ``trial``: None when the key may not tell.
    """

    usable: bool
    sentence: str = ""  # why it is not usable
    trial: bool | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The carrier calls the number now; whoever answers keys in the code."""

    code: str
    ref: str  # the carrier's id of that call


@dataclass(frozen=True, slots=True)
class AlreadyVerified:
    """There is nothing to do."""


@dataclass(frozen=True, slots=True)
class CallNow:
    """A call of the set-up at this moment. ``status``: "ringing", "live", or how it ended:
    "ended", "busy", "no_answer", "failed"."""

    status: str

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.status not in {"ringing", "live"}


class LineSetup(Protocol):
    """A carrier account that is being set up. Methods never raise for what the world may do."""

    @property
    def is_practice(self) -> bool:
        """True when no real call can be made."""
        ...

    @property
    def account_sid(self) -> str:
        """The account's id at the carrier."""
        ...

    def account(self) -> AccountFacts | Unreachable:
        """Whether the account and the key are good for calls."""
        ...

    def number(self, e164: str) -> ShownNumber | Refused | Unreachable:
        """Whether this number may be shown as the caller, and why."""
        ...

    def countries(self) -> frozenset[str] | Unreachable | None:
        """Where the account may call (ISO 3166); None when the key may not tell."""
        ...

    def verify(
        self, e164: str, *, call_delay: int, extension: str
    ) -> Verification | AlreadyVerified | Refused | Unknown:
        """Let the carrier call this number to verify it. Rings a real phone: sent once."""
        ...

    def unverify(self, e164: str) -> CommandAnswer:
        """Take the verification away."""
        ...

    def call(self, to: str, from_: str) -> PlaceAnswer:
        """Call somebody of the staff and say that the line works. Sent once."""
        ...

    def find_call(self, to: str, from_: str, since: datetime) -> Found | Absent | CannotTell:
        """Look for such a call whose answer was lost."""
        ...

    def call_now(self, ref: str) -> CallNow | Absent | Unreachable:
        """How a call of the set-up is."""
        ...
