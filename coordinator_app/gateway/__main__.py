"""``coordinator-gateway``: the headless process. Prints one JSON line when it is ready.

The database password comes from a file that only we can read or through standard input,
never from the command line or the environment, where other programs of the computer see it.
When standard input is a pipe, its end stops the gateway: a parent that dies takes it along.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.pool import threads
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.twilio_incoming import TwilioIncoming
from coordinator_app.calls.twilio_monitor import TwilioMonitor
from coordinator_app.calls.twilio_setup import TwilioSetup
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.domain.sealed import new_key
from coordinator_app.errors import ConfigurationError, UserFacingError
from coordinator_app.gateway import carrier_cli, lines
from coordinator_app.gateway.carrier_account import Accounts, Chosen
from coordinator_app.gateway.incoming import Listener
from coordinator_app.gateway.line_setup import LineChore, LineInUse
from coordinator_app.gateway.monitoring import Monitoring
from coordinator_app.gateway.no_line import NoLine
from coordinator_app.gateway.notify import ServiceManager
from coordinator_app.gateway.own_secrets import Credentials, OwnKeys, read_privately
from coordinator_app.gateway.recording import Recordings
from coordinator_app.gateway.rounds import Rounds
from coordinator_app.gateway.service import Gateway, Round
from coordinator_app.gateway.side_work import Chore, SideWork
from coordinator_app.gateway.signing import Signer, find_signer
from coordinator_app.secrets.memory import MemorySecretStore
from coordinator_app.secrets.system_keyring import SystemKeyring

_log = logging.getLogger(__name__)

_REFUSED = 2
_LONGEST_SECRET = 64 * 1024


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped, or do what the command says. Returns 0, or 2 when it cannot (the reason
    is on stderr)."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    for chatty in ("twilio", "urllib3", "requests"):  # they log addresses with numbers in them
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    try:
        if options.command != "run":
            return carrier_cli.run(options.command, options.account, SystemKeyring(), sys.stdin)
        rounds = Rounds()
        _stop_on_signals(rounds)
        credentials = Credentials.of_service()
        conninfo = _conninfo(options.conninfo_file, credentials, sys.stdin)
        _stop_with_parent(rounds)
        _run(options, conninfo, credentials, rounds)
    except UserFacingError as error:
        print(error.sentence, file=sys.stderr)
        return _REFUSED
    return 0


@dataclass(frozen=True, slots=True)
class _Parts:
    """What all rounds of the gateway share."""

    options: argparse.Namespace
    conninfo: str
    accounts: Accounts
    opens: X25519PrivateKey | None  # what was sealed for this gateway
    signer: Signer
    rounds: Rounds
    manager: ServiceManager
    clock: SystemClock

    def side_store(self) -> SqlSideStore:
        return SqlSideStore.connect(self.conninfo)

    def call_store(self) -> SqlCallStore:
        return SqlCallStore.connect(self.conninfo)


def _run(
    options: argparse.Namespace, conninfo: str, credentials: Credentials, rounds: Rounds
) -> None:
    practice = options.practice_line is not None
    # The practice line's key is no secret of this computer's owner: it never goes to the vault.
    vault = MemorySecretStore() if practice else SystemKeyring()
    keys = OwnKeys(credentials, vault, _beside(options))
    sealing = keys.find("sealing-key", new_key)
    if sealing is None:
        _log.warning("no place for the gateway's sealing key: calls are not recorded (--keys FILE)")
    accounts = Accounts(credentials, vault, options.account, None if practice else sealing)
    opens = None if sealing is None else X25519PrivateKey.from_private_bytes(sealing)
    manager, clock = ServiceManager(), SystemClock()
    signer = find_signer(keys, options.anchor_key)
    parts = _Parts(options, conninfo, accounts, opens, signer, rounds, manager, clock)
    while True:
        with ExitStack() as stack:
            _round(parts, stack)
        if not rounds.another():
            break
        _log.info("another account at the carrier: beginning anew")
    manager.stopping()


def _round(parts: _Parts, stack: ExitStack) -> None:
    facts: dict[str, object] = {"event": "ready", "pid": os.getpid()}
    used = _line(parts, stack, facts)
    if used is None:
        return  # told to stop while the database was away
    rounds, clock = parts.rounds, parts.clock
    questions = threads()
    stack.callback(questions.shutdown, cancel_futures=True)
    gateway = Gateway(
        parts.call_store,
        lines.backend_of(used.line or NoLine(used.chosen.sentence)),
        rounds.stop,
        clock,
        round_=Round(rounds.leaves, used.is_lost, used.problem, parts.manager.alive),
        pool=questions,
    )
    setup = LineChore(used, parts.accounts, lines.probe, rounds, clock)
    recordings = Recordings(lines.recordings_of(used.line), parts.opens, clock)
    chores: tuple[Chore[SqlSideStore], ...] = (parts.signer, setup, recordings)
    hears = None if used.line is None else TwilioIncoming(used.line, clock)
    chores += (Listener(hears, clock),)
    if used.line is not None:
        chores += (Monitoring(TwilioMonitor(used.line), clock),)
    side = SideWork(parts.side_store, chores, rounds.stop, clock)
    pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="side"))
    stack.callback(rounds.stop.set)  # before the pool waits for its thread

    def ready() -> None:
        print(json.dumps(facts), flush=True)
        parts.manager.ready()
        pool.submit(side.run).add_done_callback(_tell)

    gateway.run(ready)


def _line(parts: _Parts, stack: ExitStack, facts: dict[str, object]) -> LineInUse | None:
    """The line of the next round, closed with ``stack``; None when there is none to come."""
    options = parts.options
    if options.practice_line is not None:
        settings = LineSettings(
            ring=(options.practice_ring[0], options.practice_ring[1]),
            pace=options.practice_pace,
            seed=options.practice_seed,
            returns=options.practice_returns,
        )
        line, server = stack.enter_context(
            lines.practice_line(
                options.practice_line,
                parts.clock,
                settings,
                sound=options.practice_sound == "sip",
            )
        )
        facts |= {"line": "practice", "practice_line": server.base}
        return LineInUse(Chosen("practice"), line, TwilioSetup(line))
    facts |= {"line": "carrier"}
    chosen = lines.choose(
        parts.accounts, parts.side_store, parts.rounds.stop, anew=parts.rounds.anew
    )
    if chosen is None:
        return None
    account = stack.enter_context(lines.carrier(chosen))
    if isinstance(account, NoLine):
        return LineInUse(chosen, None, None)
    return LineInUse(chosen, account, TwilioSetup(account))


def _beside(options: argparse.Namespace) -> Path | None:
    """Where the gateway's own keys are kept when there is no vault."""
    place: Path | None = options.keys or options.conninfo_file or options.anchor_key
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(state) / "gateway" if place is None and state else place


def _tell(side: Future[None]) -> None:
    error = side.exception()
    if isinstance(error, UserFacingError):
        _log.error("the work besides calls has stopped: %s", error.sentence)
    elif error is not None:
        _log.error("the work besides calls has stopped", exc_info=error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coordinator-gateway",
        description="Places the practice's calls: reads requests from the database, asks the "
        "phone carrier, writes back what became of them.",
    )
    parser.add_argument(
        "--conninfo-file",
        type=Path,
        help="file with the database connection (libpq format), readable by nobody else; "
        'without it one line of JSON is read from standard input: {"conninfo": "..."}',
    )
    parser.add_argument(
        "--anchor-key",
        type=Path,
        metavar="FILE",
        help="where the key that signs the audit's anchors is kept when this computer has no "
        "vault; made at first use (default: beside the --conninfo-file)",
    )
    parser.add_argument(
        "command",
        nargs="?",
        default="run",
        choices=("run", *carrier_cli.COMMANDS),
        help="run (the usual); set-carrier, show-carrier, forget-carrier: the account at the "
        "carrier in this computer's vault (set-carrier asks for it, or reads JSON with "
        "account_sid, key_sid, key_secret from standard input)",
    )
    parser.add_argument(
        "--account", default="default", help="name of the carrier account in the vault"
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="how the files with the gateway's own keys begin, when this computer has no vault "
        "(default: the --conninfo-file, or the service's state directory)",
    )
    parser.add_argument(
        "--practice-line",
        type=Path,
        metavar="PERSONAS_JSON",
        help="call nobody: simulated people on this computer answer",
    )
    parser.add_argument(
        "--practice-ring",
        type=float,
        nargs=2,
        default=(2.0, 4.0),
        metavar=("LEAST", "MOST"),
        help="seconds that simulated people let it ring",
    )
    parser.add_argument(
        "--practice-pace", type=_above_zero, default=1.0, help="how many times faster they live"
    )
    parser.add_argument(
        "--practice-sound",
        choices=("none", "sip"),
        default="none",
        help="sip: the simulated people are SIP telephones on this computer, with real sound "
        "(needs the extra “sip”)",
    )
    parser.add_argument("--practice-seed", type=int, default=2026, help="who answers how long")
    parser.add_argument(
        "--practice-returns",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="which part of the people with a voicemail call back, 0 to 1",
    )
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


def _above_zero(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be above zero")
    return value


def _conninfo(path: Path | None, credentials: Credentials, stdin: TextIO) -> str:
    if path is None and (given := credentials.get("conninfo")) is not None:
        return given
    if path is None:
        line = stdin.readline(_LONGEST_SECRET)
        try:
            return str(json.loads(line)["conninfo"])
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                'The database connection is missing. Give --conninfo-file, or {"conninfo": "…"} '
                "on standard input."
            ) from None
    return read_privately(path, "The file with the database connection")


def _stop_on_signals(rounds: Rounds) -> None:
    def on_signal(*_: object) -> None:
        rounds.end()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)


def _stop_with_parent(rounds: Rounds) -> None:
    """A pipe on standard input belongs to whoever started us; services have none."""
    try:
        pipe = sys.stdin.fileno()
        mode = os.fstat(pipe).st_mode
    except (OSError, ValueError, AttributeError):
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        while os.read(pipe, 4096):  # not sys.stdin: its lock would outlive the program
            pass
        rounds.end()

    # It waits for the pipe all its life, which no pool should; it dies with the process.
    threading.Thread(target=watch, name="parent", daemon=True).start()  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main())
