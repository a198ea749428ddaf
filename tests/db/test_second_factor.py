"""Policies of the second factor: what needs it, that no code is guessed, and none taken twice."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.db_practice import Party, op, refused
from tests.helpers.totp import STEP, code_at, code_now, wrong_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.db_practice import Practice

SECRET = b"12345678901234567890"  # of RFC 6238, appendix B


def code(ahead: int = 0) -> str:
    return code_now(SECRET, ahead)


def a_wrong_code() -> str:
    return wrong_code(SECRET)


def require_factor(practice: Practice, *logins: str) -> None:
    """Let the practice ask for a second factor, and set it up for these people."""
    practice.rows("UPDATE app.practice SET second_factor = 'required'")
    for login in logins:
        practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id(login), SECRET)


def elevate(party: Party, ahead: int = 0) -> str:
    answer = party.ask("second_factor", code(ahead))
    assert answer["ok"], answer
    return str(answer["token"])


# ---- the arithmetic


@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [
        (b"\x0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (b"\xaa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        (bytes(range(1, 26)), b"\xcd" * 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
        (b"\x0c" * 20, b"Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
        (
            b"\xaa" * 80,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "aa4ae5e15272d00e95705637ce8a3b55ed402112",
        ),
        (
            b"\xaa" * 80,
            b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
            "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
        ),
    ],
)
def test_rfc_2202_hmac_sha1(practice: Practice, key: bytes, data: bytes, digest: str) -> None:
    assert practice.value("SELECT encode(app.hmac_sha1(%s, %s), 'hex')", key, data) == digest


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_codes(practice: Practice, seconds: int, digits: str) -> None:
    found = practice.value("SELECT app.hotp(%s, %s::bigint)", SECRET, seconds // STEP)
    assert found == digits[-6:]  # the RFC prints eight
    assert found == code_at(seconds // STEP, SECRET)


@given(data=st.binary(max_size=300))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sha1_is_that_of_everybody(practice: Practice, data: bytes) -> None:
    digest = practice.value("SELECT encode(app.sha1(%s), 'hex')", data)
    assert digest == hashlib.sha1(data).hexdigest()  # noqa: S324 - the RFC's own


def test_checking_a_code_takes_less_than_20_ms(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        practice.value("SELECT app.code_step(f, %s) FROM app.second_factor f", a_wrong_code())
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.020, took


# ---- what needs it


def test_policy_supervisors_and_administrators_can_do_nothing_without_a_code(
    practice: Practice,
) -> None:
    require_factor(practice, "cc_sup", "cc_adm")
    for party in (practice.sup, practice.adm):
        attempts: tuple[Callable[[], object], ...] = (
            party.sign_in,
            partial(party.ask, "people"),
            partial(party.ask, "heartbeat", None, None),
            partial(
                party.ask, "suspend_person", practice.person_id("cc_c1"), "left the practice", op()
            ),
        )
        for attempt in attempts:
            with refused("QC006") as said:
                attempt()
            assert said.name == "second_factor_needed"
            assert said.facts["enrolled"] is True
            assert said.facts["whole"] is True
        elevate(party)
        party.sign_in()
        assert len(party.ask("people")) == 12


def test_policy_every_function_but_four_asks_a_supervisor_for_the_code(practice: Practice) -> None:
    """The odd one out would be a way around it; found in the catalog, not in a list."""
    require_factor(practice, "cc_sup")
    functions = practice.rows(
        "SELECT p.proname::text, array(SELECT 'NULL::' || format_type(t, NULL) "
        "FROM unnest(p.proargtypes) t) FROM pg_proc p WHERE p.pronamespace = 'api'::regnamespace "
        "AND has_function_privilege('supervisor', p.oid, 'EXECUTE') ORDER BY 1"
    )
    free = set()
    for name, arguments in functions:
        try:
            practice.sup.run(f"SELECT api.{name}({', '.join(arguments)})")
        except Exception as error:
            if getattr(error, "sqlstate", "") == "QC006":
                continue
            raise
        free.add(name)
    # resume_session is refused for want of a token.
    assert free == {"version", "sign_out", "second_factor"}


def test_policy_coordinators_work_without_a_code(practice: Practice) -> None:
    require_factor(practice)
    practice.c1.sign_in()
    assert practice.c1.claim_next()["card"]


def test_a_practice_may_do_without_it_and_a_demo_does(practice: Practice) -> None:
    assert practice.value("SELECT second_factor FROM app.practice") == "off"
    practice.sup.sign_in()
    require_factor(practice)
    with refused("QC006"):
        practice.sup.ask("team")


def test_who_has_no_app_reads_whom_to_ask(practice: Practice) -> None:
    require_factor(practice)
    attempts: tuple[Callable[[], object], ...] = (
        practice.sup.sign_in,
        lambda: practice.sup.ask("second_factor", "123456"),
    )
    for attempt in attempts:
        with refused("QC006") as said:
            attempt()
        assert said.facts["enrolled"] is False
        assert "coordinator-admin user factor cc_sup" in said.facts["sentence"]


# ---- the code


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_the_step_before_and_after_are_taken(practice: Practice, ahead: int) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup, ahead)


@pytest.mark.parametrize("ahead", [-3, 3])
def test_older_and_later_codes_are_not(practice: Practice, ahead: int) -> None:
    require_factor(practice, "cc_sup")
    assert practice.sup.ask("second_factor", code(ahead))["ok"] is False


def test_the_code_may_be_typed_as_the_app_shows_it(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    typed = code()
    assert practice.sup.ask("second_factor", f" {typed[:3]} {typed[3:]} ")["ok"] is True


def test_policy_a_code_is_taken_once(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    typed = code()
    assert practice.sup.ask("second_factor", typed)["ok"] is True
    again = practice.another("cc_sup")
    answer = again.ask("second_factor", typed)
    assert answer["ok"] is False
    assert "used before" in answer["sentence"]
    with refused("QC006"):
        again.ask("team")


def test_policy_a_code_is_taken_once_even_when_its_use_was_rolled_back(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    typed = code()
    practice.sup.run("BEGIN")
    assert practice.sup.ask("second_factor", typed)["ok"] is True
    practice.sup.run("ROLLBACK")
    with refused("QC006"):
        practice.sup.ask("team")  # the rollback took the elevation along
    assert practice.sup.ask("second_factor", typed)["ok"] is False


def test_policy_an_older_code_than_the_last_is_not_taken(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup, 1)
    assert practice.another("cc_sup").ask("second_factor", code())["ok"] is False


def test_policy_five_wrong_codes_and_the_right_one_has_to_wait(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    sentences = [practice.sup.ask("second_factor", a_wrong_code())["sentence"] for _ in range(5)]
    assert "4 tries left" in sentences[0]
    assert "1 try left" in sentences[3]
    assert "the last try for now. Try again in 3 minutes." in sentences[4]
    answer = practice.sup.ask("second_factor", code())
    assert answer == {
        "ok": False,
        "tries_left": 0,
        "sentence": "Too many wrong codes. Try again in 3 minutes.",
    }
    alerts = practice.rows("SELECT kind, person_id FROM app.alert")
    assert alerts == [("second_factor", practice.person_id("cc_sup"))]


def test_policy_no_guessing_by_begin_try_rollback(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    for _ in range(5):
        practice.sup.run("BEGIN")
        practice.sup.ask("second_factor", a_wrong_code())
        practice.sup.run("ROLLBACK")
    assert "Too many" in practice.sup.ask("second_factor", code())["sentence"]


def test_policy_no_guessing_by_savepoints_or_subtransactions(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    practice.sup.run("BEGIN")
    for _ in range(5):
        practice.sup.run("SAVEPOINT s")
        practice.sup.ask("second_factor", a_wrong_code())
        practice.sup.run("ROLLBACK TO s")
    assert "Too many" in practice.sup.ask("second_factor", code())["sentence"]
    practice.sup.run("ROLLBACK")


def test_policy_no_guessing_from_many_connections(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    parties = [practice.another("cc_sup") for _ in range(5)]
    for party in parties:
        party.ask("second_factor", a_wrong_code())
    assert "Too many" in practice.another("cc_sup").ask("second_factor", code())["sentence"]


def test_policy_no_guessing_in_one_statement(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    answers = practice.sup.run(
        "SELECT api.second_factor(lpad(n::text, 6, '0')) FROM generate_series(1, 200) n"
    )
    tried = [answer for (answer,) in answers if "Too many" not in answer["sentence"]]
    assert len(tried) <= 6


def test_guesses_that_were_rolled_back_are_told_by_the_beat(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    practice.sup.run("BEGIN")
    for _ in range(6):
        practice.sup.ask("second_factor", a_wrong_code())
    practice.sup.run("ROLLBACK")
    assert practice.rows("SELECT kind FROM app.alert") == []
    practice.rows("SELECT app.watch_readers()")
    assert practice.rows("SELECT kind FROM app.alert") == [("second_factor",)]


def test_right_codes_use_no_allowance(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup, -1)
    elevate(practice.sup, 0)
    elevate(practice.sup, 1)
    assert "4 tries left" in practice.sup.ask("second_factor", a_wrong_code())["sentence"]


@pytest.mark.parametrize("typed", [None, "", "12345", "1234567", "12345x", "x" * 10_000, "१२३४५६"])
def test_what_is_no_code_is_said_and_costs_nothing(practice: Practice, typed: str | None) -> None:
    require_factor(practice, "cc_sup")
    answer = practice.sup.ask("second_factor", typed)
    assert answer == {"ok": False, "sentence": "A code has six digits. Type it again."}
    elevate(practice.sup)


def test_policy_wrong_and_right_codes_are_written_down(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    practice.sup.ask("second_factor", a_wrong_code())
    elevate(practice.sup)
    practice.rows("RESET ROLE")
    found = practice.rows(
        "SELECT action FROM audit.event WHERE chain = 'cc_sup' ORDER BY seq DESC LIMIT 2"
    )
    assert found == [("second_factor",), ("second_factor.refused",)]
    detail = practice.value("SELECT string_agg(detail::text, '') FROM audit.event")
    assert SECRET.decode() not in detail


# ---- the token


def test_policy_another_connection_of_the_same_login_is_not_elevated(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup)
    with refused("QC006"):
        practice.another("cc_sup").ask("team")


def test_a_lost_connection_takes_up_with_the_token(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    again = practice.another("cc_sup")
    again.ask("resume_session", token)
    assert again.ask("team")


def test_policy_a_token_is_worth_nothing_to_another_login(practice: Practice) -> None:
    require_factor(practice, "cc_sup", "cc_adm")
    token = elevate(practice.sup)
    with refused("QC006"):
        practice.adm.ask("resume_session", token)
    with refused("QC006"):
        practice.adm.ask("people")


@pytest.mark.parametrize("token", [None, "", "0" * 64, "%", "x" * 100_000])
def test_policy_a_made_up_token_is_refused(practice: Practice, token: str | None) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup)
    with refused("QC006"):
        practice.another("cc_sup").ask("resume_session", token)


def test_policy_sign_out_ends_the_token_on_every_connection(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    second, third = practice.another("cc_sup"), practice.another("cc_sup")
    second.ask("resume_session", token)
    practice.sup.ask("sign_out")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: practice.sup.ask("team"),
        lambda: second.ask("team"),
        lambda: third.ask("resume_session", token),
    )
    for attempt in attempts:
        with refused("QC006"):
            attempt()


def test_signing_out_of_one_window_leaves_the_other(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup, 0)
    other = practice.another("cc_sup")
    elevate(other, 1)
    practice.sup.ask("sign_out")
    assert other.ask("team")


def test_policy_a_token_ends_after_twelve_hours(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    left = practice.value("SELECT until - clock_timestamp() FROM app.elevation")
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    practice.rows("UPDATE app.elevation SET until = clock_timestamp()")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: practice.sup.ask("team"),
        lambda: practice.another("cc_sup").ask("resume_session", token),
    )
    for attempt in attempts:
        with refused("QC006"):
            attempt()


def test_policy_a_process_id_that_is_used_again_is_not_elevated(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    elevate(practice.sup)
    practice.rows("UPDATE app.elevation SET backend_start = backend_start - interval '1 second'")
    with refused("QC006"):
        practice.sup.ask("team")


def test_policy_the_token_is_kept_as_a_hash(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    assert len(token) == 64
    assert (
        practice.value("SELECT token_hash FROM app.elevation")
        == hashlib.sha256(token.encode()).digest()
    )


def test_policy_a_new_secret_ends_what_the_old_one_opened(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    other = base64.b32decode("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA")
    practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id("cc_sup"), other)
    with refused("QC006"):
        practice.sup.ask("team")
    with refused("QC006"):
        practice.another("cc_sup").ask("resume_session", token)
    assert practice.sup.ask("second_factor", code(1))["ok"] is False


def test_policy_a_coordinator_shows_one_for_an_emergency_and_for_nothing_else(
    practice: Practice,
) -> None:
    require_factor(practice, "cc_c1")
    patient = practice.value("SELECT id FROM app.patient ORDER BY id LIMIT 1")

    def open_it() -> Any:
        return practice.c1.ask("break_glass", patient, "Collapsed while on the phone.", op())

    assert practice.c1.claim_next()["card"]
    with refused("QC006") as said:
        open_it()
    assert said.facts["whole"] is False
    elevate(practice.c1)
    seen = open_it()
    assert practice.c1.ask("emergency_chart", uuid.UUID(seen["id"]))["chart"]
    with refused("QC006"):  # who only has the password reads it on no other connection
        practice.another("cc_c1").ask("emergency_chart", uuid.UUID(seen["id"]))


def test_policy_a_suspended_person_cannot_show_a_code(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    token = elevate(practice.sup)
    practice.rows("UPDATE app.person SET active = false WHERE login = 'cc_sup'")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: practice.sup.ask("second_factor", code(1)),
        lambda: practice.another("cc_sup").ask("resume_session", token),
    )
    for attempt in attempts:
        with refused("QC002"):
            attempt()


# ---- a fresh login


def test_policy_a_login_is_fresh_for_five_minutes(practice: Practice) -> None:
    """Asked on the connection of a person, as the functions for export and override do."""
    with practice.superuser() as root:
        root.execute(
            "CREATE FUNCTION api.test_fresh() RETURNS void LANGUAGE sql SECURITY DEFINER "
            "SET search_path = pg_catalog, pg_temp AS 'SELECT app.require_fresh_login()'; "
            "ALTER FUNCTION api.test_fresh() OWNER TO app_owner; "
            "GRANT EXECUTE ON FUNCTION api.test_fresh() TO supervisor"
        )
        try:
            practice.sup.ask("test_fresh")
            practice.set_rules(fresh_login_minutes=0)
            with refused("QC007") as said:
                practice.sup.ask("test_fresh")
            assert said.name == "fresh_login_needed"
        finally:
            root.execute("DROP FUNCTION api.test_fresh()")


def test_a_login_that_the_owner_cannot_watch_is_told(practice: Practice) -> None:
    require_factor(practice, "cc_sup")
    with practice.superuser() as root:
        root.execute("REVOKE cc_sup FROM app_owner")
        try:
            with refused("QC009"):
                practice.another("cc_sup").ask("second_factor", code())
        finally:
            root.execute("GRANT cc_sup TO app_owner")
