"""Live calls in words: modes, calls for help, how long, and what colour that is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from coordinator_app.domain.call import CallState, HelpAsked, OnCall
from coordinator_app.domain.monitor import HelpReason, LiveBoard, LiveCall, MonitorMode
from ui.models.clock_text import countdown

__all__ = [
    "HELP_REASONS",
    "MODE_LABELS",
    "age_tone",
    "company_words",
    "first_name",
    "help_kind",
    "help_words",
    "lasts",
    "on_call_words",
    "reason_words",
    "short_words",
    "state_kind",
    "state_words",
]

HELP_REASONS: Final[dict[HelpReason, str]] = {
    HelpReason.NONE: "Ask for help",
    HelpReason.UPSET: "The patient is upset",
    HelpReason.CLINICAL: "A medical question",
    HelpReason.SCHEDULING: "No time fits",
    HelpReason.INSURANCE: "Insurance or cost",
    HelpReason.LANGUAGE: "Language",
    HelpReason.IDENTITY: "Unsure who this is",
    HelpReason.SYSTEM: "The program or the line",
}
MODE_LABELS: Final[dict[MonitorMode, str]] = {
    MonitorMode.LISTEN: "Listen",
    MonitorMode.COACH: "Coach",
    MonitorMode.BARGE: "Join in",
}
_STATES: Final[dict[str, tuple[str, str]]] = {
    CallState.REQUESTED: ("Dialing", "neutral"),
    CallState.PLACING: ("Dialing", "neutral"),
    CallState.QUEUED: ("Dialing", "neutral"),
    CallState.UNKNOWN: ("Looking it up", "warning"),
    CallState.RINGING: ("Ringing", "info"),
    CallState.LIVE: ("Talking", "success"),
    "held": ("On hold", "warning"),
}
_IS: Final[dict[str, str]] = {"listen": "listening", "coach": "coaching", "barge": "on the call"}


def first_name(name: str) -> str:
    """Return "Dana" for "Dana Reyes"."""
    return name.split(" ", 1)[0]


def state_words(row: LiveCall) -> str:
    """How the line of a call stands."""
    return _STATES.get(row.state, (row.state, ""))[0]


def state_kind(row: LiveCall) -> str:
    """The kind of chip for it."""
    return _STATES.get(row.state, ("", "neutral"))[1]


def _seconds(row: LiveCall, now: datetime) -> float:
    return (now - (row.answered_at or row.requested_at)).total_seconds()


def lasts(row: LiveCall, now: datetime) -> str:
    """How long they have been talking, or it has been ringing: "6:42"."""
    return countdown(now - (row.answered_at or row.requested_at))


def age_tone(row: LiveCall, board: LiveBoard, now: datetime) -> str:
    """The colour of that time; the practice's rules say from when on."""
    seconds = _seconds(row, now)
    if row.answered_at is None:
        return "danger_text" if seconds >= board.ring_seconds else "text2"
    if seconds >= board.late_seconds:
        return "danger_text"
    return "warning_text" if seconds >= board.warn_seconds else "text"


def reason_words(reason: str) -> str:
    """A reason in words; "" for none, and for one of a newer server."""
    known = HelpReason(reason) if reason in {item.value for item in HelpReason} else HelpReason.NONE
    return "" if known is HelpReason.NONE else HELP_REASONS[known]


def help_words(asked: HelpAsked | None, now: datetime) -> str:
    """A call for help in a cell: "Wants help 0:42", "Answered", "Dana comes"."""
    if asked is None:
        return ""
    if asked.taken:
        return "You are helping" if asked.mine else f"{first_name(asked.by)} is helping"
    if asked.by:
        return "You answered" if asked.mine else f"{first_name(asked.by)} answered"
    return f"Wants help {countdown(now - asked.asked_at)}"


def help_kind(asked: HelpAsked | None, late_seconds: int, now: datetime) -> str:
    """The kind of chip for it."""
    if asked is None:
        return ""
    if asked.taken:
        return "success"
    if asked.by:
        return "info"
    late = (now - asked.asked_at).total_seconds() >= late_seconds
    return "danger" if late else "warning"


def company_words(company: tuple[OnCall, ...]) -> str:
    """Who is on a call besides its coordinator, for supervisors: "Sam Ode (coaching)"."""
    return ", ".join(
        f"{'You' if one.mine else one.name} ({_IS.get(one.mode, one.mode)})"
        if one.joined
        else f"{'You' if one.mine else one.name} (calling)"
        for one in company
    )


def on_call_words(one: OnCall) -> str:
    """The same for the coordinator, about one supervisor."""
    if not one.joined:
        comes = {"listen": "to listen", "coach": "to coach", "barge": "to join the call"}
        return f"{one.name} is coming {comes.get(one.mode, '')}".rstrip()
    if one.mode == "barge":
        return f"{one.name} has joined the call"
    return f"{one.name} is {_IS.get(one.mode, one.mode)}"


def short_words(one: OnCall) -> str:
    """The same where there is little room: "Dana is listening"."""
    name = first_name(one.name)
    if not one.joined:
        return f"{name} is coming"
    return f"{name} has joined" if one.mode == "barge" else f"{name} is {_IS.get(one.mode, '')}"
