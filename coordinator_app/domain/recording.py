"""Recordings of calls: what the coordinator sees, what the gateway follows, who listened.

Off by default; a recording needs the spoken notice and the patient's yes in every state
(compliance.md 1.9). The database decides; these are its answers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


class Consent(enum.StrEnum):
    """What the patient answered."""

    YES = "YES"
    NO = "NO"
    UNCLEAR = "UNCLEAR"
    NOT_ASKED = "NOT_ASKED"


class RecordingCommand(enum.StrEnum):
    """What a coordinator may ask of a recording."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    WITHDRAW = "withdraw"  # the patient wants it no more
    WITHDRAW_DELETE = "withdraw_delete"  # nor what was recorded so far


@dataclass(frozen=True, slots=True)
class CallRecording:
    """How recording stands in a call, where the practice records."""

    # off, starting, recording, pausing, paused, resuming, stopping, stopped, discarding,
    # discarded, failed
    state: str
    since: datetime | None
    consent: str  # "" not asked yet; else a Consent or WITHDRAWN
    offered: bool  # somebody is on the line and nothing is recorded
    law: str  # whose agreement is needed, and why
    notice_again: bool  # the notice itself has to be on the recording
    sentence: str  # what the line says of it

    @property
    def runs(self) -> bool:
        """Whether it goes on, paused or not."""
        return self.state in {"recording", "pausing", "paused", "resuming"}


# ------------------------------------------------------------------------ the setting


@dataclass(frozen=True, slots=True)
class SettingChange:
    """Who changed the practice's setting, and to what."""

    at: datetime
    by: str
    enabled: bool
    keep_days: int


@dataclass(frozen=True, slots=True)
class AllPartyState:
    """A state where everybody on a call has to agree."""

    code: str
    name: str
    citation: str
    disputed: bool  # courts or statutes disagree; taken as if they did not


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """In which state somebody sits while they work; "" when it is not known."""

    id: UUID
    name: str
    work_state: str


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Whether the practice records, and what that stands on."""

    enabled: bool
    keep_days: int
    protected_at_carrier: bool
    agreement_until: date | None  # the carrier's; None: none on file
    practice_line: bool  # no carrier is behind the line
    kept: int
    changes: tuple[SettingChange, ...]
    states: tuple[AllPartyState, ...]
    people: tuple[WorkPlace, ...]


# ------------------------------------------------------------------------ review


@dataclass(frozen=True, slots=True)
class Listened:
    """One time that somebody asked to hear a recording."""

    at: datetime
    by: str
    reason: str
    opened: bool  # the window took the key


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording of a call, as a reviewer sees it."""

    id: UUID
    call_id: UUID
    state: str
    started_at: datetime | None
    seconds: int | None
    playable: bool
    hold: str  # why nothing may delete it; ""
    held_by: str
    may_manage: bool
    gone_because: str
    sentence: str
    deleted_from: datetime | None
    agreed_at: datetime
    agreed_under: str
    listened: tuple[Listened, ...]


@dataclass(frozen=True, slots=True)
class Playback:
    """A wish to listen, and how it stands: waiting, refused, ready."""

    state: str
    recording_id: UUID
    sealed_key: str  # hexadecimal, for this window's key
    chunks: int
    bytes: int
    content_type: str


# ------------------------------------------------------------------------ the gateway's side


@dataclass(frozen=True, slots=True)
class RecordingWork:
    """A recording that is not settled, as the gateway finds it (the states: 0020_recording.sql)."""

    id: UUID
    call_id: UUID
    call_ref: str  # the carrier's id of the patient's leg, "" when never learnt
    state: str
    wish: str  # record, pause, stop, discard
    carrier_ref: str
    call_ended: bool
    running_s: float
    others: tuple[str, ...]  # the carrier's ids of other recordings of this call


@dataclass(frozen=True, slots=True)
class PlaybackWork:
    """A window that waits for a key."""

    id: UUID
    recording_id: UUID
    sealed_key: str  # hexadecimal, sealed for the gateway
    public_key: str  # hexadecimal, the window's
