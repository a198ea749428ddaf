"""Many clients at once: a thread and a real connection each, every call timed.

Threads over libpq itself (psycopg.pq), which lets other threads run while it waits: measured on
`SELECT 1`, it needs 13 µs of processor time a call with 1 client and 25 µs with 100, as little as
pgbench; psycopg's cursors need 25 and 90 µs, and 100 processes of pgbench, one a login, are slower
than both. pgbench itself cannot give a percentile of one statement among several.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from psycopg import pq

Value = str | int
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Refused(Exception):  # noqa: N818  (an answer, not a fault)
    """The server said no, by our own SQLSTATE."""


class Client:
    """One login's connection; times what it asks."""

    def __init__(self, conninfo: str) -> None:
        self._conn = pq.PGconn.connect(conninfo.encode())
        if self._conn.status != pq.ConnStatus.OK:
            raise RuntimeError(self._conn.get_error_message())
        self._prepared: set[bytes] = set()
        self.times: dict[str, list[float]] = {}
        self.refusals: Counter[str] = Counter()

    def ask(self, name: str, sql: str, *values: Value) -> str | None:
        """First column of the only row. The time goes under ``name``. Raises Refused."""
        statement = name.encode()
        if statement not in self._prepared:
            self._checked(self._conn.prepare(statement, sql.encode()))
            self._prepared.add(statement)
        given = [str(value).encode() for value in values]
        began = time.perf_counter()
        result = self._conn.exec_prepared(statement, given)
        spent = time.perf_counter() - began
        self._checked(result)
        self.times.setdefault(name, []).append(spent)
        value = result.get_value(0, 0) if result.ntuples and result.nfields else None
        return None if value is None else value.decode()

    def _checked(self, result: pq.abc.PGresult) -> None:
        if result.status in _GOOD:
            return
        state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        if not state.startswith("QC"):
            raise RuntimeError(result.error_message.decode())
        said = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode()
        self.refusals[said] += 1
        raise Refused(said)

    def close(self) -> None:
        self._conn.finish()


@dataclass(slots=True)
class Run:
    """What all clients together measured."""

    seconds: float
    cycles: int
    times: dict[str, list[float]]
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Cycles in a second."""
        return self.cycles / self.seconds

    def ms(self, name: str, part: int) -> float:
        """The percentile of a call, in milliseconds."""
        times = self.times.get(name, [])
        if len(times) < 2:
            return float("nan")
        return statistics.quantiles(times, n=100, method="inclusive")[part - 1] * 1000


# A cycle is one user's work, again and again: each next() is one cycle.
Cycle = Callable[[Client], Iterator[None]]


def run(conninfos: list[str], cycle: Cycle, seconds: float, pause: float = 0) -> Run:
    """Let each client go through cycles for that long; a cycle begun is finished and counted.

    ``pause``: seconds between a client's cycles, on average, as people take them.
    """
    clients = [Client(conninfo) for conninfo in conninfos]
    ready = threading.Barrier(len(clients) + 1)
    stop = threading.Event()
    counts = [0] * len(clients)
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            steps = cycle(clients[number])
            next(steps)  # warms the connection: plans, catalog caches
            clients[number].times.clear()
            ready.wait()
            while not stop.is_set():
                if pause and stop.wait(random.expovariate(1 / pause)):
                    break
                next(steps)
                counts[number] += 1
        except BaseException as fault:  # noqa: BLE001  (shown by the main thread)
            faults.append(fault)
            ready.abort()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(clients))]
    for thread in threads:
        thread.start()
    try:
        ready.wait()
        began = time.perf_counter()
        stop.wait(seconds)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    spent = time.perf_counter() - began
    times: dict[str, list[float]] = {}
    refusals: Counter[str] = Counter()
    for client in clients:
        client.close()
        refusals += client.refusals
        for name, values in client.times.items():
            times.setdefault(name, []).extend(values)
    if faults:
        raise faults[0]
    return Run(spent, sum(counts), times, refusals)
