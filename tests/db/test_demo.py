"""The demo practice as a whole: made once for this file, opened, damaged and opened again."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from coordinator_app import __version__
from coordinator_app.db.connector import SqlConnector
from coordinator_app.demo.clock import ZONE
from coordinator_app.demo.line import Manners
from coordinator_app.demo.practice import DATABASE, DemoPractice, reset
from coordinator_app.demo.steps import Step
from coordinator_app.demo.witness import callable_entries, calls_for_supervisor
from coordinator_app.domain.queue import QueueFilter
from coordinator_app.errors import (
    ConfigurationError,
    SignInRefusedError,
    TakenByAnotherError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coordinator_app.domain.session import DemoPerson, SignedIn

# Making the practice takes some ten seconds, more on a busy machine.
pytestmark = pytest.mark.timeout(300)


@dataclass
class Steps:
    """What a start told, and where it is to be broken off."""

    stop_at: Step | None = None
    told: list[tuple[Step, str]] = field(default_factory=list)

    def __call__(self, step: Step, state: str, detail: str) -> None:
        self.told.append((step, state))
        if step is self.stop_at:
            raise KeyboardInterrupt

    @property
    def worked(self) -> set[Step]:
        """The steps that had something to do."""
        return {step for step, state in self.told if state == "running"}


@dataclass
class Clock:
    """The computer's clock, which a test may put forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Demo:
    """The one demo of this file."""

    practice: DemoPractice
    clock: Clock
    first: Steps

    def restart(self) -> Steps:
        self.practice.stop()
        steps = Steps()
        self.practice.start(steps)
        return steps

    def owner(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.practice.owner_conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def person(self, login: str) -> DemoPerson:
        return next(one for one in self.practice.offer.people if one.login == login)

    def sign_in(self, person: DemoPerson, password: str | None = None) -> SignedIn:
        connection = replace(self.practice.offer.connection, user=person.login)
        practice = SqlConnector().connect(connection, password or person.password)
        try:
            return practice.sign_in(__version__, "a test")
        finally:
            practice.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose first build was broken off in the middle."""
    clock = Clock()
    folder = tmp_path_factory.mktemp("demo") / "demo"
    practice = DemoPractice(
        folder, manners=Manners(ring=(0.1, 0.2), pace=20.0), now=clock, durable=False
    )
    with pytest.raises(KeyboardInterrupt):
        practice.start(Steps(stop_at=Step.PATIENTS))
    first = Steps()
    practice.start(first)
    yield Demo(practice, clock, first)
    practice.stop()
    reset(folder)


@pytest.fixture
def demo(made: Demo) -> Demo:
    """The demo, running, whatever the test before did."""
    if made.practice.line_process is None:
        made.restart()
    return made


# --------------------------------------------------------------------------------- first start


def test_a_build_that_was_broken_off_begins_anew(demo: Demo) -> None:
    assert demo.first.worked == set(Step)
    names = demo.owner("SELECT datname FROM pg_database WHERE datname LIKE %s", f"{DATABASE}%")
    assert names == [(DATABASE,)]


def test_everybody_signs_in_with_their_own_password_and_role(demo: Demo) -> None:
    for person in demo.practice.offer.people:
        signed_in = demo.sign_in(person)
        assert (signed_in.person.name, signed_in.person.role.value) == (person.name, person.role)
        assert signed_in.practice.is_demo


def test_nobody_signs_in_with_another_password(demo: Demo) -> None:
    with pytest.raises(SignInRefusedError):
        demo.sign_in(demo.person("jpark"), demo.person("abrandt").password)


def test_the_practice_lives_on_a_working_day(demo: Demo) -> None:
    now = demo.sign_in(demo.person("jpark")).now.astimezone(ZONE)
    assert now.isoweekday() < 6
    assert 8 <= now.hour < 16


def test_the_queue_is_rich(demo: Demo) -> None:
    page = demo.sign_in(demo.person("jpark")).queue
    assert len(page.rows) >= 60
    assert page.closed is None
    assert (page.counts.due > 0, page.counts.new > 20, page.counts.retry > 10) == (True,) * 3
    assert len({row.campaign for row in page.rows}) == 2
    assert len({row.zone for row in page.rows}) > 1
    assert sum(row.gate is None for row in page.rows) >= 50
    assert any(row.gate is not None for row in page.rows)
    assert QueueFilter.ALL.value == "all"
    assert len({chip.text for row in page.rows for chip in row.chips}) >= 3


def test_callbacks_are_due(demo: Demo) -> None:
    due = demo.sign_in(demo.person("jpark")).callbacks
    others = demo.sign_in(demo.person("abrandt")).callbacks
    assert due
    assert others
    assert min(row.due_at for row in (*due, *others)) < demo.sign_in(demo.person("jpark")).now


def test_two_weeks_of_calls_are_in_the_log(demo: Demo) -> None:
    rows = calls_for_supervisor(demo.practice.offer)
    assert len(rows) >= 120
    assert {row.coordinator for row in rows} == {"Jordan Park", "Amelia Brandt"}
    assert len({row.outcome for row in rows}) >= 8
    days = demo.owner(
        "SELECT count(DISTINCT (requested_at AT TIME ZONE 'America/New_York')::date) FROM app.call"
    )
    assert days[0][0] >= 10


def test_the_calls_of_the_past_were_lawful_and_possible(demo: Demo) -> None:
    unlawful = demo.owner(
        "SELECT count(*) FROM app.call c JOIN app.patient p ON p.id = c.patient_id, "
        "LATERAL (SELECT c.requested_at AT TIME ZONE p.zones[1] AS there) l "
        "WHERE l.there::time NOT BETWEEN '09:00' AND '19:00' OR extract(isodow FROM l.there) > 5"
    )
    at_once = demo.owner(
        "SELECT count(*) FROM app.call a JOIN app.call b ON a.person_id = b.person_id "
        "AND a.id < b.id AND b.requested_at < a.outcome_at"
    )
    assert (unlawful, at_once) == ([(0,)], [(0,)])


def test_running_campaigns_have_won_patients_who_are_not_called_again(demo: Demo) -> None:
    won = (
        "SELECT count(*) FROM app.queue_entry e JOIN app.campaign k ON k.id = e.campaign_id "
        "JOIN app.call c ON c.entry_id = e.id AND c.outcome = 'BOOKED' WHERE k.status = 'running'"
    )
    assert demo.owner(won)[0][0] >= 5
    assert demo.owner(f"{won} AND e.state <> 'closed'") == [(0,)]


def test_the_schedule_has_free_and_taken_time(demo: Demo) -> None:
    practice = demo.sign_in(demo.person("nhaddad")).practice
    assert len(practice.practitioners) == 5
    connection = replace(demo.practice.offer.connection, user="nhaddad")
    database = SqlConnector().connect(connection, demo.person("nhaddad").password)
    today = demo.sign_in(demo.person("nhaddad")).now.astimezone(ZONE).date()
    try:
        found = database.openings(
            [one.id for one in practice.practitioners],
            practice.visit_types[0].id,
            today + timedelta(days=1),
            14,
        )
    finally:
        database.close()
    assert sum(len(day.free) for day in found.days) > 50
    assert sum(len(day.busy) for day in found.days) > 100
    assert any(day.out_of_office for day in found.days)


def test_the_people_on_the_line_answer_in_every_way(demo: Demo) -> None:
    entries = callable_entries(demo.practice.owner_conninfo, demo.practice.folder / "personas.json")
    kinds = {one.persona for one in entries}
    assert {"answers", "voicemail", "no_answer", "busy", "wrong_person", "spanish"} <= kinds
    assert len({one.e164 for one in entries}) == len(entries)
    assert all(one.e164[5:10] == "55501" for one in entries)


# ---------------------------------------------------------------------------------- next start


def test_opening_again_makes_nothing_and_keeps_everything(demo: Demo) -> None:
    before = demo.practice.offer.people
    calls = demo.owner("SELECT count(*) FROM app.call")
    steps = demo.restart()
    assert steps.worked == {Step.SERVER, Step.LINE}
    assert demo.practice.offer.people == before
    assert demo.owner("SELECT count(*) FROM app.call") == calls


def test_lost_passwords_are_replaced(demo: Demo) -> None:
    before = demo.person("jpark")
    demo.practice.stop()
    (demo.practice.folder / "people.json").unlink()
    demo.restart()
    assert demo.sign_in(demo.person("jpark")).person.login == "jpark"
    with pytest.raises(SignInRefusedError):
        demo.sign_in(before)


def test_the_clock_moves_on_and_never_back(demo: Demo) -> None:
    [(before,)] = demo.owner("SELECT clock_offset FROM app.practice")
    now = datetime.now(UTC) + before
    local = now.astimezone(ZONE)
    demo.clock.ahead = (local.replace(hour=22) - local) + timedelta(days=7)
    try:
        demo.restart()
    finally:
        demo.clock.ahead = timedelta()
    [(after,)] = demo.owner("SELECT clock_offset FROM app.practice")
    assert after > before
    assert any("clock was moved on" in note for note in demo.practice.notes)
    demo.restart()
    assert demo.owner("SELECT clock_offset FROM app.practice")[0][0] >= after
    assert demo.sign_in(demo.person("abrandt")).queue.closed is None


def test_training_is_renewed_before_it_expires(demo: Demo) -> None:
    demo.clock.ahead = timedelta(days=290)
    try:
        demo.restart()
    finally:
        demo.clock.ahead = timedelta()
    [(rows, soonest)] = demo.owner(
        "SELECT count(*), min(t.expires_on - (app.now())::date) FROM ("
        "SELECT person_id, max(expires_on) AS expires_on FROM app.training_record "
        "GROUP BY person_id) t"
    )
    assert rows == len(demo.practice.offer.people)
    assert soonest > 30
    assert demo.sign_in(demo.person("jpark")).training_expires is not None


def test_only_one_program_has_it_open(demo: Demo) -> None:
    second = DemoPractice(demo.practice.folder, durable=False)
    with pytest.raises(TakenByAnotherError) as caught:
        second.start()
    assert "already running" in caught.value.sentence
    with pytest.raises(TakenByAnotherError):
        reset(demo.practice.folder)
    assert demo.sign_in(demo.person("jpark")).person.login == "jpark"


def test_a_phone_line_that_died_is_started_again(demo: Demo) -> None:
    before = demo.practice.line_process
    assert before is not None
    assert not demo.practice.tend()
    os.kill(before, signal.SIGTERM)
    while demo.practice.line_process is not None:
        threading.Event().wait(0.02)  # a process that ends tells nobody
    assert demo.practice.tend()
    assert demo.practice.line_process not in {None, before}


def test_a_phone_line_that_cannot_start_says_where_to_look(demo: Demo) -> None:
    personas = demo.practice.folder / "personas.json"
    content = personas.read_bytes()
    demo.practice.stop()
    personas.write_text("{", "utf-8")
    try:
        with pytest.raises(ConfigurationError, match=r"gateway\.log"):
            demo.practice.start()
    finally:
        personas.write_bytes(content)
    assert demo.practice.line_process is None


def test_a_demo_of_an_incompatible_program_is_made_anew(demo: Demo) -> None:
    demo.owner("UPDATE app.migration SET sha256 = 'another' WHERE number = 1")
    demo.practice.stop()
    (demo.practice.folder / "demo.json").unlink()
    steps = demo.restart()
    assert Step.PATIENTS in steps.worked
    assert any("made anew" in note for note in demo.practice.notes)


def test_a_newer_program_upgrades_it_in_place(demo: Demo) -> None:
    calls = demo.owner("SELECT count(*) FROM app.call")
    demo.owner("DROP FUNCTION api.version()")
    demo.practice.stop()
    (demo.practice.folder / "demo.json").write_text('{"schema": "an older one"}', "utf-8")
    steps = demo.restart()
    assert Step.PATIENTS not in steps.worked
    assert demo.owner("SELECT count(*) FROM app.call") == calls
    assert demo.owner("SELECT to_regprocedure('api.version()') IS NOT NULL") == [(True,)]


def test_reset_deletes_the_demo_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    practice = DemoPractice(folder, durable=False)
    with pytest.raises(KeyboardInterrupt):
        practice.start(Steps(stop_at=Step.SCHEMA))
    (folder / "holiday.jpg").write_bytes(b"mine")
    reset(folder)
    assert {entry.name for entry in folder.iterdir()} == {"holiday.jpg", "lock"}
    reset(tmp_path / "nothing here")
