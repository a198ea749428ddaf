"""The call engine: one thread's loop between the practice's database and the carrier.

``step`` does what is due and says when to come again, so that tests run it in virtual time.
Questions to the carrier run on a pool; what they teach is taken in on the engine's own thread.
A call, and a coordinator's leg, belongs to one question at a time.

The database commits a call as PLACING before the engine hears of it; from then on the engine
sees to it that the call ends with the carrier's own word, whatever is killed or cut in between
(telephony.md 4.3). Calls the engine finds open and does not know are looked up, never dialled.
"""

from __future__ import annotations

import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from datetime import timedelta
from functools import partial
from uuid import UUID

from coordinator_app.calls.agent_legs import AgentLegs
from coordinator_app.calls.backend import VoipBackend
from coordinator_app.calls.bucket import TokenBucket
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.driver import Driver
from coordinator_app.calls.line_watch import LineWatch
from coordinator_app.calls.pool import AtOnce
from coordinator_app.calls.reducer import Known, known
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.calls.sweep import RoomSweep
from coordinator_app.calls.tracked import Tracked
from coordinator_app.domain.call import (
    CallCommand,
    CallFact,
    CallRequest,
    CallState,
    CommandRequest,
    OpenCall,
)
from coordinator_app.domain.practice import LineHealth
from coordinator_app.errors import NotConnectedError, UserFacingError
from coordinator_app.ports import CallStore

_log = logging.getLogger(__name__)

_IDLE = 5.0  # nothing is due: seconds until the engine wants to be asked again
_REMEMBERED = 5_000  # calls of the past: not to be placed again, not to be mistaken for another
_COMMANDS_AT_ONCE = 32
_PATIENCE = 0.05  # seconds for the carrier's answers before the database is looked at again


class CallEngine:
    """Places, follows and ends calls. One thread calls everything."""

    def __init__(
        self,
        backend: VoipBackend,
        clock: LineClock,
        settings: EngineSettings | None = None,
        chance: random.Random | None = None,
        pool: Executor | None = None,
    ) -> None:
        """``chance`` spreads retries; a seeded one makes them repeatable.

        ``pool``: where questions to the carrier run, see ``pool``; it stays the caller's.
        """
        self._pool = pool or AtOnce()
        self._jobs: dict[Future[None], Callable[[], None]] = {}
        self._probing = False
        self._clock = clock
        self._settings = settings or EngineSettings()
        self._watch = LineWatch(backend, clock, self._settings)
        bucket = TokenBucket(self._settings.calls_per_second)
        self._agents = AgentLegs(backend, clock, self._settings, self._watch, bucket)
        self._sweep = RoomSweep(backend, clock, self._settings, self._watch)
        self._sweeping = False
        self._heard = False  # the database has said which shifts there are
        self._driver = Driver(
            backend=backend,
            clock=clock,
            settings=self._settings,
            watch=self._watch,
            bucket=bucket,
            chance=chance or random.Random(),  # noqa: S311  spreads retries, guards nothing
        )
        self._calls: dict[UUID, Tracked] = {}
        self._past: OrderedDict[UUID, str] = OrderedDict()  # ended calls and their refs
        self._unwritten: list[CallFact] = []

    # -------------------------------------------------------------- the loop

    def adopt(self, store: CallStore) -> None:
        """Take up every open call of the database that the engine does not follow.

        At the start, and each time the database was away (the answer to ``take_requests`` may
        have been lost with it). Raises NotConnectedError.
        """
        self._write(store)
        for found in store.open_calls():
            call = self._calls.get(found.request.call_id)
            if call is not None:
                if found.hang_up_wanted:
                    self._command(CommandRequest(0, found.request.call_id, CallCommand.HANG_UP, ""))
            elif found.state not in (CallState.REQUESTED, CallState.ENDED):
                self._adopt(found)

    def step(self, store: CallStore | None) -> float:
        """Do what is due; returns the seconds until something is due again.

        ``store`` None: the database is away; calls are still followed and what is learnt is
        kept. Raises NotConnectedError after the line's work when the database was lost now.
        """
        lost: NotConnectedError | None = None
        if store is not None:
            try:
                self._hear(store)
            except NotConnectedError as error:
                lost = error
        self._collect(0.0)
        if self._watch.probe_due() and not self._probing:
            self._probing = True
            self._run(self._watch.probe, self._probed)
        for call in self._due_now():
            self._advance(call)
        self._tend_legs()
        self._sweep_rooms()
        self._collect(_PATIENCE)
        if lost is not None:
            raise lost
        if store is not None:
            self._write(store)
        return self._rest()

    def settle(self, store: CallStore) -> None:
        """Write what is not written yet. Raises NotConnectedError."""
        self._write(store)

    def health(self) -> LineHealth:
        """How the line is, for the store's ``beat``."""
        return self._watch.health()

    def block(self, sentence: str) -> None:
        """Place no call until the line's own check finds the set-up in order."""
        self._watch.block(sentence)

    def open_calls(self) -> int:
        """How many calls are followed now."""
        return len(self._calls)

    def end_all(self) -> None:
        """Ask for the end of every call and of every coordinator's leg; ``step`` does it.

        For the practice line, which dies with its program; a real call outlives the gateway
        and is taken up by the next one.
        """
        now = self._clock.monotonic()
        for call in self._calls.values():
            call.inbox.append(CommandRequest(0, call.request.call_id, CallCommand.HANG_UP, ""))
            if not call.working:
                call.take_inbox(now)
        self._agents.close_all()

    def at_rest(self) -> bool:
        """No call and no coordinator's leg is up, as far as is known."""
        return not (self._calls or self._agents.open())

    # -------------------------------------------------------------- database side

    def _hear(self, store: CallStore) -> None:
        for command in store.take_commands(_COMMANDS_AT_ONCE):
            self._command(command)
        self._agents.hear(store.legs())
        self._heard = True
        waiting = sum(call.state is CallState.PLACING for call in self._calls.values())
        room = self._settings.requests_at_once - waiting
        if room > 0:
            for request in store.take_requests(room):
                self._request(request)

    def _request(self, request: CallRequest) -> None:
        if request.call_id in self._calls or request.call_id in self._past:
            _log.error("call %s was handed out twice and is not placed", request.call_id)
            return
        self._calls[request.call_id] = self._tracked(request, CallState.PLACING)

    def _command(self, asked: CommandRequest) -> None:
        call = self._calls.get(asked.call_id)
        if call is None:
            return  # it ended in the same moment
        call.inbox.append(asked)
        if not call.working:
            call.take_inbox(self._clock.monotonic())

    def _write(self, store: CallStore) -> None:
        if legs := self._agents.unwritten():
            self._agents.written(store.record_legs(legs))
        for call in self._calls.values():
            if not call.working:
                self._unwritten += call.facts
                call.facts.clear()
        if not self._unwritten:
            return
        try:
            busy = store.record(tuple(self._unwritten))
        except NotConnectedError:
            raise
        except UserFacingError:
            busy = self._write_one_by_one(store)
        self._unwritten = [fact for fact in self._unwritten if fact.call_id in busy]

    def _write_one_by_one(self, store: CallStore) -> frozenset[UUID]:
        """One fact is refused: the calls of everybody else must not wait for it."""
        busy: set[UUID] = set()
        for fact in self._unwritten:
            try:
                busy |= store.record((fact,))
            except NotConnectedError:
                raise
            except UserFacingError as error:
                _log.error("call %s: a fact was refused (%s)", fact.call_id, error.name)
        return frozenset(busy)

    def _adopt(self, found: OpenCall) -> None:
        call = self._tracked(found.request, found.state)
        call.hang_up_wanted = found.hang_up_wanted
        if found.answered_at is not None or found.carrier_ref:
            call.known = _with_ref(call.known, found)
        self._past.pop(found.request.call_id, None)
        self._calls[found.request.call_id] = call
        if found.carrier_ref:
            self._driver.found(call, found.carrier_ref)
            if found.state is CallState.LIVE:
                call.overdue += found.request.time_limit_s
        else:
            self._driver.lost(call)

    def _tracked(self, request: CallRequest, state: CallState) -> Tracked:
        now = self._clock.now()
        skew = timedelta(seconds=self._settings.clock_skew)
        return Tracked(
            request=request,
            known=known(CallFact(request.call_id, state, now)),
            due=self._clock.monotonic(),
            sent_since=min(request.requested_at, now) - skew,
        )

    # -------------------------------------------------------------- line side

    def _run(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        self._jobs[self._pool.submit(work)] = then

    def _collect(self, patience: float) -> None:
        """Take in what has been answered; wait so long for the first answer of what has not."""
        if self._jobs and patience and not any(job.done() for job in self._jobs):
            wait(self._jobs, timeout=patience, return_when=FIRST_COMPLETED)
        for job in [job for job in self._jobs if job.done()]:
            then = self._jobs.pop(job)
            job.result()  # a defect of ours ends the gateway; its next start looks calls up
            then()

    def _probed(self) -> None:
        self._probing = False

    def _advance(self, call: Tracked) -> None:
        call.working = True
        call.agent_ref = self._agents.confirmed_ref(call.request.session_id)
        call.others = self._other_refs(call) if call.state is CallState.UNKNOWN else frozenset()
        self._run(partial(self._driver.advance, call), partial(self._advanced, call))

    def _advanced(self, call: Tracked) -> None:
        call.working = False
        if call.agent_seen is not None:
            self._agents.seen(call.request.session_id, call.agent_seen)
            call.agent_seen = None
        call.take_inbox(self._clock.monotonic())
        self._retire(call)

    def _tend_legs(self) -> None:
        open_calls = self._calls.values()
        in_use = {call.request.session_id for call in open_calls}
        live = {call.request.session_id for call in open_calls if call.state is CallState.LIVE}
        self._agents.use(in_use, live)
        for work, then in self._agents.work():
            self._run(work, then)

    def _sweep_rooms(self) -> None:
        if not self._sweep.due() or self._sweeping or not self._heard:
            return
        self._sweeping = True
        self._sweep.begin()
        known = {call.request.session_id for call in self._calls.values()}
        known.update(self._agents.open())
        self._run(partial(self._sweep.work, frozenset(known)), self._swept)

    def _swept(self) -> None:
        self._sweeping = False

    def _due_now(self) -> list[Tracked]:
        now = self._clock.monotonic()
        due = [call for call in self._calls.values() if call.due <= now and not call.working]
        # A hang-up before a dial before a poll.
        return sorted(due, key=lambda c: (not c.hang_up_wanted, c.state != "placing", c.due))

    def _retire(self, call: Tracked) -> None:
        if not call.ended:
            return
        self._unwritten += call.facts
        call.facts.clear()
        del self._calls[call.request.call_id]
        self._past[call.request.call_id] = call.known.carrier_ref
        while len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)

    def _other_refs(self, call: Tracked) -> frozenset[str]:
        open_refs = {other.known.carrier_ref for other in self._calls.values() if other is not call}
        return frozenset(open_refs | set(self._past.values()))

    def _rest(self) -> float:
        now = self._clock.monotonic()
        due = [call.due for call in self._calls.values() if not call.working]
        due.append(self._agents.next_due())
        if self._heard and not self._sweeping:
            due.append(self._sweep.next_due())
        if not self._probing:
            due.append(self._watch.next_probe())
        if self._jobs:
            due.append(now)  # the wait for them is in the step itself
        return max(0.0, min(min(due) - now, _IDLE))


def _with_ref(before: Known, found: OpenCall) -> Known:
    return known(
        CallFact(
            call_id=before.call_id,
            state=found.state,
            at=before.since,
            carrier_ref=found.carrier_ref,
            answered_at=found.answered_at,
        )
    )
