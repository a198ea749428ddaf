"""Policies of the queue: what the preview shows, who holds a patient, leases, fences, skips."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.helpers.db_practice import PATIENTS, op, refused, without_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.db_practice import Practice

SECRETS = ("Zyx", "1970", "4711", "02110", "Elm St", "example.org", "617555")


def test_policy_preview_shows_first_name_and_last_initial_and_nothing_else(
    practice: Practice,
) -> None:
    page = practice.c1.ask("queue", "all", "", 100)
    assert len(page["rows"]) == PATIENTS
    assert {row["last_initial"] for row in page["rows"]} == {"Z"}
    text = without_ids(page)
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("login", ["cc_nobody", "cc_gw", "cc_cli", "cc_adm", "cc_aud"])
def test_policy_queue_is_for_coordinators_and_supervisors(practice: Practice, login: str) -> None:
    for statement in (
        "SELECT api.queue('all', '', 10)",
        f"SELECT api.claim_next('{op()}')",
        f"SELECT api.claim('{practice.entry_of(1)}', '{op()}')",
        "SELECT api.callbacks()",
    ):
        with refused("42501"):
            practice.as_person(login).run(statement)


def test_policy_a_login_without_a_person_reads_nothing(practice: Practice) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: practice.stray.ask("queue", "all", "", 10),
        lambda: practice.stray.claim(practice.entry_of(1)),
        practice.stray.claim_next,
        lambda: practice.stray.ask("call_log", {}, None, 10),
        practice.stray.sign_in,
        lambda: practice.stray.ask("callbacks"),
    )
    for call in calls:
        with refused("QC001"):
            call()


@pytest.mark.parametrize(
    ("find", "count"),
    [
        ("given7", 1),
        ("GIVEN7 z", 1),
        ("zyx", 0),
        ("given7 zy", 0),
        ("%", 0),
        ("_iven7", 0),
        ("given7 z_", 0),
        ("given7 z%x", 0),
        ("\\", 0),
        ("given7\\%", 0),
        ("4711", 0),
        ("", PATIENTS),
        ("   ", PATIENTS),
        ("x" * 100_000, 0),
    ],
)
def test_policy_find_looks_only_at_what_the_preview_shows(
    practice: Practice, find: str, count: int
) -> None:
    practice.c1.ask("queue", "all", "", 200)  # what was not shown is not found
    assert len(practice.c1.ask("queue", "all", find, 200)["rows"]) == count


@pytest.mark.parametrize("limit", [-5, 0, 1, 2_147_483_647, None])
def test_policy_preview_gives_between_1_and_200_rows(practice: Practice, limit: int | None) -> None:
    assert 1 <= len(practice.c1.ask("queue", "all", "", limit)["rows"]) <= 200


def test_filters_are_a_closed_list(practice: Practice) -> None:
    assert len(practice.c1.ask("queue", "new", "", 200)["rows"]) == PATIENTS
    assert practice.c1.ask("queue", "retry", "", 200)["rows"] == []
    with refused("QC070"):
        practice.c1.ask("queue", "all' OR true --", "", 200)


def test_policy_card_only_for_the_holder(practice: Practice) -> None:
    entry = practice.entry_of(3)
    card = practice.c1.claim(entry)
    assert card["last_name"] == "Zyx3"
    assert card["phones"]
    for other in (practice.c2, practice.sup):
        with refused("QC010") as said:
            other.claim(entry)
        assert said.facts == {"by": "Jordan Park"}
        with refused("QC014"):
            other.ask("reveal", uuid.UUID(entry), card["fence"], "birth_date")
        with refused("QC014"):
            other.dial(card)
        with refused("QC014"):
            other.skip(card)
        with refused("QC014"):
            other.ask("heartbeat", uuid.UUID(entry), card["fence"])
        with refused("QC014"):
            other.hold(card, practice, practice.slot())


def test_policy_the_preview_names_who_holds(practice: Practice) -> None:
    card = practice.c1.claim_next()["card"]
    mine = {r["entry_id"]: r for r in practice.c1.ask("queue", "all", "", 200)["rows"]}
    theirs = {r["entry_id"]: r for r in practice.c2.ask("queue", "all", "", 200)["rows"]}
    assert mine[card["entry_id"]]["mine"] is True
    assert theirs[card["entry_id"]]["mine"] is False
    assert theirs[card["entry_id"]]["held_by"] == "Jordan Park"


def test_policy_one_claim_a_person_and_the_next_gives_the_first_back(practice: Practice) -> None:
    first, second = practice.entry_of(1), practice.entry_of(2)
    practice.c1.claim(first)
    practice.c1.claim(second)
    assert practice.entry(first)["state"] == "ready"
    assert practice.entry(second)["state"] == "claimed"
    practice.c1.claim_next()
    held = practice.value("SELECT count(*) FROM app.queue_entry WHERE state = 'claimed'")
    assert held == 1


def test_policy_one_patient_one_holder_over_all_campaigns(practice: Practice) -> None:
    practice.rows(
        "INSERT INTO app.campaign (name, script, purpose, rule, status, created_by, created_at) "
        "VALUES ('Second', 'recall', 'RECALL', '{}', 'running', 'test', app.now())"
    )
    practice.rows("SELECT app.campaign_refresh(id) FROM app.campaign WHERE name = 'Second'")
    first = practice.entry_of(5)
    second = practice.value(
        "SELECT o.id FROM app.queue_entry e JOIN app.queue_entry o ON o.patient_id = e.patient_id "
        "AND o.id <> e.id WHERE e.id = %s",
        first,
    )
    practice.c1.claim(first)
    with refused("QC010") as said:
        practice.c2.claim(second)
    assert said.facts == {"by": "Jordan Park"}
    seen = {practice.c2.claim_next()["card"]["patient_id"] for _ in range(3)}
    assert practice.entry(first)["patient_id"] not in seen


def test_policy_a_lease_that_ran_out_frees_the_patient(practice: Practice) -> None:
    entry = practice.entry_of(4)
    card = practice.c1.claim(entry)
    practice.pass_time(seconds=89)
    with refused("QC010"):
        practice.c2.claim(entry)
    practice.pass_time(seconds=2)
    taken = practice.c2.claim(entry)
    assert taken["fence"] == card["fence"] + 1
    for attempt in (
        lambda: practice.c1.dial(card),
        lambda: practice.c1.skip(card),
        lambda: practice.c1.ask("heartbeat", uuid.UUID(entry), card["fence"]),
    ):
        with refused("QC014") as said:
            attempt()
        assert said.facts == {"by": "Amelia Brown"}


def test_policy_claim_next_frees_the_claims_of_dead_clients(practice: Practice) -> None:
    card = practice.c1.claim_next()["card"]
    practice.rows("UPDATE app.queue_entry SET score = 1 WHERE id <> %s", card["entry_id"])
    assert practice.c2.claim_next()["card"]["entry_id"] != card["entry_id"]
    practice.pass_time(seconds=91)
    assert practice.c3.claim_next()["card"]["entry_id"] == card["entry_id"]


def test_policy_a_heartbeat_keeps_the_lease(practice: Practice) -> None:
    entry = practice.entry_of(4)
    card = practice.c1.claim(entry)
    for _ in range(3):
        practice.pass_time(seconds=80)
        practice.c1.ask("heartbeat", uuid.UUID(entry), card["fence"])
    with refused("QC010"):
        practice.c2.claim(entry)


@pytest.mark.parametrize("fence", [-1, 0, 2, 2**62, None])
def test_policy_a_forged_fence_does_nothing(practice: Practice, fence: int | None) -> None:
    entry = uuid.UUID(practice.entry_of(4))
    card = practice.c1.claim(entry)
    assert card["fence"] == 1
    for statement, values in (
        ("SELECT api.heartbeat(%s, %s)", (entry, fence)),
        ("SELECT api.reveal(%s, %s, 'mrn')", (entry, fence)),
        ("SELECT api.skip(%s, %s, 'other', %s)", (entry, fence, op())),
        (
            "SELECT api.request_call(%s, %s, %s, %s)",
            (entry, fence, uuid.UUID(card["phones"][0]["id"]), op()),
        ),
    ):
        with refused("QC014"):
            practice.c1.run(statement, *values)


def test_policy_a_patient_on_the_phone_is_not_given_away(practice: Practice) -> None:
    card, _ = practice.talk(practice.c1, 6)
    practice.pass_time(minutes=10)
    with refused("QC010") as said:
        practice.c2.claim(card["entry_id"])
    assert said.facts == {"by": "Jordan Park"}
    for person in (practice.c3, practice.c4):
        assert person.claim_next()["card"]["entry_id"] != card["entry_id"]


def test_policy_nothing_else_before_the_outcome(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 6)
    practice.hang_up(call)
    expected = {"entry_id": card["entry_id"], "call_id": call["id"]}
    for attempt in (
        practice.c1.claim_next,
        lambda: practice.c1.claim(practice.entry_of(7)),
        lambda: practice.c1.skip(card),
        lambda: practice.c1.dial(card),
    ):
        with refused("QC013") as said:
            attempt()
        assert said.facts == expected
    assert practice.c1.claim(card["entry_id"])["call"]["id"] == call["id"]


def test_policy_patients_of_a_campaign_that_does_not_run_cannot_be_opened(
    practice: Practice,
) -> None:
    entry = practice.entry_of(1)
    for status in ("paused", "draft", "closed"):
        practice.rows("UPDATE app.campaign SET status = %s", status)
        with refused("QC011"):
            practice.c1.claim(entry)
        assert practice.c1.claim_next()["gate"]["name"] == "no_campaign"


@pytest.mark.parametrize("state", ["closed", "held"])
def test_policy_closed_and_held_patients_cannot_be_opened(practice: Practice, state: str) -> None:
    entry = practice.entry_of(1)
    practice.rows("UPDATE app.queue_entry SET state = %s WHERE id = %s", state, entry)
    with refused("QC011"):
        practice.c1.claim(entry)


def test_claim_next_goes_by_score_and_repeats_its_answer_for_the_same_op(
    practice: Practice,
) -> None:
    best = practice.entry_of(9)
    practice.rows("UPDATE app.queue_entry SET score = 99 WHERE id = %s", best)
    same = op()
    assert practice.c1.claim_next(same)["card"]["entry_id"] == best
    assert practice.c1.claim_next(same)["card"]["entry_id"] == best
    with refused("QC040"):
        practice.c2.claim_next(same)
    assert practice.c1.claim_next()["card"]["entry_id"] == best  # given back, still the best


def test_policy_a_skip_needs_a_reason_and_costs_nothing(practice: Practice) -> None:
    card = practice.c1.claim_next()["card"]
    for reason in (None, "", "because", "OTHER"):
        with refused("QC070"):
            practice.c1.skip(card, reason)  # type: ignore[arg-type]
    practice.c1.skip(card, "known_personally")
    entry = practice.entry(card["entry_id"])
    assert (entry["state"], entry["attempts"]) == ("waiting", 0)
    reasons = practice.rows("SELECT reason FROM app.skip WHERE entry_id = %s", card["entry_id"])
    assert reasons == [("known_personally",)]
    assert practice.c1.claim_next()["card"]["entry_id"] != card["entry_id"]
    practice.pass_time(minutes=11)
    practice.rows("UPDATE app.queue_entry SET score = 100 WHERE id = %s", card["entry_id"])
    assert practice.c2.claim_next()["card"]["entry_id"] == card["entry_id"]


def test_skip_is_idempotent(practice: Practice) -> None:
    card = practice.c1.claim_next()["card"]
    values = (uuid.UUID(card["entry_id"]), card["fence"], "other", op())
    practice.c1.ask("skip", *values)
    practice.c1.ask("skip", *values)
    assert practice.value("SELECT count(*) FROM app.skip") == 1


def test_policy_who_skips_a_callback_is_not_handed_it_again(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 8)
    at = (practice.now() + timedelta(minutes=2)).isoformat()
    practice.c1.finish(call, card, "CALLBACK_AT", {"callback_at": at})
    practice.hang_up(call)
    practice.pass_time(minutes=3)
    card = practice.c1.claim_next()["card"]
    assert card["first_name"] == "Given8"
    practice.c1.skip(card)
    assert practice.c1.claim_next()["card"]["first_name"] != "Given8"
    assert practice.c2.claim_next()["card"]["first_name"] == "Given8"


@pytest.mark.parametrize("field", ["birth_date", "mrn", "zip", "address", "phone", "email"])
def test_policy_each_reveal_is_logged(practice: Practice, field: str) -> None:
    card = practice.c1.claim(practice.entry_of(2))
    shown = practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], field)
    assert shown not in ("", "not on file")
    assert audit(practice, "reveal") == [("cc_c1", {"field": field}, uuid.UUID(card["patient_id"]))]


@pytest.mark.parametrize("field", [None, "", "family", "birth_date; DROP TABLE", "BIRTH_DATE"])
def test_reveal_knows_a_closed_list_of_fields(practice: Practice, field: str | None) -> None:
    card = practice.c1.claim(practice.entry_of(2))
    with refused("QC070"):
        practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], field)


def test_policy_chart_only_after_two_identifiers(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 2)
    assert card["chart"] is None
    assert card["chart_needs_identity"] is True
    for kinds in ("{}", "{birth_date}", "{birth_date,birth_date}", "{birth_date,NULL}", "{x,y}"):
        with refused("QC070"):
            practice.c1.verify(call, "PASS", kinds)
    chart = practice.c1.verify(call, "PASS", "{birth_date,zip}")["chart"]
    assert chart["birth_date_masked"] == "••/••/1970"
    assert "02110" not in without_ids(chart)


def test_policy_identity_cannot_be_checked_before_somebody_answers(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(2))
    call = practice.c1.dial(card)
    with refused("QC023"):
        practice.c1.verify(call)
    practice.take()
    practice.report(call, "ringing")
    with refused("QC023"):
        practice.c1.verify(call)


def test_policy_two_tries_then_none(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 2)
    assert practice.c1.verify(call, "FAIL", "{birth_date}")["identity_tries_left"] == 1
    card = practice.c1.verify(call, "DECLINED", "{}")
    assert (card["identity_tries_left"], card["chart"]) == (0, None)
    with refused("QC051"):
        practice.c1.verify(call)
    assert practice.call_row(call)["identity"] == "DECLINED"


def test_policy_answers_of_the_identity_check_are_never_kept(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 2)
    practice.c1.verify(call)
    row = practice.call_row(call)
    assert (row["identity"], row["identity_kinds"]) == ("PASS", ["birth_date", "zip"])
    assert audit(practice, "identity.pass")[0][1] == {"kinds": ["birth_date", "zip"]}


def test_policy_a_campaign_may_show_the_chart_at_once(practice: Practice) -> None:
    practice.rows("UPDATE app.campaign SET chart_needs_identity = false")
    assert practice.c1.claim(practice.entry_of(2))["chart"] is not None
    assert [event[0] for event in audit(practice, "chart.read")] == ["cc_c1"]


def test_policy_the_chart_closes_with_the_call(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 2)
    assert practice.c1.verify(call)["chart"]
    practice.hang_up(call)
    practice.c1.finish(call, card, "THINKING")
    practice.pass_time(days=8)
    assert practice.c1.claim(card["entry_id"])["chart"] is None


def test_empty_and_closed_queues_say_why_and_when(practice: Practice) -> None:
    page = practice.c1.ask("queue", "due", "", 10)
    assert (page["rows"], page["closed"]) == ([], None), "no callback is due, and the queue is open"
    practice.pass_time(hours=11)  # 21:00 in Boston; Massachusetts ends at 20:00
    closed = practice.c1.ask("queue", "all", "", 10)["closed"]
    assert closed["name"] == "hours"
    assert closed["opens_at"].startswith("2027-03-02T13:00:00")
    assert practice.c1.claim_next()["card"] is None
    practice.rows("UPDATE app.queue_entry SET state = 'closed'")
    assert practice.c1.ask("queue", "all", "", 10)["closed"]["name"] == "empty"


def test_policy_an_old_snapshot_is_refused(practice: Practice) -> None:
    # In REPEATABLE READ an opt-out of the last minute would not be seen.
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        practice.c1.run(f"BEGIN ISOLATION LEVEL {level}")
        with refused("QC070") as said:
            practice.c1.claim_next()
        assert said.facts == {"field": "transaction_isolation"}
        practice.c1.run("ROLLBACK")


def audit(practice: Practice, action: str) -> list[tuple[object, ...]]:
    with practice.superuser() as connection:
        return connection.execute(
            "SELECT actor, detail, patient_id FROM audit.event WHERE action = %s ORDER BY at_us",
            [action],
        ).fetchall()
