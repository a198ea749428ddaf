"""Signing in: asks the service on a worker and hands the session over."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from coordinator_app.domain.person import Role
from coordinator_app.errors import NotConnectedError, SecondFactorNeededError, WrongCodeError
from ui.models.words import ROLE_LABELS
from ui.tasks import Generations
from ui.views.sign_in import SignInView

if TYPE_CHECKING:
    from coordinator_app.domain.session import Connection, DemoPerson
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from coordinator_app.services.sign_in import SignInService
    from ui.preferences import Preferences
    from ui.tasks import Handle, Tasks

__all__ = ["SignInPage"]


def _login(connection: Connection) -> tuple[str, int, str, str]:
    return connection.host, connection.port, connection.database, connection.user


def _role_words(role: str) -> str:
    return ROLE_LABELS[Role(role)] if role in set(Role) else role


@dataclass(frozen=True, slots=True, repr=False)
class _Login:
    """What was typed; kept in memory while the code is asked for."""

    connection: Connection
    password: str
    remember: bool


class _Attempt:
    """One try; whichever of worker and window comes last closes an unwanted session."""

    def __init__(self) -> None:
        self.wanted = True
        self.session: Session | None = None

    def run(self, services: SignInService, what: _Login, code: str) -> Session:
        self.session = services.sign_in(
            what.connection, what.password, remember=what.remember, code=code
        )
        if not self.wanted:
            self.session.close()
            raise CancelledError
        return self.session


class SignInPage(QWidget):
    """The sign-in view with its service.

    Signals:
        signed_in: the Session.
    """

    signed_in = Signal(object)

    def __init__(
        self,
        services: SignInService,
        tasks: Tasks,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; nothing is asked before :meth:`start`."""
        super().__init__(parent)
        self.setProperty("page", "true")
        self._services = services
        self._tasks = tasks
        self._preferences = preferences
        self._asked = Generations()
        self._attempt: _Attempt | None = None
        self._handle: Handle | None = None
        self._waiting: _Login | None = None  # for a code
        self._vault_known = False
        self.view = SignInView()
        self.view.submitted.connect(
            lambda connection, password, remember: self._sign_in(
                _Login(connection, password, remember)
            )
        )
        self.view.code_submitted.connect(self._show_code)
        self.view.code_left.connect(self._leave_code)
        self.view.cancelled.connect(self.cancel)
        self.view.practice_chosen.connect(self._recall)
        self.view.practice_saved.connect(self._save)
        self.view.practice_removed.connect(self._remove)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.view)

    def start(self, sentence: str = "") -> None:
        """Fill the page; ``sentence`` says why the person is here again.

        The list of practices and the system's vault are read on workers: the page is painted
        first, and a vault that asks for its own password blocks nobody.
        """
        self._waiting = None
        self.view.set_busy(False)
        self.view.conceal()
        self._load()
        fresh = self._asked.latest("vault")
        self._tasks.run(
            self, self._services.vault, done=fresh(self._show_vault), failed=self._say, lane="net"
        )
        self.view.first_focus()
        if sentence:
            self.view.show_sentence(sentence)

    def _load(self) -> None:
        services = self._services
        fresh = self._asked.latest("practices")

        def ask() -> tuple[tuple[Connection, ...], tuple[DemoPerson, ...], str]:
            return services.practices(), services.demo_people(), services.problem()

        def show(answer: tuple[tuple[Connection, ...], tuple[DemoPerson, ...], str]) -> None:
            practices, people, problem = answer
            last = next((p for p in practices if self._preferences.is_last(p)), None)
            sentence = self.view.error.text()
            self.view.show_practices(practices, last)
            self.view.show_people(people, [_role_words(person.role) for person in people])
            self.view.first_focus()
            if sentence or problem:
                self.view.show_sentence(sentence or problem)

        self._tasks.run(self, ask, done=fresh(show), failed=self._say, lane="net")

    def _show_vault(self, missing: str) -> None:
        self._vault_known = not missing
        self.view.show_vault(missing)
        if not missing and self.view.connection is not None:
            self._recall(self.view.connection)

    def _say(self, failure: UserFacingError) -> None:
        self.view.show_failure(failure)

    def _recall(self, connection: Connection) -> None:
        if not self._vault_known or not connection.user:
            self._asked.forget("remembered")
            return
        services = self._services
        fresh = self._asked.latest("remembered")
        self._tasks.run(
            self,
            lambda: services.remembered(connection),
            done=fresh(self.view.show_remembered),
            failed=fresh(self._say),
            lane="net",
        )

    # -- signing in ---------------------------------------------------------------------------

    def _sign_in(self, what: _Login, code: str = "") -> None:
        services, attempt = self._services, _Attempt()
        self._attempt = attempt
        self._asked.forget("remembered")
        self.view.set_busy(True)
        fresh = self._asked.latest("sign_in")

        def done(session: Session) -> None:
            self._attempt = self._waiting = None
            self._preferences.set_last(what.connection)
            self.view.set_busy(False)
            self.view.conceal()
            self.signed_in.emit(session)

        def failed(failure: UserFacingError) -> None:
            self._attempt = None
            self.view.set_busy(False)
            self._refused(failure, what)

        self._handle = self._tasks.run(
            self,
            lambda: attempt.run(services, what, code),
            done=fresh(done),
            failed=fresh(failed),
            lane="net",
        )

    def _refused(self, failure: UserFacingError, what: _Login) -> None:
        if isinstance(failure, SecondFactorNeededError) and failure.enrolled:
            self._waiting = what
            self.view.ask_code(what.connection)
        elif self._waiting is not None and isinstance(failure, WrongCodeError | NotConnectedError):
            self.view.code.show_problem(failure.sentence)
        else:  # the code is not what is wrong: the password, or nothing that can be typed
            self._leave_code()
            self.view.show_failure(failure)

    def _show_code(self, code: str) -> None:
        if self._waiting is not None:
            self._sign_in(self._waiting, code)

    def _leave_code(self) -> None:
        if self._waiting is not None:
            self._waiting = None
            self.view.ask_password()
            self.view.first_focus()

    def cancel(self) -> None:
        """Stop connecting; a session that comes all the same is closed at once."""
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        attempt.wanted = False
        self._asked.forget("sign_in")
        if self._handle is not None:
            self._handle.cancel()
        session = attempt.session
        if session is not None:
            self._tasks.run(self, session.close, lane="net")
        self.view.set_busy(False)
        if self._waiting is None:
            self.view.first_focus()
        else:
            self.view.code.code.setFocus()

    # -- the list of practices ----------------------------------------------------------------

    def _save(self, before: Connection | None, now: Connection) -> None:
        services = self._services

        def keep() -> None:
            services.save_practice(now)
            if before is not None and _login(before) != _login(now):
                services.remove_practice(before)

        def saved(_: None) -> None:
            self._preferences.set_last(now)
            self._load()

        self._tasks.run(self, keep, done=saved, failed=self._say, lane="net")

    def _remove(self, connection: Connection) -> None:
        services = self._services
        self._tasks.run(
            self,
            lambda: services.remove_practice(connection),
            done=lambda _: self._load(),
            failed=self._say,
            lane="net",
        )
