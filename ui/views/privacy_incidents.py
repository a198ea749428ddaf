"""Incidents: the list with the days that are left, and one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.privacy import INCIDENT_KINDS, INCIDENT_RESULTS, IncidentRow
from ui.models.rows_model import Column, RowsModel
from ui.models.words import moment
from ui.theme import active
from ui.widgets.incident_card import IncidentCard
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.domain.privacy import Incident

__all__ = ["IncidentsView"]

_SOON_DAYS = 10


class IncidentsView(QWidget):
    """The list left, the chosen incident right.

    Signals:
        which_chosen: "open", "closed" or "all".
        incident_chosen: (incident id) should be loaded in full.
    """

    which_chosen = Signal(str)
    incident_chosen = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        may_ask: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty page.

        Args:
            now: the practice's time, aware.
            zone: the practice's IANA zone.
            may_ask: whether this person may ask who looked at a patient.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._now = now
        self._zone = zone
        self._wanted: UUID | None = None
        self._asked: IncidentRow | None = None  # reading one is logged: once is enough
        self.which = Segmented(
            [("open", self.tr("Open")), ("closed", self.tr("Closed")), ("all", self.tr("All"))],
            self.tr("Which incidents"),
        )
        self.which.chosen.connect(self.which_chosen)
        self.rows: RowsModel[IncidentRow] = RowsModel(self._columns(), self)
        self.table = named(RowTable(self.rows, self.tr("Incidents")), "incidents_table")
        self.table.row_chosen.connect(self._on_row)
        self.empty = EmptyState("shield-check", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        card = Card()
        line = QHBoxLayout()
        line.addWidget(self.which)
        line.addStretch(1)
        card.body.addLayout(line)
        card.body.addWidget(self._stack, 1)
        card.body.addWidget(
            label(self.tr("A privacy incident has 60 days from when it was known."), "small")
        )
        self.card = IncidentCard(now, zone, may_ask=may_ask)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(card, 1)
        row.addWidget(self.card)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(row)
        self._settle()
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.card.setFixedWidth(active().px(372))

    def _columns(self) -> list[Column[IncidentRow]]:
        return [
            Column(self.tr("To be settled by"), self._due, chip=self._due_kind, width=158),
            Column(
                self.tr("Kind"),
                lambda r: INCIDENT_KINDS[r.kind][0] if r.kind in INCIDENT_KINDS else r.kind,
                chip=lambda r: INCIDENT_KINDS.get(r.kind, ("", "neutral"))[1],
                width=132,
                drop=1,
            ),
            Column(self.tr("Patient"), lambda r: r.patient, strong=True, avatar=True),
            Column(
                self.tr("Opened"),
                lambda r: moment(r.opened_at, self._zone, self._now(), named=False),
                width=170,
                drop=3,
            ),
            Column(self.tr("By"), lambda r: r.opened_by, width=120, drop=4),
            Column(self.tr("Found to be"), self._result, width=120, drop=2),
        ]

    @staticmethod
    def _result(row: IncidentRow) -> str:
        if row.result is None:
            return "Not assessed" if row.kind == "privacy" else "–"
        return INCIDENT_RESULTS.get(row.result, row.result)

    def _due(self, row: IncidentRow) -> str:
        if row.days_left is None:
            return self.tr("Closed")
        if row.days_left < 0:
            late = -row.days_left
            return self.tr("1 day late") if late == 1 else self.tr("%n days late", "", late)
        if row.days_left == 0:
            return self.tr("Today")
        one = self.tr("1 day left")
        return one if row.days_left == 1 else self.tr("%n days left", "", row.days_left)

    @staticmethod
    def _due_kind(row: IncidentRow) -> str:
        if row.days_left is None:
            return "neutral"
        if row.days_left < 0:
            return "danger"
        return "warning" if row.days_left < _SOON_DAYS else "success"

    # -- data in ------------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[IncidentRow]) -> None:
        """Show incidents; the chosen one, or the one that was asked for, stays chosen."""
        before = self.table.current_row()
        wanted = self._wanted or (before.id if before is not None else None)
        self._wanted = None
        self.rows.set_rows(rows)
        ids = [row.id for row in rows]
        place = ids.index(wanted) if wanted in ids else 0
        self._settle()
        if rows:
            self.table.select_row(place)
            self._on_row(self.table.current_row())
        else:
            self._on_row(None)

    def show_incident(self, incident: Incident) -> None:
        """Show one in full, if it is still the chosen one."""
        row = self.table.current_row()
        if row is not None and row.id == incident.id:
            self.card.show_incident(incident)

    def ask_again(self) -> None:
        """Something was written: the chosen incident is loaded again with the list."""
        self._asked = None

    def choose(self, incident_id: UUID) -> None:
        """Choose this incident now, or as soon as it is in the list."""
        for number, row in enumerate(self.rows.rows):
            if row.id == incident_id:
                self.table.select_row(number)
                return
        self._wanted = incident_id

    def conceal(self) -> None:
        """Keep no patient, and nothing that was typed."""
        self._asked = None
        self.rows.clear()
        self.card.conceal()

    def _settle(self) -> None:
        self._stack.setCurrentIndex(1 if self.rows.rows else 0)
        if self.which.current == "open":
            self.empty.set(
                "shield-check",
                self.tr("No incident is open"),
                self.tr(
                    "The outcomes “Privacy incident”, “Complaint”, “Symptoms: to nurse” and "
                    "“Reported deceased” open one."
                ),
            )
        else:
            self.empty.set(
                "shield-check", self.tr("No incident"), self.tr("None was closed so far.")
            )

    def _on_row(self, row: IncidentRow | None) -> None:
        if row == self._asked:
            return
        self._asked = row
        if row is None:
            self.card.conceal()
        else:
            self.incident_chosen.emit(row.id)
