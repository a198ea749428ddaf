"""A folder of FHIR R4 NDJSON, as Bulk Data exports and Synthea write it (streamed).

One line is one resource; a bad line is reported with its file and number and the rest goes on.
``read_fhir_directory`` walks over everything once to learn which ids exist; the iterators of
``FhirExport`` then stream the records, so memory holds ids only, never the resources.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

from coordinator_app.domain.imports import (
    CoverageRecord,
    EncounterRecord,
    ImportReport,
    ImportRow,
    ImportTally,
    LocationRecord,
    OrganizationRecord,
    PatientRecord,
    PractitionerRecord,
    PractitionerRoleRecord,
    RowProblem,
    RowStatus,
    Severity,
    record_hash,
)
from coordinator_app.practice_systems import fhir_json as fhir
from coordinator_app.practice_systems import fhir_records, fhir_visits
from coordinator_app.practice_systems.errors import ImportFileError
from coordinator_app.practice_systems.fhir_json import Resource
from coordinator_app.practice_systems.fhir_records import Index, PhoneFix, Reading
from coordinator_app.practice_systems.values import CellError

MAX_LINE: Final = 4 * 1024 * 1024
_ENDINGS: Final = (".ndjson", ".ndjson.gz")
_USED: Final = (
    "Organization",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "Patient",
    "Coverage",
    "Encounter",
)

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    types: frozenset[str]  # which used resource types it holds


@dataclass(frozen=True, slots=True)
class FhirExport:
    """An export that can be imported, before anything of it has been.

    The iterators may be called again, in any order; import in the order organizations,
    locations, practitioners, roles, patients, coverages, encounters to satisfy references.
    """

    source: str
    today: date
    counts: tuple[tuple[str, int], ...]  # used resource type -> resources
    skipped: tuple[tuple[str, int], ...]  # other resource types -> resources
    bad_lines: tuple[ImportRow[Any], ...]  # lines that are no resource at all
    _files: tuple[_File, ...]
    _index: Index
    _zone: tzinfo
    _region: str
    _phone_fix: PhoneFix | None

    def organizations(self) -> Iterator[ImportRow[OrganizationRecord]]:
        """Stream practices and insurers."""
        return self._rows("Organization", fhir_records.organization)

    def locations(self) -> Iterator[ImportRow[LocationRecord]]:
        """Stream the places where patients are seen."""
        return self._rows("Location", fhir_records.location)

    def practitioners(self) -> Iterator[ImportRow[PractitionerRecord]]:
        """Stream the people patients are seen by."""
        return self._rows("Practitioner", fhir_records.practitioner)

    def practitioner_roles(self) -> Iterator[ImportRow[PractitionerRoleRecord]]:
        """Stream specialties and organizations of practitioners."""
        return self._rows("PractitionerRole", fhir_records.practitioner_role)

    def patients(self) -> Iterator[ImportRow[PatientRecord]]:
        """Stream patients, the deceased included."""
        return self._rows("Patient", fhir_records.patient)

    def coverages(self) -> Iterator[ImportRow[CoverageRecord]]:
        """Stream who pays."""
        return self._rows("Coverage", fhir_visits.coverage)

    def encounters(self) -> Iterator[ImportRow[EncounterRecord]]:
        """Stream visits."""
        return self._rows("Encounter", fhir_visits.encounter)

    def report(self) -> ImportReport:
        """Read every resource and report, without keeping the records."""
        tally = ImportTally()
        for rows in (
            self.organizations(),
            self.locations(),
            self.practitioners(),
            self.practitioner_roles(),
            self.patients(),
            self.coverages(),
            self.encounters(),
        ):
            for row in cast("Iterator[ImportRow[Any]]", rows):
                tally.add(row)
        return self.report_of(tally)

    def report_of(self, tally: ImportTally) -> ImportReport:
        """Make the report of a tally kept while the rows went by; adds the bad lines to it."""
        for row in self.bad_lines:
            tally.add(row)
        return ImportReport.of(
            self.source,
            tally,
            skipped=tuple((f"{name} resources are not used", n) for name, n in self.skipped),
        )

    def _rows(
        self, resource_type: str, read: Callable[[Resource, Reading], RecordT]
    ) -> Iterator[ImportRow[RecordT]]:
        reading = Reading(
            source=self.source,
            today=self.today,
            zone=self._zone,
            region=self._region,
            index=self._index,
            phone_fix=self._phone_fix,
        )
        seen: dict[str, tuple[int, str]] = {}
        for file in self._files:
            if resource_type not in file.types:
                continue
            for line, resource, _ in _resources(file.path):
                if resource is None or resource.get("resourceType") != resource_type:
                    continue
                reading.file, reading.line, reading.problems = file.path.name, line, []
                yield _row(resource, reading, read, seen)


def _row(
    resource: Resource,
    reading: Reading,
    read: Callable[[Resource, Reading], RecordT],
    seen: dict[str, tuple[int, str]],
) -> ImportRow[RecordT]:
    """Map one resource; ``seen`` tells the ones that came before."""
    record: RecordT | None = None
    duplicate_of: int | None = None
    status = RowStatus.REJECTED
    row_hash = ""
    try:
        record = read(resource, reading)
    except CellError as error:
        reading.problem(None, str(error), Severity.REJECT)
        row_hash = record_hash(fhir.text(resource.get("id")))
    else:
        row_hash = record_hash(record)
        key = fhir.text(resource.get("id"))
        if key in seen:
            duplicate_of, earlier_hash = seen[key]
            if earlier_hash == row_hash:
                record, status = None, RowStatus.REPEATED
            else:
                reading.problem("id", "The id was used before, with other facts.", Severity.REVIEW)
        else:
            seen[key] = (reading.line, row_hash)
    if record is not None:
        worst = {problem.severity for problem in reading.problems}
        status = RowStatus.REVIEW if Severity.REVIEW in worst else RowStatus.ACCEPTED
    return ImportRow(
        row_number=reading.line,
        record=record,
        problems=tuple(reading.problems),
        row_hash=row_hash,
        status=status,
        file=reading.file,
        duplicate_of=duplicate_of,
    )


def read_fhir_directory(
    path: Path,
    *,
    today: date,
    source: str = "fhir",
    zone: tzinfo = UTC,
    region: str = "US",
    phone_fix: PhoneFix | None = None,
) -> FhirExport:
    """Open a folder of .ndjson and .ndjson.gz files of FHIR R4 resources.

    Args:
        path: the folder; files may have any name and mix resource types.
        today: the practice's date.
        source: name of the system; with the resource id the key of each record.
        zone: the practice's time zone, for times written without an offset.
        region: ISO country whose numbers are written without a country code.
        phone_fix: called with an invalid number and its position among all patient
            numbers of the export; may give another number instead (synthetic data has 555
            numbers that are not valid). None keeps "invalid, reported".

    Raises:
        ImportFileError: no such folder, no such files, or no patient in them.
    """
    if not path.is_dir():
        raise ImportFileError(
            "There is no such folder. Name the folder that holds the .ndjson files.",
            name="no_folder",
        )
    names = sorted(item for item in path.iterdir() if item.name.lower().endswith(_ENDINGS))
    if not names:
        raise ImportFileError(
            "The folder has no .ndjson or .ndjson.gz file. Unpack the export there first.",
            name="no_files",
        )
    index = Index()
    reading = Reading(source=source, today=today, zone=zone, region=region, index=index)
    counts: Counter[str] = Counter()
    bad_lines: list[ImportRow[Any]] = []
    files: list[_File] = []
    for name in names:
        types: set[str] = set()
        for line, resource, reason in _resources(name):
            if resource is None:
                bad_lines.append(_bad_line(name.name, line, reason))
                continue
            kind = fhir.text(resource.get("resourceType"))
            counts[kind] += 1
            types.add(kind)
            _remember(resource, kind, reading)
        files.append(_File(name, frozenset(types & set(_USED))))
    if not index.patients:
        raise ImportFileError(
            "Not one patient was found in the .ndjson files of the folder. Check that it is a FHIR "
            "R4 export that includes Patient.",
            name="no_patients",
            detail={"bad_lines": len(bad_lines)},
        )
    return FhirExport(
        source=source,
        today=today,
        counts=tuple((kind, counts[kind]) for kind in _USED),
        skipped=tuple(sorted((kind, n) for kind, n in counts.items() if kind not in _USED)),
        bad_lines=tuple(bad_lines),
        _files=tuple(files),
        _index=index,
        _zone=zone,
        _region=region,
        _phone_fix=phone_fix,
    )


def _remember(resource: Resource, kind: str, reading: Reading) -> None:
    """Keep the ids that other resources may refer to: of those that will become records."""
    key, index = fhir.text(resource.get("id")), reading.index
    if kind == "PractitionerRole":
        index.roles[key] = fhir.reference(resource.get("practitioner"))[1]
    reading.problems.clear()
    if kind not in {"Patient", "Practitioner", "Location", "Organization"}:
        return
    if not fhir_records.is_usable(resource, reading):
        return
    if kind == "Patient":
        index.patients.add(key)
    elif kind == "Practitioner":
        index.practitioners.add(key)
    elif kind == "Location":
        index.locations.add(key)
    else:
        index.organizations[key] = fhir.text(resource.get("name"))


def _bad_line(file: str, line: int, reason: str) -> ImportRow[Any]:
    return ImportRow(
        row_number=line,
        record=None,
        problems=(RowProblem(line, None, reason, Severity.REJECT, file),),
        row_hash="",
        status=RowStatus.REJECTED,
        file=file,
    )


def _resources(path: Path) -> Iterator[tuple[int, Resource | None, str]]:
    """Yield (line number, resource, "") or (line number, None, reason) for each filled line."""
    number = 0
    try:
        with _open(path) as file:
            for line in _lines(file):
                number += 1
                if line is None:
                    yield number, None, f"The line is longer than {MAX_LINE // 1024 // 1024} MB."
                elif content := line.strip():
                    yield (number, *_parsed(content))
    except (OSError, EOFError, zlib.error):
        yield number + 1, None, "The file is damaged from here on; the rest cannot be read."


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield lines of bounded length; None stands for one that was too long and is passed over."""
    first = True
    while line := file.readline(MAX_LINE):
        if first:
            line, first = line.removeprefix(b"\xef\xbb\xbf"), False
        if len(line) < MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while rest := file.readline(MAX_LINE):
            if rest.endswith(b"\n"):
                break
        yield None


def _parsed(content: bytes) -> tuple[Resource | None, str]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None, "The line is not JSON."
    if not isinstance(value, dict) or not fhir.text(value.get("resourceType")):
        return None, "The line is not a FHIR resource."
    return value, ""
