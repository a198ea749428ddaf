"""Where the engine's questions to the carrier run (telephony.md 4.4 "bounded pool for REST").

A carrier that lets one question hang must not delay the other calls; and it must not be asked by
more threads than its own limit of requests at once bears.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

#: Threads of a gateway. The carrier's client keeps ten connections open.
SIZE = 8

P = ParamSpec("P")
T = TypeVar("T")


class AtOnce(Executor):
    """Runs what is submitted before ``submit`` returns: for virtual time, and without threads."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See ``Executor``."""
        future: Future[T] = Future()
        try:
            result = fn(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  it is raised where the result is asked for
            future.set_exception(error)
        else:
            future.set_result(result)
        return future


def threads() -> ThreadPoolExecutor:
    """The pool of a real gateway."""
    return ThreadPoolExecutor(SIZE, thread_name_prefix="line")
