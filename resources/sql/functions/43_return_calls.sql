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
