-- A second factor that the server asks for, and the lock after failed logins.

ALTER TABLE app.practice ADD COLUMN second_factor text NOT NULL DEFAULT 'required'
CHECK (second_factor IN ('required', 'off'));
UPDATE app.practice SET second_factor = 'off' WHERE is_demo;

-- RFC 6238, as every authenticator app speaks it: SHA-1, six digits, 30 seconds.
CREATE TABLE app.second_factor (
    person_id uuid PRIMARY KEY REFERENCES app.person ON DELETE RESTRICT,
    secret bytea NOT NULL CHECK (length(secret) BETWEEN 16 AND 64),
    enrolled_at timestamptz NOT NULL,
    last_step bigint NOT NULL DEFAULT 0  -- and in a sequence, which no rollback takes back
);
CALL app.protect('app.second_factor');

-- Which connections have shown a code. A process id is used again; with the moment at which the
-- connection was made it is not. The token lets the next connection of the same window take part.
CREATE TABLE app.elevation (
    pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    token_hash bytea NOT NULL,
    until timestamptz NOT NULL,  -- real time, not a demo's
    PRIMARY KEY (pid, backend_start)
);
CREATE INDEX elevation_token ON app.elevation (token_hash);
CREATE INDEX elevation_person ON app.elevation (person_id);
CALL app.protect('app.elevation');

-- Failed logins, as read from the server's log (coordinator-admin guard). ``mark`` is the place in
-- the log: what is read twice counts once.
CREATE TABLE app.login_failure (
    mark text PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    at timestamptz NOT NULL
);
CREATE INDEX login_failure_person ON app.login_failure (person_id, at DESC);
CALL app.protect('app.login_failure');

-- Locked logins, in real time. ``valid_until``: what the login had before, given back afterwards.
CREATE TABLE app.login_lock (
    id uuid PRIMARY KEY,  -- UUIDv7
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    failures integer NOT NULL,
    locked_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    valid_until timestamptz,
    unlocked_at timestamptz,
    unlocked_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX login_lock_open ON app.login_lock (person_id) WHERE unlocked_at IS NULL;
CALL app.protect('app.login_lock');

-- How far each file of the server's log was read.
CREATE TABLE app.login_log (
    file text PRIMARY KEY,  -- its identity, which a rename does not change
    position bigint NOT NULL CHECK (position >= 0),
    read_at timestamptz NOT NULL
);
CALL app.protect('app.login_log');

INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
SELECT upper(v.kind), v.kind, '*', '[2020-01-01,)', v.n, 'P', v.cite
FROM (VALUES
    ('failed_logins', 5, '45 CFR 164.308(a)(5)(ii)(C); policy: after five wrong passwords'),
    ('failed_login_minutes', 15, 'policy: within a quarter of an hour'),
    ('lock_minutes', 30, 'policy: the login is locked for half an hour')
) AS v (kind, n, cite);

-- A requirement that is no longer one keeps its days.
ALTER TABLE app.required_training ADD COLUMN effective_until date
CHECK (effective_until IS NULL OR effective_until >= effective_from);
