"""The settings file."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from coordinator_app.config import Settings, write_privately

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permission bits")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "config", tmp_path / "state")


def test_what_was_put_is_there_in_the_next_run(settings: Settings) -> None:
    settings.put("scale", 125)
    settings.put("practices", [{"practice": "Clínica Ñandú"}])
    again = Settings(settings.config_dir, settings.state_dir)
    assert again.get("scale") == 125
    assert again.get("practices") == [{"practice": "Clínica Ñandú"}]
    assert again.problem == ""


def test_none_removes(settings: Settings) -> None:
    settings.put("scale", 125)
    settings.put("theme", "dark")
    settings.put("scale", None)
    settings.put("never there", None)
    assert settings.get("scale") is None
    assert settings.get("theme") == "dark"


def test_a_missing_file_is_an_empty_one(settings: Settings) -> None:
    assert settings.get("anything") is None
    assert settings.problem == ""
    assert not settings.file.exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe\x00", b"null", b"[" * 100_000, b'{"a": 1}}'],
)
def test_a_damaged_file_is_set_aside_and_said(settings: Settings, damage: bytes) -> None:
    settings.config_dir.mkdir()
    settings.file.write_bytes(damage)
    assert settings.get("practices") is None
    assert "settings.json.unreadable-1" in settings.problem
    assert (settings.config_dir / "settings.json.unreadable-1").read_bytes() == damage
    settings.put("scale", 90)
    assert settings.get("scale") == 90


def test_an_older_damaged_file_is_never_overwritten(settings: Settings) -> None:
    settings.config_dir.mkdir()
    for content in (b"first", b"second"):
        settings.file.write_bytes(content)
        settings.get("scale")
    kept = sorted(settings.config_dir.glob("*.unreadable-*"))
    assert [file.read_bytes() for file in kept] == [b"first", b"second"]


def test_a_byte_order_mark_of_an_editor_does_no_harm(settings: Settings) -> None:
    settings.config_dir.mkdir()
    settings.file.write_bytes(b'\xef\xbb\xbf{"scale": 110}')
    assert settings.get("scale") == 110


def test_a_folder_in_its_place_is_said(settings: Settings) -> None:
    settings.file.mkdir(parents=True)
    assert settings.get("scale") is None
    assert "could not be opened" in settings.problem


@posix
def test_only_this_user_can_read_it(settings: Settings) -> None:
    settings.put("scale", 100)
    assert stat.S_IMODE(settings.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.config_dir.stat().st_mode) == 0o700


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.put("scale", 100)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        settings.put("scale", 125)
    assert settings.get("scale") == 100
    assert [file.name for file in settings.config_dir.iterdir()] == ["settings.json"]


def test_a_folder_that_cannot_be_made_raises(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="config"):
        write_privately(tmp_path / "config" / "file", b"content")


def test_standard_folders_are_the_users_own() -> None:
    standard = Settings.standard()
    assert standard.config_dir.name == "care-coordinator"
    assert standard.config_dir != standard.state_dir
