"""Working hours, appointments and holds of the fake practice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from coordinator_app.domain.schedule import (
    Appointment,
    BusyInterval,
    DayOpenings,
    Interval,
    Openings,
    SlotHold,
)
from coordinator_app.errors import RefusedError, TakenByAnotherError
from tests.helpers.fake_data import LIND, OKAFOR, PRACTICE, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOLD = timedelta(minutes=5)
_STEP = timedelta(minutes=30)
# Minutes after midnight, per weekday: what is always taken.
_TAKEN: dict[int, tuple[tuple[int, int, str], ...]] = {
    0: ((480, 540, "Follow-up"), (540, 600, "New patient"), (630, 720, "Annual")),
    1: ((480, 540, "Annual"), (570, 630, "Follow-up"), (690, 720, "Telehealth")),
    2: ((510, 570, "Follow-up"), (570, 630, "Booked"), (690, 720, "Telehealth")),
    4: ((480, 540, "New patient"), (600, 690, "Procedure")),
}


@dataclass
class _Taken:
    practitioner: UUID
    start: datetime
    end: datetime
    kind: str
    hold_until: datetime | None = None
    id: UUID = field(default_factory=uuid4)
    mine: bool = True


class FakeSchedule:
    """Two clinicians' weeks. Thursday Dr. Okafor is out of the office."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start with the fixed pattern and nothing booked."""
        self._now = now
        self._zone = ZoneInfo(ZONE)
        self.taken: list[_Taken] = []
        self.booked: dict[UUID, Appointment] = {}  # by the hold it was

    def openings(
        self, practitioners: Sequence[UUID], visit_type: UUID, first_day: date, days: int
    ) -> Openings:
        """Compute the grid; holds that ran out are free again."""
        minutes = next(v.minutes for v in PRACTICE.visit_types if v.id == visit_type)
        found = [
            self._day(practitioner, first_day + timedelta(days=offset), minutes)
            for offset in range(days)
            for practitioner in practitioners
        ]
        return Openings(self._now(), ZONE, minutes, tuple(found))

    def _at(self, day: date, minute: int) -> datetime:
        return datetime.combine(day, time(minute // 60, minute % 60), self._zone)

    def _day(self, practitioner: UUID, day: date, minutes: int) -> DayOpenings:
        name = OKAFOR.name if practitioner == OKAFOR.id else LIND.name
        weekday = day.weekday()
        if weekday > 4 or (weekday == 3 and practitioner == OKAFOR.id):
            reason = "Closed" if weekday > 4 else "Out of office"
            return DayOpenings(practitioner, name, day, (), reason, (), ())
        morning = Interval(self._at(day, 480), self._at(day, 720))
        afternoon = Interval(self._at(day, 780), self._at(day, 1020))
        busy = [BusyInterval(morning.end, afternoon.start, "Lunch", mine=False)]
        busy += [
            BusyInterval(self._at(day, start), self._at(day, end), kind, mine=False)
            for start, end, kind in _TAKEN.get(weekday, ())
            if practitioner == OKAFOR.id
        ]
        busy += [
            BusyInterval(t.start, t.end, t.kind, mine=t.mine and t.hold_until is not None)
            for t in self._current()
            if t.practitioner == practitioner and t.start.astimezone(self._zone).date() == day
        ]
        free = []
        start = morning.start
        while start + timedelta(minutes=minutes) <= afternoon.end:
            end = start + timedelta(minutes=minutes)
            clash = any(b.start < end and start < b.end for b in busy)
            if not clash and start > self._now():
                free.append(start)
            start += _STEP
        ordered = tuple(sorted(busy, key=lambda b: b.start))
        return DayOpenings(practitioner, name, day, (morning, afternoon), "", ordered, tuple(free))

    def _current(self) -> list[_Taken]:
        now = self._now()
        return [t for t in self.taken if t.hold_until is None or t.hold_until > now]

    def hold(self, practitioner: UUID, visit_type: UUID, start: datetime) -> SlotHold:
        """Hold a slot; another hold of mine is let go only when this one succeeds.

        Raises:
            TakenByAnotherError: somebody has it.
        """
        kind = next(v for v in PRACTICE.visit_types if v.id == visit_type)
        end = start + timedelta(minutes=kind.minutes)
        for other in self._current():
            mine = other.mine and other.hold_until is not None
            if (
                other.practitioner == practitioner
                and other.start < end
                and start < other.end
                and not mine
            ):
                sentence = "This time was just taken. Choose another opening."
                raise TakenByAnotherError(sentence, name="slot_taken")
        self.taken = [t for t in self.taken if t.hold_until is None or not t.mine]
        until = self._now() + HOLD
        kept = _Taken(practitioner, start, end, "Held", hold_until=until)
        self.taken.append(kept)
        return self.as_hold(kept, kind.name)

    def as_hold(self, kept: _Taken, visit_type: str) -> SlotHold:
        """Return a hold as the window sees it."""
        name = OKAFOR.name if kept.practitioner == OKAFOR.id else LIND.name
        until = kept.hold_until or kept.start
        return SlotHold(kept.id, kept.start, kept.end, until, name, visit_type)

    def release(self, hold_id: UUID) -> None:
        """Let a hold go."""
        self.taken = [t for t in self.taken if t.id != hold_id]

    def take(self, practitioner: UUID, start: datetime, kind: str = "Follow-up") -> None:
        """Book a slot for somebody else, as another coordinator would."""
        end = start + timedelta(minutes=30)
        self.taken.append(_Taken(practitioner, start, end, kind, mine=False))

    def book(self, hold_id: UUID) -> Appointment:
        """Turn a hold into a booking; one that was turned already stays what it is.

        Raises:
            RefusedError: the hold has run out.
        """
        if hold_id in self.booked:
            return self.booked[hold_id]
        for kept in self._current():
            if kept.id == hold_id and kept.hold_until is not None:
                kept.hold_until = None
                kept.kind = "Follow-up"
                name = OKAFOR.name if kept.practitioner == OKAFOR.id else LIND.name
                visit = Appointment(uuid4(), kept.start, kept.end, name, "Follow-up", "booked")
                self.booked[hold_id] = visit
                return visit
        sentence = "The held time has run out. Choose an opening again."
        raise RefusedError(sentence, name="hold_expired")

    def alive(self, hold_id: UUID) -> bool:
        """Whether the hold still counts."""
        return any(t.id == hold_id and t.hold_until is not None for t in self._current())
