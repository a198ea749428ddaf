"""Policies of who may be given which patient: assignment, certification for a script, languages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.helpers.db_practice import PATIENTS, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

TODAY = "2027-03-01"  # the practice's; see db_practice.MONDAY
YESTERDAY = "2027-02-28"
# A time zone in which the practice's today is two days ago.
LONG_AGO = "SET TimeZone = '<long ago>+48'"


def certified(practice: Practice, kind: str, name: str, expires: str) -> None:
    practice.rows(
        "INSERT INTO app.credential (person_id, kind, name, granted_on, expires_on) "
        "SELECT id, %s, %s, '2026-01-01', %s FROM app.person WHERE login = 'cc_c1'",
        kind,
        name,
        expires,
    )


def not_given(practice: Practice, who: Party, sentence: str) -> None:
    with refused("QC012") as said:
        who.claim(practice.entry_of(1))
    assert sentence in said.facts["sentence"]
    answer = who.claim_next()
    assert answer["card"] is None
    assert sentence in answer["gate"]["sentence"]


def test_policy_a_campaign_of_assigned_people_is_theirs(practice: Practice) -> None:
    practice.rows("UPDATE app.campaign SET assigned_only = true")
    not_given(practice, practice.c1, "not assigned to this campaign")
    practice.rows(
        "INSERT INTO app.assignment (person_id, campaign_id, since) "
        "SELECT p.id, c.id, app.now() FROM app.person p, app.campaign c WHERE p.login = 'cc_c1'"
    )
    practice.c1.skip(practice.c1.claim_next()["card"])  # what one holds, one holds
    practice.rows("UPDATE app.assignment SET until = app.now()")
    not_given(practice, practice.c1, "not assigned to this campaign")


def test_policy_who_is_not_assigned_sees_no_patient_of_the_campaign(practice: Practice) -> None:
    card, call = practice.talk(practice.c2, 3)
    at = (practice.now() + timedelta(hours=1)).isoformat()
    details = {"callback_at": at, "callback_mine": False}
    practice.c2.finish(call, card, "CALLBACK_AT", details)
    practice.hang_up(call)
    assert len(practice.c1.ask("callbacks")) == 1
    practice.rows("UPDATE app.campaign SET assigned_only = true")
    page = practice.c1.ask("queue", "all", "", 200)
    assert (page["rows"], page["counts"]["all"]) == ([], 0)
    assert practice.c1.ask("queue", "all", "given", 200)["rows"] == []
    assert practice.c1.ask("callbacks") == []
    assert practice.c1.sign_in()["queue"]["rows"] == []
    assert len(practice.sup.ask("queue", "all", "", 200)["rows"]) == PATIENTS


def test_policy_a_script_that_needs_a_certificate_is_read_by_who_has_one(
    practice: Practice,
) -> None:
    practice.rows("UPDATE app.campaign SET needs_certification = true")
    script = str(practice.value("SELECT script FROM app.campaign LIMIT 1"))
    not_given(practice, practice.c1, "missing or has expired")
    certified(practice, "script", script, YESTERDAY)
    not_given(practice, practice.c1, "missing or has expired")
    practice.c1.run(LONG_AGO)  # whatever day it is where the window says it is
    not_given(practice, practice.c1, "missing or has expired")
    certified(practice, "script", script, TODAY)  # the last day counts
    assert practice.c1.claim_next()["card"]


@pytest.mark.parametrize(
    ("known", "expires", "given"),
    [
        ("{en}", None, False),
        ("{en,es}", None, True),
        ("{en,es}", YESTERDAY, False),
        ("{en,es}", TODAY, True),
    ],
)
def test_policy_the_next_patient_is_one_whose_language_one_may_speak(
    practice: Practice, known: str, expires: str | None, given: bool
) -> None:
    practice.rows("UPDATE app.patient SET language = 'es'")
    practice.rows("UPDATE app.person SET languages = %s WHERE login = 'cc_c1'", known)
    if expires:
        certified(practice, "language", "es", expires)
    practice.c1.run(LONG_AGO)
    assert bool(practice.c1.claim_next()["card"]) is given
    assert practice.value("SELECT count(*) FROM app.queue_entry WHERE state = 'ready'") == (
        PATIENTS - given
    )
