-- The practice, its people, and the helper that closes every table at birth.

CREATE PROCEDURE app.protect(p_table regclass)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format(
        'CREATE POLICY owner ON %s TO app_owner USING (true) WITH CHECK (true)', p_table
    );
END
$$;

CALL app.protect('app.migration');

CREATE TABLE app.practice (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    name text NOT NULL,
    voicemail_name text NOT NULL,
    office_number text NOT NULL CHECK (office_number ~ '^\+[1-9][0-9]{6,14}$'),
    office_hours text NOT NULL,
    address text NOT NULL DEFAULT '',
    state_code text NOT NULL CHECK (state_code ~ '^[A-Z]{2}$'),
    zone text NOT NULL,
    is_demo boolean NOT NULL DEFAULT false,
    -- A demo practice lives in its own time, so that it is workable at any hour.
    clock_offset interval NOT NULL DEFAULT '0',
    lock_minutes integer NOT NULL DEFAULT 5 CHECK (lock_minutes BETWEEN 1 AND 15),
    daily_goal integer NOT NULL DEFAULT 60 CHECK (daily_goal > 0),
    lease_seconds integer NOT NULL DEFAULT 90 CHECK (lease_seconds BETWEEN 30 AND 120),
    hold_minutes integer NOT NULL DEFAULT 5 CHECK (hold_minutes BETWEEN 1 AND 30),
    ring_timeout_s integer NOT NULL DEFAULT 25 CHECK (ring_timeout_s BETWEEN 5 AND 60),
    time_limit_s integer NOT NULL DEFAULT 3600 CHECK (time_limit_s BETWEEN 60 AND 14400),
    cap_day integer NOT NULL DEFAULT 1 CHECK (cap_day BETWEEN 1 AND 3),
    cap_week integer NOT NULL DEFAULT 3 CHECK (cap_week BETWEEN 1 AND 7),
    cap_voicemail integer NOT NULL DEFAULT 2 CHECK (cap_voicemail BETWEEN 0 AND 5),
    balance_limit_cents bigint NOT NULL DEFAULT 5000,
    lowest_client text NOT NULL DEFAULT '0.1.0',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT clock_is_real CHECK (is_demo OR clock_offset = interval '0')
);
CALL app.protect('app.practice');

CREATE TABLE app.person (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    role text NOT NULL
        CHECK (role IN ('coordinator', 'supervisor', 'clinician', 'administrator', 'auditor')),
    languages text[] NOT NULL DEFAULT '{en}',
    active boolean NOT NULL DEFAULT true,
    -- Where the coordinator hears the call: "client:…" (in the program), "+1…", "sip:…".
    agent_endpoint text NOT NULL DEFAULT 'client',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CALL app.protect('app.person');

CREATE TABLE app.training_record (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    curriculum text NOT NULL,
    version text NOT NULL,
    completed_on date NOT NULL,
    expires_on date NOT NULL,
    CHECK (expires_on > completed_on)
);
CREATE INDEX training_person ON app.training_record (person_id, expires_on DESC);
CALL app.protect('app.training_record');

CREATE TABLE app.work_session (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    started_at timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    ended_at timestamptz,
    status text NOT NULL DEFAULT 'available'
        CHECK (status IN ('available', 'break', 'training', 'office')),
    status_since timestamptz NOT NULL,
    device text NOT NULL DEFAULT '',
    client_version text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX work_session_open ON app.work_session (person_id) WHERE ended_at IS NULL;
CREATE INDEX work_session_day ON app.work_session (person_id, started_at DESC);
CALL app.protect('app.work_session');

-- One row per thing a client asked for: the same id and payload gives the same answer.
CREATE TABLE app.op (
    op_id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    fn text NOT NULL,
    payload bytea NOT NULL,
    result jsonb,
    at timestamptz NOT NULL
) WITH (fillfactor = 80);
CALL app.protect('app.op');

-- Throttle of notifications: one hint a second per list, never one per transaction.
CREATE UNLOGGED TABLE app.hint (
    list text PRIMARY KEY,
    sent_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CALL app.protect('app.hint');
INSERT INTO app.hint VALUES ('queue', '-infinity'), ('team', '-infinity');

CREATE TABLE app.gateway_health (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('ok', 'slow', 'down')),
    is_practice_line boolean NOT NULL,
    since timestamptz,
    sentence text NOT NULL
);
CALL app.protect('app.gateway_health');

CREATE TABLE app.caller_id_authorization (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    e164 text NOT NULL CHECK (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    evidence text NOT NULL,
    signed_by text NOT NULL,
    valid daterange NOT NULL
);
CALL app.protect('app.caller_id_authorization');
