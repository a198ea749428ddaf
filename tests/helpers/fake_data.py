"""Ten made-up patients, two clinicians and a small practice; every number is a 555-01xx one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from coordinator_app.domain.patient import (
    Barrier,
    Chart,
    Fact,
    Permissions,
    Phone,
    RevealField,
    TimelineItem,
    VoicemailLevel,
)
from coordinator_app.domain.person import Person, Role
from coordinator_app.domain.practice import LineHealth, Practice, Practitioner, VisitType
from coordinator_app.domain.queue import Chip, Gate

NOW = datetime(2025, 11, 24, 15, 42, tzinfo=UTC)  # Monday 9:42 AM in Chicago
ZONE = "America/Chicago"
# What a locked chart must not show; canary tests search for these words.
CANARY_WORDS = ("1967", "A1c", "4821", "BCBS", "diabetes", "Okafor visit", "ride on weekdays")


def fixed_id(name: str) -> UUID:
    """Return the same id for the same name in every run."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"care-coordinator-test:{name}")


OKAFOR = Practitioner(fixed_id("okafor"), "Dr. Okafor", "Family medicine")
LIND = Practitioner(fixed_id("lind"), "Dr. Lind", "Internal medicine")
FOLLOW_UP = VisitType(fixed_id("follow-up"), "Follow-up", 30)
ANNUAL = VisitType(fixed_id("annual"), "Annual physical", 60)

JORDAN = Person(fixed_id("jordan"), "jordan", "Jordan Park", Role.COORDINATOR, ("en",))
PRACTICE = Practice(
    name="Lakeside Family Medicine",
    voicemail_name="Lakeside Medical Office",
    office_number="+13125550100",
    office_hours="Monday to Friday, 8 to 5",
    address="12 Lake Street, Chicago",
    zone=ZONE,
    is_demo=True,
    lock_minutes=5,
    daily_goal=60,
    practitioners=(OKAFOR, LIND),
    visit_types=(FOLLOW_UP, ANNUAL),
)
LINE = LineHealth("ok", is_practice_line=True, since=NOW, sentence="Line is ready.")


@dataclass
class FakePatient:
    """One patient of the fake practice, with everything that a card is made of."""

    first_name: str
    last_name: str
    score: int
    reason: str
    chips: tuple[Chip, ...]
    zone: str
    attempts: int
    chart: Chart
    phones: tuple[Phone, ...]
    permissions: Permissions
    language: str = "en"
    max_attempts: int = 5
    needs_identity: bool = True
    callback_due: datetime | None = None
    gate: Gate | None = None
    recent: tuple[TimelineItem, ...] = ()
    on_file: dict[RevealField, str] = field(default_factory=dict)
    open: bool = True

    @property
    def entry_id(self) -> UUID:
        """The queue entry."""
        return fixed_id(f"entry {self.first_name} {self.last_name}")

    @property
    def patient_id(self) -> UUID:
        """The patient."""
        return fixed_id(f"patient {self.first_name} {self.last_name}")


def phone(name: str, number: int, use: str = "mobile", problem: str = "") -> Phone:
    """Return a fictitious number; unusable when ``problem`` says why."""
    return Phone(
        id=fixed_id(f"{name} {number}"),
        e164=f"+1312555{number:04}",
        extension="",
        display=f"(312) 555-{number:04}",
        use=use,
        usable=not problem,
        problem=problem,
        preferred=use == "mobile",
    )


def _chart(age: int, gender: str, year: int, mrn: str, clinician: str) -> Chart:
    return Chart(
        age=age,
        gender=gender,
        birth_date_masked=f"••/••/{year}",
        mrn_masked=f"•••• {mrn}",
        practitioner=clinician,
        why=(
            Fact("calendar-x", "danger", "Last seen Sep 12, 2024", "1 no-show, 2 cancelled since"),
            Fact("activity", "warning", "A1c overdue 9 months", "Type 2 diabetes · last 8.4 %"),
        ),
        coverage=(Fact("shield-check", "success", "BCBS PPO active", "No balance · $25 copay"),),
        timeline=(
            TimelineItem(
                NOW - timedelta(days=438), "stethoscope", "info", "Okafor visit", "Follow-up"
            ),
            TimelineItem(
                NOW - timedelta(days=120), "calendar-x", "danger", "No-show", "Dr. Okafor, 30 min"
            ),
        ),
        appointments=(
            TimelineItem(
                NOW - timedelta(days=60), "calendar-off", "warning", "Cancelled", "By the patient"
            ),
        ),
        barriers=(
            Barrier(
                "transportation-insecurity",
                "no ride on weekdays — offer the county ride line or a telehealth slot",
                date(2025, 3, 2),
            ),
        ),
    )


def _recent() -> tuple[TimelineItem, ...]:
    return (
        TimelineItem(
            NOW - timedelta(days=3, hours=-6),
            "voicemail",
            "violet",
            "Voicemail left (name and number only)",
            "J. Park",
        ),
        TimelineItem(
            NOW - timedelta(days=14), "mail", "info", "At-risk letter mailed", "approved Dr. Okafor"
        ),
        TimelineItem(NOW - timedelta(days=18), "phone-missed", "neutral", "No answer", "J. Park"),
    )


_ALLOWED = Permissions(
    calls=True,
    voicemail=VoicemailLevel.NAME_AND_NUMBER,
    text=True,
    email=False,
    best_time="9–11 AM",
    note="",
)


def patients() -> list[FakePatient]:
    """Return fresh patients, best score first."""
    chip = Chip
    rows = (
        (
            "Rosa",
            "Martínez",
            94,
            "No visit 14 mo · A1c overdue 9 mo",
            (chip("Callback 9:40", "warning"), chip("ES", "info")),
            ZONE,
            2,
        ),
        (
            "Leonard",
            "Abbott",
            91,
            "No visit 19 mo · BP check, refills lapsed since spring",
            (chip("New", "success"),),
            ZONE,
            0,
        ),
        ("Priya", "Raman", 88, "Cancelled ×3 · Mammogram overdue", (), "America/Los_Angeles", 1),
        (
            "Harold",
            "Whitcomb",
            83,
            "No visit 13 mo · CHF follow-up",
            (chip("Voicemail ×2", "violet"),),
            ZONE,
            3,
        ),
        (
            "Denise",
            "Okoro",
            79,
            "No-show ×2 · Thyroid labs due",
            (chip("Barrier: ride", "info"),),
            "America/New_York",
            1,
        ),
        (
            "Tomás",
            "Villarreal",
            76,
            "No visit 16 mo · Annual physical",
            (chip("New", "success"), chip("ES", "info")),
            ZONE,
            0,
        ),
        (
            "Marjorie",
            "Kessler",
            72,
            "No visit 12 mo · Medicare wellness",
            (chip("Letter sent", "neutral"),),
            ZONE,
            2,
        ),
        (
            "Anthony",
            "DiMarco",
            69,
            "Colonoscopy referral open 8 mo",
            (chip("Voicemail", "violet"),),
            "America/New_York",
            1,
        ),
        ("Grace", "Liu", 55, "No visit 15 mo", (chip("New", "success"),), ZONE, 0),
        ("Samuel", "Whitefeather", 41, "No visit 24 mo · Flu shot", (), "America/Phoenix", 2),
    )
    made = []
    for number, (first, last, score, reason, chips, zone, attempts) in enumerate(rows):
        gate = None
        if first == "Priya":
            gate = Gate(
                "hours", "The patient may be called from 8:00 AM.", NOW.replace(hour=16, minute=0)
            )
        made.append(
            FakePatient(
                first, last, score, reason, chips, zone, attempts,
                chart=_chart(58, "F", 1967, "4821", "Dr. Okafor"),
                phones=(
                    phone(first, 110 + number),
                    phone(first, 130 + number, "home"),
                    phone(first, 150 + number, "work", "Reported wrong on Mar 3"),
                ),
                permissions=_ALLOWED,
                gate=gate,
                recent=_recent() if attempts else (),
                on_file={
                    RevealField.BIRTH_DATE: "04/17/1967",
                    RevealField.MRN: "00094821",
                    RevealField.ZIP: "60601",
                    RevealField.ADDRESS: "77 Elm Street",
                    RevealField.PHONE: f"(312) 555-{110 + number:04}",
                    RevealField.EMAIL: "nobody@example.org",
                },
            )
        )  # fmt: skip
    rosa, harold = made[0], made[3]
    rosa.language = "es"
    rosa.callback_due = NOW - timedelta(minutes=2)
    rosa.needs_identity = False
    made[5].language = "es"
    harold.permissions = replace(_ALLOWED, voicemail=VoicemailLevel.NONE, text=False)
    return made
