"""Time zones of addresses: every zone the patient may be in, never too few."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from coordinator_app.domain.zones import (
    STATE_ZONES,
    candidate_states,
    state_code,
    state_of_zip,
    zones_for_address,
)

NY, CHI, DEN = "America/New_York", "America/Chicago", "America/Denver"


@pytest.mark.parametrize(
    ("state", "zip_code", "zones"),
    [
        ("MA", "02110", {NY}),
        ("Massachusetts", "", {NY}),
        ("FL", "", {NY, CHI}),
        ("FL", "32502", {CHI}),  # Pensacola
        ("FL", "32456", {NY, CHI}),  # Port St. Joe lies east of the line, most of 324 west
        ("FL", "33101", {NY}),
        ("TX", "79901", {DEN}),  # El Paso
        ("TX", "77001", {CHI}),
        ("TX", "79830", {CHI, DEN}),
        ("IN", "46402", {CHI}),  # Gary
        ("IN", "46204", {NY}),
        ("IN", "47713", {CHI}),  # Evansville
        ("KY", "42001", {CHI}),
        ("KY", "42754", {NY, CHI}),
        ("AZ", "85001", {"America/Phoenix"}),
        ("AZ", "86515", {"America/Phoenix", DEN}),  # Window Rock
        ("HI", "96813", {"Pacific/Honolulu"}),
        ("", "99546", {"America/Anchorage", "America/Adak"}),
        ("", "02110-1234", {NY}),
        ("FL", "98101", {NY, CHI, "America/Los_Angeles"}),  # they disagree: both
        ("", "", set()),
        ("Atlantis", "00000", set()),
        ("", "021", set()),
    ],
)
def test_zones_for_address(state: str, zip_code: str, zones: set[str]) -> None:
    assert set(zones_for_address(state, zip_code)) == zones


def test_every_zone_named_exists() -> None:
    for state, zones in STATE_ZONES.items():
        assert zones, state
        for zone in zones:
            assert ZoneInfo(zone).key == zone


def test_a_zip_never_gives_a_zone_that_its_state_does_not_have() -> None:
    for area in range(1000):
        zip_code = f"{area:03d}01"
        state = state_of_zip(zip_code)
        zones = zones_for_address("", zip_code)
        assert bool(state) == bool(zones)
        assert set(zones) <= set(STATE_ZONES.get(state, ()))


@pytest.mark.parametrize(
    ("written", "code"),
    [("ma", "MA"), ("D.C.", "DC"), ("Washington, D.C.", "DC"), ("new  york", "NY"), ("XX", "")],
)
def test_states_are_read_in_any_usual_writing(written: str, code: str) -> None:
    assert state_code(written) == code


def test_both_states_count_when_address_and_zip_disagree() -> None:
    assert candidate_states("MA", "32502") == ("MA", "FL")
    assert candidate_states("MA", "02110") == ("MA",)
