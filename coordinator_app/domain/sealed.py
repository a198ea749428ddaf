"""Sealing a secret for the gateway, so that nobody on the way can read it.

The window of a supervisor seals the carrier's key; the database keeps it and cannot open it; the
gateway opens it. A key pair of the moment (X25519) and the gateway's public key give a secret
(HKDF-SHA256), which encrypts (ChaCha20-Poly1305). The practice and the carrier's account go into
the derivation and are authenticated: a box of one practice cannot be put into another one's
database, nor under another account.

Format, version 1: ``01 | sender's public key (32) | nonce (12) | ciphertext and tag``.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coordinator_app.errors import UserFacingError

_VERSION = b"\x01"
_KEY = 32  # bytes
_NONCE = 12
_ABOUT = b"care-coordinator sealed carrier account v1"
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
    sender = X25519PrivateKey.generate()
    shared = sender.exchange(X25519PublicKey.from_public_bytes(gateway))
    mine = sender.public_key().public_bytes_raw()
    nonce = os.urandom(_NONCE)
    about = _bound(practice, account.account_sid)
    content = account.to_json().encode().ljust(_PADDED)
    box = ChaCha20Poly1305(_derived(shared, mine, gateway, about)).encrypt(nonce, content, about)
    return _VERSION + mine + nonce + box


def unseal(box: bytes, private: bytes, practice: str, account_sid: str) -> CarrierKey:
    """Open what was sealed for us, of this practice and this account. Raises SealError."""
    try:
        if box[:1] != _VERSION:
            raise SealError(
                "The carrier account was entered with a newer program. Update the gateway.",
                name="sealed_newer",
            )
        sender, nonce = box[1 : 1 + _KEY], box[1 + _KEY : 1 + _KEY + _NONCE]
        key = X25519PrivateKey.from_private_bytes(private)
        shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
        about = _bound(practice, account_sid)
        derived = _derived(shared, sender, public_of(private), about)
        content = ChaCha20Poly1305(derived).decrypt(nonce, box[1 + _KEY + _NONCE :], about)
        account = CarrierKey.from_json(content.decode())
    except (InvalidTag, ValueError):
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
    return f"{practice}\n{account_sid}".encode()


def _derived(shared: bytes, sender: bytes, gateway: bytes, about: bytes) -> bytes:
    info = b"\n".join((_ABOUT, sender, gateway, about))
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(shared)
