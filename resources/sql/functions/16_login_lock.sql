-- Locking a login after failed tries (45 CFR 164.308(a)(5)(ii)(C)). PostgreSQL does not count them:
-- coordinator-admin reads them from the server's log, and calls these as the practice's owner. All
-- of it is in real time. Only ever the login that was tried is locked, and only for a while.

-- Failures as read from a file of the log, and how far it was read; how many were new. Those of
-- logins that are nobody's here are left out.
CREATE OR REPLACE FUNCTION app.note_login_failures(
    p_file text, p_position bigint, p_logins text[], p_times timestamptz[], p_marks text[]
) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_count integer;
BEGIN
    DELETE FROM app.login_failure f WHERE f.at < v_now - interval '2 days';
    DELETE FROM app.login_log l WHERE l.read_at < v_now - interval '7 days';
    INSERT INTO app.login_log AS l (file, position, read_at) VALUES (p_file, p_position, v_now)
    ON CONFLICT (file) DO UPDATE SET position = excluded.position, read_at = excluded.read_at;
    INSERT INTO app.login_failure (mark, person_id, at)
    SELECT u.mark, p.id, u.at FROM unnest(p_logins, p_times, p_marks) AS u (login, at, mark)
    JOIN app.person p ON p.login = u.login
    -- A clock that runs ahead must not lock for longer, and what is old is over.
    WHERE u.at BETWEEN v_now - interval '1 day' AND v_now + interval '1 minute'
    ON CONFLICT (mark) DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

-- Logins with too many failures since their last lock ended. libpq's sslmode=prefer tries a refused
-- password once more without TLS: two lines at the same moment are one try, where there is TLS.
CREATE OR REPLACE FUNCTION app.logins_to_lock() RETURNS TABLE (login text, failures integer)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_since timestamptz := clock_timestamp()
        - make_interval(mins => app.rule_number('failed_login_minutes'));
    v_limit integer := app.rule_number('failed_logins');
    v_again interval := CASE current_setting('ssl') WHEN 'on' THEN interval '100 ms' ELSE interval '0' END;
    v_person record;
    v_at integer;
BEGIN
    FOR v_person IN
        SELECT p.login, array_agg(f.at ORDER BY f.at) AS times
        FROM app.person p
        JOIN app.login_failure f ON f.person_id = p.id AND f.at > v_since
        WHERE NOT EXISTS (
            SELECT 1 FROM app.login_lock l
            WHERE l.person_id = p.id AND (l.unlocked_at IS NULL OR l.unlocked_at >= f.at))
        GROUP BY p.id, p.login
        HAVING count(*) >= v_limit
        ORDER BY p.login
    LOOP
        login := v_person.login;
        failures := 0;
        v_at := 1;
        WHILE v_at <= cardinality(v_person.times) LOOP
            failures := failures + 1;
            v_at := v_at + CASE
                WHEN v_person.times[v_at + 1] - v_person.times[v_at] < v_again THEN 2 ELSE 1 END;
        END LOOP;
        IF failures >= v_limit THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION app.lock_login(p_login text, p_failures integer, p_valid_until text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_minutes integer := app.rule_number('lock_minutes');
    v_person app.person;
BEGIN
    SELECT p.* INTO v_person FROM app.person p WHERE p.login = p_login;
    INSERT INTO app.login_lock (id, person_id, failures, locked_at, until, valid_until)
    VALUES (app.uuid7(clock_timestamp()), v_person.id, p_failures, clock_timestamp(),
        clock_timestamp() + make_interval(mins => v_minutes), p_valid_until::timestamptz);
    PERFORM app.audit('login.lock', 'person/' || v_person.id, NULL,
        jsonb_build_object('failures', p_failures, 'minutes', v_minutes));
    PERFORM app.raise_alert('login_lock', v_person.id, 'person/' || v_person.id,
        jsonb_build_object('failures', p_failures, 'minutes', v_minutes));
END
$$;

-- End a lock; whether there was one, and until when the password had been valid before.
CREATE OR REPLACE FUNCTION app.unlock_login(
    p_login text, OUT p_was_locked boolean, OUT p_valid_until text
)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_lock app.login_lock;
BEGIN
    UPDATE app.login_lock l SET unlocked_at = clock_timestamp(), unlocked_by = session_user
    FROM app.person p
    WHERE p.login = p_login AND l.person_id = p.id AND l.unlocked_at IS NULL
    RETURNING l.* INTO v_lock;
    p_was_locked := FOUND;
    IF p_was_locked THEN
        p_valid_until := v_lock.valid_until::text;
        PERFORM app.audit('login.unlock', 'person/' || v_lock.person_id, NULL,
            jsonb_build_object('early', v_lock.until > clock_timestamp()));
        PERFORM app.hint('team');
    END IF;
END
$$;
