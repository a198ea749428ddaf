"""A program to be killed: a sound line that calls one SIP address and waits.

``python -m tests.helpers.sip_gateway ADDRESS`` prints a line when the call is answered.
"""

from __future__ import annotations

import sys
import threading

from tests.helpers.call_store import call_request
from tests.helpers.sip_line import sound_line

if __name__ == "__main__":
    with sound_line() as line:
        request = call_request(agent_endpoint=sys.argv[1])
        line.open_agent(request)
        sys.stdout.write("up\n")
        sys.stdout.flush()
        threading.Event().wait()
