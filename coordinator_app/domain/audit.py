"""What the audit is proved with."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RECEIPT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class UnsignedAnchor:
    """An anchor that waits for the gateway's signature. ``hash``: hexadecimal."""

    id: int
    hash: str


def is_receipt(text: object) -> bool:
    """Say whether this can be the head of an audit chain, as the database writes it."""
    return isinstance(text, str) and _RECEIPT.fullmatch(text) is not None
