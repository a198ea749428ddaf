"""Policies of the privacy records: who looked, disclosures, incidents, unusual reading."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.db.test_outcome_policies import second_campaign
from tests.helpers.db_practice import MONDAY, op, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Party, Practice

FACTORS = {
    "nature": "The date of a visit and the doctor's name",
    "recipient": "A neighbour who picked up",
    "viewed": "Heard it on the telephone",
    "mitigation": "Asked to keep it to themselves; agreed",
}
TODAY = MONDAY.date()


def patient_id(practice: Practice, number: int) -> uuid.UUID:
    found = practice.value("SELECT id FROM app.patient WHERE external_id = %s", str(number))
    assert isinstance(found, uuid.UUID)
    return found


def incident(
    practice: Practice, outcome: str = "INCIDENT", number: int = 1
) -> tuple[uuid.UUID, Any, Any]:
    """What somebody's call opened, with its card and call."""
    card, call = practice.talk(practice.c1, number)
    practice.c1.finish(call, card, outcome, {"note": "Spoke to the wrong person."})
    practice.hang_up(call)
    found = practice.value("SELECT id FROM app.incident WHERE call_id = %s", call["id"])
    assert isinstance(found, uuid.UUID)
    return found, card, call


def assess(who: Party, number: uuid.UUID, result: str = "low_probability", **more: object) -> Any:
    given = {**FACTORS, "disclosed": True, "result": result, **more}
    return who.ask("assess_incident", number, given, op())


def close(who: Party, number: uuid.UUID, choice: str = "release") -> Any:
    return who.ask("close_incident", number, "Looked at and settled.", choice, op())


def open_alerts(practice: Practice, kind: str) -> list[Any]:
    return practice.rows(
        "SELECT object, detail FROM app.alert WHERE kind = %s AND seen_at IS NULL ORDER BY id", kind
    )


@pytest.fixture
def other_supervisor(practice: Practice) -> Iterator[Party]:
    """A second one; a membership is the server's, so that no reset of tables takes it back."""
    practice.rows("UPDATE app.person SET role = 'supervisor' WHERE login = 'cc_c8'")
    with practice.superuser() as root:
        root.execute("GRANT supervisor TO cc_c8")
        yield practice.another("cc_c8")
        root.execute("REVOKE supervisor FROM cc_c8")


# ---------------------------------------------------------------------------------- who looked


def test_who_looked_names_every_person_in_words_and_is_a_read_itself(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], "birth_date")
    practice.c1.finish(call, card, "NO_ANSWER")
    who = patient_id(practice, 1)
    found = practice.sup.ask("who_looked", who, TODAY, TODAY)
    assert found["patient"] == "Given1 Zyx1"
    assert [(row["who"], row["action"], row["read"]) for row in found["rows"]] == [
        ("Val Stone", "Asked who looked", True),
        ("Jordan Park", "Recorded an outcome", False),
        ("Jordan Park", "Looked at the birth date", True),
        ("Jordan Park", "Dialled", False),
        ("Jordan Park", "Opened the patient", True),
        ("Jordan Park", "Took the patient from the queue", False),
    ]
    again = practice.aud.ask("who_looked", who, TODAY, TODAY)
    assert [row["who"] for row in again["rows"][:2]] == ["Ada Quinn", "Val Stone"]
    assert again["complete"]


def test_who_looked_is_of_one_patient_and_of_the_days_that_were_asked_for(
    practice: Practice,
) -> None:
    practice.c1.skip(practice.c1.claim(practice.entry_of(1)))
    practice.pass_time(days=1)
    practice.c2.skip(practice.c2.claim(practice.entry_of(2)))
    day = timedelta(days=1)
    found = practice.sup.ask("who_looked", patient_id(practice, 1), TODAY, TODAY)
    assert {row["who"] for row in found["rows"]} == {"Jordan Park"}
    found = practice.sup.ask("who_looked", patient_id(practice, 2), TODAY, TODAY)
    assert found["rows"] == []
    found = practice.sup.ask("who_looked", patient_id(practice, 2), TODAY + day, TODAY + day)
    assert {row["who"] for row in found["rows"]} == {"Amelia Brown", "Val Stone"}


@pytest.mark.parametrize(
    ("first", "last"), [(None, TODAY), (TODAY, None), (TODAY, TODAY - timedelta(days=1))]
)
def test_who_looked_needs_days_that_make_sense(
    practice: Practice, first: date | None, last: date | None
) -> None:
    with refused("QC070"):
        practice.sup.one(
            "SELECT api.who_looked(%s, %s::date, %s::date)", patient_id(practice, 1), first, last
        )
    with refused("QC070"):
        practice.sup.ask("who_looked", uuid.uuid4(), TODAY, TODAY)


# --------------------------------------------------------------------------------- disclosures


def disclosure(**more: object) -> dict[str, object]:
    return {
        "day": TODAY.isoformat(),
        "recipient": "County health department",
        "what": "Name and the date of a visit",
        "purpose": "A report that the law asks for",
        "reason": "public_health",
        **more,
    }


@pytest.mark.parametrize(
    ("reason", "accountable"),
    [
        ("treatment", False),
        ("payment", False),
        ("operations", False),
        ("to_patient", False),
        ("family", False),
        ("authorization", False),
        ("incidental", False),
        ("mistake", True),
        ("public_health", True),
        ("oversight", True),
        ("court", True),
        ("law_enforcement", True),
        ("safety", True),
        ("law", True),
        ("other", True),
    ],
)
def test_the_class_of_a_disclosure_decides_whether_it_is_accounted_for(
    practice: Practice, reason: str, *, accountable: bool
) -> None:
    who = patient_id(practice, 1)
    said = practice.sup.ask("record_disclosure", who, disclosure(reason=reason), op())
    assert said["accountable"] is accountable
    rows = practice.aud.ask("accounting", who)["rows"]
    assert [(row["reason"], row["accountable"]) for row in rows] == [(reason, accountable)]


def test_a_disclosure_is_recorded_once_by_its_id_and_never_changed(practice: Practice) -> None:
    who, once = patient_id(practice, 1), op()
    first = practice.sup.ask("record_disclosure", who, disclosure(), once)
    assert practice.sup.ask("record_disclosure", who, disclosure(), once) == first
    with refused("QC040"):
        practice.sup.ask("record_disclosure", who, disclosure(what="Something else"), once)
    assert practice.value("SELECT count(*) FROM app.disclosure") == 1
    with refused("42501"):
        practice.owner.run("UPDATE app.disclosure SET what = 'Nothing'")


def test_a_correction_takes_the_place_of_the_row_it_names_and_both_stay(
    practice: Practice,
) -> None:
    who = patient_id(practice, 1)
    first = practice.sup.ask("record_disclosure", who, disclosure(), op())
    right = disclosure(what="Only the name", corrects=first["id"])
    practice.sup.ask("record_disclosure", who, right, op())
    rows = practice.sup.ask("accounting", who)["rows"]
    assert [(row["what"], row["corrected"]) for row in rows] == [("Only the name", True)]
    assert practice.value("SELECT count(*) FROM app.disclosure") == 2
    with refused("QC070"):
        practice.sup.ask("record_disclosure", who, right, op())
    other = patient_id(practice, 2)
    with refused("QC070"):
        practice.sup.ask("record_disclosure", other, disclosure(corrects=rows[0]["id"]), op())


def test_the_accounting_goes_six_years_back(practice: Practice) -> None:
    who = patient_id(practice, 1)
    for years, words in ((5, "Five years ago"), (7, "Seven years ago")):
        day = (TODAY - timedelta(days=365 * years)).isoformat()
        practice.sup.ask("record_disclosure", who, disclosure(day=day, what=words), op())
    rows = practice.sup.ask("accounting", who)["rows"]
    assert [row["what"] for row in rows] == ["Five years ago"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": " "}, "QC041"),
        ({"what": ""}, "QC041"),
        ({"purpose": "x"}, "QC041"),
        ({"day": ""}, "QC041"),
        ({"day": "2027-03-02"}, "QC070"),
        ({"day": "1999-12-31"}, "QC070"),
        ({"reason": "because"}, "QC070"),
        ({"what": "x" * 2001}, "QC070"),
        ({"call_id": "00000000-0000-7000-8000-000000000001"}, "QC024"),
    ],
)
def test_a_disclosure_says_who_what_when_and_why(
    practice: Practice, change: dict[str, object], code: str
) -> None:
    with refused(code):
        who = patient_id(practice, 1)
        practice.sup.ask("record_disclosure", who, disclosure(**change), op())


# ----------------------------------------------------------------------------------- incidents


def test_t36_a_wrong_person_incident_stands_in_the_accounting_and_its_clock_runs_60_days(
    practice: Practice,
) -> None:
    number, _, call = incident(practice)
    (row,) = practice.sup.ask("incidents", {})
    assert (row["kind"], row["days_left"], row["patient"]) == ("privacy", 60, "Given1 Z.")
    said = assess(practice.sup, number)
    assert said["sentence"].endswith("The disclosure is in the patient's accounting.")
    (entry,) = practice.aud.ask("accounting", patient_id(practice, 1))["rows"]
    assert entry["accountable"] is True
    assert (entry["recipient"], entry["what"]) == (FACTORS["recipient"], FACTORS["nature"])
    assert entry["incident_id"] == str(number)
    kept = practice.rows("SELECT call_id, reason, at FROM app.disclosure")
    asked = datetime.fromisoformat(practice.call_row(call)["requested_at"])
    assert kept == [(uuid.UUID(call["id"]), "mistake", asked)]


def test_without_its_disclosure_an_assessment_is_not_kept_either(practice: Practice) -> None:
    number, _, _ = incident(practice)
    with refused("QC070"):
        assess(practice.sup, number, recipient_address="x" * 2001)
    assert practice.value("SELECT count(*) FROM app.incident_assessment") == 0
    assert practice.value("SELECT count(*) FROM app.disclosure") == 0


def test_the_clock_counts_from_when_it_was_known_and_only_moves_back(practice: Practice) -> None:
    practice.pass_time(days=2)
    number, _, _ = incident(practice)
    practice.pass_time(days=10)
    with refused("QC070"):
        assess(practice.sup, number, discovered_on="2027-03-04")
    with refused("QC070"):
        assess(practice.sup, number, discovered_on="2027-03-02")  # before the call
    assess(practice.sup, number, discovered_on="2027-03-03")
    assert practice.sup.ask("incident", number)["due_on"] == "2027-05-02"
    assert practice.sup.ask("incident", number)["days_left"] == 50


def test_the_newest_assessment_counts_and_the_first_stays_to_be_read(practice: Practice) -> None:
    number, _, _ = incident(practice)
    assess(practice.sup, number, disclosed=False)
    assert practice.sup.ask("accounting", patient_id(practice, 1))["rows"] == []
    assess(practice.sup, number, "breach")
    assess(practice.sup, number, "breach", nature="The diagnosis too", notified_on="2027-03-01")
    whole = practice.sup.ask("incident", number)
    assert [(a["result"], a["notified_on"]) for a in whole["assessments"]] == [
        ("breach", "2027-03-01"),
        ("breach", None),
        ("low_probability", None),
    ]
    assert whole["result"] == "breach"
    # What went into the accounting is put right by another row, once.
    (entry,) = practice.sup.ask("accounting", patient_id(practice, 1))["rows"]
    assert (entry["what"], entry["corrected"]) == ("The diagnosis too", True)
    assert practice.value("SELECT count(*) FROM app.disclosure") == 2
    said = assess(practice.sup, number, disclosed=False)
    assert "recorded before stays" in said["sentence"]


@pytest.mark.parametrize("field", [*FACTORS, "result", "disclosed"])
def test_each_of_the_four_factors_and_the_result_has_to_be_said(
    practice: Practice, field: str
) -> None:
    number, _, _ = incident(practice)
    with refused("QC041"):
        assess(practice.sup, number, **{field: ""})


def test_a_privacy_incident_is_closed_only_when_it_was_assessed_and_a_breach_was_told(
    practice: Practice,
) -> None:
    number, card, _ = incident(practice)
    with refused("QC102") as said:
        close(practice.sup, number)
    assert "four factors" in said.facts["sentence"]
    assess(practice.sup, number, "breach")
    with refused("QC102") as said:
        close(practice.sup, number)
    assert "tell the patient" in said.facts["sentence"]
    assess(practice.sup, number, "breach", notified_on=TODAY.isoformat())
    assert close(practice.sup, number)["sentence"] == "Closed. The patient is back in the queue."
    assert practice.entry(card["entry_id"])["state"] == "ready"
    with refused("QC101"):
        close(practice.sup, number)
    with refused("QC101"):
        assess(practice.sup, number)


@pytest.mark.parametrize(
    ("outcome", "choice", "state", "reason"),
    [
        ("TRIAGE", "release", "ready", ""),
        ("TRIAGE", "close", "closed", "incident"),
        ("COMPLAINT", "release", "ready", ""),
        ("COMPLAINT", "close", "closed", "incident"),
        ("DECEASED_REPORTED", "confirmed", "closed", "deceased"),
        ("DECEASED_REPORTED", "wrong", "ready", ""),
    ],
)
def test_closing_gives_the_patient_back_or_takes_them_out_as_was_chosen(
    practice: Practice, outcome: str, choice: str, state: str, reason: str
) -> None:
    number, card, _ = incident(practice, outcome)
    assert practice.entry(card["entry_id"])["state"] == "held"
    close(practice.sup, number, choice)
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["closed_reason"]) == (state, reason)
    assert practice.sup.ask("incidents", {}) == []
    (row,) = practice.sup.ask("incidents", {"which": "closed"})
    assert (row["choice"], row["days_left"]) == (choice, None)


def test_a_confirmed_death_is_the_patients_state_and_a_wrong_one_gives_everything_back(
    practice: Practice,
) -> None:
    other = second_campaign(practice, 1)
    number, card, _ = incident(practice, "DECEASED_REPORTED")
    assert practice.entry(other)["closed_reason"] == "deceased_reported"
    close(practice.sup, number, "wrong")
    state = "SELECT deceased, state FROM app.patient WHERE external_id = %s"
    assert practice.rows(state, "1") == [(False, "active")]
    assert practice.entry(other)["state"] == "ready"
    assert practice.gate(card["entry_id"])["patient_state"]
    number, card, _ = incident(practice, "DECEASED_REPORTED", 2)
    close(practice.cli, number, "confirmed")
    assert practice.rows(state, "2")[0][0] is True
    assert not practice.gate(card["entry_id"])["patient_state"]


def test_a_patient_stays_on_hold_while_another_incident_of_the_same_place_is_open(
    practice: Practice,
) -> None:
    number, card, call = incident(practice)
    practice.rows(
        "INSERT INTO app.incident (kind, call_id, patient_id, opened_by, opened_at, discovered_at, "
        "due_at, note) SELECT 'triage', call_id, patient_id, opened_by, opened_at, discovered_at, "
        "due_at, note FROM app.incident WHERE id = %s",
        number,
    )
    assess(practice.sup, number)
    assert "another incident" in close(practice.sup, number)["sentence"]
    assert practice.entry(card["entry_id"])["state"] == "held"
    last = practice.value("SELECT id FROM app.incident WHERE kind = 'triage'")
    close(practice.cli, last)
    assert practice.entry(card["entry_id"])["state"] == "ready"
    assert practice.call_row(call)["outcome"] == "INCIDENT"


def test_released_with_all_attempts_used_a_patient_leaves_the_queue(practice: Practice) -> None:
    number, card, _ = incident(practice, "TRIAGE")
    practice.rows("UPDATE app.queue_entry SET attempts = 6 WHERE id = %s", card["entry_id"])
    close(practice.sup, number)
    assert practice.entry(card["entry_id"])["closed_reason"] == "attempts_used"


def test_closing_is_done_once_by_its_id(practice: Practice) -> None:
    number, _, _ = incident(practice, "TRIAGE")
    once = op()
    first = practice.cli.ask("close_incident", number, "Called back.", "release", once)
    assert practice.cli.ask("close_incident", number, "Called back.", "release", once) == first
    with refused("QC040"):
        practice.cli.ask("close_incident", number, "Called back.", "close", once)


def test_a_clinician_closes_what_is_clinical_and_assesses_nothing(practice: Practice) -> None:
    number, _, _ = incident(practice, "COMPLAINT")
    with refused("QC005"):
        close(practice.cli, number)
    with refused("42501"):
        assess(practice.cli, number)
    with refused("QC070"):
        assess(practice.sup, number)  # a complaint is not assessed
    with refused("QC070"):
        close(practice.sup, number, "confirmed")
    (row,) = practice.cli.ask("incidents", {"kind": "complaint"})
    assert (row["may_close"], row["may_assess"]) == (False, False)


def test_the_list_of_incidents_shows_no_word_of_the_note_and_reading_one_names_the_patient(
    practice: Practice,
) -> None:
    number, _, _ = incident(practice)
    assert "wrong person" not in str(practice.sup.ask("incidents", {}))
    whole = practice.aud.ask("incident", number)
    assert (whole["patient"], whole["note"]) == ("Given1 Zyx1", "Spoke to the wrong person.")
    assert whole["call"]["coordinator"] == "Jordan Park"
    rows = practice.sup.ask("who_looked", patient_id(practice, 1), TODAY, TODAY)["rows"]
    assert ("Ada Quinn", "Read an incident") in [(row["who"], row["action"]) for row in rows]


def test_less_than_ten_days_before_the_end_supervisors_are_told_once_and_again_the_next_day(
    practice: Practice,
) -> None:
    number, _, _ = incident(practice)
    practice.move_to(MONDAY + timedelta(days=50))
    assert open_alerts(practice, "incident_late") == []
    practice.move_to(MONDAY + timedelta(days=51))
    practice.beat()
    told = [(f"incident/{number}", {"kind": "privacy", "days_left": 9})]
    assert open_alerts(practice, "incident_late") == told
    practice.pass_time(days=1)
    assert open_alerts(practice, "incident_late") == told
    (alert,) = practice.sup.ask("privacy_watch")["alerts"]
    practice.sup.ask("acknowledge_alert", uuid.UUID(alert["id"]), "On it.")
    assert open_alerts(practice, "incident_late") == []
    practice.pass_time(days=1)
    assert [detail["days_left"] for _, detail in open_alerts(practice, "incident_late")] == [7]
    assess(practice.sup, number)
    close(practice.sup, number)
    assert open_alerts(practice, "incident_late") == []


# ------------------------------------------------------------------------------------ watching


def unusual(practice: Practice, kind: str) -> list[tuple[str, int]]:
    found = practice.sup.ask("privacy_watch")["unusual"]
    return [(row["person"], row["count"]) for row in found if row["kind"] == kind]


def look_at(practice: Practice, who: Party, *numbers: int) -> None:
    for number in numbers:
        who.skip(who.claim(practice.entry_of(number)))


def test_charts_opened_without_a_call_are_reported_after_half_an_hour_and_only_when_many(
    practice: Practice,
) -> None:
    practice.set_rules(unusual_charts=2)
    look_at(practice, practice.c1, 1, 2)
    card, call = practice.talk(practice.c1, 4)
    practice.c1.finish(call, card, "NO_ANSWER")
    practice.pass_time(minutes=31)
    assert unusual(practice, "no_call") == []
    look_at(practice, practice.c1, 3)
    assert unusual(practice, "no_call") == []  # a call may still follow
    practice.pass_time(minutes=31)
    assert unusual(practice, "no_call") == [("Jordan Park", 3)]


@pytest.mark.parametrize(("hour", "reported"), [(19, False), (21, True), (30, True), (31, False)])
def test_reading_outside_the_practices_day_is_reported(
    practice: Practice, hour: int, *, reported: bool
) -> None:
    practice.move_to(MONDAY + timedelta(hours=hour - 10, minutes=1))
    practice.c1.ask("callbacks")
    assert bool(unusual(practice, "after_hours")) is reported


def test_reading_about_a_patient_of_ones_own_family_name_is_reported(practice: Practice) -> None:
    practice.rows("UPDATE app.patient SET family = 'PARK' WHERE external_id IN ('1', '2')")
    look_at(practice, practice.c1, 1, 2, 3)
    look_at(practice, practice.c2, 1)
    assert unusual(practice, "same_name") == [("Jordan Park", 2)]


def test_many_patients_in_a_few_minutes_are_reported_with_their_ids_and_no_names(
    practice: Practice,
) -> None:
    practice.set_rules(unusual_patients=3)
    look_at(practice, practice.c1, 1, 2, 3)
    assert unusual(practice, "fast_paging") == []
    practice.pass_time(minutes=6)
    look_at(practice, practice.c1, 4, 5)
    assert unusual(practice, "fast_paging") == []
    look_at(practice, practice.c1, 6, 7, 7)
    assert unusual(practice, "fast_paging") == [("Jordan Park", 4)]
    watch = practice.sup.ask("privacy_watch")
    (row,) = [row for row in watch["unusual"] if row["kind"] == "fast_paging"]
    assert row["patients"] == [str(patient_id(practice, 7))]
    assert "Zyx" not in str(watch)
    assert "Given" not in str(watch)


def test_many_look_ups_in_a_day_are_reported(practice: Practice) -> None:
    practice.set_rules(unusual_lookups=2)
    for number in (1, 2):
        practice.c1.ask("find_patient", {"name": f"Given{number} Zyx{number}"}, "returns our call")
    assert unusual(practice, "look_ups") == []
    practice.c1.ask("find_patient", {"name": "Nobody Here"}, "returns our call")
    assert unusual(practice, "look_ups") == [("Jordan Park", 3)]


def test_the_first_beat_of_a_day_tells_supervisors_of_the_days_before_once(
    practice: Practice,
) -> None:
    practice.set_rules(unusual_patients=3)
    look_at(practice, practice.c1, 1, 2, 3, 4)
    practice.beat()
    assert open_alerts(practice, "unusual_reading") == []
    practice.pass_time(days=1)
    practice.beat()
    person = practice.person_id("cc_c1")
    ((about, detail),) = open_alerts(practice, "unusual_reading")
    assert about == f"person/{person}"
    assert detail["counts"] == {"fast_paging": 4}
    assert detail["to"] == "2027-03-01"


def test_readers_are_looked_at_once_a_minute(practice: Practice) -> None:
    seen = "SELECT at FROM app.watch_state WHERE name = 'readers'"
    first = practice.value(seen)
    practice.beat()
    assert practice.value(seen) == first
    practice.rows("UPDATE app.watch_state SET at = at - interval '61 seconds'")
    practice.beat()
    assert practice.value(seen) > first


def test_reads_that_were_taken_back_are_counted(practice: Practice) -> None:
    person = practice.person_id("cc_c1")
    practice.rows("SELECT setval(app.meter_name(%s, 'reads')::regclass, 7)", person)
    found = practice.sup.ask("privacy_watch")["rolled_back"]
    assert {row["person"]: row["reads"] for row in found}["Jordan Park"] == 7


def test_an_alert_is_seen_by_a_supervisor_with_a_note_and_never_by_whom_it_is_about(
    practice: Practice, other_supervisor: Party
) -> None:
    other = other_supervisor
    me = practice.person_id("cc_sup")
    practice.rows("SELECT app.raise_alert('read_limit', %s, 'person/x', '{}')", me)
    (alert,) = practice.sup.ask("privacy_watch")["alerts"]
    number = uuid.UUID(alert["id"])
    assert alert["mine"] is True
    with refused("QC100"):
        practice.sup.ask("acknowledge_alert", number, "It was me.")
    with refused("QC041"):
        other.ask("acknowledge_alert", number, " ")
    with refused("42501"):
        practice.aud.ask("acknowledge_alert", number, "Seen.")
    other.ask("acknowledge_alert", number, "Talked about it.")
    other.ask("acknowledge_alert", number, "Once more.")  # the first note stays
    assert practice.value("SELECT note FROM app.alert") == "Talked about it."
    assert practice.sup.ask("privacy_watch")["alerts"] == []


def alert(practice: Practice, kind: str, login: str | None = "cc_c1", detail: str = "{}") -> None:
    person = None if login is None else practice.person_id(login)
    practice.rows("SELECT app.raise_alert(%s, %s, 'person/x', %s)", kind, person, detail)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        (
            "read_limit",
            '{"limit": 60}',
            "Jordan Park has used up the hour’s charts (60). Ask what they were for.",
        ),
        ("search_limit", '{"limit": 20}', "Jordan Park has used up the hour’s look-ups (20). Ask"),
        ("search_limit", '{"opened": 5}', "Jordan Park has opened as many looked-up patients"),
        ("search_limit", '{"glass": true}', "Jordan Park has used emergency access as often"),
        ("break_glass", "{}", "Jordan Park opened a chart in an emergency. Review it under"),
        ("break_glass", '{"rolled_back": true}', "took the record of it back. The program never"),
        ("unusual_reading", '{"from": "2025-11-23", "to": "2025-11-23"}', "way on Nov 23. Look"),
        ("login_lock", '{"failures": 5}', "locked out after failed sign-ins (5). Ask whether"),
    ],
)
def test_an_alert_says_what_happened_and_what_to_do(
    practice: Practice, kind: str, detail: str, words: str
) -> None:
    alert(practice, kind, detail=detail)
    (row,) = practice.sup.ask("privacy_watch")["alerts"]
    assert words in row["words"]


def test_every_kind_of_alert_is_told_in_whole_sentences(practice: Practice) -> None:
    allowed = practice.value(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'alert_kind_check'"
    )
    kinds = re.findall(r"'(\w+)'", str(allowed))
    assert len(kinds) > 8
    for kind in kinds:
        alert(practice, kind)
    rows = practice.sup.ask("privacy_watch")["alerts"]
    assert {row["kind"] for row in rows} == set(kinds)
    for row in rows:
        assert row["words"].endswith(".")
        assert ": " + row["kind"].replace("_", " ") not in row["words"], "a kind without its words"
        about_nobody = row["kind"] in {"audit", "incident_late"}
        assert row["words"].startswith("Jordan Park") is not about_nobody


def notices(who: Party) -> list[str]:
    return list(who.ask("heartbeat", None, None)["notices"])


def test_a_supervisor_is_told_where_they_work_what_waits_to_be_looked_at(
    practice: Practice,
) -> None:
    assert notices(practice.sup) == []
    alert(practice, "read_limit")
    alert(practice, "search_limit")
    alert(practice, "login_lock")
    alert(practice, "incident_late", None)
    alert(practice, "break_glass")  # counted as the opening that it is about
    open_glass(practice, "cc_c1")
    incident(practice)
    assert notices(practice.sup) == [
        "1 emergency opening to review",
        "2 alerts about reading",
        "1 alert about a sign-in",
        "1 incident running out of time",
        "1 privacy incident to look at",
    ]
    for row in practice.sup.ask("privacy_watch")["alerts"]:
        practice.sup.ask("acknowledge_alert", uuid.UUID(row["id"]), "Talked about it.")
    assert notices(practice.sup) == [
        "1 emergency opening to review",
        "1 privacy incident to look at",
    ]


def test_nobody_is_told_what_is_about_themselves_and_only_supervisors_are(
    practice: Practice, other_supervisor: Party
) -> None:
    alert(practice, "read_limit", "cc_sup")
    open_glass(practice, "cc_sup")
    assert notices(practice.sup) == []
    assert notices(other_supervisor) == [
        "1 emergency opening to review",
        "1 alert about reading",
    ]
    for who in (practice.c1, practice.cli, practice.aud):
        assert notices(who) == []


def open_glass(practice: Practice, login: str) -> uuid.UUID:
    found = practice.value(
        "INSERT INTO app.break_glass (id, person_id, patient_id, reason, at, until) "
        "SELECT app.uuid7(app.now()), p.id, %s, 'Chest pain on the line', app.now(), "
        "app.now() + interval '30 minutes' FROM app.person p WHERE p.login = %s RETURNING id",
        patient_id(practice, 1),
        login,
    )
    assert isinstance(found, uuid.UUID)
    return found


def test_an_emergency_opening_is_reviewed_once_and_never_by_who_made_it(
    practice: Practice,
) -> None:
    mine, theirs = open_glass(practice, "cc_sup"), open_glass(practice, "cc_c1")
    assert [o["mine"] for o in practice.sup.ask("privacy_watch")["openings"]] == [True, False]
    with refused("QC100"):
        practice.sup.ask("review_break_glass", mine, "justified", "It was needed.")
    with refused("QC070"):
        practice.sup.ask("review_break_glass", theirs, "fine", "It was needed.")
    practice.sup.ask("review_break_glass", theirs, "justified", "It was needed.")
    with refused("QC101"):
        practice.sup.ask("review_break_glass", theirs, "justified", "It was needed.")
    assert [o["mine"] for o in practice.sup.ask("privacy_watch")["openings"]] == [True]
    assert practice.value("SELECT count(*) FROM app.incident") == 0


def test_an_opening_that_was_not_justified_is_a_privacy_incident(practice: Practice) -> None:
    number = open_glass(practice, "cc_c1")
    practice.sup.ask("review_break_glass", number, "not_justified", "There was no emergency.")
    (row,) = practice.sup.ask("incidents", {})
    assert (row["kind"], row["days_left"]) == ("privacy", 60)
    found = uuid.UUID(row["id"])
    assert practice.sup.ask("incident", found)["call"] is None
    assess(practice.sup, found, disclosed=False)
    assert "was not on hold" in close(practice.sup, found)["sentence"]


# ------------------------------------------------------------------------------- whose page it is

READS = {
    "who_looked": ("uuid", "date", "date"),
    "accounting": ("uuid",),
    "privacy_watch": (),
    "incidents": ("jsonb",),
    "incident": ("uuid",),
}
WRITES = {
    "record_disclosure": ("uuid", "jsonb", "uuid"),
    "assess_incident": ("uuid", "jsonb", "uuid"),
    "close_incident": ("uuid", "text", "text", "uuid"),
    "acknowledge_alert": ("uuid", "text"),
    "review_break_glass": ("uuid", "text", "text"),
}
ALLOWED = {
    "sup": {*READS, *WRITES},
    "aud": {*READS},
    "cli": {"incidents", "incident", "close_incident"},
    "c1": set[str](),
    "adm": set[str](),
    "gw": set[str](),
}


@pytest.mark.parametrize("who", list(ALLOWED))
def test_the_privacy_records_are_for_supervisors_auditors_and_in_part_clinicians(
    practice: Practice, who: str
) -> None:
    party = practice.as_person(f"cc_{who}")
    for name, kinds in {**READS, **WRITES}.items():
        code = "QC070 QC040 QC041" if name in ALLOWED[who] else "42501"
        if name in {"privacy_watch", "incidents"} and name in ALLOWED[who]:
            party.one(f"SELECT api.{name}({', '.join(f'NULL::{kind}' for kind in kinds)})")
            continue
        with refused(*code.split()):
            party.one(f"SELECT api.{name}({', '.join(f'NULL::{kind}' for kind in kinds)})")
