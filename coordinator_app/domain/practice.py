"""Facts of one practice that the window shows and the script says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class VisitType:
    """A kind of visit that can be booked."""

    id: UUID
    name: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A clinician with a schedule."""

    id: UUID
    name: str  # "Dr. Okafor"
    specialty: str


@dataclass(frozen=True, slots=True)
class Practice:
    """The practice a person is signed in to."""

    name: str
    voicemail_name: str  # what may be said to a machine; reveals no specialty
    office_number: str  # E.164; the caller ID
    office_hours: str  # in words, for the script
    address: str
    zone: str  # IANA
    is_demo: bool
    lock_minutes: int
    daily_goal: int  # calls a day, for the progress line
    practitioners: tuple[Practitioner, ...]
    visit_types: tuple[VisitType, ...]


@dataclass(frozen=True, slots=True)
class LineHealth:
    """The phone line as the gateway last reported it."""

    state: str  # "ok" | "slow" | "down"
    is_practice_line: bool
    since: datetime | None
    sentence: str
    round_trip_ms: int | None = None  # of the carrier's answers lately; None: not known
