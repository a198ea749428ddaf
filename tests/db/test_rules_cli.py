"""coordinator-admin rules, numbers, agreement: rules are dated rows, never rewritten."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from coordinator_app.cli import main
from tests.helpers.db_practice import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.helpers.db_practice import Practice

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(practice: Practice, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on this test's practice; returns exit code, stdout, stderr."""

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(["--database", practice.database.conninfo, *arguments])
        return code, *capsys.readouterr()

    return command


CAP = {"kind": "cap_day", "from": "2027-03-02", "number": 1, "citation": "x"}


def hours(day: str, **more: object) -> dict[str, Any]:
    return {
        "jurisdiction": "MA",
        "from": day,
        "mon_fri": ["11:00", "15:00"],
        "sat": None,
        "sun": None,
        "on_holidays": False,
        "citation": "Bill 7",
        **more,
    }


def pack_file(folder: Path, **parts: object) -> Path:
    path = folder / "pack.json"
    path.write_text(json.dumps({"version": "2027-04-01", **parts}), "utf-8")
    return path


def test_a_rule_gets_another_number_and_keeps_the_old_one_for_the_old_days(
    practice: Practice, run: Run
) -> None:
    before = run("rules", "list", "--state", "*")[1]
    assert "CAP_WEEK" in before
    assert "policy: three attempts in 7 days" in before
    code, out, err = run("rules", "set", "cap_week", "2", "--citation", "decision of March 1")
    assert (code, err) == (0, "")
    assert "cap_week is 2" in out
    told = run("rules", "list")[1]
    assert "CAP_WEEK.2027-03-01" in told
    assert "decision of March 1" in told
    assert "three attempts" not in told
    assert "three attempts" in run("rules", "list", "--on", "2027-02-28")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "cap_wek", "2", "--citation", "x"), "There is no rule cap_wek"),
        (("set", "cap_week", "2", "--citation", "x", "--from", "2027-02-28"), "begins today"),
        (("set", "cap_week", "-5", "--citation", "x"), "cap_week cannot be -5"),
        (("set", "cap_week", "99999999999", "--citation", "x"), "cap_week cannot be"),
        (("set", "cap_week", "2", "--state", "Illinois", "--citation", "x"), "two letters"),
        (("set", "charts_per_hour", "9", "--state", "MA", "--citation", "x"), "holds everywhere"),
        (("blackout", "2027-04-01", "--state", "ZZ", "--reason", "x"), "no state ZZ"),
        (("blackout", "2027-02-28", "--reason", "storm"), "begins today"),
        (("load", "nowhere.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_with_a_sentence(
    run: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = run("rules", *arguments)
    assert (code, out) == (1, "")
    assert sentence in err


def test_a_pack_changes_hours_from_its_day_on_and_the_gate_follows(
    practice: Practice, run: Run, tmp_path: Path
) -> None:
    entry = practice.entry_of(1)
    tomorrow = (practice.now() + timedelta(days=1)).date().isoformat()
    path = pack_file(tmp_path, hours=[hours(tomorrow)], blackouts=[
        {"jurisdiction": "MA", "day": "2027-03-04", "reason": "storm"}
    ])  # fmt: skip
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    code, out, err = run("rules", "load", str(path), "--sha256", sha256, "--dry-run")
    assert (code, err) == (0, "")
    assert "Nothing was changed" in out
    assert practice.value("SELECT count(*) FROM app.calling_rule WHERE jurisdiction = 'MA'") == 1
    assert run("rules", "load", str(path), "--sha256", sha256)[0] == 0
    assert practice.gate(entry)["hours"] is True  # 10:00 today: the old row
    practice.pass_time(days=1)
    assert practice.gate(entry)["hours"] is False  # 10:00 tomorrow: the new one
    practice.pass_time(hours=1)
    assert practice.gate(entry)["hours"] is True
    practice.pass_time(days=2)
    assert practice.gate(entry)["hours"] is False  # the storm
    assert "Bill 7" in run("rules", "list", "--state", "MA")[1]
    card = practice.c1.claim(entry)
    with refused("QC020"):
        practice.c1.dial(card)
    pack = practice.value("SELECT rule_pack FROM app.dial_refusal")
    note = practice.value("SELECT note FROM app.rule_pack WHERE version = %s", pack)
    assert sha256 in note


def test_a_pack_with_another_hash_than_announced_is_refused(
    practice: Practice, run: Run, tmp_path: Path
) -> None:
    path = pack_file(tmp_path, hours=[hours("2027-03-02")])
    code, _, err = run("rules", "load", str(path), "--sha256", "0" * 64)
    assert code == 1
    assert "not the file that was announced" in err
    assert practice.value("SELECT count(*) FROM app.calling_rule WHERE jurisdiction = 'MA'") == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"hours": [hours("2027-02-01")]},
        {"hours": [hours("2027-03-02", citation="")]},
        {"hours": [hours("2027-03-02", jurisdiction="XX")]},
        {"hours": [hours("2027-03-02", mon_fri=["late", "later"])]},
        {"hours": [hours("never")]},
        {"hours": [hours("2027-03-02", mon_fri="11:00")]},
        {"hours": [hours("2027-03-02", mon_fri=["11:00"])]},  # no end: it would never close
        {"hours": [hours("2027-03-02", sat=["11:00", None])]},
        {"hours": [hours("2027-03-02", sun=[None, "15:00"])]},
        {"hours": [hours("2027-03-02", mon_fri=["15:00", "11:00"])]},  # no gate could be asked
        {"hours": [hours("2027-03-02", mon_fri=["07:59", "11:00"])]},
        {"hours": [hours("2027-03-02", sat=["11:00", "21:01"])]},
        {"numbers": [{"kind": "cap_day", "from": "2027-03-02", "number": -1, "citation": "x"}]},
        {"numbers": [{"kind": "nothing", "from": "2027-03-02", "number": 1, "citation": "x"}]},
        {"numbers": ["cap_day"]},
        {"numbers": [{**CAP, "jurisdiction": "Illinois"}]},
        {"numbers": [{**CAP, "number": 99_999_999_999}]},
        {"blackouts": [{"jurisdiction": "ZZ", "day": "2027-04-01", "reason": "x"}]},
        {"holidays": [{"jurisdiction": "MA", "day": "2027-02-30", "name": "x"}]},
        {"blackouts": [{"jurisdiction": "MA", "day": None, "reason": "x"}]},
        {"numbers": [{**CAP, "kind": "charts_per_hour", "jurisdiction": "MA"}]},
        {"holidays": [{"jurisdiction": "MA", "day": "2027-02-28", "name": "x"}]},
        {"blackouts": [{"jurisdiction": "MA", "day": "2027-02-28", "reason": "x"}]},
        {"holidays": ["2027-04-01"]},
        {"blackouts": [None]},
        {"surprise": []},
        {"hours": {}},
    ],
)
def test_a_pack_with_one_bad_row_changes_nothing(
    practice: Practice, run: Run, tmp_path: Path, parts: dict[str, object]
) -> None:
    good = {"numbers": [{"kind": "cap_week", "from": "2027-03-02", "number": 1, "citation": "x"}]}
    before = practice.value("SELECT app.rule_content_hash()")
    code, out, err = run("rules", "load", str(pack_file(tmp_path, **{**good, **parts})))
    assert (code, out) == (1, "")
    assert err.strip()
    assert practice.value("SELECT app.rule_content_hash()") == before


def test_hours_that_do_not_speak_of_the_states_cap_and_holidays_leave_both(
    practice: Practice, run: Run, tmp_path: Path
) -> None:
    row = hours("2027-03-02", jurisdiction="FL")
    del row["on_holidays"]
    assert run("rules", "load", str(pack_file(tmp_path, hours=[row])))[0] == 0
    kept = practice.rows(
        "SELECT cap_24h, on_holidays FROM app.calling_rule "
        "WHERE jurisdiction = 'FL' AND NOT isempty(effective) ORDER BY lower(effective)"
    )
    assert kept[0] == kept[-1]
    assert len(kept) > 1


@pytest.mark.parametrize("rule", ["cap_day", "cap_week", "cap_24h", "contact_budget_week"])
def test_a_states_own_cap_holds_there_and_only_when_it_is_stricter(
    practice: Practice, run: Run, rule: str
) -> None:
    entry = practice.entry_of(1)
    check = rule.removesuffix("_week") if rule.startswith("contact") else rule
    for state, number, open_ in (("RI", "0", True), ("MA", "99", True), ("MA", "0", False)):
        assert run("rules", "set", rule, number, "--state", state, "--citation", "x")[0] == 0
        assert practice.gate(entry)[check] is open_
    card = practice.c1.claim(entry)
    assert run("rules", "set", rule, "99", "--state", "MA", "--citation", "x")[0] == 0
    call = practice.c1.dial(card)
    assert call["state"] == "requested"
    assert run("rules", "set", rule, "99", "--citation", "x")[0] == 0
    assert run("rules", "set", rule, "1", "--state", "MA", "--citation", "x")[0] == 0
    assert practice.gate(entry)[check] is False  # one call is all of them


@pytest.mark.parametrize(
    ("rule", "number"), [("recording_one_party", "0"), ("recording_notice_recorded", "1")]
)
def test_a_states_law_of_recording_is_set_as_the_administrators_page_says(
    practice: Practice, run: Run, rule: str, number: str
) -> None:
    assert run("rules", "set", rule, number, "--state", "RI", "--citation", "Bill 9")[0] == 0
    assert practice.rows(
        "SELECT number, citation FROM app.rule WHERE kind = %s AND jurisdiction = 'RI'", rule
    ) == [(int(number), "Bill 9")]


def test_a_pack_may_repeat_the_days_it_had_before(
    practice: Practice, run: Run, tmp_path: Path
) -> None:
    path = pack_file(tmp_path, holidays=[{"jurisdiction": "MA", "day": "2027-03-02", "name": "x"}])
    assert run("rules", "load", str(path))[0] == 0
    practice.pass_time(days=5)
    assert run("rules", "load", str(path))[0] == 0


def test_numbers_are_taken_from_a_file_and_bad_lines_are_counted(
    practice: Practice, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("617-555-9001,yes\n(617) 555-9002,No data\nabc,no\n617-555-9003,maybe\n\n")
    code, out, err = run("numbers", "reassigned", str(path))
    assert (code, err) == (0, "")
    assert "2 numbers recorded" in out
    assert "2 lines" in out
    assert practice.gate(practice.entry_of(1))["number"] is False
    assert practice.gate(practice.entry_of(2))["reassigned"] is True
    assert "1 numbers recorded" in run("numbers", "dnc", str(path))[1]
    assert run("numbers", "dnc", str(tmp_path / "none.csv"))[0] == 1


def test_a_confidential_request_chooses_the_number_and_can_be_withdrawn(
    practice: Practice, run: Run
) -> None:
    entry = practice.entry_of(1)
    other = "617-253-1000"
    assert run("numbers", "confidential", "1", "--number", other)[0] == 0
    card = practice.c1.claim(entry)
    usable = {phone["e164"]: phone["usable"] for phone in card["phones"]}
    assert usable == {"+16172531000": True, "+16175559001": False}
    assert card["permissions"]["voicemail"] == "V0"
    assert "(617) 253-1000 only" in card["permissions"]["note"]
    assert run("numbers", "confidential", "1", "--no-telephone")[0] == 0
    assert practice.gate(entry)["confidential"] is False
    assert run("numbers", "confidential", "47110001", "--withdrawn")[0] == 0
    assert practice.gate(entry)["confidential"] is True
    code, _, err = run("numbers", "confidential", "nobody", "--no-telephone")
    assert code == 1
    assert "No patient" in err


def test_an_agreement_with_the_carrier_opens_a_real_line(practice: Practice, run: Run) -> None:
    entry = practice.entry_of(1)
    real = {"state": "ok", "is_practice_line": False, "sentence": ""}
    practice.gw.ask("gateway_beat", real)
    assert practice.gate(entry)["carrier_agreement"] is False
    signed = ("--vendor", "Carrier", "--signed-by", "Dr. Okafor", "--evidence", "folder 3")
    assert run("agreement", "sign", "carrier", *signed)[0] == 0
    assert practice.gate(entry)["carrier_agreement"] is True
    practice.pass_time(days=366)
    practice.gw.ask("gateway_beat", real)
    assert practice.gate(entry)["carrier_agreement"] is False
