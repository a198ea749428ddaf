"""Identifiers of version 7."""

from __future__ import annotations

import threading
import time
from uuid import RFC_4122, UUID

import pytest

from coordinator_app.domain.ids import Uuid7Source, new_op_id, uuid7

A_DAY_MS = 86_400_000


def ms_of(made: UUID) -> int:
    return made.int >> 80


def test_has_the_version_the_variant_and_the_time() -> None:
    made = uuid7(1_764_000_000_123)
    assert made.version == 7
    assert made.variant == RFC_4122
    assert ms_of(made) == 1_764_000_000_123


def test_without_a_time_it_is_of_now() -> None:
    assert abs(ms_of(new_op_id()) - time.time_ns() // 1_000_000) < 5_000


def test_many_of_one_moment_are_different_and_grow() -> None:
    made = [uuid7(1_764_000_000_000) for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {ms_of(each) for each in made} == {1_764_000_000_000}


def test_a_given_moment_of_the_past_is_kept_for_monthly_partitions() -> None:
    uuid7(1_764_000_000_000)
    assert ms_of(uuid7(1_764_000_000_000 - 90 * A_DAY_MS)) == 1_764_000_000_000 - 90 * A_DAY_MS


def test_a_clock_that_is_set_back_does_not_make_smaller_ids() -> None:
    source = Uuid7Source()
    times = [1000, 1000, 400, 1001, 3]
    made = [source.next(now_ms, never_back=True) for now_ms in times]
    assert made == sorted(set(made))
    assert ms_of(made[-1]) == 1001


def test_threads_never_get_the_same() -> None:
    made: list[UUID] = []
    threads = [
        threading.Thread(target=lambda: made.extend(uuid7() for _ in range(500))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


@pytest.mark.parametrize("impossible", [-1, 1 << 48])
def test_an_impossible_time_is_refused(impossible: int) -> None:
    with pytest.raises(ValueError, match="version 7"):
        uuid7(impossible)


def test_the_counter_starts_at_random_with_room_to_grow() -> None:
    source = Uuid7Source()
    firsts = [source.next(step, never_back=True).int for step in range(100)]
    counters = {(made >> 64 & 0xFFF, made >> 32 & 0x3FFF_FFFF) for made in firsts}
    assert len(counters) == 100
    assert all(high < 0x800 for high, _ in counters)
