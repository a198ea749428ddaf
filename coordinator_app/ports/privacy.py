"""What supervisors, auditors and clinicians ask of the database about privacy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from coordinator_app.domain.outcome import Outcome, OutcomeDetails
    from coordinator_app.domain.privacy import (
        Accounting,
        Incident,
        IncidentFilter,
        IncidentRow,
        NewAssessment,
        NewDisclosure,
        PrivacyWatch,
        WhoLooked,
    )


class PrivacyRecords(Protocol):
    """What supervisors, auditors and clinicians read and write about privacy.

    Each method may raise what a PracticeDatabase's may; the database decides who may call it.
    Those that write return what the database says about it.
    """

    def who_looked(self, patient_id: UUID, first_day: date, last_day: date) -> WhoLooked:
        """Who read or changed this patient's data; asking is a read itself."""
        ...

    def accounting(self, patient_id: UUID) -> Accounting:
        """The disclosures of the last six years."""
        ...

    def record_disclosure(self, patient_id: UUID, disclosure: NewDisclosure, op_id: UUID) -> str:
        """Write down a disclosure, or put one right. Raises RefusedError."""
        ...

    def incidents(self, which: IncidentFilter) -> tuple[IncidentRow, ...]:
        """Incidents, those due first at the top."""
        ...

    def incident(self, incident_id: UUID) -> Incident:
        """One incident in full; reading it is a read about the patient."""
        ...

    def assess_incident(self, incident_id: UUID, assessment: NewAssessment, op_id: UUID) -> str:
        """Write down the four factors of a privacy incident. Raises RefusedError."""
        ...

    def close_incident(self, incident_id: UUID, resolution: str, choice: str, op_id: UUID) -> str:
        """Close it; the choice decides about the patient's place in the queue."""
        ...

    def privacy_watch(self) -> PrivacyWatch:
        """Alerts, emergency openings to review, unusual reading."""
        ...

    def acknowledge_alert(self, alert_id: UUID, note: str) -> None:
        """Say that an alert was looked at; never one about oneself."""
        ...

    def review_break_glass(self, opening_id: UUID, *, justified: bool, note: str) -> None:
        """Review an emergency opening; never one's own."""
        ...

    def amend_outcome(
        self,
        call_id: UUID,
        outcome: Outcome,
        details: OutcomeDetails,
        reason: str,
        op_id: UUID,
    ) -> str:
        """Correct an outcome or its note; the first one stays to be read."""
        ...
