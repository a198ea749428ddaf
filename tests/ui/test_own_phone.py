"""One's own phone in the window: connect, "I hear you", disconnect, and a line that is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from coordinator_app.domain.call import CallEnd, OwnPhone, PhoneState
from coordinator_app.domain.practice import LineHealth
from coordinator_app.errors import NotConnectedError
from tests.helpers.desk import Desk, sit_down
from tests.helpers.fake_data import LINE, NOW
from tests.helpers.fake_phone import READY
from tests.helpers.fake_practice import FakePractice
from tests.helpers.window import Bench, close_bench, make_bench
from ui.models.line_words import line_words

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from ui.theme import Theme

GONE = OwnPhone(0, PhoneState.GONE, confirmed=False, since=None, sentence="", endpoint="client:x")


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    """Somebody whose phone is not connected yet."""
    fake = FakePractice()
    fake.phone = GONE
    return sit_down(qtbot, fake)


def hint(desk: Desk) -> None:
    """The server says that something of mine changed."""
    desk.page.on_changed(frozenset({"call"}))


def test_the_phone_comes_up_before_the_first_dial_and_is_let_go(desk: Desk) -> None:
    buttons = desk.bar.phone
    buttons.attach.click()
    assert "Pick it up" in desk.bar.status.text()
    assert not buttons.attach.isVisible()
    desk.fake.pick_up()
    hint(desk)
    assert buttons.asks
    assert "I hear you" in desk.bar.status.text()
    desk.press(Qt.Key.Key_F3)
    assert desk.fake.heard == [(1, "press")]
    assert buttons.hear.isHidden()
    assert buttons.detach.isVisible()
    buttons.detach.click()
    assert not desk.fake.phone.ready
    assert buttons.attach.isVisible()


def test_a_dial_waits_for_i_hear_you(desk: Desk) -> None:
    desk.open("Rosa")
    assert "calls your own phone first" in desk.bar.status.text()
    desk.fake.phone = replace(GONE, state=PhoneState.CONNECTING)
    desk.bar.dial.click()
    assert "Your own phone is called first" in desk.bar.status.text()
    desk.fake.pick_up()
    hint(desk)
    assert desk.bar.phone.asks
    assert "then the patient is dialled" in desk.bar.status.text()
    assert desk.bar.hang_up.isVisible()  # and it can still be taken back
    desk.bar.phone.hear.click()
    assert desk.fake.heard == [(1, "press")]
    assert not desk.bar.phone.asks


def test_two_presses_are_one(desk: Desk) -> None:
    desk.fake.pick_up()
    hint(desk)
    desk.press(Qt.Key.Key_F3)
    desk.press(Qt.Key.Key_F3)
    assert len(desk.fake.heard) == 1


def test_a_press_that_was_not_heard_can_be_repeated(desk: Desk) -> None:
    desk.fake.pick_up()
    hint(desk)
    desk.fake.fail_next(NotConnectedError("The practice cannot be reached."))
    desk.bar.phone.hear.click()
    assert "Press again" in desk.said()
    assert desk.bar.phone.hear.isEnabled()
    desk.bar.phone.hear.click()
    assert desk.fake.heard == [(1, "press")]
    assert "Press again" not in desk.said()


def test_a_phone_that_is_gone_says_why(desk: Desk) -> None:
    desk.fake.pick_up()
    desk.fake.lose_phone("Your own phone did not answer.")
    hint(desk)
    desk.open("Rosa")
    assert desk.bar.status.text() == "Your own phone did not answer."
    assert desk.bar.dial.isEnabled()


def test_a_phone_lost_during_the_talk_is_said_and_heard_again(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Rosa")
    desk.call("Hello?")
    hint(desk)
    assert desk.bar.status.text() == "Connected"
    desk.fake.phone = replace(READY, state=PhoneState.CONNECTING, confirmed=False)
    hint(desk)
    assert "Your phone left the call" in desk.bar.status.text()
    desk.fake.pick_up()
    hint(desk)
    assert "Are you back?" in desk.bar.status.text()
    desk.press(Qt.Key.Key_F3)
    assert desk.bar.status.text() == "Connected"
    desk.fake.end(desk.fake.live_call().id, CallEnd.COMPLETED_BY_PATIENT)


# -- the line ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ms", "words"),
    [
        ("ok", 85, "Line ready · 85 ms"),
        ("ok", None, "Line ready"),
        ("slow", 2300, "Line slow since 9:42 AM · 2300 ms"),
        ("down", None, "Line down since 9:42 AM"),
    ],
)
def test_the_lines_state_since_when_and_its_answer_time(
    state: str, ms: int | None, words: str
) -> None:
    line = LineHealth(state, is_practice_line=False, since=NOW, sentence="", round_trip_ms=ms)
    assert line_words(line, "America/Chicago") == words


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def test_a_supervisor_is_told_wherever_they_are_that_nobody_can_call(bench: Bench) -> None:
    practice = bench.sign_in("sam")
    workspace = bench.workspace
    chip = workspace.pages["team"].findChild(QLabel, "team_line")
    assert chip is not None
    assert chip.text().startswith("Line ready")

    def told() -> list[str]:
        return [message.text for message in workspace._tools.messages.current]

    why = "The office number may not be shown as caller ID. Nobody can call until it is verified."
    practice.line = replace(LINE, state="down", since=NOW - timedelta(hours=1), sentence=why)
    practice.hint("call")
    assert why in told()
    assert "Line down since 8:42 AM" in workspace.status.line.text()
    practice.line = LINE
    practice.hint("call")
    assert why not in told()
