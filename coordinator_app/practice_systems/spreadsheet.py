"""Exports of "inactive patients" from any practice system (practice-systems.md 4).

``read_export`` looks at the whole file once (encoding, header, number of rows, what is skipped)
and refuses what cannot be an export; ``Export.rows`` then streams the records. Nothing is
dropped silently: each row of the file is a record, a rejected row with its reason, or counted
among the skipped ones.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from coordinator_app.domain.imports import (
    ImportReport,
    ImportRow,
    ImportTally,
    PatientRecord,
    RowProblem,
    RowStatus,
    Severity,
    SkippedRow,
)
from coordinator_app.practice_systems import people, text_table, workbook
from coordinator_app.practice_systems.errors import ImportFileError
from coordinator_app.practice_systems.header_map import (
    PHONE_FIELDS,
    Field,
    HeaderMapping,
    known_fields,
    map_header,
    normalise,
)
from coordinator_app.practice_systems.records import make_row
from coordinator_app.practice_systems.values import Cell, text_of

MAX_BYTES: Final = 50 * 1024 * 1024
MAX_ROWS: Final = 200_000
PREVIEW_ROWS: Final = 10
_MAX_PHYSICAL_ROWS: Final = 1_048_576  # what a spreadsheet program can hold at all
_HEADER_WITHIN: Final = 20
_FEWEST_KNOWN: Final = 2
_NAMES_LOOKED_AT: Final = 500
_LISTED_SKIPS: Final = 1_000
_TEXT: Final = frozenset({".csv", ".tsv", ".txt"})
_WORKBOOKS: Final = frozenset({".xlsx", ".xls", ".ods"})
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_TOTALS: Final = re.compile(
    r"(?:grand |report |page |sub ?)?totals?\b.*|(?:record|patient|row)s? (?:count|total)\b.*"
    r"|(?:count|page|printed|generated|run date|report date|end of (?:report|list))\b.*"
    r"|number of (?:patients|records)\b.*|\d+ (?:records?|patients?|rows?)(?: (?:found|listed))?"
)
_BLANK: Final = "blank"
_BEFORE_HEADER: Final = "before the header"
_REPEATED_HEADER: Final = "repeated header"
_TOTALS_LINE: Final = "totals or footer"

Rows = Iterable[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _Table:
    """One way to read the file as rows: a delimiter, or a sheet."""

    rows: Callable[[], Rows]
    label: str  # the delimiter or the sheet's name


@dataclass(frozen=True, slots=True)
class Export:
    """A file that can be imported, before anything of it has been."""

    source: str
    kind: str  # the file's ending without the dot
    encoding: str  # "" for a workbook
    table: str  # the delimiter, or the sheet's name
    header_row: int  # 1-based
    mapping: HeaderMapping
    row_count: int  # rows that `rows` will yield
    skip_counts: tuple[tuple[str, int], ...]
    skipped: tuple[SkippedRow, ...]  # blank ones are only counted; the first 1,000
    warnings: tuple[str, ...]
    today: date
    region: str
    _rows: Callable[[], Rows]

    def rows(self) -> Iterator[ImportRow[PatientRecord]]:
        """Stream the rows; can be called again. Needs memory for the IDs only.

        A second row with the same patient ID is REPEATED when it says the same, else REVIEW
        with ``duplicate_of`` set: it must not be written over the first.
        """
        seen: dict[str, tuple[int, str]] = {}
        for number, cells, skip in _classified(self._rows(), self.header_row, self.mapping):
            if skip:
                continue
            row = make_row(
                number,
                cells,
                self.mapping,
                source=self.source,
                today=self.today,
                region=self.region,
            )
            if row.record is not None:
                earlier = seen.get(row.record.external_id)
                if earlier is None:
                    seen[row.record.external_id] = (number, row.row_hash)
                else:
                    row = _second(row, *earlier)
            yield row

    def preview(self, count: int = PREVIEW_ROWS) -> tuple[ImportRow[PatientRecord], ...]:
        """Give the first rows as they would go in, to be looked at before the import."""
        return tuple(itertools.islice(self.rows(), count))

    def report(self) -> ImportReport:
        """Read every row and report, without keeping the records: a dry run's first half."""
        tally = ImportTally()
        for row in self.rows():
            tally.add(row)
        return self.report_of(tally)

    def report_of(self, tally: ImportTally) -> ImportReport:
        """Make the report of a tally that was kept while the rows went by."""
        return ImportReport.of(
            self.source,
            tally,
            skipped=self.skip_counts,
            columns=tuple((column.header, column.field.value) for column in self.mapping.columns),
            unknown_columns=self.mapping.unknown,
            warnings=self.warnings,
        )


def read_export(
    path: Path,
    *,
    today: date,
    region: str = "US",
    source: str = "spreadsheet",
    corrections: Mapping[str, Field | None] | None = None,
) -> Export:
    """Open an export of patients and find out how to read it.

    Args:
        path: .csv, .tsv, .txt, .xlsx, .xls or .ods, at most 50 MB and 200,000 rows.
        today: the practice's date; decides about two-digit years and dates in the future.
        region: ISO country whose numbers are written without a country code.
        source: name of the system the file came from; with the patient ID the key of a record.
        corrections: the mapping saved for this header, if any (see ``map_header``).

    Raises:
        ImportFileError: with a sentence, when the file as a whole is of no use.
    """
    suffix = _checked_file(path)
    choices = corrections or {}
    encoding = ""
    if suffix in _TEXT:
        encoding = text_table.detect_encoding(path)
        tables = [
            _Table(lambda d=delimiter: text_table.read_rows(path, encoding, d), delimiter)  # type: ignore[misc]
            for delimiter in text_table.DELIMITERS
        ]
    else:
        sheets = workbook.open_sheets(path, suffix, MAX_ROWS + MAX_ROWS // 10)
        tables = [_Table(sheet.rows, sheet.name) for sheet in sheets]
    table, header_row, headers = _find_header(tables, choices)
    mapping = map_header(headers, choices)
    missing = mapping.missing()
    if missing:
        raise ImportFileError(
            f"The file has no column for {', for '.join(missing)}. Columns found: "
            f"{', '.join(header for header in headers if header.strip())}. "
            "Export the list with these columns, or say which column means what.",
            name="missing_columns",
            detail={"missing": missing, "header_hash": mapping.header_hash},
        )
    return _counted(
        Export(
            source=source,
            kind=suffix.removeprefix("."),
            encoding=encoding,
            table=table.label,
            header_row=header_row,
            mapping=mapping,
            row_count=0,
            skip_counts=(),
            skipped=(),
            warnings=(),
            today=today,
            region=region,
            _rows=table.rows,
        ),
        other_sheets=[other.label for other in tables if other is not table and not encoding],
    )


def _checked_file(path: Path) -> str:
    """Give the ending of a file that may be opened at all."""
    suffix = path.suffix.lower()
    if suffix not in _TEXT | _WORKBOOKS:
        raise ImportFileError(
            f"A file ending in {suffix or 'nothing'} cannot be imported. "
            "Use .csv, .tsv, .txt, .xlsx, .xls or .ods.",
            name="ending",
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(2_048)
    except OSError as error:
        raise ImportFileError(
            f"The file cannot be opened ({error.strerror or 'unknown reason'}). "
            "Check the path and that you may read it.",
            name="unreadable",
        ) from error
    if not size:
        raise ImportFileError("The file is empty. Export it again.", name="empty")
    if size > MAX_BYTES:
        raise ImportFileError(
            f"The file has {size / 1024 / 1024:.0f} MB; at most {MAX_BYTES // 1024 // 1024} MB can "
            "be imported at once. Export fewer columns, or split it.",
            name="too_large",
        )
    _check_content(suffix, start)
    return suffix


def _check_content(suffix: str, start: bytes) -> None:
    """Compare the ending with what the file begins with."""
    name = "ending"
    if start.startswith(b"%PDF"):
        raise ImportFileError("This is a PDF. Export the list as CSV or .xlsx.", name=name)
    is_zip, is_ole = start.startswith(_ZIP), start.startswith(_OLE)
    if suffix in {".xlsx", ".ods"} and is_ole:
        raise ImportFileError(
            "The workbook is locked with a password, or is an old .xls with another ending. "
            "Save it again as .xlsx without a password.",
            name="locked",
        )
    if suffix in {".xlsx", ".ods"} and not is_zip:
        raise ImportFileError(
            f"The file ends in {suffix} but is not such a workbook. Export it again.", name=name
        )
    if suffix == ".xls" and not is_ole:
        raise ImportFileError(
            "The file ends in .xls but is not a workbook of that kind (often it is a web page or "
            "text). Open it in a spreadsheet program and save it as .xlsx or CSV.",
            name=name,
        )
    if suffix in _TEXT and (is_zip or is_ole):
        raise ImportFileError(
            f"The file ends in {suffix} but is a workbook. Give it the ending .xlsx or .xls.",
            name=name,
        )


def _find_header(
    tables: Sequence[_Table], corrections: Mapping[str, Field | None]
) -> tuple[_Table, int, list[str]]:
    """Choose the table and row, among the first 20, that name the most fields we know."""
    best: tuple[int, int, _Table, int, list[str]] | None = None
    failure: ImportFileError | None = None
    for table in tables:
        try:
            head = list(itertools.islice(table.rows(), _HEADER_WITHIN))
        except ImportFileError as error:
            failure = failure or error
            continue
        for number, cells in enumerate(head, start=1):
            headers = [text_of(cell) for cell in cells]
            known = known_fields(headers, corrections)
            filled = sum(bool(header) for header in headers)
            if known >= _FEWEST_KNOWN and (best is None or (known, filled) > best[:2]):
                best = (known, filled, table, number, headers)
    if best is None:
        raise failure or ImportFileError(
            f"None of the first {_HEADER_WITHIN} rows has column names that are known here, "
            'such as "Patient ID", "Last Name" and "Home Phone". '
            "Export the list with its column names.",
            name="no_header",
        )
    return best[2:]


def _counted(export: Export, *, other_sheets: Sequence[str]) -> Export:
    """Walk over the whole file once: how many rows, what is skipped, what looks wrong."""
    counts: Counter[str] = Counter()
    skipped: list[SkippedRow] = []
    names: list[tuple[str, str]] = []
    positions = {column.field: column.index for column in export.mapping.columns}
    rows = 0
    for number, cells, skip in _classified(export._rows(), export.header_row, export.mapping):  # noqa: SLF001  (same module)
        if number > _MAX_PHYSICAL_ROWS or rows > MAX_ROWS:
            raise ImportFileError(
                f"The file has more than {MAX_ROWS:,} rows. Split it, or export the inactive "
                "patients only.",
                name="too_many_rows",
            )
        if skip:
            counts[skip] += 1
            if skip != _BLANK and len(skipped) < _LISTED_SKIPS:
                skipped.append(SkippedRow(number, skip))
            continue
        rows += 1
        if len(names) < _NAMES_LOOKED_AT and Field.GIVEN in positions and Field.FAMILY in positions:
            names.append(
                (
                    _text_at(cells, positions[Field.GIVEN]),
                    _text_at(cells, positions[Field.FAMILY]),
                )
            )
    if rows > MAX_ROWS:
        raise ImportFileError(
            f"The file has more than {MAX_ROWS:,} rows. Split it, or export the inactive "
            "patients only.",
            name="too_many_rows",
        )
    if not rows:
        raise ImportFileError(
            "The file has column names but not a single patient. Export it again.",
            name="no_rows",
        )
    return replace(
        export,
        row_count=rows,
        skip_counts=tuple(sorted(counts.items())),
        skipped=tuple(skipped),
        warnings=tuple(_warnings(export, names, other_sheets)),
    )


def _warnings(
    export: Export, names: Sequence[tuple[str, str]], other_sheets: Sequence[str]
) -> Iterator[str]:
    if people.looks_swapped(names):
        yield (
            "First and last names look exchanged: the column of last names holds first names "
            "(OpenEMR's patient list has this fault). Check the preview, and swap the two columns "
            "in the mapping if so."
        )
    if Field.BIRTH_DATE not in export.mapping:
        yield "There is no birth date: patients must be identified by two other facts."
    if not any(
        restriction in export.mapping
        for restriction in (
            Field.DO_NOT_CALL,
            Field.CONSENT_TO_CALL,
            Field.CONTACT_METHOD,
            Field.NOTE,
            Field.STATUS,
        )
    ):
        yield (
            "No column says who must not be called. Make sure that the list was exported without "
            "those patients."
        )
    if Field.NEXT_APPOINTMENT not in export.mapping:
        yield "No column tells the next appointment: patients who have one may be called."
    if other_sheets:
        yield f"Other sheets were not read: {', '.join(other_sheets)}."


def _classified(
    rows: Rows, header_row: int, mapping: HeaderMapping
) -> Iterator[tuple[int, Sequence[Cell], str]]:
    """Number the rows as a spreadsheet does and say which are no patients, and why."""
    for number, cells in enumerate(rows, start=1):
        if number == header_row:
            continue
        if not any(text_of(cell) for cell in cells):
            yield number, cells, _BLANK
        elif number < header_row:
            yield number, cells, _BEFORE_HEADER
        elif _is_header_again(cells, mapping):
            yield number, cells, _REPEATED_HEADER
        elif _is_totals(cells, mapping):
            yield number, cells, _TOTALS_LINE
        else:
            yield number, cells, ""


def _is_header_again(cells: Sequence[Cell], mapping: HeaderMapping) -> bool:
    columns = mapping.columns
    return all(
        normalise(_text_at(cells, column.index)) == normalise(column.header) for column in columns
    )


def _is_totals(cells: Sequence[Cell], mapping: HeaderMapping) -> bool:
    """A first cell like "Total patients: 12" in a row without a phone and a birth date."""
    first = next(text for cell in cells if (text := text_of(cell)))
    if not _TOTALS.fullmatch(normalise(first)):
        return False
    of_people = (*PHONE_FIELDS, Field.BIRTH_DATE)
    return not any(
        _text_at(cells, column.index) for column in mapping.columns if column.field in of_people
    )


def _text_at(cells: Sequence[Cell], index: int) -> str:
    return text_of(cells[index]) if index < len(cells) else ""


def _second(
    row: ImportRow[PatientRecord], earlier_number: int, earlier_hash: str
) -> ImportRow[PatientRecord]:
    """Mark a row whose patient ID has been seen before in this file."""
    if row.row_hash == earlier_hash:
        problem = RowProblem(
            row.row_number, None, f"The same as row {earlier_number}.", Severity.NOTE
        )
        return replace(
            row,
            record=None,
            status=RowStatus.REPEATED,
            problems=(problem,),
            duplicate_of=earlier_number,
        )
    problem = RowProblem(
        row.row_number,
        None,
        f"The patient ID stands in row {earlier_number} too, with other facts.",
        Severity.REVIEW,
    )
    return replace(
        row,
        status=RowStatus.REVIEW,
        problems=(*row.problems, problem),
        duplicate_of=earlier_number,
    )
