"""The written list of what somebody with a login and ``psql`` could try.

Adding an attempt is one line in the module of its theme: in ``EVERYBODY`` as (what is typed, the
SQLSTATE that answers), or in ``SOME`` with who tries it in front. ``OK`` as answer: the server
answers, and nothing of a patient is in what it says; the comment of the line says why that is
harmless. Two SQLSTATEs, where builds of PostgreSQL differ. ``;; `` parts statements of one
connection; ``<name>`` stands for something of somebody else that the attacker knows (see ``loot``
in test_attempts.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.attack.attempts import (
    becoming,
    doors,
    ear,
    functions,
    machine,
    making,
    monitoring,
    phone,
    phone_line,
    reading,
    recordings,
    returning,
    settings,
    writing,
)

THEMES = (
    reading,
    writing,
    becoming,
    making,
    machine,
    settings,
    doors,
    functions,
    phone,
    monitoring,
    recordings,
    ear,
    phone_line,
    returning,
)
# Each works here, but for the last two: a login in no group, and one that is nobody's.
ROLES = ("c2", "sup", "cli", "adm", "aud", "gw")
OUTSIDERS = ("nobody", "stray")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who types what, and which SQLSTATEs may answer."""

    who: str
    typed: str
    answers: frozenset[str]

    def __str__(self) -> str:
        return f"{self.who}: {self.typed[:80]}"


def _all() -> tuple[Attempt, ...]:
    return tuple(
        Attempt(one, typed, frozenset(answer.split()))
        for theme in THEMES
        for who, typed, answer in theme.SOME
        for one in who.split()
    )


# Tried by each of ROLES and OUTSIDERS; and by who is named.
BY_EVERYBODY = tuple(
    (typed, frozenset(answer.split())) for theme in THEMES for typed, answer in theme.EVERYBODY
)
BY_SOME = _all()
