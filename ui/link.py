"""Notices when the practice's database is lost, tries again, and says when it is back.

It stands between the pages and the task runner, so that no page has to think of it (style.md
section 6, rule 11).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from coordinator_app.errors import (
    NotConnectedError,
    SecondFactorNeededError,
    SignInRefusedError,
    UserFacingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.tasks import Handle, Lane, Tasks

__all__ = ["FIRST_RETRY_MS", "LONGEST_RETRY_MS", "Alarm", "LinkWatch", "ends_session"]

T = TypeVar("T")
# Whatever was asked for, the next thing would be refused in the same way: access was taken away,
# or the password is no longer the one with which a lost connection could be made again.
_ENDING: Final = frozenset({"not_a_person", "suspended", "wrong_password"})
FIRST_RETRY_MS: Final = 1_000
LONGEST_RETRY_MS: Final = 30_000


def ends_session(failure: UserFacingError) -> bool:
    """Whether a signed-in person can do nothing any more but sign in again."""
    if isinstance(failure, SecondFactorNeededError):
        return failure.whole_session
    return isinstance(failure, SignInRefusedError) and failure.name in _ENDING


class Alarm(Protocol):
    """What the watch needs of a single-shot QTimer; tests ring theirs themselves."""

    def start(self, msec: int, /) -> None:
        """Ring once after so many milliseconds."""
        ...

    def stop(self) -> None:
        """Do not ring."""
        ...


class LinkWatch(QObject):
    """A ``Tasks`` that watches every answer.

    Signals:
        lost: the database could not be reached; trying again has begun.
        restored: it answered again.
        refused: a failure that nobody else takes and that is not the link.
        ended: the database lets this person do nothing any more; says why.
        measured: milliseconds that the last answer of the database took.
    """

    lost = Signal()
    restored = Signal()
    refused = Signal(object)
    ended = Signal(object)
    measured = Signal(float)

    def __init__(
        self,
        tasks: Tasks,
        probe: Callable[[], object],
        *,
        parent: QObject | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        """Watch a runner.

        Args:
            tasks: does the work.
            probe: a cheap operation that succeeds when the database is back; runs on a worker.
            parent: Qt owner.
            alarm: the timer; a test's own calls :meth:`retry`.
        """
        super().__init__(parent)
        self._tasks = tasks
        self._probe = probe
        if alarm is None:
            timer = QTimer(self, singleShot=True)
            timer.timeout.connect(self.retry)
            alarm = timer
        self._alarm = alarm
        self._wait_ms = FIRST_RETRY_MS
        self._down = False
        self._closed = False

    @property
    def down(self) -> bool:
        """Whether the database cannot be reached now."""
        return self._down

    def close(self) -> None:
        """Try nothing any more."""
        self._closed = True
        self._alarm.stop()

    def run(
        self,
        owner: QObject,
        op: Callable[[], T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[UserFacingError], object] | None = None,
        lane: Lane = "db",
    ) -> Handle:
        """As :meth:`ui.tasks.Tasks.run`; a lost link needs no ``failed`` of the asker."""

        took_ms = 0.0

        def timed() -> T:
            nonlocal took_ms
            begun = time.perf_counter()
            answer = op()
            took_ms = 1000 * (time.perf_counter() - begun)
            return answer

        def answered(answer: T) -> None:
            if lane == "db":  # only that lane is sure to have asked the database
                self._heard()
                self.measured.emit(took_ms)
            if done is not None:
                done(answer)

        def fell(failure: UserFacingError) -> None:
            lost = isinstance(failure, NotConnectedError)
            if lost:
                self._missed()
            if lane == "db" and ends_session(failure):
                self._end(failure)
                return
            if failed is not None:
                failed(failure)
            elif not lost:
                self.refused.emit(failure)

        return self._tasks.run(owner, timed, done=answered, failed=fell, lane=lane)

    def on_gui(self, fn: Callable[[], object]) -> None:
        """See :meth:`ui.tasks.Tasks.on_gui`; what arrives after the session's end is dropped.

        The database's hints come from a thread that may still be speaking while the window of
        the session is being taken apart.
        """

        def still_here() -> None:
            if not self._closed:
                fn()

        self._tasks.on_gui(still_here)

    def shutdown(
        self, last: Callable[[], object] | None = None, patience: float | None = None
    ) -> bool:
        """Stop watching; the runner itself, and the last word, belong to the application."""
        self.close()
        return last is None and patience is None

    def retry(self) -> None:
        """Ask the database whether it is there; called by the timer and by "Try now"."""
        if self._down and not self._closed:
            self._alarm.stop()
            self._tasks.run(self, self._probe, done=lambda _: self._heard(), failed=self._again)

    def _again(self, failure: UserFacingError) -> None:
        if ends_session(failure):
            self._end(failure)
        elif isinstance(failure, NotConnectedError):
            self._wait_ms = min(LONGEST_RETRY_MS, self._wait_ms * 2)
            if not self._closed:
                self._alarm.start(self._wait_ms)
        else:
            self._heard()
            self.refused.emit(failure)

    def _end(self, failure: UserFacingError) -> None:
        if not self._closed:
            self.close()
            self.ended.emit(failure)

    def _missed(self) -> None:
        if not self._down and not self._closed:
            self._down = True
            self._wait_ms = FIRST_RETRY_MS
            self._alarm.start(self._wait_ms)
            self.lost.emit()

    def _heard(self) -> None:
        if self._down:
            self._down = False
            self._alarm.stop()
            self.restored.emit()
