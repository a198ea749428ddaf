"""What a supervisor or an administrator asks of the database to put the practice on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID

    from coordinator_app.domain.line_setup import (
        GatewayLine,
        Heard,
        LineAnswer,
        LineChecked,
        LineTask,
        LineTaskKind,
        LineTaskState,
        PhoneLine,
    )


class LineRecords(Protocol):
    """The set-up as a window uses it. Each method may raise what a PracticeDatabase's may."""

    def phone_line(self) -> PhoneLine:
        """Everything that the set-up shows."""
        ...

    def set_carrier(
        self, account_sid: str, key_ending: str, sealed: bytes, gateway_key: str, op_id: UUID
    ) -> str:
        """Keep an account that was sealed for the gateway's key (hexadecimal).

        Raises FreshLoginNeededError, RefusedError, StaleError (the gateway has another key now).
        """
        ...

    def forget_carrier(self, op_id: UUID) -> str:
        """Forget the account that was entered. Raises FreshLoginNeededError."""
        ...

    def ask_line(
        self,
        kind: LineTaskKind,
        op_id: UUID,
        *,
        to: str = "",
        extension: str = "",
        call_delay: int = 0,
    ) -> LineTask:
        """Ask the gateway for something; real phones ring. Raises RefusedError."""
        ...

    def line_heard(self, task_id: UUID, heard: Heard, op_id: UUID) -> str:
        """Say what was heard on one's test call."""
        ...

    def tick_line(self, name: str, op_id: UUID, *, ticked: bool) -> str:
        """Note what somebody looked up at the carrier (``domain.line_setup.TICKS``)."""
        ...

    def authorize_caller_id(self, signed_by: str, op_id: UUID) -> str:
        """Sign that the office number may be shown, for a year. Raises RefusedError."""
        ...


class LineStore(Protocol):
    """The set-up as the gateway sees it (role ``gateway``)."""

    def line(self, *, take: bool = True) -> GatewayLine:
        """What it has to know. ``take``: what was asked counts as taken from here on."""
        ...

    def line_key(self, public_key: bytes) -> None:
        """Publish the key that windows seal to."""
        ...

    def line_account(self, account_id: UUID, state: str, problem: str = "") -> None:
        """Say what became of an account that was entered: "in_use" or "refused"."""
        ...

    def line_source(self, source: str, account_sid: str) -> None:
        """Say which account is used, and where it comes from."""
        ...

    def line_answer(self, task_id: UUID, state: LineTaskState, answer: LineAnswer) -> None:
        """Say how far a task is."""
        ...

    def line_checked(self, checked: LineChecked) -> None:
        """Say what a check found."""
        ...
