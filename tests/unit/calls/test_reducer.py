"""Facts in any order, any number of times, end in the same knowledge."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import reduce
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.calls.reducer import Known, known, merge, rank
from coordinator_app.domain.call import CallEnd, CallFact, CallState, Caption
from tests.helpers.virtual_clock import START

CALL = UUID(int=7)
moments = st.integers(0, 600).map(lambda s: START + timedelta(seconds=s))
captions = st.builds(
    Caption,
    at=moments,
    speaker=st.sampled_from(["patient", "machine"]),
    text=st.sampled_from(["Hello?", "(beep)"]),
)


@st.composite
def facts(draw: st.DrawFn) -> CallFact:
    state = draw(st.sampled_from(CallState))
    ended = state is CallState.ENDED
    return CallFact(
        call_id=CALL,
        state=state,
        at=draw(moments),
        carrier_ref=draw(st.sampled_from(["", "CA1", "CA2"])),
        answered_at=draw(st.none() | moments),
        ended_at=draw(moments) if ended else None,
        end=draw(st.sampled_from(CallEnd)) if ended else None,
        error_code=draw(st.sampled_from(["", "21211"])),
        sentence=draw(st.sampled_from(["", "Nobody answered."])),
        held=draw(st.none() | st.booleans()),
        muted=draw(st.none() | st.booleans()),
        captions=tuple(draw(st.lists(captions, max_size=3))),
    )


def joined(history: list[CallFact]) -> Known:
    return reduce(merge, map(known, history))


@given(st.lists(facts(), min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(history: list[CallFact], chance: random.Random) -> None:
    shuffled = history + chance.choices(history, k=3)
    chance.shuffle(shuffled)
    assert joined(shuffled) == joined(history)


@given(facts(), facts(), facts())
def test_joins_can_be_grouped_anyhow(a: CallFact, b: CallFact, c: CallFact) -> None:
    x, y, z = known(a), known(b), known(c)
    assert merge(merge(x, y), z) == merge(x, merge(y, z))


@given(st.lists(facts(), min_size=2, max_size=8))
def test_nothing_is_ever_lost(history: list[CallFact]) -> None:
    before = known(history[0])
    for fact in history[1:]:
        after = merge(before, known(fact))
        assert rank(after.state) >= rank(before.state)
        assert set(after.captions) >= set(before.captions)
        if before.answered_at is not None:
            assert after.answered_at is not None
            assert after.answered_at <= before.answered_at
        if before.state is CallState.ENDED:
            assert after.state is CallState.ENDED
        before = after


def fact(state: CallState, seconds: int, **what: object) -> CallFact:
    return CallFact(CALL, state, START + timedelta(seconds=seconds), **what)  # type: ignore[arg-type]


def test_a_late_answer_does_not_reopen_an_ended_call() -> None:
    ended = fact(CallState.ENDED, 5, end=CallEnd.CANCELED)
    late = fact(CallState.LIVE, 6, answered_at=START)
    result = joined([ended, late])
    assert result.state is CallState.ENDED
    assert result.ending is not None
    assert result.ending.end is CallEnd.CANCELED
    assert result.answered_at == START


def test_the_carriers_word_beats_our_guess_however_late() -> None:
    guess = fact(CallState.ENDED, 90, end=CallEnd.UNRESOLVED)
    truth = fact(CallState.ENDED, 400, end=CallEnd.NO_ANSWER)
    result = joined([guess, truth])
    assert result.ending is not None
    assert result.ending.end is CallEnd.NO_ANSWER


def test_an_ending_is_kept_in_one_piece() -> None:
    first = fact(CallState.ENDED, 1, end=CallEnd.BAD_NUMBER, error_code="21211", sentence="No.")
    second = fact(CallState.ENDED, 2, end=CallEnd.BUSY, error_code="", sentence="Busy.")
    result = joined([second, first])
    assert result.ending is not None
    assert (result.ending.end, result.ending.error_code, result.ending.sentence) == (
        CallEnd.BAD_NUMBER,
        "21211",
        "No.",
    )


def test_hold_follows_the_latest_word() -> None:
    on = fact(CallState.LIVE, 10, held=True)
    off = fact(CallState.LIVE, 20, held=False)
    for history in ([on, off], [off, on]):
        held = joined(history).held
        assert held is not None
        assert not held.on


def test_two_calls_are_never_mixed() -> None:
    other = CallFact(uuid4(), CallState.LIVE, START)
    with pytest.raises(ValueError, match="different calls"):
        merge(known(fact(CallState.LIVE, 1)), known(other))
