"""``coordinator-admin upgrade``: the schema, and what stands outside it on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.admin_people import limit_login
from coordinator_app.db.admin_session import as_owner, connect_admin
from coordinator_app.db.migrate import migrate
from coordinator_app.db.roles import OWNERS

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
# The shipped rights on tables and sequences are none at all: whatever is there was added.
_NO_TABLE_RIGHTS = """
DO $$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN
        SELECT DISTINCT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
            c.oid::regclass AS name,
            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid AND t.attacl IS NOT NULL
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl || t.attacl) a
        WHERE n.nspname IN ('app', 'api', 'audit') AND c.relkind IN ('r', 'p', 'v', 'S')
            AND c.relowner = current_user::regrole AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE',
            v_row.kind, v_row.name, v_row.grantee);
    END LOOP;
END
$$;
"""


def upgrade(conninfo: str) -> MigrationReport:
    """Bring the schema up to date, seal the rules that it brought, limit everybody's sessions,
    take back rights on tables.

    Rules that differ from their seal before stay unsealed: doctor goes on saying so.
    Raises as ``migrate``.
    """
    intact = _rules_intact(conninfo)
    report = migrate(conninfo)
    if intact:
        seal_rules(conninfo, f"schema {report.schema}")
    with connect_admin(conninfo) as conn:
        for owner in OWNERS:
            with conn.transaction():
                conn.execute(f"SET LOCAL ROLE {owner}".encode())
                conn.execute(_NO_TABLE_RIGHTS)
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
