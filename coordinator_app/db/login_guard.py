"""Counts failed logins and locks the login that is being guessed, for a while.

PostgreSQL has no lockout of its own, and a refused login leaves a trace in the server's log only.
So this reads the log from where it stopped. A practice runs it as a service, or from a timer; the
demo runs it beside its server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coordinator_app.db.admin_session import as_owner, connect_admin, value
from coordinator_app.db.advisory_lock import held_by
from coordinator_app.db.login_lock import lock_due, unlock_due
from coordinator_app.db.server_log import (
    CHUNK,
    Failure,
    LocalLog,
    LogFile,
    LogPlace,
    ServerLog,
    failure_in,
    whole_lines,
)
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from coordinator_app.db.admin_session import Admin

_LOCK = 0x47756172  # one guard of a practice at a time
# Any login could take the same lock to stop the guard, so only who can be one counts. It guards
# against a mistake; what two guards read twice has the same mark.
_HELD_BY_A_GUARD = held_by("pg_catalog.pg_has_role(a.usesysid, 'app_owner', 'MEMBER')")
_FIRST = 4_000_000  # bytes from a file's end that are looked at when it is first seen


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the log brought. ``refused``: logins that this one may not lock."""

    failures: int
    locked: tuple[str, ...]
    unlocked: tuple[str, ...]
    refused: tuple[str, ...]


def look(conninfo: str, log: Path | None = None) -> Round:
    """Read what is new in the log, lock and unlock. ``log``: None asks the server for it.

    Raises ConfigurationError when there is no log that could be read.
    """
    with connect_admin(conninfo) as conn:
        # A session's lock: it ends with the connection, however that ends.
        alone = conn.execute("SELECT pg_catalog.pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if alone != (True,) and value(conn, _HELD_BY_A_GUARD, _LOCK):
            raise ConfigurationError(
                "Another guard of this practice is at work. One is enough.", name="guard_running"
            )
        unlocked = unlock_due(conn)  # first: this must not depend on a log
        place: LogPlace = ServerLog(conn) if log is None else LocalLog(log)
        failures = _read_new(conn, place)
        locked, refused = lock_due(conn)
        return Round(failures, locked, unlocked, refused)


def _read_new(conn: Admin, place: LogPlace) -> int:
    now, zone = _server_time(conn)
    noted = 0
    for file in place.files(now):
        position, is_new = _position(conn, file)
        # Where a line does not tell its time, that is now; in a file not seen before it is unknown.
        untold = None if is_new else now
        while True:
            data = place.read(file, position, CHUNK)
            lines, length = whole_lines(data, quoted=file.name.endswith(".csv"))
            if length == 0 and len(data) < CHUNK:
                break  # the last line is still being written
            position += length or len(data)
            found = (failure_in(line, file.name, zone) for line in lines)
            noted += _keep(
                conn,
                [
                    failure if failure.at else replace(failure, at=untold)
                    for failure in found
                    if failure is not None and (failure.at or untold)
                ],
                file,
                position,
            )
    return noted


def _keep(conn: Admin, found: list[Failure], file: LogFile, position: int) -> int:
    """Write down failures together with how far the file was read; returns how many were new."""
    with as_owner(conn):
        row = conn.execute(
            "SELECT app.note_login_failures(%s, %s, %s::text[], %s::timestamptz[], %s::text[])",
            [
                file.identity,
                position,
                [failure.login for failure in found],
                [failure.at for failure in found],
                [failure.mark for failure in found],
            ],
        ).fetchone()
    return int(row[0]) if row else 0


def _position(conn: Admin, file: LogFile) -> tuple[int, bool]:
    """Where to go on in this file, and whether it was never read before."""
    with as_owner(conn):
        row = conn.execute(
            "SELECT position FROM app.login_log WHERE file = %s", [file.identity]
        ).fetchone()
    if row is None:
        return max(0, file.size - _FIRST), True
    return (row[0] if row[0] <= file.size else 0), False  # shorter than before: truncated


def _server_time(conn: Admin) -> tuple[datetime, tzinfo]:
    """The server's now, and the zone in which it writes its log."""
    row = conn.execute(
        "SELECT pg_catalog.clock_timestamp(), pg_catalog.current_setting('log_timezone')"
    ).fetchone()
    if row is None:
        raise ConfigurationError("The server does not tell its time.", name="no_time")
    try:
        zone: tzinfo = ZoneInfo(row[1])
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    now: datetime = row[0]
    return now.astimezone(UTC), zone
