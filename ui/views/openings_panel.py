"""Openings: free times of the practice, chosen with Enter or a click and held on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.models.clock_text import local, same_clock, zone_label
from ui.models.openings_model import Cell, CellKind, OpeningsModel
from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.labels import Elide, label
from ui.widgets.openings_grid import OpeningsGrid
from ui.widgets.painting import follow_theme, set_kind
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import EmptyState, rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.practice import Practice
    from coordinator_app.domain.schedule import Openings, SlotHold
    from ui.shortcuts import Keymap

__all__ = ["OpeningsPanel", "OpeningsQuery"]

_WEEK, _DAY = "week", "day"
_WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class OpeningsQuery:
    """What the grid wants to show."""

    practitioners: tuple[UUID, ...]
    visit_type: UUID
    first_day: date
    days: int


class OpeningsPanel(QFrame):
    """Week of one clinician, or one day of all of them.

    Signals:
        asked: another week, clinician or visit type; load :attr:`query`.
        chosen: (practitioner id, visit type id, start) of an opening that shall be held.
    """

    asked = Signal()
    chosen = Signal(object, object, object)

    def __init__(
        self,
        practice: Practice,
        now: Callable[[], datetime],
        keymap: Keymap,
        parent: QWidget | None = None,
    ) -> None:
        """Make the panel for a practice; nothing is asked before :meth:`start`."""
        super().__init__(parent)
        self.setObjectName("openings_panel")
        self.setProperty("card", "true")
        self.setAccessibleName(self.tr("Openings"))
        self._practice = practice
        self._now = now
        self._day = self._today()
        self._hold: SlotHold | None = None
        self._openings: Openings | None = None
        self._fresh = True
        self._two_lines = False
        self.model = OpeningsModel(self)
        self.grid = OpeningsGrid(self.model, now)
        self.title = label(self.tr("Openings"), "h3")
        self.earlier = IconButton(
            "chevron-left",
            self.tr("Earlier"),
            small=True,
            tooltip=keymap.tooltip("openings.earlier"),
        )
        self.later = IconButton(
            "chevron-right", self.tr("Later"), small=True, tooltip=keymap.tooltip("openings.later")
        )
        self.span = label("", "muted")
        self.practitioner = ElideCombo(self.tr("Clinician"), self.tr("Clinicians"))
        for person in practice.practitioners:
            self.practitioner.addItem(person.name, person.id)
        self.visit = ElideCombo(self.tr("Visit type"), self.tr("Visit types"))
        for kind in practice.visit_types:
            words = self.tr("%1 · %2 min").replace("%1", kind.name)
            self.visit.addItem(words.replace("%2", str(kind.minutes)), kind.id)
        for combo in (self.practitioner, self.visit):
            combo.currentIndexChanged.connect(self._changed)
        self.view = Segmented(((_DAY, self.tr("Day")), (_WEEK, self.tr("Week"))), self.tr("View"))
        self.view.choose(_WEEK)
        self.note = Elide("", "caption")
        self.empty = EmptyState("calendar-off", "", "", self.tr("Next week"))
        self._build()
        self.earlier.clicked.connect(lambda: self.turn(-1))
        self.later.clicked.connect(lambda: self.turn(1))
        self.view.chosen.connect(lambda _: self._changed())
        self.grid.chosen.connect(self._choose)
        self.empty.acted.connect(lambda: self.turn(1))
        self._say_span()
        follow_theme(self._rescale)

    def _build(self) -> None:
        self._bar = QHBoxLayout()
        self._second = QHBoxLayout()
        for widget in (self.title, self.earlier, self.span, self.later):
            self._bar.addWidget(widget)
        self._bar.addStretch(0)
        self._bar.addWidget(self.practitioner, 4)
        self._bar.addWidget(self.visit, 6)
        self._bar.addWidget(self.view)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self.empty)
        self._notes = QHBoxLayout()
        self._notes.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._bar)
        column.addLayout(self._second)
        column.addWidget(rule())
        column.addWidget(self._stack, 1)
        column.addLayout(self._notes)

    def _rescale(self) -> None:
        px = active().px
        self._bar.setContentsMargins(px(14), px(7), px(12), px(7))
        self._bar.setSpacing(px(6))
        self._second.setSpacing(px(6))
        self._second.setContentsMargins(px(14), 0, px(12), px(7) if self._two_lines else 0)
        self._notes.setContentsMargins(px(14), px(2), px(14), px(3))
        for combo, width in ((self.practitioner, 150), (self.visit, 205)):
            combo.setMaximumWidth(px(width))

    def set_tier(self, *, narrow: bool, narrowest: bool) -> None:
        """At small widths the title goes, then the choices get a line of their own."""
        self.title.setVisible(not narrow)
        if narrowest == self._two_lines:
            return
        self._two_lines = narrowest
        for combo, stretch in ((self.practitioner, 4), (self.visit, 6)):
            (self._bar if narrowest else self._second).removeWidget(combo)
            if narrowest:
                self._second.addWidget(combo, stretch)
            else:
                self._bar.insertWidget(self._bar.count() - 1, combo, stretch)
        self._rescale()

    # -- what is asked for --------------------------------------------------------------------

    @property
    def query(self) -> OpeningsQuery:
        """What to load."""
        visit = self.visit.currentData()
        if self.view.current == _DAY:
            everybody = tuple(person.id for person in self._practice.practitioners)
            return OpeningsQuery(everybody, visit, self._day, 1)
        monday = self._day - timedelta(days=self._day.weekday())
        return OpeningsQuery((self.practitioner.currentData(),), visit, monday, _WORKDAYS)

    @property
    def bookable(self) -> bool:
        """Whether the practice has a clinician and a visit type at all."""
        return self.practitioner.count() > 0 and self.visit.count() > 0

    def start(self, practitioner: str = "") -> None:
        """Begin at today (on a weekend: at Monday) with the patient's own clinician."""
        self._day = self._today()
        self._fresh = True
        number = self.practitioner.findText(practitioner) if practitioner else -1
        for combo in (self.practitioner, self.visit):
            combo.blockSignals(True)
        if number >= 0:
            self.practitioner.setCurrentIndex(number)
        for combo in (self.practitioner, self.visit):
            combo.blockSignals(False)
        self._changed()

    def turn(self, step: int) -> None:
        """Show the week, or the working day, after (1) or before (-1); never before today."""
        by_day = self.view.current == _DAY
        day = self._day + timedelta(days=step if by_day else 7 * step)
        while by_day and day.weekday() >= _WORKDAYS:
            day += timedelta(days=step)
        self._day = max(day, self._today())
        self._fresh = True
        self._changed()

    def go(self, step: int) -> None:
        """Put the cursor on the next (1) or previous (-1) opening; beyond the end, turn over."""
        if self.grid.go(step) is None:
            if step > 0 or self._day > self._today():
                self.turn(step)
        else:
            self.grid.setFocus()

    def focus_grid(self) -> None:
        """Go to the grid, on the held or first opening."""
        self.grid.setFocus()
        if not self.grid.currentIndex().isValid():
            self.grid.go(1)

    def _today(self) -> date:
        today = local(self._now(), self._practice.zone).date()
        return today + timedelta(days=(7 - today.weekday()) if today.weekday() >= _WORKDAYS else 0)

    def _changed(self) -> None:
        self._say_span()
        self.practitioner.setVisible(self.view.current == _WEEK)
        if self.bookable:
            self.asked.emit()

    def _say_span(self) -> None:
        if self.view.current == _DAY:
            self.span.setText(f"{self._day:%a %b} {self._day.day}")
        else:
            first = self._day - timedelta(days=self._day.weekday())
            last = first + timedelta(days=_WORKDAYS - 1)
            month = "" if first.month == last.month else f"{last:%b} "
            self.span.setText(f"{first:%b} {first.day}–{month}{last.day}")
        self.earlier.setEnabled(self._day > self._today())

    # -- what is shown ------------------------------------------------------------------------

    def show_openings(self, openings: Openings, hold: SlotHold | None) -> None:
        """Show what the server said."""
        self._openings, self._hold = openings, hold
        self._refill()
        if self._fresh:
            self._fresh = False
            self.grid.show_hour(self._now())

    def show_hold(self, hold: SlotHold | None) -> None:
        """Paint another held opening, or none."""
        self._hold = hold
        if self._openings is not None:
            self._refill()

    def _refill(self) -> None:
        current = self.grid.currentIndex()
        scroll = self.grid.verticalScrollBar().value()
        row, column = current.row(), current.column()
        by_clinician = self.view.current == _DAY
        self.model.set_openings(self._openings, self._hold, by_clinician=by_clinician)
        self.grid.verticalScrollBar().setValue(scroll)
        held = next(((c.row, n) for n, c in self.model.choices() if c.kind is CellKind.HELD), None)
        if held is not None:
            row, column = held
        if self.model.cell(row, column) is not None:
            self.grid.setCurrentIndex(self.model.index(row, column))
        if self.model.choices():
            self._stack.setCurrentWidget(self.grid)
            return
        days = self._openings.days if self._openings is not None else ()
        if any(one.working for one in days):
            self._stack.setCurrentWidget(self.grid)  # what fills the week is worth seeing
            return
        self.empty.set(
            "calendar-off",
            self.tr("Nobody works then"),
            next((one.out_of_office for one in days if one.out_of_office), ""),
            self.tr("Next week"),
        )
        self._stack.setCurrentWidget(self.empty)

    def set_patient_zone(self, zone: str) -> None:
        """Say in whose time the grid is, and warn when the patient lives by another clock."""
        now, own = self._now(), self._practice.zone
        words = self.tr("Times are the practice's (%1).").replace("%1", zone_label(now, own))
        if zone and not same_clock(now, own, zone):
            other = self.tr("The patient lives in %1.").replace("%1", zone_label(now, zone))
            words = f"{words} {other}"
        self.note.setText(words)
        set_kind(self.note, "tone", "warning" if zone and not same_clock(now, own, zone) else "")

    def set_choosable(self, *, choosable: bool) -> None:
        """Without a patient nothing can be held."""
        self.grid.setEnabled(choosable)

    def _choose(self, cell: Cell) -> None:
        self.chosen.emit(cell.practitioner_id, self.visit.currentData(), cell.start)
