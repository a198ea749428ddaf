"""Policies of the phone line: permits, facts in any order, commands, and who may speak for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from coordinator_app.calls.reducer import known, merge
from coordinator_app.db.codec import decode
from coordinator_app.domain.call import CallFact, CallState
from tests.helpers.db_practice import LOGINS, op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("login", [login for login in LOGINS if login != "cc_gw"])
def test_policy_only_the_gateway_speaks_for_the_line(practice: Practice, login: str) -> None:
    for call in (
        "gateway_take_requests(1)",
        "gateway_take_commands(1)",
        "gateway_open_calls()",
        "gateway_legs()",
        "gateway_record_legs('[]')",
        "gateway_record('[]')",
        "gateway_beat('{}')",
    ):
        with refused("42501"):
            practice.as_person(login).run(f"SELECT api.{call}")


def test_policy_a_permit_is_taken_once(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    (request,) = practice.take()
    assert request["call_id"] == call["id"]
    assert request["to"] == card["phones"][0]["e164"]
    assert request["caller_id"] == "+16175550100"
    assert practice.take() == []
    (known,) = practice.gw.ask("gateway_open_calls")
    assert known["state"] == "placing"


def test_policy_a_permit_lives_60_seconds(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    practice.pass_time(seconds=61)
    assert practice.take() == []
    row = practice.call_row(call)
    assert (row["state"], row["end_reason"]) == ("ended", "never_placed")
    assert practice.value("SELECT count(*) FROM app.live_call") == 0


def test_policy_the_desktop_learns_that_a_permit_is_void_without_a_gateway(
    practice: Practice,
) -> None:
    call = practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    practice.pass_time(seconds=59)
    assert practice.c1.one("SELECT api.call(%s::uuid)", call["id"])["state"] == "requested"
    practice.pass_time(seconds=2)
    seen = practice.c1.one("SELECT api.call(%s::uuid)", call["id"])
    assert (seen["state"], seen["end"]) == ("ended", "never_placed")
    assert practice.take() == []


def test_policy_hanging_up_before_it_is_placed_cancels(practice: Practice) -> None:
    call = practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    practice.c1.one("SELECT api.command(%s::uuid, 'hang_up', '', %s)", call["id"], op())
    assert practice.take() == []
    row = practice.call_row(call)
    assert (row["state"], row["end_reason"]) == ("ended", "canceled")


def test_policy_t12_an_opt_out_after_the_permit_stops_the_dial(practice: Practice) -> None:
    call = practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    practice.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "SELECT id, 'calls', 'letter', app.now(), app.now() FROM app.patient "
        "WHERE external_id = '1'"
    )
    assert practice.take() == []
    assert practice.call_row(call)["end_reason"] == "never_placed"


def test_policy_one_live_call_a_patient_a_number_and_a_coordinator(practice: Practice) -> None:
    practice.rows(  # two patients of one household
        "UPDATE app.patient_telecom SET e164 = '+16175559001' WHERE patient_id = "
        "(SELECT id FROM app.patient WHERE external_id = '2')"
    )
    practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    with refused("QC022") as said:
        practice.c2.dial(practice.c2.claim(practice.entry_of(2)))
    assert said.facts == {"by": "Jordan Park"}


def test_policy_request_call_is_idempotent(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    same = op()
    first = practice.c1.dial(card, op_id=same)
    assert practice.c1.dial(card, op_id=same)["id"] == first["id"]
    assert practice.value("SELECT count(*) FROM app.call") == 1
    with refused("QC040"):
        practice.c1.dial(card, phone=op(), op_id=same)


def test_policy_commands_are_taken_once_and_only_for_ones_own_call(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    send = "SELECT api.command(%s::uuid, %s, %s, %s)"
    practice.c1.run(send, call["id"], "mute", "", op())
    practice.c1.run(send, call["id"], "digits", "12#", op())
    for stranger in (practice.c2, practice.sup):
        with refused("QC024"):
            stranger.run(send, call["id"], "hang_up", "", op())
        with refused("QC024"):
            stranger.run("SELECT api.call(%s::uuid)", call["id"])
    taken = practice.gw.ask("gateway_take_commands", 10)
    assert [(c["command"], c["digits"]) for c in taken] == [("mute", ""), ("digits", "12#")]
    assert practice.gw.ask("gateway_take_commands", 10) == []


@pytest.mark.parametrize(
    ("command", "digits"),
    [
        ("call", ""),
        (None, ""),
        ("digits", ""),
        ("digits", None),
        ("hang_up", "1"),
        ("digits", "1;DROP"),
        ("digits", "1" * 33),
    ],
)
def test_commands_are_a_closed_list(practice: Practice, command: str, digits: str) -> None:
    _, call = practice.talk(practice.c1, 1)
    with refused("QC070"):
        practice.c1.run(
            "SELECT api.command(%s::uuid, %s, %s, %s)", call["id"], command, digits, op()
        )


def test_policy_an_ended_call_takes_no_commands_but_hang_up(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    send = "SELECT api.command(%s::uuid, %s, '', %s)"
    practice.c1.run(send, call["id"], "hang_up", op())
    with refused("QC023"):
        practice.c1.run(send, call["id"], "mute", op())
    assert practice.gw.ask("gateway_take_commands", 10) == []


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({}, "QC024"),
        ({"state": "live", "at": "2026-11-23T12:00:00Z", "call_id": None}, "QC024"),
        ({"state": "dancing", "at": "2026-11-23T12:00:00Z"}, "QC024"),
        ({"state": "live"}, "QC070"),
        ({"state": "ended", "at": "2026-11-23T12:00:00Z", "end": "magic"}, "QC070"),
        ({"state": "live", "at": "2026-11-23T12:00:00Z", "captions": 5}, "QC070"),
        ({"state": "live", "at": "yesterday-ish"}, "22007"),
    ],
)
def test_malformed_facts_are_refused_whole(
    practice: Practice, fact: dict[str, Any], code: str
) -> None:
    _, call = practice.talk(practice.c1, 1)
    good = {"call_id": call["id"], "state": "ended", "at": AT.isoformat(), "end": "no_answer"}
    with refused(code):
        practice.gw.one(
            "SELECT api.gateway_record(%s)", Jsonb([good, {"call_id": call["id"], **fact}])
        )
    assert practice.call_row(call)["state"] == "live"


@pytest.mark.parametrize("health", [None, {}, {"state": "fine", "is_practice_line": True}])
def test_malformed_health_is_refused(practice: Practice, health: Any) -> None:
    with refused("QC070"):
        practice.gw.one(
            "SELECT api.gateway_beat(%s)", Jsonb(health) if health is not None else None
        )


SECONDS = st.integers(0, 20).map(lambda s: (AT + timedelta(seconds=s)).isoformat())
FACTS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["placing", "unknown", "queued", "ringing", "live", "ended"]),
        "at": SECONDS,
    },
    optional={
        "answered_at": SECONDS,
        "ended_at": SECONDS,
        "end": st.sampled_from(["no_answer", "busy", "never_placed", "completed_by_us"]),
        "sentence": st.sampled_from(["", "Ringing.", "Nobody answered."]),
        "error_code": st.sampled_from(["", "13224", "21211"]),
        "carrier_ref": st.sampled_from(["", "CA1", "CA2"]),
        "held": st.booleans(),
        "muted": st.booleans(),
        "captions": st.lists(
            st.fixed_dictionaries(
                {
                    "at": SECONDS,
                    "speaker": st.just("patient"),
                    "text": st.sampled_from(["Hi", "Yes"]),
                }
            ),
            max_size=2,
            unique_by=lambda c: (c["at"], c["text"]),
        ),
    },
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=st.lists(FACTS, min_size=1, max_size=6), data=st.data())
def test_property_facts_in_any_order_and_any_number_come_to_the_same(
    practice: Practice, facts: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(facts + facts[: len(facts) // 2 + 1]))
    assert play(practice, facts) == play(practice, shuffled)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(facts=st.lists(FACTS, min_size=1, max_size=6))
def test_property_the_database_merges_as_the_reducer_does(
    practice: Practice, facts: list[dict[str, Any]]
) -> None:
    """Two programs, one join: what the gateway believes is what the database keeps."""
    row = play(practice, facts)
    told = [decode(CallFact, {**_SAID_NOTHING, **fact}) for fact in facts]
    merged = reduce(merge, map(known, told))
    offset = practice.value("SELECT clock_offset FROM app.practice")
    ended = merged.state is CallState.ENDED
    ending = merged.ending
    assert row["state"] == merged.state.value
    assert row["carrier_ref"] == merged.carrier_ref
    assert _moment(row["answered_at"]) == _shifted(merged.answered_at, offset)
    assert row["end_reason"] == (ending.end.value if ending else None)
    assert row["error_code"] == (ending.error_code if ending else "")
    assert row["sentence"] == (ending.sentence if ending else merged.sentence)
    assert row["held"] == (not ended and merged.held is not None and merged.held.on)
    assert row["muted"] == (not ended and merged.muted is not None and merged.muted.on)
    said = {(line["at"], line["text"]) for line in row["captions"]}
    assert said == {(c.at.isoformat(), c.text) for c in merged.captions}


_SAID_NOTHING: dict[str, Any] = {
    "call_id": str(UUID(int=7)),
    "carrier_ref": "",
    "answered_at": None,
    "ended_at": None,
    "end": None,
    "error_code": "",
    "sentence": "",
    "held": None,
    "muted": None,
    "captions": [],
}


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _shifted(at: datetime | None, offset: timedelta) -> datetime | None:
    return None if at is None else at + offset


def play(practice: Practice, facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell these facts of a new call, one after another; its row."""
    # As the owner, in a transaction that is undone: a call needs no coordinator here.
    practice.owner.run("BEGIN")
    try:
        call_id = practice.value(
            "INSERT INTO app.call (id, op_id, entry_id, patient_id, person_id, campaign_id, "
            "phone_id, e164, phone_use, caller_id, agent_endpoint, is_practice_line, fence, "
            "attempt, checks, rule_pack, permit_until, requested_at) SELECT app.uuid7(app.now()), "
            "gen_random_uuid(), e.id, e.patient_id, (SELECT id FROM app.person LIMIT 1), "
            "e.campaign_id, t.id, t.e164, 'mobile', t.e164, 'client', true, 1, 1, '[]', 'x', "
            "app.now(), app.now() FROM app.queue_entry e JOIN app.patient_telecom t "
            "ON t.patient_id = e.patient_id WHERE e.id = %s RETURNING id",
            practice.entry_of(1),
        )
        for fact in facts:
            practice.value("SELECT app.merge_fact(%s)", Jsonb({"call_id": str(call_id), **fact}))
        row = practice.value("SELECT to_jsonb(c) FROM app.call c WHERE id = %s", call_id)
    finally:
        practice.owner.run("ROLLBACK")
    kept = (
        "state answered_at ended_at end_reason error_code sentence carrier_ref held muted captions"
    )
    return {key: row[key] for key in kept.split()}


def test_what_the_carrier_says_outranks_what_we_concluded(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.report(call, "ended", end="unresolved", sentence="Nothing was heard of it.")
    practice.report(call, "ended", end="completed_by_patient", sentence="")
    row = practice.call_row(call)
    assert (row["end_reason"], row["sentence"]) == ("completed_by_patient", "")


def test_times_of_the_line_are_shifted_into_the_practices_time(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    seen = practice.c1.one("SELECT api.call(%s::uuid)", call["id"])
    answered = datetime.fromisoformat(seen["answered_at"])
    assert abs(answered - practice.now()) < timedelta(seconds=30)


def test_policy_the_gateways_login_can_do_its_own_work_and_nothing_else(practice: Practice) -> None:
    """The least privilege of a computer that stands on the internet's side."""
    ours = practice.rows(
        "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace IN "
        "('api'::regnamespace, 'app'::regnamespace, 'audit'::regnamespace) "
        "AND has_function_privilege('cc_gw', p.oid, 'EXECUTE')"
    )
    others = {name for (name,) in ours if not name.startswith("gateway_")}
    assert others == {"version"}
    assert practice.rows(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN "
        "('api'::regnamespace, 'app'::regnamespace, 'audit'::regnamespace) AND CASE c.relkind "
        "WHEN 'S' THEN has_sequence_privilege('cc_gw', c.oid, 'USAGE, SELECT, UPDATE') "
        "WHEN 'r' THEN has_table_privilege('cc_gw', c.oid, 'SELECT, INSERT, UPDATE, DELETE, "
        "TRUNCATE, REFERENCES, TRIGGER') OR has_any_column_privilege('cc_gw', c.oid, 'SELECT') "
        "ELSE false END"
    ) == []  # fmt: skip
    (attributes,) = practice.rows(
        "SELECT r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls "
        "FROM pg_roles r WHERE r.rolname = 'cc_gw'"
    )
    assert attributes == (False,) * 5
    groups = practice.rows(
        "SELECT g.rolname::text FROM pg_roles g WHERE pg_has_role('cc_gw', g.oid, 'MEMBER') "
        "AND g.rolname <> 'cc_gw'"
    )
    assert groups == [("gateway",)]
