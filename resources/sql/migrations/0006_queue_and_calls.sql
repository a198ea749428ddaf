-- Campaigns, the queue, calls and what came of them.

CREATE TABLE app.campaign (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    script text NOT NULL CHECK (script ~ '^[a-z_]+$'),
    purpose text NOT NULL
        CHECK (purpose IN ('APPT', 'RECALL', 'CAREGAP', 'SDOH', 'ANNOUNCE', 'PROMO')),
    chart_needs_identity boolean NOT NULL DEFAULT true,
    -- A closed vocabulary, see app.campaign_refresh.
    rule jsonb NOT NULL,
    status text NOT NULL DEFAULT 'draft'
        CHECK (status IN ('draft', 'running', 'paused', 'closed')),
    max_attempts integer NOT NULL DEFAULT 6 CHECK (max_attempts BETWEEN 1 AND 10),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    refreshed_at timestamptz
);
CALL app.protect('app.campaign');

CREATE TABLE app.queue_entry (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    campaign_id uuid NOT NULL REFERENCES app.campaign ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    state text NOT NULL DEFAULT 'ready'
        CHECK (state IN ('ready', 'waiting', 'callback', 'claimed', 'held', 'closed')),
    score integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason text NOT NULL,
    parts jsonb NOT NULL DEFAULT '[]',  -- how the score came about
    call_group text NOT NULL DEFAULT '',  -- states|zones, see app.call_group
    due_at timestamptz,  -- waiting: not before; callback: promised time
    holder uuid REFERENCES app.person ON DELETE RESTRICT,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    voicemails integer NOT NULL DEFAULT 0,
    last_voicemail_at timestamptz,
    closed_reason text NOT NULL DEFAULT '',
    closed_at timestamptz,
    back_state text,  -- what the entry was before it was claimed
    UNIQUE (patient_id, campaign_id),
    CHECK ((state = 'claimed') = (holder IS NOT NULL)),
    CHECK (state NOT IN ('waiting', 'callback') OR due_at IS NOT NULL)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
-- The three probes of a claim, and the two promises: one holder a patient, one patient a person.
CREATE INDEX queue_ready ON app.queue_entry (call_group, score DESC, id) WHERE state = 'ready';
CREATE INDEX queue_due ON app.queue_entry (due_at) WHERE state IN ('waiting', 'callback');
CREATE INDEX queue_lease ON app.queue_entry (lease_until) WHERE state = 'claimed';
CREATE UNIQUE INDEX queue_one_per_person ON app.queue_entry (holder) WHERE state = 'claimed';
CREATE UNIQUE INDEX queue_one_per_patient ON app.queue_entry (patient_id) WHERE state = 'claimed';
CREATE INDEX queue_order ON app.queue_entry (score DESC, id) WHERE state <> 'closed';
CALL app.protect('app.queue_entry');

ALTER TABLE app.slot_hold
ADD CONSTRAINT slot_hold_entry FOREIGN KEY (entry_id) REFERENCES app.queue_entry ON DELETE RESTRICT;

CREATE TABLE app.skip (
    id uuid PRIMARY KEY,
    entry_id uuid NOT NULL REFERENCES app.queue_entry ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    reason text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX skip_entry ON app.skip (entry_id, at DESC);
CALL app.protect('app.skip');

-- One row an attempt. The key is a UUIDv7 made by the server, so it is the time key as well.
CREATE TABLE app.call (
    id uuid PRIMARY KEY,
    op_id uuid NOT NULL,
    entry_id uuid NOT NULL REFERENCES app.queue_entry ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    campaign_id uuid NOT NULL REFERENCES app.campaign ON DELETE RESTRICT,
    phone_id uuid NOT NULL REFERENCES app.patient_telecom ON DELETE RESTRICT,
    e164 text NOT NULL,
    extension text NOT NULL DEFAULT '',
    phone_use text NOT NULL,
    caller_id text NOT NULL,
    agent_endpoint text NOT NULL,
    is_practice_line boolean NOT NULL,
    was_callback boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL,
    attempt integer NOT NULL,
    -- The permit: every check with its result, and the rules they came from.
    checks jsonb NOT NULL,
    rule_pack text NOT NULL,
    permit_until timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'requested' CHECK (
        state IN ('requested', 'placing', 'unknown', 'queued', 'ringing', 'live', 'ended')
    ),
    requested_at timestamptz NOT NULL,
    taken_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    error_code text NOT NULL DEFAULT '',
    sentence text NOT NULL DEFAULT '',
    carrier_ref text NOT NULL DEFAULT '',
    held boolean NOT NULL DEFAULT false,
    muted boolean NOT NULL DEFAULT false,
    hang_up_wanted boolean NOT NULL DEFAULT false,
    captions jsonb NOT NULL DEFAULT '[]',
    identity text CHECK (identity IN ('PASS', 'FAIL', 'DECLINED')),
    identity_kinds text[] NOT NULL DEFAULT '{}',
    identity_tries integer NOT NULL DEFAULT 0,
    outcome text,
    outcome_at timestamptz,
    note text NOT NULL DEFAULT ''
) PARTITION BY RANGE (id);
CREATE INDEX call_person ON app.call (person_id, id DESC);
CREATE INDEX call_patient ON app.call (patient_id, id DESC);
CREATE INDEX call_entry ON app.call (entry_id, id DESC);
CREATE INDEX call_open ON app.call (id) WHERE state <> 'ended';
CREATE INDEX call_requested ON app.call (id) WHERE state = 'requested';
CREATE INDEX call_no_outcome ON app.call (person_id, id) WHERE outcome IS NULL;
CREATE INDEX call_outcome_code ON app.call (outcome, id DESC);
CALL app.protect('app.call');

-- The locks of a live call: one a patient, one a number, one a coordinator.
CREATE TABLE app.live_call (
    call_id uuid PRIMARY KEY,
    patient_id uuid NOT NULL UNIQUE REFERENCES app.patient ON DELETE RESTRICT,
    e164 text NOT NULL UNIQUE,
    person_id uuid NOT NULL UNIQUE REFERENCES app.person ON DELETE RESTRICT
);
CALL app.protect('app.live_call');

CREATE TABLE app.call_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    at timestamptz NOT NULL,
    written_at timestamptz NOT NULL,
    fact jsonb NOT NULL
);
CREATE INDEX call_event_call ON app.call_event (call_id, id);
CALL app.protect('app.call_event');

CREATE TABLE app.call_command (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    command text NOT NULL
        CHECK (command IN ('hang_up', 'hold', 'unhold', 'mute', 'unmute', 'digits')),
    digits text NOT NULL DEFAULT '' CHECK (digits ~ '^[0-9*#w]{0,32}$'),
    requested_at timestamptz NOT NULL,
    taken_at timestamptz
);
CREATE INDEX call_command_new ON app.call_command (id) WHERE taken_at IS NULL;
CALL app.protect('app.call_command');

-- What an outcome means; domain/outcome.py shows the same list and a test holds them equal.
CREATE TABLE app.outcome_code (
    code text PRIMARY KEY,
    contact boolean NOT NULL,         -- the patient was reached
    counts_attempt boolean NOT NULL,
    needs text[] NOT NULL DEFAULT '{}',
    board_group text NOT NULL CHECK (
        board_group IN ('booked', 'voicemail', 'callback', 'no_answer', 'declined', 'other')
    )
);
CALL app.protect('app.outcome_code');
INSERT INTO app.outcome_code (code, contact, counts_attempt, needs, board_group) VALUES
('BOOKED', true, true, '{slot}', 'booked'),
('LEFT_VOICEMAIL', false, true, '{}', 'voicemail'),
('NO_ANSWER', false, true, '{}', 'no_answer'),
('CALLBACK_AT', true, true, '{callback_at}', 'callback'),
('DECLINED', true, true, '{reason}', 'declined'),
('DECLINED_BARRIER', true, true, '{barrier}', 'declined'),
('WRONG_NUMBER', false, true, '{}', 'other'),
('LEFT_PRACTICE', true, true, '{reason}', 'declined'),
('OPT_OUT', true, true, '{scope}', 'declined'),
('BUSY', false, true, '{}', 'no_answer'),
('VOICEMAIL_NOT_LEFT', false, true, '{}', 'voicemail'),
('GATEKEEPER_MESSAGE', false, true, '{}', 'other'),
('UNVERIFIED', false, true, '{}', 'other'),
('FAILED_NUMBER', false, true, '{}', 'other'),
('THINKING', true, true, '{}', 'callback'),
('BOOKED_ELSEWHERE', true, true, '{}', 'other'),
('LANGUAGE', true, true, '{language}', 'other'),
('DECEASED_REPORTED', false, true, '{}', 'other'),
('TRIAGE', true, true, '{note}', 'other'),
('COMPLAINT', true, true, '{note}', 'other'),
('INCIDENT', false, true, '{note}', 'other'),
('TECHNICAL', false, false, '{}', 'other');

CREATE TABLE app.call_outcome (
    op_id uuid PRIMARY KEY,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    outcome text NOT NULL REFERENCES app.outcome_code ON DELETE RESTRICT,
    details jsonb NOT NULL,
    result text NOT NULL CHECK (result IN ('recorded', 'recorded_lease_lost')),
    follow_up text NOT NULL,
    recorded_at timestamptz NOT NULL
);
-- One outcome a call; a correction will be an amendment that names this row.
CREATE UNIQUE INDEX call_outcome_once ON app.call_outcome (call_id);
CALL app.protect('app.call_outcome');

CREATE TABLE app.callback (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    entry_id uuid NOT NULL REFERENCES app.queue_entry ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    owner uuid REFERENCES app.person ON DELETE RESTRICT,  -- NULL: anybody
    due_at timestamptz NOT NULL,
    anyone_at timestamptz NOT NULL,  -- from then on anybody may take it
    note text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'replaced', 'cancelled')),
    created_by_call uuid,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX callback_one_open ON app.callback (entry_id) WHERE state = 'open';
CREATE INDEX callback_due ON app.callback (due_at) WHERE state = 'open';
CALL app.protect('app.callback');

CREATE TABLE app.barrier (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    kind text NOT NULL,
    words text NOT NULL DEFAULT '',
    call_id uuid,
    since date NOT NULL,
    resolved_on date
);
CREATE INDEX barrier_patient ON app.barrier (patient_id);
CALL app.protect('app.barrier');

-- What a supervisor or clinician must look at: complaints, symptoms, privacy incidents.
CREATE TABLE app.incident (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('triage', 'complaint', 'privacy', 'deceased')),
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    opened_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    opened_at timestamptz NOT NULL,
    -- 45 CFR 164.404: without unreasonable delay, 60 days at the most.
    due_at timestamptz NOT NULL,
    note text NOT NULL,
    closed_at timestamptz
);
CALL app.protect('app.incident');
