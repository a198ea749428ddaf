"""The practice's time, kept without asking the server each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class PracticeClock:
    """The server's now plus what has passed here since.

    The computer's own date is never used: it may be wrong, and a demo practice carries its own
    time. Safe to use from several threads.
    """

    def __init__(self, now: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._set = self._checked(now)

    def now(self) -> datetime:
        """The practice's now, aware, UTC."""
        said, at = self._set
        return said + timedelta(seconds=self._monotonic() - at)

    def sync(self, now: datetime) -> None:
        """Take over the server's now, for example of a heartbeat.

        A computer that slept did not count; this brings it back. Raises ValueError when ``now``
        has no zone.
        """
        self._set = self._checked(now)

    def _checked(self, now: datetime) -> tuple[datetime, float]:
        if now.tzinfo is None:
            raise ValueError("The server's time needs a zone")
        return now.astimezone(UTC), self._monotonic()
