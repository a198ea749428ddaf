"""The real ``twilio`` client on a practice line without sockets: quick, and in virtual time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import requests
from twilio.http.response import Response

from coordinator_app.calls.practice_line.api import PracticeApi, Request
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.personas import Persona
from coordinator_app.calls.practice_line.server import new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient, check_route
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_recording import TwilioRecordings
from tests.helpers.virtual_clock import VirtualClock

BASE = "http://127.0.0.1:9"


class DirectHttpClient(LineHttpClient):
    """Goes through the same wall as the real one, then straight to the practice line."""

    def __init__(self, api: PracticeApi) -> None:
        super().__init__(timeout_s=5, practice_base=BASE)
        self._api = api
        self.unplugged = False
        self.sent: list[Request] = []

    def request(  # noqa: PLR0917  the package's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: object = None,
        auth: tuple[str, str] | None = None,
        timeout: object = None,
        allow_redirects: object = False,
    ) -> Response:
        user, password = auth or ("", "")
        self.retry_after_s = None
        parts = urlsplit(check_route(url, user, BASE))
        if self.unplugged:
            raise requests.exceptions.ConnectTimeout
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **_text(params)}
        asked = Request(method.upper(), unquote(parts.path), query, _text(data), user, password)
        self.sent.append(asked)
        answer = self._api.handle(asked)
        if answer.lost:
            raise requests.exceptions.ReadTimeout
        self.retry_after_s = answer.retry_after_s
        return Response(answer.status, answer.body, {})

    def media(self, url: str, auth: tuple[str, str], most: int) -> tuple[int, Iterator[bytes]]:
        parts = urlsplit(check_route(url, auth[0], BASE))
        if self.unplugged:
            raise requests.exceptions.ConnectTimeout
        asked = Request("GET", unquote(parts.path), {}, {}, *auth)
        self.sent.append(asked)
        answer = self._api.handle(asked)
        if answer.lost:
            raise requests.exceptions.ReadTimeout
        return answer.status, self._pieces(answer.media, most)

    def _pieces(self, content: bytes, most: int) -> Iterator[bytes]:
        if len(content) > most:
            raise OverflowError
        for at in range(0, len(content), 4096):
            yield content[at : at + 4096]


def _text(values: Mapping[str, object] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (values or {}).items() if value is not None}


class DirectLine:
    """A practice line, its faults, and a backend on it."""

    def __init__(
        self,
        clock: VirtualClock,
        personas: Mapping[str, Persona] | None = None,
        settings: LineSettings | None = None,
    ) -> None:
        self.clock = clock
        self.login = new_login(PRACTICE_MARK)
        self.line = PracticeLine(clock, personas, settings)
        self.api = PracticeApi(self.line, self.login)
        self.faults = self.api.faults
        self.http = DirectHttpClient(self.api)
        self.backend = self.another_backend()

    def recordings(self) -> TwilioRecordings:
        """What the gateway's recording chore has: the same account."""
        return TwilioRecordings(self.account())

    def account(self) -> TwilioLine:
        login = self.login
        credentials = Credentials(login.account_sid, login.key_sid, login.key_secret)
        return TwilioLine(credentials, self.http)

    def another_backend(self) -> TwilioBackend:
        """What a restarted gateway has: the same carrier, nothing remembered."""
        return TwilioBackend(self.account())

    def patient_calls(self, call_id: UUID) -> list[Any]:
        return [leg for leg in self.line.legs() if leg.label == f"att-{call_id}"]

    def get(self, path: str) -> Any:
        login = self.login
        answer = self.api.handle(Request("GET", path, {}, {}, login.key_sid, login.key_secret))
        return json.loads(answer.body)
