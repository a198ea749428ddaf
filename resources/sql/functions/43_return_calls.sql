-- Returned calls: recognised, routed to whoever has the patient, never forgotten.

-- Who has this number: everybody for whom it was not found to be wrong; at most five, as Find.
CREATE OR REPLACE FUNCTION app.recognised(p_e164 text) RETURNS uuid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ARRAY(
        SELECT DISTINCT t.patient_id FROM app.patient_telecom t
        WHERE t.e164 = p_e164 AND t.quality <> 'wrong' ORDER BY 1 LIMIT 5)
$$;

-- Of several in a household whoever we called last: that call is being returned.
CREATE OR REPLACE FUNCTION app.likely_caller(p_patients uuid[], p_e164 text) RETURNS uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN cardinality(p_patients) = 1 THEN p_patients[1] ELSE (
        SELECT c.patient_id FROM app.call c
        WHERE c.patient_id = ANY (p_patients) AND c.direction = 'outgoing'
            AND (p_e164 IS NULL OR c.e164 = p_e164)
        ORDER BY c.id DESC LIMIT 1) END
$$;

-- The place of a patient in the queue that a returned call is about: the one that is open, else the
-- one that is waiting, else one that ended only because we could not reach the patient or were told
-- "not now". Booked, held and opted out are the office's; a row of NULLs then.
CREATE OR REPLACE FUNCTION app.return_entry(p_patient uuid) RETURNS app.queue_entry
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_entry app.queue_entry;
BEGIN
    SELECT e.* INTO v_entry FROM app.queue_entry e
    JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
    JOIN app.patient p ON p.id = e.patient_id AND p.state = 'active' AND NOT p.deceased
    WHERE e.patient_id = p_patient AND (e.state IN ('claimed', 'callback', 'ready', 'waiting')
        OR e.state = 'closed' AND e.closed_reason IN ('attempts_used', 'declined', 'no_number'))
        -- Held in one campaign is held in all: the practice looks at it first.
        AND NOT EXISTS (SELECT 1 FROM app.queue_entry h
            WHERE h.patient_id = p_patient AND h.state = 'held')
    ORDER BY array_position(ARRAY['claimed', 'callback', 'ready', 'waiting', 'closed'], e.state),
        (SELECT max(k.requested_at) FROM app.call k WHERE k.entry_id = e.id) DESC NULLS LAST,
        e.score DESC, e.id
    LIMIT 1;
    RETURN v_entry;
END
$$;

-- At the desk, free, and somebody who may speak with this patient.
CREATE OR REPLACE FUNCTION app.can_take(
    p_person app.person, p_entry app.queue_entry, p_now timestamptz
) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_person.active AND p_person.role IN ('coordinator', 'supervisor')
        AND EXISTS (SELECT 1 FROM app.work_session w
            WHERE w.person_id = p_person.id AND w.ended_at IS NULL AND w.status = 'available'
                AND w.last_seen > p_now - interval '2 minutes')
        AND NOT EXISTS (SELECT 1 FROM app.live_call l WHERE l.person_id = p_person.id)
        AND (app.unfinished_call(p_person.id)).id IS NULL
        AND app.speaks(p_person, p_entry.patient_id, app.practice_day(p_now))
        AND app.is_trained(p_person)
        AND (SELECT app.campaign_problem(c, p_person, app.practice_day(p_now)) = ''
             FROM app.campaign c WHERE c.id = p_entry.campaign_id)
$$;

-- To whom a returned call goes: the holder; who called last; a coordinator who is free; anybody.
CREATE OR REPLACE FUNCTION app.return_route(
    p_entry app.queue_entry, p_not uuid[], p_now timestamptz, OUT person_id uuid, OUT why text
)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT e.holder, 'holder' INTO person_id, why FROM app.queue_entry e
    WHERE e.patient_id = p_entry.patient_id AND e.state = 'claimed' AND e.lease_until > p_now
    LIMIT 1;
    IF person_id IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT p.id, 'last_caller' INTO person_id, why
    FROM (SELECT c.person_id AS id FROM app.call c
          WHERE c.patient_id = p_entry.patient_id AND c.direction = 'outgoing'
          ORDER BY c.id DESC LIMIT 1) AS l
    JOIN app.person p ON p.id = l.id
    WHERE p.id <> ALL (p_not) AND app.can_take(p, p_entry, p_now);
    IF person_id IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT p.id, 'available' INTO person_id, why
    FROM app.person p
    JOIN app.work_session w ON w.person_id = p.id AND w.ended_at IS NULL
    WHERE p.role = 'coordinator' AND p.id <> ALL (p_not) AND app.can_take(p, p_entry, p_now)
    ORDER BY (SELECT count(*) FROM app.return_call r WHERE r.routed_to = p.id AND r.closed_at IS NULL),
        -- Who holds nobody is sooner free than who reads a chart.
        EXISTS (SELECT 1 FROM app.queue_entry q WHERE q.holder = p.id AND q.state = 'claimed'),
        w.status_since, p.id
    LIMIT 1;
    why := coalesce(why, 'anybody');
END
$$;

CREATE OR REPLACE FUNCTION app.tell_return(p_row app.return_call) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_row.routed_to IS NOT NULL THEN
        PERFORM app.hint_person(p_row.routed_to);
    END IF;
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
END
$$;

-- The patient asked for a call by calling: a callback, due now or when it was wanted, at the top of
-- the queue. Its number, hours, opt-outs and caps are the gate's, as for any callback.
CREATE OR REPLACE FUNCTION app.promise_return(
    p_row app.return_call, p_entry app.queue_entry, p_now timestamptz
) RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_due timestamptz := greatest(coalesce(p_row.wanted_at, p_now), p_now);
    v_id uuid;
BEGIN
    UPDATE app.callback b SET state = 'replaced' WHERE b.entry_id = p_entry.id AND b.state = 'open';
    INSERT INTO app.callback (entry_id, patient_id, owner, due_at, anyone_at, note, created_at)
    VALUES (p_entry.id, p_entry.patient_id, p_row.routed_to, v_due, v_due + interval '30 minutes', '', p_now)
    RETURNING id INTO v_id;
    UPDATE app.queue_entry e SET
        state = CASE WHEN e.state = 'claimed' THEN 'claimed' ELSE 'callback' END,
        back_state = CASE WHEN e.state = 'claimed' THEN 'callback' END,
        due_at = v_due, closed_reason = '', closed_at = NULL
    WHERE e.id = p_entry.id;
    RETURN v_id;
END
$$;

-- The newest of a patient counts; who called twice waits once.
CREATE OR REPLACE FUNCTION app.close_older_returns(p_row app.return_call, p_now timestamptz)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.return_call r SET closed_at = p_now, result = 'called_again', waits = false
    WHERE r.patient_id = p_row.patient_id AND r.id <> p_row.id AND r.closed_at IS NULL
        AND r.call_id IS NULL AND NOT r.waits
$$;

-- Route a row and, unless the caller is on the carrier's line, promise the call. Lock order: the
-- patient's queue entries by id, then what hangs on them.
CREATE OR REPLACE FUNCTION app.settle_return(p_id uuid, p_now timestamptz) RETURNS app.return_call
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.return_call;
    v_entry app.queue_entry;
    v_route record;
    v_callback uuid;
BEGIN
    PERFORM 1 FROM app.queue_entry e
    WHERE e.patient_id = (SELECT r.patient_id FROM app.return_call r WHERE r.id = p_id)
    ORDER BY e.id FOR UPDATE;
    SELECT r.* INTO v_row FROM app.return_call r WHERE r.id = p_id FOR UPDATE;
    v_entry := app.return_entry(v_row.patient_id);
    IF v_entry.id IS NULL THEN
        -- Nobody that we know, or nobody that a campaign may call: for the supervisors.
        UPDATE app.return_call r SET routed_to = NULL, routed_why = 'supervisor', routed_at = p_now
        WHERE r.id = p_id RETURNING r.* INTO v_row;
        PERFORM app.tell_return(v_row);
        RETURN v_row;
    END IF;
    v_route := app.return_route(v_entry, v_row.passed, p_now);
    UPDATE app.return_call r
    SET routed_to = v_route.person_id, routed_why = v_route.why, routed_at = p_now
    WHERE r.id = p_id RETURNING r.* INTO v_row;
    PERFORM app.close_older_returns(v_row, p_now);
    IF v_row.kind IN ('wants_call', 'missed') OR v_row.source = 'office' THEN
        IF v_row.callback_id IS NULL THEN
            v_callback := app.promise_return(v_row, v_entry, p_now);
            UPDATE app.return_call r SET callback_id = v_callback WHERE r.id = p_id
            RETURNING r.* INTO v_row;
        ELSE
            UPDATE app.callback b SET owner = v_row.routed_to
            WHERE b.id = v_row.callback_id AND b.state = 'open';
        END IF;
    END IF;
    PERFORM app.tell_return(v_row);
    RETURN v_row;
END
$$;

-- A callback that was kept, given up or moved settles the returned call that it came from.
CREATE OR REPLACE FUNCTION app.close_return_of_callback() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.return_call r SET closed_at = app.now(), waits = false,
        result = CASE new.state WHEN 'done' THEN 'called' WHEN 'replaced' THEN 'moved' ELSE 'settled' END
    WHERE r.callback_id = new.id AND r.closed_at IS NULL;
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS close_return ON app.callback;
CREATE TRIGGER close_return AFTER UPDATE OF state ON app.callback
FOR EACH ROW WHEN (old.state = 'open' AND new.state <> 'open')
EXECUTE FUNCTION app.close_return_of_callback();

-- The patient's own call got its outcome. Where nobody got to speak, the caller may still wait: the
-- gateway's next look tells, and offers the call again or makes it a missed one.
CREATE OR REPLACE FUNCTION app.close_return_of_call() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF new.outcome = 'TECHNICAL' OR new.answered_at IS NULL THEN
        UPDATE app.return_call r
        SET call_id = NULL, waits = false, taken_by = NULL, taken_at = NULL, routed_at = app.now()
        WHERE r.call_id = new.id AND r.closed_at IS NULL;
        PERFORM pg_notify('cc_gateway', '');
    ELSE
        UPDATE app.return_call r SET closed_at = app.now(), result = 'taken', waits = false
        WHERE r.call_id = new.id AND r.closed_at IS NULL;
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS close_return ON app.call;
CREATE TRIGGER close_return AFTER UPDATE OF outcome ON app.call
FOR EACH ROW WHEN (new.direction = 'incoming' AND old.outcome IS NULL AND new.outcome IS NOT NULL)
EXECUTE FUNCTION app.close_return_of_call();

-- ------------------------------------------------------------------ what is shown

-- Whose name this person was shown within the hour: found (see api.find_patient), or in a list.
CREATE OR REPLACE FUNCTION app.has_found(p_me app.person, p_patient uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT 1 FROM app.seen s
        WHERE s.person_id = p_me.id AND s.patient_id = p_patient
            AND s.at > clock_timestamp() - interval '1 hour')
$$;

-- Why nobody can open a patient who called back.
CREATE OR REPLACE FUNCTION app.outside_return(p_patient app.patient, p_me app.person, p_now timestamptz)
RETURNS text
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT app.entry_why(e, p_me, p_now) FROM app.queue_entry e
         JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
         WHERE e.patient_id = p_patient.id ORDER BY e.state = 'held' DESC, e.closed_at DESC NULLS LAST LIMIT 1),
        app.outside_why(p_patient, p_now))
$$;

-- What keeps the call back from being dialled now; NULL when nothing does.
CREATE OR REPLACE FUNCTION app.return_gate(
    p_row app.return_call, p_me app.person, p_now timestamptz
) RETURNS text
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.first_refusal(app.gate(e, NULL, p_now)) ->> 'sentence'
    FROM app.return_entry(p_row.patient_id) AS e WHERE e.id IS NOT NULL
$$;

-- One returned call for p_me. Of somebody else's only that it is somebody else's.
CREATE OR REPLACE FUNCTION app.return_view(
    p_row app.return_call, p_me app.person, p_now timestamptz, p_named uuid[]
) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p_row.id, 'at', p_row.at, 'source', p_row.source, 'kind', p_row.kind,
        'waits', p_row.waits AND p_row.call_id IS NULL,
        'mine', coalesce(p_row.routed_to = p_me.id, false),
        'routed_to', coalesce((SELECT o.name FROM app.person o WHERE o.id = p_row.routed_to), ''),
        'routed_why', p_row.routed_why,
        'taken_by', coalesce((SELECT o.name FROM app.person o WHERE o.id = p_row.taken_by), ''),
        'wanted_at', p_row.wanted_at,
        'known', p_row.patient_id IS NOT NULL,
        'number', CASE WHEN p_me.role = 'supervisor' AND p_row.patient_id IS NULL
                THEN coalesce(app.display_number(p_row.e164), '')
            WHEN s.shown THEN coalesce('••' || right(p_row.e164, 2), '') ELSE '' END,
        'note', CASE WHEN s.shown THEN p_row.note ELSE '' END,
        'people', CASE WHEN s.shown THEN coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'patient_id', p.id, 'likely', p.id IS NOT DISTINCT FROM p_row.patient_id,
                'name', CASE WHEN p.id = ANY (p_named) THEN p.given || ' ' || left(p.family, 1) || '.' ELSE '' END,
                'language', p.language,
                'can_open', (e.entry).id IS NOT NULL,
                'sentence', CASE WHEN (e.entry).id IS NULL THEN app.outside_return(p, p_me, p_now) ELSE '' END,
                'last_call', app.last_call_view(p.id)
            ) ORDER BY p.id IS NOT DISTINCT FROM p_row.patient_id DESC, p.given, p.id)
            FROM app.return_call_match m JOIN app.patient p ON p.id = m.patient_id
            CROSS JOIN LATERAL (SELECT app.return_entry(p.id) AS entry) AS e
            WHERE m.return_id = p_row.id), '[]') ELSE '[]' END,
        'gate', CASE WHEN s.shown AND NOT p_row.waits AND p_row.patient_id IS NOT NULL
            THEN coalesce(app.return_gate(p_row, p_me, p_now), '') ELSE '' END
    )
    FROM (SELECT p_me.role = 'supervisor' OR p_row.routed_to = p_me.id
        OR p_row.routed_to IS NULL AND p_row.routed_why = 'anybody' AS shown) AS s
$$;

-- The lane: what is open, oldest first; those on the phone before all.
CREATE OR REPLACE FUNCTION api.return_calls() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_rows app.return_call[];
    v_named uuid[];
BEGIN
    v_rows := ARRAY(
        SELECT r FROM app.return_call r
        WHERE r.closed_at IS NULL AND (v_me.role = 'supervisor' OR r.routed_why <> 'supervisor')
            AND (v_me.role = 'supervisor' OR r.routed_to = v_me.id OR EXISTS (
                SELECT 1 FROM app.queue_entry e JOIN app.campaign c ON c.id = e.campaign_id
                WHERE e.patient_id = r.patient_id AND app.shows_campaign(c, v_me)))
        ORDER BY r.kind = 'on_the_phone' DESC, coalesce(r.wanted_at, r.at), r.id LIMIT 100);
    v_named := app.names_for(v_me, ARRAY(
        SELECT m.patient_id FROM unnest(v_rows) r JOIN app.return_call_match m ON m.return_id = r.id
        WHERE v_me.role = 'supervisor' OR r.routed_to = v_me.id
            OR r.routed_to IS NULL AND r.routed_why = 'anybody'
        ORDER BY (r.routed_to = v_me.id) DESC NULLS LAST, r.at
        LIMIT CASE WHEN v_me.role = 'supervisor' THEN 200 ELSE 10 END));
    PERFORM app.audit_read(v_me, 'returns.read', 'return_calls', NULL,
        jsonb_build_object('rows', cardinality(v_rows), 'named', cardinality(v_named)));
    RETURN jsonb_build_object(
        'now', v_now,
        'rows', (SELECT coalesce(jsonb_agg(app.return_view(r, v_me, v_now, v_named)
                ORDER BY r.kind = 'on_the_phone' DESC, coalesce(r.wanted_at, r.at), r.id), '[]')
            FROM unnest(v_rows) AS r),
        'line', (SELECT jsonb_build_object('state', l.state, 'sentence', l.sentence)
            FROM app.incoming_line l WHERE l.at > v_now - interval '2 minutes')
    );
END
$$;

-- How many wait for this person: told with each heartbeat, so it must be cheap.
CREATE OR REPLACE FUNCTION app.returns_for(p_me app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'on_the_phone', count(*) FILTER (WHERE r.kind = 'on_the_phone' AND r.taken_by IS NULL),
        'waiting', count(*) FILTER (WHERE r.kind <> 'on_the_phone' AND r.taken_by IS NULL))
    FROM app.return_call r
    WHERE r.closed_at IS NULL AND coalesce(r.wanted_at, '-infinity') <= app.now()
        AND (r.routed_to = p_me.id
            OR p_me.role = 'supervisor' AND r.routed_why = 'supervisor')
$$;

-- For the board: how long the lane is and how old.
CREATE OR REPLACE FUNCTION app.returns_board(p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'open', count(*) FILTER (WHERE r.taken_by IS NULL),
        'on_the_phone', count(*) FILTER (WHERE r.kind = 'on_the_phone' AND r.taken_by IS NULL),
        'unknown', count(*) FILTER (WHERE r.patient_id IS NULL),
        'oldest', min(coalesce(r.wanted_at, r.at)) FILTER (WHERE r.taken_by IS NULL))
    FROM app.return_call r
    WHERE r.closed_at IS NULL AND coalesce(r.wanted_at, r.at) <= p_now
$$;

-- ------------------------------------------------------------------ what people may do

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

-- ------------------------------------------------------------------ the gateway

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
