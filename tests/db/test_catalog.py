"""The system catalog proves what the design promises, for every table and function there is."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import resources
from coordinator_app.db import catalog as catalog_file
from coordinator_app.db.catalog import OURS
from tests.helpers.postgres import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.postgres import TestServer

SNAPSHOT = resources.path() / catalog_file.FILE
UPDATE = "CC_UPDATE_SNAPSHOTS"  # =1 writes the snapshot anew; read the difference before a commit
PEOPLE = ("coordinator", "supervisor", "clinician", "administrator", "auditor", "gateway")


@pytest.fixture(scope="module")
def catalog(migrated_server: TestServer) -> Iterator[psycopg.Connection[Any]]:
    # The template itself: a copy of a database does not get the rights on the database.
    conninfo = migrated_server.database(TEMPLATE).conninfo
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET search_path = pg_catalog")
        yield connection


def rows(catalog: psycopg.Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    return catalog.execute(statement.encode()).fetchall()


def test_every_table_has_row_level_security_enabled_and_forced(
    catalog: psycopg.Connection[Any],
) -> None:
    found = rows(
        catalog,
        "SELECT c.oid::regclass::text, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND c.relkind IN ('r', 'p')",
    )
    assert len(found) > 40
    assert [name for name, closed in found if not closed] == []
    assert any(name.startswith("app.call_2") for name, _ in found), "partitions too"


def test_every_table_has_a_policy_and_none_for_people(catalog: psycopg.Connection[Any]) -> None:
    found = rows(
        catalog,
        "SELECT c.oid::regclass::text, array(SELECT pg_get_userbyid(r) FROM pg_policy p, "
        "unnest(p.polroles) r WHERE p.polrelid = c.oid) FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND c.relkind IN ('r', 'p')",
    )
    for table, roles in found:
        owner = "audit_owner" if table.startswith("audit.") else "app_owner"
        assert roles == [owner], table


def test_there_is_no_view_that_would_need_a_wall_of_its_own(
    catalog: psycopg.Connection[Any],
) -> None:
    found = rows(
        catalog,
        "SELECT c.oid::regclass::text, coalesce(c.reloptions, '{}') FROM pg_class c JOIN "
        f"pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND c.relkind IN ('v', 'm', 'f')",
    )
    for view, options in found:
        assert {"security_invoker=true", "security_barrier=true"} <= set(options), view


def test_nobody_but_the_owner_has_a_right_on_a_table_a_sequence_or_a_schema(
    catalog: psycopg.Connection[Any],
) -> None:
    strangers = rows(
        catalog,
        "SELECT c.oid::regclass::text, a.grantee::regrole::text, a.privilege_type FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a "
        f"WHERE {OURS} AND a.grantee <> c.relowner",
    )
    assert strangers == []
    columns = rows(
        catalog,
        "SELECT c.oid::regclass::text FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND t.attacl IS NOT NULL",
    )
    assert columns == []
    schemas = rows(
        catalog,
        "SELECT n.nspname::text, a.grantee::regrole::text, a.privilege_type FROM pg_namespace n, "
        f"aclexplode(n.nspacl) a WHERE ({OURS} OR n.nspname = 'public') "
        "AND a.grantee <> n.nspowner ORDER BY 1, 2, 3",
    )
    assert schemas == [
        *(("api", role, "USAGE") for role in sorted(PEOPLE)),
        ("app", "audit_owner", "USAGE"),
        ("audit", "app_owner", "USAGE"),
        ("public", "app_owner", "USAGE"),
    ]


def test_the_database_lets_only_the_groups_connect_and_nobody_make_temporary_tables(
    catalog: psycopg.Connection[Any],
) -> None:
    found = rows(
        catalog,
        "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, "
        "a.privilege_type FROM pg_database d, aclexplode(d.datacl) a "
        "WHERE d.datname = current_database() AND a.grantee <> d.datdba",
    )
    assert {role for role, right in found if right == "CONNECT"} == set(PEOPLE)
    assert [role for role, right in found if right == "TEMPORARY"] == []
    assert {role for role, right in found if right == "CREATE"} == {"app_owner", "audit_owner"}


def test_nobody_keeps_large_objects(catalog: psycopg.Connection[Any]) -> None:
    for function in ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)"):
        for role in PEOPLE:
            found = rows(
                catalog, f"SELECT has_function_privilege('{role}', '{function}', 'EXECUTE')"
            )
            assert found == [(False,)], (role, function)


def test_every_function_pins_its_search_path(catalog: psycopg.Connection[Any]) -> None:
    found = rows(
        catalog,
        "SELECT p.oid::regprocedure::text, p.proconfig FROM pg_proc p "
        f"JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}",
    )
    assert len(found) > 100
    wrong = [f for f, config in found if "search_path=pg_catalog, pg_temp" not in (config or ())]
    assert wrong == []


def test_every_door_keeps_settings_of_the_session_outside(
    catalog: psycopg.Connection[Any],
) -> None:
    found = rows(
        catalog,
        "SELECT p.proname::text, p.proconfig FROM pg_proc p "
        "WHERE p.pronamespace = 'api'::regnamespace",
    )
    kept = {
        "search_path=pg_catalog, pg_temp",
        "standard_conforming_strings=on",
        "transform_null_equals=off",
        "array_nulls=on",
        "TimeZone=UTC",
        "DateStyle=ISO, MDY",
        "debug_print_parse=off",
        "debug_print_rewritten=off",
        "debug_print_plan=off",
    }
    assert [name for name, config in found if set(config) != kept] == []


def test_only_the_api_and_the_audits_doors_are_definers(
    catalog: psycopg.Connection[Any],
) -> None:
    found = rows(
        catalog,
        "SELECT p.oid::regprocedure::text, n.nspname::text, p.prosecdef, "
        "pg_get_userbyid(p.proowner)::text FROM pg_proc p "
        f"JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}",
    )
    for function, schema, definer, owner in found:
        assert owner == ("audit_owner" if schema == "audit" else "app_owner"), function
        if schema == "api":
            assert definer, function
        if schema == "app":
            assert not definer, function
    doors = {
        f.partition("(")[0] for f, schema, definer, _ in found if schema == "audit" and definer
    }
    assert doors == {
        "audit.append",
        "audit.has_receipt",
        "audit.last_anchor_at",
        "audit.make_anchor",
        "audit.purge",
        "audit.reads_between",
        "audit.reads_of",
        "audit.receipt",
        "audit.sign_anchor",
        "audit.unsigned_anchors",
    }


def test_owners_and_groups_cannot_log_in_or_pass_row_level_security(
    catalog: psycopg.Connection[Any],
) -> None:
    names = ", ".join(f"'{name}'" for name in (*PEOPLE, "app_owner", "audit_owner"))
    found = rows(
        catalog,
        "SELECT rolname FROM pg_roles WHERE rolname IN (" + names + ") AND (rolcanlogin OR "
        "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
    )
    assert found == []
    between = rows(
        catalog,
        "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members "
        f"WHERE member::regrole::text IN ({names})",
    )
    # Only so does PostgreSQL let the owner see when a person's connection was made, and end it.
    assert {member for _, member in between} <= {"app_owner"}
    strong = rows(
        catalog,
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
        "WHERE m.member = 'app_owner'::regrole AND (NOT r.rolcanlogin OR r.rolsuper OR "
        "r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication)",
    )
    assert strong == []


def test_trigger_functions_of_ours_are_the_only_triggers_and_all_are_on(
    catalog: psycopg.Connection[Any],
) -> None:
    off = rows(
        catalog,
        "SELECT t.tgrelid::regclass::text, t.tgname::text FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE {OURS} AND NOT t.tgisinternal AND t.tgenabled <> 'O'",
    )
    assert off == []


def test_the_catalog_is_the_written_one(catalog: psycopg.Connection[Any]) -> None:
    now = "\n".join(catalog_file.catalog_lines(catalog)) + "\n"
    if os.environ.get(UPDATE) == "1":
        SNAPSHOT.write_text(now, "utf-8")
    kept = SNAPSHOT.read_text("utf-8")
    gone = sorted(set(kept.splitlines()) - set(now.splitlines()))
    new = sorted(set(now.splitlines()) - set(kept.splitlines()))
    assert (gone, new) == ([], []), f"If this is meant: {UPDATE}=1, and read the difference."


# ---------------------------------------------------------------------------- the source itself


SOURCES = [(one.file, one.name, one.head, one.body) for one in catalog_file.sources()]


def test_the_lint_sees_every_function(catalog: psycopg.Connection[Any]) -> None:
    found = rows(
        catalog,
        "SELECT DISTINCT n.nspname || '.' || p.proname FROM pg_proc p "
        f"JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}",
    )
    assert {name for (name,) in found} == {name for _, name, _, _ in SOURCES}


def test_volatility_is_stated_in_the_source() -> None:
    unsaid = [
        f"{file}: {name}"
        for file, name, head, _ in SOURCES
        if "PROCEDURE" not in head and not re.search(r"\b(VOLATILE|STABLE|IMMUTABLE)\b", head)
    ]
    assert unsaid == []


def test_every_head_pins_the_path_in_the_same_words() -> None:
    pin = "SET search_path = pg_catalog, pg_temp"
    assert [f"{file}: {name}" for file, name, head, _ in SOURCES if pin not in head] == []


def test_every_object_a_function_names_is_qualified(catalog: psycopg.Connection[Any]) -> None:
    """A bare name of a table or function of ours would be looked for in a path of its own."""
    tables = {
        name
        for (name,) in rows(
            catalog,
            f"SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE {OURS} AND c.relkind IN ('r', 'p', 'v')",
        )
    }
    functions = {name.partition(".")[2] for _, name, _, _ in SOURCES}
    wrong = []
    for file, name, _, body in SOURCES:
        code = re.sub(r"--[^\n]*", "", re.sub(r"'(?:[^']|'')*'", "''", body))
        ctes = set(re.findall(r"\b(\w+) (?:\([\w, ]+\) )?AS (?:MATERIALIZED )?\(", code))
        read = re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE) (?:ONLY )?(\w+)\b(?!\.)", code)
        called = re.findall(r"(?<![\w.])(\w+)\(", code)
        wrong += [f"{file}: {name}: table {word}" for word in read if word in tables - ctes]
        wrong += [f"{file}: {name}: function {word}" for word in called if word in functions]
    assert wrong == []


def test_no_function_assembles_sql_from_what_it_was_given() -> None:
    # EXECUTE stands only where a table is made or closed, never near an argument of a person.
    users = {name for _, name, _, body in SOURCES if re.search(r"\bEXECUTE\b", body)}
    assert users == {"app.protect", "app.ensure_call_partitions", "app.make_meters"}
