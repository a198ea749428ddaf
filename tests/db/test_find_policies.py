"""Policies of looking a patient up: search, opening, explanation, override, emergency access."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from coordinator_app.db.practice import SqlPractice
from coordinator_app.domain.find import OVERRIDABLE, FindQuery
from coordinator_app.errors import RefusedError
from tests.helpers.db_practice import MONDAY, PASSWORD, op, refused, without_ids

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

REASON = "returns our call"
SENTENCE = "The infusion ran over and the pharmacy closes."
BOSTON = ZoneInfo("America/New_York")


def find(who: Party, reason: str = REASON, **query: Any) -> Any:
    return who.one("SELECT api.find_patient(%s, %s)", Jsonb(query), reason)


def open_found(who: Party, entry: object, reason: str = REASON, again: object | None = None) -> Any:
    return who.one("SELECT api.open_found(%s::uuid, %s, %s)", entry, reason, again or op())


def patient_of(practice: Practice, number: int) -> str:
    return str(
        practice.value("SELECT id FROM app.patient WHERE external_id = %s", str(number)),
    )


def phone_of(number: int) -> str:
    return f"(617) 555-{9000 + number}"


def glass(who: Party, patient: str, reason: str = SENTENCE) -> Any:
    return who.one("SELECT api.break_glass(%s::uuid, %s, %s)", patient, reason, op())


def override(who: Party, patient: str, *checks: str, reason: str = SENTENCE) -> Any:
    return who.one(
        "SELECT api.override_gate(%s::uuid, %s, %s, %s)", patient, list(checks), reason, op()
    )


def why(who: Party, patient: str, at: datetime | None = None) -> Any:
    return who.one("SELECT api.why_not_called(%s::uuid, %s)", patient, at)


def newcomer(practice: Practice) -> None:
    """A patient with a number, whom no campaign has asked for yet."""
    practice.rows(
        "INSERT INTO app.patient (source, external_id, family, given, birth_date) "
        "VALUES ('test', '99', 'Zyx99', 'Given99', '1970-01-01')"
    )
    practice.rows(
        "INSERT INTO app.patient_telecom (patient_id, use, e164) VALUES (%s::uuid, 'mobile', %s)",
        patient_of(practice, 99),
        "+16175559099",
    )


def failing(told: Any, entry: int = 0) -> list[str]:
    return [check["name"] for check in told["entries"][entry]["checks"] if not check["ok"]]


def events(practice: Practice, action: str) -> list[tuple[Any, ...]]:
    """Who did this to whom, and with what detail, oldest first."""
    with practice.superuser() as root:
        return root.execute(
            "SELECT actor, patient_id::text, detail FROM audit.event WHERE action = %s "
            "ORDER BY at_us, seq",
            [action],
        ).fetchall()


def alerts(practice: Practice) -> list[str]:
    return [kind for (kind,) in practice.rows("SELECT kind FROM app.alert ORDER BY id")]


# ---------------------------------------------------------------- who is found


@pytest.mark.parametrize(
    "query",
    [
        {"phone": "617-555-9003"},
        {"phone": "+1 (617) 555 9003"},
        {"name": "Given3 Zyx3"},
        {"name": "zyx3, given"},
        {"name": "Zyx3", "birth_date": "1970-01-01"},
    ],
)
def test_policy_a_caller_is_found_by_number_or_by_names(
    practice: Practice, query: dict[str, Any]
) -> None:
    found = find(practice.c1, **query)
    assert found["refused"] is None
    assert [row["patient_id"] for row in found["rows"]] == [patient_of(practice, 3)]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"phone": "", "name": "", "birth_date": None},
        {"name": "Zyx3"},
        {"name": "Z", "birth_date": "1970-01-01"},
        {"birth_date": "1970-01-01"},
        {"phone": "9003"},
        {"phone": "617"},
        {"phone": "1" * 40},
        {"name": "one two three four five six seven"},
    ],
)
def test_policy_half_a_question_is_no_list_of_patients(
    practice: Practice, query: dict[str, Any]
) -> None:
    with refused("QC070") as said:
        find(practice.c1, **query)
    assert said.facts["sentence"].startswith("Enter the whole telephone number")


@pytest.mark.parametrize(
    "question",
    [
        {"name": "Ana Garcia Lopez"},
        {"name": "Garcia Lopez, Ana"},
        {"name": "garcia lopez", "birth_date": "1970-01-01"},
    ],
)
def test_a_family_name_of_two_words_is_found(practice: Practice, question: dict[str, str]) -> None:
    newcomer(practice)
    practice.rows(
        "UPDATE app.patient SET given = 'Ana', family = 'Garcia Lopez' WHERE external_id = '99'"
    )
    assert [row["first_name"] for row in find(practice.c1, **question)["rows"]] == ["Ana"]


@pytest.mark.parametrize("name", ["% %", "_ _", "Zyx_ Given", "given zy", "' OR true --"])
def test_policy_no_pattern_finds_anybody(practice: Practice, name: str) -> None:
    assert find(practice.c1, name=name)["rows"] == []


@pytest.mark.parametrize("reason", ["", "  ", "x"])
def test_policy_a_look_up_needs_a_reason(practice: Practice, reason: str) -> None:
    with refused("QC070") as said:
        find(practice.c1, reason, phone=phone_of(3))
    assert said.facts["field"] == "reason"


def test_policy_a_look_up_shows_masked_fields_and_nothing_else(practice: Practice) -> None:
    (row,) = find(practice.c1, phone=phone_of(3))["rows"]
    assert set(row) == {
        "patient_id", "first_name", "last_initial", "birth_year", "number_ending", "why",
        "last_call",
    }  # fmt: skip
    assert (row["first_name"], row["last_initial"], row["birth_year"], row["number_ending"]) == (
        "Given3", "Z", 1970, "03",
    )  # fmt: skip
    (place,) = row["why"]
    assert set(place) == {"campaign", "entry_id", "sentence", "holder", "can_open"}
    for secret in ("Zyx3", "01-01", "+1617", "4711", "02110", "Elm", "@example"):
        assert secret not in without_ids(row)


def test_policy_not_found_and_found_answer_in_the_same_shape(practice: Practice) -> None:
    there, not_there = find(practice.c1, phone=phone_of(3)), find(practice.c1, phone="6175550000")
    assert set(there) == set(not_there) == {"rows", "refused"}
    assert not_there == {"rows": [], "refused": None}


def test_policy_each_look_up_and_each_patient_shown_is_in_the_audit(practice: Practice) -> None:
    practice.rows(
        "UPDATE app.patient_telecom SET e164 = '+16175559001' WHERE patient_id = %s::uuid",
        patient_of(practice, 2),
    )
    find(practice.c1, "asked by the office", phone=phone_of(1))
    find(practice.c1, phone="6175550000")
    assert [(who, detail["rows"], detail["by"], detail["reason"]) for who, _, detail in events(
        practice, "patient.search")] == [
        ("cc_c1", 2, ["phone"], "asked by the office"), ("cc_c1", 0, ["phone"], REASON),
    ]  # fmt: skip
    shown = {patient for _, patient, _ in events(practice, "found.read")}
    assert shown == {patient_of(practice, 1), patient_of(practice, 2)}
    # What was typed is a patient's number or name: it is not kept.
    with practice.superuser() as root:
        kept = str(root.execute("SELECT object, detail FROM audit.event").fetchall())
    assert "9001" not in kept


@pytest.mark.parametrize("login", ["adm", "gw", "nobody"])
def test_policy_who_speaks_to_no_patient_looks_nobody_up(practice: Practice, login: str) -> None:
    with refused("42501"):
        find(practice.as_person(f"cc_{login}"), phone=phone_of(3))


def test_policy_an_expired_training_looks_nobody_up(practice: Practice) -> None:
    practice.rows("UPDATE app.training_record SET expires_on = '2027-02-28'")
    with refused("QC003"):
        find(practice.c1, phone=phone_of(3))


# ---------------------------------------------------------------- why not here


def sentence_of(practice: Practice, number: int, who: Party | None = None) -> str:
    (row,) = find(who or practice.sup, phone=phone_of(number))["rows"]
    return str(row["why"][0]["sentence"])


def test_a_found_patient_says_why_they_are_not_next(practice: Practice) -> None:
    assert sentence_of(practice, 1) == "In the queue; may be called now."
    practice.c2.claim(practice.entry_of(2))
    (row,) = find(practice.c1, phone=phone_of(2))["rows"]
    assert row["why"][0]["holder"] == "Amelia Brown"
    assert row["why"][0]["sentence"] == "Amelia Brown has this patient open."
    assert row["why"][0]["can_open"] is False
    practice.rows(
        "UPDATE app.queue_entry SET state = 'waiting', due_at = app.now() + interval '2 days' "
        "WHERE id = %s::uuid",
        practice.entry_of(3),
    )
    assert sentence_of(practice, 3).startswith("The next attempt is planned for ")
    practice.rows(
        "UPDATE app.queue_entry SET state = 'closed', closed_reason = 'declined', "
        "closed_at = app.now() WHERE id = %s::uuid",
        practice.entry_of(4),
    )
    assert sentence_of(practice, 4) == "Left this campaign on Mar 1: declined."
    practice.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "VALUES (%s::uuid, 'calls', 'test', app.now(), app.now())",
        patient_of(practice, 5),
    )
    assert sentence_of(practice, 5) == "This patient asked not to be called."
    newcomer(practice)
    (row,) = find(practice.sup, phone=phone_of(99))["rows"]
    assert row["why"] == [{
        "campaign": "", "entry_id": None, "holder": None, "can_open": False,
        "sentence": "No running campaign of the practice asks for this patient.",
    }]  # fmt: skip


def test_a_patient_of_mine_is_told_as_mine(practice: Practice) -> None:
    practice.c1.claim(practice.entry_of(1))
    (row,) = find(practice.c1, phone=phone_of(1))["rows"]
    assert (row["why"][0]["holder"], row["why"][0]["can_open"]) == ("Jordan Park", True)


# ---------------------------------------------------------------- limits


def test_policy_look_ups_are_limited_and_a_rollback_gives_none_back(practice: Practice) -> None:
    practice.set_rules(searches_per_hour=6)
    for _ in range(3):  # half of an hour's at once
        practice.c1.run("BEGIN")
        assert find(practice.c1, phone=phone_of(1))["rows"]
        practice.c1.run("ROLLBACK")
    answer = find(practice.c1, phone=phone_of(2))
    assert answer["rows"] == []
    assert answer["refused"]["name"] == "search_limit"
    assert "Your supervisor has been told" in answer["refused"]["sentence"]
    assert "search_limit" in alerts(practice)
    assert find(practice.c2, phone=phone_of(2))["rows"], "somebody else's allowance"
    for _ in range(10):
        assert find(practice.sup, phone=phone_of(2))["rows"], "who oversees is counted, not stopped"


def test_policy_opening_what_was_found_is_limited_and_a_rollback_gives_none_back(
    practice: Practice,
) -> None:
    practice.set_rules(found_per_hour=4)
    for number in (1, 2):
        practice.c1.run("BEGIN")
        assert open_found(practice.c1, practice.entry_of(number))["patient_id"]
        practice.c1.run("ROLLBACK")
    answer = open_found(practice.c1, practice.entry_of(3))
    assert answer["refused"]["name"] == "search_limit"
    assert practice.entry(practice.entry_of(3))["state"] == "ready"
    assert "search_limit" in alerts(practice)
    assert open_found(practice.sup, practice.entry_of(3))["patient_id"]


def test_policy_a_refused_opening_asked_again_stays_refused(practice: Practice) -> None:
    practice.set_rules(found_per_hour=2)
    assert open_found(practice.c1, practice.entry_of(1))["patient_id"]
    again = op()
    for _ in range(2):
        answer = open_found(practice.c1, practice.entry_of(3), again=again)
        assert answer["refused"]["name"] == "search_limit"
    assert practice.entry(practice.entry_of(3))["state"] == "ready"


def test_policy_what_is_opened_by_a_look_up_counts_as_a_chart(practice: Practice) -> None:
    practice.set_rules(charts_per_hour=2, found_per_hour=20)
    assert open_found(practice.c1, practice.entry_of(1))["patient_id"]
    assert open_found(practice.c1, practice.entry_of(2))["refused"]["name"] == "read_limit"


def test_policy_emergencies_are_limited_and_a_rollback_gives_none_back(practice: Practice) -> None:
    practice.set_rules(break_glass_per_day=4)
    for number in (1, 2):
        practice.c1.run("BEGIN")
        assert glass(practice.c1, patient_of(practice, number))["chart"]
        practice.c1.run("ROLLBACK")
    answer = glass(practice.c1, patient_of(practice, 3))
    assert answer["refused"]["name"] == "glass_limit"
    assert practice.value("SELECT count(*) FROM app.break_glass") == 0
    assert "search_limit" in alerts(practice)


# ---------------------------------------------------------------- opening


def test_policy_a_returning_caller_is_opened_like_any_patient(practice: Practice) -> None:
    card = open_found(practice.c1, practice.entry_of(3))
    assert card["entry_id"] == practice.entry_of(3)
    assert card["chart"] is None, "the identity is checked on this call as on any"
    assert practice.entry(card["entry_id"])["state"] == "claimed"
    ((who, patient, detail),) = events(practice, "found.open")
    assert (who, patient, detail["reason"]) == ("cc_c1", patient_of(practice, 3), REASON)
    assert practice.c1.dial(card)["id"]


def test_policy_whoever_holds_the_patient_keeps_the_patient(practice: Practice) -> None:
    practice.c2.claim(practice.entry_of(3))
    with refused("QC010") as said:
        open_found(practice.c1, practice.entry_of(3))
    assert said.facts["by"] == "Amelia Brown"


def test_policy_opening_needs_a_reason_and_the_role(practice: Practice) -> None:
    with refused("QC070"):
        open_found(practice.c1, practice.entry_of(3), " ")
    for login in ("cli", "aud", "adm"):
        with refused("42501"):
            open_found(practice.as_person(f"cc_{login}"), practice.entry_of(3))


# ---------------------------------------------------------------- emergency access


def test_policy_an_emergency_opens_any_chart_tells_and_is_logged(practice: Practice) -> None:
    patient = patient_of(practice, 7)
    practice.c2.claim(practice.entry_of(7))  # whoever holds the patient: an emergency goes before
    seen = glass(practice.c1, patient)
    assert seen["last_name"] == "Zyx7"
    assert seen["chart"]["timeline"] == []
    assert seen["phones"] == ["(617) 555-9007"]
    assert datetime.fromisoformat(seen["until"]) - practice.now() <= timedelta(minutes=30)
    assert alerts(practice) == ["break_glass"]
    ((who, about, detail),) = events(practice, "break_glass")
    assert (who, about, detail["reason"]) == ("cc_c1", patient, SENTENCE)
    assert [about for _, about, _ in events(practice, "emergency.read")] == [patient]
    assert practice.rows("SELECT reviewed_by FROM app.break_glass") == [(None,)]
    again = practice.c1.one("SELECT api.emergency_chart(%s::uuid)", seen["id"])
    assert again == seen
    assert len(events(practice, "emergency.read")) == 2


def test_policy_t22_an_emergency_is_over_after_half_an_hour(practice: Practice) -> None:
    seen = glass(practice.c1, patient_of(practice, 7))
    practice.pass_time(minutes=29)
    assert practice.c1.one("SELECT api.emergency_chart(%s::uuid)", seen["id"])["chart"]
    practice.pass_time(minutes=1, seconds=1)
    with refused("QC052"):
        practice.c1.one("SELECT api.emergency_chart(%s::uuid)", seen["id"])


def test_policy_an_emergency_is_one_persons(practice: Practice) -> None:
    seen = glass(practice.c1, patient_of(practice, 7))
    for who in (practice.c2, practice.sup, practice.cli):
        with refused("QC052"):
            who.one("SELECT api.emergency_chart(%s::uuid)", seen["id"])


@pytest.mark.parametrize("reason", ["", "too short", " " * 40, "x" * 2001])
def test_policy_an_emergency_needs_a_sentence(practice: Practice, reason: str) -> None:
    with refused("QC070") as said:
        glass(practice.c1, patient_of(practice, 7), reason)
    assert said.facts["field"] == "reason"
    assert alerts(practice) == []


@pytest.mark.parametrize("login", ["adm", "aud", "gw", "nobody"])
def test_policy_an_emergency_is_for_those_who_care_for_patients(
    practice: Practice, login: str
) -> None:
    with refused("42501"):
        glass(practice.as_person(f"cc_{login}"), patient_of(practice, 7))


def test_policy_an_emergency_asked_twice_is_one(practice: Practice) -> None:
    same, patient = op(), patient_of(practice, 7)
    ask = "SELECT api.break_glass(%s::uuid, %s, %s)"
    first = practice.c1.one(ask, patient, SENTENCE, same)
    assert practice.c1.one(ask, patient, SENTENCE, same)["id"] == first["id"]
    assert practice.value("SELECT count(*) FROM app.break_glass") == 1


# ---------------------------------------------------------------- explanation


@pytest.fixture
def october(practice: Practice) -> Practice:
    """One patient who lives in Pennsylvania."""
    practice.rows(
        "UPDATE app.patient SET state_code = 'PA' WHERE external_id = '1'",
    )
    practice.rows(
        "UPDATE app.patient_telecom SET states = '{PA}' WHERE patient_id = %s::uuid",
        patient_of(practice, 1),
    )
    return practice


def at_eight(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T20:00").replace(tzinfo=BOSTON).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "allowed", "citation"),
    [
        ("2026-10-17", True, "73 P.S. 2245(a)"),
        ("2026-10-18", False, "73 P.S. 2245(a); Act 47 of 2026"),  # a Sunday, and the first day
        ("2026-10-19", False, "73 P.S. 2245(a); Act 47 of 2026"),
    ],
)
def test_policy_t03_a_moment_is_explained_under_the_rules_of_its_day(
    october: Practice, day: str, allowed: bool, citation: str
) -> None:
    told = why(october.aud, patient_of(october, 1), at_eight(day))
    hours = next(c for c in told["entries"][0]["checks"] if c["name"] == "hours")
    assert hours["ok"] is allowed
    assert hours["facts"] == {"states": ["PA"], "zones": ["America/New_York"]}
    assert [rule["citation"] for rule in hours["rules"]] == [citation]
    assert ("opens_at" in hours) is not allowed
    if not allowed:  # Sunday and Monday evening: the next morning at nine
        opens = datetime.fromisoformat(hours["opens_at"]).astimezone(BOSTON)
        assert (opens.hour, opens.isoweekday() in {1, 2}) == (9, True)


def test_policy_the_explanation_is_what_dial_answers(practice: Practice) -> None:
    practice.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "VALUES (%s::uuid, 'calls', 'test', app.now(), app.now())",
        patient_of(practice, 1),
    )
    card = practice.c1.claim(practice.entry_of(1))
    with refused("QC020") as said:
        practice.c1.dial(card)
    told = why(practice.sup, patient_of(practice, 1))
    assert failing(told) == [said.facts["gate"]] == ["suppressed"]
    (refusal,) = told["refusals"]
    assert (refusal["by"], refusal["rule_pack"]) == ("Jordan Park", told["rule_pack"])
    assert [c["name"] for c in refusal["checks"] if not c["ok"]] == ["suppressed"]
    names = {check["name"] for check in told["entries"][0]["checks"]}
    assert names == set(practice.gate(practice.entry_of(1)))


def test_policy_the_explanation_is_logged_with_its_moment(practice: Practice) -> None:
    why(practice.cli, patient_of(practice, 1), MONDAY)
    ((who, about, detail),) = events(practice, "gate.read")
    assert (who, about) == ("cc_cli", patient_of(practice, 1))
    assert datetime.fromisoformat(detail["at"]) == MONDAY


@pytest.mark.parametrize("login", ["c1", "adm", "gw", "nobody"])
def test_policy_the_explanation_is_for_those_who_answer_for_the_calls(
    practice: Practice, login: str
) -> None:
    with refused("42501"):
        why(practice.as_person(f"cc_{login}"), patient_of(practice, 1))


def test_a_patient_in_no_campaign_is_explained_too(practice: Practice) -> None:
    newcomer(practice)
    told = why(practice.sup, patient_of(practice, 99))
    assert told["entries"] == []
    assert told["outside"] == "No running campaign of the practice asks for this patient."


@pytest.mark.parametrize("moment", ["2020-01-01T00:00Z", "2026-01-01T12:00Z", "2028-02-20T12:00Z"])
def test_every_moment_that_may_be_asked_is_explained(practice: Practice, moment: str) -> None:
    told = why(practice.sup, patient_of(practice, 1), datetime.fromisoformat(moment))
    for check in told["entries"][0]["checks"]:
        assert check["ok"] or check["sentence"], check["name"]


# ---------------------------------------------------------------- override


@pytest.fixture
def evening(practice: Practice) -> Practice:
    """Ten at night, when nobody may be called."""
    practice.pass_time(hours=12)
    return practice


def test_policy_an_override_lets_one_call_pass_and_the_permit_names_it(
    evening: Practice,
) -> None:
    patient, entry = patient_of(evening, 1), evening.entry_of(1)
    with refused("QC020") as said:
        evening.c1.dial(evening.c1.claim(entry))
    assert said.facts["gate"] == "hours"
    given = override(evening.cli, patient, "hours")
    card = evening.c1.claim(entry)
    assert card["gate"] is None
    call = evening.c1.dial(card)
    hours = next(c for c in evening.call_row(call)["checks"] if c["name"] == "hours")
    assert (hours["ok"], hours["overridden_by"]) == (True, given["id"])
    assert hours["sentence"].startswith("It is outside calling hours")
    (kept,) = why(evening.sup, patient)["overrides"]
    assert (kept["by"], kept["checks"], kept["reason"], kept["used"]) == (
        "Noor Haddad", ["hours"], SENTENCE, True,
    )  # fmt: skip
    # Once: the next dial is refused again.
    evening.hang_up(call, "no_answer")
    evening.c1.finish(call, card, "NO_ANSWER")
    with refused("QC020") as said:
        evening.c1.dial(evening.c1.claim(entry))
    assert said.facts["gate"] == "hours"


def test_policy_an_override_is_told_and_logged(practice: Practice) -> None:
    given = override(practice.cli, patient_of(practice, 1), "cap_day", "hours")
    assert alerts(practice) == ["override"]
    ((who, about, detail),) = events(practice, "gate.override")
    assert (who, about) == ("cc_cli", patient_of(practice, 1))
    assert detail == {"checks": ["cap_day", "hours"], "reason": SENTENCE}
    until = datetime.fromisoformat(given["until"]) - practice.now()
    assert timedelta(hours=23, minutes=59) < until <= timedelta(hours=24)


def test_policy_an_override_passes_only_the_checks_it_names(evening: Practice) -> None:
    override(evening.cli, patient_of(evening, 1), "cap_day")
    with refused("QC020") as said:
        evening.c1.dial(evening.c1.claim(evening.entry_of(1)))
    assert said.facts["gate"] == "hours"


def test_policy_two_overrides_pass_what_both_name(evening: Practice) -> None:
    evening.rows("UPDATE app.queue_entry SET attempts = 6")
    patient = patient_of(evening, 1)
    given = {name: override(evening.cli, patient, name)["id"] for name in ("hours", "cap_campaign")}
    call = evening.c1.dial(evening.c1.claim(evening.entry_of(1)))
    named = {c["name"]: c.get("overridden_by") for c in evening.call_row(call)["checks"]}
    assert {name: named[name] for name in given} == given
    assert [row["used"] for row in why(evening.sup, patient)["overrides"]] == [True, True]


def test_policy_an_override_runs_out(evening: Practice) -> None:
    override(evening.cli, patient_of(evening, 1), "hours")
    evening.pass_time(hours=24, minutes=1)
    with refused("QC020") as said:
        evening.c1.dial(evening.c1.claim(evening.entry_of(1)))
    assert said.facts["gate"] == "hours"


@pytest.mark.parametrize("login", ["c1", "sup", "adm", "aud", "gw"])
def test_policy_only_a_clinician_overrides(practice: Practice, login: str) -> None:
    with refused("42501"):
        override(practice.as_person(f"cc_{login}"), patient_of(practice, 1), "hours")


@pytest.mark.parametrize(
    "checks",
    [(), (None,), ("hours", None), ("suppressed",), ("hours", "suppressed"), ("person",),
     ("patient_state",), ("caller_id",), ("purpose",), ("confidential",), ("number",)],
)  # fmt: skip
def test_policy_hours_and_caps_can_be_overridden_and_nothing_else(
    practice: Practice, checks: tuple[str, ...]
) -> None:
    with refused("QC070"):
        override(practice.cli, patient_of(practice, 1), *checks)
    assert practice.value("SELECT count(*) FROM app.gate_override") == 0


def test_the_window_offers_what_the_database_lets_pass(practice: Practice) -> None:
    for check in OVERRIDABLE:
        assert override(practice.cli, patient_of(practice, 1), check)["id"]


@pytest.mark.parametrize("reason", ["", "too short", " " * 40, "x" * 2001])
def test_policy_an_override_needs_a_sentence(practice: Practice, reason: str) -> None:
    with refused("QC070") as said:
        override(practice.cli, patient_of(practice, 1), "hours", reason=reason)
    assert said.facts["field"] == "reason"


def test_policy_an_override_needs_a_login_of_just_now(practice: Practice) -> None:
    """An unattended window is not enough: the connection itself must be young."""
    practice.set_rules(fresh_login_minutes=0)  # every connection is older than that
    with refused("QC007"):
        override(practice.cli, patient_of(practice, 1), "hours")
    practice.set_rules(fresh_login_minutes=5)
    another = practice.another("cc_cli")
    assert override(another, patient_of(practice, 1), "hours")["id"]


def test_policy_an_override_does_not_wake_a_patient_who_opted_out(evening: Practice) -> None:
    evening.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "VALUES (%s::uuid, 'calls', 'test', app.now(), app.now())",
        patient_of(evening, 1),
    )
    override(evening.cli, patient_of(evening, 1), *sorted(OVERRIDABLE))
    with refused("QC020") as said:
        evening.c1.dial(evening.c1.claim(evening.entry_of(1)))
    assert said.facts["gate"] == "suppressed"


# ---------------------------------------------------------------- as the window asks


def as_window(practice: Practice, login: str) -> SqlPractice:
    conninfo = practice.another(login).connection.info
    return SqlPractice({
        "host": conninfo.host, "port": conninfo.port, "dbname": conninfo.dbname,
        "user": login, "password": PASSWORD,
    })  # fmt: skip


def test_the_window_understands_every_answer(practice: Practice) -> None:
    patient, entry = UUID(patient_of(practice, 1)), UUID(practice.entry_of(1))
    coordinator, clinician = as_window(practice, "cc_c1"), as_window(practice, "cc_cli")
    try:
        (row,) = coordinator.find_patient(FindQuery(phone=phone_of(1)), REASON).rows
        assert (row.patient_id, row.name) == (patient, "Given1 Z.")
        assert coordinator.open_found(entry, REASON, op()).entry_id == entry
        seen = coordinator.break_glass(patient, SENTENCE, op())
        assert coordinator.emergency_chart(seen.id) == seen
        granted = clinician.override_gate(patient, ["hours"], SENTENCE, op())
        told = clinician.why_not_called(patient, None)
        assert told.overrides[0].until == granted.until
        practice.set_rules(searches_per_hour=1)
        with pytest.raises(RefusedError) as refusal:
            coordinator.find_patient(FindQuery(name="Given1 Zyx1"), REASON)
        assert refusal.value.detail["gate"] == "search_limit"
        practice.pass_time(hours=12)
        with pytest.raises(RefusedError) as refusal:
            coordinator.emergency_chart(seen.id)
        assert refusal.value.sentence.startswith("The emergency access has ended")
        hours = next(
            c
            for c in clinician.why_not_called(patient, None).entries[0].checks
            if c.name == "hours"
        )
        assert hours.facts is not None
        assert hours.facts.states == ("MA",)
    finally:
        coordinator.close()
        clinician.close()
