"""Collects Python's garbage on the GUI thread only.

Python runs its cyclic collector in whatever thread happens to allocate. When that is a worker and
the garbage holds widgets, Qt objects are destroyed on the wrong thread and the program crashes, now
and then and nowhere in particular.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

__all__ = ["Collector"]

_EVERY_MS: Final = 1000


class Collector(QObject):
    """Takes the collector away from Python while the application lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Do nothing before :meth:`start`."""
        super().__init__(parent)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        """From now on garbage is collected by a timer of the GUI thread."""
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Give the collector back to Python."""
        self._timer.stop()
        gc.enable()

    def collect(self) -> None:
        """Collect the oldest generation that is due, by Python's own thresholds."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation] > 0:
                gc.collect(generation)
                return
