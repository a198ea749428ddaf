"""Silence is a requirement: what a test may not leave behind or do on the side."""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
import threading
import time

_LOOPBACK_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}

OWN_ADDRESSES: set[str] = set()  # besides loopback's; only tests of real audio add them


class OutsideNetworkError(OSError):
    """A test tried to reach a machine other than this one."""


class CollectingHandler(logging.Handler):
    """Keeps every record from WARNING upwards."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.levelname}: {record.getMessage()}")


class NetworkGuard:
    """Refuses every way out of this machine that Python offers, and remembers the attempts.

    An audit hook, so that no library can have taken a reference to the function before us. libpq
    and other C code are not seen.
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def install(self) -> None:
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.sendto"}:
            opened, address = arguments[0], arguments[1]
            inet = isinstance(opened, socket.socket) and opened.family in {
                socket.AF_INET,
                socket.AF_INET6,
            }
            host = address[0] if inet and isinstance(address, tuple) else None
        elif event == "socket.getaddrinfo":
            host = arguments[0]
        else:
            return
        if not is_this_machine(host):
            self.attempts.append(f"{event} {host!r}")
            raise OutsideNetworkError(f"Tests may only reach this machine, not {host!r}.")


def is_this_machine(host: object) -> bool:
    """Say whether a socket address's host is this machine. None: no host, so nowhere else."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name.lower() in _LOOPBACK_NAMES or name in OWN_ADDRESSES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def leftover_threads(before: set[threading.Thread], patience: float) -> list[str]:
    """Return the names of non-daemon threads begun since, after waiting for their end."""
    deadline = time.monotonic() + patience
    left = []
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon and thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                left.append(thread.name)
    return left
