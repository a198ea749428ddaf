"""Policies of retention: what is kept how long, and that nothing younger is ever deleted."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coordinator_app.cli import main
from tests.db.test_privacy_policies import assess, close, disclosure, incident, patient_id
from tests.helpers.db_practice import MONDAY, op, refused

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

TODAY = MONDAY.date()
SIX_YEARS_AGO = date(2021, 3, 1)
TEN_YEARS_AGO = date(2017, 3, 1)
# table: what a young row of it is made by
KEPT = (
    "call_event",
    "call_outcome",
    "outcome_amendment",
    "dial_refusal",
    "suppression",
    "disclosure",
    "incident_assessment",
    "call",
    "call_command",
    "incident",
    "work_session",
    "op",
    "seen",
    "alert",
    "break_glass",
)


def purge(practice: Practice, name: str, before: date) -> dict[str, int]:
    found = practice.value("SELECT app.purge(%s, %s)", name, before)
    assert found["class"] == name
    removed: dict[str, int] = found["removed"]
    return {table: count for table, count in removed.items() if count}


def fill(practice: Practice) -> None:
    """Have a row in each of the tables."""
    card, call = practice.talk(practice.c1, 1)
    practice.c1.run("SELECT api.command(%s::uuid, 'mute', '', %s)", call["id"], op())
    practice.c1.finish(call, card, "OPT_OUT", {"scope": "calls"})
    practice.hang_up(call)
    amended = {"scope": "everything"}
    number = uuid.UUID(call["id"])
    practice.c1.ask("amend_outcome", number, "OPT_OUT", amended, "They said so.", op())
    practice.c1.sign_in()
    found, _, _ = incident(practice, number=2)
    assess(practice.sup, found)
    close(practice.sup, found)
    practice.sup.ask("record_disclosure", patient_id(practice, 1), disclosure(), op())
    person = practice.person_id("cc_c1")
    practice.rows("SELECT app.raise_alert('read_limit', %s, 'person/x', '{}')", person)
    practice.sup.ask("acknowledge_alert", practice.value("SELECT id FROM app.alert"), "Seen.")
    practice.rows(
        "INSERT INTO app.break_glass (id, person_id, patient_id, reason, at, until) SELECT "
        "app.uuid7(app.now()), %s, %s, 'Chest pain on the line', app.now(), app.now()",
        person,
        patient_id(practice, 1),
    )
    opening = practice.value("SELECT id FROM app.break_glass")
    practice.sup.ask("review_break_glass", opening, "justified", "It was needed.")
    practice.rows("SELECT app.note_seen(%s, ARRAY[%s])", person, patient_id(practice, 1))
    practice.rows(
        "INSERT INTO app.dial_refusal (id, op_id, at, person_id, entry_id, patient_id, refused_by, "
        "checks, rule_pack) SELECT app.uuid7(app.now()), %s, app.now(), %s, e.id, e.patient_id, "
        "'hours', '[]', 'test' FROM app.queue_entry e LIMIT 1",
        op(),
        person,
    )
    practice.c1.ask("sign_out")


def counts(practice: Practice) -> dict[str, int]:
    return {table: practice.value(f"SELECT count(*) FROM app.{table}") for table in KEPT}


OLD_CALL = """
WITH c AS (
    INSERT INTO app.call (id, op_id, entry_id, patient_id, person_id, campaign_id, phone_id,
        e164, phone_use, caller_id, agent_endpoint, is_practice_line, fence, attempt, checks,
        rule_pack, permit_until, state, requested_at, ended_at, outcome, outcome_at)
    SELECT %(id)s, %(op)s, e.id, e.patient_id, o.id, e.campaign_id, t.id,
        t.e164, t.use, t.e164, 'client', true, 1, 1, '[]',
        'test', %(at)s, 'ended', %(at)s, %(at)s, 'BUSY', %(at)s
    FROM app.queue_entry e JOIN app.patient_telecom t ON t.patient_id = e.patient_id
    CROSS JOIN app.person o WHERE o.login = 'cc_c1' LIMIT 1
    RETURNING id, op_id, person_id
), e AS (
    INSERT INTO app.call_event (call_id, at, written_at, fact)
    SELECT c.id, %(at)s, %(at)s, '{}' FROM c
), x AS (
    INSERT INTO app.call_command (call_id, command, requested_at)
    SELECT c.id, 'mute', %(at)s FROM c
)
INSERT INTO app.call_outcome (op_id, call_id, person_id, outcome, details, result, follow_up,
    recorded_at)
SELECT c.op_id, c.id, c.person_id, 'BUSY', '{}', 'recorded', '', %(at)s FROM c
"""


def call_days_ago(practice: Practice, days: int) -> uuid.UUID:
    """A finished call of that age, with what hangs on it, as an import would bring it."""
    at = practice.now() - timedelta(days=days)
    number = practice.value("SELECT app.uuid7(%s)", at)
    assert isinstance(number, uuid.UUID)
    practice.owner.connection.execute(OLD_CALL, {"id": number, "op": op(), "at": at})
    return number


# ------------------------------------------------------------------------------------ the law


def test_t25_a_purge_of_what_is_younger_than_six_years_is_refused(practice: Practice) -> None:
    for name in ("calls", "access", "privacy", "audit"):
        with refused("QC093") as said:
            practice.value("SELECT app.purge(%s, %s)", name, SIX_YEARS_AGO + timedelta(days=1))
        assert said.facts == {"class": name, "years": 6, "latest": "2021-03-01"}
    assert practice.value("SELECT count(*) FROM app.purge_run") == 0


def test_opt_outs_are_kept_ten_years(practice: Practice) -> None:
    with refused("QC093") as said:
        practice.value("SELECT app.purge('opt_out', %s)", TEN_YEARS_AGO + timedelta(days=1))
    assert said.facts["latest"] == "2017-03-01"
    practice.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "SELECT %s, 'calls', 'call', t.at, t.at FROM (VALUES (timestamptz '2017-03-01 04:59Z'), "
        "('2017-03-01 05:00Z')) AS t (at)",
        patient_id(practice, 1),
    )
    assert purge(practice, "opt_out", TEN_YEARS_AGO) == {"suppression": 1}
    assert practice.value("SELECT count(*) FROM app.suppression") == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE app.retention_class SET years = 5 WHERE class = 'calls'",
        "UPDATE app.retention_class SET years = 9 WHERE class = 'opt_out'",
        "UPDATE app.retention_class SET class = 'calls' WHERE class = 'opt_out'",
    ],
)
def test_nobody_makes_the_time_shorter(practice: Practice, change: str) -> None:
    with refused("23514", "23505"):
        practice.owner.run(change)
    with refused("42501"):
        practice.owner.run("DELETE FROM app.retention_class")


@pytest.mark.parametrize("table", KEPT)
def test_no_young_row_goes_not_by_the_owner_and_not_in_a_purge(
    practice: Practice, table: str
) -> None:
    fill(practice)
    before = counts(practice)
    assert all(before.values()), before
    with refused("42501"):
        practice.owner.run(f"DELETE FROM app.{table}")
    with refused("42501"):
        practice.owner.run(f"TRUNCATE app.{table} CASCADE")
    # In a transaction that has purged, each row still looks at its own age.
    practice.owner.run("BEGIN")
    practice.value("SELECT app.purge('calls', '2020-01-01')")
    with refused("QC093"):
        practice.owner.run(f"DELETE FROM app.{table}")
    practice.owner.run("ROLLBACK")
    assert counts(practice) == before


def test_a_month_of_calls_is_guarded_as_the_whole_is(practice: Practice) -> None:
    practice.talk(practice.c1, 1)
    for (part,) in practice.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'app.call'::regclass"
    ):
        if practice.value(f"SELECT count(*) FROM {part}"):
            with refused("QC093"):
                practice.owner.run(f"DELETE FROM {part}")
        with refused("0A000", "42501"):
            practice.owner.run(f"TRUNCATE {part}")


# ------------------------------------------------------------------------------ what a purge does


def test_a_purge_removes_old_calls_with_all_that_hangs_on_them_and_says_so(
    practice: Practice,
) -> None:
    old, young = call_days_ago(practice, 2300), call_days_ago(practice, 2100)
    hung = {"call": 1, "call_outcome": 1, "call_event": 1, "call_command": 1}
    assert purge(practice, "calls", SIX_YEARS_AGO) == hung
    assert practice.rows("SELECT id FROM app.call") == [(young,)]
    assert purge(practice, "calls", SIX_YEARS_AGO) == {}
    with practice.superuser() as root:
        detail = root.execute(
            "SELECT detail FROM audit.event WHERE action = 'purge' ORDER BY seq LIMIT 1"
        ).fetchone()
    assert detail is not None
    assert detail[0]["removed"]["call"] == 1
    assert str(old) not in str(detail)
    runs = practice.rows("SELECT class, login, before FROM app.purge_run")
    assert runs == [("calls", "postgres", SIX_YEARS_AGO)] * 2


def test_an_old_call_stays_while_something_younger_names_it(practice: Practice) -> None:
    amended, told = call_days_ago(practice, 2300), call_days_ago(practice, 2301)
    given = {"note": "Later found out."}
    practice.sup.ask("amend_outcome", amended, "NO_ANSWER", given, "Was wrong.", op())
    person = practice.value("SELECT patient_id FROM app.call WHERE id = %s", told)
    called = disclosure(call_id=str(told), reason="mistake")
    practice.sup.ask("record_disclosure", person, called, op())
    assert purge(practice, "calls", SIX_YEARS_AGO) == {}
    assert practice.value("SELECT count(*) FROM app.call") == 2


def test_privacy_records_are_kept_six_years_from_closing(practice: Practice) -> None:
    number, _, _ = incident(practice)
    assess(practice.sup, number, disclosed=False)
    practice.pass_time(days=2192)  # six years and a day after it was opened
    still = practice.now().date() - timedelta(days=2192)
    assert purge(practice, "privacy", still) == {}, "it is still open"
    close(practice.sup, number)
    practice.pass_time(days=2190)
    assert purge(practice, "privacy", still + timedelta(days=2189)) == {}
    practice.pass_time(days=4)
    gone = practice.value("SELECT (app.now() - interval '6 years')::date")
    assert purge(practice, "privacy", gone) == {"incident": 1, "incident_assessment": 1}


def test_what_a_younger_disclosure_corrects_stays_with_it(practice: Practice) -> None:
    who = patient_id(practice, 1)
    first = practice.sup.ask("record_disclosure", who, disclosure(), op())
    second = disclosure(what="Only the name", corrects=first["id"])
    second_id = practice.sup.ask("record_disclosure", who, second, op())["id"]
    practice.pass_time(days=10)
    third = disclosure(what="Name and city", corrects=second_id)
    practice.sup.ask("record_disclosure", who, third, op())
    practice.pass_time(days=2192 - 5)
    gone = practice.value("SELECT (app.now() - interval '6 years')::date")
    assert purge(practice, "privacy", gone) == {}
    practice.pass_time(days=10)
    gone = practice.value("SELECT (app.now() - interval '6 years')::date")
    assert purge(practice, "privacy", gone) == {"disclosure": 3}


def test_access_records_go_after_six_years_but_nothing_that_nobody_has_looked_at(
    practice: Practice,
) -> None:
    fill(practice)
    practice.rows("SELECT app.raise_alert('read_limit', NULL, 'open', '{}')")
    practice.pass_time(days=2200)
    gone = practice.value("SELECT (app.now() - interval '6 years')::date")
    removed = purge(practice, "access", gone)
    # What lists showed is kept in real time, whatever a demo's clock says.
    assert removed.keys() - {"seen"} == {"work_session", "op", "alert", "break_glass"}
    assert practice.rows("SELECT object FROM app.alert WHERE object = 'open'") == [("open",)]


def command(practice: Practice, *arguments: str) -> int:
    return main(["--database", practice.database.conninfo, "purge", *arguments])


def test_the_administrator_sees_first_what_a_purge_would_remove(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    call_days_ago(practice, 2300)
    assert command(practice, "calls", "--before", "2021-03-01", "--dry-run") == 0
    said, _ = capsys.readouterr()
    assert "call: 1 row would be removed" in said
    assert practice.value("SELECT count(*) FROM app.call") == 1
    assert command(practice, "calls", "--before", "2021-03-01") == 0
    said, _ = capsys.readouterr()
    assert "call_event: 1 row removed" in said
    assert "calls is kept 6 years" in said
    assert practice.value("SELECT count(*) FROM app.call") == 0
    assert command(practice, "calls", "--before", "2021-03-01") == 0
    said, _ = capsys.readouterr()
    assert said == "calls: nothing from before 2021-03-01 is left.\n"


def test_the_administrator_reads_why_a_purge_is_refused(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(practice, "opt_out", "--before", "2021-03-01") == 1
    _, said = capsys.readouterr()
    assert said == ("These records are kept 10 years. Choose a day not later than March 1, 2017.\n")
    assert command(practice, "audit", "--before", "2021-03-02") == 1
    assert "kept 6 years" in capsys.readouterr().err


def test_the_audits_own_purge_takes_the_same_way(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    with practice.superuser() as root:
        root.execute("SET session_replication_role = replica")
        root.execute("DELETE FROM audit.event WHERE chain = 'postgres'")
        root.execute("DELETE FROM audit.head WHERE chain = 'postgres'")
        root.execute("SET session_replication_role = origin")
        for years in (8, 7.5, 7, 5):
            root.execute(
                "SELECT audit.append(app.now() - %s * interval '1 year', 'old', 'x', NULL, '{}')",
                [years],
            )
    # The last event before the cut is kept: the chain goes on from it. A demo's clock does not
    # make the audit older: it is asked for its real age, too.
    assert command(practice, "audit", "--before", "2020-06-01") == 0
    assert "audit.event: 2 rows removed" in capsys.readouterr().out


def test_who_purges_opt_outs_reads_what_follows(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.rows(
        "INSERT INTO app.suppression (patient_id, scope, source, received_at, honour_by) "
        "VALUES (%s, 'calls', 'call', '2010-01-01', '2010-01-01')",
        patient_id(practice, 1),
    )
    assert command(practice, "opt_out", "--before", "2017-03-01") == 0
    assert "can be called again" in capsys.readouterr().out


@pytest.mark.parametrize("who", ["c1", "sup", "adm", "aud", "gw"])
def test_no_person_purges(practice: Practice, who: str) -> None:
    with refused("42501"):
        practice.as_person(f"cc_{who}").run("SELECT app.purge('calls', '2010-01-01')")


@pytest.mark.parametrize(("name", "before"), [("call", "2010-01-01"), ("calls", None)])
def test_a_purge_names_a_class_and_a_day(practice: Practice, name: str, before: str | None) -> None:
    with refused("QC070"):
        practice.value("SELECT app.purge(%s, %s::date)", name, before)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ages=st.lists(st.integers(2150, 2230), min_size=1, max_size=4), cut=st.integers(-30, 5))
def test_whatever_is_asked_for_no_call_of_the_last_six_years_goes(
    practice: Practice, ages: list[int], cut: int
) -> None:
    before = SIX_YEARS_AGO + timedelta(days=cut)
    practice.owner.run("BEGIN")
    made: dict[uuid.UUID, Any] = {}
    for age in ages:
        number = call_days_ago(practice, age)
        made[number] = practice.value("SELECT requested_at FROM app.call WHERE id = %s", number)
    edge: Any = practice.value("SELECT app.day_begins(%s)", before)
    practice.owner.run("SAVEPOINT made")
    if cut > 0:
        with refused("QC093"):
            practice.value("SELECT app.purge('calls', %s)", before)
        practice.owner.run("ROLLBACK TO made")
        edge = min(made.values())
    else:
        practice.value("SELECT app.purge('calls', %s)", before)
    left = {number for (number,) in practice.rows("SELECT id FROM app.call")}
    practice.owner.run("ROLLBACK")
    assert left == {number for number, at in made.items() if at >= edge}
