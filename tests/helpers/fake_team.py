"""A fake practice with a whole team, many calls and imports, for the list pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from coordinator_app.domain.line_test import LineTestSummary, Verdict
from coordinator_app.domain.logs import (
    Amended,
    CallbackRow,
    CallLogRow,
    ImportBatchRow,
    ImportProblemRow,
)
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.domain.person import (
    Credential,
    CredentialKind,
    Person,
    PersonRow,
    Role,
)
from coordinator_app.domain.team import (
    CoordinatorToday,
    FunnelStep,
    HeatCell,
    Kpi,
    OutcomeDay,
    TeamBoard,
)
from coordinator_app.errors import NotAllowedError
from tests.helpers.fake_data import JORDAN, LINE, NOW, ZONE, fixed_id
from tests.helpers.fake_practice import FakeClock, FakePractice

NAMES = ("Jordan Park", "Amelia Brandt", "Luis Cordero", "Nadia Haddad", "Owen Tran")
PATIENTS = ("Rosa M.", "Leonard A.", "Priya R.", "Harold W.", "Denise O.", "Tomás V.")
_NOTES = ("", "Asked for the county ride line", "Prefers mornings", "", "Wants Dr. Okafor only")
_OUTCOMES = (
    Outcome.BOOKED,
    Outcome.NO_ANSWER,
    Outcome.LEFT_VOICEMAIL,
    Outcome.CALLBACK_AT,
    Outcome.NO_ANSWER,
    Outcome.DECLINED,
    Outcome.WRONG_NUMBER,
)

_AMENDED = Amended(
    "NO_ANSWER", "", NOW - timedelta(minutes=5), "Luis Cordero", "The machine did pick up."
)


_OLD_TRAINING = "Your training “HIPAA and calling rules” expired on November 1, 2025."
_CREDENTIALS = (
    Credential(CredentialKind.LANGUAGE, "es", date(2026, 8, 1), expired=False),
    Credential(CredentialKind.LANGUAGE, "pt", date(2025, 6, 1), expired=True),
    Credential(CredentialKind.SCRIPT, "recall", date(2026, 3, 1), expired=False),
)


def log_row(number: int) -> CallLogRow:
    """Return a call; the higher the number, the longer ago."""
    outcome = _OUTCOMES[number % len(_OUTCOMES)]
    talked = outcome in {Outcome.BOOKED, Outcome.CALLBACK_AT, Outcome.DECLINED}
    return CallLogRow(
        id=UUID(int=1_000_000 - number),
        at=NOW - timedelta(minutes=17 * number + 4),
        zone=ZONE,
        coordinator=NAMES[number % len(NAMES)],
        patient=PATIENTS[number % len(PATIENTS)],
        number_ending=f"{100 + number % 100:04}",
        campaign=("Diabetes + BP", "Overdue visit")[number % 2],
        end="completed_by_us" if talked else "no_answer",
        outcome=outcome.value,
        seconds=(number * 37) % 420 if talked else 0,
        identity="PASS" if talked else "",
        note=_NOTES[number % len(_NOTES)],
        is_practice_line=True,
        patient_id=fixed_id(f"patient {PATIENTS[number % len(PATIENTS)]}"),
        amendable=number < 80,  # of the last day
        amended=_AMENDED if number == 2 else None,
        recorded=number % len(_OUTCOMES) == 3,
    )


def callback_rows() -> list[CallbackRow]:
    """Return one overdue, two of mine, one of somebody else and a free one."""

    def row(
        name: str, hours: float, owner: str, *, zone: str = ZONE, note: str = "", gate: str = ""
    ) -> CallbackRow:
        return CallbackRow(
            id=fixed_id(f"callback {name}"),
            entry_id=fixed_id(f"entry {name}"),
            due_at=NOW + timedelta(hours=hours),
            zone=zone,
            patient=name,
            owner=owner,
            mine=owner == JORDAN.name,
            anyone=not owner,
            note=note,
            gate=gate,
        )

    early = "It is before 8 AM where this patient lives."
    return [
        row("Rosa M.", -0.5, JORDAN.name, note="After the school bus"),
        row("Denise O.", 1.3, JORDAN.name, zone="America/New_York", note="Ask about the ride"),
        row("Priya R.", 22.5, JORDAN.name, zone="America/Los_Angeles", gate=early),
        row("Harold W.", 3, "Amelia Brandt"),
        row("Marjorie K.", 5, ""),
    ]


_LINE_TESTS = (
    LineTestSummary(NOW - timedelta(minutes=50), Verdict.OK, ""),
    LineTestSummary(
        NOW - timedelta(hours=1),
        Verdict.BAD,
        "Your connection loses 9 % of what is sent. Use a cable instead of Wi-Fi.",
    ),
    None,
)


class FakeTeamPractice(FakePractice):
    """See the module."""

    def __init__(
        self, clock: FakeClock | None = None, person: Person = JORDAN, calls: int = 1000
    ) -> None:
        """Start with ``calls`` rows in the log."""
        super().__init__(clock, person)
        self.log_rows = [log_row(number) for number in range(calls)]
        self.callback_rows = callback_rows()

    def amend_outcome(
        self,
        call_id: UUID,
        outcome: Outcome,
        details: OutcomeDetails,
        reason: str,
        op_id: UUID,
    ) -> str:
        """See the port."""
        said = super().amend_outcome(call_id, outcome, details, reason, op_id)
        self.log_rows = [
            replace(
                row,
                outcome=outcome.value,
                note=details.note,
                amended=Amended(
                    row.amended.outcome if row.amended else row.outcome,
                    row.amended.note if row.amended else row.note,
                    self.clock.now(),
                    self.person.name,
                    reason,
                ),
            )
            if row.id == call_id
            else row
            for row in self.log_rows
        ]
        return said

    def team(self) -> TeamBoard:
        """See the port."""
        self._enter("team")
        if self.person.role is not Role.SUPERVISOR:
            raise NotAllowedError("Only supervisors see the team's board.")
        return board()

    def _people(self) -> tuple[PersonRow, ...]:
        expires = (date(2026, 8, 1), date(2025, 12, 10), date(2025, 11, 1), None, date(2026, 2, 3))
        rows = []
        for number, name in enumerate(NAMES):
            login = name.split()[0].lower()
            person = replace(JORDAN, id=fixed_id(f"person {name}"), login=login, name=name)
            rows.append(
                PersonRow(
                    person,
                    active=number != 4,
                    training="HIPAA and calling rules 2025",
                    training_expires=expires[number],
                    last_seen="Today 9:40 AM",
                    training_problem=_OLD_TRAINING if number == 2 else "",
                    credentials=_CREDENTIALS[: 3 * (number % 2)],
                    campaigns=("Diabetes + BP",) if number < 2 else (),
                    second_factor=number == 3,
                    locked_minutes=12 if number == 1 else None,
                    line_test=_LINE_TESTS[number % 3],
                    may_suspend=True,
                )
            )
        return tuple(rows)

    def import_batches(self) -> tuple[ImportBatchRow, ...]:
        """See the port."""
        self._enter("import_batches")
        if self.person.role is not Role.ADMINISTRATOR:
            raise NotAllowedError("Only administrators see the imports.")
        at = NOW - timedelta(days=3)
        return (
            ImportBatchRow(UUID(int=2), at, "csv", "inactive.csv", "ada", 1200, 31, 44, 1121, 3, 1),
            ImportBatchRow(
                UUID(int=1),
                at - timedelta(days=7),
                "fhir",
                "pysynthea",
                "ada",
                250,
                250,
                0,
                0,
                0,
                0,
            ),
        )

    def import_problems(self, batch_id: UUID) -> tuple[ImportProblemRow, ...]:
        """See the port."""
        self._enter("import_problems")
        if batch_id == UUID(int=1):
            return ()
        return (
            ImportProblemRow(7, "review", "The phone number is not possible.", "A-7"),
            ImportProblemRow(112, "review", "The birth date is in the future.", "A-112"),
            ImportProblemRow(640, "review", "Two patients have this id.", "A-640"),
            ImportProblemRow(641, "rejected", "The row has 3 columns instead of 14.", ""),
        )


def board() -> TeamBoard:
    """Return a board with everything on it."""
    trend = (3.0, 4.0, 5.0, 4.0, 6.0, 5.0, 7.0, 6.0, 7.0, 8.0)
    kpis = (
        Kpi("Booked this week", "134", "+18 % vs last week", good=True, trend=trend),
        Kpi("Reached", "46.0 %", "+3.1 pt vs last week", good=True, trend=trend[::-1][::-1]),
        Kpi("Calls per booking", "4.7", "−0.9 vs last week", good=True, trend=trend[::-1]),
        Kpi("Callbacks missed", "6", "+2 vs last week", good=False, trend=(1, 0, 2, 1, 0, 1, 2, 3)),
    )
    days = tuple(
        OutcomeDay(date(2025, 11, 10) + timedelta(days=n + 2 * (n // 5)), 14 + n, 31, 9, 44, 6, 2)
        for n in range(10)
    )
    heat = tuple(
        HeatCell(day, hour, 100, 12 + (hour * 7 + day * 3) % 40)
        for day in range(5)
        for hour in range(8, 19)
    )
    now = ("On a call", "Available", "Wrap-up", "On a call", "Break")
    people = tuple(
        CoordinatorToday(
            fixed_id(f"person {name}"), name, now[n], NOW, 62 - 4 * n, 31 - 3 * n, 14 - 2 * n,
            9660 - 700 * n, 38 + 7 * n,
        )
        for n, name in enumerate(NAMES)
    )  # fmt: skip
    steps = (
        ("On the list", 1840),
        ("Called", 1312),
        ("Reached", 604),
        ("Booked", 221),
        ("Seen", 163),
    )
    funnel = tuple(FunnelStep(name, count) for name, count in steps)
    other = tuple(FunnelStep(step.name, step.count // 3) for step in funnel)
    return TeamBoard(
        NOW, kpis, days, heat, people, (("Diabetes + BP", funnel), ("Overdue visit", other)), LINE
    )
