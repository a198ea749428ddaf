"""``coordinator-gateway`` as a process: what it is given, what it says, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GATEWAY = (sys.executable, "-m", "coordinator_app.gateway")
UNREACHABLE = "host=127.0.0.1 port=9 user=gateway dbname=care password=canary-7f3 sslmode=disable"


@pytest.fixture
def personas(tmp_path: Path) -> Path:
    file = tmp_path / "personas.json"
    file.write_text("{}", encoding="utf-8")
    return file


@pytest.fixture
def conninfo(tmp_path: Path) -> Path:
    file = tmp_path / "conninfo"
    file.write_text(UNREACHABLE, encoding="utf-8")
    file.chmod(0o600)
    return file


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*GATEWAY, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], given: str = "") -> tuple[int, str, str]:
    """Write this to its standard input, close it, and see how it ends."""
    out, err = process.communicate(given, timeout=30)
    return process.returncode, out, err


def test_the_end_of_the_parents_pipe_stops_it(personas: Path, conninfo: Path) -> None:
    code, out, err = end(start("--conninfo-file", conninfo, "--practice-line", personas))
    assert (code, out) == (0, "")  # never ready: its database was not there
    assert "canary-7f3" not in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it(personas: Path, conninfo: Path, which: signal.Signals) -> None:
    process = start("--conninfo-file", conninfo, "--practice-line", personas)
    assert process.stderr is not None
    while "database not reached" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(which)
    assert process.wait(timeout=30) == 0
    end(process)


def test_the_connection_may_come_through_the_pipe(personas: Path) -> None:
    given = f'{{"conninfo": "{UNREACHABLE}"}}\n'
    code, out, err = end(start("--practice-line", personas), given)
    assert (code, out) == (0, "")
    assert "Traceback" not in err


@pytest.mark.parametrize("given", ["", "\n", "host=127.0.0.1\n", "[]\n"])
def test_without_a_connection_it_says_what_is_missing(personas: Path, given: str) -> None:
    code, _, err = end(start("--practice-line", personas), given)
    assert code == 2
    assert "--conninfo-file" in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_connection_file_that_others_can_read_is_refused(personas: Path, conninfo: Path) -> None:
    conninfo.chmod(0o640)
    code, _, err = end(start("--conninfo-file", conninfo, "--practice-line", personas))
    assert code == 2
    assert "chmod 600" in err


def test_a_missing_file_is_one_sentence(personas: Path, tmp_path: Path) -> None:
    code, _, err = end(start("--conninfo-file", tmp_path / "none", "--practice-line", personas))
    assert code == 2
    assert err.strip().splitlines() == ["The file with the database connection cannot be read."]


def test_people_that_cannot_be_read_are_one_sentence(tmp_path: Path, conninfo: Path) -> None:
    code, _, err = end(
        start("--conninfo-file", conninfo, "--practice-line", tmp_path / "none.json")
    )
    assert code == 2
    assert "Load the demo again" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--practice-pace", "0"], ["--password", "x"]])
def test_arguments_that_make_no_sense(arguments: list[str]) -> None:
    code, _, err = end(start(*arguments))
    assert code == 2
    assert "usage" in err
