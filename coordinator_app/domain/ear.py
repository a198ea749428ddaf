"""Where a coordinator hears the calls: the program itself, a telephone of one's own, or SIP."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coordinator_app.errors import RefusedError

SOFTPHONE_ENDPOINT: Final = "client"  # as the database has it: the identity is added by the server
_LONGEST: Final = 200
# sip:name@host with a port and the transport, nothing else of RFC 3261: app.sip_problem refuses the
# same again.
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SIP: Final = re.compile(
    rf"sip:[A-Za-z0-9][A-Za-z0-9._~+-]{{0,63}}@{_LABEL}(?:\.{_LABEL})*"
    r"(?::[0-9]{1,5})?(?:;transport=(?:udp|tcp|tls))?"
)


class EarKind(enum.StrEnum):
    """The three kinds of ear."""

    SOFTPHONE = "softphone"
    PHONE = "phone"
    SIP = "sip"


@dataclass(frozen=True, slots=True)
class MyEar:
    """Where this person hears the calls."""

    kind: EarKind
    address: str  # E.164 or sip:…; "" in the program
    is_practice_line: bool
    softphone_ready: bool  # the practice's server can sign tokens
    office_number: str  # E.164: whom a call to this ear comes from


@dataclass(frozen=True, slots=True)
class SoftphoneToken:
    """Lets the softphone be called for some minutes; it can do nothing else.

    ``token`` is a secret of this person: kept in memory only, and shown by no ``repr``.
    """

    token: str = field(repr=False)
    identity: str
    seconds: int  # how long it holds
    is_practice_line: bool  # signed by nobody: no carrier takes it


@dataclass(frozen=True, slots=True)
class SoftphoneKey:
    """Which key of the carrier signs the tokens; its secret is in the database and stays there."""

    account_sid: str  # "" when there is none
    key_sid: str
    set_at: datetime | None
    set_by: str


def endpoint_of(kind: EarKind, untrusted: str) -> str:
    """Return what the database is asked to keep for this choice.

    Raises RefusedError with a sentence for the person who typed it.
    """
    if kind is EarKind.SOFTPHONE:
        return SOFTPHONE_ENDPOINT
    if kind is EarKind.PHONE:
        return _own_phone(untrusted)
    text = untrusted.strip()
    if len(text) > _LONGEST or not _SIP.fullmatch(text):
        raise RefusedError(
            "Write the address as sip:name@host, for example sip:maya@phones.example.com.",
            name="bad_sip",
        )
    return text


def _own_phone(untrusted: str) -> str:
    # Here, because the sign-in window must not wait for the numbering plans.
    from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError  # noqa: PLC0415

    try:
        number = PhoneNumber.parse(untrusted)
    except PhoneNumberError as error:
        # The sentences are for whoever types a patient's number.
        words = error.sentence.replace("the patient's own number", "the number of your own phone")
        raise RefusedError(words, name="bad_number") from None
    if number.extension:
        raise RefusedError(
            "A phone behind an extension cannot be called for you. Write a direct number.",
            name="extension",
        )
    return number.e164
