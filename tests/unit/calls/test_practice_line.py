"""The wall around the practice line, its door, and its answers' shape."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from coordinator_app.calls.backend import Category, Finding, Rejected
from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.practice_line.twiml import parse_twiml
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import (
    PRACTICE_MARK,
    LineHttpClient,
    MixedLinesError,
    check_route,
    is_practice_id,
)
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from tests.helpers.call_store import call_request
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

TWILIO = "https://api.twilio.com/2010-04-01/Accounts/ACx/Calls.json?Page=1"
HERE = "http://127.0.0.1:8123"
# Fixed, because it stands in the names of tests, which must be the same in every worker.
PRACTICE_KEY = "SK" + "feed" * 4 + "0123456789abcdef"
REAL_KEY = "SK0123456789abcdef0123456789abcdef"


# ------------------------------------------------------------------ the wall


def test_practice_requests_go_to_this_computer() -> None:
    assert check_route(TWILIO, PRACTICE_KEY, HERE) == (
        "http://127.0.0.1:8123/2010-04-01/Accounts/ACx/Calls.json?Page=1"
    )


def test_real_requests_go_to_the_carrier() -> None:
    assert check_route(TWILIO, REAL_KEY, None) == TWILIO


@pytest.mark.parametrize(
    ("url", "key", "base"),
    [
        (TWILIO, PRACTICE_KEY, None),
        (TWILIO, REAL_KEY, HERE),
        (TWILIO, "", HERE),
        (TWILIO, PRACTICE_KEY, "http://192.0.2.7:80"),
        (TWILIO, PRACTICE_KEY, "http://localhost.example.com"),
        (TWILIO, PRACTICE_KEY, "http://localhost:80"),
        (TWILIO, PRACTICE_KEY, "https://127.0.0.1"),
        ("https://api.twilio.com.example.net/x", REAL_KEY, None),
        ("https://nottwilio.com/x", REAL_KEY, None),
        ("https://twilio.com@192.0.2.7/x", REAL_KEY, None),
        ("http://api.twilio.com/x", REAL_KEY, None),
        ("https://example.net/x", PRACTICE_KEY, HERE),
    ],
)
def test_nothing_else_goes_anywhere(url: str, key: str, base: str | None) -> None:
    with pytest.raises(MixedLinesError):
        check_route(url, key, base)


def test_practice_ids_look_like_twilios_and_carry_the_mark() -> None:
    login = new_login(PRACTICE_MARK)
    for sid in (login.account_sid, login.key_sid):
        assert len(sid) == 34
        assert bytes.fromhex(sid[2:])
        assert is_practice_id(sid)
    assert not is_practice_id(REAL_KEY)
    assert login != new_login(PRACTICE_MARK)
    assert login.key_secret not in repr(login)


def test_a_backend_with_real_keys_cannot_reach_a_practice_line() -> None:
    http_client = LineHttpClient(timeout_s=1, practice_base=HERE)
    backend = TwilioBackend(
        TwilioLine(Credentials("AC" + "0" * 32, REAL_KEY, "secret"), http_client)
    )
    assert not backend.is_practice
    with pytest.raises(MixedLinesError):
        backend.preflight()
    http_client.close()


def test_a_request_without_a_time_limit_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="time limit"):
        LineHttpClient(timeout_s=0)


def test_the_key_is_not_in_what_may_be_logged() -> None:
    assert "hush" not in repr(Credentials("ACx", "SKx", "hush"))


# ------------------------------------------------------------------ the door


class Door:
    """Plain HTTP to a practice line, without the twilio package."""

    def __init__(self, server: PracticeServer, clock: VirtualClock) -> None:
        self.server = server
        self.clock = clock
        self.line: PracticeLine
        self.account = f"/2010-04-01/Accounts/{server.login.account_sid}"

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, password: str = ""
    ) -> tuple[int, Any]:
        login = self.server.login
        secret = f"{login.key_sid}:{password or login.key_secret}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(urlsplit(self.server.base).netloc, timeout=5)
        try:
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(body) if body else None

    def call(self, kind: PersonaKind) -> Any:
        status, body = self.ask(
            "POST",
            f"{self.account}/Conferences/shift-1/Participants.json",
            {"From": "+15025550100", "To": number_of(kind), "Label": "att-1", "Timeout": "12"},
        )
        assert status == 201
        return body


@pytest.fixture
def door() -> Iterator[Door]:
    clock = VirtualClock()
    line = PracticeLine(clock, PEOPLE)
    with PracticeServer(line, new_login(PRACTICE_MARK)) as server:
        door = Door(server, clock)
        door.line = line
        yield door


def test_it_listens_on_this_computer_only(door: Door) -> None:
    assert urlsplit(door.server.base).hostname == "127.0.0.1"
    assert door.server._http.server_address[0] == "127.0.0.1"


def test_a_wrong_password_gets_nothing(door: Door) -> None:
    status, body = door.ask("GET", f"{door.account}/Calls.json", password="guess")
    assert (status, body["code"]) == (401, 20003)
    status, body = door.ask("GET", "/practice-line/captions/att-1", password="guess")
    assert (status, body["code"]) == (401, 20003)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/2010-04-01/Accounts/ACother/Calls.json"),
        ("GET", "{}/Messages.json"),
        ("GET", "{}/Calls/CA404.json"),
        ("GET", "{}/Conferences/none/Participants.json"),
        ("POST", "{}/Calls/CA404.json"),
    ],
)
def test_what_is_not_there(door: Door, method: str, path: str) -> None:
    status, body = door.ask(method, path.format(door.account))
    assert status == 404
    assert body == {
        "code": 20404,
        "message": "The requested resource was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 21201),
        ({"To": "5025550123", "From": "+15025550100"}, 21211),
        ({"To": "+15025550123", "From": "office"}, 21210),
        ({"To": "+15025550123", "From": "+15025550100", "Timeout": "4"}, 13224),
        ({"To": "+15025550123", "From": "+15025550100", "Timeout": "soon"}, 20001),
    ],
)
def test_bad_parameters(door: Door, form: dict[str, str], code: int) -> None:
    status, body = door.ask("POST", f"{door.account}/Conferences/r/Participants.json", form)
    assert (status, body["code"]) == (400, code)


def test_a_request_that_is_too_large_is_refused(door: Door) -> None:
    form = {"Twiml": "x" * 70_000}
    connection = http.client.HTTPConnection(urlsplit(door.server.base).netloc, timeout=5)
    connection.putrequest("POST", f"{door.account}/Calls.json")
    connection.putheader("Content-Length", str(len(urlencode(form))))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_methods_that_twilio_does_not_have(door: Door) -> None:
    assert door.ask("DELETE", f"{door.account}/Conferences.json")[0] == 405
    assert door.ask("POST", "/practice-line/captions/att-1")[0] == 405


def test_closing_leaves_nothing_behind() -> None:
    """Even while a client keeps its connection (the conftest looks for threads)."""
    server = PracticeServer(PracticeLine(VirtualClock()), new_login(PRACTICE_MARK))
    connection = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    server.close()
    connection.close()
    with pytest.raises(OSError, match="refused"):
        connection.connect()


# ------------------------------------------------------------------ the shapes


def test_a_participant(door: Door) -> None:
    body = door.call(PersonaKind.ANSWERS)
    assert body["label"] == "att-1"
    assert body["status"] == "queued"
    assert body["conference_sid"].startswith("CF")
    assert body["call_sid"].startswith("CA")
    assert parsedate_to_datetime(body["date_created"]) == door.clock.now()
    assert (body["hold"], body["muted"], body["coaching"]) == (False, False, False)


def test_a_call_during_and_after(door: Door) -> None:
    sid = door.call(PersonaKind.WRONG_PERSON)["call_sid"]
    path = f"{door.account}/Calls/{sid}.json"
    assert door.ask("GET", path)[1]["start_time"] is None
    door.clock.advance(60)
    body = door.ask("GET", path)[1]
    assert body["status"] == "completed"
    assert body["duration"] == "20"
    start, end = (parsedate_to_datetime(body[name]) for name in ("start_time", "end_time"))
    assert (end - start).total_seconds() == 20
    assert body["uri"] == path


def test_ended_calls_leave_the_room_and_the_room_ends(door: Door) -> None:
    body = door.call(PersonaKind.BUSY)
    room = f"{door.account}/Conferences/{body['conference_sid']}"
    assert len(door.ask("GET", f"{room}/Participants.json")[1]["participants"]) == 1
    door.clock.advance(10)
    assert door.ask("GET", f"{room}/Participants.json")[1]["participants"] == []
    ended = door.ask("GET", f"{room}.json")[1]
    assert (ended["status"], ended["reason_conference_ended"]) == (
        "completed",
        "last-participant-left",
    )
    assert door.ask("GET", f"{room}/Participants/att-1.json")[0] == 404


def test_ending_a_room_ends_its_calls(door: Door) -> None:
    body = door.call(PersonaKind.ANSWERS)
    door.clock.advance(6)
    room = f"{door.account}/Conferences/{body['conference_sid']}.json"
    assert door.ask("POST", room, {"Status": "completed"})[1]["status"] == "completed"
    call = door.ask("GET", f"{door.account}/Calls/{body['call_sid']}.json")[1]
    assert call["status"] == "completed"


def test_pages(door: Door) -> None:
    for _ in range(5):
        door.call(PersonaKind.BUSY)
    first = door.ask("GET", f"{door.account}/Calls.json?PageSize=2&Status=queued")[1]
    assert (first["page"], first["start"], first["end"], len(first["calls"])) == (0, 0, 1, 2)
    assert first["previous_page_uri"] is None
    last = door.ask("GET", door.ask("GET", first["next_page_uri"])[1]["next_page_uri"])[1]
    assert (last["page"], len(last["calls"]), last["next_page_uri"]) == (2, 1, None)
    assert door.ask("GET", f"{door.account}/Calls.json?Page=x")[1]["code"] == 20001


def test_captions_are_outside_twilios_paths(door: Door) -> None:
    door.call(PersonaKind.VOICEMAIL)
    assert door.ask("GET", "/practice-line/captions/att-1")[1] == {"captions": []}
    door.clock.advance(20)
    said = door.ask("GET", "/practice-line/captions/att-1")[1]["captions"]
    assert [line["speaker"] for line in said] == ["machine", "machine"]
    assert datetime.fromisoformat(said[0]["at"]).tzinfo == UTC


@pytest.mark.parametrize(
    "text", ["", "<Response>", "<Dial/>", "<Response><Record/></Response>", "x" * 5000]
)
def test_instructions_that_cannot_be_followed(text: str) -> None:
    with pytest.raises(LineError):
        parse_twiml(text)


def test_a_line_that_lost_its_network_is_down_not_misconfigured() -> None:
    """Nobody listens on this port any more."""
    server = PracticeServer(PracticeLine(VirtualClock()), new_login(PRACTICE_MARK))
    login, base = server.login, server.base
    server.close()
    line = TwilioLine(
        Credentials(login.account_sid, login.key_sid, login.key_secret),
        LineHttpClient(timeout_s=2, practice_base=base),
    )
    backend = TwilioBackend(line)
    (finding,) = backend.preflight()
    assert isinstance(finding, Finding)
    assert (finding.blocks, finding.unreachable) == (False, True)
    answer = backend.place(call_request())
    assert isinstance(answer, Rejected)
    assert answer.category is Category.NOT_SENT
    line.close()
