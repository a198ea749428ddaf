"""A thousand calls by twenty coordinators while everything goes wrong (telephony.md 4.5, issue 4).

More of it: ``CC_SOAK_CALLS=20000 CC_SOAK_SEED=7 pytest tests/unit/calls/test_soak.py``, or
``python -m benchmarks.soak``.
"""

from __future__ import annotations

import os

import pytest

from coordinator_app.domain.call import CallEnd
from tests.helpers.soak import Soak

CALLS = int(os.environ.get("CC_SOAK_CALLS", "1000"))
SEED = int(os.environ.get("CC_SOAK_SEED", "4"))


@pytest.mark.expected_logs
def test_every_call_is_accounted_for() -> None:
    accounts = Soak(CALLS, 20, SEED).run_all()
    assert accounts.wrong == []
    assert accounts.calls == CALLS
    # Something did go wrong, of every kind, and most calls went through all the same.
    assert min(accounts.faults.values()) > 0
    assert accounts.faults["gateway killed"] >= CALLS // 100
    through = accounts.calls - accounts.ends[CallEnd.NEVER_PLACED]
    assert through > 0.8 * CALLS
