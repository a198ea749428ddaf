-- Openings: working hours minus time off, holds and appointments; a slot held during a call.

CREATE OR REPLACE FUNCTION app.working(p_practitioner uuid, p_day date, p_kind text, p_zone text)
RETURNS tstzmultirange
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(range_agg(tstzrange(
        (p_day + t.starts) AT TIME ZONE p_zone, (p_day + t.ends) AT TIME ZONE p_zone
    )), '{}'::tstzmultirange)
    FROM app.schedule_template t
    WHERE t.practitioner_id = p_practitioner AND t.weekday = extract(isodow FROM p_day)
        AND t.valid @> p_day AND t.kind = p_kind
$$;

CREATE OR REPLACE FUNCTION app.away(p_practitioner uuid, p_span tstzrange) RETURNS tstzmultirange
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(range_agg(o.span), '{}'::tstzmultirange) FROM app.time_off o
    WHERE o.span && p_span AND (o.practitioner_id IS NULL OR o.practitioner_id = p_practitioner)
$$;

-- Time in which this person may put a visit: theirs to hold, nobody else's.
CREATE OR REPLACE FUNCTION app.free_time(
    p_practitioner uuid, p_day date, p_zone text, p_now timestamptz, p_person uuid
) RETURNS tstzmultirange
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_span tstzrange := tstzrange(p_day::timestamp AT TIME ZONE p_zone,
        (p_day + 1)::timestamp AT TIME ZONE p_zone);
BEGIN
    RETURN app.working(p_practitioner, p_day, 'work', p_zone)
        - app.working(p_practitioner, p_day, 'lunch', p_zone)
        - app.away(p_practitioner, v_span)
        - coalesce((SELECT range_agg(a.span) FROM app.appointment a
            WHERE a.practitioner_id = p_practitioner AND a.status IN ('booked', 'arrived')
                AND a.span && v_span), '{}')
        - coalesce((SELECT range_agg(h.span) FROM app.slot_hold h
            WHERE h.practitioner_id = p_practitioner AND h.state = 'held' AND h.until > p_now
                AND h.person_id <> p_person AND h.span && v_span), '{}')
        - tstzmultirange(tstzrange(NULL, p_now));
END
$$;

CREATE OR REPLACE FUNCTION app.day_openings(
    p_practitioner app.practitioner, p_day date, p_minutes integer, p_me app.person, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_zone text := (SELECT p.zone FROM app.practice p);
    v_span tstzrange := tstzrange(p_day::timestamp AT TIME ZONE v_zone,
        (p_day + 1)::timestamp AT TIME ZONE v_zone);
    v_away tstzmultirange := app.away(p_practitioner.id, v_span);
    v_work tstzmultirange := app.working(p_practitioner.id, p_day, 'work', v_zone) - v_away;
    v_free tstzmultirange;
    v_step interval := make_interval(mins => 15);
    v_length interval := make_interval(mins => p_minutes);
BEGIN
    v_free := app.free_time(p_practitioner.id, p_day, v_zone, p_now, p_me.id);
    RETURN jsonb_build_object(
        'practitioner_id', p_practitioner.id,
        'practitioner', app.display_practitioner(p_practitioner),
        'day', p_day,
        'working', (SELECT coalesce(jsonb_agg(jsonb_build_object('start', lower(r), 'end', upper(r))
            ORDER BY lower(r)), '[]') FROM unnest(v_work) r),
        'out_of_office', CASE WHEN NOT isempty(v_work) THEN '' ELSE coalesce(
            (SELECT o.reason FROM app.time_off o WHERE o.span && v_span
                AND (o.practitioner_id IS NULL OR o.practitioner_id = p_practitioner.id)
                ORDER BY upper(o.span) - lower(o.span) DESC LIMIT 1),
            'Not working') END,
        'busy', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'start', b.s, 'end', b.e, 'kind', b.kind, 'mine', b.mine) ORDER BY b.s), '[]')
            FROM (
                SELECT lower(a.span) AS s, upper(a.span) AS e, coalesce(v.name, 'Booked') AS kind, false AS mine
                FROM app.appointment a LEFT JOIN app.visit_type v ON v.id = a.visit_type_id
                WHERE a.practitioner_id = p_practitioner.id AND a.status IN ('booked', 'arrived')
                    AND a.span && v_span
                UNION ALL
                SELECT lower(h.span), upper(h.span), 'Held', h.person_id = p_me.id
                FROM app.slot_hold h
                WHERE h.practitioner_id = p_practitioner.id AND h.state = 'held' AND h.until > p_now
                    AND h.span && v_span
                UNION ALL
                SELECT lower(r), upper(r), 'Lunch', false
                FROM unnest(app.working(p_practitioner.id, p_day, 'lunch', v_zone) * v_work) r
            ) AS b
        ),
        -- Starts on the quarter hour, one after another in each free stretch.
        'free', (
            SELECT coalesce(jsonb_agg(s.at ORDER BY s.at), '[]')
            FROM unnest(v_free) r
            CROSS JOIN LATERAL generate_series(
                date_bin(v_step, lower(r) + v_step - interval '1 microsecond', lower(v_span)),
                upper(r) - v_length, v_length
            ) AS s (at)
            WHERE tstzrange(s.at, s.at + v_length) <@ r
        )
    );
END
$$;

CREATE OR REPLACE FUNCTION api.openings(
    p_practitioners uuid[], p_visit_type uuid, p_first_day date, p_days integer
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor', 'clinician', 'administrator');
    v_now timestamptz := app.now();
    v_minutes integer;
BEGIN
    SELECT t.minutes INTO v_minutes FROM app.visit_type t WHERE t.id = p_visit_type AND t.active;
    IF NOT FOUND OR p_first_day IS NULL OR coalesce(p_days, 0) NOT BETWEEN 1 AND 31
        OR coalesce(cardinality(p_practitioners), 0) > 20
        OR p_first_day NOT BETWEEN (v_now - interval '1 year')::date AND (v_now + interval '2 years')::date THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "openings"}');
    END IF;
    RETURN jsonb_build_object(
        'now', v_now, 'zone', (SELECT p.zone FROM app.practice p), 'visit_minutes', v_minutes,
        'days', (
            SELECT coalesce(jsonb_agg(app.day_openings(d, g.day::date, v_minutes, v_me, v_now)
                ORDER BY g.day, d.family), '[]')
            FROM app.practitioner d
            CROSS JOIN generate_series(p_first_day::timestamp,
                (p_first_day + p_days - 1)::timestamp, interval '1 day') AS g (day)
            WHERE d.id = ANY (p_practitioners) AND d.bookable AND d.active
        )
    );
END
$$;

CREATE OR REPLACE FUNCTION api.hold_slot(
    p_entry uuid, p_fence bigint, p_practitioner uuid, p_visit_type uuid, p_start timestamptz, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_entry app.queue_entry;
    v_practice app.practice;
    v_length interval;
    v_span tstzrange;
    v_hold app.slot_hold;
    v_seen jsonb;
BEGIN
    v_seen := app.op_begin(p_op, v_me, 'hold_slot',
        jsonb_build_array(p_entry, p_practitioner, p_visit_type, p_start));
    IF v_seen IS NOT NULL THEN
        SELECT h.* INTO v_hold FROM app.slot_hold h WHERE h.id = (v_seen ->> 'hold_id')::uuid;
        RETURN app.hold_view(v_hold);
    END IF;
    v_entry := app.held_entry(p_entry, p_fence, v_me);
    SELECT x.* INTO v_practice FROM app.practice x;
    SELECT make_interval(mins => t.minutes) INTO v_length
    FROM app.visit_type t WHERE t.id = p_visit_type AND t.active;
    IF NOT FOUND OR p_start IS NULL OR NOT EXISTS (
        SELECT 1 FROM app.practitioner d WHERE d.id = p_practitioner AND d.bookable AND d.active) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "slot"}');
    END IF;
    v_span := tstzrange(p_start, p_start + v_length);

    PERFORM 1 FROM app.slot_hold h
    WHERE h.state = 'held' AND (h.person_id = v_me.id
        OR (h.practitioner_id = p_practitioner AND h.until <= v_now AND h.span && v_span))
    ORDER BY h.id FOR UPDATE;
    UPDATE app.slot_hold h SET state = 'expired'
    WHERE h.practitioner_id = p_practitioner AND h.state = 'held' AND h.until <= v_now AND h.span && v_span;
    UPDATE app.slot_hold h SET state = CASE WHEN h.until <= v_now THEN 'expired' ELSE 'released' END
    WHERE h.person_id = v_me.id AND h.state = 'held';

    IF p_start <= v_now OR NOT (
        (app.working(p_practitioner, (p_start AT TIME ZONE v_practice.zone)::date, 'work', v_practice.zone)
        - app.working(p_practitioner, (p_start AT TIME ZONE v_practice.zone)::date, 'lunch', v_practice.zone)
        - app.away(p_practitioner, v_span)) @> v_span) THEN
        PERFORM app.fail('QC032', 'outside_hours');
    END IF;
    INSERT INTO app.slot_hold (person_id, entry_id, practitioner_id, visit_type_id, span, until)
    VALUES (v_me.id, p_entry, p_practitioner, p_visit_type, v_span,
        v_now + make_interval(mins => v_practice.hold_minutes))
    ON CONFLICT DO NOTHING RETURNING * INTO v_hold;
    -- After the insert, which waited for whoever was just turning a hold into a visit.
    IF v_hold.id IS NULL OR EXISTS (
        SELECT 1 FROM app.appointment a
        WHERE a.practitioner_id = p_practitioner AND a.status IN ('booked', 'arrived') AND a.span && v_span) THEN
        PERFORM app.fail('QC030', 'slot_taken');
    END IF;
    PERFORM app.audit('slot.hold', 'slot_hold/' || v_hold.id, v_entry.patient_id);
    PERFORM app.op_end(p_op, jsonb_build_object('hold_id', v_hold.id));
    RETURN app.hold_view(v_hold);
END
$$;

CREATE OR REPLACE FUNCTION api.release_hold(p_hold uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
BEGIN
    UPDATE app.slot_hold h SET state = 'released'
    WHERE h.id = p_hold AND h.person_id = v_me.id AND h.state = 'held';
    IF FOUND THEN
        PERFORM app.audit('slot.release', 'slot_hold/' || p_hold, NULL);
    END IF;
END
$$;

-- Turn a hold into an appointment. The exclusion constraint has the last word: a visit that
-- the practice put there meanwhile wins.
CREATE OR REPLACE FUNCTION app.book_hold(
    p_hold uuid, p_call app.call, p_me app.person, p_details jsonb
) RETURNS app.appointment
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_hold app.slot_hold;
    v_appointment app.appointment;
BEGIN
    SELECT h.* INTO v_hold FROM app.slot_hold h
    WHERE h.id = p_hold AND h.person_id = p_me.id AND h.entry_id = p_call.entry_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC033', 'no_hold');
    ELSIF v_hold.state = 'booked' THEN
        SELECT a.* INTO v_appointment FROM app.appointment a WHERE a.id = v_hold.appointment_id;
        RETURN v_appointment;
    ELSIF v_hold.state <> 'held' OR v_hold.until <= v_now THEN
        PERFORM app.fail('QC031', 'hold_expired');
    END IF;
    INSERT INTO app.appointment (
        patient_id, practitioner_id, visit_type_id, span, booking_key, booked_by, call_id,
        remind_by_text, created_at
    ) VALUES (
        p_call.patient_id, v_hold.practitioner_id, v_hold.visit_type_id, v_hold.span, v_hold.id,
        p_me.id, p_call.id,
        coalesce((p_details ->> 'remind_by_text')::boolean, false)
            AND coalesce(app.permission(p_call.patient_id, 'text'), 'deny') = 'allow',
        v_now
    ) ON CONFLICT DO NOTHING RETURNING * INTO v_appointment;
    IF v_appointment.id IS NULL THEN
        PERFORM app.fail('QC030', 'slot_taken');
    END IF;
    UPDATE app.slot_hold h SET state = 'booked', appointment_id = v_appointment.id WHERE h.id = p_hold;
    PERFORM app.audit('appointment.book', 'appointment/' || v_appointment.id, p_call.patient_id,
        jsonb_build_object('call', p_call.id));
    RETURN v_appointment;
END
$$;

CREATE OR REPLACE FUNCTION api.book(
    p_call uuid, p_fence bigint, p_hold uuid, p_details jsonb, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_call app.call;
    v_appointment app.appointment;
    v_seen jsonb;
BEGIN
    v_seen := app.op_begin(p_op, v_me, 'book', jsonb_build_array(p_call, p_hold));
    IF v_seen IS NULL THEN
        v_call := app.my_call(p_call, v_me);
        PERFORM app.held_entry(v_call.entry_id, p_fence, v_me);
        IF v_call.answered_at IS NULL OR v_call.outcome IS NOT NULL THEN
            PERFORM app.fail('QC023', 'call_not_live');
        END IF;
        v_appointment := app.book_hold(p_hold, v_call, v_me, p_details);
        PERFORM app.op_end(p_op, jsonb_build_object('appointment_id', v_appointment.id));
    ELSE
        SELECT a.* INTO v_appointment FROM app.appointment a
        WHERE a.id = (v_seen ->> 'appointment_id')::uuid;
    END IF;
    RETURN (
        SELECT jsonb_build_object(
            'id', v_appointment.id, 'start', lower(v_appointment.span), 'end', upper(v_appointment.span),
            'practitioner', app.display_practitioner(d), 'visit_type', v.name,
            'status', v_appointment.status)
        FROM app.practitioner d, app.visit_type v
        WHERE d.id = v_appointment.practitioner_id AND v.id = v_appointment.visit_type_id
    );
END
$$;
