"""Signing in: each failure its own sentence at the place where it can be mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.domain.person import Person
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import (
    ClientTooOldError,
    InsecureConnectionError,
    NotConnectedError,
    SecondFactorNeededError,
    SignInRefusedError,
    UserFacingError,
)
from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_sign_in import (
    DEMO_PEOPLE,
    LAKESIDE,
    PASSWORD,
    WRONG_PASSWORD,
    FakeConnector,
    MemorySecrets,
    sign_in_service,
)
from tests.helpers.inline import InlineTasks
from tests.helpers.window import Bench, close_bench, make_bench, texts_of
from ui.pages.sign_in import SignInPage
from ui.preferences import Preferences
from ui.theme import Theme
from ui.widgets.practice_form import problem_of


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    made.window.show_sign_in()
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def type_and_enter(bench: Bench, user: str, password: str) -> None:
    view = bench.window.sign_in.view
    view.user.setText(user)
    view.password.setFocus()
    view.password.selectAll()
    QTest.keyClicks(view.password, password)
    QTest.keyClick(view.password, Qt.Key.Key_Return)


def test_enter_signs_in_and_the_password_is_forgotten(bench: Bench) -> None:
    type_and_enter(bench, "jordan", PASSWORD)
    assert bench.workspace.session.signed_in.person.name == "Jordan Park"
    assert PASSWORD not in "\n".join(texts_of(bench.window.sign_in))


@pytest.mark.parametrize(
    ("failure", "field"),
    [
        (SignInRefusedError(WRONG_PASSWORD), "password"),
        (SignInRefusedError("Your training expired on Nov 1. Ask your supervisor."), "password"),
        (NotConnectedError("The practice's server does not answer."), "practice"),
        (InsecureConnectionError("The server showed a certificate of somebody else."), "practice"),
        (ClientTooOldError("This version is too old; install 2.0."), "sign_in_button"),
    ],
)
def test_each_failure_shows_its_own_sentence_where_it_can_be_mended(
    bench: Bench, failure: UserFacingError, field: str
) -> None:
    bench.connector.failures.append(failure)
    type_and_enter(bench, "jordan", "anything")
    view = bench.window.sign_in.view
    assert view.error.text() == failure.sentence
    assert view.error.isVisible()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.objectName() == field
    assert bench.window.workspace is None
    type_and_enter(bench, "jordan", PASSWORD)
    assert bench.window.workspace is not None


@pytest.mark.parametrize(
    ("user", "password", "sentence"),
    [("", "x", "Type your user name."), ("jordan", "", "Type your password.")],
)
def test_what_is_missing_is_said_before_anything_is_asked(
    bench: Bench, user: str, password: str, sentence: str
) -> None:
    type_and_enter(bench, user, password)
    assert bench.window.sign_in.view.error.text() == sentence
    assert bench.connector.logins == 0


def test_while_connecting_only_cancel_works_and_a_late_session_is_closed(bench: Bench) -> None:
    bench.tasks.hold = True
    type_and_enter(bench, "jordan", PASSWORD)
    view = bench.window.sign_in.view
    assert not view.enter.isEnabled()
    assert not view.password.isEnabled()
    assert view.stop.isVisible()
    assert QApplication.focusWidget() is view.stop
    QTest.keyClick(view.stop, Qt.Key.Key_Space)
    bench.tasks.release()
    assert bench.window.workspace is None
    assert all(practice.closed for practice in bench.connector.opened)
    assert view.enter.isEnabled()


def test_signing_in_twice_by_impatience_opens_one_session(bench: Bench) -> None:
    bench.tasks.hold = True
    type_and_enter(bench, "jordan", PASSWORD)
    bench.window.sign_in.view.submit()
    bench.tasks.release()
    assert bench.connector.logins == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return], ids=["space", "enter"])
def test_the_demo_offers_its_people_as_buttons(
    qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path, key: Qt.Key
) -> None:
    bench = make_bench(qapp, theme, tmp_path, demo=True)
    bench.window.show_sign_in()
    with qtbot.waitExposed(bench.window):
        bench.window.show()
    for person in DEMO_PEOPLE:
        button = bench.window.findChild(QPushButton, f"demo_{person.login}")
        assert isinstance(button, QPushButton)
        assert person.name in button.accessibleName()
    supervisor = bench.window.findChild(QPushButton, "demo_sam")
    assert isinstance(supervisor, QPushButton)
    supervisor.setFocus()
    QTest.keyClick(supervisor, key)
    assert bench.workspace.session.signed_in.person.name == "Sam Whitfield"
    assert "team" in bench.workspace.pages
    close_bench(bench)


def page_over(
    qtbot: QtBot, folder: Path, secrets: MemorySecrets, connector: FakeConnector
) -> SignInPage:
    service = sign_in_service(folder, connector, secrets=secrets)
    page = SignInPage(service, InlineTasks(), Preferences())
    qtbot.addWidget(page)
    page.start()
    return page


def test_without_a_vault_it_says_why_and_offers_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    why = "This computer has no password store that we trust."
    page = page_over(qtbot, tmp_path, MemorySecrets(why), FakeConnector())
    assert page.view.no_vault.text() == why
    assert page.view.remember.isHidden()


def test_a_remembered_password_is_filled_in_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    secrets = MemorySecrets()
    page = page_over(qtbot, tmp_path, secrets, FakeConnector())
    page.view.remember.setChecked(True)
    page.view.password.setText(PASSWORD)
    page.view.submit()
    again = page_over(qtbot, tmp_path, secrets, FakeConnector())
    assert again.view.password.text() == PASSWORD
    assert again.view.remember.isChecked()


def test_caps_lock_is_noticed_from_what_is_typed(bench: Bench) -> None:
    view = bench.window.sign_in.view
    QTest.keyClicks(view.password, "A")
    assert view.caps.isVisible()
    QTest.keyClicks(view.password, "b")
    assert not view.caps.isVisible()


def test_a_practice_is_added_by_keyboard_and_chosen(bench: Bench) -> None:
    view = bench.window.sign_in.view
    view.add.click()
    for name, text in (
        ("practice_name", "Harbor Two"),
        ("practice_host", "db.two.example"),
        ("practice_database", "clinic"),
    ):
        edit = bench.window.findChild(QLineEdit, name)
        assert isinstance(edit, QLineEdit)
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)
    focused = QApplication.focusWidget()
    assert isinstance(focused, QWidget)
    QTest.keyClick(focused, Qt.Key.Key_Return)
    chosen = view.connection
    assert chosen is not None
    assert (chosen.practice, chosen.host, chosen.port) == ("Harbor Two", "db.two.example", 5432)
    assert chosen.tls is TlsMode.VERIFY_FULL


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_unchecked_connection_is_allowed_to_this_computer(host: str) -> None:
    assert problem_of(Connection("P", host, 5432, "d", "u", TlsMode.LOOPBACK)) == ("", "")


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.7", "localhost.evil.example"])
def test_an_unchecked_connection_elsewhere_is_refused_and_explained(host: str) -> None:
    field, sentence = problem_of(Connection("P", host, 5432, "d", "u", TlsMode.LOOPBACK))
    assert field == "tls"
    assert "this computer" in sentence


@pytest.mark.parametrize(
    ("connection", "field"),
    [
        (Connection("", "h", 1, "d", "", TlsMode.VERIFY_FULL), "name"),
        (Connection("P", "", 1, "d", "", TlsMode.VERIFY_FULL), "host"),
        (Connection("P", "a b", 1, "d", "", TlsMode.VERIFY_FULL), "host"),
        (Connection("P", "h", 0, "d", "", TlsMode.VERIFY_FULL), "port"),
        (Connection("P", "h", 70000, "d", "", TlsMode.VERIFY_FULL), "port"),
        (Connection("P", "h", 1, "", "", TlsMode.VERIFY_FULL), "database"),
    ],
)
def test_a_practice_that_cannot_be_reached_is_not_saved(connection: Connection, field: str) -> None:
    assert problem_of(connection)[0] == field


def test_the_last_practice_stands_in_the_picker(bench: Bench) -> None:
    type_and_enter(bench, "jordan", PASSWORD)
    assert bench.shell.tools.preferences.is_last(LAKESIDE)


# -- the second factor ------------------------------------------------------------------------

CODE = "135790"


def with_code(bench: Bench) -> None:
    """Let every practice that is opened from now on ask for a code."""
    make = bench.connector._make

    def coded(person: Person) -> FakePractice:
        practice = make(person)
        practice.code = CODE
        return practice

    bench.connector._make = coded


def type_code(bench: Bench, digits: str) -> None:
    field = bench.window.sign_in.view.code.code
    assert QApplication.focusWidget() is field
    field.selectAll()
    QTest.keyClicks(field, digits)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_code_is_asked_for_after_the_password_and_enter_signs_in(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    view = bench.window.sign_in.view
    assert bench.window.workspace is None
    assert view.asks_code
    assert view.code.code.accessibleName() == "Code of your authenticator app"
    spoken = "\n".join(text for text in texts_of(view.code) if text)
    assert "sam · Lakeside Family Medicine" in spoken
    type_code(bench, "135 790")
    assert bench.workspace.session.signed_in.person.name == "Sam Whitfield"
    kept = "\n".join(texts_of(bench.window.sign_in))
    assert "135" not in kept
    assert PASSWORD not in kept
    assert all(practice.closed for practice in bench.connector.opened[:-1])


def test_a_wrong_code_is_said_and_another_one_may_be_typed(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    type_code(bench, "000000")
    view = bench.window.sign_in.view
    assert view.code.error.text() == "That code is not right. 4 tries left."
    assert view.code.error.isVisible()
    assert view.code.code.accessibleDescription() == view.code.error.text()
    type_code(bench, CODE)
    assert bench.window.workspace is not None


def test_what_is_no_code_is_not_sent(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    asked = bench.connector.logins
    type_code(bench, "12a3")
    assert "six digits" in bench.window.sign_in.view.code.error.text()
    assert bench.connector.logins == asked


@pytest.mark.parametrize("way", ["back", "escape"])
def test_back_leads_to_the_password(bench: Bench, way: str) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    view = bench.window.sign_in.view
    if way == "back":
        QTest.keyClick(view.code.back, Qt.Key.Key_Space)
    else:
        QTest.keyClick(view.code.code, Qt.Key.Key_Escape)
    assert not view.asks_code
    assert QApplication.focusWidget() is view.password
    type_and_enter(bench, "sam", PASSWORD)
    type_code(bench, CODE)
    assert bench.window.workspace is not None


def test_a_lost_link_keeps_the_code_page(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    bench.connector.failures.append(NotConnectedError("The practice's server does not answer."))
    type_code(bench, CODE)
    view = bench.window.sign_in.view
    assert view.asks_code
    assert "does not answer" in view.code.error.text()
    type_code(bench, CODE)
    assert bench.window.workspace is not None


def test_a_password_that_is_refused_meanwhile_is_asked_for_again(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    bench.connector.failures.append(SignInRefusedError(WRONG_PASSWORD))
    type_code(bench, CODE)
    view = bench.window.sign_in.view
    assert not view.asks_code
    assert view.error.text() == WRONG_PASSWORD


def test_who_has_no_app_reads_whom_to_ask(bench: Bench) -> None:
    sentence = "No authenticator app is set up for you. Ask the administrator."
    refusal = SecondFactorNeededError(sentence, detail={"enrolled": False, "whole": True})
    bench.connector.failures.append(refusal)
    type_and_enter(bench, "sam", PASSWORD)
    view = bench.window.sign_in.view
    assert not view.asks_code
    assert view.error.text() == sentence


def test_checking_a_code_can_be_cancelled(bench: Bench) -> None:
    with_code(bench)
    type_and_enter(bench, "sam", PASSWORD)
    bench.tasks.hold = True
    type_code(bench, CODE)
    view = bench.window.sign_in.view
    assert not view.code.code.isEnabled()
    assert view.code.back.text() == "Cancel"
    QTest.keyClick(view.code.back, Qt.Key.Key_Space)
    bench.tasks.release()
    assert bench.window.workspace is None
    assert all(practice.closed for practice in bench.connector.opened)
    assert view.code.back.text() == "Back"


# -- the end of a session ---------------------------------------------------------------------


@pytest.mark.parametrize("login", ["jordan", "sam", "ada"])
def test_a_suspended_window_signs_out_by_itself(bench: Bench, login: str) -> None:
    """The hint of one's own channel makes the window ask; the answer is why it is over."""
    practice = bench.sign_in(login)
    sentence = "Your access is suspended. Please talk to your supervisor."
    practice.fail_next(SignInRefusedError(sentence, name="suspended"))
    practice.hint("call")
    assert bench.window.workspace is None
    assert bench.window.sign_in.view.error.text() == sentence


@pytest.mark.parametrize(
    "failure",
    [
        SignInRefusedError("That user name and password didn't work.", name="wrong_password"),
        SecondFactorNeededError("This needs a code.", detail={"enrolled": True, "whole": True}),
    ],
    ids=["password changed", "code no longer counts"],
)
def test_a_session_that_can_do_nothing_more_leads_back(bench: Bench, failure: Exception) -> None:
    practice = bench.sign_in("sam")
    assert isinstance(failure, SignInRefusedError)
    practice.fail_next(failure)
    bench.workspace.open("people")  # asked for by a page that takes its own failures
    assert bench.window.workspace is None
    assert bench.window.sign_in.view.error.text() == failure.sentence


def test_a_code_for_one_thing_does_not_end_the_session(bench: Bench) -> None:
    practice = bench.sign_in("sam")
    practice.fail_next(SecondFactorNeededError("This needs a code.", detail={"enrolled": True}))
    bench.workspace.open("people")
    assert bench.window.workspace is not None
