"""``coordinator-admin doctor``: what is wrong with a practice's database, and the remedy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from coordinator_app.db import catalog
from coordinator_app.db.admin_session import (
    as_auditor,
    as_owner,
    connect_admin,
    practice_day,
    value,
)
from coordinator_app.db.doctor_line import ear_checks, line_checks
from coordinator_app.db.doctor_server import Check, server_checks
from coordinator_app.db.migrate import program_schema
from coordinator_app.db.roles import GROUPS, OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from coordinator_app.db.admin_session import Admin

_SHOWN = 5  # names in one sentence
_SOON = timedelta(days=30)
_HOLIDAYS = timedelta(days=365)
_BACKUP_HOURS = 26
_UPGRADE = "coordinator-admin upgrade"
_MEND = (
    f"{_UPGRADE}; what is still named after it was added by somebody: find out by whom, then "
    "REVOKE or DROP it."
)


def examine(conninfo: str) -> tuple[Check, ...]:
    """Look at everything.

    Raises ConfigurationError when there is no practice, and the errors of connecting.
    """
    with connect_admin(conninfo) as conn:
        with as_owner(conn):
            today, _ = practice_day(conn)
            schema = value(conn, "SELECT max(number) FROM app.migration")
        checks = [*server_checks(conn), _schema(schema)]
        checks += [*_catalog(conn), *_roles(conn), _long_transactions(conn), _timeouts(conn)]
        with as_owner(conn):
            checks += [*_rules(conn, today), *_people(conn, today), *_papers(conn, today)]
            checks += [*line_checks(conn), *ear_checks(conn)]
        with as_auditor(conn):
            checks += [*_backups(conn), *_anchors(conn)]
    return tuple(checks)


# ----------------------------------------------------------------------------- schema and roles


def _schema(number: int) -> Check:
    shipped = program_schema()
    if number != shipped:
        return Check("fail", f"The schema is {number}, this program's is {shipped}.", _UPGRADE)
    return Check("ok", f"The schema is {number}, as this program has it.")


def _catalog(conn: Admin) -> Iterator[Check]:
    with conn.transaction():
        conn.execute("SET LOCAL search_path = pg_catalog")
        missing, strange = catalog.drift(conn)
        bodies = catalog.changed_bodies(conn)
        rights = catalog.strange_rights(conn)
        unpinned = catalog.unpinned(conn)
        off = [
            row[0]
            for row in conn.execute(
                "SELECT format('%s on %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t "
                "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = "
                "c.relnamespace WHERE n.nspname IN ('app', 'audit') AND NOT t.tgisinternal "
                "AND t.tgenabled <> 'O' UNION ALL "
                "SELECT format('row security of %s', c.oid::regclass) FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('app', 'audit') "
                "AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
            )
        ]
    lines = [line.split(" returns ")[0].split(" | ")[0] for line in (*missing, *strange)]
    yield _drifted("Functions, tables and rights", [*dict.fromkeys([*lines, *rights])])
    yield _drifted("The texts of functions", bodies)
    yield _drifted("The settings of functions", unpinned)
    if off:
        yield Check(
            "fail",
            f"Protection was switched off: {_some(off)}.",
            "ALTER TABLE … ENABLE TRIGGER …, ALTER TABLE … FORCE ROW LEVEL SECURITY; find out who "
            "did it (coordinator-admin verify-audit).",
        )
    else:
        yield Check("ok", "Triggers and row-level security are on everywhere.")


def _drifted(what: str, names: list[str]) -> Check:
    if names:
        return Check("fail", f"{what} differ from the shipped ones: {_some(names)}.", _MEND)
    return Check("ok", f"{what} are the shipped ones.")


def _roles(conn: Admin) -> Iterator[Check]:
    too_much = _names(
        conn,
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolcanlogin OR rolsuper OR "
        "rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication) ORDER BY 1",
        [*OWNERS, *GROUPS],
    )
    owners = _names(
        conn,
        "SELECT DISTINCT m.member::regrole::text FROM pg_auth_members m JOIN pg_roles r "
        "ON r.oid = m.member WHERE m.roleid::regrole::text = ANY(%s) AND NOT r.rolcreaterole "
        "AND NOT r.rolsuper ORDER BY 1",
        list(OWNERS),
    )
    with as_owner(conn):
        people = [login for (login,) in conn.execute("SELECT login FROM app.person")]
    # A login with the server's own rights reads tables past every function of the API.
    people = _names(
        conn,
        "SELECT r.rolname FROM pg_roles r WHERE (r.rolname = ANY(%s) OR EXISTS (SELECT FROM "
        "pg_auth_members g WHERE g.member = r.oid AND g.roleid::regrole::text = 'gateway') "
        "AND NOT r.rolcreaterole AND NOT r.rolsuper) AND (r.rolsuper OR r.rolbypassrls "
        "OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR EXISTS (SELECT FROM "
        "pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid WHERE m.member = r.oid "
        "AND o.rolname <> ALL(%s))) ORDER BY 1",
        people,
        list(GROUPS),
    )
    bad = [*dict.fromkeys([*too_much, *owners, *people])]
    if bad:
        yield Check(
            "fail",
            f"Roles have rights that they should not have: {_some(bad)}.",
            "ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION; REVOKE "
            "every role but the person's own group FROM …; the practice's groups and owners are "
            "NOLOGIN, too.",
        )
    else:
        yield Check("ok", "Roles and people's logins have no right beyond their own.")
    public = _names(
        conn,
        "SELECT a.privilege_type FROM pg_database d, aclexplode(coalesce(d.datacl, "
        "acldefault('d', d.datdba))) a WHERE d.datname = current_database() AND a.grantee = 0 "
        "AND %s::text[] IS NOT NULL ORDER BY 1",
        [],
    )
    if public:
        yield Check(
            "fail",
            f"Every login of the server has rights on this database ({', '.join(public)}).",
            f'REVOKE ALL ON DATABASE "{conn.info.dbname}" FROM PUBLIC;',
        )
    else:
        yield Check("ok", "Only the practice's groups may connect.")


def _long_transactions(conn: Admin) -> Check:
    found = _names(
        conn,
        "SELECT format('%%s (process %%s)', usename, pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND xact_start < clock_timestamp() - interval '1 hour' "
        "AND %s::text[] IS NOT NULL ORDER BY xact_start",
        [],
    )
    if found:
        return Check(
            "warn",
            f"Transactions are open for more than an hour: {_some(found)}.",
            "SELECT pg_terminate_backend(PROCESS);",
        )
    return Check("ok", "No transaction is open for long.")


def _timeouts(conn: Admin) -> Check:
    with as_owner(conn):
        logins = [row[0] for row in conn.execute("SELECT login FROM app.person WHERE active")]
    lacking = _names(
        conn,
        "SELECT r.rolname FROM pg_roles r WHERE r.rolname = ANY(%s) AND (SELECT count(*) "
        "FROM pg_db_role_setting s, unnest(s.setconfig) AS c WHERE s.setrole = r.oid AND ("
        "c LIKE 'idle_session_timeout=%%' OR c LIKE 'idle_in_transaction_session_timeout=%%')) < 2 "
        "ORDER BY 1",
        logins,
    )
    if lacking:
        return Check("fail", f"Sessions of these logins never end: {_some(lacking)}.", _UPGRADE)
    return Check("ok", "Everybody's idle sessions end by themselves.")


# ----------------------------------------------------------------------------------- the practice


def _rules(conn: Admin, today: date) -> Iterator[Check]:
    last = value(conn, "SELECT max(day) FROM app.holiday")
    remedy = "coordinator-admin rules load PACK, with the holidays of the next years"
    if last is None or last < today:
        yield Check("fail", "The table of holidays has ended.", remedy)
    elif last < today + _HOLIDAYS:
        yield Check("warn", f"The table of holidays ends on {last}.", remedy)
    else:
        yield Check("ok", f"Holidays are known until {last}.")
    sealed, now = conn.execute(
        "SELECT (SELECT r.content_hash FROM app.rule_pack r "
        "ORDER BY r.effective_from DESC, r.loaded_at DESC LIMIT 1), app.rule_content_hash()"
    ).fetchone() or ("", "")
    if not sealed:
        yield Check(
            "warn",
            "The rule pack is not sealed: a changed rule would not be noticed.",
            _UPGRADE,
        )
    elif sealed != now:
        yield Check(
            "fail",
            "Rule rows differ from the pack that was loaded.",
            "coordinator-admin rules list: find the row that nobody here decided, and who changed "
            "it; then coordinator-admin rules set (or load) puts it right and seals the rules.",
        )
    else:
        yield Check("ok", "The rules are those of the pack that was loaded.")


def _people(conn: Admin, today: date) -> Iterator[Check]:
    rows = conn.execute(
        "SELECT p.login, max(t.expires_on) FROM app.person p LEFT JOIN app.training_record t "
        "ON t.person_id = p.id WHERE p.active GROUP BY p.login "
        "HAVING max(t.expires_on) IS NULL OR max(t.expires_on) < %s ORDER BY 2 NULLS FIRST, 1",
        [today + _SOON],
    ).fetchall()
    if rows:
        told = [f"{login} ({'never trained' if day is None else day})" for login, day in rows]
        yield Check(
            "warn",
            f"Trainings have expired or expire within {_SOON.days} days: {_some(told)}.",
            "coordinator-admin user train LOGIN --expires DATE",
        )
    else:
        yield Check("ok", "Everybody's training is valid.")
    strays = _names(
        conn,
        "SELECT DISTINCT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
        "WHERE m.roleid::regrole::text = ANY(%s) AND m.roleid::regrole::text <> 'gateway' "
        "AND r.rolcanlogin AND NOT r.rolcreaterole AND NOT r.rolsuper "
        "AND r.rolname NOT IN (SELECT p.login FROM app.person p) ORDER BY 1",
        list(GROUPS),
    )
    if strays:
        yield Check(
            "warn",
            f"Logins are in a group and are no person of this practice: {_some(strays)}. That is "
            "right only when they work for another practice on this server.",
            "DROP ROLE …; if nobody knows them",
        )


def _papers(conn: Admin, today: date) -> Iterator[Check]:
    demo = value(conn, "SELECT is_demo FROM app.practice")
    shown = value(
        conn,
        "SELECT max(coalesce(upper(a.valid), '9999-12-31')) FROM app.caller_id_authorization a, "
        "app.practice p WHERE a.e164 = p.office_number AND a.valid @> %s::date",
        today,
    )
    yield _paper(
        "The authorization to show the office number",
        shown,
        today,
        "coordinator-admin caller-id authorize --signed-by NAME --evidence WHERE",
    )
    if not demo:
        signed = value(
            conn,
            "SELECT max(coalesce(upper(a.valid), '9999-12-31')) FROM app.agreement a "
            "WHERE a.kind = 'carrier' AND a.valid @> %s::date",
            today,
        )
        yield _paper(
            "The agreement with the phone carrier",
            signed,
            today,
            "coordinator-admin agreement sign carrier --vendor … --signed-by … --evidence …",
        )


def _paper(what: str, until: date | None, today: date, remedy: str) -> Check:
    if until is None:
        return Check("fail", f"{what} is missing: no call can be placed.", remedy)
    if until < today + _SOON:
        return Check("warn", f"{what} ends on {until}.", remedy)
    return Check("ok", f"{what} is on file.")


# -------------------------------------------------------------------------------------- the audit


def _backups(conn: Admin) -> Iterator[Check]:
    at = value(
        conn,
        "SELECT to_timestamp(e.at_us / 1000000) FROM audit.event e WHERE e.action = 'backup' "
        "ORDER BY e.at_us DESC LIMIT 1",
    )
    remedy = "coordinator-admin backup DIR, every night, to another computer"
    if at is None:
        yield Check("fail", "There is no backup.", remedy)
    else:
        hours = _hours(conn, at)
        late = hours > _BACKUP_HOURS
        said = f"The last backup is {hours:.0f} hours old."
        yield Check("warn" if late else "ok", said, remedy if late else "")


def _anchors(conn: Admin) -> Iterator[Check]:
    row = conn.execute(
        "SELECT a.at, s.anchor_id IS NOT NULL FROM audit.anchor a LEFT JOIN "
        "audit.anchor_signature s ON s.anchor_id = a.id ORDER BY a.id DESC LIMIT 1"
    ).fetchone()
    remedy = "Start the gateway: it makes and signs an anchor a day (docs/administrator.md)."
    if row is None:
        yield Check("warn", "The audit has no anchor yet.", remedy)
        return
    hours = _hours(conn, row[0])
    if hours > _BACKUP_HOURS:
        yield Check("fail", f"The newest anchor of the audit is {hours:.0f} hours old.", remedy)
    elif not row[1]:
        yield Check("warn", "The newest anchor of the audit is not signed.", remedy)
    else:
        yield Check("ok", f"The newest anchor of the audit is {hours:.0f} hours old and signed.")


def _hours(conn: Admin, at: datetime) -> float:
    """How old this is by the practice's time, which is what the audit was written in."""
    newest = value(
        conn,
        "SELECT greatest(clock_timestamp(), to_timestamp(max(at_us) / 1000000)) FROM audit.event",
    )
    return float((newest - at).total_seconds()) / 3600


# ------------------------------------------------------------------------------------------ small


def _names(conn: Admin, statement: str, *names: list[str]) -> list[str]:
    """First column of a question about these names."""
    return [str(row[0]) for row in conn.execute(statement.encode(), names)]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
