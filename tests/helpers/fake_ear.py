"""The ear of a fake practice: where one hears the calls, tokens, and kept line tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coordinator_app.domain.ear import EarKind, MyEar, SoftphoneKey, SoftphoneToken
from coordinator_app.domain.line_test import LineProbe
from coordinator_app.domain.person import Person, Role
from coordinator_app.errors import NotAllowedError, RefusedError
from tests.helpers.fake_data import LINE, NOW, PRACTICE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from coordinator_app.domain.line_test import LineFinding

OFFICE = PRACTICE.office_number
NO_KEY = SoftphoneKey("", "", None, "")


class FakeEar:
    """``ear`` is where this person hears the calls; ``minted`` counts the tokens.

    ``on_call``: changing is refused. ``probe``: what each question of a line test is answered.
    ``kept``: the results of line tests.
    """

    person: Person

    def _start_ear(self) -> None:
        self.ear = MyEar(
            EarKind.SOFTPHONE, "", is_practice_line=True, softphone_ready=True, office_number=OFFICE
        )
        self.minted = 0
        self.on_call = False
        self.kept: list[tuple[LineFinding, ...]] = []
        self.key = NO_KEY
        self.chosen: list[tuple[str, UUID]] = []
        self.probe = LineProbe(NOW, "18.6", 18, "0.1.0", "TLSv1.3", LINE, self.ear)

    def _enter(self, name: str) -> None:
        raise NotImplementedError

    def my_ear(self) -> MyEar:
        """See the port."""
        self._enter("my_ear")
        return self.ear

    def choose_ear(self, endpoint: str, op_id: UUID) -> MyEar:
        """See the port."""
        self._enter("choose_ear")
        self.chosen.append((endpoint, op_id))
        if self.on_call:
            raise RefusedError(
                "You are on a call. Change where you hear calls when it has ended.",
                name="call_in_progress",
            )
        kind = EarKind.SOFTPHONE
        if endpoint.startswith("+"):
            kind = EarKind.PHONE
        elif endpoint.startswith("sip:"):
            kind = EarKind.SIP
        address = "" if kind is EarKind.SOFTPHONE else endpoint
        self.ear = replace(self.ear, kind=kind, address=address)
        return self.ear

    def softphone_token(self) -> SoftphoneToken:
        """See the port."""
        self._enter("softphone_token")
        if not self.ear.softphone_ready:
            raise RefusedError("The softphone is not set up.", name="softphone_not_set_up")
        self.minted += 1
        return SoftphoneToken(
            f"token {self.minted}", self.person.id.hex, 600, self.ear.is_practice_line
        )

    def line_probe(self) -> LineProbe:
        """See the port."""
        self._enter("line_probe")
        return replace(self.probe, at=datetime.now(UTC), ear=self.ear)

    def keep_line_test(self, lines: Sequence[LineFinding], op_id: UUID) -> None:
        """See the port."""
        self._enter("keep_line_test")
        self.kept.append(tuple(lines))

    def softphone_key(self) -> SoftphoneKey:
        """See the port."""
        self._enter("softphone_key")
        self._may_keep_keys()
        return self.key

    def set_softphone_key(
        self, account_sid: str, key_sid: str, secret: str, op_id: UUID
    ) -> SoftphoneKey:
        """See the port."""
        self._enter("set_softphone_key")
        self._may_keep_keys()
        self.key = SoftphoneKey(account_sid, key_sid, NOW, self.person.login)
        return self.key

    def clear_softphone_key(self, op_id: UUID) -> SoftphoneKey:
        """See the port."""
        self._enter("clear_softphone_key")
        self._may_keep_keys()
        self.key = NO_KEY
        return self.key

    def _may_keep_keys(self) -> None:
        if self.person.role not in {Role.SUPERVISOR, Role.ADMINISTRATOR}:
            raise NotAllowedError("Your role in this practice does not include this.")
