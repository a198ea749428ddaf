-- Returned calls as they are shown: the lane, the board.

-- Whose name this person was shown within the hour: found (see api.find_patient), or in a list.
CREATE OR REPLACE FUNCTION app.has_found(p_me app.person, p_patient uuid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT 1 FROM app.seen s
        WHERE s.person_id = p_me.id AND s.patient_id = p_patient
            AND s.at > clock_timestamp() - interval '1 hour')
$$;

-- Why nobody can open a patient who called back.
CREATE OR REPLACE FUNCTION app.outside_return(p_patient app.patient, p_me app.person, p_now timestamptz)
RETURNS text
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT app.entry_why(e, p_me, p_now) FROM app.queue_entry e
         JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
         WHERE e.patient_id = p_patient.id ORDER BY e.state = 'held' DESC, e.closed_at DESC NULLS LAST LIMIT 1),
        app.outside_why(p_patient, p_now))
$$;

-- What keeps the call back from being dialled now; NULL when nothing does.
CREATE OR REPLACE FUNCTION app.return_gate(
    p_row app.return_call, p_me app.person, p_now timestamptz
) RETURNS text
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.first_refusal(app.gate(e, NULL, p_now)) ->> 'sentence'
    FROM app.return_entry(p_row.patient_id) AS e WHERE e.id IS NOT NULL
$$;

-- One returned call for p_me. Of somebody else's only that it is somebody else's.
CREATE OR REPLACE FUNCTION app.return_view(
    p_row app.return_call, p_me app.person, p_now timestamptz, p_named uuid[]
) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p_row.id, 'at', p_row.at, 'source', p_row.source, 'kind', p_row.kind,
        'waits', p_row.waits AND p_row.call_id IS NULL,
        'mine', coalesce(p_row.routed_to = p_me.id, false),
        'routed_to', coalesce((SELECT o.name FROM app.person o WHERE o.id = p_row.routed_to), ''),
        'routed_why', p_row.routed_why,
        'taken_by', coalesce((SELECT o.name FROM app.person o WHERE o.id = p_row.taken_by), ''),
        'wanted_at', p_row.wanted_at,
        'known', p_row.patient_id IS NOT NULL,
        'number', CASE WHEN p_me.role = 'supervisor' AND p_row.patient_id IS NULL
                THEN coalesce(app.display_number(p_row.e164), '')
            WHEN s.shown THEN coalesce('••' || right(p_row.e164, 2), '') ELSE '' END,
        'note', CASE WHEN s.shown THEN p_row.note ELSE '' END,
        'people', CASE WHEN s.shown THEN coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'patient_id', p.id, 'likely', p.id IS NOT DISTINCT FROM p_row.patient_id,
                'name', CASE WHEN p.id = ANY (p_named) THEN p.given || ' ' || left(p.family, 1) || '.' ELSE '' END,
                'language', p.language,
                'can_open', (e.entry).id IS NOT NULL,
                'sentence', CASE WHEN (e.entry).id IS NULL THEN app.outside_return(p, p_me, p_now) ELSE '' END,
                'last_call', app.last_call_view(p.id)
            ) ORDER BY p.id IS NOT DISTINCT FROM p_row.patient_id DESC, p.given, p.id)
            FROM app.return_call_match m JOIN app.patient p ON p.id = m.patient_id
            CROSS JOIN LATERAL (SELECT app.return_entry(p.id) AS entry) AS e
            WHERE m.return_id = p_row.id), '[]') ELSE '[]' END,
        'gate', CASE WHEN s.shown AND NOT p_row.waits AND p_row.patient_id IS NOT NULL
            THEN coalesce(app.return_gate(p_row, p_me, p_now), '') ELSE '' END
    )
    FROM (SELECT p_me.role = 'supervisor' OR p_row.routed_to = p_me.id
        OR p_row.routed_to IS NULL AND p_row.routed_why = 'anybody' AS shown) AS s
$$;

-- The lane: what is open, oldest first; those on the phone before all.
CREATE OR REPLACE FUNCTION api.return_calls() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_now timestamptz := app.now();
    v_rows app.return_call[];
    v_named uuid[];
BEGIN
    v_rows := ARRAY(
        SELECT r FROM app.return_call r
        WHERE r.closed_at IS NULL AND (v_me.role = 'supervisor' OR r.routed_why <> 'supervisor')
            AND (v_me.role = 'supervisor' OR r.routed_to = v_me.id OR EXISTS (
                SELECT 1 FROM app.queue_entry e JOIN app.campaign c ON c.id = e.campaign_id
                WHERE e.patient_id = r.patient_id AND app.shows_campaign(c, v_me)))
        ORDER BY r.kind = 'on_the_phone' DESC, coalesce(r.wanted_at, r.at), r.id LIMIT 100);
    v_named := app.names_for(v_me, ARRAY(
        SELECT m.patient_id FROM unnest(v_rows) r JOIN app.return_call_match m ON m.return_id = r.id
        WHERE v_me.role = 'supervisor' OR r.routed_to = v_me.id
            OR r.routed_to IS NULL AND r.routed_why = 'anybody'
        ORDER BY (r.routed_to = v_me.id) DESC NULLS LAST, r.at
        LIMIT CASE WHEN v_me.role = 'supervisor' THEN 200 ELSE 10 END));
    PERFORM app.audit_read(v_me, 'returns.read', 'return_calls', NULL,
        jsonb_build_object('rows', cardinality(v_rows), 'named', cardinality(v_named)));
    RETURN jsonb_build_object(
        'now', v_now,
        'rows', (SELECT coalesce(jsonb_agg(app.return_view(r, v_me, v_now, v_named)
                ORDER BY r.kind = 'on_the_phone' DESC, coalesce(r.wanted_at, r.at), r.id), '[]')
            FROM unnest(v_rows) AS r),
        'line', (SELECT jsonb_build_object('state', l.state, 'sentence', l.sentence)
            FROM app.incoming_line l WHERE l.at > v_now - interval '2 minutes')
    );
END
$$;

-- How many wait for this person: told with each heartbeat, so it must be cheap.
CREATE OR REPLACE FUNCTION app.returns_for(p_me app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'on_the_phone', count(*) FILTER (WHERE r.kind = 'on_the_phone' AND r.taken_by IS NULL),
        'waiting', count(*) FILTER (WHERE r.kind <> 'on_the_phone' AND r.taken_by IS NULL))
    FROM app.return_call r
    WHERE r.closed_at IS NULL AND coalesce(r.wanted_at, '-infinity') <= app.now()
        AND (r.routed_to = p_me.id
            OR p_me.role = 'supervisor' AND r.routed_why = 'supervisor')
$$;

-- For the board: how long the lane is and how old.
CREATE OR REPLACE FUNCTION app.returns_board(p_now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'open', count(*) FILTER (WHERE r.taken_by IS NULL),
        'on_the_phone', count(*) FILTER (WHERE r.kind = 'on_the_phone' AND r.taken_by IS NULL),
        'unknown', count(*) FILTER (WHERE r.patient_id IS NULL),
        'oldest', min(coalesce(r.wanted_at, r.at)) FILTER (WHERE r.taken_by IS NULL))
    FROM app.return_call r
    WHERE r.closed_at IS NULL AND coalesce(r.wanted_at, r.at) <= p_now
$$;
