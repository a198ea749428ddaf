"""What a practice's database says about recordings of calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from coordinator_app.domain.call import CallView
from coordinator_app.domain.recording import (
    Consent,
    Playback,
    RecordingCommand,
    RecordingRow,
    RecordingSettings,
)


class RecordingDatabase(Protocol):
    """Each method is one function of the database, as the person who is signed in."""

    def start_recording(
        self, call_id: UUID, answer: Consent, op_id: UUID, *, notice_given: bool
    ) -> CallView:
        """Keep what the patient answered, and record after notice and a clear yes.

        Raises RefusedError, which names the states and the rule, otherwise.
        """
        ...

    def recording_command(self, call_id: UUID, command: RecordingCommand, op_id: UUID) -> CallView:
        """Pause, resume, stop; or note that the patient withdrew."""
        ...

    def recording_settings(self) -> RecordingSettings:
        """Whether the practice records; supervisors and administrators."""
        ...

    def set_recording(
        self, keep_days: int, op_id: UUID, *, enabled: bool, protected_at_carrier: bool
    ) -> RecordingSettings:
        """Change it, on a login of just now. Raises FreshLoginNeededError, RefusedError."""
        ...

    def set_work_state(self, person_id: UUID, state: str, op_id: UUID) -> RecordingSettings:
        """Say in which state somebody works; "" when it is not known."""
        ...

    def call_recordings(self, call_id: UUID) -> tuple[RecordingRow, ...]:
        """The recordings of a call with who listened; supervisors, clinicians, auditors."""
        ...

    def request_playback(
        self, recording_id: UUID, public_key: bytes, reason: str, op_id: UUID
    ) -> UUID:
        """Ask to listen; supervisors and clinicians. The look is logged. ``public_key``: X25519."""
        ...

    def playback(self, playback_id: UUID) -> Playback:
        """How that stands."""
        ...

    def playback_chunk(self, playback_id: UUID, number: int) -> bytes:
        """One encrypted piece."""
        ...

    def hold_recording(
        self, recording_id: UUID, reason: str, op_id: UUID, *, hold: bool
    ) -> RecordingRow:
        """Put a legal hold on a recording, or end it; supervisors."""
        ...

    def delete_recording(self, recording_id: UUID, reason: str, op_id: UUID) -> RecordingRow:
        """Delete it before its time, on a login of just now; supervisors."""
        ...


class PlaybackKey(Protocol):
    """A key pair that one window makes to listen once."""

    @property
    def public_key(self) -> bytes:
        """32 bytes, X25519."""
        ...

    def open(
        self, recording_id: UUID, sealed_key: bytes, pieces: Iterable[bytes], count: int
    ) -> bytes:
        """The sound, from its encrypted pieces. Raises RefusedError when it is damaged."""
        ...
