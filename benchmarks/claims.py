"""Claims and calls of many coordinators against a simple update and a plain SKIP LOCKED queue.

``python -m benchmarks.claims [--patients 10000,100000,1000000] [--clients 1,8,100]``

Each coordinator is a login of its own on a real connection. Two things are measured:

* skip and claim: ``api.skip`` and ``api.claim_next``, the queue alone: permissions, training, due
  callbacks, calling hours of each group, the dial gate, the lease, the card, the reading meter and
  the chained audit;
* call: ``api.request_call`` (the gate again, the permit), the carrier's "no answer" written as the
  gateway writes it, ``api.finish`` with the next patient in the same answer.

* 20 calls a second: the same with pauses, six times what 100 people dial. The rate says nothing
  then, the percentiles what a coordinator waits.

A ratio compares transactions a second: 2 a skip-and-claim, 3 a call, 2 a job of the plain queue.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg

from benchmarks import baselines
from benchmarks.load import Client, Cycle, Refused, Run, run
from benchmarks.server import Bench, practice
from coordinator_app.domain.ids import new_op_id

_CLAIM = "SELECT api.claim_next($1::uuid)"
_SKIP = "SELECT api.skip($1::uuid, $2::bigint, 'other', $3::uuid)"
_DIAL = "SELECT api.request_call($1::uuid, $2::bigint, $3::uuid, $4::uuid)"
_FINISH = "SELECT api.finish($1::uuid, $2::uuid, $3::bigint, 'NO_ANSWER', '{}', $4::uuid, true)"
_RECORD = "SELECT api.gateway_record($1::jsonb)"
_BEAT = """SELECT api.gateway_beat('{"state": "ok", "is_practice_line": true, "sentence": ""}')"""
# What a run did to the queue is taken back, so that each begins alike; the audit keeps its rows.
_RESET = (
    "SET session_replication_role = replica",
    "DELETE FROM app.live_call",
    "DELETE FROM app.call_outcome",
    "DELETE FROM app.call_event",
    "DELETE FROM app.call_command",
    "DELETE FROM app.skip",
    "DELETE FROM app.call WHERE op_id IN (SELECT o.op_id FROM app.op o)",
    "DELETE FROM app.op",
    """UPDATE app.queue_entry SET state = 'ready', holder = NULL, lease_until = NULL, due_at = NULL,
        back_state = NULL, fence = 0, attempts = 0 WHERE fence > 0""",
    "RESET session_replication_role",
    "VACUUM app.queue_entry, app.call, app.skip, app.op, audit.head",
    "CHECKPOINT",
)

Row = dict[str, Any]


def _card(answer: str | None) -> Row:
    said: Row = json.loads(answer or "{}")
    if said.get("card") is None:
        raise RuntimeError(f"nobody left to claim: {said.get('gate')}")
    card: Row = said["card"]
    return card


def _claim(client: Client) -> Row:
    return _card(client.ask("claim", _CLAIM, str(new_op_id())))


def _skip(client: Client, card: Row) -> None:
    client.ask("skip", _SKIP, card["entry_id"], card["fence"], str(new_op_id()))


def skip_and_claim(client: Client) -> Iterator[None]:
    """Each cycle gives one patient back and opens the next."""
    card = _claim(client)
    while True:
        _skip(client, card)
        card = _claim(client)
        yield


def calls(bench: Bench) -> Cycle:
    """Each cycle is one call that nobody answers."""

    def cycle(client: Client) -> Iterator[None]:
        gateway = Client(bench.conninfo("gate"))
        card = _claim(client)
        try:
            while True:
                card = _call(client, gateway, card)
                yield
        finally:
            gateway.close()

    return cycle


def _call(client: Client, gateway: Client, card: Row) -> Row:
    entry, fence, phone = card["entry_id"], card["fence"], card["phones"][0]["id"]
    try:
        call: Row = json.loads(
            client.ask("dial", _DIAL, entry, fence, phone, str(new_op_id())) or "{}"
        )
    except Refused:  # counted; another patient then
        _skip(client, card)
        return _claim(client)
    now = datetime.now(UTC).isoformat()
    fact = {"call_id": call["id"], "state": "ended", "at": now, "ended_at": now, "end": "no_answer"}
    gateway.ask("record", _RECORD, json.dumps([fact]))
    return _card(client.ask("finish", _FINISH, call["id"], entry, fence, str(new_op_id())))


def reset(bench: Bench) -> None:
    """Bring the queue back to its beginning and vacuum it; the gateway says that it is there."""
    with psycopg.connect(bench.superuser, autocommit=True) as conn:
        for statement in _RESET:
            conn.execute(statement)
    with psycopg.connect(bench.conninfo("gate"), autocommit=True) as conn:
        conn.execute(_BEAT)


def _best(rounds: list[Run]) -> Run:
    return max(rounds, key=lambda one: one.rate)


def _line(name: str, done: Run, transactions: int, base: float, plain: float) -> str:
    said = "".join(
        f"   {call} {done.ms(call, 50):.2f} / {done.ms(call, 99):.2f}"
        for call in ("claim", "skip", "dial", "finish", "take", "done")
        if len(done.times.get(call, [])) > done.cycles / 2
    )
    rate = done.rate * transactions
    refused = f"   {dict(done.refusals)}" if done.refusals else ""
    return (
        f"  {name:15} {done.rate:8.0f}  {rate:8.0f}  {rate / base:6.2f}  {rate / plain:6.2f}"
        f"{said}{refused}"
    )


def measure(bench: Bench, clients: int, seconds: int, rounds: int) -> None:
    """Print one block: all four, interleaved, the best round of each."""
    people = [bench.conninfo(f"c{n}") for n in range(1, clients + 1)]
    others = [bench.superuser_of(baselines.DATABASE)] * clients
    ours: tuple[tuple[str, Callable[[], Run], int], ...] = (
        ("skip and claim", lambda: run(people, skip_and_claim, seconds), 2),
        ("call", lambda: run(people, calls(bench), seconds), 3),
        ("20 calls/s", lambda: run(people, calls(bench), seconds * 2, clients / 20), 3),
    )
    base = 0.0
    plain: list[Run] = []
    found: dict[str, list[Run]] = {name: [] for name, _, _ in ours}
    for _ in range(rounds):
        baselines.reset_jobs(bench)
        reset(bench)
        base = max(base, baselines.simple_update(bench, clients, seconds))
        plain.append(run(others, baselines.take_and_finish, seconds))
        for name, work, _ in ours:
            reset(bench)
            found[name].append(work())
    best = _best(plain)
    print(f"{clients} clients             cycles/s    tps   of simple of plain   p50 / p99 ms")
    print(f"  simple update             {base:8.0f}")
    print(_line("plain queue", best, 2, base, best.rate * 2))
    for name, _, transactions in ours:
        print(_line(name, _best(found[name]), transactions, base, best.rate * 2), flush=True)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Print a block for each number of patients and clients."""
    parser = argparse.ArgumentParser(description="Claims against their baselines")
    parser.add_argument("--patients", type=_numbers, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--clients", type=_numbers, default=[1, 8, 100])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for patients in asked.patients:
        with practice(patients, max(asked.clients)) as bench:
            baselines.prepare(bench, patients)
            with psycopg.connect(bench.superuser) as conn:
                row = conn.execute(
                    "SELECT count(*), count(DISTINCT e.call_group) FROM app.queue_entry e"
                    " WHERE e.state = 'ready'"
                ).fetchone()
            assert row is not None
            print(
                f"\nPostgreSQL {bench.binaries.version}, {patients:,} patients, {row[0]:,} ready in"
                f" {row[1]} groups of calling hours; {asked.seconds} s a run, interleaved, best of"
                f" {asked.rounds}"
            )
            for clients in asked.clients:
                measure(bench, clients, asked.seconds, asked.rounds)


if __name__ == "__main__":
    main()
