"""Somebody who was looked up: who holds them, why they are not here, what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.find import FoundPatient, WhyHere
from ui.messages import Level
from ui.models.words import moment, within
from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.buttons import Button
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, IconTile, rule

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["FoundCard", "Powers"]


@dataclass(frozen=True, slots=True)
class Powers:
    """What a person's role may do with somebody who was found."""

    opens: bool
    explains: bool
    breaks_glass: bool
    overrides: bool
    reports: bool = False  # tells of patients who call the office


class FoundCard(Card):
    """First name and initial, birth year and two digits: to be sure, not to read a chart.

    Signals:
        open_requested: (entry id) this patient should be claimed.
        why_requested: the FoundPatient whose calls should be explained.
        glass_requested: the FoundPatient whose chart is needed in an emergency.
        return_requested: the FoundPatient who called back.
        link_requested: the FoundPatient who is the unknown caller.
    """

    return_requested = Signal(object)
    link_requested = Signal(object)

    open_requested = Signal(object)
    why_requested = Signal(object)
    glass_requested = Signal(object)

    def __init__(self, patient: FoundPatient, powers: Powers, now: datetime, zone: str) -> None:
        """Show a patient; ``now`` and ``zone`` are the practice's."""
        super().__init__()
        self.patient = patient
        self._now, self._zone = now, zone
        self.setAccessibleName(patient.name)
        self.buttons: list[Button] = []
        self._rows: list[QHBoxLayout] = []
        self.body.addLayout(self._head(patient))
        self.holder = named(Notice(), "found_holder")
        self.body.addWidget(self.holder)
        self._show_holder(patient)
        for place in patient.why:
            self.body.addWidget(rule())
            self.body.addLayout(self._place(place, powers))
        self.body.addWidget(rule())
        self.last = label(self._last_call(patient), "small")
        self.last.setWordWrap(True)
        self.body.addLayout(self._line("history", self.last))
        self.link = named(Button(self.tr("This is the caller"), "primary", "phone"), "found_link")
        self.link.clicked.connect(lambda *_: self.link_requested.emit(patient))
        self.link.hide()
        self.body.addWidget(self.link)
        if powers.explains or powers.breaks_glass or powers.reports:
            self.body.addWidget(self._actions(powers))
        follow_theme(self._fit)

    def _fit(self) -> None:
        for row in self._rows:
            row.setSpacing(active().px(10))

    def _head(self, patient: FoundPatient) -> QHBoxLayout:
        about = []
        if patient.birth_year is not None:
            about.append(self.tr("born %1").replace("%1", str(patient.birth_year)))
        if patient.number_ending:
            about.append(self.tr("number ending %1").replace("%1", patient.number_ending))
        else:
            about.append(self.tr("no number that may be dialled"))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Elide(patient.name, "h3"))
        words.addWidget(Elide(" · ".join(about), "small"))
        row = QHBoxLayout()
        row.addWidget(Avatar(patient.name, 36))
        row.addLayout(words, 1)
        self._rows.append(row)
        return row

    def _show_holder(self, patient: FoundPatient) -> None:
        """Whoever has the patient open takes the caller: said before everything else."""
        held = next((place for place in patient.why if place.holder), None)
        if held is None:
            return
        if held.can_open:
            self.holder.say(self.tr("You have this patient open."), Level.INFO, "phone-call")
            return
        words = self.tr("%1 has this patient open. Put the caller through to %1.")
        text = words.replace("%1", held.holder or "")
        self.holder.say(text, Level.WARNING, "phone-call")

    def _line(self, icon: str, words: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(IconTile(icon, "neutral", tile=0), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self._rows.append(row)
        return row

    def _place(self, place: WhyHere, powers: Powers) -> QHBoxLayout:
        said = QVBoxLayout()
        said.setSpacing(1)
        if place.campaign:
            said.addWidget(Elide(place.campaign, "strong"))
        sentence = named(label(place.sentence), "found_sentence")
        sentence.setWordWrap(True)
        said.addWidget(sentence)
        row = QHBoxLayout()
        row.addLayout(said, 1)
        if powers.opens and place.can_open and place.entry_id is not None:
            button = named(Button(self.tr("Open"), "primary", "phone-call"), "found_open")
            words = self.tr("Open %1, %2").replace("%1", self.patient.name)
            button.setAccessibleName(words.replace("%2", place.campaign))
            button.clicked.connect(partial(self._open, place.entry_id))
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            self.buttons.append(button)
        self._rows.append(row)
        return row

    def _open(self, entry_id: object, *_: object) -> None:
        self.open_requested.emit(entry_id)

    def _last_call(self, patient: FoundPatient) -> str:
        call = patient.last_call
        if call is None:
            return self.tr("Not called before.")
        words = self.tr("Last call %1: %2, by %3.")
        at = within(moment(call.at, self._zone, self._now))
        outcome = call.outcome[:1].lower() + call.outcome[1:]
        if call.left:
            outcome = f"{outcome} ({call.left})"
        return words.replace("%1", at).replace("%2", outcome).replace("%3", call.by)

    def _actions(self, powers: Powers) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder, spacing=8)
        if powers.reports:
            text = self.tr("Called back…")
            back = named(Button(text, icon="phone", size="small"), "found_return")
            back.setAccessibleName(f"{text} {self.patient.name}")
            back.clicked.connect(lambda *_: self.return_requested.emit(self.patient))
            flow.addWidget(back)
            self.buttons.append(back)
        if powers.explains:
            why = named(Button(self.tr("Why?"), icon="circle-help", size="small"), "found_why")
            words = self.tr("Why %1 is, or is not, called")
            why.setAccessibleName(words.replace("%1", self.patient.name))
            why.clicked.connect(lambda *_: self.why_requested.emit(self.patient))
            flow.addWidget(why)
            self.buttons.append(why)
        if powers.breaks_glass:
            text = self.tr("Emergency access")
            glass = named(Button(text, icon="shield-alert", size="small"), "found_glass")
            glass.setAccessibleName(f"{text}: {self.patient.name}")
            glass.clicked.connect(lambda *_: self.glass_requested.emit(self.patient))
            flow.addWidget(glass)
            self.buttons.append(glass)
        return holder

    def set_linking(self, *, linking: bool) -> None:
        """Whether an unknown caller is looked for."""
        self.link.setVisible(linking)

    def focus_first(self) -> None:
        """Go to the first thing that can be done."""
        if self.buttons:
            self.buttons[0].setFocus()
