"""People who sign in: their role, languages and training."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from coordinator_app.domain.line_test import LineTestSummary


class Role(enum.StrEnum):
    """A person's one group role in the practice's database."""

    COORDINATOR = "coordinator"
    SUPERVISOR = "supervisor"
    CLINICIAN = "clinician"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class WorkStatus(enum.StrEnum):
    """What a person says they are doing; being on a call is seen, never said."""

    AVAILABLE = "available"
    BREAK = "break"
    TRAINING = "training"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login at one practice."""

    id: UUID
    login: str
    name: str
    role: Role
    languages: tuple[str, ...]  # BCP 47, best first

    @property
    def initials(self) -> str:
        """First letters of the first and last word of the name."""
        words = self.name.split()
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"

    @property
    def first_name(self) -> str:
        """The name a script says: the first word."""
        return self.name.split()[0] if self.name.split() else self.name


class CredentialKind(enum.StrEnum):
    """What a person needs a proof for, besides the training."""

    LANGUAGE = "language"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Credential:
    """A language that was tested, or a script that a person is certified in."""

    kind: CredentialKind
    name: str  # BCP 47, or the script's name
    expires_on: date
    expired: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the administrator's list of people."""

    person: Person
    active: bool
    training: str
    training_expires: date | None
    last_seen: str | None  # already in words, e.g. "Today 9:40 AM"
    training_problem: str = ""  # a sentence, "" when trained
    credentials: tuple[Credential, ...] = ()
    campaigns: tuple[str, ...] = ()  # assigned to these
    second_factor: bool = False  # has an authenticator app
    locked_minutes: int | None = None  # the login, after wrong passwords
    line_test: LineTestSummary | None = None  # the newest; None before the first
    may_suspend: bool = False  # whoever asked may end or give back this person's access


@dataclass(frozen=True, slots=True)
class AccessChange:
    """What became of suspending a person, or of letting them work again."""

    person: PersonRow
    sentence: str
