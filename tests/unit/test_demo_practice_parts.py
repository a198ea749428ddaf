"""Parts of the demo practice that need no database: its clock, numbers, people and personas."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.calls.practice_line.personas import PersonaKind, load_personas
from coordinator_app.demo.clock import ZONE, first_offset, next_offset
from coordinator_app.demo.people import STAFF, new_logins, read_logins, write_logins
from coordinator_app.demo.personas import personas_of
from coordinator_app.demo.phones import OFFICE_NUMBER, fictional_number
from coordinator_app.domain.person import Role
from coordinator_app.domain.phone import PhoneNumber

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
OFFSETS = st.timedeltas(timedelta(), timedelta(days=900))
THANKSGIVING = date(2026, 11, 26)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment on the practice's clock, as UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


# --------------------------------------------------------------------------------------- clock


@pytest.mark.parametrize("hour", [9, 10, 11])
def test_a_demo_made_on_a_weekday_morning_lives_in_real_time(hour: int) -> None:
    assert first_offset(local(2026, 11, 23, hour), ZONE) == timedelta()


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        (local(2026, 11, 23, 3), local(2026, 11, 23, 9, 40)),  # night: the same morning
        (local(2026, 11, 23, 8, 59), local(2026, 11, 23, 9, 40)),
        (local(2026, 11, 23, 11, 1), local(2026, 11, 24, 9, 40)),  # noon: the next one
        (local(2026, 11, 27, 22), local(2026, 11, 30, 9, 40)),  # Friday night: Monday
        (local(2026, 11, 28, 10), local(2026, 11, 30, 9, 40)),  # Saturday morning
    ],
)
def test_a_demo_made_at_another_hour_begins_on_the_next_working_morning(
    now: datetime, begins: datetime
) -> None:
    assert now + first_offset(now, ZONE) == begins


def test_holidays_are_no_working_days() -> None:
    now = local(2026, 11, 26, 10)
    offset = first_offset(now, ZONE, {THANKSGIVING, date(2026, 11, 27)})
    assert now + offset == local(2026, 11, 30, 9, 40)


def test_the_morning_is_right_across_the_change_of_the_clocks() -> None:
    now = local(2026, 10, 31, 12)  # Saturday; the clocks go back on Sunday
    assert (now + first_offset(now, ZONE)).astimezone(ZONE).time() == time(9, 40)


def test_the_clock_stays_within_office_hours() -> None:
    offset = timedelta(hours=5)
    for hour, minute in ((8, 30), (12, 0), (15, 59)):
        now = local(2026, 11, 23, hour, minute) - offset
        assert next_offset(now, offset, ZONE) == offset


@pytest.mark.parametrize(("hour", "minute"), [(8, 29), (16, 0), (23, 0)])
def test_the_clock_moves_on_outside_office_hours(hour: int, minute: int) -> None:
    offset = timedelta(hours=5)
    now = local(2026, 11, 23, hour, minute) - offset
    moved = (now + next_offset(now, offset, ZONE)).astimezone(ZONE)
    assert (moved.time(), moved.isoweekday() < 6) == (time(9, 40), True)


@given(now=MOMENTS, offset=OFFSETS)
def test_the_clock_only_goes_forward_and_always_into_office_hours(
    now: datetime, offset: timedelta
) -> None:
    after = next_offset(now, offset, ZONE, {THANKSGIVING})
    shown = (now + after).astimezone(ZONE)
    assert after >= offset
    assert shown.isoweekday() < 6
    assert time(8, 30) <= shown.time() < time(16)
    assert shown.date() != THANKSGIVING
    assert after - offset <= timedelta(days=5)


@given(now=MOMENTS)
def test_a_new_demo_is_never_behind_the_real_clock(now: datetime) -> None:
    assert first_offset(now, ZONE) >= timedelta()


# ------------------------------------------------------------------------------------- numbers


def test_numbers_are_unique_valid_and_set_aside_for_fiction() -> None:
    numbers = [fictional_number("555-960-1339", position) for position in range(450)]
    assert None not in numbers
    assert len(set(numbers)) == 450
    assert OFFICE_NUMBER not in numbers
    for number in numbers:
        parsed = PhoneNumber.parse(str(number), "US")
        assert parsed.e164[5:10] == "55501"


def test_most_numbers_are_near_and_some_are_in_other_zones() -> None:
    numbers = [PhoneNumber.parse(str(fictional_number("", n)), "US") for n in range(250)]
    near = [number for number in numbers if number.region_states() == ("MA",)]
    zones = {zone for number in numbers for zone in number.candidate_zones()}
    assert len(near) == 225
    assert {"America/Chicago", "America/Los_Angeles", "America/Phoenix"} <= zones


def test_numbers_end_when_none_is_left() -> None:
    assert fictional_number("", 100_000) is None


# -------------------------------------------------------------------------------------- people


def test_everybody_has_a_password_of_their_own(tmp_path: Path) -> None:
    logins = new_logins()
    passwords = [person.password for person in logins.people] + [logins.gateway]
    assert len(set(passwords)) == len(STAFF) + 1
    assert min(map(len, passwords)) >= 16
    roles = [person.role for person in logins.people]
    assert (roles.count(Role.COORDINATOR), len(set(roles))) == (2, 4)


def test_passwords_are_kept_for_this_user_only(tmp_path: Path) -> None:
    file, logins = tmp_path / "people.json", new_logins()
    write_logins(file, logins)
    assert read_logins(file) == logins
    if sys.platform != "win32":
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116


@pytest.mark.parametrize("content", ["", "[]", '{"people": []}', '{"people": [1], "gateway": "x"}'])
def test_a_damaged_file_of_passwords_counts_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "people.json"
    file.write_text(content, "utf-8")
    assert read_logins(file) is None


def test_passwords_of_other_people_count_as_none(tmp_path: Path) -> None:
    file, logins = tmp_path / "people.json", new_logins()
    write_logins(file, logins)
    content = json.loads(file.read_bytes())
    content["people"].pop()
    file.write_text(json.dumps(content), "utf-8")
    assert read_logins(file) is None


# ------------------------------------------------------------------------------------ personas


def test_the_practice_line_reads_the_personas(tmp_path: Path) -> None:
    rows = [
        (f"+1617555{n:04}", "Rena", "Towne", date(1960, 1, 2), "02118", "es" if n % 3 else "en-US")
        for n in range(101, 160)
    ]
    file = tmp_path / "personas.json"
    file.write_text(json.dumps(personas_of(rows)), "utf-8")
    personas = load_personas(file)
    assert len(personas) == 59
    kinds = {persona.kind for persona in personas.values()}
    assert kinds == set(PersonaKind)
    for persona in personas.values():
        speaks = persona.kind is PersonaKind.ANSWERS and persona.language == "es"
        assert not speaks, "who speaks Spanish answers in Spanish"


def test_a_number_of_two_patients_has_one_persona() -> None:
    row = ("+16175550101", "Ann", "Lee", date(1960, 1, 2), "02118", "en-US")
    other = ("+16175550101", "Bob", "Lee", date(1958, 1, 2), "02118", "en-US")
    assert personas_of([row, other])["+16175550101"]["first_name"] == "Ann"
