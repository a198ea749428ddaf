"""One leg of a call on the practice line, and the room it may be in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coordinator_app.calls.practice_line.personas import Persona, Pickup, Plan
from coordinator_app.domain.call import Caption

ACTIVE = frozenset({"queued", "ringing", "in-progress"})


@dataclass(slots=True)
class Room:
    """A conference. ``status``: init, in-progress, completed."""

    sid: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: str = "init"
    ended_why: str | None = None
    ended_by: str | None = None


@dataclass(slots=True)
class Leg:
    """A call resource, and the participant it is while it is in a room.

    ``status`` is Twilio's: queued, ringing, in-progress, completed, busy, failed, no-answer,
    canceled. The persona's words run on the leg's own talking time, which a hold stops.

    A ``carried`` leg is a network's: it rings, answers, talks and ends when the network says
    so (``network``); only the carrier's own limits, ring timeout and longest call, are ours.
    """

    sid: str
    to: str
    from_: str
    created_at: datetime
    updated_at: datetime
    dial_at: datetime
    timeout_s: float
    time_limit_s: float
    plan: Plan
    persona: Persona | None  # None: a coordinator's own leg
    label: str | None = None
    room: Room | None = None
    verbs: tuple[tuple[str, str, str], ...] = ()  # what to do when answered
    digits: str = ""  # keys pressed when answered
    early_media: bool = True  # the room hears it ring
    carried: bool = False
    sent_at: datetime | None = None  # when a carried call went out
    status: str = "queued"
    rang_at: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    muted: bool = False
    hold: bool = False
    start_on_enter: bool = True
    end_on_exit: bool = False
    coaching: bool = False
    coached: str | None = None  # the call that alone hears this leg
    talked_s: float = 0.0
    talking_since: datetime | None = None
    said: int = 0
    captions: list[Caption] = field(default_factory=list)
    incoming: bool = False  # a call to the office
    queue: str = ""  # where the caller waits
    queued_at: datetime | None = None
    gives_up_at: datetime | None = None

    @property
    def active(self) -> bool:
        """The leg has not ended."""
        return self.status in ACTIVE

    def next_event(self) -> datetime | None:
        """When something happens next by itself; None: nothing will."""
        if self.status == "queued":
            return self.dial_at if self.sent_at is None else self._gives_up_at(self.sent_at)
        if self.carried and self.active:
            ringing = self.status == "ringing" and self.rang_at
            return self._gives_up_at(ringing) if ringing else self._limit_at()
        if self.status == "ringing":
            return min(filter(None, (self._pickup_at(), self._line_at())))
        if self.status == "in-progress":
            return min(
                filter(
                    None,
                    (self._line_at(), self._hangs_up_at(), self._limit_at(), self.gives_up_at),
                ),
                default=None,
            )
        return None

    def happen(self, now: datetime) -> None:
        """Let the event of ``next_event`` happen; ``now`` is its time."""
        self.updated_at = now
        if self.carried:
            self._happen_carried(now)
        elif self.status == "queued":
            self.ring(now)
        elif self._line_at() == now:
            line = self.plan.lines[self.said]
            self.said += 1
            self.say(now, line.speaker, line.text)
        elif self.status == "ringing":
            self._pick_up(now)
        else:
            self.end("completed", now)

    def ring(self, now: datetime) -> None:
        """It rings at the other end."""
        self.status = "ringing"
        self.rang_at = now
        self.updated_at = now

    def answer(self, now: datetime) -> None:
        """Somebody answers."""
        self.status = "in-progress"
        self.start_time = now
        self.talking_since = now
        self.updated_at = now

    def say(self, now: datetime, speaker: str, text: str) -> None:
        """Somebody says something."""
        self.captions.append(Caption(now, speaker, text))

    def end(self, status: str, now: datetime) -> None:
        """End with this final status."""
        self._stop_talking(now)
        self.status = status
        self.end_time = now
        self.updated_at = now

    def wait_in(self, queue: str, now: datetime, patience: timedelta) -> None:
        """Wait in a queue, without a word, until taken or out of patience."""
        self._stop_talking(now)
        self.queue, self.queued_at, self.gives_up_at = queue, now, now + patience

    def leave_queue(self, now: datetime) -> None:
        """Be led elsewhere, where somebody listens."""
        self.queue, self.queued_at, self.gives_up_at = "", None, None
        self.talking_since = self.talking_since or now

    def set_hold(self, now: datetime, *, held: bool) -> None:
        """Hold stops the persona's words, resuming lets them go on."""
        if held and not self.hold:
            self._stop_talking(now)
        elif self.hold and not held and self.status == "in-progress":
            self.talking_since = now
        self.hold = held
        self.updated_at = now

    def _pick_up(self, now: datetime) -> None:
        if self.plan.pickup is Pickup.ANSWER and not self._times_out():
            self.answer(now)
            return
        pickup = Pickup.NEVER if self._times_out() else self.plan.pickup
        self.end(pickup.value, now)

    def _happen_carried(self, now: datetime) -> None:
        if self.start_time is not None:
            self.end("completed", now)  # the longest a call may be
        elif self.sent_at is None:
            self.sent_at = now
        else:
            self.end(Pickup.NEVER.value, now)

    def _gives_up_at(self, since: datetime) -> datetime:
        return since + timedelta(seconds=self.timeout_s)

    def _times_out(self) -> bool:
        return self.plan.pickup is Pickup.NEVER or self.plan.ring_s >= self.timeout_s

    def _pickup_at(self) -> datetime | None:
        wait = self.timeout_s if self._times_out() else self.plan.ring_s
        return None if self.rang_at is None else self.rang_at + timedelta(seconds=wait)

    def _line_at(self) -> datetime | None:
        if self.said >= len(self.plan.lines):
            return None
        at = self.plan.lines[self.said].at
        if self.status == "ringing":  # what one hears before an answer
            before = self.plan.pickup in (Pickup.BUSY, Pickup.FAILED) and self.rang_at
            return self.rang_at + timedelta(seconds=at) if before and self.rang_at else None
        return self._at_talk(at)

    def _hangs_up_at(self) -> datetime | None:
        at = self.plan.hangs_up_at
        return None if at is None else self._at_talk(at)

    def _limit_at(self) -> datetime | None:
        if self.start_time is None:
            return None
        return self.start_time + timedelta(seconds=self.time_limit_s)

    def _at_talk(self, seconds: float) -> datetime | None:
        if self.talking_since is None:
            return None
        return self.talking_since + timedelta(seconds=max(0.0, seconds - self.talked_s))

    def _stop_talking(self, now: datetime) -> None:
        if self.talking_since is not None:
            self.talked_s += (now - self.talking_since).total_seconds()
            self.talking_since = None
