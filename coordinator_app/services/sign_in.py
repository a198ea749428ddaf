"""Signing in: the list of practices, remembered passwords, and what an earlier run left over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from coordinator_app.config import Settings
from coordinator_app.domain.audit import is_receipt
from coordinator_app.domain.outcome import Recorded, WrapUp
from coordinator_app.domain.practice import Practice
from coordinator_app.domain.queue import QueueFilter
from coordinator_app.domain.session import Connection, DemoPerson, SignedIn
from coordinator_app.errors import ConfigurationError
from coordinator_app.ports import Connector, Journal, PracticeDatabase, SecretStore
from coordinator_app.services.connections import PracticeList, login_id, require_safe
from coordinator_app.services.session import Session
from coordinator_app.services.wrap_up import WrapUpDesk

QUEUE_ROWS = 200  # as many as the queue panel shows at once
_RECEIPTS = "receipts"
_RECEIPT_LOST = (
    "The practice's audit no longer contains your last sign-in from this computer. Your supervisor "
    "has been told. If you have not heard that a backup was put back, please call your supervisor."
)


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """The synthetic practice that runs on this computer."""

    connection: Connection  # its user is the first of ``people``
    people: tuple[DemoPerson, ...]
    folder: Path  # the demo's own folder


@dataclass(frozen=True, slots=True)
class OpenJournal:
    """A journal for one person at one practice; ``problem`` is "" or a sentence about it."""

    journal: Journal
    problem: str  # unsent work would not survive a crash, or old work could not be read
    lasting: bool  # False: in memory only


JournalOpener = Callable[[Connection, Practice], OpenJournal]


class SignInService:
    """What the sign-in page needs. Built by ``bootstrap.build_sign_in``.

    ``vault``, ``remembered``, ``forget`` and ``sign_in`` may wait for the system's vault (it may
    ask the person for its password) or the network: call them on a worker.
    """

    def __init__(
        self,
        settings: Settings,
        connector: Connector,
        secrets: SecretStore,
        open_journal: JournalOpener,
        *,
        client_version: str,
        device: str,
        demo: DemoPractice | None = None,
    ) -> None:
        self._settings = settings
        self._list = PracticeList(settings)
        self._connector = connector
        self._secrets = secrets
        self._open_journal = open_journal
        self._client_version = client_version
        self._device = device
        self._demo = demo

    def practices(self) -> tuple[Connection, ...]:
        """The demo practice, when it runs, then the others, last used first."""
        demo = () if self._demo is None else (self._demo.connection,)
        return (*demo, *self._list.all())

    def problem(self) -> str:
        """What went wrong with the settings file, to be said once on the page, or ""."""
        return self._settings.problem

    def save_practice(self, connection: Connection) -> None:
        """Add a practice to the list, or change it.

        Raises ConfigurationError, InsecureConnectionError.
        """
        require_safe(connection, to_sign_in=False)
        if not self._is_demo(connection):
            self._list.put_first(connection)

    def remove_practice(self, connection: Connection) -> None:
        """Take a practice from the list and forget its password. Raises ConfigurationError."""
        self.forget(connection)
        self._list.remove(connection)

    def demo_people(self) -> tuple[DemoPerson, ...]:
        """Who can sign in to the demo practice; empty when none runs."""
        return () if self._demo is None else self._demo.people

    def vault(self) -> str:
        """ "" when passwords can be remembered, else one sentence why they cannot."""
        return self._secrets.available()

    def remembered(self, connection: Connection) -> str | None:
        """The password that was remembered for this person at this practice."""
        return self._secrets.get(_password_key(connection))

    def forget(self, connection: Connection) -> None:
        """Forget the remembered password; missing is fine."""
        self._secrets.delete(_password_key(connection))

    def sign_in(
        self, connection: Connection, password: str, *, remember: bool, code: str = ""
    ) -> Session:
        """Open the person's session; first send what an earlier run could not.

        ``code``: of the authenticator app, once SecondFactorNeededError has asked for it.

        Raises:
            ConfigurationError: the connection is incomplete.
            InsecureConnectionError: it would not be safe; nothing was sent.
            NotConnectedError: the server cannot be reached.
            SignInRefusedError: wrong password, expired training, suspended, too many sessions.
            SecondFactorNeededError, WrongCodeError: the same, for the code.
            ClientTooOldError: this version is no longer served.
        """
        require_safe(connection)
        practice = self._connector.connect(connection, password)
        try:
            token = practice.second_factor(code) if code else ""
            return self._begin(practice, connection, password, token, remember=remember)
        except BaseException:
            practice.close()
            raise

    def _begin(
        self,
        practice: PracticeDatabase,
        connection: Connection,
        password: str,
        token: str,
        *,
        remember: bool,
    ) -> Session:
        signed_in = practice.sign_in(self._client_version, self._device)
        opened = self._open_journal(connection, signed_in.practice)
        previous = self._previous_receipt(connection)
        lost = bool(previous) and not practice.check_receipt(previous)
        desk = WrapUpDesk(practice, opened.journal, "" if opened.lasting else opened.problem)
        resent = desk.resend_each(signed_in.held)
        if resent:
            signed_in = _after_resending(practice, signed_in, resent)
        not_remembered = self._keep_password(connection, password, remember=remember)
        not_listed = self._keep_in_list(connection)
        self._keep_receipt(connection, signed_in.receipt)
        notices = (
            _RECEIPT_LOST if lost else "",
            opened.problem,
            *map(_told, resent),
            not_remembered,
            not_listed,
        )
        return Session(
            practice,
            signed_in,
            desk,
            connection,
            self._connector,
            resent=tuple(recorded for _, recorded in resent),
            notices=tuple(notice for notice in notices if notice),
            previous_receipt=previous,
            token=token,
        )

    def _keep_password(self, connection: Connection, password: str, *, remember: bool) -> str:
        """Remember or forget; return a sentence when it was not possible."""
        if self._is_demo(connection):  # its people and passwords are offered anyway
            return ""
        if not remember:
            self.forget(connection)
            return ""
        if self._secrets.set(_password_key(connection), password):
            return ""
        return self._secrets.available() or (
            "Your password could not be kept on this computer; type it again next time."
        )

    def _keep_in_list(self, connection: Connection) -> str:
        """What was used last is offered first; return a sentence when it was not possible."""
        if self._is_demo(connection):
            return ""
        try:
            self._list.put_first(connection)
        except ConfigurationError as error:  # a nuisance at the next start, not a reason to stop
            return error.sentence
        return ""

    def _previous_receipt(self, connection: Connection) -> str:
        """The head of the person's audit chain as kept at the sign-in before, or ""."""
        before = self._receipts().get(self._receipt_name(connection))
        return before if isinstance(before, str) and is_receipt(before) else ""

    def _keep_receipt(self, connection: Connection, receipt: str) -> None:
        kept = {**self._receipts(), self._receipt_name(connection): receipt}
        try:
            self._settings.put(_RECEIPTS, kept)
        except OSError:  # evidence is lost, not work: never a reason to keep somebody out
            return

    def _receipts(self) -> dict[str, object]:
        stored = self._settings.get(_RECEIPTS)
        return dict(stored) if isinstance(stored, dict) else {}

    def _receipt_name(self, connection: Connection) -> str:
        """An opaque name: whose receipt it is cannot be read from the file."""
        # The demo's server has another port at each start.
        return login_id(replace(connection, port=0) if self._is_demo(connection) else connection)

    def _is_demo(self, connection: Connection) -> bool:
        if self._demo is None:
            return False
        ours, theirs = self._demo.connection, connection
        return (ours.host, ours.port, ours.database) == (
            theirs.host,
            theirs.port,
            theirs.database,
        )


def forget_receipts(settings: Settings) -> None:
    """Forget all receipts: the practice they are of was made anew. Never raises."""
    if settings.get(_RECEIPTS) is not None:
        with contextlib.suppress(OSError):
            settings.put(_RECEIPTS, None)


def _password_key(connection: Connection) -> str:
    return f"password-{login_id(connection)}"


def _after_resending(
    practice: PracticeDatabase,
    signed_in: SignedIn,
    resent: tuple[tuple[WrapUp, Recorded], ...],
) -> SignedIn:
    """What the first screen shows was read before the outcomes were sent: read it again."""
    held = signed_in.held
    finished = {wrap_up.call_id for wrap_up, recorded in resent if recorded.result != "refused"}
    if held is not None and held.call is not None and held.call.id in finished:
        held = None
    return replace(
        signed_in,
        held=held,
        queue=practice.queue(QueueFilter.ALL, "", QUEUE_ROWS),
        callbacks=practice.callbacks(),
    )


def _told(resent: tuple[WrapUp, Recorded]) -> str:
    recorded = resent[1]
    if recorded.result == "refused":
        return recorded.follow_up
    return (
        "An outcome that had not reached the practice was sent now and counts once. "
        f"{recorded.follow_up}"
    ).rstrip()
