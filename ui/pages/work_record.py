"""Recording a call: the patient's answer goes to the database, which decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from coordinator_app.domain.call import CallView
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.recording import Consent, RecordingCommand
from coordinator_app.errors import NotConnectedError, UserFacingError
from coordinator_app.services import scripts

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.pages.work import Work
    from ui.widgets.recording_control import RecordingControl

__all__ = ["RecordDesk"]


class RecordDesk(QObject):
    """Turns what is pressed about recording into requests, and answers into what is shown."""

    def __init__(self, work: Work, control: RecordingControl) -> None:
        """Connect the control of the call bar; both belong to the work's page."""
        super().__init__(work)
        self._work = work
        self._control = control
        control.answered.connect(self.answer)
        control.wanted.connect(self.command)
        work.call_changed.connect(self._follow)

    def _follow(self) -> None:
        card, call = self._work.card, self._work.call
        if card is not None:
            self._control.show_notice(scripts.recording_notice(card.language))
        self._control.show_recording(None if call is None else call.recording)

    def answer(self, answer: Consent) -> None:
        """Keep what the patient said; a yes starts the recording."""
        call = self._work.call
        if call is not None:
            practice, op_id = self._work.session.practice, uuid7()
            self._ask(
                lambda: practice.start_recording(call.id, answer, op_id, notice_given=True),
                quiet=answer is Consent.NO,
            )

    def command(self, command: RecordingCommand) -> None:
        """Pause, go on, stop; or the patient wants it no more."""
        call = self._work.call
        if call is not None:
            practice, op_id = self._work.session.practice, uuid7()
            self._ask(lambda: practice.recording_command(call.id, command, op_id))

    def _ask(self, work: Callable[[], CallView], *, quiet: bool = False) -> None:
        messages = self._work.messages

        def failed(error: UserFacingError) -> None:
            self._follow()
            if isinstance(error, NotConnectedError):
                messages.error(
                    self.tr("The recording did not hear that. Press again."), key="recording"
                )
            elif quiet:
                messages.info(self.tr("Noted: the patient said no. Nothing is recorded."))
            else:
                messages.warning(error.sentence, key="recording")

        messages.clear("recording")
        self._work.tasks.run(self, work, done=self._work.set_call, failed=failed)
