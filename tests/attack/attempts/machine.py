# ruff: noqa: E501  an attempt is one line
"""The server's machine: files, programs, other sessions, replication."""

from __future__ import annotations

from tests.attack.attempts.words import GONE, NO, NO_FUNCTION, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("COPY (SELECT 1) TO PROGRAM 'id'", NO),
    ("COPY pg_class FROM PROGRAM 'id'", NO),
    ("COPY (SELECT 1) TO '/tmp/x'", NO),
    ("COPY pg_class FROM '/etc/passwd'", NO),
    ("SELECT pg_read_file('/etc/passwd')", NO),
    ("SELECT pg_read_binary_file('postgresql.conf')", NO),
    ("SELECT pg_ls_dir('.')", NO),
    ("SELECT * FROM pg_ls_logdir()", NO),
    ("SELECT * FROM pg_ls_waldir()", NO),
    ("SELECT pg_stat_file('PG_VERSION')", NO),
    ("SELECT pg_file_write('x', 'y', false)", NO_FUNCTION),
    ("SELECT lo_import('/etc/passwd')", NO),
    ("SELECT lo_export(<blob>, '/tmp/x')", NO),
    ("LOAD 'auto_explain'", NO),
    ("LOAD '$libdir/plugins/auto_explain'", "58P01"),
    ("SELECT * FROM pg_authid", NO),
    ("SELECT passwd FROM pg_shadow", NO),
    ("SELECT umoptions FROM pg_user_mapping", NO),
    ("SELECT * FROM pg_hba_file_rules", NO),
    ("SELECT * FROM pg_file_settings", NO),
    ("SELECT * FROM pg_config", NO),
    ("SELECT * FROM pg_backend_memory_contexts", NO),
    ("SELECT * FROM pg_shmem_allocations", NO),
    ("SHOW data_directory", NO),
    ("SHOW hba_file", NO),
    ("SELECT setting FROM pg_settings WHERE name IN ('data_directory', 'ssl_key_file')", OK),  # hidden or a bare name
    ("SELECT pg_current_logfile()", NO),
    ("SELECT pg_reload_conf()", NO),
    ("SELECT pg_rotate_logfile()", NO),
    ("SELECT pg_promote()", NO),
    ("SELECT pg_switch_wal()", NO),
    ("SELECT pg_create_restore_point('x')", NO),
    ("SELECT pg_backup_start('x')", f"{NO}"),
    ("SELECT pg_stat_reset()", NO),
    ("SELECT pg_log_backend_memory_contexts(<pid>)", NO),
    ("CHECKPOINT", NO),
    # ---- other sessions
    ("SELECT pg_terminate_backend(<pid>)", NO),
    ("SELECT pg_cancel_backend(<pid>)", NO),
    ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cc_c1'", NO),
    # ---- replication: a way to all rows
    ("SELECT pg_create_physical_replication_slot('s')", NO),
    ("SELECT pg_create_logical_replication_slot('s', 'test_decoding')", NO),
    ("SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL)", NO),
    ("SELECT pg_drop_replication_slot('s')", NO),
    ("SELECT pg_replication_origin_create('o')", NO),
    ("SELECT pg_logical_emit_message(false, 'x', 'y')", OK),  # bytes in the log of changes, read by nobody
    ("SELECT pg_export_snapshot()", OK),  # of one's own rights
    ("BEGIN;; PREPARE TRANSACTION 'x'", "55000"),
    ("ROLLBACK PREPARED 'x'", f"55000 {GONE}"),
    ("SELECT dblink_exec('dbname=x', 'SELECT 1')", NO_FUNCTION),
    ("SELECT pg_import_system_collations('public')", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'", NO),
    ("c2 sup cli adm aud nobody stray", "SELECT pg_terminate_backend(<gateway_pid>)", NO),
    ("adm", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cc_gw'", NO),
)  # fmt: skip
