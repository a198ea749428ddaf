"""Private keys of the gateway: in the vault, or, on a server without one, in a file of its own.

They are secrets like the carrier's: the database never sees them. Both kinds in use are 32 bytes.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.config import write_privately
from coordinator_app.errors import ConfigurationError
from coordinator_app.ports import SecretStore

_log = logging.getLogger(__name__)
_SHOULD_BE_PRIVATE = 0o077
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Under which name the vault keeps a key, and in which file it is without a vault."""

    entry: str
    of_what: str  # for messages: "The vault's entry for … is damaged"
    file: Path | None


def own_key(
    secrets: SecretStore, place: KeyPlace, make: Callable[[], bytes], read: Callable[[bytes], K]
) -> K | None:
    """The key of this gateway, made at first use; None when there is no place for it.

    Raises ConfigurationError for a key that is damaged, not ours alone, or not writable.
    """
    if not secrets.available():
        kept = secrets.get(place.entry)
        if kept is None and not secrets.available():
            kept = make().hex()
            if not secrets.set(place.entry, kept):
                kept = None
        if kept is not None:
            return _read(kept, f"The vault's entry for {place.of_what}", read)
    if place.file is None:
        return None
    return _read(_from_file(place.file, make), f"The key file {place.file}", read)


def find_box_key(secrets: SecretStore, file: Path | None) -> X25519PrivateKey | None:
    """What opens boxes that are sealed for this gateway (``secrets.sealing``); None: no place.

    Raises ConfigurationError as ``own_key``.
    """
    place = KeyPlace("box-key", "the gateway's box key", file)
    found = own_key(
        secrets,
        place,
        lambda: X25519PrivateKey.generate().private_bytes_raw(),
        X25519PrivateKey.from_private_bytes,
    )
    if found is None:
        _log.warning("no place for the gateway's box key: calls are not recorded")
    return found


def _from_file(file: Path, make: Callable[[], bytes]) -> str:
    try:
        if not file.exists():
            made = make().hex()
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


def _read(text: str, what: str, read: Callable[[bytes], K]) -> K:
    try:
        return read(bytes.fromhex(text))
    except ValueError:
        raise ConfigurationError(
            f"{what} is damaged. Delete it, so that a new key is made.", name="key_damaged"
        ) from None
