"""From a practice's column names to ours (practice-systems.md 4, "Synonyms").

Column names differ per report even within one vendor, so a mapping can be corrected by the
practice and saved under the hash of the header it was made for.
"""

from __future__ import annotations

import enum
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class Field(enum.StrEnum):
    """What a column can mean."""

    EXTERNAL_ID = "external_id"
    FULL_NAME = "full_name"
    GIVEN = "first"
    FAMILY = "last"
    MIDDLE = "middle"
    BIRTH_DATE = "birth_date"
    GENDER = "gender"
    LANGUAGE = "language"
    PHONE_MOBILE = "phone_mobile"
    PHONE_HOME = "phone_home"
    PHONE_WORK = "phone_work"
    EMAIL = "email"
    ADDRESS = "address"
    CITY = "city"
    STATE = "state"
    ZIP = "zip"
    LAST_VISIT = "last_visit"
    NEXT_APPOINTMENT = "next_appointment"
    RECALL_DUE = "recall_due"
    BALANCE = "balance"
    INSURANCE = "insurance"
    PRACTITIONER = "provider"
    STATUS = "status"
    DECEASED = "deceased"
    CONSENT_TO_CALL = "consent"  # yes = may be called
    DO_NOT_CALL = "do_not_call"  # yes = must not be called
    CONTACT_METHOD = "contact_method"
    HOLD_UNTIL = "hold_until"
    NOTE = "note"


PHONE_FIELDS = (Field.PHONE_MOBILE, Field.PHONE_HOME, Field.PHONE_WORK)
# Several columns may feed these; for the others the best-known name wins.
REPEATABLE = frozenset(
    {
        *PHONE_FIELDS,
        Field.STATUS,
        Field.DECEASED,
        Field.CONSENT_TO_CALL,
        Field.DO_NOT_CALL,
        Field.CONTACT_METHOD,
        Field.NOTE,
    }
)

# Best-known name first, as `normalise` writes them.
_SYNONYMS: dict[Field, str] = {
    Field.EXTERNAL_ID: (
        "external id|patient id|patientid|mrn|medical record number|chart number|chart no|chart"
        "|chart id|account number|acct no|acct number|account no|acct|account|patnum"
        "|patient number|patient no|patient account number|pubpid|pid|id"
    ),
    Field.FULL_NAME: "full name|patient full name|patient name|name|patient",
    Field.GIVEN: (
        "first name|patient first name|patient firstname|firstname|given name|fname|first|given"
    ),
    Field.FAMILY: (
        "last name|patient last name|patient lastname|lastname|surname|family name|lname|last"
    ),
    Field.MIDDLE: (
        "middle name|patient middle name|patient middleinitial|middlename|middle|middle initial"
        "|mname|mi"
    ),
    Field.BIRTH_DATE: (
        "date of birth|birth date|birthdate|dob|patientdob|patient dob|patient date of birth"
        "|birthday"
    ),
    Field.GENDER: "gender|sex|patient sex|patientsex|administrative sex",
    Field.LANGUAGE: "language|preferred language|patient language|primary language|lang",
    Field.PHONE_MOBILE: (
        "mobile phone|cell phone|wirelessphone|wireless phone|patient mobile no"
        "|patient mobile phone|mobile number|cell number|cellphone|mobilephone|mobile|cell"
        "|mobile no|phone cell|phone mobile|cell phone number"
    ),
    Field.PHONE_HOME: (
        "home phone|hmphone|hm phone|homephone|patient home phone|patient homephone|phone home"
        "|home number|home|primary phone|phone number|phone|telephone|patient phone|phone 1"
        "|contact number|home phone number|patient phone number"
    ),
    Field.PHONE_WORK: (
        "work phone|wkphone|wk phone|workphone|patient work phone|phone work|work number|work"
        "|business phone|phone biz|office phone|phone 2|secondary phone|other phone"
        "|alternate phone"
    ),
    Field.EMAIL: "email|email address|e mail|patient email|patient email address",
    Field.ADDRESS: (
        "address|street|street address|address 1|address line 1|address1|patient address"
        "|mailing address|patient address1"
    ),
    Field.CITY: "city|patient city|town",
    Field.STATE: "state|patient state|st|state province",
    Field.ZIP: "zip|zip code|zipcode|postal code|patient zip|patient zip code|postalcode",
    Field.LAST_VISIT: (
        "last visit|last visit date|patient last visit date|date of last visit|last encounter date"
        "|last encounter|last seen|last seen date|last dos|last date of service|last appt date"
        "|last appt|last appointment|last appointment date|dateprevious|date previous"
        "|last completed appointment|lastvisit|last exam date|last office visit"
    ),
    Field.NEXT_APPOINTMENT: (
        "next appointment|next appointment date|next appt|next appt date|next visit"
        "|next visit date|next scheduled appointment|future appointment|nextappt"
    ),
    Field.RECALL_DUE: (
        "recall due|recall date|recall due date|datedue|date due|due date|continuing care due"
        "|continuing care due date|recare due|next recall|recare date|cc due"
    ),
    Field.BALANCE: (
        "patient balance|balance|account balance|baltotal|bal total|patient outstanding"
        "|outstanding balance|balance due|amount due|total balance|patient responsibility"
    ),
    Field.INSURANCE: (
        "insurance|primary insurance|primary payer|insurance name|insurance company"
        "|primary insurance name|primary carrier|carrier|payer|insurance carrier"
        "|primary insurance company|patient primary ins pkg name"
    ),
    Field.PRACTITIONER: (
        "provider|primary provider|provider name|doctor|physician|dentist|rendering provider"
        "|default provider|usual provider|primary care provider|pcp|preferred dentist"
    ),
    Field.STATUS: "status|patient status|recallstatus|recall status|patstatus|patientstatus",
    Field.DECEASED: (
        "deceased|date of death|deceased date|death date|dod|is deceased|patient deceased|died"
        "|deceaseddate"
    ),
    Field.CONSENT_TO_CALL: (
        "ok to call|okay to call|consent to call|hipaa voice|allow calls|may call|can call"
        "|call consent|consent|phone consent|allow phone calls|allow voice|voice consent"
    ),
    Field.DO_NOT_CALL: (
        "do not call|dnc|donotcall|do not contact|no calls|do not phone|opt out|opted out"
        "|call opt out|do not call flag|dnc flag|donotcontact|phone opt out"
    ),
    Field.CONTACT_METHOD: (
        "preferrecallmethod|prefer recall method|prefercontactmethod|preferred contact method"
        "|preferred contact|contact preference|contactpreference|preferred method of contact"
    ),
    Field.HOLD_UNTIL: (
        "disable until|disableuntil|disabled until|disableuntildate|disable until date|disabledate"
        "|hold until|do not call until"
    ),
    Field.NOTE: (
        "note|notes|alert notes|alert note|comments|comment|patient notes|patient note|alerts"
        "|alert|remarks|recall note|addrnote|patient alerts"
    ),
}
_RANKED: dict[str, tuple[Field, int]] = {
    name: (meaning, rank)
    for meaning, names in _SYNONYMS.items()
    for rank, name in enumerate(names.split("|"))
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is used."""

    index: int  # 0-based
    header: str  # as written in the file
    field: Field


@dataclass(frozen=True, slots=True)
class HeaderMapping:
    """What each column of one header means; ``unknown`` columns are not read at all."""

    columns: tuple[Column, ...]
    unknown: tuple[str, ...]
    width: int
    header_hash: str

    def __contains__(self, field: object) -> bool:
        """Whether a column for ``field`` was found."""
        return any(column.field is field for column in self.columns)

    def missing(self) -> tuple[str, ...]:
        """Name what an import cannot do without (practice-systems.md 4, "Needed")."""
        needs = (
            ("a patient ID", Field.EXTERNAL_ID in self),
            (
                "a name (first and last, or full name)",
                Field.FULL_NAME in self or (Field.GIVEN in self and Field.FAMILY in self),
            ),
            ("a phone number", any(phone in self for phone in PHONE_FIELDS)),
            (
                "a last visit or a recall due date",
                Field.LAST_VISIT in self or Field.RECALL_DUE in self,
            ),
        )
        return tuple(name for name, present in needs if not present)


def normalise(header: str) -> str:
    """Write a column name without accents, case and punctuation: "E-Mail #1" -> "e mail 1"."""
    plain = unicodedata.normalize("NFKD", header).lower()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def hash_header(headers: Sequence[str]) -> str:
    """Identify a header whatever its case and punctuation, to find its saved mapping again."""
    return hashlib.sha256("\x1f".join(map(normalise, headers)).encode()).hexdigest()


def known_fields(headers: Sequence[str], corrections: Mapping[str, Field | None]) -> int:
    """Count the different fields that a row of cells would name as a header."""
    return len({column.field for column in map_header(headers, corrections).columns})


def map_header(
    headers: Sequence[str], corrections: Mapping[str, Field | None] | None = None
) -> HeaderMapping:
    """Find out what each column means.

    Args:
        headers: the cells of the header row.
        corrections: what the practice decided for this header: column name -> field, or None
            for "leave this column out". They win over the synonyms.
    """
    decided = {normalise(name): meaning for name, meaning in (corrections or {}).items()}
    claims: list[tuple[int, int, Field]] = []  # rank, index, field
    for index, header in enumerate(headers):
        name = normalise(header)
        if name in decided:
            meaning = decided[name]
            if meaning is not None:
                claims.append((-1, index, meaning))
        elif name in _RANKED:
            known, rank = _RANKED[name]
            claims.append((rank, index, known))
    best: dict[Field, tuple[int, int]] = {}
    for rank, index, meaning in claims:
        best[meaning] = min(best.get(meaning, (rank, index)), (rank, index))
    used = {
        index: meaning
        for _, index, meaning in claims
        if meaning in REPEATABLE or best[meaning][1] == index
    }
    return HeaderMapping(
        columns=tuple(
            Column(index, " ".join(headers[index].split()), used[index]) for index in sorted(used)
        ),
        unknown=tuple(
            " ".join(header.split())
            for index, header in enumerate(headers)
            if index not in used and header.strip()
        ),
        width=len(headers),
        header_hash=hash_header(headers),
    )
