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
        'call_event', 'call_outcome', 'contact_permission', 'suppression', 'skip', 'import_row', 'import_batch',
        'confidential_request', 'dial_refusal', 'dnc_scrub', 'reassigned_check', 'communication'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS append_only ON app.%I', v_table);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY[
        'call', 'patient', 'appointment', 'queue_entry', 'callback', 'barrier', 'incident', 'person',
        'training_record', 'campaign', 'slot_hold', 'work_session', 'op', 'call_command', 'calling_rule', 'rule_pack',
        'rule', 'gate_override', 'agreement', 'assignment', 'credential', 'required_training', 'alert', 'break_glass',
        'patient_authorization', 'meter', 'second_factor', 'login_lock'
    ] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS no_delete ON app.%I', v_table);
        EXECUTE format(
            'CREATE TRIGGER no_delete BEFORE DELETE OR TRUNCATE ON app.%I
             FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    END LOOP;
END
$$;
