"""Changing what only functions change: rows, history, triggers, the audit."""

from __future__ import annotations

from tests.attack.attempts.words import NO, NO_FUNCTION, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("INSERT INTO app.suppression DEFAULT VALUES", NO),
    ("INSERT INTO app.seen SELECT", NO),
    ("UPDATE app.queue_entry SET score = 100", NO),
    ("UPDATE app.call SET outcome = 'BOOKED'", NO),
    ("UPDATE app.practice SET clock_offset = '1 day'", NO),
    ("UPDATE app.person SET role = 'supervisor' WHERE login = session_user", NO),
    ("UPDATE app.rule SET number = 1000000", NO),
    ("UPDATE app.meter SET reads = 0", NO),
    ("UPDATE app.training_record SET expires_on = '2099-01-01'", NO),
    ("DELETE FROM app.call", NO),
    ("DELETE FROM app.suppression", NO),
    ("DELETE FROM app.seen", NO),
    ("TRUNCATE app.call", NO),
    ("MERGE INTO app.patient p USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE", NO),
    ("SELECT * FROM app.queue_entry FOR UPDATE", NO),
    ("BEGIN;; LOCK TABLE app.queue_entry IN SHARE MODE", NO),
    ("COPY app.person FROM STDIN", NO),
    ("COMMENT ON TABLE app.patient IS 'mine'", NO),
    ("VACUUM app.patient", NO),
    ("ANALYZE app.patient", NO),
    ("REINDEX TABLE app.patient", NO),
    ("CLUSTER app.patient", NO),
    ("SELECT setval('app.<meter>', 0)", NO),
    ("SELECT setval(oid::regclass, 0) FROM pg_class WHERE relname = '<meter>'", NO),
    ("SELECT setval('app.call_event_id_seq', 1)", NO),
    ("ALTER SEQUENCE app.<meter> RESTART", NO),
    # ---- the audit
    ("INSERT INTO audit.event SELECT * FROM audit.event", NO),
    ("UPDATE audit.event SET detail = '{}'", NO),
    ("UPDATE audit.head SET seq = seq + 1", NO),
    ("DELETE FROM audit.event", NO),
    ("TRUNCATE audit.event", NO),
    ("SELECT audit.append(now(), 'x', 'x', NULL, '{}')", NO),
    ("SELECT audit.receipt()", NO),
    ("SELECT audit.event_hash('', 'x', 1, 1, 'x', 'x', 'x', NULL, '{}')", NO),
    ("SELECT app.audit('sign_in', 'person/1', NULL, '{}')", NO),
    ("SELECT app.audit_read(NULL, 'chart.read', 'x', NULL)", NO),
    # ---- what keeps history as it is
    ("ALTER TABLE audit.event DISABLE TRIGGER ALL", NO),
    ("ALTER TABLE app.call DISABLE TRIGGER no_delete", NO),
    ("DROP TRIGGER append_only ON audit.event", NO),
    ("ALTER TABLE app.patient DISABLE ROW LEVEL SECURITY", NO),
    ("ALTER TABLE app.patient NO FORCE ROW LEVEL SECURITY", NO),
    ("ALTER TABLE app.call DETACH PARTITION app.call_default", NO),
    ("DROP TABLE audit.event", NO),
    ("DROP SCHEMA app CASCADE", NO),
    # ---- large objects: no place to keep things in
    ("SELECT lo_create(0)", NO),
    ("SELECT lo_creat(131072)", NO),
    ("SELECT lo_from_bytea(0, 'x')", NO),
    ("SELECT lo_put(<blob>, 0, 'x')", NO),
    ("SELECT lo_unlink(<blob>)", NO),
    ("BEGIN;; SELECT lowrite(lo_open(<blob>, 131072), 'x')", NO),
    ("BEGIN;; SELECT lo_truncate(lo_open(<blob>, 131072), 0)", NO),
    ("ALTER LARGE OBJECT <blob> OWNER TO <me>", NO),
    ("GRANT SELECT ON LARGE OBJECT <blob> TO PUBLIC", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2", "SELECT api.finish('<call>', '<entry>', <fence>, 'NO_ANSWER', '{}')", NO_FUNCTION),
    # Statistics of one's own session only; nothing of the practice's is reset.
    ("c2 gw", "SELECT pg_stat_clear_snapshot()", OK),
)  # fmt: skip
