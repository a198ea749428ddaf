"""The carrier's limit of new calls a second (Twilio's default: 1, telephony.md 1.2)."""

from __future__ import annotations

import threading


class TokenBucket:
    """Calls that may be started now; asked from several threads.

    ``per_second`` None: no limit (the practice line). ``burst``: calls at once after a pause.
    Times are monotonic seconds.
    """

    def __init__(self, per_second: float | None, burst: int = 1) -> None:
        if per_second is not None and per_second <= 0:
            raise ValueError("The rate of calls must be above zero.")
        self._rate = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at: float | None = None
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Use one call; False when there is none yet."""
        if self._rate is None:
            return True
        with self._lock:
            self._fill(now)
            # A hair below one is one: steps of 0.1 s must not lose a call to rounding.
            if self._tokens < 1 - 1e-9:
                return False
            self._tokens -= 1
            return True

    def wait_s(self, now: float) -> float:
        """Seconds until ``take`` can succeed."""
        if self._rate is None:
            return 0.0
        with self._lock:
            self._fill(now)
            return max(0.0, (1 - self._tokens) / self._rate)

    def _fill(self, now: float) -> None:
        if self._rate is not None and self._at is not None:
            # Two threads may come in another order than that of their clocks.
            passed = max(0.0, now - self._at)
            self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._at = now if self._at is None else max(self._at, now)
