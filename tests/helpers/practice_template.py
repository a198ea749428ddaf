"""The practice of ``db_practice`` as a template: made once a server, copied, put back for tests."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from coordinator_app.db.roles import watch_login
from tests.helpers.db_practice import (
    LOGINS,
    MONDAY,
    OFFICE,
    PASSWORD,
    PATIENTS,
    WELL,
    UnexpectedError,
    connect,
)

if TYPE_CHECKING:
    from tests.helpers.postgres import Database, TestServer

# A copy of a database costs half a second on a slow disk, this some 20 ms: what a test changed is
# put back from copies of the tables. As "replica" no trigger and no foreign key is in the way.
_MAKE_RESET = """
CREATE SCHEMA saved;
DO $$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace IN ('app'::regnamespace,
        'audit'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    LOOP
        EXECUTE format('CREATE TABLE saved.%I AS TABLE %s', replace(t::text, '.', '_'), t);
    END LOOP;
END $$;
-- Most tests change few tables: the others still hold exactly the rows that a reset wrote.
CREATE TABLE saved.written (name regclass PRIMARY KEY, writer xid NOT NULL, n bigint NOT NULL);
CREATE FUNCTION saved.is_as_written(t regclass) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    w saved.written;
    v_rows bigint;
    v_others bigint;
BEGIN
    SELECT x.* INTO w FROM saved.written x WHERE x.name = t;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE x.xmin <> $1) FROM %s x', t)
        INTO v_rows, v_others USING w.writer;
    RETURN v_rows = w.n AND v_others = 0;
END $$;
CREATE FUNCTION saved.reset() RETURNS void LANGUAGE plpgsql
SET session_replication_role = replica AS $$
DECLARE
    t regclass;
    n bigint;
BEGIN
    FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace IN ('app'::regnamespace,
        'audit'::regnamespace) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    LOOP
        CONTINUE WHEN saved.is_as_written(t);
        EXECUTE format('DELETE FROM %s', t);
        EXECUTE format('INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM saved.%I',
            t, replace(t::text, '.', '_'));
        GET DIAGNOSTICS n = ROW_COUNT;
        INSERT INTO saved.written VALUES (t, pg_current_xact_id()::xid, n)
        ON CONFLICT (name) DO UPDATE SET writer = excluded.writer, n = excluded.n;
    END LOOP;
    -- What a person has read lately is counted in sequences, which no copy of a table brings back.
    FOR t IN SELECT c.oid FROM pg_class c WHERE c.relkind = 'S'
        AND c.relnamespace = 'app'::regnamespace AND c.relname LIKE 'meter%'
    LOOP
        PERFORM setval(t, 0, false);
    END LOOP;
END $$;
"""
TEMPLATE = "practice"


def practice_template(server: TestServer) -> str:
    """Make the template with the practice in it, once a server; returns its name."""
    with psycopg.connect(server.server.superuser_conninfo(), autocommit=True) as connection:
        for login, (groups, _, _) in LOGINS.items():
            _login(connection, login, groups)
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if found.fetchone():
            return TEMPLATE
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE migrated STRATEGY FILE_COPY").format(
                sql.Identifier(TEMPLATE)
            )
        )
    with psycopg.connect(server.server.superuser_conninfo(TEMPLATE), autocommit=True) as connection:
        connection.execute("SET ROLE app_owner")
        _fill(connection)
        connection.execute("RESET ROLE")
        connection.execute(_MAKE_RESET)
    return TEMPLATE


class Caretaker:
    """Sessions that outlive the tests: a new one compiles every function anew, for each test."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[str, psycopg.Connection[Any]] = {}

    def beat(self) -> None:
        """Say as the gateway that the line is well."""
        self._session("cc_gw").execute("SELECT api.gateway_beat(%s)", [Jsonb(WELL)])

    def reset(self) -> None:
        """Put every table back to what it was in the template."""
        self._session("").execute("SELECT saved.reset()")

    def close(self) -> None:
        for session in self._open.values():
            session.close()

    def _session(self, login: str) -> psycopg.Connection[Any]:
        kept = self._open.get(login)
        if kept is not None:
            with contextlib.suppress(psycopg.OperationalError):
                kept.execute("SELECT 1")  # the test before may have ended every session
                return kept
        conninfo = self._database.conninfo
        made = (
            connect(self._database, login) if login else psycopg.connect(conninfo, autocommit=True)
        )
        self._open[login] = made
        return made


def _login(connection: psycopg.Connection[Any], login: str, groups: tuple[str, ...]) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login]).fetchone()
    if known:
        return
    name = sql.Identifier(login)
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(PASSWORD))
    )
    for group in groups:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))
    watch_login(connection, login)


def _fill(connection: psycopg.Connection[Any]) -> None:
    run = connection.execute
    run(
        "INSERT INTO app.practice (name, voicemail_name, office_number, office_hours, state_code, "
        "zone, is_demo, clock_offset) "
        "VALUES ('Lakeside Family Medicine', 'Lakeside', %s, '9 to 5', "
        "'MA', 'America/New_York', true, %s - clock_timestamp())",
        [OFFICE, MONDAY],
    )
    run(
        "INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid) "
        "VALUES (%s, 'letter', 'the practice', '[2020-01-01,)')",
        [OFFICE],
    )
    for login, (_, role, name) in LOGINS.items():
        if role:
            run(
                "INSERT INTO app.person (login, name, role) VALUES (%s, %s, %s)",
                [login, name, role],
            )
    # Their phones are up and heard, until they sign in.
    run(
        "INSERT INTO app.agent_leg (session_id, person_id, endpoint, wanted, state, leg, "
        "carrier_ref, since, confirmed_at, confirmed_by) SELECT id, id, app.endpoint_of(p), true, "
        "'up', 1, 'CA' || replace(id::text, '-', ''), app.now(), app.now(), 'press' "
        "FROM app.person p WHERE role IN ('coordinator', 'supervisor')"
    )
    run(
        "INSERT INTO app.training_record (person_id, curriculum, version, completed_on, expires_on)"
        " SELECT id, 'HIPAA', '2027', '2027-01-01', '2028-01-01' FROM app.person"
    )
    run(
        "INSERT INTO app.practitioner (source, external_id, family, bookable) "
        "VALUES ('test', 'okafor', 'Okafor', true)"
    )
    run("INSERT INTO app.visit_type (name, minutes) VALUES ('Follow-up', 30)")
    run(
        "INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends) "
        "SELECT id, w, '08:00', '17:00' FROM app.practitioner, generate_series(1, 5) w"
    )
    run(
        "INSERT INTO app.patient (source, external_id, family, given, birth_date, mrn, state_code, "
        "zip, zones, last_visit, email, address_line, city) SELECT 'test', i::text, 'Zyx' || i, "
        "'Given' || i, '1970-01-01', '4711' || lpad(i::text, 4, '0'), 'MA', '02110', "
        "'{America/New_York}', '2025-06-01', 'p' || i || '@example.org', i || ' Elm St', 'Boston' "
        "FROM generate_series(1, %s) i",
        [PATIENTS],
    )
    run(
        "INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states) "
        "SELECT id, 'mobile', '+1617555' || lpad((9000 + external_id::int)::text, 4, '0'), "
        "'{America/New_York}', '{MA}' FROM app.patient"
    )
    run(
        "INSERT INTO app.campaign (name, script, purpose, rule, status, created_by, created_at) "
        "VALUES ('Recall', 'recall', 'RECALL', %s, 'running', 'test', app.now())",
        [Jsonb({"months_inactive_min": 12})],
    )
    run("SELECT app.campaign_refresh(id) FROM app.campaign")
    added = run("SELECT count(*) FROM app.queue_entry").fetchone()
    if added is None or added[0] != PATIENTS:
        raise UnexpectedError(
            f"The practice should have {PATIENTS} patients in its queue, not {added}."
        )
