"""Telephone numbers: what is refused, what is understood, where a number may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import geocoder, is_valid_number
from phonenumbers import parse as library_parse

from coordinator_app.domain.area_codes import STATE_OF_AREA_CODE
from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError
from coordinator_app.domain.zones import STATE_ZONES, state_code


@pytest.mark.parametrize(
    "written",
    [
        "3125550147",
        "(312) 555-0147",
        "312.555.0147",
        "1-312-555-0147",
        "+1 312 555 0147",
        "3125550147.0",
        "3.125550147E9",
        "cell: 312-555-0147",
        "312-555-0147 (call after 5)",
        " 312\u00a0555\u20110147 ",
        "\u0663\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0664\u0667",  # Arabic digits
    ],
)
def test_the_usual_ways_to_write_a_number_all_give_the_same(written: str) -> None:
    assert PhoneNumber.parse(written) == PhoneNumber("+13125550147")


@pytest.mark.parametrize("written", ["312-555-0100 x4", "(312) 555-0100 ext. 4", "3125550100x4"])
def test_an_extension_is_kept_apart(written: str) -> None:
    number = PhoneNumber.parse(written)
    assert (number.e164, number.extension) == ("+13125550100", "4")
    assert number.display() == "(312) 555-0100 ext. 4"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\x00", "empty"),
        ("unknown", "not_number"),
        ("a or b", "not_number"),
        ("911", "emergency"),
        ("9-1-1", "emergency"),
        ("988", "short"),
        ("411", "short"),
        ("12", "too_short"),
        ("555-0100", "no_area_code"),
        ("312-555-01001", "too_long"),
        ("98812345678901234", "too_long"),
        ("3" * 300, "too_long"),
        ("0000000000", "not_in_use"),
        ("222-222-2222", "not_in_use"),
        ("555-960-1339", "not_in_use"),
        ("1-900-555-0100", "refused_type"),
        ("312-555-1212", "directory"),
        ("3.12556E+09", "rounded"),
        ("(312) 555-0100 / (312) 555-0101", "several"),
    ],
)
def test_what_must_not_be_dialed_is_refused_with_a_sentence(written: str, name: str) -> None:
    with pytest.raises(PhoneNumberError) as refusal:
        PhoneNumber.parse(written)
    assert refusal.value.name == name
    assert refusal.value.sentence.endswith(".")


def test_the_sentence_never_repeats_the_number() -> None:
    with pytest.raises(PhoneNumberError) as refusal:
        PhoneNumber.parse("555-960-1339")
    assert "960" not in str(refusal.value)
    assert "1339" not in str(refusal.value)


def test_a_cell_with_several_numbers_gives_each_once_in_order() -> None:
    found = PhoneNumber.find_all("312-555-0101 or (312) 555-0100, again 3125550101")
    assert [number.e164 for number in found] == ["+13125550101", "+13125550100"]


def test_a_cell_with_one_usable_and_one_refused_number_gives_the_usable_one() -> None:
    found = PhoneNumber.find_all("1-900-555-0100 / 312-555-0100")
    assert [number.e164 for number in found] == ["+13125550100"]


def test_a_cell_without_any_number_says_why() -> None:
    with pytest.raises(PhoneNumberError):
        PhoneNumber.find_all("ask her sister")


@pytest.mark.parametrize("e164", ["3125550100", "+0125550100", "+1312", "+1 3125550100", ""])
def test_unchecked_text_cannot_become_a_number(e164: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        PhoneNumber(e164)


def test_only_the_ending_is_shown_when_masked() -> None:
    assert PhoneNumber("+13125550147").ending() == "0147"


def test_a_foreign_number_is_understood_and_marked() -> None:
    number = PhoneNumber.parse("+44 20 7946 0958")
    assert not number.is_domestic
    assert number.display() == "+44 20 7946 0958"
    assert number.region_states() == ()
    assert number.candidate_zones() == ("Europe/London",)


def test_the_caribbean_is_not_domestic_although_it_looks_like_a_us_number() -> None:
    assert not PhoneNumber.parse("876-555-1234").is_domestic
    assert PhoneNumber.parse("787-555-0123").is_domestic


@pytest.mark.parametrize(
    ("written", "zones"),
    [
        ("312-555-0100", {"America/Chicago"}),
        ("850-555-0100", {"America/New_York", "America/Chicago"}),  # the exchange is not listed
        ("850-433-1111", {"America/Chicago"}),  # Pensacola, listed
        ("812-423-1111", {"America/Chicago"}),  # Evansville, listed
        ("270-555-5555", {"America/New_York", "America/Chicago"}),
        ("605-555-0100", {"America/Chicago", "America/Denver"}),
        ("701-555-0100", {"America/Chicago", "America/Denver"}),
        ("208-555-0100", {"America/Boise", "America/Los_Angeles"}),
        ("928-555-0100", {"America/Phoenix", "America/Denver"}),
        ("907-555-0100", {"America/Anchorage", "America/Adak"}),
        ("800-555-0199", set()),
    ],
)
def test_candidate_zones_of_split_area_codes(written: str, zones: set[str]) -> None:
    """compliance.md 1.6: a number says every zone it may be in; toll-free says nothing."""
    assert set(PhoneNumber.parse(written).candidate_zones()) == zones


def test_a_number_names_its_state() -> None:
    assert PhoneNumber.parse("312-555-0100").region_states() == ("IL",)
    assert PhoneNumber.parse("206-555-0100").region_states() == ("WA",)
    assert PhoneNumber.parse("800-555-0199").region_states() == ()


def test_the_area_code_table_agrees_with_the_numbering_plan() -> None:
    wrong = []
    for code, state in STATE_OF_AREA_CODE.items():
        number = library_parse(f"+1{code}5550100", None)
        place = geocoder.description_for_number(number, "en").rpartition(", ")[2]
        named = {"Washington State": "WA", "Washington D.C.": "DC"}.get(place) or state_code(place)
        if is_valid_number(number) and named and named != state:
            wrong.append((code, state, place))
    assert not wrong
    assert set(STATE_OF_AREA_CODE.values()) == set(STATE_ZONES)


@given(st.text(max_size=300))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        number = PhoneNumber.parse(text)
    except PhoneNumberError as refusal:
        assert refusal.sentence  # noqa: PT017  (either outcome is right)
    else:
        assert PhoneNumber.parse(number.display(), number.region or "US") == number


@given(st.text(alphabet="0123456789()+-. xE/,ext", max_size=40))
def test_number_like_text_never_fails_otherwise_and_never_gives_an_undialable_number(
    text: str,
) -> None:
    try:
        numbers = PhoneNumber.find_all(text)
    except PhoneNumberError:
        return
    assert numbers
    for number in numbers:
        assert is_valid_number(library_parse(number.e164, None))
        assert isinstance(number.candidate_zones(), tuple)


@given(st.from_regex(r"\+1[2-9][0-9]{2}55501[0-9]{2}", fullmatch=True))
def test_what_is_shown_is_read_back_as_the_same_number(e164: str) -> None:
    try:
        number = PhoneNumber.parse(e164)
    except PhoneNumberError:
        return
    assert PhoneNumber.parse(number.display(), number.region or "US") == number
