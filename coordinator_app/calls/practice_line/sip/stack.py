"""What both programs need of the SIP stack, and how they talk with the line's process."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

from baresip import Config, Runtime, UserAgent

HOST = "127.0.0.1"
#: In every INVITE: the call's id at the carrier.
CALL_HEADER = "X-Practice-Call"
ASSERTED = "P-Asserted-Identity"
_OURS = "aumem"
_LONGEST_COMMAND = 4 * 1024 * 1024
# A peer that died is noticed by its silence: packets come every 20 ms, even of silence.
_SILENT_S = 3


def tell(event: str, **facts: object) -> None:
    """Say something to the line's process; it may be gone, and then our input ends as well."""
    try:
        sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
        sys.stdout.flush()
    except OSError:
        return


async def commands() -> AsyncIterator[dict[str, Any]]:
    """What the line's process wants, until it ends."""
    reader = asyncio.StreamReader(limit=_LONGEST_COMMAND)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def free_port() -> int:
    """A UDP port of this computer that nobody has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def started(port: int, *, speaker: str = "", microphone: str = "") -> Runtime:
    """The stack, listening on this port of this computer only. Its threads end with ``close``.

    ``speaker``, ``microphone``: drivers of devices; without them the sound is ours to make and
    to hear.
    """
    runtime = Runtime()
    await runtime.start(
        Config(
            net_interface=HOST,
            audio_player=speaker or _OURS,
            audio_source=microphone or _OURS,
            expose_headers=(CALL_HEADER, ASSERTED),
            max_concurrent_calls=None,
            rtp_timeout=_SILENT_S,
            extra_config_text=f"sip_listen {HOST}:{port}\nsip_transports udp\n",
        )
    )
    return runtime


async def identity(runtime: Runtime, user: str, port: int, *, early: bool) -> UserAgent:
    """Somebody who can call and be called. ``early``: sounds before it answers."""
    mode = "early" if early else "manual"
    return await UserAgent.create(
        runtime,
        f"<sip:{user}@{HOST}:{port}>;regint=0;answermode={mode};"
        "audio_codecs=pcmu;dtmfmode=rtpevent",
    )
