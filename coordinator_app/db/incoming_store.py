"""Calls to the office number, as the gateway tells of them (role ``gateway``)."""

from __future__ import annotations

from collections.abc import Sequence

from coordinator_app.db.codec import decode, encode
from coordinator_app.db.connection import Json, Link
from coordinator_app.domain.returns import IncomingCall, IncomingLine, IncomingWatched


class SqlIncomingStore:
    """See gateway.incoming.IncomingStore."""

    _link: Link

    def incoming(self, line: IncomingLine | None, calls: Sequence[IncomingCall]) -> IncomingWatched:
        told = [
            {"ref": call.ref, "from": call.from_, "state": call.state, "at": encode(call.at)}
            for call in calls
        ]
        seen = {"line": None if line is None else encode(line), "calls": told}
        return decode(IncomingWatched, self._link.call("gateway_incoming", Json(seen)))
