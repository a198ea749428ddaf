"""From Dial to the carrier, from the carrier to the pixels, and how many calls a second.

``python -m benchmarks.phone [--calls 50] [--burst 200]``. A real database, the gateway's own loop
on its session and threads, and the practice line over HTTP (the third figure: the engine alone,
with a store in memory). Three figures:

* press of Dial (the request is sent to the database) to the moment the carrier is asked for the
  call; baseline: a NOTIFY heard by a listening session of the same database;
* the patient answers at the carrier to the call bar painted as connected, by the window's own steps
  (hint, question, bar) without its task thread; baseline: the gateway's
  own poll of a ringing call, which is the most of it;
* calls placed a second with 20 calls followed, without a limit and at the carrier's 1 a second.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psycopg
from PySide6.QtWidgets import QApplication

from benchmarks.server import PASSWORD, Bench, practice
from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.engine import CallEngine
from coordinator_app.calls.pool import threads
from coordinator_app.calls.practice_line.api import PracticeApi
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.legs import Leg
from coordinator_app.calls.practice_line.personas import Persona, PersonaKind
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.call import CallCommand, CallState
from coordinator_app.domain.ids import new_op_id
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.domain.patient import Card
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.gateway.service import Gateway
from coordinator_app.ports import PracticeDatabase
from tests.helpers.call_store import FakeCallStore, call_request
from ui.shortcuts import Keymap
from ui.theme import Theme, active, install
from ui.views.call_bar import CallBar

_FOLLOWED = 20


class TimedLine(PracticeLine):
    """Notes when it was asked for each patient's call."""

    asked: list[float]
    api: PracticeApi  # whose lock keeps the server's threads away

    def dial(self, to: str, from_: str, **more: Any) -> Leg:  # noqa: ANN401  the line's own
        """See ``PracticeLine``."""
        now = time.perf_counter()
        leg = super().dial(to, from_, **more)
        if leg.persona is not None:
            self.asked.append(now)
        return leg

    def answers(self) -> list[datetime]:
        """When patients answered, the last call first."""
        with self.api._lock:  # noqa: SLF001  there is no other door to a line that is being served
            return [x.start_time for x in self.legs() if x.persona and x.start_time]


@contextmanager
def carrier(people: list[str]) -> Iterator[tuple[TimedLine, TwilioBackend]]:
    """A practice line on which these numbers answer after some 0.3 seconds."""
    personas = {
        n: Persona(PersonaKind.ANSWERS, "A", "B", date(1980, 1, 1), "02110", "en") for n in people
    }
    line = TimedLine(SystemClock(), personas, LineSettings(ring=(0.25, 0.35), queue=0.05))
    line.asked = []
    with PracticeServer(line, new_login(PRACTICE_MARK)) as server:
        line.api = server.api
        login = server.login
        account = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=10, practice_base=server.base),
        )
        with closing(account):
            yield line, TwilioBackend(account)


def until(fact: Callable[[], bool], patience: float = 20.0) -> None:
    """Wait for what another process or thread does."""
    deadline = time.monotonic() + patience
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError
        threading.Event().wait(0.002)


def calls(bench: Bench, count: int) -> None:
    """The first two figures."""
    with psycopg.connect(bench.superuser, autocommit=True) as root, ExitStack() as stack:
        people = [row[0] for row in root.execute("SELECT DISTINCT e164 FROM app.patient_telecom")]
        line, backend = stack.enter_context(carrier(people))
        stop, ready = threading.Event(), threading.Event()
        questions = stack.enter_context(threads())
        gateway = Gateway(
            lambda: SqlCallStore.connect(bench.conninfo("gate")),
            backend,
            stop,
            SystemClock(),
            pool=questions,
        )
        runs = stack.enter_context(ThreadPoolExecutor(1)).submit(gateway.run, ready.set)
        stack.callback(stop.set)
        until(lambda: ready.is_set() or runs.done())
        until(lambda: root.execute("SELECT 1 FROM app.gateway_health").fetchone() is not None)
        person = SqlConnector().connect(
            Connection("Bench", bench.host, bench.port, "bench", "c1", TlsMode.LOOPBACK), PASSWORD
        )
        stack.callback(person.close)
        person.sign_in("0.1.0", "bench")
        leg = person.connect_phone(new_op_id())
        until(lambda: person.my_phone().state.value == "up")
        leg = person.my_phone()
        person.hear_me(leg.leg, "press", new_op_id())
        heard = threading.Event()
        person.listen(lambda _: heard.set())
        bar = CallBar(SystemClock().now, Keymap())
        active().dress(bar)
        bar.resize(900, 64)
        to_carrier, to_pixels = [], []
        for _ in range(count):
            dial, paint = one_call(person, line, bar, heard)
            to_carrier.append(dial)
            to_pixels.append(paint)
        base = notify(bench)
        print(f"NOTIFY heard by a listener          {base:6.1f} ms (baseline)")
        report("press of Dial to carrier's request", to_carrier, base, "of a NOTIFY")
        poll = PRACTICE.poll_ringing * 1000
        print(
            f"the gateway's poll while it rings   {poll:6.1f} ms (baseline; 1,000 on a real line)"
        )
        report("answer at the carrier to pixels", to_pixels, poll, "of the poll")


def one_call(
    person: PracticeDatabase, line: TimedLine, bar: CallBar, heard: threading.Event
) -> tuple[float, float]:
    """Dial, see it connected, hang up, record: milliseconds to the carrier and to the pixels."""
    card = person.claim_next(new_op_id())
    if not isinstance(card, Card):
        raise TypeError(card)
    asked_before = len(line.asked)
    pressed = time.perf_counter()
    call = person.request_call(card.entry_id, card.fence, card.phones[0].id, new_op_id())
    while call.state is not CallState.LIVE:
        heard.wait(5)
        heard.clear()
        call = person.call(call.id)
        bar.show_call(call)
        bar.grab()  # paints it
    painted = SystemClock().now()
    answered = line.answers()[0]
    dialled = (line.asked[asked_before] - pressed) * 1000
    pixels = (painted - answered).total_seconds() * 1000
    person.command(call.id, CallCommand.HANG_UP, "", new_op_id())
    until(lambda: person.call(call.id).state is CallState.ENDED)
    done = WrapUp(
        new_op_id(), call.id, card.entry_id, card.fence, Outcome.NO_ANSWER, OutcomeDetails()
    )
    person.finish(done, then_next=False)
    return dialled, pixels


def notify(bench: Bench) -> float:
    """Median milliseconds until a session hears another one's NOTIFY."""
    times = []
    with (
        psycopg.connect(bench.superuser, autocommit=True) as says,
        psycopg.connect(bench.superuser, autocommit=True) as hears,
    ):
        hears.execute("LISTEN bench")
        for _ in range(50):
            began = time.perf_counter()
            says.execute("NOTIFY bench")
            next(hears.notifies(timeout=5, stop_after=1))
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def report(what: str, times: list[float], base: float, of: str) -> None:
    """One line: median, 95th percentile and the ratio."""
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    print(f"{what:35} {p50:6.1f} ms (p95 {p95:.1f}), {p50 / base:.1f} {of}")


def burst(count: int, per_second: float | None) -> None:
    """Place that many calls while 20 are followed; the rate and how even it was."""
    numbers = [f"+1617555{n:04d}" for n in range(1, 1000)]
    with carrier(numbers) as (line, backend), threads() as questions:
        store, clock = FakeCallStore(), SystemClock()
        engine = CallEngine(backend, clock, PRACTICE, pool=questions)
        shifts = [uuid4() for _ in range(_FOLLOWED)]

        def ask(number: int) -> None:
            session = shifts[number % _FOLLOWED]
            store.ask(
                call_request(to=numbers[number], session_id=session, requested_at=clock.now())
            )

        for n in range(_FOLLOWED):
            ask(n)
        turn(engine, store, lambda: len(line.answers()) >= _FOLLOWED)
        if per_second is not None:
            engine = CallEngine(
                backend, clock, replace(PRACTICE, calls_per_second=per_second), pool=questions
            )
            engine.adopt(store)
        line.asked.clear()
        for n in range(_FOLLOWED, _FOLLOWED + count):
            ask(n)
        turn(engine, store, lambda: len(line.asked) >= count)
        # The first goes at once: a rate is that of the gaps.
        rate = (count - 1) / (line.asked[-1] - line.asked[0])
        gaps = [b - a for a, b in zip(line.asked, line.asked[1:], strict=False)]
        limit = "no limit" if per_second is None else f"limit {per_second:g} a second"
        print(
            f"{count} calls beside {_FOLLOWED} followed, {limit}: {rate:.2f} a second, "
            f"shortest gap "
            f"{min(gaps) * 1000:.0f} ms, {rate:.1f} of the carrier's own 1 a second"
        )


def turn(engine: CallEngine, store: FakeCallStore, done: Callable[[], bool]) -> None:
    """Turn the engine's loop, as the gateway does, until it is done."""
    deadline = time.monotonic() + 60
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError
        rest = engine.step(store)
        threading.Event().wait(min(rest, 0.01))


def main() -> int:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--burst", type=int, default=200)
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    install(Theme(app)).apply()
    with practice(400, 1) as bench:
        calls(bench, options.calls)
    burst(options.burst, None)
    burst(8, 1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
