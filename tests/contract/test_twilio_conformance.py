"""Our requests and the practice line's answers, held against the installed ``twilio`` package.

Each scenario does something with the real client; everything that went to the line and came
back is checked (``tests/helpers/twilio_shape``). What is new there gets a scenario here.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException

from coordinator_app.calls.backend import Accepted, Done
from coordinator_app.calls.line_setup import Verification
from coordinator_app.calls.practice_line.api import Answer, Request
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.recording_line import CarrierRecording, Stage
from coordinator_app.calls.twilio_incoming import TwilioIncoming
from coordinator_app.calls.twilio_monitor import Room, TwilioMonitor
from coordinator_app.calls.twilio_recording import TwilioRecordings
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.domain.call import CallRequest
from coordinator_app.domain.monitor import MonitorMode
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.direct_line import DirectLine
from tests.helpers.monitor_wish import monitor_wish
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.twilio_shape import (
    COUNTRY,
    RESOURCES,
    answer_faults,
    body_faults,
    properties,
    request_faults,
)
from tests.helpers.virtual_clock import VirtualClock

_OFFICE, _NUMBER = "+15025550100", "+15025550177"
# Only the office's number may be shown: another one has to be verified first.
_SETTINGS = LineSettings(caller_ids=frozenset({_OFFICE}))


class Overheard:
    """A line, and everything that was said between it and the client."""

    def __init__(self, settings: LineSettings = _SETTINGS) -> None:
        self.clock = VirtualClock()
        self.net = DirectLine(self.clock, PEOPLE, settings)
        self.backend = self.net.backend
        self.client = self.backend._client
        self.pairs: list[tuple[Request, Answer]] = []
        handle = self.net.api.handle

        def listen(request: Request) -> Answer:
            answer = handle(request)
            self.pairs.append((request, answer))
            return answer

        self.net.api.handle = listen  # type: ignore[method-assign]

    def faults(self) -> list[str]:
        return [
            fault
            for request, answer in self.pairs
            for fault in (*request_faults(request), *answer_faults(request, answer))
        ]

    def talk(self, kind: PersonaKind, **changes: object) -> tuple[CallRequest, str]:
        request = call_request(to=number_of(kind), **changes)
        self.backend.open_agent_leg(leg_of(request))
        self.clock.advance(1)
        ref = getattr(self.backend.place(request), "ref", "")
        assert ref
        self.clock.advance(6)
        return request, ref


def a_call_from_dial_to_end(line: Overheard) -> None:
    request, ref = line.talk(PersonaKind.WRONG_PERSON)
    line.backend.snapshot(request, ref)
    line.clock.advance(30)
    line.backend.snapshot(request, ref)
    line.backend.agent_leg(request.session_id)
    line.backend.close_agent_leg(request.session_id)


def every_end_of_a_call(line: Overheard) -> None:
    for kind in (PersonaKind.BUSY, PersonaKind.NO_ANSWER, PersonaKind.DISCONNECTED):
        request, ref = line.talk(kind)
        line.clock.advance(30)
        line.backend.snapshot(request, ref)
    request, ref = line.talk(PersonaKind.NO_ANSWER)
    line.backend.hang_up(ref, answered=False)
    line.backend.snapshot(request, ref)
    line.backend.hang_up(ref, answered=False)


def commands(line: Overheard) -> None:
    request, ref = line.talk(PersonaKind.MENU)
    for yes in (True, False):
        line.backend.set_hold(request, ref, held=yes)
        line.backend.snapshot(request, ref)
        line.backend.set_mute(request.session_id, muted=yes)
        line.backend.agent_leg(request.session_id)
    line.backend.send_digits(request, ref, "12w#")
    line.backend.snapshot(request, ref)


def an_extension(line: Overheard) -> None:
    request, ref = line.talk(PersonaKind.MENU, extension="12")
    line.backend.snapshot(request, ref)


def lists_and_pages(line: Overheard) -> None:
    request, _ = line.talk(PersonaKind.BUSY)
    for _ in range(3):
        line.backend.place(call_request(to=request.to))
    line.client.calls.list(to=request.to, status="queued", page_size=2)
    line.client.conferences.list(friendly_name=f"shift-{request.session_id}", page_size=1)
    line.backend.locate(request, line.clock.now(), ())


def the_end_of_a_room(line: Overheard) -> None:
    request, _ = line.talk(PersonaKind.ANSWERS)
    (room,) = line.client.conferences.list(friendly_name=f"shift-{request.session_id}")
    line.client.conferences(room.sid).update(status="completed")
    line.client.conferences(room.sid).fetch()


def refusals(line: Overheard) -> None:
    for to in ("+15005550001", "+15005550002", "+15005550003", "+15005550004"):
        line.backend.place(call_request(to=to))
    line.backend.place(call_request(caller_id="+15005550001"))
    for kind in (FaultKind.TOO_MANY, FaultKind.UNAVAILABLE, FaultKind.ERROR_AFTER):
        line.net.faults.add(Fault(kind, "POST"))
        line.backend.place(call_request())
    line.backend.snapshot(call_request(), "CA" + "0" * 32)


def a_supervisor(line: Overheard) -> None:
    request, _ = line.talk(PersonaKind.ANSWERS)
    supervision = TwilioMonitor(line.backend._line)
    room = supervision.room(request.session_id)
    assert isinstance(room, Room)
    for mode in MonitorMode:
        wish = monitor_wish(request, mode)
        called = supervision.call_in(wish, room.coordinator)
        assert isinstance(called, Accepted)
        line.clock.advance(2)
        supervision.room(request.session_id)
        for other in MonitorMode:
            changed = dataclasses.replace(wish, mode=other)
            assert supervision.set_mode(changed, room.coordinator, called.ref) == Done()
        supervision.leave(called.ref)
        supervision.ended(called.ref)
    wish = monitor_wish(request, MonitorMode.COACH)
    supervision.call_in(wish, "CA" + "0" * 32)  # nobody to coach


def recordings(line: Overheard) -> None:
    _, ref = line.talk(PersonaKind.ANSWERS)
    carrier = TwilioRecordings(line.backend._line)
    started = carrier.start(ref)
    assert isinstance(started, CarrierRecording)
    for stage in (Stage.PAUSED, Stage.RECORDING, Stage.STOPPED):
        line.clock.advance(2)
        carrier.change(ref, started.ref, stage)
        assert carrier.of_call(ref)
    for _ in range(3):
        line.clock.advance(5)
        carrier.look(started.ref)
    assert carrier.delete(started.ref) == Done()
    carrier.look(started.ref)
    carrier.start("CA" + "0" * 32)


def a_number_and_a_test_call(line: Overheard) -> None:
    setup = TwilioSetup(line.backend._line)
    setup.account()
    assert isinstance(setup.verify(_NUMBER, call_delay=5, extension="12"), Verification)
    line.clock.advance(120)
    setup.number(_NUMBER)
    setup.verify(_NUMBER, call_delay=0, extension="")
    called = setup.call(number_of(PersonaKind.ANSWERS), _OFFICE)
    assert isinstance(called, Accepted)
    line.clock.advance(10)
    setup.call_now(called.ref)
    assert setup.unverify(_NUMBER) == Done()


def the_account(line: Overheard) -> None:
    assert line.backend.preflight() == ()


SCENARIOS: tuple[Callable[[Overheard], None], ...] = (
    a_call_from_dial_to_end,
    every_end_of_a_call,
    commands,
    an_extension,
    lists_and_pages,
    the_end_of_a_room,
    refusals,
    a_supervisor,
    recordings,
    a_number_and_a_test_call,
    the_account,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_requests_and_answers_are_twilios(scenario: Callable[[Overheard], None]) -> None:
    line = Overheard()
    scenario(line)
    assert line.pairs
    assert line.faults() == []


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.path)
def test_every_list_that_the_line_serves_is_twilios(resource: Any) -> None:
    """Also of resources that have no scenario above; one that is not served is a plain 404."""
    line = Overheard()
    request, ref = line.talk(PersonaKind.ANSWERS)
    (room,) = line.client.conferences.list(friendly_name=f"shift-{request.session_id}")
    (queue,) = line.client.queues.list()
    places = {"{call}": ref, "{room}": room.sid, "{queue}": queue.sid}
    path = re.sub(r"\{\w+\}", lambda m: places[m[0]], resource.path)
    login = line.net.login
    asked = Request(
        *("GET", f"/2010-04-01/Accounts/{login.account_sid}{path}.json", {}, {}),
        *(login.key_sid, login.key_secret),
    )
    line.net.api.handle(asked)
    assert line.pairs[-1][0] is asked
    assert line.faults() == []


def test_an_owned_number_and_who_waits_there_are_twilios() -> None:
    line = Overheard(LineSettings(owned=frozenset({_OFFICE})))
    incoming = TwilioIncoming(line.backend._line, line.clock)
    assert incoming.owns(_OFFICE) is True
    for _ in range(2):
        line.net.line.call_in(number_of(PersonaKind.ANSWERS), _OFFICE)
        line.clock.advance(10)
    incoming.hear(_OFFICE, ())
    members = next(json.loads(a.body) for r, a in line.pairs if "Members" in r.path)
    waited = [row["wait_time"] for row in members["queue_members"]]
    assert len(waited) == 2
    (queue,) = line.client.queues.list()
    assert (queue.current_size, queue.max_size) == (2, 1000)
    assert queue.average_wait_time == sum(waited) // 2
    assert line.faults() == []


def test_a_verified_number_is_named_by_itself_and_its_request_is_answered_with_200() -> None:
    line = Overheard()
    made = line.client.validation_requests.create(phone_number=_NUMBER)
    assert made.friendly_name == "(502) 555-0177"
    assert line.pairs[-1][1].status == 200
    assert line.faults() == []


def test_how_long_a_participant_was_queued_is_told_once() -> None:
    line = Overheard()
    request, _ = line.talk(PersonaKind.ANSWERS)
    line.backend.agent_leg(request.session_id)
    told = [
        row["queue_time"]
        for _, answer in line.pairs
        for row in json.loads(answer.body).get("participants", ())
    ]
    assert told
    assert set(told) == {None}
    dial = next(a for r, a in line.pairs if r.form and r.path.endswith("/Participants.json"))
    assert json.loads(dial.body)["queue_time"] == "0"


def test_what_was_deleted_is_listed_by_the_account_alone() -> None:
    line = Overheard()
    _, ref = line.talk(PersonaKind.ANSWERS)
    carrier = TwilioRecordings(line.backend._line)
    started = carrier.start(ref)
    assert isinstance(started, CarrierRecording)
    carrier.change(ref, started.ref, Stage.STOPPED)
    line.clock.advance(5)
    carrier.delete(started.ref)
    login = line.net.login
    account, too = f"/2010-04-01/Accounts/{login.account_sid}", {"IncludeSoftDeleted": "true"}

    def listed(path: str, query: dict[str, str]) -> list[str]:
        asked = Request("GET", account + path, query, {}, login.key_sid, login.key_secret)
        return [r["status"] for r in json.loads(line.net.api.handle(asked).body)["recordings"]]

    assert listed("/Recordings.json", too) == ["deleted"]
    assert listed("/Recordings.json", {**too, "ConferenceSid": "CF" + "0" * 32}) == []
    assert listed(f"/Calls/{ref}/Recordings.json", too) == []  # no such filter, no such status


def test_a_name_or_the_current_one_will_do_only_where_twilio_takes_it() -> None:
    line = Overheard()
    request, ref = line.talk(PersonaKind.ANSWERS)
    rooms, name = line.client.conferences, f"shift-{request.session_id}"
    (room,) = rooms.list(friendly_name=name)
    assert rooms(room.sid).participants.list()
    recordings = line.client.calls(ref).recordings
    recordings.create()
    assert recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    for ask in (
        rooms(name).fetch,
        rooms(name).participants.list,
        rooms(name).participants(ref).fetch,
        recordings("Twilio.CURRENT").fetch,
        line.client.recordings("Twilio.CURRENT").fetch,
    ):
        with pytest.raises(TwilioException, match="HTTP 404"):
            ask()


def test_the_countries_are_twilios_page_by_page() -> None:
    line = Overheard()
    assert TwilioSetup(line.backend._line).countries() == frozenset({"US"})
    known = set(properties(COUNTRY))
    request, answer = line.pairs[-1]
    assert request.query == {"LowRiskNumbersEnabled": "true"}
    assert all(row.keys() == known for row in json.loads(answer.body)["content"])
    path, login = "/v1/DialingPermissions/Countries", line.net.login
    asked = Request(
        "GET", path, {"PageSize": "1", "Page": "1"}, {}, login.key_sid, login.key_secret
    )
    body = json.loads(line.net.api.handle(asked).body)
    url = f"https://voice.twilio.com{path}?PageSize=1&Page="
    assert len(body["content"]) == 1
    assert body["meta"] == {
        "page": 1,
        "page_size": 1,
        "first_page_url": f"{url}0",
        "previous_page_url": f"{url}0",
        "url": f"{url}1",
        "next_page_url": f"{url}2",
        "key": "content",
    }


def test_the_check_sees_what_is_wrong() -> None:
    line = Overheard()
    _, ref = line.talk(PersonaKind.ANSWERS)
    line.client.calls(ref).fetch()
    request, answer = line.pairs[-1]
    assert answer_faults(request, answer) == []
    body = json.loads(answer.body)
    wrong: tuple[tuple[str, object], ...] = (
        ("date_created", "2026-06-02T15:00:00Z"),
        ("duration", 12),
        ("status", "connected"),
        ("sid", "CF" + "0" * 32),
        ("uri", "/2010-04-01/Calls"),
        ("api_version", "2008-08-01"),
        ("account_sid", "AC1"),
    )
    for name, value in wrong:
        (fault,) = body_faults(RESOURCES[0], {**body, name: value})
        assert fault == f"{name} cannot be {value!r}"
    assert body_faults(RESOURCES[0], {**body, "more": 1}) == ["more is not Twilio's"]
    del body["queue_time"]
    assert body_faults(RESOURCES[0], body) == ["queue_time is missing"]
    assert answer_faults(request, Answer(201, answer.body))
    assert "to" in properties(RESOURCES[0])


def test_the_check_sees_a_request_that_twilio_would_not_understand() -> None:
    line = Overheard()
    line.talk(PersonaKind.ANSWERS)
    dial = next(r for r, _ in line.pairs if r.path.endswith("Participants.json") and r.form)
    assert request_faults(dial) == []
    for changes in ({"SendDigits": "1"}, {"Muted": "True"}, {"Timeout": "12s"}):
        broken = Request(dial.method, dial.path, {}, {**dial.form, **changes}, "", "")
        assert len(request_faults(broken)) == 1
    assert request_faults(Request("GET", f"{dial.path[:-5]}s.json", {}, {}, "", ""))
