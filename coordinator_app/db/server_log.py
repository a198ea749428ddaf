"""The server's log, as far as failed logins go: where it is, and what a line of it says.

Three formats (stderr, csvlog, jsonlog). A line is only ever taken whole; what is read twice, or
from two formats, has the same mark, so that rotation, truncation and a lost place cost time and
never a wrong count.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from psycopg import errors

from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coordinator_app.db.admin_session import Admin

CHUNK = 1_000_000  # bytes; a line that is longer is nothing of ours
_RECENT = timedelta(hours=2)  # files that were written to since then
_HEAD = 64  # bytes that tell a new file from an old one on the same place of the disk
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of the log. ``identity`` outlives a rename."""

    identity: str
    name: str
    size: int


class LogPlace(Protocol):
    """Where the log is."""

    def files(self, now: datetime) -> Sequence[LogFile]:
        """Files that were written to lately, oldest first."""
        ...

    def read(self, file: LogFile, position: int, length: int) -> bytes:
        """Bytes of a file; fewer at its end."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A login that was refused for its password."""

    login: str
    at: datetime | None  # None: the line does not tell

    @property
    def mark(self) -> str:
        """What makes the same try the same one wherever it is read. Needs ``at``."""
        return _hash(f"{self.login} {self.at.astimezone(UTC).isoformat() if self.at else ''}")


class LocalLog:
    """A file of this computer, with what rotation made of it; or a folder of files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._paths: dict[str, Path] = {}

    def files(self, now: datetime) -> Sequence[LogFile]:
        if not self._path.exists():
            raise ConfigurationError(
                f"There is no log file {self._path}. Name the server's log with --log.",
                name="no_log",
            )
        folder = self._path if self._path.is_dir() else self._path.parent
        stem = "" if self._path.is_dir() else self._path.name
        found = []
        try:
            for path in folder.iterdir():
                ours = path.name.startswith(stem) and not path.name.endswith(_PACKED)
                if not ours or not path.is_file():
                    continue
                facts = path.stat()
                if datetime.fromtimestamp(facts.st_mtime, UTC) < now - _RECENT:
                    continue
                with path.open("rb") as file:
                    head = file.read(_HEAD)
                identity = f"{facts.st_dev}:{facts.st_ino}:{sha256(head).hexdigest()[:16]}"
                self._paths[identity] = path
                found.append((facts.st_mtime, LogFile(identity, path.name, facts.st_size)))
        except OSError as error:
            raise ConfigurationError(
                f"The log {self._path} cannot be read. Run this as a user who may.",
                name="log_not_readable",
            ) from error
        return [file for _, file in sorted(found, key=lambda pair: pair[0])]

    def read(self, file: LogFile, position: int, length: int) -> bytes:
        with self._paths[file.identity].open("rb") as content:
            content.seek(position)
            return content.read(length)


class ServerLog:
    """The log that the server's own collector writes, read through SQL."""

    def __init__(self, conn: Admin) -> None:
        self._conn = conn

    def files(self, now: datetime) -> Sequence[LogFile]:
        try:
            row = self._conn.execute("SELECT pg_catalog.pg_current_logfile()").fetchone()
            current = row[0] if row else None
            if current is None:
                raise ConfigurationError(
                    "The server writes its log where SQL cannot read it. Name the file with --log.",
                    name="no_log",
                )
            folder = str(current).rpartition("/")[0]
            rows = self._conn.execute(
                "SELECT name, size FROM pg_catalog.pg_ls_logdir() WHERE modification > %s "
                "ORDER BY modification",
                [now - _RECENT],
            ).fetchall()
        except errors.InsufficientPrivilege:
            raise self._refused() from None
        return [LogFile(f"{folder}/{name}", f"{folder}/{name}", size) for name, size in rows]

    def read(self, file: LogFile, position: int, length: int) -> bytes:
        try:
            row = self._conn.execute(
                "SELECT pg_catalog.pg_read_binary_file(%s, %s, %s, true)",
                [file.name, position, length],
            ).fetchone()
        except errors.InsufficientPrivilege:
            raise self._refused() from None
        return bytes(row[0]) if row and row[0] is not None else b""

    def _refused(self) -> ConfigurationError:
        return ConfigurationError(
            "This login may not read the server's log. Run this on the server with --log FILE, or "
            "let a superuser run: GRANT pg_monitor, pg_read_server_files TO "
            f"{self._conn.info.user}; GRANT EXECUTE ON FUNCTION "
            "pg_read_binary_file(text, bigint, bigint, boolean) TO the same.",
            name="log_not_readable",
        )


def whole_lines(data: bytes, *, quoted: bool) -> tuple[list[str], int]:
    """Return the whole lines, and how many bytes they are.

    ``quoted``: of a csvlog, in which a field may hold line ends: whole records.
    """
    lines: list[str] = []
    done = start = 0
    inside = False
    while (end := data.find(b"\n", start)) >= 0:
        inside ^= quoted and data.count(b'"', start, end) % 2 == 1
        start = end + 1
        if not inside:
            lines.append(data[done:end].decode("utf-8", "replace").rstrip("\r"))
            done = start
    return lines, done


def failure_in(line: str, name: str, zone: tzinfo) -> Failure | None:
    """Return the failed login that a line tells of. ``name``: of the file, for its format."""
    if name.endswith(".csv"):
        found = _from_csv(line)
    elif line.startswith("{"):
        found = _from_json(line)
    else:
        found = _from_text(line)
    if found is None:
        return None
    login, stamp = found
    return Failure(login, _moment(stamp, zone))


# 28000 is also "no entry in pg_hba.conf" and the like: no password was tried there.
_WRONG_PASSWORD = "28P01"  # noqa: S105 - a SQLSTATE
_SAID = re.compile(r'\S+ authentication failed for user "(?P<login>.+)"')
_QUOTED = re.compile(r'["«“„]\s?(?P<login>.+?)\s?["»”]')
# "2026-11-25 18:04:42.801 UTC [8585] FATAL:  text"; the word is in the server's language. Never
# after a tab: a syslog gives a continued line, which a session can write, a prefix of its own.
_WORD = re.compile(r"(?:^|(?<=[^\S\t]))(?P<word>[^\W\d_]+):  (?=\S)")
# How a refused login is graded in PostgreSQL's translations. A session can write any text as LOG,
# ERROR or STATEMENT, but none as this.
_FATAL = {"FATAL", "FATALE", "FATALT", "KATASTROFALNY", "ВАЖНО", "ФАТАЛЬНО"} | {
    "ფატალური",
    "致命错误",
    "致命錯誤",
    "치명적오류",
}
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d(?:\.\d{1,6})?)"
    r"(?: ?(?P<zone>[A-Z]+|[+-]\d\d(?::?\d\d)?)\b)?"
)
_EPOCH = re.compile(r"\b(?P<seconds>\d{10}\.\d{3})\b")
_CSV_STATE = 12  # the thirteenth column: runtime-config-logging.html, "Using CSV-Format Log Output"
_CSV_MESSAGE = 13


def _from_csv(line: str) -> tuple[str, str] | None:
    try:
        row = next(csv.reader([line]), [])
    except csv.Error:
        return None
    if len(row) <= _CSV_MESSAGE:
        return None
    return _told(row[_CSV_STATE], row[_CSV_MESSAGE], row[1], row[0])


def _from_json(line: str) -> tuple[str, str] | None:
    try:
        facts = json.loads(line)
    except ValueError:
        return None
    if not isinstance(facts, dict):
        return None
    words = (str(facts.get(key, "")) for key in ("state_code", "message", "user", "timestamp"))
    return _told(*words)


def _from_text(line: str) -> tuple[str, str] | None:
    words = list(_WORD.finditer(line))
    if not words or line.startswith("\t"):  # a continued line begins with a tab and has no prefix
        return None
    first, last = words[0], words[-1]
    prefix = line[: first.start()]
    if first is last:
        return _graded(line, first, prefix)
    # Several words that look like a grade: whoever guesses may ask for a database of such a name,
    # which many prefixes show, to hide; and who is signed in may write such a message, to have
    # somebody else locked. A prefix with the database has the login too, and it is the server's.
    found = _graded(line, last, prefix)
    if found and re.search(rf"(?<!\w){re.escape(found[0])}(?!\w)", prefix):
        return found
    # A made-up login, with all that it says.
    return _told("", line[first.end() :], "", prefix) if first["word"] in _FATAL else None


def _graded(line: str, word: re.Match[str], prefix: str) -> tuple[str, str] | None:
    """What the line says after this grade."""
    if word["word"] not in _FATAL:
        return None
    stated = re.search(rf"\b{_WRONG_PASSWORD}\b", line[: word.start()])
    return _told(_WRONG_PASSWORD if stated else "", line[word.end() :], "", prefix)


def _told(state: str, message: str, login: str, stamp: str) -> tuple[str, str] | None:
    said = _SAID.fullmatch(message)
    if said is None and state != _WRONG_PASSWORD:
        return None
    quoted = said or _QUOTED.search(message)
    name = login or (quoted["login"] if quoted else "")
    return (name, stamp) if name else None


def _moment(stamp: str, zone: tzinfo) -> datetime | None:
    match = _STAMP.search(stamp)
    if match is None:
        epoch = _EPOCH.search(stamp)
        return datetime.fromtimestamp(float(epoch["seconds"]), UTC) if epoch else None
    said = match["zone"] or ""
    try:
        local = datetime.fromisoformat(f"{match['day']}T{match['time']}")
    except ValueError:
        return None
    if said[:1] in {"+", "-"}:
        digits = said[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return local.replace(tzinfo=timezone(-offset if said[0] == "-" else offset))
    return local.replace(tzinfo=UTC if said in {"UTC", "GMT"} else zone)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
