-- The supervisor on live calls: the list, listening, coaching and joining, and calls for help. What is
-- asked for is written here; the gateway asks the carrier and writes down what became of it.

-- Tell whoever shows live calls. A hint that is left out follows another by less than a second, so
-- that windows ask a second time after each.
CREATE OR REPLACE FUNCTION app.tell_supervisors() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.hint('team');
    PERFORM app.hint_person(p.id) FROM app.person p WHERE p.role = 'supervisor' AND p.active;
END
$$;

-- Only a hint and, when somebody listens, a word to the gateway: a row of a supervisor's open
-- transaction must not stop the phone line, so that nothing is written here.
CREATE OR REPLACE FUNCTION app.call_moved() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.hint('team');
    IF new.state = 'ended' AND EXISTS (SELECT 1 FROM app.call_monitor m
            WHERE m.call_id = new.id AND m.state <> 'ended') THEN
        PERFORM pg_notify('cc_gateway', '');
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS moved ON app.call;
CREATE TRIGGER moved AFTER UPDATE OF state, held ON app.call
FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state OR old.held IS DISTINCT FROM new.held)
EXECUTE FUNCTION app.call_moved();

-- Where this person hears calls, in words.
CREATE OR REPLACE FUNCTION app.ear_words(p_endpoint text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_endpoint LIKE '+%' THEN 'your phone ending ' || right(p_endpoint, 4)
        WHEN p_endpoint LIKE 'sip:%' THEN 'your SIP phone' ELSE 'your phone in this program' END
$$;

-- Of the patient the initials: enough to talk about a call, too little to know whose it is.
CREATE OR REPLACE FUNCTION app.live_row(p_call app.call, p_me app.person, p_now timestamptz)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_mine app.call_monitor;
    v_help app.call_help;
    v_offset interval := (SELECT x.clock_offset FROM app.practice x);
BEGIN
    SELECT m.* INTO v_mine FROM app.call_monitor m
    WHERE m.call_id = p_call.id AND m.person_id = p_me.id AND m.state <> 'ended';
    SELECT h.* INTO v_help FROM app.call_help h WHERE h.call_id = p_call.id AND h.cleared_at IS NULL;
    RETURN (
        SELECT jsonb_build_object(
            'call_id', p_call.id, 'person_id', w.id, 'coordinator', w.name, 'campaign', k.name,
            'patient', upper(left(t.given, 1) || '. ' || left(t.family, 1) || '.'),
            'own', w.id = p_me.id, 'is_practice_line', p_call.is_practice_line,
            'state', CASE WHEN p_call.held THEN 'held' ELSE p_call.state END,
            'muted', p_call.muted, 'requested_at', p_call.requested_at,
            'answered_at', p_call.answered_at,
            'help', app.help_view(v_help, p_me.id),
            'company', (SELECT coalesce(jsonb_agg(app.company_view(m, p_me.id) ORDER BY m.id), '[]')
                FROM app.call_monitor m WHERE m.call_id = p_call.id AND m.state <> 'ended'),
            'my_mode', v_mine.mode, 'my_line_mode', v_mine.line_mode,
            'my_state', v_mine.state, 'stopping', coalesce(v_mine.stop_wanted, false),
            -- What was said since one came: who listens later has not heard what was before.
            'captions', CASE WHEN v_mine.state = 'on' THEN (
                SELECT coalesce(jsonb_agg(l.value ORDER BY (l.value ->> 'at')::timestamptz), '[]')
                FROM jsonb_array_elements(p_call.captions) l
                WHERE (l.value ->> 'at')::timestamptz + v_offset >= v_mine.joined_at
            ) ELSE '[]'::jsonb END)
        FROM app.person w, app.campaign k, app.patient t
        WHERE w.id = p_call.person_id AND k.id = p_call.campaign_id AND t.id = p_call.patient_id);
END
$$;

-- As a permit to dial: nobody's phone rings long after they asked for it.
CREATE OR REPLACE FUNCTION app.wish_is_old(p_monitor app.call_monitor, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_monitor.requested_at
        < p_now - make_interval(secs => app.rule_number('permit_seconds', p_now))
$$;

-- Everything that is on a line now. Help that nobody answered comes first, the longest wait on top;
-- then other help, then the longest call.
CREATE OR REPLACE FUNCTION app.live_board(p_me app.person) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_last app.call_monitor;
BEGIN
    SELECT m.* INTO v_last FROM app.call_monitor m
    WHERE m.person_id = p_me.id ORDER BY m.requested_at DESC, m.id DESC LIMIT 1;
    IF v_last.state = 'requested' AND app.wish_is_old(v_last, v_now) THEN  -- the gateway is not there
        PERFORM app.end_monitor(v_last.id, 'not_placed',
            'The phone line did not take your wish, so your phone was not called.', v_now);
        SELECT m.* INTO v_last FROM app.call_monitor m WHERE m.id = v_last.id;
    END IF;
    RETURN jsonb_build_object(
        'now', v_now,
        'warn_seconds', app.rule_number('live_warn_seconds', v_now),
        'late_seconds', app.rule_number('live_late_seconds', v_now),
        'ring_seconds', app.rule_number('ring_late_seconds', v_now),
        'help_seconds', app.rule_number('help_late_seconds', v_now),
        'tells_listening', app.rule_number('monitor_notice', v_now) >= 2,
        'ear', app.ear_words(p_me.agent_endpoint),
        -- Why one is no longer on a call, for as long as one wonders.
        'last_sentence', CASE WHEN v_last.state = 'ended' AND v_last.ended_at > v_now - interval '2 minutes'
            THEN v_last.sentence ELSE '' END,
        'last_id', v_last.id,
        'calls', (
            SELECT coalesce(jsonb_agg(app.live_row(c, p_me, v_now) ORDER BY
                h.id IS NULL, coalesce(h.answered_by, h.taken_by) IS NOT NULL, h.asked_at,
                coalesce(c.answered_at, c.requested_at), c.id), '[]')
            FROM app.live_call l
            JOIN app.call c ON c.id = l.call_id
            LEFT JOIN app.call_help h ON h.call_id = c.id AND h.cleared_at IS NULL
        ));
END
$$;

CREATE OR REPLACE FUNCTION api.live_calls() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.live_board(app.me('supervisor'));
END
$$;

-- A call that is up, for a supervisor.
CREATE OR REPLACE FUNCTION app.up_call(p_call uuid) RETURNS app.call
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call;
BEGIN
    SELECT c.* INTO v_call FROM app.call c WHERE c.id = p_call;
    IF NOT FOUND THEN
        PERFORM app.fail('QC024', 'no_such_call');
    ELSIF v_call.state = 'ended' THEN
        PERFORM app.fail('QC023', 'call_not_live');
    END IF;
    RETURN v_call;
END
$$;

-- Come to a call, or change how one is on it. Who hears a patient is trained like who calls one.
CREATE OR REPLACE FUNCTION api.monitor_call(p_call uuid, p_mode text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_call app.call;
    v_old app.call_monitor;
    v_id uuid := app.uuid7(v_now);
BEGIN
    PERFORM app.require_training(v_me);
    IF p_mode IS NULL OR p_mode NOT IN ('listen', 'coach', 'barge') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "mode"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'monitor_call', jsonb_build_array(p_call, p_mode)) IS NOT NULL THEN
        RETURN app.live_board(v_me);
    END IF;
    v_call := app.up_call(p_call);
    IF v_call.person_id = v_me.id THEN
        PERFORM app.fail('QC171', 'own_call');
    ELSIF EXISTS (SELECT 1 FROM app.live_call l WHERE l.person_id = v_me.id) THEN
        PERFORM app.fail('QC172', 'on_own_call');
    END IF;
    SELECT m.* INTO v_old FROM app.call_monitor m
    WHERE m.person_id = v_me.id AND m.state <> 'ended' FOR UPDATE;
    -- Left over from a call that is long over, because no gateway came to say so.
    IF EXISTS (SELECT 1 FROM app.call c WHERE c.id = v_old.call_id AND c.state = 'ended'
            AND c.ended_at < v_now - interval '2 minutes') THEN
        PERFORM app.end_monitor(v_old.id, 'lost', '', v_now);
        v_old := NULL;
    END IF;
    IF v_old.id IS NULL THEN
        BEGIN
            INSERT INTO app.call_monitor (
                id, call_id, person_id, session_id, endpoint, mode, requested_at
            ) VALUES (
                v_id, p_call, v_me.id, coalesce(v_call.session_id, app.session_of(v_call.person_id)),
                app.endpoint_of(v_me), p_mode, v_now);
        EXCEPTION WHEN unique_violation THEN  -- another window of the same person, just now
            PERFORM app.fail('QC173', 'on_another_call');
        END;
        -- A phone that waits in a room of its own could not be called.
        PERFORM app.let_phone_go(v_me.id);
        PERFORM app.audit('monitor.ask', 'call/' || p_call, v_call.patient_id, jsonb_build_object(
            'monitor', v_id, 'coordinator', v_call.person_id, 'mode', p_mode));
    ELSIF v_old.call_id <> p_call THEN
        PERFORM app.fail('QC173', 'on_another_call', jsonb_build_object('coordinator', (
            SELECT p.name FROM app.call c JOIN app.person p ON p.id = c.person_id
            WHERE c.id = v_old.call_id)));
    ELSIF v_old.stop_wanted THEN
        PERFORM app.fail('QC174', 'being_left');
    ELSIF v_old.mode <> p_mode THEN
        UPDATE app.call_monitor m SET mode = p_mode WHERE m.id = v_old.id;
        PERFORM app.audit('monitor.ask', 'call/' || p_call, v_call.patient_id, jsonb_build_object(
            'monitor', v_old.id, 'coordinator', v_call.person_id, 'mode', p_mode, 'before', v_old.mode));
    END IF;
    -- Who comes so that the coordinator can hear it has taken the call for help.
    IF p_mode <> 'listen' THEN
        UPDATE app.call_help h SET taken_by = v_me.id
        WHERE h.call_id = p_call AND h.cleared_at IS NULL AND h.taken_by IS NULL;
    END IF;
    PERFORM app.op_end(p_op, '{}');
    PERFORM pg_notify('cc_gateway', '');
    PERFORM app.hint_person(v_call.person_id);
    PERFORM app.tell_supervisors();
    RETURN app.live_board(v_me);
END
$$;

-- Leave. Asked twice, or when it is over, it is as good as once.
CREATE OR REPLACE FUNCTION api.stop_monitoring(p_call uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_monitor app.call_monitor;
BEGIN
    IF app.op_begin(p_op, v_me, 'stop_monitoring', jsonb_build_array(p_call)) IS NOT NULL THEN
        RETURN app.live_board(v_me);
    END IF;
    SELECT m.* INTO v_monitor FROM app.call_monitor m
    WHERE m.call_id = p_call AND m.person_id = v_me.id AND m.state <> 'ended' FOR UPDATE;
    IF FOUND AND NOT v_monitor.stop_wanted THEN
        UPDATE app.call_monitor m SET stop_wanted = true WHERE m.id = v_monitor.id;
        PERFORM app.audit('monitor.stop', 'call/' || p_call, NULL,
            jsonb_build_object('monitor', v_monitor.id));
        IF v_monitor.state = 'requested' THEN  -- the carrier has not heard of it
            PERFORM app.end_monitor(v_monitor.id, 'stopped', '', app.now());
        END IF;
        PERFORM pg_notify('cc_gateway', '');
        PERFORM app.tell_supervisors();
    END IF;
    PERFORM app.op_end(p_op, '{}');
    RETURN app.live_board(v_me);
END
$$;

-- The end, and who was on whose call from when to when and how, in the audit.
CREATE OR REPLACE FUNCTION app.end_monitor(p_id uuid, p_reason text, p_sentence text, p_at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_monitor app.call_monitor;
    v_call app.call;
BEGIN
    UPDATE app.call_monitor m
    SET state = 'ended', ended_at = greatest(p_at, m.requested_at), end_reason = p_reason,
        sentence = p_sentence
    WHERE m.id = p_id AND m.state <> 'ended' RETURNING m.* INTO v_monitor;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT c.* INTO v_call FROM app.call c WHERE c.id = v_monitor.call_id;
    PERFORM app.audit('monitor.end', 'call/' || v_monitor.call_id, v_call.patient_id, jsonb_build_object(
        'monitor', p_id, 'supervisor', v_monitor.person_id, 'coordinator', v_call.person_id,
        'mode', v_monitor.line_mode, 'from', v_monitor.joined_at, 'to', v_monitor.ended_at,
        'why', p_reason));
    PERFORM app.hint_person(v_call.person_id);
END
$$;

-- ------------------------------------------------------------------------------ calls for help

CREATE OR REPLACE FUNCTION api.ask_help(p_call uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_call app.call := app.my_call(p_call, v_me);
    v_now timestamptz := app.now();
BEGIN
    IF p_reason IS NULL OR p_reason NOT IN
        ('', 'upset', 'clinical', 'scheduling', 'insurance', 'language', 'identity', 'system') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "reason"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'ask_help', jsonb_build_array(p_call, p_reason)) IS NOT NULL THEN
        RETURN app.call_view(v_call);
    END IF;
    IF v_call.state = 'ended' THEN
        PERFORM app.fail('QC023', 'call_not_live');
    END IF;
    INSERT INTO app.call_help AS h (id, call_id, person_id, reason, asked_at)
    VALUES (app.uuid7(v_now), p_call, v_me.id, p_reason, v_now)
    ON CONFLICT (call_id) WHERE cleared_at IS NULL DO UPDATE SET reason = excluded.reason;
    PERFORM app.audit('help.ask', 'call/' || p_call, NULL, jsonb_build_object('reason', p_reason));
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.tell_supervisors();
    RETURN app.call_view(v_call);
END
$$;

CREATE OR REPLACE FUNCTION app.settle_help(p_call app.call, p_me app.person) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.call_help h SET cleared_at = app.now(), cleared_by = p_me.id
    WHERE h.call_id = p_call.id AND h.cleared_at IS NULL;
    IF FOUND THEN
        PERFORM app.audit('help.clear', 'call/' || p_call.id, NULL);
        PERFORM app.hint_person(p_call.person_id);
        PERFORM app.tell_supervisors();
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION api.withdraw_help(p_call uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_call app.call := app.my_call(p_call, v_me);
BEGIN
    IF app.op_begin(p_op, v_me, 'withdraw_help', jsonb_build_array(p_call)) IS NULL THEN
        PERFORM app.settle_help(v_call, v_me);
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.call_view(v_call);
END
$$;

-- The open call for help of a call that is up, locked.
CREATE OR REPLACE FUNCTION app.open_help(p_call uuid) RETURNS app.call_help
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call := app.up_call(p_call);
    v_help app.call_help;
BEGIN
    SELECT h.* INTO v_help FROM app.call_help h
    WHERE h.call_id = v_call.id AND h.cleared_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC175', 'help_settled');
    END IF;
    RETURN v_help;
END
$$;

-- A short text that the coordinator reads while talking.
CREATE OR REPLACE FUNCTION api.answer_help(p_call uuid, p_text text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_text text := btrim(regexp_replace(coalesce(p_text, ''), '[[:cntrl:][:space:]]+', ' ', 'g'));
    v_help app.call_help;
BEGIN
    IF length(v_text) NOT BETWEEN 1 AND 80 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'answer',
            'sentence', 'Write an answer of at most 80 characters.'));
    END IF;
    IF app.op_begin(p_op, v_me, 'answer_help', jsonb_build_array(p_call, v_text)) IS NOT NULL THEN
        RETURN app.live_board(v_me);
    END IF;
    v_help := app.open_help(p_call);
    UPDATE app.call_help h SET answer = v_text, answered_by = v_me.id, answered_at = app.now()
    WHERE h.id = v_help.id;
    PERFORM app.audit('help.answer', 'call/' || p_call, NULL);
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.hint_person(v_help.person_id);
    PERFORM app.tell_supervisors();
    RETURN app.live_board(v_me);
END
$$;

CREATE OR REPLACE FUNCTION api.clear_help(p_call uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
BEGIN
    IF app.op_begin(p_op, v_me, 'clear_help', jsonb_build_array(p_call)) IS NULL THEN
        PERFORM app.settle_help(app.up_call(p_call), v_me);
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.live_board(v_me);
END
$$;

-- ------------------------------------------------------------------------------ the gateway

-- Whether a supervisor may not hear any more: suspended, or signed out since.
CREATE OR REPLACE FUNCTION app.has_left(p_monitor app.call_monitor) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT EXISTS (SELECT 1 FROM app.person p
            WHERE p.id = p_monitor.person_id AND p.active AND p.role = 'supervisor')
        OR EXISTS (SELECT 1 FROM app.work_session w
            WHERE w.person_id = p_monitor.person_id AND w.ended_at > p_monitor.requested_at)
            AND NOT EXISTS (SELECT 1 FROM app.work_session w
                WHERE w.person_id = p_monitor.person_id AND w.ended_at IS NULL)
$$;

-- Everything that is not over, with what the carrier has to know. Times are the gateway's.
CREATE OR REPLACE FUNCTION api.gateway_monitors() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', m.id, 'session_id', m.session_id, 'endpoint', m.endpoint, 'caller_id', c.caller_id,
            'mode', m.mode, 'line_mode', m.line_mode, 'state', m.state,
            'stop_wanted', m.stop_wanted OR app.has_left(m), 'call_ended', c.state = 'ended',
            'carrier_ref', m.carrier_ref, 'requested_at', m.requested_at - p.clock_offset,
            'placed_at', m.placed_at - p.clock_offset, 'time_limit_s', p.time_limit_s
        ) ORDER BY m.id), '[]')
        FROM app.call_monitor m JOIN app.call c ON c.id = m.call_id, app.practice p
        WHERE m.state <> 'ended');
END
$$;

-- Committed before the carrier hears of it: from here on it is looked up, never sent again. False:
-- not any more, or somebody holds the row at this moment.
CREATE OR REPLACE FUNCTION api.gateway_place_monitor(p_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_monitor app.call_monitor;
BEGIN
    PERFORM app.gateway();
    SELECT m.* INTO v_monitor FROM app.call_monitor m
    WHERE m.id = p_id AND m.state = 'requested' AND NOT m.stop_wanted FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR EXISTS (SELECT 1 FROM app.call c WHERE c.id = v_monitor.call_id AND c.state = 'ended')
        OR app.has_left(v_monitor) THEN
        RETURN false;
    ELSIF app.wish_is_old(v_monitor, app.now()) THEN
        PERFORM app.end_monitor(p_id, 'not_placed',
            'The phone line was away when you asked, so your phone was not called.', app.now());
        PERFORM app.tell_supervisors();
        RETURN false;
    ELSIF EXISTS (SELECT 1 FROM app.agent_leg l
            WHERE l.person_id = v_monitor.person_id AND l.state <> 'gone') THEN
        RETURN false;  -- their own phone is still on its way out of their own room
    END IF;
    UPDATE app.call_monitor m SET state = 'placing', placed_at = app.now() WHERE m.id = p_id;
    RETURN true;
END
$$;

-- What is now known. A state never goes back, but for "requested": the carrier said that it did
-- nothing. False: somebody holds the row at this moment; to be said again.
CREATE OR REPLACE FUNCTION api.gateway_monitor_fact(p_id uuid, p_fact jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_states constant text[] := '{requested,placing,ringing,on,ended}';
    v_state text := p_fact ->> 'state';
    v_mode text := p_fact ->> 'line_mode';
    v_at timestamptz := (p_fact ->> 'at')::timestamptz + (SELECT p.clock_offset FROM app.practice p);
    v_old app.call_monitor;
    v_new app.call_monitor;
    v_call app.call;
BEGIN
    PERFORM app.gateway();
    IF v_state IS NULL OR v_state <> ALL (v_states) OR v_at IS NULL
        OR v_mode NOT IN ('listen', 'coach', 'barge')
        OR (v_state = 'ended') <> (coalesce(p_fact ->> 'end', '') IN (
            'stopped', 'call_ended', 'left', 'no_answer', 'refused', 'not_placed', 'lost')) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "fact"}');
    END IF;
    SELECT m.* INTO v_old FROM app.call_monitor m WHERE m.id = p_id FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NOT EXISTS (SELECT 1 FROM app.call_monitor m WHERE m.id = p_id);
    ELSIF v_old.state = 'ended' THEN
        RETURN true;
    ELSIF v_state = 'ended' THEN
        PERFORM app.end_monitor(p_id, p_fact ->> 'end', coalesce(p_fact ->> 'sentence', ''), v_at);
        PERFORM app.tell_supervisors();
        RETURN true;
    END IF;
    UPDATE app.call_monitor m SET
        state = CASE WHEN v_state = 'requested' AND m.state = 'placing' THEN v_state
            ELSE v_states[greatest(array_position(v_states, m.state), array_position(v_states, v_state))] END,
        placed_at = CASE WHEN v_state = 'requested' THEN NULL ELSE m.placed_at END,
        joined_at = CASE WHEN v_state = 'on' THEN coalesce(m.joined_at, greatest(v_at, m.requested_at))
            ELSE m.joined_at END,
        line_mode = coalesce(v_mode, m.line_mode),
        carrier_ref = coalesce(nullif(m.carrier_ref, ''), p_fact ->> 'carrier_ref', '')
    WHERE m.id = p_id RETURNING m.* INTO v_new;
    IF v_new IS DISTINCT FROM v_old THEN
        SELECT c.* INTO v_call FROM app.call c WHERE c.id = v_new.call_id;
        IF v_new.state = 'on' AND (v_old.state, v_old.line_mode) IS DISTINCT FROM (v_new.state, v_new.line_mode) THEN
            PERFORM app.audit('monitor.on', 'call/' || v_call.id, v_call.patient_id, jsonb_build_object(
                'monitor', p_id, 'supervisor', v_new.person_id, 'coordinator', v_call.person_id,
                'mode', v_new.line_mode, 'before', v_old.line_mode));
        END IF;
        PERFORM app.hint_person(v_call.person_id);
        PERFORM app.tell_supervisors();
    END IF;
    RETURN true;
END
$$;
