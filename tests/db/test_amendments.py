"""Policies of amendments: a recorded outcome is never changed, a correction names it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from coordinator_app.domain.outcome import OUTCOMES, Outcome
from tests.db.test_outcome_policies import details_for
from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

WHY = "Pressed the wrong key."


def finished(
    practice: Practice, outcome: str = "NO_ANSWER", number: int = 1, **details: object
) -> tuple[Any, Any]:
    card, call = practice.talk(practice.c1, number)
    practice.c1.finish(call, card, outcome, details)
    practice.hang_up(call)
    return card, call


def amend(who: Party, call: Any, outcome: str, once: Any = None, **details: object) -> str:
    said = who.ask("amend_outcome", uuid.UUID(call["id"]), outcome, details, WHY, once or op())
    return str(said["sentence"])


def test_the_first_outcome_stays_and_the_log_shows_both(practice: Practice) -> None:
    _, call = finished(practice, "NO_ANSWER", note="rang long")
    amend(practice.c1, call, "LEFT_VOICEMAIL", note="left the short one")
    assert practice.rows("SELECT outcome, details FROM app.call_outcome") == [
        ("NO_ANSWER", {"note": "rang long"})
    ]
    (row,) = practice.sup.ask("call_log", {}, None, 10)["rows"]
    assert (row["outcome"], row["note"]) == ("LEFT_VOICEMAIL", "left the short one")
    shown = {key: row["amended"][key] for key in ("outcome", "note", "by", "reason")}
    assert shown == {
        "outcome": "NO_ANSWER",
        "note": "rang long",
        "by": "Jordan Park",
        "reason": WHY,
    }
    with refused("42501"):
        practice.owner.run("UPDATE app.outcome_amendment SET reason = 'another'")


def test_another_note_is_an_amendment_without_other_consequences(practice: Practice) -> None:
    card, call = finished(practice, "TRIAGE", note="dizzy")
    amend(practice.c1, call, "TRIAGE", note="dizzy since Sunday")
    assert practice.value("SELECT count(*) FROM app.incident") == 1
    assert practice.entry(card["entry_id"])["attempts"] == 1
    assert practice.call_row(call)["note"] == "dizzy since Sunday"
    with refused("QC070"):
        amend(practice.c1, call, "TRIAGE", note="dizzy since Sunday")
    with refused("QC070"):
        amend(practice.c1, call, "TRIAGE", note="x" * 2001)


def test_an_amendment_is_recorded_once_by_its_id(practice: Practice) -> None:
    _, call = finished(practice)
    once = op()
    first = amend(practice.c1, call, "OPT_OUT", once, scope="calls")
    assert amend(practice.c1, call, "OPT_OUT", once, scope="calls") == first
    assert practice.value("SELECT count(*) FROM app.suppression") == 1
    assert practice.value("SELECT count(*) FROM app.outcome_amendment") == 1
    with refused("QC040"):
        amend(practice.c1, call, "OPT_OUT", once, scope="everything")


def test_who_made_the_call_amends_it_for_a_day_a_supervisor_longer_nobody_else_ever(
    practice: Practice,
) -> None:
    _, call = finished(practice)
    with refused("QC024"):
        amend(practice.c2, call, "BUSY")
    with refused("42501"):
        amend(practice.cli, call, "BUSY")
    practice.pass_time(hours=23, minutes=59)
    (mine,) = practice.c1.ask("call_log", {}, None, 1)["rows"]
    assert mine["amendable"] is True
    assert "patient_id" not in mine
    amend(practice.c1, call, "BUSY")
    practice.pass_time(minutes=2)
    (mine,) = practice.c1.ask("call_log", {}, None, 1)["rows"]
    assert mine["amendable"] is False
    with refused("QC103"):
        amend(practice.c1, call, "NO_ANSWER")
    amend(practice.sup, call, "NO_ANSWER")
    assert practice.call_row(call)["outcome"] == "NO_ANSWER"


def test_an_opt_out_amended_away_needs_a_supervisor_and_the_opt_out_stays(
    practice: Practice,
) -> None:
    card, call = finished(practice, "OPT_OUT", scope="calls")
    with refused("QC005") as said:
        amend(practice.c1, call, "DECLINED", reason="not-now")
    assert "supervisor" in said.facts["sentence"]
    words = amend(practice.sup, call, "THINKING")
    assert words.endswith("The opt-out stays: this patient will not be called.")
    assert practice.value("SELECT count(*) FROM app.suppression") == 1
    assert not practice.gate(card["entry_id"])["suppressed"]
    # Who made it an opt-out of another scope adds to it, and may: nothing is taken away.
    _, call = finished(practice, "OPT_OUT", 2, scope="number")
    amend(practice.c1, call, "OPT_OUT", scope="everything")
    assert practice.value("SELECT count(*) FROM app.suppression") == 3


STAYS = {
    "BOOKED": "The appointment stays",
    "WRONG_NUMBER": "The number stays",
    "LEFT_PRACTICE": "stays marked as having left",
    "DECEASED_REPORTED": "What it opened stays open",
    "TRIAGE": "What it opened stays open",
    "LANGUAGE": "language stays",
    "DECLINED_BARRIER": "The obstacle stays",
    "CALLBACK_AT": "The callback stays promised",
    "DECLINED": "stays out of this campaign's queue",
    "NO_ANSWER": "“Busy”.",
}


@pytest.mark.parametrize(("outcome", "words"), STAYS.items())
def test_nothing_of_the_first_outcome_is_undone_and_the_answer_says_what_stays(
    practice: Practice, outcome: str, words: str
) -> None:
    card, call = practice.talk(practice.c1, 1)
    details = details_for(Outcome(outcome), practice, practice.c1, card)
    practice.c1.finish(call, card, outcome, details)
    practice.hang_up(call)
    tables = ("appointment", "barrier", "incident", "callback", "suppression")
    before = [practice.rows(f"SELECT * FROM app.{table}") for table in tables]
    assert words in amend(practice.sup, call, "BUSY")
    assert [practice.rows(f"SELECT * FROM app.{table}") for table in tables] == before


@pytest.mark.parametrize("outcome", [spec.outcome for spec in OUTCOMES])
def test_every_outcome_can_be_amended_into_and_its_facts_are_written(
    practice: Practice, outcome: Outcome
) -> None:
    card, call = practice.talk(practice.c1, 1)
    details = details_for(outcome, practice, practice.c1, card)
    if outcome is Outcome.BOOKED:
        booked = practice.c1.book(call, card, {"id": details["hold_id"]})
        details = {"appointment_id": booked["id"]}
    first = Outcome.BUSY if outcome is Outcome.NO_ANSWER else Outcome.NO_ANSWER
    practice.c1.finish(call, card, first.value, {})
    practice.hang_up(call)
    amend(practice.c1, call, outcome.value, **details)
    entry = practice.entry(card["entry_id"])
    assert entry["attempts"] == (0 if outcome is Outcome.TECHNICAL else 1), "one call, one attempt"
    assert entry["voicemails"] == (1 if outcome is Outcome.LEFT_VOICEMAIL else 0)
    ends = {
        Outcome.BOOKED: "booked",
        Outcome.BOOKED_ELSEWHERE: "booked",
        Outcome.DECLINED: "declined",
        Outcome.LEFT_PRACTICE: "left_practice",
        Outcome.OPT_OUT: "opted_out",
    }
    holds = {Outcome.TRIAGE, Outcome.COMPLAINT, Outcome.INCIDENT, Outcome.DECEASED_REPORTED}
    if outcome in ends:
        assert (entry["state"], entry["closed_reason"]) == ("closed", ends[outcome])
    elif outcome in holds:
        assert entry["state"] == "held"
        assert practice.value("SELECT count(*) FROM app.incident") == 1
    elif outcome is Outcome.CALLBACK_AT:
        assert entry["state"] == "callback"
        assert practice.value("SELECT count(*) FROM app.callback WHERE state = 'open'") == 1
    else:
        assert entry["state"] == "waiting"


def test_a_voicemail_amended_away_does_not_count_as_one(practice: Practice) -> None:
    card, call = finished(practice, "LEFT_VOICEMAIL")
    assert practice.entry(card["entry_id"])["voicemails"] == 1
    amend(practice.c1, call, "NO_ANSWER")
    entry = practice.entry(card["entry_id"])
    assert (entry["attempts"], entry["voicemails"]) == (1, 0)


def test_a_patient_whom_somebody_has_now_stays_with_them(practice: Practice) -> None:
    card, call = finished(practice)
    practice.pass_time(days=1, hours=-2)
    held = practice.c2.claim(card["entry_id"])
    amend(practice.c1, call, "OPT_OUT", scope="calls")
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["fence"]) == ("claimed", held["fence"])
    with refused("QC020"):
        practice.c2.dial(held)


def test_an_amendment_leaves_alone_the_time_held_for_another_patient(practice: Practice) -> None:
    _, call = finished(practice)
    other = practice.c1.claim(practice.entry_of(2))
    practice.c1.hold(other, practice, practice.slot())
    amend(practice.c1, call, "DECLINED", reason="not-now")
    assert practice.rows("SELECT state FROM app.slot_hold") == [("held",)]


@pytest.mark.parametrize(
    ("outcome", "details", "why", "code"),
    [
        ("NO_SUCH", {}, WHY, "QC070"),
        ("OPT_OUT", {}, WHY, "QC041"),
        ("CALLBACK_AT", {"callback_at": "2027-02-01T00:00:00Z"}, WHY, "QC070"),
        ("BUSY", {}, " ", "QC041"),
        ("BUSY", {"note": "x" * 4001}, WHY, "QC070"),
        ("BOOKED", {"hold_id": "00000000-0000-0000-0000-000000000001"}, WHY, "QC033"),
    ],
)
def test_an_amendment_asks_for_the_same_details_and_a_reason(
    practice: Practice, outcome: str, details: dict[str, object], why: str, code: str
) -> None:
    _, call = finished(practice)
    with refused(code):
        practice.c1.ask("amend_outcome", uuid.UUID(call["id"]), outcome, details, why, op())
    assert practice.call_row(call)["outcome"] == "NO_ANSWER"


def test_what_nobody_answered_cannot_become_something_said(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    practice.take()
    practice.report(call, "ended", end="no_answer")
    practice.c1.finish(call, card, "NO_ANSWER", {})
    with refused("QC042"):
        amend(practice.c1, call, "OPT_OUT", scope="calls")
    amend(practice.c1, call, "BUSY")


def test_a_call_without_an_outcome_is_not_amended(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    with refused("QC024"):
        amend(practice.c1, call, "BUSY")
    with refused("QC024"):
        amend(practice.sup, {"id": str(uuid.uuid4())}, "BUSY")


def test_the_audit_says_from_what_to_what_and_no_words(practice: Practice) -> None:
    _, call = finished(practice, note="asked for mornings")
    amend(practice.c1, call, "BUSY", note="it was engaged")
    with practice.superuser() as root:
        rows = root.execute(
            "SELECT object, detail FROM audit.event WHERE action = 'call.amend'"
        ).fetchall()
        text = str(root.execute("SELECT detail FROM audit.event").fetchall())
    assert rows == [(f"call/{call['id']}", {"from": "NO_ANSWER", "to": "BUSY"})]
    assert "engaged" not in text
    assert WHY not in text


def test_the_last_of_several_amendments_counts_and_each_names_the_first_row(
    practice: Practice,
) -> None:
    _, call = finished(practice)
    amend(practice.c1, call, "BUSY")
    practice.pass_time(seconds=timedelta(minutes=1).total_seconds())
    amend(practice.sup, call, "WRONG_NUMBER")
    (row,) = practice.sup.ask("call_log", {}, None, 1)["rows"]
    assert (row["outcome"], row["amended"]["outcome"]) == ("WRONG_NUMBER", "NO_ANSWER")
    assert row["amended"]["by"] == "Val Stone"
    first = practice.value("SELECT op_id FROM app.call_outcome")
    assert practice.rows("SELECT DISTINCT corrects FROM app.outcome_amendment") == [(first,)]
