-- role: audit_owner
-- Signed anchors, and where a purge cut a chain.

-- The hash of each anchor covers its number, its time, the heads, and the anchor before it.
ALTER TABLE audit.anchor ADD COLUMN prev bytea NOT NULL DEFAULT '\x';

-- Signed afterwards by the gateway (Ed25519), whose key the database never sees.
CREATE TABLE audit.anchor_signature (
    anchor_id bigint PRIMARY KEY,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    signed_at timestamptz NOT NULL
);

-- The last row that a purge took from a chain: the next one names its hash. The newest cut counts.
CREATE TABLE audit.cut (
    chain text NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (chain, seq)
);

ALTER TABLE audit.anchor_signature ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.anchor_signature FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON audit.anchor_signature TO audit_owner USING (true) WITH CHECK (true);
ALTER TABLE audit.cut ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.cut FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON audit.cut TO audit_owner USING (true) WITH CHECK (true);

-- How far apart anchors may lie is a rule of the practice's. A practice that is there already gets
-- it from its today on: no rule begins in the past (app.guard_rule).
SET LOCAL ROLE app_owner;
INSERT INTO app.rule (id, kind, effective, number, confidence, citation)
SELECT 'ANCHOR_HOURS', 'anchor_hours',
    daterange(coalesce((
        SELECT ((clock_timestamp() + p.clock_offset) AT TIME ZONE p.zone)::date FROM app.practice p
    ), date '2020-01-01'), NULL),
    24, 'P', '45 CFR 164.312(c)(2); policy: an anchor a day';
