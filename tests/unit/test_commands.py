"""./run and ./check before anything is installed: finding Python, knowing what is missing."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="the launcher for POSIX shells")
PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the commands and nothing installed."""
    for name in ("tools", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run", "check", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def bootstrap(clone: Path) -> dict[str, Any]:
    return runpy.run_path(str(clone / "tools" / "bootstrap.py"), run_name="bootstrap")


def pretend_installed(clone: Path, command: str) -> dict[str, Any]:
    """Lay down what a finished installation for this command leaves. Return bootstrap's names."""
    names = bootstrap(clone)
    names["PYTHON"].parent.mkdir(parents=True)
    names["PYTHON"].touch()
    (clone / ".venv" / "pyvenv.cfg").write_text("home = /usr\nversion = 3.11.7\n")
    note = {one: names["digest"](one) for one in names["COVERS"][command]}
    note |= {"python": "3.11.7", "libraries": sorted(names["system_libraries"]())}
    names["NOTE"].write_text(json.dumps(note))
    return names


def fake_python(folder: Path, name: str, says: str, code: int) -> None:
    program = folder / name
    program.write_text(f'#!/bin/sh\necho {says} "$@"\nexit {code}\n')
    program.chmod(0o755)


def start(clone: Path, path: Path, command: str) -> subprocess.CompletedProcess[str]:
    # dirname comes from the system, pythons only from the given folder.
    (path / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    (path / "sh").symlink_to("/bin/sh")
    return subprocess.run(
        ["/bin/sh", clone / command, "--option"],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@posix
@pytest.mark.parametrize("command", ["run", "check"])
def test_without_python_it_says_what_to_install(clone: Path, command: str) -> None:
    path = clone / "path"
    path.mkdir()
    ended = start(clone, path, command)
    assert ended.returncode == 1
    assert "needs Python 3.11 or newer" in ended.stderr
    assert "python.org" in ended.stderr
    assert ended.stdout == ""


@posix
def test_a_python_that_is_too_old_or_broken_is_passed_over(clone: Path) -> None:
    path = clone / "path"
    path.mkdir()
    fake_python(path, "python3.13", "too old", 1)
    fake_python(path, "python3", "good", 0)
    ended = start(clone, path, "run")
    assert ended.returncode == 0
    last = ended.stdout.splitlines()[-1]
    assert last.startswith("good -P")
    assert last.endswith("bootstrap.py run --option")


@posix
def test_the_clones_own_python_comes_first(clone: Path) -> None:
    path = clone / "path"
    path.mkdir()
    fake_python(path, "python3.13", "other", 0)
    (clone / ".venv" / "bin").mkdir(parents=True)
    fake_python(clone / ".venv" / "bin", "python", "own", 0)
    assert start(clone, path, "check").stdout.splitlines()[-1].startswith("own -P")


def test_an_empty_clone_is_not_prepared(clone: Path) -> None:
    names = bootstrap(clone)
    assert not names["is_prepared"]("run")
    assert not (clone / ".venv").exists()


def test_a_finished_installation_is_known_again(clone: Path) -> None:
    assert pretend_installed(clone, "run")["is_prepared"]("run")


def test_what_check_installed_serves_run_but_not_the_reverse(clone: Path) -> None:
    names = pretend_installed(clone, "check")
    assert names["is_prepared"]("run")
    assert names["is_prepared"]("check")
    shutil.rmtree(clone / ".venv")
    names = pretend_installed(clone, "run")
    assert not names["is_prepared"]("check")


def test_a_changed_lock_is_installed_again(clone: Path) -> None:
    names = pretend_installed(clone, "check")
    with (clone / "requirements" / "run.txt").open("a") as file:
        file.write("# changed\n")
    assert not names["is_prepared"]("run")
    assert names["is_prepared"]("check")


def test_new_commands_of_the_project_are_installed_but_a_lint_setting_changes_nothing(
    clone: Path,
) -> None:
    names = pretend_installed(clone, "run")
    project = clone / "pyproject.toml"
    project.write_text(project.read_text().replace("line-length = 100", "line-length = 99"))
    assert names["is_prepared"]("run")
    project.write_text(project.read_text().replace("coordinator-admin =", "coordinator-boss ="))
    assert not names["is_prepared"]("run")


def test_another_python_is_another_environment(clone: Path) -> None:
    names = pretend_installed(clone, "run")
    (clone / ".venv" / "pyvenv.cfg").write_text("version = 3.13.0\n")
    assert not names["is_prepared"]("run")


def test_a_moved_clone_is_installed_again(clone: Path, tmp_path: Path) -> None:
    pretend_installed(clone, "run")
    moved = tmp_path.with_name(tmp_path.name + "-moved")
    clone.rename(moved)
    assert not bootstrap(moved)["is_prepared"]("run")


@pytest.mark.parametrize("content", ["", "{", "[]", "3"])
def test_a_note_cut_short_counts_as_nothing_installed(clone: Path, content: str) -> None:
    names = pretend_installed(clone, "run")
    names["NOTE"].write_text(content)
    assert not names["is_prepared"]("run")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lacks libraries")
def test_a_screen_wants_more_libraries(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    names = pretend_installed(clone, "run")
    assert names["is_prepared"]("run")
    assert "libEGL.so.1" in names["system_libraries"]()
    monkeypatch.setenv("DISPLAY", ":0")
    assert not names["is_prepared"]("run")
    assert "libxcb-cursor.so.0" in names["system_libraries"]()


def test_a_missing_library_is_named_with_its_package(clone: Path) -> None:
    names = bootstrap(clone)
    with pytest.raises(
        names["SetupError"], match=r"libnowhere\.so\.9.*\n.*apt install libnowhere9"
    ):
        names["provide_libraries"]({"libnowhere.so.9": "libnowhere9"}, install=False)


def test_two_starts_do_not_install_at_once(clone: Path) -> None:
    names = bootstrap(clone)
    names["VENV"].mkdir()
    with names["only_one"](), names["LOCK"].open("a+") as second:
        assert not names["try_lock"](second)
    with names["LOCK"].open("a+") as third:
        assert names["try_lock"](third)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_locked_package_has_hashes_and_no_place_of_one_machine(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    entries = [part for part in re.split(r"\n(?=\S)", text) if not part.startswith("#")]
    assert len(entries) > 20
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?:|file:|index-url|find-links", text)


def test_both_locks_name_the_same_versions() -> None:
    run, dev = (
        dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text("utf-8")))
        for name in ("run", "dev")
    )
    assert run.items() <= dev.items()
    assert dev.keys() > run.keys()
