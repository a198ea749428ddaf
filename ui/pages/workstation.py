"""The workstation: queue, patient, openings, script, outcome; one patient at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.domain.patient import Card
from coordinator_app.domain.queue import Gate, QueuePage
from coordinator_app.errors import NotConnectedError, StaleError, UserFacingError
from coordinator_app.services import scripts
from ui.messages import announce
from ui.models.words import gate_words, refusal
from ui.pages.page import Page
from ui.pages.work import Work
from ui.pages.work_book import BookDesk
from ui.pages.work_call import CallDesk
from ui.pages.work_finish import FinishDesk
from ui.pages.work_keys import make_actions
from ui.pages.work_phone import PhoneDesk
from ui.pages.work_record import RecordDesk
from ui.pages.work_views import WorkViews
from ui.tasks import Generations
from ui.widgets.surfaces import EmptyState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.domain.session import Heartbeat
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.shortcuts import Keymap
    from ui.tasks import Tasks
    from ui.theme import Theme
    from ui.views.call_bar import CallBar

__all__ = ["Workstation"]

BEAT_MS: Final = 30_000
TICK_MS: Final = 5_000
SAFETY_MS: Final = 15_000  # the queue, should a hint be lost
HINT_MS: Final = 250  # several hints at once are one refresh
_ROWS: Final = 200
_GAP: Final = 10


class Workstation(Page):
    """The coordinator's page; see the signals of :class:`Page` as well.

    Signals:
        live_changed: a call is going on (True) or not (False).
        beaten: the server's Heartbeat.
    """

    live_changed = Signal(bool)
    beaten = Signal(object)

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        _theme: Theme,
        keymap: Keymap,
        call_bar: CallBar,
    ) -> None:
        """Build the page and show what sign-in brought, a held patient included."""
        super().__init__(self.tr("Queue"))
        self.setObjectName("workstation")
        self._session, self._tasks, self._messages = session, tasks, messages
        self._bar = call_bar
        practice, now = session.signed_in.practice, session.clock.now
        self._views = WorkViews(practice, now, keymap)
        self.queue, self.patient = self._views.queue, self._views.patient
        self.openings, self.script = self._views.openings, self._views.script
        self.outcome, self.wrap = self._views.outcome, self._views.wrap
        self.work = Work(session, tasks, messages, self)
        self.calls = CallDesk(self.work, call_bar, self.patient, self.script)
        self.phone = PhoneDesk(self.work, call_bar)
        self.records = RecordDesk(self.work, call_bar.recording)
        self.book = BookDesk(self.work, self.openings, self.wrap)
        self.finish = FinishDesk(self.work, self.outcome, self.wrap)
        self._newest = Generations()
        self._claiming = False
        self._hidden = False
        self._live = False
        self._kept: tuple[OutcomeDetails, Outcome | None] | None = None
        self._language = ""
        self._lay_out()
        self._connect()
        self._outcome_actions = make_actions(self, keymap)
        self._start_timers()
        self.queue.show_page(session.signed_in.queue)
        call_bar.show_line(session.signed_in.line)
        self.openings.start()
        self.work.take(session.signed_in.held)

    # -- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.title.hide()
        self._private = EmptyState(
            "eye-off",
            self.tr("The patient is hidden"),
            self.tr("The call goes on. The same key shows everything again."),
            self.tr("Show again"),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._views)
        self._stack.addWidget(self._private)
        self.column.addWidget(self._stack)
        self._page_rescale()

    def _page_rescale(self) -> None:
        self.column.setContentsMargins(0, _GAP, 0, _GAP)
        self._fit()

    def _connect(self) -> None:
        work = self.work
        work.card_changed.connect(self._show_card)
        work.call_changed.connect(self._on_call)
        work.lost.connect(self._on_lost)
        work.wrote.connect(self._on_wrote)
        self.queue.opened.connect(self.open_entry)
        self.queue.next_wanted.connect(self.claim_next)
        self.queue.asked.connect(self.refresh)
        self.patient.next_wanted.connect(self.claim_next)
        self.script.language_wanted.connect(self._speak)
        self.script.barrier_heard.connect(self.finish.hear_barrier)
        self.finish.following.connect(self._follow)
        self.finish.opening_wanted.connect(self.openings.focus_grid)
        self.finish.hang_up_wanted.connect(self.calls.hang_up)
        self.book.held.connect(self._on_held)
        self.book.booked.connect(self._on_booked)
        self._private.acted.connect(self.toggle_privacy)

    def _start_timers(self) -> None:
        for interval, run in (
            (BEAT_MS, self.beat),
            (TICK_MS, self._tick),
            (SAFETY_MS, self.load),
        ):
            timer = QTimer(self, interval=interval)
            timer.timeout.connect(run)
            timer.start()
        self._hint = QTimer(self, singleShot=True, interval=HINT_MS)
        self._hint.timeout.connect(self.load)

    # -- the page -----------------------------------------------------------------------------

    def shows(self) -> frozenset[str]:
        """A queue, a call and openings."""
        return frozenset({"queue", "call", "openings"})

    def on_changed(self, what: frozenset[str]) -> None:
        """Hints of the server and writes of other pages; "call" also when the link is back."""
        if "call" in what:
            self.calls.poll()
            self.phone.refresh()
            self.book.resend()
            self.finish.resend()
        if "queue" in what:
            self._hint.start()
        if "openings" in what and not self.concealed:
            self.book.load()

    def refresh(self) -> None:
        """Load the queue."""
        practice = self._session.practice
        which, find = self.queue.which, self.queue.find_text
        fresh = self._newest.latest("queue")
        self._tasks.run(
            self,
            lambda: practice.queue(which, find, _ROWS),
            done=fresh(self._show_queue),
            failed=self._queue_failed,
        )

    def _queue_failed(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._messages.warning(error.sentence, key="queue")

    def _show_queue(self, page: QueuePage) -> None:
        if not self.concealed and not self._hidden:
            self.queue.show_page(page)

    def forget(self) -> None:
        """Take every patient's data out of the widgets; what is typed stays in memory."""
        self.finish.save_draft()
        self._kept = (self.wrap.draft(), self.outcome.outcome)
        self._newest.forget("queue")
        self.queue.model.set_rows(())
        self.queue.search.clear()
        self.patient.phones.clear_clipboard()
        self.patient.clear()
        self.script.clear()
        self.wrap.clear()
        self.outcome.choose(None)
        self._bar.show_patient("", None)

    def restore(self) -> None:
        """Show again what was in hand before the lock."""
        super().restore()
        self._show_again()

    def toggle_privacy(self) -> None:
        """Hide the patient at once from somebody who looks over the shoulder, or show again."""
        if self.concealed:
            return
        self._hidden = not self._hidden
        self._stack.setCurrentIndex(1 if self._hidden else 0)
        if self._hidden:
            self.forget()
            self._private.button.setFocus()
        else:
            self._show_again()
            self.refresh()

    def _show_again(self) -> None:
        kept, self._kept = self._kept, None
        if self._hidden or kept is None:
            self._kept = kept
            return
        details, outcome = kept
        card = self.work.card
        self._show_card(another=True, keep=True)
        if card is not None:
            self.wrap.load(details, card.zone, may_text=card.permissions.text)
            self.book.show()
            self._on_call()
            if outcome is not None:
                self.outcome.choose(outcome)
                self.wrap.set_outcome(outcome)
            self.finish.refresh()

    # -- claiming -----------------------------------------------------------------------------

    def open_entry(self, entry_id: UUID) -> None:
        """Claim a patient of the queue and show it."""
        card = self.work.card
        # Opened again, a patient who could not be called shows what the gate says by now.
        fixed = card is not None and (card.gate is None or self.work.needs_outcome)
        if card is not None and card.entry_id == entry_id and fixed:
            self.patient.setFocus()
            return
        practice, op_id = self._session.practice, uuid7()
        self._claim(lambda: practice.claim(entry_id, op_id))

    def open_found(self, entry_id: UUID, reason: str) -> None:
        """Claim a patient that was looked up, and show it; one in hand costs no look-up."""
        practice, op_id = self._session.practice, uuid7()
        if self.work.card is not None and self.work.card.entry_id == entry_id:
            self.open_entry(entry_id)
            return
        self._claim(lambda: practice.open_found(entry_id, reason, op_id))

    def open_returned(self, return_id: UUID, patient_id: UUID | None) -> None:
        """Take a returned call, with the caller who waits on the line."""
        practice, op_id = self._session.practice, uuid7()
        self._claim(lambda: practice.take_return(return_id, patient_id, op_id))

    def claim_next(self) -> None:
        """Claim the best patient that may be called now."""
        practice, op_id = self._session.practice, uuid7()
        self._claim(lambda: practice.claim_next(op_id))

    def _claim(self, op: Callable[[], Card | Gate]) -> None:
        if self._claiming or self.concealed or self._hidden:
            return
        if self.work.needs_outcome or self.work.pending is not None:
            self._messages.warning(self.tr("Finish this call with an outcome first."), key="claim")
            return
        self._claiming = True
        self.queue.set_busy(True)
        self.finish.save_draft()

        def settle() -> None:
            self._claiming = False
            self.queue.set_busy(False)

        def done(answer: Card | Gate) -> None:
            settle()
            self._messages.clear("claim")
            self._follow(answer)

        def failed(error: UserFacingError) -> None:
            settle()
            if not isinstance(error, NotConnectedError):
                self._messages.warning(refusal(error, *self._here()), key="claim")
            self.refresh()

        self._tasks.run(self, op, done=done, failed=failed)

    def _follow(self, following: object) -> None:
        """Show what comes next: a patient, the reason why there is none, or nothing."""
        self.work.take(following if isinstance(following, Card) else None)
        if isinstance(following, Gate):
            words = gate_words(following, *self._here())
            title = self.tr("Nobody to call now")
            if following.name == "read_limit":
                title = self.tr("That is all for this hour")
            self.patient.clear(words, title)
            announce(self, words)
        self.refresh()

    def _here(self) -> tuple[str, datetime]:
        """The practice's zone and time."""
        return self._session.signed_in.practice.zone, self._session.clock.now()

    def _on_lost(self, sentence: str) -> None:
        self.finish.save_draft()
        self._messages.warning(sentence, key="claim")
        self.work.take(None)
        self.refresh()

    # -- showing ------------------------------------------------------------------------------

    def _show_card(self, another: bool, keep: bool = False) -> None:
        card = self.work.card
        self._views.set_open(is_open=card is not None)
        if another and not keep:
            self._language = ""
            self.book.forget()
            self.finish.begin(card)
        if self.concealed or self._hidden:
            self._kept = (OutcomeDetails(), None) if another else self._kept
            return
        if card is None:
            self.patient.clear()
            self.script.clear()
            self.openings.set_patient_zone("")
        else:
            self.patient.show_card(card)
            self._speak(self._language or card.language, fresh=another and not keep)
            self.queue.select(card.entry_id)
            self.openings.set_patient_zone(card.zone)
            if another and not keep:
                self.openings.start(card.chart.practitioner if card.chart is not None else "")
                announce(self, self.tr("Patient open"))
                # Out of any text field: keys must reach the call, not the patient before.
                stand = self.queue.list if self.queue.isVisible() else self.patient
                stand.setFocus()
        self.openings.set_choosable(choosable=card is not None)
        self.calls.show_target()
        self.calls.show_identity()

    def _speak(self, language: str, fresh: bool = False) -> None:
        card, signed_in = self.work.card, self._session.signed_in
        if card is None:
            return
        self._language = language
        script = scripts.fill(card, signed_in.practice, signed_in.person, language)
        self.script.show_script(script, fresh=fresh)
        spoken = {tag.split("-")[0] for tag in signed_in.person.languages}
        needs = card.language.split("-")[0]
        # compliance.md 7.4: a qualified interpreter joins before the patient answers.
        notice = self.tr("Not one of your languages: add an interpreter first.")
        self.script.set_notice("" if needs in spoken else notice)

    def _on_call(self) -> None:
        live = self.work.live
        if live != self._live:
            self._live = live
            self.live_changed.emit(live)
        for action in self._outcome_actions:
            action.setEnabled(self.work.needs_outcome)

    def _on_held(self) -> None:
        if self.outcome.outcome is None and self.work.needs_outcome:
            self.outcome.press(Outcome.BOOKED)
        else:
            self.finish.refresh()

    def _on_booked(self) -> None:
        self.outcome.press(Outcome.BOOKED)
        self.finish.refresh()
        self.finish.save_draft()  # the appointment's number must outlive a crash

    def _on_wrote(self, what: frozenset[str]) -> None:
        self.changed.emit(what)

    # -- time ---------------------------------------------------------------------------------

    def beat(self) -> None:
        """Renew the lease and tell the server that the window lives."""
        claim = self.work.claim
        entry_id, fence = claim if claim is not None else (None, 0)
        practice = self._session.practice

        def failed(error: UserFacingError) -> None:
            if isinstance(error, StaleError) and self.work.claim == claim:
                self.work.let_go(error)

        self._tasks.run(
            self,
            lambda: practice.heartbeat(entry_id, fence),
            done=self._on_beat,
            failed=failed,
        )

    def _on_beat(self, beat: Heartbeat) -> None:
        self._session.clock.sync(beat.now)
        self._bar.show_line(beat.line)
        self.beaten.emit(beat)

    def _tick(self) -> None:
        now = self._session.clock.now()
        self.queue.set_now(now)
        self.patient.set_now(now)
        if not self.concealed and not self._hidden:
            self.calls.show_target()  # what keeps Dial shut may have opened
        self.openings.grid.viewport().update()

    # -- size ---------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may be another tier."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        views = getattr(self, "_views", None)  # Page scales itself before they are made
        if views is not None:
            views.fit(self.window().width(), self.height())
