"""What is kept on this computer: secrets, and wrap-ups on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.outcome import OutcomeDetails, WrapUp


class SecretStore(Protocol):
    """The operating system's vault."""

    def available(self) -> str:
        """ "" when there is a vault we trust, else one sentence why there is none."""
        ...

    def get(self, key: str) -> str | None:
        """The secret, or None."""
        ...

    def set(self, key: str, value: str) -> bool:
        """Keep a secret; False when there is no vault (nothing is written anywhere else)."""
        ...

    def delete(self, key: str) -> None:
        """Forget a secret; missing is fine."""
        ...


class Journal(Protocol):
    """Wrap-ups on their way to the database; survives kill -9, readable by nobody else."""

    def put(self, wrap_up: WrapUp) -> None:
        """Keep it until ``done``."""
        ...

    def pending(self) -> tuple[WrapUp, ...]:
        """What was not confirmed, oldest first."""
        ...

    def done(self, op_id: UUID) -> None:
        """The database has it: forget it."""
        ...

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        """Keep what is being typed for this patient, instead of what was kept before."""
        ...

    def draft(self, entry_id: UUID) -> OutcomeDetails | None:
        """What was typed for this patient and not sent, or None."""
        ...

    def drop_draft(self, entry_id: UUID) -> None:
        """Forget what was typed for this patient; missing is fine."""
        ...
