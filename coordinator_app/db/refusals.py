"""Refusals that come as answers, because an error would take their record back (ADR 8)."""

from __future__ import annotations

from coordinator_app.db.codec import decode
from coordinator_app.domain.queue import Gate
from coordinator_app.errors import RefusedError


def granted(answer: object) -> object:
    """Return the answer; raise RefusedError when it is a refusal."""
    refused = answer.get("refused") if isinstance(answer, dict) else None
    if refused is None:
        return answer
    gate = decode(Gate, refused)
    detail = {"gate": gate.name, "opens_at": gate.opens_at and gate.opens_at.isoformat()}
    raise RefusedError(gate.sentence, name="dial_refused", detail=detail)
