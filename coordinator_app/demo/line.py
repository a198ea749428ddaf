"""The demo's phone line: the gateway as a process of its own, with the practice line inside.

It dies with us: the operating system closes its standard input when this program ends, however
that happens, and the gateway stops at that. Its database password goes through the same pipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import coordinator_app
from coordinator_app.calls.practice_line.sip.network import missing
from coordinator_app.errors import ConfigurationError

_READY_WITHIN = 30.0  # seconds
_STOPS_WITHIN = 8.0
_LARGEST_LOG = 1_000_000  # bytes; then the log starts anew
_MOST_RESTARTS = 20  # of one run: more means that it cannot work

# No console window for our helpers where a console is a window.
if sys.platform == "win32":
    _NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    _NO_WINDOW = 0


@dataclass(frozen=True, slots=True)
class Manners:
    """How the simulated people behave. ``ring``: least and most seconds; ``pace``: how many
    times faster they live; ``returns``: which part of those with a voicemail calls back;
    ``sound``: they are telephones that one can hear."""

    ring: tuple[float, float] = (2.0, 4.0)
    pace: float = 1.0
    returns: float = 0.0
    sound: bool = False


class PracticeLine:
    """The gateway process between ``start`` and ``stop``."""

    def __init__(self, personas: Path, log: Path, key: Path, manners: Manners) -> None:
        """``personas``: who answers. ``log``: what the gateway says about itself. ``key``: the
        file of the key that signs the audit's anchors."""
        self._personas = personas
        self._log = log
        self._key = key
        self._manners = manners
        self._conninfo = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self.address = ""

    def start(self, conninfo: str) -> None:
        """Start the gateway on this database and return when it answers.

        Raises ConfigurationError when it does not.
        """
        why = missing() if self._manners.sound else None
        if why is not None:
            raise ConfigurationError(why, name="sip_missing")
        self._conninfo = conninfo
        self._spawn()
        self._wait_until_ready()

    @property
    def process_id(self) -> int | None:
        """The gateway's process id, or None if it does not run."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def tend(self) -> bool:
        """Start the gateway again if it died; say whether it had. To be called now and then.

        Raises ConfigurationError when it does not come back.
        """
        if self._process is None or self._process.poll() is None:
            return False
        if self._restarts >= _MOST_RESTARTS:
            raise ConfigurationError(
                f"The practice line ended {_MOST_RESTARTS} times. What it said is in {self._log}. "
                "Close the program and start it again.",
                name="line_keeps_ending",
            )
        self._restarts += 1
        self._close_pipes()
        self._spawn()
        self._wait_until_ready()
        return True

    def stop(self) -> None:
        """End the gateway: the calls first, then the process. Harmless when it does not run."""
        process = self._process
        if process is None:
            return
        self._process = None
        with contextlib.suppress(OSError):
            _pipe(process.stdin).close()
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _pipe(process.stdout).close()

    def _spawn(self) -> None:
        least, most = self._manners.ring
        command = [sys.executable, "-P", "-m", "coordinator_app.gateway"]
        command += ["--practice-line", str(self._personas)]
        command += ["--practice-ring", str(least), str(most)]
        command += ["--practice-pace", str(self._manners.pace)]
        command += ["--practice-returns", str(self._manners.returns)]
        command += ["--practice-sound", "sip" if self._manners.sound else "none"]
        command += ["--anchor-key", str(self._key)]
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.unlink()
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # a terminal's Ctrl+C is for us, not for the gateway
                creationflags=_NO_WINDOW,
            )
        message = json.dumps({"conninfo": self._conninfo}) + "\n"
        with contextlib.suppress(OSError):  # it died at once: the next wait says so
            pipe = _pipe(self._process.stdin)
            pipe.write(message.encode())
            pipe.flush()

    def _wait_until_ready(self) -> None:
        process = self._process
        if process is None:
            return
        # A pipe has no time-out on every system: a process that says nothing is ended instead.
        deadline = threading.Timer(_READY_WITHIN, process.kill)
        deadline.start()
        try:
            line = _pipe(process.stdout).readline()
        finally:
            deadline.cancel()
            deadline.join()
        try:
            facts = json.loads(line)
            ready = facts["event"] == "ready"
            self.address = str(facts["practice_line"])
        except (ValueError, KeyError, TypeError):
            ready = False
        if not ready:
            self.stop()
            raise ConfigurationError(
                f"The practice line did not start. What it said is in {self._log}.",
                name="line_did_not_start",
            )

    def _close_pipes(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    _pipe(pipe).close()


def _environment() -> dict[str, str]:
    """Return ours, with the place of this very program: the gateway must be of the same."""
    places = [str(Path(coordinator_app.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - both were asked for
    return pipe
