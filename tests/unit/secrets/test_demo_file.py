"""Keys in a file: for synthetic patients only."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from coordinator_app.errors import ConfigurationError
from coordinator_app.secrets.demo_file import DemoFileStore
from tests.helpers.fake_data import PRACTICE


def test_refuses_a_real_practice(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        DemoFileStore(tmp_path, replace(PRACTICE, is_demo=False))
    assert refused.value.name == "not_a_demo"
    assert list(tmp_path.iterdir()) == []


def test_round_trip_over_a_restart(tmp_path: Path) -> None:
    store = DemoFileStore(tmp_path, PRACTICE)
    assert store.available() == ""
    assert store.get("a") is None
    assert store.set("a", "1")
    assert store.set("b", "2")
    again = DemoFileStore(tmp_path, PRACTICE)
    assert (again.get("a"), again.get("b")) == ("1", "2")
    again.delete("a")
    again.delete("a")
    assert (store.get("a"), store.get("b")) == (None, "2")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permission bits")
def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    DemoFileStore(tmp_path, PRACTICE).set("a", "1")
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"a": 5}', b"\xff"])
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "demo-keys.json").write_bytes(damage)
    store = DemoFileStore(tmp_path, PRACTICE)
    assert store.get("a") is None
    assert store.set("a", "1")
    assert store.get("a") == "1"


def test_a_folder_that_cannot_be_written_is_no_vault(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file where the folder should be")
    assert DemoFileStore(tmp_path / "demo", PRACTICE).set("a", "1") is False
