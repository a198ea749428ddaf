"""The window on the demo practice: shown at once, while a worker brings the practice up."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QSettings, QTimer

from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from coordinator_app.demo.practice import DemoPractice
from coordinator_app.demo.steps import Step
from ui.app import CoordinatorApplication, build, run
from ui.console import warn
from ui.pages.sign_in import SignInPage
from ui.preferences import Preferences
from ui.views.progress import ProgressView, StepState

if TYPE_CHECKING:
    from pathlib import Path

    from coordinator_app.demo.steps import State
    from coordinator_app.errors import UserFacingError
    from ui.app import Shell

__all__ = ["DemoOpening", "demo_preferences", "demo_settings", "show_window"]

_TEND_MS: Final = 2_000
_STEPS: Final = tuple(Step)
_STATES: Final[dict[str, StepState]] = {"running": StepState.RUNNING, "done": StepState.DONE}


def demo_settings(folder: Path) -> Settings:
    """The demo's own settings: it leaves nothing outside its folder."""
    return Settings(folder / "settings", folder / "state")


def demo_preferences(folder: Path) -> Preferences:
    """How the demo's window looks, kept in the demo's folder."""
    return Preferences(
        QSettings(str(folder / "settings" / "window.ini"), QSettings.Format.IniFormat)
    )


class DemoOpening(QObject):
    """Brings the practice up behind the window, and keeps its phone line alive."""

    def __init__(self, shell: Shell, demo: DemoPractice, preferences: Preferences) -> None:
        """Nothing is started before :meth:`begin`."""
        super().__init__(shell.window)
        self._shell = shell
        self._demo = demo
        self._preferences = preferences
        self._closing = False
        self._tending = False
        self.complete = False  # the phone line is up, too
        self.failure = ""  # the sentence that stands on the page, "" while all is well
        self._view: ProgressView | None = None
        self._timer = QTimer(self, interval=_TEND_MS)
        self._timer.timeout.connect(self._tend)
        shell.window.closing.connect(self._on_closing)

    def begin(self) -> None:
        """Show the steps and start with the first; again after a failure."""
        self.failure = ""
        window = self._shell.window
        title = (
            self.tr("Making the demo practice")
            if self._demo.is_new
            else self.tr("Opening the demo practice")
        )
        view = window.show_progress(title, [step.value for step in _STEPS])
        view.cancelled.connect(window.close)
        view.retry_requested.connect(self.begin)
        before, self._view = self._view, view
        if before is not None:
            before.deleteLater()
        self._shell.tasks.run(
            self,
            lambda: self._demo.open(self._tell),
            done=lambda _: self._opened(),
            failed=self._failed,
            lane="net",
        )

    def _tell(self, step: Step, state: State, detail: str) -> None:
        # On the worker. Whoever closed the window does not wait for the rest: a build that was
        # broken off counts for nothing.
        if self._closing:
            raise CancelledError
        self._shell.tasks.on_gui(partial(self._show, step, state, detail))

    def _show(self, step: Step, state: State, detail: str) -> None:
        if self._view is not None:
            self._view.set_step(_STEPS.index(step), _STATES[state], detail)

    def _failed(self, error: UserFacingError) -> None:
        self.failure = error.sentence
        warn(error.sentence)
        if self._view is not None:
            for number, state in enumerate(self._view.states()):
                if state is StepState.RUNNING:
                    self._view.set_step(number, StepState.FAILED)
            self._view.show_problem(error.sentence)

    def _opened(self) -> None:
        window, tasks = self._shell.window, self._shell.tasks
        services = build_sign_in(demo_settings(self._demo.folder), demo=self._demo.offer)
        page = SignInPage(services, tasks, self._preferences)
        page.signed_in.connect(window.begin)
        before, window.sign_in = window.sign_in, page
        window.show_sign_in()
        before.deleteLater()
        if self._view is not None:
            self._view.deleteLater()
            self._view = None
        for note in self._demo.notes:
            warn(note)
        window.session_started.connect(self._say_notes)
        # Signing in does not need the phone line: it is up before anybody can dial.
        tasks.run(
            self,
            self._demo.start_line,
            done=lambda _: self._line_is_up(),
            failed=self._line_failed,
            lane="net",
        )

    def _line_is_up(self) -> None:
        self.complete = True
        self._timer.start()
        workspace = self._shell.window.workspace
        if workspace is not None and workspace.station is not None:
            workspace.station.beat()  # who was quicker than the line learns of it now

    def _line_failed(self, error: UserFacingError) -> None:
        self.failure = error.sentence
        self._shell.tools.messages.refused(error)

    def _say_notes(self) -> None:
        window, messages = self._shell.window, self._shell.tools.messages
        window.session_started.disconnect(self._say_notes)
        for note in self._demo.notes:
            messages.info(note)

    def _tend(self) -> None:
        if self._tending:
            return
        self._tending = True

        def done(_: bool) -> None:
            self._tending = False

        def failed(error: UserFacingError) -> None:
            self._timer.stop()
            self._shell.tools.messages.refused(error)

        self._shell.tasks.run(self, self._demo.tend, done=done, failed=failed, lane="net")

    def _on_closing(self) -> None:
        self._closing = True
        self._timer.stop()


def show_window(demo: DemoPractice) -> int:
    """Show the window until it is closed, and leave nothing running; returns the exit code."""
    app = CoordinatorApplication([sys.argv[0]])
    app.install_crash_path()
    preferences = demo_preferences(demo.folder)
    shell = build(build_sign_in(demo_settings(demo.folder)), app, preferences=preferences)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: shell.window.close())
    # Python hears signals only while it runs: Qt alone would sleep through them.
    wake = QTimer(app, interval=300)
    wake.timeout.connect(lambda: None)
    wake.start()
    opening = DemoOpening(shell, demo, preferences)
    opening.begin()
    try:
        return run(app, shell)
    finally:
        demo.stop()
