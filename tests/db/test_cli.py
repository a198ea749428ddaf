"""coordinator-admin on a real server: the way a practice gets to its first patient."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.cli import main
from coordinator_app.db.admin_people import add_person, new_password
from coordinator_app.db.roles import GROUPS, OWNERS
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

    from tests.helpers.postgres import Database, TestServer

PASSWORD = "correct-horse-battery"
CSV = """Patient ID,Last Name,First Name,DOB,Cell Phone,Last Visit,Balance,OK to call,Insurance
007,Canary,Maria,03/14/1951,212-736-5000,01/15/2024,$12.50,Y,Medicare
008,Weaver,John,1980-02-30,212-736-5001,01/15/2024,,Y,Aetna
009,Stone,Ruth,1949-05-06,212-736-5002,02/15/2024,0,N,
,Nobody,Ann,1949-05-06,212-736-5003,02/15/2024,0,Y,
"""


@pytest.fixture
def logins(database: Database) -> Iterator[Callable[[str], str]]:
    """Login names of this test, dropped afterwards: roles belong to the whole server."""
    made: list[str] = []

    def name(login: str) -> str:
        full = f"{database.name}_{login}"
        made.append(full)
        return full

    yield name
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        for login in made:
            admin.execute(f"DROP ROLE IF EXISTS {login}".encode())


@pytest.fixture
def run(database: Database, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on this test's database; returns exit code, stdout, stderr."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["--database", database.conninfo, *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return command


@pytest.fixture
def practice(run: Run, logins: Callable[[str], str]) -> str:
    """A practice; returns its administrator's login."""
    admin = logins("anna")
    code, _, err = run(*init_arguments(admin))
    assert (code, err) == (0, "")
    return admin


def init_arguments(admin: str, /, **changes: str) -> list[str]:
    given = {
        "name": "Elm Street Family Practice",
        "office-number": "(212) 736-5000",
        "state": "ma",
        "zone": "America/New_York",
        "admin": admin,
        "admin-name": "Anna Lind",
        "signed-by": "Dr. Okafor",
        "evidence": "letter of 2026-11-01",
    } | {key.replace("_", "-"): value for key, value in changes.items()}
    return ["init", *(part for key, value in given.items() for part in (f"--{key}", value))]


def rows(database: Database, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.conninfo) as connection:
        return connection.execute(statement.encode(), values or None).fetchall()


def test_init_makes_the_practice_and_its_administrator(
    run: Run, database: Database, logins: Callable[[str], str]
) -> None:
    admin = logins("anna")
    code, out, err = run(*init_arguments(admin))
    assert (code, err) == (0, "")
    assert "Elm Street Family Practice is installed" in out
    assert f"user train {admin}" in out  # nobody signs in untrained
    password = re.search(r"shown only now\): (\S+)", out)
    assert password is not None
    login = make_conninfo(database.conninfo, user=admin, password=password[1])
    with psycopg.connect(login) as connection:
        connection.execute("SELECT 1")
    assert rows(database, "SELECT office_number, state_code, is_demo FROM app.practice") == [
        ("+12127365000", "MA", False)
    ]
    assert rows(database, "SELECT role FROM app.person WHERE login = %s", admin) == [
        ("administrator",)
    ]
    assert rows(database, "SELECT e164 FROM app.caller_id_authorization") == [("+12127365000",)]


def test_a_second_practice_in_one_database_is_refused(
    run: Run, practice: str, logins: Callable[[str], str]
) -> None:
    code, _, err = run(*init_arguments(logins("other")))
    assert code == 1
    assert "has a practice already" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"state": "Massachusetts"}, "two letters"),
        ({"office_number": "12"}, ""),
        ({"admin": "Robert'); DROP"}, "A user name is"),
    ],
)
def test_init_refuses_what_cannot_be(
    run: Run, database: Database, change: dict[str, str], words: str
) -> None:
    code, out, err = run(*init_arguments("someone_new", **change))
    assert code == 1
    assert words in err
    assert err.count("\n") == 1
    assert out == ""
    assert rows(database, "SELECT * FROM app.practice") == []


def test_a_person_gets_one_login_in_one_group(
    run: Run, practice: str, database: Database, logins: Callable[[str], str]
) -> None:
    maya = logins("maya")
    code, out, _ = run(
        "user", "add", maya, "--name", "Maya Chen", "--role", "coordinator", "--language", "es"
    )
    assert code == 0
    assert "user train" in out
    found = rows(
        database,
        "SELECT r.rolconnlimit, r.rolsuper, r.rolcreaterole, array_agg(g.rolname::text) "
        "FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid "
        "JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname = %s GROUP BY 1, 2, 3",
        maya,
    )
    assert found == [(5, False, False, ["coordinator"])]
    assert rows(database, "SELECT languages FROM app.person WHERE login = %s", maya) == [(["es"],)]
    code, _, err = run("user", "add", maya, "--name", "Maya", "--role", "clinician")
    assert code == 1
    assert "is taken" in err


def test_a_password_is_read_from_standard_input_and_never_shown(
    run: Run,
    practice: str,
    database: Database,
    logins: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maya = logins("maya")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    code, out, err = run(
        "user", "add", maya, "--name", "Maya", "--role", "coordinator", "--password-stdin"
    )
    assert code == 0
    assert PASSWORD not in out + err
    with psycopg.connect(make_conninfo(database.conninfo, user=maya, password=PASSWORD)):
        pass
    stored = rows(database, "SELECT rolpassword FROM pg_authid WHERE rolname = %s", maya)
    assert stored[0][0].startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "my-MAYA-password"])
def test_weak_passwords_are_refused_and_leave_nothing(
    run: Run, practice: str, database: Database, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    code, out, err = run(
        "user", "add", "maya", "--name", "M", "--role", "coordinator", "--password-stdin"
    )
    assert code == 1
    assert err.endswith(".\n")
    assert not password or password not in out + err
    assert rows(database, "SELECT FROM pg_roles WHERE rolname = 'maya'") == []


def test_a_login_without_a_person_is_not_left_behind(
    practice: str, database: Database, logins: Callable[[str], str]
) -> None:
    ghost = logins("ghost")
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO app.person (login, name, role) VALUES (%s, 'Ghost', 'coordinator')",
            [ghost],
        )
    with pytest.raises(Exception, match="is taken"):
        add_person(
            database.conninfo, ghost, "G", Role.CLINICIAN, languages=["en"], password=PASSWORD
        )
    assert rows(database, "SELECT FROM pg_roles WHERE rolname = %s", ghost) == []


def test_made_up_passwords_differ_and_are_long() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 23 for password in made)


def test_suspending_ends_open_sessions(
    run: Run,
    practice: str,
    database: Database,
    logins: Callable[[str], str],
) -> None:
    maya = logins("maya")
    add_person(
        database.conninfo, maya, "Maya", Role.COORDINATOR, languages=["en"], password=PASSWORD
    )
    conninfo = make_conninfo(database.conninfo, user=maya, password=PASSWORD)
    with psycopg.connect(conninfo) as session:
        assert run("user", "suspend", maya)[0] == 0
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert "suspended" in run("user", "list")[1]
    assert run("user", "resume", maya)[0] == 0
    assert rows(database, "SELECT active FROM app.person WHERE login = %s", maya) == [(True,)]


def test_reset_gives_another_password(
    run: Run, practice: str, database: Database, logins: Callable[[str], str]
) -> None:
    maya = logins("maya")
    add_person(
        database.conninfo, maya, "Maya", Role.COORDINATOR, languages=["en"], password=PASSWORD
    )
    code, out, _ = run("user", "reset", maya)
    assert code == 0
    password = out.split()[-1]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(make_conninfo(database.conninfo, user=maya, password=PASSWORD))
    psycopg.connect(make_conninfo(database.conninfo, user=maya, password=password)).close()


def test_training_has_dates_that_can_be(run: Run, practice: str) -> None:
    assert run("user", "train", practice, "--expires", "2099-01-31")[0] == 0
    assert "HIPAA 1 until 2099-01-31" in run("user", "list")[1]
    code, _, err = run(
        "user", "train", practice, "--completed", "2099-01-01", "--expires", "2099-02-01"
    )
    assert code == 1
    assert "Check the dates" in err


@pytest.mark.parametrize("command", ["suspend", "resume", "reset"])
def test_an_unknown_person(run: Run, practice: str, command: str) -> None:
    code, _, err = run("user", command, "nobody_here")
    assert code == 1
    assert "Nobody here has the user name" in err


def test_what_an_administrator_does_is_in_the_audit(
    run: Run, practice: str, database: Database
) -> None:
    run("user", "suspend", practice)
    found = rows(database, "SELECT actor, object FROM audit.event WHERE action = 'person.suspend'")
    person = rows(database, "SELECT 'person/' || id FROM app.person WHERE login = %s", practice)
    assert found == [("postgres", *person[0])]


# ------------------------------------------------------------------------------------ import


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "inactive.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_a_dry_run_reports_and_writes_nothing(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    code, out, _ = run("import", "csv", str(export), "--dry-run", "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["created"], report["changed"], report["unchanged"]) == (3, 0, 0)
    assert report["rejected"] == 1
    assert report["dry_run"] is True
    assert report["batch"] is None
    for table in ("patient", "import_batch", "import_row", "suppression"):
        assert rows(database, f"SELECT * FROM app.{table}") == []


def test_good_rows_go_in_and_bad_ones_are_kept_with_their_reason(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    code, out, _ = run("import", "csv", str(export))
    assert code == 0
    assert "3 new" in out
    assert "Canary" not in out
    patients = rows(
        database,
        "SELECT external_id, family, birth_date::text, last_visit::text, mrn FROM app.patient "
        "ORDER BY 1",
    )
    assert patients[0] == ("007", "Canary", "1951-03-14", "2024-01-15", "007")
    assert [patient[0] for patient in patients] == ["007", "008", "009"]
    kept = rows(
        database,
        "SELECT row_number, severity, content ->> 'family' FROM app.import_row "
        "WHERE severity = 'reject'",
    )
    assert [(number, severity) for number, severity, _ in kept] == [(5, "reject")]
    assert rows(database, "SELECT patient_due_cents FROM app.account_balance ORDER BY 1 DESC")[
        0
    ] == (1250,)
    assert ("Medicare", "medicare") in rows(database, "SELECT payer, payer_class FROM app.coverage")
    batch = rows(database, "SELECT created, rejected, imported_by, file_name FROM app.import_batch")
    assert batch == [(3, 1, "postgres", "inactive.csv")]


def test_importing_twice_changes_nothing(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    tables = ("patient", "patient_telecom", "suppression", "account_balance", "coverage")
    query = " UNION ALL ".join(f"SELECT '{t}', to_jsonb(x)::text FROM app.{t} x" for t in tables)
    run("import", "csv", str(export))
    first = sorted(rows(database, query))
    code, out, _ = run("import", "csv", str(export), "--json")
    assert code == 0
    assert json.loads(out)["unchanged"] == 3
    assert sorted(rows(database, query)) == first


def test_the_practices_system_wins_but_says_nothing_by_an_empty_field(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    run("import", "csv", str(export))
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        admin.execute("UPDATE app.patient_telecom SET quality = 'wrong', quality_at = now()")
    export.write_text(
        "Patient ID,Last Name,First Name,DOB,Cell Phone,Last Visit\n"
        "007,Canary-Lee,Maria,,212-736-5009,01/15/2024\n",
        "utf-8",
    )
    code, out, _ = run("import", "csv", str(export), "--json")
    assert code == 0
    assert json.loads(out)["changed"] == 1
    assert rows(
        database, "SELECT family, birth_date::text FROM app.patient WHERE external_id = '007'"
    ) == [("Canary-Lee", "1951-03-14")]
    # A number that is not in the file stays, with what was learnt about it; so do other patients.
    assert rows(
        database,
        "SELECT e164, quality FROM app.patient_telecom t JOIN app.patient p ON p.id = "
        "t.patient_id WHERE p.external_id = '007' ORDER BY 1",
    ) == [("+12127365000", "wrong"), ("+12127365009", "ok")]
    assert rows(database, "SELECT count(*) FROM app.patient") == [(3,)]


def test_an_opt_out_is_added_once_and_never_taken_back(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    run("import", "csv", str(export))
    opted_out = (
        "SELECT p.external_id, s.scope FROM app.suppression s JOIN app.patient p "
        "ON p.id = s.patient_id"
    )
    assert rows(database, opted_out) == [("009", "calls")]
    export.write_text(CSV.replace(",0,N,", ",5,Y,"), "utf-8")
    run("import", "csv", str(export))
    assert rows(database, opted_out) == [("009", "calls")]


def test_a_row_to_be_looked_at_holds_its_patient_until_it_is_clean(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    state = "SELECT state, state_reason FROM app.patient WHERE external_id = '008'"
    run("import", "csv", str(export))
    assert rows(database, state) == [("hold", "import: review")]  # February 30
    export.write_text(CSV.replace("1980-02-30", "1980-02-28"), "utf-8")
    run("import", "csv", str(export))
    assert rows(database, state) == [("active", "")]


def test_what_a_person_decided_is_not_changed_by_an_import(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    run("import", "csv", str(export))
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        admin.execute("UPDATE app.patient SET state = 'dismissed', state_reason = 'by Dr. O.'")
    export.write_text(CSV.replace("John", "Jon"), "utf-8")
    run("import", "csv", str(export))
    assert set(rows(database, "SELECT state, state_reason FROM app.patient")) == {
        ("dismissed", "by Dr. O.")
    }


def test_characters_that_a_database_does_not_take(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    export.write_text(CSV.replace("Canary", 'Ca\\u0000n"ary\\'), "utf-8")
    assert run("import", "csv", str(export))[0] == 0
    found = rows(database, "SELECT count(*) FROM app.patient")
    assert found[0][0] >= 2


def test_a_file_that_is_none_is_one_sentence(run: Run, practice: str, tmp_path: Path) -> None:
    code, out, err = run("import", "csv", str(tmp_path / "missing.csv"))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1


def fhir_folder(folder: Path, given: str = "Maria") -> Path:
    resources = [
        {
            "resourceType": "Practitioner",
            "id": "d1",
            "name": [{"family": "Okafor", "given": ["A"]}],
        },
        {"resourceType": "Location", "id": "l1", "name": "Elm Street"},
        {
            "resourceType": "PractitionerRole",
            "id": "r1",
            "practitioner": {"reference": "Practitioner/d1"},
            "specialty": [{"text": "Family medicine"}],
        },
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"family": "Canary", "given": [given]}],
            "gender": "female",
            "birthDate": "1951-03-14",
            "telecom": [{"system": "phone", "use": "mobile", "value": "212-736-5000"}],
        },
        {
            "resourceType": "Coverage",
            "id": "c1",
            "status": "active",
            "beneficiary": {"reference": "Patient/p1"},
            "payor": [{"display": "Medicare"}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p1"},
            "period": {"start": "2025-01-15T14:00:00Z", "end": "2025-01-15T14:30:00Z"},
            "participant": [{"individual": {"reference": "Practitioner/d1"}}],
        },
    ]
    text = "\n".join(json.dumps(resource) for resource in resources) + "\nnot json\n"
    with gzip.open(folder / "all.ndjson.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    return folder


def test_a_fhir_export_goes_in_with_its_references(
    run: Run, practice: str, database: Database, tmp_path: Path
) -> None:
    folder = fhir_folder(tmp_path)
    code, out, _ = run("import", "fhir", str(folder), "--source", "clinic", "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["created"], report["rejected"]) == (5, 1)
    assert rows(
        database,
        "SELECT p.family, e.class, d.family, d.specialty, p.last_visit::text, c.payer_class "
        "FROM app.patient p JOIN app.encounter e ON e.patient_id = p.id "
        "JOIN app.practitioner d ON d.id = e.practitioner_id "
        "JOIN app.coverage c ON c.patient_id = p.id",
    ) == [("Canary", "AMB", "Okafor", "Family medicine", "2025-01-15", "medicare")]
    assert rows(database, "SELECT row_number, file_name FROM app.import_row") == [
        (7, "all.ndjson.gz")
    ]
    fhir_folder(tmp_path, given="Mary")
    again = json.loads(run("import", "fhir", str(folder), "--source", "clinic", "--json")[1])
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 1, 4)
    assert rows(database, "SELECT given FROM app.patient") == [("Mary",)]


# --------------------------------------------------------------------------------- campaigns


def test_a_campaign_fills_and_refreshes_its_queue(
    run: Run, practice: str, database: Database, export: Path
) -> None:
    run("import", "csv", str(export))
    code, out, err = run("campaign", "create", "Recall 2026", "--months-inactive-min", "6")
    assert (code, err) == (0, "")
    waiting = rows(database, "SELECT count(*) FROM app.queue_entry WHERE state = 'ready'")[0][0]
    assert waiting >= 1
    assert f"{waiting} in the queue" in out
    code, out, _ = run("campaign", "refresh", "Recall 2026")
    assert (code, "0 added" in out) == (0, True)
    assert run("campaign", "create", "Recall 2026")[0] == 1
    assert run("campaign", "refresh", "No such one")[0] == 1
    assert run("campaign", "create", "Odd", "--script", "No Script!")[0] == 1
    assert run("campaign", "create", "Odd", "--age-min", "-4")[0] == 1


# ------------------------------------------------------------------------------------- edges


def test_before_init_everything_says_so(pg_server: TestServer, capsys: Any, export: Path) -> None:
    with pg_server.copy("template0") as empty:
        for command in (["user", "list"], ["campaign", "list"], ["import", "csv", str(export)]):
            assert main(["--database", empty.conninfo, *command]) == 1
            assert "init" in capsys.readouterr().err


def test_a_person_cannot_administer(
    run: Run,
    practice: str,
    database: Database,
    logins: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    boss = logins("boss")
    add_person(
        database.conninfo, boss, "Boss", Role.ADMINISTRATOR, languages=["en"], password=PASSWORD
    )
    conninfo = make_conninfo(database.conninfo, user=boss, password=PASSWORD)
    for command in (
        ["user", "list"],
        ["user", "add", "helper", "--name", "H", "--role", "administrator"],
        ["upgrade"],
    ):
        assert main(["--database", conninfo, *command]) == 1
        assert capsys.readouterr().err.count("\n") == 1


def test_upgrade_again_is_harmless(run: Run, practice: str) -> None:
    code, out, _ = run("upgrade")
    assert code == 0
    assert "is the newest" in out


def test_a_login_that_is_no_superuser_installs_and_administers(
    migrated_server: TestServer,
    logins: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    installer = logins("installer")
    with migrated_server.copy("template0") as empty:
        with psycopg.connect(empty.conninfo, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {installer} LOGIN CREATEROLE PASSWORD 'x'".encode())
            admin.execute(f"ALTER DATABASE {empty.name} OWNER TO {installer}".encode())
            # The server's roles were made by its superuser, who lets this login in.
            for role in (*OWNERS, *GROUPS):
                admin.execute(f"GRANT {role} TO {installer} WITH ADMIN OPTION".encode())
        conninfo = make_conninfo(empty.conninfo, user=installer, password="x")
        anna = logins("anna_too")
        for command in (
            init_arguments(anna),
            ["user", "suspend", anna],
            ["user", "reset", anna],
            ["upgrade"],
        ):
            assert main(["--database", conninfo, *command]) == 0
            assert capsys.readouterr().err == ""
        with psycopg.connect(empty.conninfo, autocommit=True) as admin:
            admin.execute(f"DROP ROLE {anna}".encode())  # before who made it


def test_the_gateway_gets_a_login_of_its_own(
    run: Run, practice: str, database: Database, logins: Callable[[str], str]
) -> None:
    login = logins("gw")
    code, out, _ = run("gateway", "add", login)
    assert code == 0
    conninfo = make_conninfo(database.conninfo, user=login, password=out.split()[-1])
    with psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT pg_has_role('gateway', 'USAGE')").fetchone()
    assert found == (True,)


def test_an_unreachable_database_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", "host=127.0.0.1 port=1 password=secret-word", "user", "list"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "secret-word" not in err


@pytest.mark.parametrize("arguments", [[], ["user"], ["user", "add", "x"], ["nonsense"]])
def test_wrong_usage_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "coordinator_app.cli", "version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("coordinator-admin ")
    assert ended.stderr == ""


def test_a_refusal_is_the_exit_code_of_the_module() -> None:
    command = [sys.executable, "-m", "coordinator_app.cli", "--database", "host=127.0.0.1 port=1"]
    ended = subprocess.run([*command, "user", "list"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert re.fullmatch(r"coordinator-admin \S+, schema \d+\n", capsys.readouterr().out)
