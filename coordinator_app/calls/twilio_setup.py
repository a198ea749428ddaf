"""Twilio's side of a set-up: account, numbers, verification, geographic permissions, a test call.

Only a main key may read the ``Accounts`` resource (Twilio's page on API keys), and a restricted
one is recommended: whether calls can be made is asked of the conferences instead, and what the
key may not tell is left to a person to look up.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from coordinator_app.calls import numbers
from coordinator_app.calls.backend import (
    Absent,
    Accepted,
    CannotTell,
    Category,
    CommandAnswer,
    Done,
    Found,
    PlaceAnswer,
    Refused,
    Rejected,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.line_setup import AccountFacts, AlreadyVerified, CallNow, Verification
from coordinator_app.calls.twilio_errors import rejected
from coordinator_app.calls.twilio_line import NOT_FOUND, REQUEST_TIMEOUT, TwilioLine, refused
from coordinator_app.calls.twilio_shapes import utc
from coordinator_app.calls.twilio_wire import Lost, No, ask
from coordinator_app.domain.line_setup import ShownNumber

_LISTED = 20
_SECRETIVE = frozenset({401, 403})  # the key may not ask this
_ALREADY_VERIFIED = 21450
_BAD_DELAY = 21454
_BAD_EXTENSION = 22117
_RING_S = 25
_TIME_LIMIT_S = 60
_STATUS = {
    "queued": "ringing",
    "initiated": "ringing",
    "ringing": "ringing",
    "in-progress": "live",
    "completed": "ended",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}
_NAME = "Office number"  # Twilio keeps it: nobody's name
_SAID = (
    "<Response><Pause length='1'/><Say>This is a test call of your practice’s phone line. "
    "If you hear this, the line works. Please check that your phone shows the office number. "
    "Then say so in the program. Good bye.</Say></Response>"
)
_EXTENSION_WORDS = "The carrier does not accept this extension. Use digits, *, #, and w to wait."
_DELAY_WORDS = "The carrier can wait 0 to 60 seconds before it calls."


class TwilioSetup:
    """See ``LineSetup``."""

    def __init__(self, line: TwilioLine) -> None:
        self._line = line

    @property
    def is_practice(self) -> bool:
        """See ``LineSetup``."""
        return self._line.is_practice

    @property
    def account_sid(self) -> str:
        """See ``LineSetup``."""
        return self._line.account

    def account(self) -> AccountFacts | Unreachable:
        """See ``LineSetup``."""
        try:
            ask(lambda: self._line.client.conferences.list(limit=1))
        except Lost as lost:
            return self._unreachable(lost)
        except No as no:
            if rejected(no.status, no.code, None).category is Category.WAIT:
                return Unreachable(f"code {no.code}", self._line.retry_after_s)
            return AccountFacts(usable=False, sentence=refused(no).sentence)
        return self._details()

    def _details(self) -> AccountFacts | Unreachable:
        """What only a main key may see."""
        client = self._line.client
        try:
            account = ask(lambda: client.api.v2010.accounts(self._line.account).fetch())
        except Lost as lost:
            return self._unreachable(lost)
        except No:
            return AccountFacts(usable=True)
        if account.status != "active":
            return AccountFacts(
                usable=False, sentence="The phone line’s account is suspended or closed."
            )
        return AccountFacts(usable=True, trial=account.type == "Trial")

    def number(self, e164: str) -> ShownNumber | Refused | Unreachable:
        """See ``LineSetup``."""
        client = self._line.client
        problem: Refused | None = None
        for kind, resource in (
            ("owned", client.incoming_phone_numbers),
            ("verified", client.outgoing_caller_ids),
        ):
            try:
                found = ask(partial(resource.list, phone_number=e164, limit=_LISTED))
            except Lost as lost:
                return self._unreachable(lost)
            except No as no:
                problem = refused(no)
                continue
            for one in found:
                if one.phone_number == e164:  # the list also finds numbers that contain it
                    return ShownNumber(e164, kind, one.sid)
        return problem or ShownNumber(e164)

    def countries(self) -> frozenset[str] | Unreachable | None:
        """See ``LineSetup``."""
        permissions = self._line.client.voice.v1.dialing_permissions
        try:
            found = ask(lambda: permissions.countries.list(low_risk_numbers_enabled=True))
        except Lost as lost:
            return self._unreachable(lost)
        except No:
            return None
        return frozenset(one.iso_code for one in found if one.low_risk_numbers_enabled)

    def verify(
        self, e164: str, *, call_delay: int, extension: str
    ) -> Verification | AlreadyVerified | Refused | Unknown:
        """See ``LineSetup``."""
        given: dict[str, Any] = {"phone_number": e164, "friendly_name": _NAME}
        if call_delay:
            given["call_delay"] = call_delay
        if extension:
            given["extension"] = extension
        try:
            made = ask(lambda: self._line.client.validation_requests.create(**given))
        except Lost as lost:
            return Unknown(lost.why) if lost.sent else Refused("", _unreached())
        except No as no:
            if no.code == _ALREADY_VERIFIED:
                return AlreadyVerified()
            if no.status == REQUEST_TIMEOUT:
                return Unknown("timed out at the carrier")
            words = {_BAD_DELAY: _DELAY_WORDS, _BAD_EXTENSION: _EXTENSION_WORDS}.get(no.code)
            return refused(no) if words is None else Refused(str(no.code), words)
        if not made.validation_code:
            return Unknown("an answer without a code")
        return Verification(str(made.validation_code), made.call_sid or "")

    def unverify(self, e164: str) -> CommandAnswer:
        """See ``LineSetup``."""
        client = self._line.client
        try:
            found = ask(lambda: client.outgoing_caller_ids.list(phone_number=e164, limit=_LISTED))
        except Lost as lost:
            return Unknown(lost.why)
        except No as no:
            return refused(no)
        for one in found:
            answer = self._line.command(client.outgoing_caller_ids(one.sid).delete)
            if isinstance(answer, Refused | Unknown):
                return answer
        return Done()

    def call(self, to: str, from_: str) -> PlaceAnswer:
        """See ``LineSetup``."""
        refusal = numbers.refusal(
            to, practice=self._line.is_practice, countries=self._line.countries
        )
        if refusal:
            return Rejected("", Category.BLOCKED, refusal)
        try:
            made = ask(
                lambda: self._line.client.calls.create(
                    to=to, from_=from_, twiml=_SAID, timeout=_RING_S, time_limit=_TIME_LIMIT_S
                )
            )
        except Lost as lost:
            if lost.sent:
                return Unknown(lost.why)
            return Rejected("", Category.NOT_SENT, _unreached())
        except No as no:
            if no.status == REQUEST_TIMEOUT:
                return Unknown("timed out at the carrier")
            return rejected(no.status, no.code, self._line.retry_after_s)
        return Accepted(made.sid) if made.sid else Unknown("an answer without an id")

    def find_call(self, to: str, from_: str, since: datetime) -> Found | Absent | CannotTell:
        """See ``LineSetup``."""
        calls = self._line.client.calls
        try:
            found = ask(lambda: calls.list(to=to, from_=from_, limit=_LISTED))
        except Lost as lost:
            return CannotTell(lost.why)
        except No as no:
            return CannotTell(f"code {no.code}", answered=True)
        mine = [c.sid for c in found if c.date_created is None or utc(c.date_created) >= since]
        if len(mine) > 1:
            return CannotTell("several calls", answered=True)
        return Found(mine[0]) if mine else Absent()

    def call_now(self, ref: str) -> CallNow | Absent | Unreachable:
        """See ``LineSetup``."""
        try:
            call = ask(lambda: self._line.client.calls(ref).fetch())
        except Lost as lost:
            return self._unreachable(lost)
        except No as no:
            if no.status == NOT_FOUND or no.status in _SECRETIVE:
                return Absent()
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        return CallNow(_STATUS.get(call.status, "failed"))

    def _unreachable(self, lost: Lost) -> Unreachable:
        return Unreachable(lost.why, self._line.retry_after_s)


def _unreached() -> str:
    return "The carrier cannot be reached. Check the gateway’s internet connection, then try again."
