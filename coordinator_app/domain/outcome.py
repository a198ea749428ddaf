"""The human outcomes of a call: one key each, what each needs and what it means.

Codes follow compliance.md 7.5. What follows an outcome (next attempt, callback,
suppression, closing) is decided in the database, ``app.outcome_code`` and
``app.apply_outcome``; a test holds the two lists equal.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


class Outcome(enum.StrEnum):
    """What came of a call, in a person's judgement."""

    BOOKED = "BOOKED"
    LEFT_VOICEMAIL = "LEFT_VOICEMAIL"
    NO_ANSWER = "NO_ANSWER"
    CALLBACK_AT = "CALLBACK_AT"
    DECLINED = "DECLINED"
    DECLINED_BARRIER = "DECLINED_BARRIER"
    WRONG_NUMBER = "WRONG_NUMBER"
    LEFT_PRACTICE = "LEFT_PRACTICE"
    OPT_OUT = "OPT_OUT"
    BUSY = "BUSY"
    VOICEMAIL_NOT_LEFT = "VOICEMAIL_NOT_LEFT"
    GATEKEEPER_MESSAGE = "GATEKEEPER_MESSAGE"
    UNVERIFIED = "UNVERIFIED"
    FAILED_NUMBER = "FAILED_NUMBER"
    THINKING = "THINKING"
    BOOKED_ELSEWHERE = "BOOKED_ELSEWHERE"
    LANGUAGE = "LANGUAGE"
    DECEASED_REPORTED = "DECEASED_REPORTED"
    TRIAGE = "TRIAGE"
    COMPLAINT = "COMPLAINT"
    INCIDENT = "INCIDENT"
    TECHNICAL = "TECHNICAL"


class Detail(enum.StrEnum):
    """What an outcome needs to be told besides itself."""

    SLOT = "slot"  # a held slot or a booked appointment
    CALLBACK_TIME = "callback_at"  # in the patient's zone
    SCOPE = "scope"  # opt-out: one of OPT_OUT_SCOPES
    BARRIER = "barrier"
    REASON = "reason"  # a code from REASONS
    LANGUAGE = "language"
    NOTE = "note"


class Barrier(enum.StrEnum):
    """Obstacles (Gravity SDOH categories and the field's own; features.md 5.5)."""

    TRANSPORT = "transportation-insecurity"
    COST = "medical-cost-burden"
    COVERAGE = "health-insurance-coverage-status"
    WORK_HOURS = "work-hours"
    CHILDCARE = "childcare"
    FEAR = "fear-or-pain"
    FEELS_FINE = "feels-fine"
    LANGUAGE = "language-access"
    DIGITAL = "digital-access"
    DISTANCE = "moved-further-away"
    DISSATISFIED = "dissatisfied"
    OTHER = "other"


BARRIER_LABELS: dict[Barrier, str] = {
    Barrier.TRANSPORT: "No ride",
    Barrier.COST: "Cost",
    Barrier.COVERAGE: "Insurance",
    Barrier.WORK_HOURS: "Work hours",
    Barrier.CHILDCARE: "Childcare",
    Barrier.FEAR: "Fear or pain",
    Barrier.FEELS_FINE: "Feels fine",
    Barrier.LANGUAGE: "Language",
    Barrier.DIGITAL: "No internet",
    Barrier.DISTANCE: "Lives further away",
    Barrier.DISSATISFIED: "Was not happy with us",
    Barrier.OTHER: "Something else",
}

DECLINE_REASONS: dict[str, str] = {
    "not_interested": "Does not want to come",
    "feels_well": "Feels well",
    "other_doctor_soon": "Sees another doctor for this",
    "cost": "Cost",
    "no_reason": "Gave no reason",
}
LEFT_REASONS: dict[str, str] = {
    "transferred": "Has another practice",
    "moved": "Moved away",
    "not_our_patient": "Was never our patient",
}
OPT_OUT_SCOPES: dict[str, str] = {
    "number": "This number only",
    "household": "Nobody at this number’s household",
    "calls": "No more calls",
    "everything": "No contact of any kind",
}


@dataclass(frozen=True, slots=True)
class OutcomeSpec:
    """How an outcome is shown and what it asks for."""

    outcome: Outcome
    key: str
    label: str
    icon: str
    kind: str  # theme kind of the icon
    needs: tuple[Detail, ...] = ()
    spoke: bool = False  # somebody was talked to


_S = OutcomeSpec
_O = Outcome
_D = Detail
OUTCOMES: tuple[OutcomeSpec, ...] = (
    _S(_O.BOOKED, "1", "Booked", "calendar-check", "success", (_D.SLOT,), spoke=True),
    _S(_O.LEFT_VOICEMAIL, "2", "Voicemail left", "voicemail", "violet"),
    _S(_O.NO_ANSWER, "3", "No answer", "phone-missed", "neutral"),
    _S(
        _O.CALLBACK_AT,
        "4",
        "Call back",
        "calendar-clock",
        "warning",
        (_D.CALLBACK_TIME,),
        spoke=True,
    ),
    _S(_O.DECLINED, "5", "Declined", "user-x", "danger", (_D.REASON,), spoke=True),
    _S(_O.DECLINED_BARRIER, "6", "Barrier found", "car", "info", (_D.BARRIER,), spoke=True),
    _S(_O.WRONG_NUMBER, "7", "Wrong number", "ban", "neutral", spoke=True),
    _S(_O.LEFT_PRACTICE, "8", "Left practice", "log-out", "neutral", (_D.REASON,), spoke=True),
    _S(_O.OPT_OUT, "9", "Do not call", "phone-off", "danger", (_D.SCOPE,), spoke=True),
    _S(_O.BUSY, "B", "Busy", "phone-call", "neutral"),
    _S(_O.VOICEMAIL_NOT_LEFT, "V", "Machine, no message", "voicemail", "neutral"),
    _S(_O.GATEKEEPER_MESSAGE, "M", "Message with someone", "message-square", "info", spoke=True),
    _S(_O.UNVERIFIED, "U", "Not verified", "shield-alert", "warning", spoke=True),
    _S(_O.FAILED_NUMBER, "X", "Out of service", "phone-off", "neutral"),
    _S(_O.THINKING, "K", "Wants to think", "clock", "info", spoke=True),
    _S(_O.BOOKED_ELSEWHERE, "E", "Already booked", "calendar-check", "success", spoke=True),
    _S(_O.LANGUAGE, "L", "Other language", "languages", "info", (_D.LANGUAGE,), spoke=True),
    _S(_O.DECEASED_REPORTED, "D", "Reported deceased", "heart", "neutral", spoke=True),
    _S(_O.TRIAGE, "T", "Symptoms: to nurse", "stethoscope", "danger", (_D.NOTE,), spoke=True),
    _S(_O.COMPLAINT, "C", "Complaint", "message-square-warning", "warning", (_D.NOTE,), spoke=True),
    _S(_O.INCIDENT, "I", "Privacy incident", "shield-alert", "danger", (_D.NOTE,)),
    _S(_O.TECHNICAL, "F", "Technical problem", "unplug", "neutral"),
)
SPEC: dict[Outcome, OutcomeSpec] = {spec.outcome: spec for spec in OUTCOMES}


@dataclass(frozen=True, slots=True)
class OutcomeDetails:
    """What was typed or chosen with an outcome; unused fields stay empty."""

    note: str = ""
    hold_id: UUID | None = None
    appointment_id: UUID | None = None
    callback_at: datetime | None = None
    callback_mine: bool = True
    scope: str = ""
    barrier: str = ""
    reason: str = ""
    language: str = ""
    remind_by_text: bool = False

    def missing(self, outcome: Outcome) -> tuple[Detail, ...]:
        """The required details that are still empty, in the order they are asked for."""
        filled = {
            Detail.SLOT: self.hold_id is not None or self.appointment_id is not None,
            Detail.CALLBACK_TIME: self.callback_at is not None,
            Detail.SCOPE: self.scope in OPT_OUT_SCOPES,
            Detail.BARRIER: bool(self.barrier),
            Detail.REASON: bool(self.reason),
            Detail.LANGUAGE: bool(self.language),
            Detail.NOTE: bool(self.note.strip()),
        }
        return tuple(need for need in SPEC[outcome].needs if not filled[need])


@dataclass(frozen=True, slots=True)
class WrapUp:
    """One outcome on its way to the database; ``op_id`` makes sending it twice harmless."""

    op_id: UUID
    call_id: UUID
    entry_id: UUID
    fence: int
    outcome: Outcome
    details: OutcomeDetails


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the database did with an outcome."""

    result: str  # "recorded" | "duplicate" | "recorded_lease_lost"
    follow_up: str  # in words: "Next attempt Tue after 5 PM", "Will not be called again"
