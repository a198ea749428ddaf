# ruff: noqa: E501  a case is one line
"""Rules at their edges, by their numbers in compliance.md: holidays (T05, T06), households (T13),
third-party payment (T31), relationship and do-not-call scrub (T33, T34), reassigned numbers (T35),
confidential communication (45 CFR 164.522(b)), agreement, budget, overrides; and that a rule's row
says for ever what was law on its days.

A case is (what it is, what is true of patient 1, the check of the gate, whether it passes). The
practice's day is Monday, 2027-03-01, 10:00 in Boston.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.db_practice import open_doors, open_practice, refused
from tests.helpers.practice_template import practice_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import TestServer

ONE = "(SELECT id FROM app.patient WHERE external_id = '1')"
TWO = "(SELECT id FROM app.patient WHERE external_id = '2')"
HERS = "'+16175559001'"  # the number of patient 1
ANNOUNCE = "UPDATE app.campaign SET purpose = 'ANNOUNCE'"
PROMO = "UPDATE app.campaign SET purpose = 'PROMO'"
PAID = "UPDATE app.campaign SET third_party_payment = true"
ALLOWS = "UPDATE app.practice SET allows_promotion = true"
REAL_LINE = "UPDATE app.gateway_health SET is_practice_line = false"
SAME_NUMBER = f"UPDATE app.patient_telecom SET e164 = {HERS}"


def seen(day: str) -> str:
    return f"UPDATE app.patient SET last_visit = '{day}'"


def lives(state: str) -> str:
    return f"UPDATE app.patient SET state_code = '{state}'"


def paid(day: str) -> str:
    return f"INSERT INTO app.account_balance (patient_id, as_of, last_payment_on) SELECT id, '{day}', '{day}' FROM app.patient"


def scrub(day: str, listed: str = "false") -> str:
    return f"INSERT INTO app.dnc_scrub VALUES ({HERS}, '{day}', {listed}, 'test')"


def reassigned(answer: str, day: str = "2027-02-01") -> str:
    return f"INSERT INTO app.reassigned_check VALUES ({HERS}, '2025-06-01', '{day}', '{answer}', 'test')"


def confidential(e164: str, *, withdrawn: bool = False, minutes: int = 0, more: str = "") -> str:
    """Patient 1 asked for this, so many minutes after the others."""
    column, _, value = (more or "extension=''").partition("=")
    return (
        f"INSERT INTO app.confidential_request (patient_id, withdrawn, e164, source, recorded_at, {column}) "
        f"VALUES ({ONE}, {withdrawn}, {e164}, 'form', app.now() + interval '{minutes} minutes', {value})"
    )


def suppress(patient: str, scope: str, *, number: str = "NULL", channel: str = "voice") -> str:
    return (
        "INSERT INTO app.suppression (patient_id, e164, scope, channel, source, received_at, honour_by) "
        f"VALUES ({patient}, {number}, '{scope}', '{channel}', 'test', app.now(), app.now())"
    )


def signed(valid: str) -> str:
    return f"INSERT INTO app.patient_authorization (patient_id, kind, valid, evidence) VALUES ({ONE}, 'marketing', '{valid}', 'scan')"


def agreement(valid: str, kind: str = "carrier") -> str:
    return f"INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid) VALUES ('{kind}', 'carrier', 'the practice', 'scan', '{valid}')"


def messages(count: int, age: str = "1 day") -> str:
    return (
        "INSERT INTO app.communication (id, patient_id, channel, purpose, sent_at, recorded_by) "
        f"SELECT gen_random_uuid(), {ONE}, 'text', 'RECALL', app.now() - interval '{age}', 'test' FROM generate_series(1, {count})"
    )


def override(
    checks: str, *, since: str = "1 hour", until: str = "1 hour", used: str = "NULL"
) -> str:
    return (
        "INSERT INTO app.gate_override (patient_id, checks, reason, granted_by, granted_at, until, used_by) "
        f"SELECT {ONE}, '{{{checks}}}', 'a critical result', p.id, app.now() - interval '{since}', "
        f"app.now() + interval '{until}', {used} FROM app.person p WHERE p.login = 'cc_cli'"
    )


CASES: tuple[tuple[str, tuple[str, ...], str, bool], ...] = (
    # ---- T33: after 18 months an announcement needs a fresh scrub (PA 12, MS 6)
    ("T33 18 months to the day", (ANNOUNCE, seen("2025-09-01")), "relationship", True),
    ("T33 18 months and a day", (ANNOUNCE, seen("2025-08-31")), "relationship", False),
    ("T33 never seen", (ANNOUNCE, "UPDATE app.patient SET last_visit = NULL"), "relationship", False),
    ("T33 a payment counts", (ANNOUNCE, seen("2020-01-01"), paid("2025-09-01")), "relationship", True),
    ("T33 a payment too old", (ANNOUNCE, seen("2020-01-01"), paid("2025-08-31")), "relationship", False),
    ("T33 the later of the two", (ANNOUNCE, seen("2025-09-01"), paid("2020-01-01")), "relationship", True),
    ("T33 PA 12 months", (ANNOUNCE, lives("PA"), seen("2026-03-01")), "relationship", True),
    ("T33 PA 12 months and a day", (ANNOUNCE, lives("PA"), seen("2026-02-28")), "relationship", False),
    ("T33 MS 6 months", (ANNOUNCE, lives("MS"), seen("2026-09-01")), "relationship", True),
    ("T33 MS 6 months and a day", (ANNOUNCE, lives("MS"), seen("2026-08-31")), "relationship", False),
    ("T33 the number's state counts too", (ANNOUNCE, "UPDATE app.patient_telecom SET states = '{MS}'", seen("2026-08-31")), "relationship", False),
    ("T33 PROMO as well", (PROMO, ALLOWS, seen("2025-08-31")), "relationship", False),
    # ---- T34: a scrub is 31 days fresh, and what it says counts
    ("T34 31 days", (ANNOUNCE, seen("2020-01-01"), scrub("2027-01-29")), "relationship", True),
    ("T34 32 days", (ANNOUNCE, seen("2020-01-01"), scrub("2027-01-28")), "relationship", False),
    ("T34 listed", (ANNOUNCE, seen("2020-01-01"), scrub("2027-02-20", "true")), "relationship", False),
    ("T34 the newest counts", (ANNOUNCE, seen("2020-01-01"), scrub("2027-02-10"), scrub("2027-02-20", "true")), "relationship", False),
    ("T34 no longer listed", (ANNOUNCE, seen("2020-01-01"), scrub("2027-02-10", "true"), scrub("2027-02-20")), "relationship", True),
    ("T34 of another number", (ANNOUNCE, seen("2020-01-01"), scrub("2027-02-20").replace("9001", "9002")), "relationship", False),
    ("T34 of tomorrow", (ANNOUNCE, seen("2020-01-01"), scrub("2027-03-02")), "relationship", False),
    # ---- T31 and the practice's own choice
    ("T31 paid, not signed", (PAID,), "purpose", False),
    ("T31 paid and signed", (PAID, signed("[2027-01-01,2027-03-02)")), "purpose", True),
    ("T31 signed until yesterday", (PAID, signed("[2027-01-01,2027-03-01)")), "purpose", False),
    ("T31 signed from tomorrow", (PAID, signed("[2027-03-02,)")), "purpose", False),
    ("promotion, not chosen", (PROMO, seen("2027-01-01")), "purpose", False),
    ("promotion, chosen", (PROMO, ALLOWS, seen("2027-01-01")), "purpose", True),
    # ---- T35
    ("T35 yes", (reassigned("yes"),), "reassigned", False),
    ("T35 no", (reassigned("no"),), "reassigned", True),
    ("T35 no data", (reassigned("no_data"),), "reassigned", True),
    ("T35 asked again", (reassigned("yes"), reassigned("no", "2027-02-02")), "reassigned", True),
    ("T35 and yes in the end", (reassigned("no"), reassigned("yes", "2027-02-02")), "reassigned", False),
    ("T35 the number is then none to dial", (reassigned("yes"),), "number", False),
    # ---- 164.522(b): passes every other contact fact
    ("confidential, this number", (confidential(HERS),), "confidential", True),
    ("confidential, another number", (confidential("'+16175550001'"),), "confidential", False),
    ("confidential, an extension", (confidential(HERS, more="extension='12'"),), "confidential", False),
    ("confidential, no telephone", (confidential("NULL"),), "confidential", False),
    ("confidential, withdrawn", (confidential("NULL"), confidential("NULL", withdrawn=True, minutes=1)), "confidential", True),
    ("confidential, asked again", (confidential("NULL", withdrawn=True), confidential("NULL", minutes=1)), "confidential", False),
    ("confidential, the newest", (confidential("NULL"), confidential(HERS, minutes=1)), "confidential", True),
    ("confidential, its state is open", (confidential(HERS, more="state_code='KY'"),), "hours", True),
    ("confidential, its zone is not", (confidential(HERS, more="zones='{America/Los_Angeles}'"),), "hours", False),
    # ---- opt-outs by number, household, channel and scope
    ("T13 STOP from a household's number: a person may call", (SAME_NUMBER, suppress(TWO, "household", number=HERS, channel="automated")), "suppressed", True),
    ("a household's opt-out of calls", (SAME_NUMBER, suppress(TWO, "household", number=HERS)), "suppressed", False),
    ("a household's, on another number", (suppress(TWO, "household", number="'+16175559002'"),), "suppressed", True),
    ("a household's, on any number of it", (f"INSERT INTO app.patient_telecom (patient_id, use, e164) VALUES ({ONE}, 'home', '+16175559002')", suppress(TWO, "household", number="'+16175559002'")), "suppressed", False),
    ("a number shared, somebody else's opt-out of it", (SAME_NUMBER, suppress(TWO, "number", number=HERS)), "suppressed", False),
    ("a number shared, somebody else's opt-out of calls", (SAME_NUMBER, suppress(TWO, "calls")), "suppressed", True),
    ("a list's number", (suppress("NULL", "number", number=HERS),), "suppressed", False),
    ("calls", (suppress(ONE, "calls"),), "suppressed", False),
    ("calls of machines only", (suppress(ONE, "calls", channel="automated"),), "suppressed", True),
    ("texts only", (suppress(ONE, "calls", channel="text"),), "suppressed", True),
    ("all channels", (suppress(ONE, "calls", channel="all"),), "suppressed", False),
    ("everything, said by text", (suppress(ONE, "everything", channel="text"),), "suppressed", False),
    # ---- agreement with the carrier: none needed where no carrier is
    ("practice line", (), "carrier_agreement", True),
    ("carrier, no agreement", (REAL_LINE,), "carrier_agreement", False),
    ("carrier, until today", (REAL_LINE, agreement("[2027-01-01,2027-03-02)")), "carrier_agreement", True),
    ("carrier, until yesterday", (REAL_LINE, agreement("[2027-01-01,2027-03-01)")), "carrier_agreement", False),
    ("carrier, from tomorrow", (REAL_LINE, agreement("[2027-03-02,)")), "carrier_agreement", False),
    ("carrier, only the hosting's", (REAL_LINE, agreement("[2027-01-01,)", "hosting")), "carrier_agreement", False),
    # ---- one budget over all channels
    ("five messages in a week", (messages(5),), "contact_budget", True),
    ("six messages in a week", (messages(6),), "contact_budget", False),
    ("six, of which one is a week old", (messages(5), messages(1, "7 days")), "contact_budget", True),
    ("six, of which one is not quite", (messages(5), messages(1, "6 days 23:59:30")), "contact_budget", False),
    ("six, of which one is to come", (messages(5), messages(1, "-1 hour")), "contact_budget", True),
    # ---- a clinician's word
    ("a word for the budget", (messages(6), override("contact_budget")), "contact_budget", True),
    ("a word for something else", (messages(6), override("hours")), "contact_budget", False),
    ("a word that is over", (messages(6), override("contact_budget", since="25 hours", until="-1 second")), "contact_budget", False),
    ("a word that was used", (messages(6), override("contact_budget", used="gen_random_uuid()")), "contact_budget", False),
    ("a word to come", (messages(6), override("contact_budget", since="-1 hour", until="2 hours")), "contact_budget", False),
)  # fmt: skip


@pytest.fixture(scope="module")
def undone(migrated_server: TestServer) -> Iterator[Practice]:
    """A practice for questions alone: what a case makes true is rolled back."""
    with migrated_server.copy(practice_template(migrated_server)) as database:
        open_doors(database)
        with open_practice(database) as made:
            yield made


@pytest.mark.parametrize(
    ("facts", "check", "passes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_policy_at_its_edge(
    undone: Practice, facts: tuple[str, ...], check: str, *, passes: bool
) -> None:
    undone.beat()
    undone.rows("BEGIN")
    try:
        for fact in facts:
            undone.rows(fact)
        checks = undone.value(
            f"SELECT app.gate(e, t, app.now()) FROM app.queue_entry e "
            f"JOIN app.patient_telecom t ON t.patient_id = e.patient_id AND t.e164 = {HERS} "
            "WHERE e.id = %s",
            undone.entry_of(1),
        )
    finally:
        undone.rows("ROLLBACK")
    assert {one["name"]: one["ok"] for one in checks}[check] is passes


HOLIDAYS = (
    ("T05", "UT", "America/Denver", "2027-07-24", False),
    ("T05", "UT", "America/Denver", "2027-07-23", False),  # observed
    ("T05", "UT", "America/Denver", "2027-07-22", True),
    ("T06", "LA", "America/Chicago", "2027-02-09", False),
    ("T06", "LA", "America/Chicago", "2027-02-08", True),
    ("T06", "LA", "America/Chicago", "2027-03-26", False),  # Good Friday
    ("1.7", "LA", "America/Chicago", "2028-11-07", False),  # an election day
    ("1.7", "RI", "America/New_York", "2027-08-09", False),
    ("1.7", "RI", "America/New_York", "2027-08-10", True),
    ("1.7", "AL", "America/Chicago", "2027-04-26", False),
    ("1.7", "AL", "America/Chicago", "2027-04-27", True),
    ("1.7", "AL", "America/Chicago", "2027-06-07", False),
    ("1.7", "PA", "America/New_York", "2027-11-26", False),
    ("1.7", "PA", "America/New_York", "2027-11-29", True),
    ("1.7", "MA", "America/New_York", "2027-11-26", True),  # no ban there
    ("T07", "", "America/New_York", "2027-08-09", False),  # unknown: every state's holiday
    ("T07", "", "America/New_York", "2027-08-10", True),
)


@pytest.mark.parametrize(("rule", "state", "zone", "day", "is_open"), HOLIDAYS)
def test_policy_holidays_of_the_states(
    undone: Practice, rule: str, state: str, zone: str, day: str, *, is_open: bool
) -> None:
    noon = datetime.fromisoformat(f"{day}T12:30").replace(tzinfo=ZoneInfo(zone))
    found = undone.value(
        "SELECT app.open_hours(%s, %s, %s, %s) @> %s",
        [state] if state else [],
        [zone],
        noon,
        noon + timedelta(minutes=1),
        noon,
    )
    assert found is is_open, rule


def test_policy_t13_a_stop_from_a_household_stops_machines_for_all_and_nobodys_mail(
    practice: Practice,
) -> None:
    practice.rows(SAME_NUMBER)
    practice.rows(suppress(TWO, "household", number=HERS, channel="automated"))
    for patient in (ONE, TWO):
        stopped = {
            channel: practice.value(f"SELECT app.suppressed({patient}, {HERS}, '{channel}')")
            for channel in ("voice", "text", "email", "mail")
        }
        assert stopped == {"voice": False, "text": True, "email": False, "mail": False}


def test_policy_t35_no_data_is_not_no(practice: Practice) -> None:
    assert practice.value(f"SELECT app.reassigned({HERS})") is None
    practice.rows(reassigned("no_data"))
    assert practice.value(f"SELECT app.reassigned({HERS})") == "no_data"


def test_policy_the_number_asked_for_in_confidence_is_the_one_that_is_dialled(
    practice: Practice,
) -> None:
    other = "'+16175559990'"
    practice.rows(
        f"INSERT INTO app.patient_telecom (patient_id, use, e164, rank, zones, states) "
        f"VALUES ({ONE}, 'work', {other}, 9, '{{America/New_York}}', '{{MA}}')"
    )
    best = f"SELECT (app.best_phone({ONE})).e164"
    assert practice.value(best) == HERS.strip("'")
    practice.rows(confidential(other))
    assert practice.value(best) == other.strip("'")
    card = practice.c1.claim(practice.entry_of(1))
    assert [phone["usable"] for phone in card["phones"]] == [True, False]
    with refused("QC020") as said:
        practice.c1.dial(card, phone=card["phones"][1]["id"])
    assert said.facts["name"] == "confidential"
    practice.c1.dial(card)


@pytest.mark.parametrize(
    "check", ["suppressed", "patient_state", "number", "confidential", "caller_id"]
)
def test_policy_a_clinicians_word_is_for_hours_and_caps_only(
    practice: Practice, check: str
) -> None:
    with refused("23514"):
        practice.rows(override(check))
    with refused("23514"):
        practice.rows(override(f"hours,{check}"))


def test_policy_a_word_opens_one_call_outside_hours_and_no_second(practice: Practice) -> None:
    entry = practice.entry_of(1)
    practice.move_to(datetime(2027, 3, 2, 1, 30, tzinfo=UTC))  # 8:30 PM in Boston
    assert practice.gate(entry)["hours"] is False
    practice.rows(override("hours"))
    assert practice.gate(entry)["hours"] is True
    call = practice.c1.dial(practice.c1.claim(entry))
    assert practice.take() != []
    assert practice.value("SELECT used_by FROM app.gate_override") is not None
    assert practice.call_row(call)["state"] == "placing"
    assert practice.gate(entry)["hours"] is False


@pytest.mark.parametrize("shut", ["'MA'", "'*'"])
def test_policy_a_blackout_of_this_minute_stops_a_permit_that_was_given(
    practice: Practice, shut: str
) -> None:
    """What is worked out ahead for the queue must not outlive the rules it came from."""
    practice.beat()
    call = practice.c1.dial(practice.c1.claim(practice.entry_of(1)))
    practice.rows(f"INSERT INTO app.blackout_date VALUES ({shut}, '2027-03-01', 'emergency')")
    assert practice.take() == []
    assert practice.call_row(call)["end_reason"] == "never_placed"


# ------------------------------------------------------------------------------ rows of rules

KIND = "cap_voicemail"
NUMBER_ON = (
    "SELECT app.rule_number(%s, (%s::date + time '12:00') AT TIME ZONE p.zone) FROM app.practice p"
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    story=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 12)), min_size=1, max_size=10
    )
)
def test_property_what_was_law_on_a_day_stays_so(
    practice: Practice, story: list[tuple[int, int, int]]
) -> None:
    """Days pass, and numbers are set from some day on: no day that is past ever gets another."""
    today = date(2027, 3, 1)
    plan = {date(2020, 1, 1): 2}
    was = {}
    practice.rows("BEGIN")
    try:
        for days, number, ahead in story:
            for _ in range(days):
                was[today] = law(plan, today)
                today += timedelta(days=1)
            practice.rows(
                "UPDATE app.practice SET clock_offset = clock_offset + %s", timedelta(days=days)
            )
            begins = today + timedelta(days=ahead)
            practice.rows("SELECT app.set_rule(%s, '*', %s, %s, 'test')", KIND, number, begins)
            plan = {day: n for day, n in plan.items() if day < begins} | {begins: number}
        for n in range(40):
            day = date(2027, 2, 25) + timedelta(days=n)
            assert practice.value(NUMBER_ON, KIND, day) == was.get(day, law(plan, day)), day
        assert (
            practice.rows(
                "SELECT a.id FROM app.rule a JOIN app.rule b ON a.id < b.id AND a.kind = b.kind "
                "AND a.jurisdiction = b.jurisdiction AND a.effective && b.effective"
            )
            == []
        )
    finally:
        practice.rows("ROLLBACK")


def law(plan: dict[date, int], day: date) -> int:
    return plan[max(begins for begins in plan if begins <= day)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("SELECT app.set_rule('cap_day', '*', 3, '2027-02-28', 'test')", "QC092"),
        ("SELECT app.set_rule('no_such_rule', '*', 3, '2027-03-01', 'test')", "QC070"),
        ("UPDATE app.rule SET number = 3 WHERE kind = 'cap_day'", "QC092"),
        ("UPDATE app.rule SET citation = 'mine' WHERE kind = 'cap_day'", "QC092"),
        ("UPDATE app.rule SET jurisdiction = 'MA' WHERE kind = 'cap_day'", "QC092"),
        ("UPDATE app.rule SET effective = '[2019-01-01,)' WHERE kind = 'cap_day'", "QC092"),
        ("UPDATE app.rule SET effective = '[2020-01-01,2027-02-28)' WHERE kind = 'cap_day'", "QC092"),
        ("UPDATE app.rule SET effective = 'empty' WHERE kind = 'cap_day'", "QC092"),
        ("DELETE FROM app.rule WHERE kind = 'cap_day'", "42501"),
        ("TRUNCATE app.rule", "42501"),
        ("UPDATE app.calling_rule SET mon_fri_end = '23:00' WHERE jurisdiction = 'MA'", "QC092"),
        ("UPDATE app.calling_rule SET effective = 'empty' WHERE jurisdiction = 'MA'", "QC092"),
        ("DELETE FROM app.calling_rule WHERE jurisdiction = 'MA'", "42501"),
        ("INSERT INTO app.rule VALUES ('X', 'cap_day', 'MA', '[2027-02-28,)', 1, 'P', 'x')", "QC092"),
        ("INSERT INTO app.rule VALUES ('X', 'cap_day', '*', '[2027-03-01,)', 1, 'P', 'x')", "23P01"),
    ],
)  # fmt: skip
def test_policy_a_rules_row_is_never_rewritten(practice: Practice, change: str, code: str) -> None:
    with refused(code):
        practice.rows(change)


def test_policy_a_day_that_closed_a_row_stays_closed(practice: Practice) -> None:
    practice.rows("SELECT app.set_rule(%s, '*', 3, '2027-03-01', 'test')", KIND)
    practice.pass_time(days=2)
    for change in ("[2020-01-01,2027-06-01)", "[2020-01-01,)", "empty"):
        with refused("QC092"):
            practice.rows(
                "UPDATE app.rule SET effective = %s::daterange WHERE kind = %s "
                "AND upper(effective) = '2027-03-01'",
                change,
                KIND,
            )
