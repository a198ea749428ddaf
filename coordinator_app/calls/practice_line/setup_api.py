"""What a set-up asks of Twilio: the account, its numbers, verifying one, and where it may call.

Paths and shapes as Twilio documents them: ``Accounts``, ``OutgoingCallerIds`` (a POST there is a
validation request), ``IncomingPhoneNumbers``, ``voice/v1/DialingPermissions/Countries``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from coordinator_app.calls.practice_line import shapes
from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.held import VERIFIER, Held, bad_delay, bad_extension
from coordinator_app.calls.practice_line.shapes import API, Json

if TYPE_CHECKING:
    from coordinator_app.calls.practice_line.api import Request
    from coordinator_app.calls.practice_line.legs import Leg
    from coordinator_app.calls.practice_line.personas import Plan

Result = tuple[int, Json | None]

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_OK, _NO_CONTENT = 200, 204
_LONGEST_NAME = 64
_VOICE = "https://voice.twilio.com"
_COUNTRIES = (
    ("US", "United States/Canada", "NORTH_AMERICA", ["+1"]),
    ("MX", "Mexico", "NORTH_AMERICA", ["+52"]),
    ("GB", "United Kingdom", "EUROPE", ["+44"]),
)


def answer(line: PracticeLine, account: str, request: Request, rest: Sequence[str]) -> Result:
    """Answer a request below an account. Raises LineError, 20404 for what is none of these."""
    match request.method, list(rest):
        case "GET", []:
            return _account(line, account)
        case "GET", ["OutgoingCallerIds"]:
            return _list(line, account, request, owned=False)
        case "POST", ["OutgoingCallerIds"]:
            return _validate(line, account, request)
        case "GET", ["OutgoingCallerIds", sid]:
            return _OK, _caller_id(account, _one(line, sid))
        case "DELETE", ["OutgoingCallerIds", sid]:
            if not line.numbers.take_away(sid, line.now()):
                raise LineError(404, 20404, "The requested resource was not found")
            return _NO_CONTENT, None
        case "GET", ["IncomingPhoneNumbers"]:
            return _list(line, account, request, owned=True)
    raise LineError(405, 20004, "Method not allowed")


def countries(line: PracticeLine, request: Request) -> Result:
    """``GET /v1/DialingPermissions/Countries``: where low-risk numbers may be called."""
    if request.method != "GET":
        raise LineError(405, 20004, "Method not allowed")
    wanted = request.query.get("LowRiskNumbersEnabled")
    rows = [
        _country(*facts, allowed=facts[0] in line.settings.countries)
        for facts in _COUNTRIES
        if request.query.get("IsoCode") in (None, facts[0])
        and wanted in (None, str(facts[0] in line.settings.countries).lower())
    ]
    path = "/v1/DialingPermissions/Countries"
    page = shapes.page_json("content", path, rows, request.query)

    def url(name: str) -> str | None:
        return None if page[name] is None else f"{_VOICE}{page[name]}"

    meta = {
        "page": page["page"],
        "page_size": page["page_size"],
        "first_page_url": url("first_page_uri"),
        "previous_page_url": url("previous_page_uri"),
        "url": url("uri"),
        "next_page_url": url("next_page_uri"),
        "key": "content",
    }
    return _OK, {"meta": meta, "content": page["content"]}


def _account(line: PracticeLine, account: str) -> Result:
    settings = line.settings
    if not settings.main_key:
        # Twilio: only a main key may read the Accounts resource.
        raise LineError(401, 20003, "Authenticate")
    body = shapes.account_json(account)
    return _OK, {**body, "type": settings.account_type, "status": settings.account_status}


def _list(line: PracticeLine, account: str, request: Request, *, owned: bool) -> Result:
    held = line.numbers.listed(request.query.get("PhoneNumber"), owned=owned, now=line.now())
    name = request.query.get("FriendlyName")
    shape = _owned if owned else _caller_id
    rows = [shape(account, one) for one in held if name in (None, one.name)]
    key = "incoming_phone_numbers" if owned else "outgoing_caller_ids"
    return _OK, shapes.page_json(key, request.path, rows, request.query)


def _validate(line: PracticeLine, account: str, request: Request) -> Result:
    form = request.form
    to = form.get("PhoneNumber", "")
    delay, extension = form.get("CallDelay", "0"), form.get("Extension")
    if not _E164.fullmatch(to):
        raise LineError(400, 21211, "The phone number is not a valid phone number.")
    if bad_delay(delay):
        raise LineError(400, 21454, "Invalid CallDelay")
    if extension is not None and bad_extension(extension):
        raise LineError(400, 22117, "Invalid Extension")
    if len(form.get("FriendlyName", "")) > _LONGEST_NAME:
        raise LineError(400, 20001, "FriendlyName is too long")

    def call(plan: Plan) -> Leg:
        return line.call_office(to, VERIFIER, plan, delay_s=int(delay), digits=extension or "")

    name = form.get("FriendlyName") or shapes.formatted(to)
    made = line.numbers.begin(to, name, line.now(), call)
    if made is None:
        raise LineError(400, 21450, "Phone number already verified for your account")
    # 200, not 201: what this creates is a code; the caller id comes when somebody keys it in.
    return _OK, {
        "account_sid": account,
        "call_sid": made.leg.sid,
        "friendly_name": made.name,
        "phone_number": made.e164,
        "validation_code": made.code,
    }


def _one(line: PracticeLine, sid: str) -> Held:
    for one in line.numbers.listed(None, owned=False, now=line.now()):
        if one.sid == sid:
            return one
    raise LineError(404, 20404, "The requested resource was not found")


def _caller_id(account: str, held: Held) -> Json:
    return {
        "sid": held.sid,
        "account_sid": account,
        "friendly_name": held.name,
        "phone_number": held.e164,
        "date_created": shapes.date(held.at),
        "date_updated": shapes.date(held.at),
        "uri": f"/{API}/Accounts/{account}/OutgoingCallerIds/{held.sid}.json",
    }


def _owned(account: str, held: Held) -> Json:
    nothing: dict[str, object] = dict.fromkeys(
        (
            "address_sid", "identity_sid", "sms_application_sid", "sms_fallback_url", "sms_url",
            "status_callback", "trunk_sid", "voice_application_sid", "voice_fallback_url",
            "voice_url", "emergency_address_sid", "bundle_sid",
        )
    )  # fmt: skip
    return nothing | {
        "sid": held.sid,
        "account_sid": account,
        "friendly_name": held.name,
        "phone_number": held.e164,
        "address_requirements": "none",
        "api_version": API,
        "beta": False,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "date_created": shapes.date(held.at),
        "date_updated": shapes.date(held.at),
        "origin": "twilio",
        "sms_fallback_method": "POST",
        "sms_method": "POST",
        "status_callback_method": "POST",
        "voice_receive_mode": "voice",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_method": "POST",
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "status": "in-use",
        "type": "local",
        "uri": f"/{API}/Accounts/{account}/IncomingPhoneNumbers/{held.sid}.json",
    }


def _country(code: str, name: str, continent: str, codes: list[str], *, allowed: bool) -> Json:
    url = f"{_VOICE}/v1/DialingPermissions/Countries/{code}"
    return {
        "iso_code": code,
        "name": name,
        "continent": continent,
        "country_codes": codes,
        "low_risk_numbers_enabled": allowed,
        "high_risk_special_numbers_enabled": False,
        "high_risk_tollfraud_numbers_enabled": False,
        "url": url,
        "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
    }
