"""Messages to the person at the desk: an inline banner, spoken announcements, one confirmation.

An ordinary failure is a banner, never a box in the way of a call. Texts say what happened and
what to do now, and hold no patient data. Only :func:`confirm`, for what cannot be undone, opens
a dialog; ``QMessageBox`` is used nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimerEvent, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMessageBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from coordinator_app.errors import UserFacingError

__all__ = ["Action", "Level", "Message", "MessageBus", "announce", "confirm"]


class Level(StrEnum):
    """How much a message matters."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


# Milliseconds; None stays until it is closed or replaced. Failures must not vanish unread
# (WCAG 2.2, 2.2.1).
_STAY: dict[Level, int | None] = {
    Level.INFO: 8_000,
    Level.SUCCESS: 5_000,
    Level.WARNING: None,
    Level.ERROR: None,
}


@dataclass(frozen=True, slots=True)
class Action:
    """A button in the banner; pressing it also takes the message away."""

    label: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Message:
    """One banner.

    Attributes:
        level: how much it matters.
        text: the sentence that is shown and spoken.
        key: messages of one key replace each other.
        action: an optional button.
        closable: whether the person may put it away (a lost connection may not be).
    """

    level: Level
    text: str
    key: str
    action: Action | None = None
    closable: bool = True


class MessageBus(QObject):
    """Keeps the messages that are up and tells the banner about them.

    Signals:
        shown: a Message is new, or replaces the one of the same key.
        cleared: the message of this key is gone.
    """

    shown = Signal(object)
    cleared = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        """Start with nothing shown."""
        super().__init__(parent)
        self._messages: dict[str, Message] = {}
        # Numbers of this object's own timers. A QTimer for each message, with a function that
        # knows its key, would be a cycle of Python and Qt that the collector frees at any time.
        self._timers: dict[str, int] = {}

    @property
    def current(self) -> tuple[Message, ...]:
        """What is up now, oldest first."""
        return tuple(self._messages.values())

    def show(
        self,
        level: Level,
        text: str,
        *,
        key: str = "",
        action: Action | None = None,
        timeout_ms: int | None = None,
        closable: bool = True,
    ) -> None:
        """Show a message.

        Args:
            level: how much it matters.
            text: what happened and what to do now; never patient data.
            key: replaces the message of the same key; the text itself when empty, so that
                the same sentence never stands there twice.
            action: an optional button.
            timeout_ms: how long it stays; None takes the level's own (warnings and errors
                stay); a message with a button or without a close cross stays as well.
            closable: False for a state that lasts, such as a lost connection.
        """
        message = Message(level, text, key or text, action, closable)
        self._stop_timer(message.key)
        self._messages[message.key] = message
        stays = action is not None or not closable
        stay_ms = timeout_ms if timeout_ms is not None else (None if stays else _STAY[level])
        if stay_ms is not None:
            self._timers[message.key] = self.startTimer(stay_ms)
        self.shown.emit(message)

    def info(self, text: str, *, key: str = "", action: Action | None = None) -> None:
        """Show something worth knowing, for a short time."""
        self.show(Level.INFO, text, key=key, action=action)

    def success(self, text: str, *, key: str = "", action: Action | None = None) -> None:
        """Show that something worked, for a short time."""
        self.show(Level.SUCCESS, text, key=key, action=action)

    def warning(self, text: str, *, key: str = "", action: Action | None = None) -> None:
        """Show something that needs care; stays."""
        self.show(Level.WARNING, text, key=key, action=action)

    def error(self, text: str, *, key: str = "", action: Action | None = None) -> None:
        """Show a failure; stays."""
        self.show(Level.ERROR, text, key=key, action=action)

    def refused(self, failure: UserFacingError) -> None:
        """Show a failure that nobody else took (``TaskRunner.refused``)."""
        self.error(failure.sentence)

    def clear(self, key: str) -> None:
        """Take a message away; harmless when it is not up."""
        self._stop_timer(key)
        if self._messages.pop(key, None) is not None:
            self.cleared.emit(key)

    def clear_all(self) -> None:
        """Take every message away (lock, sign-out)."""
        for key in tuple(self._messages):
            self.clear(key)

    def _stop_timer(self, key: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            self.killTimer(timer)

    def timerEvent(self, event: QTimerEvent) -> None:
        """Take away the message whose time is over."""
        number = event.timerId()
        for key in [key for key, timer in self._timers.items() if timer == number]:
            self.clear(key)


def announce(source: QWidget, text: str, *, urgent: bool = False) -> None:
    """Have a screen reader say something that only changed on the screen ("Connected").

    Args:
        source: the widget that the change belongs to.
        text: what to say; empty says nothing.
        urgent: interrupt what is being said.
    """
    if not text:
        return
    event = QAccessibleAnnouncementEvent(source, text)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if urgent else politeness.Polite)
    QAccessible.updateAccessibility(event)


def ask_password(parent: QWidget, question: str) -> str:
    """Ask for the person's own password; "" when they would rather not."""
    typed, agreed = QInputDialog.getText(
        parent, QCoreApplication.applicationName(), question, QLineEdit.EchoMode.Password
    )
    return typed if agreed else ""


def confirm(
    parent: QWidget, question: str, detail: str, yes: str, *, dangerous: bool = True
) -> bool:
    """Ask before something that cannot be undone. Escape and Enter mean no.

    Args:
        parent: the window that asks.
        question: one short question.
        detail: what will happen.
        yes: the verb on the button, for example "Sign out".
        dangerous: colours the button as a warning.
    """
    box = QMessageBox(parent)
    box.setObjectName("confirm")
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(QCoreApplication.applicationName())
    box.setText(question)
    box.setInformativeText(detail)
    keep = box.addButton(
        QCoreApplication.translate("confirm", "Cancel"), QMessageBox.ButtonRole.RejectRole
    )
    accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    accept.setProperty("kind", "danger" if dangerous else "primary")
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    agreed = box.clickedButton() is accept
    box.deleteLater()
    return agreed
