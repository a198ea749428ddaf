"""What every ``IncomingBackend`` promises, and how a waiting caller is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from coordinator_app.calls.backend import (
    Accepted,
    AgentLeg,
    AgentState,
    CannotTell,
    Category,
    Done,
    Found,
    PatientLeg,
    Rejected,
    Snapshot,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.incoming import Heard
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_incoming import TwilioIncoming
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

OFFICE = "+15025550100"
ROSA = number_of(PersonaKind.ANSWERS)
SETTINGS = LineSettings(owned=frozenset({OFFICE}))


class Bench:
    """Both questions to one account, its line's faults, and the time of all."""

    def __init__(
        self, account: TwilioLine, line: PracticeLine, faults: Faults, clock: VirtualClock
    ) -> None:
        self.backend = TwilioBackend(account)
        self.incoming = TwilioIncoming(account, clock)
        self.line = line
        self.faults = faults
        self.clock = clock

    def hear(self, *asked: str) -> list[tuple[str, str]]:
        """Who calls, and how each call stands."""
        heard = self.incoming.hear(OFFICE, asked)
        assert isinstance(heard, Heard)
        return [(call.from_, call.state) for call in heard.calls]

    def waiting(self) -> str:
        """Somebody calls and waits; the ref."""
        ref = self.line.call_in(ROSA, OFFICE).sid
        self.clock.advance(3)
        return ref

    def room_for(self, ref: str) -> CallRequest:
        """A coordinator who is on the line and wants this caller."""
        request = call_request(to=ROSA, incoming_ref=ref)
        assert isinstance(self.backend.open_agent_leg(leg_of(request)), Accepted)
        self.clock.advance(1)
        return request

    def patient(self, request: CallRequest, ref: str) -> PatientLeg:
        answer = self.backend.snapshot(request, ref)
        assert isinstance(answer, Snapshot)
        return answer.patient


@pytest.fixture(params=["in process", "over HTTP"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = VirtualClock()
    if request.param == "in process":
        net = DirectLine(clock, PEOPLE, SETTINGS)
        yield Bench(net.backend._line, net.line, net.faults, clock)
        return
    with ExitStack() as stack:
        line = PracticeLine(clock, PEOPLE, SETTINGS)
        faults = Faults()
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK), faults))
        login = server.login
        account = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=5, practice_base=server.base),
        )
        stack.callback(account.close)
        yield Bench(account, line, faults, clock)


def test_a_number_is_the_accounts_own_or_not(bench: Bench) -> None:
    assert bench.incoming.owns(OFFICE) is True
    assert bench.incoming.owns("+15025550199") is False


def test_nobody_calls(bench: Bench) -> None:
    assert bench.incoming.hear(OFFICE, ()) == Heard((), has_queue=True)


def test_a_caller_rings_waits_and_gives_up(bench: Bench) -> None:
    ref = bench.line.call_in(ROSA, OFFICE).sid
    assert bench.hear() == [(ROSA, "ringing")]
    bench.clock.advance(3)
    assert bench.hear() == [(ROSA, "waiting")]
    bench.clock.advance(90)
    assert bench.hear() == [(ROSA, "ended")]
    bench.clock.advance(3 * 3600)
    assert bench.hear() == []
    assert bench.hear(ref) == [(ROSA, "ended")]  # who asks is told


def test_our_own_calls_and_other_numbers_are_none(bench: Bench) -> None:
    bench.backend.place(call_request(to=OFFICE))
    bench.line.call_in(ROSA, "+15025550177")
    bench.clock.advance(1)
    assert bench.hear() == []


def test_a_withheld_number_is_nobodys(bench: Bench) -> None:
    bench.line.call_in("anonymous", OFFICE)
    assert bench.hear() == [("", "ringing")]


def test_a_ref_that_the_carrier_does_not_know_is_left_out(bench: Bench) -> None:
    assert bench.hear("CA" + "0" * 32) == []


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE, FaultKind.TOO_MANY])
def test_no_answer_says_nothing(bench: Bench, kind: FaultKind) -> None:
    bench.waiting()
    bench.faults.add(Fault(kind, "GET"))
    assert isinstance(bench.incoming.hear(OFFICE, ()), Unreachable)
    bench.faults.add(Fault(kind, "GET"))
    assert isinstance(bench.incoming.owns(OFFICE), Unreachable)
    assert bench.hear() == [(ROSA, "waiting")]


def test_a_waiting_caller_is_led_to_the_coordinator(bench: Bench) -> None:
    ref = bench.waiting()
    request = bench.room_for(ref)
    assert bench.backend.place(request) == Accepted(ref)
    bench.clock.advance(1)
    live = bench.patient(request, ref)
    assert live.state is CallState.LIVE
    assert [c.text for c in live.captions] == [
        "Hi, somebody left me a message to call this number."
    ]
    assert bench.hear(ref) == [(ROSA, "answered")]
    for held in (True, False):
        assert bench.backend.set_hold(request, ref, held=held) == Done()
    assert bench.backend.hang_up(ref, answered=True) == Done()
    assert bench.patient(request, ref).end is CallEnd.COMPLETED_BY_PATIENT
    leg = bench.backend.agent_leg(request.session_id)
    assert isinstance(leg, AgentLeg)
    assert leg.state is AgentState.UP


def test_a_caller_who_hung_up_is_not_dialled(bench: Bench) -> None:
    ref = bench.waiting()
    request = bench.room_for(ref)
    bench.clock.advance(90)
    placed = bench.line.placed
    answer = bench.backend.place(request)
    assert isinstance(answer, Rejected)
    assert answer.category is Category.NOT_SENT
    assert "hung up before you took the call" in answer.sentence
    assert bench.line.placed == placed


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.LOST_BEFORE])
def test_a_lost_answer_leads_the_caller_in_once_more(bench: Bench, kind: FaultKind) -> None:
    ref = bench.waiting()
    request = bench.room_for(ref)
    since = bench.clock.now() - timedelta(seconds=10)
    bench.faults.add(Fault(kind, "POST", "Calls"))
    assert isinstance(bench.backend.place(request), Unknown)
    bench.faults.add(Fault(kind, "POST", "Calls"))
    assert isinstance(bench.backend.locate(request, since, ()), CannotTell)
    assert bench.backend.locate(request, since, ()) == Found(ref)
    assert bench.patient(request, ref).state is CallState.LIVE
    leg = bench.backend.agent_leg(request.session_id)
    assert isinstance(leg, AgentLeg)
    assert leg.state is AgentState.UP


def test_the_office_may_have_no_queue() -> None:
    clock = VirtualClock()
    net = DirectLine(clock, PEOPLE, LineSettings(owned=frozenset({OFFICE}), office_verbs=()))
    incoming = TwilioIncoming(net.backend._line, clock)
    net.line.call_in(ROSA, OFFICE)
    clock.advance(3)
    heard = incoming.hear(OFFICE, ())
    assert isinstance(heard, Heard)
    assert (heard.has_queue, [c.state for c in heard.calls]) == (False, ["ringing"])


def test_a_voicemail_is_returned_after_a_while() -> None:
    clock = VirtualClock()
    net = DirectLine(clock, PEOPLE, LineSettings(owned=frozenset({OFFICE}), returns=1.0))
    incoming = TwilioIncoming(net.backend._line, clock)
    patient = number_of(PersonaKind.VOICEMAIL)
    request = call_request(to=patient, caller_id=OFFICE)
    placed = net.backend.place(request)
    assert isinstance(placed, Accepted)
    clock.advance(15)  # the beep, and a message
    net.backend.hang_up(placed.ref, answered=True)
    assert incoming.hear(OFFICE, ()) == Heard((), has_queue=True)
    clock.advance(70)
    heard = incoming.hear(OFFICE, ())
    assert isinstance(heard, Heard)
    assert [call.from_ for call in heard.calls] == [patient]
