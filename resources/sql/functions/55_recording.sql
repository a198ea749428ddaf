-- Recording a call: whether the practice does, whose agreement the law asks for, the patient's answer,
-- and what people want of a recording that runs. What the gateway does with it: 55_recording_content.sql.

CREATE OR REPLACE FUNCTION app.state_name(p_code text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_build_object(
        'AL', 'Alabama', 'AK', 'Alaska', 'AZ', 'Arizona', 'AR', 'Arkansas', 'CA', 'California',
        'CO', 'Colorado', 'CT', 'Connecticut', 'DE', 'Delaware', 'DC', 'the District of Columbia',
        'FL', 'Florida', 'GA', 'Georgia', 'HI', 'Hawaii', 'ID', 'Idaho', 'IL', 'Illinois',
        'IN', 'Indiana', 'IA', 'Iowa', 'KS', 'Kansas', 'KY', 'Kentucky', 'LA', 'Louisiana')
        || jsonb_build_object(
        'ME', 'Maine', 'MD', 'Maryland', 'MA', 'Massachusetts', 'MI', 'Michigan', 'MN', 'Minnesota',
        'MS', 'Mississippi', 'MO', 'Missouri', 'MT', 'Montana', 'NE', 'Nebraska', 'NV', 'Nevada',
        'NH', 'New Hampshire', 'NJ', 'New Jersey', 'NM', 'New Mexico', 'NY', 'New York',
        'NC', 'North Carolina', 'ND', 'North Dakota', 'OH', 'Ohio', 'OK', 'Oklahoma', 'OR', 'Oregon')
        || jsonb_build_object(
        'PA', 'Pennsylvania', 'PR', 'Puerto Rico', 'RI', 'Rhode Island', 'SC', 'South Carolina',
        'SD', 'South Dakota', 'TN', 'Tennessee', 'TX', 'Texas', 'UT', 'Utah', 'VT', 'Vermont',
        'VA', 'Virginia', 'WA', 'Washington', 'WV', 'West Virginia', 'WI', 'Wisconsin', 'WY', 'Wyoming')
        ->> p_code, p_code)
$$;

-- The newest setting; a row of NULLs: the practice has never recorded.
CREATE OR REPLACE FUNCTION app.recording_setting() RETURNS app.recording_policy
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.* FROM app.recording_policy p ORDER BY p.set_at DESC LIMIT 1
$$;

-- Recordings lie at the carrier until they are fetched: not without its agreement (45 CFR 164.504(e)).
-- The practice line has no carrier behind it.
CREATE OR REPLACE FUNCTION app.carrier_agreed(p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT g.is_practice_line FROM app.gateway_health g), false)
        OR EXISTS (SELECT 1 FROM app.agreement a
            WHERE a.kind = 'carrier' AND a.valid @> app.practice_day(p_now))
$$;

-- The rules of both ends on the day of p_now: where the coordinator sits and every state the patient
-- may be in. An end that is not known counts like the strictest state.
CREATE OR REPLACE FUNCTION app.recording_basis(p_call app.call, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_day date := app.practice_day(p_now);
    v_work text := (SELECT p.work_state FROM app.person p WHERE p.id = p_call.person_id);
    v_patient text[];
    v_all jsonb;
    v_notice text[];
BEGIN
    SELECT coalesce(array_agg(DISTINCT x ORDER BY x), '{}') INTO v_patient
    FROM app.patient p
    LEFT JOIN app.patient_telecom t ON t.id = p_call.phone_id
    CROSS JOIN LATERAL unnest(array_remove(
        t.states || p.state_code || (app.confidential(p.id)).state_code, '')) AS u (x)
    WHERE p.id = p_call.patient_id AND x IS NOT NULL;
    SELECT coalesce(jsonb_agg(jsonb_build_object(
            'end', e.whose, 'state', r.jurisdiction, 'rule', r.id, 'citation', r.citation,
            'confidence', r.confidence) ORDER BY e.whose, r.confidence, r.jurisdiction), '[]')
    INTO v_all
    FROM (SELECT 'coordinator' AS whose, v_work AS code
        UNION ALL SELECT 'patient', x FROM unnest(v_patient) x) AS e
    JOIN app.rule r ON r.kind = 'recording_one_party' AND r.jurisdiction = e.code
        AND r.effective @> v_day AND r.number = 0;
    v_notice := ARRAY(SELECT r.jurisdiction FROM app.rule r
        WHERE r.kind = 'recording_notice_recorded' AND r.effective @> v_day AND r.number = 1
            AND r.jurisdiction <> '*'
            AND (r.jurisdiction = ANY (v_patient || v_work) OR v_work = '' OR cardinality(v_patient) = 0)
        ORDER BY r.jurisdiction);
    RETURN jsonb_build_object('coordinator', v_work, 'patient', v_patient, 'all_party', v_all,
        'unknown', to_jsonb(array_remove(ARRAY[
            CASE WHEN v_work = '' THEN 'coordinator' END,
            CASE WHEN cardinality(v_patient) = 0 THEN 'patient' END], NULL)),
        'notice_recorded', v_notice,
        'otherwise', (SELECT r.citation FROM app.rule r WHERE r.kind = 'recording_one_party'
            AND r.jurisdiction = '*' AND r.effective @> v_day));
END
$$;

-- The same in words: why everybody has to agree.
CREATE OR REPLACE FUNCTION app.recording_law(p_basis jsonb) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_work text;
    v_patient text;
    v_parts text[];
BEGIN
    SELECT string_agg(app.state_name(a.value ->> 'state') || ' (' || (a.value ->> 'citation') || ')', ', ')
        FILTER (WHERE a.value ->> 'end' = 'coordinator'),
        string_agg(app.state_name(a.value ->> 'state') || ' (' || (a.value ->> 'citation') || ')', ' or ')
        FILTER (WHERE a.value ->> 'end' = 'patient')
    INTO v_work, v_patient
    FROM jsonb_array_elements(p_basis -> 'all_party') WITH ORDINALITY AS a (value, n);
    v_parts := array_remove(ARRAY[
        CASE WHEN p_basis -> 'unknown' ? 'coordinator'
            THEN 'it is not on file in which state you work' END,
        'you work in ' || v_work,
        CASE WHEN p_basis -> 'unknown' ? 'patient' THEN 'it is not known where the patient is' END,
        'the patient may be in ' || v_patient], NULL);
    IF cardinality(v_parts) = 0 THEN
        RETURN 'The practice records no call without the patient’s yes, in any state.';
    END IF;
    RETURN 'Everybody on the call has to agree: ' || array_to_string(v_parts, ', and ') || '.';
END
$$;

-- The recording of a call that counts now: the one that runs, else the newest.
CREATE OR REPLACE FUNCTION app.newest_recording(p_call uuid) RETURNS app.recording
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.* FROM app.recording r WHERE r.call_id = p_call ORDER BY r.asked_at DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION app.consent_answer(p_call uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.answer FROM app.recording_consent c WHERE c.call_id = p_call ORDER BY c.at DESC LIMIT 1
$$;

-- What is wanted of a recording, whatever its row says: nothing runs in a practice that stopped it.
CREATE OR REPLACE FUNCTION app.recording_wish(p app.recording) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p.wish IN ('record', 'pause')
        AND (coalesce((app.recording_setting()).enabled, false) IS FALSE
            OR app.consent_answer(p.call_id) IS DISTINCT FROM 'YES') THEN 'stop' ELSE p.wish END
$$;

-- What the window shows of the recording of a call; NULL where the practice does not record.
CREATE OR REPLACE FUNCTION app.recording_view(p_call app.call) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_on boolean := coalesce((app.recording_setting()).enabled, false);
    v_row app.recording := app.newest_recording(p_call.id);
    v_wish text;
    v_state text;
    v_basis jsonb;
BEGIN
    IF NOT v_on AND v_row.id IS NULL THEN
        RETURN NULL;
    END IF;
    v_wish := app.recording_wish(v_row);
    v_state := CASE
        WHEN v_row.id IS NULL THEN 'off'
        WHEN v_row.state IN ('kept', 'fetched', 'stopped')
            THEN CASE WHEN v_wish = 'discard' THEN 'discarding' ELSE 'stopped' END
        WHEN v_row.state IN ('discarded', 'failed') THEN v_row.state
        WHEN v_wish <> 'discard' AND p_call.state = 'ended' AND v_row.state IN ('recording', 'paused')
            THEN 'stopped'  -- it ended with the call
        WHEN v_wish IN ('stop', 'discard') OR p_call.state = 'ended' THEN 'stopping'
        WHEN v_row.state IN ('asked', 'starting') THEN 'starting'
        WHEN v_row.state = 'recording' AND v_wish = 'pause' THEN 'pausing'
        WHEN v_row.state = 'paused' AND v_wish = 'record' THEN 'resuming'
        ELSE v_row.state END;
    v_basis := app.recording_basis(p_call, p_call.requested_at);
    RETURN jsonb_build_object(
        'state', v_state, 'since', v_row.started_at, 'consent', coalesce(app.consent_answer(p_call.id), ''),
        'offered', v_on AND p_call.state = 'live' AND v_state IN ('off', 'stopped', 'discarded', 'failed'),
        'law', app.recording_law(v_basis),
        'notice_again', jsonb_array_length(v_basis -> 'notice_recorded') > 0,
        'sentence', coalesce(v_row.sentence, ''));
END
$$;

-- Ask the patient first. What was answered is kept, whatever it was; only a yes after the notice
-- starts a recording (compliance.md 1.9, T17). p_answer: YES, NO, UNCLEAR, NOT_ASKED.
CREATE OR REPLACE FUNCTION api.start_recording(
    p_call uuid, p_notice_given boolean, p_answer text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_call app.call;
    v_seen jsonb;
    v_consent uuid := app.uuid7(v_now);
    v_granted boolean := coalesce(p_notice_given, false) AND coalesce(p_answer = 'YES', false);
    v_basis jsonb;
    v_row app.recording;
BEGIN
    IF p_answer IS NULL OR p_answer NOT IN ('YES', 'NO', 'UNCLEAR', 'NOT_ASKED') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "consent"}');
    END IF;
    v_seen := app.op_begin(p_op, v_me, 'start_recording',
        jsonb_build_array(p_call, coalesce(p_notice_given, false), p_answer));
    IF v_seen ? 'refused' THEN
        RETURN v_seen;
    ELSIF v_seen IS NOT NULL THEN
        RETURN app.call_view(app.my_call(p_call, v_me));
    END IF;
    PERFORM 1 FROM app.call c WHERE c.id = p_call AND c.person_id = v_me.id FOR UPDATE;
    v_call := app.my_call(p_call, v_me);
    IF NOT coalesce((app.recording_setting()).enabled, false) THEN
        RETURN app.refuse_recording(v_call, p_op, 'recording_off', 'This practice does not record calls.');
    ELSIF NOT app.carrier_agreed(v_now) THEN
        RETURN app.refuse_recording(v_call, p_op, 'carrier_agreement', 'Calls are not recorded: the practice '
            'has no agreement with the telephone carrier on file. Tell your supervisor.');
    ELSIF v_call.state <> 'live' THEN
        PERFORM app.fail('QC023', 'call_not_live');
    END IF;
    v_basis := app.recording_basis(v_call, v_now);
    INSERT INTO app.recording_consent (
        id, call_id, patient_id, person_id, at, notice_given, answer, granted, basis, rule_pack
    ) VALUES (v_consent, p_call, v_call.patient_id, v_me.id, v_now, coalesce(p_notice_given, false), p_answer,
        v_granted, v_basis, coalesce(app.rule_version(v_now), ''));
    IF NOT v_granted THEN
        -- Whatever ran on an earlier yes ends with this answer.
        PERFORM app.stop_recordings(p_call);
        RETURN app.refuse_recording(v_call, p_op, 'recording_consent', CASE
            WHEN NOT coalesce(p_notice_given, false) THEN 'Say first that you would like to record the call. '
            WHEN p_answer = 'NO' THEN 'The patient said no, so the call is not recorded. '
            ELSE 'Only a clear yes of the patient starts a recording. ' END || app.recording_law(v_basis));
    END IF;
    v_row := app.newest_recording(p_call);
    IF v_row.id IS NULL OR v_row.state NOT IN ('asked', 'starting', 'recording', 'paused') THEN
        INSERT INTO app.recording (id, call_id, patient_id, person_id, consent_id, asked_at)
        VALUES (app.uuid7(v_now), p_call, v_call.patient_id, v_me.id, v_consent, v_now);
    ELSE
        UPDATE app.recording r SET wish = 'record' WHERE r.id = v_row.id AND r.wish = 'pause';
    END IF;
    PERFORM app.audit('recording.start', 'call/' || p_call, v_call.patient_id,
        jsonb_build_object('consent', v_consent));
    PERFORM app.op_end(p_op, '{}');
    PERFORM pg_notify('cc_gateway', '');
    RETURN app.call_view(v_call);
END
$$;

CREATE OR REPLACE FUNCTION app.refuse_recording(p_call app.call, p_op uuid, p_name text, p_sentence text)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_answer jsonb := jsonb_build_object('refused', jsonb_build_object(
        'name', p_name, 'sentence', p_sentence, 'opens_at', NULL));
BEGIN
    PERFORM app.audit('recording.refused', 'call/' || p_call.id, p_call.patient_id,
        jsonb_build_object('check', p_name));
    PERFORM app.op_end(p_op, v_answer);
    PERFORM pg_notify('cc_gateway', '');
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION app.stop_recordings(p_call uuid) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.recording r SET wish = 'stop'
    WHERE r.call_id = p_call AND r.wish IN ('record', 'pause')
        AND r.state IN ('asked', 'starting', 'recording', 'paused')
$$;

-- Why nothing may delete this recording now; '' when it may go.
CREATE OR REPLACE FUNCTION app.recording_hold(p app.recording) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p.held_reason <> '' THEN 'Legal hold: ' || p.held_reason
        WHEN EXISTS (SELECT 1 FROM app.incident i WHERE i.call_id = p.call_id AND i.closed_at IS NULL)
            THEN 'An incident about this call is open.'
        ELSE '' END
$$;

-- Let a recording go: the content here at once, at the carrier by the gateway.
CREATE OR REPLACE FUNCTION app.discard_recording(p app.recording, p_reason text, p_now timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM app.recording_chunk k WHERE k.recording_id = p.id;
    UPDATE app.recording r SET wish = 'discard', discard_reason = p_reason,
        state = CASE WHEN r.state = 'kept' THEN 'discarded' ELSE r.state END,
        sealed_key = CASE WHEN r.state = 'fetched' THEN r.sealed_key END,
        settled_at = CASE WHEN r.state = 'kept' THEN p_now ELSE r.settled_at END
    WHERE r.id = p.id AND r.state NOT IN ('discarded', 'failed');
END
$$;

-- pause, resume, stop; withdraw: the patient wants it no more; withdraw_delete: nor what was recorded.
CREATE OR REPLACE FUNCTION api.recording_command(p_call uuid, p_command text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_now timestamptz := app.now();
    v_call app.call := app.my_call(p_call, v_me);
    v_row app.recording;
BEGIN
    IF p_command IS NULL
        OR p_command NOT IN ('pause', 'resume', 'stop', 'withdraw', 'withdraw_delete') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "command"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'recording_command', jsonb_build_array(p_call, p_command)) IS NOT NULL THEN
        RETURN app.call_view(v_call);
    END IF;
    PERFORM 1 FROM app.call c WHERE c.id = p_call FOR UPDATE;
    SELECT r.* INTO v_row FROM app.recording r WHERE r.call_id = p_call ORDER BY r.asked_at DESC LIMIT 1 FOR UPDATE;
    IF p_command LIKE 'withdraw%' THEN
        -- What others may need as proof is not for one person to remove after the call is written up.
        IF v_call.outcome IS NOT NULL THEN
            PERFORM app.fail('QC042', 'outcome_recorded', jsonb_build_object('sentence',
                'This call is written up. A supervisor can delete its recording in the call log.'));
        END IF;
        INSERT INTO app.recording_consent (
            id, call_id, patient_id, person_id, at, notice_given, answer, granted, basis, rule_pack
        ) VALUES (app.uuid7(v_now), p_call, v_call.patient_id, v_me.id, v_now, false, 'WITHDRAWN', false,
            app.recording_basis(v_call, v_now), coalesce(app.rule_version(v_now), ''));
        PERFORM app.stop_recordings(p_call);
    ELSIF v_row.id IS NULL OR v_row.state NOT IN ('asked', 'starting', 'recording', 'paused')
        OR p_command <> 'stop' AND app.recording_wish(v_row) NOT IN ('record', 'pause') THEN
        IF p_command = 'stop' THEN
            RETURN app.call_view(v_call);  -- it is so
        END IF;
        PERFORM app.fail('QC110', 'not_recording');
    ELSE
        UPDATE app.recording r SET wish = CASE p_command WHEN 'resume' THEN 'record' ELSE p_command END
        WHERE r.id = v_row.id;
    END IF;
    IF p_command = 'withdraw_delete' THEN
        FOR v_row IN SELECT r.* FROM app.recording r WHERE r.call_id = p_call ORDER BY r.id FOR UPDATE LOOP
            IF app.recording_hold(v_row) <> '' THEN
                PERFORM app.fail('QC111', 'recording_held',
                    jsonb_build_object('sentence', app.recording_hold(v_row)));
            END IF;
            PERFORM app.discard_recording(v_row, 'The patient withdrew.', v_now);
        END LOOP;
    END IF;
    PERFORM app.audit('recording.' || p_command, 'call/' || p_call, v_call.patient_id);
    PERFORM app.op_end(p_op, '{}');
    PERFORM pg_notify('cc_gateway', '');
    RETURN app.call_view(v_call);
END
$$;

-- ---------------------------------------------------------------------------- the setting

CREATE OR REPLACE FUNCTION app.recording_settings_view(p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_set app.recording_policy := app.recording_setting();
    v_day date := app.practice_day(p_now);
BEGIN
    RETURN jsonb_build_object(
        'enabled', coalesce(v_set.enabled, false), 'keep_days', coalesce(v_set.keep_days, 90),
        'protected_at_carrier', coalesce(v_set.protected_at_carrier, false),
        'agreement_until', (SELECT coalesce(max(coalesce(upper(a.valid) - 1, date '9999-12-31')),
                NULL) FROM app.agreement a WHERE a.kind = 'carrier' AND a.valid @> v_day),
        'practice_line', coalesce((SELECT g.is_practice_line FROM app.gateway_health g), false),
        'kept', (SELECT count(*) FROM app.recording r WHERE r.state IN ('fetched', 'kept')),
        'changes', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', x.set_at, 'by', x.name,
                'enabled', x.enabled, 'keep_days', x.keep_days) ORDER BY x.set_at DESC), '[]')
            FROM (SELECT p.*, o.name FROM app.recording_policy p JOIN app.person o ON o.id = p.set_by
                ORDER BY p.set_at DESC LIMIT 10) AS x),
        'states', (SELECT coalesce(jsonb_agg(jsonb_build_object('code', r.jurisdiction,
                'name', app.state_name(r.jurisdiction), 'citation', r.citation,
                'disputed', r.confidence <> 'H') ORDER BY r.jurisdiction), '[]')
            FROM app.rule r WHERE r.kind = 'recording_one_party' AND r.number = 0
                AND r.jurisdiction <> '*' AND r.effective @> v_day),
        'people', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name,
                'work_state', p.work_state) ORDER BY p.name), '[]')
            FROM app.person p WHERE p.active AND p.role IN ('coordinator', 'supervisor')));
END
$$;

CREATE OR REPLACE FUNCTION api.recording_settings() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.me('supervisor', 'administrator');
    RETURN app.recording_settings_view(app.now());
END
$$;

-- Turn recording on or off, or change how long recordings are kept; on a login of just now. Turning
-- it off stops what runs.
CREATE OR REPLACE FUNCTION api.set_recording(
    p_enabled boolean, p_keep_days integer, p_protected boolean, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_call uuid;
BEGIN
    PERFORM app.require_fresh_login();
    IF p_enabled IS NULL OR p_protected IS NULL OR (p_keep_days BETWEEN 7 AND 3650) IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'keep_days',
            'sentence', 'Recordings are kept from 7 days to 10 years.'));
    END IF;
    IF app.op_begin(p_op, v_me, 'set_recording', jsonb_build_array(p_enabled, p_keep_days, p_protected))
        IS NOT NULL THEN
        RETURN app.recording_settings_view(v_now);
    END IF;
    IF p_enabled AND NOT p_protected THEN
        PERFORM app.fail('QC112', 'recording_not_ready', jsonb_build_object('sentence',
            'Look at the carrier first whether recordings open only with a login, then tick the box.'));
    ELSIF p_enabled AND NOT app.carrier_agreed(v_now) THEN
        PERFORM app.fail('QC112', 'recording_not_ready', jsonb_build_object('sentence',
            'The practice has no agreement with the telephone carrier on file. Record it first: '
            'coordinator-admin agreement sign carrier.'));
    END IF;
    INSERT INTO app.recording_policy (id, set_at, set_by, enabled, keep_days, protected_at_carrier)
    VALUES (app.uuid7(v_now), v_now, v_me.id, p_enabled, p_keep_days, p_protected);
    IF NOT p_enabled THEN
        UPDATE app.recording r SET wish = 'stop' WHERE r.wish IN ('record', 'pause')
            AND r.state IN ('asked', 'starting', 'recording', 'paused');
    END IF;
    PERFORM app.audit('recording.set', 'practice', NULL, jsonb_build_object(
        'enabled', p_enabled, 'keep_days', p_keep_days, 'protected_at_carrier', p_protected));
    PERFORM app.op_end(p_op, '{}');
    PERFORM pg_notify('cc_gateway', '');
    PERFORM app.hint_person(l.person_id) FROM app.live_call l;
    RETURN app.recording_settings_view(v_now);
END
$$;

-- In which state somebody works: two letters, '' when it is not known.
CREATE OR REPLACE FUNCTION app.put_work_state(p_person uuid, p_state text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_state IS NULL OR p_state <> '' AND app.state_name(p_state) = p_state THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'state',
            'sentence', 'Write a state as two capital letters, such as PA.'));
    END IF;
    UPDATE app.person p SET work_state = p_state WHERE p.id = p_person;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'person',
            'sentence', 'This person is not known here. The list is loaded again.'));
    END IF;
    PERFORM app.audit('person.work_state', 'person/' || p_person, NULL,
        jsonb_build_object('state', p_state));
END
$$;

CREATE OR REPLACE FUNCTION api.set_work_state(p_person uuid, p_state text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
BEGIN
    IF app.op_begin(p_op, v_me, 'set_work_state', jsonb_build_array(p_person, p_state)) IS NULL THEN
        PERFORM app.put_work_state(p_person, p_state);
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.recording_settings_view(app.now());
END
$$;
