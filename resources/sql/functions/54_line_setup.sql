-- Putting the practice on a real phone line: what supervisors set and ask, what the gateway answers.

-- After so long a task is given up, whatever became of it; verification may take an office a while.
CREATE OR REPLACE FUNCTION app.line_task_life(p_kind text) RETURNS interval
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_kind WHEN 'verify' THEN interval '5 minutes' ELSE interval '2 minutes' END
$$;

CREATE OR REPLACE FUNCTION app.expire_line_tasks(p_now timestamptz) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE app.line_task t SET state = 'expired', ended_at = p_now, answer = jsonb_build_object(
        'sentence', CASE WHEN t.taken_at IS NULL
            THEN 'The gateway did not take this up in time. Start it, then try again.'
            ELSE 'This took too long and was given up. Try again.' END)
    WHERE t.state IN ('asked', 'taken', 'waiting') AND t.expires_at <= p_now
$$;

CREATE OR REPLACE FUNCTION app.line_refuse(p_name text, p_sentence text) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.fail('QC086', p_name, jsonb_build_object('sentence', p_sentence))
$$;

-- Whether the carrier lets the office number be shown, as the gateway last saw it: what the
-- authorization (compliance.md 1.8) names as its evidence.
CREATE OR REPLACE FUNCTION app.line_evidence(p_number jsonb, p_at timestamptz, p_zone text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_number ->> 'kind'
            WHEN 'owned' THEN 'Number of the carrier account, '
            WHEN 'verified' THEN 'Caller ID verified by a call of the carrier, ' END
        || (p_number ->> 'sid') || ', seen ' || to_char(p_at AT TIME ZONE p_zone, 'YYYY-MM-DD')
$$;

CREATE OR REPLACE FUNCTION app.line_task_view(p_task app.line_task) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p_task.id, 'kind', p_task.kind, 'state', p_task.state,
        'asked_by', (SELECT x.name FROM app.person x WHERE x.id = p_task.asked_by),
        'asked_at', p_task.asked_at, 'ended_at', p_task.ended_at, 'heard', p_task.heard,
        'sentence', coalesce(p_task.answer ->> 'sentence', ''), 'code', coalesce(p_task.answer ->> 'code', ''))
$$;

CREATE OR REPLACE FUNCTION api.phone_line() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_practice app.practice;
    v_line app.line_setup;
    v_today date;
BEGIN
    PERFORM app.expire_line_tasks(v_now);
    SELECT p.* INTO v_practice FROM app.practice p;
    SELECT s.* INTO v_line FROM app.line_setup s;
    v_today := app.practice_day(v_now);
    RETURN jsonb_build_object(
        'now', v_now, 'is_demo', v_practice.is_demo, 'practice_uid', v_line.practice_uid,
        'office_number', v_practice.office_number, 'countries', v_practice.allowed_countries,
        'gateway_key', CASE WHEN v_line.public_key IS NULL THEN '' ELSE encode(v_line.public_key, 'hex') END,
        'gateway_seen', (SELECT g.at FROM app.gateway_health g),
        'source', coalesce(v_line.source, 'none'), 'account_in_use', coalesce(v_line.account_sid, ''),
        'checked_at', v_line.checked_at, 'findings', v_line.findings,
        'number_kind', coalesce(v_line.number ->> 'kind', ''),
        'account', (
            SELECT jsonb_build_object('account_sid', a.account_sid, 'key_ending', a.key_ending,
                'set_by', x.name, 'set_at', a.set_at, 'state', a.state, 'problem', a.problem)
            FROM app.carrier_account a JOIN app.person x ON x.id = a.set_by
            WHERE a.state IN ('set', 'refused', 'in_use') ORDER BY a.id DESC LIMIT 1),
        'authorized_until', (
            SELECT max(coalesce(upper(a.valid), 'infinity'::date)) FROM app.caller_id_authorization a
            WHERE a.e164 = v_practice.office_number AND a.valid @> v_today
                AND coalesce(upper(a.valid), 'infinity'::date) < 'infinity'::date),
        'authorized', EXISTS (
            SELECT 1 FROM app.caller_id_authorization a
            WHERE a.e164 = v_practice.office_number AND a.valid @> v_today),
        'agreement', EXISTS (
            SELECT 1 FROM app.agreement a WHERE a.kind = 'carrier' AND a.valid @> v_today),
        'ticks', (
            SELECT coalesce(jsonb_agg(t.name ORDER BY t.name), '[]') FROM app.line_tick t WHERE t.ticked),
        'tasks', (
            SELECT coalesce(jsonb_agg(app.line_task_view(t) ORDER BY t.id DESC), '[]')
            FROM (SELECT DISTINCT ON (x.kind) x.* FROM app.line_task x ORDER BY x.kind, x.id DESC) AS t)
    );
END
$$;

-- p_sealed: hexadecimal, for the gateway's key p_for (see coordinator_app/domain/sealed.py). It is
-- stored as it is: nobody but the gateway's login is ever given it again.
CREATE OR REPLACE FUNCTION api.set_carrier(
    p_account text, p_key_ending text, p_sealed text, p_for text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_answer jsonb;
    v_id uuid;
BEGIN
    PERFORM app.require_fresh_login();
    IF (p_account ~ '^AC[0-9a-f]{32}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'account',
            'sentence', 'An account’s id begins with AC and has 34 characters. Copy it from the carrier’s console.'));
    ELSIF (p_key_ending ~ '^[0-9a-f]{4}$' AND length(p_sealed) BETWEEN 120 AND 4000
            AND p_sealed ~ '^([0-9a-f]{2})+$' AND p_for ~ '^[0-9a-f]{64}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "key"}');
    ELSIF (SELECT p.is_demo FROM app.practice p) THEN
        PERFORM app.line_refuse('demo_account_fixed',
            'This is the demo: its practice line calls nobody, and its account cannot be changed.');
    ELSIF substr(p_account, 3, 16) = repeat('feed', 4) THEN
        PERFORM app.line_refuse('practice_account',
            'This account belongs to a practice line and calls nobody. Enter the account of the carrier.');
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'set_carrier',
        jsonb_build_array(p_account, p_key_ending, p_sealed, p_for));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    PERFORM 1 FROM app.line_setup s WHERE s.public_key = decode(p_for, 'hex') FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC085', 'gateway_key_changed');
    END IF;
    UPDATE app.carrier_account a SET state = 'replaced', sealed = NULL, ended_at = v_now
    WHERE a.state IN ('set', 'refused');
    v_id := app.uuid7(v_now);
    INSERT INTO app.carrier_account (id, account_sid, key_ending, sealed, set_by, set_at, state)
    VALUES (v_id, p_account, p_key_ending, decode(p_sealed, 'hex'), v_me.id, v_now, 'set');
    PERFORM app.audit('line.account_set', 'carrier_account/' || v_id, NULL,
        jsonb_build_object('account_ending', right(p_account, 4), 'key_ending', p_key_ending));
    PERFORM pg_notify('cc_gateway', '');
    v_answer := jsonb_build_object('sentence', 'The account is on its way to the gateway, which checks it now.');
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION api.forget_carrier(p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_answer jsonb;
    v_gone integer;
BEGIN
    PERFORM app.require_fresh_login();
    v_answer := app.op_begin(p_op, v_me, 'forget_carrier', '[]');
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    UPDATE app.carrier_account a SET state = 'forgotten', sealed = NULL, ended_at = v_now
    WHERE a.state IN ('set', 'refused', 'in_use');
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    PERFORM app.audit('line.account_forgotten', 'carrier_account', NULL, jsonb_build_object('accounts', v_gone));
    PERFORM pg_notify('cc_gateway', '');
    v_answer := jsonb_build_object('sentence', CASE WHEN v_gone = 0 THEN 'There was no account to forget.'
        ELSE 'The account is forgotten. Calls that are up go on to their end.' END);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- Ask something of the line. A test call goes to a phone of the staff: it passes no gate, so that it
-- must not reach a patient.
CREATE OR REPLACE FUNCTION api.ask_line(p_kind text, p_ask jsonb, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_practice app.practice;
    v_ask jsonb := '{}';
    v_task app.line_task;
    v_answer jsonb;
    v_to text := p_ask ->> 'to';
BEGIN
    SELECT p.* INTO v_practice FROM app.practice p;
    IF coalesce(p_kind, '') NOT IN ('check', 'verify', 'unverify', 'test_call')
        OR coalesce(jsonb_typeof(p_ask), '') <> 'object' THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "kind"}');
    ELSIF p_kind = 'unverify' AND NOT v_practice.is_demo THEN
        PERFORM app.line_refuse('demo_only', 'Only in the demo can a verification be taken away here.');
    ELSIF p_kind = 'verify' THEN
        IF (coalesce(p_ask ->> 'call_delay', '0') ~ '^([0-9]|[1-5][0-9]|60)$') IS NOT TRUE THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'call_delay',
                'sentence', 'The carrier can wait 0 to 60 seconds before it calls.'));
        ELSIF (coalesce(p_ask ->> 'extension', '') ~ '^[0-9*#w]{0,20}$') IS NOT TRUE THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'extension',
                'sentence', 'An extension is up to 20 keys: digits, * and #, and w for half a second of waiting.'));
        END IF;
        v_ask := jsonb_build_object('call_delay', coalesce(p_ask ->> 'call_delay', '0')::integer,
            'extension', coalesce(p_ask ->> 'extension', ''));
    ELSIF p_kind = 'test_call' THEN
        IF (v_to ~ '^\+[1-9][0-9]{6,14}$') IS NOT TRUE THEN
            PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'to',
                'sentence', 'Enter the number of your own phone, area code first.'));
        ELSIF v_to = v_practice.office_number THEN
            PERFORM app.line_refuse('own_office', 'A test call goes to your own phone, not to the office.');
        ELSIF EXISTS (SELECT 1 FROM app.patient_telecom c WHERE c.e164 = v_to)
            OR EXISTS (SELECT 1 FROM app.suppression x WHERE x.e164 = v_to) THEN
            PERFORM app.line_refuse('patients_number',
                'This number is on a patient’s record or may not be called. A test call goes to a phone of the staff.');
        END IF;
        v_ask := jsonb_build_object('to', v_to);
    END IF;
    PERFORM app.expire_line_tasks(v_now);
    v_answer := app.op_begin(p_op, v_me, 'ask_line', jsonb_build_array(p_kind, v_ask));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    IF NOT coalesce((SELECT g.at > v_now - interval '30 seconds' FROM app.gateway_health g), false) THEN
        PERFORM app.line_refuse('no_gateway',
            'The gateway does not run, so the phone line cannot be asked. Start it on its computer, then try again.');
    END IF;
    -- Whoever asks at the same moment waits here for the other one.
    PERFORM 1 FROM app.line_setup s FOR UPDATE;
    SELECT t.* INTO v_task FROM app.line_task t
    WHERE t.state IN ('asked', 'taken', 'waiting')
        AND (t.kind = p_kind OR (t.kind <> 'check' AND p_kind <> 'check')) ORDER BY t.id LIMIT 1;
    IF FOUND AND p_kind <> 'check' THEN
        PERFORM app.line_refuse('line_asked',
            'The line is being tried already. Wait until that has ended: each try makes a phone ring.');
    ELSIF p_kind IN ('verify', 'test_call') AND (
            SELECT count(*) >= 10 FROM app.line_task t
            WHERE t.kind IN ('verify', 'test_call') AND t.asked_at > v_now - interval '1 hour') THEN
        PERFORM app.line_refuse('line_often', 'Ten tries in an hour are enough. Wait a while, or ask the carrier’s support.');
    END IF;
    IF v_task.id IS NULL THEN
        INSERT INTO app.line_task (id, kind, ask, asked_by, asked_at, expires_at, state)
        VALUES (app.uuid7(v_now), p_kind, v_ask, v_me.id, v_now, v_now + app.line_task_life(p_kind), 'asked')
        RETURNING * INTO v_task;
        PERFORM app.audit('line.' || p_kind, 'line_task/' || v_task.id, NULL,
            v_ask - 'to' || CASE WHEN v_to IS NULL OR p_kind <> 'test_call' THEN '{}'::jsonb
                ELSE jsonb_build_object('to_ending', right(v_to, 4)) END);
        PERFORM pg_notify('cc_gateway', '');
    END IF;
    v_answer := app.line_task_view(v_task);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- What the person heard on the test call, and which number their phone showed.
CREATE OR REPLACE FUNCTION api.line_heard(p_task uuid, p_heard text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_answer jsonb;
BEGIN
    IF coalesce(p_heard, '') NOT IN ('right', 'wrong_number', 'nothing') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "heard"}');
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'line_heard', jsonb_build_array(p_task, p_heard));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    UPDATE app.line_task t SET heard = p_heard
    WHERE t.id = p_task AND t.kind = 'test_call' AND t.asked_by = v_me.id AND t.taken_at IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM app.line_refuse('no_such_task', 'This test call is not yours, or is not known here.');
    END IF;
    PERFORM app.audit('line.heard', 'line_task/' || p_task, NULL, jsonb_build_object('heard', p_heard));
    v_answer := jsonb_build_object('sentence', CASE p_heard
        WHEN 'right' THEN 'The line works: you were called with the office number.'
        WHEN 'wrong_number' THEN 'Your phone showed another number. Ask your own phone company whether it shows '
            || 'caller ID as sent; if it does, ask the carrier’s support.'
        ELSE 'You heard nothing. Check the number you entered and the findings above, then try again.' END);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION api.tick_line(p_name text, p_ticked boolean, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_answer jsonb;
BEGIN
    IF p_ticked IS NULL OR coalesce(p_name, '') NOT IN (
        'full_account', 'hipaa_account', 'attestation_a', 'geo_us_only', 'recordings_protected') THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "name"}');
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'tick_line', jsonb_build_array(p_name, p_ticked));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    INSERT INTO app.line_tick AS t (name, ticked, person_id, at)
    VALUES (p_name, p_ticked, v_me.id, app.now())
    ON CONFLICT (name) DO UPDATE SET ticked = excluded.ticked, person_id = excluded.person_id, at = excluded.at;
    PERFORM app.audit('line.tick', 'line_tick/' || p_name, NULL, jsonb_build_object('ticked', p_ticked));
    v_answer := '{"sentence": "Noted."}';
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

-- The record that the number may be shown (47 CFR 64.1601(e), compliance.md 1.8): only of a number
-- that the carrier itself was seen to hold or to have verified within a day, for a year.
CREATE OR REPLACE FUNCTION api.authorize_caller_id(p_signed_by text, p_op uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator');
    v_now timestamptz := app.now();
    v_signed text := trim(coalesce(p_signed_by, ''));
    v_practice app.practice;
    v_line app.line_setup;
    v_answer jsonb;
    v_today date := app.practice_day(v_now);
    v_evidence text;
BEGIN
    IF length(v_signed) NOT BETWEEN 3 AND 200 OR v_signed ~ '[[:cntrl:]]' THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'signed_by',
            'sentence', 'Write the name of who signs for the practice.'));
    END IF;
    v_answer := app.op_begin(p_op, v_me, 'authorize_caller_id', jsonb_build_array(v_signed));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT p.* INTO v_practice FROM app.practice p;
    SELECT s.* INTO v_line FROM app.line_setup s;
    IF v_line.number ->> 'e164' IS DISTINCT FROM v_practice.office_number
        OR coalesce(v_line.number ->> 'kind', '') NOT IN ('owned', 'verified')
        OR v_line.checked_at < v_now - interval '1 day' THEN
        PERFORM app.line_refuse('number_not_verified',
            'The carrier does not hold the office number yet. Verify it first, then sign.');
    END IF;
    v_evidence := app.line_evidence(v_line.number, v_line.checked_at, v_practice.zone);
    INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid)
    VALUES (v_practice.office_number, v_evidence, v_signed,
        daterange(v_today, (v_today + interval '1 year')::date));
    PERFORM app.audit('line.caller_id_authorized', 'practice', NULL,
        jsonb_build_object('signed_by', v_signed, 'evidence', v_evidence));
    PERFORM pg_notify('cc_gateway', '');
    v_answer := jsonb_build_object('sentence', 'The office number may be shown for a year from today.');
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

---------------------------------------------------------------------------------- the gateway

-- Everything the gateway needs to know, in one answer. p_take: what was asked counts as taken from here on.
-- "again": it was taken before, by a gateway that may have died: such a one is looked up, not repeated.
CREATE OR REPLACE FUNCTION api.gateway_line(p_take boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_today date;
    v_tasks jsonb;
    v_answer jsonb;
BEGIN
    PERFORM app.gateway();
    v_today := app.practice_day(v_now);
    PERFORM app.expire_line_tasks(v_now);
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', t.id, 'kind', t.kind, 'state', t.state, 'again', t.state <> 'asked',
        'to', coalesce(t.ask ->> 'to', ''), 'extension', coalesce(t.ask ->> 'extension', ''),
        'call_delay', coalesce((t.ask ->> 'call_delay')::integer, 0),
        'ref', coalesce(t.answer ->> 'ref', ''), 'code', coalesce(t.answer ->> 'code', ''),
        'age', extract(epoch FROM v_now - t.asked_at)) ORDER BY t.id), '[]')
    INTO v_tasks FROM app.line_task t WHERE t.state IN ('asked', 'taken', 'waiting');
    UPDATE app.line_task t SET state = 'taken', taken_at = v_now WHERE t.state = 'asked' AND p_take;
    SELECT jsonb_build_object(
        'practice_uid', s.practice_uid, 'is_demo', p.is_demo, 'office_number', p.office_number,
        'countries', p.allowed_countries,
        'public_key', CASE WHEN s.public_key IS NULL THEN '' ELSE encode(s.public_key, 'hex') END,
        'agreement', EXISTS (
            SELECT 1 FROM app.agreement a WHERE a.kind = 'carrier' AND a.valid @> v_today),
        'authorized', EXISTS (
            SELECT 1 FROM app.caller_id_authorization a
            WHERE a.e164 = p.office_number AND a.valid @> v_today),
        'ticks', (
            SELECT coalesce(jsonb_agg(t.name ORDER BY t.name), '[]') FROM app.line_tick t WHERE t.ticked),
        'heard', coalesce((
            SELECT t.heard FROM app.line_task t WHERE t.kind = 'test_call' AND t.heard IS NOT NULL
            ORDER BY t.id DESC LIMIT 1), ''),
        'records', coalesce((app.recording_setting()).enabled, false),
        'records_protected', coalesce((app.recording_setting()).protected_at_carrier, false),
        'softphone_account', coalesce((SELECT k.account_sid FROM app.softphone_key k), ''),
        'open_calls', (SELECT count(*) FROM app.live_call),
        'accounts', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'account_sid', a.account_sid,
                'sealed', encode(a.sealed, 'hex'), 'state', a.state) ORDER BY a.id), '[]')
            FROM app.carrier_account a WHERE a.state IN ('set', 'in_use') AND a.sealed IS NOT NULL),
        'tasks', v_tasks)
    INTO v_answer FROM app.line_setup s, app.practice p;
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION api.gateway_line_key(p_public_key text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    IF (p_public_key ~ '^[0-9a-f]{64}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "public_key"}');
    END IF;
    UPDATE app.line_setup s SET public_key = decode(p_public_key, 'hex'), key_since = app.now()
    WHERE s.public_key IS DISTINCT FROM decode(p_public_key, 'hex');
    IF FOUND THEN
        PERFORM app.audit('line.gateway_key', 'line_setup', NULL,
            jsonb_build_object('public_key', p_public_key));
        PERFORM app.hint('team');
    END IF;
END
$$;

-- What became of an account that was entered, or (p_id NULL) which one is used: from where.
CREATE OR REPLACE FUNCTION api.gateway_line_account(
    p_id uuid, p_state text, p_problem text, p_source text, p_account text
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_by uuid;
BEGIN
    PERFORM app.gateway();
    IF p_id IS NOT NULL THEN
        IF coalesce(p_state, '') NOT IN ('in_use', 'refused') OR length(coalesce(p_problem, '')) > 500 THEN
            PERFORM app.fail('QC070', 'bad_argument', '{"field": "state"}');
        END IF;
        IF p_state = 'in_use' THEN
            UPDATE app.carrier_account a SET state = 'replaced', sealed = NULL, ended_at = v_now
            WHERE a.state = 'in_use' AND a.id <> p_id;
        END IF;
        UPDATE app.carrier_account a SET state = p_state, problem = coalesce(p_problem, ''),
            sealed = CASE WHEN p_state = 'refused' THEN NULL ELSE a.sealed END
        WHERE a.id = p_id AND a.state IN ('set', 'in_use')
            AND (a.state, a.problem) IS DISTINCT FROM (p_state, coalesce(p_problem, ''))
        RETURNING a.set_by INTO v_by;
        IF FOUND THEN
            PERFORM app.audit('line.account_' || p_state, 'carrier_account/' || p_id, NULL,
                jsonb_build_object('problem', coalesce(p_problem, '')));
            PERFORM app.hint_person(v_by);
        END IF;
    END IF;
    IF p_source IS NOT NULL THEN
        IF p_source NOT IN ('window', 'vault', 'credential', 'practice', 'none') THEN
            PERFORM app.fail('QC070', 'bad_argument', '{"field": "source"}');
        END IF;
        UPDATE app.line_setup s SET source = p_source, account_sid = nullif(left(p_account, 64), ''),
            used_since = v_now, number = '{}', findings = '[]', checked_at = NULL
        WHERE (s.source, s.account_sid) IS DISTINCT FROM (p_source, nullif(left(p_account, 64), ''));
        IF FOUND THEN
            -- What somebody looked up was another account's.
            UPDATE app.line_tick t SET ticked = false WHERE t.ticked;
            PERFORM app.audit('line.account_used', 'line_setup', NULL, jsonb_build_object(
                'source', p_source, 'account_ending', right(coalesce(p_account, ''), 4)));
            PERFORM app.hint('team');
        END IF;
    END IF;
END
$$;

-- p_answer: {sentence, code, ref}. An ended task stays as it ended.
CREATE OR REPLACE FUNCTION api.gateway_line_answer(p_task uuid, p_state text, p_answer jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_by uuid;
BEGIN
    PERFORM app.gateway();
    IF coalesce(p_state, '') NOT IN ('waiting', 'done', 'failed')
        OR coalesce(jsonb_typeof(p_answer), '') <> 'object' OR length(p_answer::text) > 4000 THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "answer"}');
    END IF;
    UPDATE app.line_task t SET state = p_state,
        answer = jsonb_build_object('sentence', coalesce(p_answer ->> 'sentence', ''),
            'ref', coalesce(p_answer ->> 'ref', ''),
            -- A code that is over is worth nothing and is not kept.
            'code', CASE WHEN p_state = 'waiting' THEN coalesce(p_answer ->> 'code', '') ELSE '' END),
        ended_at = CASE WHEN p_state = 'waiting' THEN NULL ELSE v_now END
    WHERE t.id = p_task AND t.state IN ('taken', 'waiting')
    RETURNING t.asked_by INTO v_by;
    IF FOUND THEN
        IF p_state <> 'waiting' THEN
            PERFORM app.audit('line.' || p_state, 'line_task/' || p_task, NULL, '{}');
        END IF;
        PERFORM app.hint_person(v_by);
    END IF;
END
$$;

-- p_checked: {"findings": [{name, level, sentence, remedy}], "number": {e164, kind, sid}}
CREATE OR REPLACE FUNCTION api.gateway_line_checked(p_checked jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    IF coalesce(jsonb_typeof(p_checked -> 'findings'), '') <> 'array'
        OR coalesce(jsonb_typeof(p_checked -> 'number'), '') <> 'object'
        OR length(p_checked::text) > 20000
        OR EXISTS (
            SELECT 1 FROM jsonb_array_elements(p_checked -> 'findings') AS f
            WHERE coalesce(f.value ->> 'level', '') NOT IN ('ok', 'note', 'warn', 'block')
                OR f.value ->> 'name' IS NULL OR f.value ->> 'sentence' IS NULL
                OR f.value ->> 'remedy' IS NULL) THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "findings"}');
    END IF;
    UPDATE app.line_setup s SET findings = p_checked -> 'findings', number = p_checked -> 'number',
        checked_at = app.now();
    PERFORM app.hint('team');
END
$$;
