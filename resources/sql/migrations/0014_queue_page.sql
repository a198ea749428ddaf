-- The queue's page is read from the top of its lanes, each in the order of an index: at 1,000,000
-- patients nothing sorts the queue, and the counts never look into its rows.

DROP INDEX app.queue_order;
CREATE INDEX queue_lane ON app.queue_entry (campaign_id, state, (attempts > 0), score DESC, id)
INCLUDE (attempts) WHERE state <> 'closed';
CREATE INDEX queue_callback ON app.queue_entry (due_at, score DESC, id) WHERE state = 'callback';

-- An override that is used is looked for, too, when its call is looked at again.
DROP INDEX app.gate_override_open;
CREATE INDEX gate_override_patient ON app.gate_override (patient_id, granted_at DESC);

-- It says why for a person now (see 0013 on functions whose arguments change).
DROP FUNCTION IF EXISTS app.closed_reason(timestamptz);
