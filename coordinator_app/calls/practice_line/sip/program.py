"""One of the two programs: started, told, heard, ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import coordinator_app
from coordinator_app.errors import ConfigurationError

_READY_WITHIN_S = 30.0
_ENDS_WITHIN_S = 5.0
_PACKAGE = __name__.rpartition(".")[0]


class Program:
    """Runs from the beginning until ``close``, or until it dies."""

    def __init__(self, name: str, hear: Callable[[dict[str, Any]], None], *arguments: str) -> None:
        """``name``: of the module. ``hear``: is given each event, on a thread of ours; the last
        one is ``{"event": "died"}``. Raises ConfigurationError when it does not start."""
        self._hear = hear
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{_PACKAGE}.{name}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,  # a terminal's Ctrl+C is for the line, which ends us
        )
        self._writing = threading.Lock()
        self._reader = threading.Thread(  # noqa: TID251  a pipe's reader, joined by close()
            target=self._read, name=f"practice-line-{name}", daemon=True
        )
        first = self._first()
        if first.get("event") != "ready":
            self.close()
            raise ConfigurationError(
                "The practice line's telephones did not start. Start it again, or use the "
                "practice line without sound.",
                name="phones_did_not_start",
            )
        self.port = int(first["port"])
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """It has not ended."""
        return self._process.poll() is None

    def send(self, do: str, **facts: object) -> None:
        """Tell it to do something; one that died does nothing, and says so by itself."""
        line = json.dumps({"do": do, **facts}) + "\n"
        pipe = self._process.stdin
        with self._writing, contextlib.suppress(OSError, ValueError):
            if pipe is not None:
                pipe.write(line.encode())
                pipe.flush()

    def close(self) -> None:
        """Let it say goodbye on its calls and end."""
        with self._writing, contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader.ident is not None:  # it was started
            self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _first(self) -> dict[str, Any]:
        # A pipe has no time-out: a program that says nothing is ended instead.
        deadline = threading.Timer(_READY_WITHIN_S, self._process.kill)
        deadline.start()
        try:
            return self._next() or {}
        finally:
            deadline.cancel()
            deadline.join()

    def _next(self) -> dict[str, Any] | None:
        if self._process.stdout is None:
            return None
        line = self._process.stdout.readline()
        try:
            return dict(json.loads(line)) if line else None
        except ValueError:
            return {}

    def _read(self) -> None:
        while (event := self._next()) is not None:
            self._hear(event)
        self._hear({"event": "died"})


def _environment() -> dict[str, str]:
    """Return ours, with the place of this very program: its helpers must be of the same."""
    places = [str(Path(coordinator_app.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
