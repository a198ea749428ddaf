"""``python -m …sip.exchange``: the carrier's switch. Places the calls, mixes the conferences.

Commands: ``dial`` (leg, to, from), ``announce`` (leg), ``hang_up`` (leg), ``press`` (leg, key),
``hear`` (who: listener -> legs). Events: ``ready``, ``ringing``, ``answered``, ``ended`` (status:
of SIP, or null).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from baresip import (
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    Call,
    Event,
    Runtime,
    StackEvent,
    UserAgent,
)

from coordinator_app.calls.practice_line.sip import tones
from coordinator_app.calls.practice_line.sip.mixer import FRAME, FRAME_S, Intake, mix
from coordinator_app.calls.practice_line.sip.stack import (
    ASSERTED,
    CALL_HEADER,
    HOST,
    commands,
    free_port,
    identity,
    started,
    tell,
)

_READ = 32_768
_CUSHION = tones.silence(8 * FRAME_S)  # sent before sound, so that a late frame leaves no hole
_WRITTEN_AHEAD = 20 * FRAME
_LATE_S = 1.0
_STATUS = re.compile(r"[3-6]\d\d(?= )")
_PAUSES_S = {"w": 0.5, "W": 1.0}
_RINGING = (Event.CALL_RINGING, Event.CALL_PROGRESS)


@dataclass(slots=True)
class _Leg:
    sid: str
    call: Call | None = None  # None: an announcement without a telephone
    intake: Intake = field(default_factory=Intake)
    ringing: bool = False
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    fingers: asyncio.Task[None] | None = None


class Exchange:
    """The calls that are placed, and who hears whom."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self._runtime = runtime
        self._port = port
        self._callers: dict[str, UserAgent] = {}
        self._legs: dict[str, _Leg] = {}
        self._by_handle: dict[int, _Leg] = {}
        self._early: list[StackEvent] = []  # of the call that is being placed
        self._placing = False
        self._hears: dict[str, frozenset[str]] = {}
        runtime.subscribe(self._on_event)

    async def obey(self, command: dict[str, Any]) -> None:
        """Do what the line wants."""
        match command:
            case {"do": "dial", "leg": sid, "to": to, "from": caller}:
                await self._dial(sid, to, caller)
            case {"do": "announce", "leg": sid}:
                self._legs[sid] = _Leg(sid, intake=Intake(tones.not_in_service()))
            case {"do": "hang_up", "leg": sid}:
                await self._hang_up(sid)
            case {"do": "press", "leg": sid, "key": key} if sid in self._legs:
                self._legs[sid].keys.put_nowait(key)
            case {"do": "hear", "who": who}:
                self._hears = {ear: frozenset(mouths) for ear, mouths in who.items()}

    async def mix(self) -> None:
        """Mix a frame every 20 ms, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += FRAME_S
            late = loop.time() - due
            if late > _LATE_S:
                due += late  # this computer slept; the sound of that time is gone
            await asyncio.sleep(max(0.0, -late))
            self._mix_a_frame()

    async def close(self) -> None:
        """Say goodbye on every call."""
        for sid in list(self._legs):
            await self._hang_up(sid)

    # -------------------------------------------------------------- calls

    async def _dial(self, sid: str, to: str, caller: str) -> None:
        if caller not in self._callers:
            self._callers[caller] = await identity(self._runtime, caller, self._port, early=False)
        headers = {ASSERTED: f"<sip:{caller}@{HOST}>", CALL_HEADER: sid}
        self._placing = True
        try:
            call = await self._callers[caller].dial(to, headers)
        except BaresipError:
            self._claim(0)
            tell("ended", leg=sid, status=None)
            return
        leg = _Leg(sid, call)
        leg.fingers = asyncio.create_task(self._press(leg))
        self._legs[sid] = self._by_handle[call.handle] = leg
        for event in self._claim(call.handle):
            self._happened(leg, event)

    def _claim(self, handle: int) -> list[StackEvent]:
        """What happened to a call before we knew it: the stack can be quicker than its answer."""
        events = [event for event in self._early if event.call == handle]
        self._early.clear()
        self._placing = False
        return events

    async def _hang_up(self, sid: str) -> None:
        leg = self._legs.pop(sid, None)
        if leg is None or leg.call is None:
            return
        try:
            await leg.call.hangup()
        except BaresipError:
            return  # it ended by itself in this moment

    def _on_event(self, event: StackEvent) -> None:
        if not event.call:
            return
        leg = self._by_handle.get(event.call)
        if leg is not None:
            self._happened(leg, event)
        elif self._placing:
            self._early.append(event)

    def _happened(self, leg: _Leg, event: StackEvent) -> None:
        if event.event in _RINGING and not leg.ringing:
            leg.ringing = True
            tell("ringing", leg=leg.sid)
        elif event.event is Event.CALL_ESTABLISHED:
            tell("answered", leg=leg.sid)
        elif event.event is Event.CALL_CLOSED:
            self._legs.pop(leg.sid, None)
            self._by_handle.pop(event.call, None)
            if leg.fingers is not None:
                leg.fingers.cancel()
            status = _STATUS.match(f"{event.text or ''} ")
            tell("ended", leg=leg.sid, status=int(status[0]) if status else None)

    async def _press(self, leg: _Leg) -> None:
        while leg.call is not None:
            key = await leg.keys.get()
            if key in _PAUSES_S:
                await asyncio.sleep(_PAUSES_S[key])
                continue
            try:
                await leg.call.send_dtmf(key)
            except BaresipError:
                return  # the call ended
            await asyncio.sleep(_BETWEEN_KEYS_S)

    # -------------------------------------------------------------- sound

    def _mix_a_frame(self) -> None:
        frames: dict[str, bytes] = {}
        for leg in self._legs.values():
            if leg.call is not None:
                leg.intake.add(_heard(leg.call))
            frame = leg.intake.frame()
            if frame is not None:
                frames[leg.sid] = frame
        for sid, frame in mix(frames, self._hears).items():
            ear = self._legs.get(sid)
            if ear is not None and ear.call is not None:
                _say(ear.call, frame)


_BETWEEN_KEYS_S = 0.12


def _heard(call: Call) -> bytes:
    try:
        return bytes(call.audio.read(_READ))
    except (AudioNotActive, AudioRestarted):
        return b""


def _say(call: Call, frame: bytes) -> None:
    try:
        ahead = call.audio.info().tx_buffered
        if not ahead:
            call.audio.write(_CUSHION)
        if ahead < _WRITTEN_AHEAD:
            call.audio.write(frame)
    except (AudioNotActive, AudioRestarted):
        return


async def _main() -> None:
    port = free_port()
    runtime = await started(port)
    exchange = Exchange(runtime, port)
    mixing = asyncio.create_task(exchange.mix())
    tell("ready", port=port)
    async for command in commands():
        await exchange.obey(command)
    mixing.cancel()
    await exchange.close()
    await runtime.close()


if __name__ == "__main__":
    asyncio.run(_main())
