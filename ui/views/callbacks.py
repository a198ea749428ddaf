"""Promised calls: when, to whom, and what can be done about each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.logs import CallbackRow
from ui.models.clock_text import zone_label
from ui.models.rows_model import Column, RowsModel
from ui.models.words import NO_NAME, NO_NAME_WHY, moment
from ui.widgets.buttons import Button
from ui.widgets.labels import Elide, label
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card, EmptyState, Inset
from ui.widgets.table import RowTable
from ui.widgets.zoned_time import ZonedTimeEdit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["CallbacksView"]

_ROUND = timedelta(minutes=15)


class CallbacksView(QWidget):
    """The table with its filter and its three actions.

    Signals:
        open_requested: a CallbackRow whose patient should be opened now.
        move_requested: (CallbackRow, datetime) its new time, aware.
        release_requested: a CallbackRow that anybody may take.
    """

    open_requested = Signal(object)
    move_requested = Signal(object, object)
    release_requested = Signal(object)

    def __init__(self, own_zone: str, parent: QWidget | None = None) -> None:
        """Make an empty page.

        Args:
            own_zone: IANA zone of the person at the desk.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._own_zone = own_zone
        self._now: datetime | None = None
        self._all: tuple[CallbackRow, ...] = ()
        self.filter = Segmented(
            [
                ("all", self.tr("All")),
                ("mine", self.tr("Mine")),
                ("anyone", self.tr("Anyone’s")),
                ("overdue", self.tr("Overdue")),
            ],
            self.tr("Which callbacks"),
            self,
        )
        self.filter.chosen.connect(self._show_filtered)
        self.model: RowsModel[CallbackRow] = RowsModel(self._columns(), self)
        self.table = RowTable(self.model, self.tr("Callbacks"))
        self.table.setObjectName("callbacks_table")
        self.table.row_chosen.connect(self._on_row)
        self.table.row_opened.connect(self.open_requested)
        self.empty = EmptyState("calendar-clock", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.open = Button(self.tr("Open now"), "primary", "phone-call")
        self.open.setObjectName("callback_open")
        self.move_ = Button(self.tr("Move…"), icon="calendar-clock")
        self.move_.setObjectName("callback_move")
        self.release = Button(self.tr("Let anyone take it"), icon="users")
        self.release.setObjectName("callback_release")
        self.open.clicked.connect(lambda: self._emit(self.open_requested))
        self.release.clicked.connect(lambda: self._emit(self.release_requested))
        self.move_.clicked.connect(self._begin_move)
        self._why = label("", "small")
        self._why.setWordWrap(True)
        self._mover = self._build_mover()
        card = Card()
        actions = QHBoxLayout()
        actions.addWidget(self._why, 1)
        actions.addWidget(self.release)
        actions.addWidget(self.move_)
        actions.addWidget(self.open)
        card.body.addWidget(self._stack, 1)
        card.body.addWidget(self._mover)
        card.body.addLayout(actions)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        self._on_row(None)

    def _columns(self) -> list[Column[CallbackRow]]:
        return [
            Column(self.tr("Due, patient’s time"), self._due, width=200, strong=True),
            Column(self.tr("Due, your time"), self._due_here, width=206, drop=2),
            Column(
                self.tr("Patient"),
                lambda row: row.patient,
                avatar=True,
                missing=NO_NAME,
                why_missing=NO_NAME_WHY,
            ),
            Column(self.tr("State"), self._state, chip=self._state_kind, width=160),
            Column(
                self.tr("Promised by"),
                lambda row: row.owner or self.tr("Anyone"),
                width=150,
                drop=1,
            ),
            Column(self.tr("Note"), lambda row: row.note, drop=3),
        ]

    def _due(self, row: CallbackRow) -> str:
        return moment(row.due_at, row.zone, self._now)

    def _due_here(self, row: CallbackRow) -> str:
        return moment(row.due_at, self._own_zone, self._now)

    def _overdue(self, row: CallbackRow) -> bool:
        return self._now is not None and row.due_at <= self._now

    def _state(self, row: CallbackRow) -> str:
        if self._overdue(row):
            return self.tr("Overdue")
        if row.gate:
            return self.tr("Not callable now")
        return self.tr("Anyone’s") if row.anyone else self.tr("Planned")

    def _state_kind(self, row: CallbackRow) -> str:
        if self._overdue(row):
            return "danger"
        return "warning" if row.gate else "info" if row.anyone else "neutral"

    def _build_mover(self) -> Inset:
        strip = Inset()
        strip.setObjectName("callback_mover")
        self.when = ZonedTimeEdit(self.tr("New time, in the patient’s zone"))
        self.when.setObjectName("callback_when")
        self._zone = Elide("", "small")
        strip.row.addWidget(self.when)
        strip.row.addWidget(self._zone)
        for text, step in (
            (self.tr("+1 hour"), timedelta(hours=1)),
            (self.tr("+1 day"), timedelta(days=1)),
            (self.tr("+1 week"), timedelta(days=7)),
        ):
            later = Button(text, size="small")
            later.clicked.connect(lambda *_, by=step: self._later(by))
            strip.row.addWidget(later)
        strip.row.addStretch(1)
        leave = Button(self.tr("Cancel"))
        leave.clicked.connect(strip.hide)
        save = Button(self.tr("Move"), "primary")
        save.setObjectName("callback_move_save")
        save.clicked.connect(self._move)
        strip.row.addWidget(leave)
        strip.row.addWidget(save)
        strip.hide()
        return strip

    # -- data in ------------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[CallbackRow], now: datetime) -> None:
        """Show callbacks, soonest first; the chosen one stays chosen."""
        self._now = now
        self._all = tuple(sorted(rows, key=lambda row: row.due_at))
        self._show_filtered()

    def conceal(self) -> None:
        """Keep no patient."""
        self._all = ()
        self._mover.hide()
        self._show_filtered()

    def due_count(self) -> int:
        """How many are overdue and mine or anyone's."""
        return sum(1 for row in self._all if self._overdue(row) and (row.mine or row.anyone))

    def _show_filtered(self) -> None:
        chosen = self.table.current_row()
        keep = {
            "all": lambda _row: True,
            "mine": lambda row: row.mine,
            "anyone": lambda row: row.anyone,
            "overdue": self._overdue,
        }
        for key, wanted in keep.items():
            self.filter.set_count(key, sum(1 for row in self._all if wanted(row)))
        rows = [row for row in self._all if keep[self.filter.current](row)]
        self.model.set_rows(rows)
        ids = [row.id for row in rows]
        if chosen is not None and chosen.id in ids:
            self.table.select_row(ids.index(chosen.id))
        elif rows:
            self.table.select_row(0)
        self._stack.setCurrentIndex(1 if rows else 0)
        if self._all:
            self.empty.set(
                "calendar-check",
                self.tr("None of these"),
                self.tr("There are callbacks, but none in this view. Choose “All” to see them."),
            )
        else:
            self.empty.set(
                "calendar-clock",
                self.tr("No callbacks are promised"),
                self.tr(
                    "When a patient asks for another time, choose the outcome “Call back” (4)."
                ),
            )
        self._on_row(self.table.current_row() if rows else None)

    # -- actions ------------------------------------------------------------------------------

    def _on_row(self, row: CallbackRow | None) -> None:
        self._mover.hide()
        self.open.setEnabled(row is not None and (row.mine or row.anyone))
        self.move_.setEnabled(row is not None and row.mine)
        self.release.setEnabled(row is not None and row.mine and not row.anyone)
        self._why.setText(self._sentence(row))

    def _sentence(self, row: CallbackRow | None) -> str:
        if row is None:
            return ""
        if row.gate:
            return row.gate
        if not row.mine and not row.anyone:
            return self.tr("%1 promised this call. It is free for everybody once overdue.").replace(
                "%1", row.owner
            )
        return ""

    def _emit(self, signal: SignalInstance) -> None:
        row = self.table.current_row()
        if row is not None:
            signal.emit(row)

    def _begin_move(self) -> None:
        row = self.table.current_row()
        if row is None or self._now is None:
            return
        start = max(row.due_at, self._now)
        start += _ROUND - timedelta(
            minutes=start.minute % 15, seconds=start.second, microseconds=start.microsecond
        )
        self.when.clearMinimumDateTime()
        self.when.set_moment(start, row.zone)
        self.when.set_earliest(self._now)
        self._zone.setText(self.tr("patient’s time, %1").replace("%1", zone_label(start, row.zone)))
        self._mover.show()
        self.when.setFocus()

    def _later(self, by: timedelta) -> None:
        row = self.table.current_row()
        if row is not None:
            self.when.set_moment(self.when.moment() + by, row.zone)

    def _move(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self._mover.hide()
            self.move_requested.emit(row, self.when.moment())
