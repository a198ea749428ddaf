"""Recording at the workstation: asked first, shown in words, paused at hand, never by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from coordinator_app.domain.recording import Consent, RecordingCommand
from coordinator_app.errors import NotConnectedError
from tests.helpers.desk import Desk, sit_down
from tests.helpers.fake_recording import LAW, OFF
from tests.helpers.looks import clipped, overlapping, settle, unnamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    """On the line with Harold, in a practice that records."""
    made = sit_down(qtbot)
    made.open("Harold")
    made.call("Hello?")
    made.fake._put_recording(made.fake.live_call().id, OFF)
    made.page.calls.poll()
    return made


def key_of(desk: Desk) -> QAction:
    found = desk.bar.findChild(QAction, "call.recording")
    assert isinstance(found, QAction)
    return found


def line_says(desk: Desk, state: str, **changes: object) -> None:
    desk.fake.line_says(desk.fake.live_call().id, state, **changes)
    desk.page.calls.poll()


def test_where_the_practice_does_not_record_nothing_is_offered(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Rosa")
    desk.call("Hello?")
    assert not desk.bar.recording.isVisible()
    desk.press(
        Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert not desk.bar.recording.box.isVisible()


def test_a_call_begins_unrecorded_and_yes_needs_the_notice(desk: Desk) -> None:
    control, box = desk.bar.recording, desk.bar.recording.box
    assert control.open.text() == "Record…"
    assert not control.pause.isVisible()
    control.open.click()
    assert "record this call" in box.notice.toPlainText()
    assert box.law.text() == LAW
    assert not box.yes.isEnabled()
    assert box.no.isEnabled()
    box.said.click()
    box.yes.click()
    assert desk.fake.answers == [(Consent.YES, True)]
    assert control.open.text() == "Starting…"
    line_says(desk, "recording")
    assert control.open.text() == "Recording"
    assert control.pause.isVisible()


def test_the_notice_is_in_the_patients_language(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    spanish = next(p for p in desk.fake.patients if p.language.startswith("es"))
    desk.open(spanish.first_name)
    desk.call("¿Bueno?")
    desk.fake._put_recording(desk.fake.live_call().id, OFF)
    desk.page.calls.poll()
    assert "grabar esta llamada" in desk.bar.recording.box.notice.toPlainText()


@pytest.mark.parametrize("answer", ["no", "unclear"])
def test_a_no_or_an_unclear_answer_is_kept_and_nothing_records(desk: Desk, answer: str) -> None:
    desk.bar.recording.open.click()
    getattr(desk.bar.recording.box, answer).click()
    assert [a.value for a, _ in desk.fake.answers] == [answer.upper()]
    assert desk.bar.recording.open.text() == "Record…"
    assert ("said no" in desk.said()) or ("Everybody on the call" in desk.said())


def test_a_tick_is_for_one_question(desk: Desk) -> None:
    control = desk.bar.recording
    control.open.click()
    control.box.said.click()
    control.box.hide()
    control.open.click()
    assert not control.box.said.isChecked()
    assert not control.box.yes.isEnabled()


def test_pause_is_not_said_before_the_line_has_done_it(desk: Desk) -> None:
    control = desk.bar.recording
    line_says(desk, "recording")
    control.pause.click()
    assert desk.fake.recording_commands == [RecordingCommand.PAUSE]
    assert control.open.text() == "Pausing…"
    line_says(desk, "paused")
    assert control.open.text() == "Paused"
    control.pause.click()
    assert desk.fake.recording_commands[-1] is RecordingCommand.RESUME


def test_one_key_asks_then_pauses_then_goes_on(desk: Desk) -> None:
    control = desk.bar.recording

    key = key_of(desk)
    assert [s.toString() for s in key.shortcuts()] == ["Ctrl+Shift+R"]
    press = key.trigger

    press()
    assert control.box.isVisible()
    control.box.hide()
    line_says(desk, "recording")
    press()
    line_says(desk, "paused")
    press()
    assert desk.fake.recording_commands == [RecordingCommand.PAUSE, RecordingCommand.RESUME]


@pytest.mark.parametrize(
    ("press", "command"),
    [
        (lambda box: box.stop, RecordingCommand.STOP),
        (lambda box: box.withdraw, RecordingCommand.WITHDRAW),
        (lambda box: box.delete, RecordingCommand.WITHDRAW_DELETE),
    ],
)
def test_it_stops_and_the_patient_may_have_it_deleted(
    desk: Desk, press: Callable[[object], object], command: RecordingCommand
) -> None:
    line_says(desk, "recording", consent="YES", offered=False)
    desk.bar.recording.open.click()
    button = press(desk.bar.recording.box)
    button.click()  # type: ignore[attr-defined]
    assert desk.fake.recording_commands == [command]
    assert desk.bar.recording.open.text() in {"Stopping…", "Deleting…"}


def test_where_the_notice_has_to_be_heard_on_the_recording_it_is_asked_for_again(
    desk: Desk,
) -> None:
    line_says(desk, "recording", notice_again=True)
    desk.bar.recording.open.click()
    assert "Say once more" in desk.bar.recording.box.state.text()


def test_the_state_is_in_words_and_not_in_colour_alone(desk: Desk) -> None:
    control = desk.bar.recording
    seen = set()
    for state in ("starting", "recording", "pausing", "paused", "stopping", "stopped", "failed"):
        line_says(desk, state)
        seen.add(control.open.accessibleName())
    assert len(seen) == 7


def test_what_the_line_says_is_told(desk: Desk) -> None:
    line_says(desk, "failed", sentence="The line does not record this call.", offered=True)
    desk.bar.recording.open.click()
    assert desk.bar.recording.box.state.text() == "The line does not record this call."
    assert desk.bar.recording.box.said.isVisible(), "it may be tried again"


def test_a_press_that_was_lost_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    line_says(desk, "recording")

    def lost(*_: object) -> None:
        raise NotConnectedError("gone", name="lost")

    monkeypatch.setattr(desk.fake, "recording_command", lost)
    desk.bar.recording.pause.click()
    assert "did not hear that" in desk.said()
    assert desk.bar.recording.open.text() == "Recording"


def test_the_popup_goes_with_the_patient(desk: Desk) -> None:
    desk.bar.recording.open.click()
    desk.page.work.take(None)
    assert not desk.bar.recording.isVisible()
    assert not desk.bar.recording.box.isVisible()


def test_escape_puts_the_question_away(desk: Desk) -> None:
    box = desk.bar.recording.box
    desk.bar.recording.open.click()
    QTest.keyClick(box.said, Qt.Key.Key_Escape)
    assert not box.isVisible()
    assert desk.fake.answers == []


@pytest.mark.parametrize("state", ["off", "recording", "paused", "failed"])
def test_nothing_in_the_box_is_cut_or_covers_another(desk: Desk, state: str) -> None:
    line_says(desk, state, consent="YES", offered=state in {"off", "failed"})
    desk.bar.recording.open.click()
    box = desk.bar.recording.box
    settle()
    assert box.height() >= max(
        b.geometry().bottom() for b in box.findChildren(QPushButton) if b.isVisible()
    )
    assert clipped(box) == []
    assert overlapping(box) == []
    assert unnamed(box) == []
