"""Dates, postcodes and numbers as people say them on the phone, in English and Spanish."""

from __future__ import annotations

from datetime import date

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "_",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

_UNOS = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
_DIECES = [
    "_",
    "_",
    "_",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
]
_MESES = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
]

_TEEN_LIMIT = 20
_VEINTI_LIMIT = 30
_MILLENNIUM = 2000
_TWO_THOUSANDS = range(2000, 2010)


def spoken_date(day: date, language: str) -> str:
    """A birth date in words: "March fourth, nineteen eighty-two"."""
    if language == "es":
        return f"{_numero(day.day)} de {_MESES[day.month - 1]} de {_ano(day.year)}"
    return f"{_MONTHS[day.month - 1]} {_ordinal(day.day)}, {_year(day.year)}"


def spoken_digits(digits: str) -> str:
    """A postcode as one hears it: digit by digit."""
    return " ".join(c for c in digits if c.isdigit())


def _below_hundred(n: int) -> str:
    if n < _TEEN_LIMIT:
        return _ONES[n]
    tens, ones = divmod(n, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def _ordinal(n: int) -> str:
    if n < _TEEN_LIMIT:
        return _ORDINALS[n]
    tens, ones = divmod(n, 10)
    if not ones:
        return _TENS[tens].removesuffix("y") + "ieth"
    return f"{_TENS[tens]}-{_ORDINALS[ones]}"


def _year(year: int) -> str:
    if year in _TWO_THOUSANDS:
        rest = year - _MILLENNIUM
        return "two thousand" + (f" {_ONES[rest]}" if rest else "")
    century, rest = divmod(year, 100)
    if not rest:
        return f"{_below_hundred(century)} hundred"
    return f"{_below_hundred(century)} " + (
        f"oh {_ONES[rest]}" if rest < len("0123456789") else _below_hundred(rest)
    )


def _numero(n: int) -> str:
    if n < _VEINTI_LIMIT:
        return _UNOS[n]
    tens, ones = divmod(n, 10)
    return _DIECES[tens] + (f" y {_UNOS[ones]}" if ones else "")


def _ano(year: int) -> str:
    if year >= _MILLENNIUM:
        rest = year - _MILLENNIUM
        return "dos mil" + (f" {_numero(rest)}" if rest else "")
    rest = year % 100
    return "mil novecientos" + (f" {_numero(rest)}" if rest else "")
