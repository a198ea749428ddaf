-- Calls to the office number: what the gateway reports, and a caller who waits is taken.

-- Lock all of a patient's places in the queue, or say that somebody holds one in an open transaction:
-- the gateway waits for nobody, it comes again in a moment. Nobody's patient is always free.
CREATE OR REPLACE FUNCTION app.lock_patient(p_patient uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_free bigint;
BEGIN
    PERFORM 1 FROM app.queue_entry e WHERE e.patient_id = p_patient ORDER BY e.id FOR UPDATE SKIP LOCKED;
    GET DIAGNOSTICS v_free = ROW_COUNT;
    RETURN v_free = (SELECT count(*) FROM app.queue_entry e WHERE e.patient_id = p_patient);
END
$$;

-- What nobody took within its time goes to the next one; after the last it is anybody's.
CREATE OR REPLACE FUNCTION app.reroute_returns(p_now timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_id uuid;
    v_wait interval := make_interval(secs => app.rule_number('return_wait_seconds', p_now));
    v_late interval := make_interval(mins => app.rule_number('return_reroute_minutes', p_now));
    v_row app.return_call;
BEGIN
    FOR v_id IN
        SELECT r.id FROM app.return_call r
        WHERE r.closed_at IS NULL AND r.taken_by IS NULL
            AND (r.patient_id IS NOT NULL OR r.at < p_now - interval '1 hour')
            AND (r.routed_to IS NOT NULL OR r.kind = 'on_the_phone')
            AND greatest(r.routed_at, r.wanted_at)
                < p_now - CASE WHEN r.waits THEN v_wait ELSE v_late END
        ORDER BY r.id LIMIT 20
    LOOP
        CONTINUE WHEN NOT app.lock_patient(
            (SELECT r.patient_id FROM app.return_call r WHERE r.id = v_id));
        SELECT r.* INTO v_row FROM app.return_call r WHERE r.id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN v_row.id IS NULL OR v_row.closed_at IS NOT NULL OR v_row.taken_by IS NOT NULL;
        UPDATE app.return_call r SET
            -- Everybody was asked, and the caller still waits: from the beginning.
            passed = CASE WHEN r.routed_to IS NULL THEN '{}'
                WHEN r.routed_to = ANY (r.passed) THEN r.passed ELSE r.passed || r.routed_to END,
            -- The office's caller is no longer on its line after this long, nor is one of whom the
            -- carrier has told nothing for an hour: a call is owed.
            kind = CASE WHEN r.kind <> 'on_the_phone' OR r.waits THEN r.kind
                WHEN r.source = 'office' THEN 'wants_call'
                WHEN r.at < p_now - interval '1 hour' THEN 'missed' ELSE r.kind END
        WHERE r.id = v_id;
        v_row := app.settle_return(v_id, p_now);
        PERFORM app.audit('return.reroute', 'return_call/' || v_id, v_row.patient_id,
            jsonb_build_object('routed', v_row.routed_why));
    END LOOP;
END
$$;

-- One call that the carrier tells of, as it stands now.
CREATE OR REPLACE FUNCTION app.merge_incoming(p_call jsonb, p_now timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_offset interval := (SELECT p.clock_offset FROM app.practice p);
    v_at timestamptz := (p_call ->> 'at')::timestamptz + v_offset;
    v_ref text := p_call ->> 'ref';
    v_state text := p_call ->> 'state';
    v_e164 text := nullif(p_call ->> 'from', '');
    v_patients uuid[];
    v_row app.return_call;
    v_before app.return_call;
BEGIN
    IF coalesce(v_ref, '') = '' OR length(v_ref) > 100 OR v_at IS NULL OR NOT isfinite(v_at)
        OR v_state IS NULL OR v_state NOT IN ('ringing', 'waiting', 'answered', 'ended') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "incoming"}');
    END IF;
    IF v_e164 !~ '^\+[1-9][0-9]{6,14}$' THEN
        v_e164 := NULL;  -- withheld, or no telephone
    END IF;
    SELECT r.* INTO v_before FROM app.return_call r WHERE r.carrier_ref = v_ref;
    IF NOT FOUND THEN
        IF v_state = 'answered' OR v_at < p_now - interval '1 day' THEN
            RETURN;  -- the office speaks with them: nothing is owed, nothing to keep
        END IF;
        v_patients := coalesce(app.recognised(v_e164), '{}');
        IF NOT app.lock_patient(app.likely_caller(v_patients, v_e164)) THEN
            RETURN;
        END IF;
        INSERT INTO app.return_call (id, at, source, kind, e164, patient_id, routed_why, routed_at,
            carrier_ref, waits)
        VALUES (app.uuid7(v_at), v_at, 'carrier', CASE v_state WHEN 'ended' THEN 'missed' ELSE 'on_the_phone' END,
            v_e164, app.likely_caller(v_patients, v_e164), 'supervisor', p_now, v_ref, v_state = 'waiting')
        RETURNING * INTO v_row;
        INSERT INTO app.return_call_match (return_id, patient_id)
        SELECT v_row.id, x FROM unnest(v_patients) x;
        PERFORM app.settle_return(v_row.id, p_now);
        PERFORM app.audit('return.incoming', 'return_call/' || v_row.id, v_row.patient_id,
            jsonb_build_object('state', v_state, 'matches', cardinality(v_patients)));
        RETURN;
    END IF;
    IF NOT app.lock_patient(v_before.patient_id) THEN
        RETURN;
    END IF;
    SELECT r.* INTO v_before FROM app.return_call r WHERE r.carrier_ref = v_ref FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Once it is ours, the engine follows it; what has ended stays as it ended.
    IF v_before.closed_at IS NOT NULL OR v_before.call_id IS NOT NULL OR v_before.kind <> 'on_the_phone' THEN
        RETURN;
    END IF;
    CASE v_state
        WHEN 'waiting' THEN
            UPDATE app.return_call r SET waits = true WHERE r.id = v_before.id AND NOT r.waits
            RETURNING r.* INTO v_row;
            IF FOUND THEN
                PERFORM app.settle_return(v_row.id, p_now);
            END IF;
        WHEN 'answered' THEN
            UPDATE app.return_call r SET kind = 'answered', waits = false, closed_at = p_now,
                result = 'answered_at_office'
            WHERE r.id = v_before.id RETURNING r.* INTO v_row;
            PERFORM app.tell_return(v_row);
        WHEN 'ended' THEN
            UPDATE app.return_call r SET kind = 'missed', waits = false, passed = '{}',
                taken_by = NULL, taken_at = NULL
            WHERE r.id = v_before.id;
            v_row := app.settle_return(v_before.id, p_now);
            PERFORM app.audit('return.missed', 'return_call/' || v_row.id, v_row.patient_id);
        ELSE NULL;
    END CASE;
END
$$;

-- What the gateway saw of the office number, and what it is to look at: the number, and the calls
-- that have not ended yet. {"line": {"state", "sentence"} or null, "calls": [...]}
CREATE OR REPLACE FUNCTION api.gateway_incoming(p_seen jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_line jsonb := nullif(p_seen -> 'line', 'null');
BEGIN
    PERFORM app.gateway();
    IF jsonb_typeof(p_seen) IS DISTINCT FROM 'object'
        OR jsonb_typeof(coalesce(p_seen -> 'calls', '[]')) <> 'array'
        OR v_line IS NOT NULL AND (coalesce(v_line ->> 'state', '') NOT IN ('listening', 'no_queue', 'not_ours', 'away')
            OR length(coalesce(v_line ->> 'sentence', '')) > 500) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "incoming"}');
    END IF;
    IF v_line IS NOT NULL THEN
        INSERT INTO app.incoming_line AS l (id, at, state, sentence)
        VALUES (true, v_now, v_line ->> 'state', coalesce(v_line ->> 'sentence', ''))
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, state = excluded.state, sentence = excluded.sentence;
    END IF;
    PERFORM app.merge_incoming(c.value, v_now)
    FROM jsonb_array_elements(coalesce(p_seen -> 'calls', '[]')) WITH ORDINALITY AS c (value, n) ORDER BY c.n;
    PERFORM app.reroute_returns(v_now);
    RETURN jsonb_build_object(
        'office_number', (SELECT p.office_number FROM app.practice p),
        'open', (SELECT coalesce(jsonb_agg(r.carrier_ref ORDER BY r.id), '[]') FROM app.return_call r
            WHERE r.carrier_ref <> '' AND r.closed_at IS NULL AND r.call_id IS NULL AND r.kind = 'on_the_phone'));
END
$$;
