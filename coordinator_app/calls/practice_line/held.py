"""The numbers of the practice line's account: owned, verified, and being verified.

Twilio verifies a number by calling it: whoever answers keys in six digits that the API gave out.
Here an office answers, or does not, as ``Office`` says; what it does happens in the line's time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import Line, Pickup, Plan

#: What calls an office that is being verified (Twilio's own number for tests).
VERIFIER = "+15005550006"
_LONGEST_DELAY_S = 60
_EXTENSION = frozenset("0123456789*#wW")


@dataclass(frozen=True, slots=True)
class Office:
    """What the office does when the carrier calls to verify its number. Seconds."""

    pickup: Pickup = Pickup.ANSWER
    ring: float = 4.0
    keys_after: float | None = 14.0  # None: somebody answers and keys nothing that fits

    def plan(self, pace: float) -> Plan:
        """The same as a call."""
        asks = (Line(1.0, "line", "This is a verification call. Enter the code now."),)
        lasts = (self.keys_after if self.keys_after is not None else 20.0) + 2.0
        return Plan(self.pickup, self.ring, asks, lasts).paced(pace)


@dataclass(frozen=True, slots=True)
class Held:
    """A number that may be shown. ``owned``: bought or moved here, else only verified."""

    sid: str
    e164: str
    name: str
    at: datetime
    owned: bool = False


@dataclass(slots=True)
class Validation:
    """A verification that is under way."""

    e164: str
    name: str
    code: str
    leg: Leg


class HeldNumbers:
    """``shows_all``: the line of a demo or a test, where each number may be shown from the start;
    a number counts as verified until its verification is taken away."""

    def __init__(
        self,
        office: Office,
        pace: float,
        chance: random.Random,
        *,
        owned: frozenset[str] = frozenset(),
        verified: frozenset[str] = frozenset(),
        at: datetime,
    ) -> None:
        self._office = office
        self._pace = pace
        self._chance = chance
        self._shows_all = not (owned or verified)
        self._taken_away: set[str] = set()
        self._held = {
            e164: self._made(e164, e164, at, owned=e164 in owned)
            for e164 in sorted(owned | verified)
        }
        self._under_way: list[Validation] = []
        self._at = at

    def listed(self, e164: str | None, *, owned: bool, now: datetime) -> list[Held]:
        """Numbers owned or verified; of one number, or all that were asked for before."""
        self._settle(now)
        if e164 is not None and not owned:
            self._assume(e164)
        return [
            one
            for one in self._held.values()
            if one.owned is owned and (e164 is None or one.e164 == e164)
        ]

    def may_show(self, e164: str, now: datetime) -> bool:
        """Whether a call may go out with this number."""
        self._settle(now)
        return e164 in self._held or (self._shows_all and e164 not in self._taken_away)

    def take_away(self, sid: str, now: datetime) -> bool:
        """Forget a verified number; whether there was one of this id."""
        self._settle(now)
        found = next((x for x in self._held.values() if x.sid == sid and not x.owned), None)
        if found is None:
            return False
        del self._held[found.e164]
        self._taken_away.add(found.e164)
        return True

    def begin(
        self, e164: str, name: str, now: datetime, call: Callable[[Plan], Leg]
    ) -> Validation | None:
        """Call a number to verify it; None when it is verified already."""
        self._settle(now)
        if self.may_show(e164, now):
            return None
        made = Validation(
            e164,
            name,
            f"{self._chance.randrange(10**6):06d}",
            call(self._office.plan(self._pace)),
        )
        self._under_way.append(made)
        return made

    def _settle(self, now: datetime) -> None:
        for one in list(self._under_way):
            keyed = self._keyed_at(one.leg)
            if keyed is not None and keyed <= now:
                self._under_way.remove(one)
                self._taken_away.discard(one.e164)
                self._held[one.e164] = self._made(one.e164, one.name, keyed)
            elif not one.leg.active:
                self._under_way.remove(one)

    def _keyed_at(self, leg: Leg) -> datetime | None:
        if leg.start_time is None or self._office.keys_after is None:
            return None
        at = leg.start_time + timedelta(seconds=self._office.keys_after / self._pace)
        return None if leg.end_time is not None and leg.end_time < at else at

    def _assume(self, e164: str) -> None:
        if self._shows_all and e164 not in self._held and e164 not in self._taken_away:
            self._held[e164] = self._made(e164, e164, self._at)

    def _made(self, e164: str, name: str, at: datetime, *, owned: bool = False) -> Held:
        kind = "PN"  # Twilio's ids of both begin so
        return Held(f"{kind}{self._chance.getrandbits(128):032x}", e164, name, at, owned)


def bad_delay(text: str) -> bool:
    """Whether Twilio would refuse a ``CallDelay`` (21454)."""
    return not (text.isdigit() and int(text) <= _LONGEST_DELAY_S)


def bad_extension(text: str) -> bool:
    """Whether Twilio would refuse an ``Extension`` (22117)."""
    return not text or any(sign not in _EXTENSION for sign in text)
