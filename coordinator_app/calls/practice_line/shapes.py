"""Twilio's JSON: resources, lists with pages, errors (telephony.md 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from coordinator_app.calls.practice_line.core import LineError
from coordinator_app.calls.practice_line.legs import Leg, Room
from coordinator_app.calls.practice_line.recordings import Take

API = "2010-04-01"
Json = dict[str, Any]

_PARTICIPANT_STATUS = {
    "queued": "queued",
    "ringing": "ringing",
    "in-progress": "connected",
    "failed": "failed",
}
_CALL_SUBRESOURCES = {
    "events": "Events",
    "notifications": "Notifications",
    "payments": "Payments",
    "recordings": "Recordings",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def call_json(account: str, leg: Leg) -> Json:
    """A Call. Times in RFC 2822, the duration as text, what is not known null."""
    uri = f"/{API}/Accounts/{account}/Calls/{leg.sid}"
    duration = None
    if leg.end_time is not None and leg.start_time is not None:
        duration = str(int((leg.end_time - leg.start_time).total_seconds()))
    return {
        "sid": leg.sid,
        "date_created": date(leg.created_at),
        "date_updated": date(leg.updated_at),
        "parent_call_sid": None,
        "account_sid": account,
        "to": leg.to,
        "to_formatted": formatted(leg.to),
        "from": leg.from_,
        "from_formatted": formatted(leg.from_),
        "phone_number_sid": None,
        "status": leg.status,
        "start_time": date(leg.start_time),
        "end_time": date(leg.end_time),
        "duration": duration,
        "price": None,
        "price_unit": "USD",
        "direction": "inbound" if leg.incoming else "outbound-api",
        "answered_by": None,
        "api_version": API,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "stir_verstat": None,
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {
            name: f"{uri}/{part}.json" for name, part in _CALL_SUBRESOURCES.items()
        },
    }


def recording_json(account: str, take: Take, status: str, *, of_call: bool) -> Json:
    """A Recording, as a call's or as the account's: they differ in three fields."""
    where = f"/{API}/Accounts/{account}"
    uri = f"{where}/Calls/{take.leg.sid}/Recordings/{take.sid}"
    known: Json = {
        "account_sid": account,
        "api_version": API,
        "call_sid": take.leg.sid,
        "conference_sid": None,
        "date_created": date(take.started_at),
        "date_updated": date(take.updated_at),
        "start_time": date(take.started_at),
        "duration": str(take.seconds()) if status in ("completed", "deleted") else None,
        "sid": take.sid,
        "price": None,
        "price_unit": "USD",
        "status": status,
        "channels": take.channels,
        "source": "StartCallRecordingAPI",
        "error_code": None,
        "encryption_details": None,
    }
    if of_call:
        return {**known, "track": take.track, "uri": f"{uri}.json"}
    uri = f"{where}/Recordings/{take.sid}"
    return {
        **known,
        "uri": f"{uri}.json",
        "media_url": f"https://api.twilio.com{uri}",
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
    }


def room_json(account: str, room: Room) -> Json:
    """A Conference."""
    uri = f"/{API}/Accounts/{account}/Conferences/{room.sid}"
    return {
        "sid": room.sid,
        "account_sid": account,
        "friendly_name": room.name,
        "status": room.status,
        "date_created": date(room.created_at),
        "date_updated": date(room.updated_at),
        "api_version": API,
        "region": "us1",
        "reason_conference_ended": room.ended_why,
        "call_sid_ending_conference": room.ended_by,
        "uri": f"{uri}.json",
        "subresource_uris": {
            "participants": f"{uri}/Participants.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


def participant_json(account: str, leg: Leg, room: Room, *, created: bool = False) -> Json:
    """A Participant. How long the call was queued is told once: to whom ``created`` it."""
    return {
        "account_sid": account,
        "call_sid": leg.sid,
        "label": leg.label,
        "call_sid_to_coach": leg.coached,
        "coaching": leg.coaching,
        "conference_sid": room.sid,
        "date_created": date(leg.created_at),
        "date_updated": date(leg.updated_at),
        "end_conference_on_exit": leg.end_on_exit,
        "muted": leg.muted,
        "hold": leg.hold,
        "start_conference_on_enter": leg.start_on_enter,
        "status": _PARTICIPANT_STATUS.get(leg.status, "complete"),
        "queue_time": "0" if created else None,
        "uri": f"/{API}/Accounts/{account}/Conferences/{room.sid}/Participants/{leg.sid}.json",
    }


def account_json(account: str) -> Json:
    """An Account, as far as a check of the line reads it."""
    return {
        "sid": account,
        "auth_token": None,
        "friendly_name": "Practice line",
        "owner_account_sid": account,
        "status": "active",
        "type": "Full",
        "date_created": None,
        "date_updated": None,
        "subresource_uris": {},
        "uri": f"/{API}/Accounts/{account}.json",
    }


def page_json(key: str, path: str, rows: Sequence[Json], query: dict[str, str]) -> Json:
    """One page of a list. Raises LineError for a page that is not a number."""
    try:
        page = int(query.get("Page", "0"))
        size = int(query.get("PageSize", "50"))
    except ValueError:
        raise LineError(400, 20001, "Page and PageSize must be numbers") from None
    size = max(1, min(size, 1000))
    page = max(0, page)
    start = page * size
    shown = rows[start : start + size]
    more = start + size < len(rows)
    rest = {k: v for k, v in query.items() if k not in ("Page", "PageSize", "PageToken")}

    def uri(number: int) -> str:
        return f"{path}?{urlencode({**rest, 'PageSize': size, 'Page': number})}"

    return {
        "first_page_uri": uri(0),
        "end": max(0, start + len(shown) - 1),
        "previous_page_uri": uri(page - 1) if page else None,
        key: shown,
        "uri": uri(page),
        "page_size": size,
        "start": start,
        "next_page_uri": uri(page + 1) if more else None,
        "page": page,
    }


def error_json(status: int, code: int, message: str) -> Json:
    """An error body."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def date(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment)


def formatted(number: str) -> str:
    """A number for display: North American ones in groups, others as they are."""
    if number.startswith("+1") and len(number) == len("+15025550100"):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
