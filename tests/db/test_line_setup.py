"""Policies of the line's set-up: who may set, ask and sign, and that no secret comes back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from coordinator_app.db.admin_line import allow_countries
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.domain.line_setup import (
    Level,
    LineAnswer,
    LineChecked,
    LineFinding,
    LineTaskKind,
    LineTaskState,
    ShownNumber,
)
from coordinator_app.domain.sealed import CarrierKey, new_key, public_of, seal, unseal
from coordinator_app.errors import RefusedError
from tests.helpers.db_practice import LOGINS, OFFICE, PASSWORD, Party, op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

KEY = new_key()
ACCOUNT = CarrierKey("AC" + "1" * 32, "SK" + "2" * 30 + "9f", "canary-secret")
OWN_PHONE = "+16175550142"
OWNED = LineChecked(
    (LineFinding("number", Level.OK, "It is ours."),), ShownNumber(OFFICE, "owned", "PN" + "7" * 32)
)


def behind_the_rules(practice: Practice, statement: str) -> None:
    with practice.superuser() as root:
        root.execute("SET session_replication_role = replica")
        root.execute(statement.encode())


@pytest.fixture
def real(practice: Practice) -> Practice:
    """The practice, as one with a real line: no demo."""
    behind_the_rules(practice, "UPDATE app.practice SET is_demo = false, clock_offset = '0'")
    return practice


@pytest.fixture
def gateway(practice: Practice) -> Iterator[SqlSideStore]:
    conninfo = make_conninfo(practice.database.conninfo, user="cc_gw", password=PASSWORD)
    with closing(SqlSideStore.connect(conninfo)) as store:
        store.line_key(public_of(KEY))
        yield store


def enter(practice: Practice, who: Party, account: CarrierKey = ACCOUNT, **changed: Any) -> Any:
    uid = practice.value("SELECT practice_uid FROM app.line_setup")
    given = {
        "sid": account.account_sid,
        "ending": account.key_sid[-4:],
        "sealed": seal(account, public_of(KEY), str(uid)).hex(),
        "for": public_of(KEY).hex(),
        "op": op(),
        **changed,
    }
    return who.ask("set_carrier", *given.values())


def beat(practice: Practice) -> None:
    practice.gw.ask(
        "gateway_beat", {"state": "ok", "is_practice_line": True, "sentence": "", "since": None}
    )


def ask(practice: Practice, kind: str, asked: dict[str, Any] | None = None, **who: Party) -> Any:
    party = who.get("who", practice.sup)
    return party.one(
        "SELECT api.ask_line(%s, %s, %s)", kind, Jsonb(asked or {}), who.get("op") or op()
    )


def audit_actions(practice: Practice) -> str:
    with practice.superuser() as root:
        rows = root.execute("SELECT action, detail::text FROM audit.event").fetchall()
    return "\n".join(f"{action} {detail}" for action, detail in rows)


# ------------------------------------------------------------------ the account


def test_policy_only_supervisors_and_administrators_set_up_the_line(practice: Practice) -> None:
    others = [login for login in LOGINS if login not in ("cc_sup", "cc_adm")]
    for login, call in itertools.product(
        others,
        (
            "phone_line()",
            "set_carrier('', '', '', '', gen_random_uuid())",
            "forget_carrier(gen_random_uuid())",
            "ask_line('check', '{}', gen_random_uuid())",
            "line_heard(gen_random_uuid(), 'right', gen_random_uuid())",
            "tick_line('geo_us_only', true, gen_random_uuid())",
            "authorize_caller_id('Me Myself', gen_random_uuid())",
        ),
    ):
        with refused("42501"):
            practice.as_person(login).run(f"SELECT api.{call}")


def test_policy_only_the_gateway_reads_a_sealed_account(practice: Practice) -> None:
    others = [login for login in LOGINS if login != "cc_gw"]
    for login, call in itertools.product(
        others,
        (
            "gateway_line(false)",
            f"gateway_line_key('{'0' * 64}')",
            "gateway_line_account(NULL, NULL, NULL, 'none', '')",
            "gateway_line_answer(gen_random_uuid(), 'done', '{}')",
            'gateway_line_checked(\'{"findings": [], "number": {}}\')',
        ),
    ):
        with refused("42501"):
            practice.as_person(login).run(f"SELECT api.{call}")


def test_an_account_goes_sealed_to_the_gateway_and_to_nobody_else(
    real: Practice, gateway: SqlSideStore
) -> None:
    enter(real, real.sup)
    shown = real.sup.ask("phone_line")
    assert shown["account"]["state"] == "set"
    assert shown["account"]["account_sid"] == ACCOUNT.account_sid
    assert "sealed" not in str(shown)
    (sealed,) = gateway.line().accounts
    box = bytes.fromhex(sealed.sealed)
    opened = unseal(box, KEY, str(shown["practice_uid"]), sealed.account_sid)
    assert opened == ACCOUNT
    for written in (audit_actions(real), str(real.sup.ask("phone_line"))):
        assert "canary" not in written
        assert sealed.sealed not in written
        assert ACCOUNT.account_sid[2:20] not in written or written.startswith("{")
    assert "line.account_set" in audit_actions(real)


def test_the_ciphertext_goes_when_it_is_no_longer_needed(
    real: Practice, gateway: SqlSideStore
) -> None:
    enter(real, real.sup)
    (first,) = gateway.line().accounts
    gateway.line_account(first.id, "in_use")
    enter(real, real.adm)
    in_use, waiting = gateway.line().accounts
    assert (in_use.id, in_use.state, waiting.state) == (first.id, "in_use", "set")
    gateway.line_account(waiting.id, "in_use")
    assert [one.id for one in gateway.line().accounts] == [waiting.id]
    enter(real, real.sup)
    (third,) = (one for one in gateway.line().accounts if one.state == "set")
    gateway.line_account(third.id, "refused", "The key is not accepted.")
    assert real.sup.ask("phone_line")["account"]["problem"] == "The key is not accepted."
    real.sup.ask("forget_carrier", op())
    assert gateway.line().accounts == ()
    assert real.sup.ask("phone_line")["account"] is None
    assert real.value("SELECT count(*) FROM app.carrier_account WHERE sealed IS NOT NULL") == 0
    assert real.value("SELECT count(*) FROM app.carrier_account") == 3


def test_setting_an_account_needs_a_fresh_login(real: Practice, gateway: SqlSideStore) -> None:
    real.set_rules(fresh_login_minutes=0)
    with refused("QC007"):
        enter(real, real.sup)
    with refused("QC007"):
        real.sup.ask("forget_carrier", op())


def test_a_practice_lines_account_stays_out_of_a_real_practice(
    real: Practice, gateway: SqlSideStore
) -> None:
    marked = CarrierKey("AC" + "feed" * 8, ACCOUNT.key_sid, "x")
    with refused("QC086"):
        enter(real, real.sup, marked)
    assert gateway.line().accounts == ()


def test_a_demo_takes_no_account_at_all(practice: Practice, gateway: SqlSideStore) -> None:
    with refused("QC086"):
        enter(practice, practice.sup)


def test_an_account_for_a_gateway_of_before_is_refused(
    real: Practice, gateway: SqlSideStore
) -> None:
    gateway.line_key(public_of(new_key()))
    with refused("QC085"):
        enter(real, real.sup)


def test_nonsense_is_refused(real: Practice, gateway: SqlSideStore) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"sid": "AC" + "1" * 31},
        {"sid": None},
        {"ending": "xyz!"},
        {"sealed": "00"},
        {"sealed": "zz" * 100},
        {"for": "00"},
    )
    for changed in changes:
        with refused("QC070"):
            enter(real, real.sup, **changed)


def test_the_same_wish_again_changes_nothing(real: Practice, gateway: SqlSideStore) -> None:
    same: dict[str, Any] = {"sealed": "ab" * 100, "op": op()}
    assert enter(real, real.sup, **same) == enter(real, real.sup, **same)
    assert real.value("SELECT count(*) FROM app.carrier_account") == 1


# ------------------------------------------------------------------ tasks


def test_a_task_is_taken_once_and_answered(practice: Practice, gateway: SqlSideStore) -> None:
    beat(practice)
    asked = ask(practice, "verify", {"call_delay": 5, "extension": "w1"})
    (task,) = gateway.line().tasks
    assert (task.id, task.kind, task.again) == (UUID(asked["id"]), LineTaskKind.VERIFY, False)
    assert (task.call_delay, task.extension) == (5, "w1")
    (again,) = gateway.line().tasks
    assert again.again
    gateway.line_answer(task.id, LineTaskState.WAITING, LineAnswer("Key it in.", "123456", "CA1"))
    shown = practice.sup.ask("phone_line")["tasks"][0]
    assert (shown["state"], shown["code"]) == ("waiting", "123456")
    gateway.line_answer(task.id, LineTaskState.DONE, LineAnswer("Verified.", "123456", "CA1"))
    gateway.line_answer(task.id, LineTaskState.FAILED, LineAnswer("Late."))
    shown = practice.sup.ask("phone_line")["tasks"][0]
    assert (shown["state"], shown["code"], shown["sentence"]) == ("done", "", "Verified.")
    assert gateway.line().tasks == ()


def test_looking_without_taking(practice: Practice, gateway: SqlSideStore) -> None:
    beat(practice)
    ask(practice, "check")
    assert gateway.line(take=False).tasks[0].state is LineTaskState.ASKED
    assert not gateway.line().tasks[0].again


def test_one_phone_rings_at_a_time(practice: Practice, gateway: SqlSideStore) -> None:
    beat(practice)
    ask(practice, "test_call", {"to": OWN_PHONE})
    with refused("QC086"):
        ask(practice, "verify")
    with refused("QC086"):
        ask(practice, "test_call", {"to": OWN_PHONE}, who=practice.adm)
    first, second = ask(practice, "check"), ask(practice, "check")
    assert first["id"] == second["id"]


def test_a_task_is_given_up_in_time_and_then_another_may_be_asked(
    practice: Practice, gateway: SqlSideStore
) -> None:
    beat(practice)
    ask(practice, "verify")
    practice.pass_time(minutes=5, seconds=1)
    shown = practice.sup.ask("phone_line")["tasks"][0]
    assert shown["state"] == "expired"
    assert "did not take this up" in shown["sentence"]
    beat(practice)
    ask(practice, "verify")
    gateway.line()
    practice.pass_time(minutes=6)
    assert gateway.line().tasks == ()
    assert "took too long" in practice.sup.ask("phone_line")["tasks"][0]["sentence"]


def test_ten_rings_an_hour_are_enough(practice: Practice, gateway: SqlSideStore) -> None:
    for _ in range(10):
        beat(practice)
        ask(practice, "test_call", {"to": OWN_PHONE})
        (task,) = gateway.line().tasks
        gateway.line_answer(task.id, LineTaskState.FAILED, LineAnswer("Busy."))
    beat(practice)
    with refused("QC086"):
        ask(practice, "test_call", {"to": OWN_PHONE})
    practice.pass_time(minutes=61)
    beat(practice)
    ask(practice, "test_call", {"to": OWN_PHONE})


def test_without_a_gateway_nothing_is_asked(practice: Practice) -> None:
    practice.owner.run("DELETE FROM app.gateway_health")
    with refused("QC086"):
        ask(practice, "check")


def test_policy_a_test_call_never_reaches_a_patient(
    practice: Practice, gateway: SqlSideStore
) -> None:
    beat(practice)
    number = practice.value("SELECT e164 FROM app.patient_telecom LIMIT 1")
    for to in (number, OFFICE):
        with refused("QC086"):
            ask(practice, "test_call", {"to": to})
    practice.owner.run(
        "INSERT INTO app.suppression (e164, scope, source, received_at, honour_by) "
        "VALUES (%s, 'number', 'phone', app.now(), app.now())",
        OWN_PHONE,
    )
    with refused("QC086"):
        ask(practice, "test_call", {"to": OWN_PHONE})
    for to in ("911", "", None, "+1 617 555 0142"):
        with refused("QC070"):
            ask(practice, "test_call", {"to": to})
    assert gateway.line().tasks == ()


def test_what_the_carrier_would_refuse_is_refused_here(practice: Practice) -> None:
    beat(practice)
    asks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("verify", {"call_delay": 61}),
        ("verify", {"call_delay": "soon"}),
        ("verify", {"extension": "12a"}),
        ("dial", {}),
    )
    for kind, asked in asks:
        with refused("QC070"):
            ask(practice, kind, asked)


def test_only_a_demo_takes_a_verification_away(practice: Practice, gateway: SqlSideStore) -> None:
    beat(practice)
    ask(practice, "unverify")
    practice.owner.run("UPDATE app.line_task SET state = 'done'")
    behind_the_rules(practice, "UPDATE app.practice SET is_demo = false, clock_offset = '0'")
    with refused("QC086"):
        ask(practice, "unverify")


def test_what_was_heard_is_said_by_who_asked(practice: Practice, gateway: SqlSideStore) -> None:
    beat(practice)
    task = UUID(ask(practice, "test_call", {"to": OWN_PHONE})["id"])
    gateway.line()
    with refused("QC086"):
        practice.adm.ask("line_heard", task, "right", op())
    assert "office number" in practice.sup.ask("line_heard", task, "right", op())["sentence"]
    assert gateway.line().heard == "right"
    with refused("QC070"):
        practice.sup.ask("line_heard", task, "loud", op())


# ------------------------------------------------------------------ what is signed


def test_the_number_is_signed_for_when_the_carrier_holds_it(
    practice: Practice, gateway: SqlSideStore
) -> None:
    practice.owner.run("DELETE FROM app.caller_id_authorization")
    assert not gateway.line().authorized
    with refused("QC086"):
        practice.sup.ask("authorize_caller_id", "Dr. Okafor", op())
    gateway.line_checked(LineChecked(OWNED.findings, ShownNumber("+16175550999", "owned", "PN1")))
    with refused("QC086"):
        practice.sup.ask("authorize_caller_id", "Dr. Okafor", op())
    gateway.line_checked(OWNED)
    practice.sup.ask("authorize_caller_id", "Dr. Okafor", op())
    assert gateway.line().authorized
    (row,) = practice.rows("SELECT e164, evidence, signed_by FROM app.caller_id_authorization")
    assert row[0] == OFFICE
    assert row[1].startswith("Number of the carrier account, PN7777")
    assert row[2] == "Dr. Okafor"
    shown = practice.sup.ask("phone_line")
    assert shown["authorized"]
    assert shown["authorized_until"] is not None
    assert shown["findings"] == [
        {"name": "number", "level": "ok", "sentence": "It is ours.", "remedy": ""}
    ]
    practice.pass_time(hours=25)
    with refused("QC086"):
        practice.sup.ask("authorize_caller_id", "Dr. Okafor", op())
    for name in ("", "x", None, "a\nb" * 3):
        with refused("QC070"):
            practice.sup.ask("authorize_caller_id", name, op())


def test_ticks_are_kept_and_taken_back(practice: Practice, gateway: SqlSideStore) -> None:
    practice.sup.ask("tick_line", "geo_us_only", True, op())
    practice.adm.ask("tick_line", "hipaa_account", True, op())
    practice.adm.ask("tick_line", "geo_us_only", False, op())
    assert gateway.line().ticks == ("hipaa_account",)
    with refused("QC070"):
        practice.sup.ask("tick_line", "anything", True, op())


def test_another_account_makes_what_was_found_void(
    practice: Practice, gateway: SqlSideStore
) -> None:
    gateway.line_source("window", ACCOUNT.account_sid)
    gateway.line_checked(OWNED)
    gateway.line_source("window", ACCOUNT.account_sid)
    assert practice.sup.ask("phone_line")["number_kind"] == "owned"
    practice.sup.ask("tick_line", "full_account", True, op())
    gateway.line_source("vault", "AC" + "3" * 32)
    assert gateway.line().ticks == (), "what was looked up was another account's"
    shown = practice.sup.ask("phone_line")
    assert (shown["number_kind"], shown["findings"], shown["source"]) == ("", [], "vault")


def test_the_countries_that_the_administrator_allows_reach_the_gateway(
    practice: Practice, gateway: SqlSideStore
) -> None:
    assert gateway.line().countries == ("US",)
    assert allow_countries(practice.database.conninfo, ["us", "PR", "US"]) == ("US", "PR")
    assert gateway.line().countries == ("US", "PR")
    for wrong in ([], ["USA"], ["1"], ["U S"]):
        with pytest.raises(RefusedError, match="two letters"):
            allow_countries(practice.database.conninfo, wrong)


def test_what_else_the_check_looks_at_reaches_the_gateway(
    practice: Practice, gateway: SqlSideStore
) -> None:
    facts = gateway.line()
    assert (facts.records, facts.records_protected, facts.softphone_account) == (False, False, "")
    practice.owner.run(
        "INSERT INTO app.softphone_key VALUES (true, %s, %s, repeat('x', 32), app.now(), 'adm')",
        ACCOUNT.account_sid,
        "SK" + "2" * 32,
    )
    practice.owner.run(
        "INSERT INTO app.recording_policy "
        "VALUES (gen_random_uuid(), app.now(), %s, true, 30, true)",
        practice.person_id("cc_sup"),
    )
    facts = gateway.line()
    assert (facts.records, facts.records_protected) == (True, True)
    assert facts.softphone_account == ACCOUNT.account_sid


def test_the_gateways_nonsense_is_refused(practice: Practice, gateway: SqlSideStore) -> None:
    for call in (
        "gateway_line_key('00')",
        "gateway_line_key(NULL)",
        "gateway_line_account(gen_random_uuid(), 'mine', '', NULL, NULL)",
        "gateway_line_account(NULL, NULL, NULL, 'somewhere', '')",
        "gateway_line_answer(gen_random_uuid(), 'asked', '{}')",
        "gateway_line_answer(gen_random_uuid(), 'done', '[]')",
        "gateway_line_checked('{}')",
        'gateway_line_checked(\'{"findings": [{"level": "bad"}], "number": {}}\')',
    ):
        with refused("QC070"):
            practice.gw.run(f"SELECT api.{call}")
