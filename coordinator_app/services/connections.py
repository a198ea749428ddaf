"""The list of practices of this computer, and which connections are safe to open."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from coordinator_app.config import Settings
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import ConfigurationError, InsecureConnectionError

_SECTION = "practices"
_HIGHEST_PORT = 65535
# One host, nothing else: libpq would take "a,b" as a list and "/tmp" as a folder of sockets.
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")


def is_loopback(host: str) -> bool:
    """Whether this names this computer: 127.0.0.0/8, ::1 or ``localhost``.

    Short forms that only some resolvers understand ("127.1") do not count.
    """
    if host.lower().rstrip(".") == "localhost":
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def require_safe(connection: Connection, *, to_sign_in: bool = True) -> None:
    """Refuse before any packet leaves: an incomplete address, or a weak way to a remote host.

    Source of the rule: 45 CFR 164.312(e), transmission security. ``to_sign_in=False``: only to
    keep it in the list, where the user name may still be empty.

    Raises:
        ConfigurationError: a field is empty or impossible, or the CA file is missing.
        InsecureConnectionError: the host is remote and its identity would not be verified.
    """
    for value, words in (
        (connection.practice, "the practice's name"),
        (connection.host, "the server's name"),
        (connection.database, "the database's name"),
        (connection.user if connection.user or to_sign_in else "-", "your user name"),
    ):
        if not value.strip() or not value.isprintable():
            raise ConfigurationError(
                f"Please fill in {words}; it is in the letter from your practice.",
                name="connection_incomplete",
            )
    if not _address(connection.host) and not _HOST_NAME.fullmatch(connection.host):
        raise ConfigurationError(
            "The server's name must be one name such as db.example.org, or one address. "
            "Please correct it.",
            name="host_impossible",
        )
    if not 0 < connection.port <= _HIGHEST_PORT:
        raise ConfigurationError(
            "The port must be a number from 1 to 65535 (PostgreSQL's own is 5432). "
            "Please correct it.",
            name="port_impossible",
        )
    if connection.tls is not TlsMode.VERIFY_FULL and not is_loopback(connection.host):
        raise InsecureConnectionError(
            "This practice is on another computer, so the connection must be encrypted and the "
            "server's identity checked. Choose the TLS mode verify-full.",
            name="tls_required",
        )
    if connection.root_certificate and not Path(connection.root_certificate).is_file():
        raise ConfigurationError(
            "The certificate file of this practice is not where it was. Choose the file again, "
            "or leave the field empty to use this computer's own list.",
            name="root_certificate_missing",
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def login_id(connection: Connection) -> str:
    """An opaque name of this person at this practice, for files and vault entries.

    Says nothing to a reader; the same whatever the practice is called in the list.
    """
    parts = (connection.host.lower(), str(connection.port), connection.database, connection.user)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class PracticeList:
    """The stored connections. Read tolerantly: an entry that makes no sense is left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> tuple[Connection, ...]:
        """In the order in which they were used last, newest first."""
        stored = self._settings.get(_SECTION)
        entries = stored if isinstance(stored, list) else []
        return tuple(found for entry in entries if (found := _from_json(entry)) is not None)

    def put_first(self, connection: Connection) -> None:
        """Add it, or move it to the front; an entry that had no user name yet becomes this one.

        Raises ConfigurationError when nothing can be kept.
        """
        nameless = login_id(replace(connection, user=""))
        others = [other for other in self._others(connection) if login_id(other) != nameless]
        self._write([connection, *others])

    def remove(self, connection: Connection) -> None:
        """Take it from the list; missing is fine. Raises ConfigurationError."""
        self._write(self._others(connection))

    def _others(self, connection: Connection) -> list[Connection]:
        return [other for other in self.all() if login_id(other) != login_id(connection)]

    def _write(self, connections: Iterable[Connection]) -> None:
        try:
            self._settings.put(_SECTION, [_to_json(connection) for connection in connections])
        except OSError as error:
            raise ConfigurationError(
                f"The list of practices could not be saved in {self._settings.config_dir}. Check "
                "that there is space on the disk and that you may write there.",
                name="settings_not_writable",
            ) from error


def _to_json(connection: Connection) -> dict[str, str | int]:
    return {
        "practice": connection.practice,
        "host": connection.host,
        "port": connection.port,
        "database": connection.database,
        "user": connection.user,
        "tls": connection.tls.value,
        "root_certificate": connection.root_certificate,
    }


def _from_json(entry: object) -> Connection | None:
    if not isinstance(entry, Mapping):
        return None
    texts = {name: entry.get(name) for name in ("practice", "host", "database", "user")}
    port: Any = entry.get("port")
    certificate = entry.get("root_certificate", "")
    whole = all(isinstance(text, str) for text in (*texts.values(), certificate))
    if not whole or type(port) is not int:
        return None
    try:
        # A mode from a newer or a broken file is never read as the weaker one.
        tls = TlsMode(entry.get("tls", TlsMode.VERIFY_FULL))
    except ValueError:
        tls = TlsMode.VERIFY_FULL
    return Connection(
        practice=str(texts["practice"]),
        host=str(texts["host"]),
        port=port,
        database=str(texts["database"]),
        user=str(texts["user"]),
        tls=tls,
        root_certificate=str(certificate),
    )
