"""When to lock: nobody has touched the program for a while, or the computer itself locks or sleeps.

45 CFR 164.312(a)(2)(iii) asks for automatic log-off and names no time; the practice sets the
minutes. A live call keeps the screen open, because the coordinator reads from it; the time starts
again at hang-up.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import SLOT, QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtDBus import QDBusConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

__all__ = [
    "SIGN_OUT_MINUTES",
    "WARNING_SECONDS",
    "IdleGuard",
    "SystemLock",
    "Ticker",
    "seconds_awake",
]

WARNING_SECONDS: Final = 30
SIGN_OUT_MINUTES: Final = 30  # a locked window nobody comes back to gives its patient back

_TOUCHES: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletPress,
        QEvent.Type.TabletMove,
    }
)


def seconds_awake() -> float:
    """Seconds of a clock that nobody sets and that, where the system has one, runs in sleep."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Ticker(Protocol):
    """What the guard needs of a QTimer; tests hand in one they tick themselves."""

    def start(self, msec: int, /) -> None:
        """Tick every so many milliseconds."""
        ...

    def stop(self) -> None:
        """Tick no more."""
        ...


class IdleGuard(QObject):
    """Watches the whole application for touches.

    Signals:
        warned: locking is so many seconds away; sent each second while it is.
        cleared: somebody touched the program during the warning.
        expired: the idle minutes are over.
        abandoned: nobody came back for ``SIGN_OUT_MINUTES``; the session should end.
    """

    warned = Signal(int)
    cleared = Signal()
    expired = Signal()
    abandoned = Signal()

    def __init__(
        self,
        app: QApplication,
        *,
        parent: QObject,
        clock: Callable[[], float] = seconds_awake,
        ticker: Ticker | None = None,
    ) -> None:
        """Make a guard that sleeps until :meth:`watch`.

        Args:
            app: whose events are looked at.
            parent: Qt owner.
            clock: seconds that only grow.
            ticker: calls nothing by itself when given; the test calls :meth:`tick`.
        """
        super().__init__(parent)
        self._app = app
        self._clock = clock
        if ticker is None:
            timer = QTimer(self)
            timer.timeout.connect(self.tick)
            ticker = timer
        self._ticker = ticker
        self._limit = 0.0
        self._last = clock()
        self._live = False
        self._warning = False
        self._locked = False
        self._watching = False

    def watch(self, minutes: int) -> None:
        """Start counting from now.

        Args:
            minutes: idle minutes before ``expired``, 1 to 15 (anything else is brought there).
        """
        self._limit = 60.0 * min(15, max(1, minutes))
        self._locked = False
        self.touch()
        if not self._watching:
            self._watching = True
            self._app.installEventFilter(self)
            self._ticker.start(1000)

    def stop(self) -> None:
        """Look at nothing any more."""
        if self._watching:
            self._watching = False
            self._app.removeEventFilter(self)
            self._ticker.stop()
        self._warning = False

    def touch(self) -> None:
        """Somebody is there."""
        self._last = self._clock()
        if self._warning:
            self._warning = False
            self.cleared.emit()

    def set_live(self, live: bool) -> None:
        """Say whether a call is up; the count starts again when it ends."""
        if self._live and not live:
            self.touch()
        self._live = live

    def set_locked(self, locked: bool) -> None:
        """Say whether the window is locked; while it is, only ``abandoned`` can follow."""
        self._locked = locked
        self.touch()

    @Slot()
    def tick(self) -> None:
        """Look at the clock; called each second."""
        if self._live:
            self.touch()
            return
        idle = self._clock() - self._last
        if self._locked:
            if idle >= SIGN_OUT_MINUTES * 60:
                self.stop()
                self.abandoned.emit()
            return
        left = self._limit - idle
        if left <= 0:
            self._warning = False
            self._locked = True
            self._last = self._clock()
            self.expired.emit()
        elif left <= WARNING_SECONDS:
            self._warning = True
            self.warned.emit(round(left))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note touches; never eats an event."""
        if event.type() in _TOUCHES and not self._locked:
            self.touch()
        return super().eventFilter(watched, event)


def _slot(signature: str) -> bytes:
    return SLOT(signature).encode()


class SystemLock(QObject):
    """Hears the Linux desktop lock or suspend (logind, screen saver) where there is a bus.

    Signals:
        locking: the computer locks or goes to sleep.
    """

    locking = Signal()

    def __init__(self, parent: QObject) -> None:
        """Subscribe; without a bus nothing is ever heard."""
        super().__init__(parent)
        system = QDBusConnection.systemBus()
        if system.isConnected():
            name, manager = "org.freedesktop.login1", "org.freedesktop.login1.Manager"
            flag = _slot("on_flag(bool)")
            system.connect(name, "/org/freedesktop/login1", manager, "PrepareForSleep", self, flag)
            session = "org.freedesktop.login1.Session"
            system.connect(name, "", session, "Lock", self, _slot("on_lock()"))
        desktop = QDBusConnection.sessionBus()
        if desktop.isConnected():
            saver = "org.freedesktop.ScreenSaver"
            desktop.connect("", "", saver, "ActiveChanged", self, _slot("on_flag(bool)"))

    @Slot(bool)
    def on_flag(self, begins: bool) -> None:
        """Sleep or screen saver begins (True) or has ended (False)."""
        if begins:
            self.locking.emit()

    @Slot()
    def on_lock(self) -> None:
        """The desktop session was locked."""
        self.locking.emit()
