"""Live calls over PostgreSQL (see ports.LiveCalls for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode
from coordinator_app.domain.call import CallView
from coordinator_app.domain.monitor import LiveBoard

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.db.connection import Argument, Link
    from coordinator_app.domain.monitor import HelpReason, MonitorMode


class SqlLiveCalls:
    """What a practice's database answers about calls that are up."""

    _link: Link

    def live_calls(self) -> LiveBoard:
        return self._board("live_calls")

    def monitor_call(self, call_id: UUID, mode: MonitorMode, op_id: UUID) -> LiveBoard:
        return self._board("monitor_call", call_id, mode, op_id)

    def stop_monitoring(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        return self._board("stop_monitoring", call_id, op_id)

    def answer_help(self, call_id: UUID, text: str, op_id: UUID) -> LiveBoard:
        return self._board("answer_help", call_id, text, op_id)

    def clear_help(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        return self._board("clear_help", call_id, op_id)

    def ask_help(self, call_id: UUID, reason: HelpReason, op_id: UUID) -> CallView:
        return decode(CallView, self._link.call("ask_help", call_id, reason, op_id))

    def withdraw_help(self, call_id: UUID, op_id: UUID) -> CallView:
        return decode(CallView, self._link.call("withdraw_help", call_id, op_id))

    def _board(self, function: str, *values: Argument) -> LiveBoard:
        return decode(LiveBoard, self._link.call(function, *values))
