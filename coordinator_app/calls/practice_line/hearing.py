"""Who hears whom in the line's conferences."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator_app.calls.practice_line.legs import Leg

_LIVE, _RINGING = "in-progress", "ringing"


def hearing(legs: Iterable[Leg]) -> dict[str, frozenset[str]]:
    """Listener -> whom it hears, by call ids; those who hear nobody are left out."""
    legs = [leg for leg in legs if leg.room is not None]
    heard = {ear.sid: frozenset(mouth.sid for mouth in legs if hears(ear, mouth)) for ear in legs}
    return {sid: mouths for sid, mouths in heard.items() if mouths}


def hears(ear: Leg, mouth: Leg) -> bool:
    """Whether one call hears another.

    As in Twilio's conferences: hold silences both ways, mute one way; who coaches is heard by
    the coached call alone, and hears all; a call that still rings is heard (early media) and
    hears nothing.
    """
    if ear is mouth or ear.room is None or ear.room is not mouth.room:
        return False
    if ear.status != _LIVE or ear.hold or mouth.hold or mouth.muted:
        return False
    if mouth.coaching and mouth.coached != ear.sid:
        return False
    return mouth.status == _LIVE or (mouth.status == _RINGING and mouth.early_media)
