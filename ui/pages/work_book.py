"""Openings and the time held for this call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from coordinator_app.domain.call import CallState
from coordinator_app.domain.ids import uuid7
from coordinator_app.errors import NotConnectedError, TakenByAnotherError, UserFacingError
from ui.messages import announce
from ui.models.clock_text import when
from ui.tasks import Generations

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.domain.schedule import Appointment, Openings, SlotHold
    from ui.pages.work import Work
    from ui.views.openings_panel import OpeningsPanel
    from ui.views.wrap_panel import WrapPanel

__all__ = ["BookDesk"]

_GONE: Final = {"hold_expired", "no_hold", "slot_taken"}  # the hold is worth nothing any more


class BookDesk(QObject):
    """Loads the grid and holds what is chosen; choosing another moves the hold.

    Signals:
        held: a time was just held by a person's choice.
        booked: the held time has just become an appointment.
    """

    held = Signal()
    booked = Signal()

    def __init__(self, work: Work, openings: OpeningsPanel, wrap: WrapPanel) -> None:
        """Connect the grid and the wrap-up card."""
        super().__init__(work)
        self._work = work
        self._openings = openings
        self._wrap = wrap
        self._newest = Generations()
        self._holding = False
        self._booking = False  # on its way
        self._unsure = False  # sent, and the answer was lost
        self._op_id: UUID | None = None  # of the booking that was asked for
        openings.asked.connect(self.load)
        openings.chosen.connect(self.choose)
        wrap.release_requested.connect(self.release)
        wrap.hold_ran_out.connect(self._ran_out)
        wrap.book_requested.connect(self.book_now)
        work.hold_changed.connect(self.show)
        work.call_changed.connect(self._offer)

    def load(self) -> None:
        """Load what the grid wants to show; a late answer for another week is dropped."""
        if not self._openings.bookable:
            return
        query = self._openings.query
        practice = self._work.session.practice
        fresh = self._newest.latest("openings")

        def show(found: Openings) -> None:
            self._openings.show_openings(found, self._work.hold)

        self._work.tasks.run(
            self,
            lambda: practice.openings(
                query.practitioners, query.visit_type, query.first_day, query.days
            ),
            done=fresh(show),
            failed=self._not_loaded,
        )

    def choose(self, practitioner: UUID, visit_type: UUID, start: datetime) -> None:
        """Hold a time on the server for five minutes."""
        work, card = self._work, self._work.card
        if card is None or self._holding or work.pending is not None:
            return
        if work.hold is not None and work.hold.start == start:
            return  # already ours
        if self._settled():
            return
        self._holding = True
        practice = work.session.practice
        op_id = uuid7()

        def done(hold: SlotHold) -> None:
            self._holding = False
            work.messages.clear("hold")
            work.set_hold(hold)
            announce(self._openings, self.tr("Held: %1").replace("%1", self._words(hold)))
            self.held.emit()
            self.load()

        def failed(error: UserFacingError) -> None:
            self._holding = False
            lost = isinstance(error, NotConnectedError)
            sentence = self.tr("The time was not held. Choose it again when the link is back.")
            work.messages.warning(sentence if lost else error.sentence, key="hold")
            self.load()

        work.ask(
            lambda: practice.hold_slot(
                card.entry_id, card.fence, practitioner, visit_type, start, op_id
            ),
            done,
            failed,
        )

    def release(self) -> None:
        """Let the held time go."""
        hold = self._work.hold
        if hold is None or self._settled():
            return
        practice = self._work.session.practice

        def done(_: None) -> None:
            self._work.set_hold(None)
            self.load()

        self._work.ask(lambda: practice.release_hold(hold.id), done)

    def _settled(self) -> bool:
        """Say that the visit is booked, or may be: one call never books two."""
        if self._wrap.has_booking:
            sentence = self.tr(
                "The visit is booked already. To move it, change it in the practice's schedule."
            )
        elif self._booking or self._unsure:
            sentence = self.tr("It is not known yet whether the held time was booked.")
        else:
            return False
        self._work.messages.warning(sentence, key="hold")
        return True

    # -- booking during the call --------------------------------------------------------------

    @property
    def _offered(self) -> bool:
        """Whether the held time may be booked now: somebody is on the line."""
        work = self._work
        call = work.call
        if work.hold is None or call is None or not call.needs_outcome or work.pending is not None:
            return False
        return call.state is CallState.LIVE or self._unsure

    def book_now(self) -> None:
        """Turn the held time into an appointment while the patient is on the line."""
        work = self._work
        card, call, hold = work.card, work.call, work.hold
        if card is None or call is None or hold is None or self._booking or not self._offered:
            return
        self._booking = True
        self._op_id = op_id = self._op_id or uuid7()
        self._offer()
        practice, details = work.session.practice, self._wrap.booking()
        work.ask(
            lambda: practice.book(call.id, card.fence, hold.id, details, op_id),
            self._booked,
            self._not_booked,
        )

    def resend(self) -> None:
        """The link is back: ask again for the booking whose answer was lost."""
        if self._unsure:
            self.book_now()

    def _booked(self, appointment: Appointment) -> None:
        self._end_booking()
        self._work.messages.clear("hold")
        self._work.set_booked(appointment)
        start = when(appointment.start, self._work.session.signed_in.practice.zone)
        announce(self._wrap, self.tr("Booked: %1").replace("%1", start))
        self.booked.emit()
        self.load()
        self._work.wrote.emit(frozenset({"openings", "schedule"}))

    def _not_booked(self, error: UserFacingError) -> None:
        if isinstance(error, NotConnectedError):
            self._booking, self._unsure = False, True
            sentence = self.tr(
                "It is not known whether the time was booked. Book again asks for the same "
                "booking; it never makes two."
            )
            self._work.messages.warning(sentence, key="hold")
            self._offer()
            return
        self._end_booking()
        self._work.messages.warning(error.sentence, key="hold")
        if isinstance(error, TakenByAnotherError) or error.name in _GONE:
            self._work.set_hold(None)
            self._openings.focus_grid()
        self._offer()
        self.load()

    def _end_booking(self) -> None:
        self._booking = self._unsure = False
        self._op_id = None

    def _offer(self) -> None:
        self._wrap.set_book(shown=self._offered, enabled=not self._booking, again=self._unsure)

    def forget(self) -> None:
        """Another patient: an answer on its way is nobody's."""
        self._holding = False
        self._end_booking()

    def _words(self, hold: SlotHold) -> str:
        return when(hold.start, self._work.session.signed_in.practice.zone)

    def show(self) -> None:
        """Show what is held or booked."""
        work = self._work
        if work.booked is not None:
            self._wrap.show_booked(work.booked)
        elif self._wrap.has_booking:
            self._wrap.show_kept_booking()
        else:
            self._wrap.show_hold(work.hold)
        self._offer()
        self._openings.show_hold(self._work.hold)

    def _ran_out(self) -> None:
        if self._work.pending is not None or self._booking or self._unsure:
            return  # it is on its way; the server decides
        self._work.messages.warning(
            self.tr("The held time has run out. Choose an opening again."), key="hold"
        )
        self._work.set_hold(None)
        self.load()

    def _not_loaded(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._work.messages.warning(error.sentence, key="openings")
