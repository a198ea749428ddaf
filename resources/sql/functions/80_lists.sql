-- Callbacks, the call log and imports.

-- A coordinator's own callbacks and those that anybody may take; everybody's for a supervisor.
CREATE OR REPLACE FUNCTION app.callback_rows(p_me app.person, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_ids uuid[];
    v_named uuid[];
BEGIN
    v_ids := ARRAY(
        SELECT b.id FROM app.callback b
        JOIN app.queue_entry e ON e.id = b.entry_id
        JOIN app.campaign c ON c.id = e.campaign_id
        WHERE b.state = 'open' AND (p_me.role = 'supervisor' OR b.owner IS NULL OR b.owner = p_me.id
            OR b.anyone_at <= p_now) AND app.shows_campaign(c, p_me)
        ORDER BY b.due_at, b.id LIMIT 200);
    -- By name those that come next; a long list of promises is no way to read names either.
    v_named := app.names_for(p_me, ARRAY(
        SELECT b.patient_id FROM app.callback b WHERE b.id = ANY (v_ids)
        ORDER BY b.due_at, b.id LIMIT CASE WHEN p_me.role = 'supervisor' THEN 200 ELSE 10 END));
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', x.id, 'entry_id', x.entry_id, 'due_at', x.due_at, 'zone', x.zone,
            'patient', CASE WHEN x.patient_id = ANY (v_named)
                THEN x.given || ' ' || left(x.family, 1) || '.' ELSE '' END,
            'owner', coalesce(x.owner_name, 'Anyone'), 'mine', coalesce(x.owner = p_me.id, false),
            'anyone', x.owner IS NULL OR x.anyone_at <= p_now,
            -- The note may hold what the patient said: only for who wrote it.
            'note', CASE WHEN x.owner = p_me.id AND x.patient_id = ANY (v_named) THEN x.note ELSE '' END,
            'gate', coalesce(x.gate ->> 'sentence', '')
        ) ORDER BY x.due_at, x.id), '[]')
        FROM (
            SELECT b.*, p.given, p.family, o.name AS owner_name,
                app.patient_zone(p, app.best_phone(p.id)) AS zone,
                app.first_refusal(app.gate(e, NULL, p_now)) AS gate
            FROM app.callback b
            JOIN app.patient p ON p.id = b.patient_id
            JOIN app.queue_entry e ON e.id = b.entry_id
            LEFT JOIN app.person o ON o.id = b.owner
            WHERE b.id = ANY (v_ids)
        ) AS x
    );
END
$$;

CREATE OR REPLACE FUNCTION api.callbacks() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_rows jsonb := app.callback_rows(v_me, app.now());
BEGIN
    PERFORM app.audit_read(v_me, 'callbacks.read', 'callbacks', NULL,
        jsonb_build_object('rows', jsonb_array_length(v_rows)));
    RETURN v_rows;
END
$$;

CREATE OR REPLACE FUNCTION app.my_callback(p_id uuid, p_me app.person) RETURNS app.callback
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.callback;
BEGIN
    -- Lock order everywhere: queue entry, then what hangs on it.
    PERFORM 1 FROM app.queue_entry e
    WHERE e.id = (SELECT b.entry_id FROM app.callback b WHERE b.id = p_id) FOR UPDATE;
    SELECT b.* INTO v_row FROM app.callback b
    WHERE b.id = p_id AND b.state = 'open'
        AND (p_me.role = 'supervisor' OR b.owner IS NULL OR b.owner = p_me.id
            OR b.anyone_at <= app.now())
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC011', 'not_in_queue');
    END IF;
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION api.move_callback(p_callback uuid, p_due_at timestamptz, p_op uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_row app.callback;
    v_now timestamptz := app.now();
BEGIN
    IF p_due_at IS NULL OR p_due_at NOT BETWEEN v_now AND v_now + interval '180 days' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'callback_at',
            'sentence', 'A callback must be in the future, within 180 days.'));
    END IF;
    IF app.op_begin(p_op, v_me, 'move_callback', jsonb_build_array(p_callback, p_due_at)) IS NOT NULL THEN
        RETURN;
    END IF;
    v_row := app.my_callback(p_callback, v_me);
    -- The promise that was made stays on record; a new row replaces it.
    UPDATE app.callback b SET state = 'replaced' WHERE b.id = p_callback;
    INSERT INTO app.callback (
        entry_id, patient_id, owner, due_at, anyone_at, note, created_by_call, created_at
    ) VALUES (v_row.entry_id, v_row.patient_id, v_row.owner, p_due_at,
        p_due_at + interval '30 minutes', v_row.note, v_row.created_by_call, v_now);
    UPDATE app.queue_entry e SET due_at = p_due_at WHERE e.id = v_row.entry_id
        AND (e.state = 'callback' OR e.back_state = 'callback');
    PERFORM app.audit('callback.move', 'callback/' || p_callback, v_row.patient_id,
        jsonb_build_object('due_at', p_due_at));
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.hint('queue');
END
$$;

CREATE OR REPLACE FUNCTION api.release_callback(p_callback uuid, p_op uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_row app.callback;
BEGIN
    IF app.op_begin(p_op, v_me, 'release_callback', jsonb_build_array(p_callback)) IS NOT NULL THEN
        RETURN;
    END IF;
    v_row := app.my_callback(p_callback, v_me);
    UPDATE app.callback b SET owner = NULL WHERE b.id = p_callback;
    PERFORM app.audit('callback.release', 'callback/' || p_callback, v_row.patient_id);
    PERFORM app.op_end(p_op, '{}');
    PERFORM app.hint('queue');
END
$$;

-- 200 rows at a time, by key. Own calls of the last 30 days for a coordinator, everybody's
-- for a supervisor. Text looks into names and notes, in here, so that no index leaks.
CREATE OR REPLACE FUNCTION api.call_log(p_filter jsonb, p_before uuid, p_limit integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor', 'clinician', 'auditor');
    v_now timestamptz := app.now();
    v_amend_since timestamptz := v_now - make_interval(hours => app.rule_number('amend_hours'));
    v_practice app.practice;
    v_limit integer := least(greatest(coalesce(p_limit, 200), 1), 200);
    v_person uuid := nullif(p_filter ->> 'person_id', '')::uuid;
    v_first uuid;
    v_last uuid;
    v_outcome text := nullif(p_filter ->> 'outcome', '');
    v_campaign text := nullif(p_filter ->> 'campaign', '');
    v_text text := nullif(lower(trim(coalesce(p_filter ->> 'text', ''))), '');
    v_rows jsonb;
    v_count integer;
    v_oldest uuid;
    -- A coordinator reads by name whom they called today; of earlier calls the facts are enough.
    v_named uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    SELECT x.* INTO v_practice FROM app.practice x;
    v_first := app.uuid7_floor((coalesce(nullif(p_filter ->> 'first_day', '')::date, '2000-01-01'))::timestamp
        AT TIME ZONE v_practice.zone);
    v_last := app.uuid7_floor((coalesce(nullif(p_filter ->> 'last_day', '')::date, '2200-01-01') + 1)::timestamp
        AT TIME ZONE v_practice.zone);
    IF v_me.role = 'coordinator' THEN
        v_person := v_me.id;
        v_first := greatest(v_first, app.uuid7_floor(v_now - interval '30 days'));
        v_named := app.uuid7_floor(
            (v_now AT TIME ZONE v_practice.zone)::date::timestamp AT TIME ZONE v_practice.zone);
    END IF;
    IF v_text IS NOT NULL THEN
        v_text := '%' || replace(replace(replace(v_text, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    END IF;
    SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', x.id, 'at', x.requested_at, 'zone', x.zone, 'coordinator', x.coordinator,
            'patient', CASE WHEN x.id >= v_named THEN x.patient ELSE x.initials END,
            'number_ending', CASE WHEN x.id >= v_named THEN right(x.e164, 4) ELSE '' END,
            'campaign', x.campaign,
            'end', coalesce(x.end_reason, ''), 'outcome', coalesce(x.outcome, ''),
            'seconds', coalesce(extract(epoch FROM x.ended_at - x.answered_at)::integer, 0),
            'identity', coalesce(x.identity, ''),
            'note', CASE WHEN x.id >= v_named THEN x.note ELSE '' END,
            'is_practice_line', x.is_practice_line,
            'amendable', app.amendable(v_me, x.call, v_amend_since),
            'amended', app.amended_view(x.id, x.id >= v_named)
        ) || CASE WHEN v_me.role IN ('supervisor', 'auditor')
            THEN jsonb_build_object('patient_id', x.patient_id) ELSE '{}' END
          || CASE WHEN v_me.role <> 'coordinator' THEN jsonb_build_object('recorded', EXISTS (
            SELECT 1 FROM app.recording n WHERE n.call_id = x.id AND n.state <> 'failed'))
            ELSE '{}' END ORDER BY x.id DESC), '[]'), count(*), min(x.id::text)::uuid
    INTO v_rows, v_count, v_oldest
    FROM (
        SELECT c.id, c.requested_at, c.e164, c.end_reason, c.outcome, c.ended_at, c.answered_at,
            c.identity, c.note, c.is_practice_line, c.patient_id, c AS call, o.name AS coordinator,
            p.given || ' ' || p.family AS patient,
            left(p.given, 1) || '. ' || left(p.family, 1) || '.' AS initials, k.name AS campaign,
            coalesce(p.zones[1], v_practice.zone) AS zone
        FROM app.call c
        JOIN app.person o ON o.id = c.person_id
        JOIN app.patient p ON p.id = c.patient_id
        JOIN app.campaign k ON k.id = c.campaign_id
        WHERE c.id >= v_first AND c.id < least(v_last, coalesce(p_before, v_last))
            AND (v_person IS NULL OR c.person_id = v_person)
            AND (v_outcome IS NULL OR c.outcome = v_outcome)
            AND (v_campaign IS NULL OR k.name = v_campaign)
            AND (v_text IS NULL OR c.id >= v_named AND (lower(p.given || ' ' || p.family) LIKE v_text
                OR lower(c.note) LIKE v_text OR right(c.e164, 4) LIKE v_text))
        ORDER BY c.id DESC LIMIT v_limit
    ) AS x;
    PERFORM app.audit_read(v_me, 'call_log.read', 'call_log', NULL,
        jsonb_build_object('rows', v_count, 'filter', jsonb_strip_nulls(jsonb_build_object(
            'person_id', v_person, 'outcome', left(v_outcome, 40), 'campaign', left(v_campaign, 80),
            'first_day', left(p_filter ->> 'first_day', 20),
            'last_day', left(p_filter ->> 'last_day', 20))), 'with_text', v_text IS NOT NULL));
    RETURN jsonb_build_object('rows', v_rows,
        'next_before', CASE WHEN v_count = v_limit THEN v_oldest END);
END
$$;

-- Asked before calls are written to a file, on a login of just now: an unattended window is not
-- enough to carry patients out (45 CFR 164.312(d)). Gives the line that the file begins with.
CREATE OR REPLACE FUNCTION api.export_calls(p_filter jsonb, p_rows integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_now timestamptz := app.now();
    v_id uuid := app.uuid7(v_now);
BEGIN
    PERFORM app.require_training(v_me);
    PERFORM app.require_fresh_login();
    IF p_rows IS NULL OR p_rows < 1 THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "rows"}');
    END IF;
    PERFORM app.audit('call_log.export', 'export/' || v_id, NULL, jsonb_build_object(
        'rows', p_rows, 'filter', left(coalesce(p_filter - 'text', '{}')::text, 500)));
    RETURN (SELECT 'Exported by ' || v_me.name || ' from ' || p.name || ' on '
        || to_char(v_now AT TIME ZONE p.zone, 'YYYY-MM-DD HH24:MI') || ', ' || v_id FROM app.practice p);
END
$$;

CREATE OR REPLACE FUNCTION api.import_batches() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.me('administrator', 'supervisor');
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', b.id, 'at', b.at, 'source', b.source, 'file_name', b.file_name,
            'by', b.imported_by, 'read', b.read_rows, 'created', b.created, 'changed', b.changed,
            'unchanged', b.unchanged, 'review', b.review, 'rejected', b.rejected
        ) ORDER BY b.at DESC), '[]')
        FROM (SELECT x.* FROM app.import_batch x ORDER BY x.at DESC LIMIT 100) AS b
    );
END
$$;

CREATE OR REPLACE FUNCTION api.import_problems(p_batch uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.me('administrator');
    IF p_batch IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "batch"}');
    END IF;
    PERFORM app.audit('import.review', 'import_batch/' || p_batch, NULL);
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'row_number', r.row_number, 'severity', r.severity, 'reason', r.reason,
            'external_id', r.external_id
        ) ORDER BY r.id), '[]')
        FROM (SELECT x.* FROM app.import_row x WHERE x.batch_id = p_batch ORDER BY x.id LIMIT 2000) AS r
    );
END
$$;
