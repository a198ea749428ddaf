-- Rules as dated rows: which number was in force on a day, and that no row is rewritten.

-- The number of a rule on a day of the practice, or of today; of a state where it has its own.
CREATE OR REPLACE FUNCTION app.rule_number(
    p_kind text, p_now timestamptz DEFAULT NULL, p_states text[] DEFAULT '{}'
) RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_day date;
    v_number integer;
BEGIN
    SELECT (coalesce(p_now, app.now()) AT TIME ZONE p.zone)::date INTO v_day FROM app.practice p;
    v_day := coalesce(v_day, current_date);
    -- The strictest of the states; all kinds are limits, so the smallest number.
    SELECT min(r.number) INTO v_number FROM app.rule r
    WHERE r.kind = p_kind AND r.effective @> v_day AND r.jurisdiction = ANY (p_states);
    IF v_number IS NULL THEN
        SELECT r.number INTO v_number FROM app.rule r
        WHERE r.kind = p_kind AND r.effective @> v_day AND r.jurisdiction = '*';
    END IF;
    IF v_number IS NULL THEN
        RAISE EXCEPTION 'no rule % on %', p_kind, v_day;
    END IF;
    RETURN v_number;
END
$$;

-- All numbers in force on a day that are not a state's own: {kind: number}.
CREATE OR REPLACE FUNCTION app.rules_on(p_day date) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(r.kind, r.number) FROM app.rule r
    WHERE r.jurisdiction = '*' AND r.effective @> p_day
$$;

-- The pack in force at a moment: the newest that was loaded by then and had begun.
CREATE OR REPLACE FUNCTION app.rule_version(p_now timestamptz) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.version FROM app.rule_pack r
    WHERE r.effective_from <= app.practice_day(p_now)
    ORDER BY r.effective_from DESC, r.version DESC LIMIT 1
$$;

-- Of all rule rows, in an order of their own: a row that was changed behind the loader's back shows.
CREATE OR REPLACE FUNCTION app.rule_content_hash() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(
        coalesce((SELECT string_agg(to_jsonb(r)::text, E'\n' ORDER BY r.id) FROM app.rule r), '')
        || coalesce((SELECT string_agg(to_jsonb(c)::text, E'\n' ORDER BY c.id) FROM app.calling_rule c), '')
        || coalesce((SELECT string_agg(to_jsonb(h)::text, E'\n' ORDER BY h.jurisdiction, h.day)
            FROM app.holiday h), ''), 'UTF8')), 'hex')
$$;

-- A rule row says what was law on its days. It may be given an end that is not yet past; it is
-- never rewritten, never deleted, and no new one begins in the past.
CREATE OR REPLACE FUNCTION app.guard_rule() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_today date := app.practice_day(app.now());
BEGIN
    IF v_today IS NULL THEN
        RETURN new;  -- before there is a practice: the pack that is installed
    END IF;
    IF tg_op = 'INSERT' THEN
        IF lower(new.effective) < v_today THEN
            RAISE EXCEPTION USING ERRCODE = 'QC092', MESSAGE = 'rule_in_the_past';
        END IF;
    ELSIF to_jsonb(new) - 'effective' <> to_jsonb(old) - 'effective'
        OR upper(old.effective) <= v_today
        -- Taken back before it ever was in force; otherwise an end from today on.
        OR isempty(new.effective) AND lower(old.effective) < v_today
        OR NOT isempty(new.effective) AND (lower(new.effective) <> lower(old.effective)
            OR upper(new.effective) IS NULL OR upper(new.effective) < v_today) THEN
        RAISE EXCEPTION USING ERRCODE = 'QC092', MESSAGE = 'rule_is_history';
    END IF;
    RETURN new;
END
$$;

-- Close the number in force and add another from a day on (today at the earliest); the same for
-- one state. Only ever called by the practice's owner login (coordinator-admin).
CREATE OR REPLACE FUNCTION app.set_rule(
    p_kind text, p_jurisdiction text, p_number integer, p_from date, p_citation text
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_id text := concat_ws('.', upper(p_kind), nullif(p_jurisdiction, '*'), p_from);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.rule r WHERE r.kind = p_kind) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "rule"}');
    ELSIF p_jurisdiction <> '*' AND p_kind <> ALL ('{cap_day,cap_week,cap_24h,cap_callback,'
        'contact_budget_week,dnc_scrub_days,ebr_months,recording_one_party,'
        'recording_notice_recorded}'::text[]) THEN
        -- Only the gate and recording ask where somebody is: another would never hold, and nobody
        -- would know.
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'jurisdiction', 'sentence',
            p_kind || ' holds everywhere; no state has its own.'));
    END IF;
    -- What would begin later is replaced by this one, too.
    UPDATE app.rule r SET effective = CASE WHEN lower(r.effective) >= p_from THEN 'empty'::daterange
        ELSE daterange(lower(r.effective), p_from) END
    WHERE r.kind = p_kind AND r.jurisdiction = p_jurisdiction
        AND NOT isempty(r.effective) AND (upper(r.effective) IS NULL OR upper(r.effective) > p_from);
    INSERT INTO app.rule (id, kind, jurisdiction, effective, number, confidence, citation)
    SELECT v_id || CASE WHEN count(*) > 0 THEN '.' || count(*) + 1 ELSE '' END,
        p_kind, p_jurisdiction, daterange(p_from, NULL), p_number, 'P', p_citation
    FROM app.rule r WHERE r.id = v_id OR r.id LIKE v_id || '.%';
    PERFORM app.seal_rules('rule ' || p_kind || ' is ' || p_number || ' from ' || p_from);
END
$$;

-- Whether a part of a week is none, or from one time to a later one within what the federal rule
-- allows (47 CFR 64.1200(c)(1)). A part without an end would never close.
CREATE OR REPLACE FUNCTION app.are_hours(p_part jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN coalesce(jsonb_typeof(p_part), 'null') = 'null' THEN true
        WHEN jsonb_typeof(p_part) <> 'array' OR jsonb_array_length(p_part) <> 2 THEN false
        ELSE coalesce((p_part ->> 0)::time >= '08:00' AND (p_part ->> 1)::time <= '21:00'
            AND (p_part ->> 0)::time < (p_part ->> 1)::time, false)
    END
$$;

-- The same for the calling hours of a state ('*': where the state is not known). Times as text; NULL:
-- no calls on those days. Of its cap and its holidays what is not said stays as it was.
CREATE OR REPLACE FUNCTION app.set_hours(p_hours jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text := p_hours ->> 'jurisdiction';
    v_from date := (p_hours ->> 'from')::date;
    v_id text := 'STATE.' || v_state || '.HOURS.' || v_from;
    v_before app.calling_rule;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.calling_rule r WHERE r.jurisdiction = v_state) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "jurisdiction"}');
    ELSIF NOT (app.are_hours(p_hours -> 'mon_fri') AND app.are_hours(p_hours -> 'sat')
        AND app.are_hours(p_hours -> 'sun')) THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'hours', 'sentence',
            'Hours of ' || v_state || ' are two times, the first earlier, from 08:00 to 21:00 at the most; '
                || 'or null for no calls.'));
    END IF;
    SELECT r.* INTO v_before FROM app.calling_rule r
    WHERE r.jurisdiction = v_state AND r.effective @> v_from;
    UPDATE app.calling_rule r SET effective = CASE WHEN lower(r.effective) >= v_from THEN 'empty'::daterange
        ELSE daterange(lower(r.effective), v_from) END
    WHERE r.jurisdiction = v_state AND NOT isempty(r.effective)
        AND (upper(r.effective) IS NULL OR upper(r.effective) > v_from);
    INSERT INTO app.calling_rule (
        id, jurisdiction, effective, mon_fri_start, mon_fri_end, sat_start, sat_end, sun_start, sun_end,
        on_holidays, cap_24h, confidence, citation
    )
    SELECT v_id || CASE WHEN count(*) > 0 THEN '.' || count(*) + 1 ELSE '' END, v_state, daterange(v_from, NULL),
        (p_hours -> 'mon_fri' ->> 0)::time, (p_hours -> 'mon_fri' ->> 1)::time,
        (p_hours -> 'sat' ->> 0)::time, (p_hours -> 'sat' ->> 1)::time,
        (p_hours -> 'sun' ->> 0)::time, (p_hours -> 'sun' ->> 1)::time,
        coalesce((p_hours ->> 'on_holidays')::boolean, v_before.on_holidays, true),
        CASE WHEN p_hours ? 'cap_24h' THEN (p_hours ->> 'cap_24h')::integer ELSE v_before.cap_24h END,
        coalesce(p_hours ->> 'confidence', 'M'), p_hours ->> 'citation'
    FROM app.calling_rule r WHERE r.id = v_id OR r.id LIKE v_id || '.%';
END
$$;

-- Write down that the rows are those of a new pack.
CREATE OR REPLACE FUNCTION app.seal_rules(p_note text) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_today date := coalesce(app.practice_day(app.now()), current_date);
    v_hash text := app.rule_content_hash();
    v_version text;
BEGIN
    SELECT r.version INTO v_version FROM app.rule_pack r
    WHERE r.content_hash = v_hash ORDER BY r.effective_from DESC, r.loaded_at DESC LIMIT 1;
    IF FOUND THEN
        RETURN v_version;
    END IF;
    SELECT v_today || '.' || to_char(count(*) + 1, 'FM000') INTO v_version
    FROM app.rule_pack r WHERE r.effective_from = v_today;
    INSERT INTO app.rule_pack (version, effective_from, note, content_hash)
    VALUES (v_version, v_today, left(p_note, 400), v_hash);
    RETURN v_version;
END
$$;

DROP TRIGGER IF EXISTS guard ON app.rule;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.rule
FOR EACH ROW EXECUTE FUNCTION app.guard_rule();
DROP TRIGGER IF EXISTS guard ON app.calling_rule;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.calling_rule
FOR EACH ROW EXECUTE FUNCTION app.guard_rule();
