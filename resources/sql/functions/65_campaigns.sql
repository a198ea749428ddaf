-- Who is wanted back. The rule of a campaign is a closed vocabulary, never SQL:
--   months_inactive_min, months_inactive_max, age_min, age_max: integers
--   care_gap: true (an open care gap is required); missed_only: true (no-shows or cancellations)
--   paying_only: true (design/database.md, "Paying")
-- Only ever called by the practice's owner login (coordinator-admin), not by people.

CREATE OR REPLACE FUNCTION app.is_paying(p_patient uuid, p_today date) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
            SELECT 1 FROM app.coverage c
            WHERE c.patient_id = p_patient AND c.payer_class IN ('commercial', 'medicare')
                AND coalesce(c.starts_on, p_today) <= p_today AND coalesce(c.ends_on, p_today) >= p_today)
        AND EXISTS (
            SELECT 1 FROM app.account_balance b, app.practice p
            WHERE b.patient_id = p_patient AND NOT b.bad_debt
                AND b.over_90_cents <= p.balance_limit_cents
                AND b.last_payment_on >= p_today - interval '36 months')
$$;

-- The score with its parts. Clinical risk outranks money: a paying patient gains 8 at most,
-- a care gap 15 each.
CREATE OR REPLACE FUNCTION app.score_parts(p_patient app.patient, p_today date) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'base', 20,
        'inactive', least(24, coalesce(app.months_since(p_patient.last_visit, p_today), 12)),
        'care_gaps', least(30, 15 * (SELECT count(*) FROM app.care_gap g
            WHERE g.patient_id = p_patient.id AND g.closed_on IS NULL AND g.due_on < p_today)),
        'age', CASE WHEN age(p_today, p_patient.birth_date) >= interval '65 years' THEN 8 END,
        'missed', least(10, 4 * p_patient.no_shows + 2 * p_patient.cancellations),
        'paying', CASE WHEN app.is_paying(p_patient.id, p_today) THEN 8 END
    ))
$$;

CREATE OR REPLACE FUNCTION app.reason_words(p_patient app.patient, p_today date) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' · ',
        CASE
            WHEN p_patient.last_visit IS NULL THEN 'No visit yet'
            ELSE 'No visit ' || app.months_since(p_patient.last_visit, p_today) || ' mo'
        END,
        CASE WHEN p_patient.no_shows > 1 THEN 'No-show ×' || p_patient.no_shows
            WHEN p_patient.no_shows = 1 THEN 'No-show'
            WHEN p_patient.cancellations > 1 THEN 'Cancelled ×' || p_patient.cancellations
            WHEN p_patient.cancellations = 1 THEN 'Cancelled' END,
        (SELECT g.name || CASE WHEN g.due_on < p_today - 30
                THEN ' overdue ' || app.months_since(g.due_on, p_today) || ' mo' ELSE ' due' END
         FROM app.care_gap g
         WHERE g.patient_id = p_patient.id AND g.closed_on IS NULL ORDER BY g.due_on LIMIT 1))
$$;

-- Who fits a rule today (a dry run counts these).
CREATE OR REPLACE FUNCTION app.campaign_members(p_rule jsonb, p_now timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.id
    FROM app.patient p
    CROSS JOIN (SELECT (p_now AT TIME ZONE pr.zone)::date AS today FROM app.practice pr) AS t
    WHERE NOT p.deceased AND p.state = 'active'
        AND app.next_visit(p, p_now) IS NULL
        AND EXISTS (SELECT 1 FROM app.patient_telecom t WHERE t.patient_id = p.id AND t.quality = 'ok')
        AND (p_rule ->> 'months_inactive_min' IS NULL OR p.last_visit
            <= t.today - make_interval(months => (p_rule ->> 'months_inactive_min')::integer))
        AND (p_rule ->> 'months_inactive_max' IS NULL OR p.last_visit
            > t.today - make_interval(months => (p_rule ->> 'months_inactive_max')::integer))
        AND (p_rule ->> 'age_min' IS NULL OR p.birth_date
            <= t.today - make_interval(years => (p_rule ->> 'age_min')::integer))
        AND (p_rule ->> 'age_max' IS NULL OR p.birth_date
            > t.today - make_interval(years => (p_rule ->> 'age_max')::integer + 1))
        AND (NOT coalesce((p_rule ->> 'care_gap')::boolean, false) OR EXISTS (
            SELECT 1 FROM app.care_gap g WHERE g.patient_id = p.id AND g.closed_on IS NULL AND g.due_on <= t.today))
        AND (NOT coalesce((p_rule ->> 'missed_only')::boolean, false)
            OR p.no_shows + p.cancellations > 0)
        AND (NOT coalesce((p_rule ->> 'paying_only')::boolean, false)
            OR app.is_paying(p.id, t.today));
$$;

-- Bring the queue of a campaign up to its rule: adds who fits, refreshes score and words of
-- those not yet worked, closes those who came back by themselves. Gives the counts.
CREATE OR REPLACE FUNCTION app.campaign_refresh(p_campaign uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_today date;
    v_campaign app.campaign;
    v_added integer;
    v_refreshed integer;
    v_closed integer;
BEGIN
    SELECT c.* INTO v_campaign FROM app.campaign c WHERE c.id = p_campaign FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "campaign"}');
    END IF;
    v_today := (v_now AT TIME ZONE (SELECT p.zone FROM app.practice p))::date;

    INSERT INTO app.queue_entry (campaign_id, patient_id, score, reason, parts, call_group)
    SELECT p_campaign, p.id,
        (SELECT least(100, sum(x.value::integer)) FROM jsonb_each_text(s.parts) x),
        app.reason_words(p, v_today), s.parts, app.entry_group(p.id)
    FROM app.campaign_members(v_campaign.rule, v_now) m (patient_id)
    JOIN app.patient p ON p.id = m.patient_id
    CROSS JOIN LATERAL (SELECT app.score_parts(p, v_today) AS parts) AS s
    ON CONFLICT (patient_id, campaign_id) DO NOTHING;
    GET DIAGNOSTICS v_added = ROW_COUNT;

    -- What somebody is busy with is left alone: nobody waits for a refresh, nor it for them.
    WITH n AS MATERIALIZED (
        SELECT q.id, app.reason_words(p, v_today) AS reason, s.parts,
            (SELECT least(100, sum(x.value::integer)) FROM jsonb_each_text(s.parts) x) AS score,
            app.entry_group(p.id) AS call_group
        FROM app.queue_entry q
        JOIN app.patient p ON p.id = q.patient_id
        CROSS JOIN LATERAL (SELECT app.score_parts(p, v_today) AS parts) AS s
        WHERE q.campaign_id = p_campaign AND q.state IN ('ready', 'waiting', 'callback')
        FOR UPDATE OF q SKIP LOCKED
    )
    UPDATE app.queue_entry e
    SET score = n.score, reason = n.reason, parts = n.parts, call_group = n.call_group
    FROM n
    WHERE e.id = n.id AND (e.score, e.reason, e.call_group)
        IS DISTINCT FROM (n.score, n.reason, n.call_group);
    GET DIAGNOSTICS v_refreshed = ROW_COUNT;

    UPDATE app.queue_entry e
    SET state = 'closed', closed_reason = 'came_back', closed_at = v_now, due_at = NULL
    WHERE e.id = ANY (ARRAY(
        SELECT q.id FROM app.queue_entry q JOIN app.patient p ON p.id = q.patient_id
        WHERE q.campaign_id = p_campaign AND q.state IN ('ready', 'waiting')
            AND (app.next_visit(p, v_now) IS NOT NULL OR p.deceased OR p.state <> 'active')
        FOR UPDATE OF q SKIP LOCKED
    ));
    GET DIAGNOSTICS v_closed = ROW_COUNT;

    UPDATE app.campaign c SET refreshed_at = v_now WHERE c.id = p_campaign;
    PERFORM app.hint('queue');
    RETURN jsonb_build_object('added', v_added, 'refreshed', v_refreshed, 'closed', v_closed);
END
$$;
