"""Policies of the schedule: holds, bookings, and that no time is ever given twice."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice


def openings(practice: Practice, who: Party, day: date, days: int = 1) -> list[Any]:
    found = who.ask("openings", [practice.doctor], practice.visit_type, day, days)
    assert isinstance(found, dict)
    return list(found["days"])


def free(practice: Practice, who: Party, day: date) -> set[datetime]:
    (shown,) = openings(practice, who, day)
    return {datetime.fromisoformat(at) for at in shown["free"]}


def test_policy_a_held_slot_is_nobody_elses(practice: Practice) -> None:
    slot = practice.slot()
    assert slot in free(practice, practice.c2, slot.date())
    card = practice.c1.claim(practice.entry_of(1))
    other = practice.c2.claim(practice.entry_of(2))
    hold = practice.c1.hold(card, practice, slot)
    assert datetime.fromisoformat(hold["until"]) - practice.now() <= timedelta(minutes=5)
    assert slot not in free(practice, practice.c2, slot.date())
    assert slot in free(practice, practice.c1, slot.date())
    for start in (slot, slot + timedelta(minutes=15), slot - timedelta(minutes=15)):
        with refused("QC030"):
            practice.c2.hold(other, practice, start)
    practice.c2.hold(other, practice, slot + timedelta(minutes=30))


def test_policy_a_hold_expires_after_5_minutes(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    hold = practice.c1.hold(card, practice, practice.slot())
    practice.pass_time(minutes=5)
    with refused("QC031"):
        practice.c1.book(call, card, hold)
    with refused("QC031"):
        practice.c1.finish(call, card, "BOOKED", {"hold_id": hold["id"]})
    practice.c2.hold(practice.c2.claim(practice.entry_of(2)), practice, practice.slot())
    assert practice.value("SELECT count(*) FROM app.appointment") == 0


def test_policy_one_hold_a_person(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    practice.c1.hold(card, practice, practice.slot())
    practice.c1.hold(card, practice, practice.slot(hour=16))
    states = practice.rows("SELECT state FROM app.slot_hold ORDER BY lower(span)")
    assert states == [("released",), ("held",)]


def test_policy_a_hold_is_booked_by_its_holder_on_a_live_call_only(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    hold = practice.c1.hold(card, practice, practice.slot())
    call = practice.c1.dial(card)
    with refused("QC023"):  # nobody has answered
        practice.c1.book(call, card, hold)
    practice.answer(call)
    other, theirs = practice.talk(practice.c2, 2)
    with refused("QC033"):
        practice.c2.book(theirs, other, hold)
    with refused("QC024"):
        practice.c2.book(call, card, hold)
    practice.c2.one("SELECT api.release_hold(%s::uuid)", hold["id"])
    same = op()
    visit = practice.c1.book(call, card, hold, same)
    assert practice.c1.book(call, card, hold, same) == visit
    assert practice.c1.book(call, card, hold) == visit
    assert practice.value("SELECT count(*) FROM app.appointment") == 1


def test_policy_a_booked_slot_is_gone(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    slot = practice.slot()
    practice.c1.book(call, card, practice.c1.hold(card, practice, slot))
    assert slot not in free(practice, practice.c2, slot.date())
    with refused("QC030"):
        practice.c2.hold(practice.c2.claim(practice.entry_of(2)), practice, slot)


def test_policy_a_visit_of_the_practice_wins_over_a_hold(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    slot = practice.slot()
    hold = practice.c1.hold(card, practice, slot)
    practice.rows(
        "INSERT INTO app.appointment (patient_id, practitioner_id, span, created_at) "
        "SELECT id, %s, tstzrange(%s, %s), app.now() FROM app.patient WHERE external_id = '9'",
        practice.doctor,
        slot + timedelta(minutes=15),
        slot + timedelta(minutes=45),
    )
    with refused("QC030"):
        practice.c1.book(call, card, hold)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2027, 3, 3, 12, 59, tzinfo=UTC),  # before 8:00
        datetime(2027, 3, 3, 21, 45, tzinfo=UTC),  # would end after 17:00
        datetime(2027, 3, 6, 15, 0, tzinfo=UTC),  # Saturday
        datetime(2027, 2, 26, 15, 0, tzinfo=UTC),  # gone
        datetime(2027, 3, 1, 14, 59, tzinfo=UTC),
    ],
)
def test_policy_no_hold_outside_the_practitioners_hours(
    practice: Practice, start: datetime
) -> None:
    with refused("QC032"):
        practice.c1.hold(practice.c1.claim(practice.entry_of(1)), practice, start)


def test_policy_no_hold_in_lunch_or_time_off(practice: Practice) -> None:
    practice.rows(
        "INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends, kind) "
        "SELECT %s, w, '12:00', '13:00', 'lunch' FROM generate_series(1, 5) w",
        practice.doctor,
    )
    practice.rows(
        "INSERT INTO app.time_off (span) VALUES ('[2027-03-04 00:00-05,2027-03-05 00:00-05)')"
    )
    card = practice.c1.claim(practice.entry_of(1))
    for start in (
        datetime(2027, 3, 3, 16, 45, tzinfo=UTC),
        datetime(2027, 3, 3, 17, 15, tzinfo=UTC),
        datetime(2027, 3, 4, 15, 0, tzinfo=UTC),
    ):
        with refused("QC032"):
            practice.c1.hold(card, practice, start)
        assert start not in free(practice, practice.c1, start.date())
    practice.c1.hold(card, practice, datetime(2027, 3, 3, 16, 30, tzinfo=UTC))


def test_free_times_are_bookable_and_keep_the_wall_clock_over_dst(practice: Practice) -> None:
    days = openings(practice, practice.c1, date(2027, 3, 12), 4)
    first = {day["day"]: day["free"][0] for day in days if day["free"]}
    assert first["2027-03-12"].startswith("2027-03-12T13:00")
    assert first["2027-03-15"].startswith("2027-03-15T12:00")  # 8:00 in summer time
    card = practice.c1.claim(practice.entry_of(1))
    practice.c1.hold(card, practice, datetime.fromisoformat(first["2027-03-15"]))


@pytest.mark.parametrize(
    ("day", "days"), [(None, 1), (date(2027, 3, 1), 0), (date(2027, 3, 1), 32), (date.max, 1)]
)
def test_openings_refuse_what_would_cost_too_much(
    practice: Practice, day: date | None, days: int
) -> None:
    with refused("QC070"):
        practice.c1.ask("openings", [practice.doctor], practice.visit_type, day, days)
    with refused("QC070"):
        practice.c1.ask(
            "openings", [practice.doctor] * 21, practice.visit_type, date(2027, 3, 1), 1
        )


def test_policy_a_slot_wanted_by_8_at_once_is_held_once_and_booked_once(
    practice: Practice,
) -> None:
    slot = practice.slot()
    talks = [(practice.as_person(f"cc_c{n}"), *practice.talk(practice.as_person(f"cc_c{n}"), n))
             for n in range(1, 9)]  # fmt: skip
    barrier = threading.Barrier(8)
    results: list[str] = []

    def race(who: Party, card: Any, call: Any) -> None:
        barrier.wait(10)
        try:
            hold = who.hold(card, practice, slot)
            who.finish(call, card, "BOOKED", {"hold_id": hold["id"]})
            results.append("booked")
        except psycopg.Error as error:
            results.append(error.sqlstate or "")

    threads = [threading.Thread(target=race, args=talk) for talk in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["QC030"] * 7 + ["booked"]
    assert practice.value("SELECT count(*) FROM app.appointment") == 1


def test_policy_the_constraint_itself_refuses_two_visits_at_one_time(practice: Practice) -> None:
    insert = (
        "INSERT INTO app.appointment (patient_id, practitioner_id, span, created_at) SELECT id, %s,"
        " tstzrange(%s, %s), app.now() FROM app.patient WHERE external_id = %s"
    )
    slot = practice.slot()
    practice.rows(insert, practice.doctor, slot, slot + timedelta(minutes=30), "1")
    practice.rows(
        insert, practice.doctor, slot + timedelta(minutes=30), slot + timedelta(hours=1), "2"
    )
    with refused("23P01"):
        practice.rows(
            insert, practice.doctor, slot + timedelta(minutes=29), slot + timedelta(hours=1), "3"
        )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_last_visit_is_a_day_of_the_practice_whoever_imports_it(
    practice: Practice, zone: str
) -> None:
    practice.rows(f"SET timezone = '{zone}'")
    practice.rows(
        "INSERT INTO app.encounter (patient_id, source, external_id, status, class, starts_at) "
        "SELECT id, 'test', 'e1', 'finished', 'AMB', '2026-01-01 04:30Z' FROM app.patient "
        "WHERE external_id = '1'"
    )
    seen = practice.value("SELECT last_visit FROM app.patient WHERE external_id = '1'")
    assert seen == date(2025, 12, 31)
