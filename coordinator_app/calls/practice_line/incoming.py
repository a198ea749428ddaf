"""Calls to the office number on the practice line: patients call back, wait, and give up.

The office number does what a practice sets up at the carrier (docs/administrator.md): callers are
put into a queue, from which they are taken by giving their call other instructions. Paths and
shapes as Twilio documents them: ``Queues``, ``Queues/{sid}/Members``.
One path is our own, for demos and tests: ``POST /practice-line/incoming`` with ``From`` and ``To``
lets a patient call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from coordinator_app.calls.practice_line import shapes
from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.shapes import API, Json

if TYPE_CHECKING:
    from coordinator_app.calls.practice_line.api import Request
    from coordinator_app.calls.practice_line.legs import Leg

Result = tuple[int, Json | None]

_OK, _CREATED = 200, 201
_MAX_SIZE = 1000  # of a queue that nobody gave another


def answer(line: PracticeLine, account: str, request: Request, rest: Sequence[str]) -> Result:
    """Answer a request below an account. Raises LineError, 20404 for what is none of these."""
    match request.method, list(rest):
        case "GET", ["Queues"]:
            rows = [_queue(account, line, name) for name in line.queues()]
            return _OK, shapes.page_json("queues", request.path, rows, request.query)
        case "GET", ["Queues", sid, "Members"]:
            name = next((n for n in line.queues() if _sid(n) == sid), None)
            if name is None:
                raise LineError(404, 20404, "The requested resource was not found")
            now = line.now()
            rows = [
                _member(account, sid, leg, place, now)
                for place, leg in enumerate(line.waiting(name), start=1)
            ]
            return _OK, shapes.page_json("queue_members", request.path, rows, request.query)
    raise LineError(405, 20004, "Method not allowed")


def call_in(line: PracticeLine, account: str, request: Request) -> Result:
    """``POST /practice-line/incoming``: somebody calls the office."""
    if request.method != "POST":
        raise LineError(405, 20004, "Method not allowed")
    leg = line.call_in(request.form.get("From", ""), request.form.get("To", ""))
    return _CREATED, shapes.call_json(account, leg)


def _sid(name: str) -> str:
    return f"QU{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _queue(account: str, line: PracticeLine, name: str) -> Json:
    sid = _sid(name)
    now = line.now()
    waits = [_waited(leg, now) for leg in line.waiting(name)]
    uri = f"/{API}/Accounts/{account}/Queues/{sid}"
    return {
        "sid": sid,
        "account_sid": account,
        "friendly_name": name,
        "current_size": len(waits),
        "max_size": _MAX_SIZE,
        "average_wait_time": sum(waits) // len(waits) if waits else 0,
        "date_created": None,
        "date_updated": None,
        "uri": f"{uri}.json",
    }


def _member(account: str, queue: str, leg: Leg, place: int, now: datetime) -> Json:
    return {
        "call_sid": leg.sid,
        "date_enqueued": shapes.date(leg.queued_at or now),
        "position": place,
        "wait_time": _waited(leg, now),
        "queue_sid": queue,
        "uri": f"/{API}/Accounts/{account}/Queues/{queue}/Members/{leg.sid}.json",
    }


def _waited(leg: Leg, now: datetime) -> int:
    """For how many whole seconds a caller has waited."""
    return int((now - (leg.queued_at or now)).total_seconds())
