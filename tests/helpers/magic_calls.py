"""Twilio's magic numbers, called with the real client.

``python -m tests.helpers.magic_calls`` calls them at Twilio with test credentials from the
environment, a process of its own because the tests' process may reach no other machine; it
prints the outcomes as JSON. Nobody is called and nothing is charged.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing

from coordinator_app.calls.twilio_errors import rejected
from coordinator_app.calls.twilio_http import LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_wire import No, ask

SID, TOKEN = "CC_TWILIO_TEST_SID", "CC_TWILIO_TEST_TOKEN"
VALID = "+15005550006"
#: To, from, what Twilio's page on test credentials says of it (None: a call) and how we sort it.
#: https://www.twilio.com/docs/iam/test-credentials
MAGIC = (
    (VALID, VALID, None, ""),
    ("+15005550001", VALID, 21217, "number_bad"),
    ("+15005550002", VALID, 21214, "number_bad"),
    ("+15005550003", VALID, 21215, "blocked"),
    ("+15005550004", VALID, 21216, "blocked"),
    (VALID, "+15005550001", 21212, "configuration"),
    (VALID, "+15005550009", 21210, "configuration"),
)


def outcomes(line: TwilioLine) -> list[tuple[int | None, str]]:
    """Twilio's code and our category for each, in the order of ``MAGIC``."""
    return [_outcome(line, to, from_) for to, from_, _, _ in MAGIC]


def _outcome(line: TwilioLine, to: str, from_: str) -> tuple[int | None, str]:
    try:
        call = ask(
            lambda: line.client.calls.create(
                to=to, from_=from_, twiml="<Response><Hangup/></Response>", timeout=20
            )
        )
    except No as no:
        return no.code, rejected(no.status, no.code, None).category.name.lower()
    assert call.sid.startswith("CA")
    return None, ""


if __name__ == "__main__":
    account = os.environ[SID]
    # Test credentials are an account with its token, not a key.
    credentials = Credentials(account, account, os.environ[TOKEN])
    with closing(TwilioLine(credentials, LineHttpClient(timeout_s=15))) as there:
        sys.stdout.write(json.dumps(outcomes(there)))
