"""The gateway's chores: each has its turns, and none ends another or the calls."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from coordinator_app.errors import NotConnectedError, RefusedError, SignInRefusedError
from coordinator_app.gateway.side_work import SideWork
from tests.helpers.virtual_clock import VirtualClock


class FakeSession:
    """Its wait takes virtual time, until the end of the test."""

    def __init__(self, clock: VirtualClock, stop: Event, end: float) -> None:
        self.clock = clock
        self.stop = stop
        self.end = end
        self.hints: list[float] = []
        self.closed = 0
        self.longest = 0.0

    def wait(self, seconds: float) -> bool:
        self.longest = max(self.longest, seconds)
        self.clock.advance(seconds)
        if self.clock.monotonic() >= self.end:
            self.stop.set()
        if self.hints and self.hints[0] <= self.clock.monotonic():
            self.hints.pop(0)
            return True
        return False

    def close(self) -> None:
        self.closed += 1


class Timed:
    """A chore that notes when it had its turns."""

    def __init__(
        self, clock: VirtualClock, every: float, act: Callable[[], object] = lambda: None
    ) -> None:
        self.clock = clock
        self.every = every
        self.act = act
        self.turns: list[float] = []

    def turn(self, store: FakeSession) -> float:
        assert not store.closed
        self.turns.append(round(self.clock.monotonic(), 3))
        self.act()
        return self.every


class ClockedStop(Event):
    """Waiting for the stop takes virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.advance(timeout or 0)
        return self.is_set()


class Bench:
    def __init__(self, end: float) -> None:
        self.clock = VirtualClock()
        self.stop = ClockedStop(self.clock)
        self.sessions: list[FakeSession] = []
        self.end = end
        self.hints: list[float] = []

    def connect(self) -> FakeSession:
        session = FakeSession(self.clock, self.stop, self.end)
        session.hints = self.hints
        self.sessions.append(session)
        return session

    def run(self, *chores: Timed) -> None:
        SideWork(self.connect, chores, self.stop, self.clock).run()


def starts(chore: Timed) -> list[float]:
    return [turn - chore.turns[0] for turn in chore.turns]


def _raise(error: Exception) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


def _lost_at(bench: Bench, second: float) -> None:
    if bench.clock.monotonic() == second:
        raise NotConnectedError("The practice database cannot be reached.")


def test_each_has_its_own_rhythm_and_a_stop_is_noticed_soon() -> None:
    bench = Bench(end=10)
    quick, slow = Timed(bench.clock, 2), Timed(bench.clock, 5)
    bench.run(quick, slow)
    assert starts(quick) == [0, 2, 4, 6, 8]
    assert starts(slow) == [0, 5]
    (session,) = bench.sessions
    assert session.longest <= 0.5
    assert session.closed == 1


def test_a_hint_gives_everybody_a_turn_at_once() -> None:
    bench = Bench(end=10)
    bench.hints.append(3)
    chore = Timed(bench.clock, 300)
    bench.run(chore)
    assert starts(chore) == [0, 3]


@pytest.mark.expected_logs
@pytest.mark.parametrize("error", [RefusedError("No.", name="no"), ZeroDivisionError("ours")])
def test_what_fails_is_left_alone_for_a_while_and_the_others_go_on(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(end=40)
    bad, good = Timed(bench.clock, 1, _raise(error)), Timed(bench.clock, 10)
    bench.run(bad, good)
    assert starts(bad) == [0, 30]
    assert starts(good) == [0, 10, 20, 30]
    assert all("Timed" in record.message for record in caplog.records)
    assert len(caplog.records) == 2


def test_a_lost_database_is_connected_again() -> None:
    bench = Bench(end=10)
    chore = Timed(bench.clock, 4, lambda: _lost_at(bench, 0))
    bench.run(chore)
    assert starts(chore) == [0, 5, 9]
    assert [session.closed for session in bench.sessions] == [1, 1]


def test_a_login_that_is_refused_is_not_tried_again() -> None:
    def connect() -> FakeSession:
        raise SignInRefusedError("The password was not accepted.")

    with pytest.raises(SignInRefusedError):
        SideWork(connect, (), Event(), VirtualClock()).run()
