-- Patients as imported, and what they allowed.

CREATE TABLE app.location (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    address text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    row_hash bytea,
    UNIQUE (source, external_id)
);
CALL app.protect('app.location');

CREATE TABLE app.practitioner (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    external_id text NOT NULL,
    family text NOT NULL,
    given text NOT NULL DEFAULT '',
    specialty text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    bookable boolean NOT NULL DEFAULT false,
    row_hash bytea,
    UNIQUE (source, external_id)
);
CALL app.protect('app.practitioner');

CREATE TABLE app.patient (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    external_id text NOT NULL,
    family text NOT NULL,
    given text NOT NULL,
    middle text NOT NULL DEFAULT '',
    birth_date date,
    gender text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT 'en',
    mrn text NOT NULL DEFAULT '',
    deceased boolean NOT NULL DEFAULT false,
    deceased_on date,
    -- Outreach state; only 'active' is ever called.
    state text NOT NULL DEFAULT 'active' CHECK (
        state IN ('active', 'hold', 'dismissed', 'transferred', 'moved', 'deceased_reported')
    ),
    state_reason text NOT NULL DEFAULT '',
    address_line text NOT NULL DEFAULT '',
    city text NOT NULL DEFAULT '',
    state_code text NOT NULL DEFAULT '',
    zip text NOT NULL DEFAULT '',
    zones text[] NOT NULL DEFAULT '{}',
    email text NOT NULL DEFAULT '',
    practitioner_id uuid REFERENCES app.practitioner ON DELETE RESTRICT,
    preferred_start time,
    preferred_end time,
    confidential_note text NOT NULL DEFAULT '',
    -- Kept by triggers for ranking.
    last_visit date,
    next_appointment timestamptz,
    -- What the practice's export said: a day, with no practitioner, so no appointment of ours.
    next_appointment_imported timestamptz,
    no_shows integer NOT NULL DEFAULT 0,
    cancellations integer NOT NULL DEFAULT 0,
    row_hash bytea,
    synced_at timestamptz,
    UNIQUE (source, external_id),
    CHECK (birth_date IS NULL OR birth_date > date '1880-01-01')
);
CALL app.protect('app.patient');

CREATE TABLE app.patient_identifier (
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    system text NOT NULL,
    value text NOT NULL,
    type text NOT NULL DEFAULT '',
    PRIMARY KEY (system, value)
);
CREATE INDEX patient_identifier_patient ON app.patient_identifier (patient_id);
CALL app.protect('app.patient_identifier');

CREATE TABLE app.patient_telecom (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    use text NOT NULL CHECK (use IN ('mobile', 'home', 'work')),
    e164 text NOT NULL CHECK (e164 ~ '^\+[1-9][0-9]{6,14}$'),
    extension text NOT NULL DEFAULT '' CHECK (extension ~ '^[0-9]{0,10}$'),
    rank integer NOT NULL DEFAULT 1,
    zones text[] NOT NULL DEFAULT '{}',   -- of the number; empty: unknown
    states text[] NOT NULL DEFAULT '{}',
    provenance text NOT NULL DEFAULT 'import',
    quality text NOT NULL DEFAULT 'ok' CHECK (quality IN ('ok', 'wrong', 'failed', 'retired')),
    quality_at timestamptz,
    preferred boolean NOT NULL DEFAULT false,
    UNIQUE (patient_id, e164, extension)
);
CREATE INDEX patient_telecom_number ON app.patient_telecom (e164);
CALL app.protect('app.patient_telecom');

-- What the patient allowed; the newest row of a channel counts, none is ever changed.
CREATE TABLE app.contact_permission (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    channel text NOT NULL CHECK (channel IN ('voice', 'voicemail', 'text', 'email', 'mail')),
    decision text NOT NULL CHECK (decision IN ('allow', 'deny', 'V0', 'V1', 'V2')),
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid REFERENCES app.person ON DELETE RESTRICT,
    CHECK ((channel = 'voicemail') = (decision IN ('V0', 'V1', 'V2')))
);
CREATE INDEX contact_permission_now
ON app.contact_permission (patient_id, channel, recorded_at DESC, id DESC);
CALL app.protect('app.contact_permission');

-- Opt-outs. Never changed, never cleared by an import; kept 10 years (compliance.md 1.5).
CREATE TABLE app.suppression (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid REFERENCES app.patient ON DELETE RESTRICT,
    e164 text,
    scope text NOT NULL CHECK (scope IN ('number', 'calls', 'everything')),
    source text NOT NULL,
    words text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    honour_by timestamptz NOT NULL,
    recorded_by uuid REFERENCES app.person ON DELETE RESTRICT,
    CHECK (patient_id IS NOT NULL OR e164 IS NOT NULL),
    CHECK (scope <> 'number' OR e164 IS NOT NULL)
);
CREATE INDEX suppression_patient ON app.suppression (patient_id);
CREATE INDEX suppression_number ON app.suppression (e164) WHERE e164 IS NOT NULL;
CALL app.protect('app.suppression');

CREATE TABLE app.coverage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    source text NOT NULL,
    external_id text NOT NULL,
    payer text NOT NULL,
    payer_class text NOT NULL
        CHECK (payer_class IN ('medicare', 'medicaid', 'commercial', 'self-pay', 'other')),
    plan text NOT NULL DEFAULT '',
    starts_on date,
    ends_on date,
    row_hash bytea,
    UNIQUE (source, external_id)
);
CREATE INDEX coverage_patient ON app.coverage (patient_id);
CALL app.protect('app.coverage');

CREATE TABLE app.account_balance (
    patient_id uuid PRIMARY KEY REFERENCES app.patient ON DELETE RESTRICT,
    as_of date NOT NULL,
    patient_due_cents bigint NOT NULL DEFAULT 0,
    insurance_pending_cents bigint NOT NULL DEFAULT 0,
    over_90_cents bigint NOT NULL DEFAULT 0,
    bad_debt boolean NOT NULL DEFAULT false,
    last_payment_on date
);
CALL app.protect('app.account_balance');

CREATE TABLE app.encounter (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    source text NOT NULL,
    external_id text NOT NULL,
    status text NOT NULL,
    class text NOT NULL,
    type text NOT NULL DEFAULT '',
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    practitioner_id uuid REFERENCES app.practitioner ON DELETE RESTRICT,
    location_id uuid REFERENCES app.location ON DELETE RESTRICT,
    row_hash bytea,
    UNIQUE (source, external_id)
);
CREATE INDEX encounter_patient ON app.encounter (patient_id, starts_at DESC);
CALL app.protect('app.encounter');

CREATE TABLE app.care_gap (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    name text NOT NULL,
    due_on date NOT NULL,
    closed_on date,
    UNIQUE (patient_id, name, due_on)
);
CALL app.protect('app.care_gap');

-- Rows of imports that need a person, and the counts of each import.
CREATE TABLE app.import_batch (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    file_name text NOT NULL,
    imported_by text NOT NULL,
    mapping jsonb NOT NULL DEFAULT '{}',
    read_rows integer NOT NULL,
    created integer NOT NULL,
    changed integer NOT NULL,
    unchanged integer NOT NULL,
    review integer NOT NULL,
    rejected integer NOT NULL
);
CALL app.protect('app.import_batch');

CREATE TABLE app.import_row (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES app.import_batch ON DELETE RESTRICT,
    file_name text NOT NULL DEFAULT '',
    row_number integer NOT NULL,
    severity text NOT NULL CHECK (severity IN ('reject', 'review', 'note')),
    reason text NOT NULL,
    external_id text NOT NULL DEFAULT '',
    content jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX import_row_batch ON app.import_row (batch_id, row_number);
CALL app.protect('app.import_row');
