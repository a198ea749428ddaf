"""Questions to the carrier on real threads (telephony.md 4.4): one that hangs delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from coordinator_app.calls.backend import PlaceAnswer, SnapshotAnswer
from coordinator_app.calls.bucket import TokenBucket
from coordinator_app.calls.engine import CallEngine
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.call import CallCommand, CallEnd, CallRequest, CallState
from tests.helpers.phone_world import PhoneWorld

pytestmark = pytest.mark.expected_logs


class Sticky(TwilioBackend):
    """The carrier does not answer about one call until it is told to; counts who asks at once."""

    def __init__(self, line: TwilioLine) -> None:
        super().__init__(line)
        self.stuck: UUID | None = None
        self.release = threading.Event()
        self.waiting = threading.Event()
        self.overlaps: list[UUID] = []
        self._asking: set[UUID] = set()

    def place(self, request: CallRequest) -> PlaceAnswer:
        with self._alone(request):
            return super().place(request)

    def snapshot(self, request: CallRequest, ref: str) -> SnapshotAnswer:
        with self._alone(request):
            if request.call_id == self.stuck and not self.release.is_set():
                self.waiting.set()
                assert self.release.wait(30)
            return super().snapshot(request, ref)

    def _alone(self, request: CallRequest) -> _Alone:
        return _Alone(self._asking, self.overlaps, request.call_id)


class _Alone:
    def __init__(self, asking: set[UUID], overlaps: list[UUID], call_id: UUID) -> None:
        self._asking, self._overlaps, self._call_id = asking, overlaps, call_id

    def __enter__(self) -> None:
        if self._call_id in self._asking:
            self._overlaps.append(self._call_id)
        self._asking.add(self._call_id)

    def __exit__(self, *_: object) -> None:
        self._asking.discard(self._call_id)


class Threaded(PhoneWorld):
    """A world whose gateway asks the carrier on threads."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__()
        login = self.net.login
        credentials = Credentials(login.account_sid, login.key_sid, login.key_secret)
        self.backend = Sticky(TwilioLine(credentials, self.net.http))
        self.engine = CallEngine(self.backend, self.clock, PRACTICE, pool=pool)

    def until_so(self, condition: Callable[[], bool]) -> None:
        """Turn until it is so; the threads work in real time, the line in virtual time."""
        for _ in range(2_000):
            if condition():
                return
            self.engine.step(self.store)
            self.clock.advance(0.2)
        raise AssertionError("it never became so")


@pytest.fixture
def world() -> Iterator[Threaded]:
    with ThreadPoolExecutor(4) as pool:
        made = Threaded(pool)
        yield made
        made.backend.release.set()


def test_one_hanging_answer_delays_no_other_call(world: Threaded) -> None:
    stuck = world.ask(PersonaKind.ANSWERS)
    world.until_so(lambda: world.store.of(stuck).state is CallState.LIVE)
    world.backend.stuck = stuck.call_id
    world.until_so(world.backend.waiting.is_set)
    other = world.ask(PersonaKind.BUSY)
    world.until_so(lambda: world.store.of(other).state is CallState.ENDED)
    ending = world.store.of(other).ending
    assert ending is not None
    assert ending.end is CallEnd.BUSY
    assert not world.backend.release.is_set()
    assert world.store.of(stuck).state is CallState.LIVE


def test_what_is_asked_of_a_hanging_call_is_done_when_it_answers(world: Threaded) -> None:
    call = world.ask(PersonaKind.ANSWERS)
    world.until_so(lambda: world.store.of(call).state is CallState.LIVE)
    world.backend.stuck = call.call_id
    world.until_so(world.backend.waiting.is_set)
    world.store.command(call, CallCommand.HANG_UP)
    for _ in range(5):
        world.engine.step(world.store)
    assert world.net.patient_calls(call.call_id)[0].active
    world.backend.release.set()
    world.until_so(lambda: world.store.of(call).state is CallState.ENDED)
    ending = world.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.COMPLETED_BY_US


def test_steps_of_one_call_never_overlap(world: Threaded) -> None:
    calls = [world.ask(PersonaKind.WRONG_PERSON, to=f"+1502557{n:04d}") for n in range(12)]
    world.until_so(lambda: all(world.store.of(c).state is CallState.ENDED for c in calls))
    assert world.backend.overlaps == []
    assert world.net.line.placed == len(calls)


def test_a_defect_of_ours_ends_the_gateway(world: Threaded) -> None:
    """Never swallowed: the next start looks every call up."""

    def broken(request: CallRequest, ref: str) -> SnapshotAnswer:
        raise AttributeError(ref)

    call = world.ask(PersonaKind.ANSWERS)
    world.until_so(lambda: world.store.of(call).state is CallState.LIVE)
    world.backend.snapshot = broken  # type: ignore[method-assign]
    with pytest.raises(AttributeError):
        world.until_so(lambda: False)


def test_the_carriers_rate_is_kept_by_many_threads() -> None:
    bucket = TokenBucket(10.0, burst=3)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: bucket.take(5.0), range(200)))
    assert taken.count(True) == 3
