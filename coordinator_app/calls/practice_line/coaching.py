"""Coaching in a conference: one participant whom only one other hears.

Twilio's ``Coaching`` and ``CallSidToCoach``: the second is needed when the first is true, and
alone means true. Who is coached has to be in the conference (error 16028) and not on hold
(error 16027).
"""

from __future__ import annotations

from dataclasses import dataclass

from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.legs import Leg


@dataclass(frozen=True, slots=True)
class Coaching:
    """What a request asks for. ``coached``: the call that alone hears; None with ``on`` False."""

    on: bool
    coached: str | None


def asked(form: dict[str, str]) -> Coaching | None:
    """What the parameters say of coaching; None: nothing. Raises LineError."""
    coached = form.get("CallSidToCoach") or None
    said = form.get("Coaching", "true" if coached else "").lower()
    if said not in ("", "true", "false"):
        raise LineError(400, 20001, "Coaching must be true or false")
    if not said:
        return None
    if said == "true" and coached is None:
        raise LineError(400, 20001, "CallSidToCoach is required when Coaching is true")
    return Coaching(said == "true", coached if said == "true" else None)


def check(line: PracticeLine, room: str, wish: Coaching) -> None:
    """Raises LineError when whom to coach cannot be coached in this room."""
    if not wish.on:
        return
    try:
        inside = line.participants(line.room(room))
    except LineError:
        inside = []  # the conference does not exist yet
    leg = next((x for x in inside if x.sid == wish.coached and x.start_time), None)
    if leg is None:
        raise LineError(400, 16028, "Participant to be whispered is not present in the conference")
    if leg.hold:
        raise LineError(400, 16027, "Participant to be whispered is on hold")


def apply(leg: Leg, wish: Coaching | None) -> None:
    """Let it be so from now on."""
    if wish is not None:
        leg.coaching = wish.on
        leg.coached = wish.coached
