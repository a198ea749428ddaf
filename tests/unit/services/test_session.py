"""A session: unlocking and leaving."""

from __future__ import annotations

import pytest

from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import NotConnectedError, SignInRefusedError, WrongCodeError
from coordinator_app.secrets.memory import MemoryJournal
from coordinator_app.services.session import Session
from coordinator_app.services.wrap_up import WrapUpDesk
from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_services import OnePasswordConnector

CONNECTION = Connection("Lakeside", "127.0.0.1", 5432, "practice", "jordan", TlsMode.LOOPBACK)


def session_on(practice: FakePractice, connector: OnePasswordConnector) -> Session:
    desk = WrapUpDesk(practice, MemoryJournal())
    return Session(practice, practice.sign_in("0.1.0", "test"), desk, CONNECTION, connector)


def test_unlocking_is_a_real_login_that_is_closed_again() -> None:
    practice, second = FakePractice(), FakePractice()
    connector = OnePasswordConnector(second)
    session_on(practice, connector).unlock("harbour-lamp")
    assert connector.asked == [CONNECTION]
    assert second.closed
    assert "sign_in" not in second.log
    assert not practice.closed


def test_a_wrong_password_does_not_unlock() -> None:
    with pytest.raises(SignInRefusedError):
        session_on(FakePractice(), OnePasswordConnector()).unlock("wrong")


def test_what_needs_a_fresh_login_is_done_on_a_login_of_its_own() -> None:
    practice, second = FakePractice(), FakePractice()
    session = session_on(practice, OnePasswordConnector(second))
    asked = session.confirmed("harbour-lamp", lambda fresh: fresh.heartbeat(None, 0).callbacks_due)
    assert asked == 0
    assert second.log == ["heartbeat"]
    assert second.closed
    assert not practice.closed
    with pytest.raises(SignInRefusedError):
        session.confirmed("wrong", lambda fresh: fresh.callbacks())


def test_a_fresh_login_is_closed_when_it_is_refused_what_it_came_for() -> None:
    second = FakePractice()
    second.fail_next(NotConnectedError("Gone."))
    session = session_on(FakePractice(), OnePasswordConnector(second))
    with pytest.raises(NotConnectedError):
        session.confirmed("harbour-lamp", lambda fresh: fresh.callbacks())
    assert second.closed


def test_closing_signs_out_once() -> None:
    practice = FakePractice()
    session = session_on(practice, OnePasswordConnector())
    session.close()
    session.close()
    assert practice.closed
    assert practice.log.count("sign_out") == 1


def test_closing_without_a_link_still_closes() -> None:
    class Gone(FakePractice):
        def sign_out(self) -> None:
            raise NotConnectedError("The practice cannot be reached.")

    practice = Gone()
    session_on(practice, OnePasswordConnector()).close()
    assert practice.closed


def test_the_clock_starts_at_the_practices_now() -> None:
    practice = FakePractice()
    session = session_on(practice, OnePasswordConnector())
    assert (session.clock.now() - practice.clock.now()).total_seconds() < 60


def test_a_fresh_login_is_made_beside_the_session_and_closed_again() -> None:
    practice, second = FakePractice(), FakePractice()
    connector = OnePasswordConnector(second)
    session = session_on(practice, connector)
    assert session.confirmed("harbour-lamp", lambda fresh: fresh is second)
    assert second.closed
    assert not practice.closed
    assert "second_factor" not in second.log


def test_a_fresh_login_is_closed_when_what_was_asked_for_fails() -> None:
    def refuse(_: object) -> None:
        raise SignInRefusedError("No.")

    second = FakePractice()
    session = session_on(FakePractice(), OnePasswordConnector(second))
    with pytest.raises(SignInRefusedError):
        session.confirmed("harbour-lamp", refuse)
    assert second.closed


def test_a_code_that_was_shown_once_counts_for_the_fresh_login() -> None:
    practice, second, third = FakePractice(), FakePractice(), FakePractice()
    second.code = third.code = "123456"
    session = session_on(practice, OnePasswordConnector(second, third))
    assert session.confirmed("harbour-lamp", lambda fresh: fresh.callbacks(), code="123456") == ()
    assert session.confirmed("harbour-lamp", lambda fresh: fresh.callbacks()) == ()
    assert third.log == ["resume", "callbacks"]


def test_a_code_is_shown_in_the_middle_of_a_session() -> None:
    practice = FakePractice()
    session = session_on(practice, OnePasswordConnector())
    practice.code = "123456"
    with pytest.raises(WrongCodeError):
        session.show_code("000000")
    session.show_code("123456")
    assert practice.shown
