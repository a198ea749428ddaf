"""What the gateway asks of the practice's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from coordinator_app.domain.call import (
        CallFact,
        CallRequest,
        CommandRequest,
        LegFact,
        OpenCall,
        ShiftLeg,
    )
    from coordinator_app.domain.practice import LineHealth


class CallStore(Protocol):
    """What the gateway may do in the practice's database (role ``gateway``)."""

    def take_requests(self, limit: int) -> tuple[CallRequest, ...]:
        """Granted calls to place now; each is committed as PLACING before this returns."""
        ...

    def take_commands(self, limit: int) -> tuple[CommandRequest, ...]:
        """Commands not taken before."""
        ...

    def open_calls(self) -> tuple[OpenCall, ...]:
        """Calls without an end, to be reconciled after a restart."""
        ...

    def record(self, facts: Sequence[CallFact]) -> frozenset[UUID]:
        """Write facts; repeating them changes nothing. Gives the calls that somebody holds at this
        moment: their facts were not written and are to be sent again."""
        ...

    def legs(self) -> tuple[ShiftLeg, ...]:
        """The coordinators' legs that are, or should be."""
        ...

    def record_legs(self, facts: Sequence[LegFact]) -> frozenset[UUID]:
        """Write what became of legs. Gives the shifts that somebody holds at this moment, whose
        facts are to be sent again."""
        ...

    def beat(self, health: LineHealth) -> None:
        """Say that the gateway lives and how the line is."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep until something was asked for (True) or the time is over (False)."""
        ...
