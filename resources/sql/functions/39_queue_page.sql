-- The page of the queue: what is next, by name for the first few, and why nobody can be called.

-- The top of each lane that a page may begin with, p_limit of a lane: whatever the queue's length, some
-- hundreds of rows, which the page puts in order. Of those that wait and are due, the ones that the
-- next claim lets back in (app.claim_best).
CREATE OR REPLACE FUNCTION app.queue_top(
    p_campaigns uuid[], p_tried boolean[], p_now timestamptz, p_limit integer
) RETURNS SETOF app.queue_entry
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.* FROM app.queue_entry e
    WHERE e.state = 'claimed' AND e.campaign_id = ANY (p_campaigns) AND (e.attempts > 0) = ANY (p_tried)
    UNION ALL
    (SELECT e.* FROM app.queue_entry e
     WHERE e.state = 'callback' AND e.campaign_id = ANY (p_campaigns) AND (e.attempts > 0) = ANY (p_tried)
     ORDER BY e.due_at, e.score DESC, e.id LIMIT p_limit)
    UNION ALL
    (SELECT e.* FROM app.queue_entry e
     WHERE e.state = 'waiting' AND e.due_at <= p_now
        AND e.campaign_id = ANY (p_campaigns) AND (e.attempts > 0) = ANY (p_tried)
     ORDER BY e.due_at LIMIT p_limit)
    UNION ALL
    SELECT t.* FROM unnest(p_campaigns) AS c (id), unnest(p_tried) AS l (tried),
        (VALUES ('ready'), ('waiting')) AS s (state),
        LATERAL (
            SELECT e.* FROM app.queue_entry e
            WHERE e.campaign_id = c.id AND e.state = s.state AND e.state <> 'closed'
                AND (e.attempts > 0) = l.tried AND (s.state = 'ready' OR e.due_at > p_now)
            ORDER BY e.score DESC, e.id LIMIT p_limit) AS t
$$;

-- The entries of patients whose name fits what was typed: those that a list has shown to p_me within
-- the hour; who oversees finds all.
CREATE OR REPLACE FUNCTION app.queue_named(
    p_me app.person, p_campaigns uuid[], p_tried boolean[], p_find text
) RETURNS SETOF app.queue_entry
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.* FROM app.patient p
    JOIN app.queue_entry e ON e.patient_id = p.id
    WHERE (p_me.role <> 'coordinator' OR p.id = ANY (ARRAY(
            SELECT s.patient_id FROM app.seen s
            WHERE s.person_id = p_me.id AND s.at > clock_timestamp() - interval '1 hour')))
        AND starts_with(lower(p.given || ' ' || left(p.family, 1)), p_find)
        AND e.state IN ('ready', 'waiting', 'callback', 'claimed')
        AND e.campaign_id = ANY (p_campaigns) AND (e.attempts > 0) = ANY (p_tried)
$$;

CREATE OR REPLACE FUNCTION app.queue_counts(p_campaigns uuid[], p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('all', l.fresh + l.tried, 'new', l.fresh, 'retry', l.tried, 'due', (
        SELECT count(*) FROM app.queue_entry e
        WHERE e.state = 'callback' AND e.due_at <= p_now AND e.campaign_id = ANY (p_campaigns)))
    FROM (
        SELECT count(*) FILTER (WHERE e.attempts = 0) AS fresh, count(*) FILTER (WHERE e.attempts > 0) AS tried
        FROM app.queue_entry e
        WHERE e.state IN ('ready', 'waiting', 'callback', 'claimed')
            AND e.campaign_id = ANY (p_campaigns)
    ) AS l
$$;

CREATE OR REPLACE FUNCTION app.queue_page(
    p_me app.person, p_filter text, p_find text, p_limit integer
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_practice app.practice;
    v_find text := lower(trim(coalesce(p_find, '')));
    v_limit integer := least(greatest(coalesce(p_limit, 100), 1), 200);
    v_campaigns uuid[] := ARRAY(SELECT c.id FROM app.campaign c
        WHERE c.status = 'running' AND app.shows_campaign(c, p_me));
    v_tried boolean[] := CASE p_filter WHEN 'new' THEN '{f}' WHEN 'retry' THEN '{t}' ELSE '{f,t}' END;
    v_entries app.queue_entry[];
    v_named uuid[];
    v_rows jsonb;
    v_callable boolean;
    v_closed jsonb;
BEGIN
    SELECT x.* INTO v_practice FROM app.practice x;
    IF p_filter NOT IN ('all', 'due', 'new', 'retry') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "filter"}');
    END IF;
    IF v_find = '' THEN
        v_entries := ARRAY(SELECT t FROM app.queue_top(v_campaigns, v_tried, v_now, v_limit) AS t);
    ELSE
        v_entries := ARRAY(SELECT t FROM app.queue_named(p_me, v_campaigns, v_tried, v_find) AS t);
    END IF;
    v_entries := ARRAY(
        SELECT e FROM unnest(v_entries) AS e
        WHERE p_filter IS DISTINCT FROM 'due' OR e.state = 'callback' AND e.due_at <= v_now
        ORDER BY CASE
                WHEN e.holder = p_me.id THEN 0
                WHEN e.state = 'callback' AND e.due_at <= v_now THEN 1
                WHEN e.state = 'ready' OR (e.state = 'claimed' AND e.lease_until <= v_now)
                    OR (e.state = 'waiting' AND e.due_at <= v_now) THEN 2
                WHEN e.state = 'claimed' THEN 3
                ELSE 4
            END, CASE WHEN e.state = 'callback' THEN e.due_at END, e.score DESC, e.id
        LIMIT v_limit);
    -- The next ones by name, the rest by reason: a list is no way to read the practice's patients.
    v_named := app.names_for(p_me, ARRAY(
        SELECT u.patient_id FROM unnest(v_entries) WITH ORDINALITY AS u ORDER BY u.ordinality
        LIMIT CASE WHEN p_me.role = 'coordinator' THEN 20 ELSE 200 END));

    SELECT coalesce(jsonb_agg(
            app.preview_row(x.entry, p_me, v_now, x.gate, (x.entry).patient_id = ANY (v_named))
            ORDER BY x.n), '[]'),
        coalesce(bool_or(x.gate IS NULL), false)
    INTO v_rows, v_callable
    FROM (
        SELECT y.entry, y.n, CASE
            WHEN (y.entry).state = 'waiting' AND (y.entry).due_at > v_now THEN jsonb_build_object(
                'name', 'quiet', 'sentence', 'The next attempt is planned for later.',
                'opens_at', (y.entry).due_at)
            WHEN (y.entry).state = 'callback' AND (y.entry).due_at > v_now THEN jsonb_build_object(
                'name', 'callback', 'sentence', 'The patient asked for a call later.',
                'opens_at', (y.entry).due_at)
            ELSE app.first_refusal(app.gate(y.entry, NULL, v_now, p_me))
        END AS gate
        FROM (
            SELECT e AS entry, row_number() OVER () AS n FROM unnest(v_entries) AS e
        ) AS y
    ) AS x;

    -- Of the whole queue: that nobody fits a filter does not close it.
    IF NOT v_callable AND p_filter = 'all' AND v_find = '' THEN
        v_closed := app.closed_reason(p_me, v_now);
    END IF;
    RETURN jsonb_build_object(
        'now', v_now, 'rows', v_rows, 'counts', app.queue_counts(v_campaigns, v_now), 'closed', v_closed,
        'calls_today', app.calls_today(p_me.id, v_now), 'daily_goal', v_practice.daily_goal
    );
END
$$;

CREATE OR REPLACE FUNCTION app.calls_today(p_person uuid, p_now timestamptz) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) FROM app.call c
    WHERE c.person_id = p_person AND c.id >= (
        SELECT app.uuid7_floor(app.day_begins(app.practice_day(p_now))))
$$;

-- Why this person can call nobody now, and when that opens.
CREATE OR REPLACE FUNCTION app.closed_reason(p_me app.person, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_problem text;
    v_groups text[];
    v_opens timestamptz;
BEGIN
    -- '' comes first: a campaign that is theirs.
    SELECT min(app.campaign_problem(c, p_me, app.practice_day(p_now))) INTO v_problem
    FROM app.campaign c WHERE c.status = 'running';
    IF v_problem IS NULL THEN
        RETURN jsonb_build_object('name', 'no_campaign',
            'sentence', 'The practice has no running campaign.', 'opens_at', NULL);
    ELSIF v_problem <> '' THEN
        RETURN jsonb_build_object('name', 'assignment', 'sentence', v_problem, 'opens_at', NULL);
    END IF;
    v_groups := ARRAY(SELECT DISTINCT e.call_group FROM app.queue_entry e
        WHERE e.state IN ('ready', 'callback', 'waiting'));
    IF cardinality(v_groups) = 0 THEN
        RETURN jsonb_build_object('name', 'empty',
            'sentence', 'Every patient of the running campaigns is done or with somebody.',
            'opens_at', NULL);
    END IF;
    SELECT min(lower(r)) INTO v_opens
    FROM unnest(v_groups) AS g, unnest(app.group_hours(g, p_now, p_now + interval '5 days')) AS r;
    IF v_opens > p_now THEN
        RETURN jsonb_build_object('name', 'hours',
            'sentence', 'It is outside calling hours for every patient in the queue.',
            'opens_at', v_opens);
    END IF;
    RETURN jsonb_build_object('name', 'quiet',
        'sentence', 'Nobody may be called right now: the patients left have been tried and wait for their next attempt.',
        'opens_at', (SELECT min(e.due_at) FROM app.queue_entry e
            WHERE e.state IN ('waiting', 'callback') AND e.due_at > p_now));
END
$$;

CREATE OR REPLACE FUNCTION api.queue(p_filter text, p_find text, p_limit integer) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.queue_page(app.coordinator(), p_filter, p_find, p_limit)
$$;
