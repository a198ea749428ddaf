"""The telephone's keypad, for menus of a switchboard and extensions."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme

__all__ = ["Keypad"]

_KEYS = "123456789*0#"


class Keypad(QFrame):
    """A popup with twelve keys; the computer's own digits work as well.

    Signals:
        pressed: one of ``0123456789*#``.
    """

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make a hidden keypad."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("keypad")
        self.setProperty("card", "true")
        self.setAccessibleName(self.tr("Keypad"))
        self._typed = label("", "h3")
        self._typed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._typed.setAccessibleName(self.tr("Digits sent"))
        self._grid = QGridLayout()
        for number, key in enumerate(_KEYS):
            button = Button(key)
            button.setObjectName(f"keypad.{key}")
            button.setAccessibleName(self.tr("Key %1").replace("%1", key))
            button.clicked.connect(lambda _=False, key=key: self._press(key))
            button.installEventFilter(self)
            self._grid.addWidget(button, number // 3, number % 3)
            if number == 0:
                self._first = button
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._typed)
        self._column.addLayout(self._grid)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(12), px(10), px(12), px(12))
        self._grid.setSpacing(px(6))
        self.setFixedWidth(px(190))

    def open_below(self, anchor: QWidget) -> None:
        """Open under a button, with nothing typed yet."""
        self._typed.setText(self.tr("Press keys"))
        self._typed.setProperty("empty", True)
        self.adjustSize()
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 4))
        self.move(corner)
        self.show()
        self._first.setFocus()

    def _press(self, key: str) -> None:
        before = "" if self._typed.property("empty") else self._typed.text()
        self._typed.setProperty("empty", False)
        self._typed.setText((before + key)[-12:])
        self.pressed.emit(key)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take digits that are typed while a key has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            text = event.text()
            if text and text in _KEYS:
                self._press(text)
                return True
        return False
