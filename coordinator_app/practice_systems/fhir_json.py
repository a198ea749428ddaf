"""Tolerant access to FHIR R4 JSON: nothing here trusts that a field has the promised type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, tzinfo
from typing import Any

from coordinator_app.practice_systems.values import CellError, text_of

Resource = Mapping[str, Any]

_PARTIAL_DATE = re.compile(r"\d{4}(?:-\d{2})?")
_REFERENCE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_URN = re.compile(r"urn:(?:uuid|oid):(.+)")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def as_object(value: object) -> Resource:
    """Give a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> Iterator[Resource]:
    """Yield the objects of a JSON array; a lone object counts as an array of one."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item


def text(value: object) -> str:
    """Give a JSON string cleaned up, "" for anything else."""
    return text_of(value) if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """Give the non-empty strings of a JSON array."""
    items = value if isinstance(value, list) else [value]
    return tuple(found for item in items if (found := text(item)))


def resource_id(resource: Resource) -> str:
    """Give the logical id.

    Raises:
        CellError: missing or not a FHIR id.
    """
    found = text(resource.get("id"))
    if not _ID.fullmatch(found):
        raise CellError("The resource has no usable id.")
    return found


def codes(concept: object) -> tuple[str, ...]:
    """Give the codes of a CodeableConcept (or a bare Coding)."""
    found = as_object(concept)
    return texts([coding.get("code") for coding in (found, *objects(found.get("coding")))])


def words(concept: object) -> str:
    """Give a CodeableConcept in words: its text, else the first coding's display."""
    found = as_object(concept)
    displays = texts([coding.get("display") for coding in (found, *objects(found.get("coding")))])
    return text(found.get("text")) or (displays[0] if displays else "")


def reference(value: object) -> tuple[str, str]:
    """Give (resource type, id) of a Reference; the type is "" for a urn, both "" for none."""
    written = text(as_object(value).get("reference"))
    if found := _REFERENCE.fullmatch(written):
        return found[1], found[2]
    if found := _URN.fullmatch(written):
        return "", found[1]
    return "", ""


def day(value: object, zone: tzinfo) -> date | None:
    """Read a FHIR date or dateTime as a day in ``zone``; None when there is none.

    Raises:
        CellError: not a FHIR date, or only a year or a month.
    """
    if value is None:
        return None
    written = text(value)
    if _PARTIAL_DATE.fullmatch(written):
        raise CellError("The date has no day.")
    try:
        if "T" not in written:
            return date.fromisoformat(written)
        return moment(written, zone).astimezone(zone).date()
    except (ValueError, OverflowError) as error:
        raise CellError("This is not a date.") from error


def moment(value: object, zone: tzinfo) -> datetime:
    """Read a FHIR dateTime as an aware time; one without offset is taken to be in ``zone``.

    Raises:
        CellError: not a FHIR dateTime, or only a year or a month.
    """
    written = text(value)
    if _PARTIAL_DATE.fullmatch(written):
        raise CellError("The time has no day.")
    try:
        if "T" not in written:
            return datetime.combine(date.fromisoformat(written), time(), zone)
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise CellError("This is not a date and time.") from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def is_current(part: Resource, today: date, zone: tzinfo) -> bool:
    """Whether a name, address or number is in use: not "old", its period not over."""
    if text(part.get("use")) == "old":
        return False
    try:
        end = day(as_object(part.get("period")).get("end"), zone)
    except CellError:
        return True
    return end is None or end >= today
