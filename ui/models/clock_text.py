"""Times in words: the patient's and the practice's clocks, days, durations."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "LATE",
    "clock",
    "clock_in",
    "countdown",
    "day",
    "local",
    "same_clock",
    "waited",
    "when",
    "zone_label",
]

_US_ZONE = 3  # letters of "CST", "CDT"
LATE = timedelta(minutes=5)  # a patient who called waits too long from here on
_HOUR, _DAY = 60, 24  # minutes, hours


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")  # an unknown zone is shown as UTC, and says so


def local(at: datetime, zone: str) -> datetime:
    """Return the moment on the wall clock of an IANA zone."""
    return at.astimezone(_zone(zone))


def zone_label(at: datetime, zone: str) -> str:
    """Return "CT" for Chicago in winter and summer, and the zone's own name elsewhere."""
    name = local(at, zone).tzname() or zone
    american = len(name) == _US_ZONE and name[1:] in {"ST", "DT"}
    return f"{name[0]}T" if american else name


def clock(at: datetime, zone: str) -> str:
    """Return "9:42 AM"."""
    return local(at, zone).strftime("%I:%M %p").lstrip("0")


def clock_in(at: datetime, zone: str) -> str:
    """Return "9:42 AM CT"."""
    return f"{clock(at, zone)} {zone_label(at, zone)}"


def day(at: datetime, zone: str) -> str:
    """Return "Tue Nov 25"."""
    there = local(at, zone)
    return f"{there:%a %b} {there.day}"


def when(at: datetime, zone: str) -> str:
    """Return "Tue Nov 25, 10:30 AM"."""
    return f"{day(at, zone)}, {clock(at, zone)}"


def same_clock(at: datetime, one: str, other: str) -> bool:
    """Whether two zones show the same time at this moment."""
    return local(at, one).utcoffset() == local(at, other).utcoffset()


def countdown(left: timedelta) -> str:
    """Return "4:32"; never below "0:00", hours as "1:02:03"."""
    seconds = max(0, int(left.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def waited(since: datetime, now: datetime) -> str:
    """Return how long something waits: "now", "4 min", "2 h 05", "3 d 4 h"."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 1:
        return "now"
    if minutes < _HOUR:
        return f"{minutes} min"
    hours = minutes // _HOUR
    if hours < _DAY:
        return f"{hours} h {minutes % _HOUR:02d}"
    return f"{hours // _DAY} d {hours % _DAY} h"
