"""Our names at Twilio, and Twilio's words for calls in ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from coordinator_app.calls.backend import AgentLeg, AgentState, PatientLeg
from coordinator_app.domain.call import CallEnd, CallRequest, CallState, Caption

_CALL_STATES = {
    "queued": CallState.QUEUED,
    "initiated": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "in-progress": CallState.LIVE,
}
_CALL_ENDS = {
    "completed": CallEnd.COMPLETED_BY_PATIENT,
    "busy": CallEnd.BUSY,
    "no-answer": CallEnd.NO_ANSWER,
    "canceled": CallEnd.CANCELED,
    # "Could not be completed as dialed, most likely because the number was non-existent."
    "failed": CallEnd.BAD_NUMBER,
}
PARTICIPANT_STATES = {
    "queued": CallState.QUEUED,
    "connecting": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "connected": CallState.LIVE,
}


def room_name(session_id: UUID) -> str:
    """The conference of a shift."""
    return f"shift-{session_id}"


def shift_of(name: str) -> UUID | None:
    """The shift of a conference; None when it is not one of ours."""
    kind, _, shift = name.partition("-")
    try:
        return UUID(shift) if kind == "shift" else None
    except ValueError:
        return None


def agent_label(session_id: UUID) -> str:
    """The coordinator's participant label."""
    return f"agent-{session_id}"


def patient_label(call_id: UUID) -> str:
    """The patient's participant label."""
    return f"att-{call_id}"


def room_verb(request: CallRequest) -> str:
    return (
        f"<Dial><Conference participantLabel={quoteattr(patient_label(request.call_id))} "
        f'beep="false" startConferenceOnEnter="true" endConferenceOnExit="false" waitUrl="">'
        f"{escape(room_name(request.session_id))}</Conference></Dial>"
    )


def agent_of(people: Sequence[Any], session_id: UUID) -> AgentLeg:
    label = agent_label(session_id)
    for participant in people:
        state = PARTICIPANT_STATES.get(participant.status)
        if participant.label == label and state is not None:
            up = state is CallState.LIVE
            muted = bool(participant.muted)
            if up:
                return AgentLeg(AgentState.UP, muted, participant.call_sid)
            return AgentLeg(AgentState.CONNECTING, muted)
    return AgentLeg(AgentState.ABSENT)


def patient_of(call: Any, *, held: bool, captions: tuple[Caption, ...]) -> PatientLeg:  # noqa: ANN401  the package is untyped
    live = _CALL_STATES.get(call.status)
    if live is not None:
        answered = call.start_time if live is CallState.LIVE else None
        return PatientLeg(
            ref=call.sid,
            state=live,
            answered_at=utc(answered) if answered else None,
            held=held,
            captions=captions,
        )
    end = _CALL_ENDS.get(call.status, CallEnd.LINE_ERROR)
    talked = end is CallEnd.COMPLETED_BY_PATIENT and call.start_time is not None
    return PatientLeg(
        ref=call.sid,
        state=CallState.ENDED,
        answered_at=utc(call.start_time) if talked else None,
        ended_at=utc(call.end_time) if call.end_time else None,
        end=end,
        captions=captions,
    )


def utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
