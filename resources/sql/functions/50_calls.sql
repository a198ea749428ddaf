-- Calls: the permit, the identity check, commands, and what the gateway writes.

-- Where a person's calls meet: the open work session, else the newest one, else the person.
CREATE OR REPLACE FUNCTION app.session_of(p_person uuid) RETURNS uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT w.id FROM app.work_session w
        WHERE w.person_id = p_person ORDER BY w.started_at DESC LIMIT 1), p_person)
$$;

-- A dial is granted here and nowhere else. The row is committed before the carrier hears of
-- it; one live call a patient, a number and a coordinator.
CREATE OR REPLACE FUNCTION api.request_call(p_entry uuid, p_fence bigint, p_phone uuid, p_op uuid)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_practice app.practice;
    v_entry app.queue_entry;
    v_phone app.patient_telecom;
    v_open app.call;
    v_call app.call;
    v_checks jsonb;
    v_refusal jsonb;
    v_health app.gateway_health;
    v_session uuid := app.session_of(v_me.id);
    -- One's own phone has to ring, be picked up and be heard first (51_agent_legs.sql).
    v_patience interval := CASE WHEN app.leg_ready(v_session) THEN '0' ELSE interval '2 minutes' END;
    v_seen jsonb;
BEGIN
    v_seen := app.op_begin(p_op, v_me, 'request_call', jsonb_build_array(p_entry, p_phone));
    IF v_seen ->> 'call_id' IS NOT NULL THEN
        SELECT c.* INTO v_call FROM app.call c WHERE c.id = (v_seen ->> 'call_id')::uuid;
        RETURN app.call_view(v_call);
    ELSIF v_seen IS NOT NULL THEN
        RETURN v_seen;
    END IF;
    v_entry := app.held_entry(p_entry, p_fence, v_me);
    v_open := app.unfinished_call(v_me.id);
    IF v_open.id IS NOT NULL THEN
        PERFORM app.fail('QC013', 'finish_first',
            jsonb_build_object('entry_id', v_open.entry_id, 'call_id', v_open.id));
    END IF;
    SELECT t.* INTO v_phone FROM app.patient_telecom t
    WHERE t.id = p_phone AND t.patient_id = v_entry.patient_id;
    IF NOT FOUND THEN
        PERFORM app.fail('QC021', 'no_such_number');
    END IF;
    SELECT x.* INTO v_practice FROM app.practice x;
    SELECT x.* INTO v_health FROM app.gateway_health x;

    v_checks := app.gate(v_entry, v_phone, v_now, v_me) || app.check('line',
        coalesce(v_health.state <> 'down' AND v_health.at > v_now - interval '30 seconds', false),
        'The phone line is not available. Tell your supervisor if this lasts.');
    v_refusal := app.first_refusal(v_checks);
    IF v_refusal IS NOT NULL THEN
        -- An answer, not an error: an error would take the record of the refusal back.
        RETURN app.refuse_dial(v_entry, v_phone, v_me, v_now, v_checks, p_op);
    END IF;

    INSERT INTO app.call (
        id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164, extension,
        phone_use, caller_id, agent_endpoint, is_practice_line, was_callback, fence, attempt,
        checks, rule_pack, permit_until, requested_at, session_id
    ) VALUES (
        app.uuid7(v_now), p_op, v_entry.id, v_entry.patient_id, v_me.id, v_entry.campaign_id,
        v_phone.id, v_phone.e164, v_phone.extension, v_phone.use, v_practice.office_number,
        v_me.agent_endpoint, v_health.is_practice_line, app.asked_for_now(v_entry, v_now),
        v_entry.fence, v_entry.attempts + 1, v_checks,
        app.rule_version(v_now),
        v_now + v_patience + make_interval(secs => app.rule_number('permit_seconds', v_now)), v_now,
        v_session
    ) RETURNING * INTO v_call;
    UPDATE app.gate_override o SET used_by = v_call.id
    WHERE o.id IN (SELECT (c.value ->> 'overridden_by')::uuid FROM jsonb_array_elements(v_checks) AS c)
        AND o.used_by IS NULL;
    BEGIN
        INSERT INTO app.live_call (call_id, patient_id, e164, person_id)
        VALUES (v_call.id, v_call.patient_id, v_call.e164, v_me.id);
    EXCEPTION WHEN unique_violation THEN
        PERFORM app.fail('QC022', 'call_in_progress', jsonb_build_object('by', (
            SELECT p.name FROM app.live_call l JOIN app.person p ON p.id = l.person_id
            WHERE l.patient_id = v_entry.patient_id OR l.e164 = v_phone.e164 OR l.person_id = v_me.id
            LIMIT 1)));
    END;
    PERFORM app.audit('call.request', 'call/' || v_call.id, v_call.patient_id,
        jsonb_build_object('phone', v_phone.id, 'attempt', v_call.attempt));
    PERFORM app.op_end(p_op, jsonb_build_object('call_id', v_call.id));
    PERFORM app.want_leg(v_me);
    PERFORM pg_notify('cc_gateway', '');
    PERFORM app.hint('team');
    RETURN app.call_view(v_call);
END
$$;

-- Keep what was refused, with every check and the rules it came from.
CREATE OR REPLACE FUNCTION app.refuse_dial(
    p_entry app.queue_entry, p_phone app.patient_telecom, p_me app.person, p_now timestamptz,
    p_checks jsonb, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_refusal jsonb := app.first_refusal(p_checks);
    v_id uuid := app.uuid7(p_now);
    v_answer jsonb := jsonb_build_object('refused', v_refusal);
BEGIN
    INSERT INTO app.dial_refusal (
        id, op_id, at, person_id, entry_id, patient_id, phone_id, refused_by, checks, rule_pack
    ) VALUES (
        v_id, p_op, p_now, p_me.id, p_entry.id, p_entry.patient_id, p_phone.id,
        v_refusal ->> 'name', p_checks, app.rule_version(p_now));
    PERFORM app.audit('call.refused', 'dial_refusal/' || v_id, p_entry.patient_id,
        jsonb_build_object('check', v_refusal ->> 'name', 'phone', p_phone.id));
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION app.my_call(p_call uuid, p_me app.person) RETURNS app.call
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call;
BEGIN
    SELECT c.* INTO v_call FROM app.call c WHERE c.id = p_call AND c.person_id = p_me.id;
    IF NOT FOUND THEN
        PERFORM app.fail('QC024', 'no_such_call');
    END IF;
    RETURN v_call;
END
$$;

CREATE OR REPLACE FUNCTION api.call(p_call uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call := app.my_call(p_call, app.coordinator());
BEGIN
    -- A permit nobody took in time is void: the gateway was not there. Nothing was dialled.
    IF v_call.state = 'requested' AND v_call.permit_until < app.now() THEN
        PERFORM app.merge_fact(jsonb_build_object(
            'call_id', v_call.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
            'sentence', 'The phone line did not take the call. Nothing was dialled.'));
        v_call := app.my_call(p_call, app.coordinator());
    END IF;
    RETURN app.call_view(v_call);
END
$$;

CREATE OR REPLACE FUNCTION app.put_command(p_call app.call, p_command text, p_digits text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.call_command (call_id, command, digits, requested_at)
    VALUES (p_call.id, p_command, p_digits, app.now());
    IF p_command = 'hang_up' THEN
        UPDATE app.call c SET hang_up_wanted = true WHERE c.id = p_call.id;
    END IF;
    PERFORM pg_notify('cc_gateway', '');
END
$$;

CREATE OR REPLACE FUNCTION api.command(p_call uuid, p_command text, p_digits text, p_op uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_call app.call := app.my_call(p_call, v_me);
BEGIN
    IF p_command IS NULL
        OR p_command NOT IN ('hang_up', 'hold', 'unhold', 'mute', 'unmute', 'digits')
        OR coalesce(p_digits, '') !~ '^[0-9*#w]{0,32}$'
        OR (p_command = 'digits') <> (coalesce(p_digits, '') <> '') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "command"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'command', jsonb_build_array(p_call, p_command, p_digits)) IS NOT NULL THEN
        RETURN;
    END IF;
    IF v_call.state = 'ended' THEN
        IF p_command <> 'hang_up' THEN
            PERFORM app.fail('QC023', 'call_not_live');
        END IF;
        RETURN;
    END IF;
    PERFORM app.put_command(v_call, p_command, coalesce(p_digits, ''));
    -- Which keys were pressed may be somebody's account or card number: not kept here.
    PERFORM app.audit('call.command', 'call/' || p_call, v_call.patient_id,
        jsonb_build_object('command', p_command));
    PERFORM app.op_end(p_op, '{}');
END
$$;

-- Two identifiers, said by the patient and matched by the coordinator; result and kinds are
-- kept, never the answers. Two tries, then none (45 CFR 164.514(h); compliance.md 7.1).
CREATE OR REPLACE FUNCTION api.verify_identity(
    p_call uuid, p_result text, p_kinds text[], p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_call app.call;
    v_entry app.queue_entry;
    v_kinds text[];
BEGIN
    SELECT coalesce(array_agg(DISTINCT k ORDER BY k), '{}') INTO v_kinds
    FROM unnest(p_kinds) k WHERE k IS NOT NULL;
    IF p_result IS NULL OR p_result NOT IN ('PASS', 'FAIL', 'DECLINED')
        OR NOT v_kinds <@ '{full_name,birth_date,zip,address,phone}'::text[]
        OR (p_result = 'PASS' AND cardinality(v_kinds) < 2) THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'identity',
            'sentence', 'Two different identifiers are needed.'));
    END IF;
    IF app.op_begin(p_op, v_me, 'verify_identity', jsonb_build_array(p_call, p_result, v_kinds)) IS NULL THEN
        PERFORM 1 FROM app.call c WHERE c.id = p_call AND c.person_id = v_me.id FOR UPDATE;
        v_call := app.my_call(p_call, v_me);
        IF v_call.outcome IS NOT NULL OR v_call.answered_at IS NULL THEN
            PERFORM app.fail('QC023', 'call_not_live');
        END IF;
        IF v_call.identity = 'PASS' THEN
            NULL;  -- verified stays verified
        ELSIF v_call.identity_tries >= 2 THEN
            PERFORM app.fail('QC051', 'no_tries_left');
        ELSE
            UPDATE app.call c
            SET identity = p_result, identity_kinds = v_kinds,
                identity_tries = c.identity_tries + CASE WHEN p_result = 'PASS' THEN 0 ELSE 1 END
            WHERE c.id = p_call;
            PERFORM app.audit('identity.' || lower(p_result), 'call/' || p_call, v_call.patient_id,
                jsonb_build_object('kinds', v_kinds));
        END IF;
        PERFORM app.op_end(p_op, '{}');
    END IF;
    v_call := app.my_call(p_call, v_me);
    v_entry := app.held_entry(v_call.entry_id, v_call.fence, v_me);
    RETURN app.card(v_entry, v_me, app.now());
END
$$;

-- ---------------------------------------------------------------------------- the gateway

CREATE OR REPLACE FUNCTION app.gateway() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT pg_has_role(session_user, 'gateway', 'MEMBER') THEN
        PERFORM app.fail('QC005', 'role_not_allowed');
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION app.call_rank(p_state text) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_position(
        ARRAY['requested', 'placing', 'unknown', 'queued', 'ringing', 'live', 'ended'], p_state)
$$;

CREATE OR REPLACE FUNCTION app.end_rank(p_end text) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_position(ARRAY[
        'completed_by_patient', 'completed_by_us', 'no_answer', 'busy', 'canceled', 'bad_number',
        'blocked', 'agent_leg_lost', 'line_error', 'time_limit', 'never_placed', 'unresolved'
    ], p_end)
$$;

-- Facts may repeat and come in any order: rank only grows, the end absorbs, earliest times win.
-- What two facts disagree about is decided by a total order over all facts of the call, the
-- one of coordinator_app/calls/reducer.py; so every order of arrival ends in the same row.
CREATE OR REPLACE FUNCTION app.merge_fact(p_fact jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call;
    v_new app.call;
    v_state text := CASE WHEN p_fact ->> 'end' IS NOT NULL THEN 'ended' ELSE p_fact ->> 'state' END;
    v_offset interval := (SELECT p.clock_offset FROM app.practice p);
    v_at timestamptz := (p_fact ->> 'at')::timestamptz + v_offset;
    v_said jsonb := p_fact - 'captions';
    v_captions jsonb := coalesce(nullif(p_fact -> 'captions', 'null'), '[]');
    v_end record;
    v_last record;
BEGIN
    SELECT c.* INTO v_call FROM app.call c WHERE c.id = (p_fact ->> 'call_id')::uuid FOR UPDATE;
    IF NOT FOUND OR app.call_rank(v_state) IS NULL THEN
        PERFORM app.fail('QC024', 'no_such_call');
    ELSIF v_at IS NULL OR jsonb_typeof(v_captions) <> 'array'
        OR (p_fact ->> 'end' IS NOT NULL AND app.end_rank(p_fact ->> 'end') IS NULL) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "fact"}');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM app.call_event e WHERE e.call_id = v_call.id AND e.fact = v_said) THEN
        INSERT INTO app.call_event (call_id, at, written_at, fact)
        VALUES (v_call.id, v_at, app.now(), v_said);
    ELSIF v_captions <@ v_call.captions THEN
        RETURN;  -- nothing new was said
    END IF;

    -- How it ended, in one piece. What we concluded yields to what the carrier says.
    SELECT e.fact ->> 'end' AS reason, coalesce(e.fact ->> 'error_code', '') AS code,
        coalesce(e.fact ->> 'sentence', '') AS sentence
    INTO v_end
    FROM app.call_event e
    WHERE e.call_id = v_call.id AND e.fact ->> 'end' IS NOT NULL
    ORDER BY e.fact ->> 'end' IN ('never_placed', 'unresolved'), (e.fact ->> 'at')::timestamptz,
        app.end_rank(e.fact ->> 'end'), 2, 3
    LIMIT 1;
    SELECT coalesce(e.fact ->> 'sentence', '') AS sentence INTO v_last
    FROM app.call_event e WHERE e.call_id = v_call.id
    ORDER BY app.call_rank(e.fact ->> 'state') DESC, (e.fact ->> 'at')::timestamptz, 1 LIMIT 1;
    UPDATE app.call c SET
        state = CASE WHEN c.state = 'ended' OR app.call_rank(c.state) >= app.call_rank(v_state)
            THEN c.state ELSE v_state END,
        answered_at = least(c.answered_at, (p_fact ->> 'answered_at')::timestamptz + v_offset),
        ended_at = CASE WHEN v_state = 'ended' THEN least(
            c.ended_at, coalesce((p_fact ->> 'ended_at')::timestamptz + v_offset, v_at))
            ELSE c.ended_at END,
        end_reason = v_end.reason,
        error_code = coalesce(v_end.code, ''),
        sentence = coalesce(v_end.sentence, v_last.sentence, ''),
        carrier_ref = coalesce(
            least(nullif(c.carrier_ref, ''), nullif(p_fact ->> 'carrier_ref', '')), ''),
        held = c.state <> 'ended' AND v_state <> 'ended' AND coalesce((
            SELECT (e.fact ->> 'held')::boolean FROM app.call_event e
            WHERE e.call_id = c.id AND e.fact ->> 'held' IS NOT NULL
            ORDER BY (e.fact ->> 'at')::timestamptz DESC, (e.fact ->> 'held')::boolean DESC LIMIT 1
        ), false),
        muted = c.state <> 'ended' AND v_state <> 'ended' AND coalesce((
            SELECT (e.fact ->> 'muted')::boolean FROM app.call_event e
            WHERE e.call_id = c.id AND e.fact ->> 'muted' IS NOT NULL
            ORDER BY (e.fact ->> 'at')::timestamptz DESC, (e.fact ->> 'muted')::boolean DESC LIMIT 1
        ), false),
        captions = CASE WHEN v_captions <@ c.captions THEN c.captions ELSE (
            SELECT jsonb_agg(x.line ORDER BY (x.line ->> 'at')::timestamptz, x.line)
            FROM (SELECT l.value AS line FROM jsonb_array_elements(c.captions) l
                UNION SELECT l.value FROM jsonb_array_elements(v_captions) l) x) END
    WHERE c.id = v_call.id RETURNING c.* INTO v_new;
    IF v_new IS NOT DISTINCT FROM v_call THEN
        RETURN;
    END IF;
    IF v_new.state = 'ended' AND v_call.state <> 'ended' THEN
        DELETE FROM app.live_call l WHERE l.call_id = v_call.id;
        PERFORM app.hint('team');
    END IF;
    PERFORM app.hint_person(v_call.person_id);
END
$$;

CREATE OR REPLACE FUNCTION app.request_json(p_call app.call) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'call_id', p_call.id,
        'session_id', coalesce(p_call.session_id, app.session_of(p_call.person_id)),
        'agent_ref', coalesce((SELECT l.carrier_ref FROM app.agent_leg l
            WHERE l.session_id = p_call.session_id AND l.confirmed_at IS NOT NULL), ''),
        'agent_endpoint', CASE WHEN p_call.agent_endpoint = 'client'
            THEN 'client:' || replace(p_call.person_id::text, '-', '') ELSE p_call.agent_endpoint END,
        'to', p_call.e164, 'extension', p_call.extension, 'caller_id', p_call.caller_id,
        'ring_timeout_s', pr.ring_timeout_s, 'time_limit_s', pr.time_limit_s,
        'incoming_ref', p_call.incoming_ref,
        -- The gateway lives in real time; only the practice's people live in a demo's.
        'requested_at', p_call.requested_at - pr.clock_offset
    ) FROM app.practice pr
$$;

CREATE OR REPLACE FUNCTION api.gateway_take_requests(p_limit integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_calls app.call[];
    v_free uuid[];
BEGIN
    PERFORM app.gateway();
    -- What somebody holds in an open transaction waits alone; nobody else's call does.
    v_free := ARRAY(SELECT c.id FROM app.call c WHERE c.state = 'requested'
        ORDER BY c.id FOR UPDATE SKIP LOCKED);
    -- An older permit is void.
    PERFORM app.merge_fact(jsonb_build_object(
        'call_id', c.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
        'sentence', 'The phone line did not take the call in time. Nothing was dialled.'))
    FROM app.call c WHERE c.id = ANY (v_free) AND c.state = 'requested' AND c.permit_until < v_now;
    -- It waits for the phone of a shift that has ended; the one of now is another leg.
    PERFORM app.merge_fact(jsonb_build_object(
        'call_id', c.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
        'sentence', 'It was asked for before you signed in anew. Nothing was dialled.'))
    FROM app.call c JOIN app.work_session w ON w.id = c.session_id
    WHERE c.id = ANY (v_free) AND c.state = 'requested' AND w.ended_at IS NOT NULL;
    -- Given back before it was placed.
    PERFORM app.merge_fact(jsonb_build_object(
        'call_id', c.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'canceled'))
    FROM app.call c WHERE c.id = ANY (v_free) AND c.state = 'requested' AND c.hang_up_wanted;
    -- What became true between the permit and now: an opt-out, a death, the end of the hours
    -- (compliance.md T12). The same gate, without the call itself.
    PERFORM app.merge_fact(jsonb_build_object(
        'call_id', x.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
        'sentence', (x.refusal ->> 'sentence') || ' Nothing was dialled.'))
    FROM (
        SELECT c.id, app.first_refusal(app.gate(e, t, v_now, p, c.id)) AS refusal
        FROM app.call c
        JOIN app.queue_entry e ON e.id = c.entry_id
        JOIN app.patient_telecom t ON t.id = c.phone_id
        JOIN app.person p ON p.id = c.person_id
        WHERE c.id = ANY (v_free) AND c.state = 'requested' AND c.direction = 'outgoing'
    ) AS x
    WHERE x.refusal IS NOT NULL;

    WITH taken AS (
        UPDATE app.call c SET state = 'placing', taken_at = v_now
        WHERE c.id IN (
            SELECT x.id FROM app.call x
            WHERE x.state = 'requested' AND x.permit_until >= v_now AND NOT x.hang_up_wanted
                AND app.leg_ready(x.session_id)  -- nobody is rung for an empty room
            ORDER BY x.id LIMIT least(greatest(p_limit, 1), 100) FOR UPDATE SKIP LOCKED
        ) RETURNING c.*
    )
    SELECT array_agg(t ORDER BY t.id) INTO v_calls FROM taken t;
    PERFORM app.hint_person(c.person_id) FROM unnest(v_calls) c;
    RETURN (SELECT coalesce(jsonb_agg(app.request_json(c)), '[]') FROM unnest(v_calls) c);
END
$$;

CREATE OR REPLACE FUNCTION api.gateway_take_commands(p_limit integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_rows jsonb;
BEGIN
    PERFORM app.gateway();
    WITH taken AS (
        UPDATE app.call_command c SET taken_at = app.now()
        WHERE c.id IN (
            SELECT x.id FROM app.call_command x WHERE x.taken_at IS NULL
            ORDER BY x.id LIMIT least(greatest(p_limit, 1), 500) FOR UPDATE SKIP LOCKED
        ) RETURNING c.*
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', t.id, 'call_id', t.call_id, 'command', t.command, 'digits', t.digits
    ) ORDER BY t.id), '[]') INTO v_rows FROM taken t;
    RETURN v_rows;
END
$$;

CREATE OR REPLACE FUNCTION api.gateway_open_calls() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'request', app.request_json(c), 'state', c.state, 'carrier_ref', c.carrier_ref,
            'answered_at', c.answered_at - p.clock_offset, 'hang_up_wanted', c.hang_up_wanted
        ) ORDER BY c.id), '[]')
        FROM app.call c, app.practice p WHERE c.state NOT IN ('requested', 'ended')
    );
END
$$;

-- Write facts; gives the calls that somebody holds in an open transaction at this moment, whose facts
-- are to be sent again: the line of everybody else must not wait for one person's transaction.
CREATE OR REPLACE FUNCTION api.gateway_record(p_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_asked uuid[];
    v_free uuid[];
    v_busy uuid[];
BEGIN
    PERFORM app.gateway();
    v_asked := ARRAY(SELECT (f.value ->> 'call_id')::uuid FROM jsonb_array_elements(p_facts) f);
    -- Always in the order of the ids, so that two gateways never wait for each other.
    v_free := ARRAY(SELECT c.id FROM app.call c WHERE c.id = ANY (v_asked)
        ORDER BY c.id FOR UPDATE SKIP LOCKED);
    v_busy := ARRAY(SELECT c.id FROM app.call c WHERE c.id = ANY (v_asked) AND c.id <> ALL (v_free));
    PERFORM app.merge_fact(f.value)
    FROM jsonb_array_elements(p_facts) WITH ORDINALITY AS f (value, n)
    WHERE ((f.value ->> 'call_id')::uuid = ANY (v_busy)) IS NOT TRUE ORDER BY f.n;
    RETURN to_jsonb(v_busy);
END
$$;

CREATE OR REPLACE FUNCTION api.gateway_beat(p_health jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    IF coalesce(p_health ->> 'state', '') NOT IN ('ok', 'slow', 'down')
        OR (p_health ->> 'is_practice_line')::boolean IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "health"}');
    END IF;
    IF to_regclass('app.call_' || to_char(app.now() + interval '2 months', 'YYYY_MM')) IS NULL THEN
        CALL app.ensure_call_partitions(app.now()::date, 4);
    END IF;
    PERFORM app.refresh_open_groups();
    PERFORM app.end_stuck_sessions();
    -- When nobody could call, and why, stays on record.
    IF (p_health ->> 'state' = 'down') IS DISTINCT FROM
        (SELECT h.state = 'down' FROM app.gateway_health h) THEN
        PERFORM app.audit('line.' || (p_health ->> 'state'), 'line', NULL,
            jsonb_build_object('sentence', left(p_health ->> 'sentence', 200)));
    END IF;
    INSERT INTO app.gateway_health AS g (id, at, state, is_practice_line, since, sentence, round_trip_ms)
    VALUES (true, app.now(), p_health ->> 'state', (p_health ->> 'is_practice_line')::boolean,
        -- The gateway lives in real time, the practice's people perhaps in a demo's.
        coalesce((p_health ->> 'since')::timestamptz + (SELECT p.clock_offset FROM app.practice p), app.now()),
        coalesce(p_health ->> 'sentence', ''),
        (p_health ->> 'round_trip_ms')::integer)
    ON CONFLICT (id) DO UPDATE SET
        round_trip_ms = excluded.round_trip_ms,
        at = excluded.at, is_practice_line = excluded.is_practice_line, sentence = excluded.sentence,
        since = CASE WHEN g.state = excluded.state THEN g.since ELSE excluded.at END,
        state = excluded.state;
    PERFORM app.watch();
END
$$;
