"""Who calls the office: asks the carrier every few seconds and tells the database.

Nothing listens for the carrier: a practice opens no port. A number that the account does not own
(a verified caller ID) is seen by the carrier of the office alone; then there is nothing to ask,
which is said, and the office enters its callers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from coordinator_app.calls.backend import Unreachable
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.incoming import QUEUE, IncomingBackend
from coordinator_app.domain.returns import IncomingCall, IncomingLine, IncomingWatched

_log = logging.getLogger(__name__)

_EVERY = 4.0  # seconds between two looks: somebody waits on the line
_WITHOUT = 15.0  # without a line to ask: what nobody took is still passed on
_OWNED_AGAIN = 600.0  # seconds until it is asked again whose the office number is
_NOT_OURS = (
    "The office number does not belong to the phone account, so the carrier cannot tell of calls "
    "to it. Enter returned calls by hand."
)
_NO_QUEUE = (
    f"Callers cannot wait for a coordinator: the phone account has no queue “{QUEUE}”. "
    "Missed calls are seen all the same."
)
_AWAY = "The phone account does not answer, so calls to the office are not seen now."


class IncomingStore(Protocol):
    """What this chore needs of the database."""

    def incoming(self, line: IncomingLine | None, calls: Sequence[IncomingCall]) -> IncomingWatched:
        """Tell what was heard; what to ask about next. Also passes on what nobody took."""
        ...


class Listener:
    """The chore; see ``side_work.Chore``."""

    def __init__(self, backend: IncomingBackend | None, clock: LineClock) -> None:
        """``backend`` None: there is no phone account."""
        self._backend = backend
        self._clock = clock
        self._watched: IncomingWatched | None = None
        self._owned: tuple[str, bool] | None = None  # of which number
        self._owned_at = 0.0

    def turn(self, store: IncomingStore) -> float:
        """Ask once, tell once."""
        if self._watched is None:
            self._watched = store.incoming(None, ())
        office, backend = self._watched.office_number, self._backend
        if backend is None or not office:
            self._watched = store.incoming(None, ())
            return _WITHOUT
        line, calls, rest = self._listen(backend, office, self._watched.open)
        self._watched = store.incoming(line, calls)
        return rest

    def _listen(
        self, backend: IncomingBackend, office: str, asked: Sequence[str]
    ) -> tuple[IncomingLine, Sequence[IncomingCall], float]:
        owned = self._owns(backend, office)
        if isinstance(owned, Unreachable):
            return IncomingLine("away", _AWAY), (), max(_WITHOUT, owned.retry_after_s or 0.0)
        if not owned:
            return IncomingLine("not_ours", _NOT_OURS), (), _WITHOUT
        heard = backend.hear(office, asked)
        if isinstance(heard, Unreachable):
            _log.warning("calls to the office are not seen: %s", heard.why)
            return IncomingLine("away", _AWAY), (), max(_EVERY, heard.retry_after_s or 0.0)
        line = (
            IncomingLine("listening", "")
            if heard.has_queue
            else IncomingLine("no_queue", _NO_QUEUE)
        )
        return line, heard.calls, _EVERY

    def _owns(self, backend: IncomingBackend, office: str) -> bool | Unreachable:
        if backend.is_practice:
            return True  # the practice line has every number
        now = self._clock.monotonic()
        known = self._owned is not None and self._owned[0] == office
        if known and now < self._owned_at + _OWNED_AGAIN and self._owned is not None:
            return self._owned[1]
        answer = backend.owns(office)
        if not isinstance(answer, Unreachable):
            self._owned, self._owned_at = (office, answer), now
        return answer
