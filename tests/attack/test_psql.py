# ruff: noqa: E501  an attempt is one line
"""What somebody with a login and ``psql`` could try. Adding an attempt is one line.

An attempt is (who, what is typed, the SQLSTATEs that may answer). ``{…}`` stands for ids of
somebody else's patient, call, hold and callback, see ``loot``. ``OK`` means that the server answers, and that
nothing of a patient is in the answer.
"""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.helpers.db_practice import (
    Party,
    connect,
    op,
    open_doors,
    open_practice,
    practice_template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import TestServer

OK = "allowed"
NO = "42501"  # insufficient privilege
NONE = "42P01 42883 42704 3F000 42703"  # there is no such thing to be seen
C, S, CLI, ADM, AUD, GW, ANY = "c2", "sup", "cli", "adm", "aud", "gw", "nobody"
ID = "'00000000-0000-0000-0000-000000000001'"
SECRETS = (
    "Zyx",
    "1970-01",
    "01/01/1970",
    "47110",
    "02110",
    "Elm St",
    "@example.org",
    "likes mornings",
)

ATTEMPTS: tuple[tuple[str, str, str], ...] = (
    # ---- reading tables
    (C, "SELECT * FROM app.patient", NO),
    (C, "SELECT count(*) FROM app.patient", NO),
    (C, "SELECT family FROM app.patient WHERE id = '{patient}'", NO),
    (C, "TABLE app.call", NO),
    (C, "SELECT * FROM app.call_default", NO),
    (C, "SELECT * FROM audit.event", NO),
    (C, "SELECT * FROM app.practice", NO),
    (S, "SELECT * FROM app.patient", NO),
    (CLI, "SELECT * FROM app.encounter", NO),
    (ADM, "SELECT * FROM app.person", NO),
    (AUD, "SELECT * FROM audit.event", NO),
    (AUD, "SELECT * FROM app.call", NO),
    (GW, "SELECT * FROM app.patient_telecom", NO),
    (GW, "SELECT * FROM app.call", NO),
    (ANY, "SELECT * FROM app.patient", NO),
    (ANY, "SELECT api.version()", NO),
    (C, "COPY app.patient TO STDOUT", NO),
    (C, "COPY (SELECT * FROM app.patient) TO STDOUT", NO),
    (C, "SELECT app.patient FROM app.patient", NO),
    (C, "SELECT row_to_json(p) FROM app.patient p", NO),
    (C, "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM app.patient", NO),
    (C, "PREPARE p AS SELECT * FROM app.patient", NO),
    (C, "SET row_security = off;; SELECT * FROM app.patient", NO),
    (C, "SELECT most_common_vals FROM pg_stats WHERE schemaname = 'app'", OK),
    (C, "SELECT stavalues1 FROM pg_statistic", NO),
    (C, "SELECT query FROM pg_stat_activity WHERE usename <> session_user", OK),
    (C, "SELECT last_value FROM app.call_event_id_seq", NO),
    (C, "SELECT nextval('app.call_event_id_seq')", NO),
    (C, "SELECT currval('app.call_event_id_seq')", NO),
    # ---- EXPLAIN and messages
    (C, "EXPLAIN SELECT * FROM app.patient WHERE family = 'Zyx1'", NO),
    (C, "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM app.patient", NO),
    (C, "EXPLAIN ANALYZE SELECT api.queue('all', '', 200)", OK),
    (C, "SELECT api.claim('{entry}', 'not a uuid')", "22P02"),
    (C, "SELECT api.call_log('{{\"first_day\": \"Zyx\"}}', NULL, 5)", "22007"),
    (C, "SELECT 'app.patient'::regclass::oid", f"{OK} {NO}"),
    # ---- writing
    (C, "INSERT INTO app.suppression DEFAULT VALUES", NO),
    (C, "UPDATE app.queue_entry SET score = 100", NO),
    (C, "DELETE FROM app.call", NO),
    (C, "TRUNCATE app.call", NO),
    (C, "BEGIN;; LOCK TABLE app.queue_entry IN SHARE MODE", NO),
    (C, "UPDATE app.practice SET clock_offset = '1 day'", NO),
    (C, "UPDATE app.person SET role = 'supervisor' WHERE login = session_user", NO),
    (ADM, "UPDATE app.person SET role = 'supervisor' WHERE login = session_user", NO),
    (C, "INSERT INTO audit.event SELECT * FROM audit.event", NO),
    (C, "UPDATE audit.head SET seq = seq + 1", NO),
    (GW, "UPDATE app.call SET outcome = 'BOOKED'", NO),
    (S, "DELETE FROM audit.event", NO),
    (C, "COMMENT ON TABLE app.patient IS 'mine'", NO),
    (C, "VACUUM app.patient", f"{OK} {NO}"),
    (C, "ANALYZE app.patient", f"{OK} {NO}"),
    (C, "CREATE STATISTICS s ON family, given FROM app.patient", NO),
    # ---- inner functions
    (C, "SELECT app.now()", NO),
    (C, "SELECT app.card(NULL, NULL, now())", NO),
    (C, "SELECT app.merge_fact('{{}}')", NO),
    (C, "SELECT app.audit('x', 'x', NULL, '{{}}')", NO),
    (C, "SELECT audit.append(now(), 'x', 'x', NULL, '{{}}')", NO),
    (C, "SELECT audit.receipt()", NO),
    (C, "CALL app.ensure_call_partitions('2030-01-01', 1)", NO),
    (C, "CALL app.protect('app.patient')", NO),
    (C, "SELECT app.campaign_refresh(" + ID + ")", NO),
    (S, "SELECT app.permission(" + ID + ", 'voice')", NO),
    # ---- becoming somebody else
    (C, "SET ROLE app_owner", NO),
    (C, "SET ROLE audit_owner", NO),
    (C, "SET ROLE supervisor", NO),
    (C, "SET ROLE postgres", NO),
    (C, "SET SESSION AUTHORIZATION cc_sup", NO),
    (C, "SET SESSION AUTHORIZATION DEFAULT;; SELECT api.team()", NO),
    (C, "GRANT supervisor TO cc_c2", NO),
    (C, "GRANT app_owner TO cc_c2", NO),
    (C, "ALTER ROLE cc_c2 SUPERUSER", NO),
    (C, "ALTER ROLE cc_c2 BYPASSRLS", NO),
    (C, "ALTER ROLE cc_sup PASSWORD 'mine'", NO),
    (ADM, "CREATE ROLE friend LOGIN", NO),
    (C, "REASSIGN OWNED BY app_owner TO cc_c2", NO),
    (S, "GRANT SELECT ON app.patient TO cc_sup", NO),
    # ---- making things
    (C, "CREATE TEMP TABLE patient (a int)", NO),
    (C, "CREATE TEMP VIEW person AS SELECT 1", NO),
    (C, "SELECT * INTO TEMP x FROM generate_series(1, 2)", NO),
    (C, "CREATE TABLE public.x (a int)", NO),
    (C, "CREATE TABLE api.x (a int)", NO),
    (C, "CREATE SCHEMA mine", NO),
    (C, "CREATE FUNCTION public.now() RETURNS int LANGUAGE sql AS 'SELECT 1'", NO),
    (C, "CREATE FUNCTION pg_temp.now() RETURNS int LANGUAGE sql AS 'SELECT 1'", NO),
    (C, "CREATE OR REPLACE FUNCTION api.version() RETURNS jsonb LANGUAGE sql AS $$SELECT '1'::jsonb$$", NO),
    (C, "CREATE EXTENSION dblink", f"{NO} 0A000 58P01 3F000"),
    (C, "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION app.refuse_change()", NO),
    (C, "CREATE RULE r AS ON SELECT TO app.patient DO INSTEAD SELECT 1", NO),
    (C, "CREATE TRIGGER t AFTER INSERT ON app.call EXECUTE FUNCTION app.refuse_change()", NO),
    (C, "CREATE POLICY p ON app.patient USING (true)", NO),
    (C, "ALTER TABLE app.patient DISABLE ROW LEVEL SECURITY", NO),
    (C, "ALTER TABLE audit.event DISABLE TRIGGER ALL", NO),
    (C, "ALTER FUNCTION api.queue(text, text, integer) SECURITY INVOKER", NO),
    (C, "DROP FUNCTION api.queue(text, text, integer)", NO),
    (C, "CREATE PUBLICATION p FOR ALL TABLES", NO),
    (C, "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false)", f"{NO} 42501"),
    (C, "CREATE SERVER s FOREIGN DATA WRAPPER x", f"{NO} 42704"),
    # ---- the server's machine
    (C, "COPY (SELECT 1) TO PROGRAM 'id'", NO),
    (C, "COPY pg_class FROM PROGRAM 'id'", NO),
    (C, "COPY (SELECT 1) TO '/tmp/x'", NO),
    (C, "SELECT pg_read_file('/etc/passwd')", NO),
    (C, "SELECT pg_read_binary_file('postgresql.conf')", NO),
    (C, "SELECT pg_ls_dir('.')", NO),
    (C, "SELECT pg_stat_file('PG_VERSION')", NO),
    (C, "SELECT lo_import('/etc/passwd')", NO),
    (C, "SELECT lo_export(1, '/tmp/x')", NO),
    (C, "SELECT lo_create(0)", NO),
    (C, "SELECT lo_creat(131072)", NO),
    (C, "SELECT lo_from_bytea(0, 'x')", NO),
    (C, "SELECT pg_terminate_backend(pg_postmaster_pid()) FROM (SELECT 1) x", f"{NO} 42883"),
    (C, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cc_c1'", NO),
    (C, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'cc_c1'", NO),
    (C, "SELECT pg_reload_conf()", NO),
    (C, "SELECT pg_current_logfile()", NO),
    (C, "SELECT * FROM pg_authid", NO),
    (C, "SELECT * FROM pg_hba_file_rules", NO),
    (C, "ALTER SYSTEM SET log_statement = 'none'", NO),
    (C, "CHECKPOINT", NO),
    (C, "ALTER DATABASE {database} SET search_path = public", NO),
    # ---- settings
    (C, "SET session_replication_role = replica", NO),
    (C, "SET log_min_messages = panic", NO),
    (C, "SET lo_compat_privileges = on", NO),
    (C, "SET search_path = pg_temp, public;; SELECT api.claim('{entry}', gen_random_uuid())", "QC010"),
    (C, "SET timezone = 'Pacific/Kiritimati';; SELECT api.request_call('{entry}', {fence}, '{phone}', gen_random_uuid())", "QC014"),
    (C, "SET datestyle = 'SQL, DMY';; SELECT api.queue('all', '', 5)", OK),
    (C, "SET app.now = '2020-01-01';; SELECT api.callbacks()", OK),
    (C, "BEGIN ISOLATION LEVEL REPEATABLE READ;; SELECT api.claim_next(gen_random_uuid())", "QC070"),
    (C, "SET default_transaction_isolation = 'serializable';; SELECT api.claim_next(gen_random_uuid())", "QC070"),
    (C, "SET default_transaction_read_only = on;; SELECT api.claim('{free}', gen_random_uuid())", "25006"),
    (C, "SET default_transaction_read_only = on;; SELECT api.callbacks()", "25006"),
    # ---- other people's ids in every function
    (C, "SELECT api.claim('{entry}', gen_random_uuid())", "QC010"),
    (C, "SELECT api.claim('{patient}', gen_random_uuid())", "QC011"),
    (C, "SELECT api.heartbeat('{entry}', {fence})", "QC014"),
    (C, "SELECT api.reveal('{entry}', {fence}, 'birth_date')", "QC014"),
    (S, "SELECT api.reveal('{entry}', {fence}, 'birth_date')", "QC014"),
    (C, "SELECT api.skip('{entry}', {fence}, 'other', gen_random_uuid())", "QC014"),
    (C, "SELECT api.request_call('{entry}', {fence}, '{phone}', gen_random_uuid())", "QC014"),
    (C, "SELECT api.request_call('{entry}', NULL, '{phone}', gen_random_uuid())", "QC014"),
    (C, "SELECT api.request_call('{entry}', {fence}, '{phone}', '{op}')", "QC040"),
    (C, "SELECT api.call('{call}')", "QC024"),
    (S, "SELECT api.call('{call}')", "QC024"),
    (C, "SELECT api.command('{call}', 'hang_up', '', gen_random_uuid())", "QC024"),
    (C, "SELECT api.verify_identity('{call}', 'PASS', '{{zip,phone}}', gen_random_uuid())", "QC024"),
    (C, "SELECT api.finish('{call}', '{entry}', {fence}, 'NO_ANSWER', '{{}}', gen_random_uuid(), true)", "QC024"),
    (C, "SELECT api.finish('{call}', '{free}', 1, 'NO_ANSWER', '{{}}', gen_random_uuid(), true)", "QC024"),
    (C, "SELECT api.hold_slot('{entry}', {fence}, '{doctor}', '{visit_type}', '2027-03-04 15:00Z', gen_random_uuid())", "QC014"),
    (C, "SELECT api.release_hold('{hold}')", OK),
    (C, "SELECT api.book('{call}', {fence}, '{hold}', '{{}}', gen_random_uuid())", "QC024"),
    (C, "SELECT api.move_callback('{callback}', '2027-03-05 15:00Z', gen_random_uuid())", "QC011"),
    (C, "SELECT api.release_callback('{callback}', gen_random_uuid())", "QC011"),
    (C, "SELECT api.call_log('{{\"person_id\": \"{victim}\"}}', NULL, 200)", OK),
    (C, "SELECT api.call_log('{{\"text\": \"%\"}}', '{call}', 2147483647)", OK),
    # ---- functions of other roles
    (C, "SELECT api.team()", NO),
    (C, "SELECT api.people()", NO),
    (C, "SELECT api.import_problems(" + ID + ")", NO),
    (C, "SELECT api.gateway_take_requests(100)", NO),
    (C, "SELECT api.gateway_open_calls()", NO),
    (C, "SELECT api.gateway_record('[]')", NO),
    (S, "SELECT api.gateway_beat('{{}}')", NO),
    (S, "SELECT api.import_problems(" + ID + ")", NO),
    (CLI, "SELECT api.claim('{entry}', gen_random_uuid())", NO),
    (ADM, "SELECT api.queue('all', '', 10)", NO),
    (AUD, "SELECT api.callbacks()", NO),
    (GW, "SELECT api.queue('all', '', 10)", NO),
    (GW, "SELECT api.request_call('{entry}', {fence}, '{phone}', gen_random_uuid())", NO),
    (GW, "SELECT api.call_log('{{}}', NULL, 10)", NO),
    ("stray", "SELECT api.queue('all', '', 10)", "QC001"),
    # ---- codes, sessions, other people's access
    (C, "SELECT secret FROM app.second_factor", NO),
    (S, "SELECT * FROM app.elevation", NO),
    (ADM, "UPDATE app.practice SET second_factor = 'off'", NO),
    (ADM, "INSERT INTO app.elevation SELECT pg_backend_pid(), now(), '{victim}', '', 'infinity'", NO),
    (ADM, "DELETE FROM app.login_lock", NO),
    (C, "SELECT app.enroll_second_factor('{victim}', '12345678901234567890')", NO),
    (C, "SELECT app.hotp('12345678901234567890', 1)", NO),
    (C, "SELECT app.who()", NO),
    (C, "SELECT app.end_connections('cc_c1')", NO),
    (C, "SELECT app.unlock_login('cc_c1')", NO),
    (C, "SELECT setval('app.meter_factor_' || replace('{victim}', '-', ''), 1)", NO),
    (C, "SELECT nextval('app.meter_step_' || replace('{victim}', '-', ''))", NO),
    (C, "SELECT api.second_factor('123456')", "QC006"),
    (C, "SELECT api.resume_session(repeat('0', 64))", "QC006"),
    (C, "SELECT api.suspend_person('{victim}', 'does not like me', gen_random_uuid())", NO),
    (CLI, "SELECT api.suspend_person('{victim}', 'does not like me', gen_random_uuid())", NO),
    (AUD, "SELECT api.resume_person('{victim}', 'likes me very much', gen_random_uuid())", NO),
    (GW, "SELECT api.suspend_person('{victim}', 'does not like me', gen_random_uuid())", NO),
    (S, "SELECT api.suspend_person('{admin}', 'does not like me', gen_random_uuid())", "QC005"),
    (S, "SELECT api.suspend_person('{self}', 'wants a holiday', gen_random_uuid())", "QC005"),
    (S, "SELECT api.suspend_person('{victim}', '     ', gen_random_uuid())", "QC070"),
    (C, "ALTER ROLE cc_c1 VALID UNTIL '-infinity'", NO),
    (C, "ALTER ROLE cc_c2 VALID UNTIL 'infinity'", NO),
    (C, "GRANT cc_c2 TO cc_c1", NO),
    # ---- searching, limits, long text
    (C, "SELECT api.queue('all', 'Zyx', 200)", OK),
    (C, "SELECT api.queue('all', '%', 200)", OK),
    (C, "SELECT api.queue('all', E'given1 \\\\', 200)", OK),
    (C, "SELECT api.queue('all', repeat('%', 1000000), 200)", OK),
    (C, "SELECT api.queue('all', '', -2147483648)", OK),
    (C, "SELECT api.queue('x'' OR true --', '', 5)", "QC070"),
    (C, "SELECT api.sign_in(repeat('9', 1000000), repeat('x', 1000000))", OK),
    (C, "SELECT api.set_status('admin')", "QC070"),
    (C, "SELECT api.openings('{{}}', '{visit_type}', '-infinity', 5)", "QC070"),
    (C, "SELECT api.openings(ARRAY[NULL]::uuid[], '{visit_type}', '2027-03-02', 31)", OK),
    # ---- other doors
    (C, "NOTIFY cc_queue, 'spoof'", OK),  # a hint makes a window ask again, no more
    (C, "SELECT pg_advisory_lock(1)", OK),  # nothing of ours stands on them
    (C, "DO $$BEGIN PERFORM * FROM app.patient; END$$", NO),
    (C, "DO $$BEGIN EXECUTE 'SET ROLE app_owner'; END$$", NO),
    (C, "DO LANGUAGE plpython3u $$pass$$", "42704"),
    (C, "SELECT query_to_xml('SELECT * FROM app.patient', true, true, '')", NO),
    (C, "SELECT table_to_xml('app.patient', true, true, '')", NO),
    (C, "SELECT ts_stat('SELECT to_tsvector(family) FROM app.patient')", NO),
    (C, "SELECT dblink_exec('dbname=x', 'SELECT 1')", NONE),
    (C, "SELECT has_table_privilege('app.patient', 'SELECT')", f"{OK} {NO}"),
    (C, "SELECT pg_get_viewdef('app.patient'::regclass)", f"{OK} {NO}"),
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(migrated_server: TestServer) -> Iterator[Practice]:
    """One practice for all attempts: each must leave it as it was."""
    with migrated_server.copy(practice_template(migrated_server)) as database:
        open_doors(database)
        with open_practice(database) as made:
            yield made


@pytest.fixture(scope="module")
def loot(scene: Practice) -> dict[str, Any]:
    """Ids of what Jordan (c1) has, known to the attacker."""
    practice = scene
    kept, call = practice.talk(practice.c1, 3)
    at = (practice.now() + timedelta(hours=4)).isoformat()
    practice.c1.finish(call, kept, "CALLBACK_AT", {"callback_at": at, "note": "likes mornings"})
    practice.hang_up(call)
    used = op()
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card, op_id=used)
    practice.answer(call)
    hold = practice.c1.hold(card, practice, practice.slot())
    return {
        "entry": card["entry_id"],
        "fence": card["fence"],
        "phone": card["phones"][0]["id"],
        "patient": card["patient_id"],
        "call": call["id"],
        "hold": hold["id"],
        "op": used,
        "callback": practice.value("SELECT id FROM app.callback WHERE state = 'open'"),
        "free": practice.entry_of(2),
        "doctor": practice.doctor,
        "visit_type": practice.visit_type,
        "victim": practice.person_id("cc_c1"),
        "self": practice.person_id("cc_sup"),
        "admin": practice.person_id("cc_adm"),
        "database": practice.database.name,
    }


@pytest.mark.parametrize(
    ("who", "typed", "answers"),
    ATTEMPTS,
    ids=[f"{who}: {typed[:70]}" for who, typed, _ in ATTEMPTS],
)
def test_attempt(scene: Practice, loot: dict[str, Any], who: str, typed: str, answers: str) -> None:
    practice = scene
    practice.beat()
    before = treasure(practice)
    connection = connect(practice.database, f"cc_{who}")
    party = Party(who, connection)
    notices: list[str] = []
    connection.add_notice_handler(lambda d: notices.append(d.message_primary or ""))
    said = OK
    text = ""
    try:
        for statement in typed.format(**loot).split(";; "):
            text += str(party.run(statement))
    except psycopg.Error as error:
        said = error.sqlstate or type(error).__name__
        diag = error.diag
        text += " ".join(filter(None, (str(error), diag.message_detail, diag.message_hint)))
        if said.startswith("QC"):
            text = text.replace(" Zyx", " ")
    finally:
        connection.close()
    assert said in answers.split(), text[:500]
    shown = text + " ".join(notices)
    # What the attacker typed may be repeated to him.
    assert [s for s in SECRETS if s in shown and s not in typed] == []
    assert treasure(practice) == before


def treasure(practice: Practice) -> str:
    """All that an attempt must leave alone."""
    tables = (
        "SELECT id, state, holder, fence, attempts FROM app.queue_entry",
        "SELECT id, state, outcome, hang_up_wanted, identity FROM app.call",
        "SELECT id, state, owner, due_at FROM app.callback",
        "SELECT id, state FROM app.slot_hold",
        "SELECT id, role, active FROM app.person",
        "SELECT count(*) FROM app.appointment",
        "SELECT count(*) FROM app.call_command",
        "SELECT count(*) FROM app.suppression",
        "SELECT clock_offset FROM app.practice",
    )
    return json.dumps([sorted(map(str, practice.rows(table))) for table in tables])


# -------------------------------------------------------- every argument, with odd values

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "sign_in": ("text", "text"),
    "heartbeat": ("uuid", "bigint"),
    "set_status": ("text",),
    "queue": ("text", "text", "integer"),
    "claim": ("uuid", "uuid"),
    "claim_next": ("uuid",),
    "skip": ("uuid", "bigint", "text", "uuid"),
    "reveal": ("uuid", "bigint", "text"),
    "request_call": ("uuid", "bigint", "uuid", "uuid"),
    "call": ("uuid",),
    "command": ("uuid", "text", "text", "uuid"),
    "verify_identity": ("uuid", "text", "text[]", "uuid"),
    "finish": ("uuid", "uuid", "bigint", "text", "jsonb", "uuid", "boolean"),
    "hold_slot": ("uuid", "bigint", "uuid", "uuid", "timestamptz", "uuid"),
    "release_hold": ("uuid",),
    "book": ("uuid", "bigint", "uuid", "jsonb", "uuid"),
    "callbacks": (),
    "move_callback": ("uuid", "timestamptz", "uuid"),
    "release_callback": ("uuid", "uuid"),
    "openings": ("uuid[]", "uuid", "date", "integer"),
    "call_log": ("jsonb", "uuid", "integer"),
    "team": (),
    "people": (),
    "suspend_person": ("uuid", "text", "uuid"),
    "resume_person": ("uuid", "text", "uuid"),
    "second_factor": ("text",),
    "resume_session": ("text",),
    "import_batches": (),
    "import_problems": ("uuid",),
    "sign_out": (),
    "version": (),
    "gateway_take_requests": ("integer",),
    "gateway_take_commands": ("integer",),
    "gateway_open_calls": (),
    "gateway_record": ("jsonb",),
    "gateway_beat": ("jsonb",),
}
ODD: dict[str, tuple[str, ...]] = {
    "text": ("NULL", "''", "repeat('x', 100000)", "E'\\x01\\n'' -- %_'"),
    "uuid": ("NULL", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'{own_entry}'", "'{own_call}'"),
    "bigint": ("NULL", "-1", "9223372036854775807", "1"),
    "integer": ("NULL", "-2147483648", "2147483647"),
    "boolean": ("NULL", "true"),
    "text[]": ("NULL", "'{{}}'", "ARRAY[NULL]", "'{{birth_date,zip}}'"),
    "uuid[]": ("NULL", "'{{}}'", "ARRAY[NULL]::uuid[]"),
    "jsonb": ("NULL", "'null'", "'[]'", "'5'", "'{{}}'", "'[{{}}]'", "'{{\"state\": 5, \"at\": []}}'"),
    "timestamptz": ("NULL", "'infinity'", "'-infinity'", "'4713-01-01 BC'"),
    "date": ("NULL", "'infinity'", "'5874897-12-31'", "'4713-01-01 BC'"),
}  # fmt: skip
EXPECTED_CLASSES = ("QC", "22")


def test_the_list_of_functions_is_whole(practice: Practice) -> None:
    known = practice.rows(
        "SELECT p.proname::text, array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t) "
        "FROM pg_proc p WHERE p.pronamespace = 'api'::regnamespace"
    )
    said = {
        name: [kind.replace("timestamptz", "timestamp with time zone") for kind in kinds]
        for name, kinds in FUNCTIONS.items()
    }
    assert dict(known) == said


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_no_argument_makes_an_internal_error(practice: Practice, name: str) -> None:
    """NULL, the far ends and nonsense in each argument: a refusal, never a fault of ours."""
    card, call = practice.talk(practice.c2, 5)
    own = {"own_entry": card["entry_id"], "own_call": call["id"]}
    faults = []
    kinds = FUNCTIONS[name]
    usual = {"uuid": "gen_random_uuid()", "jsonb": "'{{}}'", "text": "'NO_ANSWER'"}
    cases: set[tuple[str, ...]] = {tuple("NULL" for _ in kinds)}
    for place, kind in enumerate(kinds):
        for odd in ODD[kind]:
            for filler in (0, 2):
                rest = [
                    usual.get(k, ODD[k][-1])
                    if filler == 0
                    else ODD[k][min(filler, len(ODD[k]) - 1)]
                    for k in kinds
                ]
                cases.add((*rest[:place], odd, *rest[place + 1 :]))
    for who, values in itertools.product(("c2", "sup", "adm", "gw"), sorted(cases)):
        typed = ", ".join(f"{v}::{k}" for v, k in zip(values, kinds, strict=True)).format(**own)
        party = practice.as_person(f"cc_{who}")
        party.run("BEGIN")
        try:
            party.run(f"SELECT api.{name}({typed})")
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if state != NO and not state.startswith(EXPECTED_CLASSES):
                faults.append(f"{who}: {typed[:200]}: {state} {error}")
        finally:
            party.run("ROLLBACK")
    assert faults == []
