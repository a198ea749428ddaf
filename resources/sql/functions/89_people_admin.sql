-- People, as supervisors and administrators see them, and taking access away at once.

-- What a person may do besides the training: each language and script with the last day of the
-- newest proof.
CREATE OR REPLACE FUNCTION app.credentials(p_person uuid, p_day date) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'name', c.name,
        'expires_on', c.expires_on, 'expired', c.expires_on < p_day) ORDER BY c.kind, c.name), '[]')
    FROM (SELECT x.kind, x.name, max(x.expires_on) AS expires_on FROM app.credential x
        WHERE x.person_id = p_person GROUP BY x.kind, x.name) AS c
$$;

-- Everything about one person but what concerns patients.
CREATE OR REPLACE FUNCTION app.person_row(p app.person, p_now timestamptz) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_zone text := (SELECT x.zone FROM app.practice x);
BEGIN
    RETURN jsonb_build_object(
        'person', jsonb_build_object('id', p.id, 'login', p.login, 'name', p.name,
            'role', p.role, 'languages', p.languages),
        'active', p.active,
        'training', (SELECT coalesce(string_agg(t.curriculum || ' ' || t.version, ', ' ORDER BY t.curriculum), '')
            FROM (SELECT DISTINCT ON (r.curriculum) r.curriculum, r.version FROM app.training_record r
                WHERE r.person_id = p.id ORDER BY r.curriculum, r.expires_on DESC) AS t),
        'training_expires', app.trained_until(p, p_now),
        'training_problem', coalesce(app.training_problem(p, p_now) ->> 'sentence', ''),
        'last_seen', (SELECT CASE (p_now AT TIME ZONE v_zone)::date - (w.last_seen AT TIME ZONE v_zone)::date
                WHEN 0 THEN 'Today ' WHEN 1 THEN 'Yesterday '
                ELSE to_char(w.last_seen AT TIME ZONE v_zone, 'Mon FMDD, ') END
                || to_char(w.last_seen AT TIME ZONE v_zone, 'FMHH12:MI AM')
            FROM app.work_session w WHERE w.person_id = p.id ORDER BY w.started_at DESC LIMIT 1),
        'line_test', app.last_line_test(p.id),
        'credentials', app.credentials(p.id, (p_now AT TIME ZONE v_zone)::date),
        'campaigns', (SELECT coalesce(jsonb_agg(k.name ORDER BY k.name), '[]')
            FROM app.assignment a JOIN app.campaign k ON k.id = a.campaign_id
            WHERE a.person_id = p.id AND a.until IS NULL),
        'second_factor', EXISTS (SELECT 1 FROM app.second_factor f WHERE f.person_id = p.id),
        -- In real time: a demo's clock runs ahead.
        'locked_minutes', (SELECT greatest(ceil(extract(epoch FROM l.until - clock_timestamp()) / 60), 1)::integer
            FROM app.login_lock l WHERE l.person_id = p.id AND l.unlocked_at IS NULL));
END
$$;

CREATE OR REPLACE FUNCTION api.people() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me('supervisor', 'administrator', 'auditor');
    v_now timestamptz := app.now();
BEGIN
    RETURN (
        SELECT coalesce(jsonb_agg(app.person_row(p, v_now) || jsonb_build_object(
            'may_suspend', app.may_suspend(v_me, p)) ORDER BY p.role, p.name), '[]')
        FROM app.person p
    );
END
$$;

-- A supervisor answers for coordinators, the administrator for everybody else, nobody for oneself.
CREATE OR REPLACE FUNCTION app.may_suspend(p_me app.person, p_other app.person) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_me.id <> p_other.id AND CASE p_me.role
        WHEN 'administrator' THEN true
        WHEN 'supervisor' THEN p_other.role = 'coordinator'
        ELSE false END
$$;

-- End a login's connections to this practice, as its owner may (app.login_at says why it may); how
-- many. NULL where it may not: a suspended person's connections can do nothing any more all the same.
CREATE OR REPLACE FUNCTION app.end_connections(p_login text) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_role oid := (SELECT r.oid FROM pg_roles r WHERE r.rolname = p_login);
    v_count integer;
BEGIN
    IF v_role IS NULL OR NOT pg_has_role(current_user, v_role, 'USAGE') THEN
        RETURN NULL;
    END IF;
    SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) INTO v_count
    FROM pg_stat_get_activity(NULL) a JOIN pg_database d ON d.oid = a.datid
    WHERE a.usesysid = v_role AND d.datname = current_database() AND a.pid <> pg_backend_pid();
    RETURN v_count;
END
$$;

-- Take a person's access away, or give it back. The call that is up goes on; nothing more can be
-- asked, and the patient goes back to the queue.
CREATE OR REPLACE FUNCTION app.set_access(p_person app.person, p_active boolean, p_reason text)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := app.now();
    v_ended integer := 0;
BEGIN
    UPDATE app.person p SET active = p_active WHERE p.id = p_person.id;
    PERFORM app.audit(CASE WHEN p_active THEN 'person.resume' ELSE 'person.suspend' END,
        'person/' || p_person.id, NULL, jsonb_build_object('reason', p_reason));
    IF NOT p_active THEN
        -- First, or a row that the person holds in an open transaction would hold this back, too.
        v_ended := app.end_connections(p_person.login);
        PERFORM app.release_claim(p_person);
        UPDATE app.slot_hold h SET state = 'released' WHERE h.person_id = p_person.id AND h.state = 'held';
        UPDATE app.work_session w SET ended_at = v_now WHERE w.person_id = p_person.id AND w.ended_at IS NULL;
        DELETE FROM app.elevation e WHERE e.person_id = p_person.id;
        PERFORM app.raise_alert('suspended', p_person.id, 'person/' || p_person.id,
            jsonb_build_object('reason', p_reason));
        -- A window whose connection could not be ended asks again now, and learns of it.
        PERFORM app.hint_person(p_person.id);
        -- And who came back in between, since nobody else sees yet that they may not.
        v_ended := v_ended + app.end_connections(p_person.login);
    END IF;
    PERFORM app.hint('queue');
    PERFORM app.hint('team');
    RETURN v_ended;
END
$$;

CREATE OR REPLACE FUNCTION app.change_access(
    p_me app.person, p_person uuid, p_active boolean, p_reason text, p_op uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_reason text := trim(coalesce(p_reason, ''));
    v_other app.person;
    v_answer jsonb;
    v_ended integer;
BEGIN
    IF length(v_reason) NOT BETWEEN 5 AND 500 THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'reason',
            'sentence', 'Write the reason in a few words (5 to 500 characters).'));
    END IF;
    v_answer := app.op_begin(p_op, p_me, 'change_access', jsonb_build_array(p_person, p_active, v_reason));
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT p.* INTO v_other FROM app.person p WHERE p.id = p_person FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM app.fail('QC070', 'bad_argument', jsonb_build_object('field', 'person',
            'sentence', 'This person is not known here. The list is loaded again.'));
    ELSIF NOT app.may_suspend(p_me, v_other) THEN
        PERFORM app.fail('QC005', 'role_not_allowed', jsonb_build_object('role', p_me.role));
    END IF;
    IF v_other.active <> p_active THEN
        v_ended := app.set_access(v_other, p_active, v_reason);
    END IF;
    v_answer := jsonb_build_object('person', app.person_row(
            (SELECT p FROM app.person p WHERE p.id = p_person), app.now()) || '{"may_suspend": true}',
        'sentence', v_other.name || CASE
            WHEN p_active THEN ' may work again.'
            WHEN v_ended > 0 THEN ' is suspended and was signed out.'
            WHEN v_ended = 0 OR v_other.active = p_active THEN ' is suspended.'
            ELSE ' is suspended; a window that is still open can do nothing any more.' END);
    PERFORM app.op_end(p_op, v_answer);
    RETURN v_answer;
END
$$;

CREATE OR REPLACE FUNCTION api.suspend_person(p_person uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.change_access(app.me('supervisor', 'administrator'), p_person, false, p_reason, p_op)
$$;

CREATE OR REPLACE FUNCTION api.resume_person(p_person uuid, p_reason text, p_op uuid) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.change_access(app.me('supervisor', 'administrator'), p_person, true, p_reason, p_op)
$$;
