"""The phone line's set-up of a fake practice; the test plays gateway, carrier and office."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cached_property
from uuid import UUID, uuid4

from coordinator_app.domain.line_setup import (
    CarrierAccount,
    Heard,
    Level,
    LineFinding,
    LineTask,
    LineTaskKind,
    LineTaskState,
    PhoneLine,
)
from coordinator_app.domain.person import Person, Role
from coordinator_app.domain.sealed import CarrierKey, new_key, public_of, unseal
from coordinator_app.errors import FreshLoginNeededError, NotAllowedError, RefusedError
from tests.helpers.fake_data import NOW

PRACTICE_UID = UUID(int=4711)
FINDINGS = (
    LineFinding("account", Level.OK, "The carrier accepts the account and its key."),
    LineFinding(
        "trial",
        Level.WARN,
        "The key may not tell whether the account is a trial; a trial cannot call patients.",
        "Look at the top of the carrier’s console: if it says “Trial”, upgrade. Then tick it here.",
    ),
    LineFinding("number", Level.OK, "The carrier has verified the office number."),
    LineFinding(
        "attestation",
        Level.NOTE,
        "Attestation B at most: the office number is with another company, and only verified here.",
        "For A the number has to move to the carrier (porting or hosting).",
    ),
    LineFinding(
        "agreement",
        Level.BLOCK,
        "No business associate agreement with the carrier is on file.",
        "Sign it with the carrier, then let the administrator record it: coordinator-admin "
        "agreement sign carrier.",
    ),
)


class FakeLine:
    """See the module. ``line_asked`` keeps what was asked, in order."""

    person: Person

    def _enter(self, name: str) -> None:
        raise NotImplementedError

    @cached_property
    def gateway_private(self) -> bytes:
        return new_key()

    @cached_property
    def line_asked(self) -> list[tuple[object, ...]]:
        return []

    @cached_property
    def stale_login(self) -> list[bool]:
        """Not empty: the login is too old."""
        return []

    @cached_property
    def line_now(self) -> dict[str, PhoneLine]:
        return {
            "line": PhoneLine(
                now=NOW,
                is_demo=False,
                practice_uid=PRACTICE_UID,
                office_number="+13125550100",
                countries=("US",),
                gateway_key=public_of(self.gateway_private).hex(),
                gateway_seen=NOW,
                source="none",
                account_in_use="",
                account=None,
                checked_at=None,
                findings=(),
                number_kind="",
                authorized=False,
                authorized_until=None,
                agreement=False,
                ticks=(),
                tasks=(),
            )
        }

    def change_line(self, **changes: object) -> None:
        """What happens elsewhere."""
        self.line_now["line"] = replace(self.line_now["line"], **changes)  # type: ignore[arg-type]

    def answer_task(self, kind: LineTaskKind, state: LineTaskState, **changes: object) -> None:
        """The gateway answers the newest task of this kind."""
        task = self.line_now["line"].task(kind)
        assert task is not None
        self._put(replace(task, state=state, **changes))  # type: ignore[arg-type]

    def opened_account(self) -> CarrierKey:
        """What the gateway finds in the newest sealed box."""
        _, account, _, sealed = next(a for a in self.line_asked[::-1] if a[0] == "set_carrier")
        assert isinstance(sealed, bytes)
        return unseal(sealed, self.gateway_private, str(PRACTICE_UID), str(account))

    def _put(self, task: LineTask) -> None:
        others = tuple(t for t in self.line_now["line"].tasks if t.kind is not task.kind)
        self.change_line(tasks=(*others, task))

    def _sets_up(self, name: str) -> None:
        self._enter(name)
        if self.person.role not in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            raise NotAllowedError("Your role in this practice does not include this.")

    # -- LineRecords ------------------------------------------------------------------------

    def phone_line(self) -> PhoneLine:
        """See the port."""
        self._sets_up("phone_line")
        return self.line_now["line"]

    def set_carrier(
        self, account_sid: str, key_ending: str, sealed: bytes, gateway_key: str, op_id: UUID
    ) -> str:
        """See the port."""
        self._sets_up("set_carrier")
        if self.stale_login:
            raise FreshLoginNeededError("Type your password again.")
        self.line_asked.append(("set_carrier", account_sid, key_ending, sealed))
        account = CarrierAccount(account_sid, key_ending, self.person.name, NOW, "set", "")
        self.change_line(account=account)
        return "The account is on its way to the gateway, which checks it now."

    def forget_carrier(self, op_id: UUID) -> str:
        """See the port."""
        self._sets_up("forget_carrier")
        self.line_asked.append(("forget_carrier",))
        self.change_line(account=None)
        return "The account is forgotten."

    def ask_line(
        self,
        kind: LineTaskKind,
        op_id: UUID,
        *,
        to: str = "",
        extension: str = "",
        call_delay: int = 0,
    ) -> LineTask:
        """See the port."""
        self._sets_up("ask_line")
        open_task = self.line_now["line"].task(kind)
        if open_task is not None and open_task.state.is_open:
            raise RefusedError("The line is being tried already.")
        self.line_asked.append(("ask_line", kind, to, extension, call_delay))
        asked = LineTaskState.ASKED
        task = LineTask(uuid4(), kind, asked, self.person.name, NOW, None, "", "", None)
        self._put(task)
        return task

    def line_heard(self, task_id: UUID, heard: Heard, op_id: UUID) -> str:
        """See the port."""
        self._sets_up("line_heard")
        self.line_asked.append(("line_heard", heard))
        self.answer_task(LineTaskKind.TEST_CALL, LineTaskState.DONE, heard=heard)
        return "Noted."

    def tick_line(self, name: str, op_id: UUID, *, ticked: bool) -> str:
        """See the port."""
        self._sets_up("tick_line")
        self.line_asked.append(("tick_line", name, ticked))
        ticks = {t for t in self.line_now["line"].ticks if t != name} | (
            {name} if ticked else set()
        )
        self.change_line(ticks=tuple(sorted(ticks)))
        return "Noted."

    def authorize_caller_id(self, signed_by: str, op_id: UUID) -> str:
        """See the port."""
        self._sets_up("authorize_caller_id")
        self.line_asked.append(("authorize_caller_id", signed_by))
        self.change_line(authorized=True, authorized_until=date(NOW.year + 1, NOW.month, NOW.day))
        return "The office number may be shown for a year from today."
