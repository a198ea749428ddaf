"""Numbers that this program never dials, whatever the database allowed (telephony.md 4.3)."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberType

_X11_EXCHANGE = re.compile(r"\+1[2-9]\d\d[2-9]11\d{4}")
_FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d")
_PREMIUM_EXCHANGE = re.compile(r"\+1(900\d{7}|[2-9]\d\d976\d{4})")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE_TYPES = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
)
_INCOMPLETE = "This is not a complete phone number, so it was not called."
_ABROAD = "This number is outside the United States, so it was not called."
_SERVICE = "This is an emergency, service or premium number, so it was not called."


def refusal(e164: str, *, practice: bool) -> str:
    """Why a patient's number is not dialled, as a sentence; "" when it may be.

    ``practice``: on the practice line made-up numbers are right (555-01xx is for fiction; on
    a real line it reaches nobody) and need not be assigned in the numbering plan.
    """
    if not _E164.fullmatch(e164):
        return _INCOMPLETE
    number = phonenumbers.parse(e164, None)
    if number.country_code != 1:
        return _ABROAD
    if _X11_EXCHANGE.fullmatch(e164) or _PREMIUM_EXCHANGE.fullmatch(e164):
        return _SERVICE
    if not phonenumbers.is_possible_number(number):
        return _INCOMPLETE
    return "" if practice else _refusal_on_a_real_line(e164, number)


def _refusal_on_a_real_line(e164: str, number: phonenumbers.PhoneNumber) -> str:
    kind = phonenumbers.number_type(number)
    if _FICTION.fullmatch(e164):
        return "Numbers with 555-01 are made up and reach nobody, so it was not called."
    if not phonenumbers.is_valid_number(number):
        return "No such phone number exists, so it was not called."
    if kind in _SERVICE_TYPES:
        return _SERVICE
    if kind == PhoneNumberType.TOLL_FREE:
        return "This is a toll-free number of a company, not a patient's, so it was not called."
    return "" if phonenumbers.region_code_for_number(number) == "US" else _ABROAD
