"""What carries the practice line's calls: imagination, or real phones on this computer.

``core`` is the carrier: calls, conferences, limits. A ``Network`` is what lies behind it. With
``Simulated`` a call follows its persona's plan by the clock; ``sip.SipNetwork`` rings real SIP
phones and crosses real sound, and the core only takes over what it hears of them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from coordinator_app.calls.practice_line.legs import Leg


class NewsKind(enum.StrEnum):
    """What a network can say of a call."""

    RINGS = "rings"
    ANSWERED = "answered"
    SAID = "said"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a call. ``sid``: the call's; ``status``: Twilio's, of a call that
    ended before an answer; ``speaker`` and ``text``: what was said."""

    at: datetime
    sid: str
    kind: NewsKind
    status: str = "failed"
    speaker: str = ""
    text: str = ""


class Network(Protocol):
    """Asked under the line's lock, one question at a time."""

    carries: bool  # whether calls happen there (``Leg.carried``) instead of by their plans

    def news(self) -> Sequence[News]:
        """What happened since the last question, in the order of time."""
        ...

    def settle(self, legs: Sequence[Leg]) -> None:
        """Ring, let go and connect so that it fits these calls, which are all that live."""
        ...

    def press(self, leg: Leg, key: str) -> None:
        """Press a key on a call: 0 to 9, ``*``, ``#``; ``w`` waits half a second."""
        ...


class Simulated:
    """Nobody rings and nothing sounds: calls follow their plans."""

    carries = False

    def news(self) -> Sequence[News]:
        """See ``Network``."""
        return ()

    def settle(self, legs: Sequence[Leg]) -> None:
        """See ``Network``."""

    def press(self, leg: Leg, key: str) -> None:
        """See ``Network``."""
