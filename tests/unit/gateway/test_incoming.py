"""The chore that asks who calls the office: when it asks, what it tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import pytest

from coordinator_app.calls.backend import Unreachable
from coordinator_app.calls.incoming import Heard
from coordinator_app.domain.returns import IncomingCall, IncomingLine, IncomingWatched
from coordinator_app.gateway.incoming import Listener
from tests.helpers.virtual_clock import VirtualClock

OFFICE = "+15025550100"
CALL = IncomingCall("CA1", "+15025550111", "ringing", datetime(2026, 11, 24, 15, 0, tzinfo=UTC))


class Carrier:
    """A carrier that says what a test gives it."""

    def __init__(self, *, is_practice: bool = False) -> None:
        self.is_practice = is_practice
        self.owned: bool | Unreachable = True
        self.heard: Heard | Unreachable = Heard((CALL,), has_queue=True)
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.owns_asked = 0

    def owns(self, office_number: str) -> bool | Unreachable:
        self.owns_asked += 1
        return self.owned

    def hear(self, office_number: str, asked: Collection[str]) -> Heard | Unreachable:
        self.asked.append((office_number, tuple(asked)))
        return self.heard


class Store:
    """A database that remembers what it was told."""

    def __init__(self, office: str | None = OFFICE) -> None:
        self.office = office
        self.open: tuple[str, ...] = ()
        self.told: list[tuple[IncomingLine | None, tuple[IncomingCall, ...]]] = []

    def incoming(self, line: IncomingLine | None, calls: Sequence[IncomingCall]) -> IncomingWatched:
        self.told.append((line, tuple(calls)))
        return IncomingWatched(self.office, self.open)


def test_who_calls_is_told_and_asked_about_until_it_ends() -> None:
    carrier, store = Carrier(), Store()
    store.open = ("CA1",)
    chore = Listener(carrier, VirtualClock())
    assert chore.turn(store) == 4.0
    assert store.told == [(None, ()), (IncomingLine("listening", ""), (CALL,))]
    chore.turn(store)
    assert carrier.asked == [(OFFICE, ("CA1",))] * 2


def test_a_verified_number_is_not_listened_to_and_that_is_said() -> None:
    carrier, store, clock = Carrier(), Store(), VirtualClock()
    carrier.owned = False
    chore = Listener(carrier, clock)
    assert chore.turn(store) == 15.0
    chore.turn(store)
    assert carrier.asked == []
    assert carrier.owns_asked == 1  # not with every turn
    line = store.told[-1][0]
    assert line is not None
    assert line.state == "not_ours"
    assert "by hand" in line.sentence
    clock.advance(700)
    carrier.owned = True  # ported to the carrier meanwhile
    chore.turn(store)
    assert carrier.asked == [(OFFICE, ())]


def test_without_a_queue_missed_calls_are_seen_all_the_same() -> None:
    carrier, store = Carrier(), Store()
    carrier.heard = Heard((CALL,), has_queue=False)
    Listener(carrier, VirtualClock()).turn(store)
    line, calls = store.told[-1]
    assert line is not None
    assert (line.state, calls) == ("no_queue", (CALL,))


@pytest.mark.expected_logs
@pytest.mark.parametrize("who", ["owns", "hear"])
def test_a_carrier_that_is_away_is_asked_again_later(who: str) -> None:
    carrier, store = Carrier(), Store()
    away = Unreachable("status 503", retry_after_s=40.0)
    if who == "owns":
        carrier.owned = away
    else:
        carrier.heard = away
    assert Listener(carrier, VirtualClock()).turn(store) == 40.0
    line, calls = store.told[-1]
    assert line is not None
    assert (line.state, calls) == ("away", ())


def test_without_a_phone_account_what_waits_is_still_passed_on() -> None:
    store = Store()
    chore = Listener(None, VirtualClock())
    assert chore.turn(store) == 15.0
    assert chore.turn(store) == 15.0
    assert len(store.told) == 3


def test_a_practice_that_is_not_set_up_has_no_number() -> None:
    carrier, store = Carrier(), Store(office=None)
    assert Listener(carrier, VirtualClock()).turn(store) == 15.0
    assert carrier.asked == []


def test_the_practice_line_has_every_number() -> None:
    carrier, store = Carrier(is_practice=True), Store()
    carrier.owned = False
    Listener(carrier, VirtualClock()).turn(store)
    assert carrier.asked == [(OFFICE, ())]
