-- Recording of calls: off until a practice turns it on, and then only with the patient's yes.

-- In which state a person sits while they work: the law of either end may decide whether a call may
-- be recorded. '': not known, and then the strictest is taken.
ALTER TABLE app.person ADD COLUMN work_state text NOT NULL DEFAULT '' CHECK (work_state ~ '^([A-Z]{2})?$');

-- Whose agreement a state asks for, as dated rules. 'recording_one_party': 1 where one party's consent
-- is enough, 0 where every party has to agree. 'recording_notice_recorded': 1 where the notice itself
-- has to be on the recording. A practice that is there already gets them from its today on.
INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
SELECT concat_ws('.', upper(v.kind), nullif(v.state, '*')), v.kind, v.state,
    daterange(coalesce((
        SELECT ((clock_timestamp() + p.clock_offset) AT TIME ZONE p.zone)::date FROM app.practice p
    ), date '2020-01-01'), NULL), v.n, v.conf, v.cite
FROM (VALUES
    ('recording_one_party', '*', 1, 'H', '18 USC 2511(2)(d)'),
    ('recording_one_party', 'CA', 0, 'H', 'Cal. Penal Code 632, 632.7'),
    ('recording_one_party', 'FL', 0, 'H', 'Fla. Stat. 934.03(2)(d)'),
    ('recording_one_party', 'IL', 0, 'H', '720 ILCS 5/14-2'),
    ('recording_one_party', 'MD', 0, 'H', 'Md. Code, Cts. & Jud. Proc. 10-402(c)(3)'),
    ('recording_one_party', 'MA', 0, 'H', 'Mass. Gen. Laws ch. 272, 99'),
    ('recording_one_party', 'MT', 0, 'H', 'Mont. Code 45-8-213'),
    ('recording_one_party', 'NH', 0, 'H', 'N.H. Rev. Stat. 570-A:2'),
    ('recording_one_party', 'PA', 0, 'H', '18 Pa.C.S. 5704(4)'),
    ('recording_one_party', 'WA', 0, 'H', 'RCW 9.73.030'),
    -- Disputed: taken as if everybody had to agree.
    ('recording_one_party', 'CT', 0, 'M', 'Conn. Gen. Stat. 52-570d'),
    ('recording_one_party', 'DE', 0, 'M', '11 Del. C. 1335(a)(4); 11 Del. C. 2402(c)(4) says otherwise'),
    ('recording_one_party', 'NV', 0, 'M', 'NRS 200.620; Lane v. Allstate (Nev. 1998)'),
    ('recording_one_party', 'MI', 0, 'M', 'MCL 750.539c; Sullivan v. Gray (Mich. App. 1982) says otherwise'),
    -- In person everybody has to be told there, on the telephone one party is enough.
    ('recording_one_party', 'OR', 1, 'H', 'ORS 165.540(1)(a)'),
    ('recording_notice_recorded', '*', 0, 'P', 'no state but those named asks for it'),
    ('recording_notice_recorded', 'WA', 1, 'H', 'RCW 9.73.030(3)')
) AS v (kind, state, n, conf, cite);

-- Whether the practice records: each change is a row, the newest counts. No row: it does not.
CREATE TABLE app.recording_policy (
    id uuid PRIMARY KEY,  -- UUIDv7
    set_at timestamptz NOT NULL,
    set_by uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    enabled boolean NOT NULL,
    keep_days integer NOT NULL CHECK (keep_days BETWEEN 7 AND 3650),
    -- "I have seen that recordings at the carrier open only with a login" (telephony.md 1.4).
    protected_at_carrier boolean NOT NULL,
    CHECK (NOT enabled OR protected_at_carrier)
);
CALL app.protect('app.recording_policy');

-- What a patient said when asked, and under which rules. The newest of a call counts.
CREATE TABLE app.recording_consent (
    id uuid PRIMARY KEY,  -- UUIDv7
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    at timestamptz NOT NULL,
    notice_given boolean NOT NULL,
    answer text NOT NULL CHECK (answer IN ('YES', 'NO', 'UNCLEAR', 'NOT_ASKED', 'WITHDRAWN')),
    granted boolean NOT NULL CHECK (NOT granted OR notice_given AND answer = 'YES'),
    basis jsonb NOT NULL,  -- the states of both ends and the rules of them
    rule_pack text NOT NULL
);
CREATE INDEX recording_consent_call ON app.recording_consent (call_id, at DESC);
CALL app.protect('app.recording_consent');

CREATE TABLE app.recording (
    id uuid PRIMARY KEY,  -- UUIDv7
    call_id uuid NOT NULL REFERENCES app.call ON DELETE RESTRICT,
    patient_id uuid NOT NULL REFERENCES app.patient ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,  -- who spoke for the practice
    consent_id uuid NOT NULL REFERENCES app.recording_consent ON DELETE RESTRICT,
    asked_at timestamptz NOT NULL,
    -- What people want of it, and what the gateway knows of it.
    wish text NOT NULL DEFAULT 'record' CHECK (wish IN ('record', 'pause', 'stop', 'discard')),
    discard_reason text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'asked' CHECK (state IN (
        'asked',      -- the carrier has not heard of it
        'starting',   -- the request may have reached the carrier; looked up, never sent twice
        'recording', 'paused',
        'stopped',    -- the carrier makes the file, or it waits there to be fetched
        'fetched',    -- encrypted and here; still at the carrier, too
        'kept',       -- here only
        'discarded',  -- nowhere any more
        'failed'      -- never was
    )),
    started_at timestamptz,
    stopped_at timestamptz,
    settled_at timestamptz,  -- when kept, discarded or failed
    carrier_ref text NOT NULL DEFAULT '',
    sentence text NOT NULL DEFAULT '',
    seconds integer CHECK (seconds >= 0),
    content_type text NOT NULL DEFAULT '',
    bytes bigint CHECK (bytes BETWEEN 0 AND 67108864),
    chunks integer,
    -- The content's key, sealed for the gateway: whoever has this database alone can read nothing.
    sealed_key bytea CHECK (octet_length(sealed_key) BETWEEN 48 AND 512),
    held_reason text NOT NULL DEFAULT '',  -- a legal hold: nothing deletes it meanwhile
    held_by uuid REFERENCES app.person ON DELETE RESTRICT,
    held_at timestamptz,
    CHECK (state NOT IN ('fetched', 'kept') OR sealed_key IS NOT NULL)
);
-- One that runs at a time.
CREATE UNIQUE INDEX recording_running ON app.recording (call_id)
WHERE state IN ('asked', 'starting', 'recording', 'paused');
CREATE INDEX recording_call ON app.recording (call_id, asked_at DESC);
CREATE INDEX recording_open ON app.recording (id) WHERE state NOT IN ('kept', 'discarded', 'failed');
CREATE INDEX recording_kept ON app.recording (asked_at) WHERE state = 'kept';
CALL app.protect('app.recording');

-- The encrypted content, in pieces that a link carries within its deadline.
CREATE TABLE app.recording_chunk (
    recording_id uuid NOT NULL REFERENCES app.recording ON DELETE RESTRICT,
    n integer NOT NULL CHECK (n BETWEEN 0 AND 255),
    content bytea NOT NULL CHECK (octet_length(content) <= 600000),
    PRIMARY KEY (recording_id, n)
);
ALTER TABLE app.recording_chunk ALTER COLUMN content SET STORAGE EXTERNAL;  -- ciphertext does not shrink
CALL app.protect('app.recording_chunk');

-- Who asked to listen, and the key for that window alone.
CREATE TABLE app.recording_playback (
    id uuid PRIMARY KEY,  -- UUIDv7
    recording_id uuid NOT NULL REFERENCES app.recording ON DELETE RESTRICT,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    asked_at timestamptz NOT NULL,
    reason text NOT NULL CHECK (length(trim(reason)) >= 3),
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    sealed_key bytea CHECK (octet_length(sealed_key) BETWEEN 48 AND 512),
    refused boolean NOT NULL DEFAULT false,
    opened_at timestamptz  -- when the window took the key
);
CREATE INDEX recording_playback_recording ON app.recording_playback (recording_id, id DESC);
CREATE INDEX recording_playback_new ON app.recording_playback (id) WHERE sealed_key IS NULL AND NOT refused;
CALL app.protect('app.recording_playback');

UPDATE app.retention_class SET tables = tables || '{recording_consent,recording,recording_playback}'
WHERE class = 'calls';
