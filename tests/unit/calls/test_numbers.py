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
        *(
            f"+1{short}"
            for short in ("988", "933", "211", "311", "411", "511", "611", "711", "811")
        ),
        *(
            f"+1502{short}2000"
            for short in ("211", "311", "411", "511", "611", "711", "811", "911")
        ),
        "988",
        "933",
        "112",
        "*67",
        "46645",
        "+146645",
        "+15025551212",
        "+15025554334",
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
        *(
            (f"+1{code}5892000", "toll-free")
            for code in ("800", "833", "844", "855", "866", "877", "888")
        ),
        *(
            (f"+1{code}2345678", "outside the United States")  # the Caribbean, Bermuda, Canada
            for code in ("246", "441", "658", "809", "829", "849", "868", "876", "204")
        ),
        *(
            (f"+1{code}2345678", "outside the United States")
            for code in ("787", "939", "671", "670")
        ),
    ],
)
def test_refused_on_a_real_line_only(number: str, why: str) -> None:
    assert why in refusal(number, practice=False)
    assert refusal(number, practice=True) == ""


def test_an_ordinary_number_is_dialled() -> None:
    assert refusal("+15025892000", practice=False) == ""


@pytest.mark.parametrize(
    ("number", "countries", "called"),
    [
        ("+16132375117", {"US", "CA"}, True),
        ("+17872345678", {"US", "PR"}, True),
        ("+18762345678", {"US", "CA"}, False),
        ("+442071838750", {"US", "GB"}, True),
        ("+442071838750", {"US", "CA"}, False),
        ("+449098790000", {"US", "GB"}, False),  # premium there
        ("+4420718", {"US", "GB"}, False),
        ("+15025892000", {"CA"}, False),
        ("+15025550123", {"US", "CA"}, False),
    ],
)
def test_a_practice_may_allow_other_countries(
    number: str, countries: set[str], *, called: bool
) -> None:
    sentence = refusal(number, practice=False, countries=countries)
    assert (sentence == "") is called
    if not called:
        assert sentence.endswith("so it was not called.")


def test_every_person_of_the_tests_can_be_called_on_the_practice_line() -> None:
    assert len(PEOPLE) == len(PersonaKind)
    assert [n for n in PEOPLE if refusal(n, practice=True)] == []


def test_a_refusal_never_repeats_the_number() -> None:
    for number in ("+15029111234", "+15025550123", "+442071838750"):
        assert number[-4:] not in refusal(number, practice=False)
