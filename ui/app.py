"""Starts the program: application, theme, crash path, window.

Heavy libraries (the database driver, the vault, phone numbers) are imported by the workers that
first need them, after the sign-in window is on the screen.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QApplication

from coordinator_app import __version__
from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from ui.collector import Collector
from ui.main_window import TITLE, MainWindow
from ui.messages import MessageBus
from ui.preferences import Preferences
from ui.shortcuts import Keymap
from ui.tasks import TaskRunner
from ui.theme import Theme, install
from ui.tools import Tools
from ui.widgets.crash_dialog import CrashDialog, report_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from coordinator_app.services.sign_in import SignInService
    from ui.idle import IdleGuard
    from ui.tasks import Tasks

__all__ = ["CoordinatorApplication", "Shell", "build", "main"]

log = logging.getLogger(__name__)
_ORGANISATION: Final = "care-coordinator"
_GOODBYE_S: Final = 2.0  # how long signing out may take when the link is dead


class CoordinatorApplication(QApplication):
    """The Qt application: its names, and the way of errors that are our own fault.

    Signals:
        crashed: an exception nobody expected; from any thread.
    """

    crashed = Signal(object)

    def __init__(self, argv: Sequence[str]) -> None:
        """Make the application; there is one in a process."""
        # Costs nothing, and is asked for by the softphone's page, which may come any time later.
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        super().__init__(list(argv))
        self.setApplicationName(_ORGANISATION)
        self.setApplicationDisplayName(TITLE)
        self.setOrganizationName(_ORGANISATION)
        self.setApplicationVersion(__version__)
        self.setDesktopFileName(_ORGANISATION)
        self._collector = Collector(self)
        self._collector.start()

    def install_crash_path(self) -> None:
        """Send exceptions that reach the top to :attr:`crashed` instead of the terminal."""

        def hook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            if issubclass(kind, KeyboardInterrupt):
                self.quit()
            else:
                self.crashed.emit(error.with_traceback(trace))

        sys.excepthook = hook


@dataclass(slots=True)
class Shell:
    """What :func:`build` made; keep it for as long as the window lives.

    Attributes:
        stuck: :func:`run` went without an answer that a worker still waits for.
    """

    window: MainWindow
    tasks: Tasks
    tools: Tools
    crashes: CrashDesk
    stuck: bool = False


class CrashDesk(QObject):
    """Logs a fault of ours and tells the person once for each place where it happens."""

    def __init__(self, window: MainWindow, version: str) -> None:
        """Make the desk of a window."""
        super().__init__(window)
        self._window = window
        self._version = version
        self._told: set[str] = set()
        self.dialog: CrashDialog | None = None

    def take(self, error: BaseException) -> None:
        """Log where it happened (no values, no message: either may name a patient), and say so."""
        report = report_of(error, self._version)
        log.error("unexpected error\n%s", report)
        if report in self._told:
            return
        self._told.add(report)
        self.dialog = CrashDialog(report, self._window)
        self.dialog.open()


def build(
    services: SignInService,
    app: QApplication,
    *,
    tasks: Tasks | None = None,
    preferences: Preferences | None = None,
    guard: IdleGuard | None = None,
    theme: Theme | None = None,
) -> Shell:
    """Put the window together; it is neither shown nor has it asked for anything.

    Args:
        services: who lets people in.
        app: the Qt application.
        tasks: the background; a new ``TaskRunner`` when None.
        preferences: what this computer remembers; the user's own when None.
        guard: idle guard of a test.
        theme: one that is installed already and keeps its look; a new one when None.
    """
    kept = preferences or Preferences(QSettings())
    if theme is None:
        theme = install(Theme(app))
        theme.apply(kept.mode, kept.scale)
    runner = TaskRunner(app) if tasks is None else tasks
    tools = Tools(theme, Keymap(), MessageBus(app), kept, __version__)
    window = MainWindow(services, runner, tools, app, guard=guard)
    theme.dress(window)
    crashes = CrashDesk(window, __version__)
    if isinstance(runner, TaskRunner):
        runner.refused.connect(tools.messages.refused)
        runner.crashed.connect(crashes.take)
    if isinstance(app, CoordinatorApplication):
        app.crashed.connect(crashes.take)
    return Shell(window, runner, tools, crashes)


def run(app: QApplication, shell: Shell) -> int:
    """Show the window, work until it is closed, and sign out; returns the exit code.

    The window is gone at once. Signing out has two seconds: a dead link must not keep a program
    alive that nobody sees any more, and the database frees the claim itself after the lease.
    """
    app.setQuitOnLastWindowClosed(False)
    shell.window.closing.connect(app.quit)
    shell.window.show()
    code = app.exec()
    shell.window.hide()
    app.processEvents()  # the window system hears of it before the wait
    workspace = shell.window.workspace
    last = workspace.session.close if workspace is not None else None
    shell.stuck = not shell.tasks.shutdown(last, _GOODBYE_S)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Start the program for real practices; returns the exit code.

    Args:
        argv: command line with the program's name; ``sys.argv`` when None.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = CoordinatorApplication(sys.argv if argv is None else argv)
    app.install_crash_path()
    shell = build(build_sign_in(Settings.standard()), app)
    code = run(app, shell)
    if shell.stuck:
        # Python would wait for the worker. What it sends is in the journal, or can be lost.
        logging.shutdown()
        os._exit(code)
    return code
