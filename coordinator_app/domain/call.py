"""A call: its states, how it ended, and what the gateway and the carrier said of it.

States as in telephony.md 4.2. The end of a call never equals its outcome: the first is
mechanical, the second is chosen by a person.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator_app.domain.recording import CallRecording


class CallState(enum.StrEnum):
    """Where a call stands; the order of the members is the rank, which only grows."""

    REQUESTED = "requested"  # committed in the database, the carrier has not heard of it
    PLACING = "placing"  # the request is on its way to the carrier
    UNKNOWN = "unknown"  # the carrier's answer was lost; being looked up, never redialled
    QUEUED = "queued"
    RINGING = "ringing"
    LIVE = "live"
    ENDED = "ended"


class CallEnd(enum.StrEnum):
    """The mechanical result of a call."""

    COMPLETED_BY_PATIENT = "completed_by_patient"
    COMPLETED_BY_US = "completed_by_us"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CANCELED = "canceled"
    BAD_NUMBER = "bad_number"
    BLOCKED = "blocked"
    AGENT_LEG_LOST = "agent_leg_lost"
    LINE_ERROR = "line_error"
    TIME_LIMIT = "time_limit"
    NEVER_PLACED = "never_placed"
    UNRESOLVED = "unresolved"


class CallCommand(enum.StrEnum):
    """What a coordinator may ask of a live call."""

    HANG_UP = "hang_up"
    HOLD = "hold"
    UNHOLD = "unhold"
    MUTE = "mute"
    UNMUTE = "unmute"
    DIGITS = "digits"


@dataclass(frozen=True, slots=True)
class Caption:
    """What the practice line 'says', so that a demo works without sound."""

    at: datetime
    speaker: str  # "patient", "machine", "line"
    text: str


@dataclass(frozen=True, slots=True)
class OnCall:
    """A supervisor who is on a call, or about to be."""

    name: str
    mode: str  # a monitor.MonitorMode
    joined: bool  # False: their phone is being called
    mine: bool = False  # it is the reader


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """A call for help that is still open."""

    reason: str  # a monitor.HelpReason
    asked_at: datetime
    by: str  # who answered or took it; "" while nobody has
    answer: str
    taken: bool  # somebody comes, or is there
    mine: bool = False  # by is the reader


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as the window shows it."""

    id: UUID
    entry_id: UUID
    state: CallState
    number_ending: str
    number_use: str
    requested_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end: CallEnd | None
    held: bool
    muted: bool
    is_practice_line: bool
    captions: tuple[Caption, ...]
    sentence: str  # what the line says of it in words, e.g. why it could not be placed
    needs_outcome: bool
    company: tuple[OnCall, ...] = ()  # supervisors on the call, as far as policy tells of them
    help: HelpAsked | None = None
    recording: CallRecording | None = None  # None: the practice does not record
    incoming: bool = False  # the patient called


class PhoneState(enum.StrEnum):
    """Where a coordinator's own phone stands."""

    CONNECTING = "connecting"
    UP = "up"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """A coordinator's own leg of the shift, as the window shows it."""

    leg: int  # which leg of the shift this is; what is said of one says nothing of the next
    state: PhoneState
    confirmed: bool  # the coordinator said on this leg that they hear it
    since: datetime | None
    sentence: str  # why it is gone, "" when it was never there
    endpoint: str  # "client:...", "+1...", "sip:..."

    @property
    def ready(self) -> bool:
        """Whether a patient may be dialled into it."""
        return self.state is PhoneState.UP and self.confirmed


# ---------------------------------------------------------------- gateway's side


@dataclass(frozen=True, slots=True)
class ShiftLeg:
    """A coordinator's leg as the database has it."""

    session_id: UUID
    endpoint: str
    caller_id: str  # E.164; what the coordinator's phone shows
    wanted: bool
    state: PhoneState
    carrier_ref: str  # with UP
    confirmed: bool


@dataclass(frozen=True, slots=True)
class LegFact:
    """What became of a coordinator's leg; the last word counts."""

    session_id: UUID
    state: PhoneState
    carrier_ref: str = ""  # with UP
    sentence: str = ""  # with GONE


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A granted call that the gateway has taken from the database to place."""

    call_id: UUID
    session_id: UUID  # the coordinator's shift: names the conference
    agent_endpoint: str  # "client:...", "+1...", "sip:..."
    to: str  # E.164
    extension: str
    caller_id: str  # E.164
    ring_timeout_s: int
    time_limit_s: int
    requested_at: datetime
    agent_ref: str = ""  # the carrier's id of the leg on which the coordinator said "I hear you"
    incoming_ref: str = ""  # the carrier's id of a caller who waits: led in, not dialled


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call without an end, as the gateway finds it after a restart."""

    request: CallRequest
    state: CallState
    carrier_ref: str  # the carrier's id of the patient's leg, "" when never learnt
    answered_at: datetime | None
    hang_up_wanted: bool


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command for one call, taken once."""

    id: int
    call_id: UUID
    command: CallCommand
    digits: str


@dataclass(frozen=True, slots=True)
class CallFact:
    """Something that is now known about a call; facts may repeat and come in any order.

    ``rank`` rules: a state never goes back, ENDED absorbs, the earliest times win.
    """

    call_id: UUID
    state: CallState
    at: datetime  # the carrier's or the gateway's clock, UTC
    carrier_ref: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end: CallEnd | None = None
    error_code: str = ""
    sentence: str = ""
    held: bool | None = None
    muted: bool | None = None
    captions: tuple[Caption, ...] = ()
