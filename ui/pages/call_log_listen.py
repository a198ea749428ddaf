"""Recordings in the call log: loading, listening, holding, deleting."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from coordinator_app.bootstrap import new_playback_key
from coordinator_app.domain.ids import uuid7
from coordinator_app.services.listening import Sound, listen
from ui.messages import Level, ask_password, confirm
from ui.tasks import Generations

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.logs import CallLogRow
    from coordinator_app.domain.recording import RecordingRow
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.pages.page import Page
    from ui.tasks import Tasks
    from ui.views.call_log_recording import RecordingPanel

__all__ = ["ListenDesk"]


class ListenDesk(QObject):
    """What the recording panel of the call log asks for."""

    def __init__(self, page: Page, panel: RecordingPanel, session: Session, tasks: Tasks) -> None:
        """Connect the panel; it and the page live as long as this."""
        super().__init__(page)
        self._page = page
        self._panel = panel
        self._session = session
        self._tasks = tasks
        self._asked = Generations()
        self._stop = Event()
        panel.listen_wanted.connect(self.listen)
        panel.hold_wanted.connect(self.hold)
        panel.delete_wanted.connect(self.delete)

    def begin(self, call: CallLogRow) -> None:
        """Show the recordings of a call."""
        self.forget()
        self._panel.begin(call)
        self._load(call.id)

    def forget(self) -> None:
        """Keep no patient, and drop answers on their way."""
        self._stop.set()
        for key in ("rows", "sound", "change"):
            self._asked.forget(key)
        self._panel.forget()

    def _load(self, call_id: UUID) -> None:
        practice = self._session.practice
        fresh = self._asked.latest("rows")
        self._tasks.run(
            self,
            lambda: practice.call_recordings(call_id),
            done=fresh(self._panel.show_rows),
            failed=fresh(self._refused),
        )

    def listen(self, recording_id: UUID, reason: str) -> None:
        """Fetch, open and play; the look is in the audit from the first request on."""
        practice, op_id = self._session.practice, uuid7()
        stop = self._stop = Event()
        fresh = self._asked.latest("sound")
        self._panel.set_busy(busy=True)
        self._tasks.run(
            self,
            lambda: listen(
                practice,
                new_playback_key(),
                recording_id,
                reason=reason,
                op_id=op_id,
                wait=stop.wait,
            ),
            done=fresh(self._play),
            failed=fresh(self._not_heard),
            lane="net",  # it may wait for the gateway; nothing else should
        )

    def _play(self, sound: Sound) -> None:
        self._panel.set_busy(busy=False)
        self._panel.play(sound.recording_id, sound.content)
        self._reload()

    def _not_heard(self, error: UserFacingError) -> None:
        self._panel.set_busy(busy=False)
        self._refused(error)
        self._reload()

    def _reload(self) -> None:
        """Show the look that has just been logged, without stopping what plays."""
        call = self._panel.call
        if call is None:
            return
        practice, call_id = self._session.practice, call.id
        fresh = self._asked.latest("rows")
        self._tasks.run(
            self,
            lambda: practice.call_recordings(call_id),
            done=fresh(self._panel.show_listened),
            failed=fresh(self._refused),
        )

    def hold(self, recording_id: UUID, reason: str, hold: bool) -> None:
        """Put a legal hold on it, or end it."""
        practice, op_id = self._session.practice, uuid7()
        said = (
            self.tr("It is kept until the hold ends.") if hold else self.tr("The hold has ended.")
        )
        fresh = self._asked.latest("change")
        self._tasks.run(
            self,
            lambda: practice.hold_recording(recording_id, reason, op_id, hold=hold),
            done=fresh(partial(self._changed, said)),
            failed=fresh(self._refused),
        )

    def delete(self, recording_id: UUID, reason: str) -> None:
        """Ask twice, then delete it for good."""
        question = self.tr("Delete this recording?")
        detail = self.tr("It cannot be brought back. That it was there, and your reason, stay.")
        if not confirm(self._page, question, detail, self.tr("Delete")):
            return
        password = ask_password(self._page, self.tr("Your password, again, to delete it:"))
        if password:
            self.delete_with(recording_id, reason, password)

    def delete_with(self, recording_id: UUID, reason: str, password: str) -> None:
        """Delete it on a login of just now."""
        session, op_id = self._session, uuid7()
        fresh = self._asked.latest("change")
        self._tasks.run(
            self,
            lambda: session.confirmed(
                password, lambda practice: practice.delete_recording(recording_id, reason, op_id)
            ),
            done=fresh(partial(self._changed, self.tr("The recording is deleted."))),
            failed=fresh(self._refused),
            lane="net",
        )

    def _changed(self, said: str, row: RecordingRow) -> None:
        self._panel.replace_row(row)
        self._panel.tell(said, Level.SUCCESS)

    def _refused(self, error: UserFacingError) -> None:
        self._panel.tell(error.sentence)
