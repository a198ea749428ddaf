"""The settings' card about recording: what it stands on, what it asks, who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.errors import RefusedError
from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_sign_in import PASSWORD, FakeConnector, person_of, session_for
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from tests.helpers.window import close_bench, make_bench
from ui.pages.recording_settings import RecordingSettingsDesk
from ui.pages.settings import SettingsPage
from ui.theme import Theme


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingSettingsDesk]:
    """The card of a supervisor; every question is answered yes."""
    practice = FakePractice(person=person_of("sam"))
    session = session_for(practice, FakeConnector(lambda _: practice))
    holder = QWidget()
    qtbot.addWidget(holder)
    made = RecordingSettingsDesk(session, InlineTasks(), holder)
    QVBoxLayout(holder).addWidget(made.view)
    monkeypatch.setattr("ui.pages.recording_settings.confirm", lambda *_, **__: True)
    monkeypatch.setattr("ui.pages.recording_settings.ask_password", lambda *_: PASSWORD)
    holder.resize(680, 600)
    with qtbot.waitExposed(holder):
        holder.show()
    made.load()
    yield made
    holder.hide()  # kept until here: the card is a part of it


def practice_of(desk: RecordingSettingsDesk) -> FakePractice:
    practice = desk._session.practice
    assert isinstance(practice, FakePractice)
    return practice


@pytest.mark.parametrize(("who", "there"), [("sam", True), ("jordan", False)])
def test_only_who_answers_for_the_practice_sees_it(
    qapp: QApplication, theme: Theme, tmp_path: Path, who: str, there: bool
) -> None:
    bench = make_bench(qapp, theme, tmp_path, demo=True, calls=1)
    bench.window.show()
    bench.sign_in(who)
    page = bench.workspace.pages["settings"]
    assert isinstance(page, SettingsPage)
    assert (page.findChild(RecordingSettingsDesk) is not None) is there
    bench.workspace.open("settings")
    close_bench(bench)


def test_it_is_off_and_needs_the_tick_first(desk: RecordingSettingsDesk) -> None:
    practice = practice_of(desk)
    view = desk.view
    assert "records no calls" in view.state.text()
    assert not view.turn.isEnabled()
    view.protected.setChecked(True)
    view.days.setValue(30)
    view.turn.click()
    now = practice.recording_settings_now
    assert (now.enabled, now.keep_days, now.protected_at_carrier) == (True, 30, True)
    assert "records calls with the patient’s yes" in view.state.text()
    assert "Val Stone turned it on" in view.last.text()
    view.turn.click()
    assert not practice.recording_settings_now.enabled


def test_the_days_are_changed_alone(desk: RecordingSettingsDesk) -> None:
    practice = practice_of(desk)
    desk.view.protected.setChecked(True)
    desk.view.turn.click()
    assert not desk.view.save.isEnabled()
    desk.view.days.setValue(365)
    desk.view.save.click()
    assert practice.recording_settings_now.keep_days == 365


@pytest.mark.parametrize(("agreed", "password"), [(False, PASSWORD), (True, "")])
def test_nothing_changes_without_both_answers(
    desk: RecordingSettingsDesk, monkeypatch: pytest.MonkeyPatch, agreed: bool, password: str
) -> None:
    practice = practice_of(desk)
    monkeypatch.setattr("ui.pages.recording_settings.confirm", lambda *_, **__: agreed)
    monkeypatch.setattr("ui.pages.recording_settings.ask_password", lambda *_: password)
    desk.view.protected.setChecked(True)
    desk.view.turn.click()
    assert not practice.recording_settings_now.enabled


def test_a_refusal_is_said_in_the_card(
    desk: RecordingSettingsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = practice_of(desk)

    def refuse(*_: object, **__: object) -> None:
        raise RefusedError("The practice has no agreement on file.", name="recording_not_ready")

    monkeypatch.setattr(practice, "set_recording", refuse)
    desk.view.protected.setChecked(True)
    desk.view.turn.click()
    assert desk.view.notice.text == "The practice has no agreement on file."


@pytest.mark.parametrize(
    ("practice_line", "words"),
    [(True, "no agreement is needed"), (False, "agreement sign carrier")],
)
def test_what_it_stands_on_is_said(
    desk: RecordingSettingsDesk, practice_line: bool, words: str
) -> None:
    practice = practice_of(desk)
    found = replace(
        practice.recording_settings_now, practice_line=practice_line, agreement_until=None
    )
    desk.view.show_settings(found)
    assert words in desk.view.agreement.text()
    assert "Pennsylvania" in desk.view.states.text()
    assert "Disputed, taken the same: Michigan" in desk.view.states.text()


def test_where_somebody_works_is_set_in_capitals(
    desk: RecordingSettingsDesk,
) -> None:
    practice = practice_of(desk)
    luis = practice.recording_settings_now.people[1]
    edit = desk.view._edits[luis.id]
    edit.setText("wa")
    edit.editingFinished.emit()
    assert practice.recording_settings_now.people[1].work_state == "WA"


def test_nothing_in_the_card_is_cut_or_without_a_name(
    desk: RecordingSettingsDesk,
) -> None:
    settle()
    assert clipped(desk.view) == []
    assert overlapping(desk.view) == []
    assert unnamed(desk.view) == []
