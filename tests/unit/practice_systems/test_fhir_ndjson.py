"""FHIR R4 NDJSON: the synthetic practice as it is shipped, and everything that can be wrong."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coordinator_app.domain.imports import PayerClass, RowStatus, TelecomUse, canonical_json
from coordinator_app.practice_systems.errors import ImportFileError
from coordinator_app.practice_systems.fhir_ndjson import MAX_LINE, FhirExport, read_fhir_directory

TODAY = date(2026, 11, 23)
SYNTHEA = Path(__file__).parents[3] / "coordinator_app/demo/data/pysynthea-250-2026"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def person(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"use": "official", "family": "Lee", "given": ["Ann", "May"]}],
        "birthDate": "1958-03-05",
        "telecom": [{"system": "phone", "value": "312-555-0101", "use": "mobile"}],
    } | changes


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2024-06-01T10:00:00-04:00", "end": "2024-06-01T10:30:00-04:00"},
    } | changes


def folder(path: Path, *lines: dict[str, Any] | str, name: str = "data.ndjson") -> FhirExport:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (path / name).write_text(text + "\n", encoding="utf-8")
    return read_fhir_directory(path, today=TODAY)


def fiction(raw: str, position: int) -> str:
    return f"617555{100 + position % 100:04d}"


def test_the_synthetic_practice_is_read_completely() -> None:
    export = read_fhir_directory(SYNTHEA, today=TODAY, phone_fix=fiction)
    counts = dict(export.counts)
    assert (counts["Patient"], counts["Encounter"]) == (250, 27_881)
    assert not export.bad_lines
    people = [row.record for row in export.patients()]
    assert all(record is not None and len(record.phones) == 1 for record in people)
    known = [record for record in people if record is not None]
    assert sum(record.deceased for record in known) == 47
    assert all(record.deceased_on for record in known if record.deceased)
    assert Counter(record.language for record in known) == {"en-US": 199, "es": 51}
    assert {record.zones for record in known} == {("America/New_York",)}
    payers = Counter(row.record.payer_class for row in export.coverages() if row.record)
    assert payers == {
        PayerClass.COMMERCIAL: 520,
        PayerClass.MEDICAID: 69,
        PayerClass.MEDICARE: 59,
        PayerClass.SELF_PAY: 21,
    }
    report = export.report()
    assert (report.read, report.accepted, report.rejected) == (sum(counts.values()), 30_012, 0)


def test_synthetic_numbers_are_reported_when_nobody_replaces_them() -> None:
    export = read_fhir_directory(SYNTHEA, today=TODAY)
    rows = list(export.patients())
    assert {row.status for row in rows} == {RowStatus.REVIEW}
    assert all(row.record is not None and row.record.phones == () for row in rows)


def test_a_replacement_that_is_no_number_is_reported_too(tmp_path: Path) -> None:
    folder(tmp_path, person(telecom=[{"system": "phone", "value": "555-960-1339"}]))
    export = read_fhir_directory(tmp_path, today=TODAY, phone_fix=lambda raw, position: "911")
    (row,) = export.patients()
    assert row.status is RowStatus.REVIEW
    assert "emergency" in row.problems[0].reason


def test_identity_numbers_other_than_the_mrn_are_never_read(tmp_path: Path) -> None:
    """45 CFR 164.502(b): minimum necessary."""
    numbers = [
        {"type": {"coding": [{"code": code}]}, "system": "s", "value": f"SECRET-{code}"}
        for code in ("SS", "DL", "PPN", "SB")
    ]
    plain = {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "SECRET-untyped"}
    mrn = {"type": {"coding": [{"code": "MR"}]}, "system": "s", "value": "5075235"}
    (row,) = folder(tmp_path, person(identifier=[*numbers, plain, mrn])).patients()
    assert row.record is not None
    assert [identifier.value for identifier in row.record.identifiers] == ["5075235"]
    assert "SECRET" not in canonical_json(row)
    shipped = canonical_json(
        [r.record for r in read_fhir_directory(SYNTHEA, today=TODAY).patients()]
    )
    assert "999-74-3529" not in shipped
    assert "S275879666" not in shipped


def test_bad_lines_are_reported_with_file_and_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    export = folder(
        tmp_path,
        "\ufeff" + json.dumps(person()),
        "{not json",
        "",
        "[1, 2]",
        '{"id": "x"}',
        '{"resourceType": 7}',
        "[" * 100_000,
        visit(),
    )
    assert [(row.file, row.row_number) for row in export.bad_lines] == [
        ("data.ndjson", number) for number in (2, 4, 5, 6, 7)
    ]
    assert len(list(export.patients())) == len(list(export.encounters())) == 1
    report = export.report()
    assert (report.rejected, report.accepted) == (5, 2)
    assert "data.ndjson line 2: The line is not JSON. [reject]" in report.to_text()


def test_bytes_that_are_no_text_and_endless_lines_cost_one_line_each(tmp_path: Path) -> None:
    lines = [b"\xff\xfe\x00", b"x" * (MAX_LINE * 2 + 5), json.dumps(person()).encode()]
    (tmp_path / "a.ndjson").write_bytes(b"\n".join(lines))
    export = read_fhir_directory(tmp_path, today=TODAY)
    assert [row.row_number for row in export.bad_lines] == [1, 2]
    assert [row.row_number for row in export.patients()] == [3]


def test_a_truncated_gzip_keeps_what_came_before_and_says_so(tmp_path: Path) -> None:
    lines = "".join(json.dumps(person(id=f"p{number}")) + "\n" for number in range(3_000))
    packed = gzip.compress(lines.encode())
    (tmp_path / "Patient.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    export = read_fhir_directory(tmp_path, today=TODAY)
    assert 0 < len(list(export.patients())) < 3_000
    assert "damaged" in export.bad_lines[-1].problems[0].reason


def test_unknown_resource_types_are_skipped_and_counted(tmp_path: Path) -> None:
    export = folder(tmp_path, person(), *[{"resourceType": "Claim", "id": "c"}] * 3)
    assert export.skipped == (("Claim", 3),)
    assert ("Claim resources are not used", 3) in export.report().skipped


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "no usable id"),
        ({"id": "../../etc"}, "no usable id"),
        ({"name": []}, "name is missing"),
        ({"name": [{"use": "maiden", "family": "X", "given": ["Y"]}]}, "name is missing"),
        ({"name": "Lee"}, "name is missing"),
        ({"birthDate": "2027-01-01"}, "future"),
    ],
)
def test_patients_without_the_essentials_are_rejected_and_so_are_their_visits(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    other = person(id="p2")
    export = folder(tmp_path, person(**changes), other, visit())
    bad, good = export.patients()
    assert (bad.status, bad.record) == (RowStatus.REJECTED, None)
    assert reason in bad.problems[-1].reason
    assert good.record is not None
    (orphan,) = export.encounters()
    assert orphan.status is RowStatus.REJECTED
    assert "no patient" in orphan.problems[-1].reason


def test_names_addresses_and_numbers_in_use_are_chosen(tmp_path: Path) -> None:
    (row,) = folder(
        tmp_path,
        person(
            name=[
                {"use": "nickname", "family": "Lee", "given": ["Annie"]},
                {"use": "old", "family": "Roe", "given": ["Ann"]},
                {"use": "usual", "text": "Ann Lee"},
                {"use": "official", "family": "Lee", "given": ["Ann", "May"], "suffix": ["Jr."]},
            ],
            address=[
                {"use": "old", "state": "TX", "postalCode": "79901"},
                {"use": "work", "state": "IL", "postalCode": "60601"},
                {"use": "home", "state": "Florida", "postalCode": "32502", "line": ["1 Elm"]},
            ],
            telecom=[
                {"system": "phone", "value": "312-555-0101", "use": "old"},
                {"system": "phone", "value": "312-555-0102", "use": "work"},
                {"system": "phone", "value": "312-555-0103", "use": "mobile",
                 "period": {"end": "2020-01-01"}},
                {"system": "phone", "value": "312-555-0104", "use": "home"},
                {"system": "phone", "value": "312-555-0102", "use": "home"},
                {"system": "phone", "value": "312-555-0105 x7", "use": "work", "rank": 1},
                {"system": "email", "value": "a@example.com"},
            ],
            communication=[
                {"language": {"coding": [{"code": "en"}]}},
                {"language": {"text": "Spanish"}, "preferred": True},
            ],
        ),
    ).patients()  # fmt: skip
    record = row.record
    assert record is not None
    assert (record.family, record.given, record.middle) == ("Lee Jr.", "Ann", "May")
    assert (record.state, record.zip, record.zones) == ("FL", "32502", ("America/Chicago",))
    assert [(phone.e164[-4:], phone.use, phone.rank) for phone in record.phones] == [
        ("0105", TelecomUse.WORK, 1),
        ("0104", TelecomUse.HOME, 2),
        ("0102", TelecomUse.HOME, 3),
    ]
    assert record.phones[0].extension == "7"
    assert (record.email, record.language) == ("a@example.com", "es")


@pytest.mark.parametrize(
    ("changes", "deceased", "day"),
    [
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedDateTime": "2020-05-06T01:00:00Z"}, True, date(2020, 5, 5)),
        ({"deceasedDateTime": "2020"}, True, None),
        ({"deceasedDateTime": "rubbish"}, True, None),
    ],
)
def test_a_death_is_never_lost(
    tmp_path: Path, changes: dict[str, Any], deceased: bool, day: date | None
) -> None:
    folder(tmp_path, person(**changes))
    export = read_fhir_directory(tmp_path, today=TODAY, zone=ZoneInfo("America/New_York"))
    (row,) = export.patients()
    assert row.record is not None
    assert (row.record.deceased, row.record.deceased_on) == (deceased, day)


def test_a_merged_or_inactive_record_is_not_in_use(tmp_path: Path) -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/p9"}}]
    export = folder(tmp_path, person(link=link), person(id="p2", active=False))
    assert [row.record.active for row in export.patients() if row.record] == [False, False]


def test_visits_have_aware_times_and_resolved_references(tmp_path: Path) -> None:
    doctor = {"resourceType": "Practitioner", "id": "d1",
              "name": [{"family": "Roe", "given": ["Jo"], "prefix": ["Dr."]}]}  # fmt: skip
    role = {"resourceType": "PractitionerRole", "id": "r1",
            "practitioner": {"reference": "Practitioner/d1"},
            "specialty": [{"text": "Pediatrics"}]}  # fmt: skip
    export = folder(
        tmp_path,
        person(),
        doctor,
        role,
        visit(participant=[{"individual": {"reference": "PractitionerRole/r1"}}],
              subject={"reference": "https://ehr.example/fhir/Patient/p1/_history/2"}),
        visit(id="e2", period={"start": "2024-06-01"},
              participant=[{"individual": {"reference": "Practitioner/gone"}}]),
        visit(id="e3", period={"start": "2027-06-01T10:00:00Z"}),
        visit(id="e4", period={"start": "2024-06-01T10:00:00Z", "end": "2024-05-01T10:00:00Z"}),
        visit(id="e5", period={}),
        visit(id="e6", period={"start": "2024"}),
        visit(id="e7", subject={"reference": "Group/p1"}),
        visit(id="e8", subject={"reference": "urn:uuid:p1"}),
    )  # fmt: skip
    rows = {index + 1: row for index, row in enumerate(export.encounters())}
    first = rows[1].record
    assert first is not None
    assert first.start == datetime(2024, 6, 1, 14, tzinfo=UTC)
    assert (first.class_code, first.practitioner_external_id) == ("AMB", "d1")
    assert rows[2].record is not None
    assert rows[2].record.practitioner_external_id == ""
    assert "export lacks" in rows[2].problems[0].reason
    assert rows[3].status is RowStatus.REVIEW
    assert rows[4].record is not None
    assert rows[4].record.end is None
    assert [rows[number].status for number in (5, 6, 7)] == [RowStatus.REJECTED] * 3
    assert rows[8].status is RowStatus.ACCEPTED
    (role_row,) = export.practitioner_roles()
    assert role_row.record is not None
    assert role_row.record.specialties == ("Pediatrics",)


def test_the_same_id_twice_is_repeated_or_reviewed(tmp_path: Path) -> None:
    export = folder(tmp_path, person(), person(), person(birthDate="1959-01-01"))
    assert [(row.status, row.duplicate_of) for row in export.patients()] == [
        (RowStatus.ACCEPTED, None),
        (RowStatus.REPEATED, 1),
        (RowStatus.REVIEW, 1),
    ]


@pytest.mark.parametrize("make", ["nothing", "file", "empty", "no patients"])
def test_folders_that_are_no_export_are_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / "export"
    if make == "file":
        path.write_text("x", encoding="utf-8")
    elif make != "nothing":
        path.mkdir()
    if make == "no patients":
        (path / "a.ndjson").write_text('{"resourceType":"Claim"}\nrubbish\n', encoding="utf-8")
    with pytest.raises(ImportFileError) as caught:
        read_fhir_directory(path, today=TODAY)
    assert caught.value.sentence.endswith(".")


def test_50_mb_stream_in_bounded_memory(tmp_path: Path) -> None:
    filler = {"resourceType": "Binary", "id": "b", "data": "x" * 1_000_000}
    with (tmp_path / "big.ndjson").open("w", encoding="utf-8") as file:
        file.write(json.dumps(person()) + "\n")
        for _ in range(52):
            file.write(json.dumps(filler) + "\n")
    tracemalloc.start()
    try:
        export = read_fhir_directory(tmp_path, today=TODAY)
        assert len(list(export.patients())) == 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
    assert export.skipped == (("Binary", 52),)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=80,
    deadline=None,
)
@given(
    st.sampled_from([*person(), "deceasedDateTime", "address", "identifier", "communication",
                     "link", "gender", "active", "generalPractitioner"]),
    st.sampled_from([*visit(), "type", "participant", "location", "serviceProvider"]),
    JSON,
)  # fmt: skip
def test_no_value_of_the_wrong_type_stops_the_import(
    tmp_path: Path, of_patient: str, of_visit: str, value: object
) -> None:
    coverage = {"resourceType": "Coverage", "id": "c1", "beneficiary": {"reference": "Patient/p0"},
                "period": value, "payor": value, "class": value, "type": value}  # fmt: skip
    export = folder(
        tmp_path,
        person(id="p0"),
        person(**{of_patient: value}),
        visit(**{of_visit: value}),
        {"resourceType": "Location", "id": "l1", "name": "L", "address": value, "telecom": value},
        {"resourceType": "Practitioner", "id": "d1", "name": value, "identifier": value},
        coverage,
    )
    assert export.report().read >= 1
    assert next(export.patients()).status is RowStatus.ACCEPTED
