"""Whether the line is well: what the board and every call bar show of it."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from coordinator_app.calls.backend import (
    CannotTell,
    Category,
    Finding,
    Rejected,
    Unknown,
    Unreachable,
    VoipBackend,
)
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.domain.practice import LineHealth

_SENTENCES = {
    "ok": "The phone line is ready.",
    "slow": "The phone line answers slowly; calls may take longer to start.",
    "down": "The phone line cannot be reached. Calls that are up go on; new ones must wait.",
}
_PRACTICE = "Practice line: no real call is made."
_REMEMBERED = 8  # answers whose times are averaged

T = TypeVar("T")


class LineWatch:
    """Times every question to the carrier and keeps the state of the line; for several threads."""

    def __init__(self, backend: VoipBackend, clock: LineClock, settings: EngineSettings) -> None:
        self._backend = backend
        self._clock = clock
        self._settings = settings
        self._times: deque[float] = deque(maxlen=_REMEMBERED)
        self._failures = 0
        self._blocked = ""
        self._state = "ok"
        self._since: datetime | None = clock.now()
        self._probe_at = clock.monotonic()
        self._lock = threading.Lock()

    @property
    def blocked(self) -> str:
        """Why nobody can call until somebody repairs the set-up; "" when calls may go out."""
        return self._blocked

    def ask(self, question: Callable[[], T]) -> T:
        """Put a question to the carrier; its time and its failure are noted."""
        start = self._clock.monotonic()
        answer = question()
        took = self._clock.monotonic() - start
        with self._lock:
            self._times.append(took)
            self._failures = self._failures + 1 if _lost(answer) else 0
            self._judge()
        return answer

    def block(self, sentence: str) -> None:
        """Stop dialling for everybody until a check finds the set-up in order."""
        with self._lock:
            self._blocked = sentence
            self._probe_at = self._clock.monotonic() + self._settings.probe_every
            self._judge()

    def probe_due(self) -> bool:
        """Whether the line is to be checked now."""
        return self._clock.monotonic() >= self._probe_at

    def probe(self) -> None:
        """Check a line that is not well; the first time also one that is."""
        start = self._clock.monotonic()
        findings = self._backend.preflight()
        with self._lock:
            self._found(findings, self._clock.monotonic() - start)

    def _found(self, findings: tuple[Finding, ...], took: float) -> None:
        if any(finding.unreachable for finding in findings):
            self._failures = max(self._failures, self._settings.down_after)
        else:
            blocking = [finding.sentence for finding in findings if finding.blocks]
            self._blocked = blocking[0] if blocking else ""
            self._failures = 0
            self._times.clear()
            self._times.append(took)
        self._probe_at = float("inf")
        self._judge()

    def next_probe(self) -> float:
        """The monotonic time of the next check; infinite while all is well."""
        return self._probe_at

    def health(self) -> LineHealth:
        """What the gateway reports."""
        with self._lock:
            sentence = self._blocked or _SENTENCES[self._state]
            if self._backend.is_practice and self._state == "ok":
                sentence = _PRACTICE
            took = round(1000 * statistics.median(self._times)) if self._times else None
            return LineHealth(
                state=self._state,
                is_practice_line=self._backend.is_practice,
                since=self._since,
                sentence=sentence,
                round_trip_ms=took if self._state != "down" else None,
            )

    def _judge(self) -> None:
        if self._blocked or self._failures >= self._settings.down_after:
            state = "down"
        elif self._times and statistics.median(self._times) > self._settings.slow:
            state = "slow"
        else:
            state = "ok"
        if state != self._state:
            self._state = state
            self._since = self._clock.now()
        if state != "ok" and self._probe_at == float("inf"):
            self._probe_at = self._clock.monotonic() + self._settings.probe_every


def _lost(answer: object) -> bool:
    if isinstance(answer, CannotTell):
        return not answer.answered
    if isinstance(answer, Rejected):
        return answer.category is Category.NOT_SENT
    return isinstance(answer, Unknown | Unreachable)
