"""What claims are compared with, on the same server in the same minutes, commits durable.

* pgbench's simple update (``-N``): one row updated and one history row, 1,000,000 accounts.
* The least a queue can be: a table, an index on state and priority, SKIP LOCKED. No login to check,
  no gate, no lease, no card, no audit. Run by the same client program as ours.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import psycopg

from benchmarks.load import Client
from benchmarks.server import Bench

_PLAIN = """
CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'ready',
    priority integer NOT NULL,
    payload text NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0);
CREATE INDEX job_next ON job (state, priority DESC, id);
INSERT INTO job (priority, payload)
SELECT i::bigint * 7919 %% 100, repeat('x', 200) FROM generate_series(1, %(n)s::integer) i;
"""
_TAKE = """
UPDATE job SET state = 'taken' WHERE id = (
    SELECT j.id FROM job j WHERE j.state = 'ready' ORDER BY j.priority DESC, j.id LIMIT 1
    FOR UPDATE SKIP LOCKED
) RETURNING id
"""
_DONE = "UPDATE job SET state = 'done' WHERE id = $1"
DATABASE = "baseline"


def prepare(bench: Bench, jobs: int) -> None:
    """Make the database with pgbench's tables and that many jobs."""
    with psycopg.connect(bench.superuser, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {DATABASE}")
    _pgbench(bench, "-i", "-q", "-s", "10")
    with psycopg.connect(bench.superuser_of(DATABASE), autocommit=True) as conn:
        for statement in _PLAIN.strip().split(";\n"):
            conn.execute(statement.rstrip(";"), {"n": jobs})
        conn.execute("VACUUM ANALYZE job")


def reset_jobs(bench: Bench) -> None:
    """Put all jobs back."""
    with psycopg.connect(bench.superuser_of(DATABASE), autocommit=True) as conn:
        conn.execute("UPDATE job SET state = 'ready' WHERE state <> 'ready'")
        conn.execute("VACUUM job")


def simple_update(bench: Bench, clients: int, seconds: int) -> float:
    """Transactions a second of ``pgbench -N``."""
    threads = str(min(clients, 2))
    said = _pgbench(bench, "-N", "-n", "-c", str(clients), "-j", threads, "-T", str(seconds))
    found = re.search(r"tps = ([0-9.]+)", said)
    if found is None:
        raise RuntimeError(said)
    return float(found[1])


def take_and_finish(client: Client) -> Iterator[None]:
    """A cycle of the plain queue."""
    while True:
        job = client.ask("take", _TAKE)
        client.ask("done", _DONE, job or 0)
        yield


def _pgbench(bench: Bench, *args: str) -> str:
    program = str(bench.binaries.program("pgbench"))
    return subprocess.run(
        [program, *args, bench.superuser_of(DATABASE)], capture_output=True, text=True, check=True
    ).stdout
