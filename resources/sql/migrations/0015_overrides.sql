-- Another argument since: all open overrides, not the newest (see 0013).

DROP FUNCTION IF EXISTS app.check(text, boolean, text, timestamptz, jsonb, app.gate_override);
