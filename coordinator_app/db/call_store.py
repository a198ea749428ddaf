"""What the gateway may do in the practice's database (role ``gateway``)."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Any

import psycopg

from coordinator_app.db.codec import decode_rows
from coordinator_app.db.connect_errors import lost
from coordinator_app.db.connection import Json, Link
from coordinator_app.db.gateway_lock import PATIENCE, SESSION_OPTIONS, only_gateway
from coordinator_app.db.listener import Ears
from coordinator_app.db.parameters import service_parameters
from coordinator_app.db.sqlstate import translate_error
from coordinator_app.domain.audit import UnsignedAnchor
from coordinator_app.domain.call import CallFact, CallRequest, CommandRequest, OpenCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.domain.practice import LineHealth

_CHANNEL = "cc_gateway"


class SqlCallStore:
    """A CallStore over PostgreSQL; see ports.CallStore for each method.

    Every method may raise NotConnectedError; the next call connects again.
    """

    def __init__(self, conninfo: str, *, patience: float = PATIENCE) -> None:
        """``patience``: seconds to wait for another gateway's end (see db.gateway_lock)."""
        given = service_parameters(conninfo)
        self._parameters: dict[str, Any] = {
            **given,
            "client_encoding": "utf8",
            "application_name": "care-coordinator-gateway",
            "options": f"{given.get('options') or ''} {SESSION_OPTIONS}".strip(),
        }
        self._link = Link(self._parameters, prepare=only_gateway(patience))
        self._ears: Ears | None = None

    @classmethod
    def connect(cls, conninfo: str, *, patience: float = PATIENCE) -> SqlCallStore:
        """Log in now.

        Raises NotConnectedError, InsecureConnectionError, SignInRefusedError, and RefusedError
        when another gateway works with this database.
        """
        store = cls(conninfo, patience=patience)
        try:
            store._link.open()
        except BaseException:
            store.close()
            raise
        return store

    def take_requests(self, limit: int) -> tuple[CallRequest, ...]:
        return decode_rows(CallRequest, self._link.call("gateway_take_requests", limit))

    def take_commands(self, limit: int) -> tuple[CommandRequest, ...]:
        return decode_rows(CommandRequest, self._link.call("gateway_take_commands", limit))

    def open_calls(self) -> tuple[OpenCall, ...]:
        return decode_rows(OpenCall, self._link.call("gateway_open_calls"))

    def record(self, facts: Sequence[CallFact]) -> None:
        if facts:
            self._link.call("gateway_record", Json(tuple(facts)))

    def beat(self, health: LineHealth) -> None:
        self._link.call("gateway_beat", Json(health))

    def anchors(self) -> tuple[UnsignedAnchor, ...]:
        return decode_rows(UnsignedAnchor, self._link.call("gateway_anchor"))

    def sign_anchor(self, anchor_id: int, public_key: str, signature: str) -> None:
        self._link.call("gateway_sign", anchor_id, public_key, signature)

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
