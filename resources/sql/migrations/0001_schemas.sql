-- role: installer
-- Schemas, owners and the closed default. Runs as the login that installs; everything
-- after this file runs as one of the two owner roles, which nobody can log in as.

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO coordinator, supervisor, clinician, administrator, auditor, gateway',
        current_database()
    );
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Large objects would be a place for anybody to keep things in. Only a superuser can close it;
-- docs say so for hosted servers.
DO $$
BEGIN
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) THEN
        REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
            pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;
    END IF;
END
$$;

-- For the exclusion constraints on a practitioner's time.
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;

CREATE SCHEMA audit AUTHORIZATION audit_owner;
CREATE SCHEMA api AUTHORIZATION app_owner;

-- `app` exists already: the migration runner keeps its own table there.
ALTER SCHEMA app OWNER TO app_owner;

-- The owners need the operator classes in public, and nothing else there.
GRANT USAGE ON SCHEMA public TO app_owner;
GRANT USAGE ON SCHEMA app TO audit_owner;
GRANT USAGE ON SCHEMA audit TO app_owner;
GRANT USAGE ON SCHEMA api TO coordinator, supervisor, clinician, administrator, auditor, gateway;

ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE audit_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
