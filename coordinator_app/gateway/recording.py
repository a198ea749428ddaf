"""Recordings: asked of the carrier, followed, brought here encrypted, deleted there.

The database says what is wanted; each step is written down before or after it so that a gateway
which dies between two of them goes on where it was. The one step that may not be done twice, to
begin, is looked up by listing whenever its answer is not known, and never sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.calls.backend import AlreadyGone, Done, Refused, Unreachable
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.recording_line import (
    CarrierRecording,
    NoSoundError,
    NoSuchRecording,
    RecordingLine,
    Stage,
)
from coordinator_app.domain.recording import PlaybackWork, RecordingWork
from coordinator_app.domain.sealing import NotOursError, seal, unseal
from coordinator_app.secrets.sound import encrypt, key_context, listener_context, new_key

_log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024  # bytes of sound, some 70 minutes; 0020_recording.sql refuses more
CONTENT_TYPE = "audio/wav"
_ACTIVE = (Stage.RECORDING, Stage.PAUSED)
_ENDED = "The call had ended; nothing was recorded."
_NO_SOUND = "The line has no recording of this call."
_NO_KEY = "Calls cannot be recorded: the gateway has no place for its key. Tell your supervisor."
_LOOKING = "The line's answer was lost. It is looked up; the call is never recorded twice."
_TOO_LONG = "The recording was longer than can be kept; it was deleted."


@dataclass(frozen=True, slots=True)
class RecordingRhythm:
    """How often. Seconds."""

    busy: float = 1.0  # while something runs or is on its way
    idle: float = 60.0  # hints come earlier
    purge: float = 3600.0
    looks_after_end: float = 20.0  # for a start whose answer was lost, once the call is over
    longest: float = 3_900.0  # a recording ends by itself; see LARGEST


class RecordingStore(Protocol):
    """What the chore needs of the database."""

    def recordings(self) -> tuple[RecordingWork, ...]:
        """Every recording that is not settled, those that run first."""
        ...

    def recording_fact(
        self, recording_id: UUID, state: str, *, carrier_ref: str = "", sentence: str | None = None
    ) -> bool:
        """Write down what is known now. False: it is not so any more, and nothing may be sent."""
        ...

    def begin_sound(self, recording_id: UUID, sealed_key: bytes, content_type: str) -> bool:
        """Begin to store; what an interrupted try left is gone. False: not wanted any more."""
        ...

    def add_sound(self, recording_id: UUID, number: int, piece: bytes) -> bool:
        """Store one encrypted piece. False: not wanted any more."""
        ...

    def sound_stored(self, recording_id: UUID, pieces: int, size: int, seconds: int) -> bool:
        """Everything is there. False: it is not."""
        ...

    def playbacks(self) -> tuple[PlaybackWork, ...]:
        """Windows that wait for a key."""
        ...

    def answer_playback(self, playback_id: UUID, sealed_key: bytes | None) -> None:
        """Give a window its key; None: this gateway cannot open the content."""
        ...

    def purge_recordings(self) -> int:
        """Delete what is older than the practice keeps; how many went."""
        ...


class Recordings:
    """The chore; see ``side_work.Chore``."""

    def __init__(
        self,
        line: RecordingLine | None,
        key: X25519PrivateKey | None,
        clock: LineClock,
        rhythm: RecordingRhythm | None = None,
    ) -> None:
        """``line``: None when no carrier is set up; ``key``: None when there is no place for it."""
        self._line = line
        self._key = key
        self._clock = clock
        self._rhythm = rhythm or RecordingRhythm()
        self._purge_at = clock.monotonic()
        self._over_since: dict[UUID, float] = {}  # ended calls whose start is still looked up

    def turn(self, store: RecordingStore) -> float:
        """Do what is due."""
        open_ones = 0
        if self._line is not None:
            self._obey(self._line, store)
            for work in store.recordings():
                open_ones += 1
                if work.state == "stopped" and work.wish != "discard":
                    self._bring(self._line, store, work)
                elif work.state in {"stopped", "fetched"}:
                    self._remove(self._line, store, work)
        for wish in store.playbacks():
            store.answer_playback(wish.id, self._for_listener(wish))
        now = self._clock.monotonic()
        if now >= self._purge_at:
            store.purge_recordings()
            self._purge_at = now + self._rhythm.purge
        return self._rhythm.busy if open_ones else self._rhythm.idle

    # -------------------------------------------------------------- while the call goes on

    def _obey(self, line: RecordingLine, store: RecordingStore) -> None:
        """What somebody waits for on the telephone."""
        for work in store.recordings():
            if work.state == "asked":
                self._begin(line, store, work)
            elif work.state == "starting":
                self._locate(line, store, work)
            elif work.state in {"recording", "paused"}:
                self._steer(line, store, work)

    def _begin(self, line: RecordingLine, store: RecordingStore, work: RecordingWork) -> None:
        if work.call_ended or work.wish in {"stop", "discard"}:
            store.recording_fact(work.id, "failed", sentence=_ENDED if work.call_ended else "")
        elif self._key is None:
            store.recording_fact(work.id, "failed", sentence=_NO_KEY)
        elif work.wish == "record" and work.call_ref:
            known = line.of_call(work.call_ref)
            if isinstance(known, Unreachable):
                return  # nothing was sent; the next turn asks again
            if not store.recording_fact(work.id, "starting"):
                return  # a rule says no by now
            stray = _stray(known, work)
            if stray is not None:  # of an earlier start whose answer was lost
                self._adopt(store, work, stray)
                return
            answer = line.start(work.call_ref)
            if isinstance(answer, CarrierRecording):
                self._adopt(store, work, answer)
            elif isinstance(answer, AlreadyGone):
                store.recording_fact(work.id, "failed", sentence=_ENDED)
            elif isinstance(answer, Refused):
                _log.warning("the carrier refused to record: %s", answer.code or "not reached")
                store.recording_fact(work.id, "failed", sentence=answer.sentence)
            else:
                store.recording_fact(work.id, "starting", sentence=_LOOKING)

    def _locate(self, line: RecordingLine, store: RecordingStore, work: RecordingWork) -> None:
        """A start whose answer is not known: list, never send again."""
        found = line.of_call(work.call_ref)
        if isinstance(found, Unreachable):
            return
        stray = _stray(found, work)
        if stray is not None:
            self._over_since.pop(work.id, None)
            self._adopt(store, work, stray)
        elif work.call_ended:
            # The list may lag behind; once the call is long over nothing can begin any more.
            now = self._clock.monotonic()
            if now - self._over_since.setdefault(work.id, now) >= self._rhythm.looks_after_end:
                del self._over_since[work.id]
                store.recording_fact(work.id, "failed", sentence=_NO_SOUND)

    def _adopt(self, store: RecordingStore, work: RecordingWork, found: CarrierRecording) -> None:
        state = {Stage.RECORDING: "recording", Stage.PAUSED: "paused"}.get(found.stage, "stopped")
        store.recording_fact(work.id, state, carrier_ref=found.ref, sentence="")

    def _steer(self, line: RecordingLine, store: RecordingStore, work: RecordingWork) -> None:
        if work.call_ended:
            store.recording_fact(work.id, "stopped")  # it ended with the call
            return
        too_long = work.running_s >= self._rhythm.longest
        wanted = Stage.STOPPED if too_long else _STAGE_OF[work.wish]
        if wanted is _STAGE_OF_STATE[work.state]:
            return
        answer = line.change(work.call_ref, work.carrier_ref, wanted)
        if isinstance(answer, Done):
            state = {Stage.RECORDING: "recording", Stage.PAUSED: "paused"}.get(wanted, "stopped")
            store.recording_fact(work.id, state)
        elif isinstance(answer, AlreadyGone):
            store.recording_fact(work.id, "stopped")
        # Otherwise the next turn says it again: these may be said twice.

    # -------------------------------------------------------------- afterwards

    def _bring(self, line: RecordingLine, store: RecordingStore, work: RecordingWork) -> None:
        """Fetch the finished file, encrypt it on the way, store it, delete it there."""
        found = line.look(work.carrier_ref)
        if isinstance(found, NoSuchRecording):
            store.recording_fact(work.id, "failed", sentence=_NO_SOUND)
        elif isinstance(found, Unreachable) or self._key is None:
            return
        elif found.stage is Stage.ABSENT:
            line.delete(work.carrier_ref)
            store.recording_fact(work.id, "failed", sentence=_NO_SOUND)
        elif found.stage in _ACTIVE:
            line.change(work.call_ref, work.carrier_ref, Stage.STOPPED)
        elif found.stage is Stage.READY:
            try:
                stored = self._store(line, store, work, found.seconds)
            except NoSoundError as error:
                _log.warning("the sound of a recording did not come: %s", error.why)
                if error.too_large and isinstance(
                    line.delete(work.carrier_ref), Done | AlreadyGone
                ):
                    store.recording_fact(work.id, "discarded", sentence=_TOO_LONG)
                return
            if stored:
                self._remove(line, store, work)

    def _store(
        self, line: RecordingLine, store: RecordingStore, work: RecordingWork, seconds: int
    ) -> bool:
        assert self._key is not None  # noqa: S101  _bring asked
        content_key = new_key()
        public = self._key.public_key().public_bytes_raw()
        sealed = seal(public, key_context(work.id), content_key)
        if not store.begin_sound(work.id, sealed, CONTENT_TYPE):
            return False
        size = _Counter()
        pieces = 0
        sound = size.count(line.sound(work.carrier_ref, LARGEST))
        for number, piece in encrypt(content_key, work.id, sound):
            if not store.add_sound(work.id, number, piece):
                return False
            pieces += 1
            self._obey(line, store)  # a pause elsewhere must not wait for a long file
        return size.bytes > 0 and store.sound_stored(work.id, pieces, size.bytes, seconds)

    def _remove(self, line: RecordingLine, store: RecordingStore, work: RecordingWork) -> None:
        """Delete it at the carrier and look whether it is gone."""
        if work.carrier_ref:
            found = line.look(work.carrier_ref)
            if isinstance(found, CarrierRecording):
                if found.stage in _ACTIVE:
                    line.change(work.call_ref, work.carrier_ref, Stage.STOPPED)
                    return
                line.delete(work.carrier_ref)
                found = line.look(work.carrier_ref)
            if not isinstance(found, NoSuchRecording):
                return  # the next turn looks again
        store.recording_fact(work.id, "discarded" if work.wish == "discard" else "kept")

    # -------------------------------------------------------------- listening

    def _for_listener(self, wish: PlaybackWork) -> bytes | None:
        if self._key is None:
            return None
        try:
            content_key = unseal(
                self._key, key_context(wish.recording_id), bytes.fromhex(wish.sealed_key)
            )
            public = bytes.fromhex(wish.public_key)
            return seal(public, listener_context(wish.recording_id), content_key)
        except NotOursError:
            _log.warning("a recording was stored by a gateway with another key")
        except ValueError:
            _log.warning("a window asked with a key that is none")
        return None


class _Counter:
    """Counts the bytes that go through."""

    def __init__(self) -> None:
        self.bytes = 0

    def count(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.bytes += len(part)
            yield part


_STAGE_OF = {
    "record": Stage.RECORDING,
    "pause": Stage.PAUSED,
    "stop": Stage.STOPPED,
    "discard": Stage.STOPPED,
}
_STAGE_OF_STATE = {"recording": Stage.RECORDING, "paused": Stage.PAUSED}


def _stray(known: tuple[CarrierRecording, ...], work: RecordingWork) -> CarrierRecording | None:
    """A recording of this call that no other row is about."""
    return next((one for one in known if one.ref not in work.others), None)
