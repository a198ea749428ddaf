# ruff: noqa: E501  an attempt is one line
"""Settings of a session that functions could depend on."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SET session_replication_role = replica", NO),
    ("SELECT set_config('session_replication_role', 'replica', false)", NO),
    ("SET LOCAL log_min_messages = panic", NO),
    ("SET log_statement = 'none'", NO),
    ("SET log_error_verbosity = terse", NO),
    ("SET log_min_error_statement = panic", NO),
    ("SET lo_compat_privileges = on", NO),
    ("SET allow_system_table_mods = on", NO),
    ("SET zero_damaged_pages = on", NO),
    ("SET ignore_checksum_failure = on", NO),
    ("SET session_preload_libraries = 'x'", NO),
    ("SET dynamic_library_path = '/tmp'", NO),
    ("SET deadlock_timeout = '1h'", NO),
    ("SET temp_file_limit = -1", NO),
    ("SET track_activities = off", NO),
    ("DO $$BEGIN END$$;; SET plpgsql.variable_conflict = use_column", NO),
    ("SET max_connections = 1", "55P02"),
    ("SET local_preload_libraries = 'x'", OK),  # read when a session begins, from a folder of the server's
    ("SET log_parameter_max_length_on_error = -1", OK),  # of one's own statements; the log is terse all the same
    ("SET app.now = '2020-01-01'", OK),  # nothing of ours asks a setting who or when it is
    ("SET idle_session_timeout = 0", OK),  # a backstop for the window, and no lock against its owner
    ("SET search_path = pg_temp, public;; SELECT count(*) FROM app.patient", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2", "SET search_path = pg_temp, public;; SELECT api.claim('<entry>', gen_random_uuid())", "QC010"),
    ("c2", "SET timezone = 'Pacific/Kiritimati';; SELECT api.request_call('<entry>', <fence>, '<phone>', gen_random_uuid())", "QC014"),
    ("c2 sup", "SET datestyle = 'SQL, DMY';; SELECT api.queue('all', '', 5)", OK),
    ("c2 sup", "SET intervalstyle = 'sql_standard';; SELECT api.queue('all', '', 5)", OK),
    ("c2 sup", "SET app.now = '2020-01-01';; SELECT api.callbacks()", OK),
    ("c2 sup", "SET transform_null_equals = on;; SELECT api.queue('all', '', 5)", OK),
    ("c2 sup", "SET array_nulls = off;; SELECT api.queue('all', '', 5)", OK),
    ("c2 sup", "SET xmloption = document;; SET bytea_output = escape;; SELECT api.callbacks()", OK),
    # Functions are read under their own rules of quoting, not under the session's.
    ("c2 sup", "SET standard_conforming_strings = off;; SELECT api.queue('all', 'Zyx', 5)", OK),
    ("c2", "SET standard_conforming_strings = off;; SELECT api.call_log('{}', NULL, 5)", OK),
    ("c2 sup", "SET standard_conforming_strings = off;; SET backslash_quote = on;; SELECT api.callbacks()", OK),
    ("c2 sup", "SET plpgsql.variable_conflict = use_column;; SELECT api.queue('all', '', 5)", OK),  # taken back when the language is loaded
    ("c2 sup", "SET plpgsql.extra_errors = 'all';; SELECT api.callbacks()", OK),
    ("c2 sup", "BEGIN ISOLATION LEVEL REPEATABLE READ;; SELECT api.claim_next(gen_random_uuid())", BAD),
    ("c2 sup", "SET default_transaction_isolation = 'serializable';; SELECT api.claim_next(gen_random_uuid())", BAD),
    ("c2 sup", "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;; SELECT api.callbacks()", BAD),
    ("sup aud", "BEGIN ISOLATION LEVEL REPEATABLE READ;; SELECT api.people()", BAD),
    ("c2 sup", "SET default_transaction_read_only = on;; SELECT api.claim('<free>', gen_random_uuid())", "25006"),
    ("c2 sup", "SET default_transaction_read_only = on;; SELECT api.callbacks()", "25006"),
    ("c2 sup cli aud", "BEGIN READ ONLY;; SELECT api.call_log('{}', NULL, 200)", "25006"),
    ("c2", "SET role = 'coordinator';; SELECT api.callbacks()", OK),  # the same person
)  # fmt: skip
