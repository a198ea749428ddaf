"""Reading single cells: identifiers, dates, money, names (practice-systems.md 4, "Values").

Each reader takes a cell as a spreadsheet or a text file gives it and either returns a value,
returns None for "nothing there", or raises ``CellError`` with a sentence. None of them
ever guesses between two readings without saying so.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

Cell = str | float | bool | date | datetime | time | timedelta | None

_MAX_ID = 64
_MAX_DIGITS_IN_FLOAT = 10**15  # beyond this a spreadsheet has already lost digits
_MAX_CENTS = 10_000_000_00
_SERIAL_EPOCH = date(1899, 12, 30)  # serial 60 is Excel's 29 February 1900; later ones agree
_FIRST_SERIAL, _LAST_SERIAL = 61, 73_050  # 1900-03-01 .. 2099-12-31
_FUTURE_YEARS = 20  # a two-digit year means at most this far ahead
_CENTURY = 100
_FIRST_YEAR = 1880
_LAST_YEAR = 2199

_NOTHING = frozenset(
    {"", "-", "--", "---", "n/a", "na", "n.a.", "none", "null", "nan", "nat", "nil", "never"}
    | {"unknown", "unk", "tbd", "?", "#n/a", "#value!", "#ref!", "#name?", "not on file"}
)
_NO_DATE = re.compile(
    r"0+|0?0[/.-]0?0[/.-](?:00|0000)|0000-00-00|0?1[/.-]0?[01][/.-](?:0001|1900)|0001-01-01"
    r"|1900-01-00|1899-12-3[01]|12[/.-]3[01][/.-]1899|0?1/0?1/0?1"
)
_MONTHS = {name.lower(): index for index, name in enumerate(calendar.month_name) if name} | {
    name.lower(): index for index, name in enumerate(calendar.month_abbr) if name
}
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})")
_MONTH_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{2}|\d{4})")
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)")
_NAMED_DAY_FIRST = re.compile(r"(\d{1,2})[ -]([a-z]{3,9})\.?,?[ -](\d{4}|\d{2})")
_NAMED_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}|\d{2})")
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? ")
_TIME = re.compile(
    r"[t ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?([ap])?\.?(?:m\.?)?"
    r"(?:z|[+-]\d\d:?\d\d)?$"
)
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)


class CellError(ValueError):
    """A cell that cannot be read; the sentence never quotes the cell."""


def text_of(cell: Cell) -> str:
    """Write any cell as a line of text: no control characters, single spaces, no ="..."."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < _MAX_DIGITS_IN_FLOAT
        return str(int(cell)) if whole else repr(cell)
    text = cell.isoformat() if isinstance(cell, date | datetime | time) else str(cell)
    wrapped = _EXCEL_TEXT.fullmatch(text.strip())
    if wrapped:
        text = wrapped[1]
    if not text.isprintable():
        # Cs: a lone surrogate cannot be stored as UTF-8; Cc, Cf: invisible, break look-ups.
        text = "".join(
            letter if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"} else " "
            for letter in text
        )
    # A leading apostrophe marks text in spreadsheets; that of "'t Hooft" is part of the name.
    return re.sub(r"^'(?=[=+@\d-])", "", " ".join(text.split()))


def is_nothing(text: str) -> bool:
    """Whether a cell's text is one of the ways to write "nothing"."""
    return text.lower() in _NOTHING


def optional_text(cell: Cell) -> str:
    """Give the cell's text, "" for every way of writing nothing."""
    text = text_of(cell)
    return "" if is_nothing(text) else text


def parse_id(cell: Cell) -> str:
    """Read an identifier as text: "00149" keeps its zeros, 149.0 becomes "149".

    Raises:
        CellError: nothing there, rounded by a spreadsheet, or too long.
    """
    text = optional_text(cell)
    if not text:
        raise CellError("There is no patient ID.")
    if isinstance(cell, float) and not cell.is_integer():
        raise CellError("The patient ID is a number with a fraction.")
    if isinstance(cell, date | datetime | time | timedelta):
        raise CellError("The patient ID has been turned into a date by a spreadsheet.")
    if _SCIENTIFIC.fullmatch(text) or (isinstance(cell, float) and cell >= _MAX_DIGITS_IN_FLOAT):
        raise CellError(
            "The patient ID has been rounded by a spreadsheet. Export the column again as text."
        )
    whole = _WHOLE_FLOAT.fullmatch(text)
    text = whole[1] if whole else text
    if len(text) > _MAX_ID:
        raise CellError(f"The patient ID is longer than {_MAX_ID} characters.")
    return text


def parse_date(cell: Cell, today: date, *, past: bool = False) -> date | None:
    """Read a date in any way US practices write one; None when the cell says "no date".

    Args:
        cell: ISO, month/day/year with two or four digits, "5-Jan-24", "January 5, 2024",
            20240105, or an Excel serial number.
        today: the day the import runs, for two-digit years.
        past: the date cannot lie ahead (a birth, a visit): 12/31/30 is then 1930 in 2026.

    Raises:
        CellError: it is not a date of the calendar, or reads differently by country.
    """
    found = parse_datetime(cell, today, past=past)
    return found[0] if found else None


def parse_datetime(
    cell: Cell, today: date, *, past: bool = False
) -> tuple[date, time | None] | None:
    """Read a date with the time of day if one is written; see ``parse_date``."""
    if isinstance(cell, datetime):
        return _known(cell.date(), _not_midnight(cell.time().replace(microsecond=0)))
    if isinstance(cell, date):
        return _known(cell, None)
    if isinstance(cell, bool | time | timedelta):
        raise CellError("This is not a date.")
    if isinstance(cell, float | int):
        return _from_number(float(cell))
    return _from_cell_text(text_of(cell).lower(), today, past=past)


def _from_cell_text(text: str, today: date, *, past: bool) -> tuple[date, time | None] | None:
    if text in _NOTHING:
        return None
    clock, text = _split_time(text)
    text = _WEEKDAY.sub("", text)
    if _NO_DATE.fullmatch(text):
        return None
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return _from_number(float(text))
    return _known(_from_text(text, today, past=past), clock)


def _not_midnight(clock: time) -> time | None:
    """Midnight is how systems write "no time of day"."""
    return clock if clock != time() else None


def _known(day: date, clock: time | None) -> tuple[date, time | None] | None:
    """Turn the zero dates of databases and spreadsheets into "no date"."""
    if day in {date(1, 1, 1), date(1899, 12, 30), date(1899, 12, 31)}:
        return None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise CellError("The year of this date cannot be right.")
    return day, clock


def _from_number(value: float) -> tuple[date, time | None] | None:
    if value == 0:
        return None
    if _FIRST_SERIAL <= value <= _LAST_SERIAL:
        whole = int(value)
        seconds = round((value - whole) * 86_400) % 86_400
        minutes, second = divmod(seconds, 60)
        clock = _not_midnight(time(minutes // 60, minutes % 60, second))
        return _SERIAL_EPOCH + timedelta(days=whole), clock
    compact = _COMPACT.fullmatch(str(int(value))) if 0 < value < _MAX_DIGITS_IN_FLOAT else None
    if compact and value.is_integer():
        return _calendar_day(*map(int, compact.groups())), None
    raise CellError("This number is not a date.")


def _split_time(text: str) -> tuple[time | None, str]:
    found = _TIME.search(text)
    if not found:
        return None, text
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        if not 1 <= hour <= 12:  # noqa: PLR2004  (a twelve-hour clock)
            raise CellError("The time of day is not a time.")
        hour = hour % 12 + (12 if found[4] == "p" else 0)
    try:
        clock = time(hour, minute, second)
    except ValueError as error:
        raise CellError("The time of day is not a time.") from error
    return _not_midnight(clock), text[: found.start()].strip()


def _from_text(text: str, today: date, *, past: bool) -> date:
    if found := _YEAR_FIRST.fullmatch(text):
        return _calendar_day(int(found[1]), int(found[3]), int(found[4]))
    if found := _COMPACT.fullmatch(text):
        return _calendar_day(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_FIRST.fullmatch(text):
        month, day, year = int(found[1]), int(found[3]), found[4]
        if month > 12 >= day:  # noqa: PLR2004  (months in a year)
            raise CellError("This date is not written month/day/year.")
    elif found := _NAMED_DAY_FIRST.fullmatch(text):
        day, month, year = int(found[1]), _month(found[2]), found[3]
    elif found := _NAMED_MONTH_FIRST.fullmatch(text):
        month, day, year = _month(found[1]), int(found[2]), found[3]
    else:
        raise CellError("This is not a date.")
    if len(year) == len("2024"):
        return _calendar_day(int(year), month, day)
    return _two_digit_year(int(year), month, day, today, past=past)


def _month(name: str) -> int:
    try:
        return _MONTHS[name if name in _MONTHS else name[:3]]
    except KeyError as error:
        raise CellError("This is not a date.") from error


def _two_digit_year(year: int, month: int, day: int, today: date, *, past: bool) -> date:
    century = today.year // _CENTURY * _CENTURY
    # 2/29/00 exists in 2000 only: build the candidate that is used, not both.
    ahead = century + year
    if past:
        beyond = (ahead, month, day) > (today.year, today.month, today.day)
    else:
        beyond = ahead > today.year + _FUTURE_YEARS
    return _calendar_day(ahead - _CENTURY if beyond else ahead, month, day)


def _calendar_day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise CellError("There is no such day in the calendar.") from error


def parse_cents(cell: Cell) -> int | None:
    """Read an amount of US dollars as cents: "$1,234.50", "(20.00)", "20.00-", "20 CR" < 0.

    Raises:
        CellError: it is not an amount, or not one that a patient can owe.
    """
    if isinstance(cell, bool | date | datetime | time | timedelta):
        raise CellError("This is not an amount of money.")
    text = text_of(cell).upper()
    if is_nothing(text) and text not in {"-", "--"}:
        return None
    if text in {"-", "--", "$-", "$ -"}:  # accounting style for zero
        return 0
    text = text.replace("USD", "").replace("US$", "").replace("$", "").replace(" ", "")
    negative = False
    for opening, closing in (("(", ")"), ("-", ""), ("", "-"), ("", "CR"), ("\u2212", "")):
        if text.startswith(opening) and text.endswith(closing) and text != opening + closing:
            inner = text[len(opening) : len(text) - len(closing)]
            if inner != text:
                text, negative = inner, True
                break
    if not re.fullmatch(r"(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:E[+-]?\d{1,3})?", text, re.ASCII):
        raise CellError("This is not an amount of money.")
    try:
        cents = (Decimal(text.replace(",", "")) * 100).to_integral_value(ROUND_HALF_UP)
    except InvalidOperation as error:
        raise CellError("This is not an amount of money.") from error
    if cents > _MAX_CENTS:
        raise CellError("This amount is too large to be a patient's balance.")
    return -int(cents) if negative else int(cents)


def parse_flag(text: str) -> bool | None:
    """Read a yes/no cell; None when it is neither."""
    word = text.lower().strip(" .")
    if word in {"y", "yes", "true", "t", "1", "x", "checked", "on", "ok", "si", "s\u00ed"}:
        return True
    if word in {"n", "no", "false", "f", "0", "unchecked", "off"}:
        return False
    return None
