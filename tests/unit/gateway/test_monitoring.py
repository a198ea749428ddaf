"""Supervisors beside the call engine on one practice line: who stays in a room with whom."""

from __future__ import annotations

import pytest

from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_monitor import TwilioMonitor
from coordinator_app.domain.call import CallEnd, CallRequest, CallState
from coordinator_app.domain.monitor import MonitorEnd, MonitorMode, MonitorState
from coordinator_app.gateway.monitoring import Monitoring
from tests.helpers.monitor_store import FakeMonitorStore
from tests.helpers.phone_world import PhoneWorld


class Floor(PhoneWorld):
    """A gateway with both its threads, taking turns."""

    def __init__(self) -> None:
        super().__init__()
        login = self.net.login
        keys = Credentials(login.account_sid, login.key_sid, login.key_secret)
        self.wishes = FakeMonitorStore(self.clock)
        self.chore = Monitoring(TwilioMonitor(TwilioLine(keys, self.net.http)), self.clock)
        self._next = 0.0

    def step(self) -> None:
        super().step()
        if self.clock.monotonic() >= self._next:
            self._next = self.clock.monotonic() + self.chore.turn(self.wishes)

    def room(self, call: CallRequest) -> set[str]:
        """Who is in the room of a call, by the beginning of their labels."""
        people = [leg for leg in self.net.line.legs() if leg.active and leg.room is not None]
        name = f"shift-{call.session_id}"
        return {
            str(leg.label).split("-")[0] for leg in people if leg.room and leg.room.name == name
        }


@pytest.mark.expected_logs
@pytest.mark.parametrize("mode", list(MonitorMode))
def test_a_lost_coordinator_ends_the_call_whoever_else_is_on_it(mode: MonitorMode) -> None:
    floor = Floor()
    call = floor.ask(PersonaKind.ANSWERS)
    floor.until_state(call, CallState.LIVE)
    monitor = floor.wishes.ask(call, mode)
    floor.until(lambda: floor.wishes.rows[monitor].state is MonitorState.ON)
    assert floor.room(call) == {"agent", "att", "mon"}
    lost_at = floor.clock.monotonic()

    def ended() -> bool:
        floor.net.line.drop(f"agent-{call.session_id}")  # however often it is called back
        return floor.store.of(call).state is CallState.ENDED

    floor.until(ended)
    assert floor.clock.monotonic() - lost_at <= floor.settings.agent_rejoin + 3
    ending = floor.store.of(call).ending
    assert ending is not None
    assert ending.end is CallEnd.AGENT_LEG_LOST
    floor.wishes.change(monitor, call_ended=True)
    floor.until(lambda: floor.wishes.rows[monitor].state is MonitorState.ENDED)
    assert floor.wishes.ends[monitor] is MonitorEnd.CALL_ENDED
    assert floor.room(call) <= {"agent"}


def test_a_coordinator_who_comes_back_finds_patient_and_supervisor() -> None:
    floor = Floor()
    call = floor.ask(PersonaKind.ANSWERS)
    floor.until_state(call, CallState.LIVE)
    monitor = floor.wishes.ask(call, MonitorMode.COACH)
    floor.until(lambda: floor.wishes.rows[monitor].state is MonitorState.ON)
    floor.net.line.drop(f"agent-{call.session_id}")
    floor.until(lambda: floor.room(call) == {"agent", "att", "mon"})
    agent = floor.net.line.by_label(f"agent-{call.session_id}")
    supervisor = floor.net.line.by_label(f"mon-{monitor}")
    assert agent is not None
    assert supervisor is not None
    floor.until(lambda: supervisor.coached == agent.sid)
    assert not supervisor.muted


def test_a_supervisor_does_not_disturb_what_the_engine_sees() -> None:
    floor = Floor()
    call = floor.ask(PersonaKind.ANSWERS)
    floor.until_state(call, CallState.LIVE)
    monitor = floor.wishes.ask(call, MonitorMode.BARGE)
    floor.until(lambda: floor.wishes.rows[monitor].state is MonitorState.ON)
    assert floor.until_ended(call) is CallEnd.COMPLETED_BY_PATIENT
    assert floor.carrier_status(call) == ["completed"]
    floor.wishes.change(monitor, call_ended=True)
    floor.until(lambda: floor.room(call) == {"agent"})
