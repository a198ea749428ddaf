-- Time, identity, errors, ids, idempotency, hints: what every other function stands on.

-- The practice's now. clock_timestamp(), not the transaction's or the statement's start: a
-- client that opens a transaction at 19:59 and waits must not be able to dial at 22:00.
CREATE OR REPLACE FUNCTION app.now() RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT clock_timestamp() + coalesce((SELECT p.clock_offset FROM app.practice p), interval '0')
$$;

-- Days are the practice's, whatever time zone a session says it is in.
CREATE OR REPLACE FUNCTION app.day_begins(p_day date) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_day::timestamp AT TIME ZONE p.zone FROM app.practice p
$$;

CREATE OR REPLACE FUNCTION app.practice_day(p_at timestamptz) RETURNS date
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (p_at AT TIME ZONE p.zone)::date FROM app.practice p
$$;

CREATE OR REPLACE FUNCTION app.fail(p_code text, p_name text, p_detail jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = p_code, MESSAGE = p_name, DETAIL = p_detail::text;
END
$$;

-- Who is asking: the login of this connection, never a setting. Refuses the unknown, the
-- suspended and the wrong role. Only what leads to a second factor, or out, asks this one.
CREATE OR REPLACE FUNCTION app.who(VARIADIC p_roles text[] DEFAULT '{}')
RETURNS app.person
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person;
BEGIN
    -- An older snapshot would judge by what was true then: an opt-out recorded since would not
    -- be seen. Only READ COMMITTED looks anew in each statement.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "transaction_isolation"}');
    END IF;
    SELECT p.* INTO v_me FROM app.person p WHERE p.login = session_user;
    IF NOT FOUND THEN
        PERFORM app.fail('QC001', 'not_a_person');
    ELSIF NOT v_me.active THEN
        PERFORM app.fail('QC002', 'suspended');
    ELSIF cardinality(p_roles) > 0 AND NOT v_me.role = ANY (p_roles) THEN
        PERFORM app.fail('QC005', 'role_not_allowed', jsonb_build_object('role', v_me.role));
    END IF;
    RETURN v_me;
END
$$;

-- The same for everything else: supervisors and administrators have shown a second factor on this
-- connection, where the practice asks for one.
CREATE OR REPLACE FUNCTION app.me(VARIADIC p_roles text[] DEFAULT '{}') RETURNS app.person
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.who(VARIADIC p_roles);
BEGIN
    IF v_me.role IN ('supervisor', 'administrator') THEN
        PERFORM app.require_second_factor(v_me);
    END IF;
    RETURN v_me;
END
$$;

-- What a person's role needs and each training that they have, the newest of a curriculum. Without
-- a requirement any valid training will do. NULL: trained; else the first thing that is missing.
CREATE OR REPLACE FUNCTION app.training_problem(p_me app.person, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_day date := app.practice_day(p_now);
    v_need app.required_training;
    v_any boolean := false;
    v_last app.training_record;
BEGIN
    FOR v_need IN
        SELECT DISTINCT ON (q.curriculum) q.* FROM app.required_training q
        WHERE q.role = p_me.role AND q.effective_from <= v_day
        ORDER BY q.curriculum, q.effective_from DESC
    LOOP
        CONTINUE WHEN v_need.effective_until <= v_day;
        v_any := true;
        -- Of those new enough the one that holds longest; else whatever there is, to say what is wrong.
        SELECT t.* INTO v_last FROM app.training_record t
        WHERE t.person_id = p_me.id AND t.curriculum = v_need.curriculum
        ORDER BY app.version_serves(t.version, v_need.version) DESC, t.expires_on DESC LIMIT 1;
        IF v_last.id IS NULL THEN
            RETURN app.training_lack('training_missing', v_need.curriculum, NULL,
                'Your role needs the training “' || v_need.curriculum || '”, which is not on record.');
        ELSIF NOT app.version_serves(v_last.version, v_need.version) THEN
            RETURN app.training_lack('training_old', v_need.curriculum, v_last.expires_on,
                'Your role needs version ' || v_need.version || ' of the training “' || v_need.curriculum
                || '”; yours is version ' || v_last.version || '.');
        ELSIF v_last.expires_on < v_day THEN
            RETURN app.training_lack('training_expired', v_need.curriculum, v_last.expires_on, NULL);
        END IF;
    END LOOP;
    IF NOT v_any THEN
        SELECT t.* INTO v_last FROM app.training_record t
        WHERE t.person_id = p_me.id ORDER BY t.expires_on DESC LIMIT 1;
        IF v_last.id IS NULL OR v_last.expires_on < v_day THEN
            RETURN app.training_lack('training_expired', coalesce(v_last.curriculum, 'HIPAA'),
                v_last.expires_on, NULL);
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION app.training_lack(
    p_name text, p_curriculum text, p_expires date, p_sentence text
) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('name', p_name, 'curriculum', p_curriculum, 'expires_on', p_expires,
        'sentence', coalesce(p_sentence, CASE WHEN p_expires IS NULL THEN 'Your training is not complete.'
            ELSE 'Your training “' || p_curriculum || '” expired on ' || to_char(p_expires, 'FMMonth FMDD, YYYY')
                || '.' END) || ' Your supervisor can tell you where to do it.')
$$;

-- Whether a version will do where another is asked for: the same, or a newer number.
CREATE OR REPLACE FUNCTION app.version_serves(p_version text, p_needed text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN p_needed = '' OR p_version = p_needed
        OR p_version ~ '^[0-9]{1,6}([.][0-9]{1,6}){0,3}$' AND p_needed ~ '^[0-9]{1,6}([.][0-9]{1,6}){0,3}$'
            AND app.version_array(p_version) >= app.version_array(p_needed);
END
$$;

-- Until when a person is trained: the first of the required trainings to expire.
CREATE OR REPLACE FUNCTION app.trained_until(p_me app.person, p_now timestamptz) RETURNS date
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (SELECT min(l.expires) FROM (
            SELECT max(t.expires_on) AS expires FROM app.training_record t
            WHERE t.person_id = p_me.id AND t.curriculum IN (
                SELECT q.curriculum FROM app.required_training q, app.practice_day(p_now) AS today
                WHERE q.role = p_me.role AND q.effective_from <= today
                    AND (q.effective_until IS NULL OR q.effective_until > today))
            GROUP BY t.curriculum) AS l),
        (SELECT max(t.expires_on) FROM app.training_record t WHERE t.person_id = p_me.id))
$$;

CREATE OR REPLACE FUNCTION app.require_training(p_me app.person) RETURNS date
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_problem jsonb := app.training_problem(p_me, v_now);
BEGIN
    IF v_problem IS NOT NULL THEN
        PERFORM app.fail('QC003', v_problem ->> 'name', v_problem - 'name');
    END IF;
    RETURN app.trained_until(p_me, v_now);
END
$$;

-- The same as an answer, where an expired training must not undo what was just recorded.
CREATE OR REPLACE FUNCTION app.is_trained(p_me app.person) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.training_problem(p_me, app.now()) IS NULL
$$;

-- A coordinator at work: active, right role, trained.
CREATE OR REPLACE FUNCTION app.coordinator() RETURNS app.person
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
BEGIN
    PERFORM app.require_training(v_me);
    RETURN v_me;
END
$$;

CREATE OR REPLACE FUNCTION app.audit(
    p_action text, p_object text, p_patient uuid, p_detail jsonb DEFAULT '{}'
) RETURNS text
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT audit.append(app.now(), p_action, p_object, p_patient, p_detail)
$$;

-- RFC 9562 version 7, from the practice's time, so that order of ids is order of time.
CREATE OR REPLACE FUNCTION app.uuid7(p_at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid())
        PLACING substring(int8send(floor(extract(epoch FROM p_at) * 1000)::bigint) FROM 3) FROM 1 FOR 6
    ), 52, 1), 53, 1), 'hex')::uuid
$$;

CREATE OR REPLACE FUNCTION app.uuid7_floor(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Times before 1970 and after the 48 bits of the format (infinity too) are its ends.
    SELECT (lpad(to_hex(least(greatest(
            floor(extract(epoch FROM p_at) * 1000), 0), 281474976710655)::bigint), 12, '0')
        || '70008000000000000000')::uuid
$$;

-- Monthly partitions of the calls, made ahead; a row outside all of them goes to the default.
CREATE OR REPLACE PROCEDURE app.ensure_call_partitions(p_from date, p_months integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_month date := date_trunc('month', p_from)::date;
    v_name text;
BEGIN
    IF to_regclass('app.call_default') IS NULL THEN
        CREATE TABLE app.call_default PARTITION OF app.call DEFAULT;
        CALL app.protect('app.call_default');
    END IF;
    FOR i IN 1..p_months LOOP
        v_name := 'call_' || to_char(v_month, 'YYYY_MM');
        IF to_regclass('app.' || v_name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE app.%I PARTITION OF app.call FOR VALUES FROM (%L) TO (%L)',
                v_name,
                app.uuid7_floor(v_month::timestamp AT TIME ZONE 'UTC'),
                app.uuid7_floor((v_month + interval '1 month') AT TIME ZONE 'UTC')
            );
            CALL app.protect(format('app.%I', v_name)::regclass);
        END IF;
        v_month := (v_month + interval '1 month')::date;
    END LOOP;
END
$$;
-- Few, because every query by person or patient looks into each; the gateway adds the next.
CALL app.ensure_call_partitions((current_date - interval '1 month')::date, 6);

-- Begin something that must happen once. NULL: go on. Otherwise: the answer given before.
-- A second caller with the same id waits for the first one's commit.
CREATE OR REPLACE FUNCTION app.op_begin(p_op uuid, p_me app.person, p_fn text, p_payload jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hash constant bytea := sha256(convert_to(p_payload::text, 'UTF8'));
    v_old app.op;
BEGIN
    IF p_op IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'op'));
    END IF;
    INSERT INTO app.op (op_id, person_id, fn, payload, at)
    VALUES (p_op, p_me.id, p_fn, v_hash, app.now())
    ON CONFLICT (op_id) DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    SELECT o.* INTO v_old FROM app.op o WHERE o.op_id = p_op;
    IF v_old.person_id <> p_me.id OR v_old.fn <> p_fn OR v_old.payload <> v_hash THEN
        PERFORM app.fail('QC040', 'op_conflict');
    END IF;
    RETURN coalesce(v_old.result, '{}'::jsonb);
END
$$;

CREATE OR REPLACE FUNCTION app.op_end(p_op uuid, p_result jsonb) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.op SET result = p_result WHERE op_id = p_op
$$;

-- Tell the windows that a list may have changed: at most once a second, never any data.
-- NOTIFY in every transaction costs twelve times the throughput (measured).
CREATE OR REPLACE FUNCTION app.hint(p_list text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM 1 FROM app.hint h
    WHERE h.list = p_list AND h.sent_at < clock_timestamp() - interval '1 second'
    FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE app.hint h SET sent_at = clock_timestamp() WHERE h.list = p_list;
        PERFORM pg_notify('cc_' || p_list, '');
    END IF;
END
$$;

-- Rare enough (a few per call) to be sent each time.
CREATE OR REPLACE FUNCTION app.hint_person(p_person uuid) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_notify('cc_person_' || replace(p_person::text, '-', ''), '')
$$;

-- A phone number as people write it in the practice's country; others as E.164.
CREATE OR REPLACE FUNCTION app.display_number(p_e164 text, p_extension text DEFAULT '')
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_e164 ~ '^\+1[0-9]{10}$' THEN
            '(' || substr(p_e164, 3, 3) || ') ' || substr(p_e164, 6, 3) || '-' || substr(p_e164, 9)
        ELSE p_e164
    END || CASE WHEN p_extension <> '' THEN ' ext. ' || p_extension ELSE '' END
$$;

-- "Dr. Okafor"; with the given name where another who can be booked has the same family name,
-- so that nobody is booked with the wrong Dr. Wilson.
CREATE OR REPLACE FUNCTION app.display_practitioner(p app.practitioner) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p.family IS NULL THEN ''
        WHEN EXISTS (SELECT FROM app.practitioner o
            WHERE o.bookable AND o.id <> p.id AND lower(o.family) = lower(p.family))
            THEN concat_ws(' ', 'Dr.', nullif(p.given, ''), p.family)
        ELSE 'Dr. ' || p.family
    END
$$;

CREATE OR REPLACE FUNCTION app.clock_text(p_at timestamptz, p_zone text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(p_at AT TIME ZONE p_zone, 'FMHH12:MI AM')
$$;

-- "today 5:00 PM", "tomorrow 9:00 AM", "Tue Nov 24 9:00 AM"
CREATE OR REPLACE FUNCTION app.day_clock_text(p_at timestamptz, p_now timestamptz, p_zone text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE (p_at AT TIME ZONE p_zone)::date - (p_now AT TIME ZONE p_zone)::date
        WHEN 0 THEN 'today '
        WHEN 1 THEN 'tomorrow '
        ELSE to_char(p_at AT TIME ZONE p_zone, 'Dy Mon FMDD ')
    END || app.clock_text(p_at, p_zone)
$$;

CREATE OR REPLACE FUNCTION app.guard_practice() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF tg_op = 'INSERT' THEN
        IF new.is_demo THEN
            new.second_factor := 'off';  -- its patients are made up, and its people have no phones
        END IF;
        RETURN new;
    END IF;
    IF new.is_demo <> old.is_demo THEN
        RAISE EXCEPTION USING ERRCODE = 'QC090', MESSAGE = 'a practice stays what it was made as';
    END IF;
    IF new.clock_offset < old.clock_offset THEN
        RAISE EXCEPTION USING ERRCODE = 'QC090', MESSAGE = 'the clock of a demo only goes forward';
    END IF;
    RETURN new;
END
$$;
DROP TRIGGER IF EXISTS guard ON app.practice;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON app.practice
FOR EACH ROW EXECUTE FUNCTION app.guard_practice();
