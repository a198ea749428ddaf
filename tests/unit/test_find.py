"""Reading what a caller says: the date of birth as people type it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.domain.find import GateCheck, read_birth_date

DAY = date(1967, 4, 17)


@pytest.mark.parametrize(
    "text", ["4/17/1967", "04/17/1967", "04-17-1967", "4.17.1967", " 4 17 1967 ", "04171967",
             "1967-04-17"],
)  # fmt: skip
def test_a_day_is_read_as_americans_write_it(text: str) -> None:
    assert read_birth_date(text) == DAY


@pytest.mark.parametrize(
    "text", ["17/4/1967", "4/17/67", "4/31/1967", "1967", "tomorrow", "0/0/0000", "4/17"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (any: its words are not shown)
        read_birth_date(text)


def test_nothing_typed_is_no_day() -> None:
    assert read_birth_date("  ") is None


@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_day_comes_back(day: date) -> None:
    assert read_birth_date(f"{day.month}/{day.day}/{day.year:04}") == day
    assert read_birth_date(day.isoformat()) == day
    assert read_birth_date(f"{day:%m%d%Y}") == day


def test_only_a_failing_check_of_hours_or_caps_can_be_overridden() -> None:
    assert GateCheck("hours", ok=False).overridable
    assert not GateCheck("hours", ok=True).overridable
    assert not GateCheck("suppressed", ok=False).overridable
