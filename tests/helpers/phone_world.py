"""A practice line, a database and a gateway's engine, together in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable

from coordinator_app.calls.engine import CallEngine
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.reducer import Known
from coordinator_app.calls.settings import PRACTICE, EngineSettings
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from coordinator_app.errors import NotConnectedError
from tests.helpers.call_store import FakeCallStore, call_request
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

_SMALLEST = 0.05
_LONGEST = 0.5  # as the gateway, which has to notice a stop


class PhoneWorld:
    """``engine`` may be killed and started anew; line and database live on."""

    def __init__(
        self, settings: EngineSettings = PRACTICE, line: LineSettings | None = None
    ) -> None:
        self.clock = VirtualClock()
        self.net = DirectLine(self.clock, PEOPLE, line)
        self.store = FakeCallStore()
        self.settings = settings
        self.engine = self.start()

    def start(self) -> CallEngine:
        """A gateway that remembers nothing."""
        self.engine = CallEngine(
            self.net.another_backend(), self.clock, self.settings, random.Random(1)
        )
        self.engine.adopt(self.store)
        return self.engine

    def ask(self, kind: PersonaKind, **changes: object) -> CallRequest:
        """A coordinator presses Dial."""
        changes.setdefault("to", number_of(kind))
        changes.setdefault("requested_at", self.clock.now())
        return self.store.ask(call_request(**changes))

    def step(self) -> None:
        """One turn of the loop, as the gateway does it."""
        try:
            rest = self.engine.step(self.store)
        except NotConnectedError:
            rest = _SMALLEST
        self.clock.advance(min(_LONGEST, max(_SMALLEST, rest)))

    def until(self, condition: Callable[[], bool], within: float = 200.0) -> None:
        """Turn until it is so; fails when it never is."""
        end = self.clock.monotonic() + within
        while not condition():
            assert self.clock.monotonic() < end, "it never became so"
            self.step()

    def until_state(self, request: CallRequest, state: CallState) -> Known:
        self.until(lambda: self.store.of(request).state is state)
        return self.store.of(request)

    def until_ended(self, request: CallRequest, within: float = 400.0) -> CallEnd:
        self.until(lambda: self.store.of(request).state is CallState.ENDED, within)
        ending = self.store.of(request).ending
        assert ending is not None
        return ending.end

    def run(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.step()

    def carrier_status(self, request: CallRequest) -> list[str]:
        """The final statuses of all calls the carrier had to this number, newest first."""
        return [leg.status for leg in self.net.line.legs() if leg.to == request.to]
