"""A sign-in service over fake practices, and a session as the window gets it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from coordinator_app.config import Settings
from coordinator_app.domain.person import Person, Role
from coordinator_app.domain.session import Connection, DemoPerson, TlsMode
from coordinator_app.errors import SignInRefusedError, UserFacingError
from coordinator_app.services.session import Session
from coordinator_app.services.sign_in import DemoPractice, OpenJournal, SignInService
from coordinator_app.services.wrap_up import WrapUpDesk
from tests.helpers.fake_data import JORDAN
from tests.helpers.fake_practice import FakeClock, FakePractice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coordinator_app.domain.outcome import OutcomeDetails, WrapUp

LAKESIDE = Connection(
    "Lakeside Family Medicine", "127.0.0.1", 5432, "practice", "jordan", TlsMode.LOOPBACK
)
HARBOR = Connection("Harbor Clinic", "db.harbor.example", 5432, "practice", "", TlsMode.VERIFY_FULL)
PASSWORD = "correct horse"
WRONG_PASSWORD = "That user name and password do not match. Please try again."
DEMO_PEOPLE = (
    DemoPerson("jordan", "Jordan Park", Role.COORDINATOR, PASSWORD),
    DemoPerson("amelia", "Amelia Brandt", Role.COORDINATOR, PASSWORD),
    DemoPerson("sam", "Sam Whitfield", Role.SUPERVISOR, PASSWORD),
    DemoPerson("okafor", "Dr. Ngozi Okafor", Role.CLINICIAN, PASSWORD),
    DemoPerson("ada", "Ada Lindqvist", Role.ADMINISTRATOR, PASSWORD),
)


class FakeConnector:
    """Opens fake practices: ``people`` by login; one password for all; ``failures`` come first."""

    def __init__(self, make: Callable[[Person], FakePractice] | None = None) -> None:
        """Open a new fake practice at each sign-in, or what ``make`` gives."""
        self.clock = FakeClock()
        self.opened: list[FakePractice] = []
        self.failures: list[UserFacingError] = []
        self.logins = 0
        self._make = make or (lambda person: FakePractice(self.clock, person))

    def connect(self, connection: Connection, password: str) -> FakePractice:
        """See the port."""
        self.logins += 1
        if self.failures:
            raise self.failures.pop(0)
        if password != PASSWORD:
            raise SignInRefusedError(WRONG_PASSWORD, name="password")
        practice = self._make(person_of(connection.user))
        self.opened.append(practice)
        return practice


def person_of(login: str) -> Person:
    """Return the demo person of a login; Jordan Park for an unknown one."""
    for demo in DEMO_PEOPLE:
        if demo.login == login and login != JORDAN.login:
            return replace(
                JORDAN, id=UUID(int=1), login=login, name=demo.name, role=Role(demo.role)
            )
    return JORDAN


class MemoryJournal:
    """A journal that lives as long as the test."""

    def __init__(self) -> None:
        """Start empty."""
        self._pending: dict[UUID, WrapUp] = {}
        self._drafts: dict[UUID, OutcomeDetails] = {}

    def put(self, wrap_up: WrapUp) -> None:
        """See the port."""
        self._pending[wrap_up.op_id] = wrap_up

    def pending(self) -> tuple[WrapUp, ...]:
        """See the port."""
        return tuple(self._pending.values())

    def done(self, op_id: UUID) -> None:
        """See the port."""
        self._pending.pop(op_id, None)

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        """See the port."""
        self._drafts[entry_id] = details

    def draft(self, entry_id: UUID) -> OutcomeDetails | None:
        """See the port."""
        return self._drafts.get(entry_id)

    def drop_draft(self, entry_id: UUID) -> None:
        """See the port."""
        self._drafts.pop(entry_id, None)


def session_for(
    practice: FakePractice | None = None, connector: FakeConnector | None = None
) -> Session:
    """Return a signed-in session on a fake practice (Jordan Park's when None is given)."""
    opened = practice or FakePractice()
    return Session(
        opened,
        opened.sign_in("test", "test"),
        WrapUpDesk(opened, MemoryJournal()),
        LAKESIDE,
        connector or FakeConnector(),
    )


class MemorySecrets:
    """A vault that lives as long as the test; ``missing`` is why there is none."""

    def __init__(self, missing: str = "") -> None:
        """Start empty."""
        self.missing = missing
        self.kept: dict[str, str] = {}

    def available(self) -> str:
        """See the port."""
        return self.missing

    def get(self, key: str) -> str | None:
        """See the port."""
        return self.kept.get(key)

    def set(self, key: str, value: str) -> bool:
        """See the port."""
        if not self.missing:
            self.kept[key] = value
        return not self.missing

    def delete(self, key: str) -> None:
        """See the port."""
        self.kept.pop(key, None)


def sign_in_service(
    folder: Path,
    connector: FakeConnector | None = None,
    *,
    secrets: MemorySecrets | None = None,
    demo: bool = False,
) -> SignInService:
    """Return the real service over fakes; two practices in its list, or the demo."""
    practice = DemoPractice(LAKESIDE, DEMO_PEOPLE, folder) if demo else None
    service = SignInService(
        Settings(folder / "config", folder / "state"),
        connector or FakeConnector(),
        secrets or MemorySecrets(),
        lambda _connection, _practice: OpenJournal(MemoryJournal(), "", lasting=True),
        client_version="test",
        device="test",
        demo=practice,
    )
    if not demo:
        service.save_practice(HARBOR)
        service.save_practice(LAKESIDE)
    return service
