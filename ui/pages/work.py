"""What the coordinator has in hand: one claimed patient and perhaps one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from coordinator_app.domain.call import CallState, CallView
from coordinator_app.domain.patient import Card
from coordinator_app.errors import NotConnectedError, StaleError, UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coordinator_app.domain.outcome import WrapUp
    from coordinator_app.domain.schedule import Appointment, SlotHold
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Lane, Tasks

__all__ = ["Work"]

T = TypeVar("T")


class Work(QObject):
    """The one place where the present card, call and hold are kept.

    Signals:
        card_changed: True when it is another patient (or none), False when the same was updated.
        call_changed: the call moved on, began, or is no more.
        hold_changed: another held time, or none; or the held time was booked.
        wrote: frozenset of what a write changed, for the other pages.
        lost: the claim is no longer ours; carries the sentence to show.
    """

    card_changed = Signal(bool)
    call_changed = Signal()
    hold_changed = Signal()
    wrote = Signal(object)
    lost = Signal(str)

    def __init__(
        self, session: Session, tasks: Tasks, messages: MessageBus, parent: QObject | None = None
    ) -> None:
        """Begin with nothing in hand."""
        super().__init__(parent)
        self.session = session
        self.tasks = tasks
        self.messages = messages
        self.card: Card | None = None
        self.call: CallView | None = None
        self.hold: SlotHold | None = None
        self.booked: Appointment | None = None  # during the present call
        self.pending: WrapUp | None = None  # on its way; the window waits for the answer

    # -- what is in hand ----------------------------------------------------------------------

    @property
    def claim(self) -> tuple[UUID, int] | None:
        """Entry and fence: which claim an answer belongs to."""
        return (self.card.entry_id, self.card.fence) if self.card is not None else None

    @property
    def live(self) -> bool:
        """Whether a call is going on."""
        return self.call is not None and self.call.state is not CallState.ENDED

    @property
    def needs_outcome(self) -> bool:
        """Whether the present call still has none."""
        return self.call is not None and self.call.needs_outcome

    def take(self, card: Card | None) -> None:
        """Begin with another patient, or with none."""
        self.card = card
        self.call = card.call if card is not None else None
        self.hold = card.hold if card is not None else None
        self.booked = None
        self.pending = None
        self.card_changed.emit(True)
        self.call_changed.emit()
        self.hold_changed.emit()

    def update(self, card: Card) -> None:
        """Show the same patient as the server has it now (chart open, permissions)."""
        if self.card is None or card.entry_id != self.card.entry_id:
            return
        self.card = card
        self.card_changed.emit(False)
        if card.call is not None:
            self.set_call(card.call)

    def set_call(self, call: CallView) -> None:
        """Take a newer state of the call; one that ended never comes back to life."""
        if self.card is None or call.entry_id != self.card.entry_id:
            return
        ended = self.call is not None and self.call.state is CallState.ENDED
        same = self.call is not None and self.call.id == call.id
        if same and ended and call.state is not CallState.ENDED:
            return
        if call != self.call:
            self.call = call
            self.call_changed.emit()

    def set_hold(self, hold: SlotHold | None) -> None:
        """Another held time, or none."""
        self.hold = hold
        self.hold_changed.emit()

    def set_booked(self, booked: Appointment) -> None:
        """The held time is an appointment now."""
        self.hold = None
        self.booked = booked
        self.hold_changed.emit()

    # -- asking -------------------------------------------------------------------------------

    def ask(
        self,
        op: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[UserFacingError], object] | None = None,
        *,
        lane: Lane = "db",
    ) -> None:
        """Ask something about the present claim; an answer for an earlier one is dropped.

        A ``StaleError`` means that the claim was lost and is handled here. A lost link without
        ``failed`` is left to the banner of the window.
        """
        claim = self.claim

        def answered(answer: T) -> None:
            if self.claim == claim:
                done(answer)

        def fell(error: UserFacingError) -> None:
            if self.claim != claim:
                return
            if isinstance(error, StaleError):
                self.let_go(error)
            elif failed is not None:
                failed(error)
            elif not isinstance(error, NotConnectedError):
                self.messages.warning(error.sentence)

        self.tasks.run(self, op, done=answered, failed=fell, lane=lane)

    def let_go(self, error: StaleError) -> None:
        """The claim is somebody else's, or free: say who has it and show nothing of it."""
        self.lost.emit(error.sentence)
