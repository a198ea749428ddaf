"""Who holds one of our advisory locks: any login of the server may take any of them."""

from __future__ import annotations

_HELD = """
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
            WHERE d.datname = pg_catalog.current_database())
        AND (l.classid::bigint << 32) + l.objid::bigint = %s
        AND (WHO)
)
"""


def held_by(who: str) -> str:
    """Return the question whether such a session holds the lock that is its one argument.

    ``who``: a condition in SQL on the row ``a`` of ``pg_stat_activity``.
    """
    return _HELD.replace("WHO", who)
