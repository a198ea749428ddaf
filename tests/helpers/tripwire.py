"""A world in which the nth thing that crosses the engine's border goes wrong, and only that.

The border is every question to the database and every request to the carrier. What can go wrong
at a crossing: the engine's process dies before or after it (nothing of its memory is left), or
the answer is lost before or after the effect, says 500, or cannot be read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import requests
from twilio.http.response import Response

from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.domain.call import CallCommand, CallEnd, CallRequest, CallState
from coordinator_app.errors import NotConnectedError
from tests.helpers.call_store import FakeCallStore
from tests.helpers.phone_world import PhoneWorld

DEATHS = ("killed before", "killed after")
LOSSES = ("lost before", "lost after")
CARRIER_ONLY = ("500 before", "500 after", "garbled after")
#: With a fast poll the same crossing comes again and again; this way each run is short and
#: every kind of crossing is still in it.
UNHURRIED = replace(
    PRACTICE, poll_ringing=1.0, poll_live=1.0, locate_every=5.0, agent_poll=30.0, lost_margin=5.0
)
#: What the carrier may have said of a call that ended like this.
CARRIERS_WORD = {
    CallEnd.COMPLETED_BY_PATIENT: {"completed"},
    CallEnd.COMPLETED_BY_US: {"completed"},
    CallEnd.TIME_LIMIT: {"completed"},
    CallEnd.AGENT_LEG_LOST: {"completed", "canceled"},  # we ended it, talking or ringing
    CallEnd.NO_ANSWER: {"no-answer"},
    CallEnd.BUSY: {"busy"},
    CallEnd.CANCELED: {"canceled"},
    CallEnd.BAD_NUMBER: {"failed"},
}
_STORE = ("take_requests", "take_commands", "legs", "record", "record_legs", "open_calls")


class Killed(BaseException):
    """kill -9: nothing of ours runs after it."""


class Wire:
    """Counts the crossings; at the ``at``-th it does what ``how`` says."""

    def __init__(self, at: int = 0, how: str = "") -> None:
        self.at = at
        self.how = how
        self.crossed: list[str] = []

    def around(self, name: str, act: Callable[[], Any], lost: Callable[[str], Any]) -> Any:
        self.crossed.append(name)
        if len(self.crossed) != self.at:
            return act()
        if self.how == "killed before":
            raise Killed
        if self.how.endswith("before"):
            return lost(self.how)
        if self.how == "killed after":
            with contextlib.suppress(Exception):  # whatever came back, nobody is left to see it
                act()
            raise Killed
        act()
        return lost(self.how)


def _lost_by_the_database(_: str) -> Any:
    raise NotConnectedError("The practice database cannot be reached.")


def _lost_by_the_carrier(how: str) -> Any:
    if how.startswith("lost"):
        raise requests.exceptions.ReadTimeout
    if how.startswith("500"):
        return Response(500, '{"code": 20500, "message": "no", "status": 500}', {})
    return Response(200, "<html>", {})


class WiredStore(FakeCallStore):
    """Every question crosses the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _STORE:
            return found
        wire: Wire = super().__getattribute__("_wire")
        return lambda *values: wire.around(
            f"database {name}", lambda: found(*values), _lost_by_the_database
        )


class WiredWorld(PhoneWorld):
    """One coordinator, one patient; the coordinator hangs up once they talked."""

    def __init__(self, wire: Wire, lost_dial: FaultKind | None = None) -> None:
        super().__init__(UNHURRIED, LineSettings(ring=(1.0, 1.2)))
        self.wire = wire
        self.deaths = 0
        self._hung_up = False
        self.store = WiredStore(wire)
        send = self.net.http.request

        def request(method: str, url: str, *rest: Any, **more: Any) -> Any:
            name = f"{method} {url.partition('/Accounts/')[2].partition('/')[2] or url}"
            return wire.around(name, lambda: send(method, url, *rest, **more), _lost_by_the_carrier)

        self.net.http.request = request  # type: ignore[method-assign]
        if lost_dial is not None:  # the coordinator's and the patient's
            self.net.faults.add(Fault(lost_dial, "POST", "Participants", times=2))

    def turn(self) -> None:
        """One turn of the gateway; it is started again when it dies."""
        try:
            self._turn()
        except Killed:
            self.deaths += 1
            self.clock.advance(0.5)
            self.start()

    def _turn(self) -> None:
        try:
            rest = self.engine.step(self.store)
        except NotConnectedError:
            self.engine.adopt(self.store)  # what the gateway does when it is connected again
            rest = 0.5
        self.clock.advance(min(1.0, max(0.05, rest)))

    def play(self, kind: PersonaKind) -> CallRequest:
        """A call from Dial to its end and a while longer."""
        call = self.ask(kind)
        until = self.clock.monotonic() + 400
        while self.store.of(call).state is not CallState.ENDED:
            assert self.clock.monotonic() < until, "the call never ended"
            if self.store.of(call).state is CallState.LIVE and not self._hung_up:
                self._hung_up = True
                self.store.command(call, CallCommand.HANG_UP)
            self.turn()
        for _ in range(3):
            self.turn()
        return call

    def account(self, call: CallRequest) -> CallEnd:
        """Whatever happened: never two calls, and the end is the carrier's own."""
        ending = self.store.of(call).ending
        assert ending is not None
        legs = [leg for leg in self.net.line.legs() if leg.to == call.to]
        assert len(legs) <= 1, "the patient was called twice"
        if not legs:
            assert ending.end is CallEnd.NEVER_PLACED
            return ending.end
        assert not legs[0].active, "a call was forgotten"
        assert legs[0].status in CARRIERS_WORD[ending.end]
        agents = [leg for leg in self.net.line.legs() if (leg.label or "").startswith("agent-")]
        assert any(_there(agent, legs[0].created_at) for agent in agents), "nobody was there"
        return ending.end


def _there(agent: Leg, at: datetime) -> bool:
    up = agent.start_time is not None and agent.start_time <= at
    return up and (agent.end_time is None or agent.end_time >= at)


def crossings(kind: PersonaKind, lost_dial: FaultKind | None = None) -> list[str]:
    """What crosses the border in an undisturbed run."""
    wire = Wire()
    world = WiredWorld(wire, lost_dial)
    world.account(world.play(kind))
    return wire.crossed


def disturbances(name: str) -> tuple[str, ...]:
    """All that can go wrong at this crossing."""
    if name.startswith("database"):
        return DEATHS + LOSSES
    return DEATHS + LOSSES + CARRIER_ONLY
