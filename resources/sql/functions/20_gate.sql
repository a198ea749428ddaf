-- The dial gate: may this person dial this patient's number now, and if not, which rule says
-- so and when it opens. The queue, the card and the dial itself ask the same function.
-- Order and content: compliance.md section 8.

-- Hours in which all candidate states and zones allow a call, between two moments.
-- Unknown state: the strictest row. Unknown zone: the practice's.
CREATE OR REPLACE FUNCTION app.open_hours(
    p_states text[], p_zones text[], p_from timestamptz, p_to timestamptz
) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_states text[] := CASE WHEN cardinality(p_states) = 0 THEN '{*}' ELSE p_states END;
    v_zones text[] := p_zones;
    v_open tstzmultirange := tstzmultirange(tstzrange(p_from, p_to));
    v_one tstzmultirange;
    v_state text;
    v_zone text;
BEGIN
    IF cardinality(v_zones) = 0 THEN
        v_zones := ARRAY[(SELECT p.zone FROM app.practice p)];
    END IF;
    FOREACH v_zone IN ARRAY v_zones LOOP
        FOREACH v_state IN ARRAY v_states LOOP
            SELECT range_agg(tstzrange(
                (d.day + w.starts) AT TIME ZONE v_zone,
                (d.day + w.ends) AT TIME ZONE v_zone
            )) INTO v_one
            FROM generate_series(
                (p_from AT TIME ZONE v_zone)::date::timestamp,
                (p_to AT TIME ZONE v_zone)::date::timestamp, interval '1 day'
            ) AS g (at)
            CROSS JOIN LATERAL (SELECT g.at::date AS day) AS d
            CROSS JOIN LATERAL (
                SELECT
                    CASE extract(isodow FROM d.day)
                        WHEN 7 THEN r.sun_start WHEN 6 THEN r.sat_start ELSE r.mon_fri_start
                    END AS starts,
                    CASE extract(isodow FROM d.day)
                        WHEN 7 THEN r.sun_end WHEN 6 THEN r.sat_end ELSE r.mon_fri_end
                    END AS ends,
                    r.on_holidays
                FROM app.calling_rule r
                WHERE r.effective @> d.day AND r.jurisdiction = coalesce(
                    (SELECT x.jurisdiction FROM app.calling_rule x
                     WHERE x.jurisdiction = v_state AND x.effective @> d.day), '*'
                )
            ) AS w
            WHERE w.starts IS NOT NULL
                AND (w.on_holidays OR NOT EXISTS (
                    SELECT 1 FROM app.holiday h
                    WHERE h.day = d.day AND h.jurisdiction IN ('US', v_state)
                ))
                AND NOT EXISTS (
                    SELECT 1 FROM app.blackout_date b
                    WHERE b.day = d.day AND b.jurisdiction IN ('*', v_state)
                );
            v_open := v_open * coalesce(v_one, '{}'::tstzmultirange);
        END LOOP;
    END LOOP;
    RETURN v_open;
END
$$;

-- "MA,RI|America/New_York": what decides the hours of a patient, as an index key.
CREATE OR REPLACE FUNCTION app.call_group(p_states text[], p_zones text[]) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT string_agg(DISTINCT s, ',' ORDER BY s) FROM unnest(p_states) s), '')
        || '|' || coalesce((SELECT string_agg(DISTINCT z, ',' ORDER BY z) FROM unnest(p_zones) z), '')
$$;

CREATE OR REPLACE FUNCTION app.group_hours(p_group text, p_from timestamptz, p_to timestamptz)
RETURNS tstzmultirange
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.open_hours(
        coalesce(string_to_array(nullif(split_part(p_group, '|', 1), ''), ','), '{}'),
        coalesce(string_to_array(nullif(split_part(p_group, '|', 2), ''), ','), '{}'),
        p_from, p_to
    )
$$;

CREATE OR REPLACE FUNCTION app.permission(p_patient uuid, p_channel text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.decision FROM app.contact_permission c
    WHERE c.patient_id = p_patient AND c.channel = p_channel
    ORDER BY c.recorded_at DESC, c.id DESC LIMIT 1
$$;

-- Whether an opt-out forbids to call this patient on this number. A row that names only a
-- number (a do-not-call list) holds for whoever has it, whatever its scope.
CREATE OR REPLACE FUNCTION app.suppressed(p_patient uuid, p_e164 text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(app.permission(p_patient, 'voice'), 'allow') <> 'allow'
        OR EXISTS (
            SELECT 1 FROM app.suppression s
            WHERE s.patient_id = p_patient AND s.scope IN ('calls', 'everything'))
        OR EXISTS (
            SELECT 1 FROM app.suppression s
            WHERE s.e164 = p_e164
                AND (s.scope = 'number' OR s.patient_id IS NULL OR s.patient_id = p_patient))
$$;

-- The patient asked for a call at this time: an open callback that is due.
CREATE OR REPLACE FUNCTION app.asked_for_now(p_entry app.queue_entry, p_now timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (p_entry.state = 'callback' OR coalesce(p_entry.back_state = 'callback', false))
        AND EXISTS (
            SELECT 1 FROM app.callback b
            WHERE b.entry_id = p_entry.id AND b.state = 'open'
                AND b.due_at <= p_now + interval '5 minutes')
$$;

-- Why a number is not to be dialled, in words; '' when it may be.
CREATE OR REPLACE FUNCTION app.phone_problem(p_phone app.patient_telecom) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_phone.quality = 'wrong' THEN 'Wrong number'
        WHEN p_phone.quality = 'failed' THEN 'Out of service'
        WHEN p_phone.quality = 'retired' THEN 'No longer in use'
        WHEN EXISTS (
            SELECT 1 FROM app.suppression s
            WHERE s.e164 = p_phone.e164 AND (s.scope = 'number' OR s.patient_id IS NULL)
        ) THEN 'Asked not to be called on this number'
        ELSE ''
    END
$$;

CREATE OR REPLACE FUNCTION app.best_phone(p_patient uuid) RETURNS app.patient_telecom
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.* FROM app.patient_telecom t
    WHERE t.patient_id = p_patient AND app.phone_problem(t) = ''
    ORDER BY t.preferred DESC, t.rank, t.id LIMIT 1
$$;

-- The patient's next visit, asked of the rows: the column on the patient is a rollup for lists
-- and goes stale when its day passes while a second visit is booked.
CREATE OR REPLACE FUNCTION app.next_visit(p_patient app.patient, p_now timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT least(
        (SELECT min(lower(a.span)) FROM app.appointment a
         WHERE a.patient_id = p_patient.id AND a.status IN ('booked', 'arrived')
            AND lower(a.span) > p_now),
        CASE WHEN p_patient.next_appointment > p_now THEN p_patient.next_appointment END,
        CASE WHEN p_patient.next_appointment_imported > p_now
            THEN p_patient.next_appointment_imported END)
$$;

-- Every check with its result, in order. p_phone NULL: the patient's best number.
CREATE OR REPLACE FUNCTION app.gate(
    p_entry app.queue_entry, p_phone app.patient_telecom, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_patient app.patient;
    v_campaign app.campaign;
    v_practice app.practice;
    v_phone app.patient_telecom := p_phone;
    v_checks jsonb := '[]';
    v_states text[];
    v_zones text[];
    v_open boolean;
    v_visit timestamptz;
    v_opens timestamptz;
    v_zone text;
    v_count integer;
    v_first timestamptz;
    v_caps integer;
    v_text text;
    v_asked boolean := app.asked_for_now(p_entry, p_now);
BEGIN
    SELECT x.* INTO v_patient FROM app.patient x WHERE x.id = p_entry.patient_id;
    SELECT x.* INTO v_campaign FROM app.campaign x WHERE x.id = p_entry.campaign_id;
    SELECT x.* INTO v_practice FROM app.practice x;
    IF v_phone.id IS NULL THEN
        v_phone := app.best_phone(v_patient.id);
    END IF;
    v_zone := coalesce(v_patient.zones[1], v_phone.zones[1], v_practice.zone);
    v_visit := app.next_visit(v_patient, p_now);

    v_checks := v_checks || app.check('campaign', v_campaign.status = 'running',
        'The campaign is ' || v_campaign.status || '.', NULL);

    v_checks := v_checks || app.check('patient_state',
        v_patient.state = 'active' AND NOT v_patient.deceased,
        CASE
            WHEN v_patient.deceased OR v_patient.state = 'deceased_reported'
                THEN 'This patient is recorded or reported as deceased.'
            WHEN v_patient.state = 'transferred' THEN 'This patient has another practice now.'
            WHEN v_patient.state = 'moved' THEN 'This patient moved away.'
            WHEN v_patient.state = 'dismissed' THEN 'The practice no longer sees this patient.'
            ELSE 'The practice put this patient on hold: ' || coalesce(nullif(v_patient.state_reason, ''), 'no reason given') || '.'
        END, NULL);

    v_checks := v_checks || app.check('appointment',
        v_visit IS NULL,
        'This patient already has an appointment on '
            || to_char(v_visit AT TIME ZONE v_practice.zone, 'Mon FMDD') || '.', NULL);

    -- Opt-outs and permission; the strictest source wins and no purpose passes them.
    v_checks := v_checks || app.check('suppressed',
        NOT app.suppressed(v_patient.id, v_phone.e164), 'This patient asked not to be called.', NULL);

    v_text := app.phone_problem(v_phone);
    v_checks := v_checks || app.check('number', v_phone.id IS NOT NULL AND v_text = '',
        CASE WHEN v_phone.id IS NULL THEN 'There is no number left that may be dialled.'
            ELSE v_text || '.' END, NULL);

    -- Calling hours at every place the patient may be: address first, then the number.
    SELECT coalesce(array_agg(DISTINCT x), '{}') INTO v_states
    FROM unnest(array_remove(v_phone.states || v_patient.state_code, '')) x;
    SELECT coalesce(array_agg(DISTINCT x), '{}') INTO v_zones
    FROM unnest(v_patient.zones || v_phone.zones) x;
    v_open := coalesce(
        app.open_hours(v_states, v_zones, p_now, p_now + interval '1 minute') @> p_now, false);
    IF NOT v_open THEN  -- the long way only to say when it opens
        SELECT min(lower(r)) INTO v_opens
        FROM unnest(app.open_hours(v_states, v_zones, p_now, p_now + interval '10 days')) r;
    END IF;
    v_checks := v_checks || app.check('hours', v_open,
        'It is outside calling hours where the patient may be ('
            || app.clock_text(p_now, v_zone) || ' there).', v_opens);

    -- Attempts nobody asked for: a day, a week. A call at the time the patient asked for does
    -- not count against the day, but the 24-hour limit below counts every call.
    SELECT count(*), min(c.requested_at) INTO v_count, v_first FROM app.call c
    LEFT JOIN app.outcome_code o ON o.code = c.outcome
    WHERE c.patient_id = v_patient.id AND coalesce(o.counts_attempt, true)
        AND c.end_reason IS DISTINCT FROM 'never_placed'
        AND NOT c.was_callback
        AND c.id >= app.uuid7_floor(
            (p_now AT TIME ZONE v_zone)::date::timestamp AT TIME ZONE v_zone);
    v_checks := v_checks || app.check('cap_day',
        v_count < app.rule_number('cap_day', p_now) OR v_asked,
        'This patient was already called today.',
        (((p_now AT TIME ZONE v_zone)::date + 1)::timestamp AT TIME ZONE v_zone));

    SELECT count(*), min(c.requested_at) INTO v_count, v_first FROM app.call c
    LEFT JOIN app.outcome_code o ON o.code = c.outcome
    WHERE c.patient_id = v_patient.id AND coalesce(o.counts_attempt, true)
        AND c.end_reason IS DISTINCT FROM 'never_placed'
        AND NOT c.was_callback
        AND c.id >= app.uuid7_floor(p_now - interval '7 days');
    v_checks := v_checks || app.check('cap_week',
        v_count < app.rule_number('cap_week', p_now) OR v_asked,
        'This patient was called ' || v_count || ' times in 7 days.', v_first + interval '7 days');

    -- The 24-hour limit of the states, over every call (FL, MD, OK, OR: 3); ours is the same.
    SELECT least(3, min(r.cap_24h)) INTO v_caps FROM app.calling_rule r
    WHERE r.effective @> (p_now AT TIME ZONE v_zone)::date
        AND r.jurisdiction = ANY (v_phone.states || v_patient.state_code);
    SELECT count(*), min(c.requested_at) INTO v_count, v_first FROM app.call c
    WHERE c.patient_id = v_patient.id AND c.end_reason IS DISTINCT FROM 'never_placed'
        AND c.id >= app.uuid7_floor(p_now - interval '24 hours');
    v_checks := v_checks || app.check('cap_24h', v_count < coalesce(v_caps, 3),
        'This patient was called ' || v_count || ' times in 24 hours.', v_first + interval '24 hours');

    v_checks := v_checks || app.check('cap_campaign',
        p_entry.attempts < v_campaign.max_attempts,
        'All ' || v_campaign.max_attempts || ' attempts of this campaign are used.', NULL);

    v_checks := v_checks || app.check('caller_id', EXISTS (
            SELECT 1 FROM app.caller_id_authorization a
            WHERE a.e164 = v_practice.office_number
                AND a.valid @> (p_now AT TIME ZONE v_practice.zone)::date
        ), 'The office number is not authorized as caller ID. Tell your supervisor.', NULL);
    RETURN v_checks;
END
$$;

CREATE OR REPLACE FUNCTION app.check(
    p_name text, p_ok boolean, p_sentence text, p_opens_at timestamptz
) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_ok THEN jsonb_build_object('name', p_name, 'ok', true)
    ELSE jsonb_build_object(
        'name', p_name, 'ok', false, 'sentence', p_sentence, 'opens_at', p_opens_at
    ) END
$$;

-- The first failing check as {name, sentence, opens_at}, or NULL.
CREATE OR REPLACE FUNCTION app.first_refusal(p_checks jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.value - 'ok'
    FROM jsonb_array_elements(p_checks) WITH ORDINALITY AS c (value, n)
    WHERE NOT (c.value ->> 'ok')::boolean
    ORDER BY c.n LIMIT 1
$$;
