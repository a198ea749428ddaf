"""A real practice from an empty database to its first patient, by coordinator-admin alone."""

from __future__ import annotations

import io
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.cli import main
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.person import WorkStatus
from coordinator_app.domain.practice import LineHealth
from coordinator_app.domain.queue import QueueFilter
from coordinator_app.domain.session import Connection, TlsMode
from tests.helpers.totp import code_now, secret_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from coordinator_app.db.practice import SqlPractice
    from tests.helpers.postgres import Database, TestServer

PASSWORD = "correct-horse-battery"
LOGINS = ("real_anna", "real_maya", "real_sam", "real_line")
# As a vendor's report writes it: a title, its own column names, rows that are wrong.
EXPORT = """Inactive Patient Recall List,,,,,,,,,,
Chart Number,Patient Name,DOB,Cell,Hm Phone,St,Zip Code,Last Seen,Next Appt,PCP,Acct Balance
1001,"Canary, Maria",03/14/1951,(212) 736-5000,,NY,10001,01/15/2024,,Dr. Okafor,$12.50
1002,"Weaver, John",02/28/1980,212.736.5001,,NY,10001,02/20/2024,,"Okafor, Ada",0.00
1003,"Stone, Ruth",05/06/1949,,212-736-5002,NY,10001,11/02/2023,{booked},Dr. Okafor,
1004,"Reed, Owen",02/30/1970,212-736-5003,,NY,10001,02/15/2024,,,
,"Nobody, Ann",05/06/1949,212-736-5004,,NY,10001,02/15/2024,,,
1006,"Lost, Ida",05/06/1949,,,NY,10001,02/15/2024,,,
"""


@dataclass(frozen=True)
class Practice:
    """An empty database that became a practice, and its administrator's command."""

    database: Database
    run: Callable[..., str]

    def at_work(self, login: str) -> closing[SqlPractice]:
        """This person's open connection."""
        where = self.database
        place = Connection("Elm", "127.0.0.1", where.port, where.name, login, TlsMode.LOOPBACK)
        return closing(SqlConnector().connect(place, PASSWORD))


@pytest.fixture
def practice(
    pg_server: TestServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Practice]:
    with pg_server.copy("template0") as empty:

        def run(*arguments: str) -> str:
            monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
            code = main(["--database", empty.conninfo, *arguments])
            out, err = capsys.readouterr()
            assert (code, err) == (0, ""), arguments
            return out

        drop_logins(empty.conninfo)
        yield Practice(empty, run)
        drop_logins(empty.conninfo)


def drop_logins(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as admin:
        for login in LOGINS:
            admin.execute(f"DROP ROLE IF EXISTS {login}".encode())


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "recall list.csv"
    booked = date.today() + timedelta(days=40)  # noqa: DTZ011 - some day to come
    path.write_text(EXPORT.format(booked=f"{booked:%m/%d/%Y}"), "utf-8-sig")
    return path


def install(run: Callable[..., str], export: Path) -> None:
    """Every step of the handbook, in its order."""
    run(
        *("init", "--name", "Elm Street Family Practice", "--office-number", "(212) 736-5099"),
        *("--state", "NY", "--zone", "America/New_York", "--signed-by", "Dr. Okafor"),
        *("--evidence", "letter of 2026-11-01", "--admin", "real_anna", "--admin-name", "Anna"),
        "--password-stdin",
    )
    run("user", "train", "real_anna", "--expires", "2099-12-31")
    for login, role in (("real_maya", "coordinator"), ("real_sam", "supervisor")):
        run("user", "add", login, "--name", login, "--role", role, "--password-stdin")
        run("user", "train", login, "--expires", "2099-12-31")
    run("gateway", "add", "real_line", "--password-stdin")
    run(
        *("practitioner", "add", "77", "--family", "Okafor", "--given", "Ada"),
        *("--specialty", "Family medicine"),
    )
    run("practitioner", "bookable", "Dr. Okafor")
    run(
        *("schedule", "set", "Dr. Okafor", "--days", "mon-sun", "--hours", "08:00-17:00"),
        *("--lunch", "12:00-13:00"),
    )
    run("import", "csv", str(export))
    run("campaign", "create", "Recall", "--months-inactive-min", "6")


def test_from_an_empty_database_to_the_first_patient(practice: Practice, export: Path) -> None:
    install(practice.run, export)
    line = make_conninfo(practice.database.conninfo, user="real_line", password=PASSWORD)
    with closing(SqlCallStore.connect(line)) as gateway:
        gateway.beat(LineHealth("ok", is_practice_line=False, since=None, sentence="It works."))
    with practice.at_work("real_maya") as maya:
        signed_in = maya.sign_in("0.1.0", "test")
        assert not signed_in.practice.is_demo
        assert signed_in.line.state == "ok"
        maya.set_status(WorkStatus.AVAILABLE)
        page = maya.queue(QueueFilter.ALL, "", 50)
        # Not: the one with an appointment, the one to be looked at, those without id or number.
        assert {row.first_name for row in page.rows} == {"Maria", "John"}
        first = page.rows[0]
        card = maya.claim(first.entry_id, uuid4())  # whatever the hour is: only dialling waits
        assert card.first_name == first.first_name
        assert card.phones
        (okafor,) = signed_in.practice.practitioners
        tomorrow = signed_in.now.date() + timedelta(days=1)
        visit = signed_in.practice.visit_types[0]
        openings = maya.openings((okafor.id,), visit.id, tomorrow, 7)
        assert len(openings.days) == 7
        assert all(day.free for day in openings.days)
        assert all("Lunch" in {busy.kind for busy in day.busy} for day in openings.days)
        maya.sign_out()


def test_the_row_names_the_practitioner_who_was_added_by_hand(
    practice: Practice, export: Path
) -> None:
    install(practice.run, export)
    with psycopg.connect(practice.database.conninfo) as admin:
        found = admin.execute(
            "SELECT p.external_id, d.external_id FROM app.patient p LEFT JOIN app.practitioner d "
            "ON d.id = p.practitioner_id ORDER BY 1"
        ).fetchall()
    assert dict(found) | {"1006": None} == {
        "1001": "77",
        "1002": "77",
        "1003": "77",
        "1004": None,
        "1006": None,
    }


def test_importing_again_changes_nothing_and_the_administrator_sees_both(
    practice: Practice, export: Path
) -> None:
    install(practice.run, export)
    tables = ["patient", "patient_telecom", "suppression", "account_balance", "coverage"]
    tables += ["practitioner", "queue_entry", "care_gap"]
    query = " UNION ALL ".join(f"SELECT '{t}', to_jsonb(x)::text FROM app.{t} x" for t in tables)

    def everything() -> list[tuple[object, ...]]:
        with psycopg.connect(practice.database.conninfo) as admin:
            return sorted(admin.execute(query.encode()).fetchall())

    before = everything()
    assert re.search(r"0 new, 0 changed", practice.run("import", "csv", str(export)))
    practice.run("campaign", "refresh", "Recall")
    after = everything()
    changed = [row for row in after if row not in before]
    assert changed == []
    assert len(after) == len(before)

    secret = secret_in(practice.run("user", "factor", "real_anna"))
    with practice.at_work("real_anna") as anna:
        anna.second_factor(code_now(secret))
        anna.sign_in("0.1.0", "test")
        again, once = anna.import_batches()
        assert (again.created, again.changed) == (0, 0)
        assert once.created >= 4
        problems = anna.import_problems(once.id)
        assert {problem.severity for problem in problems} == {"reject", "review"}
        assert {"1004", ""} <= {problem.external_id for problem in problems}
        assert all(problem.reason for problem in problems)
        anna.sign_out()


def test_a_booked_visit_of_the_practice_outlives_ours(practice: Practice, export: Path) -> None:
    """Imported, it has no practitioner and is no appointment of ours; ours comes and goes."""
    install(practice.run, export)
    next_at = "SELECT next_appointment FROM app.patient WHERE external_id = '1003'"
    with psycopg.connect(practice.database.conninfo, autocommit=True) as admin:

        def planned() -> object:
            row = admin.execute(next_at.encode()).fetchone()
            return row[0] if row else None

        imported = planned()
        assert imported is not None
        made = admin.execute(
            "INSERT INTO app.appointment (patient_id, practitioner_id, span, created_at) "
            "SELECT p.id, d.id, tstzrange(app.now() + interval '1 day', "
            "app.now() + interval '25 hours'), app.now() FROM app.patient p, app.practitioner d "
            "WHERE p.external_id = '1003' RETURNING id, lower(span)"
        ).fetchone()
        assert made is not None
        appointment, starts = made
        assert planned() == starts  # the earlier one
        admin.execute(
            "UPDATE app.appointment SET status = 'cancelled' WHERE id = %s", [appointment]
        )
        assert planned() == imported
        # Cancelled in the practice's system, too: its next export leaves the field empty.
        text = export.read_text("utf-8-sig")
        export.write_text(re.sub(r"\d+/\d+/\d+,Dr. Okafor,\n", ",Dr. Okafor,\n", text), "utf-8")
        practice.run("import", "csv", str(export))
        assert planned() is None
