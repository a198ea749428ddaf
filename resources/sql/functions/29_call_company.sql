-- What the coordinator of a call is told about supervisors: who is on it, and who answers a call for
-- help. It is part of the call (app.call_view).

-- A monitor that is not over, as people see it. The mode is what the carrier has, before that what
-- was asked for: it is told from the moment of asking on, not when it is too late.
CREATE OR REPLACE FUNCTION app.company_view(p_monitor app.call_monitor, p_me uuid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'name', p.name, 'mode', coalesce(p_monitor.line_mode, p_monitor.mode),
        'joined', p_monitor.state = 'on', 'mine', p.id IS NOT DISTINCT FROM p_me)
    FROM app.person p WHERE p.id = p_monitor.person_id
$$;

CREATE OR REPLACE FUNCTION app.help_view(p_help app.call_help, p_me uuid) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_help.id IS NOT NULL THEN jsonb_build_object(
        'reason', p_help.reason, 'asked_at', p_help.asked_at,
        'by', coalesce((SELECT p.name FROM app.person p
            WHERE p.id = coalesce(p_help.taken_by, p_help.answered_by)), ''),
        'answer', p_help.answer, 'taken', p_help.taken_by IS NOT NULL,
        'mine', coalesce(p_help.taken_by, p_help.answered_by) IS NOT DISTINCT FROM p_me) END
$$;

-- Whether the coordinator is told of this one: whoever can be heard always, who only listens by the
-- practice's policy.
CREATE OR REPLACE FUNCTION app.company_told(p_monitor app.call_monitor, p_now timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_monitor.mode <> 'listen' OR coalesce(p_monitor.line_mode, 'listen') <> 'listen'
        OR app.rule_number('monitor_notice', p_now) >= 2
$$;

CREATE OR REPLACE FUNCTION app.call_company(p_call app.call) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_help app.call_help;
    v_now timestamptz := app.now();
BEGIN
    IF p_call.state = 'ended' THEN
        RETURN '{"company": [], "help": null}';
    END IF;
    SELECT h.* INTO v_help FROM app.call_help h WHERE h.call_id = p_call.id AND h.cleared_at IS NULL;
    RETURN jsonb_build_object(
        'company', (SELECT coalesce(jsonb_agg(app.company_view(m, NULL) ORDER BY m.id), '[]')
            FROM app.call_monitor m
            WHERE m.call_id = p_call.id AND m.state <> 'ended' AND app.company_told(m, v_now)),
        'help', app.help_view(v_help, NULL));
END
$$;
