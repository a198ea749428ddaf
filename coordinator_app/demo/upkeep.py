"""What an existing demo practice needs at a start: passwords, its clock, training in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from coordinator_app.db.admin_people import record_training
from coordinator_app.db.admin_practice import authorize_caller_id
from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.demo.clock import ZONE, next_offset
from coordinator_app.demo.people import GATEWAY, Logins
from coordinator_app.demo.personas import write_personas

if TYPE_CHECKING:
    from pathlib import Path

    from coordinator_app.db.admin_session import Admin

CALLER_ID_LETTER = ("Nadia Haddad", "Letter of authorization of the demo practice")
_CURRICULUM = ("HIPAA privacy and security", "2026")
_TRAINED_FOR = timedelta(days=305)
_SOON = timedelta(days=30)  # before it expires


def has_database(admin: str, name: str) -> bool:
    """Say whether the server has a database of this name. ``admin``: its superuser's address."""
    with connect_admin(admin) as conn:
        found = conn.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [name])
        return found.fetchone() is not None


def set_passwords(admin: str, logins: Logins) -> None:
    """Give everybody, the gateway too, these passwords."""
    with connect_admin(admin) as conn:
        for login, password in (
            *((one.login, one.password) for one in logins.people),
            (GATEWAY, logins.gateway),
        ):
            conn.pgconn.change_password(login.encode(), password.encode())


def write_personas_of(conninfo: str, file: Path) -> None:
    """Write the practice line's people again from the practice's patients."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        write_personas(conn, file)


def move_clock(conninfo: str, now: datetime) -> str | None:
    """Bring the practice into office hours, and its people's training up to date.

    Returns where the clock was moved to, in words, or None if it goes on as it was.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute("SELECT clock_offset FROM app.practice").fetchone()
        if row is None:
            raise psycopg.InternalError("a demo without a practice")
        offset = next_offset(now, row[0], ZONE, holidays(conn))
        moved = offset > row[0]
        if moved:
            set_offset(conn, offset)
        today, _ = practice_day(conn)
        late = conn.execute(
            "SELECT p.login FROM app.person p LEFT JOIN app.training_record t "
            "ON t.person_id = p.id GROUP BY p.login "
            "HAVING coalesce(max(t.expires_on), '-infinity') < %s",
            [today + _SOON],
        ).fetchall()
        authorized = conn.execute(
            "SELECT FROM app.caller_id_authorization WHERE valid @> %s::date",
            [today + _SOON],
        ).fetchone()
    for (login,) in late:
        train(conninfo, login, today)
    if authorized is None:
        authorize_caller_id(conninfo, *CALLER_ID_LETTER)
    if not moved:
        return None
    local = (now + offset).astimezone(ZONE)
    return f"{local:%A, %B} {local.day}, {local:%H:%M}"


def train(conninfo: str, login: str, today: date) -> None:
    """Record the yearly training of somebody who did it two months ago."""
    record_training(
        conninfo,
        login,
        *_CURRICULUM,
        completed=today - timedelta(days=60),
        expires=today + _TRAINED_FOR,
    )


def set_offset(conn: Admin, offset: timedelta) -> None:
    """Set the practice's clock; inside ``as_owner``. The database refuses to go back."""
    conn.execute("UPDATE app.practice SET clock_offset = %s", [offset])


def holidays(conn: Admin) -> frozenset[date]:
    """Return the days on which the practice is closed; inside ``as_owner``."""
    rows = conn.execute("SELECT day FROM app.holiday WHERE jurisdiction = 'US'").fetchall()
    return frozenset(day for (day,) in rows)
