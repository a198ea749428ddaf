"""From one mapped row of cells to a patient record with its problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from coordinator_app.domain.imports import (
    HoldReason,
    IdentifierRecord,
    ImportRow,
    PatientRecord,
    RowProblem,
    RowStatus,
    Severity,
    TelecomRecord,
    TelecomUse,
    record_hash,
)
from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError
from coordinator_app.domain.zones import state_code, state_of_zip, zones_for_address
from coordinator_app.practice_systems import people, restrictions
from coordinator_app.practice_systems.header_map import PHONE_FIELDS, Field, HeaderMapping
from coordinator_app.practice_systems.restrictions import Finding
from coordinator_app.practice_systems.text_table import DELIMITERS
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

_Reader = Callable[[str], str | None]

_OLDEST = timedelta(days=120 * 366)
_MAX_NOTE = 2_000
_USES = {
    Field.PHONE_MOBILE: TelecomUse.MOBILE,
    Field.PHONE_HOME: TelecomUse.HOME,
    Field.PHONE_WORK: TelecomUse.WORK,
}
# The gravest first: one hold is kept, the report names them all.
_HOLDS = (
    (Finding.LEGAL, HoldReason.LEGAL),
    (Finding.UNCLEAR_DEATH, HoldReason.UNCLEAR_DEATH),
    (Finding.UNCLEAR_CONSENT, HoldReason.UNCLEAR_CONSENT),
    (Finding.LEFT_PRACTICE, HoldReason.LEFT_PRACTICE),
    (Finding.DISCONNECTED, HoldReason.DISCONNECTED),
)
_CERTAIN = frozenset(
    {Finding.DO_NOT_CALL, Finding.DECEASED, Finding.RECORD_NOT_IN_USE, Finding.PREFERS_OTHER}
)


@dataclass(slots=True)
class _Row:
    """The cells of one row by field, and the problems found so far."""

    number: int
    cells: Mapping[Field, Sequence[tuple[str, Cell]]]  # field -> (header, cell) of each column
    today: date
    region: str
    problems: list[RowProblem] = field(default_factory=list)
    findings: set[Finding] = field(default_factory=set)

    def problem(self, column: Field | str | None, reason: str, severity: Severity) -> None:
        header = self.header(column) if isinstance(column, Field) else column
        self.problems.append(RowProblem(self.number, header, reason, severity))

    def header(self, column: Field) -> str:
        columns = self.cells.get(column)
        return columns[0][0] if columns else column.value

    def cell(self, column: Field) -> Cell:
        columns = self.cells.get(column)
        return columns[0][1] if columns else None

    def text(self, column: Field) -> str:
        return optional_text(self.cell(column))

    def day(self, column: Field, severity: Severity, *, past: bool = False) -> date | None:
        try:
            return parse_date(self.cell(column), self.today, past=past)
        except CellError as error:
            self.problem(column, str(error), severity)
            return None


class RejectedRowError(Exception):
    """No record can be made of the row; the problem has been noted."""


def make_row(
    number: int,
    cells: Sequence[Cell],
    mapping: HeaderMapping,
    *,
    source: str,
    today: date,
    region: str,
) -> ImportRow[PatientRecord]:
    """Turn the cells of row ``number`` into a patient record, or say why that cannot be."""
    by_field: dict[Field, list[tuple[str, Cell]]] = {}
    for column in mapping.columns:
        cell = cells[column.index] if column.index < len(cells) else None
        by_field.setdefault(column.field, []).append((column.header, cell))
    row = _Row(number, by_field, today, region)
    raw = tuple(
        (name.value, text)
        for name, columns in by_field.items()
        for _, cell in columns
        if (text := text_of(cell))
    )
    record: PatientRecord | None = None
    try:
        _check_shape(row, cells, mapping)
        record = _patient(row, source)
    except RejectedRowError:
        pass
    severities = {problem.severity for problem in row.problems}
    if record is None:
        status = RowStatus.REJECTED
    else:
        status = RowStatus.REVIEW if Severity.REVIEW in severities else RowStatus.ACCEPTED
    return ImportRow(
        row_number=number,
        record=record,
        problems=tuple(row.problems),
        row_hash=record_hash(record if record is not None else raw),
        status=status,
        raw=raw,
    )


def _check_shape(row: _Row, cells: Sequence[Cell], mapping: HeaderMapping) -> None:
    """Refuse rows whose cells may stand in the wrong columns."""
    if any(text_of(cell) for cell in cells[mapping.width :]):
        row.problem(
            None,
            "The row has more cells than the header: a comma or quotation mark in a text "
            "may have shifted them.",
            Severity.REJECT,
        )
        raise RejectedRowError
    lines = max((cell.count("\n") for cell in cells if isinstance(cell, str)), default=0)
    widest = max(
        (cell.count(mark) for cell in cells if isinstance(cell, str) for mark in DELIMITERS),
        default=0,
    )
    if lines and widest >= max(lines - 1, 1) * max(len(mapping.columns) - 1, 3):
        row.problem(
            None,
            f"A quotation mark is never closed: it has swallowed {lines} lines that follow.",
            Severity.REJECT,
        )
        raise RejectedRowError


def _patient(row: _Row, source: str) -> PatientRecord:
    try:
        external_id = parse_id(row.cell(Field.EXTERNAL_ID))
    except CellError as error:
        row.problem(Field.EXTERNAL_ID, str(error), Severity.REJECT)
        raise RejectedRowError from error
    family, given, middle = _name(row)
    birth_date = _birth_date(row)
    last_visit = _last_visit(row, birth_date)
    appointment, appointment_time, appointment_unreadable = _next_appointment(row)
    recall_due = row.day(
        Field.RECALL_DUE, Severity.NOTE if last_visit is not None else Severity.REVIEW
    )
    if (
        last_visit is None
        and recall_due is None
        and not any(problem.severity is Severity.REVIEW for problem in row.problems)
    ):
        row.problem(None, "There is neither a last visit nor a recall date.", Severity.REVIEW)
    deceased, deceased_on = _deceased(row)
    _read_restrictions(row)
    deceased = deceased or Finding.DECEASED in row.findings
    phones = _phones(row)
    state, zip_code = _state_and_zip(row)
    hold_reason, hold_until = _hold(row, unreadable=appointment_unreadable)
    insurance = row.text(Field.INSURANCE)
    return PatientRecord(
        source=source,
        external_id=external_id,
        family=family,
        given=given,
        middle=middle,
        birth_date=birth_date,
        gender=_optional(row, Field.GENDER, people.parse_gender),
        language=_optional(row, Field.LANGUAGE, people.parse_language),
        deceased=deceased,
        deceased_on=deceased_on,
        phones=phones,
        email=_email(row),
        address_line=row.text(Field.ADDRESS),
        city=row.text(Field.CITY),
        state=state,
        zip=zip_code,
        zones=zones_for_address(state, zip_code),
        identifiers=(IdentifierRecord(source, external_id, "MR"),),
        active=Finding.RECORD_NOT_IN_USE not in row.findings,
        last_visit=last_visit,
        next_appointment=appointment,
        next_appointment_time=appointment_time,
        recall_due=recall_due,
        balance_cents=_balance(row),
        insurance=insurance,
        payer_class=people.classify_payer(insurance) if insurance else None,
        practitioner=row.text(Field.PRACTITIONER),
        do_not_call=Finding.DO_NOT_CALL in row.findings,
        hold_reason=hold_reason,
        hold_until=hold_until,
        note=_note(row),
    )


def _name(row: _Row) -> tuple[str, str, str]:
    """Family, given and middle name, from their own columns or from the full name."""
    family, given = row.text(Field.FAMILY), row.text(Field.GIVEN)
    column = Field.FAMILY
    try:
        if family and given:
            middle = row.text(Field.MIDDLE)
            return people.check_name(family), people.check_name(given), middle
        full = row.text(Field.FULL_NAME)
        if full:
            column = Field.FULL_NAME
            family, given, middle = people.split_name(full)
            return people.check_name(family), people.check_name(given), middle
        if "," in (family or given):  # both names in the one column that is filled
            return people.split_name(family or given)
    except CellError as error:
        row.problem(column, str(error), Severity.REJECT)
        raise RejectedRowError from error
    part = "name" if not family and not given else f"{'first' if family else 'last'} name"
    row.problem(column, f"The {part} is missing.", Severity.REJECT)
    raise RejectedRowError


def _birth_date(row: _Row) -> date | None:
    born = row.day(Field.BIRTH_DATE, Severity.REVIEW, past=True)
    if born is None:
        if Field.BIRTH_DATE in row.cells and not text_of(row.cell(Field.BIRTH_DATE)):
            row.problem(
                Field.BIRTH_DATE,
                "There is no birth date: identity needs two other facts.",
                Severity.NOTE,
            )
        return None
    if born > row.today:
        row.problem(Field.BIRTH_DATE, "The birth date is in the future.", Severity.REJECT)
        raise RejectedRowError
    if row.today - born > _OLDEST:
        row.problem(Field.BIRTH_DATE, "The patient would be over 120 years old.", Severity.REVIEW)
    return born


def _last_visit(row: _Row, born: date | None) -> date | None:
    visit = row.day(Field.LAST_VISIT, Severity.REVIEW, past=True)
    if visit is None:
        return None
    if visit > row.today:
        row.problem(Field.LAST_VISIT, "The last visit is in the future.", Severity.REVIEW)
    if born and visit < born:
        row.problem(Field.LAST_VISIT, "The last visit is before the birth date.", Severity.REVIEW)
    return visit


def _next_appointment(row: _Row) -> tuple[date | None, time | None, bool]:
    """Day, time of day, and whether there is one that cannot be read (so nobody calls)."""
    try:
        found = parse_datetime(row.cell(Field.NEXT_APPOINTMENT), row.today)
    except CellError as error:
        row.problem(Field.NEXT_APPOINTMENT, str(error), Severity.REVIEW)
        return None, None, True
    return (*found, False) if found else (None, None, False)


def _deceased(row: _Row) -> tuple[bool, date | None]:
    """Read every "deceased" and "date of death" column: a flag, a date, or words."""
    deceased, died = False, None
    for header, cell in row.cells.get(Field.DECEASED, ()):
        text = optional_text(cell)
        flag = parse_flag(text) if not isinstance(cell, date) else None
        if not text or flag is False:
            continue
        if flag:
            deceased = True
            continue
        try:
            day = parse_date(cell, row.today, past=True)
        except CellError:
            # Something stands where only the dead have an entry: never call on a guess.
            deceased = True
            row.problem(header, "The date of death cannot be read.", Severity.REVIEW)
            continue
        if day:
            deceased, died = True, day
            if day > row.today:
                row.problem(header, "The date of death is in the future.", Severity.REVIEW)
    return deceased, died


def _read_restrictions(row: _Row) -> None:
    for column, columns in row.cells.items():
        for header, cell in columns:
            text = optional_text(cell)
            if column is Field.NOTE:
                found = restrictions.read_note(text)
            elif column is Field.STATUS:
                found = restrictions.read_status(text)
            elif column in {Field.DO_NOT_CALL, Field.CONSENT_TO_CALL, Field.CONTACT_METHOD}:
                found = restrictions.read_consent(column, text)
            elif column in PHONE_FIELDS:
                found = restrictions.read_note(text)
            else:
                continue
            for finding in sorted(found, key=lambda item: item.name):
                severity = Severity.NOTE if finding in _CERTAIN else Severity.REVIEW
                row.problem(header, finding.value, severity)
            row.findings |= found


def _hold(row: _Row, *, unreadable: bool) -> tuple[HoldReason | None, date | None]:
    for finding, reason in _HOLDS:
        if finding in row.findings:
            return reason, None
    if unreadable:
        return HoldReason.UNREADABLE_APPOINTMENT, None
    try:
        until = parse_date(row.cell(Field.HOLD_UNTIL), row.today)
    except CellError as error:
        row.problem(Field.HOLD_UNTIL, str(error), Severity.REVIEW)
        return HoldReason.DISABLED_UNTIL, None
    if until and until > row.today:
        return HoldReason.DISABLED_UNTIL, until
    return None, None


def _phones(row: _Row) -> tuple[TelecomRecord, ...]:
    """Every valid number once, mobile first; problems noted for the others."""
    found: dict[str, TelecomRecord] = {}
    bad: list[tuple[str, str]] = []
    for column in PHONE_FIELDS:
        for header, cell in row.cells.get(column, ()):
            text = optional_text(cell)
            if not text:
                continue
            try:
                numbers = PhoneNumber.find_all(text, row.region)
            except PhoneNumberError as error:
                bad.append((header, error.sentence))
                continue
            for number in numbers:
                if number.e164 in found:
                    continue
                found[number.e164] = telecom(number, _USES[column], len(found) + 1, text)
                if not number.is_domestic:
                    row.problem(header, "The number is outside the United States.", Severity.REVIEW)
    for header, reason in bad:
        row.problem(header, reason, Severity.NOTE)
    if not found:
        row.problem(None, "There is no number that can be called.", Severity.REVIEW)
    return tuple(found.values())


def telecom(number: PhoneNumber, use: TelecomUse, rank: int, raw: str) -> TelecomRecord:
    """Make the record of a valid number, with the zones and state that the number itself has."""
    return TelecomRecord(
        use=use,
        e164=number.e164,
        extension=number.extension,
        rank=rank,
        zones=number.candidate_zones(),
        states=number.region_states(),
        raw=raw,
    )


def _state_and_zip(row: _Row) -> tuple[str, str]:
    zip_code = _optional(row, Field.ZIP, people.parse_zip) or ""
    text = row.text(Field.STATE)
    state = state_code(text)
    if text and not state:
        row.problem(Field.STATE, "This is not a state; it is left empty.", Severity.NOTE)
    of_zip = state_of_zip(zip_code)
    if state and of_zip and state != of_zip:
        row.problem(
            Field.ZIP,
            "State and ZIP code disagree: calling hours of both apply.",
            Severity.NOTE,
        )
    return state or of_zip, zip_code


def _balance(row: _Row) -> int | None:
    try:
        return parse_cents(row.cell(Field.BALANCE))
    except CellError as error:
        row.problem(Field.BALANCE, str(error), Severity.NOTE)
        return None


def _email(row: _Row) -> str:
    text = row.text(Field.EMAIL)
    local, at, domain = text.partition("@")
    if not text or (at and local and "." in domain.strip(".") and " " not in text):
        return text
    row.problem(Field.EMAIL, "This is not an e-mail address; it is left empty.", Severity.NOTE)
    return ""


def _note(row: _Row) -> str:
    texts = (optional_text(cell) for _, cell in row.cells.get(Field.NOTE, ()))
    note = "; ".join(text for text in texts if text)
    if len(note) > _MAX_NOTE:
        row.problem(Field.NOTE, f"The note is cut after {_MAX_NOTE} characters.", Severity.NOTE)
    return note[:_MAX_NOTE]


def _optional(row: _Row, column: Field, read: _Reader) -> str | None:
    text = row.text(column)
    if not text:
        return None
    try:
        return read(text)
    except CellError as error:
        row.problem(column, str(error), Severity.NOTE)
        return None
