"""The form that corrects an outcome: what it asks for, sends, says, and forgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from coordinator_app.domain.logs import CallLogRow
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.errors import NotConnectedError, RefusedError, StaleError
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.looks import SCALES, clipped, each_size, overlapping, unnamed
from tests.helpers.window import Bench, close_bench, make_bench
from ui.models.words import outcome_names
from ui.pages.call_log import CallLogPage
from ui.theme import Theme
from ui.views.call_log_amend import AmendPanel

WHY = "I pressed the wrong key."
OPT_OUT_STAYS = "The opt-out stays: this patient will not be called."
NO_ANSWER = 4  # rows of the log, by what was recorded
CALL_BACK = 3


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, demo=True, calls=120)
    with qtbot.waitExposed(made.window):
        made.window.show()
    made.window.activateWindow()
    yield made
    close_bench(made)


def log_of(bench: Bench, who: str = "sam") -> tuple[CallLogPage, FakeTeamPractice]:
    practice = bench.sign_in(who)
    assert isinstance(practice, FakeTeamPractice)
    bench.workspace.open("call_log")
    page = bench.workspace.pages["call_log"]
    assert isinstance(page, CallLogPage)
    return page, practice


def form_of(page: CallLogPage, number: int = NO_ANSWER) -> AmendPanel:
    page.view.table.select_row(number)
    page.view.detail.correct.click()
    return page.amend


def choose(form: AmendPanel, outcome: Outcome) -> None:
    form.outcome.setCurrentIndex(form.outcome.findData(outcome.value))


def press(key: Qt.Key, *, ctrl: bool = False) -> None:
    place = QApplication.focusWidget()
    assert place is not None
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(place, key, modifier)


def told(bench: Bench) -> str:
    return " ".join(label.text() for label in bench.window.findChildren(QLabel))


# -- offered ----------------------------------------------------------------------------------


def test_only_an_amendable_call_offers_it(bench: Bench) -> None:
    page, _ = log_of(bench)
    page.view.table.select_row(0)
    assert page.view.detail.correct.isVisible()
    assert "Ctrl+K" in page.view.detail.correct.toolTip()
    page.view.table.select_row(100)
    assert not page.view.detail.correct.isVisible()
    page.correct()
    assert page.amend.isHidden()
    assert "only a supervisor corrects it" in told(bench)


@pytest.mark.parametrize("who", ["okafor", "ada"])
def test_who_corrects_nothing_has_no_key_for_it(bench: Bench, who: str) -> None:
    page, _ = log_of(bench, who)
    assert [action.objectName() for action in page.actions()] == []


def test_the_form_shows_the_call_as_it_is_recorded(bench: Bench) -> None:
    page, _ = log_of(bench)
    form = form_of(page, 2)
    assert form.isVisible()
    assert page.view.detail.isHidden()
    assert form.who.text() == "Priya R. · Today 9:04 AM CT"
    assert form.before.text() == "Voicemail left"
    assert form.outcome.currentText() == "Voicemail left"
    assert form.note.words == "Prefers mornings"
    assert form.reason.words == ""
    codes = [form.outcome.itemData(number) for number in range(form.outcome.count())]
    assert codes == [code for code, _ in outcome_names()]


# -- saved ------------------------------------------------------------------------------------


def test_a_correction_by_keyboard_alone(bench: Bench, qtbot: QtBot) -> None:
    page, practice = log_of(bench)
    page.view.table.select_row(NO_ANSWER)
    page.view.table.setFocus()
    qtbot.waitUntil(page.view.table.hasFocus)
    press(Qt.Key.Key_K, ctrl=True)
    form = page.amend
    assert form.outcome.hasFocus()
    choose(form, Outcome.OPT_OUT)
    press(Qt.Key.Key_Tab)
    assert form.fields.scope.hasFocus()
    press(Qt.Key.Key_End)
    press(Qt.Key.Key_Tab)
    assert form.note.hasFocus()
    press(Qt.Key.Key_Tab)
    assert form.reason.hasFocus()
    QTest.keyClicks(form.reason, WHY)
    press(Qt.Key.Key_Return, ctrl=True)
    ((_, call_id, outcome, details, reason),) = practice.written
    assert call_id == page.view.model.rows[NO_ANSWER].id
    assert (outcome, reason) == (Outcome.OPT_OUT, WHY)
    assert details == OutcomeDetails(note="Wants Dr. Okafor only", scope="everything")
    assert form.isHidden()
    assert page.view.table.hasFocus()


def test_the_row_then_shows_both_and_what_follows_is_said(bench: Bench) -> None:
    page, practice = log_of(bench)
    practice.amended_words = OPT_OUT_STAYS
    form = form_of(page)
    choose(form, Outcome.THINKING)
    form.note.setPlainText("Will talk to her son.")
    form.reason.setPlainText(WHY)
    form.save.click()
    detail, table = page.view.detail, page.view.table
    assert table.currentIndex().row() == NO_ANSWER
    assert str(table.model().index(NO_ANSWER, 2).data()) == "Wants to think (corrected)"
    assert detail.facts["note"].text() == "Will talk to her son."
    amended = detail.facts["amended"]
    assert amended.isVisible()
    assert amended.visibleRegion().boundingRect() == amended.rect(), "in sight without scrolling"
    assert amended.text().startswith("No answer\nWants Dr. Okafor only\nCorrected by ")
    assert amended.text().endswith(WHY)
    assert detail.notice.isVisible()
    assert detail.notice.text == OPT_OUT_STAYS
    table.select_row(0)
    assert not detail.notice.isVisible()


def test_what_follows_is_in_the_banner_when_the_filter_takes_the_call_away(bench: Bench) -> None:
    page, practice = log_of(bench)
    practice.amended_words = OPT_OUT_STAYS
    page.view.outcome.setCurrentIndex(page.view.outcome.findData("WRONG_NUMBER"))
    form = form_of(page, 0)
    choose(form, Outcome.BUSY)
    form.reason.setPlainText(WHY)
    form.save.click()
    assert not page.view.detail.notice.isVisible()
    banner = bench.shell.tools.messages.current
    assert OPT_OUT_STAYS in [message.text for message in banner]


def test_the_note_alone_is_corrected_without_the_details_again(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page, CALL_BACK)
    assert form.fields.callback.isVisible()
    assert "stays as it was recorded" in form.hint.text()
    form.note.setPlainText("After the school bus.")
    form.reason.setPlainText(WHY)
    form.save.click()
    ((_, _, outcome, details, _),) = practice.written
    assert (outcome, details) == (
        Outcome.CALLBACK_AT,
        OutcomeDetails(note="After the school bus."),
    )


# -- not saved --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.NO_ANSWER, "Nothing is different yet"),
        (Outcome.BOOKED, "needs a time that was held during the call"),
        (Outcome.CALLBACK_AT, "Fill in what “Call back” asks for."),
        (Outcome.LEFT_PRACTICE, "Fill in what “Left practice” asks for."),
        (Outcome.COMPLAINT, "Fill in what “Complaint” asks for."),
        (Outcome.BUSY, "Say in a sentence why it is corrected."),
    ],
)
def test_what_is_missing_is_said_beside_the_button(
    bench: Bench, outcome: Outcome, says: str
) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, outcome)
    if outcome is Outcome.COMPLAINT:
        form.note.clear()
    form.submit()
    assert says in form.problem.text
    assert form.problem.isVisible()
    assert practice.written == []


def test_a_callback_in_the_past_is_not_sent(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.CALLBACK_AT)
    form.fields.callback.set_moment(practice.clock.now())
    form.reason.setPlainText(WHY)
    form.submit()
    assert "in the past" in form.problem.text
    assert practice.written == []


def test_a_barrier_chosen_before_another_outcome_is_not_sent(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.DECLINED_BARRIER)
    form.fields.barrier.setCurrentIndex(0)
    choose(form, Outcome.BUSY)
    form.reason.setPlainText(WHY)
    form.submit()
    ((_, _, _, details, _),) = practice.written
    assert isinstance(details, OutcomeDetails)
    assert details.barrier == ""


def test_a_refusal_stands_in_the_form_and_what_was_typed_stays(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.DECLINED)
    form.fields.declined.setCurrentIndex(0)
    form.reason.setPlainText(WHY)
    practice.fail_next(RefusedError("Nobody and no machine answered this call."))
    form.submit()
    assert form.isVisible()
    assert form.problem.text == "Nobody and no machine answered this call."
    assert form.reason.words == WHY
    assert form.outcome.isEnabled()
    assert form.save.hasFocus()


def test_sent_again_after_a_lost_answer_it_is_the_same_wish(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.BUSY)
    form.reason.setPlainText(WHY)
    practice.fail_next(NotConnectedError("The answer did not come."))
    form.submit()
    assert "did not come" in form.problem.text
    form.submit()
    first, second = practice.amend_ops
    assert first == second
    again = form_of(page)
    again.reason.setPlainText(WHY)
    again.note.setPlainText("Somebody else rang in.")
    again.submit()
    assert practice.amend_ops[2] != first, "another form is another wish"


def test_a_call_that_is_not_known_any_more_loads_the_list_again(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.BUSY)
    form.reason.setPlainText(WHY)
    before = practice.log.count("call_log")
    practice.fail_next(StaleError("This call is not known here. The list is loaded again."))
    form.submit()
    assert practice.log.count("call_log") == before + 1
    assert "not known here" in form.problem.text


def test_while_it_is_saved_nothing_can_be_changed_or_sent_twice(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.BUSY)
    form.reason.setPlainText(WHY)
    bench.tasks.hold = True
    form.submit()
    assert form.save.text() == "Saving…"
    assert not form.reason.isEnabled()
    form.submit()
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert form.isVisible()
    bench.tasks.hold = False
    bench.tasks.release()
    assert len(practice.written) == 1


# -- left, kept, forgotten --------------------------------------------------------------------


def test_escape_leaves_and_keeps_nothing(bench: Bench) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    form.reason.setPlainText(WHY)
    form.reason.setFocus()
    press(Qt.Key.Key_Escape)
    assert form.isHidden()
    assert page.view.detail.isVisible()
    assert page.view.table.hasFocus()
    assert form_of(page).reason.words == ""
    assert practice.written == []


def test_a_list_that_is_loaded_again_leaves_what_is_typed_and_the_chosen_call(
    bench: Bench,
) -> None:
    page, practice = log_of(bench)
    form = form_of(page)
    row = form.row
    form.reason.setPlainText(WHY)
    newest: CallLogRow = replace(practice.log_rows[0], id=practice.log_rows[0].patient_id)  # type: ignore[arg-type]  # any id that is new
    practice.log_rows.insert(0, newest)
    page.on_changed(frozenset({"call_log"}))
    assert form.row == row
    assert form.reason.words == WHY
    assert page.view.table.current_row() == row, "the same call, one line lower"


def test_the_lock_forgets_the_form_and_an_answer_on_its_way(bench: Bench) -> None:
    page, _ = log_of(bench)
    form = form_of(page)
    choose(form, Outcome.BUSY)
    form.note.setPlainText("Her son answered.")
    form.reason.setPlainText(WHY)
    bench.tasks.hold = True
    form.submit()
    bench.window.lock_now("locked by you")
    bench.tasks.release()
    kept = told(bench) + " ".join(e.toPlainText() for e in page.findChildren(QPlainTextEdit))
    assert "Denise" not in kept
    assert "Her son" not in kept
    assert WHY not in kept
    assert form.row is None
    assert page.view.detail.notice.text == ""


def test_an_earlier_note_that_is_not_shown_is_said_to_be_replaced(bench: Bench) -> None:
    page, practice = log_of(bench, "jordan")
    hidden = replace(practice.log_rows[NO_ANSWER], patient="D. O.", number_ending="", note="")
    practice.log_rows[NO_ANSWER] = hidden
    page.load()
    form = form_of(page)
    assert "replaces it" in form.note.placeholderText()
    form.reason.setPlainText(WHY)
    form.submit()
    assert "Nothing is different yet" in form.problem.text
    assert form_of(page, 0).note.placeholderText() == ""


# -- looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", SCALES)
def test_the_form_fits_and_everything_has_a_name(bench: Bench, theme: Theme, scale: float) -> None:
    theme.apply(scale=scale)
    page, _ = log_of(bench)
    form = form_of(page)
    for code, _ in outcome_names():
        choose(form, Outcome(code))
        form.submit()
        for size in each_size(bench):
            assert unnamed(page) == [], (code, size)
            assert clipped(page) == [], (code, size)
            assert overlapping(page) == [], (code, size)
