"""The decoder of the database's JSON answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest

from coordinator_app.db.codec import DecodeError, decode, decode_rows, encode
from coordinator_app.domain.call import CallFact, CallState, Caption
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.outcome import OutcomeDetails, Recorded
from coordinator_app.domain.person import PersonRow, Role
from coordinator_app.domain.queue import Gate, QueuePage
from coordinator_app.domain.team import FunnelStep, TeamBoard

ID = UUID("01890000-0000-7000-8000-000000000001")
PERSON = {"id": str(ID), "login": "ana", "name": "Ana Li", "role": "supervisor", "languages": []}


def test_times_become_aware_utc_whatever_zone_the_server_writes() -> None:
    gate = decode(Gate, {"name": "hours", "sentence": "s", "opens_at": "2026-11-23T08:00:00-05:00"})
    assert gate.opens_at == datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert gate.opens_at.tzinfo is UTC


@pytest.mark.parametrize("digits", ["", ".1", ".123", ".123456"])
def test_a_jsonb_time_may_have_any_number_of_decimals(digits: str) -> None:
    gate = decode(
        Gate, {"name": "", "sentence": "", "opens_at": f"2026-11-23T08:00:00{digits}+00:00"}
    )
    assert gate.opens_at is not None
    assert gate.opens_at.second == 0


def test_nested_values_enums_dates_and_none() -> None:
    row = {
        "person": PERSON | {"languages": ["en", "es"]},
        "active": True,
        "training": "HIPAA",
        "training_expires": "2027-01-31",
        "last_seen": None,
    }
    read = decode(PersonRow, row)
    assert read.person.role is Role.SUPERVISOR
    assert read.person.languages == ("en", "es")
    assert read.training_expires == date(2027, 1, 31)
    assert read.last_seen is None


def test_pairs_of_a_name_and_steps() -> None:
    board = {
        "now": "2026-11-23T08:00:00+00:00",
        "kpis": [{"name": "n", "value": "1", "change": "", "good": None, "trend": [1, 2.5]}],
        "days": [],
        "heat": [],
        "coordinators": [],
        "funnels": [["Recall", [{"name": "Called", "count": 3}]]],
        "line": {"state": "ok", "is_practice_line": True, "since": None, "sentence": ""},
    }
    read = decode(TeamBoard, board)
    assert read.funnels == (("Recall", (FunnelStep("Called", 3),)),)
    assert read.kpis[0].trend == (1.0, 2.5)


def test_fields_of_a_newer_server_are_ignored() -> None:
    assert decode(Recorded, {"result": "recorded", "follow_up": "", "new": {"x": 1}}) == Recorded(
        "recorded", ""
    )


def test_a_missing_field_is_named_by_its_path() -> None:
    page = {"now": "2026-11-23T08:00:00+00:00", "rows": [{"entry_id": str(ID)}]}
    with pytest.raises(DecodeError, match=r"^QueuePage\.rows\[0\]\.score is missing$"):
        decode(QueuePage, page)


def test_a_field_with_a_default_may_be_missing() -> None:
    assert decode(CallLogFilter, {}) == CallLogFilter()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "not-a-uuid"),
        ("id", 5),
        ("login", None),
        ("login", 7),
        ("role", "king"),
        ("languages", "en"),
        ("languages", [1]),
    ],
)
def test_a_wrong_type_is_refused_and_never_quoted(field: str, value: object) -> None:
    row = {
        "person": PERSON | {field: value},
        "active": True,
        "training": "",
        "training_expires": None,
        "last_seen": None,
    }
    with pytest.raises(DecodeError) as raised:
        decode(PersonRow, row)
    assert f"PersonRow.person.{field}" in str(raised.value)
    assert str(value) not in str(raised.value)


@pytest.mark.parametrize("value", [1, "true", None])
def test_a_boolean_is_only_a_boolean(value: object) -> None:
    row = {
        "person": PERSON,
        "active": value,
        "training": "",
        "training_expires": None,
        "last_seen": None,
    }
    with pytest.raises(DecodeError, match="active"):
        decode(PersonRow, row)


def test_a_number_is_no_boolean_and_a_boolean_no_number() -> None:
    with pytest.raises(DecodeError, match="count"):
        decode(FunnelStep, {"name": "n", "count": True})


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(DecodeError, match="opens_at"):
        decode(Gate, {"name": "", "sentence": "", "opens_at": "2026-11-23T08:00:00"})


@pytest.mark.parametrize("answer", [None, [], "x", 3])
def test_an_answer_that_is_no_object_is_refused(answer: object) -> None:
    with pytest.raises(DecodeError, match="an object was expected"):
        decode(Gate, answer)


def test_rows_need_an_array() -> None:
    assert decode_rows(FunnelStep, [{"name": "a", "count": 1}]) == (FunnelStep("a", 1),)
    with pytest.raises(DecodeError):
        decode_rows(FunnelStep, {"name": "a", "count": 1})


def test_what_we_send_comes_back_the_same() -> None:
    east = timezone(timedelta(hours=-5))
    fact = CallFact(
        uuid4(),
        CallState.LIVE,
        datetime(2026, 11, 23, 8, tzinfo=east),
        answered_at=datetime(2026, 11, 23, 13, tzinfo=UTC),
        held=False,
        captions=(Caption(datetime(2026, 11, 23, 13, tzinfo=UTC), "patient", "Hello? “Ana”"),),
    )
    sent = json.loads(json.dumps(encode(fact)))
    assert sent["at"] == "2026-11-23T13:00:00+00:00"
    assert decode(CallFact, sent) == fact
    details = OutcomeDetails(note="50 % off\n'; --", hold_id=ID, callback_at=fact.at)
    assert decode(OutcomeDetails, json.loads(json.dumps(encode(details)))) == details


def test_a_naive_time_is_never_sent() -> None:
    with pytest.raises(ValueError, match="zone"):
        encode(OutcomeDetails(callback_at=datetime(2026, 11, 23)))  # noqa: DTZ001


def test_what_has_no_agreed_form_is_never_sent() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"x": object()})


def test_an_annotation_without_meaning_here_is_our_bug() -> None:
    with pytest.raises(TypeError, match=r"Odd\.value"):
        decode(Odd, {"value": 1})


@dataclass(frozen=True, slots=True)
class Odd:
    value: int | str
