"""A ``Tasks`` without threads: the same three fates, answers at once or when the test says."""

from __future__ import annotations

import weakref
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import shiboken6

from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject

    from ui.tasks import Lane

T = TypeVar("T")


@dataclass
class InlineHandle:
    """Remembers whether the caller lost interest."""

    cancelled: bool = False

    def cancel(self) -> None:
        """Drop the answer."""
        self.cancelled = True


@dataclass
class InlineTasks:
    """Runs operations on the spot.

    With ``hold=True`` operations wait until ``release()``, so that a test can close a view or ask
    again in between. What the real runner would emit is kept in ``refused``; an exception that
    is no ``UserFacingError`` is raised, because in a test it is a fault.
    """

    hold: bool = False
    refused: list[UserFacingError] = field(default_factory=list)
    lanes: list[str] = field(default_factory=list)
    closed: bool = False
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """How many operations are held."""
        return len(self._waiting)

    def run(
        self,
        owner: QObject,
        op: Callable[[], T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[UserFacingError], object] | None = None,
        lane: Lane = "db",
    ) -> InlineHandle:
        """Run now, or hold."""
        handle = InlineHandle(cancelled=self.closed)
        if self.closed:
            return handle
        self.lanes.append(lane)
        step = partial(self._perform, handle, weakref.ref(owner), op, done, failed)
        if self.hold:
            self._waiting.append(step)
        else:
            step()
        return handle

    def on_gui(self, fn: Callable[[], object]) -> None:
        """Call now."""
        if not self.closed:
            fn()

    def release(self, count: int | None = None) -> None:
        """Run held operations in order: the first ``count``, or all."""
        batch = self._waiting[:count]
        del self._waiting[:count]
        for step in batch:
            step()

    def shutdown(
        self, last: Callable[[], object] | None = None, patience: float | None = None
    ) -> bool:
        """Forget what is held, do the last thing; nothing runs afterwards."""
        if last is not None and not self.closed:
            last()
        self.closed = True
        self._waiting.clear()
        return True

    def _perform(
        self,
        handle: InlineHandle,
        owner: weakref.ref[QObject],
        op: Callable[[], T],
        done: Callable[[T], object] | None,
        failed: Callable[[UserFacingError], object] | None,
    ) -> None:
        if handle.cancelled:
            return
        outcome: tuple[T] | UserFacingError
        try:
            outcome = (op(),)
        except CancelledError:
            return
        except UserFacingError as error:
            outcome = error
        if not _wanted(handle, owner):
            return
        if isinstance(outcome, tuple):
            if done is not None:
                done(outcome[0])
        elif failed is not None:
            failed(outcome)
        else:
            self.refused.append(outcome)


def _wanted(handle: InlineHandle, owner: weakref.ref[QObject]) -> bool:
    asker = owner()
    return not handle.cancelled and asker is not None and shiboken6.isValid(asker)
