"""A PostgreSQL server of our own for the demo and the tests: nothing installed, nothing left.

Loopback only, SCRAM passwords, a random superuser password in a 0600 file, checksums, an
ephemeral port, TLS where the build has it. Recovers from kill -9, stops with its parent.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import quote

from coordinator_app.demo import cluster, watchdog
from coordinator_app.demo.account import reachable_binaries, server_account
from coordinator_app.demo.binaries import Binaries, find_binaries
from coordinator_app.demo.place import CLUSTER, exclusive, forget_server_home, server_home
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

_START_TIMEOUT = 60.0  # seconds; recovery after a crash included
_LARGEST_LOG = 5_000_000  # bytes; then the server's log starts anew
_STATUS_LINE = 7  # PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PM_STATUS, counted from 0
# What the last server's dying processes, or another program's socket, may still hold a moment.
_PASSING_TROUBLES = ("still in use", "could not bind", "lock file", "could not create any TCP")
# No console window for our helpers where a console is a window.
if sys.platform == "win32":
    _NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    _NO_WINDOW = 0


class EmbeddedServer:
    """One PostgreSQL server in one folder, running between ``start`` and ``stop``.

    ``binaries``: None takes the best that fit the folder. ``durable=False`` (tests) trades safety
    against power loss for speed. ``settings``: postgresql.conf settings on top of ours.

    Raises ConfigurationError if this program runs as root and cannot become anybody else.
    """

    host = cluster.HOST
    user = cluster.SUPERUSER

    def __init__(
        self,
        data_dir: Path,
        binaries: Binaries | None = None,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = 0
        self.password = ""
        self._account = server_account()
        self._binaries = binaries
        self._durable = durable
        self._settings = dict(settings or {})
        self._home = self.data_dir
        self._server: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._held = contextlib.ExitStack()

    # ------------------------------------------------------------------------------------ life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, made first if it is new, and return when it answers.

        Raises TakenByAnotherError if another running program uses this folder, and
        ConfigurationError if the folder or the programs cannot be used.
        """
        if self._watchdog is not None:
            if self.process_id is not None:
                return
            self.stop()  # it died under us
        self._home = server_home(self.data_dir, self._account)
        with contextlib.ExitStack() as held:
            held.enter_context(exclusive(self._home))
            found = self._binaries or find_binaries(major=cluster.major_of(self._home))
            self._binaries = reachable_binaries(found, self._account)
            self._clear_away()
            if not self._cluster.exists():
                cluster.make_cluster(
                    self._home, self._binaries, self._account, durable=self._durable
                )
            self._check_version()
            self.password = cluster.read_password(self._home)
            if self._binaries.has_tls:
                cluster.renew_certificate(self._home, self._account)
            self._launch()
            self._held = held.pop_all()

    def stop(self) -> None:
        """Stop the server in an orderly way. Harmless when it does not run."""
        self._halt()
        self._held.close()

    def remove(self) -> None:
        """Stop the server and delete everything it ever wrote."""
        self.stop()
        forget_server_home(self.data_dir, self._home)

    # ----------------------------------------------------------------------------------- facts

    @property
    def process_id(self) -> int | None:
        """The server's process id, or None if it does not run."""
        return watchdog.running_server(self._cluster, self._owner)

    @property
    def binaries(self) -> Binaries:
        """The programs in use. Raises ConfigurationError if none fit."""
        if self._binaries is None:
            self._binaries = find_binaries()
        return self._binaries

    @property
    def certificate_authority(self) -> Path | None:
        """The PEM file for ``sslrootcert``, or None if this build has no TLS."""
        return cluster.authority_file(self._home) if self.binaries.has_tls else None

    @property
    def password_file(self) -> Path:
        return cluster.password_file(self._home)

    @property
    def log_file(self) -> Path:
        return self._home / "server.log"

    def superuser_conninfo(self, database: str = "postgres") -> str:
        """Return libpq's key=value form for the superuser."""
        name = database.replace("\\", "\\\\").replace("'", "\\'")
        return (
            f"host={self.host} port={self.port} user={self.user} password={self.password} "
            f"dbname='{name}'"
        )

    def superuser_url(self, database: str = "postgres") -> str:
        """Return the URL form for the superuser."""
        name = quote(database, safe="")
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{name}"

    # ---------------------------------------------------------------------------------- inside

    @property
    def _cluster(self) -> Path:
        return self._home / CLUSTER

    @property
    def _owner(self) -> int | None:
        return self._account.uid if self._account.switch else None

    def _clear_away(self) -> None:
        """Remove what a killed predecessor left: a running server, half a cluster, a pid file."""
        if watchdog.stop_server(self._cluster, self.binaries.program("pg_ctl"), self._owner) != 0:
            raise ConfigurationError(
                f"A PostgreSQL server of an earlier run in {self._home} does not stop. Restart "
                "the computer, or choose another folder.",
                name="old_server_does_not_stop",
            )
        # We hold the lock and no server lives: the file is a dead one's.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if (self._home / "cluster.new").exists():
            shutil.rmtree(self._home / "cluster.new")

    def _check_version(self) -> None:
        major = cluster.major_of(self._home)
        if major != self.binaries.major:
            raise ConfigurationError(
                f"The demo practice in {self.data_dir} was made by PostgreSQL {major}, and this is "
                f"{self.binaries.version}. Let PG_BIN name PostgreSQL {major}, or delete the "
                "folder to make the demo practice anew.",
                name="other_postgres_version",
            )

    def _launch(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            self.port = _free_port()
            cluster.write_settings(
                self._home,
                self.port,
                tls=self.binaries.has_tls,
                durable=self._durable,
                more=self._settings,
            )
            with self._open_log() as log:
                before = log.tell()
                self._spawn(log)
            watchdog.wait_until(self._answers_or_ended, deadline - time.monotonic())
            if self._is_ready():
                return
            self._halt()
            complaint = self._complaint(before)
            passing = any(trouble in complaint for trouble in _PASSING_TROUBLES)
            if not passing or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"PostgreSQL did not start: {cluster.last_line(complaint)}. What it said is "
                    f"in {self.log_file}.",
                    name="postgres_did_not_start",
                )
            time.sleep(0.1)

    def _spawn(self, log: IO[bytes]) -> None:
        """Start the watchdog, then the server: never a server without its watchdog."""
        pg_ctl = self.binaries.program("pg_ctl")
        arguments = [str(self._cluster), str(pg_ctl), str(self.port)]
        arguments += [] if self._owner is None else [str(self._owner)]
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self._home,
            creationflags=_NO_WINDOW,
        )
        if sys.platform == "win32":
            # pg_ctl gives up an administrator's rights first; the server is not our child then.
            subprocess.run(
                [pg_ctl, "start", "-W", "-s", "-D", self._cluster, "-l", self.log_file],
                env=cluster.environment(),
                check=False,
                creationflags=_NO_WINDOW,
            )
            return
        self._server = subprocess.Popen(
            [self.binaries.program("postgres"), "-D", self._cluster],
            env=cluster.environment(),
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a terminal's Ctrl+C is for us, not for the server
            **self._account.run_as(),
        )

    def _halt(self) -> None:
        """End the server and the watchdog, in this order."""
        if self._watchdog is None:
            return
        watchdog.stop_server(self._cluster, self.binaries.program("pg_ctl"), self._owner)
        if self._server is not None:
            self._server.wait()
            self._server = None
        self._watchdog.communicate(watchdog.STOPPED)  # harmless if it died before us
        self._watchdog = None

    def _answers_or_ended(self) -> bool:
        ended = self._server is not None and self._server.poll() is not None
        return ended or self._is_ready()

    def _is_ready(self) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text("utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def _open_log(self) -> IO[bytes]:
        if self.log_file.exists() and self.log_file.stat().st_size > _LARGEST_LOG:
            self.log_file.unlink()
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        log = os.fdopen(descriptor, "ab")
        log.seek(0, os.SEEK_END)
        return log

    def _complaint(self, offset: int) -> str:
        with self.log_file.open("rb") as file:
            file.seek(offset)
            return file.read(20_000).decode("utf-8", "replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((cluster.HOST, 0))
        port: int = probe.getsockname()[1]
        return port
