# ruff: noqa: E501  an attempt is one line
"""The coordinator's ear: the signing key, tokens for others, other people's phones and tests."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO, OK

_KEY = "'AC00000000000000000000000000000000', 'SK00000000000000000000000000000000'"
_LINE = """'[{"key": "ear", "state": "ok", "sentence": "Fine."}]'"""
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT secret FROM app.softphone_key", NO),
    ("SELECT app.access_token('{\"sub\": \"AC\"}', (SELECT secret FROM app.softphone_key))", NO),
    ("SELECT app.hmac_sha256('x', 'y')", NO),
    ("SELECT app.key_view()", NO),
    (f"SELECT app.store_softphone_key({_KEY}, 'sixteen letters!')", NO),
    ("SELECT app.drop_softphone_key()", NO),
    (f"INSERT INTO app.softphone_key VALUES (true, {_KEY}, 'xxxxxxxxxxxxxxxx', now(), 'me')", NO),
    ("DELETE FROM app.softphone_key", NO),
    ("COPY app.softphone_key TO STDOUT", NO),
    ("SELECT stavalues1 FROM pg_statistic WHERE starelid = 'app.softphone_key'::regclass", NO),
    ("UPDATE app.person SET agent_endpoint = '+16175559999'", NO),
    ("SELECT * FROM app.line_test", NO),
    ("SELECT app.last_line_test('<victim>')", NO),
    ("SELECT setval('app.meter_tokens_' || replace('<victim>', '-', ''), 0)", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    ("cli adm aud gw nobody", "SELECT api.softphone_token()", NO),
    ("cli adm aud gw nobody", "SELECT api.choose_ear('client', gen_random_uuid())", NO),
    ("stray", "SELECT api.softphone_token()", "QC001"),
    # A token is one's own, whoever a setting says one is.
    ("c2", "SET ROLE cc_c1;; SELECT api.softphone_token()", NO),
    ("c2", "SELECT set_config('app.person', '<victim>', false);; SELECT api.softphone_token()", OK),
    ("c2", "BEGIN ISOLATION LEVEL SERIALIZABLE;; SELECT api.softphone_token()", BAD),
    # What is read by who works here: one's own.
    ("c2 sup", "SELECT api.my_ear()", OK),
    ("c2 sup", "SELECT api.line_probe()", OK),
    # Nothing but three kinds of address, one at a time.
    ("c2 sup", "SELECT api.choose_ear('client:' || replace('<victim>', '-', ''), gen_random_uuid())", BAD),
    ("c2 sup", "SELECT api.choose_ear('+1900' || '5551234', gen_random_uuid())", BAD),
    ("c2 sup", "SELECT api.choose_ear('sip:a@b.example?Replaces=x', gen_random_uuid())", BAD),
    ("c2 sup", "SELECT api.choose_ear(E'sip:a@b.example\\r\\nX: y', gen_random_uuid())", BAD),
    ("c2 sup", "SELECT api.choose_ear('client', '<op>')", "QC040"),
    ("c2", f"SELECT api.set_softphone_key({_KEY}, 'sixteen letters!', gen_random_uuid())", NO),
    ("c2 cli aud gw", "SELECT api.softphone_key()", NO),
    ("c2 cli aud gw", "SELECT api.clear_softphone_key(gen_random_uuid())", NO),
    ("sup adm", "SELECT api.softphone_key()", OK),  # which key, never its secret
    ("sup adm", f"SELECT api.set_softphone_key({_KEY}, 'has a space in it, is long', gen_random_uuid())", BAD),
    ("c2 sup", f"SELECT api.keep_line_test({_LINE}, '<op>')", "QC040"),
    ("c2", "SELECT api.keep_line_test('[{\"key\": \"patient\", \"state\": \"ok\", \"sentence\": \"x\"}]', gen_random_uuid())", BAD),
)  # fmt: skip
