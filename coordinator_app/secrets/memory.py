"""Stores that last as long as the program runs: where there is no vault, and for tests."""

from __future__ import annotations

from uuid import UUID

from coordinator_app.domain.outcome import OutcomeDetails, WrapUp


class MemorySecretStore:
    """Secrets in memory. Says so when asked, unless a test plays a vault (``reason=""``)."""

    def __init__(
        self, reason: str = "Passwords are kept until this program ends, and nowhere else."
    ) -> None:
        self._reason = reason
        self._secrets: dict[str, str] = {}

    def available(self) -> str:
        return self._reason

    def get(self, key: str) -> str | None:
        return self._secrets.get(key)

    def set(self, key: str, value: str) -> bool:
        self._secrets[key] = value
        return not self._reason

    def delete(self, key: str) -> None:
        self._secrets.pop(key, None)


class MemoryJournal:
    """Unsent outcomes and drafts in memory: nothing is written, and a crash loses them."""

    def __init__(self) -> None:
        self._wrap_ups: dict[UUID, WrapUp] = {}
        self._drafts: dict[UUID, OutcomeDetails] = {}

    def put(self, wrap_up: WrapUp) -> None:
        self._wrap_ups[wrap_up.op_id] = wrap_up

    def pending(self) -> tuple[WrapUp, ...]:
        return tuple(self._wrap_ups.values())

    def done(self, op_id: UUID) -> None:
        self._wrap_ups.pop(op_id, None)

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        self._drafts[entry_id] = details

    def draft(self, entry_id: UUID) -> OutcomeDetails | None:
        return self._drafts.get(entry_id)

    def drop_draft(self, entry_id: UUID) -> None:
        self._drafts.pop(entry_id, None)
