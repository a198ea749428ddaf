-- Two weeks of calls by the demo's coordinators, the campaigns they work and three promises
-- for today. Runs after overlay.sql and after the people exist.

DO $$
DECLARE
    v_practice app.practice;
    v_now timestamptz := app.now();
    v_today date;
    v_autumn uuid;
    v_people uuid[];
    v_row record;
    v_call uuid;
    v_at timestamptz;
    v_opened timestamptz;
    v_talk interval;
    v_phone app.patient_telecom;
    v_code text;
    v_booked uuid;
BEGIN
    SELECT p.* INTO v_practice FROM app.practice p;
    v_today := (v_now AT TIME ZONE v_practice.zone)::date;
    SELECT array_agg(p.id ORDER BY p.login) INTO v_people FROM app.person p WHERE p.role = 'coordinator';

    -- The earlier campaign whose calls fill the board; paused, so nobody is dialled from it.
    INSERT INTO app.campaign (name, script, purpose, chart_needs_identity, rule, status, created_by, created_at)
    VALUES ('Autumn recall', 'recall', 'RECALL', true, '{"months_inactive_min": 1}', 'paused', 'demo', v_now - interval '40 days')
    RETURNING id INTO v_autumn;
    INSERT INTO app.queue_entry (campaign_id, patient_id, state, score, reason, closed_reason, closed_at)
    SELECT v_autumn, p.id, 'closed', 40, 'Autumn recall', 'campaign_ended', v_now - interval '3 minutes'
    FROM app.patient p WHERE NOT p.deceased AND p.last_visit >= v_today - 150
        AND EXISTS (SELECT 1 FROM app.patient_telecom t WHERE t.patient_id = p.id);

    INSERT INTO app.campaign (name, script, purpose, chart_needs_identity, rule, status, created_by, created_at)
    VALUES
        ('Annual visit recall', 'recall', 'RECALL', true, '{"months_inactive_min": 5}', 'running', 'demo', v_now - interval '20 days'),
        ('Missed visits', 'missed_visit', 'APPT', false, '{"months_inactive_min": 5, "missed_only": true}', 'draft', 'demo', v_now - interval '20 days');
    PERFORM app.campaign_refresh(c.id) FROM app.campaign c WHERE c.name = 'Annual visit recall';
    -- A third of those who missed visits are worked with the other script instead.
    UPDATE app.queue_entry e SET campaign_id = (SELECT c.id FROM app.campaign c WHERE c.name = 'Missed visits')
    FROM app.patient p
    WHERE p.id = e.patient_id AND p.no_shows + p.cancellations > 0 AND e.state = 'ready'
        AND app.demo_rand('camp', p.external_id) < 0.35;
    UPDATE app.campaign SET status = 'running' WHERE name = 'Missed visits';

    FOR v_row IN
        -- Autumn: one or two calls each over the last two weeks, this morning included.
        SELECT e.id AS entry_id, e.patient_id, p.external_id, n.i AS attempt, true AS autumn,
            v_today - floor(app.demo_rand('cd', p.external_id || n.i) * 13)::integer AS day
        FROM app.queue_entry e JOIN app.patient p ON p.id = e.patient_id
        CROSS JOIN generate_series(1, 2) AS n (i)
        WHERE e.campaign_id = v_autumn AND app.demo_rand('cn', p.external_id || n.i) < 0.8
        UNION ALL
        -- The running campaigns: up to three earlier attempts for two fifths of the queue.
        SELECT e.id, e.patient_id, p.external_id, n.i, false,
            v_today - 3 - 5 * (3 - n.i) - floor(app.demo_rand('ce', p.external_id || n.i) * 3)::integer
        FROM app.queue_entry e JOIN app.patient p ON p.id = e.patient_id
        CROSS JOIN generate_series(1, 3) AS n (i)
        WHERE e.campaign_id <> v_autumn AND e.state = 'ready'
            AND app.demo_rand('cq', p.external_id) < 0.4 AND n.i <= 1 + floor(app.demo_rand('cm', p.external_id) * 3)
        ORDER BY day, external_id, attempt
    LOOP
        CONTINUE WHEN extract(isodow FROM v_row.day) > 5;
        v_phone := app.best_phone(v_row.patient_id);
        CONTINUE WHEN v_phone.id IS NULL;
        v_at := (v_row.day::timestamp + interval '9 hours' + make_interval(
            secs => floor(app.demo_rand('cs', v_row.external_id || v_row.attempt) * 10.4 * 3600)))
            AT TIME ZONE v_practice.zone;
        IF v_row.day = v_today THEN
            -- Between eight o'clock and a little while ago, if the day is old enough for that.
            v_opened := (v_today::timestamp + interval '8 hours') AT TIME ZONE v_practice.zone;
            CONTINUE WHEN v_now < v_opened + interval '20 minutes';
            v_at := v_opened + app.demo_rand('cs', v_row.external_id || v_row.attempt) * (v_now - interval '12 minutes' - v_opened);
        END IF;
        v_code := CASE
            WHEN v_row.autumn THEN (ARRAY['NO_ANSWER', 'NO_ANSWER', 'LEFT_VOICEMAIL', 'LEFT_VOICEMAIL', 'NO_ANSWER',
                'BOOKED', 'BOOKED', 'BOOKED', 'THINKING', 'DECLINED', 'BUSY', 'CALLBACK_AT', 'BOOKED_ELSEWHERE', 'GATEKEEPER_MESSAGE'])
                [1 + floor(app.demo_rand('co', v_row.external_id || v_row.attempt) * 14)::integer]
            ELSE (ARRAY['NO_ANSWER', 'NO_ANSWER', 'LEFT_VOICEMAIL', 'BUSY', 'GATEKEEPER_MESSAGE', 'THINKING'])
                [1 + floor(app.demo_rand('cp', v_row.external_id || v_row.attempt) * 6)::integer]
        END;
        v_talk := CASE
            WHEN v_code IN ('NO_ANSWER', 'BUSY') THEN NULL
            WHEN v_code = 'LEFT_VOICEMAIL' THEN make_interval(secs => 28 + floor(app.demo_rand('ct', v_row.external_id) * 20))
            ELSE make_interval(secs => 60 + floor(app.demo_rand('ct', v_row.external_id || v_row.attempt) * 260))
        END;
        v_call := app.uuid7(v_at);
        INSERT INTO app.call (
            id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164, extension, phone_use,
            caller_id, agent_endpoint, is_practice_line, fence, attempt, checks, rule_pack, permit_until,
            state, requested_at, taken_at, answered_at, ended_at, end_reason, identity, identity_kinds,
            outcome, outcome_at, note
        )
        SELECT v_call, gen_random_uuid(), v_row.entry_id, v_row.patient_id,
            v_people[1 + floor(app.demo_rand('cw', v_row.external_id || v_row.attempt) * cardinality(v_people))::integer],
            e.campaign_id, v_phone.id, v_phone.e164, v_phone.extension, v_phone.use, v_practice.office_number,
            'client', true, 1, v_row.attempt, '[]', '2026-11-23', v_at + interval '1 minute',
            'ended', v_at, v_at, CASE WHEN v_talk IS NOT NULL THEN v_at + interval '12 seconds' END,
            v_at + interval '12 seconds' + coalesce(v_talk, interval '14 seconds'),
            CASE v_code WHEN 'NO_ANSWER' THEN 'no_answer' WHEN 'BUSY' THEN 'busy' ELSE 'completed_by_us' END,
            CASE WHEN o.contact THEN 'PASS' END, CASE WHEN o.contact THEN '{birth_date,zip}' ELSE '{}' END::text[],
            v_code, v_at + interval '50 seconds' + coalesce(v_talk, interval '0'),
            CASE v_code WHEN 'THINKING' THEN 'Wants to talk to the family first.'
                WHEN 'DECLINED' THEN 'Says everything is fine.' ELSE '' END
        FROM app.queue_entry e JOIN app.outcome_code o ON o.code = v_code WHERE e.id = v_row.entry_id;
        INSERT INTO app.call_outcome (op_id, call_id, person_id, outcome, details, result, follow_up, recorded_at)
        SELECT c.op_id, c.id, c.person_id, v_code, '{}', 'recorded', 'Recorded.', c.outcome_at
        FROM app.call c WHERE c.id = v_call;
        UPDATE app.queue_entry e SET attempts = e.attempts + 1,
            voicemails = e.voicemails + CASE WHEN v_code = 'LEFT_VOICEMAIL' THEN 1 ELSE 0 END,
            last_voicemail_at = CASE WHEN v_code = 'LEFT_VOICEMAIL' THEN v_at ELSE e.last_voicemail_at END
        WHERE e.id = v_row.entry_id;
        IF v_code = 'BOOKED' THEN
            -- Half of them have been seen since.
            INSERT INTO app.appointment (patient_id, practitioner_id, visit_type_id, span, status, source, booked_by, call_id, created_at)
            SELECT v_row.patient_id, p.practitioner_id, t.id, tstzrange(s.at, s.at + interval '30 minutes'),
                CASE WHEN s.at < v_now THEN 'fulfilled' ELSE 'cancelled' END, 'coordinator', c.person_id, v_call, v_at
            FROM app.patient p, app.visit_type t, app.call c,
                LATERAL (SELECT v_at + make_interval(days => 2 + floor(app.demo_rand('cf', v_row.external_id) * 10)::integer) AS at) AS s
            WHERE p.id = v_row.patient_id AND t.name = 'Follow-up' AND c.id = v_call
            ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;

    -- Promises: one overdue, two later today, some on the next days.
    FOR v_row IN
        SELECT e.id AS entry_id, e.patient_id, row_number() OVER (ORDER BY e.score DESC, e.id) AS n
        FROM app.queue_entry e JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
        WHERE e.state = 'ready' AND e.attempts BETWEEN 1 AND 2
            AND app.first_refusal(app.gate(e, NULL, v_now)) IS NULL
        ORDER BY e.score DESC, e.id LIMIT 6
    LOOP
        v_at := CASE v_row.n WHEN 1 THEN v_now - interval '10 minutes' WHEN 2 THEN v_now + interval '20 minutes'
            WHEN 3 THEN v_now + interval '95 minutes'
            ELSE ((v_today + v_row.n::integer - 3)::timestamp + interval '10 hours') AT TIME ZONE v_practice.zone END;
        v_at := date_bin(interval '5 minutes', v_at, timestamptz '2000-01-01');
        INSERT INTO app.callback (entry_id, patient_id, owner, due_at, anyone_at, note, created_at)
        VALUES (v_row.entry_id, v_row.patient_id, v_people[1 + v_row.n::integer % cardinality(v_people)], v_at,
            v_at + interval '30 minutes', 'Asked for a call at this time.', v_now - interval '3 days');
        UPDATE app.queue_entry e SET state = 'callback', due_at = v_at WHERE e.id = v_row.entry_id;
    END LOOP;
END
$$;

DROP FUNCTION app.demo_rand(text, text);
