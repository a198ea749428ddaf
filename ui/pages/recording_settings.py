"""Turning recording on and off; the database checks who asks, and how lately they signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from coordinator_app.domain.ids import uuid7
from ui.messages import Level, ask_password, confirm
from ui.views.recording_settings import RecordingSettingsView

if TYPE_CHECKING:
    from uuid import UUID

    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.recording import RecordingSettings
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.tasks import Tasks

__all__ = ["RecordingSettingsDesk"]


class RecordingSettingsDesk(QObject):
    """The settings' card about recording; ``view`` goes into the page."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget) -> None:
        """Make the card; ``load`` fills it."""
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self.view = RecordingSettingsView(session.clock.now, session.signed_in.practice.zone)
        self.view.changed.connect(self._ask)
        self.view.state_set.connect(self._set_state)

    def load(self) -> None:
        """Show what is set."""
        self._tasks.run(
            self,
            self._session.practice.recording_settings,
            done=self.view.show_settings,
            failed=self._refused,
        )

    def _ask(self, enabled: bool, days: int, protected: bool) -> None:
        question = self.tr("Record calls from now on?")
        detail = self.tr(
            "Recordings are patients’ records: encrypted, kept for %1 days, then deleted. Each "
            "needs the patient’s yes."
        )
        yes = self.tr("Record calls")
        if not enabled:
            question = self.tr("Stop recording calls?")
            detail = self.tr("Recordings that run are stopped now. Those that are kept stay.")
            yes = self.tr("Stop recording")
        if not confirm(
            self.view, question, detail.replace("%1", str(days)), yes, dangerous=not enabled
        ):
            return
        password = ask_password(self.view, self.tr("Your password, again, to change this:"))
        if password:
            self.change(password, days, enabled=enabled, protected=protected)

    def change(self, password: str, days: int, *, enabled: bool, protected: bool) -> None:
        """Change it on a login of just now."""
        session, op_id = self._session, uuid7()

        def changed(found: RecordingSettings) -> None:
            self.view.show_settings(found)
            self.view.tell(self.tr("Changed; it holds for the next call on."), Level.SUCCESS)

        self._tasks.run(
            self,
            lambda: session.confirmed(
                password,
                lambda practice: practice.set_recording(
                    days, op_id, enabled=enabled, protected_at_carrier=protected
                ),
            ),
            done=changed,
            failed=self._refused,
            lane="net",
        )

    def _set_state(self, person_id: UUID, state: str) -> None:
        practice, op_id = self._session.practice, uuid7()

        def failed(error: UserFacingError) -> None:
            self._refused(error)
            self.load()  # what was typed goes back to what is on file

        self._tasks.run(
            self,
            lambda: practice.set_work_state(person_id, state, op_id),
            done=self.view.show_settings,
            failed=failed,
        )

    def _refused(self, error: UserFacingError) -> None:
        self.view.tell(error.sentence)
