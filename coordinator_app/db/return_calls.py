"""Returned calls over PostgreSQL (see ports.ReturnCalls for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode
from coordinator_app.db.connection import Json, Link
from coordinator_app.db.refusals import granted
from coordinator_app.domain.patient import Card
from coordinator_app.domain.privacy import Said
from coordinator_app.domain.returns import ReturnLane, ReturnReport, ReturnRouted

if TYPE_CHECKING:
    from uuid import UUID


class SqlReturnCalls:
    """What a practice's database answers about patients who call back."""

    _link: Link

    def report_return(self, report: ReturnReport, op_id: UUID) -> ReturnRouted:
        answer = self._link.call("report_return", Json(report), op_id)
        return decode(ReturnRouted, granted(answer))

    def return_calls(self) -> ReturnLane:
        return decode(ReturnLane, self._link.call("return_calls"))

    def take_return(self, return_id: UUID, patient_id: UUID | None, op_id: UUID) -> Card:
        answer = self._link.call("take_return", return_id, patient_id, op_id)
        return decode(Card, granted(answer))

    def close_return(self, return_id: UUID, result: str, note: str, op_id: UUID) -> None:
        self._link.call("close_return", return_id, result, note, op_id)

    def link_return(self, return_id: UUID, patient_id: UUID, op_id: UUID) -> str:
        return decode(Said, self._link.call("link_return", return_id, patient_id, op_id)).sentence
