"""What the gateway's engine may do in the practice's database (role ``gateway``)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from coordinator_app.db.codec import decode_rows
from coordinator_app.db.connection import Json
from coordinator_app.db.gateway_link import GatewayLink
from coordinator_app.db.gateway_lock import PATIENCE, only_gateway
from coordinator_app.domain.call import (
    CallFact,
    CallRequest,
    CommandRequest,
    LegFact,
    OpenCall,
    ShiftLeg,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.domain.practice import LineHealth


class SqlCallStore(GatewayLink):
    """A CallStore over PostgreSQL; see ports.CallStore for each method."""

    def __init__(self, conninfo: str, *, patience: float = PATIENCE) -> None:
        """``patience``: seconds to wait for another gateway's end (see db.gateway_lock)."""
        super().__init__(conninfo, prepare=only_gateway(patience))

    @classmethod
    def connect(cls, conninfo: str, *, patience: float = PATIENCE) -> SqlCallStore:
        """Log in now.

        Raises NotConnectedError, InsecureConnectionError, SignInRefusedError, and RefusedError
        when another gateway works with this database.
        """
        return cls(conninfo, patience=patience).opened()

    def take_requests(self, limit: int) -> tuple[CallRequest, ...]:
        return decode_rows(CallRequest, self._link.call("gateway_take_requests", limit))

    def take_commands(self, limit: int) -> tuple[CommandRequest, ...]:
        return decode_rows(CommandRequest, self._link.call("gateway_take_commands", limit))

    def open_calls(self) -> tuple[OpenCall, ...]:
        return decode_rows(OpenCall, self._link.call("gateway_open_calls"))

    def record(self, facts: Sequence[CallFact]) -> frozenset[UUID]:
        if not facts:
            return frozenset()
        busy = self._link.call("gateway_record", Json(tuple(facts)))
        return frozenset(decode_rows(UUID, busy))

    def legs(self) -> tuple[ShiftLeg, ...]:
        return decode_rows(ShiftLeg, self._link.call("gateway_legs"))

    def record_legs(self, facts: Sequence[LegFact]) -> frozenset[UUID]:
        if not facts:
            return frozenset()
        busy = self._link.call("gateway_record_legs", Json(tuple(facts)))
        return frozenset(decode_rows(UUID, busy))

    def beat(self, health: LineHealth) -> None:
        self._link.call("gateway_beat", Json(health))
