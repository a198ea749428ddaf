-- The supervisor's live board, in one answer. Practice-line calls count only in a demo.

CREATE OR REPLACE FUNCTION app.board_calls(p_from timestamptz, p_to timestamptz)
RETURNS SETOF app.call
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.* FROM app.call c, app.practice p
    WHERE c.id >= app.uuid7_floor(p_from) AND c.id < app.uuid7_floor(p_to)
        AND (NOT c.is_practice_line OR p.is_demo)
$$;

CREATE OR REPLACE FUNCTION app.kpi(
    p_name text, p_value text, p_change text, p_good boolean, p_trend jsonb
) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('name', p_name, 'value', p_value,
        'change', CASE WHEN p_change ~ '[1-9]' THEN p_change || ' vs last week'
            WHEN p_change ~ '0' THEN 'as last week' ELSE p_change END,
        'good', p_good, 'trend', p_trend)
$$;

CREATE OR REPLACE FUNCTION app.team_kpis(p_now timestamptz, p_zone text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_week timestamptz := date_trunc('week', p_now AT TIME ZONE p_zone) AT TIME ZONE p_zone;
    v_this record;
    v_last record;
    v_trend record;
    v_missed bigint;
    v_missed_before bigint;
BEGIN
    -- The same part of last week, so that a Monday is not compared with a whole week.
    SELECT count(*) AS calls, count(*) FILTER (WHERE o.contact) AS reached,
            count(*) FILTER (WHERE c.outcome = 'BOOKED') AS booked
        INTO v_this FROM app.board_calls(v_week, p_now) c LEFT JOIN app.outcome_code o ON o.code = c.outcome;
        SELECT count(*) AS calls, count(*) FILTER (WHERE o.contact) AS reached,
            count(*) FILTER (WHERE c.outcome = 'BOOKED') AS booked
    INTO v_last FROM app.board_calls(v_week - interval '7 days', p_now - interval '7 days') c
    LEFT JOIN app.outcome_code o ON o.code = c.outcome;
    SELECT jsonb_agg(d.booked ORDER BY d.day) AS booked,
        jsonb_agg(round(100.0 * d.reached / greatest(d.calls, 1), 1) ORDER BY d.day) AS reached,
        jsonb_agg(round(d.calls::numeric / greatest(d.booked, 1), 1) ORDER BY d.day) AS per_booking,
        jsonb_agg(d.missed ORDER BY d.day) AS missed
    INTO v_trend
    FROM (
        SELECT g.day, s.calls, s.reached, s.booked, (
            SELECT count(*) FROM app.callback b
            WHERE b.due_at >= g.day AT TIME ZONE p_zone
                AND b.due_at < (g.day + interval '1 day') AT TIME ZONE p_zone
                AND b.state = 'open' AND b.due_at < p_now - interval '30 minutes') AS missed
        FROM (
            SELECT x.day FROM generate_series(
                date_trunc('day', p_now AT TIME ZONE p_zone) - interval '13 days',
                date_trunc('day', p_now AT TIME ZONE p_zone), interval '1 day') AS x (day)
            WHERE extract(isodow FROM x.day) < 6 ORDER BY x.day DESC LIMIT 10
        ) AS g
        CROSS JOIN LATERAL (
            SELECT count(*) AS calls, count(*) FILTER (WHERE o.contact) AS reached,
                count(*) FILTER (WHERE c.outcome = 'BOOKED') AS booked
            FROM app.board_calls(g.day AT TIME ZONE p_zone, (g.day + interval '1 day') AT TIME ZONE p_zone) c
            LEFT JOIN app.outcome_code o ON o.code = c.outcome
        ) AS s
    ) AS d;
    SELECT count(*) FILTER (WHERE b.due_at >= v_week),
        count(*) FILTER (WHERE b.due_at < v_week AND b.due_at >= v_week - interval '7 days')
    INTO v_missed, v_missed_before
    FROM app.callback b WHERE b.state = 'open' AND b.due_at < p_now - interval '30 minutes';

    RETURN jsonb_build_array(
        app.kpi('Booked this week', v_this.booked::text,
            to_char(v_this.booked - v_last.booked, 'FMSG999990'), v_this.booked >= v_last.booked, v_trend.booked),
        app.kpi('Reached', to_char(100.0 * v_this.reached / greatest(v_this.calls, 1), 'FM990.0') || ' %',
            to_char(100.0 * v_this.reached / greatest(v_this.calls, 1)
                - 100.0 * v_last.reached / greatest(v_last.calls, 1), 'FMSG990.0') || ' pt',
            v_this.reached * greatest(v_last.calls, 1) >= v_last.reached * greatest(v_this.calls, 1), v_trend.reached),
        app.kpi('Calls per booking', CASE WHEN v_this.booked = 0 THEN '–'
                ELSE to_char(v_this.calls::numeric / v_this.booked, 'FM990.0') END,
            CASE WHEN v_this.booked = 0 OR v_last.booked = 0 THEN '–'
                ELSE to_char(v_this.calls::numeric / v_this.booked - v_last.calls::numeric / v_last.booked, 'FMSG990.0') END,
            CASE WHEN v_this.booked = 0 OR v_last.booked = 0 THEN NULL
                ELSE v_this.calls * v_last.booked <= v_last.calls * v_this.booked END, v_trend.per_booking),
        app.kpi('Callbacks missed', v_missed::text, to_char(v_missed - v_missed_before, 'FMSG999990'),
            v_missed <= v_missed_before, v_trend.missed)
    );
END
$$;

CREATE OR REPLACE FUNCTION api.team() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_zone text := (SELECT p.zone FROM app.practice p);
    v_midnight timestamptz;
BEGIN
    v_midnight := date_trunc('day', v_now AT TIME ZONE v_zone) AT TIME ZONE v_zone;
    RETURN jsonb_build_object(
        'now', v_now,
        'returns', app.returns_board(v_now),
        'line', app.line_view(v_now),
        'kpis', app.team_kpis(v_now, v_zone),
        'days', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'day', d.day::date, 'booked', s.booked, 'voicemail', s.voicemail, 'callback', s.callback,
                'no_answer', s.no_answer, 'declined', s.declined, 'other', s.other) ORDER BY d.day), '[]')
            FROM (
                SELECT x.day FROM generate_series(
                    date_trunc('day', v_now AT TIME ZONE v_zone) - interval '13 days',
                    date_trunc('day', v_now AT TIME ZONE v_zone), interval '1 day') AS x (day)
                WHERE extract(isodow FROM x.day) < 6 ORDER BY x.day DESC LIMIT 10
            ) AS d
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE o.board_group = 'booked') AS booked,
                    count(*) FILTER (WHERE o.board_group = 'voicemail') AS voicemail,
                    count(*) FILTER (WHERE o.board_group = 'callback') AS callback,
                    count(*) FILTER (WHERE o.board_group = 'no_answer') AS no_answer,
                    count(*) FILTER (WHERE o.board_group = 'declined') AS declined,
                    count(*) FILTER (WHERE o.board_group = 'other') AS other
                FROM app.board_calls(d.day AT TIME ZONE v_zone, (d.day + interval '1 day') AT TIME ZONE v_zone) c
                JOIN app.outcome_code o ON o.code = c.outcome
            ) AS s
        ),
        'heat', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'weekday', h.weekday, 'hour', h.hour, 'calls', h.calls, 'answered', h.answered)), '[]')
            FROM (
                SELECT extract(isodow FROM l.at)::integer - 1 AS weekday, extract(hour FROM l.at)::integer AS hour,
                    count(*) AS calls,
                    count(*) FILTER (WHERE coalesce(o.contact, false)
                        OR c.outcome IN ('WRONG_NUMBER', 'GATEKEEPER_MESSAGE', 'UNVERIFIED')) AS answered
                FROM app.board_calls(v_now - interval '60 days', v_now + interval '1 minute') c
                JOIN app.patient p ON p.id = c.patient_id
                CROSS JOIN LATERAL (SELECT c.requested_at AT TIME ZONE coalesce(p.zones[1], v_zone) AS at) AS l
                LEFT JOIN app.outcome_code o ON o.code = c.outcome
                GROUP BY 1, 2
            ) AS h
        ),
        'coordinators', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'person_id', p.id, 'name', p.name,
                'now', CASE
                    WHEN w.id IS NULL OR w.ended_at IS NOT NULL OR w.last_seen < v_now - interval '2 minutes'
                        THEN 'Signed out'
                    WHEN l.call_id IS NOT NULL THEN 'On a call'
                    WHEN u.id IS NOT NULL THEN 'Wrap-up'
                    ELSE initcap(w.status) END,
                'since', coalesce(lc.requested_at, u.ended_at, w.status_since),
                'calls', coalesce(s.calls, 0), 'reached', coalesce(s.reached, 0),
                'booked', coalesce(s.booked, 0), 'talk_seconds', coalesce(s.talk, 0),
                'wrap_seconds', coalesce(s.wrap, 0)) ORDER BY p.name), '[]')
            FROM app.person p
            LEFT JOIN LATERAL (SELECT x.* FROM app.work_session x WHERE x.person_id = p.id
                ORDER BY x.started_at DESC LIMIT 1) w ON true
            LEFT JOIN app.live_call l ON l.person_id = p.id
            LEFT JOIN app.call lc ON lc.id = l.call_id
            LEFT JOIN LATERAL (SELECT x.id, x.ended_at FROM app.call x
                WHERE x.person_id = p.id AND x.outcome IS NULL AND x.state = 'ended'
                ORDER BY x.id DESC LIMIT 1) u ON true
            LEFT JOIN LATERAL (
                SELECT count(*) AS calls, count(*) FILTER (WHERE o.contact) AS reached,
                    count(*) FILTER (WHERE c.outcome = 'BOOKED') AS booked,
                    sum(extract(epoch FROM c.ended_at - c.answered_at))::integer AS talk,
                    avg(extract(epoch FROM greatest(c.outcome_at, c.ended_at) - c.ended_at))::integer AS wrap
                FROM app.board_calls(v_midnight, v_now + interval '1 minute') c
                LEFT JOIN app.outcome_code o ON o.code = c.outcome
                WHERE c.person_id = p.id
            ) s ON true
            WHERE p.role = 'coordinator' AND p.active
        ),
        'funnels', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(k.name, jsonb_build_array(
                jsonb_build_object('name', 'On the list', 'count', f.listed),
                jsonb_build_object('name', 'Called', 'count', f.called),
                jsonb_build_object('name', 'Reached', 'count', f.reached),
                jsonb_build_object('name', 'Booked', 'count', f.booked),
                jsonb_build_object('name', 'Seen', 'count', f.seen)
            )) ORDER BY k.name), '[]')
            FROM app.campaign k
            CROSS JOIN LATERAL (
                SELECT count(*) AS listed,
                    count(*) FILTER (WHERE x.calls > 0) AS called,
                    count(*) FILTER (WHERE x.reached) AS reached,
                    count(*) FILTER (WHERE x.booked) AS booked,
                    count(*) FILTER (WHERE x.seen) AS seen
                FROM (
                    SELECT e.id, count(c.id) AS calls,
                        coalesce(bool_or(o.contact), false) AS reached,
                        coalesce(bool_or(c.outcome = 'BOOKED'), false) AS booked,
                        EXISTS (SELECT 1 FROM app.appointment a
                            JOIN app.call b ON b.id = a.call_id
                            WHERE b.entry_id = e.id AND a.status = 'fulfilled') AS seen
                    FROM app.queue_entry e
                    LEFT JOIN app.call c ON c.entry_id = e.id
                    LEFT JOIN app.outcome_code o ON o.code = c.outcome
                    WHERE e.campaign_id = k.id GROUP BY e.id
                ) AS x
            ) AS f
            WHERE k.status IN ('running', 'paused')
        )
    );
END
$$;
