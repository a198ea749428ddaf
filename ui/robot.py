"""Works a real window with keys and clicks, and waits for facts, never for time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ui.models.queue_model import ROW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from PySide6.QtCore import QModelIndex

    from ui.main_window import MainWindow
    from ui.views.call_bar import CallBar
    from ui.views.queue_panel import QueuePanel

__all__ = ["NotTrueError", "Robot"]

T = TypeVar("T")
W = TypeVar("W", bound=QWidget)
_PATIENCE: Final = 15.0  # seconds for one fact
_LOOK_MS: Final = 20


class NotTrueError(AssertionError):
    """Something that the program promises is not so."""


class Robot:
    """Hands and eyes for one window."""

    def __init__(self, window: MainWindow) -> None:
        """``window`` is shown already."""
        self.window = window
        self.faults: list[BaseException] = []  # errors of ours that came up meanwhile

    # -- eyes ---------------------------------------------------------------------------------

    def until(self, fact: Callable[[], T], words: str, patience: float = _PATIENCE) -> T:
        """Let the program work until ``fact()`` is true; return what it gave.

        Args:
            fact: looked at again and again.
            words: what is waited for, said when it does not come.
            patience: seconds.

        Raises:
            NotTrueError: it did not become true.
        """
        deadline = time.monotonic() + patience
        loop, look = QEventLoop(), QTimer(interval=_LOOK_MS)
        look.timeout.connect(loop.quit)
        look.start()
        while not (found := fact()):
            self._no_fault()
            if time.monotonic() > deadline:
                raise NotTrueError(f"waited {patience:.0f} s for: {words}")
            # Not processEvents(): that waits without letting Python's other threads work.
            loop.exec()
        self._no_fault()
        return found

    def _no_fault(self) -> None:
        if self.faults:
            raise NotTrueError("the program has no fault of its own") from self.faults[0]

    def must(self, fact: object, words: str) -> None:
        """Raise NotTrueError unless it is so."""
        if not fact:
            raise NotTrueError(words)

    def find(self, kind: type[W], name: str) -> W:
        """Return the visible widget of this object name; waits for it."""

        def look() -> W | None:
            found = self.window.findChildren(kind, name)
            return next((widget for widget in found if widget.isVisible()), None)

        found = self.until(look, f"the control {name}")
        assert found is not None  # noqa: S101  (until has waited for it)
        return found

    def picture(self, file: Path) -> None:
        """Save what the window shows."""
        file.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(3):  # a new layout asks its parents for theirs
            QApplication.processEvents()
        self.window.grab().save(str(file))

    # -- hands --------------------------------------------------------------------------------

    def click(self, widget: QWidget) -> None:
        """Click a control that is enabled; waits until it is."""
        self.until(
            lambda: widget.isEnabled() and widget.isVisible(),
            f"{widget.accessibleName() or widget.objectName()} can be clicked",
        )
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(
        self,
        key: Qt.Key,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Press a key where the focus is."""
        self._in_front()
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def ctrl(self, key: Qt.Key) -> None:
        """Press Ctrl and a key."""
        self.key(key, Qt.KeyboardModifier.ControlModifier)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        self._in_front()
        target = QApplication.focusWidget()
        if target is None:
            raise NotTrueError("a field has the focus")
        QTest.keyClicks(target, text)

    def answer_own_phone(self, bar: CallBar, gone_out: Callable[[], object]) -> None:
        """After Dial: say "I hear you" when one's own phone asks for it, which is once a shift.

        Args:
            bar: where it is asked.
            gone_out: whether the patient is being dialled.
        """
        self.until(lambda: bar.phone.asks or gone_out(), "one's own phone is on the line")
        if bar.phone.asks:
            self.click(bar.phone.hear)

    def _in_front(self) -> None:
        # Without a window manager nobody gives the focus back when another window goes; asked
        # once, while that one is still on its way out, it is not given either.
        def front() -> bool:
            if not self.window.isActiveWindow():
                self.window.activateWindow()
            return self.window.isActiveWindow()

        if not self.window.isActiveWindow():
            self.until(front, "the window is in front")

    def open_row(self, panel: QueuePanel, entry_id: UUID) -> None:
        """Open a patient of the queue: a click on the row, then Enter."""
        self._in_front()  # now: from here on the rows must stay where they are

        def look() -> QModelIndex | None:
            rows = (panel.model.index(number) for number in range(panel.model.rowCount()))
            return next((row for row in rows if row.data(ROW).entry_id == entry_id), None)

        index = self.until(look, "the patient stands in the queue")
        assert index is not None  # noqa: S101  (until has waited for it)
        panel.list.scrollTo(index)
        place = panel.list.visualRect(index).center()
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
        self.key(Qt.Key.Key_Return)
