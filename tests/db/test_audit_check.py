"""verify-audit: whatever is changed, removed, put in or moved in the audit is found and named."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from coordinator_app.cli import main
from coordinator_app.db.audit_check import EVENT_HASH, EVENT_TEXT, Finding, verify_audit
from coordinator_app.errors import NotAllowedError
from tests.helpers.db_practice import PASSWORD, open_doors, open_practice, refused
from tests.helpers.practice_template import practice_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import TestServer

Connection = psycopg.Connection[Any]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def root(practice: Practice) -> Iterator[Connection]:
    """A superuser who has turned the triggers off."""
    with practice.superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def work(practice: Practice) -> None:
    """Chains of cc_c1 (5 rows), cc_c2 (3) and the installer, and two anchors."""
    practice.c1.sign_in()
    card = practice.c1.claim_next()["card"]
    practice.c2.sign_in()
    practice.c2.claim_next()
    practice.owner.run("SELECT app.make_anchor()")
    practice.c1.skip(card)
    practice.c1.ask("set_status", "break")
    practice.owner.run("SELECT app.make_anchor()")


def findings(practice: Practice) -> list[Finding]:
    return list(verify_audit(practice.database.conninfo).findings)


def first(practice: Practice) -> tuple[str, int, str]:
    found = findings(practice)[0]
    return found.chain, found.number, found.wrong


def test_what_nobody_touched_is_whole(practice: Practice) -> None:
    work(practice)
    report = verify_audit(practice.database.conninfo)
    assert report.findings == ()
    assert report.whole
    assert report.anchors == 2
    assert report.heads["cc_c1"][0] == 5
    assert report.rows == sum(number for number, _ in report.heads.values())


CHANGED = "content"
TAMPERING = [
    # what is done to cc_c1's chain, the first bad row, a word of what is said
    ("UPDATE audit.event SET actor = 'cc_c2' WHERE {row 2}", 2, CHANGED),
    ("UPDATE audit.event SET action = 'skip' WHERE {row 2}", 2, CHANGED),
    ("UPDATE audit.event SET object = object || ' ' WHERE {row 3}", 3, CHANGED),
    ("UPDATE audit.event SET detail = '{\"fence\": 7}' WHERE {row 2}", 2, CHANGED),
    ("UPDATE audit.event SET patient_id = NULL WHERE {row 3}", 3, CHANGED),
    ("UPDATE audit.event SET patient_id = gen_random_uuid() WHERE {row 3}", 3, CHANGED),
    ("UPDATE audit.event SET at_us = at_us - 1 WHERE {row 1}", 1, CHANGED),
    ("UPDATE audit.event SET at_us = at_us + 1 WHERE {row 5}", 5, CHANGED),
    ("UPDATE audit.event SET hash = sha256('x') WHERE {row 2}", 2, CHANGED),
    ("UPDATE audit.event SET prev = sha256('x') WHERE {row 2}", 2, CHANGED),
    ("DELETE FROM audit.event WHERE {row 1}", 2, "missing"),
    ("DELETE FROM audit.event WHERE {row 2}", 3, "missing"),
    ("DELETE FROM audit.event WHERE {row 5}", 5, "newest rows are missing"),
    ("DELETE FROM audit.event WHERE chain = 'cc_c1'", 1, "newest rows are missing"),
    ("UPDATE audit.event SET seq = 9 WHERE {row 1}", 2, "missing"),
    ("DELETE FROM audit.head WHERE chain = 'cc_c1'", 5, "no head"),
    ("UPDATE audit.head SET seq = 4 WHERE chain = 'cc_c1'", 5, "does not know"),
    ("UPDATE audit.head SET hash = sha256('x') WHERE chain = 'cc_c1'", 5, "row of the head"),
    ("UPDATE audit.head SET seq = 6 WHERE chain = 'cc_c1'", 6, "newest rows are missing"),
    # two rows exchange their places
    (
        (
            "UPDATE audit.event SET seq = 99 WHERE {row 2}; UPDATE audit.event SET seq = 2 WHERE "
            "{row 3}; UPDATE audit.event SET seq = 3 WHERE {row 99}"
        ),
        2,
        CHANGED,
    ),
    # a row is put in between, with a hash that fits
    (
        (
            "UPDATE audit.event SET seq = -seq WHERE chain = 'cc_c1' AND seq > 2; "
            "UPDATE audit.event SET seq = 1 - seq WHERE chain = 'cc_c1' AND seq < 0; "
            "INSERT INTO audit.event SELECT chain, 3, at_us, actor, 'skip', object, patient_id, "
            "detail, hash, audit.event_hash(hash, chain, 3, at_us, actor, 'skip', object, "
            "patient_id, detail) FROM audit.event WHERE {row 2}"
        ),
        3,
        "anchor 1 names another row",
    ),
    # a row is changed, and its own hash with it
    (
        (
            "UPDATE audit.event SET action = 'x', hash = audit.event_hash(prev, chain, seq, at_us, "
            "actor, 'x', object, patient_id, detail) WHERE {row 2}"
        ),
        3,
        "does not continue",
    ),
    # rows are put behind the head
    (
        (
            "INSERT INTO audit.event SELECT chain, 6, at_us, actor, 'x', object, patient_id, "
            "detail, hash, audit.event_hash(hash, chain, 6, at_us, actor, 'x', object, "
            "patient_id, detail) FROM audit.event WHERE {row 5}"
        ),
        6,
        "does not know",
    ),
    # the beginning goes, and a cut is forged to excuse it
    (
        (
            "INSERT INTO audit.cut SELECT chain, seq, hash, now() FROM audit.event WHERE {row 2}; "
            "DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq <= 2"
        ),
        3,
        "not six years old",
    ),
]
WITHOUT_CONSTRAINTS = [
    (
        (
            "ALTER TABLE audit.event DROP CONSTRAINT event_pkey; "
            "INSERT INTO audit.event SELECT * FROM audit.event WHERE {row 3}"
        ),
        3,
        "twice",
    ),
    # NULL is equal to nothing
    (
        (
            "ALTER TABLE audit.event ALTER hash DROP NOT NULL; "
            "UPDATE audit.event SET hash = NULL WHERE {row 3}"
        ),
        3,
        CHANGED,
    ),
]


def tamper(root: Connection, change: str) -> None:
    for number in (1, 2, 3, 5, 99):
        change = change.replace(f"{{row {number}}}", f"chain = 'cc_c1' AND seq = {number}")
    root.execute(change.encode())


@pytest.mark.parametrize(("change", "number", "words"), TAMPERING)
def test_tampering_is_found_and_the_first_bad_row_is_named(
    practice: Practice, root: Connection, change: str, number: int, words: str
) -> None:
    work(practice)
    tamper(root, change)
    chain, row, wrong = first(practice)
    assert (chain, row) == ("cc_c1", number)
    assert words in wrong


@pytest.mark.parametrize(("change", "number", "words"), WITHOUT_CONSTRAINTS)
def test_tampering_behind_dropped_constraints_is_found(
    migrated_server: TestServer, change: str, number: int, words: str
) -> None:
    with migrated_server.copy(practice_template(migrated_server)) as database:
        open_doors(database)
        with open_practice(database) as practice, practice.superuser() as root:
            work(practice)
            root.execute("SET session_replication_role = replica")
            tamper(root, change)
            chain, row, wrong = first(practice)
    assert (chain, row) == ("cc_c1", number)
    assert words in wrong


@pytest.mark.parametrize(
    ("change", "number", "words"),
    [
        ("UPDATE audit.anchor SET at = at - interval '1 s' WHERE id = 1", 1, CHANGED),
        ("UPDATE audit.anchor SET heads = heads - 'cc_c2' WHERE id = 2", 2, CHANGED),
        ("UPDATE audit.anchor SET hash = sha256('x') WHERE id = 1", 1, CHANGED),
        ("DELETE FROM audit.anchor WHERE id = 1", 1, "made and is gone"),
        ("DELETE FROM audit.anchor WHERE id = 2", 2, "made and is gone"),
        ("DELETE FROM audit.anchor", 1, "made and is gone"),
        (
            (
                "UPDATE audit.anchor a SET at = b.at, heads = b.heads, prev = b.prev, "
                "hash = b.hash FROM audit.anchor b WHERE b.id = 3 - a.id"
            ),
            1,
            "does not continue",
        ),
        (
            (
                "UPDATE audit.anchor SET heads = '{}', hash = audit.anchor_hash(prev, id, at, "
                "'{}') WHERE id = 2"
            ),
            2,
            "the chains say",
        ),
        (
            (
                "INSERT INTO audit.anchor (id, at, heads, prev, hash) OVERRIDING SYSTEM VALUE "
                "SELECT 3, at, heads, hash, audit.anchor_hash(hash, 3, at, heads) "
                "FROM audit.anchor WHERE id = 2"
            ),
            3,
            "the chains say",
        ),
    ],
)
def test_tampering_with_an_anchor_is_found(
    practice: Practice, root: Connection, change: str, number: int, words: str
) -> None:
    work(practice)
    tamper(root, change)
    chain, row, wrong = first(practice)
    assert (chain, row) == ("", number)
    assert words in wrong


def rewrite(root: Connection, chain: str) -> None:
    """What a superuser with time can do: change row 2 and hash all that follows anew."""
    root.execute("UPDATE audit.event SET action = 'x' WHERE chain = %s AND seq = 2", [chain])
    root.execute(
        "DO $$ DECLARE e audit.event; v bytea := ''; BEGIN FOR e IN SELECT * FROM audit.event "
        "WHERE chain = 'cc_c1' ORDER BY seq LOOP v := audit.event_hash(v, e.chain, e.seq, e.at_us, "
        "e.actor, e.action, e.object, e.patient_id, e.detail); UPDATE audit.event SET prev = "
        "coalesce((SELECT p.hash FROM audit.event p WHERE p.chain = e.chain AND p.seq = e.seq - 1)"
        ", ''), hash = v WHERE chain = e.chain AND seq = e.seq; END LOOP; "
        "UPDATE audit.head SET hash = v WHERE chain = 'cc_c1'; END $$"
    )


def test_a_chain_that_was_rewritten_whole_contradicts_the_anchors(
    practice: Practice, root: Connection
) -> None:
    work(practice)
    rewrite(root, "cc_c1")
    chain, row, wrong = first(practice)
    assert (chain, row) == ("cc_c1", 3)
    assert "anchor 1 names another row" in wrong


def test_a_chain_that_is_gone_whole_contradicts_the_anchors(
    practice: Practice, root: Connection
) -> None:
    work(practice)
    root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1'")
    root.execute("DELETE FROM audit.head WHERE chain = 'cc_c1'")
    assert first(practice)[:2] == ("cc_c1", 3)


def test_a_chain_that_is_gone_whole_is_not_explained_by_a_cut(
    practice: Practice, root: Connection
) -> None:
    work(practice)
    root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1'")
    root.execute("DELETE FROM audit.head WHERE chain = 'cc_c1'")
    root.execute(
        "INSERT INTO audit.cut (chain, seq, hash, at) "
        "VALUES ('cc_c1', 1000000, sha256('x'), clock_timestamp())"
    )
    assert first(practice) == ("cc_c1", 1000000, "the chain has no head")


def test_each_broken_chain_is_named_once_with_its_first_bad_row(
    practice: Practice, root: Connection
) -> None:
    work(practice)
    root.execute("UPDATE audit.event SET action = 'x' WHERE chain IN ('cc_c1', 'cc_c2')")
    found = findings(practice)
    assert [(one.chain, one.number) for one in found] == [("cc_c1", 1), ("cc_c2", 1)]
    assert found[0].sentence == ("Chain cc_c1, row 1: its content is not what was written.")


# ------------------------------------------------------------------------------ the expression


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chain=TEXT,
    seq=st.integers(-(2**63), 2**63 - 1),
    action=TEXT,
    patient=st.none() | st.uuids(),
    detail=JSON,
)
def test_the_fast_expression_is_the_hash_of_the_function(
    root: Connection, *, chain: str, seq: int, action: str, patient: uuid.UUID | None, detail: Any
) -> None:
    text, fast = (part.replace("%", "%%") for part in (EVENT_TEXT, EVENT_HASH))
    found = root.execute(
        f"SELECT {text}, {fast} = audit.event_hash(e.prev, e.chain, e.seq, e.at_us, e.actor, "
        "e.action, e.object, e.patient_id, e.detail) FROM (SELECT sha256('a') AS prev, "
        "%s::text AS chain, %s::bigint AS seq, %s::bigint AS at_us, %s::text AS actor, "
        "%s::text AS action, %s::text AS object, %s::uuid AS patient_id, %s::jsonb AS detail) e",
        [chain, seq, seq, action, action, chain, patient, Jsonb(detail)],
    ).fetchone()
    assert found is not None
    assert found[1], found[0]


# -------------------------------------------------------------------------------------- purging


def age(root: Connection, practice: Practice, chain: str, seq: int, years: float) -> None:
    """Let the rows of a chain up to ``seq`` be years older, with hashes that fit."""
    root.execute(
        "UPDATE audit.event SET at_us = at_us - (%s * 31557600000000)::bigint "
        "WHERE chain = %s AND seq <= %s",
        [years, chain, seq],
    )
    root.execute(
        "DO $$ DECLARE e audit.event; v bytea; BEGIN FOR e IN SELECT * FROM audit.event "
        "ORDER BY chain, seq LOOP v := CASE WHEN e.seq = 1 THEN ''::bytea ELSE v END; "
        "UPDATE audit.event SET prev = v WHERE chain = e.chain AND seq = e.seq; "
        "v := audit.event_hash(v, e.chain, e.seq, e.at_us, e.actor, e.action, e.object, "
        "e.patient_id, e.detail); UPDATE audit.event SET hash = v WHERE chain = e.chain AND "
        "seq = e.seq; UPDATE audit.head SET hash = v WHERE chain = e.chain; END LOOP; END $$"
    )
    assert findings(practice) == []


PURGE = "SELECT audit.purge(clock_timestamp() - interval '6 years 1 day', 6)"


def test_a_purge_cuts_the_old_end_and_the_rest_still_verifies(
    practice: Practice, root: Connection
) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    practice.c1.ask("sign_out")
    practice.c2.sign_in()
    age(root, practice, "cc_c1", 3, 9)
    assert practice.value(PURGE) == 2
    left = root.execute("SELECT chain, count(*), min(seq) FROM audit.event GROUP BY 1 ORDER BY 1")
    assert left.fetchall()[:2] == [("cc_c1", 2, 3), ("cc_c2", 1, 1)]
    assert findings(practice) == []
    practice.c1.sign_in()
    practice.owner.run("SELECT app.make_anchor()")
    assert findings(practice) == []
    assert practice.value(PURGE) == 0
    root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq = 3")
    assert first(practice)[:2] == ("cc_c1", 3)


def test_a_chain_that_is_old_altogether_keeps_its_last_row(
    practice: Practice, root: Connection
) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    age(root, practice, "cc_c1", 3, 9)
    assert practice.value(PURGE) == 2
    assert findings(practice) == []
    assert practice.c1.sign_in()["receipt"] != ""
    assert findings(practice) == []


@pytest.mark.parametrize(
    "arguments",
    [
        "clock_timestamp(), 6",
        "clock_timestamp() - interval '5 years 364 days', 6",
        "clock_timestamp() - interval '7 years', 5",
        "clock_timestamp() - interval '7 years', 0",
        "clock_timestamp() - interval '9 years', 10",
        "NULL, 6",
        "clock_timestamp() - interval '7 years', NULL",
        "'infinity', 6",
    ],
)
def test_nothing_younger_than_six_years_is_purged(practice: Practice, arguments: str) -> None:
    with refused("QC093"):
        practice.owner.run(f"SELECT audit.purge({arguments})")


def test_the_age_of_the_row_decides_and_no_setting(practice: Practice, root: Connection) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    age(root, practice, "cc_c1", 1, 9)
    age(root, practice, "cc_c1", 1, -3.1)  # 5.9 years
    root.execute("SET session_replication_role = origin")
    root.execute("SET ROLE audit_owner")
    with refused("42501"):
        root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq = 1")


def test_an_old_row_that_goes_without_a_cut_is_missed(practice: Practice, root: Connection) -> None:
    practice.c1.sign_in()
    practice.c1.claim_next()
    age(root, practice, "cc_c1", 2, 9)
    root.execute("SET session_replication_role = origin")
    root.execute("SET ROLE audit_owner")
    root.execute("DELETE FROM audit.event WHERE chain = 'cc_c1' AND seq = 1")
    assert first(practice)[:2] == ("cc_c1", 2)


# -------------------------------------------------------------------------------- who and how


def test_the_command_says_what_it_found_and_how_it_ended(
    practice: Practice, root: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    work(practice)
    command = ["--database", practice.database.conninfo, "verify-audit"]
    assert main(command) == 0
    assert "The audit is whole" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["whole"] is True
    root.execute("UPDATE audit.event SET action = 'x' WHERE chain = 'cc_c1' AND seq = 2")
    assert main(command) == 1
    out, err = capsys.readouterr()
    assert "Chain cc_c1, row 2: its content is not what was written." in out + err
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["number"] == 2


def test_a_person_cannot_verify_because_it_would_be_reading(practice: Practice) -> None:
    conninfo = psycopg.conninfo.make_conninfo(
        practice.database.conninfo, user="cc_aud", password=PASSWORD
    )
    with pytest.raises(NotAllowedError):
        verify_audit(conninfo)
