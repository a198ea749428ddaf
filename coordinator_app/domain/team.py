"""The supervisor's live board."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from coordinator_app.domain.practice import LineHealth
from coordinator_app.domain.returns import ReturnsBoard


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure with its last ten working days and the change against last week."""

    name: str
    value: str
    change: str
    good: bool | None  # whether the change is good; None: neither
    trend: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OutcomeDay:
    """Calls of one day by group of outcomes."""

    day: date
    booked: int
    voicemail: int
    callback: int
    no_answer: int
    declined: int
    other: int


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Answer rate of an hour of a weekday, in the patient's local time."""

    weekday: int  # 0 Monday
    hour: int  # 0-23
    calls: int
    answered: int


@dataclass(frozen=True, slots=True)
class CoordinatorToday:
    """A line of the live table."""

    person_id: UUID
    name: str
    now: str  # "On a call", "Wrap-up", "Available", "Break", "Signed out"
    since: datetime | None
    calls: int
    reached: int
    booked: int
    talk_seconds: int
    wrap_seconds: int  # mean after-call time


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of the recall funnel of one campaign."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class TeamBoard:
    """Everything on the Team page, in one round trip."""

    now: datetime
    kpis: tuple[Kpi, ...]
    days: tuple[OutcomeDay, ...]
    heat: tuple[HeatCell, ...]
    coordinators: tuple[CoordinatorToday, ...]
    funnels: tuple[tuple[str, tuple[FunnelStep, ...]], ...]  # (campaign, steps)
    line: LineHealth
    returns: ReturnsBoard = field(default_factory=ReturnsBoard)
