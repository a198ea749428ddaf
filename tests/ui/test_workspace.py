"""The window around the pages: roles, the link to the database, status, closing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from coordinator_app.domain.person import WorkStatus
from coordinator_app.errors import NotAllowedError, NotConnectedError, SignInRefusedError
from tests.helpers.inline import InlineTasks
from tests.helpers.window import Bench, FakeTimer, close_bench, make_bench, texts_of
from ui.link import FIRST_RETRY_MS, LONGEST_RETRY_MS, LinkWatch
from ui.theme import Mode, Theme


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


@pytest.mark.parametrize(
    ("login", "pages", "first"),
    [
        ("jordan", ["queue", "schedule", "callbacks", "call_log", "find"], "queue"),
        (
            "sam",
            ["queue", "schedule", "callbacks", "call_log", "find", "team", "people", "privacy"],
            "team",
        ),
        ("okafor", ["schedule", "call_log", "find", "privacy"], "schedule"),
        ("ada", ["people", "call_log"], "people"),
    ],
)
def test_a_role_has_its_pages_and_begins_with_its_own(
    bench: Bench, login: str, pages: list[str], first: str
) -> None:
    bench.sign_in(login)
    line_test = ["line_test"] if "queue" in pages else []  # of those who call
    assert list(bench.workspace.pages) == [*pages, "help", "settings", *line_test]
    assert bench.workspace.current == first
    assert (bench.workspace.call_bar is not None) == ("queue" in pages)


def test_a_right_that_is_missing_is_the_databases_sentence(bench: Bench) -> None:
    practice = bench.sign_in("sam")
    practice.fail_next(NotAllowedError("Only supervisors see the team's board."))
    bench.workspace.pages["team"].refresh()
    assert "Only supervisors see the team's board." in "\n".join(texts_of(bench.workspace))


def test_pages_open_by_key_and_by_rail(bench: Bench) -> None:
    bench.sign_in()
    control = Qt.KeyboardModifier.ControlModifier
    for key, page in ((Qt.Key.Key_2, "schedule"), (Qt.Key.Key_4, "call_log")):
        QTest.keyClick(bench.window, key, control)
        assert bench.workspace.current == page
    QTest.keyClick(bench.window, Qt.Key.Key_F1)
    assert bench.workspace.current == "help"
    bench.workspace.rail.chosen.emit("queue")
    assert bench.workspace.current == "queue"


def test_every_key_of_the_list_that_belongs_to_a_page_has_an_action(bench: Bench) -> None:
    bench.sign_in("sam")
    made = {action.objectName() for action in bench.window.findChildren(QAction)}
    for name in ("page.queue", "page.team", "window.lock", "window.keys", "window.settings"):
        assert name in made


def test_the_practice_line_and_the_demo_are_always_announced(bench: Bench) -> None:
    bench.sign_in()
    lasting = [m for m in bench.shell.tools.messages.current if not m.closable]
    assert any("no real call is made" in message.text for message in lasting)
    assert any("made up" in message.text for message in lasting)


def test_a_lost_database_is_a_lasting_banner_until_it_is_back(bench: Bench) -> None:
    practice = bench.sign_in()
    bench.workspace.open("call_log")
    practice.fail_next()
    bench.workspace.pages["call_log"].load()
    lost = [m for m in bench.shell.tools.messages.current if m.key == "link"]
    assert len(lost) == 1
    assert not lost[0].closable
    assert lost[0].text.startswith("The practice database cannot be reached. Trying again…")
    assert "not reached" in bench.workspace.status.database.text()
    practice.log.clear()
    link = bench.window.findChild(LinkWatch)
    assert isinstance(link, LinkWatch)
    link.retry()
    assert "link" not in {m.key for m in bench.shell.tools.messages.current}
    assert "not reached" not in bench.workspace.status.database.text()
    assert "heartbeat" in practice.log
    assert "call_log" in practice.log  # what is on the screen was loaded again


def test_retries_wait_longer_and_longer_and_stop_when_answered() -> None:
    alarm, tasks, failures = FakeTimer(), InlineTasks(), [True] * 7

    def probe() -> None:
        if failures and failures.pop():
            raise NotConnectedError("No.")

    watch = LinkWatch(tasks, probe, alarm=alarm)
    said: list[str] = []
    watch.lost.connect(lambda: said.append("lost"))
    watch.restored.connect(lambda: said.append("restored"))

    def fail() -> None:
        raise NotConnectedError("No.")

    watch.run(watch, fail)
    watch.run(watch, fail)
    assert said == ["lost"]
    for _ in range(7):
        watch.retry()
    assert alarm.started[0] == FIRST_RETRY_MS
    assert alarm.started == sorted(alarm.started)
    assert alarm.started[-1] == LONGEST_RETRY_MS
    watch.retry()
    assert said == ["lost", "restored"]
    assert not alarm.running
    watch.retry()
    assert said == ["lost", "restored"]


def test_a_hint_that_arrives_after_the_end_reaches_nobody() -> None:
    tasks = InlineTasks()
    link = LinkWatch(tasks, lambda: None)
    heard: list[str] = []
    link.on_gui(lambda: heard.append("before"))
    link.close()
    link.on_gui(lambda: heard.append("after"))
    assert heard == ["before"]


def test_work_that_never_asked_the_database_does_not_end_the_alarm() -> None:
    watch = LinkWatch(InlineTasks(), lambda: None, alarm=FakeTimer())

    def fail() -> None:
        raise NotConnectedError("No.")

    watch.run(watch, fail)
    watch.run(watch, lambda: "a file was written", lane="net")
    assert watch.down
    watch.run(watch, lambda: "an answer")
    assert not watch.down


def test_a_login_that_is_no_longer_allowed_ends_at_the_sign_in_page(bench: Bench) -> None:
    practice = bench.sign_in()
    practice.fail_next(SignInRefusedError("Your login was suspended."))
    bench.workspace.top.status_chosen.emit(WorkStatus.BREAK)
    assert bench.window.workspace is None
    assert bench.window.sign_in.view.error.text() == "Your login was suspended."


def test_a_status_is_said_to_the_server_and_a_call_stands_in_its_place(bench: Bench) -> None:
    practice = bench.sign_in()
    bench.workspace.top.status_chosen.emit(WorkStatus.TRAINING)
    assert practice.status is WorkStatus.TRAINING
    assert bench.workspace.station is not None
    bench.workspace.station.claim_next()
    QTest.keyClick(bench.window, Qt.Key.Key_F5)
    practice.answer(practice.live_call().id)
    assert bench.workspace.top.on_call.isVisible()
    assert not bench.workspace.top.status.isVisible()


def answer_box(qtbot: QtBot, agree: bool, asked: list[str]) -> None:
    def act() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        wanted = QMessageBox.ButtonRole.AcceptRole if agree else QMessageBox.ButtonRole.RejectRole
        button = next(b for b in box.buttons() if box.buttonRole(b) == wanted)
        assert isinstance(button, QPushButton)
        button.click()

    QTimer.singleShot(0, act)


def test_closing_during_a_call_asks_first(bench: Bench, qtbot: QtBot) -> None:
    practice = bench.sign_in()
    assert bench.workspace.station is not None
    bench.workspace.station.claim_next()
    QTest.keyClick(bench.window, Qt.Key.Key_F5)
    practice.answer(practice.live_call().id)
    asked: list[str] = []
    answer_box(qtbot, agree=False, asked=asked)
    assert not bench.window.close()
    assert bench.window.isVisible()
    answer_box(qtbot, agree=True, asked=asked)
    assert bench.window.close()
    assert asked == ["Close during a call?"] * 2


def test_closing_keeps_what_was_typed_this_second(bench: Bench) -> None:
    bench.sign_in()
    station = bench.workspace.station
    session = bench.workspace.session
    assert station is not None
    station.claim_next()
    card = station.work.card
    assert card is not None
    station.wrap.note.setPlainText("Prefers mornings")
    assert bench.window.close()
    draft = session.desk.draft(card.entry_id)
    assert draft is not None
    assert draft.note == "Prefers mornings"


def test_signing_out_closes_the_session_and_shows_nothing_of_it(bench: Bench) -> None:
    practice = bench.sign_in()
    bench.window.end()
    assert practice.closed
    assert "sign_out" in practice.log
    shown = "\n".join(texts_of(bench.window))
    assert "Rosa" not in shown
    assert bench.window.centralWidget() is bench.window.sign_in


def test_look_and_text_size_change_by_key_and_are_remembered(bench: Bench, theme: Theme) -> None:
    bench.sign_in()
    bench.workspace.top.look.click()
    assert theme.dark
    assert bench.shell.tools.preferences.mode is Mode.DARK
    QTest.keyClick(bench.window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert theme.scale == pytest.approx(1.05)
    assert bench.shell.tools.preferences.scale == pytest.approx(1.05)


def test_opening_a_callback_claims_it_in_the_workstation(bench: Bench) -> None:
    practice = bench.sign_in()
    entry = practice.entry("Denise").entry_id
    bench.workspace.open_patient(entry)
    assert bench.workspace.current == "queue"
    assert practice.claims[entry].mine


def test_the_settings_file_holds_nobody_and_no_secret(bench: Bench) -> None:
    bench.window.show_sign_in()
    bench.sign_in()
    for key in bench.workspace.pages:
        bench.workspace.open(key)
    assert bench.workspace.station is not None
    bench.workspace.station.claim_next()
    bench.window.end()
    bench.window.close()
    bench.settings.sync()
    content = Path(bench.settings.fileName()).read_text(encoding="utf-8", errors="replace")
    assert "geometry" in content
    for canary in ("Rosa", "Mart", "Jordan", "jordan", "correct horse", "0147", "Denise"):
        assert canary not in content


# -- what waits to be looked at ---------------------------------------------------------------


def waiting(bench: Bench) -> list[str]:
    return [m.text for m in bench.shell.tools.messages.current if m.key == "notices"]


@pytest.mark.parametrize("login", ["sam", "okafor"])
def test_what_waits_is_said_once_and_leads_to_its_page(bench: Bench, login: str) -> None:
    practice = bench.sign_in(login)
    workspace = bench.workspace
    beat = workspace.station.beat if workspace.station is not None else workspace._beat
    beat()
    assert waiting(bench) == []
    practice.notices = ("1 emergency opening to review", "2 alerts about reading")
    beat()
    assert waiting(bench) == [
        "Waiting for you: 1 emergency opening to review, 2 alerts about reading."
    ]
    bench.shell.tools.messages.clear("notices")
    beat()
    assert waiting(bench) == [], "put away, and nothing is new"
    practice.notices = ("3 alerts about reading",)
    beat()
    (message,) = (m for m in bench.shell.tools.messages.current if m.key == "notices")
    assert message.action is not None
    workspace.open("privacy")
    assert waiting(bench) == [], "there it is seen"
    workspace.open("find")
    message.action.run()
    assert workspace.current == "privacy"
    practice.notices = ()
    beat()
    assert waiting(bench) == []


@pytest.mark.parametrize("login", ["jordan", "okafor", "ada"])
def test_everybody_sees_how_the_line_is(bench: Bench, login: str) -> None:
    practice = bench.sign_in(login)
    workspace = bench.workspace
    practice.line = replace(practice.line, state="down", sentence="The carrier is not reached.")
    practice.hint("call")
    assert workspace.status.line.toolTip() == "The carrier is not reached."
