"""The privacy records: who looked, disclosures, incidents, and what to look at each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

# Classes of 45 CFR 164.528; which of them are accounted for is decided in app.is_accountable.
DISCLOSURE_REASONS: dict[str, str] = {
    "mistake": "By mistake",
    "law": "The law asks for it",
    "public_health": "Public health",
    "oversight": "Health oversight",
    "court": "Court or legal process",
    "law_enforcement": "Law enforcement",
    "safety": "Serious threat to safety",
    "other": "Something else",
    "treatment": "Treatment",
    "payment": "Payment",
    "operations": "Practice operations",
    "to_patient": "To the patient",
    "family": "Family or others in care",
    "authorization": "Patient's authorization",
    "incidental": "Incidental",
}
# kind: (words, theme kind)
INCIDENT_KINDS: dict[str, tuple[str, str]] = {
    "privacy": ("Privacy", "danger"),
    "triage": ("Symptoms", "warning"),
    "complaint": ("Complaint", "info"),
    "deceased": ("Reported death", "neutral"),
}
INCIDENT_RESULTS: dict[str, str] = {"low_probability": "Low probability", "breach": "Breach"}
# What closing may do, by kind of incident: choice and its words.
CLOSING_CHOICES: dict[str, dict[str, str]] = {
    "deceased": {"wrong": "The report was wrong", "confirmed": "The death is confirmed"},
    "": {"release": "Back to the queue", "close": "Out of the queue"},
}
UNUSUAL_LABELS: dict[str, str] = {
    "no_call": "Charts opened without a call",
    "after_hours": "Read outside the practice's day",
    "same_name": "Patients of the same name",
    "fast_paging": "Many patients in a few minutes",
    "look_ups": "Many look-ups",
}
ALERT_KINDS: dict[str, str] = {
    "audit": "danger",
    "incident_late": "danger",
    "break_glass": "warning",
    "read_limit": "warning",
    "rolled_back_reads": "warning",
    "search_limit": "warning",
    "unusual_reading": "warning",
    "login_lock": "warning",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the database says about what was just written."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Look:
    """One line of who looked: a read, or a change (``read`` is False)."""

    at: datetime
    who: str
    role: str | None  # None: not a person, such as the gateway
    action: str  # in words
    read: bool


@dataclass(frozen=True, slots=True)
class WhoLooked:
    """Who read or changed one patient's data, newest first."""

    patient_id: UUID
    patient: str
    first_day: date
    last_day: date
    rows: tuple[Look, ...]
    complete: bool  # False: there are more than are shown


@dataclass(frozen=True, slots=True)
class NewDisclosure:
    """What a supervisor records about one disclosure."""

    day: date
    recipient: str
    what: str
    purpose: str
    reason: str  # a key of DISCLOSURE_REASONS
    recipient_address: str = ""
    call_id: UUID | None = None
    corrects: UUID | None = None


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """One disclosure that counts (one that was corrected does not)."""

    id: UUID
    day: date
    recipient: str
    recipient_address: str
    what: str
    purpose: str
    reason: str
    accountable: bool
    incident_id: UUID | None
    corrected: bool
    by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Accounting:
    """Disclosures about one patient since a day; those to be accounted for come first."""

    patient_id: UUID
    patient: str
    since: date
    rows: tuple[DisclosureRow, ...]


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents to show; an empty kind is every kind."""

    which: str = "open"  # "open", "closed", "all"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident in the list; nothing of its note."""

    id: UUID
    kind: str
    patient: str  # first name and initial
    opened_at: datetime
    opened_by: str
    discovered_on: date
    due_on: date
    days_left: int | None  # None: it is closed
    result: str | None
    closed_at: datetime | None
    choice: str | None
    may_assess: bool
    may_close: bool


@dataclass(frozen=True, slots=True)
class IncidentCall:
    """The call that an incident came from."""

    id: UUID
    at: datetime
    coordinator: str
    outcome: str  # in words


@dataclass(frozen=True, slots=True)
class Assessment:
    """The four factors of 45 CFR 164.402(2), and what they came to."""

    at: datetime
    by: str
    nature: str
    recipient: str
    viewed: str
    mitigation: str
    disclosed: bool
    result: str
    notified_on: date | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident in full."""

    id: UUID
    kind: str
    patient_id: UUID
    patient: str
    opened_at: datetime
    opened_by: str
    discovered_on: date
    due_on: date
    days_left: int | None
    note: str
    call: IncidentCall | None
    held: bool
    assessments: tuple[Assessment, ...]  # newest first
    resolution: str
    closed_at: datetime | None
    closed_by: str
    choice: str | None
    may_assess: bool
    may_close: bool


@dataclass(frozen=True, slots=True)
class NewAssessment:
    """What a supervisor finds about a privacy incident."""

    nature: str
    recipient: str
    viewed: str
    mitigation: str
    disclosed: bool
    result: str  # a key of INCIDENT_RESULTS
    discovered_on: date | None = None
    notified_on: date | None = None
    recipient_address: str = ""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something a supervisor should look at; never with a patient's name in it."""

    id: UUID
    at: datetime
    kind: str
    words: str
    person: str  # "" when it is about nobody
    incident_id: UUID | None
    mine: bool  # about the reader: somebody else has to look


@dataclass(frozen=True, slots=True)
class GlassOpening:
    """An opening in an emergency that nobody has reviewed yet."""

    id: UUID
    at: datetime
    until: datetime
    person: str
    reason: str
    patient_id: UUID
    mine: bool


@dataclass(frozen=True, slots=True)
class UnusualRow:
    """Unusual reading of one person on one day; patients by id only."""

    person_id: UUID
    person: str
    kind: str
    day: date
    count: int
    first_at: datetime
    last_at: datetime
    patients: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Reads of a person whose transaction was taken back."""

    person: str
    reads: int


@dataclass(frozen=True, slots=True)
class PrivacyWatch:
    """What there is to look at today."""

    now: datetime
    alerts: tuple[AlertRow, ...]
    openings: tuple[GlassOpening, ...]
    unusual: tuple[UnusualRow, ...]
    rolled_back: tuple[RolledBack, ...]
