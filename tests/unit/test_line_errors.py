"""The softphone's codes: each has words and a next step (telephony.md 1.2, JS codes)."""

from __future__ import annotations

import pytest

from coordinator_app.domain.line_errors import Next, softphone_trouble

TABLE = {
    **dict.fromkeys((20101, 20102, 20103, 20104, 20105, 20106, 20107, 51007), Next.MINT_AGAIN),
    **dict.fromkeys((31005, 31009, 53000, 53405), Next.WAIT),
    **dict.fromkeys((31401, 31402), Next.MICROPHONE),
    **dict.fromkeys((0, 31003, 99999), Next.STOP),
}


@pytest.mark.parametrize(("code", "next_"), list(TABLE.items()))
def test_every_code_has_words_and_a_next_step(code: int, next_: Next) -> None:
    trouble = softphone_trouble(code)
    assert trouble.next is next_
    assert trouble.sentence.endswith(".")
    assert str(code) not in trouble.sentence
    assert bool(trouble.again) is (next_ is Next.MINT_AGAIN), "after a second failure it stops"
