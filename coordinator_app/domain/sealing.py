"""A sealed box: anybody can close it for a public key, only the private half opens it.

The gateway's key pair is X25519 (RFC 7748): the public half may stand in the database, the
private half never does, so that a copy of the database opens nothing. Each box has a key of its
own, agreed with a pair that is thrown away (HKDF-SHA256, ChaCha20-Poly1305). ``context`` says
what the box is for: opened for anything else, it does not open.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PUBLIC_BYTES = 32
_NONCE = bytes(12)  # each box has a key of its own, so that one number is never used twice
_TAG_BYTES = 16


class NotOursError(Exception):
    """The box was closed for another key or another context, or it is damaged."""


def seal(public_key: bytes, context: bytes, plain: bytes) -> bytes:
    """Close ``plain`` for the owner of ``public_key`` (32 bytes). Raises ValueError for no key."""
    passing = X25519PrivateKey.generate()
    ours = passing.public_key().public_bytes_raw()
    shared = passing.exchange(X25519PublicKey.from_public_bytes(public_key))
    cipher = ChaCha20Poly1305(_box_key(shared, ours, public_key, context))
    return ours + cipher.encrypt(_NONCE, plain, context)


def unseal(private_key: X25519PrivateKey, context: bytes, sealed: bytes) -> bytes:
    """Open a box. Raises NotOursError."""
    theirs = sealed[:PUBLIC_BYTES]
    if len(sealed) < PUBLIC_BYTES + _TAG_BYTES:
        raise NotOursError
    ours = private_key.public_key().public_bytes_raw()
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(theirs))
        cipher = ChaCha20Poly1305(_box_key(shared, theirs, ours, context))
        return cipher.decrypt(_NONCE, sealed[PUBLIC_BYTES:], context)
    except (InvalidTag, ValueError):  # ValueError: no point of the curve, or one of the bad few
        raise NotOursError from None


def _box_key(shared: bytes, passing: bytes, owner: bytes, context: bytes) -> bytes:
    info = b"care-coordinator box 1" + passing + owner + context
    return HKDF(SHA256(), 32, salt=None, info=info).derive(shared)
