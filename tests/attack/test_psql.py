"""Every function of the API with odd values in each argument: refused, never a fault of ours."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

NO = "42501"  # insufficient privilege
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "sign_in": ("text", "text"),
    "heartbeat": ("uuid", "bigint"),
    "set_status": ("text",),
    "queue": ("text", "text", "integer"),
    "claim": ("uuid", "uuid"),
    "claim_next": ("uuid",),
    "skip": ("uuid", "bigint", "text", "uuid"),
    "reveal": ("uuid", "bigint", "text"),
    "request_call": ("uuid", "bigint", "uuid", "uuid"),
    "call": ("uuid",),
    "command": ("uuid", "text", "text", "uuid"),
    "verify_identity": ("uuid", "text", "text[]", "uuid"),
    "finish": ("uuid", "uuid", "bigint", "text", "jsonb", "uuid", "boolean"),
    "hold_slot": ("uuid", "bigint", "uuid", "uuid", "timestamptz", "uuid"),
    "release_hold": ("uuid",),
    "book": ("uuid", "bigint", "uuid", "jsonb", "uuid"),
    "callbacks": (),
    "move_callback": ("uuid", "timestamptz", "uuid"),
    "release_callback": ("uuid", "uuid"),
    "openings": ("uuid[]", "uuid", "date", "integer"),
    "find_patient": ("jsonb", "text"),
    "open_found": ("uuid", "text", "uuid"),
    "why_not_called": ("uuid", "timestamptz"),
    "report_return": ("jsonb", "uuid"),
    "return_calls": (),
    "take_return": ("uuid", "uuid", "uuid"),
    "close_return": ("uuid", "text", "text", "uuid"),
    "link_return": ("uuid", "uuid", "uuid"),
    "gateway_incoming": ("jsonb",),
    "override_gate": ("uuid", "text[]", "text", "uuid"),
    "break_glass": ("uuid", "text", "uuid"),
    "emergency_chart": ("uuid",),
    "call_log": ("jsonb", "uuid", "integer"),
    "team": (),
    "people": (),
    "suspend_person": ("uuid", "text", "uuid"),
    "resume_person": ("uuid", "text", "uuid"),
    "second_factor": ("text",),
    "resume_session": ("text",),
    "import_batches": (),
    "import_problems": ("uuid",),
    "who_looked": ("uuid", "date", "date"),
    "record_disclosure": ("uuid", "jsonb", "uuid"),
    "accounting": ("uuid",),
    "incidents": ("jsonb",),
    "incident": ("uuid",),
    "assess_incident": ("uuid", "jsonb", "uuid"),
    "close_incident": ("uuid", "text", "text", "uuid"),
    "privacy_watch": (),
    "acknowledge_alert": ("uuid", "text"),
    "review_break_glass": ("uuid", "text", "text"),
    "amend_outcome": ("uuid", "text", "jsonb", "text", "uuid"),
    "live_calls": (),
    "monitor_call": ("uuid", "text", "uuid"),
    "stop_monitoring": ("uuid", "uuid"),
    "ask_help": ("uuid", "text", "uuid"),
    "withdraw_help": ("uuid", "uuid"),
    "answer_help": ("uuid", "text", "uuid"),
    "clear_help": ("uuid", "uuid"),
    "gateway_monitors": (),
    "gateway_place_monitor": ("uuid",),
    "gateway_monitor_fact": ("uuid", "jsonb"),
    "sign_out": (),
    "version": (),
    "my_phone": (),
    "connect_phone": ("uuid",),
    "disconnect_phone": ("uuid",),
    "hear_me": ("integer", "text", "uuid"),
    "gateway_legs": (),
    "gateway_record_legs": ("jsonb",),
    "gateway_take_requests": ("integer",),
    "gateway_take_commands": ("integer",),
    "gateway_open_calls": (),
    "gateway_record": ("jsonb",),
    "gateway_beat": ("jsonb",),
    "export_calls": ("jsonb", "integer"),
    "gateway_anchor": (),
    "gateway_sign": ("bigint", "text", "text"),
    "check_receipt": ("text",),
    "start_recording": ("uuid", "boolean", "text", "uuid"),
    "recording_command": ("uuid", "text", "uuid"),
    "recording_settings": (),
    "set_recording": ("boolean", "integer", "boolean", "uuid"),
    "set_work_state": ("uuid", "text", "uuid"),
    "call_recordings": ("uuid",),
    "request_playback": ("uuid", "text", "text", "uuid"),
    "playback": ("uuid",),
    "playback_chunk": ("uuid", "integer"),
    "hold_recording": ("uuid", "boolean", "text", "uuid"),
    "delete_recording": ("uuid", "text", "uuid"),
    "gateway_recordings": (),
    "gateway_recording": ("uuid", "jsonb"),
    "gateway_recording_begin": ("uuid", "text", "text"),
    "gateway_recording_chunk": ("uuid", "integer", "text"),
    "gateway_recording_stored": ("uuid", "integer", "bigint", "integer"),
    "gateway_playbacks": (),
    "gateway_playback": ("uuid", "text"),
    "gateway_purge_recordings": (),
    "my_ear": (),
    "choose_ear": ("text", "uuid"),
    "softphone_token": (),
    "line_probe": (),
    "keep_line_test": ("jsonb", "uuid"),
    "softphone_key": (),
    "set_softphone_key": ("text", "text", "text", "uuid"),
    "clear_softphone_key": ("uuid",),
    "phone_line": (),
    "set_carrier": ("text", "text", "text", "text", "uuid"),
    "forget_carrier": ("uuid",),
    "ask_line": ("text", "jsonb", "uuid"),
    "line_heard": ("uuid", "text", "uuid"),
    "tick_line": ("text", "boolean", "uuid"),
    "authorize_caller_id": ("text", "uuid"),
    "gateway_line": ("boolean",),
    "gateway_line_key": ("text",),
    "gateway_line_account": ("uuid", "text", "text", "text", "text"),
    "gateway_line_answer": ("uuid", "text", "jsonb"),
    "gateway_line_checked": ("jsonb",),
}
ODD: dict[str, tuple[str, ...]] = {
    "text": ("NULL", "''", "repeat('x', 100000)", "E'\\x01\\n'' -- %_'"),
    "uuid": ("NULL", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'{own_entry}'", "'{own_call}'"),
    "bigint": ("NULL", "-1", "9223372036854775807", "1"),
    "integer": ("NULL", "-2147483648", "2147483647"),
    "boolean": ("NULL", "true"),
    "text[]": ("NULL", "'{{}}'", "ARRAY[NULL]", "'{{birth_date,zip}}'"),
    "uuid[]": ("NULL", "'{{}}'", "ARRAY[NULL]::uuid[]"),
    "jsonb": (
        "NULL", "'null'", "'[]'", "'5'", "'{{}}'", "'[{{}}]'", "'{{\"state\": 5, \"at\": []}}'",
    ),
    "timestamptz": ("NULL", "'infinity'", "'-infinity'", "'4713-01-01 BC'"),
    "date": ("NULL", "'infinity'", "'5874897-12-31'", "'4713-01-01 BC'"),
}  # fmt: skip
EXPECTED_CLASSES = ("QC", "22")


def test_the_list_of_functions_is_whole(practice: Practice) -> None:
    known = practice.rows(
        "SELECT p.proname::text, array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t) "
        "FROM pg_proc p WHERE p.pronamespace = 'api'::regnamespace"
    )
    said = {
        name: [kind.replace("timestamptz", "timestamp with time zone") for kind in kinds]
        for name, kinds in FUNCTIONS.items()
    }
    assert dict(known) == said


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_no_argument_makes_an_internal_error(practice: Practice, name: str) -> None:
    """NULL, the far ends and nonsense in each argument: a refusal, never a fault of ours."""
    card, call = practice.talk(practice.c2, 5)
    own = {"own_entry": card["entry_id"], "own_call": call["id"]}
    faults = []
    kinds = FUNCTIONS[name]
    usual = {"uuid": "gen_random_uuid()", "jsonb": "'{{}}'", "text": "'NO_ANSWER'"}
    cases: set[tuple[str, ...]] = {tuple("NULL" for _ in kinds)}
    for place, kind in enumerate(kinds):
        for odd in ODD[kind]:
            for filler in (0, 2):
                rest = [
                    usual.get(k, ODD[k][-1])
                    if filler == 0
                    else ODD[k][min(filler, len(ODD[k]) - 1)]
                    for k in kinds
                ]
                cases.add((*rest[:place], odd, *rest[place + 1 :]))
    for who, values in itertools.product(("c2", "sup", "adm", "gw"), sorted(cases)):
        typed = ", ".join(f"{v}::{k}" for v, k in zip(values, kinds, strict=True)).format(**own)
        party = practice.as_person(f"cc_{who}")
        party.run("BEGIN")
        try:
            party.run(f"SELECT api.{name}({typed})")
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if state != NO and not state.startswith(EXPECTED_CLASSES):
                faults.append(f"{who}: {typed[:200]}: {state} {error}")
        finally:
            party.run("ROLLBACK")
    assert faults == []
