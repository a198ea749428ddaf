"""What only real sound has: the practice line over SIP and RTP, in real time."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from coordinator_app.calls.backend import Accepted, AlreadyGone, Done, PatientLeg, Snapshot
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.sip import tones
from coordinator_app.calls.twilio_monitor import TwilioMonitor
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from coordinator_app.domain.monitor import MonitorMode
from tests.helpers.call_store import call_request
from tests.helpers.monitor_wish import monitor_wish
from tests.helpers.people import number_of
from tests.helpers.sip_line import (
    MISSING,
    SoundLine,
    likeness,
    loudness,
    sound_line,
    speech,
    until,
)
from tests.helpers.sip_phone import SipPhone

pytestmark = [
    pytest.mark.sip,
    pytest.mark.skipif(MISSING is not None, reason=MISSING or ""),
]
_TIMES = 3
OFFICE = "+15025550100"


@pytest.fixture(scope="module")
def shared() -> Iterator[SoundLine]:
    # People live at their own pace here: nobody hangs up while a test still listens.
    with sound_line(pace=1) as line:
        yield line


class Talk:
    """A coordinator and a patient who hear each other. ``agent`` and ``patient``: call ids."""

    def __init__(self, line: SoundLine, kind: PersonaKind, **changes: object) -> None:
        self.line = line
        self.request = call_request(to=number_of(kind), **changes)
        self.agent = line.open_agent(self.request)
        placed = line.backend.place(self.request)
        assert isinstance(placed, Accepted)
        self.patient = placed.ref

    def until_state(self, wanted: CallState) -> None:
        until(lambda: patient_of(self.line, self.request, self.patient).state is wanted)

    def exchange_words(self, seed: int) -> tuple[float, float]:
        """Both speak at once: how well the patient, and the coordinator, hear the other."""
        heard = self.line.hear_each_other(
            {self.agent: speech(0.4, seed), self.patient: speech(0.4, -seed)}
        )
        return heard(self.agent, self.patient), heard(self.patient, self.agent)

    def hear_each_other(self, seed: int) -> bool:
        """Both are heard as they spoke. They may say it again: this computer is busy with tests,
        and sound that comes too late is lost."""
        return any(min(self.exchange_words(seed + again)) >= 0.95 for again in range(_TIMES))

    def end(self) -> None:
        self.line.backend.hang_up(self.patient, answered=True)
        self.line.backend.close_agent_leg(self.request.session_id)


def patient_of(line: SoundLine, request: CallRequest, ref: str) -> PatientLeg:
    answer = line.backend.snapshot(request, ref)
    assert isinstance(answer, Snapshot)
    return answer.patient


def test_sound_crosses_both_ways_and_stops_at_hold_and_mute(shared: SoundLine) -> None:
    talk = Talk(shared, PersonaKind.MENU)  # it greets once and is quiet then
    talk.until_state(CallState.LIVE)
    until(lambda: shared.events("said", talk.patient))
    backend = shared.backend
    assert talk.hear_each_other(10)

    assert backend.set_mute(talk.request.session_id, muted=True) == Done()
    heard = [talk.exchange_words(20 + again) for again in range(_TIMES)]
    assert all(patient < 0.3 for patient, _ in heard)
    assert any(coordinator >= 0.95 for _, coordinator in heard)
    assert backend.set_mute(talk.request.session_id, muted=False) == Done()

    assert backend.set_hold(talk.request, talk.patient, held=True) == Done()
    assert max(talk.exchange_words(30)) < 0.3
    assert backend.set_hold(talk.request, talk.patient, held=False) == Done()
    assert talk.hear_each_other(40)
    talk.end()


def test_a_supervisor_listens_coaches_and_joins_in(shared: SoundLine) -> None:
    talk = Talk(shared, PersonaKind.MENU)
    talk.until_state(CallState.LIVE)
    until(lambda: shared.events("said", talk.patient))
    supervision = TwilioMonitor(shared.backend._line)
    wish = monitor_wish(talk.request, MonitorMode.COACH)
    called = supervision.call_in(wish, talk.agent)
    assert isinstance(called, Accepted)
    until(lambda: shared.line.leg(called.ref).status == "in-progress")

    def reaches() -> tuple[bool, bool]:
        """Whether the coordinator and whether the patient hear the supervisor, who hears both."""
        for again in range(_TIMES):
            mine, patients = speech(0.4, 50 + again), speech(0.4, 60 + again)
            heard = shared.hear_each_other({called.ref: mine, talk.patient: patients})
            to_agent, to_patient = (heard(called.ref, ear) for ear in (talk.agent, talk.patient))
            # The coordinator hears two at once, each of them half; the patient one or nobody.
            clear = not 0.3 < to_agent < 0.6 and not 0.3 < to_patient < 0.95
            if clear and heard(talk.patient, called.ref) >= 0.95:
                return to_agent > 0.6, to_patient >= 0.95
        raise AssertionError("they did not hear each other well enough to tell")

    assert reaches() == (True, False)
    for mode, wanted in ((MonitorMode.BARGE, (True, True)), (MonitorMode.LISTEN, (False, False))):
        wish = dataclasses.replace(wish, mode=mode)
        assert supervision.set_mode(wish, talk.agent, called.ref) == Done()
        assert reaches() == wanted
    assert supervision.leave(called.ref) == Done()
    until(lambda: shared.events("gone", called.ref))
    talk.end()


def test_keys_arrive_in_order_and_the_telephone_sees_the_offices_number(
    shared: SoundLine,
) -> None:
    talk = Talk(shared, PersonaKind.MENU, extension="407")
    talk.until_state(CallState.LIVE)
    until(lambda: shared.keys(talk.patient) == "407")
    assert shared.backend.send_digits(talk.request, talk.patient, "19*0#") == Done()
    until(lambda: shared.keys(talk.patient) == "40719*0#")
    (rang,) = shared.events("rang", talk.patient)
    assert rang["from"].startswith(f"sip:{OFFICE}@127.0.0.1")
    assert rang["asserted"] == f"<sip:{OFFICE}@127.0.0.1>"
    talk.end()


def test_the_coordinator_hears_it_ring(shared: SoundLine) -> None:
    """Early media: the tone comes from the other end, before anybody answers."""
    talk = Talk(shared, PersonaKind.NO_ANSWER)
    talk.until_state(CallState.RINGING)
    heard = shared.heard_during(1.0, talk.agent)
    ringing = tones.ringback()
    assert likeness(ringing[4000:8000], heard) >= 0.95
    assert likeness(tones.busy()[:4000], heard) < 0.8  # one of its two tones is the same
    assert shared.backend.hang_up(talk.patient, answered=False) == Done()
    until(lambda: shared.events("gone", talk.patient))
    ended = patient_of(shared, talk.request, talk.patient)
    assert (ended.state, ended.end) == (CallState.ENDED, CallEnd.CANCELED)
    talk.end()


def test_a_number_that_does_not_exist_is_announced(shared: SoundLine) -> None:
    talk = Talk(shared, PersonaKind.DISCONNECTED)
    shared.heard(talk.agent)
    talk.until_state(CallState.ENDED)
    assert likeness(tones.not_in_service()[:3000], shared.heard(talk.agent)) >= 0.95
    ended = patient_of(shared, talk.request, talk.patient)
    assert ended.end is CallEnd.BAD_NUMBER
    assert not shared.events("rang", talk.patient)
    talk.end()


def test_nobody_hears_anything_in_an_empty_room(shared: SoundLine) -> None:
    talk = Talk(shared, PersonaKind.MENU)
    talk.until_state(CallState.LIVE)
    shared.backend.hang_up(talk.patient, answered=True)
    until(lambda: shared.events("gone", talk.patient))
    shared.heard_during(0.8, talk.agent)  # what was on its way
    assert loudness(shared.heard_during(0.4, talk.agent)) < 20
    talk.end()


@pytest.mark.parametrize(
    ("sip", "status"),
    [(486, "busy"), (603, "busy"), (480, "no-answer"), (404, "failed"), (503, "failed")],
)
def test_what_the_other_end_answers_becomes_twilios_status(
    shared: SoundLine, sip: int, status: str
) -> None:
    """Asked by a telephone that is not ours."""
    with SipPhone(sip) as phone:
        request = call_request(agent_endpoint=phone.address)
        ref = shared.call_agent(request)
        call = until(lambda: shared.call(ref, status))
        assert (call.start_time, call.duration) == (None, None)
        assert phone.headers["p-asserted-identity"] == f"<sip:{OFFICE}@127.0.0.1>"
        assert OFFICE in phone.headers["from"]


def test_both_hang_up_at_once(shared: SoundLine) -> None:
    talk = Talk(shared, PersonaKind.MENU)
    talk.until_state(CallState.LIVE)
    shared.network.phones.send("hang_up", leg=talk.patient)
    assert shared.backend.hang_up(talk.patient, answered=True) in (Done(), AlreadyGone())
    until(lambda: shared.events("gone", talk.patient))
    ended = patient_of(shared, talk.request, talk.patient)
    assert (ended.state, ended.end) == (CallState.ENDED, CallEnd.COMPLETED_BY_PATIENT)
    assert shared.backend.hang_up(talk.patient, answered=True) == AlreadyGone()
    assert shared.agent_is_up(talk.request)
    talk.end()


@pytest.mark.parametrize("program", ["exchange", "phones"])
def test_a_killed_program_ends_the_calls_and_the_next_call_finds_a_new_one(program: str) -> None:
    with sound_line() as line:
        talk = Talk(line, PersonaKind.MENU)
        talk.until_state(CallState.LIVE)
        os.kill(getattr(line.network, program).pid, signal.SIGKILL)
        talk.until_state(CallState.ENDED)
        if program == "exchange":  # the telephone notices by itself that nobody speaks any more
            until(lambda: line.events("gone", talk.patient), within=8)
        again = Talk(line, PersonaKind.MENU)
        again.until_state(CallState.LIVE)


def test_a_killed_gateway_takes_its_calls_along() -> None:
    with SipPhone(200) as phone:
        gateway = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.helpers.sip_gateway", phone.address],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert gateway.stdout is not None
        assert gateway.stdout.readline() == b"up\n"
        gateway.kill()
        gateway.wait()
        gateway.stdout.close()
        until(lambda: phone.bye_at, within=5)
