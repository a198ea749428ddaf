"""Sitting in an open transaction, and taking back what was read: who is hurt, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

REASON = "collapsed at the front desk"


def patient(practice: Practice, number: int) -> object:
    return practice.value("SELECT id FROM app.patient WHERE external_id = %s", str(number))


def alerts(practice: Practice) -> list[str]:
    return [kind for (kind,) in practice.rows("SELECT kind FROM app.alert ORDER BY id")]


def impatient(party: Party) -> Party:
    """A second that nobody may cost this party."""
    party.run("SET lock_timeout = '1s'")
    return party


def test_a_call_held_in_an_open_transaction_does_not_stop_the_phone_line(
    practice: Practice,
) -> None:
    _, held = practice.talk(practice.c1, 1)
    _, other = practice.talk(practice.c2, 2)
    practice.c1.run("BEGIN")
    practice.c1.verify(held, "FAIL", "{zip,phone}")
    gateway = impatient(practice.gw)
    facts = [
        {"call_id": call["id"], "state": "ended", "at": "2026-03-01T10:00:00Z", "end": "busy"}
        for call in (held, other)
    ]
    assert gateway.ask("gateway_record", facts) == [held["id"]]
    assert practice.call_row(other)["state"] == "ended"
    practice.c1.run("COMMIT")
    assert gateway.ask("gateway_record", facts) == []
    assert practice.call_row(held)["state"] == "ended"


def test_a_requested_call_held_in_an_open_transaction_does_not_stop_the_others(
    practice: Practice,
) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    other = practice.c2.dial(practice.c2.claim(practice.entry_of(2)))
    practice.c1.run("BEGIN")
    practice.c1.one("SELECT api.command(%s::uuid, 'hang_up', '', %s)", call["id"], op())
    practice.pass_time(minutes=2)
    impatient(practice.gw)
    assert practice.take() == []  # both permits ran out; one of them cannot be written yet
    assert practice.call_row(other)["end_reason"] == "never_placed"
    practice.c1.run("ROLLBACK")
    practice.take()
    assert practice.call_row(call)["end_reason"] == "never_placed"


def test_emergency_access_that_was_taken_back_is_told_all_the_same(practice: Practice) -> None:
    practice.c1.run("BEGIN")
    practice.c1.one("SELECT api.break_glass(%s, %s, %s)", patient(practice, 1), REASON, op())
    practice.c1.run("ROLLBACK")
    assert alerts(practice) == []
    practice.rows("SELECT app.watch_readers()")
    assert alerts(practice) == ["break_glass"]


def test_emergency_access_that_stands_is_told_once(practice: Practice) -> None:
    practice.c1.one("SELECT api.break_glass(%s, %s, %s)", patient(practice, 1), REASON, op())
    practice.rows("SELECT app.watch_readers()")
    assert alerts(practice) == ["break_glass"]


@pytest.mark.parametrize("open_still", [True, False])
def test_reads_that_are_taken_back_are_told_even_while_the_transaction_is_open(
    practice: Practice, *, open_still: bool
) -> None:
    practice.c1.run("BEGIN")
    practice.c1.ask("queue", "all", "", 5)  # locks the reader's own meter
    for _ in range(6):
        practice.c1.run("SAVEPOINT s")
        practice.c1.claim(practice.entry_of(1))
        practice.c1.run("ROLLBACK TO s")
    if not open_still:
        practice.c1.run("ROLLBACK")
    practice.owner.run("SET lock_timeout = '1s'")
    practice.rows("SELECT app.watch_readers()")
    assert alerts(practice) == ["rolled_back_reads"]
    practice.c1.run("ROLLBACK")


def test_a_used_up_allowance_is_told_though_the_refusal_was_taken_back(practice: Practice) -> None:
    practice.set_rules(charts_per_hour=4)
    practice.c1.run("BEGIN")
    for number in (1, 2):
        practice.c1.claim(practice.entry_of(number))
    with refused("QC020"):
        practice.c1.claim(practice.entry_of(3))
    practice.c1.run("ROLLBACK")
    practice.rows("SELECT app.watch_readers()")
    assert "read_limit" in alerts(practice)


def test_a_clock_that_was_put_back_locks_nobody_out(practice: Practice) -> None:
    person = practice.person_id("cc_c1")
    meter = "app.meter_charts_" + person.hex
    practice.rows(
        "SELECT setval(%s::regclass, app.clock_us() + 31536000000000)",
        meter,  # a year ahead
    )
    with refused("QC020"):
        practice.c1.claim(practice.entry_of(1))
    left = practice.value(
        "SELECT app.meter_used(%s, 'charts', 60, '1 hour') - app.clock_us() <= 3600000000", person
    )
    assert left is True


def test_a_look_up_counts_each_patient_that_it_shows(practice: Practice) -> None:
    practice.rows("UPDATE app.patient SET family = 'Same', given = 'Name' || external_id")
    practice.set_rules(searches_per_hour=8)
    shown = 0
    for _ in range(10):
        practice.c1.run("BEGIN")
        shown += len(practice.c1.ask("find_patient", {"name": "Same Name"}, "calls back")["rows"])
        practice.c1.run("ROLLBACK")
    assert 0 < shown <= 8


def test_a_person_who_sits_in_a_transaction_is_ended_by_the_gateways_beat(
    practice: Practice,
) -> None:
    idle = practice.another("cc_c8")
    idle.run("BEGIN")
    idle.ask("queue", "all", "", 5)
    assert practice.value("SELECT app.end_stuck_sessions()") == 0  # not ten seconds yet
    practice.set_rules(idle_transaction_seconds=0)
    assert practice.value("SELECT app.end_stuck_sessions()") == 1
    with pytest.raises(psycopg.OperationalError):
        idle.run("COMMIT")


def test_a_person_who_keeps_a_transaction_busy_is_ended_too(practice: Practice) -> None:
    """One short statement after the other: never idle for long, and the rows stay locked."""
    busy = practice.another("cc_c8")
    practice.set_rules(idle_transaction_seconds=1)
    busy.run("BEGIN")
    busy.claim(practice.entry_of(1))
    busy.run("SELECT pg_sleep(1.1)")
    busy.run("SELECT 1")
    assert practice.value("SELECT app.end_stuck_sessions()") == 1
    assert practice.c1.claim(practice.entry_of(1))


@pytest.mark.parametrize(
    ("age", "queue", "stuck"), [(9, 0.2, False), (11, 0.2, True), (11, 0.05, False)]
)
def test_who_holds_the_full_queue_of_notifications_is_ended(
    practice: Practice, age: int, queue: float, *, stuck: bool
) -> None:
    """A long listener keeps the queue from being emptied; filled, it stops everybody."""
    found = practice.value(
        "SELECT app.is_stuck('active', x.at, x.at, x.at, '10 s', %s) "
        "FROM (SELECT clock_timestamp() - make_interval(secs => %s)) AS x (at)",
        queue,
        age,
    )
    assert found is stuck


def test_long_work_in_one_statement_goes_on(practice: Practice) -> None:
    practice.set_rules(idle_transaction_seconds=1)
    practice.c1.run("SELECT pg_sleep(1.1)")
    assert practice.value("SELECT app.end_stuck_sessions()") == 0
    assert practice.c1.one("SELECT 1") == 1


def test_a_person_who_holds_rows_can_be_suspended_at_once(practice: Practice) -> None:
    held = practice.another("cc_c8")
    card = held.claim(practice.entry_of(1))
    held.run("BEGIN")
    held.ask("heartbeat", card["entry_id"], card["fence"])  # locks the entry
    told = impatient(practice.sup).one(
        "SELECT api.suspend_person(%s, 'stolen laptop', %s)", practice.person_id("cc_c8"), op()
    )
    assert "signed out" in told["sentence"]
    assert practice.entry(card["entry_id"])["state"] == "ready"
