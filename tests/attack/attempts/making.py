# ruff: noqa: E501  an attempt is one line
"""Making things: shadows of tables and functions, operators, casts, foreign servers, triggers."""

from __future__ import annotations

from tests.attack.attempts.words import NO, OK

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("CREATE TEMP TABLE patient (a int)", NO),
    ("CREATE TEMP TABLE x AS SELECT 1", NO),
    ("CREATE TEMP VIEW person AS SELECT 1", NO),
    ("CREATE TEMP SEQUENCE s", NO),
    ("SELECT * INTO TEMP x FROM generate_series(1, 2)", NO),
    ("CREATE FUNCTION pg_temp.now() RETURNS int LANGUAGE sql AS 'SELECT 1'", NO),
    ("CREATE TABLE public.x (a int)", NO),
    ("CREATE TABLE api.x (a int)", NO),
    ("CREATE TABLE app.x (a int)", NO),
    ("CREATE TABLE public.x PARTITION OF app.call DEFAULT", NO),
    ("CREATE TABLE public.x () INHERITS (app.patient)", NO),
    ("CREATE TABLE public.x (LIKE app.patient)", NO),
    ("CREATE TABLE public.x (p uuid REFERENCES app.patient)", NO),
    ("CREATE VIEW public.v AS SELECT * FROM app.patient", NO),
    ("CREATE MATERIALIZED VIEW public.v AS SELECT * FROM app.patient", NO),
    ("CREATE INDEX ON app.patient (family)", NO),
    ("CREATE SCHEMA mine", NO),
    ("CREATE SCHEMA AUTHORIZATION app_owner", NO),
    ("CREATE DATABASE mine TEMPLATE <database>", NO),
    ("CREATE TABLESPACE mine LOCATION '/tmp'", NO),
    ("CREATE FUNCTION public.now() RETURNS int LANGUAGE sql AS 'SELECT 1'", NO),
    ("CREATE FUNCTION api.queue(text) RETURNS int LANGUAGE sql AS 'SELECT 1'", NO),
    ("CREATE FUNCTION public.f() RETURNS int LANGUAGE c AS 'x'", NO),
    ("CREATE FUNCTION public.f() RETURNS int LANGUAGE internal AS 'x'", NO),
    ("CREATE OR REPLACE FUNCTION api.version() RETURNS jsonb LANGUAGE sql AS $$SELECT '1'::jsonb$$", NO),
    ("CREATE OR REPLACE FUNCTION pg_catalog.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'", NO),
    ("ALTER FUNCTION api.queue(text, text, integer) SECURITY INVOKER", NO),
    ("ALTER FUNCTION api.queue(text, text, integer) RESET ALL", NO),
    ("DROP FUNCTION api.queue(text, text, integer)", NO),
    ("CREATE AGGREGATE public.max(text) (SFUNC = textcat, STYPE = text)", NO),
    ("CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_ne)", NO),
    ("CREATE CAST (text AS uuid) WITH INOUT AS IMPLICIT", NO),
    ("CREATE DOMAIN public.d AS text", NO),
    ("CREATE TYPE public.t AS (a int)", NO),
    ("ALTER TYPE app.person ADD ATTRIBUTE x int", NO),
    ('CREATE COLLATION public.c FROM "C"', NO),
    ("CREATE STATISTICS public.s ON family, given FROM app.patient", NO),
    ("CREATE TEXT SEARCH CONFIGURATION public.c (PARSER = default)", NO),
    ("CREATE EXTENSION dblink SCHEMA public", f"{NO} 0A000"),  # or it is not on this machine
    ("CREATE EXTENSION pg_trgm SCHEMA public", f"{NO} 0A000"),
    ("CREATE EXTENSION pg_trgm", "3F000"),  # no schema of the path is there for them
    ("CREATE LANGUAGE plpython3u", f"{NO} 0A000"),
    ("ALTER EXTENSION btree_gist SET SCHEMA api", NO),
    ("DROP EXTENSION btree_gist CASCADE", NO),
    ("CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION app.refuse_change()", NO),
    ("CREATE RULE r AS ON SELECT TO app.patient DO INSTEAD SELECT 1", NO),
    ("CREATE TRIGGER t AFTER INSERT ON app.call EXECUTE FUNCTION app.refuse_change()", NO),
    ("CREATE POLICY p ON app.patient USING (true)", NO),
    ("ALTER POLICY owner ON app.patient TO PUBLIC", NO),
    ("CREATE PUBLICATION p FOR ALL TABLES", NO),
    ("CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false)", NO),
    ("CREATE FOREIGN DATA WRAPPER w", NO),
    ("CREATE SERVER s FOREIGN DATA WRAPPER x", "42704"),
    ("CREATE USER MAPPING FOR PUBLIC SERVER s", "42704"),
    ("CREATE ACCESS METHOD m TYPE INDEX HANDLER bthandler", NO),
    ("IMPORT FOREIGN SCHEMA app FROM SERVER s INTO public", "42704"),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    # A name of one's own for a statement is kept for this session, with one's own rights.
    ("c2", "PREPARE p AS SELECT api.call($1);; EXECUTE p('<call>')", "QC024"),
    ("sup", "PREPARE p AS SELECT api.queue('all', $1, 5);; EXECUTE p('Zyx')", OK),
)  # fmt: skip
