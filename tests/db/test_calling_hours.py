"""Policies of the gate: calling hours (compliance.md 1.6, 1.7; T01-T09) and caps (T10, T11)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.db_practice import refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

NEW_YORK, CHICAGO, DENVER = "America/New_York", "America/Chicago", "America/Denver"
PHOENIX, HONOLULU = "America/Phoenix", "Pacific/Honolulu"
ZONES = (NEW_YORK, CHICAGO, DENVER, PHOENIX, HONOLULU, "America/Los_Angeles", "America/Puerto_Rico")


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def is_open(
    practice: Practice, states: Sequence[str], zones: Sequence[str], moment: datetime
) -> bool:
    """Ask what the gate asks: the hours of the next days."""
    found = practice.value(
        "SELECT app.open_hours(%s, %s, %s, %s) @> %s",
        list(states),
        list(zones),
        moment,
        moment + timedelta(days=10),
        moment,
    )
    return found is True


@pytest.mark.parametrize(
    ("rule", "state", "zone", "moment", "allowed"),
    [
        ("T01", "RI", NEW_YORK, "2027-03-01T17:59:59", True),
        ("T01", "RI", NEW_YORK, "2027-03-01T18:00", False),
        ("T01", "RI", NEW_YORK, "2027-03-06T10:00", True),  # Saturday 10 to 5
        ("T01", "RI", NEW_YORK, "2027-03-06T09:59", False),
        ("T01", "RI", NEW_YORK, "2027-03-06T17:00", False),
        ("T02", "KY", NEW_YORK, "2027-03-01T09:59", False),
        ("T02", "KY", NEW_YORK, "2027-03-01T10:00", True),
        ("T02", "KY", NEW_YORK, "2027-03-01T20:59:59", True),
        ("T03", "PA", NEW_YORK, "2026-10-17T20:00", True),
        ("T03", "PA", NEW_YORK, "2026-10-19T20:00", False),
        ("T03", "PA", NEW_YORK, "2026-10-19T18:59", True),
        ("T03", "PA", NEW_YORK, "2026-10-18T12:00", False),  # the first day is a Sunday
        *(
            ("T04", state, CHICAGO, "2027-03-07T13:00", False)
            for state in ("PA", "LA", "AL", "MS", "UT", "SD", "RI")
        ),
        ("T04", "TX", CHICAGO, "2027-03-07T11:59", False),
        ("T04", "TX", CHICAGO, "2027-03-07T12:00", True),
        ("T04", "TX", CHICAGO, "2027-03-06T09:00", True),
        ("T07", "", CHICAGO, "2027-03-01T09:59", False),  # unknown state: the strictest row
        ("T07", "", CHICAGO, "2027-03-01T10:00", True),
        ("T07", "", CHICAGO, "2027-03-01T18:00", False),
        ("T07", "", CHICAGO, "2027-03-06T17:00", False),
        ("T07", "", CHICAGO, "2027-03-07T12:00", False),
        ("T07", "ZZ", CHICAGO, "2027-03-01T09:59", False),  # a state without a row is unknown
        ("1.7", "MA", NEW_YORK, "2027-03-01T07:59:59", False),
        ("1.7", "MA", NEW_YORK, "2027-03-01T08:00", True),
        ("1.7", "MA", NEW_YORK, "2027-03-01T19:59:59", True),
        ("1.7", "MA", NEW_YORK, "2027-03-01T20:00", False),
        ("1.7", "CT", NEW_YORK, "2027-03-01T08:59", False),
        ("1.7", "CA", "America/Los_Angeles", "2027-03-07T20:59", True),
        ("1.7", "NV", "America/Los_Angeles", "2027-03-01T20:00", False),
        ("1.7", "OR", "America/Los_Angeles", "2025-12-31T20:30", True),  # HB 3865 from 2026
        ("1.7", "OR", "America/Los_Angeles", "2026-01-05T20:30", False),
        ("1.7", "AZ", PHOENIX, "2027-07-05T08:00", True),  # Arizona never shifts
        ("1.7", "AZ", PHOENIX, "2027-07-05T07:59", False),
        ("1.7", "HI", HONOLULU, "2027-07-06T20:59", True),
        ("1.7", "AL", CHICAGO, "2027-07-05T12:00", False),  # Independence Day observed
        ("1.7", "LA", CHICAGO, "2027-11-25T12:00", False),  # Thanksgiving
        ("1.7", "MA", NEW_YORK, "2027-11-25T12:00", True),  # no ban on holidays
    ],
)
def test_policy_calling_hours_of_the_state(  # noqa: PLR0917  the columns of the table above
    practice: Practice, rule: str, state: str, zone: str, moment: str, allowed: bool
) -> None:
    states = [state] if state else []
    assert is_open(practice, states, [zone], local(zone, moment)) is allowed, rule


def test_policy_t05_t06_a_holiday_of_the_state_closes_the_day(practice: Practice) -> None:
    for state, zone, day in (("UT", DENVER, "2027-07-23"), ("LA", CHICAGO, "2027-02-09")):
        noon = local(zone, f"{day}T12:00")
        practice.rows(
            "INSERT INTO app.holiday VALUES (%s, %s, 'state holiday') ON CONFLICT DO NOTHING",
            state,
            day,
        )
        assert is_open(practice, [state], [zone], noon) is False
        assert is_open(practice, ["CO"], [zone], noon) is True


def test_policy_a_blackout_day_closes_the_state_or_everything(practice: Practice) -> None:
    noon = local(NEW_YORK, "2027-03-02T12:00")
    practice.rows("INSERT INTO app.blackout_date VALUES ('MA', '2027-03-02', 'emergency')")
    assert is_open(practice, ["MA"], [NEW_YORK], noon) is False
    assert is_open(practice, ["NY"], [NEW_YORK], noon) is True
    practice.rows("INSERT INTO app.blackout_date VALUES ('*', '2027-03-02', 'emergency')")
    assert is_open(practice, ["NY"], [NEW_YORK], noon) is False


def test_policy_t08_a_split_area_code_is_called_in_both_zones(practice: Practice) -> None:
    # 850 without a listed exchange, ZIP 32502: Florida's 8 to 20 in New York and in Chicago.
    zones = [NEW_YORK, CHICAGO]
    for text, allowed in (
        ("2027-03-01T07:59", False),
        ("2027-03-01T08:00", True),
        ("2027-03-01T18:59", True),
        ("2027-03-01T19:00", False),
    ):
        assert is_open(practice, ["FL"], zones, local(CHICAGO, text)) is allowed


def test_policy_a_florida_patient_with_a_seattle_mobile_has_both_rows(practice: Practice) -> None:
    zones = [NEW_YORK, "America/Los_Angeles"]
    for text, allowed in (
        ("2027-03-01T10:59", False),  # 7:59 in Seattle
        ("2027-03-01T11:00", True),
        ("2027-03-01T19:59", True),
        ("2027-03-01T20:00", False),  # Florida
    ):
        assert is_open(practice, ["FL", "WA"], zones, local(NEW_YORK, text)) is allowed


@pytest.mark.parametrize("day", ["2027-03-14", "2027-11-07", "2027-03-13", "2027-03-15"])
def test_policy_t09_days_of_23_and_25_hours_keep_the_clock_on_the_wall(
    practice: Practice, day: str
) -> None:
    for text, allowed in (("07:59", False), ("08:00", True), ("20:59", True), ("21:00", False)):
        moment = local(NEW_YORK, f"{day}T{text}")
        assert is_open(practice, ["NY"], [NEW_YORK], moment) is allowed, text


def test_policy_unknown_zone_is_the_practices(practice: Practice) -> None:
    assert is_open(practice, ["MA"], [], local(NEW_YORK, "2027-03-01T19:59")) is True
    assert is_open(practice, ["MA"], [], local(NEW_YORK, "2027-03-01T20:00")) is False


def test_policy_the_strictest_row_is_inside_every_row(practice: Practice) -> None:
    wider = practice.value(
        """
        SELECT count(*) FROM app.calling_rule s, app.calling_rule r
        WHERE s.jurisdiction = '*' AND r.effective @> date '2027-03-01' AND (
            s.mon_fri_start < r.mon_fri_start OR s.mon_fri_end > r.mon_fri_end
            OR s.sat_start < r.sat_start OR s.sat_end > r.sat_end OR s.sun_start IS NOT NULL
            OR s.cap_24h > r.cap_24h OR (s.on_holidays AND NOT r.on_holidays))
        """
    )
    assert wider == 0


STATES = ("AL", "CA", "CT", "FL", "KY", "LA", "MA", "PA", "RI", "SD", "TX", "UT", "WA", "NY")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    states=st.lists(st.sampled_from(STATES), max_size=3),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    minutes=st.integers(0, 2 * 365 * 24 * 60),
)
def test_property_hours_are_the_intersection_and_never_outside_8_to_21_anywhere(
    practice: Practice, states: list[str], zones: list[str], minutes: int
) -> None:
    moment = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    together = is_open(practice, states, zones, moment)
    pairs = itertools.product(states or [""], zones)
    each = [is_open(practice, [s] if s else [], [z], moment) for s, z in pairs]
    assert together is all(each)
    if together:
        for zone in zones:  # 47 CFR 64.1200(c)(1)
            clock = moment.astimezone(ZoneInfo(zone)).time()
            assert time(8) <= clock < time(21), zone


# ------------------------------------------------------------------ the dial, at its edges


def test_policy_the_dial_is_refused_outside_hours_and_says_when_it_opens(
    practice: Practice,
) -> None:
    practice.move_to(local(NEW_YORK, "2027-03-01T19:59"))
    card = practice.c1.claim(practice.entry_of(1))
    assert card["gate"] is None
    practice.move_to(local(NEW_YORK, "2027-03-01T20:00"))
    with refused("QC020") as said:
        practice.c1.dial(card)
    assert said.name == "hours"
    assert said.facts["gate"] == "hours"
    assert said.facts["opens_at"].startswith("2027-03-02T13:00:00")
    assert practice.value("SELECT count(*) FROM app.call") == 0


def test_policy_a_transaction_left_open_does_not_stop_the_clock(practice: Practice) -> None:
    practice.move_to(local(NEW_YORK, "2027-03-01T19:59"))
    practice.c1.run("BEGIN")
    assert practice.c1.ask("queue", "all", "", 1)["rows"][0]["gate"] is None
    practice.move_to(local(NEW_YORK, "2027-03-01T20:00:30"))
    assert practice.c1.ask("queue", "all", "", 1)["rows"][0]["gate"]["name"] == "hours"
    practice.c1.run("ROLLBACK")


def test_policy_t11_one_attempt_a_day_in_the_patients_day(practice: Practice) -> None:
    card = try_once(practice)
    with refused("QC020") as said:
        practice.c1.dial(practice.c1.claim(card["entry_id"]))
    assert said.facts["gate"] == "cap_day"
    assert said.facts["opens_at"].startswith("2027-03-02T05:00:00")  # midnight in Boston
    practice.move_to(local(NEW_YORK, "2027-03-02T08:00"))
    practice.c1.dial(practice.c1.claim(card["entry_id"]))


def test_policy_a_booked_patient_is_not_called_even_after_the_first_of_two_visits(
    practice: Practice,
) -> None:
    entry = practice.entry_of(1)
    practice.rows(
        "INSERT INTO app.appointment (patient_id, practitioner_id, span, created_at) "
        "SELECT e.patient_id, d.id, tstzrange(v.at, v.at + interval '30 minutes'), app.now() "
        "FROM app.queue_entry e, (SELECT id FROM app.practitioner WHERE bookable LIMIT 1) d, "
        "(VALUES (app.now() + interval '2 hours'), (app.now() + interval '9 days')) v (at) "
        "WHERE e.id = %s",
        entry,
    )
    assert practice.gate(entry)["appointment"] is False
    practice.pass_time(hours=4)  # the first visit's time has passed; nobody has marked it seen
    assert practice.gate(entry)["appointment"] is False
    practice.pass_time(days=9)
    assert practice.gate(entry)["appointment"] is True


def test_policy_three_attempts_a_week(practice: Practice) -> None:
    card: dict[str, object] = {}
    for day in (1, 2, 3):
        practice.move_to(local(NEW_YORK, f"2027-03-0{day}T10:30"))
        card = try_once(practice)
    practice.move_to(local(NEW_YORK, "2027-03-04T10:30"))
    assert practice.gate(card["entry_id"])["cap_week"] is False
    practice.move_to(local(NEW_YORK, "2027-03-08T10:29"))
    assert practice.gate(card["entry_id"])["cap_week"] is False
    practice.move_to(local(NEW_YORK, "2027-03-08T10:31"))
    assert practice.gate(card["entry_id"])["cap_week"] is True


@pytest.mark.parametrize("state", ["FL", "MD", "OK", "OR", "MA"])
def test_policy_t10_the_fourth_call_in_24_hours_whatever_the_product_says(
    practice: Practice, state: str
) -> None:
    practice.rows("UPDATE app.patient SET state_code = %s", state)
    practice.set_rules(cap_day=3, cap_week=7)
    card: dict[str, object] = {}
    for _ in range(3):
        card = try_once(practice, "TECHNICAL")  # counts for no cap of ours
    assert practice.gate(card["entry_id"])["cap_day"] is True
    assert practice.gate(card["entry_id"])["cap_24h"] is False
    with refused("QC020") as said:
        practice.c1.dial(practice.c1.claim(card["entry_id"]))
    assert said.facts["gate"] == "cap_24h"
    practice.move_to(practice.now() + timedelta(hours=23, minutes=59))
    assert practice.gate(card["entry_id"])["cap_24h"] is False
    practice.pass_time(minutes=2)
    assert practice.gate(card["entry_id"])["cap_24h"] is True


def test_policy_a_callback_the_patient_asked_for_passes_the_day_cap_only_when_due(
    practice: Practice,
) -> None:
    card, call = practice.talk(practice.c1, 1)
    at = practice.now() + timedelta(hours=3)
    practice.c1.finish(call, card, "CALLBACK_AT", {"callback_at": at.isoformat()})
    practice.hang_up(call)
    with refused("QC020") as said:  # the promise is for later; this would be a second attempt
        practice.c1.dial(practice.c1.claim(card["entry_id"]))
    assert said.facts["gate"] == "cap_day"
    practice.move_to(at)
    call = practice.c1.dial(practice.c1.claim(card["entry_id"]))
    assert practice.call_row(call)["was_callback"] is True


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ("UPDATE app.campaign SET status = 'paused'", "campaign"),
        ("UPDATE app.patient SET deceased = true", "patient_state"),
        ("UPDATE app.patient SET state = 'hold'", "patient_state"),
        ("UPDATE app.patient SET state = 'dismissed'", "patient_state"),
        ("UPDATE app.patient SET state = 'transferred'", "patient_state"),
        ("UPDATE app.patient SET state = 'moved'", "patient_state"),
        ("UPDATE app.patient SET state = 'deceased_reported'", "patient_state"),
        ("UPDATE app.patient SET next_appointment = app.now() + interval '1 day'", "appointment"),
        ("UPDATE app.patient_telecom SET quality = 'wrong'", "number"),
        ("UPDATE app.patient_telecom SET quality = 'failed'", "number"),
        ("UPDATE app.patient_telecom SET quality = 'retired'", "number"),
        ("UPDATE app.queue_entry SET attempts = 6", "cap_campaign"),
        ("UPDATE app.gateway_health SET state = 'down'", "line"),
        ("UPDATE app.gateway_health SET at = at - interval '31 seconds'", "line"),
        # Whether the line is real is not known: then the carrier's agreement is asked for, too.
        ("DELETE FROM app.gateway_health", "carrier_agreement"),
        ("UPDATE app.practice SET office_number = '+16175550199'", "caller_id"),  # T32
        ("UPDATE app.caller_id_authorization SET valid = '[2020-01-01,2027-03-01)'", "caller_id"),
        (
            (
                "INSERT INTO app.contact_permission "
                "(patient_id, channel, decision, source, recorded_at)"
                " SELECT id, 'voice', 'deny', 'import', app.now() FROM app.patient"
            ),
            "suppressed",
        ),
    ],
)
def test_policy_each_check_of_the_gate_refuses_the_dial(
    practice: Practice, change: str, gate: str
) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    practice.rows(change)
    with refused("QC020") as said:
        practice.c1.dial(card)
    assert said.facts["gate"] == gate
    assert said.facts["sentence"]
    assert practice.value("SELECT count(*) FROM app.live_call") == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE app.patient SET next_appointment = app.now() - interval '1 minute'",
        "UPDATE app.queue_entry SET attempts = 5",
        "UPDATE app.gateway_health SET at = at - interval '25 seconds'",
        "UPDATE app.gateway_health SET state = 'slow'",
        "UPDATE app.caller_id_authorization SET valid = '[2027-03-01,2027-03-02)'",
    ],
)
def test_policy_just_inside_each_edge_the_dial_is_granted(practice: Practice, change: str) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    practice.rows(change)
    call = practice.call_row(practice.c1.dial(card))
    assert all(check["ok"] for check in call["checks"])
    assert len(call["checks"]) == 19
    assert call["rule_pack"] == "2026-11-25"


def test_policy_only_a_number_of_the_patient_can_be_dialled(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    other = practice.value(
        "SELECT t.id FROM app.patient_telecom t JOIN app.patient p ON p.id = t.patient_id "
        "WHERE p.external_id = '2'"
    )
    with refused("QC021"):
        practice.c1.dial(card, phone=other)


def test_policy_a_real_practice_has_no_clock_to_move(practice: Practice) -> None:
    for change in (
        "UPDATE app.practice SET clock_offset = clock_offset - interval '1 second'",
        "UPDATE app.practice SET is_demo = false",
        "UPDATE app.practice SET is_demo = false, clock_offset = '0'",
    ):
        with refused("QC090"):
            practice.rows(change)
    with practice.superuser() as connection, refused("23514"), connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE app.practice SET is_demo = false")


def try_once(practice: Practice, outcome: str = "NO_ANSWER") -> dict[str, object]:
    card, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    practice.c1.finish(call, card, outcome)
    assert isinstance(card, dict)
    return card
