"""Where this computer keeps what is neither a secret nor a patient's: folders and settings.

One JSON file, replaced whole at each change. It holds the list of practices (names and
addresses, no passwords), choices of the window, and receipts under opaque names.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

APP_NAME = "care-coordinator"


class Settings:
    """The folders of this program and its one settings file.

    ``problem`` is "" or a sentence that the window shows once: the file could not be read, was
    set aside, and the program starts with an empty one.
    """

    def __init__(self, config_dir: Path, state_dir: Path) -> None:
        self.config_dir = config_dir
        self.state_dir = state_dir
        self.problem = ""

    @classmethod
    def standard(cls) -> Settings:
        """The folders where this operating system wants them."""
        # Here and not above: the import takes a while, and tests name their own folders.
        from platformdirs import PlatformDirs  # noqa: PLC0415

        folders = PlatformDirs(APP_NAME, appauthor=False)
        return cls(folders.user_config_path, folders.user_state_path)

    @property
    def file(self) -> Path:
        """The settings file; it may not exist yet."""
        return self.config_dir / "settings.json"

    def get(self, section: str) -> Any:  # noqa: ANN401 - what a file from outside holds is unknown
        """What is kept under this name, unchecked, or None.

        Never raises: a missing file is an empty one, and one that is not ours or not readable
        is set aside.
        """
        return self._read().get(section)

    def put(self, section: str, value: object) -> None:
        """Keep a value that JSON can hold; None removes it. Other sections stay as they are.

        Raises OSError when the folder cannot be written.
        """
        everything = self._read()
        if value is None:
            everything.pop(section, None)
        else:
            everything[section] = value
        write_privately(self.file, json.dumps(everything, indent=2, ensure_ascii=False).encode())

    def _read(self) -> dict[str, Any]:
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError:
            self.problem = (
                f"The settings in {self.file} could not be opened, so the list of practices is "
                "empty. Check who may read that file, then start the program again."
            )
            return {}
        try:
            found = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        self._set_aside()
        return {}

    def _set_aside(self) -> None:
        try:
            kept = set_aside(self.file)
        except OSError:
            kept = self.file
        self.problem = (
            "The settings file was damaged, so the list of practices starts empty. "
            f"The damaged file was kept as {kept.name}. Please add your practice again."
        )


def write_privately(target: Path, content: bytes) -> None:
    """Replace a file whole or not at all, readable by this user only, and on the disk for good.

    Raises OSError; the old file then stays as it was.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes the file 0600 before anything is in it.
    number, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a removal in this folder survive a power cut, where that is possible."""
    if os.name == "nt":  # NTFS journals renames; a folder cannot be opened for it
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def set_aside(file: Path) -> Path:
    """Give an unusable file another name beside it and return that name. Raises OSError."""
    number = 1
    while (kept := file.with_name(f"{file.name}.unreadable-{number}")).exists():
        number += 1
    return file.rename(kept)
