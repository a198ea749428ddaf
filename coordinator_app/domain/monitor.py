"""A supervisor on a live call, and a coordinator's call for help.

Three ways to be on somebody's call: *listen*, nobody hears the supervisor; *coach*, only the
coordinator does; *barge*, everybody does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator_app.domain.call import Caption, HelpAsked, OnCall


class MonitorMode(enum.StrEnum):
    """How a supervisor is on a call."""

    LISTEN = "listen"
    COACH = "coach"
    BARGE = "barge"


class HelpReason(enum.StrEnum):
    """Why a coordinator wants help. A list, so that nothing of the patient is written."""

    NONE = ""
    UPSET = "upset"
    CLINICAL = "clinical"
    SCHEDULING = "scheduling"
    INSURANCE = "insurance"
    LANGUAGE = "language"
    IDENTITY = "identity"
    SYSTEM = "system"


class MonitorState(enum.StrEnum):
    """Where a supervisor's leg stands; the order of the members is the rank."""

    REQUESTED = "requested"  # the carrier has not heard of it
    PLACING = "placing"  # sent, perhaps; looked up, never sent again
    RINGING = "ringing"
    ON = "on"
    ENDED = "ended"


class MonitorEnd(enum.StrEnum):
    """Why a supervisor is no longer on a call."""

    STOPPED = "stopped"  # they left with the button, signed out, or were suspended
    CALL_ENDED = "call_ended"
    LEFT = "left"  # they hung up their own phone
    NO_ANSWER = "no_answer"  # their own phone did not answer, or was busy
    REFUSED = "refused"  # the carrier said no
    NOT_PLACED = "not_placed"  # the carrier certainly never called them
    LOST = "lost"  # nobody can say


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is up, as supervisors see it: no patient but initials, no number."""

    call_id: UUID
    person_id: UUID
    coordinator: str
    campaign: str
    patient: str  # initials
    own: bool  # the supervisor's own call
    is_practice_line: bool
    state: str  # a CallState, or "held"
    muted: bool
    requested_at: datetime
    answered_at: datetime | None
    help: HelpAsked | None
    company: tuple[OnCall, ...]
    my_mode: MonitorMode | None  # what I asked for; None: I am not on it
    my_line_mode: MonitorMode | None  # what the carrier has; None: I hear nothing yet
    my_state: MonitorState | None
    stopping: bool
    captions: tuple[Caption, ...]  # what I would have heard since I came (practice line)


@dataclass(frozen=True, slots=True)
class LiveBoard:
    """Everything on the lines now; help that nobody answered comes first."""

    now: datetime
    warn_seconds: int  # a conversation this long is marked
    late_seconds: int  # and this long stands out
    ring_seconds: int  # a call that rings this long stands out
    help_seconds: int  # a call for help that waits this long stands out
    tells_listening: bool  # whether coordinators are told of who only listens
    ear: str  # where I would hear a call, in words
    last_sentence: str  # why I am no longer on a call, for two minutes; "" when I am or never was
    last_id: UUID | None  # of my newest time on a call
    calls: tuple[LiveCall, ...]


# ---------------------------------------------------------------- gateway's side


@dataclass(frozen=True, slots=True)
class MonitorWish:
    """A supervisor who is, or wants to be, on a call; all times of the gateway's clock."""

    id: UUID
    session_id: UUID  # the coordinator's shift: names the conference
    endpoint: str  # the supervisor's own: "client:...", "+1...", "sip:..."
    caller_id: str  # E.164
    mode: MonitorMode
    line_mode: MonitorMode | None
    state: MonitorState
    stop_wanted: bool
    call_ended: bool
    carrier_ref: str  # the carrier's id of the supervisor's leg, "" when never learnt
    requested_at: datetime
    placed_at: datetime | None
    time_limit_s: int


@dataclass(frozen=True, slots=True)
class MonitorFact:
    """Something that is now known about a supervisor's leg; may repeat."""

    state: MonitorState
    at: datetime
    line_mode: MonitorMode | None = None
    carrier_ref: str = ""
    end: MonitorEnd | None = None  # with ENDED
    sentence: str = ""  # for the supervisor
