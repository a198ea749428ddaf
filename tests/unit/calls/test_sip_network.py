"""What the practice line makes of its SIP programs' words, in virtual time and without them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import PersonaKind, key_pressed
from coordinator_app.calls.practice_line.sip import network as sip_network
from coordinator_app.calls.practice_line.sip.devices import Devices, devices
from coordinator_app.calls.practice_line.sip.network import (
    NO_DEVICES,
    SipNetwork,
    missing,
    twilio_status,
)
from coordinator_app.calls.practice_line.sip.plans import Person
from coordinator_app.errors import ConfigurationError
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

OFFICE = "+15025550100"
HEADSET = "client:coordinator"


class FakeProgram:
    """Does nothing by itself; keeps what it was told, says what a test lets it say."""

    def __init__(self, name: str, hear: Callable[[dict[str, Any]], None], *arguments: str) -> None:
        self.name = "headset" if arguments else name
        self.hear = hear
        self.port = 5060
        self.pid = 1
        self.alive = True
        self.told: list[dict[str, Any]] = []

    def send(self, do: str, **facts: object) -> None:
        self.told.append({"do": do, **facts})

    def close(self) -> None:
        self.alive = False

    def die(self) -> None:
        self.alive = False
        self.hear({"event": "died"})

    def commands(self, do: str) -> list[dict[str, Any]]:
        return [command for command in self.told if command["do"] == do]


class World:
    def __init__(self, devices: Devices = NO_DEVICES) -> None:
        self.clock = VirtualClock()
        self.programs: list[FakeProgram] = []
        self.refuse = False
        self.network = SipNetwork(self.clock, self._start, devices)
        self.line = PracticeLine(self.clock, PEOPLE, LineSettings(), self.network)

    def _start(
        self, name: str, hear: Callable[[dict[str, Any]], None], /, *arguments: str
    ) -> FakeProgram:
        if self.refuse:
            raise ConfigurationError("no")
        self.programs.append(FakeProgram(name, hear, *arguments))
        return self.programs[-1]

    def program(self, name: str) -> FakeProgram:
        return next(p for p in reversed(self.programs) if p.name == name)

    @property
    def phones(self) -> FakeProgram:
        return self.program("phones")

    @property
    def exchange(self) -> FakeProgram:
        return self.program("exchange")

    def dial(self, to: str, label: str | None = None, **more: Any) -> Leg:
        """A call that is on its way."""
        leg = self.line.dial(to, OFFICE, label=label, room_name="shift", **more)
        self.clock.advance(0.3)
        self.line.settle()
        return leg

    def hear(self, event: str, leg: Leg, **facts: object) -> None:
        self.exchange.hear({"event": event, "leg": leg.sid, **facts})
        self.line.settle()

    def connected(self, to: str, label: str | None = None) -> Leg:
        leg = self.dial(to, label)
        self.hear("ringing", leg)
        self.hear("answered", leg)
        return leg


@pytest.fixture
def world() -> World:
    return World()


def test_a_telephone_knows_whom_to_expect_before_it_rings(world: World) -> None:
    leg = world.dial(number_of(PersonaKind.MENU))
    (expect,) = world.phones.commands("expect")
    assert (expect["leg"], expect["user"]) == (leg.sid, leg.to)
    person = Person.of(expect["plan"])
    assert leg.persona is not None
    assert person.keys["1"] == key_pressed(leg.persona, "1")
    assert person.lines == leg.plan.lines
    assert not world.exchange.commands("dial")
    world.phones.hear({"event": "expecting", "leg": leg.sid})
    world.line.settle()
    (dial,) = world.exchange.commands("dial")
    assert dial["to"] == f"sip:{leg.to}@127.0.0.1:5060"
    assert dial["from"] == OFFICE


def test_a_call_from_ring_to_end(world: World) -> None:
    leg = world.dial(number_of(PersonaKind.ANSWERS))
    assert leg.status == "queued"
    world.hear("ringing", leg)
    assert leg.status == "ringing"
    world.clock.advance(2)
    world.hear("answered", leg)
    assert (leg.status, leg.start_time) == ("in-progress", world.clock.now())
    world.phones.hear({"event": "said", "leg": leg.sid, "speaker": "patient", "text": "Hello?"})
    world.clock.advance(500)  # its plan would have ended: only the telephone says when it ends
    world.line.settle()
    assert (leg.status, [c.text for c in leg.captions]) == ("in-progress", ["Hello?"])
    world.hear("ended", leg, status=None)
    assert (leg.status, leg.end_time) == ("completed", world.clock.now())
    world.hear("answered", leg)  # too late
    assert leg.status == "completed"


def test_the_carrier_gives_up_and_hangs_up(world: World) -> None:
    silent = world.dial(number_of(PersonaKind.ANSWERS), timeout_s=20)
    ringing = world.dial(number_of(PersonaKind.MENU), timeout_s=20)
    world.hear("ringing", ringing)
    talking = world.dial(number_of(PersonaKind.ANSWERS), time_limit_s=60)
    world.hear("ringing", talking)
    world.hear("answered", talking)
    world.clock.advance(25)
    world.line.settle()
    assert [leg.status for leg in (silent, ringing, talking)] == [
        "no-answer",
        "no-answer",
        "in-progress",
    ]
    world.clock.advance(40)
    world.line.settle()
    assert talking.status == "completed"
    hung_up = {command["leg"] for command in world.exchange.commands("hang_up")}
    assert hung_up == {silent.sid, ringing.sid, talking.sid}


@pytest.mark.parametrize(
    ("sip", "status"),
    [
        (486, "busy"),
        (600, "busy"),
        (603, "busy"),
        (408, "no-answer"),
        (480, "no-answer"),
        (487, "no-answer"),
        (404, "failed"),
        (488, "failed"),
        (503, "failed"),
        (None, "failed"),
    ],
)
def test_sip_answers_are_twilios_statuses(world: World, sip: int | None, status: str) -> None:
    leg = world.dial(number_of(PersonaKind.ANSWERS))
    world.hear("ended", leg, status=sip)
    assert leg.status == status == twilio_status(sip)


def test_a_number_out_of_service_is_announced_first(world: World) -> None:
    leg = world.dial(number_of(PersonaKind.DISCONNECTED))
    assert not world.phones.commands("expect")  # nobody has this number
    world.hear("ended", leg, status=404)
    assert leg.status == "ringing"
    assert [c["leg"] for c in world.exchange.commands("announce")] == [leg.sid]
    world.clock.advance(1)
    world.line.settle()
    assert leg.captions[0].text == "(three rising tones)"
    world.clock.advance(2)
    world.line.settle()
    assert leg.status == "failed"


@pytest.mark.parametrize("to", ["sip:me@127.0.0.1:5090", "sip:me@127.0.0.1:5090;transport=udp"])
def test_a_telephone_of_ones_own_is_dialled_itself(world: World, to: str) -> None:
    leg = world.dial(to, "agent-1")
    (dial,) = world.exchange.commands("dial")
    assert (dial["leg"], dial["to"]) == (leg.sid, "sip:me@127.0.0.1:5090")


@pytest.mark.parametrize("to", ["sip:me@192.0.2.7", "sip:me@127.0.0.1.example.com"])
def test_nobody_outside_this_computer_is_dialled(world: World, to: str) -> None:
    world.dial(to, "agent-1")
    (expect,) = world.phones.commands("expect")
    assert "@" not in expect["user"]
    assert not world.exchange.commands("dial")


def test_hold_mute_and_coaching_decide_who_hears_whom(world: World) -> None:
    agent = world.connected(HEADSET, "agent-1")
    patient = world.connected(number_of(PersonaKind.ANSWERS), "att-1")
    coach = world.connected("client:coach", "agent-2")
    everybody = {agent.sid, patient.sid, coach.sid}
    assert world.exchange.commands("hear")[-1]["who"] == {
        sid: sorted(everybody - {sid}) for sid in everybody
    }

    coach.coaching, coach.coached = True, agent.sid
    agent.muted = True
    world.line.settle()
    assert world.exchange.commands("hear")[-1]["who"] == {
        agent.sid: sorted([patient.sid, coach.sid]),
        coach.sid: [patient.sid],
    }

    patient.set_hold(world.clock.now(), held=True)
    world.line.settle()
    assert world.exchange.commands("hear")[-1]["who"] == {agent.sid: [coach.sid]}
    assert world.phones.commands("wait") == [{"do": "wait", "leg": patient.sid, "on": True}]
    sent = len(world.exchange.told)
    world.line.settle()
    assert len(world.exchange.told) == sent  # nothing changed, nothing said


def test_early_media_is_heard_unless_it_is_not_wanted(world: World) -> None:
    agent = world.connected(HEADSET, "agent-1")
    patient = world.dial(number_of(PersonaKind.ANSWERS))
    world.hear("ringing", patient)
    assert world.exchange.commands("hear")[-1]["who"] == {agent.sid: [patient.sid]}
    patient.early_media = False
    world.line.settle()
    assert world.exchange.commands("hear")[-1]["who"] == {}


def test_keys_go_to_the_call(world: World) -> None:
    leg = world.dial(number_of(PersonaKind.MENU), digits="w1")
    world.hear("ringing", leg)
    world.hear("answered", leg)
    assert [c["key"] for c in world.exchange.commands("press")] == ["w", "1"]
    assert leg.captions == []  # only what a telephone really heard is answered


@pytest.mark.parametrize("which", ["phones", "exchange"])
def test_a_dead_program_ends_its_calls_and_new_ones_begin_with_the_next(
    world: World, which: str
) -> None:
    talking = world.connected(number_of(PersonaKind.ANSWERS))
    ringing = world.dial(number_of(PersonaKind.MENU))
    world.hear("ringing", ringing)
    dead = getattr(world, which)
    dead.die()
    world.line.settle()
    assert (talking.status, ringing.status) == ("completed", "failed")
    again = world.dial(number_of(PersonaKind.ANSWERS))
    assert len(world.programs) == 4
    assert not any(program.alive for program in world.programs[:2])
    dead.hear({"event": "died"})  # the old ones have nothing to say any more
    world.hear("ringing", again)
    assert again.status == "ringing"


def test_programs_that_cannot_be_started_again_fail_the_call(world: World) -> None:
    world.exchange.die()
    world.refuse = True
    leg = world.dial(number_of(PersonaKind.ANSWERS))
    world.line.settle()
    assert leg.status == "failed"


def test_this_computers_headset_is_one_persons_at_a_time() -> None:
    world = World(Devices("alsa", "alsa"))
    patient = world.dial(number_of(PersonaKind.ANSWERS))
    first = world.dial(HEADSET, "agent-1")
    second = world.dial("client:other", "agent-2")
    assert [c["leg"] for c in world.program("headset").commands("expect")] == [first.sid]
    assert [c["leg"] for c in world.phones.commands("expect")] == [patient.sid, second.sid]
    world.line.hang_up(first, "completed")
    world.line.settle()
    third = world.dial(HEADSET, "agent-1")
    assert world.program("headset").commands("expect")[-1]["leg"] == third.sid


def test_the_devices_of_a_linux_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert devices(tmp_path / "none") == Devices()
    (tmp_path / "pcmC0D0p").touch()
    assert devices(tmp_path) == Devices(speaker="alsa")
    (tmp_path / "pcmC0D0c").touch()
    assert devices(tmp_path) == Devices("alsa", "alsa")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert devices(tmp_path) == Devices("coreaudio", "coreaudio")


def test_closing_ends_the_programs(world: World) -> None:
    with world.network:
        assert [program.alive for program in world.programs] == [True, True]
    assert [program.alive for program in world.programs] == [False, False]


def test_without_the_extra_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing() is None or "extra" in str(missing())
    monkeypatch.setattr(sip_network, "_STACK", "no_such_sip_stack")
    with pytest.raises(ConfigurationError, match="pip install"):
        SipNetwork(VirtualClock())
