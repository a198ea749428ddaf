-- Who looked, and who was told: 45 CFR 164.312(b), 164.528.

CREATE OR REPLACE FUNCTION app.known_patient(p_patient uuid) RETURNS app.patient
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_patient app.patient;
BEGIN
    SELECT p.* INTO v_patient FROM app.patient p WHERE p.id = p_patient;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'patient',
            'sentence', 'This patient is not known here. Choose one from the call log or an incident.'));
    END IF;
    RETURN v_patient;
END
$$;

-- A text that somebody has to fill in: trimmed, and neither too short nor too long.
CREATE OR REPLACE FUNCTION app.said(p_given jsonb, p_field text, p_least integer) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_text text := trim(coalesce(p_given ->> p_field, ''));
BEGIN
    IF length(v_text) < p_least THEN
        PERFORM app.fail('QC041', 'detail_missing', jsonb_build_object('field', replace(p_field, '_', ' '),
            'sentence', 'Something is missing: ' || replace(p_field, '_', ' ') || '.'));
    ELSIF length(v_text) > 2000 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', p_field,
            'sentence', 'That is longer than 2,000 characters: ' || replace(p_field, '_', ' ') || '.'));
    END IF;
    RETURN v_text;
END
$$;

-- A day that has been: not before p_first, not after the practice's today. NULL when none is given.
CREATE OR REPLACE FUNCTION app.past_day(p_given jsonb, p_field text, p_first date, p_today date)
RETURNS date
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_day date := nullif(p_given ->> p_field, '')::date;
BEGIN
    IF v_day NOT BETWEEN p_first AND p_today THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', p_field,
            'sentence', 'Choose a day from ' || to_char(p_first, 'FMMonth FMDD, YYYY') || ' to today.'));
    END IF;
    RETURN v_day;
END
$$;

-- What an event of the audit means, for people. One that is not named here is read as it is written.
CREATE OR REPLACE FUNCTION app.action_words(p_action text, p_detail jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_action
        WHEN 'claim' THEN 'Took the patient from the queue'
        WHEN 'card.read' THEN 'Opened the patient'
        WHEN 'chart.read' THEN 'Opened the chart'
        WHEN 'reveal' THEN 'Looked at the ' || coalesce(
            CASE p_detail ->> 'field' WHEN 'mrn' THEN 'record number' WHEN 'zip' THEN 'ZIP code'
                ELSE replace(p_detail ->> 'field', '_', ' ') END, 'hidden field')
        WHEN 'found.read' THEN 'Was shown the patient in a look-up'
        WHEN 'found.open' THEN 'Opened the patient from a look-up'
        WHEN 'gate.read' THEN 'Asked why the patient is not called'
        WHEN 'gate.override' THEN 'Allowed a call outside hours or caps'
        WHEN 'break_glass' THEN 'Opened the chart in an emergency'
        WHEN 'emergency.read' THEN 'Read the chart in an emergency'
        WHEN 'call.refused' THEN 'Dialled; the call was refused'
        WHEN 'skip' THEN 'Gave the patient back'
        WHEN 'identity.pass' THEN 'Checked the identity: matched'
        WHEN 'identity.fail' THEN 'Checked the identity: did not match'
        WHEN 'identity.declined' THEN 'Checked the identity: declined'
        WHEN 'call.request' THEN 'Dialled'
        WHEN 'call.command' THEN 'Worked the line of a call'
        WHEN 'call.outcome' THEN 'Recorded an outcome'
        WHEN 'call.amend' THEN 'Amended an outcome'
        WHEN 'monitor.ask' THEN CASE p_detail ->> 'mode' WHEN 'listen' THEN 'Asked to listen to a call'
            WHEN 'coach' THEN 'Asked to coach a call' ELSE 'Asked to join a call' END
        WHEN 'monitor.on' THEN 'Put a supervisor on a call (' || coalesce(p_detail ->> 'mode', '') || ')'
        WHEN 'monitor.end' THEN 'Ended a supervisor’s part in a call'
        WHEN 'recording.start' THEN 'Asked to record the call, with the patient’s yes'
        WHEN 'recording.refused' THEN 'Asked to record the call; it was refused'
        WHEN 'recording.pause' THEN 'Paused the recording'
        WHEN 'recording.resume' THEN 'Went on recording'
        WHEN 'recording.stop' THEN 'Stopped the recording'
        WHEN 'recording.withdraw' THEN 'Stopped the recording: the patient withdrew'
        WHEN 'recording.withdraw_delete' THEN 'Deleted the recording: the patient withdrew'
        WHEN 'recording.stored' THEN 'Stored the recording, encrypted'
        WHEN 'recording.kept' THEN 'Deleted the recording at the carrier'
        WHEN 'recording.discarded' THEN 'Deleted the recording everywhere'
        WHEN 'recording.purge' THEN 'Deleted the recording: its time was over'
        WHEN 'recording.delete' THEN 'Deleted the recording'
        WHEN 'recording.hold' THEN 'Put a legal hold on the recording'
        WHEN 'recording.release' THEN 'Ended the legal hold of the recording'
        WHEN 'recording.read' THEN 'Listened to the recording of a call'
        WHEN 'recording_list.read' THEN 'Looked which recordings there are'
        WHEN 'slot.hold' THEN 'Held a time'
        WHEN 'appointment.book' THEN 'Booked an appointment'
        WHEN 'callback.move' THEN 'Moved a callback'
        WHEN 'callback.release' THEN 'Let anybody take a callback'
        WHEN 'who_looked.read' THEN 'Asked who looked'
        WHEN 'accounting.read' THEN 'Read the accounting of disclosures'
        WHEN 'disclosure.record' THEN 'Recorded a disclosure'
        WHEN 'incident.read' THEN 'Read an incident'
        WHEN 'incident.assess' THEN 'Assessed an incident'
        WHEN 'incident.close' THEN 'Closed an incident'
        WHEN 'break_glass.review' THEN 'Reviewed an emergency opening'
        ELSE upper(left(p_action, 1)) || replace(replace(substr(p_action, 2), '.', ' '), '_', ' ')
    END
$$;

CREATE OR REPLACE FUNCTION app.is_read(p_action text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_action LIKE '%.read' OR p_action = 'reveal'
$$;

-- Who read or changed this patient's data from one day of the practice to another, newest first;
-- the question is an audited read itself, and the first row of its own answer.
CREATE OR REPLACE FUNCTION api.who_looked(p_patient uuid, p_from date, p_to date) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'auditor');
    v_patient app.patient := app.known_patient(p_patient);
    v_most constant integer := 1000;
    v_rows jsonb;
    v_count integer;
BEGIN
    IF p_from IS NULL OR p_to IS NULL OR p_from > p_to
        OR p_from < date '2000-01-01' OR p_to > date '2200-01-01' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'dates',
            'sentence', 'Choose a first day, and a last day that is not before it.'));
    END IF;
    PERFORM app.audit_read(v_me, 'who_looked.read', 'patient/' || v_patient.id, v_patient.id,
        jsonb_build_object('from', p_from, 'to', p_to));
    SELECT coalesce(jsonb_agg(jsonb_build_object(
            'at', e.at, 'who', coalesce(p.name, e.actor), 'role', p.role,
            'action', app.action_words(e.action, e.detail), 'read', app.is_read(e.action)
        ) ORDER BY e.n), '[]'), count(*)
    INTO v_rows, v_count
    FROM audit.reads_of(v_patient.id, app.day_begins(p_from), app.day_begins(p_to + 1), v_most)
        WITH ORDINALITY AS e (at, actor, action, object, detail, n)
    LEFT JOIN app.person p ON p.login = e.actor;
    RETURN jsonb_build_object(
        'patient_id', v_patient.id, 'patient', v_patient.given || ' ' || v_patient.family,
        'first_day', p_from, 'last_day', p_to, 'rows', v_rows, 'complete', v_count < v_most);
END
$$;

-- ---------------------------------------------------------------------------- disclosures

-- 45 CFR 164.528(a)(1) takes these classes out of the accounting, and no other.
CREATE OR REPLACE FUNCTION app.is_accountable(p_reason text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_reason NOT IN (
        'treatment', 'payment', 'operations', 'to_patient', 'family', 'authorization', 'incidental')
$$;

CREATE OR REPLACE FUNCTION app.add_disclosure(p_row app.disclosure) RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_id uuid := app.uuid7(p_row.recorded_at);
BEGIN
    INSERT INTO app.disclosure (
        id, patient_id, at, recipient, recipient_address, what, purpose, reason, incident_id, call_id,
        corrects, recorded_by, recorded_at
    ) VALUES (
        v_id, p_row.patient_id, p_row.at, p_row.recipient, p_row.recipient_address, p_row.what,
        p_row.purpose, p_row.reason, p_row.incident_id, p_row.call_id, p_row.corrects,
        p_row.recorded_by, p_row.recorded_at);
    -- The words stay out of the audit: it holds who and when, never what.
    PERFORM app.audit('disclosure.record', 'disclosure/' || v_id, p_row.patient_id,
        jsonb_build_object('reason', p_row.reason));
    RETURN v_id;
END
$$;

-- p_disclosure: day, recipient, recipient_address, what, purpose, reason; call_id where it was in a
-- call; corrects names the row that this one puts right (both stay).
CREATE OR REPLACE FUNCTION api.record_disclosure(p_patient uuid, p_disclosure jsonb, p_op uuid)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_patient app.patient := app.known_patient(p_patient);
    v_given jsonb := CASE WHEN jsonb_typeof(p_disclosure) = 'object' THEN p_disclosure ELSE '{}' END;
    v_day date;
    v_row app.disclosure;
    v_answer jsonb;
BEGIN
    v_answer := app.op_begin(p_op, v_me, 'record_disclosure', jsonb_build_array(p_patient, v_given));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_day := app.past_day(v_given, 'day', date '2000-01-01', app.practice_day(v_now));
    v_row.patient_id := v_patient.id;
    v_row.recipient := app.said(v_given, 'recipient', 2);
    v_row.recipient_address := app.said(v_given, 'recipient_address', 0);
    v_row.what := app.said(v_given, 'what', 3);
    v_row.purpose := app.said(v_given, 'purpose', 3);
    v_row.reason := v_given ->> 'reason';
    v_row.call_id := nullif(v_given ->> 'call_id', '')::uuid;
    v_row.corrects := nullif(v_given ->> 'corrects', '')::uuid;
    v_row.recorded_by := v_me.id;
    v_row.recorded_at := v_now;
    IF v_day IS NULL THEN
        PERFORM app.fail('QC041', 'detail_missing', '{"field": "day"}');
    ELSIF v_row.reason IS NULL OR v_row.reason NOT IN (
        'treatment', 'payment', 'operations', 'to_patient', 'family', 'authorization', 'incidental',
        'mistake', 'public_health', 'oversight', 'court', 'law_enforcement', 'safety', 'law', 'other') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "reason"}');
    END IF;
    v_row.at := app.day_begins(v_day);
    IF v_row.call_id IS NOT NULL THEN
        SELECT c.requested_at INTO v_row.at FROM app.call c
        WHERE c.id = v_row.call_id AND c.patient_id = v_patient.id;
        IF NOT FOUND THEN
            PERFORM app.fail('QC024', 'no_such_call');
        END IF;
    END IF;
    IF v_row.corrects IS NOT NULL THEN
        -- Two who correct the same row come one after the other.
        PERFORM 1 FROM app.patient p WHERE p.id = v_patient.id FOR NO KEY UPDATE;
        SELECT d.incident_id INTO v_row.incident_id FROM app.disclosure d
        WHERE d.id = v_row.corrects AND d.patient_id = v_patient.id
            AND NOT EXISTS (SELECT 1 FROM app.disclosure n WHERE n.corrects = d.id);
        IF NOT FOUND THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'corrects',
                'sentence', 'That disclosure has been corrected already. Load the list again.'));
        END IF;
    END IF;
    v_row.id := app.add_disclosure(v_row);
    v_answer := jsonb_build_object('id', v_row.id, 'accountable', app.is_accountable(v_row.reason),
        'sentence', CASE WHEN app.is_accountable(v_row.reason)
            THEN 'Recorded. It is part of the patient''s accounting of disclosures.'
            ELSE 'Recorded. A disclosure of this kind is not part of the accounting.' END);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- The disclosures of the six years before now that count; a row that was corrected does not, nor do
-- those that need no accounting unless the reader looks for them.
CREATE OR REPLACE FUNCTION api.accounting(p_patient uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'auditor');
    v_patient app.patient := app.known_patient(p_patient);
    v_now timestamptz := app.now();
    v_since timestamptz := app.day_begins((app.practice_day(v_now) - interval '6 years')::date);
BEGIN
    PERFORM app.audit_read(v_me, 'accounting.read', 'patient/' || v_patient.id, v_patient.id);
    RETURN jsonb_build_object(
        'patient_id', v_patient.id, 'patient', v_patient.given || ' ' || v_patient.family,
        'since', app.practice_day(v_since), 'rows', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', d.id, 'day', app.practice_day(d.at), 'recipient', d.recipient,
                'recipient_address', d.recipient_address, 'what', d.what, 'purpose', d.purpose,
                'reason', d.reason, 'accountable', app.is_accountable(d.reason), 'incident_id', d.incident_id,
                'corrected', d.corrects IS NOT NULL, 'by', p.name, 'recorded_at', d.recorded_at
            ) ORDER BY app.is_accountable(d.reason) DESC, d.at DESC, d.id DESC), '[]')
            FROM app.disclosure d JOIN app.person p ON p.id = d.recorded_by
            WHERE d.patient_id = v_patient.id AND d.at >= v_since
                AND NOT EXISTS (SELECT 1 FROM app.disclosure n WHERE n.corrects = d.id)));
END
$$;
