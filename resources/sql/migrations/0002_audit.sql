-- role: audit_owner
-- Append-only, hash-chained audit: one chain per login, so that writers never wait for one
-- another (measured: a global chain makes everybody wait for one idle transaction).

CREATE TABLE audit.event (
    chain text NOT NULL,
    seq bigint NOT NULL,
    at_us bigint NOT NULL,  -- microseconds since 1970, so that no setting changes the hash
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    patient_id uuid,
    detail jsonb NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX event_patient ON audit.event (patient_id, at_us) WHERE patient_id IS NOT NULL;
CREATE INDEX event_at ON audit.event (at_us);

CREATE TABLE audit.head (
    chain text PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE audit.anchor (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    heads jsonb NOT NULL,
    hash bytea NOT NULL
);

ALTER TABLE audit.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.event FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON audit.event TO audit_owner USING (true) WITH CHECK (true);
ALTER TABLE audit.head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.head FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON audit.head TO audit_owner USING (true) WITH CHECK (true);
ALTER TABLE audit.anchor ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.anchor FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON audit.anchor TO audit_owner USING (true) WITH CHECK (true);
