"""Policies of the coordinator's ear: who chooses it, and who gets a token for what."""

from __future__ import annotations

import hashlib
import hmac
import io
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.jwt.access_token import AccessToken

from coordinator_app.cli import main
from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.doctor_line import ear_checks
from coordinator_app.domain.ear import EarKind
from coordinator_app.domain.line_test import LineFinding, Part, Verdict
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import RefusedError
from tests.helpers.db_practice import OFFICE, PASSWORD, op, refused
from tests.helpers.totp import code_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.db_practice import Party, Practice

ACCOUNT = "AC" + "0123456789abcdef" * 2
KEY = "SK" + "fedcba9876543210" * 2
SECRET = "aSecretOf32LettersFromTheCarrier"
FACTOR = b"a secret of 20 bytes"


def make_real(practice: Practice) -> None:
    """Let it be no demo, with a real line (a practice stays what it was made as: test only)."""
    with practice.superuser() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("UPDATE app.practice SET is_demo = false, clock_offset = '0'")
    practice.gw.ask("gateway_beat", {"state": "ok", "is_practice_line": False, "sentence": "Up."})


def give_key(practice: Practice) -> None:
    practice.rows("SELECT app.store_softphone_key(%s, %s, %s)", ACCOUNT, KEY, SECRET)


def events(practice: Practice, action: str) -> list[dict[str, Any]]:
    with practice.superuser() as server:
        rows = server.execute("SELECT detail FROM audit.event WHERE action = %s", [action])
        return [row[0] for row in rows]


def choose(who: Party, endpoint: str) -> Any:
    return who.ask("choose_ear", endpoint, op())


# ---- the arithmetic


@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [  # RFC 4231, 4.2, 4.3, 4.7
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_rfc_4231_hmac_sha256(practice: Practice, key: bytes, data: bytes, digest: str) -> None:
    assert practice.value("SELECT encode(app.hmac_sha256(%s, %s), 'hex')", key, data) == digest


@given(key=st.binary(max_size=150), data=st.binary(max_size=300))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hmac_is_that_of_everybody(practice: Practice, key: bytes, data: bytes) -> None:
    expected = hmac.new(key, data, hashlib.sha256).digest()
    assert practice.value("SELECT app.hmac_sha256(%s, %s)", key, data) == expected


# ---- the token


def test_policy_a_token_lets_one_be_called_for_ten_minutes_and_nothing_else(
    practice: Practice,
) -> None:
    make_real(practice)
    give_key(practice)
    answer = practice.c1.ask("softphone_token")
    identity = practice.person_id("cc_c1").hex
    assert (answer["identity"], answer["seconds"]) == (identity, 600)
    assert answer["is_practice_line"] is False
    claims = jwt.decode(answer["token"], SECRET, algorithms=["HS256"])
    assert claims["grants"] == {"identity": identity, "voice": {"incoming": {"allow": True}}}
    assert (claims["iss"], claims["sub"]) == (KEY, ACCOUNT)
    assert claims["jti"].startswith(f"{KEY}-")
    assert abs(claims["exp"] - time.time() - 600) < 5
    assert 0 <= time.time() - claims["nbf"] < 60
    header = jwt.get_unverified_header(answer["token"])
    assert header == {"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"}
    assert events(practice, "softphone.token") == [{"key": KEY[-4:], "practice_line": False}]


def test_the_carriers_own_library_reads_the_token(practice: Practice) -> None:
    make_real(practice)
    give_key(practice)
    token = practice.sup.ask("softphone_token")["token"]
    read = AccessToken.from_jwt(token, SECRET)  # type: ignore[no-untyped-call]
    assert read.payload["grants"]["voice"] == {"incoming": {"allow": True}}
    for wrong in (SECRET[:-1] + "X", SECRET + "x", "x" * 32):
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, wrong, algorithms=["HS256"])


def test_policy_on_the_practice_line_no_carrier_would_take_the_token(practice: Practice) -> None:
    give_key(practice)
    first, second = (practice.c1.ask("softphone_token") for _ in range(2))
    assert first["is_practice_line"] is True
    claims = jwt.decode(first["token"], options={"verify_signature": False})
    assert claims["sub"].startswith("AC" + "feed" * 4)
    assert claims["iss"].startswith("SK" + "feed" * 4)
    for token in (first["token"], second["token"]):
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, SECRET, algorithms=["HS256"])


def test_policy_without_a_key_or_line_there_is_no_token(practice: Practice) -> None:
    make_real(practice)
    with refused("QC120"):
        practice.c1.ask("softphone_token")
    assert practice.c1.ask("my_ear")["softphone_ready"] is False
    give_key(practice)
    assert practice.c1.ask("my_ear")["softphone_ready"] is True
    assert practice.c1.ask("softphone_token")["token"]


def test_policy_who_may_not_work_gets_no_token(practice: Practice) -> None:
    for other in (practice.cli, practice.adm, practice.aud, practice.gw, practice.nobody):
        with refused("42501"):
            other.ask("softphone_token")
    practice.rows("UPDATE app.person SET active = false WHERE login = 'cc_c1'")
    with refused("QC002"):
        practice.c1.ask("softphone_token")
    practice.rows("UPDATE app.training_record SET expires_on = '2027-02-01'")
    with refused("QC003"):
        practice.c2.ask("softphone_token")


def test_policy_tokens_are_metered_and_a_rollback_gives_none_back(practice: Practice) -> None:
    party = practice.c1
    for _ in range(15):
        party.ask("softphone_token")
    party.run("BEGIN")
    for _ in range(15):
        party.ask("softphone_token")
    party.run("ROLLBACK")
    with refused("QC121") as said:
        party.ask("softphone_token")
    assert said.facts["minutes"] == 2
    assert practice.c2.ask("softphone_token")["token"], "everybody has an allowance of their own"


def test_no_login_reads_the_secret(practice: Practice) -> None:
    give_key(practice)
    for login in ("c1", "sup", "cli", "adm", "aud", "gw", "nobody"):
        for asked in (
            "SELECT secret FROM app.softphone_key",
            "TABLE app.softphone_key",
            "SELECT app.access_token('{}', 'x')",
            "SELECT app.key_view()",
            "SELECT app.store_softphone_key('AC', 'SK', 'x')",
        ):
            with refused("42501"):
                getattr(practice, login).run(asked)
    for said in (practice.sup.ask("softphone_key"), practice.adm.ask("softphone_key")):
        assert said["key_sid"] == KEY
        assert SECRET not in str(said)
    assert SECRET not in str(events(practice, "softphone.key"))


# ---- the key


def test_policy_a_key_needs_the_second_factor_and_a_login_of_just_now(practice: Practice) -> None:
    given = (ACCOUNT, KEY, SECRET)
    for other in (practice.c1, practice.cli, practice.aud, practice.gw):
        with refused("42501"):
            other.ask("set_softphone_key", *given, op())
    practice.rows("UPDATE app.practice SET second_factor = 'required'")
    practice.rows("SELECT app.enroll_second_factor(%s, %s)", practice.person_id("cc_adm"), FACTOR)
    with refused("QC006"):
        practice.adm.ask("set_softphone_key", *given, op())
    assert practice.adm.ask("second_factor", code_now(FACTOR))["ok"]
    assert practice.adm.ask("set_softphone_key", *given, op())["key_sid"] == KEY
    practice.set_rules(fresh_login_minutes=0)
    with refused("QC007"):
        practice.adm.ask("set_softphone_key", *given, op())
    with refused("QC007"):
        practice.adm.ask("clear_softphone_key", op())


def test_a_key_is_kept_replaced_and_taken_away(practice: Practice) -> None:
    operation = op()
    first = practice.sup.ask("set_softphone_key", ACCOUNT, KEY, SECRET, operation)
    assert (first["account_sid"], first["set_by"]) == (ACCOUNT, "cc_sup")
    assert practice.sup.ask("set_softphone_key", ACCOUNT, KEY, SECRET, operation) == first
    with refused("QC040"):
        practice.sup.ask("set_softphone_key", ACCOUNT, KEY, SECRET + "x", operation)
    other = "SK" + "1" * 32
    assert practice.adm.ask("set_softphone_key", ACCOUNT, other, SECRET, op())["key_sid"] == other
    assert practice.value("SELECT count(*) FROM app.softphone_key") == 1
    assert practice.adm.ask("clear_softphone_key", op())["key_sid"] == ""
    assert practice.adm.ask("clear_softphone_key", op())["key_sid"] == ""
    assert len(events(practice, "softphone.key")) == 2
    assert len(events(practice, "softphone.key_cleared")) == 1


@pytest.mark.parametrize(
    ("account", "key", "secret"),
    [
        ("AC12", KEY, SECRET),
        (ACCOUNT.upper(), KEY, SECRET),
        (ACCOUNT, ACCOUNT, SECRET),
        (ACCOUNT, KEY, "short"),
        (ACCOUNT, KEY, "with a space in it, which is long"),
        ("AC" + "feed" * 8, KEY, SECRET),
        (ACCOUNT, "SK" + "feed" * 8, SECRET),
        (None, None, None),
    ],
)
def test_what_is_no_key_is_refused(
    practice: Practice, account: str | None, key: str | None, secret: str | None
) -> None:
    with refused("QC070") as said:
        practice.sup.ask("set_softphone_key", account, key, secret, op())
    assert said.facts["sentence"].endswith(".")
    assert practice.value("SELECT count(*) FROM app.softphone_key") == 0


def test_the_command_reads_the_secret_from_standard_input(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["--database", practice.database.conninfo, "softphone", *words])
        out, err = capsys.readouterr()
        return code, out + err

    given = ("set", "--account", ACCOUNT, "--key", KEY)
    assert "No key is set" in run("status")[1]
    assert run(*given)[0] == 1, "nothing came"
    code, said = run(*given, typed=f"{SECRET}\n")
    assert (code, KEY in said, SECRET in said) == (0, True, False)
    assert practice.value("SELECT secret FROM app.softphone_key") == SECRET
    code, said = run("status")
    assert (ACCOUNT in said, SECRET in said) == (True, False)
    assert run("set", "--account", "AC1", "--key", KEY, typed=SECRET)[0] == 1
    with pytest.raises(SystemExit):
        run(*given, "--secret", SECRET)
    capsys.readouterr()
    assert run("clear")[0] == 0
    assert "no key" in run("clear")[1]


# ---- the choice


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("client", "softphone"),
        ("+16175559001", "phone"),
        ("sip:maya@phones.example.com", "sip"),
        ("sip:maya.chen@phones.example.com:5061;transport=tls", "sip"),
    ],
)
def test_policy_one_chooses_where_one_hears_the_calls(
    practice: Practice, endpoint: str, kind: str
) -> None:
    chosen = choose(practice.c1, endpoint)
    assert (chosen["kind"], chosen["office_number"]) == (kind, OFFICE)
    assert chosen["address"] == ("" if kind == "softphone" else endpoint)
    assert practice.c1.ask("my_ear") == chosen
    assert practice.c2.ask("my_ear")["kind"] == "softphone", "nobody else's"
    _, call = practice.talk(practice.c1)
    asked = practice.value("SELECT agent_endpoint FROM app.call WHERE id = %s", call["id"])
    assert asked == endpoint
    logged = events(practice, "ear.choose")
    assert logged == ([] if kind == "softphone" else [{"kind": kind}]), "and no private number"


@pytest.mark.parametrize(
    "endpoint",
    [
        None,
        "",
        "6175559001",
        "+911",
        "+19115551234",
        "+16174115123",
        "+19005551234",
        "+16179765123",
        "+18005551234",
        "+442071838750",
        "+1617555900",
        "+161755590011",
        OFFICE,
        "client:somebody",
        "client:00000000000000000000000000000000",
        "tel:+16175559001",
        "sips:maya@example.com",
        "sip:maya",
        "sip:@example.com",
        "sip:maya@",
        "sip:maya@exa mple.com",
        "sip:maya:secret@example.com",
        "sip:maya@example.com?X-Header=1",
        "sip:maya@example.com;maddr=10.0.0.1",
        "sip:maya@example.com;transport=tls;x=y",
        "sip:maya@example.com:99999",
        "sip:maya@example.com\nsip:other@example.com",
        "sip:maya@" + "a" * 300 + ".com",
        "sip:<Dial>@example.com",
    ],
)
def test_policy_nothing_else_is_an_ear(practice: Practice, endpoint: str | None) -> None:
    with refused("QC070") as said:
        practice.c1.ask("choose_ear", endpoint, op())
    assert said.facts["field"] == "endpoint"
    assert practice.c1.ask("my_ear")["kind"] == "softphone"


@pytest.mark.parametrize(
    "endpoint",
    [
        "+16175550142",
        "sip:maya@phones",
        "sip:maya@localhost",
        "sip:maya@127.0.0.1:5080",
        "sip:maya@192.168.1.20",
        "sip:maya@172.20.1.1",
        "sip:maya@pbx.office.local",
    ],
)
def test_what_only_a_practice_line_reaches_is_refused_on_a_real_one(
    practice: Practice, endpoint: str
) -> None:
    assert choose(practice.c1, endpoint)["address"] == endpoint
    choose(practice.c1, "client")
    make_real(practice)
    with refused("QC070"):
        choose(practice.c1, endpoint)


def test_policy_the_ear_stays_while_a_call_is_up(practice: Practice) -> None:
    card, call = practice.talk(practice.c1)
    with refused("QC022") as said:
        choose(practice.c1, "+16175559001")
    assert "on a call" in said.facts["sentence"]
    practice.hang_up(call)
    practice.c1.finish(call, card, "TECHNICAL")
    assert choose(practice.c1, "+16175559001")["kind"] == "phone"


def test_a_choice_made_twice_is_made_once(practice: Practice) -> None:
    operation = op()
    first = practice.c1.ask("choose_ear", "+16175559001", operation)
    choose(practice.c1, "client")
    assert practice.c1.ask("choose_ear", "+16175559001", operation) == first
    assert practice.c1.ask("my_ear")["kind"] == "softphone"
    with refused("QC040"):
        practice.c1.ask("choose_ear", "+16175559002", operation)


def test_policy_who_does_not_call_has_no_ear(practice: Practice) -> None:
    asked: tuple[Callable[[Party], object], ...] = (
        lambda who: who.ask("my_ear"),
        lambda who: choose(who, "client"),
        lambda who: who.ask("line_probe"),
        lambda who: who.ask("keep_line_test", [{"key": "ear"}], op()),
    )
    for who in (practice.cli, practice.adm, practice.aud, practice.gw, practice.nobody):
        for ask in asked:
            with refused("42501"):
                ask(who)


def test_the_table_takes_nothing_else_either(practice: Practice) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        practice.rows("UPDATE app.person SET agent_endpoint = 'tel:911'")


# ---- the line test


def finding(key: str, state: str, sentence: str = "Use a cable.") -> dict[str, str]:
    return {"key": key, "state": state, "sentence": sentence}


def line_test_of(practice: Practice, login: str) -> Any:
    people = practice.sup.ask("people")
    return next(row["line_test"] for row in people if row["person"]["login"] == login)


def test_a_probe_says_how_the_database_is_reached(practice: Practice) -> None:
    said = practice.c1.ask("line_probe")
    assert said["server"][:2].isdigit()
    assert said["tls"] == "", "the server of the tests is on this computer, without TLS"
    assert said["line"]["state"] == "ok"
    assert said["ear"]["kind"] == "softphone"
    assert abs(practice.value("SELECT extract(epoch FROM now() - %s::timestamptz)", said["at"])) < 9


def test_since_when_the_line_is_so_is_said_in_the_practices_time(practice: Practice) -> None:
    practice.rows("DELETE FROM app.gateway_health")
    since = datetime.now(UTC) - timedelta(minutes=10)  # the gateway lives in real time
    health = {"state": "ok", "is_practice_line": True, "sentence": "", "since": since.isoformat()}
    practice.gw.ask("gateway_beat", health)
    said = datetime.fromisoformat(practice.c1.ask("line_probe")["line"]["since"])
    assert abs(practice.now() - said - timedelta(minutes=10)) < timedelta(seconds=30)


def test_a_supervisor_sees_the_newest_line_test_of_a_shift(practice: Practice) -> None:
    practice.c1.sign_in()
    assert line_test_of(practice, "cc_c1") is None
    lines = [finding("ear", "ok"), finding("network", "bad", "Lost."), finding("line", "bad")]
    assert practice.c1.ask("keep_line_test", lines, op()) == {"worst": "bad"}
    kept = line_test_of(practice, "cc_c1")
    assert (kept["worst"], kept["finding"]) == ("bad", "Lost.")
    assert line_test_of(practice, "cc_c2") is None
    practice.c1.ask("keep_line_test", [finding("ear", "ok")], op())
    assert line_test_of(practice, "cc_c1")["finding"] == "", "the newest of the shift"
    assert practice.value("SELECT count(*) FROM app.line_test") == 1


def test_a_line_test_needs_a_shift_and_findings(practice: Practice) -> None:
    with refused("QC070") as said:
        practice.c1.ask("keep_line_test", [finding("ear", "ok")], op())
    assert "Sign in" in said.facts["sentence"]
    practice.c1.sign_in()
    odd: tuple[list[dict[str, str]], ...] = (
        [finding("birth_date", "ok")],
        [finding("ear", "splendid")],
        [finding("ear", "ok", "")],
        [finding("ear", "ok", "x" * 401)],
        [finding("ear", "ok")] * 13,
    )
    for lines in odd:
        with refused("QC070"):
            practice.c1.ask("keep_line_test", lines, op())


def test_policy_a_change_in_the_shift_lets_the_old_ear_go(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.c1.ask("connect_phone", op())
    legs = "SELECT wanted FROM app.agent_leg WHERE person_id = %s"
    mine = practice.person_id("cc_c1")
    assert practice.value(legs, mine) is True
    choose(practice.c1, "client")
    assert practice.value(legs, mine) is True, "nothing has changed"
    choose(practice.c1, "+16175559001")
    assert practice.value(legs, mine) is False
    practice.c1.ask("connect_phone", op())
    assert practice.c1.ask("my_phone")["endpoint"] == "+16175559001"


def test_doctor_tells_of_ears_that_cannot_hear(practice: Practice) -> None:
    def told() -> list[str]:
        return [check.what for check in ear_checks(practice.owner.connection)]

    assert told() == [], "nothing is heard on a practice line"
    make_real(practice)
    assert told() == ["People who hear calls in the program: 9; no key for the softphone is set."]
    choose(practice.c1, "+16175559001")
    assert "program: 8;" in told()[0]
    give_key(practice)
    assert told() == []


def test_the_windows_side_reads_every_answer(practice: Practice) -> None:
    """Through the adapter: what the database says is what the window's types say."""
    where = practice.database
    place = Connection("Test", where.host, where.port, where.name, "cc_sup", TlsMode.LOOPBACK)
    with closing(SqlConnector().connect(place, PASSWORD)) as person:
        person.sign_in("0.1.0", "test")
        assert person.my_ear().kind is EarKind.SOFTPHONE
        chosen = person.choose_ear("+16175559001", op())
        assert (chosen.kind, chosen.address) == (EarKind.PHONE, "+16175559001")
        with pytest.raises(RefusedError, match="sip:name@host"):
            person.choose_ear("sip:x", op())
        token = person.softphone_token()
        assert (token.seconds, token.is_practice_line) == (600, True)
        probe = person.line_probe()
        assert (probe.line.state, probe.ear.kind) == ("ok", EarKind.PHONE)
        finding = LineFinding(Part.NETWORK, Verdict.BAD, "Your connection loses 9 %.")
        person.keep_line_test((finding,), op())
        row = next(row for row in person.people() if row.person.login == "cc_sup")
        assert row.line_test is not None
        assert (row.line_test.worst, row.line_test.finding) == (Verdict.BAD, finding.sentence)
        assert person.softphone_key().set_at is None
        assert person.set_softphone_key(ACCOUNT, KEY, SECRET, op()).key_sid == KEY
        assert person.clear_softphone_key(op()).key_sid == ""
