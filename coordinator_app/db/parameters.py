"""How a person's connection is opened: libpq parameters, TLS, time-outs."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from coordinator_app.db.connect_errors import translate_connect_error
from coordinator_app.db.sqlstate import translate_error
from coordinator_app.domain.session import TlsMode
from coordinator_app.errors import ConfigurationError, InsecureConnectionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator_app.domain.session import Connection

# A dead link is noticed within 30 s even when nothing is asked (database.md 2.2).
RELIABILITY: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}
# What a client has given up waiting for must not go on; sent with the login, no extra turn.
_SERVER_SETTINGS = "-c statement_timeout=15s -c lock_timeout=8s -c timezone=UTC"


def connection_parameters(connection: Connection, password: str) -> dict[str, Any]:
    """Return libpq's parameters for this practice.

    Raises InsecureConnectionError when a practice on another computer is to be reached without
    checking its certificate, or when its certificate file is not there.
    """
    parameters: dict[str, Any] = {
        **RELIABILITY,
        "host": connection.host,
        "port": connection.port,
        "dbname": connection.database,
        "user": connection.user,
        "password": password,
        "application_name": "care-coordinator",
        "client_encoding": "utf8",
        "options": _SERVER_SETTINGS,
        # Kerberos encryption would take the place of TLS, and with it of the certificate check.
        "gssencmode": "disable",
    }
    if connection.tls is TlsMode.LOOPBACK:
        if not is_loopback(connection.host):
            raise InsecureConnectionError(
                "Without encryption only a practice on this computer can be opened. Choose the "
                "secure connection in the practice's settings.",
                name="not_loopback",
            )
        # Another program that took the port must not be told the password.
        return parameters | {"sslmode": "prefer", "require_auth": "scram-sha-256"}
    root = connection.root_certificate or "system"
    if root != "system" and not Path(root).is_file():
        raise InsecureConnectionError(
            "The certificate file of this practice is not there. Choose it again in the "
            "practice's settings.",
            name="root_certificate",
        )
    return parameters | {
        "sslmode": "verify-full",
        "sslrootcert": root,
        "channel_binding": "prefer",
    }


def service_parameters(
    conninfo: str, environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return libpq's parameters of a program's own connection (gateway, administration).

    What ``conninfo`` and libpq's variables say stays; a server on another computer is reached
    with a checked certificate or not at all. Raises ConfigurationError for a connection string
    that libpq cannot read or that names a service, InsecureConnectionError when it asks for less.
    """
    try:
        given = {**RELIABILITY, **conninfo_to_dict(conninfo)}
    except psycopg.ProgrammingError:
        raise ConfigurationError(
            "The database address cannot be read. Write it as "
            "postgresql://user@host:port/database, or as host=… dbname=… user=….",
            name="bad_address",
        ) from None
    if given.get("service") or environment.get("PGSERVICE"):
        raise ConfigurationError(
            "A connection service (service=… or PGSERVICE) hides which server is meant, so that "
            "its certificate could not be checked. Write host, port, dbname and user instead.",
            name="service",
        )
    # An address goes before the name: "host=localhost hostaddr=203.0.113.7" is another computer.
    hosts = [
        host
        for key, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"))
        for host in str(given.get(key) or environment.get(variable) or "").split(",")
    ]
    if all(not host or host.startswith(("/", "@")) or is_loopback(host) for host in hosts):
        return given
    mode = given.get("sslmode") or environment.get("PGSSLMODE") or "verify-full"
    if mode != "verify-full":
        raise InsecureConnectionError(
            "A practice on another computer is only reached with sslmode=verify-full. Remove the "
            f"sslmode={mode} from the address or from PGSSLMODE.",
            name="not_loopback",
        )
    root = given.get("sslrootcert") or environment.get("PGSSLROOTCERT") or "system"
    return given | {"sslmode": mode, "sslrootcert": root, "gssencmode": "disable"}


def is_loopback(host: str) -> bool:
    """Say whether this host is this computer, by its form alone."""
    if host.lower() in {"localhost", "localhost."}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_connection(parameters: dict[str, Any]) -> psycopg.Connection[Any]:
    """Open a connection in autocommit: a function call is the transaction.

    Raises NotConnectedError, InsecureConnectionError, SignInRefusedError.
    """
    try:
        # Never prepared: the sixth call would cost a second turn (database.md 2.1).
        return psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        # "from None": libpq's text names host and user.
        known = translate_error(error, connecting=True) or translate_connect_error(error)
        raise known from None
