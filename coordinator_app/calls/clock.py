"""Time for the phone: the carrier's (UTC) for facts, monotonic for timers.

This is not the practice's clock (``ports.Clock``): a demo practice lives at another hour,
while carriers and their emulator live in the world's time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class LineClock(Protocol):
    """What the engine and the practice line know of time."""

    def now(self) -> datetime:
        """The world's time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...


class SystemClock:
    """This computer's clocks."""

    def now(self) -> datetime:
        """See ``LineClock``."""
        return datetime.now(UTC)  # noqa: TID251  the clock itself: carrier facts are in world time

    def monotonic(self) -> float:
        """See ``LineClock``."""
        return time.monotonic()
