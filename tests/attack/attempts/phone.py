# ruff: noqa: E501  an attempt is one line
"""The coordinator's own phone: saying "I hear you" for somebody else, or for nobody."""

from __future__ import annotations

from tests.attack.attempts.words import NO

EVERYBODY: tuple[tuple[str, str], ...] = (
    ("UPDATE app.agent_leg SET confirmed_at = now(), confirmed_by = 'press'", NO),
    ("SELECT carrier_ref FROM app.agent_leg", NO),
    ("SELECT app.want_leg(NULL)", NO),
    ("SELECT app.let_phone_go('00000000-0000-0000-0000-000000000001')", NO),
    ("SELECT app.merge_leg(NULL, 'up', 'CA1', '')", NO),
)
SOME: tuple[tuple[str, str, str], ...] = (
    ("c2 sup", "SELECT api.hear_me(77, 'press', gen_random_uuid())", "QC026"),
    ("c2 sup", "SELECT api.hear_me(NULL, 'press', gen_random_uuid())", "QC026"),
    ("c2 sup", "SELECT api.hear_me(1, 'somebody', gen_random_uuid())", "QC070"),
    ("cli adm aud gw", "SELECT api.hear_me(1, 'press', gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.connect_phone(gen_random_uuid())", NO),
    ("cli adm aud gw", "SELECT api.my_phone()", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_legs()", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_record_legs('[{\"session_id\": \"00000000-0000-0000-0000-000000000001\", \"state\": \"up\", \"carrier_ref\": \"CA1\"}]')", NO),
)  # fmt: skip
