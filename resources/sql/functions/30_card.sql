-- What a coordinator sees: the preview of the queue, the card of a claimed patient, the chart.

CREATE OR REPLACE FUNCTION app.chip(p_text text, p_kind text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('text', p_text, 'kind', p_kind)
$$;

CREATE OR REPLACE FUNCTION app.fact(p_icon text, p_kind text, p_title text, p_detail text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('icon', p_icon, 'kind', p_kind, 'title', p_title, 'detail', p_detail)
$$;

CREATE OR REPLACE FUNCTION app.money(p_cents bigint) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '$' || to_char(p_cents / 100.0, 'FM999,999,990.00')
$$;

CREATE OR REPLACE FUNCTION app.months_since(p_day date, p_today date) RETURNS integer
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (extract(year FROM age(p_today, p_day)) * 12 + extract(month FROM age(p_today, p_day)))::integer
$$;

CREATE OR REPLACE FUNCTION app.patient_zone(p_patient app.patient, p_phone app.patient_telecom)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(p_patient.zones[1], p_phone.zones[1], (SELECT p.zone FROM app.practice p))
$$;

CREATE OR REPLACE FUNCTION app.chips(
    p_entry app.queue_entry, p_patient app.patient, p_now timestamptz, p_zone text
) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(c.chip ORDER BY c.n), '[]') FROM (
        SELECT 1 AS n, app.chip('Callback ' || CASE
            WHEN (b.due_at AT TIME ZONE p_zone)::date = (p_now AT TIME ZONE p_zone)::date
                THEN to_char(b.due_at AT TIME ZONE p_zone, 'FMHH12:MI')
            ELSE to_char(b.due_at AT TIME ZONE p_zone, 'Mon FMDD') END,
            CASE WHEN b.due_at < p_now THEN 'warning' ELSE 'info' END) AS chip
        FROM app.callback b WHERE b.entry_id = p_entry.id AND b.state = 'open'
        UNION ALL
        SELECT 2, app.chip('New', 'success') WHERE p_entry.attempts = 0
        UNION ALL
        SELECT 3, app.chip(upper(left(p_patient.language, 2)), 'info')
        WHERE left(p_patient.language, 2) <> 'en'
        UNION ALL
        SELECT 4, app.chip('Voicemail' || CASE WHEN p_entry.voicemails > 1
            THEN ' ×' || p_entry.voicemails ELSE '' END, 'violet')
        WHERE p_entry.voicemails > 0
        UNION ALL
        SELECT 5, app.chip('Barrier', 'info') WHERE EXISTS (
            SELECT 1 FROM app.barrier r
            WHERE r.patient_id = p_patient.id AND r.resolved_on IS NULL)
    ) AS c
$$;

-- Whether words that tell a condition or a kind of visit may stand on the screen: not for a campaign
-- that keeps them out, and never for a patient whose records are extra sensitive.
CREATE OR REPLACE FUNCTION app.shows_clinical(p_campaign app.campaign, p_patient app.patient)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_campaign.shows_clinical AND NOT p_patient.sensitive
$$;

CREATE OR REPLACE FUNCTION app.reason_for(
    p_entry app.queue_entry, p_campaign app.campaign, p_patient app.patient
) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN app.shows_clinical(p_campaign, p_patient) THEN p_entry.reason
        ELSE 'A visit is due' END
$$;

CREATE OR REPLACE FUNCTION app.preview_row(
    p_entry app.queue_entry, p_me app.person, p_now timestamptz, p_gate jsonb, p_named boolean
) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'entry_id', p_entry.id,
        'score', p_entry.score,
        'first_name', CASE WHEN p_named THEN p.given ELSE '' END,
        'last_initial', CASE WHEN p_named THEN left(p.family, 1) ELSE '' END,
        'reason', app.reason_for(p_entry, c, p),
        'campaign', c.name,
        'chips', app.chips(p_entry, p, p_now, z.zone),
        'zone', z.zone,
        'attempts', p_entry.attempts,
        'max_attempts', c.max_attempts,
        'callback_due', (SELECT b.due_at FROM app.callback b
                         WHERE b.entry_id = p_entry.id AND b.state = 'open'),
        'gate', p_gate,
        'held_by', CASE WHEN p_entry.state = 'claimed' AND p_entry.lease_until > p_now
            THEN (SELECT h.name FROM app.person h WHERE h.id = p_entry.holder) END,
        'mine', coalesce(p_entry.holder = p_me.id AND p_entry.state = 'claimed', false)
    )
    FROM app.patient p
    JOIN app.campaign c ON c.id = p_entry.campaign_id
    CROSS JOIN LATERAL (SELECT app.patient_zone(p, app.best_phone(p.id)) AS zone) AS z
    WHERE p.id = p_entry.patient_id
$$;

-- What the patient asked for in confidence, for the coordinator to read before the dial.
CREATE OR REPLACE FUNCTION app.confidential_words(p_patient uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN c.id IS NULL THEN NULL
        WHEN c.e164 IS NULL THEN 'Asked not to be reached by telephone.'
        ELSE 'Asked to be reached on ' || app.display_number(c.e164, c.extension) || ' only.' END
    FROM app.confidential(p_patient) AS c
$$;

-- What the voicemail may say today: the patient's permission, lowered where the number is a
-- work line, the campaign's two messages are used or the last one is less than two days old.
CREATE OR REPLACE FUNCTION app.voicemail_level(p_entry app.queue_entry, p_now timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_entry.voicemails >= app.rule_number('cap_voicemail', p_now) THEN 'V0'
        WHEN p_entry.last_voicemail_at
            > p_now - make_interval(days => app.rule_number('voicemail_gap_days', p_now)) THEN 'V0'
        WHEN p.sensitive THEN 'V0'
        -- What the patient asked for in confidence passes what was allowed otherwise.
        WHEN c.id IS NOT NULL THEN c.voicemail
        ELSE coalesce(app.permission(p.id, 'voicemail'), 'V1')
    END
    FROM app.patient p, app.confidential(p.id) AS c
    WHERE p.id = p_entry.patient_id
$$;

CREATE OR REPLACE FUNCTION app.outcome_words(p_code text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT w.words FROM (VALUES
        ('BOOKED', 'Booked'), ('LEFT_VOICEMAIL', 'Voicemail left'), ('NO_ANSWER', 'No answer'),
        ('CALLBACK_AT', 'Asked to be called back'), ('DECLINED', 'Declined'),
        ('DECLINED_BARRIER', 'Barrier found'), ('WRONG_NUMBER', 'Wrong number'),
        ('LEFT_PRACTICE', 'Left the practice'), ('OPT_OUT', 'Asked not to be called'),
        ('BUSY', 'Busy'), ('VOICEMAIL_NOT_LEFT', 'Machine, no message left'),
        ('GATEKEEPER_MESSAGE', 'Message with someone'), ('UNVERIFIED', 'Identity not verified'),
        ('FAILED_NUMBER', 'Number out of service'), ('THINKING', 'Wants to think about it'),
        ('BOOKED_ELSEWHERE', 'Already booked'), ('LANGUAGE', 'Needs another language'),
        ('DECEASED_REPORTED', 'Reported deceased'), ('TRIAGE', 'Symptoms: to the nurse'),
        ('COMPLAINT', 'Complaint'), ('INCIDENT', 'Privacy incident'),
        ('TECHNICAL', 'Technical problem')
    ) AS w (code, words) WHERE w.code = p_code), 'Call without an outcome')
$$;

CREATE OR REPLACE FUNCTION app.outcome_look(p_code text) RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_code IN ('BOOKED', 'BOOKED_ELSEWHERE') THEN ARRAY['calendar-check', 'success']
        WHEN p_code IN ('LEFT_VOICEMAIL', 'VOICEMAIL_NOT_LEFT') THEN ARRAY['voicemail', 'violet']
        WHEN p_code IN ('CALLBACK_AT', 'THINKING') THEN ARRAY['calendar-clock', 'warning']
        WHEN p_code IN ('DECLINED', 'OPT_OUT', 'LEFT_PRACTICE') THEN ARRAY['user-x', 'danger']
        WHEN p_code = 'DECLINED_BARRIER' THEN ARRAY['car', 'info']
        ELSE ARRAY['phone-missed', 'neutral']
    END
$$;

CREATE OR REPLACE FUNCTION app.timeline_item(
    p_at timestamptz, p_icon text, p_kind text, p_title text, p_detail text
) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.fact(p_icon, p_kind, p_title, p_detail) || jsonb_build_object('at', p_at)
$$;

-- Past calls of the practice, newest first: when, what came of it, who. No note.
CREATE OR REPLACE FUNCTION app.recent_contact(p_patient uuid, p_limit integer) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(app.timeline_item(
        x.requested_at, x.look[1], x.look[2], app.outcome_words(x.outcome),
        CASE x.direction WHEN 'incoming' THEN 'Called us' ELSE 'Call ' || x.attempt END || ' · ' || x.name
    ) ORDER BY x.id DESC), '[]')
    FROM (
        SELECT c.id, c.requested_at, c.outcome, c.attempt, c.direction, p.name, app.outcome_look(c.outcome) AS look
        FROM app.call c JOIN app.person p ON p.id = c.person_id
        WHERE c.patient_id = p_patient AND c.state = 'ended' AND c.outcome IS NOT NULL
        ORDER BY c.id DESC LIMIT p_limit
    ) AS x
$$;

CREATE OR REPLACE FUNCTION app.chart(
    p_patient app.patient, p_clinical boolean, p_now timestamptz
) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_practice app.practice;
    v_today date;
    v_balance app.account_balance;
    v_coverage app.coverage;
    v_why jsonb := '[]';
    v_money jsonb := '[]';
    v_row record;
BEGIN
    SELECT x.* INTO v_practice FROM app.practice x;
    v_today := (p_now AT TIME ZONE v_practice.zone)::date;

    IF p_patient.last_visit IS NOT NULL THEN
        v_why := v_why || app.fact('calendar-x', 'danger',
            'Last seen ' || to_char(p_patient.last_visit, 'Mon FMDD, YYYY'),
            concat_ws(', ',
                nullif(app.months_since(p_patient.last_visit, v_today), 0) || ' months ago',
                CASE WHEN p_patient.no_shows > 0 THEN p_patient.no_shows || ' no-show'
                    || CASE WHEN p_patient.no_shows > 1 THEN 's' ELSE '' END END,
                CASE WHEN p_patient.cancellations > 0 THEN p_patient.cancellations || ' cancelled' END));
    ELSE
        v_why := v_why || app.fact('calendar-x', 'danger', 'No visit on record', '');
    END IF;
    FOR v_row IN
        SELECT g.name, g.due_on FROM app.care_gap g
        WHERE g.patient_id = p_patient.id AND g.closed_on IS NULL
        ORDER BY g.due_on LIMIT 4
    LOOP
        v_why := v_why || app.fact('activity', 'warning',
            CASE WHEN p_clinical THEN v_row.name ELSE 'A check-up' END,
            CASE WHEN v_row.due_on < v_today
                THEN 'overdue since ' ELSE 'due ' END || to_char(v_row.due_on, 'Mon FMDD, YYYY'));
    END LOOP;

    SELECT x.* INTO v_coverage FROM app.coverage x
    WHERE x.patient_id = p_patient.id AND coalesce(x.starts_on, v_today) <= v_today
    ORDER BY coalesce(x.ends_on, 'infinity') DESC, x.starts_on DESC NULLS LAST LIMIT 1;
    IF v_coverage.id IS NULL THEN
        v_money := v_money || app.fact('shield', 'neutral', 'No coverage on file',
            'Ask which insurance the patient has now');
    ELSIF coalesce(v_coverage.ends_on, v_today) < v_today THEN
        v_money := v_money || app.fact('shield', 'warning',
            v_coverage.payer || ' ended ' || to_char(v_coverage.ends_on, 'Mon YYYY'),
            'Ask which insurance the patient has now');
    ELSE
        v_money := v_money || app.fact('shield-check', 'success',
            v_coverage.payer || ' active', coalesce(nullif(v_coverage.plan, ''), v_coverage.payer_class));
    END IF;
    SELECT x.* INTO v_balance FROM app.account_balance x WHERE x.patient_id = p_patient.id;
    IF v_balance.patient_id IS NOT NULL THEN
        v_money := v_money || CASE
            WHEN v_balance.patient_due_cents <= 0 THEN
                app.fact('dollar-sign', 'success', 'No balance', '')
            ELSE app.fact('dollar-sign',
                CASE WHEN v_balance.over_90_cents > v_practice.balance_limit_cents
                    THEN 'warning' ELSE 'neutral' END,
                'Balance ' || app.money(v_balance.patient_due_cents),
                CASE WHEN v_balance.over_90_cents > 0
                    THEN app.money(v_balance.over_90_cents) || ' older than 90 days. '
                    ELSE '' END || 'Billing questions go to the office.')
        END;
    END IF;

    RETURN jsonb_build_object(
        'age', extract(year FROM age(v_today, p_patient.birth_date))::integer,
        'gender', p_patient.gender,
        'birth_date_masked', CASE WHEN p_patient.birth_date IS NULL THEN 'not on file'
            ELSE '••/••/' || to_char(p_patient.birth_date, 'YYYY') END,
        'mrn_masked', CASE WHEN p_patient.mrn = '' THEN 'not on file'
            ELSE '•••• ' || right(p_patient.mrn, 4) END,
        'practitioner', coalesce((SELECT app.display_practitioner(d) FROM app.practitioner d
            WHERE d.id = p_patient.practitioner_id), ''),
        'why', v_why,
        'coverage', v_money,
        'timeline', (
            SELECT coalesce(jsonb_agg(t.item ORDER BY t.at DESC), '[]') FROM (
                SELECT x.at, x.item FROM (
                    SELECT e.starts_at AS at, app.timeline_item(e.starts_at, 'stethoscope', 'info',
                        CASE WHEN p_clinical THEN coalesce(nullif(e.type, ''), 'Visit') ELSE 'Visit' END,
                        coalesce((SELECT app.display_practitioner(d) FROM app.practitioner d
                            WHERE d.id = e.practitioner_id), '')) AS item
                    FROM app.encounter e WHERE e.patient_id = p_patient.id
                    ORDER BY e.starts_at DESC LIMIT 40
                ) AS x
                UNION ALL
                SELECT c.requested_at, app.timeline_item(c.requested_at,
                    (app.outcome_look(c.outcome))[1], (app.outcome_look(c.outcome))[2],
                    app.outcome_words(c.outcome),
                    concat_ws(' · ', CASE c.direction WHEN 'incoming' THEN 'Called us'
                        ELSE 'Call ' || c.attempt END, p.name, nullif(c.note, '')))
                FROM app.call c JOIN app.person p ON p.id = c.person_id
                WHERE c.patient_id = p_patient.id AND c.outcome IS NOT NULL
            ) AS t
        ),
        'appointments', (
            SELECT coalesce(jsonb_agg(app.timeline_item(lower(a.span),
                CASE a.status WHEN 'noshow' THEN 'calendar-x' WHEN 'cancelled' THEN 'calendar-x'
                    ELSE 'calendar-check' END,
                CASE a.status WHEN 'noshow' THEN 'danger' WHEN 'cancelled' THEN 'warning'
                    WHEN 'fulfilled' THEN 'neutral' ELSE 'success' END,
                CASE a.status WHEN 'noshow' THEN 'No-show' WHEN 'cancelled' THEN 'Cancelled'
                    WHEN 'fulfilled' THEN 'Seen' WHEN 'arrived' THEN 'Arrived' ELSE 'Booked' END,
                concat_ws(' · ', CASE WHEN p_clinical THEN v.name END, app.display_practitioner(d))
            ) ORDER BY lower(a.span) DESC), '[]')
            FROM app.appointment a
            JOIN app.practitioner d ON d.id = a.practitioner_id
            LEFT JOIN app.visit_type v ON v.id = a.visit_type_id
            WHERE a.patient_id = p_patient.id
        ),
        'barriers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'kind', b.kind, 'words', b.words, 'since', b.since) ORDER BY b.since DESC), '[]')
            FROM app.barrier b WHERE b.patient_id = p_patient.id AND b.resolved_on IS NULL
        )
    );
END
$$;

CREATE OR REPLACE FUNCTION app.call_view(p_call app.call) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN jsonb_build_object(
        'id', p_call.id, 'entry_id', p_call.entry_id, 'state', p_call.state,
        'number_ending', right(p_call.e164, 4), 'number_use', p_call.phone_use,
        'requested_at', p_call.requested_at, 'answered_at', p_call.answered_at,
        'ended_at', p_call.ended_at, 'end', p_call.end_reason,
        'held', p_call.held, 'muted', p_call.muted,
        'is_practice_line', p_call.is_practice_line, 'incoming', p_call.direction = 'incoming',
        'captions', p_call.captions, 'sentence', p_call.sentence,
        'needs_outcome', p_call.outcome IS NULL,
        'recording', app.recording_view(p_call)
    ) || app.call_company(p_call);
END
$$;

CREATE OR REPLACE FUNCTION app.hold_view(p_hold app.slot_hold) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'id', p_hold.id, 'start', lower(p_hold.span), 'end', upper(p_hold.span),
        'until', p_hold.until, 'practitioner', app.display_practitioner(d), 'visit_type', v.name)
    FROM app.practitioner d, app.visit_type v
    WHERE d.id = p_hold.practitioner_id AND v.id = p_hold.visit_type_id
$$;

-- The card of a patient that p_me holds. The chart is in it only where the campaign's script
-- allows it before the identity check, or a call of this claim was verified.
-- p_gate: the gate's first refusal, or NULL; who asked it just now passes it on.
CREATE OR REPLACE FUNCTION app.card_with_gate(
    p_entry app.queue_entry, p_me app.person, p_now timestamptz, p_gate jsonb
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_patient app.patient;
    v_campaign app.campaign;
    v_best app.patient_telecom;
    v_call app.call;
    v_hold app.slot_hold;
    v_zone text;
    v_open boolean;
    v_note text;
BEGIN
    SELECT x.* INTO v_patient FROM app.patient x WHERE x.id = p_entry.patient_id;
    SELECT x.* INTO v_campaign FROM app.campaign x WHERE x.id = p_entry.campaign_id;
    v_best := app.best_phone(v_patient.id);
    v_zone := app.patient_zone(v_patient, v_best);
    SELECT x.* INTO v_call FROM app.call x
    WHERE x.person_id = p_me.id AND x.entry_id = p_entry.id AND x.outcome IS NULL
    ORDER BY x.id DESC LIMIT 1;
    SELECT x.* INTO v_hold FROM app.slot_hold x
    WHERE x.person_id = p_me.id AND x.entry_id = p_entry.id AND x.state = 'held' AND x.until > p_now;
    v_open := NOT v_campaign.chart_needs_identity OR coalesce(v_call.identity = 'PASS', false);
    SELECT b.note INTO v_note FROM app.callback b WHERE b.entry_id = p_entry.id AND b.state = 'open';

    PERFORM app.audit_read(p_me, CASE WHEN v_open THEN 'chart.read' ELSE 'card.read' END,
        'queue_entry/' || p_entry.id, v_patient.id, jsonb_build_object('fence', p_entry.fence));

    RETURN jsonb_build_object(
        'entry_id', p_entry.id, 'fence', p_entry.fence, 'lease_until', p_entry.lease_until,
        'now', p_now, 'patient_id', v_patient.id,
        'first_name', v_patient.given, 'last_name', v_patient.family,
        'language', v_patient.language, 'zone', v_zone,
        'campaign', v_campaign.name, 'script', v_campaign.script,
        'reason', app.reason_for(p_entry, v_campaign, v_patient),
        'chips', app.chips(p_entry, v_patient, p_now, v_zone),
        'score', p_entry.score, 'attempts', p_entry.attempts,
        'max_attempts', v_campaign.max_attempts,
        'plan', app.plan_words(p_entry, v_campaign, v_zone),
        'phones', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', t.id, 'e164', t.e164, 'extension', t.extension,
                'display', app.display_number(t.e164, t.extension), 'use', t.use,
                'usable', app.phone_problem(t) = '', 'problem', app.phone_problem(t),
                'preferred', t.id IS NOT DISTINCT FROM v_best.id
            ) ORDER BY t.id IS NOT DISTINCT FROM v_best.id DESC, t.rank, t.id), '[]')
            FROM app.patient_telecom t WHERE t.patient_id = v_patient.id
        ),
        'permissions', jsonb_build_object(
            'calls', coalesce(app.permission(v_patient.id, 'voice'), 'allow') = 'allow'
                AND NOT EXISTS (SELECT 1 FROM app.suppression s
                    WHERE s.patient_id = v_patient.id AND s.scope IN ('calls', 'everything')),
            'voicemail', app.voicemail_level(p_entry, p_now),
            'text', coalesce(app.permission(v_patient.id, 'text'), 'deny') = 'allow',
            'email', coalesce(app.permission(v_patient.id, 'email'), 'deny') = 'allow',
            'best_time', CASE WHEN v_patient.preferred_start IS NULL THEN ''
                ELSE to_char(v_patient.preferred_start, 'FMHH12') || '–'
                    || to_char(v_patient.preferred_end, 'FMHH12 AM') END,
            'note', concat_ws(' ', nullif(v_patient.confidential_note, ''), app.confidential_words(v_patient.id))
        ),
        'recent_contact', app.recent_contact(v_patient.id, 5),
        'callback_note', coalesce(v_note, ''),
        'chart_needs_identity', v_campaign.chart_needs_identity,
        'identity', v_call.identity,
        'identity_tries_left', 2 - coalesce(v_call.identity_tries, 0),
        'chart', CASE WHEN v_open THEN app.chart(
            v_patient, app.shows_clinical(v_campaign, v_patient), p_now) END,
        'gate', p_gate,
        'call', CASE WHEN v_call.id IS NOT NULL THEN app.call_view(v_call) END,
        'hold', CASE WHEN v_hold.id IS NOT NULL THEN app.hold_view(v_hold) END
    );
END
$$;

CREATE OR REPLACE FUNCTION app.card(p_entry app.queue_entry, p_me app.person, p_now timestamptz)
RETURNS jsonb
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT app.card_with_gate(p_entry, p_me, p_now, app.first_refusal(app.gate(p_entry, NULL, p_now, p_me)))
$$;

-- "Attempt 3 of 6. The last one was on a morning; try another time of day."
CREATE OR REPLACE FUNCTION app.plan_words(
    p_entry app.queue_entry, p_campaign app.campaign, p_zone text
) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'Attempt ' || least(p_entry.attempts + 1, p_campaign.max_attempts) || ' of '
        || p_campaign.max_attempts || '.' || coalesce((
            SELECT ' The last one was ' || to_char(c.requested_at AT TIME ZONE p_zone, 'Dy FMHH12 AM')
                || ': ' || lower(app.outcome_words(c.outcome)) || '.'
            FROM app.call c
            WHERE c.entry_id = p_entry.id AND c.outcome IS NOT NULL
            ORDER BY c.id DESC LIMIT 1
        ), '')
$$;
