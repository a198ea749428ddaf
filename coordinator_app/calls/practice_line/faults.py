"""Faults on demand: what a network and a carrier do to a request at the worst moment."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    LOST_BEFORE = "lost_before"  # no answer, and nothing was done
    LOST_AFTER = "lost_after"  # no answer, although it was done
    ERROR_AFTER = "error_after"  # 500, although it was done
    UNAVAILABLE = "unavailable"  # 503, nothing done
    TOO_MANY = "too_many"  # 429, nothing done
    NOT_FOUND = "not_found"  # 404 for something that is there
    GARBLED = "garbled"  # done, and the answer cannot be read


AFTER_THE_EFFECT = frozenset({FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED})


@dataclass(slots=True)
class Fault:
    """A fault for the next ``times`` requests of a method whose path contains a text."""

    kind: FaultKind
    method: str  # "GET", "POST", "DELETE"; "" for all
    path_part: str = ""  # "Participants", "Calls", "Conferences"; "" for all
    times: int = 1
    retry_after_s: int | None = None


class Faults:
    """The faults that wait; used from the server's threads and a test's."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let this go wrong."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request; each is used up by the requests it spoils."""
        with self._lock:
            for fault in self._waiting:
                if fault.method in ("", method) and fault.path_part in path:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None
