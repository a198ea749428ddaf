"""Telephone numbers: right by construction inside, refused with a sentence at the edge.

Facts behind the rules: telephony.md 5.1 (what phonenumbers tells and does not tell) and
compliance.md 1.6 (time zones of area codes that cross a zone boundary).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

import phonenumbers
from phonenumbers import timezone
from phonenumbers.shortnumberinfo import (
    connects_to_emergency_number,
    is_valid_short_number_for_region,
)

from coordinator_app.domain.area_codes import STATE_OF_AREA_CODE
from coordinator_app.errors import UserFacingError

# What a person could type into a cell; anything longer is not a number (and costs time).
_MAX_TEXT: Final = 250
# A real geographic number has at most a handful of zones; toll-free numbers get some forty.
_MAX_ZONES: Final = 4
_NANP_REGIONS: Final = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION: Final = re.compile(r"[0-9]{0,20}")
_SCIENTIFIC: Final = re.compile(r"\+?([0-9]+(?:\.[0-9]+)?)[eE]\+?[0-9]{1,2}")
_FLOAT: Final = re.compile(r"([0-9]{7,})\.0+")
_NATIONAL_DIGITS: Final = 10
_SHORT_NUMBER_DIGITS: Final = 6

_NY: Final = "America/New_York"
_CHI: Final = "America/Chicago"
_DEN: Final = "America/Denver"
_LA: Final = "America/Los_Angeles"
_BOISE: Final = "America/Boise"

# compliance.md 1.6: phonenumbers falls back to one majority zone where it does not list the
# exchange; these area codes cross a boundary, so the number may be in either zone.
_SPLIT_AREA_CODES: Final[dict[str, tuple[str, ...]]] = {
    code: zones
    for codes, zones in (
        ("850 448 812 930 574 270 364 606 423 931 906", (_NY, _CHI)),
        ("785 620 308 605 701 432 915", (_CHI, _DEN)),
        ("541 458", (_LA, _BOISE)),
        ("208 986", (_BOISE, _LA)),
        ("928", ("America/Phoenix", _DEN)),
        ("775", (_LA, _DEN)),
        ("907", ("America/Anchorage", "America/Adak")),
    )
    for code in codes.split()
}
# phonenumbers' names for zones that keep the same time as the ones used here.
_SAME_TIME: Final = {
    "America/North_Dakota/Center": _CHI,
    "America/Juneau": "America/Anchorage",
    "America/Indiana/Indianapolis": _NY,
    "America/Detroit": _NY,
}

_REFUSED_TYPES: Final = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE: "is a premium-rate number, which is never dialed",
    phonenumbers.PhoneNumberType.SHARED_COST: "is a shared-cost number, which is never dialed",
    phonenumbers.PhoneNumberType.PAGER: "is a pager, which cannot be talked to",
    phonenumbers.PhoneNumberType.VOICEMAIL: "is a voicemail access number, not a person's phone",
}


class PhoneNumberError(UserFacingError):
    """The text is not a number that may be dialed; the sentence says why, never the number."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A valid telephone number: ``e164`` like "+13125550100", ``extension`` digits or ""."""

    e164: str
    extension: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not E.164: only ``parse`` may meet unchecked text."""
        if not _E164.fullmatch(self.e164) or not _EXTENSION.fullmatch(self.extension):
            raise ValueError("not an E.164 number with a numeric extension")

    @classmethod
    def parse(cls, untrusted: str, region: str = "US") -> Self:
        """Read one number as people and spreadsheets write it.

        Raises:
            PhoneNumberError: with a sentence for the person who typed or exported it.
        """
        text = _cleaned(untrusted)
        found = cls._matches(text, region)
        if len(found) > 1:
            raise PhoneNumberError(
                "This holds more than one phone number. Put each in a field of its own.",
                name="several",
            )
        return found[0] if found else cls._parse_alone(text, region)

    @classmethod
    def find_all(cls, untrusted: str, region: str = "US") -> tuple[Self, ...]:
        """Read a cell that may hold several numbers, in the order written, each once.

        Raises:
            PhoneNumberError: when not one number in it may be dialed.
        """
        text = _cleaned(untrusted)
        return tuple(cls._matches(text, region)) or (cls._parse_alone(text, region),)

    @classmethod
    def _matches(cls, text: str, region: str) -> list[Self]:
        matches = phonenumbers.PhoneNumberMatcher(text, region)
        found: dict[str, Self] = {}
        for match in matches:
            try:
                number = cls._checked(match.number)
            except PhoneNumberError:
                continue
            found.setdefault(number.e164 + "x" + number.extension, number)
        return list(found.values())

    @classmethod
    def _parse_alone(cls, text: str, region: str) -> Self:
        digits = re.sub(r"\D", "", text)
        if digits and connects_to_emergency_number(digits, region):
            raise PhoneNumberError(
                "This is an emergency number. Enter the patient's own number.", name="emergency"
            )
        try:
            parsed = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException as error:
            if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
                raise _too_long() from error
            raise PhoneNumberError(
                "This is not a phone number. Enter ten digits, area code first.", name="not_number"
            ) from error
        if len(digits) <= _SHORT_NUMBER_DIGITS and is_valid_short_number_for_region(parsed, region):
            raise PhoneNumberError(
                "This is a short service number. Enter the patient's own number.", name="short"
            )
        return cls._checked(parsed)

    @classmethod
    def _checked(cls, parsed: phonenumbers.PhoneNumber) -> Self:
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        if reason == phonenumbers.ValidationResult.TOO_SHORT:
            raise PhoneNumberError(
                "This has too few digits. Enter ten digits, area code first.", name="too_short"
            )
        if reason == phonenumbers.ValidationResult.TOO_LONG:
            raise _too_long()
        if reason == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise PhoneNumberError(
                "The area code is missing. Enter ten digits, area code first.", name="no_area_code"
            )
        if not phonenumbers.is_valid_number(parsed):
            raise PhoneNumberError(
                "No such number is in use: check the area code and the next three digits.",
                name="not_in_use",
            )
        refused = _REFUSED_TYPES.get(phonenumbers.number_type(parsed))
        if refused:
            raise PhoneNumberError(
                f"This {refused}. Enter the patient's own number.", name="refused_type"
            )
        national = str(parsed.national_number)
        if parsed.country_code == 1 and national[3:] == "5551212":
            raise PhoneNumberError(
                "This is directory assistance. Enter the patient's own number.", name="directory"
            )
        extension = parsed.extension or ""
        if not _EXTENSION.fullmatch(extension):
            raise PhoneNumberError(
                "The extension must be digits only. Enter it again.", name="extension"
            )
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return cls(e164, extension)

    def _library_number(self) -> phonenumbers.PhoneNumber:
        return phonenumbers.parse(self.e164, None)

    @property
    def region(self) -> str:
        """ISO 3166 code of the number's country or territory, "" where it has none."""
        code: str | None = phonenumbers.region_code_for_number(self._library_number())
        return code if code and code != "001" else ""

    @property
    def is_domestic(self) -> bool:
        """Whether it is a number of the United States or one of its territories."""
        return self.region in _NANP_REGIONS

    def display(self) -> str:
        """Write it for people: "(312) 555-0100 ext. 4"; abroad "+44 20 7946 0958"."""
        style = phonenumbers.PhoneNumberFormat
        shown = phonenumbers.format_number(
            self._library_number(), style.NATIONAL if self.is_domestic else style.INTERNATIONAL
        )
        return f"{shown} ext. {self.extension}" if self.extension else shown

    def ending(self) -> str:
        """Give the last four digits, "0147": enough to tell two numbers apart when masked."""
        return self.e164[-4:]

    def candidate_zones(self) -> tuple[str, ...]:
        """Give every IANA zone the number may be in; () when it says nothing (toll-free).

        A number moves with its owner: the address comes first (compliance.md 1.6). Where
        phonenumbers lists the exchange its answer stands; where it falls back to the area
        code's majority zone, both zones of a split area code come back.
        """
        zones = _library_zones(self._library_number())
        area_code = self._area_code
        split = _SPLIT_AREA_CODES.get(area_code)
        if split is None:
            return zones
        unlisted = _library_zones(phonenumbers.parse(f"+1{area_code}5550100", None))
        return zones if zones and zones != unlisted else split

    def region_states(self) -> tuple[str, ...]:
        """Give the state the area code belongs to, () for toll-free and foreign numbers."""
        state = STATE_OF_AREA_CODE.get(self._area_code)
        return (state,) if state else ()

    @property
    def _area_code(self) -> str:
        return self.e164[2:5] if self.e164.startswith("+1") else ""


def _library_zones(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    zones = timezone.time_zones_for_number(number)
    if len(zones) > _MAX_ZONES:
        return ()
    named = (_SAME_TIME.get(zone, zone) for zone in zones if zone != "Etc/Unknown")
    return tuple(dict.fromkeys(named))


def _too_long() -> PhoneNumberError:
    return PhoneNumberError(
        "This has too many digits for one phone number. Check it and enter it again.",
        name="too_long",
    )


def _cleaned(untrusted: str) -> str:
    """Undo what spreadsheets do to numbers: "3125550100.0", "3.125550147E+09".

    A rounded one ("3.12556E+09") would be somebody else's number, so it is refused.
    """
    if len(untrusted) > _MAX_TEXT:
        raise _too_long()
    text = " ".join(untrusted.replace("\x00", " ").split())
    if not text:
        raise PhoneNumberError("There is no phone number.", name="empty")
    if whole := _FLOAT.fullmatch(text):
        return whole[1]
    if scientific := _SCIENTIFIC.fullmatch(text):
        if len(scientific[1].replace(".", "")) < _NATIONAL_DIGITS:
            raise PhoneNumberError(
                "A spreadsheet has rounded this number. Export the column again as text.",
                name="rounded",
            )
        return str(int(Decimal(text)))
    return text
