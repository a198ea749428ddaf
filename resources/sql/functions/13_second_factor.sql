-- The second factor: six digits of an authenticator app (RFC 6238), checked here, without any
-- extension; and which connections have shown them.

-- FIPS 180-4, one block of 64 bytes. Words are bigint, so that nothing overflows.
CREATE OR REPLACE FUNCTION app.sha1_block(p_state bigint[], p_block bytea) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m constant bigint := 4294967295;
    w bigint[] := array_fill(0::bigint, '{80}');
    a bigint := p_state[1];
    b bigint := p_state[2];
    c bigint := p_state[3];
    d bigint := p_state[4];
    e bigint := p_state[5];
    x bigint;
BEGIN
    FOR i IN 1..16 LOOP
        w[i] := (get_byte(p_block, 4 * i - 4)::bigint << 24) | (get_byte(p_block, 4 * i - 3) << 16)
            | (get_byte(p_block, 4 * i - 2) << 8) | get_byte(p_block, 4 * i - 1);
    END LOOP;
    FOR i IN 17..80 LOOP
        x := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
        w[i] := ((x << 1) | (x >> 31)) & m;
    END LOOP;
    FOR i IN 1..80 LOOP
        IF i <= 20 THEN
            x := ((b & c) | ((~b & m) & d)) + 1518500249;
        ELSIF i <= 40 THEN
            x := (b # c # d) + 1859775393;
        ELSIF i <= 60 THEN
            x := ((b & c) | (b & d) | (c & d)) + 2400959708;
        ELSE
            x := (b # c # d) + 3395469782;
        END IF;
        x := ((((a << 5) | (a >> 27)) & m) + x + e + w[i]) & m;
        e := d;
        d := c;
        c := ((b << 30) | (b >> 2)) & m;
        b := a;
        a := x;
    END LOOP;
    RETURN ARRAY[(p_state[1] + a) & m, (p_state[2] + b) & m, (p_state[3] + c) & m,
        (p_state[4] + d) & m, (p_state[5] + e) & m];
END
$$;

CREATE OR REPLACE FUNCTION app.sha1(p_data bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state bigint[] := '{1732584193,4023233417,2562383102,271733878,3285377520}';
    -- A bit, zeros up to 56 of 64 bytes, and the length in bits.
    v_text bytea := p_data || '\x80'
        || decode(repeat('00', (119 - length(p_data) % 64) % 64), 'hex')
        || int8send(8 * length(p_data)::bigint);
BEGIN
    FOR i IN 0..length(v_text) / 64 - 1 LOOP
        v_state := app.sha1_block(v_state, substring(v_text FROM 64 * i + 1 FOR 64));
    END LOOP;
    RETURN (SELECT string_agg(substring(int8send(u.word) FROM 5), ''::bytea ORDER BY u.n)
        FROM unnest(v_state) WITH ORDINALITY AS u (word, n));
END
$$;

-- RFC 2104
CREATE OR REPLACE FUNCTION app.hmac_sha1(p_key bytea, p_data bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key bytea := CASE WHEN length(p_key) > 64 THEN app.sha1(p_key) ELSE p_key END;
    v_inner bytea := decode(repeat('36', 64), 'hex');
    v_outer bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    FOR i IN 0..length(v_key) - 1 LOOP
        v_inner := set_byte(v_inner, i, get_byte(v_key, i) # 54);
        v_outer := set_byte(v_outer, i, get_byte(v_key, i) # 92);
    END LOOP;
    RETURN app.sha1(v_outer || app.sha1(v_inner || p_data));
END
$$;

-- RFC 4226, section 5.3: six digits.
CREATE OR REPLACE FUNCTION app.hotp(p_secret bytea, p_counter bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_hash bytea := app.hmac_sha1(p_secret, int8send(p_counter));
    v_at integer := get_byte(v_hash, 19) & 15;
BEGIN
    RETURN lpad((
        (((get_byte(v_hash, v_at) & 127) << 24) | (get_byte(v_hash, v_at + 1) << 16)
            | (get_byte(v_hash, v_at + 2) << 8) | get_byte(v_hash, v_at + 3)) % 1000000
    )::text, 6, '0');
END
$$;

-- When this very connection was made. The owner is a member of each person's login for it
-- (coordinator-admin does that), and is told nothing of other logins of the server: NULL.
CREATE OR REPLACE FUNCTION app.login_at() RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) a
$$;

CREATE OR REPLACE FUNCTION app.known_login_at() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_at timestamptz := app.login_at();
BEGIN
    IF v_at IS NULL THEN
        PERFORM app.fail('QC009', 'login_not_watched');
    END IF;
    RETURN v_at;
END
$$;

CREATE OR REPLACE FUNCTION app.is_elevated(p_me app.person) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT 1 FROM app.elevation e
        WHERE e.pid = pg_backend_pid() AND e.backend_start = app.login_at()
            AND e.person_id = p_me.id AND e.until > clock_timestamp())
$$;

-- Refuses a connection that has not shown a code, where the practice asks for one. ``whole``: this
-- person can do nothing at all without it.
CREATE OR REPLACE FUNCTION app.require_second_factor(p_me app.person) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_enrolled boolean;
BEGIN
    IF (SELECT p.second_factor FROM app.practice p) = 'off' OR app.is_elevated(p_me) THEN
        RETURN;
    END IF;
    v_enrolled := EXISTS (SELECT 1 FROM app.second_factor f WHERE f.person_id = p_me.id);
    PERFORM app.fail('QC006', 'second_factor_needed', jsonb_build_object(
        'enrolled', v_enrolled, 'whole', p_me.role IN ('supervisor', 'administrator'),
        'sentence', CASE WHEN NOT v_enrolled THEN
            'This needs a code of your authenticator app, and none is set up for you. '
            'Ask the administrator to run “coordinator-admin user factor ' || p_me.login || '”.' END));
END
$$;

-- A new secret: codes of the old one, and connections that showed one, count no more. Only ever
-- called by the practice's owner login (coordinator-admin).
CREATE OR REPLACE FUNCTION app.enroll_second_factor(p_person uuid, p_secret bytea) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO app.second_factor AS f (person_id, secret, enrolled_at)
    VALUES (p_person, p_secret, app.now())
    ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, enrolled_at = excluded.enrolled_at;
    DELETE FROM app.elevation e WHERE e.person_id = p_person;
    PERFORM app.audit('person.factor', 'person/' || p_person, NULL);
END
$$;

-- The step (half minutes since 1970) whose code this is and that was not taken before: now, or one
-- before or after, for clocks that differ. NULL: none.
CREATE OR REPLACE FUNCTION app.code_step(p_factor app.second_factor, p_code text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now bigint := floor(extract(epoch FROM clock_timestamp()) / 30)::bigint;
    v_used bigint := greatest(p_factor.last_step, app.meter_value(p_factor.person_id, 'step'));
    v_found bigint;
BEGIN
    -- All three are computed, whichever it is: the time that it takes tells nothing.
    FOR v_step IN v_now - 1..v_now + 1 LOOP
        IF app.hotp(p_factor.secret, v_step) = p_code AND v_step > v_used THEN
            v_found := coalesce(v_found, v_step);
        END IF;
    END LOOP;
    RETURN v_found;
END
$$;

-- Show a code for this connection. A wrong one is an answer, no error: what is written down about
-- it stays. The allowance and the used step are sequences, so that nobody guesses by rolling back.
CREATE OR REPLACE FUNCTION api.second_factor(p_code text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tries constant integer := 10;
    v_period constant interval := '15 minutes';
    v_me app.person := app.who();
    v_code text := translate(left(coalesce(p_code, ''), 20), ' -', '');
    v_factor app.second_factor;
    v_step bigint;
    v_token text;
    v_left integer;
    v_minutes integer;
BEGIN
    SELECT f.* INTO v_factor FROM app.second_factor f WHERE f.person_id = v_me.id;
    IF NOT FOUND THEN
        PERFORM app.fail('QC006', 'second_factor_needed', jsonb_build_object('enrolled', false,
            'sentence', 'No authenticator app is set up for you. '
                'Ask the administrator to run “coordinator-admin user factor ' || v_me.login || '”.'));
    END IF;
    -- A slip that cannot be a code costs nothing and tells nothing.
    IF v_code !~ '^[0-9]{6}$' THEN
        RETURN jsonb_build_object('ok', false, 'sentence', 'A code has six digits. Type it again.');
    END IF;
    IF app.meter_take(v_me.id, 'factor', v_tries, v_period) = 1 THEN
        v_step := app.code_step(v_factor, v_code);
    ELSE
        v_left := -1;
    END IF;
    IF v_step IS NULL THEN
        v_left := coalesce(v_left, app.meter_left(v_me.id, 'factor', v_tries, v_period));
        PERFORM app.audit('second_factor.refused', 'person/' || v_me.id, NULL,
            jsonb_build_object('tries_left', greatest(v_left, 0)));
        IF v_left <= 0 THEN
            PERFORM app.raise_alert('second_factor', v_me.id, 'person/' || v_me.id,
                jsonb_build_object('tries_left', 0));
        END IF;
        v_minutes := greatest(1, ceil(extract(epoch FROM
            app.meter_opens_in(v_me.id, 'factor', v_tries, v_period)) / 60));
        RETURN jsonb_build_object('ok', false, 'tries_left', greatest(v_left, 0), 'sentence',
            CASE WHEN v_left < 0 THEN 'Too many wrong codes. '
                WHEN v_left = 0 THEN 'That code is not right, and it was the last try for now. '
                ELSE 'That code is not right, or was used before. Wait for the next one; '
            END || CASE WHEN v_left > 0 THEN v_left || CASE v_left WHEN 1 THEN ' try' ELSE ' tries' END || ' left.'
                ELSE 'Try again in ' || v_minutes || CASE v_minutes WHEN 1 THEN ' minute.' ELSE ' minutes.' END END);
    END IF;
    PERFORM setval(app.meter_name(v_me.id, 'step')::regclass, v_step);
    UPDATE app.second_factor f SET last_step = v_step WHERE f.person_id = v_me.id;
    PERFORM app.meter_give(v_me.id, 'factor', v_tries, v_period);
    DELETE FROM app.elevation e WHERE e.until < clock_timestamp();
    v_token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    INSERT INTO app.elevation (pid, backend_start, person_id, token_hash, until)
    VALUES (pg_backend_pid(), app.known_login_at(), v_me.id, sha256(convert_to(v_token, 'UTF8')),
        clock_timestamp() + interval '12 hours')
    ON CONFLICT (pid, backend_start) DO UPDATE
    SET token_hash = excluded.token_hash, until = excluded.until;
    PERFORM app.audit('second_factor', 'person/' || v_me.id, NULL);
    RETURN jsonb_build_object('ok', true, 'token', v_token);
END
$$;

-- Another connection of a window that has shown a code: after a lost link, or beside the first.
CREATE OR REPLACE FUNCTION api.resume_session(p_token text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.who();
    v_hash bytea := sha256(convert_to(left(coalesce(p_token, ''), 200), 'UTF8'));
    v_until timestamptz;
BEGIN
    SELECT max(e.until) INTO v_until FROM app.elevation e
    WHERE e.token_hash = v_hash AND e.person_id = v_me.id AND e.until > clock_timestamp();
    IF v_until IS NULL THEN
        PERFORM app.fail('QC006', 'second_factor_needed', jsonb_build_object(
            'enrolled', true, 'whole', v_me.role IN ('supervisor', 'administrator')));
    END IF;
    INSERT INTO app.elevation (pid, backend_start, person_id, token_hash, until)
    VALUES (pg_backend_pid(), app.known_login_at(), v_me.id, v_hash, v_until)
    ON CONFLICT (pid, backend_start) DO UPDATE
    SET token_hash = excluded.token_hash, until = excluded.until;
END
$$;

-- At sign-out: the token of this window is worth nothing any more, on whichever connection.
CREATE OR REPLACE FUNCTION app.end_elevation() RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM app.elevation e WHERE e.token_hash IN (
        SELECT o.token_hash FROM app.elevation o
        WHERE o.pid = pg_backend_pid() AND o.backend_start = app.login_at())
$$;
