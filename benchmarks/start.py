"""Time to the painted sign-in window against an empty PySide6 window, each in fresh processes.

``python -m benchmarks.start [RUNS]`` (7). Median of the runs, interleaved, offscreen.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

_EMPTY = """
import sys, time
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication(sys.argv)
window = QWidget()
window.resize(1440, 900)
window.show()
app.processEvents()
window.grab()
"""
_SIGN_IN = """
import sys, pathlib
from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from ui.app import CoordinatorApplication, build
app = CoordinatorApplication(sys.argv)
folder = pathlib.Path(sys.argv[1])
shell = build(build_sign_in(Settings(folder, folder)), app)
shell.window.resize(1440, 900)
shell.window.show()
app.processEvents()
shell.window.grab()
shell.tasks.shutdown()
"""
_CLOCK = "import time; began = time.perf_counter()\n"
_PRINT = "\nprint(time.perf_counter() - began, flush=True)\nimport os; os._exit(0)\n"


def _run(program: str, folder: str) -> float:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": folder}
    result = subprocess.run(
        [sys.executable, "-c", _CLOCK + program + _PRINT, folder],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(result.stdout.splitlines()[-1])


def main() -> None:
    """Print both medians and their ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    empty: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs + 1):
            pair = _run(_EMPTY, folder), _run(_SIGN_IN, folder)
            if number:  # the first pair warms the disk cache
                empty.append(pair[0])
                ours.append(pair[1])
    base, mine = statistics.median(empty), statistics.median(ours)
    print(f"empty PySide6 window  {base * 1000:6.0f} ms")
    print(f"sign-in window        {mine * 1000:6.0f} ms   ratio {mine / base:.2f}")


if __name__ == "__main__":
    main()
