"""What an administrator sets for the phone line beside the window."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTRY = re.compile(r"[A-Z]{2}")
_MOST = 20


def allow_countries(conninfo: str, countries: Sequence[str]) -> tuple[str, ...]:
    """Let the practice's line call these countries and no others (ISO 3166, "US").

    The gateway heeds it within seconds; so does the check of the carrier's own permissions.
    Raises RefusedError for what is no country's code.
    """
    chosen = tuple(dict.fromkeys(country.strip().upper() for country in countries))
    wrong = [country for country in chosen if not _COUNTRY.fullmatch(country)]
    if wrong or not 1 <= len(chosen) <= _MOST:
        raise RefusedError(
            "Name countries by two letters, such as US, PR or CA; 1 to 20 of them.",
            name="bad_country",
        )
    with connect_admin(conninfo) as conn, as_owner(conn):
        practice_day(conn)  # says so when there is no practice
        conn.execute("UPDATE app.practice SET allowed_countries = %s", [list(chosen)])
        conn.execute("SELECT pg_notify('cc_gateway', '')")
    return chosen
