"""Outcomes and drafts as JSON, for the journal. Reading checks; what is not ours is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp


class BadRecordError(Exception):
    """These bytes are not a record that this version writes. Never leaves the journal."""


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """What is being typed for a patient; ``saved`` in seconds since 1970 by this computer."""

    entry_id: UUID
    details: OutcomeDetails
    saved: float


Record = WrapUp | DraftRecord


def encode(record: Record) -> bytes:
    """Return the record as UTF-8 JSON."""
    if isinstance(record, DraftRecord):
        value: dict[str, Any] = {
            "kind": "draft",
            "entry_id": str(record.entry_id),
            "details": _details_to_json(record.details),
            "saved": record.saved,
        }
    else:
        value = {
            "kind": "wrap_up",
            "op_id": str(record.op_id),
            "call_id": str(record.call_id),
            "entry_id": str(record.entry_id),
            "fence": record.fence,
            "outcome": record.outcome.value,
            "details": _details_to_json(record.details),
        }
    return json.dumps(value, ensure_ascii=False).encode()


def decode(content: bytes) -> Record:
    """Return the record of these bytes. Raises BadRecordError."""
    try:
        value = json.loads(content)
        details = _details_from_json(value["details"])
        return _KINDS[value["kind"]](value, details)
    # The text of these errors may quote a note: it is not passed on.
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadRecordError("not a record") from None


def _draft(value: Mapping[str, Any], details: OutcomeDetails) -> Record:
    return DraftRecord(UUID(value["entry_id"]), details, float(value["saved"]))


def _wrap_up(value: Mapping[str, Any], details: OutcomeDetails) -> Record:
    return WrapUp(
        op_id=UUID(value["op_id"]),
        call_id=UUID(value["call_id"]),
        entry_id=UUID(value["entry_id"]),
        fence=int(value["fence"]),
        outcome=Outcome(value["outcome"]),
        details=details,
    )


_KINDS = {"draft": _draft, "wrap_up": _wrap_up}


def _details_to_json(details: OutcomeDetails) -> dict[str, Any]:
    return {
        "note": details.note,
        "hold_id": _text(details.hold_id),
        "appointment_id": _text(details.appointment_id),
        "callback_at": details.callback_at.isoformat() if details.callback_at else None,
        "callback_mine": details.callback_mine,
        "scope": details.scope,
        "barrier": details.barrier,
        "reason": details.reason,
        "language": details.language,
        "remind_by_text": details.remind_by_text,
    }


def _details_from_json(value: Mapping[str, Any]) -> OutcomeDetails:
    callback_at = value["callback_at"]
    return OutcomeDetails(
        note=str(value["note"]),
        hold_id=_id(value["hold_id"]),
        appointment_id=_id(value["appointment_id"]),
        callback_at=None if callback_at is None else datetime.fromisoformat(callback_at),
        callback_mine=bool(value["callback_mine"]),
        scope=str(value["scope"]),
        barrier=str(value["barrier"]),
        reason=str(value["reason"]),
        language=str(value["language"]),
        remind_by_text=bool(value["remind_by_text"]),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)
