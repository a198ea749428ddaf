"""Policies of returned calls: recognised, routed, promised, settled; nobody reads more by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.types.json import Jsonb

from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

OFFICE_PHONE = "(617) 555-90"


def number(n: int) -> str:
    return f"+1617555{9000 + n}"


def report(who: Party, what: str = "wants_call", again: object | None = None, **more: Any) -> Any:
    return who.one("SELECT api.report_return(%s, %s)", Jsonb({"what": what, **more}), again or op())


def lane(who: Party) -> list[Any]:
    rows = who.ask("return_calls")["rows"]
    assert isinstance(rows, list)
    return rows


def take(who: Party, row: Any, patient: object = None) -> Any:
    return who.one("SELECT api.take_return(%s::uuid, %s::uuid, %s)", row["id"], patient, op())


def seen(practice: Practice, *calls: dict[str, Any], line: str = "listening") -> Any:
    """What the gateway's look at the office number brings."""
    at = datetime.now(UTC).isoformat()
    told = [{"at": at, **call} for call in calls]
    return practice.gw.ask(
        "gateway_incoming", {"line": {"state": line, "sentence": ""}, "calls": told}
    )


def patient_of(practice: Practice, n: int) -> str:
    return str(practice.value("SELECT id FROM app.patient WHERE external_id = %s", str(n)))


def find(who: Party, **query: Any) -> Any:
    return who.one("SELECT api.find_patient(%s, 'returns our call')", Jsonb(query))


def voicemail(practice: Practice, who: Party, n: int) -> None:
    """A call that ended on a machine, with a message left."""
    card, call = practice.talk(who, n)
    practice.hang_up(call)
    who.finish(call, card, "LEFT_VOICEMAIL")


def row_of(practice: Practice, row: Any) -> dict[str, Any]:
    found = practice.value(
        "SELECT to_jsonb(r) FROM app.return_call r WHERE id = %s::uuid", row["id"]
    )
    assert isinstance(found, dict)
    return found


# ---------------------------------------------------------------- to whom it goes


def test_policy_it_goes_to_whoever_holds_the_patient(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.c1.claim(practice.entry_of(3))
    said = report(practice.c2, "on_the_phone", phone="617-555-9003")
    assert said["routed_to"] == "Jordan Park"
    assert said["sentence"] == "Put the caller through to Jordan Park, who has this patient open."


def test_policy_it_goes_to_who_called_last_when_free(practice: Practice) -> None:
    for who in (practice.c1, practice.c2, practice.c3):
        who.sign_in()
    voicemail(practice, practice.c2, 3)
    said = report(practice.c3, phone=number(3))
    assert said["sentence"] == "It goes to Amelia Brown, who called last."
    (row,) = lane(practice.c2)
    assert (row["mine"], row["routed_why"]) == (True, "last_caller")
    (person,) = row["people"]
    assert person["name"] == "Given3 Z."
    assert person["last_call"]["by"] == "Amelia Brown"
    assert person["last_call"]["outcome"] == "Voicemail left"
    assert person["last_call"]["left"] == "name and number only"


@pytest.mark.parametrize("away", ["break", "signed out", "on a call"])
def test_policy_who_is_away_is_not_asked(practice: Practice, away: str) -> None:
    practice.c2.sign_in()
    voicemail(practice, practice.c2, 3)
    practice.c3.sign_in()
    if away == "break":
        practice.c2.ask("set_status", "break")
    elif away == "on a call":
        practice.talk(practice.c2, 5)
    else:
        practice.c2.ask("sign_out")
    assert report(practice.c3, phone=number(3))["sentence"] == "It goes to Ken Ito, who is free."


def test_policy_a_language_that_is_not_spoken_is_not_routed(practice: Practice) -> None:
    practice.rows("UPDATE app.patient SET language = 'es' WHERE external_id = '3'")
    practice.rows("UPDATE app.person SET languages = '{en,es}' WHERE login = 'cc_c4'")
    for who in (practice.c2, practice.c4):
        who.sign_in()
    assert report(practice.c2, phone=number(3))["routed_to"] == "Lena Wolf"


def test_policy_nobody_free_makes_it_the_first_of_the_queue(practice: Practice) -> None:
    said = report(practice.sup, phone=number(7))
    assert said["routed_to"] == ""
    assert said["sentence"].startswith("Nobody is free for this patient now")
    assert practice.c1.claim_next()["card"]["patient_id"] == patient_of(practice, 7)


# ---------------------------------------------------------------- the promise


def test_policy_a_returned_call_is_a_callback_due_now_within_the_caps(practice: Practice) -> None:
    """One more call than the day's cap, and not two; the 24 hours of the states hold."""
    practice.c2.sign_in()
    voicemail(practice, practice.c2, 3)
    assert practice.gate(practice.entry_of(3))["cap_day"] is False
    report(practice.c2, phone=number(3))
    assert practice.entry(practice.entry_of(3))["state"] == "callback"
    assert practice.gate(practice.entry_of(3))["cap_day"] is True
    card, call = practice.talk(practice.c2, 3)
    practice.hang_up(call)
    practice.c2.finish(call, card, "NO_ANSWER")
    assert lane(practice.c2) == []
    report(practice.c2, phone=number(3))
    assert practice.gate(practice.entry_of(3))["cap_day"] is False
    (row,) = lane(practice.c2)
    assert row["gate"] == "This patient was already called today."


def test_policy_who_left_for_used_attempts_comes_back(practice: Practice) -> None:
    entry = practice.entry_of(3)
    practice.rows(
        "UPDATE app.queue_entry SET state = 'closed', closed_reason = 'attempts_used', "
        "closed_at = app.now(), attempts = 6 WHERE id = %s",
        entry,
    )
    practice.c1.sign_in()
    report(practice.c1, phone=number(3))
    assert practice.entry(entry)["state"] == "callback"
    assert practice.gate(entry)["cap_campaign"] is True
    card, call = practice.talk(practice.c1, 3)
    practice.hang_up(call)
    practice.c1.finish(call, card, "NO_ANSWER")
    assert practice.entry(entry)["closed_reason"] == "attempts_used"


def test_policy_a_wanted_time_is_kept(practice: Practice) -> None:
    practice.c1.sign_in()
    at = practice.now() + timedelta(hours=3)
    report(practice.c1, phone=number(3), when=at.isoformat())
    entry = practice.entry(practice.entry_of(3))
    assert datetime.fromisoformat(entry["due_at"]) == at
    assert practice.c1.ask("heartbeat", None, 0)["returns"]["waiting"] == 0


def test_who_calls_twice_waits_once(practice: Practice) -> None:
    practice.c1.sign_in()
    report(practice.c1, phone=number(3))
    report(practice.c1, "on_the_phone", phone=number(3))
    (row,) = lane(practice.c1)
    assert row["kind"] == "on_the_phone"
    assert practice.value("SELECT count(*) FROM app.callback WHERE state = 'open'") == 1


def test_sent_again_it_is_one_returned_call(practice: Practice) -> None:
    practice.c1.sign_in()
    again = op()
    first = report(practice.c1, again=again, phone=number(3))
    assert report(practice.c1, again=again, phone=number(3)) == first
    assert practice.value("SELECT count(*) FROM app.return_call") == 1


@pytest.mark.parametrize("state", ["held", "booked"])
def test_policy_held_and_booked_patients_are_the_offices(practice: Practice, state: str) -> None:
    practice.rows(
        "UPDATE app.queue_entry SET state = %s, closed_reason = %s WHERE id = %s::uuid",
        "held" if state == "held" else "closed",
        "" if state == "held" else "booked",
        practice.entry_of(3),
    )
    practice.c1.sign_in()
    said = report(practice.c1, phone=number(3))
    assert "the office takes this" in said["sentence"]
    assert lane(practice.c1) == []
    (row,) = lane(practice.sup)
    assert row["people"][0]["can_open"] is False
    assert row["people"][0]["sentence"]


# ---------------------------------------------------------------- taking it


def test_policy_one_click_opens_the_patient_with_the_claims_log(practice: Practice) -> None:
    practice.c1.sign_in()
    report(practice.c1, phone=number(3))
    (row,) = lane(practice.c1)
    card = take(practice.c1, row)
    assert card["patient_id"] == patient_of(practice, 3)
    assert row_of(practice, row)["taken_by"] == str(practice.person_id("cc_c1"))
    call = practice.c1.dial(card)
    practice.answer(call)
    practice.hang_up(call)
    practice.c1.finish(call, card, "DECLINED", {"reason": "no_time"})
    assert row_of(practice, row)["result"] == "called"


def test_policy_somebody_elses_cannot_be_taken_or_read(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.c1.claim(practice.entry_of(3))
    report(practice.c1, phone=number(3))
    practice.c2.sign_in()
    (row,) = lane(practice.c2)
    assert (row["routed_to"], row["people"], row["number"]) == ("Jordan Park", [], "")
    with refused("QC105") as said:
        take(practice.c2, row)
    assert said.facts["by"] == "Jordan Park"
    with refused("QC105"):
        practice.c2.one("SELECT api.close_return(%s::uuid, 'settled', 'done', %s)", row["id"], op())


def test_policy_of_a_household_the_right_one_is_chosen(practice: Practice) -> None:
    """Two patients share a telephone; who was called last is likely, and can be put right."""
    practice.rows(
        "INSERT INTO app.patient_telecom (patient_id, use, e164) VALUES (%s::uuid, 'home', %s)",
        patient_of(practice, 4),
        number(3),
    )
    practice.c1.sign_in()
    voicemail(practice, practice.c1, 3)
    assert report(practice.c1, phone=number(3))["matches"] == 2
    (row,) = lane(practice.c1)
    assert [p["likely"] for p in row["people"]] == [True, False]
    assert take(practice.c1, row, patient_of(practice, 4))["patient_id"] == patient_of(practice, 4)
    with refused("QC011"):
        take(practice.c1, row, patient_of(practice, 5))


def test_policy_charts_of_the_hour_hold_for_returned_calls(practice: Practice) -> None:
    practice.set_rules(charts_per_hour=1)
    practice.c1.sign_in()
    practice.c1.claim(practice.entry_of(5))
    report(practice.c1, phone=number(3))
    (row,) = lane(practice.c1)
    assert take(practice.c1, row)["refused"]["name"] == "read_limit"


# ---------------------------------------------------------------- look-ups are look-ups


def test_policy_a_number_that_is_entered_is_a_look_up(practice: Practice) -> None:
    practice.set_rules(searches_per_hour=2)
    practice.c1.sign_in()
    report(practice.c1, phone=number(3))
    refused_answer = report(practice.c1, phone=number(4))
    assert refused_answer["refused"]["name"] == "search_limit"
    assert practice.value("SELECT count(*) FROM app.return_call") == 1
    with practice.superuser() as root:
        found = root.execute(
            "SELECT count(*) FROM audit.event WHERE action = 'patient.search'"
        ).fetchone()
    assert found == (1,)


def test_policy_only_who_was_found_lately_is_named(practice: Practice) -> None:
    practice.set_rules(previews_per_hour=2)
    practice.c1.sign_in()
    n = practice.value(
        "SELECT max(external_id::int) FROM app.patient p "
        "WHERE NOT EXISTS (SELECT 1 FROM app.seen s WHERE s.patient_id = p.id)"
    )
    patient = patient_of(practice, n)
    with refused("QC011"):
        report(practice.c1, patient_id=patient)
    find(practice.c1, name=f"Given{n} Zyx{n}")
    assert report(practice.c1, patient_id=patient)["routed_to"] == "Jordan Park"
    with refused("QC011"):
        report(practice.c2, patient_id=patient)


@pytest.mark.parametrize(
    "call",
    [
        {"what": "robbery", "phone": number(3)},
        {"what": "wants_call"},
        {"what": "wants_call", "phone": "9003"},
        {"what": "opt_out", "phone": number(3)},
        {"what": "wants_call", "phone": number(3), "scope": "calls"},
        {"what": "on_the_phone", "phone": number(3), "when": "2027-03-02T15:00Z"},
        {"what": "wants_call", "phone": number(3), "when": "2026-03-02T15:00Z"},
    ],
)
def test_what_is_not_whole_is_refused(practice: Practice, call: dict[str, str]) -> None:
    with refused("QC070"):
        practice.c1.one("SELECT api.report_return(%s, %s)", Jsonb(call), op())


# ---------------------------------------------------------------- opt-outs at the office


@pytest.mark.parametrize(
    ("scope", "closed"), [("number", False), ("calls", True), ("everything", True)]
)
def test_policy_an_opt_out_on_the_offices_line_holds_at_once(
    practice: Practice, scope: str, closed: bool
) -> None:
    said = report(practice.cli, "opt_out", phone=number(3), scope=scope, note="asked at the desk")
    assert "will not be called" in said["sentence"]
    entry = practice.entry_of(3)
    assert (practice.entry(entry)["state"] == "closed") is closed
    gate = practice.gate(entry)
    assert gate["suppressed"] is False or gate["number"] is False
    (kept,) = practice.rows("SELECT scope, source, words FROM app.suppression")
    assert kept == (scope, "office_line", "asked at the desk")


def test_policy_an_opt_out_of_whom_somebody_has_open_holds_too(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(3))
    report(practice.sup, "opt_out", phone=number(3), scope="calls")
    with refused("QC020"):
        practice.c1.dial(card)
    practice.c1.claim(practice.entry_of(4))
    assert practice.entry(card["entry_id"])["closed_reason"] == "opted_out"


def test_policy_an_unknown_number_can_be_taken_off_the_list(practice: Practice) -> None:
    report(practice.sup, "opt_out", phone="+13125550199", scope="calls")
    assert practice.rows("SELECT e164, scope, patient_id FROM app.suppression") == [
        ("+13125550199", "number", None)
    ]


# ---------------------------------------------------------------- what the carrier reports


def ring(n: int | str, state: str = "ringing", ref: str = "CA1") -> dict[str, Any]:
    return {"ref": ref, "from": number(n) if isinstance(n, int) else n, "state": state}


def test_policy_a_missed_call_is_a_due_callback(practice: Practice) -> None:
    practice.c1.sign_in()
    told = seen(practice, ring(3))
    assert told["open"] == ["CA1"]
    assert practice.c1.ask("heartbeat", None, 0)["returns"]["on_the_phone"] == 1
    assert practice.entry(practice.entry_of(3))["state"] == "ready"
    assert seen(practice, ring(3, "ended"))["open"] == []
    (row,) = lane(practice.c1)
    assert (row["kind"], row["source"]) == ("missed", "carrier")
    assert practice.entry(practice.entry_of(3))["state"] == "callback"
    seen(practice, ring(3, "ended"))
    assert practice.value("SELECT count(*) FROM app.callback") == 1


def test_policy_what_the_office_answered_is_settled(practice: Practice) -> None:
    practice.c1.sign_in()
    seen(practice, ring(3))
    seen(practice, ring(3, "answered"))
    seen(practice, ring(3, "ended"))
    assert lane(practice.sup) == []
    assert practice.value("SELECT count(*) FROM app.callback") == 0


def test_policy_a_waiting_caller_is_taken_as_a_call(practice: Practice) -> None:
    practice.c1.sign_in()
    voicemail(practice, practice.c1, 3)
    seen(practice, ring(3, "waiting"))
    (row,) = lane(practice.c1)
    assert row["waits"]
    card = take(practice.c1, row)
    assert card["call"]["incoming"] is True
    (request,) = practice.take()
    assert (request["incoming_ref"], request["to"]) == ("CA1", number(3))
    call = {"id": card["call"]["id"]}
    practice.report(call, "live", answered_at=datetime.now(UTC).isoformat(), carrier_ref="CA1")
    practice.c1.verify(call)
    assert seen(practice, ring(3, "ended"))["open"] == []  # the engine follows it now
    practice.report(call, "ended", end="completed_by_patient")
    before = practice.entry(card["entry_id"])["attempts"]
    with refused("QC042"):
        practice.c1.finish(call, card, "LEFT_VOICEMAIL")
    practice.c1.finish(call, card, "DECLINED", {"reason": "no_time"})
    assert row_of(practice, row)["result"] == "taken"
    assert practice.entry(card["entry_id"])["attempts"] == before
    checks = [c["name"] for c in practice.call_row(call)["checks"]]
    assert checks == ["incoming", "person", "assignment", "carrier_agreement", "line"]


def test_policy_a_caller_is_answered_outside_calling_hours(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.pass_time(hours=12)
    practice.c1.sign_in()
    seen(practice, ring(3, "waiting"))
    (row,) = lane(practice.c1)
    assert take(practice.c1, row)["call"]["state"] == "requested"
    assert len(practice.take()) == 1


def test_a_caller_whom_the_line_did_not_bring_is_offered_again(practice: Practice) -> None:
    practice.c1.sign_in()
    seen(practice, ring(3, "waiting"))
    (row,) = lane(practice.c1)
    card = take(practice.c1, row)
    practice.take()
    practice.report(card["call"], "ended", end="never_placed")
    practice.c1.finish(card["call"], card, "TECHNICAL")
    assert seen(practice, ring(3, "waiting"))["open"] == ["CA1"]
    (row,) = lane(practice.c1)
    assert (row["kind"], row["waits"], row["taken_by"]) == ("on_the_phone", True, "")
    card = take(practice.c1, row)
    practice.take()
    practice.report(card["call"], "ended", end="never_placed")
    practice.c1.finish(card["call"], card, "NO_ANSWER")
    seen(practice, ring(3, "ended"))
    (row,) = lane(practice.c1)
    assert (row["kind"], row["taken_by"]) == ("missed", "")
    assert practice.entry(card["entry_id"])["state"] == "callback"
    assert practice.value("SELECT attempts FROM app.queue_entry WHERE state = 'callback'") == 0


def test_policy_a_caller_of_whom_nothing_more_is_told_is_owed_a_call(practice: Practice) -> None:
    seen(practice, ring(3), ring("anonymous", ref="CA2"))
    practice.pass_time(minutes=61)
    seen(practice)
    assert {row["kind"] for row in lane(practice.sup)} == {"missed"}
    assert practice.entry(practice.entry_of(3))["state"] == "callback"


def test_policy_what_nobody_took_goes_to_the_next(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.c2.sign_in()
    voicemail(practice, practice.c1, 3)
    seen(practice, ring(3, "ended"))
    assert lane(practice.c1)[0]["mine"]
    practice.pass_time(minutes=6)
    for who in (practice.c1, practice.c2):
        who.ask("heartbeat", None, 0)
    seen(practice)
    (row,) = lane(practice.c2)
    assert (row["mine"], row["routed_why"]) == (True, "available")
    practice.pass_time(minutes=6)
    for who in (practice.c1, practice.c2):
        who.ask("heartbeat", None, 0)
    seen(practice)
    (row,) = lane(practice.c1)
    assert (row["routed_to"], row["routed_why"]) == ("", "anybody")
    board = practice.sup.ask("team")["returns"]
    assert board["open"] == 1
    assert practice.now() - datetime.fromisoformat(board["oldest"]) > timedelta(minutes=11)


def test_policy_an_unknown_caller_is_the_supervisors(practice: Practice) -> None:
    practice.c1.sign_in()
    seen(practice, ring("+13125550142", "ended"))
    assert lane(practice.c1) == []
    (row,) = lane(practice.sup)
    assert (row["known"], row["number"]) == (False, "(312) 555-0142")
    link = "SELECT api.link_return(%s::uuid, %s::uuid, %s)"
    with refused("QC011"):
        practice.sup.one(link, row["id"], patient_of(practice, 3), op())
    find(practice.sup, name="Given3 Zyx3")
    said = practice.sup.one(link, row["id"], patient_of(practice, 3), op())
    assert said["sentence"] == "It goes to Jordan Park, who is free."
    (mine,) = lane(practice.c1)
    assert mine["people"][0]["name"] == "Given3 Z."


def test_policy_nobody_of_the_practice_is_noted_and_gone(practice: Practice) -> None:
    seen(practice, ring("anonymous", "ended"))
    (row,) = lane(practice.sup)
    assert row["number"] == ""
    close = "SELECT api.close_return(%s::uuid, %s, %s, %s)"
    with refused("QC070"):
        practice.sup.one(close, row["id"], "not_a_patient", "", op())
    practice.sup.one(close, row["id"], "not_a_patient", "a supplier", op())
    assert lane(practice.sup) == []


def test_settled_by_the_office_the_promise_goes(practice: Practice) -> None:
    practice.c1.sign_in()
    report(practice.c1, phone=number(3))
    (row,) = lane(practice.c1)
    practice.c1.one(
        "SELECT api.close_return(%s::uuid, 'settled', 'the desk helped', %s)", row["id"], op()
    )
    assert practice.entry(practice.entry_of(3))["state"] == "waiting"
    assert practice.value("SELECT count(*) FROM app.callback WHERE state = 'open'") == 0
    with refused("QC104"):
        take(practice.c1, row)


def test_policy_only_the_gateway_reports_for_the_carrier(practice: Practice) -> None:
    for who in (practice.c1, practice.sup, practice.adm):
        with refused("42501"):
            who.ask("gateway_incoming", {"calls": [ring(3)]})


def test_policy_a_waiting_caller_is_offered_round_and_round(practice: Practice) -> None:
    for who in (practice.c1, practice.c2):
        who.sign_in()
    seen(practice, ring(3, "waiting"))
    asked = []
    for _ in range(4):
        asked += [row["routed_to"] for row in lane(practice.sup)]
        practice.pass_time(seconds=45)
        for who in (practice.c1, practice.c2):
            who.ask("heartbeat", None, 0)
        seen(practice, ring(3, "waiting"))
    assert set(asked[:2]) == {"Jordan Park", "Amelia Brown"}
    assert asked[2:] == ["", asked[0]]


def test_policy_the_gateway_waits_for_nobodys_transaction(practice: Practice) -> None:
    """Somebody holds the patient's row: nothing is told of that caller yet, others go on."""
    practice.c1.run("BEGIN")
    practice.c1.claim(practice.entry_of(3))
    seen(practice, ring(3, "ended"), ring(4, "ended", "CA2"))
    assert [row["people"][0]["name"] for row in lane(practice.sup)] == ["Given4 Z."]
    practice.c1.run("COMMIT")
    seen(practice, ring(3, "ended"))
    assert len(lane(practice.sup)) == 2
