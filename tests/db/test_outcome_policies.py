"""Policies of outcomes: recorded once, never refused, and what follows each of them."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from coordinator_app.domain.outcome import (
    DECLINE_REASONS,
    LEFT_REASONS,
    OPT_OUT_SCOPES,
    OUTCOMES,
    Detail,
    Outcome,
)
from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

GIVEN: dict[Detail, dict[str, object]] = {
    Detail.SCOPE: {"scope": "calls"},
    Detail.BARRIER: {"barrier": "transportation-insecurity"},
    Detail.LANGUAGE: {"language": "es"},
    Detail.NOTE: {"note": "What was said."},
}
# outcome: the state of the entry afterwards, why it closed, hours until it is due (roughly)
FOLLOWS: dict[Outcome, tuple[str, str]] = {
    Outcome.BOOKED: ("closed", "booked"),
    Outcome.LEFT_VOICEMAIL: ("waiting", ""),
    Outcome.NO_ANSWER: ("waiting", ""),
    Outcome.CALLBACK_AT: ("callback", ""),
    Outcome.DECLINED: ("closed", "declined"),
    Outcome.DECLINED_BARRIER: ("waiting", ""),
    Outcome.WRONG_NUMBER: ("closed", "no_number"),
    Outcome.LEFT_PRACTICE: ("closed", "left_practice"),
    Outcome.OPT_OUT: ("closed", "opted_out"),
    Outcome.BUSY: ("waiting", ""),
    Outcome.VOICEMAIL_NOT_LEFT: ("waiting", ""),
    Outcome.GATEKEEPER_MESSAGE: ("waiting", ""),
    Outcome.UNVERIFIED: ("waiting", ""),
    Outcome.FAILED_NUMBER: ("closed", "no_number"),
    Outcome.THINKING: ("waiting", ""),
    Outcome.BOOKED_ELSEWHERE: ("closed", "booked"),
    Outcome.LANGUAGE: ("waiting", ""),
    Outcome.DECEASED_REPORTED: ("held", ""),
    Outcome.TRIAGE: ("held", ""),
    Outcome.COMPLAINT: ("held", ""),
    Outcome.INCIDENT: ("held", ""),
    Outcome.TECHNICAL: ("waiting", ""),
}
DUE_IN_DAYS = {
    Outcome.LEFT_VOICEMAIL: 2,
    Outcome.GATEKEEPER_MESSAGE: 2,
    Outcome.DECLINED_BARRIER: 3,
    Outcome.THINKING: 7,
}
INCIDENTS = {
    Outcome.DECEASED_REPORTED: ("deceased", 7),
    Outcome.TRIAGE: ("triage", 1),
    Outcome.COMPLAINT: ("complaint", 30),
    Outcome.INCIDENT: ("privacy", 60),  # 45 CFR 164.404
}


def details_for(outcome: Outcome, practice: Practice, who: Party, card: Any) -> dict[str, object]:
    """The details that this outcome needs, real ones."""
    spec = next(spec for spec in OUTCOMES if spec.outcome is outcome)
    made: dict[str, object] = {}
    for need in spec.needs:
        if need is Detail.SLOT:
            made["hold_id"] = who.hold(card, practice, practice.slot())["id"]
        elif need is Detail.CALLBACK_TIME:
            made["callback_at"] = (practice.now() + timedelta(days=1)).isoformat()
        elif need is Detail.REASON:
            reasons = LEFT_REASONS if outcome is Outcome.LEFT_PRACTICE else DECLINE_REASONS
            made["reason"] = next(iter(reasons))
        else:
            made |= GIVEN[need]
    return made


def test_the_database_and_the_window_know_the_same_outcomes(practice: Practice) -> None:
    rows = practice.rows("SELECT code, needs FROM app.outcome_code")
    assert dict(rows) == {s.outcome.value: [need.value for need in s.needs] for s in OUTCOMES}
    assert set(FOLLOWS) == set(Outcome)
    for scope in OPT_OUT_SCOPES:
        details = psycopg.types.json.Jsonb({"scope": scope})
        practice.owner.run("SELECT app.check_details('OPT_OUT', %s, app.now())", details)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_policy_every_outcome_has_its_follow_up(practice: Practice, outcome: Outcome) -> None:
    card, call = practice.talk(practice.c1, 1)
    before = practice.now()
    details = details_for(outcome, practice, practice.c1, card)
    practice.hang_up(call)
    answer = practice.c1.finish(call, card, outcome, details)
    assert answer["recorded"]["result"] == "recorded"
    assert answer["recorded"]["follow_up"]
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["closed_reason"]) == FOLLOWS[outcome]
    assert entry["holder"] is None
    assert entry["attempts"] == (0 if outcome is Outcome.TECHNICAL else 1)
    if outcome in DUE_IN_DAYS:
        waits = datetime.fromisoformat(entry["due_at"]) - before
        assert waits >= timedelta(days=DUE_IN_DAYS[outcome])
    opened = practice.rows("SELECT kind, due_at - opened_at FROM app.incident")
    kind, days = INCIDENTS.get(outcome, ("", 0))
    assert opened == ([(kind, timedelta(days=days))] if kind else [])
    assert practice.call_row(call)["outcome"] == outcome
    assert practice.value("SELECT count(*) FROM app.live_call") == 0


@pytest.mark.parametrize("spec", [spec for spec in OUTCOMES if spec.needs])
def test_policy_required_details_are_required(practice: Practice, spec: Any) -> None:
    for detail in ({}, {spec.needs[0].value: ""}, {spec.needs[0].value: None}):
        with refused("QC041") as said:
            practice.owner.run(
                "SELECT app.check_details(%s, %s, app.now())",
                spec.outcome.value,
                psycopg.types.json.Jsonb(detail),
            )
        assert said.facts == {"field": spec.needs[0].value}


def test_policy_finish_twice_records_once(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    same = op()
    first = practice.c1.finish(call, card, "NO_ANSWER", op_id=same)
    again = practice.c1.finish(call, card, "NO_ANSWER", op_id=same)  # the reply was lost
    assert first["recorded"]["result"] == "recorded"
    assert again["recorded"] == {**first["recorded"], "result": "duplicate"}
    assert practice.value("SELECT count(*) FROM app.call_outcome") == 1
    assert practice.entry(card["entry_id"])["attempts"] == 1


def test_policy_the_lost_reply_brings_the_same_next_patient(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    same = op()
    first = practice.c1.finish(call, card, "NO_ANSWER", op_id=same, then_next=True)
    again = practice.c1.finish(call, card, "NO_ANSWER", op_id=same, then_next=True)
    assert again["card"]["entry_id"] == first["card"]["entry_id"]
    assert again["card"]["fence"] == first["card"]["fence"]


def test_policy_same_op_with_another_payload_is_an_error(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    same = op()
    practice.c1.finish(call, card, "NO_ANSWER", op_id=same)
    for who, outcome, details in (
        (practice.c1, "BUSY", {}),
        (practice.c1, "NO_ANSWER", {"note": "more"}),
        (practice.c2, "NO_ANSWER", {}),
    ):
        with refused("QC040"):
            who.finish(call, card, outcome, details, op_id=same)
    assert practice.call_row(call)["outcome"] == "NO_ANSWER"


def test_policy_a_second_outcome_is_refused(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "NO_ANSWER")
    with refused("QC042"):
        practice.c1.finish(call, card, "BUSY")


def test_policy_finish_raced_twice_gives_one_outcome(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    barrier = threading.Barrier(2)
    results: list[str] = []

    def race(outcome: str) -> None:
        party = practice.another("cc_c1")
        barrier.wait(10)
        try:
            results.append(party.finish(call, card, outcome)["recorded"]["result"])
        except psycopg.Error as error:
            results.append(error.sqlstate or "")

    threads = [threading.Thread(target=race, args=(o,)) for o in ("NO_ANSWER", "BUSY")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["QC042", "recorded"]


@pytest.mark.parametrize("fence", ["mine", None, -1])
def test_policy_a_late_outcome_is_kept_as_lease_lost(practice: Practice, fence: Any) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    practice.pass_time(minutes=2)
    taken = practice.c2.claim(card["entry_id"])
    sent = card["fence"] if fence == "mine" else fence
    answer = practice.c1.one(
        "SELECT api.finish(%s::uuid, %s::uuid, %s, 'LEFT_VOICEMAIL', '{}', %s, false)",
        call["id"],
        card["entry_id"],
        sent,
        op(),
    )
    assert answer["recorded"]["result"] == "recorded_lease_lost"
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["fence"]) == ("claimed", taken["fence"])
    # What happened to the patient counts all the same.
    assert (entry["attempts"], entry["voicemails"]) == (1, 1)


def test_policy_a_late_opt_out_still_closes_everything(practice: Practice) -> None:
    other = second_campaign(practice, 1)
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    practice.pass_time(minutes=2)
    practice.c2.claim(card["entry_id"])
    practice.c1.finish(call, card, "OPT_OUT", {"scope": "calls"})
    assert practice.entry(other)["closed_reason"] == "opted_out"
    mine = practice.c2.claim(card["entry_id"])
    with refused("QC020") as said:
        practice.c2.dial(mine)
    assert said.facts["gate"] == "suppressed"


def test_policy_a_lease_that_ran_out_unnoticed_loses_nothing(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    practice.pass_time(minutes=5)
    practice.c2.claim_next()
    assert practice.c1.finish(call, card, "DECLINED", {"reason": "cost"})["recorded"]["result"] == (
        "recorded"
    )
    assert practice.entry(card["entry_id"])["closed_reason"] == "declined"


def test_policy_a_restarted_desktop_keeps_its_call(practice: Practice) -> None:
    _card, call = practice.talk(practice.c1, 1)
    practice.pass_time(minutes=5)
    held = practice.c1.sign_in()["held"]
    assert held["call"]["id"] == call["id"]
    assert practice.c1.verify(call)["chart"]
    assert practice.c1.finish(call, held, "THINKING")["recorded"]["result"] == "recorded"


@pytest.mark.parametrize("scope", ["calls", "everything"])
def test_policy_an_opt_out_closes_every_campaign_and_no_number_is_dialled_again(
    practice: Practice, scope: str
) -> None:
    other = second_campaign(practice, 1)
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "OPT_OUT", {"scope": scope, "note": "stop it"})
    practice.hang_up(call)
    assert practice.entry(other)["closed_reason"] == "opted_out"
    # Even if an import or a bug opened the entry again, the gate stays shut, year after year.
    practice.rows("UPDATE app.queue_entry SET state = 'ready', closed_reason = ''")
    practice.rows(
        "INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states, rank) "
        "SELECT id, 'home', '+16175558888', zones, '{MA}', 0 FROM app.patient "
        "WHERE external_id = '1'"
    )
    practice.move_to(datetime.fromisoformat("2027-12-06T16:00:00+00:00"))
    for entry in (card["entry_id"], other):
        opened = practice.c2.claim(entry)
        assert opened["permissions"]["calls"] is False
        for phone in opened["phones"]:
            with refused("QC020") as said:
                practice.c2.dial(opened, phone=phone["id"])
            assert said.facts["gate"] == "suppressed"


def test_policy_an_opt_out_of_one_number_spares_the_others(practice: Practice) -> None:
    practice.rows(
        "INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states, rank) "
        "SELECT id, 'home', '+16175558888', zones, '{MA}', 2 FROM app.patient "
        "WHERE external_id = '1'"
    )
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "OPT_OUT", {"scope": "number"})
    practice.hang_up(call)
    assert practice.entry(card["entry_id"])["state"] == "waiting"
    practice.pass_time(days=1)
    again = practice.c1.claim(card["entry_id"])
    assert [(p["e164"], p["usable"]) for p in again["phones"]] == [
        ("+16175558888", True),
        (card["phones"][0]["e164"], False),
    ]
    with refused("QC020"):
        practice.c1.dial(again, phone=card["phones"][0]["id"])
    assert practice.c1.dial(again)["number_ending"] == "8888"


def test_policy_an_opt_out_of_a_household_is_for_everybody_who_has_the_number(
    practice: Practice,
) -> None:
    share_number(practice, 1, 2)
    share_number(practice, 1, 3)
    practice.rows(
        "INSERT INTO app.patient_telecom (patient_id, use, e164, zones, states, rank) "
        "SELECT id, 'home', '+16175558888', zones, '{MA}', 0 FROM app.patient "
        "WHERE external_id IN ('2', '3')"
    )
    other = second_campaign(practice, 2)
    busy = practice.c2.claim(practice.entry_of(3))  # somebody has one of them open meanwhile
    card, call = practice.talk(practice.c1, 1)
    answer = practice.c1.finish(call, card, "OPT_OUT", {"scope": "household"})
    practice.hang_up(call)
    assert answer["recorded"]["follow_up"] == "Nobody who has this number will be called again."
    row = practice.rows("SELECT scope, channel, e164, patient_id IS NOT NULL FROM app.suppression")
    assert row == [("household", "voice", card["phones"][0]["e164"], True)]
    for entry in (card["entry_id"], practice.entry_of(2), other):
        assert practice.entry(entry)["closed_reason"] == "opted_out"
    assert practice.entry(practice.entry_of(4))["state"] == "ready", "another household"
    # Whoever had one open keeps the patient, and no number of that patient is dialled.
    assert practice.entry(busy["entry_id"])["state"] == "claimed"
    for phone in busy["phones"]:
        with refused("QC020") as said:
            practice.c2.dial(busy, phone=phone["id"])
        assert said.facts["gate"] == "suppressed"


def test_policy_an_unknown_scope_is_no_opt_out(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    with refused("QC041"):
        practice.c1.finish(call, card, "OPT_OUT", {"scope": "street"})
    assert practice.value("SELECT count(*) FROM app.suppression") == 0


def test_policy_a_number_on_a_list_is_not_dialled_for_anybody(practice: Practice) -> None:
    # A do-not-call row that names a number and no patient, whatever its scope.
    for number, scope in ((1, "calls"), (2, "everything"), (3, "number")):
        practice.rows(
            "INSERT INTO app.suppression (e164, scope, source, received_at, honour_by) "
            "SELECT t.e164, %s, 'list', app.now(), app.now() FROM app.patient_telecom t "
            "JOIN app.patient p ON p.id = t.patient_id WHERE p.external_id = %s",
            scope,
            str(number),
        )
        card = practice.c1.claim(practice.entry_of(number))
        assert card["phones"][0]["usable"] is False
        with refused("QC020"):
            practice.c1.dial(card)


def test_policy_a_wrong_number_retires_it_for_this_patient_only(practice: Practice) -> None:
    share_number(practice, 1, 2)
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "WRONG_NUMBER")
    assert qualities(practice, card["phones"][0]["e164"]) == {"1": "wrong", "2": "ok"}
    assert practice.entry(card["entry_id"])["closed_reason"] == "no_number"


def test_policy_a_dead_line_is_dead_for_everybody(practice: Practice) -> None:
    share_number(practice, 1, 2)
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "FAILED_NUMBER")
    assert qualities(practice, card["phones"][0]["e164"]) == {"1": "failed", "2": "failed"}


def test_policy_used_attempts_end_the_campaign(practice: Practice) -> None:
    practice.rows("UPDATE app.campaign SET max_attempts = 2")
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "NO_ANSWER")
    practice.hang_up(call)
    practice.move_to(datetime.fromisoformat(practice.entry(card["entry_id"])["due_at"]))
    card, call = practice.talk(practice.c1, 1)
    answer = practice.c1.finish(call, card, "NO_ANSWER")
    assert "last of 2" in answer["recorded"]["follow_up"]
    assert practice.entry(card["entry_id"])["closed_reason"] == "attempts_used"


@pytest.mark.parametrize(
    ("hour", "next_at"),
    [
        (15, "2027-03-02T18:00:00"),  # morning, then 13:00
        (18, "2027-03-02T22:00:00"),  # afternoon, then 17:00
        (23, "2027-03-02T14:00:00"),  # evening, then 9:00
    ],
)
def test_policy_the_next_attempt_is_in_another_part_of_the_day(
    practice: Practice, hour: int, next_at: str
) -> None:
    practice.move_to(datetime.fromisoformat(f"2027-03-01T{hour}:01:00+00:00"))
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "NO_ANSWER")
    assert practice.entry(card["entry_id"])["due_at"].startswith(next_at)


def test_policy_the_next_attempt_is_inside_calling_hours(practice: Practice) -> None:
    # Rhode Island: never on Sunday, Saturday 10 to 5, else until 6 PM.
    practice.rows("UPDATE app.patient SET state_code = 'RI'")
    practice.move_to(datetime.fromisoformat("2027-03-06T20:30:00+00:00"))  # Saturday 3:30 PM
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "NO_ANSWER")
    due = datetime.fromisoformat(practice.entry(card["entry_id"])["due_at"])
    assert due == datetime.fromisoformat("2027-03-08T22:00:00+00:00")  # Monday 5 PM
    assert practice.gate(card["entry_id"], due)["hours"] is True


@pytest.mark.parametrize("outcome", ["BOOKED", "LEFT_VOICEMAIL", "DECLINED", "OPT_OUT", "TRIAGE"])
def test_policy_nobody_answered_so_nobody_said_anything(practice: Practice, outcome: str) -> None:
    number = 1 + ["BOOKED", "LEFT_VOICEMAIL", "DECLINED", "OPT_OUT", "TRIAGE"].index(outcome)
    card = practice.c1.claim(practice.entry_of(number))
    call = practice.c1.dial(card)
    details = {"hold_id": str(op()), "reason": "cost", "scope": "calls", "note": "x"}
    with refused("QC042"):  # not even taken by the gateway
        practice.c1.finish(call, card, outcome, details)
    practice.hang_up(call, "no_answer")
    with refused("QC042"):
        practice.c1.finish(call, card, outcome, details)
    practice.c1.finish(call, card, "NO_ANSWER")


def test_policy_a_call_that_was_never_placed_is_no_attempt(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    practice.c1.finish(call, card, "NO_ANSWER")
    assert practice.call_row(call)["end_reason"] == "never_placed"
    assert practice.take() == []
    assert practice.entry(card["entry_id"])["attempts"] == 0
    assert practice.gate(card["entry_id"])["cap_day"] is True
    practice.c1.dial(practice.c1.claim(card["entry_id"]))  # and nothing is in the way


def test_policy_a_technical_problem_keeps_the_promise_of_a_callback(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    at = (practice.now() + timedelta(hours=2)).isoformat()
    practice.c1.finish(call, card, "CALLBACK_AT", {"callback_at": at})
    practice.hang_up(call)
    practice.pass_time(hours=2, minutes=1)
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call, "line_error")
    practice.c1.finish(call, card, "TECHNICAL")
    entry = practice.entry(card["entry_id"])
    assert entry["state"] == "callback"
    assert practice.rows("SELECT state FROM app.callback") == [("open",)]


def test_policy_voicemails_are_limited_and_apart(practice: Practice) -> None:
    # Two a campaign, at least two days between them (compliance.md 1.7).
    practice.set_rules(cap_day=3, cap_week=7)
    card, call = practice.talk(practice.c1, 1)
    assert card["permissions"]["voicemail"] == "V1"
    practice.c1.finish(call, card, "LEFT_VOICEMAIL")
    practice.hang_up(call)
    practice.pass_time(days=1)
    card, call = practice.talk(practice.c1, 1)
    assert card["permissions"]["voicemail"] == "V0"
    with refused("QC042"):
        practice.c1.finish(call, card, "LEFT_VOICEMAIL")
    practice.c1.finish(call, card, "VOICEMAIL_NOT_LEFT")
    practice.hang_up(call)
    practice.pass_time(days=1, hours=1)
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "LEFT_VOICEMAIL")
    practice.hang_up(call)
    practice.pass_time(days=7)
    assert practice.c1.claim(card["entry_id"])["permissions"]["voicemail"] == "V0"


def test_policy_t16_no_voicemail_for_a_confidential_patient(practice: Practice) -> None:
    practice.rows(
        "INSERT INTO app.contact_permission (patient_id, channel, decision, source, recorded_at) "
        "SELECT id, 'voicemail', 'V0', 'test', app.now() FROM app.patient WHERE external_id = '1'"
    )
    card, call = practice.talk(practice.c1, 1)
    with refused("QC042"):
        practice.c1.finish(call, card, "LEFT_VOICEMAIL")


@pytest.mark.parametrize(
    ("details", "codes"),
    [
        ({"note": "x" * 4001}, ("QC070",)),
        ({"junk": "x" * 30_000}, ("QC070",)),
        ({"callback_at": "2020-01-01T00:00:00Z"}, ("QC070",)),
        ({"callback_at": "infinity"}, ("QC070",)),
        ({"callback_at": "2099-01-01T00:00:00Z"}, ("QC070",)),
        ({"callback_at": "tomorrow-ish"}, ("22007",)),
    ],
)
def test_details_are_checked(practice: Practice, details: dict[str, object], codes: Any) -> None:
    card, call = practice.talk(practice.c1, 1)
    soon = (practice.now() + timedelta(days=1)).isoformat()
    with refused(*codes):
        practice.c1.finish(call, card, "CALLBACK_AT", {"callback_at": soon, **details})
    assert practice.call_row(call)["outcome"] is None


def test_booked_means_a_visit_that_is_still_to_come(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    hold = practice.c1.hold(card, practice, practice.slot())
    visit = practice.c1.book(call, card, hold)
    practice.rows("UPDATE app.appointment SET status = 'cancelled'")
    with refused("QC033"):
        practice.c1.finish(call, card, "BOOKED", {"appointment_id": visit["id"]})
    practice.rows("UPDATE app.appointment SET status = 'booked'")
    practice.c1.finish(call, card, "BOOKED", {"appointment_id": visit["id"]})
    assert practice.entry(card["entry_id"])["closed_reason"] == "booked"


def test_reported_death_closes_the_other_campaigns(practice: Practice) -> None:
    other = second_campaign(practice, 1)
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "DECEASED_REPORTED")
    assert practice.entry(other)["closed_reason"] == "deceased_reported"


def test_expired_training_records_the_call_but_brings_no_patient(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.rows("UPDATE app.training_record SET expires_on = '2027-02-01'")
    answer = practice.c1.finish(call, card, "NO_ANSWER", then_next=True)
    assert answer["recorded"]["result"] == "recorded"
    assert answer["card"] is None
    assert answer["gate"]["name"] == "training"


def second_campaign(practice: Practice, number: int) -> str:
    """Put the n-th patient into another campaign; its entry."""
    practice.rows(
        "INSERT INTO app.campaign (name, script, purpose, rule, status, created_by, created_at) "
        "VALUES ('Second', 'recall', 'RECALL', '{}', 'running', 'test', app.now())"
    )
    entry = practice.value(
        "INSERT INTO app.queue_entry (campaign_id, patient_id, score, reason) "
        "SELECT c.id, p.id, 50, 'test' FROM app.campaign c, app.patient p "
        "WHERE c.name = 'Second' AND p.external_id = %s RETURNING id",
        str(number),
    )
    assert isinstance(entry, uuid.UUID)
    return str(entry)


def share_number(practice: Practice, first: int, second: int) -> None:
    practice.rows(
        "UPDATE app.patient_telecom t SET e164 = (SELECT x.e164 FROM app.patient_telecom x "
        "JOIN app.patient p ON p.id = x.patient_id WHERE p.external_id = %s) "
        "FROM app.patient p WHERE p.id = t.patient_id AND p.external_id = %s",
        str(first),
        str(second),
    )


def qualities(practice: Practice, e164: str) -> dict[str, str]:
    return dict(
        practice.rows(
            "SELECT p.external_id, t.quality FROM app.patient_telecom t "
            "JOIN app.patient p ON p.id = t.patient_id WHERE t.e164 = %s",
            e164,
        )
    )
