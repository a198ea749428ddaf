"""Times, lengths and codes as a coordinator reads them; one place, so that pages agree."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from coordinator_app.domain.call import CallEnd
from coordinator_app.domain.line_test import Verdict
from coordinator_app.domain.outcome import OUTCOMES, SPEC, Outcome
from coordinator_app.domain.person import Role, WorkStatus
from coordinator_app.domain.queue import Gate
from ui.models.clock_text import clock, clock_in, day, local

if TYPE_CHECKING:
    from datetime import date

    from coordinator_app.domain.line_test import LineTestSummary
    from coordinator_app.errors import UserFacingError

__all__ = [
    "CALL_END_LABELS",
    "CHECK_LABELS",
    "NO_NAME",
    "NO_NAME_SHORT",
    "NO_NAME_WHY",
    "ROLE_LABELS",
    "STATUS_LABELS",
    "check_label",
    "end_label",
    "gate_words",
    "length",
    "line_test_words",
    "long_day",
    "moment",
    "outcome_kind",
    "outcome_label",
    "outcome_names",
    "phone",
    "refusal",
    "within",
]

ROLE_LABELS: Final[dict[Role, str]] = {
    Role.COORDINATOR: "Care coordinator",
    Role.SUPERVISOR: "Supervisor",
    Role.CLINICIAN: "Clinician",
    Role.ADMINISTRATOR: "Administrator",
    Role.AUDITOR: "Auditor",
}
STATUS_LABELS: Final[dict[WorkStatus, str]] = {
    WorkStatus.AVAILABLE: "Available",
    WorkStatus.BREAK: "Break",
    WorkStatus.TRAINING: "Training",
    WorkStatus.OFFICE: "Office work",
}
CALL_END_LABELS: Final[dict[CallEnd, str]] = {
    CallEnd.COMPLETED_BY_PATIENT: "Patient hung up",
    CallEnd.COMPLETED_BY_US: "We hung up",
    CallEnd.NO_ANSWER: "Rang, no answer",
    CallEnd.BUSY: "Line busy",
    CallEnd.CANCELED: "Cancelled while ringing",
    CallEnd.BAD_NUMBER: "Number not in service",
    CallEnd.BLOCKED: "Blocked by the carrier",
    CallEnd.AGENT_LEG_LOST: "Our line dropped",
    CallEnd.LINE_ERROR: "Line error",
    CallEnd.TIME_LIMIT: "Time limit reached",
    CallEnd.NEVER_PLACED: "Was not placed",
    CallEnd.UNRESOLVED: "Not known",
}
# The checks of the dial gate, in its order (compliance.md section 8).
CHECK_LABELS: Final[dict[str, str]] = {
    "person": "Coordinator’s access and training",
    "assignment": "Assignment and script",
    "campaign": "Campaign",
    "patient_state": "Patient of the practice",
    "appointment": "No appointment yet",
    "confidential": "How the patient asked to be reached",
    "suppressed": "Do not call",
    "number": "Telephone number",
    "reassigned": "Number still the patient’s",
    "purpose": "Purpose of the call",
    "relationship": "Relationship with the practice",
    "hours": "Calling hours",
    "cap_day": "Calls in one day",
    "cap_week": "Calls in 7 days",
    "cap_24h": "Calls in 24 hours",
    "cap_campaign": "Attempts of the campaign",
    "contact_budget": "Contacts in 7 days",
    "caller_id": "Caller ID",
    "carrier_agreement": "Agreement with the carrier",
    "line": "Phone line",
}
_DAY_WORDS: Final = ("Today", "Tomorrow", "Yesterday")
NO_NAME: Final = "Name not shown yet"
NO_NAME_SHORT: Final = "No name yet"  # in a narrow list
NO_NAME_WHY: Final = "Names appear for the patients who come next."


def check_label(name: str) -> str:
    """Return the words of a check of the dial gate; a newer server's as readable as can be."""
    return CHECK_LABELS.get(name, name.replace("_", " ").capitalize())


def gate_words(gate: Gate, zone: str, now: datetime) -> str:
    """Return a refusal with when it ends, on the clock of ``zone``: "… Opens today 8:00 AM CT."

    Args:
        gate: what refuses.
        zone: IANA.
        now: aware; what has opened by then is not said.
    """
    if gate.opens_at is None or gate.opens_at <= now:
        return gate.sentence
    words = within(moment(gate.opens_at, zone, now))
    verb = "Possible again" if gate.name.endswith("_limit") else "Opens"
    return f"{gate.sentence} {verb} {words}."


def refusal(error: UserFacingError, zone: str, now: datetime) -> str:
    """Return why the database refused, with when it opens; see :func:`gate_words`."""
    at = error.detail.get("opens_at")
    opens_at = datetime.fromisoformat(at) if isinstance(at, str) else None
    gate = Gate(str(error.detail.get("gate", "")), error.sentence, opens_at)
    return gate_words(gate, zone, now)


def moment(at: datetime, zone: str, now: datetime | None = None, *, named: bool = True) -> str:
    """Return a time with its day in words: "Today 9:42 AM CT", "Tue Nov 25, 9:42 AM".

    Args:
        at: aware.
        zone: IANA zone to say it in.
        now: aware; today, tomorrow and yesterday are said in words when given.
        named: whether the zone's short name follows.
    """
    words = f"{day(at, zone)},"
    if now is not None:
        apart = (local(at, zone).date() - local(now, zone).date()).days
        words = dict(zip((0, 1, -1), _DAY_WORDS, strict=True)).get(apart, words)
    return f"{words} {clock_in(at, zone) if named else clock(at, zone)}"


def line_test_words(
    test: LineTestSummary | None, zone: str, now: datetime
) -> tuple[str, str, str, str]:
    """(icon, kind, title, about) of a person's newest line test, for a list of facts."""
    if test is None:
        return ("activity", "neutral", "Line not tested yet", "")
    kind = {Verdict.OK: "success", Verdict.ATTENTION: "warning", Verdict.BAD: "danger"}[test.worst]
    about = moment(test.at, zone, now)
    if test.finding:
        about = f"{about} · {test.finding}"
    return ("activity", kind, f"Line test: {test.worst.value}", about)


def within(words: str) -> str:
    """Return what :func:`moment` says as it stands inside a sentence: "today", but "Tue"."""
    first = words.split(" ", 1)[0]
    return words[:1].lower() + words[1:] if first in _DAY_WORDS else words


def long_day(when: date) -> str:
    """Return "Mon Nov 24, 2026"."""
    return f"{when:%a %b} {when.day}, {when.year}"


def length(seconds: int) -> str:
    """Return a length of time: "48 s", "3 min 05 s", "2 h 41"."""
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d}"


def phone(e164: str) -> str:
    """Return a North American number as "(312) 555-0100"; any other as it is."""
    if len(e164) == 12 and e164.startswith("+1") and e164[1:].isdigit():
        return f"({e164[2:5]}) {e164[5:8]}-{e164[8:]}"
    return e164


def outcome_label(code: str) -> str:
    """Return the words of an outcome's code; "No outcome yet" for none."""
    if not code:
        return "No outcome yet"
    return SPEC[Outcome(code)].label if code in Outcome.__members__ else code


def outcome_kind(code: str) -> str:
    """Return the theme kind of an outcome's code."""
    return SPEC[Outcome(code)].kind if code in Outcome.__members__ else "warning"


def outcome_names() -> tuple[tuple[str, str], ...]:
    """Every outcome as (code, words), in the order of the keys."""
    return tuple((spec.outcome.value, spec.label) for spec in OUTCOMES)


def end_label(code: str) -> str:
    """Return the words of a call's mechanical end; "Still open" for none."""
    if not code:
        return "Still open"
    return CALL_END_LABELS.get(CallEnd(code), code) if code in set(CallEnd) else code
