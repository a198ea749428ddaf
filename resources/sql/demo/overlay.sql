-- What the synthetic population lacks, relative to the practice's today and always the same
-- for the same day: schedules, appointments, missed visits, balances, wishes, campaigns and
-- two weeks of calls. Only ever run on a demo practice, once, after the import.
-- Every choice is a hash of a name and a key (app.demo_rand), never random().

CREATE FUNCTION app.demo_rand(p_name text, p_key text) RETURNS double precision
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ('x' || left(md5('care-coordinator/' || p_name || '/' || p_key), 8))::bit(32)::bigint / 4294967296.0
$$;

DO $$
DECLARE
    v_practice app.practice;
    v_now timestamptz := app.now();
    v_today date;
    v_weeks integer;
BEGIN
    SELECT p.* INTO v_practice FROM app.practice p;
    IF NOT v_practice.is_demo THEN
        RAISE EXCEPTION 'the overlay belongs to a demo practice only';
    END IF;
    v_today := (v_now AT TIME ZONE v_practice.zone)::date;

    -- The population ends on 2026-10-30; move it by whole weeks so that it ends a week ago.
    v_weeks := greatest(0, (v_today - 7 - date '2026-10-30') / 7);
    IF v_weeks > 0 THEN
        UPDATE app.encounter SET starts_at = starts_at + make_interval(weeks => v_weeks),
            ends_at = ends_at + make_interval(weeks => v_weeks);
        UPDATE app.coverage SET starts_on = starts_on + 7 * v_weeks, ends_on = ends_on + 7 * v_weeks;
    END IF;

    INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid)
    VALUES ('carrier', 'The practice line of this demo', 'Nadia Haddad', 'No carrier, no real call', '[2020-01-01,)');

    ---------------------------------------------------------------- practitioners, schedules
    UPDATE app.practitioner d SET bookable = true, specialty = coalesce(nullif(d.specialty, ''), 'Primary care')
    WHERE d.id IN (
        SELECT e.practitioner_id FROM app.encounter e
        JOIN app.practitioner x ON x.id = e.practitioner_id AND x.active
        WHERE e.class = 'AMB' GROUP BY e.practitioner_id ORDER BY count(*) DESC, min(x.external_id) LIMIT 5
    );
    UPDATE app.patient p SET practitioner_id = (
        SELECT d.id FROM app.practitioner d WHERE d.bookable
        ORDER BY app.demo_rand('pcp', p.external_id || d.external_id) LIMIT 1);
    INSERT INTO app.visit_type (name, minutes, rank) VALUES
        ('Follow-up', 30, 1), ('Annual visit', 45, 2), ('New patient', 60, 3), ('Telehealth', 30, 4);
    INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends, kind)
    SELECT d.id, w.day, '08:00'::time, CASE WHEN app.demo_rand('late', d.external_id || w.day) < 0.25
        THEN '18:00' ELSE '17:00' END::time, 'work'
    FROM app.practitioner d, generate_series(1, 5) AS w (day)
    WHERE d.bookable AND app.demo_rand('day', d.external_id || w.day) > 0.12
    UNION ALL
    SELECT d.id, w.day, '12:00'::time, '13:00'::time, 'lunch'
    FROM app.practitioner d, generate_series(1, 5) AS w (day) WHERE d.bookable;
    INSERT INTO app.time_off (practitioner_id, span, reason)
    SELECT d.id, tstzrange(
        (v_today + 1 + floor(app.demo_rand('off', d.external_id) * 20)::integer)::timestamp AT TIME ZONE v_practice.zone,
        (v_today + 2 + floor(app.demo_rand('off', d.external_id) * 20)::integer)::timestamp AT TIME ZONE v_practice.zone),
        'Out of office'
    FROM app.practitioner d WHERE d.bookable;

    ---------------------------------------------------------------- who moved away and stayed
    -- A few live where their number is from, in other zones.
    UPDATE app.patient p SET city = m.city, state_code = m.state, zip = m.zip, zones = t.zones
    FROM app.patient_telecom t
    JOIN (VALUES ('312', 'Chicago', 'IL', '60601'), ('602', 'Phoenix', 'AZ', '85004'),
        ('415', 'San Francisco', 'CA', '94103')) AS m (code, city, state, zip) ON substr(t.e164, 3, 3) = m.code
    WHERE p.id = t.patient_id AND NOT p.deceased;

    ---------------------------------------------------------------- a second number for a third
    -- Fictional numbers (555-01xx) of area codes that the import leaves alone.
    INSERT INTO app.patient_telecom (patient_id, use, e164, rank, zones, states, provenance)
    SELECT n.id, CASE n.first_use WHEN 'mobile' THEN 'home' ELSE 'mobile' END,
        '+1' || (ARRAY['413', '339', '351', '774'])[1 + n.i % 4] || '555' || lpad((101 + n.i / 4)::text, 4, '0'),
        2, '{America/New_York}', '{MA}', 'intake form'
    FROM (
        SELECT p.id, min(t.use) AS first_use, (row_number() OVER (ORDER BY p.external_id))::integer - 1 AS i
        FROM app.patient p JOIN app.patient_telecom t ON t.patient_id = p.id
        WHERE NOT p.deceased AND app.demo_rand('second', p.external_id) < 0.35
        GROUP BY p.id, p.external_id
    ) AS n
    WHERE n.i < 4 * 99;

    ---------------------------------------------------------------- wishes and permissions
    UPDATE app.patient p SET
        preferred_start = (ARRAY['09:00', '12:00', '16:00', '09:00']::time[])[1 + floor(app.demo_rand('t', p.external_id) * 4)::integer],
        preferred_end = (ARRAY['11:00', '14:00', '19:00', '12:00']::time[])[1 + floor(app.demo_rand('t', p.external_id) * 4)::integer]
    WHERE app.demo_rand('pref', p.external_id) < 0.4;
    UPDATE app.patient p SET confidential_note = 'Mobile only; never a number at home'
    WHERE app.demo_rand('conf', p.external_id) < 0.03;
    UPDATE app.patient_telecom t SET use = 'mobile'
    FROM app.patient p WHERE p.id = t.patient_id AND p.confidential_note <> '';
    INSERT INTO app.contact_permission (patient_id, channel, decision, source, recorded_at)
    SELECT p.id, c.channel, c.decision, 'intake form', v_now - interval '400 days'
    FROM app.patient p
    CROSS JOIN LATERAL (VALUES
        ('voicemail', CASE WHEN app.demo_rand('vm', p.external_id) < 0.1 THEN 'V0'
            WHEN app.demo_rand('vm', p.external_id) < 0.3 THEN 'V2' ELSE 'V1' END),
        ('text', CASE WHEN app.demo_rand('tx', p.external_id) < 0.6 THEN 'allow' ELSE 'deny' END),
        ('email', CASE WHEN app.demo_rand('em', p.external_id) < 0.4 THEN 'allow' ELSE 'deny' END),
        ('voice', CASE WHEN app.demo_rand('vo', p.external_id) < 0.015 THEN 'deny' ELSE 'allow' END)
    ) AS c (channel, decision)
    WHERE NOT p.deceased;
    INSERT INTO app.suppression (patient_id, e164, scope, source, words, received_at, honour_by)
    SELECT p.id, NULL, 'calls', 'office', 'Please stop calling', v_now - interval '90 days', v_now - interval '76 days'
    FROM app.patient p WHERE NOT p.deceased AND app.demo_rand('dnc', p.external_id) < 0.02;

    ---------------------------------------------------------------- money
    INSERT INTO app.account_balance (patient_id, as_of, patient_due_cents, insurance_pending_cents,
        over_90_cents, bad_debt, last_payment_on)
    SELECT p.id, v_today,
        CASE WHEN r.x < 0.6 THEN 0 ELSE floor(500 + r.y * 24000)::bigint END,
        floor(r.z * 30000)::bigint,
        CASE WHEN r.x < 0.85 THEN 0 ELSE floor(r.y * 20000)::bigint END,
        r.x > 0.98,
        v_today - floor(30 + r.z * 1400)::integer
    FROM app.patient p CROSS JOIN LATERAL (SELECT app.demo_rand('bx', p.external_id) AS x,
        app.demo_rand('by', p.external_id) AS y, app.demo_rand('bz', p.external_id) AS z) AS r
    WHERE NOT p.deceased
    ON CONFLICT DO NOTHING;

    ---------------------------------------------------------------- care gaps (USPSTF; CMS for the annual visit)
    INSERT INTO app.care_gap (patient_id, name, due_on)
    SELECT p.id, g.name, v_today - floor(20 + app.demo_rand('gap' || g.name, p.external_id) * 400)::integer
    FROM app.patient p
    CROSS JOIN LATERAL (SELECT extract(year FROM age(v_today, p.birth_date)) AS years) AS a
    CROSS JOIN LATERAL (VALUES
        ('Mammogram', p.gender = 'female' AND a.years BETWEEN 40 AND 74),
        ('Colorectal screening', a.years BETWEEN 45 AND 75),
        ('Medicare wellness visit', a.years >= 65),
        ('Cervical screening', p.gender = 'female' AND a.years BETWEEN 21 AND 65),
        ('Blood pressure check', a.years >= 18)
    ) AS g (name, fits)
    WHERE NOT p.deceased AND g.fits AND app.demo_rand('has' || g.name, p.external_id) < 0.35
        AND (p.last_visit IS NULL OR p.last_visit < v_today - 150);

    ---------------------------------------------------------------- past and future appointments
    INSERT INTO app.appointment (patient_id, practitioner_id, visit_type_id, span, status, source, created_at)
    SELECT p.id, p.practitioner_id, t.id, tstzrange(s.at, s.at + interval '30 minutes'),
        CASE WHEN app.demo_rand('st', p.external_id || n.i) < 0.45 THEN 'noshow' ELSE 'cancelled' END,
        'practice', s.at - interval '30 days'
    FROM app.patient p
    JOIN app.visit_type t ON t.name = 'Follow-up'
    CROSS JOIN generate_series(1, 3) AS n (i)
    CROSS JOIN LATERAL (SELECT ((p.last_visit + 40 + 47 * n.i
            + floor(app.demo_rand('ad', p.external_id || n.i) * 20)::integer)::timestamp
        + make_interval(hours => 9 + floor(app.demo_rand('ah', p.external_id || n.i) * 7)::integer))
        AT TIME ZONE v_practice.zone AS at) AS s
    WHERE NOT p.deceased AND p.last_visit < v_today - 150 AND s.at < v_now - interval '3 days'
        AND app.demo_rand('missed', p.external_id || n.i) < 0.4;

    -- Patients seen lately fill a bit more than half of the next eight weeks.
    INSERT INTO app.appointment (patient_id, practitioner_id, visit_type_id, span, status, source, created_at)
    SELECT q.patient_id, q.practitioner_id, q.visit_type_id, tstzrange(q.at, q.at + q.length), 'booked', 'practice',
        v_now - interval '10 days'
    FROM (
        SELECT d.id AS practitioner_id, t.id AS visit_type_id, make_interval(mins => t.minutes) AS length, g.at, (
            SELECT p.id FROM app.patient p
            WHERE NOT p.deceased AND p.last_visit >= v_today - 150
            ORDER BY app.demo_rand('who', p.external_id || g.at::date || d.external_id || extract(hour FROM g.at)) LIMIT 1
        ) AS patient_id
        FROM app.practitioner d
        CROSS JOIN generate_series(0, 56) AS n (i)
        CROSS JOIN generate_series(0, 17) AS h (i)
        CROSS JOIN LATERAL (SELECT ((v_today + n.i)::timestamp + interval '8 hours'
            + make_interval(mins => 30 * h.i)) AT TIME ZONE v_practice.zone AS at) AS g
        JOIN LATERAL (SELECT x.* FROM app.visit_type x
            ORDER BY app.demo_rand('vt', x.name || d.external_id || n.i || '/' || h.i) LIMIT 1) AS t ON true
        WHERE d.bookable
            AND app.demo_rand('full', d.external_id || n.i || '/' || h.i) < 0.62 - n.i * 0.006
            AND (app.working(d.id, v_today + n.i, 'work', v_practice.zone)
                - app.working(d.id, v_today + n.i, 'lunch', v_practice.zone)
                - app.away(d.id, tstzrange(g.at, g.at + make_interval(mins => t.minutes))))
                @> tstzrange(g.at, g.at + make_interval(mins => t.minutes))
        ORDER BY g.at
    ) AS q
    WHERE q.patient_id IS NOT NULL
    ON CONFLICT DO NOTHING;
END
$$;
