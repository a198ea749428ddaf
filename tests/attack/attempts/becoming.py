"""Becoming somebody else, or more than one is."""

from __future__ import annotations

from tests.attack.attempts.words import NO, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SET ROLE app_owner", NO),
    ("SET ROLE audit_owner", NO),
    ("SET ROLE postgres", NO),
    ("SET ROLE cc_c1", NO),
    ("SET ROLE pg_read_all_data", NO),
    ("SET ROLE pg_signal_backend", NO),
    ("SELECT set_config('role', 'app_owner', false)", NO),
    ("SET SESSION AUTHORIZATION cc_c1", NO),
    ("SET SESSION AUTHORIZATION postgres", NO),
    ("SELECT set_config('session_authorization', 'cc_c1', false)", NO),
    ("SET SESSION AUTHORIZATION DEFAULT;; SELECT * FROM app.person", NO),
    ("DO $$BEGIN EXECUTE 'SET ROLE app_owner'; END$$", NO),
    ("GRANT app_owner TO <me>", NO),
    ("GRANT pg_read_all_data TO <me>", NO),
    ("GRANT <me> TO cc_c1", NO),
    ("REVOKE gateway FROM cc_gw", NO),
    ("GRANT SELECT ON app.patient TO <me>", NO),
    ("GRANT ALL ON SCHEMA app TO <me>", NO),
    ("GRANT EXECUTE ON FUNCTION app.card(app.queue_entry, app.person, timestamptz) TO <me>", NO),
    ("GRANT TEMP ON DATABASE <database> TO <me>", OK),  # with the warning that nothing was granted
    ("REVOKE CONNECT ON DATABASE <database> FROM coordinator", OK),  # nor revoked
    ("ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT SELECT ON TABLES TO <me>", NO),
    ("ALTER ROLE <me> SUPERUSER", NO),
    ("ALTER ROLE <me> BYPASSRLS", NO),
    ("ALTER ROLE <me> CREATEROLE", NO),
    ("ALTER ROLE <me> REPLICATION", NO),
    ("ALTER ROLE <me> CONNECTION LIMIT -1", NO),
    ("ALTER ROLE <me> VALID UNTIL 'infinity'", NO),
    ("ALTER ROLE <me> RENAME TO cc_c9", "0A000"),
    ("ALTER ROLE <me> SET session_replication_role = replica", NO),
    ("ALTER ROLE cc_c1 PASSWORD 'mine'", NO),
    ("ALTER ROLE cc_c1 NOLOGIN", NO),
    ("ALTER ROLE cc_c1 SET search_path = public", NO),
    ("ALTER ROLE coordinator SET search_path = public", NO),
    ("ALTER ROLE ALL SET search_path = public", NO),
    ("CREATE ROLE friend LOGIN", NO),
    ("DROP ROLE cc_c1", NO),
    ("COMMENT ON ROLE <me> IS 'a supervisor'", NO),
    ("SECURITY LABEL ON ROLE <me> IS 'x'", "22023"),
    ("REASSIGN OWNED BY app_owner TO <me>", NO),
    ("DROP OWNED BY app_owner", NO),
    ("ALTER TABLE app.patient OWNER TO <me>", NO),
    ("ALTER SCHEMA api OWNER TO <me>", NO),
    ("ALTER DATABASE <database> OWNER TO <me>", NO),
    ("ALTER DATABASE <database> SET search_path = public", NO),
    ("ALTER SYSTEM SET log_statement = 'none'", NO),
    # PostgreSQL lets each login set its own password and usual settings: no more rights come of it,
    # and `coordinator-admin doctor` is to show settings kept with a login.
    ("BEGIN;; ALTER ROLE <me> PASSWORD 'another long synthetic password';; ROLLBACK", OK),
    ("BEGIN;; ALTER ROLE <me> SET idle_session_timeout = 0;; ROLLBACK", OK),
    ("BEGIN;; ALTER ROLE <me> SET role = 'app_owner';; ROLLBACK", OK),  # refused at the next login
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2 cli adm aud gw nobody", "SET ROLE supervisor", NO),
    ("sup cli adm aud gw nobody", "SET ROLE coordinator", NO),
    ("c2 sup adm aud gw nobody", "SET ROLE clinician", NO),
    ("c2 sup cli aud gw nobody", "SET ROLE administrator", NO),
    ("c2 sup cli adm gw nobody", "SET ROLE auditor", NO),
    ("c2 sup cli adm aud nobody", "SET ROLE gateway", NO),
    ("c2 cli adm aud gw nobody stray", "GRANT supervisor TO <me>", NO),
    ("sup", "GRANT gateway TO <me>", NO),
    # One's own group: the same rights, and still the same person.
    ("c2", "SET ROLE coordinator;; SELECT api.team()", NO),
    ("c2", "SET ROLE coordinator;; SELECT api.reveal('<entry>', <fence>, 'birth_date')", "QC014"),
    ("sup", "SET ROLE supervisor;; SELECT api.gateway_open_calls()", NO),
    ("gw", "SET ROLE gateway;; SELECT api.queue('all', '', 10)", NO),
    ("stray", "SET ROLE coordinator;; SELECT api.queue('all', '', 10)", "QC001"),
)  # fmt: skip
