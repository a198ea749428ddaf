-- Who may execute what. Everything else is refused: no table right for anybody.

DO $$
DECLARE
    v_fn regprocedure;
BEGIN
    FOR v_fn IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('app', 'api')
    LOOP
        EXECUTE format(
            'REVOKE ALL ON ROUTINE %s FROM PUBLIC, coordinator, supervisor, clinician, administrator, auditor, gateway',
            v_fn);
    END LOOP;
END
$$;

GRANT EXECUTE ON FUNCTION
    api.version(), api.sign_in(text, text), api.sign_out(), api.heartbeat(uuid, bigint), api.set_status(text),
    api.check_receipt(text), api.second_factor(text), api.resume_session(text)
TO coordinator, supervisor, clinician, administrator, auditor;

GRANT EXECUTE ON FUNCTION
    api.queue(text, text, integer), api.claim(uuid, uuid), api.claim_next(uuid),
    api.skip(uuid, bigint, text, uuid), api.reveal(uuid, bigint, text),
    api.request_call(uuid, bigint, uuid, uuid), api.call(uuid), api.command(uuid, text, text, uuid),
    api.verify_identity(uuid, text, text[], uuid),
    api.finish(uuid, uuid, bigint, text, jsonb, uuid, boolean),
    api.hold_slot(uuid, bigint, uuid, uuid, timestamptz, uuid), api.release_hold(uuid),
    api.book(uuid, bigint, uuid, jsonb, uuid),
    api.callbacks(), api.move_callback(uuid, timestamptz, uuid), api.release_callback(uuid, uuid),
    api.my_phone(), api.connect_phone(uuid), api.disconnect_phone(uuid), api.hear_me(integer, text, uuid)
TO coordinator, supervisor;

GRANT EXECUTE ON FUNCTION
    api.my_ear(), api.choose_ear(text, uuid), api.softphone_token(), api.line_probe(),
    api.keep_line_test(jsonb, uuid)
TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION
    api.softphone_key(), api.set_softphone_key(text, text, text, uuid), api.clear_softphone_key(uuid)
TO supervisor, administrator;

GRANT EXECUTE ON FUNCTION api.openings(uuid[], uuid, date, integer)
TO coordinator, supervisor, clinician, administrator;
GRANT EXECUTE ON FUNCTION api.call_log(jsonb, uuid, integer)
TO coordinator, supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION api.find_patient(jsonb, text) TO coordinator, supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION api.open_found(uuid, text, uuid) TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION api.report_return(jsonb, uuid) TO coordinator, supervisor, clinician;
GRANT EXECUTE ON FUNCTION
    api.return_calls(), api.take_return(uuid, uuid, uuid), api.close_return(uuid, text, text, uuid)
TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION api.link_return(uuid, uuid, uuid) TO supervisor;
GRANT EXECUTE ON FUNCTION api.break_glass(uuid, text, uuid), api.emergency_chart(uuid)
TO coordinator, supervisor, clinician;
GRANT EXECUTE ON FUNCTION api.why_not_called(uuid, timestamptz) TO supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION api.override_gate(uuid, text[], text, uuid) TO clinician;
GRANT EXECUTE ON FUNCTION api.team(), api.export_calls(jsonb, integer) TO supervisor;
GRANT EXECUTE ON FUNCTION
    api.who_looked(uuid, date, date), api.accounting(uuid), api.privacy_watch()
TO supervisor, auditor;
GRANT EXECUTE ON FUNCTION api.incidents(jsonb), api.incident(uuid) TO supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION api.close_incident(uuid, text, text, uuid) TO supervisor, clinician;
GRANT EXECUTE ON FUNCTION
    api.record_disclosure(uuid, jsonb, uuid), api.assess_incident(uuid, jsonb, uuid),
    api.acknowledge_alert(uuid, text), api.review_break_glass(uuid, text, text)
TO supervisor;
GRANT EXECUTE ON FUNCTION api.amend_outcome(uuid, text, jsonb, text, uuid) TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION api.people() TO supervisor, administrator, auditor;
GRANT EXECUTE ON FUNCTION api.suspend_person(uuid, text, uuid), api.resume_person(uuid, text, uuid)
TO supervisor, administrator;
GRANT EXECUTE ON FUNCTION
    api.start_recording(uuid, boolean, text, uuid), api.recording_command(uuid, text, uuid)
TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION
    api.recording_settings(), api.set_recording(boolean, integer, boolean, uuid), api.set_work_state(uuid, text, uuid)
TO supervisor, administrator;
GRANT EXECUTE ON FUNCTION api.call_recordings(uuid) TO supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION
    api.request_playback(uuid, text, text, uuid), api.playback(uuid), api.playback_chunk(uuid, integer)
TO supervisor, clinician;
GRANT EXECUTE ON FUNCTION
    api.hold_recording(uuid, boolean, text, uuid), api.delete_recording(uuid, text, uuid)
TO supervisor;
GRANT EXECUTE ON FUNCTION api.import_batches() TO administrator, supervisor;
GRANT EXECUTE ON FUNCTION api.import_problems(uuid) TO administrator;

GRANT EXECUTE ON FUNCTION api.ask_help(uuid, text, uuid), api.withdraw_help(uuid, uuid)
TO coordinator, supervisor;
GRANT EXECUTE ON FUNCTION
    api.live_calls(), api.monitor_call(uuid, text, uuid), api.stop_monitoring(uuid, uuid),
    api.answer_help(uuid, text, uuid), api.clear_help(uuid, uuid)
TO supervisor;
GRANT EXECUTE ON FUNCTION
    api.gateway_monitors(), api.gateway_place_monitor(uuid), api.gateway_monitor_fact(uuid, jsonb)
TO gateway;

GRANT EXECUTE ON FUNCTION
    api.phone_line(), api.set_carrier(text, text, text, text, uuid), api.forget_carrier(uuid),
    api.ask_line(text, jsonb, uuid), api.line_heard(uuid, text, uuid), api.tick_line(text, boolean, uuid),
    api.authorize_caller_id(text, uuid)
TO supervisor, administrator;
GRANT EXECUTE ON FUNCTION
    api.gateway_line(boolean), api.gateway_line_key(text), api.gateway_line_account(uuid, text, text, text, text),
    api.gateway_line_answer(uuid, text, jsonb), api.gateway_line_checked(jsonb)
TO gateway;

GRANT EXECUTE ON FUNCTION
    api.version(), api.gateway_take_requests(integer), api.gateway_take_commands(integer),
    api.gateway_legs(), api.gateway_record_legs(jsonb),
    api.gateway_open_calls(), api.gateway_record(jsonb), api.gateway_beat(jsonb),
    api.gateway_anchor(), api.gateway_sign(bigint, text, text), api.gateway_incoming(jsonb)
TO gateway;

GRANT EXECUTE ON FUNCTION
    api.gateway_recordings(), api.gateway_recording(uuid, jsonb), api.gateway_recording_begin(uuid, text, text),
    api.gateway_recording_chunk(uuid, integer, text),
    api.gateway_recording_stored(uuid, integer, bigint, integer), api.gateway_playbacks(),
    api.gateway_playback(uuid, text), api.gateway_purge_recordings()
TO gateway;
