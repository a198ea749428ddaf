"""Backups: made without stopping anybody, restored into an empty database, and proved."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from coordinator_app.cli import main
from coordinator_app.db import backup as backups
from coordinator_app.db.audit_check import verify_audit
from coordinator_app.db.backup import Backup, make_backup, manifest_of, restore_backup
from coordinator_app.db.doctor import examine
from coordinator_app.db.programs import find_program
from coordinator_app.demo.binaries import all_binaries
from coordinator_app.errors import ConfigurationError, NotAllowedError, RefusedError
from tests.helpers.db_practice import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import Database, TestServer


@pytest.fixture
def programs(migrated_server: TestServer) -> list[Path]:
    return [migrated_server.server.binaries.bin_dir]


@pytest.fixture
def empty(migrated_server: TestServer) -> Iterator[Database]:
    """A new database on the same server."""
    with migrated_server.copy("template0") as database:
        yield database


@pytest.fixture
def made(practice: Practice, tmp_path: Path, programs: list[Path]) -> Backup:
    """A backup of a practice at work."""
    practice.talk(practice.c1, 1)
    practice.owner.run("SELECT app.make_anchor()")
    practice.c2.sign_in()
    return make_backup(practice.database.conninfo, tmp_path / "backups", programs)


def rows(conninfo: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(statement.encode()).fetchall()


def edit_manifest(made: Backup, **changes: object) -> None:
    content = json.loads(made.manifest.read_text("utf-8"))
    made.manifest.write_text(json.dumps(content | changes), "utf-8")


def test_a_backup_is_private_and_says_what_it_must_contain(
    practice: Practice, made: Backup
) -> None:
    manifest = json.loads(made.manifest.read_text("utf-8"))
    assert manifest["sha256"] == made.sha256
    assert manifest["size"] == made.dump.stat().st_size > 10_000
    assert manifest["heads"]["cc_c2"][0] == 1
    assert manifest["anchor"][0] == 1
    assert {"login": "cc_c1", "role": "coordinator", "active": True} in manifest["people"]
    assert "cc_gw" in manifest["gateways"]
    text = made.manifest.read_text("utf-8")
    assert [word for word in ("Zyx", "SCRAM", PASSWORD) if word in text] == []
    if os.name == "posix":
        for file in (made.dump, made.manifest):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [file.suffix for file in sorted(made.dump.parent.iterdir())] == [".dump", ".json"]
    with practice.superuser() as root:
        found = root.execute("SELECT detail FROM audit.event WHERE action = 'backup'").fetchall()
    assert [one[0]["sha256"] for one in found] == [made.sha256]


def test_a_restored_practice_is_proved_and_goes_on(
    practice: Practice, made: Backup, empty: Database, programs: list[Path]
) -> None:
    restored = restore_backup(made.dump, empty.conninfo, programs)
    assert restored.report.whole
    assert restored.closed == ()
    assert "cc_c1" in restored.known
    assert verify_audit(empty.conninfo).whole
    for table in ("patient", "call", "queue_entry", "person", "rule", "op"):
        count = f"SELECT count(*) FROM app.{table}"
        assert rows(empty.conninfo, count) == rows(practice.database.conninfo, count)
    login = psycopg.conninfo.make_conninfo(empty.conninfo, user="cc_c2", password=PASSWORD)
    with psycopg.connect(login, autocommit=True) as connection:
        found = connection.execute("SELECT api.sign_in('0.1.0', 'test')").fetchone()
        assert found is not None
        assert found[0]["receipt"] == json.loads(made.manifest.read_text())["heads"]["cc_c2"][1]
        assert connection.execute(
            "SELECT api.check_receipt(%s)", [found[0]["receipt"]]
        ).fetchone() == (True,)
    failed = {check.what for check in examine(empty.conninfo) if check.state == "fail"}
    assert not [what for what in failed if "differ" in what or "rights" in what]


def test_what_a_login_has_read_is_still_counted_after_a_restore(
    practice: Practice, made: Backup, empty: Database, programs: list[Path]
) -> None:
    restore_backup(made.dump, empty.conninfo, programs)
    meters = (
        "SELECT p.login, k, app.meter_value(p.id, k) FROM app.person p, "
        "unnest(app.meter_kinds()) AS k ORDER BY 1, 2"
    )
    before = rows(practice.database.conninfo, meters)
    assert any(value > 0 for _, _, value in before)
    assert rows(empty.conninfo, meters) == before


def test_only_the_practices_groups_may_connect_to_what_was_restored(
    made: Backup, empty: Database, programs: list[Path]
) -> None:
    restore_backup(made.dump, empty.conninfo, programs)
    login = psycopg.conninfo.make_conninfo(empty.conninfo, user="cc_nobody", password=PASSWORD)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(login)


def test_people_without_a_login_wait_for_their_password(
    practice: Practice,
    tmp_path: Path,
    empty: Database,
    programs: list[Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    login = f"{empty.name}_new"
    practice.owner.run(
        "INSERT INTO app.person (login, name, role) VALUES (%s, 'New', 'coordinator')", login
    )
    made = make_backup(practice.database.conninfo, tmp_path, programs)
    try:
        assert restore_backup(made.dump, empty.conninfo, programs).closed == (login,)
        asked = (
            f"SELECT rolcanlogin, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = '{login}'"
        )
        can, limit, settings = rows(empty.conninfo, asked)[0]
        assert (can, limit) == (False, 5)
        assert "idle_session_timeout=15min" in settings
        assert main(["--database", empty.conninfo, "user", "reset", login]) == 0
        password = capsys.readouterr().out.split()[-1]
        conninfo = psycopg.conninfo.make_conninfo(empty.conninfo, user=login, password=password)
        psycopg.connect(conninfo).close()
    finally:
        with psycopg.connect(empty.conninfo, autocommit=True) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {login}".encode())


# ----------------------------------------------------------------------------------- refusals


def test_a_backup_of_a_tampered_audit_is_refused_when_it_is_restored(
    practice: Practice, tmp_path: Path, empty: Database, programs: list[Path]
) -> None:
    practice.c1.sign_in()
    with practice.superuser() as root:
        root.execute("SET session_replication_role = replica")
        root.execute("UPDATE audit.event SET action = 'x' WHERE chain = 'cc_c1' AND seq = 1")
    made = make_backup(practice.database.conninfo, tmp_path, programs)
    with pytest.raises(RefusedError, match="Chain cc_c1, row 1"):
        restore_backup(made.dump, empty.conninfo, programs)
    login = psycopg.conninfo.make_conninfo(empty.conninfo, user="cc_c1", password=PASSWORD)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(login)


def test_a_changed_file_is_refused_before_anything_is_written(
    made: Backup, empty: Database, programs: list[Path]
) -> None:
    content = bytearray(made.dump.read_bytes())
    content[len(content) // 2] ^= 1
    made.dump.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged or changed"):
        restore_backup(made.dump, empty.conninfo, programs)
    assert rows(empty.conninfo, "SELECT count(*) FROM pg_namespace WHERE nspname = 'app'") == [(0,)]


def test_another_backup_under_this_manifest_is_refused(
    practice: Practice, made: Backup, tmp_path: Path, empty: Database, programs: list[Path]
) -> None:
    practice.c2.ask("set_status", "break")
    later = make_backup(practice.database.conninfo, tmp_path / "later", programs)
    made.dump.write_bytes(later.dump.read_bytes())
    edit_manifest(made, sha256=later.sha256)
    with pytest.raises(RefusedError, match=r"does not end where the manifest says \(chain cc_c2\)"):
        restore_backup(made.dump, empty.conninfo, programs)


def test_another_anchor_is_refused(made: Backup, empty: Database, programs: list[Path]) -> None:
    edit_manifest(made, anchor=None)
    with pytest.raises(RefusedError, match="last anchor"):
        restore_backup(made.dump, empty.conninfo, programs)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "no manifest"),
        ({"heads": []}, "no manifest"),
        ({"schema": 9999}, "newer program"),
        ({"server": 990000}, "same or a newer"),
        ({"program": 99}, "newest pg_restore here"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    made: Backup, empty: Database, programs: list[Path], changes: dict[str, Any], words: str
) -> None:
    edit_manifest(made, **changes)
    with pytest.raises(ConfigurationError, match=words):
        restore_backup(made.dump, empty.conninfo, programs)


def test_without_its_manifest_nothing_can_be_proved(
    made: Backup, empty: Database, programs: list[Path]
) -> None:
    assert made.manifest == manifest_of(made.dump)
    made.manifest.unlink()
    with pytest.raises(ConfigurationError, match="manifest"):
        restore_backup(made.dump, empty.conninfo, programs)


def test_a_database_that_is_not_empty_stays_as_it_is(
    practice: Practice, made: Backup, database: Database, programs: list[Path]
) -> None:
    with pytest.raises(ConfigurationError, match="not empty"):
        restore_backup(made.dump, database.conninfo, programs)


def test_a_person_cannot_make_a_backup(
    practice: Practice, tmp_path: Path, programs: list[Path]
) -> None:
    conninfo = psycopg.conninfo.make_conninfo(
        practice.database.conninfo, user="cc_adm", password=PASSWORD
    )
    with pytest.raises(NotAllowedError):
        make_backup(conninfo, tmp_path, programs)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(
    practice: Practice, tmp_path: Path, programs: list[Path]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        make_backup(practice.database.conninfo, tmp_path / "file" / "x", programs)


# ----------------------------------------------------------------------------------- programs


def test_an_older_pg_dump_is_refused_with_what_to_do() -> None:
    folders = [found.bin_dir for found in all_binaries()]
    with pytest.raises(ConfigurationError, match="newest pg_dump here is of PostgreSQL"):
        find_program("pg_dump", 99, folders)


def test_a_program_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="was not found on this computer"):
        find_program("pg_no_such_program", 15, [tmp_path])


def test_the_commands_back_up_and_restore(
    practice: Practice, tmp_path: Path, empty: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.c1.sign_in()
    assert main(["--database", practice.database.conninfo, "backup", str(tmp_path)]) == 0
    assert "SHA-256" in capsys.readouterr().out
    (dump,) = tmp_path.glob("*.dump")
    assert main(["restore", str(dump), "--into", empty.conninfo]) == 0
    out = capsys.readouterr().out
    assert "The audit is whole" in out
    assert "restored and proved" in out
    assert main(["restore", str(dump), "--into", empty.conninfo]) == 1
    assert "not empty" in capsys.readouterr().err
    assert backups.manifest_of(dump).exists()
