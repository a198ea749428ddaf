"""One's own phone in the call bar: connect it, say that one is on it, let it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from coordinator_app.domain.call import PhoneState
from ui.widgets.buttons import Button, IconButton

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.call import OwnPhone
    from ui.shortcuts import Keymap

__all__ = ["OwnPhoneButtons", "phone_words"]


class OwnPhoneButtons(QObject):
    """Three buttons, of which at most one is shown.

    Signals:
        heard: "I hear you" was pressed for this leg (its number).
        connect_wanted: have my phone called.
        disconnect_wanted: let my phone go.
    """

    heard = Signal(int)
    connect_wanted = Signal()
    disconnect_wanted = Signal()

    def __init__(self, keymap: Keymap, parent: QObject) -> None:
        """Make the buttons; whoever owns the row puts ``widgets`` into it."""
        super().__init__(parent)
        self._leg = 0
        self.hear = Button(self.tr("I hear you"), "primary", "check", size="large")
        self.hear.setObjectName("phone_heard")
        self.hear.setToolTip(keymap.tooltip("call.heard"))
        self.attach = Button(self.tr("Connect my phone"), "", "phone-call", size="large")
        self.attach.setObjectName("phone_connect")
        self.attach.setToolTip(
            self.tr("Your own phone is called and stays connected for all calls of this shift")
        )
        self.detach = IconButton("unplug", self.tr("Disconnect my phone"), framed=True)
        self.detach.setObjectName("phone_disconnect")
        self.hear.clicked.connect(self._hear)
        self.attach.clicked.connect(self._attach)
        self.detach.clicked.connect(self._detach)
        self.show(None, idle=True)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """In their order."""
        return self.hear, self.attach, self.detach

    @property
    def asks(self) -> bool:
        """Whether "I hear you" is to be pressed now."""
        return not self.hear.isHidden()

    def show(self, phone: OwnPhone | None, *, idle: bool) -> None:
        """Show what can be done with the phone.

        Args:
            phone: None while it is not known.
            idle: no call is going on.
        """
        state = phone.state if phone is not None else None
        self._leg = phone.leg if phone is not None else 0
        asks = phone is not None and state is PhoneState.UP and not phone.confirmed
        self.hear.setVisible(asks)
        self.attach.setVisible(idle and state is PhoneState.GONE)
        self.detach.setVisible(
            idle and not asks and state in (PhoneState.UP, PhoneState.CONNECTING)
        )
        self.hear.setEnabled(asks)  # its key works only when it is on the screen
        for button in (self.attach, self.detach):
            button.setEnabled(True)

    def _hear(self) -> None:
        self.hear.setEnabled(False)
        self.heard.emit(self._leg)

    def _attach(self) -> None:
        self.attach.setEnabled(False)
        self.connect_wanted.emit()

    def _detach(self) -> None:
        self.detach.setEnabled(False)
        self.disconnect_wanted.emit()


def phone_words(phone: OwnPhone, *, waiting: bool) -> str:
    """What to say of a phone that is not ready.

    Args:
        phone: one's own.
        waiting: a patient is to be dialled as soon as it is ready.
    """

    def words(text: str) -> str:
        return QCoreApplication.translate("OwnPhone", text)

    if phone.state is PhoneState.CONNECTING:
        return words("Your own phone is called first. Pick it up.")
    if phone.state is PhoneState.UP:
        if waiting:
            return words("Are you on your phone? Press “I hear you”; then the patient is dialled.")
        return words("Are you on your phone? Press “I hear you”.")
    return phone.sentence or words("Dial calls your own phone first, once a shift.")
