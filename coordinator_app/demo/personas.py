"""Who answers at which number of the practice line: written from the practice's own patients."""

from __future__ import annotations

import json
from itertools import cycle
from typing import TYPE_CHECKING, Any

from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.config import write_privately

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import psycopg

_K = PersonaKind
# How a morning of calls goes, from the top of the queue: a demo wants more answers than life
# gives, and something of everything among the first ten.
_PATTERN = (
    *(_K.ANSWERS, _K.VOICEMAIL, _K.ANSWERS, _K.NO_ANSWER, _K.ANSWERS, _K.WRONG_PERSON),
    *(_K.ANSWERS, _K.VOICEMAIL, _K.ANSWERS, _K.BUSY, _K.ANSWERS, _K.GATEKEEPER),
    *(_K.VOICEMAIL, _K.ANSWERS, _K.ASKS_REMOVAL, _K.NO_ANSWER, _K.ANSWERS, _K.DISCONNECTED),
    *(_K.ANSWERS, _K.VOICEMAIL, _K.PUTS_ON_HOLD, _K.ANSWERS, _K.NO_ANSWER, _K.ANSWERS),
    *(_K.VOICEMAIL, _K.MENU, _K.ANSWERS, _K.MAILBOX_FULL, _K.ANSWERS),
)
# First numbers in the order of the queue, then everybody else's, then second numbers.
_NUMBERS = """
    SELECT t.e164, p.given, p.family, p.birth_date, p.zip, p.language
    FROM app.patient_telecom t
    JOIN app.patient p ON p.id = t.patient_id
    LEFT JOIN LATERAL (
        SELECT max(e.score) AS best FROM app.queue_entry e
        WHERE e.patient_id = p.id AND e.state <> 'closed'
    ) q ON true
    WHERE NOT p.deceased AND p.birth_date IS NOT NULL
    ORDER BY t.rank, q.best DESC NULLS LAST, p.external_id, t.e164
"""


def personas_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    """Return ``personas.json`` for rows of number, names, birth date, ZIP and language."""
    found: dict[str, dict[str, str]] = {}
    kinds = cycle(_PATTERN)
    for number, given, family, born, zip_code, language in rows:
        if number in found:  # a household's: whoever came first answers
            continue
        spoken = language.partition("-")[0]
        kind = next(kinds)
        if kind is PersonaKind.ANSWERS and spoken == "es":
            kind = PersonaKind.SPANISH
        found[number] = {
            "persona": kind.value,
            "first_name": given,
            "last_name": family,
            "birth_date": born.isoformat(),
            "zip": zip_code,
            "language": spoken,
        }
    return found


def write_personas(conn: psycopg.Connection[Any], file: Path) -> int:
    """Write the file for every number of a living patient; return how many numbers.

    ``conn`` may read the tables (the owner). Raises OSError.
    """
    personas = personas_of(conn.execute(_NUMBERS).fetchall())
    write_privately(file, json.dumps(personas, indent=1).encode())
    return len(personas)
