"""What ``./run`` does: the window on a demo practice, or the same practice without a window."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coordinator_app.demo.practice import DATABASE, MANNERS, DemoPractice, reset
from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.demo.steps import State, Step

# Qt is imported only where there is something to show: --serve works without its libraries.
# ruff: noqa: PLC0415

_ROOT = Path(__file__).resolve().parent.parent
_TEND_S = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; returns the exit code.

    Args:
        argv: arguments without the program's name; those of the process when None.
    """
    options = _parser().parse_args(argv)
    folder = options.folder or default_folder()
    try:
        if options.reset:
            reset(folder)
        if options.self_test or options.screenshots:
            return _without_screen(options.self_test, options.screenshots)
        manners = replace(MANNERS, sound=options.practice_sound == "sip")
        if options.serve:
            return serve(DemoPractice(folder, manners=manners))
        if not has_screen(os.environ):
            print(
                "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set). Instead of "
                "the window, this shows the main job in a window without a screen, with pictures.",
                file=sys.stderr,
            )
            return _without_screen(test=True, pictures=folder / "pictures")
        from ui.demo_window import show_window

        return show_window(DemoPractice(folder, manners=manners))
    except UserFacingError as error:
        print(error.sentence, file=sys.stderr)
        return 1


def default_folder() -> Path:
    """Return where the demo practice is kept: beside the clone, else with this user's data."""
    if (_ROOT / "pyproject.toml").exists() and os.access(_ROOT, os.W_OK):
        return _ROOT / ".demo"
    from platformdirs import user_data_path

    from coordinator_app.config import APP_NAME

    return user_data_path(APP_NAME, appauthor=False) / "demo"


def has_screen(environment: os._Environ[str] | dict[str, str]) -> bool:
    """Say whether a window can be shown: always but on Unix without a display."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def serve(demo: DemoPractice) -> int:
    """Run the practice without a window until a signal; print how to connect, as JSON lines."""
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    try:
        demo.start(tell)
        print_logins(demo)
        for note in demo.notes:
            print(note, file=sys.stderr, flush=True)
        print("The practice runs. Ctrl+C stops it.", file=sys.stderr, flush=True)
        while not stop.wait(_TEND_S):
            if demo.tend():
                print("The practice line was started again.", file=sys.stderr, flush=True)
    finally:
        demo.stop()
    return 0


def print_logins(demo: DemoPractice) -> None:
    """Print one JSON line for each person and one for the practice line."""
    offer = demo.offer
    for person in offer.people:
        facts = {
            "kind": "person",
            "name": person.name,
            "role": person.role,
            "host": offer.connection.host,
            "port": offer.connection.port,
            "user": person.login,
            "password": person.password,
            "database": DATABASE,
            "sslmode": "prefer",
        }
        print(json.dumps(facts))
    print(json.dumps({"kind": "practice_line", "address": demo.line_address}), flush=True)


def tell(step: Step, state: State, detail: str) -> None:
    """Say on stderr what is being done."""
    if state == "done":
        print(f"{step.value}: {detail or 'done'}", file=sys.stderr, flush=True)


def _without_screen(test: bool, pictures: Path | None) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    from ui.pictures import run_pictures
    from ui.self_test import run_self_test

    code = run_self_test(pictures) if test else 0
    return code or (run_pictures(pictures) if pictures is not None else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run",
        description="Opens Care Coordinator on a demo practice: a real database, a simulated "
        "phone line, and patients who are all made up.",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--serve",
        action="store_true",
        help="run the practice without a window; print as JSON how each person connects",
    )
    mode.add_argument(
        "--self-test",
        action="store_true",
        help="work through the main job in a window without a screen; exit code 0 when all is true",
    )
    parser.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="save a picture of every page there"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the demo practice is kept"
    )
    parser.add_argument(
        "--practice-sound",
        choices=("none", "sip"),
        default="none",
        help="sip: the simulated people are telephones with real sound (needs the extra “sip”)",
    )
    parser.add_argument(
        "--reset", action="store_true", help="delete the demo practice first, and make it anew"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
