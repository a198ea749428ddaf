"""What the gateway does besides calls, on a thread and a database session of its own.

A chore may wait for the carrier, for a disk or for a held row; a call must not wait for a
chore. What goes wrong in one chore is logged and leaves the others and the calls alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Generic, Protocol, TypeVar

from coordinator_app.calls.clock import LineClock
from coordinator_app.errors import NotConnectedError, UserFacingError

_log = logging.getLogger(__name__)


class SideSession(Protocol):
    """A database session that can be slept on."""

    def wait(self, seconds: float) -> bool:
        """Sleep until something was asked for (True) or the time is over (False)."""
        ...

    def close(self) -> None:
        """Close the connection. Never raises."""
        ...


S = TypeVar("S", bound=SideSession)
S_contra = TypeVar("S_contra", contravariant=True)


class Chore(Protocol[S_contra]):
    """Something to be done now and then, or when the database was asked for it."""

    def turn(self, store: S_contra) -> float:
        """Do what is due; returns the seconds until the next turn. Hints come earlier.

        Raises NotConnectedError when the database was lost.
        """
        ...


@dataclass(frozen=True, slots=True)
class SideRhythm:
    """How often. Seconds."""

    longest_wait: float = 0.5  # a stop is noticed this soon
    after_failure: float = 30.0  # until a chore that failed has its next turn
    reconnect: float = 5.0


class SideWork(Generic[S]):
    """Gives each chore its turns until it is told to stop."""

    def __init__(
        self,
        connect: Callable[[], S],
        chores: Sequence[Chore[S]],
        stop: Event,
        clock: LineClock,
        rhythm: SideRhythm | None = None,
    ) -> None:
        """``connect``: as that of ``service.Gateway``, without the gateway's lock."""
        self._connect = connect
        self._stop = stop
        self._clock = clock
        self._rhythm = rhythm or SideRhythm()
        self._due = [(clock.monotonic(), chore) for chore in chores]
        self._store: S | None = None

    def run(self) -> None:
        """Work until ``stop``. Raises what no retry can mend, as ``service.Gateway.run``."""
        try:
            while not self._stop.is_set():
                try:
                    self._round()
                except NotConnectedError:
                    self._leave()
                    self._stop.wait(self._rhythm.reconnect)
        finally:
            self._leave()

    def _round(self) -> None:
        if self._store is None:
            self._store = self._connect()
        now = self._clock.monotonic()
        for number, (due, chore) in enumerate(self._due):
            if due <= now and not self._stop.is_set():
                self._due[number] = (now + self._turn(chore, self._store), chore)
        if not self._stop.is_set():
            self._rest(self._store)

    def _turn(self, chore: Chore[S], store: S) -> float:
        try:
            return chore.turn(store)
        except NotConnectedError:
            raise
        except UserFacingError as error:
            _log.warning("%s was refused: %s", type(chore).__name__, error.name)
        except Exception:  # noqa: BLE001  a defect of ours in here must not end anybody's calls
            _log.exception("%s failed", type(chore).__name__)
        return self._rhythm.after_failure

    def _rest(self, store: S) -> None:
        first = min((due for due, _ in self._due), default=float("inf"))
        rest = min(first - self._clock.monotonic(), self._rhythm.longest_wait)
        if rest > 0 and store.wait(rest):
            now = self._clock.monotonic()
            self._due = [(min(due, now), chore) for due, chore in self._due]

    def _leave(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
