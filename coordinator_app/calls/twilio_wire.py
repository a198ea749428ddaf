"""Asking Twilio and sorting what comes back: a result, a no, or an answer that was lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

_CLIENT_ERRORS = range(400, 500)


class Lost(Exception):  # noqa: N818  an answer of the world, not an error
    """The answer was lost or says nothing about the effect."""

    def __init__(self, why: str, *, sent: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class No(Exception):  # noqa: N818  an answer of the world, not an error
    """The carrier answered in the 400s: nothing was done."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(str(code))
        self.status = status
        self.code = code


def ask(send: Callable[[], Any]) -> Any:  # noqa: ANN401  the package is untyped
    """Send and return the result. Raises ``No`` and ``Lost``."""
    try:
        return send()
    except TwilioException as error:
        status = getattr(error, "status", None)
        if status is None and len(error.args) > 1:  # lists raise a bare exception
            status = getattr(error.args[1], "status_code", None)
        if isinstance(status, int) and status in _CLIENT_ERRORS:
            raise No(status, _code(error, status)) from None
        raise Lost(f"status {status}") from None
    except requests.exceptions.RequestException as error:
        raise Lost(type(error).__name__, sent=not _never_sent(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # An answer that is not what the package expects, after who knows what effect.
        raise Lost(f"unreadable answer: {type(error).__name__}") from None


def _code(error: Exception, status: int) -> int:
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return code
    try:
        return int(json.loads(error.args[1].text)["code"])
    except (IndexError, AttributeError, ValueError, KeyError, TypeError):
        return status


def _never_sent(error: requests.exceptions.RequestException) -> bool:
    """Whether it is certain that no byte of the request left this computer."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause: object = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError | NameResolutionError | ConnectTimeoutError)
