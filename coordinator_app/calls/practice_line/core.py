"""The phone network of the practice line: what happens, by itself and when asked.

Pure: no sockets, no threads, no sleeping. Each question first lets everything happen that is
due by the injected clock, in the order of time, so that a test in virtual time and a demo in
real time run the same code.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.practice_line.held import HeldNumbers, Office
from coordinator_app.calls.practice_line.legs import Leg, Room
from coordinator_app.calls.practice_line.network import Network, News, NewsKind, Simulated
from coordinator_app.calls.practice_line.personas import (
    Line,
    Persona,
    PersonaKind,
    Pickup,
    Plan,
    key_pressed,
    persona_of,
    plan_of,
    returning,
)

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_ENDPOINT = re.compile(r"(client|sip):\S+")
_KEPT_LEGS = 2_000  # ended calls that can still be asked for
_DEFAULT_TIMEOUT_S = 60.0
_LONGEST_S = 14_400.0

# A call that only says something: whoever answers listens to the end.
_ANNOUNCEMENT = frozenset({"said", "hangup"})
_ANNOUNCED = Plan(Pickup.ANSWER, 3.0, (), hangs_up_at=6.0)

# Twilio's magic numbers: tests written for its test credentials run here as well.
_MAGIC_TO = {
    "+15005550001": (21217, "The 'To' phone number does not appear to be valid."),
    "+15005550002": (21214, "The 'To' phone number cannot be reached."),
    "+15005550003": (21215, "Account not authorized to call this number."),
    "+15005550004": (21216, "Account not allowed to call this number."),
}
_MAGIC_FROM = "+15005550001"
_WITHHELD = Plan(Pickup.ANSWER, 2.0, (Line(1.0, "patient", "Hello?"),), 60.0)


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How the network behaves. Seconds."""

    ring: tuple[float, float] = (2.0, 4.0)
    queue: float = 0.2  # from the request to the first ring
    agent_answers: float = 0.3  # a coordinator's own phone
    pace: float = 1.0  # how many times faster everything happens
    calls_per_second: float | None = None
    ring_buffer: float = 0.0  # Twilio's own is about 5
    caller_ids: frozenset[str] = frozenset()  # verified; with owned empty: any may be shown
    owned: frozenset[str] = frozenset()  # numbers that the account has bought
    office: Office = field(default_factory=Office)  # who answers when a number is verified
    main_key: bool = True  # False: a standard or restricted key, which may not read the account
    account_type: str = "Full"  # "Trial"
    account_status: str = "active"  # "suspended", "closed"
    countries: frozenset[str] = frozenset({"US"})  # where the account may call
    # What the office number does with a caller; () lets it ring until the caller gives up.
    office_verbs: tuple[tuple[str, str, str], ...] = (("queue", "returned-calls", ""),)
    patience: float = 60.0  # of a caller who waits
    returns: float = 0.0  # the share of voicemails that are returned
    returns_after: tuple[float, float] = (25.0, 60.0)
    seed: int = 2026


class LineError(Exception):
    """The network refuses. ``status``: HTTP; ``code``: Twilio's."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class PracticeLine:
    """The state of the network."""

    def __init__(
        self,
        clock: LineClock,
        personas: Mapping[str, Persona] | None = None,
        settings: LineSettings | None = None,
        network: Network | None = None,
    ) -> None:
        self._clock = clock
        self._network = network or Simulated()
        self._personas = personas or {}
        self.settings = settings or LineSettings()
        self._ids = random.Random(f"{self.settings.seed}:{clock.now()}")  # noqa: S311  labels, no secrets
        self._legs: dict[str, Leg] = {}  # oldest first
        self._open: list[Leg] = []  # of them those that may be active: few, and looked at often
        self._rooms: dict[str, Room] = {}
        self._looked_at: datetime | None = None  # when nothing was due any more
        self._calls_to: dict[str, int] = {}
        self._last_dial: datetime | None = None
        self.placed = 0  # calls to patients, for tests that count them
        self.numbers = HeldNumbers(
            self.settings.office,
            self.settings.pace,
            self._ids,
            owned=self.settings.owned,
            verified=self.settings.caller_ids,
            at=clock.now(),
        )
        self._returning: list[tuple[datetime, str, str]] = []  # when who calls whom back

    @property
    def carried(self) -> bool:
        """Whether a network has calls whose news do not wait to be asked for."""
        return self._network.carries

    # -------------------------------------------------------------- looking

    def now(self) -> datetime:
        """Let everything due happen; the time of the network."""
        for news in self._network.news():
            self._pass(news.at)
            self._heard(news)
        now = self._clock.now()
        if now != self._looked_at:  # virtual time: many questions at one moment
            self._pass(now)
            self._looked_at = now
        return now

    def settle(self) -> None:
        """Let the network do what follows from how the calls are now."""
        self.now()
        self._network.settle(self._active())

    def legs(self) -> list[Leg]:
        """Every call that is remembered, newest first."""
        self.now()
        return list(reversed(self._legs.values()))

    def leg(self, sid: str) -> Leg:
        """One call. Raises LineError 20404."""
        self.now()
        if sid not in self._legs:
            raise _not_found()
        return self._legs[sid]

    def rooms(self) -> list[Room]:
        """Every conference, newest first."""
        self.now()
        return list(reversed(self._rooms.values()))

    def room(self, name_or_sid: str) -> Room:
        """A conference by its id, or the open one of a name. Raises LineError 20404."""
        self.now()
        if name_or_sid in self._rooms:
            return self._rooms[name_or_sid]
        for room in self._rooms.values():
            if room.name == name_or_sid and room.status != "completed":
                return room
        raise _not_found()

    def participants(self, room: Room) -> list[Leg]:
        """Who is in a room; ended calls are forgotten (telephony.md 1.2)."""
        self.now()
        return [leg for leg in self._active() if leg.room is room]

    def participant(self, room: Room, sid_or_label: str) -> Leg:
        """A participant by call or by label. Raises LineError 20404."""
        for leg in self.participants(room):
            if sid_or_label in (leg.sid, leg.label):
                return leg
        raise _not_found()

    def by_label(self, label: str) -> Leg | None:
        """The newest call with this label, ended ones included."""
        self.now()
        return next((leg for leg in reversed(self._legs.values()) if leg.label == label), None)

    # -------------------------------------------------------------- doing

    def dial(
        self,
        to: str,
        from_: str,
        *,
        label: str | None = None,
        room_name: str | None = None,
        timeout_s: float | None = None,
        time_limit_s: float | None = None,
        verbs: tuple[tuple[str, str, str], ...] = (),
        digits: str = "",
    ) -> Leg:
        """Start a call, into a room when one is named. Raises LineError."""
        now = self.now()
        self._check(to, from_)
        # Phones of the practice's own people answer themselves; nobody made up is behind them.
        agent = label is not None and label.startswith(("agent-", "mon-"))
        announced = bool(verbs) and all(verb in _ANNOUNCEMENT for verb, _, _ in verbs)
        persona = None if agent or announced or _ENDPOINT.fullmatch(to) else self._persona(to)
        timeout = (timeout_s or _DEFAULT_TIMEOUT_S) + self.settings.ring_buffer
        leg = Leg(
            sid=self._id("CA"),
            to=to,
            from_=from_,
            created_at=now,
            updated_at=now,
            dial_at=self._turn(now),
            timeout_s=timeout / self.settings.pace,
            time_limit_s=(time_limit_s or _LONGEST_S) / self.settings.pace,
            plan=_ANNOUNCED.paced(self.settings.pace) if announced else self._plan(to, persona),
            persona=persona,
            carried=self._network.carries,
            label=label,
            room=self._room_for(room_name, now) if room_name else None,
            verbs=() if announced else verbs,
            digits=digits,
        )
        self._add(leg)
        if persona is not None:
            self.placed += 1
        self._forget()
        return leg

    def call_office(
        self, to: str, from_: str, plan: Plan, *, delay_s: float = 0.0, digits: str = ""
    ) -> Leg:
        """The carrier calls by itself, to verify a number."""
        now = self.now()
        leg = Leg(
            sid=self._id("CA"),
            to=to,
            from_=from_,
            created_at=now,
            updated_at=now,
            dial_at=self._turn(now + timedelta(seconds=delay_s / self.settings.pace)),
            timeout_s=_DEFAULT_TIMEOUT_S / self.settings.pace,
            time_limit_s=_LONGEST_S / self.settings.pace,
            plan=plan,
            persona=None,
            digits=digits,
        )
        self._add(leg)
        return leg

    def call_in(self, from_: str, to: str) -> Leg:
        """Let a patient call the office. ``from_`` "anonymous": withheld. Raises LineError."""
        now = self.now()
        if not _E164.fullmatch(to) or not (_E164.fullmatch(from_) or from_ == "anonymous"):
            raise LineError(400, 21211, "The number is not a valid phone number.")
        return self._ring_office(from_, to, now)

    def queues(self) -> list[str]:
        """The names of the queues that the office number uses."""
        return [value for verb, value, _ in self.settings.office_verbs if verb == "queue"]

    def waiting(self, queue: str) -> list[Leg]:
        """Who waits in a queue, longest first."""
        self.now()
        return [leg for leg in self._active() if leg.queue == queue]

    def hang_up(self, leg: Leg, status: str) -> None:
        """``canceled`` before the answer, ``completed`` at any time. Raises LineError 21220."""
        now = self.now()
        if not leg.active or (status == "canceled" and leg.status == "in-progress"):
            raise LineError(400, 21220, "Call is not in-progress. Cannot redirect.")
        answered = leg.status == "in-progress"
        leg.end("completed" if answered else "canceled", now)
        self._left(leg, now)

    def drop(self, label: str) -> None:
        """A leg ends by itself: its owner hung up, or its network failed."""
        now = self.now()
        leg = self.by_label(label)
        if leg is not None and leg.active:
            leg.end("completed" if leg.start_time else "failed", now)
            self._left(leg, now)

    def redirect(self, leg: Leg, verbs: tuple[tuple[str, str, str], ...]) -> None:
        """Give a live call other instructions. Raises LineError 21220."""
        now = self.now()
        if leg.status != "in-progress":
            raise LineError(400, 21220, "Call is not in-progress. Cannot redirect.")
        room = leg.room
        leg.room = None
        leg.label = None
        leg.verbs = verbs
        self._looked_at = None
        if leg.queue:
            leg.leave_queue(now)
        self._follow_verbs(leg, now)
        if room is not None and leg.room is not room:
            self._close_if_empty(room, leg, now)

    def end_room(self, room: Room) -> None:
        """Everybody leaves."""
        now = self.now()
        for leg in self.participants(room):
            leg.end("completed" if leg.start_time else "canceled", now)
        room.status = "completed"
        room.updated_at = now
        room.ended_why = "conference-ended-via-api"

    # -------------------------------------------------------------- inside

    def _add(self, leg: Leg) -> None:
        self._legs[leg.sid] = leg
        self._open.append(leg)
        self._looked_at = None

    def _active(self) -> list[Leg]:
        self._open = [leg for leg in self._open if leg.active]
        return list(self._open)

    def _pass(self, until: datetime) -> None:
        """Let everything happen that is due by then, in the order of time."""
        while True:
            self._call_back(until)
            due = [(at, leg) for leg in self._active() if (at := leg.next_event()) and at <= until]
            if not due:
                return
            at, leg = min(due, key=lambda pair: pair[0])
            answered_before = leg.start_time
            leg.happen(at)
            if leg.start_time is not answered_before:
                self._answered(leg, at)
            if not leg.active:
                self._left(leg, at)

    def _heard(self, news: News) -> None:
        """Take over what the network says of a call."""
        leg = self._legs.get(news.sid)
        if leg is None or not leg.active:
            return  # it crossed our own hanging up
        if news.kind is NewsKind.SAID:
            leg.said += 1
            leg.say(news.at, news.speaker, news.text)
        elif news.kind is NewsKind.RINGS and leg.status == "queued":
            leg.ring(news.at)
        elif news.kind is NewsKind.ANSWERED and leg.start_time is None:
            leg.answer(news.at)
            self._answered(leg, news.at)
        elif news.kind is NewsKind.ENDED:
            leg.end("completed" if leg.start_time else news.status, news.at)
            self._left(leg, news.at)

    def _answered(self, leg: Leg, now: datetime) -> None:
        for digit in leg.digits:
            self._key(leg, digit, now)
        if leg.verbs:
            self._follow_verbs(leg, now)
        if leg.room is not None:
            inside = [x for x in self._active() if x.room is leg.room and x.start_time]
            starts = any(x.start_on_enter for x in inside)
            if len(inside) > 1 and starts and leg.room.status == "init":
                leg.room.status = "in-progress"
                leg.room.updated_at = now

    def _follow_verbs(self, leg: Leg, now: datetime) -> None:
        for verb, value, label in leg.verbs:
            if verb == "digits":
                for digit in value:
                    self._key(leg, digit, now)
            elif verb == "room":
                leg.room = self._room_for(value, now)
                leg.label = label or None
                leg.hold = leg.muted = leg.coaching = False
                leg.coached = None
                return
            elif verb == "queue":
                patience = timedelta(seconds=self.settings.patience / self.settings.pace)
                leg.wait_in(value, now, patience)
                return
            elif verb == "hangup":
                break
        leg.end("completed", now)  # nothing more to do: the carrier hangs up

    def _key(self, leg: Leg, digit: str, now: datetime) -> None:
        if leg.carried:
            self._network.press(leg, digit)
        elif leg.plan.menu and leg.persona is not None and digit not in "wW":
            leg.say(now, *key_pressed(leg.persona, digit))

    def _ring_office(self, from_: str, to: str, now: datetime) -> Leg:
        verbs = self.settings.office_verbs
        persona = self._persona(from_) if from_ != "anonymous" else None
        plan = returning(persona) if persona is not None else _WITHHELD
        leg = Leg(
            sid=self._id("CA"),
            to=to,
            from_=from_,
            created_at=now,
            updated_at=now,
            dial_at=now,
            timeout_s=self.settings.patience / self.settings.pace,
            time_limit_s=_LONGEST_S / self.settings.pace,
            plan=(plan if verbs else replace(plan, pickup=Pickup.NEVER)).paced(self.settings.pace),
            persona=persona,
            verbs=verbs,
            incoming=True,
        )
        self._add(leg)
        self._forget()
        return leg

    def _call_back(self, now: datetime) -> None:
        """Whoever heard a message and meant to call does."""
        due = [one for one in self._returning if one[0] <= now]
        self._returning = [one for one in self._returning if one[0] > now]
        for at, patient, office in due:
            self._ring_office(patient, office, at)

    def _heard_message(self, leg: Leg, now: datetime) -> None:
        left = leg.persona is not None and leg.persona.kind is PersonaKind.VOICEMAIL
        if not left or leg.incoming or leg.said < len(leg.plan.lines):
            return  # hung up before the beep
        if self._ids.random() < self.settings.returns:
            after = self._ids.uniform(*self.settings.returns_after) / self.settings.pace
            self._returning.append((now + timedelta(seconds=after), leg.to, leg.from_))

    def _left(self, leg: Leg, now: datetime) -> None:
        if self.settings.returns:
            self._heard_message(leg, now)
        room = leg.room
        if room is None or room.status == "completed":
            return
        if leg.end_on_exit and leg.start_time:
            for other in self._active():
                if other.room is room:
                    other.end("completed" if other.start_time else "canceled", now)
            room.ended_why = "participant-with-end-conference-on-exit-left"
        self._close_if_empty(room, leg, now)

    def _close_if_empty(self, room: Room, last: Leg, now: datetime) -> None:
        if any(leg.room is room for leg in self._active()):
            return
        room.status = "completed"
        room.updated_at = now
        room.ended_why = room.ended_why or "last-participant-left"
        room.ended_by = last.sid

    def _room_for(self, name: str, now: datetime) -> Room:
        for room in self._rooms.values():
            if name in (room.sid, room.name) and room.status != "completed":
                return room
        room = Room(self._id("CF"), name, now, now)
        self._rooms[room.sid] = room
        return room

    def _persona(self, to: str) -> Persona:
        return persona_of(to, self._personas, self.settings.seed)

    def _plan(self, to: str, persona: Persona | None) -> Plan:
        pace = self.settings.pace
        if persona is None:
            return Plan(Pickup.ANSWER, self.settings.agent_answers / pace, ())
        nth = self._calls_to[to] = self._calls_to.get(to, 0) + 1
        return plan_of(persona, to, nth, self.settings.seed, self.settings.ring).paced(pace)

    def _turn(self, now: datetime) -> datetime:
        at = now + timedelta(seconds=self.settings.queue / self.settings.pace)
        rate = self.settings.calls_per_second
        if rate is not None and self._last_dial is not None:
            at = max(at, self._last_dial + timedelta(seconds=1 / rate))
        self._last_dial = at
        return at

    def _check(self, to: str, from_: str) -> None:
        if from_ == _MAGIC_FROM:
            raise LineError(400, 21212, "The 'From' number is not a valid phone number.")
        if not to:
            raise LineError(400, 21201, "No 'To' number is specified.")
        if to in _MAGIC_TO:
            raise LineError(400, *_MAGIC_TO[to])
        if not (_E164.fullmatch(to) or _ENDPOINT.fullmatch(to)):
            raise LineError(400, 21211, "The 'To' number is not a valid phone number.")
        now = self._clock.now()
        if not _E164.fullmatch(from_) or not self.numbers.may_show(from_, now):
            raise LineError(400, 21210, "'From' phone number not verified.")
        trial = self.settings.account_type == "Trial"
        if trial and _E164.fullmatch(to) and not self.numbers.may_show(to, now):
            raise LineError(400, 21219, "'To' phone number not verified")

    def _id(self, kind: str) -> str:
        return f"{kind}{self._ids.getrandbits(128):032x}"

    def _forget(self) -> None:
        while len(self._legs) > _KEPT_LEGS:
            oldest = next((leg for leg in self._legs.values() if not leg.active), None)
            if oldest is None:
                return
            del self._legs[oldest.sid]
        for sid in [s for s, r in self._rooms.items() if r.status == "completed"][:-_KEPT_LEGS]:
            del self._rooms[sid]


def _not_found() -> LineError:
    return LineError(404, 20404, "The requested resource was not found")
