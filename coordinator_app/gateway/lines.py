"""Which line the gateway uses: the practice line, or the carrier with keys from the vault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from coordinator_app.calls.backend import VoipBackend
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.personas import load_personas
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.practice_line.sip.devices import devices
from coordinator_app.calls.practice_line.sip.network import SipNetwork
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient, is_practice_id
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.gateway.no_line import NoLine
from coordinator_app.ports import SecretStore

_TIMEOUT_S = 10.0
_FIELDS = ("account_sid", "key_sid", "key_secret")


def backend_of(line: TwilioLine | NoLine) -> VoipBackend:
    """What the engine needs of a line."""
    return TwilioBackend(line) if isinstance(line, TwilioLine) else line


def secret_key(account: str) -> str:
    """Under which name the vault keeps a carrier account: JSON with account_sid, key_sid,
    key_secret."""
    return f"carrier/{account}"


@contextmanager
def practice_line(
    personas: Path, clock: LineClock, settings: LineSettings, *, sound: bool = False
) -> Iterator[tuple[TwilioLine, PracticeServer]]:
    """A practice line on this computer, and our account on it. ``sound``: over SIP.

    Raises ConfigurationError when the people cannot be read, or there can be no sound.
    """
    with ExitStack() as stack:
        people = load_personas(personas)
        network = stack.enter_context(SipNetwork(clock, devices=devices())) if sound else None
        line = PracticeLine(clock, people, settings, network)
        server = stack.enter_context(PracticeServer(line, new_login(PRACTICE_MARK)))
        login = server.login
        account = TwilioLine(
            Credentials(login.account_sid, login.key_sid, login.key_secret),
            LineHttpClient(timeout_s=_TIMEOUT_S, practice_base=server.base),
        )
        with closing(account):
            yield account, server


@contextmanager
def carrier(secrets: SecretStore, account: str) -> Iterator[TwilioLine | NoLine]:
    """The account at the real carrier, or a line that says why there is none."""
    credentials = _credentials(secrets, account)
    if isinstance(credentials, str):
        yield NoLine(credentials)
        return
    with closing(TwilioLine(credentials, LineHttpClient(timeout_s=_TIMEOUT_S))) as line:
        yield line


def _credentials(secrets: SecretStore, account: str) -> Credentials | str:
    """The keys, or the sentence that says what is missing."""
    kept = secrets.get(secret_key(account))
    if kept is None:
        why = secrets.available()
        missing = "No phone account is set up yet, so no call can be made."
        return f"{missing} {why}" if why else f"{missing} Your supervisor can add it."
    try:
        values = json.loads(kept)
        account_sid, key_sid, key_secret = (str(values[name]) for name in _FIELDS)
    except (ValueError, KeyError, TypeError):
        return "The phone account in the vault is incomplete. Your supervisor can add it again."
    if is_practice_id(account_sid) or is_practice_id(key_sid):
        return "The phone account in the vault belongs to a practice line, not to a carrier."
    return Credentials(account_sid, key_sid, key_secret)
