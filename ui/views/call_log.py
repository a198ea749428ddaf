"""The call log: filters, an endless table, and the chosen call in full."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.logs import CallLogFilter, CallLogRow
from ui.models.call_log_model import CallLogModel
from ui.models.clock_text import local
from ui.models.rows_model import Column
from ui.models.words import end_label, length, moment, outcome_kind, outcome_label, outcome_names
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import SearchEdit
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable
from ui.widgets.zoned_time import from_date, to_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

__all__ = ["IDENTITY_LABELS", "CallLogView"]

IDENTITY_LABELS = {
    "": "Not checked",
    "PASS": "Two identifiers matched",
    "FAIL": "Did not match",
    "DECLINED": "Patient declined to say",
}


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
        self._build_filters()
        self.model = CallLogModel(self._columns(), self)
        self.table = RowTable(self.model, self.tr("Calls"))
        self.table.setObjectName("call_log_table")
        self.table.row_chosen.connect(self._show_detail)
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
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(card, 1)
        row.addWidget(self._build_detail())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._filters)
        outer.addLayout(row, 1)
        self.model.rowsInserted.connect(self._settle)
        self.model.modelReset.connect(self._settle)
        self._settle()
        self._show_detail(None)
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
            Column(self.tr("Talk"), self._talked, right=True, width=92, drop=1),
            Column(self.tr("Coordinator"), lambda r: r.coordinator, width=126, drop=2),
            Column(self.tr("Campaign"), lambda r: r.campaign, width=142, drop=4),
            Column(self.tr("Note"), lambda r: r.note, drop=3),
        ]

    def _outcome(self, row: CallLogRow) -> str:
        words = outcome_label(row.outcome)
        return self.tr("%1 (corrected)").replace("%1", words) if row.amended else words

    @staticmethod
    def _talked(row: CallLogRow) -> str:
        return length(row.seconds) if row.seconds else "–"

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

    def _build_detail(self) -> QWidget:
        self._detail = Card(self.tr("Call"))
        self._detail.setObjectName("call_log_detail")
        self._chip = Chip()
        self._detail.header.addStretch(1)
        self._detail.header.addWidget(self._chip)
        self._facts: dict[str, QLabel] = {}
        self._captions: dict[str, QLabel] = {}
        self._form = QVBoxLayout()
        for key, words in (
            ("patient", self.tr("Patient")),
            ("when", self.tr("When, patient’s time")),
            ("office", self.tr("When, practice’s time")),
            ("number", self.tr("Number")),
            ("end", self.tr("How the line ended")),
            ("talk", self.tr("Talked")),
            ("identity", self.tr("Identity check")),
            ("coordinator", self.tr("Coordinator")),
            ("campaign", self.tr("Campaign")),
            ("note", self.tr("Note")),
            ("amended", self.tr("First recorded as")),
        ):
            value = label("")
            value.setWordWrap(True)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            flags = Qt.TextInteractionFlag.TextSelectableByMouse
            value.setTextInteractionFlags(flags)
            self._facts[key] = value
            pair = QVBoxLayout()
            pair.setSpacing(0)  # closer to its own value than to the pair above
            caption = label(words, "caption")
            pair.addWidget(caption)
            pair.addWidget(value)
            self._form.addLayout(pair)
            self._captions[key] = caption
        self.looks = Button(self.tr("Who looked"), icon="eye", size="small")
        self.looks.setObjectName("call_log_looks")
        self.looks.clicked.connect(self._ask_who_looked)
        holder = QWidget()
        holder.setProperty("transparent", "true")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(self._form)
        column.addStretch(1)
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("Call in full"))
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(holder)
        self._detail.body.addWidget(scroll, 1)
        self._detail.body.addWidget(self.looks)
        return self._detail

    def _rescale(self) -> None:
        self._detail.setFixedWidth(active().px(272))
        self._form.setSpacing(active().px(9))
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
        self._show_detail(None)
        self.count.setText("")

    def after_page(self, page: Sequence[CallLogRow]) -> None:
        """Bring the count, the empty state and the choices up to date with what just came."""
        self.offer_campaigns([row.campaign for row in page if row.campaign])
        self._settle()
        if self.table.current_row() is None:
            self.table.select_row(0)
        self._show_detail(self.table.current_row())
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

    def _ask_who_looked(self) -> None:
        row = self.table.current_row()
        if row is not None and row.patient_id is not None:
            self.looks_requested.emit(row.patient_id)

    def _amended(self, row: CallLogRow) -> str:
        first = row.amended
        if first is None:
            return ""
        who = self.tr("Corrected by %1, %2").replace("%1", first.by)
        who = who.replace("%2", moment(first.at, self._zone, self._now()))
        lines = (outcome_label(first.outcome), first.note, who, first.reason)
        return "\n".join(filter(None, lines))

    def _show_detail(self, row: CallLogRow | None) -> None:
        amended = self._amended(row) if row is not None else ""
        for place in (self._facts["amended"], self._captions["amended"]):
            place.setVisible(bool(amended))
        self.looks.setVisible(row is not None and row.patient_id is not None)
        if row is None:
            for value in self._facts.values():
                value.setText("")
            self._chip.set("")
            self._facts["patient"].setText(self.tr("Choose a call to see it in full."))
            return
        self._chip.set(outcome_label(row.outcome), outcome_kind(row.outcome))  # type: ignore[arg-type]  # kinds of outcomes are chip kinds
        earlier = self._initials and not row.number_ending
        number = self.tr("ending %1").replace("%1", row.number_ending)
        if earlier:
            number = self.tr("not shown for earlier calls")
        if row.is_practice_line:
            number += self.tr(" · practice line, no real call")
        facts = {
            "patient": row.patient,
            "when": moment(row.at, row.zone),
            "office": moment(row.at, self._zone),
            "number": number,
            "end": end_label(row.end),
            "talk": self._talked(row),
            "identity": IDENTITY_LABELS.get(row.identity, row.identity),
            "coordinator": row.coordinator,
            "campaign": row.campaign,
            "note": self.tr("not shown for earlier calls") if earlier else row.note or "–",
            "amended": amended,
        }
        for key, text in facts.items():
            self._facts[key].setText(text)
