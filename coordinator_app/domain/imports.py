"""What an import yields: records with FHIR's names, and what was wrong with each row.

Problems never quote a value: a report may be mailed or pasted, so it names the row and the
column and leaves the patient's data in the file.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, Generic, TypeVar

MAX_LISTED_PROBLEMS = 200


class Severity(enum.StrEnum):
    """What a problem does to its row."""

    REJECT = "reject"  # no record can be made of it; kept aside with the reason
    REVIEW = "review"  # a record, but a person must look before anybody is called
    NOTE = "note"  # a good record; worth knowing


class RowStatus(enum.StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    REJECTED = "rejected"
    REPEATED = "repeated"  # says nothing that an earlier row of the same file did not say


class TelecomUse(enum.StrEnum):
    """FHIR ContactPoint.use, the three that are dialed."""

    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"


class PayerClass(enum.StrEnum):
    """Who pays, as coarse as the paying-patient rule needs it (database.md)."""

    MEDICARE = "medicare"
    MEDICAID = "medicaid"
    COMMERCIAL = "commercial"
    SELF_PAY = "self-pay"
    OTHER = "other"


class HoldReason(enum.StrEnum):
    """Why nobody may be called until a person has decided (practice-systems.md 4)."""

    DISCONNECTED = "disconnected"
    DISABLED_UNTIL = "disabled_until"
    UNCLEAR_CONSENT = "unclear_consent"
    UNCLEAR_DEATH = "unclear_death"
    LEFT_PRACTICE = "left_practice"
    LEGAL = "legal"
    UNREADABLE_APPOINTMENT = "unreadable_appointment"


class NeverDial(enum.StrEnum):
    """The never-dial rules of practice-systems.md 4, one by one."""

    DECEASED = "deceased"
    DO_NOT_CALL = "do_not_call"
    ON_HOLD = "on_hold"
    FUTURE_APPOINTMENT = "future_appointment"
    NO_VALID_NUMBER = "no_valid_number"
    RECORD_NOT_IN_USE = "record_not_in_use"


@dataclass(frozen=True, slots=True)
class TelecomRecord:
    """One valid number. ``zones`` and ``states`` are the number's own, not the address's."""

    use: TelecomUse
    e164: str
    extension: str
    rank: int  # 1 = try first
    zones: tuple[str, ...]
    states: tuple[str, ...]
    raw: str  # as the practice's system wrote it


@dataclass(frozen=True, slots=True)
class IdentifierRecord:
    """A business identifier; only medical record numbers are ever read (45 CFR 164.502(b))."""

    system: str
    value: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """A patient as the practice's system knows them. Key: (source, external_id)."""

    source: str
    external_id: str
    family: str
    given: str
    middle: str = ""
    birth_date: date | None = None
    gender: str | None = None  # FHIR AdministrativeGender
    language: str | None = None  # BCP 47
    deceased: bool = False
    deceased_on: date | None = None
    phones: tuple[TelecomRecord, ...] = ()
    email: str = ""
    address_line: str = ""
    city: str = ""
    state: str = ""  # two letters
    zip: str = ""  # five digits, or five-four
    zones: tuple[str, ...] = ()  # of the address; () = unknown
    identifiers: tuple[IdentifierRecord, ...] = ()
    active: bool = True  # FHIR Patient.active: the record is in use
    last_visit: date | None = None
    next_appointment: date | None = None
    next_appointment_time: time | None = None  # the practice's wall clock
    recall_due: date | None = None
    balance_cents: int | None = None  # what the patient owes; negative = credit
    insurance: str = ""
    payer_class: PayerClass | None = None
    practitioner: str = ""
    do_not_call: bool = False
    hold_reason: HoldReason | None = None
    hold_until: date | None = None
    note: str = ""

    def never_dial(self, today: date) -> tuple[NeverDial, ...]:
        """Say which never-dial rules hold on ``today`` (practice-systems.md 4)."""
        booked = self.next_appointment is not None and self.next_appointment >= today
        rules = (
            (NeverDial.DECEASED, self.deceased),
            (NeverDial.DO_NOT_CALL, self.do_not_call),
            (NeverDial.ON_HOLD, self._held(today)),
            (NeverDial.FUTURE_APPOINTMENT, booked),
            (NeverDial.NO_VALID_NUMBER, not self.phones),
            (NeverDial.RECORD_NOT_IN_USE, not self.active),
        )
        return tuple(rule for rule, applies in rules if applies)

    def _held(self, today: date) -> bool:
        if self.hold_reason is None:
            return False
        return self.hold_until is None or self.hold_until > today


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRecord:
    """Somebody patients are seen by."""

    source: str
    external_id: str
    family: str
    given: str
    prefix: str = ""
    npi: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRoleRecord:
    """What a practitioner does and for which organization."""

    source: str
    external_id: str
    practitioner_external_id: str
    organization_external_id: str = ""
    specialties: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRecord:
    """A practice (kind "prov"), an insurer (kind "ins") or another organization."""

    source: str
    external_id: str
    name: str
    kind: str = ""
    phone: str = ""  # E.164
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRecord:
    """A place where patients are seen."""

    source: str
    external_id: str
    name: str
    address_line: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    zones: tuple[str, ...] = ()
    phone: str = ""  # E.164
    organization_external_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterRecord:
    """A visit. Times are aware; ``class_code`` is the HL7 v3 ActCode (AMB, EMER, IMP, HH, VR)."""

    source: str
    external_id: str
    patient_external_id: str
    status: str
    class_code: str
    start: datetime
    end: datetime | None = None
    type_code: str = ""
    type_text: str = ""
    practitioner_external_id: str = ""
    location_external_id: str = ""
    organization_external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRecord:
    """Who pays for a patient, from when to when."""

    source: str
    external_id: str
    patient_external_id: str
    payer: str
    payer_class: PayerClass
    plan: str = ""
    status: str = "active"
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row: ``reason`` is a sentence without the value itself."""

    row_number: int  # 1-based, as a spreadsheet or editor counts
    column: str | None
    reason: str
    severity: Severity
    file: str = ""


RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class ImportRow(Generic[RecordT]):
    """One row read: a record unless it was rejected or only repeats another.

    ``raw`` holds the mapped cells of a spreadsheet row (field -> text) so that a rejected row
    can be kept for review; columns that are not mapped are never carried along.
    """

    row_number: int
    record: RecordT | None
    problems: tuple[RowProblem, ...]
    row_hash: str
    status: RowStatus
    file: str = ""
    raw: tuple[tuple[str, str], ...] = ()
    duplicate_of: int | None = None  # the row of this file that has the same key


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is no patient: "blank", "before the header", "repeated header", "totals"."""

    row_number: int
    why: str


@dataclass(slots=True)
class ImportTally:
    """Counts rows while they stream by; notes beyond the first 200 problems are only counted."""

    by_status: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[RowProblem] = field(default_factory=list)
    unlisted: int = 0

    def add(self, row: ImportRow[Any]) -> None:
        """Count one row and keep its problems, of the mere notes as many as there is room for."""
        self.by_status[row.status] += 1
        for problem in row.problems:
            kind = re.sub(r"\brow [0-9]+", "another row", problem.reason)
            self.by_reason[problem.severity, kind] += 1
            if problem.severity is Severity.NOTE and len(self.problems) >= MAX_LISTED_PROBLEMS:
                self.unlisted += 1
            else:
                # What was rejected or needs a person is never cut from the list.
                self.problems.append(problem)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of reading a file, for a person (``to_text``) and a program (``to_json``)."""

    source: str
    read: int
    accepted: int
    review: int
    rejected: int
    repeated: int
    skipped: tuple[tuple[str, int], ...] = ()  # why -> rows
    columns: tuple[tuple[str, str], ...] = ()  # header -> field
    unknown_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    unlisted_notes: int = 0
    reasons: tuple[tuple[str, str, int], ...] = ()  # severity, reason, rows

    @classmethod
    def of(cls, source: str, tally: ImportTally, **facts: Any) -> ImportReport:  # noqa: ANN401
        """Make the report of a tally; ``facts`` are the remaining fields."""
        return cls(
            source=source,
            read=sum(tally.by_status.values()),
            accepted=tally.by_status[RowStatus.ACCEPTED],
            review=tally.by_status[RowStatus.REVIEW],
            rejected=tally.by_status[RowStatus.REJECTED],
            repeated=tally.by_status[RowStatus.REPEATED],
            problems=tuple(tally.problems),
            unlisted_notes=tally.unlisted,
            reasons=tuple(
                (severity, reason, count)
                for (severity, reason), count in sorted(
                    tally.by_reason.items(), key=lambda item: (-item[1], item[0])
                )
            ),
            **facts,
        )

    def to_json(self) -> dict[str, Any]:
        """Give plain values for ``json.dumps`` (field names as in this class)."""
        plain: dict[str, Any] = json.loads(canonical_json(self))
        plain["skipped"] = dict(self.skipped)
        plain["columns"] = dict(self.columns)
        plain["reasons"] = [
            {"severity": severity, "reason": reason, "rows": count}
            for severity, reason, count in self.reasons
        ]
        return plain

    def to_text(self) -> str:
        """Write the report for a person: counts, warnings, then every problem by row."""
        lines = [
            f"{self.source}: {_rows(self.read)} read",
            f"  {self.accepted:>7,}  good",
            f"  {self.review:>7,}  need a person to look before anybody is called",
            f"  {self.rejected:>7,}  could not be used (kept for review)",
            f"  {self.repeated:>7,}  repeat an earlier row",
        ]
        lines += [f"  {count:>7,}  skipped: {why}" for why, count in self.skipped]
        if self.columns:
            lines.append("Columns:")
            lines += [f"  {header} -> {name}" for header, name in self.columns]
        if self.unknown_columns:
            lines.append("Not used: " + ", ".join(self.unknown_columns))
        lines += [f"Warning: {warning}" for warning in self.warnings]
        if self.problems:
            lines.append("Problems:")
        for problem in self.problems:
            where = f"{problem.file} line" if problem.file else "row"
            column = f", {problem.column}" if problem.column else ""
            lines.append(
                f"  {where} {problem.row_number}{column}: {problem.reason} [{problem.severity}]"
            )
        if self.unlisted_notes:
            lines.append(f"  and {self.unlisted_notes:,} more notes of the same kinds")
        return "\n".join(lines)


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: object) -> str:
    """Write a record the same way each time, so that equal records have equal hashes."""
    return json.dumps(
        value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def record_hash(value: object) -> str:
    """Give the SHA-256 of a record's content: what "unchanged since last time" means."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
