"""Supervisors on live calls: what every ``MonitorLine`` promises, and the gateway's chore on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from twilio.base.exceptions import TwilioRestException

from coordinator_app.calls.backend import Accepted, Done, Rejected
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.hearing import hears
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_monitor import MonitorLeg, Room, TwilioMonitor
from coordinator_app.calls.twilio_shapes import room_name
from coordinator_app.domain.call import CallRequest
from coordinator_app.domain.monitor import MonitorEnd, MonitorMode, MonitorState
from coordinator_app.gateway.monitoring import Monitoring
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.monitor_store import FakeMonitorStore
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

LISTEN, COACH, BARGE = MonitorMode
ADD = ("POST", "Participants")


@dataclass
class Bench:
    """A line, a gateway's chore on it, and what the database knows."""

    carrier: TwilioLine
    line: PracticeLine
    faults: Faults
    clock: VirtualClock
    store: FakeMonitorStore = field(init=False)
    chore: Monitoring = field(init=False)

    def __post_init__(self) -> None:
        self.store = FakeMonitorStore(self.clock)
        self.restart()

    def restart(self) -> None:
        """A gateway that remembers nothing."""
        self.chore = Monitoring(TwilioMonitor(self.carrier), self.clock)

    @property
    def backend(self) -> TwilioBackend:
        return TwilioBackend(self.carrier)

    def call(self) -> CallRequest:
        """A coordinator talks to a patient."""
        request = call_request(to=number_of(PersonaKind.ANSWERS))
        assert isinstance(self.backend.open_agent_leg(leg_of(request)), Accepted)
        self.clock.advance(1)
        assert isinstance(self.backend.place(request), Accepted)
        self.clock.advance(6)
        assert self.leg(f"att-{request.call_id}").status == "in-progress"
        return request

    def leg(self, label: str) -> Leg:
        found = self.line.by_label(label)
        assert found is not None, label
        return found

    def supervisor(self, monitor_id: UUID) -> Leg:
        return self.leg(f"mon-{monitor_id}")

    def turns(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(min(1.0, self.chore.turn(self.store)))

    def join(self, call: CallRequest, mode: MonitorMode) -> UUID:
        monitor_id = self.store.ask(call, mode)
        self.turns(4)
        wish = self.store.rows[monitor_id]
        assert (wish.state, wish.line_mode) == (MonitorState.ON, mode)
        return monitor_id

    def heard_by(self, call: CallRequest, monitor_id: UUID) -> tuple[bool, bool]:
        """Whether the coordinator, and whether the patient, hears the supervisor."""
        supervisor = self.supervisor(monitor_id)
        coordinator = self.leg(f"agent-{call.session_id}")
        patient = self.leg(f"att-{call.call_id}")
        assert hears(supervisor, coordinator)
        assert hears(supervisor, patient)
        return hears(coordinator, supervisor), hears(patient, supervisor)

    def calls_of(self, monitor_id: UUID) -> int:
        return sum(leg.label == f"mon-{monitor_id}" for leg in self.line.legs())


@pytest.fixture(params=["in process", "over HTTP"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = VirtualClock()
    if request.param == "in process":
        net = DirectLine(clock, PEOPLE, LineSettings())
        login = net.login
        keys = Credentials(login.account_sid, login.key_sid, login.key_secret)
        yield Bench(TwilioLine(keys, net.http), net.line, net.faults, clock)
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
        yield Bench(carrier, line, faults, clock)


# ------------------------------------------------------------------------------- who hears whom


@pytest.mark.parametrize(
    ("mode", "coordinator", "patient"),
    [(LISTEN, False, False), (COACH, True, False), (BARGE, True, True)],
)
def test_who_hears_a_supervisor(
    bench: Bench, mode: MonitorMode, coordinator: bool, patient: bool
) -> None:
    call = bench.call()
    monitor_id = bench.join(call, mode)
    assert bench.heard_by(call, monitor_id) == (coordinator, patient)
    leg = bench.supervisor(monitor_id)
    assert (leg.start_on_enter, leg.end_on_exit) == (False, False)
    assert leg.to == "client:dana"
    assert leg.from_ == call.caller_id


@pytest.mark.parametrize("before", list(MonitorMode))
@pytest.mark.parametrize("after", list(MonitorMode))
def test_the_mode_is_changed_while_on_the_call(
    bench: Bench, before: MonitorMode, after: MonitorMode
) -> None:
    call = bench.call()
    monitor_id = bench.join(call, before)
    bench.store.change(monitor_id, mode=after)
    bench.turns(3)
    assert bench.store.rows[monitor_id].line_mode is after
    heard = {LISTEN: (False, False), COACH: (True, False), BARGE: (True, True)}
    assert bench.heard_by(call, monitor_id) == heard[after]
    assert bench.calls_of(monitor_id) == 1


def test_the_patient_hears_nothing_meant_for_the_coordinator_between_two_modes(
    bench: Bench,
) -> None:
    """Also when only a part of the request had its effect."""
    call = bench.call()
    monitor_id = bench.join(call, COACH)
    bench.store.change(monitor_id, mode=LISTEN)
    bench.turns(3)
    leg = bench.supervisor(monitor_id)
    assert leg.muted
    assert leg.coaching, "a silent coach stays a coach"


def test_a_coordinator_who_was_called_back_is_coached_again(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, COACH)
    bench.line.drop(f"agent-{call.session_id}")
    bench.turns(2)
    assert bench.store.rows[monitor_id].state is MonitorState.ON, "the engine decides of the call"
    assert isinstance(bench.backend.open_agent_leg(leg_of(call)), Accepted)
    bench.turns(4)
    assert bench.supervisor(monitor_id).coached == bench.leg(f"agent-{call.session_id}").sid
    assert bench.heard_by(call, monitor_id) == (True, False)


# ------------------------------------------------------------------------------- coming, leaving


def test_nobody_is_called_into_a_room_without_the_coordinator(bench: Bench) -> None:
    call = call_request()
    monitor_id = bench.store.ask(call)
    bench.turns(8)
    assert bench.calls_of(monitor_id) == 0
    assert bench.line.rooms() == []
    bench.turns(5)
    assert bench.store.ends[monitor_id] is MonitorEnd.NOT_PLACED
    assert "not on the line" in bench.store.sentences[monitor_id]


def test_a_supervisor_leaves_and_the_call_goes_on(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, BARGE)
    bench.store.change(monitor_id, stop_wanted=True)
    bench.turns(3)
    assert bench.store.ends[monitor_id] is MonitorEnd.STOPPED
    assert not bench.supervisor(monitor_id).active
    assert bench.leg(f"att-{call.call_id}").active
    assert bench.leg(f"agent-{call.session_id}").active


@pytest.mark.parametrize("mode", list(MonitorMode))
def test_the_end_of_the_call_takes_the_supervisor_off(bench: Bench, mode: MonitorMode) -> None:
    call = bench.call()
    monitor_id = bench.join(call, mode)
    bench.line.drop(f"att-{call.call_id}")
    bench.store.change(monitor_id, call_ended=True)
    bench.turns(3)
    assert bench.store.ends[monitor_id] is MonitorEnd.CALL_ENDED
    assert not bench.supervisor(monitor_id).active
    assert bench.leg(f"agent-{call.session_id}").active, "the shift goes on"


def test_a_supervisor_alone_never_keeps_a_conference(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, BARGE)
    bench.line.drop(f"att-{call.call_id}")
    bench.line.drop(f"agent-{call.session_id}")
    bench.store.change(monitor_id, call_ended=True)
    bench.turns(3)
    assert [room.status for room in bench.line.rooms()] == ["completed"]


def test_who_hangs_up_their_own_phone_has_left(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, LISTEN)
    bench.line.drop(f"mon-{monitor_id}")
    bench.turns(2)
    assert bench.store.ends[monitor_id] is MonitorEnd.LEFT
    assert bench.calls_of(monitor_id) == 1


def test_a_phone_that_is_not_answered_says_so(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call)
    bench.chore.turn(bench.store)
    bench.line.drop(f"mon-{monitor_id}")  # declined while it rang
    bench.turns(2)
    assert bench.store.ends[monitor_id] is MonitorEnd.NO_ANSWER
    assert "did not answer" in bench.store.sentences[monitor_id]


def test_a_wish_taken_back_while_it_rings_is_no_call(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call)
    bench.chore.turn(bench.store)
    bench.store.change(monitor_id, stop_wanted=True)
    bench.turns(3)
    assert bench.store.ends[monitor_id] is MonitorEnd.STOPPED
    assert not bench.supervisor(monitor_id).active


@pytest.mark.expected_logs
def test_an_emergency_number_is_nobodys_own_phone(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call, endpoint="+1911")
    bench.turns(2)
    assert bench.store.ends[monitor_id] is MonitorEnd.REFUSED
    assert bench.calls_of(monitor_id) == 0


# ------------------------------------------------------------------------------- faults


@pytest.mark.expected_logs
@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_an_answer_that_was_lost_is_looked_up_and_never_sent_again(
    bench: Bench, kind: FaultKind
) -> None:
    call = bench.call()
    bench.faults.add(Fault(kind, *ADD))
    monitor_id = bench.join(call, COACH)
    assert bench.calls_of(monitor_id) == 1


@pytest.mark.expected_logs
@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE])
def test_what_may_have_been_done_and_was_not_is_given_up_not_repeated(
    bench: Bench, kind: FaultKind
) -> None:
    call = bench.call()
    bench.faults.add(Fault(kind, *ADD))
    monitor_id = bench.store.ask(call)
    bench.turns(30)
    assert bench.store.rows[monitor_id].state is MonitorState.PLACING
    bench.turns(20)
    assert bench.store.ends[monitor_id] is MonitorEnd.LOST
    assert bench.calls_of(monitor_id) == 0


def test_too_many_requests_is_sent_again_when_the_carrier_says_so(bench: Bench) -> None:
    call = bench.call()
    bench.faults.add(Fault(FaultKind.TOO_MANY, *ADD, retry_after_s=3))
    monitor_id = bench.store.ask(call)
    bench.turns(2.5)
    assert bench.calls_of(monitor_id) == 0
    bench.turns(5)
    assert bench.store.rows[monitor_id].state is MonitorState.ON
    assert bench.calls_of(monitor_id) == 1


def test_a_gateway_that_died_after_asking_finds_its_supervisor_by_the_label(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call, BARGE)
    wish = bench.store.rows[monitor_id]
    assert bench.store.place_monitor(monitor_id)
    coordinator = bench.leg(f"agent-{call.session_id}").sid
    answer = TwilioMonitor(bench.carrier).call_in(wish, coordinator)
    assert isinstance(answer, Accepted)  # and nobody writes it down
    bench.restart()
    bench.turns(3)
    found = bench.store.rows[monitor_id]
    assert (found.state, found.line_mode, found.carrier_ref) == (MonitorState.ON, BARGE, answer.ref)
    assert bench.calls_of(monitor_id) == 1


def test_a_gateway_that_died_before_asking_does_not_ask(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call)
    assert bench.store.place_monitor(monitor_id)
    bench.restart()
    bench.turns(50)
    assert bench.store.ends[monitor_id] is MonitorEnd.LOST
    assert bench.calls_of(monitor_id) == 0


def test_a_row_that_somebody_holds_is_said_again(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.store.ask(call)
    bench.store.busy.add(monitor_id)
    bench.turns(3)
    assert bench.calls_of(monitor_id) == 0, "nothing is committed, so nobody is called"
    bench.store.busy.clear()
    bench.turns(1)
    bench.store.busy.add(monitor_id)
    bench.turns(3)
    assert bench.store.rows[monitor_id].state is MonitorState.RINGING
    bench.store.busy.clear()
    bench.turns(1)
    assert bench.store.rows[monitor_id].state is MonitorState.ON
    assert bench.calls_of(monitor_id) == 1


def test_what_the_carrier_said_once_is_not_lost_to_a_held_row(bench: Bench) -> None:
    """Only this answer says that nobody was called: the next look could not tell."""
    call = bench.call()
    monitor_id = bench.store.ask(call)
    bench.faults.add(Fault(FaultKind.TOO_MANY, *ADD))
    bench.store.hold_placed = True
    bench.turns(2)
    assert bench.store.rows[monitor_id].state is MonitorState.PLACING
    bench.store.busy.clear()
    bench.store.hold_placed = False
    bench.turns(5)
    assert bench.store.rows[monitor_id].state is MonitorState.ON
    assert bench.calls_of(monitor_id) == 1


def test_a_line_that_cannot_be_reached_changes_nothing(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, LISTEN)
    bench.faults.add(Fault(FaultKind.UNAVAILABLE, "GET", "", times=3))
    bench.turns(3)
    assert bench.store.rows[monitor_id].state is MonitorState.ON
    bench.store.change(monitor_id, stop_wanted=True)
    bench.turns(3)
    assert bench.store.ends[monitor_id] is MonitorEnd.STOPPED


# ------------------------------------------------------------------------------- the carrier


def test_the_port_says_who_is_in_a_room(bench: Bench) -> None:
    call = bench.call()
    port = TwilioMonitor(bench.carrier)
    monitor_id = bench.store.ask(call, COACH)
    wish = bench.store.rows[monitor_id]
    room = port.room(call.session_id)
    assert isinstance(room, Room)
    assert room == Room(bench.leg(f"agent-{call.session_id}").sid, {})
    answer = port.call_in(wish, room.coordinator)
    assert isinstance(answer, Accepted)
    ringing = port.room(call.session_id)
    assert isinstance(ringing, Room)
    assert ringing.legs == {str(monitor_id): MonitorLeg(answer.ref, up=False, mode=None)}
    assert port.ended(answer.ref) is None
    assert port.leave(answer.ref) == Done()


def test_coaching_somebody_who_is_not_there_is_refused(bench: Bench) -> None:
    call = bench.call()
    port = TwilioMonitor(bench.carrier)
    wish = bench.store.rows[bench.store.ask(call, COACH)]
    answer = port.call_in(wish, "CA" + "0" * 32)
    assert isinstance(answer, Rejected)
    assert answer.code == "16028"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"coaching": True}, 20001),
        ({"call_sid_to_coach": "CA" + "0" * 32}, 16028),
        ({"coaching": True, "call_sid_to_coach": "CA" + "0" * 32}, 16028),
    ],
)
def test_the_practice_line_refuses_as_the_carrier_documents(
    bench: Bench, parameters: dict[str, object], code: int
) -> None:
    call = bench.call()
    monitor_id = bench.join(call, LISTEN)
    room = bench.carrier.room(call.session_id)
    assert room is not None
    with pytest.raises(TwilioRestException) as refused:
        room.participants(bench.supervisor(monitor_id).sid).update(**parameters)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_call_to_coach_alone_means_coaching(bench: Bench) -> None:
    call = bench.call()
    monitor_id = bench.join(call, BARGE)
    agent = bench.leg(f"agent-{call.session_id}").sid
    rooms = bench.carrier.client.conferences
    (found,) = rooms.list(friendly_name=room_name(call.session_id))
    room = rooms(found.sid)
    seen = room.participants(f"mon-{monitor_id}").update(call_sid_to_coach=agent)
    assert (seen.coaching, seen.call_sid_to_coach) == (True, agent)
    seen = room.participants(f"mon-{monitor_id}").update(coaching=False)
    assert (seen.coaching, seen.call_sid_to_coach) == (False, None)
