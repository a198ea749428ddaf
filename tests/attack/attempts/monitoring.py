# ruff: noqa: E501  an attempt is one line
"""Listening to calls that are nobody's business, and reaching other people's calls for help."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO

ID = "'00000000-0000-0000-0000-000000000001'"
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT * FROM app.call_monitor", NO),
    ("INSERT INTO app.call_help (id, call_id, person_id, asked_at) VALUES (gen_random_uuid(), '<call>', '<victim>', now())", NO),
    ("UPDATE app.call_monitor SET endpoint = '+16175550111'", NO),
    ("DELETE FROM app.call_monitor", NO),
    ("SELECT app.live_board(NULL)", NO),
    ("SELECT app.live_row(NULL, NULL, now())", NO),
    ("SELECT app.call_company(NULL)", NO),
    ("SELECT app.end_monitor(" + ID + ", 'left', '', now())", NO),
    ("SELECT app.tell_supervisors()", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2 cli adm aud gw nobody stray", "SELECT api.live_calls()", NO),
    ("c2 cli adm aud gw nobody", "SELECT api.monitor_call('<call>', 'listen', gen_random_uuid())", NO),
    ("c2 cli adm aud gw", "SELECT api.stop_monitoring('<call>', gen_random_uuid())", NO),
    ("c2 cli adm aud gw", "SELECT api.answer_help('<call>', 'Hang up now', gen_random_uuid())", NO),
    ("c2 cli adm aud gw", "SELECT api.clear_help('<call>', gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.ask_help('<call>', '', gen_random_uuid())", NO),
    ("c2 sup", "SELECT api.ask_help('<call>', '', gen_random_uuid())", "QC024"),
    ("c2 sup", "SELECT api.withdraw_help('<call>', gen_random_uuid())", "QC024"),
    ("sup", "SELECT api.monitor_call(gen_random_uuid(), 'listen', gen_random_uuid())", "QC024"),
    ("sup", "SELECT api.monitor_call('<call>', 'secretly', gen_random_uuid())", BAD),
    ("sup", "SELECT api.monitor_call('<call>', 'listen', '<op>')", "QC040"),
    ("sup", "SELECT api.answer_help('<call>', repeat('x', 81), gen_random_uuid())", BAD),
    ("sup", "SELECT api.answer_help('<call>', 'Coming', gen_random_uuid())", "QC175"),
    ("c2 sup cli adm aud", "SELECT api.gateway_monitors()", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_place_monitor(" + ID + ")", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_monitor_fact(" + ID + ", '{\"state\": \"on\"}')", NO),
    # A listener under ReadCommitted only: an older view would show a policy of before.
    ("sup", "BEGIN ISOLATION LEVEL REPEATABLE READ;; SELECT api.live_calls()", BAD),
)  # fmt: skip
