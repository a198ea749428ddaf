"""Names for tests and for screen readers, given where a control is made."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QWidget

__all__ = ["named"]

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str = "", spoken: str = "") -> W:
    """Give a widget its object name and, when it differs from its text, its accessible name."""
    if name:
        widget.setObjectName(name)
    if spoken:
        widget.setAccessibleName(spoken)
    return widget
