"""Six vendors' ways to export inactive patients, made by us after their help pages."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from coordinator_app.domain.imports import (
    HoldReason,
    NeverDial,
    PatientRecord,
    RowStatus,
    TelecomUse,
)
from coordinator_app.practice_systems.header_map import Field
from coordinator_app.practice_systems.spreadsheet import Export, read_export

TODAY = date(2026, 11, 23)


def patients(export: Export) -> dict[str, PatientRecord]:
    return {row.record.external_id: row.record for row in export.rows() if row.record}


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_dentrix_inactive_patient_list(tmp_path: Path) -> None:
    path = write(
        tmp_path / "inactive.csv",
        "Inactive Patient List\r\nBright Smiles Dental\r\n\r\n"
        "Chart #,Patient Name,Birth Date,Home Phone,Work Phone,Patient Last Visit Date,"
        "Account Balance,Status,Soc. Sec. #\r\n"
        'LEE001,"Lee, Ann M",04/12/1958,(312)555-0101,(312)555-0102 x12,03/05/2024,$0.00,Active,'
        "1\r\n"
        'RAY002,"Ray, Bob",07/01/1971,(312)555-0103,,11/30/2023,"$1,204.10",Non-Patient,2\r\n'
        "Page 1 of 2,,,,,,,,\r\n"
        "Chart #,Patient Name,Birth Date,Home Phone,Work Phone,Patient Last Visit Date,"
        "Account Balance,Status,Soc. Sec. #\r\n"
        'FOX003,"Fox, Cy",01/09/1990,(312)555-0104,,01/15/2024,(12.00),Active,3\r\n'
        "Total Patients: 3,,,,,,,,\r\n",
    )
    export = read_export(path, today=TODAY, source="dentrix")
    found = patients(export)
    assert list(found) == ["LEE001", "RAY002", "FOX003"]
    lee = found["LEE001"]
    assert (lee.family, lee.given, lee.middle) == ("Lee", "Ann", "M")
    assert lee.birth_date == date(1958, 4, 12)
    assert [(phone.use, phone.extension) for phone in lee.phones] == [
        (TelecomUse.HOME, ""),
        (TelecomUse.WORK, "12"),
    ]
    assert found["RAY002"].never_dial(TODAY) == (NeverDial.RECORD_NOT_IN_USE,)
    assert [record.balance_cents for record in found.values()] == [0, 120410, -1200]
    assert dict(export.skip_counts) == {
        "before the header": 2,
        "blank": 1,
        "repeated header": 1,
        "totals or footer": 2,
    }
    assert export.mapping.unknown == ("Soc. Sec. #",)
    assert export.row_count == 3
    assert export.header_row == 4


def test_eaglesoft_patients_without_visits(tmp_path: Path) -> None:
    path = write(
        tmp_path / "PatientsWithoutVisits.txt",
        "Patient ID\tFirst Name\tLast Name\tDate of Birth\tCell Phone\tHome Phone\tLast Visit\t"
        "Next Appt\tNotes\n"
        "00149\tJos\xe9\tN\xfa\xf1ez\t3/5/58\t312-555-0101\t\t6/1/24\t\tDo Not Call\n"
        "00150\tAnn\tLee\t3/5/30\t312-555-0102\t\t6/1/24\t12/01/26 9:30 AM\t\n",
        "cp1252",
    )
    export = read_export(path, today=TODAY)
    found = patients(export)
    assert (export.encoding, export.table) == ("cp1252", "\t")
    assert (found["00149"].given, found["00149"].family) == ("Jos\xe9", "N\xfa\xf1ez")
    assert found["00149"].do_not_call
    assert found["00150"].birth_date == date(1930, 3, 5)
    assert found["00150"].next_appointment_time == time(9, 30)
    assert found["00150"].never_dial(TODAY) == (NeverDial.FUTURE_APPOINTMENT,)


def test_tebra_workbook_with_numbers_and_dates_as_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "Cover"
    cover.append(["Patient Demographics"])
    sheet = book.create_sheet("Patients")
    sheet.append(["Patients without a visit since", datetime(2025, 1, 1)])  # noqa: DTZ001
    sheet.append([])
    sheet.append(
        ["ID", "Patient Full Name", "DOB", "Mobile Phone", "Last Appt Date", "Patient Balance",
         "Zip Code", "Preferred Language", "Formula"]
    )  # fmt: skip
    sheet.append(
        [149, "Maria J Lopez Garcia", date(1958, 3, 5), 3125550101, date(2024, 6, 1), 12.5,
         2110, "Spanish", '=HYPERLINK("x")']
    )  # fmt: skip
    sheet.append(
        [150, "LEE, ANN", 21249, "3125550102", 45444, "", "02110-1234", "", ""],
    )
    path = tmp_path / "tebra.xlsx"
    book.save(path)
    export = read_export(path, today=TODAY)
    found = patients(export)
    assert (export.table, export.header_row) == ("Patients", 3)
    assert [row.row_number for row in export.rows()] == [4, 5]
    maria = found["149"]
    assert (maria.family, maria.given, maria.middle) == ("Lopez Garcia", "Maria", "J")
    assert maria.phones[0].e164 == "+13125550101"
    assert (maria.birth_date, maria.last_visit) == (date(1958, 3, 5), date(2024, 6, 1))
    assert (maria.balance_cents, maria.language, maria.zip, maria.state) == (
        1250, "es", "02110", "MA")  # fmt: skip
    assert (found["150"].birth_date, found["150"].last_visit) == (
        date(1958, 3, 5), date(2024, 6, 1))  # fmt: skip
    assert any("Cover" in warning for warning in export.warnings)


def test_athena_custom_report(tmp_path: Path) -> None:
    path = write(
        tmp_path / "report.csv",
        "\ufeffpatientid,patient lastname,patient firstname,patientdob,patient mobile no,"
        "patient home phone,last seen,patient outstanding,hipaa voice,"
        "patient primary ins pkg name\n"
        "77,Ray,Bob,1971-07-01,+13125550101,,2024-06-01,0.00,N,Medicare\n"
        "78,Lee,Ann,1958-03-05,3125550102.0,,2024-06-01,,Y,Aetna\n",
    )
    found = patients(read_export(path, today=TODAY))
    assert found["77"].do_not_call
    assert not found["78"].do_not_call
    assert [record.payer_class for record in found.values()] == ["medicare", "commercial"]


def test_open_dental_recall_list(tmp_path: Path) -> None:
    path = write(
        tmp_path / "recall.csv",
        "PatNum;LName;FName;Birthdate;WirelessPhone;HmPhone;DateDue;DatePrevious;BalTotal;"
        "RecallStatus;PreferRecallMethod;DisableUntil\n"
        "1;Ray;Bob;0001-01-01;312-555-0101;;2025-01-01;0001-01-01;0;Bad Debt. Don't Call;;\n"
        "2;Lee;Ann;1958-03-05;312-555-0102;;2025-01-01;2024-06-01;0;Discon Ph Num;;\n"
        "3;Fox;Cy;1990-01-09;312-555-0103;;2025-01-01;2024-06-01;0;;DoNotCall;\n"
        "4;Poe;Di;1990-01-09;312-555-0104;;2025-01-01;2024-06-01;0;Wait. See notes.;;\n"
        "5;Doe;Ed;1990-01-09;312-555-0105;;2025-01-01;2024-06-01;0;;;2027-01-01\n"
        "6;Roe;Flo;1990-01-09;312-555-0106;;2025-01-01;2024-06-01;0;Texted;;2026-01-01\n",
        "utf-16",
    )
    export = read_export(path, today=TODAY)
    found = patients(export)
    assert (export.encoding, export.table) == ("utf-16", ";")
    assert found["1"].do_not_call
    assert found["1"].birth_date is None
    assert found["2"].hold_reason is HoldReason.DISCONNECTED
    assert found["3"].do_not_call
    assert found["4"].hold_reason is HoldReason.UNCLEAR_CONSENT
    assert (found["5"].hold_reason, found["5"].hold_until) == (
        HoldReason.DISABLED_UNTIL, date(2027, 1, 1))  # fmt: skip
    assert found["5"].never_dial(TODAY) == (NeverDial.ON_HOLD,)
    assert found["6"].never_dial(TODAY) == ()


OPENEMR = (
    "Last Visit,First,Last,ID,Street,City,State,Zip,Home Phone,Work Phone\n"
    "2024-06-01,Nguyen,Mary,1,1 Elm St,Boston,MA,02110,617-555-0101,\n"
    "2024-06-02,Okafor,Robert,2,2 Elm St,Boston,MA,02110,617-555-0102,\n"
    "2024-06-03,Petrov,Linda,3,3 Elm St,Boston,MA,02110,617-555-0103,\n"
)


def test_openemr_patient_list_with_its_names_swapped_is_warned_about(tmp_path: Path) -> None:
    export = read_export(write(tmp_path / "patient_list.csv", OPENEMR), today=TODAY)
    assert any("exchanged" in warning for warning in export.warnings)
    preview = export.preview()
    assert preview[0].record is not None
    assert preview[0].record.given == "Nguyen"  # shown as it is: a person decides


def test_a_saved_correction_of_the_mapping_puts_the_names_right(tmp_path: Path) -> None:
    path = write(tmp_path / "patient_list.csv", OPENEMR)
    first = read_export(path, today=TODAY)
    again = read_export(
        path, today=TODAY, corrections={"First": Field.FAMILY, "Last": Field.GIVEN, "Zip": None}
    )
    assert patients(again)["1"].given == "Mary"
    assert not any("exchanged" in warning for warning in again.warnings)
    assert again.mapping.header_hash == first.mapping.header_hash
    assert "Zip" in again.mapping.unknown


def test_drchrono_report_builder_with_free_column_names(tmp_path: Path) -> None:
    path = write(
        tmp_path / "drchrono.csv",
        "Patient Name|Date Of Birth|Cell Phone|Date of Last Visit|Chart ID|Comments|"
        "Date of Death|Race\n"
        "Ann Lee|03/05/1958|(312) 555-0101|06/01/2024|LEAN01|no call no show 3/4||x\n"
        "Bob Ray|07/01/1971|(312) 555-0102|06/01/2024|RABO01||2025-02-03|x\n",
    )
    export = read_export(path, today=TODAY)
    found = patients(export)
    assert found["LEAN01"].never_dial(TODAY) == ()
    assert found["RABO01"].deceased_on == date(2025, 2, 3)
    assert found["RABO01"].never_dial(TODAY) == (NeverDial.DECEASED,)
    assert export.mapping.unknown == ("Race",)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_repeated_import_gives_the_same_hashes(tmp_path: Path, delimiter: str) -> None:
    header = ["MRN", "First Name", "Last Name", "Phone", "Last Visit"]
    cells = ["1", "Ann", "Lee", "312-555-0101", "2024-06-01"]
    path = write(
        tmp_path / "a.csv", "\n".join(delimiter.join(line) for line in (header, cells)) + "\n"
    )
    other = write(
        tmp_path / "b.csv",
        "\n".join(delimiter.join(reversed(line)) for line in (header, cells)) + "\n",
    )
    rows = [*read_export(path, today=TODAY).rows(), *read_export(path, today=TODAY).rows()]
    rows += list(read_export(other, today=TODAY).rows())
    assert len({row.row_hash for row in rows}) == 1
    assert {row.status for row in rows} == {RowStatus.ACCEPTED}
