-- Incidents: the clock, the four factors, and what closing one does to the patient's place in the queue.

CREATE OR REPLACE FUNCTION app.may_close(p_me app.person, p_kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_me.role = 'supervisor' OR p_me.role = 'clinician' AND p_kind IN ('triage', 'deceased')
$$;

CREATE OR REPLACE FUNCTION app.incident_assessment_of(p_incident uuid) RETURNS app.incident_assessment
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.* FROM app.incident_assessment a WHERE a.incident_id = p_incident ORDER BY a.id DESC LIMIT 1
$$;

-- Days of the practice that are left; negative when it is too late.
CREATE OR REPLACE FUNCTION app.incident_days(p_incident app.incident, p_now timestamptz) RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.practice_day(p_incident.due_at) - app.practice_day(p_now)
$$;

-- What the list shows: first name and initial, as the queue does, and not a word of the note.
CREATE OR REPLACE FUNCTION app.incident_row(p_incident app.incident, p_me app.person, p_now timestamptz)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p_incident.id, 'kind', p_incident.kind,
        'patient', p.given || ' ' || left(p.family, 1) || '.',
        'opened_at', p_incident.opened_at, 'opened_by', o.name,
        'discovered_on', app.practice_day(p_incident.discovered_at),
        'due_on', app.practice_day(p_incident.due_at),
        'days_left', CASE WHEN p_incident.closed_at IS NULL
            THEN app.incident_days(p_incident, p_now) END,
        'result', (app.incident_assessment_of(p_incident.id)).result,
        'closed_at', p_incident.closed_at, 'choice', p_incident.choice,
        'may_assess', p_incident.closed_at IS NULL AND p_incident.kind = 'privacy' AND p_me.role = 'supervisor',
        'may_close', p_incident.closed_at IS NULL AND app.may_close(p_me, p_incident.kind))
    FROM app.patient p, app.person o
    WHERE p.id = p_incident.patient_id AND o.id = p_incident.opened_by
$$;

-- p_filter: which ('open', 'closed', 'all'), kind. What is due first stands first.
CREATE OR REPLACE FUNCTION api.incidents(p_filter jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician', 'auditor');
    v_now timestamptz := app.now();
    v_which text := coalesce(nullif(p_filter ->> 'which', ''), 'open');
    v_kind text := nullif(p_filter ->> 'kind', '');
    v_rows jsonb;
BEGIN
    IF v_which NOT IN ('open', 'closed', 'all') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "which"}');
    END IF;
    SELECT coalesce(jsonb_agg(app.incident_row(x.i, v_me, v_now)
        ORDER BY (x.i).closed_at DESC NULLS FIRST, (x.i).due_at, (x.i).id), '[]')
    INTO v_rows
    FROM (
        SELECT i FROM app.incident i
        WHERE (v_which = 'all' OR (i.closed_at IS NULL) = (v_which = 'open'))
            AND (v_kind IS NULL OR i.kind = v_kind)
        ORDER BY i.closed_at DESC NULLS FIRST, i.due_at LIMIT 500
    ) AS x (i);
    PERFORM app.audit_read(v_me, 'incidents.read', 'incidents', NULL,
        jsonb_build_object('rows', jsonb_array_length(v_rows), 'which', v_which));
    RETURN v_rows;
END
$$;

-- One incident whole. Reading it is reading about the patient.
CREATE OR REPLACE FUNCTION api.incident(p_incident uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician', 'auditor');
    v_now timestamptz := app.now();
    v_incident app.incident;
BEGIN
    SELECT i.* INTO v_incident FROM app.incident i WHERE i.id = p_incident;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "incident"}');
    END IF;
    PERFORM app.audit_read(v_me, 'incident.read', 'incident/' || v_incident.id, v_incident.patient_id,
        jsonb_build_object('kind', v_incident.kind));
    RETURN app.incident_row(v_incident, v_me, v_now) || (
        SELECT jsonb_build_object(
            'patient_id', p.id, 'patient', p.given || ' ' || p.family, 'note', v_incident.note,
            'resolution', v_incident.resolution, 'closed_by', coalesce(x.name, ''),
            'call', CASE WHEN c.id IS NOT NULL THEN jsonb_build_object(
                'id', c.id, 'at', c.requested_at, 'coordinator', w.name,
                'outcome', app.outcome_words(c.outcome)) END,
            'held', coalesce(e.state = 'held', false),
            'assessments', (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'at', a.at, 'by', b.name, 'nature', a.nature, 'recipient', a.recipient,
                    'viewed', a.viewed, 'mitigation', a.mitigation, 'disclosed', a.disclosed,
                    'result', a.result, 'notified_on', a.notified_on) ORDER BY a.id DESC), '[]')
                FROM app.incident_assessment a JOIN app.person b ON b.id = a.person_id
                WHERE a.incident_id = v_incident.id))
        FROM app.patient p
        LEFT JOIN app.person x ON x.id = v_incident.closed_by
        LEFT JOIN app.call c ON c.id = v_incident.call_id
        LEFT JOIN app.person w ON w.id = c.person_id
        LEFT JOIN app.queue_entry e ON e.id = c.entry_id
        WHERE p.id = v_incident.patient_id);
END
$$;

-- The incident, locked, with everything that hangs on its patient: lock order as everywhere.
CREATE OR REPLACE FUNCTION app.open_incident(p_incident uuid) RETURNS app.incident
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_incident app.incident;
BEGIN
    SELECT i.* INTO v_incident FROM app.incident i WHERE i.id = p_incident;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "incident"}');
    END IF;
    PERFORM 1 FROM app.queue_entry e WHERE e.patient_id = v_incident.patient_id ORDER BY e.id FOR UPDATE;
    PERFORM 1 FROM app.patient p WHERE p.id = v_incident.patient_id FOR NO KEY UPDATE;
    SELECT i.* INTO v_incident FROM app.incident i WHERE i.id = p_incident FOR UPDATE;
    IF v_incident.closed_at IS NOT NULL THEN
        PERFORM app.fail('QC101', 'incident_closed');
    END IF;
    RETURN v_incident;
END
$$;

-- A mistaken disclosure goes into the patient's accounting, in the transaction that finds it was one.
CREATE OR REPLACE FUNCTION app.account_for(
    p_incident app.incident, p_assessment app.incident_assessment, p_address text, p_me app.person
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_old app.disclosure;
    v_row app.disclosure;
BEGIN
    SELECT d.* INTO v_old FROM app.disclosure d
    WHERE d.incident_id = p_incident.id
        AND NOT EXISTS (SELECT 1 FROM app.disclosure n WHERE n.corrects = d.id);
    IF (v_old.recipient, v_old.what) IS NOT DISTINCT FROM (p_assessment.recipient, p_assessment.nature)
        AND p_address IN ('', v_old.recipient_address) THEN
        RETURN;
    END IF;
    v_row.patient_id := p_incident.patient_id;
    v_row.at := coalesce((SELECT c.requested_at FROM app.call c WHERE c.id = p_incident.call_id),
        p_incident.discovered_at);
    v_row.recipient := p_assessment.recipient;
    v_row.recipient_address := p_address;
    v_row.what := p_assessment.nature;
    v_row.purpose := 'By mistake';
    v_row.reason := 'mistake';
    v_row.incident_id := p_incident.id;
    v_row.call_id := p_incident.call_id;
    v_row.corrects := v_old.id;
    v_row.recorded_by := p_me.id;
    v_row.recorded_at := p_assessment.at;
    PERFORM app.add_disclosure(v_row);
END
$$;

-- p_assessment: nature, recipient, viewed, mitigation (the four factors), disclosed, result
-- ('low_probability', 'breach'), recipient_address; discovered_on when it was known earlier than
-- it was opened; notified_on when the patient has been told.
CREATE OR REPLACE FUNCTION api.assess_incident(p_incident uuid, p_assessment jsonb, p_op uuid)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_today date := app.practice_day(app.now());
    v_given jsonb := CASE WHEN jsonb_typeof(p_assessment) = 'object' THEN p_assessment ELSE '{}' END;
    v_incident app.incident;
    v_row app.incident_assessment;
    v_happened date;
    v_known date;
    v_answer jsonb;
BEGIN
    v_answer := app.op_begin(p_op, v_me, 'assess_incident', jsonb_build_array(p_incident, v_given));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_incident := app.open_incident(p_incident);
    IF v_incident.kind <> 'privacy' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'incident',
            'sentence', 'Only a privacy incident is assessed. Close the others with a resolution.'));
    END IF;
    v_row.id := app.uuid7(v_now);
    v_row.incident_id := v_incident.id;
    v_row.at := v_now;
    v_row.person_id := v_me.id;
    v_row.nature := app.said(v_given, 'nature', 3);
    v_row.recipient := app.said(v_given, 'recipient', 3);
    v_row.viewed := app.said(v_given, 'viewed', 3);
    v_row.mitigation := app.said(v_given, 'mitigation', 3);
    v_row.result := v_given ->> 'result';
    v_row.disclosed := v_given -> 'disclosed' = 'true';
    IF v_row.disclosed IS NULL OR v_given -> 'disclosed' NOT IN ('true', 'false') THEN
        PERFORM app.fail('QC041', 'detail_missing', jsonb_build_object('field', 'disclosed',
            'sentence', 'Say whether somebody outside the practice got to know it.'));
    ELSIF v_row.result IS NULL OR v_row.result NOT IN ('low_probability', 'breach') THEN
        PERFORM app.fail('QC041', 'detail_missing', jsonb_build_object('field', 'result',
            'sentence', 'Say what the four factors come to: a low probability, or a breach.'));
    END IF;
    v_happened := app.practice_day(coalesce(
        (SELECT c.requested_at FROM app.call c WHERE c.id = v_incident.call_id),
        v_incident.opened_at - interval '60 days'));
    -- 164.404(a)(2): known to any of the workforce is known. The day may move back, never on.
    v_known := app.past_day(v_given, 'discovered_on', v_happened,
        app.practice_day(v_incident.discovered_at));
    IF v_known < app.practice_day(v_incident.discovered_at) THEN
        UPDATE app.incident i SET discovered_at = app.day_begins(v_known),
            due_at = app.day_begins(v_known + 60)
        WHERE i.id = v_incident.id RETURNING i.* INTO v_incident;
    END IF;
    v_row.notified_on := app.past_day(v_given, 'notified_on', v_happened, v_today);
    INSERT INTO app.incident_assessment SELECT v_row.*;
    IF v_row.disclosed THEN
        PERFORM app.account_for(v_incident, v_row, app.said(v_given, 'recipient_address', 0), v_me);
    END IF;
    PERFORM app.audit('incident.assess', 'incident/' || v_incident.id, v_incident.patient_id,
        jsonb_build_object('result', v_row.result, 'disclosed', v_row.disclosed));
    v_answer := jsonb_build_object('sentence', CASE
        WHEN v_row.result = 'low_probability' THEN 'Recorded. The incident can be closed.'
        WHEN v_row.notified_on IS NOT NULL THEN 'Recorded. The patient has been told; the incident can be closed.'
        ELSE 'Recorded. Tell the patient by letter by '
            || to_char(app.practice_day(v_incident.due_at), 'FMMonth FMDD, YYYY') || '.' END
        || CASE WHEN v_row.disclosed THEN ' The disclosure is in the patient''s accounting.'
            WHEN EXISTS (SELECT 1 FROM app.disclosure d WHERE d.incident_id = v_incident.id)
                THEN ' The disclosure recorded before stays in the accounting.'
            ELSE '' END);
    PERFORM app.op_end(p_op, v_answer);
    PERFORM app.hint('team');
    RETURN v_answer;
END
$$;

-- The entry that the incident's call had put on hold: back to the queue, or out of it.
CREATE OR REPLACE FUNCTION app.let_go(p_incident app.incident, p_choice text) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    SELECT e.* INTO v_entry FROM app.queue_entry e
    JOIN app.call c ON c.entry_id = e.id
    WHERE c.id = p_incident.call_id AND e.state = 'held';
    IF NOT FOUND THEN
        RETURN 'The patient was not on hold.';
    ELSIF p_choice IN ('close', 'confirmed') THEN
        PERFORM app.close_entry(v_entry, CASE p_choice WHEN 'confirmed' THEN 'deceased' ELSE 'incident' END);
        RETURN 'The patient leaves the queue.';
    ELSIF EXISTS (
        SELECT 1 FROM app.incident i JOIN app.call c ON c.id = i.call_id
        WHERE c.entry_id = v_entry.id AND i.id <> p_incident.id AND i.closed_at IS NULL) THEN
        RETURN 'The patient stays on hold for another incident.';
    ELSIF v_entry.attempts >= (SELECT k.max_attempts FROM app.campaign k WHERE k.id = v_entry.campaign_id) THEN
        PERFORM app.close_entry(v_entry, 'attempts_used');
        RETURN 'The attempts are used up: the patient leaves the queue.';
    END IF;
    UPDATE app.queue_entry e SET state = 'ready', due_at = NULL, back_state = NULL WHERE e.id = v_entry.id;
    RETURN 'The patient is back in the queue.';
END
$$;

-- A reported death was confirmed, or was wrong.
CREATE OR REPLACE FUNCTION app.settle_death(p_incident app.incident, p_choice text) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_choice = 'confirmed' THEN
        UPDATE app.patient p SET deceased = true WHERE p.id = p_incident.patient_id;
        RETURN app.let_go(p_incident, p_choice);
    ELSIF EXISTS (
        SELECT 1 FROM app.incident i WHERE i.patient_id = p_incident.patient_id AND i.kind = 'deceased'
            AND i.id <> p_incident.id AND (i.closed_at IS NULL OR i.choice = 'confirmed')) THEN
        RETURN 'Another report of this patient''s death stands: nothing else changes.';
    END IF;
    UPDATE app.patient p SET state = 'active', state_reason = ''
    WHERE p.id = p_incident.patient_id AND p.state = 'deceased_reported';
    -- Other campaigns, which the report had closed.
    UPDATE app.queue_entry e SET state = 'ready', closed_reason = '', closed_at = NULL, due_at = NULL
    WHERE e.patient_id = p_incident.patient_id AND e.state = 'closed'
        AND e.closed_reason = 'deceased_reported' AND e.closed_at >= p_incident.opened_at;
    RETURN app.let_go(p_incident, 'release') || ' Callbacks that the report cancelled stay cancelled.';
END
$$;

-- p_choice: 'confirmed' or 'wrong' for a reported death; otherwise 'release' (back to the queue) or
-- 'close' (out of it).
CREATE OR REPLACE FUNCTION api.close_incident(
    p_incident uuid, p_resolution text, p_choice text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician');
    v_now timestamptz := app.now();
    v_incident app.incident;
    v_last app.incident_assessment;
    v_resolution text;
    v_words text;
    v_answer jsonb;
BEGIN
    v_answer := app.op_begin(p_op, v_me, 'close_incident',
        jsonb_build_array(p_incident, p_resolution, p_choice));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_incident := app.open_incident(p_incident);
    v_resolution := app.said(jsonb_build_object('resolution', p_resolution), 'resolution', 5);
    IF NOT app.may_close(v_me, v_incident.kind) THEN
        PERFORM app.fail('QC005', 'role_not_allowed', jsonb_build_object('role', v_me.role,
            'sentence', 'A supervisor closes complaints and privacy incidents.'));
    ELSIF p_choice IS NULL OR p_choice <> ALL (CASE v_incident.kind
        WHEN 'deceased' THEN '{confirmed,wrong}'::text[] ELSE '{release,close}' END) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "choice"}');
    END IF;
    IF v_incident.kind = 'privacy' THEN
        v_last := app.incident_assessment_of(v_incident.id);
        IF v_last.id IS NULL THEN
            PERFORM app.fail('QC102', 'incident_not_ready', jsonb_build_object('sentence',
                'Assess the four factors first. Until then the law takes it for a breach.'));
        ELSIF v_last.result = 'breach' AND v_last.notified_on IS NULL THEN
            PERFORM app.fail('QC102', 'incident_not_ready', jsonb_build_object('sentence',
                'It is a breach: tell the patient, and record the day, before it is closed.'));
        END IF;
    END IF;
    UPDATE app.incident i SET closed_at = v_now, closed_by = v_me.id, resolution = v_resolution,
        choice = p_choice
    WHERE i.id = v_incident.id;
    v_words := CASE v_incident.kind WHEN 'deceased' THEN app.settle_death(v_incident, p_choice)
        ELSE app.let_go(v_incident, p_choice) END;
    UPDATE app.alert a SET seen_by = v_me.id, seen_at = v_now, note = 'The incident was closed.'
    WHERE a.kind = 'incident_late' AND a.object = 'incident/' || v_incident.id AND a.seen_at IS NULL;
    PERFORM app.audit('incident.close', 'incident/' || v_incident.id, v_incident.patient_id,
        jsonb_build_object('kind', v_incident.kind, 'choice', p_choice));
    v_answer := jsonb_build_object('sentence', 'Closed. ' || v_words);
    PERFORM app.op_end(p_op, v_answer);
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
    RETURN v_answer;
END
$$;
