"""T18: nobody but a person speaks to a patient. No recorded, synthetic or fetched voice, anywhere.

A clip or a synthetic voice after the beep is an "artificial or prerecorded voice" call
(47 USC 227(b)(1); FCC 22-85, DA 20-1507; docs/adr/0010). There is no feature that plays one; these
tests keep it so: over the source of the whole program, over what is really sent, and over what a
login may ask for.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from coordinator_app.calls.practice_line.api import Request
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.calls.recording_line import CarrierRecording, Stage
from coordinator_app.domain.call import CallCommand, CallState
from tests.helpers.phone_world import PhoneWorld

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(
    file
    for folder in ("coordinator_app", "ui", "resources")
    for file in (ROOT / folder).rglob("*.py")
)
#: TwiML that a listener hears, or that fetches what a listener would hear.
VOICE = re.compile(
    r"<\s*(Say|Play(?!\s+digits=)|Record|Stream|Connect|Gather|Prompt|Redirect|Enqueue|Start)\b"
)
#: Parameters of the carrier's requests that put a sound, or an address of one, on the line.
SOUNDS = {
    "url",
    "announce_url",
    "hold_url",
    "fallback_url",
    "application_sid",
    "machine_detection",
    "async_amd",
    "voice_url",
    "media_url",
}
SENT = {
    "Url",
    "AnnounceUrl",
    "HoldUrl",
    "FallbackUrl",
    "ApplicationSid",
    "MachineDetection",
    "StatusCallback",
    "ConferenceStatusCallback",
    "RecordingStatusCallback",
}
HEARD = {"Response", "Dial", "Conference", "Play"}


def literals(tree: ast.AST) -> list[str]:
    """Every text in a source, docstrings and the fixed parts of f-strings included."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def carrier_modules() -> list[Path]:
    return sorted((ROOT / "coordinator_app" / "calls").glob("twilio_*.py"))


def test_no_text_of_the_program_is_an_instruction_to_speak() -> None:
    assert len(SOURCES) > 200
    found = [
        (file.relative_to(ROOT), text[:60])
        for file in SOURCES
        for text in literals(ast.parse(file.read_text("utf-8")))
        if VOICE.search(text)
    ]
    assert found == []


def test_the_search_would_find_one() -> None:
    for twiml in (
        "<Response><Say>Hello</Say></Response>",
        "<Play>https://x/clip.mp3</Play>",
        "<Play loop='2'>clip</Play>",
        "<Start><Stream url='wss://x'/></Start>",
        "<Gather>",
    ):
        assert VOICE.search(twiml)
    assert not VOICE.search('<Response><Play digits="1w2"/><Dial></Dial></Response>')


def test_no_request_to_the_carrier_names_a_sound_or_an_address() -> None:
    assert len(carrier_modules()) >= 5
    for file in carrier_modules():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            assert not SOUNDS & set(named), (file.name, node.lineno)
            music = named.get("wait_url")
            assert music is None or (isinstance(music, ast.Constant) and music.value == "")


def test_no_module_of_the_program_makes_speech() -> None:
    """No speech synthesis and no audio output but the reviewer's player."""
    speech = {"pyttsx3", "gtts", "espeakng", "TTS", "PySide6.QtTextToSpeech", "sounddevice"}
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom):
                names = {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
            assert not names & speech, file.name


def spoken(asked: Request) -> list[str]:
    """What of a request a patient could hear that no person says."""
    found = [name for name in SENT if name in asked.form]
    if asked.form.get("WaitUrl"):
        found.append("WaitUrl")
    if "Twiml" in asked.form:
        for element in ET.fromstring(asked.form["Twiml"]).iter():  # noqa: S314  our own
            key_press = element.tag == "Play" and element.get("digits") and not element.text
            if element.tag not in HEARD or (element.tag == "Play" and not key_press):
                found.append(element.tag)
            if "url" in {name.lower() for name in element.attrib} or element.get("waitUrl"):
                found.append(f"{element.tag} address")
    return found


@pytest.mark.parametrize("kind", list(PersonaKind))
def test_whatever_answers_nothing_but_a_person_is_put_on_the_line(kind: PersonaKind) -> None:
    world = PhoneWorld()
    extension = "104" if kind is PersonaKind.MENU else ""
    request = world.ask(kind, extension=extension)
    world.until(
        lambda: world.store.of(request).state in {CallState.LIVE, CallState.ENDED}, within=120
    )
    if world.store.of(request).state is CallState.LIVE:
        world.run(3)
        for command, digits in (
            (CallCommand.MUTE, ""),
            (CallCommand.HOLD, ""),
            (CallCommand.UNHOLD, ""),
            (CallCommand.DIGITS, "1w#"),
        ):
            world.store.command(request, command, digits)
            world.run(2)
        recordings = world.net.recordings()
        legs = (x for x in world.net.line.legs() if x.to == request.to and x.active)
        leg = next(legs, None)
        if leg is not None:
            made = recordings.start(leg.sid)
            assert isinstance(made, CarrierRecording)
            recordings.change(leg.sid, made.ref, Stage.PAUSED)
        world.store.command(request, CallCommand.HANG_UP)
    world.until_ended(request)
    sent = world.net.http.sent
    assert len(sent) > 3
    assert [(asked.path, spoken(asked)) for asked in sent if spoken(asked)] == []


def test_a_spoken_request_would_be_seen() -> None:
    for form in (
        {"Twiml": "<Response><Say>Hello</Say></Response>"},
        {"Twiml": "<Response><Play>https://x/clip.mp3</Play></Response>"},
        {"Url": "https://x/voice.xml"},
        {"AnnounceUrl": "https://x/a.mp3"},
        {"WaitUrl": "https://x/music"},
    ):
        assert spoken(Request("POST", "/", {}, form, "", ""))


def test_no_function_of_the_database_leaves_a_recorded_message() -> None:
    """The catalog lists every function that any role may call; listening is a reviewer's."""
    catalog = (ROOT / "resources" / "sql" / "catalog.txt").read_text("utf-8")
    functions = set(re.findall(r"\bapi\.(\w+)\(", catalog))
    assert "command" in functions
    assert {f for f in functions if re.search(r"drop|play|speak|say|announce|message", f)} == {
        "playback",
        "playback_chunk",
        "request_playback",
        "gateway_playback",
        "gateway_playbacks",
    }
    assert {command.value for command in CallCommand} == {
        "hang_up",
        "hold",
        "unhold",
        "mute",
        "unmute",
        "digits",
    }
