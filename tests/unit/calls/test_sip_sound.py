"""The sounds of the practice line and how they are mixed."""

from __future__ import annotations

import io
import wave
from array import array
from itertools import pairwise

import pytest

from coordinator_app.calls.practice_line.sip import tones, voices
from coordinator_app.calls.practice_line.sip.mixer import FRAME, Intake, mix
from tests.helpers.sip_line import likeness, loudness, speech


def test_a_tone_is_as_long_as_it_says_and_has_its_pitch() -> None:
    sound = array("h", tones.tone((1000.0,), 0.5))
    assert len(sound) == 4000
    rises = sum(1 for a, b in pairwise(sound) if a <= 0 < b)
    assert abs(rises - 500) <= 1
    assert max(sound) <= 6000
    assert abs(sound[0]) < 10  # no click


def test_the_tones_differ() -> None:
    sounds = [tones.ringback()[:8000], tones.busy()[:8000], tones.not_in_service()[:8000]]
    for sound in sounds:
        assert likeness(sound, sound) > 0.99
    assert likeness(sounds[0], sounds[1]) < 0.8
    assert likeness(sounds[0], sounds[2]) < 0.3
    assert loudness(tones.ringback()[32_000:]) == 0  # four seconds of silence


def test_a_murmur_has_the_rhythm_of_the_words() -> None:
    short, long = (tones.murmur(text, 170, 30) for text in ("Yes.", "Yes, this is Rena speaking."))
    assert 0 < len(short) < len(long)
    assert len(tones.murmur("word " * 500, 170, 2.0)) == 2 * 2 * tones.RATE
    assert tones.murmur("…", 170, 5) != b""
    assert tones.murmur("", 170, 5) == b""


def test_signals_sound_as_signals_and_words_as_words() -> None:
    assert voices.sound_of("machine", "(beep)", 5) == tones.beep()
    assert len(voices.sound_of("machine", "(beep)", 0.1)) == 2 * tones.RATE // 10
    assert voices.sound_of("line", "(three rising tones)", 5) == tones.not_in_service()
    assert loudness(voices.sound_of("patient", "Hello?", 5)) > 100


def test_speech_is_brought_to_the_telephones_rate() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(24_000)
        out.writeframes(array("h", [300, 600, 900] * 800).tobytes())
    sound = array("h", voices.telephone(file.getvalue()))
    assert len(sound) == 800
    assert set(sound) == {600}


def test_a_frame_waits_for_its_first_friends_and_holes_are_silent() -> None:
    sound = speech(0.1, 1)
    intake = Intake()
    intake.add(sound[:FRAME])
    assert intake.frame() is None  # one late packet must not be heard
    intake.add(sound[FRAME : 4 * FRAME])
    assert [intake.frame() for _ in range(4)] == [
        sound[i * FRAME : (i + 1) * FRAME] for i in range(4)
    ]
    assert intake.frame() is None


def test_old_sound_is_let_go() -> None:
    intake = Intake()
    intake.add(bytes(100 * FRAME))
    frames = 0
    while intake.frame() is not None:
        frames += 1
    assert frames == 3


def test_an_announcement_plays_at_once_and_to_its_end() -> None:
    intake = Intake(bytes(50 * FRAME))
    assert sum(1 for _ in range(60) if intake.frame() is not None) == 50


def test_each_ear_gets_the_mouths_it_hears() -> None:
    def frame(value: int) -> bytes:
        return array("h", [value] * (FRAME // 2)).tobytes()

    frames = {"a": frame(1000), "b": frame(-300), "c": frame(32_000)}
    mixed = mix(
        frames,
        {
            "a": frozenset({"b"}),
            "b": frozenset({"a", "c", "gone"}),
            "c": frozenset({"a", "b"}),
            "d": frozenset({"gone"}),
        },
    )
    assert mixed == {"a": frame(-300), "b": frame(32_767), "c": frame(700)}


@pytest.mark.parametrize("seconds", [0.1, 0.4])
def test_likeness_finds_what_was_said(seconds: float) -> None:
    said = speech(seconds, 5)
    assert likeness(said, bytes(3000) + said + bytes(3000)) > 0.999
    assert likeness(said, speech(seconds, 6)) < 0.3
    assert likeness(said, b"") == 0
