"""A call from Dial to its end, over the practice line in virtual time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.settings import PRACTICE, EngineSettings
from coordinator_app.domain.call import CallCommand, CallEnd, CallState
from tests.helpers.people import number_of
from tests.helpers.phone_world import PhoneWorld

pytestmark = pytest.mark.expected_logs


@pytest.fixture
def world() -> PhoneWorld:
    return PhoneWorld()


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (PersonaKind.ANSWERS, CallEnd.COMPLETED_BY_PATIENT),
        (PersonaKind.NO_ANSWER, CallEnd.NO_ANSWER),
        (PersonaKind.BUSY, CallEnd.BUSY),
        (PersonaKind.DISCONNECTED, CallEnd.BAD_NUMBER),
        (PersonaKind.MAILBOX_FULL, CallEnd.COMPLETED_BY_PATIENT),
        (PersonaKind.WRONG_PERSON, CallEnd.COMPLETED_BY_PATIENT),
    ],
)
def test_how_calls_end(world: PhoneWorld, kind: PersonaKind, end: CallEnd) -> None:
    call = world.ask(kind)
    assert world.until_ended(call) is end
    known = world.store.of(call)
    assert known.ending is not None
    assert known.ending.sentence
    assert known.ended_at is not None
    assert (known.answered_at is not None) == (end is CallEnd.COMPLETED_BY_PATIENT)
    assert world.net.line.placed == 1
    assert world.engine.open_calls() == 0


def test_the_states_of_an_answered_call_come_in_order(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    seen = list(dict.fromkeys(f.state for f in world.store.facts if f.call_id == call.call_id))
    assert seen == [CallState.QUEUED, CallState.RINGING, CallState.LIVE]


def test_nobody_answers_within_the_ring_timeout(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.NO_ANSWER, ring_timeout_s=12)
    world.until_state(call, CallState.RINGING)
    rang = world.clock.monotonic()
    world.until_ended(call)
    assert world.clock.monotonic() - rang == pytest.approx(12, abs=1)


def test_the_words_of_a_voicemail_arrive_with_their_times(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.VOICEMAIL)
    world.until(lambda: len(world.store.of(call).captions) == 2)
    greeting, beep = world.store.of(call).captions
    assert greeting.speaker == "machine"
    assert "Rena" in greeting.text
    assert beep.text == "(beep)"
    assert (beep.at - greeting.at).total_seconds() == pytest.approx(4.7)


def test_the_patient_is_dialled_only_when_the_coordinator_is_there() -> None:
    world = PhoneWorld(line=LineSettings(agent_answers=6.0))
    call = world.ask(PersonaKind.ANSWERS)
    world.run(5)
    assert world.net.line.placed == 0
    world.until_state(call, CallState.LIVE)
    labels = [leg.label for leg in world.net.line.legs()]
    assert labels == [f"att-{call.call_id}", f"agent-{call.session_id}"]


def test_a_coordinator_who_does_not_answer_costs_the_patient_nothing() -> None:
    world = PhoneWorld(line=LineSettings(agent_answers=500.0))
    call = world.ask(PersonaKind.ANSWERS)
    assert world.until_ended(call) is CallEnd.NEVER_PLACED
    ending = world.store.of(call).ending
    assert ending is not None
    assert "Your own phone did not answer" in ending.sentence
    assert world.net.line.placed == 0


@pytest.mark.parametrize("endpoint", ["nonsense", "+15029111234"])
def test_a_coordinators_phone_that_cannot_be_called(world: PhoneWorld, endpoint: str) -> None:
    call = world.ask(PersonaKind.ANSWERS, agent_endpoint=endpoint)
    assert world.until_ended(call, within=2) is CallEnd.NEVER_PLACED
    ending = world.store.of(call).ending
    assert ending is not None
    assert ending.sentence.startswith("Your own phone could not be called.")
    assert world.engine.health().state == "ok"


def test_a_coordinators_own_number_answers_on_the_practice_line(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS, agent_endpoint=number_of(PersonaKind.BUSY))
    world.until_state(call, CallState.LIVE)


def test_after_that_dialling_again_works() -> None:
    world = PhoneWorld(line=LineSettings(agent_answers=500.0))
    call = world.ask(PersonaKind.ANSWERS)
    world.until_ended(call)
    world.net.line.settings = LineSettings()
    again = world.ask(PersonaKind.ANSWERS, session_id=call.session_id)
    world.until_state(again, CallState.LIVE)


def test_one_coordinators_leg_serves_the_whole_shift(world: PhoneWorld) -> None:
    first = world.ask(PersonaKind.BUSY)
    world.until_ended(first)
    second = world.ask(PersonaKind.NO_ANSWER, session_id=first.session_id)
    world.until_ended(second)
    agents = [leg for leg in world.net.line.legs() if (leg.label or "").startswith("agent-")]
    assert len(agents) == 1
    assert agents[0].active


def test_an_idle_coordinators_leg_is_let_go() -> None:
    world = PhoneWorld(replace(PRACTICE, agent_idle=60.0))
    call = world.ask(PersonaKind.BUSY)
    world.until_ended(call)
    leg = world.net.line.by_label(f"agent-{call.session_id}")
    assert leg is not None
    world.run(50)
    assert leg.active
    world.run(20)
    assert not leg.active


def test_hanging_up(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=2) is CallEnd.COMPLETED_BY_US


def test_hanging_up_twice_is_as_good_as_once(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.store.command(call, CallCommand.HANG_UP)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=2) is CallEnd.COMPLETED_BY_US
    world.store.command(call, CallCommand.HANG_UP)
    world.run(2)
    assert world.carrier_status(call) == ["completed"]


def test_hanging_up_while_it_rings(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.NO_ANSWER)
    world.until_state(call, CallState.RINGING)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=2) is CallEnd.CANCELED
    assert world.carrier_status(call) == ["canceled"]


def test_hanging_up_in_the_moment_of_the_answer(world: PhoneWorld) -> None:
    """The engine thinks that it rings; the patient has just answered (telephony.md 4.3)."""
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.RINGING)
    leg = world.net.patient_calls(call.call_id)[0]
    due = leg.next_event()
    assert due is not None
    world.clock.advance((due - world.clock.now()).total_seconds())
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=3) is CallEnd.COMPLETED_BY_US
    assert world.carrier_status(call) == ["completed"]


def test_hanging_up_before_it_was_dialled() -> None:
    world = PhoneWorld(line=LineSettings(agent_answers=5.0))
    call = world.ask(PersonaKind.ANSWERS)
    world.run(2)
    world.store.command(call, CallCommand.HANG_UP)
    assert world.until_ended(call, within=2) is CallEnd.CANCELED
    world.run(20)
    assert world.net.line.placed == 0


def test_hold_stops_the_patients_words_and_resuming_lets_them_go_on(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until(lambda: len(world.store.of(call).captions) == 1)
    world.store.command(call, CallCommand.HOLD)
    world.until(lambda: (held := world.store.of(call).held) is not None and held.on)
    world.run(60)
    assert len(world.store.of(call).captions) == 1
    world.store.command(call, CallCommand.UNHOLD)
    world.until(lambda: len(world.store.of(call).captions) == 2, within=6)
    held = world.store.of(call).held
    assert held is not None
    assert not held.on


def test_mute_does_not_outlive_the_call(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    agent = world.net.line.by_label(f"agent-{call.session_id}")
    assert agent is not None
    world.store.command(call, CallCommand.MUTE)
    world.until(lambda: (muted := world.store.of(call).muted) is not None and muted.on)
    assert agent.muted
    world.store.command(call, CallCommand.HANG_UP)
    world.until_ended(call)
    second = world.ask(PersonaKind.BUSY, session_id=call.session_id)
    world.until_state(second, CallState.QUEUED)
    assert not agent.muted


def test_keys_reach_a_menu_and_the_call_goes_on(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.MENU)
    world.until(lambda: len(world.store.of(call).captions) == 1)
    world.store.command(call, CallCommand.DIGITS, "1")
    world.until(lambda: len(world.store.of(call).captions) == 2, within=3)
    assert world.store.of(call).captions[1].text == "Hello, this is Rena."
    world.run(3)
    assert world.store.of(call).state is CallState.LIVE
    world.store.command(call, CallCommand.HOLD)
    world.until(lambda: (held := world.store.of(call).held) is not None and held.on)


def test_an_extension_is_dialled_after_the_answer(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.MENU, extension="0")
    world.until_state(call, CallState.LIVE)
    world.until(lambda: len(world.store.of(call).captions) == 2, within=5)
    assert "Front desk" in " ".join(c.text for c in world.store.of(call).captions)


def test_a_lost_coordinator_is_called_back_while_the_patient_waits(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.line.drop(f"agent-{call.session_id}")
    world.run(5)
    agent = world.net.line.by_label(f"agent-{call.session_id}")
    assert agent is not None
    assert agent.status == "in-progress"
    world.run(30)
    assert world.store.of(call).state is CallState.LIVE


def test_a_patient_is_not_left_alone(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    world.net.line.settings = LineSettings(agent_answers=500.0)
    world.net.line.drop(f"agent-{call.session_id}")
    lost = world.clock.monotonic()
    assert world.until_ended(call) is CallEnd.AGENT_LEG_LOST
    assert world.clock.monotonic() - lost == pytest.approx(15, abs=3)


def test_a_coordinator_lost_while_it_rings_ends_the_ringing(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.NO_ANSWER)
    world.until_state(call, CallState.RINGING)
    world.net.line.drop(f"agent-{call.session_id}")
    assert world.until_ended(call, within=4) is CallEnd.AGENT_LEG_LOST
    assert world.carrier_status(call) == ["canceled"]


def test_the_time_limit(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS, time_limit_s=30)
    assert world.until_ended(call) is CallEnd.TIME_LIMIT


@pytest.mark.parametrize(
    ("to", "end"),
    [
        ("+15005550001", CallEnd.BAD_NUMBER),
        ("+15005550002", CallEnd.BAD_NUMBER),
        ("+15005550003", CallEnd.BLOCKED),
        ("+15005550004", CallEnd.BLOCKED),
        ("+15029111234", CallEnd.BLOCKED),
    ],
)
def test_refused_numbers(world: PhoneWorld, to: str, end: CallEnd) -> None:
    call = world.ask(PersonaKind.ANSWERS, to=to)
    assert world.until_ended(call) is end
    other = world.ask(PersonaKind.BUSY)  # the line goes on for everybody else
    assert world.until_ended(other) is CallEnd.BUSY


def test_a_caller_id_that_is_not_ours_stops_the_line_for_everybody() -> None:
    world = PhoneWorld(line=LineSettings(caller_ids=frozenset({"+15025550999"})))
    call = world.ask(PersonaKind.ANSWERS)
    assert world.until_ended(call) is CallEnd.NEVER_PLACED
    health = world.engine.health()
    assert health.state == "down"
    assert "caller ID" in health.sentence
    next_one = world.ask(PersonaKind.ANSWERS)
    assert world.until_ended(next_one, within=1) is CallEnd.NEVER_PLACED
    assert world.net.line.placed == 0


def test_calls_wait_their_turn_at_the_carriers_rate() -> None:
    world = PhoneWorld(EngineSettings(calls_per_second=1.0))
    for kind in (PersonaKind.ANSWERS, PersonaKind.NO_ANSWER, PersonaKind.VOICEMAIL):
        world.ask(kind)
    world.until(lambda: world.net.line.placed == 3)
    times = sorted(leg.created_at for leg in world.net.line.legs())
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert len(times) == 6
    assert min(gaps) >= 0.99


def test_facts_of_a_call_that_somebody_holds_are_sent_again_and_delay_no_other() -> None:
    world = PhoneWorld()
    held, other = world.ask(PersonaKind.BUSY), world.ask(PersonaKind.BUSY, to="+15025550144")
    world.store.busy.add(held.call_id)
    world.until_ended(other)
    world.run(5)
    assert world.store.of(held).state is not CallState.ENDED
    world.store.busy.clear()
    assert world.until_ended(held) is CallEnd.BUSY


def test_no_more_requests_are_taken_than_can_be_placed() -> None:
    world = PhoneWorld(replace(PRACTICE, requests_at_once=2))
    world.store.presses = False
    calls = [world.ask(PersonaKind.BUSY, to=f"+1502555{n:04d}") for n in range(500, 505)]
    world.run(1)  # their own phones are up
    world.net.faults.add(Fault(FaultKind.TOO_MANY, "POST", "Participants", times=100))
    for call in calls:
        world.store.hear_me(call.session_id)
    world.run(2)
    states = [world.store.of(call).state for call in calls]
    assert states.count(CallState.REQUESTED) == 3


def test_nothing_about_the_patient_is_in_names_and_labels(world: PhoneWorld) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_state(call, CallState.LIVE)
    for request in world.net.http.sent:
        assert call.to not in request.path
        assert call.to[2:] not in request.form.get("Label", "")
    posts = [r for r in world.net.http.sent if r.method == "POST"]
    assert [set(r.form) for r in posts] == [
        {
            "From",
            "To",
            "Label",
            "Timeout",
            "TimeLimit",
            "EarlyMedia",
            "Beep",
            "StartConferenceOnEnter",
            "EndConferenceOnExit",
            "WaitUrl",
        }
    ] * 2
    assert posts[1].form["From"] == call.caller_id
    assert posts[1].form["Timeout"] == "12"


def test_logs_do_not_say_who_was_called(
    world: PhoneWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for kind in PersonaKind:
        call = world.ask(kind)
        world.until_ended(call)
        assert call.to not in caplog.text
        assert call.to[2:] not in caplog.text
    assert "Rena" not in caplog.text
