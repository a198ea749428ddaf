-- What a returning caller returns: our last call, and what was left on a machine.

-- What a voicemail of that moment was allowed to say, in words without anything clinical.
CREATE OR REPLACE FUNCTION app.left_words(p_patient uuid, p_at timestamptz) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE coalesce(
            (SELECT r.voicemail FROM app.confidential_request r
             WHERE r.patient_id = p_patient AND r.recorded_at <= p_at AND NOT r.withdrawn
                AND NOT EXISTS (SELECT 1 FROM app.confidential_request n
                    WHERE n.patient_id = p_patient AND n.recorded_at <= p_at AND n.recorded_at > r.recorded_at)
             ORDER BY r.recorded_at DESC LIMIT 1),
            (SELECT c.decision FROM app.contact_permission c
             WHERE c.patient_id = p_patient AND c.channel = 'voicemail' AND c.recorded_at <= p_at
             ORDER BY c.recorded_at DESC, c.id DESC LIMIT 1), 'V1')
        WHEN 'V2' THEN 'name, number and that it is about the next visit'
        ELSE 'name and number only' END
$$;

-- The last call that we made to a patient: who, when, what came of it, what was left.
CREATE OR REPLACE FUNCTION app.last_call_view(p_patient uuid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('at', c.requested_at, 'by', o.name,
        'outcome', app.outcome_words(c.outcome),
        'left', CASE WHEN c.outcome = 'LEFT_VOICEMAIL' THEN app.left_words(p_patient, c.requested_at) ELSE '' END)
    FROM app.call c JOIN app.person o ON o.id = c.person_id
    WHERE c.patient_id = p_patient AND c.direction = 'outgoing' ORDER BY c.id DESC LIMIT 1
$$;
