"""``python -m …sip.phones``: the telephones of the practice line, and who is at them.

With ``--speaker`` and ``--microphone`` (drivers of the SIP stack) it is one headset: this
computer's own.

Commands, each with ``leg``: ``expect`` (user, plan: see ``plans``), ``wait`` (on: the person is
on hold), ``say`` (pcm), ``listen``, ``hang_up``. Events: ``ready`` (port) and, each with ``leg``,
``expecting``, ``rang`` (from, asserted), ``said`` (speaker, text), ``key`` (key), ``sound`` (pcm:
what the telephone heard since the last ``listen``), ``gone`` (why). Sound is in base64.
A number that nobody ever expected does not exist: 404.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
from typing import Any

from baresip import (
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    Call,
    DigitEvent,
    Event,
    Runtime,
    StackEvent,
    UserAgent,
)

from coordinator_app.calls.practice_line.personas import Pickup
from coordinator_app.calls.practice_line.sip import tones
from coordinator_app.calls.practice_line.sip.plans import Person
from coordinator_app.calls.practice_line.sip.stack import (
    ASSERTED,
    CALL_HEADER,
    commands,
    free_port,
    identity,
    started,
    tell,
)
from coordinator_app.calls.practice_line.sip.voices import sound_of

_TICK_S = 0.02
_READ = 32_768
_WRITTEN_AHEAD = 2 * tones.RATE * 2 // 5  # 400 ms: a busy computer must not make holes
_KEPT = 2 * tones.RATE * 30  # half a minute of what was heard
_LONGEST_S = 30.0


class _Phone:
    """A telephone during one call."""

    def __init__(self, sid: str, call: Call, person: Person) -> None:
        self.sid = sid
        self.call = call
        self.person = person
        self.waits = False
        self.over = False
        self._heard = bytearray()
        self._to_say = bytearray()
        self._voice: asyncio.Task[None] | None = None
        self._rings_s = 0.0
        self._talks_s = 0.0
        self._said = 0
        self._answered = False
        call.on(self._on_event)
        call.on_dtmf(self._on_key)

    async def tick(self) -> None:
        """20 ms of a life."""
        self._listen()
        if not self._answered:
            self._rings_s += _TICK_S
            await self._ring()
        elif not self.waits:
            self._talks_s += _TICK_S
            await self._talk()
        self._sound()

    def say(self, sound: bytes) -> None:
        """Say this now, instead of what was going to be said."""
        if self._voice is not None:
            self._voice.cancel()
        self._to_say[:] = sound

    async def hang_up(self) -> None:
        """Whoever is here has enough."""
        self.over = True
        with contextlib.suppress(BaresipError):  # the other end did in this moment
            await self.call.hangup()

    def take_heard(self) -> bytes:
        """What it heard since the last time."""
        heard = bytes(self._heard)
        self._heard.clear()
        return heard

    # -------------------------------------------------------------- ringing and talking

    async def _ring(self) -> None:
        person = self.person
        busy = person.pickup is Pickup.BUSY
        if busy:
            self._speak_until(self._rings_s)
        if not self._to_say:
            self._to_say[:] = tones.busy() if busy else tones.ringback()
        if person.pickup is Pickup.NEVER or self._rings_s < person.ring_s:
            return
        self._answered = True
        with contextlib.suppress(BaresipError):  # the caller hung up in this moment
            if busy:
                await self.call.reject()
                return
            self._to_say.clear()
            self._hush()
            await self.call.answer()

    async def _talk(self) -> None:
        self._speak_until(self._talks_s)
        end = self.person.hangs_up_at
        if end is not None and self._talks_s >= end:
            await self.hang_up()

    def _speak_until(self, now: float) -> None:
        lines = self.person.lines
        while self._said < len(lines) and lines[self._said].at <= now:
            line = lines[self._said]
            self._said += 1
            following = lines[self._said].at if self._said < len(lines) else now + _LONGEST_S
            self._speak(line.speaker, line.text, following - line.at)

    def _speak(self, speaker: str, text: str, longest_s: float) -> None:
        tell("said", leg=self.sid, speaker=speaker, text=text)
        self.say(b"")
        self._voice = asyncio.create_task(self._utter(speaker, text, longest_s))

    async def _utter(self, speaker: str, text: str, longest_s: float) -> None:
        # A synthesiser takes its time; the other telephones must not wait for it.
        self._to_say[:] = await asyncio.to_thread(sound_of, speaker, text, longest_s)

    def _on_key(self, key: DigitEvent) -> None:
        tell("key", leg=self.sid, key=key.digit)
        answer = self.person.keys.get(key.digit)
        if answer is not None:
            self._speak(*answer, _LONGEST_S)

    def _on_event(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self.over = True
            tell("gone", leg=self.sid, why=event.text or "")

    # -------------------------------------------------------------- sound

    def _listen(self) -> None:
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            self._heard += self.call.audio.read(_READ)
            del self._heard[: max(0, len(self._heard) - _KEPT)]

    def _sound(self) -> None:
        if not self._to_say:
            return
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            info = self.call.audio.info()
            room = _WRITTEN_AHEAD - info.tx_buffered
            if info.tx_ready and room > 0:
                written = self.call.audio.write(bytes(self._to_say[:room]))
                del self._to_say[:written]

    def _hush(self) -> None:
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            self.call.audio.flush_tx()


class Phones:
    """All telephones."""

    def __init__(self, runtime: Runtime, port: int) -> None:
        self._runtime = runtime
        self._port = port
        self._lines: dict[str, UserAgent] = {}
        self._expected: dict[str, Person] = {}
        self._phones: dict[str, _Phone] = {}

    async def obey(self, command: dict[str, Any]) -> None:
        """Do what the line wants."""
        sid = command["leg"]
        match command:
            case {"do": "expect", "user": user, "plan": plan}:
                self._expected[sid] = Person.of(plan)
                await self._install(user)
                tell("expecting", leg=sid)
            case {"do": "wait", "on": on} if sid in self._phones:
                self._phones[sid].waits = on
            case {"do": "say", "pcm": pcm} if sid in self._phones:
                self._phones[sid].say(base64.b64decode(pcm))
            case {"do": "hang_up"} if sid in self._phones:
                await self._phones[sid].hang_up()
            case {"do": "listen"}:
                phone = self._phones.get(sid)
                heard = phone.take_heard() if phone else b""
                tell("sound", leg=sid, pcm=base64.b64encode(heard).decode())

    async def live(self) -> None:
        """Let the people live, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + _TICK_S, loop.time() - 1.0)
            await asyncio.sleep(max(0.0, due - loop.time()))
            for sid, phone in list(self._phones.items()):
                if phone.over:
                    del self._phones[sid]
                else:
                    await phone.tick()

    async def _install(self, user: str) -> None:
        if user not in self._lines:
            line = await identity(self._runtime, user, self._port, early=True)
            line.on_incoming(self._on_call)
            self._lines[user] = line

    def _on_call(self, call: Call) -> None:
        sid = call.headers.get(CALL_HEADER, "")
        person = self._expected.pop(sid, None)
        if person is None:
            return  # nobody of ours; it rings until its caller gives up
        self._phones[sid] = _Phone(sid, call, person)
        tell("rang", leg=sid, asserted=call.headers.get(ASSERTED, ""), **{"from": call.peer})


async def _main(speaker: str, microphone: str) -> None:
    port = free_port()
    runtime = await started(port, speaker=speaker, microphone=microphone)
    phones = Phones(runtime, port)
    living = asyncio.create_task(phones.live())
    tell("ready", port=port)
    async for command in commands():
        await phones.obey(command)
    living.cancel()
    await runtime.close()  # says goodbye on every call


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--speaker", default="")
    parser.add_argument("--microphone", default="")
    options = parser.parse_args()
    asyncio.run(_main(options.speaker, options.microphone))
