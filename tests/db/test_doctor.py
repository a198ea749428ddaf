"""doctor: what is wrong is found, each with its remedy, and what is well is left in peace."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from cryptography import x509

from coordinator_app.cli import main
from coordinator_app.db.admin_people import add_person, limit_login
from coordinator_app.db.catalog import changed_bodies, drift, strange_rights, unpinned
from coordinator_app.db.doctor import examine
from coordinator_app.db.doctor_line import line_checks
from coordinator_app.db.doctor_server import (
    Check,
    judge_certificate,
    judge_clock,
    judge_disk,
    judge_tls,
    prepared,
    read_certificate,
)
from coordinator_app.db.upgrade import upgrade
from coordinator_app.demo.binaries import all_binaries
from coordinator_app.demo.certificate import make_certificate
from coordinator_app.demo.postgres import EmbeddedServer
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import Database

PRACTICE = """
INSERT INTO app.practice (name, voicemail_name, office_number, office_hours, state_code, zone)
VALUES ('Elm', 'Elm', '+12127365000', '9 to 5', 'NY', 'America/New_York');
INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid)
VALUES ('+12127365000', 'letter', 'Dr. Okafor', '[2020-01-01,)');
INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid)
VALUES ('carrier', 'Carrier', 'Dr. Okafor', 'contract', '[2020-01-01,)');
UPDATE app.line_setup SET source = 'vault', checked_at = app.now();
SELECT app.seal_rules('test');
SELECT app.make_anchor();
SELECT app.audit('backup', 'backup/x', NULL, '{}');
"""


@pytest.fixture
def elm(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A practice in which nothing has to be mended; its superuser."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        name = database.name
        connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC".encode())
        connection.execute("SET ROLE app_owner")
        connection.execute(PRACTICE)
        connection.execute("RESET ROLE")
        yield connection


def states(database: Database) -> list[Check]:
    """What is not well, but for the tests' own server (no TLS, no fsync, others' logins)."""
    own = ("TLS", "power failure", "disk", "not signed", "no person of this practice")
    checks = examine(database.conninfo)
    return [c for c in checks if c.state != "ok" and not any(word in c.what for word in own)]


def test_a_practice_that_is_well_hears_nothing(
    database: Database, elm: psycopg.Connection[Any]
) -> None:
    assert states(database) == []
    assert all(c.remedy == "" for c in examine(database.conninfo) if c.state == "ok")


@pytest.mark.parametrize(
    ("change", "state", "words", "remedy"),
    [
        ("GRANT SELECT ON app.patient TO auditor", "fail", "app.patient", "upgrade"),
        ("GRANT SELECT (given) ON app.patient TO auditor", "fail", "app.patient.given", "upgrade"),
        ("GRANT USAGE ON SCHEMA audit TO auditor", "fail", "schema audit", "REVOKE"),
        ("ALTER FUNCTION api.team() RESET ALL", "fail", "settings of functions", "upgrade"),
        ("GRANT EXECUTE ON FUNCTION app.now() TO PUBLIC", "fail", "app.now()", "upgrade"),
        ("DROP FUNCTION api.team()", "fail", "api.team()", "upgrade"),
        ("CREATE TABLE app.mine ()", "fail", "table app.mine", "upgrade"),
        ("DROP POLICY owner ON app.patient", "fail", "app.patient", "upgrade"),
        ("ALTER FUNCTION api.team() OWNER TO postgres", "fail", "api.team()", "upgrade"),
        (
            (
                "CREATE OR REPLACE FUNCTION audit.receipt() RETURNS text LANGUAGE sql STABLE "
                "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT 'x'::text $$"
            ),
            "fail",
            "texts of functions differ from the shipped ones: audit.receipt",
            "upgrade",
        ),
        ("ALTER TABLE audit.event DISABLE TRIGGER append_only", "fail", "append_only", "ENABLE"),
        ("ALTER TABLE audit.head NO FORCE ROW LEVEL SECURITY", "fail", "audit.head", "FORCE"),
        ("GRANT CONNECT ON DATABASE {name} TO PUBLIC", "fail", "CONNECT", "REVOKE ALL"),
        ("DELETE FROM app.migration WHERE number > 12", "fail", "schema is", "upgrade"),
        ("DELETE FROM app.holiday", "fail", "holidays has ended", "rules load"),
        (
            "DELETE FROM app.holiday WHERE day > current_date + 300",
            "warn",
            "holidays ends",
            "rules load",
        ),
        ("UPDATE app.rule SET number = 99 WHERE kind = 'cap_week'", "fail", "Rule rows", "rules"),
        ("DELETE FROM app.rule WHERE kind = 'cap_week'", "fail", "Rule rows", "rules"),
        ("DELETE FROM app.rule_pack WHERE content_hash <> ''", "warn", "not sealed", "upgrade"),
        (
            "DELETE FROM app.caller_id_authorization",
            "fail",
            "office number is missing",
            "caller-id",
        ),
        (
            (
                "UPDATE app.caller_id_authorization SET valid = daterange('2020-01-01', "
                "current_date + 10)"
            ),
            "warn",
            "office number ends",
            "caller-id",
        ),
        ("DELETE FROM app.agreement", "fail", "carrier is missing", "agreement sign"),
        (
            "UPDATE app.agreement SET valid = daterange('2020-01-01', current_date + 10)",
            "warn",
            "carrier ends",
            "agreement sign",
        ),
        ("DELETE FROM audit.event WHERE action = 'backup'", "fail", "no backup", "backup DIR"),
        (
            "UPDATE audit.event SET at_us = at_us - 27 * 3600000000 WHERE action = 'backup'",
            "warn",
            "27 hours old",
            "backup DIR",
        ),
        ("DELETE FROM audit.anchor", "warn", "no anchor yet", "gateway"),
        (
            "UPDATE audit.anchor SET at = at - interval '30 hours'",
            "fail",
            "30 hours old",
            "gateway",
        ),
    ],
)
def test_what_is_wrong_is_found_with_its_remedy(
    database: Database,
    elm: psycopg.Connection[Any],
    *,
    change: str,
    state: str,
    words: str,
    remedy: str,
) -> None:
    elm.execute("SET session_replication_role = replica")
    elm.execute(change.replace("{name}", database.name).encode())
    found = [c for c in states(database) if words in c.what]
    assert [c.state for c in found] == [state], states(database)
    assert remedy in found[0].remedy


def test_upgrade_mends_what_has_drifted(database: Database, elm: psycopg.Connection[Any]) -> None:
    elm.execute("GRANT EXECUTE ON FUNCTION app.now() TO PUBLIC")
    elm.execute("GRANT SELECT ON app.patient, audit.event TO auditor")
    elm.execute("GRANT SELECT (given) ON app.patient TO PUBLIC")
    elm.execute("ALTER FUNCTION api.team() RESET ALL")
    elm.execute(
        "CREATE OR REPLACE FUNCTION audit.receipt() RETURNS text LANGUAGE sql STABLE SECURITY "
        "DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT 'x'::text $$"
    )
    upgrade(database.conninfo)
    elm.execute("SET search_path = pg_catalog")
    assert drift(elm) == ([], [])
    assert changed_bodies(elm) == []
    assert strange_rights(elm) == []
    assert unpinned(elm) == []


def test_upgrade_seals_the_rules_unless_somebody_changed_them(
    database: Database, elm: psycopg.Connection[Any]
) -> None:
    elm.execute("SET session_replication_role = replica")
    elm.execute("DELETE FROM app.rule_pack WHERE content_hash <> ''")
    upgrade(database.conninfo)
    assert states(database) == []
    elm.execute("UPDATE app.rule SET number = 99 WHERE kind = 'cap_week'")
    upgrade(database.conninfo)
    assert [c.state for c in states(database) if "Rule rows" in c.what] == ["fail"]


def test_logins_and_trainings(database: Database, elm: psycopg.Connection[Any]) -> None:
    login = f"{database.name}_maya"
    try:
        add_person(
            database.conninfo,
            login,
            "Maya",
            Role.COORDINATOR,
            languages=["en"],
            password="a long synthetic one",
        )
        assert [c.what for c in states(database)] == [
            f"Trainings have expired or expire within 30 days: {login} (never trained)."
        ]
        elm.execute(
            "INSERT INTO app.training_record (person_id, curriculum, version, completed_on, "
            "expires_on) SELECT id, 'HIPAA', '1', current_date, current_date + 400 FROM app.person"
        )
        assert states(database) == []
        elm.execute(f"ALTER ROLE {login} RESET idle_session_timeout".encode())
        assert [c.state for c in states(database) if login in c.what] == ["fail"]
        upgrade(database.conninfo)
        assert states(database) == []
        elm.execute(f"GRANT audit_owner TO {login}".encode())
        assert [c.state for c in states(database) if login in c.what] == ["fail"]
        elm.execute(f"REVOKE audit_owner FROM {login}".encode())
        for given, taken in (
            ("ALTER ROLE {} SUPERUSER", "ALTER ROLE {} NOSUPERUSER"),
            ("ALTER ROLE {} BYPASSRLS", "ALTER ROLE {} NOBYPASSRLS"),
            ("GRANT pg_read_all_data TO {}", "REVOKE pg_read_all_data FROM {}"),
        ):
            elm.execute(given.format(login).encode())
            assert [c.state for c in states(database) if login in c.what] == ["fail"], given
            elm.execute(taken.format(login).encode())
            assert states(database) == []
        elm.execute("SET session_replication_role = replica")
        elm.execute("DELETE FROM app.person WHERE login = %s", [login])
        strays = [c for c in examine(database.conninfo) if "no person of this practice" in c.what]
        assert [c.state for c in strays] == ["warn"]
    finally:
        elm.execute(f"DROP ROLE IF EXISTS {login}".encode())


def test_a_persons_sessions_are_limited(database: Database, elm: psycopg.Connection[Any]) -> None:
    login = f"{database.name}_limited"
    elm.execute(f"CREATE ROLE {login}".encode())
    try:
        limit_login(elm, login)
        found = elm.execute("SELECT rolconfig FROM pg_roles WHERE rolname = %s", [login])
        assert found.fetchone() == (
            [
                "idle_session_timeout=15min",
                "idle_in_transaction_session_timeout=1min",
                "statement_timeout=30s",
                "temp_file_limit=256MB",
            ],
        )
    finally:
        elm.execute(f"DROP ROLE {login}".encode())


def test_settings_that_let_patient_data_into_the_log_are_named(
    database: Database, elm: psycopg.Connection[Any]
) -> None:
    name = database.name
    elm.execute(f"ALTER DATABASE {name} SET log_statement = 'all'".encode())
    elm.execute(f"ALTER DATABASE {name} SET password_encryption = 'md5'".encode())
    found = {c.what: c for c in states(database)}
    logged = found["Patient data could get into the server's log (log_statement)."]
    assert (logged.state, "log_statement = 'none'" in logged.remedy) == ("fail", True)
    assert found["Passwords are kept in an old form."].state == "fail"


@pytest.mark.parametrize(
    ("lowest", "state"), [("TLSv1", "fail"), ("TLSv1.2", "ok"), ("TLSv1.3", "ok"), ("", "ok")]
)
def test_tls_is_judged_by_the_oldest_version_that_is_let_in(lowest: str, state: str) -> None:
    found = judge_tls(lowest)
    assert (found.state, bool(found.remedy)) == (state, state == "fail")


def test_a_certificate_is_judged_by_its_days() -> None:
    made = x509.load_pem_x509_certificate(make_certificate("127.0.0.1", "localhost").certificate)
    now = datetime.now(UTC)
    assert judge_certificate(made, now).state == "ok"
    assert judge_certificate(made, made.not_valid_after_utc - timedelta(days=29)).state == "warn"
    assert judge_certificate(made, made.not_valid_after_utc).state == "fail"
    assert judge_certificate(made, now - timedelta(days=9)).state == "fail"


@pytest.mark.parametrize(
    ("apart", "state"), [(0.0, "ok"), (2.0, "ok"), (2.1, "warn"), (60.1, "fail")]
)
def test_a_clock_is_judged_by_its_difference(apart: float, state: str) -> None:
    assert judge_clock(apart).state == state


@pytest.mark.parametrize(("free", "state"), [(0.5, "ok"), (0.1, "warn"), (0.01, "fail")])
def test_a_disk_is_judged_by_what_is_free(free: float, state: str) -> None:
    assert judge_disk(free).state == state


def test_transactions_that_outlive_their_session_are_named(tmp_path: Path) -> None:
    settings = {"max_prepared_transactions": "1"}
    server = EmbeddedServer(tmp_path / "s", all_binaries()[0], durable=False, settings=settings)
    try:
        with server, psycopg.connect(server.superuser_conninfo(), autocommit=True) as conn:
            found = prepared(conn)
    finally:
        server.remove()
    assert (found.state, "ROLLBACK PREPARED" in found.remedy) == ("warn", True)


def test_the_certificate_is_read_where_the_server_has_one(tmp_path: Path) -> None:
    for binaries in all_binaries():
        server = EmbeddedServer(tmp_path / binaries.source, binaries, durable=False)
        with server:
            if binaries.has_tls:
                found = read_certificate(server.host, server.port)
                assert judge_certificate(found, datetime.now(UTC)).state == "ok"
            else:
                with pytest.raises(ValueError, match="no TLS"):
                    read_certificate(server.host, server.port)
        server.remove()


def test_the_command_ends_with_1_when_something_has_to_be_mended(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--database", practice.database.conninfo, "doctor"]
    assert main(command) == 1
    out, err = capsys.readouterr()
    assert re.search(
        r"^fail  There is no backup\.\n      -> coordinator-admin backup DIR", out, re.MULTILINE
    )
    assert "have to be mended" in err
    assert main([*command, "--json"]) == 1
    assert {"state", "what", "remedy"} == set(json.loads(capsys.readouterr().out)[0])


def test_what_the_gateway_found_about_the_line_is_told(elm: psycopg.Connection[Any]) -> None:
    def found() -> list[tuple[str, str, str]]:
        return [(c.state, c.what, c.remedy) for c in line_checks(elm)]

    elm.execute("SET ROLE app_owner")
    assert [state for state, _, _ in found()] == ["ok"]
    findings = [
        {"name": "number", "level": "block", "sentence": "It is not verified.", "remedy": "Do."},
        {"name": "geo", "level": "warn", "sentence": "MX is on.", "remedy": ""},
        {"name": "rate", "level": "note", "sentence": "One a second.", "remedy": ""},
        {"name": "agreement", "level": "block", "sentence": "Said elsewhere.", "remedy": "x"},
    ]
    elm.execute("UPDATE app.line_setup SET findings = %s", [json.dumps(findings)])
    assert found() == [
        ("fail", "Phone line: It is not verified.", "Do."),
        ("warn", "Phone line: MX is on.", "Settings, Phone line, in a supervisor's window."),
    ]
    elm.execute(
        "UPDATE app.line_setup SET findings = '[]', checked_at = app.now() - interval '3 d'"
    )
    assert [state for state, _, _ in found()] == ["warn", "ok"]
    elm.execute("UPDATE app.line_setup SET checked_at = NULL")
    assert "never checked" in found()[0][1]
    elm.execute("UPDATE app.line_setup SET source = 'practice'")
    assert found() == []
