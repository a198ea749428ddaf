"""The outcome on its way: chosen by a person, sent once, kept until it is confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from coordinator_app.domain.call import CallState
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Detail, Outcome, OutcomeDetails, Recorded, WrapUp
from coordinator_app.domain.patient import Card
from coordinator_app.domain.queue import Gate, SkipReason
from coordinator_app.errors import NotConnectedError, StaleError, UserFacingError

if TYPE_CHECKING:
    from ui.pages.work import Work
    from ui.views.outcome_panel import OutcomePanel
    from ui.views.wrap_panel import WrapPanel

__all__ = ["DRAFT_MS", "FinishDesk"]

DRAFT_MS: Final = 800
_CHANGED: Final = frozenset({"queue", "callbacks", "call_log", "team", "openings", "schedule"})


class FinishDesk(QObject):
    """Outcome, draft, save, skip.

    Signals:
        following: Card, Gate or None: what comes after a confirmed outcome or a skip.
        opening_wanted: "Booked" was chosen and no time is held yet.
        hang_up_wanted: saving waits for the end of the call.
    """

    following = Signal(object)
    opening_wanted = Signal()
    hang_up_wanted = Signal()

    def __init__(self, work: Work, outcomes: OutcomePanel, wrap: WrapPanel) -> None:
        """Connect the tiles and the wrap-up card."""
        super().__init__(work)
        self._work = work
        self._outcomes = outcomes
        self._wrap = wrap
        self._op_id: UUID | None = None
        self._kept = False  # sent without an answer; sent again when the link is back
        self._flying = False
        self._waits_for_end = False
        self._draft_timer = QTimer(self, singleShot=True, interval=DRAFT_MS)
        self._draft_timer.timeout.connect(self.save_draft)
        outcomes.chosen.connect(self.choose)
        wrap.changed.connect(self._typed)
        wrap.save_requested.connect(self.save)
        wrap.skipped.connect(self.skip)
        work.call_changed.connect(self._call_changed)
        work.hold_changed.connect(self.refresh)

    # -- a patient comes and goes -------------------------------------------------------------

    def begin(self, card: Card | None) -> None:
        """Another patient: empty fields, then the draft of an earlier day or crash."""
        self._draft_timer.stop()
        self._op_id = None
        self._kept = self._flying = self._waits_for_end = False
        self._set_editable(editable=True)
        self._outcomes.choose(None)
        self._wrap.clear()
        if card is not None:
            may_text = card.permissions.text
            self._wrap.load(OutcomeDetails(), card.zone, may_text=may_text)
            desk, entry_id, zone = self._work.session.desk, card.entry_id, card.zone

            def show(draft: OutcomeDetails | None) -> None:
                if draft is not None and not self._wrap.note_text:
                    if not self._work.needs_outcome:
                        draft = replace(draft, appointment_id=None)  # of a call that is over
                    self._wrap.load(draft, zone, may_text=may_text)
                    self._work.hold_changed.emit()
                    self._wrap.say(self.tr("What you had typed was kept."), "info")

            self._work.ask(lambda: desk.draft(entry_id), show, lane="disk")
        self._call_changed()

    def save_draft(self) -> None:
        """Keep what is typed, now (pause in typing, lock, another patient)."""
        self._draft_timer.stop()
        card = self._work.card
        if card is None or self._work.pending is not None:
            return
        draft, desk, entry_id = self._wrap.draft(), self._work.session.desk, card.entry_id
        if draft == OutcomeDetails():
            return
        self._work.tasks.run(self, lambda: desk.save_draft(entry_id, draft), lane="disk")

    def _typed(self) -> None:
        self._wrap.say("")
        self._draft_timer.start()
        self.refresh()

    # -- choosing -----------------------------------------------------------------------------

    def choose(self, outcome: Outcome) -> None:
        """A person chose; show what it needs."""
        self._wrap.set_outcome(outcome)
        stays = self._wrap.has_booking and outcome is not Outcome.BOOKED
        self._wrap.say(self.tr("The visit stays booked.") if stays else "", "info")
        self.refresh()
        missing = self._wrap.details().missing(outcome)
        if not missing:
            return
        if missing[0] is Detail.SLOT:
            self.opening_wanted.emit()
        else:
            self._wrap.point_at(missing[0])

    def hear_barrier(self, code: str) -> None:
        """An obstacle from the script's replies: prepared, not chosen."""
        self._wrap.fields.set_barrier(code)

    def refresh(self) -> None:
        """Let the button say what it would do now."""
        work = self._work
        skip = work.card is not None and work.call is None and not self._busy
        if self._flying:
            self._wrap.show_button(self.tr("Saving…"), enabled=False, skip=False)
        elif self._kept:
            self._wrap.show_button(self.tr("Send again"), enabled=True, skip=False)
        elif self._waits_for_end:
            self._wrap.show_button(self.tr("Hanging up…"), enabled=False, skip=False)
        elif work.card is None or work.call is None:
            text = self.tr("Call first") if work.card is not None else self.tr("No patient open")
            self._wrap.show_button(text, enabled=False, skip=skip)
        else:
            outcome = self._outcomes.outcome
            self._wrap.show_button(self._words(outcome), enabled=outcome is not None, skip=False)

    @property
    def _busy(self) -> bool:
        return self._flying or self._kept or self._waits_for_end

    def _words(self, outcome: Outcome | None) -> str:
        if outcome is None:
            return self.tr("Choose an outcome")
        missing = self._wrap.details().missing(outcome)
        if missing:
            return {
                Detail.SLOT: self.tr("Choose an opening"),
                Detail.CALLBACK_TIME: self.tr("Choose when to call"),
                Detail.SCOPE: self.tr("Choose what to stop"),
                Detail.BARRIER: self.tr("Choose the barrier"),
                Detail.REASON: self.tr("Choose the reason"),
                Detail.LANGUAGE: self.tr("Choose the language"),
                Detail.NOTE: self.tr("Write a note"),
            }[missing[0]]
        booked = outcome is Outcome.BOOKED and not self._wrap.has_booking
        if self._work.live:
            return self.tr("Hang up, book, next") if booked else self.tr("Hang up, save, next")
        return self.tr("Book, save and next") if booked else self.tr("Save and next")

    # -- saving -------------------------------------------------------------------------------

    def save(self) -> None:
        """Send the outcome; a live call is hung up first, a missing detail is pointed at."""
        work = self._work
        outcome = self._outcomes.outcome
        if self._kept and work.pending is not None:
            self._send(work.pending)
            return
        if self._busy or work.card is None or work.call is None or outcome is None:
            return
        details = self._wrap.details()
        missing = details.missing(outcome)
        if missing:
            self._wrap.say(self._words(outcome) + ".")
            if missing[0] is Detail.SLOT:
                self.opening_wanted.emit()
            else:
                self._wrap.point_at(missing[0])
            return
        if details.callback_at is not None and details.callback_at <= work.session.clock.now():
            self._wrap.say(self.tr("The callback's time is in the past. Choose a later one."))
            self._wrap.point_at(Detail.CALLBACK_TIME)
            return
        if work.live:
            self._waits_for_end = True
            self.refresh()
            self.hang_up_wanted.emit()
            return
        self._op_id = self._op_id or uuid7()
        card, call = work.card, work.call
        wrap_up = WrapUp(self._op_id, call.id, card.entry_id, card.fence, outcome, details)
        self._send(wrap_up)

    def resend(self) -> None:
        """The link is back: send what waits, under the same op_id."""
        if self._waits_for_end and self._work.live:
            self.hang_up_wanted.emit()  # the first may have been lost; twice is harmless
        if self._kept and not self._flying and self._work.pending is not None:
            self._send(self._work.pending)

    def _send(self, wrap_up: WrapUp) -> None:
        work = self._work
        self._draft_timer.stop()
        work.pending = wrap_up
        self._flying = True
        self._set_editable(editable=False)
        self.refresh()
        desk = work.session.desk
        # Not bound to the claim: an outcome is confirmed even when the lease was lost.
        work.tasks.run(
            self,
            lambda: desk.submit(wrap_up, then_next=True),
            done=lambda answer: self._confirmed(wrap_up, *answer),
            failed=lambda error: self._not_confirmed(wrap_up, error),
        )

    def _confirmed(
        self, wrap_up: WrapUp, recorded: Recorded, following: Card | Gate | None
    ) -> None:
        if self._work.pending is not wrap_up:
            return
        self._flying = self._kept = False
        self._op_id = None
        self._work.pending = None
        words = recorded.follow_up or self.tr("Saved.")
        if recorded.result == "recorded_lease_lost":
            words = self.tr("Saved, although the patient had been let go.") + " " + words
        self._work.messages.success(words, key="saved")
        self.following.emit(following)
        self._work.wrote.emit(_CHANGED)

    def _not_confirmed(self, wrap_up: WrapUp, error: UserFacingError) -> None:
        if self._work.pending is not wrap_up:
            return
        self._flying = False
        if isinstance(error, NotConnectedError):
            self._kept = True
            self._wrap.say(
                self.tr("Kept on this computer. It will be sent when the connection is back.")
            )
            self.refresh()
            return
        self._kept = False
        self._op_id = None  # the database took nothing under it
        self._work.pending = None
        self._set_editable(editable=True)
        if isinstance(error, StaleError):
            self._work.let_go(error)
            return
        self._wrap.say(error.sentence)
        if error.name == "hold_expired":
            self._work.set_hold(None)
            self.opening_wanted.emit()
        elif error.name in {detail.value for detail in Detail}:
            self._wrap.point_at(Detail(error.name))
        self.refresh()

    def _call_changed(self) -> None:
        work = self._work
        call = work.call
        choosable = call is not None and call.needs_outcome
        if not self._flying and not self._kept:
            self._outcomes.set_choosable(choosable=choosable)
        ended = call is not None and call.state is CallState.ENDED
        end, sentence = (call.end, call.sentence) if call is not None and ended else (None, "")
        self._outcomes.show_machine(end, sentence)
        if ended and self._waits_for_end:
            self._waits_for_end = False
            self.save()
        self.refresh()

    def _set_editable(self, *, editable: bool) -> None:
        self._wrap.note.setReadOnly(not editable)
        self._wrap.fields.setEnabled(editable)
        self._wrap.remind.setEnabled(editable and not self._wrap.has_booking)
        if not editable:
            for tile in self._outcomes.tiles.values():
                tile.setEnabled(False)
        else:
            call = self._work.call
            self._outcomes.set_choosable(choosable=call is not None and call.needs_outcome)

    # -- skipping -----------------------------------------------------------------------------

    def skip(self, reason: SkipReason) -> None:
        """Give the patient back; costs nothing."""
        work, card = self._work, self._work.card
        if card is None or work.call is not None:
            return
        practice, desk = work.session.practice, work.session.desk
        op_id = uuid7()

        def op() -> None:
            practice.skip(card.entry_id, card.fence, reason, op_id)
            desk.drop_draft(card.entry_id)

        def done(_: None) -> None:
            work.messages.info(self.tr("Skipped. It does not count as an attempt."), key="saved")
            self.following.emit(None)
            work.wrote.emit(_CHANGED)

        work.ask(op, done)
