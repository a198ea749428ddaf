"""From FHIR R4 resources to records, reading no more than the work needs.

Identifiers: only medical record numbers are taken. Social Security, driver's licence and
passport numbers, race, ethnicity and marital status are never read out of the
resource (45 CFR 164.502(b), minimum necessary).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Final

from coordinator_app.domain.imports import (
    IdentifierRecord,
    LocationRecord,
    OrganizationRecord,
    PatientRecord,
    PractitionerRecord,
    PractitionerRoleRecord,
    RowProblem,
    Severity,
    TelecomRecord,
    TelecomUse,
)
from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError
from coordinator_app.domain.zones import state_code, state_of_zip, zones_for_address
from coordinator_app.practice_systems import fhir_json as fhir
from coordinator_app.practice_systems import people
from coordinator_app.practice_systems.fhir_json import Resource
from coordinator_app.practice_systems.records import telecom
from coordinator_app.practice_systems.values import CellError

PhoneFix = Callable[[str, int], str | None]

NPI_SYSTEM: Final = "http://hl7.org/fhir/sid/us-npi"
_USES: Final = {
    "mobile": TelecomUse.MOBILE,
    "home": TelecomUse.HOME,
    "temp": TelecomUse.HOME,
    "work": TelecomUse.WORK,
}
_USE_ORDER: Final = (TelecomUse.MOBILE, TelecomUse.HOME, TelecomUse.WORK)
_NAME_USES: Final = ("official", "usual", "")
_UNRANKED: Final = 1_000


@dataclass(slots=True)
class Index:
    """What the whole export holds, so that references can be resolved while streaming."""

    patients: set[str] = field(default_factory=set)
    practitioners: set[str] = field(default_factory=set)
    locations: set[str] = field(default_factory=set)
    organizations: dict[str, str] = field(default_factory=dict)  # id -> name
    roles: dict[str, str] = field(default_factory=dict)  # id -> practitioner id


@dataclass(slots=True)
class Reading:
    """The facts every mapper needs, and the problems of the resource at hand."""

    source: str
    today: date
    zone: tzinfo
    region: str
    index: Index
    phone_fix: PhoneFix | None = None
    phones_seen: int = 0
    file: str = ""
    line: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def problem(self, column: str | None, reason: str, severity: Severity) -> None:
        """Note a problem of the resource at hand; ``column`` is a FHIR element name."""
        self.problems.append(RowProblem(self.line, column, reason, severity, self.file))

    def day(self, column: str, value: object, severity: Severity) -> date | None:
        """Read a day, or note why it cannot be read."""
        try:
            return fhir.day(value, self.zone)
        except CellError as error:
            self.problem(column, str(error), severity)
            return None

    def current(self, parts: object) -> list[Resource]:
        """Give the names, addresses or numbers that are in use."""
        return [
            part for part in fhir.objects(parts) if fhir.is_current(part, self.today, self.zone)
        ]

    def resolved(self, column: str, value: object, known: Mapping[str, str] | set[str]) -> str:
        """Give the id a reference points to, "" (and a note) when the export lacks it."""
        _, found = fhir.reference(value)
        if found in known:
            return found
        if fhir.as_object(value).get("reference"):
            self.problem(column, "It refers to something that the export lacks.", Severity.NOTE)
        return ""


def patient(resource: Resource, reading: Reading) -> PatientRecord:
    """Map a Patient.

    Raises:
        CellError: no id, no name, or a birth date in the future.
    """
    external_id, (family, given, middle), born = _essentials(resource, reading)
    active = resource.get("active") is not False
    for link in fhir.objects(resource.get("link")):
        if fhir.text(link.get("type")) == "replaced-by":
            active = False
            reading.problem("link", "The record was merged into another.", Severity.NOTE)
    address = _address(resource, reading)
    zip_code, state = _zip_and_state(address, reading)
    died = resource.get("deceasedDateTime")
    deceased = resource.get("deceasedBoolean") is True or died is not None
    contacts = reading.current(resource.get("telecom"))
    emails = [
        fhir.text(contact.get("value")) for contact in contacts if contact.get("system") == "email"
    ]
    practitioners = [
        fhir.text(doctor.get("display"))
        for doctor in fhir.objects(resource.get("generalPractitioner"))
    ]
    return PatientRecord(
        source=reading.source,
        external_id=external_id,
        family=family,
        given=given,
        middle=middle,
        birth_date=born,
        gender=_optional(reading, "gender", resource.get("gender"), people.parse_gender),
        language=_language(resource, reading),
        deceased=deceased,
        deceased_on=reading.day("deceasedDateTime", died, Severity.NOTE),
        phones=_phones(contacts, reading),
        email=next((email for email in emails if email), ""),
        address_line=", ".join(fhir.texts(address.get("line"))),
        city=fhir.text(address.get("city")),
        state=state,
        zip=zip_code,
        zones=zones_for_address(state, zip_code),
        identifiers=tuple(_medical_record_numbers(resource)),
        active=active,
        practitioner=next((name for name in practitioners if name), ""),
    )


def is_usable(resource: Resource, reading: Reading) -> bool:
    """Whether a record will come of a resource that others refer to (cheap: no phones)."""
    try:
        if resource.get("resourceType") in {"Patient", "Practitioner"}:
            _essentials(resource, reading)
        else:
            fhir.resource_id(resource)
            return bool(fhir.text(resource.get("name")))
    except CellError:
        return False
    return True


def _essentials(
    resource: Resource, reading: Reading
) -> tuple[str, tuple[str, str, str], date | None]:
    """Give id, (family, given, middle) and birth date: what a person cannot do without."""
    external_id = fhir.resource_id(resource)
    name = _person_name(resource, reading)
    born = reading.day("birthDate", resource.get("birthDate"), Severity.REVIEW)
    if born and born > reading.today:
        raise CellError("The birth date is in the future.")
    return external_id, name, born


def _person_name(resource: Resource, reading: Reading) -> tuple[str, str, str]:
    names = [
        name
        for name in reading.current(resource.get("name"))
        if fhir.text(name.get("use")) not in {"maiden", "nickname", "anonymous"}
    ]
    names.sort(
        key=lambda name: (
            (*_NAME_USES, "temp").index(use)
            if (use := fhir.text(name.get("use"))) in _NAME_USES
            else len(_NAME_USES)
        )
    )
    for name in names:
        family, given = fhir.text(name.get("family")), fhir.texts(name.get("given"))
        if family and given:
            family = " ".join([family, *fhir.texts(name.get("suffix"))])
            first = people.check_name(given[0])
            return people.check_name(family), first, " ".join(given[1:])
        if written := fhir.text(name.get("text")):
            return people.split_name(written)
    raise CellError("The name is missing.")


def _medical_record_numbers(resource: Resource) -> Iterator[IdentifierRecord]:
    for identifier in fhir.objects(resource.get("identifier")):
        value = fhir.text(identifier.get("value"))
        if value and fhir.codes(identifier.get("type")) == ("MR",):
            yield IdentifierRecord(fhir.text(identifier.get("system")), value, "MR")


def _address(resource: Resource, reading: Reading) -> Resource:
    """Give the home address in use, else any in use, else nothing."""
    addresses = reading.current(resource.get("address"))
    addresses.sort(key=lambda address: address.get("use") != "home")
    return addresses[0] if addresses else {}


def _zip_and_state(address: Resource, reading: Reading) -> tuple[str, str]:
    zip_code = _optional(reading, "postalCode", address.get("postalCode"), people.parse_zip) or ""
    state = state_code(fhir.text(address.get("state")))
    of_zip = state_of_zip(zip_code)
    if state and of_zip and state != of_zip:
        reading.problem(
            "postalCode",
            "State and ZIP code disagree: calling hours of both apply.",
            Severity.NOTE,
        )
    return zip_code, state or of_zip


def _language(resource: Resource, reading: Reading) -> str | None:
    spoken = sorted(
        fhir.objects(resource.get("communication")),
        key=lambda item: item.get("preferred") is not True,
    )
    for item in spoken:
        concept = item.get("language")
        written = next(iter(fhir.codes(concept)), "") or fhir.words(concept)
        if written:
            return _optional(reading, "communication", written, people.parse_language)
    return None


def _phones(contacts: list[Resource], reading: Reading) -> tuple[TelecomRecord, ...]:
    """Every valid number once, in the order of FHIR's rank, then mobile, home, work."""
    found: list[tuple[int, TelecomUse, PhoneNumber, str]] = []
    for contact in contacts:
        if contact.get("system") != "phone":
            continue
        raw = fhir.text(contact.get("value"))
        position = reading.phones_seen
        reading.phones_seen += 1
        number = _number(raw, position, reading)
        if number is None:
            continue
        if not number.is_domestic:
            reading.problem("telecom", "The number is outside the United States.", Severity.REVIEW)
        rank = contact.get("rank")
        use = _USES.get(fhir.text(contact.get("use")), TelecomUse.HOME)
        found.append((rank if isinstance(rank, int) else _UNRANKED, use, number, raw))
    if not found:
        reading.problem("telecom", "There is no number that can be called.", Severity.REVIEW)
    found.sort(key=lambda item: (item[0], _USE_ORDER.index(item[1])))
    unique = {item[2].e164: item for item in reversed(found)}
    kept = [item for item in found if unique[item[2].e164] is item]
    return tuple(
        telecom(number, use, rank, raw) for rank, (_, use, number, raw) in enumerate(kept, start=1)
    )


def _number(raw: str, position: int, reading: Reading) -> PhoneNumber | None:
    """Parse a number; an invalid one may be replaced by the caller's ``phone_fix``."""
    try:
        return PhoneNumber.parse(raw, reading.region)
    except PhoneNumberError as error:
        sentence = error.sentence
    replacement = reading.phone_fix(raw, position) if reading.phone_fix else None
    try:
        if replacement is not None:
            return PhoneNumber.parse(replacement, reading.region)
    except PhoneNumberError as error:
        sentence = error.sentence
    reading.problem("telecom", sentence, Severity.NOTE)
    return None


def _optional(
    reading: Reading, column: str, value: object, read: Callable[[str], str | None]
) -> str | None:
    written = fhir.text(value)
    if not written:
        return None
    try:
        return read(written)
    except CellError as error:
        reading.problem(column, str(error), Severity.NOTE)
        return None


def _work_phone(resource: Resource, reading: Reading) -> str:
    for contact in reading.current(resource.get("telecom")):
        if contact.get("system") == "phone":
            try:
                return PhoneNumber.parse(fhir.text(contact.get("value")), reading.region).e164
            except PhoneNumberError as error:
                reading.problem("telecom", error.sentence, Severity.NOTE)
    return ""


def practitioner(resource: Resource, reading: Reading) -> PractitionerRecord:
    """Map a Practitioner. Raises CellError without id or name."""
    names = list(fhir.objects(resource.get("name")))
    external_id, (family, given, _), _ = _essentials(resource, reading)
    numbers = (
        fhir.text(identifier.get("value"))
        for identifier in fhir.objects(resource.get("identifier"))
        if identifier.get("system") == NPI_SYSTEM
    )
    prefixes = fhir.texts(names[0].get("prefix"))
    return PractitionerRecord(
        source=reading.source,
        external_id=external_id,
        family=family,
        given=given,
        prefix=" ".join(prefixes),
        npi=next(numbers, ""),
        active=resource.get("active") is not False,
    )


def practitioner_role(resource: Resource, reading: Reading) -> PractitionerRoleRecord:
    """Map a PractitionerRole. Raises CellError without id or practitioner."""
    index = reading.index
    who = reading.resolved("practitioner", resource.get("practitioner"), index.practitioners)
    if not who:
        raise CellError("The role belongs to no practitioner of this export.")
    return PractitionerRoleRecord(
        source=reading.source,
        external_id=fhir.resource_id(resource),
        practitioner_external_id=who,
        organization_external_id=reading.resolved(
            "organization", resource.get("organization"), index.organizations
        ),
        specialties=tuple(
            name
            for concept in fhir.objects(resource.get("specialty"))
            if (name := fhir.words(concept))
        ),
        active=resource.get("active") is not False,
    )


def organization(resource: Resource, reading: Reading) -> OrganizationRecord:
    """Map an Organization. Raises CellError without id or name."""
    name = fhir.text(resource.get("name"))
    if not name:
        raise CellError("The name is missing.")
    kinds = [code for concept in fhir.objects(resource.get("type")) for code in fhir.codes(concept)]
    return OrganizationRecord(
        source=reading.source,
        external_id=fhir.resource_id(resource),
        name=name,
        kind=kinds[0] if kinds else "",
        phone=_work_phone(resource, reading),
        active=resource.get("active") is not False,
    )


def location(resource: Resource, reading: Reading) -> LocationRecord:
    """Map a Location. Raises CellError without id or name."""
    name = fhir.text(resource.get("name"))
    if not name:
        raise CellError("The name is missing.")
    address = fhir.as_object(resource.get("address"))
    zip_code, state = _zip_and_state(address, reading)
    return LocationRecord(
        source=reading.source,
        external_id=fhir.resource_id(resource),
        name=name,
        address_line=", ".join(fhir.texts(address.get("line"))),
        city=fhir.text(address.get("city")),
        state=state,
        zip=zip_code,
        zones=zones_for_address(state, zip_code),
        phone=_work_phone(resource, reading),
        organization_external_id=reading.resolved(
            "managingOrganization",
            resource.get("managingOrganization"),
            reading.index.organizations,
        ),
        active=resource.get("status") != "inactive",
    )
