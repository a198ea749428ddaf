"""Where the gateway finds its secrets, and where it keeps the keys that it makes itself.

In this order: the service's credentials (systemd's ``LoadCredential=``, read only), the vault of
the operating system, a file that only the gateway's account can read. A secret that others can
read is refused, not used. Never the command line, never the environment.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coordinator_app.config import write_privately
from coordinator_app.errors import ConfigurationError
from coordinator_app.ports import SecretStore

_SHOULD_BE_PRIVATE = 0o077
# systemd gives the file to root and opens it for the service by an access list, which shows as
# the group's right to read; the folder around it is the service's alone.
_CREDENTIALS_SHOULD_BE = 0o037
_LARGEST = 64 * 1024


class Credentials:
    """What the service manager hands to the gateway, a file a secret."""

    def __init__(self, folder: Path | None) -> None:
        """``folder``: None where there are none."""
        self._folder = folder

    @classmethod
    def of_service(cls, environment: Mapping[str, str] = os.environ) -> Credentials:
        """Those of ``$CREDENTIALS_DIRECTORY``, which systemd sets."""
        folder = environment.get("CREDENTIALS_DIRECTORY")
        return cls(Path(folder) if folder else None)

    def path(self, name: str) -> Path | None:
        """The file of this secret, or None when it was not given."""
        if self._folder is None:
            return None
        file = self._folder / name
        return file if file.is_file() else None

    def get(self, name: str) -> str | None:
        """The secret, or None. Raises ConfigurationError as ``read_privately``."""
        file = self.path(name)
        if file is None:
            return None
        return read_privately(
            file, f"The service’s credential “{name}”", refused=_CREDENTIALS_SHOULD_BE
        )


def read_privately(file: Path, what: str, *, refused: int = _SHOULD_BE_PRIVATE) -> str:
    """Read a secret of ours. ``what``: how a sentence about it begins; ``refused``: mode bits.

    Raises ConfigurationError when others can read it as well, or when it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & refused:
                raise ConfigurationError(
                    f"{what} can be read by others. Make its file private (chmod 600) and start "
                    "again; if somebody may have read it, make a new one.",
                    name="secret_not_private",
                )
            return opened.read(_LARGEST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{what} cannot be read.", name="secret_not_readable") from None


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys that a gateway makes once and keeps (see the module).

    ``beside``: the folder and the beginning of the names of its files; None: there is no place, and
    without credentials and vault no key is kept.
    """

    credentials: Credentials
    vault: SecretStore
    beside: Path | None

    def find(self, name: str, make: Callable[[], bytes], file: Path | None = None) -> bytes | None:
        """The key of this name, made at first use; None: there is no place for it.

        ``file``: where it is kept instead of beside the others. Raises ConfigurationError for a
        file that is damaged, not ours alone, or not writable.
        """
        given = self.credentials.get(name)
        if given is not None:
            where = f"The service’s credential “{name}”"
            return _key(given, where)
        if not self.vault.available():
            kept = self.vault.get(name)
            if kept is None and not self.vault.available():
                kept = make().hex()
                if not self.vault.set(name, kept):
                    kept = None
            if kept is not None:
                where = f"The vault’s entry “{name}”"
                return _key(kept, where)
        if file is None and self.beside is not None:
            file = self.beside.with_name(f"{self.beside.name}.{name}")
        if file is None:
            return None
        return _key(_from_file(file, make), f"The key file {file}")


def _from_file(file: Path, make: Callable[[], bytes]) -> str:
    if file.exists():
        return read_privately(file, f"The key file {file}")
    try:
        made = make().hex()
        write_privately(file, made.encode())
    except OSError:
        raise ConfigurationError(
            f"The key file {file} cannot be written. Name another place with --keys or "
            "--anchor-key.",
            name="key_not_usable",
        ) from None
    return made


def _key(text: str, what: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:  # noqa: PLR2004  Ed25519 and X25519 alike
        raise ConfigurationError(
            f"{what} is damaged. Delete it, so that a new key is made.", name="key_damaged"
        )
    return key
