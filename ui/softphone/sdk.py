"""Whether a softphone can be used on this computer, and the carrier's library for it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

import resources

__all__ = ["SDK_FILE", "Missing", "library", "missing"]

SDK_FILE = "twilio.min.js"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there: the program's extra, the carrier's library, the system's libraries; or
    root is at work, for whom Chromium does not start."""

    extra: bool = False
    library: bool = False
    system: bool = False
    root: bool = False

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return self.extra or self.library or self.system or self.root

    @property
    def sentence(self) -> str:
        """What to do; "" when all is there."""
        if self.extra:
            return QCoreApplication.translate(
                "Softphone",
                "The softphone is not installed on this computer. Whoever looks after it installs "
                "the program’s extra “softphone”, runs tools/softphone, and starts it again.",
            )
        if self.library:
            return QCoreApplication.translate(
                "Softphone",
                "The carrier’s softphone library is missing on this computer, or is another "
                "release. Whoever looks after it runs tools/softphone.",
            )
        if self.root:
            return QCoreApplication.translate(
                "Softphone",
                "The softphone does not run for the computer’s administrator (root). Start the "
                "program as an ordinary user.",
            )
        if self.system:
            return QCoreApplication.translate(
                "Softphone",
                "The softphone cannot be loaded: a library of the system is missing. On Debian and "
                "Ubuntu: apt install libnss3 libasound2 libxkbfile1 libxcomposite1 libxdamage1 "
                "libxrandr2 libxtst6.",
            )
        return ""


def missing() -> Missing:
    """Look; imports and loads nothing."""
    try:
        there = importlib.util.find_spec("PySide6.QtWebEngineCore") is not None
    except (ImportError, ValueError):
        there = False
    # Chromium would end the whole program. The variable is for tests in a container.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    allowed = os.environ.get("QTWEBENGINE_DISABLE_SANDBOX") == "1"
    return Missing(
        extra=not there, library=not _is_pinned(_library_path()), root=root and not allowed
    )


def library() -> bytes:
    """The carrier's library. Raises FileNotFoundError when it is not the pinned release."""
    path = _library_path()
    if not _is_pinned(path):
        raise FileNotFoundError(Missing(library=True).sentence)
    return path.read_bytes()


def _library_path() -> Path:
    return resources.path("softphone") / "sdk" / SDK_FILE


def _is_pinned(path: Path) -> bool:
    pins = json.loads(resources.text("softphone/sdk.json"))["files"]
    wanted = str(next(digest for name, digest in pins.items() if name.endswith(SDK_FILE)))
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == wanted
    except OSError:
        return False
