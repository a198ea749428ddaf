"""The practice's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from coordinator_app.services.clock import PracticeClock

START = datetime(2026, 11, 23, 15, 42, tzinfo=UTC)


class Stopwatch:
    """Seconds since some moment, as ``time.monotonic`` counts them."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_goes_on_from_the_servers_now() -> None:
    watch = Stopwatch()
    clock = PracticeClock(START, watch)
    assert clock.now() == START
    watch.seconds += 90.5
    assert clock.now() == START + timedelta(seconds=90.5)


def test_a_computer_that_slept_is_brought_back() -> None:
    watch = Stopwatch()
    clock = PracticeClock(START, watch)
    watch.seconds += 10  # an hour passed, the computer slept through it
    clock.sync(START + timedelta(hours=1))
    watch.seconds += 5
    assert clock.now() == START + timedelta(hours=1, seconds=5)


def test_is_always_utc() -> None:
    chicago = timezone(timedelta(hours=-6))
    clock = PracticeClock(START.astimezone(chicago), Stopwatch())
    assert clock.now() == START
    assert clock.now().utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        PracticeClock(START.replace(tzinfo=None))
    clock = PracticeClock(START)
    with pytest.raises(ValueError, match="zone"):
        clock.sync(START.replace(tzinfo=None))
