"""The privacy records over PostgreSQL (see ports.PrivacyRecords for each method)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coordinator_app.db.codec import decode, decode_rows, encode
from coordinator_app.db.connection import Argument, Json, Link
from coordinator_app.domain.privacy import (
    Accounting,
    Incident,
    IncidentFilter,
    IncidentRow,
    NewAssessment,
    NewDisclosure,
    PrivacyWatch,
    Said,
    WhoLooked,
)

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from coordinator_app.domain.outcome import Outcome, OutcomeDetails


class SqlPrivacyRecords:
    """What a practice's database answers to supervisors, auditors and clinicians."""

    _link: Link

    def who_looked(self, patient_id: UUID, first_day: date, last_day: date) -> WhoLooked:
        return decode(WhoLooked, self._link.call("who_looked", patient_id, first_day, last_day))

    def accounting(self, patient_id: UUID) -> Accounting:
        return decode(Accounting, self._link.call("accounting", patient_id))

    def record_disclosure(self, patient_id: UUID, disclosure: NewDisclosure, op_id: UUID) -> str:
        return self._said("record_disclosure", patient_id, Json(disclosure), op_id)

    def incidents(self, which: IncidentFilter) -> tuple[IncidentRow, ...]:
        return decode_rows(IncidentRow, self._link.call("incidents", Json(which)))

    def incident(self, incident_id: UUID) -> Incident:
        return decode(Incident, self._link.call("incident", incident_id))

    def assess_incident(self, incident_id: UUID, assessment: NewAssessment, op_id: UUID) -> str:
        return self._said("assess_incident", incident_id, Json(assessment), op_id)

    def close_incident(self, incident_id: UUID, resolution: str, choice: str, op_id: UUID) -> str:
        return self._said("close_incident", incident_id, resolution, choice, op_id)

    def privacy_watch(self) -> PrivacyWatch:
        return decode(PrivacyWatch, self._link.call("privacy_watch"))

    def acknowledge_alert(self, alert_id: UUID, note: str) -> None:
        self._link.call("acknowledge_alert", alert_id, note)

    def review_break_glass(self, opening_id: UUID, *, justified: bool, note: str) -> None:
        verdict = "justified" if justified else "not_justified"
        self._link.call("review_break_glass", opening_id, verdict, note)

    def amend_outcome(
        self,
        call_id: UUID,
        outcome: Outcome,
        details: OutcomeDetails,
        reason: str,
        op_id: UUID,
    ) -> str:
        given = Json(_given(details))
        return self._said("amend_outcome", call_id, outcome, given, reason, op_id)

    def _said(self, function: str, *values: Argument) -> str:
        return decode(Said, self._link.call(function, *values)).sentence


def _given(details: OutcomeDetails) -> dict[str, object]:
    """Only what was filled in: an amendment of the same outcome says what is different."""
    filled = {
        name: value
        for name, value in encode(details).items()
        if name == "note" or value not in {"", None, False}
    }
    if details.callback_at is None:
        filled.pop("callback_mine", None)
    return filled
