"""The coordinators' own legs: one a shift, up and heard before any patient is dialled.

What answers a coordinator's telephone may be their own voicemail, and a patient must never be
joined to it: a leg counts only after the coordinator said in the window that they are on it
(telephony.md 1.2 "Nailed-up coordinator leg", 4.3). Who wants a leg and who confirmed it is the
database's to know; here it is brought up, watched and let go, and the database is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from coordinator_app.calls.backend import (
    Accepted,
    AgentLeg,
    AgentState,
    Category,
    Rejected,
    Unknown,
    Unreachable,
    VoipBackend,
)
from coordinator_app.calls.bucket import TokenBucket
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_watch import LineWatch
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.domain.call import LegFact, PhoneState, ShiftLeg

_log = logging.getLogger(__name__)

_NO_ANSWER = "Your own phone did not answer."
_NO_LINE = "The phone line cannot be reached, so your own phone could not be called."
_NOT_HEARD = (
    "Your phone was called, but nobody pressed “I hear you”, so it was hung up. "
    "If it went to your voicemail, connect it again and pick up."
)
_LEFT = "Your phone left the line."
_IDLE = "Your phone was let go after a long time without a call."
_CLOSE_TRIES = 5


@dataclass(slots=True)
class _Shift:
    """One leg. While ``working`` it belongs to the thread that works on it."""

    leg: ShiftLeg  # as the database has it
    due: float
    used_at: float  # a call was up, or the leg was confirmed
    up_at: float
    ref: str = ""  # of the leg that is up
    asked_at: float | None = None  # it is being brought up since
    opened_at: float | None = None  # we asked the carrier to call the coordinator
    sure: bool = True  # and the carrier confirmed it
    in_use: bool = False  # a call of the shift is followed
    live: bool = False  # a patient is on the line
    closing: str | None = None  # it is being let go; the sentence for the coordinator
    at_any_price: bool = False  # even while a call of the shift is followed
    close_tries: int = 0
    working: bool = False
    over: bool = False  # nothing more will happen to it
    facts: list[LegFact] = field(default_factory=list)

    @property
    def confirmed(self) -> bool:
        """The coordinator is on the leg that is up, and said so."""
        return bool(self.ref) and self.leg.confirmed and self.leg.carrier_ref == self.ref


class AgentLegs:
    """Everything but ``_work`` is called by the engine's one thread."""

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
        self._unwritten: dict[UUID, LegFact] = {}  # only the last word of a leg counts

    # -------------------------------------------------------------- the database's side

    def hear(self, legs: Sequence[ShiftLeg]) -> None:
        """What the database wants of which leg."""
        now = self._clock.monotonic()
        for leg in legs:
            shift = self._shifts.get(leg.session_id)
            if shift is None:
                self._shifts[leg.session_id] = _taken_up(leg, now)
            elif not shift.working and not shift.over and shift.leg != leg:
                if leg.confirmed and not shift.leg.confirmed:
                    shift.used_at = now
                shift.leg = leg
                shift.due = now
        named = {leg.session_id for leg in legs}
        for session_id, shift in self._shifts.items():
            # The database knows nothing of it (any more), and nothing is on its way there.
            if session_id not in named and session_id not in self._unwritten and not shift.working:
                self._let_go(shift, "")

    def unwritten(self) -> tuple[LegFact, ...]:
        """What the database has not been told yet."""
        return tuple(self._unwritten.values())

    def written(self, busy: Collection[UUID]) -> None:
        """It has been told; ``busy``: but not of these."""
        self._unwritten = {s: f for s, f in self._unwritten.items() if s in busy}
        for session_id in [s for s, shift in self._shifts.items() if shift.over]:
            if session_id not in self._unwritten:
                del self._shifts[session_id]

    # -------------------------------------------------------------- the engine's side

    def use(self, in_use: Collection[UUID], live: Collection[UUID]) -> None:
        """Which shifts have a call, and which a patient on the line."""
        now = self._clock.monotonic()
        for session_id, shift in self._shifts.items():
            shift.in_use, shift.live = session_id in in_use, session_id in live
            if shift.in_use:
                shift.used_at = now
            elif shift.ref and now - shift.used_at >= self._settings.agent_idle:
                self._let_go(shift, _IDLE)

    def work(self) -> list[tuple[Callable[[], None], Callable[[], None]]]:
        """What is due: pairs of what may run on any thread, and what follows on the engine's."""
        now = self._clock.monotonic()
        due: list[tuple[Callable[[], None], Callable[[], None]]] = []
        for session_id, shift in self._shifts.items():
            if shift.due <= now and not shift.working and not shift.over:
                shift.working = True
                due.append((partial(self._work, shift), partial(self._worked, session_id)))
        return due

    def seen(self, session_id: UUID, leg: AgentLeg) -> None:
        """A question about a call showed this leg."""
        shift = self._shifts.get(session_id)
        if shift is None or shift.working:
            return
        now = self._clock.monotonic()
        as_known = leg.state is AgentState.UP and leg.ref == shift.ref and shift.confirmed
        shift.due = now + self._settings.agent_poll if as_known else min(shift.due, now)

    def confirmed_ref(self, session_id: UUID) -> str:
        """The leg on which the coordinator is for certain, "" when there is none."""
        shift = self._shifts.get(session_id)
        return shift.ref if shift is not None and shift.confirmed else ""

    def close_all(self) -> None:
        """Let every leg go, whatever calls there are."""
        for shift in self._shifts.values():
            shift.at_any_price = True
            self._let_go(shift, "")

    def next_due(self) -> float:
        """The monotonic time at which something is due; infinite when nothing is."""
        waiting = (s.due for s in self._shifts.values() if not s.working and not s.over)
        return min(waiting, default=float("inf"))

    def open(self) -> tuple[UUID, ...]:
        """The shifts whose legs may be up."""
        return tuple(session_id for session_id, s in self._shifts.items() if not s.over)

    def _let_go(self, shift: _Shift, sentence: str) -> None:
        if shift.closing is None and not shift.over:
            shift.closing = sentence
            shift.due = self._clock.monotonic()

    def _worked(self, session_id: UUID) -> None:
        shift = self._shifts[session_id]
        shift.working = False
        for fact in shift.facts:
            self._unwritten[session_id] = fact
        shift.facts.clear()

    # -------------------------------------------------------------- on any thread

    def _work(self, shift: _Shift) -> None:
        if shift.closing is None and not shift.leg.wanted:
            shift.closing = ""
        if shift.closing is not None and (shift.at_any_price or not shift.in_use):
            self._close(shift)
            return
        session_id = shift.leg.session_id
        leg = self._watch.ask(lambda: self._backend.agent_leg(session_id))
        if isinstance(leg, AgentLeg) and leg.state is AgentState.UP:
            self._is_up(shift, leg)
            return
        if isinstance(leg, AgentLeg) and shift.ref:
            shift.ref = ""
            if not shift.live:
                self._gone(shift, _LEFT)
                return
            # The patient is on the line: the coordinator is called back, once.
            shift.facts.append(LegFact(session_id, PhoneState.CONNECTING))
        self._bring_up(shift, leg)

    def _is_up(self, shift: _Shift, leg: AgentLeg) -> None:
        now = self._clock.monotonic()
        shift.asked_at = shift.opened_at = None
        if leg.ref != shift.ref:
            shift.ref, shift.up_at, shift.used_at = leg.ref, now, now
            shift.facts.append(LegFact(shift.leg.session_id, PhoneState.UP, leg.ref))
        if shift.confirmed:
            shift.due = now + self._settings.agent_poll
        elif now - shift.up_at >= self._settings.agent_heard:
            shift.closing = _NOT_HEARD
            shift.due = now
        else:
            shift.due = now + self._settings.poll_ringing

    def _bring_up(self, shift: _Shift, leg: AgentLeg | Unreachable) -> None:
        now = self._clock.monotonic()
        shift.due = now + self._settings.poll_ringing
        if isinstance(leg, Unreachable) and shift.ref:
            return  # it was up, and nothing says otherwise
        if shift.asked_at is None:
            shift.asked_at = now
        if now - shift.asked_at >= self._settings.agent_ring:
            shift.closing = _NO_LINE if isinstance(leg, Unreachable) else _NO_ANSWER
            shift.due = now
        elif isinstance(leg, Unreachable):
            shift.due = now + max(self._settings.poll_ringing, leg.retry_after_s or 0.0)
        elif leg.state is AgentState.ABSENT and shift.opened_at is None:
            self._open(shift)
        elif leg.state is AgentState.ABSENT and shift.sure and shift.opened_at is not None:
            gone = now - shift.opened_at >= self._settings.agent_appears
            if gone:  # it was called and is not there any more: declined, busy
                self._gone(shift, _NO_ANSWER)

    def _open(self, shift: _Shift) -> None:
        if self._watch.blocked:
            self._gone(shift, self._watch.blocked)
            return
        now = self._clock.monotonic()
        if not self._bucket.take(now):
            shift.due = now + self._bucket.wait_s(now)
            return
        answer = self._watch.ask(lambda: self._backend.open_agent_leg(shift.leg))
        now = self._clock.monotonic()
        if isinstance(answer, Rejected):
            if answer.category is Category.WAIT:
                shift.due = now + (answer.retry_after_s or 1.0)
                return
            if answer.category is Category.CONFIGURATION:
                self._watch.block(answer.sentence)
            _log.warning("coordinator's leg refused: code %s", answer.code)
            self._gone(shift, f"Your own phone could not be called. {answer.sentence}")
            return
        shift.opened_at = now
        shift.sure = isinstance(answer, Accepted)

    def _close(self, shift: _Shift) -> None:
        session_id = shift.leg.session_id
        answer = self._watch.ask(lambda: self._backend.close_agent_leg(session_id))
        shift.close_tries += 1
        if isinstance(answer, Unknown) and shift.close_tries < _CLOSE_TRIES:
            shift.due = self._clock.monotonic() + self._settings.poll_ringing
            return
        self._gone(shift, shift.closing or "")

    def _gone(self, shift: _Shift, sentence: str) -> None:
        shift.ref = ""
        shift.over = True
        shift.facts.append(LegFact(shift.leg.session_id, PhoneState.GONE, sentence=sentence))


def _taken_up(leg: ShiftLeg, now: float) -> _Shift:
    ref = leg.carrier_ref if leg.state is PhoneState.UP else ""
    return _Shift(leg=leg, due=now, used_at=now, up_at=now, ref=ref)
