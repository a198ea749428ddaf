from __future__ import annotations

import pytest

from coordinator_app.calls.bucket import TokenBucket


def test_one_call_a_second() -> None:
    bucket = TokenBucket(1.0)
    assert bucket.take(0.0)
    assert not bucket.take(0.5)
    assert bucket.wait_s(0.5) == pytest.approx(0.5)
    assert bucket.take(1.0)


def test_tenths_of_a_second_lose_no_call_to_rounding() -> None:
    bucket = TokenBucket(1.0)
    assert sum(bucket.take(step * 0.1) for step in range(101)) == 11


def test_a_pause_saves_up_no_more_than_the_burst() -> None:
    bucket = TokenBucket(1.0, burst=2)
    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_no_limit() -> None:
    bucket = TokenBucket(None)
    assert all(bucket.take(0.0) for _ in range(100))
    assert bucket.wait_s(0.0) == 0.0


def test_a_rate_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="above zero"):
        TokenBucket(0)
