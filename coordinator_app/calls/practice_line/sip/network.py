"""The practice line's calls as SIP calls: the ``Network`` with real phones and sound."""

from __future__ import annotations

import heapq
import importlib.util
import itertools
import queue
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.practice_line.hearing import hearing
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.network import News, NewsKind
from coordinator_app.calls.practice_line.personas import Pickup, Plan
from coordinator_app.calls.practice_line.sip.devices import Devices
from coordinator_app.calls.practice_line.sip.plans import plan_json
from coordinator_app.calls.practice_line.sip.program import Program
from coordinator_app.errors import ConfigurationError

_STACK = "baresip"
_HOST = "127.0.0.1"
_OWN_PHONE = re.compile(r"(sip:[^@\s;?]+@127\.0\.0\.1(:\d+)?)(;transport=udp)?")
_NOT_FOUND = 404
# What Twilio makes of a SIP answer; everything else is "failed".
_STATUSES = {
    486: "busy",
    600: "busy",
    603: "busy",
    408: "no-answer",
    480: "no-answer",
    487: "no-answer",
}
_MOST_RESTARTS = 20
_KEPT_EVENTS = 500
NO_DEVICES = Devices()


def missing() -> str | None:
    """Why there can be no real sound, in words; None when there can."""
    if importlib.util.find_spec(_STACK) is None:
        return (
            "The practice line's sound needs the extra “sip”. Install it on Linux or macOS, in "
            'the clone\'s folder, with: .venv/bin/pip install -e ".[sip]"'
        )
    return None


def twilio_status(sip: int | None) -> str:
    """Twilio's status of a call that was not answered. ``sip``: its SIP answer."""
    return _STATUSES.get(sip or 0, "failed")


class Running(Protocol):
    """A program, as ``program.Program`` runs it."""

    port: int

    @property
    def alive(self) -> bool: ...
    @property
    def pid(self) -> int: ...
    def send(self, do: str, **facts: object) -> None: ...
    def close(self) -> None: ...


Hear = Callable[[dict[str, Any]], None]


class Start(Protocol):
    """Starts a program by its name, as ``program.Program`` does."""

    def __call__(self, name: str, hear: Hear, /, *arguments: str) -> Running: ...


@dataclass(slots=True)
class _Carried:
    """A call that was handed to the exchange."""

    to: str
    caller: str
    plan: Plan
    waits: bool = False


class SipNetwork:
    """See ``Network``. Two or three programs; what they say waits until the line asks."""

    carries = True

    def __init__(
        self, clock: LineClock, start: Start | None = None, devices: Devices = NO_DEVICES
    ) -> None:
        """``start``: a program by its name; without it the real ones. ``devices``: with a
        speaker, one of the practice's own people listens there.

        Raises ConfigurationError when there is no SIP stack, or it does not start.
        """
        why = missing() if start is None else None
        if why is not None:
            raise ConfigurationError(why, name="sip_missing")
        self._clock = clock
        self._start_program = start or Program
        self._devices = devices
        self._headset_of = ""  # the call that has this computer's devices
        self._events: queue.SimpleQueue[tuple[datetime, int, dict[str, Any]]] = queue.SimpleQueue()
        self._generation = 0  # of the programs
        self._news: list[tuple[datetime, int, News]] = []  # a heap: some are of the future
        self._order = itertools.count()
        self._carried: dict[str, _Carried] = {}
        self._hears: dict[str, frozenset[str]] = {}
        self._restarts = 0
        #: What the telephones said lately, for whoever wants to know more than the carrier does.
        self.told: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self._start()

    def close(self) -> None:
        """Hang up everywhere, end the programs."""
        for program in self._programs:
            program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -------------------------------------------------------------- Network

    def news(self) -> Sequence[News]:
        """See ``Network``."""
        while not self._events.empty():
            at, generation, event = self._events.get()
            if generation == self._generation:
                self._hear(at, event)
        now = self._clock.now()
        due = []
        while self._news and self._news[0][0] <= now:
            due.append(heapq.heappop(self._news)[2])
        return due

    def settle(self, legs: Sequence[Leg]) -> None:
        """See ``Network``."""
        for leg in legs:
            if leg.sent_at is not None and leg.sid not in self._carried:
                self._dial(leg)
            self._set_waiting(leg)
        for sid in self._carried.keys() - {leg.sid for leg in legs}:
            del self._carried[sid]
            self.exchange.send("hang_up", leg=sid)
            if sid == self._headset_of:
                self._headset_of = ""
        hears = hearing(legs)
        if hears != self._hears:
            self._hears = hears
            self.exchange.send("hear", who={ear: sorted(m) for ear, m in hears.items()})

    def press(self, leg: Leg, key: str) -> None:
        """See ``Network``."""
        self.exchange.send("press", leg=leg.sid, key=key)

    # -------------------------------------------------------------- inside

    def _start(self) -> None:
        self._generation += 1
        generation = self._generation

        def hear(event: dict[str, Any]) -> None:
            self.told.append(event)
            self._events.put((self._clock.now(), generation, event))

        self._programs: list[Running] = []
        try:
            self.phones = self._add("phones", hear)
            self.exchange = self._add("exchange", hear)
            if self._devices.speaker:
                self.headset = self._add("phones", hear, *self._devices.arguments())
        except ConfigurationError:
            self.close()
            raise

    def _add(self, name: str, hear: Hear, *arguments: str) -> Running:
        program = self._start_program(name, hear, *arguments)
        self._programs.append(program)
        return program

    def _dial(self, leg: Leg) -> None:
        self._carried[leg.sid] = _Carried(leg.to, leg.from_, leg.plan)
        if not self._up():
            self._say(self._clock.now(), leg.sid, NewsKind.ENDED)
        elif own := _OWN_PHONE.fullmatch(leg.to):
            self.exchange.send("dial", leg=leg.sid, to=own[1], **{"from": leg.from_})
        elif leg.plan.pickup is Pickup.FAILED:
            self._to_phones(leg.sid)  # nobody has this number: the phones will not know it
        else:
            plan = plan_json(leg.plan, leg.persona)
            if leg.persona is None and self._devices.speaker and not self._headset_of:
                self._headset_of = leg.sid
            self._at(leg.sid).send("expect", leg=leg.sid, user=_user(leg.to), plan=plan)

    def _at(self, sid: str) -> Running:
        return self.headset if sid == self._headset_of else self.phones

    def _to_phones(self, sid: str) -> None:
        call = self._carried[sid]
        to = f"sip:{_user(call.to)}@{_HOST}:{self._at(sid).port}"
        self.exchange.send("dial", leg=sid, to=to, **{"from": call.caller})

    def _set_waiting(self, leg: Leg) -> None:
        call = self._carried.get(leg.sid)
        if call is not None and call.waits is not leg.hold:
            call.waits = leg.hold
            self._at(leg.sid).send("wait", leg=leg.sid, on=leg.hold)

    def _up(self) -> bool:
        """The programs run; new ones for those that died, as the stack starts once a process."""
        if all(program.alive for program in self._programs):
            return True
        if self._restarts >= _MOST_RESTARTS:
            return False
        self._restarts += 1
        self.close()
        self._hears = {}
        self._headset_of = ""
        try:
            self._start()
        except (ConfigurationError, OSError):
            return False
        return True

    def _hear(self, at: datetime, event: dict[str, Any]) -> None:
        match event:
            case {"event": "expecting", "leg": sid} if sid in self._carried:
                self._to_phones(sid)
            case {"event": "ringing", "leg": sid}:
                self._say(at, sid, NewsKind.RINGS)
            case {"event": "answered", "leg": sid}:
                self._say(at, sid, NewsKind.ANSWERED)
            case {"event": "said", "leg": sid, "speaker": speaker, "text": text}:
                self._say(at, sid, NewsKind.SAID, speaker=speaker, text=text)
            case {"event": "ended", "leg": sid, "status": status}:
                self._ended(at, sid, status)
            case {"event": "died"}:
                for sid in self._carried:
                    self._say(at, sid, NewsKind.ENDED)

    def _ended(self, at: datetime, sid: str, status: int | None) -> None:
        call = self._carried.get(sid)
        if call is None or status != _NOT_FOUND or call.plan.pickup is not Pickup.FAILED:
            self._say(at, sid, NewsKind.ENDED, status=twilio_status(status))
            return
        # The carrier says why before it gives up, as early media.
        self.exchange.send("announce", leg=sid)
        self._say(at, sid, NewsKind.RINGS)
        for line in call.plan.lines:
            later = at + timedelta(seconds=line.at)
            self._say(later, sid, NewsKind.SAID, speaker=line.speaker, text=line.text)
        self._say(at + timedelta(seconds=call.plan.ring_s), sid, NewsKind.ENDED)

    def _say(self, at: datetime, sid: str, kind: NewsKind, **facts: str) -> None:
        heapq.heappush(self._news, (at, next(self._order), News(at, sid, kind, **facts)))


def _user(to: str) -> str:
    """The user part of a SIP address for a number or endpoint."""
    return re.sub(r"[^A-Za-z0-9+_.-]", "-", to)
