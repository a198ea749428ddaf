"""What the gateway does in the practice's database besides calls (role ``gateway``)."""

from __future__ import annotations

from coordinator_app.db.codec import decode_rows
from coordinator_app.db.connection import Link
from coordinator_app.db.gateway_link import GatewayLink
from coordinator_app.db.incoming_store import SqlIncomingStore
from coordinator_app.db.line_records import SqlLineStore
from coordinator_app.db.monitor_store import SqlMonitorStore
from coordinator_app.db.recording_store import SqlRecordingStore
from coordinator_app.domain.audit import UnsignedAnchor


class SqlAnchorStore:
    """The anchors of the audit; see gateway.signing.AnchorStore."""

    _link: Link

    def anchors(self) -> tuple[UnsignedAnchor, ...]:
        return decode_rows(UnsignedAnchor, self._link.call("gateway_anchor"))

    def sign_anchor(self, anchor_id: int, public_key: str, signature: str) -> None:
        self._link.call("gateway_sign", anchor_id, public_key, signature)


class SqlSideStore(
    SqlAnchorStore, SqlMonitorStore, GatewayLink, SqlRecordingStore, SqlLineStore, SqlIncomingStore
):
    """Everything the gateway's chores need, on a session of its own (see gateway.side_work).

    It takes no lock: it is opened by a gateway whose first session holds the lock.
    """

    @classmethod
    def connect(cls, conninfo: str) -> SqlSideStore:
        """Log in now. Raises NotConnectedError, InsecureConnectionError, SignInRefusedError."""
        return cls(conninfo).opened()
