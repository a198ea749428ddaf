"""kill -9 of a real gateway: no call is lost or placed twice, each ends with the line's word."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.legs import Leg, Room
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.twilio_http import PRACTICE_MARK
from tests.helpers.db_practice import PASSWORD
from tests.helpers.own_phone import press
from tests.helpers.people import PEOPLE, number_of

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

ROOT = Path(__file__).resolve().parents[2]
FIRST = "+16175559001"


class DeadlyLine(PracticeLine):
    """A line on which something may happen at the moment of a question, on the line's thread."""

    at_dial: Callable[[], None] = staticmethod(lambda: None)
    at_look: Callable[[], None] = staticmethod(lambda: None)

    def dial(self, to: str, from_: str, **more: Any) -> Leg:
        leg = super().dial(to, from_, **more)
        if leg.persona is not None:
            self.at_dial()
        return leg

    def participants(self, room: Room) -> list[Leg]:
        self.at_look()
        return super().participants(room)


class Site:
    """A line that lives on, gateways that do not, and a coordinator at work."""

    def __init__(self, practice: Practice, line: DeadlyLine, server: PracticeServer) -> None:
        self.practice = practice
        self.line = line
        login = server.login
        self._plan = {
            "conninfo": make_conninfo(practice.database.conninfo, user="cc_gw", password=PASSWORD),
            "base": server.base,
            "account_sid": login.account_sid,
            "key_sid": login.key_sid,
            "key_secret": login.key_secret,
        }
        self.gateway: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start a gateway that remembers nothing."""
        self.gateway = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.doomed_gateway"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.gateway.stdin is not None
        assert self.gateway.stdout is not None
        self.gateway.stdin.write(json.dumps(self._plan) + "\n")
        self.gateway.stdin.flush()
        assert self.gateway.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self.gateway is not None and self.gateway.poll() is None:
            self.gateway.kill()

    def bury(self) -> None:
        """Kill it, if it lives, and clear away what is left of it."""
        self.kill()
        if self.gateway is not None:
            self.gateway.communicate()
            self.gateway = None

    def dial(self) -> str:
        """The coordinator's phone is on the line and heard; Dial is pressed."""
        who = self.practice.c1
        who.ask("connect_phone", uuid4())
        until(lambda: press(who.connection))
        return str(who.dial(who.claim(self.practice.entry_of(1)))["id"])

    def state(self, call_id: str) -> str:
        return str(self.practice.value("SELECT state FROM app.call WHERE id = %s", call_id))

    def end(self, call_id: str) -> str:
        """The coordinator hangs up; how the call ended."""
        if self.state(call_id) != "ended":
            self.practice.c1.ask("command", call_id, "hang_up", "", uuid4())
        until(lambda: self.state(call_id) == "ended")
        return str(self.practice.value("SELECT end_reason FROM app.call WHERE id = %s", call_id))

    def placed(self) -> list[str]:
        """The line's own final word about each call to the patient."""
        return [leg.status for leg in self.line.legs() if leg.to == FIRST]


def until(fact: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < end, "it never became so"
        Event().wait(0.02)


@pytest.fixture
def site(practice: Practice) -> Iterator[Site]:
    practice.rows("UPDATE app.practice SET ring_timeout_s = 5")
    practice.c1.sign_in()
    people = {FIRST: PEOPLE[number_of(PersonaKind.ANSWERS)]}
    line = DeadlyLine(SystemClock(), people, LineSettings(ring=(1.0, 1.0), queue=0.1))
    with ExitStack() as stack:
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK)))
        made = Site(practice, line, server)
        stack.callback(made.bury)
        made.start()
        yield made


def test_killed_while_the_line_takes_the_call(site: Site) -> None:
    """The line has the call, its answer reaches nobody."""
    site.line.at_dial = site.kill
    call_id = site.dial()
    until(lambda: site.placed() != [])
    site.bury()
    assert site.state(call_id) == "placing"
    site.line.at_dial = lambda: None
    site.start()
    until(lambda: site.state(call_id) == "live")
    assert site.end(call_id) == "completed_by_us"
    assert site.placed() == ["completed"]


@pytest.mark.parametrize("when", ["ringing", "live"])
def test_killed_while_the_call_is_under_way(site: Site, when: str) -> None:
    call_id = site.dial()
    until(lambda: site.state(call_id) == when)
    site.bury()
    site.start()
    until(lambda: site.state(call_id) == "live")
    assert site.end(call_id) == "completed_by_us"
    assert site.placed() == ["completed"]


def test_killed_between_the_database_and_the_line(site: Site) -> None:
    """It took the call and died before the line heard of it: the next one does not dial it."""
    database = site.practice.database.conninfo

    def at_look() -> None:
        with psycopg.connect(database) as root:
            if root.execute("SELECT 1 FROM app.call WHERE state = 'placing'").fetchone():
                site.kill()

    site.line.at_look = at_look
    call_id = site.dial()
    gateway = site.gateway
    assert gateway is not None
    until(lambda: gateway.poll() is not None)
    site.bury()
    site.line.at_look = lambda: None
    assert (site.state(call_id), site.placed()) == ("placing", [])
    site.start()
    until(lambda: site.state(call_id) == "ended")
    assert site.end(call_id) == "never_placed"
    assert site.placed() == []
