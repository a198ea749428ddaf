"""Fetches the carrier's softphone library, exactly the pinned release, into the program's folder.

The library is third-party code under its own licence, so it is not in this repository. ``npm``
fetches it from wherever it is set up to; what arrives must have the pinned checksum, and only the
two files that the program needs are taken out of it. Only Python's standard library is used here.

    tools/softphone                # fetch and check
    tools/softphone --from FILE    # the same release, fetched before (no network)
    tools/softphone --check        # say whether it is there and whole
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "softphone"
_LARGEST = 5_000_000  # bytes of one unpacked file


class FetchError(Exception):
    """Why the library is not there, in a sentence."""


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch, or check; returns the exit code."""
    parser = argparse.ArgumentParser(prog="softphone", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE", help="the .tgz of npm")
    parser.add_argument("--check", action="store_true", help="only say whether it is there")
    options = parser.parse_args(argv)
    try:
        if options.check:
            missing = missing_files(FOLDER)
            print("\n".join(missing) or f"{pins(FOLDER)['package']} is there and whole.")
            return 1 if missing else 0
        install(FOLDER, options.file)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{pins(FOLDER)['package']} {pins(FOLDER)['version']} is in {FOLDER / 'sdk'}.")
    return 0


def pins(folder: Path) -> dict[str, Any]:
    """The pinned release and its checksums."""
    found = json.loads((folder / "sdk.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)  # noqa: S101 - our own file
    return found


def missing_files(folder: Path) -> list[str]:
    """What is missing or not as pinned, a line each."""
    lines = []
    for member, digest in pins(folder)["files"].items():
        path = folder / "sdk" / Path(member).name
        if not path.is_file():
            lines.append(f"{path} is missing.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            lines.append(f"{path} is not the pinned release.")
    return lines


def install(folder: Path, file: Path | None = None) -> None:
    """Put the library there. Raises FetchError; nothing is left half done."""
    with tempfile.TemporaryDirectory() as scratch:
        package = file if file is not None else fetch(pins(folder), Path(scratch))
        contents = unpack(package, pins(folder))
    target = folder / "sdk"
    target.mkdir(exist_ok=True)
    for name, content in contents.items():
        part = target / f"{name}.part"
        part.write_bytes(content)
        part.replace(target / name)


def fetch(pinned: dict[str, Any], scratch: Path) -> Path:
    """Let npm fetch the release; returns the file. Raises FetchError."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError(
            "npm is needed to fetch the library (Debian, Ubuntu: apt install npm). Or fetch "
            f"{pinned['package']} {pinned['version']} elsewhere with “npm pack”, and use --from."
        )
    wanted = f"{pinned['package']}@{pinned['version']}"
    done = subprocess.run(
        [npm, "pack", wanted, "--silent", "--pack-destination", str(scratch)],
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    found = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or len(found) != 1:
        raise FetchError(f"npm could not fetch {wanted}:\n{done.stderr.strip() or done.stdout}")
    return found[0]


def unpack(package: Path, pinned: dict[str, Any]) -> dict[str, bytes]:
    """The files that the program needs, by name. Raises FetchError for anything but the pinned."""
    try:
        content = package.read_bytes()
    except OSError:
        raise FetchError(f"{package} cannot be read.") from None
    kind, _, digest = pinned["integrity"].partition("-")
    if base64.b64encode(hashlib.new(kind, content).digest()).decode() != digest:
        raise FetchError(
            f"{package.name} is not the pinned release of {pinned['package']}: its checksum is "
            "another. Nothing was installed."
        )
    found: dict[str, bytes] = {}
    with tarfile.open(package, "r:gz") as archive:
        for member, wanted in pinned["files"].items():
            entry = archive.extractfile(member)  # read, never written where it says
            data = entry.read(_LARGEST) if entry is not None else b""
            if hashlib.sha256(data).hexdigest() != wanted:
                raise FetchError(f"{member} of the package is not what was pinned.")
            found[Path(member).name] = data
    return found


if __name__ == "__main__":
    sys.exit(main())
