"""What the engine needs of a phone carrier, and what a carrier may answer.

Blocking, with deadlines of its own; no Qt, no database. Every command is idempotent: asking
twice is as good as asking once, and an answer that was lost is ``Unknown``, never a guess
(telephony.md 1.2 "Idempotency", 4.1).
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from coordinator_app.domain.call import CallEnd, CallRequest, CallState, Caption, ShiftLeg


class Category(enum.StrEnum):
    """What a refusal means for the call and for the line (telephony.md 1.2, error codes)."""

    NUMBER_BAD = "number_bad"  # flag the number, do not try it again
    BLOCKED = "blocked"  # a rule forbids this number
    CONFIGURATION = "configuration"  # nobody can call until the supervisor repairs it
    WAIT = "wait"  # too fast or too many at once; the same attempt may be sent again
    NOT_SENT = "not_sent"  # the carrier certainly never heard of it
    LINE_ERROR = "line_error"  # anything else, our own defects included


# ------------------------------------------------------------------ answers to place


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has the call; ``ref`` is its id of the leg."""

    ref: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier answered no: nothing was dialled."""

    code: str
    category: Category
    sentence: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that does not say whether it was done."""

    why: str  # for the log: a class of failure, never an address or a number


# ------------------------------------------------------------------ answers to locate


@dataclass(frozen=True, slots=True)
class Found:
    """The call exists at the carrier."""

    ref: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The carrier answered and does not know the call."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The carrier did not answer, or (``answered``) more than one call could be ours."""

    why: str
    answered: bool = False


# ------------------------------------------------------------------ answers to commands


@dataclass(frozen=True, slots=True)
class Done:
    """It is so now."""


@dataclass(frozen=True, slots=True)
class AlreadyGone:
    """The call had ended before; the terminal fact will say how."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier answered no."""

    code: str
    sentence: str


PlaceAnswer = Accepted | Rejected | Unknown
LocateAnswer = Found | Absent | CannotTell
CommandAnswer = Done | AlreadyGone | Refused | Unknown

# ------------------------------------------------------------------ what can be seen


class AgentState(enum.StrEnum):
    """Where the coordinator's own leg stands."""

    ABSENT = "absent"  # never opened, ended, or not answered
    CONNECTING = "connecting"
    UP = "up"


@dataclass(frozen=True, slots=True)
class AgentLeg:
    """The coordinator's leg of a shift."""

    state: AgentState
    muted: bool = False
    ref: str = ""  # the carrier's id of it, with UP


@dataclass(frozen=True, slots=True)
class PatientLeg:
    """The patient's leg as the carrier shows it."""

    ref: str
    state: CallState  # QUEUED, RINGING, LIVE or ENDED
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end: CallEnd | None = None  # with ENDED; COMPLETED_BY_PATIENT when nobody here hung up
    held: bool = False
    captions: tuple[Caption, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both legs at one moment."""

    patient: PatientLeg
    agent: AgentLeg


@dataclass(frozen=True, slots=True)
class Vanished:
    """The carrier answered that it has no call of this id."""

    agent: AgentLeg


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The carrier did not answer usefully; ask again later."""

    why: str
    retry_after_s: float | None = None


SnapshotAnswer = Snapshot | Vanished | Unreachable


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the pre-flight check has to say."""

    blocks: bool  # True: no call can be made until somebody repairs the set-up
    sentence: str  # what is wrong and who can do what about it
    unreachable: bool = False  # nobody answered: nothing is known of the set-up


class VoipBackend(Protocol):
    """A phone carrier. Methods never raise for what the world may do to them."""

    @property
    def is_practice(self) -> bool:
        """True when no real call can be made."""
        ...

    def preflight(self) -> tuple[Finding, ...]:
        """Whether calls can be made at all; empty: nothing to say."""
        ...

    def agent_leg(self, session_id: UUID) -> AgentLeg | Unreachable:
        """The coordinator's leg of this shift."""
        ...

    def open_agent_leg(self, leg: ShiftLeg) -> PlaceAnswer:
        """Call the coordinator's own endpoint into the shift's room. The caller has looked
        before that there is none."""
        ...

    def close_agent_leg(self, session_id: UUID) -> CommandAnswer:
        """Let the coordinator's leg go."""
        ...

    def rooms_older_than(self, before: datetime) -> tuple[UUID, ...] | Unreachable:
        """The shifts whose rooms are open and began before then."""
        ...

    def end_room(self, session_id: UUID) -> CommandAnswer:
        """Everybody leaves the room of a shift."""
        ...

    def place(self, request: CallRequest) -> PlaceAnswer:
        """Dial the patient into the shift's room. Not idempotent: sent once for a call."""
        ...

    def locate(
        self, request: CallRequest, since: datetime, others: Collection[str]
    ) -> LocateAnswer:
        """Find a call whose answer was lost, by our own id and then by the numbers.

        ``since``: the carrier's earliest possible time; ``others``: refs of other calls.
        """
        ...

    def snapshot(self, request: CallRequest, ref: str) -> SnapshotAnswer:
        """Both legs now."""
        ...

    def hang_up(self, ref: str, *, answered: bool) -> CommandAnswer:
        """End the patient's leg, whether it still rings or was answered meanwhile."""
        ...

    def set_hold(self, request: CallRequest, ref: str, *, held: bool) -> CommandAnswer:
        """Hold or resume the patient."""
        ...

    def set_mute(self, session_id: UUID, *, muted: bool) -> CommandAnswer:
        """Mute or unmute the coordinator."""
        ...

    def send_digits(self, request: CallRequest, ref: str, digits: str) -> CommandAnswer:
        """Press keys; ``digits`` of 0-9, *, #, w (half a second). Not idempotent."""
        ...
