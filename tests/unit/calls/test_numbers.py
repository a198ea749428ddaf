from __future__ import annotations

import pytest

from coordinator_app.calls.numbers import refusal
from coordinator_app.calls.practice_line.personas import PersonaKind
from tests.helpers.people import PEOPLE


@pytest.mark.parametrize(
    "number",
    [
        "911",
        "+1911",
        "+15029111234",
        "+15024111234",
        "+19005551234",
        "+15029761234",
        "+988",
        "",
        "5025890100",
        "+1 502 589 0100",
        "+442071838750",
        "+1502589010",
        "+150258901000",
    ],
)
def test_never_dialled_on_any_line(number: str) -> None:
    for practice in (True, False):
        sentence = refusal(number, practice=practice)
        assert sentence.endswith("so it was not called.")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+15025550123", "555-01"),
        ("+18005551234", "toll-free"),
        ("+16135550177", "555-01"),
        ("+16132375117", "outside the United States"),
        ("+18762345678", "outside the United States"),
        ("+11235890100", "No such phone number"),
    ],
)
def test_refused_on_a_real_line_only(number: str, why: str) -> None:
    assert why in refusal(number, practice=False)
    assert refusal(number, practice=True) == ""


def test_an_ordinary_number_is_dialled() -> None:
    assert refusal("+15025892000", practice=False) == ""


def test_every_person_of_the_tests_can_be_called_on_the_practice_line() -> None:
    assert len(PEOPLE) == len(PersonaKind)
    assert [n for n in PEOPLE if refusal(n, practice=True)] == []


def test_a_refusal_never_repeats_the_number() -> None:
    for number in ("+15029111234", "+15025550123", "+442071838750"):
        assert number[-4:] not in refusal(number, practice=False)
