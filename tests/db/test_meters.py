"""How much one login reads is counted where no rollback, no savepoint and no second window reaches.

The meters run in real time, which no test can move. What a meter knows of time is the difference
between its value and the clock, so a test lets an hour pass by moving the value back by an hour.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.db_practice import connect

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice

HOUR = 3_600_000_000  # microseconds
TAKE = "SELECT app.meter_take(%s, %s, %s, interval '1 hour', %s)"
READS = (
    "SELECT api.claim('{entry}', gen_random_uuid())",
    "SELECT api.claim_next(gen_random_uuid())",
    "SELECT api.open_found('{entry}', 'returns our call', gen_random_uuid())",
)


@pytest.fixture
def owner(practice: Practice) -> Iterator[psycopg.Connection[Any]]:
    with as_owner(practice) as connection:
        yield connection


def as_owner(practice: Practice) -> psycopg.Connection[Any]:
    """Another connection that may call the inner functions."""
    connection = psycopg.connect(practice.database.conninfo, autocommit=True)
    connection.execute("SET ROLE app_owner")
    return connection


def take(
    connection: psycopg.Connection[Any], person: uuid.UUID, limit: int, wanted: int = 1
) -> int:
    found = connection.execute(TAKE, [person, "charts", limit, wanted]).fetchone()
    assert found is not None
    return int(found[0])


def let_pass(connection: psycopg.Connection[Any], person: uuid.UUID, micros: int) -> None:
    """Let this much time pass for the meter; a new meter is one at which it all has come back."""
    connection.execute(
        "SELECT setval(app.meter_name(%s, 'charts')::regclass, "
        "greatest(0, app.meter_value(%s, 'charts') - %s::bigint))",
        [person, person, micros],
    )


def forget(connection: psycopg.Connection[Any], person: uuid.UUID) -> None:
    connection.execute("SELECT setval(app.meter_name(%s, 'charts')::regclass, 0, false)", [person])


@pytest.mark.parametrize(
    ("limit", "at_once"), [(60, 30), (61, 31), (5, 3), (3, 2), (2, 1), (1, 1), (0, 0), (-1, 0)]
)
def test_policy_half_of_the_hour_may_be_used_at_once(
    practice: Practice, owner: psycopg.Connection[Any], limit: int, at_once: int
) -> None:
    person = practice.person_id("cc_c1")
    assert sum(take(owner, person, limit) for _ in range(at_once + 3)) == at_once
    forget(owner, person)
    assert take(owner, person, limit, 1_000_000) == at_once
    assert take(owner, person, limit) == 0


def test_policy_nobody_takes_a_negative_number(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    assert take(owner, person, 60, -5) == take(owner, person, 60, 0) == 0
    assert take(owner, person, 60, 100) == 30


def test_policy_what_is_used_comes_back_evenly(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    assert take(owner, person, 60, 30) == 30
    let_pass(owner, person, HOUR // 30 - 30_000_000)
    assert take(owner, person, 60) == 0
    let_pass(owner, person, 30_000_000)
    assert (take(owner, person, 60), take(owner, person, 60)) == (1, 0)
    let_pass(owner, person, 10 * HOUR)
    assert take(owner, person, 60, 100) == 30  # a day without reading saves nothing up


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    limit=st.integers(2, 120),
    story=st.lists(st.tuples(st.integers(0, HOUR), st.integers(1, 70)), min_size=1, max_size=25),
)
def test_property_no_hour_ever_sees_more_than_the_limit(
    practice: Practice,
    limit: int,
    story: list[tuple[int, int]],
) -> None:
    person = practice.person_id("cc_c1")
    began = time.monotonic()
    taken: list[tuple[int, int]] = []
    clock = 0
    owner = practice.owner.connection
    forget(owner, person)
    for wait, wanted in story:
        let_pass(owner, person, wait)
        clock += wait
        taken.append((clock, take(owner, person, limit, wanted)))
    # The real time that the test itself took belongs to the span as well.
    span = HOUR - int((time.monotonic() - began) * 1_000_000)
    for at, _ in taken:
        assert sum(n for t, n in taken if at <= t <= at + span) <= limit


def test_policy_a_rollback_gives_nothing_back(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    granted = 0
    for n in range(40):
        owner.execute("BEGIN")
        owner.execute("SAVEPOINT inner_one")
        granted += take(owner, person, 60)
        owner.execute(("ROLLBACK TO inner_one", "RELEASE inner_one")[n % 2])
        owner.execute(("ROLLBACK", "COMMIT")[n % 3 == 0])
    assert granted == 30


@pytest.mark.parametrize("read", ["api.call_log('{}', NULL, 10)", "api.callbacks()"])
def test_policy_a_list_that_is_taken_back_is_counted(practice: Practice, read: str) -> None:
    practice.c1.run("BEGIN")
    practice.c1.run(f"SELECT {read}")
    practice.c1.run("ROLLBACK")
    lost = "SELECT app.meter_value(person_id, 'reads') - reads FROM app.meter WHERE person_id = %s"
    assert practice.value(lost, practice.person_id("cc_c1")) == 1


def test_policy_an_error_gives_nothing_back(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    for _ in range(40):
        with pytest.raises(psycopg.errors.DivisionByZero):
            owner.execute(
                TAKE.replace("SELECT", "SELECT 1 / (0 *") + ")", [person, "charts", 60, 1]
            )
    assert take(owner, person, 60) == 0


def test_policy_a_statement_that_is_prepared_counts_each_time(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    owner.execute("SET plan_cache_mode = force_generic_plan")
    granted = [
        owner.execute(TAKE, [person, "charts", 60, 1], prepare=True).fetchone() for _ in range(40)
    ]
    assert granted == [(1,)] * 30 + [(0,)] * 10


def test_policy_many_in_one_statement_are_counted_one_by_one(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    (total,) = owner.execute(
        "SELECT sum(app.meter_take(%s, 'charts', 60, interval '1 hour')) "
        "FROM generate_series(1, 100)",
        [person],
    ).fetchone() or (None,)
    assert total == 30


def test_policy_people_and_kinds_have_meters_of_their_own(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    assert take(owner, practice.person_id("cc_c1"), 60, 100) == 30
    assert take(owner, practice.person_id("cc_c2"), 60, 100) == 30
    found = owner.execute(TAKE, [practice.person_id("cc_c1"), "previews", 60, 100]).fetchone()
    assert found == (30,)


def test_policy_a_stricter_limit_holds_for_what_was_used_before(
    practice: Practice, owner: psycopg.Connection[Any]
) -> None:
    person = practice.person_id("cc_c1")
    assert take(owner, person, 60, 15) == 15  # half of what may be used at once
    assert take(owner, person, 20, 100) == 5
    assert take(owner, person, 60, 100) == 0


def test_policy_five_windows_in_step_have_one_allowance(practice: Practice) -> None:
    person = practice.person_id("cc_c1")
    granted: list[int] = []
    barrier = threading.Barrier(5)

    def window(number: int) -> None:
        chance = random.Random(number)
        with as_owner(practice) as connection:
            barrier.wait(20)
            for _ in range(30):
                connection.execute("BEGIN")
                granted.append(take(connection, person, 60, chance.choice((1, 1, 2, 7))))
                connection.execute(chance.choice(("COMMIT", "ROLLBACK")))

    together(window)
    assert sum(granted) == 30


@pytest.mark.parametrize("read", READS)
def test_policy_five_connections_that_take_everything_back_open_no_more_charts(
    practice: Practice, read: str
) -> None:
    """A coordinator with psql: BEGIN; open a patient; ROLLBACK, in a loop, five at once."""
    practice.set_rules(charts_per_hour=24, found_per_hour=24)
    entries = [practice.entry_of(n) for n in range(1, 21)]
    opened: list[bool] = []
    barrier = threading.Barrier(5)

    def window(number: int) -> None:
        chance = random.Random(number)
        with connect(practice.database, "cc_c1") as connection:
            barrier.wait(20)
            for _ in range(12):
                connection.execute("BEGIN")
                answer = "{}"
                try:
                    typed = read.format(entry=chance.choice(entries))
                    answer = str(connection.execute(typed.encode()).fetchall())
                except psycopg.Error as error:
                    # Two windows of one person that exchange patients may be told to try again.
                    if error.sqlstate not in {"QC010", "40P01"}:
                        raise
                finally:
                    connection.execute("ROLLBACK")
                opened.append("last_name" in answer)

    together(window)
    # Who was sent away with an error may have used one up without reading.
    assert 0 < sum(opened) <= 12
    assert practice.value("SELECT count(*) FROM app.queue_entry WHERE state = 'claimed'") == 0


def test_policy_a_read_in_a_read_only_transaction_is_refused(practice: Practice) -> None:
    for question in (
        f"SELECT api.claim('{practice.entry_of(1)}', gen_random_uuid())",
        "SELECT api.queue('all', '', 5)",
        "SELECT api.find_patient('{\"name\": \"Given1 Zyx1\"}', 'returns our call')",
    ):
        practice.c1.run("BEGIN READ ONLY")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            practice.c1.run(question)
        practice.c1.run("ROLLBACK")


def together(window: Any) -> None:
    """Run this with 0 to 4 at the same moment; a failed assertion fails the test."""
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            window(number)
        except BaseException as error:  # noqa: BLE001  it is raised below, in the test's thread
            faults.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
