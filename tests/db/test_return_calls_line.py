"""A returned call from the ring to the outcome: real database, real client, practice line."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.engine import CallEngine
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_incoming import TwilioIncoming
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.practice import SqlPractice
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.domain.call import CallCommand, CallEnd, CallState
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.domain.returns import ReturnKind, ReturnReport, ReturnsWaiting
from coordinator_app.errors import NotAllowedError, StaleError
from coordinator_app.gateway.incoming import Listener
from tests.helpers.db_practice import OFFICE, PASSWORD
from tests.helpers.own_phone import press
from tests.helpers.people import PEOPLE, number_of

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

ROSA = "+16175559003"
PEOPLE_HERE = {ROSA: PEOPLE[number_of(PersonaKind.ANSWERS)]}


class World:
    """A gateway whose turns the test gives, and a coordinator's adapter."""

    def __init__(self, practice: Practice, line: PracticeLine, account: TwilioLine) -> None:
        self.line = line
        self.person = practice.c1.connection
        self.calls = SqlCallStore.connect(login(practice, "cc_gw"))
        self.side = SqlSideStore.connect(login(practice, "cc_gw"))
        clock = SystemClock()
        self.engine = CallEngine(TwilioBackend(account), clock, PRACTICE, random.Random(1))
        self.chore = Listener(TwilioIncoming(account, clock), clock)
        self.desk = SqlPractice(
            {
                "host": practice.database.host,
                "port": practice.database.port,
                "dbname": practice.database.name,
                "user": "cc_c1",
                "password": PASSWORD,
            }
        )

    def until(self, fact: Callable[[], bool]) -> None:
        """Give turns until it is so."""
        end = time.monotonic() + 60
        while not fact():
            assert time.monotonic() < end, "it never became so"
            self.chore.turn(self.side)
            self.engine.step(self.calls)
            press(self.person)  # "I hear you"
            self.calls.wait(0.05)

    def close(self) -> None:
        self.engine.end_all()
        for connection in (self.calls, self.side, self.desk):
            connection.close()


def login(practice: Practice, name: str) -> str:
    return make_conninfo(practice.database.conninfo, user=name, password=PASSWORD)


@pytest.fixture
def world(practice: Practice) -> Iterator[World]:
    with ExitStack() as stack:
        line = PracticeLine(
            SystemClock(), PEOPLE_HERE, LineSettings(pace=2.0, ring=(0.1, 0.2), patience=600.0)
        )
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK)))
        keys = server.login
        account = TwilioLine(
            Credentials(keys.account_sid, keys.key_sid, keys.key_secret),
            LineHttpClient(timeout_s=5, practice_base=server.base),
        )
        stack.callback(account.close)
        made = World(practice, line, account)
        stack.callback(made.close)
        yield made


@pytest.mark.expected_logs
def test_a_caller_who_waits_is_taken_talked_to_and_booked_out(
    world: World, practice: Practice
) -> None:
    """From the ring to the outcome, then a second call that nobody takes."""
    desk = world.desk
    desk.open()
    desk.sign_in("0.1.0", "test")
    world.line.call_in(ROSA, OFFICE)
    world.until(lambda: any(row.waits for row in desk.return_calls().rows))
    (row,) = desk.return_calls().rows
    assert (row.mine, row.kind, row.source) == (True, ReturnKind.ON_THE_PHONE, "carrier")
    assert row.likely is not None
    card = desk.take_return(row.id, None, uuid4())
    call = card.call
    assert call is not None
    assert call.incoming
    world.until(lambda: desk.call(call.id).state is CallState.LIVE)
    world.until(lambda: len(desk.call(call.id).captions) > 1)
    assert "somebody left me a message" in desk.call(call.id).captions[0].text
    desk.command(call.id, CallCommand.HANG_UP, "", uuid4())
    world.until(lambda: desk.call(call.id).end is CallEnd.COMPLETED_BY_US)
    details = OutcomeDetails(reason="no_time")
    wrap_up = WrapUp(uuid4(), call.id, card.entry_id, card.fence, Outcome.DECLINED, details)
    desk.finish(wrap_up, then_next=False)
    assert desk.return_calls().rows == ()
    assert world.line.placed == 0  # nobody was dialled

    world.line.settings = replace(world.line.settings, patience=1.0)
    world.line.call_in("+16175559004", OFFICE)
    world.until(
        lambda: [row.kind for row in desk.return_calls().rows] == [ReturnKind.MISSED],
    )
    assert practice.entry(practice.entry_of(4))["state"] == "callback"
    assert desk.heartbeat(None, 0).returns == ReturnsWaiting(0, 1)


def test_the_adapter_of_the_desk(world: World) -> None:
    """Each function of the port once, as the window calls it."""
    desk = world.desk
    desk.open()
    desk.sign_in("0.1.0", "test")
    said = desk.report_return(ReturnReport("wants_call", phone=ROSA), uuid4())
    assert (said.routed_to, said.matches) == ("Jordan Park", 1)
    lane = desk.return_calls()
    assert lane.line is None  # the gateway has told nothing yet
    (row,) = lane.rows
    assert row.likely is not None
    desk.close_return(row.id, "settled", "the desk helped", uuid4())
    assert desk.return_calls().rows == ()
    with pytest.raises(StaleError):
        desk.take_return(row.id, None, uuid4())
    with pytest.raises(NotAllowedError):
        desk.link_return(row.id, row.likely.patient_id, uuid4())
