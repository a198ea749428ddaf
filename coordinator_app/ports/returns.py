"""What people ask of the database about patients who call back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.patient import Card
    from coordinator_app.domain.returns import ReturnLane, ReturnReport, ReturnRouted


class ReturnCalls(Protocol):
    """Returned calls. Each method may raise what a PracticeDatabase's may."""

    def report_return(self, report: ReturnReport, op_id: UUID) -> ReturnRouted:
        """Tell of a caller; by number it is a look-up, counted and logged as ``find_patient``.

        Raises RefusedError (the hour's look-ups are used, something is missing), StaleError (a
        patient this person was not shown).
        """
        ...

    def return_calls(self) -> ReturnLane:
        """What waits; of others' only who has it."""
        ...

    def take_return(self, return_id: UUID, patient_id: UUID | None, op_id: UUID) -> Card:
        """Open the patient, and take the call itself where the caller waits on the line.

        ``patient_id``: who of a household it is; None: the likely one. Raises as ``claim``, and
        TakenByAnotherError, StaleError when it is settled.
        """
        ...

    def close_return(self, return_id: UUID, result: str, note: str, op_id: UUID) -> None:
        """Settled without a call. ``result``: "settled" or "not_a_patient"."""
        ...

    def link_return(self, return_id: UUID, patient_id: UUID, op_id: UUID) -> str:
        """An unknown caller is this patient; supervisors. Returns where it went."""
        ...
