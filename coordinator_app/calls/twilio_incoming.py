"""Calls to the office number at Twilio, by polling alone: no address of ours is needed.

The number's own instructions (a TwiML Bin: ``<Enqueue>returned-calls</Enqueue>``) put callers into
a queue. Who waits there is taken by giving the call other instructions: those that lead into the
coordinator's room. A redirect may be sent twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from coordinator_app.calls.backend import (
    Accepted,
    CannotTell,
    Category,
    Found,
    LocateAnswer,
    PlaceAnswer,
    Rejected,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.incoming import QUEUE, Heard
from coordinator_app.calls.twilio_errors import GONE, rejected
from coordinator_app.calls.twilio_line import LISTED, NOT_FOUND, REQUEST_TIMEOUT, TwilioLine
from coordinator_app.calls.twilio_shapes import room_verb, utc
from coordinator_app.calls.twilio_wire import Lost, No, ask
from coordinator_app.domain.call import CallRequest
from coordinator_app.domain.returns import IncomingCall

_INBOUND = "inbound"
_RINGING = frozenset({"queued", "initiated", "ringing"})
_TALKING = "in-progress"
_SINCE = timedelta(hours=1)  # a call that began before is an old one
_HUNG_UP = "The caller hung up before you took the call. Call back."


class TwilioIncoming:
    """See ``incoming.IncomingBackend``."""

    def __init__(self, line: TwilioLine, clock: LineClock) -> None:
        self._line = line
        self._client = line.client
        self._clock = clock
        self._queue = ""  # the queue's id, once it was found

    @property
    def is_practice(self) -> bool:
        """See ``IncomingBackend``."""
        return self._line.is_practice

    def owns(self, office_number: str) -> bool | Unreachable:
        """See ``IncomingBackend``."""
        try:
            return bool(
                ask(
                    lambda: self._client.incoming_phone_numbers.list(
                        phone_number=office_number, limit=1
                    )
                )
            )
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            return Unreachable(f"code {no.code}", self._line.retry_after_s)

    def hear(self, office_number: str, asked: Collection[str]) -> Heard | Unreachable:
        """See ``IncomingBackend``."""
        since = self._clock.now() - _SINCE
        try:
            waiting = self._waiting()
            # The filter goes by whole days; the newest come first.
            rows = ask(
                lambda: self._client.calls.list(
                    to=office_number, start_time_after=_day(since), limit=LISTED
                )
            )
            told = {row.sid: row for row in rows if row.direction == _INBOUND}
            for ref in asked:
                if ref not in told:
                    call = self._fetch(ref)
                    if call is not None:
                        told[ref] = call
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        calls = tuple(
            _incoming(row, waits=row.sid in (waiting or ()))
            for row in told.values()
            if row.sid in asked or utc(row.date_created) >= since
        )
        return Heard(tuple(sorted(calls, key=lambda c: c.at)), waiting is not None)

    def _waiting(self) -> frozenset[str] | None:
        """Who is in the queue; None when the account has none of that name."""
        if not self._queue:
            queues = ask(lambda: self._client.queues.list(limit=LISTED))
            self._queue = next((q.sid for q in queues if q.friendly_name == QUEUE), "")
            if not self._queue:
                return None
        try:
            people = ask(lambda: self._client.queues(self._queue).members.list(limit=LISTED))
        except No as no:
            if no.status != NOT_FOUND:
                raise
            self._queue = ""  # deleted at the carrier
            return None
        return frozenset(one.call_sid for one in people)

    def _fetch(self, ref: str) -> Any | None:  # noqa: ANN401  the package is untyped
        try:
            return ask(lambda: self._client.calls(ref).fetch())
        except No as no:
            if no.status != NOT_FOUND:
                raise
            return None


def take_in(line: TwilioLine, request: CallRequest) -> PlaceAnswer:
    """Lead a waiting caller into the coordinator's room. May be sent twice."""
    twiml = f"<Response>{room_verb(request)}</Response>"
    try:
        ask(
            lambda: line.client.calls(request.incoming_ref).update(
                twiml=twiml, time_limit=request.time_limit_s
            )
        )
    except Lost as lost:
        # What was not sent and what was lost may both be sent again: see ``found_again``.
        return Unknown(lost.why)
    except No as no:
        if no.status == NOT_FOUND or no.code == GONE:
            return Rejected(str(no.code), Category.NOT_SENT, _HUNG_UP)
        if no.status == REQUEST_TIMEOUT:
            return Unknown("timed out at the carrier")
        return rejected(no.status, no.code, line.retry_after_s)
    return Accepted(request.incoming_ref)


def found_again(line: TwilioLine, request: CallRequest) -> LocateAnswer:
    """After a lost answer: the caller is led in once more, which does no harm."""
    answer = take_in(line, request)
    if isinstance(answer, Unknown):
        return CannotTell(answer.why)
    # Accepted: in the room now. Refused: it has ended, and the call itself says how.
    return Found(request.incoming_ref)


def _day(at: datetime) -> datetime:
    return datetime(at.year, at.month, at.day, tzinfo=UTC)


def _incoming(row: Any, *, waits: bool) -> IncomingCall:  # noqa: ANN401  the package is untyped
    if waits:
        state = "waiting"
    elif row.status in _RINGING:
        state = "ringing"
    else:
        state = "answered" if row.status == _TALKING else "ended"
    number = str(row._from or "")  # noqa: SLF001  the package's name for it
    return IncomingCall(
        ref=row.sid,
        from_=number if number.startswith("+") else "",
        state=state,
        at=utc(row.date_created),
    )
