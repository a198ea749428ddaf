"""Many calls by many coordinators while everything goes wrong, in virtual time.

Coordinators dial one patient after another, pick up their own phone (some never press "I hear
you"), hold, mute, and hang up or let the patient do it. Meanwhile requests to the carrier are
lost, refused, spoilt and slow to be seen, the database goes away and loses replies, coordinators'
legs drop, and the gateway dies at random crossings of its border and is started again. Every
call is followed to its end; what the carrier has of it is compared at that moment, because the
carrier forgets.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import Persona, PersonaKind
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.domain.call import CallCommand, CallEnd, CallRequest, CallState, PhoneState
from coordinator_app.errors import NotConnectedError
from tests.helpers.call_store import call_request
from tests.helpers.people import PEOPLE
from tests.helpers.phone_world import PhoneWorld
from tests.helpers.tripwire import CARRIERS_WORD, Killed

_SETTINGS = replace(
    EngineSettings(),
    calls_per_second=None,
    poll_ringing=1.5,
    poll_live=4.0,
    locate_every=4.0,
    agent_poll=15.0,
)
_STEP = 0.5
_LONGEST = 900.0  # seconds that a call may take before it counts as lost
_KINDS = (
    *(PersonaKind.WRONG_PERSON,) * 4,
    *(PersonaKind.ANSWERS,) * 2,
    *(PersonaKind.NO_ANSWER,) * 2,
    PersonaKind.BUSY,
    PersonaKind.DISCONNECTED,
    PersonaKind.VOICEMAIL,
)


@dataclass
class Accounts:
    """What became of the calls."""

    ends: Counter[CallEnd] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)  # what must not be
    virtual_s: float = 0.0

    @property
    def calls(self) -> int:
        return sum(self.ends.values())


@dataclass
class _Coordinator:
    session: UUID
    call: CallRequest | None = None
    asked_at: float = 0.0
    rests_until: float = 0.0
    presses_at: float | None = None
    hangs_up_at: float | None = None


class Soak(PhoneWorld):
    """``run_all`` plays it; the same seed plays the same."""

    def __init__(
        self, calls: int, coordinators: int = 20, seed: int = 1, *, calm: bool = False
    ) -> None:
        """``calm``: nothing goes wrong; what a benchmark compares with."""
        super().__init__(_SETTINGS, LineSettings(ring=(1.0, 8.0), seed=seed))
        self.chance = random.Random(seed)
        self.store.presses = False
        self.accounts = Accounts()
        self._left = calls
        self._calm = calm
        self._number = 0
        self._people = [_Coordinator(self._uuid()) for _ in range(coordinators)]
        self._dialled: Counter[str] = Counter()
        self._dies_in: int | None = None  # crossings until the gateway dies
        self._dead_until: float | None = None
        self._back_at: float | None = None  # the database
        self._restarted = False
        self._met: dict[str, Persona] = {}
        self.net.line._personas = self._met
        self._watch_the_border()

    def _uuid(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128))

    # -------------------------------------------------------------- playing

    def run_all(self) -> Accounts:
        while self._left or any(person.call for person in self._people):
            for person in self._people:
                self._work(person)
            if self._left and not self._calm:
                self._mischief()
            self._turn()
            self.clock.advance(_STEP)
        self.accounts.virtual_s = self.clock.monotonic()
        twice = [label for label, times in self._dialled.items() if times > 1]
        self.accounts.wrong += [f"{label} was placed twice" for label in twice]
        if self.engine.open_calls():
            self.accounts.wrong.append("the engine follows calls that are over")
        return self.accounts

    def _turn(self) -> None:
        now = self.clock.monotonic()
        if self._dead_until is not None:
            if now < self._dead_until:
                return
            self._dead_until = None
        try:
            if self._back_at is None or now >= self._back_at:
                if self._back_at is not None or self._restarted:
                    self._back_at, self.store.away = None, False
                    self._restart_or_adopt()
                self.engine.step(self.store)
            else:
                self.engine.step(None)
        except NotConnectedError:
            self._back_at = max(self._back_at or 0.0, now + _STEP)
        except Killed:
            self.accounts.faults["gateway killed"] += 1
            self._dies_in = None
            self._restarted = True
            self._dead_until = now + self.chance.uniform(0.5, 6)

    def _restart_or_adopt(self) -> None:
        if self._restarted:
            self._restarted = False
            self.start()
        else:
            self.engine.adopt(self.store)

    # -------------------------------------------------------------- people

    def _work(self, person: _Coordinator) -> None:
        now = self.clock.monotonic()
        self._answer_phone(person, now)
        call = person.call
        if call is None:
            if self._left and now >= person.rests_until:
                self._dial(person, now)
            return
        known = self.store.of(call)
        if known.state is CallState.ENDED:
            self._account(call)
            person.call = person.hangs_up_at = None
            person.rests_until = now + self.chance.uniform(0, 4)
        elif now - person.asked_at > _LONGEST:
            self.accounts.wrong.append(f"a call is still {known.state} after {_LONGEST:.0f} s")
            person.call = None
        elif known.state is CallState.LIVE:
            self._talk(person, call, now)
        elif self.chance.random() < 0.004:
            self.store.command(call, CallCommand.HANG_UP)

    def _answer_phone(self, person: _Coordinator, now: float) -> None:
        leg = self.store.shifts.get(person.session)
        if leg is None or leg.state is not PhoneState.UP or leg.confirmed or not leg.wanted:
            person.presses_at = None
        elif person.presses_at is None:
            away = self.chance.random() < 0.05  # it went to their voicemail
            person.presses_at = now + (300 if away else self.chance.uniform(0.5, 4))
        elif now >= person.presses_at:
            self.store.hear_me(person.session)

    def _dial(self, person: _Coordinator, now: float) -> None:
        self._left -= 1
        self._number += 1
        number = f"+1{502_560_0000 + self._number % 9_000_000:010d}"
        kind = self.chance.choice(_KINDS)
        self._met[number] = _persona(kind)
        person.asked_at = now
        person.call = self.store.ask(
            call_request(
                call_id=self._uuid(),
                session_id=person.session,
                to=number,
                requested_at=self.clock.now(),
                time_limit_s=self.chance.choice((30, 120)),
            )
        )

    def _talk(self, person: _Coordinator, call: CallRequest, now: float) -> None:
        if person.hangs_up_at is None:
            person.hangs_up_at = now + self.chance.uniform(2, 25)
        elif now >= person.hangs_up_at:
            self.store.command(call, CallCommand.HANG_UP)
            person.hangs_up_at = now + 60
        elif self.chance.random() < 0.02:
            self.store.command(call, self.chance.choice((CallCommand.HOLD, CallCommand.UNHOLD)))

    # -------------------------------------------------------------- mischief

    def _mischief(self) -> None:
        chance, now = self.chance, self.clock.monotonic()
        if chance.random() < 0.25:
            kind = chance.choice([k for k in FaultKind if k is not FaultKind.NOT_FOUND])
            times = chance.choice((1, 1, 1, 4))
            self.net.faults.add(Fault(kind, chance.choice(("GET", "POST", "DELETE")), times=times))
            self.accounts.faults[kind.value] += times
        if chance.random() < 0.01 and self._back_at is None:
            self.store.away = True
            self._back_at = now + chance.uniform(1, 20)
            self.accounts.faults["database away"] += 1
        if chance.random() < 0.02:
            self.store.lose_next = chance.choice(("take_requests", "record", "record_legs"))
            self.accounts.faults["database's reply lost"] += 1
        if chance.random() < 0.008 and self._dies_in is None:
            self._dies_in = chance.randint(1, 120)
        if chance.random() < 0.03:
            person = chance.choice(self._people)
            self.net.line.drop(f"agent-{person.session}")
            self.accounts.faults["coordinator's leg dropped"] += 1

    def _watch_the_border(self) -> None:
        send, dial = self.net.http.request, self.net.line.dial

        def crossing(act: Callable[[], Any]) -> Any:
            if self._dies_in is None:
                return act()
            self._dies_in -= 1
            if self._dies_in == 0 and self.chance.random() < 0.5:
                raise Killed
            answer = act()
            if self._dies_in <= 0:
                raise Killed
            return answer

        def request(*values: Any, **named: Any) -> Any:
            return crossing(lambda: send(*values, **named))

        def dialled(to: str, from_: str, **named: Any) -> Leg:
            label = named.get("label") or ""
            if label.startswith("att-"):
                self._dialled[label] += 1
                self._must_be_there(UUID(label.removeprefix("att-")))
            return dial(to, from_, **named)

        self.net.http.request = request  # type: ignore[method-assign]
        self.net.line.dial = dialled  # type: ignore[method-assign]
        store = self.store
        for name in ("take_requests", "take_commands", "legs", "record", "record_legs"):
            setattr(store, name, _crossed(getattr(store, name), crossing))

    def _must_be_there(self, call_id: UUID) -> None:
        """The patient is being dialled: the coordinator is on the line, and said so."""
        session = self.store.requests[call_id].session_id
        agent = self.net.line.by_label(f"agent-{session}")
        heard = self.store.shifts[session]
        if agent is None or agent.status != "in-progress":
            self.accounts.wrong.append(f"{call_id} was placed without the coordinator")
        elif not (heard.confirmed and heard.carrier_ref == agent.sid):
            self.accounts.wrong.append(f"{call_id} was placed without “I hear you”")

    # -------------------------------------------------------------- accounts

    def _account(self, call: CallRequest) -> None:
        ending = self.store.of(call).ending
        assert ending is not None
        self.accounts.ends[ending.end] += 1
        leg = self.net.line.by_label(f"att-{call.call_id}")
        may_be = CARRIERS_WORD.get(ending.end, set())
        if leg is None:
            if ending.end not in (CallEnd.NEVER_PLACED, CallEnd.CANCELED):
                self.accounts.wrong.append(f"{ending.end} of a call that the carrier never had")
        elif ending.end is CallEnd.NEVER_PLACED:
            self.accounts.wrong.append("never placed, says the engine; the carrier had it")
        elif leg.active:
            self.accounts.wrong.append("ended, says the engine; the carrier still has it")
        elif leg.status not in may_be:
            self.accounts.wrong.append(f"{ending.end} of a call that was {leg.status}")


def _crossed(ask: Callable[..., Any], crossing: Callable[[Callable[[], Any]], Any]) -> Any:
    return lambda *values: crossing(lambda: ask(*values))


def _persona(kind: PersonaKind) -> Persona:
    return replace(next(iter(PEOPLE.values())), kind=kind)
