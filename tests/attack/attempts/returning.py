# ruff: noqa: E501  an attempt is one line
"""Returned calls: other people's callers, look-ups by the back door, the carrier's voice."""

from __future__ import annotations

from tests.attack.attempts.words import BAD, NO, OK

ID = "'00000000-0000-0000-0000-000000000001'"
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT * FROM app.return_call", NO),
    ("SELECT * FROM app.return_call_match", NO),
    ("UPDATE app.return_call SET routed_to = NULL", NO),
    ("INSERT INTO app.incoming_line VALUES (true, now(), 'listening', '')", NO),
    ("SELECT app.recognised('+16175559001')", NO),
    ("SELECT app.settle_return(" + ID + ", now())", NO),
    ("SELECT app.opt_out(" + ID + ", NULL, 'calls', '', NULL, now())", NO),
    ("SELECT app.merge_incoming('{}', now())", NO),
)  # fmt: skip
SOME: tuple[tuple[str, str, str], ...] = (
    # ---- somebody else's caller
    ("c2", "SELECT api.take_return('<return>', NULL, gen_random_uuid())", "QC105"),
    ("c2", "SELECT api.take_return('<return>', '<patient>', gen_random_uuid())", "QC105"),
    ("sup", "SELECT api.take_return('<return>', NULL, gen_random_uuid())", "QC010"),  # Jordan has the patient open
    ("c2", "SELECT api.close_return('<return>', 'settled', 'mine now', gen_random_uuid())", "QC105"),
    ("c2 sup", "SELECT api.take_return('<call>', NULL, gen_random_uuid())", "QC104"),
    ("c2 cli adm aud gw nobody stray", "SELECT api.link_return('<return>', '<patient>', gen_random_uuid())", NO),
    ("sup", "SELECT api.link_return('<return>', '<call>', gen_random_uuid())", "QC011"),
    ("c2", "SELECT api.return_calls()", OK),  # that Jordan has one, and nothing of the patient
    ("cli adm aud gw nobody", "SELECT api.return_calls()", NO),
    ("stray", "SELECT api.return_calls()", "QC001"),
    # ---- a look-up by the back door: a patient one was never shown, half a number, an opt-out for somebody
    ("cli", "SELECT api.report_return('{\"what\": \"wants_call\", \"patient_id\": \"<patient>\"}', gen_random_uuid())", "QC011"),
    ("cli", "SELECT api.report_return('{\"what\": \"opt_out\", \"scope\": \"everything\", \"patient_id\": \"<patient>\"}', gen_random_uuid())", "QC011"),
    ("c2 sup", "SELECT api.report_return('{\"what\": \"opt_out\", \"scope\": \"calls\", \"patient_id\": \"<call>\"}', gen_random_uuid())", "QC011"),
    ("c2 sup cli", "SELECT api.report_return('{\"what\": \"wants_call\", \"phone\": \"617555\"}', gen_random_uuid())", BAD),
    ("c2", "SELECT api.report_return('{\"what\": \"wants_call\", \"phone\": \"+16175559001\"}', '<op>')", "QC040"),
    ("adm aud gw nobody", "SELECT api.report_return('{\"what\": \"wants_call\", \"phone\": \"+16175559001\"}', gen_random_uuid())", NO),
    ("stray", "SELECT api.report_return('{\"what\": \"wants_call\", \"phone\": \"+16175559001\"}', gen_random_uuid())", "QC001"),
    # ---- the carrier's voice
    ("c2 sup cli adm aud nobody stray", "SELECT api.gateway_incoming('{\"calls\": []}')", NO),
    ("gw", "SELECT api.gateway_incoming('{\"calls\": [{\"ref\": \"x\", \"state\": \"ringing\"}]}')", BAD),
    ("gw", "SELECT api.gateway_incoming('{\"calls\": [{\"ref\": \"x\", \"state\": \"live\", \"at\": \"2027-03-01T15:00Z\"}]}')", BAD),
    ("gw", "SELECT api.take_return('<return>', NULL, gen_random_uuid())", NO),
)  # fmt: skip
