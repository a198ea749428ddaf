"""Closing the window: it is gone at once, and a dead link keeps nothing alive for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import ui.app
from tests.helpers.window import Bench, close_bench, make_bench
from ui.app import run
from ui.tasks import TaskRunner
from ui.theme import Theme


@pytest.fixture
def bench(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    yield made
    qapp.setQuitOnLastWindowClosed(True)
    close_bench(made)


def test_closing_signs_out(bench: Bench, qapp: QApplication) -> None:
    practice = bench.sign_in("sam")
    QTimer.singleShot(0, bench.window, bench.window.close)
    assert run(qapp, bench.shell) == 0
    assert not bench.window.isVisible()
    assert "sign_out" in practice.log
    assert practice.closed
    assert not bench.shell.stuck


def test_a_dead_link_holds_the_program_for_two_seconds_at_most(
    bench: Bench, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.app, "_GOODBYE_S", 0.1)
    runner, answer, asked = TaskRunner(), threading.Event(), threading.Event()
    seen: list[bool] = []

    def never_answered() -> None:
        asked.set()
        answer.wait(20)
        seen.append(bench.window.isVisible())

    practice = bench.sign_in("sam")
    bench.shell.tasks = runner
    owner = QObject()
    runner.run(owner, never_answered)
    assert asked.wait(5)
    QTimer.singleShot(0, bench.window, bench.window.close)
    began = time.monotonic()
    assert run(qapp, bench.shell) == 0
    assert time.monotonic() - began < 2
    assert bench.shell.stuck
    assert not bench.window.isVisible()
    assert "sign_out" not in practice.log  # it waits behind the lost answer
    answer.set()
    assert runner.shutdown()  # all has ended, the last word included
    assert seen == [False]
    assert "sign_out" in practice.log


def test_the_last_operation_comes_after_what_runs_and_instead_of_what_waits(qtbot: QtBot) -> None:
    runner, owner = TaskRunner(), QObject()
    done: list[str] = []
    started, go = threading.Event(), threading.Event()

    def first() -> None:
        started.set()
        go.wait(5)
        done.append("first")

    runner.run(owner, first)
    runner.run(owner, lambda: done.append("waiting"))
    assert started.wait(5)
    assert not runner.shutdown(lambda: done.append("last"), 0)
    go.set()
    assert runner.shutdown(lambda: done.append("again"))
    assert done == ["first", "last"]
