"""Bad files and bad rows: a clear sentence, and never a row lost in silence."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coordinator_app.domain.imports import ImportRow, PatientRecord, RowStatus
from coordinator_app.practice_systems import spreadsheet
from coordinator_app.practice_systems.errors import ImportFileError
from coordinator_app.practice_systems.spreadsheet import read_export

TODAY = date(2026, 11, 23)
HEADER = "MRN,First Name,Last Name,DOB,Phone,Last Visit,Balance\n"
GOOD = "1,Ann,Lee,1958-03-05,312-555-0101,2024-06-01,0\n"


def rows_of(path: Path, text: str) -> list[ImportRow[PatientRecord]]:
    path.write_text(text, encoding="utf-8")
    return list(read_export(path, today=TODAY).rows())


def refusal(path: Path, content: bytes) -> ImportFileError:
    path.write_bytes(content)
    with pytest.raises(ImportFileError) as caught:
        read_export(path, today=TODAY)
    assert caught.value.sentence.endswith(".")
    return caught.value


def workbook_bytes() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER.strip().split(","))
    sheet.append(GOOD.strip().split(","))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_sheet(xml: str) -> bytes:
    """Make a workbook whose first sheet is ``xml``."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook_bytes())) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            new.writestr(entry.filename, xml if is_sheet else old.read(entry.filename))
    return buffer.getvalue()


def ods_bytes(rows: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            '<?xml version="1.0"?><office:document-content'
            ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
            ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
            ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return buffer.getvalue()


def ods_row(line: str, repeat: str = "") -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in line.strip().split(",")
    )
    return f"<table:table-row {repeat}>{cells}</table:table-row>"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n\n\n", "no_header"),
        ("a.csv", bytes(range(256)) * 20, "not_text"),
        ("a.csv", (HEADER + GOOD).encode().replace(b"Ann", b"A\x00n"), "not_text"),
        ("a.csv", b"\xff\xfe" + b"\x00\xd8\x00\x00", "encoding"),
        ("a.csv", (HEADER + GOOD).encode().replace(b"Ann", b"\x81\x8d"), "encoding"),
        ("a.csv", (HEADER + GOOD).encode("utf-16-le"), "not_text"),
        ("a.csv", b"1,Ann,Lee,1958-03-05,312-555-0101,2024-06-01\n", "no_header"),
        ("a.csv", b"MRN,First Name,Last Name\n1,Ann,Lee\n", "missing_columns"),
        ("a.csv", HEADER.encode(), "no_rows"),
        ("a.csv", (HEADER + '1,"Ann' + "x,y\n" * 60_000).encode(), "quote"),
        ("a.csv", b"x" * 3_000_000, "endless_line"),
        ("a.csv", b"PK\x03\x04zip", "ending"),
        ("a.csv", b"%PDF-1.7", "ending"),
        ("a.xls", b"<html><table></table></html>", "ending"),
        ("a.xlsx", b"MRN,First Name", "ending"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "locked"),
        ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "damaged"),
        ("a.xlsx", b"PK\x03\x04" + b"junk" * 500, "damaged"),
        ("a.ods", b"PK\x03\x04" + b"junk" * 500, "damaged"),
        ("a.exe", b"MZ", "ending"),
        ("noending", b"x", "ending"),
    ],
)
def test_files_that_are_no_export(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    assert refusal(tmp_path / name, content).name == reason


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "no.csv", tmp_path / "folder.csv"):
        with pytest.raises(ImportFileError) as caught:
            read_export(path, today=TODAY)
        assert caught.value.name == "unreadable"


def test_more_than_50_mb_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode())
        file.truncate(spreadsheet.MAX_BYTES + 1)
    with pytest.raises(ImportFileError) as caught:
        read_export(path, today=TODAY)
    assert caught.value.name == "too_large"


def test_more_than_200_000_rows_are_refused(tmp_path: Path) -> None:
    content = (HEADER + GOOD * (spreadsheet.MAX_ROWS + 1)).encode()
    assert refusal(tmp_path / "a.csv", content).name == "too_many_rows"


def test_missing_columns_are_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a.csv", b"MRN,First Name,Last Name,Email\n1,Ann,Lee,\n")
    assert "a phone number" in error.sentence
    assert "a last visit or a recall due date" in error.sentence
    assert "a patient ID" not in error.sentence


def test_a_cell_at_the_far_corner_does_not_fill_the_memory(tmp_path: Path) -> None:
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert refusal(tmp_path / "a.xlsx", with_sheet(xml)).name == "too_large"


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    block = b" " * (1 << 20)
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file,
    ):
        for _ in range(601):
            file.write(block)
    assert refusal(tmp_path / "a.xlsx", buffer.getvalue()).name == "too_large"


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    xml = '<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'
    assert refusal(tmp_path / "a.xlsx", with_sheet(xml)).name == "damaged"


def test_an_ods_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    path.write_bytes(ods_bytes(ods_row(HEADER) + ods_row(GOOD)))
    (row,) = read_export(path, today=TODAY).rows()
    assert row.record is not None
    assert row.record.phones[0].e164 == "+13125550101"


def test_repeated_rows_of_an_ods_do_not_fill_the_memory(tmp_path: Path) -> None:
    many = 'table:number-rows-repeated="1000000"'
    content = ods_bytes(ods_row(HEADER) + ods_row(GOOD, many))
    assert refusal(tmp_path / "a.ods", content).name == "too_large"


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (",Ann,Lee,1958-03-05,312-555-0101,2024-06-01,0", "MRN", "no patient ID"),
        ("1.5E+12,Ann,Lee,1958-03-05,312-555-0101,2024-06-01,0", "MRN", "rounded"),
        ("1,,Lee,1958-03-05,312-555-0101,2024-06-01,0", "Last Name", "first name is missing"),
        ("1,,,1958-03-05,312-555-0101,2024-06-01,0", "Last Name", "The name is missing"),
        ("1,Ann,Lee,2027-03-05,312-555-0101,2024-06-01,0", "DOB", "future"),
        ("1,Ann,Lee,1958-03-05,312-555-0101,2024-06-01,0,more", None, "more cells"),
    ],
)
def test_rows_that_cannot_be_used_are_kept_with_their_reason(
    tmp_path: Path, line: str, column: str | None, reason: str
) -> None:
    bad, good = rows_of(tmp_path / "a.csv", HEADER + line + "\n" + GOOD)
    assert bad.status is RowStatus.REJECTED
    assert bad.record is None
    assert bad.row_number == 2
    assert bad.raw  # kept for review
    assert bad.problems[0].column == column
    assert reason in bad.problems[0].reason
    assert good.status is RowStatus.ACCEPTED


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,Ann,Lee,1958-13-05,312-555-0101,2024-06-01,0", "no such day"),
        ("1,Ann,Lee,1858-03-05,312-555-0101,2024-06-01,0", "year"),
        ("1,Ann,Lee,1958-03-05,312-555-0101,2027-06-01,0", "future"),
        ("1,Ann,Lee,1958-03-05,312-555-0101,1957-06-01,0", "before the birth date"),
        ("1,Ann,Lee,1958-03-05,312-555-0101,soon,0", "not a date"),
        ("1,Ann,Lee,1958-03-05,312-555-0101,,0", "neither a last visit"),
        ("1,Ann,Lee,1958-03-05,555-0101,2024-06-01,0", "no number that can be called"),
        ("1,Ann,Lee,1958-03-05,+44 20 7946 0958,2024-06-01,0", "outside the United States"),
    ],
)
def test_doubtful_rows_go_in_for_review(tmp_path: Path, line: str, reason: str) -> None:
    (row,) = rows_of(tmp_path / "a.csv", HEADER + line + "\n")
    assert row.status is RowStatus.REVIEW
    assert row.record is not None
    assert reason in " ".join(problem.reason for problem in row.problems)


def test_one_bad_phone_beside_a_good_one_is_only_noted(tmp_path: Path) -> None:
    text = "MRN,Name,Cell Phone,Home Phone,Last Visit\n1,Ann Lee,555-0100,312-555-0101,6/1/24\n"
    (row,) = rows_of(tmp_path / "a.csv", text)
    assert row.status is RowStatus.ACCEPTED
    assert [problem.column for problem in row.problems] == ["Cell Phone"]
    assert row.record is not None
    assert [phone.e164 for phone in row.record.phones] == ["+13125550101"]


def test_a_second_row_with_the_same_id_is_repeated_or_reviewed(tmp_path: Path) -> None:
    other = GOOD.replace("Ann", "Anna")
    first, same, different = rows_of(tmp_path / "a.csv", HEADER + GOOD + GOOD + other)
    assert first.status is RowStatus.ACCEPTED
    assert (same.status, same.record, same.duplicate_of) == (RowStatus.REPEATED, None, 2)
    assert (different.status, different.duplicate_of) == (RowStatus.REVIEW, 2)


def test_a_quote_that_swallows_lines_is_reported_not_hidden(tmp_path: Path) -> None:
    broken = '1,"Ann,Lee,1958-03-05,312-555-0101,2024-06-01,0\n'
    rows = rows_of(tmp_path / "a.csv", HEADER + GOOD + broken + GOOD * 3)
    assert rows[-1].status is RowStatus.REJECTED
    assert "swallowed 4 lines" in rows[-1].problems[0].reason


def test_a_patient_called_total_is_a_patient(tmp_path: Path) -> None:
    text = "Last Name,First Name,MRN,Phone,Last Visit\nTotal,Ann,1,312-555-0101,2024-06-01\n"
    (row,) = rows_of(tmp_path / "a.csv", text)
    assert row.status is RowStatus.ACCEPTED


def test_every_row_of_the_file_is_accounted_for(tmp_path: Path) -> None:
    lines = ["Report", "", HEADER.strip(), GOOD.strip(), "", ",,,,,,", HEADER.strip(),
             "2,Bob", "Total: 2,,,,,,"]  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    export = read_export(path, today=TODAY)
    report = export.report()
    skipped = sum(count for _, count in report.skipped)
    assert report.read + skipped + 1 == len(lines)  # and the header
    assert (report.read, report.accepted, report.rejected) == (2, 1, 1)
    assert {skip.row_number for skip in export.skipped} == {1, 7, 9}


def test_the_report_names_rows_and_columns_but_no_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    line = "1,Zebulon,Quackenbush,2/30/1961,999-867-5309,13/13/2024,plenty\n"
    path.write_text(HEADER + line + GOOD.replace("1", "2", 1), encoding="utf-8")
    report = read_export(path, today=TODAY, source="tebra").report()
    as_json = json.dumps(report.to_json())
    for secret in ("Zebulon", "Quackenbush", "1961", "867", "plenty", "13/13"):
        assert secret not in report.to_text()
        assert secret not in as_json
    assert json.loads(as_json)["columns"]["DOB"] == "birth_date"
    assert json.loads(as_json)["review"] == 1
    assert "row 2, DOB: There is no such day in the calendar. [review]" in report.to_text()


def test_many_mere_notes_are_counted_but_not_all_listed(tmp_path: Path) -> None:
    text = "MRN,Name,Cell Phone,Home Phone,Last Visit\n"
    text += "".join(f"{i},Ann Lee,555-0100,312-555-0101,6/1/24\n" for i in range(250))
    text += "250,Ann,,312-555-0101,6/1/24\n"
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    report = read_export(path, today=TODAY).report()
    assert (len(report.problems), report.unlisted_notes) == (201, 50)
    assert report.problems[-1].severity == "reject"  # never cut from the list
    assert report.to_json()["reasons"][0]["rows"] == 250
    assert "50 more notes" in report.to_text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER.encode() + junk)
    try:
        rows = list(read_export(path, today=TODAY).rows())
    except ImportFileError as error:
        assert error.sentence.endswith(".")  # noqa: PT017
    else:
        assert rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.integers(30, 4_000), st.integers(0, 255))
def test_a_damaged_workbook_never_makes_the_reader_fail_otherwise(
    tmp_path: Path, position: int, value: int
) -> None:
    content = bytearray(workbook_bytes())
    content[position % len(content)] = value
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    try:
        list(read_export(path, today=TODAY).rows())
    except ImportFileError as error:
        assert error.sentence.endswith(".")  # noqa: PT017
