"""Locking and unlocking the window.

A picture over the window would be no lock: screen readers read through it and keys work behind it
(ui.md section 8). So the content leaves the window, pages drop what they know of patients, and
unlocking is a real login at the practice's database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from coordinator_app.errors import SignInRefusedError
from ui.views.lock_page import LockPage, frosted

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.shortcuts import Keymap
    from ui.tasks import Tasks

__all__ = ["MOST_TRIES", "ScreenLock"]

MOST_TRIES: Final = 5


class ScreenLock(QObject):
    """The lock page of one session and its tries.

    Signals:
        unlocked: the person showed who they are.
        gave_up: five wrong passwords, or the login is no longer allowed: sign out.
        sign_out_requested: somebody else wants to work here.
        hang_up_requested: end the call that is up.
    """

    unlocked = Signal()
    gave_up = Signal(str)
    sign_out_requested = Signal()
    hang_up_requested = Signal()

    def __init__(self, session: Session, tasks: Tasks, keymap: Keymap, parent: QObject) -> None:
        """Make an open lock."""
        super().__init__(parent)
        self._session = session
        self._tasks = tasks
        self._tries = 0
        self.locked = False
        self.page = LockPage()
        self.page.unlock_requested.connect(self._try)
        self.page.sign_out_requested.connect(self.sign_out_requested)
        self.page.hang_up_requested.connect(self.hang_up_requested)
        self._hang_up = keymap.action("call.hang_up", self.page, self.page.hang_up.click)
        self.page.hang_up.setToolTip(keymap.tooltip("call.hang_up"))

    def close(self, why: str, picture: QPixmap | None) -> None:
        """Lock; ``why`` in words, ``picture`` of the window or None for a plain page."""
        self.locked = True
        self._tries = 0
        backdrop = None if picture is None else frosted(picture)
        self.page.show_for(self._session.signed_in.person.name, why, backdrop)

    def set_live(self, live: bool) -> None:
        """Offer Hang up while a call is up."""
        self.page.set_live(live)

    def _try(self, password: str) -> None:
        session = self._session
        self.page.set_busy(True)
        # Not the lane of the database: an answer that hangs there must not keep anybody out.
        self._tasks.run(
            self.page,
            lambda: session.unlock(password),
            done=lambda _: self._open(),
            failed=self._refused,
            lane="net",
        )

    def _open(self) -> None:
        self.locked = False
        self.page.forget()
        self.unlocked.emit()

    def _refused(self, failure: UserFacingError) -> None:
        self.page.password.clear()
        if not isinstance(failure, SignInRefusedError):
            self.page.show_problem(failure.sentence)
            return
        self._tries += 1
        left = MOST_TRIES - self._tries
        if left <= 0:
            self.gave_up.emit(
                self.tr("You were signed out after five wrong passwords. Your notes are kept.")
            )
            return
        tries = self.tr("%n try(s) left", "", left)
        self.page.show_problem(f"{failure.sentence} {tries}.")
