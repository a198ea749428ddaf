"""The gateway's side of recordings, in memory: a ``RecordingStore`` that can die at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.recording import PlaybackWork, RecordingWork
from coordinator_app.domain.sealing import unseal
from coordinator_app.secrets.sound import decrypt, key_context

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_RANK = {"asked": 0, "starting": 1, "recording": 2, "paused": 2, "stopped": 3, "fetched": 4}
_RANK |= {"kept": 5, "discarded": 6, "failed": 6}
_SETTLED = 5


class DiedError(Exception):
    """The gateway ends here."""


@dataclass
class Kept:
    """One recording as the database has it."""

    work: RecordingWork
    sentence: str = ""
    history: list[str] = field(default_factory=list)
    key: bytes = b""
    pieces: dict[int, bytes] = field(default_factory=dict)
    seconds: int = 0
    size: int = 0


class FakeRecordingStore:
    """See the module. ``dies_at`` counts calls of any method; before or after its effect."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Kept] = {}
        self.waiting: list[PlaybackWork] = []
        self.keys: dict[UUID, bytes | None] = {}
        self.purges = 0
        self.allowed = True
        self.dies_at = -1
        self.calls = 0

    # -- what a test does

    def ask(self, call_ref: str) -> Kept:
        """A coordinator pressed Record, with the patient's yes."""
        row = Kept(RecordingWork(uuid4(), uuid4(), call_ref, "asked", "record", "", False, 0.0, ()))
        self.rows[row.work.id] = row
        return row

    def set(self, row: Kept, **changes: object) -> None:
        row.work = replace(row.work, **changes)  # type: ignore[arg-type]

    def sound_of(self, row: Kept, private: X25519PrivateKey) -> bytes:
        """What somebody with the gateway's key hears."""
        key = unseal(private, key_context(row.work.id), row.key)
        ordered = [row.pieces[n] for n in sorted(row.pieces)]
        return decrypt(key, row.work.id, ordered, len(ordered))

    # -- the port

    def _step(self) -> None:
        if self.calls == self.dies_at:
            self.calls += 1
            raise DiedError
        self.calls += 1

    def recordings(self) -> tuple[RecordingWork, ...]:
        self._step()
        return tuple(r.work for r in self.rows.values() if _RANK[r.work.state] < _SETTLED)

    def recording_fact(
        self, recording_id: UUID, state: str, *, carrier_ref: str = "", sentence: str | None = None
    ) -> bool:
        self._step()
        row = self.rows[recording_id]
        before = row.work.state
        if state == "starting" and before == "starting":
            row.sentence = sentence or ""
            return False
        refused = state == "starting" and not (
            before == "asked" and self.allowed and row.work.wish == "record"
        )
        if refused or _RANK[state] < _RANK[before] or _RANK[before] > _SETTLED:
            return False
        if state == "kept" and before != "fetched":
            return False
        row.work = replace(row.work, state=state, carrier_ref=carrier_ref or row.work.carrier_ref)
        row.sentence = row.sentence if sentence is None else sentence
        row.history.append(state)
        self._step()
        return True

    def begin_sound(self, recording_id: UUID, sealed_key: bytes, content_type: str) -> bool:
        del content_type
        self._step()
        row = self.rows[recording_id]
        row.pieces.clear()
        row.key = sealed_key
        return row.work.state == "stopped" and row.work.wish != "discard"

    def add_sound(self, recording_id: UUID, number: int, piece: bytes) -> bool:
        self._step()
        row = self.rows[recording_id]
        row.pieces[number] = piece
        return row.work.wish != "discard"

    def sound_stored(self, recording_id: UUID, pieces: int, size: int, seconds: int) -> bool:
        self._step()
        row = self.rows[recording_id]
        if len(row.pieces) != pieces or row.work.state != "stopped":
            return False
        row.size, row.seconds = size, seconds
        self.set(row, state="fetched")
        row.history.append("fetched")
        self._step()
        return True

    def playbacks(self) -> tuple[PlaybackWork, ...]:
        self._step()
        return tuple(self.waiting)

    def answer_playback(self, playback_id: UUID, sealed_key: bytes | None) -> None:
        self._step()
        self.keys[playback_id] = sealed_key
        self.waiting = [w for w in self.waiting if w.id != playback_id]

    def purge_recordings(self) -> int:
        self._step()
        self.purges += 1
        return 0
