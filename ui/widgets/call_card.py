"""One call of the log in full, with what may be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal

from ui.messages import Level
from ui.models.words import end_label, length, moment, outcome_kind, outcome_label, within
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import Chip
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from PySide6.QtWidgets import QLabel

    from coordinator_app.domain.logs import CallLogRow

__all__ = ["IDENTITY_LABELS", "CallCard", "is_shortened", "talked"]

IDENTITY_LABELS: Final = {
    "": "Not checked",
    "PASS": "Two identifiers matched",
    "FAIL": "Did not match",
    "DECLINED": "Patient declined to say",
}


def talked(row: CallLogRow) -> str:
    """Return how long somebody talked; a dash when nobody did."""
    return length(row.seconds) if row.seconds else "–"


def is_shortened(row: CallLogRow) -> bool:
    """Whether the log shows initials and no note, as a coordinator's calls of earlier days."""
    return not row.number_ending


class CallCard(Card):
    """The card. Nothing is saved here.

    Signals:
        looks_wanted: (patient id) who looked at this patient should be shown.
        correction_wanted: (CallLogRow) its outcome should be corrected.
        recording_wanted: (CallLogRow) its recording should be shown.
    """

    looks_wanted = Signal(object)
    recording_wanted = Signal(object)
    correction_wanted = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        initials_before_today: bool = False,
    ) -> None:
        """Make an empty card; see CallLogView for the arguments."""
        super().__init__("Call")
        self.title.setText(self.tr("Call"))
        self.setAccessibleName(self.tr("Call"))
        self.setObjectName("call_log_detail")
        self._now = now
        self._zone = zone
        self._initials = initials_before_today
        self._row: CallLogRow | None = None
        self._told: UUID | None = None  # the call that the notice is about
        self._chip = Chip()
        self.header.addStretch(1)
        self.header.addWidget(self._chip)
        self._form = FormColumn(self.tr("Call in full"))
        self.facts: dict[str, QLabel] = {
            key: self._form.fact(words)
            for key, words in (
                ("patient", self.tr("Patient")),
                ("amended", self.tr("First recorded as")),
                ("when", self.tr("When, patient’s time")),
                ("office", self.tr("When, practice’s time")),
                ("number", self.tr("Number")),
                ("end", self.tr("How the line ended")),
                ("talk", self.tr("Talked")),
                ("identity", self.tr("Identity check")),
                ("coordinator", self.tr("Coordinator")),
                ("campaign", self.tr("Campaign")),
                ("note", self.tr("Note")),
            )
        }
        self.notice = named(Notice(), "call_log_told")
        self.correct = named(
            Button(self.tr("Correct the outcome…"), icon="pencil", size="small"),
            "call_log_correct",
        )
        self.correct.clicked.connect(self.ask_for_correction)
        self.looks = named(
            Button(self.tr("Who looked"), icon="eye", size="small"), "call_log_looks"
        )
        self.looks.clicked.connect(self._ask_who_looked)
        self.recording = named(
            Button(self.tr("Recording"), icon="record", size="small"), "call_log_recorded"
        )
        self.recording.clicked.connect(self._ask_for_recording)
        self.body.addWidget(self.notice)
        self.body.addWidget(self._form, 1)
        self.body.addWidget(self.recording)
        self.body.addWidget(self.correct)
        self.body.addWidget(self.looks)
        self.show_row(None)
        follow_theme(self._fit)

    def _fit(self) -> None:
        self.setFixedWidth(active().px(272))

    def show_row(self, row: CallLogRow | None) -> None:
        """Show a call, or how to choose one."""
        self._row = row
        amended = self._amended(row) if row is not None else ""
        self._form.set_shown(self.facts["amended"], bool(amended))
        self.looks.setVisible(row is not None and row.patient_id is not None)
        self.correct.setVisible(row is not None and row.amendable)
        self.recording.setVisible(row is not None and row.recorded)
        self.notice.setVisible(row is not None and row.id == self._told)
        if row is None:
            for value in self.facts.values():
                value.setText("")
            self._chip.set("")
            self.facts["patient"].setText(self.tr("Choose a call to see it in full."))
            return
        self._chip.set(outcome_label(row.outcome), outcome_kind(row.outcome))  # type: ignore[arg-type]  # kinds of outcomes are chip kinds
        earlier = self._initials and is_shortened(row)
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
            "talk": talked(row),
            "identity": IDENTITY_LABELS.get(row.identity, row.identity),
            "coordinator": row.coordinator,
            "campaign": row.campaign,
            "note": self.tr("not shown for earlier calls") if earlier else row.note or "–",
            "amended": amended,
        }
        for key, text in facts.items():
            self.facts[key].setText(text)

    def tell(self, call_id: UUID, sentence: str) -> None:
        """Say what followed from a correction, for as long as its call is the chosen one."""
        self._told = call_id
        self.notice.say(sentence, Level.SUCCESS, "check")
        self.notice.setVisible(self._row is not None and self._row.id == call_id)

    def ask_for_correction(self) -> bool:
        """Ask for it; returns whether this call can be corrected."""
        row = self._row
        if row is None or not row.amendable:
            return False
        self.correction_wanted.emit(row)
        return True

    def forget(self) -> None:
        """Keep no patient, and nothing that was said about a call."""
        self._told = None
        self.notice.say("")
        self.show_row(None)

    def _amended(self, row: CallLogRow) -> str:
        first = row.amended
        if first is None:
            return ""
        who = self.tr("Corrected by %1, %2").replace("%1", first.by)
        who = who.replace("%2", within(moment(first.at, self._zone, self._now())))
        lines = (outcome_label(first.outcome), first.note, who, first.reason)
        return "\n".join(filter(None, lines))

    def _ask_for_recording(self) -> None:
        if self._row is not None and self._row.recorded:
            self.recording_wanted.emit(self._row)

    def _ask_who_looked(self) -> None:
        if self._row is not None and self._row.patient_id is not None:
            self.looks_wanted.emit(self._row.patient_id)
