"""One process at a time at one file: two windows of the same person share a journal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold the lock file, waiting for whoever has it. The system frees it when a process dies.

    Works between threads of one process as well. Raises OSError.
    """
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            msvcrt.locking(number, msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                os.lseek(number, 0, os.SEEK_SET)
                msvcrt.locking(number, msvcrt.LK_UNLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - does not exist on Windows

            fcntl.flock(number, fcntl.LOCK_EX)
            yield
    finally:
        os.close(number)  # frees the lock, too
