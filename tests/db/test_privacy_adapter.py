"""What the window reads and writes about privacy, through the adapter, on a real database."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.domain.privacy import (
    ALERT_KINDS,
    CLOSING_CHOICES,
    DISCLOSURE_REASONS,
    INCIDENT_KINDS,
    INCIDENT_RESULTS,
    UNUSUAL_LABELS,
    IncidentFilter,
    NewAssessment,
    NewDisclosure,
)
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import RefusedError, StaleError
from tests.db.test_privacy_policies import TODAY, incident, look_at, open_glass, patient_id
from tests.helpers.db_practice import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coordinator_app.ports import PracticeDatabase
    from tests.helpers.db_practice import Practice


@pytest.fixture
def at_work(practice: Practice) -> Iterator[Callable[[str], PracticeDatabase]]:
    """Opens a person's connection as the window does."""
    opened: list[PracticeDatabase] = []
    database = practice.database

    def work(login: str) -> PracticeDatabase:
        connection = Connection(
            "Lakeside", database.host, database.port, database.name, login, TlsMode.LOOPBACK
        )
        opened.append(SqlConnector().connect(connection, PASSWORD))
        return opened[-1]

    yield work
    for one in opened:
        one.close()


def test_an_incident_from_the_call_to_the_accounting(
    practice: Practice, at_work: Callable[[str], PracticeDatabase]
) -> None:
    number, _, _ = incident(practice)
    me = at_work("cc_sup")
    (row,) = me.incidents(IncidentFilter())
    assert (row.id, row.days_left, row.result, row.may_assess) == (number, 60, None, True)
    whole = me.incident(number)
    assert whole.call is not None
    assert whole.assessments == ()
    with pytest.raises(RefusedError, match="four factors"):
        me.close_incident(number, "Settled.", "release", uuid.uuid4())
    given = NewAssessment("The date", "A neighbour", "Heard it", "Promised", True, "breach")
    said = me.assess_incident(number, given, uuid.uuid4())
    assert "Tell the patient by letter" in said
    (found,) = me.accounting(whole.patient_id).rows
    assert (found.reason, found.accountable, found.incident_id) == ("mistake", True, number)
    told = NewAssessment(
        "The date", "A neighbour", "Heard it", "Promised", True, "breach", None, TODAY
    )
    me.assess_incident(number, told, uuid.uuid4())
    assert [one.notified_on for one in me.incident(number).assessments] == [TODAY, None]
    assert me.close_incident(number, "Settled.", "release", uuid.uuid4()).startswith("Closed.")
    assert at_work("cc_aud").incidents(IncidentFilter("closed"))[0].choice == "release"
    with pytest.raises(StaleError):
        me.close_incident(number, "Settled.", "release", uuid.uuid4())


def test_who_looked_and_a_disclosure(
    practice: Practice, at_work: Callable[[str], PracticeDatabase]
) -> None:
    who = patient_id(practice, 1)
    look_at(practice, practice.c1, 1)
    found = at_work("cc_aud").who_looked(who, TODAY - timedelta(days=6), TODAY)
    assert found.patient == "Given1 Zyx1"
    assert found.rows[0].action == "Asked who looked"
    given = NewDisclosure(TODAY, "Health department", "A name", "The law", "public_health")
    me = at_work("cc_sup")
    assert "accounting" in me.record_disclosure(who, given, uuid.uuid4())
    assert me.accounting(who).rows[0].day == TODAY


def test_the_watch_in_one_answer(
    practice: Practice, at_work: Callable[[str], PracticeDatabase]
) -> None:
    practice.set_rules(unusual_patients=2)
    look_at(practice, practice.c1, 1, 2, 3)
    opening = open_glass(practice, "cc_c1")
    mine = practice.person_id("cc_c1")
    practice.rows("SELECT app.raise_alert('rolled_back_reads', %s, 'x', '{\"reads\": 7}')", mine)
    me = at_work("cc_sup")
    watch = me.privacy_watch()
    (alert,) = watch.alerts
    assert alert.person == "Jordan Park"
    assert alert.words == (
        "Jordan Park read patients and took the record of it back, 7 times. "
        "The program never does that: ask, and tell the administrator."
    )
    assert [one.id for one in watch.openings] == [opening]
    assert [(one.kind, one.count) for one in watch.unusual] == [("fast_paging", 3)]
    me.acknowledge_alert(alert.id, "Talked about it.")
    me.review_break_glass(opening, justified=True, note="It was one.")
    watch = me.privacy_watch()
    assert (watch.alerts, watch.openings) == ((), ())


def test_a_note_is_amended_and_everything_else_stays(
    practice: Practice, at_work: Callable[[str], PracticeDatabase]
) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "OPT_OUT", {"scope": "calls", "note": "said so"})
    number = uuid.UUID(call["id"])
    details = OutcomeDetails(note="said so twice")
    me = at_work("cc_c1")
    said = me.amend_outcome(number, Outcome.OPT_OUT, details, "More precise.", uuid.uuid4())
    assert said == "The outcome of this call is now “Asked not to be called”."
    (row,) = me.call_log(CallLogFilter(), None, 5).rows
    assert row.amended is not None
    assert (row.note, row.amended.note, row.amendable) == ("said so twice", "said so", True)
    assert practice.value("SELECT count(*) FROM app.suppression") == 1


def test_what_the_database_knows_has_words_in_the_window(practice: Practice) -> None:
    def allowed(table: str, column: str) -> set[str]:
        text = practice.value(
            "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype = 'c' "
            "AND pg_get_constraintdef(oid) LIKE %s",
            f"app.{table}",
            f"CHECK (({column} = ANY%",
        )
        return set(str(text).split("'")[1::2])

    assert allowed("disclosure", "reason") == set(DISCLOSURE_REASONS)
    assert allowed("incident", "kind") == set(INCIDENT_KINDS)
    assert allowed("incident_assessment", "result") == set(INCIDENT_RESULTS)
    assert allowed("incident", "choice") == {key for one in CLOSING_CHOICES.values() for key in one}
    assert set(ALERT_KINDS) <= allowed("alert", "kind")
    body = practice.value("SELECT prosrc FROM pg_proc WHERE oid = 'app.unusual_reading'::regproc")
    assert all(f"'{kind}'" in body for kind in UNUSUAL_LABELS)
