# ruff: noqa: E501  an attempt is one line
"""The functions themselves: inner ones, other roles' ones, and other people's ids in one's own."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO, OK

ID = "'00000000-0000-0000-0000-000000000001'"
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT app.now()", NO),
    ("SELECT app.me()", NO),
    ("SELECT app.card(NULL, NULL, now())", NO),
    ("SELECT app.chart(NULL, NULL, now())", NO),
    ("SELECT app.queue_page(NULL, 'all', '', 200)", NO),
    ("SELECT app.gate(NULL, NULL, now())", NO),
    ("SELECT app.merge_fact('{}')", NO),
    ("SELECT app.permission(" + ID + ", 'voice')", NO),
    ("SELECT app.campaign_refresh(" + ID + ")", NO),
    ("SELECT app.set_rule('charts_per_hour', '*', 1000000, current_date, 'mine')", NO),
    ("SELECT app.meter_take(" + ID + ", 'charts', 1000000, '1 hour', 1)", NO),
    ("SELECT app.raise_alert('read_limit', NULL, 'noise')", NO),
    ("SELECT app.refuse_change()", NO),
    ("CALL app.ensure_call_partitions('2030-01-01', 1)", NO),
    ("CALL app.protect('app.patient')", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("nobody", "SELECT api.version()", NO),
    ("nobody", "SELECT api.sign_in('9', 'x')", NO),
    ("stray", "SELECT api.sign_in('9', 'x')", "QC001"),
    ("stray", "SELECT api.queue('all', '', 10)", "QC001"),
    ("stray", "SELECT api.claim_next(gen_random_uuid())", "QC001"),
    ("stray", "SELECT api.callbacks()", "QC001"),
    # ---- other people's ids in every function
    ("c2 sup", "SELECT api.claim('<entry>', gen_random_uuid())", "QC010"),
    ("c2 sup", "SELECT api.claim('<patient>', gen_random_uuid())", "QC011"),
    ("c2 sup", "SELECT api.heartbeat('<entry>', <fence>)", "QC014"),
    ("cli adm aud", "SELECT api.heartbeat('<entry>', <fence>)", "QC014"),
    ("c2 sup", "SELECT api.reveal('<entry>', <fence>, 'birth_date')", "QC014"),
    ("c2 sup", "SELECT api.reveal('<entry>', NULL, 'mrn')", "QC014"),
    ("c2 sup", "SELECT api.skip('<entry>', <fence>, 'other', gen_random_uuid())", "QC014"),
    ("c2 sup", "SELECT api.request_call('<entry>', <fence>, '<phone>', gen_random_uuid())", "QC014"),
    ("c2 sup", "SELECT api.request_call('<entry>', NULL, '<phone>', gen_random_uuid())", "QC014"),
    # An operation of somebody else, sent again: neither its answer nor a second dial.
    ("c2 sup", "SELECT api.request_call('<entry>', <fence>, '<phone>', '<op>')", "QC040"),
    ("c2 sup", "SELECT api.claim_next('<op>')", "QC040"),
    ("c2 sup", "SELECT api.finish('<call>', '<entry>', <fence>, 'NO_ANSWER', '{}', '<op>', true)", "QC040"),
    ("c2 sup", "SELECT api.call('<call>')", "QC024"),
    ("c2 sup", "SELECT api.command('<call>', 'hang_up', '', gen_random_uuid())", "QC024"),
    ("c2 sup", "SELECT api.verify_identity('<call>', 'PASS', '{zip,phone}', gen_random_uuid())", "QC024"),
    ("c2 sup", "SELECT api.finish('<call>', '<entry>', <fence>, 'NO_ANSWER', '{}', gen_random_uuid(), true)", "QC024"),
    ("c2 sup", "SELECT api.finish('<call>', '<free>', 1, 'NO_ANSWER', '{}', gen_random_uuid(), true)", "QC024"),
    ("c2 sup", "SELECT api.hold_slot('<entry>', <fence>, '<doctor>', '<visit_type>', '2027-03-04 15:00Z', gen_random_uuid())", "QC014"),
    ("c2 sup", "SELECT api.release_hold('<hold>')", OK),  # nothing happens: the hold stays its owner's
    ("c2 sup", "SELECT api.book('<call>', <fence>, '<hold>', '{}', gen_random_uuid())", "QC024"),
    ("c2", "SELECT api.move_callback('<callback>', '2027-03-05 15:00Z', gen_random_uuid())", "QC011"),
    ("c2", "SELECT api.release_callback('<callback>', gen_random_uuid())", "QC011"),
    ("c2", "SELECT api.call_log('{\"person_id\": \"<victim>\"}', NULL, 200)", OK),  # one's own calls
    ("c2", "SELECT api.call_log('{\"text\": \"%\"}', '<call>', 2147483647)", OK),
    # ---- functions of other roles
    ("c2 cli adm aud gw", "SELECT api.team()", NO),
    ("c2 cli gw", "SELECT api.people()", NO),
    ("c2 cli aud gw", "SELECT api.import_batches()", NO),
    ("c2 sup cli aud gw", "SELECT api.import_problems(" + ID + ")", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_take_requests(100)", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_take_commands(100)", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_open_calls()", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_record('[{\"call_id\": \"<call>\", \"state\": \"ended\", \"end\": \"busy\"}]')", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_beat('{\"state\": \"down\"}')", NO),
    ("cli adm aud gw", "SELECT api.queue('all', '', 10)", NO),
    ("cli adm aud gw", "SELECT api.claim('<entry>', gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.claim_next(gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.reveal('<entry>', <fence>, 'birth_date')", NO),
    ("cli adm aud gw", "SELECT api.request_call('<entry>', <fence>, '<phone>', gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.finish('<call>', '<entry>', <fence>, 'NO_ANSWER', '{}', gen_random_uuid(), false)", NO),
    ("cli adm aud gw", "SELECT api.callbacks()", NO),
    ("adm gw", "SELECT api.call_log('{}', NULL, 10)", NO),
    ("gw", "SELECT api.sign_in('9', 'x')", NO),
    ("gw", "SELECT api.openings('{<doctor>}', '<visit_type>', '2027-03-02', 5)", NO),
    ("gw", "SELECT api.gateway_record('[{\"call_id\": \"<free>\", \"state\": \"live\", \"at\": \"2027-03-01T15:00:00Z\"}]')", "QC024"),
    ("gw", "SELECT api.gateway_record('[{\"call_id\": \"<call>\", \"state\": \"live\"}]')", BAD),
    # ---- looking for somebody: never without a reason, a whole name or number, and a role for it
    ("c2 sup cli aud", "SELECT api.find_patient('{\"name\": \"Zyx1\"}', 'returns our call')", BAD),
    ("c2 sup cli aud", "SELECT api.find_patient('{\"name\": \"Given1 Zyx1\"}', '')", BAD),
    ("c2 sup cli aud", "SELECT api.find_patient('{\"phone\": \"617\"}', 'returns our call')", BAD),
    ("c2 sup cli aud", "SELECT api.find_patient('{\"phone\": \"%\", \"name\": \"% %\"}', 'returns our call')", OK),  # nobody's name
    ("c2 sup cli aud", "SELECT api.find_patient('{\"name\": \"Given1 Zyx\"}', 'returns our call')", OK),  # nobody
    ("adm gw", "SELECT api.find_patient('{\"name\": \"Given1 Zyx1\"}', 'returns our call')", NO),
    ("c2", "SELECT api.open_found('<entry>', 'returns our call', gen_random_uuid())", "QC010"),
    ("c2 sup", "SELECT api.open_found('<patient>', 'returns our call', gen_random_uuid())", "QC011"),
    ("cli adm aud gw", "SELECT api.open_found('<entry>', 'returns our call', gen_random_uuid())", NO),
    ("c2 adm gw", "SELECT api.why_not_called('<patient>', NULL)", NO),
    ("sup cli aud", "SELECT api.why_not_called('<patient>', 'infinity')", BAD),
    ("c2 sup adm aud gw", "SELECT api.override_gate('<patient>', '{hours}', 'because I want to', gen_random_uuid())", NO),
    # Or a login of just now is asked for first.
    ("cli", "SELECT api.override_gate('<patient>', '{suppressed}', 'because I want to', gen_random_uuid())", f"{BAD} QC007"),
    ("cli", "SELECT api.override_gate('<patient>', '{hours,patient_state}', 'because I want to', gen_random_uuid())", f"{BAD} QC007"),
    ("cli", "SELECT api.override_gate('<patient>', '{hours}', 'because', gen_random_uuid())", f"{BAD} QC007"),
    ("c2 sup cli", "SELECT api.break_glass('<patient>', 'quick', gen_random_uuid())", BAD),
    ("c2 sup cli", "SELECT api.break_glass('<entry>', 'collapsed on the line', gen_random_uuid())", "QC011"),
    ("adm aud gw", "SELECT api.break_glass('<patient>', 'collapsed on the line', gen_random_uuid())", NO),
    ("c2 sup cli", "SELECT api.emergency_chart('<patient>')", "QC052"),
    # ---- odd arguments
    ("c2 sup", "SELECT api.claim('<entry>', 'not a uuid')", "22P02"),
    ("c2 sup", "SELECT api.call_log('{\"first_day\": \"Zyx\"}', NULL, 5)", "22007"),
    ("c2 sup", "SELECT api.queue('all', 'Zyx', 200)", OK),  # the preview's search knows no family names
    ("c2 sup", "SELECT api.queue('all', '%', 200)", OK),
    ("c2 sup", "SELECT api.queue('all', E'given1 \\\\', 200)", OK),
    ("c2 sup", "SELECT api.queue('all', repeat('%', 1000000), 200)", OK),
    ("c2 sup", "SELECT api.queue('all', '', -2147483648)", OK),
    ("c2 sup", "SELECT api.queue('x'' OR true --', '', 5)", BAD),
    ("c2 sup cli adm aud", "SELECT api.sign_in(repeat('9', 1000000), repeat('x', 1000000))", OK),
    ("c2 sup cli adm aud", "SELECT api.set_status('admin')", BAD),
    ("c2 sup cli adm", "SELECT api.openings('{}', '<visit_type>', '-infinity', 5)", BAD),
    ("c2 sup cli adm", "SELECT api.openings(ARRAY[NULL]::uuid[], '<visit_type>', '2027-03-02', 31)", OK),
)  # fmt: skip
