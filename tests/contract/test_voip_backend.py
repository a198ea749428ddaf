"""What every ``VoipBackend`` promises, on each line there is: in process and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from coordinator_app.calls.backend import (
    Absent,
    Accepted,
    AgentLeg,
    AgentState,
    AlreadyGone,
    CannotTell,
    Category,
    Done,
    Found,
    PatientLeg,
    Refused,
    Rejected,
    Snapshot,
    Unknown,
    Unreachable,
    Vanished,
)
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

DIAL = ("POST", "Participants")


class Bench:
    """A backend, its line's faults, and the time of both."""

    def __init__(
        self, backend: TwilioBackend, line: PracticeLine, faults: Faults, clock: VirtualClock
    ) -> None:
        self.backend = backend
        self.line = line
        self.faults = faults
        self.clock = clock

    def open_agent(self, request: CallRequest) -> None:
        assert isinstance(self.backend.open_agent_leg(leg_of(request)), Accepted)
        self.clock.advance(1)
        assert self.ref_of_agent(request)

    def ref_of_agent(self, request: CallRequest) -> str:
        leg = self.backend.agent_leg(request.session_id)
        assert isinstance(leg, AgentLeg)
        assert leg.state is AgentState.UP
        return leg.ref

    def call(self, kind: PersonaKind, **changes: object) -> tuple[CallRequest, str]:
        request = call_request(to=number_of(kind), **changes)
        self.open_agent(request)
        answer = self.backend.place(request)
        assert isinstance(answer, Accepted)
        return request, answer.ref

    def patient(self, request: CallRequest, ref: str) -> PatientLeg:
        answer = self.backend.snapshot(request, ref)
        assert isinstance(answer, Snapshot)
        return answer.patient


@pytest.fixture(params=["in process", "over HTTP"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = VirtualClock()
    if request.param == "in process":
        net = DirectLine(clock, PEOPLE, LineSettings())
        yield Bench(net.backend, net.line, net.faults, clock)
        return
    with ExitStack() as stack:
        line = PracticeLine(clock, PEOPLE, LineSettings())
        faults = Faults()
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK), faults))
        login = server.login
        carrier = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=5, practice_base=server.base),
        )
        stack.callback(carrier.close)
        yield Bench(TwilioBackend(carrier), line, faults, clock)


def test_a_line_in_order_has_nothing_to_say(bench: Bench) -> None:
    assert bench.backend.preflight() == ()
    assert bench.backend.is_practice


def test_a_wrong_key_stops_the_line(bench: Bench) -> None:
    bench.backend._client.auth = (bench.backend._client.username, "guess")
    (finding,) = bench.backend.preflight()
    assert finding.blocks
    assert "account or key is not accepted" in finding.sentence
    answer = bench.backend.place(call_request())
    assert isinstance(answer, Rejected)
    assert answer.category is Category.CONFIGURATION


def test_without_a_leg_the_coordinator_is_absent(bench: Bench) -> None:
    assert bench.backend.agent_leg(call_request().session_id) == AgentLeg(AgentState.ABSENT)


def test_the_coordinators_leg_comes_up_and_is_let_go(bench: Bench) -> None:
    request = call_request()
    assert isinstance(bench.backend.open_agent_leg(leg_of(request)), Accepted)
    assert bench.backend.agent_leg(request.session_id) == AgentLeg(AgentState.CONNECTING)
    bench.clock.advance(1)
    assert bench.ref_of_agent(request)
    assert bench.backend.close_agent_leg(request.session_id) == Done()
    assert bench.backend.agent_leg(request.session_id) == AgentLeg(AgentState.ABSENT)
    assert bench.backend.close_agent_leg(request.session_id) == AlreadyGone()


def test_a_leg_can_be_opened_again_after_it_was_let_go(bench: Bench) -> None:
    request = call_request()
    bench.open_agent(request)
    first = bench.ref_of_agent(request)
    bench.backend.close_agent_leg(request.session_id)
    bench.open_agent(request)
    assert bench.ref_of_agent(request) != first  # what was said of one says nothing of the next


def test_an_answered_call(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    assert bench.patient(request, ref).state is CallState.QUEUED
    bench.clock.advance(1)
    assert bench.patient(request, ref).state is CallState.RINGING
    bench.clock.advance(4)
    live = bench.patient(request, ref)
    assert live.state is CallState.LIVE
    assert live.answered_at is not None
    assert live.answered_at <= bench.clock.now()
    assert live.answered_at.tzinfo is not None
    assert bench.patient(request, ref).answered_at == live.answered_at
    assert [c.text for c in live.captions] == ["Hello?"]
    bench.clock.advance(300)
    ended = bench.patient(request, ref)
    assert (ended.state, ended.end) == (CallState.ENDED, CallEnd.COMPLETED_BY_PATIENT)
    assert ended.ended_at is not None
    assert (ended.ended_at - live.answered_at) == timedelta(seconds=240)


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (PersonaKind.BUSY, CallEnd.BUSY),
        (PersonaKind.NO_ANSWER, CallEnd.NO_ANSWER),
        (PersonaKind.DISCONNECTED, CallEnd.BAD_NUMBER),
    ],
)
def test_a_call_that_nobody_answers(bench: Bench, kind: PersonaKind, end: CallEnd) -> None:
    request, ref = bench.call(kind)
    bench.clock.advance(30)
    leg = bench.patient(request, ref)
    assert (leg.state, leg.end, leg.answered_at) == (CallState.ENDED, end, None)


def test_hang_up_while_ringing_and_again(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.NO_ANSWER)
    bench.clock.advance(2)
    assert bench.backend.hang_up(ref, answered=False) == Done()
    assert bench.patient(request, ref).end is CallEnd.CANCELED
    assert bench.backend.hang_up(ref, answered=False) == AlreadyGone()
    assert bench.backend.hang_up(ref, answered=True) == AlreadyGone()


def test_hang_up_of_a_call_that_was_answered_meanwhile(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.clock.advance(6)
    assert bench.backend.hang_up(ref, answered=False) == Done()
    assert bench.patient(request, ref).end is CallEnd.COMPLETED_BY_PATIENT


def test_the_coordinator_stays_when_the_patient_is_gone(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.clock.advance(6)
    bench.backend.hang_up(ref, answered=True)
    assert bench.ref_of_agent(request)


def test_hold_and_resume_twice(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.clock.advance(6)
    for held in (True, True, False, False):
        assert bench.backend.set_hold(request, ref, held=held) == Done()
        assert bench.patient(request, ref).held is held


def test_mute_is_the_coordinators(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.clock.advance(6)
    for muted in (True, True, False):
        assert bench.backend.set_mute(request.session_id, muted=muted) == Done()
        leg = bench.backend.agent_leg(request.session_id)
        assert isinstance(leg, AgentLeg)
        assert (leg.state, leg.muted) == (AgentState.UP, muted)
    assert bench.patient(request, ref).state is CallState.LIVE


def test_commands_for_an_ended_call(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.BUSY)
    bench.clock.advance(10)
    assert bench.backend.set_hold(request, ref, held=True) == AlreadyGone()
    assert bench.backend.send_digits(request, ref, "1") == AlreadyGone()


def test_keys(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.MENU)
    bench.clock.advance(6)
    assert bench.backend.send_digits(request, ref, "7w1#") == Done()
    leg = bench.patient(request, ref)
    assert leg.state is CallState.LIVE
    assert "Hello, this is Rena." in [c.text for c in leg.captions]
    assert isinstance(bench.backend.send_digits(request, ref, "abc"), Refused)
    bench.backend.set_hold(request, ref, held=True)
    refused = bench.backend.send_digits(request, ref, "1")
    assert isinstance(refused, Refused)
    assert "Resume" in refused.sentence


def test_an_extension(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.MENU, extension="1")
    bench.clock.advance(8)
    leg = bench.patient(request, ref)
    assert leg.state is CallState.LIVE
    assert "Hello, this is Rena." in [c.text for c in leg.captions]
    assert bench.backend.set_hold(request, ref, held=True) == Done()


@pytest.mark.parametrize(
    ("to", "code", "category"),
    [
        ("+15005550001", "21211", Category.NUMBER_BAD),
        ("+15005550002", "21214", Category.NUMBER_BAD),
        ("+15005550003", "21215", Category.BLOCKED),
        ("+15005550004", "21216", Category.BLOCKED),
        ("+15029111234", "", Category.BLOCKED),
    ],
)
def test_refused_numbers(bench: Bench, to: str, code: str, category: Category) -> None:
    answer = bench.backend.place(call_request(to=to))
    assert isinstance(answer, Rejected)
    assert (answer.code, answer.category) == (code, category)


def test_a_caller_id_that_is_not_a_number(bench: Bench) -> None:
    answer = bench.backend.place(call_request(caller_id="+15005550001"))
    assert isinstance(answer, Rejected)
    assert answer.category is Category.CONFIGURATION


def test_too_many_requests_with_a_waiting_time(bench: Bench) -> None:
    bench.faults.add(Fault(FaultKind.TOO_MANY, *DIAL, retry_after_s=7))
    answer = bench.backend.place(call_request())
    assert isinstance(answer, Rejected)
    assert (answer.category, answer.retry_after_s) == (Category.WAIT, 7.0)


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_a_lost_answer_is_unknown_and_the_call_is_found(bench: Bench, kind: FaultKind) -> None:
    request = call_request(to=number_of(PersonaKind.ANSWERS))
    bench.open_agent(request)
    bench.faults.add(Fault(kind, *DIAL))
    since = bench.clock.now() - timedelta(seconds=10)
    assert isinstance(bench.backend.place(request), Unknown)
    found = bench.backend.locate(request, since, ())
    assert isinstance(found, Found)
    assert bench.patient(request, found.ref).state is CallState.QUEUED


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE])
def test_a_request_that_never_arrived_is_unknown_and_absent(bench: Bench, kind: FaultKind) -> None:
    request = call_request()
    bench.open_agent(request)
    bench.faults.add(Fault(kind, *DIAL))
    assert isinstance(bench.backend.place(request), Unknown)
    assert bench.backend.locate(request, bench.clock.now(), ()) == Absent()


def test_an_ended_call_is_found_by_its_numbers(bench: Bench) -> None:
    since = bench.clock.now()
    request, ref = bench.call(PersonaKind.BUSY)
    bench.clock.advance(10)
    assert bench.backend.locate(request, since, ()) == Found(ref)
    assert bench.backend.locate(request, since, (ref,)) == Absent()
    later = bench.clock.now()
    assert bench.backend.locate(request, later, ()) == Absent()


def test_too_many_questions_are_no_answer_to_where_a_call_is(bench: Bench) -> None:
    bench.faults.add(Fault(FaultKind.TOO_MANY, "GET"))
    answer = bench.backend.locate(call_request(), bench.clock.now(), ())
    assert isinstance(answer, CannotTell)
    assert not answer.answered


def test_a_room_that_began_anew_by_a_lost_answer_is_found(bench: Bench) -> None:
    """A conference ends with its last participant; the next one has the same name, another id."""
    request = call_request()
    bench.open_agent(request)
    bench.line.drop(f"agent-{request.session_id}")
    bench.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    assert isinstance(bench.backend.open_agent_leg(leg_of(request)), Unknown)
    bench.clock.advance(1)
    assert bench.ref_of_agent(request)


def test_a_leg_in_a_room_that_began_anew_is_let_go(bench: Bench) -> None:
    request = call_request()
    bench.open_agent(request)
    bench.line.drop(f"agent-{request.session_id}")
    bench.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    bench.backend.open_agent_leg(leg_of(request))
    assert bench.backend.close_agent_leg(request.session_id) == Done()


def test_two_calls_that_could_be_ours_are_nobodys(bench: Bench) -> None:
    since = bench.clock.now()
    request, _ = bench.call(PersonaKind.BUSY)
    bench.clock.advance(10)
    bench.backend.place(call_request(to=request.to))
    bench.clock.advance(10)
    assert isinstance(bench.backend.locate(request, since, ()), CannotTell)


def test_a_call_that_the_line_does_not_know(bench: Bench) -> None:
    request = call_request()
    assert isinstance(bench.backend.snapshot(request, "CA" + "0" * 32), Vanished)


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE])
def test_no_answer_says_nothing(bench: Bench, kind: FaultKind) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    for ask in (
        lambda: bench.backend.snapshot(request, ref),
        lambda: bench.backend.agent_leg(request.session_id),
    ):
        bench.faults.add(Fault(kind, "GET"))
        assert isinstance(ask(), Unreachable)
    bench.faults.add(Fault(kind, "POST"))
    assert isinstance(bench.backend.hang_up(ref, answered=True), Unknown)
    bench.faults.add(Fault(kind, "GET"))
    assert isinstance(bench.backend.locate(request, bench.clock.now(), ()), CannotTell)
    bench.faults.add(Fault(kind, "GET"))
    assert [f.unreachable for f in bench.backend.preflight()] == [True]


def test_a_backend_that_remembers_nothing_sees_the_same_call(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.clock.advance(6)
    before = bench.patient(request, ref)
    bench.backend._line._rooms.clear()
    bench.backend._answered.clear()
    assert bench.patient(request, ref) == before


def test_long_lists_are_read_to_the_end(bench: Bench) -> None:
    """Twilio's pages: the list goes on at ``next_page_uri``."""
    request, ref = bench.call(PersonaKind.BUSY)
    for _ in range(7):
        bench.backend.place(call_request(to=request.to))
    calls = bench.backend._client.calls.list(to=request.to, page_size=3)
    assert len(calls) == len({call.sid for call in calls}) == 8
    assert calls[-1].sid == ref
