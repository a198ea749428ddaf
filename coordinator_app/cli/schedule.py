"""``coordinator-admin practitioner`` and ``schedule``: with whom and when visits can be booked."""

# A command prints.

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from coordinator_app.cli.patients import SPREADSHEET
from coordinator_app.cli.words import command, source
from coordinator_app.db import admin_practitioners, admin_schedule

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands
    from coordinator_app.db.admin_schedule import Changed, WeeklyHours

_EVERYONE = "everyone"
_NOT_WORKING = "off"


def declare_practitioner(commands: Commands) -> None:
    command(commands, "list", _list, "show everybody, and who can be booked")
    add = command(commands, "add", _add, "add one whom no export brings")
    add.add_argument("external_id", metavar="EXTERNAL_ID", help="the id in the practice's system")
    add.add_argument("--family", required=True)
    add.add_argument("--given", required=True)
    add.add_argument("--specialty", default="")
    add.add_argument(
        "--source",
        type=source,
        default=SPREADSHEET,
        help=f"the system whose exports name this id (default: {SPREADSHEET})",
    )
    bookable = command(commands, "bookable", _bookable, "let coordinators book visits, or not")
    bookable.add_argument("practitioner", metavar="NAME_OR_ID")
    bookable.add_argument("--off", action="store_true", help="no more visits; booked ones stay")


def declare_schedule(commands: Commands) -> None:
    hours = command(commands, "set", _set, "set weekly hours; earlier days keep theirs")
    hours.add_argument("practitioner", metavar="PRACTITIONER", help="name or id")
    hours.add_argument("--days", required=True, help="mon-fri, or mon,wed")
    hours.add_argument("--hours", required=True, help=f"08:00-17:00, or {_NOT_WORKING}")
    hours.add_argument("--lunch", metavar="HOURS", help="12:00-13:00")
    hours.add_argument(
        "--from",
        dest="since",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="the first day (default: the practice's today)",
    )
    show = command(commands, "show", _show, "show hours and time off")
    show.add_argument("practitioner", metavar="PRACTITIONER", help="name or id")
    off = command(commands, "off", _off, "close days or hours")
    off.add_argument("practitioner", metavar="PRACTITIONER", help=f"name, id, or {_EVERYONE}")
    off.add_argument("--from", dest="starts", required=True, metavar='"YYYY-MM-DD [HH:MM]"')
    off.add_argument(
        "--to",
        dest="ends",
        required=True,
        metavar='"YYYY-MM-DD [HH:MM]"',
        help="a day is included as a whole",
    )
    off.add_argument("--reason", default="", help="as coordinators read it")
    off.add_argument("--cancel", action="store_true", help="take exactly this time off back")


def _list(options: argparse.Namespace) -> None:
    for one in admin_practitioners.list_practitioners(options.database):
        bookable = "bookable" if one.bookable and one.active else "not bookable"
        hours = "has hours" if one.has_hours else "no hours"
        specialty = f" ({one.specialty})" if one.specialty else ""
        print(f"{one.key:<30} {bookable:<12} {hours:<9} {one.name}{specialty}")


def _add(options: argparse.Namespace) -> None:
    added = admin_practitioners.add_practitioner(
        options.database,
        options.source,
        options.external_id,
        family=options.family,
        given=options.given,
        specialty=options.specialty,
    )
    print(f"{added.name} is added as {added.key}.")
    print(added.lacks)


def _bookable(options: argparse.Namespace) -> None:
    found = admin_practitioners.set_bookable(
        options.database, options.practitioner, bookable=not options.off
    )
    if options.off:
        print(f"No more visits are booked with {found.name}; those that are booked stay.")
    else:
        print(found.lacks or f"Visits can be booked with {found.name}.")


def _set(options: argparse.Namespace) -> None:
    days = admin_schedule.parse_days(options.days)
    off = options.hours.strip().lower() == _NOT_WORKING
    hours = None if off else admin_schedule.parse_hours(options.hours)
    lunch = admin_schedule.parse_hours(options.lunch) if options.lunch else None
    changed = admin_schedule.set_hours(
        options.database, options.practitioner, days, hours, lunch, since=options.since
    )
    if changed.practitioner is not None:
        print(f"{changed.practitioner.name}: {options.days} {hours or 'not working'}.")
        if not changed.practitioner.bookable:
            print(changed.practitioner.lacks)
    _tell_booked(changed)


def _show(options: argparse.Namespace) -> None:
    view = admin_schedule.show_schedule(options.database, options.practitioner)
    print(f"{view.practitioner.name} ({view.practitioner.key}), times in {view.zone}")
    for row in view.weekly:
        print(f"  {_week_line(row, view.today)}")
    for span in view.off:
        whose = ", everyone" if span.everyone else ""
        print(f"  Off {span}: {span.reason}{whose}")
    if view.practitioner.lacks:
        print(view.practitioner.lacks)


def _week_line(row: WeeklyHours, today: date) -> str:
    kind = "" if row.kind == "work" else f" {row.kind}"
    since = f", from {row.since}" if row.since is not None and row.since > today else ""
    until = f", until {row.until} (not that day)" if row.until is not None else ""
    return f"{admin_schedule.WEEKDAYS[row.weekday - 1]:<9} {row.hours}{kind}{since}{until}"


def _off(options: argparse.Namespace) -> None:
    starts = admin_schedule.parse_moment(options.starts, last=False)
    ends = admin_schedule.parse_moment(options.ends, last=True)
    name = None if options.practitioner.lower() == _EVERYONE else options.practitioner
    if options.cancel:
        changed = admin_schedule.cancel_time_off(options.database, name, starts, ends)
    else:
        changed = admin_schedule.add_time_off(options.database, name, starts, ends, options.reason)
    who = changed.practitioner.name if changed.practitioner else "Everyone"
    state = "not off any more" if options.cancel else "off"
    print(f"{who}: {state} from {options.starts} to {options.ends}.")
    _tell_booked(changed)


def _tell_booked(changed: Changed) -> None:
    if changed.booked:
        visits = "1 visit is" if changed.booked == 1 else f"{changed.booked} visits are"
        print(f"{visits} booked in the time that is closed now. Nothing was cancelled: see to it.")
