-- What people do with returned calls: report, take, link, settle.

-- "Asked not to be called", said to whoever answered the office's line (47 CFR 64.1200(a)(10)): at once,
-- as an outcome of a call would. What somebody has open now leaves the queue when it is given back.
CREATE OR REPLACE FUNCTION app.opt_out(
    p_patient uuid, p_e164 text, p_scope text, p_words text, p_me app.person, p_now timestamptz
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.suppression (
        patient_id, e164, scope, source, words, received_at, honour_by, recorded_by
    ) VALUES (
        p_patient, CASE WHEN p_scope = 'number' THEN p_e164 END, p_scope, 'office_line', p_words,
        p_now, p_now + interval '14 days', p_me.id);
    IF p_scope = 'number' THEN
        UPDATE app.queue_entry e SET call_group = app.entry_group(e.patient_id)
        WHERE e.id = ANY (ARRAY(SELECT q.id FROM app.queue_entry q
            WHERE q.patient_id = p_patient AND q.state IN ('ready', 'waiting', 'callback')
            ORDER BY q.id FOR UPDATE));
        RETURN;
    END IF;
    UPDATE app.callback b SET state = 'cancelled'
    WHERE b.patient_id = p_patient AND b.state = 'open';
    UPDATE app.queue_entry e SET
        state = CASE WHEN e.state = 'claimed' THEN 'claimed' ELSE 'closed' END,
        back_state = CASE WHEN e.state = 'claimed' THEN 'closed' END,
        closed_reason = 'opted_out', closed_at = p_now, due_at = NULL
    WHERE e.patient_id = p_patient AND e.state IN ('ready', 'waiting', 'callback', 'claimed');
END
$$;

CREATE OR REPLACE FUNCTION app.route_words(p_row app.return_call) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_row.routed_why = 'supervisor' AND p_row.patient_id IS NULL
            THEN 'Nobody of the practice has this number. Kept as an unknown caller for the supervisors.'
        WHEN p_row.routed_why = 'supervisor'
            THEN 'No campaign may call this patient now, so the office takes this. The supervisors see it.'
        WHEN p_row.routed_to IS NULL THEN 'Nobody is free for this patient now: it is the first callback of the queue.'
        ELSE CASE p_row.kind WHEN 'on_the_phone' THEN 'Put the caller through to ' ELSE 'It goes to ' END || o.name || CASE p_row.routed_why
            WHEN 'holder' THEN ', who has this patient open.'
            WHEN 'last_caller' THEN ', who called last.'
            ELSE ', who is free.' END END
    FROM (SELECT 1) AS one LEFT JOIN app.person o ON o.id = p_row.routed_to
$$;

-- The office tells of a patient who called: is on the phone now, wants a call, or asks for no calls.
-- By number it is a look-up as any other: counted, logged, and refused when the hour's are used. A
-- patient is named only by who was shown that patient within the hour.
CREATE OR REPLACE FUNCTION api.report_return(p_call jsonb, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor', 'clinician');
    v_now timestamptz := app.now();
    v_what text := p_call ->> 'what';
    v_scope text := p_call ->> 'scope';
    v_note text := trim(coalesce(p_call ->> 'note', ''));
    v_when timestamptz;
    v_digits text := regexp_replace(coalesce(p_call ->> 'phone', ''), '[^0-9]', '', 'g');
    v_e164 text;
    v_patients uuid[];
    v_likely uuid;
    v_found jsonb;
    v_seen jsonb;
    v_row app.return_call;
    v_words text;
BEGIN
    PERFORM app.require_training(v_me);
    IF jsonb_typeof(p_call) IS DISTINCT FROM 'object' OR length(p_call::text) > 5000
        OR v_what IS NULL OR v_what NOT IN ('on_the_phone', 'wants_call', 'opt_out')
        OR (v_what = 'opt_out') <> (coalesce(v_scope, '') <> '')
        OR coalesce(v_scope, '') NOT IN ('', 'number', 'calls', 'everything')
        OR length(v_note) > 500 THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "what"}');
    END IF;
    IF coalesce(p_call ->> 'when', '') <> '' THEN
        v_when := (p_call ->> 'when')::timestamptz;
        IF v_what <> 'wants_call' OR v_when NOT BETWEEN v_now - interval '1 minute' AND v_now + interval '180 days' THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'callback_at',
                'sentence', 'A callback must be in the future, within 180 days.'));
        END IF;
    END IF;
    IF length(v_digits) = 10 THEN
        v_digits := '1' || v_digits;
    END IF;
    IF v_digits <> '' THEN
        IF length(v_digits) NOT BETWEEN 8 AND 15 OR v_digits ~ '^0' THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'phone',
                'sentence', 'Enter the whole telephone number, with its area code.'));
        END IF;
        v_e164 := '+' || v_digits;
    ELSIF coalesce(p_call ->> 'patient_id', '') = '' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'phone',
            'sentence', 'Enter the telephone number, or find the patient by name first.'));
    END IF;
    v_seen := app.op_begin(p_op, v_me, 'report_return', p_call);
    IF v_seen IS NOT NULL THEN
        RETURN v_seen;
    END IF;

    IF coalesce(p_call ->> 'patient_id', '') <> '' THEN
        v_likely := (p_call ->> 'patient_id')::uuid;
        IF NOT app.has_found(v_me, v_likely) THEN
            PERFORM app.fail('QC011', 'not_in_queue');
        END IF;
        v_patients := ARRAY[v_likely];
    ELSE
        v_found := api.find_patient(jsonb_build_object('phone', v_e164), 'Returned call');
        IF v_found ->> 'refused' IS NOT NULL THEN
            -- What was refused stays on record, and is refused again when it is sent again.
            PERFORM app.op_end(p_op, jsonb_build_object('refused', v_found -> 'refused'));
            RETURN jsonb_build_object('refused', v_found -> 'refused');
        END IF;
        v_patients := ARRAY(SELECT (f.value ->> 'patient_id')::uuid FROM jsonb_array_elements(v_found -> 'rows') f
            WHERE (f.value ->> 'patient_id')::uuid = ANY (app.recognised(v_e164)));
        v_likely := app.likely_caller(v_patients, v_e164);
    END IF;

    INSERT INTO app.return_call (
        id, at, source, kind, e164, patient_id, reported_by, wanted_at, note, routed_why, routed_at,
        closed_at, closed_by, result
    ) VALUES (
        app.uuid7(v_now), v_now, 'office', v_what, v_e164, v_likely, v_me.id, v_when, v_note,
        'supervisor', v_now, CASE v_what WHEN 'opt_out' THEN v_now END,
        CASE v_what WHEN 'opt_out' THEN v_me.id END, CASE v_what WHEN 'opt_out' THEN 'opted_out' ELSE '' END
    ) RETURNING * INTO v_row;
    INSERT INTO app.return_call_match (return_id, patient_id) SELECT v_row.id, x FROM unnest(v_patients) x;

    IF v_what = 'opt_out' THEN
        v_words := app.opt_out_of_caller(v_row, v_patients, v_scope, v_me, v_now);
    ELSE
        v_row := app.settle_return(v_row.id, v_now);
        v_words := app.route_words(v_row);
    END IF;
    PERFORM app.audit('return.' || v_what, 'return_call/' || v_row.id, v_row.patient_id,
        jsonb_build_object('matches', cardinality(v_patients), 'routed', v_row.routed_why,
            'scope', coalesce(v_scope, '')));
    v_seen := jsonb_build_object('id', v_row.id, 'sentence', v_words,
        'routed_to', coalesce((SELECT o.name FROM app.person o WHERE o.id = v_row.routed_to), ''),
        'matches', cardinality(v_patients), 'refused', NULL);
    PERFORM app.op_end(p_op, v_seen);
    RETURN v_seen;
END
$$;

-- Whom an opt-out on the office's line is about. One patient: that one. A number of several, or of
-- nobody that we know: the number itself, for everybody; who else asks not to be called is asked by name.
CREATE OR REPLACE FUNCTION app.opt_out_of_caller(
    p_row app.return_call, p_patients uuid[], p_scope text, p_me app.person, p_now timestamptz
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_patient uuid := CASE WHEN cardinality(p_patients) = 1 THEN p_patients[1] END;
    v_e164 text := coalesce(p_row.e164, (app.best_phone(v_patient)).e164);
BEGIN
    IF v_patient IS NULL OR p_scope = 'number' THEN
        IF v_e164 IS NULL THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'phone',
                'sentence', 'There is no number to take off the list. Choose all calls instead.'));
        END IF;
        PERFORM app.opt_out(v_patient, v_e164, 'number', p_row.note, p_me, p_now);
        RETURN CASE WHEN v_patient IS NOT NULL OR p_scope = 'number'
            THEN 'This number will not be called again.'
            ELSE 'This number will not be called again. For everything else find the patient by name: '
                || cardinality(p_patients) || ' patients have it.' END;
    END IF;
    PERFORM 1 FROM app.queue_entry e WHERE e.patient_id = v_patient ORDER BY e.id FOR UPDATE;
    PERFORM app.opt_out(v_patient, v_e164, p_scope, p_row.note, p_me, p_now);
    PERFORM app.hint('queue');
    RETURN CASE p_scope WHEN 'calls' THEN 'The patient will not be called again.'
        ELSE 'The patient will not be called or written to again.' END;
END
$$;

-- Whether this person may take, settle or name this returned call now; the row, locked.
CREATE OR REPLACE FUNCTION app.my_return(p_id uuid, p_me app.person) RETURNS app.return_call
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.return_call;
BEGIN
    PERFORM 1 FROM app.queue_entry e
    WHERE e.patient_id = (SELECT r.patient_id FROM app.return_call r WHERE r.id = p_id)
    ORDER BY e.id FOR UPDATE;
    SELECT r.* INTO v_row FROM app.return_call r WHERE r.id = p_id FOR UPDATE;
    IF NOT FOUND OR v_row.closed_at IS NOT NULL
        OR p_me.role <> 'supervisor' AND v_row.routed_why = 'supervisor' THEN
        PERFORM app.fail('QC104', 'return_gone');
    ELSIF p_me.role <> 'supervisor' AND (v_row.routed_to <> p_me.id
            OR v_row.taken_by <> p_me.id) THEN
        PERFORM app.fail('QC105', 'return_taken', jsonb_build_object('by', (
            SELECT o.name FROM app.person o WHERE o.id = coalesce(v_row.taken_by, v_row.routed_to))));
    END IF;
    RETURN v_row;
END
$$;

-- What is checked before an incoming call: the patient rang us, so no hours, caps or opt-outs; but who
-- answers, for which campaign, over which carrier.
CREATE OR REPLACE FUNCTION app.incoming_checks(
    p_entry app.queue_entry, p_me app.person, p_health app.gateway_health, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_campaign app.campaign;
    v_day date := app.practice_day(p_now);
    v_problem text;
BEGIN
    SELECT c.* INTO v_campaign FROM app.campaign c WHERE c.id = p_entry.campaign_id;
    v_problem := app.campaign_problem(v_campaign, p_me, v_day);
    RETURN '[]'::jsonb
        || app.check('incoming', true, '')
        || app.check('person', p_me.active AND app.is_trained(p_me),
            'Your access is suspended or your training has expired. Talk to your supervisor.')
        || app.check('assignment', v_problem = '', v_problem)
        || app.check('carrier_agreement', p_health.is_practice_line OR EXISTS (
                SELECT 1 FROM app.agreement a WHERE a.kind = 'carrier' AND a.valid @> v_day),
            'The practice has no agreement with the telephone carrier on file. Tell your supervisor.')
        || app.check('line', coalesce(p_health.state <> 'down'
                AND p_health.at > p_now - interval '30 seconds', false),
            'The phone line is not available. Tell your supervisor if this lasts.');
END
$$;

-- Open the patient who called, with the claim's own rules and logs; where the caller waits on the
-- carrier's line, the call itself is taken with it. p_patient: who of a household it is.
CREATE OR REPLACE FUNCTION api.take_return(p_return uuid, p_patient uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_row app.return_call;
    v_entry app.queue_entry;
    v_patient uuid;
BEGIN
    -- Claiming is idempotent by itself, and a call of this row is made once: what I have, I have.
    v_row := app.my_return(p_return, v_me);
    v_patient := coalesce(p_patient, v_row.patient_id);
    IF v_patient IS NULL OR NOT EXISTS (SELECT 1 FROM app.return_call_match m
        WHERE m.return_id = p_return AND m.patient_id = v_patient) THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    PERFORM 1 FROM app.queue_entry e WHERE e.patient_id = v_patient ORDER BY e.id FOR UPDATE;
    v_entry := app.return_entry(v_patient);
    IF v_entry.id IS NULL THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    IF v_entry.state = 'closed' THEN
        UPDATE app.queue_entry e SET state = 'ready', closed_reason = '', closed_at = NULL
        WHERE e.id = v_entry.id;
    END IF;
    v_entry := app.claim_entry(v_entry.id, v_me);
    IF v_entry.id IS NULL THEN
        RETURN jsonb_build_object('refused', app.read_limit_gate(v_me));
    END IF;
    -- Somebody else of the household than was thought: the promise goes to the right one.
    IF v_row.patient_id IS DISTINCT FROM v_patient THEN
        UPDATE app.return_call r SET patient_id = v_patient, callback_id = NULL
        WHERE r.id = p_return RETURNING r.* INTO v_row;
    END IF;
    UPDATE app.return_call r SET routed_to = v_me.id, routed_why = 'holder', taken_by = v_me.id,
        taken_at = coalesce(r.taken_at, v_now)
    WHERE r.id = p_return RETURNING r.* INTO v_row;
    UPDATE app.callback b SET owner = v_me.id WHERE b.id = v_row.callback_id AND b.state = 'open';
    PERFORM app.audit('return.take', 'return_call/' || p_return, v_patient,
        jsonb_build_object('kind', v_row.kind, 'waits', v_row.waits));
    IF v_row.waits AND v_row.call_id IS NULL THEN
        PERFORM app.take_caller(v_row, v_entry, v_me, v_now, p_op);
    END IF;
    PERFORM app.hint('team');
    RETURN app.card(v_entry, v_me, v_now);
END
$$;

-- Let the gateway lead the waiting caller to this coordinator: a call of the patient's own.
CREATE OR REPLACE FUNCTION app.take_caller(
    p_row app.return_call, p_entry app.queue_entry, p_me app.person, p_now timestamptz, p_op uuid
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_open app.call := app.unfinished_call(p_me.id);
    v_practice app.practice;
    v_health app.gateway_health;
    v_phone app.patient_telecom;
    v_checks jsonb;
    v_refusal jsonb;
    v_call app.call;
    v_session uuid := app.session_of(p_me.id);
    -- One's own phone has to ring, be picked up and be heard first (51_agent_legs.sql).
    v_patience interval := CASE WHEN app.leg_ready(v_session) THEN '0' ELSE interval '2 minutes' END;
BEGIN
    IF v_open.id IS NOT NULL THEN
        PERFORM app.fail('QC013', 'finish_first',
            jsonb_build_object('entry_id', v_open.entry_id, 'call_id', v_open.id));
    END IF;
    SELECT x.* INTO v_practice FROM app.practice x;
    SELECT x.* INTO v_health FROM app.gateway_health x;
    v_checks := app.incoming_checks(p_entry, p_me, v_health, p_now);
    v_refusal := app.first_refusal(v_checks);
    IF v_refusal IS NOT NULL THEN
        PERFORM app.fail('QC020', 'dial_refused', jsonb_build_object('gate', v_refusal ->> 'name',
            'sentence', v_refusal ->> 'sentence'));
    END IF;
    SELECT t.* INTO v_phone FROM app.patient_telecom t
    WHERE t.patient_id = p_entry.patient_id AND t.e164 = p_row.e164 ORDER BY t.rank, t.id LIMIT 1;
    INSERT INTO app.call (
        id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164, extension,
        phone_use, caller_id, agent_endpoint, is_practice_line, was_callback, fence, attempt,
        checks, rule_pack, permit_until, requested_at, session_id, direction, incoming_ref
    ) VALUES (
        app.uuid7(p_now), coalesce(p_op, gen_random_uuid()), p_entry.id, p_entry.patient_id, p_me.id,
        p_entry.campaign_id, v_phone.id, coalesce(p_row.e164, ''), '', coalesce(v_phone.use, ''),
        v_practice.office_number, p_me.agent_endpoint, v_health.is_practice_line, true, p_entry.fence,
        p_entry.attempts, v_checks, app.rule_version(p_now),
        p_now + v_patience + make_interval(secs => app.rule_number('permit_seconds', p_now)), p_now,
        v_session, 'incoming', p_row.carrier_ref
    ) RETURNING * INTO v_call;
    BEGIN
        -- Two who withhold their numbers are two.
        INSERT INTO app.live_call (call_id, patient_id, e164, person_id)
        VALUES (v_call.id, v_call.patient_id, coalesce(p_row.e164, p_row.carrier_ref), p_me.id);
    EXCEPTION WHEN unique_violation THEN
        PERFORM app.fail('QC022', 'call_in_progress', jsonb_build_object('by', (
            SELECT p.name FROM app.live_call l JOIN app.person p ON p.id = l.person_id
            WHERE l.patient_id = v_call.patient_id OR l.e164 = v_call.e164 OR l.person_id = p_me.id
            LIMIT 1)));
    END;
    UPDATE app.return_call r SET call_id = v_call.id WHERE r.id = p_row.id;
    PERFORM app.audit('call.incoming', 'call/' || v_call.id, v_call.patient_id,
        jsonb_build_object('return_call', p_row.id));
    PERFORM app.want_leg(p_me);
    PERFORM pg_notify('cc_gateway', '');
END
$$;

-- Settled without a call: the office helped, it was nobody of the practice's. Says why.
CREATE OR REPLACE FUNCTION api.close_return(p_return uuid, p_result text, p_note text, p_op uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_row app.return_call;
BEGIN
    IF p_result IS NULL OR p_result NOT IN ('settled', 'not_a_patient')
        OR length(coalesce(p_note, '')) > 500 OR length(trim(coalesce(p_note, ''))) < 3 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'note',
            'sentence', 'Say in a few words how it was settled.'));
    END IF;
    IF app.op_begin(p_op, v_me, 'close_return', jsonb_build_array(p_return, p_result, p_note)) IS NOT NULL THEN
        RETURN;
    END IF;
    v_row := app.my_return(p_return, v_me);
    IF p_result = 'not_a_patient' AND v_row.patient_id IS NOT NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'result',
            'sentence', 'This caller is linked to a patient.'));
    END IF;
    UPDATE app.return_call r SET closed_at = app.now(), closed_by = v_me.id, result = p_result,
        waits = false, note = concat_ws(' ', nullif(r.note, ''), trim(p_note))
    WHERE r.id = p_return;
    -- The promise goes with it; the patient waits for the next attempt as before.
    UPDATE app.callback b SET state = 'cancelled' WHERE b.id = v_row.callback_id AND b.state = 'open';
    IF FOUND THEN
        UPDATE app.queue_entry e SET state = 'waiting', due_at = app.now() + interval '1 day'
        WHERE e.id = (SELECT b.entry_id FROM app.callback b WHERE b.id = v_row.callback_id)
            AND e.state = 'callback';
        UPDATE app.queue_entry e SET back_state = 'ready', due_at = NULL
        WHERE e.id = (SELECT b.entry_id FROM app.callback b WHERE b.id = v_row.callback_id)
            AND e.state = 'claimed' AND e.back_state = 'callback';
    END IF;
    PERFORM app.audit('return.close', 'return_call/' || p_return, v_row.patient_id,
        jsonb_build_object('result', p_result));
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
END
$$;

-- An unknown caller is a patient after all, whom the supervisor has just found by name.
CREATE OR REPLACE FUNCTION api.link_return(p_return uuid, p_patient uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_row app.return_call;
    v_seen jsonb;
BEGIN
    PERFORM app.require_training(v_me);
    v_seen := app.op_begin(p_op, v_me, 'link_return', jsonb_build_array(p_return, p_patient));
    IF v_seen IS NOT NULL THEN
        RETURN v_seen;
    END IF;
    PERFORM 1 FROM app.queue_entry e WHERE e.patient_id = p_patient ORDER BY e.id FOR UPDATE;
    v_row := app.my_return(p_return, v_me);
    IF NOT app.has_found(v_me, p_patient) THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    ELSIF v_row.patient_id IS NOT NULL OR v_row.call_id IS NOT NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'patient',
            'sentence', 'This caller is linked to a patient already.'));
    END IF;
    INSERT INTO app.return_call_match (return_id, patient_id) VALUES (p_return, p_patient)
    ON CONFLICT DO NOTHING;
    UPDATE app.return_call r SET patient_id = p_patient WHERE r.id = p_return;
    v_row := app.settle_return(p_return, app.now());
    PERFORM app.audit('return.link', 'return_call/' || p_return, p_patient,
        jsonb_build_object('routed', v_row.routed_why));
    v_seen := jsonb_build_object('sentence', app.route_words(v_row));
    PERFORM app.op_end(p_op, v_seen);
    RETURN v_seen;
END
$$;
