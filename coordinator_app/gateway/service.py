"""The gateway's loop: keeps the database and the line together until it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from coordinator_app.calls.backend import VoipBackend
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.engine import CallEngine
from coordinator_app.calls.settings import PRACTICE, EngineSettings
from coordinator_app.errors import NotConnectedError, UserFacingError
from coordinator_app.ports import CallStore

_log = logging.getLogger(__name__)


class GatewayStore(CallStore, Protocol):
    """A ``CallStore`` on a connection of its own."""

    def close(self) -> None:
        """Close the connection. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often. Seconds."""

    beat: float = 5.0
    longest_wait: float = 0.5  # a stop is noticed this soon
    first_retry: float = 0.5  # of a lost database
    longest_retry: float = 15.0
    goodbye: float = 3.0  # for the practice line's calls to end


def _never() -> bool:
    return False


def _nothing() -> str:
    return ""


def _silent() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Round:
    """What the gateway's other work has to do with its loop; asked at every turn.

    ``leaves``: whether the loop is to end as soon as no call is open (another account waits);
    ``at_once``: not to wait for open calls: on this line nobody can follow them;
    ``problem``: why nobody may call ("" when everybody may); ``alive``: told after every turn.
    """

    leaves: Callable[[], bool] = _never
    at_once: Callable[[], bool] = _never
    problem: Callable[[], str] = _nothing
    alive: Callable[[], None] = _silent


class Gateway:
    """One engine, one line, and whichever database connection there is."""

    def __init__(
        self,
        connect: Callable[[], GatewayStore],
        backend: VoipBackend,
        stop: Event,
        clock: LineClock,
        *,
        settings: EngineSettings | None = None,
        rhythm: Rhythm | None = None,
        pool: Executor | None = None,
        round_: Round | None = None,
    ) -> None:
        """``stop``: set from anywhere to end ``run``; ``pool``: see ``CallEngine``; ``round_``:
        what others want of this one."""
        self._connect = connect
        self._practice = backend.is_practice
        self._stop = stop
        self._clock = clock
        self._rhythm = rhythm or Rhythm()
        self._round = round_ or Round()
        self._problem = ""
        default = PRACTICE if self._practice else EngineSettings()
        self._engine = CallEngine(backend, clock, settings or default, pool=pool)
        self._store: GatewayStore | None = None
        self._retry_at = clock.monotonic()
        self._retry_after = self._rhythm.first_retry
        self._beat_at = clock.monotonic()
        self._told = ""  # the state of the line in the last beat

    def run(self, ready: Callable[[], None]) -> None:
        """Work until ``stop``. ``ready`` is called once: the database is reached and knows.

        Raises what the database says that no retry can mend (SignInRefusedError,
        InsecureConnectionError). A database that is away is waited for.
        """
        told = False
        try:
            while not self._stop.is_set():
                rest = self._turn()
                if self._store is not None and not told:
                    told = True
                    ready()
                self._wait(rest)
            self._goodbye()
        finally:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _turn(self) -> float:
        """Everything that is due; returns the seconds until something is."""
        if self._store is None:
            self._reconnect()
        try:
            self._heed_the_check()
            rest = self._engine.step(self._store)
            if self._store is not None:
                self._beat(self._store)
                self._leave_if_wanted()
            self._round.alive()
        except NotConnectedError:
            self._lost()
            return 0.0
        return rest

    def _leave_if_wanted(self) -> None:
        if not self._round.leaves():
            return
        if not self._engine.open_calls():
            self._engine.end_all()  # only coordinators' own legs
            self._stop.set()
        elif self._round.at_once():
            self._stop.set()

    def _heed_the_check(self) -> None:
        """Stop the line as soon as its check finds why; the line's own probe sees it mended."""
        problem = self._round.problem()
        if problem and problem != self._problem:
            self._engine.block(problem)
        self._problem = problem

    def _beat(self, store: GatewayStore) -> None:
        now, health = self._clock.monotonic(), self._engine.health()
        if now >= self._beat_at or health.state != self._told:  # nobody waits to hear of a change
            self._beat_at = now + self._rhythm.beat
            store.beat(health)
            self._told = health.state

    def _reconnect(self) -> None:
        if self._clock.monotonic() < self._retry_at:
            return
        store: GatewayStore | None = None
        try:
            store = self._connect()
            # Calls taken just before the link broke are found here, and looked up.
            self._engine.adopt(store)
        except NotConnectedError:
            if store is not None:
                store.close()
            _log.warning("database not reached; next try in %.1f s", self._retry_after)
            self._retry_at = self._clock.monotonic() + self._retry_after
            self._retry_after = min(2 * self._retry_after, self._rhythm.longest_retry)
            return
        except UserFacingError:
            if store is not None:
                store.close()
            raise
        self._store = store
        self._retry_after = self._rhythm.first_retry
        self._beat_at = self._clock.monotonic()
        _log.info("database reached; %d calls open", self._engine.open_calls())

    def _lost(self) -> None:
        _log.warning("database lost; %d calls are followed", self._engine.open_calls())
        if self._store is not None:
            self._store.close()
        self._store = None
        self._retry_at = self._clock.monotonic() + self._rhythm.first_retry

    def _wait(self, rest: float) -> None:
        rest = min(rest, self._rhythm.longest_wait, max(0.0, self._beat_at - self._now()))
        if self._store is None:
            away = max(0.0, self._retry_at - self._now())
            self._stop.wait(min(rest, away) if rest else min(away, self._rhythm.first_retry))
        elif rest > 0:
            try:
                self._store.wait(rest)
            except NotConnectedError:
                self._lost()

    def _now(self) -> float:
        return self._clock.monotonic()

    def _goodbye(self) -> None:
        """End what dies with us; a real line's calls go on and are taken up next time."""
        until = self._now() + self._rhythm.goodbye
        try:
            if self._practice:
                self._engine.end_all()
                while not self._engine.at_rest() and self._now() < until:
                    rest = self._engine.step(None)
                    if self._store is not None:
                        self._store.wait(max(0.01, min(rest, 0.1)))
                    else:
                        break
            if self._store is not None:
                self._engine.settle(self._store)
        except NotConnectedError:
            _log.warning("stopped without the database; the next start looks the calls up")
