"""One made-up number per persona of the practice line."""

from __future__ import annotations

from datetime import date

from coordinator_app.calls.practice_line.personas import Persona, PersonaKind

PEOPLE = {
    f"+1502555{index:04d}": Persona(
        kind=kind,
        first_name="Rena",
        last_name="Whitfield",
        birth_date=date(1982, 3, 4),
        zip="02110",
        language="es" if kind is PersonaKind.SPANISH else "en",
    )
    for index, kind in enumerate(PersonaKind, start=1)
}


def number_of(kind: PersonaKind) -> str:
    """Whom to call for this behaviour."""
    return next(number for number, persona in PEOPLE.items() if persona.kind is kind)
