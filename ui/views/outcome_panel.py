"""The outcomes: one key each; what the line measured stands apart and chooses nothing."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QWidget

from coordinator_app.domain.call import CallEnd
from coordinator_app.domain.outcome import OUTCOMES, Outcome
from ui.messages import announce
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import Elide, KeyCap, label
from ui.widgets.painting import follow_theme
from ui.widgets.suggested_tile import SuggestedTile
from ui.widgets.surfaces import Card

__all__ = ["OutcomePanel"]

_COLUMNS = 3
_SUGGESTION: Final = {
    CallEnd.NO_ANSWER: Outcome.NO_ANSWER,
    CallEnd.BUSY: Outcome.BUSY,
    CallEnd.BAD_NUMBER: Outcome.FAILED_NUMBER,
    CallEnd.LINE_ERROR: Outcome.TECHNICAL,
    CallEnd.AGENT_LEG_LOST: Outcome.TECHNICAL,
    CallEnd.NEVER_PLACED: Outcome.TECHNICAL,
    CallEnd.BLOCKED: Outcome.FAILED_NUMBER,
    CallEnd.UNRESOLVED: Outcome.TECHNICAL,
}


class OutcomePanel(Card):
    """Nine tiles, and the rest behind "More".

    Signals:
        chosen: the Outcome that a person chose.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the tiles; nothing is chosen and nothing can be."""
        super().__init__(QCoreApplication.translate("OutcomePanel", "Outcome"), parent)
        self.setObjectName("outcome_panel")
        self.tiles: dict[Outcome, SuggestedTile] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.machine = Elide("", "small")
        self.machine.setObjectName("machine_result")
        self.machine.hide()
        self.more = Button(self.tr("More"), "ghost", "chevron-down", size="small")
        self.more.setCheckable(True)
        self.more.setAccessibleName(self.tr("More outcomes"))
        press = label(self.tr("Press"), "small")
        self.header.addStretch(1)
        for widget in (press, KeyCap("1"), label("–", "small"), KeyCap("9"), self.more):
            self.header.addWidget(widget)
        self._first = QGridLayout()
        self._rest_box = QWidget()
        self._rest = QGridLayout(self._rest_box)
        self._rest.setContentsMargins(0, 0, 0, 0)
        self._rest_box.hide()
        self.body.addWidget(self.machine)
        self.body.addLayout(self._first)
        self.body.addWidget(self._rest_box)
        for spec in OUTCOMES:
            tile = SuggestedTile(spec.label, spec.key, spec.icon, spec.kind)
            tile.setObjectName(f"outcome.{spec.outcome.value}")
            tile.clicked.connect(lambda _=False, o=spec.outcome: self.chosen.emit(o))
            self._group.addButton(tile)
            self.tiles[spec.outcome] = tile
            grid = self._first if spec.key.isdigit() else self._rest
            grid.addWidget(tile, grid.count() // _COLUMNS, grid.count() % _COLUMNS)
        for grid in (self._first, self._rest):
            for column in range(_COLUMNS):
                grid.setColumnStretch(column, 1)
        self.more.toggled.connect(self._toggle)
        self.set_choosable(choosable=False)
        follow_theme(self._rescale_grid)

    def set_low(self, *, low: bool) -> None:
        """In a low window tiles are one line high."""
        for tile in self.tiles.values():
            tile.set_low(low)

    def _rescale_grid(self) -> None:
        for grid in (self._first, self._rest):
            grid.setSpacing(active().px(6))

    @property
    def outcome(self) -> Outcome | None:
        """What is chosen."""
        return next((o for o, tile in self.tiles.items() if tile.isChecked()), None)

    def set_choosable(self, *, choosable: bool) -> None:
        """An outcome belongs to a call; without one there is nothing to choose."""
        for tile in self.tiles.values():
            tile.setEnabled(choosable)
        if not choosable:
            self.choose(None)

    def choose(self, outcome: Outcome | None) -> None:
        """Show a choice (a key, a draft); None takes it back. Emits nothing."""
        if outcome is None:
            self._group.setExclusive(False)
            for tile in self.tiles.values():
                tile.setChecked(False)
            self._group.setExclusive(True)
            return
        self.tiles[outcome].setChecked(True)
        if outcome not in self._first_nine():
            self.more.setChecked(True)

    def press(self, outcome: Outcome) -> None:
        """Choose by key, as a click would; nothing happens while tiles are disabled."""
        tile = self.tiles[outcome]
        if tile.isEnabled():
            self.choose(outcome)
            announce(tile, tile.text())
            self.chosen.emit(outcome)

    def show_machine(self, end: CallEnd | None, sentence: str = "") -> None:
        """Show what the line measured; it points at an outcome but never chooses one."""
        words = {
            CallEnd.COMPLETED_BY_PATIENT: self.tr("ended by the other side"),
            CallEnd.COMPLETED_BY_US: self.tr("ended by you"),
            CallEnd.NO_ANSWER: self.tr("no answer"),
            CallEnd.BUSY: self.tr("busy"),
            CallEnd.CANCELED: self.tr("hung up before an answer"),
            CallEnd.BAD_NUMBER: self.tr("number not in service"),
            CallEnd.BLOCKED: self.tr("blocked"),
            CallEnd.AGENT_LEG_LOST: self.tr("your audio was lost"),
            CallEnd.LINE_ERROR: self.tr("line error"),
            CallEnd.TIME_LIMIT: self.tr("time limit"),
            CallEnd.NEVER_PLACED: self.tr("never placed"),
            CallEnd.UNRESOLVED: self.tr("not known"),
        }
        said = self.tr("The line says: %1").replace("%1", words[end]) if end is not None else ""
        self.machine.setText(said)
        self.machine.setToolTip(sentence or said)
        self.machine.setVisible(bool(said))
        suggested = _SUGGESTION.get(end) if end is not None else None
        for outcome, tile in self.tiles.items():
            if tile.suggested != (outcome is suggested):
                tile.set_suggested(outcome is suggested)
        if suggested is not None and suggested not in self._first_nine():
            self.more.setChecked(True)

    @staticmethod
    def _first_nine() -> set[Outcome]:
        return {spec.outcome for spec in OUTCOMES if spec.key.isdigit()}

    def _toggle(self, on: bool) -> None:
        self._rest_box.setVisible(on)
        self.more.set_label(self.tr("Fewer") if on else self.tr("More"))
        self.more.set_icon("chevron-up" if on else "chevron-down")
