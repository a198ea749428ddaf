"""Recordings in the call log: what a reviewer sees, hears and changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.helpers.fake_recording import LAW, recording_row
from tests.helpers.fake_sign_in import PASSWORD, FakeConnector, person_of, session_for
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from ui.messages import MessageBus
from ui.pages.call_log import CallLogPage
from ui.shortcuts import Keymap
from ui.views.call_log_recording import RecordingPanel
from ui.widgets.sound_engine import SoundEngine

SOUND = b"RIFF" + bytes(1_000)
RECORDED = 3  # the row of the log


class Engine(SoundEngine):
    """Plays to a list."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heard: list[str] = []
        self.sound = b""

    def load(self, content: bytes) -> None:
        self.sound = content
        self.length_known.emit(84_000)

    def play(self) -> None:
        self.heard.append("play")
        self.playing_changed.emit(True)

    def pause(self) -> None:
        self.heard.append("pause")
        self.playing_changed.emit(False)

    def seek(self, msec: int) -> None:
        self.heard.append(f"to {msec}")
        self.moved.emit(msec)

    def forget(self) -> None:
        self.sound = b""


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """What plays, as it is made."""
    made: list[Engine] = []

    def make(parent: QObject) -> SoundEngine:
        made.append(Engine(parent))
        return made[-1]

    monkeypatch.setattr("ui.pages.call_log.make_engine", lambda: make)
    return made


@pytest.fixture
def page(qtbot: QtBot, engines: list[Engine]) -> CallLogPage:
    """The call log of a supervisor."""
    return call_log(qtbot)


def call_log(qtbot: QtBot) -> CallLogPage:
    practice = FakeTeamPractice(person=person_of("sam"), calls=8)
    session = session_for(practice, FakeConnector(lambda _: practice))
    messages = MessageBus()
    made = CallLogPage(session, InlineTasks(), messages, Keymap())
    messages.setParent(made)
    qtbot.addWidget(made)
    made.resize(1200, 720)
    with qtbot.waitExposed(made):
        made.show()
    return made


def practice_of(page: CallLogPage) -> FakeTeamPractice:
    practice = page._session.practice
    assert isinstance(practice, FakeTeamPractice)
    return practice


def open_log(page: CallLogPage, **changes: object) -> FakeTeamPractice:
    """Open the panel of the recorded call."""
    practice = practice_of(page)
    page.view.table.select_row(RECORDED)
    row = page.view.table.current_row()
    assert row is not None
    practice.keep_sound(row.id, SOUND, **changes)
    page.view.detail.recording.click()
    return practice


def give_reason(page: CallLogPage, words: str = "Complaint of the patient") -> RecordingPanel:
    page.recording.reason.setText(words)
    return page.recording


def test_only_a_recorded_call_offers_its_recording(
    page: CallLogPage, engines: list[Engine]
) -> None:
    open_log(page)
    page.recording.close_panel.click()
    for number, offered in ((0, False), (RECORDED, True)):
        page.view.table.select_row(number)
        assert page.view.detail.recording.isVisible() is offered
    assert engines == [] or engines[0].sound == b""


def test_what_is_kept_under_which_yes_until_when_and_who_listened(
    page: CallLogPage, engines: list[Engine]
) -> None:
    open_log(page)
    facts = {key: value.text() for key, value in page.recording.facts.items()}
    assert "1:24" in facts["when"] or "1 m" in facts["when"]
    assert facts["state"] == "Here, encrypted; deleted at the carrier"
    assert LAW in facts["agreed"]
    assert "Noor Haddad" in facts["listened"]
    assert "Complaint" in facts["listened"]


def test_listening_needs_a_reason_and_plays_from_memory(
    page: CallLogPage, engines: list[Engine], tmp_path: Path
) -> None:
    practice = open_log(page)
    panel = page.recording
    assert not panel.listen.isEnabled()
    before = sorted(tmp_path.rglob("*"))
    give_reason(page).listen.click()
    (engine,) = engines
    assert engine.sound == SOUND
    assert engine.heard == ["play"]
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"
    (row,) = practice.rows.values()
    assert row.listened[0].reason == "Complaint of the patient"
    assert "Val Stone" in panel.facts["listened"].text(), "the look stands there at once"
    assert engine.sound == SOUND, "and what plays goes on"


def test_the_player_pauses_plays_on_and_goes_to_a_moment(
    page: CallLogPage, engines: list[Engine]
) -> None:
    open_log(page)
    player = give_reason(page).player
    page.recording.listen.click()
    player.button.click()
    player.button.click()
    player.slider.sliderMoved.emit(42_000)
    assert engines[0].heard == ["play", "pause", "play", "to 42000"]
    assert player.clock.text() == "0:42 / 1:24"


@pytest.mark.parametrize(
    "leave",
    [
        lambda page: page.recording.close_panel.click(),
        lambda page: page.conceal(),
        lambda page: page.forget(),
    ],
)
def test_no_sound_stays_when_the_panel_closes_or_the_window_locks(
    page: CallLogPage, engines: list[Engine], leave: Callable[[CallLogPage], None]
) -> None:
    open_log(page)
    give_reason(page).listen.click()
    leave(page)
    assert engines[0].sound == b""
    assert page.recording.who.text() == ""
    assert page.recording.facts["agreed"].text() == ""


def test_without_the_sound_part_it_says_what_to_install_and_asks_for_nothing(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.pages.call_log.make_engine", lambda: None)
    page = call_log(qtbot)
    practice = open_log(page)
    give_reason(page).listen.click()
    words = page.recording.facts["sound"]
    assert words.isVisible()
    assert "sound part" in words.text()
    (row,) = practice.rows.values()
    assert len(row.listened) == 1, "no look was logged"


def test_a_sound_part_without_its_libraries_is_none(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: QObject) -> SoundEngine:
        raise ImportError("libpulse.so.0")

    monkeypatch.setattr("ui.pages.call_log.make_engine", lambda: broken)
    page = call_log(qtbot)
    open_log(page)
    assert not give_reason(page).listen.isEnabled()
    assert "libpulse0" in page.recording.facts["sound"].text()
    assert page.recording.facts["sound"].isVisible()


def test_what_the_gateway_refuses_is_said(page: CallLogPage, engines: list[Engine]) -> None:
    practice = open_log(page)
    practice.refuses_key = True
    give_reason(page).listen.click()
    notice = page.recording.notice
    assert "another key" in notice.text
    settle()
    assert notice.words.height() >= notice.words.heightForWidth(notice.words.width())
    assert page.recording.listen.isEnabled()


def test_a_legal_hold_is_put_and_ended(page: CallLogPage, engines: list[Engine]) -> None:
    practice = open_log(page)
    panel = give_reason(page, "Claim 12 of 2027")
    panel.hold.click()
    assert panel.facts["hold"].text() == "Legal hold: Claim 12 of 2027 (Val Stone)"
    assert not panel.delete.isEnabled()
    panel.hold.click()
    (row,) = practice.rows.values()
    assert row.hold == ""


def test_deleting_asks_twice(
    page: CallLogPage, engines: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = open_log(page)
    panel = give_reason(page, "The patient asked.")
    (row,) = practice.rows.values()
    for agreed, password in ((False, PASSWORD), (True, ""), (True, PASSWORD)):
        assert practice.rows[row.id].state == "kept"
        monkeypatch.setattr("ui.pages.call_log_listen.confirm", lambda *_, yes=agreed: yes)
        monkeypatch.setattr("ui.pages.call_log_listen.ask_password", lambda *_, p=password: p)
        panel.delete.click()
    assert practice.rows[row.id].state == "discarded"
    assert panel.facts["state"].text() == "Deleted. The patient asked."
    assert "is deleted" in panel.notice.text


def test_nothing_in_the_panel_is_cut_or_without_a_name(
    page: CallLogPage, engines: list[Engine]
) -> None:
    open_log(page, hold="Legal hold: Claim 12 of 2027", held_by="Val Stone")
    settle()
    panel = page.recording
    assert clipped(panel) == []
    assert overlapping(panel) == []
    assert unnamed(panel) == []


def test_two_recordings_of_a_call_are_chosen_from(page: CallLogPage, engines: list[Engine]) -> None:
    practice = open_log(page)
    (first,) = practice.rows.values()
    second = recording_row(
        first.call_id, id=type(first.id)(int=99), state="failed", playable=False, started_at=None
    )
    page.recording.show_rows((first, second))
    assert page.recording.which.isVisible()
    page.recording.which.setCurrentIndex(1)
    assert page.recording.facts["state"].text() == "Nothing was recorded"
    assert not page.recording.listen.isVisible()
