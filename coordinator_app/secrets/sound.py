"""The sound of a call, encrypted piece by piece under a key of its own (AES-256-GCM).

A piece knows of which recording it is, which one, and whether it is the last: pieces that were
swapped, taken from another recording or cut off at the end do not open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 512 * 1024  # bytes of sound; a link carries one well within its deadline
_KEY_BITS = 256


class DamagedSoundError(Exception):
    """The pieces are not those that were stored, or the key is another recording's."""


def new_key() -> bytes:
    """A key for one recording; used for no other."""
    return AESGCM.generate_key(_KEY_BITS)


def key_context(recording_id: UUID) -> bytes:
    """What the sealed box of a recording's key is for (see ``sealing``)."""
    return b"recording key " + recording_id.bytes


def listener_context(recording_id: UUID) -> bytes:
    """The same for the box that one window gets."""
    return b"recording playback " + recording_id.bytes


def encrypt(key: bytes, recording_id: UUID, sound: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and encrypt pieces of ``PIECE`` bytes, however ``sound`` was cut before."""
    cipher = AESGCM(key)
    number, held = 0, b""
    for part in sound:
        held += part
        while len(held) > PIECE:  # never the last one: that is known only at the end
            yield number, _close(cipher, recording_id, number, held[:PIECE], last=False)
            number, held = number + 1, held[PIECE:]
    yield number, _close(cipher, recording_id, number, held, last=True)


def decrypt(key: bytes, recording_id: UUID, pieces: Iterable[bytes], count: int) -> bytes:
    """The whole sound, from its ``count`` pieces in order. Raises DamagedSoundError."""
    if len(key) != _KEY_BITS // 8 or count < 1:
        raise DamagedSoundError
    cipher = AESGCM(key)
    sound = bytearray()
    seen = 0
    for number, piece in enumerate(pieces):
        label = _label(recording_id, number, last=number == count - 1)
        try:
            sound += cipher.decrypt(_nonce(number), piece, label)
        except InvalidTag:
            raise DamagedSoundError from None
        seen += 1
    if seen != count:
        raise DamagedSoundError
    return bytes(sound)


def _close(cipher: AESGCM, recording_id: UUID, number: int, sound: bytes, *, last: bool) -> bytes:
    return cipher.encrypt(_nonce(number), sound, _label(recording_id, number, last=last))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _label(recording_id: UUID, number: int, *, last: bool) -> bytes:
    return recording_id.bytes + number.to_bytes(4, "big") + bytes([last])
