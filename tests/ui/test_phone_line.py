"""Settings, Phone line: account, number, check and test call, with a fake gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.domain.line_setup import Heard, LineTaskKind, LineTaskState
from coordinator_app.domain.person import Role
from coordinator_app.errors import SecondFactorNeededError, StaleError
from tests.helpers.fake_data import NOW
from tests.helpers.fake_line import FINDINGS
from tests.helpers.fake_sign_in import PASSWORD, FakeConnector, person_of, session_for
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from ui.messages import MessageBus
from ui.pages.phone_line import PhoneLinePart
from ui.theme import Theme
from ui.views.phone_line import SOFTPHONE, STEPS, next_step

ACCOUNT, KEY, SECRET = "AC" + "1" * 32, "SK" + "2" * 28 + "beef", "canary-secret"


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
def desk(
    qtbot: QtBot, tasks: InlineTasks, messages: MessageBus
) -> tuple[PhoneLinePart, FakeTeamPractice]:
    practice = FakeTeamPractice(person=replace(person_of("sam"), role=Role.SUPERVISOR))
    connector = FakeConnector(lambda _: practice)
    part = PhoneLinePart(session_for(practice, connector), tasks, messages)
    qtbot.addWidget(part)
    part.resize(900, 760)
    with qtbot.waitExposed(part):
        part.show()
    return part, practice


def texts(root: QWidget) -> str:
    shown = (one for one in root.findChildren(QLabel) if one.isVisible())
    return " ".join(label.text() for label in shown)


def fill(part: PhoneLinePart, *, account: str = ACCOUNT, key: str = KEY) -> None:
    step = part.view.account
    step.account.setText(account)
    step.key.setText(f" {key} ")
    step.secret.setText(SECRET)
    step.password.setText(PASSWORD)


Desk = tuple[PhoneLinePart, FakeTeamPractice]

# -- the account ------------------------------------------------------------------------------


def test_an_account_is_sealed_for_the_gateway_and_nothing_of_it_stays(
    desk: Desk, messages: MessageBus
) -> None:
    part, practice = desk
    step = part.view.account
    assert part.view.step.current == "account"
    assert "None: no call can be made" in step.state.text()
    fill(part)
    QTest.mouseClick(step.use, Qt.MouseButton.LeftButton)
    opened = practice.opened_account()
    assert (opened.account_sid, opened.key_sid, opened.key_secret) == (ACCOUNT, KEY, SECRET)
    assert "canary" not in str(practice.line_asked)
    for edit in (step.account, step.key, step.secret, step.password):
        assert edit.text() == ""
    assert "The gateway checks it" in step.notice.text
    assert any("on its way" in one.text for one in messages.current)
    practice.change_line(
        account=replace(practice.line_now["line"].account, state="in_use"),  # type: ignore[type-var]
        source="window",
        account_in_use=ACCOUNT,
    )
    part.load()
    assert step.notice.text == ""
    assert "…1111, entered here" in step.state.text()


@pytest.mark.parametrize(
    ("account", "key", "words"),
    [
        ("", KEY, "begins with AC"),
        ("AC123", KEY, "begins with AC"),
        (ACCOUNT, "f" * 32, "not the id of an API key"),
        (ACCOUNT, ACCOUNT, "not the id of an API key"),
        (ACCOUNT, "SK123", "begins with SK"),
    ],
)
def test_what_is_no_account_is_said_at_its_field(
    desk: Desk, account: str, key: str, words: str
) -> None:
    part, practice = desk
    fill(part, account=account, key=key)
    part.view.account.submit()
    assert words in part.view.account.problem.text
    assert practice.line_asked == []
    assert part.view.account.secret.text() == SECRET, "what was typed stays"


def test_password_and_code_are_asked_for(desk: Desk) -> None:
    part, practice = desk
    step = part.view.account
    fill(part)
    step.password.clear()
    step.submit()
    assert "password again" in step.problem.text
    step.password.setText("wrong")
    step.submit()
    assert "do not match" in step.problem.text
    practice.fail_next(SecondFactorNeededError("A code.", detail={"enrolled": True}))
    step.password.setText(PASSWORD)
    step.submit()
    assert step.code.isVisible()
    step.code.left.emit()
    assert not step.code.isVisible()
    step.password.setText(PASSWORD)
    step.submit()
    assert practice.opened_account().key_secret == SECRET


def test_a_gateway_with_another_key_makes_the_page_load_again(desk: Desk) -> None:
    part, practice = desk
    fill(part)
    practice.fail_next(StaleError("The gateway has another key now."))
    part.view.account.submit()
    assert "another key" in part.view.account.problem.text
    assert part.view.account.account.text() == ACCOUNT


def test_a_refused_account_says_why_and_can_be_forgotten(desk: Desk) -> None:
    part, practice = desk
    fill(part)
    part.view.account.submit()
    account = practice.line_now["line"].account
    assert account is not None
    refused = replace(account, state="refused", problem="The key is not accepted.")
    practice.change_line(account=refused)
    part.load()
    assert part.view.account.notice.text == "The key is not accepted."
    part.view.account.password.setText(PASSWORD)
    QTest.mouseClick(part.view.account.forget_it, Qt.MouseButton.LeftButton)
    assert practice.line_asked[-1] == ("forget_carrier",)


def test_a_demo_shows_no_fields_and_says_why(desk: Desk) -> None:
    part, practice = desk
    practice.change_line(is_demo=True, source="practice")
    part.load()
    assert not part.view.account.account.isVisible()
    assert "its account is fixed" in part.view.account.notice.text


def test_without_a_gateway_nothing_can_be_sealed(desk: Desk) -> None:
    part, practice = desk
    practice.change_line(gateway_key="")
    part.load()
    assert not part.view.account.use.isEnabled()
    assert "The gateway has not run yet" in part.view.account.small.text()


def test_hiding_the_page_keeps_no_secret(desk: Desk) -> None:
    part, _ = desk
    fill(part)
    part.hide()
    assert part.view.account.secret.text() == ""
    assert part.view.account.password.text() == ""


# -- the softphone's key ----------------------------------------------------------------------


def fill_softphone(part: PhoneLinePart) -> None:
    part.view.step.choose(SOFTPHONE)
    form = part.view.softphone
    form.account.setText(ACCOUNT)
    form.key.setText(KEY)
    form.secret.setText(SECRET)
    form.password.setText(PASSWORD)


def test_the_softphones_key_is_entered_and_taken_away(desk: Desk, messages: MessageBus) -> None:
    part, practice = desk
    form = part.view.softphone
    fill_softphone(part)
    assert "None: nobody can hear" in form.state.text()
    assert not form.forget_it.isVisible()
    QTest.mouseClick(form.use, Qt.MouseButton.LeftButton)
    assert (practice.key.account_sid, practice.key.key_sid) == (ACCOUNT, KEY)
    assert "Key …beef of account …1111" in form.state.text()
    assert any("softphones can sign in" in one.text for one in messages.current)
    for edit in (form.account, form.key, form.secret, form.password):
        assert edit.text() == ""
    form.password.setText(PASSWORD)
    QTest.mouseClick(form.forget_it, Qt.MouseButton.LeftButton)
    assert practice.key.set_at is None
    assert "None: nobody can hear" in form.state.text()


def test_the_softphones_key_asks_for_the_code_in_its_own_place(desk: Desk) -> None:
    part, practice = desk
    form = part.view.softphone
    fill_softphone(part)
    practice.code = "123456"
    practice.fail_next(SecondFactorNeededError("A code.", detail={"enrolled": True}))
    form.submit()
    assert form.code.isVisible()
    assert not part.view.account.code.isVisible()
    form.code.code.setText("123456")
    form.code.submit()
    assert practice.key.key_sid == KEY


def test_a_demo_needs_no_softphone_key_and_no_secret_outlives_the_page(desk: Desk) -> None:
    part, practice = desk
    fill_softphone(part)
    part.hide()
    assert part.view.softphone.secret.text() == ""
    assert part.view.softphone.password.text() == ""
    practice.change_line(is_demo=True)
    part.show()
    assert "needs no key" in part.view.softphone.state.text()
    assert not part.view.softphone.secret.isVisible()


# -- the number -------------------------------------------------------------------------------


def on_step(part: PhoneLinePart, step: str) -> None:
    part.view.step.choose(step)


def test_the_code_is_shown_large_until_it_is_keyed_in(desk: Desk) -> None:
    part, practice = desk
    on_step(part, "number")
    step = part.view.number
    step.extension.setText("ww2")
    step.wait.setValue(10)
    QTest.mouseClick(step.call, Qt.MouseButton.LeftButton)
    assert practice.line_asked == [("ask_line", LineTaskKind.VERIFY, "", "ww2", 10)]
    assert not step.call.isVisible()
    assert part._timer.isActive(), "the answer is waited for"
    practice.answer_task(LineTaskKind.VERIFY, LineTaskState.WAITING, code="120456")
    part.load()
    assert step.code.text() == "120 456"
    assert step.code.isVisible()
    practice.answer_task(LineTaskKind.VERIFY, LineTaskState.DONE, code="", sentence="Verified.")
    practice.change_line(number_kind="verified")
    part.load()
    assert not step.code.isVisible()
    assert step.kind.text() == "Verified"
    assert not part._timer.isActive()


@pytest.mark.parametrize("state", [LineTaskState.FAILED, LineTaskState.EXPIRED])
def test_a_verification_that_failed_says_why_and_can_be_tried_again(
    desk: Desk, state: LineTaskState
) -> None:
    part, practice = desk
    on_step(part, "number")
    part.view.number.call.click()
    practice.answer_task(LineTaskKind.VERIFY, state, sentence="Nobody answered at the office.")
    part.load()
    assert part.view.number.notice.text == "Nobody answered at the office."
    assert part.view.number.call.isVisible()
    assert part.view.number.call.isEnabled()


def test_the_number_is_signed_for_after_it_is_verified(desk: Desk) -> None:
    part, practice = desk
    on_step(part, "number")
    step = part.view.number
    assert not step.sign.isEnabled()
    practice.change_line(number_kind="owned")
    part.load()
    step.signer.setText(" ")
    step.sign.click()
    assert "Write the name" in step.sign_problem.text
    step.signer.setText("Dr. Okafor")
    step.sign.click()
    assert practice.line_asked == [("authorize_caller_id", "Dr. Okafor")]
    assert "may be shown until" in texts(step)


def test_only_the_demo_takes_a_verification_away(desk: Desk) -> None:
    part, practice = desk
    on_step(part, "number")
    practice.change_line(number_kind="verified")
    part.load()
    assert not part.view.number.unverify.isVisible()
    practice.change_line(is_demo=True)
    part.load()
    part.view.number.unverify.click()
    assert practice.line_asked[-1][1] is LineTaskKind.UNVERIFY


# -- check and test call ----------------------------------------------------------------------


def test_what_blocks_comes_first_and_a_tick_is_kept(desk: Desk) -> None:
    part, practice = desk
    practice.change_line(findings=FINDINGS, checked_at=NOW, number_kind="verified")
    on_step(part, "check")
    part.load()
    settle()
    words = texts(part.view.check)
    assert words.index("business associate") < words.index("may not tell") < words.index("accepts")
    boxes = part.view.check.findChildren(QCheckBox)
    assert [box.objectName() for box in boxes] == ["line_tick.full_account"]
    boxes[0].click()
    assert practice.line_asked == [("tick_line", "full_account", True)]
    part.view.check.check.click()
    assert practice.line_asked[-1][1] is LineTaskKind.CHECK
    assert not part.view.check.check.isEnabled()


def test_a_test_call_is_made_and_answered_for(desk: Desk) -> None:
    part, practice = desk
    on_step(part, "test")
    step = part.view.test
    for wrong in ("", "911", "hello"):
        step.to.setText(wrong)
        step.call.click()
        assert "ten digits" in step.problem.text
    step.to.setText("(312) 589-2000")
    step.call.click()
    assert practice.line_asked == [("ask_line", LineTaskKind.TEST_CALL, "+13125892000", "", 0)]
    assert not step.call.isEnabled()
    assert not step.right.isVisible()
    practice.answer_task(
        LineTaskKind.TEST_CALL, LineTaskState.WAITING, sentence="Your phone rings now."
    )
    part.load()
    assert step.state.text == "Your phone rings now."
    assert step.right.isVisible()
    step.right.click()
    assert practice.line_asked[-1] == ("line_heard", Heard.RIGHT)
    assert "the line works" in step.state.text
    assert not step.right.isVisible()


def test_what_comes_next_is_said(desk: Desk) -> None:
    part, practice = desk
    said = []
    changes: tuple[dict[str, object], ...] = (
        {},
        {"source": "window", "account_in_use": ACCOUNT},
        {"number_kind": "owned", "authorized": True},
        {"findings": FINDINGS[:4]},
    )
    for change in changes:
        practice.change_line(**change)
        part.load()
        said.append(next_step(practice.line_now["line"]))
        assert part.view.stands.text
    assert said == list(STEPS)
    assert "Last: call your own phone" in part.view.stands.text


def test_a_gateway_that_does_not_run_is_said_first(desk: Desk) -> None:
    part, practice = desk
    for seen in (None, NOW - timedelta(seconds=31)):
        practice.change_line(gateway_seen=seen)
        part.load()
        assert "The gateway does not run" in part.view.stands.text
        practice.change_line(gateway_seen=NOW)
        part.load()
        assert "Next: enter the account" in part.view.stands.text


# -- how it looks -----------------------------------------------------------------------------


@pytest.mark.parametrize("step", [*STEPS, SOFTPHONE])
def test_nothing_is_clipped_overlaps_or_lacks_a_name(
    desk: Desk, step: str, qapp: QApplication, theme: Theme
) -> None:
    part, practice = desk
    practice.change_line(findings=FINDINGS, checked_at=NOW)
    on_step(part, step)
    part.load()
    settle()
    assert clipped(part) == []
    assert overlapping(part) == []
    assert unnamed(part) == []


def test_a_notice_of_another_weight_takes_the_other_colour(desk: Desk, theme: Theme) -> None:
    part, practice = desk
    words = part.view.stands.words
    before = words.palette().windowText().color().name()
    practice.change_line(
        source="window", number_kind="owned", authorized=True, findings=FINDINGS[:1]
    )
    part.load()
    assert part.view.stands.property("banner") == "success"
    assert words.palette().windowText().color().name() != before
