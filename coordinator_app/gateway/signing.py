"""The gateway signs the audit's anchors: its key shows later that they were made when they say.

The private key is a secret of the gateway's like the carrier's: in the vault, or, on a server
without one, in a file that only the gateway's account can read. The database never sees it.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coordinator_app.config import write_privately
from coordinator_app.db.anchors import signed_message
from coordinator_app.domain.audit import UnsignedAnchor
from coordinator_app.errors import ConfigurationError
from coordinator_app.ports import SecretStore

_log = logging.getLogger(__name__)
_SECRET = "anchor-key"  # noqa: S105 - the entry's name
_SHOULD_BE_PRIVATE = 0o077
_EVERY = 300.0  # seconds between two looks whether the audit wants an anchor


class AnchorStore(Protocol):
    """What signing needs of the database."""

    def anchors(self) -> tuple[UnsignedAnchor, ...]:
        """Make an anchor if one is due; those that wait for a signature."""
        ...

    def sign_anchor(self, anchor_id: int, public_key: str, signature: str) -> None:
        """Keep a signature (hexadecimal); the first one stays."""
        ...


class Signer:
    """Signs with one key; without a key anchors are made all the same, and stay unsigned."""

    def __init__(self, key: Ed25519PrivateKey | None) -> None:
        self._key = key

    def turn(self, store: AnchorStore) -> float:
        """Let a due anchor be made and sign what waits; see ``side_work.Chore``."""
        waiting = store.anchors()
        if self._key is not None:
            public = self._key.public_key().public_bytes_raw().hex()
            for anchor in waiting:
                message = signed_message(bytes.fromhex(anchor.hash))
                store.sign_anchor(anchor.id, public, self._key.sign(message).hex())
        return _EVERY


def find_signer(secrets: SecretStore, file: Path | None) -> Signer:
    """The signer with the key of this gateway, made at first use.

    ``file``: where the key is kept when there is no vault; None: then there is no key.
    Raises ConfigurationError for a key file that is damaged, not ours alone, or not writable.
    """
    if not secrets.available():
        kept = secrets.get(_SECRET)
        if kept is None and not secrets.available():
            kept = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            if not secrets.set(_SECRET, kept):
                kept = None
        if kept is not None:
            return Signer(_key(kept, "The vault's entry for the audit's key"))
    if file is None:
        _log.warning("no place for the audit's key: anchors stay unsigned (--anchor-key FILE)")
        return Signer(None)
    return Signer(_key(_from_file(file), f"The key file {file}"))


def _from_file(file: Path) -> str:
    try:
        if not file.exists():
            made = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            write_privately(file, made.encode())
            return made
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & _SHOULD_BE_PRIVATE:
            raise ConfigurationError(
                f"The key file {file} can be read by others. Delete it, so that a new key is made.",
                name="key_not_private",
            )
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"The key file {file} cannot be read or written. Name another one with --anchor-key.",
            name="key_not_usable",
        ) from None


def _key(text: str, what: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
    except ValueError:
        raise ConfigurationError(
            f"{what} is damaged. Delete it, so that a new key is made.", name="key_damaged"
        ) from None
