"""A supervisor's wish to be on a call."""

from __future__ import annotations

from uuid import uuid4

from coordinator_app.domain.call import CallRequest
from coordinator_app.domain.monitor import MonitorMode, MonitorState, MonitorWish


def monitor_wish(call: CallRequest, mode: MonitorMode) -> MonitorWish:
    """One that was granted for this call's shift and not yet carried out."""
    return MonitorWish(
        id=uuid4(),
        session_id=call.session_id,
        endpoint="client:supervisor",
        caller_id=call.caller_id,
        mode=mode,
        line_mode=None,
        state=MonitorState.REQUESTED,
        stop_wanted=False,
        call_ended=False,
        carrier_ref="",
        requested_at=call.requested_at,
        placed_at=None,
        time_limit_s=3600,
    )
