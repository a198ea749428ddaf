"""Times, lengths and codes as a coordinator reads them; one place, so that pages agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coordinator_app.domain.call import CallEnd
from coordinator_app.domain.outcome import OUTCOMES, SPEC, Outcome
from coordinator_app.domain.person import Role, WorkStatus
from ui.models.clock_text import clock, clock_in, day, local

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = [
    "CALL_END_LABELS",
    "ROLE_LABELS",
    "STATUS_LABELS",
    "end_label",
    "length",
    "long_day",
    "moment",
    "outcome_kind",
    "outcome_label",
    "outcome_names",
    "phone",
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
        words = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}.get(apart, words)
    return f"{words} {clock_in(at, zone) if named else clock(at, zone)}"


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
