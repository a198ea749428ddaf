"""Tests of the real page: only where the extra and the carrier's library are."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import pytest

from tests.helpers import silence
from ui.softphone.sdk import missing

if TYPE_CHECKING:
    from pathlib import Path

HERE = "tests/softphone"
NEEDED = ("PySide6.QtWebEngineCore", "aiortc", "websockets", "av", "numpy")
# A microphone that beeps, and a certificate of our own for 127.0.0.1: flags for tests only.
FLAGS = (
    "--use-fake-device-for-media-stream --ignore-certificate-errors --disable-gpu "
    "--disable-audio-output --allow-loopback-in-peer-connection"
)


def _reason() -> str:
    lacks = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacks:
        return f"needs the extra “softphone-dev”: {', '.join(lacks)}"
    return missing().sentence


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    reason = _reason()
    for item in items:
        if HERE in item.nodeid and reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    # What cannot be imported is not looked into; test_page.py itself always can.
    return True if collection_path.name == "signalling.py" and _reason() else None


if importlib.util.find_spec("ifaddr") is not None:  # comes with aiortc
    import ifaddr

    # Chromium answers on each address of this machine; packets to them stay on it.
    silence.OWN_ADDRESSES.update(
        str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4
    )
os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", FLAGS)
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")  # Chromium's does not work for root
