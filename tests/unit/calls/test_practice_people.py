"""Who answers on the practice line and what they say."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from coordinator_app.calls.practice_line.personas import (
    PersonaKind,
    load_personas,
    persona_of,
    plan_of,
)
from coordinator_app.calls.practice_line.spoken import spoken_date, spoken_digits
from coordinator_app.errors import ConfigurationError
from tests.helpers.people import PEOPLE, number_of

RENA = {
    "persona": "answers",
    "first_name": "Rena",
    "last_name": "Whitfield",
    "birth_date": "1982-03-04",
    "zip": "02110",
    "language": "en",
}


@pytest.mark.parametrize(
    ("day", "english", "spanish"),
    [
        (
            date(1982, 3, 4),
            "March fourth, nineteen eighty-two",
            "cuatro de marzo de mil novecientos ochenta y dos",
        ),
        (date(1900, 1, 1), "January first, nineteen hundred", "uno de enero de mil novecientos"),
        (
            date(1905, 12, 20),
            "December twentieth, nineteen oh five",
            "veinte de diciembre de mil novecientos cinco",
        ),
        (
            date(1999, 8, 31),
            "August thirty-first, nineteen ninety-nine",
            "treinta y uno de agosto de mil novecientos noventa y nueve",
        ),
        (date(2000, 5, 12), "May twelfth, two thousand", "doce de mayo de dos mil"),
        (
            date(2009, 2, 23),
            "February twenty-third, two thousand nine",
            "veintitrés de febrero de dos mil nueve",
        ),
        (
            date(2016, 10, 30),
            "October thirtieth, twenty sixteen",
            "treinta de octubre de dos mil dieciséis",
        ),
    ],
)
def test_dates_as_spoken(day: date, english: str, spanish: str) -> None:
    assert spoken_date(day, "en") == english
    assert spoken_date(day, "es") == spanish


def test_every_day_of_a_leap_year_can_be_said() -> None:
    days = [date.fromordinal(date(1984, 1, 1).toordinal() + n) for n in range(366)]
    assert len({spoken_date(d, "en") for d in days}) == 366
    assert len({spoken_date(d, "es") for d in days}) == 366


def test_postcodes_digit_by_digit() -> None:
    assert spoken_digits("02110-1234") == "0 2 1 1 0 1 2 3 4"


def test_the_demos_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "personas.json"
    file.write_text(json.dumps({"+15025550123": RENA}), encoding="utf-8")
    persona = load_personas(file)["+15025550123"]
    assert persona.kind is PersonaKind.ANSWERS
    assert persona.birth_date == date(1982, 3, 4)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"+15025550123": {}}',
        json.dumps({"+15025550123": {**RENA, "persona": "sings"}}),
        json.dumps({"+15025550123": {**RENA, "birth_date": "04.03.1982"}}),
        json.dumps({"+15025550123": None}),
    ],
)
def test_an_unusable_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "personas.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="Load the demo again"):
        load_personas(file)


def test_a_missing_file_is_the_same_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Load the demo again"):
        load_personas(tmp_path / "nowhere.json")


def test_unknown_numbers_behave_the_same_in_every_run() -> None:
    numbers = [f"+1502555{n:04d}" for n in range(400)]
    first = [persona_of(n, {}, 1) for n in numbers]
    assert first == [persona_of(n, {}, 1) for n in numbers]
    assert first != [persona_of(n, {}, 2) for n in numbers]
    kinds = Counter(p.kind for p in first)
    assert set(kinds) == set(PersonaKind)
    assert kinds[PersonaKind.ANSWERS] > kinds[PersonaKind.BUSY]


def test_ringing_differs_from_call_to_call_within_the_bounds() -> None:
    number = number_of(PersonaKind.ANSWERS)
    rings = {plan_of(PEOPLE[number], number, n, 1, (2.0, 4.0)).ring_s for n in range(20)}
    assert len(rings) == 20
    assert all(2.0 <= ring <= 4.0 for ring in rings)


@pytest.mark.parametrize("number", PEOPLE)
def test_lines_come_in_order_and_before_the_end(number: str) -> None:
    plan = plan_of(PEOPLE[number], number, 1, 1, (2.0, 4.0))
    times = [line.at for line in plan.lines]
    assert times == sorted(times)
    if plan.hangs_up_at is not None:
        assert all(at < plan.hangs_up_at for at in times)


def test_a_patient_proves_who_they_are_with_the_chart_s_facts() -> None:
    number = number_of(PersonaKind.ANSWERS)
    words = " ".join(x.text for x in plan_of(PEOPLE[number], number, 1, 1, (2, 4)).lines)
    assert "this is Rena" in words
    assert "March fourth, nineteen eighty-two" in words
    assert "0 2 1 1 0" in words
