-- How much one login may read, in a way that a rollback cannot undo; and what supervisors are told.

-- One sequence a person and kind of reading: its value is the time (microseconds since 1970) up to
-- which the allowance is used. And one that counts reads, one with the step of the last code.
CREATE OR REPLACE FUNCTION app.meter_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '{charts,previews,searches,found,glass,factor,step,reads,tokens}'::text[]
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

-- Real time, not a demo's.
CREATE OR REPLACE FUNCTION app.clock_us() RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- Half of an allowance may be used at once, and the other half comes back evenly within the period: no
-- span of that length ever sees more than the whole.
CREATE OR REPLACE FUNCTION app.meter_burst(p_limit integer) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_limit / 2 + p_limit % 2
$$;

-- Microseconds after which one comes back; a limit of 1 after the whole span.
CREATE OR REPLACE FUNCTION app.meter_step(p_limit integer, p_period interval) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(1, (extract(epoch FROM p_period) * 1000000)::bigint / greatest(p_limit / 2, 1))
$$;

-- Until when the allowance is used, never more than all of it: after the server's clock was put back
-- nobody waits longer than one span.
CREATE OR REPLACE FUNCTION app.meter_used(
    p_person uuid, p_kind text, p_limit integer, p_period interval
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT least(greatest(app.meter_value(p_person, p_kind), c.now),
        c.now + app.meter_burst(p_limit) * app.meter_step(p_limit, p_period))
    FROM (SELECT app.clock_us() AS now OFFSET 0) AS c
$$;

-- How many this person has left.
CREATE OR REPLACE FUNCTION app.meter_left(
    p_person uuid, p_kind text, p_limit integer, p_period interval
) RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(0, app.meter_burst(p_limit)
        - ceil((app.meter_used(p_person, p_kind, p_limit, p_period) - app.clock_us())
            / app.meter_step(p_limit, p_period)::numeric))::integer
$$;

-- How long until one more comes back; none when there is one.
CREATE OR REPLACE FUNCTION app.meter_opens_in(
    p_person uuid, p_kind text, p_limit integer, p_period interval
) RETURNS interval
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(0, app.meter_used(p_person, p_kind, p_limit, p_period) - app.clock_us()
        - (app.meter_burst(p_limit) - 1) * app.meter_step(p_limit, p_period)) * interval '1 microsecond'
$$;

-- Take up to p_wanted from this person's allowance and say how many there were.
CREATE OR REPLACE FUNCTION app.meter_take(
    p_person uuid, p_kind text, p_limit integer, p_period interval, p_wanted integer DEFAULT 1
) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_granted integer;
BEGIN
    -- Five connections of one login come one after the other.
    PERFORM 1 FROM app.meter m WHERE m.person_id = p_person FOR NO KEY UPDATE;
    v_granted := least(p_wanted, app.meter_left(p_person, p_kind, p_limit, p_period));
    IF v_granted > 0 THEN
        PERFORM setval(app.meter_name(p_person, p_kind)::regclass,
            app.meter_used(p_person, p_kind, p_limit, p_period)
                + v_granted * app.meter_step(p_limit, p_period));
    END IF;
    RETURN greatest(v_granted, 0);
END
$$;

-- What was taken and need not have been.
CREATE OR REPLACE FUNCTION app.meter_give(
    p_person uuid, p_kind text, p_limit integer, p_period interval
) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT setval(app.meter_name(p_person, p_kind)::regclass,
        app.meter_value(p_person, p_kind) - app.meter_step(p_limit, p_period))
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

-- Whether there is a chart left for this person in the hour; takes none.
CREATE OR REPLACE FUNCTION app.can_open(p_me app.person) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_me.role <> 'coordinator'
        OR app.meter_left(p_me.id, 'charts', app.rule_number('charts_per_hour'), interval '1 hour') >= 1
$$;

-- What is said, and told to the supervisors, when the charts of the hour are used up.
CREATE OR REPLACE FUNCTION app.read_limit_gate(p_me app.person) RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'name', 'read_limit',
        'sentence', 'You have opened as many patients as one hour allows (' || l.charts
            || '). Your supervisor has been told.',
        'opens_at', app.now() + app.meter_opens_in(p_me.id, 'charts', l.charts, interval '1 hour'))
    FROM (SELECT app.rule_number('charts_per_hour') AS charts OFFSET 0) AS l
$$;

CREATE OR REPLACE FUNCTION app.tell_read_limit(p_me app.person) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.raise_alert('read_limit', p_me.id, 'person/' || p_me.id,
        jsonb_build_object('limit', app.rule_number('charts_per_hour')))
$$;

-- One chart more for this person; false when the hour's allowance is used. Roles that oversee are
-- counted and reported, not stopped.
CREATE OR REPLACE FUNCTION app.may_open(p_me app.person) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_me.role <> 'coordinator' OR app.meter_take(
        p_me.id, 'charts', app.rule_number('charts_per_hour'), interval '1 hour') = 1 THEN
        RETURN true;
    END IF;
    PERFORM app.tell_read_limit(p_me);
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

-- Whether this person may speak with the patient in the patient's language: one they know, and
-- where a credential for it is on file, one that has not expired (45 CFR 92.201).
CREATE OR REPLACE FUNCTION app.speaks(p_me app.person, p_patient uuid, p_today date) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.code = 'en' OR l.code = ANY (ARRAY(SELECT left(x, 2) FROM unnest(p_me.languages) x))
        AND coalesce((
            SELECT max(c.expires_on) >= p_today FROM app.credential c
            WHERE c.person_id = p_me.id AND c.kind = 'language' AND left(c.name, 2) = l.code), true)
    FROM (SELECT lower(left(coalesce(nullif(p.language, ''), 'en'), 2)) AS code
          FROM app.patient p WHERE p.id = p_patient) AS l
$$;

-- Looked at by the gateway's beat: reads whose transaction was taken back, and allowances used up,
-- are told even when the refusal itself was rolled back. Without waiting for a reader's own lock.
CREATE OR REPLACE FUNCTION app.watch_readers() RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
    v_charts integer := app.rule_number('charts_per_hour');
    v_searches integer := app.rule_number('searches_per_hour');
    v_found integer := app.rule_number('found_per_hour');
    v_glass integer := app.rule_number('break_glass_per_day');
BEGIN
    FOR v_row IN
        SELECT m.person_id, m.reported, p.role, 'person/' || m.person_id AS object,
            app.meter_value(m.person_id, 'reads') - m.reads AS lost,
            app.meter_left(m.person_id, 'charts', v_charts, interval '1 hour') AS charts_left,
            app.meter_left(m.person_id, 'searches', v_searches, interval '1 hour') AS searches_left,
            app.meter_left(m.person_id, 'found', v_found, interval '1 hour') AS found_left,
            app.meter_burst(v_glass) - app.meter_left(m.person_id, 'glass', v_glass, interval '1 day')
                AS glass_used,
            app.meter_left(m.person_id, 'factor', 10, interval '15 minutes') AS codes
        FROM app.meter m JOIN app.person p ON p.id = m.person_id
    LOOP
        -- A handful is what lost connections and repeated statements leave behind.
        IF v_row.lost >= v_row.reported + 5 THEN
            PERFORM app.raise_alert('rolled_back_reads', v_row.person_id, v_row.object,
                jsonb_build_object('reads', v_row.lost - v_row.reported));
            PERFORM 1 FROM app.meter m WHERE m.person_id = v_row.person_id FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                UPDATE app.meter m SET reported = v_row.lost WHERE m.person_id = v_row.person_id;
            END IF;
        END IF;
        -- Every emergency that was committed has its row; one that has none was taken back.
        IF v_row.glass_used > (SELECT count(*) FROM app.break_glass g
            WHERE g.person_id = v_row.person_id
                AND g.id >= app.uuid7_floor(app.now() - interval '1 day')) THEN
            PERFORM app.raise_alert('break_glass', v_row.person_id, v_row.object, '{"rolled_back": true}');
        END IF;
        IF v_row.role = 'coordinator' AND v_row.charts_left = 0 THEN
            PERFORM app.raise_alert('read_limit', v_row.person_id, v_row.object,
                jsonb_build_object('limit', v_charts));
        END IF;
        IF v_row.role = 'coordinator' AND least(v_row.searches_left, v_row.found_left) = 0 THEN
            PERFORM app.raise_alert('search_limit', v_row.person_id, v_row.object,
                jsonb_build_object('limit', v_searches));
        END IF;
        IF v_row.codes = 0 THEN
            PERFORM app.raise_alert('second_factor', v_row.person_id, 'person/' || v_row.person_id,
                jsonb_build_object('tries_left', 0));
        END IF;
    END LOOP;
END
$$;

-- Whether a session's transaction is in the way of others. p_queue: how full the server's queue of
-- notifications is (0 to 1); it cannot be emptied behind the oldest transaction, and a full one fails
-- every COMMIT that tells anybody anything.
CREATE OR REPLACE FUNCTION app.is_stuck(
    p_state text, p_xact_start timestamptz, p_query_start timestamptz, p_state_change timestamptz,
    p_idle interval, p_queue double precision
) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        p_state LIKE 'idle in transaction%' AND p_state_change < clock_timestamp() - p_idle
        -- Kept open by one statement after the other, so that it is never idle for long.
        OR p_query_start > p_xact_start + p_idle
        OR p_state = 'active' AND p_query_start < clock_timestamp() - interval '2 minutes'
        OR p_queue > 0.1 AND p_xact_start < clock_timestamp() - p_idle,
        false)
$$;

-- A function call is a transaction of its own, so a session of a person that sits in an open one
-- holds locks for nothing, and one that computes for a minute is no window of ours. Their own
-- settings could not be trusted to end them; the gateway's beat does. Gives how many were ended.
CREATE OR REPLACE FUNCTION app.end_stuck_sessions() RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_row record;
    v_ended integer := 0;
    v_idle interval := make_interval(secs => app.rule_number('idle_transaction_seconds'));
BEGIN
    FOR v_row IN
        SELECT a.pid, p.id AS person_id, left(a.state, 40) AS state
        FROM pg_stat_get_activity(NULL) a
        JOIN pg_roles r ON r.oid = a.usesysid
        JOIN app.person p ON p.login = r.rolname
        WHERE a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
            -- Where the owner may see and end them: see app.login_at.
            AND pg_has_role(current_user, r.oid, 'USAGE') AND a.pid <> pg_backend_pid()
            AND app.is_stuck(a.state, a.xact_start, a.query_start, a.state_change,
                v_idle, pg_notification_queue_usage())
    LOOP
        PERFORM pg_terminate_backend(v_row.pid);
        PERFORM app.audit('session.ended', 'person/' || v_row.person_id, NULL,
            jsonb_build_object('state', v_row.state));
        v_ended := v_ended + 1;
    END LOOP;
    RETURN v_ended;
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
