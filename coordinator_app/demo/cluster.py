"""The files of an embedded server: made once by initdb, its settings written at each start."""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import time
from typing import TYPE_CHECKING

from coordinator_app.demo.certificate import VALID_FOR, make_certificate
from coordinator_app.demo.place import CLUSTER
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coordinator_app.demo.account import Account
    from coordinator_app.demo.binaries import Binaries

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_log = logging.getLogger(__name__)
_HBA = """# Passwords only, and only from this computer: the server listens nowhere else.
host all all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # one door is enough, and a socket's path can be too long
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # No patient data in the server's log: neither statements nor the values of violated keys.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
_WITH_TLS = {"ssl": "on", "ssl_min_protocol_version": "TLSv1.3"}
_NOT_DURABLE = dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "off")


def major_of(home: Path) -> int | None:
    """Return the major version of the cluster in that folder, or None if there is none."""
    try:
        return int((home / CLUSTER / "PG_VERSION").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def password_file(home: Path) -> Path:
    return home / "superuser.password"


def authority_file(home: Path) -> Path:
    return home / "ca.crt"


def make_cluster(home: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """Run initdb. The cluster gets its name last: a half-made one is never taken for whole.

    Raises ConfigurationError with initdb's reason.
    """
    new = home / "cluster.new"
    new.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    _write_anew(password_file(home), password.encode(), 0o600)
    handed_over = home / "initdb.password"
    _write_anew(handed_over, password.encode(), 0o600)
    account.give(new, handed_over)
    command = [str(binaries.program("initdb")), "-D", str(new), "-U", SUPERUSER, "-E", "UTF8"]
    command += ["--locale=C", "--auth=scram-sha-256", f"--pwfile={handed_over}"]
    command += ["--data-checksums", "--no-instructions"]
    command += [] if durable else ["--no-sync"]
    try:
        made = subprocess.run(
            command,
            env=environment(),
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **account.run_as(),
        )
    finally:
        handed_over.unlink()
    if made.returncode != 0:
        _log.debug("initdb: %s", made.stderr)
        raise ConfigurationError(
            f"PostgreSQL could not make its files in {home}: {last_line(made.stderr)}. Check free "
            "space and rights there, or choose another folder.",
            name="initdb_failed",
        )
    (new / "pg_hba.conf").write_text(_HBA, "utf-8")
    with (new / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude '../server.conf'\n")
    new.rename(home / CLUSTER)


def renew_certificate(home: Path, account: Account) -> None:
    """Give the server a certificate unless it has one in the first half of its life."""
    authority = authority_file(home)
    half_life = VALID_FOR.total_seconds() / 2
    if authority.exists() and time.time() - authority.stat().st_mtime < half_life:
        return
    made = make_certificate(HOST, "localhost")
    key, certificate = home / CLUSTER / "server.key", home / CLUSTER / "server.crt"
    _write_anew(key, made.key, 0o600)
    _write_anew(certificate, made.certificate, 0o644)
    account.give(key, certificate)
    _write_anew(authority, made.authority, 0o644)  # last: it says that the others are there


def write_settings(
    home: Path, port: int, *, tls: bool, durable: bool, more: Mapping[str, str]
) -> None:
    """Write our part of the configuration, which the server reads after its own."""
    settings = _SETTINGS | {"port": str(port)}
    settings |= _WITH_TLS if tls else {"ssl": "off"}
    settings |= {} if durable else _NOT_DURABLE
    settings |= more
    lines = (f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    _write_anew(home / "server.conf", "".join(lines).encode(), 0o644)


def read_password(home: Path) -> str:
    """Return the superuser's password. Raises ConfigurationError if its file is gone."""
    try:
        return password_file(home).read_text("utf-8")
    except OSError:
        raise ConfigurationError(
            f"The password of the database in {home} is lost or not readable. Delete the folder "
            "to make the demo practice anew.",
            name="password_lost",
        ) from None


def environment() -> dict[str, str]:
    """Return a clean environment: no PG* setting, no language and no home of the caller."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def last_line(text: str) -> str:
    """Return the last thing a program said, without its full stop."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it gave no reason"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write_anew(path: Path, content: bytes, mode: int) -> None:
    """Write a file that did not exist before: never through a link that somebody laid there."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        file.write(content)
    path.chmod(mode)  # whatever the umask is
