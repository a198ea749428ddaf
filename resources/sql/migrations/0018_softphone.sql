-- Where a coordinator hears the calls, the key that signs softphone tokens, and line tests.

-- The carrier's signing key. A Standard key of the carrier can do all that the account can, so it is
-- handed out by nothing: only app.softphone_jwt reads it, and what leaves is a token of ten minutes
-- (telephony.md 1.5).
CREATE TABLE app.softphone_key (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    account_sid text NOT NULL CHECK (account_sid ~ '^AC[0-9a-f]{32}$'),
    key_sid text NOT NULL CHECK (key_sid ~ '^SK[0-9a-f]{32}$'),
    secret text NOT NULL CHECK (secret ~ '^[!-~]{16,200}$'),
    set_at timestamptz NOT NULL,
    set_by text NOT NULL  -- a login
);
CALL app.protect('app.softphone_key');

-- The last line test of each shift: what a supervisor helps with from afar. No patient is in it.
CREATE TABLE app.line_test (
    session_id uuid PRIMARY KEY REFERENCES app.work_session ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    at timestamptz NOT NULL,
    worst text NOT NULL CHECK (worst IN ('ok', 'attention', 'bad')),
    finding text NOT NULL DEFAULT '',  -- the sentence of the worst line; '' when all is well
    lines jsonb NOT NULL
);
CREATE INDEX line_test_person ON app.line_test (person_id, at DESC);
CALL app.protect('app.line_test');

-- The default was always "in the program"; what a person chooses is one of three.
ALTER TABLE app.person ADD CONSTRAINT person_endpoint CHECK (
    agent_endpoint ~ '^client(:|$)' OR agent_endpoint ~ '^\+1[0-9]{10}$' OR agent_endpoint ~ '^sip:.{3,250}$'
) NOT VALID;
