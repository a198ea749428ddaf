"""The gateway's set-up chore: the account, the check, and phones that ring once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from coordinator_app.calls.backend import Unreachable
from coordinator_app.calls.line_setup import AccountFacts
from coordinator_app.calls.practice_line.faults import Fault, FaultKind
from coordinator_app.calls.practice_line.held import Office
from coordinator_app.calls.practice_line.personas import Pickup
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_line import Credentials as Carrier
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.domain.line_setup import (
    Level,
    LineChecked,
    LineFinding,
    LineTaskKind,
    LineTaskState,
)
from coordinator_app.domain.sealed import CarrierKey, new_key, public_of
from coordinator_app.gateway.carrier_account import Accounts
from coordinator_app.gateway.line_check import check_line, problem_of
from coordinator_app.gateway.own_secrets import Credentials
from coordinator_app.secrets.memory import MemorySecretStore
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.line_world import OFFICE, OWN_PHONE, LineWorld

REAL = CarrierKey("AC" + "1" * 32, "SK" + "2" * 32, "secret")


def findings(world: LineWorld) -> dict[str, LineFinding]:
    return {one.name: one for one in world.store.checked[-1].findings}


def spoil(world: LineWorld, kind: FaultKind, method: str, part: str, times: int = 1) -> None:
    world.net.faults.add(Fault(kind, method, part, times))


# ------------------------------------------------------------------ the check


def test_at_its_start_it_publishes_its_key_says_its_source_and_checks() -> None:
    world = LineWorld(owned=frozenset({OFFICE}), caller_ids=frozenset())
    world.turn()
    assert world.store.facts.public_key == public_of(world.key).hex()
    assert world.store.sources == [("vault", world.net.login.account_sid)]
    found = findings(world)
    assert found["number"].level is Level.OK
    assert found["attestation"].level is Level.NOTE
    assert world.store.checked[-1].number.kind == "owned"
    world.turn(600)
    assert len(world.store.checked) == 1
    world.turn(86_400)
    assert len(world.store.checked) == 2
    assert len(world.store.sources) == 1


@pytest.mark.parametrize(
    ("settings", "facts", "name", "level", "words"),
    [
        ({}, {}, "number", Level.OK, "verified"),
        ({"caller_ids": frozenset({OWN_PHONE})}, {}, "number", Level.BLOCK, "cannot be shown"),
        ({"account_type": "Trial"}, {}, "trial", Level.BLOCK, "trial"),
        ({"main_key": False}, {}, "trial", Level.WARN, "may not tell"),
        ({"main_key": False}, {"ticks": ("full_account",)}, "trial", Level.OK, "full one"),
        ({"account_status": "suspended"}, {}, "account", Level.BLOCK, "suspended"),
        ({}, {"authorized": False}, "authorization", Level.BLOCK, "not signed"),
        ({"countries": frozenset({"US", "MX"})}, {}, "geo", Level.WARN, "MX"),
        ({"countries": frozenset({"MX"})}, {}, "geo", Level.BLOCK, "US is off"),
        ({}, {"countries": ("US", "GB")}, "geo", Level.WARN, "GB is off"),
        ({}, {}, "attestation", Level.NOTE, "B at most"),
        ({}, {"heard": "wrong_number"}, "test_call", Level.WARN, "another number"),
        ({}, {"heard": "right"}, "test_call", Level.OK, "heard"),
        ({}, {}, "rate", Level.NOTE, "one call a second"),
    ],
)
def test_each_finding(
    settings: dict[str, object], facts: dict[str, object], name: str, level: Level, words: str
) -> None:
    world = LineWorld(**settings)
    world.store.facts = replace(world.store.facts, **facts)  # type: ignore[arg-type]
    world.turn()
    found = findings(world)[name]
    assert found.level is level
    assert words in found.sentence
    assert bool(found.remedy) or level in (Level.OK, Level.NOTE)
    assert world.line is not None
    assert bool(world.line.problem) is (level is Level.BLOCK)


class RealSetup(TwilioSetup):
    """The practice line, taken for a real one."""

    @property
    def is_practice(self) -> bool:
        return False


def test_without_the_carriers_agreement_a_real_line_is_stopped() -> None:
    world = LineWorld()
    assert world.line is not None
    facts = replace(world.store.facts, agreement=False)
    checked = check_line(RealSetup(world.line), facts)
    assert isinstance(checked, LineChecked)
    assert "agreement with the carrier" in problem_of(checked)
    facts = replace(facts, agreement=True)
    checked = check_line(RealSetup(world.line), facts)
    assert isinstance(checked, LineChecked)
    assert problem_of(checked) == ""
    levels = {one.name: one.level for one in checked.findings}
    assert (levels["hipaa_account"], levels["recordings"]) == (Level.WARN, Level.NOTE)
    facts = replace(facts, ticks=("hipaa_account", "recordings_protected"))
    checked = check_line(RealSetup(world.line), facts)
    assert isinstance(checked, LineChecked)
    levels = {one.name: one.level for one in checked.findings}
    assert (levels["hipaa_account"], levels["recordings"]) == (Level.OK, Level.OK)


@pytest.mark.parametrize(
    ("changes", "name", "level"),
    [
        ({"records": True}, "recordings", Level.WARN),
        ({"records": True, "records_protected": True}, "recordings", Level.OK),
        ({"softphone_account": ""}, "softphone", Level.NOTE),
        ({"softphone_account": "AC" + "9" * 32}, "softphone", Level.WARN),
    ],
)
def test_recordings_and_softphones_of_a_real_line(
    changes: dict[str, object], name: str, level: Level
) -> None:
    world = LineWorld()
    assert world.line is not None
    facts = replace(world.store.facts, **changes)  # type: ignore[arg-type]
    checked = check_line(RealSetup(world.line), facts)
    assert isinstance(checked, LineChecked)
    assert {one.name: one.level for one in checked.findings}[name] is level
    own = replace(facts, softphone_account=world.line.account)
    checked = check_line(RealSetup(world.line), own)
    assert isinstance(checked, LineChecked)
    assert {one.name: one.level for one in checked.findings}["softphone"] is Level.OK


def test_a_key_that_may_not_tell_about_countries_leaves_it_to_a_person() -> None:
    world = LineWorld()
    spoil(world, FaultKind.NOT_FOUND, "GET", "DialingPermissions", 2)
    world.turn()
    assert findings(world)["geo"].level is Level.WARN
    world.store.facts = replace(world.store.facts, ticks=("geo_us_only",))
    world.turn(1)
    assert findings(world)["geo"].level is Level.OK


def test_a_line_that_was_stopped_is_looked_at_every_minute_and_opens_again() -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    assert world.turn() <= 60
    assert world.line is not None
    assert "Nobody can call until" in world.line.problem
    task = world.store.ask(LineTaskKind.VERIFY)
    assert world.until_over(task)[0] is LineTaskState.DONE
    assert world.line.problem == ""
    assert findings(world)["number"].level is Level.OK


def test_a_caller_id_that_was_lost_stops_the_line_until_it_is_verified_again() -> None:
    world = LineWorld()
    world.turn()
    assert world.line is not None
    backend = TwilioBackend(world.line)
    world.net.line.numbers.take_away(world.store.checked[-1].number.sid, world.clock.now())
    backend.open_agent_leg(leg_of(call_request(caller_id=OFFICE)))
    (finding,) = backend.preflight()
    assert finding.blocks
    assert "not confirmed as caller ID" in finding.sentence
    assert world.turn(15) <= 60
    assert findings(world)["number"].level is Level.BLOCK
    world.until_over(world.store.ask(LineTaskKind.VERIFY))
    world.turn()
    assert backend.preflight() == ()


def test_a_refusal_that_the_check_cannot_confirm_stops_nobody_for_long() -> None:
    world = LineWorld()
    world.turn()
    assert world.line is not None
    world.line.problem, world.line.doubted = "The office number is not confirmed.", True
    world.turn(15)
    assert (world.line.problem, world.line.doubted) == ("", False)


def test_an_unreachable_carrier_changes_no_finding() -> None:
    world = LineWorld()
    world.turn()
    spoil(world, FaultKind.LOST_BEFORE, "GET", "", 50)
    task = world.store.ask(LineTaskKind.CHECK)
    world.turn(1)
    assert len(world.store.checked) == 1
    assert world.store.of(task)[0] is LineTaskState.FAILED
    world.net.faults.clear()
    world.turn(31)
    assert len(world.store.checked) == 2


def test_without_an_account_each_wish_is_answered_with_what_is_missing() -> None:
    world = LineWorld()
    world.start(with_line=False)
    tasks = [world.store.ask(kind) for kind in (LineTaskKind.VERIFY, LineTaskKind.TEST_CALL)]
    world.turn()
    for task in tasks:
        state, answer = world.store.of(task)
        assert (state, answer.sentence) == (LineTaskState.FAILED, "No phone account is set up yet.")
    assert findings(world)["account"].level is Level.BLOCK


def test_the_countries_that_a_practice_allows_reach_the_line() -> None:
    world = LineWorld()
    world.store.facts = replace(world.store.facts, countries=("US", "PR"))
    world.turn()
    assert world.line is not None
    assert world.line.countries == {"US", "PR"}


# ------------------------------------------------------------------ verifying


def test_a_code_is_shown_and_keyed_in() -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    task = world.store.ask(LineTaskKind.VERIFY)
    assert world.turn() <= 1
    state, answer = world.store.of(task)
    assert state is LineTaskState.WAITING
    assert len(answer.code) == 6
    state, answer = world.until_over(task)
    assert (state, answer.code) == (LineTaskState.DONE, "")
    assert world.posts(OFFICE) == 1


@pytest.mark.parametrize(
    ("office", "words"),
    [
        (Office(keys_after=None), "was not keyed in"),
        (Office(pickup=Pickup.BUSY), "was busy"),
        (Office(pickup=Pickup.NEVER), "Nobody answered"),
        (Office(pickup=Pickup.FAILED), "could not reach"),
    ],
)
def test_why_it_was_not_verified(office: Office, words: str) -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}), office=office)
    task = world.store.ask(LineTaskKind.VERIFY)
    state, answer = world.until_over(task)
    assert state is LineTaskState.FAILED
    assert words in answer.sentence
    assert world.posts(OFFICE) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOST_AFTER, FaultKind.ERROR_AFTER, FaultKind.GARBLED])
def test_a_lost_answer_to_a_verification_is_not_repeated(kind: FaultKind) -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    spoil(world, kind, "POST", "OutgoingCallerIds")
    task = world.store.ask(LineTaskKind.VERIFY)
    world.turn()
    state, answer = world.store.of(task)
    assert state is LineTaskState.FAILED
    assert "nothing is repeated by itself" in answer.sentence
    assert world.posts(OFFICE) == 1


def test_a_number_that_is_verified_already_needs_no_call() -> None:
    world = LineWorld()
    task = world.store.ask(LineTaskKind.VERIFY)
    world.turn()
    assert world.store.of(task)[0] is LineTaskState.DONE
    assert world.posts("") == 0


def test_a_gateway_that_died_with_the_code_shown_goes_on() -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    task = world.store.ask(LineTaskKind.VERIFY)
    world.turn()
    world.start()
    assert world.until_over(task)[0] is LineTaskState.DONE
    assert world.posts(OFFICE) == 1


def test_a_gateway_that_died_before_the_answer_asks_no_second_time() -> None:
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    task = world.store.ask(LineTaskKind.VERIFY)
    world.store.line()  # taken, and then it died
    world.start()
    world.turn()
    assert world.store.of(task)[0] is LineTaskState.FAILED
    assert world.posts(OFFICE) == 0


# ------------------------------------------------------------------ test calls


def test_a_test_call_rings_once_and_is_followed_to_its_end() -> None:
    world = LineWorld()
    task = world.store.ask(LineTaskKind.TEST_CALL, to=OWN_PHONE)
    world.turn()
    assert world.store.of(task)[1].sentence == "Your phone rings now."
    state, answer = world.until_over(task)
    assert state is LineTaskState.DONE
    assert "which number your phone showed" in answer.sentence
    assert world.posts(OWN_PHONE) == 1


def test_a_test_call_whose_answer_was_lost_is_found() -> None:
    world = LineWorld()
    spoil(world, FaultKind.LOST_AFTER, "POST", "Calls")
    task = world.store.ask(LineTaskKind.TEST_CALL, to=OWN_PHONE)
    assert world.until_over(task)[0] is LineTaskState.DONE
    assert world.posts(OWN_PHONE) == 1


def test_a_test_call_that_never_came_to_be_is_given_up_and_not_repeated() -> None:
    world = LineWorld()
    spoil(world, FaultKind.LOST_BEFORE, "POST", "Calls")
    task = world.store.ask(LineTaskKind.TEST_CALL, to=OWN_PHONE)
    state, answer = world.until_over(task)
    assert state is LineTaskState.FAILED
    assert "nothing is repeated by itself" in answer.sentence
    assert world.posts(OWN_PHONE) == 0


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_gateway_that_died_on_a_test_call_finds_it_again(turns: int) -> None:
    world = LineWorld()
    task = world.store.ask(LineTaskKind.TEST_CALL, to=OWN_PHONE)
    world.turn()
    for _ in range(turns):
        world.turn(1)
    if turns == 0:  # its answer was never written
        (open_task,) = world.store.facts.tasks
        world.store.facts = replace(world.store.facts, tasks=(replace(open_task, ref=""),))
    world.start()
    assert world.until_over(task)[0] is LineTaskState.DONE
    assert world.posts(OWN_PHONE) == 1


def test_a_refused_test_call_says_why() -> None:
    world = LineWorld()
    for to, words in (("+19005551234", "premium"), ("+15005550001", "does not exist")):
        task = world.store.ask(LineTaskKind.TEST_CALL, to=to)
        world.turn()
        state, answer = world.store.of(task)
        assert state is LineTaskState.FAILED
        assert words in answer.sentence


def test_in_the_demo_a_verification_is_taken_away_and_made_anew() -> None:
    world = LineWorld(caller_ids=frozenset())
    world.turn()
    world.until_over(world.store.ask(LineTaskKind.UNVERIFY))
    world.turn()
    assert findings(world)["number"].level is Level.BLOCK
    assert world.until_over(world.store.ask(LineTaskKind.VERIFY))[0] is LineTaskState.DONE


# ------------------------------------------------------------------ another account


def enter(world: LineWorld, account: CarrierKey = REAL) -> UUID:
    return world.store.enter(account, public_of(world.key))


def test_another_account_waits_until_no_call_is_open() -> None:
    world = LineWorld()
    world.turn()
    asked: list[object] = []

    def good(given: Carrier) -> AccountFacts:
        asked.append(given)
        return AccountFacts(usable=True)

    world.good = good
    enter(world)
    for _ in range(3):
        world.turn(1)
    assert world.idle_asked == 1
    assert len(asked) == 1, "the carrier is asked once, not at each turn"
    assert world.store.accounts == []


def test_another_key_of_the_same_account_is_used_at_once() -> None:
    world = LineWorld()
    world.turn()
    assert world.line is not None
    other = CarrierKey(world.line.account, world.net.login.key_sid, "other")
    given = Carrier(other.account_sid, other.key_sid, other.key_secret)
    world.accounts.opened = lambda *_: given  # type: ignore[method-assign]
    entered = world.store.enter(other, public_of(world.key))
    world.turn(1)
    assert world.store.accounts == [(entered, "in_use", "")]
    assert world.line.client.auth == (other.key_sid, "other")
    assert world.idle_asked == 0
    assert world.store.sources[-1] == ("window", world.line.account)


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (CarrierKey("AC" + "feed" * 8, "SK" + "2" * 32, "s"), "practice line"),
        (CarrierKey("AC" + "1" * 32, "AC" + "2" * 32, "s"), "begins with SK"),
    ],
)
def test_an_account_that_is_none_is_refused(account: CarrierKey, words: str) -> None:
    world = LineWorld()
    entered = enter(world, account)
    world.turn()
    ((account_id, state, problem),) = world.store.accounts
    assert (account_id, state) == (entered, "refused")
    assert words in problem


def test_an_account_sealed_for_another_gateway_or_practice_is_refused() -> None:
    world = LineWorld()
    world.store.enter(REAL, public_of(new_key()))
    world.store.enter(REAL, public_of(world.key), practice=UUID(int=5))
    world.turn()
    world.turn(1)
    assert [state for _, state, _ in world.store.accounts] == ["refused", "refused"]
    assert all("another gateway" in problem for _, _, problem in world.store.accounts)


def test_an_account_that_cannot_be_opened_any_more_is_said() -> None:
    world = LineWorld()
    used = enter(world)
    world.store.line_account(used, "in_use")
    world.accounts = Accounts(Credentials(None), MemorySecretStore(""), "default", new_key())
    world.start()
    world.turn()
    assert world.store.accounts[-1][:2] == (used, "refused")
    assert "another gateway" in world.store.accounts[-1][2]


def test_what_the_carrier_says_of_a_new_account_decides() -> None:
    world = LineWorld()
    enter(world)
    world.good = lambda _: Unreachable("away")
    assert world.turn() <= 30
    assert (world.store.accounts, world.idle_asked) == ([], 0)
    world.good = lambda _: AccountFacts(usable=False, sentence="The key is not accepted.")
    world.turn(31)
    assert world.store.accounts[0][1:] == ("refused", "The key is not accepted.")


def test_a_line_on_which_no_call_can_be_followed_is_left_at_once() -> None:
    world = LineWorld(account_status="closed")
    world.turn()
    assert world.chore._used.is_lost()
    world = LineWorld(caller_ids=frozenset({OWN_PHONE}))
    world.turn()
    assert not world.chore._used.is_lost(), "calls that are up go on, whatever else is wrong"
    world.start(with_line=False)
    assert world.chore._used.is_lost()


def test_which_account_a_round_begins_with() -> None:
    world = LineWorld()
    vault = MemorySecretStore("")
    accounts = Accounts(Credentials(None), vault, "default", world.key)
    assert accounts.choose(world.store.facts).source == "none"
    vault.set("carrier/default", replace(REAL, account_sid="AC" + "5" * 32).to_json())
    assert accounts.choose(world.store.facts).source == "vault"
    old, new = replace(REAL, account_sid="AC" + "6" * 32), REAL
    first = enter(world, old)
    world.store.line_account(first, "in_use")
    second = enter(world, new)
    chosen = accounts.choose(world.store.facts)
    assert (chosen.source, chosen.account_id) == ("window", second)
    # After a crash with calls open: these can only be found on the account that placed them.
    with_calls = replace(world.store.facts, open_calls=2)
    assert accounts.choose(with_calls).account_id == first
    assert accounts.choose(with_calls, anew=True).account_id == second
    assert accounts.choose(world.store.facts, good=lambda _: False).account_id == first
    without_key = Accounts(Credentials(None), vault, "default", None)
    assert without_key.choose(world.store.facts).source == "vault"
    assert without_key.public_key is None
