-- role: audit_owner
-- Writing to the audit. Only app_owner's functions may call it; the actor is session_user,
-- which no client can change.

CREATE OR REPLACE FUNCTION audit.event_hash(
    p_prev bytea, p_chain text, p_seq bigint, p_at_us bigint, p_actor text,
    p_action text, p_object text, p_patient uuid, p_detail jsonb
) RETURNS bytea
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(p_prev || convert_to(jsonb_build_array(
        p_chain, p_seq, p_at_us, p_actor, p_action, p_object, p_patient, p_detail
    )::text, 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION audit.append(
    p_at timestamptz, p_action text, p_object text, p_patient uuid, p_detail jsonb
) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_chain constant text := session_user;
    v_at_us constant bigint := (extract(epoch FROM p_at) * 1000000)::bigint;
    v_seq bigint;
    v_prev bytea;
    v_hash bytea;
BEGIN
    SELECT h.seq, h.hash INTO v_seq, v_prev FROM audit.head h WHERE h.chain = v_chain FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit.head (chain, seq, hash) VALUES (v_chain, 0, '\x')
        ON CONFLICT DO NOTHING;
        SELECT h.seq, h.hash INTO v_seq, v_prev
        FROM audit.head h WHERE h.chain = v_chain FOR UPDATE;
    END IF;
    v_seq := v_seq + 1;
    v_hash := audit.event_hash(
        v_prev, v_chain, v_seq, v_at_us, session_user, p_action, p_object, p_patient, p_detail
    );
    INSERT INTO audit.event (
        chain, seq, at_us, actor, action, object, patient_id, detail, prev, hash
    ) VALUES (
        v_chain, v_seq, v_at_us, session_user, p_action, p_object, p_patient, p_detail, v_prev, v_hash
    );
    UPDATE audit.head h SET seq = v_seq, hash = v_hash WHERE h.chain = v_chain;
    -- Who reads inside a transaction and rolls it back takes the event along. The server's own
    -- log does not roll back: reads stand there too, with ids and no names.
    IF p_action LIKE '%.read' OR p_action = 'reveal' THEN
        RAISE LOG 'care-coordinator read: % % % %', v_chain, v_seq, p_action, p_object;
    END IF;
    RETURN encode(v_hash, 'hex');
END
$$;

CREATE OR REPLACE FUNCTION audit.receipt() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(h.hash, 'hex') FROM audit.head h WHERE h.chain = session_user
$$;

-- ---------------------------------------------------------------------------- reading doors
-- The practice's functions have no right on the tables: what they may read, they read here, and
-- they audit the look themselves.

CREATE OR REPLACE FUNCTION audit.micros(p_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN isfinite(p_at) THEN (extract(epoch FROM p_at) * 1000000)::bigint
        WHEN p_at > '2000-01-01 00:00+00' THEN 9223372036854775807
        WHEN p_at < '2000-01-01 00:00+00' THEN -9223372036854775808 END
$$;

-- Who looked at this patient, or did something with them: every event that names the patient,
-- newest first, of p_from <= at < p_to. NULL: no limit on that side.
CREATE OR REPLACE FUNCTION audit.reads_of(
    p_patient uuid, p_from timestamptz, p_to timestamptz, p_limit integer
) RETURNS TABLE (at timestamptz, actor text, action text, object text, detail jsonb)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'epoch'::timestamptz + e.at_us * interval '1 microsecond', e.actor, e.action, e.object, e.detail
    FROM audit.event e
    WHERE e.patient_id = p_patient
        AND e.at_us >= audit.micros(coalesce(p_from, '-infinity'))
        AND e.at_us < audit.micros(coalesce(p_to, 'infinity'))
    ORDER BY e.at_us DESC, e.chain, e.seq DESC
    LIMIT greatest(p_limit, 0)
$$;

-- Everything that touched patient data in p_from <= at < p_to, oldest first: events that name a
-- patient, and lists that were read (their patient is NULL).
CREATE OR REPLACE FUNCTION audit.reads_between(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (
    at timestamptz, actor text, action text, object text, patient_id uuid, detail jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'epoch'::timestamptz + e.at_us * interval '1 microsecond', e.actor, e.action, e.object, e.patient_id,
        e.detail
    FROM audit.event e
    WHERE e.at_us >= audit.micros(coalesce(p_from, '-infinity'))
        AND e.at_us < audit.micros(coalesce(p_to, 'infinity'))
        AND (e.patient_id IS NOT NULL OR e.action LIKE '%.read')
    ORDER BY e.at_us, e.chain, e.seq
$$;

CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '42501';
END
$$;

-- The head moves with each event, but only forward and only by one.
CREATE OR REPLACE FUNCTION audit.guard_head() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF new.chain <> old.chain OR new.seq <> old.seq + 1 THEN
        RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '42501';
    END IF;
    RETURN new;
END
$$;

DROP TRIGGER IF EXISTS append_only ON audit.event;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS append_only ON audit.anchor;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.anchor
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS forward_only ON audit.head;
CREATE TRIGGER forward_only BEFORE UPDATE ON audit.head
FOR EACH ROW EXECUTE FUNCTION audit.guard_head();
DROP TRIGGER IF EXISTS append_only ON audit.head;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit.head
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(timestamptz, text, text, uuid, jsonb) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.receipt() TO app_owner;
GRANT EXECUTE ON FUNCTION audit.reads_of(uuid, timestamptz, timestamptz, integer) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.reads_between(timestamptz, timestamptz) TO app_owner;
