"""A throw-away practice of any size for the benchmarks, on a server with durable commits."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from coordinator_app.db.migrate import migrate
from coordinator_app.demo.binaries import Binaries, find_binaries
from coordinator_app.demo.postgres import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "benchmark"  # noqa: S105  (of logins that live as long as the program)
_POPULATION = Path(__file__).with_name("population.sql")
# Room for 1,000,000 patients and for 100 coordinators with the gateway's connections.
_SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "max_connections": "300"}

_PRACTICE = """
INSERT INTO app.practice (name, voicemail_name, office_number, office_hours, state_code, zone,
    is_demo, clock_offset)
VALUES ('Bench', 'the office', '+16175550100', 'nine to five', 'MA', 'America/New_York', true,
    (date_trunc('week', now() + interval '8 days') + interval '1 day 15 hours') - now());
INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid)
VALUES ('+16175550100', 'benchmark', 'benchmark', '[2020-01-01,)');
INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid)
VALUES ('carrier', 'benchmark', 'benchmark', 'benchmark', '[2020-01-01,)');
INSERT INTO app.practitioner (source, external_id, family, bookable)
VALUES ('b', '1', 'Okafor', true);
INSERT INTO app.visit_type (name, minutes) VALUES ('Follow-up', 30);
INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends)
SELECT d.id, w, '08:00', '17:00' FROM app.practitioner d, generate_series(1, 5) w;
INSERT INTO app.campaign (name, script, purpose, chart_needs_identity, rule, status, created_by,
    created_at)
VALUES ('Bench', 'recall', 'RECALL', false, '{"months_inactive_min": 6}', 'running', 'bench',
    now());
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the benchmark's practice is."""

    host: str
    port: int
    database: str
    superuser: str  # conninfo
    binaries: Binaries

    def conninfo(self, login: str) -> str:
        """Connection string of a person."""
        return (
            f"host={self.host} port={self.port} dbname={self.database} user={login} "
            f"password={PASSWORD}"
        )

    def superuser_of(self, database: str) -> str:
        """The superuser's connection string of another database."""
        return self.superuser.replace("dbname='bench'", f"dbname='{database}'")


# The limits on reading must count and never refuse: a benchmark opens in a second what a person
# opens in an hour. They are the rules' own numbers, set as an administrator sets them.
_LIMITS = ("charts_per_hour", "previews_per_hour")
_SET_RULE = """
SELECT app.set_rule(%s, '*', 1000000, (app.now() AT TIME ZONE p.zone)::date, 'benchmark')
FROM app.practice p
"""


def make(superuser: str, patients: int, coordinators: int) -> None:
    """Fill an empty database: the practice, its people and that many patients."""
    migrate(superuser)
    people = [(f"c{i}", "coordinator") for i in range(1, coordinators + 1)]
    with psycopg.connect(superuser, autocommit=True) as conn:
        conn.execute("SET ROLE app_owner")
        conn.execute(_PRACTICE)
        for kind in _LIMITS:
            conn.execute(_SET_RULE, (kind,))
        for login, role in [*people, ("boss", "supervisor")]:
            conn.execute(
                "WITH p AS (INSERT INTO app.person (login, name, role) VALUES (%s, %s, %s)"
                " RETURNING id) INSERT INTO app.training_record"
                " (person_id, curriculum, version, completed_on, expires_on)"
                " SELECT id, 'HIPAA', '1', date '2026-01-01', date '2036-01-01' FROM p",
                (login, login, role),
            )
        conn.execute("RESET ROLE")
        for login, role in [*people, ("boss", "supervisor"), ("gate", "gateway")]:
            conn.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}' IN ROLE {role}")
        conn.execute("SELECT set_config('bench.patients', %s, false)", (str(patients),))
        conn.execute(_POPULATION.read_bytes())
        conn.execute("VACUUM ANALYZE")


@contextlib.contextmanager
def practice(patients: int, coordinators: int) -> Iterator[Bench]:
    """Give a practice with that many patients and logins ``c1`` … ``cN``, ``gate`` (the gateway)
    and ``boss`` (a supervisor); fsync is on."""
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        binaries = find_binaries()
        with EmbeddedServer(Path(folder) / "server", binaries, settings=_SETTINGS) as server:
            with psycopg.connect(server.superuser_conninfo("postgres"), autocommit=True) as conn:
                conn.execute("CREATE DATABASE bench")
            superuser = server.superuser_conninfo("bench")
            make(superuser, patients, coordinators)
            yield Bench(server.host, server.port, "bench", superuser, binaries)
