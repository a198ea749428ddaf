"""What the window asks of the database about the coordinator's own ear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from coordinator_app.domain.ear import MyEar, SoftphoneKey, SoftphoneToken
    from coordinator_app.domain.line_test import LineFinding, LineProbe


class Ear(Protocol):
    """Where one hears the calls, and how good the line is.

    Each method may raise what a PracticeDatabase's may.
    """

    def my_ear(self) -> MyEar:
        """Where this person hears the calls."""
        ...

    def choose_ear(self, endpoint: str, op_id: UUID) -> MyEar:
        """Choose another ("client", "+1…", "sip:…"). Raises RefusedError while a call is up, and
        for an address that is none."""
        ...

    def softphone_token(self) -> SoftphoneToken:
        """A token for the softphone. Raises RefusedError when the practice has no key for it, or
        the hour's tokens are used."""
        ...

    def line_probe(self) -> LineProbe:
        """One small question, to be timed."""
        ...

    def keep_line_test(self, lines: Sequence[LineFinding], op_id: UUID) -> None:
        """Keep the result with this shift, for supervisors."""
        ...

    def softphone_key(self) -> SoftphoneKey:
        """Which key signs the tokens; supervisors and administrators."""
        ...

    def set_softphone_key(
        self, account_sid: str, key_sid: str, secret: str, op_id: UUID
    ) -> SoftphoneKey:
        """Give the database the carrier's signing key. Raises FreshLoginNeededError,
        RefusedError."""
        ...

    def clear_softphone_key(self, op_id: UUID) -> SoftphoneKey:
        """Take the signing key away: no softphone gets a token any more."""
        ...
