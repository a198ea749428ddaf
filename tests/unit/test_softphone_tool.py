"""tools/softphone: only the pinned release gets in, and only the two files that are needed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import resources
from ui.softphone.sdk import SDK_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
FILES = {"package/dist/twilio.min.js": b"the library", "package/LICENSE.md": b"Apache-2.0"}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import softphone  # type: ignore[import-not-found]  # noqa: PLC0415 - a program
    finally:
        sys.path.pop(0)
    assert isinstance(softphone, ModuleType)
    return softphone


def package(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place whose pins fit ``FILES`` with a stranger beside them."""
    made = package(tmp_path / "sdk.tgz", {**FILES, "../../evil.sh": b"rm -rf"})
    digest = base64.b64encode(hashlib.sha512(made.read_bytes()).digest()).decode()
    pins = {
        "package": "@test/sdk",
        "version": "1.0.0",
        "integrity": f"sha512-{digest}",
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    }
    place = tmp_path / "softphone"
    place.mkdir()
    (place / "sdk.json").write_text(json.dumps(pins), encoding="utf-8")
    return place


def test_the_pinned_release_is_unpacked_and_nothing_else(
    tool: ModuleType, folder: Path, tmp_path: Path
) -> None:
    assert len(tool.missing_files(folder)) == 2
    tool.install(folder, tmp_path / "sdk.tgz")
    assert sorted(file.name for file in (folder / "sdk").iterdir()) == ["LICENSE.md", SDK_FILE]
    assert (folder / "sdk" / SDK_FILE).read_bytes() == b"the library"
    assert tool.missing_files(folder) == []
    assert not list(tmp_path.rglob("evil.sh"))
    (folder / "sdk" / SDK_FILE).write_bytes(b"another")
    assert "not the pinned release" in tool.missing_files(folder)[0]


def test_another_content_is_refused_and_nothing_is_left(
    tool: ModuleType, folder: Path, tmp_path: Path
) -> None:
    other = package(tmp_path / "other.tgz", {**FILES, "package/dist/twilio.min.js": b"tampered"})
    with pytest.raises(tool.FetchError, match="checksum"):
        tool.install(folder, other)
    with pytest.raises(tool.FetchError, match="cannot be read"):
        tool.install(folder, tmp_path / "nowhere.tgz")
    assert not (folder / "sdk").exists()


def test_without_npm_it_says_what_to_do(
    tool: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(tool.FetchError, match="npm is needed"):
        tool.install(folder)


def test_what_is_pinned_is_what_the_window_looks_for() -> None:
    pins = json.loads(resources.text("softphone/sdk.json"))
    assert pins["package"] == "@twilio/voice-sdk"
    assert any(name.endswith(SDK_FILE) for name in pins["files"])
    assert pins["integrity"].startswith("sha512-")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "resources/softphone/sdk/" in ignored, "third-party code is never committed"
