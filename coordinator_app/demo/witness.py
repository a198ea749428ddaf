"""Looks at a running demo from outside the window: for the self-test and the pictures.

As the owner it only finds out who answers how; what became of the calls is read as the
supervisor, with no other rights than hers.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coordinator_app.db.admin_session import as_owner, connect_admin
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from uuid import UUID

    from coordinator_app.domain.logs import CallLogRow
    from coordinator_app.ports import PracticeDatabase
    from coordinator_app.services.sign_in import DemoPractice as Offer

_ROWS = 200
# Who may be dialled at this moment, best first, with the number that Dial would ring, and
# whether a message may be left there.
_CALLABLE = """
    SELECT e.id, (app.best_phone(e.patient_id)).e164, p.language,
        coalesce(app.permission(p.id, 'voicemail'), '') IN ('V1', 'V2')
    FROM app.queue_entry e
    JOIN app.campaign c ON c.id = e.campaign_id AND c.status = 'running'
    JOIN app.patient p ON p.id = e.patient_id
    WHERE e.state = 'ready' AND app.first_refusal(app.gate(e, NULL, app.now())) IS NULL
    ORDER BY e.score DESC, e.id
"""


@dataclass(frozen=True, slots=True)
class Reachable:
    """A queue entry that may be dialled now, and how its number behaves."""

    entry_id: UUID
    e164: str
    persona: str  # a ``PersonaKind``
    language: str
    voicemail: bool  # a message may be left


def callable_entries(owner_conninfo: str, personas: Path) -> tuple[Reachable, ...]:
    """Return who may be dialled now, best first. Raises OSError, ValueError."""
    known = json.loads(personas.read_bytes())
    with connect_admin(owner_conninfo) as conn, as_owner(conn):
        rows = conn.execute(_CALLABLE).fetchall()
    return tuple(
        Reachable(entry, e164, known[e164]["persona"], language.partition("-")[0], voicemail)
        for entry, e164, language, voicemail in rows
        if e164 in known
    )


def number_qualities(owner_conninfo: str, e164: str) -> Collection[str]:
    """Return what the database holds of a number: "ok", "wrong", "failed" or "retired"."""
    with connect_admin(owner_conninfo) as conn, as_owner(conn):
        rows = conn.execute(
            "SELECT DISTINCT quality FROM app.patient_telecom WHERE e164 = %s", [e164]
        ).fetchall()
    return [quality for (quality,) in rows]


@contextmanager
def as_supervisor(offer: Offer) -> Iterator[PracticeDatabase]:
    """Connect as the demo's supervisor, beside the window."""
    person = next(one for one in offer.people if one.role == Role.SUPERVISOR.value)
    with as_person(offer, person.login) as practice:
        yield practice


@contextmanager
def as_person(offer: Offer, login: str) -> Iterator[PracticeDatabase]:
    """Connect as one of the demo's people, beside the window."""
    person = next(one for one in offer.people if one.login == login)
    connection = replace(offer.connection, user=person.login)
    practice = SqlConnector().connect(connection, person.password)
    try:
        yield practice
    finally:
        practice.close()


def calls_for_supervisor(offer: Offer) -> tuple[CallLogRow, ...]:
    """Return the newest calls of everybody, as the supervisor reads them."""
    with as_supervisor(offer) as practice:
        return practice.call_log(CallLogFilter(), None, _ROWS).rows
