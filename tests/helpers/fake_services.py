"""Fakes of the ports around the services: a journal on a broken disk, a practice that refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.errors import ConfigurationError, SignInRefusedError
from coordinator_app.secrets.memory import MemoryJournal
from tests.helpers.fake_practice import FakePractice

if TYPE_CHECKING:
    from coordinator_app.domain.outcome import Recorded
    from coordinator_app.domain.patient import Card
    from coordinator_app.domain.queue import Gate
    from coordinator_app.domain.session import Connection

PASSWORD = "harbour-lamp"
NOTE = "Zyxmarker wants her sister Quillanne to drive"
DISK_FULL = ConfigurationError("The journal cannot be written.", name="journal_not_writable")


def a_wrap_up(
    entry_id: UUID | None = None, *, call_id: UUID | None = None, fence: int = 1
) -> WrapUp:
    """Return a 'no answer' with a note that nothing but an open journal may show."""
    return WrapUp(
        op_id=uuid7(),
        call_id=call_id or uuid7(),
        entry_id=entry_id or uuid7(),
        fence=fence,
        outcome=Outcome.NO_ANSWER,
        details=OutcomeDetails(note=NOTE),
    )


class OrderedJournal(MemoryJournal):
    """A journal in memory that writes down when it was used, and whose disk can be full."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.order = order
        self.disk_full = False

    def put(self, wrap_up: WrapUp) -> None:
        self._check("put")
        super().put(wrap_up)

    def done(self, op_id: UUID) -> None:
        self._check("done")
        super().done(op_id)

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        self._check("save_draft")
        super().save_draft(entry_id, details)

    def drop_draft(self, entry_id: UUID) -> None:
        self._check("drop_draft")
        super().drop_draft(entry_id)

    def _check(self, what: str) -> None:
        if self.disk_full:
            raise DISK_FULL
        self.order.append(what)


class AnsweringPractice(FakePractice):
    """A fake practice whose ``finish`` first fails as often and in the way the test wants.

    A wrap-up of a call from an earlier run is recorded like any other.
    """

    def __init__(self, *failures: Exception, order: list[str] | None = None) -> None:
        super().__init__()
        self.failures = list(failures)
        self.order = order if order is not None else []
        self.finished: list[WrapUp] = []

    def finish(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        self.order.append("finish")
        if self.failures:
            raise self.failures.pop(0)
        self.finished.append(wrap_up)
        return super().finish(wrap_up, then_next=then_next)

    def _record(self, wrap_up: WrapUp) -> None:
        if wrap_up.call_id in self.calls:
            super()._record(wrap_up)
        else:
            self.recorded[wrap_up.op_id] = wrap_up
            self.claims.pop(wrap_up.entry_id, None)


class OnePasswordConnector:
    """Opens the practices it was given, one after the other, for ``PASSWORD``."""

    def __init__(self, *practices: FakePractice) -> None:
        self.practices = list(practices)
        self.asked: list[Connection] = []

    def connect(self, connection: Connection, password: str) -> FakePractice:
        self.asked.append(connection)
        if password != PASSWORD:
            raise SignInRefusedError("That user name and password do not match.", name="password")
        return self.practices.pop(0) if self.practices else FakePractice()
