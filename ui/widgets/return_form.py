"""A caller at the office: on the phone now, wants a call, or wants no more calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.returns import OPT_OUT, OptOutScope, ReturnKind, ReturnReport
from ui.models.clock_text import zone_label
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card
from ui.widgets.zoned_time import ZonedTimeEdit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

__all__ = ["ReturnForm"]

_LEAST_DIGITS = 10
_ROUND = timedelta(minutes=15)


class ReturnForm(Card):
    """For somebody who was found, or for a number.

    Signals:
        submitted: the ReturnReport.
        cancelled: nothing is to be told.
    """

    submitted = Signal(object)
    cancelled = Signal()

    def __init__(
        self, now: Callable[[], datetime], zone: str, parent: QWidget | None = None
    ) -> None:
        """Make an empty form; ``now`` and ``zone`` are the practice's."""
        super().__init__(parent=parent)
        self._now, self._zone = now, zone
        self._patient: UUID | None = None
        self.title.hide()
        self.name = Elide("", "h3")
        self.header.addWidget(self.name, 1)
        self.setAccessibleName(self.tr("A patient called"))
        self.phone = named(QLineEdit(), "return_phone", self.tr("Telephone number"))
        self.phone.setPlaceholderText(self.tr("The number they call from: (312) 555-0100"))
        self.what = Segmented(
            [
                (ReturnKind.ON_THE_PHONE.value, self.tr("On the phone now")),
                (ReturnKind.WANTS_CALL.value, self.tr("Wants a call")),
                (OPT_OUT, self.tr("Wants no calls")),
            ],
            self.tr("What the caller wants"),
        )
        self.timed = named(QCheckBox(self.tr("Not before")), "return_timed")
        self.when = ZonedTimeEdit(self.tr("When the patient wants the call"))
        self.when.setObjectName("return_when")
        self._when_zone = Elide("", "small")
        self.scope = named(QComboBox(), "return_scope", self.tr("What to stop"))
        self.scope.addItem(self.tr("All calls"), OptOutScope.CALLS.value)
        self.scope.addItem(self.tr("Calls on this number"), OptOutScope.NUMBER.value)
        self.scope.addItem(
            self.tr("Calls, texts, e-mail and letters"), OptOutScope.EVERYTHING.value
        )
        self.scope.view().setAccessibleName(self.tr("What to stop"))
        self.note = named(QLineEdit(), "return_note", self.tr("Note"))
        self.note.setMaxLength(300)
        self.note.setPlaceholderText(
            self.tr("A few words for who calls back; nothing about health")
        )
        self.about = label("", "small")
        self.about.setWordWrap(True)
        self.problem = named(Notice(), "return_problem")
        self.cancel = named(Button(self.tr("Cancel")), "return_cancel")
        self.save = named(Button("", "primary", "check"), "return_save")
        self._lay_out()
        self.what.chosen.connect(self._on_what)
        self.timed.toggled.connect(self._on_timed)
        self.cancel.clicked.connect(self.cancelled)
        self.save.clicked.connect(self.submit)
        for edit in (self.phone, self.note):
            edit.returnPressed.connect(self.submit)
        self._on_what(self.what.current)

    def _lay_out(self) -> None:
        self._time = QWidget()
        self._time.setProperty("transparent", "true")
        time = QHBoxLayout(self._time)
        time.setContentsMargins(0, 0, 0, 0)
        for part in (self.timed, self.when, self._when_zone):
            time.addWidget(part)
        time.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        column = QVBoxLayout()
        column.setSpacing(10)
        for widget in (
            self.phone,
            self.what,
            self._time,
            self.scope,
            self.note,
            self.about,
            self.problem,
        ):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addStretch(1)
        self.body.addLayout(column)

    # -- beginning ----------------------------------------------------------------------------

    def begin(self, name: str = "", patient_id: UUID | None = None) -> None:
        """Begin for a patient who was found, or (without one) for a number."""
        self.forget()
        self._patient = patient_id
        heading = self.tr("A patient called")
        self.name.setText(heading if patient_id is None else f"{heading}: {name}")
        self.phone.setVisible(patient_id is None)
        start = self._now() + timedelta(hours=1)
        start += _ROUND - timedelta(
            minutes=start.minute % 15, seconds=start.second, microseconds=start.microsecond
        )
        self.when.clearMinimumDateTime()
        self.when.set_moment(start, self._zone)
        self.when.set_earliest(self._now())
        self._when_zone.setText(
            self.tr("practice’s time, %1").replace("%1", zone_label(start, self._zone))
        )
        if patient_id is None:
            self.phone.setFocus()
        else:
            self.what.setFocus()

    def forget(self) -> None:
        """Keep nobody, and nothing that was typed."""
        self._patient = None
        self.name.setText(self.tr("A patient called"))
        self.phone.clear()
        self.note.clear()
        self.timed.setChecked(False)
        self.scope.setCurrentIndex(0)
        self.what.choose(ReturnKind.ON_THE_PHONE.value)
        self.set_busy(False)
        self._mark(None, "")

    def _on_what(self, what: str) -> None:
        wants = what == ReturnKind.WANTS_CALL.value
        self._time.setVisible(wants)
        self.scope.setVisible(what == OPT_OUT)
        self._on_timed(self.timed.isChecked())
        self._mark(None, "")
        saves = {
            ReturnKind.ON_THE_PHONE.value: self.tr("Find who takes it"),
            ReturnKind.WANTS_CALL.value: self.tr("Promise a call"),
            OPT_OUT: self.tr("Stop the calls"),
        }
        about = {
            ReturnKind.ON_THE_PHONE.value: self.tr(
                "Goes to whoever has the patient open, else to who called last."
            ),
            ReturnKind.WANTS_CALL.value: self.tr(
                "The call stands first in the queue when it is due. Calling hours still count."
            ),
            OPT_OUT: self.tr(
                "Holds at once, for every campaign. It is kept with your name, and not undone here."
            ),
        }
        self.save.set_label(saves[what])
        self.about.setText(about[what])

    def _on_timed(self, timed: bool) -> None:
        self.when.setEnabled(timed)

    # -- telling ------------------------------------------------------------------------------

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.save.set_busy(self.tr("Asking…") if busy else "")

    def show_problem(self, sentence: str) -> None:
        """Say why it was not taken."""
        self.set_busy(False)
        self.problem.say(sentence)

    def submit(self) -> None:
        """Tell it, or say what is missing."""
        if not self.save.isEnabled():
            return
        self._mark(None, "")
        digits = sum(letter.isdigit() for letter in self.phone.text())
        if self._patient is None and digits < _LEAST_DIGITS:
            self._mark(self.phone, self.tr("Enter the whole telephone number, with its area code."))
            return
        what = self.what.current
        timed = what == ReturnKind.WANTS_CALL.value and self.timed.isChecked()
        self.submitted.emit(
            ReturnReport(
                what=what,
                phone=self.phone.text().strip() if self._patient is None else "",
                patient_id=self._patient,
                when=self.when.moment() if timed else None,
                scope=str(self.scope.currentData()) if what == OPT_OUT else "",
                note=self.note.text().strip(),
            )
        )

    def _mark(self, field: QLineEdit | None, problem: str) -> None:
        set_invalid(self.phone, problem if field is self.phone else "")
        self.problem.say(problem)
        if field is not None:
            field.setFocus()
