"""Policies of callbacks, the call log, the board, people, imports, and of signing in."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.helpers.db_practice import LOGINS, PEOPLE, connect, op, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.db_practice import Party, Practice


def promise(practice: Practice, who: Party, number: int, minutes: int = 120) -> dict[str, Any]:
    """A callback promised by this coordinator to the n-th patient."""
    card, call = practice.talk(who, number)
    at = (practice.now() + timedelta(minutes=minutes)).isoformat()
    who.finish(call, card, "CALLBACK_AT", {"callback_at": at, "note": "likes mornings"})
    practice.hang_up(call)
    return next(row for row in who.ask("callbacks") if row["entry_id"] == card["entry_id"])


def test_policy_a_callback_is_its_owners_until_30_minutes_after(practice: Practice) -> None:
    mine = promise(practice, practice.c1, 3)
    practice.pass_time(hours=2, minutes=1)
    with refused("QC010") as said:
        practice.c2.claim(mine["entry_id"])
    assert said.facts == {"by": "Jordan Park"}
    assert practice.c2.claim_next()["card"]["entry_id"] != mine["entry_id"]
    practice.pass_time(minutes=30)
    assert practice.c2.claim_next()["card"]["entry_id"] == mine["entry_id"]


def test_policy_ones_due_callback_comes_before_the_best_score(practice: Practice) -> None:
    mine = promise(practice, practice.c1, 3)
    practice.rows("UPDATE app.queue_entry SET score = 99 WHERE state = 'ready'")
    practice.pass_time(hours=2, seconds=1)
    assert practice.c1.claim_next()["card"]["entry_id"] == mine["entry_id"]


def test_policy_a_supervisor_may_take_anybodys_callback(practice: Practice) -> None:
    mine = promise(practice, practice.c1, 3)
    assert practice.sup.claim(mine["entry_id"])["entry_id"] == mine["entry_id"]


def test_policy_calls_leave_the_practice_on_a_login_of_just_now_and_are_marked(
    practice: Practice,
) -> None:
    mark = practice.sup.ask("export_calls", {"outcome": "BOOKED", "text": "Zyx1"}, 12)
    assert mark.startswith("Exported by Val Stone from Lakeside Family Medicine on 2027-03-01")
    with practice.superuser() as root:
        row = root.execute(
            "SELECT actor, detail FROM audit.event WHERE action = 'call_log.export'"
        ).fetchone()
    assert row is not None
    assert (row[0], row[1]["rows"]) == ("cc_sup", 12)
    assert "Zyx1" not in str(row[1])
    practice.set_rules(fresh_login_minutes=0)
    with refused("QC007"):
        practice.sup.ask("export_calls", {}, 12)


@pytest.mark.parametrize("who", ["c1", "cli", "adm", "aud"])
def test_policy_only_a_supervisor_exports_calls(practice: Practice, who: str) -> None:
    with refused("42501"):
        practice.as_person(f"cc_{who}").ask("export_calls", {}, 12)


def test_policy_the_note_of_a_callback_is_for_who_wrote_it(practice: Practice) -> None:
    mine = promise(practice, practice.c1, 3)
    assert mine["note"] == "likes mornings"
    assert mine["patient"] == "Given3 Z."
    (theirs,) = practice.sup.ask("callbacks")
    assert (theirs["note"], theirs["owner"], theirs["mine"]) == ("", "Jordan Park", False)


def test_policy_somebody_elses_callback_is_not_on_the_list_until_anybody_may_take_it(
    practice: Practice,
) -> None:
    mine = promise(practice, practice.c1, 3)
    assert practice.c2.ask("callbacks") == []
    practice.move_to(datetime.fromisoformat(mine["due_at"]) + timedelta(minutes=30))
    assert [row["id"] for row in practice.c2.ask("callbacks")] == [mine["id"]]


def test_policy_only_the_owner_moves_or_releases_a_callback(practice: Practice) -> None:
    mine = promise(practice, practice.c1, 3)
    later = practice.now() + timedelta(hours=3)
    move = "SELECT api.move_callback(%s::uuid, %s, %s)"
    with refused("QC011"):
        practice.c2.run(move, mine["id"], later, op())
    with refused("QC011"):
        practice.c2.run("SELECT api.release_callback(%s::uuid, %s)", mine["id"], op())
    same = op()
    practice.c1.run(move, mine["id"], later, same)
    practice.c1.run(move, mine["id"], later, same)
    states = practice.rows("SELECT state FROM app.callback ORDER BY state")
    assert states == [("open",), ("replaced",)]
    (moved,) = practice.c1.ask("callbacks")
    assert datetime.fromisoformat(moved["due_at"]) == later
    practice.c1.run("SELECT api.release_callback(%s::uuid, %s)", moved["id"], op())
    (seen,) = practice.c2.ask("callbacks")
    assert (seen["owner"], seen["anyone"], seen["note"]) == ("Anyone", True, "")


@pytest.mark.parametrize("due", [None, "infinity", "-infinity", "2000-01-01", "2099-01-01"])
def test_a_callback_is_in_the_future_within_180_days(practice: Practice, due: str | None) -> None:
    mine = promise(practice, practice.c1, 3)
    with refused("QC070"):
        practice.c1.run(
            "SELECT api.move_callback(%s::uuid, %s::timestamptz, %s)", mine["id"], due, op()
        )


def test_policy_call_log_shows_a_coordinator_only_their_own_calls(practice: Practice) -> None:
    for number, who in enumerate((practice.c1, practice.c2, practice.c1), 1):
        card, call = practice.talk(who, number)
        who.finish(call, card, "NO_ANSWER", {"note": f"note {number}"})
        practice.hang_up(call)
    log = practice.c1.ask("call_log", {}, None, 200)["rows"]
    assert [row["patient"] for row in log] == ["Given3 Zyx3", "Given1 Zyx1"]
    for trick in (
        {"person_id": str(practice.person_id("cc_c2"))},
        {"person_id": ""},
        {"person_id": None},
        {"text": "Zyx2"},
        {"text": "%"},
    ):
        rows = practice.c1.ask("call_log", trick, None, 200)["rows"]
        assert {row["coordinator"] for row in rows} <= {"Jordan Park"}, trick
        assert "Zyx2" not in json.dumps(rows)
    everybody = practice.sup.ask("call_log", {}, None, 200)["rows"]
    assert {row["coordinator"] for row in everybody} == {"Jordan Park", "Amelia Brown"}
    theirs = practice.sup.ask("call_log", {"person_id": str(practice.person_id("cc_c2"))}, None, 9)
    assert [row["note"] for row in theirs["rows"]] == ["note 2"]
    assert len(practice.sup.ask("call_log", {"text": "note 3"}, None, 9)["rows"]) == 1
    assert practice.sup.ask("call_log", {"text": "note_3"}, None, 9)["rows"] == []


def test_policy_a_coordinators_log_goes_back_30_days(practice: Practice) -> None:
    history(practice, "cc_c1", 40)
    seen = practice.c1.ask("call_log", {"first_day": "2020-01-01"}, None, 200)["rows"]
    oldest = practice.now() - timedelta(days=30)
    assert len(seen) == 30
    assert all(datetime.fromisoformat(row["at"]) >= oldest for row in seen)
    assert len(practice.sup.ask("call_log", {}, None, 200)["rows"]) == 40
    day = {"first_day": "1950-01-01", "last_day": "infinity"}
    assert len(practice.sup.ask("call_log", day, None, 200)["rows"]) == 40


def test_policy_pages_by_key_have_no_gaps_and_no_duplicates(practice: Practice) -> None:
    history(practice, "cc_c1", 25)
    whole = [row["id"] for row in practice.sup.ask("call_log", {}, None, 200)["rows"]]
    seen: list[str] = []
    before: str | None = None
    while True:
        page = practice.sup.one("SELECT api.call_log('{}', %s::uuid, 7)", before)
        seen += [row["id"] for row in page["rows"]]
        before = page["next_before"]
        if before is None:
            break
        history(practice, "cc_c2", 1, days=0)  # new calls do not shift the pages
    assert seen == whole


def test_policy_a_page_has_at_most_200_rows(practice: Practice) -> None:
    history(practice, "cc_c1", 210)
    for limit, count in ((2**31 - 1, 200), (201, 200), (None, 200), (-1, 1), (0, 1)):
        assert len(practice.sup.ask("call_log", {}, None, limit)["rows"]) == count


@pytest.mark.parametrize(
    ("function", "allowed"),
    [
        ("team()", {"cc_sup"}),
        ("people()", {"cc_sup", "cc_adm", "cc_aud"}),
        ("import_batches()", {"cc_adm", "cc_sup"}),
        ("import_problems('00000000-0000-0000-0000-000000000000')", {"cc_adm"}),
        ("call_log('{}', NULL, 5)", {"cc_sup", "cc_cli", "cc_aud", "cc_c1", "cc_c2"}),
    ],
)
def test_policy_lists_are_for_the_roles_that_need_them(
    practice: Practice, function: str, allowed: set[str]
) -> None:
    for login in ("cc_c1", "cc_c2", "cc_sup", "cc_cli", "cc_adm", "cc_aud", "cc_gw", "cc_nobody"):
        party = practice.as_person(login)
        if login in allowed:
            party.run(f"SELECT api.{function}")
        else:
            with refused("42501"):
                party.run(f"SELECT api.{function}")


def test_policy_the_group_and_the_person_must_agree(practice: Practice) -> None:
    practice.rows("UPDATE app.person SET role = 'coordinator' WHERE login = 'cc_sup'")
    with refused("QC005") as said:
        practice.sup.ask("team")
    assert said.facts == {"role": "coordinator"}


def test_the_board_counts_what_happened(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    hold = practice.c1.hold(card, practice, practice.slot())
    practice.c1.finish(call, card, "BOOKED", {"hold_id": hold["id"]})
    board = practice.sup.ask("team")
    (jordan,) = [row for row in board["coordinators"] if row["name"] == "Jordan Park"]
    assert (jordan["calls"], jordan["booked"], jordan["reached"]) == (1, 1, 1)
    assert board["days"][-1]["booked"] == 1
    assert {name: steps[3]["count"] for name, steps in board["funnels"]} == {"Recall": 1}
    assert "Zyx" not in json.dumps(board)


# ------------------------------------------------------------------------------ signing in


@pytest.mark.parametrize("login", PEOPLE)
def test_policy_sign_in_gives_each_role_its_own(practice: Practice, login: str) -> None:
    answer = practice.as_person(login).sign_in()
    assert answer["person"]["login"] == login
    works = LOGINS[login][1] in ("coordinator", "supervisor")
    assert bool(answer["queue"]["rows"]) is works


@pytest.mark.parametrize("login", ["cc_gw", "cc_nobody"])
def test_policy_no_person_no_sign_in(practice: Practice, login: str) -> None:
    with refused("42501"):
        practice.as_person(login).sign_in()


def test_policy_a_login_of_no_group_may_not_even_connect(practice: Practice) -> None:
    with practice.superuser() as connection:
        connection.execute(f"REVOKE CONNECT ON DATABASE {practice.database.name} FROM cc_nobody")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                connect(practice.database, "cc_nobody")
        finally:
            connection.execute(f"GRANT CONNECT ON DATABASE {practice.database.name} TO cc_nobody")


def test_policy_suspended_means_out_at_once(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.rows("UPDATE app.person SET active = false WHERE login = 'cc_c1'")
    attempts: tuple[Callable[[], object], ...] = (
        practice.c1.sign_in,
        lambda: practice.c1.ask("queue", "all", "", 10),
        practice.c1.claim_next,
        lambda: practice.c1.verify(call),
        lambda: practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], "mrn"),
        lambda: practice.c1.ask("call_log", {}, None, 5),
        lambda: practice.c1.ask("heartbeat", None, None),
    )
    for attempt in attempts:
        with refused("QC002"):
            attempt()


def test_policy_t20_expired_training_means_no_patients(practice: Practice) -> None:
    practice.rows("UPDATE app.training_record SET expires_on = '2027-03-01'")
    practice.c1.sign_in()  # the last day still counts
    practice.rows("UPDATE app.training_record SET expires_on = '2027-02-28'")
    attempts: tuple[Callable[[], object], ...] = (
        practice.c1.sign_in,
        practice.c1.claim_next,
        lambda: practice.c1.claim(practice.entry_of(1)),
        lambda: practice.c1.ask("queue", "all", "", 10),
        lambda: practice.c1.ask("callbacks"),
    )
    for attempt in attempts:
        with refused("QC003") as said:
            attempt()
        assert said.name == "training_expired"
        assert (said.facts["curriculum"], said.facts["expires_on"]) == ("HIPAA", "2027-02-28")


@pytest.mark.parametrize("version", [None, "", "0.0.9", "garbage", "-1", "0", "0.1", "x" * 10_000])
def test_policy_a_client_that_is_too_old_is_told(practice: Practice, version: str | None) -> None:
    with refused("QC004") as said:
        practice.c1.ask("sign_in", version, "test")
    assert said.facts["lowest"] == "0.1.0"
    assert len(said.facts["yours"]) <= 40


@pytest.mark.parametrize("version", ["0.1.0", "0.1.1", "0.2", "1.0.0", "0.1.0.dev3+g123"])
def test_a_client_that_is_new_enough_signs_in(practice: Practice, version: str) -> None:
    assert practice.c1.ask("sign_in", version, None)["person"]["name"] == "Jordan Park"


def test_signing_in_again_closes_the_session_before(practice: Practice) -> None:
    practice.c1.sign_in()
    practice.another("cc_c1").sign_in()
    open_now = practice.value("SELECT count(*) FROM app.work_session WHERE ended_at IS NULL")
    assert open_now == 1


def test_signing_out_gives_the_patient_and_the_hold_back(practice: Practice) -> None:
    practice.c1.sign_in()
    card = practice.c1.claim(practice.entry_of(1))
    practice.c1.hold(card, practice, practice.slot())
    practice.c1.ask("sign_out")
    assert practice.entry(card["entry_id"])["state"] == "ready"
    assert practice.rows("SELECT state FROM app.slot_hold") == [("released",)]


def test_the_receipt_is_the_head_of_ones_own_chain(practice: Practice) -> None:
    assert practice.c1.sign_in()["receipt"] == ""
    head = practice.c1.sign_in()["receipt"]
    with practice.superuser() as connection:
        known = connection.execute(
            "SELECT encode(hash, 'hex') FROM audit.event WHERE chain = 'cc_c1' "
            "AND action = 'sign_in' ORDER BY seq LIMIT 1"
        ).fetchone()
    assert known == (head,)


def history(practice: Practice, login: str, count: int, days: int = 1) -> None:
    """Past calls, one every so many days, the newest today."""
    practice.rows(
        "INSERT INTO app.call (id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id, "
        "e164, phone_use, caller_id, agent_endpoint, is_practice_line, fence, attempt, checks, "
        "rule_pack, permit_until, state, requested_at, outcome) SELECT app.uuid7(t.at), "
        "gen_random_uuid(), e.id, e.patient_id, p.id, e.campaign_id, c.id, c.e164, 'mobile', "
        "c.e164, 'client', true, 1, 1, '[]', 'x', t.at, 'ended', t.at, 'NO_ANSWER' "
        "FROM generate_series(0, %s) n, LATERAL (SELECT app.now() - interval '1 minute' "
        "- n * make_interval(days => %s) AS at) t, app.person p, app.queue_entry e "
        "JOIN app.patient_telecom c ON c.patient_id = e.patient_id "
        "WHERE p.login = %s AND e.id = %s",
        count - 1,
        days,
        login,
        practice.entry_of(1),
    )
