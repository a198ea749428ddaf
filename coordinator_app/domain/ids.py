"""Identifiers made by the client: UUIDs of version 7 (RFC 9562 section 5.7).

A client's ``op_id`` makes sending something twice harmless; its time part lets the database
keep such ids in order and in monthly partitions.
"""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42
_RANDOM_BITS = 32
_TIME_LIMIT = 1 << 48


class Uuid7Source:
    """Makes UUIDs whose order is the order in which they were made.

    RFC 9562 section 6.2, method 1: behind the 48-bit time stands a 42-bit counter that starts
    at a random value with its highest bit clear (so it cannot overflow within a millisecond),
    then 32 random bits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = -1
        self._counter = 0

    def next(self, now_ms: int, *, never_back: bool) -> UUID:
        """Return a new id of this moment (milliseconds since 1970, UTC).

        ``never_back``: when the clock was set back, go on from the newest time that was given,
        so that later ids stay greater; otherwise the id carries exactly ``now_ms``.

        Raises ValueError for a time that 48 bits cannot hold.
        """
        if not 0 <= now_ms < _TIME_LIMIT:
            raise ValueError(f"{now_ms} ms is outside of what a version 7 UUID can hold")
        with self._lock:
            if now_ms > self._ms or (now_ms < self._ms and not never_back):
                self._ms = now_ms
                self._counter = secrets.randbits(_COUNTER_BITS - 1)
            else:
                self._counter += 1
            return _assemble(self._ms, self._counter)


def _assemble(ms: int, counter: int) -> UUID:
    high = counter >> 30  # the 12 bits beside the version
    low = counter & ((1 << 30) - 1)
    value = ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << _RANDOM_BITS
    return UUID(int=value | secrets.randbits(_RANDOM_BITS))


_of_this_process = Uuid7Source()
_of_given_times = Uuid7Source()


def uuid7(now_ms: int | None = None) -> UUID:
    """Return a new version 7 UUID.

    Without an argument: of now, and greater than every one before it in this process, even when
    the computer's clock is set back. With ``now_ms`` (milliseconds since 1970, UTC): of exactly
    that moment; ids of the same moment grow.
    """
    if now_ms is None:
        return _of_this_process.next(time.time_ns() // 1_000_000, never_back=True)
    return _of_given_times.next(now_ms, never_back=False)


def new_op_id() -> UUID:
    """Return the id under which one thing is asked of the database, however often it is sent."""
    return uuid7()
