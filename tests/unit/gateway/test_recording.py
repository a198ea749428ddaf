"""The gateway's recording chore against the practice line, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.calls.backend import Accepted
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.recording import PlaybackWork
from coordinator_app.domain.sealing import seal, unseal
from coordinator_app.gateway.recording import RecordingRhythm, Recordings
from coordinator_app.secrets.sound import key_context, listener_context
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.recording_store import DiedError, FakeRecordingStore, Kept
from tests.helpers.virtual_clock import VirtualClock

HEADER = 44  # of a WAV file
SECOND = 16_000  # bytes


class Desk:
    """A live call, a chore, and what the database knows."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.net = DirectLine(self.clock, PEOPLE, LineSettings())
        self.store = FakeRecordingStore()
        self.key = X25519PrivateKey.generate()
        self.chore = self.start()
        self.call = self._live()

    def start(self, rhythm: RecordingRhythm | None = None) -> Recordings:
        """A gateway that remembers nothing."""
        self.chore = Recordings(self.net.recordings(), self.key, self.clock, rhythm)
        return self.chore

    def _live(self) -> str:
        request = call_request(to=number_of(PersonaKind.ANSWERS))
        self.net.backend.open_agent_leg(leg_of(request))
        self.clock.advance(1)
        answer = self.net.backend.place(request)
        assert isinstance(answer, Accepted)
        self.clock.advance(6)
        return answer.ref

    def turn(self, *, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        self.chore.turn(self.store)

    def hang_up(self, row: Kept) -> None:
        self.net.backend.hang_up(self.call, answered=True)
        self.store.set(row, call_ended=True)

    def at_carrier(self) -> list[str]:
        """The statuses of all recordings there ever were."""
        recorder = self.net.api._recordings._recorder
        return [recorder.status(take) for take in recorder.takes(None, deleted=True)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_it_is_recorded_followed_brought_here_and_deleted_there(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    assert row.history == ["starting", "recording"]
    desk.turn(seconds=4)
    desk.store.set(row, wish="stop")
    for _ in range(4):
        desk.turn()
    assert row.history == ["starting", "recording", "stopped", "fetched", "kept"]
    assert desk.at_carrier() == ["deleted"]
    sound = desk.store.sound_of(row, desk.key)
    assert (len(sound), row.size) == (row.seconds * SECOND + HEADER, len(sound))
    assert sound[:4] == b"RIFF"
    assert all(sound[:HEADER] not in piece for piece in row.pieces.values())


def test_the_call_is_over_when_the_patient_hangs_up(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    desk.turn(seconds=3)
    desk.hang_up(row)
    for _ in range(4):
        desk.turn()
    assert row.work.state == "kept"


def test_pause_and_resume_reach_the_carrier(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    for wish, status in (("pause", "paused"), ("record", "in-progress"), ("pause", "paused")):
        desk.store.set(row, wish=wish)
        desk.turn()
        assert desk.at_carrier() == [status]
    desk.store.set(row, wish="stop")
    desk.turn()
    assert row.history[-1] == "stopped"


def test_a_pause_that_was_lost_is_said_again(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    desk.store.set(row, wish="pause")
    desk.net.faults.add(Fault(FaultKind.UNAVAILABLE, "POST", "Recordings"))
    desk.turn()
    assert row.work.state == "recording"  # the window goes on saying that it is not paused yet
    desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("paused", ["paused"])


def test_nothing_is_sent_that_a_rule_forbids_by_now(desk: Desk) -> None:
    desk.store.allowed = False
    row = desk.store.ask(desk.call)
    desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("asked", [])


@pytest.mark.parametrize("wish", ["stop", "discard"])
def test_what_was_taken_back_before_it_began_never_began(desk: Desk, wish: str) -> None:
    row = desk.store.ask(desk.call)
    desk.store.set(row, wish=wish)
    desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("failed", [])


def test_a_pause_before_it_began_waits(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.store.set(row, wish="pause")
    desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("asked", [])
    desk.store.set(row, wish="record")
    desk.turn()
    assert row.work.state == "recording"


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_a_start_whose_answer_was_lost_is_looked_up_and_never_doubled(
    desk: Desk, kind: FaultKind
) -> None:
    row = desk.store.ask(desk.call)
    desk.net.faults.add(Fault(kind, "POST", "Recordings"))
    desk.turn()
    assert (row.work.state, "looked up" in row.sentence) == ("starting", True)
    desk.turn()
    assert (row.work.state, row.sentence) == ("recording", "")
    assert desk.at_carrier() == ["in-progress"]


def test_a_start_that_was_lost_on_its_way_is_not_sent_again(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.net.faults.add(Fault(FaultKind.LOST_BEFORE, "POST", "Recordings"))
    for _ in range(30):
        desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("starting", [])
    desk.hang_up(row)
    for _ in range(22):
        desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("failed", [])
    assert row.sentence == "The line has no recording of this call."


def test_a_refusal_of_the_carrier_is_told(desk: Desk) -> None:
    row = desk.store.ask("CA" + "0" * 32)
    desk.turn()
    assert (row.work.state, row.sentence) == (
        "failed",
        "The call had ended; nothing was recorded.",
    )


@pytest.mark.expected_logs
def test_without_a_place_for_the_key_nothing_is_recorded(desk: Desk) -> None:
    desk.chore = Recordings(desk.net.recordings(), None, desk.clock)
    row = desk.store.ask(desk.call)
    desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("failed", [])
    assert "no place for its key" in row.sentence


def test_what_the_patient_does_not_want_is_deleted_at_the_carrier_and_not_brought(
    desk: Desk,
) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    desk.store.set(row, wish="discard")
    for _ in range(4):
        desk.turn()
    assert (row.work.state, row.pieces, desk.at_carrier()) == ("discarded", {}, ["deleted"])


def test_a_recording_ends_by_itself_before_it_is_too_large(desk: Desk) -> None:
    row = desk.store.ask(desk.call)
    desk.turn()
    desk.store.set(row, running_s=3_900.0)
    desk.turn()
    assert row.history[-1] == "stopped"


@pytest.mark.expected_logs
def test_one_that_is_too_large_all_the_same_stays_nowhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator_app.gateway.recording.LARGEST", 20_000)
    row = desk.store.ask(desk.call)
    desk.turn()
    desk.turn(seconds=5)
    desk.store.set(row, wish="stop")
    for _ in range(4):
        desk.turn()
    assert (row.work.state, desk.at_carrier()) == ("discarded", ["deleted"])
    assert "longer than can be kept" in row.sentence


@pytest.mark.expected_logs
def test_a_gateway_that_dies_at_any_step_goes_on_there(desk: Desk) -> None:
    """Whichever call of the database is its last: one recording, whole, and nothing left there."""
    died = 0
    never_began = 0
    for step in range(200):
        desk = Desk()
        row = desk.store.ask(desk.call)
        desk.store.dies_at = step
        for tick in range(34):
            if tick == 4:
                desk.hang_up(row)
            try:
                desk.turn()
            except DiedError:
                died += 1
                desk.start()
        if desk.at_carrier() == []:
            # Dead between "it may be sent" and sending: that it was not is certain only at the end.
            assert row.work.state == "failed", (step, row.history)
            never_began += 1
        else:
            assert row.work.state == "kept", (step, row.history)
            assert desk.at_carrier() == ["deleted"], step
            assert len(desk.store.sound_of(row, desk.key)) == row.size
        if desk.store.calls <= step:
            break
    assert died == step
    assert died > 20
    assert never_began == 1


@pytest.mark.expected_logs
@pytest.mark.parametrize("kind", list(FaultKind))
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_any_answer_of_the_carrier_may_be_lost(desk: Desk, kind: FaultKind, method: str) -> None:
    for nth in range(4):
        desk = Desk()
        row = desk.store.ask(desk.call)
        for tick in range(10):
            if tick == nth:
                desk.net.faults.add(Fault(kind, method, "Recordings"))
            if tick == 3:
                desk.hang_up(row)
            desk.turn()
        desk.net.faults.clear()
        for _ in range(25):
            desk.turn()
        assert row.work.state in {"kept", "failed"}, (nth, row.history)
        assert len(desk.at_carrier()) <= 1
        if row.work.state == "failed":
            # Only where the carrier itself said no, or nothing of the request reached it.
            assert nth == 0 or kind is FaultKind.NOT_FOUND, row.history
        else:
            assert len(desk.store.sound_of(row, desk.key)) == row.size
            assert desk.at_carrier() == ["deleted"]


def wish(desk: Desk, sealed: bytes, public: str) -> PlaybackWork:
    return PlaybackWork(uuid4(), uuid4(), sealed.hex(), public)


def test_a_window_gets_the_key_of_one_recording_for_itself(desk: Desk) -> None:
    window = X25519PrivateKey.generate()
    public = window.public_key().public_bytes_raw()
    asked = wish(desk, b"", public.hex())
    ours = desk.key.public_key().public_bytes_raw()
    sealed = seal(ours, key_context(asked.recording_id), b"the key")
    desk.store.waiting.append(replace(asked, sealed_key=sealed.hex()))
    desk.turn()
    given = desk.store.keys[asked.id]
    assert given is not None
    assert unseal(window, listener_context(asked.recording_id), given) == b"the key"
    assert desk.store.waiting == []


@pytest.mark.expected_logs
def test_what_another_gateway_stored_or_no_key_at_all_is_refused(desk: Desk) -> None:
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    first = wish(desk, b"", public.hex())
    foreign = seal(other, key_context(first.recording_id), b"the key")
    ours = desk.key.public_key().public_bytes_raw()
    second = wish(desk, b"", "00" * 32)  # a point of small order: nobody's key
    good = seal(ours, key_context(second.recording_id), b"the key")
    desk.store.waiting += [
        replace(first, sealed_key=foreign.hex()),
        replace(second, sealed_key=good.hex()),
    ]
    desk.turn()
    assert list(desk.store.keys.values()) == [None, None]


def test_it_purges_at_the_start_and_once_an_hour(desk: Desk) -> None:
    for _ in range(3):
        desk.turn(seconds=1_300)
    assert desk.store.purges == 1
    desk.turn(seconds=1_300)
    assert desk.store.purges == 2


def test_without_a_line_it_still_answers_listeners_and_purges(desk: Desk) -> None:
    desk.chore = Recordings(None, desk.key, desk.clock)
    row = desk.store.ask(desk.call)
    assert desk.chore.turn(desk.store) == 60.0
    assert (row.work.state, desk.store.purges) == ("asked", 1)


def test_it_looks_often_while_something_runs(desk: Desk) -> None:
    assert desk.chore.turn(desk.store) == 60.0
    desk.store.ask(desk.call)
    assert desk.chore.turn(desk.store) == 1.0
