"""Stops the embedded PostgreSQL when the program that started it is gone, whatever ended it.

The launcher starts this file as a small process of its own and holds the other end of its
standard input. The operating system closes that end when the launcher dies, even by kill -9;
this process then stops the server in an orderly way. A launcher that has stopped the server
itself says so first. Standard library only and no import of ours: it runs with ``-I -S`` from
wherever Python and this file lie, and starts in a few milliseconds.

    python watchdog.py DATA_DIRECTORY PG_CTL PORT [OWNER_UID]

The port tells this launcher's server from a later one in the same folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STOPPED = b"stopped\n"
PATIENCE = 20.0  # seconds for each of: orderly, at once, by force
_STEP = 0.005  # seconds between two looks
_PORT_LINE = 3  # PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PORT, counted from 0


def main(arguments: list[str]) -> int:
    data, pg_ctl, port = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    owner = int(arguments[3]) if arguments[3:] else None

    def stop() -> int:
        return stop_server(data, pg_ctl, owner, port)

    if sys.platform != "win32":
        # A terminal's Ctrl+C or hang-up is for the launcher; it decides what becomes of the server.
        for heard in (signal.SIGINT, signal.SIGHUP):
            signal.signal(heard, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(stop()))
    said = sys.stdin.buffer.read()  # ends when the launcher ends
    return 0 if said == STOPPED else stop()


def stop_server(
    data: Path,
    pg_ctl: Path,
    owner: int | None,
    port: int | None = None,
    patience: float = PATIENCE,
) -> int:
    """Stop the server of this data directory, orderly, else by force. 0 if none runs afterwards.

    ``owner``: the user id that its process must have (POSIX); None means ours. ``port``: only
    the server that listens there; None means any. ``patience``: seconds for each way to stop.
    """
    pid = running_server(data, owner, port)
    if pid is None:
        return 0
    if sys.platform == "win32":
        for mode in ("fast", "immediate"):
            command = [pg_ctl, "stop", "-D", data, "-m", mode, "-w", "-t", str(int(patience))]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return 0
        return 1
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, none left
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return 0
        if wait_until(lambda: running_server(data, owner) != pid, patience):
            return 0
    return 1


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until it is true; say whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP)
    return True


def running_server(data: Path, owner: int | None, port: int | None = None) -> int | None:
    """Return the process id of the live server of this data directory (and port), or None.

    The server's own pid file outlives a kill -9, its number may since belong to another program
    or to a dead process that nobody has collected: each is ruled out.
    """
    try:
        lines = (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        pid, listening = int(lines[0]), int(lines[_PORT_LINE])
    except (OSError, ValueError, IndexError):
        return None
    if pid <= 1 or port not in (None, listening):
        return None
    if sys.platform == "win32":
        listed = subprocess.run(
            ["tasklist", "/FI", f"PID eq {pid}", "/NH"],  # noqa: S607 - Windows' own, by its path
            capture_output=True,
            text=True,
            check=False,
        )
        return pid if "postgres" in listed.stdout.lower() else None
    if Path("/proc/self/stat").exists():
        return pid if _is_server_on_linux(pid, data, owner) else None
    listed = subprocess.run(
        ["/bin/ps", "-o", "uid=,stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    columns = listed.stdout.split(None, 2)
    return pid if _is_server_by_ps(columns, owner) else None


def _is_server_on_linux(pid: int, data: Path, owner: int | None) -> bool:
    process = Path("/proc", str(pid))
    try:
        state = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
        same_owner = process.stat().st_uid == (os.geteuid() if owner is None else owner)
        # A server works in its data directory, from its first moment to its last.
        return state not in "ZX" and same_owner and (process / "cwd").samefile(data)
    except (OSError, IndexError):
        return False


def _is_server_by_ps(columns: list[str], owner: int | None) -> bool:
    expected = 3
    if len(columns) < expected:
        return False
    uid, state, command = columns
    wanted = os.geteuid() if owner is None else owner
    return int(uid) == wanted and not state.startswith("Z") and "postgres" in command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
