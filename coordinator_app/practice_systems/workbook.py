"""Workbooks (.xlsx, .xls, .ods), read by python-calamine: values only, nothing is evaluated.

The file comes from outside: before calamine builds a sheet in memory, the archive's real
sizes and the sheet's real extent are measured by streaming over it, because a file of 10 kB can
unpack to gigabytes or place one cell at XFD1048576.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

import python_calamine as calamine

from coordinator_app.practice_systems.errors import ImportFileError
from coordinator_app.practice_systems.values import Cell

_MAX_UNPACKED: Final = 600 * 1024 * 1024
_MAX_COLUMNS: Final = 512
_MAX_CELLS: Final = 12_000_000
_CHUNK: Final = 1 << 18
_CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_LETTERS: Final = 26


class Sheet:
    """One sheet's rows, each a list of cells; can be walked through again."""

    def __init__(self, name: str, sheet: calamine.CalamineSheet) -> None:
        self.name = name
        self._sheet = sheet

    def rows(self) -> Iterator[list[Cell]]:
        """Yield every row from the sheet's first one, so that numbers match the spreadsheet."""
        start = self._sheet.start
        for _ in range(start[0] if start else 0):
            yield []
        for row in self._sheet.iter_rows():
            yield list(row)


def open_sheets(path: Path, suffix: str, max_rows: int) -> tuple[Sheet, ...]:
    """Open the visible sheets of a workbook (all of them if none is visible).

    Raises:
        ImportFileError: damaged, locked with a password, or far larger than an export.
    """
    if suffix in {".xlsx", ".ods"}:
        _measure(path, suffix, max_rows)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        wanted = [
            meta for meta in book.sheets_metadata if meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        visible = [
            meta for meta in wanted if meta.visible == calamine.SheetVisibleEnum.Visible
        ] or wanted
        return tuple(Sheet(meta.name, book.get_sheet_by_name(meta.name)) for meta in visible)
    except calamine.PasswordError as error:
        raise _locked() from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in calamine is a BaseException
        raise _damaged() from error


def _damaged() -> ImportFileError:
    return ImportFileError(
        "The workbook is damaged and cannot be opened. Export it again, as .xlsx or CSV.",
        name="damaged",
    )


def _locked() -> ImportFileError:
    return ImportFileError(
        "The workbook is locked with a password. Save it without one and import it again.",
        name="locked",
    )


def _too_large() -> ImportFileError:
    return ImportFileError(
        "The workbook unpacks to far more cells than an export of patients has. "
        "Export the list again as CSV.",
        name="too_large",
    )


def _measure(path: Path, suffix: str, max_rows: int) -> None:
    """Refuse an archive whose sheets do not fit before anything is built in memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise _locked()
            if sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
                raise _too_large()
            for entry in entries:
                name = entry.filename.lower()
                if suffix == ".ods":
                    extent: _Extent | None = _OdsExtent(max_rows) if name == "content.xml" else None
                else:
                    in_sheets = name.startswith("xl/worksheets/") and name.endswith(".xml")
                    extent = _XlsxExtent(max_rows) if in_sheets else None
                with archive.open(entry) as file:
                    if extent:
                        extent.walk(file)
                    # To the end: zipfile checks that the size and checksum told are true.
                    while file.read(_CHUNK):
                        pass
    except (
        zipfile.BadZipFile,
        expat.ExpatError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
    ) as error:
        raise _damaged() from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression or encryption
        raise _damaged() from error


class _Extent:
    """Walks over a sheet's XML and keeps the last row and column that hold a value."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._last_row = 0
        self._last_column = 0

    def walk(self, file: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)  # noqa: FBT003  (expat takes no keywords)
        parser.Parse(b"", True)  # noqa: FBT003

    @staticmethod
    def _doctype(*_: object) -> None:
        # Spreadsheets have no document type; one here can only mean entity tricks.
        raise _damaged()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError

    def value_at(self, row: int, column: int) -> None:
        self._last_row = max(self._last_row, row)
        self._last_column = max(self._last_column, column)
        if (
            self._last_row > self._max_rows
            or self._last_column > _MAX_COLUMNS
            or self._last_row * self._last_column > _MAX_CELLS
        ):
            raise _too_large()


class _XlsxExtent(_Extent):
    def __init__(self, max_rows: int) -> None:
        super().__init__(max_rows)
        self._row = 0
        self._column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
        elif local == "c":
            reference = _CELL.fullmatch(attributes.get("r", ""))
            if reference:
                self._column = _column_number(reference[1])
                self._row = int(reference[2])
            else:
                self._column += 1
        elif local in {"v", "is"}:
            self.value_at(self._row, self._column)

    def end(self, tag: str) -> None:
        """Nothing is counted at an end tag."""


class _OdsExtent(_Extent):
    """Rows and cells of OpenDocument may be repeated: a count instead of copies."""

    def __init__(self, max_rows: int) -> None:
        super().__init__(max_rows)
        self._row = 0
        self._row_repeat = 1
        self._column = 0
        self._filled_to = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._row = 0
            self._last_row = self._last_column = 0
        elif tag == "table:table-row":
            self._row_repeat = int(attributes.get("table:number-rows-repeated", "1"))
            self._column = self._filled_to = 0
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            self._column += int(attributes.get("table:number-columns-repeated", "1"))
            if "office:value-type" in attributes:
                self._filled_to = self._column
        elif tag == "text:p":
            self._filled_to = self._column

    def end(self, tag: str) -> None:
        if tag == "table:table-row":
            self._row += self._row_repeat
            if self._filled_to:
                self.value_at(self._row, self._filled_to)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number
