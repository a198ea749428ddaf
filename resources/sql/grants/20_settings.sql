-- The doors stand in the session of who calls them, and some settings of that session reach inside:
-- how a string of ours is read (the first event of an audit chain would not begin with nothing), on
-- which day a moment falls (a time zone of a week ago would make a certificate valid once more), and
-- whether plans are printed to the caller, with the numbers and names of patients as constants.

DO $$
DECLARE
    v_fn regprocedure;
BEGIN
    FOR v_fn IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'api'
    LOOP
        EXECUTE format(
            'ALTER ROUTINE %s SET standard_conforming_strings = on SET transform_null_equals = off
             SET array_nulls = on SET timezone = ''UTC'' SET datestyle = ''ISO, MDY''
             SET debug_print_parse = off SET debug_print_rewritten = off
             SET debug_print_plan = off', v_fn);
    END LOOP;
END
$$;
