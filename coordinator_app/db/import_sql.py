"""The statements of an import: one staging table, one set of writes for each kind of record.

``staged.record`` is the record as ``domain.imports.canonical_json`` writes it, so that the field
names below are those of the dataclasses. Parameters: ``source``, ``today``.
"""

from __future__ import annotations

TABLES = """
CREATE TEMP TABLE staged (
    row_number int NOT NULL, external_id text PRIMARY KEY, row_hash bytea NOT NULL,
    hold text NOT NULL, record jsonb NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE problem (
    id bigint GENERATED ALWAYS AS IDENTITY, file_name text NOT NULL, row_number int NOT NULL,
    severity text NOT NULL, reason text NOT NULL, external_id text NOT NULL, content jsonb NOT NULL
) ON COMMIT DROP;
GRANT SELECT ON pg_temp.staged, pg_temp.problem TO app_owner
"""
COPY_STAGED = "COPY pg_temp.staged (row_number, external_id, row_hash, hold, record) FROM STDIN"
COPY_PROBLEMS = (
    "COPY pg_temp.problem (file_name, row_number, severity, reason, external_id, content) "
    "FROM STDIN"
)
BATCH = """
INSERT INTO app.import_batch (id, at, source, kind, file_name, imported_by, mapping, read_rows,
    created, changed, unchanged, review, rejected)
SELECT app.uuid7(n.at), n.at, %(source)s, %(kind)s, %(file_name)s, session_user, %(mapping)s,
    %(read)s, %(created)s, %(changed)s, %(unchanged)s, %(review)s, %(rejected)s
FROM (SELECT app.now() AS at) n
RETURNING id
"""
PROBLEMS = """
INSERT INTO app.import_row (batch_id, file_name, row_number, severity, reason, external_id, content)
SELECT %(batch)s, p.file_name, p.row_number, p.severity, p.reason, p.external_id, p.content
FROM pg_temp.problem p ORDER BY p.id
"""


def count(kind: str) -> str:
    """Return the query for how many staged records are new, changed and unchanged.

    What a practitioner does is written into the practitioner: it has no rows of its own.
    """
    if kind == "practitioner_role":
        return "SELECT 0, 0, 0 FROM pg_temp.staged WHERE false"
    return (
        "SELECT count(*) FILTER (WHERE t.id IS NULL), "  # noqa: S608 - kind is one of ours
        "count(*) FILTER (WHERE t.row_hash IS DISTINCT FROM s.row_hash AND t.id IS NOT NULL), "
        "count(*) FILTER (WHERE t.row_hash = s.row_hash) FROM pg_temp.staged s "
        f"LEFT JOIN app.{kind} t ON t.source = %(source)s AND t.external_id = s.external_id"
    )


_LOCATION = """
INSERT INTO app.location AS t (source, external_id, name, address, active, row_hash)
SELECT %(source)s, s.external_id, s.record ->> 'name',
    concat_ws(', ', nullif(s.record ->> 'address_line', ''), nullif(s.record ->> 'city', ''),
        nullif(concat_ws(' ', nullif(s.record ->> 'state', ''), nullif(s.record ->> 'zip', '')),
            '')),
    (s.record ->> 'active')::boolean, s.row_hash
FROM pg_temp.staged s
ON CONFLICT (source, external_id) DO UPDATE SET name = excluded.name, address = excluded.address,
    active = excluded.active, row_hash = excluded.row_hash
WHERE t.row_hash IS DISTINCT FROM excluded.row_hash
"""
_PRACTITIONER = """
INSERT INTO app.practitioner AS t (source, external_id, family, given, active, row_hash)
SELECT %(source)s, s.external_id, s.record ->> 'family', s.record ->> 'given',
    (s.record ->> 'active')::boolean, s.row_hash
FROM pg_temp.staged s
ON CONFLICT (source, external_id) DO UPDATE SET family = excluded.family, given = excluded.given,
    active = excluded.active, row_hash = excluded.row_hash
WHERE t.row_hash IS DISTINCT FROM excluded.row_hash
"""
_ROLE = """
UPDATE app.practitioner t SET specialty = r.specialty
FROM (
    SELECT s.record ->> 'practitioner_external_id' AS external_id,
        min(s.record -> 'specialties' ->> 0) AS specialty
    FROM pg_temp.staged s WHERE (s.record ->> 'active')::boolean GROUP BY 1
) r
WHERE t.source = %(source)s AND t.external_id = r.external_id AND r.specialty IS NOT NULL
    AND t.specialty IS DISTINCT FROM r.specialty
"""
# An empty field says nothing: what is known stays. Dead stays dead until a person decides.
_PATIENT = """
INSERT INTO app.patient AS t (source, external_id, family, given, middle, birth_date, gender,
    language, mrn, deceased, deceased_on, address_line, city, state_code, zip, zones, email,
    practitioner_id, last_visit, next_appointment, next_appointment_imported, row_hash, synced_at)
SELECT %(source)s, s.external_id, r.family, r.given, r.middle, r.birth_date, coalesce(r.gender, ''),
    coalesce(r.language, 'en'), coalesce(s.record -> 'identifiers' -> 0 ->> 'value', s.external_id),
    r.deceased, r.deceased_on, r.address_line, r.city, r.state, r.zip, r.zones, r.email, d.id,
    r.last_visit, n.at, n.at, s.row_hash, app.now()
FROM pg_temp.staged s
CROSS JOIN app.practice p
CROSS JOIN LATERAL jsonb_to_record(s.record) AS r (
    family text, given text, middle text, birth_date date, gender text, language text,
    deceased boolean, deceased_on date, address_line text, city text, state text, zip text,
    zones text[], email text, last_visit date, next_appointment date, next_appointment_time time,
    practitioner text
)
-- A day without a time counts until it is over.
CROSS JOIN LATERAL (SELECT (r.next_appointment + coalesce(r.next_appointment_time, '23:59'))
    AT TIME ZONE p.zone AS at) AS n
LEFT JOIN LATERAL (
    SELECT x.id FROM app.practitioner x
    WHERE r.practitioner <> '' AND x.source = %(source)s AND (x.external_id = r.practitioner
        OR lower(r.practitioner) IN (lower(concat_ws(' ', x.given, x.family)),
            lower('Dr. ' || x.family), lower(x.family || ', ' || x.given)))
    ORDER BY x.external_id = r.practitioner DESC, x.id LIMIT 1
) d ON true
ON CONFLICT (source, external_id) DO UPDATE SET
    family = excluded.family, given = excluded.given,
    middle = coalesce(nullif(excluded.middle, ''), t.middle),
    birth_date = coalesce(excluded.birth_date, t.birth_date),
    gender = coalesce(nullif(excluded.gender, ''), t.gender),
    language = coalesce((SELECT s.record ->> 'language' FROM pg_temp.staged s
        WHERE s.external_id = excluded.external_id), t.language),
    mrn = excluded.mrn,
    deceased = t.deceased OR excluded.deceased,
    deceased_on = coalesce(excluded.deceased_on, t.deceased_on),
    address_line = coalesce(nullif(excluded.address_line, ''), t.address_line),
    city = coalesce(nullif(excluded.city, ''), t.city),
    state_code = coalesce(nullif(excluded.state_code, ''), t.state_code),
    zip = coalesce(nullif(excluded.zip, ''), t.zip),
    zones = CASE WHEN excluded.zones = '{}' THEN t.zones ELSE excluded.zones END,
    email = coalesce(nullif(excluded.email, ''), t.email),
    practitioner_id = coalesce(excluded.practitioner_id, t.practitioner_id),
    last_visit = greatest(t.last_visit, excluded.last_visit),
    -- Unlike other empty fields this one says something: the visit was cancelled there.
    next_appointment_imported = excluded.next_appointment_imported,
    next_appointment = least(
        CASE WHEN excluded.next_appointment > app.now() THEN excluded.next_appointment END,
        (SELECT min(lower(a.span)) FROM app.appointment a WHERE a.patient_id = t.id
            AND a.status IN ('booked', 'arrived') AND lower(a.span) > app.now())),
    row_hash = excluded.row_hash, synced_at = excluded.synced_at
WHERE t.row_hash IS DISTINCT FROM excluded.row_hash
"""
# Of all staged rows, changed or not: a hold "until" a day ends by itself. Only an import's own
# hold is lifted by an import; what a person decided stays.
_PATIENT_HOLD = """
UPDATE app.patient t SET
    state = CASE WHEN s.hold = '' THEN 'active' ELSE 'hold' END, state_reason = s.hold
FROM pg_temp.staged s
WHERE t.source = %(source)s AND t.external_id = s.external_id AND t.state_reason <> s.hold
    AND (t.state = 'active' OR t.state = 'hold' AND t.state_reason LIKE 'import:%%')
    AND (s.hold <> '' OR t.state = 'hold')
"""
# What was learnt on the phone about a number (wrong, out of service) is never overwritten.
_PATIENT_TELECOM = """
INSERT INTO app.patient_telecom AS t (patient_id, use, e164, extension, rank, zones, states,
    provenance)
SELECT DISTINCT ON (p.id, x.e164, x.extension) p.id, x.use, x.e164, x.extension, x.rank, x.zones,
    x.states, 'import'
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
CROSS JOIN LATERAL jsonb_to_recordset(s.record -> 'phones') AS x (
    use text, e164 text, extension text, rank int, zones text[], states text[]
)
ORDER BY p.id, x.e164, x.extension, x.rank
ON CONFLICT (patient_id, e164, extension) DO UPDATE SET use = excluded.use, rank = excluded.rank,
    zones = excluded.zones, states = excluded.states
WHERE (t.use, t.rank, t.zones, t.states)
    IS DISTINCT FROM (excluded.use, excluded.rank, excluded.zones, excluded.states)
"""
_PATIENT_IDENTIFIER = """
INSERT INTO app.patient_identifier (patient_id, system, value, type)
SELECT p.id, x.system, x.value, x.type
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
CROSS JOIN LATERAL jsonb_to_recordset(s.record -> 'identifiers') AS x (
    system text, value text, type text
)
ON CONFLICT DO NOTHING
"""
_PATIENT_OPT_OUT = """
INSERT INTO app.suppression (patient_id, scope, source, words, received_at, honour_by)
SELECT p.id, 'calls', 'import', 'Do not call, in the practice''s system', n.at, n.at
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
CROSS JOIN (SELECT app.now() AS at) n
WHERE (s.record ->> 'do_not_call')::boolean AND NOT EXISTS (
    SELECT FROM app.suppression o WHERE o.patient_id = p.id AND o.scope IN ('calls', 'everything')
)
"""
_PATIENT_BALANCE = """
INSERT INTO app.account_balance AS t (patient_id, as_of, patient_due_cents)
SELECT p.id, %(today)s, (s.record ->> 'balance_cents')::bigint
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
WHERE s.record ->> 'balance_cents' IS NOT NULL
ON CONFLICT (patient_id) DO UPDATE SET
    as_of = excluded.as_of, patient_due_cents = excluded.patient_due_cents
WHERE t.patient_due_cents IS DISTINCT FROM excluded.patient_due_cents
"""
_PATIENT_COVERAGE = """
INSERT INTO app.coverage AS t (patient_id, source, external_id, payer, payer_class)
SELECT p.id, %(source)s, 'patient:' || s.external_id, s.record ->> 'insurance',
    coalesce(s.record ->> 'payer_class', 'other')
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
WHERE s.record ->> 'insurance' <> ''
ON CONFLICT (source, external_id) DO UPDATE SET
    payer = excluded.payer, payer_class = excluded.payer_class
WHERE (t.payer, t.payer_class) IS DISTINCT FROM (excluded.payer, excluded.payer_class)
"""
_PATIENT_RECALL = """
INSERT INTO app.care_gap (patient_id, name, due_on)
SELECT p.id, 'Recall visit', (s.record ->> 'recall_due')::date
FROM pg_temp.staged s
JOIN app.patient p ON p.source = %(source)s AND p.external_id = s.external_id
WHERE s.record ->> 'recall_due' IS NOT NULL
ON CONFLICT DO NOTHING
"""
# A coverage that is no longer in force ends; when is often not said.
_COVERAGE = """
INSERT INTO app.coverage AS t (patient_id, source, external_id, payer, payer_class, plan,
    starts_on, ends_on, row_hash)
SELECT p.id, %(source)s, s.external_id, r.payer, r.payer_class, r.plan, r.start,
    CASE WHEN r.status = 'active' THEN r."end" ELSE coalesce(r."end", %(today)s) END, s.row_hash
FROM pg_temp.staged s
CROSS JOIN LATERAL jsonb_to_record(s.record) AS r (
    patient_external_id text, payer text, payer_class text, plan text, status text, start date,
    "end" date
)
JOIN app.patient p ON p.source = %(source)s AND p.external_id = r.patient_external_id
ON CONFLICT (source, external_id) DO UPDATE SET patient_id = excluded.patient_id,
    payer = excluded.payer, payer_class = excluded.payer_class, plan = excluded.plan,
    starts_on = excluded.starts_on, ends_on = excluded.ends_on, row_hash = excluded.row_hash
WHERE t.row_hash IS DISTINCT FROM excluded.row_hash
"""
_ENCOUNTER = """
INSERT INTO app.encounter AS t (patient_id, source, external_id, status, class, type, starts_at,
    ends_at, practitioner_id, location_id, row_hash)
SELECT p.id, %(source)s, s.external_id, r.status, r.class_code, r.type_text, r.start, r."end",
    d.id, l.id, s.row_hash
FROM pg_temp.staged s
CROSS JOIN LATERAL jsonb_to_record(s.record) AS r (
    patient_external_id text, status text, class_code text, type_text text, start timestamptz,
    "end" timestamptz, practitioner_external_id text, location_external_id text
)
JOIN app.patient p ON p.source = %(source)s AND p.external_id = r.patient_external_id
LEFT JOIN app.practitioner d
    ON d.source = %(source)s AND d.external_id = r.practitioner_external_id
LEFT JOIN app.location l ON l.source = %(source)s AND l.external_id = r.location_external_id
ON CONFLICT (source, external_id) DO UPDATE SET patient_id = excluded.patient_id,
    status = excluded.status, class = excluded.class, type = excluded.type,
    starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    practitioner_id = excluded.practitioner_id, location_id = excluded.location_id,
    row_hash = excluded.row_hash
WHERE t.row_hash IS DISTINCT FROM excluded.row_hash
"""

WRITE: dict[str, tuple[str, ...]] = {
    "location": (_LOCATION,),
    "practitioner": (_PRACTITIONER,),
    "practitioner_role": (_ROLE,),
    "patient": (
        _PATIENT,
        _PATIENT_HOLD,
        _PATIENT_TELECOM,
        _PATIENT_IDENTIFIER,
        _PATIENT_OPT_OUT,
        _PATIENT_BALANCE,
        _PATIENT_COVERAGE,
        _PATIENT_RECALL,
    ),
    "coverage": (_COVERAGE,),
    "encounter": (_ENCOUNTER,),
}
