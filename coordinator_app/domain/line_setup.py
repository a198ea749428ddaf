"""Putting the practice on a phone line: what supervisors see and ask, what the gateway answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


class LineTaskKind(enum.StrEnum):
    """What can be asked of the line."""

    CHECK = "check"
    VERIFY = "verify"  # the carrier calls the office; somebody keys in a code
    UNVERIFY = "unverify"  # in the demo only: so that it can be tried again
    TEST_CALL = "test_call"


class LineTaskState(enum.StrEnum):
    """How far it is."""

    ASKED = "asked"
    TAKEN = "taken"
    WAITING = "waiting"  # for a person or a call
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self in {LineTaskState.ASKED, LineTaskState.TAKEN, LineTaskState.WAITING}


class Level(enum.StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"  # good to know, nothing to do
    WARN = "warn"  # calls go out, and something should be done
    BLOCK = "block"  # no call goes out


class Heard(enum.StrEnum):
    """What the person says about a test call."""

    RIGHT = "right"
    WRONG_NUMBER = "wrong_number"
    NOTHING = "nothing"


_GATEWAY_SILENT_S = 30.0  # as the dial gate judges it

#: What no interface of the carrier tells: a person looks there, and says so.
TICKS = ("full_account", "hipaa_account", "attestation_a", "geo_us_only", "recordings_protected")


@dataclass(frozen=True, slots=True)
class LineFinding:
    """One thing that the check of the line has to say. ``remedy``: who can do what about it."""

    name: str
    level: Level
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LineTask:
    """Something that was asked of the line. ``code``: what the office keys in while it waits."""

    id: UUID
    kind: LineTaskKind
    state: LineTaskState
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    sentence: str
    code: str
    heard: Heard | None


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """The account that was entered in a window; never its key.

    ``state``: "set" (the gateway has not taken it up), "in_use", "refused" (``problem`` says why).
    """

    account_sid: str
    key_ending: str
    set_by: str
    set_at: datetime
    state: str
    problem: str


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """Everything that the set-up shows.

    ``source``: where the account in use comes from: "window", "vault" or "credential" of the
    gateway's computer, "practice" (the practice line), "none". ``number_kind``: what the carrier
    says of the office number, "owned", "verified" or "".
    """

    now: datetime
    is_demo: bool
    practice_uid: UUID
    office_number: str
    countries: tuple[str, ...]
    gateway_key: str  # hexadecimal; "": no gateway has run yet
    gateway_seen: datetime | None
    source: str
    account_in_use: str
    account: CarrierAccount | None
    checked_at: datetime | None
    findings: tuple[LineFinding, ...]
    number_kind: str
    authorized: bool
    authorized_until: date | None
    agreement: bool
    ticks: tuple[str, ...]
    tasks: tuple[LineTask, ...]  # the newest of each kind

    def task(self, kind: LineTaskKind) -> LineTask | None:
        """The newest of this kind."""
        return next((task for task in self.tasks if task.kind is kind), None)

    @property
    def gateway_runs(self) -> bool:
        """Whether the gateway was heard of just now."""
        seen = self.gateway_seen
        return seen is not None and (self.now - seen).total_seconds() < _GATEWAY_SILENT_S

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        asked = any(task.state.is_open for task in self.tasks)
        return asked or (self.account is not None and self.account.state == "set")


# ------------------------------------------------------------------------- the gateway's side


@dataclass(frozen=True, slots=True)
class AskedOfLine:
    """A task as the gateway takes it. ``again``: it was taken before, perhaps by one that died."""

    id: UUID
    kind: LineTaskKind
    state: LineTaskState
    again: bool
    to: str
    extension: str
    call_delay: int  # seconds
    ref: str  # the carrier's id of the call, once there is one
    code: str
    age: float  # seconds since it was asked


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """An account for the gateway alone. ``sealed``: hexadecimal, see ``domain.sealed``."""

    id: UUID
    account_sid: str
    sealed: str
    state: str  # "set", "in_use"


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """What the gateway has to know of the practice's line."""

    practice_uid: UUID
    is_demo: bool
    office_number: str
    countries: tuple[str, ...]
    public_key: str
    agreement: bool
    authorized: bool
    ticks: tuple[str, ...]
    heard: str
    records: bool  # whether calls are recorded
    records_protected: bool  # whoever turned that on has looked at the carrier
    softphone_account: str  # whose key signs the softphone's tokens; "": there is none
    open_calls: int
    accounts: tuple[SealedAccount, ...]
    tasks: tuple[AskedOfLine, ...]


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """What the carrier says of the office number. ``kind``: "owned", "verified", ""."""

    e164: str
    kind: str = ""
    sid: str = ""


@dataclass(frozen=True, slots=True)
class LineChecked:
    """What a check found."""

    findings: tuple[LineFinding, ...]
    number: ShownNumber


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What the gateway says about a task."""

    sentence: str = ""
    code: str = ""
    ref: str = ""
