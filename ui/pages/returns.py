"""The lane of returned calls on the Callbacks page: loads, takes, settles, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.person import Role
from coordinator_app.errors import NotConnectedError
from ui.models.words import refusal
from ui.tasks import Generations
from ui.views.returns import ReturnsView

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.returns import ReturnLane, ReturnReport, ReturnRouted, ReturnRow
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["ReturnsLane"]


class ReturnsLane(QObject):
    """What the view shows and asks for.

    Signals:
        take_requested: (return id, patient id or None) open it in the workstation.
        link_requested: the ReturnRow of an unknown caller, to be found by name.
        wrote: frozenset of what a write changed.
        shown: the lane was loaded; carries how many wait for me.
    """

    take_requested = Signal(object, object)
    link_requested = Signal(object)
    wrote = Signal(object)
    shown = Signal(int)

    def __init__(
        self, session: Session, tasks: Tasks, messages: MessageBus, parent: QObject | None = None
    ) -> None:
        """Make the lane with its view; ``load`` fills it."""
        super().__init__(parent)
        self._session, self._tasks, self._messages = session, tasks, messages
        self._asked = Generations()
        self._op: tuple[ReturnReport, UUID] | None = None
        signed_in = session.signed_in
        self.view = ReturnsView(
            session.clock.now,
            signed_in.practice.zone,
            links=signed_in.person.role is Role.SUPERVISOR,
        )
        self.view.take_requested.connect(
            lambda row, patient: self.take_requested.emit(row.id, patient)
        )
        self.view.link_requested.connect(self.link_requested)
        self.view.closed.connect(self._close)
        self.view.reported.connect(self._report)

    def load(self) -> None:
        """Ask for what waits."""
        fresh = self._asked.latest("lane")
        self._tasks.run(self, self._session.practice.return_calls, done=fresh(self._show))

    def forget(self) -> None:
        """Keep no patient."""
        self._asked.forget("lane")
        self._op = None
        self.view.conceal()

    def _show(self, lane: ReturnLane) -> None:
        self.view.show_lane(lane)
        self.shown.emit(self.view.mine_count())

    def _close(self, row: ReturnRow, result: str, note: str) -> None:
        practice, op = self._session.practice, uuid7()
        self._tasks.run(
            self,
            lambda: practice.close_return(row.id, result, note, op),
            done=lambda _: self._written(self.tr("The returned call is settled.")),
            failed=self._failed,
        )

    def _report(self, report: ReturnReport) -> None:
        # Sent again after a lost answer, it is the same caller.
        if self._op is None or self._op[0] != report:
            self._op = (report, uuid7())
        practice, op = self._session.practice, self._op[1]
        self.view.form.set_busy(True)
        self._tasks.run(
            self,
            lambda: practice.report_return(report, op),
            done=self._reported,
            failed=self._refused,
        )

    def _reported(self, routed: ReturnRouted) -> None:
        self._op = None
        self.view.end_report()
        self._written(routed.sentence)

    def _refused(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._op = None
        here = self._session.signed_in.practice.zone, self._session.clock.now()
        self.view.form.show_problem(refusal(error, *here))

    def _failed(self, error: UserFacingError) -> None:
        if not isinstance(error, NotConnectedError):
            self._messages.warning(error.sentence, key="returns_written")
        self.load()

    def _written(self, sentence: str) -> None:
        self._messages.success(sentence, key="returns_written")
        self.load()
        self.wrote.emit(frozenset({"queue", "callbacks", "team"}))
