"""The gateway signs the audit's anchors: its key shows later that they were made when they say.

The private key is a secret of the gateway's like the carrier's: in the vault, or, on a server
without one, in a file that only the gateway's account can read. The database never sees it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coordinator_app.db.anchors import signed_message
from coordinator_app.domain.audit import UnsignedAnchor
from coordinator_app.gateway.own_secrets import OwnKeys

_log = logging.getLogger(__name__)
_SECRET = "anchor-key"  # noqa: S105 - the entry's name
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


def find_signer(keys: OwnKeys, file: Path | None = None) -> Signer:
    """The signer with the key of this gateway, made at first use.

    ``file``: where the key is kept when there is no vault. Raises ConfigurationError as
    ``OwnKeys.find``.
    """
    found = keys.find(_SECRET, lambda: Ed25519PrivateKey.generate().private_bytes_raw(), file)
    if found is None:
        _log.warning("no place for the audit's key: anchors stay unsigned (--anchor-key FILE)")
        return Signer(None)
    return Signer(Ed25519PrivateKey.from_private_bytes(found))
