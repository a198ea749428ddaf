"""Who looked: everybody who read or changed one patient's data, newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.person import Role
from coordinator_app.domain.privacy import Look
from ui.models.clock_text import local
from ui.models.rows_model import Column, RowsModel
from ui.models.words import ROLE_LABELS, moment
from ui.widgets.buttons import Button
from ui.widgets.form_column import DayEdit
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from coordinator_app.domain.privacy import WhoLooked

__all__ = ["LooksView"]

_FIRST_SHOWN = timedelta(days=89)


class LooksView(QWidget):
    """The days above, the table below; empty until a patient is chosen elsewhere.

    Signals:
        days_chosen: the days changed; load again.
    """

    days_chosen = Signal()

    def __init__(
        self, now: Callable[[], datetime], zone: str, parent: QWidget | None = None
    ) -> None:
        """Make an empty page; ``now`` is the practice's time, ``zone`` its IANA zone."""
        super().__init__(parent)
        self._now = now
        self._zone = zone
        self.first = DayEdit("looks_first", self.tr("From day"))
        self.last = DayEdit("looks_last", self.tr("To day"))
        self.show_ = named(Button(self.tr("Show"), icon="search"), "looks_show")
        self.show_.clicked.connect(self.days_chosen)
        self.patient = Elide("", "h3")
        self.count = label("", "small")
        self.rows: RowsModel[Look] = RowsModel(self._columns(), self)
        self.table = named(RowTable(self.rows, self.tr("Who looked")), "looks_table")
        self.empty = EmptyState("eye", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        line = QHBoxLayout()
        line.addWidget(self.patient, 1)
        for words, edit in ((self.tr("From"), self.first), (self.tr("to"), self.last)):
            name = label(words, "small")
            name.setBuddy(edit)
            line.addWidget(name)
            line.addWidget(edit)
        line.addWidget(self.show_)
        card = Card()
        card.body.addLayout(line)
        card.body.addWidget(self._stack, 1)
        card.body.addWidget(self.count)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
        self.conceal()

    def _columns(self) -> list[Column[Look]]:
        return [
            Column(
                self.tr("When"),
                lambda r: moment(r.at, self._zone, self._now(), named=False),
                width=190,
            ),
            Column(self.tr("Who"), lambda r: r.who, strong=True, avatar=True),
            Column(self.tr("Role"), self._role, width=150, drop=1),
            Column(
                self.tr("Kind"),
                lambda r: self.tr("Read") if r.read else self.tr("Work"),
                chip=lambda r: "info" if r.read else "neutral",
                width=90,
            ),
            Column(self.tr("What"), lambda r: r.action),
        ]

    @staticmethod
    def _role(row: Look) -> str:
        return ROLE_LABELS[Role(row.role)] if row.role in set(Role) else "The program"

    @property
    def days(self) -> tuple[date, date]:
        """The chosen days, in order."""
        first, last = sorted((self.first.day, self.last.day))
        return first, last

    def show_looks(self, found: WhoLooked) -> None:
        """Show the answer."""
        self.patient.setText(found.patient)
        self.rows.set_rows(found.rows)
        self._stack.setCurrentIndex(1)
        shown = len(found.rows)
        words = self.tr("%n entries; your own look is the first.", "", shown)
        if shown == 1:
            words = self.tr("1 entry: your own look.")
        if not found.complete:
            words = self.tr("The newest %n entries; choose fewer days for the rest.", "", shown)
        self.count.setText(words)

    def conceal(self) -> None:
        """Keep no patient; the days are the last three months again."""
        today = local(self._now(), self._zone).date()
        self.first.set_day(today - _FIRST_SHOWN)
        self.last.set_day(today)
        self.rows.clear()
        self.patient.setText("")
        self.count.setText("")
        self._stack.setCurrentIndex(0)
        self.empty.set(
            "eye",
            self.tr("No patient is chosen"),
            self.tr("Choose “Who looked” beside a call in the call log, or in an incident."),
        )
