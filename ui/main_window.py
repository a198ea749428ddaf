"""The one window: sign-in, the session, the lock; its title never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QToolTip, QWidget

from coordinator_app.errors import SignInRefusedError
from ui.idle import IdleGuard, SystemLock
from ui.link import LinkWatch
from ui.messages import confirm
from ui.pages.sign_in import SignInPage
from ui.views.progress import ProgressView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from coordinator_app.services.sign_in import SignInService
    from ui.lock import ScreenLock
    from ui.tasks import Tasks
    from ui.tools import Tools
    from ui.workspace import Workspace

__all__ = ["MINIMUM", "TITLE", "MainWindow"]

TITLE: Final = "Care Coordinator"
MINIMUM: Final = (1024, 640)
_START: Final = (1440, 900)


def _load_session() -> tuple[type[Workspace], type[ScreenLock]]:
    """Import what only a session needs: half of the start, so not before the first paint."""
    from ui.lock import ScreenLock  # noqa: PLC0415
    from ui.workspace import Workspace  # noqa: PLC0415

    return Workspace, ScreenLock


class MainWindow(QMainWindow):
    """Shows one thing at a time.

    Signals:
        session_started: the Session.
        session_ended: the person is signed out.
        closing: the window is closed for good.
    """

    session_started = Signal(object)
    session_ended = Signal()
    closing = Signal()

    def __init__(
        self,
        services: SignInService,
        tasks: Tasks,
        tools: Tools,
        app: QApplication,
        *,
        guard: IdleGuard | None = None,
    ) -> None:
        """Make the window with its sign-in page; nothing is loaded before it is shown.

        Args:
            services: who lets people in.
            tasks: the application's runner.
            tools: theme, keys, messages, preferences.
            app: the Qt application.
            guard: a test's own; else the application is watched.
        """
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setObjectName("main_window")
        self.setMinimumSize(*MINIMUM)
        self._tasks = tasks
        self._tools = tools
        self._started = False
        self._closed = False
        self.workspace: Workspace | None = None
        self.lock: ScreenLock | None = None
        self._link: LinkWatch | None = None
        self.sign_in = SignInPage(services, tasks, tools.preferences)
        self.sign_in.signed_in.connect(self.begin)
        self.guard = guard or IdleGuard(app, parent=self)
        self.guard.warned.connect(self._warn_idle)
        self.guard.cleared.connect(lambda: tools.messages.clear("idle"))
        self.guard.expired.connect(self._idle)
        self.guard.abandoned.connect(
            lambda: self.end(
                self.tr("You were signed out because nobody was here. Your notes are kept.")
            )
        )
        self._system = SystemLock(self)
        self._system.locking.connect(
            lambda: self.lock_now(self.tr("locked together with the computer"))
        )
        self.setCentralWidget(self.sign_in)
        if not self.restoreGeometry(tools.preferences.geometry):
            self.resize(*_START)

    # -- what is shown ------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """Whether the screen is locked."""
        return self.lock is not None and self.lock.locked

    def _put(self, widget: QWidget) -> None:
        # takeCentralWidget first: setCentralWidget would delete what stands there.
        old = self.takeCentralWidget()
        if old is not None:
            old.hide()
        self.setCentralWidget(widget)
        widget.show()

    def show_progress(self, title: str, steps: Sequence[str]) -> ProgressView:
        """Show named steps instead of the sign-in page, until :meth:`show_sign_in`."""
        view = ProgressView(title, steps)
        self._put(view)
        return view

    def show_sign_in(self, sentence: str = "") -> None:
        """Show the sign-in page; ``sentence`` says why, when it was not asked for."""
        self._started = True
        self._put(self.sign_in)
        self.sign_in.start(sentence)

    def showEvent(self, event: QShowEvent) -> None:
        """Start the sign-in page after the first paint."""
        super().showEvent(event)
        if not self._started and self.centralWidget() is self.sign_in:
            self._started = True
            QTimer.singleShot(0, self.sign_in, self.sign_in.start)
            self._tasks.run(self, _load_session, lane="net")

    # -- session ------------------------------------------------------------------------------

    def begin(self, session: Session) -> None:
        """Open a session's pages."""
        tools = self._tools
        tools.messages.clear_all()
        make_workspace, make_lock = _load_session()

        def probe() -> None:
            # Sends what waited, and asks the server even when nothing did.
            session.desk.resend()
            session.clock.sync(session.practice.heartbeat(None, 0).now)

        link = LinkWatch(self._tasks, probe, parent=self)
        link.refused.connect(self._refused)
        link.ended.connect(lambda failure: self.end(failure.sentence))
        self._link = link
        lock = make_lock(session, self._tasks, tools.keymap, self)
        lock.unlocked.connect(self.unlocked)
        lock.gave_up.connect(self.end)
        lock.sign_out_requested.connect(lambda: self.end(""))
        lock.hang_up_requested.connect(self._hang_up)
        self.lock = lock
        workspace = make_workspace(session, link, tools)
        workspace.lock_requested.connect(lambda: self.lock_now(self.tr("locked by you")))
        workspace.sign_out_requested.connect(self._ask_sign_out)
        workspace.live_changed.connect(self._on_live)
        self.workspace = workspace
        self._put(workspace)
        self.guard.watch(session.signed_in.practice.lock_minutes)
        self.session_started.emit(session)

    def end(self, sentence: str = "") -> None:
        """Close the session and show the sign-in page."""
        workspace, lock, link = self.workspace, self.lock, self._link
        if workspace is None or lock is None or link is None:
            return
        self.workspace = self.lock = self._link = None
        self.guard.set_live(False)
        self.guard.stop()
        workspace.close_session()
        workspace.conceal()
        self._tools.messages.clear_all()
        self.show_sign_in(sentence)
        for gone in (workspace, lock.page, lock, link):
            gone.deleteLater()
        self._tasks.run(self, workspace.session.close)
        self.session_ended.emit()

    def _ask_sign_out(self) -> None:
        workspace = self.workspace
        if workspace is None:
            return
        if not workspace.live or confirm(
            self,
            self.tr("Sign out during a call?"),
            self.tr("The call goes on and waits for you at the next sign-in."),
            self.tr("Sign out"),
        ):
            self.end()

    def _refused(self, failure: UserFacingError) -> None:
        if isinstance(failure, SignInRefusedError):
            self.end(failure.sentence)
        else:
            self._tools.messages.refused(failure)

    # -- lock ---------------------------------------------------------------------------------

    def _on_live(self, live: bool) -> None:
        self.guard.set_live(live)
        if self.lock is not None:
            self.lock.set_live(live)

    def _warn_idle(self, seconds: int) -> None:
        self._tools.messages.warning(
            self.tr(
                "Nobody is here: locking in %n second(s). Move the mouse to stay.", "", seconds
            ),
            key="idle",
        )

    def _idle(self) -> None:
        self._tools.messages.clear("idle")
        minutes = self.workspace.session.signed_in.practice.lock_minutes if self.workspace else 0
        self.lock_now(self.tr("locked after %n minute(s) idle", "", minutes))

    def lock_now(self, why: str) -> None:
        """Take the session's content out of the window and show the lock page."""
        workspace, lock = self.workspace, self.lock
        if workspace is None or lock is None or lock.locked:
            return
        picture = workspace.grab() if self.isVisible() else None
        self._close_others()
        lock.close(why, picture)
        lock.set_live(workspace.live)
        workspace.conceal()
        self._put(lock.page)
        lock.page.password.setFocus()
        self.guard.set_locked(True)

    def unlocked(self) -> None:
        """Put the session's content back."""
        workspace = self.workspace
        if workspace is None:
            return
        self._put(workspace)
        workspace.restore()
        self.guard.watch(workspace.session.signed_in.practice.lock_minutes)

    def _close_others(self) -> None:
        # Dialogs, menus and calendars are windows of their own and may show a patient.
        QToolTip.hideText()
        for widget in QApplication.topLevelWidgets():
            if widget is not self and widget.isVisible():
                widget.close()

    def _hang_up(self) -> None:
        if self.workspace is not None and self.workspace.call_bar is not None:
            self.workspace.call_bar.hang_up_requested.emit()

    # -- the end ------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first while a call is up; then keep the shape of the window and go."""
        if self._closed:
            event.accept()
            return
        if (
            self.workspace is not None
            and self.workspace.live
            and not confirm(
                self,
                self.tr("Close during a call?"),
                self.tr("The call goes on and waits for you at the next sign-in. Hang up first?"),
                self.tr("Close anyway"),
            )
        ):
            event.ignore()
            return
        self._closed = True
        self._tools.preferences.geometry = self.saveGeometry()
        self._tools.preferences.save()
        self.guard.stop()
        if self.workspace is not None:
            self.workspace.conceal()  # keeps what was typed this second
            self.workspace.close_session()
        event.accept()
        self.closing.emit()
