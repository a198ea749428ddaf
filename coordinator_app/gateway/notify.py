"""Telling systemd how the service is: started, alive, stopping (sd_notify(3), a datagram a word).

Without ``$NOTIFY_SOCKET`` nobody is told anything.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping


class ServiceManager:
    """Whoever started this service and wants to know."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``environment``: has ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` when somebody does."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        limit = environment.get("WATCHDOG_USEC", "")
        # Twice within the time that the manager waits.
        self._every = int(limit) / 2e6 if limit.isdigit() else None
        self._monotonic = monotonic
        self._told_at = float("-inf")

    def ready(self) -> None:
        """The service works."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """It ends, because it was asked to."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """Its loop turns; may be said as often as one likes."""
        if self._every is not None and self._monotonic() - self._told_at >= self._every:
            self._told_at = self._monotonic()
            self._tell("WATCHDOG=1")

    def _tell(self, word: str) -> None:
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.connect(self._address)
                line.send(word.encode())
        except OSError:
            return  # a manager that does not listen is no reason to stop calling
