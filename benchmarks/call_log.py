"""The longest stall of the window while it pages through 100,000 calls of a real database.

``python -m benchmarks.call_log [ROWS]`` (100,000). A 1 ms timer runs in the GUI thread; the longest
gap between two ticks is the stall. Baseline: the same window and timer with nothing to do.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psycopg
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.server import PASSWORD, Bench, practice
from coordinator_app import __version__
from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from coordinator_app.domain.session import Connection, TlsMode
from ui.messages import MessageBus
from ui.pages.call_log import CallLogPage
from ui.preferences import Preferences
from ui.shortcuts import Keymap
from ui.tasks import TaskRunner
from ui.theme import Theme, install

_FILL = """
INSERT INTO app.call (
    id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, e164, phone_use, caller_id,
    agent_endpoint, is_practice_line, fence, attempt, checks, rule_pack, permit_until, state,
    requested_at, answered_at, ended_at, end_reason, outcome, outcome_at, note
)
SELECT app.uuid7(t.at), gen_random_uuid(), e.id, e.patient_id, p.id, e.campaign_id, f.id, f.e164,
    'mobile', '+16175550100', 'client', true, 1, 1, '[]', '2026-11-23', t.at, 'ended', t.at, t.at,
    t.at + interval '1 minute', 'completed_by_us', 'THINKING', t.at,
    'A note of a usual length, as people write them.'
FROM (
    SELECT i, app.now() - i * interval '20 seconds' AS at FROM generate_series(1, %s) i
) AS t
JOIN LATERAL (SELECT * FROM app.queue_entry ORDER BY id OFFSET t.i %% 1000 LIMIT 1) AS e ON true
JOIN app.patient_telecom f ON f.patient_id = e.patient_id
CROSS JOIN (SELECT id FROM app.person WHERE login = 'c1') AS p
"""


class Gaps:
    """The longest time between two ticks of a 1 ms timer."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def take(self) -> float:
        """The longest gap so far, in seconds; starts anew."""
        longest, self.longest, self._last = self.longest, 0.0, time.perf_counter()
        return longest


def _run(bench: Bench, rows: int, folder: Path) -> None:
    app = QApplication(sys.argv)
    theme = install(Theme(app))
    theme.apply(Preferences(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat)).mode, 1.0)
    services = build_sign_in(Settings(folder, folder))
    connection = Connection("Bench", bench.host, bench.port, "bench", "boss", TlsMode.LOOPBACK)
    session = services.sign_in(connection, PASSWORD, remember=False)
    tasks = TaskRunner(app)
    page = CallLogPage(session, tasks, MessageBus(app), Keymap())
    theme.dress(page)
    page.resize(1300, 800)
    page.show()
    gaps = Gaps()
    loop = QEventLoop()

    QTimer.singleShot(3000, loop.quit)
    loop.exec()
    gaps.take()
    QTimer.singleShot(5000, loop.quit)
    loop.exec()
    idle = gaps.take()

    page.load()
    model = page.view.model
    table = page.view.table
    began = time.perf_counter()

    def scroll() -> None:
        if model.rowCount() >= rows or (model.complete and model.rowCount()):
            loop.quit()
        table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())

    driver = QTimer()
    driver.timeout.connect(scroll)
    driver.start(5)
    loop.exec()
    driver.stop()
    seconds = time.perf_counter() - began
    stall = gaps.take()
    print(f"{model.rowCount():,} rows in {seconds:.1f} s, 200 a page, {__version__}")
    print(f"longest gap, idle     {idle * 1000:6.1f} ms")
    print(f"longest gap, paging   {stall * 1000:6.1f} ms   ratio {stall / idle:.1f}")
    page.close()
    tasks.shutdown()
    session.close()


def main() -> None:
    """Fill the log, page through all of it, print the gaps."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, practice(1000, 1) as bench:
        with psycopg.connect(bench.superuser, autocommit=True) as conn:
            conn.execute("SET ROLE app_owner")
            conn.execute(_FILL, (rows,))
            conn.execute("ANALYZE")
        _run(bench, rows, Path(folder))


if __name__ == "__main__":
    main()
