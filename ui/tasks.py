"""The one door to the background (style.md section 6).

Three lanes: ``db`` keeps order (one worker, one connection, one identity), ``net`` is for slow
remote calls, ``disk`` keeps order as well and waits for neither. An operation is a plain function
that touches no QObject; its answer comes back on the GUI thread through one queued signal of one
long-lived object, and is dropped when whoever asked is gone.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Generations", "Handle", "Lane", "TaskHandle", "TaskRunner", "Tasks"]

T = TypeVar("T")
Lane = Literal["db", "net", "disk"]
_WORKERS: dict[Lane, int] = {"db": 1, "net": 4, "disk": 1}


class Handle(Protocol):
    """What a caller may do with work it has handed over."""

    def cancel(self) -> None:
        """Drop the answer; if the work has not begun, it never will. Harmless afterwards."""
        ...


class Tasks(Protocol):
    """Background work as views see it; tests use ``tests.helpers.inline.InlineTasks``."""

    def run(
        self,
        owner: QObject,
        op: Callable[[], T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[UserFacingError], object] | None = None,
        lane: Lane = "db",
    ) -> Handle:
        """Run ``op`` off the GUI thread and bring its answer back to it.

        Args:
            owner: whoever asks; when it no longer exists, the answer is dropped.
            op: takes and returns values; touches no QObject; ends its own unit of work.
            done: called on the GUI thread with what ``op`` returned.
            failed: called on the GUI thread with a failure that a person may read; without
                it the failure goes to the message banner.
            lane: ``db`` (in order), ``net`` (up to four at a time) or ``disk`` (in order; files
                of this computer, which must not wait for a database that does not answer).
        """
        ...

    def on_gui(self, fn: Callable[[], object]) -> None:
        """Call ``fn`` on the GUI thread soon; may be called from any thread."""
        ...

    def shutdown(
        self, last: Callable[[], object] | None = None, patience: float | None = None
    ) -> bool:
        """Finish what is running, cancel what waits, deliver nothing afterwards.

        Args:
            last: one more operation for the ``db`` lane, after what runs there (signing out).
            patience: seconds to wait; None waits until everything has ended.

        Returns:
            Whether everything has ended.
        """
        ...


class TaskHandle:
    """One operation that was handed to a :class:`TaskRunner`."""

    __slots__ = ("_cancelled", "_future")

    def __init__(self, future: Future[Any] | None = None) -> None:
        """Wrap a future; None stands for work that was refused because the runner is closed."""
        self._future = future
        self._cancelled = future is None

    @property
    def cancelled(self) -> bool:
        """Whether its answer will be dropped."""
        return self._cancelled

    def cancel(self) -> None:
        """Drop the answer; if the work has not begun, it never will."""
        self._cancelled = True
        if self._future is not None:
            self._future.cancel()


@dataclass(frozen=True, slots=True)
class _Request:
    owner: weakref.ref[QObject]
    done: Callable[[Any], object] | None
    failed: Callable[[UserFacingError], object] | None


class TaskRunner(QObject):
    """Runs operations on thread pools. Make one on the GUI thread; it outlives all views.

    Signals:
        refused: a ``UserFacingError`` that nobody else takes; show its sentence.
        crashed: any other exception of an operation: a fault of ours (log, crash dialog).
        closing: ``shutdown`` has begun; operations that wait on the outside should return.
    """

    refused = Signal(object)
    crashed = Signal(object)
    closing = Signal()
    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        """Make the pools; threads start with the first operation of their lane."""
        super().__init__(parent)
        self._pools = {
            lane: ThreadPoolExecutor(max_workers=workers, thread_name_prefix=f"lane-{lane}")
            for lane, workers in _WORKERS.items()
        }
        # The signal carries nothing: what it announces lies here. A deque's append and popleft
        # are atomic, and no Python object travels inside Qt's event queue.
        self._inbox: deque[Callable[[], object]] = deque()
        self._unfinished: set[Future[Any]] = set()
        self._open = True
        self._gui_thread = threading.get_ident()
        self._wake.connect(self._deliver_one, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        owner: QObject,
        op: Callable[[], T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[UserFacingError], object] | None = None,
        lane: Lane = "db",
    ) -> TaskHandle:
        """See :meth:`Tasks.run`. After ``shutdown`` nothing is run.

        Raises:
            RuntimeError: not called on the GUI thread.
        """
        self._assert_gui_thread()
        if not self._open:
            return TaskHandle()
        future = self._pools[lane].submit(op)
        handle = TaskHandle(future)
        request = _Request(weakref.ref(owner), done, failed)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        future.add_done_callback(partial(self._finished, handle, request))
        return handle

    def on_gui(self, fn: Callable[[], object]) -> None:
        """See :meth:`Tasks.on_gui`."""
        if self._open:
            self._inbox.append(fn)
            self._wake.emit()

    def shutdown(
        self, last: Callable[[], object] | None = None, patience: float | None = None
    ) -> bool:
        """See :meth:`Tasks.shutdown`. Safe to repeat; ``last`` counts the first time only.

        Raises:
            RuntimeError: not called on the GUI thread.
        """
        self._assert_gui_thread()
        if self._open:
            self._open = False
            # First cancel what waits: an operation that ends at once on `closing` must not make
            # room for the next one.
            for future in tuple(self._unfinished):
                future.cancel()
            if last is not None:
                future = self._pools["db"].submit(last)
                self._unfinished.add(future)
                future.add_done_callback(self._unfinished.discard)
            for pool in self._pools.values():
                pool.shutdown(wait=False)
            self.closing.emit()
        running = wait(tuple(self._unfinished), patience).not_done
        if not running:
            for pool in self._pools.values():
                pool.shutdown(wait=True)
        self._inbox.clear()
        return not running

    def _assert_gui_thread(self) -> None:
        if threading.get_ident() != self._gui_thread:
            msg = "Background work is handed over on the GUI thread only; use on_gui()."
            raise RuntimeError(msg)

    def _finished(self, handle: TaskHandle, request: _Request, future: Future[Any]) -> None:
        # On a worker (or, for work that never began, on the thread that cancelled it).
        if not future.cancelled():
            self.on_gui(partial(self._deliver, handle, request, future))

    def _deliver_one(self) -> None:
        # One answer for each wake-up, so that painting and typing come in between.
        if self._inbox:
            self._inbox.popleft()()

    def _deliver(self, handle: TaskHandle, request: _Request, future: Future[Any]) -> None:
        error = future.exception()
        if handle.cancelled or isinstance(error, CancelledError):
            return
        if error is not None and not isinstance(error, UserFacingError):
            self.crashed.emit(error)  # our fault: it is told even when the asker has gone
            return
        owner = request.owner()
        if owner is None or not shiboken6.isValid(owner):
            return
        if error is None:
            if request.done is not None:
                request.done(future.result())
        elif request.failed is not None:
            request.failed(error)
        else:
            self.refused.emit(error)


class Generations:
    """Lets only the newest question of a kind be answered.

    ``fresh = generations.latest("chart")`` before asking, and ``done=fresh(self._show)``: when
    another patient is asked for meanwhile, the late answer for the first one does nothing.
    """

    def __init__(self) -> None:
        """Start with no questions asked."""
        self._numbers: dict[Hashable, int] = {}

    def latest(self, key: Hashable) -> Callable[[Callable[[T], object]], Callable[[T], None]]:
        """Begin a new generation of ``key``; wraps callbacks that die with the next one."""
        number = self._numbers.get(key, 0) + 1
        self._numbers[key] = number

        def fresh(callback: Callable[[T], object]) -> Callable[[T], None]:
            def call(answer: T) -> None:
                if self._numbers[key] == number:
                    callback(answer)

            return call

        return fresh

    def forget(self, key: Hashable) -> None:
        """Drop every answer of ``key`` that is still on its way, without a new question."""
        self._numbers[key] = self._numbers.get(key, 0) + 1
