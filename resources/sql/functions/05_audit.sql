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
-- patient, lists that were read and look-ups (their patient is NULL).
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
        AND (e.patient_id IS NOT NULL OR e.action LIKE '%.read' OR e.action = 'patient.search')
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

-- A row goes only when it is older than the law asks to keep it (45 CFR 164.316(b)(2)(i)). What
-- decides is the row's own age, which its hash covers: no setting and no argument opens this door.
CREATE OR REPLACE FUNCTION audit.guard_age() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF old.at_us >= audit.micros(clock_timestamp() - interval '6 years') THEN
        RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '42501';
    END IF;
    RETURN old;
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
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit.event
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS only_old_rows_go ON audit.event;
CREATE TRIGGER only_old_rows_go BEFORE DELETE ON audit.event
FOR EACH ROW EXECUTE FUNCTION audit.guard_age();
DROP TRIGGER IF EXISTS append_only ON audit.anchor;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.anchor
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS append_only ON audit.anchor_signature;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.anchor_signature
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS append_only ON audit.cut;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.cut
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
DROP TRIGGER IF EXISTS forward_only ON audit.head;
CREATE TRIGGER forward_only BEFORE UPDATE ON audit.head
FOR EACH ROW EXECUTE FUNCTION audit.guard_head();
DROP TRIGGER IF EXISTS append_only ON audit.head;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit.head
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- ------------------------------------------------------------------------- anchors and purging

CREATE OR REPLACE FUNCTION audit.anchor_hash(
    p_prev bytea, p_id bigint, p_at timestamptz, p_heads jsonb
) RETURNS bytea
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(p_prev || convert_to(
        jsonb_build_array(p_id, audit.micros(p_at), p_heads)::text, 'UTF8'))
$$;

-- Write down all heads as they are committed now; the number and the hash of the anchor.
CREATE OR REPLACE FUNCTION audit.make_anchor(p_at timestamptz)
RETURNS TABLE (id bigint, hash text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_heads jsonb;
    v_id bigint;
    v_prev bytea;
    v_hash bytea;
BEGIN
    LOCK TABLE audit.anchor IN SHARE ROW EXCLUSIVE MODE;  -- one after the other
    SELECT coalesce(jsonb_object_agg(h.chain, jsonb_build_array(h.seq, encode(h.hash, 'hex'))), '{}')
    INTO v_heads FROM audit.head h;
    SELECT a.id, a.hash INTO v_id, v_prev FROM audit.anchor a ORDER BY a.id DESC LIMIT 1;
    v_id := coalesce(v_id, 0) + 1;  -- not from the sequence: a gap is a removed anchor
    v_prev := coalesce(v_prev, '\x');
    v_hash := audit.anchor_hash(v_prev, v_id, p_at, v_heads);
    INSERT INTO audit.anchor (id, at, heads, prev, hash) OVERRIDING SYSTEM VALUE
    VALUES (v_id, p_at, v_heads, v_prev, v_hash);
    RETURN QUERY SELECT v_id, encode(v_hash, 'hex');
END
$$;

CREATE OR REPLACE FUNCTION audit.last_anchor_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.at FROM audit.anchor a ORDER BY a.id DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION audit.unsigned_anchors(p_limit integer)
RETURNS TABLE (id bigint, hash text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.id, encode(a.hash, 'hex') FROM audit.anchor a
    WHERE NOT EXISTS (SELECT 1 FROM audit.anchor_signature s WHERE s.anchor_id = a.id)
    ORDER BY a.id DESC LIMIT p_limit
$$;

-- The first signature stays. That it fits is for whoever verifies to say: the server has no Ed25519.
CREATE OR REPLACE FUNCTION audit.sign_anchor(p_id bigint, p_public_key bytea, p_signature bytea)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO audit.anchor_signature (anchor_id, public_key, signature, signed_at)
    SELECT a.id, p_public_key, p_signature, clock_timestamp() FROM audit.anchor a WHERE a.id = p_id
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Whether this hash stands in one's own chain. Receipts are recent: the newest rows are looked at
-- first, and the rest of a chain of years only for one that is lost.
CREATE OR REPLACE FUNCTION audit.has_receipt(p_hash bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN EXISTS (
            SELECT 1 FROM audit.event e WHERE e.chain = session_user::text AND e.hash = p_hash
                AND e.seq > (SELECT h.seq - 2000 FROM audit.head h WHERE h.chain = session_user::text))
            THEN true
        ELSE EXISTS (
            SELECT 1 FROM audit.event e WHERE e.chain = session_user::text AND e.hash = p_hash)
    END
$$;

-- Take away what is older than p_before, at the old end of each chain; returns how many rows went.
-- The newest of the old rows stays: that it is old itself proves that nothing younger was cut.
CREATE OR REPLACE FUNCTION audit.purge(p_before timestamptz, p_years integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_latest constant timestamptz := clock_timestamp() - make_interval(years => greatest(p_years, 6));
    v_chain text;
    v_keep bigint;
    v_count bigint;
    v_all bigint := 0;
BEGIN
    -- NULL is refused, too.
    IF (p_before <= v_latest AND p_years >= 6) IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'QC093', MESSAGE = 'too_young_to_purge',
            DETAIL = jsonb_build_object('years', greatest(p_years, 6))::text;
    END IF;
    FOR v_chain IN
        SELECT DISTINCT e.chain FROM audit.event e WHERE e.at_us < audit.micros(p_before) ORDER BY 1
    LOOP
        SELECT e.seq - 1 INTO v_keep FROM audit.event e
        WHERE e.chain = v_chain AND e.at_us >= audit.micros(p_before) ORDER BY e.seq LIMIT 1;
        IF NOT FOUND THEN
            SELECT max(e.seq) INTO v_keep FROM audit.event e WHERE e.chain = v_chain;
        END IF;
        INSERT INTO audit.cut (chain, seq, hash, at)
        SELECT e.chain, e.seq, e.hash, clock_timestamp() FROM audit.event e
        WHERE e.chain = v_chain AND e.seq = v_keep - 1;
        IF FOUND THEN
            DELETE FROM audit.event e WHERE e.chain = v_chain AND e.seq < v_keep;
            GET DIAGNOSTICS v_count = ROW_COUNT;
            v_all := v_all + v_count;
        END IF;
    END LOOP;
    RETURN v_all;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(timestamptz, text, text, uuid, jsonb) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.receipt() TO app_owner;
GRANT EXECUTE ON FUNCTION audit.reads_of(uuid, timestamptz, timestamptz, integer) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.reads_between(timestamptz, timestamptz) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.make_anchor(timestamptz) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.last_anchor_at() TO app_owner;
GRANT EXECUTE ON FUNCTION audit.unsigned_anchors(integer) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.sign_anchor(bigint, bytea, bytea) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.has_receipt(bytea) TO app_owner;
GRANT EXECUTE ON FUNCTION audit.purge(timestamptz, integer) TO app_owner;
