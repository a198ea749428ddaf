"""Boxes that only the private half of a key opens, and the pieces of a sound."""

from __future__ import annotations

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.domain.sealing import NotOursError, seal, unseal
from coordinator_app.secrets.sound import PIECE, DamagedSoundError, decrypt, encrypt, new_key

CONTEXT = b"what it is for"
RECORDING = UUID(int=7)


def test_only_the_private_half_opens_it_and_only_for_what_it_was_closed() -> None:
    ours, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    sealed = seal(ours.public_key().public_bytes_raw(), CONTEXT, b"a key")
    assert unseal(ours, CONTEXT, sealed) == b"a key"
    assert b"a key" not in sealed
    for key, context in ((other, CONTEXT), (ours, b"something else")):
        with pytest.raises(NotOursError):
            unseal(key, context, sealed)


def test_closed_twice_it_is_two_different_boxes() -> None:
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    assert seal(public, CONTEXT, b"a key") != seal(public, CONTEXT, b"a key")


def test_one_changed_bit_anywhere_is_noticed() -> None:
    ours = X25519PrivateKey.generate()
    sealed = seal(ours.public_key().public_bytes_raw(), CONTEXT, b"a key")
    for at in range(len(sealed)):
        # The top bit of a curve point's last byte is masked by RFC 7748, and bound all the same.
        changed = sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :]
        with pytest.raises(NotOursError):
            unseal(ours, CONTEXT, changed)


@pytest.mark.parametrize("size", [0, 31, 47])
def test_what_is_too_short_is_no_box(size: int) -> None:
    with pytest.raises(NotOursError):
        unseal(X25519PrivateKey.generate(), CONTEXT, bytes(size))


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        seal(b"short", CONTEXT, b"a key")


def pieces(key: bytes, sound: bytes) -> list[bytes]:
    return [piece for _, piece in encrypt(key, RECORDING, iter([sound]))]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_a_sound_comes_back_whole(size: int) -> None:
    key, sound = new_key(), bytes(range(256)) * (size // 256) + bytes(size % 256)
    made = pieces(key, sound)
    assert all(len(piece) <= 600_000 for piece in made)  # what the database takes
    assert decrypt(key, RECORDING, made, len(made)) == sound


def test_it_is_cut_the_same_however_it_came() -> None:
    key, sound = new_key(), bytes(PIECE + 5)
    parts = (sound[at : at + 1_000] for at in range(0, len(sound), 1_000))
    assert [p for _, p in encrypt(key, RECORDING, parts)] == pieces(key, sound)


def test_pieces_that_were_swapped_lost_or_of_another_recording_do_not_open() -> None:
    key = new_key()
    made = pieces(key, bytes(2 * PIECE + 1))
    swapped = [made[1], made[0], made[2]]
    for wrong, count in ((swapped, 3), (made[:2], 2), (made[:2], 3), (made[1:], 2), ([], 0)):
        with pytest.raises(DamagedSoundError):
            decrypt(key, RECORDING, wrong, count)
    for other, recording in ((new_key(), RECORDING), (key, UUID(int=8)), (b"short", RECORDING)):
        with pytest.raises(DamagedSoundError):
            decrypt(other, recording, made, 3)
