-- The coordinator's ear: where one hears the calls, softphone tokens, and the line test.

-- ------------------------------------------------------------------------------- the choice

-- Whether calls are simulated: as the gateway last said; in a demo always.
CREATE OR REPLACE FUNCTION app.is_practice_line() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.is_demo OR coalesce((SELECT g.is_practice_line FROM app.gateway_health g), false)
    FROM app.practice p
$$;

-- Why a number cannot be a coordinator's own phone; '' when it may be. The window asks the numbering
-- plan as well, and so does the gateway before it dials (calls/numbers.py).
CREATE OR REPLACE FUNCTION app.own_number_problem(p_number text, p_practice boolean) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_number !~ '^\+[1-9][0-9]{6,14}$' THEN 'Write your number with the area code, ten digits.'
        WHEN p_number !~ '^\+1' THEN 'Your phone has to have a number of the United States.'
        WHEN p_number !~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$' THEN 'This is not a complete phone number.'
        WHEN p_number ~ '^\+1([2-9]11|[0-9]{3}[2-9]11)' OR p_number ~ '^\+1(900|[0-9]{3}976)'
            THEN 'This is an emergency, service or premium number. It cannot be your phone.'
        WHEN p_number ~ '^\+1(800|833|844|855|866|877|888)'
            THEN 'A toll-free number cannot be your phone. Use the number of the phone itself.'
        WHEN NOT p_practice AND p_number ~ '^\+1[0-9]{3}55501[0-9]{2}$'
            THEN 'Numbers with 555-01 are made up and ring nowhere.'
        WHEN p_number = (SELECT p.office_number FROM app.practice p)
            THEN 'This is the office number that patients see. It cannot be your phone.'
        ELSE '' END
$$;

-- The same of a SIP address. Nothing but sip:user@host, a port and the transport: what else the
-- syntax has (RFC 3261, 19.1: headers, parameters, passwords) would tell the carrier more than whom
-- to call.
CREATE OR REPLACE FUNCTION app.sip_problem(p_address text, p_practice boolean) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN length(p_address) > 200 OR p_address !~ (
            '^sip:[A-Za-z0-9][A-Za-z0-9._~+-]{0,63}@'
            '([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*'
            '(:[0-9]{1,5})?(;transport=(udp|tcp|tls))?$')
            THEN 'Write the address as sip:name@host, for example sip:maya@phones.example.com.'
        WHEN coalesce(nullif(substring(p_address FROM ':([0-9]{1,5})(;|$)'), '')::integer, 5060)
            NOT BETWEEN 1 AND 65535
            THEN 'The port of a SIP address is a number from 1 to 65535.'
        WHEN NOT p_practice AND (
            h.host !~ '[.]' OR h.host ~* '(^|[.])(localhost|local|internal|lan|home|arpa)$'
            OR h.host ~ '^(0|10|127|169[.]254|172[.](1[6-9]|2[0-9]|3[01])|192[.]168)[.]')
            THEN 'The phone line calls this address over the internet, and it is one of a private network.'
        ELSE '' END
    FROM (SELECT lower(substring(p_address FROM '@([^:;]+)')) AS host) AS h
$$;

CREATE OR REPLACE FUNCTION app.endpoint_kind(p_endpoint text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_endpoint LIKE '+%' THEN 'phone' WHEN p_endpoint LIKE 'sip:%' THEN 'sip'
        ELSE 'softphone' END
$$;

CREATE OR REPLACE FUNCTION app.ear_view(p_me app.person) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'kind', app.endpoint_kind(p_me.agent_endpoint),
        'address', CASE WHEN p_me.agent_endpoint ~ '^([+]|sip:)' THEN p_me.agent_endpoint ELSE '' END,
        'is_practice_line', app.is_practice_line(),
        'softphone_ready', app.is_practice_line() OR EXISTS (SELECT 1 FROM app.softphone_key),
        'office_number', p.office_number)
    FROM app.practice p
$$;

CREATE OR REPLACE FUNCTION api.my_ear() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN app.ear_view(app.me('coordinator', 'supervisor'));
END
$$;

-- Choose: "client" (in the program), "+1…" (one's own phone), "sip:…". Not while a call is up: the
-- ear in use would be closed under it.
CREATE OR REPLACE FUNCTION api.choose_ear(p_endpoint text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.coordinator();
    v_endpoint text := trim(left(coalesce(p_endpoint, ''), 300));
    v_practice boolean := app.is_practice_line();
    v_problem text;
    v_answer jsonb;
BEGIN
    v_problem := CASE WHEN v_endpoint = 'client' THEN ''
        WHEN v_endpoint LIKE 'sip:%' THEN app.sip_problem(v_endpoint, v_practice)
        ELSE app.own_number_problem(v_endpoint, v_practice) END;
    IF v_problem <> '' THEN
        PERFORM app.fail('QC070', 'bad_argument',
            jsonb_build_object('field', 'endpoint', 'sentence', v_problem));
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'choose_ear', jsonb_build_array(v_endpoint));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    -- A dial of the same moment comes before or after, and reads the one or the other.
    SELECT p.* INTO v_me FROM app.person p WHERE p.id = v_me.id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM app.live_call l WHERE l.person_id = v_me.id) THEN
        PERFORM app.fail('QC022', 'call_in_progress', jsonb_build_object('sentence',
            'You are on a call. Change where you hear calls when it has ended.'));
    END IF;
    IF v_me.agent_endpoint <> v_endpoint THEN
        UPDATE app.person p SET agent_endpoint = v_endpoint WHERE p.id = v_me.id RETURNING p.* INTO v_me;
        -- The kind alone: a private number is nobody's business in the audit.
        PERFORM app.audit('ear.choose', 'person/' || v_me.id, NULL,
            jsonb_build_object('kind', app.endpoint_kind(v_endpoint)));
        -- What was the ear until now is let go; the next dial calls the new one.
        PERFORM app.let_phone_go(v_me.id);
        PERFORM app.hint_person(v_me.id);
    END IF;
    v_answer := app.ear_view(v_me);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- -------------------------------------------------------------------------------- the token

-- RFC 2104 over SHA-256, block of 64 bytes.
CREATE OR REPLACE FUNCTION app.hmac_sha256(p_key bytea, p_data bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_key bytea := CASE WHEN length(p_key) > 64 THEN sha256(p_key) ELSE p_key END;
    v_inner bytea := decode(repeat('36', 64), 'hex');
    v_outer bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    FOR i IN 0..length(v_key) - 1 LOOP
        v_inner := set_byte(v_inner, i, get_byte(v_key, i) # 54);
        v_outer := set_byte(v_outer, i, get_byte(v_key, i) # 92);
    END LOOP;
    RETURN sha256(v_outer || sha256(v_inner || p_data));
END
$$;

-- RFC 7515, appendix C.
CREATE OR REPLACE FUNCTION app.base64url(p_data bytea) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT translate(encode(p_data, 'base64'), E'+/=\n', '-_')
$$;

-- RFC 7519 with HS256, and the header that Twilio's access tokens have.
CREATE OR REPLACE FUNCTION app.access_token(p_claims jsonb, p_secret text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.signed || '.' || app.base64url(app.hmac_sha256(
        convert_to(p_secret, 'UTF8'), convert_to(t.signed, 'UTF8')))
    FROM (SELECT app.base64url(convert_to('{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}', 'UTF8'))
        || '.' || app.base64url(convert_to(p_claims::text, 'UTF8')) AS signed) AS t
$$;

-- An identity of the softphone for ten minutes: it can be called, and can do nothing else (no
-- outgoing application is granted). Who it is for is the login of this connection. On the practice
-- line the ids bear the practice mark (calls/twilio_http.py) and the signature is by a key that
-- nobody has: no carrier ever takes it.
CREATE OR REPLACE FUNCTION api.softphone_token() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_limit constant integer := 60;
    v_life constant interval := '10 minutes';
    v_me app.person := app.coordinator();
    v_now timestamptz := clock_timestamp();  -- the carrier's time, not a demo's
    v_practice boolean := app.is_practice_line();
    v_key app.softphone_key;
    v_identity text := replace(v_me.id::text, '-', '');
    v_expires bigint := floor(extract(epoch FROM v_now + v_life));
BEGIN
    IF v_practice THEN
        v_key.account_sid := 'ACfeedfeedfeedfeed' || left(v_identity, 16);
        v_key.key_sid := 'SKfeedfeedfeedfeed' || left(v_identity, 16);
        v_key.secret := gen_random_uuid()::text || gen_random_uuid()::text;
    ELSE
        SELECT k.* INTO v_key FROM app.softphone_key k;
        IF NOT FOUND THEN
            PERFORM app.fail('QC120', 'softphone_not_set_up');
        END IF;
    END IF;
    IF app.meter_take(v_me.id, 'tokens', v_limit, interval '1 hour') < 1 THEN
        PERFORM app.fail('QC121', 'too_many_tokens', jsonb_build_object('minutes', greatest(1, ceil(extract(
            epoch FROM app.meter_opens_in(v_me.id, 'tokens', v_limit, interval '1 hour')) / 60))));
    END IF;
    PERFORM app.audit('softphone.token', 'person/' || v_me.id, NULL,
        jsonb_build_object('key', right(v_key.key_sid, 4), 'practice_line', v_practice));
    RETURN jsonb_build_object(
        'token', app.access_token(jsonb_build_object(
            'jti', v_key.key_sid || '-' || gen_random_uuid(),
            'iss', v_key.key_sid, 'sub', v_key.account_sid,
            -- A carrier whose clock is a little behind must not find it too new.
            'nbf', floor(extract(epoch FROM v_now))::bigint - 30, 'exp', v_expires,
            'grants', jsonb_build_object('identity', v_identity,
                'voice', '{"incoming": {"allow": true}}'::jsonb)), v_key.secret),
        'identity', v_identity,
        'seconds', extract(epoch FROM v_life)::integer,
        'is_practice_line', v_practice);
END
$$;

-- ------------------------------------------------------------------------- the signing key

CREATE OR REPLACE FUNCTION app.key_view() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT jsonb_build_object('account_sid', k.account_sid, 'key_sid', k.key_sid,
        'set_at', k.set_at, 'set_by', k.set_by) FROM app.softphone_key k),
        '{"account_sid": "", "key_sid": "", "set_at": null, "set_by": ""}'::jsonb)
$$;

-- The one writer, for the supervisors' function and for coordinator-admin.
CREATE OR REPLACE FUNCTION app.store_softphone_key(p_account text, p_key text, p_secret text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_problem text := CASE
        WHEN coalesce(p_account, '') !~ '^AC[0-9a-f]{32}$'
            THEN 'The account’s SID begins with AC and has 32 more letters and digits.'
        WHEN coalesce(p_key, '') !~ '^SK[0-9a-f]{32}$'
            THEN 'The key’s SID begins with SK and has 32 more letters and digits.'
        WHEN left(p_account, 18) = 'ACfeedfeedfeedfeed' OR left(p_key, 18) = 'SKfeedfeedfeedfeed'
            THEN 'This is a key of the practice line. It opens no real account.'
        WHEN coalesce(p_secret, '') !~ '^[!-~]{16,200}$'
            THEN 'The key’s secret has at least 16 letters and digits, without spaces.' END;
BEGIN
    IF v_problem IS NOT NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'key', 'sentence', v_problem));
    END IF;
    INSERT INTO app.softphone_key AS k (account_sid, key_sid, secret, set_at, set_by)
    VALUES (p_account, p_key, p_secret, app.now(), session_user)
    ON CONFLICT (id) DO UPDATE SET account_sid = excluded.account_sid, key_sid = excluded.key_sid,
        secret = excluded.secret, set_at = excluded.set_at, set_by = excluded.set_by;
    PERFORM app.audit('softphone.key', 'softphone', NULL,
        jsonb_build_object('account', p_account, 'key', p_key));
END
$$;

CREATE OR REPLACE FUNCTION app.drop_softphone_key() RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM app.softphone_key k WHERE k.id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.audit('softphone.key_cleared', 'softphone', NULL);
    RETURN true;
END
$$;

-- Which key signs, never its secret.
CREATE OR REPLACE FUNCTION api.softphone_key() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.me('supervisor', 'administrator');
    RETURN app.key_view();
END
$$;

CREATE OR REPLACE FUNCTION api.set_softphone_key(p_account text, p_key text, p_secret text, p_op uuid)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_answer jsonb;
BEGIN
    PERFORM app.require_second_factor(v_me);
    PERFORM app.require_fresh_login();
    v_answer := app.op_begin(p_op, v_me, 'set_softphone_key', jsonb_build_array(p_account, p_key, p_secret));
    IF v_answer IS NULL THEN
        PERFORM app.store_softphone_key(p_account, p_key, p_secret);
        v_answer := app.key_view();
        PERFORM app.op_end(p_op, v_answer);
    END IF;
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION api.clear_softphone_key(p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_answer jsonb;
BEGIN
    PERFORM app.require_second_factor(v_me);
    PERFORM app.require_fresh_login();
    v_answer := app.op_begin(p_op, v_me, 'clear_softphone_key', '[]');
    IF v_answer IS NULL THEN
        PERFORM app.drop_softphone_key();
        v_answer := app.key_view();
        PERFORM app.op_end(p_op, v_answer);
    END IF;
    RETURN v_answer;
END
$$;

-- ---------------------------------------------------------------------------- the line test

-- One small question of a line test: its time is the round trip; the first answer has the facts.
CREATE OR REPLACE FUNCTION api.line_probe() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'at', clock_timestamp(),  -- real time: a demo's would be hours away from this computer's
            'now', app.now(),
            'server', split_part(current_setting('server_version'), ' ', 1),
            'schema', (SELECT max(m.number) FROM app.migration m),
            'lowest_client', p.lowest_client,
            'tls', (SELECT coalesce(a.sslversion, '') FROM pg_stat_get_activity(pg_backend_pid()) a),
            'line', app.line_view(app.now()),
            'ear', app.ear_view(v_me))
        FROM app.practice p);
END
$$;

CREATE OR REPLACE FUNCTION app.line_test_lines(p_lines jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_line jsonb;
    v_kept jsonb := '[]';
BEGIN
    IF coalesce(jsonb_typeof(p_lines), '') <> 'array' OR jsonb_array_length(p_lines) NOT BETWEEN 1 AND 12 THEN
        RETURN NULL;
    END IF;
    FOR v_line IN SELECT l.value FROM jsonb_array_elements(p_lines) AS l LOOP
        IF coalesce(v_line ->> 'key', '') NOT IN ('ear', 'speaker', 'network', 'line', 'carrier', 'database')
            OR coalesce(v_line ->> 'state', '') NOT IN ('ok', 'attention', 'bad')
            OR length(coalesce(v_line ->> 'sentence', '')) NOT BETWEEN 1 AND 400 THEN
            RETURN NULL;
        END IF;
        v_kept := v_kept || jsonb_build_object('key', v_line ->> 'key', 'state', v_line ->> 'state',
            'sentence', v_line ->> 'sentence');
    END LOOP;
    RETURN v_kept;
END
$$;

-- Keep what a line test found with this shift; the one before of the same shift goes.
CREATE OR REPLACE FUNCTION api.keep_line_test(p_lines jsonb, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('coordinator', 'supervisor');
    v_lines jsonb := app.line_test_lines(p_lines);
    v_worst jsonb;
    v_session uuid;
    v_answer jsonb;
BEGIN
    IF v_lines IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "lines"}');
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'keep_line_test', v_lines);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT w.id INTO v_session FROM app.work_session w
    WHERE w.person_id = v_me.id AND w.ended_at IS NULL;
    IF v_session IS NULL THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'session',
            'sentence', 'The result is kept with your shift. Sign in first.'));
    END IF;
    SELECT l.value INTO v_worst FROM jsonb_array_elements(v_lines) WITH ORDINALITY AS l (value, n)
    ORDER BY array_position('{bad,attention,ok}'::text[], l.value ->> 'state'), l.n LIMIT 1;
    INSERT INTO app.line_test AS t (session_id, person_id, at, worst, finding, lines)
    VALUES (v_session, v_me.id, app.now(), v_worst ->> 'state',
        CASE WHEN v_worst ->> 'state' = 'ok' THEN '' ELSE v_worst ->> 'sentence' END, v_lines)
    ON CONFLICT (session_id) DO UPDATE SET at = excluded.at, worst = excluded.worst,
        finding = excluded.finding, lines = excluded.lines;
    PERFORM app.hint('team');
    v_answer := jsonb_build_object('worst', v_worst ->> 'state');
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- A person's newest line test, as supervisors see it; NULL: none yet.
CREATE OR REPLACE FUNCTION app.last_line_test(p_person uuid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('at', t.at, 'worst', t.worst, 'finding', t.finding)
    FROM app.line_test t WHERE t.person_id = p_person ORDER BY t.at DESC LIMIT 1
$$;
