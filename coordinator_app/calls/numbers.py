"""Numbers that this program never dials, whatever the database allowed (telephony.md 4.3)."""

from __future__ import annotations

import re
from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumberType

#: Where a practice may call unless it says otherwise (ISO 3166). Countries that share +1 with the
#: United States (Canada, the Caribbean) are abroad; so are its territories, which must be allowed
#: by name (PR, VI, GU, AS, MP).
HOME = frozenset({"US"})

_X11_EXCHANGE = re.compile(r"\+1[2-9]\d\d[2-9]11\d{4}")
_FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d")
_PREMIUM_EXCHANGE = re.compile(r"\+1(900\d{7}|[2-9]\d\d976\d{4})")
_DIRECTORY = re.compile(r"\+1[2-9]\d\d555(1212|4334)")  # directory assistance of an area
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE_TYPES = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
)
_INCOMPLETE = "This is not a complete phone number, so it was not called."
_ABROAD = "This number is outside the United States, so it was not called."
_NOT_ALLOWED = "This number is in a country that the practice does not call, so it was not called."
_SERVICE = "This is an emergency, service or premium number, so it was not called."


def refusal(e164: str, *, practice: bool, countries: Collection[str] = HOME) -> str:
    """Why a number is not dialled, as a sentence; "" when it may be.

    ``practice``: on the practice line made-up numbers are right (555-01xx is for fiction; on
    a real line it reaches nobody) and need not be assigned in the numbering plan.
    ``countries``: ISO 3166 codes of the regions that the practice allows.
    """
    if not _E164.fullmatch(e164):
        return _INCOMPLETE
    number = phonenumbers.parse(e164, None)
    if number.country_code != 1:
        return _refusal_abroad(number, countries)
    if any(one.fullmatch(e164) for one in (_X11_EXCHANGE, _PREMIUM_EXCHANGE, _DIRECTORY)):
        return _SERVICE
    if not phonenumbers.is_possible_number(number):
        return _INCOMPLETE
    return "" if practice else _refusal_on_a_real_line(e164, number, countries)


def _refusal_abroad(number: phonenumbers.PhoneNumber, countries: Collection[str]) -> str:
    abroad = _ABROAD if set(countries) == HOME else _NOT_ALLOWED
    if phonenumbers.region_code_for_number(number) not in countries:
        return abroad
    if not phonenumbers.is_valid_number(number):
        return "No such phone number exists, so it was not called."
    return _SERVICE if phonenumbers.number_type(number) in _SERVICE_TYPES else ""


def _refusal_on_a_real_line(
    e164: str, number: phonenumbers.PhoneNumber, countries: Collection[str]
) -> str:
    kind = phonenumbers.number_type(number)
    if _FICTION.fullmatch(e164):
        return "Numbers with 555-01 are made up and reach nobody, so it was not called."
    if not phonenumbers.is_valid_number(number):
        return "No such phone number exists, so it was not called."
    if kind in _SERVICE_TYPES:
        return _SERVICE
    if kind == PhoneNumberType.TOLL_FREE:
        return "This is a toll-free number of a company, not a patient's, so it was not called."
    if phonenumbers.region_code_for_number(number) in countries:
        return ""
    return _ABROAD if set(countries) == HOME else _NOT_ALLOWED
