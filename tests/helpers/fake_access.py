"""Who may do what in the fake practice: failures on demand, a second factor, suspended people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from coordinator_app.domain.person import AccessChange, Person, PersonRow, Role
from coordinator_app.errors import (
    NotAllowedError,
    NotConnectedError,
    RefusedError,
    SecondFactorNeededError,
    UserFacingError,
    WrongCodeError,
)
from tests.helpers.fake_data import JORDAN

if TYPE_CHECKING:
    from uuid import UUID

TOKEN = "the token of this session"
CODE_NEEDED = "This needs a code of your authenticator app. Type it to go on."
NO_APP = "This needs a code of your authenticator app, and none is set up for you."


class FakeAccess:
    """``log`` keeps the name of each method that was called.

    ``code``: what the authenticator app shows; "" while the practice asks for none.
    ``code_for``: the methods that ask for it; None: all. ``enrolled``: whether there is an app.
    """

    def __init__(self, person: Person) -> None:
        """Start without a second factor."""
        self.person = person
        self.log: list[str] = []
        self.code = ""
        self.code_for: frozenset[str] | None = None
        self.enrolled = True
        self.shown = False
        self.suspended: dict[UUID, str] = {}  # with the reason
        self.resumed: list[tuple[UUID, str]] = []
        self._failures: list[UserFacingError] = []

    def fail_next(self, error: UserFacingError | None = None) -> None:
        """Let the next method fail before it does anything."""
        self._failures.append(error or NotConnectedError("The practice cannot be reached."))

    def _enter(self, name: str) -> None:
        self.log.append(name)
        if self._failures:
            raise self._failures.pop(0)
        if self.code and not self.shown and self._asks_code(name):
            raise SecondFactorNeededError(
                CODE_NEEDED if self.enrolled else NO_APP,
                name="second_factor_needed",
                detail={"enrolled": self.enrolled, "whole": self.code_for is None},
            )

    def _asks_code(self, name: str) -> bool:
        if self.code_for is None:
            return name not in {"second_factor", "resume", "sign_out"}
        return name in self.code_for

    def second_factor(self, code: str) -> str:
        """See the port."""
        self._enter("second_factor")
        if code != self.code:
            raise WrongCodeError("That code is not right. 4 tries left.", name="wrong_code")
        self.shown = True
        return TOKEN

    def resume(self, token: str) -> None:
        """See the port."""
        self._enter("resume")
        if token != TOKEN:
            raise SecondFactorNeededError(CODE_NEEDED, name="second_factor_needed")
        self.shown = True

    def people(self) -> tuple[PersonRow, ...]:
        """See the port."""
        self._enter("people")
        if self.person.role not in {Role.SUPERVISOR, Role.ADMINISTRATOR}:
            raise NotAllowedError("Only administrators and supervisors see the people.")
        return tuple(self._as_it_is(row) for row in self._people())

    def suspend_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        """See the port."""
        self._enter("suspend_person")
        row = self._to_change(person_id, reason)
        self.suspended[person_id] = reason
        return AccessChange(
            self._as_it_is(row), f"{row.person.name} is suspended and was signed out."
        )

    def resume_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        """See the port."""
        self._enter("resume_person")
        row = self._to_change(person_id, reason)
        self.suspended.pop(person_id, None)
        self.resumed.append((person_id, reason))
        changed = replace(row, active=True)
        return AccessChange(changed, f"{row.person.name} may work again.")

    def _people(self) -> tuple[PersonRow, ...]:
        return (PersonRow(JORDAN, True, "HIPAA 2025", None, "today 09:40"),)

    def _as_it_is(self, row: PersonRow) -> PersonRow:
        given_back = any(person == row.person.id for person, _ in self.resumed)
        active = (row.active or given_back) and row.person.id not in self.suspended
        return replace(row, active=active)

    def _to_change(self, person_id: UUID, reason: str) -> PersonRow:
        if len(reason.strip()) < 5:
            raise RefusedError("Write the reason in a few words (5 to 500 characters).")
        return next(row for row in self._people() if row.person.id == person_id)
