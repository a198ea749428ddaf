-- Who may work what, and how much of it one login may read.

CREATE TABLE app.assignment (
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    campaign_id uuid NOT NULL REFERENCES app.campaign ON DELETE RESTRICT,
    since timestamptz NOT NULL,
    until timestamptz,
    PRIMARY KEY (person_id, campaign_id, since),
    CHECK (until IS NULL OR until >= since)
);
CREATE UNIQUE INDEX assignment_now ON app.assignment (person_id, campaign_id) WHERE until IS NULL;
CALL app.protect('app.assignment');

-- A returning caller is found by name; by number there is an index already.
CREATE INDEX patient_name ON app.patient (lower(family) text_pattern_ops, lower(given) text_pattern_ops);

-- What a person may do besides the training: speak a language with patients (45 CFR 92.201 asks
-- for qualified bilingual staff), use a script.
CREATE TABLE app.credential (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    kind text NOT NULL CHECK (kind IN ('language', 'script')),
    name text NOT NULL,
    granted_on date NOT NULL,
    expires_on date NOT NULL,
    evidence text NOT NULL DEFAULT '',
    CHECK (expires_on > granted_on)
);
CREATE INDEX credential_person ON app.credential (person_id, kind, name, expires_on DESC);
CALL app.protect('app.credential');

-- Which trainings a role needs, in which version; without a row any valid training will do.
CREATE TABLE app.required_training (
    role text NOT NULL
        CHECK (role IN ('coordinator', 'supervisor', 'clinician', 'administrator', 'auditor')),
    curriculum text NOT NULL,
    version text NOT NULL DEFAULT '',  -- '': any version
    effective_from date NOT NULL,
    PRIMARY KEY (role, curriculum, effective_from)
);
CALL app.protect('app.required_training');

-- Whose name a person's lists showed within the hour: shown again, it is not counted again.
CREATE TABLE app.seen (
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, patient_id)
) WITH (fillfactor = 80);
CALL app.protect('app.seen');

-- One row a login: the lock under which its meters move, and how many reads were committed. The
-- meters themselves are sequences (app.make_meters), because a sequence does not roll back: who
-- reads inside a transaction and takes it back has read all the same.
CREATE TABLE app.meter (
    person_id uuid PRIMARY KEY REFERENCES app.person ON DELETE RESTRICT,
    reads bigint NOT NULL DEFAULT 0,
    reported bigint NOT NULL DEFAULT 0  -- of the reads that were rolled back
) WITH (fillfactor = 50);
CALL app.protect('app.meter');

-- What a supervisor should look at. Never a name of a patient in it.
CREATE TABLE app.alert (
    id uuid PRIMARY KEY,  -- UUIDv7
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN (
        'read_limit', 'search_limit', 'rolled_back_reads', 'break_glass', 'override', 'unusual_reading',
        'login_lock', 'suspended', 'second_factor', 'audit'
    )),
    person_id uuid REFERENCES app.person ON DELETE RESTRICT,
    object text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    seen_by uuid REFERENCES app.person ON DELETE RESTRICT,
    seen_at timestamptz,
    note text NOT NULL DEFAULT ''
);
CREATE INDEX alert_open ON app.alert (id DESC) WHERE seen_at IS NULL;
CALL app.protect('app.alert');

-- Access in an emergency (45 CFR 164.312(a)(2)(ii)): a reason, half an hour, and a review.
CREATE TABLE app.break_glass (
    id uuid PRIMARY KEY,  -- UUIDv7
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    reason text NOT NULL CHECK (length(trim(reason)) >= 10),
    at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    reviewed_by uuid REFERENCES app.person ON DELETE RESTRICT,
    reviewed_at timestamptz,
    verdict text CHECK (verdict IN ('justified', 'not_justified')),
    review_note text NOT NULL DEFAULT '',
    CHECK (reviewed_by IS DISTINCT FROM person_id),
    CHECK ((verdict IS NULL) = (reviewed_at IS NULL))
);
CREATE INDEX break_glass_open ON app.break_glass (person_id, until);
CALL app.protect('app.break_glass');
