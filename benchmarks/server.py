"""A throw-away practice of any size for the benchmarks, on a server with durable commits."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg

from coordinator_app.db.migrate import migrate
from coordinator_app.demo.binaries import Binaries, find_binaries
from coordinator_app.demo.postgres import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "benchmark"  # noqa: S105  (of logins that live as long as the program)

_PRACTICE = """
INSERT INTO app.practice (name, voicemail_name, office_number, office_hours, state_code, zone,
    is_demo, clock_offset)
VALUES ('Bench', 'the office', '+16175550100', 'nine to five', 'MA', 'America/New_York', true,
    (date_trunc('week', now() + interval '8 days') + interval '15 hours') - now());
INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid)
VALUES ('+16175550100', 'benchmark', 'benchmark', '[2020-01-01,)');
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
_PATIENTS = """
INSERT INTO app.patient (source, external_id, family, given, birth_date, mrn, state_code, zip,
    zones, last_visit)
SELECT 'b', i::text, 'Family' || i, 'Given' || i, date '1950-01-01' + (i %% 20000),
    lpad(i::text, 7, '0'), 'MA', '02110', '{America/New_York}', current_date - 200 - (i %% 700)
FROM generate_series(1, %(n)s) i;
INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states)
SELECT p.id, 'mobile', '+1617' || lpad(p.external_id, 7, '0'), '{America/New_York}', '{MA}'
FROM app.patient p;
SELECT app.campaign_refresh(c.id) FROM app.campaign c;
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

    def url(self, login: str) -> str:
        """The same as a URL, for pgbench."""
        return f"postgresql://{login}:{quote(PASSWORD)}@{self.host}:{self.port}/{self.database}"


@contextlib.contextmanager
def practice(patients: int, coordinators: int) -> Iterator[Bench]:
    """Give a practice with that many patients in the queue and logins ``c1`` … ``cN``, ``gate``
    (the gateway) and ``boss`` (a supervisor); fsync is on."""
    with tempfile.TemporaryDirectory(prefix="cc-bench-") as folder:
        binaries = find_binaries()
        settings = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
        with EmbeddedServer(Path(folder) / "server", binaries, settings=settings) as server:
            superuser = server.superuser_conninfo("postgres")
            with psycopg.connect(superuser, autocommit=True) as conn:
                conn.execute("CREATE DATABASE bench")
            superuser = server.superuser_conninfo("bench")
            migrate(superuser)
            with psycopg.connect(superuser, autocommit=True) as conn:
                conn.execute("SET ROLE app_owner")
                conn.execute(_PRACTICE)
                for statement in _PATIENTS.strip().split(";\n"):
                    conn.execute(statement.rstrip(";"), {"n": patients})
                people = [(f"c{i}", "coordinator") for i in range(1, coordinators + 1)]
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
                conn.execute("VACUUM ANALYZE")
            yield Bench(server.host, server.port, "bench", superuser, binaries)
