"""One gateway at a time: two would follow the same calls and fight over the line.

The lock is PostgreSQL's advisory lock of the gateway's session, so it ends with the session and
nothing is left behind by a crash. Any login of the server could take the same lock: a gateway is
therefore refused only when the holder is a gateway, and a stranger's lock is logged and ignored.
It guards against a mistake (a second gateway was started), not against an attack; what a call may
do is decided by the functions in the database, with or without it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from coordinator_app.db.advisory_lock import held_by
from coordinator_app.db.connect_errors import lost
from coordinator_app.db.sqlstate import translate_error
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

# The server notices within 35 s that a gateway's computer is gone, and lets its lock go …
SESSION_OPTIONS = (
    "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=20s"
)
# … so that a gateway which comes back after a gap is not refused because of its own ghost.
PATIENCE = 40.0  # seconds
_LOCK = 0x676174657761  # "gatewa"; of this database only

_log = logging.getLogger(__name__)
_TRY = "SELECT pg_catalog.pg_try_advisory_lock(%s)"
_HELD_BY_GATEWAY = held_by(
    "a.usename = session_user OR a.usesysid IN (SELECT m.member FROM pg_catalog.pg_auth_members m "
    "JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE g.rolname = 'gateway')"
)


def only_gateway(patience: float = PATIENCE) -> Callable[[psycopg.Connection[Any]], None]:
    """Return what a gateway's new session does first.

    It raises RefusedError when another gateway works with this database, and NotConnectedError
    when the link is lost meanwhile. ``patience``: seconds to wait for the other one's end.
    """

    def take(driver: psycopg.Connection[Any]) -> None:
        try:
            _take(driver, patience)
        except psycopg.Error as error:
            raise translate_error(error) or lost() from None

    return take


def _take(driver: psycopg.Connection[Any], patience: float) -> None:
    if _is(driver, _TRY):
        return
    if not _is(driver, _HELD_BY_GATEWAY):
        if not _is(driver, _TRY):  # it may have ended just now
            _log.warning("a login that is no gateway holds the gateway's lock: going on without")
        return
    _log.info("another gateway's session is open; waiting %.0f s for its end", patience)
    driver.execute(
        "SELECT pg_catalog.set_config('lock_timeout', %s, false)", [f"{int(patience * 1000)}ms"]
    )
    try:
        driver.execute("SELECT pg_catalog.pg_advisory_lock(%s)", [_LOCK])
    except errors.LockNotAvailable:
        raise RefusedError(
            "Another gateway is placing this practice's calls. Stop that one first, or leave it "
            "running and do not start a second.",
            name="another_gateway",
        ) from None
    driver.execute("RESET lock_timeout")


def _is(driver: psycopg.Connection[Any], question: str) -> bool:
    return driver.execute(question.encode(), [_LOCK]).fetchone() == (True,)
