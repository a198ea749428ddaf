"""The line that the gateway works with: the practice line, or an account at the carrier."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Protocol

from coordinator_app.calls.backend import Unreachable, VoipBackend
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_setup import AccountFacts
from coordinator_app.calls.practice_line.core import LineSettings, PracticeLine
from coordinator_app.calls.practice_line.personas import load_personas
from coordinator_app.calls.practice_line.server import PracticeServer, new_login
from coordinator_app.calls.practice_line.sip.devices import devices
from coordinator_app.calls.practice_line.sip.network import SipNetwork
from coordinator_app.calls.recording_line import RecordingLine
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from coordinator_app.calls.twilio_recording import TwilioRecordings
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.errors import NotConnectedError
from coordinator_app.gateway.carrier_account import Accounts, Chosen
from coordinator_app.gateway.no_line import NoLine
from coordinator_app.ports import LineStore

_log = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_LONGEST_WAIT_S = 15.0


def backend_of(line: TwilioLine | NoLine) -> VoipBackend:
    """What the engine needs of a line."""
    return TwilioBackend(line) if isinstance(line, TwilioLine) else line


def recordings_of(line: TwilioLine | None) -> RecordingLine | None:
    """What the recording chore needs of a line; None: there is none."""
    return None if line is None else TwilioRecordings(line)


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
def carrier(chosen: Chosen) -> Iterator[TwilioLine | NoLine]:
    """The account at the real carrier, or a line that says why there is none."""
    if chosen.credentials is None:
        yield NoLine(chosen.sentence)
        return
    with closing(TwilioLine(chosen.credentials, LineHttpClient(timeout_s=_TIMEOUT_S))) as line:
        yield line


def probe(credentials: Credentials) -> AccountFacts | Unreachable:
    """Ask the carrier whether an account that was just entered is good."""
    with closing(TwilioLine(credentials, LineHttpClient(timeout_s=_TIMEOUT_S))) as line:
        return TwilioSetup(line).account()


def _is_good(credentials: Credentials) -> bool:
    facts = probe(credentials)
    return isinstance(facts, Unreachable) or facts.usable


class LineSession(LineStore, Protocol):
    """A ``LineStore`` on a connection of its own."""

    def close(self) -> None:
        """Close the connection. Never raises."""
        ...


def choose(
    accounts: Accounts,
    connect: Callable[[], LineSession],
    stop: Event,
    *,
    anew: bool = False,
    good: Callable[[Credentials], bool] | None = None,
    first_wait: float = 0.5,
) -> Chosen | None:
    """Which account to begin with; waits for a database that is away. None: told to stop.

    ``anew``, ``good``: see ``Accounts.choose``; by default the carrier is asked.

    Raises what the database says that no retry can mend, as ``service.Gateway.run``.
    """
    good = good or _is_good
    wait = first_wait
    while not stop.is_set():
        try:
            store = connect()
            try:
                return accounts.choose(store.line(take=False), anew=anew, good=good)
            finally:
                store.close()
        except NotConnectedError:
            _log.warning("database not reached; next try in %.1f s", wait)
            stop.wait(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
    return None
