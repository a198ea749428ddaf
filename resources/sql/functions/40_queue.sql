-- The shared queue: claim, lease, skip. Two coordinators can never hold one patient.

-- The state and group of an entry follow the patient's numbers and address.
CREATE OR REPLACE FUNCTION app.entry_group(p_patient uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.call_group(
        array_remove(array_remove(coalesce(t.states, '{}') || p.state_code || c.state_code, ''), NULL),
        p.zones || coalesce(t.zones, '{}') || coalesce(c.zones, '{}'))
    FROM app.patient p
    LEFT JOIN LATERAL app.best_phone(p.id) t ON true
    LEFT JOIN LATERAL app.confidential(p.id) c ON true
    WHERE p.id = p_patient
$$;

-- Give back what this person holds, unless a call of it still lacks its outcome.
CREATE OR REPLACE FUNCTION app.release_claim(p_me app.person) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    SELECT e.* INTO v_entry FROM app.queue_entry e
    WHERE e.holder = p_me.id AND e.state = 'claimed' FOR UPDATE;
    IF FOUND THEN
        UPDATE app.queue_entry e
        SET state = coalesce(e.back_state, 'ready'), holder = NULL, lease_until = NULL,
            back_state = NULL
        WHERE e.id = v_entry.id;
    END IF;
END
$$;

-- The call of this person that still needs an outcome; it must be finished first.
CREATE OR REPLACE FUNCTION app.unfinished_call(p_person uuid) RETURNS app.call
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call app.call;
    -- A floor, so that only the newest partitions are looked into.
    v_floor uuid := app.uuid7_floor(app.now() - interval '60 days');
BEGIN
    SELECT c.* INTO v_call FROM app.call c
    WHERE c.person_id = p_person AND c.outcome IS NULL AND c.id >= v_floor
    ORDER BY c.id DESC LIMIT 1;
    RETURN v_call;
END
$$;

-- Take the entry (row locked by the caller) for p_me and give the fresh row.
CREATE OR REPLACE FUNCTION app.take(p_entry app.queue_entry, p_me app.person, p_now timestamptz)
RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    UPDATE app.queue_entry e
    SET state = 'claimed', holder = p_me.id, fence = e.fence + 1,
        lease_until = p_now + make_interval(secs => (SELECT p.lease_seconds FROM app.practice p)),
        back_state = CASE WHEN e.state = 'claimed' THEN e.back_state ELSE e.state END
    WHERE e.id = p_entry.id
    RETURNING e.* INTO v_entry;
    PERFORM app.hint('queue');
    RETURN v_entry;
END
$$;

CREATE OR REPLACE FUNCTION app.claim_entry(p_id uuid, p_me app.person) RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_entry app.queue_entry;
    v_open app.call;
    v_other app.queue_entry;
    v_campaign app.campaign;
    v_problem text;
BEGIN
    v_open := app.unfinished_call(p_me.id);
    IF v_open.id IS NOT NULL AND v_open.entry_id <> p_id THEN
        PERFORM app.fail('QC013', 'finish_first',
            jsonb_build_object('entry_id', v_open.entry_id, 'call_id', v_open.id));
    END IF;
    -- Before anything is let go: the allowance of the hour (a call that is not finished goes on).
    IF v_open.id IS NULL AND NOT app.can_open(p_me) AND NOT EXISTS (
        SELECT 1 FROM app.queue_entry q WHERE q.id = p_id AND q.holder = p_me.id AND q.state = 'claimed') THEN
        PERFORM app.tell_read_limit(p_me);
        RETURN NULL;
    END IF;
    -- All rows that this may change, in the order of their ids: two coordinators who exchange
    -- their patients must not wait for each other.
    PERFORM 1 FROM app.queue_entry e
    WHERE e.id = ANY (ARRAY(
        SELECT q.id FROM app.queue_entry q WHERE q.holder = p_me.id AND q.state = 'claimed'
        UNION
        SELECT q.id FROM app.queue_entry q
        WHERE q.patient_id = (SELECT x.patient_id FROM app.queue_entry x WHERE x.id = p_id)
    ))
    ORDER BY e.id FOR UPDATE;
    SELECT e.* INTO v_other FROM app.queue_entry e
    WHERE e.holder = p_me.id AND e.state = 'claimed' AND e.id <> p_id;
    IF FOUND THEN
        PERFORM app.release_claim(p_me);
    END IF;
    SELECT e.* INTO v_entry FROM app.queue_entry e WHERE e.id = p_id FOR UPDATE;
    IF NOT FOUND OR v_entry.state IN ('closed', 'held') THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    IF v_entry.state = 'claimed' AND v_entry.holder <> p_me.id AND v_entry.lease_until > v_now THEN
        PERFORM app.fail('QC010', 'taken', jsonb_build_object(
            'by', (SELECT p.name FROM app.person p WHERE p.id = v_entry.holder)));
    END IF;
    -- The same patient in another campaign, or on the phone with somebody.
    SELECT e.* INTO v_other FROM app.queue_entry e
    WHERE e.patient_id = v_entry.patient_id AND e.id <> p_id AND e.state = 'claimed';
    IF FOUND THEN
        IF v_other.lease_until > v_now THEN
            PERFORM app.fail('QC010', 'taken', jsonb_build_object(
                'by', (SELECT p.name FROM app.person p WHERE p.id = v_other.holder)));
        END IF;
        UPDATE app.queue_entry e
        SET state = coalesce(e.back_state, 'ready'), holder = NULL, lease_until = NULL, back_state = NULL
        WHERE e.id = v_other.id AND e.state = 'claimed' AND e.lease_until <= v_now;
    END IF;
    IF EXISTS (SELECT 1 FROM app.live_call l
               WHERE l.patient_id = v_entry.patient_id AND l.person_id <> p_me.id) THEN
        PERFORM app.fail('QC010', 'taken', jsonb_build_object('by', (
            SELECT p.name FROM app.live_call l JOIN app.person p ON p.id = l.person_id
            WHERE l.patient_id = v_entry.patient_id)));
    END IF;
    IF v_entry.state = 'claimed' AND v_entry.holder = p_me.id THEN
        UPDATE app.queue_entry e
        SET lease_until = v_now + make_interval(secs => (SELECT p.lease_seconds FROM app.practice p))
        WHERE e.id = p_id RETURNING e.* INTO v_entry;
        RETURN v_entry;
    END IF;
    IF v_open.id IS NULL THEN
        SELECT c.* INTO v_campaign FROM app.campaign c WHERE c.id = v_entry.campaign_id;
        IF v_campaign.status <> 'running' THEN
            PERFORM app.fail('QC011', 'not_in_queue');
        END IF;
        v_problem := app.campaign_problem(v_campaign, p_me, app.practice_day(v_now));
        IF v_problem <> '' THEN
            PERFORM app.fail('QC012', 'not_for_you', jsonb_build_object('sentence', v_problem));
        END IF;
    END IF;
    -- A personal callback is its owner's until it becomes anybody's.
    IF v_entry.state = 'callback' AND EXISTS (
        SELECT 1 FROM app.callback b
        WHERE b.entry_id = p_id AND b.state = 'open' AND b.owner <> p_me.id
            AND b.anyone_at > v_now AND p_me.role = 'coordinator'
    ) THEN
        PERFORM app.fail('QC010', 'taken', jsonb_build_object('by', (
            SELECT p.name FROM app.callback b JOIN app.person p ON p.id = b.owner
            WHERE b.entry_id = p_id AND b.state = 'open')));
    END IF;
    BEGIN
        v_entry := app.take(v_entry, p_me, v_now);
    EXCEPTION WHEN unique_violation THEN
        PERFORM app.fail('QC010', 'taken', jsonb_build_object('by', 'somebody else'));
    END;
    -- Counted where a rollback cannot reach it, before anything of the patient is answered.
    IF v_open.id IS NULL AND NOT app.may_open(p_me) THEN
        PERFORM app.release_claim(p_me);
        RETURN NULL;
    END IF;
    IF v_open.id IS NOT NULL THEN
        -- The call was made under an older fence; its outcome belongs to this claim.
        UPDATE app.call c SET fence = v_entry.fence WHERE c.id = v_open.id;
    END IF;
    PERFORM app.audit('claim', 'queue_entry/' || p_id, v_entry.patient_id,
        jsonb_build_object('fence', v_entry.fence));
    RETURN v_entry;
END
$$;

-- The best ready entry of a group for p_me, from p_most to p_least points, locked; NULL: none. What
-- others are taking at this moment is passed over.
CREATE OR REPLACE FUNCTION app.lock_ready(
    p_me app.person, p_campaigns uuid[], p_group text, p_most integer, p_least integer, p_today date
) RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    SELECT q.* INTO v_entry FROM app.queue_entry q
    WHERE q.state = 'ready' AND q.call_group = p_group AND q.score BETWEEN p_least AND p_most
        AND q.campaign_id = ANY (p_campaigns)
        AND app.speaks(p_me, q.patient_id, p_today)
        AND NOT EXISTS (SELECT 1 FROM app.queue_entry o
            WHERE o.patient_id = q.patient_id AND o.state = 'claimed')
    ORDER BY q.score DESC, q.id LIMIT 1 FOR UPDATE OF q SKIP LOCKED;
    RETURN v_entry;
END
$$;

-- The best ready entry for p_me inside calling hours, locked; NULL: none. Jumps in the index from the
-- best of one group to the best of the next (some tens of probes, however long the queue is) and
-- looks into the group with the highest score first, usually into no other. So a claim locks one row
-- and not the best of every group, which others want, too.
CREATE OR REPLACE FUNCTION app.best_ready(
    p_me app.person, p_campaigns uuid[], p_now timestamptz
) RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
    v_today date := app.practice_day(p_now);
    v_groups text[];     -- by the score of their best, whoever is taking it
    v_scores integer[];
    v_next integer := 1;
    v_tried text[] := '{}';
    v_most integer[] := '{}';  -- what the best of a tried group may still have
    v_at integer;
    v_least integer;
BEGIN
    WITH RECURSIVE h (call_group, score, id) AS (
        (SELECT e.call_group, e.score, e.id FROM app.queue_entry e
         WHERE e.state = 'ready' ORDER BY e.call_group, e.score DESC, e.id LIMIT 1)
        UNION ALL
        SELECT n.* FROM h CROSS JOIN LATERAL (
            SELECT e.call_group, e.score, e.id FROM app.queue_entry e
            WHERE e.state = 'ready' AND e.call_group > h.call_group
            ORDER BY e.call_group, e.score DESC, e.id LIMIT 1) AS n
    )
    SELECT array_agg(h.call_group ORDER BY h.score DESC, h.id),
        array_agg(h.score ORDER BY h.score DESC, h.id)
    INTO v_groups, v_scores FROM h;
    LOOP
        v_at := array_position(v_most, (SELECT max(m) FROM unnest(v_most) m));
        IF v_scores[v_next] > coalesce(v_most[v_at], -1) THEN
            v_next := v_next + 1;
            CONTINUE WHEN NOT app.group_is_open(v_groups[v_next - 1], p_now);
            v_tried := v_tried || v_groups[v_next - 1];
            v_most := v_most || v_scores[v_next - 1];
            v_at := cardinality(v_tried);
        END IF;
        EXIT WHEN coalesce(v_most[v_at], -1) < 0;
        -- Nobody else's best is above this.
        v_least := greatest(v_scores[v_next], 0, (SELECT max(m.most) FROM unnest(v_most)
            WITH ORDINALITY AS m (most, n) WHERE m.n <> v_at));
        v_entry := app.lock_ready(
            p_me, p_campaigns, v_tried[v_at], v_most[v_at], v_least, v_today);
        EXIT WHEN v_entry.id IS NOT NULL;
        v_most[v_at] := v_least - 1;
    END LOOP;
    RETURN v_entry;
END
$$;

-- The callback that is due longest, p_me's or anybody's, locked; NULL: none. In steps, because nearly
-- always none is due, and as one statement it took longer to plan than all the rest.
CREATE OR REPLACE FUNCTION app.best_callback(
    p_me app.person, p_campaigns uuid[], p_now timestamptz
) RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    FOR v_entry IN
        SELECT e.* FROM app.queue_entry e
        WHERE e.state = 'callback' AND e.due_at <= p_now ORDER BY e.due_at
    LOOP
        CONTINUE WHEN NOT v_entry.campaign_id = ANY (p_campaigns)
            OR NOT EXISTS (
                SELECT 1 FROM app.callback b
                WHERE b.entry_id = v_entry.id AND b.state = 'open'
                    AND (b.owner IS NULL OR b.owner = p_me.id OR b.anyone_at <= p_now))
            -- Who skipped it is not handed it again at once.
            OR EXISTS (
                SELECT 1 FROM app.skip s
                WHERE s.entry_id = v_entry.id AND s.person_id = p_me.id
                    AND s.at > p_now - interval '10 minutes')
            OR app.first_refusal(app.gate(v_entry, NULL, p_now)) IS NOT NULL;
        SELECT e.* INTO v_entry FROM app.queue_entry e
        WHERE e.id = v_entry.id AND e.state = 'callback' AND e.due_at <= p_now
            AND NOT EXISTS (SELECT 1 FROM app.queue_entry o
                WHERE o.patient_id = e.patient_id AND o.state = 'claimed')
        FOR UPDATE OF e SKIP LOCKED;
        IF FOUND THEN
            RETURN v_entry;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- The best patient callable now: my due callbacks and anybody's, then by score. NULL: none.
CREATE OR REPLACE FUNCTION app.claim_best(p_me app.person) RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_today date := app.practice_day(v_now);
    v_entry app.queue_entry;
    v_refusal jsonb;
    v_campaigns uuid[];
BEGIN
    IF NOT app.can_open(p_me) THEN
        PERFORM app.tell_read_limit(p_me);
        RETURN NULL;
    END IF;
    -- What waited and is due again competes by its score.
    UPDATE app.queue_entry e SET state = 'ready', due_at = NULL
    -- ARRAY(): once, before the update; as IN (...) the planner may run it for every row.
    WHERE e.id = ANY (ARRAY(
        SELECT w.id FROM app.queue_entry w
        WHERE w.state = 'waiting' AND w.due_at <= v_now
        ORDER BY w.due_at LIMIT 200 FOR UPDATE SKIP LOCKED
    ));
    -- Claims whose client died.
    UPDATE app.queue_entry e
    SET state = coalesce(e.back_state, 'ready'), holder = NULL, lease_until = NULL, back_state = NULL
    WHERE e.id = ANY (ARRAY(
        SELECT w.id FROM app.queue_entry w
        WHERE w.state = 'claimed' AND w.lease_until <= v_now
            AND NOT EXISTS (SELECT 1 FROM app.live_call l WHERE l.patient_id = w.patient_id)
        ORDER BY w.lease_until LIMIT 50 FOR UPDATE SKIP LOCKED
    ));
    v_campaigns := ARRAY(SELECT c.id FROM app.campaign c
        WHERE c.status = 'running' AND app.campaign_problem(c, p_me, v_today) = '');

    -- Some may fail a finer check than hours; they are put aside until it opens.
    FOR i IN 1..50 LOOP
        v_entry := app.best_callback(p_me, v_campaigns, v_now);
        IF v_entry.id IS NULL THEN
            v_entry := app.best_ready(p_me, v_campaigns, v_now);
        END IF;
        IF v_entry.id IS NULL THEN
            RETURN NULL;
        END IF;
        v_refusal := app.first_refusal(app.gate(v_entry, NULL, v_now));
        IF v_refusal IS NULL
            AND NOT EXISTS (SELECT 1 FROM app.live_call l WHERE l.patient_id = v_entry.patient_id) THEN
            BEGIN
                v_entry := app.take(v_entry, p_me, v_now);
                IF NOT app.may_open(p_me) THEN
                    PERFORM app.release_claim(p_me);
                    RETURN NULL;
                END IF;
                PERFORM app.audit('claim', 'queue_entry/' || v_entry.id, v_entry.patient_id,
                    jsonb_build_object('fence', v_entry.fence, 'next', true));
                RETURN v_entry;
            EXCEPTION WHEN unique_violation THEN
                NULL;  -- the same patient was taken in another campaign just now: look again
            END;
        ELSE
            UPDATE app.queue_entry e
            SET state = 'waiting',
                due_at = greatest(
                    coalesce((v_refusal ->> 'opens_at')::timestamptz, v_now + interval '1 hour'),
                    v_now + interval '1 minute')
            WHERE e.id = v_entry.id;
        END IF;
        v_entry := NULL;
    END LOOP;
    RETURN NULL;
END
$$;

-- p_claimed: taken in this call, so that the gate was passed just now.
CREATE OR REPLACE FUNCTION app.next_answer(
    p_entry app.queue_entry, p_me app.person, p_claimed boolean
) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_entry.id IS NULL
        THEN jsonb_build_object('card', NULL,
            'gate', CASE WHEN app.can_open(p_me) THEN app.closed_reason(p_me, app.now())
                ELSE app.read_limit_gate(p_me) END)
        ELSE jsonb_build_object('gate', NULL, 'card', CASE
            WHEN p_claimed THEN app.card_with_gate(p_entry, p_me, app.now(), NULL)
            ELSE app.card(p_entry, p_me, app.now()) END) END
$$;

-- ------------------------------------------------------------------ what people may call

CREATE OR REPLACE FUNCTION api.claim(p_entry uuid, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    -- Claiming is idempotent by itself: what I hold, I hold.
    v_entry app.queue_entry := app.claim_entry(p_entry, v_me);
BEGIN
    IF v_entry.id IS NULL THEN
        RETURN jsonb_build_object('refused', app.read_limit_gate(v_me));
    END IF;
    RETURN app.card(v_entry, v_me, app.now());
END
$$;

CREATE OR REPLACE FUNCTION api.claim_next(p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_open app.call := app.unfinished_call(v_me.id);
    v_entry app.queue_entry;
    v_seen jsonb;
BEGIN
    IF v_open.id IS NOT NULL THEN
        PERFORM app.fail('QC013', 'finish_first',
            jsonb_build_object('entry_id', v_open.entry_id, 'call_id', v_open.id));
    END IF;
    v_seen := app.op_begin(p_op, v_me, 'claim_next', '[]');
    IF v_seen IS NOT NULL THEN
        -- The reply was lost: the same patient again, as long as it is held.
        SELECT e.* INTO v_entry FROM app.queue_entry e
        WHERE e.id = (v_seen ->> 'entry_id')::uuid AND e.holder = v_me.id AND e.state = 'claimed';
        RETURN app.next_answer(v_entry, v_me, false);
    END IF;
    PERFORM app.release_claim(v_me);
    v_entry := app.claim_best(v_me);
    PERFORM app.op_end(p_op, jsonb_build_object('entry_id', v_entry.id));
    RETURN app.next_answer(v_entry, v_me, true);
END
$$;

CREATE OR REPLACE FUNCTION app.held_entry(p_id uuid, p_fence bigint, p_me app.person)
RETURNS app.queue_entry
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    SELECT e.* INTO v_entry FROM app.queue_entry e WHERE e.id = p_id FOR UPDATE;
    IF NOT FOUND OR v_entry.state <> 'claimed' OR v_entry.holder <> p_me.id
        OR v_entry.fence IS DISTINCT FROM p_fence THEN
        PERFORM app.fail('QC014', 'lease_lost', jsonb_build_object('by', (
            SELECT p.name FROM app.person p
            WHERE p.id = v_entry.holder AND v_entry.state = 'claimed' AND p.id <> p_me.id)));
    END IF;
    RETURN v_entry;
END
$$;

CREATE OR REPLACE FUNCTION api.skip(p_entry uuid, p_fence bigint, p_reason text, p_op uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_entry app.queue_entry;
    v_open app.call;
BEGIN
    IF p_reason IS NULL OR p_reason NOT IN ('known_personally', 'language', 'needs_clinician',
        'bad_time', 'data_problem', 'other') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "reason"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'skip', jsonb_build_array(p_entry, p_reason)) IS NOT NULL THEN
        RETURN;
    END IF;
    v_entry := app.held_entry(p_entry, p_fence, v_me);
    v_open := app.unfinished_call(v_me.id);
    IF v_open.id IS NOT NULL THEN
        PERFORM app.fail('QC013', 'finish_first',
            jsonb_build_object('entry_id', v_open.entry_id, 'call_id', v_open.id));
    END IF;
    INSERT INTO app.skip (id, entry_id, person_id, reason, at)
    VALUES (app.uuid7(v_now), p_entry, v_me.id, p_reason, v_now);
    -- Others get the patient in a moment, a callback at once.
    UPDATE app.queue_entry e
    SET state = CASE WHEN e.back_state = 'callback' THEN 'callback' ELSE 'waiting' END,
        due_at = CASE WHEN e.back_state = 'callback' THEN e.due_at ELSE v_now + interval '10 minutes' END,
        holder = NULL, lease_until = NULL, back_state = NULL
    WHERE e.id = p_entry;
    UPDATE app.callback b SET owner = NULL WHERE b.entry_id = p_entry AND b.state = 'open';
    UPDATE app.slot_hold h SET state = 'released'
    WHERE h.person_id = v_me.id AND h.state = 'held';
    PERFORM app.audit('skip', 'queue_entry/' || p_entry, v_entry.patient_id,
        jsonb_build_object('reason', p_reason));
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.hint('queue');
END
$$;

CREATE OR REPLACE FUNCTION api.reveal(p_entry uuid, p_fence bigint, p_field text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_entry app.queue_entry := app.held_entry(p_entry, p_fence, v_me);
    v_patient app.patient;
BEGIN
    IF p_field IS NULL OR p_field NOT IN ('birth_date', 'mrn', 'zip', 'address', 'phone', 'email') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "field"}');
    END IF;
    SELECT x.* INTO v_patient FROM app.patient x WHERE x.id = v_entry.patient_id;
    PERFORM app.audit_read(v_me, 'reveal', 'patient/' || v_patient.id, v_patient.id,
        jsonb_build_object('field', p_field));
    RETURN CASE p_field
        WHEN 'birth_date' THEN coalesce(to_char(v_patient.birth_date, 'MM/DD/YYYY'), 'not on file')
        WHEN 'mrn' THEN coalesce(nullif(v_patient.mrn, ''), 'not on file')
        WHEN 'zip' THEN coalesce(nullif(left(v_patient.zip, 5), ''), 'not on file')
        WHEN 'address' THEN coalesce(nullif(concat_ws(', ',
            nullif(v_patient.address_line, ''), nullif(v_patient.city, '')), ''), 'not on file')
        WHEN 'phone' THEN coalesce((SELECT app.display_number(t.e164, t.extension)
            FROM app.best_phone(v_patient.id) t), 'not on file')
        WHEN 'email' THEN coalesce(nullif(v_patient.email, ''), 'not on file')
    END;
END
$$;
