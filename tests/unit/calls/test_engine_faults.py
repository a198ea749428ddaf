"""Whatever is lost, cut or killed: no call twice, none forgotten (telephony.md 4.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.call import CallCommand, CallEnd, CallRequest, CallState
from coordinator_app.errors import NotConnectedError
from tests.helpers.phone_world import PhoneWorld

pytestmark = pytest.mark.expected_logs

DIAL = ("POST", "Participants")
_STATUS = {
    CallEnd.COMPLETED_BY_PATIENT: "completed",
    CallEnd.COMPLETED_BY_US: "completed",
    CallEnd.NO_ANSWER: "no-answer",
    CallEnd.BUSY: "busy",
    CallEnd.CANCELED: "canceled",
    CallEnd.BAD_NUMBER: "failed",
}


@pytest.fixture
def world() -> PhoneWorld:
    """With the coordinator's leg up, so that the next dial is the patient's."""
    world = PhoneWorld()
    warm = world.ask(PersonaKind.BUSY)
    world.until_ended(warm)
    world.session = warm.session_id  # type: ignore[attr-defined]
    return world


def dial(world: PhoneWorld, kind: PersonaKind, **changes: object) -> CallRequest:
    return world.ask(kind, session_id=world.session, **changes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_an_answer_lost_after_the_effect_is_found_again(world: PhoneWorld, kind: FaultKind) -> None:
    world.net.faults.add(Fault(kind, *DIAL))
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.UNKNOWN)
    world.until_state(call, CallState.LIVE)
    assert len(world.carrier_status(call)) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE])
def test_a_request_that_never_arrived_is_not_sent_again(world: PhoneWorld, kind: FaultKind) -> None:
    world.net.faults.add(Fault(kind, *DIAL))
    call = dial(world, PersonaKind.ANSWERS)
    started = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.NEVER_PLACED
    assert world.clock.monotonic() - started == pytest.approx(12 + 5 + 60, abs=3)
    assert world.carrier_status(call) == []


def test_a_call_that_ended_before_it_was_found_is_found_by_its_numbers(
    world: PhoneWorld,
) -> None:
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    world.net.faults.add(Fault(FaultKind.UNAVAILABLE, "GET", "", times=12))
    call = dial(world, PersonaKind.DISCONNECTED)
    assert world.until_ended(call) is CallEnd.BAD_NUMBER


def test_an_earlier_call_to_the_same_number_is_not_mistaken_for_it(world: PhoneWorld) -> None:
    first = dial(world, PersonaKind.BUSY)
    world.until_ended(first)
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, *DIAL))
    second = dial(world, PersonaKind.BUSY)
    assert world.until_ended(second) is CallEnd.NEVER_PLACED


def test_when_nobody_can_tell_a_person_decides(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, *DIAL))
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.UNKNOWN)
    world.net.faults.add(Fault(FaultKind.UNAVAILABLE, "GET", "", times=10_000))
    assert world.until_ended(call) is CallEnd.UNRESOLVED
    assert world.engine.health().state == "down"


def test_hanging_up_a_call_that_is_being_looked_up(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    call = dial(world, PersonaKind.NO_ANSWER)
    world.until_state(call, CallState.UNKNOWN)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=5) is CallEnd.CANCELED


def test_too_many_requests_are_sent_again(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.TOO_MANY, *DIAL, times=3))
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    assert world.carrier_status(call) == ["in-progress"]


def test_the_carriers_waiting_time_is_kept(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.TOO_MANY, *DIAL, retry_after_s=9))
    call = dial(world, PersonaKind.ANSWERS)
    world.run(8)
    assert world.carrier_status(call) == []
    world.until_state(call, CallState.LIVE)


def test_a_line_without_room_gives_the_call_back(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.TOO_MANY, *DIAL, times=100))
    call = dial(world, PersonaKind.ANSWERS)
    assert world.until_ended(call, within=25) is CallEnd.NEVER_PLACED


def test_waiting_for_room_can_be_ended(world: PhoneWorld) -> None:
    world.net.faults.add(Fault(FaultKind.TOO_MANY, *DIAL, times=100))
    call = dial(world, PersonaKind.ANSWERS)
    world.run(3)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=1) is CallEnd.CANCELED


def test_a_line_that_cannot_be_reached_has_certainly_not_dialled(world: PhoneWorld) -> None:
    world.net.http.unplugged = True
    call = dial(world, PersonaKind.ANSWERS)
    assert world.until_ended(call, within=40) is CallEnd.NEVER_PLACED
    assert world.engine.health().state == "down"
    world.net.http.unplugged = False
    world.until(lambda: world.engine.health().state == "ok", within=5)
    world.until_state(dial(world, PersonaKind.ANSWERS), CallState.LIVE)


def test_a_cut_during_the_talk_does_not_end_it(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.http.unplugged = True
    world.store.command(call, CallCommand.HANG_UP)
    world.run(20)
    assert world.store.of(call).state is CallState.LIVE
    world.net.http.unplugged = False
    assert world.until_ended(call, within=6) is CallEnd.COMPLETED_BY_US


def test_not_found_for_a_moment_is_not_an_end(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.faults.add(Fault(FaultKind.NOT_FOUND, "GET", "", times=4))
    world.run(5)
    assert world.store.of(call).state is CallState.LIVE


def test_a_lost_hang_up_is_repeated(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, "POST", "Calls"))
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=6) is CallEnd.COMPLETED_BY_US


def test_a_lost_hold_is_repeated_and_lost_keys_are_not(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.MENU)
    world.until(lambda: len(world.store.of(call).captions) == 1)
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, "POST", "Participants"))
    world.store.command(call, CallCommand.HOLD)
    world.until(lambda: (held := world.store.of(call).held) is not None and held.on, within=3)
    world.store.command(call, CallCommand.UNHOLD)
    world.run(2)
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, "POST", "Calls"))
    world.store.command(call, CallCommand.DIGITS, "1")
    world.run(5)
    words = [c.text for c in world.store.of(call).captions]
    assert words.count("Hello, this is Rena.") == 1


def test_a_carrier_that_forgot_the_call_leaves_it_to_a_person(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.line._legs.clear()  # what is left of a practice line that was killed
    world.net.line._rooms.clear()
    assert world.until_ended(call, within=10) is CallEnd.UNRESOLVED


def test_a_gateway_that_dies_again_and_again_gives_up_a_lost_call_all_the_same(
    world: PhoneWorld,
) -> None:
    """Each start looks the call up anew; the patient is not fenced for ever."""
    world.net.faults.add(Fault(FaultKind.LOST_BEFORE, *DIAL))
    call = dial(world, PersonaKind.ANSWERS)
    world.until_state(call, CallState.UNKNOWN)
    started = world.clock.monotonic()
    while world.store.of(call).state is not CallState.ENDED:
        assert world.clock.monotonic() - started < 420
        world.run(20)
        world.start()
    ending = world.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.NEVER_PLACED
    assert world.carrier_status(call) == []


# ------------------------------------------------------------------ database


def _turn(world: PhoneWorld, times: int) -> None:
    for _ in range(times):
        world.clock.advance(max(0.05, world.engine.step(world.store)))


@pytest.mark.parametrize("method", ["take_requests", "take_commands", "record"])
def test_a_lost_reply_of_the_database(world: PhoneWorld, method: str) -> None:
    world.store.lose_next = method
    call = dial(world, PersonaKind.BUSY)
    with pytest.raises(NotConnectedError):
        _turn(world, times=20)
    world.engine.adopt(world.store)  # what the gateway does when it is connected again
    end = world.until_ended(call)
    assert len(world.carrier_status(call)) == (end is CallEnd.BUSY) + 1  # the warm-up's, too
    assert end in (CallEnd.BUSY, CallEnd.NEVER_PLACED)


def test_without_the_database_calls_are_followed_and_written_later(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.WRONG_PERSON)
    world.until_state(call, CallState.LIVE)
    world.store.away = True
    for _ in range(300):
        world.clock.advance(max(0.1, world.engine.step(None)))
    assert world.engine.open_calls() == 0
    assert world.store.of(call).state is CallState.LIVE
    world.store.away = False
    world.engine.adopt(world.store)
    known = world.store.of(call)
    assert known.state is CallState.ENDED
    assert known.answered_at is not None
    assert known.ended_at is not None
    assert 15 < (known.ended_at - known.answered_at).total_seconds() < 25


def test_a_fact_that_is_refused_does_not_hold_up_the_others(
    world: PhoneWorld, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = dial(world, PersonaKind.BUSY), dial(world, PersonaKind.NO_ANSWER)
    world.store.refused.add(bad.call_id)
    assert world.until_ended(good) is CallEnd.BUSY
    assert "no_such_call" in caplog.text


def test_a_line_that_forgets_its_ring_timeout_is_reminded(world: PhoneWorld) -> None:
    world.net.line.settings = LineSettings(ring_buffer=500.0)
    call = dial(world, PersonaKind.NO_ANSWER)
    started = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.NO_ANSWER
    assert world.clock.monotonic() - started == pytest.approx(12 + 5 + 30, abs=3)


def test_a_line_that_forgets_the_time_limit_is_reminded(world: PhoneWorld) -> None:
    call = dial(world, PersonaKind.ANSWERS, time_limit_s=30)
    world.until_state(call, CallState.LIVE)
    world.net.patient_calls(call.call_id)[0].time_limit_s = 9999
    started = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.TIME_LIMIT
    assert world.clock.monotonic() - started == pytest.approx(30 + 30, abs=3)


def test_a_lost_answer_about_the_coordinators_leg_opens_no_second_one() -> None:
    world = PhoneWorld()
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, *DIAL))
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    assert len(world.net.line.legs()) == 2


# ------------------------------------------------------------------ killed at every step


def _matrix_world(lost: FaultKind | None) -> PhoneWorld:
    world = PhoneWorld(line=LineSettings(ring=(1.0, 1.2)))
    if lost is not None:
        world.net.faults.add(Fault(lost, *DIAL, times=2))  # the coordinator's and the patient's
    return world


def _killed_at(step: int, kind: PersonaKind, lost: FaultKind | None) -> None:
    world = _matrix_world(lost)
    call = world.ask(kind)
    for _ in range(step):
        world.step()
    world.start()
    _accounted_for(world, call)


def _accounted_for(world: PhoneWorld, call: CallRequest) -> None:
    end = world.until_ended(call, within=300)
    statuses = world.carrier_status(call)
    assert len(statuses) <= 1
    if statuses:
        assert _STATUS[end] == statuses[0]
    else:
        assert end is CallEnd.NEVER_PLACED
    world.run(100)
    assert world.carrier_status(call) == statuses


@pytest.mark.parametrize("lost", [None, FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER])
@pytest.mark.parametrize("kind", [PersonaKind.WRONG_PERSON, PersonaKind.BUSY])
@pytest.mark.parametrize("step", [0, 1, 2, 3, 4, 5, 6, 8, 12, 20])
def test_the_gateway_is_killed_between_steps(
    step: int, kind: PersonaKind, lost: FaultKind | None
) -> None:
    _killed_at(step, kind, lost)


class Killed(BaseException):
    """kill -9: nothing of ours runs after it."""


def _kill_after(world: PhoneWorld, requests: int, *, answered: bool) -> None:
    """Die at the nth request to the carrier, before it is sent or before its answer is used."""
    send: Callable[..., object] = world.net.http.request
    count = 0

    def request(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        if count == requests and not answered:
            raise Killed
        answer = send(*args, **kwargs)
        if count == requests:
            raise Killed
        return answer

    world.net.http.request = request  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("requests", range(1, 16))
def test_the_gateway_is_killed_inside_a_request(requests: int, *, answered: bool) -> None:
    world = PhoneWorld(line=LineSettings(ring=(1.0, 1.2)))
    call = world.ask(PersonaKind.WRONG_PERSON)
    _kill_after(world, requests, answered=answered)
    with pytest.raises(Killed):
        world.run(60)
    world.start()
    _accounted_for(world, call)
