# ruff: noqa: E501  an attempt is one line
"""Other doors: notifications, advisory locks, anonymous blocks, cursors."""

from __future__ import annotations

from tests.attack.attempts.words import GONE, NO, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("NOTIFY cc_queue, 'spoof'", OK),  # a hint makes a window ask again, no more
    ("SELECT pg_notify('cc_gateway', 'spoof')", OK),  # the gateway looks, and finds what is there
    ("LISTEN cc_queue", OK),  # no payload ever holds anything: see test_what_is_heard
    ("LISTEN cc_gateway", OK),
    ("SELECT pg_advisory_lock(1)", OK),  # nothing of a patient stands on them
    ("SELECT pg_try_advisory_lock(113560922781537)", OK),  # the gateway's: it looks who has it
    ("SELECT pg_advisory_unlock_all()", OK),  # one's own
    ("DO $$BEGIN PERFORM * FROM app.patient; END$$", NO),
    ("DO $$BEGIN UPDATE app.person SET role = 'supervisor'; END$$", NO),
    ("DO $$BEGIN RAISE EXCEPTION '%', (SELECT family FROM app.patient LIMIT 1); END$$", NO),
    ("DO $$BEGIN PERFORM audit.append(now(), 'x', 'x', NULL, '{}'); END$$", NO),
    ("DO LANGUAGE plpython3u $$pass$$", GONE),
    ("DO LANGUAGE c $$x$$", NO),
    ("BEGIN;; DECLARE c CURSOR FOR TABLE app.call;; FETCH ALL c", NO),
    ("SELECT cursor_to_xml('c', 1, true, true, '')", "34000"),
    ("SELECT txid_current(), pg_current_wal_lsn()", OK),  # counters
    ("SELECT pg_describe_object('pg_class'::regclass, oid, 0) FROM pg_class WHERE relname = 'patient'", OK),  # a name
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2", "BEGIN;; DECLARE c CURSOR WITH HOLD FOR SELECT api.claim('<entry>', gen_random_uuid());; COMMIT", "QC010"),
    ("c2", "DO $$BEGIN PERFORM api.claim('<entry>', gen_random_uuid()); EXCEPTION WHEN SQLSTATE 'QC010' THEN RAISE EXCEPTION '%', sqlerrm; END$$", "P0001"),
    ("c2", "SELECT api.claim(e, gen_random_uuid()) FROM (VALUES ('<entry>'::uuid)) v (e)", "QC010"),
    ("c2", "SELECT query_to_xml('SELECT api.reveal(''<entry>'', <fence>, ''mrn'')', true, true, '')", "QC014"),
)  # fmt: skip
