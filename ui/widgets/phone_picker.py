"""Which of the patient's numbers to dial, and copying one for a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QWidget

from coordinator_app.domain.patient import Phone
from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.painting import follow_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLIPBOARD_MS", "PhonePicker"]

CLIPBOARD_MS: Final = 60_000  # ui.md section 8: a copied number does not stay


class PhonePicker(QWidget):
    """Numbers that cannot be called are listed with the reason and cannot be chosen.

    Signals:
        chosen: the Phone to dial, or None when there is none.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty picker."""
        super().__init__(parent)
        self.box = ElideCombo(self.tr("Number to dial"), self.tr("Numbers"), 84)
        self.copy = IconButton("copy", self.tr("Copy the number for one minute"), size=15)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.box, 1)
        self._row.addWidget(self.copy)
        self._phones: tuple[Phone, ...] = ()
        self._copied = ""
        self._narrow = False
        self._timer = QTimer(self, singleShot=True, interval=CLIPBOARD_MS)
        self._timer.timeout.connect(self.clear_clipboard)
        self.box.currentIndexChanged.connect(lambda _: self.chosen.emit(self.phone))
        self.copy.clicked.connect(self._copy)
        follow_theme(self._rescale)

    @property
    def phone(self) -> Phone | None:
        """The chosen number."""
        number = self.box.currentIndex()
        usable = 0 <= number < len(self._phones) and self._phones[number].usable
        return self._phones[number] if usable else None

    def set_phones(self, phones: Sequence[Phone]) -> None:
        """Show numbers and choose the preferred usable one; a choice that still fits stays."""
        before = self.phone.id if self.phone is not None else None
        self._phones = tuple(phones)
        self.box.blockSignals(True)
        self.box.clear()
        model = self.box.model()
        for number, phone in enumerate(self._phones):
            words = f"{phone.display} · {phone.use}"
            self.box.addItem(words if phone.usable else f"{words} — {phone.problem}")
            if not phone.usable and isinstance(model, QStandardItemModel):
                model.item(number).setFlags(Qt.ItemFlag.NoItemFlags)
        self.box.setCurrentIndex(self._best(before))
        self.box.blockSignals(False)
        self.box.setToolTip(self.box.currentText())
        self.setEnabled(bool(self._phones))
        self.copy.setEnabled(self.phone is not None)
        self.chosen.emit(self.phone)

    def _best(self, before: object) -> int:
        usable = [n for n, phone in enumerate(self._phones) if phone.usable]
        kept = next((n for n in usable if self._phones[n].id == before), None)
        if kept is not None:
            return kept
        preferred = next((n for n in usable if self._phones[n].preferred), None)
        return preferred if preferred is not None else (usable[0] if usable else -1)

    def clear_clipboard(self) -> None:
        """Take our number off the clipboard, unless something else is there by now."""
        self._timer.stop()
        clipboard = QGuiApplication.clipboard()
        if self._copied and clipboard.text() == self._copied:
            clipboard.clear()
        self._copied = ""

    def _copy(self) -> None:
        if self.phone is None:
            return
        self._copied = self.phone.display
        QGuiApplication.clipboard().setText(self._copied)
        self._timer.start()

    def set_narrow(self, *, narrow: bool) -> None:
        """Give room to the name beside it."""
        self._narrow = narrow
        self._rescale()

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(4))
        self.setMaximumWidth(active().px(184 if self._narrow else 240))
        self.setMinimumWidth(active().px(130 if self._narrow else 190))
