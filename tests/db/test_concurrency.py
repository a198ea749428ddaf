"""Eight real connections at once: nothing is claimed, dialled, booked or recorded twice."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from tests.helpers.db_practice import PATIENTS, RefusedAnswerError, op

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

EIGHT = tuple(f"cc_c{n}" for n in range(1, 9))
REFUSALS = {"QC010", "QC011", "QC013", "QC014", "QC020", "QC022", "QC030", "QC031", "QC032"}


def together(practice: Practice, work: Callable[[Party, int], Any]) -> list[Any]:
    """Run this as eight people at the same moment; answers, or the SQLSTATE of a refusal."""
    parties = [practice.as_person(login) for login in EIGHT]
    barrier = threading.Barrier(len(parties))
    answers: list[Any] = [None] * len(parties)
    failures: list[Exception] = []

    def run(number: int) -> None:
        barrier.wait(20)
        try:
            answers[number] = work(parties[number], number)
        except psycopg.Error as error:
            answers[number] = error.sqlstate
        except Exception as error:  # noqa: BLE001  raised below, where a test can see it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(parties))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers


def test_eight_who_want_the_next_patient_get_eight_patients(practice: Practice) -> None:
    for _ in range(3):
        cards = together(practice, lambda who, _: who.claim_next()["card"])
        assert len({card["patient_id"] for card in cards}) == 8
        assert practice.value("SELECT count(*) FROM app.queue_entry WHERE state = 'claimed'") == 8


def test_policy_a_claim_keeps_others_from_one_patient_only(practice: Practice) -> None:
    """Several groups of calling hours, nobody commits: each still gets the best that is left."""
    for number in range(1, PATIENTS + 1):
        practice.rows(
            "UPDATE app.queue_entry SET score = %s, call_group = %s WHERE id = %s",
            number,
            ("MA", "NH", "VT")[number % 3] + "|America/New_York",
            practice.entry_of(number),
        )
    people = [practice.as_person(login) for login in EIGHT]
    for person in people:
        person.run("BEGIN")
    assert [person.claim_next()["card"]["score"] for person in people] == [
        *range(PATIENTS, PATIENTS - 8, -1)
    ]
    for person in people:
        person.run("ROLLBACK")


def test_eight_who_want_one_patient_one_gets_it_and_the_others_are_told_who(
    practice: Practice,
) -> None:
    entry = practice.entry_of(1)
    answers = together(practice, lambda who, _: who.claim(entry))
    (winner,) = [answer for answer in answers if isinstance(answer, dict)]
    assert [a for a in answers if not isinstance(a, dict)] == ["QC010"] * 7
    assert practice.entry(entry)["fence"] == winner["fence"] == 1


def test_fewer_patients_than_people(practice: Practice) -> None:
    practice.rows("UPDATE app.queue_entry SET state = 'closed' WHERE score >= 0")
    practice.rows(
        "UPDATE app.queue_entry SET state = 'ready' WHERE id = ANY(%s::uuid[])",
        [practice.entry_of(n) for n in (1, 2, 3)],
    )
    cards = together(practice, lambda who, _: who.claim_next()["card"])
    assert len([card for card in cards if card]) == 3


def test_one_person_in_two_windows_holds_one_patient(practice: Practice) -> None:
    pair = [practice.another("cc_c1") for _ in range(8)]
    together(practice, lambda _, n: pair[n].claim_next())
    assert practice.value("SELECT count(*) FROM app.queue_entry WHERE state = 'claimed'") <= 1
    answers = together(practice, lambda _, n: pair[n].sign_in()["person"]["login"])
    assert answers == ["cc_c1"] * 8


def test_one_household_number_is_dialled_once(practice: Practice) -> None:
    practice.rows("UPDATE app.patient_telecom SET e164 = '+16175550777'")
    cards = [practice.as_person(f"cc_c{n}").claim(practice.entry_of(n)) for n in range(1, 9)]
    answers = together(practice, lambda who, n: who.dial(cards[n]))
    assert Counter(a if isinstance(a, str) else "dialled" for a in answers) == {
        "dialled": 1,
        "QC022": 7,
    }
    assert len(practice.take()) == 1


def test_the_same_press_in_eight_connections_dials_once(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    same = op()
    windows = [practice.another("cc_c1") for _ in range(8)]
    answers = together(practice, lambda _, n: windows[n].dial(card, op_id=same)["id"])
    assert len(set(answers)) == 1
    other = together(practice, lambda _, n: windows[n].dial(card))
    assert set(other) == {"QC013"}
    assert len(practice.take()) == 1


def test_an_outcome_sent_eight_times_is_recorded_once(practice: Practice) -> None:
    card, call = practice.talk(practice.c1, 1)
    same = op()
    windows = [practice.another("cc_c1") for _ in range(8)]
    answers = together(
        practice,
        lambda _, n: windows[n].finish(call, card, "NO_ANSWER", op_id=same, then_next=True),
    )
    results = Counter(answer["recorded"]["result"] for answer in answers)
    assert results == {"recorded": 1, "duplicate": 7}
    assert len({answer["card"]["entry_id"] for answer in answers}) == 1
    assert practice.value("SELECT count(*) FROM app.call_outcome") == 1


def test_two_gateways_never_take_the_same_call(practice: Practice) -> None:
    for n in range(1, 9):
        who = practice.as_person(f"cc_c{n}")
        who.dial(who.claim(practice.entry_of(n)))
    gateways = [practice.another("cc_gw") for _ in range(8)]
    taken = together(practice, lambda _, n: gateways[n].one("SELECT api.gateway_take_requests(3)"))
    ids = [request["call_id"] for batch in taken for request in batch]
    ids += [request["call_id"] for request in practice.take()]
    assert len(ids) == len(set(ids)) == 8


def test_exchanging_patients_does_not_deadlock(practice: Practice) -> None:
    entries = [practice.entry_of(n) for n in range(1, 4)]

    def swap(who: Party, number: int) -> list[str]:
        codes = []
        for turn in range(12):
            try:
                who.claim(entries[(number + turn) % 3])
            except psycopg.Error as error:
                codes.append(error.sqlstate or "")
        return codes

    codes = {code for answer in together(practice, swap) for code in answer}
    assert codes <= {"QC010"}


def test_300_random_steps_of_eight_people_end_well(practice: Practice) -> None:
    """No deadlock, no error that is not a refusal, and every invariant holds at the end."""
    seed = random.randrange(2**32)
    stop = threading.Event()

    def gateway() -> None:
        while not stop.wait(0.01):
            for request in practice.take():
                practice.report({"call_id": request["call_id"], "id": request["call_id"]}, "live",
                                answered_at=_long_ago())  # fmt: skip

    line = threading.Thread(target=gateway)
    line.start()
    try:
        answers = together(
            practice, lambda who, n: steps(practice, who, random.Random(seed + n), 38)
        )
    finally:
        stop.set()
        line.join()
    # A patient who was called a moment ago may not be called again today.
    expected = REFUSALS | {"QC033", "QC042", "cap_day"}
    unexpected = {code for answer in answers for code in answer} - expected
    assert unexpected == set(), f"seed {seed}"
    twice = practice.rows(
        "SELECT holder FROM app.queue_entry WHERE state = 'claimed' GROUP BY 1 HAVING count(*) > 1"
    )
    assert twice == []
    unmatched = practice.value(
        "SELECT count(*) FROM app.call c FULL JOIN app.call_outcome o ON o.call_id = c.id "
        "WHERE c.outcome IS DISTINCT FROM o.outcome"
    )
    assert unmatched == 0
    attempts = practice.rows(
        "SELECT e.attempts, count(o.call_id) FILTER (WHERE k.counts_attempt "
        "AND c.end_reason IS DISTINCT FROM 'never_placed') FROM app.queue_entry e "
        "LEFT JOIN app.call c ON c.entry_id = e.id "
        "LEFT JOIN app.call_outcome o ON o.call_id = c.id "
        "LEFT JOIN app.outcome_code k ON k.code = o.outcome GROUP BY e.id, e.attempts"
    )
    assert len(attempts) == PATIENTS
    assert [pair for pair in attempts if pair[0] != pair[1]] == []


def steps(practice: Practice, who: Party, dice: random.Random, count: int) -> list[str]:
    """Do this many random things; the SQLSTATEs of what was refused."""
    card: Any = None
    call: Any = None
    hold: Any = None
    refusals = []
    entries = [row["entry_id"] for row in who.ask("queue", "all", "", 100)["rows"]]
    for _ in range(count):
        do = dice.choice(["next", "claim", "dial", "hold", "finish", "finish", "skip", "callbacks"])
        try:
            if do == "next":
                card = who.claim_next()["card"]
            elif do == "claim":
                card = who.claim(dice.choice(entries))
            elif do == "callbacks":
                for row in who.ask("callbacks")[:1]:
                    who.run("SELECT api.release_callback(%s::uuid, %s)", row["id"], op())
            elif card is None:
                continue
            elif do == "dial":
                call = who.dial(card)
            elif do == "hold":
                hold = who.hold(card, practice, _slot(dice))
            elif do == "skip":
                who.skip(card)
                card = None
            elif call is not None:
                outcome = dice.choice(
                    ["NO_ANSWER", "BOOKED", "CALLBACK_AT", "OPT_OUT", "TECHNICAL"]
                )
                details = {
                    "scope": dice.choice(["number", "calls"]),
                    "callback_at": "2027-03-05T15:00:00Z",
                    "hold_id": hold["id"] if hold else str(op()),
                }
                answer = who.finish(
                    call, {**card, "entry_id": call["entry_id"]}, outcome, details, then_next=True
                )
                card, call, hold = answer["card"], None, None
        except (RefusedAnswerError, psycopg.Error) as error:
            refusals.append(_name(error))
    return refusals


def _name(error: RefusedAnswerError | psycopg.Error) -> str:
    if isinstance(error, RefusedAnswerError):
        return str(error.facts["gate"])
    return error.sqlstate or str(error)


def _slot(dice: random.Random) -> datetime:
    day, hour, minute = dice.choice((3, 4, 5)), dice.choice((14, 15, 16)), dice.choice((0, 30))
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


def _long_ago() -> str:
    return "2026-01-01T00:00:00Z"
