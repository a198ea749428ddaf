-- Watching over reading: what is unusual, and what a supervisor looks at each day
-- (45 CFR 164.308(a)(1)(ii)(D), information system activity review).

-- Unusual reading of each person and day of the practice. n: charts or reads, patients of the same
-- name, most patients at a time, look-ups. Nothing here is proof of anything; it is a reason to ask.
CREATE OR REPLACE FUNCTION app.unusual_reading(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (
    kind text, person_id uuid, day date, n bigint, first_at timestamptz, last_at timestamptz, patients uuid[]
)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_zone text := (SELECT p.zone FROM app.practice p);
    v_call interval := make_interval(mins => app.rule_number('unusual_call_minutes'));
    v_first_call uuid := app.uuid7_floor(p_from - v_call);
    v_last_call uuid := app.uuid7_floor(p_to + v_call);
    v_judged timestamptz := app.now() - make_interval(mins => app.rule_number('unusual_call_minutes'));
    v_charts integer := app.rule_number('unusual_charts');
    v_from_hour integer := app.rule_number('unusual_from_hour');
    v_to_hour integer := app.rule_number('unusual_to_hour');
    v_most integer := app.rule_number('unusual_patients');
    v_span interval := make_interval(mins => app.rule_number('unusual_paging_minutes'));
    v_lookups integer := app.rule_number('unusual_lookups');
BEGIN
    RETURN QUERY
    WITH r AS MATERIALIZED (
        SELECT e.at, e.action, e.patient_id AS patient, p.id AS person,
            lower(regexp_replace(trim(p.name), '^.*\s', '')) AS family,
            e.at AT TIME ZONE v_zone AS local
        FROM audit.reads_between(p_from, p_to) e
        JOIN app.person p ON p.login = e.actor
        -- As app.is_read has it; a function with a search_path of its own is never inlined.
        WHERE e.action LIKE '%.read' OR e.action IN ('reveal', 'patient.search')
    ),
    called AS MATERIALIZED (
        SELECT c.person_id AS person, c.patient_id AS patient, c.requested_at AS at
        FROM app.call c WHERE c.id >= v_first_call AND c.id < v_last_call
    ),
    found AS (
        SELECT 'no_call' AS what, r.person, r.local::date AS on_day, r.at, r.patient, 1::bigint AS weight
        FROM r
        WHERE r.action IN ('card.read', 'chart.read') AND r.at <= v_judged
            AND NOT EXISTS (
                SELECT 1 FROM called c
                WHERE c.person = r.person AND c.patient = r.patient
                    AND c.at BETWEEN r.at - v_call AND r.at + v_call)
        UNION ALL
        SELECT 'after_hours', r.person, r.local::date, r.at, r.patient, 1 FROM r
        WHERE extract(hour FROM r.local) < v_from_hour OR extract(hour FROM r.local) >= v_to_hour
        UNION ALL
        SELECT 'same_name', r.person, r.local::date, r.at, r.patient, 1 FROM r
        JOIN app.patient p ON p.id = r.patient AND lower(p.family) = r.family
        UNION ALL
        SELECT 'fast_paging', x.person, x.local::date, x.at, x.patient, x.different
        FROM (
            SELECT w.*, (SELECT count(DISTINCT u.id) FROM unnest(w.around) AS u (id)) AS different
            FROM (
                SELECT r.*, array_agg(r.patient) OVER (
                    PARTITION BY r.person ORDER BY r.at
                    RANGE BETWEEN v_span PRECEDING AND CURRENT ROW) AS around
                FROM r WHERE r.patient IS NOT NULL
            ) AS w
            WHERE cardinality(w.around) > v_most
        ) AS x
        WHERE x.different > v_most
        UNION ALL
        SELECT 'look_ups', r.person, r.local::date, r.at, r.patient, 1 FROM r WHERE r.action = 'patient.search'
    ),
    summed AS (
        SELECT f.what, f.person, f.on_day,
            CASE f.what
                WHEN 'fast_paging' THEN max(f.weight)
                WHEN 'look_ups' THEN count(*)
                WHEN 'after_hours' THEN count(*)
                ELSE count(DISTINCT f.patient)
            END AS total,
            min(f.at) AS earliest, max(f.at) AS latest,
            array_agg(DISTINCT f.patient) FILTER (WHERE f.patient IS NOT NULL) AS whom
        FROM found f GROUP BY f.what, f.person, f.on_day
    )
    SELECT s.what, s.person, s.on_day, s.total, s.earliest, s.latest, coalesce(s.whom, '{}')
    FROM summed s
    WHERE s.total > CASE s.what WHEN 'no_call' THEN v_charts WHEN 'look_ups' THEN v_lookups ELSE 0 END;
END
$$;

-- The days p_from to p_to (not included), one alert a person.
CREATE OR REPLACE FUNCTION app.watch_unusual(p_from date, p_to date) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN
        SELECT y.person_id, jsonb_object_agg(y.kind, y.n) AS counts
        FROM (
            SELECT u.person_id, u.kind, sum(u.n) AS n
            FROM app.unusual_reading(app.day_begins(p_from), app.day_begins(p_to)) u
            GROUP BY u.person_id, u.kind
        ) AS y
        GROUP BY y.person_id ORDER BY y.person_id
    LOOP
        PERFORM app.raise_alert('unusual_reading', v_row.person_id, 'person/' || v_row.person_id,
            jsonb_build_object('from', p_from, 'to', p_to - 1, 'counts', v_row.counts));
    END LOOP;
END
$$;

-- Incidents whose time is nearly over: once, until somebody has seen it, and again the day after.
CREATE OR REPLACE FUNCTION app.watch_incidents() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
    v_now timestamptz := app.now();
    v_late integer := app.rule_number('incident_late_days');
BEGIN
    FOR v_row IN
        SELECT i.id, i.kind, app.incident_days(i, v_now) AS days
        FROM app.incident i
        WHERE i.closed_at IS NULL
            AND app.incident_days(i, v_now) < CASE i.kind WHEN 'privacy' THEN v_late ELSE 0 END
            AND NOT EXISTS (
                SELECT 1 FROM app.alert a WHERE a.kind = 'incident_late'
                    AND a.object = 'incident/' || i.id AND a.seen_at IS NULL)
        ORDER BY i.id
    LOOP
        PERFORM app.raise_alert('incident_late', NULL, 'incident/' || v_row.id,
            jsonb_build_object('kind', v_row.kind, 'days_left', v_row.days));
    END LOOP;
END
$$;

-- Called at each beat of the gateway; decides by itself what is due. Two gateways never do it twice.
CREATE OR REPLACE FUNCTION app.watch() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_today date := app.practice_day(app.now());
    v_since date;
BEGIN
    PERFORM 1 FROM app.watch_state w
    WHERE w.name = 'readers' AND w.at < clock_timestamp() - interval '1 minute' FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE app.watch_state w SET at = clock_timestamp() WHERE w.name = 'readers';
        PERFORM app.watch_readers();
    END IF;
    SELECT w.day INTO v_since FROM app.watch_state w
    WHERE w.name = 'days' AND w.day < v_today FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE app.watch_state w SET at = clock_timestamp(), day = v_today WHERE w.name = 'days';
        PERFORM app.watch_unusual(greatest(v_since, v_today - 7), v_today);
        PERFORM app.watch_incidents();
    END IF;
END
$$;

-- ------------------------------------------------------------------------ what there is to look at

-- What happened, and what to do about it; p_detail holds the facts of the alert and "person", the
-- name of whom it is about.
CREATE OR REPLACE FUNCTION app.alert_words(p_kind text, p_detail jsonb) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_kind IN ('audit', 'incident_late') THEN ''
        ELSE coalesce(nullif(p_detail ->> 'person', ''), 'Somebody') END
    || CASE p_kind
        WHEN 'read_limit' THEN ' has used up the hour’s charts'
            || coalesce(' (' || (p_detail ->> 'limit') || ')', '') || '. Ask what they were for.'
        WHEN 'search_limit' THEN CASE
            WHEN p_detail ? 'glass' THEN ' has used emergency access as often as one day allows. Ask what happened.'
            WHEN p_detail ? 'opened' THEN ' has opened as many looked-up patients as one hour allows ('
                || (p_detail ->> 'opened') || '). Ask what they were for.'
            ELSE ' has used up the hour’s look-ups' || coalesce(' (' || (p_detail ->> 'limit') || ')', '')
                || '. Ask whom they were looking for.' END
        WHEN 'rolled_back_reads' THEN ' read patients and took the record of it back, '
            || coalesce(p_detail ->> 'reads', 'several')
            || ' times. The program never does that: ask, and tell the administrator.'
        WHEN 'break_glass' THEN CASE
            WHEN p_detail ? 'rolled_back' THEN ' opened a chart in an emergency and took the record of it back. '
                || 'The program never does that: ask, and tell the administrator.'
            ELSE ' opened a chart in an emergency. Review it under “Emergency openings”.' END
        WHEN 'override' THEN ' allowed a call outside calling hours or caps. '
            || 'The reason is with the patient, under Find and “Why?”.'
        WHEN 'unusual_reading' THEN ' read in an unusual way on ' || concat_ws(' to ',
                to_char((p_detail ->> 'from')::date, 'Mon FMDD'),
                to_char(nullif(p_detail ->> 'to', p_detail ->> 'from')::date, 'Mon FMDD'))
            || '. Look at “Unusual reading”, and ask what it was for.'
        WHEN 'login_lock' THEN ' was locked out after failed sign-ins'
            || coalesce(' (' || (p_detail ->> 'failures') || ')', '')
            || '. Ask whether it was them; if not, suspend them.'
        WHEN 'suspended' THEN ' was suspended and signed out. See who takes over their callbacks.'
        WHEN 'second_factor' THEN ' typed too many wrong codes. '
            || 'Ask whether it was them; if not, somebody knows their password: suspend them.'
        WHEN 'audit' THEN 'The audit record does not verify. Tell the administrator now.'
        WHEN 'incident_late' THEN 'An incident '
            || CASE WHEN (p_detail ->> 'days_left')::integer < 0 THEN 'is past its last day'
                WHEN (p_detail ->> 'days_left')::integer = 0 THEN 'is due today'
                WHEN (p_detail ->> 'days_left')::integer = 1 THEN 'has one day left'
                ELSE 'has ' || coalesce(p_detail ->> 'days_left', 'few') || ' days left' END
            || '. Assess it, tell whom it concerns, and close it.'
        ELSE ': ' || replace(p_kind, '_', ' ') || '. Ask the administrator what it means.' END
$$;

-- What waits for a supervisor, counted by kind for the window they work in. What is about themselves
-- is for somebody else to look at; an emergency opening is counted once, where it is reviewed.
CREATE OR REPLACE FUNCTION app.watch_notices(p_me app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(n.count || ' ' || CASE n.count WHEN 1 THEN w.one ELSE w.many END ORDER BY w.rank),
        '[]')
    FROM (
        SELECT CASE
                WHEN a.kind = 'audit' THEN 'audit'
                WHEN a.kind = 'incident_late' THEN 'late'
                WHEN a.kind IN ('login_lock', 'second_factor', 'suspended') THEN 'sign_in'
                WHEN a.kind = 'override' THEN 'override'
                ELSE 'reading' END AS kind,
            count(*) AS count
        FROM app.alert a
        WHERE a.seen_at IS NULL AND a.person_id IS DISTINCT FROM p_me.id
            AND (a.kind <> 'break_glass' OR a.detail ? 'rolled_back')
        GROUP BY 1
        UNION ALL
        SELECT 'opening', count(*) FROM app.break_glass g
        WHERE g.verdict IS NULL AND g.person_id <> p_me.id
        HAVING count(*) > 0
    ) AS n
    JOIN (VALUES
        (1, 'audit', 'alert about the audit record', 'alerts about the audit record'),
        (2, 'opening', 'emergency opening to review', 'emergency openings to review'),
        (3, 'reading', 'alert about reading', 'alerts about reading'),
        (4, 'sign_in', 'alert about a sign-in', 'alerts about sign-ins'),
        (5, 'override', 'call allowed outside hours or caps', 'calls allowed outside hours or caps'),
        (6, 'late', 'incident running out of time', 'incidents running out of time')
    ) AS w (rank, kind, one, many) ON w.kind = n.kind
$$;

-- Ids of patients, no names: a name is shown where looking at it is audited (api.who_looked).
CREATE OR REPLACE FUNCTION api.privacy_watch() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'auditor');
    v_now timestamptz := app.now();
BEGIN
    PERFORM app.audit_read(v_me, 'privacy_watch.read', 'privacy', NULL);
    RETURN jsonb_build_object(
        'now', v_now,
        'alerts', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', a.id, 'at', a.at, 'kind', a.kind, 'person', coalesce(p.name, ''),
                'words', app.alert_words(a.kind,
                    a.detail || jsonb_build_object('person', coalesce(p.name, ''))),
                'incident_id', CASE WHEN a.object ~ '^incident/[0-9a-f-]{36}$' THEN substr(a.object, 10) END,
                'mine', coalesce(a.person_id = v_me.id, false)
            ) ORDER BY a.id DESC), '[]')
            FROM (SELECT x.* FROM app.alert x WHERE x.seen_at IS NULL ORDER BY x.id DESC LIMIT 200) AS a
            LEFT JOIN app.person p ON p.id = a.person_id),
        'openings', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', g.id, 'at', g.at, 'until', g.until, 'person', p.name, 'reason', g.reason,
                'patient_id', g.patient_id, 'mine', g.person_id = v_me.id
            ) ORDER BY g.id), '[]')
            FROM (SELECT x.* FROM app.break_glass x WHERE x.verdict IS NULL ORDER BY x.id LIMIT 200) AS g
            JOIN app.person p ON p.id = g.person_id),
        'unusual', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'person_id', u.person_id, 'person', p.name, 'kind', u.kind, 'day', u.day, 'count', u.n,
                'first_at', u.first_at, 'last_at', u.last_at, 'patients', to_jsonb(u.patients[1:100])
            ) ORDER BY u.day DESC, u.n DESC, p.name, u.kind), '[]')
            FROM app.unusual_reading(app.day_begins(app.practice_day(v_now) - 6), v_now) u
            JOIN app.person p ON p.id = u.person_id),
        'rolled_back', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('person', x.name, 'reads', x.lost)
                ORDER BY x.lost DESC, x.name), '[]')
            FROM (
                SELECT p.name, app.meter_value(m.person_id, 'reads') - m.reads AS lost
                FROM app.meter m JOIN app.person p ON p.id = m.person_id
            ) AS x
            WHERE x.lost > 0));
END
$$;

CREATE OR REPLACE FUNCTION app.not_ones_own(p_me app.person, p_about uuid) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_about = p_me.id THEN
        PERFORM app.fail('QC100', 'ones_own');
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION api.acknowledge_alert(p_id uuid, p_note text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_note text := app.said(jsonb_build_object('note', p_note), 'note', 3);
    v_alert app.alert;
BEGIN
    SELECT a.* INTO v_alert FROM app.alert a WHERE a.id = p_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "alert"}');
    END IF;
    PERFORM app.not_ones_own(v_me, v_alert.person_id);
    IF v_alert.seen_at IS NOT NULL THEN
        RETURN;  -- somebody was quicker; theirs stays
    END IF;
    UPDATE app.alert a SET seen_by = v_me.id, seen_at = app.now(), note = v_note WHERE a.id = p_id;
    PERFORM app.audit('alert.acknowledge', 'alert/' || p_id, NULL, jsonb_build_object('kind', v_alert.kind));
    PERFORM app.hint('team');
END
$$;

-- 'not_justified' is a privacy incident, discovered now; its clock runs.
CREATE OR REPLACE FUNCTION api.review_break_glass(p_id uuid, p_verdict text, p_note text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_note text;
    v_opening app.break_glass;
BEGIN
    IF p_verdict IS NULL OR p_verdict NOT IN ('justified', 'not_justified') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "verdict"}');
    END IF;
    v_note := app.said(jsonb_build_object('note', p_note), 'note',
        CASE p_verdict WHEN 'justified' THEN 3 ELSE 10 END);
    SELECT g.* INTO v_opening FROM app.break_glass g WHERE g.id = p_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "opening"}');
    END IF;
    PERFORM app.not_ones_own(v_me, v_opening.person_id);
    IF v_opening.verdict IS NOT NULL THEN
        PERFORM app.fail('QC101', 'reviewed_already', jsonb_build_object('sentence',
            'This opening has been reviewed already. The list is loaded again.'));
    END IF;
    UPDATE app.break_glass g SET reviewed_by = v_me.id, reviewed_at = v_now, verdict = p_verdict,
        review_note = v_note
    WHERE g.id = p_id;
    UPDATE app.alert a SET seen_by = v_me.id, seen_at = v_now, note = 'The opening was reviewed.'
    WHERE a.kind = 'break_glass' AND a.seen_at IS NULL AND a.object = 'break_glass/' || p_id;
    PERFORM app.audit('break_glass.review', 'break_glass/' || p_id, v_opening.patient_id,
        jsonb_build_object('verdict', p_verdict));
    IF p_verdict = 'not_justified' THEN
        INSERT INTO app.incident (kind, patient_id, opened_by, opened_at, discovered_at, due_at, note)
        VALUES ('privacy', v_opening.patient_id, v_me.id, v_now, v_now, v_now + interval '60 days',
            'Opened in an emergency that was none: ' || v_note);
    END IF;
    PERFORM app.hint('team');
END
$$;
