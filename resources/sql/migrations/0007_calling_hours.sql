-- When a patient may be called. Effective-dated rows with their citation; a change closes a
-- row and adds one, so that an old decision can be replayed (compliance.md 1.7, 1.10).
-- Most of these laws bind sales calls; this practice keeps them for every call.

CREATE TABLE app.rule_pack (
    version text PRIMARY KEY,
    effective_from date NOT NULL,
    note text NOT NULL
);
CALL app.protect('app.rule_pack');
INSERT INTO app.rule_pack VALUES ('2026-11-23', '2026-11-23', 'First pack: calling hours and 24-hour caps by state');

CREATE TABLE app.calling_rule (
    id text PRIMARY KEY,
    jurisdiction text NOT NULL,  -- state code; '*' when the state is not known
    effective daterange NOT NULL,
    mon_fri_start time, mon_fri_end time,  -- NULL: no calls
    sat_start time, sat_end time,
    sun_start time, sun_end time,
    on_holidays boolean NOT NULL DEFAULT true,
    cap_24h integer,
    confidence text NOT NULL CHECK (confidence IN ('H', 'M', 'D')),
    citation text NOT NULL,
    CONSTRAINT calling_rule_one EXCLUDE USING gist (jurisdiction WITH =, effective WITH &&)
);
CALL app.protect('app.calling_rule');

CREATE TABLE app.holiday (
    jurisdiction text NOT NULL,  -- state code; 'US' for all
    day date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (jurisdiction, day)
);
CALL app.protect('app.holiday');

CREATE TABLE app.blackout_date (
    jurisdiction text NOT NULL,  -- state code; '*' for everywhere
    day date NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (jurisdiction, day)
);
CALL app.protect('app.blackout_date');

INSERT INTO app.calling_rule
SELECT
    'STATE.' || v.s || '.HOURS.' || v.from_day,
    v.s,
    daterange(v.from_day::date, nullif(v.to_day, '')::date),
    v.a::time, v.b::time,
    CASE WHEN v.sat = '-' THEN NULL ELSE coalesce(nullif(split_part(v.sat, '-', 1), ''), v.a)::time END,
    CASE WHEN v.sat = '-' THEN NULL ELSE coalesce(nullif(split_part(v.sat, '-', 2), ''), v.b)::time END,
    CASE WHEN v.sun = '-' THEN NULL ELSE coalesce(nullif(split_part(v.sun, '-', 1), ''), v.a)::time END,
    CASE WHEN v.sun = '-' THEN NULL ELSE coalesce(nullif(split_part(v.sun, '-', 2), ''), v.b)::time END,
    v.holidays,
    v.cap,
    v.conf,
    v.cite
FROM (VALUES
    -- state, from, to, start, end, saturday, sunday ('' as weekdays, '-' none), holidays, cap, confidence
    ('AL', '2020-01-01', '', '08:00', '20:00', '', '-', false, NULL::integer, 'H', 'Ala. Admin. Code r. 770-X-5-.17(2)'),
    ('AK', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('AZ', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'A.R.S. 44-1278(B)(6)'),
    ('AR', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'Ark. Code 4-99-405'),
    ('CA', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('CO', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('CT', '2020-01-01', '', '09:00', '20:00', '', '', true, NULL, 'H', 'Conn. Gen. Stat. 42-288a(c)'),
    ('DE', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('DC', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'D.C. Code 22-3226.08'),
    ('FL', '2020-01-01', '', '08:00', '20:00', '', '', true, 3, 'H', 'Fla. Stat. 501.616(6)'),
    ('GA', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('HI', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'HRS 481P-3(8)'),
    ('ID', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('IL', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', '815 ILCS 413/15(a)'),
    ('IN', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('IA', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('KS', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('KY', '2020-01-01', '', '10:00', '21:00', '', '', true, NULL, 'H', 'KRS 367.46955(16)'),
    ('LA', '2020-01-01', '', '08:00', '20:00', '', '-', false, NULL, 'H', 'LPSC GO R-29617 V(A)(2); La. R.S. 45:811'),
    ('ME', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('MD', '2020-01-01', '', '08:00', '20:00', '', '', true, 3, 'H', 'Md. Com. Law 14-4502(c)'),
    ('MA', '2020-01-01', '', '08:00', '20:00', '', '', true, NULL, 'H', 'M.G.L. c.159C s.3; 201 CMR 12.02(2)'),
    ('MI', '2020-01-01', '', '09:00', '21:00', '', '', true, NULL, 'M', 'MCL 750.540e(1)(f)'),
    ('MN', '2020-01-01', '', '09:00', '21:00', '', '', true, NULL, 'H', 'Minn. Stat. 325E.30'),
    ('MS', '2020-01-01', '', '08:00', '20:00', '', '-', true, NULL, 'H', 'Miss. Code 77-3-723(1)'),
    ('MO', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'RSMo 407.1076(5)'),
    ('MT', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'MCA 30-14-1412(1)(d)'),
    ('NE', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('NV', '2020-01-01', '', '09:00', '20:00', '', '', true, NULL, 'H', 'NRS 598.0918(3)'),
    ('NH', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('NJ', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'N.J.S.A. 56:8-128(c)'),
    ('NM', '2020-01-01', '', '09:00', '21:00', '', '', true, NULL, 'H', 'NMSA 57-12-22(B)(5)'),
    ('NY', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'GBL 399-z(2)'),
    ('NC', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'N.C.G.S. 75-102(f)'),
    ('ND', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'N.D.C.C. 51-28-05'),
    ('OH', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('OK', '2020-01-01', '', '08:00', '20:00', '', '', true, 3, 'H', '15 O.S. 775C.4'),
    ('OR', '2026-01-01', '', '08:00', '20:00', '', '', true, 3, 'H', 'ORS 646.563 (HB 3865)'),
    ('OR', '2020-01-01', '2026-01-01', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('PA', '2026-10-18', '', '09:00', '19:00', '', '-', false, NULL, 'H', '73 P.S. 2245(a); Act 47 of 2026'),
    ('PA', '2020-01-01', '2026-10-18', '08:00', '21:00', '', '', true, NULL, 'H', '73 P.S. 2245(a)'),
    ('RI', '2020-01-01', '', '09:00', '18:00', '10:00-17:00', '-', false, NULL, 'H', 'R.I. Gen. Laws 5-61-2(2), 5-61-3.6'),
    ('SC', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'S.C. Code 37-21-30'),
    ('SD', '2020-01-01', '', '09:00', '21:00', '', '-', true, NULL, 'M', 'SDCL 37-30A-3(2)'),
    ('TN', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'T.C.A. 65-4-402'),
    ('TX', '2020-01-01', '', '09:00', '21:00', '', '12:00-21:00', true, NULL, 'H', 'Tex. Bus. & Com. Code 301.051'),
    ('UT', '2020-01-01', '', '08:00', '21:00', '', '-', false, NULL, 'H', 'Utah Code 13-25a-103(3)'),
    ('VT', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('VA', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'Va. Code 59.1-511'),
    ('WA', '2020-01-01', '', '08:00', '20:00', '', '', true, NULL, 'H', 'RCW 19.158.110(4); 80.36.390(8)'),
    ('WV', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'W.Va. Code 46A-6F-601(a)(4)'),
    ('WI', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'H', 'ATCP 127.16(3)'),
    ('WY', '2020-01-01', '', '08:00', '20:00', '', '', true, NULL, 'H', 'Wyo. Stat. 40-12-302(d)'),
    ('PR', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('VI', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    ('GU', '2020-01-01', '', '08:00', '21:00', '', '', true, NULL, 'D', '47 CFR 64.1200(c)(1)'),
    -- The intersection of all rows, for a patient whose state is not known.
    ('*', '2020-01-01', '', '10:00', '18:00', '10:00-17:00', '-', false, 3, 'H', 'strictest of all states')
) AS v (s, from_day, to_day, a, b, sat, sun, holidays, cap, conf, cite);

-- Federal legal holidays 2025-2035 (5 U.S.C. 6103), with the observed day beside the day.
INSERT INTO app.holiday
WITH years AS (SELECT generate_series(2025, 2035) AS y),
fixed AS (
    SELECT make_date(y, m, d) AS day, name
    FROM years, (VALUES
        (1, 1, 'New Year''s Day'), (6, 19, 'Juneteenth'), (7, 4, 'Independence Day'),
        (11, 11, 'Veterans Day'), (12, 25, 'Christmas Day')
    ) AS f (m, d, name)
),
nth AS (  -- the n-th weekday of a month; n = 5 means the last
    SELECT
        CASE WHEN n < 5
            THEN make_date(y, m, 1) + ((dow - extract(isodow FROM make_date(y, m, 1))::integer + 7) % 7) + 7 * (n - 1)
            ELSE (make_date(y, m, 1) + interval '1 month - 1 day')::date
                - ((extract(isodow FROM make_date(y, m, 1) + interval '1 month - 1 day')::integer - dow + 7) % 7)
        END AS day,
        name
    FROM years, (VALUES
        (1, 1, 3, 'Martin Luther King Jr. Day'), (2, 1, 3, 'Washington''s Birthday'),
        (5, 1, 5, 'Memorial Day'), (9, 1, 1, 'Labor Day'), (10, 1, 2, 'Columbus Day'),
        (11, 4, 4, 'Thanksgiving Day')
    ) AS f (m, dow, n, name)
),
observed AS (
    SELECT
        CASE extract(isodow FROM day) WHEN 6 THEN day - 1 WHEN 7 THEN day + 1 END AS day,
        name || ' (observed)' AS name
    FROM fixed
)
SELECT 'US', day, name FROM fixed
UNION ALL SELECT 'US', day, name FROM nth
UNION ALL SELECT 'US', day, name FROM observed WHERE day IS NOT NULL
ON CONFLICT DO NOTHING;
