"""The practice's database as one signed-in person may use it: each method is one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import psycopg

from coordinator_app.db.codec import DecodeError, decode, decode_rows
from coordinator_app.db.connection import DEADLINE, Json, Link, Texts, Uuids
from coordinator_app.db.ear import SqlEar
from coordinator_app.db.line_records import SqlLineRecords
from coordinator_app.db.listener import Listener
from coordinator_app.db.live_calls import SqlLiveCalls
from coordinator_app.db.phones import SqlPhones
from coordinator_app.db.privacy_records import SqlPrivacyRecords
from coordinator_app.db.recording_calls import SqlRecordings
from coordinator_app.db.refusals import granted
from coordinator_app.db.return_calls import SqlReturnCalls
from coordinator_app.db.sqlstate import translate_error
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
from coordinator_app.domain.session import Heartbeat, SignedIn
from coordinator_app.domain.team import TeamBoard
from coordinator_app.errors import SecondFactorNeededError, WrongCodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from typing import Any
    from uuid import UUID


class SqlPractice(
    SqlPrivacyRecords,
    SqlPhones,
    SqlLiveCalls,
    SqlRecordings,
    SqlEar,
    SqlLineRecords,
    SqlReturnCalls,
):
    """A PracticeDatabase over PostgreSQL (see ports.PracticeDatabase for each method)."""

    def __init__(self, parameters: Mapping[str, Any], *, deadline: float = DEADLINE) -> None:
        self._parameters = parameters
        self._link = Link(parameters, deadline=deadline, prepare=self._take_up)
        self._token = ""
        self._person: UUID | None = None
        self._listeners: list[Listener] = []

    def open(self) -> None:
        """Log in now. Raises NotConnectedError, InsecureConnectionError, SignInRefusedError."""
        self._link.open()

    # ------------------------------------------------------------------------------ the shift

    def sign_in(self, client_version: str, device: str) -> SignedIn:
        signed_in = decode(SignedIn, self._link.call("sign_in", client_version, device))
        self._person = signed_in.person.id
        return signed_in

    def check_receipt(self, receipt: str) -> bool:
        return self._link.call("check_receipt", receipt) is True

    def sign_out(self) -> None:
        self._link.call("sign_out")
        self._token = ""

    def second_factor(self, code: str) -> str:
        answer = self._link.call("second_factor", code)
        if _part(answer, "ok") is not True:
            tries = _part(answer, "tries_left")
            raise WrongCodeError(
                decode(str, _part(answer, "sentence")),
                name="wrong_code",
                detail={} if tries is None else {"tries_left": tries},
            )
        self._token = decode(str, _part(answer, "token"))
        return self._token

    def resume(self, token: str) -> None:
        self._link.call("resume_session", token)
        self._token = token

    def _take_up(self, driver: psycopg.Connection[Any]) -> None:
        """After a lost link: nobody types a code again."""
        if not self._token:
            return
        try:
            driver.execute("SELECT api.resume_session(%s)", [self._token])
        except psycopg.Error as error:
            if not isinstance(translate_error(error), SecondFactorNeededError):
                raise
            self._token = ""  # it has expired: what needs it says so

    def heartbeat(self, entry_id: UUID | None, fence: int) -> Heartbeat:
        return decode(Heartbeat, self._link.call("heartbeat", entry_id, fence))

    def set_status(self, status: WorkStatus) -> None:
        self._link.call("set_status", status)

    # ------------------------------------------------------------------------------ the queue

    def queue(self, which: QueueFilter, find: str, limit: int) -> QueuePage:
        return decode(QueuePage, self._link.call("queue", which, find, limit))

    def claim(self, entry_id: UUID, op_id: UUID) -> Card:
        return decode(Card, granted(self._link.call("claim", entry_id, op_id)))

    def claim_next(self, op_id: UUID) -> Card | Gate:
        found = _card_or_gate(self._link.call("claim_next", op_id))
        if found is None:
            raise DecodeError("claim_next: neither a card nor a gate")
        return found

    def skip(self, entry_id: UUID, fence: int, reason: SkipReason, op_id: UUID) -> None:
        self._link.call("skip", entry_id, fence, reason, op_id)

    def reveal(self, entry_id: UUID, fence: int, field: RevealField) -> str:
        return decode(str, self._link.call("reveal", entry_id, fence, field))

    # ------------------------------------------------------------------------------- the call

    def verify_identity(
        self, call_id: UUID, result: IdentityResult, kinds: Sequence[IdentifierKind], op_id: UUID
    ) -> Card:
        given = Texts(tuple(kind.value for kind in kinds))
        return decode(Card, self._link.call("verify_identity", call_id, result, given, op_id))

    def request_call(self, entry_id: UUID, fence: int, phone_id: UUID, op_id: UUID) -> CallView:
        answer = self._link.call("request_call", entry_id, fence, phone_id, op_id)
        return decode(CallView, granted(answer))

    def call(self, call_id: UUID) -> CallView:
        return decode(CallView, self._link.call("call", call_id))

    def command(self, call_id: UUID, command: CallCommand, digits: str, op_id: UUID) -> None:
        self._link.call("command", call_id, command, digits, op_id)

    def finish(self, wrap_up: WrapUp, *, then_next: bool) -> tuple[Recorded, Card | Gate | None]:
        answer = self._link.call(
            "finish",
            wrap_up.call_id,
            wrap_up.entry_id,
            wrap_up.fence,
            wrap_up.outcome,
            Json(wrap_up.details),
            wrap_up.op_id,
            then_next,
        )
        recorded = decode(Recorded, _part(answer, "recorded"))
        return recorded, _card_or_gate(answer)

    # ---------------------------------------------------------------------------- appointments

    def openings(
        self, practitioners: Sequence[UUID], visit_type: UUID, first_day: date, days: int
    ) -> Openings:
        among = Uuids(tuple(practitioners))
        return decode(Openings, self._link.call("openings", among, visit_type, first_day, days))

    def hold_slot(  # noqa: PLR0917 - the port's order
        self,
        entry_id: UUID,
        fence: int,
        practitioner: UUID,
        visit_type: UUID,
        start: datetime,
        op_id: UUID,
    ) -> SlotHold:
        answer = self._link.call(
            "hold_slot", entry_id, fence, practitioner, visit_type, start, op_id
        )
        return decode(SlotHold, answer)

    def release_hold(self, hold_id: UUID) -> None:
        self._link.call("release_hold", hold_id)

    def book(
        self, call_id: UUID, fence: int, hold_id: UUID, details: OutcomeDetails, op_id: UUID
    ) -> Appointment:
        answer = self._link.call("book", call_id, fence, hold_id, Json(details), op_id)
        return decode(Appointment, answer)

    # ------------------------------------------------------------------------------ looking up

    def find_patient(self, query: FindQuery, reason: str) -> Found:
        return decode(Found, granted(self._link.call("find_patient", Json(query), reason)))

    def open_found(self, entry_id: UUID, reason: str, op_id: UUID) -> Card:
        return decode(Card, granted(self._link.call("open_found", entry_id, reason, op_id)))

    def why_not_called(self, patient_id: UUID, at: datetime | None) -> WhyNotCalled:
        return decode(WhyNotCalled, self._link.call("why_not_called", patient_id, at))

    def override_gate(
        self, patient_id: UUID, checks: Sequence[str], reason: str, op_id: UUID
    ) -> GrantedOverride:
        named = Texts(tuple(checks))
        answer = self._link.call("override_gate", patient_id, named, reason, op_id)
        return decode(GrantedOverride, answer)

    def break_glass(self, patient_id: UUID, reason: str, op_id: UUID) -> EmergencyChart:
        answer = self._link.call("break_glass", patient_id, reason, op_id)
        return decode(EmergencyChart, granted(answer))

    def emergency_chart(self, glass_id: UUID) -> EmergencyChart:
        return decode(EmergencyChart, self._link.call("emergency_chart", glass_id))

    # ----------------------------------------------------------------------------------- lists

    def callbacks(self) -> tuple[CallbackRow, ...]:
        return decode_rows(CallbackRow, self._link.call("callbacks"))

    def move_callback(self, callback_id: UUID, due_at: datetime, op_id: UUID) -> None:
        self._link.call("move_callback", callback_id, due_at, op_id)

    def release_callback(self, callback_id: UUID, op_id: UUID) -> None:
        self._link.call("release_callback", callback_id, op_id)

    def call_log(self, which: CallLogFilter, before: UUID | None, limit: int) -> CallLogPage:
        return decode(CallLogPage, self._link.call("call_log", Json(which), before, limit))

    def export_calls(self, which: CallLogFilter, rows: int) -> str:
        return decode(str, self._link.call("export_calls", Json(which), rows))

    def team(self) -> TeamBoard:
        return decode(TeamBoard, self._link.call("team"))

    def people(self) -> tuple[PersonRow, ...]:
        return decode_rows(PersonRow, self._link.call("people"))

    def suspend_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        return decode(AccessChange, self._link.call("suspend_person", person_id, reason, op_id))

    def resume_person(self, person_id: UUID, reason: str, op_id: UUID) -> AccessChange:
        return decode(AccessChange, self._link.call("resume_person", person_id, reason, op_id))

    def import_batches(self) -> tuple[ImportBatchRow, ...]:
        return decode_rows(ImportBatchRow, self._link.call("import_batches"))

    def import_problems(self, batch_id: UUID) -> tuple[ImportProblemRow, ...]:
        return decode_rows(ImportProblemRow, self._link.call("import_problems", batch_id))

    # ----------------------------------------------------------------------------------- hints

    def listen(self, hint: Callable[[str], None]) -> None:
        """Hints of one's own call come only after ``sign_in``, which says who one is."""
        channels = {"cc_queue": "queue", "cc_team": "team"}
        if self._person is not None:
            channels[f"cc_person_{self._person.hex}"] = "call"
        listener = Listener(self._parameters, channels, hint)
        self._listeners.append(listener)
        listener.start()

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self._link.close()


def _part(answer: object, name: str) -> object:
    if not isinstance(answer, dict):
        raise DecodeError(f"{name}: an object was expected")
    return cast("dict[str, object]", answer).get(name)


def _card_or_gate(answer: object) -> Card | Gate | None:
    card, gate = _part(answer, "card"), _part(answer, "gate")
    if card is not None:
        return decode(Card, card)
    return decode(Gate, gate) if gate is not None else None
