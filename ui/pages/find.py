"""The Find page: a returning caller, "why is this patient not here?", and emergencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from coordinator_app.domain.find import FoundPatient
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.person import Role
from coordinator_app.errors import NotConnectedError, SecondFactorNeededError, WrongCodeError
from ui.models.words import moment, refusal, within
from ui.pages.page import Page
from ui.tasks import Generations
from ui.theme import active
from ui.views.find import FindView
from ui.views.find_emergency import EmergencyPanel
from ui.views.find_override import OverridePanel
from ui.views.find_why import WhyView
from ui.widgets.found_card import Powers
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme
from ui.widgets.return_form import ReturnForm

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.domain.find import (
        EmergencyChart,
        FindQuery,
        Found,
        GrantedOverride,
        WhyNotCalled,
    )
    from coordinator_app.domain.returns import ReturnReport, ReturnRouted, ReturnRow
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["FindPage"]

_SECOND_MS: Final = 1_000
_POWERS: Final = {
    Role.COORDINATOR: Powers(
        opens=True, explains=False, breaks_glass=True, overrides=False, reports=True
    ),
    Role.SUPERVISOR: Powers(
        opens=True, explains=True, breaks_glass=True, overrides=False, reports=True
    ),
    Role.CLINICIAN: Powers(
        opens=False, explains=True, breaks_glass=True, overrides=True, reports=True
    ),
}
_AUDITOR: Final = Powers(opens=False, explains=True, breaks_glass=False, overrides=False)


class FindPage(Page):
    """Questions above, who fits at the left, what was asked about one of them at the right.

    Signals:
        open_requested: (entry id, reason) the patient should be claimed in the workstation.
    """

    open_requested = Signal(object, str)

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty page."""
        super().__init__(self.tr("Find a patient"), parent)
        self._session, self._tasks, self._messages = session, tasks, messages
        self._asked = Generations()
        self._reason = ""
        self._about: FoundPatient | None = None
        self._told: WhyNotCalled | None = None
        # What a lock does not take away: emergencies by patient, and the one on the screen.
        self._glasses: dict[UUID, tuple[UUID, datetime]] = {}
        self._seen: UUID | None = None
        # One id for one wish: asked again after a lost answer, it is the same one.
        self._ops: dict[object, UUID] = {}
        now, zone = session.clock.now, session.signed_in.practice.zone
        powers = _POWERS.get(session.signed_in.person.role, _AUDITOR)
        self.view = FindView(now, zone, powers)
        self.why = WhyView(now, zone, overrides=powers.overrides)
        self.override = OverridePanel()
        self.glass = EmergencyPanel(zone)
        self.called = ReturnForm(now, zone)
        self._caller: ReturnRow | None = None  # an unknown one, who is looked for
        self._side = QStackedWidget()
        self._lay_out()
        self._connect()
        self._timer = QTimer(self, interval=_SECOND_MS)
        self._timer.timeout.connect(self.tick)
        follow_theme(self._fit)

    def _lay_out(self) -> None:
        self.bar.addStretch(1)
        self.bar.addWidget(label(self.tr("Every look is logged, with its reason."), "small"))
        for widget in (self.why, self.override, self.glass, self.called):
            self._side.addWidget(widget)
        self._side.hide()
        self.view.row.addWidget(self._side, 1)
        self.column.addWidget(self.view, 1)

    def _connect(self) -> None:
        self.view.searched.connect(self.search)
        self.view.open_requested.connect(
            lambda entry_id: self.open_requested.emit(entry_id, self._reason)
        )
        self.view.why_requested.connect(self._begin_why)
        self.view.glass_requested.connect(self._begin_glass)
        self.view.return_requested.connect(self._begin_return)
        self.view.link_requested.connect(self._link)
        self.called.submitted.connect(self._report)
        self.called.cancelled.connect(self._close_side)
        self.why.asked.connect(self._explain)
        self.why.closed.connect(self._close_side)
        self.why.override_wanted.connect(self._begin_override)
        self.override.cancelled.connect(self._leave_override)
        self.override.allowed.connect(self._allow)
        self.glass.wanted.connect(self._break_glass)
        self.glass.closed.connect(self._close_side)

    def _fit(self) -> None:
        self._side.setMinimumWidth(active().px(380))

    # -- the page -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Nobody is looked up again unasked; only an emergency goes on after a lock."""
        if self._seen is not None and self.glass.until is None:
            self._look_again(self._seen)

    def forget(self) -> None:
        """Keep no patient: neither the question, nor who fitted, nor any chart."""
        for key in ("found", "side"):
            self._asked.forget(key)
        self.view.clear()
        self._drop_side()
        self._end_link()

    def showEvent(self, event: QShowEvent) -> None:
        """A returning caller waits: begin with the number."""
        super().showEvent(event)
        if not self.view.cards and not self._side.isVisible():
            self.view.phone.setFocus()

    # -- looking up ---------------------------------------------------------------------------

    def search(self, query: FindQuery, reason: str) -> None:
        """Ask the practice who fits."""
        self._reason = reason
        self._close_side()
        self.view.set_busy(True)
        practice = self._session.practice
        fresh = self._asked.latest("found")
        self._tasks.run(
            self,
            lambda: practice.find_patient(query, reason),
            done=fresh(self._show_found),
            failed=fresh(self._not_found),
        )

    def _show_found(self, found: Found) -> None:
        self.view.set_busy(False)
        self.view.show_found(found)

    def _not_found(self, error: UserFacingError) -> None:
        self.view.set_busy(False)
        if error.detail.get("gate") == "search_limit":
            zone, now = self._session.signed_in.practice.zone, self._session.clock.now()
            self.view.show_limit(refusal(error, zone, now))
        else:
            self.view.show_problem(error.sentence)

    # -- the side -----------------------------------------------------------------------------

    def _close_side(self) -> None:
        """Close what is open about a patient, and give the focus back to the list."""
        self._seen = None
        self._drop_side()
        if self.view.cards:
            self.view.cards[0].focus_first()

    def _drop_side(self) -> None:
        self._asked.forget("side")
        self._timer.stop()
        self._about = None
        self._told = None
        self._side.hide()
        self.override.forget()
        self.why.clear()
        self.glass.forget()
        self.called.forget()

    def _begin(self, patient: FoundPatient, widget: QWidget) -> None:
        self._seen = None
        self._drop_side()
        self._about = patient
        self._side.setCurrentWidget(widget)
        self._side.show()

    # -- why ----------------------------------------------------------------------------------

    def _begin_why(self, patient: FoundPatient) -> None:
        self._begin(patient, self.why)
        self.why.begin(patient.name)
        self.why.when.setFocus()
        self._explain(None)

    def _explain(self, at: datetime | None) -> None:
        patient = self._about
        if patient is None:
            return
        practice = self._session.practice
        fresh = self._asked.latest("side")
        self._end_override()
        self.why.set_busy(True)
        self._tasks.run(
            self,
            lambda: practice.why_not_called(patient.patient_id, at),
            done=fresh(self._show_why),
            failed=fresh(lambda error: self.why.show_problem(error.sentence)),
        )

    def _show_why(self, told: WhyNotCalled) -> None:
        self._told = told
        self.why.show_explanation(told)

    # -- a clinician's word -------------------------------------------------------------------

    def _begin_override(self) -> None:
        if self._told is not None and self._about is not None:
            self._side.setCurrentWidget(self.override)
            self.override.begin(self._about.name, self._told.overridable)

    def _end_override(self) -> None:
        self._side.setCurrentWidget(self.why)
        self.override.forget()

    def _leave_override(self) -> None:
        self._end_override()
        self.why.allow.setFocus()

    def _allow(self, checks: tuple[str, ...], reason: str, password: str, code: str) -> None:
        patient = self._about
        if patient is None:
            return
        session = self._session
        op_id = self._ops.setdefault((patient.patient_id, checks, reason), uuid7())
        fresh = self._asked.latest("side")
        self.override.set_busy(True)
        # Not the lane of the database: the login is another one, and takes its time.
        self._tasks.run(
            self,
            lambda: session.confirmed(
                password,
                lambda practice: practice.override_gate(patient.patient_id, checks, reason, op_id),
                code=code,
            ),
            done=fresh(self._allowed),
            failed=fresh(self._not_allowed),
            lane="net",
        )

    def _allowed(self, granted: GrantedOverride) -> None:
        self._ops.clear()
        zone, now = self._session.signed_in.practice.zone, self._session.clock.now()
        until = within(moment(granted.until, zone, now))
        words = self.tr("One call is allowed until %1.")
        self._messages.success(words.replace("%1", until), key="find_override")
        self._explain(None)
        self.changed.emit(frozenset({"queue"}))

    def _not_allowed(self, error: UserFacingError) -> None:
        self._refused(error, self.override)

    def _refused(self, error: UserFacingError, panel: EmergencyPanel | OverridePanel) -> None:
        """Ask for the code where that is what is missing: then the wish is still the same one."""
        if isinstance(error, SecondFactorNeededError) and error.enrolled:
            panel.ask_code()
        elif isinstance(error, WrongCodeError):
            panel.show_code_problem(error.sentence)
        else:
            if not isinstance(error, NotConnectedError):
                self._ops.clear()
            panel.show_problem(error.sentence)

    # -- who called back ----------------------------------------------------------------------

    def _begin_return(self, patient: FoundPatient) -> None:
        self._begin(patient, self.called)
        self.called.begin(patient.name, patient.patient_id)

    def _report(self, report: ReturnReport) -> None:
        practice = self._session.practice
        op_id = self._ops.setdefault(report, uuid7())
        fresh = self._asked.latest("side")
        self.called.set_busy(True)
        self._tasks.run(
            self,
            lambda: practice.report_return(report, op_id),
            done=fresh(self._reported),
            failed=fresh(self._not_reported),
        )

    def _reported(self, routed: ReturnRouted) -> None:
        self._ops.clear()
        self._close_side()
        self._messages.success(routed.sentence, key="find_return")
        self.changed.emit(frozenset({"queue", "callbacks", "returns", "team"}))

    def _not_reported(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._ops.clear()
        self.called.show_problem(error.sentence)

    def begin_link(self, caller: ReturnRow) -> None:
        """Look for an unknown caller, whom the returned call is then linked to."""
        self._caller = caller
        words = self.tr("Who called from %1? Find the patient, then press “This is the caller”.")
        number = caller.number or self.tr("a withheld number")
        self.view.set_linking(words.replace("%1", number))
        self.view.name.setFocus()

    def _link(self, patient: FoundPatient) -> None:
        caller = self._caller
        if caller is None:
            return
        practice = self._session.practice
        op_id = self._ops.setdefault((caller.id, patient.patient_id), uuid7())
        self._tasks.run(
            self,
            lambda: practice.link_return(caller.id, patient.patient_id, op_id),
            done=self._linked,
            failed=lambda error: self.view.show_problem(error.sentence),
        )

    def _linked(self, sentence: str) -> None:
        self._ops.clear()
        self._end_link()
        self._messages.success(sentence, key="find_return")
        self.changed.emit(frozenset({"queue", "callbacks", "returns", "team"}))

    def _end_link(self) -> None:
        self._caller = None
        self.view.set_linking("")

    # -- emergency ----------------------------------------------------------------------------

    def _begin_glass(self, patient: FoundPatient) -> None:
        self._begin(patient, self.glass)
        self.glass.begin(patient.name)
        self._look_again(patient.patient_id)

    def _look_again(self, patient_id: UUID) -> None:
        """The same half hour again, as long as it lasts."""
        glass_id, until = self._glasses.get(patient_id, (None, None))
        if glass_id is None or until is None or until <= self._session.clock.now():
            self._seen = None
            return
        practice = self._session.practice
        fresh = self._asked.latest("side")
        self._side.setCurrentWidget(self.glass)
        self._side.show()
        self._tasks.run(
            self,
            lambda: practice.emergency_chart(glass_id),
            done=fresh(self._show_glass),
            failed=fresh(self._glass_refused),
        )

    def _break_glass(self, reason: str, code: str) -> None:
        patient = self._about
        if patient is None:
            return
        session = self._session
        op_id = self._ops.setdefault((patient.patient_id, reason), uuid7())
        fresh = self._asked.latest("side")
        self.glass.set_busy(True)

        def open_chart() -> EmergencyChart:
            if code:
                session.show_code(code)
            return session.practice.break_glass(patient.patient_id, reason, op_id)

        self._tasks.run(
            self,
            open_chart,
            done=fresh(self._show_glass),
            failed=fresh(self._glass_refused),
        )

    def _glass_refused(self, error: UserFacingError) -> None:
        self._refused(error, self.glass)

    def _show_glass(self, seen: EmergencyChart) -> None:
        self._ops.clear()
        self._glasses[seen.patient_id] = (seen.id, seen.until)
        self._seen = seen.patient_id
        self.glass.show_chart(seen, self._session.clock.now())
        self._timer.start()

    def tick(self) -> None:
        """A second has passed."""
        self.glass.tick(self._session.clock.now())
        if self.glass.until is None:
            self._timer.stop()
            self._seen = None
