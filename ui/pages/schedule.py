"""The Schedule page: the practice's free and taken time, to look at; booking is done in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.openings_panel import OpeningsPanel
from ui.widgets.labels import label

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.schedule import Openings
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.shortcuts import Keymap
    from ui.tasks import Tasks

__all__ = ["SchedulePage"]


class SchedulePage(Page):
    """A day of all clinicians, or a week of one."""

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        keymap: Keymap,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; it loads when first shown."""
        super().__init__(self.tr("Schedule"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        practice = session.signed_in.practice
        self.view = OpeningsPanel(practice, session.clock.now, keymap)
        self.view.title.hide()
        self.view.view.choose("day")
        self.view.set_patient_zone("")
        self.view.asked.connect(self.load)
        self.view.chosen.connect(self._explain)
        self.bar.addStretch(1)
        self.bar.addWidget(
            label(
                self.tr("Free times are booked from a patient’s openings, in the queue."), "small"
            )
        )
        self.column.addWidget(self.view, 1)

    def shows(self) -> frozenset[str]:
        """Bookings and holds."""
        return frozenset({"schedule", "openings"})

    def refresh(self) -> None:
        """Load what the panel asks for."""
        if not self.view.bookable:
            self._messages.info(self.tr("This practice has no clinicians to show."), key="schedule")
            return
        practice, query = self._session.practice, self.view.query
        fresh = self._asked.latest("openings")
        self._tasks.run(
            self,
            lambda: practice.openings(
                query.practitioners, query.visit_type, query.first_day, query.days
            ),
            done=fresh(self._show),
            failed=fresh(self._failed),
        )

    def forget(self) -> None:
        """The grid has no patients; only answers on their way are dropped."""
        self._asked.forget("openings")

    def _show(self, openings: Openings) -> None:
        self.view.show_openings(openings, None)

    def _failed(self, failure: UserFacingError) -> None:
        self._messages.error(failure.sentence, key="schedule")

    def _explain(self) -> None:
        self._messages.info(
            self.tr("Open a patient in the queue first; the time is then held for them."),
            key="schedule",
        )
