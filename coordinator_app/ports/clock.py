"""Whose time it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The practice's time (a demo practice carries its own)."""

    def now(self) -> datetime:
        """The practice's now, aware, UTC."""
        ...
