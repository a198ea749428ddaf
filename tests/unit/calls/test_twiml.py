"""Compliance T18: no recorded or synthetic voice speaks on a call, whatever we send the carrier."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.call import CallCommand, CallState
from tests.helpers.phone_world import PhoneWorld

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.expected_logs


def _spoken(twiml: str) -> list[str]:
    """What of this document would be heard, besides pressed keys."""
    root = ET.fromstring(twiml)  # noqa: S314  our own
    verbs = [
        element for element in root.iter() if element.tag in ("Say", "Play", "Gather", "Record")
    ]
    return [
        v.tag for v in verbs if not (v.tag == "Play" and set(v.attrib) == {"digits"} and not v.text)
    ]


def test_the_check_itself_knows_a_voice() -> None:
    assert _spoken("<Response><Say>Hello</Say></Response>") == ["Say"]
    assert _spoken("<Response><Play>https://x/clip.wav</Play></Response>") == ["Play"]
    assert _spoken('<Response><Play digits="1"/></Response>') == []


def test_nothing_that_is_sent_for_a_call_speaks() -> None:
    """A call with everything in it: extension, keys, hold, a lost coordinator, a hang-up."""
    world = PhoneWorld()
    call = world.ask(PersonaKind.MENU, extension="0")
    world.until_state(call, CallState.LIVE)
    for command, digits in (
        (CallCommand.DIGITS, "1"),
        (CallCommand.HOLD, ""),
        (CallCommand.UNHOLD, ""),
        (CallCommand.MUTE, ""),
    ):
        world.store.command(call, command, digits)
        world.run(1)
    world.net.line.drop(f"agent-{call.session_id}")
    world.run(3)
    world.net.faults.add(Fault(FaultKind.LOST_AFTER, "POST", "Calls"))
    world.store.command(call, CallCommand.HANG_UP)
    world.until_ended(call)
    documents = [r.form["Twiml"] for r in world.net.http.sent if "Twiml" in r.form]
    assert len(documents) >= 2  # the extension's and the keys'
    assert [_spoken(document) for document in documents] == [[]] * len(documents)
    asked = {name for r in world.net.http.sent for name in r.form}
    assert not asked & {"Url", "AnnounceUrl", "HoldUrl", "MachineDetection", "ApplicationSid"}
