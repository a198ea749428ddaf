"""Listening: the key is waited for, the pieces are opened here, what is wrong is said."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from coordinator_app.errors import RefusedError
from coordinator_app.secrets.listening import OneTimeKey
from coordinator_app.secrets.sound import PIECE
from coordinator_app.services.listening import Sound, listen
from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_recording import recording_row

SOUND = b"RIFF" + bytes(2 * PIECE)


def hear(practice: FakePractice, waits: list[float], *, patience: int = 100) -> Sound:
    row = next(iter(practice.rows.values()))

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) >= patience

    return listen(practice, OneTimeKey(), row.id, reason="Review", op_id=uuid4(), wait=wait)


@pytest.fixture
def practice() -> FakePractice:
    made = FakePractice()
    made.keep_sound(uuid4(), SOUND)
    return made


def test_it_waits_for_the_key_and_opens_the_pieces(practice: FakePractice) -> None:
    practice.key_waits = 3
    waits: list[float] = []
    sound = hear(practice, waits)
    assert sound.content == SOUND
    assert len(waits) == 3
    assert "RIFF" not in repr(sound)


def test_the_reason_stands_beside_the_recording(practice: FakePractice) -> None:
    hear(practice, [])
    assert next(iter(practice.rows.values())).listened[0].reason == "Review"


def test_a_gateway_with_another_key_is_said(practice: FakePractice) -> None:
    practice.refuses_key = True
    with pytest.raises(RefusedError, match="another key"):
        hear(practice, [])


@pytest.mark.parametrize("patience", [1, 100])
def test_a_gateway_that_does_not_answer_is_not_waited_for_for_ever(
    practice: FakePractice, patience: int
) -> None:
    practice.key_waits = 1_000
    waits: list[float] = []
    with pytest.raises(RefusedError, match="did not answer"):
        hear(practice, waits, patience=patience)
    assert sum(waits) <= 30


def test_pieces_of_another_recording_are_not_played(practice: FakePractice) -> None:
    row = next(iter(practice.rows.values()))
    other = replace(recording_row(uuid4()), id=uuid4())
    ear = OneTimeKey()
    asked = practice.request_playback(row.id, ear.public_key, "Review", uuid4())
    found = practice.playback(asked)
    pieces = [practice.playback_chunk(asked, n) for n in range(found.chunks)]
    with pytest.raises(RefusedError, match="damaged"):
        ear.open(other.id, bytes.fromhex(found.sealed_key), pieces, found.chunks)
    with pytest.raises(RefusedError, match="damaged"):
        ear.open(row.id, bytes.fromhex(found.sealed_key), pieces[:-1], found.chunks)
