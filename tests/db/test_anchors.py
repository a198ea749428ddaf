"""Anchors: made once a day, signed by the gateway, exported, and held against the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.cli import main
from coordinator_app.db.anchors import export_anchors, is_signed, make_anchor, read_anchors
from coordinator_app.db.audit_check import verify_audit
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.errors import ConfigurationError
from coordinator_app.gateway.own_secrets import Credentials, OwnKeys
from coordinator_app.gateway.signing import find_signer
from coordinator_app.secrets.memory import MemorySecretStore
from tests.helpers.db_practice import PASSWORD, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.db_practice import Practice

KEY, SIGNATURE = "ab" * 32, "cd" * 64


def keys(vault: MemorySecretStore) -> OwnKeys:
    return OwnKeys(Credentials(None), vault, None)


def sign(practice: Practice, vault: MemorySecretStore | None = None) -> None:
    """What the gateway does every few minutes, with its real connection."""
    conninfo = make_conninfo(practice.database.conninfo, user="cc_gw", password=PASSWORD)
    store = SqlSideStore.connect(conninfo)
    try:
        find_signer(keys(vault or MemorySecretStore("")), None).turn(store)
    finally:
        store.close()


def anchors(practice: Practice) -> list[tuple[Any, ...]]:
    with practice.superuser() as root:
        return root.execute(
            "SELECT a.id, a.hash, s.public_key, s.signature FROM audit.anchor a "
            "LEFT JOIN audit.anchor_signature s ON s.anchor_id = a.id ORDER BY a.id"
        ).fetchall()


def test_the_gateway_makes_and_signs_an_anchor_a_day(practice: Practice) -> None:
    practice.c1.sign_in()
    sign(practice)
    sign(practice)
    assert [one[0] for one in anchors(practice)] == [1]
    practice.pass_time(hours=25)
    sign(practice)
    found = anchors(practice)
    assert [one[0] for one in found] == [1, 2]
    assert all(is_signed(*one[1:]) for one in found)
    report = verify_audit(practice.database.conninfo)
    assert (report.anchors, report.signed, report.findings) == (2, 2, ())


def test_the_practice_may_want_anchors_more_often_and_never_more_seldom(
    practice: Practice,
) -> None:
    sign(practice)
    practice.set_rules(anchor_hours=2)
    practice.pass_time(hours=3)
    sign(practice)
    assert len(anchors(practice)) == 2
    practice.set_rules(anchor_hours=1000)
    practice.pass_time(hours=25)
    sign(practice)
    assert len(anchors(practice)) == 3


def test_an_anchor_that_waits_is_signed_at_the_next_look(practice: Practice) -> None:
    assert make_anchor(practice.database.conninfo) == 1
    assert anchors(practice)[0][2:] == (None, None)
    sign(practice)
    assert is_signed(*anchors(practice)[0][1:])


def test_a_signature_stays_and_only_the_gateway_brings_one(practice: Practice) -> None:
    make_anchor(practice.database.conninfo)
    assert practice.gw.ask("gateway_sign", 1, KEY, SIGNATURE) is True
    assert practice.gw.ask("gateway_sign", 1, KEY, SIGNATURE) is False
    assert practice.gw.ask("gateway_sign", 9, KEY, SIGNATURE) is False
    for bad in ((1, KEY[2:], SIGNATURE), (1, KEY, "x" * 128), (1, None, SIGNATURE)):
        with refused("QC070"):
            practice.gw.run("SELECT api.gateway_sign(%s::bigint, %s::text, %s::text)", *bad)
    for party in (practice.c1, practice.sup, practice.adm):
        with refused("42501"):
            party.ask("gateway_anchor")


def test_a_signature_that_does_not_fit_is_found(practice: Practice) -> None:
    make_anchor(practice.database.conninfo)
    practice.gw.ask("gateway_sign", 1, KEY, SIGNATURE)
    found = verify_audit(practice.database.conninfo).findings
    assert [(one.number, one.wrong) for one in found] == [(1, "its signature is wrong")]


# --------------------------------------------------------------------------------- the export


@pytest.fixture
def exported(practice: Practice, tmp_path: Path) -> Path:
    """An export of two anchors, the first of them signed."""
    practice.c1.sign_in()
    sign(practice)
    practice.c1.claim_next()
    make_anchor(practice.database.conninfo)
    file = tmp_path / "anchors.jsonl"
    assert export_anchors(practice.database.conninfo, file) == (2, 1)
    return file


def test_what_was_exported_is_read_again_and_fits(practice: Practice, exported: Path) -> None:
    found = read_anchors(exported)
    assert [one.id for one in found] == [1, 2]
    assert all(one.hash == one.computed_hash() for one in found)
    practice.c1.ask("set_status", "break")
    practice.pass_time(hours=25)
    sign(practice)
    report = verify_audit(practice.database.conninfo, found)
    assert (report.exported, report.findings) == (2, ())


def test_a_history_that_was_made_anew_contradicts_the_export(
    practice: Practice, exported: Path
) -> None:
    """The superuser removes everything, anchors too, and lets the practice go on."""
    with practice.superuser() as root:
        root.execute("SET session_replication_role = replica")
        root.execute(
            "TRUNCATE audit.event, audit.head, audit.anchor, audit.anchor_signature, audit.cut"
        )
    practice.c1.sign_in()
    practice.c1.claim_next()
    assert verify_audit(practice.database.conninfo).whole
    found = verify_audit(practice.database.conninfo, read_anchors(exported)).findings
    assert ("cc_c1", 1) in [(one.chain, one.number) for one in found]
    assert "it was exported and is gone" in [one.wrong for one in found]
    make_anchor(practice.database.conninfo)
    found = verify_audit(practice.database.conninfo, read_anchors(exported)).findings
    assert "it is not the one that was exported" in [one.wrong for one in found]


def test_a_file_that_was_changed_is_told_from_a_database_that_was(
    practice: Practice, exported: Path
) -> None:
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    lines[1]["heads"]["cc_c1"][0] += 1
    exported.write_text("\n".join(map(json.dumps, lines)))
    found = verify_audit(practice.database.conninfo, read_anchors(exported)).findings
    assert ("", 2, "the file itself was changed there") in [
        (one.chain, one.number, one.wrong) for one in found
    ]
    lines[1]["heads"]["cc_c1"][0] -= 1
    lines[0]["signature"] = SIGNATURE
    exported.write_text("\n".join(map(json.dumps, lines)))
    found = verify_audit(practice.database.conninfo, read_anchors(exported)).findings
    assert [(one.number, one.wrong) for one in found] == [(1, "its signature in the file is wrong")]


@pytest.mark.parametrize(
    "content", ["nonsense", "[]", "{}", '{"id": 1, "at": "2027-01-01T00:00:00"}', '"x"', "\xff"]
)
def test_a_file_that_is_no_export_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not an export"):
        read_anchors(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_anchors(tmp_path / "missing")


def test_an_export_without_anchors_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("\n", "utf-8")
    with pytest.raises(ConfigurationError, match="holds no anchor"):
        read_anchors(file)


def test_the_commands(
    practice: Practice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ["--database", practice.database.conninfo]
    file = tmp_path / "anchors.jsonl"
    assert main([*database, "audit", "anchor"]) == 0
    assert main([*database, "audit", "export-anchors", str(file)]) == 0
    assert "1 anchors (0 signed)" in capsys.readouterr().out
    assert main([*database, "verify-audit", "--anchors", str(file)]) == 0
    assert "1 compared with the export" in capsys.readouterr().out
    assert main([*database, "audit", "export-anchors", str(tmp_path / "no" / "x")]) == 0
    (tmp_path / "file").write_text("")
    assert main([*database, "audit", "export-anchors", str(tmp_path / "file" / "x")]) == 1
    assert "could not be written" in capsys.readouterr().err


# ------------------------------------------------------------------------------------- receipts


def test_a_receipt_stands_in_ones_own_chain_and_in_no_other(practice: Practice) -> None:
    practice.c1.sign_in()
    receipt = practice.c1.sign_in()["receipt"]
    practice.c1.ask("set_status", "break")
    assert practice.c1.ask("check_receipt", receipt) is True
    assert practice.c2.ask("check_receipt", receipt) is False


def test_a_receipt_of_long_ago_still_stands(practice: Practice) -> None:
    receipt = practice.value("SELECT app.audit('test', 'x', NULL)")
    practice.owner.run("SELECT app.audit('test', 'x', NULL) FROM generate_series(1, 2100)")
    asked = "SELECT audit.has_receipt(decode(%s, 'hex'))"
    assert practice.value(asked, receipt) is True
    assert practice.value(asked, KEY) is False


def test_a_lost_receipt_is_told_to_the_supervisors(practice: Practice) -> None:
    assert practice.c1.ask("check_receipt", KEY) is False
    assert practice.rows("SELECT kind, person_id FROM app.alert") == [
        ("audit", practice.person_id("cc_c1"))
    ]
    assert practice.c1.ask("check_receipt", KEY) is False
    assert practice.value("SELECT count(*) FROM app.alert") == 1


@pytest.mark.parametrize("receipt", ["", "x", KEY[1:], KEY.upper(), None])
def test_what_is_no_receipt_is_refused_and_alarms_nobody(
    practice: Practice, receipt: str | None
) -> None:
    with refused("QC070"):
        practice.c1.run("SELECT api.check_receipt(%s::text)", receipt)
    assert practice.value("SELECT count(*) FROM app.alert") == 0
