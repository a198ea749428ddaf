"""Signing in: which practice, over which connection, and what comes back."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from coordinator_app.domain.logs import CallbackRow
from coordinator_app.domain.patient import Card
from coordinator_app.domain.person import Person
from coordinator_app.domain.practice import LineHealth, Practice
from coordinator_app.domain.queue import QueuePage
from coordinator_app.domain.returns import ReturnsWaiting


class TlsMode(enum.StrEnum):
    """How the server's identity is checked. A remote practice is always VERIFY_FULL."""

    VERIFY_FULL = "verify-full"
    LOOPBACK = "loopback"  # this computer only


@dataclass(frozen=True, slots=True)
class Connection:
    """A practice of the sign-in list and the person's login there."""

    practice: str
    host: str
    port: int
    database: str
    user: str
    tls: TlsMode
    root_certificate: str = ""  # path of a CA file; empty: the system's


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody the demo's sign-in offers; real practices have none."""

    login: str
    name: str
    role: str
    password: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """All that the first screen needs."""

    person: Person
    practice: Practice
    now: datetime
    lease_seconds: int
    training_expires: date | None
    line: LineHealth
    queue: QueuePage
    held: Card | None  # own unfinished patient first
    callbacks: tuple[CallbackRow, ...]
    receipt: str  # head of the person's audit chain, shown again at the next sign-in


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The server's answer to being told that the window lives."""

    now: datetime
    lease_until: datetime | None
    line: LineHealth
    callbacks_due: int
    notices: tuple[str, ...]  # what waits to be looked at: "2 alerts about reading"
    returns: ReturnsWaiting | None = None  # None: not for this role
