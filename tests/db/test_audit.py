"""The audit: who did and who read what, in chains that only grow and show every change."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.helpers.db_practice import op, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice

Connection = psycopg.Connection[Any]


@pytest.fixture
def root(practice: Practice) -> Iterator[Connection]:
    """The superuser, who may read the audit as it is."""
    with practice.superuser() as connection:
        yield connection


def actions(root: Connection, chain: str) -> list[str]:
    found = root.execute("SELECT action FROM audit.event WHERE chain = %s ORDER BY seq", [chain])
    return [action for (action,) in found]


def canonical(value: Any) -> str:
    """JSON as PostgreSQL writes jsonb: keys by length, then bytes; a space after , and :."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda k: (len(k.encode()), k.encode()))
        return "{" + ", ".join(f"{canonical(k)}: {canonical(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def broken(root: Connection) -> list[tuple[str, int]]:
    """Recompute every chain; the rows (chain, sequence) where one no longer holds."""
    events = root.execute(
        "SELECT chain, seq, at_us, actor, action, object, patient_id::text, detail, prev, hash "
        "FROM audit.event ORDER BY chain, seq"
    ).fetchall()
    heads = {
        chain: (seq, value)
        for chain, seq, value in root.execute("SELECT chain, seq, hash FROM audit.head").fetchall()
    }
    found: list[tuple[str, int]] = []
    last: dict[str, tuple[int, bytes]] = {}
    for chain, seq, at_us, actor, action, about, patient, detail, prev, kept in events:
        number, before = last.get(chain, (0, b""))
        text = canonical([chain, seq, at_us, actor, action, about, patient, detail])
        made = hashlib.sha256(before + text.encode()).digest()
        if (seq, bytes(prev), bytes(kept)) != (number + 1, before, made):
            found.append((chain, seq))
        last[chain] = (seq, bytes(kept))
    found += [
        (chain, seq)
        for chain, (seq, value) in heads.items()
        if last.get(chain) != (seq, bytes(value))
    ]
    return found


def test_every_action_leaves_an_event_under_the_login_reads_included(
    practice: Practice, root: Connection
) -> None:
    practice.c1.sign_in()
    card, call = practice.talk(practice.c1, 1)
    practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], "mrn")
    practice.c1.verify(call)
    hold = practice.c1.hold(card, practice, practice.slot())
    practice.c1.run("SELECT api.command(%s::uuid, 'mute', '', %s)", call["id"], op())
    practice.c1.book(call, card, hold)
    practice.hang_up(call)
    practice.c1.finish(call, card, "BOOKED", {"hold_id": hold["id"]})
    practice.c1.skip(practice.c1.claim(practice.entry_of(2)))
    card = practice.c1.claim(practice.entry_of(3))
    spare = practice.c1.hold(card, practice, practice.slot(days=3))
    practice.c1.run("SELECT api.release_hold(%s::uuid)", spare["id"])
    practice.c1.ask("callbacks")
    practice.c1.ask("call_log", {"text": "Zyx"}, None, 10)
    practice.c1.ask("set_status", "break")
    practice.c1.ask("sign_out")
    assert actions(root, "cc_c1") == [
        "sign_in",
        "claim",
        "card.read",
        "call.request",
        "reveal",
        "identity.pass",
        "chart.read",
        "slot.hold",
        "call.command",
        "appointment.book",
        "call.outcome",
        "claim",
        "card.read",
        "skip",
        "claim",
        "card.read",
        "slot.hold",
        "slot.release",
        "callbacks.read",
        "call_log.read",
        "status",
        "sign_out",
    ]
    actors = root.execute("SELECT DISTINCT chain, actor FROM audit.event").fetchall()
    assert all(chain == actor for chain, actor in actors)
    assert broken(root) == []


def test_the_audit_holds_no_names_no_notes_and_no_search_text(
    practice: Practice, root: Connection
) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.c1.ask("call_log", {"text": "Zyx1", "junk": "Zyx1" * 1000}, None, 10)
    practice.c1.finish(call, card, "TRIAGE", {"note": "chest pain"})
    text = str(root.execute("SELECT action, object, detail FROM audit.event").fetchall())
    assert [word for word in ("Zyx1", "Given1", "chest pain") if word in text] == []
    assert len(text) < 20_000


def test_chains_verify_with_every_kind_of_text(practice: Practice, root: Connection) -> None:
    odd = {"long key": 'a "b" \\ \t\n\x01 é ☎ 😀', "z": [1, None, True, {"bb": 1, "a": 2}], "": ""}
    practice.owner.run("SELECT app.audit('test', 'x/1', NULL, %s)", psycopg.types.json.Jsonb(odd))
    assert broken(root) == []


CHANGES = (
    "UPDATE audit.event SET actor = 'somebody else'",
    "UPDATE audit.event SET detail = detail WHERE false",
    "DELETE FROM audit.event",
    "TRUNCATE audit.event",
    "TRUNCATE audit.event, audit.head, audit.anchor",
    "UPDATE audit.anchor SET hash = 'x'",
    "DELETE FROM audit.anchor",
    "TRUNCATE audit.anchor",
    "UPDATE audit.head SET hash = 'x'",
    "UPDATE audit.head SET seq = seq + 2",
    "UPDATE audit.head SET seq = seq - 1",
    "UPDATE audit.head SET chain = chain || 'x', seq = seq + 1",
    "DELETE FROM audit.head",
    "TRUNCATE audit.head",
)


@pytest.mark.parametrize("role", ["audit_owner", "postgres"])
@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_the_audit_not_its_owner_not_the_superuser(
    practice: Practice, root: Connection, role: str, change: str
) -> None:
    practice.c1.sign_in()
    root.execute(f"SET ROLE {role}".encode())
    with refused("42501"):
        root.execute(change.encode())


@pytest.mark.parametrize("statement", ["SELECT * FROM audit.event", *CHANGES])
def test_the_practices_owner_has_no_right_on_the_audit(practice: Practice, statement: str) -> None:
    with refused("42501"):
        practice.owner.run(statement)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE audit.event SET actor = 'cc_c2' WHERE chain = 'cc_c1' AND seq = 2", 2),
        ("UPDATE audit.event SET detail = '{\"fence\": 7}' WHERE chain = 'cc_c1' AND seq = 2", 2),
        ("UPDATE audit.event SET patient_id = NULL WHERE chain = 'cc_c1' AND seq = 3", 3),
        ("UPDATE audit.event SET at_us = at_us - 1 WHERE chain = 'cc_c1' AND seq = 1", 1),
        ("DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq = 2", 3),
        ("UPDATE audit.event SET seq = 9 WHERE chain = 'cc_c1' AND seq = 1", 2),
    ],
)
def test_a_tampered_row_is_found(
    practice: Practice, root: Connection, change: str, where: int
) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    assert broken(root) == []
    root.execute("SET session_replication_role = replica")  # the superuser turns triggers off
    root.execute(change.encode())
    assert broken(root)[0] == ("cc_c1", where)


def test_a_cut_tail_is_found_by_the_head(practice: Practice, root: Connection) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    root.execute("SET session_replication_role = replica")
    root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq = 3")
    assert broken(root) == [("cc_c1", 3)]


@pytest.mark.parametrize(
    ("change", "action", "table"),
    [
        ("UPDATE app.patient SET family = 'X' WHERE external_id = '1'", "owner.update", "patient"),
        ("UPDATE app.queue_entry SET score = 1", "owner.update", "queue_entry"),
        (
            "INSERT INTO app.blackout_date VALUES ('*', '2030-01-01', 'x')",
            "owner.insert",
            "blackout_date",
        ),
        ("DELETE FROM app.holiday WHERE day > '2034-01-01'", "owner.delete", "holiday"),
        (
            "UPDATE app.person SET role = 'supervisor' WHERE login = 'cc_c1'",
            "owner.update",
            "person",
        ),
        ("UPDATE app.practice SET daily_goal = 3", "owner.update", "practice"),
        ("UPDATE app.outcome_code SET needs = '{}'", "owner.update", "outcome_code"),
    ],
)
def test_the_owners_own_writes_leave_a_trace(
    practice: Practice, root: Connection, change: str, action: str, table: str
) -> None:
    before = len(actions(root, "postgres"))
    practice.owner.run(change)
    assert actions(root, "postgres")[before:] == [action]
    row = root.execute(
        "SELECT object, detail FROM audit.event WHERE chain = 'postgres' ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    assert row[0] == f"table/{table}"
    assert row[1]["rows"] >= 1


def test_work_of_people_is_not_mistaken_for_the_owners(
    practice: Practice, root: Connection
) -> None:
    card, call = practice.talk(practice.c1, 1)
    practice.c1.finish(call, card, "OPT_OUT", {"scope": "calls"})
    found = root.execute(
        "SELECT 1 FROM audit.event WHERE action LIKE 'owner.%' AND chain LIKE 'cc\\_%'"
    )
    assert found.fetchall() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE app.suppression SET scope = 'number'",
        "DELETE FROM app.suppression",
        "TRUNCATE app.suppression",
        "DELETE FROM app.patient",
        "DELETE FROM app.call",
        "UPDATE app.call_outcome SET outcome = 'BUSY'",
        "UPDATE app.call_event SET fact = '{}'",
        "DELETE FROM app.contact_permission",
        "UPDATE app.skip SET reason = 'other'",
        "DELETE FROM app.calling_rule",
        "DELETE FROM app.op",
        "DELETE FROM app.person",
    ],
)
def test_history_is_never_changed_or_deleted_not_even_by_the_owner(
    practice: Practice, change: str
) -> None:
    with refused("42501"):
        practice.owner.run(change)


def test_what_is_rolled_back_after_reading_stands_in_the_servers_log(
    practice: Practice, root: Connection, migrated_server: Any
) -> None:
    # The event goes with the transaction; the server's own log does not roll back.
    before = migrated_server.server.log_file.stat().st_size
    practice.c3.run("BEGIN")
    card = practice.c3.claim(practice.entry_of(1))
    practice.c3.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], "mrn")
    practice.c3.run("ROLLBACK")
    assert actions(root, "cc_c3") == []
    with migrated_server.server.log_file.open("rb") as log:
        log.seek(before)
        text = log.read().decode("utf-8", "replace")
    assert f"care-coordinator read: cc_c3 2 card.read queue_entry/{card['entry_id']}" in text
    assert f"care-coordinator read: cc_c3 3 reveal patient/{card['patient_id']}" in text
    assert "Zyx1" not in text


def test_who_looked_at_a_patient_is_answered_newest_first(practice: Practice) -> None:
    card = practice.c1.claim(practice.entry_of(1))
    practice.c1.ask("reveal", uuid.UUID(card["entry_id"]), card["fence"], "mrn")
    practice.c1.skip(card)
    practice.c2.claim(practice.entry_of(2))
    door = "SELECT actor, action FROM audit.reads_of(%s::uuid, %s, %s, %s)"
    found = practice.rows(door, card["patient_id"], None, None, 10)
    assert found == [("cc_c1", a) for a in ("skip", "reveal", "card.read", "claim")]
    assert practice.rows(door, card["patient_id"], None, None, 1) == found[:1]
    assert practice.rows(door, card["patient_id"], "infinity", None, 10) == []
    now = practice.now()
    assert practice.rows(door, card["patient_id"], now, None, 10) == []
    assert practice.rows(door, card["patient_id"], None, now, 10) == found


def test_the_times_of_the_doors_are_those_of_the_events(
    practice: Practice, root: Connection
) -> None:
    practice.c1.ask("callbacks")
    practice.c1.claim(practice.entry_of(1))
    practice.c1.ask("set_status", "break")
    found = practice.rows(
        "SELECT action, (extract(epoch FROM at) * 1000000)::bigint, patient_id IS NULL "
        "FROM audit.reads_between(NULL, NULL) "
        "WHERE actor = 'cc_c1'"
    )
    kept = root.execute(
        "SELECT action, at_us, patient_id IS NULL FROM audit.event WHERE chain = 'cc_c1' "
        "AND action <> 'status' ORDER BY seq"
    ).fetchall()
    assert found == kept
    assert [action for action, _, _ in found] == ["callbacks.read", "claim", "card.read"]
