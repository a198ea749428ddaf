"""How the people of the practice line sound: with this computer's speech, or as a murmur."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import wave
from array import array

from coordinator_app.calls.practice_line.sip import tones

_PITCHES = {"patient": 170.0, "machine": 210.0, "line": 240.0}
_SIGNALS = {
    "(beep)": tones.beep,
    "(busy tone)": tones.busy,
    "(three rising tones)": tones.not_in_service,
}
_SPEAKS_WITHIN_S = 2.0
_ESPEAK = shutil.which("espeak-ng")
_SPANISH = re.compile(r"[áéíóúñ¿¡]")


def sound_of(speaker: str, text: str, longest_s: float) -> bytes:
    """What somebody says, as sound of at most ``longest_s`` seconds."""
    signal = _SIGNALS.get(text)
    sound = signal() if signal else _spoken(text)
    if sound is None:
        return tones.murmur(text, _PITCHES.get(speaker, 150.0), longest_s)
    return sound[: 2 * round(longest_s * tones.RATE)]


def _spoken(text: str) -> bytes | None:
    """Speech, where a synthesiser is installed; None: there is none, or it failed."""
    if _ESPEAK is None:
        return None
    voice = "es" if _SPANISH.search(text) else "en-us"
    try:
        done = subprocess.run(
            [_ESPEAK, "-v", voice, "-s", "185", "--stdout", text],
            capture_output=True,
            check=True,
            timeout=_SPEAKS_WITHIN_S,
        )
        return telephone(done.stdout)
    except (OSError, subprocess.SubprocessError, wave.Error, EOFError):
        return None


def telephone(wav: bytes) -> bytes:
    """The sound of a WAV with one 16-bit channel, at 8 kHz."""
    with wave.open(io.BytesIO(wav)) as file:
        rate = file.getframerate()
        samples = array("h", file.readframes(file.getnframes()))
    if not samples:
        return b""
    step = rate / tones.RATE
    # Each sample is the mean of those it stands for: a crude filter, enough for a telephone.
    return array(
        "h",
        (
            sum(part := samples[int(i * step) : max(int(i * step) + 1, int((i + 1) * step))])
            // len(part)
            for i in range(int(len(samples) / step))
        ),
    ).tobytes()
