"""The chore that puts the practice on its phone line: account, check, and what supervisors ask.

The account that was entered in a window is opened, tried at the carrier, and taken up. Another key
of the same account is used at once, and calls go on. Another account needs the gateway to begin
anew, which it does as soon as no call is open (``Switch``): a call lives on the account that placed
it, and only there can it be followed and ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from coordinator_app.calls.backend import Unreachable
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_setup import AccountFacts, LineSetup
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.domain.line_setup import (
    GatewayLine,
    Level,
    LineAnswer,
    LineChecked,
    LineFinding,
    LineTaskKind,
    LineTaskState,
    SealedAccount,
    ShownNumber,
)
from coordinator_app.domain.sealed import SealError
from coordinator_app.gateway.carrier_account import Accounts, Chosen
from coordinator_app.gateway.line_check import check_line, problem_of
from coordinator_app.gateway.line_tasks import LineTasks
from coordinator_app.ports import LineStore

_log = logging.getLogger(__name__)

_DAILY = 86_400.0
_MENDING = 60.0  # while something blocks
_UNREACHED = 30.0  # until the carrier is asked again
_QUIET = 15.0  # a caller ID that was lost is noticed this soon
_BUSY = 1.0  # a task is open
_BUSY_PRACTICE = 0.3
_NOBODY = "The carrier cannot be reached now. It is tried again by itself."


class Switch(Protocol):
    """How the gateway is asked to begin anew with another account."""

    def when_idle(self) -> None:
        """Begin anew as soon as no call is open."""
        ...


@dataclass(frozen=True, slots=True)
class LineInUse:
    """The account that this round of the gateway works with. ``line``: None when there is none."""

    chosen: Chosen
    line: TwilioLine | None
    setup: LineSetup | None

    def is_lost(self) -> bool:
        """Whether nobody can follow a call here: no account, or one that the carrier refuses."""
        return self.line is None or self.line.refused

    def problem(self) -> str:
        """Why no call may go out, as the last check found; "" when calls may."""
        return "" if self.line is None else self.line.problem


class LineChore:
    """See the module; one for each round of the gateway."""

    def __init__(
        self,
        used: LineInUse,
        accounts: Accounts,
        probe: Callable[[Credentials], AccountFacts | Unreachable],
        switch: Switch,
        clock: LineClock,
    ) -> None:
        """``probe``: asks the carrier whether an account that was entered is good."""
        self._used = used
        self._account_id = used.chosen.account_id
        self._accounts = accounts
        self._probe = probe
        self._switch = switch
        self._clock = clock
        self._tasks = None if used.setup is None else LineTasks(used.setup, clock)
        self._said_source = False
        self._waits_for_idle: SealedAccount | None = None
        self._check_at = 0.0
        self._facts: object = None  # what the last check looked at besides the carrier

    def turn(self, store: LineStore) -> float:
        """Do what is due; see ``side_work.Chore``."""
        line = store.line()
        self._publish(line, store)
        if not self._said_source:
            self._say_source(store)
        waiting = self._take_account(line, store)
        if self._used.line is not None:
            self._used.line.countries = frozenset(line.countries)
            if self._used.line.doubted:
                self._check_at = 0.0
        wants_check = any(task.kind is LineTaskKind.CHECK for task in line.tasks)
        open_tasks = self._advance(line, store)
        facts = (line.office_number, line.countries, line.agreement, line.authorized, line.ticks)
        if (facts, line.heard) != self._facts:
            self._facts = (facts, line.heard)
            self._check_at = 0.0
        if wants_check or self._clock.monotonic() >= self._check_at:
            self._check(line, store)
        if open_tasks:
            practice = self._used.setup is not None and self._used.setup.is_practice
            return _BUSY_PRACTICE if practice else _BUSY
        due = max(0.0, self._check_at - self._clock.monotonic())
        return min(due, _UNREACHED if waiting else _QUIET)

    # -------------------------------------------------------------- the account

    def _publish(self, line: GatewayLine, store: LineStore) -> None:
        public = self._accounts.public_key
        if public is not None and public.hex() != line.public_key:
            store.line_key(public)

    def _say_source(self, store: LineStore) -> None:
        if self._account_id is not None:
            store.line_account(self._account_id, "in_use")
        account = self._used.line.account if self._used.line is not None else ""
        store.line_source(self._used.chosen.source, account)
        self._said_source = True

    def _take_account(self, line: GatewayLine, store: LineStore) -> bool:
        """Take up what was entered or forgotten; True when the carrier has to be asked again."""
        if self._used.chosen.source == "practice":
            return False
        entered = next((one for one in line.accounts if one.state == "set"), None)
        if entered is not None:
            return entered != self._waits_for_idle and self._take_up(entered, line, store)
        for one in line.accounts:
            if one.id != self._account_id and one.state == "in_use":
                self._say_if_closed(one, line, store)
        kept = {one.id for one in line.accounts}
        if self._account_id is not None and self._account_id not in kept:
            self._switch.when_idle()  # it was forgotten
        return False

    def _say_if_closed(self, used: SealedAccount, line: GatewayLine, store: LineStore) -> None:
        """Another gateway used it, or this one before it lost its key."""
        try:
            self._accounts.opened(used, line.practice_uid)
        except SealError as error:
            store.line_account(used.id, "refused", error.sentence)

    def _take_up(self, entered: SealedAccount, line: GatewayLine, store: LineStore) -> bool:
        try:
            credentials = self._accounts.opened(entered, line.practice_uid)
        except SealError as error:
            store.line_account(entered.id, "refused", error.sentence)
            return False
        facts = self._probe(credentials)
        if isinstance(facts, Unreachable):
            return True
        if not facts.usable:
            store.line_account(entered.id, "refused", facts.sentence)
            return False
        used = self._used.line
        if used is None or used.account != credentials.account_sid:
            self._waits_for_idle = entered
            self._switch.when_idle()
            return False
        used.rekey(credentials)
        self._account_id = entered.id
        store.line_account(entered.id, "in_use")
        store.line_source("window", used.account)
        self._check_at = 0.0
        _log.info("the carrier's key was changed; calls go on")
        return False

    # -------------------------------------------------------------- check and tasks

    def _advance(self, line: GatewayLine, store: LineStore) -> bool:
        """Bring each task a step further; True when one is still open."""
        still_open = False
        if self._tasks is not None:
            self._tasks.keep({task.id for task in line.tasks})
        for task in line.tasks:
            if task.kind is LineTaskKind.CHECK:
                continue
            if self._tasks is None:
                sentence = self._used.chosen.sentence
                store.line_answer(task.id, LineTaskState.FAILED, LineAnswer(sentence))
            elif self._tasks.advance(task, line.office_number, store):
                self._check_at = 0.0
            else:
                still_open = True
        return still_open

    def _check(self, line: GatewayLine, store: LineStore) -> None:
        checked: LineChecked | Unreachable
        if self._used.setup is None:
            finding = LineFinding("account", Level.BLOCK, self._used.chosen.sentence)
            checked = LineChecked((finding,), ShownNumber(line.office_number))
        else:
            checked = check_line(self._used.setup, line)
        rest = _UNREACHED
        state, sentence = LineTaskState.FAILED, _NOBODY
        if isinstance(checked, LineChecked):
            problem = problem_of(checked)
            if self._used.line is not None:
                self._used.line.problem, self._used.line.doubted = problem, False
                self._used.line.refused = any(
                    one.name == "account" and one.level is Level.BLOCK for one in checked.findings
                )
            store.line_checked(checked)
            rest = _MENDING if problem and self._used.setup is not None else _DAILY
            state, sentence = LineTaskState.DONE, "The line was checked."
        self._check_at = self._clock.monotonic() + rest
        for task in line.tasks:
            if task.kind is LineTaskKind.CHECK:
                store.line_answer(task.id, state, LineAnswer(sentence))
