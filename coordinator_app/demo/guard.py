"""Locks in the demo practice whose password is being guessed, as a real practice's guard does."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from coordinator_app.demo.postgres import EmbeddedServer

_AT_LEAST_EVERY = 30.0  # seconds; locks end by the clock, not by the log


class Guard:
    """Looks at the server's log when there is something new in it, and now and then."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._seen = -1
        self._looked = 0.0

    def tend(self, conninfo: str) -> None:
        """To be called every few seconds; what goes wrong is tried again at the next call."""
        with contextlib.suppress(OSError, UserFacingError):
            size = self._server.log_file.stat().st_size
            if size == self._seen and time.monotonic() - self._looked < _AT_LEAST_EVERY:
                return
            from coordinator_app.db import login_guard  # noqa: PLC0415 - the driver is slow to load

            login_guard.look(conninfo, self._server.log_file)
            self._seen, self._looked = size, time.monotonic()
