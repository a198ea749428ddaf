"""Looking a patient up: who fits, why somebody is not called, and what may be done about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from coordinator_app.domain.patient import Chart

# What a clinician may override, and nothing else; the database holds the same list.
OVERRIDABLE: Final = frozenset(
    {"hours", "cap_day", "cap_week", "cap_24h", "cap_campaign", "contact_budget"}
)
LEAST_REASON: Final = 10  # letters of a sentence that somebody else will read
_MONTH_FIRST = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})")


def read_birth_date(text: str) -> date | None:
    """Return the day that was typed ("4/17/1967", "04171967", "1967-04-17"); None for nothing.

    Raises:
        ValueError: it is no day. Two digits of a year are none: '25' is 1925 or 2025.
    """
    typed = text.strip()
    if not typed:
        return None
    if found := _YEAR_FIRST.fullmatch(typed):
        year, month, day = found.groups()
    elif found := _MONTH_FIRST.fullmatch(typed) or _DIGITS.fullmatch(typed):
        month, day, year = found.groups()
    else:
        raise ValueError("not a date")
    return date(int(year), int(month), int(day))


@dataclass(frozen=True, slots=True)
class FindQuery:
    """What is known of the patient: a whole number, or names, or one name and the birth date."""

    phone: str = ""
    name: str = ""
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class WhyHere:
    """How a found patient stands in one campaign; ``campaign`` is "" for one in none."""

    campaign: str
    entry_id: UUID | None
    sentence: str
    holder: str | None  # who has the patient open
    can_open: bool


@dataclass(frozen=True, slots=True)
class LastCall:
    """The newest call to a found patient."""

    at: datetime
    by: str
    outcome: str  # in words
    left: str = ""  # what a voicemail said, in words; "" when none was left


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """Enough to be sure with a caller on the line, not enough to be a chart."""

    patient_id: UUID
    first_name: str
    last_initial: str
    birth_year: int | None
    number_ending: str  # two digits, "" without a number
    why: tuple[WhyHere, ...]
    last_call: LastCall | None

    @property
    def name(self) -> str:
        """First name and last initial."""
        return f"{self.first_name} {self.last_initial}."


@dataclass(frozen=True, slots=True)
class Found:
    """Who fits a look-up; at most five."""

    rows: tuple[FoundPatient, ...]


@dataclass(frozen=True, slots=True)
class RuleBehind:
    """A dated rule that a check was decided by."""

    id: str
    citation: str
    words: str


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a check looked at; each check fills its own."""

    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    calls: int | None = None
    attempts: int | None = None
    contacts: int | None = None
    cap: int | None = None
    purpose: str = ""
    answer: str = ""  # of the Reassigned Numbers Database
    last_transaction: date | None = None
    months: int | None = None
    scrub_days: int | None = None


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One check of the dial gate with its result."""

    name: str
    ok: bool
    sentence: str | None = None  # why not
    opens_at: datetime | None = None
    overridden_by: UUID | None = None
    facts: CheckFacts | None = None
    rules: tuple[RuleBehind, ...] = ()

    @property
    def overridable(self) -> bool:
        """Whether a clinician may let one call pass it."""
        return not self.ok and self.name in OVERRIDABLE


@dataclass(frozen=True, slots=True)
class EntryChecks:
    """The gate's answer for a patient in one campaign; ``state`` is the present one, in words."""

    entry_id: UUID
    campaign: str
    state: str
    checks: tuple[GateCheck, ...]


@dataclass(frozen=True, slots=True)
class DialRefusal:
    """A press of Dial that was refused, with the rules of that moment."""

    id: UUID
    at: datetime
    by: str
    rule_pack: str
    checks: tuple[GateCheck, ...]


@dataclass(frozen=True, slots=True)
class GateOverride:
    """A clinician's word that let, or lets, one call pass."""

    by: str
    at: datetime
    until: datetime
    reason: str
    checks: tuple[str, ...]
    used: bool


@dataclass(frozen=True, slots=True)
class WhyNotCalled:
    """Everything the gate says of a patient at a moment, and what was refused before."""

    at: datetime
    rule_pack: str | None  # None: before the first one
    outside: str  # why the patient is in no campaign; "" when in one
    entries: tuple[EntryChecks, ...]
    refusals: tuple[DialRefusal, ...]
    overrides: tuple[GateOverride, ...]

    @property
    def overridable(self) -> tuple[str, ...]:
        """Checks that fail in some campaign and that a clinician may let a call pass."""
        failing = (check for entry in self.entries for check in entry.checks)
        return tuple(dict.fromkeys(check.name for check in failing if check.overridable))


@dataclass(frozen=True, slots=True)
class GrantedOverride:
    """An override just given."""

    id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class EmergencyChart:
    """A chart opened in an emergency, and until when it may be looked at."""

    id: UUID  # of the access, not of the patient
    until: datetime
    patient_id: UUID
    first_name: str
    last_name: str
    birth_date: date | None
    language: str  # BCP 47
    address: str
    phones: tuple[str, ...]
    chart: Chart

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"
