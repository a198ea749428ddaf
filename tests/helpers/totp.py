"""An authenticator app for tests: RFC 6238 by the standard library, not by our SQL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time

STEP = 30


def code_at(step: int, secret: bytes) -> str:
    """The six digits of a step (half minutes since 1970)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[19] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def code_now(secret: bytes, ahead: int = 0) -> str:
    """What the app shows now, or so many steps later; never in the last moment of a step."""
    while time.time() % STEP > STEP - 0.5:
        pass  # the server would look at it in the next step
    return code_at(int(time.time()) // STEP + ahead, secret)


def wrong_code(secret: bytes) -> str:
    """Six digits that no step near now has."""
    now = int(time.time()) // STEP
    near = {code_at(step, secret) for step in range(now - 3, now + 4)}
    return next(f"{n:06}" for n in range(10) if f"{n:06}" not in near)


def secret_in(text: str) -> bytes:
    """The secret in what coordinator-admin printed."""
    found = re.search(r"otpauth://totp/\S+\?secret=([A-Z2-7]+)&", text)
    assert found, text
    return base64.b32decode(found[1])
