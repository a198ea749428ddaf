"""Patients who call back: what the office enters, what is told, what the carrier sees."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coordinator_app.domain.find import LastCall


class ReturnKind(enum.StrEnum):
    """How a returned call stands."""

    ON_THE_PHONE = "on_the_phone"
    WANTS_CALL = "wants_call"
    MISSED = "missed"


class OptOutScope(enum.StrEnum):
    """What a caller wants no more of."""

    NUMBER = "number"  # calls on this number
    CALLS = "calls"  # any call
    EVERYTHING = "everything"  # calls, texts, e-mail, letters


@dataclass(frozen=True, slots=True)
class ReturnReport:
    """What somebody at the practice tells of a caller.

    Either ``phone`` or ``patient_id``: the second only of a patient this person was shown.
    """

    what: str  # a ReturnKind but MISSED, or "opt_out"
    phone: str = ""
    patient_id: UUID | None = None
    when: datetime | None = None  # with WANTS_CALL; None: as soon as possible
    scope: str = ""  # an OptOutScope with "opt_out"
    note: str = ""


OPT_OUT = "opt_out"


@dataclass(frozen=True, slots=True)
class ReturnRouted:
    """Where it went."""

    id: UUID
    sentence: str
    routed_to: str  # "" for nobody in particular
    matches: int  # patients who have the number


@dataclass(frozen=True, slots=True)
class ReturnPerson:
    """A patient it may be."""

    patient_id: UUID
    likely: bool
    name: str  # first name and last initial; "" while it is not shown
    language: str  # BCP 47
    can_open: bool
    sentence: str  # why not
    last_call: LastCall | None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A returned call that is not settled. Of somebody else's there is only who has it."""

    id: UUID
    at: datetime
    source: str  # "office", "carrier"
    kind: ReturnKind
    waits: bool  # the caller is on the line now and can be taken
    mine: bool
    routed_to: str  # "" for anybody
    routed_why: str  # "holder", "last_caller", "available", "anybody", "supervisor"
    taken_by: str  # "" until somebody opened it
    wanted_at: datetime | None
    known: bool  # a patient of the practice
    number: str  # the end of it, or all of an unknown caller's; "" when withheld or not shown
    note: str
    people: tuple[ReturnPerson, ...]
    gate: str  # why the call back cannot be made now, "" when it can

    @property
    def likely(self) -> ReturnPerson | None:
        """Who it most likely is."""
        return next((one for one in self.people if one.likely), None)

    @property
    def anybodys(self) -> bool:
        """Whether whoever comes first may take it."""
        return not self.routed_to and self.routed_why == "anybody" and not self.taken_by


@dataclass(frozen=True, slots=True)
class IncomingLine:
    """Whether the carrier can tell of calls to the office number."""

    state: str  # "listening", "no_queue", "not_ours", "away"
    sentence: str


@dataclass(frozen=True, slots=True)
class ReturnLane:
    """Everything that waits, the most urgent first."""

    now: datetime
    rows: tuple[ReturnRow, ...]
    line: IncomingLine | None  # None: nobody listens


@dataclass(frozen=True, slots=True)
class ReturnsWaiting:
    """What the heartbeat says: how many wait for this person."""

    on_the_phone: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ReturnsBoard:
    """The lane as the board shows it."""

    open: int = 0
    on_the_phone: int = 0
    unknown: int = 0
    oldest: datetime | None = None


# ---------------------------------------------------------------- gateway's side


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A call to the office number as the carrier shows it."""

    ref: str  # the carrier's id
    from_: str  # E.164, "" when withheld
    state: str  # "ringing", "waiting", "answered", "ended"
    at: datetime  # when it began


@dataclass(frozen=True, slots=True)
class IncomingWatched:
    """What the database wants to know of."""

    office_number: str | None
    open: tuple[str, ...]  # refs of calls whose end is not known
