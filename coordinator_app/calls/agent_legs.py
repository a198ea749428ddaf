"""The coordinators' own legs: one a shift, up before any patient is dialled.

A patient who answers always finds a person: no leg, no dial (telephony.md 1.2 "Nailed-up
coordinator leg", 4.3).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from coordinator_app.calls.backend import (
    Accepted,
    AgentLeg,
    AgentState,
    Category,
    Rejected,
    Unreachable,
    VoipBackend,
)
from coordinator_app.calls.bucket import TokenBucket
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_watch import LineWatch
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.domain.call import CallRequest

_log = logging.getLogger(__name__)

_NO_ANSWER = "Your own phone did not answer, so the patient was not called. Dial again."
_NO_LINE = "The phone line cannot be reached, so the patient was not called. Dial again."


@dataclass(frozen=True, slots=True)
class Ready:
    """The coordinator is on the line."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """Ask again after so many seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The coordinator cannot be reached; the patient is not called."""

    code: str
    sentence: str


@dataclass(slots=True)
class _Shift:
    used_at: float
    waiting_since: float | None = None  # a dial waits for this leg
    opened_at: float | None = None  # we asked the carrier to call the coordinator
    sure: bool = True  # and the carrier confirmed it

    def settle(self) -> None:
        """The wait is over, well or badly."""
        self.waiting_since = None
        self.opened_at = None


class AgentLegs:
    """Opens, watches and lets go the coordinators' legs."""

    def __init__(
        self,
        backend: VoipBackend,
        clock: LineClock,
        settings: EngineSettings,
        watch: LineWatch,
        bucket: TokenBucket,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._settings = settings
        self._watch = watch
        self._bucket = bucket
        self._shifts: dict[UUID, _Shift] = {}

    def ready(self, request: CallRequest) -> Ready | NotYet | Failed:
        """Bring the coordinator's leg up, one step at a time."""
        session = request.session_id
        shift = self._shift(session)
        leg = self._watch.ask(lambda: self._backend.agent_leg(session))
        if isinstance(leg, AgentLeg) and leg.state is AgentState.UP:
            shift.settle()
            if leg.muted:  # left over from the last call
                self._watch.ask(lambda: self._backend.set_mute(session, muted=False))
            return Ready()
        return self._bring_up(request, shift, leg)

    def _bring_up(
        self, request: CallRequest, shift: _Shift, leg: AgentLeg | Unreachable
    ) -> NotYet | Failed:
        now = self._clock.monotonic()
        if shift.waiting_since is None:
            shift.settle()
            shift.waiting_since = now
        if now - shift.waiting_since >= self._settings.agent_ring:
            shift.settle()
            return Failed("", _NO_LINE if isinstance(leg, Unreachable) else _NO_ANSWER)
        if isinstance(leg, Unreachable):
            return NotYet(max(self._settings.poll_ringing, leg.retry_after_s or 0.0))
        if leg.state is AgentState.ABSENT and shift.opened_at is None:
            return self._open(request, shift)
        gone = leg.state is AgentState.ABSENT and shift.sure and shift.opened_at is not None
        if gone and now - (shift.opened_at or 0.0) >= self._settings.agent_appears:
            shift.settle()  # it was called and is gone again: declined, busy
            return Failed("", _NO_ANSWER)
        return NotYet(self._settings.poll_ringing)

    def bring_back(self, request: CallRequest) -> None:
        """Call a coordinator back whose leg was lost while the patient is on the line."""
        shift = self._shift(request.session_id)
        if shift.opened_at is None:
            self._open(request, shift)

    def seen(self, session_id: UUID, leg: AgentLeg) -> None:
        """A poll of a call showed this leg."""
        shift = self._shift(session_id)
        if leg.state is AgentState.UP:
            shift.settle()

    def let_go(self, busy: Collection[UUID]) -> None:
        """Close the legs of shifts that have not called for a while."""
        now = self._clock.monotonic()
        for session_id, shift in list(self._shifts.items()):
            if session_id in busy:
                shift.used_at = now
            elif now - shift.used_at >= self._settings.agent_idle:
                self.close(session_id)

    def close(self, session_id: UUID) -> None:
        """Let one leg go now."""
        if self._shifts.pop(session_id, None) is not None:
            self._watch.ask(lambda: self._backend.close_agent_leg(session_id))

    def sessions(self) -> tuple[UUID, ...]:
        """The shifts whose legs may be up."""
        return tuple(self._shifts)

    def _shift(self, session_id: UUID) -> _Shift:
        now = self._clock.monotonic()
        shift = self._shifts.setdefault(session_id, _Shift(used_at=now))
        shift.used_at = now
        return shift

    def _open(self, request: CallRequest, shift: _Shift) -> NotYet | Failed:
        now = self._clock.monotonic()
        if not self._bucket.take(now):
            return NotYet(self._bucket.wait_s(now))
        answer = self._watch.ask(lambda: self._backend.open_agent_leg(request))
        if isinstance(answer, Rejected):
            if answer.category is Category.WAIT:
                return NotYet(answer.retry_after_s or 1.0)
            if answer.category is Category.CONFIGURATION:
                self._watch.block(answer.sentence)
            _log.warning("coordinator's leg refused: code %s", answer.code)
            shift.settle()
            return Failed(answer.code, f"Your own phone could not be called. {answer.sentence}")
        shift.opened_at = now
        shift.sure = isinstance(answer, Accepted)
        return NotYet(self._settings.poll_ringing)
