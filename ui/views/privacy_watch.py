"""What there is to look at today: alerts, emergency openings to review, unusual reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.privacy import (
    ALERT_KINDS,
    UNUSUAL_LABELS,
    AlertRow,
    GlassOpening,
    UnusualRow,
)
from ui.models.rows_model import Column, RowsModel
from ui.models.words import moment
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.form_column import LinesEdit
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, EmptyState, Inset
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.privacy import PrivacyWatch

__all__ = ["WatchView"]

_LEAST_HEIGHT = 120  # of a table: its heading and two rows


class WatchView(QWidget):
    """Alerts and emergency openings left, unusual reading right.

    Signals:
        acknowledged: (AlertRow, note) was looked at.
        incident_wanted: (incident id) should be shown.
        reviewed: (GlassOpening, justified, note).
        patient_wanted: (patient id) who looked should be shown.
    """

    acknowledged = Signal(object, str)
    incident_wanted = Signal(object)
    reviewed = Signal(object, bool, str)
    patient_wanted = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        may_write: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty page; ``now`` is the practice's time, ``zone`` its IANA zone."""
        super().__init__(parent)
        self._now = now
        self._zone = zone
        self._may_write = may_write
        split = QSplitter(Qt.Orientation.Horizontal)
        left = QSplitter(Qt.Orientation.Vertical)
        for splitter in (split, left):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(10)
        left.addWidget(self._alerts_card())
        left.addWidget(self._openings_card())
        split.addWidget(left)
        split.addWidget(self._unusual_card())
        split.setSizes([610, 510])
        # With large text there is no room for all of it: then the page scrolls.
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("What to look at"))
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(split)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        follow_theme(self._rescale)
        self._on_alert(None)
        self._on_opening(None)
        self._on_unusual(None)

    def _rescale(self) -> None:
        for table in (self.alert_table, self.opening_table, self.unusual_table):
            table.setMinimumHeight(active().px(_LEAST_HEIGHT))

    # -- building -----------------------------------------------------------------------------

    @staticmethod
    def _nothing(words: str) -> QLabel:
        made = label(words, "muted")
        made.setWordWrap(True)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return made

    @staticmethod
    def _stack(table: RowTable, empty: QWidget) -> QStackedWidget:
        stack = QStackedWidget()
        stack.addWidget(empty)
        stack.addWidget(table)
        return stack

    def _alerts_card(self) -> Card:
        self.alerts: RowsModel[AlertRow] = RowsModel(
            [
                Column(self.tr("When"), lambda r: self._when(r.at), width=132, drop=1),
                Column(
                    self.tr("How urgent"),
                    lambda r: self._urgency(r.kind),
                    chip=lambda r: ALERT_KINDS.get(r.kind, "info"),
                    width=104,
                ),
                Column(self.tr("What happened"), lambda r: r.words),
            ],
            self,
        )
        self.alert_table = named(RowTable(self.alerts, self.tr("Alerts")), "privacy_alerts")
        self.alert_table.row_chosen.connect(self._on_alert)
        self.alert_table.row_opened.connect(self._open_incident)
        self.alert_count = Chip()
        self._alert_stack = self._stack(
            self.alert_table,
            self._nothing(
                self.tr(
                    "Nothing is waiting. Alerts about reading, sign-ins and incidents come here."
                )
            ),
        )
        self.to_incident = named(
            Button(self.tr("Incident"), "ghost", "arrow-right", size="small"), "alert_incident"
        )
        self.to_incident.clicked.connect(
            lambda: self._open_incident(self.alert_table.current_row())
        )
        card = Card(self.tr("Alerts"))
        card.header.addWidget(self.alert_count)
        card.header.addStretch(1)
        card.header.addWidget(self.to_incident)
        card.body.addWidget(self._alert_stack, 1)
        self.alert_note = named(QLineEdit(), "alert_note", self.tr("What you found or did"))
        self.alert_note.setPlaceholderText(self.tr("What you found or did"))
        self.alert_note.textChanged.connect(lambda _: self._enable())
        self.seen = named(Button(self.tr("Looked at"), "primary", "check"), "alert_seen")
        self.seen.clicked.connect(self._acknowledge)
        self.alert_note.returnPressed.connect(self.seen.click)
        self.alert_words = label("", "")
        self.alert_words.setWordWrap(True)
        card.body.addWidget(self.alert_words)
        self._alert_why = self._small()
        card.body.addWidget(self._alert_why)
        card.body.addWidget(self._strip(self.alert_note, self.seen))
        return card

    def _openings_card(self) -> Card:
        self.openings: RowsModel[GlassOpening] = RowsModel(
            [
                Column(self.tr("When"), lambda r: self._when(r.at), width=132, drop=1),
                Column(self.tr("Person"), lambda r: r.person, width=128, strong=True),
                Column(self.tr("Reason that was given"), lambda r: r.reason),
            ],
            self,
        )
        self.opening_table = named(
            RowTable(self.openings, self.tr("Emergency openings to review")), "privacy_openings"
        )
        self.opening_table.row_chosen.connect(self._on_opening)
        self.opening_count = Chip()
        self._opening_stack = self._stack(
            self.opening_table,
            self._nothing(
                self.tr("Nobody has opened a chart in an emergency without a review since.")
            ),
        )
        card = Card(self.tr("Emergency openings"))
        card.header.addWidget(self.opening_count)
        card.header.addStretch(1)
        card.body.addWidget(self._opening_stack, 1)
        self.review_note = named(QLineEdit(), "review_note", self.tr("Why it was justified or not"))
        self.review_note.setPlaceholderText(self.tr("Why it was justified or not"))
        self.review_note.textChanged.connect(lambda _: self._enable())
        self.justified = named(Button(self.tr("Justified"), icon="check"), "review_justified")
        self.justified.clicked.connect(lambda: self._review(justified=True))
        self.unjustified = named(Button(self.tr("Not justified"), "danger"), "review_not_justified")
        self.unjustified.clicked.connect(lambda: self._review(justified=False))
        self._opening_why = self._small()
        card.body.addWidget(self._opening_why)
        self.reason = LinesEdit("opening_reason", self.tr("Reason that was given, in full"))
        self.reason.setReadOnly(True)
        card.body.addWidget(self.reason)
        card.body.addWidget(self._strip(self.review_note, self.unjustified, self.justified))
        return card

    def _unusual_card(self) -> Card:
        self.unusual: RowsModel[UnusualRow] = RowsModel(
            [
                Column(self.tr("Day"), lambda r: f"{r.day:%a %b} {r.day.day}", width=104, drop=1),
                Column(self.tr("Person"), lambda r: r.person, width=128, strong=True),
                Column(
                    self.tr("What"),
                    lambda r: UNUSUAL_LABELS.get(r.kind, r.kind),
                    chip=lambda _: "warning",
                ),
                Column(self.tr("Count"), lambda r: f"{r.count:,}", right=True, width=64),
            ],
            self,
        )
        self.unusual_table = named(
            RowTable(self.unusual, self.tr("Unusual reading of the last 7 days")), "privacy_unusual"
        )
        self.unusual_table.row_chosen.connect(self._on_unusual)
        self.unusual_table.row_opened.connect(lambda _: self._ask_who_looked())
        self._unusual_stack = self._stack(
            self.unusual_table,
            EmptyState(
                "shield-check",
                self.tr("No unusual reading"),
                self.tr("Nobody read anything out of the ordinary in the last 7 days."),
            ),
        )
        card = Card(self.tr("Unusual reading, last 7 days"))
        card.body.addWidget(self._unusual_stack, 1)
        self._unusual_about = self._small()
        self._rolled_back = self._small()
        self._rolled_back.setObjectName("privacy_rolled_back")
        card.body.addWidget(self._unusual_about)
        self.patients = ElideCombo(self.tr("Patient"), self.tr("Patients"), least=150)
        self.patients.setObjectName("unusual_patient")
        self.who_looked = named(Button(self.tr("Who looked"), icon="eye"), "unusual_who_looked")
        self.who_looked.clicked.connect(self._ask_who_looked)
        strip = Inset()
        strip.row.addWidget(self.patients, 1)
        strip.row.addWidget(self.who_looked)
        card.body.addWidget(strip)
        card.body.addWidget(self._rolled_back)
        return card

    @staticmethod
    def _small() -> Elide:
        made = Elide("", "small")
        made.hide()
        return made

    def _strip(self, note: QLineEdit, *buttons: Button) -> Inset:
        strip = Inset()
        strip.row.addWidget(note, 1)
        for button in buttons:
            strip.row.addWidget(button)
        strip.setVisible(self._may_write)
        return strip

    def _urgency(self, kind: str) -> str:
        weights = {"danger": self.tr("Act now"), "warning": self.tr("Ask today")}
        return weights.get(ALERT_KINDS.get(kind, "info"), self.tr("To know"))

    def _when(self, at: datetime) -> str:
        return moment(at, self._zone, self._now(), named=False)

    # -- data in ------------------------------------------------------------------------------

    def show_watch(self, watch: PrivacyWatch) -> None:
        """Show what there is; what is chosen stays chosen by its place."""
        self.alerts.set_rows(watch.alerts)
        self.openings.set_rows(watch.openings)
        self.unusual.set_rows(watch.unusual)
        for stack, table in (
            (self._alert_stack, self.alert_table),
            (self._opening_stack, self.opening_table),
            (self._unusual_stack, self.unusual_table),
        ):
            stack.setCurrentIndex(1 if table.model().rowCount() else 0)
            if table.current_row() is None:
                table.select_row(0)
        self.alert_count.set(f"{len(watch.alerts):,}" if watch.alerts else "", "warning")
        self.opening_count.set(f"{len(watch.openings):,}" if watch.openings else "", "warning")
        taken_back = ", ".join(f"{row.person} {row.reads:,}" for row in watch.rolled_back)
        self._say(
            self._rolled_back,
            self.tr("Reads whose transaction was taken back: %1.").replace("%1", taken_back)
            if taken_back
            else "",
        )
        self._on_alert(self.alert_table.current_row())
        self._on_opening(self.opening_table.current_row())
        self._on_unusual(self.unusual_table.current_row())

    def conceal(self) -> None:
        """Keep nothing, and nothing that was typed."""
        for model in (self.alerts, self.openings, self.unusual):
            model.clear()
        self.alert_note.clear()
        self.review_note.clear()
        self._say(self._rolled_back, "")
        self._on_alert(None)
        self._on_opening(None)
        self._on_unusual(None)

    @staticmethod
    def _say(place: QLabel, words: str) -> None:
        place.setText(words)
        place.setVisible(bool(words))

    # -- what is chosen -----------------------------------------------------------------------

    def _on_alert(self, row: AlertRow | None) -> None:
        self.to_incident.setVisible(row is not None and row.incident_id is not None)
        self._say(self.alert_words, "" if row is None else row.words)
        mine = row is not None and row.mine
        self._say(
            self._alert_why,
            self.tr("This one is about you: another supervisor has to look at it.") if mine else "",
        )
        self._enable()

    def _on_opening(self, row: GlassOpening | None) -> None:
        mine = row is not None and row.mine
        words = self.tr("You opened this one: another supervisor has to review it.")
        self._say(self._opening_why, words if mine else "")
        self.reason.setPlainText(row.reason if row is not None else "")
        self.reason.setVisible(row is not None)
        self._enable()

    def _on_unusual(self, row: UnusualRow | None) -> None:
        self.patients.clear()
        words = ""
        if row is not None:
            for number, patient in enumerate(row.patients, 1):
                # No name here: a name is shown where looking at it is logged.
                text = self.tr("Patient %1 of %2").replace("%1", f"{number:,}")
                self.patients.addItem(text.replace("%2", f"{len(row.patients):,}"), patient)
            words = self.tr("First %1, last %2.").replace("%1", self._when(row.first_at))
            words = words.replace("%2", self._when(row.last_at))
        self._say(self._unusual_about, words)
        some = row is not None and bool(row.patients)
        self.patients.setEnabled(some)
        self.who_looked.setEnabled(some)

    def _enable(self) -> None:
        alert, opening = self.alert_table.current_row(), self.opening_table.current_row()
        noted = bool(self.alert_note.text().strip())
        self.seen.setEnabled(alert is not None and not alert.mine and noted)
        reviewed = bool(self.review_note.text().strip())
        for button in (self.justified, self.unjustified):
            button.setEnabled(opening is not None and not opening.mine and reviewed)

    # -- actions ------------------------------------------------------------------------------

    def _acknowledge(self) -> None:
        row = self.alert_table.current_row()
        if row is not None:
            self.acknowledged.emit(row, self.alert_note.text().strip())

    def _review(self, *, justified: bool) -> None:
        row = self.opening_table.current_row()
        if row is not None:
            self.reviewed.emit(row, justified, self.review_note.text().strip())

    def _open_incident(self, row: AlertRow | None) -> None:
        if row is not None and row.incident_id is not None:
            self.incident_wanted.emit(row.incident_id)

    def _ask_who_looked(self) -> None:
        patient = self.patients.currentData()
        if patient is not None:
            self.patient_wanted.emit(patient)
