-- Patients who call back: what the office enters and what the carrier reports of the office number.

CREATE TABLE app.return_call (
    id uuid PRIMARY KEY,  -- UUIDv7
    at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('office', 'carrier')),
    -- How it stands: on the phone now; wants a call, or was missed (both are a due callback);
    -- answered by the office itself; asked not to be called.
    kind text NOT NULL CHECK (kind IN ('on_the_phone', 'wants_call', 'missed', 'answered', 'opt_out')),
    e164 text CHECK (e164 ~ '^\+[1-9][0-9]{6,14}$'),  -- NULL: withheld, or looked up by name
    -- Who it is, or of a household whoever was called last; NULL: nobody that we know.
    patient_id uuid REFERENCES app.patient ON DELETE RESTRICT,
    reported_by uuid REFERENCES app.person ON DELETE RESTRICT,  -- NULL: the carrier
    wanted_at timestamptz,  -- when the patient wants the call; NULL: as soon as possible
    note text NOT NULL DEFAULT '',
    routed_to uuid REFERENCES app.person ON DELETE RESTRICT,  -- NULL: anybody
    routed_why text NOT NULL CHECK (routed_why IN ('holder', 'last_caller', 'available', 'anybody', 'supervisor')),
    routed_at timestamptz NOT NULL,
    passed uuid[] NOT NULL DEFAULT '{}',  -- who was asked and did not take it
    taken_by uuid REFERENCES app.person ON DELETE RESTRICT,
    taken_at timestamptz,
    callback_id uuid REFERENCES app.callback ON DELETE RESTRICT,
    call_id uuid,  -- of the patient's own call, once somebody took it
    carrier_ref text NOT NULL DEFAULT '',
    waits boolean NOT NULL DEFAULT false,  -- in the carrier's queue: the call itself can be taken
    closed_at timestamptz,
    closed_by uuid REFERENCES app.person ON DELETE RESTRICT,
    result text NOT NULL DEFAULT '' CHECK (result IN (
        '', 'called', 'taken', 'opted_out', 'answered_at_office', 'called_again', 'moved',
        'not_a_patient', 'settled'
    )),
    CHECK ((closed_at IS NULL) = (result = '')),
    CHECK (source = 'office' OR carrier_ref <> '')
);
CREATE UNIQUE INDEX return_call_ref ON app.return_call (carrier_ref) WHERE carrier_ref <> '';
CREATE INDEX return_call_open ON app.return_call (at) WHERE closed_at IS NULL;
CREATE INDEX return_call_patient ON app.return_call (patient_id, id DESC);
CREATE INDEX return_call_callback ON app.return_call (callback_id);
CALL app.protect('app.return_call');

-- Everybody who has the number: a household answers one telephone.
CREATE TABLE app.return_call_match (
    return_id uuid NOT NULL REFERENCES app.return_call ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    PRIMARY KEY (return_id, patient_id)
);
CREATE INDEX return_call_match_patient ON app.return_call_match (patient_id);
CALL app.protect('app.return_call_match');

-- Whether the carrier can tell of calls to the office number at all.
CREATE TABLE app.incoming_line (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('listening', 'no_queue', 'not_ours', 'away')),
    sentence text NOT NULL
);
CALL app.protect('app.incoming_line');

-- A call that the patient made. It was not dialled by us: the number need not be on file.
ALTER TABLE app.call
ADD COLUMN direction text NOT NULL DEFAULT 'outgoing' CHECK (direction IN ('outgoing', 'incoming')),
ADD COLUMN incoming_ref text NOT NULL DEFAULT '';
ALTER TABLE app.call ALTER COLUMN phone_id DROP NOT NULL;
ALTER TABLE app.call ADD CONSTRAINT call_number CHECK (
    (direction = 'incoming' OR phone_id IS NOT NULL) AND (direction = 'incoming') = (incoming_ref <> ''));

INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
SELECT upper(v.kind), v.kind, '*', '[2020-01-01,)', v.n, 'P', 'policy: ' || v.cite
FROM (VALUES
    ('return_wait_seconds', 40, 'a caller who waits is offered to the next coordinator'),
    ('return_reroute_minutes', 5, 'a returned call that nobody took goes to the next coordinator')
) AS v (kind, n, cite);
UPDATE app.retention_class c SET tables = c.tables || '{return_call}' WHERE c.class = 'calls';
