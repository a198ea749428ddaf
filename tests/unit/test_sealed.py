"""The sealed carrier account: only the gateway it was made for opens it, as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.domain.sealed import (
    CarrierKey,
    SealError,
    fingerprint,
    new_key,
    public_of,
    seal,
    unseal,
)

PRACTICE = "0193c9a8-0000-7000-8000-000000000001"
ACCOUNT = CarrierKey("AC" + "1" * 32, "SK" + "2" * 32, "canary-secret-5d1f")
KEY = new_key()


def test_the_gateway_opens_what_was_sealed_for_it() -> None:
    assert unseal(seal(ACCOUNT, public_of(KEY), PRACTICE), KEY, PRACTICE, ACCOUNT.account_sid) == (
        ACCOUNT
    )


def test_two_boxes_of_the_same_account_have_nothing_in_common_and_one_length() -> None:
    short = CarrierKey(ACCOUNT.account_sid, "SK", "x")
    one, two, three = (seal(a, public_of(KEY), PRACTICE) for a in (ACCOUNT, ACCOUNT, short))
    assert one[1:] != two[1:]
    assert one[33:45] != two[33:45]
    assert len(one) == len(three)
    assert b"canary" not in one


def test_nobody_else_opens_it_and_nowhere_else() -> None:
    box = seal(ACCOUNT, public_of(KEY), PRACTICE)
    for key, practice, account in (
        (new_key(), PRACTICE, ACCOUNT.account_sid),
        (KEY, PRACTICE[:-1] + "2", ACCOUNT.account_sid),
        (KEY, PRACTICE, "AC" + "3" * 32),
    ):
        with pytest.raises(SealError, match="another gateway"):
            unseal(box, key, practice, account)


@given(st.data())
def test_a_changed_box_is_refused(data: st.DataObject) -> None:
    box = bytearray(seal(ACCOUNT, public_of(KEY), PRACTICE))
    place = data.draw(st.integers(0, len(box) - 1))
    bit = data.draw(st.integers(0, 7))
    box[place] ^= 1 << bit
    with pytest.raises(SealError):
        unseal(bytes(box), KEY, PRACTICE, ACCOUNT.account_sid)


@pytest.mark.parametrize("box", [b"", b"\x01", b"\x02" * 80, b"\x01" * 44, bytes(90)])
def test_what_is_no_box_is_refused(box: bytes) -> None:
    with pytest.raises(SealError):
        unseal(box, KEY, PRACTICE, ACCOUNT.account_sid)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"account_sid": "AC", "key_sid": "SK"}', '{"account_sid": 5}']
)
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a carrier account"):
        CarrierKey.from_json(text)


def test_the_secret_is_in_no_representation() -> None:
    assert "canary" not in repr(ACCOUNT)


def test_a_fingerprint_can_be_read_aloud() -> None:
    assert fingerprint(bytes(32)) == "6668 7aad f862 bd77"
