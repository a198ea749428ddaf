"""``coordinator-admin upgrade``: the schema, and what stands outside it on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.admin_people import limit_login
from coordinator_app.db.admin_session import as_owner, connect_admin
from coordinator_app.db.migrate import migrate

if TYPE_CHECKING:
    from coordinator_app.db.migrate import MigrationReport

_KNOWS_SEALS = (
    "SELECT pg_catalog.to_regprocedure('app.rule_content_hash()') IS NOT NULL AND "
    "pg_catalog.to_regprocedure('app.seal_rules(text)') IS NOT NULL"
)
_INTACT = (
    "SELECT coalesce((SELECT r.content_hash IN ('', app.rule_content_hash()) FROM app.rule_pack r "
    "ORDER BY r.effective_from DESC, r.loaded_at DESC LIMIT 1), true)"
)


def upgrade(conninfo: str) -> MigrationReport:
    """Bring the schema up to date, seal the rules that it brought, limit everybody's sessions.

    Rules that differ from their seal before stay unsealed: doctor goes on saying so.
    Raises as ``migrate``.
    """
    intact = _rules_intact(conninfo)
    report = migrate(conninfo)
    if intact:
        seal_rules(conninfo, f"schema {report.schema}")
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            rows = conn.execute(
                "SELECT p.login FROM app.person p JOIN pg_catalog.pg_roles r ON r.rolname = p.login"
            ).fetchall()
        for (login,) in rows:
            limit_login(conn, login)
    return report


def seal_rules(conninfo: str, note: str) -> None:
    """Write down that the rule rows of now are the ones that count."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        conn.execute("SELECT app.seal_rules(%s)", [note])


def _rules_intact(conninfo: str) -> bool:
    with connect_admin(conninfo) as conn:
        if conn.execute(_KNOWS_SEALS).fetchone() != (True,):
            return True
        with as_owner(conn):
            return conn.execute(_INTACT).fetchone() == (True,)
