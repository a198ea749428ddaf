-- History is never changed or deleted: not by a function with a bug, not by the owner.

CREATE OR REPLACE FUNCTION app.refuse_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', tg_table_name USING ERRCODE = '42501';
END
$$;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY[
        'contact_permission', 'skip', 'import_row', 'import_batch', 'confidential_request', 'dnc_scrub',
        'reassigned_check', 'communication', 'purge_run', 'recording_policy'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS append_only ON app.%I', v_table);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY[
        'patient', 'appointment', 'queue_entry', 'callback', 'barrier', 'person', 'training_record', 'campaign',
        'slot_hold', 'calling_rule', 'rule_pack', 'rule', 'gate_override', 'agreement', 'assignment', 'credential',
        'required_training', 'patient_authorization', 'meter', 'retention_class', 'second_factor', 'login_lock',
        'carrier_account', 'line_task', 'line_tick', 'line_setup'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS no_delete ON app.%I', v_table);
        EXECUTE format(
            'CREATE TRIGGER no_delete BEFORE DELETE OR TRUNCATE ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    END LOOP;
END
$$;

-- What a retention class lets go one day: never changed where it is history, deleted only by a purge,
-- and each row only when it is old enough (see app.keep_row for the arguments).
DO $$
DECLARE
    v_row record;
BEGIN
    FOR v_row IN
        SELECT * FROM (VALUES
            ('call_event', 'UPDATE OR TRUNCATE', 'calls, at, written_at'),
            ('call_outcome', 'UPDATE OR TRUNCATE', 'calls, recorded_at'),
            ('outcome_amendment', 'UPDATE OR TRUNCATE', 'calls, at'),
            ('dial_refusal', 'UPDATE OR TRUNCATE', 'calls, at'),
            ('recording_consent', 'UPDATE OR TRUNCATE', 'calls, at'),
            ('recording', 'TRUNCATE', 'calls, settled_at, asked_at'),
            ('recording_playback', 'TRUNCATE', 'calls, asked_at, opened_at'),
            ('suppression', 'UPDATE OR TRUNCATE', 'opt_out, received_at'),
            ('disclosure', 'UPDATE OR TRUNCATE', 'privacy, recorded_at, at'),
            ('incident_assessment', 'UPDATE OR TRUNCATE', 'privacy, closed_at, at'),
            ('call', 'TRUNCATE', 'calls, requested_at, ended_at, outcome_at'),
            ('call_command', 'TRUNCATE', 'calls, requested_at, taken_at'),
            ('call_monitor', 'TRUNCATE', 'calls, ended_at'),
            ('call_help', 'TRUNCATE', 'calls, asked_at, answered_at, cleared_at'),
            ('return_call', 'TRUNCATE', 'calls, closed_at, at'),
            ('incident', 'TRUNCATE', 'privacy, closed_at'),
            ('work_session', 'TRUNCATE', 'access, ended_at, last_seen'),
            ('op', 'TRUNCATE', 'access, at'),
            ('seen', 'TRUNCATE', 'access, at'),
            ('alert', 'TRUNCATE', 'access, seen_at, at'),
            ('break_glass', 'TRUNCATE', 'access, reviewed_at, until')
        ) AS v (name, refused, keep)
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS append_only ON app.%I', v_row.name);
        EXECUTE format('DROP TRIGGER IF EXISTS no_delete ON app.%I', v_row.name);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE %s ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_row.refused, v_row.name);
        EXECUTE format('DROP TRIGGER IF EXISTS only_purge ON app.%I', v_row.name);
        EXECUTE format(
            'CREATE TRIGGER only_purge BEFORE DELETE ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.only_purge()', v_row.name);
        EXECUTE format('DROP TRIGGER IF EXISTS keep ON app.%I', v_row.name);
        EXECUTE format(
            'CREATE TRIGGER keep BEFORE DELETE ON app.%I
             FOR EACH ROW EXECUTE FUNCTION app.keep_row(%s)', v_row.name, v_row.keep);
    END LOOP;
END
$$;
