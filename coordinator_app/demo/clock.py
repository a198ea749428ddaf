"""The demo's own time: a weekday in office hours, at whatever hour somebody starts it.

The offset lives in the database and only ever grows (a constraint and a trigger see to both);
these functions say by how much.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

ZONE = ZoneInfo("America/New_York")  # the demo practice's
_MORNING = time(9, 40)
_NEW_FROM, _NEW_UNTIL = time(9, 0), time(11, 0)  # when a new demo can live in real time
_OPEN_FROM, _OPEN_UNTIL = time(8, 30), time(16, 0)
_SATURDAY = 6


def first_offset(now: datetime, zone: ZoneInfo, holidays: Collection[date] = ()) -> timedelta:
    """Return the offset of a new demo: none on a working day's morning, else to the next one.

    ``now``: the real time, aware.
    """
    local = now.astimezone(zone)
    if _is_working_day(local.date(), holidays) and _NEW_FROM <= local.time() <= _NEW_UNTIL:
        return timedelta()
    return _next_morning(local, holidays) - now


def next_offset(
    now: datetime, offset: timedelta, zone: ZoneInfo, holidays: Collection[date] = ()
) -> timedelta:
    """Return the offset to go on with: the same within office hours, else a larger one.

    ``now``: the real time, aware. The result is never smaller than ``offset``.
    """
    local = (now + offset).astimezone(zone)
    if _is_working_day(local.date(), holidays) and _OPEN_FROM <= local.time() < _OPEN_UNTIL:
        return offset
    return _next_morning(local, holidays) - now


def _is_working_day(day: date, holidays: Collection[date]) -> bool:
    return day.isoweekday() < _SATURDAY and day not in holidays


def _next_morning(local: datetime, holidays: Collection[date]) -> datetime:
    """Return the first 9:40 of a working day that is not before ``local``."""
    day = local.date() if local.time() <= _MORNING else local.date() + timedelta(days=1)
    while not _is_working_day(day, holidays):
        day += timedelta(days=1)
    # Whole seconds, so that the offset reads well; the zone's own offset on that day counts.
    return datetime.combine(day, _MORNING, local.tzinfo)
