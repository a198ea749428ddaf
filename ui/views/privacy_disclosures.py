"""Disclosures: the accounting of one patient, and a form for what has to be added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.privacy import DISCLOSURE_REASONS, DisclosureRow, NewDisclosure
from ui.models.clock_text import local
from ui.models.rows_model import Column, RowsModel
from ui.models.words import long_day
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.form_column import DayEdit, FormColumn, LinesEdit
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.privacy import Accounting

__all__ = ["DisclosuresView"]


class DisclosuresView(QWidget):
    """The accounting left; for supervisors a form right.

    Signals:
        recorded: a NewDisclosure as it was filled in.
    """

    recorded = Signal(object)

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
        self._corrected: DisclosureRow | None = None
        self.patient = Elide("", "h3")
        self.since = label("", "small")
        self.since.setWordWrap(True)
        self.rows: RowsModel[DisclosureRow] = RowsModel(self._columns(), self)
        self.table = named(RowTable(self.rows, self.tr("Disclosures")), "disclosures_table")
        self.table.row_chosen.connect(self._on_row)
        self.empty = EmptyState("mail", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.correct = named(Button(self.tr("Correct it…"), icon="pencil"), "disclosure_correct")
        self.correct.clicked.connect(self._begin_correction)
        card = Card()
        line = QHBoxLayout()
        line.addWidget(self.patient, 1)
        line.addWidget(self.correct)
        card.body.addLayout(line)
        card.body.addWidget(self._stack, 1)
        card.body.addWidget(self.since)
        self._form_card = self._build_form()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(card, 1)
        row.addWidget(self._form_card)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addLayout(row)
        self.correct.setVisible(may_write)
        self.conceal()
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._form_card.setFixedWidth(active().px(320))

    def _columns(self) -> list[Column[DisclosureRow]]:
        return [
            Column(self.tr("Day"), lambda r: long_day(r.day), width=142),
            Column(self.tr("To whom"), self._recipient, strong=True),
            Column(self.tr("What"), lambda r: r.what),
            Column(self.tr("Why"), lambda r: r.purpose, drop=3),
            Column(
                self.tr("Kind"),
                lambda r: DISCLOSURE_REASONS.get(r.reason, r.reason),
                width=160,
                drop=2,
            ),
            Column(
                self.tr("Accounting"),
                lambda r: self.tr("Counts") if r.accountable else self.tr("Not asked for"),
                chip=lambda r: "warning" if r.accountable else "neutral",
                width=124,
                drop=1,
            ),
        ]

    @staticmethod
    def _recipient(row: DisclosureRow) -> str:
        return ", ".join(filter(None, (row.recipient, row.recipient_address)))

    def _build_form(self) -> Card:
        self.day = DayEdit("disclosure_day", self.tr("Day"))
        self.recipient = named(QLineEdit(), "disclosure_recipient", self.tr("To whom"))
        self.address = named(QLineEdit(), "disclosure_address", self.tr("Their address, if known"))
        self.what = LinesEdit("disclosure_what", self.tr("What was disclosed"))
        self.purpose = LinesEdit("disclosure_purpose", self.tr("What for"))
        self.reason = ElideCombo(self.tr("Kind of disclosure"), self.tr("Kinds of disclosure"))
        self.reason.setObjectName("disclosure_reason")
        self.reason.setPlaceholderText(self.tr("Choose…"))
        for code, words in DISCLOSURE_REASONS.items():
            self.reason.addItem(words, code)
        self.record = named(Button(self.tr("Record"), "primary"), "disclosure_record")
        self.record.clicked.connect(self._on_record)
        self.clear = named(Button(self.tr("Clear"), "ghost", "x"), "disclosure_clear")
        self.clear.clicked.connect(self.clear_form)
        card = Card(self.tr("Record a disclosure"))
        column = FormColumn(self.tr("Record a disclosure"))
        for control in (self.day, self.recipient, self.address, self.what, self.purpose):
            column.field(control.accessibleName(), control)
        column.field(self.tr("Kind of disclosure"), self.reason)
        column.row(self.record, self.clear)
        card.body.addWidget(column, 1)
        card.setVisible(self._may_write)
        return card

    # -- data in ------------------------------------------------------------------------------

    def show_accounting(self, found: Accounting) -> None:
        """Show the answer."""
        self.patient.setText(found.patient)
        self.rows.set_rows(found.rows)
        self._stack.setCurrentIndex(1 if found.rows else 0)
        self.empty.set(
            "shield-check",
            self.tr("Nothing was disclosed"),
            self.tr("Ordinary calls are not disclosures that have to be accounted for."),
        )
        words = self.tr("Since %1. What “Counts” is what the patient may ask for (45 CFR 164.528).")
        self.since.setText(words.replace("%1", long_day(found.since)))
        self._form_card.setEnabled(True)
        self._on_row(self.table.current_row())

    def conceal(self) -> None:
        """Keep no patient, and nothing that was typed."""
        self.rows.clear()
        self.patient.setText("")
        self.since.setText("")
        self._stack.setCurrentIndex(0)
        self.empty.set(
            "mail",
            self.tr("No patient is chosen"),
            self.tr("Choose “Disclosures” in an incident, or “Who looked” in the call log first."),
        )
        self.clear_form()
        self._form_card.setEnabled(False)
        self._on_row(None)

    def clear_form(self) -> None:
        """Empty the form."""
        self._corrected = None
        today = local(self._now(), self._zone).date()
        self.day.set_span(today.replace(year=today.year - 10, day=1), today)
        self.day.set_day(today)
        for line in (self.recipient, self.address):
            line.clear()
        for lines in (self.what, self.purpose):
            lines.clear()
        self.reason.setCurrentIndex(-1)
        self.record.set_label(self.tr("Record"))

    # -- actions ------------------------------------------------------------------------------

    def _on_row(self, row: DisclosureRow | None) -> None:
        self.correct.setEnabled(row is not None)

    def _begin_correction(self) -> None:
        row = self.table.current_row()
        if row is None:
            return
        self._corrected = row
        self.day.set_day(row.day)
        self.recipient.setText(row.recipient)
        self.address.setText(row.recipient_address)
        self.what.setPlainText(row.what)
        self.purpose.setPlainText(row.purpose)
        self.reason.setCurrentIndex(self.reason.findData(row.reason))
        self.record.set_label(self.tr("Record the correction"))
        self.recipient.setFocus()

    def _on_record(self) -> None:
        given = NewDisclosure(
            day=self.day.day,
            recipient=self.recipient.text().strip(),
            recipient_address=self.address.text().strip(),
            what=self.what.words,
            purpose=self.purpose.words,
            reason=self.reason.currentData() or "",
            corrects=self._corrected.id if self._corrected is not None else None,
        )
        self.recorded.emit(given)
