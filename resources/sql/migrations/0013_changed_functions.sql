-- Functions whose arguments or answer changed since 0007. The upgrade re-applies functions and drops
-- none: with the old ones still there, a call with fewer arguments would find the old rule.

DROP FUNCTION IF EXISTS api.gateway_record(jsonb);
DROP FUNCTION IF EXISTS app.check(text, boolean, text, timestamptz);
DROP FUNCTION IF EXISTS app.chart(app.patient, app.queue_entry, timestamptz);
DROP FUNCTION IF EXISTS app.gate(app.queue_entry, app.patient_telecom, timestamptz);
DROP FUNCTION IF EXISTS app.next_answer(app.queue_entry, app.person);
DROP FUNCTION IF EXISTS app.open_groups(timestamptz);
DROP FUNCTION IF EXISTS app.preview_row(app.queue_entry, app.person, timestamptz, jsonb);
DROP FUNCTION IF EXISTS app.suppressed(uuid, text);
