-- Supervisors on live calls, and the coordinator's call for help.

-- One row each time a supervisor comes to a call. What the supervisor wants is in mode and
-- stop_wanted; what the carrier has is in state and line_mode, which only the gateway writes.
CREATE TABLE app.call_monitor (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    session_id uuid NOT NULL,  -- the coordinator's shift: names the room at the carrier
    endpoint text NOT NULL,    -- where the supervisor hears it, as person.agent_endpoint
    mode text NOT NULL CHECK (mode IN ('listen', 'coach', 'barge')),
    line_mode text CHECK (line_mode IN ('listen', 'coach', 'barge')),
    state text NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'placing', 'ringing', 'on', 'ended')),
    stop_wanted boolean NOT NULL DEFAULT false,
    requested_at timestamptz NOT NULL,
    placed_at timestamptz,
    joined_at timestamptz,
    ended_at timestamptz,
    end_reason text CHECK (end_reason IN (
        'stopped', 'call_ended', 'left', 'no_answer', 'refused', 'not_placed', 'lost')),
    sentence text NOT NULL DEFAULT '',
    carrier_ref text NOT NULL DEFAULT '',
    CHECK ((state = 'ended') = (ended_at IS NOT NULL AND end_reason IS NOT NULL))
);
-- A supervisor has two ears and one telephone: one call at a time.
CREATE UNIQUE INDEX call_monitor_one ON app.call_monitor (person_id) WHERE state <> 'ended';
CREATE INDEX call_monitor_call ON app.call_monitor (call_id);
CREATE INDEX call_monitor_person ON app.call_monitor (person_id, requested_at DESC);
CALL app.protect('app.call_monitor');

-- The reason is chosen from a list: nothing about the patient is written here. It is open until it
-- is cleared or the call ends.
CREATE TABLE app.call_help (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    reason text NOT NULL DEFAULT '' CHECK (reason IN (
        '', 'upset', 'clinical', 'scheduling', 'insurance', 'language', 'identity', 'system')),
    asked_at timestamptz NOT NULL,
    answered_by uuid REFERENCES app.person ON DELETE RESTRICT,
    answer text NOT NULL DEFAULT '' CHECK (length(answer) <= 80),
    answered_at timestamptz,
    taken_by uuid REFERENCES app.person ON DELETE RESTRICT,
    cleared_at timestamptz,
    cleared_by uuid REFERENCES app.person ON DELETE RESTRICT
);
CREATE UNIQUE INDEX call_help_open ON app.call_help (call_id) WHERE cleared_at IS NULL;
CREATE INDEX call_help_call ON app.call_help (call_id);
CALL app.protect('app.call_help');

-- A practice that is there already gets these from its today on (see 0011).
INSERT INTO app.rule (id, kind, effective, number, confidence, citation)
SELECT upper(v.kind), v.kind, daterange(coalesce((
        SELECT ((clock_timestamp() + p.clock_offset) AT TIME ZONE p.zone)::date FROM app.practice p
    ), date '2020-01-01'), NULL), v.n, 'P', 'policy: ' || v.cite
FROM (VALUES
    ('monitor_notice', 2, 'who is on a call is told to its coordinator; 2: always, 1: not who only listens'),
    ('live_warn_seconds', 180, 'a conversation this long is marked on the live list'),
    ('live_late_seconds', 300, 'a conversation this long stands out on the live list'),
    ('ring_late_seconds', 45, 'a call that rings this long stands out on the live list'),
    ('help_late_seconds', 30, 'a call for help that waits this long stands out on the live list')
) AS v (kind, n, cite);
