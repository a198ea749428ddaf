"""Eight coordinators at work, killed at random moments, and the server killed among them.

Whatever was lost on the way: nobody is claimed, dialled or booked twice, and no outcome that was
acknowledged is lost. The moments are counted in outcomes, drawn from a seed.
"""

from __future__ import annotations

import json
import os
import random
import selectors
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from coordinator_app.db.migrate import migrate
from coordinator_app.demo import watchdog
from coordinator_app.demo.postgres import EmbeddedServer
from tests.helpers.db_practice import PASSWORD, connect, open_doors, open_practice
from tests.helpers.own_phone import pick_up
from tests.helpers.postgres import TestServer, chosen_binaries
from tests.helpers.practice_template import practice_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.postgres import Database

ROOT = Path(__file__).resolve().parents[2]
EIGHT = tuple(f"cc_c{n}" for n in range(1, 9))
PATIENCE = 60.0  # seconds without any outcome; the whole takes some 10
SEED = 20270301
MORE_PATIENTS = """
INSERT INTO app.patient (source, external_id, family, given, birth_date, state_code, zip, zones,
    last_visit)
SELECT 'test', i::text, 'Zyx' || i, 'Given' || i, '1970-01-01', 'MA', '02110',
    '{America/New_York}', '2025-06-01' FROM generate_series(101, 700) i;
INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states)
SELECT id, 'mobile', '+1617556' || lpad(external_id, 4, '0'), '{America/New_York}', '{MA}'
FROM app.patient WHERE external_id::int > 100;
SELECT app.campaign_refresh(id) FROM app.campaign;
"""


@dataclass
class Crew:
    """The programs of the eight, by login, and how many outcomes they were told of."""

    folder: Path
    database: Database
    chance: random.Random
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    outcomes: int = 0

    def start(self, login: str) -> None:
        """Start this person's program, after a kill on what the killed one left."""
        self.running[login] = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.helpers.busy_coordinator",
                str(self.chance.random()),
                str(self.folder / f"{login}.journal"),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.tell_where(login)

    def tell_where(self, login: str) -> None:
        self._tell(login, make_conninfo(self.database.conninfo, user=login, password=PASSWORD))

    def _tell(self, login: str, line: str) -> None:
        stdin = self.running[login].stdin
        assert stdin is not None
        stdin.write(line.encode() + b"\n")
        stdin.flush()

    def kill(self, login: str) -> None:
        """End it as a power cut would, and read what it had said."""
        program = self.running[login]
        program.kill()
        self._count(program.communicate()[0])

    def replace_somebody(self) -> None:
        login = self.chance.choice(EIGHT)
        self.kill(login)
        self.start(login)

    def wait_for(self, more: int) -> None:
        """Wait until this many outcomes more are recorded."""
        wanted = self.outcomes + more
        with selectors.DefaultSelector() as selector:
            for program in self.running.values():
                assert program.stdout is not None
                selector.register(program.stdout, selectors.EVENT_READ)
            while self.outcomes < wanted:
                ready = selector.select(PATIENCE)
                assert ready, f"Nothing was recorded for {PATIENCE} s."
                for key, _ in ready:
                    said = os.read(key.fd, 65536)
                    assert said, "A coordinator's program ended by itself."
                    self._count(said)

    def stop(self) -> None:
        """Let all finish the patient at hand."""
        for login, program in self.running.items():
            self._tell(login, "stop")
            self._count(program.communicate(timeout=PATIENCE)[0])
            assert program.returncode == 0, login

    def end(self) -> None:
        """Leave none behind, whatever happened."""
        for program in self.running.values():
            program.kill()
            program.communicate()

    def journal(self) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
        """What was sent, and what was answered, by operation."""
        entries = [
            json.loads(line)
            for path in sorted(self.folder.glob("*.journal"))
            for line in path.read_text("utf-8").splitlines()
        ]
        asked = {entry["op"]: entry for entry in entries if "op" in entry}
        return asked, {entry["ack"]: entry["result"] for entry in entries if "ack" in entry}

    def _count(self, said: bytes) -> None:
        self.outcomes += said.count(b"\n")


class Line(threading.Thread):
    """The phone line: everybody picks up at once. It finds its calls again after a restart."""

    def __init__(self, database: Database) -> None:
        super().__init__(name="phone line")
        self.dialled: list[str] = []
        self.faults: list[BaseException] = []
        self._database = database
        self._ended = threading.Event()
        self._server_is_up = threading.Event()
        self._server_is_up.set()

    def server_goes_down(self) -> None:
        self._server_is_up.clear()

    def server_is_back(self, database: Database) -> None:
        self._database = database
        self._server_is_up.set()

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self._server_is_up.wait(PATIENCE)
                database = self._database
                try:
                    with connect(database, "cc_gw") as connection:
                        self._work(connection)
                except psycopg.OperationalError:
                    if self._server_is_up.is_set() and self._database is database:
                        raise  # the server was there
        except BaseException as error:  # noqa: BLE001  it is looked at in the test's thread
            self.faults.append(error)

    def stop(self) -> None:
        self._ended.set()
        self.join(PATIENCE)

    def _work(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute("LISTEN cc_gateway")
        for call in _ask(connection, "SELECT api.gateway_open_calls()"):
            self._say(connection, call["request"]["call_id"], "live")
            if call["hang_up_wanted"]:
                self._say(connection, call["request"]["call_id"], "ended")
        while not self._ended.is_set():
            health = {"state": "ok", "is_practice_line": True, "sentence": ""}
            connection.execute("SELECT api.gateway_beat(%s)", [Jsonb(health)])
            pick_up(connection)
            for request in _ask(connection, "SELECT api.gateway_take_requests(50)"):
                self.dialled.append(request["call_id"])
                self._say(connection, request["call_id"], "live")
            for command in _ask(connection, "SELECT api.gateway_take_commands(50)"):
                self._say(connection, command["call_id"], "ended")
            list(connection.notifies(timeout=0.1, stop_after=1))

    @staticmethod
    def _say(connection: psycopg.Connection[Any], call: str, state: str) -> None:
        (now,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
        fact = {"call_id": call, "state": state, "at": now.isoformat() if now else ""}
        fact |= {"answered_at": fact["at"]} if state == "live" else {"end": "completed_by_us"}
        connection.execute("SELECT api.gateway_record(%s)", [Jsonb([fact])])


def _ask(connection: psycopg.Connection[Any], question: str) -> list[Any]:
    (found,) = connection.execute(question.encode()).fetchone() or ([],)
    return list(found)


@dataclass
class Story:
    """What is left after everything that could happen: the database, and what people were told."""

    owner: psycopg.Connection[Any]
    dialled: list[str]
    asked: dict[str, dict[str, Any]]
    answered: dict[str, str]

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return self.owner.execute(question.encode(), values or None).fetchall()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("killed")
    server = TestServer(folder / "data", chosen_binaries())
    # Unlike the tests' usual server it has written what it acknowledges; the machine stays up.
    server.server = EmbeddedServer(
        folder / "data",
        chosen_binaries(),
        durable=False,
        settings={"synchronous_commit": "on", "shared_buffers": "64MB", "autovacuum": "off"},
    )
    server.server.start()
    try:
        server.prepare(migrate)
        with server.copy(practice_template(server)) as database:
            yield from happen(server, database, folder)
    finally:
        server.server.remove()


def happen(server: TestServer, database: Database, folder: Path) -> Iterator[Story]:
    """Let the eight work and everything go wrong, then look at what is left."""
    open_doors(database)
    with open_practice(database) as practice:
        practice.owner.run(MORE_PATIENTS)
        practice.set_rules(charts_per_hour=100_000)
    chance = random.Random(SEED)
    crew, line = Crew(folder, database, chance), Line(database)
    line.start()
    try:
        for login in EIGHT:
            crew.start(login)
        crew.wait_for(20)
        for _ in range(6):
            crew.replace_somebody()
            crew.wait_for(chance.randrange(1, 12))
        read_and_take_back(database)
        kill_the_server(server, crew, line)
        for _ in range(6):
            crew.wait_for(chance.randrange(1, 12))
            crew.replace_somebody()
        crew.wait_for(20)
        crew.stop()
    finally:
        crew.end()
        line.stop()
    assert line.faults == []
    with psycopg.connect(server.database(database.name).conninfo, autocommit=True) as owner:
        yield Story(owner, line.dialled, *crew.journal())


def kill_the_server(server: TestServer, crew: Crew, line: Line) -> None:
    """As a power cut would, in the middle of whatever eight people were waiting for."""
    line.server_goes_down()
    postmaster = server.server.process_id
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    assert watchdog.wait_until(lambda: server.server.process_id is None, PATIENCE)
    server.server.start()
    crew.database = server.database(crew.database.name)
    for login in EIGHT:
        crew.tell_where(login)
    line.server_is_back(crew.database)


def read_and_take_back(database: Database) -> None:
    """Somebody reads seven names and rolls back; somebody else's commit comes after it."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("SET ROLE app_owner")
        connection.execute("BEGIN")
        connection.execute(
            "SELECT app.meter_take(p.id, 'previews', 60, interval '1 hour', 7) "
            "FROM app.person p WHERE p.login = 'cc_c1'"
        )
        connection.execute("ROLLBACK")
        connection.execute("UPDATE app.hint SET sent_at = '-infinity'")


def test_it_was_a_story_worth_looking_at(story: Story) -> None:
    outcomes = Counter(entry["outcome"] for entry in story.asked.values())
    assert outcomes["BOOKED"] > 5
    assert outcomes["NO_ANSWER"] > 20
    assert len(story.dialled) > 60


def test_no_acknowledged_outcome_is_lost_and_none_is_recorded_twice(story: Story) -> None:
    assert set(story.answered) == set(story.asked)  # what was sent is sent until it is answered
    kept = {op: result for op, result in story.answered.items() if not result.startswith("QC")}
    rows = story.rows("SELECT op_id::text, call_id::text, outcome FROM app.call_outcome")
    recorded = {op: (call, outcome) for op, call, outcome in rows}
    assert len(rows) == len(recorded)
    assert recorded == {op: (story.asked[op]["call"], story.asked[op]["outcome"]) for op in kept}
    assert story.rows("SELECT call_id FROM app.call_outcome GROUP BY 1 HAVING count(*) > 1") == []
    assert (
        story.rows(
            "SELECT c.id FROM app.call c LEFT JOIN app.call_outcome o ON o.call_id = c.id "
            "WHERE c.outcome IS DISTINCT FROM o.outcome"
        )
        == []
    )


def test_no_patient_is_dialled_twice(story: Story) -> None:
    assert [call for call, n in Counter(story.dialled).items() if n > 1] == []
    placed = "SELECT patient_id FROM app.call WHERE end_reason IS DISTINCT FROM 'never_placed'"
    assert story.rows(f"{placed} GROUP BY 1 HAVING count(*) > 1") == []
    assert (
        story.rows(
            "SELECT a.id FROM app.call a JOIN app.call b "
            "ON b.person_id = a.person_id AND b.id > a.id AND b.requested_at < a.outcome_at"
        )
        == []
    )


def test_no_patient_is_held_twice_and_nobody_holds_two(story: Story) -> None:
    claimed = "FROM app.queue_entry WHERE state = 'claimed'"
    for what in ("patient_id", "holder"):
        assert story.rows(f"SELECT {what} {claimed} GROUP BY 1 HAVING count(*) > 1") == []
    # All went home with what they had finished.
    assert story.rows("SELECT * FROM app.live_call") == []
    assert (
        story.rows(
            "SELECT e.id FROM app.queue_entry e JOIN app.call c ON c.entry_id = e.id "
            "JOIN app.outcome_code o ON o.code = c.outcome "
            "GROUP BY e.id HAVING e.attempts <> count(*) FILTER (WHERE o.counts_attempt "
            "AND c.end_reason IS DISTINCT FROM 'never_placed')"
        )
        == []
    )


def test_no_time_is_booked_twice_and_each_booking_is_an_outcome(story: Story) -> None:
    active = "FROM app.appointment WHERE status = 'booked'"
    assert (
        story.rows(
            f"SELECT a.id FROM (SELECT * {active}) a JOIN (SELECT * {active}) b ON a.id < b.id "
            "AND a.practitioner_id = b.practitioner_id AND a.span && b.span"
        )
        == []
    )
    booked = story.rows("SELECT id::text FROM app.call WHERE outcome = 'BOOKED' ORDER BY 1")
    assert booked == story.rows(f"SELECT call_id::text {active} ORDER BY 1")
    assert len(booked) > 5


def test_the_audits_chains_are_whole_and_tell_of_every_call(story: Story) -> None:
    assert (
        story.rows(
            "SELECT e.chain, e.seq FROM ("
            "    SELECT x.*, lag(x.hash, 1, '') OVER w AS before, row_number() OVER w AS n"
            "    FROM audit.event x WINDOW w AS (PARTITION BY x.chain ORDER BY x.seq)) e "
            "WHERE e.seq <> e.n OR e.prev <> e.before OR e.hash <> audit.event_hash("
            "e.prev, e.chain, e.seq, e.at_us, e.actor, e.action, e.object, e.patient_id, e.detail)"
        )
        == []
    )
    assert (
        story.rows(
            "SELECT chain FROM audit.head h FULL JOIN (SELECT DISTINCT ON (chain) chain, seq, "
            "hash FROM audit.event ORDER BY chain, seq DESC) e USING (chain) "
            "WHERE (h.seq, h.hash) IS DISTINCT FROM (e.seq, e.hash)"
        )
        == []
    )
    for action, said in (("call.request", "true"), ("call.outcome", "c.outcome IS NOT NULL")):
        assert (
            story.rows(
                f"SELECT c.id FROM app.call c WHERE {said} AND 1 <> ("
                "SELECT count(*) FROM audit.event e "
                "WHERE e.action = %s AND e.object = 'call/' || c.id)",
                action,
            )
            == []
        )


def test_what_was_read_and_taken_back_is_counted_after_a_crash(story: Story) -> None:
    ((left,),) = story.rows(
        "SELECT app.meter_left(p.id, 'previews', 60, interval '1 hour') "
        "FROM app.person p WHERE p.login = 'cc_c1'"
    )
    # The seven, and what the work itself showed to this person.
    assert left <= 23
