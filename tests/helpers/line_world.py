"""A practice line, the gateway's set-up chore and its store in memory, together in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

from coordinator_app.calls.backend import Unreachable
from coordinator_app.calls.line_setup import AccountFacts
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.domain.line_setup import (
    AskedOfLine,
    GatewayLine,
    LineAnswer,
    LineChecked,
    LineTaskKind,
    LineTaskState,
    SealedAccount,
)
from coordinator_app.domain.sealed import CarrierKey, new_key, seal
from coordinator_app.gateway.carrier_account import Accounts, Chosen
from coordinator_app.gateway.line_setup import LineChore, LineInUse
from coordinator_app.gateway.own_secrets import Credentials as ServiceCredentials
from coordinator_app.secrets.memory import MemorySecretStore
from tests.helpers.direct_line import DirectHttpClient, DirectLine
from tests.helpers.virtual_clock import VirtualClock

OFFICE, OWN_PHONE = "+15025550100", "+15025550142"
PRACTICE = UUID(int=77)


class FakeLineStore:
    """The database's side of the set-up; it outlives gateways."""

    def __init__(self) -> None:
        self.facts = GatewayLine(
            practice_uid=PRACTICE,
            is_demo=False,
            office_number=OFFICE,
            countries=("US",),
            public_key="",
            agreement=True,
            authorized=True,
            ticks=(),
            heard="",
            records=False,
            records_protected=False,
            softphone_account="",
            open_calls=0,
            accounts=(),
            tasks=(),
        )
        self.answers: dict[UUID, list[tuple[LineTaskState, LineAnswer]]] = {}
        self.accounts: list[tuple[UUID, str, str]] = []
        self.sources: list[tuple[str, str]] = []
        self.checked: list[LineChecked] = []
        self.asked_at: dict[UUID, float] = {}

    def ask(self, kind: LineTaskKind, **changes: object) -> UUID:
        """A supervisor asks for something."""
        task = AskedOfLine(uuid4(), kind, LineTaskState.ASKED, False, "", "", 0, "", "", 0.0)
        task = replace(task, **changes)  # type: ignore[arg-type]
        self.facts = replace(self.facts, tasks=(*self.facts.tasks, task))
        return task.id

    def enter(self, account: CarrierKey, gateway: bytes, practice: UUID = PRACTICE) -> UUID:
        """A supervisor enters an account."""
        box = seal(account, gateway, str(practice)).hex()
        made = SealedAccount(uuid4(), account.account_sid, box, "set")
        self.facts = replace(self.facts, accounts=(*self.facts.accounts, made))
        return made.id

    def of(self, task_id: UUID) -> tuple[LineTaskState, LineAnswer]:
        """The newest answer."""
        return self.answers[task_id][-1]

    # ---- LineStore

    def line(self, *, take: bool = True) -> GatewayLine:
        answer = self.facts
        if take:
            taken = tuple(
                replace(task, state=LineTaskState.TAKEN, again=True)
                if task.state is LineTaskState.ASKED
                else task
                for task in answer.tasks
            )
            self.facts = replace(answer, tasks=taken)
        return answer

    def line_key(self, public_key: bytes) -> None:
        self.facts = replace(self.facts, public_key=public_key.hex())

    def line_account(self, account_id: UUID, state: str, problem: str = "") -> None:
        self.accounts.append((account_id, state, problem))
        kept = tuple(
            replace(one, state=state) if one.id == account_id else one
            for one in self.facts.accounts
            if one.id != account_id or state != "refused"
        )
        self.facts = replace(self.facts, accounts=kept)

    def line_source(self, source: str, account_sid: str) -> None:
        self.sources.append((source, account_sid))

    def line_answer(self, task_id: UUID, state: LineTaskState, answer: LineAnswer) -> None:
        self.answers.setdefault(task_id, []).append((state, answer))
        changed = tuple(
            replace(task, state=state, ref=answer.ref, code=answer.code)
            if task.id == task_id
            else task
            for task in self.facts.tasks
        )
        self.facts = replace(
            self.facts, tasks=tuple(task for task in changed if task.state.is_open)
        )

    def line_checked(self, checked: LineChecked) -> None:
        self.checked.append(checked)


class LineWorld:
    """The gateway may be started anew; the carrier and the database live on."""

    def __init__(self, **settings: object) -> None:
        self.clock = VirtualClock()
        chosen = LineSettings(**{"caller_ids": frozenset({OFFICE}), **settings})  # type: ignore[arg-type]
        self.net = DirectLine(self.clock, {}, chosen)
        self.store = FakeLineStore()
        self.key = new_key()
        self.accounts = Accounts(
            ServiceCredentials(None), MemorySecretStore(""), "default", self.key
        )
        self.idle_asked = 0
        self.good: Callable[[Credentials], AccountFacts | Unreachable] = lambda _: AccountFacts(
            usable=True
        )
        self.line: TwilioLine | None = None
        self.chore = self.start()

    def when_idle(self) -> None:
        self.idle_asked += 1

    def start(self, source: str = "vault", *, with_line: bool = True) -> LineChore:
        """A gateway that remembers nothing."""
        used = LineInUse(Chosen("none", sentence="No phone account is set up yet."), None, None)
        if with_line:
            login = self.net.login
            credentials = Credentials(login.account_sid, login.key_sid, login.key_secret)
            self.line = TwilioLine(credentials, DirectHttpClient(self.net.api))
            used = LineInUse(Chosen(source, credentials), self.line, TwilioSetup(self.line))
        self.chore = LineChore(used, self.accounts, self._probe, self, self.clock)
        return self.chore

    def _probe(self, given: Credentials) -> AccountFacts | Unreachable:
        return self.good(given)

    def turn(self, seconds: float = 0.0) -> float:
        self.clock.advance(seconds)
        facts = self.store.facts
        aged = tuple(replace(task, age=task.age + seconds) for task in facts.tasks)
        self.store.facts = replace(facts, tasks=aged)
        return self.chore.turn(self.store)

    def until_over(self, task_id: UUID, within: float = 240.0) -> tuple[LineTaskState, LineAnswer]:
        end = self.clock.monotonic() + within
        while any(task.id == task_id for task in self.store.facts.tasks):
            assert self.clock.monotonic() < end, "it never ended"
            self.turn(1.0)
        return self.store.of(task_id)

    def posts(self, part: str) -> int:
        """How often something was sent to the carrier that makes a phone ring."""
        legs = self.net.line.legs()
        return sum(1 for leg in legs if part in ("", leg.to))
