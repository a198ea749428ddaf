"""Rooms that nobody remembers: ended, so that no forgotten leg costs money or listens in.

A gateway that dies at the wrong moment may leave a coordinator's leg at the carrier of which the
database knows nothing (telephony.md 4.3 "restart": orphan conferences ``shift-*``).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from coordinator_app.calls.backend import Done, Unreachable, VoipBackend
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_watch import LineWatch
from coordinator_app.calls.settings import EngineSettings

_log = logging.getLogger(__name__)


class RoomSweep:
    """Looks at the carrier's rooms now and then; ``work`` may run on any thread."""

    def __init__(
        self, backend: VoipBackend, clock: LineClock, settings: EngineSettings, watch: LineWatch
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._settings = settings
        self._watch = watch
        self._due = clock.monotonic()

    def due(self) -> bool:
        """Whether it is time to look."""
        return self._clock.monotonic() >= self._due

    def next_due(self) -> float:
        """The monotonic time of the next look."""
        return self._due

    def begin(self) -> None:
        """It is being done now."""
        self._due = self._clock.monotonic() + self._settings.sweep_every

    def work(self, known: Collection[UUID]) -> None:
        """End old rooms, but for these shifts'."""
        before = self._clock.now() - timedelta(seconds=self._settings.room_overdue)
        rooms = self._watch.ask(lambda: self._backend.rooms_older_than(before))
        if isinstance(rooms, Unreachable):
            self._due = self._clock.monotonic() + self._settings.probe_every
            return
        for session_id in rooms:
            if session_id not in known:
                self._end(session_id)

    def _end(self, session_id: UUID) -> None:
        answer = self._watch.ask(lambda: self._backend.end_room(session_id))
        done = "ended" if isinstance(answer, Done) else "not ended"
        _log.warning("room of shift %s was left over and is %s", session_id, done)
