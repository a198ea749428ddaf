-- Signing in and staying signed in.

CREATE OR REPLACE FUNCTION api.version() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'schema', (SELECT max(m.number) FROM app.migration m),
        'lowest_client', coalesce((SELECT p.lowest_client FROM app.practice p), '0.0.0'))
$$;

CREATE OR REPLACE FUNCTION app.version_array(p_version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_version ~ '^[0-9]{1,6}(\.[0-9]{1,6}){0,3}'
        THEN string_to_array(substring(p_version FROM '^[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}'), '.')::integer[]
        ELSE '{0}' END
$$;

CREATE OR REPLACE FUNCTION app.line_view(p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((
        SELECT CASE WHEN g.at > p_now - interval '30 seconds'
            THEN jsonb_build_object('state', g.state, 'is_practice_line', g.is_practice_line,
                'since', g.since, 'sentence', g.sentence, 'round_trip_ms', g.round_trip_ms)
            ELSE jsonb_build_object('state', 'down', 'is_practice_line', g.is_practice_line,
                'since', g.at, 'sentence', 'The phone line has not answered since '
                    || app.clock_text(g.at, (SELECT p.zone FROM app.practice p)) || '.')
        END FROM app.gateway_health g
    ), jsonb_build_object('state', 'down', 'is_practice_line', false, 'since', NULL,
        'sentence', 'The phone line has not been started.'))
$$;

CREATE OR REPLACE FUNCTION app.practice_view(p_practice app.practice) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'name', p_practice.name, 'voicemail_name', p_practice.voicemail_name,
        'office_number', p_practice.office_number, 'office_hours', p_practice.office_hours,
        'address', p_practice.address, 'zone', p_practice.zone, 'is_demo', p_practice.is_demo,
        'lock_minutes', p_practice.lock_minutes, 'daily_goal', p_practice.daily_goal,
        'practitioners', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id,
                'name', app.display_practitioner(d), 'specialty', d.specialty) ORDER BY d.family), '[]')
            FROM app.practitioner d WHERE d.bookable AND d.active),
        'visit_types', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name,
                'minutes', t.minutes) ORDER BY t.rank, t.name), '[]')
            FROM app.visit_type t WHERE t.active)
    )
$$;

CREATE OR REPLACE FUNCTION api.sign_in(p_client_version text, p_device text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me();
    v_now timestamptz := app.now();
    v_practice app.practice;
    v_expires date;
    v_works boolean := v_me.role IN ('coordinator', 'supervisor');
    v_held app.queue_entry;
    v_open app.call;
    v_receipt text := audit.receipt();
BEGIN
    SELECT x.* INTO v_practice FROM app.practice x;
    IF app.version_array(p_client_version) < app.version_array(v_practice.lowest_client) THEN
        PERFORM app.fail('QC004', 'client_too_old', jsonb_build_object(
            'lowest', v_practice.lowest_client, 'yours', left(coalesce(p_client_version, '?'), 40)));
    END IF;
    v_expires := app.require_training(v_me);
    -- Two windows of one person that sign in at the same moment come one after the other.
    PERFORM 1 FROM app.person p WHERE p.id = v_me.id FOR NO KEY UPDATE;
    UPDATE app.work_session w SET ended_at = v_now WHERE w.person_id = v_me.id AND w.ended_at IS NULL;
    INSERT INTO app.work_session (id, person_id, started_at, last_seen, status_since, device, client_version)
    VALUES (app.uuid7(v_now), v_me.id, v_now, v_now, v_now, left(coalesce(p_device, ''), 200),
        left(coalesce(p_client_version, ''), 40));
    PERFORM app.audit('sign_in', 'person/' || v_me.id, NULL,
        jsonb_build_object('client', left(coalesce(p_client_version, ''), 40)));

    IF v_works THEN
        -- One's own unfinished patient comes first: a call without an outcome, else a claim.
        v_open := app.unfinished_call(v_me.id);
        SELECT e.* INTO v_held FROM app.queue_entry e
        WHERE e.state = 'claimed' AND e.holder = v_me.id AND (v_open.id IS NULL OR e.id = v_open.entry_id);
        IF v_held.id IS NULL AND v_open.id IS NOT NULL THEN
            BEGIN
                v_held := app.claim_entry(v_open.entry_id, v_me);
            EXCEPTION WHEN SQLSTATE 'QC010' OR SQLSTATE 'QC011' THEN
                v_held := NULL;  -- somebody has the patient now; the outcome can still be recorded
            END;
        ELSIF v_held.id IS NOT NULL THEN
            v_held := app.claim_entry(v_held.id, v_me);
        END IF;
    END IF;

    RETURN jsonb_build_object(
        'person', jsonb_build_object('id', v_me.id, 'login', v_me.login, 'name', v_me.name,
            'role', v_me.role, 'languages', v_me.languages),
        'practice', app.practice_view(v_practice),
        'now', v_now,
        'lease_seconds', v_practice.lease_seconds,
        'training_expires', v_expires,
        'line', app.line_view(v_now),
        'queue', CASE WHEN v_works THEN app.queue_page(v_me, 'all', '', 100)
            ELSE jsonb_build_object('now', v_now, 'rows', '[]'::jsonb,
                'counts', '{"all": 0, "due": 0, "new": 0, "retry": 0}'::jsonb, 'closed', NULL,
                'calls_today', 0, 'daily_goal', v_practice.daily_goal) END,
        'held', CASE WHEN v_held.id IS NOT NULL THEN app.card(v_held, v_me, v_now) END,
        'callbacks', CASE WHEN v_works THEN app.callback_rows(v_me, v_now) ELSE '[]'::jsonb END,
        'receipt', coalesce(v_receipt, '')
    );
END
$$;

CREATE OR REPLACE FUNCTION api.sign_out() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.who();
    v_open app.call := app.unfinished_call(v_me.id);
BEGIN
    PERFORM app.end_elevation();
    -- A call without an outcome keeps its patient until the lease ends: it is found again.
    IF v_open.id IS NULL THEN
        PERFORM app.release_claim(v_me);
        UPDATE app.slot_hold h SET state = 'released' WHERE h.person_id = v_me.id AND h.state = 'held';
    END IF;
    UPDATE app.work_session w SET ended_at = app.now(), last_seen = app.now()
    WHERE w.person_id = v_me.id AND w.ended_at IS NULL;
    PERFORM app.audit('sign_out', 'person/' || v_me.id, NULL);
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
END
$$;

CREATE OR REPLACE FUNCTION api.heartbeat(p_entry uuid, p_fence bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me();
    v_now timestamptz := app.now();
    v_until timestamptz;
BEGIN
    UPDATE app.work_session w SET last_seen = v_now WHERE w.person_id = v_me.id AND w.ended_at IS NULL;
    IF p_entry IS NOT NULL THEN
        PERFORM app.held_entry(p_entry, p_fence, v_me);
        UPDATE app.queue_entry e
        SET lease_until = v_now + make_interval(secs => (SELECT p.lease_seconds FROM app.practice p))
        WHERE e.id = p_entry RETURNING e.lease_until INTO v_until;
    END IF;
    RETURN jsonb_build_object(
        'now', v_now, 'lease_until', v_until, 'line', app.line_view(v_now),
        'callbacks_due', (SELECT count(*) FROM app.callback b
            WHERE b.state = 'open' AND b.owner = v_me.id AND b.due_at <= v_now),
        'returns', CASE WHEN v_me.role IN ('coordinator', 'supervisor') THEN app.returns_for(v_me) END,
        'notices', CASE WHEN v_me.role = 'supervisor' THEN app.watch_notices(v_me) ELSE '[]'::jsonb END
            || CASE WHEN v_me.role IN ('supervisor', 'clinician') THEN (
            SELECT coalesce(jsonb_agg(n.words), '[]') FROM (
                SELECT count(*) || CASE i.kind WHEN 'triage' THEN ' symptom report'
                    WHEN 'complaint' THEN ' complaint' WHEN 'privacy' THEN ' privacy incident'
                    ELSE ' reported death' END
                    || CASE WHEN count(*) > 1 THEN 's' ELSE '' END || ' to look at' AS words
                FROM app.incident i WHERE i.closed_at IS NULL GROUP BY i.kind ORDER BY i.kind
            ) AS n) ELSE '[]'::jsonb END
    );
END
$$;

CREATE OR REPLACE FUNCTION api.set_status(p_status text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me();
BEGIN
    IF p_status IS NULL OR p_status NOT IN ('available', 'break', 'training', 'office') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "status"}');
    END IF;
    UPDATE app.work_session w SET status = p_status, status_since = app.now(), last_seen = app.now()
    WHERE w.person_id = v_me.id AND w.ended_at IS NULL AND w.status <> p_status;
    IF FOUND THEN
        PERFORM app.audit('status', 'person/' || v_me.id, NULL, jsonb_build_object('status', p_status));
    END IF;
    PERFORM app.hint('team');
END
$$;
