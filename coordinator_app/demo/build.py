"""Making the demo practice's database, with the means that a practice's administrator has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import sql

import resources
from coordinator_app.db.admin_import import import_fhir
from coordinator_app.db.admin_people import add_gateway_login, add_person
from coordinator_app.db.admin_practice import NewPractice, authorize_caller_id, create_practice
from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.db.migrate import migrate
from coordinator_app.demo.clock import ZONE, first_offset
from coordinator_app.demo.people import GATEWAY, PRACTICE_NAME, STAFF, Logins
from coordinator_app.demo.personas import write_personas
from coordinator_app.demo.phones import OFFICE_NUMBER, fictional_number
from coordinator_app.demo.steps import Progress, Step
from coordinator_app.demo.upkeep import CALLER_ID_LETTER, holidays, set_offset, train
from coordinator_app.practice_systems.fhir_ndjson import FhirExport, read_fhir_directory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, tzinfo

DATA = Path(__file__).parent / "data" / "pysynthea-250-2026"
_PRACTICE = NewPractice(
    name=PRACTICE_NAME,
    voicemail_name="Lakeside",
    office_number=OFFICE_NUMBER,
    office_hours="Monday to Friday, 8 AM to 5 PM",
    address="12 Lakeside Avenue, Boston, MA 02118",
    state="MA",
    zone=ZONE.key,
    visit_types=(),  # the overlay's
    is_demo=True,
)


def clear_away(admin: str, databases: Iterable[str]) -> None:
    """Remove databases and the demo's logins, whatever an earlier build left of them."""
    with connect_admin(admin) as conn:
        for name in databases:
            conn.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
        for login in (*(one.login for one in STAFF), GATEWAY):
            conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))


def rename(admin: str, before: str, after: str) -> None:
    """Give a database its name: the moment from which it counts."""
    with connect_admin(admin) as conn:
        conn.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(before), sql.Identifier(after)
            )
        )


@dataclass(frozen=True, slots=True)
class Site:
    """Where a demo practice is built. ``admin`` and ``conninfo`` are the superuser's addresses,
    of the server and of the new database ``name``."""

    admin: str
    name: str
    conninfo: str
    personas: Path  # the file for the practice line


def build(site: Site, logins: Logins, now: datetime, progress: Progress) -> None:
    """Make the database and fill it. ``now``: the real time.

    Raises ConfigurationError and the import's errors; what was made until then stays.
    """
    conninfo, name = site.conninfo, site.name
    progress(Step.SCHEMA, "running", "")
    with connect_admin(site.admin) as conn:
        statement = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
        conn.execute(sql.SQL(statement).format(sql.Identifier(name)))
        # Nothing of an interrupted build is kept, so its commits need not wait for the disk.
        quick = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
        conn.execute(quick.format(sql.Identifier(name)))
    schema = migrate(conninfo)
    create_practice(conninfo, _PRACTICE)
    with connect_admin(conninfo) as conn, as_owner(conn):
        set_offset(conn, first_offset(now, ZONE, holidays(conn)))
        today, _ = practice_day(conn)
    progress(Step.SCHEMA, "done", f"schema {schema.schema}")

    progress(Step.PATIENTS, "running", "")
    import_fhir(conninfo, _read_population, source="synthea", file_name=DATA.name)
    progress(Step.PATIENTS, "done", _counts(conninfo))

    progress(Step.PEOPLE, "running", "")
    authorize_caller_id(conninfo, *CALLER_ID_LETTER)
    passwords = {one.login: one.password for one in logins.people}
    for one in STAFF:
        add_person(
            conninfo,
            one.login,
            one.name,
            one.role,
            languages=one.languages,
            password=passwords[one.login],
        )
        train(conninfo, one.login, today)
    add_gateway_login(conninfo, GATEWAY, logins.gateway)
    progress(Step.PEOPLE, "done", f"{len(STAFF)} people")

    progress(Step.HISTORY, "running", "")
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            for part in ("overlay", "history"):
                text = resources.text(f"sql/demo/{part}.sql")
                conn.execute(text.encode(), prepare=False)
            calls = conn.execute("SELECT count(*) FROM app.call").fetchone()
            write_personas(conn, site.personas)
        conn.execute("ANALYZE")
        conn.execute(
            sql.SQL("ALTER DATABASE {} RESET synchronous_commit").format(sql.Identifier(name))
        )
    progress(Step.HISTORY, "done", f"{calls[0] if calls else 0} calls")


def _read_population(today: date, zone: tzinfo) -> FhirExport:
    return read_fhir_directory(
        DATA, today=today, source="synthea", zone=zone, phone_fix=fictional_number
    )


def _counts(conninfo: str) -> str:
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute(
            "SELECT (SELECT count(*) FROM app.patient), (SELECT count(*) FROM app.encounter)"
        ).fetchone()
    return f"{row[0]:,} patients, {row[1]:,} visits" if row else ""
