"""The coordinator's own leg: once a shift, heard before anybody is dialled (telephony.md 1.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.domain.call import CallEnd, CallRequest, CallState, PhoneState
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.phone_world import PhoneWorld

pytestmark = pytest.mark.expected_logs


@pytest.fixture
def world() -> PhoneWorld:
    """Nobody presses by themselves."""
    world = PhoneWorld()
    world.store.presses = False
    return world


def connect(world: PhoneWorld, **changes: object) -> CallRequest:
    """Somebody presses "Connect my phone"; the request is for later."""
    request = call_request(**changes)
    world.store.want_phone(request)
    return request


def phone(world: PhoneWorld, request: CallRequest) -> PhoneState:
    return world.store.shifts[request.session_id].state


def until_up(world: PhoneWorld, request: CallRequest) -> None:
    world.until(lambda: phone(world, request) is PhoneState.UP, within=20)


def test_nobody_is_dialled_before_i_hear_you(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    until_up(world, call)
    world.run(20)
    assert world.net.line.placed == 0
    world.store.hear_me(call.session_id)
    world.until_state(call, CallState.LIVE)


def test_who_never_presses_is_hung_up_and_told(world: PhoneWorld) -> None:
    """It went to the coordinator's own voicemail."""
    call = world.ask(PersonaKind.ANSWERS)
    until_up(world, call)
    began = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.NEVER_PLACED
    assert world.clock.monotonic() - began == pytest.approx(45, abs=3)
    assert "nobody pressed" in world.store.sentences[call.session_id]
    agent = world.net.line.by_label(f"agent-{call.session_id}")
    assert agent is not None
    assert not agent.active
    assert world.net.line.placed == 0


def test_the_phone_comes_up_before_the_first_dial(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.store.hear_me(request.session_id)
    call = world.ask(PersonaKind.BUSY, session_id=request.session_id)
    assert world.until_ended(call) is CallEnd.BUSY
    agents = [leg for leg in world.net.line.legs() if (leg.label or "").startswith("agent-")]
    assert len(agents) == 1


def test_disconnecting_hangs_it_up(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.store.let_phone_go(request.session_id)
    world.until(lambda: phone(world, request) is PhoneState.GONE, within=3)
    agent = world.net.line.by_label(f"agent-{request.session_id}")
    assert agent is not None
    assert not agent.active


def test_a_lost_disconnect_is_sent_again(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, "DELETE", times=3))
    world.store.let_phone_go(request.session_id)
    world.until(lambda: phone(world, request) is PhoneState.GONE, within=5)
    agent = world.net.line.by_label(f"agent-{request.session_id}")
    assert agent is not None
    assert not agent.active


def test_a_phone_that_leaves_between_calls_has_to_be_heard_again(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.store.hear_me(request.session_id)
    world.run(3)
    world.net.line.drop(f"agent-{request.session_id}")
    world.until(lambda: phone(world, request) is PhoneState.GONE, within=5)
    assert world.store.sentences[request.session_id] == "Your phone left the line."
    call = world.ask(PersonaKind.ANSWERS, session_id=request.session_id)
    until_up(world, call)
    world.run(5)
    assert world.net.line.placed == 0


def test_a_phone_that_left_in_the_moment_of_the_dial_costs_the_patient_nothing(
    world: PhoneWorld,
) -> None:
    """The database handed the call out; the carrier is asked once more."""
    request = connect(world)
    until_up(world, request)
    world.store.hear_me(request.session_id)
    world.run(1)
    world.net.line.drop(f"agent-{request.session_id}")
    call = world.ask(PersonaKind.ANSWERS, session_id=request.session_id)
    assert world.until_ended(call, within=3) is CallEnd.NEVER_PLACED
    assert world.net.line.placed == 0


def test_a_patient_never_talks_to_the_coordinators_voicemail() -> None:
    """Lost in the middle of a talk: held until the coordinator says that it is them."""
    world = PhoneWorld()
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.store.presses = False
    world.net.line.drop(f"agent-{call.session_id}")
    world.until(lambda: not world.store.shifts[call.session_id].confirmed, within=5)
    world.until(lambda: phone(world, call) is PhoneState.UP, within=5)
    assert world.net.patient_calls(call.call_id)[0].hold
    world.store.hear_me(call.session_id)
    world.until(lambda: not world.net.patient_calls(call.call_id)[0].hold, within=3)
    world.run(40)
    assert world.store.of(call).state is CallState.LIVE


def test_a_patient_is_not_kept_on_hold_for_a_voicemail() -> None:
    world = PhoneWorld()
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.store.presses = False
    world.net.line.drop(f"agent-{call.session_id}")
    lost = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.AGENT_LEG_LOST
    assert world.clock.monotonic() - lost == pytest.approx(30, abs=3)


def test_a_coordinators_own_hold_stays_theirs() -> None:
    world = PhoneWorld()
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    patient = world.net.patient_calls(call.call_id)[0]
    world.net.backend.set_hold(call, patient.sid, held=True)
    world.run(1)
    world.net.line.drop(f"agent-{call.session_id}")
    world.run(6)
    assert phone(world, call) is PhoneState.UP
    assert patient.hold


def test_facts_of_a_leg_that_somebody_holds_are_sent_again(world: PhoneWorld) -> None:
    request = connect(world)
    world.store.busy_shifts.add(request.session_id)
    world.run(5)
    assert phone(world, request) is PhoneState.CONNECTING
    world.store.busy_shifts.clear()
    until_up(world, request)


# ------------------------------------------------------------------ restart


def test_a_new_gateway_takes_a_heard_leg_over(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.store.hear_me(request.session_id)
    world.start()
    call = world.ask(PersonaKind.BUSY, session_id=request.session_id)
    assert world.until_ended(call) is CallEnd.BUSY
    assert (
        len([leg for leg in world.net.line.legs() if leg.label == f"agent-{call.session_id}"]) == 1
    )


def test_a_new_gateway_finds_a_leg_that_left_meanwhile(world: PhoneWorld) -> None:
    request = connect(world)
    until_up(world, request)
    world.store.hear_me(request.session_id)
    world.net.line.drop(f"agent-{request.session_id}")
    world.start()
    world.until(lambda: phone(world, request) is PhoneState.GONE, within=3)


def test_rooms_that_nobody_remembers_are_ended_when_they_are_old() -> None:
    """telephony.md 4.3 "restart": orphan conferences ``shift-*``."""
    world = PhoneWorld(replace(PRACTICE, room_overdue=600.0, sweep_every=120.0))
    known, forgotten = call_request(), call_request()
    for request in (known, forgotten):
        world.net.backend.open_agent_leg(leg_of(request))
    world.net.line.dial("+15025550188", "+15025550100", label="agent-x", room_name="somebody-elses")
    world.store.presses = True
    world.store.want_phone(known)
    lost = world.net.line.by_label(f"agent-{forgotten.session_id}")
    kept = world.net.line.by_label(f"agent-{known.session_id}")
    assert lost is not None
    assert kept is not None
    world.run(500)
    assert lost.active
    world.run(300)
    assert (lost.active, kept.active) == (False, True)
    other = world.net.line.by_label("agent-x")
    assert other is not None
    assert other.active


def test_an_unreachable_carrier_is_swept_later() -> None:
    world = PhoneWorld(replace(PRACTICE, room_overdue=10.0, sweep_every=3600.0))
    forgotten = call_request(session_id=uuid4())
    world.net.backend.open_agent_leg(leg_of(forgotten))
    world.clock.advance(60)
    world.net.http.unplugged = True
    world.run(5)
    world.net.http.unplugged = False
    world.run(5)
    leg = world.net.line.by_label(f"agent-{forgotten.session_id}")
    assert leg is not None
    assert not leg.active


# ------------------------------------------------------------------ clocks


class FastClock:
    """The gateway's computer is some seconds ahead of the carrier."""

    def __init__(self, world: PhoneWorld, ahead: float) -> None:
        self._clock = world.clock
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()


@pytest.mark.parametrize("ahead", [-8.0, 8.0])
def test_a_clock_that_is_off_loses_no_call_and_no_time(ahead: float) -> None:
    """telephony.md 4.3 "clock skew": the carrier's times are the facts, timers are monotonic."""
    world = PhoneWorld(line=LineSettings(ring=(1.0, 1.2)))
    world.engine._clock = FastClock(world, ahead)
    world.engine._driver._clock = FastClock(world, ahead)
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, "POST", "Participants", times=2))
    call = world.ask(PersonaKind.DISCONNECTED)
    assert world.until_ended(call) is CallEnd.BAD_NUMBER
    again = world.ask(PersonaKind.ANSWERS)
    known = world.until_state(again, CallState.LIVE)
    patient = world.net.patient_calls(again.call_id)[0]
    assert known.answered_at is not None
    assert patient.start_time is not None
    assert abs(known.answered_at - patient.start_time) <= timedelta(seconds=1)
