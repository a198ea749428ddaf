"""``coordinator-admin guard``: locks a login whose password is being guessed."""

# A command prints.

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from coordinator_app.cli.words import command
from coordinator_app.db import login_guard
from coordinator_app.errors import NotConnectedError

if TYPE_CHECKING:
    import argparse

    from coordinator_app.cli.words import Commands


def declare(commands: Commands) -> None:
    guard = command(commands, "guard", _guard, "lock logins after wrong passwords, unlock later")
    how = guard.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="look once, for a timer")
    how.add_argument("--interval", type=float, default=5.0, metavar="SECONDS", help="default: 5")
    guard.add_argument(
        "--log",
        type=Path,
        metavar="PATH",
        help="the server's log, or its folder; default: ask the server",
    )


def _guard(options: argparse.Namespace) -> None:
    if options.once:
        _tell(login_guard.look(options.database, options.log))
        return
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    said = ""
    while True:
        try:
            _tell(login_guard.look(options.database, options.log))
            said = ""
        except NotConnectedError as error:  # the server is restarted now and then
            if error.sentence != said:
                print(error.sentence, file=sys.stderr, flush=True)
            said = error.sentence
        time.sleep(max(options.interval, 1.0))


def _end(*_: object) -> NoReturn:
    # Not a flag that the loop looks at: a handler that sets a threading.Event while the same
    # thread begins to wait for it waits for itself. What was not committed is read again.
    raise SystemExit(0)


def _tell(found: login_guard.Round) -> None:
    for login in found.unlocked:
        print(f"{login} is unlocked again.", flush=True)
    for login in found.locked:
        print(f"{login} is locked after wrong passwords.", flush=True)
    for login in found.refused:
        print(
            f"{login} should be locked, and this login may not. Run this as the login that "
            "installed the practice.",
            file=sys.stderr,
            flush=True,
        )
