"""A signed-in session around the fake practice, with a journal that lives in memory."""

from __future__ import annotations

from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import SignInRefusedError
from coordinator_app.ports import PracticeDatabase
from coordinator_app.secrets.memory import MemoryJournal
from coordinator_app.services.session import Session
from coordinator_app.services.wrap_up import WrapUpDesk
from tests.helpers.fake_practice import FakePractice

CONNECTION = Connection(
    practice="Lakeside Family Medicine",
    host="127.0.0.1",
    port=5432,
    database="practice",
    user="jordan",
    tls=TlsMode.LOOPBACK,
)
PASSWORD = "harbour-lamp"


class FakeConnector:
    """Knows one password; the connection it opens is a practice of its own."""

    def connect(self, connection: Connection, password: str) -> PracticeDatabase:
        """See the port."""
        if password != PASSWORD:
            raise SignInRefusedError("The password is not right. Please try again.")
        return FakePractice()


class FakeSession(Session):
    """A real session whose parts a test can reach."""

    practice: FakePractice

    def __init__(self, fake: FakePractice) -> None:
        """Sign in."""
        self.journal = MemoryJournal()
        desk = WrapUpDesk(fake, self.journal)
        super().__init__(fake, fake.sign_in("0.1.0", "test"), desk, CONNECTION, FakeConnector())
        self.clock = fake.clock


def make_session(practice: FakePractice | None = None) -> FakeSession:
    """Sign in to a fake practice."""
    return FakeSession(practice or FakePractice())
