"""The Privacy page: what to look at today, incidents, who looked, and the accounting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QWidget

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.person import Role
from coordinator_app.domain.privacy import IncidentFilter
from ui.messages import confirm
from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.privacy_disclosures import DisclosuresView
from ui.views.privacy_incidents import IncidentsView
from ui.views.privacy_looks import LooksView
from ui.views.privacy_watch import WatchView
from ui.widgets.segmented import Segmented

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coordinator_app.domain.privacy import (
        AlertRow,
        GlassOpening,
        Incident,
        IncidentRow,
        NewAssessment,
        NewDisclosure,
        PrivacyWatch,
    )
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["PrivacyPage"]

_SLOW_MS = 300_000


class PrivacyPage(Page):
    """Everything for a supervisor, all of it to read for an auditor, incidents for a clinician."""

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; each part loads when it is first shown."""
        role = session.signed_in.person.role
        self._whole = role in {Role.SUPERVISOR, Role.AUDITOR}
        super().__init__(self.tr("Privacy"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        self._patient: UUID | None = None
        now, zone = session.clock.now, session.signed_in.practice.zone
        writes = role is Role.SUPERVISOR
        self.watch = WatchView(now, zone, may_write=writes)
        self.incidents = IncidentsView(now, zone, may_ask=self._whole)
        self.looks = LooksView(now, zone)
        self.disclosures = DisclosuresView(now, zone, may_write=writes)
        self._parts: dict[str, QWidget] = {"incidents": self.incidents}
        titles = [("incidents", self.tr("Incidents"))]
        if self._whole:
            self._parts = {
                "watch": self.watch,
                "incidents": self.incidents,
                "looks": self.looks,
                "disclosures": self.disclosures,
            }
            titles = [
                ("watch", self.tr("Watch")),
                *titles,
                ("looks", self.tr("Who looked")),
                ("disclosures", self.tr("Disclosures")),
            ]
        self.part = Segmented(titles, self.tr("Part of the privacy records"))
        self.part.setVisible(self._whole)
        self._stack = QStackedWidget()
        for view in (self.watch, self.incidents, self.looks, self.disclosures):
            self._stack.addWidget(view)
        self._stack.setCurrentWidget(self._parts[self.part.current])
        self.bar.addStretch(1)
        self.bar.addWidget(self.part)
        self.column.addWidget(self._stack, 1)
        self._connect()
        # Not with every hint: each loading is an entry in the audit.
        self._slow = QTimer(self, interval=_SLOW_MS)
        self._slow.timeout.connect(self._again)
        self._slow.start()

    def _connect(self) -> None:
        self.part.chosen.connect(self._on_part)
        self.watch.acknowledged.connect(self._acknowledge)
        self.watch.reviewed.connect(self._review)
        self.watch.incident_wanted.connect(self.open_incident)
        self.watch.patient_wanted.connect(self.open_patient)
        self.incidents.which_chosen.connect(lambda _: self.load())
        self.incidents.incident_chosen.connect(self._load_incident)
        card = self.incidents.card
        card.assessed.connect(self._assess)
        card.closed.connect(self._close_incident)
        card.looks_wanted.connect(self.open_patient)
        card.disclosures_wanted.connect(lambda who: self.open_patient(who, "disclosures"))
        self.looks.days_chosen.connect(self.load)
        self.disclosures.recorded.connect(self._record)

    # -- loading ------------------------------------------------------------------------------

    def shows(self) -> frozenset[str]:
        """Only what is said to be about it; time and its own writing do the rest."""
        return frozenset({"privacy"})

    def _again(self) -> None:
        if self.part.current in {"watch", "incidents"}:
            self.load()

    def refresh(self) -> None:
        """Load the part that is shown."""
        practice, patient = self._session.practice, self._patient
        match self.part.current:
            case "watch":
                self._ask("watch", practice.privacy_watch, self._show_watch)
            case "incidents":
                which = IncidentFilter(self.incidents.which.current)
                self._ask("incidents", lambda: practice.incidents(which), self._show_incidents)
            case "looks" if patient is not None:
                first, last = self.looks.days
                self._ask(
                    "looks",
                    lambda: practice.who_looked(patient, first, last),
                    self.looks.show_looks,
                )
            case "disclosures" if patient is not None:
                self._ask(
                    "disclosures",
                    lambda: practice.accounting(patient),
                    self.disclosures.show_accounting,
                )

    def _ask(self, key: str, ask: Callable[[], object], show: Callable[..., object]) -> None:
        fresh = self._asked.latest(key)
        self._tasks.run(self, ask, done=fresh(show), failed=fresh(self._failed))

    def _show_watch(self, watch: PrivacyWatch) -> None:
        waiting = len(watch.alerts) + len(watch.openings)
        self.part.set_count("watch", waiting or None)
        self.watch.show_watch(watch)

    def _show_incidents(self, rows: tuple[IncidentRow, ...]) -> None:
        if self.incidents.which.current == "open":
            self.part.set_count("incidents", len(rows) or None)
        self.incidents.show_rows(rows)

    def _load_incident(self, incident_id: UUID) -> None:
        practice = self._session.practice
        self._ask("incident", lambda: practice.incident(incident_id), self.incidents.show_incident)

    def forget(self) -> None:
        """Keep no patient."""
        for key in (*self._parts, "incident"):
            self._asked.forget(key)
        for view in (self.watch, self.incidents, self.looks, self.disclosures):
            view.conceal()

    def _failed(self, failure: UserFacingError) -> None:
        self._messages.error(failure.sentence, key="privacy")

    # -- going there --------------------------------------------------------------------------

    def open_patient(self, patient_id: UUID, part: str = "looks") -> None:
        """Show who looked at this patient, or the disclosures; the call log and others ask."""
        if not self._whole:
            return
        if patient_id != self._patient:
            self._patient = patient_id
            self.looks.conceal()
            self.disclosures.conceal()
        if self.part.current == part:
            self.load()
        else:
            self.part.choose(part)

    def open_incident(self, incident_id: UUID) -> None:
        """Show this incident."""
        self.incidents.choose(incident_id)
        if self.part.current != "incidents":
            self.part.choose("incidents")

    def _on_part(self, key: str) -> None:
        self._stack.setCurrentWidget(self._parts[key])
        self.load()

    # -- writing ------------------------------------------------------------------------------

    def _write(
        self,
        write: Callable[[], object],
        sentence: str = "",
        then: Callable[[], object] | None = None,
    ) -> None:
        """Write, say what the database said (or ``sentence``), and load again."""

        def done(said: object) -> None:
            self._messages.clear("privacy")
            words = said if isinstance(said, str) else sentence
            self._messages.success(words, key="privacy_written")
            if then is not None:
                then()
            self.incidents.ask_again()
            self.load()
            self.changed.emit(frozenset({"queue", "team", "call_log"}))

        self._tasks.run(self, write, done=done, failed=self._failed)

    def _acknowledge(self, row: AlertRow, note: str) -> None:
        practice = self._session.practice
        self._write(
            lambda: practice.acknowledge_alert(row.id, note),
            self.tr("The alert was looked at."),
            self.watch.alert_note.clear,
        )

    def _review(self, row: GlassOpening, justified: bool, note: str) -> None:
        practice = self._session.practice
        question = self.tr("Record that the opening was not justified?")
        detail = self.tr(
            "A privacy incident is opened with it, and its 60 days begin. A review is not changed."
        )
        if not justified and not confirm(self, question, detail, self.tr("Record")):
            return
        words = self.tr("Reviewed: justified.")
        if not justified:
            words = self.tr("Reviewed. A privacy incident was opened.")
        self._write(
            lambda: practice.review_break_glass(row.id, justified=justified, note=note),
            words,
            self.watch.review_note.clear,
        )

    def _assess(self, incident: Incident, given: NewAssessment) -> None:
        practice, op = self._session.practice, uuid7()
        self._write(lambda: practice.assess_incident(incident.id, given, op))

    def _close_incident(self, incident: Incident, resolution: str, choice: str) -> None:
        practice, op = self._session.practice, uuid7()
        self._write(lambda: practice.close_incident(incident.id, resolution, choice, op))

    def _record(self, given: NewDisclosure) -> None:
        practice, patient, op = self._session.practice, self._patient, uuid7()
        if patient is not None:
            self._write(
                lambda: practice.record_disclosure(patient, given, op),
                then=self.disclosures.clear_form,
            )
