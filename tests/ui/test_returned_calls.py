"""Returned calls in the window: the lane, the form, the banner, the board, an unknown caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from coordinator_app.domain.returns import (
    OPT_OUT,
    IncomingLine,
    ReturnKind,
    ReturnReport,
    ReturnsBoard,
)
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.fake_data import NOW
from tests.helpers.fake_returns import person_of, returned
from tests.helpers.fake_sign_in import LAKESIDE, FakeConnector, session_for
from tests.helpers.fake_sign_in import person_of as person_named
from tests.helpers.fake_team import FakeTeamPractice, board
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from tests.helpers.window import Bench, close_bench, make_bench
from ui.messages import MessageBus
from ui.models.clock_text import waited
from ui.pages.callbacks import CallbacksPage
from ui.pages.find import FindPage
from ui.views.team import TeamView

if TYPE_CHECKING:
    from uuid import UUID

    from pytestqt.qtbot import QtBot

    from coordinator_app.domain.returns import ReturnRow
    from tests.helpers.fake_practice import FakePractice
    from ui.theme import Theme
    from ui.views.returns import ReturnsView


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, calls=40)
    made.window.resize(1280, 800)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def enter(bench: Bench, login: str = "jordan") -> FakePractice:
    practice = bench.connector.connect_as(login)
    session = session_for(practice, bench.connector)
    session.connection = replace(LAKESIDE, user=login)
    session.clock = practice.clock
    bench.window.begin(session)
    return practice


def lane(bench: Bench) -> ReturnsView:
    bench.workspace.open("callbacks")
    page = bench.workspace.pages["callbacks"]
    assert isinstance(page, CallbacksPage)
    return page.returns.view


@pytest.fixture
def messages(qapp: QApplication) -> Iterator[MessageBus]:
    bus = MessageBus()
    yield bus
    bus.clear_all()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


class Lane:
    """The Callbacks page alone, which is quicker than the whole window."""

    def __init__(self, qtbot: QtBot, messages: MessageBus, login: str = "jordan") -> None:
        self.practice = FakeTeamPractice(person=person_named(login), calls=0)
        session = session_for(self.practice, FakeConnector(lambda _: self.practice))
        session.clock = self.practice.clock
        self.page = CallbacksPage(session, InlineTasks(), messages, "America/Chicago")
        self.view = self.page.returns.view
        self.opened: list[tuple[UUID, UUID | None]] = []
        self.page.take_requested.connect(lambda row, who: self.opened.append((row, who)))
        qtbot.addWidget(self.page)
        self.page.resize(1200, 700)
        with qtbot.waitExposed(self.page):
            self.page.show()

    def show(self, *rows: ReturnRow) -> ReturnsView:
        self.practice.returns = list(rows)
        self.page.load()
        return self.view


@pytest.fixture
def at_desk(qtbot: QtBot, messages: MessageBus) -> Lane:
    return Lane(qtbot, messages)


@pytest.fixture
def supervising(qtbot: QtBot, messages: MessageBus) -> Lane:
    return Lane(qtbot, messages, "sam")


def find_page(bench: Bench) -> FindPage:
    bench.workspace.open("find")
    page = bench.workspace.pages["find"]
    assert isinstance(page, FindPage)
    return page


def look_up(page: FindPage, phone: str = "(312) 555-0110") -> None:
    page.view.phone.setText(phone)
    page.view.reason.setEditText("Returns our call")
    page.view.submit()


def button(page: QWidget, name: str) -> QPushButton:
    found = [b for b in page.findChildren(QPushButton, name) if b.isVisible()]
    assert len(found) == 1, f"{len(found)} of {name}"
    return found[0]


def cells(view: ReturnsView, row: int = 0) -> list[str]:
    model = view.model
    return [str(model.index(row, n).data() or "") for n in range(model.columnCount())]


def said(bench: Bench) -> list[str]:
    return [message.text for message in bench.shell.tools.messages.current]


# -- the lane ---------------------------------------------------------------------------------


def test_the_lane_says_who_called_what_was_left_and_how_long_it_waits(at_desk: Lane) -> None:
    rosa = at_desk.practice.entry("Rosa")
    view = at_desk.show(returned(person_of(rosa), minutes=7))
    assert cells(view) == [
        "7 min",
        "Rosa M.",
        "Missed call",
        "Jordan Park, today 7:42 AM · Voicemail left: name and number only",
        "You",
    ]
    assert view.count.text() == "1"


def test_one_click_opens_the_patient(bench: Bench) -> None:
    practice = enter(bench)
    rosa = practice.entry("Rosa")
    row = returned(person_of(rosa))
    practice.returns = [row]
    view = lane(bench)
    view.open.click()
    assert practice.taken == [(row.id, rosa.patient_id)]
    assert bench.workspace.current == "queue"
    card = bench.workspace.station.work.card if bench.workspace.station else None
    assert card is not None
    assert card.first_name == "Rosa"


def test_of_a_household_it_is_said_who_it_is(at_desk: Lane) -> None:
    rosa, denise = (at_desk.practice.entry(name) for name in ("Rosa", "Denise"))
    row = returned(person_of(rosa), person_of(denise, likely=False))
    view = at_desk.show(row)
    assert cells(view)[1] == "Rosa M. or 1 more"
    assert view.who.isVisible()
    view.who.setCurrentIndex(1)
    view.open.click()
    assert at_desk.opened == [(row.id, denise.patient_id)]


def test_what_somebody_else_has_cannot_be_opened_and_is_not_named(at_desk: Lane) -> None:
    view = at_desk.show(
        returned(mine=False, routed_to="Amelia Brandt", routed_why="holder", known=True, number="")
    )
    assert cells(view)[1:2] + cells(view)[4:] == ["A patient", "Amelia Brandt"]
    assert not view.open.isEnabled()
    assert not view.settle.isEnabled()
    assert "Amelia Brandt has this" in view.why.text()


def test_a_caller_on_the_line_stands_first_and_is_taken(at_desk: Lane) -> None:
    rosa, denise = (at_desk.practice.entry(name) for name in ("Rosa", "Denise"))
    view = at_desk.show(
        returned(person_of(denise), minutes=30),
        returned(person_of(rosa), minutes=0, kind=ReturnKind.ON_THE_PHONE, waits=True),
    )
    assert cells(view)[:3] == ["now", "Rosa M.", "Waits on the line"]
    assert view.open.text() == "Take the call"


def test_settled_with_a_word_why(at_desk: Lane) -> None:
    row = returned(person_of(at_desk.practice.entry("Rosa")))
    view = at_desk.show(row)
    view.settle.click()
    view.note.setText("x")
    view.settled.click()
    assert at_desk.practice.settled == []
    view.note.setText("the desk helped")
    view.settled.click()
    assert at_desk.practice.settled == [(row.id, "settled", "the desk helped")]
    assert view.model.rowCount() == 0


def test_a_lock_keeps_no_caller(bench: Bench) -> None:
    practice = enter(bench)
    practice.returns = [returned(person_of(practice.entry("Rosa")))]
    view = lane(bench)
    view.begin_report()
    view.form.phone.setText("(312) 555-0110")
    view.form.note.setText("a word")
    bench.workspace.conceal()
    assert view.model.rowCount() == 0
    assert view.who.count() == 0
    assert (view.form.phone.text(), view.form.note.text()) == ("", "")
    assert not view.form.isVisible()


# -- the form ---------------------------------------------------------------------------------


def test_the_office_enters_a_number(at_desk: Lane, messages: MessageBus) -> None:
    view = at_desk.view
    view.report.click()
    view.form.phone.setText("555-0110")
    view.form.save.click()
    assert "area code" in view.form.problem.text
    view.form.phone.setText("(312) 555-0110")
    view.form.note.setText("after lunch")
    view.form.what.choose(ReturnKind.WANTS_CALL.value)
    view.form.timed.setChecked(True)
    view.form.save.click()
    (report, _) = at_desk.practice.reports[-1]
    assert report == ReturnReport(
        "wants_call", "(312) 555-0110", None, NOW.replace(hour=16, minute=45), "", "after lunch"
    )
    assert [m.text for m in messages.current] == ["It goes to Amelia Brandt, who called last."]
    assert not view.form.isVisible()


def test_a_lost_answer_is_sent_again_as_the_same_caller(at_desk: Lane) -> None:
    view = at_desk.view
    view.report.click()
    view.form.phone.setText("(312) 555-0110")
    at_desk.practice.fail_next(NotConnectedError("Gone."))
    view.form.save.click()
    assert view.form.problem.text == "Gone."
    view.form.save.click()
    (first, second) = at_desk.practice.reports
    assert first == second
    assert not view.form.isVisible()


def test_no_more_look_ups_is_said_in_the_form(at_desk: Lane) -> None:
    view = at_desk.view
    view.report.click()
    view.form.phone.setText("(312) 555-0110")
    refused = RefusedError("You have looked up too many.", name="dial_refused")
    at_desk.practice.fail_next(refused)
    view.form.save.click()
    assert "You have looked up too many." in view.form.problem.text
    assert view.form.phone.text() == "(312) 555-0110"


@pytest.mark.parametrize("login", ["sam", "okafor"])
def test_an_opt_out_for_whom_was_found(bench: Bench, login: str) -> None:
    """The practice’s supervisors and clinicians write it down as coordinators do."""
    practice = enter(bench, login)
    page = find_page(bench)
    look_up(page)
    button(page, "found_return").click()
    assert page.called.isVisible()
    assert not page.called.phone.isVisible()
    page.called.what.choose(OPT_OUT)
    page.called.save.click()
    (report, _) = practice.reports[-1]
    assert (report.what, report.scope, report.phone) == (OPT_OUT, "calls", "")
    assert report.patient_id == practice.entry("Rosa").patient_id
    assert "The patient will not be called again." in said(bench)


# -- an unknown caller ------------------------------------------------------------------------


def test_a_supervisor_says_who_an_unknown_caller_is(bench: Bench) -> None:
    practice = enter(bench, "sam")
    row = returned()
    practice.returns = [row]
    view = lane(bench)
    assert cells(view)[1] == "Unknown caller (312) 555-0142"
    assert not view.open.isEnabled()
    view.link.click()
    assert bench.workspace.current == "find"
    page = find_page(bench)
    assert "(312) 555-0142" in page.view.link_notice.text
    look_up(page)
    button(page, "found_link").click()
    assert practice.links == [(row.id, practice.entry("Rosa").patient_id)]
    assert page.view.link_notice.text == ""


def test_nobody_of_the_practice(supervising: Lane) -> None:
    row = returned()
    view = supervising.show(row)
    view.settle.click()
    view.note.setText("a supplier")
    view.settled.click()
    assert supervising.practice.settled == [(row.id, "not_a_patient", "a supplier")]


def test_a_line_that_hears_nothing_is_told_to_supervisors(supervising: Lane) -> None:
    sentence = "The office number is not the carrier's."
    supervising.practice.incoming = IncomingLine("not_ours", sentence)
    assert supervising.show().line.text == sentence


# -- banner, badge, board ---------------------------------------------------------------------


def test_a_banner_names_nobody_and_leads_there(bench: Bench, qtbot: QtBot) -> None:
    practice = enter(bench)
    rosa = person_of(practice.entry("Rosa"))
    practice.returns = [returned(rosa, kind=ReturnKind.ON_THE_PHONE)]
    practice.hint("call")
    words = "Somebody is on the phone for you now."
    qtbot.waitUntil(lambda: words in said(bench))
    message = next(m for m in bench.shell.tools.messages.current if m.text == words)
    assert message.action is not None
    message.action.run()
    assert bench.workspace.current == "callbacks"
    assert words not in said(bench)


def test_the_board_shows_how_old_the_lane_is(qtbot: QtBot) -> None:
    view = TeamView()
    qtbot.addWidget(view)
    view.show_board(board())
    assert view.returns.text == ""
    lane = ReturnsBoard(3, 1, 1, NOW - timedelta(minutes=12))
    view.show_board(replace(board(), returns=lane))
    assert view.returns.text == (
        "3 returned calls wait, the oldest for 12 min. 1 on the phone now."
    )
    view.show_board(replace(board(), returns=ReturnsBoard(1, 0, 0, NOW)))
    assert view.returns.text == "One returned call waits since just now."


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "now"), (0.9, "now"), (4, "4 min"), (65, "1 h 05"), (60 * 76, "3 d 4 h")],
)
def test_how_long_something_waits(minutes: float, words: str) -> None:
    assert waited(NOW - timedelta(minutes=minutes), NOW) == words


def test_the_lane_fits_and_speaks(bench: Bench) -> None:
    practice = enter(bench, "sam")
    people = [person_of(p) for p in practice.patients[:4]]
    practice.returns = [returned(one, minutes=4 * n) for n, one in enumerate(people)]
    practice.returns += [returned(), returned(people[0], replace(people[1], likely=False))]
    view = lane(bench)
    page = bench.workspace.pages["callbacks"]
    for what in ("", ReturnKind.ON_THE_PHONE.value, ReturnKind.WANTS_CALL.value, OPT_OUT):
        if what:
            view.begin_report()
            view.form.what.choose(what)
        settle()
        assert clipped(page) == []
        assert unnamed(page) == []
        assert overlapping(page) == []
    assert [one.text() for one in page.findChildren(QLabel) if "Rosa" in one.text()] == []
