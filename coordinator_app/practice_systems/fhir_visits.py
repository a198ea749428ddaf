"""Visits and coverage: the FHIR R4 resources that belong to a patient of the export."""

from __future__ import annotations

from datetime import datetime, timedelta

from coordinator_app.domain.imports import (
    CoverageRecord,
    EncounterRecord,
    PayerClass,
    Severity,
)
from coordinator_app.practice_systems import fhir_json as fhir
from coordinator_app.practice_systems import people
from coordinator_app.practice_systems.fhir_json import Resource
from coordinator_app.practice_systems.fhir_records import Reading
from coordinator_app.practice_systems.values import CellError


def encounter(resource: Resource, reading: Reading) -> EncounterRecord:
    """Map an Encounter. Raises CellError without id, known patient or start."""
    who = _subject(resource.get("subject"), reading)
    period = fhir.as_object(resource.get("period"))
    if period.get("start") is None:
        raise CellError("The visit has no start.")
    start = fhir.moment(period.get("start"), reading.zone)
    status = fhir.text(resource.get("status"))
    tomorrow = reading.today + timedelta(days=1)
    if status == "finished" and start.astimezone(reading.zone).date() > tomorrow:
        reading.problem("period", "A finished visit is in the future.", Severity.REVIEW)
    types = next(fhir.objects(resource.get("type")), {})
    performer = next(fhir.objects(resource.get("participant")), {})
    place = next(fhir.objects(resource.get("location")), {})
    index = reading.index
    return EncounterRecord(
        source=reading.source,
        external_id=fhir.resource_id(resource),
        patient_external_id=who,
        status=status or "unknown",
        class_code=next(
            (code for item in fhir.objects(resource.get("class")) for code in fhir.codes(item)), ""
        ),
        start=start,
        end=_end(period, start, reading),
        type_code=next(iter(fhir.codes(types)), ""),
        type_text=fhir.words(types),
        practitioner_external_id=_performer(performer.get("individual"), reading),
        location_external_id=reading.resolved("location", place.get("location"), index.locations),
        organization_external_id=reading.resolved(
            "serviceProvider", resource.get("serviceProvider"), index.organizations
        ),
    )


def _subject(value: object, reading: Reading) -> str:
    kind, found = fhir.reference(value)
    if kind not in {"", "Patient"} or found not in reading.index.patients:
        raise CellError("It belongs to no patient of this export.")
    return found


def _end(period: Resource, start: datetime, reading: Reading) -> datetime | None:
    if period.get("end") is None:
        return None
    try:
        end = fhir.moment(period.get("end"), reading.zone)
    except CellError as error:
        reading.problem("period", str(error), Severity.NOTE)
        return None
    if end < start:
        reading.problem("period", "The visit ends before it starts.", Severity.NOTE)
        return None
    return end


def _performer(value: object, reading: Reading) -> str:
    kind, found = fhir.reference(value)
    via_role = reading.index.roles.get(found, "") if kind == "PractitionerRole" else ""
    if via_role in reading.index.practitioners:
        return via_role
    return reading.resolved("participant", value, reading.index.practitioners)


def coverage(resource: Resource, reading: Reading) -> CoverageRecord:
    """Map a Coverage. Raises CellError without id or known patient."""
    who = _subject(resource.get("beneficiary"), reading)
    plan = ""
    for item in fhir.objects(resource.get("class")):
        if "plan" in fhir.codes(item.get("type")):
            plan = fhir.text(item.get("name")) or fhir.text(item.get("value"))
            break
    payer, payer_class = _payer(resource, plan, reading)
    period = fhir.as_object(resource.get("period"))
    return CoverageRecord(
        source=reading.source,
        external_id=fhir.resource_id(resource),
        patient_external_id=who,
        payer=payer,
        payer_class=payer_class,
        plan=plan,
        status=fhir.text(resource.get("status")) or "unknown",
        start=reading.day("period", period.get("start"), Severity.NOTE),
        end=reading.day("period", period.get("end"), Severity.NOTE),
    )


def _payer(resource: Resource, plan: str, reading: Reading) -> tuple[str, PayerClass]:
    payor = next(fhir.objects(resource.get("payor")), {})
    kind, _ = fhir.reference(payor)
    if kind in {"Patient", "RelatedPerson"}:
        return "", PayerClass.SELF_PAY
    organization_id = reading.resolved("payor", payor, reading.index.organizations)
    name = reading.index.organizations.get(organization_id, "") or fhir.text(payor.get("display"))
    type_code = next(iter(fhir.codes(resource.get("type"))), "")
    return name, people.classify_payer(name, plan, type_code=type_code)
