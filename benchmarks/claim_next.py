"""Claim-next against pgbench's simple update, on the same server with durable commits.

``python -m benchmarks.claim_next [PATIENTS]`` (100,000). One claim is: permissions, training, due
callbacks, calling hours of each group, the whole dial gate, the lease, the card and two chained
audit events; the simple update is one row and one history row.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from benchmarks.server import Bench, practice

_SECONDS = 8
_CLAIM = "SELECT api.claim_next(gen_random_uuid());\n"


def _pgbench(bench: Bench, *args: str, url: str) -> subprocess.Popen[str]:
    program = str(bench.binaries.program("pgbench"))
    return subprocess.Popen(
        [program, *args, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _tps(process: subprocess.Popen[str]) -> tuple[float, float]:
    out, err = process.communicate()
    found = re.search(r"tps = ([0-9.]+)", out)
    latency = re.search(r"latency average = ([0-9.]+)", out)
    if process.returncode or not found or not latency:
        raise RuntimeError(err)
    return float(found[1]), float(latency[1])


def _simple_update(bench: Bench, clients: int) -> tuple[float, float]:
    host = ["-h", bench.host, "-p", str(bench.port)]
    url = bench.superuser.replace("dbname='bench'", "dbname='postgres'")
    if clients == 1:
        _pgbench(bench, "-i", "-q", "-s", "10", *host, url=url).communicate()
    return _tps(_pgbench(bench, "-N", "-n", "-c", str(clients), "-T", str(_SECONDS), url=url))


def _claims(bench: Bench, clients: int, script: Path) -> tuple[float, float]:
    args = ("-n", "-c", "1", "-T", str(_SECONDS), "-f", str(script))
    runs = [_pgbench(bench, *args, url=bench.url(f"c{i}")) for i in range(1, clients + 1)]
    results = [_tps(run) for run in runs]
    return sum(tps for tps, _ in results), sum(ms for _, ms in results) / len(results)


def main() -> None:
    """Print tps and latency of both, and their ratio, for 1 and 8 clients."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, practice(patients, 8) as bench:
        script = Path(folder) / "claim.sql"
        script.write_text(_CLAIM)
        with psycopg.connect(bench.superuser) as conn:
            row = conn.execute("SELECT count(*) FROM app.queue_entry").fetchone()
        print(f"PostgreSQL {bench.binaries.version}, {row[0] if row else 0:,} in the queue")
        print("clients  simple update            claim-next               ratio")
        for clients in (1, 8):
            base, base_ms = _simple_update(bench, clients)
            ours, ours_ms = _claims(bench, clients, script)
            print(
                f"{clients:7}  {base:8.0f}/s {base_ms:7.2f} ms   {ours:8.0f}/s {ours_ms:7.2f} ms"
                f"   {ours / base:5.2f}"
            )


if __name__ == "__main__":
    main()
