"""The carrier's account, sealed for the gateway, so that nobody on the way can read it.

The window of a supervisor seals it (see ``sealing``); the database keeps it and cannot open it; the
gateway opens it. The practice and the carrier's account are the context of the box: a box of one
practice cannot be put into another one's database, nor under another account.

Format, version 1: ``01 | box``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.domain import sealing
from coordinator_app.errors import UserFacingError

_VERSION = b"\x01"
_PADDED = 512  # bytes: the length of a box says nothing about what is in it


class SealError(UserFacingError):
    """The box cannot be opened: another gateway's, another practice's, or damaged."""


@dataclass(frozen=True, slots=True)
class CarrierKey:
    """An account at the carrier and a key of it."""

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> CarrierKey:
        """Read what ``to_json`` wrote, or a person. Raises ValueError."""
        try:
            values = json.loads(text)
            given = [values[name] for name in ("account_sid", "key_sid", "key_secret")]
        except (ValueError, KeyError, TypeError):
            raise ValueError("not a carrier account") from None
        if not all(isinstance(value, str) and value for value in given):
            raise ValueError("not a carrier account")
        return cls(*given)

    def to_json(self) -> str:
        return json.dumps(
            {
                "account_sid": self.account_sid,
                "key_sid": self.key_sid,
                "key_secret": self.key_secret,
            }
        )


def new_key() -> bytes:
    """A private key of a gateway."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The half that may be published. Raises ValueError for what is no key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """What two people can compare aloud: "1f3a 9c02 77be 4d10"."""
    digest = hashlib.sha256(public).hexdigest()[:16]
    return " ".join(digest[at : at + 4] for at in range(0, 16, 4))


def seal(account: CarrierKey, gateway: bytes, practice: str) -> bytes:
    """Seal for the gateway with this public key. ``practice``: the practice's id.

    Raises ValueError for what is no public key.
    """
    content = account.to_json().encode().ljust(_PADDED)
    return _VERSION + sealing.seal(gateway, _bound(practice, account.account_sid), content)


def unseal(box: bytes, private: bytes, practice: str, account_sid: str) -> CarrierKey:
    """Open what was sealed for us, of this practice and this account. Raises SealError."""
    try:
        if box[:1] != _VERSION:
            raise SealError(
                "The carrier account was entered with a newer program. Update the gateway.",
                name="sealed_newer",
            )
        key = X25519PrivateKey.from_private_bytes(private)
        content = sealing.unseal(key, _bound(practice, account_sid), box[1:])
        account = CarrierKey.from_json(content.decode())
    except (sealing.NotOursError, ValueError):
        raise SealError(
            "The carrier account was entered for another gateway. Enter account and key again.",
            name="sealed_for_another",
        ) from None
    if account.account_sid != account_sid:
        raise SealError(
            "The carrier account does not fit what was entered. Enter account and key again.",
            name="sealed_other_account",
        )
    return account


def _bound(practice: str, account_sid: str) -> bytes:
    return f"carrier account\n{practice}\n{account_sid}".encode()
