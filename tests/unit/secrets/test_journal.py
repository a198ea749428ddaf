"""The encrypted journal: nothing is lost, nobody else can read it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.errors import ConfigurationError
from coordinator_app.secrets.demo_file import DemoFileStore
from coordinator_app.secrets.journal import EncryptedJournal, open_journal
from coordinator_app.secrets.memory import MemoryJournal, MemorySecretStore
from coordinator_app.secrets.records import BadRecordError, DraftRecord, decode, encode
from coordinator_app.services.sign_in import OpenJournal
from tests.helpers.fake_data import PRACTICE
from tests.helpers.fake_services import NOTE, a_wrap_up

ROOT = Path(__file__).resolve().parents[3]
PERSON = "0123456789abcdef0123456789abcdef"
FULL = OutcomeDetails(
    note=f"{NOTE}\n«línea dos»",
    hold_id=uuid7(),
    appointment_id=uuid7(),
    callback_at=datetime(2026, 11, 24, 15, 30, 0, 125, tzinfo=UTC),
    callback_mine=False,
    scope="calls",
    barrier="transportation-insecurity",
    reason="cost",
    language="es",
    remind_by_text=True,
)


class Kept:
    """A folder, a vault that works, and the journal of one person in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "journal"
        self.vault = MemorySecretStore(reason="")
        self.file = self.folder / f"{PERSON}.journal"
        self.seconds = 1_800_000_000.0

    def open(self, person: str = PERSON) -> OpenJournal:
        return open_journal(self.folder, person, self.vault, lambda: self.seconds)

    def journal(self) -> EncryptedJournal:
        opened = self.open()
        assert isinstance(opened.journal, EncryptedJournal)
        return opened.journal

    def set_aside(self) -> list[Path]:
        return sorted(self.folder.glob("*.unreadable-*"))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_comes_back_in_the_next_run_oldest_first(kept: Kept) -> None:
    wrap_ups = [a_wrap_up(), dataclasses.replace(a_wrap_up(), details=FULL), a_wrap_up()]
    journal = kept.journal()
    for each in wrap_ups:
        journal.put(each)
    opened = kept.open()
    assert opened.lasting
    assert opened.problem == ""
    assert opened.journal.pending() == tuple(wrap_ups)


def test_what_is_done_is_gone_and_the_last_one_takes_the_file_with_it(kept: Kept) -> None:
    first, second = a_wrap_up(), a_wrap_up()
    journal = kept.journal()
    journal.put(first)
    journal.put(second)
    journal.done(first.op_id)
    assert kept.journal().pending() == (second,)
    journal.done(second.op_id)
    journal.done(second.op_id)
    assert not kept.file.exists()


def test_the_same_one_twice_is_kept_once(kept: Kept) -> None:
    journal = kept.journal()
    wrap_up = a_wrap_up()
    journal.put(wrap_up)
    journal.put(wrap_up)
    changed = dataclasses.replace(wrap_up, outcome=Outcome.BUSY)
    journal.put(changed)
    assert journal.pending() == (changed,)


def test_drafts(kept: Kept) -> None:
    journal = kept.journal()
    one, two = uuid7(), uuid7()
    assert journal.draft(one) is None
    journal.save_draft(one, OutcomeDetails(note="first"))
    journal.save_draft(two, FULL)
    journal.save_draft(one, OutcomeDetails(note="second"))
    again = kept.journal()
    assert again.draft(one) == OutcomeDetails(note="second")
    assert again.draft(two) == FULL
    again.drop_draft(one)
    again.drop_draft(one)
    assert again.draft(one) is None
    assert again.pending() == ()
    again.drop_draft(two)
    assert not kept.file.exists()


def test_an_unchanged_draft_is_not_written_again(kept: Kept) -> None:
    journal = kept.journal()
    entry = uuid7()
    journal.save_draft(entry, FULL)
    before = kept.file.read_bytes()
    journal.save_draft(entry, FULL)
    assert kept.file.read_bytes() == before


def test_an_abandoned_draft_is_forgotten_an_outcome_never(kept: Kept) -> None:
    journal = kept.journal()
    old, new, wrap_up = uuid7(), uuid7(), a_wrap_up()
    journal.put(wrap_up)
    journal.save_draft(old, FULL)
    kept.seconds += 7 * 86_400
    journal.save_draft(new, FULL)
    kept.seconds += 1
    again = kept.journal()
    assert again.draft(old) is None
    assert again.draft(new) == FULL
    assert again.pending() == (wrap_up,)


def test_nothing_of_it_can_be_read_in_the_file_or_its_name(kept: Kept) -> None:
    wrap_up = dataclasses.replace(a_wrap_up(), details=FULL)
    journal = kept.journal()
    journal.put(wrap_up)
    journal.save_draft(wrap_up.entry_id, FULL)
    for file in kept.folder.iterdir():
        content = file.read_bytes() + file.name.encode()
        for secret in ("Zyxmarker", "Quillanne", "transportation", "NO_ANSWER", "note", "draft"):
            assert secret.encode() not in content
        assert str(wrap_up.entry_id).encode() not in content


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permission bits")
def test_only_this_user_may_open_it(kept: Kept) -> None:
    kept.journal().put(a_wrap_up())
    assert stat.S_IMODE(kept.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700


def test_another_persons_journal_is_another_file_and_key(kept: Kept) -> None:
    kept.journal().put(a_wrap_up())
    other = kept.open("f" * 32).journal
    assert other.pending() == ()
    kept.file.rename(kept.folder / f"{'f' * 32}.journal")
    opened = kept.open("f" * 32)
    assert opened.journal.pending() == ()
    assert "does not open" in opened.problem


def test_a_record_of_another_person_is_refused_even_under_the_same_key(tmp_path: Path) -> None:
    key = os.urandom(32)
    mine = EncryptedJournal(tmp_path / "a", key, "a")
    mine.put(a_wrap_up())
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    theirs = EncryptedJournal(tmp_path / "b", key, "b")
    assert theirs.pending() == ()
    assert "damaged" in theirs.problem


def test_a_lost_key_moves_the_file_aside_and_says_so(kept: Kept) -> None:
    kept.journal().put(a_wrap_up())
    content = kept.file.read_bytes()
    kept.vault = MemorySecretStore(reason="")
    opened = kept.open()
    assert opened.journal.pending() == ()
    assert opened.lasting
    assert kept.set_aside()[0].name in opened.problem
    assert kept.set_aside()[0].read_bytes() == content
    opened.journal.put(new := a_wrap_up())
    assert kept.journal().pending() == (new,)


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, b"{}\n", b"[]", b"not a journal\nx\n"])
def test_a_file_that_is_not_a_journal_is_moved_aside(kept: Kept, damage: bytes) -> None:
    kept.folder.mkdir()
    kept.file.write_bytes(damage)
    opened = kept.open()
    assert opened.journal.pending() == ()
    assert opened.problem
    assert kept.set_aside()[0].read_bytes() == damage


def test_a_torn_last_record_costs_that_record_only(kept: Kept) -> None:
    first, second = a_wrap_up(), a_wrap_up()
    journal = kept.journal()
    journal.put(first)
    journal.put(second)
    content = kept.file.read_bytes()
    kept.file.write_bytes(content[:-40])
    opened = kept.open()
    assert opened.journal.pending() == (first,)
    assert "damaged" in opened.problem
    assert kept.set_aside()[0].read_bytes() == content[:-40]
    assert kept.open().problem == ""


def test_no_torn_length_makes_it_crash(kept: Kept) -> None:
    journal = kept.journal()
    wrap_ups = (a_wrap_up(), a_wrap_up())
    for each in wrap_ups:
        journal.put(each)
    content = kept.file.read_bytes()
    for length in range(0, len(content), 37):
        kept.file.write_bytes(content[:length])
        found = kept.open().journal.pending()
        assert found == wrap_ups[: len(found)]


def test_one_changed_bit_is_noticed(kept: Kept) -> None:
    kept.journal().put(a_wrap_up())
    content = bytearray(kept.file.read_bytes())
    content[-10] ^= 1
    kept.file.write_bytes(bytes(content))
    opened = kept.open()
    assert opened.journal.pending() == ()
    assert "damaged" in opened.problem


def test_remains_of_a_killed_write_are_swept_up(kept: Kept) -> None:
    kept.journal().put(wrap_up := a_wrap_up())
    remains = kept.folder / f".{kept.file.name}-abc123"
    remains.write_bytes(b"half")
    assert kept.journal().pending() == (wrap_up,)
    assert not remains.exists()


def test_without_a_vault_it_is_memory_and_says_what_that_means(tmp_path: Path) -> None:
    opened = open_journal(tmp_path, PERSON, MemorySecretStore("There is no vault."))
    assert isinstance(opened.journal, MemoryJournal)
    assert not opened.lasting
    assert "There is no vault." in opened.problem
    assert "would not survive a crash" in opened.problem
    opened.journal.put(a_wrap_up())
    assert not list(tmp_path.glob("*.journal"))


def test_a_vault_that_is_locked_today_leaves_the_work_of_yesterday_alone(kept: Kept) -> None:
    kept.journal().put(wrap_up := a_wrap_up())
    open_vault, kept.vault = kept.vault, MemorySecretStore("The vault is locked.")
    opened = kept.open()
    assert opened.journal.pending() == ()
    assert "still kept" in opened.problem
    kept.vault = open_vault
    assert kept.journal().pending() == (wrap_up,)


def test_a_vault_that_fails_while_asked_never_gets_a_second_key(kept: Kept) -> None:
    class Failing(MemorySecretStore):
        def __init__(self) -> None:
            super().__init__(reason="")
            self.wrote = False

        def get(self, key: str) -> str | None:
            self._reason = "The vault does not answer."
            return None

        def set(self, key: str, value: str) -> bool:
            self.wrote = True
            return True

    kept.vault = failing = Failing()
    assert not kept.open().lasting
    assert not failing.wrote


def test_a_vault_that_does_not_keep_what_it_took_is_no_vault(kept: Kept) -> None:
    class Forgetful(MemorySecretStore):
        def set(self, key: str, value: str) -> bool:
            return True

    kept.vault = Forgetful(reason="")
    assert not kept.open().lasting


@pytest.mark.parametrize("foreign", ["", "short", "not base64 ñ", "QUJD"])
def test_a_foreign_entry_under_our_name_is_replaced_at_the_next_start(
    kept: Kept, foreign: str
) -> None:
    kept.vault.set(f"journal-{PERSON}", foreign)
    assert not kept.open().lasting
    assert kept.open().lasting


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    opened = open_journal(tmp_path / "journal", PERSON, MemorySecretStore(reason=""))
    assert not opened.lasting
    assert "cannot be written" in opened.problem


def test_a_disk_that_is_full_is_a_sentence_and_keeps_the_old(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = kept.journal()
    journal.put(first := a_wrap_up())

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ConfigurationError, match="space on the disk"):
            journal.put(a_wrap_up())
    assert kept.journal().pending() == (first,)


def test_two_windows_of_one_person_do_not_overwrite_each_other(kept: Kept) -> None:
    first, second = kept.journal(), kept.journal()
    put: list[WrapUp] = []

    def write(journal: EncryptedJournal) -> None:
        for _ in range(10):
            wrap_up = a_wrap_up()
            journal.put(wrap_up)
            put.append(wrap_up)

    threads = [threading.Thread(target=write, args=(each,)) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.op_id for each in kept.journal().pending()} == {each.op_id for each in put}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.journal_writer", tmp_path],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(25)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read().split()
    assert writer.returncode == -signal.SIGKILL
    confirmed = {UUID(line[1:]) for line in said if line.startswith("-")}
    kept_back = {UUID(line[1:]) for line in said if line.startswith("+")} - confirmed
    opened = open_journal(tmp_path / "journal", "person", DemoFileStore(tmp_path, PRACTICE))
    assert opened.problem == ""
    pending = opened.journal.pending()
    # The one that was being written, and the one being confirmed, may be there or not.
    assert kept_back
    assert kept_back <= {each.op_id for each in pending}
    assert len(pending) <= len(kept_back) + 2
    assert {each.details.note for each in pending} == {NOTE}


def test_every_field_of_an_outcome_survives() -> None:
    defaults = OutcomeDetails()
    for each in dataclasses.fields(OutcomeDetails):
        assert getattr(FULL, each.name) != getattr(defaults, each.name), each.name
    wrap_up = dataclasses.replace(a_wrap_up(), details=FULL, outcome=Outcome.BOOKED, fence=77)
    assert decode(encode(wrap_up)) == wrap_up
    draft = DraftRecord(uuid7(), FULL, 1_800_000_000.5)
    assert decode(encode(draft)) == draft


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"outcome": "FUTURE_OUTCOME"},
        {"fence": "many"},
        {"op_id": "1"},
        {"details": None},
        {"details": {}},
    ],
)
def test_a_record_of_another_version_is_refused_without_quoting_it(
    change: dict[str, object],
) -> None:
    value = {**json.loads(encode(a_wrap_up())), **change}
    with pytest.raises(BadRecordError) as refused:
        decode(json.dumps(value).encode())
    assert "Zyxmarker" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b"{", b"\xff", b'"text"'])
def test_bytes_that_are_no_record_are_refused(content: bytes) -> None:
    with pytest.raises(BadRecordError):
        decode(content)
