"""Memory of the window with and without the softphone, and how quickly it loads and takes a call.

``python -m benchmarks.softphone_memory [RUNS]`` (3). Linux; needs the extra “softphone-dev” and
tools/softphone. Memory is the proportional share (PSS) of the window's process and all below it, so
that what they share counts once; the baseline is the same window without a softphone. The call
comes from the loopback signalling of tests/softphone, with real audio.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.softphone.conftest import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable

_CHILD = "--child"
_PATIENCE_S = 30.0
_SETTLE_S = 5.0


def child(folder: Path, *, softphone: bool) -> None:
    """One window; prints its figures as JSON."""
    from coordinator_app.bootstrap import build_sign_in  # noqa: PLC0415 - counted in its process
    from coordinator_app.config import Settings  # noqa: PLC0415
    from ui.app import CoordinatorApplication, build  # noqa: PLC0415

    app = CoordinatorApplication(sys.argv)
    shell = build(build_sign_in(Settings(folder, folder)), app)
    shell.window.resize(1440, 900)
    shell.window.show()
    shell.window.grab()
    figures: dict[str, float] = {}

    def until(fact: Callable[[], object]) -> float:
        begun = time.perf_counter()
        while not fact():
            app.processEvents()
            time.sleep(0.001)
            if time.perf_counter() - begun > _PATIENCE_S:
                raise TimeoutError("The softphone did not come that far.")
        return 1000 * (time.perf_counter() - begun)

    if softphone:
        from PySide6.QtCore import QEvent  # noqa: PLC0415

        from coordinator_app.domain.ear import SoftphoneToken  # noqa: PLC0415
        from tests.softphone.signalling import Signalling  # noqa: PLC0415
        from ui.softphone.base import Phase  # noqa: PLC0415
        from ui.softphone.web import WebSoftphone  # noqa: PLC0415

        with Signalling(folder) as carrier:
            before = pss_mb()
            phone = WebSoftphone(test_host=carrier.host)
            phone.open()
            figures["load_ms"] = until(lambda: phone._loaded)  # noqa: SLF001 - measured
            phone.sign_in(SoftphoneToken("a.b.c", "test", 600, is_practice_line=False))
            figures["sign_in_ms"] = until(lambda: phone.phase is Phase.READY)
            figures["ready_mb"] = pss_mb()
            phone.expect("+16175550100", 30)
            call = carrier.invite("+16175550100")
            figures["accept_ms"] = until(lambda: phone.phase is Phase.ON_CALL)
            figures["sound_ms"] = until(call.heard.is_set)
            figures["call_mb"] = pss_mb()
            phone.close()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            ends = time.monotonic() + _SETTLE_S  # Chromium ends its processes when it likes
            until(lambda: time.monotonic() > ends)
            figures["closed_mb"] = pss_mb()
            figures["window_mb"] = before
    else:
        figures["window_mb"] = pss_mb()
    print(json.dumps(figures), flush=True)
    shell.tasks.shutdown()
    os._exit(0)


def family(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found = [root]
    for one in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == one]
    return found


def pss_mb() -> float:
    """The memory of this process and all below it, in MB."""
    total = 0
    for process in family(os.getpid()):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def run(*, softphone: bool) -> dict[str, float]:
    """The figures of one fresh process."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_CHROMIUM_FLAGS": FLAGS,
    }
    with tempfile.TemporaryDirectory() as folder:
        environment["XDG_CONFIG_HOME"] = folder
        kind = "softphone" if softphone else "window"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.softphone_memory", _CHILD, kind, folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0 or not done.stdout.strip():
        raise SystemExit(done.stderr)
    figures = json.loads(done.stdout.splitlines()[-1])
    return {str(name): float(value) for name, value in figures.items()}


def main() -> None:
    """Print medians, and the ratio to the window without a softphone."""
    if sys.argv[1:2] == [_CHILD]:
        child(Path(sys.argv[3]), softphone=sys.argv[2] == "softphone")
        return
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    alone = statistics.median(run(softphone=False)["window_mb"] for _ in range(runs))
    measured = [run(softphone=True) for _ in range(runs)]
    figures = {name: statistics.median(one[name] for one in measured) for name in measured[0]}
    print(f"window without a softphone            {alone:7.0f} MB")
    for name, words in (
        ("ready_mb", "with the softphone, ready"),
        ("call_mb", "with the softphone, on a call"),
        ("closed_mb", "after another phone was chosen"),
    ):
        print(f"{words:<37} {figures[name]:7.0f} MB   {figures[name] / alone:4.1f} x")
    for name, words in (
        ("load_ms", "page loaded"),
        ("sign_in_ms", "signed in to the carrier (loopback)"),
        ("accept_ms", "own leg taken after it rang"),
        ("sound_ms", "sound heard at the other end after it"),
    ):
        print(f"{words:<37} {figures[name]:7.0f} ms")


if __name__ == "__main__":
    main()
