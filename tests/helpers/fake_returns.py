"""Returned calls of a fake practice, which remember what was told and taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.find import LastCall
from coordinator_app.domain.person import Role
from coordinator_app.domain.returns import (
    OPT_OUT,
    IncomingLine,
    ReturnKind,
    ReturnLane,
    ReturnPerson,
    ReturnReport,
    ReturnRouted,
    ReturnRow,
    ReturnsWaiting,
)
from coordinator_app.errors import NotAllowedError, StaleError, TakenByAnotherError
from tests.helpers.fake_data import NOW

if TYPE_CHECKING:
    from coordinator_app.domain.patient import Card
    from coordinator_app.domain.person import Person
    from coordinator_app.services.clock import PracticeClock
    from tests.helpers.fake_data import FakePatient


def person_of(patient: FakePatient, *, likely: bool = True) -> ReturnPerson:
    """Return a patient who may have called."""
    last = LastCall(
        NOW - timedelta(hours=2), "Jordan Park", "Voicemail left", "name and number only"
    )
    name = f"{patient.first_name} {patient.last_name[0]}."
    return ReturnPerson(patient.patient_id, likely, name, "en", patient.open, "", last)


def returned(*people: ReturnPerson, minutes: float = 2, **changes: object) -> ReturnRow:
    """Return a returned call of mine; without people an unknown caller's, for supervisors."""
    row = ReturnRow(
        id=uuid4(),
        at=NOW - timedelta(minutes=minutes),
        source="carrier",
        kind=ReturnKind.MISSED,
        waits=False,
        mine=bool(people),
        routed_to="Jordan Park" if people else "",
        routed_why="last_caller" if people else "supervisor",
        taken_by="",
        wanted_at=None,
        known=bool(people),
        number="••10" if people else "(312) 555-0142",
        note="",
        people=people,
        gate="",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


class FakeReturns:
    """``returns``: the lane. ``reports``, ``settled``, ``links``: what was asked for."""

    person: Person
    clock: PracticeClock
    patients: list[FakePatient]

    def __init__(self) -> None:
        """Start with an empty lane."""
        self.returns: list[ReturnRow] = []
        self.incoming: IncomingLine | None = None
        self.reports: list[tuple[ReturnReport, UUID]] = []
        self.settled: list[tuple[UUID, str, str]] = []
        self.links: list[tuple[UUID, UUID]] = []
        self.taken: list[tuple[UUID, UUID | None]] = []

    if TYPE_CHECKING:

        def _enter(self, name: str) -> None: ...

        def _claim(self, entry_id: UUID) -> Card: ...

    def returns_waiting(self) -> ReturnsWaiting:
        """What the heartbeat says."""
        mine = [row for row in self.returns if row.mine and not row.taken_by]
        phone = sum(1 for row in mine if row.kind is ReturnKind.ON_THE_PHONE)
        return ReturnsWaiting(phone, len(mine) - phone)

    def report_return(self, report: ReturnReport, op_id: UUID) -> ReturnRouted:
        """See the port."""
        self.reports.append((report, op_id))  # asked, whatever comes of it
        self._enter("report_return")
        if report.what == OPT_OUT:
            return ReturnRouted(uuid4(), "The patient will not be called again.", "", 1)
        words = "It goes to Amelia Brandt, who called last."
        return ReturnRouted(uuid4(), words, "Amelia Brandt", 1)

    def return_calls(self) -> ReturnLane:
        """See the port."""
        self._enter("return_calls")
        line = self.incoming
        rows = sorted(self.returns, key=lambda r: (r.kind is not ReturnKind.ON_THE_PHONE, r.at))
        return ReturnLane(self.clock.now(), tuple(rows), line)

    def take_return(self, return_id: UUID, patient_id: UUID | None, op_id: UUID) -> Card:
        """See the port."""
        self._enter("take_return")
        self.taken.append((return_id, patient_id))
        row = next((row for row in self.returns if row.id == return_id), None)
        if row is None:
            raise StaleError("This returned call has been settled.", name="return_gone")
        if not (row.mine or row.anybodys or self.person.role is Role.SUPERVISOR):
            raise TakenByAnotherError(f"{row.routed_to} has this returned call.", name="taken")
        wanted = patient_id or (row.likely.patient_id if row.likely else None)
        patient = next(p for p in self.patients if p.patient_id == wanted)
        card = self._claim(patient.entry_id)
        self.returns = [
            replace(one, taken_by=self.person.name) if one.id == return_id else one
            for one in self.returns
        ]
        return card

    def close_return(self, return_id: UUID, result: str, note: str, op_id: UUID) -> None:
        """See the port."""
        self._enter("close_return")
        self.settled.append((return_id, result, note))
        self.returns = [row for row in self.returns if row.id != return_id]

    def link_return(self, return_id: UUID, patient_id: UUID, op_id: UUID) -> str:
        """See the port."""
        self._enter("link_return")
        if self.person.role is not Role.SUPERVISOR:
            raise NotAllowedError("Your role in this practice does not include this.")
        self.links.append((return_id, patient_id))
        return "It goes to Jordan Park, who is free."
