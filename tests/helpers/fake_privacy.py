"""Privacy records of a fake practice, which remember what was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.domain.person import Person, Role
from coordinator_app.domain.privacy import (
    Accounting,
    AlertRow,
    Assessment,
    DisclosureRow,
    GlassOpening,
    Incident,
    IncidentCall,
    IncidentFilter,
    IncidentRow,
    Look,
    NewAssessment,
    NewDisclosure,
    PrivacyWatch,
    RolledBack,
    UnusualRow,
    WhoLooked,
)
from coordinator_app.errors import NotAllowedError, RefusedError
from tests.helpers.fake_data import JORDAN, NOW, fixed_id

ROSA = fixed_id("patient Rosa")
TODAY = NOW.date()
LATE = "An incident has 8 days left. Assess it, tell whom it concerns, and close it."
CHARTS = "Jordan Park has used up the hour’s charts (60). Ask what they were for."
UNUSUAL = (
    "Luis Cordero read in an unusual way on Nov 23. Look at “Unusual reading”, and ask what it was "
    "for."
)
LOCKED = (
    "Sam Whitfield was locked out after failed sign-ins (5). Ask whether it was them; if not, "
    "suspend them."
)
_NAMES = {"Rosa M.": "Rosa Mendoza", "Harold W.": "Harold Whitley", "Priya R.": "Priya Raman"}


def alerts() -> list[AlertRow]:
    """Return one of each weight; the last is about the reader."""

    def row(n: int, kind: str, words: str, person: str, *, mine: bool = False) -> AlertRow:
        about = fixed_id("incident 1") if kind == "incident_late" else None
        return AlertRow(
            UUID(int=500 - n), NOW - timedelta(minutes=37 * n), kind, words, person, about, mine
        )

    return [
        row(0, "incident_late", LATE, ""),
        row(1, "read_limit", CHARTS, "Jordan Park"),
        row(2, "unusual_reading", UNUSUAL, "Luis Cordero"),
        row(3, "login_lock", LOCKED, "Sam Whitfield", mine=True),
    ]


def openings() -> list[GlassOpening]:
    """Return somebody's and the reader's own."""
    at = NOW - timedelta(hours=2)
    until = at + timedelta(minutes=30)
    return [
        GlassOpening(
            UUID(int=41), at, until, "Jordan Park",
            "Caller says her mother cannot breathe and asks which medicine she takes.", ROSA, False,
        ),
        GlassOpening(UUID(int=42), at, until, "Sam Whitfield", "Fainted in the lobby.", ROSA, True),
    ]  # fmt: skip


def unusual() -> tuple[UnusualRow, ...]:
    """Return three findings of two people."""
    ids = tuple(fixed_id(f"patient {n}") for n in range(12))
    start = NOW - timedelta(hours=3)
    luis, jordan = fixed_id("person Luis Cordero"), JORDAN.id
    return (
        UnusualRow(
            luis, "Luis Cordero", "fast_paging", TODAY, 12, start, start + timedelta(minutes=4), ids
        ),
        UnusualRow(luis, "Luis Cordero", "no_call", TODAY, 14, start, NOW, ids),
        UnusualRow(
            jordan, "Jordan Park", "same_name", TODAY - timedelta(days=2), 1, start, start, (ROSA,)
        ),
    )


def incident(n: int, kind: str, patient: str, days_left: int | None, note: str) -> Incident:
    """Return an incident that nobody has assessed."""
    closed = days_left is None
    opened = NOW - timedelta(days=60 - (days_left or 0))
    return Incident(
        id=fixed_id(f"incident {n}"),
        kind=kind,
        patient_id=ROSA if patient == "Rosa M." else fixed_id(f"patient {patient}"),
        patient=_NAMES[patient],
        opened_at=opened,
        opened_by="Jordan Park",
        discovered_on=opened.date(),
        due_on=opened.date() + timedelta(days=60),
        days_left=days_left,
        note=note,
        call=IncidentCall(fixed_id(f"call {n}"), opened, "Jordan Park", "Privacy incident"),
        held=not closed,
        assessments=(),
        resolution="Talked to the family." if closed else "",
        closed_at=NOW - timedelta(days=1) if closed else None,
        closed_by="Sam Whitfield" if closed else "",
        choice="release" if closed else None,
        may_assess=False,
        may_close=False,
    )


class FakePrivacy:
    """See the module. ``written`` keeps what was written, in order."""

    def __init__(self) -> None:
        """Start with a day's work."""
        self.alert_rows = alerts()
        self.glass_rows = openings()
        self.incident_list = [
            incident(
                1, "privacy", "Rosa M.", 8,
                "Said the date of the visit to a man who was not her husband, as it turned out.",
            ),
            incident(2, "triage", "Harold W.", -1, "Dizzy since Sunday."),
            incident(3, "complaint", "Priya R.", 27, "Was called three times in a week."),
            incident(4, "deceased", "Harold W.", None, "His daughter picked up."),
        ]  # fmt: skip
        self.disclosure_rows: list[DisclosureRow] = []
        self.looked: list[tuple[UUID, date, date]] = []
        self.written: list[tuple[object, ...]] = []
        self.amend_ops: list[UUID] = []  # asked, whether answered or not
        self.amended_words = "The outcome of this call was corrected."

    person: Person

    def _enter(self, name: str) -> None:
        raise NotImplementedError

    def _role(self, *roles: Role) -> None:
        if self.person.role not in roles:
            raise NotAllowedError("Your role in this practice does not include this.")

    # -- reading ----------------------------------------------------------------------------

    def who_looked(self, patient_id: UUID, first_day: date, last_day: date) -> WhoLooked:
        """See the port."""
        self._enter("who_looked")
        self._role(Role.SUPERVISOR, Role.AUDITOR)
        self.looked.append((patient_id, first_day, last_day))
        rows = (
            Look(NOW, "Sam Whitfield", "supervisor", "Asked who looked", True),
            Look(NOW, "Jordan Park", "coordinator", "Recorded an outcome", False),
            Look(NOW, "Jordan Park", "coordinator", "Looked at the birth date", True),
            Look(NOW, "gateway", None, "Dialled", False),
            Look(NOW - timedelta(days=3), "Luis Cordero", "coordinator", "Opened the chart", True),
        )
        return WhoLooked(patient_id, "Rosa Mendoza", first_day, last_day, rows, True)

    def accounting(self, patient_id: UUID) -> Accounting:
        """See the port."""
        self._enter("accounting")
        self._role(Role.SUPERVISOR, Role.AUDITOR)
        since = TODAY.replace(year=TODAY.year - 6)
        return Accounting(patient_id, "Rosa Mendoza", since, tuple(self.disclosure_rows))

    def incidents(self, which: IncidentFilter) -> tuple[IncidentRow, ...]:
        """See the port."""
        self._enter("incidents")
        self._role(Role.SUPERVISOR, Role.CLINICIAN, Role.AUDITOR)
        short = {name: key for key, name in _NAMES.items()}
        return tuple(
            IncidentRow(
                id=one.id,
                kind=one.kind,
                patient=short[one.patient],
                opened_at=one.opened_at,
                opened_by=one.opened_by,
                discovered_on=one.discovered_on,
                due_on=one.due_on,
                days_left=one.days_left,
                result=one.assessments[0].result if one.assessments else None,
                closed_at=one.closed_at,
                choice=one.choice,
                may_assess=one.may_assess,
                may_close=one.may_close,
            )
            for one in map(self._allowed, self.incident_list)
            if which.which == "all" or (one.closed_at is None) == (which.which == "open")
        )

    def incident(self, incident_id: UUID) -> Incident:
        """See the port."""
        self._enter("incident")
        return self._allowed(next(one for one in self.incident_list if one.id == incident_id))

    def _allowed(self, one: Incident) -> Incident:
        role = self.person.role
        clinical = role is Role.CLINICIAN and one.kind in {"triage", "deceased"}
        writes = role is Role.SUPERVISOR and one.closed_at is None
        return replace(
            one,
            may_assess=writes and one.kind == "privacy",
            may_close=writes or (clinical and one.closed_at is None),
        )

    def privacy_watch(self) -> PrivacyWatch:
        """See the port."""
        self._enter("privacy_watch")
        self._role(Role.SUPERVISOR, Role.AUDITOR)
        return PrivacyWatch(
            NOW,
            tuple(self.alert_rows),
            tuple(self.glass_rows),
            unusual(),
            (RolledBack("Luis Cordero", 7),),
        )

    # -- writing ----------------------------------------------------------------------------

    def record_disclosure(self, patient_id: UUID, disclosure: NewDisclosure, op_id: UUID) -> str:
        """See the port."""
        self._enter("record_disclosure")
        self._role(Role.SUPERVISOR)
        if not disclosure.reason:
            raise RefusedError("Please check what was entered: reason.")
        self.written.append(("disclosure", patient_id, disclosure))
        counts = disclosure.reason not in {"treatment", "payment", "operations"}
        given = disclosure
        self.disclosure_rows = [r for r in self.disclosure_rows if r.id != given.corrects]
        self.disclosure_rows.append(
            DisclosureRow(
                uuid4(), given.day, given.recipient, given.recipient_address, given.what,
                given.purpose, given.reason, counts, None, given.corrects is not None,
                "Sam Whitfield", NOW,
            )
        )  # fmt: skip
        return "Recorded. It is part of the patient’s accounting of disclosures."

    def assess_incident(self, incident_id: UUID, assessment: NewAssessment, op_id: UUID) -> str:
        """See the port."""
        self._enter("assess_incident")
        self._role(Role.SUPERVISOR)
        if not assessment.result:
            raise RefusedError("Say what the four factors come to.", name="detail_missing")
        self.written.append(("assess", incident_id, assessment))
        given = assessment
        made = Assessment(
            NOW, "Sam Whitfield", given.nature, given.recipient, given.viewed, given.mitigation,
            given.disclosed, given.result, given.notified_on,
        )  # fmt: skip
        self.incident_list = [
            replace(one, assessments=(made, *one.assessments)) if one.id == incident_id else one
            for one in self.incident_list
        ]
        return "Recorded. The incident can be closed."

    def close_incident(self, incident_id: UUID, resolution: str, choice: str, op_id: UUID) -> str:
        """See the port."""
        self._enter("close_incident")
        if not choice:
            raise RefusedError("Please check what was entered: choice.")
        self.written.append(("close", incident_id, resolution, choice))
        self.incident_list = [
            replace(one, closed_at=NOW, closed_by="Sam Whitfield", choice=choice, days_left=None)
            if one.id == incident_id
            else one
            for one in self.incident_list
        ]
        return "Closed. The patient is back in the queue."

    def acknowledge_alert(self, alert_id: UUID, note: str) -> None:
        """See the port."""
        self._enter("acknowledge_alert")
        self.written.append(("acknowledge", alert_id, note))
        self.alert_rows = [row for row in self.alert_rows if row.id != alert_id]

    def review_break_glass(self, opening_id: UUID, *, justified: bool, note: str) -> None:
        """See the port."""
        self._enter("review_break_glass")
        self.written.append(("review", opening_id, justified, note))
        self.glass_rows = [row for row in self.glass_rows if row.id != opening_id]

    def amend_outcome(
        self,
        call_id: UUID,
        outcome: Outcome,
        details: OutcomeDetails,
        reason: str,
        op_id: UUID,
    ) -> str:
        """See the port."""
        self.amend_ops.append(op_id)
        self._enter("amend_outcome")
        self.written.append(("amend", call_id, outcome, details, reason))
        return self.amended_words
