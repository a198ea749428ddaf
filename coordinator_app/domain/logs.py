"""Rows of the lists around the calls: callbacks, the call log, imports kept for review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """A promised call."""

    id: UUID
    entry_id: UUID
    due_at: datetime
    zone: str  # the patient's
    patient: str  # first name and last initial; "" while it is not shown
    owner: str
    mine: bool
    anyone: bool  # free for everybody (owner released it, or it is overdue)
    note: str
    gate: str  # why it cannot be dialled now, "" when it can


@dataclass(frozen=True, slots=True)
class CallLogFilter:
    """What of the call log to show; empty fields do not filter."""

    person_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None  # inclusive
    outcome: str = ""
    campaign: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Amended:
    """What a call had as its outcome before somebody corrected it."""

    outcome: str  # code
    note: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallLogRow:
    """One call."""

    id: UUID
    at: datetime
    zone: str
    coordinator: str
    patient: str  # initials for a coordinator's calls of earlier days
    number_ending: str  # "" for those
    campaign: str
    end: str  # mechanical result, code
    outcome: str  # code, "" when none yet
    seconds: int  # talked
    identity: str
    note: str  # "" for a coordinator's calls of earlier days
    is_practice_line: bool
    patient_id: UUID | None = None  # for those who may ask who looked
    amendable: bool = False  # by the reader, now
    amended: Amended | None = None
    recorded: bool = False  # told to those who review


@dataclass(frozen=True, slots=True)
class CallLogPage:
    """Up to 200 rows, newest first; ``next_before`` is the key of the next page."""

    rows: tuple[CallLogRow, ...]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class ImportBatchRow:
    """One import, for the administrator."""

    id: UUID
    at: datetime
    source: str
    file_name: str
    by: str
    read: int
    created: int
    changed: int
    unchanged: int
    review: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ImportProblemRow:
    """A row kept for review with its reason."""

    row_number: int
    severity: str
    reason: str
    external_id: str
