-- What the dial gate asks besides the calling hours of 0007: numbers that change by date, and the
-- facts that a patient, a number, a campaign and a carrier bring.

-- One number a kind, jurisdiction and day. A change closes a row and adds one (app.guard_rule), so
-- that an old decision can be replayed under the numbers of its day.
CREATE TABLE app.rule (
    id text PRIMARY KEY,
    kind text NOT NULL,
    jurisdiction text NOT NULL DEFAULT '*',  -- state code; '*' where none has its own
    effective daterange NOT NULL,
    number integer NOT NULL CHECK (number >= 0),
    confidence text NOT NULL CHECK (confidence IN ('H', 'M', 'D', 'P')),  -- P: the practice's policy
    citation text NOT NULL,
    CONSTRAINT rule_one EXCLUDE USING gist (kind WITH =, jurisdiction WITH =, effective WITH &&)
);
CALL app.protect('app.rule');

INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
SELECT concat_ws('.', upper(v.kind), nullif(v.state, '*')), v.kind, v.state, '[2020-01-01,)', v.n, v.conf, v.cite
FROM (VALUES
    -- attempts, voicemails, contacts
    ('cap_day', '*', 1, 'P', 'policy: one attempt a patient and day'),
    ('cap_week', '*', 3, 'P', 'policy: three attempts in 7 days'),
    ('cap_callback', '*', 1, 'P', 'policy: calls more in those spans when the patient asked for this time'),
    ('cap_24h', '*', 3, 'P', 'policy: every call in 24 hours, as FL, MD, OK and OR have it'),
    ('cap_voicemail', '*', 2, 'P', 'policy: two voicemails a campaign'),
    ('voicemail_gap_days', '*', 2, 'P', 'policy: two days between voicemails'),
    ('contact_budget_week', '*', 6, 'P', 'policy: contacts in 7 days over all channels'),
    -- an established business relationship, and the age of a do-not-call scrub
    ('ebr_months', '*', 18, 'H', '47 CFR 64.1200(f)(5)'),
    ('ebr_months', 'PA', 12, 'M', '73 P.S. 2242'),
    ('ebr_months', 'MS', 6, 'M', 'Miss. Code 77-3-705'),
    ('dnc_scrub_days', '*', 31, 'H', '47 CFR 64.1200(c)(2); 16 CFR 310.4(b)(3)(iv)'),
    -- permits
    ('permit_seconds', '*', 60, 'P', 'policy: a permit nobody took is void'),
    ('override_hours', '*', 24, 'P', 'policy: a clinician''s override is for one call of this day'),
    -- how much one login may read (45 CFR 164.502(b), 164.308(a)(4))
    ('charts_per_hour', '*', 60, 'P', 'policy: more than a person works in an hour'),
    ('previews_per_hour', '*', 60, 'P', 'policy: names that lists show before a patient is opened'),
    ('searches_per_hour', '*', 20, 'P', 'policy: look-ups of a returning caller'),
    ('found_per_hour', '*', 5, 'P', 'policy: charts opened from a look-up'),
    ('break_glass_minutes', '*', 30, 'P', '45 CFR 164.312(a)(2)(ii); policy: 30 minutes'),
    ('break_glass_per_day', '*', 3, 'P', 'policy: emergencies of one person in a day'),
    ('fresh_login_minutes', '*', 5, 'P', '45 CFR 164.312(d); policy: 5 minutes')
) AS v (kind, state, n, conf, cite);

-- What the practice had set in its own row becomes rules; the columns go.
UPDATE app.rule r SET number = p.cap_day FROM app.practice p WHERE r.kind = 'cap_day';
UPDATE app.rule r SET number = p.cap_week FROM app.practice p WHERE r.kind = 'cap_week';
UPDATE app.rule r SET number = p.cap_voicemail FROM app.practice p WHERE r.kind = 'cap_voicemail';
ALTER TABLE app.practice DROP COLUMN cap_day, DROP COLUMN cap_week, DROP COLUMN cap_voicemail;

-- Which rules were in force: the hash is of all rule rows, so that a row changed behind the
-- loader's back shows.
ALTER TABLE app.rule_pack ADD COLUMN content_hash text NOT NULL DEFAULT '';
ALTER TABLE app.rule_pack ADD COLUMN loaded_at timestamptz NOT NULL DEFAULT clock_timestamp();
INSERT INTO app.rule_pack (version, effective_from, note)
VALUES ('2026-11-25', '2026-11-25', 'Caps, relationship, scrub and reading limits as dated rows; state holidays');

-- Legal holidays of the states that forbid calls on their own (compliance.md 1.7), beside the
-- federal ones of 0007.
INSERT INTO app.holiday (jurisdiction, day, name)
SELECT v.state, d.day::date, v.name
FROM (VALUES
    ('AL', 'Confederate Memorial Day', '2025-04-28 2026-04-27 2027-04-26 2028-04-24 2029-04-23 2030-04-22 2031-04-28 '
        '2032-04-26 2033-04-25 2034-04-24 2035-04-23'),
    ('AL', 'Jefferson Davis Birthday', '2025-06-02 2026-06-01 2027-06-07 2028-06-05 2029-06-04 2030-06-03 2031-06-02 '
        '2032-06-07 2033-06-06 2034-06-05 2035-06-04'),
    ('LA', 'Mardi Gras', '2025-03-04 2026-02-17 2027-02-09 2028-02-29 2029-02-13 2030-03-05 2031-02-25 '
        '2032-02-10 2033-03-01 2034-02-21 2035-02-06'),
    ('LA', 'Good Friday', '2025-04-18 2026-04-03 2027-03-26 2028-04-14 2029-03-30 2030-04-19 2031-04-11 '
        '2032-03-26 2033-04-15 2034-04-07 2035-03-23'),
    ('LA', 'Election Day', '2026-11-03 2028-11-07 2030-11-05 2032-11-02 2034-11-07'),
    ('PA', 'Day After Thanksgiving', '2025-11-28 2026-11-27 2027-11-26 2028-11-24 2029-11-23 2030-11-29 2031-11-28 '
        '2032-11-26 2033-11-25 2034-11-24 2035-11-23'),
    ('RI', 'Victory Day', '2025-08-11 2026-08-10 2027-08-09 2028-08-14 2029-08-13 2030-08-12 2031-08-11 '
        '2032-08-09 2033-08-08 2034-08-14 2035-08-13'),
    ('UT', 'Pioneer Day', '2025-07-24 2026-07-24 2027-07-24 2028-07-24 2029-07-24 2030-07-24 2031-07-24 '
        '2032-07-24 2033-07-24 2034-07-24 2035-07-24'),
    ('UT', 'Pioneer Day (observed)', '2027-07-23 2032-07-23 2033-07-25')
) AS v (state, name, days), unnest(string_to_array(v.days, ' ')) AS d (day)
ON CONFLICT DO NOTHING;

-- Channel and household of an opt-out. 'automated': a STOP to a machine's message stops machines.
ALTER TABLE app.suppression DROP CONSTRAINT suppression_scope_check;
ALTER TABLE app.suppression DROP CONSTRAINT suppression_check1;
ALTER TABLE app.suppression
ADD COLUMN channel text NOT NULL DEFAULT 'voice'
    CHECK (channel IN ('voice', 'automated', 'text', 'email', 'mail', 'all')),
ADD CONSTRAINT suppression_scope_check
    CHECK (scope IN ('number', 'household', 'calls', 'everything')),
ADD CONSTRAINT suppression_number_check
    CHECK (scope NOT IN ('number', 'household') OR e164 IS NOT NULL);

-- 45 CFR 164.522(b): where and how a patient asked to be reached. The newest row counts and passes
-- every other contact fact; a withdrawal is a row, too. Nobody is asked why.
CREATE TABLE app.confidential_request (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    withdrawn boolean NOT NULL DEFAULT false,
    e164 text CHECK (e164 ~ '^\+[1-9][0-9]{6,14}$'),  -- NULL: on no telephone at all
    extension text NOT NULL DEFAULT '' CHECK (extension ~ '^[0-9]{0,10}$'),
    voicemail text NOT NULL DEFAULT 'V0' CHECK (voicemail IN ('V0', 'V1', 'V2')),
    state_code text NOT NULL DEFAULT '' CHECK (state_code ~ '^([A-Z]{2})?$'),
    zones text[] NOT NULL DEFAULT '{}',
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid REFERENCES app.person ON DELETE RESTRICT
);
CREATE INDEX confidential_request_now
ON app.confidential_request (patient_id, recorded_at DESC, id DESC);
CALL app.protect('app.confidential_request');

-- Answers of the Reassigned Numbers Database: only "no" is a "no" (47 CFR 64.1200(m)).
CREATE TABLE app.reassigned_check (
    e164 text NOT NULL,
    consent_on date NOT NULL,
    asked_on date NOT NULL,
    answer text NOT NULL CHECK (answer IN ('yes', 'no', 'no_data')),
    source text NOT NULL,
    PRIMARY KEY (e164, asked_on, consent_on)
);
CALL app.protect('app.reassigned_check');

-- The national do-not-call list, as scrubbed (47 CFR 64.1200(c)(2)).
CREATE TABLE app.dnc_scrub (
    e164 text NOT NULL,
    checked_on date NOT NULL,
    listed boolean NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (e164, checked_on)
);
CALL app.protect('app.dnc_scrub');

-- A patient's signed authorization for marketing that a third party pays for (45 CFR 164.508).
CREATE TABLE app.patient_authorization (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    kind text NOT NULL CHECK (kind IN ('marketing')),
    valid daterange NOT NULL,
    evidence text NOT NULL
);
CREATE INDEX patient_authorization_patient ON app.patient_authorization (patient_id, kind);
CALL app.protect('app.patient_authorization');

-- Business associate contracts (45 CFR 164.308(b), 164.504(e)); no real call without the carrier's.
CREATE TABLE app.agreement (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('carrier', 'hosting', 'coordinators', 'mail', 'other')),
    vendor text NOT NULL,
    signed_by text NOT NULL,
    evidence text NOT NULL,
    valid daterange NOT NULL
);
CALL app.protect('app.agreement');

-- What reached or was sent to a patient besides calls; written by outreach, counted by the budget.
CREATE TABLE app.communication (
    id uuid PRIMARY KEY,  -- UUIDv7
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    channel text NOT NULL CHECK (channel IN ('text', 'email', 'mail', 'portal')),
    purpose text NOT NULL
        CHECK (purpose IN ('APPT', 'RECALL', 'CAREGAP', 'SDOH', 'ANNOUNCE', 'PROMO')),
    sent_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX communication_patient ON app.communication (patient_id, sent_at DESC);
CALL app.protect('app.communication');

ALTER TABLE app.campaign
ADD COLUMN assigned_only boolean NOT NULL DEFAULT false,        -- only who is assigned works it
ADD COLUMN needs_certification boolean NOT NULL DEFAULT false,  -- only who is certified in its script
ADD COLUMN shows_clinical boolean NOT NULL DEFAULT true,        -- false: neutral words only
ADD COLUMN third_party_payment boolean NOT NULL DEFAULT false;
ALTER TABLE app.practice ADD COLUMN allows_promotion boolean NOT NULL DEFAULT false;
ALTER TABLE app.patient ADD COLUMN sensitive boolean NOT NULL DEFAULT false;  -- neutral words, always

-- Whether a group of patients is inside calling hours, worked out ahead by the gateway's beat: a
-- claim looks at all groups, and each costs half a millisecond to work out. Unlogged: it is made
-- anew; whoever finds no row for this minute works it out.
CREATE UNLOGGED TABLE app.group_open (
    call_group text PRIMARY KEY,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    is_open boolean NOT NULL
) WITH (fillfactor = 50);
CALL app.protect('app.group_open');

-- A press of Dial that was refused: every check with its result, and the rules they came from.
-- (What was granted stands in app.call.)
CREATE TABLE app.dial_refusal (
    id uuid PRIMARY KEY,  -- UUIDv7
    op_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    entry_id uuid NOT NULL REFERENCES app.queue_entry ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    phone_id uuid REFERENCES app.patient_telecom ON DELETE RESTRICT,
    refused_by text NOT NULL,
    checks jsonb NOT NULL,
    rule_pack text NOT NULL
);
CREATE INDEX dial_refusal_patient ON app.dial_refusal (patient_id, id DESC);
CREATE INDEX dial_refusal_person ON app.dial_refusal (person_id, id DESC);
CALL app.protect('app.dial_refusal');

-- A clinician's word that a call is needed outside hours or caps; nothing else can be overridden.
CREATE TABLE app.gate_override (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    checks text[] NOT NULL CHECK (
        cardinality(checks) > 0
        AND checks <@ '{hours,cap_day,cap_week,cap_24h,cap_campaign,contact_budget}'::text[]
    ),
    reason text NOT NULL CHECK (length(trim(reason)) >= 10),
    granted_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    granted_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    used_by uuid  -- the call; an override is for one
);
CREATE INDEX gate_override_open ON app.gate_override (patient_id) WHERE used_by IS NULL;
CALL app.protect('app.gate_override');
