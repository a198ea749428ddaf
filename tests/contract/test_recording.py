"""Recordings at the carrier: what ``RecordingLine`` promises, in process and over HTTP."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from coordinator_app.calls.backend import Accepted, AlreadyGone, Done, Refused, Unknown, Unreachable
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.recording_line import (
    CarrierRecording,
    NoSoundError,
    NoSuchRecording,
    Stage,
)
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_recording import TwilioRecordings
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

LARGE = 10_000_000


class Bench:
    """A carrier that records, its faults, and the time."""

    def __init__(self, account: TwilioLine, faults: Faults, clock: VirtualClock) -> None:
        self.account = account
        self.backend = TwilioBackend(account)
        self.recordings = TwilioRecordings(account)
        self.faults = faults
        self.clock = clock

    def live_call(self) -> str:
        """The carrier's id of a call that somebody has answered."""
        request = call_request(to=number_of(PersonaKind.ANSWERS))
        self.backend.open_agent_leg(leg_of(request))
        self.clock.advance(1)
        answer = self.backend.place(request)
        assert isinstance(answer, Accepted)
        self.clock.advance(6)
        assert self.account.client.calls(answer.ref).fetch().status == "in-progress"
        return answer.ref

    def started(self, call: str) -> str:
        answer = self.recordings.start(call)
        assert isinstance(answer, CarrierRecording)
        assert answer.stage is Stage.RECORDING
        return answer.ref

    def finished(self, call: str, seconds: float = 3) -> str:
        ref = self.started(call)
        self.clock.advance(seconds)
        assert self.recordings.change(call, ref, Stage.STOPPED) == Done()
        self.clock.advance(2)
        return ref

    def stage(self, ref: str) -> Stage:
        found = self.recordings.look(ref)
        assert isinstance(found, CarrierRecording)
        return found.stage


@pytest.fixture(params=["in process", "over HTTP"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = VirtualClock()
    if request.param == "in process":
        net = DirectLine(clock, PEOPLE, LineSettings())
        yield Bench(net.account(), net.faults, clock)
        return
    with ExitStack() as stack:
        line = PracticeLine(clock, PEOPLE, LineSettings())
        faults = Faults()
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK), faults))
        login = server.login
        account = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=5, practice_base=server.base),
        )
        stack.callback(account.close)
        yield Bench(account, faults, clock)


def test_it_starts_pauses_goes_on_stops_and_is_ready_with_its_length(bench: Bench) -> None:
    call = bench.live_call()
    ref = bench.started(call)
    for stage in (Stage.PAUSED, Stage.PAUSED, Stage.RECORDING):
        bench.clock.advance(2)
        assert bench.recordings.change(call, ref, stage) == Done()
        assert bench.stage(ref) is stage
    bench.clock.advance(2)
    assert bench.recordings.change(call, ref, Stage.STOPPED) == Done()
    assert bench.stage(ref) is Stage.STOPPED
    bench.clock.advance(2)
    assert bench.recordings.look(ref) == CarrierRecording(ref, Stage.READY, 8)


def test_a_pause_is_silent_in_the_sound_and_keeps_its_time(bench: Bench) -> None:
    call = bench.live_call()
    ref = bench.started(call)
    bench.clock.advance(2)
    bench.recordings.change(call, ref, Stage.PAUSED)
    bench.clock.advance(2)
    bench.recordings.change(call, ref, Stage.RECORDING)
    bench.clock.advance(1)
    bench.recordings.change(call, ref, Stage.STOPPED)
    bench.clock.advance(2)
    with wave.open(io.BytesIO(b"".join(bench.recordings.sound(ref, LARGE)))) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8_000)
        seconds = [sound.readframes(8_000) for _ in range(5)]
    assert [any(second) for second in seconds] == [True, True, False, False, True]


def test_it_ends_with_the_call(bench: Bench) -> None:
    call = bench.live_call()
    ref = bench.started(call)
    bench.clock.advance(2)
    bench.backend.hang_up(call, answered=True)
    assert bench.recordings.change(call, ref, Stage.PAUSED) == AlreadyGone()
    bench.clock.advance(2)
    assert bench.stage(ref) is Stage.READY


def test_nothing_is_recorded_before_an_answer_or_after_the_end(bench: Bench) -> None:
    request = call_request(to=number_of(PersonaKind.ANSWERS))
    bench.backend.open_agent_leg(leg_of(request))
    bench.clock.advance(1)
    answer = bench.backend.place(request)
    assert isinstance(answer, Accepted)
    assert bench.recordings.start(answer.ref) == AlreadyGone()
    assert bench.recordings.start("CA" + "0" * 32) == AlreadyGone()
    assert bench.recordings.of_call(answer.ref) == ()


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_a_start_whose_answer_was_lost_is_found_by_listing(bench: Bench, kind: FaultKind) -> None:
    call = bench.live_call()
    bench.faults.add(Fault(kind, "POST", "Recordings"))
    assert isinstance(bench.recordings.start(call), Unknown)
    (found,) = bench.recordings.of_call(call)  # type: ignore[misc]
    assert found.stage is Stage.RECORDING


def test_a_start_that_never_reached_the_carrier_leaves_nothing(bench: Bench) -> None:
    call = bench.live_call()
    bench.faults.add(Fault(FaultKind.LOST_BEFORE, "POST", "Recordings"))
    assert isinstance(bench.recordings.start(call), Unknown)
    assert bench.recordings.of_call(call) == ()


def test_an_account_that_may_not_record_is_said_in_words(bench: Bench) -> None:
    call = bench.live_call()
    bench.account.client.auth = (bench.account.client.username, "guess")
    answer = bench.recordings.start(call)
    assert isinstance(answer, Refused)
    assert answer.code == "20003"
    assert isinstance(bench.recordings.of_call(call), Unreachable)


def test_the_sound_is_not_there_too_early_not_too_large_and_not_cut_short(bench: Bench) -> None:
    call = bench.live_call()
    ref = bench.started(call)
    bench.clock.advance(3)
    bench.recordings.change(call, ref, Stage.STOPPED)
    with pytest.raises(NoSoundError) as early:
        list(bench.recordings.sound(ref, LARGE))
    assert early.value.again
    bench.clock.advance(2)
    with pytest.raises(NoSoundError) as large:
        list(bench.recordings.sound(ref, 40_000))
    assert large.value.too_large
    bench.faults.add(Fault(FaultKind.LOST_AFTER, "GET", ".wav"))
    with pytest.raises(NoSoundError) as lost:
        list(bench.recordings.sound(ref, LARGE))
    assert lost.value.again
    assert len(b"".join(bench.recordings.sound(ref, LARGE))) == 3 * 16_000 + 44


def test_a_deleted_recording_is_gone_with_its_sound(bench: Bench) -> None:
    call = bench.live_call()
    ref = bench.finished(call)
    assert bench.recordings.delete(ref) == Done()
    assert bench.recordings.look(ref) == NoSuchRecording()
    assert bench.recordings.of_call(call) == ()
    with pytest.raises(NoSoundError):
        list(bench.recordings.sound(ref, LARGE))
    assert bench.recordings.delete(ref) == AlreadyGone()


def test_nothing_of_the_patient_and_no_address_of_ours_is_sent(bench: Bench) -> None:
    if not isinstance(bench.account._http, LineHttpClient):
        pytest.fail("another client")
    sent = getattr(bench.account._http, "sent", None)
    call = bench.live_call()
    bench.finished(call)
    for asked in sent or ():
        if "Recordings" in asked.path:
            assert set(asked.form) <= {
                "RecordingChannels",
                "RecordingTrack",
                "Trim",
                "Status",
                "PauseBehavior",
            }
