# ruff: noqa: E501  an attempt is one line
"""The phone line's set-up: another's account, a key to read back, a test call as a way to patients."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO

OP = "gen_random_uuid()"
SEALED = "repeat('ab', 200)"
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT sealed FROM app.carrier_account", NO),
    ("UPDATE app.carrier_account SET account_sid = 'AC' || repeat('6', 32)", NO),
    ("UPDATE app.line_setup SET public_key = repeat('x', 32)::bytea", NO),
    ("INSERT INTO app.line_task SELECT gen_random_uuid(), 'test_call', '{}', gen_random_uuid(), now(), now(), now(), 'asked'", NO),
    ("INSERT INTO app.line_tick VALUES ('geo_us_only', true, gen_random_uuid(), now())", NO),
    ("UPDATE app.practice SET allowed_countries = '{US,CU}'", NO),
    ("SELECT app.line_task_view(NULL)", NO),
    ("SELECT app.line_evidence('{}', now(), 'UTC')", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2 cli aud gw", "SELECT api.phone_line()", NO),
    ("c2 cli aud gw", f"SELECT api.set_carrier('AC' || repeat('6', 32), 'beef', {SEALED}, repeat('0', 64), {OP})", NO),
    ("c2 cli aud gw", f"SELECT api.forget_carrier({OP})", NO),
    ("c2 cli aud gw", f"SELECT api.ask_line('test_call', '{{\"to\": \"+16175550199\"}}', {OP})", NO),
    ("c2 cli aud gw", f"SELECT api.authorize_caller_id('Mallory', {OP})", NO),
    ("c2 cli aud gw", f"SELECT api.tick_line('geo_us_only', true, {OP})", NO),
    ("c2 cli aud gw", f"SELECT api.line_heard('<entry>', 'right', {OP})", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_line(true)", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_line_key(repeat('0', 64))", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_line_account(NULL, NULL, NULL, 'window', 'AC')", NO),
    ("c2 sup cli adm aud", f"SELECT api.gateway_line_answer({OP}, 'done', '{{}}')", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_line_checked('{\"findings\": [], \"number\": {}}')", NO),
    ("stray", "SELECT api.phone_line()", NO),
    # The practice of these tests is a demo: it takes no account, and its number is not signed for unseen.
    ("sup adm", f"SELECT api.set_carrier('AC' || repeat('6', 32), 'beef', {SEALED}, repeat('0', 64), {OP})", "QC086"),
    ("sup adm", f"SELECT api.authorize_caller_id('Mallory', {OP})", "QC086"),
    ("sup adm", f"SELECT api.line_heard('<entry>', 'right', {OP})", "QC086"),
    # A call past the gate: to a patient, to emergency services, with keys of one's own.
    ("sup adm", f"SELECT api.ask_line('test_call', jsonb_build_object('to', '<number>'), {OP})", "QC086"),
    ("sup adm", f"SELECT api.ask_line('test_call', '{{\"to\": \"911\"}}', {OP})", BAD),
    ("sup adm", f"SELECT api.ask_line('verify', '{{\"extension\": \"12,911\"}}', {OP})", BAD),
    ("sup adm", f"SELECT api.ask_line('verify', '{{\"call_delay\": -1}}', {OP})", BAD),
    ("gw", "SELECT api.gateway_line_account('<entry>', 'forgotten', '', NULL, NULL)", BAD),
)  # fmt: skip
