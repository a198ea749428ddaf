"""Supervisors' wishes in memory, with the rules of the database's functions for the gateway."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

from coordinator_app.domain.call import CallRequest
from coordinator_app.domain.monitor import (
    MonitorEnd,
    MonitorFact,
    MonitorMode,
    MonitorState,
    MonitorWish,
)
from tests.helpers.virtual_clock import VirtualClock

_RANK = list(MonitorState)


class FakeMonitorStore:
    """``busy``: ids whose row somebody holds; what is said of them has to be said again.

    ``hold_placed``: somebody takes hold of a row just after it was placed.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.rows: dict[UUID, MonitorWish] = {}
        self.ends: dict[UUID, MonitorEnd | None] = {}
        self.sentences: dict[UUID, str] = {}
        self.busy: set[UUID] = set()
        self.hold_placed = False

    def ask(
        self,
        call: CallRequest,
        mode: MonitorMode = MonitorMode.LISTEN,
        endpoint: str = "client:dana",
    ) -> UUID:
        """A supervisor presses a button."""
        wish = MonitorWish(
            id=uuid4(),
            session_id=call.session_id,
            endpoint=endpoint,
            caller_id=call.caller_id,
            mode=mode,
            line_mode=None,
            state=MonitorState.REQUESTED,
            stop_wanted=False,
            call_ended=False,
            carrier_ref="",
            requested_at=self._clock.now(),
            placed_at=None,
            time_limit_s=3600,
        )
        self.rows[wish.id] = wish
        return wish.id

    def change(self, monitor_id: UUID, **what: object) -> None:
        """A supervisor changes their mind, or the call ends."""
        self.rows[monitor_id] = replace(self.rows[monitor_id], **what)  # type: ignore[arg-type]

    # ---- as the gateway's port

    def monitors(self) -> tuple[MonitorWish, ...]:
        return tuple(w for w in self.rows.values() if w.state is not MonitorState.ENDED)

    def place_monitor(self, monitor_id: UUID) -> bool:
        wish = self.rows[monitor_id]
        if monitor_id in self.busy or wish.state is not MonitorState.REQUESTED:
            return False
        if wish.stop_wanted or wish.call_ended:
            return False
        self.change(monitor_id, state=MonitorState.PLACING, placed_at=self._clock.now())
        if self.hold_placed:
            self.busy.add(monitor_id)
        return True

    def monitor_fact(self, monitor_id: UUID, fact: MonitorFact) -> bool:
        wish = self.rows[monitor_id]
        if monitor_id in self.busy:
            return False
        if wish.state is MonitorState.ENDED:
            return True
        state = max(wish.state, fact.state, key=_RANK.index)
        if fact.state is MonitorState.REQUESTED and wish.state is MonitorState.PLACING:
            state = MonitorState.REQUESTED
        if fact.state is MonitorState.ENDED:
            self.ends[monitor_id] = fact.end
            self.sentences[monitor_id] = fact.sentence
        self.change(
            monitor_id,
            state=state,
            line_mode=fact.line_mode or wish.line_mode,
            carrier_ref=wish.carrier_ref or fact.carrier_ref,
        )
        return True
