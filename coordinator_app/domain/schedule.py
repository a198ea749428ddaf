"""Openings: free times computed from working hours, and a slot held during a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Interval:
    """Half-open span of time, aware datetimes."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class BusyInterval:
    """Time that is taken; ``kind`` is the kind of visit, never a patient."""

    start: datetime
    end: datetime
    kind: str  # "Follow-up", "Lunch", "Held"
    mine: bool  # held by me


@dataclass(frozen=True, slots=True)
class DayOpenings:
    """One practitioner's day."""

    practitioner_id: UUID
    practitioner: str
    day: date
    working: tuple[Interval, ...]  # empty: out of office
    out_of_office: str  # reason in words, "" when working
    busy: tuple[BusyInterval, ...]
    free: tuple[datetime, ...]  # starts at which the visit type fits


@dataclass(frozen=True, slots=True)
class Openings:
    """The grid's data."""

    now: datetime
    zone: str  # the practice's
    visit_minutes: int
    days: tuple[DayOpenings, ...]


@dataclass(frozen=True, slots=True)
class SlotHold:
    """A slot kept for this call on the server."""

    id: UUID
    start: datetime
    end: datetime
    until: datetime
    practitioner: str
    visit_type: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booked visit."""

    id: UUID
    start: datetime
    end: datetime
    practitioner: str
    visit_type: str
    status: str
