"""A session of the gateway's login: calls functions, and sleeps until something was asked for."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Any, Self

import psycopg

from coordinator_app.db.connect_errors import lost
from coordinator_app.db.connection import Link
from coordinator_app.db.gateway_lock import SESSION_OPTIONS
from coordinator_app.db.listener import Ears
from coordinator_app.db.parameters import service_parameters
from coordinator_app.db.sqlstate import translate_error

if TYPE_CHECKING:
    from collections.abc import Callable

_CHANNEL = "cc_gateway"


class GatewayLink:
    """Every method may raise NotConnectedError; the next call connects again."""

    def __init__(
        self,
        conninfo: str,
        *,
        prepare: Callable[[psycopg.Connection[Any]], None] | None = None,
    ) -> None:
        """``prepare``: what each new session does first; what it raises refuses the session."""
        given = service_parameters(conninfo)
        self._parameters: dict[str, Any] = {
            **given,
            "client_encoding": "utf8",
            "application_name": "care-coordinator-gateway",
            "options": f"{given.get('options') or ''} {SESSION_OPTIONS}".strip(),
        }
        self._link = Link(self._parameters, prepare=prepare)
        self._ears: Ears | None = None

    def opened(self) -> Self:
        """Log in now.

        Raises NotConnectedError, InsecureConnectionError, SignInRefusedError, and whatever the
        session's ``prepare`` raises.
        """
        try:
            self._link.open()
        except BaseException:
            self.close()
            raise
        return self

    def wait(self, seconds: float) -> bool:
        """Sleep until something was asked for (True) or the time is over (False).

        True as well when listening has just begun: what was asked for before is not known.
        """
        try:
            if self._ears is None:
                self._ears = Ears(self._parameters, [_CHANNEL])
                return True
            if self._ears.hear():
                return True
            with selectors.DefaultSelector() as selector:
                selector.register(self._ears, selectors.EVENT_READ)
                selector.select(timeout=seconds)
            return bool(self._ears.hear())
        except psycopg.Error as error:
            self._deafen()
            raise translate_error(error) or lost() from None

    def close(self) -> None:
        """Close every connection; harmless when they are closed."""
        self._deafen()
        self._link.close()

    def _deafen(self) -> None:
        if self._ears is not None:
            self._ears.close()
            self._ears = None
