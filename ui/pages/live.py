"""Live calls for supervisors: kept up to date, acted upon, and calls for help told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.monitor import LiveBoard, LiveCall, MonitorMode, MonitorState
from coordinator_app.errors import NotConnectedError, UserFacingError
from ui.messages import Action
from ui.models.live_words import reason_words
from ui.tasks import Generations

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks
    from ui.views.live_calls import LiveCallsView

__all__ = ["LiveDesk"]

_CALM_MS: Final = 300  # several hints at once are one question
# The server leaves a hint out when another went less than a second before: a second question
# after each hint sees what that one was about.
_AGAIN_MS: Final = 1_300
_SAFETY_MS: Final = 5_000  # while the list is on the screen, should a hint be lost
_KEY: Final = "help"
_ON_THE_WAY: Final = {MonitorState.REQUESTED, MonitorState.PLACING, MonitorState.RINGING}


class LiveDesk(QObject):
    """Stands between the database and the live list; belongs to the Team page.

    Signals:
        counted: (calls that are up, calls for help that nobody answered).
        show_wanted: the list should be shown: somebody wants help.
        phone_called: the supervisor's own phone is being called; a softphone that takes only
            calls that are expected may take the next one.
    """

    counted = Signal(int, int)
    show_wanted = Signal()
    phone_called = Signal()

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        view: LiveCallsView,
        parent: QObject,
    ) -> None:
        """Begin with nothing; the first question is asked by :meth:`load`."""
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._view = view
        self._asked = Generations()
        self._closed = False
        self._told: frozenset[UUID] = frozenset()  # calls for help that were told
        self._ended: UUID | None = None  # the time on a call whose end was told
        self._known = False  # what was before the first answer is no news
        view.mode_wanted.connect(self._monitor)
        view.leave_wanted.connect(self._leave)
        view.answered.connect(self._answer)
        view.settled.connect(self._settle)
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self.load)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self.load)
        self._safety = QTimer(self, interval=_SAFETY_MS)
        self._safety.timeout.connect(self._look)
        self._safety.start()

    # -- loading ------------------------------------------------------------------------------

    def hear(self) -> None:
        """Something may have changed: ask soon, and once more after that."""
        if not self._closed:
            self._again.start()
            if not self._calm.isActive():
                self._calm.start()

    def load(self) -> None:
        """Ask now."""
        if not self._closed:
            fresh = self._asked.latest("live")
            self._tasks.run(
                self,
                self._session.practice.live_calls,
                done=fresh(self._show),
                failed=fresh(self._failed),
            )

    def forget(self) -> None:
        """The window locks: show nothing, ask nothing."""
        self._closed = True
        self._calm.stop()
        self._again.stop()
        self._asked.forget("live")
        self._view.show_board(None)

    def restore(self) -> None:
        """The window is unlocked."""
        self._closed = False
        self.load()

    def _look(self) -> None:
        if self._view.isVisible():
            self.load()

    def _show(self, board: LiveBoard) -> None:
        if self._closed:
            return
        self._messages.clear("live")
        self._view.set_busy(busy=False)
        self._view.show_board(board)
        waiting = [c for c in board.calls if c.help is not None and not c.help.by and not c.own]
        self.counted.emit(len(board.calls), len(waiting))
        if any(c.my_state in _ON_THE_WAY for c in board.calls):
            self.phone_called.emit()
        self._tell_help(waiting)
        self._tell_end(board)
        self._known = True

    def _failed(self, failure: UserFacingError) -> None:
        self._view.set_busy(busy=False)
        if not isinstance(failure, NotConnectedError):  # the window says that by itself
            self._messages.error(failure.sentence, key="live")

    # -- telling ------------------------------------------------------------------------------

    def _tell_help(self, waiting: list[LiveCall]) -> None:
        ids = frozenset(call.call_id for call in waiting)
        new = [call for call in waiting if call.call_id not in self._told]
        self._told = ids
        if not waiting or self._view.isVisible():  # there it stands on top
            self._messages.clear(_KEY)
        elif new:
            words = self._asks(new[-1])
            if len(waiting) > 1:
                more = self.tr("%1 and %2 more")
                words = more.replace("%1", words.rstrip(".")).replace("%2", str(len(waiting) - 1))
            call_id = new[-1].call_id
            action = Action(self.tr("Show the call"), lambda: self._open(call_id))
            self._messages.warning(words, key=_KEY, action=action)

    def _asks(self, call: LiveCall) -> str:
        reason = reason_words(call.help.reason) if call.help is not None else ""
        words = self.tr("%1 asks for help with a call.").replace("%1", call.coordinator)
        return f"{words} {reason}." if reason else words

    def _open(self, call_id: UUID) -> None:
        self.show_wanted.emit()
        self._view.choose(call_id)

    def _tell_end(self, board: LiveBoard) -> None:
        if board.last_sentence and board.last_id != self._ended:
            if self._known:
                self._messages.info(board.last_sentence, key="monitor")
            self._ended = board.last_id

    # -- acting -------------------------------------------------------------------------------

    def _monitor(self, call_id: UUID, mode: MonitorMode) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._act(lambda: practice.monitor_call(call_id, mode, op_id))

    def _leave(self, call_id: UUID) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._act(lambda: practice.stop_monitoring(call_id, op_id))

    def _answer(self, call_id: UUID, text: str) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._act(lambda: practice.answer_help(call_id, text, op_id))

    def _settle(self, call_id: UUID) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._act(lambda: practice.clear_help(call_id, op_id))

    def _act(self, op: Callable[[], LiveBoard]) -> None:
        self._view.set_busy(busy=True)
        self._messages.clear("monitor")
        self._asked.forget("live")  # an older answer would take back what this one says

        def failed(error: UserFacingError) -> None:
            self._view.set_busy(busy=False)
            if isinstance(error, NotConnectedError):
                words = self.tr("The practice did not hear that. Try again.")
                self._messages.error(words, key="monitor")
            else:
                self._messages.warning(error.sentence, key="monitor")
            self.load()

        self._tasks.run(self, op, done=self._show, failed=failed)
