"""What a person may do besides signing in: languages, scripts, campaigns; what a role needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.admin_people import audit_person, person_id
from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.domain.person import CredentialKind
from coordinator_app.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin
    from coordinator_app.domain.person import Role


def certify(
    conninfo: str, login: str, kind: CredentialKind, name: str, *, expires: date, evidence: str
) -> None:
    """Record that a person may speak a language with patients, or use a script.

    Raises RefusedError for a day that is past, and for a script that no campaign has.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        if expires <= today:
            raise RefusedError("The day it expires is past. Check the date.", name="bad_dates")
        if kind is CredentialKind.SCRIPT:
            known = {script for (script,) in conn.execute("SELECT script FROM app.campaign")}
            if name not in known:
                raise RefusedError(
                    f"No campaign uses a script named {name}. Those in use: "
                    f"{', '.join(sorted(known)) or 'none'}.",
                    name="no_such_script",
                )
        conn.execute(
            "INSERT INTO app.credential (person_id, kind, name, granted_on, expires_on, evidence) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [person_id(conn, login), kind.value, name, today, expires, evidence],
        )
        audit_person(
            conn, "person.certify", login, kind=kind.value, name=name, expires=expires.isoformat()
        )


def assign(conninfo: str, login: str, campaign: str) -> bool:
    """Let a person work a campaign that is for some people only; False when they could."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute(
            "INSERT INTO app.assignment (person_id, campaign_id, since) VALUES (%s, %s, app.now()) "
            "ON CONFLICT DO NOTHING RETURNING 1",
            [person_id(conn, login), _campaign(conn, campaign)],
        ).fetchone()
        if row is not None:
            audit_person(conn, "person.assign", login, campaign=campaign)
    return row is not None


def unassign(conninfo: str, login: str, campaign: str) -> bool:
    """Take a campaign from a person; False when they did not have it."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute(
            "UPDATE app.assignment SET until = greatest(app.now(), since) "
            "WHERE person_id = %s AND campaign_id = %s AND until IS NULL RETURNING 1",
            [person_id(conn, login), _campaign(conn, campaign)],
        ).fetchone()
        if row is not None:
            audit_person(conn, "person.unassign", login, campaign=campaign)
    return row is not None


def require_training(conninfo: str, role: Role, curriculum: str, version: str) -> int:
    """Let a role need a training from today on; returns how many active people lack it now.

    ``version``: "" takes any. A second time on one day replaces the first.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        conn.execute(
            "INSERT INTO app.required_training AS q (role, curriculum, version, effective_from) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (role, curriculum, effective_from) "
            "DO UPDATE SET version = excluded.version, effective_until = NULL",
            [role.value, curriculum, version, today],
        )
        row = conn.execute(
            "SELECT count(*) FROM app.person p WHERE p.role = %s AND p.active "
            "AND app.training_problem(p, app.now()) ->> 'curriculum' = %s",
            [role.value, curriculum],
        ).fetchone()
    return int(row[0]) if row else 0


def release_training(conninfo: str, role: Role, curriculum: str) -> bool:
    """Let a role need a training no longer; False when it did not."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        row = conn.execute(
            "UPDATE app.required_training SET effective_until = greatest(%s, effective_from) "
            "WHERE role = %s AND curriculum = %s AND effective_until IS NULL RETURNING 1",
            [today, role.value, curriculum],
        ).fetchone()
    return row is not None


def _campaign(conn: Admin, name: str) -> UUID:
    row = conn.execute("SELECT id FROM app.campaign WHERE name = %s", [name]).fetchone()
    if row is None:
        raise ConfigurationError(
            f"There is no campaign named {name}. See coordinator-admin campaign list.",
            name="no_such_campaign",
        )
    found: UUID = row[0]
    return found
