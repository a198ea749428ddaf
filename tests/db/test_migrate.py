"""The migration runner, on a real server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.db import migrate as runner
from coordinator_app.db.migrate import migrate, program_schema, read_migrations
from coordinator_app.db.roles import GROUPS, OWNERS, retry_if_concurrent
from coordinator_app.errors import ConfigurationError, InsecureConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.postgres import Database, TestServer


@pytest.fixture
def empty(pg_server: TestServer) -> Iterator[Database]:
    with pg_server.copy("template0") as made:
        yield made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A small schema of our own: the runner is tested, not the practice's tables."""
    write(
        tmp_path,
        "migrations/0001_first.sql",
        "CREATE TABLE app.thing (id int, share text CHECK (share LIKE '%s%%'));\n"
        "INSERT INTO app.thing VALUES (1, 's1');",
    )
    write(tmp_path, "migrations/0002_second.sql", "ALTER TABLE app.thing ADD name text;")
    write(tmp_path, "functions/a.sql", function("one"))
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def function(answer: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION app.answer() RETURNS text LANGUAGE sql IMMUTABLE "
        f"AS $$ SELECT '{answer}' $$;"
    )


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.conninfo) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_applies_each_file_once_and_repeats_the_functions(empty: Database, files: Path) -> None:
    first = migrate(empty.conninfo, folder=files)
    assert (first.schema_before, first.schema) == (0, 2)
    assert first.applied == ("0001_first.sql", "0002_second.sql")
    assert rows(empty, "SELECT share, name FROM app.thing") == [("s1", None)]
    write(files, "functions/a.sql", function("two"))
    write(files, "migrations/0003_third.sql", "ALTER TABLE app.thing ADD more text;")
    second = migrate(empty.conninfo, folder=files)
    assert second.applied == ("0003_third.sql",)
    assert second.repeated == 1
    assert rows(empty, "SELECT app.answer()") == [("two",)]
    again = migrate(empty.conninfo, folder=files)
    assert (again.schema_before, again.schema, again.applied) == (3, 3, ())
    assert len(rows(empty, "SELECT * FROM app.migration")) == 3


def test_owners_cannot_log_in_and_own_what_the_files_make(empty: Database, files: Path) -> None:
    write(files, "migrations/0003_who.sql", "-- role: installer\nCREATE TABLE app.mine (id int);")
    write(
        files,
        "migrations/0004_audit.sql",
        "-- role: audit_owner\nCREATE SCHEMA audit;\nCREATE TABLE audit.event (id int);",
    )
    migrate(empty.conninfo, folder=files)
    owners = rows(
        empty,
        "SELECT tablename::text, tableowner::text FROM pg_tables "
        "WHERE schemaname IN ('app', 'audit') ORDER BY 1",
    )
    assert dict(owners) == {
        "event": "audit_owner",
        "migration": "app_owner",
        "mine": "postgres",
        "thing": "app_owner",
    }
    names = [*OWNERS, *GROUPS]
    with psycopg.connect(empty.conninfo) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s) AND NOT rolcanlogin "
            "AND NOT rolsuper AND NOT rolbypassrls",
            [names],
        ).fetchone()
    assert found == (len(names),)


def test_a_failing_file_leaves_nothing_and_names_its_line(empty: Database, files: Path) -> None:
    write(
        files,
        "migrations/0003_bad.sql",
        "CREATE TABLE app.half (id int);\n\nSELECT no_such_column\nFROM app.thing;",
    )
    with pytest.raises(ConfigurationError, match=r"0003_bad\.sql, line 3: .*no_such_column"):
        migrate(empty.conninfo, folder=files)
    assert rows(empty, "SELECT max(number) FROM app.migration") == [(2,)]
    assert rows(empty, "SELECT to_regclass('app.half')") == [(None,)]


def test_repeated_files_are_all_or_nothing(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    write(files, "functions/a.sql", function("two"))
    write(files, "grants/z.sql", "GRANT SELECT ON app.no_such_table TO coordinator;")
    with pytest.raises(ConfigurationError, match=r"z\.sql"):
        migrate(empty.conninfo, folder=files)
    assert rows(empty, "SELECT app.answer()") == [("one",)]


def test_repeated_files_run_in_order_of_folder_then_name(empty: Database, files: Path) -> None:
    for place in ("grants/a", "policies/a", "triggers/a", "functions/c", "functions/b"):
        write(files, f"{place}.sql", f"INSERT INTO app.thing (name) VALUES ('{place}');")
    migrate(empty.conninfo, folder=files)
    made = rows(empty, "SELECT name FROM app.thing WHERE name IS NOT NULL")
    assert [name for (name,) in made] == [
        "functions/b",
        "functions/c",
        "triggers/a",
        "policies/a",
        "grants/a",
    ]


def test_a_released_file_that_changed_is_refused(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    write(files, "migrations/0002_second.sql", "ALTER TABLE app.thing ADD other text;")
    with pytest.raises(ConfigurationError, match=r"0002.*never changes") as raised:
        migrate(empty.conninfo, folder=files)
    assert raised.value.name == "migration_changed"


def test_line_ends_of_a_checkout_do_not_count_as_a_change(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    path = files / "migrations/0001_first.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate(empty.conninfo, folder=files).applied == ()


def test_a_newer_schema_is_refused_with_both_numbers(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    (files / "migrations/0002_second.sql").unlink()
    with pytest.raises(ConfigurationError, match=r"schema 2.*up to 1") as raised:
        migrate(empty.conninfo, folder=files)
    assert raised.value.detail == {"database": 2, "program": 1}


@pytest.mark.parametrize("name", ["0002_again.sql", "0004_gap.sql", "third.sql"])
def test_gaps_doubles_and_strange_names_are_refused(files: Path, name: str) -> None:
    write(files, f"migrations/{name}", "SELECT 1;")
    with pytest.raises(ConfigurationError, match="not complete"):
        read_migrations(files / "migrations")


def test_a_file_may_not_end_the_runners_transaction(empty: Database, files: Path) -> None:
    write(files, "migrations/0003_commit.sql", "COMMIT;")
    with pytest.raises(ConfigurationError, match="ends its own transaction"):
        migrate(empty.conninfo, folder=files)


def test_an_unknown_role_in_a_file_is_refused(empty: Database, files: Path) -> None:
    write(files, "migrations/0003_who.sql", "-- role: postgres\nSELECT 1;")
    with pytest.raises(ConfigurationError, match="unknown role: postgres"):
        migrate(empty.conninfo, folder=files)


def test_two_upgrades_at_once_apply_each_file_once(empty: Database, files: Path) -> None:
    applied: list[tuple[str, ...]] = []
    barrier = threading.Barrier(2)

    def upgrade() -> None:
        barrier.wait()
        applied.append(migrate(empty.conninfo, folder=files).applied)

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [(), ("0001_first.sql", "0002_second.sql")]


def test_a_second_upgrade_does_not_wait_for_ever(
    empty: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_LOCK_WAIT", "20ms")
    with psycopg.connect(empty.conninfo, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [runner._LOCK])
        with pytest.raises(ConfigurationError, match="Another upgrade"):
            migrate(empty.conninfo, folder=files)


def test_a_migration_does_not_queue_behind_a_long_query_for_ever(
    empty: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty.conninfo, folder=files)
    write(files, "migrations/0003_wait.sql", "ALTER TABLE app.thing ADD waiting text;")
    monkeypatch.setattr(runner, "_TABLE_LOCK_WAIT", "20ms")
    with psycopg.connect(empty.conninfo) as other:
        other.execute("SELECT * FROM app.thing")
        with pytest.raises(ConfigurationError, match="lock timeout"):
            migrate(empty.conninfo, folder=files)
    assert migrate(empty.conninfo, folder=files).applied == ("0003_wait.sql",)


def test_installs_as_a_login_that_is_no_superuser(empty: Database, files: Path) -> None:
    conninfo = installer(empty, "CREATEROLE")
    with psycopg.connect(empty.conninfo, autocommit=True) as admin:
        # On this server the roles were made by the superuser; that login lets the installer in.
        for owner in OWNERS:
            admin.execute(f"GRANT {owner} TO installer_login WITH ADMIN OPTION".encode())
    assert migrate(conninfo, folder=files).schema == 2
    assert migrate(conninfo, folder=files).applied == ()


def test_says_what_the_installing_login_lacks(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    conninfo = installer(empty, "NOCREATEROLE")
    with pytest.raises(ConfigurationError, match="WITH ADMIN OPTION") as raised:
        migrate(conninfo, folder=files)
    assert raised.value.name == "may_not_become_owner"


def test_says_that_the_database_is_somebody_elses(empty: Database, files: Path) -> None:
    migrate(empty.conninfo, folder=files)
    conninfo = installer(empty, "NOCREATEROLE")
    with psycopg.connect(empty.conninfo, autocommit=True) as admin:
        admin.execute("DROP SCHEMA app CASCADE")
        admin.execute("GRANT app_owner, audit_owner TO installer_login")
        admin.execute(f"ALTER DATABASE {empty.name} OWNER TO postgres".encode())
        admin.execute(
            f"REVOKE CREATE ON DATABASE {empty.name} FROM app_owner, audit_owner".encode()
        )
    with pytest.raises(ConfigurationError, match="does not own the database"):
        migrate(conninfo, folder=files)


@pytest.fixture(autouse=True)
def _no_installer_stays(pg_server: TestServer) -> Iterator[None]:
    """Roles belong to the whole server: whoever looks at its rights next must find none of ours."""
    yield
    with psycopg.connect(pg_server.server.superuser_conninfo(), autocommit=True) as admin:
        if admin.execute("SELECT FROM pg_roles WHERE rolname = 'installer_login'").fetchone():
            admin.execute("REVOKE app_owner, audit_owner FROM installer_login")
            admin.execute("ALTER ROLE installer_login NOCREATEROLE")


def installer(database: Database, rights: str) -> str:
    """A fresh login that owns the database; returns its conninfo."""
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        known = admin.execute("SELECT FROM pg_roles WHERE rolname = 'installer_login'").fetchone()
        if known is not None:
            admin.execute("REVOKE app_owner, audit_owner FROM installer_login")
            admin.execute("ALTER ROLE installer_login NOCREATEROLE")
        else:
            admin.execute("CREATE ROLE installer_login LOGIN PASSWORD 'test-password'")
        admin.execute(f"ALTER ROLE installer_login {rights}".encode())
        admin.execute(f"ALTER DATABASE {database.name} OWNER TO installer_login".encode())
    return make_conninfo(database.conninfo, user="installer_login", password="test-password")


@pytest.mark.parametrize("right", ["LOGIN", "SUPERUSER", "BYPASSRLS", "CREATEROLE"])
def test_a_group_role_with_rights_over_the_server_is_refused(
    empty: Database, files: Path, right: str
) -> None:
    migrate(empty.conninfo, folder=files)
    with psycopg.connect(empty.conninfo, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE clinician {right}".encode())
        try:
            with pytest.raises(ConfigurationError, match="role named clinician"):
                migrate(empty.conninfo, folder=files)
        finally:
            admin.execute(f"ALTER ROLE clinician NO{right}".encode())


def test_a_database_that_is_not_utf8_is_refused(pg_server: TestServer, files: Path) -> None:
    admin = pg_server.server.superuser_conninfo()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        try:
            with pytest.raises(ConfigurationError, match="UTF8"):
                migrate(pg_server.server.superuser_conninfo("latin"), folder=files)
        finally:
            connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_server_on_another_computer_needs_a_checked_certificate(files: Path) -> None:
    with pytest.raises(InsecureConnectionError, match="verify-full"):
        migrate("host=db.example.org dbname=x sslmode=require", folder=files)


def test_an_address_that_is_none_is_refused(files: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        migrate("host=a nonsense", folder=files)


def test_a_role_that_others_change_at_the_same_moment_is_tried_again() -> None:
    answers = iter([psycopg.errors.InternalError_("tuple concurrently updated"), None])
    tries = []

    def action() -> None:
        tries.append(1)
        answer = next(answers)
        if answer is not None:
            raise answer

    retry_if_concurrent(action)
    assert len(tries) == 2


def test_another_internal_error_is_not_tried_again() -> None:
    def action() -> None:
        raise psycopg.errors.InternalError_("could not open file")

    with pytest.raises(psycopg.errors.InternalError_):
        retry_if_concurrent(action)


def test_the_practices_schema_installs_and_repeats(migrated_server: TestServer) -> None:
    with migrated_server.copy() as database:
        report = migrate(database.conninfo)
    assert report.schema == report.schema_before == program_schema() > 0
    assert report.applied == ()
