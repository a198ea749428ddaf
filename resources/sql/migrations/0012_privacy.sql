-- Disclosures, amendments, the clock of an incident, retention.

-- Who was told what about a patient (45 CFR 164.528). What does not have to be accounted for (a)(1)
-- may be noted all the same; the class alone decides (app.is_accountable), nobody ticks a box.
CREATE TABLE app.disclosure (
    id uuid PRIMARY KEY,  -- UUIDv7
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    at timestamptz NOT NULL,  -- when it happened
    recipient text NOT NULL CHECK (length(trim(recipient)) >= 2),
    recipient_address text NOT NULL DEFAULT '',
    what text NOT NULL CHECK (length(trim(what)) >= 3),
    purpose text NOT NULL CHECK (length(trim(purpose)) >= 3),
    reason text NOT NULL CHECK (reason IN (
        'treatment', 'payment', 'operations', 'to_patient', 'family', 'authorization', 'incidental',
        'mistake', 'public_health', 'oversight', 'court', 'law_enforcement', 'safety', 'law', 'other'
    )),
    incident_id uuid REFERENCES app.incident ON DELETE RESTRICT,
    call_id uuid REFERENCES app.call ON DELETE RESTRICT,
    corrects uuid UNIQUE REFERENCES app.disclosure ON DELETE RESTRICT,  -- the row that was wrong
    recorded_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX disclosure_patient ON app.disclosure (patient_id, at DESC);
CREATE INDEX disclosure_incident ON app.disclosure (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX disclosure_call ON app.disclosure (call_id) WHERE call_id IS NOT NULL;
CALL app.protect('app.disclosure');

-- Incidents: not all come from a call (an emergency opening that was not justified does not).
ALTER TABLE app.incident ALTER COLUMN call_id DROP NOT NULL;
ALTER TABLE app.incident
ADD COLUMN discovered_at timestamptz,  -- 45 CFR 164.404(a)(2): the clock counts from here
ADD COLUMN resolution text NOT NULL DEFAULT '',
ADD COLUMN choice text CHECK (choice IN ('confirmed', 'wrong', 'release', 'close')),
ADD COLUMN closed_by uuid REFERENCES app.person ON DELETE RESTRICT,
ADD CONSTRAINT incident_closed CHECK ((closed_at IS NULL) = (choice IS NULL));
UPDATE app.incident i SET discovered_at = i.opened_at;
ALTER TABLE app.incident ALTER COLUMN discovered_at SET NOT NULL;
CREATE INDEX incident_open ON app.incident (due_at) WHERE closed_at IS NULL;
CREATE INDEX incident_call ON app.incident (call_id);
CREATE INDEX incident_patient ON app.incident (patient_id);

-- The four factors of 45 CFR 164.402(2) and what they came to. The newest row counts; an earlier
-- judgement stays to be read (164.530(j)).
CREATE TABLE app.incident_assessment (
    id uuid PRIMARY KEY,  -- UUIDv7
    incident_id uuid NOT NULL REFERENCES app.incident ON DELETE RESTRICT,
    at timestamptz NOT NULL,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    nature text NOT NULL CHECK (length(trim(nature)) >= 3),          -- (i) what it was about
    recipient text NOT NULL CHECK (length(trim(recipient)) >= 3),    -- (ii) who received it
    viewed text NOT NULL CHECK (length(trim(viewed)) >= 3),          -- (iii) acquired or viewed
    mitigation text NOT NULL CHECK (length(trim(mitigation)) >= 3),  -- (iv) what lessened the risk
    disclosed boolean NOT NULL,
    result text NOT NULL CHECK (result IN ('low_probability', 'breach')),
    notified_on date
);
CREATE INDEX incident_assessment_newest ON app.incident_assessment (incident_id, id DESC);
CALL app.protect('app.incident_assessment');

-- A correction of a recorded outcome: it names the row that it corrects, which stays as it was.
CREATE TABLE app.outcome_amendment (
    id uuid PRIMARY KEY,  -- UUIDv7; the newest of a call counts
    op_id uuid NOT NULL UNIQUE,
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    corrects uuid NOT NULL REFERENCES app.call_outcome ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    outcome text NOT NULL REFERENCES app.outcome_code ON DELETE RESTRICT,
    details jsonb NOT NULL,
    reason text NOT NULL CHECK (length(trim(reason)) >= 5),
    follow_up text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX outcome_amendment_call ON app.outcome_amendment (call_id, id DESC);
CREATE INDEX outcome_amendment_corrects ON app.outcome_amendment (corrects);
CALL app.protect('app.outcome_amendment');

-- How long what is kept. The floor is part of the table: nobody sets six years to one.
CREATE TABLE app.retention_class (
    class text PRIMARY KEY CHECK (class IN ('audit', 'calls', 'opt_out', 'access', 'privacy')),
    years integer NOT NULL,
    citation text NOT NULL,
    tables text[] NOT NULL,
    CHECK (years >= CASE class WHEN 'opt_out' THEN 10 ELSE 6 END)
);
CALL app.protect('app.retention_class');
INSERT INTO app.retention_class (class, years, citation, tables) VALUES
('audit', 6, '45 CFR 164.316(b)(2)(i)', '{audit.event}'),
('calls', 6, '45 CFR 164.316(b)(2)(i), 164.530(j)(2)',
    '{call,call_event,call_outcome,call_command,outcome_amendment,dial_refusal}'),
('opt_out', 10, '47 CFR 64.1200(d)(6) asks for 5 years; policy: 10', '{suppression}'),
('access', 6, '45 CFR 164.316(b)(2)(i)', '{work_session,op,seen,alert,break_glass}'),
('privacy', 6, '45 CFR 164.528(a)(1), 164.530(j)(2); from closing',
    '{incident,incident_assessment,disclosure}');

-- Each purge, with what it removed; rows go only in a transaction that has written one.
CREATE TABLE app.purge_run (
    id uuid PRIMARY KEY,  -- UUIDv7
    at timestamptz NOT NULL,
    login text NOT NULL,
    class text NOT NULL REFERENCES app.retention_class ON DELETE RESTRICT,
    before date NOT NULL,
    xact xid8 NOT NULL
);
CREATE INDEX purge_run_xact ON app.purge_run (xact);
CALL app.protect('app.purge_run');

-- What the gateway's beat looks at, and when it last did.
CREATE TABLE app.watch_state (
    name text PRIMARY KEY CHECK (name IN ('readers', 'days')),
    at timestamptz NOT NULL,
    day date NOT NULL DEFAULT '-infinity'  -- the practice's; everything before it was looked at
) WITH (fillfactor = 50);
CALL app.protect('app.watch_state');
INSERT INTO app.watch_state (name, at) VALUES ('readers', '-infinity'), ('days', '-infinity');

ALTER TABLE app.alert DROP CONSTRAINT alert_kind_check;
ALTER TABLE app.alert ADD CONSTRAINT alert_kind_check CHECK (kind IN (
    'read_limit', 'search_limit', 'rolled_back_reads', 'break_glass', 'override', 'unusual_reading',
    'login_lock', 'suspended', 'second_factor', 'audit', 'incident_late'
));
CREATE INDEX alert_object ON app.alert (kind, object) WHERE seen_at IS NULL;
CREATE INDEX break_glass_review ON app.break_glass (id) WHERE verdict IS NULL;

-- From when on reading is called unusual. It is shown to a supervisor, never stopped by this.
INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
SELECT upper(v.kind), v.kind, '*', '[2020-01-01,)', v.n, 'P', '45 CFR 164.308(a)(1)(ii)(D); policy: ' || v.cite
FROM (VALUES
    ('unusual_call_minutes', 30, 'a chart is opened for a call within this time'),
    ('unusual_charts', 10, 'charts without a call that a day may have'),
    ('unusual_from_hour', 7, 'reading before this hour of the practice is after hours'),
    ('unusual_to_hour', 21, 'reading from this hour on is after hours'),
    ('unusual_patients', 10, 'different patients within the time of unusual_paging_minutes'),
    ('unusual_paging_minutes', 5, 'the time in which patients are counted'),
    ('unusual_lookups', 20, 'look-ups that a day may have'),
    ('incident_late_days', 10, 'days left of an incident when supervisors are told'),
    ('amend_hours', 24, 'hours in which who made a call may amend its outcome')
) AS v (kind, n, cite);
