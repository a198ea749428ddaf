-- How long what is kept (45 CFR 164.316(b)(2)(i), 164.530(j)), and the only way in which rows go.

-- Rows are deleted by app.purge, which says so in the audit, or not at all.
CREATE OR REPLACE FUNCTION app.only_purge() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.purge_run r WHERE r.xact = pg_current_xact_id()) THEN
        RAISE EXCEPTION '% is append-only', tg_table_name USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END
$$;

-- Each row knows its own age. Arguments: the class, the column that must be set (an open incident
-- has no age yet), and others; the newest counts.
CREATE OR REPLACE FUNCTION app.keep_row() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row jsonb := to_jsonb(old);
    v_years integer := (SELECT c.years FROM app.retention_class c WHERE c.class = tg_argv[0]);
    v_from timestamptz;
    v_column text;
BEGIN
    IF tg_table_name = 'incident_assessment' THEN
        SELECT v_row || jsonb_build_object('closed_at', i.closed_at) INTO v_row
        FROM app.incident i WHERE i.id = (v_row ->> 'incident_id')::uuid;
    END IF;
    v_from := (v_row ->> tg_argv[1])::timestamptz;
    IF v_from IS NOT NULL THEN
        FOREACH v_column IN ARRAY tg_argv LOOP
            IF v_column <> tg_argv[0] THEN
                v_from := greatest(v_from, (v_row ->> v_column)::timestamptz);
            END IF;
        END LOOP;
    END IF;
    IF v_from IS NULL OR v_years IS NULL OR v_from > app.now() - make_interval(years => v_years) THEN
        PERFORM app.fail('QC093', 'kept_by_law', jsonb_build_object('class', tg_argv[0], 'years', v_years));
    END IF;
    RETURN old;
END
$$;

-- Calls that are over and have nothing younger or unfinished hanging on them.
CREATE OR REPLACE FUNCTION app.old_calls(p_before timestamptz) RETURNS uuid[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(c.id), '{}') FROM app.call c
    WHERE c.id < app.uuid7_floor(p_before) AND c.state = 'ended'
        AND greatest(c.requested_at, c.ended_at, c.outcome_at) < p_before
        AND NOT EXISTS (SELECT 1 FROM app.incident i WHERE i.call_id = c.id)
        AND NOT EXISTS (SELECT 1 FROM app.disclosure d WHERE d.call_id = c.id)
        AND NOT EXISTS (SELECT 1 FROM app.call_event e
            WHERE e.call_id = c.id AND greatest(e.at, e.written_at) >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.call_outcome o
            WHERE o.call_id = c.id AND o.recorded_at >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.call_command x
            WHERE x.call_id = c.id AND greatest(x.requested_at, x.taken_at) >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.outcome_amendment a WHERE a.call_id = c.id AND a.at >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.call_monitor m
            WHERE m.call_id = c.id AND coalesce(m.ended_at, 'infinity') >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.call_help h
            WHERE h.call_id = c.id AND greatest(h.asked_at, h.answered_at, h.cleared_at) >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.recording_consent n WHERE n.call_id = c.id AND n.at >= p_before)
        AND NOT EXISTS (SELECT 1 FROM app.recording r WHERE r.call_id = c.id
            AND (r.state NOT IN ('discarded', 'failed') OR greatest(r.asked_at, r.settled_at) >= p_before
                OR EXISTS (SELECT 1 FROM app.recording_playback l
                    WHERE l.recording_id = r.id AND greatest(l.asked_at, l.opened_at) >= p_before)))
$$;

CREATE OR REPLACE FUNCTION app.purge_calls(p_before timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_calls uuid[] := app.old_calls(p_before);
    v_removed jsonb := '{}';
    v_n bigint;
BEGIN
    DELETE FROM app.outcome_amendment a WHERE a.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('outcome_amendment', v_n);
    DELETE FROM app.call_outcome o WHERE o.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call_outcome', v_n);
    DELETE FROM app.call_event e WHERE e.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call_event', v_n);
    DELETE FROM app.call_command x WHERE x.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call_command', v_n);
    DELETE FROM app.call_monitor m WHERE m.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call_monitor', v_n);
    DELETE FROM app.call_help h WHERE h.call_id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call_help', v_n);
    DELETE FROM app.recording_playback l USING app.recording r
    WHERE l.recording_id = r.id AND r.call_id = ANY (v_calls);
    v_removed := v_removed || jsonb_build_object('recording_playback', v_n);
    DELETE FROM app.recording r WHERE r.call_id = ANY (v_calls);
    v_removed := v_removed || jsonb_build_object('recording', v_n);
    DELETE FROM app.recording_consent n WHERE n.call_id = ANY (v_calls);
    v_removed := v_removed || jsonb_build_object('recording_consent', v_n);
    DELETE FROM app.call c WHERE c.id = ANY (v_calls);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('call', v_n);
    DELETE FROM app.return_call_match m WHERE m.return_id IN (
        SELECT r.id FROM app.return_call r WHERE r.closed_at < p_before AND r.at < p_before);
    DELETE FROM app.return_call r WHERE r.closed_at < p_before AND r.at < p_before;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('return_call', v_n);
    DELETE FROM app.dial_refusal r WHERE r.id < app.uuid7_floor(p_before) AND r.at < p_before;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN v_removed || jsonb_build_object('dial_refusal', v_n);
END
$$;

CREATE OR REPLACE FUNCTION app.purge_access(p_before timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_removed jsonb := '{}';
    v_n bigint;
BEGIN
    DELETE FROM app.work_session w WHERE greatest(w.ended_at, w.last_seen) < p_before AND w.ended_at IS NOT NULL;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('work_session', v_n);
    DELETE FROM app.op o WHERE o.at < p_before;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('op', v_n);
    DELETE FROM app.seen s WHERE s.at < p_before;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('seen', v_n);
    DELETE FROM app.alert a WHERE greatest(a.at, a.seen_at) < p_before AND a.seen_at IS NOT NULL;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('alert', v_n);
    DELETE FROM app.break_glass g
    WHERE greatest(g.at, g.until, g.reviewed_at) < p_before AND g.reviewed_at IS NOT NULL;
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN v_removed || jsonb_build_object('break_glass', v_n);
END
$$;

CREATE OR REPLACE FUNCTION app.purge_privacy(p_before timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_incidents uuid[];
    v_removed jsonb := '{}';
    v_n bigint;
BEGIN
    -- What a younger row corrects stays with it.
    WITH RECURSIVE kept (id, corrects) AS (
        SELECT d.id, d.corrects FROM app.disclosure d WHERE greatest(d.at, d.recorded_at) >= p_before
        UNION
        SELECT d.id, d.corrects FROM app.disclosure d JOIN kept k ON k.corrects = d.id
    )
    DELETE FROM app.disclosure d WHERE NOT EXISTS (SELECT 1 FROM kept k WHERE k.id = d.id);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('disclosure', v_n);
    SELECT coalesce(array_agg(i.id), '{}') INTO v_incidents FROM app.incident i
    WHERE i.closed_at < p_before
        AND NOT EXISTS (SELECT 1 FROM app.disclosure d WHERE d.incident_id = i.id);
    DELETE FROM app.incident_assessment a WHERE a.incident_id = ANY (v_incidents);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_removed := v_removed || jsonb_build_object('incident_assessment', v_n);
    DELETE FROM app.incident i WHERE i.id = ANY (v_incidents);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN v_removed || jsonb_build_object('incident', v_n);
END
$$;

-- Remove what is older than its class asks for, before p_before (a day of the practice). Only the
-- practice's owner login can call it (coordinator-admin purge); each row is asked for its age again.
CREATE OR REPLACE FUNCTION app.purge(p_class text, p_before date) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_class app.retention_class;
    v_latest date;
    v_before timestamptz := app.day_begins(p_before);
    v_removed jsonb;
    v_n bigint;
BEGIN
    SELECT c.* INTO v_class FROM app.retention_class c WHERE c.class = p_class;
    IF NOT FOUND OR p_before IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "class"}');
    END IF;
    v_latest := (app.practice_day(v_now) - make_interval(years => v_class.years))::date;
    IF p_before > v_latest THEN
        PERFORM app.fail('QC093', 'kept_by_law', jsonb_build_object(
            'class', v_class.class, 'years', v_class.years, 'latest', v_latest));
    END IF;
    INSERT INTO app.purge_run (id, at, login, class, before, xact)
    VALUES (app.uuid7(v_now), v_now, session_user, p_class, p_before, pg_current_xact_id());
    CASE p_class
        WHEN 'audit' THEN
            v_removed := jsonb_build_object('audit.event', audit.purge(v_before, v_class.years));
        WHEN 'calls' THEN v_removed := app.purge_calls(v_before);
        WHEN 'access' THEN v_removed := app.purge_access(v_before);
        WHEN 'privacy' THEN v_removed := app.purge_privacy(v_before);
        WHEN 'opt_out' THEN
            DELETE FROM app.suppression s WHERE s.received_at < v_before;
            GET DIAGNOSTICS v_n = ROW_COUNT;
            v_removed := jsonb_build_object('suppression', v_n);
    END CASE;
    PERFORM app.audit('purge', 'retention/' || p_class, NULL,
        jsonb_build_object('before', p_before, 'removed', v_removed));
    RETURN jsonb_build_object('class', p_class, 'before', p_before, 'years', v_class.years,
        'removed', v_removed);
END
$$;
