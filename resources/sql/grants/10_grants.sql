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
    api.second_factor(text), api.resume_session(text)
TO coordinator, supervisor, clinician, administrator, auditor;

GRANT EXECUTE ON FUNCTION
    api.queue(text, text, integer), api.claim(uuid, uuid), api.claim_next(uuid),
    api.skip(uuid, bigint, text, uuid), api.reveal(uuid, bigint, text),
    api.request_call(uuid, bigint, uuid, uuid), api.call(uuid), api.command(uuid, text, text, uuid),
    api.verify_identity(uuid, text, text[], uuid),
    api.finish(uuid, uuid, bigint, text, jsonb, uuid, boolean),
    api.hold_slot(uuid, bigint, uuid, uuid, timestamptz, uuid), api.release_hold(uuid),
    api.book(uuid, bigint, uuid, jsonb, uuid),
    api.callbacks(), api.move_callback(uuid, timestamptz, uuid), api.release_callback(uuid, uuid)
TO coordinator, supervisor;

GRANT EXECUTE ON FUNCTION api.openings(uuid[], uuid, date, integer)
TO coordinator, supervisor, clinician, administrator;
GRANT EXECUTE ON FUNCTION api.call_log(jsonb, uuid, integer)
TO coordinator, supervisor, clinician, auditor;
GRANT EXECUTE ON FUNCTION api.team() TO supervisor;
GRANT EXECUTE ON FUNCTION api.people() TO supervisor, administrator, auditor;
GRANT EXECUTE ON FUNCTION api.suspend_person(uuid, text, uuid), api.resume_person(uuid, text, uuid)
TO supervisor, administrator;
GRANT EXECUTE ON FUNCTION api.import_batches() TO administrator, supervisor;
GRANT EXECUTE ON FUNCTION api.import_problems(uuid) TO administrator;

GRANT EXECUTE ON FUNCTION
    api.version(), api.gateway_take_requests(integer), api.gateway_take_commands(integer),
    api.gateway_open_calls(), api.gateway_record(jsonb), api.gateway_beat(jsonb)
TO gateway;
