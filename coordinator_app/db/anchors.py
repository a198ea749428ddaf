"""Anchors of the audit: made, signed, exported, read again.

An anchor names the newest row of every chain; its hash covers the anchor before it. What leaves
the server, with the gateway's signature, shows later whether a chain was rewritten as a whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from coordinator_app.config import write_privately
from coordinator_app.db.admin_session import as_auditor, as_owner, connect_admin
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND = timedelta(microseconds=1)
_EXPORT = (
    "SELECT a.id, a.at, a.heads, encode(a.prev, 'hex'), encode(a.hash, 'hex'), "
    "coalesce(encode(s.public_key, 'hex'), ''), coalesce(encode(s.signature, 'hex'), '') "
    "FROM audit.anchor a LEFT JOIN audit.anchor_signature s ON s.anchor_id = a.id ORDER BY a.id"
)


@dataclass(frozen=True, slots=True)
class ExportedAnchor:
    """One line of an export. ``public_key`` and ``signature`` are empty until it is signed."""

    id: int
    at: datetime
    heads: dict[str, list[Any]]  # chain: [number, hash]
    prev: bytes
    hash: bytes
    public_key: bytes
    signature: bytes

    def computed_hash(self) -> bytes:
        """The hash that this content has."""
        micros = (self.at - _EPOCH) // _MICROSECOND
        text = _as_jsonb([self.id, micros, self.heads])
        return hashlib.sha256(self.prev + text.encode()).digest()


def signed_message(anchor_hash: bytes) -> bytes:
    """What is signed for an anchor: no other thing that this key might ever sign looks like it."""
    return b"care-coordinator anchor\n" + anchor_hash


def is_signed(anchor_hash: bytes, public_key: bytes, signature: bytes) -> bool:
    """Say whether this key signed this anchor (Ed25519)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, signed_message(anchor_hash))
    except (InvalidSignature, ValueError):
        return False
    return True


def make_anchor(conninfo: str) -> int:
    """Make an anchor now; returns its number. The gateway signs it within minutes."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute("SELECT app.make_anchor()").fetchone()
    return int(row[0]) if row else 0


def export_anchors(conninfo: str, file: Path) -> tuple[int, int]:
    """Write all anchors as JSON lines; returns how many there are, and how many are signed.

    Raises ConfigurationError when the file cannot be written.
    """
    with connect_admin(conninfo) as conn, as_auditor(conn):
        rows = conn.execute(_EXPORT).fetchall()
    lines = [
        json.dumps(
            {
                "id": number,
                "at": at.isoformat(),
                "heads": heads,
                "prev": prev,
                "hash": value,
                "public_key": key,
                "signature": signature,
            },
            ensure_ascii=False,
        )
        for number, at, heads, prev, value, key, signature in rows
    ]
    try:
        write_privately(file, "".join(f"{line}\n" for line in lines).encode())
    except OSError:
        raise ConfigurationError(
            f"{file} could not be written. Choose another place for the export.",
            name="file_not_writable",
        ) from None
    return len(rows), sum(bool(row[6]) for row in rows)


def read_anchors(file: Path) -> tuple[ExportedAnchor, ...]:
    """Read what ``export_anchors`` wrote. Raises ConfigurationError for anything else."""
    try:
        lines = file.read_text("utf-8").splitlines()
        found = tuple(_read(json.loads(line)) for line in lines if line.strip())
    except OSError:
        raise ConfigurationError(f"{file} cannot be read.", name="file_not_readable") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{file} is not an export of anchors. Make one with coordinator-admin audit "
            "export-anchors.",
            name="not_an_export",
        ) from None
    if not found:  # held against nothing the audit would always be whole
        raise ConfigurationError(
            f"{file} holds no anchor, so it shows nothing. Take an export that does.",
            name="empty_export",
        )
    return found


def _read(line: dict[str, Any]) -> ExportedAnchor:
    at = datetime.fromisoformat(line["at"])
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return ExportedAnchor(
        id=int(line["id"]),
        at=at,
        heads={str(chain): [int(seq), str(value)] for chain, (seq, value) in line["heads"].items()},
        prev=bytes.fromhex(line["prev"]),
        hash=bytes.fromhex(line["hash"]),
        public_key=bytes.fromhex(line["public_key"]),
        signature=bytes.fromhex(line["signature"]),
    )


def _as_jsonb(value: object) -> str:
    """JSON as PostgreSQL prints jsonb: keys by length, then bytes; a space after , and :."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_as_jsonb(key)}: {_as_jsonb(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_jsonb, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
