"""coordinator-admin practitioner and schedule: with whom and when visits can be booked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from coordinator_app.cli import main
from coordinator_app.db.admin_practice import NewPractice, create_practice
from coordinator_app.db.admin_schedule import (
    Hours,
    TimeOff,
    parse_days,
    parse_hours,
    parse_moment,
)
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

    from tests.helpers.postgres import Database

ZONE = ZoneInfo("America/New_York")
WEEK = "SELECT weekday, kind, starts::text, ends::text, lower(valid), upper(valid) FROM "
WEEK += "app.schedule_template WHERE NOT isempty(valid) ORDER BY 1, 5, 2 DESC"


@pytest.fixture
def run(database: Database, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on a practice in New York with Ada Okafor (spreadsheet/77)."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["--database", database.conninfo, *arguments])
        out, err = capsys.readouterr()
        assert err == "" or (code, out, err.count("\n")) == (1, "", 1)
        return code, out, err

    create_practice(
        database.conninfo,
        NewPractice("Elm", "Elm", "+12127365099", "9 to 5", "", "NY", ZONE.key, (("Visit", 30),)),
    )
    command("practitioner", "add", "77", "--family", "Okafor", "--given", "Ada")
    return command


@pytest.fixture
def today(run: Run, database: Database) -> date:
    day: date = rows(database, f"SELECT (app.now() AT TIME ZONE '{ZONE.key}')::date")[0][0]
    return day


def rows(database: Database, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.conninfo) as connection:
        return connection.execute(statement.encode(), values or None).fetchall()


def free(database: Database, day: date) -> list[tuple[time, time]]:
    """The wall-clock spans in which 77 works on that day."""
    found = rows(
        database,
        "SELECT lower(r), upper(r) FROM app.practitioner d CROSS JOIN LATERAL unnest("
        "app.working(d.id, %s, 'work', %s) - app.working(d.id, %s, 'lunch', %s) - "
        "app.away(d.id, tstzrange(NULL, NULL))) r WHERE d.external_id = '77' ORDER BY 1",
        *(day, ZONE.key, day, ZONE.key),
    )
    return [(a.astimezone(ZONE).time(), b.astimezone(ZONE).time()) for a, b in found]


def monday_after(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


# ------------------------------------------------------------------------------ practitioners


def test_a_practitioner_is_added_and_made_bookable(run: Run, database: Database) -> None:
    code, out, _ = run(
        *("practitioner", "add", "78", "--family", "Lind", "--given", "Bo", "--source", "clinic"),
        *("--specialty", "Dermatology"),
    )
    assert code == 0
    assert "clinic/78" in out
    assert "practitioner bookable clinic/78" in out
    code, out, _ = run("practitioner", "bookable", "bo lind")
    assert "schedule set clinic/78" in out  # the next thing that it lacks
    run("schedule", "set", "78", "--days", "mon", "--hours", "8:00-12:00")
    assert "can be booked" in run("practitioner", "bookable", "78")[1]
    listed = run("practitioner", "list")[1].splitlines()
    assert " ".join(listed[0].split()) == "clinic/78 bookable has hours Bo Lind (Dermatology)"
    assert "not bookable no hours" in listed[1]
    run("practitioner", "bookable", "Lind, Bo", "--off")
    assert rows(database, "SELECT bool_or(bookable) FROM app.practitioner") == [(False,)]


@pytest.mark.parametrize("name", ["77", "spreadsheet/77", "okafor", "dr. okafor", "Ada  Okafor"])
def test_the_ways_to_name_a_practitioner(run: Run, name: str) -> None:
    assert run("practitioner", "bookable", name)[0] == 0


def test_one_name_of_two_practitioners_is_asked_about(run: Run) -> None:
    run("practitioner", "add", "79", "--family", "Okafor", "--given", "Bo")
    code, _, err = run("practitioner", "bookable", "Okafor")
    assert code == 1
    assert "spreadsheet/77, spreadsheet/79" in err
    assert run("practitioner", "bookable", "Bo Okafor")[0] == 0


def test_refusals_of_practitioners(run: Run) -> None:
    assert "already" in run("practitioner", "add", "77", "--family", "X", "--given", "Y")[2]
    assert "needs" in run("practitioner", "add", " ", "--family", "X", "--given", "Y")[2]
    assert "no practitioner" in run("practitioner", "bookable", "Nobody")[2]
    assert "no practitioner" in run("schedule", "show", "%")[2]


# -------------------------------------------------------------------------------------- hours


def test_hours_with_lunch_in_the_practices_zone(run: Run, database: Database, today: date) -> None:
    code, out, _ = run(
        *("schedule", "set", "Dr. Okafor", "--days", "mon-fri", "--hours", "08:00-17:00"),
        *("--lunch", "12:00-13:00"),
    )
    assert code == 0
    assert "practitioner bookable" in out
    monday = monday_after(today)
    assert free(database, monday) == [(time(8), time(12)), (time(13), time(17))]
    assert free(database, monday + timedelta(days=5)) == []
    shown = run("schedule", "show", "77")[1]
    assert "Monday    08:00-17:00" in shown
    assert "Friday    12:00-13:00 lunch" in shown
    assert "Saturday" not in shown
    assert ZONE.key in shown


def test_new_hours_end_the_old_ones_and_delete_nothing(
    run: Run, database: Database, today: date
) -> None:
    run("schedule", "set", "77", "--days", "mon-fri", "--hours", "08:00-17:00")
    monday = monday_after(today) + timedelta(days=7)
    run(
        *("schedule", "set", "77", "--days", "mon,wed", "--hours", "10:00-14:00"),
        *("--from", monday.isoformat()),
    )
    assert free(database, monday - timedelta(days=7)) == [(time(8), time(17))]
    assert free(database, monday) == [(time(10), time(14))]
    assert free(database, monday + timedelta(days=1)) == [(time(8), time(17))]
    found = rows(database, WEEK)
    assert (1, "work", "08:00:00", "17:00:00", today, monday) in found
    assert (1, "work", "10:00:00", "14:00:00", monday, None) in found
    shown = run("schedule", "show", "77")[1]
    assert f"08:00-17:00, until {monday}" in shown
    assert f"10:00-14:00, from {monday}" in shown
    # Planned hours that are replaced before they came into force never do.
    run("schedule", "set", "77", "--days", "mon-sun", "--hours", "off")
    assert free(database, monday) == []
    assert rows(database, "SELECT count(*) FROM app.schedule_template") == [(7,)]
    assert rows(database, WEEK) == []


def test_the_same_hours_twice_are_the_same_hours(run: Run, database: Database, today: date) -> None:
    for _ in range(2):
        run("schedule", "set", "77", "--days", "tue", "--hours", "08:00-17:00")
    assert rows(database, WEEK) == [(2, "work", "08:00:00", "17:00:00", today, None)]


def test_of_others_and_other_days_nothing_changes(run: Run, database: Database) -> None:
    run("practitioner", "add", "78", "--family", "Lind", "--given", "Bo")
    run("schedule", "set", "77", "--days", "mon-fri", "--hours", "08:00-17:00")
    run("schedule", "set", "78", "--days", "mon-fri", "--hours", "09:00-12:00")
    run("schedule", "set", "78", "--days", "fri", "--hours", "off")
    counts = rows(
        database,
        "SELECT d.external_id, count(*) FROM app.schedule_template t JOIN app.practitioner d "
        "ON d.id = t.practitioner_id WHERE NOT isempty(t.valid) GROUP BY 1 ORDER BY 1",
    )
    assert counts == [("77", 5), ("78", 4)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--days", "mon-fri", "--hours", "17:00-08:00"), "before it begins"),
        (("--days", "mon-fri", "--hours", "08:00-08:00"), "before it begins"),
        (("--days", "mon-fri", "--hours", "8-17"), "no hours"),
        (("--days", "mon-fri", "--hours", "08:00-27:00"), "no hours"),
        (("--days", "fri-mon", "--hours", "08:00-17:00"), "backwards"),
        (("--days", "mon-wed,tue", "--hours", "08:00-17:00"), "twice"),
        (("--days", "moonday", "--hours", "08:00-17:00"), "no days"),
        (("--days", "", "--hours", "08:00-17:00"), "no days"),
        (("--days", "mon", "--hours", "08:00-17:00", "--lunch", "07:00-08:30"), "inside"),
        (("--days", "mon", "--hours", "08:00-17:00", "--lunch", "08:00-09:00"), "inside"),
        (("--days", "mon", "--hours", "off", "--lunch", "12:00-13:00"), "inside"),
        (("--days", "mon", "--hours", "08:00-17:00", "--from", "2020-01-01"), "over"),
    ],
)
def test_hours_that_cannot_be(
    run: Run, database: Database, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = run("schedule", "set", "77", *arguments)
    assert code == 1
    assert words in err
    assert rows(database, "SELECT FROM app.schedule_template") == []


# ----------------------------------------------------------------------------------- time off


def test_days_off_are_whole_and_include_the_last(run: Run, database: Database, today: date) -> None:
    run("schedule", "set", "77", "--days", "mon-sun", "--hours", "08:00-17:00")
    first = today + timedelta(days=30)
    last = first + timedelta(days=2)
    code, out, _ = run(
        *("schedule", "off", "everyone", "--from", first.isoformat(), "--to", last.isoformat()),
        *("--reason", "Holidays"),
    )
    assert (code, out) == (0, f"Everyone: off from {first} to {last}.\n")
    for day in (first, last):
        assert free(database, day) == []
    for day in (first - timedelta(days=1), last + timedelta(days=1)):
        assert free(database, day) == [(time(8), time(17))]
    assert f"Off {first} to {last}: Holidays, everyone" in run("schedule", "show", "77")[1]


def test_hours_off_overlaps_and_taking_back(run: Run, database: Database, today: date) -> None:
    run("schedule", "set", "77", "--days", "mon-sun", "--hours", "08:00-17:00")
    day = today + timedelta(days=30)
    off = ("schedule", "off", "77", "--from", f"{day} 13:00", "--to", f"{day} 17:00")
    assert run(*off, "--reason", "School")[0] == 0
    assert free(database, day) == [(time(8), time(13))]
    code, _, err = run(
        *("schedule", "off", "77", "--from", str(day), "--to", str(day), "--reason", "Sick")
    )
    assert code == 1
    assert f"{day} 13:00 to {day} 17:00 (School)" in err
    # Everybody's holiday is another matter than one's own afternoon.
    everyone = ("schedule", "off", "everyone", "--from", str(day), "--to", str(day))
    assert run(*everyone, "--reason", "Storm")[0] == 0
    assert run(*everyone, "--cancel")[0] == 0
    assert run(*off, "--cancel")[0] == 0
    assert free(database, day) == [(time(8), time(17))]
    code, _, err = run(*off, "--cancel")
    assert code == 1
    assert "No such time off" in err


def test_visits_in_a_time_that_is_closed_are_told(
    run: Run, database: Database, today: date
) -> None:
    day = monday_after(today) + timedelta(days=7)
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        admin.execute(
            "WITH p AS (INSERT INTO app.patient (source, external_id, family, given) "
            "VALUES ('t', '1', 'Canary', 'Maria') RETURNING id) "
            "INSERT INTO app.appointment (patient_id, practitioner_id, span, created_at) "
            "SELECT p.id, d.id, tstzrange(%s, %s), now() FROM p, app.practitioner d",
            [
                datetime.combine(day, time(15), ZONE),
                datetime.combine(day, time(15, 30), ZONE),
            ],
        )
    told = "1 visit is booked in the time that is closed now"
    week = ("schedule", "set", "77", "--days", "mon-fri", "--hours")
    assert told not in run(*week, "08:00-15:30")[1]
    assert told in run(*week, "08:00-15:00")[1]
    assert told in run(*week, "off")[1]
    off = ("schedule", "off", "77", "--from", str(day), "--to")
    assert told in run(*off, str(day), "--reason", "Away")[1]
    assert rows(database, "SELECT status FROM app.appointment") == [("booked",)]


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (("2099-12-26", "2099-12-24", "x"), "before it begins"),
        (("2099-12-24 10:00", "2099-12-24 10:00", "x"), "before it begins"),
        (("2020-12-24", "2020-12-26", "x"), "is over"),
        (("christmas", "2099-12-26", "x"), "no day or time"),
        (("2099-12-24T10:00+00:00", "2099-12-26", "x"), "no day or time"),
        (("2099-02-30", "2099-03-01", "x"), "no day or time"),
        (("2099-12-24", "9999-12-31", "x"), "no day or time"),
        (("2099-12-24", "2099-12-26", " "), "Say why"),
    ],
)
def test_time_off_that_cannot_be(
    run: Run, database: Database, off: tuple[str, str, str], words: str
) -> None:
    starts, ends, reason = off
    code, _, err = run(
        *("schedule", "off", "77", "--from", starts, "--to", ends, "--reason", reason)
    )
    assert code == 1
    assert words in err
    assert rows(database, "SELECT FROM app.time_off") == []


def test_changes_are_in_the_audit(run: Run, database: Database) -> None:
    run("practitioner", "bookable", "77")
    run("schedule", "set", "77", "--days", "mon", "--hours", "08:00-17:00")
    run(
        "schedule", "off", "everyone", "--from", "2099-12-24", "--to", "2099-12-24", "--reason", "x"
    )
    found = rows(database, "SELECT action FROM audit.event WHERE object LIKE 'practitioner/%'")
    assert {action for (action,) in found} == {
        "practitioner.add",
        "practitioner.bookable",
        "schedule.set",
        "schedule.off",
    }


# -------------------------------------------------------------------------------------- words


def test_words_are_read() -> None:
    assert parse_days("Mon-Wed, sun") == (1, 2, 3, 7)
    assert parse_hours("8:30-17:00") == Hours(time(8, 30), time(17))
    assert parse_moment("2026-12-24", last=False) == datetime(2026, 12, 24)  # noqa: DTZ001
    assert parse_moment("2026-12-24", last=True) == datetime(2026, 12, 25)  # noqa: DTZ001
    assert parse_moment("2026-12-24 13:00", last=True).hour == 13
    with pytest.raises(RefusedError):
        parse_moment("", last=True)


def test_one_day_off_is_written_as_one_day() -> None:
    day = datetime(2026, 12, 24)  # noqa: DTZ001 - a wall clock
    assert str(TimeOff(day, day + timedelta(days=1), "x", everyone=True)) == "2026-12-24"
