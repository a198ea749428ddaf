"""A plan of a persona on its way to the telephones, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from coordinator_app.calls.practice_line.personas import Line, Persona, Pickup, Plan, key_pressed

_KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at a telephone during one call. Seconds, as in ``Plan``."""

    pickup: Pickup
    ring_s: float
    lines: tuple[Line, ...]
    hangs_up_at: float | None
    keys: dict[str, tuple[str, str]]  # key -> speaker and words

    @classmethod
    def of(cls, plan: dict[str, Any]) -> Self:
        """From what ``plan_json`` made."""
        return cls(
            Pickup(plan["pickup"]),
            plan["ring_s"],
            tuple(Line(*line) for line in plan["lines"]),
            plan["hangs_up_at"],
            {key: (speaker, text) for key, (speaker, text) in plan["keys"].items()},
        )


def plan_json(plan: Plan, persona: Persona | None) -> dict[str, Any]:
    """What a telephone has to know of a plan."""
    menu = {key: key_pressed(persona, key) for key in _KEYS} if plan.menu and persona else {}
    return {
        "pickup": plan.pickup.value,
        "ring_s": plan.ring_s,
        "lines": [[line.at, line.speaker, line.text] for line in plan.lines],
        "hangs_up_at": plan.hangs_up_at,
        "keys": menu,
    }
