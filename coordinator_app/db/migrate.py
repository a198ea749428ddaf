"""Brings a practice's database to the schema of this program.

``resources/sql/migrations/NNNN_title.sql`` are applied once, in order, each in a transaction of
its own; a released file never changes and its checksum is kept. ``resources/sql/{functions,
triggers,policies,grants}/*.sql`` are re-applied whole at each run, in one transaction, so that
the rules in the database are always those of the files.

A file runs as the role ``app_owner``, unless its first line is ``-- role: audit_owner`` or
``-- role: installer`` (the login that runs the upgrade).
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors, sql

import resources
from coordinator_app.db.admin_session import Admin, connect_admin
from coordinator_app.db.roles import OWNERS, ensure_roles, watch_logins
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLDEST_SERVER = 150000
REPEATED = ("functions", "triggers", "policies", "grants")
_LOCK = 0x43617265  # one upgrade of a database at a time
_LOCK_WAIT = "60s"
_TABLE_LOCK_WAIT = "10s"  # a migration queues behind a long query, and everybody behind it
_STATEMENT_TIME = "15min"
_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_ROLE_LINE = re.compile(r"-- role: (\w+)\s*$")
_INSTALLER = "installer"


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What an upgrade did. Schema numbers are those of the migration files; 0 is an empty
    database."""

    server_version: str
    schema_before: int
    schema: int
    applied: tuple[str, ...]
    repeated: int
    roles_made: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file: its number (0 for a repeated one), name, text and the role that runs it."""

    number: int
    name: str
    text: str
    role: str

    @property
    def sha256(self) -> str:
        """Checksum of the text; line ends do not count (a checkout may change them)."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(conninfo: str, *, folder: Path | None = None) -> MigrationReport:
    """Install or upgrade the practice's schema; running it again changes nothing.

    Args:
        conninfo: libpq connection string of the installing login: a superuser, or a login with
            CREATEROLE that owns the database.
        folder: the SQL files, by default those that ship with the program.

    Raises:
        ConfigurationError: server or schema of a wrong version, a released file that changed, a
            statement that failed, missing rights. What was committed before stays.
        NotConnectedError, SignInRefusedError: the database cannot be reached or refuses.
    """
    folder = folder or resources.path("sql")
    files = read_migrations(folder / "migrations")
    repeated = [read_file(path) for kind in REPEATED for path in _sorted(folder / kind)]
    with connect_admin(conninfo) as conn:
        version = _check_server(conn)
        with _alone(conn):
            roles = ensure_roles(conn)
            _prepare(conn)
            before = _check_applied(conn, files)
            applied = [file for file in files if file.number > before]
            for file in applied:
                _apply(conn, file)
            with conn.transaction():
                for file in repeated:
                    _run(conn, file)
            watch_logins(conn, _logins(conn))
    return MigrationReport(
        server_version=version,
        schema_before=before,
        schema=files[-1].number if files else 0,
        applied=tuple(file.name for file in applied),
        repeated=len(repeated),
        roles_made=roles,
    )


def program_schema(folder: Path | None = None) -> int:
    """Return the number of the newest migration that ships with this program."""
    files = read_migrations((folder or resources.path("sql")) / "migrations")
    return files[-1].number if files else 0


def read_migrations(folder: Path) -> list[SqlFile]:
    """Read the numbered files; raises ConfigurationError for a gap, a double or a bad name."""
    files = [read_file(path) for path in _sorted(folder)]
    for expected, file in enumerate(files, start=1):
        if file.number != expected:
            raise ConfigurationError(
                f"The migration files are not complete: expected number {expected:04}, found "
                f"{file.name}. Please reinstall the program.",
                name="migrations_incomplete",
            )
    return files


def read_file(path: Path) -> SqlFile:
    """Read one file and the role named in its first line."""
    text = path.read_text(encoding="utf-8")  # universal newlines: the checksum is of \n
    first_line = text.partition("\n")[0]
    match = _ROLE_LINE.fullmatch(first_line)
    role = match[1] if match else "app_owner"
    if role not in (*OWNERS, _INSTALLER):
        raise ConfigurationError(f"{path.name} asks for an unknown role: {role}.")
    named = _FILE_NAME.fullmatch(path.name)
    return SqlFile(int(named[1]) if named else 0, path.name, text, role)


def _sorted(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*.sql"), key=lambda path: path.name)


def _check_server(conn: Admin) -> str:
    version = conn.info.server_version
    if version < OLDEST_SERVER:
        raise ConfigurationError(
            f"This server is PostgreSQL {_version_text(version)}. Care Coordinator needs "
            "PostgreSQL 15 or newer.",
            name="server_too_old",
        )
    row = conn.execute("SHOW server_encoding").fetchone()
    if row is None or row[0] != "UTF8":
        raise ConfigurationError(
            "The database must be created with the encoding UTF8 (createdb --encoding=UTF8 "
            "--template=template0); names of patients need it.",
            name="wrong_encoding",
        )
    return _version_text(version)


def _version_text(version: int) -> str:
    return f"{version // 10000}.{version % 10000}"


@contextmanager
def _alone(conn: Admin) -> Iterator[None]:
    try:
        conn.execute(f"SET lock_timeout = '{_LOCK_WAIT}'")
        conn.execute("SELECT pg_catalog.pg_advisory_lock(%s)", [_LOCK])
    except errors.LockNotAvailable:
        raise ConfigurationError(
            "Another upgrade of this database is running. Wait until it has ended and start again.",
            name="upgrade_running",
        ) from None
    conn.execute("RESET lock_timeout")
    try:
        yield
    finally:
        if not conn.broken:
            conn.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", [_LOCK])


def _prepare(conn: Admin) -> None:
    """Make what the runner itself needs: the owners' right to create, schema and table."""
    database = sql.Identifier(conn.info.dbname)
    try:
        with conn.transaction():
            for owner in OWNERS:
                conn.execute(
                    sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(
                        database, sql.Identifier(owner)
                    )
                )
            conn.execute("CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION app_owner")
            conn.execute("SET LOCAL ROLE app_owner")
            conn.execute(
                "CREATE TABLE IF NOT EXISTS app.migration ("
                "number int PRIMARY KEY, name text NOT NULL UNIQUE, sha256 text NOT NULL, "
                "applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())"
            )
    except errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"This login does not own the database {conn.info.dbname}. Install as its owner or as "
            "a superuser.",
            name="not_owner",
        ) from None


def _check_applied(conn: Admin, files: Sequence[SqlFile]) -> int:
    """Return the schema number of the database after comparing it with the files."""
    with conn.transaction():
        conn.execute("SET LOCAL ROLE app_owner")
        rows = conn.execute("SELECT number, name, sha256 FROM app.migration ORDER BY 1").fetchall()
    newest = rows[-1][0] if rows else 0
    if newest > len(files):
        raise ConfigurationError(
            f"The database has schema {newest}, this program knows schemas up to {len(files)}. "
            "Use the newer program.",
            name="schema_newer",
            detail={"database": newest, "program": len(files)},
        )
    for (number, name, sha256), file in zip(rows, files, strict=False):
        if (number, name, sha256) != (file.number, file.name, file.sha256):
            raise ConfigurationError(
                f"Migration {number:04} was applied to this database as {name}, and differs from "
                f"this program's {file.name}. A released migration never changes: use the program "
                "that the database was installed with, or a newer one.",
                name="migration_changed",
                detail={"number": number},
            )
    return newest


def _logins(conn: Admin) -> list[str]:
    with conn.transaction():
        conn.execute("SET LOCAL ROLE app_owner")
        found = conn.execute("SELECT pg_catalog.to_regclass('app.person') IS NOT NULL").fetchone()
        if found != (True,):
            return []  # a test's own files
        return [login for (login,) in conn.execute("SELECT login FROM app.person").fetchall()]


def _apply(conn: Admin, file: SqlFile) -> None:
    with conn.transaction():
        conn.execute("SET LOCAL ROLE app_owner")
        conn.execute(  # first: a second runner that got past the lock waits here, then fails
            "INSERT INTO app.migration (number, name, sha256) VALUES (%s, %s, %s)",
            [file.number, file.name, file.sha256],
        )
        _run(conn, file)


def _run(conn: Admin, file: SqlFile) -> None:
    """Run a file inside the open transaction, as its role."""
    role = "NONE" if file.role == _INSTALLER else file.role
    conn.execute(
        f"SET LOCAL ROLE {role}; SET LOCAL lock_timeout = '{_TABLE_LOCK_WAIT}'; "
        f"SET LOCAL statement_timeout = '{_STATEMENT_TIME}'; "
        # Every name is qualified; what somebody left in "public" must not answer for one.
        "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL check_function_bodies = on"
    )
    try:
        conn.execute(file.text.encode(), prepare=False)  # no parameters: % is only a character
    except psycopg.Error as error:
        where = error.diag.statement_position
        line = file.text.count("\n", 0, int(where) - 1) + 1 if where else None
        at = f", line {line}" if line else ""
        raise ConfigurationError(
            f"{file.name}{at}: {error.diag.message_primary or 'the connection was lost'}. "
            "Nothing of this file was kept. Nobody's work is affected; please report this.",
            name="migration_failed",
            detail={"file": file.name, "line": line, "sqlstate": error.sqlstate},
        ) from error
    if conn.info.transaction_status is not psycopg.pq.TransactionStatus.INTRANS:
        raise ConfigurationError(
            f"{file.name} ends its own transaction, which a migration must not do.",
            name="migration_failed",
            detail={"file": file.name},
        )
