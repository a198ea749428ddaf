"""A claimed patient: what the coordinator sees before and after identity is verified."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from coordinator_app.domain.call import CallView
from coordinator_app.domain.queue import Chip, Gate
from coordinator_app.domain.schedule import SlotHold


class VoicemailLevel(enum.StrEnum):
    """How much may be said to a machine (compliance.md 7.3)."""

    NONE = "V0"
    NAME_AND_NUMBER = "V1"
    DETAILED = "V2"


class IdentifierKind(enum.StrEnum):
    """What a patient may say to show who they are (45 CFR 164.514(h); two are needed)."""

    FULL_NAME = "full_name"
    BIRTH_DATE = "birth_date"
    ZIP = "zip"
    ADDRESS = "address"
    PHONE = "phone"


class IdentityResult(enum.StrEnum):
    """How the identity check ended; the answers themselves are never kept."""

    PASS = "PASS"  # noqa: S105  (a result, not a password)
    FAIL = "FAIL"
    DECLINED = "DECLINED"


class RevealField(enum.StrEnum):
    """Masked fields that may be shown for some seconds; each look is logged."""

    BIRTH_DATE = "birth_date"
    MRN = "mrn"
    ZIP = "zip"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number of the patient."""

    id: UUID
    e164: str
    extension: str
    display: str
    use: str  # mobile, home, work
    usable: bool
    problem: str  # in words, "" when usable
    preferred: bool


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the patient allowed."""

    calls: bool
    voicemail: VoicemailLevel
    text: bool
    email: bool
    best_time: str  # "9-11 AM", "" when unknown
    note: str  # confidential-communication wish, in words


@dataclass(frozen=True, slots=True)
class Fact:
    """A line with an icon: why we are calling, recent contact, coverage in words."""

    icon: str  # a name in resources/icons
    kind: str  # theme kind
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """A past call, visit, appointment or letter."""

    at: datetime
    icon: str
    kind: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Barrier:
    """An obstacle the patient named."""

    kind: str
    words: str
    since: date


@dataclass(frozen=True, slots=True)
class Chart:
    """The part of the record that a script may require a verified identity for."""

    age: int | None
    gender: str
    birth_date_masked: str
    mrn_masked: str
    practitioner: str
    why: tuple[Fact, ...]
    coverage: tuple[Fact, ...]  # coverage and balance, in words
    timeline: tuple[TimelineItem, ...]
    appointments: tuple[TimelineItem, ...]
    barriers: tuple[Barrier, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the workstation needs for one claimed patient, in one round trip."""

    entry_id: UUID
    fence: int
    lease_until: datetime
    now: datetime
    patient_id: UUID
    first_name: str
    last_name: str
    language: str  # BCP 47
    zone: str
    campaign: str
    script: str  # name of the script in resources/templates
    reason: str
    chips: tuple[Chip, ...]
    score: int
    attempts: int
    max_attempts: int
    plan: str  # "This is attempt 3 of 6. ..." in words
    phones: tuple[Phone, ...]
    permissions: Permissions
    recent_contact: tuple[TimelineItem, ...]
    callback_note: str
    chart_needs_identity: bool
    identity: IdentityResult | None
    identity_tries_left: int
    chart: Chart | None
    gate: Gate | None
    call: CallView | None  # a call of this claim that has no outcome yet
    hold: SlotHold | None

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def short_name(self) -> str:
        """First name and last initial, for the call bar."""
        return f"{self.first_name} {self.last_name[:1]}."
