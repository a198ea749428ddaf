-- Corrections of recorded outcomes: another row, which names the one that it corrects.

-- What the first outcome did and a correction leaves as it is, because somebody may have acted on it.
CREATE OR REPLACE FUNCTION app.what_stays(p_call app.call, p_outcome text, p_details jsonb)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_outcome = 'OPT_OUT' AND p_details ->> 'scope' = 'number'
            THEN ' The opt-out stays: this number will not be called.'
        WHEN p_outcome = 'OPT_OUT' THEN ' The opt-out stays: this patient will not be called.'
        WHEN p_outcome = 'BOOKED' THEN ' The appointment stays in the schedule until somebody cancels it there.'
        WHEN p_outcome IN ('WRONG_NUMBER', 'FAILED_NUMBER') THEN ' The number stays marked as not usable.'
        WHEN p_outcome = 'LEFT_PRACTICE' THEN ' The patient stays marked as having left the practice.'
        WHEN p_outcome IN ('DECEASED_REPORTED', 'TRIAGE', 'COMPLAINT', 'INCIDENT')
            THEN ' What it opened stays open until a supervisor or clinician closes it.'
        WHEN p_outcome = 'LANGUAGE' THEN ' The patient''s language stays as it was set.'
        WHEN p_outcome = 'DECLINED_BARRIER' THEN ' The obstacle stays on the patient''s list.'
        WHEN p_outcome = 'CALLBACK_AT' AND EXISTS (
            SELECT 1 FROM app.callback b WHERE b.entry_id = p_call.entry_id AND b.state = 'open')
            THEN ' The callback stays promised.'
        WHEN EXISTS (SELECT 1 FROM app.queue_entry e WHERE e.id = p_call.entry_id AND e.state = 'closed')
            THEN ' The patient stays out of this campaign''s queue.'
        ELSE ''
    END
$$;

-- The facts that the corrected outcome means, written in addition. The queue follows only where the
-- new outcome takes the patient out of it, puts the patient on hold or promises a call, and nobody
-- has the patient now. What the first outcome counted is taken back: it was one attempt.
CREATE OR REPLACE FUNCTION app.apply_amendment(
    p_call app.call, p_outcome text, p_details jsonb, p_old text, p_me app.person
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
    v_words text;
    v_moves boolean := p_outcome IN (
        'BOOKED', 'BOOKED_ELSEWHERE', 'CALLBACK_AT', 'DECLINED', 'LEFT_PRACTICE', 'DECEASED_REPORTED',
        'TRIAGE', 'COMPLAINT', 'INCIDENT')
        OR p_outcome = 'OPT_OUT' AND coalesce(p_details ->> 'scope', '') <> 'number';
BEGIN
    SELECT e.* INTO v_entry FROM app.queue_entry e WHERE e.id = p_call.entry_id;
    v_words := app.apply_outcome(p_call, v_entry, p_outcome, p_details, p_me,
        v_moves AND v_entry.state IN ('ready', 'waiting', 'callback'));
    UPDATE app.queue_entry e SET
        attempts = greatest(0, e.attempts - CASE WHEN o.counts_attempt
            AND p_call.end_reason IS DISTINCT FROM 'never_placed' THEN 1 ELSE 0 END),
        voicemails = greatest(0, e.voicemails - CASE WHEN p_old = 'LEFT_VOICEMAIL' THEN 1 ELSE 0 END)
    FROM app.outcome_code o WHERE o.code = p_old AND e.id = v_entry.id;
    RETURN CASE WHEN v_words = 'Recorded.' THEN '' ELSE ' ' || v_words END;
END
$$;

-- Who may amend: the person who made the call for a day, a supervisor always. Taking an opt-out away
-- from a call is a supervisor's, and does not take back the opt-out.
CREATE OR REPLACE FUNCTION app.amendable(p_me app.person, p_call app.call, p_since timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_call.outcome IS NOT NULL AND (p_me.role = 'supervisor' OR (
        p_me.role = 'coordinator' AND p_call.person_id = p_me.id
        AND p_call.outcome_at > p_since))
$$;

-- Correct an outcome or its note. p_details: as for api.finish; for the same outcome, only what is
-- different. Idempotent by p_op.
CREATE OR REPLACE FUNCTION api.amend_outcome(
    p_call uuid, p_outcome text, p_details jsonb, p_reason text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_now timestamptz := app.now();
    v_hours integer := app.rule_number('amend_hours');
    v_details jsonb := coalesce(p_details, '{}');
    v_reason text;
    v_call app.call;
    v_first app.call_outcome;
    v_last app.outcome_amendment;
    v_old_details jsonb;
    v_words text := '';
    v_answer jsonb;
BEGIN
    v_answer := app.op_begin(p_op, v_me, 'amend_outcome',
        jsonb_build_array(p_call, p_outcome, v_details, p_reason));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_reason := app.said(jsonb_build_object('reason', p_reason), 'reason', 5);
    IF NOT EXISTS (SELECT 1 FROM app.outcome_code o WHERE o.code = p_outcome) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "outcome"}');
    ELSIF jsonb_typeof(v_details) <> 'object' THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "details"}');
    END IF;
    -- Lock order everywhere: the patient's queue entries by id, call, patient, audit head.
    PERFORM 1 FROM app.queue_entry e
    WHERE e.patient_id = (SELECT c.patient_id FROM app.call c WHERE c.id = p_call)
    ORDER BY e.id FOR UPDATE;
    SELECT c.* INTO v_call FROM app.call c WHERE c.id = p_call FOR UPDATE;
    SELECT o.* INTO v_first FROM app.call_outcome o WHERE o.call_id = p_call;
    IF v_call.id IS NULL OR v_first.op_id IS NULL
        OR v_me.role = 'coordinator' AND v_call.person_id <> v_me.id THEN
        PERFORM app.fail('QC024', 'no_such_call');
    ELSIF NOT app.amendable(v_me, v_call, v_now - make_interval(hours => v_hours)) THEN
        PERFORM app.fail('QC103', 'amend_too_late', jsonb_build_object('hours', v_hours));
    ELSIF v_call.outcome = 'OPT_OUT' AND p_outcome <> 'OPT_OUT' AND v_me.role <> 'supervisor' THEN
        PERFORM app.fail('QC005', 'role_not_allowed', jsonb_build_object('role', v_me.role,
            'sentence', 'Only a supervisor changes an opt-out into another outcome.'));
    END IF;
    SELECT a.* INTO v_last FROM app.outcome_amendment a WHERE a.call_id = p_call ORDER BY a.id DESC LIMIT 1;
    v_old_details := coalesce(v_last.details, v_first.details);
    IF p_outcome = v_call.outcome THEN
        v_details := v_old_details || v_details;
        IF v_details = v_old_details THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'details',
                'sentence', 'Nothing is different. Change the outcome or the note, or close this.'));
        END IF;
    END IF;
    IF p_outcome = v_call.outcome AND v_details - 'note' = v_old_details - 'note' THEN
        -- Other words about the same thing: no fact follows from them.
        PERFORM app.said(v_details, 'note', 0);
    ELSE
        PERFORM app.check_details(p_outcome, v_details, v_now);
        PERFORM app.check_answered(v_call, p_outcome);
        v_words := app.apply_amendment(v_call, p_outcome, v_details, v_call.outcome, v_me);
    END IF;
    IF p_outcome <> v_call.outcome THEN
        v_words := v_words || app.what_stays(v_call, v_call.outcome, v_old_details);
    END IF;
    v_words := 'The outcome of this call is now “' || app.outcome_words(p_outcome) || '”.' || v_words;
    UPDATE app.call c SET outcome = p_outcome, note = coalesce(v_details ->> 'note', '') WHERE c.id = p_call;
    INSERT INTO app.outcome_amendment (
        id, op_id, call_id, corrects, person_id, outcome, details, reason, follow_up, at
    ) VALUES (
        app.uuid7(v_now), p_op, p_call, v_first.op_id, v_me.id, p_outcome, v_details, v_reason, v_words, v_now);
    PERFORM app.audit('call.amend', 'call/' || p_call, v_call.patient_id,
        jsonb_build_object('from', v_call.outcome, 'to', p_outcome));
    v_answer := jsonb_build_object('sentence', v_words);
    PERFORM app.op_end(p_op, v_answer);
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
    RETURN v_answer;
END
$$;

-- What the call log shows beside an amended outcome: the first one, and who changed it and why. The
-- words only where the log shows those of the call itself.
CREATE OR REPLACE FUNCTION app.amended_view(p_call uuid, p_words boolean) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'outcome', o.outcome, 'at', a.at, 'by', p.name,
        'note', CASE WHEN p_words THEN coalesce(o.details ->> 'note', '') ELSE '' END,
        'reason', CASE WHEN p_words THEN a.reason ELSE '' END)
    FROM app.outcome_amendment a
    JOIN app.call_outcome o ON o.op_id = a.corrects
    JOIN app.person p ON p.id = a.person_id
    WHERE a.call_id = p_call ORDER BY a.id DESC LIMIT 1
$$;
