"""Single cells: identifiers, dates, money, names."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coordinator_app.domain.imports import PayerClass
from coordinator_app.practice_systems.people import (
    classify_payer,
    looks_swapped,
    parse_gender,
    parse_language,
    parse_zip,
    split_name,
)
from coordinator_app.practice_systems.values import (
    Cell,
    CellError,
    optional_text,
    parse_cents,
    parse_date,
    parse_datetime,
    parse_flag,
    parse_id,
    text_of,
)

TODAY = date(2026, 11, 23)
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789/-.: apmE$(),'=\"", max_size=25),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.none(),
)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("00149", "00149"),
        (149.0, "149"),
        (149, "149"),
        ("149.0", "149"),
        (" A-12 \u200b", "A-12"),
        ('="00149"', "00149"),
        ("'00149", "00149"),
    ],
)
def test_ids_are_text(cell: Cell, expected: str) -> None:
    assert parse_id(cell) == expected


@pytest.mark.parametrize(
    "cell", ["", None, "  ", "N/A", "1.23457E+11", 1.5, 1e17, date(2024, 1, 2), "x" * 65]
)
def test_damaged_ids_are_refused(cell: Cell) -> None:
    with pytest.raises(CellError):
        parse_id(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-03-05", date(2024, 3, 5)),
        ("2024-03-05T10:30:00Z", date(2024, 3, 5)),
        ("2024-03-05 00:00:00.000", date(2024, 3, 5)),
        ("3/5/2024", date(2024, 3, 5)),
        ("03-05-2024", date(2024, 3, 5)),
        ("3.5.2024", date(2024, 3, 5)),
        ("3/5/24", date(2024, 3, 5)),
        ("3/5/2024 10:30 AM", date(2024, 3, 5)),
        ("Tue 3/5/2024", date(2024, 3, 5)),
        ("5-Mar-24", date(2024, 3, 5)),
        ("Mar 5, 2024", date(2024, 3, 5)),
        ("March 5th 2024", date(2024, 3, 5)),
        ("20240305", date(2024, 3, 5)),
        (20240305.0, date(2024, 3, 5)),
        ("45356", date(2024, 3, 5)),
        (45356, date(2024, 3, 5)),
        (45356.5, date(2024, 3, 5)),
        (datetime(2024, 3, 5, 1, 2), date(2024, 3, 5)),  # noqa: DTZ001  (as calamine gives it)
        (date(2024, 3, 5), date(2024, 3, 5)),
    ],
)
def test_dates_as_practices_write_them(cell: Cell, expected: date) -> None:
    assert parse_date(cell, TODAY) == expected


@pytest.mark.parametrize(
    "cell",
    ["", None, "0001-01-01", "1900-01-00", "1/0/1900", "00/00/0000", "0000-00-00", 0.0, "never",
     "N/A", "12/30/1899", date(1899, 12, 30), "1/1/0001", "0001-01-01 00:00:00"],
)  # fmt: skip
def test_the_ways_to_write_no_date(cell: Cell) -> None:
    assert parse_date(cell, TODAY) is None


@pytest.mark.parametrize(
    "cell",
    ["13/05/2024", "2/30/2024", "soon", "2024", 12.0, -5, True, time(3), 1e300, float("nan"),
     float("inf"), "3/5/0999", "99999999", "3/5/2024 25:00", "3/5/2024 13:00 pm", "2/29/23"],
)  # fmt: skip
def test_what_is_not_a_date_is_reported(cell: Cell) -> None:
    with pytest.raises(CellError):
        parse_date(cell, TODAY)


@pytest.mark.parametrize(
    ("text", "past", "expected"),
    [
        ("1/2/58", True, date(1958, 1, 2)),
        ("11/23/26", True, date(2026, 11, 23)),
        ("11/24/26", True, date(1926, 11, 24)),
        ("1/2/30", True, date(1930, 1, 2)),
        ("1/2/30", False, date(2030, 1, 2)),
        ("1/2/99", False, date(1999, 1, 2)),
        ("2/29/00", True, date(2000, 2, 29)),
    ],
)
def test_two_digit_years(text: str, past: bool, expected: date) -> None:
    assert parse_date(text, TODAY, past=past) == expected


def test_the_time_of_day_is_kept_and_midnight_means_none() -> None:
    assert parse_datetime("12/1/2026 2:05 PM", TODAY) == (date(2026, 12, 1), time(14, 5))
    assert parse_datetime("12/1/2026 12:00 am", TODAY) == (date(2026, 12, 1), None)
    assert parse_datetime(45356.25, TODAY) == (date(2024, 3, 5), time(6))


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("$1,234.50", 123450),
        ("(20.00)", -2000),
        ("($20.00)", -2000),
        ("-20", -2000),
        ("20.00-", -2000),
        ("20 CR", -2000),
        ("$ -", 0),
        ("USD 5", 500),
        (".5", 50),
        (1234.5, 123450),
        (0.1 + 0.2, 30),
        (-3, -300),
        (0, 0),
        ("", None),
        ("n/a", None),
    ],
)
def test_money(cell: Cell, cents: int | None) -> None:
    assert parse_cents(cell) == cents


@pytest.mark.parametrize("cell", ["abc", "1.234,50", "12,34", "$", True, 1e12, "1e999", "--5", "."])
def test_what_is_not_money_is_reported(cell: Cell) -> None:
    with pytest.raises(CellError):
        parse_cents(cell)


@given(CELLS, st.booleans())
def test_no_cell_makes_a_reader_fail_otherwise(cell: Cell, past: bool) -> None:
    for read in (
        lambda: parse_date(cell, TODAY, past=past),
        lambda: parse_cents(cell),
        lambda: parse_id(cell),
        lambda: split_name(text_of(cell)),
        lambda: parse_zip(text_of(cell)),
        lambda: parse_language(text_of(cell)),
        lambda: parse_gender(text_of(cell)),
        lambda: parse_flag(optional_text(cell)),
    ):
        try:
            read()
        except CellError as refusal:
            assert str(refusal).endswith(".")  # noqa: PT017


@given(st.dates(date(1900, 3, 1), date(2099, 12, 31)))
def test_each_writing_of_a_date_reads_back(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    for written in (
        day.isoformat(),
        f"{day.month}/{day.day}/{day.year}",
        day.strftime("%d-%b-%Y"),
        day.strftime("%Y%m%d"),
        serial,
        str(serial) if serial > 9999 else day,
    ):
        assert parse_date(written, TODAY) == day


@given(st.integers(-999_999_99, 999_999_99))
def test_each_writing_of_an_amount_reads_back(cents: int) -> None:
    amount = f"{abs(cents) / 100:,.2f}"
    assert parse_cents(f"(${amount})" if cents < 0 else f"${amount}") == cents
    assert parse_cents(cents / 100) == cents


@given(st.dates(date(1926, 11, 24), TODAY))
def test_a_two_digit_birth_year_is_never_in_the_future(day: date) -> None:
    written = f"{day.month}/{day.day}/{day.year % 100:02d}"
    assume(written != "1/1/01")  # how some systems write "no date"
    read = parse_date(written, TODAY, past=True)
    assert read is not None
    assert read <= TODAY
    assert TODAY - read < timedelta(days=101 * 366)


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("SMITH, JOHN Q", ("SMITH", "JOHN", "Q")),
        ("Smith,John", ("Smith", "John", "")),
        ("LOPEZ GARCIA, MARIA", ("LOPEZ GARCIA", "MARIA", "")),
        ("King, Martin Luther Jr.", ("King Jr.", "Martin", "Luther")),
        ("King, Jr., Martin", ("King Jr.", "Martin", "")),
        ("John King, Jr", ("King Jr", "John", "")),
        ("Maria Lopez Garcia", ("Lopez Garcia", "Maria", "")),
        ("Maria J. Lopez Garcia", ("Lopez Garcia", "Maria", "J.")),
        ("Anna Maria Kowalski", ("Kowalski", "Anna", "Maria")),
        ("Ludwig van Beethoven", ("van Beethoven", "Ludwig", "")),
        ("Dr. Ann Lee", ("Lee", "Ann", "")),
        ("'t Hooft, Gerard", ("'t Hooft", "Gerard", "")),
    ],
)
def test_full_names(full: str, parts: tuple[str, str, str]) -> None:
    assert split_name(text_of(full)) == parts


@pytest.mark.parametrize("full", ["", "Cher", "Smith,", ",", "Mr. Smith", "x" * 200])
def test_half_names_are_refused(full: str) -> None:
    with pytest.raises(CellError):
        split_name(full)


def test_swapped_columns_are_suspected_only_with_evidence() -> None:
    right = [("Mary", "Nguyen"), ("Robert", "Okafor"), ("Linda", "Petrov"), ("James", "Thomas")]
    wrong = [(last, first) for first, last in right]
    assert looks_swapped(wrong)
    assert not looks_swapped(right)
    assert not looks_swapped([])
    assert not looks_swapped(wrong[:2])


@pytest.mark.parametrize(
    ("text", "tag"),
    [("Spanish", "es"), ("ENG", "en"), ("en-US", "en-US"), ("zh_Hant_TW", "zh-TW"),
     ("Spanish; Castilian", "es"), ("Espa\u00f1ol", "es"), ("Declined", None)],
)  # fmt: skip
def test_languages(text: str, tag: str | None) -> None:
    assert parse_language(text) == tag


def test_zip_codes_get_their_zeros_back() -> None:
    assert parse_zip("2110") == "02110"
    assert parse_zip("021131901") == "02113-1901"
    assert parse_zip("02110-1234") == "02110-1234"
    with pytest.raises(CellError):
        parse_zip("SW1A 1AA")


@pytest.mark.parametrize(
    ("payer", "plan", "expected"),
    [
        ("Medicare Part B", "", PayerClass.MEDICARE),
        ("Humana", "Medicare Advantage", PayerClass.MEDICARE),
        ("MassHealth", "", PayerClass.MEDICAID),
        ("Medicaid", "Medicare", PayerClass.MEDICAID),
        ("Self Pay", "", PayerClass.SELF_PAY),
        ("TRICARE East", "", PayerClass.OTHER),
        ("Aetna", "", PayerClass.COMMERCIAL),
        ("", "", PayerClass.OTHER),
    ],
)
def test_payer_classes(payer: str, plan: str, expected: PayerClass) -> None:
    assert classify_payer(payer, plan) is expected
