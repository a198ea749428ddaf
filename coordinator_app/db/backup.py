"""Backups that prove themselves: a dump, what it must contain, and a restore that checks it.

The dump is PostgreSQL's own (custom format). Beside it lies a manifest with the heads of all audit
chains at the dump's snapshot: a restored database must verify, and end in exactly these heads.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql
from psycopg.types.json import Jsonb

from coordinator_app.config import write_privately
from coordinator_app.db.admin_people import CONNECTIONS_PER_PERSON, check_login, limit_login
from coordinator_app.db.admin_session import as_auditor, as_owner, connect_admin, value
from coordinator_app.db.audit_check import AuditReport, verify_audit
from coordinator_app.db.migrate import program_schema
from coordinator_app.db.programs import Program, find_program, run_program
from coordinator_app.db.roles import GROUPS, OWNERS, ensure_roles
from coordinator_app.db.upgrade import upgrade
from coordinator_app.errors import ConfigurationError, NotAllowedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coordinator_app.db.admin_session import Admin

_FORMAT = 1
_BLOCK = 1 << 20
# Rights on the server's own functions are given anew, where this login may (migration 0001).
_NOT_OURS = re.compile(r" (ACL|COMMENT) (pg_catalog |- EXTENSION )")
_PEOPLE = (
    "SELECT r.rolname, g.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
    "JOIN pg_roles g ON g.oid = m.roleid WHERE g.rolname = ANY(%s) AND r.rolcanlogin ORDER BY 1"
)
_LARGE_OBJECTS = (
    "REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), "
    "pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC"
)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made."""

    dump: Path
    manifest: Path
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that was proved. ``closed``: logins that wait for ``user reset``; ``known``: logins
    that the server had already and that were left as they are."""

    report: AuditReport
    schema: int
    closed: tuple[str, ...]
    known: tuple[str, ...]


# ------------------------------------------------------------------------------------ making one


def make_backup(conninfo: str, folder: Path, programs: Iterable[Path] = ()) -> Backup:
    """Dump the practice into this folder and record it in the audit.

    ``programs``: more folders in which pg_dump may be. Raises ConfigurationError when there is
    none that fits or the folder cannot be written.
    """
    with connect_admin(conninfo) as conn:
        _may_read_all(conn)
        program = find_program("pg_dump", conn.info.server_version // 10000, programs)
        with as_auditor(conn):
            snapshot = value(conn, "SELECT pg_export_snapshot()")
            manifest = _manifest(conn)
            database = re.sub(r"[^\w.-]", "_", conn.info.dbname)
            name = f"{database}-{datetime.fromisoformat(manifest['at']):%Y%m%dT%H%M%SZ}"
            dump = folder / f"{name}.dump"
            _dump(program, conninfo, dump, snapshot)
        with as_owner(conn):
            manifest |= {
                "schema": value(conn, "SELECT max(number) FROM app.migration"),
                "people": [
                    {"login": login, "role": role, "active": active}
                    for login, role, active in conn.execute(
                        "SELECT login, role, active FROM app.person ORDER BY login"
                    )
                ],
            }
        manifest |= {"program": program.major}
        manifest |= {"sha256": _sha256(dump), "size": dump.stat().st_size, "file": dump.name}
        file = manifest_of(dump)
        write_privately(file, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        with as_owner(conn):
            facts = {key: manifest[key] for key in ("sha256", "size", "file")}
            conn.execute(
                "SELECT app.audit('backup', %s, NULL, %s)", [f"backup/{name}", Jsonb(facts)]
            )
    return Backup(dump, file, manifest["size"], manifest["sha256"])


def manifest_of(dump: Path) -> Path:
    """Where the manifest of a dump lies."""
    return dump.with_suffix(".manifest.json")


def _may_read_all(conn: Admin) -> None:
    allowed = value(
        conn,
        "SELECT rolsuper OR bool_and(pg_has_role(session_user, o, 'USAGE')) FROM pg_roles, "
        "unnest(ARRAY['app_owner', 'audit_owner']) AS o WHERE rolname = session_user "
        "GROUP BY rolsuper",
    )
    if not allowed:
        raise NotAllowedError(
            "This login does not see every row, so its backup would be incomplete. Use the login "
            "that installed the practice, or a superuser.",
            name="not_installer",
        )


def _manifest(conn: Admin) -> dict[str, Any]:
    """What the dump's snapshot contains; the same transaction exports it."""
    anchor = conn.execute(
        "SELECT id, encode(hash, 'hex') FROM audit.anchor ORDER BY id DESC LIMIT 1"
    ).fetchone()
    heads = conn.execute("SELECT chain, seq, encode(hash, 'hex') FROM audit.head").fetchall()
    gateways = conn.execute(_PEOPLE, [["gateway"]]).fetchall()
    at = value(conn, "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::text || '+00:00'")
    return {
        "format": _FORMAT,
        "at": at,
        "server": conn.info.server_version,
        "heads": {chain: [seq, newest] for chain, seq, newest in sorted(heads)},
        "anchor": list(anchor) if anchor else None,
        "gateways": [login for login, _ in gateways],
    }


def _dump(program: Program, conninfo: str, dump: Path, snapshot: str) -> None:
    part = dump.with_suffix(".part")
    try:
        dump.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        raise ConfigurationError(
            f"The backup cannot be written to {dump.parent}. Choose another folder.",
            name="folder_not_writable",
        ) from None
    try:
        # Row-level security stays on: a login that is no superuser sees all rows as a member of the
        # owners. A superuser sees them anyway.
        run_program(
            program,
            [
                "--format=custom",
                "--enable-row-security",
                f"--snapshot={snapshot}",
                f"--file={part}",
            ],
            conninfo,
        )
        part.replace(dump)
    finally:
        part.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------- restoring


def restore_backup(dump: Path, conninfo: str, programs: Iterable[Path] = ()) -> Restored:
    """Put a backup into an empty database, prove it, and only then let people in.

    Raises:
        ConfigurationError: the file is damaged or has no manifest, the database is not empty, the
            server or pg_restore is too old, a statement failed.
        RefusedError: what was restored is not what was backed up, or its audit does not verify.
    """
    manifest = _read_manifest(dump)
    if _sha256(dump) != manifest["sha256"]:
        raise ConfigurationError(
            f"{dump.name} is not the file that its manifest describes: it was damaged or changed. "
            "Use another copy of this backup.",
            name="dump_changed",
        )
    if manifest["schema"] > program_schema():
        raise ConfigurationError(
            f"The backup has schema {manifest['schema']}, this program knows schemas up to "
            f"{program_schema()}. Use the newer program.",
            name="schema_newer",
        )
    with connect_admin(conninfo) as conn:
        _check_empty(conn, manifest["server"])
        # It reads what a pg_dump of its own version or an older one wrote.
        oldest = max(conn.info.server_version // 10000, manifest["program"])
        program = find_program("pg_restore", oldest, programs)
        ensure_roles(conn)
        _close(conn)
    _load(program, dump, conninfo)
    report = verify_audit(conninfo)
    _prove(report, manifest, conninfo)
    with connect_admin(conninfo) as conn:
        _open(conn)
    schema = upgrade(conninfo).schema
    closed, known = _bring_people(conninfo, manifest["gateways"])
    with connect_admin(conninfo) as conn, as_owner(conn):
        conn.execute(
            "SELECT app.audit('restore', %s, NULL, %s)",
            [f"backup/{dump.stem}", Jsonb({"sha256": manifest["sha256"]})],
        )
    return Restored(report, schema, closed, known)


def _read_manifest(dump: Path) -> dict[str, Any]:
    file = manifest_of(dump)
    try:
        found = json.loads(file.read_bytes())
        return {
            "format": {_FORMAT: _FORMAT}[found["format"]],
            "server": int(found["server"]),
            "program": int(found["program"]),
            "schema": int(found["schema"]),
            "sha256": str(found["sha256"]),
            "heads": {str(c): (int(seq), str(h)) for c, (seq, h) in found["heads"].items()},
            "anchor": found["anchor"],
            "gateways": [str(login) for login in found["gateways"]],
        }
    except OSError:
        raise ConfigurationError(
            f"The manifest {file.name} has to lie beside {dump.name}: without it nothing can be "
            "proved.",
            name="no_manifest",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{file.name} is no manifest of this program's. Use another copy of this backup.",
            name="bad_manifest",
        ) from None


def _check_empty(conn: Admin, made_on: int) -> None:
    if conn.info.server_version // 10000 < made_on // 10000:
        raise ConfigurationError(
            f"The backup is of PostgreSQL {made_on // 10000}, this server is "
            f"{conn.info.server_version // 10000}. Restore it into the same or a newer one.",
            name="server_too_old",
        )
    if value(conn, "SHOW server_encoding") != "UTF8":
        raise ConfigurationError(
            "The database must be created with the encoding UTF8 (createdb --encoding=UTF8 "
            "--template=template0).",
            name="wrong_encoding",
        )
    things = value(
        conn,
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'",
    )
    schemas = value(
        conn, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('app', 'api', 'audit')"
    )
    if things or schemas:
        raise ConfigurationError(
            f"The database {conn.info.dbname} is not empty. Make a new one (createdb "
            "--encoding=UTF8 --template=template0 NAME) and restore into that.",
            name="not_empty",
        )


def _close(conn: Admin) -> None:
    """Nobody comes in before the proof."""
    database = sql.Identifier(conn.info.dbname)
    groups = sql.SQL(", ").join(map(sql.Identifier, GROUPS))
    try:
        conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, groups))
        for owner in OWNERS:
            conn.execute(
                sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, sql.Identifier(owner))
            )
    except errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"This login does not own the database {conn.info.dbname}. Restore as its owner or as "
            "a superuser.",
            name="not_owner",
        ) from None


def _load(program: Program, dump: Path, conninfo: str) -> None:
    with tempfile.TemporaryDirectory(prefix="care-coordinator-") as folder:
        contents = Path(folder, "contents")
        listed = run_program(program, ["--list", str(dump)])
        contents.write_text(
            "\n".join(line for line in listed.splitlines() if not _NOT_OURS.search(line)), "utf-8"
        )
        run_program(
            program,
            [
                "--single-transaction",
                "--enable-row-security",
                f"--use-list={contents}",
                str(dump),
            ],
            conninfo,
        )


def _prove(report: AuditReport, manifest: dict[str, Any], conninfo: str) -> None:
    if not report.whole:
        raise RefusedError(
            f"The restored audit does not verify. {report.findings[0].sentence} Nobody was let in. "
            "Look at it with coordinator-admin verify-audit, and use an older backup.",
            name="restored_audit_broken",
        )
    if report.heads != manifest["heads"]:
        chains = sorted({*report.heads, *manifest["heads"]})
        differs = next(c for c in chains if report.heads.get(c) != manifest["heads"].get(c))
        raise RefusedError(
            f"The restored audit does not end where the manifest says (chain {differs}). Nobody "
            "was let in. Use another copy of this backup.",
            name="restored_heads_differ",
        )
    with connect_admin(conninfo) as conn, as_auditor(conn):
        row = conn.execute(
            "SELECT id, encode(hash, 'hex') FROM audit.anchor ORDER BY id DESC LIMIT 1"
        ).fetchone()
    if (list(row) if row else None) != manifest["anchor"]:
        raise RefusedError(
            "The last anchor of the restored audit is not the one of the manifest. Nobody was let "
            "in. Use another copy of this backup.",
            name="restored_anchor_differs",
        )


def _open(conn: Admin) -> None:
    """What pg_dump does not carry: see the first block of migration 0001."""
    database = sql.Identifier(conn.info.dbname)
    groups = sql.SQL(", ").join(map(sql.Identifier, GROUPS))
    conn.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, groups))
    if value(conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        conn.execute(_LARGE_OBJECTS)


def _bring_people(conninfo: str, gateways: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make the logins that the server lacks, closed until somebody gives them a password."""
    closed, known = [], []
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            people = conn.execute("SELECT login, role FROM app.person ORDER BY login").fetchall()
        for login, group in (*people, *((login, "gateway") for login in gateways)):
            check_login(login)
            if value(conn, "SELECT true FROM pg_roles WHERE rolname = %s", login):
                known.append(login)
                continue
            name = sql.Identifier(login)
            limit = sql.Literal(CONNECTIONS_PER_PERSON)
            with conn.transaction():
                conn.execute(
                    sql.SQL("CREATE ROLE {} NOLOGIN INHERIT CONNECTION LIMIT {}").format(
                        name, limit
                    )
                )
                conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))
                if group != "gateway":
                    limit_login(conn, login)
            closed.append(login)
    return tuple(closed), tuple(known)


def _sha256(file: Path) -> str:
    found = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                found.update(block)
    except OSError:
        raise ConfigurationError(f"{file} cannot be read.", name="file_not_readable") from None
    return found.hexdigest()
