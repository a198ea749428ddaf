"""A gateway as a process that may be killed, on a phone line that outlives it.

Started as ``python -m tests.helpers.doomed_gateway`` with one line of JSON on standard input: the
database's conninfo, the line's address and login. ``coordinator-gateway --practice-line`` brings
its own line, which would die with it. Says "ready" when it works.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import replace
from threading import Event

from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.pool import threads
from coordinator_app.calls.settings import PRACTICE
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.gateway.service import Gateway

# A call that the line never heard of is given up soon: the test waits for it in earnest.
_SETTINGS = replace(PRACTICE, carrier_buffer=0.0, lost_margin=0.2)


def main() -> None:
    """Work until killed."""
    plan = json.loads(sys.stdin.readline())
    account = TwilioLine(
        Credentials(plan["account_sid"], plan["key_sid"], plan["key_secret"]),
        LineHttpClient(timeout_s=5, practice_base=plan["base"]),
    )
    with closing(account), threads() as pool:
        Gateway(
            lambda: SqlCallStore.connect(plan["conninfo"]),
            TwilioBackend(account),
            Event(),
            SystemClock(),
            settings=_SETTINGS,
            pool=pool,
        ).run(_say_ready)


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
