-- Columns that ranking needs, kept by statement triggers (one pass an import, not one a row).

CREATE OR REPLACE FUNCTION app.rollup_visits() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.patient p SET last_visit = v.day
    FROM (
        -- The practice's day, not that of the session which imports.
        SELECT e.patient_id,
            (max(e.starts_at) AT TIME ZONE (SELECT pr.zone FROM app.practice pr))::date AS day
        FROM app.encounter e
        -- Ambulatory care that happened; emergency and inpatient stays are not a visit here.
        WHERE e.status = 'finished' AND e.class IN ('AMB', 'VR', 'HH')
            AND e.patient_id IN (SELECT n.patient_id FROM changed n)
        GROUP BY e.patient_id
    ) AS v
    WHERE p.id = v.patient_id AND p.last_visit IS DISTINCT FROM greatest(p.last_visit, v.day)
        AND (p.last_visit IS NULL OR v.day > p.last_visit);
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS rollup_insert ON app.encounter;
CREATE TRIGGER rollup_insert AFTER INSERT ON app.encounter
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.rollup_visits();
DROP TRIGGER IF EXISTS rollup_update ON app.encounter;
CREATE TRIGGER rollup_update AFTER UPDATE ON app.encounter
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.rollup_visits();

CREATE OR REPLACE FUNCTION app.rollup_appointments() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE app.patient p SET
        next_appointment = a.next_at, no_shows = a.no_shows, cancellations = a.cancellations
    FROM (
        SELECT x.patient_id,
            -- The earliest that is still to come, ours or the practice's own; NULL counts for none.
            least(
                min(lower(x.span)) FILTER (
                    WHERE x.status IN ('booked', 'arrived') AND lower(x.span) > app.now()),
                (SELECT i.next_appointment_imported FROM app.patient i
                    WHERE i.id = x.patient_id AND i.next_appointment_imported > app.now())
            ) AS next_at,
            count(*) FILTER (WHERE x.status = 'noshow') AS no_shows,
            count(*) FILTER (WHERE x.status = 'cancelled') AS cancellations
        FROM app.appointment x
        WHERE x.patient_id IN (SELECT n.patient_id FROM changed n)
        GROUP BY x.patient_id
    ) AS a
    WHERE p.id = a.patient_id
        AND (p.next_appointment, p.no_shows, p.cancellations)
            IS DISTINCT FROM (a.next_at, a.no_shows::integer, a.cancellations::integer);
    RETURN NULL;
END
$$;
DROP TRIGGER IF EXISTS rollup_insert ON app.appointment;
CREATE TRIGGER rollup_insert AFTER INSERT ON app.appointment
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.rollup_appointments();
DROP TRIGGER IF EXISTS rollup_update ON app.appointment;
CREATE TRIGGER rollup_update AFTER UPDATE ON app.appointment
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION app.rollup_appointments();
