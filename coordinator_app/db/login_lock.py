"""Locking a login for a while, and giving it back.

A lock is a password that is no longer valid: PostgreSQL answers a right password and a wrong one
in the same words then, so that whoever guesses learns nothing. (A role without LOGIN would say
that the password was right.) Connections that are open stay open.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from psycopg import errors, sql

from coordinator_app.db.admin_session import as_owner

if TYPE_CHECKING:
    from coordinator_app.db.admin_session import Admin

_EXPIRED = "-infinity"


def lock_due(conn: Admin) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lock every login with too many failures; returns who was locked now, and who could not be
    because this login may not."""
    with as_owner(conn):
        rows = conn.execute("SELECT login, failures FROM app.logins_to_lock()").fetchall()
    locked, refused = [], []
    for login, failures in rows:
        try:
            with conn.transaction():
                before = _valid_until(conn, login)
                _set_valid_until(conn, login, _EXPIRED)
                conn.execute("SET LOCAL ROLE app_owner")
                conn.execute("SELECT app.lock_login(%s, %s, %s)", [login, failures, before])
        except (errors.InsufficientPrivilege, errors.UndefinedObject):
            refused.append(login)
        else:
            locked.append(login)
    return tuple(locked), tuple(refused)


def unlock_due(conn: Admin) -> tuple[str, ...]:
    """Give back what was locked long enough; returns whose login it was."""
    with as_owner(conn):
        rows = conn.execute(
            "SELECT p.login FROM app.login_lock l JOIN app.person p ON p.id = l.person_id "
            "WHERE l.unlocked_at IS NULL AND l.until <= pg_catalog.clock_timestamp()"
        ).fetchall()
    unlocked = []
    for (login,) in rows:
        with contextlib.suppress(errors.InsufficientPrivilege, errors.UndefinedObject):
            if unlock(conn, login):
                unlocked.append(login)
    return tuple(unlocked)


def unlock(conn: Admin, login: str) -> bool:
    """End the lock of a login before its time; False when it is not locked."""
    with conn.transaction():
        conn.execute("SET LOCAL ROLE app_owner")
        row = conn.execute("SELECT * FROM app.unlock_login(%s)", [login]).fetchone()
        conn.execute("RESET ROLE")
        if row is None or not row[0]:
            return False
        _set_valid_until(conn, login, row[1])
    return True


def _valid_until(conn: Admin, login: str) -> str | None:
    row = conn.execute(
        "SELECT r.rolvaliduntil::text FROM pg_catalog.pg_roles r WHERE r.rolname = %s", [login]
    ).fetchone()
    return row[0] if row else None


def _set_valid_until(conn: Admin, login: str, moment: str | None) -> None:
    conn.execute(
        sql.SQL("ALTER ROLE {} VALID UNTIL {}").format(
            sql.Identifier(login), sql.Literal(moment or "infinity")
        )
    )
