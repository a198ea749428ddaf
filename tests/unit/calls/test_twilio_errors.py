"""What Twilio's codes mean for the call and for the line (telephony.md 1.2)."""

from __future__ import annotations

import pytest

from coordinator_app.calls.backend import Category
from coordinator_app.calls.twilio_errors import rejected


@pytest.mark.parametrize(
    ("status", "code", "category"),
    [
        (401, 20003, Category.CONFIGURATION),
        (401, 20008, Category.CONFIGURATION),
        (400, 10001, Category.CONFIGURATION),
        (404, 20404, Category.LINE_ERROR),
        (400, 21201, Category.NUMBER_BAD),
        (400, 21214, Category.NUMBER_BAD),
        (400, 21203, Category.BLOCKED),
        (400, 13227, Category.BLOCKED),
        (400, 32205, Category.BLOCKED),
        (400, 13214, Category.CONFIGURATION),
        (400, 21218, Category.LINE_ERROR),
        (403, 20003, Category.CONFIGURATION),
        (401, 99999, Category.CONFIGURATION),
        (429, 20429, Category.WAIT),
        (429, 99999, Category.WAIT),
        (400, 10004, Category.WAIT),
        (400, 16021, Category.WAIT),
        (400, 21211, Category.NUMBER_BAD),
        (400, 21217, Category.NUMBER_BAD),
        (400, 13224, Category.NUMBER_BAD),
        (400, 21202, Category.BLOCKED),
        (400, 13225, Category.BLOCKED),
        (400, 21215, Category.BLOCKED),
        (400, 21216, Category.BLOCKED),
        (400, 21219, Category.BLOCKED),
        (400, 21210, Category.CONFIGURATION),
        (400, 21212, Category.CONFIGURATION),
        (400, 21205, Category.LINE_ERROR),
        (400, 12100, Category.LINE_ERROR),
        (418, 99999, Category.LINE_ERROR),
    ],
)
def test_category(status: int, code: int, category: Category) -> None:
    answer = rejected(status, code, None)
    assert answer.category is category
    assert answer.code == str(code)
    assert answer.sentence.endswith(".")
    assert str(code) not in answer.sentence


def test_the_carriers_waiting_time_is_kept() -> None:
    assert rejected(429, 20429, 7.0).retry_after_s == 7.0
