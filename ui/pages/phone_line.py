"""The part of Settings where a supervisor puts the practice on a phone line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.line_setup import LineTaskKind
from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError
from coordinator_app.domain.sealed import CarrierKey, fingerprint, seal
from coordinator_app.errors import (
    NotConnectedError,
    SecondFactorNeededError,
    StaleError,
    WrongCodeError,
)
from ui.tasks import Generations
from ui.views.phone_line import PhoneLineView

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from coordinator_app.domain.ear import SoftphoneKey
    from coordinator_app.domain.line_setup import Heard, PhoneLine
    from coordinator_app.errors import UserFacingError
    from coordinator_app.ports import PracticeDatabase
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks
    from ui.widgets.key_form import KeyForm, TypedAccount

__all__ = ["PhoneLinePart"]

_ASK_AGAIN_MS: Final = 1_500  # while an answer is to come; hints come sooner


class PhoneLinePart(QWidget):
    """Asks the database, which asks the gateway, which asks the carrier."""

    def __init__(self, session: Session, tasks: Tasks, messages: MessageBus) -> None:
        """Make an empty part; it loads when it is shown."""
        super().__init__()
        self._session, self._tasks, self._messages = session, tasks, messages
        self._asked = Generations()
        self._line: PhoneLine | None = None
        # One id for one wish: asked again after a lost answer, it is the same one.
        self._ops: dict[object, UUID] = {}
        signed_in = session.signed_in
        self.view = PhoneLineView(session.clock.now, signed_in.practice.zone, signed_in.person.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._timer = QTimer(self, singleShot=True, interval=_ASK_AGAIN_MS)
        self._timer.timeout.connect(self.load)
        view = self.view
        view.account.entered.connect(self._enter)
        view.account.forgotten.connect(self._forget_account)
        view.softphone.entered.connect(self._enter_softphone)
        view.softphone.forgotten.connect(self._forget_softphone)
        view.number.verify_wanted.connect(self._verify)
        view.number.unverify_wanted.connect(self._unverify)
        view.number.signed.connect(self._sign)
        view.check.check_wanted.connect(self._check)
        view.check.ticked.connect(self._tick)
        view.test.call_wanted.connect(self._call)
        view.test.heard.connect(self._heard)

    # -- loading ------------------------------------------------------------------------------

    def load(self) -> None:
        """Ask how the line stands, when somebody looks."""
        if not self.isVisible():
            return
        practice = self._session.practice
        fresh = self._asked.latest("line")
        self._tasks.run(
            self,
            lambda: (practice.phone_line(), practice.softphone_key()),
            done=fresh(self._show),
            failed=fresh(self._failed),
        )

    def forget(self) -> None:
        """Keep nothing that was typed."""
        self._asked.forget("line")
        self._timer.stop()
        self.view.forget()

    def showEvent(self, event: QShowEvent) -> None:
        """Load what is shown."""
        super().showEvent(event)
        self.load()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask no more, and keep no secret in a field."""
        super().hideEvent(event)
        self._timer.stop()
        if not event.spontaneous():  # not when the window is put away for a moment
            self.view.forget_secrets()

    def _show(self, found: tuple[PhoneLine, SoftphoneKey]) -> None:
        line, softphone = found
        self._line = line
        self._messages.clear("phone_line")
        words = fingerprint(bytes.fromhex(line.gateway_key)) if line.gateway_key else ""
        self.view.show_line(line, words, softphone)
        if line.waiting and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _failed(self, failure: UserFacingError) -> None:
        self._messages.error(failure.sentence, key="phone_line")

    # -- account and keys --------------------------------------------------------------------------

    def _enter(self, typed: TypedAccount) -> None:
        line = self._line
        if line is None or not line.gateway_key:
            return
        key = CarrierKey(typed.account_sid, typed.key_sid, typed.secret)
        gateway, practice = bytes.fromhex(line.gateway_key), str(line.practice_uid)
        wish = (typed.account_sid, typed.key_sid, typed.secret, line.gateway_key)
        op_id = self._op(wish)

        def send(fresh: PracticeDatabase) -> str:
            sealed = seal(key, gateway, practice)
            return fresh.set_carrier(
                key.account_sid, key.key_sid[-4:], sealed, line.gateway_key, op_id
            )

        self._confirmed(self.view.account, typed.password, typed.code, send)

    def _forget_account(self, password: str, code: str) -> None:
        op_id = self._op("forget")
        form = self.view.account
        self._confirmed(form, password, code, lambda fresh: fresh.forget_carrier(op_id))

    def _enter_softphone(self, typed: TypedAccount) -> None:
        key = (typed.account_sid, typed.key_sid, typed.secret)
        op_id = self._op(("softphone", *key))
        words = self.tr("The key is in use: softphones can sign in.")

        def send(fresh: PracticeDatabase) -> str:
            fresh.set_softphone_key(*key, op_id)
            return words

        self._confirmed(self.view.softphone, typed.password, typed.code, send)

    def _forget_softphone(self, password: str, code: str) -> None:
        op_id = self._op("forget softphone")
        words = self.tr("No softphone signs in any more. Delete the key at the carrier, too.")

        def send(fresh: PracticeDatabase) -> str:
            fresh.clear_softphone_key(op_id)
            return words

        self._confirmed(self.view.softphone, password, code, send)

    def _confirmed(
        self, form: KeyForm, password: str, code: str, send: Callable[[PracticeDatabase], str]
    ) -> None:
        session = self._session
        fresh = self._asked.latest("confirmed")
        form.set_busy(True)
        # Not the lane of the database: the login is another one, and takes its time.
        self._tasks.run(
            self,
            lambda: session.confirmed(password, send, code=code),
            done=fresh(lambda sentence: self._taken(form, sentence)),
            failed=fresh(lambda error: self._not_taken(form, error)),
            lane="net",
        )

    def _taken(self, form: KeyForm, sentence: str) -> None:
        self._ops.clear()
        form.forget()
        self._messages.success(sentence, key="phone_line_said")
        self.load()

    def _not_taken(self, form: KeyForm, error: UserFacingError) -> None:
        if isinstance(error, SecondFactorNeededError) and error.enrolled:
            form.ask_code()
        elif isinstance(error, WrongCodeError):
            form.show_code_problem(error.sentence)
        else:
            if not isinstance(error, NotConnectedError):
                self._ops.clear()
            form.show_problem(error.sentence)
            if isinstance(error, StaleError):
                self.load()

    def _op(self, wish: object) -> UUID:
        return self._ops.setdefault(wish, uuid7())

    # -- number, check, test call -------------------------------------------------------------

    def _ask(self, ask: Callable[[], object], failed: Callable[[UserFacingError], object]) -> None:
        self._tasks.run(self, ask, done=lambda _: self.load(), failed=failed)

    def _verify(self, extension: str, wait: int) -> None:
        practice, op_id = self._session.practice, uuid7()
        self.view.number.call.set_busy(self.tr("Asking…"))
        self._ask(
            lambda: practice.ask_line(
                LineTaskKind.VERIFY, op_id, extension=extension, call_delay=wait
            ),
            lambda error: self.view.number.show_problem(error.sentence),
        )

    def _unverify(self) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._ask(lambda: practice.ask_line(LineTaskKind.UNVERIFY, op_id), self._failed)

    def _check(self) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._ask(lambda: practice.ask_line(LineTaskKind.CHECK, op_id), self._failed)

    def _call(self, text: str) -> None:
        try:
            to = PhoneNumber.parse(text).e164
        except PhoneNumberError:
            words = self.tr("Enter the number of your own phone: ten digits, area code first.")
            self.view.test.show_problem(words)
            return
        practice, op_id = self._session.practice, uuid7()
        self._ask(
            lambda: practice.ask_line(LineTaskKind.TEST_CALL, op_id, to=to),
            lambda error: self.view.test.show_problem(error.sentence),
        )

    def _heard(self, heard: Heard) -> None:
        task = None if self._line is None else self._line.task(LineTaskKind.TEST_CALL)
        if task is not None:
            practice, op_id = self._session.practice, uuid7()
            self._ask(lambda: practice.line_heard(task.id, heard, op_id), self._failed)

    def _tick(self, name: str, on: bool) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._ask(lambda: practice.tick_line(name, op_id, ticked=on), self._failed)

    def _sign(self, name: str) -> None:
        practice, op_id = self._session.practice, uuid7()
        self._ask(
            lambda: practice.authorize_caller_id(name, op_id),
            lambda error: self.view.number.show_sign_problem(error.sentence),
        )
