"""What makes softphones: the real one here, and a test's own in tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.softphone.sdk import Missing, missing

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from ui.softphone.base import Softphone

__all__ = ["SoftphoneKit"]


@dataclass(frozen=True, slots=True)
class SoftphoneKit:
    """Whether there can be a softphone on this computer, and one."""

    def missing(self) -> Missing:
        """What it lacks."""
        return missing()

    def make(self, parent: QObject) -> Softphone:
        """A new one; loads Qt's web engine. Raises ImportError without the extra."""
        from ui.softphone.web import WebSoftphone  # noqa: PLC0415 - 130 MB that few need

        return WebSoftphone(parent)
