"""Whether the practice records calls, for how long, and in which state each person works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit

from ui.messages import Level
from ui.models.words import moment, within
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import NumberEdit
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from PySide6.QtWidgets import QLabel, QWidget

    from coordinator_app.domain.recording import RecordingSettings, WorkPlace

__all__ = ["RecordingSettingsView"]

_LEAST_DAYS, _MOST_DAYS = 7, 3650  # 0020_recording.sql


class RecordingSettingsView(Card):
    """A card of the settings.

    Signals:
        changed: (enabled, days, protected) what the practice should do from now on.
        state_set: (person id, state) where somebody works; "" when it is not known.
    """

    changed = Signal(bool, int, bool)
    state_set = Signal(object, str)

    def __init__(
        self, now: Callable[[], datetime], zone: str, parent: QWidget | None = None
    ) -> None:
        """Make the card; it says nothing until it is shown what is set."""
        super().__init__("Recording of calls", parent)
        self.title.setText(self.tr("Recording of calls"))
        self.setAccessibleName(self.tr("Recording of calls"))
        self.setObjectName("recording_settings")
        self._now = now
        self._zone = zone
        self._settings: RecordingSettings | None = None
        self.state = label("", "strong")
        self.how = label("", "small")
        self.agreement = label("", "small")
        self.protected = named(
            QCheckBox(self.tr("At the carrier recordings open only with a login: I have looked")),
            "recording_protected",
        )
        words = self.tr("Days that recordings are kept")
        self.days = NumberEdit(words, _LEAST_DAYS, _MOST_DAYS, suffix=self.tr(" days"))
        self.days.setObjectName("recording_days")
        self.turn = named(Button("", "primary"), "recording_turn")
        self.save = named(Button(self.tr("Change the days")), "recording_save_days")
        self.last = label("", "small")
        self.states = label("", "small")
        self.notice = named(Notice(), "recording_settings_notice")
        for text in (self.state, self.how, self.agreement, self.last, self.states):
            text.setWordWrap(True)
        self.how.setText(
            self.tr(
                "Each call begins unrecorded. The coordinator says that it would be recorded; only "
                "a clear yes of the patient starts it, in every state. Supervisors and clinicians "
                "can listen in the call log; every time is logged."
            )
        )
        days = QHBoxLayout()
        name = label(self.tr("Kept for"))
        name.setBuddy(self.days)
        days.addWidget(name)
        days.addWidget(self.days)
        days.addWidget(self.save)
        days.addStretch(1)
        days.addWidget(self.turn)
        self._people = QGridLayout()
        self._edits: dict[UUID, QLineEdit] = {}
        self._names: list[QLabel] = []
        people = label(self.tr("In which state each person works"), "caption")
        about = label(
            self.tr("The law of either end counts. Where it is not known, the strictest is taken."),
            "small",
        )
        about.setWordWrap(True)
        for text in (self.state, self.how, self.agreement):
            self.body.addWidget(text)
        self.body.addWidget(self.protected)
        self.body.addLayout(days)
        self.body.addWidget(self.notice)
        for text in (self.last, self.states, people, about):
            self.body.addWidget(text)
        self.body.addLayout(self._people)
        self.turn.clicked.connect(self._turn)
        self.save.clicked.connect(self._save_days)
        self.protected.toggled.connect(lambda _: self._offer())
        self.days.valueChanged.connect(lambda _: self._offer())
        self._offer()
        follow_theme(self._space)

    # -- what is shown ------------------------------------------------------------------------

    def show_settings(self, found: RecordingSettings) -> None:
        """Show what is set."""
        self._settings = found
        self.state.setText(
            self.tr("This practice records calls with the patient’s yes.")
            if found.enabled
            else self.tr("This practice records no calls.")
        )
        if found.practice_line:
            agreement = self.tr("Practice line: no carrier is behind it, no agreement is needed.")
        elif found.agreement_until is None:
            agreement = self.tr(
                "No agreement with the telephone carrier is on file. The administrator records it "
                "with “coordinator-admin agreement sign carrier”."
            )
        else:
            until = f"{found.agreement_until:%b} {found.agreement_until.day}"
            agreement = self.tr("The carrier’s agreement is on file, until %1.").replace(
                "%1", f"{until}, {found.agreement_until.year}"
            )
        self.agreement.setText(agreement)
        self.protected.setChecked(found.protected_at_carrier)
        self.days.setValue(found.keep_days)
        self.turn.set_label(
            self.tr("Stop recording calls") if found.enabled else self.tr("Record calls…")
        )
        self.last.setText(self._last_change(found))
        self.last.setVisible(bool(found.changes))
        firm = ", ".join(s.name for s in found.states if not s.disputed)
        unsure = ", ".join(s.name for s in found.states if s.disputed)
        words = self.tr("Everybody has to agree by law in: %1.").replace("%1", firm)
        if unsure:
            words += " " + self.tr("Disputed, taken the same: %1.").replace("%1", unsure)
        self.states.setText(words)
        self.states.setToolTip("\n".join(f"{s.name}: {s.citation}" for s in found.states))
        self._show_people(found.people)
        self._offer()

    def tell(self, sentence: str, level: Level = Level.ERROR) -> None:
        """Say what was refused, or what came of it."""
        self.notice.say(sentence, level, "check" if level is Level.SUCCESS else "circle-alert")

    def _last_change(self, found: RecordingSettings) -> str:
        if not found.changes:
            return ""
        change = found.changes[0]
        did = self.tr("turned it on") if change.enabled else self.tr("turned it off")
        at = within(moment(change.at, self._zone, self._now()))
        words = self.tr("Last change: %1 %2, %3; kept for %4 days.")
        for mark, value in (
            ("%1", change.by),
            ("%2", did),
            ("%3", at),
            ("%4", str(change.keep_days)),
        ):
            words = words.replace(mark, value)
        kept = self.tr("Recordings kept now: %1.").replace("%1", str(found.kept))
        return f"{words} {kept}"

    def _show_people(self, people: tuple[WorkPlace, ...]) -> None:
        if [p.id for p in people] != list(self._edits):
            for old in (*self._edits.values(), *self._names):
                self._people.removeWidget(old)
                old.deleteLater()
            self._edits, self._names = {}, []
            for number, person in enumerate(people):
                self._add(number, person)
            self._people.setColumnStretch(4, 1)
        for person in people:
            edit = self._edits[person.id]
            if not edit.hasFocus():
                edit.setText(person.work_state)

    def _add(self, number: int, person: WorkPlace) -> None:
        edit = named(
            QLineEdit(),
            f"work_state.{number}",
            self.tr("State where %1 works").replace("%1", person.name),
        )
        edit.setMaxLength(2)
        edit.setPlaceholderText(self.tr("State"))
        edit.setFixedWidth(active().px(64))
        edit.editingFinished.connect(lambda: self._set_state(person.id))
        name = label(person.name, parent=self)
        name.setBuddy(edit)
        row, side = divmod(number, 2)
        self._people.addWidget(name, row, side * 2)
        self._people.addWidget(edit, row, side * 2 + 1)
        self._edits[person.id] = edit
        self._names.append(name)

    # -- what is pressed ----------------------------------------------------------------------

    def _offer(self) -> None:
        found = self._settings
        on = found is not None and found.enabled
        self.turn.setEnabled(found is not None and (on or self.protected.isChecked()))
        self.save.setVisible(on)
        self.save.setEnabled(found is not None and self.days.value() != found.keep_days)

    def _turn(self) -> None:
        on = self._settings is not None and self._settings.enabled
        self.changed.emit(not on, self.days.value(), self.protected.isChecked())

    def _save_days(self) -> None:
        self.changed.emit(True, self.days.value(), self.protected.isChecked())

    def _set_state(self, person_id: UUID) -> None:
        found = self._settings
        state = self._edits[person_id].text().strip().upper()
        before = next((p for p in found.people if p.id == person_id), None) if found else None
        if before is not None and state != before.work_state:
            self.state_set.emit(person_id, state)

    def _space(self) -> None:
        px = active().px
        self._people.setHorizontalSpacing(px(8))
        self._people.setVerticalSpacing(px(4))
