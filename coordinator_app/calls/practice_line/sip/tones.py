"""The sounds of the practice line, made here: 8 kHz, 16 bit, one channel.

North American call progress tones as in ITU-T E.180 supplement 2, the three rising tones of an
announcement as in E.180, and a murmur with the rhythm of the words for whoever has no voice.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

RATE = 8_000  # samples a second
_LOUD = 6_000  # of 32,767
_FADE = 40  # samples: without a fade tones click


def silence(seconds: float) -> bytes:
    """Nothing, for so long."""
    return bytes(2 * round(seconds * RATE))


@lru_cache(maxsize=64)
def tone(frequencies: tuple[float, ...], seconds: float) -> bytes:
    """Tones together. ``frequencies``: in Hz."""
    count = round(seconds * RATE)
    level = _LOUD / len(frequencies)
    steps = [2 * math.pi * f / RATE for f in frequencies]
    samples = array("h", bytes(2 * count))
    for i in range(count):
        fade = min(1.0, (i + 1) / _FADE, (count - i) / _FADE)
        samples[i] = round(fade * level * sum(math.sin(step * i) for step in steps))
    return samples.tobytes()


@lru_cache(maxsize=1)
def ringback() -> bytes:
    """One period of what a caller hears while it rings: two seconds of tone in six."""
    return tone((440.0, 480.0), 2.0) + silence(4.0)


@lru_cache(maxsize=1)
def busy() -> bytes:
    """One period of the busy tone."""
    return tone((480.0, 620.0), 0.5) + silence(0.5)


@lru_cache(maxsize=1)
def not_in_service() -> bytes:
    """The three rising tones before "not in service"."""
    return b"".join(tone((f,), 0.33) for f in (950.0, 1400.0, 1800.0))


@lru_cache(maxsize=1)
def beep() -> bytes:
    """An answering machine's."""
    return tone((1000.0,), 0.4)


def murmur(text: str, pitch: float, longest_s: float) -> bytes:
    """Words without words: a sound a word, as long as the word, a pause at each stop.

    ``pitch``: of the voice, in Hz. Cut at ``longest_s``, so that nobody talks into their own
    next sentence.
    """
    words = re.findall(r"[\w'’]+|[.,;:!?…]", text)
    parts: list[bytes] = []
    for word, after in pairwise([*words, "."]):
        if word in ".,;:!?…":
            parts.append(silence(0.15))
            continue
        bent = pitch * (1.1 if after == "?" else 0.92 if after in ".!" else 1.0)
        parts.append(_sound(bent, 0.06 + 0.045 * min(len(word), 9)))
        parts.append(silence(0.03))
    return b"".join(parts)[: 2 * round(longest_s * RATE)]


@lru_cache(maxsize=256)
def _sound(pitch: float, seconds: float) -> bytes:
    # Three harmonics: more like a voice than like a telephone.
    return mixed(
        [tone((pitch,), seconds), tone((2 * pitch,), seconds), tone((3 * pitch,), seconds)]
    )


def mixed(sounds: Sequence[bytes]) -> bytes:
    """The sum of sounds of one length, cut at the loudest there is."""
    if len(sounds) == 1:
        return sounds[0]
    columns = zip(*(array("h", sound) for sound in sounds), strict=True)
    return array("h", (max(-32768, min(32767, sum(column))) for column in columns)).tobytes()
