"""A small, real, in-memory ``PracticeDatabase`` for tests of the window and the services.

It keeps the rules that a window depends on: claims with fences and leases, gates, one live call
for each claim, holds that run out, outcomes that are recorded once. Time is a clock that the test
moves. The other side of a call is the test: ``ring``, ``answer``, ``hang_up_by_patient``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.call import CallCommand, CallEnd, CallState, CallView, Caption
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, Recorded, WrapUp
from coordinator_app.domain.patient import Card, IdentifierKind, IdentityResult, RevealField
from coordinator_app.domain.person import Person, WorkStatus
from coordinator_app.domain.queue import (
    Gate,
    QueueCounts,
    QueueFilter,
    QueuePage,
    QueueRow,
    SkipReason,
)
from coordinator_app.domain.session import Heartbeat, SignedIn
from coordinator_app.errors import (
    NotConnectedError,
    RefusedError,
    StaleError,
    TakenByAnotherError,
)
from coordinator_app.services.clock import PracticeClock
from tests.helpers.fake_data import JORDAN, LINE, NOW, PRACTICE, FakePatient, patients
from tests.helpers.fake_find import FakeFind
from tests.helpers.fake_lists import callback_row, log_row
from tests.helpers.fake_phone import FakePhone
from tests.helpers.fake_recording import FakeRecordings
from tests.helpers.fake_returns import FakeReturns
from tests.helpers.fake_schedule import FakeSchedule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from coordinator_app.domain.schedule import Appointment, Openings, SlotHold

LEASE = timedelta(seconds=90)
RECEIPT = "a1b2c3d4" * 8  # the head of one's audit chain


class FakeClock(PracticeClock):
    """Time that moves when the test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        """Start at Monday 9:42 in Chicago."""
        super().__init__(now)
        self._now = now

    def now(self) -> datetime:
        """The practice's now, UTC."""
        return self._now

    def sync(self, now: datetime) -> None:
        """Nothing to do: the test moves this clock."""

    def advance(self, *, seconds: float = 0, minutes: float = 0) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds, minutes=minutes)


@dataclass
class Claim:
    """Who has a patient."""

    who: str
    fence: int
    until: datetime
    mine: bool


class FakePractice(FakeFind, FakePhone, FakeRecordings, FakeReturns):
    """See the module. ``log`` keeps the name of each method that was called."""

    clock: FakeClock

    def __init__(self, clock: FakeClock | None = None, person: Person = JORDAN) -> None:
        """Start with ten patients and no claims."""
        super().__init__(person)
        FakePhone.__init__(self)
        FakeReturns.__init__(self)
        self.clock = clock or FakeClock()
        self.patients: list[FakePatient] = patients()
        self.unnamed: set[str] = set()  # first names that the queue does not show
        self.claims: dict[UUID, Claim] = {}
        self.calls: dict[UUID, CallView] = {}
        self.identity: dict[UUID, IdentityResult] = {}
        self.identity_kinds: dict[UUID, tuple[IdentifierKind, ...]] = {}
        self.tries: dict[UUID, int] = {}
        self.schedule = FakeSchedule(self.clock.now)
        self.hold: tuple[UUID, SlotHold] | None = None
        self.recorded: dict[UUID, WrapUp] = {}
        self.skips: list[tuple[UUID, SkipReason]] = []
        self.reveals: list[RevealField] = []
        self.commands: list[tuple[CallCommand, str]] = []
        self.bookings: list[tuple[UUID, OutcomeDetails, UUID]] = []  # hold, details, op_id
        self.status = WorkStatus.AVAILABLE
        self.closed_gate: Gate | None = None
        self.closed = False
        self.notices: tuple[str, ...] = ()  # what the heartbeat says
        self.line = LINE
        self._dialled: dict[UUID, UUID] = {}
        self._fence = 0
        self._lose_answer = False
        self._start_looking_up()
        self._start_recordings()
        self._hint: Callable[[str], None] | None = None

    # -- what a test does -------------------------------------------------------------------

    def lose_next_answer(self) -> None:
        """Let the next ``finish`` or ``book`` work, and its answer get lost on the way."""
        self._lose_answer = True

    def entry(self, first_name: str) -> FakePatient:
        """Return the patient of that first name."""
        return next(p for p in self.patients if p.first_name == first_name)

    def take(self, first_name: str, who: str = "Dana Reyes") -> None:
        """Let another coordinator claim a patient."""
        self._fence += 1
        until = self.clock.now() + LEASE
        self.claims[self.entry(first_name).entry_id] = Claim(who, self._fence, until, mine=False)
        self.hint("queue")

    def give_back(self, first_name: str) -> None:
        """Let whoever has a patient let go."""
        self.claims.pop(self.entry(first_name).entry_id, None)
        self.hint("queue")

    def hint(self, what: str) -> None:
        """Tell the window that something may have changed."""
        if self._hint is not None:
            self._hint(what)

    def live_call(self) -> CallView:
        """Return the newest call."""
        return list(self.calls.values())[-1]

    def ring(self, call_id: UUID) -> None:
        """Let the number ring."""
        self._change(call_id, state=CallState.RINGING)

    def answer(self, call_id: UUID, *captions: str, speaker: str = "patient") -> None:
        """Let somebody answer."""
        now = self.clock.now()
        said = tuple(Caption(now, speaker, text) for text in captions)
        self._change(call_id, state=CallState.LIVE, answered_at=now, captions=said)

    def lose_carrier(self, call_id: UUID) -> None:
        """Let the carrier's answer get lost: nobody knows whether it rings."""
        self._change(call_id, state=CallState.UNKNOWN)

    def hang_up_by_patient(self, call_id: UUID) -> None:
        """Let the patient end the call."""
        self.end(call_id, CallEnd.COMPLETED_BY_PATIENT)

    def end(self, call_id: UUID, end: CallEnd, sentence: str = "") -> None:
        """End the call in any way."""
        self._change(
            call_id,
            state=CallState.ENDED,
            end=end,
            ended_at=self.clock.now(),
            needs_outcome=True,
            sentence=sentence,
        )

    def _change(self, call_id: UUID, **changes: object) -> None:
        self.calls[call_id] = replace(self.calls[call_id], **changes)  # type: ignore[arg-type]
        self.hint("call")

    # -- session ----------------------------------------------------------------------------

    def _enter(self, name: str) -> None:
        super()._enter(name)
        now = self.clock.now()
        self.claims = {k: c for k, c in self.claims.items() if c.until > now or self._busy(k)}

    def _busy(self, entry_id: UUID) -> bool:
        return any(c.entry_id == entry_id and c.needs_outcome for c in self.calls.values())

    def sign_in(self, client_version: str, device: str) -> SignedIn:
        """See the port."""
        self._enter("sign_in")
        held = next((k for k, c in self.claims.items() if c.mine), None)
        return SignedIn(
            person=self.person,
            practice=PRACTICE,
            now=self.clock.now(),
            lease_seconds=int(LEASE.total_seconds()),
            training_expires=None,
            line=LINE,
            queue=self._page(QueueFilter.ALL, "", 200),
            held=self._card(held) if held else None,
            callbacks=tuple(self.callback_rows),
            receipt=RECEIPT,
        )

    def check_receipt(self, receipt: str) -> bool:
        """See the port."""
        self._enter("check_receipt")
        return receipt == RECEIPT

    def sign_out(self) -> None:
        """See the port."""
        self._enter("sign_out")
        self.claims = {k: c for k, c in self.claims.items() if not c.mine or self._busy(k)}

    def heartbeat(self, entry_id: UUID | None, fence: int) -> Heartbeat:
        """See the port."""
        self._enter("heartbeat")
        until = None
        if entry_id is not None:
            claim = self._mine(entry_id, fence)
            claim.until = until = self.clock.now() + LEASE
        due = sum(1 for row in self.callback_rows if row.mine and row.due_at <= self.clock.now())
        waiting = self.returns_waiting()
        return Heartbeat(self.clock.now(), until, self.line, due, self.notices, waiting)

    def set_status(self, status: WorkStatus) -> None:
        """See the port."""
        self._enter("set_status")
        self.status = status

    # -- queue ------------------------------------------------------------------------------

    def queue(self, which: QueueFilter, find: str, limit: int) -> QueuePage:
        """See the port."""
        self._enter("queue")
        return self._page(which, find, limit)

    def _page(self, which: QueueFilter, find: str, limit: int) -> QueuePage:
        rows = [self._row(p) for p in self.patients if p.open]
        kinds = {
            QueueFilter.ALL: rows,
            QueueFilter.DUE: [r for r in rows if r.callback_due is not None],
            QueueFilter.NEW: [r for r in rows if r.attempts == 0],
            QueueFilter.RETRY: [r for r in rows if r.attempts > 0 and r.callback_due is None],
        }
        text = find.casefold()
        shown = [r for r in kinds[which] if text in f"{r.first_name} {r.reason}".casefold()]
        return QueuePage(
            now=self.clock.now(),
            rows=tuple(shown[:limit]),
            counts=QueueCounts(*(len(kinds[k]) for k in QueueFilter)),
            closed=self.closed_gate,
            calls_today=len(self.recorded),
            daily_goal=PRACTICE.daily_goal,
        )

    def _row(self, p: FakePatient) -> QueueRow:
        claim = self.claims.get(p.entry_id)
        return QueueRow(
            entry_id=p.entry_id,
            score=p.score,
            first_name="" if p.first_name in self.unnamed else p.first_name,
            last_initial="" if p.first_name in self.unnamed else p.last_name[0],
            reason=p.reason,
            campaign="Overdue visit",
            chips=p.chips,
            zone=p.zone,
            attempts=p.attempts,
            max_attempts=p.max_attempts,
            callback_due=p.callback_due,
            gate=p.gate,
            held_by=claim.who if claim else None,
            mine=claim.mine if claim else False,
        )

    def _patient(self, entry_id: UUID) -> FakePatient:
        return next(p for p in self.patients if p.entry_id == entry_id)

    def claim(self, entry_id: UUID, op_id: UUID) -> Card:
        """See the port."""
        self._enter("claim")
        return self._claim(entry_id)

    def open_found(self, entry_id: UUID, reason: str, op_id: UUID) -> Card:
        """See the port."""
        self._enter("open_found")
        return self._claim(entry_id)

    def holder_of(self, patient: FakePatient) -> tuple[str, bool] | None:
        claim = self.claims.get(patient.entry_id)
        return (claim.who, claim.mine) if claim else None

    def _claim(self, entry_id: UUID) -> Card:
        p = self._patient(entry_id)
        claim = self.claims.get(entry_id)
        if claim is not None and not claim.mine:
            sentence = f"{claim.who} has this patient."
            raise TakenByAnotherError(sentence, name="taken", detail={"by": claim.who})
        if not p.open:
            raise StaleError("This patient is no longer in the queue.", name="closed")
        for other, held in self.claims.items():
            if held.mine and other != entry_id and self._busy(other):
                sentence = "Finish the call with an outcome first."
                raise RefusedError(sentence, name="outcome_missing")
        self.claims = {k: c for k, c in self.claims.items() if not c.mine}
        self._fence += 1
        until = self.clock.now() + LEASE
        self.claims[entry_id] = Claim(self.person.name, self._fence, until, mine=True)
        return self._card(entry_id)

    def claim_next(self, op_id: UUID) -> Card | Gate:
        """See the port."""
        self._enter("claim_next")
        return self._next()

    def _next(self) -> Card | Gate:
        for entry_id, claim in self.claims.items():
            if claim.mine:  # own unfinished patient first
                return self._card(entry_id)
        if self.closed_gate is not None:
            return self.closed_gate
        for p in self.patients:
            if p.open and p.gate is None and p.entry_id not in self.claims:
                return self._claim(p.entry_id)
        return Gate("empty", "The queue is empty. Everyone has been called.", None)

    def skip(self, entry_id: UUID, fence: int, reason: SkipReason, op_id: UUID) -> None:
        """See the port."""
        self._enter("skip")
        self._mine(entry_id, fence)
        if self._busy(entry_id):
            raise RefusedError("This call needs its outcome first.", name="outcome_missing")
        del self.claims[entry_id]
        self.skips.append((entry_id, reason))

    def _mine(self, entry_id: UUID, fence: int) -> Claim:
        claim = self.claims.get(entry_id)
        if claim is None or not claim.mine or claim.fence != fence:
            by = claim.who if claim else ""
            sentence = f"{by} has this patient now." if by else "This patient was let go."
            raise StaleError(sentence, name="lease_lost", detail={"by": by})
        return claim

    # -- the card ---------------------------------------------------------------------------

    def _card(self, entry_id: UUID) -> Card:
        p = self._patient(entry_id)
        claim = self.claims[entry_id]
        call = next(
            (c for c in self.calls.values() if c.entry_id == entry_id and c.needs_outcome), None
        )
        result = self.identity.get(entry_id)
        locked = p.needs_identity and result is not IdentityResult.PASS
        hold = self.hold[1] if self.hold and self.hold[0] == entry_id else None
        return Card(
            entry_id=entry_id,
            fence=claim.fence,
            lease_until=claim.until,
            now=self.clock.now(),
            patient_id=p.patient_id,
            first_name=p.first_name,
            last_name=p.last_name,
            language=p.language,
            zone=p.zone,
            campaign="Overdue visit",
            script="recall",
            reason=p.reason,
            chips=(),
            score=p.score,
            attempts=p.attempts,
            max_attempts=p.max_attempts,
            plan=f"This is attempt {p.attempts + 1} of {p.max_attempts}.",
            phones=p.phones,
            permissions=p.permissions,
            recent_contact=p.recent,
            callback_note="",
            chart_needs_identity=p.needs_identity,
            identity=result,
            identity_tries_left=2 - self.tries.get(entry_id, 0),
            chart=None if locked else p.chart,
            gate=p.gate,
            call=call,
            hold=hold if hold and self.schedule.alive(hold.id) else None,
        )

    def reveal(self, entry_id: UUID, fence: int, field: RevealField) -> str:
        """See the port."""
        self._enter("reveal")
        self._mine(entry_id, fence)
        self.reveals.append(field)
        return self._patient(entry_id).on_file[field]

    def verify_identity(
        self, call_id: UUID, result: IdentityResult, kinds: Sequence[IdentifierKind], op_id: UUID
    ) -> Card:
        """See the port."""
        self._enter("verify_identity")
        entry_id = self.calls[call_id].entry_id
        if result is IdentityResult.PASS and len(set(kinds)) < 2:
            raise RefusedError("Two identifiers are needed.", name="identifiers")
        if result is IdentityResult.FAIL:
            self.tries[entry_id] = self.tries.get(entry_id, 0) + 1
        self.identity[entry_id] = result
        self.identity_kinds[entry_id] = tuple(kinds)
        return self._card(entry_id)

    # -- the call ---------------------------------------------------------------------------

    def request_call(self, entry_id: UUID, fence: int, phone_id: UUID, op_id: UUID) -> CallView:
        """See the port."""
        self._enter("request_call")
        if op_id in self._dialled:
            return self.calls[self._dialled[op_id]]
        self._mine(entry_id, fence)
        p = self._patient(entry_id)
        if p.gate is not None:
            raise RefusedError(p.gate.sentence, name=p.gate.name)
        if self._busy(entry_id):
            raise RefusedError("This call needs its outcome first.", name="outcome_missing")
        number = next(x for x in p.phones if x.id == phone_id)
        if not number.usable:
            raise RefusedError(f"This number cannot be called: {number.problem}.", name="number")
        call = CallView(
            id=uuid4(),
            entry_id=entry_id,
            state=CallState.REQUESTED,
            number_ending=number.e164[-4:],
            number_use=number.use,
            requested_at=self.clock.now(),
            answered_at=None,
            ended_at=None,
            end=None,
            held=False,
            muted=False,
            is_practice_line=True,
            captions=(),
            sentence="",
            needs_outcome=True,
        )
        self.calls[call.id] = call
        self._dialled[op_id] = call.id
        return call

    def call(self, call_id: UUID) -> CallView:
        """See the port."""
        self._enter("call")
        return self.calls[call_id]

    def command(self, call_id: UUID, command: CallCommand, digits: str, op_id: UUID) -> None:
        """See the port."""
        self._enter("command")
        self.commands.append((command, digits))
        if command is CallCommand.HANG_UP:
            self.end(call_id, CallEnd.COMPLETED_BY_US)
        elif command in {CallCommand.HOLD, CallCommand.UNHOLD}:
            self._change(call_id, held=command is CallCommand.HOLD)
        elif command in {CallCommand.MUTE, CallCommand.UNMUTE}:
            self._change(call_id, muted=command is CallCommand.MUTE)

    # -- the outcome ------------------------------------------------------------------------

    def finish(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        """See the port."""
        self._enter("finish")
        result = "duplicate" if wrap_up.op_id in self.recorded else "recorded"
        if result == "recorded":
            self._record(wrap_up)
        following = self._next() if then_next else None
        if self._lose_answer:
            self._lose_answer = False
            raise NotConnectedError("The practice cannot be reached.")
        return Recorded(result, "Next attempt Tuesday after 5 PM"), following

    def _record(self, wrap_up: WrapUp) -> None:
        call = self.calls[wrap_up.call_id]
        if call.state is not CallState.ENDED:
            raise RefusedError("Hang up first.", name="call_live")
        missing = wrap_up.details.missing(wrap_up.outcome)
        if missing:
            raise RefusedError("Something is missing.", name=missing[0].value)
        details = wrap_up.details
        if wrap_up.outcome is Outcome.BOOKED:
            if details.appointment_id is None and details.hold_id is not None:
                self.schedule.book(details.hold_id)
            elif details.appointment_id not in {a.id for a in self.schedule.booked.values()}:
                raise RefusedError("Choose a time in the openings first.", name="no_hold")
        self.recorded[wrap_up.op_id] = wrap_up
        self.calls[call.id] = replace(call, needs_outcome=False)
        p = self._patient(wrap_up.entry_id)
        p.attempts += 1
        p.open = False
        self.hold = None
        self.claims.pop(wrap_up.entry_id, None)
        self.log_rows.insert(0, log_row(self.person, p, call, wrap_up))
        if wrap_up.details.callback_at is not None:
            self.callback_rows.append(callback_row(self.person, p, wrap_up))

    # -- openings ---------------------------------------------------------------------------

    def openings(
        self, practitioners: Sequence[UUID], visit_type: UUID, first_day: date, days: int
    ) -> Openings:
        """See the port."""
        self._enter("openings")
        return self.schedule.openings(practitioners, visit_type, first_day, days)

    def hold_slot(  # noqa: PLR0917  (the port's own signature)
        self,
        entry_id: UUID,
        fence: int,
        practitioner: UUID,
        visit_type: UUID,
        start: datetime,
        op_id: UUID,
    ) -> SlotHold:
        """See the port."""
        self._enter("hold_slot")
        self._mine(entry_id, fence)
        hold = self.schedule.hold(practitioner, visit_type, start)
        self.hold = (entry_id, hold)
        return hold

    def release_hold(self, hold_id: UUID) -> None:
        """See the port."""
        self._enter("release_hold")
        self.schedule.release(hold_id)
        self.hold = None

    def book(
        self, call_id: UUID, fence: int, hold_id: UUID, details: OutcomeDetails, op_id: UUID
    ) -> Appointment:
        """See the port."""
        self._enter("book")
        call = self.calls[call_id]
        self._mine(call.entry_id, fence)
        if call.answered_at is None or not call.needs_outcome:
            raise RefusedError("This call is not connected.", name="call_not_live")
        self.bookings.append((hold_id, details, op_id))
        visit = self.schedule.book(hold_id)
        self.hold = None
        if self._lose_answer:
            self._lose_answer = False
            raise NotConnectedError("The practice cannot be reached.")
        return visit

    def listen(self, hint: Callable[[str], None]) -> None:
        """See the port."""
        self._hint = hint

    def close(self) -> None:
        """See the port."""
        self.closed = True
        self._hint = None
