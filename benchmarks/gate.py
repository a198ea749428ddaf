"""What the gate costs a dial, split, beside a round trip and a simple update on the same server.

``python -m benchmarks.gate [PATIENTS] [DIALS]`` (10,000 and 100 of each kind). A dial is
``api.request_call``: the gate with all its checks, the permit, the audit and a durable commit. The
gate alone is ``app.gate`` as the database's owner asks it, with nothing written. Kinds: how many
calls of the patient's last six days the gate finds (never placed, so that no cap is reached), and
in how many states and zones the patient may be.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from benchmarks import baselines
from benchmarks.load import Client
from benchmarks.server import Bench, practice
from coordinator_app.domain.ids import new_op_id

_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
_STATES = ("MA", "TX", "CO", "CA")
_DIAL = "SELECT api.request_call($1::uuid, $2::bigint, $3::uuid, $4::uuid)"
_FINISH = "SELECT api.finish($1::uuid, $2::uuid, $3::bigint, 'TECHNICAL', '{}', $4::uuid, false)"
_BEAT = """SELECT api.gateway_beat('{"state": "ok", "is_practice_line": true, "sentence": ""}')"""
# Open everywhere: 3 o'clock in Boston is noon in California.
_LATER = "UPDATE app.practice SET clock_offset = clock_offset + interval '4 hours'"
_TAKE = """
SELECT e.id, e.patient_id, t.id FROM app.queue_entry e
JOIN app.patient_telecom t ON t.patient_id = e.patient_id AND t.rank = 1
WHERE e.state = 'ready' AND e.call_group = 'MA|America/New_York'
ORDER BY e.id OFFSET %s LIMIT %s
"""
_PLACES = "UPDATE app.patient_telecom SET states = %s, zones = %s WHERE patient_id = ANY (%s)"
_GROUP = (
    "UPDATE app.queue_entry SET call_group = app.entry_group(patient_id)"
    " WHERE patient_id = ANY (%s)"
)
# What pgbench -N sends.
_SIMPLE = (
    ("begin", "BEGIN"),
    ("update", "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = $1::integer"),
    ("select", "SELECT abalance FROM pgbench_accounts WHERE aid = $1::integer"),
    ("insert", "INSERT INTO pgbench_history VALUES (1, 1, $1::integer, 1, now())"),
    ("end", "END"),
)
_CALLS = """
INSERT INTO app.call (id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164,
    phone_use, caller_id, agent_endpoint, is_practice_line, fence, attempt, checks, rule_pack,
    permit_until, state, requested_at, ended_at, end_reason, outcome, outcome_at)
SELECT app.uuid7(g.at), gen_random_uuid(), e.id, e.patient_id, p.id, e.campaign_id, t.id, t.e164,
    'mobile', '+16175550100', 'client', true, 1, 1, '[]', '2026-11-23', g.at, 'ended', g.at, g.at,
    'never_placed', 'TECHNICAL', g.at
FROM app.queue_entry e
JOIN app.patient_telecom t ON t.patient_id = e.patient_id AND t.rank = 1
JOIN app.person p ON p.login = 'c1'
CROSS JOIN LATERAL (
    SELECT app.now() - i * (interval '6 days' / %(calls)s) AS at
    FROM generate_series(1, %(calls)s::integer) i) AS g
WHERE e.patient_id = ANY (%(patients)s)
"""


@dataclass(slots=True)
class Kind:
    """Patients alike, and what their dials took."""

    calls: int
    places: int
    entries: list[tuple[str, str, str]] = field(default_factory=list)  # entry, patient, phone
    dial: list[float] = field(default_factory=list)  # seconds
    gate: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # checks


def _prepare(bench: Bench, kinds: list[Kind], dials: int) -> None:
    with psycopg.connect(bench.superuser, autocommit=True) as conn:
        conn.execute("SET ROLE app_owner")
        conn.execute(_LATER)
        for number, kind in enumerate(kinds):
            rows = conn.execute(_TAKE, (number * dials, dials)).fetchall()
            kind.entries = [
                (str(entry), str(patient), str(phone)) for entry, patient, phone in rows
            ]
            patients = [patient for _, patient, _ in rows]
            if len(rows) < dials:
                raise RuntimeError("too few patients for so many dials")
            places = kind.places
            conn.execute(_PLACES, (list(_STATES[:places]), list(_ZONES[:places]), patients))
            conn.execute(_GROUP, (patients,))
            if kind.calls:
                conn.execute(_CALLS, {"calls": kind.calls, "patients": patients})
        conn.execute("RESET ROLE")
        conn.execute("VACUUM ANALYZE app.call, app.queue_entry, app.patient_telecom")


def _gate_call(conn: psycopg.Connection[tuple[object, ...]]) -> str:
    """``app.gate`` with the parameters that it has now, by their types."""
    row = conn.execute(
        "SELECT proargnames, proargtypes::regtype[]::text[], pronargs - pronargdefaults"
        " FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND proname = 'gate'"
    ).fetchone()
    assert row is not None
    names, types, needed = row
    known = {
        "app.queue_entry": "e",
        "app.patient_telecom": "t",
        "app.person": "p",
        "timestamp with time zone": "app.now()",
    }
    assert isinstance(names, list)
    assert isinstance(types, list)
    assert isinstance(needed, int)
    given = [
        f"{name} => {known[kind]}"
        for n, (name, kind) in enumerate(zip(names, types, strict=False))
        if n < needed or kind in known
    ]
    return f"app.gate({', '.join(given)})"


def _simple_update(client: Client) -> float:
    began = time.perf_counter()
    account = random.randint(1, 1_000_000)
    for name, sql in _SIMPLE:
        client.ask(name, sql, *([account] if "$1" in sql else []))
    return time.perf_counter() - began


def _dial_all(bench: Bench, kinds: list[Kind], trips: list[float], updates: list[float]) -> None:
    person, gateway = Client(bench.conninfo("c1")), Client(bench.conninfo("gate"))
    owner, plain = Client(bench.superuser), Client(bench.superuser_of(baselines.DATABASE))
    with psycopg.connect(bench.superuser, autocommit=True) as conn:
        call = _gate_call(conn)
    owner.ask("role", "SET ROLE app_owner")
    alone = (
        f"SELECT jsonb_array_length({call}) FROM app.queue_entry e, app.patient_telecom t,"  # noqa: S608
        " app.person p WHERE e.id = $1::uuid AND t.id = $2::uuid AND p.login = 'c1'"
    )
    for number in range(len(kinds[0].entries)):
        if number % 20 == 0:
            gateway.ask("beat", _BEAT)
        for kind in kinds:
            entry, _, phone = kind.entries[number]
            card = json.loads(
                person.ask("claim", "SELECT api.claim($1::uuid, $2::uuid)", entry, str(new_op_id()))
                or "{}"
            )
            began = time.perf_counter()
            person.ask("trip", "SELECT 1")
            trips.append(time.perf_counter() - began)
            updates.append(_simple_update(plain))
            kind.sizes.append(int(owner.ask("gate", alone, entry, phone) or 0))
            kind.gate.append(owner.times["gate"][-1])
            call_id = json.loads(
                person.ask(
                    "dial",
                    _DIAL,
                    entry,
                    card["fence"],
                    phone,
                    str(new_op_id()),
                )
                or "{}"
            )["id"]
            kind.dial.append(person.times["dial"][-1])
            now = datetime.now(UTC).isoformat()
            fact = {"call_id": call_id, "state": "ended", "at": now, "end": "never_placed"}
            gateway.ask("record", "SELECT api.gateway_record($1::jsonb)", json.dumps([fact]))
            person.ask(
                "finish",
                _FINISH,
                call_id,
                entry,
                card["fence"],
                str(new_op_id()),
            )
    for client in (person, gateway, owner, plain):
        client.close()


def _ms(times: list[float], part: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[part - 1] * 1000


def main() -> None:
    """Print a line for each kind of patient."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    dials = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    kinds = [Kind(calls, places) for calls, places in ((0, 1), (10, 1), (100, 1), (0, 2), (0, 4))]
    with practice(patients, 1) as bench:
        _prepare(bench, kinds, dials)
        baselines.prepare(bench, 1000)
        trips: list[float] = []
        updates: list[float] = []
        _dial_all(bench, kinds, trips, updates)
        print(
            f"PostgreSQL {bench.binaries.version}, {patients:,} patients, {dials} dials of each"
            " kind, interleaved, 1 client"
        )
        base, trip = _ms(updates, 50), _ms(trips, 50)
        print(f"pgbench's simple update {base:.2f} ms, SELECT 1 {trip:.3f} ms (median)")
        print("calls  states        whole dial, ms           gate alone, ms       gate of")
        print("found  and zones   p50    p99   of update   p50    p99   checks   SELECT 1   update")
        for kind in kinds:
            dial, gate = _ms(kind.dial, 50), _ms(kind.gate, 50)
            print(
                f"{kind.calls:5}  {kind.places:9}  {dial:5.2f}  {_ms(kind.dial, 99):5.2f}"
                f"  {dial / base:9.2f}  {gate:5.2f}  {_ms(kind.gate, 99):5.2f}  {kind.sizes[0]:7}"
                f"  {gate / trip:9.1f}  {gate / base:7.2f}"
            )


if __name__ == "__main__":
    main()
