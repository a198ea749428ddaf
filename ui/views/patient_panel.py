"""The claimed patient: who they are, what they allow, why we call, and the opened chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.patient import (
    Card,
    Chart,
    Phone,
    RevealField,
    VoicemailLevel,
)
from ui.models.clock_text import clock_in
from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.chart_tabs import ChartTabs
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.masked_field import MaskedField
from ui.widgets.painting import follow_theme
from ui.widgets.phone_picker import PhonePicker
from ui.widgets.surfaces import EmptyState, IconTile, Inset

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PatientPanel"]

_MOST_CHIPS = 4


class PatientPanel(QFrame):
    """Without a card it says what to do; with a locked chart no chart widget holds any text.

    Signals:
        reveal_wanted: a RevealField whose eye was pressed.
        phone_chosen: the Phone that Dial would ring, or None.
        next_wanted: the button of the empty state.
    """

    reveal_wanted = Signal(object)
    phone_chosen = Signal(object)
    next_wanted = Signal()

    def __init__(self, zone: str, parent: QWidget | None = None) -> None:
        """Make an empty panel; ``zone`` is the practice's."""
        super().__init__(parent)
        self.setObjectName("patient_panel")
        self.setProperty("card", "true")
        self.setAccessibleName(self.tr("Patient"))
        self._card: Card | None = None
        self._narrow = False
        self._narrowest = False
        self.avatar = Avatar("", 44)
        self.name = Elide("", "h1")
        self.chips = [Chip("") for _ in range(_MOST_CHIPS)]
        self.age = label("", "muted")
        self.clock = Elide("", "muted")
        self.birth_date = MaskedField(self.tr("DOB"), RevealField.BIRTH_DATE)
        self.mrn = MaskedField(self.tr("MRN"), RevealField.MRN)
        self.practitioner = Elide("", "muted")
        self.permissions = Inset()
        self.phones = PhonePicker()
        self.plan = Elide("", "small")
        self.note = Elide("", "small")
        self.note.setProperty("tone", "warning")
        self.tabs = ChartTabs(zone)
        self.empty = EmptyState("phone-call", "", "")
        self._build()
        for field in (self.birth_date, self.mrn):
            field.reveal_wanted.connect(self.reveal_wanted)
        self.phones.chosen.connect(self.phone_chosen)
        self.empty.acted.connect(self.next_wanted)
        self.clear()
        follow_theme(self._rescale)

    def _build(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.name)
        for chip in self.chips:
            first.addWidget(chip)
        first.addStretch(1)
        first.addWidget(self.phones)
        second = QHBoxLayout()
        for widget in (self.age, self.birth_date, self.mrn, self.practitioner):
            second.addWidget(widget)
        second.addStretch(1)
        second.addWidget(self.clock)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(first)
        words.addLayout(second)
        self._head = QHBoxLayout()
        self._head.addWidget(self.avatar)
        self._head.addLayout(words, 1)
        self._lines = (first, second)
        self.tabs.setCornerWidget(self.plan)
        self._open = QWidget()
        self._column = QVBoxLayout(self._open)
        self._column.addLayout(self._head)
        self._column.addWidget(self.permissions)
        self._column.addWidget(self.note)
        self._column.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._open)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(self._stack)

    def _rescale(self) -> None:
        px = active().px
        self._column.setContentsMargins(px(15), px(12), px(15), px(8))
        self._column.setSpacing(px(8))
        self._head.setSpacing(px(12))
        for line in self._lines:
            line.setSpacing(px(8))
        self.plan.setContentsMargins(0, 0, 0, px(8))
        self.name.setMinimumWidth(px(120))

    def set_tier(self, *, narrow: bool, narrowest: bool) -> None:
        """Drop what matters least at small widths (ui.md section 1)."""
        self._narrow = narrow
        self.tabs.show_recent_beside(not narrowest)
        self.practitioner.setVisible(not narrow)
        self.clock.setVisible(not narrowest)  # the queue's row has it, too
        self.avatar.setVisible(not narrowest)
        self.phones.set_narrow(narrow=narrowest)
        self._narrowest = narrowest
        self.plan.setVisible(not narrowest)
        if self._card is not None:
            self._show_chips(self._card)

    # -- what is shown ------------------------------------------------------------------------

    @property
    def phone(self) -> Phone | None:
        """The Phone that Dial would ring, or None."""
        return self.phones.phone

    def clear(self, why: str = "", title: str = "") -> None:
        """Forget the patient; say why there is none."""
        self._card = None
        for one in (self.name, self.age, self.practitioner, self.clock, self.plan, self.note):
            one.setText("")
        self.avatar.set_name("")
        for chip in self.chips:
            chip.set("")
        self._clear_permissions()
        self.tabs.recent.clear()
        self._clear_chart()
        self.phones.set_phones(())
        self.empty.set(
            "phone-call",
            title or self.tr("No patient is open"),
            why or self.tr("Open one from the queue, or take the next."),
            self.tr("Take the next patient"),
        )
        self._stack.setCurrentWidget(self.empty)

    def show_card(self, card: Card) -> None:
        """Show a patient; the tab stays when it is the same one."""
        other = self._card is None or self._card.entry_id != card.entry_id
        self._card = card
        self.avatar.set_name(card.short_name)  # as in the call bar: the colour goes by it
        self.name.setText(card.name)
        self._show_chips(card)
        self._show_permissions(card)
        self.phones.set_phones(card.phones)
        # Beside the tabs is room for the number; the last contact stands below it anyway.
        self.plan.setText(card.plan.partition(". ")[0])
        self.plan.setToolTip(card.plan)
        self.plan.setAccessibleName(card.plan)
        note = " ".join(part for part in (card.permissions.note, card.callback_note) if part)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.set_now(card.now)
        self.tabs.set_recent(card.recent_contact)
        if other:
            self.tabs.setCurrentIndex(0)
        if card.chart is None:
            self._lock_chart(card)
        else:
            self._show_chart(card.chart)
        self._stack.setCurrentWidget(self._open)

    def set_now(self, now: datetime) -> None:
        """Move the patient's clock."""
        if self._card is not None:
            self.clock.setText(clock_in(now, self._card.zone))

    def reveal(self, field: RevealField, value: str) -> None:
        """Show a revealed value for some seconds."""
        target = {RevealField.BIRTH_DATE: self.birth_date, RevealField.MRN: self.mrn}.get(field)
        if target is not None and self._card is not None and self._card.chart is not None:
            target.show_value(value)

    def _show_chips(self, card: Card) -> None:
        wanted: list[tuple[str, str]] = []
        if card.chart is not None:  # chips speak of the chart
            # "ES" is said in words below.
            wanted += [(chip.text, chip.kind) for chip in card.chips if chip.text != "ES"]
        if card.language.split("-")[0] == "es":
            words = self.tr("Spanish") if self._narrow else self.tr("Prefers Spanish")
            wanted.append((words, "info"))
        if card.callback_note and not any(text.startswith("Callback") for text, _ in wanted):
            wanted.append((self.tr("Callback"), "warning"))
        most = 1 if self._narrowest else 2 if self._narrow else _MOST_CHIPS
        for number, chip in enumerate(self.chips):
            if number < min(most, len(wanted)):
                chip.set(*wanted[number])  # type: ignore[arg-type]  # kinds are the theme's
            else:
                chip.set("")

    def _clear_permissions(self) -> None:
        row = self.permissions.row
        while (item := row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()

    def _show_permissions(self, card: Card) -> None:
        self._clear_permissions()
        given = card.permissions
        voicemail = {
            VoicemailLevel.NONE: self.tr("No voicemail"),
            VoicemailLevel.NAME_AND_NUMBER: self.tr("Voicemail: name + number"),
            VoicemailLevel.DETAILED: self.tr("Voicemail: detailed"),
        }[given.voicemail]
        words = [
            (given.calls, self.tr("Calls"), "check"),
            (given.voicemail is not VoicemailLevel.NONE, voicemail, "voicemail"),
            (given.text, self.tr("Text"), "check"),
            (given.email, self.tr("Email"), "check"),
        ]
        row = self.permissions.row
        for allowed, text, icon in words:
            kind = "success" if allowed else "danger"
            if icon == "voicemail" and allowed:
                kind = "warning"
            row.addWidget(IconTile(icon if allowed else "x", kind, tile=0, size=15))
            said = Elide(text, "small")
            state = self.tr("allowed") if allowed else self.tr("not allowed")
            said.setAccessibleName(f"{text}: {state}")
            row.addWidget(said)
        row.addStretch(1)
        if given.best_time:
            row.addWidget(IconTile("clock", "neutral", tile=0, size=15))
            row.addWidget(Elide(self.tr("Best %1").replace("%1", given.best_time), "small"))

    # -- the chart ----------------------------------------------------------------------------

    def _clear_chart(self) -> None:
        """No chart widget keeps any text (compliance.md T19)."""
        self.age.setText("")
        self.practitioner.setText("")
        self.birth_date.set_masked("")
        self.mrn.set_masked("")
        self.tabs.clear_chart()

    def _lock_chart(self, card: Card) -> None:
        self._clear_chart()
        if card.identity_tries_left <= 0:
            title = self.tr("The chart stays closed")
            why = self.tr(
                "Identity was not verified. Leave only your name and the office's number, "
                "then choose “Not verified”."
            )
        else:
            title = self.tr("Verify identity to open the chart")
            why = self.tr(
                "Ask for two identifiers in the script and tick them. "
                "Until then only name and phone are shown."
            )
        self.tabs.lock_chart(title, why)

    def _show_chart(self, chart: Chart) -> None:
        age = str(chart.age) if chart.age is not None else ""
        self.age.setText(" · ".join(part for part in (age, chart.gender) if part))
        self.birth_date.set_masked(chart.birth_date_masked)
        self.mrn.set_masked(chart.mrn_masked)
        words = self.tr("PCP %1").replace("%1", chart.practitioner)
        self.practitioner.setText(words if chart.practitioner else "")
        self.tabs.show_chart(chart)
