"""Wrap-up: the held time, what the outcome needs, the note, and the one button that goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from coordinator_app.domain.outcome import Detail, Outcome, OutcomeDetails
from ui.models.clock_text import when
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.clocks import Countdown
from ui.widgets.edits import set_invalid
from ui.widgets.labels import Chip, Elide, KeyCap, label
from ui.widgets.outcome_fields import OutcomeFields
from ui.widgets.painting import follow_theme, set_kind
from ui.widgets.skip_box import SkipBox
from ui.widgets.surfaces import Card, IconTile, Inset

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from PySide6.QtGui import QResizeEvent

    from coordinator_app.domain.schedule import Appointment, SlotHold
    from ui.shortcuts import Keymap

__all__ = ["WrapPanel"]

_MOST_LETTERS = 2_000
_WIDE = 345


class WrapPanel(Card):
    """Keeps what is typed until it is confirmed; never clears itself.

    Signals:
        changed: a detail or the note is another one.
        save_requested: the primary button or its key.
        skipped: the SkipReason.
        release_requested: let the held time go.
        book_requested: book the held time now, while the patient is on the line.
        hold_ran_out: the five minutes are over.
    """

    changed = Signal()
    save_requested = Signal()
    skipped = Signal(object)
    release_requested = Signal()
    book_requested = Signal()
    hold_ran_out = Signal()

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        keymap: Keymap,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty panel.

        Args:
            now: the practice's clock.
            zone: the practice's zone; appointments are told in it.
            keymap: for keys and tooltips.
            parent: Qt parent.
        """
        super().__init__(QCoreApplication.translate("WrapPanel", "Wrap-up"), parent)
        self.setObjectName("wrap_panel")
        self._zone = zone
        self._hold: SlotHold | None = None
        self._may_text = False
        self._loading = False
        self._low = False
        self._appointment: UUID | None = None
        self.slot = Inset()
        self.slot_title = Elide("", "strong")
        self.slot_about = Elide("", "small")
        self.countdown = Countdown(now, self.tr("Held %1"), self.tr("Hold ran out"))
        self.release = IconButton("x", self.tr("Let the held time go"), size=14, small=True)
        self.slot_tile = IconTile("calendar-check", "primary")
        self.booked = Chip(self.tr("Booked"), "success")
        self.booked.setObjectName("booked")
        self.book = Button(self.tr("Book now"), size="small")
        self.book.setObjectName("book_now")
        self.book.setToolTip(keymap.tooltip("openings.book"))
        self.fields = OutcomeFields(now)
        self.note = QPlainTextEdit()
        self.note.setObjectName("note")
        self.note.setAccessibleName(self.tr("Note for the care team"))
        self.note.setTabChangesFocus(True)
        self.remind = QCheckBox(self.tr("Text a reminder"))
        self.state = label("", "small")
        self.state.setWordWrap(True)
        self.state.hide()
        self.skip = Button(self.tr("Skip"), size="large")
        self.skip.setToolTip(keymap.tooltip("queue.skip"))
        self.save = Button(self.tr("Choose an outcome"), "primary", "check", size="large")
        self.save.setObjectName("save")
        self.skip_box = SkipBox()
        self._build(keymap)
        self.set_low(low=False)
        self.note.textChanged.connect(self._note_typed)
        self.remind.toggled.connect(lambda _: self._emit_changed())
        self.fields.changed.connect(self._emit_changed)
        self.save.clicked.connect(self.save_requested)
        self.skip.clicked.connect(self._open_skip)
        self.skip_box.skipped.connect(self.skipped)
        self.release.clicked.connect(self.release_requested)
        self.book.clicked.connect(self.book_requested)
        self.countdown.ran_out.connect(self.hold_ran_out)
        self.clear()
        follow_theme(self._rescale_parts)

    def _build(self, keymap: Keymap) -> None:
        self.header.addStretch(1)
        keys = keymap.text("outcome.save_next").split("+")
        self._caps = [KeyCap(key) for key in keys if key]
        for cap in self._caps:
            self.header.addWidget(cap)
        first, last = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.slot_title, 1)
        for mark in (self.countdown, self.booked, self.release):
            first.addWidget(mark)
        last.addWidget(self.remind)
        last.addStretch(1)
        last.addWidget(self.book)
        words = QVBoxLayout()
        words.addLayout(first)
        words.addWidget(self.slot_about)
        words.addLayout(last)
        self._words = words
        self.slot.row.addWidget(self.slot_tile, 0, Qt.AlignmentFlag.AlignTop)
        self.slot.row.addLayout(words, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.skip)
        buttons.addWidget(self.save, 1)
        self._buttons = buttons
        for widget in (
            self.slot,
            self.fields,
            self.note,
            self.state,
            self.skip_box,
        ):
            self.body.addWidget(widget)
        self.body.addLayout(buttons)

    def set_low(self, *, low: bool) -> None:
        """In a low window the heading goes and the note is one line high."""
        self._low = low
        long = self.tr("Note for the care team (saved in the practice record)")
        self.note.setPlaceholderText(self.tr("Note for the care team") if low else long)
        for widget in (self.title, *self._caps):
            widget.setVisible(not low)
        self._rescale_parts()

    def _rescale_parts(self) -> None:
        px = active().px
        lines = self.note.fontMetrics().lineSpacing()
        self.note.setFixedHeight((1 if self._low else 2) * lines + px(24))
        self.body.setSpacing(px(7))
        self._buttons.setSpacing(px(8))
        self._words.setSpacing(px(2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow column the words need the picture's place."""
        super().resizeEvent(event)
        self.slot_tile.setVisible(self.width() >= active().px(_WIDE))

    # -- what is typed ------------------------------------------------------------------------

    @property
    def note_text(self) -> str:
        """The note as typed."""
        return self.note.toPlainText()

    @property
    def has_booking(self) -> bool:
        """Whether a time was booked during this call already."""
        return self._appointment is not None

    def details(self) -> OutcomeDetails:
        """Everything that would be sent with the present outcome."""
        hold_id = self._hold.id if self._hold is not None else None
        booked = self.fields.outcome is Outcome.BOOKED
        base = OutcomeDetails(
            note=self.note_text.strip(),
            hold_id=hold_id if booked and self._appointment is None else None,
            appointment_id=self._appointment if booked else None,
            remind_by_text=booked and self._may_text and self.remind.isChecked(),
        )
        return self.fields.fill(base)

    def booking(self) -> OutcomeDetails:
        """What belongs to the appointment itself, whatever outcome is chosen."""
        return OutcomeDetails(remind_by_text=self._may_text and self.remind.isChecked())

    def draft(self) -> OutcomeDetails:
        """What is worth keeping across a crash: everything but the hold, which runs out."""
        return replace(
            self.details(),
            note=self.note_text,
            hold_id=None,
            appointment_id=self._appointment,
        )

    def load(self, details: OutcomeDetails, zone: str, *, may_text: bool) -> None:
        """Show a draft, or empty fields, for a patient of a zone."""
        self._loading = True
        self._may_text = may_text
        self._appointment = details.appointment_id
        self.note.setPlainText(details.note)
        self.remind.setChecked(may_text)
        self.fields.load(details, zone)
        self.skip_box.hide()
        self._loading = False

    def clear(self) -> None:
        """Forget everything (another patient, none, or the lock)."""
        self.load(OutcomeDetails(), "UTC", may_text=False)
        self.set_outcome(None)
        self.show_hold(None)
        self.say("")
        self.remind.hide()

    # -- what is shown ------------------------------------------------------------------------

    def set_outcome(self, outcome: Outcome | None) -> None:
        """Show what an outcome needs."""
        self.fields.set_outcome(outcome)
        self.remind.setVisible(outcome is Outcome.BOOKED and self._may_text)
        set_invalid(self.note, "")
        title = {
            Outcome.BOOKED: self.tr("Appointment"),
            Outcome.CALLBACK_AT: self.tr("Call back"),
            Outcome.OPT_OUT: self.tr("Do not call"),
        }
        usual = self.tr("Wrap-up")
        self.title.setText(title.get(outcome, usual) if outcome is not None else usual)

    def show_hold(self, hold: SlotHold | None) -> None:
        """Show the held time with its countdown; None hides it."""
        self._hold = hold
        self._show_slot(hold)
        if hold is not None:
            self.countdown.start(hold.until)
        else:
            self.countdown.clear()

    def show_booked(self, appointment: Appointment) -> None:
        """Show what is booked already; it is no longer held, and nothing of it runs out."""
        self._hold = None
        self._appointment = appointment.id
        self.countdown.clear()
        self._show_slot(appointment)

    def show_kept_booking(self) -> None:
        """Show that a time was booked before a restart; only its number was kept."""
        self._show_slot(None)
        self.slot_tile.set("check", "success")
        self.slot_title.setText(self.tr("Booked in this call"))
        self.slot_about.setText(self.tr("See Appointments for the time"))
        self.slot.setVisible(True)
        self.booked.setVisible(True)
        self.release.hide()
        self.remind.setEnabled(False)

    def _show_slot(self, slot: SlotHold | Appointment | None) -> None:
        booked = slot is not None and self._hold is None
        self.slot.setVisible(slot is not None)
        self.booked.setVisible(booked)
        self.release.setVisible(not booked)
        self.remind.setEnabled(not booked)  # it was told with the booking
        self.set_book(shown=False)
        if slot is None:
            self.slot_title.setText("")
            self.slot_about.setText("")
            return
        self.slot_tile.set(*(("check", "success") if booked else ("calendar-check", "primary")))
        minutes = int((slot.end - slot.start).total_seconds() // 60)
        self.slot_title.setText(when(slot.start, self._zone))
        words = self.tr("%1 · %2, %3 min").replace("%1", slot.practitioner)
        self.slot_about.setText(words.replace("%2", slot.visit_type).replace("%3", str(minutes)))

    def set_book(self, *, shown: bool, enabled: bool = True, again: bool = False) -> None:
        """Offer to book the held time now.

        Args:
            shown: there is a held time and somebody is on the line.
            enabled: nothing is on its way.
            again: the answer to the last try was lost.
        """
        self.book.set_label(self.tr("Book again") if again else self.tr("Book now"))
        self.book.setEnabled(enabled)
        self.book.setVisible(shown)

    def show_button(self, text: str, *, enabled: bool, skip: bool) -> None:
        """Say what the primary button does, and whether Skip is possible."""
        self.save.set_label(text)
        self.save.setEnabled(enabled)
        self.skip.setEnabled(skip)
        if not skip:
            self.skip_box.hide()

    def say(self, text: str, tone: str = "warning") -> None:
        """Show one sentence above the buttons; "" takes it away."""
        self.state.setText(text)
        set_kind(self.state, "tone", tone)
        self.state.setVisible(bool(text))

    def point_at(self, detail: Detail) -> None:
        """Go to the input of a missing detail."""
        if detail is Detail.NOTE:
            set_invalid(self.note, self.tr("This outcome needs a note"))
            self.note.setFocus()
        else:
            self.fields.focus(detail)

    def open_skip(self) -> None:
        """Ask why this patient is skipped, when that is possible."""
        if self.skip.isEnabled():
            self._open_skip()

    def _open_skip(self) -> None:
        self.skip_box.open()

    def _note_typed(self) -> None:
        text = self.note.toPlainText()
        if len(text) > _MOST_LETTERS:
            cursor = self.note.textCursor()
            self.note.setPlainText(text[:_MOST_LETTERS])
            cursor.setPosition(_MOST_LETTERS)
            self.note.setTextCursor(cursor)
            return
        if text.strip():
            set_invalid(self.note, "")
        self._emit_changed()

    def _emit_changed(self) -> None:
        if not self._loading:
            self.changed.emit()
