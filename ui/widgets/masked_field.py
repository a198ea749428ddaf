"""A field that stays masked until it is looked at, and masks itself again."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from coordinator_app.domain.patient import RevealField
from ui.messages import announce
from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme

__all__ = ["REVEAL_MS", "MaskedField"]

REVEAL_MS: Final = 8_000  # ui.md section 8


class MaskedField(QWidget):
    """A caption, a masked value and an eye.

    Signals:
        reveal_wanted: the RevealField; each look is logged by the database.
    """

    reveal_wanted = Signal(object)

    def __init__(self, caption: str, field: RevealField, parent: QWidget | None = None) -> None:
        """Make a hidden, empty field.

        Args:
            caption: "DOB".
            field: what is revealed.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._caption = caption
        self._field = field
        self._masked = ""
        self.value = label("", "muted")
        self.eye = IconButton(
            "eye", self.tr("Show %1 for some seconds").replace("%1", caption), size=14, small=True
        )
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.value)
        self._row.addWidget(self.eye)
        self._timer = QTimer(self, singleShot=True, interval=REVEAL_MS)
        self._timer.timeout.connect(self.conceal)
        self.eye.clicked.connect(self._pressed)
        self.hide()
        follow_theme(self._rescale)

    @property
    def revealed(self) -> bool:
        """Whether the value is on the screen now."""
        return self._timer.isActive()

    def set_masked(self, masked: str) -> None:
        """Show a masked value; "" empties and hides the field."""
        self._masked = masked
        self.setVisible(bool(masked))
        self.conceal()

    def show_value(self, value: str) -> None:
        """Show the value for 8 seconds."""
        self.value.setText(f"{self._caption} {value}")
        self.eye.set_look("eye-off")
        self.eye.set_name(self.tr("Hide %1").replace("%1", self._caption))
        announce(self, f"{self._caption} {value}")
        self._timer.start()

    def conceal(self) -> None:
        """Mask it again, now."""
        self._timer.stop()
        self.value.setText(f"{self._caption} {self._masked}" if self._masked else "")
        self.eye.set_look("eye")
        self.eye.set_name(self.tr("Show %1 for some seconds").replace("%1", self._caption))

    def _pressed(self) -> None:
        if self.revealed:
            self.conceal()
        else:
            self.reveal_wanted.emit(self._field)

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(2))
