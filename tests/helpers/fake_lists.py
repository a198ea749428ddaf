"""The lists of the fake practice: callbacks, call log, team, people, imports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.logs import (
    CallbackRow,
    CallLogFilter,
    CallLogPage,
    CallLogRow,
    ImportBatchRow,
    ImportProblemRow,
)
from coordinator_app.domain.person import Person, Role
from coordinator_app.domain.team import CoordinatorToday, Kpi, TeamBoard
from coordinator_app.errors import NotAllowedError
from tests.helpers.fake_access import FakeAccess
from tests.helpers.fake_data import LINE, NOW, FakePatient
from tests.helpers.fake_ear import FakeEar
from tests.helpers.fake_line import FakeLine
from tests.helpers.fake_live import FakeLive
from tests.helpers.fake_privacy import FakePrivacy

if TYPE_CHECKING:
    from coordinator_app.domain.call import CallView
    from coordinator_app.domain.outcome import WrapUp


def log_row(person: Person, p: FakePatient, call: CallView, wrap_up: WrapUp) -> CallLogRow:
    """Return the call log's line of a finished call."""
    both = call.ended_at is not None and call.answered_at is not None
    return CallLogRow(
        id=call.id,
        at=call.requested_at,
        zone=p.zone,
        coordinator=person.name,
        patient=f"{p.first_name} {p.last_name[0]}.",
        number_ending=call.number_ending,
        campaign="Overdue visit",
        end=call.end.value if call.end else "",
        outcome=wrap_up.outcome.value,
        seconds=int((call.ended_at - call.answered_at).total_seconds())
        if both and call.ended_at and call.answered_at
        else 0,
        identity="",
        note=wrap_up.details.note,
        is_practice_line=True,
    )


def callback_row(person: Person, p: FakePatient, wrap_up: WrapUp) -> CallbackRow:
    """Return the promised call of an outcome."""
    return CallbackRow(
        id=uuid4(),
        entry_id=p.entry_id,
        due_at=wrap_up.details.callback_at or NOW,
        zone=p.zone,
        patient=f"{p.first_name} {p.last_name[0]}.",
        owner=person.name,
        mine=True,
        anyone=False,
        note=wrap_up.details.note,
        gate="",
    )


class FakeLists(FakeAccess, FakePrivacy, FakeLive, FakeEar, FakeLine):
    """What lies around the calls. ``log`` keeps the name of each method that was called."""

    def __init__(self, person: Person) -> None:
        """Start empty."""
        FakePrivacy.__init__(self)
        FakeLive.__init__(self)
        FakeAccess.__init__(self, person)
        self._start_ear()
        self.callback_rows: list[CallbackRow] = []
        self.log_rows: list[CallLogRow] = []

    def callbacks(self) -> tuple[CallbackRow, ...]:
        """See the port."""
        self._enter("callbacks")
        return tuple(sorted(self.callback_rows, key=lambda row: row.due_at))

    def move_callback(self, callback_id: UUID, due_at: datetime, op_id: UUID) -> None:
        """See the port."""
        self._enter("move_callback")
        self._replace_callback(callback_id, due_at=due_at)

    def release_callback(self, callback_id: UUID, op_id: UUID) -> None:
        """See the port."""
        self._enter("release_callback")
        self._replace_callback(callback_id, anyone=True, mine=False, owner="")

    def _replace_callback(self, callback_id: UUID, **changes: object) -> None:
        self.callback_rows = [
            replace(row, **changes) if row.id == callback_id else row  # type: ignore[arg-type]
            for row in self.callback_rows
        ]

    def export_calls(self, which: CallLogFilter, rows: int) -> str:
        """See the port."""
        self._enter("export_calls")
        return f"Exported by {self.person.name}, {rows} calls"

    def call_log(self, which: CallLogFilter, before: UUID | None, limit: int) -> CallLogPage:
        """See the port."""
        self._enter("call_log")
        rows = [
            row
            for row in self.log_rows
            if (not which.outcome or row.outcome == which.outcome)
            and (not which.campaign or row.campaign == which.campaign)
            and which.text.casefold() in f"{row.patient} {row.note}".casefold()
            and (which.first_day is None or row.at.date() >= which.first_day)
            and (which.last_day is None or row.at.date() <= which.last_day)
        ]
        if before is not None:
            ids = [row.id for row in rows]
            rows = rows[ids.index(before) + 1 :] if before in ids else []
        page = rows[: min(limit, 200)]
        more = len(rows) > len(page)
        return CallLogPage(tuple(page), page[-1].id if more else None)

    def team(self) -> TeamBoard:
        """See the port."""
        self._enter("team")
        if self.person.role is not Role.SUPERVISOR:
            raise NotAllowedError("Only supervisors see the team's board.")
        me = CoordinatorToday(
            self.person.id, "Jordan Park", "Available", NOW, len(self.log_rows), 1, 1, 60, 20
        )
        kpi = Kpi("Calls today", str(len(self.log_rows)), "+2", good=True, trend=(1.0, 2.0, 3.0))
        return TeamBoard(NOW, (kpi,), (), (), (me,), (), LINE)

    def import_batches(self) -> tuple[ImportBatchRow, ...]:
        """See the port."""
        self._enter("import_batches")
        at = datetime(2025, 11, 20, 12, 0, tzinfo=UTC)
        batch = UUID(int=1)
        return (ImportBatchRow(batch, at, "csv", "inactive.csv", "ada", 12, 10, 0, 0, 1, 1),)

    def import_problems(self, batch_id: UUID) -> tuple[ImportProblemRow, ...]:
        """See the port."""
        self._enter("import_problems")
        return (ImportProblemRow(7, "review", "The phone number is not possible.", "A-7"),)
