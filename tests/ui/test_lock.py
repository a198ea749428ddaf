"""A locked window shows no patient to anybody or anything, and obeys only Hang up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.domain.call import CallCommand
from coordinator_app.errors import NotConnectedError
from tests.helpers.fake_data import CANARY_WORDS
from tests.helpers.fake_sign_in import PASSWORD
from tests.helpers.window import Bench, close_bench, make_bench, spoken_by, texts_of
from ui.lock import MOST_TRIES
from ui.main_window import TITLE
from ui.theme import Theme
from ui.views.lock_page import frosted

NAMES = ("Rosa", "Martínez", "Leonard", "Priya", "Denise", "After the school bus", "0147")


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    made.sign_in("sam")
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def open_everything(bench: Bench) -> None:
    """Put patients on every page, one of them open."""
    for key in bench.workspace.pages:
        bench.workspace.open(key)
    station = bench.workspace.station
    assert station is not None
    bench.workspace.open("queue")
    station.claim_next()
    assert station.work.card is not None


def press(bench: Bench, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    place = QApplication.focusWidget()
    # What a lock took out of the window may still have the focus, and hears no key of ours.
    target = place if place is not None and place.window() is bench.window else bench.window
    QTest.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def test_no_patient_is_left_in_the_window_or_in_what_was_taken_out(bench: Bench) -> None:
    open_everything(bench)
    before = "\n".join((*texts_of(bench.workspace), *spoken_by(bench.window)))
    assert "Rosa" in before
    assert "Denise" in before
    bench.window.lock_now("locked by you")
    assert bench.window.locked
    shown = "\n".join((*texts_of(bench.window), *spoken_by(bench.window)))
    kept = "\n".join(texts_of(bench.workspace))
    for canary in (*NAMES, *CANARY_WORDS):
        assert canary not in shown, f"{canary!r} can be read in the locked window"
        assert canary not in kept, f"{canary!r} is kept behind the lock"
    assert bench.workspace.window() is not bench.window


def test_no_other_window_stays_open(bench: Bench, qtbot: QtBot) -> None:
    dialog = QDialog(bench.window)
    QVBoxLayout(dialog).addWidget(QLabel("Rosa Martínez"))
    with qtbot.waitExposed(dialog):
        dialog.open()
    bench.window.lock_now("locked by you")
    assert not dialog.isVisible()


def test_ctrl_l_locks_at_once_and_no_key_but_hang_up_works_behind(bench: Bench) -> None:
    open_everything(bench)
    press(bench, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert bench.window.locked
    practice = bench.connector.opened[-1]
    practice.log.clear()
    shortcuts = [
        key
        for action in bench.window.findChildren(QAction)
        for key in action.shortcuts()
        if not action.objectName().startswith("call.hang_up")
    ]
    assert shortcuts == []
    for key in (Qt.Key.Key_F5, Qt.Key.Key_3, Qt.Key.Key_F1, Qt.Key.Key_F4):
        press(bench, key)
    press(bench, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(bench, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert practice.log == []
    assert bench.window.locked


def test_hang_up_works_while_locked_and_only_during_a_call(bench: Bench) -> None:
    open_everything(bench)
    practice = bench.connector.opened[-1]
    bench.window.lock_now("locked by you")
    lock = bench.window.lock
    assert lock is not None
    assert lock.page.hang_up.isHidden()
    bench.window.unlocked()
    lock.locked = False
    press(bench, Qt.Key.Key_F5)
    practice.ring(practice.live_call().id)
    practice.answer(practice.live_call().id)
    bench.window.lock_now("locked by you")
    assert not lock.page.hang_up.isHidden()
    press(bench, Qt.Key.Key_F8)
    assert practice.commands == [(CallCommand.HANG_UP, "")]


def test_a_live_call_is_never_locked_by_time(bench: Bench) -> None:
    open_everything(bench)
    practice = bench.connector.opened[-1]
    press(bench, Qt.Key.Key_F5)
    practice.answer(practice.live_call().id)
    bench.later(20 * 60)
    assert not bench.window.locked
    practice.hang_up_by_patient(practice.live_call().id)
    bench.later(5 * 60 - 1)
    assert not bench.window.locked
    bench.later(1)
    assert bench.window.locked


def test_the_right_password_is_a_login_and_brings_everything_back(bench: Bench) -> None:
    open_everything(bench)
    station = bench.workspace.station
    assert station is not None
    station.wrap.note.setPlainText("She asked for the county ride line")
    bench.window.lock_now("locked by you")
    logins = bench.connector.logins
    lock = bench.window.lock
    assert lock is not None
    QTest.keyClicks(lock.page.password, PASSWORD)
    press(bench, Qt.Key.Key_Return)
    assert not bench.window.locked
    assert bench.connector.logins == logins + 1
    assert bench.workspace.isVisible()
    assert station.wrap.note.toPlainText() == "She asked for the county ride line"
    assert "Rosa" in "\n".join(texts_of(bench.workspace))
    assert lock.page.password.text() == ""


def test_five_wrong_passwords_sign_out_and_each_says_how_many_are_left(bench: Bench) -> None:
    practice = bench.connector.opened[-1]
    bench.window.lock_now("locked by you")
    lock = bench.window.lock
    assert lock is not None
    for left in range(MOST_TRIES - 1, 0, -1):
        lock.page.password.setText("wrong")
        lock.page.submit()
        assert f"{left} " in lock.page.error.text()
        assert bench.window.locked
    lock.page.password.setText("wrong")
    lock.page.submit()
    assert bench.window.workspace is None
    assert practice.closed
    assert "five wrong passwords" in bench.window.sign_in.view.error.text()


def test_an_unreachable_database_does_not_count_as_a_wrong_password(bench: Bench) -> None:
    bench.window.lock_now("locked by you")
    lock = bench.window.lock
    assert lock is not None
    for _ in range(MOST_TRIES + 2):
        bench.connector.failures.append(NotConnectedError("The practice cannot be reached."))
        lock.page.password.setText(PASSWORD)
        lock.page.submit()
    assert bench.window.locked
    assert lock.page.error.text() == "The practice cannot be reached."


def test_an_answer_that_was_on_its_way_does_not_come_in_behind_the_lock(bench: Bench) -> None:
    bench.tasks.hold = True
    bench.workspace.open("call_log")
    bench.workspace.pages["call_log"].load()
    bench.workspace.open("callbacks")
    bench.workspace.pages["callbacks"].load()
    assert bench.tasks.waiting
    bench.window.lock_now("locked by you")
    bench.tasks.release()
    kept = "\n".join(texts_of(bench.workspace))
    assert "Rosa" not in kept
    assert "Harold" not in kept


def test_the_frosted_picture_holds_no_letter(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(1440, 900)
    picture: QPixmap = page.grab()
    small = frosted(picture)
    assert (small.width(), small.height()) == (1440 // 28, 900 // 28)


def test_the_title_never_names_anybody(bench: Bench) -> None:
    open_everything(bench)
    assert bench.window.windowTitle() == TITLE
    bench.window.lock_now("locked by you")
    assert bench.window.windowTitle() == TITLE
    bench.window.end()
    assert bench.window.windowTitle() == TITLE
