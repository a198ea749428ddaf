"""Policies of the coordinator's own phone: nobody is rung for an empty room, or for a voicemail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.helpers.db_practice import op, refused
from tests.helpers.own_phone import pick_up, press

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice


def take(practice: Practice) -> list[Any]:
    found = practice.gw.one("SELECT api.gateway_take_requests(50)")
    assert isinstance(found, list)
    return found


def say(practice: Practice, session: str, state: str, **more: str) -> Any:
    fact = {"session_id": session, "state": state, **more}
    return practice.gw.one("SELECT api.gateway_record_legs(%s)", Jsonb([fact]))


def hear(who: Party, leg: int, by: str = "press") -> Any:
    return who.one("SELECT api.hear_me(%s, %s, %s)", leg, by, op())


def dial(practice: Practice) -> Any:
    """A coordinator who signed in just now dials."""
    practice.c1.sign_in()
    return practice.c1.dial(practice.c1.claim(practice.entry_of(1)))


def test_policy_a_patient_is_dialled_only_after_i_hear_you(practice: Practice) -> None:
    call = dial(practice)
    assert practice.c1.ask("my_phone")["state"] == "connecting"
    assert take(practice) == []
    (session,) = pick_up(practice.gw.connection)
    phone = practice.c1.ask("my_phone")
    assert (phone["state"], phone["confirmed"]) == ("up", False)
    assert take(practice) == []  # it may be the coordinator's voicemail
    assert hear(practice.c1, phone["leg"])["confirmed"]
    (request,) = take(practice)
    assert (request["call_id"], request["session_id"]) == (call["id"], session)
    assert request["agent_ref"].startswith("CA")
    with practice.superuser() as owner:
        heard = owner.execute("SELECT 1 FROM audit.event WHERE action = 'phone.heard'").fetchall()
    assert len(heard) == 1


def test_policy_what_was_heard_on_one_leg_says_nothing_of_the_next(practice: Practice) -> None:
    dial(practice)
    (session,) = pick_up(practice.gw.connection)
    old = practice.c1.ask("my_phone")["leg"]
    press(practice.c1.connection)
    say(practice, session, "up", carrier_ref="CAnew")
    phone = practice.c1.ask("my_phone")
    assert (phone["state"], phone["confirmed"]) == ("up", False)
    assert take(practice) == []
    with refused("QC026"):  # pressed for the leg that was on the screen before
        hear(practice.c1, old)
    hear(practice.c1, phone["leg"])
    assert len(take(practice)) == 1


@pytest.mark.parametrize("again", [False, True])
def test_policy_the_same_word_of_the_line_voids_nothing(practice: Practice, *, again: bool) -> None:
    dial(practice)
    (session,) = pick_up(practice.gw.connection)
    press(practice.c1.connection)
    ref = practice.value("SELECT carrier_ref FROM app.agent_leg WHERE session_id = %s", session)
    if again:
        say(practice, session, "up", carrier_ref=ref)
    assert practice.c1.ask("my_phone")["confirmed"]


def test_policy_a_leg_that_is_gone_gives_the_waiting_call_back(practice: Practice) -> None:
    call = dial(practice)
    (session,) = pick_up(practice.gw.connection)
    say(practice, session, "gone", sentence="Your own phone did not answer.")
    row = practice.call_row(call)
    assert (row["state"], row["end_reason"]) == ("ended", "never_placed")
    assert row["sentence"] == "Your own phone did not answer. Nothing was dialled."
    phone = practice.c1.ask("my_phone")
    assert (phone["state"], phone["sentence"]) == ("gone", "Your own phone did not answer.")
    assert practice.value("SELECT count(*) FROM app.live_call") == 0
    with refused("QC026"):
        hear(practice.c1, phone["leg"])


def test_policy_the_permit_counts_from_the_press(practice: Practice) -> None:
    dial(practice)
    pick_up(practice.gw.connection)
    practice.pass_time(seconds=100)
    press(practice.c1.connection)
    practice.pass_time(seconds=59)
    assert len(take(practice)) == 1


def test_policy_a_coordinator_who_never_presses_holds_nobody_for_ever(practice: Practice) -> None:
    call = dial(practice)
    pick_up(practice.gw.connection)
    practice.pass_time(seconds=181)
    assert practice.c1.one("SELECT api.call(%s::uuid)", call["id"])["end"] == "never_placed"
    press(practice.c1.connection)
    assert take(practice) == []


def test_policy_the_phone_comes_up_before_the_first_dial_and_is_let_go(practice: Practice) -> None:
    practice.c1.sign_in()
    same = op()
    for _ in range(2):  # asked again after a lost answer
        assert practice.c1.ask("connect_phone", same)["state"] == "connecting"
    (session,) = pick_up(practice.gw.connection)
    press(practice.c1.connection)
    practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    (request,) = take(practice)
    with refused("QC027"):
        practice.c1.ask("disconnect_phone", op())
    practice.report({"id": request["call_id"]}, "ended", end="busy")
    practice.c1.ask("disconnect_phone", op())
    (leg,) = [x for x in practice.gw.ask("gateway_legs") if x["session_id"] == session]
    assert (leg["wanted"], leg["confirmed"]) == (False, False)


def test_policy_the_leg_of_a_shift_that_ended_is_let_go(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.c1.ask("connect_phone", op())
    (session,) = pick_up(practice.gw.connection)
    press(practice.c1.connection)
    practice.c1.sign_in()  # anew: another shift, another room
    legs = {leg["session_id"]: leg for leg in practice.gw.ask("gateway_legs")}
    assert not legs[session]["wanted"]
    practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    assert take(practice) == []


def test_policy_a_call_that_waited_for_the_phone_of_a_shift_that_ended_is_given_back(
    practice: Practice,
) -> None:
    """Signed in again after a crash, nobody waits for a phone that no longer counts."""
    call = dial(practice)
    signed_in = practice.c1.sign_in()
    assert signed_in["held"]["call"]["id"] == call["id"]
    assert take(practice) == []
    row = practice.call_row(call)
    assert (row["state"], row["end_reason"]) == ("ended", "never_placed")
    assert row["sentence"] == "It was asked for before you signed in anew. Nothing was dialled."
    practice.c1.finish(call, signed_in["held"], "TECHNICAL")
    dialled = practice.c1.dial(practice.c1.claim_next()["card"])
    practice.pick_up()
    assert [request["call_id"] for request in take(practice)] == [dialled["id"]]


def test_policy_only_a_softphone_is_heard_by_the_program(practice: Practice) -> None:
    practice.rows("UPDATE app.person SET agent_endpoint = '+16175550177' WHERE login = 'cc_c1'")
    dial(practice)
    pick_up(practice.gw.connection)
    leg = practice.c1.ask("my_phone")["leg"]
    with refused("QC070"):
        hear(practice.c1, leg, "softphone")
    assert take(practice) == []


def test_policy_a_softphone_that_took_the_call_is_heard(practice: Practice) -> None:
    dial(practice)
    pick_up(practice.gw.connection)
    phone = practice.c1.ask("my_phone")
    assert phone["endpoint"].startswith("client:")
    assert hear(practice.c1, phone["leg"], "softphone")["confirmed"]


def test_policy_nobody_hears_for_somebody_else(practice: Practice) -> None:
    dial(practice)
    pick_up(practice.gw.connection)
    leg = practice.c1.ask("my_phone")["leg"]
    practice.c2.sign_in()
    with refused("QC026"):
        hear(practice.c2, leg)
    with refused("42501"):
        hear(practice.cli, leg)


def test_policy_a_held_leg_delays_no_other(practice: Practice) -> None:
    dial(practice)
    (session,) = pick_up(practice.gw.connection)
    practice.c1.connection.execute("BEGIN")
    press(practice.c1.connection)
    assert say(practice, session, "gone", sentence="Left.") == [session]
    assert say(practice, str(uuid4()), "gone") == []  # nobody's
    practice.c1.connection.execute("COMMIT")
    assert say(practice, session, "gone", sentence="Left.") == []


def test_policy_no_phone_is_called_while_the_line_is_down(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.beat("down")
    with refused("QC025"):
        practice.c1.ask("connect_phone", op())
