"""This computer's own loudspeaker and microphone, as far as the SIP stack can use them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Devices:
    """Drivers of the SIP stack; "" for a device that is not there."""

    speaker: str = ""
    microphone: str = ""

    def arguments(self) -> tuple[str, ...]:
        """For the program that answers with them."""
        return (f"--speaker={self.speaker}", f"--microphone={self.microphone}")


def devices(sound_cards: Path = Path("/dev/snd")) -> Devices:
    """What there is. ``sound_cards``: where Linux lists its sound devices."""
    if sys.platform == "darwin":
        return Devices("coreaudio", "coreaudio")
    return Devices(
        speaker="alsa" if any(sound_cards.glob("pcmC*D*p")) else "",
        microphone="alsa" if any(sound_cards.glob("pcmC*D*c")) else "",
    )
