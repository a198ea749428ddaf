"""What supervisors ask of the database about calls that are up, and coordinators about help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.call import CallView
    from coordinator_app.domain.monitor import HelpReason, LiveBoard, MonitorMode


class LiveCalls(Protocol):
    """Each method may raise what a PracticeDatabase's may. What changes something returns how
    everything stands afterwards."""

    def live_calls(self) -> LiveBoard:
        """Every call that is up; supervisors."""
        ...

    def monitor_call(self, call_id: UUID, mode: MonitorMode, op_id: UUID) -> LiveBoard:
        """Come to a call, or be on it in another way. Raises RefusedError (one's own call, or
        already on another one), StaleError (it has ended)."""
        ...

    def stop_monitoring(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        """Leave a call; harmless when one is not on it."""
        ...

    def answer_help(self, call_id: UUID, text: str, op_id: UUID) -> LiveBoard:
        """Send a coordinator who asked for help some words (at most 80 characters). Raises
        StaleError when the call for help was settled."""
        ...

    def clear_help(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        """The call for help is settled."""
        ...

    def ask_help(self, call_id: UUID, reason: HelpReason, op_id: UUID) -> CallView:
        """Ask every supervisor for help with one's own call; again: with another reason."""
        ...

    def withdraw_help(self, call_id: UUID, op_id: UUID) -> CallView:
        """No help is needed any more."""
        ...
