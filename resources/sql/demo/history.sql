-- Two weeks of calls by the demo's coordinators, the campaigns they work and three promises
-- for today. Runs after overlay.sql and after the people exist.

DO $$
DECLARE
    v_practice app.practice;
    v_now timestamptz := app.now();
    v_today date;
    v_day date;
    v_days date[];
    v_autumn uuid;
    v_people uuid[];
    v_row record;
    v_call uuid;
    v_at timestamptz;
    v_opened timestamptz;
    v_closed timestamptz;
    v_visit timestamptz;
    v_talk interval;
    v_length interval;
    v_zone text;
    v_key text;
    v_person uuid;
    v_entry app.queue_entry;
    v_patient app.patient;
    v_phone app.patient_telecom;
    v_code text;
BEGIN
    SELECT p.* INTO v_practice FROM app.practice p;
    v_today := (v_now AT TIME ZONE v_practice.zone)::date;
    v_days := ARRAY(
        SELECT x.day::date FROM generate_series(v_today - 13, v_today, interval '1 day') AS x (day)
        WHERE extract(isodow FROM x.day) < 6 ORDER BY x.day DESC LIMIT 10);
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
        -- Autumn: up to three calls each on the last ten working days, this morning included.
        SELECT e.id AS entry_id, e.patient_id, p.external_id, n.i AS attempt, 'autumn' AS kind,
            v_days[1 + floor(app.demo_rand('cd', p.external_id || n.i) * 10)::integer] AS day
        FROM app.queue_entry e JOIN app.patient p ON p.id = e.patient_id
        CROSS JOIN generate_series(1, 3) AS n (i)
        WHERE e.campaign_id = v_autumn AND app.demo_rand('cn', p.external_id || n.i) < 0.85
        UNION ALL
        -- The running campaigns: some are won or lost already, others had up to three attempts.
        -- At least three days lie between two attempts, so that nobody is near a weekly limit.
        SELECT x.id, x.patient_id, x.external_id, n.i,
            CASE WHEN n.i < x.attempts THEN 'open' ELSE x.ending END,
            d.day + CASE extract(isodow FROM d.day) WHEN 6 THEN -1 WHEN 7 THEN 1 ELSE 0 END
        FROM (
            SELECT e.id, e.patient_id, p.external_id,
                1 + floor(app.demo_rand('cm', p.external_id) * 3)::integer AS attempts,
                CASE WHEN app.demo_rand('cx', p.external_id) < 0.18 THEN 'won'
                    WHEN app.demo_rand('cx', p.external_id) < 0.22 THEN 'lost'
                    WHEN app.demo_rand('cx', p.external_id) < 0.65 THEN 'open' END AS ending
            FROM app.queue_entry e JOIN app.patient p ON p.id = e.patient_id
            WHERE e.campaign_id <> v_autumn AND e.state = 'ready'
        ) AS x
        CROSS JOIN LATERAL generate_series(1, x.attempts) AS n (i)
        CROSS JOIN LATERAL (SELECT v_today - 3 - 5 * (x.attempts - n.i)
            - CASE x.ending WHEN 'won' THEN floor(app.demo_rand('cy', x.external_id) * 5)::integer ELSE 0 END
            - floor(app.demo_rand('ce', x.external_id || n.i) * 3)::integer AS day) AS d
        WHERE x.ending IS NOT NULL
        ORDER BY day, external_id, attempt
    LOOP
        SELECT e.* INTO v_entry FROM app.queue_entry e WHERE e.id = v_row.entry_id;
        SELECT p.* INTO v_patient FROM app.patient p WHERE p.id = v_row.patient_id;
        v_phone := app.best_phone(v_row.patient_id);
        v_zone := coalesce(v_patient.zones[1], v_practice.zone);
        -- One call a patient a day, and none after the answer is known.
        CONTINUE WHEN v_phone.id IS NULL OR EXISTS (
            SELECT FROM app.call c WHERE c.entry_id = v_row.entry_id
                AND (c.outcome IN ('BOOKED', 'DECLINED', 'BOOKED_ELSEWHERE')
                    OR (c.requested_at AT TIME ZONE v_zone)::date = v_row.day));
        v_key := v_row.external_id || v_row.attempt;
        v_code := CASE v_row.kind
            WHEN 'won' THEN 'BOOKED'
            WHEN 'lost' THEN 'DECLINED'
            WHEN 'open' THEN (ARRAY['NO_ANSWER', 'NO_ANSWER', 'LEFT_VOICEMAIL', 'BUSY', 'GATEKEEPER_MESSAGE', 'THINKING'])
                [1 + floor(app.demo_rand('cp', v_key) * 6)::integer]
            ELSE (ARRAY['NO_ANSWER', 'NO_ANSWER', 'LEFT_VOICEMAIL', 'LEFT_VOICEMAIL', 'NO_ANSWER',
                'BOOKED', 'BOOKED', 'BOOKED', 'THINKING', 'DECLINED', 'BUSY', 'CALLBACK_AT', 'BOOKED_ELSEWHERE', 'GATEKEEPER_MESSAGE'])
                [1 + floor(app.demo_rand('co', v_key) * 14)::integer]
        END;
        v_talk := CASE
            WHEN v_code IN ('NO_ANSWER', 'BUSY') THEN NULL
            WHEN v_code = 'LEFT_VOICEMAIL' THEN make_interval(secs => 28 + floor(app.demo_rand('ct', v_row.external_id) * 20))
            ELSE make_interval(secs => 60 + floor(app.demo_rand('ct', v_key) * 260))
        END;
        v_length := interval '62 seconds' + coalesce(v_talk, interval '0');
        -- Between nine and seven there, inside the calling hours, when somebody was free; today
        -- only until a little while ago.
        v_opened := (v_row.day::timestamp + interval '9 hours') AT TIME ZONE v_zone;
        v_closed := least(v_opened + interval '10 hours', v_now - interval '12 minutes',
            (v_row.day::timestamp + interval '19 hours 30 minutes') AT TIME ZONE v_practice.zone);
        CONTINUE WHEN v_closed <= v_opened;
        FOR v_try IN 1..8 LOOP
            v_at := date_trunc('second', v_opened
                + app.demo_rand('cs', v_key || '/' || v_try) * (v_closed - v_opened));
            v_person := v_people[1 + floor(app.demo_rand('cw', v_key || '/' || v_try) * cardinality(v_people))::integer];
            EXIT WHEN NOT EXISTS (SELECT FROM app.call c
                    WHERE c.person_id = v_person AND c.requested_at < v_at + v_length AND c.outcome_at > v_at)
                AND app.open_hours(v_phone.states || v_patient.state_code, v_patient.zones || v_phone.zones,
                    v_at, v_at + interval '1 minute') @> v_at;
            v_at := NULL;
        END LOOP;
        CONTINUE WHEN v_at IS NULL;
        v_call := app.uuid7(v_at);
        INSERT INTO app.call (
            id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164, extension, phone_use,
            caller_id, agent_endpoint, is_practice_line, fence, attempt, checks, rule_pack, permit_until,
            state, requested_at, taken_at, answered_at, ended_at, end_reason, identity, identity_kinds,
            outcome, outcome_at, note
        )
        SELECT v_call, gen_random_uuid(), v_row.entry_id, v_row.patient_id,
            v_person, v_entry.campaign_id, v_phone.id, v_phone.e164, v_phone.extension, v_phone.use, v_practice.office_number,
            'client', true, 1, v_entry.attempts + 1, '[]', '2026-11-23', v_at + interval '1 minute',
            'ended', v_at, v_at, CASE WHEN v_talk IS NOT NULL THEN v_at + interval '12 seconds' END,
            v_at + interval '12 seconds' + coalesce(v_talk, interval '14 seconds'),
            CASE v_code WHEN 'NO_ANSWER' THEN 'no_answer' WHEN 'BUSY' THEN 'busy' ELSE 'completed_by_us' END,
            CASE WHEN o.contact THEN 'PASS' END, CASE WHEN o.contact THEN '{birth_date,zip}' ELSE '{}' END::text[],
            v_code, v_at + interval '50 seconds' + coalesce(v_talk, interval '0'),
            CASE v_code WHEN 'THINKING' THEN 'Wants to talk to the family first.'
                WHEN 'DECLINED' THEN 'Says everything is fine.' ELSE '' END
        FROM app.outcome_code o WHERE o.code = v_code;
        INSERT INTO app.call_outcome (op_id, call_id, person_id, outcome, details, result, follow_up, recorded_at)
        SELECT c.op_id, c.id, c.person_id, v_code, '{}', 'recorded', 'Recorded.', c.outcome_at
        FROM app.call c WHERE c.id = v_call;
        UPDATE app.queue_entry e SET attempts = e.attempts + 1,
            voicemails = e.voicemails + CASE WHEN v_code = 'LEFT_VOICEMAIL' THEN 1 ELSE 0 END,
            last_voicemail_at = CASE WHEN v_code = 'LEFT_VOICEMAIL' THEN v_at ELSE e.last_voicemail_at END,
            state = CASE WHEN v_row.kind IN ('won', 'lost') THEN 'closed' ELSE e.state END,
            closed_reason = CASE v_row.kind WHEN 'won' THEN 'booked' WHEN 'lost' THEN 'declined' ELSE e.closed_reason END,
            closed_at = CASE WHEN v_row.kind IN ('won', 'lost') THEN v_at + v_length ELSE e.closed_at END
        WHERE e.id = v_row.entry_id;
        IF v_code = 'BOOKED' THEN
            -- A visit some days later in the practice's hours: been there since, or still to come.
            v_visit := NULL;
            v_day := v_row.day + 1 + floor(app.demo_rand('cf', v_row.external_id) * 6)::integer;
            v_day := v_day + CASE extract(isodow FROM v_day) WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END;
            IF v_day < v_today THEN
                v_visit := (v_day::timestamp + interval '9 hours'
                    + interval '30 minutes' * floor(app.demo_rand('ch', v_row.external_id) * 15)::integer)
                    AT TIME ZONE v_practice.zone;
            ELSE
                SELECT k.at INTO v_visit
                FROM generate_series(v_today + 1, v_today + 12, interval '1 day') AS d (day)
                CROSS JOIN LATERAL (SELECT app.free_time(v_patient.practitioner_id, d.day::date,
                    v_practice.zone, v_now, v_person) AS free) AS f
                CROSS JOIN LATERAL (SELECT (d.day::date + interval '8 hours' + interval '30 minutes' * g.i)
                    AT TIME ZONE v_practice.zone AS at FROM generate_series(0, 17) AS g (i)) AS k
                WHERE f.free @> tstzrange(k.at, k.at + interval '30 minutes')
                ORDER BY app.demo_rand('cv', v_row.external_id || k.at) LIMIT 1;
            END IF;
            INSERT INTO app.appointment (patient_id, practitioner_id, visit_type_id, span, status, source, booked_by, call_id, created_at)
            SELECT v_row.patient_id, v_patient.practitioner_id, t.id, tstzrange(v_visit, v_visit + interval '30 minutes'),
                CASE WHEN v_visit < v_now THEN 'fulfilled' ELSE 'booked' END, 'coordinator', v_person, v_call, v_at
            FROM app.visit_type t WHERE t.name = 'Follow-up' AND v_visit IS NOT NULL;
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
