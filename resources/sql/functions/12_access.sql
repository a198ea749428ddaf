-- How much one login may read, in a way that a rollback cannot undo; and what supervisors are told.

-- One sequence a person and kind of reading: its value is the time (microseconds since 1970) up to
-- which the allowance is used. And one that counts reads, one with the step of the last code.
CREATE OR REPLACE FUNCTION app.meter_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '{charts,previews,searches,found,glass,factor,step,reads}'::text[]
$$;

CREATE OR REPLACE FUNCTION app.meter_name(p_person uuid, p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'app.meter_' || p_kind || '_' || replace(p_person::text, '-', '')
$$;

CREATE OR REPLACE FUNCTION app.meter_value(p_person uuid, p_kind text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(pg_sequence_last_value(app.meter_name(p_person, p_kind)::regclass), 0)
$$;

CREATE OR REPLACE FUNCTION app.make_meters() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_kind text;
BEGIN
    FOREACH v_kind IN ARRAY app.meter_kinds() LOOP
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %s MINVALUE 0 START 0 OWNED BY NONE',
            app.meter_name(new.id, v_kind));
    END LOOP;
    INSERT INTO app.meter (person_id) VALUES (new.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS make_meters ON app.person;
CREATE TRIGGER make_meters AFTER INSERT ON app.person
FOR EACH ROW EXECUTE FUNCTION app.make_meters();

-- One unit of an allowance, in microseconds: half of the limit comes back within the period. A limit
-- of 1 comes back after the whole span.
CREATE OR REPLACE FUNCTION app.meter_step(p_limit integer, p_period interval) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (extract(epoch FROM p_period) * 1000000)::bigint / greatest(p_limit / 2, 1)
$$;

-- Take up to p_wanted from this person's allowance and say how many there were. Half of p_limit may
-- be used at once and the other half comes back evenly within p_period, so that no span of that
-- length ever sees more than p_limit. Real time, not a demo's.
CREATE OR REPLACE FUNCTION app.meter_take(
    p_person uuid, p_kind text, p_limit integer, p_period interval, p_wanted integer DEFAULT 1
) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_burst constant bigint := (p_limit + 1) / 2;
    v_step constant bigint := app.meter_step(p_limit, p_period);
    v_now bigint;
    v_used bigint;
    v_granted bigint;
BEGIN
    IF p_limit <= 0 OR p_wanted <= 0 THEN
        RETURN 0;
    END IF;
    -- Five connections of one login come one after the other.
    PERFORM 1 FROM app.meter m WHERE m.person_id = p_person FOR NO KEY UPDATE;
    v_now := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    v_used := greatest(app.meter_value(p_person, p_kind), v_now);
    v_granted := least(p_wanted, (v_burst * v_step - (v_used - v_now)) / v_step);
    IF v_granted <= 0 THEN
        RETURN 0;
    END IF;
    PERFORM setval(app.meter_name(p_person, p_kind)::regclass, v_used + v_granted * v_step);
    RETURN v_granted;
END
$$;

-- A read of patient data: the audit event, and a count that stays when the transaction is taken
-- back (app.watch_readers compares the two).
CREATE OR REPLACE FUNCTION app.audit_read(
    p_me app.person, p_action text, p_object text, p_patient uuid, p_detail jsonb DEFAULT '{}'
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_receipt text := app.audit(p_action, p_object, p_patient, p_detail);
BEGIN
    UPDATE app.meter m SET reads = m.reads + 1 WHERE m.person_id = p_me.id;
    PERFORM setval(app.meter_name(p_me.id, 'reads')::regclass, app.meter_value(p_me.id, 'reads') + 1);
    RETURN v_receipt;
END
$$;

-- Tell the supervisors, once an hour for the same thing.
CREATE OR REPLACE FUNCTION app.raise_alert(
    p_kind text, p_person uuid, p_object text, p_detail jsonb DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
BEGIN
    IF EXISTS (
        SELECT 1 FROM app.alert a
        WHERE a.id >= app.uuid7_floor(v_now - interval '1 hour') AND a.kind = p_kind
            AND a.person_id IS NOT DISTINCT FROM p_person AND a.object = p_object
            AND a.seen_at IS NULL) THEN
        RETURN;
    END IF;
    INSERT INTO app.alert (id, at, kind, person_id, object, detail)
    VALUES (app.uuid7(v_now), v_now, p_kind, p_person, p_object, p_detail);
    PERFORM app.audit('alert.' || p_kind, p_object, NULL, p_detail);
    PERFORM app.hint('team');
END
$$;

-- One chart more for this person; false when the hour's allowance is used. Roles that oversee are
-- counted and reported, not stopped.
CREATE OR REPLACE FUNCTION app.may_open(p_me app.person, p_patient uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_limit integer := app.rule_number('charts_per_hour');
BEGIN
    IF p_me.role <> 'coordinator' OR app.meter_take(p_me.id, 'charts', v_limit, interval '1 hour') = 1 THEN
        RETURN true;
    END IF;
    PERFORM app.raise_alert('read_limit', p_me.id, 'person/' || p_me.id,
        jsonb_build_object('limit', v_limit));
    RETURN false;
END
$$;

-- Whose names a list may show to p_me: those shown within the hour, and as many new ones, in the
-- order given, as the allowance has left.
CREATE OR REPLACE FUNCTION app.names_for(p_me app.person, p_patients uuid[]) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_since timestamptz := clock_timestamp() - interval '1 hour';
    v_known uuid[];
    v_new uuid[];
    v_granted integer;
BEGIN
    IF p_me.role <> 'coordinator' OR cardinality(p_patients) = 0 THEN
        RETURN p_patients;
    END IF;
    SELECT coalesce(array_agg(s.patient_id), '{}') INTO v_known FROM app.seen s
    WHERE s.person_id = p_me.id AND s.patient_id = ANY (p_patients) AND s.at > v_since;
    SELECT coalesce(array_agg(p.id ORDER BY p.n), '{}') INTO v_new
    FROM (
        SELECT u.id, min(u.n) AS n FROM unnest(p_patients) WITH ORDINALITY AS u (id, n)
        WHERE u.id <> ALL (v_known) GROUP BY u.id
    ) AS p;
    IF cardinality(v_new) = 0 THEN
        RETURN v_known;
    END IF;
    v_granted := app.meter_take(p_me.id, 'previews', app.rule_number('previews_per_hour'),
        interval '1 hour', cardinality(v_new));
    v_new := v_new[1:v_granted];
    PERFORM app.note_seen(p_me.id, v_new);
    RETURN v_known || v_new;
END
$$;

CREATE OR REPLACE FUNCTION app.note_seen(p_person uuid, p_patients uuid[]) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO app.seen AS s (person_id, patient_id, at)
    SELECT p_person, u.id, clock_timestamp() FROM unnest(p_patients) AS u (id) ORDER BY u.id
    ON CONFLICT (person_id, patient_id) DO UPDATE SET at = excluded.at
$$;

-- Looked at by the gateway's beat: reads whose transaction was taken back, and allowances used up,
-- are told even when the refusal itself was rolled back.
CREATE OR REPLACE FUNCTION app.watch_readers() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
    v_now bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    v_limit integer := app.rule_number('charts_per_hour');
    v_full bigint;
BEGIN
    -- The last unit of the burst is gone: see app.meter_take.
    v_full := v_now + ((v_limit + 1) / 2 - 1) * (3600000000 / greatest(v_limit / 2, 1));
    FOR v_row IN
        SELECT m.person_id, m.reported, p.role,
            app.meter_value(m.person_id, 'reads') - m.reads AS lost,
            app.meter_value(m.person_id, 'charts') AS charts,
            app.meter_left(m.person_id, 'factor', 10, interval '15 minutes') AS codes
        FROM app.meter m JOIN app.person p ON p.id = m.person_id
        ORDER BY m.person_id FOR NO KEY UPDATE OF m SKIP LOCKED
    LOOP
        -- A handful is what lost connections and repeated statements leave behind.
        IF v_row.lost >= v_row.reported + 5 THEN
            UPDATE app.meter m SET reported = v_row.lost WHERE m.person_id = v_row.person_id;
            PERFORM app.raise_alert('rolled_back_reads', v_row.person_id, 'person/' || v_row.person_id,
                jsonb_build_object('reads', v_row.lost - v_row.reported));
        END IF;
        IF v_row.role = 'coordinator' AND v_row.charts > v_full THEN
            PERFORM app.raise_alert('read_limit', v_row.person_id, 'person/' || v_row.person_id,
                jsonb_build_object('limit', v_limit));
        END IF;
        IF v_row.codes = 0 THEN
            PERFORM app.raise_alert('second_factor', v_row.person_id, 'person/' || v_row.person_id,
                jsonb_build_object('tries_left', 0));
        END IF;
    END LOOP;
END
$$;

-- A login made just now, on this very connection (45 CFR 164.312(d)): asked before an export and an
-- override, so that an unattended window is not enough.
CREATE OR REPLACE FUNCTION app.require_fresh_login() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_minutes integer := app.rule_number('fresh_login_minutes');
BEGIN
    IF app.known_login_at() <= clock_timestamp() - make_interval(mins => v_minutes) THEN
        PERFORM app.fail('QC007', 'fresh_login_needed', jsonb_build_object('minutes', v_minutes));
    END IF;
END
$$;

-- People who were here before their meters.
DO $$
DECLARE
    v_person uuid;
    v_kind text;
BEGIN
    FOR v_person IN SELECT p.id FROM app.person p LOOP
        FOREACH v_kind IN ARRAY app.meter_kinds() LOOP
            EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %s MINVALUE 0 START 0',
                app.meter_name(v_person, v_kind));
        END LOOP;
        INSERT INTO app.meter (person_id) VALUES (v_person) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;
