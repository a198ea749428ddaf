"""What a signed-in person asks of the practice's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from coordinator_app.ports.ear import Ear
from coordinator_app.ports.line_setup import LineRecords
from coordinator_app.ports.live import LiveCalls
from coordinator_app.ports.phone import Phones
from coordinator_app.ports.privacy import PrivacyRecords
from coordinator_app.ports.recording import RecordingDatabase
from coordinator_app.ports.returns import ReturnCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from coordinator_app.domain.call import CallCommand, CallView
    from coordinator_app.domain.find import (
        EmergencyChart,
        FindQuery,
        Found,
        GrantedOverride,
        WhyNotCalled,
    )
    from coordinator_app.domain.logs import (
        CallbackRow,
        CallLogFilter,
        CallLogPage,
        ImportBatchRow,
        ImportProblemRow,
    )
    from coordinator_app.domain.outcome import OutcomeDetails, Recorded, WrapUp
    from coordinator_app.domain.patient import Card, IdentifierKind, IdentityResult, RevealField
    from coordinator_app.domain.person import AccessChange, PersonRow, WorkStatus
    from coordinator_app.domain.queue import Gate, QueueFilter, QueuePage, SkipReason
    from coordinator_app.domain.schedule import Appointment, Openings, SlotHold
    from coordinator_app.domain.session import Connection, Heartbeat, SignedIn
    from coordinator_app.domain.team import TeamBoard


class PracticeDatabase(
    PrivacyRecords, Phones, LiveCalls, RecordingDatabase, Ear, LineRecords, ReturnCalls, Protocol
):
    """One person's signed-in connection. Each method is one round trip.

    Every method may raise ``NotConnectedError`` (link lost; sending again with the same
    ``op_id`` is safe) or ``NotAllowedError``; others are named where they occur.
    """

    def sign_in(self, client_version: str, device: str) -> SignedIn:
        """Open the work session. Raises SignInRefusedError, ClientTooOldError."""
        ...

    def check_receipt(self, receipt: str) -> bool:
        """Whether the head kept from an earlier sign-in still stands in one's audit chain; if
        not, supervisors are told."""
        ...

    def sign_out(self) -> None:
        """End the work session; releases a claim without a call."""
        ...

    def second_factor(self, code: str) -> str:
        """Show a code of the authenticator app; every new connection of this object counts as
        having shown it. Returns the token for ``resume``, to be kept in memory only.

        Raises WrongCodeError, and SecondFactorNeededError when no app is set up.
        """
        ...

    def resume(self, token: str) -> None:
        """Take part in a second factor shown on another connection of this person. Raises
        SecondFactorNeededError when it no longer counts."""
        ...

    def heartbeat(self, entry_id: UUID | None, fence: int) -> Heartbeat:
        """Renew the lease and the presence; raises StaleError when the claim was lost."""
        ...

    def set_status(self, status: WorkStatus) -> None:
        """Say what I am doing."""
        ...

    def queue(self, which: QueueFilter, find: str, limit: int) -> QueuePage:
        """The queue preview."""
        ...

    def claim(self, entry_id: UUID, op_id: UUID) -> Card:
        """Open this patient. Raises TakenByAnotherError (``detail["by"]``), RefusedError (the
        hour's charts are used: ``detail["gate"]`` is "read_limit")."""
        ...

    def claim_next(self, op_id: UUID) -> Card | Gate:
        """Open the best patient callable now, or the reason there is none."""
        ...

    def skip(self, entry_id: UUID, fence: int, reason: SkipReason, op_id: UUID) -> None:
        """Give the patient back with a reason; refused while a call lacks its outcome."""
        ...

    def reveal(self, entry_id: UUID, fence: int, field: RevealField) -> str:
        """A masked field in the clear; the look is logged."""
        ...

    def verify_identity(
        self, call_id: UUID, result: IdentityResult, kinds: Sequence[IdentifierKind], op_id: UUID
    ) -> Card:
        """Store the identity check (kinds only); the card that comes back has the chart after
        PASS."""
        ...

    def request_call(self, entry_id: UUID, fence: int, phone_id: UUID, op_id: UUID) -> CallView:
        """Ask for a call. Raises RefusedError with the gate's sentence; its name is
        "dial_refused", and ``detail`` has "gate" and "opens_at" (ISO 8601, or None)."""
        ...

    def call(self, call_id: UUID) -> CallView:
        """The call as it stands."""
        ...

    def command(self, call_id: UUID, command: CallCommand, digits: str, op_id: UUID) -> None:
        """Hang up, hold, mute, keypad."""
        ...

    def finish(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        """Record the outcome, and claim the next patient in the same transaction when asked.

        Idempotent by ``wrap_up.op_id``. Raises RefusedError when a detail is missing or a
        hold has expired.
        """
        ...

    def openings(
        self, practitioners: Sequence[UUID], visit_type: UUID, first_day: date, days: int
    ) -> Openings:
        """Free and taken time."""
        ...

    def hold_slot(  # noqa: PLR0917  (as the database's function has them)
        self,
        entry_id: UUID,
        fence: int,
        practitioner: UUID,
        visit_type: UUID,
        start: datetime,
        op_id: UUID,
    ) -> SlotHold:
        """Keep a slot for 5 minutes. Raises TakenByAnotherError, RefusedError."""
        ...

    def release_hold(self, hold_id: UUID) -> None:
        """Let a held slot go."""
        ...

    def book(
        self, call_id: UUID, fence: int, hold_id: UUID, details: OutcomeDetails, op_id: UUID
    ) -> Appointment:
        """Book the held slot during the call. Raises RefusedError when the hold expired."""
        ...

    def find_patient(self, query: FindQuery, reason: str) -> Found:
        """Who fits; each one shown is logged with the reason. Raises RefusedError when the
        query would be a list of patients, or the hour's look-ups are used."""
        ...

    def open_found(self, entry_id: UUID, reason: str, op_id: UUID) -> Card:
        """Open a patient that was looked up. As ``claim``, and a handful an hour."""
        ...

    def why_not_called(self, patient_id: UUID, at: datetime | None) -> WhyNotCalled:
        """Every check at a moment (None: now) under the rules of that day; supervisors,
        clinicians and auditors."""
        ...

    def override_gate(
        self, patient_id: UUID, checks: Sequence[str], reason: str, op_id: UUID
    ) -> GrantedOverride:
        """Let one call pass these checks; clinicians, on a login of just now
        (``Session.confirmed``). Raises RefusedError."""
        ...

    def break_glass(self, patient_id: UUID, reason: str, op_id: UUID) -> EmergencyChart:
        """Open any patient's chart for half an hour; supervisors are told at once. Raises
        RefusedError when the reason says nothing or the day's times are used."""
        ...

    def emergency_chart(self, glass_id: UUID) -> EmergencyChart:
        """The chart of ``break_glass`` again. Raises RefusedError when its time is over."""
        ...

    def callbacks(self) -> tuple[CallbackRow, ...]:
        """Mine and everybody's open callbacks, soonest first."""
        ...

    def move_callback(self, callback_id: UUID, due_at: datetime, op_id: UUID) -> None:
        """Another time for a callback of mine."""
        ...

    def release_callback(self, callback_id: UUID, op_id: UUID) -> None:
        """Let anybody take this callback."""
        ...

    def call_log(self, which: CallLogFilter, before: UUID | None, limit: int) -> CallLogPage:
        """Own calls for a coordinator, everyone's for a supervisor; at most 200 rows."""
        ...

    def export_calls(self, which: CallLogFilter, rows: int) -> str:
        """Say that so many calls are written to a file; the line that the file begins with.

        Raises FreshLoginNeededError, NotAllowedError (supervisors only).
        """
        ...

    def team(self) -> TeamBoard:
        """The live board; supervisors only."""
        ...

    def people(self) -> tuple[PersonRow, ...]:
        """Everybody with a login; administrators and supervisors."""
        ...

    def suspend_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        """End a person's access at once: a supervisor a coordinator's, the administrator
        anybody's but their own. Raises RefusedError for a reason that says nothing."""
        ...

    def resume_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        """Let a suspended person work again. As ``suspend_person``."""
        ...

    def import_batches(self) -> tuple[ImportBatchRow, ...]:
        """Imports, newest first; administrators."""
        ...

    def import_problems(self, batch_id: UUID) -> tuple[ImportProblemRow, ...]:
        """The rows of an import that need a person; administrators."""
        ...

    def listen(self, hint: Callable[[str], None]) -> None:
        """Call ``hint("queue" | "call" | "team")`` from a thread of the adapter when something
        may have changed; a hint only, never data."""
        ...

    def close(self) -> None:
        """Close every connection. Never raises."""
        ...


class Connector(Protocol):
    """Opens a person's connection to a practice."""

    def connect(self, connection: Connection, password: str) -> PracticeDatabase:
        """Log in. Raises NotConnectedError, InsecureConnectionError, SignInRefusedError."""
        ...
