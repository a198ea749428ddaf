"""Twilio's requests, answered by the practice line: routing, parameters, faults.

Knows nothing of sockets: ``server`` and the tests' direct client both come here. Besides
Twilio's paths there is one of our own, ``GET /practice-line/captions/{label}``: what was said
on that leg so far, as ``{"captions": [{"at", "speaker", "text"}]}`` with ISO 8601 times.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from coordinator_app.calls.practice_line import coaching, incoming, setup_api, shapes
from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.faults import AFTER_THE_EFFECT, Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.legs import Leg, Room
from coordinator_app.calls.practice_line.recording_api import RecordingApi
from coordinator_app.calls.practice_line.shapes import API, Json
from coordinator_app.calls.practice_line.twiml import parse_twiml

_OK, _CREATED, _NO_CONTENT = 200, 201, 204
_TIMEOUTS = range(5, 601)
_SAID = {
    FaultKind.ERROR_AFTER: (500, 20500, "An internal server error has occurred"),
    FaultKind.UNAVAILABLE: (503, 20503, "Service unavailable"),
    FaultKind.TOO_MANY: (429, 20429, "Too Many Requests"),
    FaultKind.NOT_FOUND: (404, 20404, "The requested resource was not found"),
}


@dataclass(frozen=True, slots=True)
class Login:
    """What the client has to show. The ids carry the practice mark (``twilio_http``)."""

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, without its connection."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. ``lost``: the connection dies instead; ``media``: a WAV file, not JSON."""

    status: int
    body: str
    retry_after_s: int | None = None
    lost: bool = False
    media: bytes = field(default=b"", repr=False)


class PracticeApi:
    """Answers requests, one at a time."""

    def __init__(self, line: PracticeLine, login: Login, faults: Faults | None = None) -> None:
        self._line = line
        self._login = login
        self._recordings = RecordingApi(line, login.account_sid)
        self.faults = faults or Faults()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        """Answer one request; never raises for what a client may send."""
        with self._lock:
            answer = self._answer_or_fault(request)
            self._line.settle()
            return answer

    def tick(self) -> None:
        """Let happen what is due although nobody asks: a network's calls need it."""
        if self._line.carried:
            with self._lock:
                self._line.settle()

    def _answer_or_fault(self, request: Request) -> Answer:
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            return self._answer(request)
        if fault.kind in AFTER_THE_EFFECT:
            done = self._answer(request)
            return (
                Answer(done.status, "<html>") if fault.kind is FaultKind.GARBLED else _spoilt(fault)
            )
        return _spoilt(fault)

    def _answer(self, request: Request) -> Answer:
        try:
            self._authenticate(request)
            status, body = self._route(request)
        except LineError as error:
            return _refusal(error.status, error.code, error.message)
        if isinstance(body, bytes):
            return Answer(status, "", media=body)
        return Answer(status, "" if body is None else json.dumps(body))

    def _authenticate(self, request: Request) -> None:
        wanted = f"{self._login.key_sid}:{self._login.key_secret}"
        given = f"{request.user}:{request.password}"
        if not secrets.compare_digest(wanted.encode(), given.encode()):
            raise LineError(401, 20003, "Authenticate")

    def _route(self, request: Request) -> tuple[int, Json | bytes | None]:
        match request.path.strip("/").removesuffix(".json").split("/"):
            case ["practice-line", "captions", label]:
                return self._captions(request, label)
            case ["v1", "DialingPermissions", "Countries"]:
                return setup_api.countries(self._line, request)
            case ["practice-line", "incoming"]:
                return incoming.call_in(self._line, self._login.account_sid, request)
            case [api, "Accounts", account, *rest] if (
                api == API and account == self._login.account_sid
            ):
                return self._resource(request, rest)
        raise _no_such_path()

    def _resource(self, request: Request, rest: list[str]) -> tuple[int, Json | bytes | None]:
        answers: Mapping[str, Callable[[], tuple[int, Json | bytes | None]]]
        match rest:
            case [] | ["OutgoingCallerIds" | "IncomingPhoneNumbers", *_]:
                return setup_api.answer(self._line, self._login.account_sid, request, rest)
            case ["Queues", *_]:
                return incoming.answer(self._line, self._login.account_sid, request, rest)
            case ["Calls"]:
                answers = {
                    "GET": lambda: self._list_calls(request),
                    "POST": lambda: self._create_call(request),
                }
            case ["Calls", sid]:
                answers = {
                    "GET": lambda: (_OK, self._call(self._line.leg(sid))),
                    "POST": lambda: self._update_call(request, sid),
                }
            case ["Conferences"]:
                answers = {"GET": lambda: self._list_rooms(request)}
            case ["Conferences", name]:
                answers = {
                    "GET": lambda: (_OK, self._room(self._by_sid(name))),
                    "POST": lambda: self._update_room(request, name),
                }
            case ["Conferences", name, "Participants"]:
                answers = {
                    "GET": lambda: self._list_participants(request, name),
                    "POST": lambda: self._add_participant(request, name),
                }
            case ["Conferences", name, "Participants", who]:
                answers = {
                    "GET": lambda: self._fetch_participant(name, who),
                    "POST": lambda: self._update_participant(request, name, who),
                    "DELETE": lambda: self._remove_participant(name, who),
                }
            case _:
                answers = self._recordings.answers(rest, request.path, request.query, request.form)
        if request.method not in answers:
            raise LineError(405, 20004, "Method not allowed")
        return answers[request.method]()

    # -------------------------------------------------------------- calls

    def _list_calls(self, request: Request) -> tuple[int, Json]:
        query = request.query
        rows = [
            self._call(leg)
            for leg in self._line.legs()
            if query.get("To") in (None, leg.to)
            and query.get("From") in (None, leg.from_)
            and query.get("Status") in (None, leg.status)
            and "ParentCallSid" not in query
            and _on_or_after(leg, query.get("StartTime>"))
        ]
        return _OK, shapes.page_json("calls", request.path, rows, query)

    def _create_call(self, request: Request) -> tuple[int, Json]:
        form = request.form
        if "Twiml" not in form:
            raise LineError(400, 21205, "Url parameter is required.")
        leg = self._line.dial(
            form.get("To", ""),
            form.get("From", ""),
            timeout_s=_timeout(form),
            time_limit_s=_number(form, "TimeLimit"),
            verbs=parse_twiml(form["Twiml"]),
            digits=form.get("SendDigits", ""),
        )
        return _CREATED, self._call(leg)

    def _update_call(self, request: Request, sid: str) -> tuple[int, Json]:
        leg = self._line.leg(sid)
        status = request.form.get("Status")
        if status in ("canceled", "completed"):
            self._line.hang_up(leg, status)
        elif "Twiml" in request.form:
            self._line.redirect(leg, parse_twiml(request.form["Twiml"]))
        else:
            raise LineError(400, 21218, "Status or Twiml is required")
        return _OK, self._call(leg)

    # -------------------------------------------------------------- rooms

    def _list_rooms(self, request: Request) -> tuple[int, Json]:
        query = request.query
        rows = [
            self._room(room)
            for room in self._line.rooms()
            if query.get("FriendlyName") in (None, room.name)
            and query.get("Status") in (None, room.status)
        ]
        return _OK, shapes.page_json("conferences", request.path, rows, query)

    def _by_sid(self, sid: str) -> Room:
        """A conference by its id. A name will do for adding a participant alone."""
        room = self._line.room(sid)
        if room.sid != sid:
            raise _no_such_path()
        return room

    def _update_room(self, request: Request, name: str) -> tuple[int, Json]:
        room = self._by_sid(name)
        if request.form.get("Status") != "completed":
            raise LineError(400, 20001, "Status must be completed")
        self._line.end_room(room)
        return _OK, self._room(room)

    def _list_participants(self, request: Request, name: str) -> tuple[int, Json]:
        room = self._by_sid(name)
        rows = [self._participant(leg, room) for leg in self._line.participants(room)]
        return _OK, shapes.page_json("participants", request.path, rows, request.query)

    def _add_participant(self, request: Request, name: str) -> tuple[int, Json]:
        form = request.form
        coach = coaching.asked(form)
        if coach is not None:
            coaching.check(self._line, name, coach)
        leg = self._line.dial(
            form.get("To", ""),
            form.get("From", ""),
            label=form.get("Label"),
            room_name=name,
            timeout_s=_timeout(form),
            time_limit_s=_number(form, "TimeLimit"),
        )
        leg.end_on_exit = _flag(form, "EndConferenceOnExit", default=False)
        leg.start_on_enter = _flag(form, "StartConferenceOnEnter", default=True)
        leg.muted = _flag(form, "Muted", default=False)
        leg.early_media = _flag(form, "EarlyMedia", default=True)
        coaching.apply(leg, coach)
        room = leg.room or self._line.room(name)
        return _CREATED, shapes.participant_json(self._login.account_sid, leg, room, created=True)

    def _fetch_participant(self, name: str, who: str) -> tuple[int, Json]:
        room = self._by_sid(name)
        return _OK, self._participant(self._line.participant(room, who), room)

    def _update_participant(self, request: Request, name: str, who: str) -> tuple[int, Json]:
        form = request.form
        room = self._by_sid(name)
        leg = self._line.participant(room, who)
        coach = coaching.asked(form)
        if coach is not None:
            coaching.check(self._line, room.sid, coach)
        coaching.apply(leg, coach)
        leg.muted = _flag(form, "Muted", default=leg.muted)
        leg.end_on_exit = _flag(form, "EndConferenceOnExit", default=leg.end_on_exit)
        leg.set_hold(self._line.now(), held=_flag(form, "Hold", default=leg.hold))
        return _OK, self._participant(leg, room)

    def _remove_participant(self, name: str, who: str) -> tuple[int, None]:
        leg = self._line.participant(self._by_sid(name), who)
        self._line.hang_up(leg, "completed")
        return _NO_CONTENT, None

    def _captions(self, request: Request, label: str) -> tuple[int, Json]:
        if request.method != "GET":
            raise LineError(405, 20004, "Method not allowed")
        leg = self._line.by_label(label)
        said = leg.captions if leg else ()
        return _OK, {
            "captions": [
                {"at": c.at.isoformat(), "speaker": c.speaker, "text": c.text} for c in said
            ]
        }

    def _call(self, leg: Leg) -> Json:
        return shapes.call_json(self._login.account_sid, leg)

    def _room(self, room: Room) -> Json:
        return shapes.room_json(self._login.account_sid, room)

    def _participant(self, leg: Leg, room: Room) -> Json:
        return shapes.participant_json(self._login.account_sid, leg, room)


def _on_or_after(leg: Leg, day: str | None) -> bool:
    """Whether a call began on this day or later; Twilio filters by whole days, UTC."""
    if not day:
        return True
    try:
        return leg.created_at.date() >= date.fromisoformat(day[:10])
    except ValueError:
        raise LineError(400, 20001, "StartTime must be a date") from None


def _spoilt(fault: Fault) -> Answer:
    if fault.kind in (FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER):
        return Answer(0, "", lost=True)
    return _refusal(*_SAID[fault.kind], fault.retry_after_s)


def _refusal(status: int, code: int, message: str, retry_after_s: int | None = None) -> Answer:
    return Answer(status, json.dumps(shapes.error_json(status, code, message)), retry_after_s)


def _no_such_path() -> LineError:
    return LineError(404, 20404, "The requested resource was not found")


def _number(form: dict[str, str], name: str) -> float | None:
    if name not in form:
        return None
    try:
        return float(form[name])
    except ValueError:
        raise LineError(400, 20001, f"{name} must be a number") from None


def _timeout(form: dict[str, str]) -> float | None:
    timeout = _number(form, "Timeout")
    if timeout is not None and int(timeout) not in _TIMEOUTS:
        raise LineError(400, 13224, "Timeout must be 5 to 600 seconds")
    return timeout


def _flag(form: dict[str, str], name: str, *, default: bool) -> bool:
    value = form.get(name)
    if value is None:
        return default
    if value.lower() not in ("true", "false"):
        raise LineError(400, 20001, f"{name} must be true or false")
    return value.lower() == "true"
