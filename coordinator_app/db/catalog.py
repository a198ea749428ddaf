"""What a database of this schema looks like in the system catalog, and what has drifted from it.

``resources/sql/catalog.txt`` holds one line a function and a table: owner, rights, policies,
triggers. tests/db/test_catalog.py writes it; doctor compares a practice's database with it, and
the bodies of the functions with the files that they came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import resources

if TYPE_CHECKING:
    import psycopg

FILE = "sql/catalog.txt"
OURS = "n.nspname IN ('app', 'api', 'audit')"
_FUNCTION = re.compile(
    r"CREATE OR REPLACE (FUNCTION|PROCEDURE) (\w+\.\w+)\(.*?\bAS \$\$(.*?)\$\$;", re.DOTALL
)
_FUNCTIONS = (
    "SELECT format('function %s returns %s | %s | %s | %s | execute: %s', "
    "p.oid::regprocedure, pg_get_function_result(p.oid), "
    "CASE p.prokind WHEN 'p' THEN 'procedure' ELSE "
    "CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' "
    "ELSE 'volatile' END END, "
    "CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END, pg_get_userbyid(p.proowner), "
    "coalesce((SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' "
    "ELSE a.grantee::regrole::text END, ', ' ORDER BY 1) FROM aclexplode(p.proacl) a "
    "WHERE a.grantee <> p.proowner), CASE WHEN p.proacl IS NULL THEN 'PUBLIC' ELSE '-' END)) "
    "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
    "WHERE n.nspname IN ('app', 'api', 'audit')"
)
_TABLES = (
    "SELECT format('table %s | %s | rights: %s | policies: %s | triggers: %s', "
    "c.oid::regclass, "
    "pg_get_userbyid(c.relowner), coalesce((SELECT string_agg(a.grantee::regrole::text || ' ' "
    "|| a.privilege_type, ', ') FROM aclexplode(c.relacl) a "
    "WHERE a.grantee <> c.relowner), '-'),"
    "(SELECT string_agg(format('%s for %s to %s', p.polname, p.polcmd, (SELECT string_agg("
    "r::regrole::text, ', ') FROM unnest(p.polroles) r)), '; ') FROM pg_policy p "
    "WHERE p.polrelid = c.oid), coalesce((SELECT string_agg(t.tgname, ', ' ORDER BY t.tgname) "
    "FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), '-')) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname IN ('app', 'api', 'audit') "
    # Which months have a partition depends on the day; that all are closed is tested elsewhere.
    "AND c.relkind IN ('r', 'p', 'v') "
    "AND NOT (c.relispartition AND c.relname <> 'call_default')"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A function as its file has it. ``head`` ends before AS."""

    file: str
    name: str
    head: str
    body: str


def catalog_lines(conn: psycopg.Connection[Any]) -> list[str]:
    """Return the lines of this database, sorted. Its search_path must be pg_catalog alone."""
    rows = [*conn.execute(_FUNCTIONS).fetchall(), *conn.execute(_TABLES).fetchall()]
    return sorted(line for (line,) in rows)


def shipped_lines() -> list[str]:
    """Return the lines that this program's schema has."""
    return resources.text(FILE).splitlines()


def drift(conn: psycopg.Connection[Any]) -> tuple[list[str], list[str]]:
    """Return the lines that are missing here, and those that should not be here."""
    here, shipped = set(catalog_lines(conn)), set(shipped_lines())
    return sorted(shipped - here), sorted(here - shipped)


def sources() -> list[Source]:
    """Every function in this program's SQL files."""
    found = []
    for path in sorted((resources.path("sql")).glob("*/*.sql")):
        if path.parent.name == "demo":
            continue
        text = path.read_text("utf-8").replace("CREATE PROCEDURE", "CREATE OR REPLACE PROCEDURE")
        for match in _FUNCTION.finditer(text):
            head = match[0][: match[0].index("AS $$")]
            found.append(Source(path.name, match[2], head, match[3]))
    return found


def changed_bodies(conn: psycopg.Connection[Any]) -> list[str]:
    """Return the functions whose text is not the one of the files, by name."""
    shipped = {(one.name, one.body) for one in sources()}
    rows = conn.execute(
        "SELECT n.nspname || '.' || p.proname, p.prosrc FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname IN ('app', 'api', 'audit')"
    ).fetchall()
    return sorted({name for name, body in rows if (name, body) not in shipped})


def unpinned(conn: psycopg.Connection[Any]) -> list[str]:
    """Return the functions that would look names up where their caller says."""
    rows = conn.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ('app', 'api', 'audit') "
        "AND 'search_path=pg_catalog, pg_temp' <> ALL(coalesce(p.proconfig, '{}')) ORDER BY 1"
    ).fetchall()
    return [name for (name,) in rows]


def strange_rights(conn: psycopg.Connection[Any]) -> list[str]:
    """Return columns, sequences and schemas on which somebody has a right that none should have."""
    rows = conn.execute(
        "SELECT format('column %s.%s', a.attrelid::regclass, a.attname) FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('app', 'api', 'audit') AND EXISTS (SELECT FROM "
        "aclexplode(a.attacl) x WHERE x.grantee <> c.relowner) "
        "UNION ALL SELECT format('sequence %s', c.oid::regclass) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'api', 'audit') "
        "AND c.relkind = 'S' AND EXISTS (SELECT FROM aclexplode(c.relacl) x "
        "WHERE x.grantee <> c.relowner) "
        "UNION ALL SELECT format('schema %s', n.nspname) FROM pg_namespace n "
        "WHERE n.nspname IN ('app', 'api', 'audit') AND EXISTS (SELECT FROM "
        "aclexplode(n.nspacl) x WHERE x.grantee <> n.nspowner AND (x.privilege_type = 'CREATE' "
        "OR n.nspname <> 'api' AND x.grantee::regrole::text NOT IN ('app_owner', 'audit_owner'))) "
        "ORDER BY 1"
    ).fetchall()
    return [name for (name,) in rows]
