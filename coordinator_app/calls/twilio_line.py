"""An account at Twilio: its client, the rooms of the shifts, and how a command is answered.

What is asked about calls is in ``twilio_backend``; other questions have modules of their own and
share this one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from twilio.rest import Client

from coordinator_app.calls import numbers
from coordinator_app.calls.backend import AlreadyGone, CommandAnswer, Done, Refused, Unknown
from coordinator_app.calls.twilio_errors import GONE, rejected
from coordinator_app.calls.twilio_http import LineHttpClient, is_practice_id
from coordinator_app.calls.twilio_shapes import room_name
from coordinator_app.calls.twilio_wire import Lost, No, ask

LISTED = 50
NOT_FOUND = 404
REQUEST_TIMEOUT = 408
TOO_MANY = 429
_KEPT = 200


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key of a Twilio account; a restricted one is enough (telephony.md 1.5)."""

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)


class TwilioLine:
    """Usable from several threads."""

    def __init__(self, credentials: Credentials, http: LineHttpClient) -> None:
        self._http = http
        self.client: Any = Client(  # type: ignore[no-untyped-call]
            credentials.key_sid,
            credentials.key_secret,
            credentials.account_sid,
            http_client=http,
        )
        self.account = credentials.account_sid
        self.is_practice = is_practice_id(credentials.account_sid)
        #: Regions that the practice allows (ISO 3166), and why nobody may call ("": they may):
        #: both are the database's and the last check's word, kept up by ``gateway.line_setup``.
        self.countries: frozenset[str] = numbers.HOME
        self.problem = ""
        self.doubted = False  # whether a call was refused for its caller ID since the last check
        self.refused = False  # whether the carrier refuses the account itself
        self._lock = threading.Lock()
        self._rooms: OrderedDict[UUID, str] = OrderedDict()  # shift -> the conference's id

    @property
    def retry_after_s(self) -> float | None:
        """What the last answer to this thread said of when to come again."""
        return self._http.retry_after_s

    def rekey(self, credentials: Credentials) -> None:
        """Use another key of the same account from now on; calls go on.

        Raises ValueError for another account: its calls and rooms are others.
        """
        if credentials.account_sid != self.account:
            raise ValueError("another account")
        self.client.username = credentials.key_sid
        self.client.password = credentials.key_secret
        self.client.auth = (credentials.key_sid, credentials.key_secret)

    def close(self) -> None:
        """Give the connections back; calls go on."""
        self._http.close()

    def media(self, path: str, most: int) -> tuple[int, Iterator[bytes]]:
        """A file of the account, as its status and its pieces; see ``LineHttpClient.media``.

        ``path``: below the account, such as ``Recordings/RE….wav``.
        """
        url = f"https://api.twilio.com/2010-04-01/Accounts/{self.account}/{path}"
        return self._http.media(url, self.client.auth, most)

    def room(self, session_id: UUID) -> Any | None:  # noqa: ANN401  the package is untyped
        """The open conference of a shift, or None. Raises ``No`` and ``Lost``."""
        with self._lock:
            sid = self._rooms.get(session_id)
        if sid is None:
            found = ask(
                lambda: self.client.conferences.list(
                    friendly_name=room_name(session_id), limit=LISTED
                )
            )
            sid = next((c.sid for c in found if c.status != "completed"), None)
            if sid is None:
                return None
            self.remember_room(session_id, sid)
        return self.client.conferences(sid)

    def remember_room(self, session_id: UUID, sid: str) -> None:
        """A shift's conference has this id."""
        with self._lock:
            self._rooms[session_id] = sid
            self._rooms.move_to_end(session_id)
            while len(self._rooms) > _KEPT:
                self._rooms.popitem(last=False)

    def participants(self, session_id: UUID) -> list[Any]:
        """Who is in the room of a shift; nobody when there is none. Raises ``No``, ``Lost``."""
        known = self._knows_room(session_id)
        people = self._people(session_id)
        if people or not known:
            return people
        # A conference ends with its last participant. A new one of the same name may have begun
        # by a request whose answer was lost.
        self._forget_room(session_id)
        return self._people(session_id)

    def _people(self, session_id: UUID) -> list[Any]:
        room = self.room(session_id)
        if room is None:
            return []
        try:
            return list(ask(lambda: room.participants.list(limit=LISTED)))
        except No as no:
            if no.status != NOT_FOUND:
                raise
            return []

    def _knows_room(self, session_id: UUID) -> bool:
        with self._lock:
            return session_id in self._rooms

    def _forget_room(self, session_id: UUID) -> None:
        with self._lock:
            self._rooms.pop(session_id, None)

    def command(self, send: Callable[[], object]) -> CommandAnswer:
        """Send a command that may be sent twice."""
        try:
            ask(send)
        except Lost as lost:
            return Unknown(lost.why)
        except No as no:
            if no.status == NOT_FOUND or no.code == GONE:
                return AlreadyGone()
            if no.status in (REQUEST_TIMEOUT, TOO_MANY):
                return Unknown(f"code {no.code}")
            return refused(no)
        return Done()

    def command_in(self, session_id: UUID, send: Callable[[Any], object]) -> CommandAnswer:
        """Send a command to the room of a shift, which ``send`` is given."""
        known = self._knows_room(session_id)
        answer = self._send_in(session_id, send)
        if known and isinstance(answer, AlreadyGone):
            self._forget_room(session_id)  # see ``participants``
            answer = self._send_in(session_id, send)
        return answer

    def _send_in(self, session_id: UUID, send: Callable[[Any], object]) -> CommandAnswer:
        try:
            room = self.room(session_id)
        except Lost as lost:
            return Unknown(lost.why)
        except No as no:
            return refused(no)
        return AlreadyGone() if room is None else self.command(lambda: send(room))


def refused(no: No) -> Refused:
    """A refusal in the coordinator's words."""
    return Refused(str(no.code), rejected(no.status, no.code, None).sentence)
