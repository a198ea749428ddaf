"""The engine dies, and its answers are lost, at every single crossing of its border.

Nobody writes these points down: an undisturbed run counts what crosses (each question to the
database, each request to the carrier), and each crossing is then disturbed in each way there is
(``tests/helpers/tripwire.py``). At the end the call is not lost, was not placed twice, and ends
with the carrier's own final status (telephony.md 4.3, ambiguous answers and crashes).
"""

from __future__ import annotations

import pytest

from coordinator_app.calls.practice_line.faults import FaultKind
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.domain.call import CallEnd
from tests.helpers.tripwire import DEATHS, Wire, WiredWorld, crossings, disturbances

pytestmark = pytest.mark.expected_logs

_LOST_DIALS = (
    FaultKind.LOST_BEFORE,
    FaultKind.LOST_AFTER,
    FaultKind.ERROR_AFTER,
    FaultKind.GARBLED,
)


def _disturbed(
    kind: PersonaKind, at: int, name: str, how: str, lost_dial: FaultKind | None = None
) -> CallEnd:
    wire = Wire(at, how)
    world = WiredWorld(wire, lost_dial)
    try:
        end = world.account(world.play(kind))
    except Exception as error:
        raise AssertionError(f"crossing {at}, {name}: {how}") from error
    assert world.deaths == (how in DEATHS), f"crossing {at}, {name}: {how}"
    return end


@pytest.mark.parametrize("kind", [PersonaKind.ANSWERS, PersonaKind.BUSY])
def test_every_crossing_goes_wrong_in_every_way(kind: PersonaKind) -> None:
    found = crossings(kind)
    assert len(found) > 40
    assert {name.partition(" ")[0] for name in found} == {"database", "GET", "POST"}
    for at, name in enumerate(found, 1):
        for how in disturbances(name):
            _disturbed(kind, at, name, how)


@pytest.mark.parametrize("lost_dial", _LOST_DIALS)
def test_the_engine_dies_at_every_crossing_after_the_dials_answer_was_lost(
    lost_dial: FaultKind,
) -> None:
    placed = lost_dial is not FaultKind.LOST_BEFORE
    ends = set()
    for at, name in enumerate(crossings(PersonaKind.ANSWERS, lost_dial), 1):
        for how in DEATHS:
            ends.add(_disturbed(PersonaKind.ANSWERS, at, name, how, lost_dial))
    assert (CallEnd.COMPLETED_BY_US in ends) == placed
    assert ends <= {CallEnd.COMPLETED_BY_US, CallEnd.NEVER_PLACED}
