"""The People page: who may sign in, until when their training holds, and what imports left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.person import Role
from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.people import PeopleView
from ui.widgets.labels import label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.logs import ImportBatchRow
    from coordinator_app.domain.person import AccessChange, PersonRow
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["PeoplePage"]


class PeoplePage(Page):
    """People for supervisors and administrators; imports for administrators."""

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; it loads when first shown."""
        super().__init__(self.tr("People"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        self._imports = session.signed_in.person.role is Role.ADMINISTRATOR
        zone = session.signed_in.practice.zone
        self.view = PeopleView(session.clock.now, zone, with_imports=self._imports)
        self.view.batch_chosen.connect(self._load_problems)
        self.view.access_changed.connect(self._change_access)
        self.bar.addStretch(1)
        self.bar.addWidget(
            label(self.tr("Logins are added with “coordinator-admin user”."), "small")
        )
        self.column.addWidget(self.view, 1)

    def refresh(self) -> None:
        """Load people, and imports for an administrator."""
        practice = self._session.practice
        fresh = self._asked.latest("people")
        self._tasks.run(
            self, practice.people, done=fresh(self.view.show_people), failed=fresh(self._failed)
        )
        if self._imports:
            fresh_batches = self._asked.latest("batches")
            self._tasks.run(
                self,
                practice.import_batches,
                done=fresh_batches(self.view.show_batches),
                failed=fresh_batches(self._failed),
            )

    def forget(self) -> None:
        """Keep nothing of the lists."""
        for key in ("people", "batches", "problems", "access"):
            self._asked.forget(key)
        self.view.conceal()

    def _load_problems(self, batch: ImportBatchRow) -> None:
        practice = self._session.practice
        fresh = self._asked.latest("problems")
        self._tasks.run(
            self,
            lambda: practice.import_problems(batch.id),
            done=fresh(self.view.show_problems),
            failed=fresh(self._failed),
        )

    def _change_access(self, row: PersonRow, may_work: bool, reason: str) -> None:
        practice, op_id = self._session.practice, uuid7()
        change = practice.resume_person if may_work else practice.suspend_person
        self.view.panel.set_busy(True)

        def done(changed: AccessChange) -> None:
            self.view.show_changed(changed.person)
            self._messages.success(changed.sentence, key="access")
            self.changed.emit(frozenset({"team", "queue"}))

        def failed(failure: UserFacingError) -> None:
            self.view.panel.set_busy(False)
            self.view.panel.show_problem(failure.sentence)

        fresh = self._asked.latest("access")
        self._tasks.run(
            self,
            lambda: change(row.person.id, reason, op_id),
            done=fresh(done),
            failed=fresh(failed),
        )

    def _failed(self, failure: UserFacingError) -> None:
        self._messages.error(failure.sentence, key="people")
