"""One person, signed in to one practice, from sign-in to sign-out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from coordinator_app.domain.outcome import Recorded
from coordinator_app.domain.session import Connection, SignedIn
from coordinator_app.errors import UserFacingError
from coordinator_app.ports import Connector, PracticeDatabase
from coordinator_app.services.clock import PracticeClock
from coordinator_app.services.wrap_up import WrapUpDesk

T = TypeVar("T")


class Session:
    """What the window works with after sign-in.

    Attributes:
        practice: the person's connection.
        signed_in: what the first screen shows.
        clock: the practice's time; give it each heartbeat's ``now`` by ``sync``.
        desk: outcomes and drafts.
        connection: how the practice was reached.
        resent: what became of outcomes that an earlier run could not send.
        notices: sentences to show once now (no vault, unreadable journal, resent outcomes).
        previous_receipt: head of this person's audit chain as kept from the sign-in before, "".
    """

    def __init__(
        self,
        practice: PracticeDatabase,
        signed_in: SignedIn,
        desk: WrapUpDesk,
        connection: Connection,
        connector: Connector,
        *,
        resent: tuple[Recorded, ...] = (),
        notices: tuple[str, ...] = (),
        previous_receipt: str = "",
        token: str = "",
    ) -> None:
        self.practice = practice
        self.signed_in = signed_in
        self.clock = PracticeClock(signed_in.now)
        self.desk = desk
        self.connection = connection
        self.resent = resent
        self.notices = notices
        self.previous_receipt = previous_receipt
        self._connector = connector
        self._token = token  # of the second factor; never written anywhere
        self._closed = False

    def unlock(self, password: str) -> None:
        """Show that the person in front of the window is this person, by a real login.

        The login is closed again at once; the session's own connection and its call go on.

        Raises SignInRefusedError, NotConnectedError, InsecureConnectionError.
        """
        self._connector.connect(self.connection, password).close()

    def show_code(self, code: str) -> None:
        """Show a code of the authenticator app in the middle of a session.

        Raises WrongCodeError, SecondFactorNeededError when no app is set up.
        """
        self._token = self.practice.second_factor(code)

    def confirmed(self, password: str, fn: Callable[[PracticeDatabase], T], *, code: str = "") -> T:
        """Do something that needs a fresh login (FreshLoginNeededError), on a login of its own.

        The session's second factor counts there, too; ``code`` is for who has shown none yet, or
        where SecondFactorNeededError came back.

        Raises what ``unlock`` and ``show_code`` raise, and what ``fn`` raises.
        """
        practice = self._connector.connect(self.connection, password)
        try:
            if code:
                self._token = practice.second_factor(code)
            elif self._token:
                practice.resume(self._token)
            return fn(practice)
        finally:
            practice.close()

    def close(self) -> None:
        """Sign out. Never raises; a second time does nothing.

        When the database cannot be told, it frees the claim itself after the lease.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.practice.sign_out()
        except UserFacingError:
            pass
        finally:
            self.practice.close()
