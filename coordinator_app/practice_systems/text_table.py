"""Delimited text as practices export it: encodings, delimiters, quotes (streamed)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from coordinator_app.practice_systems.errors import ImportFileError

DELIMITERS = (",", "\t", ";", "|")
_CHUNK = 1 << 20
_MAX_FIELD = 131_072  # characters in one cell; a longer one is a quote that was never closed
_LONGEST_LINE = 1 << 21  # characters in one line
_CONTROL = frozenset(range(32)) - {9, 10, 11, 12, 13, 26, 27}
_TOO_MANY_CONTROLS = 0.01
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its first two bytes are the same
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(path: Path) -> str:
    """Find the encoding: a byte order mark, else strict UTF-8, else Windows-1252.

    Raises:
        ImportFileError: the bytes are not text in any of them.
    """
    with path.open("rb") as file:
        start = file.read(_CHUNK)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            _check_decodes(path, encoding)
            return encoding
    controls = sum(byte in _CONTROL for byte in start)
    if b"\x00" in start or controls > len(start) * _TOO_MANY_CONTROLS:
        raise ImportFileError(
            "The file is not plain text. Export it again as CSV (UTF-8) or as .xlsx.",
            name="not_text",
        )
    try:
        _check_decodes(path, "utf-8")
    except ImportFileError:
        _check_decodes(path, "cp1252")
        return "cp1252"
    return "utf-8"


def _check_decodes(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if "\x00" in decoder.decode(chunk):
                    raise _binary_inside()
            decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise ImportFileError(
            "The text is in an encoding that is not known here. "
            "Export the file again as CSV (UTF-8) or as .xlsx.",
            name="encoding",
        ) from error


def _binary_inside() -> ImportFileError:
    return ImportFileError(
        "The file holds bytes that are not text; it may be damaged. Export it again.",
        name="not_text",
    )


def read_rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield each record as its cells; blank lines are empty lists, so records can be counted.

    Raises:
        ImportFileError: a quote is never closed, or a line never ends.
    """
    with path.open("r", encoding=encoding, newline="") as file:
        reader = csv.reader(_bounded_lines(file), delimiter=delimiter, strict=False)
        csv.field_size_limit(_MAX_FIELD)
        number = 0
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise ImportFileError(
                    f"Row {number + 1} cannot be read: a quotation mark is opened and never "
                    "closed. Correct that row or export the file again.",
                    name="quote",
                ) from error
            number += 1
            yield record


def _bounded_lines(file: io.TextIOBase) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise ImportFileError(
                "A line of the file never ends. Export it again as CSV or .xlsx.",
                name="endless_line",
            )
        yield line
