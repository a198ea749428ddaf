"""Where an embedded server's files lie, and who may use them now."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from coordinator_app.demo.account import own_root
from coordinator_app.errors import ConfigurationError, TakenByAnotherError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator_app.demo.account import Account

CLUSTER = "cluster"
_POINTER = "placed-elsewhere"
_LOCK = "lock"
_OURS = {
    CLUSTER,
    "cluster.new",
    "superuser.password",
    "initdb.password",
    "server.conf",
    "server.log",
    "ca.crt",
    _POINTER,
    _LOCK,
}
_LOCKED_BYTE = 1 << 30  # far behind the text, so that others may read who holds the lock (Windows)


def server_home(requested: Path, account: Account) -> Path:
    """Return the folder that really holds the server's files, made if it is missing.

    That is the requested folder, unless the server's account cannot enter it: then one in our
    own folder, whose name stands in the requested folder. Remove the requested folder, and the
    other is removed at the next start of any server.

    Raises ConfigurationError if the requested folder holds somebody else's files.
    """
    requested = requested.absolute()
    if not requested.is_dir():
        requested.parent.mkdir(parents=True, exist_ok=True)
        _make_folder(requested, 0o711 if account.switch else 0o700)
    strangers = {entry.name for entry in requested.iterdir()} - _OURS
    if strangers:
        raise ConfigurationError(
            f"The folder {requested} holds other files already. Name an empty folder for the demo "
            "practice's database.",
            name="folder_not_empty",
        )
    pointer = requested / _POINTER
    if not account.switch or (not pointer.exists() and account.can_enter(requested)):
        return requested
    servers = own_root() / "servers"
    if not servers.is_dir():
        _make_folder(servers, 0o711)
    _remove_abandoned(servers)
    token = _token(pointer)
    home = servers / token
    if not token or _origin(home) != requested:
        moved = token and home.is_dir() and not _points_to(_origin(home), token)
        if not moved:  # new, or copied together with its pointer: a server of its own
            token = secrets.token_hex(8)
            home = servers / token
            # In this order: what has an origin but no pointer counts as abandoned.
            pointer.write_text(token, "utf-8")
            _make_folder(home, 0o711)
        _origin_file(home).write_text(str(requested), "utf-8")
    return home


def _make_folder(folder: Path, mode: int) -> None:
    folder.mkdir(mode=mode, exist_ok=True)
    folder.chmod(mode)  # whatever the umask is


def forget_server_home(requested: Path, home: Path) -> None:
    """Remove the server's files, wherever they are, and the requested folder."""
    if home != requested:
        _origin_file(home).unlink(missing_ok=True)
        shutil.rmtree(home)
    shutil.rmtree(requested)


def _origin_file(home: Path) -> Path:
    return home.with_name(home.name + ".origin")


def _origin(home: Path) -> Path | None:
    try:
        return Path(_origin_file(home).read_text("utf-8"))
    except OSError:
        return None


def _token(pointer: Path) -> str:
    try:
        token = pointer.read_text("utf-8").strip()
    except OSError:
        return ""
    return token if token.isalnum() else ""


def _points_to(requested: Path | None, token: str) -> bool:
    return requested is not None and _token(requested / _POINTER) == token


def _remove_abandoned(servers: Path) -> None:
    for origin in servers.glob("*.origin"):
        home = origin.with_suffix("")
        if _points_to(_origin(home), home.name):
            continue
        if not home.is_dir():
            origin.unlink(missing_ok=True)
            continue
        with contextlib.suppress(TakenByAnotherError, OSError), exclusive(home):
            shutil.rmtree(home)
            origin.unlink()


@contextlib.contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold this server's files for this program; the system lets go when the program ends.

    Raises TakenByAnotherError if another running program holds them.
    """
    with (home / _LOCK).open("a+", encoding="utf-8") as file:
        try:
            _lock(file)
        except OSError:
            file.seek(0)
            holder = file.read(20).strip()
            who = f" (process {holder})" if holder.isdigit() else ""
            raise TakenByAnotherError(
                f"This demo practice is already running in another program{who}. Close that one "
                "first, or choose another folder for this one.",
                name="demo_already_running",
                detail={"process": int(holder)} if holder.isdigit() else None,
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - does not exist elsewhere

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)
    else:
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
