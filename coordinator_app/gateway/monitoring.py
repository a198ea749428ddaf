"""The gateway's chore for supervisors on live calls.

A supervisor is called once: the wish is committed as PLACING before the carrier hears of it,
and from then on it is looked up by its label. They come only into a room in which the
coordinator is, they cannot start or end a conference, and they leave when the call ends: the
call belongs to its coordinator, also after a supervisor has joined in. When the coordinator's
leg is lost the engine calls it back for a while and then ends the call; a supervisor who joined
talks to the patient in the meantime, and is taken off with the end of the call.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from coordinator_app.calls.backend import Accepted, Category, Rejected, Unreachable
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.twilio_monitor import LegEnd, MonitorLeg, MonitorLine, Room
from coordinator_app.domain.monitor import (
    MonitorEnd,
    MonitorFact,
    MonitorState,
    MonitorWish,
)

_log = logging.getLogger(__name__)

_NO_COORDINATOR = "The coordinator’s own phone is not on the line, so you were not called."
_NO_ANSWER = "Your own phone did not answer, or was busy. Choose again how to come."
_LEFT = "Your own phone left the call."
_CALL_ENDED = "The call has ended."
_LOST = "The line could not say whether your phone was called. Choose again how to come."
_REFUSED = "Your own phone could not be called. "


class MonitorStore(Protocol):
    """What this chore needs of the database."""

    def monitors(self) -> tuple[MonitorWish, ...]:
        """Every supervisor who is, or wants to be, on a call."""
        ...

    def place_monitor(self, monitor_id: UUID) -> bool:
        """Commit that the carrier is asked now; False: do not ask."""
        ...

    def monitor_fact(self, monitor_id: UUID, fact: MonitorFact) -> bool:
        """Write down; False: somebody holds the row, say it again."""
        ...


@dataclass(frozen=True, slots=True)
class MonitorRhythm:
    """Seconds."""

    busy: float = 1.0  # between two looks while somebody is on a call
    idle: float = 5.0  # hints come earlier
    coordinator: float = 10.0  # to wait for the coordinator's leg before giving up
    appears: float = 10.0  # for a new leg to show in the carrier's lists
    look_up: float = 45.0  # for a leg whose answer was lost: longer than any ringing
    retry: float = 1.0  # after "too many requests"


@dataclass(slots=True)
class Monitoring:
    """See the module. Remembers nothing that a restart would need."""

    line: MonitorLine
    clock: LineClock
    rhythm: MonitorRhythm = field(default_factory=MonitorRhythm)
    _not_before: dict[UUID, datetime] = field(default_factory=dict)  # told to come again later
    _unsaid: dict[UUID, MonitorFact] = field(default_factory=dict)  # the row was held by somebody

    def turn(self, store: MonitorStore) -> float:
        """Bring the rooms to what is wished; see ``side_work.Chore``."""
        wishes = store.monitors()
        rooms: dict[UUID, Room | Unreachable] = {}
        self._not_before = {w.id: at for w in wishes if (at := self._not_before.get(w.id))}
        self._unsaid = {w.id: fact for w in wishes if (fact := self._unsaid.get(w.id))}
        for wish in wishes:
            fact = self._unsaid.pop(wish.id, None)
            if fact is None:
                if wish.session_id not in rooms:
                    rooms[wish.session_id] = self.line.room(wish.session_id)
                room = rooms[wish.session_id]
                fact = self._advance(store, wish, room) if isinstance(room, Room) else None
            if fact is not None and not store.monitor_fact(wish.id, fact):
                self._unsaid[wish.id] = fact
        return self.rhythm.busy if wishes else self.rhythm.idle

    def _advance(self, store: MonitorStore, wish: MonitorWish, room: Room) -> MonitorFact | None:
        leg = room.legs.get(str(wish.id))
        if wish.state is MonitorState.REQUESTED:
            return self._place(store, wish, room)
        if leg is None:
            return self._missing(wish)
        if wish.stop_wanted or wish.call_ended:
            self.line.leave(leg.ref)  # its end is seen, and said, at the next look
            return self._fact(MonitorState.PLACING, leg)
        if not leg.up:
            return self._fact(MonitorState.RINGING, leg)
        return self._tune(wish, room, leg)

    # -------------------------------------------------------------- coming

    def _place(self, store: MonitorStore, wish: MonitorWish, room: Room) -> MonitorFact | None:
        now = self.clock.now()
        if wish.call_ended or wish.stop_wanted:
            return self._over(wish)
        if not room.coordinator:
            waited = now - wish.requested_at >= timedelta(seconds=self.rhythm.coordinator)
            return self._end(MonitorEnd.NOT_PLACED, _NO_COORDINATOR) if waited else None
        later = self._not_before.get(wish.id)
        if (later is not None and now < later) or not store.place_monitor(wish.id):
            return None
        answer = self.line.call_in(wish, room.coordinator)
        if isinstance(answer, Rejected):
            return self._rejected(wish, answer)
        if isinstance(answer, Accepted):
            return MonitorFact(MonitorState.RINGING, now, carrier_ref=answer.ref)
        _log.warning("supervisor %s: the answer was lost, looking it up", wish.id)
        return None

    def _rejected(self, wish: MonitorWish, answer: Rejected) -> MonitorFact:
        if answer.category is Category.WAIT:
            wait = max(self.rhythm.retry, answer.retry_after_s or 0.0)
            self._not_before[wish.id] = self.clock.now() + timedelta(seconds=wait)
            return MonitorFact(MonitorState.REQUESTED, self.clock.now())
        _log.warning("supervisor %s: refused, code %s", wish.id, answer.code)
        end = MonitorEnd.REFUSED
        if answer.category is Category.NOT_SENT:
            end = MonitorEnd.NOT_PLACED
        return self._end(end, _REFUSED + answer.sentence)

    # -------------------------------------------------------------- being there

    def _tune(self, wish: MonitorWish, room: Room, leg: MonitorLeg) -> MonitorFact | None:
        """Bring what the carrier has to what is wished; what is said is what the carrier has."""
        if leg.mode is not wish.mode and room.coordinator:
            self.line.set_mode(wish, room.coordinator, leg.ref)
        if wish.state is MonitorState.ON and leg.mode in (None, wish.line_mode):
            return None
        return self._fact(MonitorState.ON, leg)

    def _missing(self, wish: MonitorWish) -> MonitorFact | None:
        """The leg is in no room: not yet, or not any more."""
        since = (self.clock.now() - (wish.placed_at or wish.requested_at)).total_seconds()
        over = wish.call_ended or wish.stop_wanted
        if not wish.carrier_ref:
            if since < self.rhythm.look_up:
                return None
            return self._over(wish) if over else self._end(MonitorEnd.LOST, _LOST)
        how = self.line.ended(wish.carrier_ref)
        if isinstance(how, LegEnd):
            if over:
                return self._over(wish)
            no_answer = how is LegEnd.NO_ANSWER
            return self._end(MonitorEnd(how), _NO_ANSWER if no_answer else _LEFT)
        if how is None and since >= self.rhythm.appears:  # alive, and its room is gone
            self.line.leave(wish.carrier_ref)
        return None

    def _over(self, wish: MonitorWish) -> MonitorFact:
        if wish.stop_wanted:
            return self._end(MonitorEnd.STOPPED)
        return self._end(MonitorEnd.CALL_ENDED, _CALL_ENDED)

    def _fact(self, state: MonitorState, leg: MonitorLeg) -> MonitorFact:
        return MonitorFact(state, self.clock.now(), leg.mode, leg.ref)

    def _end(self, end: MonitorEnd, sentence: str = "") -> MonitorFact:
        return MonitorFact(MonitorState.ENDED, self.clock.now(), end=end, sentence=sentence)
