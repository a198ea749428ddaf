"""The call log: filters, an endless table, and the chosen call in full."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.logs import CallLogFilter, CallLogRow
from ui.models.call_log_model import CallLogModel
from ui.models.clock_text import local
from ui.models.rows_model import Column
from ui.models.words import moment, outcome_kind, outcome_label, outcome_names
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.call_card import CallCard, talked
from ui.widgets.edits import SearchEdit
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable
from ui.widgets.zoned_time import from_date, to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

__all__ = ["CallLogView"]


class CallLogView(QWidget):
    """Filters above, table left, detail right.

    Signals:
        filter_changed: what should be shown (CallLogFilter).
        export_requested: the table should be written to a file.
        looks_requested: (patient id) who looked at this patient should be shown.
    """

    filter_changed = Signal(object)
    export_requested = Signal()
    looks_requested = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        parent: QWidget | None = None,
        *,
        initials_before_today: bool = False,
    ) -> None:
        """Make an empty page.

        Args:
            now: the practice's time, aware.
            zone: the practice's IANA zone, in which days are counted.
            initials_before_today: whether names and notes are shown for today's calls only.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._now = now
        self._zone = zone
        self._initials = initials_before_today
        self._quiet = False
        self._wanted_person = ""
        self._chosen: UUID | None = None  # stays the same call when calls come in above it
        self._build_filters()
        self.model = CallLogModel(self._columns(), self)
        self.table = RowTable(self.model, self.tr("Calls"))
        self.table.setObjectName("call_log_table")
        self.table.row_chosen.connect(self._on_row)
        self.empty = EmptyState("history", "", "", self.tr("Clear the filters"))
        self.empty.acted.connect(self.clear_filters)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.count = label("", "small")
        self.count.setObjectName("call_log_count")
        self.export = Button(self.tr("Export CSV"), icon="download")
        self.export.setObjectName("call_log_export")
        self.export.clicked.connect(self.export_requested)
        card = Card()
        card.body.addWidget(self._stack, 1)
        self.earlier = Elide(
            self.tr("Earlier calls show initials; their notes are kept and not shown here."),
            "small",
        )
        self.earlier.setVisible(self._initials)
        foot = QHBoxLayout()
        foot.addWidget(self.count)
        foot.addStretch(1)
        foot.addWidget(self.earlier)
        card.body.addLayout(foot)
        self.detail = CallCard(now, zone, initials_before_today=initials_before_today)
        self.detail.looks_wanted.connect(self.looks_requested)
        self.row = QHBoxLayout()
        self.row.setSpacing(10)
        self.row.addWidget(card, 1)
        self.row.addWidget(self.detail)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._filters)
        outer.addLayout(self.row, 1)
        self.model.rowsInserted.connect(self._settle)
        self.model.modelReset.connect(self._settle)
        self._settle()
        follow_theme(self._rescale)

    # -- building -----------------------------------------------------------------------------

    def _columns(self) -> list[Column[CallLogRow]]:
        return [
            Column(self.tr("When"), lambda r: moment(r.at, r.zone, self._now()), width=176),
            Column(self.tr("Patient"), lambda r: r.patient, strong=True, avatar=True),
            Column(
                self.tr("Outcome"),
                self._outcome,
                chip=lambda r: outcome_kind(r.outcome),
                width=184,
            ),
            Column(self.tr("Talk"), talked, right=True, width=92, drop=1),
            Column(self.tr("Coordinator"), lambda r: r.coordinator, width=126, drop=2),
            Column(self.tr("Campaign"), lambda r: r.campaign, width=142, drop=4),
            Column(self.tr("Note"), lambda r: r.note, drop=3),
        ]

    def _outcome(self, row: CallLogRow) -> str:
        words = outcome_label(row.outcome)
        return self.tr("%1 (corrected)").replace("%1", words) if row.amended else words

    def _build_filters(self) -> None:
        self._filters = QWidget()
        flow = FlowLayout(self._filters)
        self.text = SearchEdit(self.tr("Find in the call log"), self.tr("Find a patient or note"))
        self.text.setObjectName("call_log_text")
        self.person = self._combo("call_log_person", self.tr("Person"))
        self.person.addItem(self.tr("Everyone"), None)
        self.person.hide()
        self.when = self._combo("call_log_when", self.tr("Dates"))
        for text, key in (
            (self.tr("Any day"), "any"),
            (self.tr("Today"), "today"),
            (self.tr("Yesterday"), "yesterday"),
            (self.tr("Last 7 days"), "week"),
            (self.tr("Last 30 days"), "month"),
            (self.tr("From … to …"), "custom"),
        ):
            self.when.addItem(text, key)
        self.first = self._date("call_log_first", self.tr("From day"))
        self.last = self._date("call_log_last", self.tr("To day"))
        self.outcome = self._combo("call_log_outcome", self.tr("Outcome"))
        self.outcome.addItem(self.tr("Any outcome"), "")
        for code, words in outcome_names():
            self.outcome.addItem(words, code)
        self.campaign = self._combo("call_log_campaign", self.tr("Campaign"))
        self.campaign.addItem(self.tr("Any campaign"), "")
        self.clear = Button(self.tr("Clear"), "ghost", "x")
        self.clear.setObjectName("call_log_clear")
        self.clear.clicked.connect(self.clear_filters)
        for widget in (
            self.text,
            self.when,
            self.first,
            self.last,
            self.person,
            self.outcome,
            self.campaign,
            self.clear,
        ):
            flow.addWidget(widget)
        self.text.searched.connect(self._changed)
        for combo in (self.person, self.when, self.outcome, self.campaign):
            combo.currentIndexChanged.connect(self._changed)
        for edit in (self.first, self.last):
            edit.dateChanged.connect(self._changed)

    def _combo(self, name: str, label_: str) -> QComboBox:
        combo = named(QComboBox(), name, label_)
        combo.view().setAccessibleName(label_)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return combo

    def _date(self, name: str, label_: str) -> QDateEdit:
        edit = named(QDateEdit(), name, label_)
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("MMM d, yyyy")
        edit.setDate(from_date(self._today()))
        edit.hide()
        return edit

    def _rescale(self) -> None:
        self.text.setFixedWidth(active().px(220))

    # -- filters ------------------------------------------------------------------------------

    def _today(self) -> date:
        return local(self._now(), self._zone).date()

    def value(self) -> CallLogFilter:
        """What the filters say now."""
        today = self._today()
        first: date | None = None
        last: date | None = None
        match self.when.currentData():
            case "today":
                first = last = today
            case "yesterday":
                first = last = today - timedelta(days=1)
            case "week":
                first, last = today - timedelta(days=6), today
            case "month":
                first, last = today - timedelta(days=29), today
            case "custom":
                first, last = sorted((to_date(self.first.date()), to_date(self.last.date())))
        person = self.person.currentData()
        return CallLogFilter(
            person_id=UUID(person) if person else None,
            first_day=first,
            last_day=last,
            outcome=self.outcome.currentData() or "",
            campaign=self.campaign.currentData() or "",
            text=self.text.text().strip(),
        )

    def clear_filters(self) -> None:
        """Show everything again."""
        self._quiet = True
        self.text.clear()
        for combo in (self.person, self.when, self.outcome, self.campaign):
            combo.setCurrentIndex(0)
        self._quiet = False
        self._changed()

    def offer_people(self, people: Sequence[tuple[UUID, str]]) -> None:
        """Let a supervisor choose whose calls; keeps the choice."""
        self._refill(self.person, [(name, str(number)) for number, name in people])
        self.person.setVisible(bool(people))
        if self._wanted_person:
            self.choose_person(UUID(self._wanted_person))

    def choose_person(self, person_id: UUID) -> None:
        """Show one person's calls; a person not yet offered is chosen when they are."""
        found = self.person.findData(str(person_id))
        self._wanted_person = str(person_id) if found < 0 else ""
        if found >= 0:
            self.person.setCurrentIndex(found)

    def offer_campaigns(self, names: Sequence[str]) -> None:
        """Offer campaigns that were seen; keeps the choice."""
        known = {self.campaign.itemData(n) for n in range(1, self.campaign.count())}
        if not set(names) <= known:
            everything = sorted(known | set(names))
            self._refill(self.campaign, [(name, name) for name in everything])

    def _refill(self, combo: QComboBox, items: Sequence[tuple[str, str]]) -> None:
        chosen = combo.currentData()
        combo.blockSignals(True)
        while combo.count() > 1:
            combo.removeItem(1)
        for text, data in items:
            combo.addItem(text, data)
        found = combo.findData(chosen)
        combo.setCurrentIndex(max(0, found))
        combo.blockSignals(False)

    def _changed(self) -> None:
        custom = self.when.currentData() == "custom"
        self.first.setVisible(custom)
        self.last.setVisible(custom)
        self.clear.setEnabled(self.value() != CallLogFilter())
        if not self._quiet:
            self.filter_changed.emit(self.value())

    # -- rows ---------------------------------------------------------------------------------

    def conceal(self) -> None:
        """Keep no patient: rows, detail, and what was searched for."""
        self._quiet = True
        self.text.clear()
        self._quiet = False
        self.model.clear()
        self._chosen = None
        self.detail.forget()
        self.count.setText("")

    def after_page(self, page: Sequence[CallLogRow]) -> None:
        """Bring the count, the empty state and the choices up to date with what just came."""
        self.offer_campaigns([row.campaign for row in page if row.campaign])
        self._settle()
        ids = [row.id for row in self.model.rows]
        if self._chosen in ids:
            self.table.select_row(ids.index(self._chosen))
        elif self.table.current_row() is None:
            self.table.select_row(0)
        self._on_row(self.table.current_row())
        # A refresh at the end of the list leaves the bar there, and Qt asks for more only when it
        # moves: without this, the End key would do nothing.
        bar = self.table.verticalScrollBar()
        if 0 < bar.maximum() <= bar.value():
            self.model.fetchMore()

    def _settle(self) -> None:
        shown = self.model.rowCount()
        self._stack.setCurrentIndex(1 if shown else 0)
        self.export.setEnabled(shown > 0)
        if self.value() == CallLogFilter():
            self.empty.set(
                "history",
                self.tr("No calls yet"),
                self.tr("Each call stands here as soon as it has its outcome."),
            )
        else:
            self.empty.set(
                "search",
                self.tr("No call matches"),
                self.tr("Nothing in the log fits all filters at once."),
                self.tr("Clear the filters"),
            )
        if not shown:
            self.count.setText("")
        elif self.model.complete:
            one = self.tr("1 call, all shown")
            self.count.setText(one if shown == 1 else self.tr("%n calls, all shown", "", shown))
        else:
            self.count.setText(self.tr("%n calls so far; scroll for more", "", shown))

    def _on_row(self, row: CallLogRow | None) -> None:
        if row is not None:
            self._chosen = row.id
        self.detail.show_row(row)
