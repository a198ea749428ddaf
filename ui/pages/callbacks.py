"""The Callbacks page: loads, moves and releases promised calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal

from coordinator_app.domain.ids import uuid7
from ui.pages.page import Page
from ui.pages.returns import ReturnsLane
from ui.tasks import Generations
from ui.views.callbacks import CallbacksView

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.logs import CallbackRow
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["CallbacksPage"]

_MINUTE_MS = 60_000


class CallbacksPage(Page):
    """Promised calls of mine and of everybody.

    Signals:
        open_requested: (entry id) the patient should be claimed in the workstation.
        take_requested: (return id, patient id or None) a returned call should be taken there.
        link_requested: the ReturnRow of an unknown caller who is to be found by name.
        due_changed: how many wait now.
    """

    open_requested = Signal(object)
    take_requested = Signal(object, object)
    link_requested = Signal(object)
    due_changed = Signal(int)

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        own_zone: str,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; it loads when first shown."""
        super().__init__(self.tr("Callbacks"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        self.view = CallbacksView(own_zone)
        self.view.open_requested.connect(lambda row: self.open_requested.emit(row.entry_id))
        self.view.move_requested.connect(self._move)
        self.view.release_requested.connect(self._release)
        self.returns = ReturnsLane(session, tasks, messages, self)
        self.returns.take_requested.connect(self.take_requested)
        self.returns.link_requested.connect(self.link_requested)
        self.returns.wrote.connect(self.changed)
        self.bar.addStretch(1)
        self.bar.addWidget(self.view.filter)
        self.column.addWidget(self.returns.view)  # first: somebody may be on the phone
        self.column.addWidget(self.view, 1)
        # "Overdue" comes with time alone, without anything being written.
        self._timer = QTimer(self, interval=_MINUTE_MS)
        self._timer.timeout.connect(self.load)
        self._timer.start()

    def shows(self) -> frozenset[str]:
        """Callbacks change with every outcome."""
        return frozenset({"callbacks", "call_log", "returns"})

    def refresh(self) -> None:
        """Load the list."""
        fresh = self._asked.latest("rows")
        self._tasks.run(self, self._session.practice.callbacks, done=fresh(self._show))
        self.returns.load()

    def show_first(self, rows: tuple[CallbackRow, ...]) -> None:
        """Show what came with the sign-in."""
        self._show(rows)

    def forget(self) -> None:
        """Keep no patient."""
        self._asked.forget("rows")
        self.view.conceal()
        self.returns.forget()

    def _show(self, rows: tuple[CallbackRow, ...]) -> None:
        self.view.show_rows(rows, self._session.clock.now())
        self.due_changed.emit(self.view.due_count())

    def _move(self, row: CallbackRow, due_at: datetime) -> None:
        practice, op = self._session.practice, uuid7()
        self._tasks.run(
            self,
            lambda: practice.move_callback(row.id, due_at, op),
            done=lambda _: self._written(self.tr("The callback was moved.")),
        )

    def _release(self, row: CallbackRow) -> None:
        practice, op = self._session.practice, uuid7()
        self._tasks.run(
            self,
            lambda: practice.release_callback(row.id, op),
            done=lambda _: self._written(self.tr("Anyone can take this callback now.")),
        )

    def _written(self, sentence: str) -> None:
        self._messages.success(sentence, key="callbacks")
        self.load()
        self.changed.emit(frozenset({"callbacks"}))
