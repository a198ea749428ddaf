"""One's own phone: asked for, watched while it is on its way, and confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from coordinator_app.domain.call import CallState, OwnPhone, PhoneState
from coordinator_app.domain.ids import uuid7
from coordinator_app.errors import NotConnectedError, UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.pages.work import Work
    from ui.views.call_bar import CallBar

__all__ = ["PhoneDesk"]

_POLL_MS: Final = 1_000  # only while something is on its way; hints make it faster
_KEY: Final = "phone"  # of its banner


class PhoneDesk(QObject):
    """Turns what is pressed on the phone's buttons into requests, and answers into the bar.

    Signals:
        learned: the OwnPhone, each time that it was asked for.
    """

    learned = Signal(object)

    def __init__(self, work: Work, bar: CallBar) -> None:
        """Ask how the phone stands."""
        super().__init__(work)
        self._work = work
        self._bar = bar
        self.phone: OwnPhone | None = None
        self._asking = False
        self._again = False
        self._softphone = False  # the program's own softphone is on the line, and hears it
        self._said = 0  # the leg for which that was said
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self.refresh)
        bar.phone.heard.connect(self.hear)
        bar.phone.connect_wanted.connect(self.attach)
        bar.phone.disconnect_wanted.connect(self.detach)
        work.call_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Ask how the phone stands; one question at a time."""
        if self._asking:
            self._again = True
            return
        self._asking, self._again = True, False
        practice = self._work.session.practice

        def failed(_: UserFacingError) -> None:
            self._asked()  # the next second, hint or press asks again

        self._work.tasks.run(self, practice.my_phone, done=self._answered, failed=failed)

    def attach(self) -> None:
        """Have the phone called."""
        practice, op_id = self._work.session.practice, uuid7()
        self._press(lambda: practice.connect_phone(op_id))

    def detach(self) -> None:
        """Let the phone go."""
        practice, op_id = self._work.session.practice, uuid7()
        self._press(lambda: practice.disconnect_phone(op_id))

    def hear(self, leg: int) -> None:
        """Say that one is on this leg; the patient who waits for it is dialled now."""
        practice, op_id = self._work.session.practice, uuid7()
        self._press(lambda: practice.hear_me(leg, "press", op_id))

    def follow_softphone(self, on_line: bool) -> None:
        """The softphone took the call and sound arrives: what answered is this window, and
        nobody has to press. False: it is not on the line any more."""
        self._softphone = on_line
        if on_line:
            self.refresh()

    def _say_softphone(self, phone: OwnPhone) -> None:
        waits = phone.state is PhoneState.UP and not phone.confirmed
        mine = self._softphone and phone.endpoint.startswith("client:")
        if mine and waits and phone.leg != self._said:
            self._said = phone.leg
            practice, op_id = self._work.session.practice, uuid7()
            self._press(lambda: practice.hear_me(phone.leg, "softphone", op_id))

    def _press(self, ask: Callable[[], OwnPhone]) -> None:
        messages = self._work.messages
        messages.clear(_KEY)

        def failed(error: UserFacingError) -> None:
            if isinstance(error, NotConnectedError):
                messages.warning(self.tr("The practice did not hear that. Press again."), key=_KEY)
            else:
                messages.warning(error.sentence, key=_KEY)
            self._show()
            self.refresh()

        self._work.tasks.run(self, ask, done=self._learn, failed=failed)

    def _answered(self, phone: OwnPhone) -> None:
        self._asked()
        self._learn(phone)

    def _asked(self) -> None:
        self._asking = False
        if self._again:
            self.refresh()

    def _learn(self, phone: OwnPhone) -> None:
        self.phone = phone
        self._show()
        self.learned.emit(phone)
        call = self._work.call
        waits = call is not None and call.state is CallState.REQUESTED
        changing = phone.state is PhoneState.CONNECTING or (
            phone.state is PhoneState.UP and not phone.confirmed
        )
        if waits or changing or (self._work.live and not phone.ready):
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()
        self._say_softphone(phone)

    def _show(self) -> None:
        self._bar.show_phone(self.phone)
