"""A whole program on a throw-away demo practice, in one process, without a screen."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

from coordinator_app.bootstrap import build_sign_in
from coordinator_app.demo.line import Manners
from coordinator_app.demo.practice import DemoPractice, reset
from coordinator_app.demo.witness import callable_entries
from ui.app import CoordinatorApplication, Shell, build
from ui.console import warn
from ui.demo_window import DemoOpening, demo_preferences, demo_settings
from ui.robot import NotTrueError, Robot
from ui.tasks import TaskRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from coordinator_app.demo.witness import Reachable
    from ui.pages.workstation import Workstation
    from ui.workspace import Workspace

__all__ = ["Stage", "on_stage"]

_BUILD_PATIENCE: Final = 120.0  # seconds
_QUICK: Final = Manners(ring=(0.2, 0.4), pace=8.0)


@dataclass(slots=True)
class Stage:
    """What :func:`on_stage` gives."""

    demo: DemoPractice
    shell: Shell
    robot: Robot
    _used: set[UUID]

    @property
    def workspace(self) -> Workspace:
        """The signed-in person's session on the screen."""
        found = self.shell.window.workspace
        if found is None:
            raise NotTrueError("nobody is signed in")
        return found

    @property
    def station(self) -> Workstation:
        """The coordinator's page."""
        found = self.workspace.station
        if found is None:
            raise NotTrueError("this person has no queue")
        return found

    def enter_as(self, login: str) -> None:
        """Sign in by the demo's button for this person."""
        self.robot.click(self.robot.find(QWidget, f"demo_{login}"))
        self.robot.until(lambda: self.shell.window.workspace is not None, f"{login} is signed in")

    def leave(self) -> None:
        """Sign out by the menu behind the person's picture."""
        menu = self.robot.find(QWidget, "me").menu  # type: ignore[attr-defined]
        menu.actions()[-1].trigger()
        self.robot.until(lambda: self.shell.window.workspace is None, "signed out")

    def next_with(self, persona: str) -> Reachable:
        """Return an English-speaking patient who may be called now and answers like this."""
        file = self.demo.folder / "personas.json"
        for one in callable_entries(self.demo.owner_conninfo, file):
            fits = one.persona == persona and one.language == "en" and one.voicemail
            if fits and one.entry_id not in self._used:
                self._used.add(one.entry_id)
                return one
        raise NotTrueError(f"nobody in the queue answers like this: {persona}")


def _pass_on(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt's own words, but for what the platform without a screen always says."""
    if not text.startswith("This plugin does not support"):
        warn(text)


@contextlib.contextmanager
def on_stage(manners: Manners = _QUICK) -> Iterator[Stage]:
    """Make a demo practice of its own, open the window on it, and remove both afterwards."""
    app = QApplication.instance()
    if not isinstance(app, CoordinatorApplication):
        app = CoordinatorApplication([sys.argv[0]])
    handler = qInstallMessageHandler(_pass_on)
    scratch = Path(tempfile.mkdtemp(prefix="care-coordinator-stage-"))
    scratch.chmod(0o711)  # the server may run as another account
    demo = DemoPractice(scratch / "demo", manners=manners, durable=False)
    preferences = demo_preferences(demo.folder)
    shell = build(build_sign_in(demo_settings(demo.folder)), app, preferences=preferences)
    try:
        opening = DemoOpening(shell, demo, preferences)
        opening.begin()
        shell.window.show()
        shell.window.activateWindow()
        robot = Robot(shell.window)
        app.install_crash_path()
        app.crashed.connect(robot.faults.append)
        if isinstance(shell.tasks, TaskRunner):
            shell.tasks.crashed.connect(robot.faults.append)
        robot.until(
            lambda: opening.failure or opening.complete,
            "the demo practice is made",
            _BUILD_PATIENCE,
        )
        robot.must(not opening.failure, opening.failure)
        robot.until(shell.window.isActiveWindow, "the window is active")
        yield Stage(demo, shell, robot, set())
    finally:
        shell.tasks.shutdown()
        if shell.window.workspace is not None:
            shell.window.workspace.session.close()
        shell.window.hide()
        shell.window.deleteLater()
        app.processEvents()
        demo.stop()
        reset(demo.folder)
        shutil.rmtree(scratch, ignore_errors=True)
        qInstallMessageHandler(handler)
