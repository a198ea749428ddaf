"""Who hears whom in the line's conferences."""

from __future__ import annotations

from collections.abc import Iterable

from coordinator_app.calls.practice_line.legs import Leg

_LIVE, _RINGING = "in-progress", "ringing"


def hearing(legs: Iterable[Leg]) -> dict[str, frozenset[str]]:
    """Listener -> whom it hears, by call ids; those who hear nobody are left out.

    As in Twilio's conferences: hold silences both ways, mute one way; who coaches is heard by
    the coached call alone, and hears all; a call that still rings is heard (early media) and
    hears nothing.
    """
    legs = [leg for leg in legs if leg.room is not None]
    heard = {
        ear.sid: frozenset(mouth.sid for mouth in legs if _hears(ear, mouth))
        for ear in legs
        if ear.status == _LIVE and not ear.hold
    }
    return {sid: mouths for sid, mouths in heard.items() if mouths}


def _hears(ear: Leg, mouth: Leg) -> bool:
    if mouth is ear or mouth.room is not ear.room or mouth.hold or mouth.muted:
        return False
    if mouth.coaching and mouth.coached != ear.sid:
        return False
    return mouth.status == _LIVE or (mouth.status == _RINGING and mouth.early_media)
