"""The Find page: who fits, why not here, a clinician's word, emergencies, and the lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from coordinator_app.domain.find import (
    CheckFacts,
    FindQuery,
    GateCheck,
    RuleBehind,
)
from coordinator_app.domain.queue import Gate
from coordinator_app.errors import NotAllowedError, NotConnectedError, RefusedError
from tests.helpers.fake_access import NO_APP
from tests.helpers.fake_data import CANARY_WORDS, NOW
from tests.helpers.fake_sign_in import LAKESIDE, PASSWORD, WRONG_PASSWORD, session_for
from tests.helpers.looks import clipped, each_size, overlapping, settle, unnamed
from tests.helpers.window import Bench, close_bench, make_bench, spoken_by, texts_of
from ui.models.check_words import facts_words, rule_words
from ui.models.words import CHECK_LABELS, check_label, gate_words
from ui.pages.find import FindPage

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from coordinator_app.domain.person import Person
    from tests.helpers.fake_practice import FakePractice
    from ui.theme import Theme
    from ui.views.find_emergency import EmergencyPanel
    from ui.views.find_override import OverridePanel

SENTENCE = "The patient fainted on the telephone."
CHICAGO = "America/Chicago"
CODE = "123456"


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, calls=40)
    made.window.resize(1280, 800)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def enter(bench: Bench, login: str = "jordan") -> tuple[FindPage, FakePractice]:
    practice = bench.connector.connect_as(login)
    session = session_for(practice, bench.connector)
    session.connection = replace(LAKESIDE, user=login)
    session.clock = practice.clock
    bench.window.begin(session)
    bench.workspace.open("find")
    page = bench.workspace.pages["find"]
    assert isinstance(page, FindPage)
    return page, practice


def ask(page: FindPage, *, reason: str = "Returns our call", **fields: str) -> None:
    for name, text in fields.items():
        getattr(page.view, name).setText(text)
    page.view.reason.setEditText(reason)
    page.view.submit()


def button(page: QWidget, name: str) -> QPushButton:
    found = [b for b in page.findChildren(QPushButton, name) if b.isVisible()]
    assert len(found) == 1, f"{len(found)} of {name}"
    return found[0]


def shown(page: QWidget) -> str:
    return "\n".join(
        one.text() for one in page.findChildren(QLabel) if one.isVisible() and one.text()
    )


def limit(name: str = "search_limit") -> RefusedError:
    at = (NOW + timedelta(minutes=6)).isoformat()
    detail = {"gate": name, "opens_at": at}
    return RefusedError(
        "You have looked up as many patients as one hour allows (20). "
        "Your supervisor has been told.",
        name="dial_refused",
        detail=detail,
    )


# -- looking up -------------------------------------------------------------------------------


def test_a_caller_is_found_by_the_keyboard_alone(bench: Bench, qtbot: QtBot) -> None:
    page, practice = enter(bench)
    bench.window.activateWindow()
    qtbot.waitUntil(page.view.phone.hasFocus)
    QTest.keyClicks(page.view.phone, "(312) 555-0110")
    page.view.reason.setFocus()
    QTest.keyClicks(page.view.reason, "Returns our call")
    QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Return)
    assert practice.looked_up == [(FindQuery("(312) 555-0110"), "Returns our call")]
    (card,) = page.view.cards
    words = shown(card)
    assert "Rosa M." in words
    assert "born 1967 · number ending 10" in words
    assert "In the queue; may be called now." in words
    assert "Last call Fri Nov 21, 3:42 PM CT: voicemail left, by Jordan Park." in words
    qtbot.waitUntil(card.buttons[0].hasFocus)
    for secret in ("Martínez", "0110"):
        assert secret not in words


def test_the_key_opens_the_page(bench: Bench) -> None:
    bench.sign_in()
    control = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(bench.window, Qt.Key.Key_F, control)
    assert bench.workspace.current == "find"


def test_a_date_of_birth_goes_as_a_day(bench: Bench) -> None:
    page, practice = enter(bench)
    ask(page, name="Rosa", born="4/17/1967")
    assert practice.looked_up[0][0] == FindQuery("", "Rosa", date(1967, 4, 17))


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"name": "Rosa M", "born": "4/17/67"}, "Returns our call", "month/day/year"),
        ({"phone": "3125550110"}, "", "Say why you look"),
        ({"phone": "3125550110"}, " x ", "Say why you look"),
    ],
)
def test_what_is_missing_is_said_beside_the_fields_and_asks_nobody(
    bench: Bench, fields: dict[str, str], reason: str, words: str
) -> None:
    page, practice = enter(bench)
    ask(page, reason=reason, **fields)
    assert words in page.view.problem.text
    assert "find_patient" not in practice.log


def test_half_a_question_is_the_databases_sentence(bench: Bench) -> None:
    page, _ = enter(bench)
    ask(page)
    assert page.view.problem.text.startswith("Enter the whole telephone number")
    ask(page, phone="3125550110")
    assert page.view.problem.text == ""
    assert len(page.view.cards) == 1


def test_nobody_fits_is_said_in_words(bench: Bench) -> None:
    page, _ = enter(bench)
    ask(page, name="Nobody Here")
    assert page.view.cards == ()
    assert page.view.empty.title.text() == "Nobody fits"
    assert "Check the spelling" in page.view.empty.why.text()


def test_a_limit_says_when_it_is_possible_again_and_shows_nobody(bench: Bench) -> None:
    page, practice = enter(bench)
    ask(page, phone="3125550110")
    practice.fail_next(limit())
    ask(page, phone="3125550111")
    assert page.view.cards == ()
    assert page.view.empty.title.text() == "No more look-ups for now"
    assert page.view.empty.why.text().endswith("Possible again today 9:48 AM CT.")


def test_a_lost_link_can_be_tried_again(bench: Bench) -> None:
    page, practice = enter(bench)
    practice.fail_next()
    ask(page, phone="3125550110")
    assert page.view.search.isEnabled()
    ask(page, phone="3125550110")
    assert len(page.view.cards) == 1


def test_a_late_answer_for_an_earlier_question_is_dropped(bench: Bench) -> None:
    page, _ = enter(bench)
    bench.tasks.hold = True
    ask(page, name="Rosa")
    page.search(FindQuery(name="Harold"), "again")
    bench.tasks.release()
    assert [card.patient.first_name for card in page.view.cards] == ["Harold"]


def test_whoever_holds_the_patient_is_said_first_and_nobody_else_opens(bench: Bench) -> None:
    page, practice = enter(bench)
    practice.take("Denise", "Dana Reyes")
    ask(page, name="Denise")
    (card,) = page.view.cards
    assert card.holder.isVisible()
    assert (
        card.holder.text
        == "Dana Reyes has this patient open. Put the caller through to Dana Reyes."
    )
    assert not card.findChildren(QPushButton, "found_open")
    assert "Left this campaign on Nov 3: declined." in shown(card)


def test_opening_leads_to_the_workstation(bench: Bench) -> None:
    page, practice = enter(bench)
    ask(page, name="Denise")
    button(page, "found_open").click()
    entry = practice.entry("Denise").entry_id
    assert bench.workspace.current == "queue"
    assert bench.workspace.station is not None
    assert bench.workspace.station.work.claim is not None
    assert bench.workspace.station.work.claim[0] == entry
    assert practice.log.count("open_found") == 1
    assert "claim" not in practice.log


def test_the_patient_in_hand_is_opened_without_a_look_up(bench: Bench) -> None:
    page, practice = enter(bench)
    bench.workspace.open_patient(practice.entry("Denise").entry_id)
    bench.workspace.open("find")
    ask(page, name="Denise")
    assert page.view.cards[0].holder.text == "You have this patient open."
    button(page, "found_open").click()
    assert bench.workspace.current == "queue"
    assert "open_found" not in practice.log


def test_a_refusal_to_open_is_said_with_its_time(bench: Bench) -> None:
    page, practice = enter(bench)
    ask(page, name="Denise")
    practice.fail_next(limit("read_limit"))
    button(page, "found_open").click()
    said = [m.text for m in bench.shell.tools.messages.current if m.key == "claim"]
    assert len(said) == 1
    assert said[0].endswith("Possible again today 9:48 AM CT.")


@pytest.mark.parametrize(
    ("login", "may"),
    [
        ("jordan", {"found_open", "found_return", "found_glass"}),
        ("sam", {"found_open", "found_return", "found_why", "found_glass"}),
        ("okafor", {"found_return", "found_why", "found_glass"}),
    ],
)
def test_each_role_sees_what_it_may_do(bench: Bench, login: str, may: set[str]) -> None:
    page, _ = enter(bench, login)
    ask(page, name="Rosa")
    assert {b.objectName() for b in page.view.cards[0].buttons} == may


# -- why --------------------------------------------------------------------------------------


def explain(page: FindPage, name: str = "Priya") -> None:
    ask(page, name=name)
    button(page, "found_why").click()
    settle()


def test_the_explanation_names_every_check_in_words(bench: Bench) -> None:
    page, practice = enter(bench, "sam")
    explain(page)
    words = shown(page.why)
    assert "Calling hours: not passed" in words
    assert "The patient may be in Illinois and Wisconsin (Chicago time)." in words
    assert "47 CFR 64.1200(c)(1)" in words
    assert "Opens today 11:00 PM CT." in words
    assert "1 call so far; 1 may be made." in words
    assert "Do not call" in words
    assert "Dial was refused" in words or "DIAL WAS REFUSED" in words
    for code in ("cap_day", "carrier_agreement", "RECALL", "IL", "America/"):
        assert code not in words.split(), code
    assert "why_not_called" in practice.log
    assert not page.why.allow.isVisible(), "a supervisor overrides nothing"


def test_another_day_is_explained_under_that_day(bench: Bench) -> None:
    page, practice = enter(bench, "sam")
    explain(page)
    day = datetime(2025, 10, 18, 20, 0, tzinfo=UTC)
    page.why.when.set_moment(day, CHICAGO)
    button(page, "find_explain").click()
    assert practice.explained == [None, day]
    assert page.why.when.moment() == day
    button(page, "find_now").click()
    assert practice.explained == [None, day, None]


def test_an_explanation_that_is_refused_says_so(bench: Bench) -> None:
    page, practice = enter(bench, "sam")
    ask(page, name="Priya")
    practice.fail_next(NotAllowedError("Your role in this practice does not include this."))
    button(page, "found_why").click()
    assert page.why.problem.text == "Your role in this practice does not include this."
    assert button(page, "find_explain").isEnabled()


def test_closing_the_explanation_goes_back_to_the_patient(bench: Bench, qtbot: QtBot) -> None:
    page, _ = enter(bench, "sam")
    bench.window.activateWindow()
    explain(page)
    page.why.close_.click()
    assert not page.why.isVisible()
    qtbot.waitUntil(page.view.cards[0].buttons[0].hasFocus)


# -- a clinician's word -----------------------------------------------------------------------


def allow(page: FindPage, reason: str = SENTENCE, password: str = PASSWORD) -> None:
    page.override.reason.setPlainText(reason)
    page.override.password.setText(password)
    button(page, "override_save").click()


def test_a_clinician_allows_a_call_with_a_login_of_just_now(bench: Bench) -> None:
    page, practice = enter(bench, "okafor")
    explain(page)
    logins = bench.connector.logins
    button(page, "find_allow").click()
    allow(page)
    assert bench.connector.logins == logins + 1
    fresh = bench.connector.opened[-1]
    assert fresh is not practice
    assert fresh.closed
    ((patient, checks, reason),) = fresh.overrides
    assert (patient, checks, reason) == (
        practice.entry("Priya").patient_id, ("hours", "cap_day"), SENTENCE,
    )  # fmt: skip
    assert practice.overrides == [], "the session's own login is an old one"
    said = [m.text for m in bench.shell.tools.messages.current if m.key == "find_override"]
    assert said == ["One call is allowed until tomorrow 9:42 AM CT."]
    assert page.why.isVisible()
    assert not page.override.isVisible()
    assert page.override.password.text() == ""
    assert "why_not_called" in practice.log, "explained anew"


def test_only_what_is_ticked_passes(bench: Bench) -> None:
    page, _ = enter(bench, "okafor")
    explain(page)
    button(page, "find_allow").click()
    boxes = page.override._boxes
    assert {box.text() for box in boxes.values()} == {"Calling hours", "Calls in one day"}
    boxes["cap_day"].setChecked(False)
    allow(page)
    assert bench.connector.opened[-1].overrides[0][1] == ("hours",)


@pytest.mark.parametrize(
    ("reason", "password", "words"),
    [
        ("too short", PASSWORD, "Say in a sentence"),
        (SENTENCE, "", "Type your password again"),
        (SENTENCE, "wrong", WRONG_PASSWORD),
    ],
)
def test_an_override_needs_a_sentence_and_the_password(
    bench: Bench, reason: str, password: str, words: str
) -> None:
    page, _ = enter(bench, "okafor")
    explain(page)
    button(page, "find_allow").click()
    allow(page, reason, password)
    assert page.override.problem.text.startswith(words)
    assert all(not one.overrides for one in bench.connector.opened)
    assert page.override.reason.toPlainText() == reason, "what was typed is kept"


def test_a_refused_override_says_why(bench: Bench) -> None:
    page, _ = enter(bench, "okafor")
    explain(page)
    button(page, "find_allow").click()
    bench.connector.failures.append(NotConnectedError("The practice cannot be reached."))
    allow(page)
    assert page.override.problem.text == "The practice cannot be reached."
    assert page.override.password.text() == ""
    assert button(page, "override_save").isEnabled()


def test_nothing_is_offered_where_nothing_can_be_overridden(bench: Bench) -> None:
    page, practice = enter(bench, "okafor")
    practice.failing = ("suppressed",)
    explain(page)
    assert not page.why.allow.isVisible()


def test_an_override_asks_for_the_code_and_keeps_all_that_was_typed(
    bench: Bench, qtbot: QtBot
) -> None:
    make = bench.connector._make

    def coded(person: Person) -> FakePractice:
        made = make(person)
        made.code, made.code_for = CODE, frozenset({"override_gate"})
        return made

    bench.connector._make = coded
    page, practice = enter(bench, "okafor")
    bench.window.activateWindow()
    explain(page)
    button(page, "find_allow").click()
    allow(page)
    panel = page.override
    qtbot.waitUntil(panel.code.code.hasFocus)
    assert panel.problem.text == ""
    show_code(panel, "111111")
    assert panel.code.error.text() == "That code is not right. 4 tries left."
    QTest.keyClick(panel.code.code, Qt.Key.Key_Escape)
    assert panel.password.text() == "", "back at the form, the password is typed anew"
    assert panel.reason.toPlainText() == SENTENCE
    allow(page)
    show_code(panel, CODE)
    fresh = bench.connector.opened[-1]
    assert [reason for _, _, reason in fresh.overrides] == [SENTENCE]
    assert len({op for one in bench.connector.opened for op in one.asked_ops}) == 1
    assert page.why.isVisible()
    assert panel.code.code.text() == panel.password.text() == ""
    assert practice.overrides == []


# -- emergency --------------------------------------------------------------------------------


def show_code(panel: EmergencyPanel | OverridePanel, digits: str) -> None:
    panel.code.code.setText(digits)
    QTest.keyClick(panel.code.code, Qt.Key.Key_Return)


def break_glass(page: FindPage, name: str = "Harold", reason: str = SENTENCE) -> None:
    ask(page, name=name)
    button(page, "found_glass").click()
    page.glass.reason.setPlainText(reason)
    button(page, "glass_open").click()


def test_an_emergency_says_what_happens_before_it_opens(bench: Bench, qtbot: QtBot) -> None:
    page, practice = enter(bench)
    bench.window.activateWindow()
    ask(page, name="Harold")
    button(page, "found_glass").click()
    words = "\n".join(texts_of(page.glass))
    assert "The chart opens for half an hour" in words
    assert "Your supervisors are told at once" in words
    assert "It is reviewed afterwards" in words
    qtbot.waitUntil(page.glass.reason.hasFocus)
    button(page, "glass_open").click()
    assert "what the emergency is" in page.glass.problem.text
    assert practice.glasses == {}


def test_the_chart_is_there_for_half_an_hour_and_then_gone(bench: Bench) -> None:
    page, practice = enter(bench)
    break_glass(page)
    assert "Harold Whitcomb" in shown(page.glass)
    assert page.glass.left.text() == "30:00 left"
    assert "A1c overdue 9 months" in "\n".join(texts_of(page.glass))
    practice.clock.advance(minutes=26)
    page.tick()
    assert page.glass.left.text() == "4:00 left"
    practice.clock.advance(minutes=4)
    page.tick()
    left = "\n".join((*texts_of(page.glass), *spoken_by(page.glass)))
    for canary in ("Whitcomb", "Elm Street", *CANARY_WORDS):
        assert canary not in left, canary
    assert page.glass.problem.text.startswith("The emergency access has ended")
    assert not page._timer.isActive()


@pytest.mark.parametrize(
    "error",
    [
        NotAllowedError("Your role in this practice does not include this."),
        RefusedError("You have used emergency access as often as one day allows."),
        NotConnectedError("The practice cannot be reached."),
    ],
)
def test_a_refused_emergency_says_why_in_its_place(bench: Bench, error: Exception) -> None:
    page, practice = enter(bench)
    ask(page, name="Harold")
    button(page, "found_glass").click()
    page.glass.reason.setPlainText(SENTENCE)
    practice.fail_next(error)  # type: ignore[arg-type]
    button(page, "glass_open").click()
    assert page.glass.problem.text == str(error)
    assert page.glass.until is None
    assert button(page, "glass_open").isEnabled()


def test_an_emergency_asks_for_the_code_and_opens_with_the_same_wish(
    bench: Bench, qtbot: QtBot
) -> None:
    page, practice = enter(bench)
    bench.window.activateWindow()
    practice.code, practice.code_for = CODE, frozenset({"break_glass"})
    break_glass(page)
    qtbot.waitUntil(page.glass.code.code.hasFocus)
    assert "six digits" in shown(page.glass)
    assert practice.glasses == {}
    show_code(page.glass, "12")
    assert page.glass.code.error.text() == "A code has six digits. Type all of them."
    show_code(page.glass, "111111")
    assert page.glass.code.error.text() == "That code is not right. 4 tries left."
    qtbot.waitUntil(page.glass.code.code.hasFocus)
    show_code(page.glass, CODE)
    assert "Harold Whitcomb" in shown(page.glass)
    assert page.glass.code.code.text() == ""
    assert len(practice.asked_ops) == 2
    assert len(set(practice.asked_ops)) == 1, "one wish, one id"


def test_leaving_the_code_goes_back_to_the_reason(bench: Bench, qtbot: QtBot) -> None:
    page, practice = enter(bench)
    bench.window.activateWindow()
    practice.code, practice.code_for = CODE, frozenset({"break_glass"})
    break_glass(page)
    page.glass.code.code.setText("123")
    QTest.keyClick(page.glass.code.code, Qt.Key.Key_Escape)
    qtbot.waitUntil(page.glass.reason.hasFocus)
    assert page.glass.reason.toPlainText() == SENTENCE
    assert page.glass.code.code.text() == ""


def test_a_lost_answer_to_the_code_keeps_the_reason(bench: Bench) -> None:
    page, practice = enter(bench)
    practice.code, practice.code_for = CODE, frozenset({"break_glass"})
    break_glass(page)
    practice.fail_next()
    show_code(page.glass, CODE)
    assert page.glass.problem.text == "The practice cannot be reached."
    assert page.glass.reason.toPlainText() == SENTENCE
    button(page, "glass_open").click()
    show_code(page.glass, CODE)
    assert "Harold Whitcomb" in shown(page.glass)
    assert len(set(practice.asked_ops)) == 1


def test_who_has_no_app_reads_whom_to_ask_and_is_asked_for_no_code(bench: Bench) -> None:
    page, practice = enter(bench)
    practice.code, practice.code_for, practice.enrolled = CODE, frozenset({"break_glass"}), False
    break_glass(page)
    assert page.glass.problem.text == NO_APP
    assert not page.glass.code.isVisible()
    assert button(page, "glass_open").isEnabled()


def test_the_same_emergency_is_not_begun_twice(bench: Bench) -> None:
    page, practice = enter(bench)
    break_glass(page)
    page.glass.close_.click()
    practice.clock.advance(minutes=10)
    button(page, "found_glass").click()
    assert page.glass.left.text() == "20:00 left"
    assert practice.log.count("break_glass") == 1
    assert practice.log.count("emergency_chart") == 1


# -- lock -------------------------------------------------------------------------------------


def unlock(bench: Bench) -> None:
    lock = bench.window.lock
    assert lock is not None
    lock.page.password.setText(PASSWORD)
    lock.page.submit()
    assert not bench.window.locked


def test_a_lock_leaves_nobody_in_the_window_or_behind_it(bench: Bench) -> None:
    page, _ = enter(bench)
    break_glass(page)
    bench.window.lock_now("locked by you")
    kept = "\n".join((*texts_of(bench.window), *texts_of(bench.workspace)))
    for canary in ("Harold", "Whitcomb", "Elm Street", SENTENCE, *CANARY_WORDS):
        assert canary not in kept, canary
    assert page.glass.until is None


def test_an_emergency_goes_on_after_the_lock_as_long_as_it_lasts(bench: Bench) -> None:
    page, practice = enter(bench)
    break_glass(page)
    bench.window.lock_now("locked by you")
    practice.clock.advance(minutes=5)
    unlock(bench)
    assert page.glass.left.text() == "25:00 left"
    assert practice.log.count("break_glass") == 1
    bench.window.lock_now("locked by you")
    practice.clock.advance(minutes=26)
    unlock(bench)
    assert page.glass.until is None
    assert "Whitcomb" not in "\n".join(texts_of(page))


def test_an_answer_on_its_way_does_not_come_in_behind_the_lock(bench: Bench) -> None:
    page, _ = enter(bench, "sam")
    ask(page, name="Priya")
    bench.tasks.hold = True
    button(page, "found_why").click()
    page.search(FindQuery(name="Harold"), "again")
    bench.window.lock_now("locked by you")
    bench.tasks.release()
    kept = "\n".join(texts_of(bench.workspace))
    assert "Harold" not in kept
    assert "Priya" not in kept


# -- looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_every_state_says_what_it_is_and_clips_nothing(
    bench: Bench, theme: Theme, scale: float
) -> None:
    theme.apply(scale=scale)
    page, practice = enter(bench, "okafor")
    practice.take("Denise", "Dana Reyes")

    def look(state: str) -> None:
        for size in each_size(bench):
            assert unnamed(bench.workspace) == [], (state, size)
            assert clipped(page) == [], (state, size)
            assert overlapping(bench.workspace) == [], (state, size)

    look("empty")
    ask(page, name="Denise")
    look("held by somebody")
    explain(page)
    look("explanation")
    button(page, "find_allow").click()
    look("override")
    ask(page, name="Rosa")
    button(page, "found_glass").click()
    look("emergency asked")
    page.glass.reason.setPlainText(SENTENCE)
    practice.code, practice.code_for = CODE, frozenset({"break_glass"})
    button(page, "glass_open").click()
    page.glass.code.submit()
    look("code of an emergency")
    show_code(page.glass, CODE)
    look("emergency")
    ask(page, name="Nobody")
    look("nobody")


# -- words ------------------------------------------------------------------------------------


def test_a_refusal_says_when_it_opens_on_the_right_day() -> None:
    gate = Gate("hours", "Too late.", NOW + timedelta(hours=1))
    assert gate_words(gate, CHICAGO, NOW) == "Too late. Opens today 10:42 AM CT."
    assert gate_words(gate, "America/Los_Angeles", NOW) == "Too late. Opens today 8:42 AM PT."
    tomorrow = Gate("hours", "Too late.", NOW + timedelta(days=1))
    assert gate_words(tomorrow, CHICAGO, NOW) == "Too late. Opens tomorrow 9:42 AM CT."
    later = Gate("cap_week", "Often.", NOW + timedelta(days=3))
    assert gate_words(later, CHICAGO, NOW) == "Often. Opens Thu Nov 27, 9:42 AM CT."
    assert gate_words(Gate("suppressed", "No.", None), CHICAGO, NOW) == "No."
    assert gate_words(Gate("hours", "Past.", NOW), CHICAGO, NOW) == "Past."
    again = Gate("read_limit", "Enough.", NOW + timedelta(minutes=3))
    assert gate_words(again, CHICAGO, NOW) == "Enough. Possible again today 9:45 AM CT."


def test_no_check_is_shown_by_its_code() -> None:
    for name, words in CHECK_LABELS.items():
        assert "_" not in words
        assert check_label(name) == words
    assert check_label("newer_rule") == "Newer rule"


@pytest.mark.parametrize(
    ("name", "facts", "words"),
    [
        ("hours", CheckFacts(), "state is not known: the strictest hours count"),
        ("hours", CheckFacts(("PA",), ("America/New_York",)), "in Pennsylvania (New York time)."),
        ("cap_week", CheckFacts(calls=3, cap=3), "3 calls so far; 3 may be made."),
        ("cap_campaign", CheckFacts(attempts=1, cap=6), "1 attempt so far; 6 may be made."),
        ("contact_budget", CheckFacts(contacts=0, cap=6), "0 contacts so far; 6 may be made."),
        ("purpose", CheckFacts(purpose="CAREGAP"), "calls about care that is due."),
        ("reassigned", CheckFacts(answer="no_data"), "has no data on it."),
        ("relationship", CheckFacts(months=18, scrub_days=31), "none on record"),
        (
            "relationship",
            CheckFacts(last_transaction=date(2024, 9, 12), months=18, scrub_days=31),
            "Thu Sep 12, 2024. It counts for 18 months",
        ),
    ],
)  # fmt: skip
def test_facts_are_told_in_words(name: str, facts: CheckFacts, words: str) -> None:
    assert words in facts_words(GateCheck(name, ok=True, facts=facts))


def test_rules_are_told_with_their_source() -> None:
    rule = RuleBehind("CAP_WEEK", "policy: three attempts in 7 days", "3")
    assert rule_words(rule) == "At most 3 · policy: three attempts in 7 days"
    assert facts_words(GateCheck("campaign", ok=True)) == ""
