"""Recordings over PostgreSQL; see ports.RecordingDatabase for each method."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from coordinator_app.db.codec import decode, decode_rows
from coordinator_app.domain.call import CallView
from coordinator_app.domain.queue import Gate
from coordinator_app.domain.recording import Playback, RecordingRow, RecordingSettings
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from coordinator_app.db.connection import Link
    from coordinator_app.domain.recording import Consent, RecordingCommand


class SqlRecordings:
    """What a practice's database answers about recordings."""

    _link: Link

    def start_recording(
        self, call_id: UUID, answer: Consent, op_id: UUID, *, notice_given: bool
    ) -> CallView:
        found = self._link.call("start_recording", call_id, notice_given, answer, op_id)
        refused = decode(_Refusal, found).refused
        if refused is not None:
            raise RefusedError(refused.sentence, name=refused.name)
        return decode(CallView, found)

    def recording_command(self, call_id: UUID, command: RecordingCommand, op_id: UUID) -> CallView:
        return decode(CallView, self._link.call("recording_command", call_id, command, op_id))

    def recording_settings(self) -> RecordingSettings:
        return decode(RecordingSettings, self._link.call("recording_settings"))

    def set_recording(
        self, keep_days: int, op_id: UUID, *, enabled: bool, protected_at_carrier: bool
    ) -> RecordingSettings:
        found = self._link.call("set_recording", enabled, keep_days, protected_at_carrier, op_id)
        return decode(RecordingSettings, found)

    def set_work_state(self, person_id: UUID, state: str, op_id: UUID) -> RecordingSettings:
        return decode(RecordingSettings, self._link.call("set_work_state", person_id, state, op_id))

    def call_recordings(self, call_id: UUID) -> tuple[RecordingRow, ...]:
        return decode_rows(RecordingRow, self._link.call("call_recordings", call_id))

    def request_playback(
        self, recording_id: UUID, public_key: bytes, reason: str, op_id: UUID
    ) -> UUID:
        found = self._link.call("request_playback", recording_id, public_key.hex(), reason, op_id)
        return decode(_Made, found).id

    def playback(self, playback_id: UUID) -> Playback:
        return decode(Playback, self._link.call("playback", playback_id))

    def playback_chunk(self, playback_id: UUID, number: int) -> bytes:
        return base64.b64decode(decode(str, self._link.call("playback_chunk", playback_id, number)))

    def hold_recording(
        self, recording_id: UUID, reason: str, op_id: UUID, *, hold: bool
    ) -> RecordingRow:
        return decode(
            RecordingRow, self._link.call("hold_recording", recording_id, hold, reason, op_id)
        )

    def delete_recording(self, recording_id: UUID, reason: str, op_id: UUID) -> RecordingRow:
        return decode(
            RecordingRow, self._link.call("delete_recording", recording_id, reason, op_id)
        )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A refusal that must leave a record comes as an answer: an error would take it back."""

    refused: Gate | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    id: UUID
