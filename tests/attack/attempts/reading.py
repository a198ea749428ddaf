# ruff: noqa: E501  an attempt is one line
"""Reading what nobody may read: tables, columns, statistics, plans, other people's statements."""

from __future__ import annotations

from tests.attack.attempts.words import GONE, NO, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT * FROM app.patient", NO),
    ("SELECT count(*) FROM app.patient", NO),
    ("SELECT family FROM app.patient WHERE id = '<patient>'", NO),
    ("SELECT ctid, xmin FROM app.patient", NO),
    ("SELECT FROM app.patient", NO),
    ("TABLE app.call", NO),
    ("TABLE app.call_default", NO),  # a partition has no rights of its own
    ("TABLE app.patient_telecom", NO),
    ("TABLE app.encounter", NO),
    ("TABLE app.person", NO),
    ("TABLE app.practice", NO),
    ("TABLE app.op", NO),
    ("TABLE app.seen", NO),
    ("TABLE app.alert", NO),
    ("TABLE app.rule", NO),
    ("TABLE app.migration", NO),
    ("SELECT * FROM audit.event", NO),
    ("SELECT hash FROM audit.head", NO),
    ("SELECT heads FROM audit.anchor", NO),
    ("SELECT app.patient FROM app.patient", NO),
    ("SELECT row_to_json(p) FROM app.patient p", NO),
    ("SELECT (SELECT p FROM app.patient p LIMIT 1)", NO),
    ("SELECT 1 / (SELECT length(family) - 4 FROM app.patient LIMIT 1)", NO),  # asking by errors
    ("WITH p AS MATERIALIZED (SELECT * FROM app.patient) SELECT * FROM p", NO),
    ("SELECT g FROM generate_series(1, 2) g WHERE EXISTS (SELECT FROM app.suppression)", NO),
    ("PREPARE p AS SELECT * FROM app.patient", NO),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM app.patient", NO),
    ("COPY app.patient TO STDOUT", NO),
    ("COPY (SELECT * FROM app.patient) TO STDOUT", NO),
    ("COPY audit.event (detail) TO STDOUT WITH (FORMAT csv)", NO),
    ("SET row_security = off;; SELECT * FROM app.patient", NO),
    ("SELECT query_to_xml('SELECT * FROM app.patient', true, true, '')", NO),
    ("SELECT table_to_xml('app.patient', true, true, '')", NO),
    ("SELECT schema_to_xml('app', true, true, '')", NO),
    ("SELECT database_to_xml(true, true, '')", f"{OK} 0A000"),  # only what may be read: nothing
    ("SELECT ts_stat('SELECT to_tsvector(family) FROM app.patient')", NO),
    # ---- plans
    ("EXPLAIN SELECT * FROM app.patient WHERE family = 'Zyx1'", NO),
    ("EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM app.patient", NO),
    ("EXPLAIN (VERBOSE, COSTS OFF) SELECT api.version()", f"{OK} {NO}"),  # a call, and no inside
    # ---- what the planner and the server know of tables
    ("SELECT most_common_vals FROM pg_stats WHERE schemaname = 'app'", OK),  # no row without a right
    ("SELECT most_common_vals FROM pg_stats_ext WHERE schemaname = 'app'", OK),
    ("SELECT stavalues1 FROM pg_statistic", NO),
    ("SELECT stxdmcv FROM pg_statistic_ext_data", NO),
    ("SELECT relname, n_tup_ins FROM pg_stat_all_tables WHERE schemaname = 'app'", OK),  # counts
    ("SELECT pg_relation_size(oid) FROM pg_class WHERE relname = 'patient'", OK),  # bytes
    ("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'queue_page'", OK),  # the source is public
    ("SELECT query FROM pg_stat_activity WHERE usename <> session_user AND query <> '<hidden>'", OK),
    ("SELECT pg_stat_get_backend_activity(a) FROM pg_stat_get_backend_idset() a", OK),
    ("SELECT count(*) FROM pg_locks", OK),  # who waits for whom, by process
    ("SELECT * FROM pg_prepared_xacts", OK),
    ("SELECT * FROM pg_cursors", OK),  # of one's own session
    ("SELECT * FROM pg_buffercache", "42P01"),
    ("SELECT * FROM pg_stat_statements", "42P01"),
    # ---- names of tables are in the catalog, and no more than names
    ("SELECT 'app.patient'::regclass::oid", NO),
    ("SELECT has_table_privilege('app.patient', 'SELECT')", NO),
    ("SELECT pg_get_viewdef('app.patient'::regclass)", NO),
    ("SELECT currtid2('app.patient', '(0,1)')", NO),
    # ---- sequences: the meters of reading, the ids of events
    ("SELECT last_value FROM app.call_event_id_seq", NO),
    ("SELECT nextval('app.call_event_id_seq')", NO),
    ("SELECT currval('app.call_event_id_seq')", NO),
    ("SELECT lastval()", "55000"),
    ("SELECT last_value FROM app.<meter>", NO),
    ("SELECT nextval('app.<meter>')", NO),
    ("SELECT nextval(oid::regclass) FROM pg_class WHERE relname = '<meter>'", NO),
    ("SELECT last_value FROM pg_sequences WHERE sequencename = '<meter>'", OK),  # empty without a right
    ("SELECT pg_sequence_last_value(oid) FROM pg_class WHERE relname = '<meter>'", f"{OK} {NO}"),
    # ---- large objects
    ("SELECT data FROM pg_largeobject", NO),
    ("SELECT lo_get(oid) FROM pg_largeobject_metadata", NO),  # there is one, of somebody else
    ("SELECT lo_open(<blob>, 262144)", NO),
    ("SELECT lo_get(4711)", GONE),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2 sup", "COPY (SELECT api.callbacks()) TO STDOUT", OK),  # what the function gives, no more
    ("c2 sup", "EXPLAIN ANALYZE SELECT api.queue('all', '', 200)", OK),  # a call, and no inside
    # Plans of the inside would show numbers and names as constants.
    ("c2 sup", "SET client_min_messages = log;; SET debug_print_plan = on;; SET plan_cache_mode = force_custom_plan;; SELECT api.queue('all', '', 200)", OK),
    ("c2 sup", "SET client_min_messages = log;; SET debug_print_parse = on;; SELECT api.callbacks()", OK),
    ("c2 sup", "SET client_min_messages = log;; SET debug_print_rewritten = on;; SELECT api.queue('all', '', 200)", OK),
    ("c2 sup", "SET client_min_messages = debug5;; SELECT api.queue('all', '', 200)", OK),
    ("c2 sup cli", "SET client_min_messages = log;; SET debug_print_plan = on;; SELECT api.openings('{<doctor>}', '<visit_type>', '2027-03-02', 5)", OK),
    ("c2", "SET client_min_messages = log;; SET debug_print_plan = on;; SET plan_cache_mode = force_custom_plan;; SELECT api.claim('<entry>', gen_random_uuid())", "QC010"),
)  # fmt: skip
