"""Whether a softphone can be used on this computer, and the carrier's library for it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

import resources

__all__ = ["SDK_FILE", "Missing", "library", "missing"]

SDK_FILE = "twilio.min.js"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there: the program's extra, or the carrier's library."""

    extra: bool = False
    library: bool = False

    def __bool__(self) -> bool:
        """Whether anything is missing."""
        return self.extra or self.library

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
        return ""


def missing() -> Missing:
    """Look; imports and loads nothing."""
    try:
        there = importlib.util.find_spec("PySide6.QtWebEngineCore") is not None
    except (ImportError, ValueError):
        there = False
    return Missing(extra=not there, library=not _is_pinned(_library_path()))


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
