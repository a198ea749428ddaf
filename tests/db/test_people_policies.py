"""Policies of access: suspending ends work within seconds, and what training and proofs say."""

from __future__ import annotations

import queue
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from coordinator_app.cli import main
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import (
    FreshLoginNeededError,
    SecondFactorNeededError,
    SignInRefusedError,
    WrongCodeError,
)
from coordinator_app.secrets.memory import MemoryJournal
from coordinator_app.services.session import Session
from coordinator_app.services.wrap_up import WrapUpDesk
from tests.helpers.db_practice import PASSWORD, Party, op, refused
from tests.helpers.totp import code_now, wrong_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.db_practice import Practice

REASON = "left the practice"
SECRET = b"a secret of 20 bytes"


def suspend(practice: Practice, who: Party, login: str, reason: str = REASON) -> Any:
    return who.ask("suspend_person", practice.person_id(login), reason, op())


def resume(practice: Practice, who: Party, login: str) -> Any:
    return who.ask("resume_person", practice.person_id(login), "is back at work", op())


def place(practice: Practice, login: str) -> Connection:
    where = practice.database
    return Connection("Test", where.host, where.port, where.name, login, TlsMode.LOOPBACK)


# ---- suspending


def test_policy_a_suspended_person_is_out_at_once(practice: Practice) -> None:
    card = practice.c1.claim_next()["card"]
    other = practice.another("cc_c1")
    answer = suspend(practice, practice.sup, "cc_c1")
    assert answer["sentence"] == "Jordan Park is suspended and was signed out."
    assert answer["person"]["active"] is False
    for party in (practice.c1, other):  # every connection was ended
        with pytest.raises(psycopg.OperationalError):
            party.ask("claim_next", op())
    again = practice.another("cc_c1")
    attempts: tuple[Callable[[], object], ...] = (
        again.sign_in,
        again.claim_next,
        lambda: again.ask("queue", "all", "", 5),
        lambda: again.ask("heartbeat", None, None),
        lambda: again.ask("second_factor", "123456"),
    )
    for attempt in attempts:
        with refused("QC002"):
            attempt()
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["holder"]) == ("ready", None)
    assert practice.c2.claim(card["entry_id"])


def test_policy_a_live_call_goes_on_but_nothing_more_can_be_asked(practice: Practice) -> None:
    card, call = practice.talk(practice.c1)
    suspend(practice, practice.sup, "cc_c1")
    row = practice.call_row(call)
    assert (row["state"], row["hang_up_wanted"]) == ("live", False)
    again = practice.another("cc_c1")
    with refused("QC002"):
        again.verify(call)
    with refused("QC002"):
        again.ask("call", call["id"])
    with refused("QC010"):  # until the call has ended nobody else opens the patient
        practice.c2.claim(card["entry_id"])
    practice.hang_up(call)
    assert practice.c2.claim(card["entry_id"])


def test_policy_suspending_is_written_down_and_told(practice: Practice) -> None:
    suspend(practice, practice.sup, "cc_c1")
    person = f"person/{practice.person_id('cc_c1')}"
    alerts = practice.rows("SELECT kind, object, detail FROM app.alert")
    assert alerts == [("suspended", person, {"reason": REASON})]
    practice.rows("RESET ROLE")
    found = practice.rows(
        "SELECT actor, object, detail FROM audit.event WHERE action = 'person.suspend'"
    )
    assert found == [("cc_sup", person, {"reason": REASON})]


def test_policy_the_suspended_window_is_told_even_where_sessions_cannot_be_ended(
    practice: Practice,
) -> None:
    """A hosted server, or a login that was made by hand: nobody ends the connection, so the
    window is hinted, asks, and is refused."""
    hints: queue.Queue[str] = queue.Queue()
    with practice.superuser() as root:
        root.execute("REVOKE cc_c1 FROM app_owner")
        try:
            with closing(SqlConnector().connect(place(practice, "cc_c1"), PASSWORD)) as window:
                window.sign_in("0.1.0", "test")
                window.listen(hints.put)
                _until_it_listens(practice, "cc_c1")
                answer = suspend(practice, practice.sup, "cc_c1")
                assert "can do nothing any more" in answer["sentence"]
                while hints.get(timeout=10) != "call":
                    pass
                with pytest.raises(SignInRefusedError, match="suspended"):
                    window.heartbeat(None, 0)
        finally:
            root.execute("GRANT cc_c1 TO app_owner")


def test_policy_a_window_whose_connections_were_ended_asks_and_is_refused(
    practice: Practice,
) -> None:
    hints: queue.Queue[str] = queue.Queue()
    with closing(SqlConnector().connect(place(practice, "cc_c1"), PASSWORD)) as window:
        window.sign_in("0.1.0", "test")
        window.listen(hints.put)
        _until_it_listens(practice, "cc_c1")
        suspend(practice, practice.sup, "cc_c1")
        while hints.get(timeout=10) != "call":  # after the gap the listener hints everything
            pass
        with pytest.raises(SignInRefusedError, match="suspended"):
            window.heartbeat(None, 0)


def _until_it_listens(practice: Practice, login: str) -> None:
    with practice.superuser() as root:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND query LIKE 'LISTEN%%'"
        while root.execute(asked, [login]).fetchone() == (0,):
            pass
        # The last of its three channels.
        person = practice.person_id(login).hex
        while root.execute(
            asked.replace("LISTEN%%", f"LISTEN%%{person}%%"), [login]
        ).fetchone() == (0,):
            pass


def test_policy_a_supervisor_suspends_coordinators_only(practice: Practice) -> None:
    for login in ("cc_cli", "cc_adm", "cc_aud", "cc_sup"):
        with refused("QC005"):
            suspend(practice, practice.sup, login)
    assert practice.value("SELECT count(*) FROM app.person WHERE NOT active") == 0


def test_policy_the_administrator_suspends_everybody_but_themself(practice: Practice) -> None:
    for login in ("cc_c1", "cc_sup", "cc_cli", "cc_aud"):
        suspend(practice, practice.adm, login)
    with refused("QC005"):
        suspend(practice, practice.adm, "cc_adm")
    assert practice.value("SELECT count(*) FROM app.person WHERE NOT active") == 4


@pytest.mark.parametrize("who", ["c1", "cli", "aud", "gw"])
def test_policy_nobody_else_suspends(practice: Practice, who: str) -> None:
    with refused("42501"):
        suspend(practice, getattr(practice, who), "cc_c2")


@pytest.mark.parametrize("reason", [None, "", "    ", "abc", "x" * 501])
def test_policy_a_reason_is_asked_for(practice: Practice, reason: str | None) -> None:
    with refused("QC070") as said:
        practice.sup.ask("suspend_person", practice.person_id("cc_c1"), reason, op())
    assert "reason" in said.facts["sentence"]


def test_policy_a_suspended_supervisor_suspends_nobody(practice: Practice) -> None:
    suspend(practice, practice.adm, "cc_sup")
    with refused("QC002"):
        suspend(practice, practice.another("cc_sup"), "cc_c1")


def test_policy_a_resumed_person_signs_in_again(practice: Practice) -> None:
    suspend(practice, practice.sup, "cc_c1")
    answer = resume(practice, practice.sup, "cc_c1")
    assert answer["sentence"] == "Jordan Park may work again."
    assert practice.another("cc_c1").sign_in()["person"]["name"] == "Jordan Park"


def test_suspending_twice_by_one_press_is_done_once(practice: Practice) -> None:
    same = op()
    person = practice.person_id("cc_c1")
    first = practice.sup.ask("suspend_person", person, REASON, same)
    assert practice.sup.ask("suspend_person", person, REASON, same) == first
    with refused("QC040"):
        practice.sup.ask("resume_person", person, REASON, same)
    practice.rows("RESET ROLE")
    count = "SELECT count(*) FROM audit.event WHERE action = 'person.suspend'"
    assert practice.value(count) == 1


def test_suspending_who_is_suspended_changes_nothing(practice: Practice) -> None:
    suspend(practice, practice.sup, "cc_c1")
    assert suspend(practice, practice.sup, "cc_c1")["sentence"] == "Jordan Park is suspended."
    practice.rows("RESET ROLE")
    count = "SELECT count(*) FROM audit.event WHERE action = 'person.suspend'"
    assert practice.value(count) == 1


def test_policy_suspending_ends_what_a_code_opened(practice: Practice) -> None:
    practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id("cc_c1"), SECRET)
    token = practice.c1.ask("second_factor", code_now(SECRET))["token"]
    suspend(practice, practice.sup, "cc_c1")
    resume(practice, practice.sup, "cc_c1")
    with refused("QC006"):
        practice.another("cc_c1").ask("resume_session", token)


def test_people_say_whom_one_may_suspend(practice: Practice) -> None:
    for who, expected in (
        (practice.sup, {"coordinator"}),
        (practice.adm, {"coordinator", "supervisor", "clinician", "auditor"}),
        (practice.aud, set()),
    ):
        rows = who.ask("people")
        assert {r["person"]["role"] for r in rows if r["may_suspend"]} == expected


# ---- the client: a code, a lost link, a fresh login


def require_factor(practice: Practice) -> None:
    practice.rows("UPDATE app.practice SET second_factor = 'required'")
    practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id("cc_sup"), SECRET)


def test_a_window_asks_for_the_code_once_and_not_after_a_lost_link(practice: Practice) -> None:
    require_factor(practice)
    with closing(SqlConnector().connect(place(practice, "cc_sup"), PASSWORD)) as window:
        with pytest.raises(SecondFactorNeededError) as needed:
            window.sign_in("0.1.0", "test")
        assert needed.value.enrolled
        assert needed.value.whole_session
        with pytest.raises(WrongCodeError, match="4 tries left") as wrong:
            window.second_factor(wrong_code(SECRET))
        assert wrong.value.detail == {"tries_left": 4}
        window.second_factor(code_now(SECRET))
        window.sign_in("0.1.0", "test")
        end_connections(practice, "cc_sup")
        assert window.people()
        end_connections(practice, "cc_sup")
        window.sign_out()
        with pytest.raises(SecondFactorNeededError):
            window.people()


def test_a_token_that_ended_does_not_keep_a_coordinator_from_work(practice: Practice) -> None:
    require_factor(practice)
    practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id("cc_c1"), SECRET)
    with closing(SqlConnector().connect(place(practice, "cc_c1"), PASSWORD)) as window:
        window.sign_in("0.1.0", "test")
        window.second_factor(code_now(SECRET))
        practice.rows("DELETE FROM app.elevation")
        end_connections(practice, "cc_c1")
        assert window.callbacks() == ()


def end_connections(practice: Practice, login: str) -> None:
    with practice.superuser() as root:
        asked = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s"
        root.execute(asked, [login]).fetchall()


def session_of(practice: Practice, login: str, secret: bytes | None) -> Session:
    connector, where = SqlConnector(), place(practice, login)
    opened = connector.connect(where, PASSWORD)
    token = opened.second_factor(code_now(secret)) if secret else ""
    signed_in = opened.sign_in("0.1.0", "test")
    desk = WrapUpDesk(opened, MemoryJournal())
    return Session(opened, signed_in, desk, where, connector, token=token)


def test_what_needs_a_fresh_login_gets_one_beside_the_session(practice: Practice) -> None:
    require_factor(practice)
    with practice.superuser() as root:
        root.execute(
            "CREATE FUNCTION api.team_export() RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER "
            "SET search_path = pg_catalog, pg_temp AS $$ BEGIN PERFORM app.me('supervisor'); "
            "PERFORM app.require_fresh_login(); RETURN to_jsonb(pg_backend_pid()); END $$; "
            "ALTER FUNCTION api.team_export() OWNER TO app_owner; "
            "GRANT EXECUTE ON FUNCTION api.team_export() TO supervisor"
        )
        try:
            session = session_of(practice, "cc_sup", SECRET)
            with closing(session):
                # As if the window had been open for long.
                practice.set_rules(fresh_login_minutes=0)
                with pytest.raises(FreshLoginNeededError):
                    session.practice._link.call("team_export")  # type: ignore[attr-defined]
                practice.set_rules(fresh_login_minutes=5)
                first = session.practice._link.call("team_export")  # type: ignore[attr-defined]
                second = session.confirmed(
                    PASSWORD,
                    lambda fresh: fresh._link.call("team_export"),  # type: ignore[attr-defined]
                )
                assert first != second
                with pytest.raises(SignInRefusedError):
                    session.confirmed("wrong", lambda fresh: fresh.people())
                assert session.practice.people()  # the session itself goes on
        finally:
            root.execute("DROP FUNCTION api.team_export()")


def test_a_session_without_a_code_shows_it_with_the_fresh_login(practice: Practice) -> None:
    with closing(session_of(practice, "cc_sup", None)) as session:
        require_factor(practice)
        with pytest.raises(SecondFactorNeededError):
            session.confirmed(PASSWORD, lambda fresh: fresh.people())
        with pytest.raises(WrongCodeError):
            session.confirmed(PASSWORD, lambda fresh: fresh.people(), code=wrong_code(SECRET))
        assert session.confirmed(PASSWORD, lambda fresh: fresh.people(), code=code_now(SECRET))
        # What was shown there counts for the next one, too; and here, once it is shown here.
        assert session.confirmed(PASSWORD, lambda fresh: fresh.people())
        session.show_code(code_now(SECRET, 1))
        assert session.practice.people()


# ---- training, languages, scripts, campaigns


def needs(
    practice: Practice, curriculum: str, version: str = "", since: str = "2027-01-01"
) -> None:
    practice.rows(
        "INSERT INTO app.required_training (role, curriculum, version, effective_from) "
        "VALUES ('coordinator', %s, %s, %s)",
        curriculum,
        version,
        since,
    )


def trained(practice: Practice, curriculum: str, version: str, expires: str = "2028-01-01") -> None:
    practice.rows(
        "INSERT INTO app.training_record (person_id, curriculum, version, completed_on, "
        "expires_on) SELECT id, %s, %s, '2026-06-01', %s FROM app.person WHERE login = 'cc_c1'",
        curriculum,
        version,
        expires,
    )


def test_policy_a_required_training_is_needed_by_name(practice: Practice) -> None:
    needs(practice, "Telephone rules")
    with refused("QC003") as said:
        practice.c1.sign_in()
    assert said.name == "training_missing"
    assert "“Telephone rules”, which is not on record" in said.facts["sentence"]
    practice.sup.sign_in()  # another role
    trained(practice, "Telephone rules", "1")
    practice.c1.sign_in()
    with refused("QC003"):
        practice.c2.sign_in()


@pytest.mark.parametrize(
    ("has", "needed", "enough"),
    [
        ("2026", "2027", False),
        ("2027", "2027", True),
        ("2028", "2027", True),
        ("1.9", "1.10", False),
        ("1.10", "1.9", True),
        ("2", "1.9", True),
        ("spring", "spring", True),
        ("spring", "2", False),
        ("2", "spring", False),
        ("anything", "", True),
    ],
)
def test_policy_an_older_version_is_not_enough(
    practice: Practice, has: str, needed: str, enough: bool
) -> None:
    needs(practice, "Calls", needed)
    trained(practice, "Calls", has)
    if enough:
        practice.c1.sign_in()
        return
    with refused("QC003") as said:
        practice.c1.sign_in()
    assert said.name == "training_old"
    assert f"needs version {needed}" in said.facts["sentence"]
    assert f"yours is version {has}" in said.facts["sentence"]


def test_policy_a_required_training_expires(practice: Practice) -> None:
    needs(practice, "Calls")
    trained(practice, "Calls", "1", "2027-02-28")
    with refused("QC003") as said:
        practice.c1.sign_in()
    assert said.name == "training_expired"
    assert "“Calls” expired on February 28, 2027" in said.facts["sentence"]
    trained(practice, "Calls", "1", "2027-03-01")  # the last day counts
    assert practice.c1.sign_in()["training_expires"] == "2027-03-01"


def test_policy_a_newer_version_holds_from_its_day(practice: Practice) -> None:
    needs(practice, "Calls", "1")
    needs(practice, "Calls", "2", "2027-03-02")
    trained(practice, "Calls", "1")
    practice.c1.sign_in()
    practice.pass_time(days=1)
    with refused("QC003"):
        practice.c1.sign_in()


def test_policy_an_old_but_valid_training_does_not_hide_a_newer_one(practice: Practice) -> None:
    needs(practice, "Calls", "2")
    trained(practice, "Calls", "1", "2029-01-01")
    trained(practice, "Calls", "2", "2027-06-01")
    practice.c1.sign_in()


def test_policy_expired_means_no_claims_and_the_outcome_is_kept(practice: Practice) -> None:
    card, call = practice.talk(practice.c1)
    practice.hang_up(call)
    needs(practice, "Calls")
    answer = practice.c1.finish(call, card, "NO_ANSWER", then_next=True)
    assert answer["recorded"]["result"] == "recorded"
    assert answer["card"] is None
    with refused("QC003"):
        practice.c1.claim_next()


def test_the_administrators_commands(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        code = main(["--database", practice.database.conninfo, *arguments])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    said = run("training", "require", "coordinator", "Calls", "--version", "2")
    assert "needs Calls, version 2 or newer" in said
    assert "8 of them cannot work" in said
    with refused("QC003"):
        practice.c1.sign_in()
    run(
        "user",
        "train",
        "cc_c1",
        "--curriculum",
        "Calls",
        "--version",
        "2",
        "--expires",
        "2028-01-01",
    )
    practice.c1.sign_in()
    assert "no longer needs" in run("training", "release", "coordinator", "Calls")
    practice.c2.sign_in()
    assert "did not need" in run("training", "release", "coordinator", "Calls")
    run("user", "certify", "cc_c1", "--language", "es", "--expires", "2027-12-31")
    run("user", "certify", "cc_c1", "--script", "recall", "--expires", "2027-03-02")
    assert "cc_c1 works Recall" in run("user", "assign", "cc_c1", "Recall")
    assert "already" in run("user", "assign", "cc_c1", "Recall")
    run("user", "factor", "cc_c1")
    practice.pass_time(days=2)
    listed = run("user", "list")
    for words in (
        "Calls 2, HIPAA 2027 until 2028-01-01",
        "language es: valid until 2027-12-31",
        "script recall: expired 2027-03-02",
        "campaigns: Recall",
        "authenticator app: set up",
    ):
        assert words in listed
    (row,) = [r for r in practice.sup.ask("people") if r["person"]["login"] == "cc_c1"]
    assert row["campaigns"] == ["Recall"]
    assert row["second_factor"] is True
    assert [(c["name"], c["expired"]) for c in row["credentials"]] == [
        ("es", False),
        ("recall", True),
    ]
    run("user", "unassign", "cc_c1", "Recall")
    assert "did not work on" in run("user", "unassign", "cc_c1", "Recall")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("certify", "cc_c1", "--script", "nonsense", "--expires", "2099-01-01"), "recall"),
        (("certify", "cc_c1", "--language", "es", "--expires", "2020-01-01"), "past"),
        (("certify", "nobody", "--language", "es", "--expires", "2099-01-01"), "user list"),
        (("assign", "cc_c1", "Nothing"), "campaign list"),
        (("factor", "nobody"), "user list"),
        (("unlock", "nobody"), "user list"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    practice: Practice,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    assert main(["--database", practice.database.conninfo, "user", *arguments]) == 1
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_the_people_page_gets_all_of_it(practice: Practice) -> None:
    with closing(SqlConnector().connect(place(practice, "cc_adm"), PASSWORD)) as window:
        window.sign_in("0.1.0", "test")
        (row,) = [one for one in window.people() if one.person.login == "cc_c1"]
        assert row.training == "HIPAA 2027"
        assert row.training_expires == date(2028, 1, 1)
        assert row.training_problem == ""
        assert row.may_suspend
        changed = window.suspend_person(row.person.id, REASON, op())
        assert not changed.person.active
        changed = window.resume_person(row.person.id, "is back at work", op())
        assert changed.person.active
        assert changed.person.may_suspend
