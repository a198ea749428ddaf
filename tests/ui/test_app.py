"""Starting, failing without telling on anybody, and what must not be imported too early."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.fake_sign_in import HARBOR, LAKESIDE
from tests.helpers.window import Bench, close_bench, make_bench
from ui.preferences import Preferences
from ui.theme import Mode, Theme
from ui.views.progress import ProgressView, StepState
from ui.widgets.crash_dialog import CrashDialog, report_of

ROOT = Path(__file__).resolve().parents[2]
SECRET = "Rosa Martínez, born 1967, said (312) 555-0147"

STARTED = """
import sys
from PySide6.QtCore import QTimer
from ui.app import CoordinatorApplication, build
from coordinator_app.bootstrap import build_sign_in
from coordinator_app.config import Settings
from pathlib import Path
app = CoordinatorApplication(["test"])
shell = build(build_sign_in(Settings(Path(sys.argv[1]), Path(sys.argv[1]))), app)
shell.window.show()
shell.window.grab()
heavy = {"sqlalchemy", "twilio", "keyring", "phonenumbers", "psycopg"} & set(sys.modules)
print("HEAVY", sorted(heavy))
shell.tasks.shutdown()
"""


@pytest.fixture
def bench(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    yield made
    close_bench(made)


def test_the_window_is_painted_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout


def failing(words: str) -> Exception:
    def outer() -> None:
        nobody: dict[str, str] = {}
        try:
            nobody[words]
        except KeyError as error:
            raise RuntimeError(words) from error

    with pytest.raises(RuntimeError) as caught:
        outer()
    return caught.value


def test_a_report_says_where_and_never_what() -> None:
    report = report_of(failing(SECRET), "1.2.3")
    assert "RuntimeError" in report
    assert "KeyError" in report
    assert "tests/ui/test_app.py" in report
    assert "1.2.3" in report
    for word in ("Rosa", "1967", "0147", str(ROOT)):
        assert word not in report


@pytest.mark.expected_logs
def test_a_fault_of_ours_is_logged_and_told_once(
    bench: Bench, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    bench.window.show()
    error = failing(SECRET)
    bench.shell.crashes.take(error)
    dialog = bench.shell.crashes.dialog
    assert isinstance(dialog, CrashDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert "Rosa" not in caplog.text
    assert "RuntimeError" in caplog.text
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == dialog.report.toPlainText()
    dialog.accept()
    bench.shell.crashes.dialog = None
    bench.shell.crashes.take(error)
    assert bench.shell.crashes.dialog is None
    QGuiApplication.clipboard().clear()


def test_preferences_survive_nonsense_in_the_file(tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    for key in ("window/geometry", "look/mode", "look/scale", "sound/level"):
        settings.setValue(key, "nonsense")
    kept = Preferences(settings)
    assert kept.geometry.isEmpty()
    assert kept.mode is Mode.SYSTEM
    assert kept.scale == 1.0
    assert kept.sound_level == 70
    settings.setValue("look/scale", "nan")
    assert kept.scale == 1.0
    settings.setValue("look/scale", 9)
    assert kept.scale == 1.5


def test_preferences_come_back(tmp_path: Path) -> None:
    file = str(tmp_path / "w.ini")
    kept = Preferences(QSettings(file, QSettings.Format.IniFormat))
    kept.mode, kept.scale, kept.sound_level = Mode.DARK, 1.25, 30
    kept.set_last(HARBOR)
    kept.save()
    again = Preferences(QSettings(file, QSettings.Format.IniFormat))
    assert (again.mode, again.scale, again.sound_level) == (Mode.DARK, 1.25, 30)
    assert again.is_last(HARBOR)
    assert not again.is_last(LAKESIDE)


def test_the_first_start_shows_its_steps_and_what_failed(bench: Bench, qtbot: QtBot) -> None:
    view = bench.window.show_progress("Preparing the demo", ["Unpack", "Start", "Load"])
    assert isinstance(view, ProgressView)
    with qtbot.waitExposed(bench.window):
        bench.window.show()
    view.set_step(0, StepState.DONE, "104 MB")
    view.set_step(1, StepState.RUNNING)
    assert view.states() == (StepState.DONE, StepState.RUNNING, StepState.WAITING)
    view.set_step(1, StepState.FAILED)
    view.show_problem("The disk is full. Free 500 MB and try again.")
    qtbot.waitUntil(view._retry.hasFocus)
    with qtbot.waitSignal(view.retry_requested):
        QTest.keyClick(view._retry, Qt.Key.Key_Space)
    view.set_step(1, StepState.RUNNING)
    assert "disk" not in view._problem.text()
    bench.window.show_sign_in()
    assert bench.window.centralWidget() is bench.window.sign_in
