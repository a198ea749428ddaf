"""What is asked of a carrier about calls to the office number; see ``gateway.incoming``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from coordinator_app.calls.backend import Unreachable
from coordinator_app.domain.returns import IncomingCall

#: The carrier's queue into which the office number puts callers. An id, not a secret.
QUEUE = "returned-calls"


@dataclass(frozen=True, slots=True)
class Heard:
    """The calls to the office number that are new, going on, or asked about."""

    calls: tuple[IncomingCall, ...]
    has_queue: bool  # callers can wait, and be taken


class IncomingBackend(Protocol):
    """A carrier that can be asked who calls the office. Methods never raise."""

    @property
    def is_practice(self) -> bool:
        """True when no real call can be made."""
        ...

    def owns(self, office_number: str) -> bool | Unreachable:
        """Whether the number is the account's own; of a merely verified one it sees no call."""
        ...

    def hear(self, office_number: str, asked: Collection[str]) -> Heard | Unreachable:
        """Who calls now. ``asked``: refs whose end is wanted."""
        ...
