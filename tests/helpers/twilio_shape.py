"""What the installed ``twilio`` package says of Twilio's interface, and what does not fit it.

The package is generated from Twilio's published description: its classes read exactly the
properties of each resource, say their types, and send exactly the parameters of each request.
A resource that the practice line learns gets a row in ``RESOURCES``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coordinator_app.calls.practice_line.api import Answer, Request

_ACCOUNT = r"/2010-04-01/Accounts/AC[0-9a-f]{32}"
_PACKAGE = "twilio.rest.api.v2010.account"
_VOICE_PACKAGE = "twilio.rest.voice.v1"


@dataclass(frozen=True, slots=True)
class Resource:
    """``path``: behind the account's, one in braces is a sid or name. ``module``: of the
    package. ``sid``: what its own ids begin with. ``key``: of its lists."""

    path: str
    module: str
    name: str
    sid: str
    key: str

    @property
    def collection(self) -> re.Pattern[str]:
        """The paths of its lists."""
        return re.compile(_ACCOUNT + re.sub(r"\{\w+\}", "[^/]+", self.path) + r"\.json")

    @property
    def item(self) -> re.Pattern[str]:
        """The paths of one."""
        return re.compile(_ACCOUNT + re.sub(r"\{\w+\}", "[^/]+", self.path) + r"/[^/]+\.json")


RESOURCES = (
    Resource("/Calls", "call", "Call", "CA", "calls"),
    Resource("/Calls/{call}/Recordings", "call.recording", "Recording", "RE", "recordings"),
    Resource("/Conferences", "conference", "Conference", "CF", "conferences"),
    Resource(
        "/Conferences/{room}/Participants",
        "conference.participant",
        "Participant",
        "",
        "participants",
    ),
    Resource(
        "/Conferences/{room}/Recordings", "conference.recording", "Recording", "RE", "recordings"
    ),
    Resource("/Recordings", "recording", "Recording", "RE", "recordings"),
    Resource("/Queues", "queue", "Queue", "QU", "queues"),
    Resource("/Queues/{queue}/Members", "queue.member", "Member", "", "queue_members"),
    Resource(
        "/OutgoingCallerIds", "outgoing_caller_id", "OutgoingCallerId", "PN", "outgoing_caller_ids"
    ),
    Resource(
        "/IncomingPhoneNumbers",
        "incoming_phone_number",
        "IncomingPhoneNumber",
        "PN",
        "incoming_phone_numbers",
    ),
)
_ACCOUNT_ITSELF = Resource("", "", "Account", "AC", "accounts")
# Asking for a number's code is a request on the numbers, with an answer of its own.
_VALIDATION = Resource("/OutgoingCallerIds", "validation_request", "ValidationRequest", "", "")
# At another address, with pages of another kind.
COUNTRY = Resource("", "dialing_permissions.country", "Country", "", "content")

_PAGE = {
    "first_page_uri": r"/2010-04-01/.+",
    "end": int,
    "previous_page_uri": r"/2010-04-01/.+",
    "uri": r"/2010-04-01/.+",
    "page_size": int,
    "start": int,
    "next_page_uri": r"/2010-04-01/.+",
    "page": int,
}
_MAY_BE_NULL = {"previous_page_uri", "next_page_uri"}
_DATE = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"
_SIDS = {
    "account_sid": "AC",
    "owner_account_sid": "AC",
    "call_sid": "CA",
    "parent_call_sid": "CA",
    "call_sid_to_coach": "CA",
    "call_sid_ending_conference": "CA",
    "conference_sid": "CF",
    "phone_number_sid": "PN",
    "group_sid": "GP",
    "trunk_sid": "TK",
    "queue_sid": "QU",
}
_STRINGS = {
    "api_version": r"2010-04-01",
    "uri": rf"{_ACCOUNT}(/.+)?\.json",
    "duration": r"\d+",
    "queue_time": r"\d+",
    "price_unit": r"[A-Z]{3}",
    "direction": r"inbound|outbound-api|outbound-dial",
    "answered_by": r"human|machine",
    "region": r"us1|us2|ie1|de1|sg1|br1|au1|jp1",
    "phone_number": r"\+[1-9]\d{6,14}",
}
_FLAG, _NUMBER = r"true|false", r"\d+"
_WHO = r"\+[1-9]\d{1,14}|client:\S+|sip:\S+|"
# How each parameter may look that we send; one that is not here has to be added.
_FORMATS = {
    "To": _WHO,
    "From": _WHO,
    "Label": r"[\w-]{1,128}",
    "Timeout": _NUMBER,
    "TimeLimit": _NUMBER,
    "EarlyMedia": _FLAG,
    "Beep": r"true|false|onEnter|onExit",
    "StartConferenceOnEnter": _FLAG,
    "EndConferenceOnExit": _FLAG,
    "WaitUrl": r"(https?://\S+)?",  # empty: no music
    "WaitMethod": r"GET|POST",
    "Muted": _FLAG,
    "Hold": _FLAG,
    "HoldUrl": r"(https?://\S+)?",
    "Coaching": _FLAG,
    "CallSidToCoach": r"CA[0-9a-f]{32}",
    "Twiml": r"<Response>.{0,3980}</Response>",
    "SendDigits": r"[0-9*#wW]{1,32}",
    "Status": r"[a-z-]+",
    "FriendlyName": r".{0,64}",
    "PageSize": r"\d{1,4}",
    "Page": _NUMBER,
    "PageToken": r"\S+",
    "Record": _FLAG,
    "RecordingChannels": r"mono|dual",
    "RecordingTrack": r"inbound|outbound|both",
    "Trim": r"trim-silence|do-not-trim",
    "PauseBehavior": r"skip|silence",
    "PhoneNumber": r"\+[1-9]\d{1,14}",
    "CallDelay": _NUMBER,
    "Extension": r"[\d*#w]*",
    "StartTime": r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?",
}


def request_faults(request: Request) -> list[str]:
    """What Twilio would not understand of a request; empty: nothing."""
    if request.path.startswith("/practice-line/"):
        return []  # ours
    where = f"{request.method} {request.path}"
    resource, kind = _resource(request.path)
    if resource is None:
        return [f"{where}: no such resource"]
    form = request.query if request.method == "GET" else request.form
    faults = []
    for name, value in form.items():
        bare = name.rstrip("<>")
        allowed = _parameters(resource, request.method, kind)
        if name not in allowed and bare not in ("Page", "PageSize", "PageToken"):
            faults.append(f"{where}: there is no parameter {name}")
        elif not re.fullmatch(_FORMATS.get(bare, r"(?!)"), value):
            faults.append(f"{where}: {name} cannot be {value!r}")
    return faults


def answer_faults(request: Request, answer: Answer) -> list[str]:
    """What does not fit Twilio's answer to this request; empty: nothing."""
    if request.path.startswith("/practice-line/") or answer.lost:
        return []
    where = f"{request.method} {request.path} {answer.status}"
    if answer.status == 204:
        return [f"{where}: a body"] if answer.body else []
    body = json.loads(answer.body)
    if answer.status >= 400:
        return [f"{where}: {fault}" for fault in _error_faults(answer.status, body)]
    resource, kind = _resource(request.path)
    if resource is None:
        return [f"{where}: no such resource"]
    creates = request.method == "POST" and kind == "list"
    validates = creates and resource.module == "outgoing_caller_id"
    wanted = 201 if creates and not validates else 200
    faults = [] if answer.status == wanted else [f"should be {wanted}"]
    if validates:
        faults += body_faults(_VALIDATION, body)
    elif kind == "list" and request.method == "GET":
        faults += _page_faults(resource, body)
    else:
        faults += body_faults(resource, body)
    return [f"{where}: {fault}" for fault in faults]


def body_faults(resource: Resource, body: Mapping[str, Any]) -> list[str]:
    """What does not fit one resource's JSON."""
    known = properties(resource)
    faults = [f"{name} is missing" for name in known.keys() - body.keys()]
    faults += [f"{name} is not Twilio's" for name in body.keys() - known.keys()]
    for name in sorted(known.keys() & body.keys()):
        value = body[name]
        if value is not None and not _fits(resource, name, known[name], value):
            faults.append(f"{name} cannot be {value!r}")
    if "sid" in known and body.get("sid") is None:
        faults.append("it has no sid")
    return faults


# ------------------------------------------------------------------ the package


@lru_cache(maxsize=64)
def properties(resource: Resource) -> dict[str, str]:
    """Property -> its type as the package writes it, "date" for times."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(inspect.getsource(_instance(resource).__init__).lstrip())):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            written = ast.unparse(node.value)
            name = re.search(r"payload\.get\('(\w+)'", written)
            if name:
                kind = ast.unparse(node.annotation).replace('"', "").replace("'", "")
                found[name[1]] = "date" if "rfc2822" in written else kind
    assert found
    return found


@lru_cache(maxsize=64)
def _parameters(resource: Resource, method: str, kind: str) -> frozenset[str]:
    """What the package can send to a path."""
    wanted = {
        ("POST", "list"): ("List", {"_create", "create"}),
        ("POST", "item"): ("Context", {"_update", "update"}),
        ("GET", "list"): ("List", {"page"}),
        ("GET", "item"): ("Context", {"_fetch", "fetch"}),
        ("DELETE", "item"): ("Context", {"_delete", "delete"}),
    }[method, kind]
    owner, methods = wanted
    modules = [resource]
    if resource.module == "outgoing_caller_id" and method == "POST" and kind == "list":
        modules = [_VALIDATION]
    names: set[str] = set()
    for one in modules:
        source = inspect.getsource(getattr(_module(one), one.name + owner))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name in methods:
                names |= {
                    key.value
                    for part in ast.walk(node)
                    if isinstance(part, ast.Dict)
                    for key in part.keys
                    if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
    return frozenset(names)


def _module(resource: Resource) -> Any:
    package = _VOICE_PACKAGE if resource is COUNTRY else _PACKAGE
    return importlib.import_module(f"{package}.{resource.module}".rstrip("."))


def _instance(resource: Resource) -> Any:
    return getattr(_module(resource), f"{resource.name}Instance")


def _resource(path: str) -> tuple[Resource | None, str]:
    if re.fullmatch(_ACCOUNT + r"\.json", path):
        return _ACCOUNT_ITSELF, "item"
    for resource in RESOURCES:
        if resource.collection.fullmatch(path):
            return resource, "list"
    for resource in RESOURCES:
        if resource.item.fullmatch(path):
            return resource, "item"
    return None, ""


# ------------------------------------------------------------------ values


def _fits(resource: Resource, name: str, kind: str, value: Any) -> bool:
    kind = kind.removeprefix("Optional[").removesuffix("]")
    if "Instance." in kind:
        return value in _words(resource, kind.rpartition(".")[2])
    if name == "capabilities":  # the package says text; it is an object
        return all(type(flag) is bool for flag in value.values())
    if name == "subresource_uris":
        return all(re.fullmatch(_STRINGS["uri"], uri) for uri in value.values())
    if kind in ("str", "date"):
        return isinstance(value, str) and bool(re.fullmatch(_form(resource, name, kind), value))
    if kind in ("int", "float"):
        return type(value) is int or (kind == "float" and type(value) is float)
    return isinstance(value, bool) if kind == "bool" else True


def _form(resource: Resource, name: str, kind: str) -> str:
    if kind == "date":
        return _DATE
    sid = resource.sid if name == "sid" else _SIDS.get(name, "")
    return sid + r"[0-9a-f]{32}" if sid else _STRINGS.get(name, r".*")


def _words(resource: Resource, enum: str) -> set[str]:
    values = vars(getattr(_instance(resource), enum))
    return {v for k, v in values.items() if not k.startswith("_")}


def _page_faults(resource: Resource, body: Mapping[str, Any]) -> list[str]:
    faults = [f"{name} is missing" for name in {*_PAGE, resource.key} - body.keys()]
    faults += [f"{name} is not Twilio's" for name in body.keys() - {*_PAGE, resource.key}]
    for name, form in _PAGE.items():
        value = body.get(name)
        if value is None and name in _MAY_BE_NULL:
            continue
        good = (
            type(value) is int
            if form is int
            else isinstance(value, str) and re.fullmatch(str(form), value)
        )
        if not good:
            faults.append(f"{name} cannot be {value!r}")
    for row in body.get(resource.key, ()):
        faults += body_faults(resource, row)
    return faults


def _error_faults(status: int, body: Mapping[str, Any]) -> list[str]:
    faults = []
    if body.keys() != {"code", "message", "more_info", "status"}:
        faults.append(f"an error of {sorted(body)}")
    elif body["status"] != status or not re.fullmatch(r"\d{5}", str(body["code"])):
        faults.append("an error that does not say which")
    elif body["more_info"] != f"https://www.twilio.com/docs/errors/{body['code']}":
        faults.append("an error that leads nowhere")
    return faults
