"""The encrypted journal: outcomes and drafts that the database does not have yet.

One file for each person at a practice, under an opaque name, mode 0600. A first line names the
format and the key; every other line is one record, encrypted on its own (AES-256-GCM, random
nonce, bound to this person's file), so that damage to one line costs one record. The file is
replaced whole and synced at each change: killed at any moment, the old or the new one is there.
Deleted when nothing is left in it. The key is in the vault; without the key it is noise
(45 CFR 164.312(a)(2)(iv), encryption at rest).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coordinator_app.config import set_aside, sync_folder, write_privately
from coordinator_app.domain.outcome import OutcomeDetails, WrapUp
from coordinator_app.errors import ConfigurationError
from coordinator_app.ports import SecretStore
from coordinator_app.secrets.file_lock import exclusive
from coordinator_app.secrets.memory import MemoryJournal
from coordinator_app.secrets.records import BadRecordError, DraftRecord, Record, decode, encode
from coordinator_app.services.sign_in import OpenJournal

DRAFT_DAYS = 7  # an abandoned draft is not kept on a laptop for ever
_FORMAT = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_SECONDS_A_DAY = 86_400
_WOULD_BE_LOST = (
    "Work that has not reached the practice would not survive a crash of this computer."
)


def open_journal(
    folder: Path, person: str, secrets: SecretStore, wall: Callable[[], float] = time.time
) -> OpenJournal:
    """Return the journal of a person, encrypted where a key can be kept, else in memory.

    Args:
        folder: holds the journals of all persons on this computer; made when missing.
        person: opaque, fit for a file name (``services.connections.login_id``).
        wall: seconds since 1970; only decides which drafts are old.

    Never raises for a file, a key or a vault: the sentence in the result says what is wrong.
    """
    file = folder / f"{person}.journal"
    try:
        with exclusive(_lock_of(file)):
            key = _key(secrets, f"journal-{person}")
        if key is None:
            waiting = file.exists()
        else:
            journal = EncryptedJournal(file, key, person, wall)
            journal.tidy()
            return OpenJournal(journal, journal.problem, lasting=True)
    except (OSError, ConfigurationError):
        problem = f"The folder {folder} cannot be written, so nothing is kept there. "
        return OpenJournal(MemoryJournal(), problem + _WOULD_BE_LOST, lasting=False)
    problem = f"{secrets.available()} {_WOULD_BE_LOST}".strip()
    if waiting:
        problem += " Unsent work from before is still kept and is sent once the vault is open."
    return OpenJournal(MemoryJournal(), problem, lasting=False)


class EncryptedJournal:
    """See the module. ``problem`` is "" or a sentence: something was found that is unreadable.

    Every method reads the file anew under a lock, because a second window may have changed it.
    Methods raise ConfigurationError when the file cannot be written or opened.
    """

    def __init__(
        self, file: Path, key: bytes, person: str, wall: Callable[[], float] = time.time
    ) -> None:
        self.problem = ""
        self._file = file
        self._cipher = AESGCM(key)
        self._key_name = hashlib.sha256(b"journal key\0" + key).hexdigest()[:16]
        self._bound_to = f"care-coordinator journal {_FORMAT} {person}".encode()
        self._wall = wall

    def put(self, wrap_up: WrapUp) -> None:
        with self._changing() as records:
            if wrap_up not in records:
                records[:] = [*_without_op(records, wrap_up.op_id), wrap_up]

    def pending(self) -> tuple[WrapUp, ...]:
        with self._changing() as records:
            return tuple(record for record in records if isinstance(record, WrapUp))

    def done(self, op_id: UUID) -> None:
        with self._changing() as records:
            records[:] = _without_op(records, op_id)

    def save_draft(self, entry_id: UUID, details: OutcomeDetails) -> None:
        with self._changing() as records:
            if _find_draft(records, entry_id) != details:
                records[:] = _without_draft(records, entry_id)
                records.append(DraftRecord(entry_id, details, self._wall()))

    def draft(self, entry_id: UUID) -> OutcomeDetails | None:
        with self._changing() as records:
            return _find_draft(records, entry_id)

    def drop_draft(self, entry_id: UUID) -> None:
        with self._changing() as records:
            records[:] = _without_draft(records, entry_id)

    def tidy(self) -> None:
        """Forget drafts that nobody came back for, and remains of a write that was killed."""
        oldest = self._wall() - DRAFT_DAYS * _SECONDS_A_DAY
        with self._changing() as records:
            records[:] = [
                record
                for record in records
                if not (isinstance(record, DraftRecord) and record.saved < oldest)
            ]
            for scratch in self._file.parent.glob(f".{self._file.name}-*"):
                scratch.unlink(missing_ok=True)

    @contextmanager
    def _changing(self) -> Iterator[list[Record]]:
        """Give the records; what differs afterwards is written."""
        try:
            with exclusive(_lock_of(self._file)):
                records = self._read()
                before = list(records)
                yield records
                if records != before:
                    self._write(records)
        except OSError as error:
            raise ConfigurationError(
                f"The journal in {self._file.parent} cannot be written. {_WOULD_BE_LOST} Check "
                "that there is space on the disk.",
                name="journal_not_writable",
            ) from error

    def _write(self, records: list[Record]) -> None:
        if not records:
            self._file.unlink(missing_ok=True)
            sync_folder(self._file.parent)
            return
        head = json.dumps({"format": _FORMAT, "key": self._key_name}).encode()
        lines = [head, *(self._encrypt(encode(record)) for record in records), b""]
        write_privately(self._file, b"\n".join(lines))

    def _read(self) -> list[Record]:
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return []
        head, *lines = content.split(b"\n")
        if not self._is_ours(head):
            kept = set_aside(self._file)
            self.problem = (
                "Unsent work from before was found that this computer's key does not open. The "
                f"file was kept as {kept.name}; tell your supervisor."
            )
            return []
        records: list[Record] = []
        damaged = False
        for line in filter(None, lines):
            try:
                records.append(decode(self._decrypt(line)))
            except BadRecordError:
                damaged = True
        if damaged:
            self._keep_damaged(records)
        return records

    def _keep_damaged(self, readable: list[Record]) -> None:
        copy = self._file.with_name(f"{self._file.name}.copy")
        shutil.copy2(self._file, copy)
        kept = set_aside(copy)
        self._write(readable)
        self.problem = (
            "A part of the unsent work on this computer was damaged; the rest is safe. Please "
            "check your last outcome in the call log. "
            f"The damaged file was kept as {kept.name}."
        )

    def _is_ours(self, head: bytes) -> bool:
        try:
            found = json.loads(head)
        except (ValueError, RecursionError):
            return False
        return bool(found == {"format": _FORMAT, "key": self._key_name})

    def _encrypt(self, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, plain, self._bound_to))

    def _decrypt(self, line: bytes) -> bytes:
        try:
            sealed = base64.b64decode(line, validate=True)
            nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, text, self._bound_to)
        except (ValueError, InvalidTag):
            raise BadRecordError("not readable with this key") from None


def _lock_of(file: Path) -> Path:
    return file.parent / ".lock"


def _key(secrets: SecretStore, name: str) -> bytes | None:
    """The key from the vault, made at first use; None without a vault that keeps it.

    Runs under the lock: of two windows that start together, one makes the key.
    """
    if secrets.available():
        return None
    stored = secrets.get(name)
    if stored is None:
        if secrets.available():  # the vault failed while asked: the key may well exist
            return None
        stored = base64.b64encode(os.urandom(_KEY_BYTES)).decode()
        if not secrets.set(name, stored) or secrets.get(name) != stored:
            return None
    try:
        key = base64.b64decode(stored, validate=True)
    except ValueError:
        key = b""
    if len(key) == _KEY_BYTES:
        return key
    secrets.delete(name)  # somebody else's entry under our name; the next start makes a new one
    return None


def _without_op(records: list[Record], op_id: UUID) -> list[Record]:
    return [
        record for record in records if not (isinstance(record, WrapUp) and record.op_id == op_id)
    ]


def _without_draft(records: list[Record], entry_id: UUID) -> list[Record]:
    return [
        record
        for record in records
        if not (isinstance(record, DraftRecord) and record.entry_id == entry_id)
    ]


def _find_draft(records: list[Record], entry_id: UUID) -> OutcomeDetails | None:
    for record in records:
        if isinstance(record, DraftRecord) and record.entry_id == entry_id:
            return record.details
    return None
