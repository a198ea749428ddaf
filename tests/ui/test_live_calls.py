"""Supervisors on live calls, and a coordinator's call for help, in the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from coordinator_app.domain.monitor import HelpReason, MonitorMode
from coordinator_app.domain.person import Role
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.desk import Desk, sit_down
from tests.helpers.fake_data import NOW
from tests.helpers.fake_live import live_row, live_rows
from tests.helpers.fake_session import make_session
from tests.helpers.fake_sign_in import person_of
from tests.helpers.fake_softphone import FakeSoftphone
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from tests.helpers.window import close_bench, make_bench, texts_of
from ui.messages import MessageBus
from ui.pages.team import TeamPage
from ui.softphone.desk import EXPECT_S
from ui.theme import Mode, Theme
from ui.views.live_calls import LiveCallsView

LISTEN, COACH, BARGE = MonitorMode


@pytest.fixture
def tasks() -> InlineTasks:
    return InlineTasks()


@pytest.fixture
def messages(qapp: QApplication) -> Iterator[MessageBus]:
    bus = MessageBus()
    yield bus
    bus.clear_all()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def practice() -> FakeTeamPractice:
    made = FakeTeamPractice(person=replace(person_of("sam"), role=Role.SUPERVISOR), calls=0)
    made.live = live_rows()
    return made


@pytest.fixture
def page(
    qtbot: QtBot, practice: FakeTeamPractice, tasks: InlineTasks, messages: MessageBus
) -> TeamPage:
    made = TeamPage(make_session(practice), tasks, messages)
    practice.listen(lambda kind: made.on_changed(frozenset({kind})))
    qtbot.addWidget(made)
    made.resize(1200, 720)
    with qtbot.waitExposed(made):
        made.show()
    made.part.choose("live")
    made.live.load()
    return made


def cells(view: LiveCallsView, row: int) -> list[str]:
    model = view.lines
    return [str(model.data(model.index(row, n)) or "") for n in range(model.columnCount())]


def choose(page: TeamPage, name: str) -> None:
    row = next(r for r in page.live_view.lines.rows if r.call.coordinator == name)
    page.live_view.choose(row.call.call_id)
    assert page.live_view.who.text().startswith(name)


def said(messages: MessageBus) -> str:
    return " ".join(message.text for message in messages.current)


# -- the list ---------------------------------------------------------------------------------


def test_the_list_shows_who_talks_how_long_and_who_wants_help(page: TeamPage) -> None:
    view = page.live_view
    assert cells(view, 0) == [
        "Luis Cordero", "Talking", "1:35", "Wants help 0:42", "H. W.", "", "Overdue visit",
    ]  # fmt: skip
    assert cells(view, 2)[1:3] == ["On hold", "3:20"]
    assert cells(view, 2)[5] == "Sam Ode (coaching)"
    assert cells(view, 3)[1:3] == ["Ringing", "0:09"]
    assert "Live calls 4" in "\n".join(texts_of(page))


def test_a_long_call_changes_its_colour_by_the_practices_rules(page: TeamPage) -> None:
    view = page.live_view
    tones = [view.lines.columns[2].tone(row) for row in view.lines.rows]  # type: ignore[misc]
    assert tones == ["text", "danger_text", "warning_text", "text2"]


def test_time_goes_on_without_a_question(page: TeamPage, practice: FakeTeamPractice) -> None:
    practice.clock.advance(seconds=60)
    asked = practice.log.count("live_calls")
    page.live_view._on_tick()
    assert cells(page.live_view, 0)[2:4] == ["2:35", "Wants help 1:42"]
    assert "for 2:35" in page.live_view.about.text()
    assert practice.log.count("live_calls") == asked


def test_nobody_on_a_call_is_said_in_words(
    page: TeamPage, practice: FakeTeamPractice, qtbot: QtBot
) -> None:
    practice.live = []
    page.live.load()
    assert page.live_view._nobody.isVisible()
    assert not page.live_view._scroll.isVisible()


def test_the_list_follows_hints_and_asks_once_more_after_the_last(
    page: TeamPage, practice: FakeTeamPractice, qtbot: QtBot
) -> None:
    asked = practice.log.count("live_calls")
    practice.live = [live_row("Amelia Brandt", "R. M.", 410)]
    for _ in range(20):
        practice.hint("team")
    qtbot.waitUntil(lambda: len(page.live_view.lines.rows) == 1, timeout=1500)
    # The server leaves out the hint of what comes within the same second.
    practice.live = []
    qtbot.waitUntil(lambda: page.live_view.lines.rows == (), timeout=2500)
    assert practice.log.count("live_calls") == asked + 2


def test_the_chosen_call_stays_chosen_when_others_come_and_go(
    page: TeamPage, practice: FakeTeamPractice
) -> None:
    choose(page, "Nadia Haddad")
    practice.live = practice.live[1:]
    page.live.load()
    assert page.live_view.who.text() == "Nadia Haddad · P. R."
    practice.live = [*practice.live[::-1]]
    page.live.load()
    assert page.live_view.who.text() == "Nadia Haddad · P. R."
    assert page.live_view.table.current_row().call.coordinator == "Nadia Haddad"


# -- on a call --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "is_", "heard"),
    [
        (LISTEN, "You are listening", "Nobody on the call hears you."),
        (COACH, "You are coaching", "Only Amelia hears you; the patient does not."),
        (BARGE, "You are on the call", "Amelia and the patient hear you. Say who you are."),
    ],
)
def test_a_supervisor_comes_to_a_call_and_is_told_who_hears_them(
    page: TeamPage, practice: FakeTeamPractice, mode: MonitorMode, is_: str, heard: str
) -> None:
    view = page.live_view
    choose(page, "Amelia Brandt")
    assert "your phone ending 0199 will be called" in view.meaning.text()
    assert "Amelia sees your name" in view.told.text()
    view.modes[mode].click()
    assert practice.wishes == [("monitor", view.chosen, mode)]
    assert view.role.text() == "Calling your phone ending 0199…"
    practice.let_hear("I have not been for a while.")
    page.live.load()
    assert (view.role.text(), view.meaning.text()) == (is_, heard)
    assert "Patient: I have not been for a while." in view.said.toPlainText()
    assert [m for m, b in view.modes.items() if b.isChecked()] == [mode]


def test_ones_own_softphone_hears_that_it_is_called(
    page: TeamPage, practice: FakeTeamPractice
) -> None:
    called: list[bool] = []
    page.phone_called.connect(lambda: called.append(True))
    choose(page, "Amelia Brandt")
    assert called == []
    page.live_view.modes[LISTEN].click()
    page.live.load()
    assert called == [True, True], "as long as it is on its way"
    practice.let_hear()
    page.live.load()
    assert called == [True, True]


def test_the_way_is_changed_and_the_call_is_left(
    page: TeamPage, practice: FakeTeamPractice
) -> None:
    view = page.live_view
    choose(page, "Amelia Brandt")
    view.modes[LISTEN].click()
    practice.let_hear()
    page.live.load()
    view.modes[COACH].click()
    assert view.role.text() == "Changing…"
    view.modes[COACH].click()  # already so
    view.leave.click()
    assert [what for what, *_ in practice.wishes] == ["monitor", "monitor", "stop"]
    assert not view.leave.isVisible()
    assert not view.said.isVisible()
    assert not any(button.isChecked() for button in view.modes.values())


def test_other_calls_say_why_they_cannot_be_joined(
    page: TeamPage, practice: FakeTeamPractice
) -> None:
    view = page.live_view
    choose(page, "Amelia Brandt")
    view.modes[LISTEN].click()
    choose(page, "Owen Tran")
    assert not any(button.isEnabled() for button in view.modes.values())
    assert view.meaning.text() == "You are on Amelia’s call. Leave it first."


def test_ones_own_call_is_not_listened_to(page: TeamPage, practice: FakeTeamPractice) -> None:
    practice.live = [live_row("Sam Ode", "A. B.", 10, own=True), *practice.live]
    page.live.load()
    choose(page, "Sam Ode")
    assert page.live_view.meaning.text() == "This is your own call."
    assert not page.live_view.modes[LISTEN].isEnabled()


def test_a_refusal_is_said_and_what_is_true_is_shown(
    page: TeamPage, practice: FakeTeamPractice, messages: MessageBus
) -> None:
    choose(page, "Amelia Brandt")
    practice.fail_next(RefusedError("You are still on another call. Leave it first."))
    page.live_view.modes[BARGE].click()
    assert "still on another call" in said(messages)
    assert not page.live_view.modes[BARGE].isChecked()
    assert page.live_view.modes[BARGE].isEnabled()
    practice.fail_next(NotConnectedError("The practice cannot be reached."))
    page.live_view.modes[BARGE].click()
    assert "did not hear that" in said(messages)


def test_why_one_is_no_longer_on_a_call_is_said_once(
    page: TeamPage, practice: FakeTeamPractice, messages: MessageBus
) -> None:
    practice.last_sentence = "Your own phone did not answer. Choose Listen again."
    practice.last_id = practice.live[0].call_id
    page.live.load()
    assert "did not answer" in said(messages)
    messages.clear_all()
    page.live.load()
    assert said(messages) == ""


def test_the_policy_is_told_to_the_supervisor(page: TeamPage, practice: FakeTeamPractice) -> None:
    practice.tells_listening = False
    page.live.load()
    choose(page, "Amelia Brandt")
    assert "not while you only listen" in page.live_view.told.text()


def test_enter_on_a_row_listens(page: TeamPage, practice: FakeTeamPractice) -> None:
    choose(page, "Amelia Brandt")
    QTest.keyClick(page.live_view.table, Qt.Key.Key_Return)
    assert [wish[2] for wish in practice.wishes] == [LISTEN]


# -- help, for supervisors --------------------------------------------------------------------


def test_help_is_answered_and_settled(page: TeamPage, practice: FakeTeamPractice) -> None:
    view = page.live_view
    choose(page, "Luis Cordero")
    assert view.help.wanted.text() == "Wants help 0:42: A medical question"
    assert not view.help.send.isEnabled()
    view.help.coming.click()
    assert practice.wishes[-1][::2] == ("answer", "Coming")
    assert "You answered" in view.help.wanted.text()
    view.help.answer.setText("  Ask them to hold on ")
    QTest.keyClick(view.help.answer, Qt.Key.Key_Return)
    assert practice.wishes[-1][::2] == ("answer", "Ask them to hold on")
    assert view.help.answer.text() == ""
    view.help.settle.click()
    assert practice.wishes[-1][0] == "clear"
    assert not view.help.isVisible()


def test_coming_to_the_call_takes_the_help(page: TeamPage, practice: FakeTeamPractice) -> None:
    choose(page, "Luis Cordero")
    page.live_view.modes[COACH].click()
    assert cells(page.live_view, 0)[3] == "You are helping"


def test_a_call_for_help_is_told_on_every_page_and_leads_to_the_call(
    qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path
) -> None:
    bench = make_bench(qapp, theme, tmp_path, calls=0)
    try:
        practice = bench.sign_in("sam")
        workspace = bench.workspace
        bench.window.resize(1280, 800)
        with qtbot.waitExposed(bench.window):
            bench.window.show()
        workspace.open("callbacks")
        practice.live = live_rows()
        practice.hint("call")
        messages = bench.shell.tools.messages
        qtbot.waitUntil(lambda: "asks for help" in said(messages), timeout=2000)
        (message,) = [m for m in messages.current if m.key == "help"]
        assert message.text == "Luis Cordero asks for help with a call. A medical question."
        assert message.action is not None
        message.action.run()
        team = workspace.pages["team"]
        assert isinstance(team, TeamPage)
        assert workspace.current == "team"
        assert team.live_view.isVisible()
        assert team.live_view.who.text() == "Luis Cordero · H. W."
        # Their own softphone takes calls that are expected, and this one is.
        ear = workspace.ear
        assert ear is not None
        assert ear.ear is not None
        ear.phone = FakeSoftphone(ear)
        team.live_view.modes[LISTEN].click()
        assert ear.phone.told == [("expect", ear.ear.office_number, EXPECT_S)]
        # Locked, nothing of any patient stays.
        workspace.conceal()
        assert "H. W." not in "\n".join(texts_of(workspace))
        practice.hint("call")
        asked = practice.log.count("live_calls")
        QApplication.processEvents()  # the hint arrives …
        for timer in team.findChildren(QTimer):
            if timer.isActive():
                timer.timeout.emit()  # … and what it would set off has come
        assert practice.log.count("live_calls") == asked
        workspace.restore()
        assert "H. W." in "\n".join(texts_of(workspace))
    finally:
        close_bench(bench)


# -- the coordinator's side -------------------------------------------------------------------


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return sit_down(qtbot)


@pytest.mark.parametrize(
    ("mode", "words", "meaning"),
    [
        ("listen", "Dana is listening", "Dana Reyes is listening. Nobody hears them"),
        ("coach", "Dana is coaching", "Dana Reyes is coaching. Only you hear them"),
        ("barge", "Dana has joined", "the call. You and the patient hear them"),
    ],
)
def test_the_call_bar_says_who_is_on_the_call_and_who_hears_them(
    desk: Desk, mode: str, words: str, meaning: str
) -> None:
    desk.open("Rosa")
    call = desk.call("Hello?")
    assert not desk.bar.company.who.isVisible()
    desk.fake.come(call.id, mode, joined=False)
    assert desk.bar.company.who.text() == "Dana is coming"
    desk.fake.come(call.id, mode)
    assert desk.bar.company.who.text() == words
    assert meaning in desk.bar.company.who.toolTip()
    desk.fake.go(call.id)
    assert not desk.bar.company.who.isVisible()


def test_nothing_is_left_of_company_after_the_call(desk: Desk) -> None:
    desk.open("Rosa")
    call = desk.call("Hello?")
    desk.fake.come(call.id)
    desk.hang_up()
    assert not desk.bar.company.who.isVisible()
    assert not desk.bar.help.isVisible()


# What a menu asks of a screen that is none.
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_help_is_two_keys_away_and_its_answer_is_read_in_the_bar(desk: Desk) -> None:
    desk.open("Rosa")
    assert not desk.bar.help.isVisible(), "without a call there is nothing to help with"
    call = desk.call("Hello?")
    desk.press(Qt.Key.Key_F11)
    menu = desk.bar.help.menu_of_reasons
    assert menu.isVisible()
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert desk.fake.help_asked[call.id].reason is HelpReason.NONE
    assert desk.bar.company.help.text() == "You asked for help"
    desk.fake.reply(call.id, "Coming")
    assert desk.bar.company.help.text() == "Dana: Coming"
    assert not desk.bar.status.isVisible()
    desk.fake.settle(call.id)
    assert not desk.bar.company.help.isVisible()
    assert desk.bar.status.isVisible()


def test_a_reason_is_chosen_from_a_list_and_help_can_be_called_off(desk: Desk) -> None:
    desk.open("Rosa")
    call = desk.call("Hello?")
    by_words = {a.text(): a for a in desk.bar.help.menu_of_reasons.actions()}
    by_words["The patient is upset"].trigger()
    assert desk.fake.help_asked[call.id].reason is HelpReason.UPSET
    assert desk.bar.company.help.text() == "You asked for help: The patient is upset"
    first = desk.bar.help.menu_of_reasons.actions()[0]
    assert first.text() == "No more help needed"
    first.trigger()
    assert desk.fake.help_asked == {}


def test_help_that_nobody_heard_says_so(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call("Hello?")
    desk.fake.fail_next()
    desk.bar.help.asked.emit(HelpReason.NONE)
    assert "Nobody could be told" in desk.said()
    desk.fake.fail_next(RefusedError("The call has already ended."))
    desk.bar.help.asked.emit(HelpReason.NONE)
    assert "already ended" in desk.said()


# -- looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "scale"), [(1060, 640, 1.0), (1180, 700, 1.25)])
def test_nothing_is_clipped_or_without_a_name(  # noqa: PLR0917  fixtures and a matrix
    page: TeamPage, practice: FakeTeamPractice, theme: Theme, width: int, height: int, scale: float
) -> None:
    theme.apply(Mode.LIGHT, scale)
    page.resize(width, height)
    choose(page, "Luis Cordero")
    page.live_view.modes[COACH].click()
    practice.let_hear("I have not been for a while, and I am not sure that I can come.")
    page.live.load()
    settle()
    assert clipped(page.live_view) == []
    assert overlapping(page.live_view) == []
    assert unnamed(page.live_view) == []


def test_a_help_that_waits_long_stands_out(page: TeamPage, practice: FakeTeamPractice) -> None:
    chip = page.live_view.lines.columns[3].chip
    assert chip is not None
    assert chip(page.live_view.lines.rows[0]) == "danger"
    row = practice.live[0]
    assert row.help is not None
    fresh = replace(row.help, asked_at=NOW - timedelta(seconds=5))
    practice.live[0] = replace(row, help=fresh)
    page.live.load()
    assert chip(page.live_view.lines.rows[0]) == "warning"
