"""What the softphone's error codes mean, and what happens next (telephony.md 1.2, JS codes).

The codes are those of Twilio's Voice JavaScript SDK. They come from a web page inside the window,
so the table stands where the window may read it; the carrier's REST codes are in
``calls.twilio_errors``. An unknown code is a line error in words, never a crash.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Next(enum.StrEnum):
    """What the program does about it."""

    MINT_AGAIN = "mint_again"  # ask the database for a new token, once; then stop and say so
    WAIT = "wait"  # the SDK tries again by itself; a banner says that the line is lost
    MICROPHONE = "microphone"  # show the sound check; the call is not ended
    STOP = "stop"  # trying again changes nothing: the sentence says who can do what


@dataclass(frozen=True, slots=True)
class SoftphoneTrouble:
    """One trouble in words. ``again``: the sentence when the same happens after a new token."""

    next: Next
    sentence: str
    again: str = ""


_TOKEN = SoftphoneTrouble(
    Next.MINT_AGAIN,
    "The softphone is signing in again.",
    "The softphone cannot sign in to the phone line. Use your own phone for now, and tell your "
    "supervisor: the softphone’s key has to be checked.",
)
_CLOCK = SoftphoneTrouble(
    Next.MINT_AGAIN,
    "The softphone is signing in again.",
    "The softphone cannot sign in because the clocks of the practice’s server and the carrier "
    "differ. Use your own phone for now, and tell your supervisor.",
)
_KEY = SoftphoneTrouble(
    Next.MINT_AGAIN,
    "The softphone is signing in again.",
    "The softphone’s key is not accepted by the carrier. Use your own phone for now, and tell "
    "your supervisor.",
)
_SIGNAL = SoftphoneTrouble(
    Next.WAIT,
    "The phone line is lost. It is tried again by itself; check the internet connection if this "
    "lasts.",
)
_MEDIA = SoftphoneTrouble(
    Next.WAIT,
    "The sound cannot reach the carrier. It is tried again by itself; if this lasts, a firewall "
    "may be in the way: use your own phone, and tell your supervisor.",
)
_DENIED = SoftphoneTrouble(
    Next.MICROPHONE,
    "This computer does not let the program use the microphone. Allow it in the system’s privacy "
    "settings, then test the sound again.",
)
_NO_MICROPHONE = SoftphoneTrouble(
    Next.MICROPHONE,
    "The microphone cannot be opened. Plug it in, close other programs that use it, or choose "
    "another one.",
)
_OTHER = SoftphoneTrouble(
    Next.STOP,
    "The softphone had a fault. Hang up and dial again; use your own phone if it comes back.",
)

SOFTPHONE: dict[int, SoftphoneTrouble] = {
    20101: _TOKEN,  # invalid access token
    20102: _TOKEN,  # invalid header
    20103: _KEY,  # invalid issuer or subject
    20104: _TOKEN,  # expired
    20105: _CLOCK,  # not yet valid
    20106: _TOKEN,  # invalid grants
    20107: _KEY,  # invalid signature
    31204: _TOKEN,  # the library's older words for the same
    31205: _TOKEN,
    51007: _TOKEN,  # token not authorized
    31000: _SIGNAL,  # anything on the way
    31005: _SIGNAL,  # connection error
    31009: _SIGNAL,  # no transport
    53000: _SIGNAL,  # signalling disconnected
    53001: _SIGNAL,
    53405: _MEDIA,  # media connection failed
    31208: _DENIED,  # older libraries
    31400: _NO_MICROPHONE,  # any fault of the microphone
    31401: _DENIED,  # permission denied
    31402: _NO_MICROPHONE,  # acquisition failed
}
#: What the browser calls a microphone that cannot be had, where the library gives no code.
MICROPHONE_NAMES: dict[str, SoftphoneTrouble] = {
    "NotAllowedError": _DENIED,
    **dict.fromkeys(
        ("NotFoundError", "NotReadableError", "OverconstrainedError", "AbortError"), _NO_MICROPHONE
    ),
}


def codes_of(next_: Next) -> frozenset[int]:
    """Every code after which this is done."""
    return frozenset(code for code, trouble in SOFTPHONE.items() if trouble.next is next_)


def softphone_trouble(code: int) -> SoftphoneTrouble:
    """What a code of the SDK means; for an unknown one a sentence that is always true."""
    return SOFTPHONE.get(code, _OTHER)
