"""The roles that the schema stands on, made by the installing login.

Roles belong to the whole server, not to one database: another practice on the same server may
have made them already, or may be making them at this moment.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors, sql

from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OWNERS = ("app_owner", "audit_owner")
GROUPS = ("coordinator", "supervisor", "clinician", "administrator", "auditor", "gateway")
_GRANT_WITH_SET = 160000  # since 16, who made a role must still allow itself to become it
_TRIES = 20


def ensure_roles(conn: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Make the missing owner and group roles; let this login become the owners.

    ``conn`` is in autocommit. Returns the names of the roles that were made. Raises
    ConfigurationError when this login may not, or when a role of that name can log in or has
    rights over the whole server: whoever was put into such a group would inherit them.
    """
    made = [name for name in (*OWNERS, *GROUPS) if _ensure_role(conn, name)]
    rows = conn.execute(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR "
        "rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls) ORDER BY 1",
        [[*OWNERS, *GROUPS]],
    ).fetchall()
    if rows:
        raise ConfigurationError(
            f"This server already has a role named {rows[0][0]} that can log in or has rights over "
            "the whole server. Rename that role, or give the practice a server of its own.",
            name="role_taken",
        )
    superuser = conn.execute(
        "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user"
    ).fetchone()
    if superuser is None or not superuser[0]:
        for owner in OWNERS:
            _become_member(conn, owner)
    return tuple(made)


def _ensure_role(conn: psycopg.Connection[Any], name: str) -> bool:
    known = conn.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [name]).fetchone()
    if known is not None:
        return False
    statement = sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name))
    try:
        conn.execute(statement)
    except (errors.DuplicateObject, errors.UniqueViolation):  # another installation was quicker
        return False
    except errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"This login may not create the role {name}. Install as a superuser, or as a login "
            "with CREATEROLE that owns the database.",
            name="may_not_create_roles",
        ) from None
    return True


def _become_member(conn: psycopg.Connection[Any], owner: str) -> None:
    # USAGE: default privileges of the owners are changed without becoming them.
    rights = ("SET", "USAGE") if conn.info.server_version >= _GRANT_WITH_SET else ("USAGE",)
    asked = (
        "SELECT bool_and(pg_catalog.pg_has_role(session_user, %s, r)) FROM unnest(%s::text[]) AS r"
    )
    row = conn.execute(asked, [owner, list(rights)]).fetchone()
    if row is not None and row[0]:
        return
    options = (
        sql.SQL(" WITH SET TRUE, INHERIT TRUE")
        if conn.info.server_version >= _GRANT_WITH_SET
        else sql.SQL("")
    )
    statement = sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)) + options
    try:
        retry_if_concurrent(lambda: conn.execute(statement))
    except errors.InsufficientPrivilege:
        raise ConfigurationError(
            f"The role {owner} was made by another login, and this one may not become it. Install "
            f"as the login that made it, or let a superuser run: GRANT {owner} TO "
            f"{conn.info.user} WITH ADMIN OPTION.",
            name="may_not_become_owner",
        ) from None


def watch_login(conn: psycopg.Connection[Any], login: str) -> None:
    """Let the owner of the functions see when this login's connections were made, and end them.

    PostgreSQL tells such things only to members of the login's own role. The owner gains nothing
    else: all that a person's role may do is call the owner's functions.
    """
    options = (
        sql.SQL(" WITH INHERIT TRUE, SET FALSE")
        if conn.info.server_version >= _GRANT_WITH_SET
        else sql.SQL("")
    )
    statement = sql.SQL("GRANT {} TO app_owner").format(sql.Identifier(login)) + options
    retry_if_concurrent(lambda: conn.execute(statement))


def watch_logins(conn: psycopg.Connection[Any], logins: Iterable[str]) -> None:
    """The same for logins from before; only those that have no right but their group's."""
    rows = conn.execute(
        "SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolname = ANY(%s) "
        "AND r.rolcanlogin AND NOT (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb "
        "OR r.rolreplication OR r.rolbypassrls) AND NOT EXISTS (SELECT 1 FROM "
        "pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid "
        "WHERE m.member = r.oid AND g.rolname <> ALL(%s)) "
        "AND NOT pg_catalog.pg_has_role('app_owner', r.oid, 'USAGE')",
        [list(logins), list(GROUPS)],
    ).fetchall()
    for (login,) in rows:
        # Where another login made it: app.known_login_at says what to do.
        with contextlib.suppress(errors.InsufficientPrivilege):
            watch_login(conn, login)


def retry_if_concurrent(action: Callable[[], object]) -> None:
    """Do it again while the server says that another session changes the same role or right."""
    for _ in range(_TRIES - 1):
        try:
            action()
        except errors.InternalError_ as error:  # it has no SQLSTATE of its own
            if "concurrently updated" not in str(error):
                raise
        else:
            return
    action()
