-- Finding a patient who is not the next one: a caller who returns, a name the practice asks about.
-- "Why is this patient not here?" is answered by the same gate that the dial asks.

-- What a person may do in words they read, for each way a patient is or is not in the queue.
CREATE OR REPLACE FUNCTION app.entry_why(p_entry app.queue_entry, p_me app.person, p_now timestamptz)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_zone text := (SELECT p.zone FROM app.practice p);
    v_gate jsonb;
BEGIN
    CASE p_entry.state
        WHEN 'closed' THEN
            RETURN 'Left this campaign on ' || to_char(p_entry.closed_at AT TIME ZONE v_zone, 'Mon FMDD')
                || ': ' || app.closed_words(p_entry.closed_reason) || '.';
        WHEN 'held' THEN
            RETURN 'On hold until the practice has looked at what a call brought up.';
        WHEN 'claimed' THEN
            IF p_entry.lease_until > p_now THEN
                RETURN (SELECT p.name FROM app.person p WHERE p.id = p_entry.holder)
                    || ' has this patient open.';
            END IF;
        WHEN 'waiting' THEN
            IF p_entry.due_at > p_now THEN
                RETURN 'The next attempt is planned for ' || app.day_clock_text(p_entry.due_at, p_now, v_zone) || '.';
            END IF;
        WHEN 'callback' THEN
            IF p_entry.due_at > p_now THEN
                RETURN 'Asked to be called ' || app.day_clock_text(p_entry.due_at, p_now, v_zone) || '.';
            END IF;
        ELSE NULL;
    END CASE;
    v_gate := app.first_refusal(app.gate(p_entry, NULL, p_now, p_me));
    RETURN coalesce(v_gate ->> 'sentence', 'In the queue; may be called now.')
        || CASE WHEN v_gate ->> 'opens_at' IS NOT NULL THEN ' Opens '
            || app.day_clock_text((v_gate ->> 'opens_at')::timestamptz, p_now, v_zone) || '.' ELSE '' END;
END
$$;

CREATE OR REPLACE FUNCTION app.closed_words(p_reason text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT w.words FROM (VALUES
        ('booked', 'booked'), ('came_back', 'came back by themselves'), ('declined', 'declined'),
        ('left_practice', 'left the practice'), ('opted_out', 'asked not to be called'),
        ('attempts_used', 'all attempts were used'), ('no_number', 'no number was left'),
        ('deceased_reported', 'reported as deceased')
    ) AS w (code, words) WHERE w.code = p_reason), 'closed')
$$;

-- Why a patient is in no campaign at all, from what the practice knows.
CREATE OR REPLACE FUNCTION app.outside_why(p_patient app.patient, p_now timestamptz) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_patient.deceased OR p_patient.state = 'deceased_reported'
            THEN 'Recorded or reported as deceased.'
        WHEN p_patient.state <> 'active' THEN 'Not called: ' || replace(p_patient.state, '_', ' ') || '.'
        WHEN app.next_visit(p_patient, p_now) IS NOT NULL
            THEN 'Has an appointment on ' || to_char(app.next_visit(p_patient, p_now)
                AT TIME ZONE (SELECT p.zone FROM app.practice p), 'Mon FMDD') || '.'
        WHEN (app.best_phone(p_patient.id)).id IS NULL THEN 'There is no number that may be dialled.'
        ELSE 'No running campaign of the practice asks for this patient.'
    END
$$;

-- Who fits what a caller said: a whole number, or first and last name, or one name and the birth
-- date. Ids only; at most 5, since a longer answer would be a list of patients.
CREATE OR REPLACE FUNCTION app.search_patients(p_query jsonb) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_digits text := regexp_replace(coalesce(p_query ->> 'phone', ''), '[^0-9]', '', 'g');
    v_words text[] := regexp_split_to_array(
        lower(trim(regexp_replace(left(coalesce(p_query ->> 'name', ''), 200), '[,[:space:]]+', ' ', 'g'))), ' ');
    v_families text[];
    v_born date;
BEGIN
    IF coalesce(p_query ->> 'birth_date', '') <> '' THEN
        v_born := (p_query ->> 'birth_date')::date;
    END IF;
    IF length(v_digits) = 10 THEN
        v_digits := '1' || v_digits;
    END IF;
    IF length(v_digits) BETWEEN 8 AND 15 THEN
        RETURN ARRAY(
            SELECT DISTINCT t.patient_id FROM app.patient_telecom t WHERE t.e164 = '+' || v_digits
            ORDER BY 1 LIMIT 5);
    ELSIF v_digits <> '' OR v_words = '{""}'
        OR cardinality(v_words) = 1 AND (v_born IS NULL OR length(v_words[1]) < 2)
        OR cardinality(v_words) > 6 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'search', 'sentence',
            'Enter the whole telephone number, or first and last name, or one name and the date of birth.'));
    END IF;
    -- Any words that follow one another may be the family name: "Ana Garcia Lopez".
    v_families := ARRAY(
        SELECT array_to_string(v_words[f.n:l.n], ' ')
        FROM generate_series(1, cardinality(v_words)) AS f (n), generate_series(f.n, cardinality(v_words)) AS l (n));
    RETURN ARRAY(
        SELECT p.id FROM app.patient p
        WHERE lower(p.family) = ANY (v_families)
            AND (v_born IS NULL OR p.birth_date = v_born)
            AND (v_born IS NOT NULL AND lower(p.family) = array_to_string(v_words, ' ') OR EXISTS (
                SELECT 1 FROM unnest(v_words) w
                WHERE w <> ALL (string_to_array(lower(p.family), ' '))
                    AND length(w) >= 2 AND starts_with(lower(p.given), w)))
        ORDER BY p.id LIMIT 5);
END
$$;

-- Masked: enough to be sure with a caller on the line, not enough to be a chart.
CREATE OR REPLACE FUNCTION app.found_row(p_patient app.patient, p_me app.person, p_now timestamptz)
RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'patient_id', p_patient.id,
        'first_name', p_patient.given, 'last_initial', left(p_patient.family, 1),
        'birth_year', extract(year FROM p_patient.birth_date)::integer,
        'number_ending', coalesce(right((app.best_phone(p_patient.id)).e164, 2), ''),
        'why', coalesce(
            (SELECT jsonb_agg(jsonb_build_object(
                'campaign', c.name, 'entry_id', e.id, 'sentence', app.entry_why(e, p_me, p_now),
                'holder', CASE WHEN e.state = 'claimed' AND e.lease_until > p_now
                    THEN (SELECT h.name FROM app.person h WHERE h.id = e.holder) END,
                'can_open', e.state IN ('ready', 'waiting', 'callback')
                    OR e.state = 'claimed' AND (e.lease_until <= p_now OR e.holder = p_me.id)
                ) ORDER BY e.state = 'closed', e.score DESC, c.name)
             FROM app.queue_entry e
             JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
             WHERE e.patient_id = p_patient.id),
            jsonb_build_array(jsonb_build_object('campaign', '', 'entry_id', NULL,
                'sentence', app.outside_why(p_patient, p_now), 'holder', NULL, 'can_open', false))),
        'last_call', app.last_call_view(p_patient.id))
$$;

-- Look a patient up, with the reason for it. Each look-up and each patient it shows is logged; a
-- coordinator has a number of them an hour, which a rollback does not give back.
CREATE OR REPLACE FUNCTION api.find_patient(p_query jsonb, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor', 'clinician', 'auditor');
    v_now timestamptz := app.now();
    v_limit integer := app.rule_number('searches_per_hour');
    v_found uuid[];
    v_rows jsonb := '[]';
    v_patient app.patient;
BEGIN
    IF v_me.role = 'coordinator' THEN
        PERFORM app.require_training(v_me);
    END IF;
    IF length(trim(coalesce(p_reason, ''))) < 3 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'reason', 'sentence',
            'Say why you look this patient up, for example: returns our call.'));
    END IF;
    IF v_me.role = 'coordinator'
        AND app.meter_take(v_me.id, 'searches', v_limit, interval '1 hour') = 0 THEN
        PERFORM app.raise_alert('search_limit', v_me.id, 'person/' || v_me.id,
            jsonb_build_object('limit', v_limit));
        RETURN jsonb_build_object('rows', '[]'::jsonb, 'refused', jsonb_build_object(
            'name', 'search_limit',
            'opens_at', v_now + app.meter_opens_in(v_me.id, 'searches', v_limit, interval '1 hour'),
            'sentence', 'You have looked up as many patients as one hour allows (' || v_limit
                || '). Your supervisor has been told.'));
    END IF;
    v_found := app.search_patients(p_query);
    IF v_me.role = 'coordinator' AND cardinality(v_found) > 1 THEN
        -- Each patient that is shown counts, not each question.
        v_found := v_found[1:1 + app.meter_take(
            v_me.id, 'searches', v_limit, interval '1 hour', cardinality(v_found) - 1)];
    END IF;
    PERFORM app.audit('patient.search', 'patient', NULL, jsonb_build_object(
        'by', ARRAY(SELECT k FROM jsonb_object_keys(p_query) AS k
            WHERE k IN ('phone', 'name', 'birth_date') AND p_query ->> k <> '' ORDER BY k),
        'rows', cardinality(v_found), 'reason', left(p_reason, 200)));
    -- Who was found within the hour may be told about: see api.report_return.
    PERFORM app.note_seen(v_me.id, v_found);
    FOR v_patient IN SELECT p.* FROM app.patient p WHERE p.id = ANY (v_found) ORDER BY p.given, p.id LOOP
        PERFORM app.audit_read(v_me, 'found.read', 'patient/' || v_patient.id, v_patient.id);
        v_rows := v_rows || app.found_row(v_patient, v_me, v_now);
    END LOOP;
    RETURN jsonb_build_object('rows', v_rows, 'refused', NULL);
END
$$;

-- Open a patient that was looked up. A handful an hour: who opens more works the queue.
CREATE OR REPLACE FUNCTION api.open_found(p_entry uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_limit integer := app.rule_number('found_per_hour');
    v_seen jsonb;
    v_entry app.queue_entry;
BEGIN
    IF length(trim(coalesce(p_reason, ''))) < 3 THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "reason"}');
    END IF;
    -- Sent again after a lost answer it takes no second one; what was refused stays refused.
    v_seen := app.op_begin(p_op, v_me, 'open_found', jsonb_build_array(p_entry));
    IF v_seen ? 'refused' THEN
        RETURN v_seen;
    ELSIF v_seen IS NULL AND v_me.role = 'coordinator'
        AND app.meter_take(v_me.id, 'found', v_limit, interval '1 hour') = 0 THEN
        PERFORM app.raise_alert('search_limit', v_me.id, 'person/' || v_me.id,
            jsonb_build_object('opened', v_limit));
        v_seen := jsonb_build_object('refused', jsonb_build_object('name', 'search_limit',
            'opens_at', app.now() + app.meter_opens_in(v_me.id, 'found', v_limit, interval '1 hour'),
            'sentence', 'You have opened as many looked-up patients as one hour allows (' || v_limit
                || '). Your supervisor has been told.'));
        PERFORM app.op_end(p_op, v_seen);
        RETURN v_seen;
    END IF;
    v_entry := app.claim_entry(p_entry, v_me);
    IF v_entry.id IS NULL THEN
        RETURN jsonb_build_object('refused', app.read_limit_gate(v_me));
    END IF;
    PERFORM app.audit('found.open', 'queue_entry/' || p_entry, v_entry.patient_id,
        jsonb_build_object('reason', left(p_reason, 200)));
    RETURN app.card(v_entry, v_me, app.now());
END
$$;

-- Everything the gate says of a patient at a moment (now, or "on 18 October"), under the rules of
-- that day, and what was refused before. For those who answer for the calls.
CREATE OR REPLACE FUNCTION api.why_not_called(p_patient uuid, p_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician', 'auditor');
    v_now timestamptz := app.now();
    v_at timestamptz := coalesce(p_at, v_now);
    v_patient app.patient;
BEGIN
    IF NOT isfinite(v_at) OR v_at NOT BETWEEN '2020-01-01' AND v_now + interval '1 year' THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "at"}');
    END IF;
    SELECT p.* INTO v_patient FROM app.patient p WHERE p.id = p_patient;
    IF NOT FOUND THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    PERFORM app.audit_read(v_me, 'gate.read', 'patient/' || p_patient, p_patient,
        jsonb_build_object('at', v_at));
    RETURN jsonb_build_object(
        'at', v_at, 'rule_pack', app.rule_version(v_at),
        'outside', CASE WHEN NOT EXISTS (SELECT 1 FROM app.queue_entry e WHERE e.patient_id = p_patient)
            THEN app.outside_why(v_patient, v_now) ELSE '' END,
        'entries', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'entry_id', e.id, 'campaign', c.name, 'state', app.entry_why(e, NULL, v_now),
                'checks', app.checks_told(app.gate(e, NULL, v_at), v_at)) ORDER BY c.name), '[]')
            FROM app.queue_entry e JOIN app.campaign c ON c.id = e.campaign_id
            WHERE e.patient_id = p_patient),
        'refusals', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', r.id, 'at', r.at, 'by', o.name, 'rule_pack', r.rule_pack,
                'checks', app.checks_told(r.checks, r.at)) ORDER BY r.id DESC), '[]')
            FROM (SELECT x.* FROM app.dial_refusal x WHERE x.patient_id = p_patient
                ORDER BY x.id DESC LIMIT 50) AS r
            JOIN app.person o ON o.id = r.person_id),
        'overrides', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'by', o.name, 'at', g.granted_at, 'until', g.until, 'reason', g.reason,
                'checks', g.checks, 'used', g.used_by IS NOT NULL) ORDER BY g.granted_at DESC), '[]')
            FROM app.gate_override g JOIN app.person o ON o.id = g.granted_by
            WHERE g.patient_id = p_patient)
    );
END
$$;

-- Checks with the rule rows behind them, as they were on that day: each with its citation.
CREATE OR REPLACE FUNCTION app.rules_behind(p_check text, p_states text[], p_at timestamptz)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'citation', r.citation, 'words', r.words)
        ORDER BY r.id), '[]')
    FROM (
        SELECT h.id, h.citation, concat_ws(', ',
            'weekdays ' || coalesce(to_char(h.mon_fri_start, 'FMHH12:MI AM') || ' to '
                || to_char(h.mon_fri_end, 'FMHH12:MI AM'), 'none'),
            'Saturday ' || coalesce(to_char(h.sat_start, 'FMHH12:MI AM') || ' to '
                || to_char(h.sat_end, 'FMHH12:MI AM'), 'none'),
            'Sunday ' || coalesce(to_char(h.sun_start, 'FMHH12:MI AM') || ' to '
                || to_char(h.sun_end, 'FMHH12:MI AM'), 'none'),
            CASE WHEN NOT h.on_holidays THEN 'no calls on holidays' END) AS words
        FROM app.calling_rule h
        WHERE p_check = 'hours' AND h.effective @> app.practice_day(p_at)
            AND h.jurisdiction = ANY (CASE WHEN cardinality(p_states) = 0 THEN '{*}' ELSE p_states END)
        UNION ALL
        SELECT n.id, n.citation, n.number::text
        FROM app.rule n
        WHERE n.effective @> app.practice_day(p_at) AND n.kind = CASE p_check
            WHEN 'contact_budget' THEN 'contact_budget_week' WHEN 'relationship' THEN 'ebr_months'
            ELSE p_check END
    ) AS r
$$;

CREATE OR REPLACE FUNCTION app.checks_told(p_checks jsonb, p_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(c.value || jsonb_build_object('rules', app.rules_behind(
        c.value ->> 'name',
        ARRAY(SELECT jsonb_array_elements_text(c.value -> 'facts' -> 'states')), p_at)) ORDER BY c.n), '[]')
    FROM jsonb_array_elements(p_checks) WITH ORDINALITY AS c (value, n)
$$;

-- A clinician's word that this patient must be called outside hours or caps; for one call, for a day.
-- Asked on a login of just now, so that an unattended window is not enough.
CREATE OR REPLACE FUNCTION api.override_gate(
    p_patient uuid, p_checks text[], p_reason text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('clinician');
    v_now timestamptz := app.now();
    v_seen jsonb;
    v_id uuid;
    v_until timestamptz := v_now + make_interval(hours => app.rule_number('override_hours', v_now));
BEGIN
    PERFORM app.require_training(v_me);
    PERFORM app.require_fresh_login();
    IF coalesce(cardinality(p_checks), 0) = 0 OR array_position(p_checks, NULL) IS NOT NULL OR NOT p_checks
        <@ '{hours,cap_day,cap_week,cap_24h,cap_campaign,contact_budget}'::text[] THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'checks', 'sentence',
            'Only calling hours and the number of attempts can be overridden.'));
    ELSIF length(trim(coalesce(p_reason, ''))) < 10 OR length(p_reason) > 2000 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'reason', 'sentence',
            'Say in a sentence why this call is needed now.'));
    ELSIF NOT EXISTS (SELECT 1 FROM app.patient p WHERE p.id = p_patient) THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    v_seen := app.op_begin(p_op, v_me, 'override_gate', jsonb_build_array(p_patient, p_checks, p_reason));
    IF v_seen IS NOT NULL THEN
        RETURN v_seen;
    END IF;
    INSERT INTO app.gate_override (patient_id, checks, reason, granted_by, granted_at, until)
    VALUES (p_patient, p_checks, p_reason, v_me.id, v_now, v_until) RETURNING id INTO v_id;
    -- Put aside by the check that is overridden: back to the front.
    UPDATE app.queue_entry e SET due_at = v_now
    WHERE e.patient_id = p_patient AND e.state = 'waiting' AND e.due_at > v_now;
    PERFORM app.audit('gate.override', 'gate_override/' || v_id, p_patient,
        jsonb_build_object('checks', p_checks, 'reason', left(p_reason, 200)));
    PERFORM app.raise_alert('override', v_me.id, 'gate_override/' || v_id,
        jsonb_build_object('checks', p_checks));
    v_seen := jsonb_build_object('id', v_id, 'until', v_until);
    PERFORM app.op_end(p_op, v_seen);
    PERFORM app.hint('queue');
    RETURN v_seen;
END
$$;

-- In an emergency: any patient's chart, for half an hour, with a reason; the supervisors are told at
-- once and review it (45 CFR 164.312(a)(2)(ii)).
CREATE OR REPLACE FUNCTION api.break_glass(p_patient uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor', 'clinician');
    v_now timestamptz := app.now();
    v_seen jsonb;
    v_id uuid := app.uuid7(v_now);
BEGIN
    PERFORM app.require_training(v_me);
    PERFORM app.require_second_factor(v_me);
    IF length(trim(coalesce(p_reason, ''))) < 10 OR length(p_reason) > 2000 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'reason', 'sentence',
            'Say in a sentence what the emergency is. Your supervisor will read it.'));
    ELSIF NOT EXISTS (SELECT 1 FROM app.patient p WHERE p.id = p_patient) THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    v_seen := app.op_begin(p_op, v_me, 'break_glass', jsonb_build_array(p_patient, p_reason));
    IF v_seen IS NULL THEN
        IF app.meter_take(v_me.id, 'glass', app.rule_number('break_glass_per_day'), interval '1 day') = 0 THEN
            PERFORM app.raise_alert('search_limit', v_me.id, 'person/' || v_me.id, '{"glass": true}');
            v_seen := jsonb_build_object('refused', jsonb_build_object('name', 'glass_limit', 'opens_at', NULL,
                'sentence', 'You have used emergency access as often as one day allows. Call your supervisor.'));
            PERFORM app.op_end(p_op, v_seen);
            RETURN v_seen;
        END IF;
        INSERT INTO app.break_glass (id, person_id, patient_id, reason, at, until)
        VALUES (v_id, v_me.id, p_patient, p_reason, v_now,
            v_now + make_interval(mins => app.rule_number('break_glass_minutes')));
        PERFORM app.audit('break_glass', 'break_glass/' || v_id, p_patient,
            jsonb_build_object('reason', left(p_reason, 200)));
        PERFORM app.raise_alert('break_glass', v_me.id, 'break_glass/' || v_id);
        v_seen := jsonb_build_object('id', v_id);
        PERFORM app.op_end(p_op, v_seen);
    ELSIF v_seen ? 'refused' THEN
        RETURN v_seen;
    END IF;
    RETURN app.emergency_view((v_seen ->> 'id')::uuid, v_me, v_now);
END
$$;

-- The chart that was opened in an emergency, again, as long as the half hour lasts.
CREATE OR REPLACE FUNCTION app.emergency_view(p_glass uuid, p_me app.person, p_now timestamptz)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_glass app.break_glass;
    v_patient app.patient;
BEGIN
    PERFORM app.require_second_factor(p_me);
    SELECT g.* INTO v_glass FROM app.break_glass g
    WHERE g.id = p_glass AND g.person_id = p_me.id AND g.until > p_now;
    IF NOT FOUND THEN
        PERFORM app.fail('QC052', 'emergency_over');
    END IF;
    SELECT p.* INTO v_patient FROM app.patient p WHERE p.id = v_glass.patient_id;
    PERFORM app.audit_read(p_me, 'emergency.read', 'break_glass/' || p_glass, v_patient.id);
    RETURN jsonb_build_object(
        'id', v_glass.id, 'until', v_glass.until, 'patient_id', v_patient.id,
        'first_name', v_patient.given, 'last_name', v_patient.family,
        'birth_date', v_patient.birth_date, 'language', v_patient.language,
        'address', concat_ws(', ', nullif(v_patient.address_line, ''), nullif(v_patient.city, ''),
            nullif(v_patient.state_code, ''), nullif(v_patient.zip, '')),
        'phones', (SELECT coalesce(jsonb_agg(app.display_number(t.e164, t.extension) ORDER BY t.rank, t.id), '[]')
            FROM app.patient_telecom t WHERE t.patient_id = v_patient.id AND t.quality = 'ok'),
        'chart', app.chart(v_patient, true, p_now));
END
$$;

CREATE OR REPLACE FUNCTION api.emergency_chart(p_glass uuid) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.emergency_view(p_glass, app.me('coordinator', 'supervisor', 'clinician'), app.now())
$$;

