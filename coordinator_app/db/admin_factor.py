"""Setting up a person's authenticator app (RFC 6238, with the key in Google's otpauth form)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from coordinator_app.db.admin_people import person_id
from coordinator_app.db.admin_session import as_owner, connect_admin
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_BYTES = 20  # RFC 4226, section 4: 160 bits are recommended
_ROLES = (Role.SUPERVISOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What goes into the app, once: ``url`` for a QR code, ``key`` to be typed."""

    url: str
    key: str


def is_required(conninfo: str, role: Role) -> bool:
    """Whether this practice lets nobody of this role work without an authenticator app."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute("SELECT second_factor = 'required' FROM app.practice").fetchone()
    return role in _ROLES and row == (True,)


def enroll(conninfo: str, login: str) -> Enrollment:
    """Give a person a new secret; the one before, and what it opened, counts no more.

    Raises ConfigurationError when nobody has this login.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    with connect_admin(conninfo) as conn, as_owner(conn):
        conn.execute("SELECT app.enroll_second_factor(%s, %s)", [person_id(conn, login), secret])
        row = conn.execute("SELECT name FROM app.practice").fetchone()
    issuer = str(row[0]) if row else "Care Coordinator"
    key = base64.b32encode(secret).decode()
    return Enrollment(_url(issuer, login, key), _in_fours(key))


def _url(issuer: str, login: str, key: str) -> str:
    facts: Mapping[str, str] = {
        "secret": key,
        "issuer": quote(issuer, safe=""),
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    query = "&".join(f"{name}={value}" for name, value in facts.items())
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(login, safe='')}?{query}"


def _in_fours(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))
