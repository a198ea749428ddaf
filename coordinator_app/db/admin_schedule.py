"""When practitioners can be booked: their weekly hours and their time off.

Hours are never overwritten: what was in force until a day keeps its row, with its validity ended
on that day, so that the question "did she work then?" keeps its answer. Wall-clock times are
those of the practice's zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from coordinator_app.db.admin_practitioners import (
    PractitionerLine,
    audit_practitioner,
    find_practitioner,
)
from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = tuple(name[:3].lower() for name in WEEKDAYS)
_HOURS = re.compile(r"([0-2]?[0-9]:[0-5][0-9])-([0-2]?[0-9]:[0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of a day, by the practice's wall clock; it ends on the day on which it starts."""

    starts: time
    ends: time

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}-{self.ends:%H:%M}"

    def holds(self, other: Hours) -> bool:
        """Say whether ``other`` lies strictly inside, so that work is left on both sides."""
        return self.starts < other.starts and other.ends < self.ends


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """One row of a practitioner's week. ``kind``: work or lunch; ``until`` is exclusive."""

    weekday: int  # ISO: Monday is 1
    kind: str
    hours: Hours
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class TimeOff:
    """A span without openings, by the practice's wall clock; ``ends`` is exclusive."""

    starts: datetime
    ends: datetime
    reason: str
    everyone: bool

    def __str__(self) -> str:
        midnight = time()
        if self.starts.time() == self.ends.time() == midnight:
            last = self.ends - timedelta(days=1)
            days = f"{self.starts:%Y-%m-%d}"
            return days if last <= self.starts else f"{days} to {last:%Y-%m-%d}"
        return f"{self.starts:%Y-%m-%d %H:%M} to {self.ends:%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of the schedule. ``booked``: visits in the time that is no longer worked."""

    practitioner: PractitionerLine | None  # None: everybody
    booked: int


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A practitioner's hours from today on, and what is off."""

    practitioner: PractitionerLine
    zone: str
    today: date
    weekly: tuple[WeeklyHours, ...]
    off: tuple[TimeOff, ...]


# ------------------------------------------------------------------------------------- words


def parse_days(text: str) -> tuple[int, ...]:
    """Read "mon-fri" or "mon,wed": ISO weekdays in order. Raises RefusedError."""
    days: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in _SHORT or (dash and last not in _SHORT):
            raise RefusedError(
                f"{text} are no days. Write them like mon-fri or mon,wed.", name="bad_days"
            )
        start = _SHORT.index(first) + 1
        end = _SHORT.index(last) + 1 if dash else start
        if end < start:
            raise RefusedError(f"In {text} the week runs backwards.", name="bad_days")
        days += range(start, end + 1)
    if len(set(days)) != len(days):
        raise RefusedError(f"{text} names a day twice.", name="bad_days")
    return tuple(sorted(days))


def parse_hours(text: str) -> Hours:
    """Read "08:00-17:00". Raises RefusedError."""
    found = _HOURS.fullmatch(text.replace(" ", ""))
    try:
        parts = found.groups() if found else ()
        starts, ends = (time.fromisoformat(part.zfill(5)) for part in parts)
    except ValueError:
        raise RefusedError(
            f"{text} are no hours. Write them like 08:00-17:00.", name="bad_hours"
        ) from None
    if ends <= starts:
        raise RefusedError(f"{text} ends before it begins.", name="bad_hours")
    return Hours(starts, ends)


def parse_moment(text: str, *, last: bool) -> datetime:
    """Read "2026-12-24" or "2026-12-24 13:00", without a zone: the practice's wall clock.

    A day is meant whole: as the ``last`` one it ends with its midnight. Raises RefusedError.
    """
    try:
        if len(text) == len("2026-12-24"):
            day = datetime.combine(date.fromisoformat(text), time())
            return day + timedelta(days=1) if last else day
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise RefusedError(
            f"{text} is no day or time. Write it like 2026-12-24 or 2026-12-24 13:00.",
            name="bad_time",
        )
    return moment


# ----------------------------------------------------------------------------------- changes


def set_hours(
    conninfo: str,
    name: str,
    days: Sequence[int],
    hours: Hours | None,
    lunch: Hours | None,
    *,
    since: date | None,
) -> Changed:
    """Give a practitioner these hours (None: not working) on these ISO weekdays.

    ``since``: the first day, by default the practice's today. Hours of these weekdays that were
    in force end on that day; hours planned for later never come into force. Raises RefusedError.
    """
    if lunch is not None and (hours is None or not hours.holds(lunch)):
        raise RefusedError(
            "Lunch must lie inside the hours, with work before and after it.", name="bad_lunch"
        )
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, zone = practice_day(conn)
        first = since or today
        if first < today:
            raise RefusedError(
                f"Hours cannot be changed for days that are over. Choose {today} or later.",
                name="past",
            )
        who = find_practitioner(conn, name)
        weekdays = list(days)
        conn.execute(
            "UPDATE app.schedule_template SET "
            "valid = daterange(lower(valid), greatest(lower(valid), %s)) "
            "WHERE practitioner_id = %s AND weekday = ANY (%s) AND NOT isempty(valid) "
            "AND (upper_inf(valid) OR upper(valid) > %s)",
            [first, who.id, weekdays, first],
        )
        for kind, part in (("work", hours), ("lunch", lunch)):
            if part is not None:
                conn.execute(
                    "INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends, "
                    "kind, valid) SELECT %s, d, %s, %s, %s, daterange(%s, NULL) "
                    "FROM unnest(%s::int[]) d",
                    [who.id, part.starts, part.ends, kind, first, weekdays],
                )
        audit_practitioner(
            conn,
            "schedule.set",
            who.id,
            days=",".join(_SHORT[day - 1] for day in weekdays),
            hours=str(hours or "off"),
            lunch=str(lunch or ""),
            since=first.isoformat(),
        )
        booked = _count(
            conn,
            "SELECT count(*) FROM app.appointment a CROSS JOIN LATERAL (SELECT "
            "lower(a.span) AT TIME ZONE %(zone)s AS s, upper(a.span) AT TIME ZONE %(zone)s AS e) l "
            "WHERE a.practitioner_id = %(who)s AND a.status = 'booked' "
            "AND lower(a.span) > app.now() AND l.s::date >= %(first)s "
            "AND extract(isodow FROM l.s) = ANY (%(days)s) "
            "AND NOT coalesce(l.s::time >= %(from)s::time AND l.e::time <= %(to)s::time, false)",
            {
                "zone": zone,
                "who": who.id,
                "first": first,
                "days": weekdays,
                "from": hours.starts if hours else None,
                "to": hours.ends if hours else None,
            },
        )
    return Changed(who, booked)


def add_time_off(
    conninfo: str, name: str | None, starts: datetime, ends: datetime, reason: str
) -> Changed:
    """Close a span of the practice's wall clock; ``name`` None: for everybody.

    Raises RefusedError for a span that is over, backwards, or overlaps one that is there.
    """
    if not reason.strip():
        raise RefusedError("Say why with --reason: coordinators read it.", name="no_reason")
    with connect_admin(conninfo) as conn, as_owner(conn):
        _, zone = practice_day(conn)
        who = find_practitioner(conn, name) if name is not None else None
        who_id = who.id if who else None
        span = _span(conn, starts, ends, zone)
        # Two at once would not see each other's.
        conn.execute("LOCK TABLE app.time_off IN SHARE ROW EXCLUSIVE MODE")
        for other in _time_off(conn, zone, "o.span && %(span)s::tstzrange", span, who_id):
            if other.everyone is (who is None):
                raise RefusedError(
                    f"That time is off already: {other} ({other.reason}). Take that back first "
                    "with --cancel, or give only the days that are missing.",
                    name="off_already",
                )
        conn.execute(
            "INSERT INTO app.time_off (practitioner_id, span, reason) VALUES (%s, %s, %s)",
            [who_id, span, reason.strip()],
        )
        audit_practitioner(conn, "schedule.off", who_id, span=span)
        booked = _count(
            conn,
            "SELECT count(*) FROM app.appointment a WHERE a.status = 'booked' "
            "AND a.span && %(span)s::tstzrange AND lower(a.span) > app.now() "
            "AND (%(who)s::uuid IS NULL OR a.practitioner_id = %(who)s)",
            {"span": span, "who": who_id},
        )
    return Changed(who, booked)


def cancel_time_off(conninfo: str, name: str | None, starts: datetime, ends: datetime) -> Changed:
    """Take a span back that was entered with exactly these ends. Raises RefusedError."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        _, zone = practice_day(conn)
        who = find_practitioner(conn, name) if name is not None else None
        who_id = who.id if who else None
        span = _span(conn, starts, ends, zone)
        gone = conn.execute(
            "DELETE FROM app.time_off WHERE span = %s::tstzrange "
            "AND practitioner_id IS NOT DISTINCT FROM %s",
            [span, who_id],
        )
        if gone.rowcount == 0:
            raise RefusedError(
                "No such time off is planned. See coordinator-admin schedule show.",
                name="no_such_time_off",
            )
        audit_practitioner(conn, "schedule.off_cancelled", who_id, span=span)
    return Changed(who, 0)


def show_schedule(conninfo: str, name: str) -> ScheduleView:
    """Return a practitioner's hours and time off, from the practice's today on."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, zone = practice_day(conn)
        who = find_practitioner(conn, name)
        rows = conn.execute(
            "SELECT weekday, kind, starts, ends, lower(valid), upper(valid) "
            "FROM app.schedule_template WHERE practitioner_id = %s AND NOT isempty(valid) "
            "AND (upper_inf(valid) OR upper(valid) > %s) "
            "ORDER BY weekday, lower(valid) NULLS FIRST, kind DESC, starts",
            [who.id, today],
        ).fetchall()
        coming = "upper(o.span) > app.now()"
        off = tuple(_time_off(conn, zone, coming, None, who.id))
    weekly = tuple(
        WeeklyHours(weekday, kind, Hours(starts, ends), since, until)
        for weekday, kind, starts, ends, since, until in rows
    )
    return ScheduleView(who, zone, today, weekly, off)


def _span(conn: Admin, starts: datetime, ends: datetime, zone: str) -> str:
    """Return the tstzrange of a span of the practice's wall clock, as PostgreSQL writes it."""
    if ends <= starts:
        raise RefusedError("The time off ends before it begins.", name="bad_time")
    row = conn.execute(
        "SELECT tstzrange(s, e)::text, e <= app.now() FROM (SELECT %s::timestamp AT TIME ZONE "
        "%s AS s, %s::timestamp AT TIME ZONE %s AS e) AS w WHERE s < e",
        [starts, zone, ends, zone],
    ).fetchone()
    if row is None:  # inside the hour that the clocks skip in spring
        raise RefusedError("That time does not exist in the practice's zone.", name="bad_time")
    span, is_over = row
    if is_over:
        raise RefusedError("That time is over. Nothing was changed.", name="past")
    return str(span)


def _time_off(
    conn: Admin, zone: str, which: str, span: str | None, who: UUID | None
) -> list[TimeOff]:
    rows = conn.execute(
        "SELECT lower(o.span) AT TIME ZONE %(zone)s, upper(o.span) AT TIME ZONE %(zone)s, "  # noqa: S608 - ours
        f"o.reason, o.practitioner_id IS NULL FROM app.time_off o WHERE {which} "
        "AND (o.practitioner_id IS NULL OR o.practitioner_id = %(who)s::uuid) "
        "ORDER BY o.span",
        {"zone": zone, "span": span, "who": who},
    ).fetchall()
    return [TimeOff(*row) for row in rows]


def _count(conn: Admin, query: str, values: dict[str, object]) -> int:
    row = conn.execute(query.encode(), values).fetchone()
    return int(row[0]) if row else 0
