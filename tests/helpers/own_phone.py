"""The coordinators' own phones on a real database: who calls them, who picks up, who presses."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb


def pick_up(gateway: psycopg.Connection[Any]) -> list[str]:
    """As the gateway: each phone that is being called is on the line now; their shifts."""
    (legs,) = gateway.execute("SELECT api.gateway_legs()").fetchone() or ([],)
    called = [leg["session_id"] for leg in legs if leg["state"] == "connecting" and leg["wanted"]]
    facts = [{"session_id": s, "state": "up", "carrier_ref": f"CA{uuid4().hex}"} for s in called]
    gateway.execute("SELECT api.gateway_record_legs(%s)", [Jsonb(facts)])
    return called


def hang_up_unwanted(gateway: psycopg.Connection[Any]) -> None:
    """As the gateway: phones that nobody wants any more are off the line now."""
    (legs,) = gateway.execute("SELECT api.gateway_legs()").fetchone() or ([],)
    facts = [
        {"session_id": leg["session_id"], "state": "gone"} for leg in legs if not leg["wanted"]
    ]
    gateway.execute("SELECT api.gateway_record_legs(%s)", [Jsonb(facts)])


def press(coordinator: psycopg.Connection[Any]) -> bool:
    """As the coordinator: "I hear you", when there is somebody to hear; whether it was pressed."""
    found: dict[str, Any] = {"state": "gone"}
    (phone,) = coordinator.execute("SELECT api.my_phone()").fetchone() or (found,)
    if phone["state"] != "up" or phone["confirmed"]:
        return False
    coordinator.execute("SELECT api.hear_me(%s, 'press', %s)", [phone["leg"], uuid4()])
    return True


def bring_up(coordinator: psycopg.Connection[Any], gateway: psycopg.Connection[Any]) -> None:
    """The phone once a shift, from Connect to "I hear you"."""
    coordinator.execute("SELECT api.connect_phone(%s)", [uuid4()])
    pick_up(gateway)
    press(coordinator)
