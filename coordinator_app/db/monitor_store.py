"""Supervisors on live calls, as the gateway reads and writes them (role ``gateway``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode_rows
from coordinator_app.db.connection import Json, Link
from coordinator_app.domain.monitor import MonitorFact, MonitorWish

if TYPE_CHECKING:
    from uuid import UUID


class SqlMonitorStore:
    """See gateway.monitoring.MonitorStore."""

    _link: Link

    def monitors(self) -> tuple[MonitorWish, ...]:
        return decode_rows(MonitorWish, self._link.call("gateway_monitors"))

    def place_monitor(self, monitor_id: UUID) -> bool:
        return self._link.call("gateway_place_monitor", monitor_id) is True

    def monitor_fact(self, monitor_id: UUID, fact: MonitorFact) -> bool:
        return self._link.call("gateway_monitor_fact", monitor_id, Json(fact)) is True
