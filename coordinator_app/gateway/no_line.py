"""The line of a practice that has none yet: says so, calls nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from coordinator_app.calls.backend import (
    AgentLeg,
    AgentState,
    AlreadyGone,
    CannotTell,
    Category,
    CommandAnswer,
    Finding,
    LocateAnswer,
    PlaceAnswer,
    Rejected,
    SnapshotAnswer,
    Unreachable,
)
from coordinator_app.domain.call import CallRequest, ShiftLeg


class NoLine:
    """A ``VoipBackend`` that refuses with one sentence.

    Calls left open by an earlier run are not judged: without credentials nobody can tell.
    """

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    @property
    def is_practice(self) -> bool:
        """No: there is no line at all."""
        return False

    def preflight(self) -> tuple[Finding, ...]:
        """What is missing."""
        return (Finding(blocks=True, sentence=self._sentence),)

    def agent_leg(self, session_id: UUID) -> AgentLeg | Unreachable:  # noqa: ARG002  the port's
        """None."""
        return AgentLeg(AgentState.ABSENT)

    def open_agent_leg(self, leg: ShiftLeg) -> PlaceAnswer:  # noqa: ARG002  the port's
        """Refused."""
        return self._refusal()

    def close_agent_leg(self, session_id: UUID) -> CommandAnswer:  # noqa: ARG002  the port's
        """There is none."""
        return AlreadyGone()

    def rooms_older_than(self, before: datetime) -> tuple[UUID, ...] | Unreachable:  # noqa: ARG002
        """There is none."""
        return ()

    def end_room(self, session_id: UUID) -> CommandAnswer:  # noqa: ARG002  the port's
        """There is none."""
        return AlreadyGone()

    def place(self, request: CallRequest) -> PlaceAnswer:  # noqa: ARG002  the port's
        """Refused."""
        return self._refusal()

    def locate(
        self,
        request: CallRequest,  # noqa: ARG002  the port's
        since: datetime,  # noqa: ARG002  the port's
        others: Collection[str],  # noqa: ARG002  the port's
    ) -> LocateAnswer:
        """Nobody knows."""
        return CannotTell("no credentials")

    def snapshot(self, request: CallRequest, ref: str) -> SnapshotAnswer:  # noqa: ARG002
        """Nobody knows."""
        return Unreachable("no credentials")

    def hang_up(self, ref: str, *, answered: bool) -> CommandAnswer:  # noqa: ARG002  the port's
        """Nothing to end here."""
        return AlreadyGone()

    def set_hold(self, request: CallRequest, ref: str, *, held: bool) -> CommandAnswer:  # noqa: ARG002
        """Nothing to hold."""
        return AlreadyGone()

    def set_mute(self, session_id: UUID, *, muted: bool) -> CommandAnswer:  # noqa: ARG002
        """Nothing to mute."""
        return AlreadyGone()

    def send_digits(self, request: CallRequest, ref: str, digits: str) -> CommandAnswer:  # noqa: ARG002
        """Nobody to hear."""
        return AlreadyGone()

    def _refusal(self) -> Rejected:
        return Rejected("", Category.CONFIGURATION, self._sentence)
