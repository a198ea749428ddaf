"""One list of Twilio's magic numbers, on the practice line and, when asked for, at Twilio."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from coordinator_app.calls.practice_line.core import LineSettings
from tests.helpers.direct_line import DirectLine
from tests.helpers.magic_calls import MAGIC, SID, TOKEN, VALID, outcomes
from tests.helpers.virtual_clock import VirtualClock

WANTED = [(code, category) for _, _, code, category in MAGIC]


def test_the_practice_line_answers_magic_numbers_as_twilio_does() -> None:
    # With test credentials no other number may be shown.
    net = DirectLine(VirtualClock(), settings=LineSettings(caller_ids=frozenset({VALID})))
    assert outcomes(net.backend._line) == WANTED


@pytest.mark.skipif(
    not (os.environ.get(SID) and os.environ.get(TOKEN)),
    reason=f"asks Twilio when {SID} and {TOKEN} are a Twilio account's test credentials",
)
def test_twilio_answers_magic_numbers_as_twilio_says() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.helpers.magic_calls"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
        timeout=100,
    )
    assert [tuple(pair) for pair in json.loads(done.stdout)] == WANTED
