"""Booking while the patient is still on the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from coordinator_app.domain.outcome import Outcome
from tests.helpers.desk import Desk, sit_down

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from coordinator_app.domain.outcome import OutcomeDetails

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return sit_down(qtbot)


def hold_first(desk: Desk, who: str = "Rosa") -> None:
    desk.open(who)
    desk.call("Hello?")
    choose(desk, 0)


def choose(desk: Desk, number: int) -> None:
    desk.page.openings.grid.chosen.emit(desk.page.openings.model.choices()[number][1])


def sent(desk: Desk) -> OutcomeDetails:
    return list(desk.fake.recorded.values())[-1].details


def test_booked_during_the_call_and_the_outcome_names_the_appointment(desk: Desk) -> None:
    hold_first(desk)
    wrap = desk.page.wrap
    assert wrap.book.isVisible()
    start = desk.page.work.hold
    desk.press(Qt.Key.Key_B, CTRL | SHIFT)
    assert start is not None
    assert len(desk.fake.bookings) == 1
    assert desk.page.work.hold is None
    assert (wrap.booked.isVisible(), wrap.booked.text()) == (True, "Booked")
    assert not wrap.countdown.isVisible()
    assert not wrap.book.isVisible()
    assert not wrap.release.isVisible()
    assert "AM" in wrap.slot_title.text()
    assert "Dr. Okafor" in wrap.slot_about.text()
    assert desk.page.outcome.outcome is Outcome.BOOKED
    assert "save" in wrap.save.text()
    visit = desk.page.work.booked
    assert visit is not None
    assert visit.start == start.start
    desk.hang_up()
    wrap.save.click()
    assert sent(desk).appointment_id == visit.id
    assert sent(desk).hold_id is None
    assert len(desk.fake.bookings) == 1
    assert desk.page.work.booked is None  # the next patient has none
    assert not wrap.slot.isVisible()


def test_no_booking_before_an_answer_and_none_after_hanging_up(desk: Desk) -> None:
    desk.open("Rosa")
    choose(desk, 0)
    assert desk.page.work.hold is not None
    assert not desk.page.wrap.book.isVisible()
    desk.press(Qt.Key.Key_B, CTRL | SHIFT)
    assert desk.fake.bookings == []
    desk.call("Hello?")
    assert desk.page.wrap.book.isVisible()
    desk.hang_up()
    assert not desk.page.wrap.book.isVisible()
    desk.press(Qt.Key.Key_B, CTRL | SHIFT)
    assert desk.fake.bookings == []


def test_another_opening_after_booking_is_refused_in_words(desk: Desk) -> None:
    hold_first(desk)
    desk.page.wrap.book.click()
    visit = desk.page.work.booked
    choose(desk, 2)
    assert "booked already" in desk.said()
    assert desk.page.work.hold is None
    assert desk.page.work.booked is visit
    assert len(desk.fake.schedule.booked) == 1


def test_another_outcome_keeps_the_visit_and_says_so(desk: Desk) -> None:
    hold_first(desk)
    desk.page.wrap.book.click()
    desk.page.outcome.press(Outcome.THINKING)
    assert "stays booked" in desk.page.wrap.state.text()
    desk.hang_up()
    desk.page.wrap.save.click()
    assert sent(desk).appointment_id is None
    assert len(desk.fake.schedule.booked) == 1


def test_a_hold_that_ran_out_books_nothing_and_openings_are_loaded_again(desk: Desk) -> None:
    hold_first(desk)
    desk.fake.clock.advance(minutes=6)  # the window's own countdown has not ticked yet
    loads = desk.fake.log.count("openings")
    desk.page.wrap.book.click()
    assert "run out" in desk.said()
    assert desk.page.work.hold is None
    assert desk.page.work.booked is None
    assert not desk.page.wrap.slot.isVisible()
    assert desk.fake.log.count("openings") == loads + 1
    choose(desk, 1)
    desk.page.wrap.book.click()
    assert desk.page.work.booked is not None


def test_a_lost_answer_is_asked_again_as_the_same_booking(desk: Desk) -> None:
    hold_first(desk)
    desk.fake.lose_next_answer()
    desk.page.wrap.book.click()
    assert not desk.page.wrap.booked.isVisible()
    assert "not known" in desk.said()
    assert desk.page.wrap.book.text() == "Book again"
    choose(desk, 2)  # must not become a second visit
    assert len(desk.fake.schedule.booked) == 1
    assert desk.page.work.hold is not None
    desk.fake.clock.advance(minutes=6)
    desk.page.wrap.countdown.refresh()  # runs out, and the server decides
    assert desk.page.work.hold is not None
    desk.page.on_changed(frozenset({"call"}))  # the link is back
    assert desk.page.wrap.booked.isVisible()
    assert len({op_id for _, _, op_id in desk.fake.bookings}) == 1
    assert len(desk.fake.schedule.booked) == 1


def test_a_second_press_while_the_first_is_on_its_way_does_nothing(desk: Desk) -> None:
    hold_first(desk)
    desk.tasks.hold = True
    desk.page.wrap.book.click()
    assert not desk.page.wrap.book.isEnabled()
    desk.page.book.book_now()
    choose(desk, 2)
    desk.page.book.release()
    desk.tasks.hold = False
    desk.tasks.release()
    assert len(desk.fake.bookings) == 1
    assert desk.page.work.booked is not None


def test_reminder_travels_with_the_booking(desk: Desk) -> None:
    hold_first(desk)
    wrap = desk.page.wrap
    assert wrap.remind.isVisible()
    wrap.remind.setChecked(True)
    wrap.book.click()
    assert desk.fake.bookings[0][1].remind_by_text
    assert not wrap.remind.isEnabled()


def test_booked_visit_survives_the_lock_and_a_restart(desk: Desk, qtbot: QtBot) -> None:
    hold_first(desk)
    desk.page.wrap.book.click()
    title = desk.page.wrap.slot_title.text()
    desk.page.conceal()
    assert desk.page.wrap.slot_title.text() == ""
    desk.page.restore()
    assert desk.page.wrap.slot_title.text() == title
    assert desk.page.wrap.booked.isVisible()
    visit = desk.page.work.booked
    assert visit is not None
    draft = desk.session.desk.draft(desk.fake.entry("Rosa").entry_id)
    assert draft is not None
    assert draft.appointment_id == visit.id


def test_after_a_crash_the_kept_number_is_sent_and_no_second_visit_is_held(desk: Desk) -> None:
    hold_first(desk)
    desk.page.wrap.book.click()
    visit = desk.page.work.booked
    card = desk.fake.claim(desk.fake.entry("Rosa").entry_id, visit.id)  # type: ignore[union-attr]
    desk.page.work.take(card)  # as a new window gets it from sign-in
    assert desk.page.work.booked is None
    assert desk.page.wrap.booked.isVisible()
    choose(desk, 2)
    assert desk.page.work.hold is None
    desk.hang_up()
    desk.page.outcome.press(Outcome.BOOKED)
    QTest.keyClick(desk.page.wrap.save, Qt.Key.Key_Space)
    assert visit is not None
    assert sent(desk).appointment_id == visit.id
