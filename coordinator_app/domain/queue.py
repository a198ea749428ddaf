"""The shared queue: rows before they are claimed, and why a row may not be called now."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


class QueueFilter(enum.StrEnum):
    """The four views of the queue."""

    ALL = "all"
    DUE = "due"  # a callback is due
    NEW = "new"  # never attempted
    RETRY = "retry"  # attempted before


class SkipReason(enum.StrEnum):
    """Why a coordinator passes on a patient; skipping costs nothing."""

    KNOWN_PERSONALLY = "known_personally"
    LANGUAGE = "language"
    NEEDS_CLINICIAN = "needs_clinician"
    BAD_TIME = "bad_time"
    DATA_PROBLEM = "data_problem"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Chip:
    """A short tinted label. ``kind`` is a theme kind: danger, warning, success, info, violet,
    neutral."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Gate:
    """The first check that keeps a patient from being dialled now."""

    name: str  # stable: "hours", "cap_day", "suppressed", ...
    sentence: str
    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One patient of the queue, as little of them as choosing needs."""

    entry_id: UUID
    score: int  # 0-100
    first_name: str  # both "" while the list does not show this patient's name
    last_initial: str
    reason: str  # "No visit 14 mo · A1c overdue"
    campaign: str
    chips: tuple[Chip, ...]
    zone: str  # IANA, where the patient is
    attempts: int
    max_attempts: int
    callback_due: datetime | None
    gate: Gate | None  # None: may be dialled now
    held_by: str | None  # somebody's name while claimed
    mine: bool

    @property
    def name(self) -> str:
        """First name and last initial; "" while it is not shown."""
        return f"{self.first_name} {self.last_initial}." if self.first_name else ""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many rows each filter has."""

    all: int
    due: int
    new: int
    retry: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """What the queue panel shows."""

    now: datetime
    rows: tuple[QueueRow, ...]
    counts: QueueCounts
    closed: Gate | None  # nothing callable at all: why, and when it opens
    calls_today: int
    daily_goal: int
