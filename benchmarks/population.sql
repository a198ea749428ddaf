-- The patients of a benchmark's practice, the same for the same number of them (setting
-- bench.patients). Run by a superuser; triggers and foreign keys rest, the rows are right by
-- construction.
--
-- Where they live, which numbers they have and how far the queue is worked off follow a practice of
-- New England with people in Florida for the winter: 12 states, 3 zones, a tenth of the mobile
-- numbers from another state, some unknown. That gives 67 groups of calling hours.

SET session_replication_role = replica;

-- 0 … 99, the same for the same arguments.
CREATE FUNCTION pg_temp.h(i bigint, salt integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((hashint8extended(i, salt) & 1048575) % 100)::integer;

CREATE TEMP TABLE place AS
SELECT p.*, sum(p.share) OVER (ORDER BY p.n) - p.share AS first, sum(p.share) OVER (ORDER BY p.n) AS past
FROM (VALUES (1, 'MA', 'America/New_York', 617, 58), (2, 'NH', 'America/New_York', 603, 9),
    (3, 'RI', 'America/New_York', 401, 7), (4, 'CT', 'America/New_York', 860, 5),
    (5, 'ME', 'America/New_York', 207, 5), (6, 'NY', 'America/New_York', 518, 4),
    (7, 'VT', 'America/New_York', 802, 3), (8, 'FL', 'America/New_York', 239, 4),
    (9, 'PA', 'America/New_York', 610, 1), (10, 'TX', 'America/Chicago', 512, 1),
    (11, 'CA', 'America/Los_Angeles', 415, 1), (12, '', NULL, 617, 2)
) AS p (n, state, zone, area, share);

INSERT INTO app.patient (source, external_id, family, given, birth_date, gender, mrn, city,
    state_code, zip, zones, practitioner_id, last_visit, no_shows, cancellations)
SELECT 'b', i::text, 'Family' || i, 'Given' || i, date '1940-01-01' + (i % 25000),
    CASE i % 2 WHEN 0 THEN 'female' ELSE 'male' END, lpad(i::text, 7, '0'), 'Town', p.state,
    '02110', CASE WHEN p.zone IS NULL THEN '{}' ELSE ARRAY[p.zone] END,
    (SELECT d.id FROM app.practitioner d ORDER BY d.id LIMIT 1),
    current_date - 200 - (i * 7 % 700), CASE WHEN pg_temp.h(i, 2) < 15 THEN 1 ELSE 0 END,
    CASE WHEN pg_temp.h(i, 3) < 15 THEN 1 ELSE 0 END
FROM generate_series(1, current_setting('bench.patients')::integer) i
JOIN place p ON pg_temp.h(i, 1) >= p.first AND pg_temp.h(i, 1) < p.past;

-- Where everything else hangs on; i is the patient's number.
CREATE TEMP TABLE who AS
SELECT p.external_id::integer AS i, p.id, p.state_code, p.zones, p.last_visit FROM app.patient p;
ANALYZE who;

-- A mobile for everybody, a second line at home for 40 of 100.
INSERT INTO app.patient_telecom (patient_id, use, e164, rank, zones, states)
SELECT w.id, CASE t.n WHEN 1 THEN 'mobile' ELSE 'home' END,
    '+1' || p.area || lpad((2000000 + (w.i + (t.n - 1) * current_setting('bench.patients')::integer) % 7999999)::text, 7, '0'), t.n,
    CASE WHEN p.zone IS NULL THEN '{}' ELSE ARRAY[p.zone] END,
    CASE p.state WHEN '' THEN '{}' ELSE ARRAY[p.state] END
FROM who w
CROSS JOIN generate_series(1, CASE WHEN pg_temp.h(w.i, 5) < 40 THEN 2 ELSE 1 END) AS t (n)
JOIN place p ON CASE
    WHEN t.n = 1 AND pg_temp.h(w.i, 6) < 10 THEN p.n = 1 + pg_temp.h(w.i, 7) % 12
    ELSE p.state = w.state_code END;

INSERT INTO app.contact_permission (patient_id, channel, decision, source, recorded_at)
SELECT w.id, c.channel, c.decision, 'form', now() - interval '1 year'
FROM who w
JOIN (VALUES (8, 30, 'voicemail', 'V2'), (9, 20, 'text', 'allow'), (10, 1, 'voice', 'deny'))
    AS c (salt, share, channel, decision) ON pg_temp.h(w.i, c.salt) < c.share;

INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by)
SELECT w.id, 'calls', 'form', now() - interval '1 year', now() - interval '1 year'
FROM who w WHERE pg_temp.h(w.i, 11) < 2;

INSERT INTO app.dnc_scrub (e164, checked_on, listed, source)
SELECT t.e164, current_date, false, 'b'
FROM who w JOIN app.patient_telecom t ON t.patient_id = w.id
WHERE w.last_visit < current_date - interval '17 months';

INSERT INTO app.encounter (patient_id, source, external_id, status, class, type, starts_at)
SELECT w.id, 'b', w.i || '.' || v.n, 'finished', 'AMB', 'Follow-up', w.last_visit - v.n * 180
FROM who w CROSS JOIN generate_series(0, 1 + pg_temp.h(w.i, 12) % 3) AS v (n);

INSERT INTO app.coverage (patient_id, source, external_id, payer, payer_class, plan, starts_on)
SELECT w.id, 'b', w.i::text, 'Payer', 'commercial', 'PPO', date '2020-01-01' FROM who w;

INSERT INTO app.account_balance (patient_id, as_of, patient_due_cents, last_payment_on)
SELECT w.id, current_date, 100 * pg_temp.h(w.i, 13), current_date - 300
FROM who w WHERE pg_temp.h(w.i, 14) < 80;

INSERT INTO app.care_gap (patient_id, name, due_on)
SELECT w.id, 'Diabetes check', current_date - 30 FROM who w WHERE pg_temp.h(w.i, 15) < 40;

-- State, score and group of each; 62 of 100 can be called today.
INSERT INTO app.queue_entry (campaign_id, patient_id, score, reason, parts, call_group, state, due_at,
    closed_reason, attempts)
SELECT c.id, w.id, 20 + pg_temp.h(w.i, 16) * pg_temp.h(w.i, 17) / 125, 'No visit 14 mo',
    '{"base": 20, "inactive": 14}', app.call_group(
        array_remove(t.states || w.state_code, ''), w.zones || t.zones),
    s.state, CASE WHEN s.state IN ('waiting', 'callback')
        THEN app.now() + interval '3 hours' + pg_temp.h(w.i, 18) * interval '3 hours' END,
    CASE s.state WHEN 'closed' THEN 'declined' ELSE '' END,
    CASE WHEN s.state IN ('waiting', 'callback') THEN 1 ELSE 0 END
FROM who w
JOIN app.patient_telecom t ON t.patient_id = w.id AND t.rank = 1
CROSS JOIN app.campaign c
CROSS JOIN LATERAL (SELECT CASE
    WHEN pg_temp.h(w.i, 10) < 1 OR pg_temp.h(w.i, 11) < 2 OR pg_temp.h(w.i, 19) < 10 THEN 'closed'
    WHEN pg_temp.h(w.i, 19) < 35 THEN 'waiting' WHEN pg_temp.h(w.i, 19) < 36 THEN 'callback'
    ELSE 'ready' END AS state) AS s;

INSERT INTO app.callback (entry_id, patient_id, due_at, anyone_at, created_at)
SELECT e.id, e.patient_id, e.due_at, e.due_at, now() FROM app.queue_entry e WHERE e.state = 'callback';

-- The calls behind those attempts, 1 to 26 days ago.
INSERT INTO app.call (id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164,
    phone_use, caller_id, agent_endpoint, is_practice_line, fence, attempt, checks, rule_pack,
    permit_until, state, requested_at, ended_at, end_reason, outcome, outcome_at)
SELECT app.uuid7(a.at), gen_random_uuid(), e.id, e.patient_id, c.id, e.campaign_id, t.id, t.e164,
    'mobile', '+16175550100', 'client', true, 1, 1, '[]', '2026-11-23', a.at, 'ended', a.at,
    a.at + interval '1 minute', 'no_answer', 'NO_ANSWER', a.at
FROM app.queue_entry e
JOIN who w ON w.id = e.patient_id
JOIN app.patient_telecom t ON t.patient_id = w.id AND t.rank = 1
CROSS JOIN LATERAL (SELECT app.now() - interval '1 day' - pg_temp.h(w.i, 20) * interval '6 hours') AS a (at)
CROSS JOIN LATERAL (SELECT p.id FROM app.person p WHERE p.role = 'coordinator'
    ORDER BY p.login OFFSET w.i % (SELECT count(*) FROM app.person o WHERE o.role = 'coordinator')
    LIMIT 1) AS c
WHERE e.attempts > 0;

UPDATE app.campaign SET refreshed_at = app.now();

RESET session_replication_role;
DROP TABLE place, who;
