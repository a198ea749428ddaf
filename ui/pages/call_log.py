"""The Call log page: pages of 200 rows by key, filters that stay, and the supervisor's export."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.person import Role
from coordinator_app.errors import ConfigurationError, StaleError
from ui.messages import ask_password, confirm
from ui.models.call_log_model import PAGE
from ui.models.words import end_label, outcome_label
from ui.pages.call_log_listen import ListenDesk
from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.call_log import CallLogView
from ui.views.call_log_amend import AmendPanel
from ui.views.call_log_recording import RecordingPanel
from ui.widgets.call_card import is_shortened
from ui.widgets.sound_engine import make_engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.logs import CallLogPage as LogPage
    from coordinator_app.domain.logs import CallLogRow
    from coordinator_app.domain.outcome import Outcome, OutcomeDetails
    from coordinator_app.domain.person import PersonRow
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.shortcuts import Keymap
    from ui.tasks import Tasks

__all__ = ["CallLogPage", "harmless", "write_csv"]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet will not run as a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def write_csv(path: Path, rows: Sequence[CallLogRow], mark: str) -> None:
    """Write calls as UTF-8 CSV; ``mark``, its first line, says who took them out and when.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    head = (
        "at_utc",
        "coordinator",
        "patient",
        "outcome",
        "line",
        "talk_seconds",
        "campaign",
        "note",
    )
    try:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow([harmless(mark)])
            writer.writerow(head)
            for row in rows:
                cells = (
                    row.at.isoformat(timespec="seconds"),
                    row.coordinator,
                    row.patient,
                    outcome_label(row.outcome),
                    end_label(row.end),
                    str(row.seconds),
                    row.campaign,
                    row.note,
                )
                writer.writerow([harmless(cell) for cell in cells])
    except OSError as error:
        raise ConfigurationError(
            "The file could not be written. Choose another folder.", name="export"
        ) from error


class CallLogPage(Page):
    """Own calls for a coordinator, everyone's for a supervisor (the database decides).

    Signals:
        looks_requested: (patient id) who looked at this patient should be shown.
    """

    looks_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        keymap: Keymap,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; it loads when first shown."""
        role = session.signed_in.person.role
        self._everyone = role is Role.SUPERVISOR
        super().__init__(self.tr("Call log") if self._everyone else self.tr("My calls"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        self._people_known = False
        self._filter = CallLogFilter()
        self.view = CallLogView(
            session.clock.now,
            session.signed_in.practice.zone,
            initials_before_today=role is Role.COORDINATOR,
        )
        self.view.model.wanted.connect(self._fetch)
        self.view.filter_changed.connect(self._on_filter)
        self.view.export_requested.connect(self.export)
        self.view.looks_requested.connect(self.looks_requested)
        self.bar.addStretch(1)
        self.bar.addWidget(self.view.export)
        self.view.export.setVisible(self._everyone)
        self.column.addWidget(self.view, 1)
        self._op_id = uuid7()  # one for each time the form is opened
        self._answered: UUID | None = None  # the corrected call, until its row is loaded again
        self.amend = AmendPanel(session.clock.now)
        self.recording = RecordingPanel(
            session.clock.now, session.signed_in.practice.zone, make_engine()
        )
        self.listening = ListenDesk(self, self.recording, session, tasks)
        self._make_recording()
        self._make_correction(keymap, offered=role in {Role.COORDINATOR, Role.SUPERVISOR})

    def shows(self) -> frozenset[str]:
        """Every outcome adds a row."""
        return frozenset({"call_log"})

    def refresh(self) -> None:
        """Load the newest page again, with the filters as they are."""
        self._filter = self.view.value()
        self.view.model.restart()
        if self._everyone and not self._people_known:
            self._tasks.run(self, self._session.practice.people, done=self._offer_people)

    def forget(self) -> None:
        """Keep no patient."""
        for key in ("page", "amend"):
            self._asked.forget(key)
        self._answered = None
        self._close_form()
        self.view.conceal()

    def show_person(self, person_id: UUID) -> None:
        """Filter by a person, as the Team page asks for."""
        self.view.choose_person(person_id)

    def _on_filter(self, wanted: CallLogFilter) -> None:
        if wanted != self._filter:
            self._filter = wanted
            self.view.model.restart()

    def _fetch(self, before: UUID | None) -> None:
        practice, which = self._session.practice, self._filter
        fresh = self._asked.latest("page")
        self._tasks.run(
            self,
            lambda: practice.call_log(which, before, PAGE),
            done=fresh(partial(self._take, first=before is None)),
            failed=fresh(self._failed),
        )

    def _take(self, page: LogPage, *, first: bool) -> None:
        if first:
            self.view.model.take_first(page)
        else:
            self.view.model.take_next(page)
        self.view.after_page(page.rows)
        self._show_answer()

    def _failed(self, failure: UserFacingError) -> None:
        self.view.model.gave_up()
        self._messages.error(failure.sentence, key="call_log")

    def _offer_people(self, people: tuple[PersonRow, ...]) -> None:
        self._people_known = True
        self.view.offer_people([(row.person.id, row.person.name) for row in people])

    # -- listening ----------------------------------------------------------------------------

    def _make_recording(self) -> None:
        self.view.row.addWidget(self.recording)
        self.recording.hide()
        self.view.detail.recording_wanted.connect(self._show_recording)
        self.recording.closed.connect(self._leave_form)

    def _show_recording(self, row: CallLogRow) -> None:
        self.view.detail.hide()
        self.recording.show()
        self.listening.begin(row)
        self.recording.reason.setFocus()

    # -- correcting ---------------------------------------------------------------------------

    def _make_correction(self, keymap: Keymap, *, offered: bool) -> None:
        self.view.row.addWidget(self.amend)
        self.amend.hide()
        self.view.detail.correction_wanted.connect(self._begin_correction)
        self.amend.saved.connect(self._correct)
        self.amend.cancelled.connect(self._leave_form)
        if offered:
            keymap.action("call_log.correct", self, self.correct)
            correct = self.view.detail.correct
            correct.setToolTip(keymap.tooltip("call_log.correct", correct.text()))

    def correct(self) -> None:
        """Open the form for the chosen call, or say why there is none."""
        if self.amend.row is not None:
            self.amend.outcome.setFocus()
        elif not self.view.detail.ask_for_correction():
            self._messages.info(
                self.tr(
                    "The outcome of this call cannot be corrected by you. A day after it was "
                    "recorded, only a supervisor corrects it."
                ),
                key="call_log",
            )

    def _begin_correction(self, row: CallLogRow) -> None:
        self._op_id = uuid7()
        self.view.detail.hide()
        self.amend.show()
        self.amend.begin(row, note_hidden=not self._everyone and is_shortened(row))

    def _correct(
        self, row: CallLogRow, outcome: Outcome, details: OutcomeDetails, reason: str
    ) -> None:
        practice, op_id = self._session.practice, self._op_id
        fresh = self._asked.latest("amend")
        self.amend.set_busy(True)
        self._tasks.run(
            self,
            lambda: practice.amend_outcome(row.id, outcome, details, reason, op_id),
            done=fresh(partial(self._corrected, row.id)),
            failed=fresh(self._not_corrected),
        )

    def _corrected(self, call_id: UUID, sentence: str) -> None:
        self._leave_form()
        self.view.detail.tell(call_id, sentence)
        self._answered = call_id
        self.view.model.restart()
        self.changed.emit(frozenset({"queue", "callbacks", "team", "privacy"}))

    def _not_corrected(self, error: UserFacingError) -> None:
        self.amend.show_problem(error.sentence)
        if isinstance(error, StaleError):
            self.refresh()

    def _show_answer(self) -> None:
        """A call that the filters or a new page took out of sight has its answer in the banner."""
        call_id, self._answered = self._answered, None
        row = self.view.table.current_row()
        if call_id is not None and (row is None or row.id != call_id):
            self._messages.success(self.view.detail.notice.text, key="call_log_amend")

    def _leave_form(self) -> None:
        """Close it; the keyboard goes on in the table."""
        self._close_form()
        self.view.table.setFocus()

    def _close_form(self) -> None:
        self.amend.hide()
        self.amend.forget()
        self.recording.hide()
        self.listening.forget()
        self.view.detail.show()

    # -- export -------------------------------------------------------------------------------

    def export(self) -> None:
        """Ask twice, then write what is loaded to a file that the person names."""
        rows = self.view.model.rows
        question = self.tr("Write the %n calls with patients’ names to a file?", "", len(rows))
        if len(rows) == 1:
            question = self.tr("Write this call with the patient’s name to a file?")
        detail = self.tr(
            "The file is not encrypted and leaves the practice’s protection. Save it only where "
            "your practice allows, and delete it when you are done."
        )
        if not rows or not confirm(self, question, detail, self.tr("Export")):
            return
        password = ask_password(self, self.tr("Your password, again, to export patients’ names:"))
        if not password:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export the call log"), "calls.csv", self.tr("CSV files (*.csv)")
        )
        if name:
            self.export_to(Path(name), password)

    def export_to(self, path: Path, password: str) -> None:
        """Write what is loaded to this file, when the database allows it on a login of just now."""
        session, which, rows = self._session, self._filter, self.view.model.rows

        def write() -> None:
            mark = session.confirmed(
                password, lambda practice: practice.export_calls(which, len(rows))
            )
            write_csv(path, rows, mark)

        self._tasks.run(
            self,
            write,
            done=lambda _: self._messages.success(self.tr("The calls were written.")),
            failed=lambda error: self._messages.error(error.sentence, key="export"),
            lane="net",
        )
