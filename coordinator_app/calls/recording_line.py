"""What following a recording needs of a phone carrier. Blocking, with deadlines; never raises for
what the world may do, except ``sound``."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from coordinator_app.calls.backend import AlreadyGone, CommandAnswer, Refused, Unknown, Unreachable


class Stage(enum.StrEnum):
    """Where a recording stands at the carrier."""

    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"  # the file is being made
    READY = "ready"
    ABSENT = "absent"  # there is no sound


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording as the carrier shows it."""

    ref: str
    stage: Stage
    seconds: int = 0  # known with READY


@dataclass(frozen=True, slots=True)
class NoSuchRecording:
    """The carrier answered that it has none of this id (any more)."""


class NoSoundError(Exception):
    """The sound did not come whole; ``again``: asking later may help."""

    def __init__(self, why: str, *, again: bool, too_large: bool = False) -> None:
        super().__init__(why)
        self.why = why  # for the log: a class of failure, never an address
        self.again = again
        self.too_large = too_large


StartAnswer = CarrierRecording | AlreadyGone | Refused | Unknown


class RecordingLine(Protocol):
    """A carrier that records."""

    def start(self, call_ref: str) -> StartAnswer:
        """Record this leg. Not idempotent: sent once, looked up with ``of_call``."""
        ...

    def of_call(self, call_ref: str) -> tuple[CarrierRecording, ...] | Unreachable:
        """The recordings of a leg."""
        ...

    def change(self, call_ref: str, ref: str, stage: Stage) -> CommandAnswer:
        """Let it record, pause or stop. AlreadyGone: it has ended before."""
        ...

    def look(self, ref: str) -> CarrierRecording | NoSuchRecording | Unreachable:
        """One recording now."""
        ...

    def sound(self, ref: str, most: int) -> Iterator[bytes]:
        """The finished file, piece by piece, of ``most`` bytes at the longest.

        Raises NoSoundError.
        """
        ...

    def delete(self, ref: str) -> CommandAnswer:
        """Remove it at the carrier."""
        ...
