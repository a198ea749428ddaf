"""Correct the outcome of a call: the right one, the note, and why; the first one stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout

from coordinator_app.domain.outcome import SPEC, Detail, Outcome, OutcomeDetails
from ui.models.words import moment, outcome_label, outcome_names
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.form_column import FormColumn, LinesEdit
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.outcome_fields import OutcomeFields
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.logs import CallLogRow

__all__ = ["AmendPanel"]

_LEAST: Final = 5  # letters of a reason; the database asks for as many


class AmendPanel(Card):
    """Belongs to one call from :meth:`begin` on, whatever is chosen in the table meanwhile.

    Signals:
        saved: (CallLogRow, Outcome, OutcomeDetails, reason) the correction, filled in.
        cancelled: nothing should be corrected.
    """

    saved = Signal(object, object, object, str)
    cancelled = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        """Make an empty panel; ``now`` is the practice's clock."""
        super().__init__("Correct the outcome", parent)
        self.title.setText(self.tr("Correct the outcome"))
        self.setAccessibleName(self.tr("Correct the outcome"))
        self.setObjectName("call_log_amend")
        self._now = now
        self._row: CallLogRow | None = None
        self.who = Elide("", "strong")
        column = self._form = FormColumn(self.tr("The correction"))
        self.before = column.fact(self.tr("Recorded as"))
        words = self.tr("What it was")
        self.outcome = named(ElideCombo(words, words), "amend_outcome")
        for code, text in outcome_names():
            self.outcome.addItem(text, code)
        self.outcome.setPlaceholderText(self.tr("Choose…"))
        self.fields = OutcomeFields(now)
        self.hint = label("", "small")
        self.hint.setWordWrap(True)
        self.note = LinesEdit("amend_note", self.tr("Note for the care team"))
        self.reason = LinesEdit("amend_reason", self.tr("Why it is corrected"))
        self.reason.setPlaceholderText(self.tr("In a sentence, for whoever reads both"))
        column.field(words, self.outcome)
        column.add(self.fields)
        column.add(self.hint)
        column.field(self.note.accessibleName(), self.note)
        column.field(self.reason.accessibleName(), self.reason)
        about = label(
            self.tr(
                "Both outcomes stay in the log, with your name and reason. What the first one set "
                "in motion stays too, such as an opt-out or a booked visit; saving says which."
            ),
            "small",
        )
        about.setWordWrap(True)
        column.add(about)
        self.problem = named(Notice(), "amend_problem")
        self.cancel = named(Button(self.tr("Cancel")), "amend_cancel")
        self.cancel.setToolTip(self.tr("Cancel (Esc)"))
        self.save = named(Button(self.tr("Save the correction"), "primary"), "amend_save")
        self.save.setToolTip(self.tr("Save the correction (Ctrl+Enter)"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save, 1)
        self.body.addWidget(self.who)
        self.body.addWidget(column, 1)
        self.body.addWidget(self.problem)
        self.body.addLayout(buttons)
        self.outcome.currentIndexChanged.connect(self._choose)
        self.cancel.clicked.connect(self._leave)
        self.save.clicked.connect(self.submit)
        self.forget()
        follow_theme(self._fit)

    def _fit(self) -> None:
        self.setFixedWidth(active().px(330))

    # -- the call -----------------------------------------------------------------------------

    @property
    def row(self) -> CallLogRow | None:
        """The call that is being corrected."""
        return self._row

    def begin(self, row: CallLogRow, *, note_hidden: bool) -> None:
        """Show a call as it is recorded now.

        Args:
            row: the call.
            note_hidden: its note exists and is not shown to this person any more.
        """
        self.forget()
        self._row = row
        self.who.setText(f"{row.patient} · {moment(row.at, row.zone, self._now())}")
        self.before.setText(outcome_label(row.outcome))
        self.fields.load(OutcomeDetails(), row.zone)
        self.note.setPlainText(row.note)
        hidden = self.tr("The earlier note is not shown here. What you write replaces it.")
        self.note.setPlaceholderText(hidden if note_hidden else "")
        self.outcome.setCurrentIndex(self.outcome.findData(row.outcome))
        self.outcome.setFocus()

    def forget(self) -> None:
        """Keep nobody, and nothing that was typed."""
        self._row = None
        self.who.setText("")
        self.before.setText("")
        self.note.clear()
        self.note.setPlaceholderText("")
        self.reason.clear()
        self.outcome.setCurrentIndex(-1)
        self.fields.load(OutcomeDetails(), "UTC")
        self.set_busy(False)
        self._mark("")

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked; nothing changes meanwhile."""
        self.save.set_busy(self.tr("Saving…") if busy else "")
        for widget in (self.outcome, self.fields, self.note, self.reason):
            widget.setEnabled(not busy)

    def show_problem(self, sentence: str) -> None:
        """Say why it was not saved; what was typed stays."""
        self.set_busy(False)
        self._mark(sentence)
        self.save.setFocus()

    # -- filling in ---------------------------------------------------------------------------

    @property
    def _same(self) -> bool:
        return self._row is not None and self.outcome.currentData() == self._row.outcome

    def details(self) -> OutcomeDetails:
        """What is filled in for the chosen outcome."""
        given = self.fields.fill(OutcomeDetails(note=self.note.words))
        outcome = self.fields.outcome
        if outcome is None or Detail.BARRIER not in SPEC[outcome].needs:
            return replace(given, barrier="")  # chosen before the outcome was another one
        return given

    def _choose(self) -> None:
        code = self.outcome.currentData()
        outcome = Outcome(code) if code else None
        self.fields.set_outcome(outcome)
        hint = ""
        if outcome is Outcome.BOOKED and not self._same:
            hint = self._why_not_booked()
        elif self._same and not self.fields.isHidden():
            hint = self.tr("What you leave open here stays as it was recorded.")
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self._mark("")

    def _why_not_booked(self) -> str:
        words = self.tr(
            "“%1” needs a time that was held during the call. When the visit is in the schedule "
            "already, choose “%2”."
        ).replace("%1", outcome_label(Outcome.BOOKED))
        return words.replace("%2", outcome_label(Outcome.BOOKED_ELSEWHERE))

    def submit(self) -> None:
        """Emit the correction, or say what is missing."""
        row, outcome = self._row, self.fields.outcome
        if row is None or not self.save.isEnabled():
            return
        if outcome is None:  # recorded by a newer program, under a name that this one does not know
            self._mark(self.tr("Choose what it was."))
            self.outcome.setFocus()
            return
        details = self.details()
        missing = () if self._same else details.missing(outcome)
        if self._same and not self._differs(row, details):
            self._mark(self.tr("Nothing is different yet. Change the outcome or the note."))
            self.outcome.setFocus()
        elif Detail.SLOT in missing:
            self._mark(self._why_not_booked())
            self.outcome.setFocus()
        elif missing:
            asks = self.tr("Fill in what “%1” asks for.")
            note = self.note if missing[0] is Detail.NOTE else None
            self._mark(asks.replace("%1", outcome_label(outcome)), note)
            self._go_to(missing[0])
        elif details.callback_at is not None and details.callback_at <= self._now():
            self._mark(self.tr("The callback’s time is in the past. Choose a later one."))
            self._go_to(Detail.CALLBACK_TIME)
        elif len(self.reason.words) < _LEAST:
            self._mark(self.tr("Say in a sentence why it is corrected."), self.reason)
        else:
            self._mark("")
            self.saved.emit(row, outcome, details, self.reason.words)

    @staticmethod
    def _differs(row: CallLogRow, given: OutcomeDetails) -> bool:
        chosen = (given.callback_at, given.scope, given.barrier, given.reason, given.language)
        return given.note != row.note.strip() or any(chosen)

    def _mark(self, problem: str, field: LinesEdit | None = None) -> None:
        for one in (self.note, self.reason):
            set_invalid(one, problem if one is field else "")
        self.problem.say(problem)
        if field is not None:
            field.setFocus()
            self._form.ensureWidgetVisible(field)

    def _go_to(self, detail: Detail) -> None:
        self.fields.focus(detail)
        self._form.ensureWidgetVisible(self.note if detail is Detail.NOTE else self.fields)

    # -- keys ---------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter saves and Esc leaves, from every field."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submit()
        elif event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        if not self.save.busy:
            self.cancelled.emit()
