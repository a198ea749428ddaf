"""Openings and the time held for this call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from coordinator_app.domain.ids import uuid7
from coordinator_app.errors import NotConnectedError, UserFacingError
from ui.messages import announce
from ui.models.clock_text import when
from ui.tasks import Generations

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.domain.schedule import Openings, SlotHold
    from ui.pages.work import Work
    from ui.views.openings_panel import OpeningsPanel
    from ui.views.wrap_panel import WrapPanel

__all__ = ["BookDesk"]


class BookDesk(QObject):
    """Loads the grid and holds what is chosen; choosing another moves the hold.

    Signals:
        held: a time was just held by a person's choice.
    """

    held = Signal()

    def __init__(self, work: Work, openings: OpeningsPanel, wrap: WrapPanel) -> None:
        """Connect the grid and the wrap-up card."""
        super().__init__(work)
        self._work = work
        self._openings = openings
        self._wrap = wrap
        self._newest = Generations()
        self._holding = False
        openings.asked.connect(self.load)
        openings.chosen.connect(self.choose)
        wrap.release_requested.connect(self.release)
        wrap.hold_ran_out.connect(self._ran_out)
        work.hold_changed.connect(self._show_hold)

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
        if hold is None:
            return
        practice = self._work.session.practice

        def done(_: None) -> None:
            self._work.set_hold(None)
            self.load()

        self._work.ask(lambda: practice.release_hold(hold.id), done)

    def forget(self) -> None:
        """Another patient: an answer on its way is nobody's."""
        self._holding = False

    def _words(self, hold: SlotHold) -> str:
        return when(hold.start, self._work.session.signed_in.practice.zone)

    def _show_hold(self) -> None:
        self._wrap.show_hold(self._work.hold)
        self._openings.show_hold(self._work.hold)

    def _ran_out(self) -> None:
        if self._work.pending is not None:
            return  # it is on its way; the server decides
        self._work.messages.warning(
            self.tr("The held time has run out. Choose an opening again."), key="hold"
        )
        self._work.set_hold(None)
        self.load()

    def _not_loaded(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._work.messages.warning(error.sentence, key="openings")
