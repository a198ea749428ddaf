"""Conference sound in frames of 20 ms: what each ear gets from the mouths it hears."""

from __future__ import annotations

from collections.abc import Mapping

from coordinator_app.calls.practice_line.sip import tones

FRAME_S = 0.02
FRAME = 2 * int(tones.RATE * FRAME_S)  # bytes
_FIRST = 3 * FRAME  # waits for so much before it plays, so that a late packet leaves no hole
_MOST = 20 * FRAME  # older sound is let go: a conversation happens now


class Intake:
    """Sound as it arrives, handed out in whole frames at a steady pace."""

    def __init__(self, sound: bytes = b"") -> None:
        """``sound``: something to play, instead of sound that arrives."""
        self._waiting = bytearray(sound)
        self._playing = bool(sound)

    def add(self, sound: bytes) -> None:
        """More arrived."""
        self._waiting += sound
        if len(self._waiting) > _MOST:
            del self._waiting[: len(self._waiting) - _FIRST]

    def frame(self) -> bytes | None:
        """The next frame; None: nothing to hear."""
        enough = FRAME if self._playing else _FIRST
        if len(self._waiting) < enough:
            self._playing = False
            return None
        self._playing = True
        frame = bytes(self._waiting[:FRAME])
        del self._waiting[:FRAME]
        return frame


def mix(frames: Mapping[str, bytes], hears: Mapping[str, frozenset[str]]) -> dict[str, bytes]:
    """Listener -> its frame; those whom nobody reaches are left out."""
    heard = {
        ear: [frames[mouth] for mouth in sorted(mouths) if mouth in frames]
        for ear, mouths in hears.items()
    }
    return {ear: tones.mixed(parts) for ear, parts in heard.items() if parts}
