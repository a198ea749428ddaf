-- People write only through functions, which audit what they mean. Whoever writes otherwise
-- (the installer, an import, a repair) leaves a trace in the same audit: table, kind, rows.

CREATE OR REPLACE FUNCTION app.audit_owner_write() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM app.person p WHERE p.login = session_user)
        AND NOT pg_has_role(session_user, 'gateway', 'USAGE')
        OR pg_has_role(session_user, 'app_owner', 'MEMBER') THEN
        SELECT count(*) INTO v_count FROM changed;
        IF v_count > 0 THEN
            PERFORM app.audit('owner.' || lower(tg_op), 'table/' || tg_table_name, NULL,
                jsonb_build_object('rows', v_count));
        END IF;
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY[
        'practice', 'person', 'training_record', 'patient', 'patient_identifier', 'patient_telecom',
        'contact_permission', 'suppression', 'coverage', 'account_balance', 'encounter', 'appointment',
        'practitioner', 'location', 'visit_type', 'schedule_template', 'time_off', 'campaign',
        'queue_entry', 'calling_rule', 'blackout_date', 'holiday', 'caller_id_authorization', 'care_gap',
        'call', 'call_outcome', 'callback', 'barrier', 'incident', 'rule_pack', 'outcome_code', 'rule',
        'confidential_request', 'reassigned_check', 'dnc_scrub', 'patient_authorization', 'agreement', 'communication',
        'gate_override', 'assignment', 'credential', 'required_training', 'alert', 'break_glass', 'dial_refusal',
        'return_call', 'disclosure', 'incident_assessment', 'outcome_amendment', 'retention_class', 'purge_run', 'second_factor', 'login_lock',
        'recording_policy', 'recording_consent', 'recording', 'recording_playback',
        'carrier_account', 'line_setup', 'line_task', 'line_tick'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS audit_insert ON app.%I', v_table);
        EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON app.%I
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION app.audit_owner_write()', v_table);
        EXECUTE format('DROP TRIGGER IF EXISTS audit_update ON app.%I', v_table);
        EXECUTE format('CREATE TRIGGER audit_update AFTER UPDATE ON app.%I
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION app.audit_owner_write()', v_table);
        EXECUTE format('DROP TRIGGER IF EXISTS audit_delete ON app.%I', v_table);
        EXECUTE format('CREATE TRIGGER audit_delete AFTER DELETE ON app.%I
            REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION app.audit_owner_write()', v_table);
    END LOOP;
END
$$;
