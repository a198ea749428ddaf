"""What every ``VoipBackend`` promises, on each line there is: in process, over HTTP, over SIP.

The first two live in virtual time, the third in real time with real sound: tests wait for what
happens (``Bench.until…``), not for seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
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
from coordinator_app.calls.clock import LineClock, SystemClock
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.practice_line.sip.network import SipNetwork
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.sip_line import MISSING, PACE, sound_line
from tests.helpers.virtual_clock import VirtualClock

DIAL = ("POST", "Participants")


class Bench:
    """A backend, its line's faults, and the time of both.

    ``step`` lets a moment pass; ``pace``: how many times faster people live than they say.
    """

    def __init__(
        self,
        backend: TwilioBackend,
        faults: Faults,
        clock: LineClock,
        step: Callable[[], None],
        pace: float = 1.0,
    ) -> None:
        self.backend = backend
        self.faults = faults
        self.clock = clock
        self.pace = pace
        self._step = step

    def until(self, condition: Callable[[], bool], steps: int = 2_000) -> None:
        """Let time pass until it is so; fails when it never is."""
        for _ in range(steps):
            if condition():
                return
            self._step()
        raise AssertionError("it never became so")

    def until_state(self, request: CallRequest, ref: str, state: CallState) -> PatientLeg:
        self.until(lambda: self.patient(request, ref).state is state)
        return self.patient(request, ref)

    def until_said(self, request: CallRequest, ref: str, text: str) -> PatientLeg:
        self.until(lambda: text in [c.text for c in self.patient(request, ref).captions])
        return self.patient(request, ref)

    def open_agent(self, request: CallRequest) -> None:
        assert isinstance(self.backend.open_agent_leg(leg_of(request)), Accepted)
        self.until_agent_is_up(request)

    def until_agent_is_up(self, request: CallRequest) -> None:
        self.until(lambda: self._agent(request).state is AgentState.UP)

    def ref_of_agent(self, request: CallRequest) -> str:
        leg = self._agent(request)
        assert leg.state is AgentState.UP
        return leg.ref

    def _agent(self, request: CallRequest) -> AgentLeg:
        leg = self.backend.agent_leg(request.session_id)
        assert isinstance(leg, AgentLeg)
        return leg

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


OVER_SIP = pytest.param(
    "over SIP",
    marks=[pytest.mark.sip, pytest.mark.skipif(MISSING is not None, reason=MISSING or "")],
)


@pytest.fixture(scope="module")
def telephones() -> Iterator[SipNetwork]:
    with SipNetwork(SystemClock()) as network:
        yield network


@pytest.fixture(params=["in process", "over HTTP", OVER_SIP])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "over SIP":
        with sound_line(PACE, request.getfixturevalue("telephones")) as real:
            yield Bench(real.backend, real.faults, real.clock, lambda: time.sleep(0.01), PACE)
        return
    clock = VirtualClock()
    if request.param == "in process":
        net = DirectLine(clock, PEOPLE, LineSettings())
        yield Bench(net.backend, net.faults, clock, lambda: clock.advance(0.25))
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
        yield Bench(TwilioBackend(carrier), faults, clock, lambda: clock.advance(0.25))


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
    bench.until_agent_is_up(request)
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
    request, ref = bench.call(PersonaKind.WRONG_PERSON)
    assert bench.patient(request, ref).state is CallState.QUEUED
    bench.until_state(request, ref, CallState.RINGING)
    live = bench.until_state(request, ref, CallState.LIVE)
    assert live.answered_at is not None
    assert live.answered_at <= bench.clock.now()
    assert live.answered_at.tzinfo is not None
    assert bench.patient(request, ref).answered_at == live.answered_at
    heard = bench.until_said(request, ref, "Hello?")
    assert len(heard.captions) == 1
    ended = bench.until_state(request, ref, CallState.ENDED)
    assert ended.end is CallEnd.COMPLETED_BY_PATIENT
    assert ended.ended_at is not None
    # The carrier's times are whole seconds.
    talked = (ended.ended_at - live.answered_at).total_seconds()
    assert abs(talked - 20 / bench.pace) <= (0 if bench.pace == 1 else 1)


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
    leg = bench.until_state(request, ref, CallState.ENDED)
    assert (leg.state, leg.end, leg.answered_at) == (CallState.ENDED, end, None)


def test_hang_up_while_ringing_and_again(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.NO_ANSWER)
    bench.until_state(request, ref, CallState.RINGING)
    assert bench.backend.hang_up(ref, answered=False) == Done()
    assert bench.patient(request, ref).end is CallEnd.CANCELED
    assert bench.backend.hang_up(ref, answered=False) == AlreadyGone()
    assert bench.backend.hang_up(ref, answered=True) == AlreadyGone()


def test_hang_up_of_a_call_that_was_answered_meanwhile(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.until_state(request, ref, CallState.LIVE)
    assert bench.backend.hang_up(ref, answered=False) == Done()
    assert bench.patient(request, ref).end is CallEnd.COMPLETED_BY_PATIENT


def test_the_coordinator_stays_when_the_patient_is_gone(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.until_state(request, ref, CallState.LIVE)
    bench.backend.hang_up(ref, answered=True)
    assert bench.ref_of_agent(request)


def test_hold_and_resume_twice(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.until_state(request, ref, CallState.LIVE)
    for held in (True, True, False, False):
        assert bench.backend.set_hold(request, ref, held=held) == Done()
        assert bench.patient(request, ref).held is held


def test_mute_is_the_coordinators(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.ANSWERS)
    bench.until_state(request, ref, CallState.LIVE)
    for muted in (True, True, False):
        assert bench.backend.set_mute(request.session_id, muted=muted) == Done()
        leg = bench.backend.agent_leg(request.session_id)
        assert isinstance(leg, AgentLeg)
        assert (leg.state, leg.muted) == (AgentState.UP, muted)
    assert bench.patient(request, ref).state is CallState.LIVE


def test_commands_for_an_ended_call(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.BUSY)
    bench.until_state(request, ref, CallState.ENDED)
    assert bench.backend.set_hold(request, ref, held=True) == AlreadyGone()
    assert bench.backend.send_digits(request, ref, "1") == AlreadyGone()


def test_keys(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.MENU)
    bench.until_state(request, ref, CallState.LIVE)
    assert bench.backend.send_digits(request, ref, "7w1#") == Done()
    leg = bench.until_said(request, ref, "Hello, this is Rena.")
    assert leg.state is CallState.LIVE
    assert isinstance(bench.backend.send_digits(request, ref, "abc"), Refused)
    bench.backend.set_hold(request, ref, held=True)
    refused = bench.backend.send_digits(request, ref, "1")
    assert isinstance(refused, Refused)
    assert "Resume" in refused.sentence


def test_an_extension(bench: Bench) -> None:
    request, ref = bench.call(PersonaKind.MENU, extension="1")
    leg = bench.until_said(request, ref, "Hello, this is Rena.")
    assert leg.state is CallState.LIVE
    assert bench.backend.set_hold(request, ref, held=True) == Done()


@pytest.mark.parametrize(
    ("to", "code", "category"),
    [
        ("+15005550001", "21217", Category.NUMBER_BAD),
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
    since = bench.clock.now() - timedelta(seconds=1)  # a call's own time is in whole seconds
    request, ref = bench.call(PersonaKind.BUSY)
    bench.until_state(request, ref, CallState.ENDED)
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
    assert bench.backend.hang_up(bench.ref_of_agent(request), answered=True) == Done()
    bench.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    assert isinstance(bench.backend.open_agent_leg(leg_of(request)), Unknown)
    bench.until_agent_is_up(request)


def test_a_leg_in_a_room_that_began_anew_is_let_go(bench: Bench) -> None:
    request = call_request()
    bench.open_agent(request)
    assert bench.backend.hang_up(bench.ref_of_agent(request), answered=True) == Done()
    bench.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    bench.backend.open_agent_leg(leg_of(request))
    assert bench.backend.close_agent_leg(request.session_id) == Done()


def test_two_calls_that_could_be_ours_are_nobodys(bench: Bench) -> None:
    since = bench.clock.now() - timedelta(seconds=1)  # a call's own time is in whole seconds
    request, ref = bench.call(PersonaKind.BUSY)
    bench.until_state(request, ref, CallState.ENDED)
    second = bench.backend.place(call_request(to=request.to))
    assert isinstance(second, Accepted)
    bench.until_state(request, second.ref, CallState.ENDED)
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
    request, ref = bench.call(PersonaKind.MENU)
    bench.until_state(request, ref, CallState.LIVE)
    bench.until(lambda: bool(bench.patient(request, ref).captions))  # it says one sentence
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
