"""Round trips of each thing a coordinator does, counted at the socket, and its time at 80 ms.

``python -m benchmarks.round_trips``. Baseline: ``SELECT 1`` over the same connection and proxy. The
proxy delays each direction by 40 ms, as a practice link may.
"""

from __future__ import annotations

import contextlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import psycopg

from benchmarks.server import PASSWORD, Bench, practice
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.ids import new_op_id
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.domain.patient import Card, IdentifierKind, IdentityResult
from coordinator_app.domain.queue import Gate, QueueFilter
from coordinator_app.domain.session import Connection, TlsMode
from tests.helpers.own_phone import pick_up, press
from tests.helpers.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coordinator_app.domain.call import CallView

T = TypeVar("T")

_DELAY = 0.040  # seconds, one way


class Table:
    """Counts and prints one line an action."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._base = 0.0
        print("action              round trips      ms   of SELECT 1")

    def row(self, name: str, action: Callable[[], T]) -> T:
        turns, began = self._proxy.turns, time.perf_counter()
        result = action()
        spent = time.perf_counter() - began
        self._base = self._base or spent
        times = spent / self._base
        print(f"{name:18} {self._proxy.turns - turns:12} {spent * 1000:7.0f}   {times:6.2f}")
        return result


def _gateway(bench: Bench, call: CallView) -> None:
    """Answer the call as the gateway does."""
    now = datetime.now(UTC).isoformat()
    fact = {"call_id": str(call.id), "state": "live", "at": now, "answered_at": now}
    with psycopg.connect(bench.conninfo("gate"), autocommit=True) as conn:
        pick_up(conn)
        with psycopg.connect(bench.conninfo("c1"), autocommit=True) as person:
            press(person)
        conn.execute("SELECT api.gateway_take_requests(5)")
        conn.execute("SELECT api.gateway_record(%s::jsonb)", (json.dumps([fact]),))


@contextlib.contextmanager
def _beating(bench: Bench) -> Iterator[None]:
    health = {"state": "ok", "is_practice_line": True, "sentence": ""}
    with psycopg.connect(bench.conninfo("gate"), autocommit=True) as conn:
        conn.execute("SELECT api.gateway_beat(%s::jsonb)", (json.dumps(health),))
    yield


def _claimed(found: Card | Gate | None) -> Card:
    if not isinstance(found, Card):
        raise TypeError(found)
    return found


def main() -> None:
    """Walk through a call with a booking and print each action."""
    with (
        practice(200, 1) as bench,
        _beating(bench),
        Proxy(bench.host, bench.port, delay=_DELAY) as proxy,
    ):
        connection = Connection("Bench", bench.host, proxy.port, "bench", "c1", TlsMode.LOOPBACK)
        with psycopg.connect(
            host=bench.host,
            port=proxy.port,
            dbname="bench",
            user="c1",
            password=PASSWORD,
            autocommit=True,
        ) as conn:
            table = Table(proxy)
            table.row("SELECT 1", lambda: conn.execute("SELECT 1").fetchone())
        person = SqlConnector().connect(connection, PASSWORD)
        signed_in = table.row("sign in", lambda: person.sign_in("0.1.0", "bench"))
        table.row("queue", lambda: person.queue(QueueFilter.ALL, "", 100))
        card = _claimed(table.row("claim next", lambda: person.claim_next(new_op_id())))
        call = table.row(
            "dial",
            lambda: person.request_call(card.entry_id, card.fence, card.phones[0].id, new_op_id()),
        )
        _gateway(bench, call)
        kinds = (IdentifierKind.BIRTH_DATE, IdentifierKind.ZIP)
        table.row(
            "verify identity",
            lambda: person.verify_identity(call.id, IdentityResult.PASS, kinds, new_op_id()),
        )
        clinician, visit = signed_in.practice.practitioners[0], signed_in.practice.visit_types[0]
        first = (signed_in.now + timedelta(days=1)).date()
        openings = table.row(
            "openings", lambda: person.openings((clinician.id,), visit.id, first, 5)
        )
        start = next(day.free[0] for day in openings.days if day.free)
        hold = table.row(
            "hold a slot",
            lambda: person.hold_slot(
                card.entry_id, card.fence, clinician.id, visit.id, start, new_op_id()
            ),
        )
        booked = table.row(
            "book",
            lambda: person.book(call.id, card.fence, hold.id, OutcomeDetails(), new_op_id()),
        )
        wrap_up = WrapUp(
            new_op_id(),
            call.id,
            card.entry_id,
            card.fence,
            Outcome.BOOKED,
            OutcomeDetails(appointment_id=booked.id),
        )
        table.row("outcome and next", lambda: person.finish(wrap_up, then_next=True))
        person.close()


if __name__ == "__main__":
    main()
