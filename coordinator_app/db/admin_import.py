"""Loads what a practice's export holds: streamed in by COPY, compared and written as sets.

The rules (practice-systems.md 4): a record's key is (source, external id) and its hash says
whether it changed; the practice's system wins on demographics, but says nothing by leaving a
field empty; opt-outs are only ever added; absence deletes nothing. A dry run does everything
and takes it back, so its report is exact.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from coordinator_app.db import import_sql
from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.domain.imports import (
    ImportReport,
    ImportRow,
    ImportTally,
    NeverDial,
    PatientRecord,
    RowProblem,
    RowStatus,
    Severity,
    canonical_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, tzinfo
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin


# An escaped NUL; not the text "\\u0000", whose backslash is escaped itself.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class SpreadsheetSource(Protocol):
    """An opened spreadsheet export (practice_systems.spreadsheet)."""

    def rows(self) -> Iterator[ImportRow[PatientRecord]]:
        """Stream the rows."""
        ...

    def report_of(self, tally: ImportTally) -> ImportReport:
        """Make the report of the rows that went by."""
        ...


class FhirSource(Protocol):
    """An opened FHIR export (practice_systems.fhir_ndjson)."""

    @property
    def bad_lines(self) -> tuple[ImportRow[Any], ...]:
        """Lines that are no resource."""
        ...

    def locations(self) -> Iterator[ImportRow[Any]]:
        """Stream places."""
        ...

    def practitioners(self) -> Iterator[ImportRow[Any]]:
        """Stream who patients are seen by."""
        ...

    def practitioner_roles(self) -> Iterator[ImportRow[Any]]:
        """Stream specialties."""
        ...

    def patients(self) -> Iterator[ImportRow[PatientRecord]]:
        """Stream patients."""
        ...

    def coverages(self) -> Iterator[ImportRow[Any]]:
        """Stream who pays."""
        ...

    def encounters(self) -> Iterator[ImportRow[Any]]:
        """Stream visits."""
        ...

    def report_of(self, tally: ImportTally) -> ImportReport:
        """Make the report of the rows that went by; adds the bad lines."""
        ...


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or would do (``dry_run``). Counts are records."""

    report: ImportReport
    created: int
    changed: int
    unchanged: int
    review: int
    rejected: int
    dry_run: bool
    batch_id: UUID | None  # None for a dry run

    def to_json(self) -> dict[str, Any]:
        """Give plain values for ``json.dumps``."""
        return self.report.to_json() | {
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "dry_run": self.dry_run,
            "batch": str(self.batch_id) if self.batch_id else None,
        }

    def to_text(self) -> str:
        """Write the report for a person."""
        verb = "would be " if self.dry_run else ""
        records = (
            f"Records: {self.created:,} {verb}new, {self.changed:,} {verb}changed, "
            f"{self.unchanged:,} unchanged."
        )
        lines = [self.report.to_text(), records]
        if self.dry_run:
            lines.append("This was a dry run: nothing was written.")
        return "\n".join(lines)


@dataclass(slots=True)
class _Load:
    """One import on its way into the database, inside its transaction."""

    conn: Admin
    source: str
    today: date
    tally: ImportTally = field(default_factory=ImportTally)
    counts: Counter[str] = field(default_factory=Counter)

    def load(self, kind: str, rows: Iterable[ImportRow[Any]]) -> None:
        """Stage the rows of one kind and write them."""
        self.conn.execute("RESET ROLE")
        self.conn.execute("TRUNCATE pg_temp.staged")
        cursor = self.conn.cursor()
        problems: list[tuple[Any, ...]] = []
        with cursor.copy(import_sql.COPY_STAGED) as copy:
            for row in rows:
                self.tally.add(row)
                problems += _problem_rows(row)
                if row.record is not None and row.duplicate_of is None:
                    copy.write_row(_staged(row, row.record, self.today))
        self._keep(problems)
        self.conn.execute("ANALYZE pg_temp.staged")
        self.conn.execute("SET LOCAL ROLE app_owner")
        counted = self.conn.execute(import_sql.count(kind), {"source": self.source}).fetchone()
        if counted is not None:
            for name, number in zip(("created", "changed", "unchanged"), counted, strict=True):
                self.counts[name] += number
        for statement in import_sql.WRITE[kind]:
            self.conn.execute(statement, {"source": self.source, "today": self.today})

    def keep_rejected(self, rows: Iterable[ImportRow[Any]]) -> None:
        """Keep the reasons of rows that are no records at all (the report counts them)."""
        self.conn.execute("RESET ROLE")
        self._keep([problem for row in rows for problem in _problem_rows(row)])

    def finish(self, kind: str, file_name: str, report: ImportReport) -> UUID:
        """Write the batch and its problems; returns the batch's id."""
        self.conn.execute("SET LOCAL ROLE app_owner")
        row = self.conn.execute(
            import_sql.BATCH,
            {
                "source": self.source,
                "kind": kind,
                "file_name": file_name,
                "mapping": json.dumps(dict(report.columns)),
                "read": report.read,
                "created": self.counts["created"],
                "changed": self.counts["changed"],
                "unchanged": self.counts["unchanged"],
                "review": report.review,
                "rejected": report.rejected,
            },
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT … RETURNING of one row
        batch: UUID = row[0]
        self.conn.execute(import_sql.PROBLEMS, {"batch": batch})
        return batch

    def _keep(self, problems: list[tuple[Any, ...]]) -> None:
        with self.conn.cursor().copy(import_sql.COPY_PROBLEMS) as copy:
            for problem in problems:
                copy.write_row(problem)


def _staged(row: ImportRow[Any], record: Any, today: date) -> tuple[Any, ...]:  # noqa: ANN401 - of any kind
    hold = _hold(row, record, today) if isinstance(record, PatientRecord) else ""
    content = _storable(canonical_json(record))
    return row.row_number, record.external_id, bytes.fromhex(row.row_hash), hold, content


def import_spreadsheet(
    conninfo: str,
    read: Callable[[date], SpreadsheetSource],
    *,
    source: str,
    file_name: str,
    dry_run: bool = False,
) -> ImportResult:
    """Import patients from a spreadsheet. ``read`` opens it, given the practice's today.

    Raises what ``read`` raises, and ConfigurationError when there is no practice yet.
    """

    def work(load: _Load, _: tzinfo) -> ImportReport:
        export = read(load.today)
        load.load("patient", export.rows())
        return export.report_of(load.tally)

    return _import(conninfo, work, source, "spreadsheet", file_name, dry_run=dry_run)


def import_fhir(
    conninfo: str,
    read: Callable[[date, tzinfo], FhirSource],
    *,
    source: str,
    file_name: str,
    dry_run: bool = False,
) -> ImportResult:
    """Import a FHIR export. ``read`` opens it, given the practice's today and time zone.

    Raises what ``read`` raises, and ConfigurationError when there is no practice yet.
    """

    def work(load: _Load, zone: tzinfo) -> ImportReport:
        export = read(load.today, zone)
        load.keep_rejected(export.bad_lines)
        load.load("location", export.locations())
        load.load("practitioner", export.practitioners())
        load.load("practitioner_role", export.practitioner_roles())
        load.load("patient", export.patients())
        load.load("coverage", export.coverages())
        load.load("encounter", export.encounters())
        return export.report_of(load.tally)

    return _import(conninfo, work, source, "fhir", file_name, dry_run=dry_run)


def _import(
    conninfo: str,
    work: Callable[[_Load, tzinfo], ImportReport],
    source: str,
    kind: str,
    file_name: str,
    *,
    dry_run: bool,
) -> ImportResult:
    with connect_admin(conninfo) as conn, conn.transaction(force_rollback=dry_run):
        with as_owner(conn):
            today, zone = practice_day(conn)
            # Two imports at once would each think that a record is new.
            conn.execute("LOCK TABLE app.import_batch IN SHARE ROW EXCLUSIVE MODE")
        conn.execute("RESET ROLE")
        conn.execute(import_sql.TABLES)
        load = _Load(conn, source, today)
        report = work(load, ZoneInfo(zone))
        batch = load.finish(kind, file_name, report)
    return ImportResult(
        report=report,
        created=load.counts["created"],
        changed=load.counts["changed"],
        unchanged=load.counts["unchanged"],
        review=report.review,
        rejected=report.rejected,
        dry_run=dry_run,
        batch_id=None if dry_run else batch,
    )


def _hold(row: ImportRow[Any], record: PatientRecord, today: date) -> str:
    """Why nobody may be called yet, "" when that is not so; kept in app.patient.state_reason."""
    rules = record.never_dial(today)
    if NeverDial.ON_HOLD in rules:
        return f"import: {record.hold_reason}"
    if NeverDial.RECORD_NOT_IN_USE in rules:
        return "import: record_not_in_use"
    return "import: review" if row.status is RowStatus.REVIEW else ""


def _problem_rows(row: ImportRow[Any]) -> Iterator[tuple[Any, ...]]:
    external_id = row.record.external_id if row.record is not None else ""
    # The cells of a row are kept only where somebody has to look at them.
    content = dict(row.raw) if row.status in {RowStatus.REVIEW, RowStatus.REJECTED} else {}
    for problem in row.problems:
        if problem.severity is not Severity.NOTE:
            reason = f"{problem.column}: {problem.reason}" if problem.column else problem.reason
            yield (
                *_place(problem, row),
                problem.severity.value,
                reason,
                external_id,
                _json(content),
            )


def _place(problem: RowProblem, row: ImportRow[Any]) -> tuple[str, int]:
    return problem.file or row.file, problem.row_number


def _json(content: dict[str, str]) -> str:
    return _storable(json.dumps(content, ensure_ascii=False))


def _storable(text: str) -> str:
    """Return JSON text as PostgreSQL takes it: without NUL, and without half characters."""
    return _NUL.sub(r"\1", text).encode("utf-8", "replace").decode()
