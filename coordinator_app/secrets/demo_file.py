"""A key in a file, for synthetic patients only.

The demo must show that unsent work survives a crash on computers without a vault, too (a
container). What it protects is made up, so a file of this user is enough; for a real practice
this store refuses to exist.
"""

from __future__ import annotations

import json
from pathlib import Path

from coordinator_app.config import write_privately
from coordinator_app.domain.practice import Practice
from coordinator_app.errors import ConfigurationError


class DemoFileStore:
    """Secrets of a demo practice in ``demo-keys.json`` (0600) in the demo's folder.

    Raises ConfigurationError when the practice, as its database says, is not a demo.
    """

    def __init__(self, folder: Path, practice: Practice) -> None:
        if not practice.is_demo:
            raise ConfigurationError(
                "Keys of a real practice are kept in this computer's password vault and nowhere "
                "else.",
                name="not_a_demo",
            )
        self._file = folder / "demo-keys.json"

    def available(self) -> str:
        return ""

    def get(self, key: str) -> str | None:
        return self._read().get(key)

    def set(self, key: str, value: str) -> bool:
        return self._write({**self._read(), key: value})

    def delete(self, key: str) -> None:
        kept = self._read()
        if kept.pop(key, None) is not None:
            self._write(kept)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, str)}

    def _write(self, secrets: dict[str, str]) -> bool:
        try:
            write_privately(self._file, json.dumps(secrets).encode())
        except OSError:
            return False
        return True
