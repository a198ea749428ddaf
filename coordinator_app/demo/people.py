"""Who works in the demo practice, and their passwords: random ones, in a file of this user."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from coordinator_app.config import write_privately
from coordinator_app.domain.person import Role
from coordinator_app.domain.session import DemoPerson

if TYPE_CHECKING:
    from pathlib import Path

PRACTICE_NAME = "Lakeside Family Medicine"
GATEWAY = "lakeside_gateway"


@dataclass(frozen=True, slots=True)
class Position:
    """Somebody on the practice's payroll. ``languages``: BCP 47, best first."""

    login: str
    name: str
    role: Role
    languages: tuple[str, ...] = ("en",)


STAFF = (
    Position("jpark", "Jordan Park", Role.COORDINATOR),
    Position("abrandt", "Amelia Brandt", Role.COORDINATOR, ("en", "es")),
    Position("nhaddad", "Nadia Haddad", Role.SUPERVISOR),
    Position("rmoreno", "Rafael Moreno", Role.CLINICIAN, ("en", "es")),
    Position("lcordero", "Luis Cordero", Role.ADMINISTRATOR, ("en", "es")),
)


@dataclass(frozen=True, slots=True)
class Logins:
    """Everybody who can sign in, and the gateway's own password."""

    people: tuple[DemoPerson, ...]
    gateway: str


def new_logins() -> Logins:
    """Return the staff with new passwords."""
    return Logins(
        tuple(
            DemoPerson(one.login, one.name, one.role.value, secrets.token_urlsafe(15))
            for one in STAFF
        ),
        secrets.token_urlsafe(24),
    )


def write_logins(file: Path, logins: Logins) -> None:
    """Keep them, readable by this user only. Raises OSError."""
    content = {"people": [asdict(one) for one in logins.people], "gateway": logins.gateway}
    write_privately(file, json.dumps(content, indent=1).encode())


def read_logins(file: Path) -> Logins | None:
    """Return what is kept, or None if there is nothing, or not what we wrote."""
    try:
        content = json.loads(file.read_bytes())
        people = tuple(
            DemoPerson(*(str(one[name]) for name in ("login", "name", "role", "password")))
            for one in content["people"]
        )
        gateway = str(content["gateway"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    known = {(one.login, one.role.value) for one in STAFF}
    if {(one.login, one.role) for one in people} != known:
        return None
    return Logins(people, gateway)
