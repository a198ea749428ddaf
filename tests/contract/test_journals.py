"""What every ``Journal`` promises."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Outcome, OutcomeDetails
from coordinator_app.ports import Journal
from coordinator_app.secrets.journal import EncryptedJournal
from coordinator_app.secrets.memory import MemoryJournal
from tests.helpers.fake_services import OrderedJournal, a_wrap_up


@pytest.fixture(params=["encrypted", "memory", "the tests' own"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    journals: dict[str, Journal] = {
        "encrypted": EncryptedJournal(tmp_path / "journal", os.urandom(32), "person"),
        "memory": MemoryJournal(),
        "the tests' own": OrderedJournal([]),
    }
    return journals[request.param]


def test_pending_is_oldest_first(journal: Journal) -> None:
    wrap_ups = [a_wrap_up() for _ in range(3)]
    for each in wrap_ups:
        journal.put(each)
    assert journal.pending() == tuple(wrap_ups)


def test_done_forgets_one_and_does_not_mind_a_second_time(journal: Journal) -> None:
    first, second = a_wrap_up(), a_wrap_up()
    journal.put(first)
    journal.put(second)
    journal.done(first.op_id)
    journal.done(first.op_id)
    assert journal.pending() == (second,)


def test_one_op_id_is_kept_once_as_it_was_said_last(journal: Journal) -> None:
    wrap_up = a_wrap_up()
    journal.put(wrap_up)
    journal.put(replace(wrap_up, outcome=Outcome.BUSY))
    assert journal.pending() == (replace(wrap_up, outcome=Outcome.BUSY),)


def test_drafts_are_apart_from_outcomes_and_from_each_other(journal: Journal) -> None:
    one, two = uuid7(), uuid7()
    journal.save_draft(one, OutcomeDetails(note="a"))
    journal.save_draft(two, OutcomeDetails(note="b"))
    journal.save_draft(one, OutcomeDetails(note="c"))
    assert journal.draft(one) == OutcomeDetails(note="c")
    assert journal.draft(two) == OutcomeDetails(note="b")
    assert journal.pending() == ()
    journal.drop_draft(one)
    journal.drop_draft(one)
    assert journal.draft(one) is None
    assert journal.draft(two) == OutcomeDetails(note="b")
