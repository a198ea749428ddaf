"""The identity check: the patient speaks, we compare and tick (compliance.md 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.patient import IdentifierKind, IdentityResult, RevealField
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import Elide
from ui.widgets.masked_field import REVEAL_MS
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["IdentityCheck"]

_NEEDED: Final = 2  # 45 CFR 164.514(h); compliance.md 7.1
_FIELD: Final = {
    IdentifierKind.BIRTH_DATE: RevealField.BIRTH_DATE,
    IdentifierKind.ZIP: RevealField.ZIP,
    IdentifierKind.ADDRESS: RevealField.ADDRESS,
    IdentifierKind.PHONE: RevealField.PHONE,
}


class IdentityCheck(QFrame):
    """Tick two identifiers that matched; only their kinds are ever stored.

    Signals:
        given: (IdentityResult, tuple of IdentifierKind).
        reveal_wanted: a RevealField to compare with what the patient says.
    """

    given = Signal(object, object)
    reveal_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty check."""
        super().__init__(parent)
        self.setProperty("inset", "true")
        self.setAccessibleName(self.tr("Identity check"))
        self._boxes: dict[IdentifierKind, QCheckBox] = {}
        self._eyes: dict[IdentifierKind, IconButton] = {}
        self._possible = False
        self._tries = 0
        self.tile = IconTile("shield-check", "warning", tile=0, size=16)
        self.state = Elide("", "small")
        self._grid = QGridLayout()
        self.passed = Button(self.tr("Pass"), "primary", size="small")
        self.failed = Button(self.tr("Fail"), size="small")
        self.declined = Button(self.tr("Declined"), size="small")
        self.passed.setAccessibleName(self.tr("Identity verified"))
        self.failed.setAccessibleName(self.tr("Identity does not match"))
        self.declined.setAccessibleName(self.tr("Patient declines to say"))
        top = QHBoxLayout()
        top.addWidget(self.tile)
        top.addWidget(self.state, 1)
        self._buttons = QHBoxLayout()
        self._buttons.addWidget(self.passed, 1)
        self._buttons.addWidget(self.failed, 1)
        self._buttons.addWidget(self.declined, 1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(top)
        self._column.addLayout(self._grid)
        self._column.addLayout(self._buttons)
        self.value = Elide("", "strong")
        self.value.hide()
        self._column.insertWidget(2, self.value)
        self._hide = QTimer(self, singleShot=True, interval=REVEAL_MS)
        self._hide.timeout.connect(self.conceal)
        for button, result in (
            (self.passed, IdentityResult.PASS),
            (self.failed, IdentityResult.FAIL),
            (self.declined, IdentityResult.DECLINED),
        ):
            button.clicked.connect(lambda _=False, result=result: self._give(result))
        follow_theme(self._rescale)

    # -- what is shown ------------------------------------------------------------------------

    @property
    def ticked(self) -> tuple[IdentifierKind, ...]:
        """What matched."""
        return tuple(kind for kind, box in self._boxes.items() if box.isChecked())

    def set_kinds(self, kinds: Sequence[IdentifierKind]) -> None:
        """Offer identifiers; ticks of the same ones stay."""
        if tuple(kinds) == tuple(self._boxes):
            return
        for widget in (*self._boxes.values(), *self._eyes.values()):
            self._grid.removeWidget(widget)
            widget.setParent(None)
            widget.deleteLater()
        self._boxes, self._eyes = {}, {}
        for number, kind in enumerate(kinds):
            self._add(number, kind)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(2, 1)
        self._refresh()

    def _add(self, number: int, kind: IdentifierKind) -> None:
        words = {
            IdentifierKind.FULL_NAME: self.tr("Full name"),
            IdentifierKind.BIRTH_DATE: self.tr("Birth date"),
            IdentifierKind.ZIP: self.tr("ZIP"),
            IdentifierKind.ADDRESS: self.tr("Address"),
            IdentifierKind.PHONE: self.tr("Phone"),
        }[kind]
        box = QCheckBox(words)
        box.setAccessibleName(self.tr("%1 matches").replace("%1", words))
        box.toggled.connect(lambda _: self._refresh())
        self._boxes[kind] = box
        row, column = divmod(number, 2)
        self._grid.addWidget(box, row, column * 2)
        field = _FIELD.get(kind)
        if field is not None:
            eye = IconButton(
                "eye",
                self.tr("Show %1 on file to compare").replace("%1", words),
                size=14,
                small=True,
            )
            eye.clicked.connect(lambda _=False, field=field: self.reveal_wanted.emit(field))
            self._eyes[kind] = eye
            self._grid.addWidget(eye, row, column * 2 + 1)

    def show_state(self, result: IdentityResult | None, tries_left: int, *, possible: bool) -> None:
        """Show how the check stands.

        Args:
            result: the last result, None before the first.
            tries_left: how often it may still be tried.
            possible: a call is connected, so that somebody can answer.
        """
        self._possible = possible and result is not IdentityResult.PASS and tries_left > 0
        self._tries = tries_left
        if result is IdentityResult.PASS:
            self.tile.set("shield-check", "success")
            self.state.setText(self.tr("Identity verified"))
        elif result is IdentityResult.DECLINED:
            self.tile.set("shield-alert", "warning")
            self.state.setText(self.tr("The patient declined to say"))
        elif result is IdentityResult.FAIL:
            self.tile.set("shield-alert", "danger")
            left = self.tr("Did not match · %n try(s) left", "", max(0, tries_left))
            over = self.tr("Not verified: give only name and number")
            self.state.setText(left if tries_left > 0 else over)
        else:
            self.tile.set("shield-check", "warning")
            waiting = self.tr("Tick two that match")
            self.state.setText(waiting if possible else self.tr("Two identifiers, on the call"))
        self._refresh()

    def reset(self) -> None:
        """Untick everything and hide a revealed value (another patient)."""
        self.conceal()
        for box in self._boxes.values():
            box.setChecked(False)

    def show_value(self, value: str) -> None:
        """Show a value on file for 8 seconds; it is never read aloud to the patient."""
        self.value.setText(self.tr("On file: %1").replace("%1", value))
        self.value.show()
        self._hide.start()

    def conceal(self) -> None:
        """Take the value off the screen."""
        self._hide.stop()
        self.value.setText("")
        self.value.hide()

    def focus_first(self) -> None:
        """Go to the first identifier."""
        for box in self._boxes.values():
            box.setFocus()
            return

    def _refresh(self) -> None:
        enough = len(self.ticked) >= _NEEDED
        for widget in (*self._boxes.values(), *self._eyes.values()):
            widget.setEnabled(self._possible)
        self.passed.setEnabled(self._possible and enough)
        self.failed.setEnabled(self._possible)
        self.declined.setEnabled(self._possible)

    def _give(self, result: IdentityResult) -> None:
        kinds = self.ticked
        self._possible = False  # until the server has answered
        self._refresh()
        self.given.emit(result, kinds)

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(10), px(5), px(10), px(7))
        self._column.setSpacing(px(3))
        self._grid.setHorizontalSpacing(px(2))
        self._grid.setVerticalSpacing(0)
        self._buttons.setSpacing(px(6))
