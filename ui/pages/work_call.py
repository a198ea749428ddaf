"""Dialling, following and ending the call; identity and reveals that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from coordinator_app.domain.call import CallCommand, CallState, CallView
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.patient import IdentifierKind, IdentityResult, RevealField
from coordinator_app.errors import NotConnectedError, UserFacingError
from ui.models.words import gate_words, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from coordinator_app.domain.monitor import HelpReason
    from ui.pages.work import Work
    from ui.views.call_bar import CallBar
    from ui.views.patient_panel import PatientPanel
    from ui.views.script_panel import ScriptPanel

__all__ = ["POLL_MS", "CallDesk"]

POLL_MS: Final = 1_000  # only while a call is going on; hints make it faster


class CallDesk(QObject):
    """Turns what is pressed on the call bar into requests, and answers into what it shows."""

    def __init__(
        self, work: Work, bar: CallBar, patient: PatientPanel, script: ScriptPanel
    ) -> None:
        """Connect the views of a call; all belong to the work's page."""
        super().__init__(work)
        self._work = work
        self._bar = bar
        self._patient = patient
        self._script = script
        # One op_id for one wish to dial: asked again after a lost answer, it is the same call.
        self._dial_ops: dict[tuple[UUID, int, UUID], UUID] = {}
        self._polling = False
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self.poll)
        bar.dial_requested.connect(self.dial)
        bar.hang_up_requested.connect(self.hang_up)
        bar.mute_requested.connect(
            lambda on: self._command(CallCommand.MUTE if on else CallCommand.UNMUTE)
        )
        bar.hold_requested.connect(
            lambda on: self._command(CallCommand.HOLD if on else CallCommand.UNHOLD)
        )
        bar.digits_requested.connect(lambda key: self._command(CallCommand.DIGITS, key))
        bar.voicemail_requested.connect(script.toggle_voicemail)
        bar.help_requested.connect(self._ask_help)
        bar.help_withdrawn.connect(self._withdraw_help)
        patient.phone_chosen.connect(lambda _: self.show_target())
        patient.reveal_wanted.connect(self.reveal)
        script.reveal_wanted.connect(lambda field: self.reveal(field, compare=True))
        script.identity_given.connect(self.verify)
        work.call_changed.connect(self._follow)

    # -- what the bar shows -------------------------------------------------------------------

    def show_target(self) -> None:
        """Tell the bar whom Dial would ring, or why it cannot."""
        card = self._work.card
        if card is None:
            self._bar.show_patient("", None)
            return
        phone, gate, now = self._patient.phone, card.gate, self._work.session.clock.now()
        refused = ""
        # What has opened meanwhile is asked again by Dial itself.
        if gate is not None and (gate.opens_at is None or gate.opens_at > now):
            refused = gate_words(gate, card.zone, now)
        if not card.permissions.calls:
            refused = refused or self.tr("This patient does not allow calls.")
        self._bar.show_patient(card.short_name, phone, refused)

    def _follow(self) -> None:
        call = self._work.call
        self._bar.show_call(call)
        if self._work.live:
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()
        self.show_identity()

    def show_identity(self) -> None:
        """Show how the identity check stands; it needs somebody on the line."""
        card, call = self._work.card, self._work.call
        if card is None:
            return
        connected = call is not None and call.state is CallState.LIVE
        self._script.show_identity(card.identity, card.identity_tries_left, possible=connected)

    # -- the call -----------------------------------------------------------------------------

    def dial(self) -> None:
        """Ask for the call; the bar has already disabled itself."""
        work, card = self._work, self._work.card
        phone = self._patient.phone
        if card is None or phone is None or work.call is not None:
            self._bar.set_asking(asking=False)
            return
        key = (card.entry_id, card.fence, phone.id)
        op_id = self._dial_ops.setdefault(key, uuid7())
        practice = work.session.practice

        def begun(call: CallView) -> None:
            self._dial_ops.pop(key, None)
            work.set_call(call)

        def refused(error: UserFacingError) -> None:
            self._bar.set_asking(asking=False)
            if isinstance(error, NotConnectedError):
                work.messages.warning(
                    self.tr(
                        "It is not known whether the call began. Dial asks for the same call "
                        "again; it never makes two."
                    ),
                    key="dial",
                )
            else:
                self._dial_ops.pop(key, None)
                now = work.session.clock.now()
                work.messages.warning(refusal(error, card.zone, now), key="dial")

        work.messages.clear("dial")
        work.ask(
            lambda: practice.request_call(card.entry_id, card.fence, phone.id, op_id),
            begun,
            refused,
        )

    def poll(self) -> None:
        """Ask how the call stands; one question at a time."""
        call = self._work.call
        if call is None or self._polling or call.state is CallState.ENDED:
            return
        self._polling = True
        practice = self._work.session.practice

        def answered(now: CallView) -> None:
            self._polling = False
            self._work.set_call(now)

        def failed(_: UserFacingError) -> None:
            self._polling = False  # the next second asks again

        self._work.tasks.run(self, lambda: practice.call(call.id), done=answered, failed=failed)

    def hang_up(self) -> None:
        """End the call; works while the window is locked, too."""
        self._command(CallCommand.HANG_UP)

    def _command(self, command: CallCommand, digits: str = "") -> None:
        call = self._work.call
        if call is None or call.state is CallState.ENDED:
            return
        practice = self._work.session.practice
        op_id = uuid7()

        def failed(error: UserFacingError) -> None:
            self._bar.show_call(self._work.call)  # a pressed button goes back to what is true
            if isinstance(error, NotConnectedError):
                self._work.messages.error(
                    self.tr("The telephone did not hear that. Press again."), key="command"
                )
            else:
                self._work.messages.warning(error.sentence, key="command")

        self._work.tasks.run(
            self,
            lambda: practice.command(call.id, command, digits, op_id),
            done=lambda _: self.poll(),
            failed=failed,
        )

    def _ask_help(self, reason: HelpReason) -> None:
        practice, op_id = self._work.session.practice, uuid7()
        self._help(lambda call: practice.ask_help(call.id, reason, op_id))

    def _withdraw_help(self) -> None:
        practice, op_id = self._work.session.practice, uuid7()
        self._help(lambda call: practice.withdraw_help(call.id, op_id))

    def _help(self, op: Callable[[CallView], CallView]) -> None:
        call, messages = self._work.call, self._work.messages
        if call is None or call.state is CallState.ENDED:
            return

        def failed(error: UserFacingError) -> None:
            if isinstance(error, NotConnectedError):
                words = self.tr("Nobody could be told that you need help. Ask again.")
                messages.error(words, key="command")
            else:
                messages.warning(error.sentence, key="command")

        self._work.tasks.run(self, lambda: op(call), done=self._work.set_call, failed=failed)

    # -- identity -----------------------------------------------------------------------------

    def verify(self, result: IdentityResult, kinds: tuple[IdentifierKind, ...]) -> None:
        """Store the check; the card that comes back has the chart after PASS."""
        work, call = self._work, self._work.call
        if call is None:
            return
        practice = work.session.practice
        op_id = uuid7()

        def failed(error: UserFacingError) -> None:
            self.show_identity()  # buttons possible again
            if not isinstance(error, NotConnectedError):
                work.messages.warning(error.sentence)

        work.ask(
            lambda: practice.verify_identity(call.id, result, kinds, op_id), work.update, failed
        )

    def reveal(self, field: RevealField, *, compare: bool = False) -> None:
        """Show a masked field for some seconds; the database logs the look.

        ``compare`` shows it at the identity check instead of in the chart.
        """
        work, card = self._work, self._work.card
        if card is None:
            return
        practice = work.session.practice

        def show(value: str) -> None:
            if compare:
                self._script.show_value(field, value)
            else:
                self._patient.reveal(field, value)

        work.ask(lambda: practice.reveal(card.entry_id, card.fence, field), show)
