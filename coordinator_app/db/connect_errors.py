"""Why a connection to PostgreSQL could not be opened, told apart by libpq's own words.

libpq gives no SQLSTATE for an attempt that failed, only a text: its own (English: the driver
ships no translations), the system's (in the user's language) or the server's (in the server's).
So our own program is believed first, then a server's English, and what is left is told apart by
facts: whether the server answered at all, and whether it had been given the password.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg

from coordinator_app.errors import (
    InsecureConnectionError,
    NotConnectedError,
    SignInRefusedError,
    UserFacingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[], UserFacingError]

# "FATAL:  text", in the server's language; libpq's own texts have no such word in front.
_SERVER_SAID = re.compile(r"(?:failed|: |^)[^\n]*?\b[^\W\d_]+:  (?P<text>\S.*)")


def wrong_password() -> SignInRefusedError:
    """One sentence for a wrong password and for an unknown user: neither is told apart."""
    return SignInRefusedError(
        "That user name and password didn't work. Please try again. After several wrong passwords "
        "a login is locked for a while.",
        name="wrong_password",
    )


def too_many_connections() -> SignInRefusedError:
    """The login's or the server's limit of connections."""
    return SignInRefusedError(
        "You are signed in too many times, or the practice's server is full. Close the program "
        "on other computers, wait a minute and try again.",
        name="too_many_connections",
    )


def not_ready() -> NotConnectedError:
    """The server is starting, stopping or was told to end this connection."""
    return NotConnectedError(
        "The practice's database is restarting. Wait a minute and try again.", name="restarting"
    )


def lost() -> NotConnectedError:
    """An open connection ended or stopped answering."""
    return NotConnectedError(
        "The connection to the practice's database was lost. Trying again…", name="lost"
    )


def no_answer() -> NotConnectedError:
    """The link is up, but no answer came in time."""
    return NotConnectedError(
        "The practice's database does not answer. Trying again…", name="no_answer"
    )


def _certificate() -> InsecureConnectionError:
    return InsecureConnectionError(
        "The practice's server did not prove who it is: its certificate is expired or comes from "
        "an authority that this computer does not trust. Nothing was sent. Ask the administrator.",
        name="certificate",
    )


def _certificate_name() -> InsecureConnectionError:
    return InsecureConnectionError(
        "The server's certificate belongs to another name than the host of this practice. Nothing "
        "was sent. Check the host name, or ask the administrator.",
        name="certificate_name",
    )


def _no_tls() -> InsecureConnectionError:
    return InsecureConnectionError(
        "The practice's server does not encrypt connections, so your password was not sent. Ask "
        "the administrator to turn TLS on.",
        name="no_tls",
    )


def _unsafe_password() -> InsecureConnectionError:
    return InsecureConnectionError(
        "The server asked for your password in a way that would give it away. Nothing was sent. "
        "Ask the administrator.",
        name="unsafe_password",
    )


def _root_certificate() -> InsecureConnectionError:
    return InsecureConnectionError(
        "The certificate file chosen for this practice cannot be read. Choose it again in the "
        "practice's settings.",
        name="root_certificate",
    )


def _no_login_from_here() -> SignInRefusedError:
    return SignInRefusedError(
        "The practice's server does not accept this login from this computer. Ask the "
        "administrator.",
        name="not_from_here",
    )


def _no_database() -> SignInRefusedError:
    return SignInRefusedError(
        "The server answered, but the practice's database is not there, or not open to you. Check "
        "the practice's settings, or ask the administrator.",
        name="no_such_database",
    )


def _unknown_host() -> NotConnectedError:
    return NotConnectedError(
        "The practice's server was not found under its name. Check the host name and your "
        "internet connection.",
        name="unknown_host",
    )


def _refused() -> NotConnectedError:
    return NotConnectedError(
        "The practice's server is reachable, but its database does not answer. Check the port, "
        "or try again in a minute.",
        name="refused",
    )


def _silent() -> NotConnectedError:
    return NotConnectedError(
        "The practice's server does not answer. Check your internet connection or VPN and try "
        "again.",
        name="unreachable",
    )


def _no_postgres() -> NotConnectedError:
    return NotConnectedError(
        "Something answers at this host and port, but it is not the practice's database. Check "
        "the practice's settings.",
        name="not_a_database",
    )


# In this order: with several addresses of one host the text holds several reasons, and the one
# that a person must act on comes first.
_REASONS: tuple[tuple[str, Make], ...] = (
    (r"does not match host name", _certificate_name),
    (r"certificate verify failed|certificate has expired|self.signed certificate", _certificate),
    (r"root certificate file|could not read root certificate|could not load", _root_certificate),
    (r"server does not support SSL", _no_tls),
    (r"authentication method requirement", _unsafe_password),
    (r"certificate|channel binding|SSL error|could not initiate TLS", _certificate),
    (r"password authentication failed|is not permitted to log in", wrong_password),
    (r"role \".*\" does not exist|authentication failed", wrong_password),
    (r"no password supplied", wrong_password),
    (r"too many connections|remaining connection slots|too many clients", too_many_connections),
    (r"database system is|terminating connection|not currently accepting", not_ready),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", _no_login_from_here),
    (r"database \".*\" does not exist|permission denied for database", _no_database),
    (r"invalid response to SSL|expected authentication request", _no_postgres),
    (r"failed to resolve host|could not translate host name", _unknown_host),
    (r"[Cc]onnection refused", _refused),
    (r"closed the connection unexpectedly", not_ready),
)


def translate_connect_error(error: psycopg.Error) -> UserFacingError:
    """Return the sentence for an attempt to connect that failed; there always is one."""
    text = str(error)
    for pattern, make in _REASONS:
        if re.search(pattern, text):
            return make()
    if _SERVER_SAID.search(text):  # in a language that we do not read
        given = getattr(error.pgconn, "used_password", False)
        return wrong_password() if given else _no_login_from_here()
    return _silent()
