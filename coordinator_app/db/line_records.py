"""The phone line's set-up over PostgreSQL (see ports.line_setup for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode
from coordinator_app.db.connection import Argument, Json, Link
from coordinator_app.domain.line_setup import (
    GatewayLine,
    Heard,
    LineAnswer,
    LineChecked,
    LineTask,
    LineTaskKind,
    LineTaskState,
    PhoneLine,
)
from coordinator_app.domain.privacy import Said

if TYPE_CHECKING:
    from uuid import UUID


class SqlLineRecords:
    """What a practice's database answers to supervisors and administrators."""

    _link: Link

    def phone_line(self) -> PhoneLine:
        return decode(PhoneLine, self._link.call("phone_line"))

    def set_carrier(
        self, account_sid: str, key_ending: str, sealed: bytes, gateway_key: str, op_id: UUID
    ) -> str:
        return self._noted("set_carrier", account_sid, key_ending, sealed.hex(), gateway_key, op_id)

    def forget_carrier(self, op_id: UUID) -> str:
        return self._noted("forget_carrier", op_id)

    def ask_line(
        self,
        kind: LineTaskKind,
        op_id: UUID,
        *,
        to: str = "",
        extension: str = "",
        call_delay: int = 0,
    ) -> LineTask:
        asked: dict[str, object] = {}
        if kind is LineTaskKind.VERIFY:
            asked = {"extension": extension, "call_delay": call_delay}
        elif kind is LineTaskKind.TEST_CALL:
            asked = {"to": to}
        return decode(LineTask, self._link.call("ask_line", kind.value, Json(asked), op_id))

    def line_heard(self, task_id: UUID, heard: Heard, op_id: UUID) -> str:
        return self._noted("line_heard", task_id, heard.value, op_id)

    def tick_line(self, name: str, op_id: UUID, *, ticked: bool) -> str:
        return self._noted("tick_line", name, ticked, op_id)

    def authorize_caller_id(self, signed_by: str, op_id: UUID) -> str:
        return self._noted("authorize_caller_id", signed_by, op_id)

    def _noted(self, function: str, *values: Argument) -> str:
        return decode(Said, self._link.call(function, *values)).sentence


class SqlLineStore:
    """What it answers to the gateway; see ports.line_setup.LineStore."""

    _link: Link

    def line(self, *, take: bool = True) -> GatewayLine:
        return decode(GatewayLine, self._link.call("gateway_line", take))

    def line_key(self, public_key: bytes) -> None:
        self._link.call("gateway_line_key", public_key.hex())

    def line_account(self, account_id: UUID, state: str, problem: str = "") -> None:
        self._link.call("gateway_line_account", account_id, state, problem, None, None)

    def line_source(self, source: str, account_sid: str) -> None:
        self._link.call("gateway_line_account", None, None, None, source, account_sid)

    def line_answer(self, task_id: UUID, state: LineTaskState, answer: LineAnswer) -> None:
        self._link.call("gateway_line_answer", task_id, state.value, Json(answer))

    def line_checked(self, checked: LineChecked) -> None:
        self._link.call("gateway_line_checked", Json(checked))
