"""What the service manager is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from coordinator_app.gateway.notify import ServiceManager

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX"), reason="systemd's way of being told"
)


def test_started_alive_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(5)
        now = [0.0]
        manager = ServiceManager(
            {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "10000000"},
            lambda: now[0],
        )
        manager.ready()
        for second in range(12):
            now[0] = float(second)
            manager.alive()
        manager.stopping()
        said = [line.recv(64).decode() for _ in range(5)]
    assert said == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_where_nobody_listens_nothing_happens(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1"}):
        manager = ServiceManager(environment)
        manager.ready()
        manager.alive()
        manager.stopping()
