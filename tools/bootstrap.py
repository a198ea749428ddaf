"""Behind ./run and ./check: makes the environment they need, then hands over.

The environment is ``.venv`` in the clone, filled from requirements/run.txt (./run) or
requirements/dev.txt (./check; the same versions and the tools), every file checked by hash. What
is in it is noted in ``.venv/installed.json`` by the digests of those files, so that a start with
nothing to do costs next to nothing, and one that was interrupted is done again. Only Python's
standard library is used here.

    python tools/bootstrap.py run|check [ARGUMENT...]
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
NOTE = VENV / "installed.json"
LOCK = VENV / "bootstrap.lock"
# What each command needs, and which other command's needs that covers.
REQUIREMENTS = {"run": "requirements/run.txt", "check": "requirements/dev.txt"}
COVERS = {"run": ("run",), "check": ("run", "check")}
# Libraries of the system that wheels expect: file -> Debian's package.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
SCREEN_LIBRARIES = {  # only to show a window on an X11 screen
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
POSTGRES_LIBRARIES = {  # of the PostgreSQL wheel for Python 3.12 and later
    "libssl.so.3": "libssl3",
    "libxml2.so.2": "libxml2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "liblz4.so.1": "liblz4-1",
    "libzstd.so.1": "libzstd1",
}


class SetupError(Exception):
    """The environment cannot be made; the text says why and what to do."""


def main(arguments: list[str]) -> int:
    command, rest = arguments[0], arguments[1:]
    try:
        prepare(command)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped. The next start goes on from here.")
        return 130
    if not is_ours():
        start_again(arguments)
    if command == "check":
        script = str(ROOT / "tools" / "check.py")
        sys.argv = [script, *rest]
        runpy.run_path(script, run_name="__main__")
    else:
        sys.argv = ["run", *rest]
        runpy.run_module("ui.run", run_name="__main__", alter_sys=True)
    return 0


def say(text: str) -> None:
    """Speak on stderr: ./run --serve prints JSON on stdout."""
    print(text, file=sys.stderr, flush=True)


def is_ours() -> bool:
    """Say whether this very process runs in our environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def start_again(arguments: list[str]) -> NoReturn:
    """Run this again with the environment's Python; on POSIX it takes this process's place."""
    command = [str(PYTHON), "-P", __file__, *arguments]
    if sys.platform == "win32":  # exec does not keep the console there
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(PYTHON, command)  # noqa: S606 - a list of arguments, no shell


# ---------------------------------------------------------------------------------- environment


def prepare(command: str) -> None:
    """Make the environment fit for this command. Raises SetupError."""
    if is_prepared(command):
        return
    VENV.mkdir(exist_ok=True)
    with only_one():
        if is_prepared(command):  # by the one we waited for
            return
        note = read_note()
        if not is_installed(command, note):
            NOTE.unlink(missing_ok=True)  # until all is there again, nothing is
            make_venv()
            install(command)
            note |= {one: digest(one) for one in COVERS[command]}
            note["python"] = version_of_venv()
            NOTE.write_text(json.dumps(note, indent=1), "utf-8")
        wanted = system_libraries()
        if note.get("libraries") != sorted(wanted):
            provide_libraries(wanted, install=may_install_packages())
            note["libraries"] = sorted(wanted)
            NOTE.write_text(json.dumps(note, indent=1), "utf-8")


def is_prepared(command: str) -> bool:
    note = read_note()
    return is_installed(command, note) and note.get("libraries") == sorted(system_libraries())


def is_installed(command: str, note: dict[str, object]) -> bool:
    return (
        PYTHON.exists()
        and note.get(command) == digest(command)
        and note.get("python") == version_of_venv()
    )


def read_note() -> dict[str, object]:
    try:
        note = json.loads(NOTE.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def digest(command: str) -> str:
    """Return the fingerprint of what a command needs: its lock, and the clone's own metadata."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    facts = json.dumps([str(ROOT), project, (ROOT / REQUIREMENTS[command]).read_text("utf-8")])
    return hashlib.sha256(facts.encode()).hexdigest()


def version_of_venv() -> str:
    """Return what the environment says about its Python: a new one means a new environment."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next(
        (line.partition("=")[2].strip() for line in lines if line.startswith("version")), ""
    )


def make_venv() -> None:
    """Make .venv, unless there is one that works."""
    works = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    if PYTHON.exists() and subprocess.run(works, check=False, capture_output=True).returncode == 0:
        return
    if is_ours():
        raise SetupError(f"The environment {VENV} is damaged. Delete that folder and start again.")
    say(f"Making a Python environment in {VENV}")
    for entry in VENV.iterdir():  # not the folder itself: we hold the lock in it
        if entry != LOCK:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    made = subprocess.run([sys.executable, "-m", "venv", VENV], check=False)
    if made.returncode != 0:
        raise SetupError(
            "Python could not make an environment. On Debian and Ubuntu, install the package "
            "python3-venv; then start this command again."
        )


def install(command: str) -> None:
    """Install the locked packages and the clone itself."""
    lock = ROOT / REQUIREMENTS[command]
    started = time.monotonic()
    say("Installing what the program needs (some 150 MB the first time, 1 to 3 minutes)")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    pip += ["--no-warn-script-location", "--root-user-action=ignore"]
    if not sys.stderr.isatty():
        pip += ["--quiet", "--progress-bar", "off"]
    locked = [*pip, "--require-hashes", "--only-binary=:all:", "--requirement", str(lock)]
    editable = [*pip, "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    editable += ["--editable", str(ROOT)]
    for step in (locked, editable):
        # pip's own words go where ours go.
        if subprocess.run(step, check=False, stdout=sys.stderr.fileno()).returncode != 0:
            raise SetupError(
                "The packages could not be installed (pip's own words are above). Check the "
                "network and the free space, then start this command again: it goes on from here."
            )
    say(f"Installed in {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Let one start at a time change the environment; the others wait."""
    with LOCK.open("a+") as file:
        waiting = False
        while not try_lock(file):
            if not waiting:
                say("Another start is installing; waiting for it")
                waiting = True
            time.sleep(0.2)
        yield


def try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - does not exist elsewhere

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - does not exist on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# ------------------------------------------------------------------------------ system libraries


def system_libraries() -> dict[str, str]:
    """Return the system's libraries that matter here: none elsewhere than on Linux."""
    if not sys.platform.startswith("linux"):
        return {}
    wanted = dict(QT_LIBRARIES)
    if os.environ.get("DISPLAY"):
        wanted |= SCREEN_LIBRARIES
    if version_of_venv() and not version_of_venv().startswith("3.11"):
        wanted |= POSTGRES_LIBRARIES
    return wanted


def may_install_packages() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def provide_libraries(wanted: dict[str, str], *, install: bool) -> None:
    """Install the packages of missing libraries, or say what to install. Raises SetupError."""
    missing = {file: package for file, package in wanted.items() if not loads(file)}
    if missing and install:
        say(f"Installing the system's libraries: {' '.join(missing.values())}")
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install_them = ["install", "-y", "-qq", "--no-install-recommends", *missing.values()]
        for step in (["update", "-qq"], install_them):
            command = ["apt-get", *step]
            subprocess.run(command, env=quiet, check=False, stdout=sys.stderr.fileno())
        missing = {file: package for file, package in missing.items() if not loads(file)}
    if missing:
        text = (
            f"Libraries of the system are missing: {' '.join(missing)}.\n"
            f"Debian, Ubuntu: sudo apt install {' '.join(missing.values())}\n"
            f"Fedora: sudo dnf install {' '.join(f'{file}()(64bit)' for file in missing)!r}\n"
            "Elsewhere: the packages that contain these files. Then start this command again."
        )
        raise SetupError(text)


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
