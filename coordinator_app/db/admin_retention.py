"""Retention: removing what has been kept as long as the law and the practice ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinator_app.db.admin_session import as_owner, connect_admin

if TYPE_CHECKING:
    from datetime import date

# As in app.retention_class.
CLASSES = ("audit", "calls", "opt_out", "access", "privacy")


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed, or would remove."""

    before: date
    years: int
    removed: dict[str, int]  # table: rows, without those that had none


def purge(conninfo: str, name: str, before: date, *, dry_run: bool) -> Purged:
    """Remove a class's rows from before a day of the practice; ``dry_run`` takes it all back.

    Raises RefusedError when the day is younger than the class allows.
    """
    with connect_admin(conninfo) as conn, conn.transaction(force_rollback=dry_run), as_owner(conn):
        [(answer,)] = conn.execute("SELECT app.purge(%s, %s)", [name, before]).fetchall()
    removed = {table: count for table, count in answer["removed"].items() if count}
    return Purged(before, answer["years"], removed)
