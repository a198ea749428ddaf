"""Twilio as the carrier: a conference a shift, by REST alone, without any address of ours.

The coordinator's leg waits in the conference ``shift-<session>``; each patient is added as a
participant ``att-<call>`` from the office number (telephony.md 1.2). Names and labels are
opaque ids: Twilio keeps them, and they may not say who anybody is.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from xml.sax.saxutils import quoteattr

from coordinator_app.calls import numbers
from coordinator_app.calls.backend import (
    Absent,
    Accepted,
    AgentLeg,
    AgentState,
    AlreadyGone,
    CannotTell,
    Category,
    CommandAnswer,
    Finding,
    Found,
    LocateAnswer,
    PatientLeg,
    PlaceAnswer,
    Refused,
    Rejected,
    Snapshot,
    SnapshotAnswer,
    Unknown,
    Unreachable,
    Vanished,
)
from coordinator_app.calls.twilio_errors import CALLER_ID, RECONCILE, rejected
from coordinator_app.calls.twilio_incoming import found_again, take_in
from coordinator_app.calls.twilio_line import (
    LISTED,
    NOT_FOUND,
    REQUEST_TIMEOUT,
    TOO_MANY,
    TwilioLine,
)
from coordinator_app.calls.twilio_shapes import (
    PARTICIPANT_STATES,
    agent_label,
    agent_of,
    patient_label,
    patient_of,
    room_name,
    room_verb,
    shift_of,
    utc,
)
from coordinator_app.calls.twilio_wire import Lost, No, ask
from coordinator_app.domain.call import CallRequest, CallState, Caption, ShiftLeg

_AGENT_RING_S = 25
_AGENT_TIME_LIMIT_S = 14_400  # Twilio's longest: a shift's half
_KEPT = 200
_ROOMS = 500  # looked through for old ones; newest first
_DIGITS = re.compile(r"[0-9*#wW]{1,32}")
_UNREACHED = "The phone line cannot be reached. Check the internet connection, then try again."
_NO_KEYS = "Keys cannot be pressed while the call is on hold. Resume it first."


class TwilioBackend:
    """See ``VoipBackend``."""

    def __init__(self, line: TwilioLine) -> None:
        self._line = line
        self._client = line.client
        self._practice = line.is_practice
        self._answered: OrderedDict[str, datetime] = OrderedDict()  # call -> when
        self._lock = threading.Lock()

    @property
    def is_practice(self) -> bool:
        """See ``VoipBackend``."""
        return self._practice

    def preflight(self) -> tuple[Finding, ...]:
        """See ``VoipBackend``."""
        # Not the account: only a main key may read it, and a restricted one should be used.
        try:
            ask(lambda: self._client.conferences.list(limit=1))
        except Lost:
            return (Finding(blocks=False, sentence=_UNREACHED, unreachable=True),)
        except No as no:
            answer = rejected(no.status, no.code, None)
            if answer.category is not Category.WAIT:
                return (Finding(blocks=True, sentence=answer.sentence),)
        if self._line.problem:
            return (Finding(blocks=True, sentence=self._line.problem),)
        return ()

    # -------------------------------------------------------------- the coordinator

    def agent_leg(self, session_id: UUID) -> AgentLeg | Unreachable:
        """See ``VoipBackend``."""
        try:
            return agent_of(self._line.participants(session_id), session_id)
        except Lost as lost:
            return self._unreachable(lost)
        except No as no:
            return Unreachable(f"code {no.code}", self._line.retry_after_s)

    def open_agent_leg(self, leg: ShiftLeg) -> PlaceAnswer:
        """See ``VoipBackend``."""
        if leg.endpoint.startswith("+"):
            refusal = self._refusal(leg.endpoint)
            if refusal:
                return Rejected("", Category.BLOCKED, refusal)
        return self._add(
            leg,
            to=leg.endpoint,
            label=agent_label(leg.session_id),
            timeout=_AGENT_RING_S,
            time_limit=_AGENT_TIME_LIMIT_S,
        )

    def close_agent_leg(self, session_id: UUID) -> CommandAnswer:
        """See ``VoipBackend``."""
        return self._line.command_in(
            session_id, lambda room: room.participants(agent_label(session_id)).delete()
        )

    def set_mute(self, session_id: UUID, *, muted: bool) -> CommandAnswer:
        """See ``VoipBackend``."""
        return self._line.command_in(
            session_id,
            lambda room: room.participants(agent_label(session_id)).update(muted=muted),
        )

    def rooms_older_than(self, before: datetime) -> tuple[UUID, ...] | Unreachable:
        """See ``VoipBackend``."""
        found: set[UUID] = set()
        try:
            for status in ("init", "in-progress"):  # one person alone waits in "init"
                rooms = ask(partial(self._client.conferences.list, status=status, limit=_ROOMS))
                old = (room for room in rooms if utc(room.date_created) < before)
                found |= {shift for room in old if (shift := shift_of(room.friendly_name))}
        except Lost as lost:
            return self._unreachable(lost)
        except No as no:
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        return tuple(sorted(found))

    def end_room(self, session_id: UUID) -> CommandAnswer:
        """See ``VoipBackend``."""
        return self._line.command_in(session_id, lambda room: room.update(status="completed"))

    # -------------------------------------------------------------- the patient

    def place(self, request: CallRequest) -> PlaceAnswer:
        """See ``VoipBackend``."""
        if request.incoming_ref:
            return take_in(self._line, request)
        refusal = self._refusal(request.to)
        if refusal:
            return Rejected("", Category.BLOCKED, refusal)
        if request.extension:
            return self._dial_with_extension(request)
        return self._add(
            request,
            to=request.to,
            label=patient_label(request.call_id),
            timeout=_ring(request),
            time_limit=request.time_limit_s,
        )

    def locate(
        self, request: CallRequest, since: datetime, others: Collection[str]
    ) -> LocateAnswer:
        """See ``VoipBackend``."""
        if request.incoming_ref:
            return found_again(self._line, request)
        try:
            for participant in self._line.participants(request.session_id):
                if participant.label == patient_label(request.call_id):
                    return Found(participant.call_sid)
            # An ended call has left the room's list: find it by its numbers.
            calls = ask(
                lambda: self._client.calls.list(
                    to=request.to, from_=request.caller_id, limit=LISTED
                )
            )
        except Lost as lost:
            return CannotTell(lost.why)
        except No as no:
            return CannotTell(f"code {no.code}", answered=no.status != TOO_MANY)
        ours = [c.sid for c in calls if c.sid not in others and utc(c.date_created) >= since]
        if len(ours) > 1:
            return CannotTell("several calls could be this one", answered=True)
        return Found(ours[0]) if ours else Absent()

    def snapshot(self, request: CallRequest, ref: str) -> SnapshotAnswer:
        """See ``VoipBackend``."""
        try:
            people = self._line.participants(request.session_id)
            agent = agent_of(people, request.session_id)
            mine = next((p for p in people if p.call_sid == ref), None)
            state = PARTICIPANT_STATES.get(mine.status) if mine else None
            if mine is not None and state in (CallState.QUEUED, CallState.RINGING):
                return Snapshot(PatientLeg(ref, state, captions=self._captions(request)), agent)
            if mine is not None and state is CallState.LIVE and ref in self._answered:
                return Snapshot(self._talking(request, mine), agent)
            # Only the call itself knows its times, and how it ended.
            call = ask(lambda: self._client.calls(ref).fetch())
            leg = patient_of(call, held=bool(mine and mine.hold), captions=self._captions(request))
            if leg.state is CallState.LIVE and leg.answered_at is not None:
                self._remember_answer(ref, leg.answered_at)
        except Lost as lost:
            return self._unreachable(lost)
        except No as no:
            if no.status == NOT_FOUND:
                return Vanished(AgentLeg(AgentState.ABSENT))
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        return Snapshot(leg, agent)

    def hang_up(self, ref: str, *, answered: bool) -> CommandAnswer:
        """See ``VoipBackend``."""
        if not answered:
            answer = self._line.command(lambda: self._client.calls(ref).update(status="canceled"))
            if not isinstance(answer, AlreadyGone):
                return answer
            # Not ringing any more: it may have been answered in this moment.
        return self._line.command(lambda: self._client.calls(ref).update(status="completed"))

    def set_hold(self, request: CallRequest, ref: str, *, held: bool) -> CommandAnswer:
        """See ``VoipBackend``."""
        return self._line.command_in(
            request.session_id, lambda room: room.participants(ref).update(hold=held)
        )

    def send_digits(self, request: CallRequest, ref: str, digits: str) -> CommandAnswer:
        """See ``VoipBackend``.

        Conferences have no keys: the leg steps out, plays them and steps back in.
        """
        if not _DIGITS.fullmatch(digits):
            return Refused("", "Only the keys 0 to 9, * and # can be pressed.")
        room = room_verb(request)
        twiml = f"<Response><Play digits={quoteattr(digits)}/>{room}</Response>"
        obstacle = self._no_keys(request, ref)
        if obstacle is not None:
            return obstacle
        return self._line.command(lambda: self._client.calls(ref).update(twiml=twiml))

    # -------------------------------------------------------------- requests

    def _refusal(self, e164: str) -> str:
        return numbers.refusal(e164, practice=self._practice, countries=self._line.countries)

    def _add(
        self,
        request: CallRequest | ShiftLeg,
        *,
        to: str,
        label: str,
        timeout: int,
        time_limit: int,
    ) -> PlaceAnswer:
        def send() -> Any:  # noqa: ANN401  the package is untyped
            return self._client.conferences(room_name(request.session_id)).participants.create(
                from_=request.caller_id,
                to=to,
                label=label,
                timeout=timeout,
                time_limit=time_limit,
                early_media=True,
                beep="false",
                start_conference_on_enter=True,
                end_conference_on_exit=False,
                wait_url="",
            )

        answer = self._placed(send)
        if isinstance(answer, Accepted | Rejected | Unknown):
            return answer
        if not (answer.call_sid and answer.conference_sid):
            return Unknown("an answer without an id")
        self._line.remember_room(request.session_id, answer.conference_sid)
        return Accepted(answer.call_sid)

    def _dial_with_extension(self, request: CallRequest) -> PlaceAnswer:
        # Participants take no digits, so the call is made first and then joins the room.
        call = self._placed(
            lambda: self._client.calls.create(
                to=request.to,
                from_=request.caller_id,
                twiml=f"<Response>{room_verb(request)}</Response>",
                send_digits=f"wwww{request.extension}",
                timeout=_ring(request),
                time_limit=request.time_limit_s,
            )
        )
        if isinstance(call, Accepted | Rejected | Unknown):
            return call
        return Accepted(call.sid) if call.sid else Unknown("an answer without an id")

    def _placed(self, send: Callable[[], Any]) -> Any:  # noqa: ANN401  the package is untyped
        try:
            return ask(send)
        except Lost as lost:
            if lost.sent:
                return Unknown(lost.why)
            return Rejected("", Category.NOT_SENT, _UNREACHED)
        except No as no:
            if no.status == REQUEST_TIMEOUT or no.code in RECONCILE:
                return Unknown(f"status {no.status}, code {no.code}")
            answer = rejected(no.status, no.code, self._line.retry_after_s)
            if no.code in CALLER_ID:
                # Every call would be refused: until a check finds the number in order again.
                self._line.problem = answer.sentence
                self._line.doubted = True
            return answer

    def _talking(self, request: CallRequest, mine: Any) -> PatientLeg:  # noqa: ANN401  the package is untyped
        return PatientLeg(
            ref=mine.call_sid,
            state=CallState.LIVE,
            answered_at=self._answered[mine.call_sid],
            held=bool(mine.hold),
            captions=self._captions(request),
        )

    def _no_keys(self, request: CallRequest, ref: str) -> CommandAnswer | None:
        try:
            people = self._line.participants(request.session_id)
        except Lost as lost:
            return Unknown(lost.why)
        except No as no:
            return Refused(str(no.code), _UNREACHED)
        held = any(p.call_sid == ref and p.hold for p in people)
        return Refused("", _NO_KEYS) if held else None

    def _captions(self, request: CallRequest) -> tuple[Caption, ...]:
        """What the practice line says; a real line says it to ears."""
        if not self._practice:
            return ()
        uri = f"https://api.twilio.com/practice-line/captions/{patient_label(request.call_id)}"

        def captions() -> tuple[Caption, ...]:
            # Read inside: an answer that cannot be read is a lost one, not a defect of ours.
            lines = json.loads(self._client.request("GET", uri).text)["captions"]
            return tuple(
                Caption(datetime.fromisoformat(line["at"]), line["speaker"], line["text"])
                for line in lines
            )

        found: tuple[Caption, ...] = ask(captions)
        return found

    def _remember_answer(self, ref: str, at: datetime) -> None:
        with self._lock:
            self._answered[ref] = at
            while len(self._answered) > _KEPT:
                self._answered.popitem(last=False)

    def _unreachable(self, lost: Lost) -> Unreachable:
        return Unreachable(lost.why, self._line.retry_after_s)


def _ring(request: CallRequest) -> int:
    return min(600, max(5, request.ring_timeout_s))  # what Twilio accepts
