"""Notices from what is typed that Caps Lock is on; Qt does not tell the key's state."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

__all__ = ["CapsLockWatch"]


class CapsLockWatch(QObject):
    """Watches one field: a capital without Shift, or a small letter with it.

    Signals:
        changed: Caps Lock seems to be on (True) or off (False).
    """

    changed = Signal(bool)

    def __init__(self, edit: QLineEdit) -> None:
        """Watch a field for as long as it lives."""
        super().__init__(edit)
        self._on = False
        edit.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at keys on their way to the field; never eats one."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            letter = event.text()
            if event.key() == Qt.Key.Key_CapsLock:
                self._set(False)  # toggled: the next letter tells
            elif len(letter) == 1 and letter.lower() != letter.upper():
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._set(letter.isupper() != shift)
        return super().eventFilter(watched, event)

    def _set(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self.changed.emit(on)
