"""The lock comes after the practice's minutes without a touch, and never over a live call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.helpers.window import FakeTimer, Seconds
from ui.idle import SIGN_OUT_MINUTES, WARNING_SECONDS, IdleGuard


@dataclass
class Watch:
    """A guard with a clock in the test's hand, and what it said."""

    guard: IdleGuard
    seconds: Seconds
    timer: FakeTimer
    said: list[str] = field(default_factory=list)

    def later(self, seconds: int) -> None:
        for _ in range(seconds):
            self.seconds.now += 1
            self.guard.tick()


@pytest.fixture
def watch(qapp: QApplication) -> Iterator[Watch]:
    owner, seconds, timer = QObject(), Seconds(), FakeTimer()
    guard = IdleGuard(qapp, parent=owner, clock=seconds, ticker=timer)
    made = Watch(guard, seconds, timer)
    guard.warned.connect(lambda left: made.said.append(f"warned {left}"))
    guard.cleared.connect(lambda: made.said.append("cleared"))
    guard.expired.connect(lambda: made.said.append("expired"))
    guard.abandoned.connect(lambda: made.said.append("abandoned"))
    yield made
    guard.stop()


def test_it_warns_for_thirty_seconds_and_then_expires_once(watch: Watch) -> None:
    watch.guard.watch(5)
    watch.later(5 * 60 - WARNING_SECONDS - 1)
    assert watch.said == []
    watch.later(1)
    assert watch.said == ["warned 30"]
    watch.later(WARNING_SECONDS)
    assert watch.said[-1] == "expired"
    watch.later(60)
    assert watch.said.count("expired") == 1


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 60), (1, 60), (15, 900), (90, 900)])
def test_minutes_stay_between_one_and_fifteen(watch: Watch, minutes: int, seconds: int) -> None:
    watch.guard.watch(minutes)
    watch.later(seconds - 1)
    assert "expired" not in watch.said
    watch.later(1)
    assert watch.said[-1] == "expired"


def test_a_key_anywhere_in_the_application_starts_again(qtbot: QtBot, watch: Watch) -> None:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    edit.show()
    watch.guard.watch(1)
    watch.later(45)
    assert watch.said[-1] == "warned 15"
    QTest.keyClick(edit, Qt.Key.Key_A)
    assert watch.said[-1] == "cleared"
    watch.later(29)
    assert watch.said[-1] == "cleared"


def test_a_live_call_keeps_it_open_and_hanging_up_starts_again(watch: Watch) -> None:
    watch.guard.watch(1)
    watch.guard.set_live(True)
    watch.later(3600)
    assert watch.said == []
    watch.guard.set_live(False)
    watch.later(59)
    assert "expired" not in watch.said
    watch.later(1)
    assert watch.said[-1] == "expired"


def test_a_locked_window_is_given_up_after_half_an_hour_and_touches_do_not_help(
    qtbot: QtBot, watch: Watch
) -> None:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    edit.show()
    watch.guard.watch(1)
    watch.guard.set_locked(True)
    watch.later(SIGN_OUT_MINUTES * 60 - 1)
    QTest.keyClick(edit, Qt.Key.Key_A)
    assert watch.said == []
    watch.later(1)
    assert watch.said == ["abandoned"]
    assert not watch.timer.running


def test_a_clock_that_jumped_over_the_night_locks_at_the_first_tick(watch: Watch) -> None:
    watch.guard.watch(5)
    watch.seconds.now += 8 * 3600
    watch.guard.tick()
    assert watch.said == ["expired"]
