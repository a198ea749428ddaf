-- What a recording holds: how the gateway follows it at the carrier and brings it here encrypted, who
-- listens, and when it goes.

-- A key as it travels: sealed, in hexadecimal.
CREATE OR REPLACE FUNCTION app.is_sealed_key(p_key text) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT length(p_key) BETWEEN 96 AND 1024 AND p_key ~ '^([0-9a-f]{2})+$'
$$;

-- What the window of this call's coordinator should show has changed.
CREATE OR REPLACE FUNCTION app.hint_recording(p app.recording) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.hint_person(p.person_id)
$$;

-- ---------------------------------------------------------------------------- the gateway

CREATE OR REPLACE FUNCTION app.recording_work(p app.recording) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'call_id', p.call_id, 'call_ref', c.carrier_ref, 'state', p.state,
        'wish', app.recording_wish(p), 'carrier_ref', p.carrier_ref,
        'call_ended', c.state = 'ended',
        'running_s', coalesce(extract(epoch FROM app.now() - p.started_at), 0),
        -- What of the same call is known already: a file of the carrier's that is none of these is ours.
        'others', (SELECT coalesce(jsonb_agg(o.carrier_ref), '[]') FROM app.recording o
            WHERE o.call_id = p.call_id AND o.id <> p.id AND o.carrier_ref <> ''))
    FROM app.call c WHERE c.id = p.call_id
$$;

-- Every recording that is not settled; those that run first.
CREATE OR REPLACE FUNCTION api.gateway_recordings() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    RETURN (
        SELECT coalesce(jsonb_agg(app.recording_work(r)
            ORDER BY r.state IN ('asked', 'starting', 'recording', 'paused') DESC, r.id), '[]')
        FROM app.recording r WHERE r.state NOT IN ('kept', 'discarded', 'failed'));
END
$$;

CREATE OR REPLACE FUNCTION app.recording_rank(p_state text) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_state WHEN 'asked' THEN 0 WHEN 'starting' THEN 1 WHEN 'recording' THEN 2 WHEN 'paused' THEN 2
        WHEN 'stopped' THEN 3 WHEN 'fetched' THEN 4 WHEN 'kept' THEN 5 WHEN 'discarded' THEN 6
        WHEN 'failed' THEN 6 END
$$;

-- What the gateway now knows. A state never goes back; "starting" is granted only while everything
-- that allowed the recording still holds. False: it is not so, and nothing must be sent.
CREATE OR REPLACE FUNCTION api.gateway_recording(p_recording uuid, p_fact jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_row app.recording;
    v_state text := p_fact ->> 'state';
    v_rank integer := app.recording_rank(v_state);
BEGIN
    PERFORM app.gateway();
    IF v_rank IS NULL OR v_state IN ('asked', 'fetched') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "state"}');
    END IF;
    -- Lock order everywhere: the call, then its recordings.
    PERFORM 1 FROM app.call c
    WHERE c.id = (SELECT r.call_id FROM app.recording r WHERE r.id = p_recording) FOR NO KEY UPDATE;
    SELECT r.* INTO v_row FROM app.recording r WHERE r.id = p_recording FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "recording"}');
    ELSIF v_state = 'starting' AND v_row.state = 'starting' THEN
        UPDATE app.recording r SET sentence = left(coalesce(p_fact ->> 'sentence', r.sentence), 400)
        WHERE r.id = p_recording;
        PERFORM app.hint_recording(v_row);
        RETURN false;
    ELSIF v_rank < app.recording_rank(v_row.state) OR app.recording_rank(v_row.state) = 6
        OR v_state = 'kept' AND v_row.state <> 'fetched'
        OR v_state = 'starting' AND (v_row.state <> 'asked' OR app.recording_wish(v_row) <> 'record'
            OR NOT app.carrier_agreed(v_now)
            OR NOT EXISTS (SELECT 1 FROM app.call c WHERE c.id = v_row.call_id AND c.state = 'live')) THEN
        RETURN false;
    END IF;
    IF v_state = 'discarded' THEN
        DELETE FROM app.recording_chunk k WHERE k.recording_id = p_recording;
    END IF;
    UPDATE app.recording r SET
        state = v_state,
        carrier_ref = coalesce(nullif(left(p_fact ->> 'carrier_ref', 64), ''), r.carrier_ref),
        started_at = CASE WHEN v_state IN ('recording', 'paused') THEN coalesce(r.started_at, v_now)
            ELSE r.started_at END,
        stopped_at = CASE WHEN v_rank >= 3 THEN coalesce(r.stopped_at, v_now) END,
        settled_at = CASE WHEN v_rank >= 5 THEN v_now END,
        sealed_key = CASE WHEN v_rank < 6 THEN r.sealed_key END,
        sentence = left(coalesce(p_fact ->> 'sentence', r.sentence), 400)
    WHERE r.id = p_recording;
    IF v_state <> v_row.state AND v_rank >= 5 THEN
        PERFORM app.audit('recording.' || v_state, 'recording/' || p_recording, v_row.patient_id);
    END IF;
    PERFORM app.hint_recording(v_row);
    RETURN true;
END
$$;

-- Begin to store: what an interrupted try left is taken away, and its key with it. False: it is not
-- wanted any more. p_key in hexadecimal, sealed for the gateway.
CREATE OR REPLACE FUNCTION api.gateway_recording_begin(p_recording uuid, p_key text, p_content_type text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.recording;
BEGIN
    PERFORM app.gateway();
    IF (app.is_sealed_key(p_key) AND p_content_type ~ '^audio/[a-z0-9.+-]{1,40}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "key"}');
    END IF;
    SELECT r.* INTO v_row FROM app.recording r WHERE r.id = p_recording FOR UPDATE;
    IF v_row.state IS DISTINCT FROM 'stopped' OR v_row.wish = 'discard' THEN
        RETURN false;
    END IF;
    DELETE FROM app.recording_chunk k WHERE k.recording_id = p_recording;
    UPDATE app.recording r SET sealed_key = decode(p_key, 'hex'), content_type = p_content_type
    WHERE r.id = p_recording;
    RETURN true;
END
$$;

-- One encrypted piece, in base64. False: it is not wanted any more.
CREATE OR REPLACE FUNCTION api.gateway_recording_chunk(p_recording uuid, p_n integer, p_content text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.recording;
BEGIN
    PERFORM app.gateway();
    IF (p_n BETWEEN 0 AND 255 AND length(p_content) BETWEEN 1 AND 800000
        AND p_content ~ '^[A-Za-z0-9+/]*={0,2}$' AND length(p_content) % 4 = 0) IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "content"}');
    END IF;
    SELECT r.* INTO v_row FROM app.recording r WHERE r.id = p_recording FOR UPDATE;
    IF v_row.state IS DISTINCT FROM 'stopped' OR v_row.wish = 'discard' OR v_row.sealed_key IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO app.recording_chunk (recording_id, n, content)
    VALUES (p_recording, p_n, decode(p_content, 'base64'))
    ON CONFLICT (recording_id, n) DO UPDATE SET content = excluded.content;
    RETURN true;
END
$$;

-- Everything is here. p_bytes: of the sound itself, before encryption. False: a piece is missing.
CREATE OR REPLACE FUNCTION api.gateway_recording_stored(
    p_recording uuid, p_chunks integer, p_bytes bigint, p_seconds integer
) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.recording;
BEGIN
    PERFORM app.gateway();
    IF (p_chunks BETWEEN 1 AND 256 AND p_bytes BETWEEN 1 AND 67108864 AND p_seconds >= 0) IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "chunks"}');
    END IF;
    SELECT r.* INTO v_row FROM app.recording r WHERE r.id = p_recording FOR UPDATE;
    IF v_row.state IS DISTINCT FROM 'stopped' OR v_row.wish = 'discard' OR v_row.sealed_key IS NULL
        OR (SELECT count(*) FILTER (WHERE k.n < p_chunks) FROM app.recording_chunk k
            WHERE k.recording_id = p_recording) <> p_chunks THEN
        RETURN false;
    END IF;
    UPDATE app.recording r SET state = 'fetched', chunks = p_chunks, bytes = p_bytes, seconds = p_seconds
    WHERE r.id = p_recording;
    PERFORM app.audit('recording.stored', 'recording/' || p_recording, v_row.patient_id,
        jsonb_build_object('seconds', p_seconds));
    RETURN true;
END
$$;

-- Windows that wait for a key of their own.
CREATE OR REPLACE FUNCTION api.gateway_playbacks() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'recording_id', r.id,
            'sealed_key', encode(r.sealed_key, 'hex'), 'public_key', encode(p.public_key, 'hex')
        ) ORDER BY p.id), '[]')
        FROM app.recording_playback p JOIN app.recording r ON r.id = p.recording_id
        WHERE p.sealed_key IS NULL AND NOT p.refused AND p.asked_at > app.now() - interval '10 minutes'
            AND r.sealed_key IS NOT NULL AND r.wish <> 'discard');
END
$$;

-- The content's key, sealed for the window that asked; NULL: this gateway cannot open the content.
CREATE OR REPLACE FUNCTION api.gateway_playback(p_playback uuid, p_key text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_person uuid;
BEGIN
    PERFORM app.gateway();
    IF p_playback IS NULL OR p_key IS NOT NULL AND NOT app.is_sealed_key(p_key) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "key"}');
    END IF;
    UPDATE app.recording_playback p SET sealed_key = decode(p_key, 'hex'), refused = p_key IS NULL
    WHERE p.id = p_playback AND p.sealed_key IS NULL AND NOT p.refused
    RETURNING p.person_id INTO v_person;
    IF v_person IS NOT NULL THEN
        PERFORM app.hint_person(v_person);
    END IF;
END
$$;

-- What is older than the practice keeps it goes; nothing that is held. Gives how many went.
CREATE OR REPLACE FUNCTION api.gateway_purge_recordings() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_row app.recording;
    v_gone integer := 0;
BEGIN
    PERFORM app.gateway();
    FOR v_row IN
        SELECT r.* FROM app.recording r
        WHERE r.state = 'kept'
            AND r.asked_at < v_now - make_interval(days => (app.recording_setting()).keep_days)
        ORDER BY r.asked_at LIMIT 500 FOR UPDATE SKIP LOCKED
    LOOP
        CONTINUE WHEN app.recording_hold(v_row) <> '';
        PERFORM app.discard_recording(v_row, 'Kept as long as the practice keeps recordings.', v_now);
        PERFORM app.audit('recording.purge', 'recording/' || v_row.id, v_row.patient_id);
        v_gone := v_gone + 1;
    END LOOP;
    RETURN v_gone;
END
$$;

-- Whatever the code says: the content of a held recording stays.
CREATE OR REPLACE FUNCTION app.guard_recording_chunk() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM app.recording r WHERE r.id = old.recording_id AND r.held_reason <> '') THEN
        PERFORM app.fail('QC111', 'recording_held', '{"sentence": "A legal hold keeps this recording."}');
    END IF;
    RETURN old;
END
$$;
DROP TRIGGER IF EXISTS held ON app.recording_chunk;
CREATE TRIGGER held BEFORE DELETE ON app.recording_chunk
FOR EACH ROW EXECUTE FUNCTION app.guard_recording_chunk();

-- ---------------------------------------------------------------------------- people who listen

CREATE OR REPLACE FUNCTION app.known_recording(p_recording uuid) RETURNS app.recording
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.recording;
BEGIN
    SELECT r.* INTO v_row FROM app.recording r WHERE r.id = p_recording FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC113', 'no_such_recording');
    END IF;
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION app.recording_playable(p app.recording) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.state IN ('fetched', 'kept') AND p.wish <> 'discard'
$$;

CREATE OR REPLACE FUNCTION app.recording_row(p app.recording, p_me app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p.id, 'call_id', p.call_id, 'state', p.state, 'started_at', p.started_at, 'seconds', p.seconds,
        'playable', app.recording_playable(p) AND p_me.role IN ('supervisor', 'clinician'),
        'hold', app.recording_hold(p), 'held_by', coalesce((
            SELECT h.name FROM app.person h WHERE h.id = p.held_by AND p.held_reason <> ''), ''),
        'may_manage', p_me.role = 'supervisor',
        'gone_because', p.discard_reason, 'sentence', p.sentence,
        'deleted_from', CASE WHEN app.recording_playable(p) THEN
            p.asked_at + make_interval(days => (app.recording_setting()).keep_days) END,
        'agreed_at', (SELECT c.at FROM app.recording_consent c WHERE c.id = p.consent_id),
        'agreed_under', (SELECT app.recording_law(c.basis) FROM app.recording_consent c
            WHERE c.id = p.consent_id),
        'listened', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.asked_at, 'by', o.name,
                'reason', l.reason, 'opened', l.opened_at IS NOT NULL) ORDER BY l.id DESC), '[]')
            FROM app.recording_playback l JOIN app.person o ON o.id = l.person_id
            WHERE l.recording_id = p.id))
$$;

CREATE OR REPLACE FUNCTION api.call_recordings(p_call uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician', 'auditor');
    v_patient uuid := (SELECT c.patient_id FROM app.call c WHERE c.id = p_call);
BEGIN
    IF v_patient IS NULL THEN
        PERFORM app.fail('QC024', 'no_such_call');
    END IF;
    PERFORM app.audit_read(v_me, 'recording_list.read', 'call/' || p_call, v_patient);
    RETURN (SELECT coalesce(jsonb_agg(app.recording_row(r, v_me) ORDER BY r.id), '[]')
        FROM app.recording r WHERE r.call_id = p_call);
END
$$;

-- Ask to listen. p_public_key: the window's own, 32 bytes in hexadecimal, for this once; the gateway
-- seals the content's key for it. Listening is a read of the patient's record and stands there.
CREATE OR REPLACE FUNCTION api.request_playback(
    p_recording uuid, p_public_key text, p_reason text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician');
    v_now timestamptz := app.now();
    v_row app.recording;
    v_id uuid := app.uuid7(v_now);
    v_answer jsonb;
BEGIN
    PERFORM app.require_training(v_me);
    IF (p_public_key ~ '^[0-9a-f]{64}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "public_key"}');
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'request_playback',
        jsonb_build_array(p_recording, p_public_key, p_reason));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_row := app.known_recording(p_recording);
    IF NOT app.recording_playable(v_row) THEN
        PERFORM app.fail('QC113', 'no_such_recording');
    END IF;
    INSERT INTO app.recording_playback (id, recording_id, person_id, asked_at, reason, public_key)
    VALUES (v_id, p_recording, v_me.id, v_now,
        app.said(jsonb_build_object('reason', p_reason), 'reason', 3), decode(p_public_key, 'hex'));
    PERFORM app.audit_read(v_me, 'recording.read', 'recording/' || p_recording, v_row.patient_id,
        jsonb_build_object('playback', v_id, 'call', v_row.call_id));
    v_answer := jsonb_build_object('id', v_id);
    PERFORM app.op_end(p_op, v_answer);
    PERFORM pg_notify('cc_gateway', '');
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION app.my_playback(p_playback uuid, p_me app.person) RETURNS app.recording_playback
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row app.recording_playback;
BEGIN
    SELECT p.* INTO v_row FROM app.recording_playback p
    WHERE p.id = p_playback AND p.person_id = p_me.id AND p.asked_at > app.now() - interval '10 minutes';
    IF NOT FOUND THEN
        PERFORM app.fail('QC113', 'no_such_recording');
    END IF;
    RETURN v_row;
END
$$;

-- How it stands: waiting, refused, or ready with the key and what there is to fetch.
CREATE OR REPLACE FUNCTION api.playback(p_playback uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician');
    v_play app.recording_playback := app.my_playback(p_playback, v_me);
    v_row app.recording := app.known_recording(v_play.recording_id);
BEGIN
    IF NOT app.recording_playable(v_row) THEN
        PERFORM app.fail('QC113', 'no_such_recording');
    END IF;
    IF v_play.sealed_key IS NOT NULL AND v_play.opened_at IS NULL THEN
        UPDATE app.recording_playback p SET opened_at = app.now() WHERE p.id = p_playback;
    END IF;
    RETURN jsonb_build_object('state', CASE WHEN v_play.refused THEN 'refused'
            WHEN v_play.sealed_key IS NULL THEN 'waiting' ELSE 'ready' END,
        'recording_id', v_row.id, 'sealed_key', coalesce(encode(v_play.sealed_key, 'hex'), ''),
        'chunks', v_row.chunks, 'bytes', v_row.bytes, 'content_type', v_row.content_type);
END
$$;

-- One encrypted piece, in base64.
CREATE OR REPLACE FUNCTION api.playback_chunk(p_playback uuid, p_n integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'clinician');
    v_play app.recording_playback := app.my_playback(p_playback, v_me);
    v_content text;
BEGIN
    SELECT replace(encode(k.content, 'base64'), E'\n', '') INTO v_content
    FROM app.recording_chunk k WHERE k.recording_id = v_play.recording_id AND k.n = p_n;
    IF v_content IS NULL THEN
        PERFORM app.fail('QC113', 'no_such_recording');
    END IF;
    RETURN v_content;
END
$$;

-- A legal hold, or its end; the reason of an end stands in the audit.
CREATE OR REPLACE FUNCTION api.hold_recording(p_recording uuid, p_hold boolean, p_reason text, p_op uuid)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_reason text;
    v_row app.recording;
BEGIN
    v_reason := app.said(jsonb_build_object('reason', p_reason), 'reason', 5);
    IF p_hold IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "hold"}');
    END IF;
    IF app.op_begin(p_op, v_me, 'hold_recording', jsonb_build_array(p_recording, p_hold, v_reason)) IS NULL THEN
        v_row := app.known_recording(p_recording);
        IF NOT app.recording_playable(v_row) THEN
            PERFORM app.fail('QC113', 'no_such_recording');
        END IF;
        UPDATE app.recording r SET held_reason = CASE WHEN p_hold THEN left(v_reason, 500) ELSE '' END,
            held_by = CASE WHEN p_hold THEN v_me.id END, held_at = CASE WHEN p_hold THEN app.now() END
        WHERE r.id = p_recording;
        PERFORM app.audit(CASE WHEN p_hold THEN 'recording.hold' ELSE 'recording.release' END,
            'recording/' || p_recording, v_row.patient_id, jsonb_build_object('reason', v_reason));
        PERFORM app.op_end(p_op, '{}');
    END IF;
    RETURN app.recording_row(app.known_recording(p_recording), v_me);
END
$$;

-- Delete a recording before its time, as a patient may ask; on a login of just now.
CREATE OR REPLACE FUNCTION api.delete_recording(p_recording uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor');
    v_reason text;
    v_row app.recording;
BEGIN
    PERFORM app.require_fresh_login();
    v_reason := app.said(jsonb_build_object('reason', p_reason), 'reason', 5);
    IF app.op_begin(p_op, v_me, 'delete_recording', jsonb_build_array(p_recording, v_reason)) IS NULL THEN
        v_row := app.known_recording(p_recording);
        IF app.recording_hold(v_row) <> '' THEN
            PERFORM app.fail('QC111', 'recording_held',
                jsonb_build_object('sentence', app.recording_hold(v_row) || ' It cannot be deleted now.'));
        END IF;
        PERFORM app.discard_recording(v_row, left(v_reason, 500), app.now());
        PERFORM app.audit('recording.delete', 'recording/' || p_recording, v_row.patient_id,
            jsonb_build_object('reason', v_reason));
        PERFORM app.op_end(p_op, '{}');
        PERFORM pg_notify('cc_gateway', '');
    END IF;
    RETURN app.recording_row(app.known_recording(p_recording), v_me);
END
$$;
