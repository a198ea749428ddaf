"""The logins of a practice: one database login per person, in exactly one group role."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from psycopg import errors, sql

from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.db.codec import decode_rows
from coordinator_app.db.login_lock import unlock
from coordinator_app.db.roles import GROUPS, OWNERS, watch_login
from coordinator_app.domain.person import PersonRow, Role
from coordinator_app.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin

CONNECTIONS_PER_PERSON = 5
SESSION_LIMITS = {
    "idle_session_timeout": "15min",
    "idle_in_transaction_session_timeout": "1min",
    "statement_timeout": "30s",
}
_LARGEST_TEMPORARY_FILES = "256MB"
SHORTEST_PASSWORD = 12
_LOGIN = re.compile(r"[a-z][a-z0-9_.-]{1,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Without the letters and digits that are read as one another: it is typed from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """Return a random password of about 99 bits, in groups that can be read aloud."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def check_password(password: str, login: str) -> None:
    """Raise RefusedError, with what to do, for a password that is no good (NIST SP 800-63B)."""
    if len(password) < SHORTEST_PASSWORD:
        raise RefusedError(
            f"The password has fewer than {SHORTEST_PASSWORD} characters. Choose a longer one.",
            name="password_short",
        )
    if login.lower() in password.lower() or len(set(password)) < 5:  # noqa: PLR2004
        raise RefusedError(
            "The password is too easy to guess. Choose one without the user name and without "
            "repeated characters.",
            name="password_weak",
        )


def add_person(
    conninfo: str, login: str, name: str, role: Role, *, languages: Sequence[str], password: str
) -> UUID:
    """Make a login for a person; all or nothing.

    Raises RefusedError for a name that cannot be one or is taken, and for a weak password.
    """
    check_login(login)
    check_password(password, login)
    if not name.strip():
        raise RefusedError("A person needs a name. Patients hear it.", name="bad_name")
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise RefusedError(
                f"{language!r} is not a language code. Write en for English, es for Spanish.",
                name="bad_language",
            )
    with connect_admin(conninfo) as conn, conn.transaction():
        _make_login(conn, login, role.value, password)
        with as_owner(conn):
            row = conn.execute(
                "INSERT INTO app.person (login, name, role, languages) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (login) DO NOTHING RETURNING id",
                [login, name.strip(), role.value, list(languages) or ["en"]],
            ).fetchone()
            if row is None:
                raise _taken(login)
            audit_person(conn, "person.add", login, role=role.value)
    made: UUID = row[0]
    return made


def add_gateway_login(conninfo: str, login: str, password: str) -> None:
    """Make the login of the headless gateway. Raises RefusedError as ``add_person``."""
    check_login(login)
    check_password(password, login)
    with connect_admin(conninfo) as conn, conn.transaction():
        _make_login(conn, login, "gateway", password)
        with as_owner(conn):
            audit_person(conn, "gateway.add", login)


def reset_gateway(conninfo: str, login: str, password: str) -> None:
    """Give a gateway's login another password; its sessions end.

    Raises ConfigurationError when no gateway has this login.
    """
    check_password(password, login)
    with connect_admin(conninfo) as conn:
        row = conn.execute(
            "SELECT FROM pg_catalog.pg_auth_members m "
            "JOIN pg_catalog.pg_roles r ON r.oid = m.member "
            "JOIN pg_catalog.pg_roles g ON g.oid = m.roleid "
            "WHERE g.rolname = 'gateway' AND r.rolname = %s",
            [login],
        ).fetchone()
        if row is None:
            raise ConfigurationError(
                f"No gateway has the login {login}. See coordinator-admin gateway add.",
                name="no_such_gateway",
            )
        with as_owner(conn):
            audit_person(conn, "gateway.reset_password", login)
        _open_with(conn, login, password)
        _end_sessions(conn, login)


def set_active(conninfo: str, login: str, *, active: bool, reason: str = "") -> bool:
    """Suspend a person, or let them work again; say whether open sessions were ended.

    The login itself stays: at sign-in, and at the next action of a session that could not be
    ended, a suspended person reads that they are suspended.
    """
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            row = conn.execute(
                "SELECT app.set_access(p, %s, %s) FROM app.person p WHERE p.id = %s",
                [active, reason or "coordinator-admin", person_id(conn, login)],
            ).fetchone()
        ended = row is not None and row[0] is not None
        return not active and (ended or _end_sessions(conn, login))


def reset_password(conninfo: str, login: str, password: str) -> bool:
    """Give a person another password; say whether open sessions were ended.

    The authenticator app stays; a lock after wrong passwords ends.
    """
    check_password(password, login)
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            person = person_id(conn, login)
            conn.execute("DELETE FROM app.elevation WHERE person_id = %s", [person])
            audit_person(conn, "person.reset_password", login)
        _open_with(conn, login, password)
        unlock(conn, login)
        return _end_sessions(conn, login)


def unlock_login(conninfo: str, login: str) -> bool:
    """End the lock after wrong passwords; False when there is none."""
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            person_id(conn, login)
        return unlock(conn, login)


def record_training(
    conninfo: str,
    login: str,
    curriculum: str,
    version: str,
    *,
    completed: date | None,
    expires: date,
) -> None:
    """Record a training (45 CFR 164.530(b)); ``completed`` defaults to the practice's today.

    Raises RefusedError for dates that cannot be.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        done = completed or today
        if done > today or expires <= done:
            raise RefusedError(
                "A training is completed today or earlier, and expires after that. Check the "
                "dates.",
                name="bad_dates",
            )
        conn.execute(
            "INSERT INTO app.training_record (person_id, curriculum, version, completed_on, "
            "expires_on) VALUES (%s, %s, %s, %s, %s)",
            [person_id(conn, login), curriculum, version, done, expires],
        )
        audit_person(
            conn, "person.train", login, curriculum=curriculum, expires_on=expires.isoformat()
        )


def set_work_state(conninfo: str, login: str, state: str) -> None:
    """Say in which state a person sits while they work; "" when it is not known.

    The law of either end decides whose agreement a recording needs. Raises RefusedError for
    what is no state.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        conn.execute("SELECT app.put_work_state(%s, %s)", [person_id(conn, login), state])


def list_people(conninfo: str) -> tuple[PersonRow, ...]:
    """Return everybody with a login here, by login."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        rows = conn.execute(
            "SELECT app.person_row(p, app.now()) FROM app.person p ORDER BY p.login"
        ).fetchall()
    return decode_rows(PersonRow, [row for (row,) in rows])


def check_login(login: str) -> None:
    """Raise RefusedError for a user name that cannot be one."""
    reserved = {*OWNERS, *GROUPS, "postgres", "public", "none"}
    if not _LOGIN.fullmatch(login) or login in reserved or login.startswith("pg_"):
        raise RefusedError(
            "A user name is 2 to 63 small letters, digits, dots, hyphens or underscores, begins "
            "with a letter, and is not one of the database's own names.",
            name="bad_login",
        )


def _make_login(conn: Admin, login: str, group: str, password: str) -> None:
    name = sql.Identifier(login)
    try:
        conn.execute(
            sql.SQL("CREATE ROLE {} LOGIN INHERIT CONNECTION LIMIT {}").format(
                name, sql.Literal(CONNECTIONS_PER_PERSON)
            )
        )
    except (errors.DuplicateObject, errors.UniqueViolation):
        raise _taken(login) from None
    conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), name))
    watch_login(conn, login)
    if group != "gateway":  # it waits on its connection all day
        limit_login(conn, login)
    _set_password(conn, login, password)


def limit_login(conn: Admin, login: str) -> None:
    """Let a person's sessions end by themselves (45 CFR 164.312(a)(2)(iii)).

    The window locks and ends its own session earlier; this is for whatever else holds the login.
    """
    for name, value in SESSION_LIMITS.items():
        conn.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(login), sql.Identifier(name), sql.Literal(value)
            )
        )
    row = conn.execute(
        "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is not None and row[0]:  # nobody else may set this one
        conn.execute(
            sql.SQL("ALTER ROLE {} SET temp_file_limit = {}").format(
                sql.Identifier(login), sql.Literal(_LARGEST_TEMPORARY_FILES)
            )
        )


def _open_with(conn: Admin, login: str, password: str) -> None:
    # After a restore a login waits, closed, for its first password.
    conn.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(login)))
    _set_password(conn, login, password)


def _set_password(conn: Admin, login: str, password: str) -> None:
    # Hashed on this side: the server, and its log, never see the password itself.
    conn.pgconn.change_password(login.encode(), password.encode())


def _taken(login: str) -> RefusedError:
    return RefusedError(
        f"The user name {login} is taken on this server. Choose another one.", name="login_taken"
    )


def person_id(conn: Admin, login: str) -> UUID:
    """Return who has this login; inside ``as_owner``. Raises ConfigurationError for nobody."""
    row = conn.execute("SELECT id FROM app.person WHERE login = %s", [login]).fetchone()
    if row is None:
        raise ConfigurationError(
            f"Nobody here has the user name {login}. See coordinator-admin user list.",
            name="no_such_person",
        )
    found: UUID = row[0]
    return found


def _end_sessions(conn: Admin, login: str) -> bool:
    """End a person's sessions in this practice; False where only a superuser may."""
    try:
        conn.execute(
            "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a "
            "JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid "
            "WHERE r.rolname = %s AND a.datname = pg_catalog.current_database()",
            [login],
        )
    except errors.InsufficientPrivilege:
        return False
    return True


def audit_person(conn: Admin, action: str, login: str, **facts: str) -> None:
    """Write down what was done about a person; inside ``as_owner``."""
    pairs = [text for pair in facts.items() for text in pair]
    conn.execute(
        "SELECT app.audit(%s, %s, NULL, pg_catalog.jsonb_object(%s::text[]))",
        [action, f"person/{login}", pairs],
    )
