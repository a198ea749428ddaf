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
                    -- Nobody knows which state's: then every state's.
                    WHERE h.day = d.day AND (h.jurisdiction IN ('US', v_state) OR v_state = '*')
                ))
                AND NOT EXISTS (
                    SELECT 1 FROM app.blackout_date b
                    WHERE b.day = d.day AND (b.jurisdiction IN ('*', v_state) OR v_state = '*')
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

-- Whether a group may be called at this moment.
CREATE OR REPLACE FUNCTION app.group_is_open(p_group text, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT o.is_open FROM app.group_open o
         WHERE o.call_group = p_group AND p_now >= o.since AND p_now < o.until),
        app.group_hours(p_group, p_now, p_now + interval '1 minute') @> p_now)
$$;

-- The groups that have somebody ready. Jumps from one to the next in the index: some tens of probes,
-- however long the queue is.
CREATE OR REPLACE FUNCTION app.queue_groups() RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE g (call_group) AS (
        (SELECT e.call_group FROM app.queue_entry e
         WHERE e.state = 'ready' ORDER BY e.call_group LIMIT 1)
        UNION ALL
        SELECT (SELECT e.call_group FROM app.queue_entry e
                WHERE e.state = 'ready' AND e.call_group > g.call_group
                ORDER BY e.call_group LIMIT 1)
        FROM g WHERE g.call_group IS NOT NULL
    )
    SELECT coalesce(array_agg(g.call_group), '{}') FROM g WHERE g.call_group IS NOT NULL
$$;

-- Work the groups of the queue out ahead, each until its hours change, a quarter of an hour at most.
-- Only the gateway's beat does: a claim that wrote here could make all others wait for it.
CREATE OR REPLACE FUNCTION app.refresh_open_groups() RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO app.group_open AS o (call_group, since, until, is_open)
    SELECT g.call_group, t.now, coalesce(
            (SELECT min(x) FROM unnest(h.hours) r, LATERAL (VALUES (lower(r)), (upper(r))) AS e (x)
             WHERE x > t.now), t.now + interval '15 minutes'), h.hours @> t.now
    FROM (SELECT app.now() AS now OFFSET 0) AS t
    CROSS JOIN LATERAL (SELECT unnest(app.queue_groups()) AS call_group) AS g
    CROSS JOIN LATERAL (
        SELECT app.group_hours(g.call_group, t.now, t.now + interval '15 minutes') AS hours
        WHERE NOT EXISTS (SELECT 1 FROM app.group_open k
            WHERE k.call_group = g.call_group AND t.now >= k.since AND t.now < k.until - interval '20 seconds')
        OFFSET 0
    ) AS h
    ON CONFLICT (call_group) DO UPDATE SET
        since = excluded.since, until = excluded.until, is_open = excluded.is_open
$$;

-- What was worked out under other rules is worked out anew.
CREATE OR REPLACE FUNCTION app.forget_open_groups() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM app.group_open;
    RETURN NULL;
END
$$;
DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['calling_rule', 'holiday', 'blackout_date', 'practice'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS forget_open_groups ON app.%I', v_table);
        EXECUTE format('CREATE TRIGGER forget_open_groups AFTER INSERT OR UPDATE OR DELETE ON app.%I
            FOR EACH STATEMENT EXECUTE FUNCTION app.forget_open_groups()', v_table);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION app.permission(p_patient uuid, p_channel text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.decision FROM app.contact_permission c
    WHERE c.patient_id = p_patient AND c.channel = p_channel
    ORDER BY c.recorded_at DESC, c.id DESC LIMIT 1
$$;

-- Whether an opt-out from one channel stops another: a STOP to a machine stops what machines send
-- (texts), not a person's call and not the mail.
CREATE OR REPLACE FUNCTION app.stops(p_suppressed text, p_channel text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_suppressed IN ('all', p_channel) OR p_suppressed = 'automated' AND p_channel = 'text'
$$;

-- Whether an opt-out forbids to reach this patient on this number by this channel. A row that names
-- only a number (a do-not-call list) holds for whoever has it, whatever its scope; a household's
-- for every patient who has that number on file, on any of their numbers.
CREATE OR REPLACE FUNCTION app.suppressed(p_patient uuid, p_e164 text, p_channel text DEFAULT 'voice')
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_channel IN ('voice', 'text', 'email', 'mail')
            THEN coalesce(app.permission(p_patient, p_channel), 'allow') <> 'allow' ELSE false END
        OR EXISTS (
            SELECT 1 FROM app.suppression s
            WHERE s.patient_id = p_patient
                AND (s.scope = 'everything' OR s.scope = 'calls' AND app.stops(s.channel, p_channel)))
        OR EXISTS (
            SELECT 1 FROM app.suppression s
            WHERE s.e164 = p_e164 AND app.stops(s.channel, p_channel)
                AND (s.scope = 'number' OR s.patient_id IS NULL OR s.patient_id = p_patient))
        OR EXISTS (
            SELECT 1 FROM app.patient_telecom t
            JOIN app.suppression s ON s.e164 = t.e164
            WHERE t.patient_id = p_patient AND s.scope = 'household' AND app.stops(s.channel, p_channel))
$$;

-- How the patient asked to be reached (45 CFR 164.522(b)); a row of NULLs: nothing asked, or
-- withdrawn.
CREATE OR REPLACE FUNCTION app.confidential(p_patient uuid) RETURNS app.confidential_request
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.confidential_request;
BEGIN
    SELECT r.* INTO v_row FROM app.confidential_request r
    WHERE r.patient_id = p_patient ORDER BY r.recorded_at DESC, r.id DESC LIMIT 1;
    IF v_row.withdrawn THEN
        RETURN NULL;
    END IF;
    RETURN v_row;
END
$$;

-- What the Reassigned Numbers Database last said of a number: "yes", "no", "no_data", or NULL when
-- it was not asked. Only "no" is a "no" (47 CFR 64.1200(m)).
CREATE OR REPLACE FUNCTION app.reassigned(p_e164 text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.answer FROM app.reassigned_check r WHERE r.e164 = p_e164
    ORDER BY r.asked_on DESC, r.consent_on DESC LIMIT 1
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
            WHERE s.e164 = p_phone.e164 AND (s.scope IN ('number', 'household') OR s.patient_id IS NULL)
                AND app.stops(s.channel, 'voice')
        ) THEN 'Asked not to be called on this number'
        WHEN app.reassigned(p_phone.e164) = 'yes' THEN 'Somebody else has this number now'
        WHEN c.id IS NOT NULL AND (c.e164, c.extension) IS DISTINCT FROM (p_phone.e164, p_phone.extension)
            THEN 'The patient asked to be reached another way'
        ELSE ''
    END
    FROM app.confidential(p_phone.patient_id) AS c
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

-- When the oldest calls of a span are old enough that one more is below the cap.
CREATE OR REPLACE FUNCTION app.cap_opens(p_calls timestamptz[], p_cap integer, p_span interval)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_calls[cardinality(p_calls) - p_cap + 1] + p_span
$$;

-- The first moment from p_at on at which a group may be called: a cap that ends at midnight opens in
-- the morning. NULL: not within ten days.
CREATE OR REPLACE FUNCTION app.opens_from(p_group text, p_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min(lower(r)) FROM unnest(app.group_hours(p_group, p_at, p_at + interval '10 days')) r
$$;

-- The calls of a patient that caps count, as times in order. A call that was never placed is none;
-- one without an attempt (a technical problem) counts for the 24 hours of the states only. A call at
-- the time the patient asked for is not one of ours ("unasked").
CREATE OR REPLACE FUNCTION app.counted_calls(
    p_patient uuid, p_midnight timestamptz, p_now timestamptz, p_except uuid,
    OUT day_all timestamptz[], OUT day_unasked timestamptz[],
    OUT week_all timestamptz[], OUT week_unasked timestamptz[],
    OUT hours_24 timestamptz[], OUT contacts bigint
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        coalesce(array_agg(c.at ORDER BY c.at) FILTER (WHERE c.counts AND c.at >= p_midnight), '{}'),
        coalesce(array_agg(c.at ORDER BY c.at)
            FILTER (WHERE c.counts AND NOT c.asked AND c.at >= p_midnight), '{}'),
        coalesce(array_agg(c.at ORDER BY c.at) FILTER (WHERE c.counts), '{}'),
        coalesce(array_agg(c.at ORDER BY c.at) FILTER (WHERE c.counts AND NOT c.asked), '{}'),
        coalesce(array_agg(c.at ORDER BY c.at) FILTER (WHERE c.at > p_now - interval '24 hours'), '{}'),
        count(*) FILTER (WHERE c.counts)
    FROM (
        SELECT x.requested_at AS at, x.was_callback AS asked, coalesce(o.counts_attempt, true) AS counts
        FROM app.call x LEFT JOIN app.outcome_code o ON o.code = x.outcome
        WHERE x.patient_id = p_patient AND x.id >= app.uuid7_floor(p_now - interval '7 days')
            AND x.end_reason IS DISTINCT FROM 'never_placed' AND x.id IS DISTINCT FROM p_except
            AND x.direction = 'outgoing'  -- the patient's own call is no attempt of ours
    ) AS c
$$;

-- Every check with its result, in the order of compliance.md section 8. p_phone NULL: the patient's
-- best number. p_me NULL: whoever (a list); p_except: the call that was granted and is looked at
-- again. Nobody and nothing passes a check but a clinician's override of hours and caps.
CREATE OR REPLACE FUNCTION app.gate(
    p_entry app.queue_entry, p_phone app.patient_telecom, p_now timestamptz,
    p_me app.person DEFAULT NULL, p_except uuid DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_patient app.patient;
    v_campaign app.campaign;
    v_practice app.practice;
    v_phone app.patient_telecom := p_phone;
    v_asked boolean := app.asked_for_now(p_entry, p_now);
    v_confidential app.confidential_request;
    v_overrides jsonb;  -- the check and whose word lets it pass
    v_rules jsonb;
    v_checks jsonb := '[]';
    v_states text[];
    v_zones text[];
    v_group text;
    v_open boolean;
    v_visit timestamptz;
    v_opens timestamptz;
    v_zone text;
    v_today date;      -- at the patient's
    v_midnight timestamptz;
    v_calls record;
    v_cap integer;
    v_more integer;    -- what a call at the time the patient asked for may be over the caps
    v_count bigint;
    v_text text;
    v_last date;
BEGIN
    SELECT x.* INTO v_patient FROM app.patient x WHERE x.id = p_entry.patient_id;
    SELECT x.* INTO v_campaign FROM app.campaign x WHERE x.id = p_entry.campaign_id;
    SELECT x.* INTO v_practice FROM app.practice x;
    v_confidential := app.confidential(v_patient.id);
    IF v_phone.id IS NULL THEN
        v_phone := app.best_phone(v_patient.id);
    END IF;
    v_zone := app.patient_zone(v_patient, v_phone);
    v_today := (p_now AT TIME ZONE v_zone)::date;
    v_midnight := v_today::timestamp AT TIME ZONE v_zone;
    v_rules := app.rules_on((p_now AT TIME ZONE v_practice.zone)::date);
    SELECT jsonb_object_agg(n.name, o.id ORDER BY o.granted_at) INTO v_overrides
    FROM app.gate_override o, unnest(o.checks) AS n (name)
    WHERE o.patient_id = v_patient.id AND (o.used_by IS NULL OR o.used_by = p_except)
        AND p_now BETWEEN o.granted_at AND o.until;

    -- Who dials.
    IF p_me.id IS NOT NULL THEN
        v_checks := v_checks || app.check('person', p_me.active AND app.is_trained(p_me),
            'Your access is suspended or your training has expired. Talk to your supervisor.');
    END IF;
    v_text := app.campaign_problem(v_campaign, p_me, v_today);
    v_checks := v_checks || app.check('assignment', v_text = '', v_text);
    v_checks := v_checks || app.check('campaign', v_campaign.status = 'running',
        'The campaign is ' || v_campaign.status || '.');

    -- Whom.
    v_checks := v_checks || app.check('patient_state',
        v_patient.state = 'active' AND NOT v_patient.deceased,
        CASE
            WHEN v_patient.deceased OR v_patient.state = 'deceased_reported'
                THEN 'This patient is recorded or reported as deceased.'
            WHEN v_patient.state = 'transferred' THEN 'This patient has another practice now.'
            WHEN v_patient.state = 'moved' THEN 'This patient moved away.'
            WHEN v_patient.state = 'dismissed' THEN 'The practice no longer sees this patient.'
            ELSE 'The practice put this patient on hold: ' || coalesce(nullif(v_patient.state_reason, ''), 'no reason given') || '.'
        END);
    v_visit := app.next_visit(v_patient, p_now);
    v_checks := v_checks || app.check('appointment', v_visit IS NULL,
        'This patient already has an appointment on '
            || to_char(v_visit AT TIME ZONE v_practice.zone, 'Mon FMDD') || '.');

    -- On which number: what the patient asked for in confidence passes every other contact fact.
    v_checks := v_checks || app.check('confidential',
        v_confidential.id IS NULL OR coalesce((v_confidential.e164, v_confidential.extension)
            = (v_phone.e164, v_phone.extension), false),
        CASE WHEN v_confidential.e164 IS NULL THEN 'This patient asked not to be reached by telephone.'
            ELSE 'This patient asked to be called on one number only.' END);
    -- Opt-outs and permission; the strictest source wins and no purpose passes them.
    v_checks := v_checks || app.check('suppressed',
        NOT app.suppressed(v_patient.id, v_phone.e164), 'This patient asked not to be called.');
    v_text := app.phone_problem(v_phone);
    v_checks := v_checks || app.check('number', v_phone.id IS NOT NULL AND v_text = '',
        CASE WHEN v_phone.id IS NULL THEN 'There is no number left that may be dialled.'
            ELSE v_text || '.' END);
    v_text := app.reassigned(v_phone.e164);
    v_checks := v_checks || app.check('reassigned', v_text IS DISTINCT FROM 'yes',
        'Somebody else has this number now.', NULL, jsonb_build_object('answer', coalesce(v_text, 'not asked')));

    -- What for. Treatment and care coordination are no solicitation; the rest needs a relationship
    -- that has not run out, or a fresh scrub against the do-not-call list.
    v_text := app.purpose_problem(v_campaign, v_practice, v_patient.id, v_today);
    v_checks := v_checks || app.check('purpose', v_text = '', v_text, NULL,
        jsonb_build_object('purpose', v_campaign.purpose));
    -- At every place the patient may be: address first, then the number.
    SELECT coalesce(array_agg(DISTINCT x ORDER BY x), '{}') INTO v_states
    FROM unnest(array_remove(v_phone.states || v_patient.state_code || v_confidential.state_code, '')) x
    WHERE x IS NOT NULL;
    SELECT coalesce(array_agg(DISTINCT x ORDER BY x), '{}') INTO v_zones
    FROM unnest(v_patient.zones || v_phone.zones || v_confidential.zones) x WHERE x IS NOT NULL;
    -- A state's own number where it is the stricter one.
    SELECT v_rules || coalesce(
        jsonb_object_agg(o.kind, least(o.number, (v_rules ->> o.kind)::integer)), '{}') INTO v_rules
    FROM (
        SELECT r.kind, min(r.number) AS number FROM app.rule r
        WHERE r.effective @> (p_now AT TIME ZONE v_practice.zone)::date AND r.jurisdiction = ANY (v_states)
        GROUP BY r.kind
    ) AS o;
    v_more := CASE WHEN v_asked THEN (v_rules ->> 'cap_callback')::integer ELSE 0 END;
    IF v_campaign.purpose IN ('ANNOUNCE', 'PROMO') THEN
        SELECT greatest(v_patient.last_visit, max(b.last_payment_on)) INTO v_last
        FROM app.account_balance b WHERE b.patient_id = v_patient.id;
        v_cap := app.rule_number('ebr_months', p_now, v_states);
        v_count := (v_rules ->> 'dnc_scrub_days')::integer;
        v_checks := v_checks || app.check('relationship',
            coalesce(v_today <= v_last + make_interval(months => v_cap), false)
            OR coalesce((SELECT NOT d.listed AND d.checked_on >= v_today - v_count::integer
                FROM app.dnc_scrub d WHERE d.e164 = v_phone.e164 AND d.checked_on <= v_today
                ORDER BY d.checked_on DESC LIMIT 1), false),
            'The last visit or payment is more than ' || v_cap || ' months ago, and the number has not been checked '
                || 'against the do-not-call list in ' || v_count || ' days, or stands on it.', NULL,
            jsonb_build_object('last_transaction', v_last, 'months', v_cap, 'scrub_days', v_count));
    END IF;

    -- When.
    v_group := app.call_group(v_states, v_zones);
    v_open := coalesce(app.group_is_open(v_group, p_now), false);
    v_checks := v_checks || app.check('hours', v_open,
        'It is outside calling hours where the patient may be ('
            || app.clock_text(p_now, v_zone) || ' there).',
        CASE WHEN NOT v_open THEN app.opens_from(v_group, p_now) END,
        jsonb_build_object('states', v_states, 'zones', v_zones), v_overrides);

    -- How often.
    v_calls := app.counted_calls(v_patient.id, v_midnight, p_now, p_except);
    v_cap := (v_rules ->> 'cap_day')::integer;
    v_open := CASE WHEN v_asked THEN cardinality(v_calls.day_all) < v_cap + v_more
        ELSE cardinality(v_calls.day_unasked) < v_cap END;
    v_checks := v_checks || app.check('cap_day', v_open, 'This patient was already called today.',
        CASE WHEN NOT v_open THEN
            app.opens_from(v_group, (v_today + 1)::timestamp AT TIME ZONE v_zone) END,
        jsonb_build_object('calls', cardinality(v_calls.day_all), 'cap', v_cap + v_more), v_overrides);
    v_cap := (v_rules ->> 'cap_week')::integer;
    v_open := CASE WHEN v_asked THEN cardinality(v_calls.week_all) < v_cap + v_more
        ELSE cardinality(v_calls.week_unasked) < v_cap END;
    v_checks := v_checks || app.check('cap_week', v_open,
        'This patient was called ' || cardinality(v_calls.week_all) || ' times in 7 days.',
        CASE WHEN NOT v_open THEN app.opens_from(v_group, app.cap_opens(
            CASE WHEN v_asked THEN v_calls.week_all ELSE v_calls.week_unasked END,
            v_cap + v_more, interval '7 days')) END,
        jsonb_build_object('calls', cardinality(v_calls.week_all), 'cap', v_cap + v_more), v_overrides);
    -- Every call of 24 hours (FL, MD, OK, OR: 3 on the same subject); ours is never more.
    SELECT least((v_rules ->> 'cap_24h')::integer, min(r.cap_24h)) INTO v_cap FROM app.calling_rule r
    WHERE r.effective @> v_today
        AND r.jurisdiction = ANY (CASE WHEN cardinality(v_states) = 0 THEN '{*}' ELSE v_states END);
    v_open := cardinality(v_calls.hours_24) < v_cap;
    v_checks := v_checks || app.check('cap_24h', v_open,
        'This patient was called ' || cardinality(v_calls.hours_24) || ' times in 24 hours.',
        CASE WHEN NOT v_open THEN app.opens_from(
            v_group, app.cap_opens(v_calls.hours_24, v_cap, interval '24 hours')) END,
        jsonb_build_object('calls', cardinality(v_calls.hours_24), 'cap', v_cap), v_overrides);
    v_cap := v_campaign.max_attempts + v_more;
    v_checks := v_checks || app.check('cap_campaign', p_entry.attempts < v_cap,
        'All ' || v_campaign.max_attempts || ' attempts of this campaign are used.', NULL,
        jsonb_build_object('attempts', p_entry.attempts, 'cap', v_cap), v_overrides);
    v_cap := (v_rules ->> 'contact_budget_week')::integer;
    SELECT v_calls.contacts + count(*), min(m.sent_at) INTO v_count, v_opens FROM app.communication m
    WHERE m.patient_id = v_patient.id AND m.sent_at > p_now - interval '7 days' AND m.sent_at <= p_now;
    v_checks := v_checks || app.check('contact_budget', v_count < v_cap,
        'This patient was contacted ' || v_count || ' times in 7 days, calls and messages together.',
        CASE WHEN v_count >= v_cap THEN app.opens_from(
            v_group, least(v_opens, v_calls.week_all[1]) + interval '7 days') END,
        jsonb_build_object('contacts', v_count, 'cap', v_cap), v_overrides);

    -- As whom, and over which carrier.
    v_checks := v_checks || app.check('caller_id', EXISTS (
            SELECT 1 FROM app.caller_id_authorization a
            WHERE a.e164 = v_practice.office_number
                AND a.valid @> (p_now AT TIME ZONE v_practice.zone)::date
        ), 'The office number is not authorized as caller ID. Tell your supervisor.');
    v_checks := v_checks || app.check('carrier_agreement',
        -- The practice line has no carrier behind it: no patient data leaves.
        coalesce((SELECT g.is_practice_line FROM app.gateway_health g), false)
        OR EXISTS (
            SELECT 1 FROM app.agreement a
            WHERE a.kind = 'carrier' AND a.valid @> (p_now AT TIME ZONE v_practice.zone)::date),
        'The practice has no agreement with the telephone carrier on file. Tell your supervisor.');
    RETURN v_checks;
END
$$;

-- One check as it is stored and shown. p_overrides: the checks that a clinician's word lets pass.
CREATE OR REPLACE FUNCTION app.check(
    p_name text, p_ok boolean, p_sentence text, p_opens_at timestamptz DEFAULT NULL,
    p_facts jsonb DEFAULT NULL, p_overrides jsonb DEFAULT NULL
) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_ok THEN jsonb_build_object('name', p_name, 'ok', true)
        WHEN p_overrides ? p_name THEN jsonb_build_object(
            'name', p_name, 'ok', true, 'overridden_by', p_overrides ->> p_name, 'sentence', p_sentence)
        ELSE jsonb_build_object(
            'name', p_name, 'ok', false, 'sentence', p_sentence, 'opens_at', p_opens_at)
    END || CASE WHEN p_facts IS NULL THEN '{}' ELSE jsonb_build_object('facts', p_facts) END
$$;

-- Whether a list of this person shows the patients of a campaign at all (45 CFR 164.502(b)): not to a
-- coordinator who is not assigned where only the assigned work. Who oversees sees all.
CREATE OR REPLACE FUNCTION app.shows_campaign(p_campaign app.campaign, p_me app.person)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT p_campaign.assigned_only OR p_me.role <> 'coordinator' OR EXISTS (
        SELECT 1 FROM app.assignment a
        WHERE a.person_id = p_me.id AND a.campaign_id = p_campaign.id AND a.until IS NULL)
$$;

-- Why this person may not work this campaign; '' when they may. p_me NULL: anybody.
CREATE OR REPLACE FUNCTION app.campaign_problem(
    p_campaign app.campaign, p_me app.person, p_today date
) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_me.id IS NULL THEN ''
        WHEN p_campaign.assigned_only AND NOT EXISTS (
            SELECT 1 FROM app.assignment a
            WHERE a.person_id = p_me.id AND a.campaign_id = p_campaign.id AND a.until IS NULL)
            THEN 'You are not assigned to this campaign. Ask your supervisor.'
        WHEN p_campaign.needs_certification AND NOT EXISTS (
            SELECT 1 FROM app.credential c
            WHERE c.person_id = p_me.id AND c.kind = 'script' AND c.name = p_campaign.script
                AND c.granted_on <= p_today AND c.expires_on >= p_today)
            THEN 'Your certification for this script is missing or has expired. Ask your supervisor.'
        ELSE ''
    END
$$;

-- Why a campaign of this purpose may not call this patient; '' when it may (compliance.md 1.1).
CREATE OR REPLACE FUNCTION app.purpose_problem(
    p_campaign app.campaign, p_practice app.practice, p_patient uuid, p_today date
) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_campaign.purpose = 'PROMO' AND NOT p_practice.allows_promotion
            THEN 'This practice does not call to promote services.'
        WHEN p_campaign.third_party_payment AND NOT EXISTS (
            SELECT 1 FROM app.patient_authorization a
            WHERE a.patient_id = p_patient AND a.kind = 'marketing' AND a.valid @> p_today)
            THEN 'Somebody else pays for this campaign, and the patient has not signed that this is allowed.'
        ELSE ''
    END
$$;

-- The first failing check as {name, sentence, opens_at}, or NULL.
CREATE OR REPLACE FUNCTION app.first_refusal(p_checks jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.value - 'ok' - 'facts'
    FROM jsonb_array_elements(p_checks) WITH ORDINALITY AS c (value, n)
    WHERE NOT (c.value ->> 'ok')::boolean
    ORDER BY c.n LIMIT 1
$$;
