"""What ``./run`` does as a process: serve, window, second instance, kill -9, self-test."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from coordinator_app.demo.practice import reset
from ui.run import default_folder, has_screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
PATIENCE = 120.0


class Run:
    """One ``./run`` as a process of its own, its lines read as they come."""

    def __init__(self, *arguments: str) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ui.run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )
        self.lines: list[str] = []
        self._new: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def wait_for(self, pattern: str) -> str:
        """Return the first line that matches; fails when the process ends before."""
        for line in self.lines:
            if re.search(pattern, line):
                return line
        while (line_or_end := self._new.get(timeout=PATIENCE)) is not None:
            self.lines.append(line_or_end)
            if re.search(pattern, line_or_end):
                return line_or_end
        raise AssertionError(f"{pattern!r} was not said, but {self.lines}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join()
        while not self._new.empty():
            line = self._new.get()
            if line is not None:
                self.lines.append(line)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def people(self) -> dict[str, dict[str, Any]]:
        """Wait until it serves, and return how each person connects."""
        self.wait_for("practice_line")
        facts = [json.loads(line) for line in self.lines if line.startswith("{")]
        return {one["user"]: one for one in facts if one["kind"] == "person"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demo that was made by ``--serve`` and stopped."""
    made = tmp_path_factory.mktemp("run") / "demo"
    first = Run("--serve", "--folder", str(made))
    first.people()
    assert first.end() == 0
    yield made
    reset(made)
    assert {entry.name for entry in made.iterdir()} <= {"lock"}


def test_serving_prints_how_everybody_connects(folder: Path) -> None:
    run = Run("--serve", "--folder", str(folder))
    try:
        people = run.people()
        assert set(people) == {"jpark", "abrandt", "nhaddad", "rmoreno", "lcordero"}
        for person in people.values():
            with psycopg.connect(
                host=person["host"],
                port=person["port"],
                user=person["user"],
                password=person["password"],
                dbname=person["database"],
                sslmode=person["sslmode"],
            ) as connection:
                row = connection.execute("SELECT session_user").fetchone()
                assert row == (person["user"],)
        line = json.loads(run.wait_for("practice_line"))
        assert line["address"].startswith("http://127.0.0.1:")
    finally:
        code = run.end(signal.SIGINT)
    assert code == 0


def test_a_second_one_says_that_the_first_is_running(folder: Path) -> None:
    first = Run("--serve", "--folder", str(folder))
    try:
        first.people()
        second = Run("--serve", "--folder", str(folder))
        second.wait_for(f"already running in another program .process {first.process.pid}")
        assert second.finish() == 1
    finally:
        assert first.end() == 0


def test_after_a_kill_the_next_start_recovers(folder: Path) -> None:
    first = Run("--serve", "--folder", str(folder))
    before = first.people()
    first.end(signal.SIGKILL)
    second = Run("--serve", "--folder", str(folder))
    try:
        after = second.people()
        assert {name: one["password"] for name, one in after.items()} == {
            name: one["password"] for name, one in before.items()
        }
    finally:
        assert second.end() == 0


def test_the_window_comes_up_and_closes_with_everything(folder: Path) -> None:
    run = Run("--folder", str(folder))
    lock = folder / "lock"
    try:
        deadline = time.monotonic() + PATIENCE
        while not lock.exists() or lock.read_text("utf-8").strip() != str(run.process.pid):
            assert time.monotonic() < deadline
            assert run.process.poll() is None, run.lines
            threading.Event().wait(0.05)  # another process's file tells nobody
    finally:
        code = run.end()
    assert code == 0, run.lines
    # Nothing holds the folder any more: it can be opened again at once.
    again = Run("--serve", "--folder", str(folder))
    again.people()
    assert again.end() == 0


def test_the_self_test_plays_the_main_job(tmp_path: Path) -> None:
    run = Run("--self-test")
    code = run.finish()
    steps = "\n".join(run.lines)
    assert code == 0, steps
    for words in ("BOOKED", "LEFT_VOICEMAIL", "CALLBACK_AT", "WRONG_NUMBER", "as the supervisor"):
        assert words in steps


def test_a_screen_is_found_by_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert not has_screen({})
    assert not has_screen({"DISPLAY": ""})
    assert has_screen({"DISPLAY": ":0"})
    assert has_screen({"WAYLAND_DISPLAY": "wayland-0"})


def test_the_demo_of_a_clone_lies_in_the_clone() -> None:
    assert default_folder().name == ".demo"
