"""One call on its way: what is known of it and what still has to be done."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from coordinator_app.calls.backend import AgentLeg
from coordinator_app.calls.reducer import Known, known, merge
from coordinator_app.domain.call import (
    CallCommand,
    CallEnd,
    CallFact,
    CallRequest,
    CallState,
    CommandRequest,
)


@dataclass(slots=True)
class Tracked:
    """The engine's memory of one open call. Times without a zone are monotonic seconds."""

    request: CallRequest
    known: Known
    due: float  # the next time something is to be done
    sent_since: datetime  # the carrier cannot have heard of it before
    facts: list[CallFact] = field(default_factory=list)  # learnt and not yet written
    hang_up_wanted: bool = False
    hang_up_sent: float | None = None
    hang_up_answered: bool = False  # the hang-up that was sent was one for an answered call
    reason: CallEnd | None = None  # why we end it, when it is not the coordinator's wish
    commands: deque[CommandRequest] = field(default_factory=deque)
    command_tries: int = 0
    tries: int = 0  # sent and answered with "too many"
    wait_until: float | None = None  # for a turn at the carrier
    locate_until: float = 0.0
    overdue: float = 0.0  # when ringing or talking has lasted too long
    agent_asked: float | None = None  # whether the coordinator is there, before dialling
    agent_ref: str = ""  # the leg on which the coordinator is for certain
    agent_seen: AgentLeg | None = None  # by the last question; for ``AgentLegs``
    agent_lost: float | None = None
    parked: bool = False  # the patient was put on hold because the coordinator was lost
    others: frozenset[str] = frozenset()  # refs of other calls, while this one is looked up
    working: bool = False  # it belongs to the thread that works on it
    inbox: list[CommandRequest] = field(default_factory=list)  # asked for meanwhile
    vanished: float | None = None

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        return self.known.state

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self.known.state is CallState.ENDED

    def take_inbox(self, now: float) -> None:
        """Take up what was asked for while the call was worked on."""
        for asked in self.inbox:
            if asked.command is CallCommand.HANG_UP:
                self.hang_up_wanted = True
            else:
                self.commands.append(asked)
            if self.state is not CallState.UNKNOWN:
                self.due = now
        self.inbox.clear()

    def learn(self, fact: CallFact) -> bool:
        """Take in a fact; True (and it will be written) when it says something new."""
        joined = merge(self.known, known(fact))
        if joined == self.known:
            return False
        self.known = joined
        self.facts.append(fact)
        return True
