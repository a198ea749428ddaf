"""The coordinator's ear over PostgreSQL (see ports.Ear for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode
from coordinator_app.db.connection import Json, Link
from coordinator_app.domain.ear import MyEar, SoftphoneKey, SoftphoneToken
from coordinator_app.domain.line_test import LineFinding, LineProbe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


class SqlEar:
    """What a practice's database answers about a person's own phone and line."""

    _link: Link

    def my_ear(self) -> MyEar:
        return decode(MyEar, self._link.call("my_ear"))

    def choose_ear(self, endpoint: str, op_id: UUID) -> MyEar:
        return decode(MyEar, self._link.call("choose_ear", endpoint, op_id))

    def softphone_token(self) -> SoftphoneToken:
        return decode(SoftphoneToken, self._link.call("softphone_token"))

    def line_probe(self) -> LineProbe:
        return decode(LineProbe, self._link.call("line_probe"))

    def keep_line_test(self, lines: Sequence[LineFinding], op_id: UUID) -> None:
        self._link.call("keep_line_test", Json(tuple(lines)), op_id)

    def softphone_key(self) -> SoftphoneKey:
        return decode(SoftphoneKey, self._link.call("softphone_key"))

    def set_softphone_key(
        self, account_sid: str, key_sid: str, secret: str, op_id: UUID
    ) -> SoftphoneKey:
        answer = self._link.call("set_softphone_key", account_sid, key_sid, secret, op_id)
        return decode(SoftphoneKey, answer)

    def clear_softphone_key(self, op_id: UUID) -> SoftphoneKey:
        return decode(SoftphoneKey, self._link.call("clear_softphone_key", op_id))
