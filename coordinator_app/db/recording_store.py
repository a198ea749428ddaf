"""What the gateway's recording chore asks of the database; see gateway.recording.RecordingStore."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode, decode_rows
from coordinator_app.db.connection import Json, Link
from coordinator_app.domain.recording import PlaybackWork, RecordingWork

if TYPE_CHECKING:
    from uuid import UUID


class SqlRecordingStore:
    """On a session of the gateway's."""

    _link: Link

    def recordings(self) -> tuple[RecordingWork, ...]:
        return decode_rows(RecordingWork, self._link.call("gateway_recordings"))

    def recording_fact(
        self, recording_id: UUID, state: str, *, carrier_ref: str = "", sentence: str | None = None
    ) -> bool:
        fact = {"state": state, "carrier_ref": carrier_ref, "sentence": sentence}
        return decode(bool, self._link.call("gateway_recording", recording_id, Json(fact)))

    def begin_sound(self, recording_id: UUID, sealed_key: bytes, content_type: str) -> bool:
        key = sealed_key.hex()
        return decode(
            bool, self._link.call("gateway_recording_begin", recording_id, key, content_type)
        )

    def add_sound(self, recording_id: UUID, number: int, piece: bytes) -> bool:
        content = base64.b64encode(piece).decode("ascii")
        return decode(
            bool, self._link.call("gateway_recording_chunk", recording_id, number, content)
        )

    def sound_stored(self, recording_id: UUID, pieces: int, size: int, seconds: int) -> bool:
        return decode(
            bool, self._link.call("gateway_recording_stored", recording_id, pieces, size, seconds)
        )

    def playbacks(self) -> tuple[PlaybackWork, ...]:
        return decode_rows(PlaybackWork, self._link.call("gateway_playbacks"))

    def answer_playback(self, playback_id: UUID, sealed_key: bytes | None) -> None:
        key = None if sealed_key is None else sealed_key.hex()
        self._link.call("gateway_playback", playback_id, key)

    def purge_recordings(self) -> int:
        return decode(int, self._link.call("gateway_purge_recordings"))
