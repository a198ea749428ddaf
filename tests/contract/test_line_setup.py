"""The set-up of a line with the real ``twilio`` client: in process and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import pytest

from coordinator_app.calls.backend import (
    Absent,
    Accepted,
    CannotTell,
    Category,
    Done,
    Found,
    Refused,
    Rejected,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.line_setup import (
    AccountFacts,
    AlreadyVerified,
    CallNow,
    Verification,
)
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.faults import Fault, FaultKind, Faults
from coordinator_app.calls.practice_line.held import Office
from coordinator_app.calls.practice_line.personas import Pickup
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.domain.line_setup import ShownNumber
from tests.helpers.direct_line import DirectHttpClient, DirectLine
from tests.helpers.virtual_clock import VirtualClock

OFFICE, OTHER = "+15025550100", "+15025550199"
OWN_PHONE = "+15025550142"


@dataclass
class Bench:
    """A set-up, its line's faults, and the time of both."""

    setup: TwilioSetup
    account: TwilioLine
    line: PracticeLine
    faults: Faults
    clock: VirtualClock

    def spoil(self, kind: FaultKind, method: str, part: str, times: int = 1) -> None:
        self.faults.add(Fault(kind, method, part, times))


@pytest.fixture(params=["in process", "over HTTP"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., Bench]]:
    """``start(**settings)`` begins with a line of these settings."""
    with ExitStack() as stack:

        def begin(**settings: object) -> Bench:
            clock = VirtualClock()
            chosen = LineSettings(**{"caller_ids": frozenset({OTHER}), **settings})  # type: ignore[arg-type]
            if request.param == "in process":
                net = DirectLine(clock, {}, chosen)
                login = net.login
                account = TwilioLine(
                    Credentials(login.account_sid, login.key_sid, login.key_secret),
                    DirectHttpClient(net.api),
                )
                return Bench(TwilioSetup(account), account, net.line, net.faults, clock)
            line = PracticeLine(clock, {}, chosen)
            server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK)))
            login = server.login
            account = stack.enter_context(
                closing(
                    TwilioLine(
                        Credentials(login.account_sid, login.key_sid, login.key_secret),
                        LineHttpClient(timeout_s=5, practice_base=server.base),
                    )
                )
            )
            return Bench(TwilioSetup(account), account, line, server.api.faults, clock)

        yield begin


# ------------------------------------------------------------------ the account


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({}, AccountFacts(usable=True, trial=False)),
        ({"account_type": "Trial"}, AccountFacts(usable=True, trial=True)),
        ({"main_key": False}, AccountFacts(usable=True, trial=None)),
        ({"main_key": False, "account_type": "Trial"}, AccountFacts(usable=True, trial=None)),
    ],
)
def test_what_the_key_may_tell_of_the_account(
    start: Callable[..., Bench], settings: dict[str, object], facts: AccountFacts
) -> None:
    assert start(**settings).setup.account() == facts


def test_a_restricted_key_is_good_for_calls(start: Callable[..., Bench]) -> None:
    bench = start(main_key=False)
    assert TwilioBackend(bench.account).preflight() == ()


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_closed_account_is_not_usable(start: Callable[..., Bench], status: str) -> None:
    facts = start(account_status=status).setup.account()
    assert isinstance(facts, AccountFacts)
    assert not facts.usable
    assert "suspended or closed" in facts.sentence


def test_a_wrong_key_is_not_usable_and_another_one_is_taken_up(
    start: Callable[..., Bench],
) -> None:
    bench = start()
    sid = bench.account.account
    right = bench.account.client.auth
    bench.account.rekey(Credentials(sid, right[0], "wrong"))
    facts = bench.setup.account()
    assert isinstance(facts, AccountFacts)
    assert not facts.usable
    assert "key is not accepted" in facts.sentence
    bench.account.rekey(Credentials(sid, *right))
    assert bench.setup.account() == AccountFacts(usable=True, trial=False)
    with pytest.raises(ValueError, match="another account"):
        bench.account.rekey(Credentials("AC" + "9" * 32, *right))


def test_a_carrier_that_does_not_answer_says_nothing_about_the_account(
    start: Callable[..., Bench],
) -> None:
    bench = start()
    for kind in (FaultKind.LOST_BEFORE, FaultKind.UNAVAILABLE, FaultKind.TOO_MANY):
        bench.spoil(kind, "GET", "Conferences")
        assert isinstance(bench.setup.account(), Unreachable)


def test_what_stops_the_line_is_seen_by_its_own_probe(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.account.problem = "Not now."
    (finding,) = TwilioBackend(bench.account).preflight()
    assert (finding.blocks, finding.sentence) == (True, "Not now.")
    bench.account.problem = ""
    assert TwilioBackend(bench.account).preflight() == ()


# ------------------------------------------------------------------ numbers


def test_owned_comes_before_verified(start: Callable[..., Bench]) -> None:
    bench = start(owned=frozenset({OFFICE}), caller_ids=frozenset({OTHER}))
    owned, verified = bench.setup.number(OFFICE), bench.setup.number(OTHER)
    assert isinstance(owned, ShownNumber)
    assert isinstance(verified, ShownNumber)
    assert (owned.kind, verified.kind) == ("owned", "verified")
    assert owned.sid.startswith("PN")
    assert bench.setup.number(OWN_PHONE) == ShownNumber(OWN_PHONE)


def test_a_key_that_may_not_read_numbers_is_said(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.spoil(FaultKind.NOT_FOUND, "GET", "IncomingPhoneNumbers")
    assert isinstance(bench.setup.number(OFFICE), Refused)
    bench.spoil(FaultKind.NOT_FOUND, "GET", "IncomingPhoneNumbers")
    verified = bench.setup.number(OTHER)
    assert isinstance(verified, ShownNumber)
    assert verified.kind == "verified"
    bench.spoil(FaultKind.LOST_BEFORE, "GET", "OutgoingCallerIds")
    assert isinstance(bench.setup.number(OFFICE), Unreachable)


def test_where_the_account_may_call(start: Callable[..., Bench]) -> None:
    assert start().setup.countries() == frozenset({"US"})
    bench = start(countries=frozenset({"US", "GB"}))
    assert bench.setup.countries() == frozenset({"US", "GB"})
    bench.spoil(FaultKind.NOT_FOUND, "GET", "DialingPermissions")
    assert bench.setup.countries() is None
    bench.spoil(FaultKind.LOST_BEFORE, "GET", "DialingPermissions")
    assert isinstance(bench.setup.countries(), Unreachable)


# ------------------------------------------------------------------ verifying


def begin(bench: Bench, **given: object) -> Verification:
    answer = bench.setup.verify(OFFICE, **{"call_delay": 0, "extension": "", **given})  # type: ignore[arg-type]
    assert isinstance(answer, Verification)
    assert len(answer.code) == 6
    return answer


def kind_of(bench: Bench) -> str:
    shown = bench.setup.number(OFFICE)
    assert isinstance(shown, ShownNumber)
    return shown.kind


def test_the_office_keys_in_the_code(start: Callable[..., Bench]) -> None:
    bench = start()
    assert isinstance(bench.setup.call(OWN_PHONE, OFFICE), Rejected)
    asked = begin(bench)
    bench.clock.advance(2)
    assert bench.setup.call_now(asked.ref) == CallNow("ringing")
    bench.clock.advance(6)
    assert bench.setup.call_now(asked.ref) == CallNow("live")
    assert kind_of(bench) == ""
    bench.clock.advance(14)
    assert kind_of(bench) == "verified"
    assert bench.setup.call_now(asked.ref) == CallNow("ended")
    assert bench.setup.verify(OFFICE, call_delay=0, extension="") == AlreadyVerified()
    assert isinstance(bench.setup.call(OWN_PHONE, OFFICE), Accepted)


@pytest.mark.parametrize(
    ("office", "status"),
    [
        (Office(keys_after=None), "ended"),
        (Office(pickup=Pickup.BUSY), "busy"),
        (Office(pickup=Pickup.NEVER), "no_answer"),
        (Office(pickup=Pickup.FAILED), "failed"),
    ],
)
def test_an_office_that_does_not_key_it_in(
    start: Callable[..., Bench], office: Office, status: str
) -> None:
    bench = start(office=office)
    asked = begin(bench)
    bench.clock.advance(90)
    assert bench.setup.call_now(asked.ref) == CallNow(status)
    assert kind_of(bench) == ""
    begin(bench)  # and it may be tried again


def test_the_carrier_waits_and_dials_through_a_menu(start: Callable[..., Bench]) -> None:
    bench = start()
    asked = begin(bench, call_delay=30, extension="ww12#")
    leg = bench.line.leg(asked.ref)
    assert leg.digits == "ww12#"
    bench.clock.advance(20)
    assert bench.setup.call_now(asked.ref) == CallNow("ringing")
    assert leg.status == "queued"
    bench.clock.advance(40)
    assert kind_of(bench) == "verified"


@pytest.mark.parametrize(
    ("given", "words"),
    [({"call_delay": 61}, "0 to 60 seconds"), ({"extension": "12a"}, "extension")],
)
def test_what_the_carrier_does_not_accept_is_said(
    start: Callable[..., Bench], given: dict[str, object], words: str
) -> None:
    answer = start().setup.verify(OFFICE, **{"call_delay": 0, "extension": "", **given})  # type: ignore[arg-type]
    assert isinstance(answer, Refused)
    assert words in answer.sentence


def test_a_lost_answer_is_no_refusal(start: Callable[..., Bench]) -> None:
    bench = start()
    for kind in (FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED):
        bench.spoil(kind, "POST", "OutgoingCallerIds")
        assert isinstance(bench.setup.verify(OFFICE, call_delay=0, extension=""), Unknown)


def test_a_verification_can_be_taken_away(start: Callable[..., Bench]) -> None:
    bench = start()
    assert bench.setup.unverify(OTHER) == Done()
    assert bench.setup.number(OTHER) == ShownNumber(OTHER)
    assert bench.setup.unverify(OTHER) == Done()
    bench.spoil(FaultKind.LOST_BEFORE, "GET", "OutgoingCallerIds")
    assert isinstance(bench.setup.unverify(OTHER), Unknown)


def test_where_any_number_may_be_shown_one_can_still_be_taken_away(
    start: Callable[..., Bench],
) -> None:
    """The demo's line: its office number is right from the start."""
    bench = start(caller_ids=frozenset())
    assert kind_of(bench) == "verified"
    assert bench.setup.unverify(OFFICE) == Done()
    assert kind_of(bench) == ""
    answer = bench.setup.call(OWN_PHONE, OFFICE)
    assert isinstance(answer, Rejected)
    assert answer.category is Category.CONFIGURATION
    begin(bench)
    bench.clock.advance(30)
    assert kind_of(bench) == "verified"


# ------------------------------------------------------------------ a test call


def test_a_test_call_rings_is_heard_and_ends(start: Callable[..., Bench]) -> None:
    bench = start()
    answer = bench.setup.call(OWN_PHONE, OTHER)
    assert isinstance(answer, Accepted)
    assert bench.setup.call_now(answer.ref) == CallNow("ringing")
    bench.clock.advance(4)
    assert bench.setup.call_now(answer.ref) == CallNow("live")
    bench.clock.advance(7)
    assert bench.setup.call_now(answer.ref) == CallNow("ended")
    assert bench.line.placed == 0, "nobody of the patients was called"
    assert bench.setup.call_now("CA" + "0" * 32) == Absent()


def test_a_trial_calls_confirmed_numbers_only(start: Callable[..., Bench]) -> None:
    bench = start(account_type="Trial")
    answer = bench.setup.call(OWN_PHONE, OTHER)
    assert isinstance(answer, Rejected)
    assert "trial" in answer.sentence


def test_a_test_call_goes_to_no_number_that_is_never_dialled(start: Callable[..., Bench]) -> None:
    answer = start().setup.call("+19005551234", OTHER)
    assert isinstance(answer, Rejected)
    assert answer.category is Category.BLOCKED


def test_a_test_call_whose_answer_was_lost_is_found_and_none_is_made_up(
    start: Callable[..., Bench],
) -> None:
    bench = start()
    since = bench.clock.now()
    assert bench.setup.find_call(OWN_PHONE, OTHER, since) == Absent()
    bench.spoil(FaultKind.LOST_AFTER, "POST", "Calls")
    assert isinstance(bench.setup.call(OWN_PHONE, OTHER), Unknown)
    assert isinstance(bench.setup.find_call(OWN_PHONE, OTHER, since), Found)
    assert isinstance(bench.setup.call(OWN_PHONE, OTHER), Accepted)
    assert bench.setup.find_call(OWN_PHONE, OTHER, since) == CannotTell(
        "several calls", answered=True
    )
    bench.spoil(FaultKind.LOST_BEFORE, "GET", "Calls")
    assert isinstance(bench.setup.find_call(OWN_PHONE, OTHER, since), CannotTell)
    bench.clock.advance(60)
    assert bench.setup.find_call(OWN_PHONE, OTHER, bench.clock.now()) == Absent()
