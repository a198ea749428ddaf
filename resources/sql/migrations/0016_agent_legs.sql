-- The coordinators' own legs: one a shift, and no patient is dialled before the coordinator said that
-- they hear it (telephony.md 1.2: what answered may have been the coordinator's own voicemail).

CREATE TABLE app.agent_leg (
    -- The work session; it names the room at the carrier. Of who has none: the person.
    session_id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES app.person ON DELETE RESTRICT,
    endpoint text NOT NULL,  -- as app.person has it, "client" spelt out
    wanted boolean NOT NULL,  -- to be brought up, or kept up
    state text NOT NULL CHECK (state IN ('connecting', 'up', 'gone')),
    -- Counts the carrier's legs of this session: what was said of one says nothing of the next.
    leg integer NOT NULL DEFAULT 0,
    carrier_ref text NOT NULL DEFAULT '',
    since timestamptz NOT NULL,
    sentence text NOT NULL DEFAULT '',
    confirmed_at timestamptz,
    confirmed_by text CHECK (confirmed_by IN ('press', 'softphone')),
    CHECK (confirmed_at IS NULL OR (state = 'up' AND confirmed_by IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX agent_leg_person ON app.agent_leg (person_id);
CALL app.protect('app.agent_leg');

-- In which room a call is: a coordinator who signs in anew meanwhile has another one.
ALTER TABLE app.call ADD COLUMN session_id uuid;

-- How long the carrier took to answer, for the board and the line's own test.
ALTER TABLE app.gateway_health ADD COLUMN round_trip_ms integer CHECK (round_trip_ms >= 0);
