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
from pathlib import Path
from typing import TextIO

from coordinator_app.calls.clock import SystemClock
from coordinator_app.calls.pool import threads
from coordinator_app.calls.practice_line.core import LineSettings
from coordinator_app.calls.twilio_line import TwilioLine
from coordinator_app.calls.twilio_monitor import TwilioMonitor
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.errors import ConfigurationError, UserFacingError
from coordinator_app.gateway import lines
from coordinator_app.gateway.monitoring import Monitoring
from coordinator_app.gateway.no_line import NoLine
from coordinator_app.gateway.service import Gateway
from coordinator_app.gateway.side_work import Chore, SideWork
from coordinator_app.gateway.signing import find_signer
from coordinator_app.secrets.memory import MemorySecretStore
from coordinator_app.secrets.system_keyring import SystemKeyring

_log = logging.getLogger(__name__)

_REFUSED = 2
_LONGEST_SECRET = 64 * 1024


def main(argv: Sequence[str] | None = None) -> int:
    """Run until stopped. Returns 0, or 2 when it cannot start (the reason is on stderr)."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    for chatty in ("twilio", "urllib3", "requests"):  # they log addresses with numbers in them
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    stop = threading.Event()
    _stop_on_signals(stop)
    try:
        conninfo = _conninfo(options.conninfo_file, sys.stdin)
        _stop_with_parent(stop)
        _run(options, conninfo, stop)
    except UserFacingError as error:
        print(error.sentence, file=sys.stderr)
        return _REFUSED
    return 0


def _run(options: argparse.Namespace, conninfo: str, stop: threading.Event) -> None:
    clock = SystemClock()
    key_file: Path | None = options.anchor_key
    if key_file is None and options.conninfo_file is not None:
        key_file = options.conninfo_file.with_name(f"{options.conninfo_file.name}.anchor-key")
    # The practice line's key is no secret of this computer's owner: it never goes to the vault.
    vault = MemorySecretStore() if options.practice_line is not None else SystemKeyring()
    signer = find_signer(vault, key_file)
    with ExitStack() as stack:
        facts: dict[str, object] = {"event": "ready", "pid": os.getpid()}
        if options.practice_line is not None:
            settings = LineSettings(
                ring=(options.practice_ring[0], options.practice_ring[1]),
                pace=options.practice_pace,
                seed=options.practice_seed,
            )
            line: TwilioLine | NoLine
            line, server = stack.enter_context(
                lines.practice_line(
                    options.practice_line, clock, settings, sound=options.practice_sound == "sip"
                )
            )
            facts |= {"line": "practice", "practice_line": server.base}
        else:
            line = stack.enter_context(lines.carrier(vault, options.account))
            facts |= {"line": "carrier"}
        questions = threads()
        stack.callback(questions.shutdown, cancel_futures=True)
        gateway = Gateway(
            lambda: SqlCallStore.connect(conninfo),
            lines.backend_of(line),
            stop,
            clock,
            pool=questions,
        )
        chores: tuple[Chore[SqlSideStore], ...] = (signer,)
        if isinstance(line, TwilioLine):
            chores += (Monitoring(TwilioMonitor(line), clock),)
        side = SideWork(lambda: SqlSideStore.connect(conninfo), chores, stop, clock)
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="side"))
        stack.callback(stop.set)  # before the pool waits for its thread

        def ready() -> None:
            print(json.dumps(facts), flush=True)
            pool.submit(side.run).add_done_callback(_tell)

        gateway.run(ready)


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
    parser.add_argument("--account", default="default", help="name of the carrier account")
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
    return parser


def _above_zero(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be above zero")
    return value


def _conninfo(path: Path | None, stdin: TextIO) -> str:
    if path is None:
        line = stdin.readline(_LONGEST_SECRET)
        try:
            return str(json.loads(line)["conninfo"])
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                'The database connection is missing. Give --conninfo-file, or {"conninfo": "…"} '
                "on standard input."
            ) from None
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigurationError(
                "The file with the database connection can be read by others. "
                "Make it private (chmod 600) and start again."
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("The file with the database connection cannot be read.") from None


def _stop_on_signals(stop: threading.Event) -> None:
    def on_signal(*_: object) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)


def _stop_with_parent(stop: threading.Event) -> None:
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
        stop.set()

    # It waits for the pipe all its life, which no pool should; it dies with the process.
    threading.Thread(target=watch, name="parent", daemon=True).start()  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main())
