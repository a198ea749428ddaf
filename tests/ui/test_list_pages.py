"""Callbacks, call log, team, people: what they load, filter, change and export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from coordinator_app.errors import FreshLoginNeededError, NotAllowedError, NotConnectedError
from tests.helpers.fake_data import JORDAN, NOW, fixed_id
from tests.helpers.fake_sign_in import PASSWORD, FakeConnector, person_of, session_for
from tests.helpers.fake_team import NAMES, FakeTeamPractice, log_row
from tests.helpers.inline import InlineTasks
from ui.messages import MessageBus
from ui.models.rows_model import CellRole, Column, RowsModel
from ui.models.words import length, moment, outcome_label, phone
from ui.pages.call_log import CallLogPage, harmless
from ui.pages.callbacks import CallbacksPage
from ui.pages.people import PeoplePage
from ui.pages.team import TeamPage
from ui.shortcuts import Keymap
from ui.widgets.surfaces import Fact
from ui.widgets.zoned_time import ZonedTimeEdit

CENTRAL = "America/Chicago"


@pytest.fixture
def tasks() -> InlineTasks:
    return InlineTasks()


@pytest.fixture
def messages(qapp: QApplication) -> Iterator[MessageBus]:
    bus = MessageBus()
    yield bus
    bus.clear_all()
    # Its timers go while it lives: the last of them would otherwise take it along half-way.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


# -- call log ---------------------------------------------------------------------------------


def call_log(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, login: str = "sam", calls: int = 1000
) -> tuple[CallLogPage, FakeTeamPractice]:
    practice = FakeTeamPractice(person=person_of(login), calls=calls)
    session = session_for(practice, FakeConnector(lambda _: practice))
    page = CallLogPage(session, tasks, messages, Keymap())
    qtbot.addWidget(page)
    page.resize(1200, 700)
    with qtbot.waitExposed(page):
        page.show()
    return page, practice


def test_the_call_log_comes_in_pages_of_200_until_all_is_there(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = call_log(qtbot, tasks, messages)
    model = page.view.model
    assert model.rowCount() == 200
    assert "scroll for more" in page.view.count.text()
    while model.canFetchMore():
        model.fetchMore()
    assert model.rowCount() == 1000
    assert len({row.id for row in model.rows}) == 1000
    assert practice.log.count("call_log") == 5
    assert "all shown" in page.view.count.text()


def test_one_page_is_fetched_once_however_often_the_view_asks(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = call_log(qtbot, tasks, messages)
    tasks.hold = True
    model = page.view.model
    for _ in range(5):
        model.fetchMore()
    tasks.release()
    assert model.rowCount() == 400
    assert practice.log.count("call_log") == 2


def test_scrolling_to_the_end_brings_the_next_page(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = call_log(qtbot, tasks, messages)
    tasks.hold = True  # answers come later, as from a server
    page.view.table.scrollToBottom()
    qtbot.waitUntil(lambda: tasks.waiting == 1)
    tasks.release()
    assert page.view.model.rowCount() == 400


def test_a_page_that_failed_is_asked_for_again(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = call_log(qtbot, tasks, messages)
    practice.fail_next(NotConnectedError("Gone."))
    page.view.model.fetchMore()
    assert page.view.model.rowCount() == 200
    page.view.model.fetchMore()
    assert page.view.model.rowCount() == 400


def test_filters_reach_the_database_and_stay_when_the_page_is_left(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = call_log(qtbot, tasks, messages)
    view = page.view
    view.outcome.setCurrentIndex(view.outcome.findData("BOOKED"))
    assert {row.outcome for row in view.model.rows} == {"BOOKED"}
    view.when.setCurrentIndex(view.when.findData("today"))
    assert {row.at.date() for row in view.model.rows} == {NOW.date()}
    page.hide()
    page.show()
    assert view.value().outcome == "BOOKED"
    view.clear_filters()
    assert view.model.rowCount() == 200


def test_a_late_answer_for_an_earlier_filter_is_dropped(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = call_log(qtbot, tasks, messages)
    view = page.view
    tasks.hold = True
    view.outcome.setCurrentIndex(view.outcome.findData("BOOKED"))
    view.outcome.setCurrentIndex(view.outcome.findData("DECLINED"))
    assert tasks.waiting == 2
    tasks.release(1)
    assert "BOOKED" in {row.outcome for row in view.model.rows}  # still what was there before
    assert len({row.outcome for row in view.model.rows}) > 1
    tasks.release()
    assert {row.outcome for row in view.model.rows} == {"DECLINED"}


def test_only_a_supervisor_chooses_a_person_and_exports(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = call_log(qtbot, tasks, messages, "jordan")
    assert page.view.person.isHidden()
    assert page.view.export.isHidden()
    assert "people" not in practice.log
    page, _ = call_log(qtbot, tasks, messages, "sam")
    assert not page.view.person.isHidden()
    assert page.view.person.count() == len(NAMES) + 1
    page.show_person(fixed_id("person Luis Cordero"))
    assert page.view.value().person_id == fixed_id("person Luis Cordero")


def test_the_chosen_call_stands_beside_the_table_in_full(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = call_log(qtbot, tasks, messages)
    page.view.table.select_row(3)
    texts = {key: value.text() for key, value in page.view.detail.facts.items()}
    assert texts["patient"] == "Harold W."
    assert texts["talk"] == "1 min 51 s"
    assert texts["identity"] == "Two identifiers matched"
    assert "ending 0103" in texts["number"]


def test_a_coordinators_earlier_calls_say_that_they_show_initials(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = call_log(qtbot, tasks, messages, login="jordan", calls=3)
    practice.log_rows[2] = replace(practice.log_rows[2], patient="P. R.", number_ending="", note="")
    page.load()
    assert page.view.earlier.text().startswith("Earlier calls show initials")
    assert page.view.earlier.isVisible()
    page.view.table.select_row(2)
    number = page.view.detail.facts["number"].text()
    assert number == "not shown for earlier calls · practice line, no real call"
    assert page.view.detail.facts["note"].text() == "not shown for earlier calls"
    page.view.table.select_row(0)
    assert page.view.detail.facts["number"].text().startswith("ending 0100")
    everyone, _ = call_log(qtbot, tasks, messages, login="sam", calls=3)
    assert not everyone.view.earlier.isVisible()


def test_an_empty_log_says_why(qtbot: QtBot, tasks: InlineTasks, messages: MessageBus) -> None:
    page, _ = call_log(qtbot, tasks, messages, calls=0)
    assert page.view.empty.title.text() == "No calls yet"
    page.view.outcome.setCurrentIndex(1)
    assert page.view.empty.title.text() == "No call matches"
    page.view.empty.button.click()
    assert page.view.empty.title.text() == "No calls yet"


def test_the_export_cannot_run_as_a_formula(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, tmp_path: Path
) -> None:
    page, practice = call_log(qtbot, tasks, messages)
    practice.log_rows = [
        replace(log_row(0), note='=HYPERLINK("http://x")'),
        replace(log_row(1), note="-2+3", patient="@Rosa"),
    ]
    page.refresh()
    target = tmp_path / "calls.csv"
    page.export_to(target, PASSWORD)
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 4
    assert rows[0][0].startswith("Exported by")
    assert rows[2][-1].startswith("'=")
    assert rows[3][-1] == "'-2+3"
    assert rows[3][2] == "'@Rosa"


def test_nothing_is_written_when_the_database_refuses_the_export(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, tmp_path: Path
) -> None:
    page, practice = call_log(qtbot, tasks, messages)
    target = tmp_path / "calls.csv"
    practice.fail_next(FreshLoginNeededError("Type your password again."))
    page.export_to(target, PASSWORD)
    assert not target.exists()
    assert [message.text for message in messages.current] == ["Type your password again."]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_each_dangerous_start_is_disarmed_and_other_text_is_kept(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"
    assert harmless("plain = text") == "plain = text"


# -- callbacks --------------------------------------------------------------------------------


def callbacks(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> tuple[CallbacksPage, FakeTeamPractice]:
    practice = FakeTeamPractice()
    page = CallbacksPage(session_for(practice), tasks, messages, "America/New_York")
    qtbot.addWidget(page)
    page.resize(1200, 700)
    with qtbot.waitExposed(page):
        page.show()
    return page, practice


def cell(page: CallbacksPage, row: int, column: int) -> str:
    return str(page.view.model.index(row, column).data())


def test_callbacks_show_both_clocks_and_what_is_overdue_in_words(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = callbacks(qtbot, tasks, messages)
    assert cell(page, 0, 0) == "Today 9:12 AM CT"
    assert cell(page, 0, 1) == "Today 10:12 AM ET"
    assert cell(page, 0, 3) == "Overdue"
    assert page.view.due_count() == 1


def test_what_can_be_done_depends_on_whose_callback_it_is(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = callbacks(qtbot, tasks, messages)
    view = page.view
    rows = [row.patient for row in view.model.rows]
    view.table.select_row(rows.index("Rosa M."))
    assert (view.open.isEnabled(), view.move_.isEnabled(), view.release.isEnabled()) == (
        True,
        True,
        True,
    )
    view.table.select_row(rows.index("Harold W."))
    assert not view.open.isEnabled()
    assert not view.move_.isEnabled()
    assert "Amelia Brandt promised" in view._why.text()
    view.table.select_row(rows.index("Marjorie K."))
    assert view.open.isEnabled()
    assert not view.release.isEnabled()


def test_filters_count_and_narrow(qtbot: QtBot, tasks: InlineTasks, messages: MessageBus) -> None:
    page, _ = callbacks(qtbot, tasks, messages)
    for key, names in (
        ("mine", {"Rosa M.", "Denise O.", "Priya R."}),
        ("anyone", {"Marjorie K."}),
        ("overdue", {"Rosa M."}),
    ):
        page.view.filter.choose(key)
        assert {row.patient for row in page.view.model.rows} == names


def test_a_callback_whose_name_is_not_shown_says_why(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = callbacks(qtbot, tasks, messages)
    practice.callback_rows = [
        replace(row, patient="", note="") if row.patient == "Harold W." else row
        for row in practice.callback_rows
    ]
    page.load()
    model = page.view.model
    number = next(n for n, row in enumerate(model.rows) if not row.patient)
    cell = model.index(number, 2)
    assert cell.data() == "Name not shown yet"
    words = "Name not shown yet Names appear for the patients who come next."
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == words
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == f"Patient: {words}"
    assert cell.data(CellRole.AVATAR) == "", "nobody's initials"
    assert cell.data(CellRole.TONE) == "text2"
    page.view.table.grab()  # painted without a fault


def test_a_callback_moves_in_the_patients_zone_and_others_are_told(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = callbacks(qtbot, tasks, messages)
    view = page.view
    view.table.select_row([row.patient for row in view.model.rows].index("Priya R."))
    view.move_.click()
    assert view.when.isVisible()
    wanted = datetime(2025, 11, 26, 17, 30, tzinfo=UTC)
    view.when.set_moment(wanted, "America/Los_Angeles")
    assert view.when.time().hour() == 9
    told: list[frozenset[str]] = []
    page.changed.connect(told.append)
    view._move()
    moved = next(row for row in practice.callback_rows if row.patient == "Priya R.")
    assert moved.due_at == wanted
    assert told == [frozenset({"callbacks"})]


def test_a_time_in_the_past_cannot_be_chosen(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = callbacks(qtbot, tasks, messages)
    page.view.table.select_row(0)
    page.view.move_.click()
    page.view.when.set_moment(NOW - timedelta(days=2), CENTRAL)
    assert page.view.when.moment() > NOW


def test_releasing_gives_it_to_anyone_and_opening_asks_for_the_patient(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = callbacks(qtbot, tasks, messages)
    opened: list[object] = []
    page.open_requested.connect(opened.append)
    page.view.table.select_row(0)
    page.view.open.click()
    assert opened == [fixed_id("entry Rosa M.")]
    page.view.release.click()
    assert next(row for row in practice.callback_rows if row.patient == "Rosa M.").anyone


def test_without_callbacks_it_says_how_they_come(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = callbacks(qtbot, tasks, messages)
    practice.callback_rows = []
    page.refresh()
    assert page.view.empty.isVisible()
    assert page.view.empty.title.text() == "No callbacks are promised"


# -- team and people --------------------------------------------------------------------------


def test_the_team_page_shows_the_board_and_each_chart_as_a_table(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    practice = FakeTeamPractice(person=person_of("sam"))
    page = TeamPage(session_for(practice), tasks, messages)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    with qtbot.waitExposed(page):
        page.show()
    view = page.view
    assert [row.name for row in view.people.rows] == list(NAMES)
    for card in (view._bars, view._heat, view._funnel):
        card.switch.setChecked(True)
        assert card.table.isVisible()
        assert card.table.rowCount() == len(card.chart.as_table().rows)
    view.campaign.setCurrentIndex(1)
    first = view._funnel.table.item(0, 1)
    assert first is not None
    assert first.text() == "613"
    asked: list[object] = []
    page.review_requested.connect(asked.append)
    view.table.select_row(2)
    view.review.click()
    assert asked == [fixed_id("person Luis Cordero")]


def test_many_hints_in_a_second_load_the_board_once(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    practice = FakeTeamPractice(person=person_of("sam"))
    page = TeamPage(session_for(practice), tasks, messages)
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    before = practice.log.count("team")
    for _ in range(50):
        page.on_changed(frozenset({"team"}))
    assert practice.log.count("team") == before
    page._after_calm()
    assert practice.log.count("team") <= before + 1


@pytest.mark.parametrize(("login", "imports"), [("ada", True), ("sam", False)])
def test_imports_are_for_administrators(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus, login: str, *, imports: bool
) -> None:
    practice = FakeTeamPractice(person=person_of(login))
    page = PeoplePage(session_for(practice), tasks, messages)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    with qtbot.waitExposed(page):
        page.show()
    assert len(page.view.people.rows) == len(NAMES)
    assert ("import_batches" in practice.log) == imports
    if imports:
        assert page.view.problems.rowCount() == 4
        page.view.batch_table.select_row(1)
        assert page.view.problems.rowCount() == 0


def test_training_that_ends_is_said_in_words(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page = PeoplePage(session_for(FakeTeamPractice(person=person_of("sam"))), tasks, messages)
    qtbot.addWidget(page)
    page.refresh()
    words = [str(page.view.people.index(row, 6).data()) for row in range(len(NAMES))]
    assert any(text.startswith("Soon: ") for text in words)
    assert any(text.startswith("Expired ") for text in words)


# -- what they are made of --------------------------------------------------------------------


def test_the_rows_model_is_a_proper_model(
    qtbot: QtBot, qtmodeltester: ModelTester, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = call_log(qtbot, tasks, messages, calls=450)
    qtmodeltester.check(page.view.model)  # type: ignore[no-untyped-call]  # pytest-qt's own
    assert page.view.model.headerData(99, page.view.table.horizontalHeader().orientation()) is None
    assert page.view.model.rowCount(page.view.model.index(0, 0)) == 0


def test_same_number_of_rows_keeps_the_view_where_it_is(qapp: QApplication) -> None:
    model: RowsModel[int] = RowsModel([Column("N", str)])
    resets: list[QModelIndex | None] = []
    model.modelReset.connect(lambda: resets.append(None))
    model.set_rows([1, 2])
    model.set_rows([3, 4])
    assert model.rows == (3, 4)
    assert len(resets) == 1
    model.clear()
    assert model.row(0) is None


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        # The spring change skips 2:30; the autumn one has 1:30 twice and means the first.
        (CENTRAL, datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),  # noqa: DTZ001
        (CENTRAL, datetime(2025, 11, 2, 1, 30), datetime(2025, 11, 2, 6, 30, tzinfo=UTC)),  # noqa: DTZ001
        ("America/Phoenix", datetime(2026, 7, 1, 9, 0), datetime(2026, 7, 1, 16, 0, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_wall_clocks_become_moments(
    qtbot: QtBot, zone: str, wall: datetime, expected: datetime
) -> None:
    edit = ZonedTimeEdit("When")
    qtbot.addWidget(edit)
    edit.set_moment(expected, zone)
    edit.setDateTime(edit.dateTime().fromString(wall.isoformat(), "yyyy-MM-ddTHH:mm:ss"))
    assert edit.moment() == expected


def test_words() -> None:
    assert phone("+13125550100") == "(312) 555-0100"
    assert phone("+442079460000") == "+442079460000"
    assert [length(s) for s in (5, 65, 9660)] == ["5 s", "1 min 05 s", "2 h 41"]
    assert moment(NOW, CENTRAL, NOW) == "Today 9:42 AM CT"
    assert moment(NOW - timedelta(days=1), CENTRAL, NOW, named=False) == "Yesterday 9:42 AM"
    assert moment(NOW, CENTRAL) == "Mon Nov 24, 9:42 AM CT"
    assert outcome_label("") == "No outcome yet"
    assert outcome_label("SOMETHING_NEWER") == "SOMETHING_NEWER"
    assert JORDAN.initials == "JP"


# -- people -----------------------------------------------------------------------------------


def people_page(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> tuple[PeoplePage, FakeTeamPractice]:
    practice = FakeTeamPractice(person=person_of("sam"))
    page = PeoplePage(session_for(practice), tasks, messages)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    with qtbot.waitExposed(page):
        page.show()
    return page, practice


def choose(page: PeoplePage, name: str) -> None:
    number = [row.person.name for row in page.view.people.rows].index(name)
    page.view.people_table.select_row(number)


def facts(page: PeoplePage) -> str:
    return "\n".join(fact.accessibleName() for fact in page.view.panel.facts.findChildren(Fact))


def test_a_person_is_suspended_with_a_reason_and_let_work_again(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = people_page(qtbot, tasks, messages)
    choose(page, "Jordan Park")
    panel = page.view.panel
    assert panel.button.text() == "Suspend access…"
    panel.button.click()
    assert "Suspend Jordan Park?" in [text.text() for text in panel.findChildren(QLabel)]
    assert page.window().focusWidget() is panel.reason
    QApplication.sendPostedEvents()
    assert panel._name.height() < 60, "the name does not take the room of the facts"
    QTest.keyClick(panel.reason, Qt.Key.Key_Return)
    assert panel.problem.text() == "Write the reason in a few words."
    assert practice.suspended == {}
    QTest.keyClicks(panel.reason, "left the practice")
    QTest.keyClick(panel.reason, Qt.Key.Key_Return)
    person = fixed_id("person Jordan Park")
    assert practice.suspended == {person: "left the practice"}
    assert [m.text for m in messages.current] == ["Jordan Park is suspended and was signed out."]
    assert facts(page).startswith("Suspended.")
    assert panel.button.text() == "Let work again…"
    states = {row.person.name: row.active for row in page.view.people.rows}
    assert states["Jordan Park"] is False
    panel.button.click()
    panel.reason.setText("is back at work")
    panel.confirm.click()
    assert practice.resumed == [(person, "is back at work")]
    assert panel.row is not None
    assert panel.row.active


def test_a_refusal_stays_beside_the_reason(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = people_page(qtbot, tasks, messages)
    choose(page, "Jordan Park")
    panel = page.view.panel
    panel.button.click()
    panel.reason.setText("left the practice")
    practice.fail_next(NotAllowedError("Your role in this practice does not include this."))
    panel.confirm.click()
    assert "does not include" in panel.problem.text()
    assert panel.reason.text() == "left the practice"
    assert panel.confirm.isEnabled()


def test_escape_or_another_person_takes_the_question_away(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, practice = people_page(qtbot, tasks, messages)
    choose(page, "Jordan Park")
    panel = page.view.panel
    ways: tuple[Callable[[], object], ...] = (
        lambda: QTest.keyClick(panel.reason, Qt.Key.Key_Escape),
        lambda: choose(page, "Luis Cordero"),
        page.conceal,
    )
    for away in ways:
        panel.button.click()
        panel.reason.setText("left the practice")
        away()
        assert panel.box.isHidden()
        assert panel.reason.text() == ""
    assert practice.suspended == {}


def test_the_panel_says_what_a_person_may_do(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = people_page(qtbot, tasks, messages)
    choose(page, "Amelia Brandt")
    assert facts(page).splitlines() == [
        "Login locked. After wrong passwords; for 12 more min",
        "HIPAA and calling rules 2025. Until Wed Dec 10, 2025",
        "English. As the person says; not tested",
        "Spanish. Tested, until Sat Aug 1, 2026",
        "Portuguese. Expired Sun Jun 1, 2025",
        "Script “recall”. Tested, until Sun Mar 1, 2026",
        "Campaigns. Diabetes + BP",
        (
            "Line test: bad. Today 8:42 AM CT · Your connection loses 9 % of what is sent. "
            "Use a cable instead of Wi-Fi."
        ),
        "Authenticator app. Not set up",
    ]
    choose(page, "Luis Cordero")
    assert "expired on November 1, 2025" in facts(page)
    amelia = next(r for r in page.view.people.rows if r.person.name == "Amelia Brandt")
    assert page.view._languages(amelia) == "English, Portuguese (expired)"
    assert page.view._state(amelia) == "Locked"


def test_who_may_not_be_suspended_has_no_button(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> None:
    page, _ = people_page(qtbot, tasks, messages)
    panel = page.view.panel
    assert panel.row is not None
    panel.show_person(replace(panel.row, may_suspend=False))
    assert panel.button.isHidden()
