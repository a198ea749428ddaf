"""One incident in full: what happened, the four factors, and how it is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from coordinator_app.domain.privacy import (
    CLOSING_CHOICES,
    INCIDENT_KINDS,
    INCIDENT_RESULTS,
    NewAssessment,
)
from ui.models.clock_text import local
from ui.models.words import long_day, moment
from ui.widgets.buttons import Button
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.form_column import DayEdit, FormColumn, LinesEdit
from ui.widgets.labels import Chip, SectionLabel, label
from ui.widgets.named import named
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from coordinator_app.domain.privacy import Assessment, Incident

__all__ = ["IncidentCard"]

_BACK = timedelta(days=60)


class IncidentCard(Card):
    """The card. Nothing is saved here.

    Signals:
        assessed: (Incident, NewAssessment) as it was filled in.
        closed: (Incident, resolution, choice).
        looks_wanted: (patient id) who looked should be shown.
        disclosures_wanted: (patient id) the accounting should be shown.
    """

    assessed = Signal(object, object)
    closed = Signal(object, str, str)
    looks_wanted = Signal(object)
    disclosures_wanted = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        may_ask: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty card; see IncidentsView for the arguments."""
        super().__init__("Incident", parent)
        self.title.setText(self.tr("Incident"))
        self.setAccessibleName(self.tr("Incident"))
        self._now = now
        self._zone = zone
        self._may_ask = may_ask
        self._incident: Incident | None = None
        self._chip = Chip()
        self.header.addStretch(1)
        self.header.addWidget(self._chip)
        self._form = FormColumn(self.tr("Incident in full"))
        self._nothing = label(self.tr("Choose an incident to see it in full."), "muted")
        self._nothing.setWordWrap(True)
        self._form.add(self._nothing)
        self._build_facts()
        self._assess = self._build_assessment()
        self._close = self._build_closing()
        self.body.addWidget(self._form, 1)
        self.conceal()

    # -- building -----------------------------------------------------------------------------

    def _build_facts(self) -> None:
        column = self._form
        self.patient = column.fact(self.tr("Patient"))
        self._note = column.fact(self.tr("What was written down"))
        self._call = column.fact(self.tr("Call"))
        self._clock = column.fact(self.tr("Known since, to be settled by"))
        self._history = column.fact(self.tr("Assessed"))
        self._resolution = column.fact(self.tr("Closed"))
        self.looks = named(
            Button(self.tr("Who looked"), icon="eye", size="small"), "incident_looks"
        )
        self.looks.clicked.connect(lambda: self._ask(self.looks_wanted.emit))
        self.disclosures = named(
            Button(self.tr("Disclosures"), icon="mail", size="small"), "incident_disclosures"
        )
        self.disclosures.clicked.connect(lambda: self._ask(self.disclosures_wanted.emit))
        self._asking = column.row(self.looks, self.disclosures)

    def _build_assessment(self) -> list[QWidget]:
        column = self._form
        heading = column.add(SectionLabel(self.tr("The four factors")))
        self.nature = LinesEdit("factor_nature", self.tr("What it was about"))
        self.recipient = LinesEdit("factor_recipient", self.tr("Who got to know it"), 1)
        self.viewed = LinesEdit("factor_viewed", self.tr("Whether it was really read or heard"), 1)
        self.mitigation = LinesEdit("factor_mitigation", self.tr("What lessened the risk"))
        fields = [
            column.field(edit.accessibleName(), edit)
            for edit in (self.nature, self.recipient, self.viewed, self.mitigation)
        ]
        self.disclosed = named(
            QCheckBox(self.tr("Somebody outside got to know it")), "factor_disclosed"
        )
        self.disclosed.setToolTip(self.tr("It then goes into the patient’s accounting."))
        self.result = named(self._combo(self.tr("What it comes to"), INCIDENT_RESULTS), "result")
        self.discovered = DayEdit("discovered", self.tr("Known since"))
        self.told = named(QCheckBox(self.tr("The patient was told on")), "told")
        self.told_on = DayEdit("told_on", self.tr("Day the patient was told"))
        self.told.toggled.connect(self.told_on.setEnabled)
        self.record = named(Button(self.tr("Record assessment"), "primary"), "assess")
        self.record.clicked.connect(self._on_assess)
        column.add(self.disclosed)
        return [
            heading,
            *fields,
            self.disclosed,
            column.field(self.tr("What it comes to"), self.result),
            column.field(self.tr("Known since"), self.discovered),
            column.row(self.told, self.told_on),
            column.row(self.record),
        ]

    def _build_closing(self) -> list[QWidget]:
        column = self._form
        heading = column.add(SectionLabel(self.tr("Close it")))
        self.resolution = LinesEdit("resolution", self.tr("How it was settled"))
        self.choice = named(self._combo(self.tr("What happens now"), {}), "closing_choice")
        self.close_ = named(Button(self.tr("Close the incident")), "close_incident")
        self.close_.clicked.connect(self._on_close)
        return [
            heading,
            column.field(self.tr("How it was settled"), self.resolution),
            column.field(self.tr("What happens now"), self.choice),
            column.row(self.close_),
        ]

    def _combo(self, name: str, items: Mapping[str, str]) -> ElideCombo:
        combo = ElideCombo(name, name)
        combo.setPlaceholderText(self.tr("Choose…"))
        self._fill(combo, items)
        return combo

    @staticmethod
    def _fill(combo: ElideCombo, items: Mapping[str, str]) -> None:
        combo.clear()
        for code, words in items.items():
            combo.addItem(words, code)
        combo.setCurrentIndex(-1)

    # -- data in ------------------------------------------------------------------------------

    def show_incident(self, incident: Incident) -> None:
        """Show one; what is being typed about the same one stays."""
        same = self._incident is not None and self._incident.id == incident.id
        self._incident = incident
        kind, look = INCIDENT_KINDS.get(incident.kind, (incident.kind, "neutral"))
        self._chip.set(kind, look)  # type: ignore[arg-type]  # kinds of incidents are chip kinds
        last = incident.assessments[0] if incident.assessments else None
        self._say_facts(incident)
        if not same:
            self._clear_inputs()
            self._fill(self.choice, CLOSING_CHOICES.get(incident.kind, CLOSING_CHOICES[""]))
            self._offer(last, incident)
        self._show(incident)

    def _say_facts(self, incident: Incident) -> None:
        call = incident.call
        words = self.tr("Did not come from a call")
        if call is not None:
            parts = (moment(call.at, self._zone, self._now()), call.coordinator, call.outcome)
            words = " · ".join(parts)
        clock = f"{long_day(incident.discovered_on)} – {long_day(incident.due_on)}"
        self.patient.setText(incident.patient)
        self._note.setText(incident.note)
        self._call.setText(words)
        self._clock.setText(clock)
        self._history.setText("\n\n".join(self._assessment(one) for one in incident.assessments))
        self._resolution.setText("")
        if incident.closed_at is not None:
            at = moment(incident.closed_at, self._zone, self._now())
            choices = CLOSING_CHOICES.get(incident.kind, CLOSING_CHOICES[""])
            done = choices.get(incident.choice or "", "")
            self._resolution.setText(f"{at} · {incident.closed_by} · {done}\n{incident.resolution}")

    def _assessment(self, one: Assessment) -> str:
        result = INCIDENT_RESULTS.get(one.result, one.result)
        head = f"{result} · {one.by} · {moment(one.at, self._zone, self._now())}"
        lines = [head, one.nature, one.recipient, one.viewed, one.mitigation]
        if one.notified_on is not None:
            lines.append(
                self.tr("The patient was told on %1.").replace("%1", long_day(one.notified_on))
            )
        return "\n".join(lines)

    def _offer(self, last: Assessment | None, incident: Incident) -> None:
        today = local(self._now(), self._zone).date()
        known = incident.discovered_on
        # The database asks for no more: not before the call, and the day only moves back.
        first = local(incident.call.at, self._zone).date() if incident.call else known - _BACK
        self.discovered.set_span(min(first, known), known)
        self.discovered.set_day(known)
        self.told_on.set_span(min(first, known), today)
        self.told_on.set_day(today)
        self.told_on.setEnabled(False)
        if last is not None:
            self.nature.setPlainText(last.nature)
            self.recipient.setPlainText(last.recipient)
            self.viewed.setPlainText(last.viewed)
            self.mitigation.setPlainText(last.mitigation)
            self.disclosed.setChecked(last.disclosed)
            self.result.setCurrentIndex(self.result.findData(last.result))
            if last.notified_on is not None:
                self.told.setChecked(True)
                self.told_on.set_day(last.notified_on)

    def _show(self, incident: Incident | None) -> None:
        self._nothing.setVisible(incident is None)
        for fact in (self.patient, self._note, self._call, self._clock):
            self._form.set_shown(fact, incident is not None)
        for fact in (self._history, self._resolution):
            self._form.set_shown(fact, bool(fact.text()))
        self._asking.setVisible(incident is not None and self._may_ask)
        for widget in self._assess:
            widget.setVisible(incident is not None and incident.may_assess)
        for widget in self._close:
            widget.setVisible(incident is not None and incident.may_close)

    def conceal(self) -> None:
        """Keep no patient, and nothing that was typed."""
        self._incident = None
        self._chip.set("")
        for fact in (self.patient, self._note, self._call, self._clock):
            fact.setText("")
        self._history.setText("")
        self._resolution.setText("")
        self._clear_inputs()
        self._show(None)

    def _clear_inputs(self) -> None:
        for edit in (self.nature, self.recipient, self.viewed, self.mitigation, self.resolution):
            edit.clear()
        self.disclosed.setChecked(False)
        self.told.setChecked(False)
        self.told_on.setEnabled(False)
        self.result.setCurrentIndex(-1)
        self.choice.setCurrentIndex(-1)

    # -- actions ------------------------------------------------------------------------------

    def _ask(self, ask: Callable[[object], None]) -> None:
        if self._incident is not None:
            ask(self._incident.patient_id)

    def _on_assess(self) -> None:
        incident = self._incident
        if incident is None:
            return
        known = self.discovered.day
        given = NewAssessment(
            nature=self.nature.words,
            recipient=self.recipient.words,
            viewed=self.viewed.words,
            mitigation=self.mitigation.words,
            disclosed=self.disclosed.isChecked(),
            result=self.result.currentData() or "",
            discovered_on=known if known < incident.discovered_on else None,
            notified_on=self.told_on.day if self.told.isChecked() else None,
        )
        self.assessed.emit(incident, given)

    def _on_close(self) -> None:
        if self._incident is not None:
            choice = self.choice.currentData() or ""
            self.closed.emit(self._incident, self.resolution.words, choice)
