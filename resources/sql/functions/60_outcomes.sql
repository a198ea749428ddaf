-- Outcomes: recorded once, never refused, and what follows them in the same transaction.

-- The first moment from p_from on that is inside calling hours and in another part of the
-- day than the last attempt (LeadDesk and VICIdial rotate the same way; features.md 5.6).
CREATE OR REPLACE FUNCTION app.next_attempt(
    p_entry app.queue_entry, p_zone text, p_last timestamptz, p_from timestamptz
) RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hour integer := extract(hour FROM p_last AT TIME ZONE p_zone);
    -- after a morning an afternoon, after an afternoon an evening, after an evening a morning
    v_part time := CASE WHEN v_hour < 12 THEN '13:00' WHEN v_hour < 17 THEN '17:00' ELSE '09:00' END::time;
    v_day date := (p_from AT TIME ZONE p_zone)::date;
    v_hours tstzmultirange;
    v_at timestamptz;
BEGIN
    v_hours := app.group_hours(p_entry.call_group, p_from, p_from + interval '12 days');
    FOR i IN 0..10 LOOP
        v_at := ((v_day + i) + v_part) AT TIME ZONE p_zone;
        IF v_at >= p_from AND v_hours @> v_at THEN
            RETURN v_at;
        END IF;
    END LOOP;
    -- That part of the day is never open there (Rhode Island ends at 18:00): any open hour.
    SELECT min(greatest(lower(r), p_from)) INTO v_at FROM unnest(v_hours) r WHERE upper(r) > p_from;
    RETURN coalesce(v_at, p_from + interval '1 day');
END
$$;

CREATE OR REPLACE FUNCTION app.close_entry(p_entry app.queue_entry, p_reason text) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.queue_entry e
    SET state = 'closed', closed_reason = p_reason, closed_at = app.now(), holder = NULL,
        lease_until = NULL, back_state = NULL, due_at = NULL
    WHERE e.id = p_entry.id
$$;

-- Other campaigns of a patient who left, opted out, died or is booked: closed or put on hold too.
CREATE OR REPLACE FUNCTION app.close_others(p_entry app.queue_entry, p_reason text) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.queue_entry e
    SET state = 'closed', closed_reason = p_reason, closed_at = app.now(), due_at = NULL
    WHERE e.patient_id = p_entry.patient_id AND e.id <> p_entry.id
        AND e.state IN ('ready', 'waiting', 'callback');
    UPDATE app.callback b SET state = 'cancelled'
    WHERE b.patient_id = p_entry.patient_id AND b.entry_id <> p_entry.id AND b.state = 'open'
$$;

-- Everybody else who has this number on file. What somebody is busy with is left alone: the gate
-- refuses its dial, and a campaign that waits for nobody is not worth a deadlock.
CREATE OR REPLACE FUNCTION app.close_household(p_entry app.queue_entry, p_e164 text) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH closed AS (
        UPDATE app.queue_entry e
        SET state = 'closed', closed_reason = 'opted_out', closed_at = app.now(), due_at = NULL
        WHERE e.id = ANY (ARRAY(
            SELECT q.id FROM app.queue_entry q
            WHERE q.patient_id <> p_entry.patient_id AND q.state IN ('ready', 'waiting', 'callback')
                AND EXISTS (SELECT 1 FROM app.patient_telecom t
                    WHERE t.patient_id = q.patient_id AND t.e164 = p_e164)
            FOR UPDATE OF q SKIP LOCKED))
        RETURNING e.id
    )
    UPDATE app.callback b SET state = 'cancelled'
    WHERE b.state = 'open' AND b.entry_id IN (SELECT c.id FROM closed c)
$$;

-- Wait until p_from at the earliest, or end when the attempts or the numbers are used up.
-- Gives the words for the coordinator.
CREATE OR REPLACE FUNCTION app.wait_entry(
    p_entry app.queue_entry, p_call app.call, p_from timestamptz, p_zone text
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_max integer := (SELECT c.max_attempts FROM app.campaign c WHERE c.id = p_entry.campaign_id);
    v_at timestamptz;
    v_best app.patient_telecom := app.best_phone(p_entry.patient_id);
BEGIN
    IF v_best.id IS NULL THEN
        PERFORM app.close_entry(p_entry, 'no_number');
        RETURN 'No number is left to call; the practice will be asked for a new one.';
    ELSIF p_entry.attempts >= v_max THEN
        PERFORM app.close_entry(p_entry, 'attempts_used');
        RETURN 'That was the last of ' || v_max || ' attempts. The patient leaves the queue.';
    END IF;
    UPDATE app.queue_entry e SET call_group = app.entry_group(e.patient_id)
    WHERE e.id = p_entry.id RETURNING e.* INTO p_entry;
    v_at := app.next_attempt(p_entry, p_zone, p_call.requested_at, p_from);
    UPDATE app.queue_entry e
    SET state = 'waiting', due_at = v_at, holder = NULL, lease_until = NULL, back_state = NULL
    WHERE e.id = p_entry.id;
    RETURN 'Next attempt ' || app.day_clock_text(v_at, app.now(), p_zone) || ', their time.';
END
$$;

CREATE OR REPLACE FUNCTION app.retire_number(p_call app.call, p_quality text) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A disconnected line is out of service for everybody; a wrong number only for this patient.
    UPDATE app.patient_telecom t SET quality = p_quality, quality_at = app.now()
    WHERE t.quality = 'ok'
        AND (t.id = p_call.phone_id OR (p_quality = 'failed' AND t.e164 = p_call.e164))
$$;

-- What follows an outcome. p_entry is the fresh row; the claim ends here. p_owns: the lease
-- was still ours; when it was not, only facts about the patient are written, never the queue.
CREATE OR REPLACE FUNCTION app.apply_outcome(
    p_call app.call, p_entry app.queue_entry, p_outcome text, p_details jsonb,
    p_me app.person, p_owns boolean
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_patient app.patient;
    v_zone text;
    v_words text := 'Recorded.';
    v_at timestamptz;
    v_note text := coalesce(p_details ->> 'note', '');
    v_scope text := p_details ->> 'scope';
    v_entry app.queue_entry := p_entry;
    v_appointment app.appointment;
BEGIN
    SELECT x.* INTO v_patient FROM app.patient x WHERE x.id = p_call.patient_id FOR UPDATE;
    v_zone := app.patient_zone(v_patient, app.best_phone(v_patient.id));

    -- A technical problem keeps no promise: the callback stays open.
    IF p_owns AND p_outcome <> 'TECHNICAL' THEN
        UPDATE app.callback b SET state = 'done' WHERE b.entry_id = v_entry.id AND b.state = 'open';
    END IF;

    -- Facts about the patient: always.
    CASE p_outcome
        WHEN 'BOOKED' THEN
            IF p_details ->> 'appointment_id' IS NOT NULL THEN
                SELECT a.* INTO v_appointment FROM app.appointment a
                WHERE a.id = (p_details ->> 'appointment_id')::uuid
                    AND a.patient_id = v_patient.id AND a.booked_by = p_me.id
                    AND a.status IN ('booked', 'arrived') AND lower(a.span) > v_now;
                IF NOT FOUND THEN
                    PERFORM app.fail('QC033', 'no_hold');
                END IF;
            ELSE
                v_appointment := app.book_hold((p_details ->> 'hold_id')::uuid, p_call, p_me, p_details);
            END IF;
            v_words := 'Booked for ' || app.day_clock_text(lower(v_appointment.span), v_now,
                (SELECT p.zone FROM app.practice p)) || '.';
        WHEN 'WRONG_NUMBER' THEN
            PERFORM app.retire_number(p_call, 'wrong');
        WHEN 'FAILED_NUMBER' THEN
            PERFORM app.retire_number(p_call, 'failed');
        WHEN 'OPT_OUT' THEN
            -- 47 CFR 64.1200(a)(10): by any reasonable means, at the latest in 10 business
            -- days; ours is at once, in this transaction.
            INSERT INTO app.suppression (
                patient_id, e164, scope, source, words, received_at, honour_by, recorded_by
            ) VALUES (
                v_patient.id, CASE WHEN v_scope IN ('number', 'household')
                    -- A caller may withhold the number: then the one that we would dial.
                    THEN coalesce(nullif(p_call.e164, ''), (app.best_phone(v_patient.id)).e164) END, v_scope,
                'call', v_note, v_now, v_now + interval '14 days', p_me.id);
        WHEN 'LEFT_PRACTICE' THEN
            UPDATE app.patient p SET
                state = CASE p_details ->> 'reason' WHEN 'moved' THEN 'moved' ELSE 'transferred' END,
                state_reason = p_details ->> 'reason'
            WHERE p.id = v_patient.id;
        WHEN 'DECEASED_REPORTED' THEN
            UPDATE app.patient p SET state = 'deceased_reported', state_reason = 'reported on a call'
            WHERE p.id = v_patient.id;
            INSERT INTO app.incident (kind, call_id, patient_id, opened_by, opened_at, discovered_at, due_at, note)
            VALUES ('deceased', p_call.id, v_patient.id, p_me.id, v_now, v_now, v_now + interval '7 days', v_note);
        WHEN 'DECLINED_BARRIER' THEN
            INSERT INTO app.barrier (patient_id, kind, words, call_id, since)
            VALUES (v_patient.id, p_details ->> 'barrier', v_note, p_call.id,
                (v_now AT TIME ZONE v_zone)::date);
        WHEN 'LANGUAGE' THEN
            UPDATE app.patient p SET language = left(p_details ->> 'language', 10)
            WHERE p.id = v_patient.id;
        WHEN 'TRIAGE', 'COMPLAINT', 'INCIDENT' THEN
            INSERT INTO app.incident (kind, call_id, patient_id, opened_by, opened_at, discovered_at, due_at, note)
            VALUES (CASE p_outcome WHEN 'INCIDENT' THEN 'privacy' ELSE lower(p_outcome) END,
                p_call.id, v_patient.id, p_me.id, v_now, v_now,
                v_now + CASE p_outcome WHEN 'TRIAGE' THEN interval '1 day'
                    WHEN 'COMPLAINT' THEN interval '30 days' ELSE interval '60 days' END, v_note);
        ELSE NULL;
    END CASE;

    -- What happened to the patient counts, whoever has the patient now.
    UPDATE app.queue_entry e SET
        attempts = e.attempts + CASE WHEN o.counts_attempt AND p_call.direction = 'outgoing'
            AND p_call.end_reason IS DISTINCT FROM 'never_placed' THEN 1 ELSE 0 END,
        voicemails = e.voicemails + CASE WHEN p_outcome = 'LEFT_VOICEMAIL' THEN 1 ELSE 0 END,
        last_voicemail_at = CASE WHEN p_outcome = 'LEFT_VOICEMAIL' THEN v_now ELSE e.last_voicemail_at END
    FROM app.outcome_code o WHERE o.code = p_outcome AND e.id = v_entry.id
    RETURNING e.* INTO v_entry;
    IF p_outcome IN ('BOOKED', 'BOOKED_ELSEWHERE') THEN
        PERFORM app.close_others(v_entry, 'booked');
    ELSIF p_outcome = 'LEFT_PRACTICE' THEN
        PERFORM app.close_others(v_entry, 'left_practice');
    ELSIF p_outcome = 'OPT_OUT' AND v_scope <> 'number' THEN
        PERFORM app.close_others(v_entry, 'opted_out');
        IF v_scope = 'household' THEN
            PERFORM app.close_household(v_entry, p_call.e164);
        END IF;
    ELSIF p_outcome = 'DECEASED_REPORTED' THEN
        PERFORM app.close_others(v_entry, 'deceased_reported');
    END IF;
    IF NOT p_owns THEN
        RETURN v_words;
    END IF;

    -- The queue.
    CASE
        WHEN p_outcome IN ('BOOKED', 'BOOKED_ELSEWHERE') THEN
            PERFORM app.close_entry(v_entry, 'booked');
            IF p_outcome = 'BOOKED_ELSEWHERE' THEN
                v_words := 'Leaves the queue; the practice''s schedule will confirm the visit.';
            END IF;
        WHEN p_outcome = 'CALLBACK_AT' THEN
            v_at := (p_details ->> 'callback_at')::timestamptz;
            INSERT INTO app.callback (
                entry_id, patient_id, owner, due_at, anyone_at, note, created_by_call, created_at
            ) VALUES (
                v_entry.id, v_patient.id,
                CASE WHEN coalesce((p_details ->> 'callback_mine')::boolean, true) THEN p_me.id END,
                v_at, v_at + interval '30 minutes', v_note, p_call.id, v_now);
            UPDATE app.queue_entry e
            SET state = 'callback', due_at = v_at, holder = NULL, lease_until = NULL, back_state = NULL
            WHERE e.id = v_entry.id;
            v_words := 'Callback ' || app.day_clock_text(v_at, v_now, v_zone) || ', their time.';
        WHEN p_outcome = 'DECLINED' THEN
            PERFORM app.close_entry(v_entry, 'declined');
            v_words := 'Leaves this campaign.';
        WHEN p_outcome = 'LEFT_PRACTICE' THEN
            PERFORM app.close_entry(v_entry, 'left_practice');
            v_words := 'Leaves the queue.';
        WHEN p_outcome = 'OPT_OUT' AND v_scope <> 'number' THEN
            PERFORM app.close_entry(v_entry, 'opted_out');
            v_words := CASE v_scope WHEN 'household' THEN 'Nobody who has this number will be called again.'
                ELSE 'Will not be called again.' END;
        WHEN p_outcome IN ('DECEASED_REPORTED', 'TRIAGE', 'COMPLAINT', 'INCIDENT') THEN
            UPDATE app.queue_entry e
            SET state = 'held', holder = NULL, lease_until = NULL, back_state = NULL, due_at = NULL
            WHERE e.id = v_entry.id;
            v_words := 'On hold until the practice has looked at it.';
        WHEN p_outcome = 'TECHNICAL' THEN
            UPDATE app.queue_entry e
            SET state = CASE WHEN b.due_at IS NULL THEN 'waiting' ELSE 'callback' END,
                due_at = coalesce(b.due_at, v_now + interval '2 minutes'), holder = NULL,
                lease_until = NULL, back_state = NULL
            FROM (SELECT max(x.due_at) AS due_at FROM app.callback x
                  WHERE x.entry_id = v_entry.id AND x.state = 'open') AS b
            WHERE e.id = v_entry.id RETURNING e.state INTO v_scope;
            v_words := CASE v_scope WHEN 'callback' THEN 'Not counted. The callback stays promised.'
                ELSE 'Not counted. Back in the queue in 2 minutes.' END;
        ELSE
            v_words := app.wait_entry(v_entry, p_call, CASE p_outcome
                WHEN 'LEFT_VOICEMAIL' THEN v_now + interval '2 days'
                WHEN 'GATEKEEPER_MESSAGE' THEN v_now + interval '2 days'
                WHEN 'DECLINED_BARRIER' THEN v_now + interval '3 days'
                WHEN 'THINKING' THEN v_now + interval '7 days'
                ELSE ((v_now AT TIME ZONE v_zone)::date + 1)::timestamp AT TIME ZONE v_zone
            END, v_zone);
    END CASE;
    -- An amendment leaves alone what the person holds for another patient.
    UPDATE app.slot_hold h SET state = 'released'
    WHERE h.person_id = p_me.id AND h.state = 'held'
        AND (p_entry.state = 'claimed' OR h.entry_id = p_entry.id);
    RETURN v_words;
END
$$;

-- What nobody answered cannot have been said to anybody.
CREATE OR REPLACE FUNCTION app.check_answered(p_call app.call, p_outcome text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_call.answered_at IS NULL AND p_call.state = 'ended' AND p_outcome IN (
        'BOOKED', 'LEFT_VOICEMAIL', 'CALLBACK_AT', 'DECLINED', 'DECLINED_BARRIER', 'OPT_OUT',
        'LEFT_PRACTICE', 'THINKING', 'UNVERIFIED', 'GATEKEEPER_MESSAGE', 'COMPLAINT', 'TRIAGE') THEN
        PERFORM app.fail('QC042', 'outcome_not_allowed', jsonb_build_object(
            'sentence', 'Nobody and no machine answered this call.'));
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION app.check_details(p_outcome text, p_details jsonb, p_now timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_need text;
    v_ok boolean;
BEGIN
    IF jsonb_typeof(p_details) <> 'object' OR length(p_details::text) > 20000 THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "details"}');
    END IF;
    FOR v_need IN SELECT unnest(o.needs) FROM app.outcome_code o WHERE o.code = p_outcome LOOP
        v_ok := CASE v_need
            WHEN 'slot' THEN coalesce(p_details ->> 'hold_id', p_details ->> 'appointment_id', '') <> ''
            WHEN 'callback_at' THEN coalesce(p_details ->> 'callback_at', '') <> ''
            WHEN 'scope' THEN coalesce(p_details ->> 'scope', '') IN ('number', 'household', 'calls', 'everything')
            WHEN 'note' THEN trim(coalesce(p_details ->> 'note', '')) <> ''
            WHEN 'language' THEN coalesce(p_details ->> 'language', '') ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
            ELSE coalesce(p_details ->> v_need, '') ~ '^[a-z_-]{2,60}$'
        END;
        IF NOT v_ok THEN
            PERFORM app.fail('QC041', 'detail_missing', jsonb_build_object('field', v_need));
        END IF;
    END LOOP;
    IF p_outcome = 'CALLBACK_AT' AND NOT (p_details ->> 'callback_at')::timestamptz
        BETWEEN p_now + interval '1 minute' AND p_now + interval '180 days' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'callback_at',
            'sentence', 'A callback must be in the future, within 180 days.'));
    END IF;
    IF length(coalesce(p_details ->> 'note', '')) > 4000 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'note',
            'sentence', 'The note is longer than 4,000 characters.'));
    END IF;
END
$$;

-- Finish a call and, when asked, open the next patient: one round trip. A call that happened
-- is never refused: when the lease was lost meanwhile, the row says so.
CREATE OR REPLACE FUNCTION api.finish(
    p_call uuid, p_entry uuid, p_fence bigint, p_outcome text, p_details jsonb, p_op uuid,
    p_then_next boolean
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_now timestamptz := app.now();
    v_call app.call;
    v_entry app.queue_entry;
    v_next app.queue_entry;
    v_open app.call;
    v_old app.call_outcome;
    v_details jsonb := coalesce(p_details, '{}');
    v_owns boolean;
    v_result text;
    v_words text;
    v_seen jsonb;
BEGIN
    v_seen := app.op_begin(p_op, v_me, 'finish',
        jsonb_build_array(p_call, p_entry, p_outcome, v_details));
    IF v_seen IS NOT NULL THEN
        SELECT o.* INTO v_old FROM app.call_outcome o WHERE o.op_id = p_op;
        SELECT e.* INTO v_next FROM app.queue_entry e
        WHERE e.id = (v_seen ->> 'next_id')::uuid AND e.holder = v_me.id AND e.state = 'claimed';
        IF v_next.id IS NULL AND p_then_next THEN
            -- Sent before without asking for a patient, or there was none. Whoever has one keeps it.
            SELECT e.* INTO v_next FROM app.queue_entry e
            WHERE e.holder = v_me.id AND e.state = 'claimed';
            v_open := app.unfinished_call(v_me.id);
            IF v_next.id IS NULL AND v_open.id IS NULL AND app.is_trained(v_me) THEN
                v_next := app.claim_best(v_me);
            END IF;
        END IF;
        RETURN jsonb_build_object('recorded', jsonb_build_object(
            'result', 'duplicate', 'follow_up', v_old.follow_up))
            || CASE WHEN p_then_next THEN app.next_answer(v_next, v_me, false)
               ELSE '{"card": null, "gate": null}' END;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM app.outcome_code o WHERE o.code = p_outcome) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "outcome"}');
    END IF;
    PERFORM app.check_details(p_outcome, v_details, v_now);

    -- Lock order everywhere: the patient's queue entries by id, call, patient, audit head.
    PERFORM 1 FROM app.queue_entry e
    WHERE e.patient_id = (SELECT q.patient_id FROM app.queue_entry q WHERE q.id = p_entry)
    ORDER BY e.id FOR UPDATE;
    SELECT e.* INTO v_entry FROM app.queue_entry e WHERE e.id = p_entry;
    PERFORM 1 FROM app.call c WHERE c.id = p_call AND c.person_id = v_me.id FOR UPDATE;
    v_call := app.my_call(p_call, v_me);
    IF v_call.entry_id IS DISTINCT FROM p_entry THEN
        PERFORM app.fail('QC024', 'no_such_call');
    END IF;
    IF v_call.state = 'requested' THEN
        -- No gateway has taken it, and with this row locked none will: nothing was dialled.
        PERFORM app.merge_fact(jsonb_build_object(
            'call_id', p_call, 'state', 'ended', 'at', clock_timestamp(), 'end', 'never_placed',
            'sentence', 'The call was finished before it was placed. Nothing was dialled.'));
        v_call := app.my_call(p_call, v_me);
    END IF;
    IF v_call.outcome IS NOT NULL THEN
        PERFORM app.fail('QC042', 'outcome_not_allowed', jsonb_build_object(
            'sentence', 'This call already has the outcome "' || app.outcome_words(v_call.outcome) || '".'));
    END IF;
    PERFORM app.check_answered(v_call, p_outcome);
    IF v_call.direction = 'incoming' AND p_outcome IN ('LEFT_VOICEMAIL', 'VOICEMAIL_NOT_LEFT', 'BUSY') THEN
        PERFORM app.fail('QC042', 'outcome_not_allowed', jsonb_build_object(
            'sentence', 'The patient called: there was no machine and no busy line.'));
    END IF;
    IF p_outcome = 'LEFT_VOICEMAIL' AND app.voicemail_level(v_entry, v_now) = 'V0' THEN
        PERFORM app.fail('QC042', 'outcome_not_allowed', jsonb_build_object(
            'sentence', 'No voicemail may be left for this patient now. If one was left, choose "Privacy incident".'));
    END IF;
    IF v_call.state <> 'ended' THEN
        PERFORM app.put_command(v_call, 'hang_up', '');
    END IF;

    -- A re-claim by the same person carries the call over to its new fence.
    v_owns := v_entry.state = 'claimed' AND v_entry.holder = v_me.id
        AND (v_entry.fence IS NOT DISTINCT FROM p_fence OR v_entry.fence = v_call.fence);
    -- The lease ran out but nobody took the patient: the queue still follows this call.
    IF NOT v_owns AND v_entry.state IN ('ready', 'waiting', 'callback') THEN
        v_owns := true;
    END IF;
    v_result := CASE WHEN v_owns THEN 'recorded' ELSE 'recorded_lease_lost' END;
    v_words := app.apply_outcome(v_call, v_entry, p_outcome, v_details, v_me, v_owns)
        || CASE WHEN v_owns THEN ''
            ELSE ' The patient had gone back to the queue meanwhile; the call is kept.' END;
    UPDATE app.call c SET outcome = p_outcome, outcome_at = v_now,
        note = coalesce(v_details ->> 'note', '')
    WHERE c.id = p_call;
    INSERT INTO app.call_outcome (op_id, call_id, person_id, outcome, details, result, follow_up, recorded_at)
    VALUES (p_op, p_call, v_me.id, p_outcome, v_details, v_result, v_words, v_now);
    PERFORM app.audit('call.outcome', 'call/' || p_call, v_call.patient_id,
        jsonb_build_object('outcome', p_outcome, 'result', v_result));

    -- Recording is always allowed; only a trained coordinator is given another patient.
    IF p_then_next AND app.is_trained(v_me) THEN
        PERFORM app.release_claim(v_me);
        v_next := app.claim_best(v_me);
    END IF;
    PERFORM app.op_end(p_op, jsonb_build_object('next_id', v_next.id));
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
    RETURN jsonb_build_object('recorded', jsonb_build_object('result', v_result, 'follow_up', v_words))
        || CASE
            WHEN NOT coalesce(p_then_next, false) THEN '{"card": null, "gate": null}'::jsonb
            WHEN NOT app.is_trained(v_me) THEN jsonb_build_object('card', NULL, 'gate', jsonb_build_object(
                'name', 'training', 'opens_at', NULL,
                'sentence', 'Your training has expired. Ask your supervisor to record the new one.'))
            ELSE app.next_answer(v_next, v_me, true)
        END;
END
$$;
