-- The phone line's set-up: the carrier's account sealed for the gateway, what was asked of the line,
-- and what the check before the first call found.

-- Regions (ISO 3166) that the practice's line may call; the gateway refuses all others.
ALTER TABLE app.practice
ADD COLUMN allowed_countries text[] NOT NULL DEFAULT '{US}'
    CHECK (cardinality(allowed_countries) BETWEEN 1 AND 20
        AND array_to_string(allowed_countries, ',') ~ '^[A-Z]{2}(,[A-Z]{2})*$');

-- One row. practice_uid is part of what a sealed account is bound to; the key is the gateway's
-- public half (X25519), to which the windows of supervisors seal.
CREATE TABLE app.line_setup (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    practice_uid uuid NOT NULL DEFAULT gen_random_uuid(),
    public_key bytea CHECK (octet_length(public_key) = 32),
    key_since timestamptz,
    source text CHECK (source IN ('window', 'vault', 'credential', 'practice', 'none')),
    account_sid text,
    used_since timestamptz,
    checked_at timestamptz,
    findings jsonb NOT NULL DEFAULT '[]',
    number jsonb NOT NULL DEFAULT '{}'
);
CALL app.protect('app.line_setup');
INSERT INTO app.line_setup DEFAULT VALUES;

-- A carrier account as a supervisor entered it. The ciphertext goes when it is no longer needed.
CREATE TABLE app.carrier_account (
    id uuid PRIMARY KEY,  -- UUIDv7
    account_sid text NOT NULL CHECK (account_sid ~ '^AC[0-9a-f]{32}$'),
    key_ending text NOT NULL CHECK (key_ending ~ '^[0-9a-f]{4}$'),
    sealed bytea CHECK (octet_length(sealed) BETWEEN 60 AND 2000),
    set_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    set_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('set', 'in_use', 'refused', 'replaced', 'forgotten')),
    problem text NOT NULL DEFAULT '',
    ended_at timestamptz
);
CREATE UNIQUE INDEX carrier_account_set ON app.carrier_account ((true)) WHERE state = 'set';
CREATE UNIQUE INDEX carrier_account_used ON app.carrier_account ((true)) WHERE state = 'in_use';
CALL app.protect('app.carrier_account');

-- Something that a supervisor asked of the line: a check, a verification call, a test call.
CREATE TABLE app.line_task (
    id uuid PRIMARY KEY,  -- UUIDv7
    kind text NOT NULL CHECK (kind IN ('check', 'verify', 'unverify', 'test_call')),
    ask jsonb NOT NULL,
    asked_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    taken_at timestamptz,
    state text NOT NULL CHECK (state IN ('asked', 'taken', 'waiting', 'done', 'failed', 'expired')),
    answer jsonb NOT NULL DEFAULT '{}',
    heard text CHECK (heard IN ('right', 'wrong_number', 'nothing')),
    ended_at timestamptz
);
-- Both ring real phones: one at a time, whoever asks.
CREATE UNIQUE INDEX line_task_rings ON app.line_task ((true))
WHERE kind IN ('verify', 'test_call') AND state IN ('asked', 'taken', 'waiting');
CREATE INDEX line_task_open ON app.line_task (asked_at) WHERE state IN ('asked', 'taken', 'waiting');
CALL app.protect('app.line_task');

-- What no interface can tell: a person looked and says so.
CREATE TABLE app.line_tick (
    name text PRIMARY KEY CHECK (name IN (
        'full_account', 'hipaa_account', 'attestation_a', 'geo_us_only', 'recordings_protected')),
    ticked boolean NOT NULL,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    at timestamptz NOT NULL
);
CALL app.protect('app.line_tick');
