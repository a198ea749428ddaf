"""The gateway's side of the database, in memory: a ``CallStore`` that can be cut off.

It outlives engines, as the database outlives gateways, and keeps what it was told through the
same reducer. ``away`` makes every method fail; ``lose_next`` does the work and loses the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from coordinator_app.calls.reducer import Known, known, merge
from coordinator_app.domain.call import (
    CallCommand,
    CallEnd,
    CallFact,
    CallRequest,
    CallState,
    CommandRequest,
    LegFact,
    OpenCall,
    PhoneState,
    ShiftLeg,
)
from coordinator_app.domain.practice import LineHealth
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.virtual_clock import START


def call_request(**changes: object) -> CallRequest:
    """A granted call; every field can be changed by name."""
    base = CallRequest(
        call_id=uuid4(),
        session_id=uuid4(),
        agent_endpoint="client:coordinator",
        to="+15025550123",
        extension="",
        caller_id="+15025550100",
        ring_timeout_s=12,
        time_limit_s=3600,
        requested_at=START,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def leg_of(request: CallRequest) -> ShiftLeg:
    """The coordinator's leg that this call will need."""
    return ShiftLeg(
        session_id=request.session_id,
        endpoint=request.agent_endpoint,
        caller_id=request.caller_id,
        wanted=True,
        state=PhoneState.CONNECTING,
        carrier_ref="",
        confirmed=False,
    )


class FakeCallStore:
    """See the module."""

    def __init__(self) -> None:
        self.away = False
        self.lose_next = ""  # a method whose next reply is lost
        self.calls: dict[UUID, Known] = {}
        self.requests: dict[UUID, CallRequest] = {}
        self.refused: set[UUID] = set()  # calls that the database will hear nothing of
        self.busy: set[UUID] = set()  # calls that somebody holds in an open transaction
        self.beats: list[LineHealth] = []
        self.facts: list[CallFact] = []
        self.closed = 0
        self.presses = True  # every coordinator presses "I hear you" as soon as it is asked
        self.shifts: dict[UUID, ShiftLeg] = {}
        self.sentences: dict[UUID, str] = {}  # why a leg is gone
        self.busy_shifts: set[UUID] = set()
        self.waits: list[float] = []
        self.on_wait: Callable[[float], bool] = lambda _: False
        self._wanted: list[UUID] = []
        self._commands: list[CommandRequest] = []
        self._hang_ups: set[UUID] = set()
        self._ids = 0

    # ---- what the desktop does

    def ask(self, request: CallRequest) -> CallRequest:
        fact = CallFact(request.call_id, CallState.REQUESTED, request.requested_at)
        self.calls[request.call_id] = known(fact)
        self.requests[request.call_id] = request
        self._wanted.append(request.call_id)
        self.want_phone(request)
        return request

    def want_phone(self, request: CallRequest) -> None:
        """What ``api.connect_phone`` and a dial without a leg do."""
        leg = self.shifts.get(request.session_id)
        if leg is None or not leg.wanted or leg.state is PhoneState.GONE:
            self.shifts[request.session_id] = leg_of(request)

    def let_phone_go(self, session_id: UUID) -> None:
        self.shifts[session_id] = replace(self.shifts[session_id], wanted=False, confirmed=False)

    def hear_me(self, session_id: UUID) -> None:
        """The coordinator presses "I hear you"."""
        leg = self.shifts[session_id]
        assert leg.state is PhoneState.UP
        self.shifts[session_id] = replace(leg, confirmed=True)

    def command(self, request: CallRequest, command: CallCommand, digits: str = "") -> None:
        self._ids += 1
        self._commands.append(CommandRequest(self._ids, request.call_id, command, digits))
        if command is CallCommand.HANG_UP:
            self._hang_ups.add(request.call_id)

    def of(self, request: CallRequest) -> Known:
        return self.calls[request.call_id]

    # ---- CallStore

    def take_requests(self, limit: int) -> tuple[CallRequest, ...]:
        self._reached("")
        for call_id in [c for c in self._wanted if c in self._hang_ups]:
            self._end_waiting(call_id, CallEnd.CANCELED, "")
        taken = [c for c in self._wanted if self._ready(c)][:limit]
        self._wanted = [c for c in self._wanted if c not in taken]
        for call_id in taken:
            self._learn(CallFact(call_id, CallState.PLACING, self.requests[call_id].requested_at))
        self._reached("take_requests")
        return tuple(self._request(call_id) for call_id in taken)

    def take_commands(self, limit: int) -> tuple[CommandRequest, ...]:
        self._reached("")
        taken, self._commands = self._commands[:limit], self._commands[limit:]
        self._reached("take_commands")
        return tuple(taken)

    def open_calls(self) -> tuple[OpenCall, ...]:
        self._reached("open_calls")
        return tuple(
            OpenCall(
                self._request(k.call_id),
                k.state,
                k.carrier_ref,
                k.answered_at,
                k.call_id in self._hang_ups,
            )
            for k in self.calls.values()
            if k.state not in (CallState.REQUESTED, CallState.ENDED)
        )

    def legs(self) -> tuple[ShiftLeg, ...]:
        self._reached("legs")
        return tuple(s for s in self.shifts.values() if s.state is not PhoneState.GONE)

    def record_legs(self, facts: Sequence[LegFact]) -> frozenset[UUID]:
        self._reached("")
        for fact in facts:
            leg = self.shifts.get(fact.session_id)
            if leg is None or fact.session_id in self.busy_shifts:
                continue
            if (leg.state, leg.carrier_ref) != (fact.state, fact.carrier_ref):
                self._change_leg(leg, fact)
        self._reached("record_legs")
        return frozenset(f.session_id for f in facts if f.session_id in self.busy_shifts)

    def _change_leg(self, leg: ShiftLeg, fact: LegFact) -> None:
        gone = fact.state is PhoneState.GONE
        self.sentences[fact.session_id] = fact.sentence
        self.shifts[fact.session_id] = replace(
            leg,
            state=fact.state,
            carrier_ref=fact.carrier_ref,
            wanted=leg.wanted and not gone,
            confirmed=self.presses and fact.state is PhoneState.UP,
        )
        for call_id in list(self._wanted):
            if gone and self.requests[call_id].session_id == fact.session_id:
                self._end_waiting(call_id, CallEnd.NEVER_PLACED, fact.sentence)

    def _end_waiting(self, call_id: UUID, end: CallEnd, sentence: str) -> None:
        self._wanted.remove(call_id)
        at = self.requests[call_id].requested_at
        self._learn(CallFact(call_id, CallState.ENDED, at, end=end, sentence=sentence))

    def _ready(self, call_id: UUID) -> bool:
        leg = self.shifts[self.requests[call_id].session_id]
        return leg.wanted and leg.state is PhoneState.UP and leg.confirmed

    def _request(self, call_id: UUID) -> CallRequest:
        request = self.requests[call_id]
        leg = self.shifts[request.session_id]
        return replace(request, agent_ref=leg.carrier_ref if leg.confirmed else "")

    def record(self, facts: Sequence[CallFact]) -> frozenset[UUID]:
        self._reached("")
        if any(fact.call_id in self.refused for fact in facts):
            raise RefusedError("There is no such call.", name="no_such_call")
        for fact in facts:
            if fact.call_id not in self.busy:
                self.facts.append(fact)
                self._learn(fact)
        self._reached("record")
        return frozenset(fact.call_id for fact in facts if fact.call_id in self.busy)

    def beat(self, health: LineHealth) -> None:
        self._reached("beat")
        self.beats.append(health)

    def wait(self, seconds: float) -> bool:
        self._reached("wait")
        self.waits.append(seconds)
        return self.on_wait(seconds)

    def close(self) -> None:
        self.closed += 1

    def _learn(self, fact: CallFact) -> None:
        self.calls[fact.call_id] = merge(self.calls[fact.call_id], known(fact))

    def _reached(self, method: str) -> None:
        if self.away or (method and method == self.lose_next):
            self.lose_next = ""
            raise NotConnectedError("The practice database cannot be reached.")
