"""The one way out to Twilio, and the wall between the practice line and the world.

Practice credentials carry a mark that no account of Twilio's has. A request with the mark may
go to this computer only, one without it to Twilio only, over https, with a time limit
(the package's default is to wait for ever).
"""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

#: After "AC" or "SK" in practice credentials. Twilio's ids are random.
PRACTICE_MARK = "feed" * 4
_PIECE = 64 * 1024
_LONGEST_WAIT_S = 600.0  # whoever says more, or nonsense, is asked again all the same

_quiet = logging.getLogger("coordinator_app.calls.twilio_wire")
_quiet.disabled = True  # the package logs numbers and bodies at every request


class MixedLinesError(Exception):
    """Our defect: practice credentials on a real line, or the reverse. Never caught."""


def is_practice_id(sid: str) -> bool:
    """Whether an account or key belongs to a practice line."""
    return sid[2:].startswith(PRACTICE_MARK)


def check_route(url: str, user: str, base: str | None) -> str:
    """The address a request really goes to.

    ``url``: as the package built it; ``user``: the key of basic authentication; ``base``: the
    practice line's address, None for the real line. Raises MixedLinesError.
    """
    asked = urlsplit(url)
    host = asked.hostname or ""
    if asked.scheme != "https" or not (host == "twilio.com" or host.endswith(".twilio.com")):
        raise MixedLinesError("A phone request was not addressed to the carrier.")
    if base is None:
        if is_practice_id(user):
            raise MixedLinesError("Practice credentials must not leave this computer.")
        return url
    if not is_practice_id(user):
        raise MixedLinesError("The carrier's credentials must not reach a practice line.")
    target = urlsplit(base)
    if target.scheme != "http" or not _is_loopback(target.hostname or ""):
        raise MixedLinesError("A practice line is on this computer only.")
    return urlunsplit((target.scheme, target.netloc, asked.path, asked.query, ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name can be made to mean anything


class LineHttpClient(TwilioHttpClient):
    """Twilio's HTTP client with a deadline, a checked destination and Retry-After kept."""

    def __init__(self, *, timeout_s: float, practice_base: str | None = None) -> None:
        """``timeout_s``: connect and each read; ``practice_base``: ``http://127.0.0.1:port``."""
        if timeout_s <= 0:
            raise ValueError("Requests to the carrier need a time limit.")
        super().__init__(timeout=timeout_s, logger=_quiet)
        self._practice_base = practice_base
        self._last = threading.local()
        if practice_base is not None and self.session is not None:
            self.session.trust_env = False  # a proxy of the system is not this computer

    @property
    def retry_after_s(self) -> float | None:
        """Retry-After of this thread's last answer, in seconds."""
        return getattr(self._last, "retry_after_s", None)

    @retry_after_s.setter
    def retry_after_s(self, value: float | None) -> None:
        self._last.retry_after_s = value

    def request(  # noqa: PLR0917  the package's signature
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002  the package's signature
    ) -> Response:
        """See the package. Raises MixedLinesError, ``requests`` exceptions."""
        self.retry_after_s = None
        target = check_route(url, auth[0] if auth else "", self._practice_base)
        response = super().request(
            method, target, params, data, headers, auth, timeout, allow_redirects
        )
        self.retry_after_s = _seconds(response.headers)
        return response

    def media(self, url: str, auth: tuple[str, str], most: int) -> tuple[int, Iterator[bytes]]:
        """Fetch a file: its status, and its bytes in pieces as they come.

        The package knows texts only. The same wall as every request, the time limit for each
        piece, no redirect, never more than ``most`` bytes: OverflowError while iterating.
        Raises MixedLinesError, ``requests`` exceptions; while iterating, too.
        """
        target = check_route(url, auth[0], self._practice_base)
        session = self.session or requests.Session()
        answer = session.get(
            target,
            auth=auth,
            timeout=self.timeout,
            allow_redirects=False,
            stream=True,
            headers={"Accept-Encoding": "identity"},
        )
        if answer.status_code != requests.codes.ok:
            answer.close()
            return answer.status_code, iter(())
        return answer.status_code, _pieces(answer, most)

    def close(self) -> None:
        """Give the connections back."""
        if self.session is not None:
            self.session.close()


def _pieces(answer: requests.Response, most: int) -> Iterator[bytes]:
    with answer:
        announced = answer.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > most:
            raise OverflowError
        come = 0
        for piece in answer.iter_content(_PIECE):
            come += len(piece)
            if come > most:
                raise OverflowError
            yield piece
        if announced.isdigit() and come != int(announced):
            raise requests.exceptions.ConnectionError("cut off")


def _seconds(headers: Any) -> float | None:  # noqa: ANN401  a mapping of the requests package
    value = str((headers or {}).get("Retry-After", ""))
    return min(float(value), _LONGEST_WAIT_S) if value.isascii() and value.isdigit() else None
