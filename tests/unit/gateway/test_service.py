"""The gateway's loop: it survives its database and stops when told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest

from coordinator_app.calls.backend import CannotTell, Unreachable
from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.call import CallEnd, CallState, PhoneState
from coordinator_app.errors import NotConnectedError, SignInRefusedError
from coordinator_app.gateway import lines
from coordinator_app.gateway.carrier_account import Accounts, Chosen, secret_key
from coordinator_app.gateway.no_line import NoLine
from coordinator_app.gateway.own_secrets import Credentials
from coordinator_app.gateway.rounds import Rounds
from coordinator_app.gateway.service import Gateway, Round
from coordinator_app.secrets.memory import MemorySecretStore
from tests.helpers.call_store import FakeCallStore, call_request
from tests.helpers.direct_line import DirectLine
from tests.helpers.line_world import FakeLineStore
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

pytestmark = pytest.mark.expected_logs


class ClockedStop(Event):
    """Waiting for the stop takes virtual time; ``at`` it comes by itself."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.events: list[tuple[float, Callable[[], object]]] = []

    def after(self, seconds: float, event: Callable[[], object]) -> None:
        self.events.append((seconds, event))
        self.events.sort(key=lambda pair: pair[0])

    def pass_time(self, seconds: float) -> bool:
        self.clock.advance(max(0.01, seconds))
        while self.events and self.events[0][0] <= self.clock.monotonic():
            self.events.pop(0)[1]()
        return self.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self.pass_time(timeout or 0.0)


class Office:
    """A gateway over a practice line; time passes in the store's ``wait``."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.net = DirectLine(self.clock, PEOPLE)
        self.store = FakeCallStore()
        self.store.on_wait = lambda s: self.stop.pass_time(s) and False
        self.stop = ClockedStop(self.clock)
        self.connected = 0
        self.ready = 0

    def connect(self) -> FakeCallStore:
        if self.store.away:
            raise NotConnectedError("The practice database cannot be reached.")
        self.connected += 1
        return self.store

    def run(self, seconds: float) -> None:
        self.stop.after(seconds, self.stop.set)
        self.gateway().run(self._ready)

    def gateway(self, connect: Callable[[], FakeCallStore] | None = None) -> Gateway:
        return Gateway(connect or self.connect, self.net.backend, self.stop, self.clock)

    def _ready(self) -> None:
        self.ready += 1

    def away(self, value: bool) -> Callable[[], None]:
        def change() -> None:
            self.store.away = value

        return change


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_call_goes_through(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.BUSY)))
    office.run(20)
    ending = office.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.BUSY
    assert office.ready == 1
    assert office.store.closed == 1


def test_it_says_every_five_seconds_that_it_lives(office: Office) -> None:
    office.run(31)
    assert len(office.store.beats) == 7
    assert {b.state for b in office.store.beats} == {"ok"}
    assert all(b.is_practice_line for b in office.store.beats)
    assert "no real call" in office.store.beats[0].sentence


def test_it_never_waits_long(office: Office) -> None:
    office.run(10)
    assert max(office.store.waits) <= 0.5


def test_it_waits_for_a_database_that_is_not_there_yet(office: Office) -> None:
    office.store.away = True
    office.stop.after(60, office.away(False))
    office.run(120)
    assert (office.connected, office.ready) == (1, 1)


def test_a_database_that_is_away_is_asked_less_and_less_often(office: Office) -> None:
    office.store.away = True
    asked: list[float] = []

    def connect() -> FakeCallStore:
        asked.append(office.clock.monotonic())
        return office.connect()

    office.stop.after(100, office.stop.set)
    office.gateway(connect).run(office._ready)
    gaps = [b - a for a, b in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] == pytest.approx(0.5, abs=0.1)
    assert 14 < gaps[-1] < 17
    assert office.ready == 0


def test_a_call_is_followed_while_the_database_is_away(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.WRONG_PERSON)))
    office.stop.after(8, office.away(True))
    office.stop.after(60, office.away(False))
    office.run(100)
    known = office.store.of(call)
    assert known.state is CallState.ENDED
    assert known.ended_at is not None
    assert known.ended_at < office.clock.now() - timedelta(seconds=60)
    assert office.connected == 2
    assert office.ready == 1


def test_a_password_that_is_refused_is_not_tried_again(office: Office) -> None:
    def connect() -> FakeCallStore:
        raise SignInRefusedError("The password was not accepted.")

    with pytest.raises(SignInRefusedError):
        office.gateway(connect).run(office._ready)


def test_stopping_ends_the_practice_lines_calls(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.ANSWERS)))
    office.run(10)
    ending = office.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.COMPLETED_BY_US
    assert not any(leg.active for leg in office.net.line.legs())


def test_stopping_without_the_database_still_stops(office: Office) -> None:
    office.store.ask(call_request(to=number_of(PersonaKind.ANSWERS)))
    office.stop.after(6, office.away(True))
    office.run(10)
    legs = office.net.line.legs()
    assert len(legs) == 2
    assert not any(leg.active for leg in legs)


def test_stopping_leaves_a_real_lines_calls_alone(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.ANSWERS)))
    gateway = Gateway(office.connect, office.net.backend, office.stop, office.clock)
    gateway._practice = False  # as if the calls were real
    office.stop.after(10, office.stop.set)
    gateway.run(office._ready)
    assert office.store.of(call).state is CallState.LIVE
    assert [leg.status for leg in office.net.patient_calls(call.call_id)] == ["in-progress"]


# ------------------------------------------------------------------ without a line


def local(vault: MemorySecretStore, name: str = "default") -> Chosen:
    return Accounts(Credentials(None), vault, name).local()


def test_missing_credentials_are_said_and_nobody_is_called(office: Office) -> None:
    with lines.carrier(local(MemorySecretStore())) as backend:
        assert isinstance(backend, NoLine)
        call = office.store.ask(call_request())
        office.stop.after(6, office.stop.set)
        Gateway(office.connect, backend, office.stop, office.clock).run(office._ready)
    beat = office.store.beats[0]
    assert (beat.state, beat.is_practice_line) == ("down", False)
    assert "No phone account is set up yet" in beat.sentence
    ending = office.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.NEVER_PLACED
    assert ending.sentence == beat.sentence


def test_without_a_line_open_calls_are_not_judged() -> None:
    line = NoLine("No line.")
    request = call_request()
    assert isinstance(line.snapshot(request, "CA1"), Unreachable)
    assert isinstance(line.locate(request, request.requested_at, ()), CannotTell)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("nonsense", "incomplete"),
        ("{}", "incomplete"),
        (
            json.dumps({"account_sid": "AC" + "feed" * 8, "key_sid": "SKx", "key_secret": "x"}),
            "practice line",
        ),
    ],
)
def test_unusable_credentials_are_said(kept: str, words: str) -> None:
    secrets = MemorySecretStore()
    secrets.set(secret_key("default"), kept)
    with lines.carrier(local(secrets)) as line:
        (finding,) = lines.backend_of(line).preflight()
        assert finding.blocks
        assert words in finding.sentence


def test_usable_credentials_make_a_real_line() -> None:
    secrets = MemorySecretStore()
    values = {"account_sid": "AC" + "1" * 32, "key_sid": "SK" + "2" * 32, "key_secret": "s"}
    secrets.set(secret_key("clinic"), json.dumps(values))
    with lines.carrier(local(secrets, "clinic")) as backend:
        assert not isinstance(backend, NoLine)
        assert not backend.is_practice


def test_a_practice_line_of_the_demos_people(tmp_path: Path) -> None:
    file = tmp_path / "personas.json"
    file.write_text("{}", encoding="utf-8")
    with lines.practice_line(file, SystemClock(), LineSettings()) as (line, server):
        assert line.is_practice
        assert lines.backend_of(line).preflight() == ()
        assert server.base.startswith("http://127.0.0.1:")


# ------------------------------------------------------------------ with the set-up


def test_the_check_stops_the_line_and_the_board_says_why(office: Office) -> None:
    account = office.net.backend._line

    def find(words: str) -> None:
        account.problem = words

    early: list[str] = []
    office.stop.after(1, lambda: find("The number is not verified."))
    office.stop.after(3, lambda: early.extend(beat.state for beat in office.store.beats))
    office.stop.after(12, lambda: find(""))
    office.stop.after(30, office.stop.set)
    gateway = Gateway(
        office.connect,
        office.net.backend,
        office.stop,
        office.clock,
        round_=Round(problem=lambda: account.problem),
    )
    gateway.run(office._ready)
    said = [beat.sentence for beat in office.store.beats]
    assert "The number is not verified." in said
    assert "The number is not verified." not in said[-1]
    assert office.store.beats[-1].state == "ok"
    assert early == ["ok", "down"]  # at once, not with the next beat


def test_another_account_waits_for_the_last_call_and_lets_coordinators_go(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.ANSWERS)))
    leaves: list[bool] = []
    office.stop.after(5, lambda: leaves.append(True))
    gateway = Gateway(
        office.connect,
        office.net.backend,
        office.stop,
        office.clock,
        round_=Round(leaves=lambda: bool(leaves)),
    )
    gateway.run(office._ready)
    ending = office.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.COMPLETED_BY_PATIENT
    assert not [leg for leg in office.net.line.legs() if leg.active]


def test_calls_that_nobody_can_follow_do_not_hold_another_account_up(office: Office) -> None:
    call = office.store.ask(call_request(to=number_of(PersonaKind.ANSWERS)))
    leaves: list[bool] = []
    office.stop.after(5, lambda: leaves.append(True))
    gateway = Gateway(
        office.connect,
        NoLine("No line."),
        office.stop,
        office.clock,
        round_=Round(leaves=lambda: bool(leaves), at_once=lambda: True),
    )
    leg = office.store.shifts[call.session_id]
    office.store.shifts[call.session_id] = replace(leg, state=PhoneState.UP, confirmed=True)
    assert office.store.take_requests(1)  # by the gateway before, which died
    gateway.run(office._ready)
    assert office.store.of(call).ending is None, "the next account's round looks it up"


def test_rounds_end_for_good_or_begin_anew() -> None:
    rounds = Rounds()
    rounds.when_idle()
    assert rounds.leaves()
    rounds.stop.set()
    assert rounds.another()
    assert not rounds.stop.is_set()
    assert not rounds.leaves()
    rounds.end()
    assert rounds.stop.is_set()
    assert not rounds.another()
    assert rounds.stop.is_set()


def test_the_account_is_asked_for_until_the_database_is_there() -> None:
    facts = FakeLineStore()

    class Store(FakeLineStore):
        def close(self) -> None:
            facts.asked_at[UUID(int=1)] = 1.0

    tries: list[object] = []

    def connect() -> Store:
        tries.append(None)
        if len(tries) < 3:
            raise NotConnectedError("away")
        return Store()

    stop = ClockedStop(VirtualClock())
    accounts = Accounts(Credentials(None), MemorySecretStore(""))
    chosen = lines.choose(accounts, connect, stop)
    assert chosen is not None
    assert (chosen.source, len(tries)) == ("none", 3)
    assert facts.asked_at, "the session is closed again"
    stop.set()
    assert lines.choose(accounts, connect, stop) is None
