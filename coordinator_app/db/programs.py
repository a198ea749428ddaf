"""PostgreSQL's own programs for backups: which one fits the server, and how it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from coordinator_app.db.parameters import service_parameters
from coordinator_app.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SUFFIX = ".exe" if sys.platform == "win32" else ""
_VERSION = re.compile(r"PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Program:
    """One of PostgreSQL's programs and its major version."""

    path: Path
    major: int


def find_program(name: str, oldest: int, folders: Iterable[Path] = ()) -> Program:
    """Return this program in a version that is at least the server's, the nearest one first.

    Looks in ``$PG_BIN``, in ``$PATH``, where Linux distributions put it, and in ``folders``.
    Raises ConfigurationError when there is none, or only older ones.
    """
    found: dict[int, Path] = {}
    for folder in _places(folders):
        program = folder / f"{name}{_SUFFIX}"
        major = _major(program)
        if major is not None:
            found.setdefault(major, program)
    usable = sorted(major for major in found if major >= oldest)
    if usable:
        return Program(found[usable[0]], usable[0])
    if found:
        raise ConfigurationError(
            f"The newest {name} here is of PostgreSQL {max(found)}; the server or the backup is "
            f"of {oldest}, which it cannot read. Install PostgreSQL {oldest}'s programs, or let "
            "PG_BIN name their folder.",
            name="program_too_old",
        )
    raise ConfigurationError(
        f"{name} was not found on this computer. Install PostgreSQL {oldest}'s programs (package "
        f"postgresql-client-{oldest}), or let PG_BIN name their folder.",
        name="program_not_found",
    )


def run_program(program: Program, arguments: Sequence[str], conninfo: str = "") -> str:
    """Run a program, on this database if one is given; returns what it printed.

    The password goes through a file that only this user can read, never through the command line.
    Raises ConfigurationError with the program's last line when it fails.
    """
    with _address(conninfo) as (address, environment):
        made = subprocess.run(
            [program.path, *address, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if made.returncode != 0:
        lines = [line for line in made.stderr.splitlines() if line.strip()]
        said = next((line for line in lines if "error:" in line), lines[-1] if lines else "nothing")
        raise ConfigurationError(
            f"{program.path.name} did not succeed: {said.strip()}", name="program_failed"
        )
    return made.stdout


@contextmanager
def _address(conninfo: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    if not conninfo:
        yield [], {**os.environ, "LC_ALL": "C"}
        return
    parameters = service_parameters(conninfo)
    password = parameters.pop("password", None)
    environment = {**os.environ, "LC_ALL": "C"}
    with tempfile.TemporaryDirectory(prefix="care-coordinator-") as folder:
        if password:
            file = Path(folder, "password")
            file.touch(mode=0o600)
            escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
            file.write_text(f"*:*:*:*:{escaped}\n", "utf-8")
            environment |= {"PGPASSFILE": str(file)}
            environment.pop("PGPASSWORD", None)
        yield [f"--dbname={make_conninfo(**parameters)}", "--no-password"], environment


def _places(folders: Iterable[Path]) -> Iterator[Path]:
    named = os.environ.get("PG_BIN")
    if named:
        yield Path(named)
    on_path = shutil.which("pg_dump")
    if on_path:
        # Debian's /usr/bin/pg_dump chooses a version by itself; the real ones are looked at below.
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"))
    yield from sorted(Path("/usr").glob("pgsql-*/bin"))
    yield from folders


def _major(program: Path) -> int | None:
    if not program.is_file():
        return None
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(said)
    return int(match[1]) if match else None
