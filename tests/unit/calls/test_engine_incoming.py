"""A caller who waits, taken by the same engine that dials: led in, followed, ended, found again."""

from __future__ import annotations

import pytest

from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.call import CallCommand, CallEnd, CallRequest, CallState
from tests.helpers.people import number_of
from tests.helpers.phone_world import PhoneWorld

OFFICE = "+15025550100"
ROSA = number_of(PersonaKind.ANSWERS)


def caller(world: PhoneWorld) -> CallRequest:
    """Rosa calls the office, waits, and a coordinator presses "Take the call"."""
    ref = world.net.line.call_in(ROSA, OFFICE).sid
    world.clock.advance(3)
    assert world.net.line.leg(ref).queue == "returned-calls"
    return world.ask(PersonaKind.ANSWERS, incoming_ref=ref)


def test_a_waiting_caller_is_led_in_and_followed_to_the_end() -> None:
    world = PhoneWorld()
    request = caller(world)
    live = world.until_state(request, CallState.LIVE)
    assert live.carrier_ref == request.incoming_ref
    assert world.net.line.placed == 0
    assert world.until_ended(request) is CallEnd.COMPLETED_BY_PATIENT


def test_the_coordinator_hangs_up() -> None:
    world = PhoneWorld()
    request = caller(world)
    world.until_state(request, CallState.LIVE)
    world.store.command(request, CallCommand.HANG_UP)
    assert world.until_ended(request) is CallEnd.COMPLETED_BY_US


@pytest.mark.expected_logs
def test_a_caller_who_hung_up_meanwhile_is_said_to_have() -> None:
    world = PhoneWorld()
    request = caller(world)
    world.net.line.hang_up(world.net.line.leg(request.incoming_ref), "completed")
    assert world.until_ended(request) is CallEnd.NEVER_PLACED
    ending = world.store.of(request).ending
    assert ending is not None
    assert "hung up before you took the call" in ending.sentence
    assert world.net.line.placed == 0


@pytest.mark.expected_logs
@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.LOST_BEFORE])
def test_a_lost_answer_is_no_second_call(kind: FaultKind) -> None:
    world = PhoneWorld()
    request = caller(world)
    world.net.faults.add(Fault(kind, "POST", "Calls"))
    assert world.until_state(request, CallState.LIVE).carrier_ref == request.incoming_ref
    assert len([leg for leg in world.net.line.legs() if leg.to == ROSA]) == 0


@pytest.mark.expected_logs
def test_a_new_gateway_takes_the_caller_up_again() -> None:
    world = PhoneWorld()
    request = caller(world)
    world.until_state(request, CallState.LIVE)
    world.start()
    assert world.until_ended(request) is CallEnd.COMPLETED_BY_PATIENT
