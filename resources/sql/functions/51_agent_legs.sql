-- The coordinators' own legs: wanted and confirmed by people, brought up and watched by the gateway.

-- The one question before a patient is dialled: is the coordinator there, and did they say so?
CREATE OR REPLACE FUNCTION app.leg_ready(p_session uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT 1 FROM app.agent_leg l
        WHERE l.session_id = p_session AND l.wanted AND l.state = 'up' AND l.confirmed_at IS NOT NULL)
$$;

CREATE OR REPLACE FUNCTION app.endpoint_of(p_person app.person) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_person.agent_endpoint = 'client'
        THEN 'client:' || replace(p_person.id::text, '-', '') ELSE p_person.agent_endpoint END
$$;

CREATE OR REPLACE FUNCTION app.phone_view(p_person app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'leg', coalesce(l.leg, 0), 'state', coalesce(l.state, 'gone'),
        'confirmed', l.confirmed_at IS NOT NULL, 'since', l.since,
        'sentence', coalesce(l.sentence, ''),
        'endpoint', CASE WHEN l.state <> 'gone' THEN l.endpoint ELSE app.endpoint_of(p_person) END)
    FROM (SELECT app.session_of(p_person.id) AS id) AS s
    LEFT JOIN app.agent_leg l ON l.session_id = s.id
$$;

-- Have the coordinator's phone called, unless that is so already.
CREATE OR REPLACE FUNCTION app.want_leg(p_me app.person) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_session uuid := app.session_of(p_me.id);
BEGIN
    DELETE FROM app.agent_leg l
    WHERE l.person_id = p_me.id AND l.state = 'gone' AND l.session_id <> v_session;
    INSERT INTO app.agent_leg AS l (session_id, person_id, endpoint, wanted, state, since)
    VALUES (v_session, p_me.id, app.endpoint_of(p_me), true, 'connecting', app.now())
    ON CONFLICT (session_id) DO UPDATE SET
        endpoint = excluded.endpoint, wanted = true, state = 'connecting', since = excluded.since,
        sentence = '', carrier_ref = '', confirmed_at = NULL, confirmed_by = NULL
    WHERE l.state = 'gone' OR NOT l.wanted;
    IF FOUND THEN
        PERFORM pg_notify('cc_gateway', '');
        PERFORM app.hint_person(p_me.id);
    END IF;
END
$$;

-- Let a person's phone go: they asked, or chose another one (call this from whatever changes it).
CREATE OR REPLACE FUNCTION app.let_phone_go(p_person uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.agent_leg l SET wanted = false, confirmed_at = NULL, confirmed_by = NULL
    WHERE l.person_id = p_person AND l.wanted;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('cc_gateway', '');
    PERFORM app.hint_person(p_person);
    RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION api.my_phone() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.phone_view(app.coordinator());
END
$$;

CREATE OR REPLACE FUNCTION api.connect_phone(p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_line jsonb := app.line_view(app.now());
BEGIN
    IF app.op_begin(p_op, v_me, 'connect_phone', '[]') IS NULL THEN
        IF v_line ->> 'state' = 'down' THEN
            PERFORM app.fail('QC025', 'line_down', jsonb_build_object('sentence', v_line ->> 'sentence'));
        END IF;
        PERFORM app.want_leg(v_me);
        PERFORM app.audit('phone.connect', 'person/' || v_me.id, NULL);
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.phone_view(v_me);
END
$$;

CREATE OR REPLACE FUNCTION api.disconnect_phone(p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
BEGIN
    IF app.op_begin(p_op, v_me, 'disconnect_phone', '[]') IS NULL THEN
        IF EXISTS (SELECT 1 FROM app.live_call l WHERE l.person_id = v_me.id) THEN
            PERFORM app.fail('QC027', 'call_running');
        END IF;
        IF app.let_phone_go(v_me.id) THEN
            PERFORM app.audit('phone.disconnect', 'person/' || v_me.id, NULL);
        END IF;
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.phone_view(v_me);
END
$$;

-- "I hear you". p_leg: the leg that was on the screen; a later one has to be heard anew. p_by: 'press',
-- or 'softphone' when the program's own softphone took the call and its sound flows: what answers
-- there is this window, never anybody's voicemail.
CREATE OR REPLACE FUNCTION api.hear_me(p_leg integer, p_by text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_session uuid := app.session_of(v_me.id);
    v_leg app.agent_leg;
BEGIN
    IF p_by IS NULL OR p_by NOT IN ('press', 'softphone') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "by"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'hear_me', jsonb_build_array(p_leg, p_by)) IS NULL THEN
        SELECT l.* INTO v_leg FROM app.agent_leg l WHERE l.session_id = v_session FOR UPDATE;
        IF (v_leg.leg = p_leg AND v_leg.state = 'up' AND v_leg.wanted) IS NOT TRUE THEN
            PERFORM app.fail('QC026', 'phone_not_up');
        ELSIF p_by = 'softphone' AND v_leg.endpoint NOT LIKE 'client:%' THEN
            PERFORM app.fail('QC070', 'bad_argument', '{"field": "by"}');
        END IF;
        IF v_leg.confirmed_at IS NULL THEN
            UPDATE app.agent_leg l SET confirmed_at = v_now, confirmed_by = p_by
            WHERE l.session_id = v_session;
            -- The patient is dialled because of this press: the permit counts from here.
            UPDATE app.call c SET permit_until =
                v_now + make_interval(secs => app.rule_number('permit_seconds', v_now))
            WHERE c.person_id = v_me.id AND c.session_id = v_session AND c.state = 'requested'
                AND c.permit_until >= v_now;
            PERFORM app.audit('phone.heard', 'person/' || v_me.id, NULL,
                jsonb_build_object('leg', p_leg, 'by', p_by));
            PERFORM pg_notify('cc_gateway', '');
            PERFORM app.hint_person(v_me.id);
        END IF;
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.phone_view(v_me);
END
$$;

-- ---------------------------------------------------------------------------- the gateway

-- Legs that are, or should be. What a shift that has ended leaves behind is let go.
CREATE OR REPLACE FUNCTION api.gateway_legs() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'session_id', l.session_id, 'endpoint', l.endpoint, 'caller_id', p.office_number,
            'wanted', l.wanted AND NOT EXISTS (SELECT 1 FROM app.work_session w
                WHERE w.id = l.session_id AND w.ended_at IS NOT NULL),
            'state', l.state, 'carrier_ref', l.carrier_ref, 'confirmed', l.confirmed_at IS NOT NULL
        ) ORDER BY l.session_id), '[]')
        FROM app.agent_leg l, app.practice p WHERE l.state <> 'gone'
    );
END
$$;

-- What became of legs; the last word of a leg counts. Gives the shifts that somebody holds in an open
-- transaction at this moment, whose facts are to be sent again (as gateway_record).
CREATE OR REPLACE FUNCTION api.gateway_record_legs(p_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fact jsonb;
    v_leg app.agent_leg;
    v_session uuid;
    v_state text;
    v_ref text;
    v_busy uuid[] := '{}';
BEGIN
    PERFORM app.gateway();
    FOR v_fact IN SELECT f.value FROM jsonb_array_elements(p_facts) AS f LOOP
        v_session := (v_fact ->> 'session_id')::uuid;
        v_state := v_fact ->> 'state';
        v_ref := coalesce(v_fact ->> 'carrier_ref', '');
        IF v_state IS NULL OR v_state NOT IN ('connecting', 'up', 'gone')
            OR (v_state = 'up') <> (v_ref <> '') THEN
            PERFORM app.fail('QC070', 'bad_argument', '{"field": "leg"}');
        END IF;
        SELECT l.* INTO v_leg FROM app.agent_leg l WHERE l.session_id = v_session FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            PERFORM app.merge_leg(v_leg, v_state, v_ref, left(coalesce(v_fact ->> 'sentence', ''), 500));
        ELSIF EXISTS (SELECT 1 FROM app.agent_leg l WHERE l.session_id = v_session) THEN
            v_busy := v_busy || v_session;
        END IF;
    END LOOP;
    RETURN to_jsonb(v_busy);
END
$$;

CREATE OR REPLACE FUNCTION app.merge_leg(
    p_leg app.agent_leg, p_state text, p_ref text, p_sentence text
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_free uuid[];
BEGIN
    IF p_leg.state = p_state AND p_leg.carrier_ref = p_ref THEN
        RETURN;
    END IF;
    -- Another leg, or none: what was heard on the one before says nothing of it.
    UPDATE app.agent_leg l SET
        state = p_state, carrier_ref = p_ref, since = app.now(), sentence = p_sentence,
        leg = l.leg + CASE WHEN p_state = 'up' THEN 1 ELSE 0 END,
        wanted = l.wanted AND p_state <> 'gone', confirmed_at = NULL, confirmed_by = NULL
    WHERE l.session_id = p_leg.session_id;
    IF p_state = 'gone' THEN
        -- The patient who waits for this coordinator is not called. A call that somebody holds in an
        -- open transaction runs out with its permit.
        v_free := ARRAY(SELECT c.id FROM app.call c
            WHERE c.person_id = p_leg.person_id AND c.session_id = p_leg.session_id
                AND c.state = 'requested' ORDER BY c.id FOR UPDATE SKIP LOCKED);
        PERFORM app.merge_fact(jsonb_build_object(
            'call_id', x.id, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
            'sentence', btrim(p_sentence || ' Nothing was dialled.')))
        FROM unnest(v_free) AS x (id);
    END IF;
    PERFORM app.hint_person(p_leg.person_id);
END
$$;
