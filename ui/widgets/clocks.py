"""Clocks that count: how long a call lasts, how long a hold is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.messages import announce
from ui.widgets.labels import Chip, ChipKind

__all__ = ["CallTimer", "Countdown", "clock_text"]

_TICK_MS = 250  # four times a second: never more than a quarter second late at the change
_SOON_S = 60


def clock_text(seconds: float) -> str:
    """Return ``mm:ss``, or ``h:mm:ss`` from one hour on; a negative time is 00:00."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes:02d}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class CallTimer(QLabel):
    """The clock of a call. Reads the program's Clock, so a demo's time is right as well."""

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        """Make a stopped clock; ``now`` returns the present time with its zone."""
        super().__init__("00:00", parent)
        self._now = now
        self._since: datetime | None = None
        self.setProperty("type", "clock")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.refresh)
        self.refresh()

    @property
    def running(self) -> bool:
        """Whether it counts."""
        return self._timer.isActive()

    def start(self, since: datetime | None = None) -> None:
        """Count from ``since``, or from now."""
        self._since = since or self._now()
        self._timer.start()
        self.refresh()

    def stop(self) -> float:
        """Stop, keep what is shown, and return the seconds."""
        self._timer.stop()
        self.refresh()
        return 0.0 if self._since is None else (self._now() - self._since).total_seconds()

    def reset(self) -> None:
        """Stop and show zero."""
        self._timer.stop()
        self._since = None
        self.refresh()

    def refresh(self) -> None:
        """Show the present state."""
        seconds = 0.0 if self._since is None else (self._now() - self._since).total_seconds()
        shown = clock_text(seconds)
        if shown != self.text() or not self.accessibleName():
            self.setText(shown)
            self.setAccessibleName(self.tr("Call time %1").replace("%1", shown))


class Countdown(Chip):
    """Time that runs out, as a chip ("Held 4:32"): amber, red in the last minute.

    Signals:
        ran_out: the time is over; emitted once.
    """

    ran_out = Signal()

    def __init__(
        self,
        now: Callable[[], datetime],
        words: str,
        over: str,
        parent: QWidget | None = None,
    ) -> None:
        """Make a hidden chip.

        Args:
            now: returns the present time with its zone.
            words: text with ``%1`` for the time left, for example "Held %1".
            over: text when the time is over, for example "Hold expired".
            parent: Qt parent.
        """
        super().__init__("", "warning", parent)
        self._now, self._words, self._over = now, words, over
        self._until: datetime | None = None
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.refresh)

    @property
    def left(self) -> timedelta | None:
        """What is left, never negative; None when nothing runs."""
        return None if self._until is None else max(timedelta(), self._until - self._now())

    def start(self, until: datetime) -> None:
        """Count down to ``until``."""
        self._until = until
        self._timer.start()
        self.refresh()

    def clear(self) -> None:
        """Stop and hide."""
        self._timer.stop()
        self._until = None
        self.set("")

    def refresh(self) -> None:
        """Show the present state."""
        left = self.left
        if left is None:
            return
        seconds = left.total_seconds()
        if seconds <= 0:
            self._timer.stop()
            self._until = None
            self.set(self._over, "danger")
            announce(self, self._over, urgent=True)
            self.ran_out.emit()
            return
        # Rounded up: "0:01" is shown until the very end, "0:00" never while it still holds.
        minutes, rest = divmod(int(seconds) + (seconds % 1 > 0), 60)
        kind: ChipKind = "danger" if seconds <= _SOON_S else "warning"
        self.set(self._words.replace("%1", f"{minutes}:{rest:02d}"), kind)
