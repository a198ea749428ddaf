"""The coordinator's job at the workstation, on the fake practice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from coordinator_app.domain.call import CallCommand, CallEnd
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.domain.patient import IdentifierKind, IdentityResult
from coordinator_app.domain.queue import Gate, QueueFilter, SkipReason
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.desk import Desk, sit_down
from tests.helpers.fake_practice import FakePractice

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return sit_down(qtbot)


def _texts(root: QWidget) -> str:
    """Everything that the widgets below hold or tell a screen reader."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        for name in ("text", "toolTip", "accessibleName", "accessibleDescription", "toPlainText"):
            getter = getattr(widget, name, None)
            if callable(getter):
                found.append(str(getter()))
    return "\n".join(found)


# -- queue --------------------------------------------------------------------------------------


def test_enter_opens_the_row_under_the_cursor(desk: Desk) -> None:
    desk.page.queue.focus_list()
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Return)
    assert desk.page.patient.name.text() == "Leonard Abbott"


def test_next_takes_the_best_callable_patient_by_key(desk: Desk) -> None:
    desk.press(Qt.Key.Key_N, CTRL)
    assert desk.page.work.card is not None
    assert desk.page.work.card.first_name == "Rosa"


def test_loser_is_told_who_has_the_patient(desk: Desk) -> None:
    desk.fake.take("Rosa", "Dana Reyes")
    desk.open("Rosa")
    assert desk.page.work.card is None
    assert "Dana Reyes" in desk.said()


def test_refresh_keeps_the_selection(desk: Desk) -> None:
    queue = desk.page.queue
    queue.select(desk.fake.entry("Denise").entry_id)
    desk.fake.entry("Rosa").open = False
    desk.fake.take("Harold")
    desk.page.refresh()
    assert queue.selected == desk.fake.entry("Denise").entry_id
    assert queue.model.row_of(desk.fake.entry("Rosa").entry_id) == -1


def test_find_and_filter_ask_the_server(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F, CTRL)
    QTest.keyClicks(desk.page.queue.search, "Thyroid")
    desk.press(Qt.Key.Key_Return)
    assert desk.page.queue.model.rowCount() == 1
    desk.page.queue.search.clear()
    desk.page.queue.filters.choose(QueueFilter.NEW.value)
    assert desk.page.queue.model.rowCount() == 3


def test_closed_queue_says_why_and_when_it_opens(qtbot: QtBot) -> None:
    fake = FakePractice()
    for patient in fake.patients:
        patient.open = False
    opens = fake.clock.now() + timedelta(hours=1)
    fake.closed_gate = Gate("hours", "It is too early to call anybody.", opens)
    desk = sit_down(qtbot, fake)
    words = desk.page.queue.empty.why.text()
    assert "too early" in words
    assert "10:42 AM CT" in words
    desk.page.claim_next()
    assert "too early" in desk.page.patient.empty.why.text()


def test_gated_patient_cannot_be_dialled_and_the_bar_says_why(desk: Desk) -> None:
    desk.open("Priya")
    assert not desk.bar.dial.isEnabled()
    assert "8:00 AM" in desk.bar.status.text()


def test_what_keeps_dial_shut_is_said_on_the_patients_clock_until_it_opens(desk: Desk) -> None:
    desk.open("Priya")  # who lives in Los Angeles
    assert desk.bar.status.text().endswith("Opens today 8:00 AM PT.")
    desk.fake.clock.advance(minutes=19)
    desk.page._tick()
    assert desk.bar.dial.isEnabled()


def test_a_refused_dial_is_said_with_its_time_on_the_patients_clock(desk: Desk) -> None:
    desk.open("Denise")  # who lives in New York
    opens = desk.fake.clock.now() + timedelta(days=1)
    desk.fake.fail_next(
        RefusedError(
            "This patient was already called today.",
            name="dial_refused",
            detail={"gate": "cap_day", "opens_at": opens.isoformat()},
        )
    )
    desk.bar.dial.click()
    assert desk.said() == "This patient was already called today. Opens tomorrow 10:42 AM ET."
    assert desk.bar.dial.isEnabled()


def test_a_patient_opened_again_shows_what_the_gate_says_by_now(desk: Desk) -> None:
    desk.open("Priya")
    desk.fake.entry("Priya").gate = None  # a clinician allowed a call meanwhile
    desk.open("Priya")
    assert desk.bar.dial.isEnabled()
    assert desk.fake.log.count("claim") == 2
    desk.open("Priya")
    assert desk.fake.log.count("claim") == 2, "nothing to ask: the patient is open"


def test_the_hours_reading_limit_is_no_empty_queue(desk: Desk) -> None:
    opens = desk.fake.clock.now() + timedelta(minutes=3)
    enough = "You have opened as many patients as one hour allows (60)."
    desk.fake.closed_gate = Gate("read_limit", enough, opens)
    desk.page.claim_next()
    assert desk.page.patient.empty.title.text() == "That is all for this hour"
    assert desk.page.patient.empty.why.text() == f"{enough} Possible again today 9:45 AM CT."
    detail = {"gate": "read_limit", "opens_at": opens.isoformat()}
    desk.fake.fail_next(RefusedError(enough, name="dial_refused", detail=detail))
    desk.open("Rosa")
    assert desk.said() == f"{enough} Possible again today 9:45 AM CT."


# -- call ---------------------------------------------------------------------------------------


def test_dial_is_disabled_on_the_press_so_that_two_presses_are_one_call(desk: Desk) -> None:
    desk.open("Rosa")
    desk.tasks.hold = True
    desk.press(Qt.Key.Key_F5)
    desk.press(Qt.Key.Key_F5)
    desk.bar.dial.click()
    assert desk.tasks.waiting == 1
    desk.tasks.hold = False
    desk.tasks.release()
    assert len(desk.fake.calls) == 1


def test_dial_after_a_lost_link_asks_for_the_same_call(desk: Desk) -> None:
    desk.open("Rosa")
    desk.fake.fail_next()
    desk.bar.dial.click()
    assert desk.bar.dial.isEnabled()
    assert "never makes two" in desk.said()
    desk.bar.dial.click()
    assert len(desk.fake.calls) == 1


def test_call_states_are_said_in_words(desk: Desk) -> None:
    desk.open("Rosa")
    desk.bar.dial.click()
    call_id = desk.fake.live_call().id
    assert desk.bar.status.text() == "Dialing…"
    desk.fake.lose_carrier(call_id)
    assert "will not dial twice" in desk.bar.status.text()
    desk.fake.ring(call_id)
    assert desk.bar.status.text() == "Ringing…"
    desk.fake.answer(call_id, "Hello?")
    assert desk.bar.status.text() == "Connected"
    assert desk.bar.caption.text() == "Patient: “Hello?”"
    assert not desk.bar.practice_line.isHidden()
    desk.fake.end(call_id, CallEnd.BUSY)
    assert "busy" in desk.bar.status.text()


def test_telephone_keys(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.press(Qt.Key.Key_F6)
    desk.press(Qt.Key.Key_F7)
    assert desk.bar.status.text() == "On hold"
    desk.press(Qt.Key.Key_F7)
    desk.bar.keypad.pressed.emit("#")
    desk.press(Qt.Key.Key_F8)
    commands = [command for command, _ in desk.fake.commands]
    assert commands == [
        CallCommand.MUTE,
        CallCommand.HOLD,
        CallCommand.UNHOLD,
        CallCommand.DIGITS,
        CallCommand.HANG_UP,
    ]
    assert not desk.bar.live


def test_polling_runs_only_while_a_call_goes_on(desk: Desk) -> None:
    timer = desk.page.calls._timer
    desk.open("Rosa")
    assert not timer.isActive()
    desk.call()
    assert timer.isActive()
    desk.hang_up()
    assert not timer.isActive()


# -- identity and chart -------------------------------------------------------------------------


def test_locked_chart_holds_no_text_of_the_chart(desk: Desk) -> None:
    desk.open("Rosa")  # an open chart before must leave nothing behind
    desk.open("Leonard")
    words = _texts(desk.page.patient)
    for canary in ("1967", "A1c", "4821", "BCBS", "diabetes", "Okafor visit", "ride on weekdays"):
        assert canary not in words
    assert "Verify identity to open the chart" in words


def test_two_identifiers_open_the_chart_and_only_kinds_are_stored(desk: Desk) -> None:
    desk.open("Leonard")
    desk.call()
    check = desk.page.script.identity
    desk.page.script.go(1)
    check._boxes[IdentifierKind.BIRTH_DATE].setChecked(True)
    assert not check.passed.isEnabled()
    check._boxes[IdentifierKind.ZIP].setChecked(True)
    check.passed.click()
    entry_id = desk.fake.entry("Leonard").entry_id
    assert desk.fake.identity[entry_id] is IdentityResult.PASS
    assert set(desk.fake.identity_kinds[entry_id]) == {
        IdentifierKind.BIRTH_DATE,
        IdentifierKind.ZIP,
    }
    assert "1967" in _texts(desk.page.patient)
    assert desk.page.script.step == "reason"


def test_failing_twice_ends_the_check(desk: Desk) -> None:
    desk.open("Leonard")
    desk.call()
    check = desk.page.script.identity
    check.failed.click()
    assert "1 try" in check.state.text()
    check.failed.click()
    assert not check.failed.isEnabled()
    assert desk.page.work.card is not None
    assert desk.page.work.card.chart is None


def test_later_steps_are_hidden_before_the_check(desk: Desk) -> None:
    desk.open("Leonard")
    desk.page.script.go_to("reason")
    assert "after the identity check" in desk.page.script.text.toPlainText()


def test_reveal_is_logged_and_masks_itself(desk: Desk) -> None:
    desk.open("Rosa")
    field = desk.page.patient.birth_date
    field.eye.click()
    assert "04/17/1967" in field.value.text()
    assert len(desk.fake.reveals) == 1
    field._timer.timeout.emit()
    assert "04/17" not in field.value.text()


def test_copied_number_leaves_the_clipboard(desk: Desk) -> None:
    desk.open("Rosa")
    picker = desk.page.patient.phones
    picker.copy.click()
    assert QGuiApplication.clipboard().text() == "(312) 555-0110"
    picker._timer.timeout.emit()
    assert QGuiApplication.clipboard().text() == ""


def test_no_voicemail_permission_says_leave_no_message(desk: Desk) -> None:
    desk.open("Harold")
    desk.call()
    desk.press(Qt.Key.Key_F4)
    assert "Leave no message" in desk.page.script.text.toPlainText()


# -- outcome ------------------------------------------------------------------------------------


def test_outcome_and_next_by_keyboard(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.hang_up()
    desk.page.queue.focus_list()
    desk.press(Qt.Key.Key_3)
    assert desk.page.wrap.save.text() == "Save and next"
    desk.press(Qt.Key.Key_Return, CTRL)
    sent = list(desk.fake.recorded.values())
    assert [wrap_up.outcome for wrap_up in sent] == [Outcome.NO_ANSWER]
    assert desk.page.patient.name.text() == "Leonard Abbott"
    assert "Tuesday" in desk.said()


def test_digits_typed_into_the_note_choose_nothing(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.page.wrap.note.setFocus()
    QTest.keyClicks(desk.page.wrap.note, "call at 4")
    assert desk.page.outcome.outcome is None
    assert desk.page.wrap.note_text == "call at 4"


def test_saving_a_live_call_hangs_up_first(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.page.outcome.press(Outcome.NO_ANSWER)
    assert desk.page.wrap.save.text() == "Hang up, save, next"
    desk.page.wrap.save.click()
    assert [command for command, _ in desk.fake.commands] == [CallCommand.HANG_UP]
    assert len(desk.fake.recorded) == 1


def test_machine_result_suggests_but_never_chooses(desk: Desk) -> None:
    desk.open("Rosa")
    desk.bar.dial.click()
    desk.fake.end(desk.fake.live_call().id, CallEnd.NO_ANSWER)
    outcome = desk.page.outcome
    assert outcome.machine.text() == "The line says: no answer"
    assert outcome.tiles[Outcome.NO_ANSWER].suggested
    assert outcome.outcome is None
    assert not desk.page.wrap.save.isEnabled()


def test_booking_holds_a_slot_and_books_it_once(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.press(Qt.Key.Key_B, CTRL)
    desk.press(Qt.Key.Key_Return)
    assert desk.page.work.hold is not None
    assert desk.page.outcome.outcome is Outcome.BOOKED
    desk.hang_up()
    assert desk.page.wrap.save.text() == "Book, save and next"
    desk.press(Qt.Key.Key_Return, CTRL)
    (sent,) = desk.fake.recorded.values()
    assert sent.details.hold_id is not None
    assert sent.details.remind_by_text


def test_another_opening_moves_the_hold(desk: Desk) -> None:
    desk.open("Rosa")
    cells = [cell for _, cell in desk.page.openings.model.choices()]
    desk.page.openings.grid.chosen.emit(cells[0])
    desk.page.openings.grid.chosen.emit(cells[3])
    assert desk.page.work.hold is not None
    assert desk.page.work.hold.start == cells[3].start
    held = [taken for taken in desk.fake.schedule.taken if taken.hold_until is not None]
    assert len(held) == 1


def test_slot_taken_by_another_is_said_and_the_grid_reloads(desk: Desk) -> None:
    desk.open("Rosa")
    _, cell = desk.page.openings.model.choices()[0]
    desk.fake.schedule.take(cell.practitioner_id, cell.start)
    desk.page.openings.grid.chosen.emit(cell)
    assert desk.page.work.hold is None
    assert "just taken" in desk.said()
    assert cell.start not in [other.start for _, other in desk.page.openings.model.choices()]


def test_expired_hold_is_said_and_books_nothing(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    _, cell = desk.page.openings.model.choices()[0]
    desk.page.openings.grid.chosen.emit(cell)
    desk.hang_up()
    desk.fake.clock.advance(minutes=6)
    desk.page.wrap.countdown.refresh()
    assert "run out" in desk.said()
    assert desk.page.wrap.save.text() == "Choose an opening"
    desk.page.wrap.save.click()
    assert not desk.fake.recorded


def test_callback_needs_a_time_on_the_patients_clock(desk: Desk) -> None:
    desk.open("Denise")
    desk.call()
    desk.hang_up()
    desk.press(Qt.Key.Key_4)
    assert desk.page.wrap.save.text() == "Choose when to call"
    desk.page.wrap.save.click()
    assert not desk.fake.recorded
    tomorrow = desk.page.wrap.findChild(QPushButton, "callback.tomorrow")
    assert tomorrow is not None
    tomorrow.click()
    assert "10:40 AM ET" in desk.page.wrap.fields.callback.both.text()
    desk.page.wrap.save.click()
    (row,) = desk.fake.callback_rows
    assert row.due_at - desk.fake.clock.now() == timedelta(hours=23, minutes=58)


def test_lost_answer_is_sent_again_under_the_same_id(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.hang_up()
    desk.page.wrap.note.setPlainText("Back from surgery")
    desk.page.outcome.press(Outcome.NO_ANSWER)
    desk.fake.lose_next_answer()
    desk.page.wrap.save.click()
    assert "will be sent" in desk.page.wrap.state.text()
    assert desk.page.wrap.note_text == "Back from surgery"
    desk.page.on_changed(frozenset({"call"}))  # what the window says when the link is back
    assert len(desk.fake.recorded) == 1
    assert len(desk.fake.log_rows) == 1
    assert desk.page.patient.name.text() == "Leonard Abbott"


def test_button_is_disabled_while_the_outcome_is_on_its_way(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.hang_up()
    desk.page.outcome.press(Outcome.NO_ANSWER)
    desk.tasks.hold = True
    desk.page.wrap.save.click()
    waiting = desk.tasks.waiting
    desk.page.wrap.save.click()
    desk.press(Qt.Key.Key_Return, CTRL)
    assert desk.tasks.waiting == waiting
    assert not desk.page.wrap.save.isEnabled()


def test_outcome_is_required_before_another_patient(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.hang_up()
    desk.open("Leonard")
    assert desk.page.patient.name.text() == "Rosa Martínez"
    assert "outcome first" in desk.said()


def test_note_survives_refresh_and_becomes_a_draft(desk: Desk) -> None:
    desk.open("Rosa")
    desk.page.wrap.note.setPlainText("Prefers mornings")
    desk.page.refresh()
    desk.page.finish.save_draft()
    entry_id = desk.fake.entry("Rosa").entry_id
    assert desk.session.desk.draft(entry_id) == OutcomeDetails(note="Prefers mornings")
    desk.open("Leonard")
    assert desk.page.wrap.note_text == ""
    desk.open("Rosa")
    assert desk.page.wrap.note_text == "Prefers mornings"


def test_skip_needs_a_reason_and_frees_the_patient(desk: Desk) -> None:
    desk.open("Rosa")
    desk.press(Qt.Key.Key_S, CTRL)
    box = desk.page.wrap.skip_box
    assert not box.confirm.isEnabled()
    box.reason.setCurrentIndex(0)
    box.confirm.click()
    assert desk.fake.skips == [(desk.fake.entry("Rosa").entry_id, SkipReason.KNOWN_PERSONALLY)]
    assert desk.page.work.card is None


# -- lease, lock, restart -----------------------------------------------------------------------


def test_lost_lease_says_who_has_the_patient(desk: Desk) -> None:
    desk.open("Rosa")
    desk.fake.take("Rosa", "Dana Reyes")
    desk.page.beat()
    assert desk.page.work.card is None
    assert "Dana Reyes has this patient now" in desk.said()
    assert "Martínez" not in _texts(desk.page)


def test_heartbeat_renews_the_lease(desk: Desk) -> None:
    desk.open("Rosa")
    desk.fake.clock.advance(seconds=60)
    desk.page.beat()
    claim = desk.fake.claims[desk.fake.entry("Rosa").entry_id]
    assert claim.until > desk.fake.clock.now() + timedelta(seconds=80)


def test_lost_link_at_the_heartbeat_keeps_the_patient(desk: Desk) -> None:
    desk.open("Rosa")
    desk.fake.fail_next(NotConnectedError("gone"))
    desk.page.beat()
    assert desk.page.patient.name.text() == "Rosa Martínez"


def test_held_patient_and_call_are_restored_at_sign_in(qtbot: QtBot) -> None:
    first = sit_down(qtbot)
    first.open("Rosa")
    first.call()
    again = sit_down(qtbot, first.fake)
    assert again.page.patient.name.text() == "Rosa Martínez"
    assert again.bar.status.text() == "Connected"


def test_concealed_page_holds_no_patient_and_restores_what_was_typed(desk: Desk) -> None:
    desk.open("Rosa")
    desk.call()
    desk.page.wrap.note.setPlainText("Zyxmarker")
    desk.page.outcome.press(Outcome.CALLBACK_AT)
    desk.page.conceal()
    words = _texts(desk.window)
    for canary in ("Rosa", "Martínez", "1967", "A1c", "0110", "Zyxmarker"):
        assert canary not in words
    assert desk.page.queue.model.rowCount() == 0
    assert desk.bar.live
    desk.page.restore()
    assert desk.page.patient.name.text() == "Rosa Martínez"
    assert desk.page.wrap.note_text == "Zyxmarker"
    assert desk.page.outcome.outcome is Outcome.CALLBACK_AT


def test_privacy_key_hides_and_shows(desk: Desk) -> None:
    desk.open("Rosa")
    desk.press(Qt.Key.Key_H, CTRL)
    assert "Martínez" not in _texts(desk.page)
    desk.press(Qt.Key.Key_H, CTRL)
    assert desk.page.patient.name.text() == "Rosa Martínez"
    assert desk.page.queue.model.rowCount() == 10
