"""A practice line with real sound, and ears and mouths at its telephones, for tests.

Everything here happens in real time: ``until`` waits for facts.
"""

from __future__ import annotations

import base64
import math
import random
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from operator import mul
from typing import Any

from coordinator_app.calls.backend import Accepted, AgentLeg, AgentState
from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Faults
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.practice_line.sip import tones
from coordinator_app.calls.practice_line.sip.network import SipNetwork, missing
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.call import CallRequest
from tests.helpers.call_store import leg_of
from tests.helpers.people import PEOPLE

#: Why tests with real sound are skipped; None: they run.
MISSING = missing()
PACE = 8.0  # how many times faster the people live
_PATIENCE_S = 20.0
_WORDS_TAKE_S = 1.2  # 0.4 of speech, the way, and some delay of a busy computer
_QUEUE_S = 0.2  # long enough to be seen by a request


def until(condition: Callable[[], Any], within: float = _PATIENCE_S) -> Any:
    """Wait for it and return it; fails when it never is."""
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.01)
    return found


def _let_pass(seconds: float) -> None:
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


class SoundLine:
    """The line, a backend on it, and what its telephones say."""

    def __init__(
        self, network: SipNetwork, line: PracticeLine, faults: Faults, carrier: TwilioLine
    ) -> None:
        self.network = network
        self.line = line
        self.faults = faults
        self.backend = TwilioBackend(carrier)
        self.clock = SystemClock()

    def open_agent(self, request: CallRequest) -> str:
        """The coordinator's leg, once it is up: its call's id."""
        ref = self.call_agent(request)
        until(lambda: self.agent_is_up(request))
        return ref

    def call_agent(self, request: CallRequest) -> str:
        """Call the coordinator's telephone."""
        opened = self.backend.open_agent_leg(leg_of(request))
        assert isinstance(opened, Accepted)
        return opened.ref

    def agent_is_up(self, request: CallRequest) -> bool:
        leg = self.backend.agent_leg(request.session_id)
        return isinstance(leg, AgentLeg) and leg.state is AgentState.UP

    def events(self, name: str, sid: str) -> list[dict[str, Any]]:
        """What the telephones said of a call, oldest first."""
        return [e for e in list(self.network.told) if e["event"] == name and e.get("leg") == sid]

    def say(self, sid: str, sound: bytes) -> None:
        """Whoever is at this telephone says something."""
        self.network.phones.send("say", leg=sid, pcm=base64.b64encode(sound).decode())

    def heard(self, sid: str) -> bytes:
        """What this telephone heard since the last time (of the last half minute)."""
        before = len(self.events("sound", sid))
        self.network.phones.send("listen", leg=sid)
        until(lambda: len(self.events("sound", sid)) > before)
        return base64.b64decode(self.events("sound", sid)[-1]["pcm"])

    def heard_during(self, seconds: float, sid: str) -> bytes:
        """What this telephone hears in the next seconds."""
        self.heard(sid)
        _let_pass(seconds)
        return self.heard(sid)

    def hear_each_other(self, words: dict[str, bytes]) -> Callable[[str, str], float]:
        """Let telephones speak at once. The answer tells, for who spoke and another telephone,
        how like the one's words are to what the other heard."""
        ears = [leg.sid for leg in self.line.legs() if leg.start_time and leg.active]
        for sid in ears:
            self.heard(sid)
        for sid, sound in words.items():
            self.say(sid, sound)
        _let_pass(_WORDS_TAKE_S)
        heard = {sid: self.heard(sid) for sid in ears}
        return lambda mouth, ear: likeness(words[mouth], heard[ear])

    def call(self, sid: str, status: str) -> Any | None:
        """The call as the carrier tells it, once it has this status."""
        call = self.backend._client.calls(sid).fetch()
        return call if call.status == status else None

    def keys(self, sid: str) -> str:
        """The keys that arrived at this telephone, in order."""
        return "".join(event["key"] for event in self.events("key", sid))


@contextmanager
def sound_line(pace: float = PACE, network: SipNetwork | None = None) -> Iterator[SoundLine]:
    """A line of its own. ``network``: of earlier lines, whose calls it lets go."""
    clock = SystemClock()
    with ExitStack() as stack:
        network = network or stack.enter_context(SipNetwork(clock))
        line = PracticeLine(clock, PEOPLE, LineSettings(pace=pace, queue=_QUEUE_S * pace), network)
        faults = Faults()
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK), faults))
        login = server.login
        carrier = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=5, practice_base=server.base),
        )
        stack.callback(carrier.close)
        yield SoundLine(network, line, faults, carrier)


def speech(seconds: float, seed: int) -> bytes:
    """A sound like no other: noise in the band of a telephone."""
    chance = random.Random(seed)
    noise = [chance.gauss(0.0, 1.0) for _ in range(round(seconds * tones.RATE) + 3)]
    smooth = [sum(noise[i : i + 4]) for i in range(len(noise) - 3)]
    return array("h", (int(3000 * max(-3.0, min(3.0, x))) for x in smooth)).tobytes()


def likeness(said: bytes, heard: bytes) -> float:
    """The largest normalised cross-correlation of what was said within what was heard."""
    wanted, there = array("h", said), array("h", heard)
    size = len(wanted)
    power = math.sqrt(sum(map(mul, wanted, wanted)))
    probe = wanted[:800]  # a tenth of a second finds the place, the whole measures it
    best = max(
        range(max(0, len(there) - size) + 1),
        key=lambda at: sum(map(mul, probe, there[at : at + len(probe)])),
        default=0,
    )
    part = there[best : best + size]
    there_power = math.sqrt(sum(map(mul, part, part)))
    return sum(map(mul, wanted, part)) / (power * there_power) if there_power else 0.0


def loudness(sound: bytes) -> float:
    """The root of the mean square: about 0 for silence."""
    samples = array("h", sound)
    return math.sqrt(sum(map(mul, samples, samples)) / len(samples)) if samples else 0.0
