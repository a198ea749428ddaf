"""Supervisors on live calls at Twilio: participants of the shift's conference (telephony.md 1.2).

*Listen* is a muted participant, *coach* one whom only the coordinator's call hears, *barge* one
whom everybody hears. A supervisor's participant neither starts a conference nor ends it: it
never keeps a patient in a room. Its label is ``mon-<monitor>``; by it, it is found again.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from coordinator_app.calls import numbers
from coordinator_app.calls.backend import (
    Accepted,
    Category,
    CommandAnswer,
    PlaceAnswer,
    Rejected,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.twilio_errors import rejected
from coordinator_app.calls.twilio_line import NOT_FOUND, REQUEST_TIMEOUT, TwilioLine
from coordinator_app.calls.twilio_shapes import PARTICIPANT_STATES, agent_label, room_name
from coordinator_app.calls.twilio_wire import Lost, No, ask
from coordinator_app.domain.call import CallState
from coordinator_app.domain.monitor import MonitorMode, MonitorWish

RING_S = 25  # Twilio adds some 5
_UNREACHED = "The phone line cannot be reached. Try again."


class LegEnd(enum.StrEnum):
    """How a supervisor's leg ended."""

    NO_ANSWER = "no_answer"  # busy, declined, not reached
    LEFT = "left"  # it was answered once


@dataclass(frozen=True, slots=True)
class MonitorLeg:
    """A supervisor's leg in the room. ``mode``: None while nobody has answered."""

    ref: str
    up: bool
    mode: MonitorMode | None


@dataclass(frozen=True, slots=True)
class Room:
    """A shift's room at one moment.

    ``coordinator``: the carrier's id of the coordinator's leg while it is connected, "" when
    there is none. ``legs``: the supervisors', by the monitor's id as text.
    """

    coordinator: str
    legs: dict[str, MonitorLeg]


class MonitorLine(Protocol):
    """What the gateway needs of a carrier for supervisors. Methods never raise for what the
    world may do to them."""

    def room(self, session_id: UUID) -> Room | Unreachable:
        """Who is in the room of a shift."""
        ...

    def call_in(self, wish: MonitorWish, coordinator: str) -> PlaceAnswer:
        """Call the supervisor's own endpoint into the room. Not idempotent: sent once."""
        ...

    def set_mode(self, wish: MonitorWish, coordinator: str, ref: str) -> CommandAnswer:
        """Let the supervisor be on the call as ``wish.mode`` says."""
        ...

    def leave(self, ref: str) -> CommandAnswer:
        """End a supervisor's leg, whether it rings or is up."""
        ...

    def ended(self, ref: str) -> LegEnd | Unreachable | None:
        """How a leg ended that is in no room any more; None: it has not."""
        ...


def monitor_label(monitor_id: UUID) -> str:
    """The supervisor's participant label: an id, as nobody's name may be in it."""
    return f"mon-{monitor_id}"


class TwilioMonitor:
    """See ``MonitorLine``."""

    def __init__(self, line: TwilioLine) -> None:
        self._line = line
        self._client = line.client

    def room(self, session_id: UUID) -> Room | Unreachable:
        """See ``MonitorLine``."""
        try:
            people = self._line.participants(session_id)
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        agent = agent_label(session_id)
        coordinator = next(
            (p.call_sid for p in people if p.label == agent and _state(p) is CallState.LIVE), ""
        )
        legs = {
            p.label.removeprefix("mon-"): _leg(p, coordinator)
            for p in people
            if (p.label or "").startswith("mon-") and _state(p) is not None
        }
        return Room(coordinator, legs)

    def call_in(self, wish: MonitorWish, coordinator: str) -> PlaceAnswer:
        """See ``MonitorLine``."""
        if wish.endpoint.startswith("+"):
            refusal = numbers.refusal(wish.endpoint, practice=self._line.is_practice)
            if refusal:
                return Rejected("", Category.BLOCKED, refusal)
        how = _how(wish.mode, coordinator, new=True)

        def send() -> Any:  # noqa: ANN401  the package is untyped
            return self._client.conferences(room_name(wish.session_id)).participants.create(
                from_=wish.caller_id,
                to=wish.endpoint,
                label=monitor_label(wish.id),
                timeout=RING_S,
                time_limit=wish.time_limit_s,
                early_media=False,  # nobody on the call hears a supervisor's phone ring
                beep="false",
                start_conference_on_enter=False,
                end_conference_on_exit=False,
                wait_url="",
                **how,
            )

        try:
            answer = ask(send)
        except Lost as lost:
            if lost.sent:
                return Unknown(lost.why)
            return Rejected("", Category.NOT_SENT, _UNREACHED)
        except No as no:
            if no.status == REQUEST_TIMEOUT:
                return Unknown("timed out at the carrier")
            return rejected(no.status, no.code, self._line.retry_after_s)
        return Accepted(answer.call_sid) if answer.call_sid else Unknown("an answer without an id")

    def set_mode(self, wish: MonitorWish, coordinator: str, ref: str) -> CommandAnswer:
        """See ``MonitorLine``."""
        how = _how(wish.mode, coordinator, new=False)
        return self._line.command_in(
            wish.session_id, lambda room: room.participants(ref).update(**how)
        )

    def leave(self, ref: str) -> CommandAnswer:
        """See ``MonitorLine``."""
        return self._line.command(lambda: self._client.calls(ref).update(status="completed"))

    def ended(self, ref: str) -> LegEnd | Unreachable | None:
        """See ``MonitorLine``."""
        try:
            call = ask(lambda: self._client.calls(ref).fetch())
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            if no.status == NOT_FOUND:
                return LegEnd.LEFT
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        if call.status in ("queued", "initiated", "ringing", "in-progress"):
            return None
        return LegEnd.LEFT if call.status == "completed" else LegEnd.NO_ANSWER


def _state(participant: Any) -> CallState | None:  # noqa: ANN401  the package is untyped
    return PARTICIPANT_STATES.get(participant.status)


def _leg(participant: Any, coordinator: str) -> MonitorLeg:  # noqa: ANN401  the package is untyped
    up = _state(participant) is CallState.LIVE
    return MonitorLeg(participant.call_sid, up, _mode(participant, coordinator) if up else None)


def _mode(participant: Any, coordinator: str) -> MonitorMode | None:  # noqa: ANN401
    """How this participant is on the call; None: as a coach of a leg that has gone."""
    if participant.muted:
        return MonitorMode.LISTEN
    if not participant.coaching:
        return MonitorMode.BARGE
    coaches = coordinator and participant.call_sid_to_coach == coordinator
    return MonitorMode.COACH if coaches else None


def _how(mode: MonitorMode, coordinator: str, *, new: bool) -> dict[str, object]:
    """The parameters of a mode.

    Muting is all it takes to listen: a coach who goes silent stays a coach, so that no moment
    comes in which the patient hears what was meant for the coordinator.
    """
    if mode is MonitorMode.LISTEN:
        return {"muted": True}
    if mode is MonitorMode.COACH:
        coach: dict[str, object] = {"coaching": True, "call_sid_to_coach": coordinator}
        return coach if new else {**coach, "muted": False}
    return {"coaching": False, "muted": False}
